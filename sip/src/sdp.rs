//! Offer and answer (RFC 3264) over session descriptions (RFC 8866), as far as a telephone needs them:
//! one stream of G.711 with telephone events. Pure: text in, text and an agreement out.
//!
//! What follows from an agreement (sockets, legs, re-INVITEs) is left to the user agent.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use audio::g711::Codec;
use sdp_types::{Media, Session};

/// The payload type that our own offers give telephone events.
const OUR_TELEPHONE_EVENT: u8 = 101;
/// Longer descriptions are refused unread; 8 KiB is more than a datagram carries.
const MAX_BYTES: usize = 8192;

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

    /// The answer to an offer of `self` by someone who wants `wanted` (RFC 3264 section 6.1).
    pub fn answered(self, wanted: Direction) -> Self {
        Direction::of(wanted.sends() && self.receives(), wanted.receives() && self.sends())
    }
}

/// Why a description leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// It cannot be read.
    #[error("the session description cannot be read: {0}")]
    Unreadable(String),
    /// It has no audio stream over plain RTP.
    #[error("the session description has no audio stream over RTP/AVP")]
    NoAudio,
    /// Its audio stream has neither PCMU nor PCMA.
    #[error("the session description offers neither PCMU nor PCMA")]
    NoSharedCodec,
}

/// What the peer said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    lines: Vec<Line>,
    audio: Option<Audio>,
}

/// One `m=` line, as much as an answer must repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    media: String,
    proto: String,
    formats: String,
}

/// The first usable audio stream.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Audio {
    index: usize,
    remote: SocketAddr,
    codecs: Vec<Codec>,
    telephone_event: Option<u8>,
    direction: Direction,
}

/// What both sides now do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreed {
    /// Where the peer wants its audio; unspecified (0.0.0.0) when it wants none.
    pub remote: SocketAddr,
    /// The codec.
    pub codec: Codec,
    /// The payload type for telephone events, when both know them.
    pub telephone_event: Option<u8>,
    /// What we do.
    pub direction: Direction,
}

impl Description {
    /// Reads a session description.
    pub fn parse(body: &[u8]) -> Result<Self, SdpError> {
        if body.len() > MAX_BYTES {
            return Err(SdpError::Unreadable("it is longer than 8 KiB".to_owned()));
        }
        let session = Session::parse(body).map_err(|error| SdpError::Unreadable(error.to_string()))?;
        let lines = session
            .medias
            .iter()
            .map(|media| Line { media: media.media.clone(), proto: media.proto.clone(), formats: media.fmt.clone() })
            .collect();
        let audio = session.medias.iter().enumerate().find_map(|(index, media)| Audio::read(index, media, &session));
        Ok(Description { lines, audio })
    }

    /// Whether there is audio that can be answered, and why not.
    pub fn check(&self) -> Result<(), SdpError> {
        self.choose(None).map(|_| ())
    }

    fn choose(&self, current: Option<Codec>) -> Result<(&Audio, Codec), SdpError> {
        let audio = self.audio.as_ref().ok_or(SdpError::NoAudio)?;
        // A call that is up keeps its codec; otherwise the peer's order counts (RFC 3264 section 6.1).
        let codec = current
            .filter(|codec| audio.codecs.contains(codec))
            .or_else(|| audio.codecs.first().copied())
            .ok_or(SdpError::NoSharedCodec)?;
        Ok((audio, codec))
    }
}

impl Audio {
    fn read(index: usize, media: &Media, session: &Session) -> Option<Self> {
        let plain = media.proto.eq_ignore_ascii_case("RTP/AVP") || media.proto.eq_ignore_ascii_case("RTP/AVPF");
        if !media.media.eq_ignore_ascii_case("audio") || !plain || media.port == 0 {
            return None;
        }
        let address = media.connections.first().or(session.connection.as_ref());
        // A host name instead of an address is legal but unseen in practice; symmetric RTP finds such a peer.
        let ip = address
            .and_then(|c| c.connection_address.split('/').next())
            .and_then(|ip| ip.parse::<IpAddr>().ok())
            .unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let mut direction = media
            .attributes
            .iter()
            .chain(&session.attributes)
            .find_map(|a| direction(&a.attribute))
            .unwrap_or_default();
        // The old way to hold (RFC 2543): an offer to hear nothing.
        if ip.is_unspecified() && address.is_some() {
            direction = Direction::of(direction.sends(), false);
        }
        Some(Audio {
            index,
            remote: SocketAddr::new(ip, media.port),
            codecs: codecs(media),
            telephone_event: telephone_event(media),
            direction,
        })
    }
}

/// The G.711 codings of a stream, in its order. Only under their static payload types, which everyone
/// uses for them (RFC 3551 table 4).
fn codecs(media: &Media) -> Vec<Codec> {
    let formats = media.fmt.split_ascii_whitespace().filter_map(|f| f.parse::<u8>().ok());
    formats
        .filter_map(|payload_type| {
            let codec = Codec::from_payload_type(payload_type)?;
            match rtpmap(media, payload_type) {
                Some((name, rate)) => (name.eq_ignore_ascii_case(codec.name()) && rate == "8000").then_some(codec),
                None => Some(codec),
            }
        })
        .collect()
}

