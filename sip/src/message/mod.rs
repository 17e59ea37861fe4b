//! SIP messages (RFC 3261 sections 7, 20 and 25): read from the wire, held as values, written back. Pure.
//!
//! - [`Message`], [`Request`], [`Response`]: one message; [`Message::parse`] takes a datagram, [`Framer`] a stream.
//! - [`Headers`], [`Name`]: the header fields in their order, values as text; typed views read them on demand.
//! - [`Uri`], [`NameAddr`], [`Via`], [`CSeq`], [`Params`]: the parts that have a structure of their own.
//!
//! Reading is lenient where the standard leaves no doubt about the meaning (compact names, folded lines, bare line feeds, any case), and says
//! what is wrong otherwise; a request that is wrong but can be answered comes back with the status that it deserves. Nothing here panics
//! on any input. What a message means is left to `core`.

mod address;
mod framer;
mod header;
mod method;
mod parse;
mod uri;

use bytes::Bytes;

pub use address::{CSeq, NameAddr, RAck, Replaces, Via};
pub use framer::{FrameError, Framer};
pub use header::{Header, Headers, Name, split_list};
pub use method::Method;
pub use parse::{MAX_BYTES, ParseError};
pub use uri::{Host, Params, Scheme, Uri, UriError};

/// A request or a response.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// A request.
    Request(Request),
    /// A response.
    Response(Response),
}

/// A request.
#[derive(Clone, PartialEq)]
pub struct Request {
    /// What is asked for.
    pub method: Method,
    /// The Request-URI.
    pub uri: Uri,
    /// The header fields, without Content-Length.
    pub headers: Headers,
    /// The body.
    pub body: Bytes,
}

/// A response.
#[derive(Clone, PartialEq)]
pub struct Response {
    /// 100 to 699.
    pub status: u16,
    /// The reason phrase.
    pub reason: String,
    /// The header fields, without Content-Length.
    pub headers: Headers,
    /// The body.
    pub body: Bytes,
}

// Numbers, names and credentials are in the headers: no `Debug` may print them.
impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Request({}, {} headers, {} bytes)", self.method, self.headers.len(), self.body.len())
    }
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Response({}, {} headers, {} bytes)", self.status, self.headers.len(), self.body.len())
    }
}

impl Message {
    /// The header fields.
    pub fn headers(&self) -> &Headers {
        match self {
            Message::Request(request) => &request.headers,
            Message::Response(response) => &response.headers,
        }
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        match self {
            Message::Request(request) => &request.body,
            Message::Response(response) => &response.body,
        }
    }

    /// The message as it goes on the wire.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Message::Request(request) => request.to_bytes(),
            Message::Response(response) => response.to_bytes(),
        }
    }
}

impl Request {
    /// A request without headers.
    pub fn new(method: Method, uri: Uri) -> Self {
        Request { method, uri, headers: Headers::default(), body: Bytes::new() }
    }

    /// Adds a header; for building a message in one expression.
    pub fn with(mut self, name: Name, value: impl Into<String>) -> Self {
        self.headers.push(name, value);
        self
    }

    /// The request as it goes on the wire, with its Content-Length.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(512 + self.body.len());
        out.extend_from_slice(self.method.as_str().as_bytes());
        out.push(b' ');
        self.uri.write(&mut out);
        out.extend_from_slice(b" SIP/2.0\r\n");
        finish(out, &self.headers, &self.body)
    }

    /// The tag of To: set in requests within a dialog.
    pub fn to_tag(&self) -> Option<&str> {
        self.headers.tag(&Name::To)
    }

    /// A response to this request: Via, From, To, Call-ID, CSeq and (for what can begin a dialog) Record-Route are copied
    /// (RFC 3261 section 8.2.6.2). `tag` is added to To unless it has one.
    pub fn respond(&self, status: u16, tag: Option<&str>) -> Response {
        let mut headers = Headers::with_capacity(self.headers.len());
        let dialog = matches!(self.method, Method::Invite | Method::Subscribe | Method::Refer | Method::Notify);
        for header in self.headers.iter() {
            match header.name {
                Name::Via | Name::From | Name::CallId | Name::CSeq => headers.push(header.name.clone(), header.value()),
                Name::RecordRoute if dialog && (101..300).contains(&status) => {
                    headers.push(Name::RecordRoute, header.value());
                }
                Name::Timestamp if status == 100 => headers.push(Name::Timestamp, header.value()),
                Name::To => match tag {
                    Some(tag) if status > 100 && header::tag_of(header.value()).is_none() => {
                        headers.push(Name::To, format!("{};tag={tag}", header.value()));
                    }
                    _ => headers.push(Name::To, header.value()),
                },
                _ => {}
            }
        }
        Response { status, reason: reason_phrase(status).to_owned(), headers, body: Bytes::new() }
    }
}

impl Response {
    /// Adds a header; for building a message in one expression.
    pub fn with(mut self, name: Name, value: impl Into<String>) -> Self {
        self.headers.push(name, value);
        self
    }

    /// The response as it goes on the wire, with its Content-Length.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(512 + self.body.len());
        out.extend_from_slice(b"SIP/2.0 ");
        push_number(&mut out, u64::from(self.status));
        out.push(b' ');
        // No reason phrase can begin a header.
        let reason = out.len();
        out.extend_from_slice(self.reason.as_bytes());
        out[reason..].iter_mut().filter(|b| **b < b' ').for_each(|b| *b = b' ');
        out.extend_from_slice(b"\r\n");
        finish(out, &self.headers, &self.body)
    }

    /// The tag of To, which names the dialog's other end.
    pub fn to_tag(&self) -> Option<&str> {
        self.headers.tag(&Name::To)
    }
}

fn finish(mut out: Vec<u8>, headers: &Headers, body: &[u8]) -> Vec<u8> {
    for header in headers.iter() {
        out.extend_from_slice(header.name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(header.value().as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"Content-Length: ");
    push_number(&mut out, body.len() as u64);
    out.extend_from_slice(b"\r\n\r\n");
    out.extend_from_slice(body);
    out
}

fn push_number(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// The usual reason phrase of a status.
#[allow(clippy::match_overlapping_arm)] // First the names, then what is left of each class.
pub fn reason_phrase(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        181 => "Call Is Being Forwarded",
        182 => "Queued",
        183 => "Session Progress",
        200 => "OK",
        202 => "Accepted",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Moved Temporarily",
        305 => "Use Proxy",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        410 => "Gone",
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        421 => "Extension Required",
        422 => "Session Interval Too Small",
        423 => "Interval Too Brief",
        429 => "Provide Referrer Identity",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        483 => "Too Many Hops",
        484 => "Address Incomplete",
        485 => "Ambiguous",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        489 => "Bad Event",
        491 => "Request Pending",
        493 => "Undecipherable",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        600 => "Busy Everywhere",
        603 => "Decline",
        604 => "Does Not Exist Anywhere",
        606 => "Not Acceptable",
        100..=199 => "Progress",
        200..=299 => "OK",
        300..=399 => "Redirected",
        400..=499 => "Request Failed",
        500..=599 => "Server Error",
        _ => "Failed",
    }
}

#[cfg(test)]
mod tests;
