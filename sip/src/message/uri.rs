//! URIs (RFC 3261 section 19.1, RFC 3966) and the parameters that hang on them and on header values.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// A URI. `tel:` numbers stand in `user`, with an empty host.
#[derive(Clone, PartialEq, Eq)]
pub struct Uri {
    /// The scheme.
    pub scheme: Scheme,
    /// The user part as it is written (escapes kept), without a password.
    pub user: Option<String>,
    /// Where to.
    pub host: Host,
    /// The port, when it is named.
    pub port: Option<u16>,
    /// What follows the semicolons.
    pub params: Params,
    /// What follows the question mark, as it is written.
    pub headers: Option<String>,
}

/// A scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `sip:`
    Sip,
    /// `sips:`
    Sips,
    /// `tel:`
    Tel,
    /// Another, whose rest is kept as it is in `user`.
    Other(Box<str>),
}

/// A host.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// An address; IPv6 in brackets.
    Ip(IpAddr),
    /// A domain name in lower case; empty in `tel:` URIs.
    Name(Box<str>),
}

/// Why a text is no URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a URI: {0}")]
pub struct UriError(pub(super) &'static str);

/// Parameters in their order; names compare without case.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Params(Vec<(Box<str>, Option<Box<str>>)>);

// A user part is a number or a name.
impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uri({}:…)", self.scheme.as_str())
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Params({})", self.0.len())
    }
}

impl Scheme {
    fn as_str(&self) -> &str {
        match self {
            Scheme::Sip => "sip",
            Scheme::Sips => "sips",
            Scheme::Tel => "tel",
            Scheme::Other(name) => name,
        }
    }
}

impl Host {
    /// Reads a host: an IPv4 address, an IPv6 address in brackets, or a name.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        if let Some(inner) = text.strip_prefix('[') {
            let inner = inner.strip_suffix(']').ok_or(UriError("a bracket is open"))?;
            let ip: Ipv6Addr = inner.parse().map_err(|_| UriError("no IPv6 address in the brackets"))?;
            return Ok(Host::Ip(IpAddr::V6(ip)));
        }
        if let Ok(ip) = text.parse() {
            return Ok(Host::Ip(IpAddr::V4(ip)));
        }
        let named = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
        if !named || text.len() > 255 {
            return Err(UriError("the host is neither an address nor a name"));
        }
        Ok(Host::Name(text.to_ascii_lowercase().into()))
    }

    /// The address, when it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Host::Ip(ip) => Some(*ip),
            Host::Name(_) => None,
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Ip(IpAddr::V4(ip)) => write!(f, "{ip}"),
            Host::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
            Host::Name(name) => f.write_str(name),
        }
    }
}

impl From<IpAddr> for Host {
    fn from(ip: IpAddr) -> Self {
        Host::Ip(ip)
    }
}

/// Splits `host[:port]`.
pub(super) fn host_port(text: &str) -> Result<(Host, Option<u16>), UriError> {
    let text = text.trim_ascii();
    let at = match text.rfind(']') {
        Some(bracket) => text[bracket..].find(':').map(|colon| bracket + colon),
        None => text.find(':'),
    };
    match at {
        Some(at) => {
            let port = text[at + 1..].trim_ascii();
            let digits = port.bytes().all(|b| b.is_ascii_digit());
            let port = port.parse().ok().filter(|_| digits).ok_or(UriError("the port is not a number below 65536"))?;
            Ok((Host::parse(text[..at].trim_ascii())?, Some(port)))
        }
        None => Ok((Host::parse(text)?, None)),
    }
}

impl Uri {
    /// `sip:` with this user at this address; the port is always written.
    pub fn sip(user: Option<&str>, addr: SocketAddr) -> Self {
        Uri {
            scheme: Scheme::Sip,
            user: user.filter(|user| !user.is_empty()).map(str::to_owned),
            host: addr.ip().into(),
            port: Some(addr.port()),
            params: Params::default(),
            headers: None,
        }
    }

