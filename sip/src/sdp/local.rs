//! Our side of one session: offers and answers, and the memory that they need from one to the next.

use std::fmt::Write;
use std::net::SocketAddr;

use audio::codec::Codec;

use super::agreed::{Agreed, Formats, Handshake, Security};
use super::description::{Audio, Description, Profile, Way};
use super::formats::{Format, round};
use super::security::{Crypto, OFFERED, Setup};
use super::{Direction, Encryption, Keying, PTIME_MS, Preferences, SdpError};
use crate::dtls;
use crate::srtp::{Keys, MasterKey};

/// The payload type that our own offers give telephone events at 8 kHz …
const OUR_EVENT: u8 = 101;
/// … and at 48 kHz.
const OUR_EVENT_48: u8 = 110;
/// The payload type that our own offers give Opus.
pub(super) const OUR_OPUS: u8 = 107;
/// Dynamic payload types, for what collides (RFC 3551 section 3).
const DYNAMIC: std::ops::Range<u8> = 96..128;

/// Our side of one session: what we have said so far, so that the version in `o=` counts changes and nothing else
/// (RFC 3264 section 8), and keys and payload types stay what they are through a session's offers.
#[derive(Debug, Clone)]
pub struct Local {
    media: SocketAddr,
    preferences: Preferences,
    session: u64,
    version: u64,
    last: Option<String>,
    /// What we want to do with audio; holding the peer is `SendOnly`.
    pub wanted: Direction,
    current: Option<Current>,
    /// The keys that we have offered, one for each suite.
    offered: Vec<Crypto>,
}

/// What was agreed on last.
#[derive(Debug, Clone)]
struct Current {
    codec: Codec,
    payload_type: u8,
    telephone_event: Option<(u8, u32)>,
    way: Way,
    /// The profile that was used, to offer the same again.
    proto: String,
    /// Our key and its tag, if there is one.
    ours: Option<Crypto>,
    /// Whether we are the client of the handshake.
    client: bool,
}

impl Local {
    /// A session whose audio is received at `media`.
    pub fn new(media: SocketAddr, preferences: Preferences) -> Self {
        // 53 bits: some peers keep these numbers in doubles.
        let session = rand::random::<u64>() >> 11;
        Local {
            media,
            preferences,
            session,
            version: session,
            last: None,
            wanted: Direction::SendRecv,
            current: None,
            offered: Vec::new(),
        }
    }

    /// The coding agreed on, once there is one.
    pub fn codec(&self) -> Option<Codec> {
        self.current.as_ref().map(|current| current.codec)
    }

    /// What this side wants.
    pub fn preferences(&self) -> &Preferences {
        &self.preferences
    }

    /// Our offer: the coding agreed on first, or all of them in our order. Once there is an agreement, it offers the
    /// same encryption again.
    pub fn offer(&mut self) -> String {
        let mut codecs = self.preferences.codecs.clone();
        if let Some(current) = &self.current {
            let agreed = current.codec;
            codecs.retain(|codec| *codec != agreed);
            codecs.insert(0, agreed);
        }
        let formats = self.formats(&codecs);
        let way = self.way_to_offer();
        let security = match way {
            Way::Plain => String::new(),
            Way::Sdes => self.keys_to_offer(),
            Way::Dtls => handshake_lines(Setup::ActPass),
        };
        let proto = self.proto_to_offer(way);
        let direction = self.wanted;
        let stream = self.stream(&proto, &formats, (true, true), &security, direction);
        self.describe(stream)
    }

    /// Our answer to their offer, and what it settles.
    pub fn answer(&mut self, offer: &Description) -> Result<(String, Agreed), SdpError> {
        let (audio, way, payload_type, codec) = offer.choose(&self.preferences, self.codec())?;
        let event = audio.telephone_event(codec);
        let direction = audio.direction.answered(self.wanted);
        let mut formats = vec![(payload_type, Format::Audio(codec))];
        formats.extend(event.map(|(number, clock)| (number, Format::Event(clock))));
        // Comfort noise is of the 8 kHz clock (RFC 3389 section 4).
        let noise =
            audio.formats.iter().filter(|(_, format)| *format == Format::ComfortNoise && codec.clock() == 8_000);
        formats.extend(noise.take(1));
        let (lines, security, ours) = self.answer_security(audio, way);
        let proto = &offer.lines[audio.index].proto;
        let mut streams = String::new();
        for (index, line) in offer.lines.iter().enumerate() {
            if index == audio.index {
                streams.push_str(&self.stream(proto, &formats, (false, audio.rtcp_mux), &lines, direction));
            } else {
                // Every stream of the offer must be answered, in order; port 0 refuses it.
                let _ = write!(streams, "m={} 0 {} {}\r\n", line.media, line.proto, line.formats);
            }
        }
        let client = matches!(&security, Security::Dtls(handshake) if handshake.client);
        self.current =
            Some(Current { codec, payload_type, telephone_event: event, way, proto: proto.clone(), ours, client });
        let agreed = self.agreed(audio, codec, payload_type, event, direction, security);
        Ok((self.describe(streams), agreed))
    }

