//! Answers to browsers (WebRTC, RFC 8829): one audio stream, bundled (RFC 9143), with RTCP on its port (RFC 8858), encrypted by DTLS-SRTP with
//! the browser as the client, and ICE of which we are the lite side (RFC 8839). A browser always offers and never trickles; its own
//! candidates are not read, because a lite side only answers.
//!
//! What is not audio is refused with port 0, as is a second audio stream. Our order of codings counts, not the browser's: which one it
//! is decides how many browsers a machine can carry, and whether their sound passes to telephones untouched.

use std::fmt::Write;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use audio::codec::Codec;

use super::agreed::{Agreed, Formats, Handshake, Security};
use super::description::{Audio, Profile};
use super::formats::Format;
use super::security::Setup;
use super::text::{Section, Stream, Text};
use super::{Direction, PTIME_MS, SdpError};
use crate::dtls;
use crate::ice::Credentials;

/// Stands for whatever path ICE finds to a browser. An address that nothing is ever routed to (RFC 6666), and the port of the discard
/// service, so that a packet that went there by mistake would be nowhere.
pub const ICE_PATH: SocketAddr = SocketAddr::new(IpAddr::V6(Ipv6Addr::new(0x0100, 0, 0, 0, 0, 0, 0, 1)), 9);

/// Streams of one offer; more are nobody's.
const MOST_STREAMS: usize = 16;
/// Longest `a=mid` that is repeated; browsers write one digit.
const LONGEST_MID: usize = 32;
/// A fragment has 4 to 256 characters (RFC 8839 section 5.4).
const UFRAG: std::ops::RangeInclusive<usize> = 4..=256;
/// The priority of a host candidate of a side with one component (RFC 8445 section 5.1.2): type preference 126, then ours by order.
const HOST_PRIORITY: u32 = 126 << 24 | 255;

/// Our side of one session with a browser.
#[derive(Debug, Clone)]
pub struct Browser {
    codecs: Vec<Codec>,
    session: u64,
    version: u64,
    /// What is sent already, which a new offer does not change without need.
    codec: Option<Codec>,
}

/// What an offer of a browser comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Our description.
    pub text: String,
    /// What follows for the leg.
    pub agreed: Agreed,
    /// The browser's own fragment, which its checks name.
    pub ufrag: String,
}

impl Browser {
    /// A session in which these codings are understood, the best first.
    pub fn new(codecs: Vec<Codec>) -> Self {
        // 53 bits: browsers keep these numbers in doubles.
        let session = rand::random::<u64>() >> 11;
        Browser { codecs, session, version: 0, codec: None }
    }

    /// Answers an offer. `ours` is what the browser's checks are to name and prove, `candidates` where it reaches us, the best first.
    pub fn answer(&mut self, offer: &[u8], ours: &Credentials, candidates: &[SocketAddr]) -> Result<Answer, SdpError> {
        let text = Text::parse(offer)?;
        if text.streams.len() > MOST_STREAMS {
            return Err(SdpError::Unreadable("it has more than 16 streams"));
        }
        let streams = text.streams.iter().enumerate();
        let audio = streams.filter_map(|(index, stream)| Audio::read(index, stream, &text.session));
        let audio = audio.filter(|audio| audio.profile == Profile::Handshake).collect::<Vec<_>>();
        let Some(audio) = audio.first() else { return Err(SdpError::NoAudio) };
        let Some(stream) = text.streams.get(audio.index) else { return Err(SdpError::NoAudio) };
        let ufrag = checked(&text.session, stream, audio)?;
        let (payload_type, codec) = self.choose(audio).ok_or(SdpError::NoSharedCodec)?;
        self.codec = Some(codec);
        let event = audio.telephone_event(codec);
        // Browsers have no address before they have candidates, so an unspecified one is no hold (RFC 8839 section 4.3.1).
        let mut said = stream.section.names().chain(text.session.names());
        let direction = said.find_map(Direction::from_name).unwrap_or_default().answered(Direction::SendRecv);

        let mut formats = vec![(payload_type, Format::Audio(codec))];
        formats.extend(event.map(|(number, clock)| (number, Format::Event(clock))));
        self.version += 1;
        let mut answer = head(self.session, self.version, mid(stream));
        for (index, stream) in text.streams.iter().enumerate() {
            if index == audio.index {
                describe(&mut answer, stream, &formats, direction, ours, candidates);
            } else {
                // Every stream of the offer must be answered, in order (RFC 3264 section 6).
                let _ =
                    write!(answer, "m={} 0 {} {}\r\nc=IN IP4 0.0.0.0\r\n", stream.media, stream.proto, stream.formats);
                write_mid(&mut answer, mid(stream));
                answer.push_str("a=inactive\r\n");
            }
        }

        let mut understood = Formats::default();
        for &(number, format) in &audio.formats {
            understood.add(number, format);
        }
        let handshake = Handshake { client: false, fingerprints: audio.fingerprints.clone() };
        let agreed = Agreed {
            remote: ICE_PATH,
            remote_rtcp: ICE_PATH,
            codec,
            payload_type,
            telephone_event: event.map(|(number, _)| number),
            formats: understood,
            ptime_ms: PTIME_MS,
            direction,
            security: Security::Dtls(handshake),
        };
        Ok(Answer { text: answer, agreed, ufrag })
    }

