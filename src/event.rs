//! The journal's types: everything that can happen to a call, in the words of a call centre.
//!
//! A call is the ordered list of its [`Entry`]s and nothing else remembers it: transcript, ticket, live screen, latency
//! table and crash recovery are read from here. What may be stored in clear (kind, block, durations, scores) is what
//! [`Event::header`] returns; the whole event is sealed with the key of the person it is about.

mod leg;

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub use leg::{Heard, LegName, LegPoint, LegRole, LegSound, LegTotals, SignalMessage};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id: UUIDv7, so ids of one node sort by the time they were made.
            #[allow(clippy::new_without_default)]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                Ok(Self(Uuid::parse_str(s)?))
            }
        }
    };
}

id!(
    /// Whose data a row is. The embedded default has one, made at the first start.
    TenantId
);
id!(
    /// One call, from offer to outcome, across every leg and transfer.
    CallId
);
id!(
    /// One ticket.
    TicketId
);
id!(
    /// The customer, across calls; data about them is sealed with a key of theirs.
    PersonId
);
id!(
    /// Somebody who signs in: agent, supervisor or admin.
    UserId
);
id!(
    /// One article of the knowledge base, across its versions.
    ArticleId
);

/// A personal datum: it can be stored sealed and shown to whoever may see it, but never printed into a log.
#[derive(Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct Personal(String);

impl Personal {
    /// Wraps a datum.
    pub fn new(datum: impl Into<String>) -> Self {
        Self(datum.into())
    }

    /// The datum itself, for speaking, sealing and the screen of someone who may see it. Never for a log.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Personal(…)")
    }
}

/// Milliseconds since the Unix epoch, UTC.
pub type Timestamp = i64;

/// Through what the caller came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// SIP, from a trunk or a phone.
    Sip,
    /// An agent's phone, which calls somebody itself.
    Extension,
    /// A web page, in writing: there is no sound, and no recording.
    Chat,
    /// A web page, by voice.
    Web,
}

/// How a call was handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// At once, without a word to the one who is to take it.
    Blind,
    /// After they had spoken.
    Attended,
}

/// Who spoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The person who called.
    Caller,
    /// The person of the company.
    Agent,
    /// Hotline's own voice; in [`Event::Partial`] only, what it really said is [`Event::Said`].
    Bot,
}

/// Who ended a call, a bridge or an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The caller.
    Caller,
    /// The agent.
    Agent,
    /// Hotline itself: the flow's end, a policy, a shutdown.
    Hotline,
}

/// How an offered call ended; every offered call ends in exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The caller got the answer.
    Resolved,
    /// A person took the call.
    Agent,
    /// The caller will be called back.
    Callback,
    /// The caller left a message.
    Voicemail,
    /// The caller hung up before any of these.
    Abandoned,
    /// Hotline could not serve the call; the ticket says why.
    Failed,
}

impl Outcome {
    /// The stored and spoken name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Resolved => "resolved",
            Self::Agent => "agent",
            Self::Callback => "callback",
            Self::Voicemail => "voicemail",
            Self::Abandoned => "abandoned",
            Self::Failed => "failed",
        }
    }
}

/// Where the language of a call comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LanguageBy {
    /// The number that was called has it, or the page of a chat.
    Number,
    /// The caller chose it in an earlier call.
    Caller,
    /// A block of the flow names it.
    Flow,
    /// It was told from what the caller said.
    Detected,
}

impl LanguageBy {
    /// Every way.
    pub const ALL: [Self; 4] = [Self::Number, Self::Caller, Self::Flow, Self::Detected];

    /// The name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Caller => "caller",
            Self::Flow => "flow",
            Self::Detected => "detected",
        }
    }
}

/// What the engine made of an utterance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// One intent, sure enough to act on.
    Accepted,
    /// Two intents too close to choose without asking.
    Disambiguated,
    /// Out of scope.
    Rejected,
}