    /// Their answer to our offer.
    pub fn accept(&mut self, answer: &Description) -> Result<Agreed, SdpError> {
        let (audio, way, payload_type, codec) = answer.choose(&self.preferences, None)?;
        let event = audio.telephone_event(codec);
        let mut client = false;
        let mut ours = None;
        let way_offered = self.way_to_offer();
        let security = match way {
            // Its attributes are of no use to a side that offered none.
            Way::Plain => Security::Plain,
            Way::Sdes if way_offered == Way::Sdes => {
                let (line, key) = self.answered_key(audio).ok_or(SdpError::Encrypted)?;
                ours = Some(line.clone());
                Security::Sdes(Keys { ours: line.key, theirs: key })
            }
            Way::Dtls if way_offered == Way::Dtls => {
                // One who answers `passive` leaves the beginning to us.
                client = audio.setup == Setup::Passive;
                Security::Dtls(Handshake { client, fingerprints: audio.fingerprints.clone() })
            }
            _ if audio.profile == Profile::Plain && self.preferences.encryption != Encryption::Required => {
                Security::Plain
            }
            _ => return Err(SdpError::Encrypted),
        };
        let direction = audio.direction.answered(self.wanted);
        let ours_at = self.formats(&[codec]);
        let mut agreed = self.agreed(audio, codec, payload_type, event, direction, security);
        // The peer should use the numbers that we offered for what it sends (RFC 3264 section 6.1); many use their own.
        for (number, format) in ours_at {
            if agreed.formats.get(number).is_none() {
                agreed.formats.add(number, format);
            }
        }
        let way = if agreed.security.is_encrypted() { way } else { Way::Plain };
        let proto = self.proto_to_offer(way_offered);
        self.current = Some(Current { codec, payload_type, telephone_event: event, way, proto, ours, client });
        Ok(agreed)
    }

    fn agreed(
        &self,
        audio: &Audio,
        codec: Codec,
        payload_type: u8,
        event: Option<(u8, u32)>,
        direction: Direction,
        security: Security,
    ) -> Agreed {
        let mut formats = Formats::default();
        for &(number, format) in &audio.formats {
            formats.add(number, format);
        }
        Agreed {
            remote: audio.remote,
            remote_rtcp: if audio.rtcp_mux { audio.remote } else { audio.rtcp },
            codec,
            payload_type,
            telephone_event: event.map(|(number, _)| number),
            formats,
            ptime_ms: audio.ptime_ms.unwrap_or(PTIME_MS),
            direction,
            security,
        }
    }

    /// What an answer says of encryption, what follows, and our key.
    fn answer_security(&mut self, audio: &Audio, way: Way) -> (String, Security, Option<Crypto>) {
        match (way, audio.crypto.first()) {
            (Way::Sdes, Some(theirs)) => {
                // The same key through all offers of a session, unless the peer wants another suite.
                let suite = theirs.key.suite();
                let kept = self.current.as_ref().and_then(|current| current.ours.as_ref());
                let key = kept.map(|ours| &ours.key).filter(|key| key.suite() == suite).cloned();
                let ours = Crypto { tag: theirs.tag, key: key.unwrap_or_else(|| MasterKey::random(suite)) };
                let keys = Keys { ours: ours.key.clone(), theirs: theirs.key.clone() };
                (ours.line(), Security::Sdes(keys), Some(ours))
            }
            (Way::Dtls, _) => {
                let client = match audio.setup {
                    Setup::Active => false,
                    Setup::Passive => true,
                    // A session that goes on keeps its roles.
                    Setup::ActPass => self.current.as_ref().is_some_and(|current| current.client),
                };
                let setup = if client { Setup::Active } else { Setup::Passive };
                let handshake = Handshake { client, fingerprints: audio.fingerprints.clone() };
                (handshake_lines(setup), Security::Dtls(handshake), None)
            }
            (Way::Plain | Way::Sdes, _) => (String::new(), Security::Plain, None),
        }
    }

    /// Which of our offered keys an answer chose, and the peer's own.
    fn answered_key(&self, audio: &Audio) -> Option<(Crypto, MasterKey)> {
        audio.crypto.iter().find_map(|theirs| {
            let suite = theirs.key.suite();
            let same = self.offered.iter().filter(|ours| ours.key.suite() == suite);
            // The tag says which; a peer that numbers anew is still understood by the suite.
            let ours = same.clone().find(|ours| ours.tag == theirs.tag).or_else(|| same.clone().next())?;
            Some((ours.clone(), theirs.key.clone()))
        })
    }