    fn choose(&self, audio: &Audio) -> Option<(u8, Codec)> {
        let offered = |wanted: Codec| {
            audio.formats.iter().find_map(|&(number, format)| match format {
                Format::Audio(codec) if codec == wanted => Some((number, codec)),
                _ => None,
            })
        };
        let kept = self.codec.and_then(offered);
        kept.or_else(|| self.codecs.iter().find_map(|codec| offered(*codec)))
    }
}

/// What an offer must have beside audio; the browser's fragment.
fn checked(session: &Section, stream: &Stream, audio: &Audio) -> Result<String, SdpError> {
    let said = |name| stream.section.first(name).or_else(|| session.first(name)).unwrap_or_default();
    if !audio.rtcp_mux {
        return Err(SdpError::NotForBrowsers("it has no a=rtcp-mux"));
    }
    if audio.fingerprints.is_empty() {
        return Err(SdpError::NotForBrowsers("it has no a=fingerprint that can be believed (SHA-256 or better)"));
    }
    if audio.setup == Setup::Passive {
        return Err(SdpError::NotForBrowsers("it wants us to begin the handshake; offer a=setup:actpass"));
    }
    if session.first("ice-lite").is_some() {
        return Err(SdpError::NotForBrowsers("both sides would be ICE-lite, and nobody would check the way"));
    }
    let ufrag = said("ice-ufrag");
    let plain = ufrag.bytes().all(|c| c.is_ascii_alphanumeric() || b"+/".contains(&c));
    if !UFRAG.contains(&ufrag.len()) || !plain || said("ice-pwd").is_empty() {
        return Err(SdpError::NotForBrowsers("it has no a=ice-ufrag and a=ice-pwd that can be used"));
    }
    Ok(ufrag.to_owned())
}

