//! What must hold of any bytes from the network, one function for each kind of input: they are read without a panic, and what
//! was read means the same however it is looked at. `scripts/fuzz` calls these with inputs that libFuzzer looks for;
//! `sip/tests/mutations.rs` with seeds that it damages at random. Only the public face of `sip` is used.

mod endpoint;

pub use endpoint::endpoint;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use sip::message::{
    FrameError, Framer, MAX_BYTES, Message, Name, NameAddr, ParseError, RAck, Replaces, Request, Response, Uri, Via,
};
use sip::rtp::rtcp::{Part, Parts, SenderInfo};
use sip::rtp::{Header, KeyReceiver, Packet, Reception, Reports, TelephoneEvent};
use sip::sdp::{Description, Local, Preferences};
use sip::srtp::{Keys, MasterKey, Shield, Suite};
use sip::stun::Binding;

/// A check of some input.
pub type Check = fn(&[u8]);

/// Every check with its name, which is also that of its seeds' folder.
pub const CHECKS: [(&str, Check); 7] = [
    ("sip_message", sip_message),
    ("sip_stream", sip_stream),
    ("endpoint", endpoint::endpoint),
    ("sdp", sdp),
    ("rtp", rtp),
    ("rtcp", rtcp),
    ("stun", stun),
];

/// Addresses of documentation (RFC 5737).
const HERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), 40_000);
const THERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 9)), 5080);

/// A datagram with a SIP message.
pub fn sip_message(bytes: &[u8]) {
    match Message::parse(bytes) {
        Ok(message) => {
            let written = message.to_bytes();
            // Names written out in full may make a message longer than is read.
            if written.len() <= MAX_BYTES {
                assert_eq!(Message::parse(&written).as_ref(), Ok(&message), "it is not read back the same");
            }
            views(&message);
            match message {
                Message::Request(request) => answers(request),
                Message::Response(Response { status, .. }) => assert!((100..700).contains(&status)),
            }
        }
        Err(ParseError::Answerable { request, status, .. }) => {
            assert!((400..700).contains(&status));
            answers(*request);
        }
        Err(ParseError::Garbage(_) | ParseError::KeepAlive) => {}
    }
    // The parts alone, of which some stand in bodies and configurations as well.
    if let Ok(text) = std::str::from_utf8(bytes) {
        parts(text);
    }
}

/// The typed views of every header.
fn views(message: &Message) {
    let headers = message.headers();
    for header in headers {
        parts(header.value());
        let name = &header.name;
        assert_eq!(Name::parse(name.as_str()), *name);
        assert!(headers.get(name).is_some() && headers.all(name).count() >= 1);
        let _ = (headers.addresses(name), headers.routes(name), headers.number(name), headers.lists(name, "x"));
    }
    for name in [Name::From, Name::To] {
        if let Some(address) = headers.address(&name) {
            assert_eq!(address.tag(), headers.tag(&name), "two readings of one tag");
        }
    }
    let _ = (headers.via().map(|via| via.response_address()), headers.cseq(), headers.call_id());
}

/// What a request is answered with, and what its Via becomes.
fn answers(mut request: Request) {
    let vias = |request: &Request| request.headers.list(&Name::Via).map(str::to_owned).collect::<Vec<_>>();
    let before = vias(&request);
    request.headers.mark_received(THERE);
    let after = vias(&request);
    if let Some(top) = request.headers.via() {
        assert_eq!(before[1..], after[1..], "the other Vias changed");
        let old = Via::parse(&before[0]).expect("it could be read before");
        let rest = |via: &Via| {
            let known = |name: &str| ["received", "rport"].iter().any(|own| own.eq_ignore_ascii_case(name));
            let params = via.params.iter().filter(|(name, _)| !known(name));
            params.map(|(name, value)| (name.to_owned(), value.map(str::to_owned))).collect::<Vec<_>>()
        };
        assert_eq!((rest(&old), &old.host, old.port), (rest(&top), &top.host, top.port));
        assert_eq!(top.response_address().map(|place| place.ip()), Some(THERE.ip()), "the answer goes elsewhere");
    }
    let answer = request.respond(400, Some("tag"));
    let written = answer.to_bytes();
    if written.len() <= MAX_BYTES {
        assert_eq!(Message::parse(&written), Ok(Message::Response(answer)));
    }
}

/// A text as each of the values that have a structure.
fn parts(text: &str) {
    macro_rules! round_trip {
        ($($read:expr),*) => { $( if let Some(value) = $read(text) {
            assert_eq!($read(&value.to_string()), Some(value), "it is not read back the same");
        } )* };
    }
    round_trip!(|text: &str| Uri::parse(text).ok(), |text: &str| NameAddr::parse(text).ok(), Via::parse, RAck::parse);
    if let Some(replaces) = Replaces::parse(text) {
        assert_eq!(Replaces::parse(&replaces.to_string()).as_ref(), Some(&replaces));
        // Control characters stay escaped in a URI, and there are none in a Call-ID.
        if let Ok(uri) = Uri::parse(&format!("sip:a@b.example?Replaces={}", replaces.escaped()))
            && !text.bytes().any(|b| b.is_ascii_control())
        {
            assert_eq!(Replaces::in_uri(&uri), Some(replaces));
        }
    }
    if let Ok(uri) = Uri::parse(text) {
        assert!(uri.same_place(&uri));
        let _ = (uri.user(), Replaces::in_uri(&uri), uri.bare());
    }
}

