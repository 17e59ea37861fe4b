//! The cases of RFC 4475 section 3, written anew: each test is named by what is odd, with the RFC's own name for it.
//! First what each reads as; at the end of the file, what an endpoint answers.

use std::time::Instant;

use bytes::Bytes;
use sip::endpoint::{Config, Endpoint, Event, Output, Peer};
use sip::message::{Host, Message, Method, Name, NameAddr, ParseError, Request, Response, Scheme, Via, split_list};

/// The message on the wire: lines end in CRLF, `LENGTH` is the body's.
fn wire(text: &str) -> Vec<u8> {
    let text = text.replace('\n', "\r\n");
    let body = text.split_once("\r\n\r\n").map_or(0, |(_, body)| body.len());
    text.replace("LENGTH", &body.to_string()).into_bytes()
}

fn read(text: &str) -> Result<Message, ParseError> {
    Message::parse(&wire(text))
}

#[track_caller]
fn request_of(bytes: &[u8]) -> Request {
    let request = match Message::parse(bytes) {
        Ok(Message::Request(request)) => request,
        other => panic!("not a request: {other:?}"),
    };
    assert_eq!(
        Message::parse(&request.to_bytes()),
        Ok(Message::Request(request.clone())),
        "it is not read back the same"
    );
    request
}

#[track_caller]
fn request(text: &str) -> Request {
    request_of(&wire(text))
}

#[track_caller]
fn response(text: &str) -> Response {
    match read(text) {
        Ok(Message::Response(response)) => {
            assert_eq!(Message::parse(&response.to_bytes()), Ok(Message::Response(response.clone())));
            response
        }
        other => panic!("not a response: {other:?}"),
    }
}

/// The status that a request deserves which was read with a fault, and whether it can be answered at all.
#[track_caller]
fn refused(text: &str) -> u16 {
    match read(text) {
        Err(ParseError::Answerable { request, status, .. }) => {
            assert!(request.headers.via().is_some(), "nobody to answer");
            assert_eq!(request.respond(status, None).headers.call_id(), request.headers.call_id());
            status
        }
        other => panic!("not refused: {other:?}"),
    }
}

fn garbage(text: &str) -> bool {
    matches!(read(text), Err(ParseError::Garbage(_)))
}

#[track_caller]
fn address(request: &Request, name: Name) -> NameAddr {
    request.headers.address(&name).expect("an address")
}

/// A request with one thing about it that is wrong: `lines` are added, and what they name is left out.
fn with(start: &str, lines: &str) -> String {
    let usual = [
        "Via: SIP/2.0/UDP host1.example.com;branch=z9hG4bKodd1",
        "Max-Forwards: 70",
        "From: <sip:caller@example.net>;tag=9f2",
        "To: <sip:callee@example.com>",
        "Call-ID: odd.1@host1.example.com",
        "CSeq: 41 OPTIONS",
    ];
    let named = |line: &&&str| !lines.lines().any(|own| own.split(':').next() == line.split(':').next());
    let usual: Vec<&str> = usual.iter().filter(named).copied().collect();
    format!("{start}\n{}\n{lines}Content-Length: 0\n\n", usual.join("\n"))
}

const OPTIONS: &str = "OPTIONS sip:callee@example.com SIP/2.0";

// Section 3.1.1: valid messages.

