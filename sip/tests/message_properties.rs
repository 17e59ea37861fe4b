//! What is written is read back the same, for messages and for each of their parts; and no bytes make the reader panic.

use std::net::{IpAddr, SocketAddr};

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use sip::message::{
    CSeq, Framer, Headers, Host, MAX_BYTES, Message, Method, Name, NameAddr, Params, RAck, Replaces, Request, Response,
    Scheme, Uri, Via,
};

const TOKEN: &str = "[A-Za-z0-9.!%*_+`'~-]{1,12}";
/// Anything that fits on a line; spaces at the ends do not count.
const VALUE: &str = "[!-~éü大][ -~éü大]{0,30}[!-~éü大]";
const DISPLAY: &str = "[ -~éü大]{0,20}";

fn params() -> impl Strategy<Value = Params> {
    let value = prop_oneof![TOKEN, "\"[a-z;,=<> ]{0,8}\"", "\"\\\\\"\"", "[0-9.]{1,5}"];
    vec((TOKEN, option::of(value)), 0..4).prop_map(|pairs| {
        let mut params = Params::default();
        for (name, value) in pairs {
            params.set(&name, value.as_deref());
        }
        params
    })
}

/// Those of a URI, where nothing is quoted and needless escapes are undone.
fn uri_params() -> impl Strategy<Value = Params> {
    vec(("[a-z0-9.!_-]{1,8}", option::of("[A-Za-z0-9.:+&$/\\[\\]_-]{0,10}")), 0..4).prop_map(|pairs| {
        let mut params = Params::default();
        for (name, value) in pairs {
            params.set(&name, value.as_deref());
        }
        params
    })
}

fn host() -> impl Strategy<Value = Host> {
    prop_oneof![
        any::<IpAddr>().prop_map(Host::Ip),
        "[a-z][a-z0-9-]{0,9}(\\.[a-z]{2,5}){0,2}".prop_map(|name| Host::Name(name.into())),
    ]
}

fn uri() -> impl Strategy<Value = Uri> {
    let sip = (
        prop_oneof![Just(Scheme::Sip), Just(Scheme::Sips)],
        option::of("([A-Za-z0-9_.!~*'()&=+$,;?/#-]|%[0-9A-F]{2}){1,15}"),
        host(),
        option::of(any::<u16>()),
        uri_params(),
        option::of("[A-Za-z0-9=&%.-]{0,20}"),
    )
        .prop_map(|(scheme, user, host, port, params, headers)| Uri { scheme, user, host, port, params, headers });
    let nowhere = || Host::Name("".into());
    let tel = ("[+]?[0-9().*#-]{1,15}", uri_params()).prop_map(move |(user, params)| Uri {
        scheme: Scheme::Tel,
        user: Some(user),
        host: nowhere(),
        port: None,
        params,
        headers: None,
    });
    let other = ("x[a-z0-9]{1,6}", "[!#-;=?-~]{0,20}").prop_map(move |(scheme, rest)| Uri {
        scheme: Scheme::Other(scheme.into()),
        user: Some(rest),
        host: nowhere(),
        port: None,
        params: Params::default(),
        headers: None,
    });
    prop_oneof![8 => sip, 1 => tel, 1 => other]
}

fn address() -> impl Strategy<Value = NameAddr> {
    (option::of(DISPLAY), uri(), params()).prop_map(|(display, uri, params)| NameAddr {
        display: display.filter(|name| !name.is_empty()),
        uri,
        params,
    })
}

fn via() -> impl Strategy<Value = Via> {
    (prop_oneof!["UDP", "TCP", "TLS", TOKEN], host(), option::of(any::<u16>()), params())
        .prop_map(|(transport, host, port, params)| Via { transport: transport.into(), host, port, params })
}

fn method() -> impl Strategy<Value = Method> {
    prop_oneof![
        proptest::sample::select(Method::KNOWN.to_vec()),
        TOKEN.prop_map(|name| Method::parse(&name).expect("a token")),
    ]
}