    /// Reads a URI without brackets around it.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        if text.bytes().any(|b| b <= b' ' || matches!(b, b'<' | b'>' | b'"' | 0x7f)) {
            return Err(UriError("it has a space, a bracket or a quote"));
        }
        let (scheme, rest) = text.split_once(':').ok_or(UriError("it has no scheme"))?;
        let named = scheme.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
        if !named {
            return Err(UriError("its scheme is no name"));
        }
        if scheme.eq_ignore_ascii_case("sip") {
            Uri::parse_sip(Scheme::Sip, rest)
        } else if scheme.eq_ignore_ascii_case("sips") {
            Uri::parse_sip(Scheme::Sips, rest)
        } else if scheme.eq_ignore_ascii_case("tel") {
            let (number, params) = rest.split_once(';').map_or((rest, ""), |(number, params)| (number, params));
            let digits = |b: u8| b.is_ascii_hexdigit() || b"+*#-.()".contains(&b);
            if number.is_empty() || !number.bytes().all(digits) {
                return Err(UriError("its telephone number is none"));
            }
            let params = Params::parse(params)?;
            Ok(Uri::flat(Scheme::Tel, number, params))
        } else {
            Ok(Uri::flat(Scheme::Other(scheme.to_ascii_lowercase().into()), rest, Params::default()))
        }
    }

    fn flat(scheme: Scheme, user: &str, params: Params) -> Self {
        Uri { scheme, user: Some(user.to_owned()), host: Host::Name("".into()), port: None, params, headers: None }
    }

    fn parse_sip(scheme: Scheme, rest: &str) -> Result<Self, UriError> {
        // The user part may contain ; and ?, so the @ comes first.
        let (user, rest) = match rest.find('@') {
            Some(at) => (Some(&rest[..at]), &rest[at + 1..]),
            None => (None, rest),
        };
        let user = match user {
            Some(user) => {
                let user = user.split_once(':').map_or(user, |(user, _password)| user);
                if !user.bytes().all(is_user) {
                    return Err(UriError("its user part has characters that must be escaped"));
                }
                // `sip:@host` is no URI, but what is meant by those who write it for a withheld number is plain.
                (!user.is_empty()).then(|| user.to_owned())
            }
            None => None,
        };
        let (rest, headers) = match rest.split_once('?') {
            Some((rest, headers)) => (rest, Some(headers.to_owned())),
            None => (rest, None),
        };
        let (place, params) = rest.split_once(';').map_or((rest, ""), |(place, params)| (place, params));
        let (host, port) = host_port(place)?;
        let mut params = Params::parse(params)?;
        params.undo_needless_escapes();
        Ok(Uri { scheme, user, host, port, params, headers })
    }

    /// The user part with its escapes undone; empty when there is none. For `tel:` the number without visual separators.
    pub fn user(&self) -> String {
        let user = self.user.as_deref().unwrap_or_default();
        // `sip:+49…;phone-context=…@host`: parameters of a telephone number in the user part.
        let user = user.split_once(';').map_or(user, |(number, _)| number);
        let user = unescaped(user);
        if self.scheme == Scheme::Tel { user.replace(['-', '.', '(', ')'], "") } else { user }
    }

    /// Whether this is `sip:` or `sips:`.
    pub fn is_sip(&self) -> bool {
        matches!(self.scheme, Scheme::Sip | Scheme::Sips)
    }

    /// Whether two URIs name the same place (RFC 3261 section 19.1.4, as far as routing needs it: scheme, user, host, port, and the
    /// parameters transport, user, maddr and method).
    pub fn same_place(&self, other: &Uri) -> bool {
        let param = |name: &str| {
            let text = |uri: &Uri| uri.params.get(name).map(|v| v.unwrap_or_default().to_ascii_lowercase());
            text(self) == text(other)
        };
        self.scheme == other.scheme
            && self.user.as_deref().map(unescaped) == other.user.as_deref().map(unescaped)
            && self.host == other.host
            && self.port == other.port
            && ["transport", "user", "maddr", "method"].into_iter().all(param)
    }

    /// The URI as a Request-URI or in a Contact: without `headers` and `method`, which may only stand in a link.
    pub fn bare(mut self) -> Self {
        self.headers = None;
        self.params.remove("method");
        self
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        use std::io::Write as _;
        // Writing into a vector cannot fail.
        let _ = write!(out, "{self}");
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.scheme.as_str())?;
        f.write_str(":")?;
        if let Some(user) = &self.user {
            write_user(user, self.is_sip(), f)?;
            if self.is_sip() {
                f.write_str("@")?;
            }
        }
        if self.is_sip() {
            write!(f, "{}", self.host)?;
            if let Some(port) = self.port {
                write!(f, ":{port}")?;
            }
        }
        write!(f, "{}", self.params)?;
        if let Some(headers) = &self.headers {
            write!(f, "?{headers}")?;
        }
        Ok(())
    }
}

