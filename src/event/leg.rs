//! What is kept of a leg for whoever looks into a call: the messages of its signalling, and how it sounded.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Personal, Timestamp};

/// Whose a leg is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LegRole {
    /// The caller's.
    Caller,
    /// An agent's phone.
    Agent,
    /// Somebody's who was called through a trunk.
    Trunk,
}

impl LegRole {
    /// The stored name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Agent => "agent",
            Self::Trunk => "trunk",
        }
    }
}

/// One leg of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LegName {
    /// Its place in the call, from 1: the caller's, then those that were called, in order. Attempts that failed count.
    pub number: u32,
    /// Whose it is.
    pub role: LegRole,
    /// The caller's number, the extension, or the trunk with the number called.
    pub name: Personal,
}

/// A message of a leg's signalling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SignalMessage {
    /// When it was read or handed out, in microseconds since the Unix epoch, UTC.
    pub at_us: i64,
    /// Whether Hotline sent it.
    pub sent: bool,
    /// `UDP`, `TCP`, `TLS`; `WSS` of a browser.
    pub protocol: String,
    /// Our address and port, as the peer sees them.
    pub local: Personal,
    /// The peer's address and port.
    pub peer: Personal,
    /// The whole message, without credentials, keys and pressed digits.
    pub text: Personal,
}

/// One direction of a leg over an interval. Absent is what could not be measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Heard {
    /// Packets that were not heard, lost or late, in percent.
    pub loss_percent: Option<f32>,
    /// Interarrival jitter in ms.
    pub jitter_ms: Option<f32>,
    /// Mean opinion score by the E-model, 1 to 4.5.
    pub mos: Option<f32>,
    /// Level while there was sound, dBov.
    pub level_dbov: Option<f32>,
}

impl Heard {
    fn numbers(&mut self) -> [&mut Option<f32>; 4] {
        [&mut self.loss_percent, &mut self.jitter_ms, &mut self.mos, &mut self.level_dbov]
    }
}

/// How a leg sounded over an interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LegPoint {
    /// When the interval began, in ms after the leg's sound did.
    pub at_ms: u32,
    /// How long it was.
    pub length_ms: u32,
    /// What Hotline heard of the peer.
    pub incoming: Heard,
    /// What the peer heard of Hotline, as it says itself (RTCP); the level is what was sent.
    pub outgoing: Heard,
    /// There and back, if the peer's reports tell.
    pub round_trip_ms: Option<f32>,
    /// How long the jitter buffer waited.
    pub buffer_ms: u32,
}

/// Counters of a leg's sound over its whole life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LegTotals {
    /// RTP packets that came from the peer.
    pub packets_in: u64,
    /// RTP packets sent to it.
    pub packets_out: u64,
    /// Packets of the peer that never came.
    pub lost: u64,
    /// Packets that came too late to be played.
    pub late: u64,
    /// Packets that came more than once.
    pub duplicated: u64,
    /// Frames of 20 ms that had to be made up.
    pub concealed: u64,
    /// Interarrival jitter at the end, in ms.
    pub jitter_ms: f32,
    /// Datagrams that were not RTP of this leg.
    pub invalid: u64,
    /// RTP packets from somebody who is not the peer.
    pub strangers: u64,
    /// Packets on an encrypted leg that were plain, forged or replayed.
    pub unauthentic: u64,
    /// Packets that the system refused to send.
    pub send_errors: u64,
    /// RTCP reports of the peer.
    pub rtcp_in: u64,
    /// RTCP reports sent.
    pub rtcp_out: u64,
    /// Packets of ours that the peer says never came, if it says anything.
    pub remote_lost: Option<i32>,
    /// There and back, by the last reports that told.
    pub round_trip_ms: Option<f32>,
}

/// How a leg sounded, from its beginning to its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LegSound {
    /// When its sound began.
    pub since: Timestamp,
    /// The codec sent, e.g. `PCMU`.
    pub codec: String,
    /// Its counters.
    pub totals: LegTotals,
    /// Interval by interval, at most 240: 5 s each for the first 20 minutes, then 10 s, and so on.
    pub points: Vec<LegPoint>,
}

impl LegSound {
    /// Makes what is no number absent: JSON has no name for it.
    pub fn make_finite(&mut self) {
        let drop = |number: &mut Option<f32>| *number = number.filter(|number| number.is_finite());
        for point in &mut self.points {
            point.incoming.numbers().into_iter().chain(point.outgoing.numbers()).for_each(drop);
            drop(&mut point.round_trip_ms);
        }
        drop(&mut self.totals.round_trip_ms);
        if !self.totals.jitter_ms.is_finite() {
            self.totals.jitter_ms = 0.0;
        }
    }
}