fn cseq() -> impl Strategy<Value = CSeq> {
    (0u32..1 << 31, method()).prop_map(|(seq, method)| CSeq { seq, method })
}

fn replaces() -> impl Strategy<Value = Replaces> {
    (VALUE, TOKEN, TOKEN, any::<bool>()).prop_map(|(call_id, to_tag, from_tag, early_only)| Replaces {
        call_id: call_id.replace([';', ' '], ""),
        to_tag,
        from_tag,
        early_only,
    })
}

fn headers() -> impl Strategy<Value = Headers> {
    let known = prop_oneof![
        address().prop_map(|value| (Name::From, value.to_string())),
        address().prop_map(|value| (Name::To, value.to_string())),
        vec(address(), 1..3).prop_map(|values| (Name::Contact, join(&values))),
        vec(via(), 1..4).prop_map(|values| (Name::Via, join(&values))),
        cseq().prop_map(|value| (Name::CSeq, value.to_string())),
        VALUE.prop_map(|value| (Name::CallId, value)),
        (TOKEN, VALUE).prop_map(|(name, value)| (Name::parse(&name), value)),
        Just((Name::Subject, String::new())),
    ];
    vec(known.prop_filter("written by itself", |(name, _)| *name != Name::ContentLength), 0..12).prop_map(|pairs| {
        let mut headers = Headers::default();
        for (name, value) in pairs {
            headers.push(name, value);
        }
        headers
    })
}

