//! Looks at a datagram before the SIP stack does: what the stack would swallow in silence or misread gets
//! its proper answer here, statelessly and before any work is done. Pure: bytes in, a verdict out.
//!
//! Rules: RFC 3261 sections 8.2, 16.3 and 18.3. ACK and responses are never answered.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;

/// Methods that the stack can parse; anything else is 501. Which of them are allowed is decided later.
const KNOWN: [&str; 14] = [
    "INVITE",
    "ACK",
    "BYE",
    "CANCEL",
    "OPTIONS",
    "REGISTER",
    "INFO",
    "UPDATE",
    "PRACK",
    "MESSAGE",
    "NOTIFY",
    "REFER",
    "SUBSCRIBE",
    "PUBLISH",
];

/// What becomes of a datagram.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// To the stack, as it came.
    Pass,
    /// To the stack, in this form: folded headers unfolded, surplus bytes after the body cut off.
    PassAs(Vec<u8>),
    /// Back to the sender.
    Answer(Vec<u8>),
    /// Nowhere.
    Drop,
}

/// Judges one datagram from `source`. `whole` is false when the datagram did not fit the buffer; `admit`
/// is asked once for every request that would begin something new.
pub(super) fn screen(datagram: &[u8], whole: bool, source: SocketAddr, admit: impl FnOnce() -> bool) -> Verdict {
    if datagram.starts_with(b"SIP/2.0 ") || datagram.iter().all(u8::is_ascii_whitespace) {
        return if whole { Verdict::Pass } else { Verdict::Drop };
    }
    let Some(head) = Head::read(datagram) else { return Verdict::Drop };
    if head.missing_what_an_answer_needs() {
        return Verdict::Drop;
    }
    match head.fault(datagram.len(), whole, admit) {
        Some(_) if head.method == "ACK" => Verdict::Drop,
        Some((status, more)) => Verdict::Answer(head.answer(status, &more, source)),
        None => head.pass(datagram),
    }
}

struct Head<'a> {
    start: &'a str,
    method: &'a str,
    version: &'a str,
    headers: Vec<(&'a str, Cow<'a, str>)>,
    folded: bool,
    body: usize,
}

impl<'a> Head<'a> {
    fn read(datagram: &'a [u8]) -> Option<Self> {
        let (end, body) = head_end(datagram);
        let text = std::str::from_utf8(&datagram[..end]).ok()?;
        let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
        let start = lines.next()?;
        let mut words = start.split(' ');
        let (method, _uri, version) = (words.next()?, words.next()?, words.next()?);
        if words.next().is_some() || method.is_empty() || !method.bytes().all(is_token) {
            return None;
        }
        let mut headers: Vec<(&str, Cow<str>)> = Vec::new();
        let mut folded = false;
        for line in lines.filter(|line| !line.is_empty()) {
            if line.starts_with([' ', '\t']) {
                folded = true;
                let value = &mut headers.last_mut()?.1;
                *value = Cow::Owned(format!("{value} {}", line.trim()));
            } else {
                let (name, value) = line.split_once(':')?;
                headers.push((name.trim_end(), Cow::Borrowed(value.trim())));
            }
        }
        Some(Head { start, method, version, headers, folded, body })
    }

    fn all(&self, name: &str, short: &str) -> impl Iterator<Item = &str> {
        let matches =
            move |n: &str| n.eq_ignore_ascii_case(name) || (!short.is_empty() && n.eq_ignore_ascii_case(short));
        self.headers.iter().filter(move |(n, _)| matches(n)).map(|(_, value)| value.as_ref())
    }

    fn first(&self, name: &str, short: &str) -> Option<&str> {
        self.all(name, short).next()
    }

    fn missing_what_an_answer_needs(&self) -> bool {
        [("Via", "v"), ("From", "f"), ("To", "t"), ("Call-ID", "i"), ("CSeq", "")]
            .iter()
            .any(|(name, short)| self.first(name, short).is_none())
    }

