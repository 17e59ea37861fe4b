//! SIP for the load generator: requests written from fixed templates, and just so much reading of messages as a caller needs
//! who knows what comes. It is not a SIP stack, and shares nothing with the one under test.

use std::io::Write;
use std::net::{IpAddr, SocketAddr};

/// What one caller writes into its requests.
pub struct Caller<'a> {
    /// Number of the call; tag, branches and Call-ID are made of it.
    pub id: u64,
    /// Number of the run, so that two of them never meet.
    pub run: u32,
    /// Where answers come to.
    pub local: SocketAddr,
    /// The URI that is called.
    pub target: &'a str,
    /// The `To` of the answer with its tag; empty before there was one.
    pub to: &'a str,
    /// The other side's contact; empty before it is known.
    pub remote: &'a str,
    /// `Route` values, first hop first.
    pub routes: &'a [String],
    /// The dialog's Call-ID where the other side made it; empty for one of ours.
    pub call_id: &'a str,
    /// `From` with its tag; empty for a caller with a number outside.
    pub from: &'a str,
}

/// The direction of the sound that is offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// Both ways.
    Both,
    /// Only ours is heard: the call is held.
    Hold,
}

/// The Call-ID of a call.
pub fn call_id(id: u64, run: u32) -> String {
    format!("{id:x}.{run:x}@bench")
}

/// The number of the call that a Call-ID belongs to, if it is one of this run's.
pub fn call_of(text: &str, run: u32) -> Option<u64> {
    let (id, rest) = text.strip_suffix("@bench")?.split_once('.')?;
    (u32::from_str_radix(rest, 16) == Ok(run)).then(|| u64::from_str_radix(id, 16).ok()).flatten()
}

impl Caller<'_> {
    fn start(&self, out: &mut Vec<u8>, method: &str, branch: &str, cseq: u32) {
        let Self { id, run, local, target, .. } = self;
        let uri = if self.remote.is_empty() { target } else { self.remote };
        // Writing into memory cannot fail.
        let _ = write!(
            out,
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK{id:x}.{run:x}.{branch};rport\r\n\
             Max-Forwards: 70\r\n"
        );
        let _ = match self.from {
            "" => write!(out, "From: <sip:+4416329{:05}@{local}>;tag={id:x}\r\n", 60_000 + id % 10_000),
            from => write!(out, "From: {from}\r\n"),
        };
        let _ = match self.to {
            "" => write!(out, "To: <{target}>\r\n"),
            to => write!(out, "To: {to}\r\n"),
        };
        let _ = match self.call_id {
            "" => write!(out, "Call-ID: {}\r\n", call_id(*id, *run)),
            theirs => write!(out, "Call-ID: {theirs}\r\n"),
        };
        let _ = write!(out, "CSeq: {cseq} {method}\r\n");
        for route in self.routes {
            let _ = write!(out, "Route: {route}\r\n");
        }
    }

    /// INVITE, or re-INVITE once there is a dialog, with an offer of PCMU and keys, and the answer to a challenge if there is one.
    pub fn invite(
        &self,
        out: &mut Vec<u8>,
        cseq: u32,
        rtp: SocketAddr,
        direction: Direction,
        authorization: Option<&str>,
    ) {
        self.start(out, "INVITE", &format!("i{cseq}"), cseq);
        if let Some(authorization) = authorization {
            let _ = write!(out, "Authorization: {authorization}\r\n");
        }
        let body = description(rtp, cseq, direction);
        let _ = write!(
            out,
            "Contact: <sip:bench@{}>\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE\r\nContent-Type: application/sdp\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.local,
            body.len()
        );
    }

    /// ACK of an answer (RFC 3261 section 13.2.2.4).
    pub fn ack(&self, out: &mut Vec<u8>, cseq: u32) {
        self.start(out, "ACK", &format!("a{cseq}"), cseq);
        out.extend_from_slice(b"Content-Length: 0\r\n\r\n");
    }

    /// ACK of a refusal: part of the INVITE's transaction (section 17.1.1.3), so with its branch and its URI.
    pub fn ack_refusal(&self, out: &mut Vec<u8>, cseq: u32) {
        self.start(out, "ACK", &format!("i{cseq}"), cseq);
        out.extend_from_slice(b"Content-Length: 0\r\n\r\n");
    }

    /// CANCEL of the INVITE with this number.
    pub fn cancel(&self, out: &mut Vec<u8>, cseq: u32) {
        self.start(out, "CANCEL", &format!("i{cseq}"), cseq);
        out.extend_from_slice(b"Content-Length: 0\r\n\r\n");
    }

    /// BYE.
    pub fn bye(&self, out: &mut Vec<u8>, cseq: u32) {
        self.start(out, "BYE", &format!("b{cseq}"), cseq);
        out.extend_from_slice(b"Content-Length: 0\r\n\r\n");
    }

    /// REFER (RFC 3515): asks the other side to call somebody else.
    pub fn refer(&self, out: &mut Vec<u8>, cseq: u32, to: &str) {
        self.start(out, "REFER", &format!("f{cseq}"), cseq);
        let _ = write!(out, "Contact: <sip:bench@{}>\r\nRefer-To: <{to}>\r\nContent-Length: 0\r\n\r\n", self.local);
    }

    /// REGISTER of an extension at the target, with the answer to a challenge once there was one.
    pub fn register(&self, out: &mut Vec<u8>, cseq: u32, user: &str, authorization: Option<&str>) {
        let Self { id, run, local, target, .. } = self;
        let call_id = call_id(*id, *run);
        let host = target.rsplit_once('@').map_or(*target, |(_, host)| host).trim_start_matches("sip:");
        let _ = write!(
            out,
            "REGISTER sip:{host} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK{id:x}.{run:x}.r{cseq};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{user}@{host}>;tag={id:x}\r\nTo: <sip:{user}@{host}>\r\nCall-ID: {call_id}\r\n\
             CSeq: {cseq} REGISTER\r\nContact: <sip:{user}@{local}>\r\nExpires: 60\r\n"
        );
        if let Some(authorization) = authorization {
            let _ = write!(out, "Authorization: {authorization}\r\n");
        }
        out.extend_from_slice(b"Content-Length: 0\r\n\r\n");
    }
}