/// What the knowledge base made of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Consulted {
    /// One article answers it.
    Known,
    /// Two articles may; the caller is asked which.
    Unsure,
    /// None does.
    Unknown,
}

impl Consulted {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Known, Self::Unsure, Self::Unknown];

    /// The name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Unsure => "unsure",
            Self::Unknown => "unknown",
        }
    }
}

/// An article that was near a question, in the version that was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Cited {
    /// Which article.
    pub article: ArticleId,
    /// Its version.
    pub version: u32,
    /// How likely it is that it answers, 0 to 1.
    pub confidence: f32,
}

/// An intent and how sure the engine is of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Scored {
    /// The intent's name in the flow.
    pub intent: String,
    /// 0 to 1, calibrated.
    pub confidence: f32,
}

/// How a reply's time was spent, in milliseconds from the end of the caller's speech.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Latency {
    /// Last voiced frame in → first voiced packet out, measured on the wire. The other figures explain it.
    pub wire_ms: u32,
    /// Last voiced frame → the turn was taken as ended.
    pub endpoint_ms: u32,
    /// End of turn → text; 0 when the speculative recognition was already there.
    pub recognise_ms: u32,
    /// Text → the flow's reply is known (intent, look-ups).
    pub decide_ms: u32,
    /// Reply known → its audio is ready.
    pub speak_ms: u32,
}

/// A word that was heard, and when. Exact to about a tenth of a second: enough to play it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Word {
    /// As it stands in the text of the utterance, with the punctuation behind it: a word, a figure, a Chinese character.
    pub text: Personal,
    /// Where it begins in the recording, in milliseconds; not before the utterance does.
    pub from_ms: u32,
    /// Where it ends; not after the utterance does.
    pub to_ms: u32,
}