    /// The status line and further headers of the refusal, if there is something to refuse.
    fn fault(&self, length: usize, whole: bool, admit: impl FnOnce() -> bool) -> Option<(&'static str, String)> {
        let plain = |status| Some((status, String::new()));
        if !self.version.eq_ignore_ascii_case("SIP/2.0") {
            return plain("505 Version Not Supported");
        }
        if !whole {
            return plain("513 Message Too Large");
        }
        let mut cseq = self.first("CSeq", "").unwrap_or_default().split_ascii_whitespace();
        let number = cseq.next().and_then(|n| n.parse::<u32>().ok());
        if number.is_none_or(|n| n > 0x7fff_ffff) || cseq.next() != Some(self.method) {
            return plain("400 CSeq Does Not Fit");
        }
        if self
            .first("Content-Length", "l")
            .is_some_and(|l| l.parse::<usize>().map_or(true, |l| l > length - self.body))
        {
            return plain("400 Content-Length Does Not Fit");
        }
        if !KNOWN.contains(&self.method) {
            return Some(("501 Not Implemented", format!("Allow: {}\r\n", super::ALLOW)));
        }
        match self.first("Max-Forwards", "").map(str::parse::<u8>) {
            Some(Ok(0)) => return plain("483 Too Many Hops"),
            Some(Err(_)) => return plain("400 Max-Forwards Is Not A Number"),
            _ => {}
        }
        let begins = !tagged(self.first("To", "t").unwrap_or_default()) && !matches!(self.method, "ACK" | "CANCEL");
        if begins && !admit() {
            return Some(("503 Service Unavailable", "Retry-After: 5\r\n".to_owned()));
        }
        None
    }

    fn answer(&self, status: &str, more: &str, source: SocketAddr) -> Vec<u8> {
        let mut answer = format!("SIP/2.0 {status}\r\n");
        for (index, via) in self.all("Via", "v").enumerate() {
            let via = if index == 0 { seen_from(via, source) } else { via.to_owned() };
            answer.push_str(&format!("Via: {via}\r\n"));
        }
        let (from, to) = (self.first("From", "f").unwrap_or_default(), self.first("To", "t").unwrap_or_default());
        let call = self.first("Call-ID", "i").unwrap_or_default();
        let cseq = self.first("CSeq", "").unwrap_or_default();
        let tag = if tagged(to) { String::new() } else { format!(";tag={}", steady_tag(&[from, call, cseq])) };
        answer.push_str(&format!(
            "From: {from}\r\nTo: {to}{tag}\r\nCall-ID: {call}\r\nCSeq: {cseq}\r\n{more}Content-Length: 0\r\n\r\n"
        ));
        answer.into_bytes()
    }

    fn pass(&self, datagram: &[u8]) -> Verdict {
        let body = &datagram[self.body..];
        let length = self.first("Content-Length", "l").and_then(|l| l.parse().ok()).unwrap_or(body.len());
        if !self.folded && length == body.len() {
            return Verdict::Pass;
        }
        let mut message = format!("{}\r\n", self.start);
        for (name, value) in &self.headers {
            message.push_str(&format!("{name}: {value}\r\n"));
        }
        let mut message = (message + "\r\n").into_bytes();
        message.extend_from_slice(body.get(..length).unwrap_or(body));
        Verdict::PassAs(message)
    }
}

/// Where the headers end and where the body begins.
fn head_end(datagram: &[u8]) -> (usize, usize) {
    let mut at = 0;
    while let Some(found) = datagram[at..].iter().position(|b| *b == b'\n') {
        let end = at + found;
        let rest = &datagram[end + 1..];
        if rest.starts_with(b"\r\n") {
            return (end, end + 3);
        }
        if rest.starts_with(b"\n") {
            return (end, end + 2);
        }
        at = end + 1;
    }
    (datagram.len(), datagram.len())
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte)
}

/// Whether a To or From value has a tag; parameters of the URI inside `<…>` don't count.
fn tagged(value: &str) -> bool {
    let after = value.rsplit_once('>').map_or(value, |(_, after)| after);
    after.split(';').skip(1).any(|p| p.trim_start().get(..4).is_some_and(|p| p.eq_ignore_ascii_case("tag=")))
}

/// The top Via with the address it really came from (RFC 3261 section 18.2.1, RFC 3581).
fn seen_from(via: &str, source: SocketAddr) -> String {
    let (first, others) = via.split_once(',').map_or((via, String::new()), |(first, rest)| (first, format!(",{rest}")));
    let kept: Vec<_> = first
        .split(';')
        .filter(|p| {
            let name = p.split('=').next().unwrap_or_default().trim();
            !name.eq_ignore_ascii_case("rport") && !name.eq_ignore_ascii_case("received")
        })
        .collect();
    format!("{};received={};rport={}{others}", kept.join(";"), source.ip(), source.port())
}