/// The URI that a REGISTER at this target has, which its digest covers.
pub fn registrar_of(target: &str) -> String {
    let host = target.rsplit_once('@').map_or(target, |(_, host)| host);
    format!("sip:{}", host.trim_start_matches("sip:"))
}

/// An offer, and just as well an answer.
fn description(rtp: SocketAddr, version: u32, direction: Direction) -> String {
    let family = if rtp.is_ipv4() { "IP4" } else { "IP6" };
    let direction = if direction == Direction::Hold { "sendonly" } else { "sendrecv" };
    format!(
        "v=0\r\no=- 1 {version} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\nm=audio {} RTP/AVP 0 101\r\n\
         a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na={direction}\r\n",
        rtp.port(),
        ip = rtp.ip(),
    )
}

/// A message that came in.
#[derive(Debug)]
pub struct Message<'a> {
    /// A response's status; `None` for a request.
    pub status: Option<u16>,
    /// The method: of the request, or of the one that is answered.
    pub method: &'a str,
    /// The number in `CSeq`.
    pub cseq: u32,
    /// `Call-ID`.
    pub call_id: &'a str,
    /// The URI that a request is for.
    pub uri: &'a str,
    /// `From` and `To`, whole.
    pub from: &'a str,
    pub to: &'a str,
    /// The URI of `Contact`, or empty.
    pub contact: &'a str,
    /// The body.
    pub body: &'a str,
    whole: &'a str,
    head: &'a str,
}

