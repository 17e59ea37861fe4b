//! Header values with a structure: addresses, Via, CSeq, RAck, Replaces.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::method::{Method, is_token};
use super::uri::{Host, Params, Uri, UriError, host_port};

/// A name-addr or addr-spec with parameters: From, To, Contact, Route, Refer-To… (RFC 3261 section 20.10).
#[derive(Clone, PartialEq, Eq)]
pub struct NameAddr {
    /// The display name, without quotes and escapes.
    pub display: Option<String>,
    /// Who or where.
    pub uri: Uri,
    /// The header's parameters, not the URI's.
    pub params: Params,
}

// Names and numbers are personal data.
impl fmt::Debug for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NameAddr(…)")
    }
}

impl NameAddr {
    /// An address without name and parameters.
    pub fn new(uri: Uri) -> Self {
        NameAddr { display: None, uri, params: Params::default() }
    }

    /// The same with a tag.
    pub fn with_tag(mut self, tag: &str) -> Self {
        self.params.set("tag", Some(tag));
        self
    }

    /// The tag.
    pub fn tag(&self) -> Option<&str> {
        self.params.value("tag")
    }

    /// Reads one address.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        let Split { display, uri, params } = Split::of(text)?;
        let display = match display {
            "" => None,
            quoted if quoted.starts_with('"') => Some(unquote(quoted)),
            plain => Some(plain.to_owned()),
        };
        let display = display.filter(|name| !name.is_empty());
        Ok(NameAddr { display, uri: Uri::parse(uri)?, params: Params::parse(params)? })
    }
}

/// An address taken apart, nothing read yet.
pub(super) struct Split<'a> {
    /// With its quotes; empty when there is none.
    display: &'a str,
    uri: &'a str,
    /// What follows the address, beginning with a semicolon or empty.
    pub(super) params: &'a str,
}

impl<'a> Split<'a> {
    pub(super) fn of(text: &'a str) -> Result<Self, UriError> {
        let text = text.trim_ascii();
        let (display, rest) = if text.starts_with('"') {
            let end = closing_quote(text).ok_or(UriError("a quote is open"))?;
            let rest = text[end + 1..].trim_ascii_start();
            if !rest.starts_with('<') {
                return Err(UriError("an address with a name needs brackets"));
            }
            (&text[..=end], rest)
        } else {
            // Strictly a name without quotes is made of tokens; commas, colons and parentheses are met all the same.
            match text.find(['<', ';', '"']) {
                Some(at) if text.as_bytes()[at] == b'<' => (text[..at].trim_ascii_end(), &text[at..]),
                // Without brackets, everything behind the semicolon belongs to the header (RFC 3261 section 20).
                Some(at) if text.as_bytes()[at] == b';' => {
                    return Ok(Split { display: "", uri: text[..at].trim_ascii_end(), params: &text[at..] });
                }
                Some(_) => return Err(UriError("a quote in the middle of a name")),
                None => return Ok(Split { display: "", uri: text, params: "" }),
            }
        };
        let (uri, params) = rest[1..].split_once('>').ok_or(UriError("a bracket is open"))?;
        let params = params.trim_ascii_start();
        if !params.is_empty() && !params.starts_with(';') {
            return Err(UriError("something follows the address"));
        }
        // Spaces within the brackets are wrong and harmless.
        Ok(Split { display, uri: uri.trim_ascii(), params })
    }
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.display {
            let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
            write!(f, "\"{escaped}\" ")?;
        }
        write!(f, "<{}>{}", self.uri, self.params)
    }
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().enumerate().skip(1).find_map(|(at, byte)| {
        let end = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        end.then_some(at)
    })
}

fn unquote(text: &str) -> String {
    let inner = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            c => out.push(c),
        }
    }
    out
}

/// A Via value (RFC 3261 section 20.42).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    /// `UDP`, `TCP`, `TLS`, `WS`, `WSS`.
    pub transport: Box<str>,
    /// The sent-by host.
    pub host: Host,
    /// The sent-by port.
    pub port: Option<u16>,
    /// `branch`, `received`, `rport` and others.
    pub params: Params,
}

impl Via {
    /// Reads one Via value.
    pub fn parse(text: &str) -> Option<Self> {
        let (protocol, rest) = split_protocol(text.trim_ascii())?;
        let (place, params) = rest.split_once(';').map_or((rest, ""), |(place, params)| (place, params));
        let (host, port) = host_port(place).ok()?;
        Some(Via { transport: protocol, host, port, params: Params::parse(params).ok()? })
    }

    /// The branch; empty in messages of RFC 2543.
    pub fn branch(&self) -> &str {
        self.params.value("branch").unwrap_or_default()
    }

