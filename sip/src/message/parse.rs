//! Reading one whole message.

use std::borrow::Cow;

use bytes::Bytes;

use super::header::{Headers, Name};
use super::method::{Method, is_token};
use super::uri::{Host, Params, Scheme, Uri};
use super::{Message, Request, Response};

/// Longer messages are not read: eight times what a datagram of telephony carries, and as much as UDP can.
pub const MAX_BYTES: usize = 65_535;
/// More header fields than any real message has.
const MAX_HEADERS: usize = 256;

/// Why bytes are no message.
#[derive(Clone, Debug, PartialEq)]
pub enum ParseError {
    /// White space between messages: a keep-alive (RFC 5626 section 3.5.1).
    KeepAlive,
    /// No SIP, or too broken to be answered.
    Garbage(&'static str),
    /// A request that can be answered, and with what.
    Answerable {
        /// The request, with an empty URI where that was what is wrong.
        request: Box<Request>,
        /// 400, 414, 416, 505 or 513.
        status: u16,
        /// What is wrong, in a few words.
        why: &'static str,
    },
}

impl Message {
    /// Reads one datagram. Bytes beyond the Content-Length are cut off (RFC 3261 section 18.3).
    pub fn parse(datagram: &[u8]) -> Result<Message, ParseError> {
        if datagram.len() > MAX_BYTES {
            return Err(ParseError::Garbage("too long"));
        }
        // Line ends before the start line are left out (RFC 3261 section 7.5).
        let start = datagram.iter().position(|b| !matches!(b, b'\r' | b'\n')).unwrap_or(datagram.len());
        let datagram = &datagram[start..];
        if datagram.iter().all(|b| b.is_ascii_whitespace() || *b == 0) {
            return Err(ParseError::KeepAlive);
        }
        let (head, body) = split_head(datagram).ok_or(ParseError::Garbage("no end of the headers"))?;
        let head = Head::read(head)?;
        head.finish(body, false)
    }
}

/// The headers with their last line end, and what follows the empty line; nothing without an empty line.
pub(super) fn split_head(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    memchr::memchr_iter(b'\n', bytes).find_map(|end| {
        let (head, rest) = bytes.split_at(end + 1);
        let body = match rest {
            [b'\r', b'\n', body @ ..] | [b'\n', body @ ..] => body,
            _ => return None,
        };
        Some((head, body))
    })
}

/// The lines of a text, without their ends.
struct Lines<'a>(&'a str);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.0.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', self.0.as_bytes());
        let (line, rest) = end.map_or((self.0, ""), |end| (&self.0[..end], &self.0[end + 1..]));
        self.0 = rest;
        Some(line.strip_suffix('\r').unwrap_or(line))
    }
}

impl<'a> Lines<'a> {
    /// The next line if it goes on with the value of the one before.
    fn folded(&mut self) -> Option<&'a str> {
        self.0.starts_with([' ', '\t']).then(|| self.next()).flatten()
    }
}

/// The head as text. Names in Latin-1 are met in the display names of old equipment: bytes that are no UTF-8 are read so.
fn text(head: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(head) {
        return text.into();
    }
    let mut text = String::with_capacity(head.len() * 2);
    for chunk in head.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(
            chunk.invalid().iter().map(|b| if *b < 0xa0 { char::REPLACEMENT_CHARACTER } else { char::from(*b) }),
        );
    }
    text.into()
}

/// Everything before the body.
pub(super) struct Head {
    start: Start,
    headers: Headers,
    pub(super) content_length: Option<Result<usize, ()>>,
    /// Whether a line is no header.
    odd: bool,
}