    fn way_to_offer(&self) -> Way {
        match (&self.current, self.preferences.encryption, self.preferences.keying) {
            (Some(current), ..) => current.way,
            (None, Encryption::Never, _) => Way::Plain,
            (None, _, Keying::Sdes) => Way::Sdes,
            (None, _, Keying::Dtls) => Way::Dtls,
        }
    }

    fn proto_to_offer(&self, way: Way) -> String {
        let proto = match (&self.current, way) {
            (Some(current), _) => return current.proto.clone(),
            (None, _) if self.preferences.encryption != Encryption::Required => "RTP/AVP",
            (None, Way::Dtls) => "UDP/TLS/RTP/SAVP",
            (None, Way::Plain | Way::Sdes) => "RTP/SAVP",
        };
        proto.to_owned()
    }

    /// One key for each suite, or the one in use.
    fn keys_to_offer(&mut self) -> String {
        if let Some(ours) = self.current.as_ref().and_then(|current| current.ours.clone()) {
            self.offered = vec![ours];
        } else if self.offered.is_empty() {
            let lines = (1..).zip(OFFERED).map(|(tag, suite)| Crypto { tag, key: MasterKey::random(suite) });
            self.offered = lines.collect();
        }
        self.offered.iter().map(Crypto::line).collect()
    }

    /// Payload types for codings and, after them, for keys at their clocks. What was agreed on keeps its number.
    fn formats(&self, codecs: &[Codec]) -> Vec<(u8, Format)> {
        let mut formats: Vec<(u8, Format)> = Vec::new();
        let current = self.current.as_ref();
        let kept_event = current.and_then(|current| current.telephone_event);
        let taken: Vec<u8> = current
            .map(|current| current.payload_type)
            .into_iter()
            .chain(kept_event.map(|(number, _)| number))
            .collect();
        let mut add = |wanted: u8, format: Format, kept: bool| {
            let free = |number: &u8| !formats.iter().any(|(other, _)| other == number) && !taken.contains(number);
            let number = if kept || free(&wanted) { Some(wanted) } else { DYNAMIC.into_iter().find(free) };
            formats.extend(number.map(|number| (number, format)));
        };
        for &codec in codecs {
            let kept = current.filter(|current| current.codec == codec).map(|current| current.payload_type);
            let wanted = kept.or(codec.static_payload_type()).unwrap_or(OUR_OPUS);
            add(wanted, Format::Audio(codec), kept.is_some());
        }
        for (clock, usual) in [(8_000, OUR_EVENT), (48_000, OUR_EVENT_48)] {
            if codecs.iter().any(|codec| codec.clock() == clock) {
                let kept = kept_event.filter(|(_, other)| *other == clock).map(|(number, _)| number);
                add(kept.unwrap_or(usual), Format::Event(clock), kept.is_some());
            }
        }
        formats
    }

    fn stream(
        &self,
        proto: &str,
        formats: &[(u8, Format)],
        (offer, rtcp_mux): (bool, bool),
        security: &str,
        direction: Direction,
    ) -> String {
        let mut stream = format!("m=audio {} {proto}", self.media.port());
        let mut maps = String::new();
        for (number, format) in formats {
            let _ = write!(stream, " {number}");
            let _ = match format {
                Format::Audio(Codec::Opus) => {
                    write!(maps, "a=rtpmap:{number} opus/48000/2\r\na=fmtp:{number} useinbandfec=1\r\n")
                }
                Format::Audio(codec) => write!(maps, "a=rtpmap:{number} {}\r\n", codec.encoding()),
                Format::Event(clock) => {
                    write!(maps, "a=rtpmap:{number} telephone-event/{clock}\r\na=fmtp:{number} 0-15\r\n")
                }
                Format::ComfortNoise => write!(maps, "a=rtpmap:{number} CN/8000\r\n"),
            };
        }
        // Reports are read where the sound is: a peer without rtcp-mux would send them one port higher (RFC 3605, RFC 5761 section 5.1.3).
        let mut mux = String::new();
        if offer || !rtcp_mux {
            let _ = write!(mux, "a=rtcp:{}\r\n", self.media.port());
        }
        if rtcp_mux {
            mux.push_str("a=rtcp-mux\r\n");
        }
        let ptime = round(u32::from(self.preferences.ptime_ms));
        let _ = write!(stream, "\r\n{maps}a=ptime:{ptime}\r\n{security}{mux}a={}\r\n", direction.name());
        stream
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

fn handshake_lines(setup: Setup) -> String {
    format!("{}a=setup:{}\r\n", dtls::fingerprint().line(), setup.name())
}