#[test]
fn wsinv_a_short_tortuous_invite() {
    let request = request(
        r#"INVITE sip:vera@chair.example.com;unknownparam SIP/2.0
TO :
 sip:vera@chair.example.com ;   tag    = 1918181n
from   : "J Ros \\\""       <sip:jr@example.com>
  ;
  tag = 98asj
MaX-fOrWaRdS: 0068
Call-ID: wsinv.nda@192.0.2.1
Content-Length   : LENGTH
cseq: 0009
  INVITE
Via  : SIP  /   2.0
 /UDP
    192.0.2.2;branch=390skd
s :
NewFangledHeader:   newfangled value
 continued newfangled value
UnknownHeaderWithUnusualValue: ;;,,;;,;
Content-Type: application/sdp
Route:
 <sip:services.example.com;lr;unknownwith=value;unknown-no-value>
v:  SIP  / 2.0  / TCP     spindle.example.com   ;
  branch  =   z9hG4bK9ik  ,
 SIP  /    2.0   / UDP  192.168.255.111   ; branch=
 z9hG4bK30239
m:"Quoted string \"\"" <sip:jr@example.com> ; newparam =
      newvalue ;
  secondparam ; q = 0.33

v=0
o=j 1 1 IN IP4 192.0.2.3
s=-
"#,
    );
    let headers = &request.headers;
    assert_eq!(request.method, Method::Invite);
    assert!(request.uri.params.has("unknownparam"));
    assert_eq!(headers.tag(&Name::To), Some("1918181n"));
    assert_eq!(headers.tag(&Name::From), Some("98asj"));
    assert_eq!(address(&request, Name::From).display.as_deref(), Some("J Ros \\\""));
    assert_eq!(headers.number(&Name::MaxForwards), Some(68));
    assert_eq!(headers.cseq().map(|cseq| (cseq.seq, cseq.method)), Some((9, Method::Invite)));
    assert_eq!(headers.get(&Name::Subject), Some(""));
    assert_eq!(headers.get(&Name::parse("newfangledheader")), Some("newfangled value continued newfangled value"));
    assert_eq!(headers.get(&Name::parse("UnknownHeaderWithUnusualValue")), Some(";;,,;;,;"));
    let vias: Vec<Via> = headers.list(&Name::Via).map(|via| Via::parse(via).expect("a Via")).collect();
    let seen: Vec<_> = vias.iter().map(|via| (&*via.transport, via.host.to_string(), via.branch())).collect();
    let wanted = [
        ("UDP", "192.0.2.2".to_owned(), "390skd"),
        ("TCP", "spindle.example.com".to_owned(), "z9hG4bK9ik"),
        ("UDP", "192.168.255.111".to_owned(), "z9hG4bK30239"),
    ];
    assert_eq!(seen, wanted);
    let contact = address(&request, Name::Contact);
    assert_eq!(contact.display.as_deref(), Some("Quoted string \"\""));
    assert_eq!(contact.params.value("newparam"), Some("newvalue"));
    assert_eq!(contact.params.value("q"), Some("0.33"));
    let routes = headers.routes(&Name::Route).expect("routes");
    assert!(routes.len() == 1 && routes[0].params.has("lr") && routes[0].params.value("unknownwith") == Some("value"));
    assert!(request.body.starts_with(b"v=0\r\n") && request.body.ends_with(b"s=-\r\n"));
}

