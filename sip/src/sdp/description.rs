//! What the peer said: its streams, and what its audio streams can do for us.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use audio::codec::Codec;

use super::formats::{Format, formats, ptime_ms};
use super::security::{Crypto, Setup};
use super::text::{Connection, Section, Stream, Text};
use super::{Direction, Encryption, Fingerprint, Preferences, SdpError};

/// A session description of the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Every `m=` line, as much as an answer must repeat.
    pub(super) lines: Vec<Line>,
    /// The audio streams that are not refused.
    audio: Vec<Audio>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub media: String,
    pub proto: String,
    pub formats: String,
}

/// An audio stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Audio {
    /// Its place among the lines.
    pub index: usize,
    pub profile: Profile,
    pub remote: SocketAddr,
    /// Where RTCP goes if it has a port of its own.
    pub rtcp: SocketAddr,
    pub rtcp_mux: bool,
    pub formats: Vec<(u8, Format)>,
    pub ptime_ms: Option<u8>,
    pub direction: Direction,
    pub crypto: Vec<Crypto>,
    pub fingerprints: Vec<Fingerprint>,
    pub setup: Setup,
}

/// What the transport of a stream says of encryption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Profile {
    /// RTP/AVP, RTP/AVPF: plain, unless attributes offer more.
    Plain,
    /// RTP/SAVP, RTP/SAVPF: encrypted, by keys in the description or by a handshake.
    Encrypted,
    /// UDP/TLS/RTP/SAVP, UDP/TLS/RTP/SAVPF: encrypted by a handshake.
    Handshake,
}

impl Profile {
    fn of(proto: &str) -> Option<Profile> {
        match proto.to_ascii_uppercase().as_str() {
            "RTP/AVP" | "RTP/AVPF" => Some(Profile::Plain),
            "RTP/SAVP" | "RTP/SAVPF" => Some(Profile::Encrypted),
            "UDP/TLS/RTP/SAVP" | "UDP/TLS/RTP/SAVPF" => Some(Profile::Handshake),
            _ => None,
        }
    }
}

/// How a stream would be encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Plain,
    Sdes,
    Dtls,
}

impl Description {
    /// Reads a session description.
    pub fn parse(body: &[u8]) -> Result<Self, SdpError> {
        let text = Text::parse(body)?;
        let line = |stream: &Stream| Line {
            media: stream.media.clone(),
            proto: stream.proto.clone(),
            formats: stream.formats.clone(),
        };
        let lines = text.streams.iter().map(line).collect();
        let streams = text.streams.iter().enumerate();
        let audio = streams.filter_map(|(index, stream)| Audio::read(index, stream, &text.session)).collect();
        Ok(Description { lines, audio })
    }

    /// Where its first audio stream wants to be sent to; an unspecified address means nowhere.
    pub fn audio_addr(&self) -> Option<SocketAddr> {
        self.audio.first().map(|audio| audio.remote)
    }

    /// Whether there is audio that can be answered, and why not.
    pub fn check(&self, preferences: &Preferences) -> Result<(), SdpError> {
        self.choose(preferences, None).map(|_| ())
    }

    /// The stream to use, how to encrypt it, its payload type and coding. Of several streams, which are a choice
    /// between plain and encrypted ones, the first encrypted one that we can use.
    pub(super) fn choose(
        &self,
        preferences: &Preferences,
        current: Option<Codec>,
    ) -> Result<(&Audio, Way, u8, Codec), SdpError> {
        let mut why = SdpError::NoAudio;
        let mut plain = None;
        for audio in &self.audio {
            match audio.usable(preferences, current) {
                Ok((way, payload_type, codec)) if way != Way::Plain => return Ok((audio, way, payload_type, codec)),
                Ok((way, payload_type, codec)) => {
                    plain.get_or_insert((audio, way, payload_type, codec));
                }
                Err(error) if why == SdpError::NoAudio => why = error,
                Err(_) => {}
            }
        }
        plain.ok_or(why)
    }
}