/// Something that happened to a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// A call came in.
    Offered {
        /// Through what.
        channel: Channel,
        /// The caller's number or name as the network gave it; empty when withheld, and in a chat.
        from: Personal,
        /// The number that was dialled (DID); from a web page its address.
        to: String,
        /// The flow that answers, with its version.
        flow: String,
    },
    /// The call was answered; audio offsets count from here.
    Answered {
        /// Codec of the caller's leg, e.g. `PCMU`; `text` of a chat.
        codec: String,
    },
    /// The flow entered a block.
    Entered {
        /// Block id in the flow.
        block: String,
        /// Block type, e.g. `menu`.
        block_kind: String,
    },
    /// The flow left a block.
    Left {
        /// The block left.
        block: String,
        /// By which edge.
        edge: String,
        /// The block entered next.
        to: String,
    },
    /// The bot spoke: exactly what was played, also when it was interrupted.
    Said {
        /// The turn that caused it.
        turn: u64,
        /// The words that were really played.
        text: Personal,
        /// Milliseconds played.
        played_ms: u32,
        /// Milliseconds of the whole prompt.
        of_ms: u32,
        /// False when the caller barged in or the flow moved on.
        completed: bool,
    },
    /// Somebody was heard.
    Heard {
        /// The turn it belongs to.
        turn: u64,
        /// Who spoke.
        speaker: Speaker,
        /// The recognised words.
        text: Personal,
        /// The recogniser's confidence, 0 to 1.
        confidence: f32,
        /// Where the speech begins in the recording, in milliseconds.
        from_ms: u32,
        /// Where it ends.
        to_ms: u32,
        /// Which recogniser, e.g. `moonshine-tiny-en`; in a chat `typed` or `chosen`.
        engine: String,
        /// Other readings, best first.
        alternatives: Vec<Personal>,
        /// The words of `text` with their places, in order and without overlap; empty when the recogniser could not tell, and in
        /// journals from before words were kept.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        words: Vec<Word>,
    },
    /// There was sound, but no words worth acting on.
    NotHeard {
        /// The turn it belongs to.
        turn: u64,
        /// Where the sound begins in the recording, in milliseconds.
        from_ms: u32,
        /// Where it ends.
        to_ms: u32,
        /// Why it was not taken: `no_speech`, `busy`, `failed: …`.
        reason: String,
    },
    /// Words while they are being said, for live screens only: never stored.
    Partial {
        /// Who speaks.
        speaker: Speaker,
        /// The words so far.
        text: Personal,
    },
    /// The caller pressed a key.
    Key {
        /// `0`–`9`, `*`, `#` or `A`–`D`; a personal datum, since keys spell numbers.
        digit: Personal,
    },
    /// The intent engine's reading of what was heard.
    Understood {
        /// The block that asked.
        block: String,
        /// What was decided.
        decision: Decision,
        /// The best intents, best first, at most five.
        ranking: Vec<Scored>,
        /// Version of the model that decided.
        model: String,
    },
    /// A slot was filled.
    Slot {
        /// The block that collected it.
        block: String,
        /// The slot's name.
        name: String,
        /// Its value; masked already when the block keeps it secret.
        value: Personal,
    },
    /// The call begins, or goes on, in this language.
    Language {
        /// The block that led to it; none where the call begins in it.
        block: Option<String>,
        /// E.g. `zh-CN`; what somebody speaks is theirs to tell, so it is not in the header.
        language: Personal,
        /// Whose choice it is.
        by: LanguageBy,
        /// Whether it is kept for the caller's next call.
        remembered: bool,
    },
    /// Nobody answered the prompt.
    NoInput {
        /// The block that waited.
        block: String,
        /// How often in this block.
        count: u32,
    },
    /// What was said or pressed fits nothing here.
    NoMatch {
        /// The block that asked.
        block: String,
        /// How often in this block.
        count: u32,
    },
    /// The flow asked another service.
    Fetched {
        /// The block that asked.
        block: String,
        /// The HTTP status, when there was a reply.
        status: Option<u16>,
        /// How long it took.
        took_ms: u32,
        /// What went wrong, when something did.
        error: Option<String>,
        /// What was asked: method and address. Absent in journals from before it was kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<Personal>,
        /// The body of the reply, as JSON; absent when it was too long to be kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply: Option<Personal>,
    },
    /// The knowledge base was asked.
    Consulted {
        /// The block that asked.
        block: String,
        /// The question, as it was put.
        question: Personal,
        /// In which language, e.g. `zh-CN`.
        language: Personal,
        /// What came of it.
        answer: Consulted,
        /// The articles that answer, may answer, or (when the answer is not known) came nearest; best first.
        articles: Vec<Cited>,
    },
    /// A reply reached the wire.
    Replied {
        /// The turn of the reply, as in its [`Event::Said`].
        turn: u64,
        /// Where the time went.
        latency: Latency,
    },
    /// The call waits for a person.
    Queued {
        /// Which queue.
        queue: String,
        /// What the agent is told: intent, slots, attempts, in one text.
        brief: Personal,
    },
    /// The flow calls one person for the caller.
    Connecting {
        /// Whom: an extension, or a number outside.
        to: Personal,
        /// What is known of the caller, in one text.
        brief: Personal,
    },
    /// The caller is to be called back.
    CallbackArranged {
        /// The number.
        number: Personal,
        /// The queue whose agents call.
        queue: Option<String>,
        /// What they should know, in one text.
        brief: Personal,
    },
    /// The flow looked up what the call centre knows.
    LookedUp {
        /// The block that asked.
        block: String,
        /// What it asked, as JSON: a queue or a number.
        about: Personal,
        /// What is known, as JSON; absent when it could not be told.
        known: Option<Personal>,
    },
    /// The caller gave a mark.
    Rated {
        /// The block that asked.
        block: String,
        /// What was rated.
        name: String,
        /// The mark, from 1.
        score: u8,
        /// The best mark.
        scale: u8,
    },
    /// The call was tagged.
    Tagged {
        /// The block that did.
        block: String,
        /// The new tags.
        tags: Vec<String>,
    },
    /// The flow paused the recording, or goes on with it; meanwhile it is silent.
    Recording {
        /// Whether what follows is recorded.
        on: bool,
    },
    /// An agent's phone rings for the call.
    Ringing {
        /// The agent's extension; `outside` for a number outside.
        agent: String,
    },
    /// An agent did not take the call (RONA when `no_answer`).
    Missed {
        /// The agent's extension.
        agent: String,
        /// `no_answer`, `declined`, `busy`, `unreachable`, with the SIP status.
        reason: String,
    },
    /// Caller and agent hear each other.
    Bridged {
        /// The agent's extension.
        agent: String,
        /// How long the caller waited in the queue.
        waited_ms: u32,
    },
    /// Caller and agent no longer hear each other.
    Unbridged {
        /// The agent's extension.
        agent: String,
        /// Who ended it.
        by: Party,
        /// How long they talked.
        talked_ms: u32,
    },
    /// An extension calls somebody.
    Dialled {
        /// Whom, as dialled.
        to: Personal,
    },
    /// Whoever was called sent the call on, and it is followed: a phone with call forwarding, a carrier with another host (SIP 3xx).
    Redirected {
        /// Who: an extension, or the name of a trunk.
        from: String,
        /// Where to: an extension, a number outside, a queue, the flow; of a carrier, where it wants the call.
        to: Personal,
    },
    /// These are the people whom the caller of another call left behind: its rest, with an outcome of its own.
    Continues {
        /// The id of the call that they come from, as text: it stays in clear.
        call: String,
    },
    /// An agent's phone put the call on hold; the others hear music.
    Held {
        /// The agent's extension.
        agent: String,
    },
    /// The agent is back.
    Resumed {
        /// The agent's extension.
        agent: String,
    },
    /// An agent handed the call on to somebody else.
    Transferred {
        /// The extension of the one who did.
        from: String,
        /// To whom: an extension, a number outside, a queue, the flow.
        to: Personal,
        /// How.
        how: How,
    },
    /// An agent wanted to hand the call on, and nobody took it.
    TransferFailed {
        /// The extension of the one who wanted to.
        from: String,
        /// To whom.
        to: Personal,
        /// `no_answer`, `declined`, `busy`, `unreachable`, `forbidden`, `not_found`, with the SIP status.
        reason: String,
    },
    /// The call waits in a slot until somebody dials it.
    Parked {
        /// The slot's number.
        slot: u32,
        /// The extension of the one who parked it.
        by: String,
    },
    /// Somebody took the call out of its slot.
    Retrieved {
        /// Their extension.
        by: String,
    },
    /// One more person joined: a conference.
    Joined {
        /// Their extension, or `outside`.
        agent: String,
    },
    /// One of a conference left; the others go on.
    Parted {
        /// Their extension, or `outside`.
        agent: String,
    },
    /// The caller left the queue without an agent.
    Unqueued {
        /// Which queue.
        queue: String,
        /// `no_agents`, `timeout`, `hung_up`.
        reason: String,
    },
    /// A ticket was opened from the call.
    TicketOpened {
        /// Its id.
        ticket: TicketId,
        /// One line.
        subject: Personal,
        /// What is known so far.
        body: Personal,
        /// Labels, e.g. the intent.
        tags: Vec<String>,
        /// Whether anybody has to do anything about it.
        status: TicketStatus,
    },
    /// Somebody changed the ticket.
    TicketChanged {
        /// Which ticket.
        ticket: TicketId,
        /// Who.
        by: UserId,
        /// The new status, when changed.
        status: Option<TicketStatus>,
        /// The new assignee, when changed; `Some(None)` takes it from whoever had it.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "double_option")]
        #[schema(value_type = Option<UserId>)]
        assignee: Option<Option<UserId>>,
    },
    /// Somebody wrote a note on the ticket.
    Noted {
        /// Which ticket.
        ticket: TicketId,
        /// Who.
        by: UserId,
        /// The note.
        text: Personal,
    },
    /// Something went wrong that a person should be able to find here.
    Problem {
        /// What it concerns: `media`, `recogniser`, `voice`, `flow`, `queue`, `recording`, `storage`, `dial`.
        what: String,
        /// What happened and what it meant for the caller. No personal data.
        message: String,
    },
    /// The caller's leg ended.
    HungUp {
        /// Who ended it.
        by: Party,
        /// Why, by name: `normal`, `no_ack`, `no_audio`, `idle`, `shutdown`, `crash`.
        cause: String,
    },
    /// The call has its outcome; nothing but ticket work and what was measured of its legs follows.
    Ended {
        /// The outcome.
        outcome: Outcome,
        /// Offered → ended.
        duration_ms: u32,
    },
    /// The messages of a leg that is over: at most 64, and of longer ones the beginning and the end. For engineers only, see
    /// [`Event::is_technical`].
    Signalling {
        /// Which leg.
        leg: LegName,
        /// In order.
        messages: Vec<SignalMessage>,
    },
    /// How a leg that is over sounded. For engineers only, see [`Event::is_technical`].
    LegQuality {
        /// Which leg.
        leg: LegName,
        /// What was measured.
        sound: Box<LegSound>,
    },
}