/// The name of a stream, if it has one that can be repeated.
fn mid(stream: &Stream) -> Option<&str> {
    let token = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`{|}~".contains(&c);
    stream.section.first("mid").filter(|mid| !mid.is_empty() && mid.len() <= LONGEST_MID && mid.bytes().all(token))
}

fn write_mid(out: &mut String, mid: Option<&str>) {
    if let Some(mid) = mid {
        let _ = write!(out, "a=mid:{mid}\r\n");
    }
}

fn head(session: u64, version: u64, bundled: Option<&str>) -> String {
    let mut head = format!("v=0\r\no=- {session} {version} IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-lite\r\n");
    if let Some(mid) = bundled {
        let _ = write!(head, "a=group:BUNDLE {mid}\r\n");
    }
    head
}

fn describe(
    out: &mut String,
    stream: &Stream,
    formats: &[(u8, Format)],
    direction: Direction,
    ours: &Credentials,
    candidates: &[SocketAddr],
) {
    let first = candidates.first().copied().unwrap_or(SocketAddr::from(([0, 0, 0, 0], 9)));
    let family = if first.is_ipv4() { "IP4" } else { "IP6" };
    let numbers: String = formats.iter().map(|(number, _)| format!(" {number}")).collect();
    let _ = write!(out, "m=audio {} {}{numbers}\r\nc=IN {family} {}\r\n", first.port(), stream.proto, first.ip());
    write_mid(out, mid(stream));
    let _ = write!(out, "a=ice-ufrag:{}\r\na=ice-pwd:{}\r\n", ours.ufrag, ours.password);
    let _ = write!(out, "{}a=setup:passive\r\n", dtls::fingerprint().line());
    let _ = write!(out, "a=rtcp-mux\r\na={}\r\n", direction.name());
    if direction.sends() {
        out.push_str("a=msid:hotline hotline-audio\r\n");
    }
    for (number, format) in formats {
        let _ = match format {
            Format::Audio(Codec::Opus) => {
                // What is heard is 8 kHz: wider sound would only cost bandwidth.
                write!(out, "a=rtpmap:{number} opus/48000/2\r\na=fmtp:{number} minptime=20;useinbandfec=1\r\n")
            }
            Format::Audio(codec) => write!(out, "a=rtpmap:{number} {}\r\n", codec.encoding()),
            Format::Event(clock) => {
                write!(out, "a=rtpmap:{number} telephone-event/{clock}\r\na=fmtp:{number} 0-15\r\n")
            }
            Format::ComfortNoise => Ok(()),
        };
    }
    let _ = write!(out, "a=ptime:{PTIME_MS}\r\n");
    for (n, candidate) in candidates.iter().enumerate() {
        let priority = HOST_PRIORITY | (65_535_u32.saturating_sub(n as u32)) << 8;
        let (ip, port) = (candidate.ip(), candidate.port());
        let _ = write!(out, "a=candidate:{} 1 udp {priority} {ip} {port} typ host\r\n", n + 1);
    }
    out.push_str("a=end-of-candidates\r\n");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Chromium 150 with a microphone, its candidates and extensions left in.
    const OFFER: &str = "v=0\r\no=- 4611732 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\na=extmap-allow-mixed\r\n\
        a=msid-semantic: WMS s\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n\
        a=candidate:1 1 udp 2113937151 5b0c.local 52713 typ host generation 0\r\na=ice-ufrag:Ab+/\r\na=ice-pwd:0123456789012345678901\r\n\
        a=ice-options:trickle\r\na=fingerprint:sha-256 \
        00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\na=setup:actpass\r\n\
        a=mid:0\r\na=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\na=sendrecv\r\na=msid:s t\r\na=rtcp-mux\r\na=rtcp-rsize\r\n\
        a=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\na=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:63 red/48000/2\r\n\
        a=fmtp:63 111/111\r\na=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:13 CN/8000\r\n\
        a=rtpmap:110 telephone-event/48000\r\na=rtpmap:126 telephone-event/8000\r\na=ssrc:1 cname:x\r\n";
    const VIDEO: &str = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=rtpmap:96 VP8/90000\r\n";

    fn credentials() -> Credentials {
        Credentials { ufrag: "ours".into(), password: "the password that is ours".into() }
    }

    fn answer(offer: &str, codecs: &[Codec]) -> Result<Answer, SdpError> {
        let candidates = ["192.0.2.1:4000".parse().expect("v4"), "[2001:db8::1]:4000".parse().expect("v6")];
        Browser::new(codecs.to_vec()).answer(offer.as_bytes(), &credentials(), &candidates)
    }

    fn lines<'a>(text: &'a str, beginning: &str) -> Vec<&'a str> {
        text.lines().filter(|line| line.starts_with(beginning)).collect()
    }

    #[test]
    fn chromium_gets_one_audio_stream_with_keys_of_its_clock() {
        for (codec, audio, events) in [(Codec::Pcmu, "0", "126"), (Codec::Opus, "111", "110")] {
            let Answer { text, agreed, ufrag } = answer(OFFER, &[codec]).expect("an answer");
            assert_eq!(lines(&text, "m="), [format!("m=audio 4000 UDP/TLS/RTP/SAVPF {audio} {events}")]);
            assert_eq!(text.matches("telephone-event").count(), 1, "{text}");
            for line in ["a=group:BUNDLE 0", "a=mid:0", "a=ice-lite", "a=rtcp-mux", "a=setup:passive", "a=sendrecv"] {
                assert_eq!(lines(&text, line), [line], "{text}");
            }
            assert_eq!(lines(&text, "a=ice-ufrag:"), ["a=ice-ufrag:ours"]);
            assert_eq!(
                lines(&text, "a=candidate:"),
                [
                    "a=candidate:1 1 udp 2130706431 192.0.2.1 4000 typ host",
                    "a=candidate:2 1 udp 2130706175 2001:db8::1 4000 typ host",
                ]
            );
            assert_eq!((agreed.codec, agreed.telephone_event.map(|n| n.to_string())), (codec, Some(events.to_owned())));
            assert!(agreed.rtcp_mux() && agreed.destination().is_some());
            assert!(matches!(&agreed.security, Security::Dtls(handshake) if !handshake.client));
            assert_eq!(ufrag, "Ab+/");
        }
    }

    #[test]
    fn our_order_of_codings_counts_until_one_is_in_use() {
        let codec = |codecs: &[Codec]| answer(OFFER, codecs).map(|answer| answer.agreed.codec);
        assert_eq!(codec(&[Codec::Pcmu, Codec::Opus]), Ok(Codec::Pcmu));
        assert_eq!(codec(&[Codec::Opus, Codec::Pcmu]), Ok(Codec::Opus));
        assert_eq!(codec(&[]), Err(SdpError::NoSharedCodec));
        let mut session = Browser::new(vec![Codec::Pcmu, Codec::Opus]);
        let without = OFFER.replace("a=rtpmap:0 PCMU/8000", "a=rtpmap:0 X/8000");
        let mut codec =
            |offer: &str| session.answer(offer.as_bytes(), &credentials(), &[]).expect("an answer").agreed.codec;
        assert_eq!(codec(&without), Codec::Opus);
        assert_eq!(codec(OFFER), Codec::Opus, "a restart changes nothing without need");
    }

    #[test]
    fn what_is_not_audio_is_refused_in_its_place() {
        let head = OFFER.find("m=audio").expect("audio");
        let (session, audio) = OFFER.split_at(head);
        for offer in [format!("{OFFER}{VIDEO}"), format!("{session}{VIDEO}{audio}"), format!("{OFFER}{audio}")] {
            let text = answer(&offer, &[Codec::Pcmu]).expect("an answer").text;
            let streams = lines(&text, "m=");
            assert_eq!(streams.len(), lines(&offer, "m=").len());
            assert_eq!(streams.iter().filter(|line| line.contains(" 0 UDP/TLS/RTP/SAVPF")).count(), streams.len() - 1);
            assert_eq!(lines(&text, "a=group:"), ["a=group:BUNDLE 0"]);
        }
        assert_eq!(answer(&format!("{session}{VIDEO}"), &[Codec::Pcmu]), Err(SdpError::NoAudio));
    }

    #[test]
    fn an_offer_that_cannot_work_is_refused_with_the_reason() {
        for (from, to, expected) in [
            ("a=rtcp-mux\r\n", "", "rtcp-mux"),
            ("sha-256", "sha-1", "fingerprint"),
            ("a=setup:actpass", "a=setup:passive", "actpass"),
            ("a=ice-ufrag:Ab+/", "a=ice-ufrag:Ab", "ice-ufrag"),
            ("a=ice-ufrag:Ab+/", "a=ice-ufrag:Ab:/", "ice-ufrag"),
            ("a=ice-pwd:0123456789012345678901\r\n", "", "ice-pwd"),
            ("t=0 0\r\n", "t=0 0\r\na=ice-lite\r\n", "ICE-lite"),
            ("UDP/TLS/RTP/SAVPF", "RTP/AVP", "no audio stream"),
            ("m=audio 9", "m=audio 0", "no audio stream"),
            ("v=0", "v=1", "v=0"),
        ] {
            assert!(OFFER.contains(from), "{from}");
            let error = answer(&OFFER.replacen(from, to, 1), &[Codec::Pcmu]).expect_err(from).to_string();
            assert!(error.contains(expected), "{from}: {error}");
        }
    }

    #[test]
    fn a_browser_that_only_listens_or_only_speaks_is_answered_so() {
        let direction = |said: &str| {
            let offer = OFFER.replace("a=sendrecv", said);
            answer(&offer, &[Codec::Pcmu]).expect("an answer").agreed.direction
        };
        assert_eq!(direction("a=recvonly"), Direction::SendOnly);
        assert_eq!(direction("a=sendonly"), Direction::RecvOnly);
    }

    proptest! {
        #[test]
        fn no_offer_makes_an_answer_panic_or_smuggles_lines_into_it(
            at in any::<prop::sample::Index>(), with in "[ -~\r\n\u{e9}]{0,30}", cut in 0usize..40
        ) {
            let mut offer = OFFER.as_bytes().to_vec();
            let at = at.index(offer.len());
            offer.splice(at..(at + cut).min(offer.len()), with.into_bytes());
            if let Ok(Answer { text, .. }) = Browser::new(Codec::ALL.to_vec()).answer(&offer, &credentials(), &[]) {
                prop_assert_eq!(lines(&text, "a=ice-pwd:"), ["a=ice-pwd:the password that is ours"]);
                prop_assert!(text.lines().all(|line| line.as_bytes().get(1) == Some(&b'=')), "{}", text);
            }
        }
    }
}