impl Audio {
    pub fn read(index: usize, stream: &Stream, session: &Section) -> Option<Self> {
        if !stream.media.eq_ignore_ascii_case("audio") || stream.port == 0 {
            return None;
        }
        let profile = Profile::of(&stream.proto)?;
        let connection = stream.section.connection.or(session.connection);
        let ip = match connection {
            Some(Connection::Address(ip)) => ip,
            Some(Connection::Name) | None => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        };
        let mut names = stream.section.names().chain(session.names());
        let mut direction = names.find_map(Direction::from_name).unwrap_or_default();
        // The old way to hold (RFC 2543): an offer to hear nothing.
        if matches!(connection, Some(Connection::Address(ip)) if ip.is_unspecified()) {
            direction = Direction::of(direction.sends(), false);
        }
        let remote = SocketAddr::new(ip, stream.port);
        Some(Audio {
            index,
            profile,
            remote,
            rtcp: rtcp(stream, remote),
            rtcp_mux: stream.section.first("rtcp-mux").is_some(),
            formats: formats(stream),
            ptime_ms: ptime_ms(stream),
            direction,
            crypto: Crypto::all(stream),
            fingerprints: Fingerprint::all(stream, session),
            setup: Setup::of(stream, session),
        })
    }

    fn usable(&self, preferences: &Preferences, current: Option<Codec>) -> Result<(Way, u8, Codec), SdpError> {
        let way = self.way(preferences.encryption)?;
        let (payload_type, codec) = self.codec(preferences, current).ok_or(SdpError::NoSharedCodec)?;
        Ok((way, payload_type, codec))
    }

    /// A call that is up keeps its coding; otherwise the peer's order counts (RFC 3264 section 6.1).
    fn codec(&self, preferences: &Preferences, current: Option<Codec>) -> Option<(u8, Codec)> {
        let shared = self.formats.iter().filter_map(|&(payload_type, format)| match format {
            Format::Audio(codec) if preferences.codecs.contains(&codec) => Some((payload_type, codec)),
            _ => None,
        });
        let mut shared = shared.peekable();
        let first = shared.peek().copied();
        shared.find(|(_, codec)| Some(*codec) == current).or(first)
    }

    fn way(&self, encryption: Encryption) -> Result<Way, SdpError> {
        let dtls = !self.fingerprints.is_empty() && encryption != Encryption::Never;
        let sdes = !self.crypto.is_empty() && encryption != Encryption::Never && self.profile != Profile::Handshake;
        match self.profile {
            _ if dtls => Ok(Way::Dtls),
            _ if sdes => Ok(Way::Sdes),
            Profile::Encrypted | Profile::Handshake => Err(SdpError::Encrypted),
            Profile::Plain if encryption == Encryption::Required => Err(SdpError::NotEncrypted),
            Profile::Plain => Ok(Way::Plain),
        }
    }

    /// The payload type for keys beside a coding: at its clock if there is one (RFC 4733 section 2.1), else any, because
    /// some phones know only one.
    pub fn telephone_event(&self, codec: Codec) -> Option<(u8, u32)> {
        let events = self.formats.iter().filter_map(|&(payload_type, format)| match format {
            Format::Event(clock) => Some((payload_type, clock)),
            _ => None,
        });
        let mut events = events.peekable();
        let first = events.peek().copied();
        events.find(|(_, clock)| *clock == codec.clock()).or(first)
    }
}

/// Where RTCP goes if it does not share the audio's port: `a=rtcp:port [IN IP4 address]` (RFC 3605), or one above.
fn rtcp(stream: &Stream, remote: SocketAddr) -> SocketAddr {
    let above = SocketAddr::new(remote.ip(), remote.port().saturating_add(1));
    let Some(value) = stream.section.first("rtcp") else {
        return above;
    };
    let mut words = value.split_ascii_whitespace();
    let port = words.next().and_then(|port| port.parse().ok()).filter(|port| *port != 0);
    let ip = words.nth(2).and_then(|ip| ip.parse().ok()).unwrap_or(remote.ip());
    port.map_or(above, |port| SocketAddr::new(ip, port))
}