/// The dynamic payload type that the peer gave to telephone events at 8 kHz.
fn telephone_event(media: &Media) -> Option<u8> {
    let formats = media.fmt.split_ascii_whitespace().filter_map(|f| f.parse::<u8>().ok());
    formats.filter(|payload_type| (96..128).contains(payload_type)).find(|payload_type| {
        rtpmap(media, *payload_type)
            .is_some_and(|(name, rate)| name.eq_ignore_ascii_case("telephone-event") && rate == "8000")
    })
}

fn rtpmap(media: &Media, payload_type: u8) -> Option<(&str, &str)> {
    media.attributes.iter().filter(|a| a.attribute == "rtpmap").find_map(|a| {
        let (number, encoding) = a.value.as_deref()?.trim().split_once(' ')?;
        if number.parse::<u8>().ok()? != payload_type {
            return None;
        }
        let mut parts = encoding.trim().split('/');
        Some((parts.next()?, parts.next()?))
    })
}

fn direction(attribute: &str) -> Option<Direction> {
    match attribute {
        "sendrecv" => Some(Direction::SendRecv),
        "sendonly" => Some(Direction::SendOnly),
        "recvonly" => Some(Direction::RecvOnly),
        "inactive" => Some(Direction::Inactive),
        _ => None,
    }
}

/// Our side of one session: what we have said so far, so that the version in `o=` counts changes and
/// nothing else (RFC 3264 section 8).
#[derive(Debug, Clone)]
pub struct Local {
    media: SocketAddr,
    session: u64,
    version: u64,
    last: Option<String>,
    /// What we want to do with audio; holding the peer is `SendOnly`.
    pub wanted: Direction,
    codec: Option<Codec>,
}

impl Local {
    /// A session whose audio is received at `media`.
    pub fn new(media: SocketAddr) -> Self {
        // 53 bits: some peers keep these numbers in doubles.
        let session = rand::random::<u64>() >> 11;
        Local { media, session, version: session, last: None, wanted: Direction::SendRecv, codec: None }
    }

    /// The codec agreed on, once there is one.
    pub fn codec(&self) -> Option<Codec> {
        self.codec
    }

    /// Our offer: the agreed codec first, or all of them.
    pub fn offer(&mut self) -> String {
        let mut codecs = Codec::ALL.to_vec();
        if let Some(current) = self.codec {
            codecs.sort_by_key(|codec| *codec != current);
        }
        let stream = self.stream("RTP/AVP", &codecs, Some(OUR_TELEPHONE_EVENT), self.wanted);
        self.describe(stream)
    }

    /// Our answer to their offer, and what it settles.
    pub fn answer(&mut self, offer: &Description) -> Result<(String, Agreed), SdpError> {
        let (audio, codec) = offer.choose(self.codec)?;
        let direction = audio.direction.answered(self.wanted);
        let mut streams = String::new();
        for (index, line) in offer.lines.iter().enumerate() {
            if index == audio.index {
                streams.push_str(&self.stream(&line.proto, &[codec], audio.telephone_event, direction));
            } else {
                // Every stream of the offer must be answered, in order; port 0 refuses it.
                streams.push_str(&format!("m={} 0 {} {}\r\n", line.media, line.proto, line.formats));
            }
        }
        self.codec = Some(codec);
        let agreed = Agreed { remote: audio.remote, codec, telephone_event: audio.telephone_event, direction };
        Ok((self.describe(streams), agreed))
    }

    /// Their answer to our offer.
    pub fn accept(&mut self, answer: &Description) -> Result<Agreed, SdpError> {
        let (audio, codec) = answer.choose(None)?;
        self.codec = Some(codec);
        Ok(Agreed {
            remote: audio.remote,
            codec,
            telephone_event: audio.telephone_event,
            direction: audio.direction.answered(self.wanted),
        })
    }

    fn stream(&self, proto: &str, codecs: &[Codec], telephone_event: Option<u8>, direction: Direction) -> String {
        let mut formats = String::new();
        let mut maps = String::new();
        for codec in codecs {
            formats.push_str(&format!(" {}", codec.payload_type()));
            maps.push_str(&format!("a=rtpmap:{} {}/8000\r\n", codec.payload_type(), codec.name()));
        }
        if let Some(payload_type) = telephone_event {
            formats.push_str(&format!(" {payload_type}"));
            maps.push_str(&format!("a=rtpmap:{payload_type} telephone-event/8000\r\na=fmtp:{payload_type} 0-15\r\n"));
        }
        format!("m=audio {} {proto}{formats}\r\n{maps}a=ptime:20\r\na={}\r\n", self.media.port(), direction.name())
    }

    fn describe(&mut self, streams: String) -> String {
        if self.last.as_ref().is_some_and(|last| *last != streams) {
            self.version += 1;
        }
        let family = if self.media.is_ipv4() { "IP4" } else { "IP6" };
        let ip = self.media.ip();
        let description = format!(
            "v=0\r\no=- {} {} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n{streams}",
            self.session, self.version
        );
        self.last = Some(streams);
        description
    }
}

#[cfg(test)]
mod tests;
