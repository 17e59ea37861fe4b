//! Offer and answer (RFC 3264) over session descriptions (RFC 8866), as far as a telephone needs them: one audio stream
//! in one of our codings, with telephone events, plain or encrypted. Pure: text in, text and an agreement out.
//!
//! - [`Description`]: what the peer said. Read by hand and leniently: real carriers leave lines out, mix their order,
//!   and answer with more than they should.
//! - [`Local`]: our side of one session; makes offers and answers.
//! - [`Browser`]: our side of a session with a browser, which answers only.
//! - [`Agreed`]: what follows for a leg, one value that the user agent only carries to
//!   [`Leg::agree`](crate::media::Leg::agree).
//! - [`Preferences`], [`Encryption`]: what this side wants.
//! - [`redacted`]: a description as it may be logged.
//!
//! # Encryption
//!
//! SDES (RFC 4568) and DTLS-SRTP (RFC 5763, 5764) are understood in every profile, also in `RTP/AVP` with `a=crypto`
//! or `a=fingerprint`, which is how phones offer encryption that may be declined. When both are offered in one stream,
//! DTLS-SRTP is taken, because its keys never pass through the servers on the way. To an `actpass` we answer `passive`:
//! a peer behind a NAT can reach us, but often not we it.
//!
//! What follows from an agreement (sockets, legs, re-INVITEs) is left to the user agent.

mod agreed;
mod browser;
mod description;
mod formats;
mod local;
mod security;
mod text;

pub use agreed::{Agreed, Formats, Handshake, Security};
pub use browser::{Answer, Browser, ICE_PATH};
pub use description::Description;
pub(crate) use formats::Format;
pub use local::Local;
pub use security::{Fingerprint, redacted};

use audio::codec::Codec;

/// Longer descriptions are refused unread; browsers stay below this, and no telephone comes near.
pub const MAX_BYTES: usize = 16_384;
/// The packet length used unless somebody wants another, in ms.
pub const PTIME_MS: u8 = 20;

/// Who may send in a stream, seen from the side that says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// Both.
    #[default]
    SendRecv,
    /// The speaker sends and does not listen: the other side is on hold, hearing music perhaps.
    SendOnly,
    /// The speaker only listens.
    RecvOnly,
    /// Nobody.
    Inactive,
}

impl Direction {
    /// The attribute's name.
    pub fn name(self) -> &'static str {
        match self {
            Direction::SendRecv => "sendrecv",
            Direction::SendOnly => "sendonly",
            Direction::RecvOnly => "recvonly",
            Direction::Inactive => "inactive",
        }
    }

    /// Whether the speaker sends.
    pub fn sends(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::SendOnly)
    }

    /// Whether the speaker listens.
    pub fn receives(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::RecvOnly)
    }

    fn of(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Direction::SendRecv,
            (true, false) => Direction::SendOnly,
            (false, true) => Direction::RecvOnly,
            (false, false) => Direction::Inactive,
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        let all = [Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive];
        all.into_iter().find(|direction| direction.name().eq_ignore_ascii_case(name))
    }

    /// The answer to an offer of `self` by someone who wants `wanted` (RFC 3264 section 6.1).
    pub fn answered(self, wanted: Direction) -> Self {
        Direction::of(wanted.sends() && self.receives(), wanted.receives() && self.sends())
    }
}

/// Whether a call is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encryption {
    /// Never: an offer that insists on it is refused.
    Never,
    /// When the other side offers it. Our own offers are plain ones that it may encrypt (`RTP/AVP` with `a=crypto`).
    #[default]
    Optional,
    /// Always: a plain offer or answer is refused.
    Required,
}

/// How the keys of our own offers are agreed on; what others offer is taken as it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keying {
    /// In the description itself (RFC 4568). Signalling should be TLS then.
    #[default]
    Sdes,
    /// By a handshake on the media path (RFC 5763).
    Dtls,
}

/// What this side wants of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preferences {
    /// The codings that are understood, in the order in which they are offered. An answer follows the caller's order.
    pub codecs: Vec<Codec>,
    /// Whether to encrypt.
    pub encryption: Encryption,
    /// How to agree on keys in our own offers.
    pub keying: Keying,
    /// How long the packets should be that we receive, in ms: 10 to 60.
    pub ptime_ms: u8,
}

impl Default for Preferences {
    /// G.711 before G.722, because sound is heard and played at 8 kHz, where wideband costs and brings nothing yet; no Opus, because it costs
    /// the media thread most.
    fn default() -> Self {
        Preferences {
            codecs: vec![Codec::Pcmu, Codec::Pcma, Codec::G722],
            encryption: Encryption::default(),
            keying: Keying::default(),
            ptime_ms: PTIME_MS,
        }
    }
}

/// Why a description leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// It cannot be read.
    #[error("the session description cannot be read: {0}")]
    Unreadable(&'static str),
    /// It has no audio stream over RTP, or only refused ones (port 0).
    #[error("the session description has no audio stream over RTP")]
    NoAudio,
    /// Its audio stream has none of our codings.
    #[error("the session description has none of the codings that are allowed here; allow one that it has")]
    NoSharedCodec,
    /// It insists on encryption, and we never encrypt; or on a way of it that we don't know.
    #[error("the other side insists on encryption that is not allowed or not known here")]
    Encrypted,
    /// It is plain, and we insist on encryption.
    #[error("the other side does not encrypt, and encryption is required here")]
    NotEncrypted,
    /// It is no offer that a browser makes.
    #[error("the session description cannot be answered: {0}")]
    NotForBrowsers(&'static str),
}

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;
