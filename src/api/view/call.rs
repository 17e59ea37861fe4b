//! Calls: in a list, in full, and live.

use serde::Serialize;
use utoipa::ToSchema;

use crate::event::{CallId, Channel, Entry, Outcome, TicketId, Timestamp};
use crate::store::{self, CallState, Page};

/// One call, as a list shows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CallSummary {
    /// Which call.
    pub id: CallId,
    /// When it was offered, in ms since the epoch.
    pub started_at: Timestamp,
    /// When it ended.
    #[schema(required)]
    pub ended_at: Option<Timestamp>,
    /// Through what it came; nothing of calls from before that was kept.
    #[schema(required)]
    pub channel: Option<Channel>,
    /// The caller's number; empty when withheld and in a chat, `[erased]` when the person was erased.
    pub from: String,
    /// The number dialled; of a chat its page.
    pub to: String,
    /// The flow that answered.
    pub flow: String,
    /// How it ended.
    #[schema(required)]
    pub outcome: Option<Outcome>,
    /// The last intent that was accepted.
    #[schema(required)]
    pub intent: Option<String>,
    /// Where it is now.
    pub state: CallState,
    /// The extension of the last agent who talked with the caller.
    #[schema(required)]
    pub agent: Option<String>,
    /// The first ticket opened from it.
    #[schema(required)]
    pub ticket: Option<TicketRef>,
    /// Offered → ended.
    #[schema(required)]
    pub duration_ms: Option<u32>,
    /// How often the caller was heard.
    pub turns: u32,
    /// The median of the replies' latency on the wire.
    #[schema(required)]
    pub wire_p50_ms: Option<u32>,
}

impl From<store::CallSummary> for CallSummary {
    fn from(call: store::CallSummary) -> Self {
        Self {
            id: call.id,
            started_at: call.started_at,
            ended_at: call.ended_at,
            channel: call.channel,
            from: call.from.reveal().to_owned(),
            to: call.to,
            flow: call.flow,
            outcome: call.outcome,
            intent: call.intent,
            state: call.state,
            agent: call.agent,
            ticket: call.ticket.map(|ticket| TicketRef { id: ticket.id, number: ticket.number }),
            duration_ms: call.duration_ms,
            turns: call.turns,
            wire_p50_ms: call.wire_p50_ms,
        }
    }
}

/// A ticket's id and its number.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct TicketRef {
    /// Which ticket.
    pub id: TicketId,
    /// Shown as `#12`.
    pub number: i64,
}

/// A part of the list of calls, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallPage {
    /// The calls.
    pub calls: Vec<CallSummary>,
    /// To go on, ask again with this as `before`; nothing at the end.
    #[schema(required)]
    pub next: Option<String>,
}

impl From<Page<store::CallSummary, CallId>> for CallPage {
    fn from(page: Page<store::CallSummary, CallId>) -> Self {
        let calls = page.items.into_iter().map(CallSummary::from).collect();
        Self { calls, next: page.next.map(|next| next.to_string()) }
    }
}

/// One call with its whole journal.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallDetail {
    /// The call.
    #[serde(flatten)]
    pub call: CallSummary,
    /// The journal, in order.
    pub entries: Vec<Entry>,
    /// How long the recording is so far, in ms; nothing when there is none.
    #[schema(required)]
    pub waveform_ms: Option<u64>,
}

/// The outline of a recording: the loudest sample of each part, 0 (silence) to 100 (full scale).
#[derive(Debug, Serialize, ToSchema)]
pub struct Peaks {
    /// How many parts make a second.
    pub per_second: u32,
    /// Bot and agent.
    #[schema(value_type = Vec<u32>)]
    pub left: Vec<u8>,
    /// The caller.
    #[schema(value_type = Vec<u32>)]
    pub right: Vec<u8>,
}

impl From<store::Peaks> for Peaks {
    fn from(peaks: store::Peaks) -> Self {
        Self { per_second: peaks.per_second, left: peaks.left, right: peaks.right }
    }
}

/// A frame of the live stream.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LiveMessage<'a> {
    /// The stream stands; everything after `cursor` follows.
    Hello {
        /// Where the stream begins.
        cursor: i64,
    },
    /// Something happened to a call.
    Entry {
        /// Its place in the order of everything; nothing for what is never stored, such as words while they are being said.
        #[schema(required)]
        cursor: Option<i64>,
        /// The call.
        call: CallId,
        /// What happened.
        entry: &'a Entry,
    },
    /// Too much was missed: ask for everything again. What comes after `cursor` follows.
    Lagged {
        /// Where the stream goes on.
        cursor: i64,
    },
}