impl<'a> Message<'a> {
    /// Reads a message; `None` when it lacks what every message has.
    pub fn read(datagram: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(datagram).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let (first, headers) = head.split_once("\r\n")?;
        let status = match first.strip_prefix("SIP/2.0 ") {
            Some(rest) => Some(rest.get(..3)?.parse().ok()?),
            None => None,
        };
        let uri_of_request = first.split(' ').nth(1).filter(|_| status.is_none()).unwrap_or_default();
        let mut message = Self {
            status,
            method: "",
            cseq: 0,
            call_id: "",
            uri: uri_of_request,
            from: "",
            to: "",
            contact: "",
            body,
            whole: text,
            head: headers,
        };
        for (name, value) in fields(headers) {
            match &*name.to_ascii_lowercase() {
                "call-id" | "i" => message.call_id = value,
                "from" | "f" => message.from = value,
                "to" | "t" => message.to = value,
                "contact" | "m" => message.contact = uri(value),
                "cseq" => {
                    let (number, method) = value.split_once(' ')?;
                    message.cseq = number.parse().ok()?;
                    message.method = method.trim();
                }
                _ => {}
            }
        }
        (!message.call_id.is_empty() && !message.method.is_empty()).then_some(message)
    }

    /// All of it, to be kept.
    pub fn text(&self) -> String {
        self.whole.to_owned()
    }