/// The same tag for the same request, however often it is sent (RFC 3261 section 8.2.7).
fn steady_tag(parts: &[&str]) -> String {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> SocketAddr {
        "192.0.2.9:5070".parse().expect("an address")
    }

    fn request(method: &str, version: &str, more: &str) -> String {
        format!(
            "{method} sip:a@b {version}\r\nVia: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1;rport\r\nFrom: <sip:c@d>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: x\r\n{more}\r\n"
        )
    }

    fn verdict(text: &str) -> Verdict {
        screen(text.as_bytes(), true, source(), || true)
    }

    fn status(text: &str) -> String {
        match verdict(text) {
            Verdict::Answer(answer) => {
                String::from_utf8(answer).expect("text").split(' ').nth(1).expect("a status").to_owned()
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn each_fault_gets_its_own_status() {
        for (method, version, more, expected) in [
            ("INVITE", "SIP/2.0", "CSeq: 1 INVITE\r\nMax-Forwards: 70\r\n", "Pass"),
            ("INVITE", "SIP/7.0", "CSeq: 1 INVITE\r\n", "505"),
            ("INVITE", "SIP/2.0", "CSeq: 1 OPTIONS\r\n", "400"),
            ("INVITE", "SIP/2.0", "CSeq: 99999999999 INVITE\r\n", "400"),
            ("INVITE", "SIP/2.0", "CSeq: 1 INVITE\r\nContent-Length: 10\r\n", "400"),
            ("INVITE", "SIP/2.0", "CSeq: 1 INVITE\r\nMax-Forwards: 0\r\n", "483"),
            ("TELEPORT", "SIP/2.0", "CSeq: 1 TELEPORT\r\n", "501"),
            ("ACK", "SIP/2.0", "CSeq: 1 INVITE\r\n", "Drop"),
            ("INVITE", "SIP/2.0", "", "Drop"),
        ] {
            assert_eq!(status(&request(method, version, more)), expected, "{method} {version} {more}");
        }
    }

    #[test]
    fn the_answer_goes_back_along_the_via_with_the_address_seen() {
        let Verdict::Answer(answer) = verdict(&request("INVITE", "SIP/7.0", "CSeq: 1 INVITE\r\n")) else {
            panic!("an answer was expected");
        };
        let text = String::from_utf8(answer).expect("text");
        assert!(text.contains("Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1;received=192.0.2.9;rport=5070\r\n"));
        assert!(text.contains("To: <sip:a@b>;tag="));
    }

    #[test]
    fn only_what_begins_something_asks_for_admission() {
        let refuse = |text: &str| screen(text.as_bytes(), true, source(), || false);
        assert!(matches!(refuse(&request("INVITE", "SIP/2.0", "CSeq: 1 INVITE\r\n")), Verdict::Answer(_)));
        let within = request("BYE", "SIP/2.0", "CSeq: 2 BYE\r\n").replace("To: <sip:a@b>", "To: <sip:a@b>;tag=2");
        assert_eq!(refuse(&within), Verdict::Pass);
        assert_eq!(refuse("SIP/2.0 200 OK\r\n\r\n"), Verdict::Pass);
    }

    #[test]
    fn folded_headers_are_unfolded_and_surplus_bytes_cut_off() {
        let text = request("INVITE", "SIP/2.0", "CSeq: 1\r\n  INVITE\r\nContent-Length: 2\r\n") + "abcd";
        let Verdict::PassAs(message) = verdict(&text) else { panic!("a rewritten message was expected") };
        let message = String::from_utf8(message).expect("text");
        assert!(message.contains("CSeq: 1 INVITE\r\n"));
        assert!(message.ends_with("\r\n\r\nab"));
    }

    #[test]
    fn a_datagram_that_did_not_fit_is_too_large() {
        let text = request("INVITE", "SIP/2.0", "CSeq: 1 INVITE\r\n");
        let verdict = screen(text.as_bytes(), false, source(), || true);
        assert!(matches!(verdict, Verdict::Answer(answer) if answer.starts_with(b"SIP/2.0 513 ")));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300), cut in 0usize..400) {
            let _ = screen(&bytes, true, source(), || true);
            let mut text = request("INVITE", "SIP/2.0", "CSeq: 1 INVITE\r\nContent-Length: 3\r\n").into_bytes();
            text.truncate(cut.min(text.len()));
            text.extend(bytes);
            let _ = screen(&text, true, source(), || true);
        }
    }
}
