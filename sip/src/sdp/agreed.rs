//! What two sides have agreed on: all that a leg needs to know, in one value.

use std::net::SocketAddr;

use audio::codec::Codec;

use super::formats::Format;
use super::{Direction, Fingerprint, PTIME_MS};
use crate::srtp::Keys;

/// What both sides now do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// Where the peer wants its audio; unspecified (0.0.0.0) when it wants none.
    pub remote: SocketAddr,
    /// Where the peer wants its RTCP: `remote` itself when both share a port (RFC 5761), else the port that `a=rtcp`
    /// names (RFC 3605) or the one above.
    pub remote_rtcp: SocketAddr,
    /// What we send.
    pub codec: Codec,
    /// The payload type that we send it with.
    pub payload_type: u8,
    /// The payload type that we send keys with, when both know telephone events.
    pub telephone_event: Option<u8>,
    /// What the payload types of incoming packets stand for.
    pub formats: Formats,
    /// How long the packets are that we send, in ms: 10, 20, … 60.
    pub ptime_ms: u8,
    /// What we do.
    pub direction: Direction,
    /// How packets are encrypted.
    pub security: Security,
}

impl Agreed {
    /// An agreement without encryption, on a coding under its static or the usual dynamic payload type.
    pub fn plain(remote: SocketAddr, codec: Codec, telephone_event: Option<u8>) -> Agreed {
        let payload_type = codec.static_payload_type().unwrap_or(super::local::OUR_OPUS);
        let mut formats = Formats::default();
        formats.add(payload_type, Format::Audio(codec));
        if let Some(event) = telephone_event {
            formats.add(event, Format::Event(codec.clock()));
        }
        Agreed {
            remote,
            remote_rtcp: SocketAddr::new(remote.ip(), remote.port().saturating_add(1)),
            codec,
            payload_type,
            telephone_event,
            formats,
            ptime_ms: PTIME_MS,
            direction: Direction::SendRecv,
            security: Security::Plain,
        }
    }

    /// Where to send audio, if anywhere.
    pub fn destination(&self) -> Option<SocketAddr> {
        Some(self.remote).filter(|to| !to.ip().is_unspecified() && to.port() != 0)
    }

    /// Whether RTCP goes to and comes from the port of the audio.
    pub fn rtcp_mux(&self) -> bool {
        self.remote == self.remote_rtcp
    }
}

/// What the payload types of a stream stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formats(Vec<(u8, Format)>);

impl Default for Formats {
    /// The static types, which are understood whether or not they were agreed on.
    fn default() -> Self {
        let codecs = Codec::ALL.into_iter();
        let known = codecs.filter_map(|codec| Some((codec.static_payload_type()?, Format::Audio(codec))));
        Formats(known.chain([(13, Format::ComfortNoise)]).collect())
    }
}

impl Formats {
    /// What a payload type stands for.
    pub(crate) fn get(&self, payload_type: u8) -> Option<Format> {
        self.0.iter().find(|(known, _)| *known == payload_type).map(|(_, format)| *format)
    }

    /// Gives a payload type a meaning, in place of any other.
    pub(crate) fn add(&mut self, payload_type: u8, format: Format) {
        self.0.retain(|(known, _)| *known != payload_type);
        self.0.push((payload_type, format));
    }
}

/// How the packets of a stream are encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Security {
    /// Not at all.
    Plain,
    /// With these keys.
    Sdes(Keys),
    /// With keys that a handshake on the media path gives.
    Dtls(Handshake),
}

impl Security {
    /// Whether packets are encrypted.
    pub fn is_encrypted(&self) -> bool {
        *self != Security::Plain
    }
}

/// How to do the handshake of DTLS-SRTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    /// Whether we begin it, as the client.
    pub client: bool,
    /// The peer's certificate has one of these digests, or it is not the peer's.
    pub fingerprints: Vec<Fingerprint>,
}
