//! What reading and writing a SIP message costs: `cargo run -p hotline-sip --example message_bench`.
//! Prints microseconds for a typical INVITE and its 200; the best of several rounds, since other work only ever adds to it.

use std::hint::black_box;
use std::time::Instant;

use sip::message::{Message, Name};

const SDP: &str = "v=0\r\no=- 3891 1 IN IP4 192.0.2.4\r\ns=-\r\nc=IN IP4 192.0.2.4\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8 0 101\r\n\
    a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n";

fn invite() -> String {
    format!(
        "INVITE sip:+493012345@203.0.113.1:5060;transport=udp;user=phone SIP/2.0\r\n\
        Via: SIP/2.0/UDP 192.0.2.4:5060;rport;branch=z9hG4bKPj7d3f8a9c1e2b4f60a1c2d3e4f5a6b7c8\r\n\
        Via: SIP/2.0/UDP 198.51.100.20:5060;received=198.51.100.20;branch=z9hG4bK99f3.1a2b3c4d.0\r\n\
        Record-Route: <sip:192.0.2.4;lr;ftag=8dbf3c21>\r\n\
        Max-Forwards: 69\r\n\
        From: \"Ada Example\" <sip:+4930987654@carrier.example.com;user=phone>;tag=8dbf3c21aa\r\n\
        To: <sip:+493012345@203.0.113.1;user=phone>\r\n\
        Contact: <sip:+4930987654@198.51.100.20:5060;transport=udp>\r\n\
        Call-ID: 4c8f2d7e-9b1a-4f3c-8e6d-5a7b9c0d1e2f@198.51.100.20\r\n\
        CSeq: 20311 INVITE\r\n\
        Allow: INVITE, ACK, BYE, CANCEL, UPDATE, PRACK, REFER, NOTIFY, INFO, OPTIONS\r\n\
        Supported: 100rel, timer, replaces\r\n\
        Session-Expires: 1800;refresher=uac\r\n\
        Min-SE: 90\r\n\
        P-Asserted-Identity: <sip:+4930987654@carrier.example.com;user=phone>\r\n\
        User-Agent: Carrier SBC 8.2\r\n\
        X-Carrier-Id: 0017\r\n\
        Content-Type: application/sdp\r\n\
        Content-Length: {}\r\n\r\n{SDP}",
        SDP.len()
    )
}

/// Microseconds that one turn takes.
fn cost(mut turn: impl FnMut()) -> f64 {
    const TURNS: u32 = 500;
    let rounds = (0..300).map(|_| {
        let start = Instant::now();
        (0..TURNS).for_each(|_| turn());
        start.elapsed().as_secs_f64() * 1e6 / f64::from(TURNS)
    });
    rounds.fold(f64::INFINITY, f64::min)
}

fn main() {
    let invite = invite().into_bytes();
    let Ok(Message::Request(request)) = Message::parse(&invite) else { panic!("the example is an INVITE") };
    let mut ok = request.respond(200, Some("7c1d9e"));
    ok.headers.push(Name::Contact, "<sip:203.0.113.1:5060>");
    ok.headers.push(Name::Server, "Hotline");
    ok.headers.push(Name::Allow, "INVITE, ACK, BYE, CANCEL, UPDATE, PRACK, REFER, NOTIFY, INFO, OPTIONS");
    ok.headers.push(Name::ContentType, "application/sdp");
    ok.body = request.body.clone();
    let response = ok.to_bytes();
    println!("{:<34}{:>8} {:>8}", "µs", "INVITE", "200");
    let row = |what: &str, invite: f64, ok: f64| println!("{what:<34}{invite:>8.2} {ok:>8.2}");
    row("bytes", invite.len() as f64, response.len() as f64);
    row(
        "parse",
        cost(|| drop(black_box(Message::parse(black_box(&invite))))),
        cost(|| drop(black_box(Message::parse(black_box(&response))))),
    );
    row(
        "write",
        cost(|| drop(black_box(black_box(&request).to_bytes()))),
        cost(|| drop(black_box(black_box(&ok).to_bytes()))),
    );
    row("respond", cost(|| drop(black_box(black_box(&request).respond(200, Some("tag"))))), f64::NAN);
    // What a transaction and a dialog look at.
    let look = |headers: &sip::message::Headers| {
        black_box((
            headers.via(),
            headers.cseq(),
            headers.tag(&Name::From),
            headers.tag(&Name::To),
            headers.call_id().len(),
        ));
    };
    row("Via, CSeq, tags, Call-ID", cost(|| look(black_box(&request.headers))), cost(|| look(black_box(&ok.headers))));
}