    /// Every value of a header, in order.
    pub fn all<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'a str> + 'b {
        fields(self.head).filter(move |(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The routes of a dialog that we began: `Record-Route` backwards (RFC 3261 section 12.1.2).
    pub fn routes(&self) -> Vec<String> {
        let mut routes: Vec<String> =
            self.all("record-route").flat_map(|value| value.split(',')).map(|route| route.trim().to_owned()).collect();
        routes.reverse();
        routes
    }

    /// Writes an answer to this request: its own headers back, no body.
    pub fn answer(&self, out: &mut Vec<u8>, status: &str) {
        self.answer_head(out, status, "");
        out.extend_from_slice(b"Content-Length: 0\r\n\r\n");
    }

    /// Writes an answer to an INVITE that begins a dialog, with our tag; with sound at `rtp` when it takes the call.
    pub fn answer_call(&self, out: &mut Vec<u8>, status: &str, tag: &str, local: SocketAddr, rtp: Option<SocketAddr>) {
        self.answer_head(out, status, tag);
        for route in self.all("record-route") {
            let _ = write!(out, "Record-Route: {route}\r\n");
        }
        let _ =
            write!(out, "Contact: <sip:bench@{local}>\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, NOTIFY\r\n");
        let body = rtp.map(|rtp| description(rtp, 1, Direction::Both)).unwrap_or_default();
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let _ = write!(out, "{kind}Content-Length: {}\r\n\r\n{body}", body.len());
    }

    fn answer_head(&self, out: &mut Vec<u8>, status: &str, tag: &str) {
        let _ = write!(out, "SIP/2.0 {status}\r\n");
        for (name, value) in fields(self.head) {
            let copied = ["via", "v", "from", "f", "to", "t", "call-id", "i", "cseq"];
            if copied.iter().any(|copied| name.eq_ignore_ascii_case(copied)) {
                let is_to = name.eq_ignore_ascii_case("to") || name.eq_ignore_ascii_case("t");
                let _ = match is_to && !tag.is_empty() {
                    true => write!(out, "{name}: {value};tag={tag}\r\n"),
                    false => write!(out, "{name}: {value}\r\n"),
                };
            }
        }
    }

    /// The status in a NOTIFY's body (`message/sipfrag`, RFC 3420).
    pub fn news(&self) -> Option<u16> {
        self.body.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }
}

fn fields(headers: &str) -> impl Iterator<Item = (&str, &str)> {
    headers.split("\r\n").filter_map(|line| line.split_once(':')).map(|(name, value)| (name.trim_end(), value.trim()))
}

/// The URI of a name-addr or addr-spec.
fn uri(value: &str) -> &str {
    match value.split_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or_default(),
        None => value.split(';').next().unwrap_or_default().trim(),
    }
}

/// Where a session description wants its audio.
pub fn audio_of(body: &str) -> Option<SocketAddr> {
    let mut address: Option<IpAddr> = None;
    let mut port = None;
    for line in body.lines() {
        if let Some(connection) = line.strip_prefix("c=IN ") {
            address = connection.split([' ', '/']).nth(1).and_then(|ip| ip.trim().parse().ok());
        } else if let Some(audio) = line.strip_prefix("m=audio ") {
            port = audio.split([' ', '/']).next().and_then(|port| port.parse::<u16>().ok());
        }
    }
    Some(SocketAddr::new(address?, port.filter(|port| *port > 0)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller<'a>(to: &'a str, remote: &'a str) -> Caller<'a> {
        let local = "127.0.0.7:5555".parse().expect("an address");
        Caller {
            id: 0x1f,
            run: 0xab,
            local,
            target: "sip:100@127.0.0.1:5060",
            to,
            remote,
            routes: &[],
            call_id: "",
            from: "",
        }
    }

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("SIP is text")
    }

    #[test]
    fn an_invite_offers_sound_and_keys_and_says_how_long_its_body_is() {
        let rtp = "127.0.0.1:4000".parse().expect("an address");
        let text = written(|out| caller("", "").invite(out, 1, rtp, Direction::Both, None));
        assert!(
            text.starts_with("INVITE sip:100@127.0.0.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.7:5555;"),
            "{text}"
        );
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.contains(&format!("Content-Length: {}", body.len())));
        assert_eq!(audio_of(body), Some(rtp));
        assert!(body.contains("a=rtpmap:101 telephone-event/8000"));
    }

    #[test]
    fn requests_of_a_dialog_go_to_the_contact_with_the_tag() {
        let text = written(|out| caller("<sip:100@h>;tag=9", "sip:hotline@127.0.0.1:9").bye(out, 2));
        assert!(text.starts_with("BYE sip:hotline@127.0.0.1:9 SIP/2.0\r\n"), "{text}");
        assert!(text.contains("To: <sip:100@h>;tag=9\r\n") && text.contains("CSeq: 2 BYE\r\n"), "{text}");
    }

    #[test]
    fn a_cancel_and_the_ack_of_a_refusal_share_the_branch_of_their_invite() {
        let branch =
            |text: &str| text.split("branch=").nth(1).and_then(|rest| rest.split(';').next()).map(str::to_owned);
        let rtp = "127.0.0.1:4000".parse().expect("an address");
        let invite = branch(&written(|out| caller("", "").invite(out, 1, rtp, Direction::Both, None)));
        assert_eq!(invite, branch(&written(|out| caller("", "").cancel(out, 1))));
        assert_eq!(invite, branch(&written(|out| caller("<a>;tag=1", "").ack_refusal(out, 1))));
        assert_ne!(invite, branch(&written(|out| caller("<a>;tag=1", "").ack(out, 1))));
    }

    #[test]
    fn an_answer_is_read_with_short_header_names_and_routes() {
        let text = "SIP/2.0 200 OK\r\nv: SIP/2.0/UDP h\r\ni: 1f.ab@bench\r\nt: <sip:100@h>;tag=x\r\nCSeq: 7 INVITE\r\n\
                    m: \"a\" <sip:100@1.2.3.4:5;x=y>;q=1\r\nRecord-Route: <sip:a;lr>, <sip:b;lr>\r\n\r\nv=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 9 RTP/AVP 0\r\n";
        let message = Message::read(text.as_bytes()).expect("a message");
        assert_eq!((message.status, message.cseq, message.method), (Some(200), 7, "INVITE"));
        assert_eq!(call_of(message.call_id, 0xab), Some(0x1f));
        assert_eq!(call_of(message.call_id, 0xac), None);
        assert_eq!(message.contact, "sip:100@1.2.3.4:5;x=y");
        assert_eq!(message.routes(), ["<sip:b;lr>", "<sip:a;lr>"]);
        assert_eq!(audio_of(message.body), "10.0.0.1:9".parse().ok());
    }

    #[test]
    fn a_request_is_answered_with_its_own_headers() {
        let text = "BYE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=1\r\nVia: SIP/2.0/UDP g\r\nFrom: <a>\r\nTo: <b>;tag=1\r\nCall-ID: 1.1@bench\r\nCSeq: 2 BYE\r\nX: y\r\n\r\n";
        let message = Message::read(text.as_bytes()).expect("a message");
        assert_eq!((message.status, message.method), (None, "BYE"));
        let answer = written(|out| message.answer(out, "200 OK"));
        assert!(
            answer.starts_with("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=1\r\nVia: SIP/2.0/UDP g\r\n"),
            "{answer}"
        );
        assert!(!answer.contains("X:"), "{answer}");
    }

    #[test]
    fn a_call_that_comes_in_is_answered_with_a_tag_and_sound() {
        let text = "INVITE sip:phone1@127.0.0.3:9 SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=1\r\nFrom: <sip:a@h>;tag=7\r\nTo: <sip:b@h>\r\n\
                    Call-ID: theirs\r\nCSeq: 1 INVITE\r\nRecord-Route: <sip:p;lr>\r\n\r\n";
        let message = Message::read(text.as_bytes()).expect("a message");
        assert_eq!((message.uri, message.from), ("sip:phone1@127.0.0.3:9", "<sip:a@h>;tag=7"));
        let local = "127.0.0.3:9".parse().expect("an address");
        let rtp = "127.0.0.1:4000".parse().ok();
        let answer = written(|out| message.answer_call(out, "200 OK", "5", local, rtp));
        assert!(answer.contains("To: <sip:b@h>;tag=5\r\n") && answer.contains("From: <sip:a@h>;tag=7\r\n"), "{answer}");
        assert!(answer.contains("Record-Route: <sip:p;lr>\r\n") && answer.contains("Content-Type: application/sdp"));
        assert_eq!(Message::read(answer.as_bytes()).and_then(|answer| audio_of(answer.body)), rtp);
        let ringing = written(|out| message.answer_call(out, "180 Ringing", "5", local, None));
        assert!(ringing.ends_with("Content-Length: 0\r\n\r\n") && !ringing.contains("Content-Type"), "{ringing}");
    }

    #[test]
    fn requests_in_a_dialog_of_theirs_have_its_names() {
        let caller =
            Caller { call_id: "theirs", from: "<sip:b@h>;tag=5", ..caller("<sip:a@h>;tag=7", "sip:a@1.2.3.4") };
        let text = written(|out| caller.refer(out, 2, "sip:phone2@h"));
        assert!(text.starts_with("REFER sip:a@1.2.3.4 SIP/2.0\r\n") && text.contains("Call-ID: theirs\r\n"), "{text}");
        assert!(text.contains("From: <sip:b@h>;tag=5\r\nTo: <sip:a@h>;tag=7\r\n"), "{text}");
        assert!(text.contains("Refer-To: <sip:phone2@h>\r\n"), "{text}");
    }

    #[test]
    fn the_news_of_a_transfer_is_a_status() {
        let notify = |body: &str| format!("NOTIFY sip:b@h SIP/2.0\r\nCall-ID: c\r\nCSeq: 2 NOTIFY\r\n\r\n{body}");
        for (body, news) in [("SIP/2.0 486 Busy Here\r\n", Some(486)), ("SIP/2.0 1", None), ("", None)] {
            assert_eq!(Message::read(notify(body).as_bytes()).and_then(|message| message.news()), news, "{body}");
        }
    }

    #[test]
    fn what_is_no_message_is_none_and_never_a_panic() {
        for text in [
            "",
            "\r\n\r\n",
            "SIP/2.0 2\r\n\r\n",
            "SIP/2.0 200 OK\r\nCSeq: x INVITE\r\n\r\n",
            "SIP/2.0 äää\r\nA: b\r\n\r\n",
        ] {
            assert!(Message::read(text.as_bytes()).is_none(), "{text}");
        }
        assert!(Message::read(&[0xff, 0xfe]).is_none());
        assert_eq!(audio_of("c=IN IP4\r\nm=audio x\r\n"), None);
    }

    #[test]
    fn a_registration_names_its_registrar() {
        assert_eq!(registrar_of("sip:100@127.0.0.1:5060"), "sip:127.0.0.1:5060");
        let text = written(|out| caller("", "").register(out, 3, "anna", Some("Digest x")));
        assert!(text.starts_with("REGISTER sip:127.0.0.1:5060 SIP/2.0\r\n"), "{text}");
        assert!(
            text.contains("Contact: <sip:anna@127.0.0.7:5555>\r\n") && text.contains("Authorization: Digest x\r\n")
        );
    }
}