fn join<T: ToString>(values: &[T]) -> String {
    values.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

fn message() -> impl Strategy<Value = Message> {
    let request = (method(), uri(), headers(), vec(any::<u8>(), 0..60))
        .prop_map(|(method, uri, headers, body)| Message::Request(Request { method, uri, headers, body: body.into() }));
    let response = (100u16..700, prop_oneof![Just(String::new()), VALUE], headers(), vec(any::<u8>(), 0..60)).prop_map(
        |(status, reason, headers, body)| Message::Response(Response { status, reason, headers, body: body.into() }),
    );
    prop_oneof![request, response]
}

proptest! {
    #[test]
    fn a_message_is_read_back_the_same(message in message()) {
        prop_assert_eq!(Message::parse(&message.to_bytes()), Ok(message));
    }

    #[test]
    fn a_uri_is_read_back_the_same(uri in uri()) {
        let text = uri.to_string();
        prop_assert_eq!(Uri::parse(&text), Ok(uri), "{}", text);
    }

    #[test]
    fn an_address_is_read_back_the_same(address in address()) {
        let text = address.to_string();
        prop_assert_eq!(NameAddr::parse(&text), Ok(address), "{}", text);
    }

    #[test]
    fn a_via_is_read_back_the_same(via in via()) {
        let text = via.to_string();
        prop_assert_eq!(Via::parse(&text), Some(via), "{}", text);
    }

    #[test]
    fn parameters_are_read_back_the_same(params in params()) {
        prop_assert_eq!(Params::parse(&params.to_string()), Ok(params));
    }

    #[test]
    fn a_cseq_and_a_rack_are_read_back_the_same(rseq: u32, cseq in cseq()) {
        prop_assert_eq!(CSeq::parse(&cseq.to_string()), Some(cseq.clone()));
        let rack = RAck { rseq, cseq };
        prop_assert_eq!(RAck::parse(&rack.to_string()), Some(rack));
    }

    #[test]
    fn a_replaces_is_read_back_the_same_as_a_header_and_in_a_uri(replaces in replaces()) {
        prop_assert_eq!(Replaces::parse(&replaces.to_string()), Some(replaces.clone()));
        let uri = Uri::parse(&format!("sip:a@b.example?Replaces={}", replaces.escaped()));
        prop_assert_eq!(Replaces::in_uri(&uri.expect("a URI")), Some(replaces));
    }

    #[test]
    fn a_user_part_cannot_leave_its_place(user in "\\PC{1,20}") {
        // What a configuration or a caller puts there, escaped or not.
        let place: SocketAddr = "192.0.2.1:5060".parse().expect("an address");
        let text = Uri::sip(Some(&user), place).to_string();
        let uri = Uri::parse(&text).expect("a URI");
        prop_assert_eq!((uri.host, uri.port), (Host::Ip(place.ip()), Some(5060)));
    }

    #[test]
    fn a_stream_reads_as_its_messages_do_wherever_it_is_torn(
        messages in vec(message(), 1..4),
        pieces in vec(1usize..200, 1..20),
    ) {
        let stream: Vec<u8> = messages.iter().flat_map(Message::to_bytes).collect();
        let (mut framer, mut read, mut rest) = (Framer::default(), Vec::new(), &stream[..]);
        for size in pieces.into_iter().chain(std::iter::repeat(1500)) {
            if rest.is_empty() {
                break;
            }
            let (piece, behind) = rest.split_at(size.min(rest.len()));
            rest = behind;
            framer.push(piece);
            while let Some(message) = framer.next().expect("a stream") {
                read.push(message.expect("a message"));
            }
        }
        prop_assert_eq!(read, messages);
        prop_assert_eq!(framer.waiting(), 0);
    }

    #[test]
    fn noting_where_a_request_came_from_changes_nothing_else_in_its_vias(
        vias in vec(via(), 1..4),
        split in any::<bool>(),
        ip: IpAddr,
        port: u16,
    ) {
        let mut headers = Headers::default();
        headers.push(Name::MaxForwards, "70");
        if split {
            vias.iter().for_each(|via| headers.push(Name::Via, via.to_string()));
        } else {
            headers.push(Name::Via, join(&vias));
        }
        let source = SocketAddr::new(ip, port);
        headers.mark_received(source);
        let after: Vec<Via> = headers.list(&Name::Via).map(|via| Via::parse(via).expect("a Via")).collect();
        prop_assert_eq!(&after[1..], &vias[1..]);
        let mut expected = vias[0].clone();
        expected.mark_received(source);
        prop_assert_eq!(&after[0], &expected);
        prop_assert_eq!(after[0].response_address().map(|place| place.ip().to_canonical()), Some(ip.to_canonical()));
        if vias[0].params.has("rport") {
            prop_assert_eq!(after[0].response_address().map(|place| place.port()), Some(port));
        }
        prop_assert_eq!(headers.len(), if split { 1 + vias.len() } else { 2 });
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in vec(any::<u8>(), 0..600)) {
        let _ = Message::parse(&bytes);
        let _ = Message::parse(&[b"OPTIONS sip:a@b SIP/2.0\r\n", &bytes[..], b"\r\n\r\n"].concat());
    }
}

#[test]
fn a_long_message_costs_time_in_proportion() {
    // What once took quadratic time; a test run would notice. Folded lines, commas, semicolons, and a stream that drips.
    let head = "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP a;branch=z9hG4bK1\r\n";
    for filler in ["Subject: a\r\n", "Contact: <sip:a>\r\n", "Via: SIP/2.0/UDP a\r\n"] {
        for piece in ["\r\n x", ",", ";a", "<", "\"", "\\", "%41", " "] {
            let times = (MAX_BYTES - 200) / piece.len();
            let text = format!("{head}{}{}\r\n\r\n", filler.trim_end(), piece.repeat(times));
            if let Ok(Message::Request(mut request)) = Message::parse(text.as_bytes()) {
                request.headers.mark_received("192.0.2.1:5060".parse().expect("an address"));
                let _ = (request.headers.addresses(&Name::Contact), request.respond(200, Some("tag")).to_bytes());
            }
        }
    }
    let mut framer = Framer::default();
    let text = format!("{head}Content-Length: 60000\r\n\r\n{}", " ".repeat(60_000));
    let mut messages = 0;
    for byte in text.as_bytes() {
        framer.push(&[*byte]);
        messages += usize::from(framer.next().expect("a stream").is_some());
    }
    assert_eq!(messages, 1);
}
