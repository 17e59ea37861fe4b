use super::*;

const INVITE: &str = "INVITE sip:service@127.0.0.1:5060;transport=udp SIP/2.0\r\n\
    v: SIP / 2.0 / UDP 192.0.2.4:5070;branch=z9hG4bKa;rport\r\nMax-Forwards: 70\r\n\
    f: \"A. Caller, Ltd\" <sip:+4930123@example.com>;tag=1\r\nTo: <sip:service@127.0.0.1>\r\n\
    Call-ID: x@y\r\nCSeq: 1 INVITE\r\nContact: <sip:c@192.0.2.4:5070>\r\nSupported: 100rel,\r\n timer\r\n\
    Content-Type: application/sdp\r\nContent-Length: 4\r\n\r\nv=0\n";

fn invite() -> Request {
    match Message::parse(INVITE.as_bytes()) {
        Ok(Message::Request(request)) => request,
        other => panic!("not a request: {other:?}"),
    }
}

#[test]
fn an_invite_is_read_with_compact_names_and_folded_lines() {
    let request = invite();
    assert_eq!(request.method, Method::Invite);
    assert_eq!(request.uri.to_string(), "sip:service@127.0.0.1:5060;transport=udp");
    let from = request.headers.address(&Name::From).expect("a From");
    assert_eq!(from.display.as_deref(), Some("A. Caller, Ltd"));
    assert_eq!((from.uri.user(), from.tag()), ("+4930123".to_owned(), Some("1")));
    assert!(request.headers.lists(&Name::Supported, "timer") && request.headers.lists(&Name::Supported, "100rel"));
    let via = request.headers.via().expect("a Via");
    assert_eq!((via.branch(), &*via.transport, via.port), ("z9hG4bKa", "UDP", Some(5070)));
    assert_eq!(&request.body[..], b"v=0\n");
}

#[test]
fn what_is_written_is_read_back_the_same() {
    let request = invite();
    assert_eq!(Message::parse(&request.to_bytes()), Ok(Message::Request(request.clone())));
    let response = request.respond(200, Some("t"));
    assert_eq!(response.to_tag(), Some("t"));
    assert_eq!(Message::parse(&response.to_bytes()), Ok(Message::Response(response)));
}

#[test]
fn a_response_goes_where_the_request_came_from() {
    let mut request = invite();
    request.headers.mark_received("203.0.113.9:4444".parse().expect("an address"));
    let via = request.headers.via().expect("a Via");
    assert_eq!(via.response_address(), "203.0.113.9:4444".parse().ok());
}

#[test]
fn a_stream_is_cut_into_messages_wherever_it_is_torn() {
    let bytes = [INVITE.as_bytes(), b"\r\n\r\n", INVITE.as_bytes()].concat();
    for cut in 0..bytes.len() {
        let mut framer = Framer::default();
        let mut messages = 0;
        for part in [&bytes[..cut], &bytes[cut..]] {
            framer.push(part);
            while let Ok(Some(message)) = framer.next() {
                assert!(message.is_ok());
                messages += 1;
            }
        }
        assert_eq!((messages, framer.pings()), (2, 1), "torn at {cut}");
    }
}

#[test]
fn a_request_that_is_wrong_can_be_answered() {
    let status = |text: &str| match Message::parse(text.as_bytes()) {
        Err(ParseError::Answerable { status, .. }) => status,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        status(&INVITE.replace("SIP/2.0\r\n v", "SIP/7.0\r\n v").replacen("udp SIP/2.0", "udp SIP/7.0", 1)),
        505
    );
    assert_eq!(status(&INVITE.replace("Content-Length: 4", "Content-Length: 400")), 400);
    assert_eq!(status(&INVITE.replace("sip:service@127.0.0.1:5060;", "sip:ser<vice@127.0.0.1;")), 400);
}

#[test]
fn no_header_value_can_begin_another_line() {
    let request = invite().with(Name::Reason, "a\r\nInjected: b");
    assert!(!String::from_utf8_lossy(&request.to_bytes()).contains("\r\nInjected"));
}

#[test]
fn replaces_travels_inside_a_uri() {
    let replaces = Replaces { call_id: "a@b;c".into(), to_tag: "1".into(), from_tag: "2".into(), early_only: false };
    let replaces = Replaces { call_id: "a@b".into(), ..replaces };
    let uri = Uri::parse(&format!("sip:x@127.0.0.1?Replaces={}", replaces.escaped())).expect("a URI");
    assert_eq!(Replaces::in_uri(&uri), Some(replaces));
}