/// Where a ticket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TicketStatus {
    /// Waits for somebody.
    Open,
    /// Waits for the customer or another party.
    Pending,
    /// Done.
    Solved,
}

/// What of an event may be stored in clear.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Header<'a> {
    /// The kind, as in JSON (`said`, `heard`, …).
    pub kind: &'static str,
    /// The flow block concerned.
    pub block: Option<&'a str>,
    /// The turn concerned.
    pub turn: Option<u64>,
    /// A duration in milliseconds: played, spoken, waited, talked, took, or the wire latency of a reply.
    pub duration_ms: Option<u32>,
    /// A score from 0 to 1: recognition or intent confidence.
    pub score: Option<f32>,
    /// A name from a closed set: outcome, edge, decision, party, reason.
    pub label: Option<&'a str>,
}

impl Event {
    /// The part of the event that is stored in clear.
    pub fn header(&self) -> Header<'_> {
        let of = |kind| Header { kind, ..Header::default() };
        match self {
            Self::Offered { .. } => of("offered"),
            Self::Answered { .. } => of("answered"),
            Self::Entered { block, block_kind } => {
                Header { block: Some(block), label: Some(block_kind), ..of("entered") }
            }
            Self::Left { block, edge, .. } => Header { block: Some(block), label: Some(edge), ..of("left") },
            Self::Said { turn, played_ms, .. } => {
                Header { turn: Some(*turn), duration_ms: Some(*played_ms), ..of("said") }
            }
            Self::Heard { turn, confidence, from_ms, to_ms, .. } => Header {
                turn: Some(*turn),
                duration_ms: Some(to_ms.saturating_sub(*from_ms)),
                score: Some(*confidence),
                ..of("heard")
            },
            Self::NotHeard { turn, from_ms, to_ms, .. } => {
                Header { turn: Some(*turn), duration_ms: Some(to_ms.saturating_sub(*from_ms)), ..of("not_heard") }
            }
            Self::Partial { .. } => of("partial"),
            Self::Key { .. } => of("key"),
            Self::Understood { block, decision, ranking, .. } => Header {
                block: Some(block),
                score: ranking.first().map(|best| best.confidence),
                label: Some(match decision {
                    Decision::Accepted => "accepted",
                    Decision::Disambiguated => "disambiguated",
                    Decision::Rejected => "rejected",
                }),
                ..of("understood")
            },
            Self::Slot { block, .. } => Header { block: Some(block), ..of("slot") },
            Self::Language { block, by, .. } => {
                Header { block: block.as_deref(), label: Some(by.name()), ..of("language") }
            }
            Self::NoInput { block, .. } => Header { block: Some(block), ..of("no_input") },
            Self::NoMatch { block, .. } => Header { block: Some(block), ..of("no_match") },
            Self::Fetched { block, took_ms, .. } => {
                Header { block: Some(block), duration_ms: Some(*took_ms), ..of("fetched") }
            }
            Self::Consulted { block, answer, articles, .. } => Header {
                block: Some(block),
                score: articles.first().map(|best| best.confidence),
                label: Some(answer.name()),
                ..of("consulted")
            },
            Self::Replied { turn, latency } => {
                Header { turn: Some(*turn), duration_ms: Some(latency.wire_ms), ..of("replied") }
            }
            Self::Queued { queue, .. } => Header { label: Some(queue), ..of("queued") },
            Self::Connecting { .. } => of("connecting"),
            Self::CallbackArranged { queue, .. } => Header { label: queue.as_deref(), ..of("callback_arranged") },
            Self::LookedUp { block, .. } => Header { block: Some(block), ..of("looked_up") },
            Self::Rated { block, name, score, scale } => {
                Header { block: Some(block), label: Some(name), score: Some(share(*score, *scale)), ..of("rated") }
            }
            Self::Tagged { block, .. } => Header { block: Some(block), ..of("tagged") },
            Self::Recording { on } => Header { label: Some(if *on { "on" } else { "off" }), ..of("recording") },
            Self::Ringing { agent } => Header { label: Some(agent), ..of("ringing") },
            Self::Missed { agent, .. } => Header { label: Some(agent), ..of("missed") },
            Self::Bridged { agent, waited_ms } => {
                Header { label: Some(agent), duration_ms: Some(*waited_ms), ..of("bridged") }
            }
            Self::Unbridged { agent, talked_ms, .. } => {
                Header { label: Some(agent), duration_ms: Some(*talked_ms), ..of("unbridged") }
            }
            Self::Dialled { .. } => of("dialled"),
            Self::Redirected { from, .. } => Header { label: Some(from), ..of("redirected") },
            Self::Continues { call } => Header { label: Some(call), ..of("continues") },
            Self::Held { agent } => Header { label: Some(agent), ..of("held") },
            Self::Resumed { agent } => Header { label: Some(agent), ..of("resumed") },
            Self::Transferred { from, .. } => Header { label: Some(from), ..of("transferred") },
            Self::TransferFailed { from, .. } => Header { label: Some(from), ..of("transfer_failed") },
            Self::Parked { by, .. } => Header { label: Some(by), ..of("parked") },
            Self::Retrieved { by } => Header { label: Some(by), ..of("retrieved") },
            Self::Joined { agent } => Header { label: Some(agent), ..of("joined") },
            Self::Parted { agent } => Header { label: Some(agent), ..of("parted") },
            Self::Unqueued { reason, .. } => Header { label: Some(reason), ..of("unqueued") },
            Self::TicketOpened { .. } => of("ticket_opened"),
            Self::TicketChanged { .. } => of("ticket_changed"),
            Self::Noted { .. } => of("noted"),
            Self::Problem { what, .. } => Header { label: Some(what), ..of("problem") },
            Self::HungUp { cause, .. } => Header { label: Some(cause), ..of("hung_up") },
            Self::Ended { outcome, duration_ms } => {
                Header { label: Some(outcome.name()), duration_ms: Some(*duration_ms), ..of("ended") }
            }
            Self::Signalling { leg, .. } => Header { label: Some(leg.role.name()), ..of("signalling") },
            Self::LegQuality { leg, .. } => Header { label: Some(leg.role.name()), ..of("leg_quality") },
        }
    }

    /// The kinds of events that are [technical](Self::is_technical).
    pub const TECHNICAL: [&str; 2] = ["signalling", "leg_quality"];

    /// Whether the event is for whoever looks into the call's signalling and sound: it is large, nothing that happened in the
    /// conversation, and neither in the call's entries nor in live streams.
    pub fn is_technical(&self) -> bool {
        Self::TECHNICAL.contains(&self.header().kind)
    }

    /// Whether the event goes to live screens only.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Partial { .. })
    }
}