impl std::str::FromStr for Uri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        Uri::parse(text)
    }
}

fn is_user(byte: u8) -> bool {
    const USER: [bool; 256] = super::method::table(b"-_.!~*'()&=+$,;?/%#");
    USER[usize::from(byte)] || byte >= 0x80
}

/// What a caller put into the user part cannot end it early: whatever would is written escaped.
fn write_user(user: &str, sip: bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let safe = |b: u8| if sip { is_user(b) } else { b > b' ' && !matches!(b, b'<' | b'>' | b'"' | 0x7f) };
    let mut rest = user;
    while let Some(at) = rest.bytes().position(|b| !safe(b)) {
        f.write_str(&rest[..at])?;
        write!(f, "%{:02X}", rest.as_bytes()[at])?;
        rest = &rest[at + 1..];
    }
    f.write_str(rest)
}

/// The text with its escapes undone. Control characters stay escaped, so that no line break can come out of it.
pub(super) fn unescaped(text: &str) -> String {
    decoded(text, |byte| byte >= b' ' && byte != 0x7f)
}

fn hex_digit(byte: Option<&u8>) -> Option<u8> {
    byte.and_then(|digit| char::from(*digit).to_digit(16)).map(|digit| digit as u8)
}

/// Whether every percent sign begins an escape.
fn whole_escapes(text: &str) -> bool {
    text.split('%').skip(1).all(|after| after.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2)
}

/// Undoes the escapes of those bytes.
fn decoded(text: &str, which: impl Fn(u8) -> bool) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let value = match (bytes[at], hex_digit(bytes.get(at + 1)), hex_digit(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => Some(high << 4 | low).filter(|value| which(*value)),
            _ => None,
        };
        out.push(value.unwrap_or(bytes[at]));
        at += if value.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

impl Params {
    /// Reads `name=value;flag`, without the first semicolon. Quoted values keep their quotes.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        let mut params = Vec::new();
        if text.is_empty() {
            return Ok(Params(params));
        }
        for part in split_quoted(text, b';') {
            let part = part.trim_ascii();
            if part.is_empty() {
                continue;
            }
            // What is added behind an open quote would be read as a part of it.
            if open_quote(part) {
                return Err(UriError("a quote is open"));
            }
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (name.trim_ascii_end(), Some(value.trim_ascii_start().into())),
                None => (part, None),
            };
            if name.is_empty() || name.bytes().any(|b| b <= b' ' || b == b'"') {
                return Err(UriError("a parameter has no name"));
            }
            params.push((name.into(), value));
        }
        Ok(Params(params))
    }

    /// In a URI `%6C%72` is `lr` (RFC 3261 section 19.1.4): escapes of characters that need none are undone, the others stay.
    fn undo_needless_escapes(&mut self) {
        for (name, value) in &mut self.0 {
            for text in std::iter::once(name).chain(value) {
                // With a percent sign that escapes nothing, undoing the others could make an escape that was not written.
                if text.contains('%') && whole_escapes(text) {
                    *text = decoded(text, |b| b.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&b)).into();
                }
            }
        }
    }

    /// The value of a parameter: `Some(None)` for a flag.
    pub fn get(&self, name: &str) -> Option<Option<&str>> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_deref())
    }

    /// The value of a parameter that has one.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.get(name).flatten()
    }

    /// Whether a parameter is there, with or without a value.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Sets a parameter, in its place if it is there already.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        let value = value.map(Into::into);
        match self.0.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some(found) => found.1 = value,
            None => self.0.push((name.into(), value)),
        }
    }

    /// Removes a parameter.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    /// Every parameter in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(name, value)| (&**name, value.as_deref()))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.0 {
            match value {
                Some(value) => write!(f, ";{name}={value}")?,
                None => write!(f, ";{name}")?,
            }
        }
        Ok(())
    }
}

/// Whether a quoted string begins and does not end.
pub(super) fn open_quote(text: &str) -> bool {
    let (mut quoted, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
    }
    quoted
}

/// Splits at a separator outside quoted strings.
pub(super) fn split_quoted(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (mut quoted, mut escaped) = (false, false);
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                _ if byte == separator && !quoted => {
                    rest = Some(&text[at + 1..]);
                    return Some(&text[..at]);
                }
                _ => {}
            }
        }
        rest = None;
        Some(text)
    })
}