/// A stream of SIP messages: the first byte says how it is torn.
pub fn sip_stream(bytes: &[u8]) {
    let Some((size, stream)) = bytes.split_first() else { return };
    let size = usize::from(*size) + 1;
    assert!(read(&[stream]) == read(&stream.chunks(size).collect::<Vec<_>>()), "torn into {size}, it reads otherwise");
}

type Read = (Vec<Result<Message, ParseError>>, usize, Option<FrameError>);

fn read(pieces: &[&[u8]]) -> Read {
    let mut framer = Framer::default();
    let mut messages = Vec::new();
    for piece in pieces {
        framer.push(piece);
        loop {
            match framer.next() {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(error) => return (messages, framer.pings(), Some(error)),
            }
        }
        assert!(framer.waiting() <= MAX_BYTES);
    }
    (messages, framer.pings(), None)
}

/// A session description, as an offer and as an answer.
pub fn sdp(bytes: &[u8]) {
    let Ok(description) = Description::parse(bytes) else { return };
    let preferences = Preferences::default();
    let _ = description.check(&preferences);
    let mut local = Local::new(HERE, preferences.clone());
    if let Ok((answer, _)) = local.answer(&description) {
        assert!(Description::parse(answer.as_bytes()).is_ok(), "our answer cannot be read");
        let streams =
            |text: &[u8]| String::from_utf8_lossy(text).lines().filter(|line| line.trim().starts_with("m=")).count();
        assert_eq!(streams(answer.as_bytes()), streams(bytes), "an answer has the streams of its offer");
    }
    let mut local = Local::new(HERE, preferences);
    let offer = local.offer();
    assert!(Description::parse(offer.as_bytes()).is_ok(), "our offer cannot be read");
    let _ = local.accept(&description);
}

/// Media packets, plain and encrypted: each is preceded by its length in one byte.
pub fn rtp(bytes: &[u8]) {
    let suite = Suite::ALL[0];
    let key = || MasterKey::new(suite, &vec![7; suite.key_length() + suite.salt_length()]).expect("the right length");
    let mut shield = Shield::new(&Keys { ours: key(), theirs: key() }).expect("a shield");
    let (mut reception, mut keys, mut out) = (Reception::default(), KeyReceiver::default(), Vec::new());
    let (mut rest, mut arrival) = (bytes, Duration::ZERO);
    while let Some((length, behind)) = rest.split_first() {
        let (datagram, behind) = behind.split_at(behind.len().min(usize::from(*length)));
        rest = behind;
        arrival += Duration::from_millis(20);
        let _ = shield.unprotect_rtp(datagram, &mut out);
        let _ = shield.unprotect_rtcp(datagram, &mut out);
        let Some(packet) = Packet::parse(datagram) else { continue };
        let header = packet.header;
        reception.packet(header.ssrc, header.sequence);
        reception.arrived(header.timestamp, arrival, 8_000);
        assert!(reception.jitter_ms() >= 0.0);
        let _ = (reception.lost(), reception.report(8_000));
        if let Some(event) = TelephoneEvent::parse(packet.payload) {
            assert_eq!(TelephoneEvent::parse(&event.to_bytes()), Some(event));
            let _ = keys.packet(header.timestamp, header.marker, event);
        }
        header.write(packet.payload, &mut out);
        // With these payload types it would be RTCP (RFC 5761 section 4).
        if !(header.marker && (64..=95).contains(&header.payload_type)) {
            assert_eq!(Packet::parse(&out), Some(Packet { header: Header { ..header }, payload: packet.payload }));
        }
        let _ = shield.protect_rtp(&mut out);
    }
}

/// An RTCP compound, read as it stands and as the peer's reports on a stream of ours (SSRC 7) and its own (SSRC 9).
pub fn rtcp(bytes: &[u8]) {
    for part in Parts::new(bytes) {
        if let Part::SenderReport { blocks, .. } | Part::ReceiverReport { blocks, .. } = part {
            assert!(blocks.count() <= 31);
        }
    }
    let start = Instant::now();
    let mut reports = Reports::new(start);
    for second in 1..4u64 {
        let now = start + Duration::from_secs(second * 5);
        let _ = reports.receive(bytes, (7, second * 250), Some(9), now);
        let _ = reports.receive(bytes, (7, second * 250), None, now);
    }
    assert!(reports.remote().is_none_or(|remote| (0.0..=1.0).contains(&remote.loss)));
    let mut out = Vec::new();
    reports.write(start, 7, Some(SenderInfo::default()), None, true, &mut out);
    assert_eq!(Parts::new(&out).count(), 3, "our report cannot be read");
}

/// A STUN message.
pub fn stun(bytes: &[u8]) {
    let _ = sip::stun::is_stun(bytes);
    if let Some(message) = Binding::parse(bytes) {
        assert_eq!(Binding::parse(&message.to_bytes()), Some(message));
    }
}