#[test]
fn intmeth_every_character_that_is_allowed() {
    let request = request(
        "!odd-Method0123456789_*+`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0
Via: SIP/2.0/TCP host1.example.com;branch=z9hG4bK-.!%66*_+`'~
To: \"BEL:\\\u{7} NUL:\\\u{0} DEL:\\\u{7f}\" <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com>
From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"работающий\";tag=_token~1'+`*%!-.
Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{
CSeq: 139122385 !odd-Method0123456789_*+`.%indeed'~
Max-Forwards: 255
extensionHeader-!.%*+_`'~:大停電
Content-Length: 0

",
    );
    assert_eq!(request.method.as_str(), "!odd-Method0123456789_*+`.%indeed'~");
    assert_eq!(request.headers.cseq().map(|cseq| cseq.method), Some(request.method.clone()));
    assert_eq!(request.uri.user.as_deref(), Some("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"));
    assert_eq!(request.uri.host, Host::Name("example.com".into()));
    assert_eq!(request.headers.via().expect("a Via").branch(), "z9hG4bK-.!%66*_+`'~");
    assert_eq!(address(&request, Name::To).uri.user, request.uri.user);
    let from = address(&request, Name::From);
    assert_eq!(from.display.as_deref(), Some("token1~` token2'+_ token3*%!.-"));
    assert_eq!((from.tag(), request.headers.tag(&Name::From)), (Some("_token~1'+`*%!-."), Some("_token~1'+`*%!-.")));
    assert_eq!(from.params.value("fromParam''~+*_!.-%"), Some("\"работающий\""));
    assert_eq!(request.headers.call_id(), "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{");
    assert_eq!(request.headers.get(&Name::parse("EXTENSIONHEADER-!.%*+_`'~")), Some("大停電"));
}

#[test]
fn esc01_escapes_hide_a_uri_within_a_uri() {
    let request = request(
        "INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0
To: sip:%75se%72@example.com
From: <sip:I%20have%20spaces@example.net>;tag=938
Max-Forwards: 87
i: esc01.2394@host5
CSeq: 234234 INVITE
Via: SIP/2.0/UDP host5.example.net;branch=z9hG4bKkdjuw
C: application/sdp
Contact:
  <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>
Content-Length: LENGTH

v=0
",
    );
    assert_eq!(request.uri.scheme, Scheme::Sip);
    assert_eq!(request.uri.user(), "sips:user@example.com");
    assert_eq!(request.uri.host, Host::Name("example.net".into()));
    assert_eq!(address(&request, Name::To).uri.user(), "user");
    assert_eq!(address(&request, Name::From).uri.user(), "I have spaces");
    let contact = address(&request, Name::Contact);
    assert_eq!(contact.uri.user(), "caller");
    assert!(contact.uri.params.has("lr"));
    // The escaped percent sign stays one: undoing it as well would give `valueA`.
    assert_eq!(contact.uri.params.value("name"), Some("value%2541"));
    assert!(contact.params.is_empty());
}

#[test]
fn escnull_an_escaped_nul_ends_nothing() {
    let request = request(
        "REGISTER sip:example.com SIP/2.0
To: sip:null-%00-null@example.com
From: sip:null-%00-null@example.com;tag=839923423
Max-Forwards: 70
Call-ID: escnull.3941
CSeq: 14398234 REGISTER
Via: SIP/2.0/UDP host5.example.com;branch=z9hG4bKkdjuw
Contact: <sip:%00@host5.example.com>
Contact: <sip:%00%00@host5.example.com>
L:0

",
    );
    assert_eq!(address(&request, Name::To).uri.user.as_deref(), Some("null-%00-null"));
    let contacts = request.headers.addresses(&Name::Contact).expect("contacts");
    assert!(contacts.len() == 2 && !contacts[0].uri.same_place(&contacts[1].uri));
}

#[test]
fn esc02_a_percent_sign_where_nothing_is_escaped() {
    let request = request(
        "RE%47IST%45R sip:registrar.example.com SIP/2.0
To: \"%Z%45\" <sip:resource@example.com>
From: \"%Z%45\" <sip:resource@example.com>;tag=f232j
Max-Forwards: 70
Call-ID: esc02.asdf
CSeq: 29344 RE%47IST%45R
Via: SIP/2.0/TCP host.example.com;branch=z9hG4bK209%fzsnel234
Contact: <sip:alias1@host1.example.com>
C%6Fntact: <sip:alias2@host2.example.com>
Contact: <sip:alias3@host3.example.com>
l: 0

",
    );
    assert_eq!(request.method, Method::Other("RE%47IST%45R".into()));
    assert_eq!(address(&request, Name::To).display.as_deref(), Some("%Z%45"));
    assert_eq!(request.headers.via().expect("a Via").branch(), "z9hG4bK209%fzsnel234");
    let users: Vec<_> =
        request.headers.addresses(&Name::Contact).expect("contacts").iter().map(|c| c.uri.user()).collect();
    assert_eq!(users, ["alias1", "alias3"]);
}

#[test]
fn lwsdisp_no_space_between_a_name_and_its_bracket() {
    let request = request(&with(OPTIONS, "From: caller<sip:caller@example.com>;tag=323\n"));
    let from = address(&request, Name::From);
    assert_eq!((from.display.as_deref(), from.tag()), (Some("caller"), Some("323")));
}

#[test]
fn longreq_long_values_everywhere() {
    let long = |what: &str, times: usize| what.repeat(times);
    let vias: Vec<String> =
        (0..34).map(|n| format!("SIP/2.0/TCP sip{n}.example.com;branch=z9hG4bK{n}{}", long("branch", 40))).collect();
    let text = format!(
        "INVITE sip:user@example.com SIP/2.0
To: \"I have a user name of {}ths length\"<sip:user@example.com:6000;unknownparam1={};longparam{}=short>
F: sip:{}@example.net;tag=12{};unknown{}=x;{};a
Call-ID: longreq.{}
CSeq: 3882340 INVITE
Unknown{}: {}
Max-Forwards: 70
v: {}
Contact: <sip:{}@host5.example.net>
Content-Type: application/sdp
l: LENGTH

v=0
",
        long("extreme", 10),
        long("verylong", 20),
        long("name", 30),
        long("amazinglylong", 20),
        long("982424", 50),
        long("header", 40),
        long("flag", 60),
        long("longCallId", 20),
        long("-Long", 20),
        long("unknown value; ", 30),
        vias.join(", "),
        long("contact", 30),
    );
    let request = request(&text);
    assert_eq!(request.headers.list(&Name::Via).filter_map(Via::parse).count(), 34);
    assert_eq!(request.headers.via().expect("a Via").host, Host::Name("sip0.example.com".into()));
    assert_eq!(request.headers.tag(&Name::From).map(str::len), Some(302));
    assert_eq!(address(&request, Name::To).uri.port, Some(6000));
}

#[test]
fn dblreq_a_second_request_in_the_datagram_is_not_read() {
    let first = with("REGISTER sip:example.com SIP/2.0", "CSeq: 8 REGISTER\n");
    let request = request(&format!("{first}{}", with("INVITE sip:joe@example.com SIP/2.0", "CSeq: 8 INVITE\n")));
    assert_eq!((request.method, request.body.len()), (Method::Register, 0));
}

#[test]
fn semiuri_a_semicolon_in_the_user_part() {
    let request = request(&with("OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0", ""));
    assert_eq!(request.uri.user.as_deref(), Some("user;par=u%40example.net"));
    assert!(request.uri.params.is_empty() && request.uri.host == Host::Name("example.com".into()));
}

#[test]
fn transports_several_and_an_unknown_one() {
    let vias = "Via: SIP/2.0/UDP t1.example.com;branch=z9hG4bKkdj\nVia: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKkl\n\
        Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bKx\nVia: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKd\n\
        Via: SIP/2.0/TCP t5.example.com;branch=z9hG4bKe\n";
    let request = request(&with(OPTIONS, vias));
    let transports: Vec<_> =
        request.headers.list(&Name::Via).map(|via| Via::parse(via).expect("a Via").transport).collect();
    assert_eq!(transports, ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"].map(Into::into));
}

#[test]
fn mpart01_a_body_of_several_parts_with_binary_ones() {
    let mut body =
        b"--7a9c\r\nContent-Type: text/plain\r\n\r\nHello\r\n\r\n--7a9c\r\nContent-Type: application/x\r\n\r\n"
            .to_vec();
    body.extend(0..=255u8);
    body.extend(b"\r\n--7a9c--\r\n");
    let start = "MESSAGE sip:kumiko@example.org SIP/2.0";
    let head = with(start, "CSeq: 41 MESSAGE\nContent-Type: multipart/mixed;boundary=7a9c\n");
    let head = head.replace("Content-Length: 0", &format!("Content-Length: {}", body.len())).replace('\n', "\r\n");
    let request = request_of(&[head.as_bytes(), &body].concat());
    assert_eq!(request.body, body);
    assert_eq!(request.headers.get(&Name::ContentType), Some("multipart/mixed;boundary=7a9c"));
}

const ANSWER: &str = "Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923
Call-ID: reason.1
CSeq: 35 INVITE
From: sip:user@example.com;tag=11141343
To: sip:user@example.edu;tag=2229
Content-Length: 0

";

#[test]
fn unreason_an_unusual_reason_phrase() {
    let response = response(&format!("SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять - простое\n{ANSWER}"));
    assert_eq!((response.status, &*response.reason), (200, "= 2**3 * 5**2 но сто девяносто девять - простое"));
}

#[test]
fn noreason_no_reason_phrase() {
    for start in ["SIP/2.0 100 ", "SIP/2.0 100"] {
        let response = response(&format!("{start}\n{ANSWER}"));
        assert_eq!((response.status, &*response.reason), (100, ""));
    }
}

// Section 3.1.2: invalid messages.

#[test]
fn badinv01_separators_without_anything_between() {
    let text = with(
        "INVITE sip:user@example.com SIP/2.0",
        "CSeq: 8 INVITE\nVia: SIP/2.0/UDP 192.0.2.15;;,;,,\nContact: \"Joe\" <sip:joe@example.org>;;;;\n",
    );
    let request = request(&text);
    // Empty parameters mean nothing; the value behind the comma is no Via.
    assert_eq!(request.headers.via().map(|via| via.host.to_string()), Some("192.0.2.15".to_owned()));
    assert!(request.headers.list(&Name::Via).any(|via| Via::parse(via).is_none()));
    assert!(address(&request, Name::Contact).params.is_empty());
}

#[test]
fn clerr_a_body_that_is_shorter_than_its_content_length() {
    assert_eq!(refused(&with(OPTIONS, "").replace("Content-Length: 0", "Content-Length: 9999")), 400);
}

#[test]
fn ncl_a_negative_content_length() {
    assert_eq!(refused(&with(OPTIONS, "").replace("Content-Length: 0", "Content-Length: -999")), 400);
}

#[test]
fn mcl01_two_content_lengths_that_differ() {
    assert_eq!(refused(&with(OPTIONS, "Content-Length: 5\n")), 400);
    assert!(read(&with(OPTIONS, "l: 0\n")).is_ok(), "two that agree");
}

#[test]
fn scalar02_numbers_that_fit_nowhere() {
    let request = request(&with(
        "REGISTER sip:example.com SIP/2.0",
        "CSeq: 36893488147419103232 REGISTER\nMax-Forwards: 300\nExpires: 10000000000000000000000000000\n\
        Contact: <sip:user@host129.example.com>;expires=280297596632815\n",
    ));
    assert_eq!(request.headers.cseq(), None);
    assert_eq!(request.headers.number(&Name::MaxForwards), Some(300));
    assert_eq!(request.headers.number(&Name::Expires), Some(u64::MAX));
    for cseq in ["2147483648 OPTIONS", "+1 OPTIONS", "-1 OPTIONS", "1", "OPTIONS 1", "1 OPTIONS 1"] {
        assert_eq!(sip::message::CSeq::parse(cseq), None, "{cseq}");
    }
}

#[test]
fn scalarlg_a_response_with_numbers_that_fit_nowhere() {
    let response = response(&format!(
        "SIP/2.0 503 Service Unavailable\nRetry-After: 949302838503028349304023988\n\
        Warning: 1812 overture \"In Progress\"\n{}",
        ANSWER.replace("CSeq: 35", "CSeq: 9292394834772304023312")
    ));
    // Without a CSeq it belongs to no transaction.
    assert_eq!(response.headers.cseq(), None);
    assert_eq!(response.headers.number(&Name::RetryAfter), Some(u64::MAX));
}

#[test]
fn quotbal_a_quote_that_is_never_closed() {
    let request = request(&with(OPTIONS, "To: \"Mr. J. User <sip:j.user@example.com>\n"));
    assert!(request.headers.address(&Name::To).is_none());
    assert_eq!(request.headers.tag(&Name::To), None);
    // Nor can an open quote in a Via swallow what is added to it.
    assert!(Via::parse("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;x=\"y").is_none());
}

#[test]
fn ltgtruri_brackets_around_the_request_uri() {
    assert_eq!(refused(&with("OPTIONS <sip:user@example.com> SIP/2.0", "")), 400);
}

#[test]
fn lwsruri_space_within_the_request_uri() {
    assert_eq!(refused(&with("OPTIONS sip:user@example.com; lr SIP/2.0", "")), 400);
}

#[test]
fn lwsstart_more_than_one_space_in_the_start_line() {
    assert_eq!(refused(&with("OPTIONS  sip:user@example.com  SIP/2.0", "")), 400);
}

#[test]
fn trws_space_behind_the_start_line_is_passed_over() {
    assert_eq!(request(&with("OPTIONS sip:remote@example.com SIP/2.0  ", "")).uri.user(), "remote");
}

#[test]
fn escruri_headers_in_the_request_uri() {
    let request = request(&with("OPTIONS sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0", ""));
    // Read for what they are, for the endpoint to refuse; they become no header of the message.
    assert_eq!(request.uri.headers.as_deref(), Some("Route=%3Csip:example.com%3E"));
    assert_eq!(request.headers.get(&Name::Route), None);
}

#[test]
fn baddate_a_date_in_another_time_zone_does_no_harm() {
    let request = request(&with(OPTIONS, "Date: Fri, 01 Jan 2010 16:00:00 EST\n"));
    assert_eq!(request.headers.get(&Name::parse("date")), Some("Fri, 01 Jan 2010 16:00:00 EST"));
}

#[test]
fn regbadct_headers_in_a_contact_without_brackets() {
    let start = "REGISTER sip:example.com SIP/2.0";
    let bare = request(&with(start, "Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E\n"));
    // They count as the URI's, so that a registrar sees and refuses them; or strips them with `bare`.
    let uri = address(&bare, Name::Contact).uri;
    assert!(uri.headers.is_some() && uri.bare().headers.is_none());
    // And the legal form of it (regescrt).
    let legal = request(&with(start, "Contact: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>\n"));
    assert!(address(&legal, Name::Contact).uri.headers.is_some());
}

#[test]
fn badaspec_spaces_within_the_brackets_are_passed_over() {
    let request = request(&with(OPTIONS, "To: \"Watson, Thomas\" < sip:t.watson@example.org >\n"));
    assert_eq!(address(&request, Name::To).uri.user(), "t.watson");
    // Elsewhere in a URI they are not.
    assert!(NameAddr::parse("<sip:t.watson @example.org>").is_err());
}

#[test]
fn baddn_a_comma_in_a_name_that_lacks_its_quotes() {
    let request = request(&with(OPTIONS, "From: Bell, Alexander <sip:a.g.bell@example.com>;tag=43\n"));
    let from = address(&request, Name::From);
    assert_eq!((from.display.as_deref(), from.tag()), (Some("Bell, Alexander"), Some("43")));
    // In a header that is a list the comma separates.
    assert_eq!(split_list("Bell, Alexander <sip:a.g.bell@example.com>").count(), 2);
}

#[test]
fn badvers_another_version_of_sip() {
    assert_eq!(refused(&with("OPTIONS sip:t.watson@example.org SIP/7.0", "")), 505);
}

#[test]
fn mismatch_another_method_in_the_cseq_can_be_seen() {
    // mismatch01 and mismatch02: a known and an unknown method.
    for start in [OPTIONS, "NEWMETHOD sip:user@example.com SIP/2.0"] {
        let request = request(&with(start, "CSeq: 8 INVITE\n"));
        assert_ne!(request.headers.cseq().map(|cseq| cseq.method), Some(request.method));
    }
}

#[test]
fn bigcode_a_status_that_is_none() {
    for status in ["4294967301", "99", "700", "2000", "-20", "+20", "0200", ""] {
        assert!(garbage(&format!("SIP/2.0 {status} better not break the receiver\n{ANSWER}")), "{status}");
    }
}

// Sections 3.2 to 3.4: what the layers above decide on must be readable.

#[test]
fn badbranch_a_branch_of_the_magic_cookie_alone() {
    let request = request(&with(OPTIONS, "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK\n"));
    assert_eq!(request.headers.via().expect("a Via").branch(), "z9hG4bK");
}

#[test]
fn insuf_headers_that_are_missing() {
    let request = request(
        "INVITE sip:user@example.com SIP/2.0\nCSeq: 193942 INVITE\nVia: SIP/2.0/UDP 192.0.2.95;branch=z9hG4bKk\nl: 0\n\n",
    );
    assert!(request.headers.call_id().is_empty() && request.headers.get(&Name::From).is_none());
}

#[test]
fn unkscm_schemes_that_nobody_knows() {
    // unkscm, novelsc, unksm2.
    for (uri, scheme) in [("nobodyKnowsThis:opaque", "nobodyknowsthis"), ("soap.beep://192.0.2.103:3002", "soap.beep")]
    {
        let request = request(&with(&format!("OPTIONS {uri} SIP/2.0"), ""));
        assert_eq!(request.uri.scheme, Scheme::Other(scheme.into()));
    }
    let request = request(&with("REGISTER sip:example.com SIP/2.0", "To: isbn:2983792873\nCSeq: 2 REGISTER\n"));
    assert_eq!(address(&request, Name::To).uri.to_string(), "isbn:2983792873");
}

#[test]
fn bext01_extensions_that_nobody_knows() {
    let request =
        request(&with(OPTIONS, "Require: nothingSupportsThis, nothingSupportsThisEither\nProxy-Require: noProxy\n"));
    assert_eq!(request.headers.list(&Name::Require).count(), 2);
    assert!(request.headers.lists(&Name::ProxyRequire, "NOPROXY"));
}

#[test]
fn regaut01_credentials_of_an_unknown_scheme() {
    let request = request(&with(OPTIONS, "Authorization: NoOneKnowsThisScheme opaque-data=here\n"));
    assert_eq!(request.headers.get(&Name::Authorization), Some("NoOneKnowsThisScheme opaque-data=here"));
}

#[test]
fn multi01_several_of_what_there_may_be_one_of() {
    let request = request(&with(
        OPTIONS,
        "CSeq: 5 OPTIONS\nCSeq: 59 OPTIONS\nCall-ID: a\nCall-ID: b\nFrom: sip:a@b;tag=1\nf: sip:c@d;tag=2\n",
    ));
    for name in [Name::CSeq, Name::CallId, Name::From] {
        assert_eq!(request.headers.all(&name).count(), 2, "{name}");
    }
}

#[test]
fn cparam_unknown_parameters_inside_and_outside_of_a_contact() {
    let start = "REGISTER sip:example.com SIP/2.0";
    // cparam01 and cparam02.
    let outside = request(&with(start, "Contact: sip:+19725552222@gw1.example.net;unknownparam\n"));
    assert!(address(&outside, Name::Contact).params.has("unknownparam"));
    let inside = request(&with(start, "Contact: <sip:+19725552222@gw1.example.net;unknownparam>\n"));
    assert!(address(&inside, Name::Contact).uri.params.has("unknownparam"));
}

#[test]
fn inv2543_a_caller_of_the_old_standard() {
    let request = request(
        "INVITE sip:UserB@example.com SIP/2.0
Via: SIP/2.0/UDP iftgw.example.com
From: <sip:+13035551111@ift.client.example.net;user=phone>
Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>
To: sip:+16505552222@ss1.example.net;user=phone
Call-ID: inv2543.1717@ift.client.example.com
CSeq: 56 INVITE
Content-Type: application/sdp

v=0
s=-
",
    );
    // No branch, no tag, no Max-Forwards, no Content-Length: the body is the rest of the datagram.
    assert_eq!(request.headers.via().expect("a Via").branch(), "");
    assert_eq!(request.headers.tag(&Name::From), None);
    assert_eq!(request.body, "v=0\r\ns=-\r\n");
}

// Beyond the RFC: what has been met or found.

#[test]
fn a_name_in_latin_1_does_not_cost_the_call() {
    let bytes = String::from_utf8(wire(&with(OPTIONS, "From: \"M@ller\" <sip:m@example.com>;tag=1\n"))).expect("text");
    let bytes: Vec<u8> =
        bytes.replacen("M@ller", "M\u{1}ller", 1).bytes().map(|b| if b == 1 { 0xfc } else { b }).collect();
    assert_eq!(address(&request_of(&bytes), Name::From).display.as_deref(), Some("Müller"));
}

#[test]
fn a_line_that_is_no_header_is_named_in_a_request_and_passed_over_in_a_response() {
    assert_eq!(refused(&with(OPTIONS, "this is no header\n")), 400);
    assert_eq!(response(&format!("SIP/2.0 200 OK\nthis is no header\n{ANSWER}")).headers.call_id(), "reason.1");
}

#[test]
fn a_tag_is_found_behind_a_bracket_in_quotes() {
    let request = request(&with(OPTIONS, "From: \"a > b\" <sip:a@example.com;tag=no>;x=\">;tag=no\";tag=yes\n"));
    assert_eq!(request.headers.tag(&Name::From), Some("yes"));
    assert_eq!(address(&request, Name::From).tag(), Some("yes"));
}

#[test]
fn the_sender_cannot_choose_where_the_answer_goes() {
    let source = "192.0.2.7:5080".parse().expect("an address");
    for via in [
        "Via: SIP/2.0/UDP 192.0.2.7:5080;branch=z9hG4bK1;received=198.51.100.1\n",
        "Via: SIP/2.0/UDP victim.example.com;branch=z9hG4bK1;received=198.51.100.1;rport=9\n",
        "Via: , SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK1;rport, SIP/2.0/UDP 203.0.113.1\n",
        "Via:\nVia: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK1;rport\n",
    ] {
        let mut request = request(&with(OPTIONS, via));
        request.headers.mark_received(source);
        let top = request.headers.via().expect("a Via");
        assert_eq!((top.response_address(), top.branch()), (Some(source), "z9hG4bK1"), "{via}");
    }
}

#[test]
fn a_header_of_ones_own_is_found_in_any_case() {
    let request = request(&with(OPTIONS, "X-Interaction: 7\n"));
    assert_eq!(request.headers.get(&Name::Other("x-interaction".into())), Some("7"));
}

// What the endpoint makes of them.

/// An endpoint's reaction to one datagram.
#[derive(Debug, PartialEq)]
enum Reaction {
    Answer(u16),
    /// Its owner hears of it.
    Call,
    Registration,
    Silence,
}

use Reaction::{Answer, Call, Registration, Silence};

fn reaction(bytes: &[u8]) -> Reaction {
    let now = Instant::now();
    let peer = Peer::udp("192.0.2.7:5080".parse().expect("an address"));
    let mut endpoint = Endpoint::new(Config::default(), now, |_| "192.0.2.1:5060".parse().expect("an address"));
    match Message::parse(bytes) {
        Ok(message) => endpoint.receive(now, message, &Bytes::copy_from_slice(bytes), peer),
        Err(ParseError::Answerable { request, status, why }) => {
            endpoint.refuse_unreadable(now, *request, status, why, peer);
        }
        Err(_) => {}
    }
    let mut reaction = Silence;
    while let Some(output) = endpoint.poll_output() {
        let next = match output {
            Output::Transmit { to, bytes } => match Message::parse(&bytes) {
                Ok(Message::Response(response)) => {
                    assert_eq!(to.addr.ip(), peer.addr.ip(), "answered elsewhere");
                    Answer(response.status)
                }
                other => panic!("it sends {other:?}"),
            },
            Output::Event(Event::Incoming(_)) => Call,
            Output::Event(Event::Request(_)) => Registration,
            Output::Event(other) => panic!("it says {other:?}"),
        };
        assert_eq!(std::mem::replace(&mut reaction, next), Silence, "one reaction");
    }
    reaction
}

#[track_caller]
fn expect(start: &str, lines: &str, expected: Reaction) {
    assert_eq!(reaction(&wire(&with(start, lines))), expected, "{start} with {lines}");
}

const INVITE: &str = "INVITE sip:user@example.com SIP/2.0";
const INVITING: &str = "CSeq: 41 INVITE\nContact: <sip:caller@host1.example.com>\n";
const REGISTER: &str = "REGISTER sip:example.com SIP/2.0";
const REGISTERING: &str = "CSeq: 41 REGISTER\nContact: <sip:user@host1.example.com>\n";

#[test]
fn what_is_valid_is_served() {
    expect(OPTIONS, "", Answer(200));
    expect(INVITE, INVITING, Call);
    expect(REGISTER, REGISTERING, Registration);
    // lwsdisp, semiuri, trws, baddate, badaspec, baddn, regaut01, badbranch.
    expect(OPTIONS, "From: caller<sip:caller@example.com>;tag=323\n", Answer(200));
    expect("OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0", "", Answer(200));
    expect("OPTIONS sip:callee@example.com SIP/2.0  ", "", Answer(200));
    expect(OPTIONS, "Date: Fri, 01 Jan 2010 16:00:00 EST\n", Answer(200));
    expect(OPTIONS, "To: \"Watson, Thomas\" < sip:t.watson@example.org >\n", Answer(200));
    expect(OPTIONS, "From: Bell, Alexander <sip:a.g.bell@example.com>;tag=43\n", Answer(200));
    expect(OPTIONS, "Authorization: NoOneKnowsThisScheme opaque-data=here\n", Answer(200));
    expect(OPTIONS, "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK\n", Answer(200));
    // Escaped headers in a Request-URI become no headers (escruri), and inv2543 has neither branch nor tag.
    expect("INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0", INVITING, Call);
    expect(INVITE, &format!("{INVITING}Via: SIP/2.0/UDP 192.0.2.95\nFrom: <sip:+13035551111@gw.example.net>\n"), Call);
    // unksm2: what a registrar thinks of an ISBN is its business.
    expect(REGISTER, &format!("{REGISTERING}To: isbn:2983792873\n"), Registration);
}

#[test]
fn what_is_invalid_is_refused_with_its_status() {
    expect(INVITE, &format!("{INVITING}Via: SIP/2.0/UDP 192.0.2.15;;,;,,\n"), Answer(400)); // badinv01
    expect(OPTIONS, "CSeq: 36893488147419103232 OPTIONS\n", Answer(400)); // scalar02
    expect(OPTIONS, "Max-Forwards: 300\n", Answer(400));
    expect(OPTIONS, "To: \"Mr. J. User <sip:j.user@example.com>\n", Answer(400)); // quotbal
    expect("OPTIONS <sip:user@example.com> SIP/2.0", "", Answer(400)); // ltgtruri
    expect("OPTIONS sip:user@example.com; lr SIP/2.0", "", Answer(400)); // lwsruri
    expect("OPTIONS  sip:user@example.com  SIP/2.0", "", Answer(400)); // lwsstart
    expect("OPTIONS sip:t.watson@example.org SIP/7.0", "", Answer(505)); // badvers
    expect(OPTIONS, "CSeq: 8 INVITE\n", Answer(400)); // mismatch01
    expect("NEWMETHOD sip:user@example.com SIP/2.0", "CSeq: 8 INVITE\n", Answer(400)); // mismatch02
    expect("!odd-Method sip:user@example.com SIP/2.0", "CSeq: 8 !odd-Method\n", Answer(501)); // intmeth
    expect("RE%47IST%45R sip:example.com SIP/2.0", "CSeq: 8 RE%47IST%45R\n", Answer(501)); // esc02
    expect("OPTIONS nobodyKnowsThisScheme:opaque SIP/2.0", "", Answer(416)); // unkscm
    expect("OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0", "", Answer(416)); // novelsc
    expect(OPTIONS, "Require: nothingSupportsThis\n", Answer(420)); // bext01
    expect(OPTIONS, "CSeq: 5 OPTIONS\nCSeq: 59 OPTIONS\n", Answer(400)); // multi01
    expect(OPTIONS, "Call-ID: a\nCall-ID: b\n", Answer(400));
    expect(OPTIONS, "Content-Length: 5\n", Answer(400)); // mcl01
    for length in ["9999", "-999"] {
        // clerr and ncl.
        let text = with(OPTIONS, "").replace("Content-Length: 0", &format!("Content-Length: {length}"));
        assert_eq!(reaction(&wire(&text)), Answer(400));
    }
}

#[test]
fn what_cannot_be_answered_is_dropped() {
    // insuf: without From, To or Call-ID there is nobody to answer.
    for missing in ["From", "To", "Call-ID", "Via", "CSeq"] {
        let whole = with(INVITE, INVITING);
        let text: Vec<&str> = whole.lines().filter(|line| !line.starts_with(&format!("{missing}:"))).collect();
        assert_eq!(reaction(&wire(&format!("{}\n", text.join("\n")))), Silence, "{missing}");
    }
    // bigcode, scalarlg, and responses that nobody waits for (bcast).
    for start in ["SIP/2.0 4294967301 better not", "SIP/2.0 200 OK", "SIP/2.0 100"] {
        assert_eq!(reaction(&wire(&format!("{start}\n{ANSWER}"))), Silence, "{start}");
    }
    // An ACK is never answered, whatever is wrong with it.
    for lines in ["CSeq: 8 ACK\n", "CSeq: 8 INVITE\n", "CSeq: 8 ACK\nMax-Forwards: 300\n"] {
        expect("ACK sip:user@example.com SIP/2.0", lines, Silence);
        expect("ACK sip:user@example.com SIP/7.0", lines, Silence);
    }
}

#[test]
fn two_requests_of_one_sender_with_an_empty_branch_are_two() {
    // badbranch: the cookie alone distinguishes nothing, so the rules of RFC 2543 apply.
    let now = Instant::now();
    let peer = Peer::udp("192.0.2.7:5080".parse().expect("an address"));
    let mut endpoint = Endpoint::new(Config::default(), now, |_| "192.0.2.1:5060".parse().expect("an address"));
    for call in ["a", "b", "a"] {
        let bytes = wire(&with(OPTIONS, &format!("Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK\nCall-ID: {call}\n")));
        endpoint.receive(now, Message::parse(&bytes).expect("a request"), &Bytes::new(), peer);
    }
    let answers: Vec<String> = std::iter::from_fn(|| endpoint.poll_output())
        .filter_map(|output| match output {
            Output::Transmit { bytes, .. } => Message::parse(&bytes).ok().map(|m| m.headers().call_id().to_owned()),
            Output::Event(_) => None,
        })
        .collect();
    assert_eq!(answers, ["a", "b", "a"]);
}