/// A mark from 1 to `scale`, as a share of the way from the worst to the best.
fn share(score: u8, scale: u8) -> f32 {
    f32::from(score.saturating_sub(1)) / f32::from(scale.saturating_sub(1).max(1))
}

/// One line of a call's journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    /// Position in the call's journal, from 1, without gaps but for technical events; 0 for transient events.
    pub seq: u32,
    /// When it happened.
    pub at: Timestamp,
    /// Where in the recording it happened, in milliseconds: for `said` and `heard` where the speech begins. Absent before the
    /// answer. In a chat, which has none, since it began.
    pub audio_ms: Option<u32>,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// Tells "unchanged" (absent) from "set to nothing" (`null`).
mod double_option {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<T: Serialize, S: Serializer>(value: &Option<Option<T>>, s: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(inner) => inner.serialize(s),
            None => s.serialize_none(),
        }
    }

    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(d: D) -> Result<Option<Option<T>>, D::Error> {
        Option::deserialize(d).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_personal_datum_does_not_print() {
        let event = Event::Key { digit: Personal::new("7") };
        assert!(!format!("{event:?}").contains('7'));
    }

    #[test]
    fn words_are_read_back_and_do_not_print_and_older_journals_have_none() {
        let heard = |words: Vec<Word>| Event::Heard {
            turn: 1,
            speaker: Speaker::Caller,
            text: Personal::new("hello"),
            confidence: 0.5,
            from_ms: 0,
            to_ms: 900,
            engine: "e".into(),
            alternatives: vec![],
            words,
        };
        let event = heard(vec![Word { text: Personal::new("hello"), from_ms: 100, to_ms: 700 }]);
        assert!(!format!("{event:?}").contains("hello"));
        let json = serde_json::to_string(&event).expect("events serialise");
        assert_eq!(serde_json::from_str::<Event>(&json).expect("and come back"), event);

        let older = r#"{"kind":"heard","turn":1,"speaker":"caller","text":"hello","confidence":0.5,"from_ms":0,"to_ms":900,
            "engine":"e","alternatives":[]}"#;
        assert_eq!(serde_json::from_str::<Event>(older).expect("it is still read"), heard(vec![]));
    }

    #[test]
    fn the_header_names_the_kind_as_json_does() {
        let event = Event::Problem { what: "media".into(), message: "no audio".into() };
        let json = serde_json::to_value(&event).expect("events serialise");
        assert_eq!(json["kind"], event.header().kind);
    }

    #[test]
    fn technical_kinds_are_known_by_their_names() {
        let leg = || LegName { number: 1, role: LegRole::Caller, name: Personal::new("4711") };
        let sound = LegSound {
            since: 0,
            codec: "PCMU".into(),
            totals: LegTotals::default(),
            points: vec![LegPoint::default()],
        };
        let events = [
            Event::Signalling { leg: leg(), messages: vec![] },
            Event::LegQuality { leg: leg(), sound: Box::new(sound) },
        ];
        assert_eq!(events.each_ref().map(|event| event.header().kind), Event::TECHNICAL);
        for event in events {
            assert!(event.is_technical() && !format!("{event:?}{:?}", event.header()).contains("4711"));
            let json = serde_json::to_string(&event).expect("events serialise");
            assert_eq!(serde_json::from_str::<Event>(&json).expect("and come back"), event);
        }
    }

    #[test]
    fn an_unset_assignee_is_told_from_a_removed_one() {
        let (ticket, by) = (TicketId::new(), UserId::new());
        for assignee in [None, Some(None), Some(Some(UserId::new()))] {
            let event = Event::TicketChanged { ticket, by, status: None, assignee };
            let json = serde_json::to_string(&event).expect("events serialise");
            assert_eq!(serde_json::from_str::<Event>(&json).expect("and come back"), event);
        }
    }
}