    /// Notes where the message came from.
    pub fn mark_received(&mut self, source: SocketAddr) {
        let ip = source.ip().to_canonical();
        let asked = self.params.has("rport");
        if asked {
            self.params.set("rport", Some(&source.port().to_string()));
        }
        if asked || self.host.ip() != Some(ip) {
            self.params.set("received", Some(&ip.to_string()));
        } else {
            // What the sender itself wrote there would send the response to someone else.
            self.params.remove("received");
        }
    }

    /// Where a response goes over UDP (RFC 3261 section 18.2.2, RFC 3581 section 4); `None` when only a name says where.
    pub fn response_address(&self) -> Option<SocketAddr> {
        let received = self.params.value("received").and_then(|ip| ip.trim_matches(['[', ']']).parse::<IpAddr>().ok());
        let ip = received.or(self.host.ip())?;
        let rport = self.params.value("rport").and_then(|port| port.parse().ok());
        let default = if self.transport.eq_ignore_ascii_case("TLS") { 5061 } else { 5060 };
        Some(SocketAddr::new(ip, rport.or(self.port).unwrap_or(default)))
    }
}

/// `SIP / 2.0 / UDP host`: spaces are allowed around the slashes.
fn split_protocol(text: &str) -> Option<(Box<str>, &str)> {
    let (name, rest) = text.split_once('/')?;
    let (version, rest) = rest.split_once('/')?;
    if !name.trim_ascii().eq_ignore_ascii_case("SIP") || version.trim_ascii() != "2.0" {
        return None;
    }
    let rest = rest.trim_ascii_start();
    let end = rest.find([' ', '\t'])?;
    let transport = &rest[..end];
    (!transport.is_empty() && transport.bytes().all(is_token))
        .then(|| (transport.into(), rest[end..].trim_ascii_start()))
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP/2.0/{} {}", self.transport, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "{}", self.params)
    }
}

/// A CSeq value (RFC 3261 section 20.16).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CSeq {
    /// Below 2^31.
    pub seq: u32,
    /// The request's method.
    pub method: Method,
}

impl CSeq {
    /// Reads a CSeq value.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace();
        let seq = words.next().and_then(number).filter(|seq| *seq < 1 << 31)?;
        let method = Method::parse(words.next()?)?;
        words.next().is_none().then_some(CSeq { seq, method })
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.seq, self.method)
    }
}

fn number(text: &str) -> Option<u32> {
    // A plus sign would be read as well.
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// A RAck value (RFC 3262 section 7.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RAck {
    /// The RSeq of the provisional response.
    pub rseq: u32,
    /// The CSeq of the request that it answered.
    pub cseq: CSeq,
}

impl RAck {
    /// Reads a RAck value.
    pub fn parse(text: &str) -> Option<Self> {
        let (rseq, cseq) = text.trim_ascii().split_once([' ', '\t'])?;
        Some(RAck { rseq: number(rseq)?, cseq: CSeq::parse(cseq)? })
    }
}

impl fmt::Display for RAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rseq, self.cseq)
    }
}

/// A Replaces value (RFC 3891), or what stands escaped in the headers of a Refer-To URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaces {
    /// The Call-ID of the dialog to replace.
    pub call_id: String,
    /// Its tag at the receiver.
    pub to_tag: String,
    /// Its tag at the receiver's peer.
    pub from_tag: String,
    /// Whether only an early dialog may be replaced.
    pub early_only: bool,
}

impl Replaces {
    /// Reads a Replaces value.
    pub fn parse(text: &str) -> Option<Self> {
        let (call_id, params) = text.split_once(';')?;
        let params = Params::parse(params).ok()?;
        Some(Replaces {
            call_id: call_id.trim_ascii().to_owned(),
            to_tag: params.value("to-tag")?.to_owned(),
            from_tag: params.value("from-tag")?.to_owned(),
            early_only: params.has("early-only"),
        })
    }

    /// The value inside a URI: `?Replaces=…`, escaped.
    pub fn in_uri(uri: &Uri) -> Option<Self> {
        let headers = uri.headers.as_deref()?;
        let value = headers.split('&').find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            name.eq_ignore_ascii_case("Replaces").then_some(value)
        })?;
        Replaces::parse(&super::uri::unescaped(value))
    }

    /// The value escaped for a URI's headers.
    pub fn escaped(&self) -> String {
        let text = self.to_string();
        let mut out = String::with_capacity(text.len() + 16);
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
                out.push(char::from(byte));
            } else {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
        out
    }
}

impl fmt::Display for Replaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};to-tag={};from-tag={}", self.call_id, self.to_tag, self.from_tag)?;
        if self.early_only {
            f.write_str(";early-only")?;
        }
        Ok(())
    }
}