enum Start {
    Request { method: Method, uri: Result<Uri, (u16, &'static str)>, version: bool },
    Response { status: u16, reason: String },
}

impl Head {
    pub(super) fn read(head: &[u8]) -> Result<Head, ParseError> {
        let text = text(head);
        let mut lines = Lines(&text);
        let start = Start::read(lines.next().unwrap_or_default())?;
        let mut headers = Headers::with_capacity(16);
        let mut content_length = None;
        let mut count = 0;
        let mut odd = false;
        while let Some(line) = lines.next() {
            count += 1;
            if count > MAX_HEADERS {
                return Err(ParseError::Garbage("too many headers"));
            }
            if line.is_empty() {
                continue;
            }
            let named = line.split_once(':').map(|(name, value)| (name.trim_ascii_end(), value));
            let Some((name, value)) = named.filter(|(name, _)| !name.is_empty() && name.bytes().all(is_token)) else {
                odd = true;
                continue;
            };
            let name = Name::parse(name);
            let mut value = Cow::Borrowed(value.trim_ascii());
            while let Some(more) = lines.folded() {
                let value = value.to_mut();
                value.push(' ');
                value.push_str(more.trim_ascii());
            }
            if name == Name::ContentLength {
                let number = value.parse::<usize>().ok().filter(|_| value.bytes().all(|b| b.is_ascii_digit()));
                let number = number.ok_or(());
                // Two that contradict each other are the seam of a smuggled message.
                content_length = Some(match content_length {
                    Some(before) if before != number => Err(()),
                    _ => number,
                });
                continue;
            }
            headers.push(name, value);
        }
        Ok(Head { start, headers, content_length, odd })
    }

    /// Puts head and body together; on a stream the body has exactly the length that the head says.
    pub(super) fn finish(self, body: &[u8], stream: bool) -> Result<Message, ParseError> {
        let fault = match self.content_length {
            Some(Err(())) => Some((400, "the Content-Length is no number")),
            Some(Ok(length)) if length > body.len() => Some((400, "the body is shorter than its Content-Length")),
            // In a response it is passed over: to lose the whole answer would be worse.
            _ if self.odd && matches!(self.start, Start::Request { .. }) => Some((400, "a line is no header")),
            _ => None,
        };
        let length = match self.content_length {
            Some(Ok(length)) => length.min(body.len()),
            _ if stream => 0,
            _ => body.len(),
        };
        let body = Bytes::copy_from_slice(&body[..length]);
        match self.start {
            Start::Response { status, reason } => match fault {
                Some((_, why)) => Err(ParseError::Garbage(why)),
                None => Ok(Message::Response(Response { status, reason, headers: self.headers, body })),
            },
            Start::Request { method, uri, version } => {
                let fault = if version { fault } else { Some((505, "another version of SIP")) };
                let (uri, fault) = match uri {
                    Ok(uri) => (uri, fault),
                    Err(wrong) => (nowhere(), fault.or(Some(wrong))),
                };
                let request = Request { method, uri, headers: self.headers, body };
                match fault {
                    Some((status, why)) => Err(ParseError::Answerable { request: Box::new(request), status, why }),
                    None => Ok(Message::Request(request)),
                }
            }
        }
    }
}

fn nowhere() -> Uri {
    let host = Host::Name("invalid".into());
    Uri { scheme: Scheme::Sip, user: None, host, port: None, params: Params::default(), headers: None }
}

impl Start {
    fn read(line: &str) -> Result<Self, ParseError> {
        if line.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("SIP/")) {
            let rest = &line[4..];
            let (version, rest) = rest.split_once(' ').ok_or(ParseError::Garbage("half a status line"))?;
            let (status, reason) = rest.split_once(' ').unwrap_or((rest, ""));
            let three = status.len() == 3 && status.bytes().all(|b| b.is_ascii_digit());
            let status = status.parse().ok().filter(|status| three && (100..700).contains(status));
            let status = status.filter(|_| version == "2.0").ok_or(ParseError::Garbage("no status"))?;
            let reason: String = reason.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            return Ok(Start::Response { status, reason: reason.trim_ascii().to_owned() });
        }
        let line = line.trim_end_matches([' ', '\t']);
        let (method, rest) = line.split_once(' ').ok_or(ParseError::Garbage("half a request line"))?;
        let method = Method::parse(method).ok_or(ParseError::Garbage("the method is no token"))?;
        let (uri, version) = rest.rsplit_once(' ').ok_or(ParseError::Garbage("half a request line"))?;
        let Some(version) = version.get(..4).filter(|v| v.eq_ignore_ascii_case("SIP/")).map(|_| &version[4..]) else {
            return Err(ParseError::Garbage("the request line does not end in a version"));
        };
        let uri = Uri::parse(uri).map_err(|error| (400, error.0));
        Ok(Start::Request { method, uri, version: version == "2.0" })
    }
}
