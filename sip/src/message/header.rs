//! Header fields: their names, and the list of them that a message carries.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::SocketAddr;

use super::address::{CSeq, NameAddr, Split, Via};
use super::method::is_token;
use super::uri::{Uri, split_quoted};

macro_rules! names {
    ($( $variant:ident = $name:literal $(/ $short:literal)?; )*) => {
        /// The name of a header field. Those that this stack reads or writes have a variant. Names compare without case.
        #[derive(Clone, Debug)]
        #[allow(missing_docs)] // The names are the headers' own.
        pub enum Name { $( $variant, )* /// Any other, as it was written.
            Other(Box<str>) }

        impl Name {
            /// The full name.
            pub fn as_str(&self) -> &str {
                match self { $( Name::$variant => $name, )* Name::Other(name) => name }
            }

            /// The name that is meant, in any case, in its long or compact form.
            pub fn parse(text: &str) -> Self {
                $( if text.len() == $name.len() && text.eq_ignore_ascii_case($name) { return Name::$variant; } )*
                $($( if text.len() == 1 && text.eq_ignore_ascii_case($short) { return Name::$variant; } )?)*
                Name::Other(text.into())
            }
        }
    };
}

names! {
    Via = "Via" / "v";
    From = "From" / "f";
    To = "To" / "t";
    CallId = "Call-ID" / "i";
    CSeq = "CSeq";
    MaxForwards = "Max-Forwards";
    Contact = "Contact" / "m";
    ContentType = "Content-Type" / "c";
    ContentLength = "Content-Length" / "l";
    Route = "Route";
    RecordRoute = "Record-Route";
    UserAgent = "User-Agent";
    Allow = "Allow";
    Supported = "Supported" / "k";
    Require = "Require";
    ProxyRequire = "Proxy-Require";
    Unsupported = "Unsupported";
    Accept = "Accept";
    Authorization = "Authorization";
    ProxyAuthorization = "Proxy-Authorization";
    WwwAuthenticate = "WWW-Authenticate";
    ProxyAuthenticate = "Proxy-Authenticate";
    Expires = "Expires";
    MinExpires = "Min-Expires";
    SessionExpires = "Session-Expires" / "x";
    MinSe = "Min-SE";
    RSeq = "RSeq";
    RAck = "RAck";
    ReferTo = "Refer-To" / "r";
    ReferredBy = "Referred-By" / "b";
    ReferSub = "Refer-Sub";
    Replaces = "Replaces";
    Event = "Event" / "o";
    AllowEvents = "Allow-Events" / "u";
    SubscriptionState = "Subscription-State";
    Server = "Server";
    Reason = "Reason";
    RetryAfter = "Retry-After";
    Warning = "Warning";
    PAssertedIdentity = "P-Asserted-Identity";
    PPreferredIdentity = "P-Preferred-Identity";
    RemotePartyId = "Remote-Party-ID";
    Privacy = "Privacy";
    Diversion = "Diversion";
    HistoryInfo = "History-Info";
    Path = "Path";
    ServiceRoute = "Service-Route";
    ContentEncoding = "Content-Encoding" / "e";
    ContentDisposition = "Content-Disposition";
    Timestamp = "Timestamp";
    Subject = "Subject" / "s";
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Name::Other(one), Name::Other(two)) => one.eq_ignore_ascii_case(two),
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        if let Name::Other(name) = self {
            name.bytes().for_each(|b| state.write_u8(b.to_ascii_lowercase()));
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One header field.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    /// Its name.
    pub name: Name,
    value: Box<str>,
}

impl Header {
    /// Its value, trimmed and unfolded.
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// The header fields of a message in their order.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<Header>);

// Numbers, names and credentials are in the values: only which headers there are may be seen.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|header| header.name.as_str())).finish()
    }
}

impl Headers {
    /// Room for so many.
    pub fn with_capacity(headers: usize) -> Self {
        Headers(Vec::with_capacity(headers))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Header> {
        self.0.iter()
    }

    /// Adds one at the end. Line breaks and other control characters become spaces, so that no value can begin a header of its own;
    /// what cannot stand in a name becomes a hyphen.
    pub fn push(&mut self, name: Name, value: impl Into<String>) {
        let name = match name {
            Name::Other(odd) if odd.is_empty() || !odd.bytes().all(is_token) => {
                let plain = |b: u8| if is_token(b) { char::from(b) } else { '-' };
                Name::Other(std::iter::once('X').filter(|_| odd.is_empty()).chain(odd.bytes().map(plain)).collect())
            }
            name => name,
        };
        let mut value = value.into();
        // Without a way out early this is done many bytes at a time.
        if value.bytes().fold(false, |odd, b| odd | (b < b' ' && b != b'\t')) {
            value = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        }
        let trimmed = value.trim_ascii();
        let value = if trimmed.len() == value.len() { value.into() } else { trimmed.into() };
        self.0.push(Header { name, value });
    }

    /// Adds one at the front.
    pub fn push_front(&mut self, name: Name, value: impl Into<String>) {
        self.push(name, value);
        self.0.rotate_right(1);
    }

    /// Replaces the first of that name, or adds it.
    pub fn set(&mut self, name: Name, value: impl Into<String>) {
        match self.0.iter().position(|header| header.name == name) {
            Some(at) => {
                self.push(name, value);
                self.0.swap_remove(at);
            }
            None => self.push(name, value),
        }
    }

    /// Removes all of that name.
    pub fn remove(&mut self, name: &Name) {
        self.0.retain(|header| header.name != *name);
    }

    /// The value of the first of that name.
    pub fn get(&self, name: &Name) -> Option<&str> {
        self.0.iter().find(|header| header.name == *name).map(Header::value)
    }

    /// The values of that name, as they are written.
    pub fn all<'a>(&'a self, name: &'a Name) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |header| header.name == *name).map(Header::value)
    }

    /// The values of that name, with comma-separated lists taken apart.
    pub fn list<'a>(&'a self, name: &'a Name) -> impl Iterator<Item = &'a str> {
        self.all(name).flat_map(split_list).filter(|value| !value.is_empty())
    }

    /// Whether a comma-separated list of that name contains a token, such as an option tag.
    pub fn lists(&self, name: &Name, token: &str) -> bool {
        self.list(name).any(|value| value.eq_ignore_ascii_case(token))
    }

    /// The number that a header such as Expires begins with.
    pub fn number(&self, name: &Name) -> Option<u64> {
        let value = self.get(name)?;
        let digits = value.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        if digits.is_empty() {
            return None;
        }
        // What exceeds any number means for ever.
        Some(digits.parse().unwrap_or(u64::MAX))
    }

    /// The tag parameter of From or To.
    pub fn tag(&self, name: &Name) -> Option<&str> {
        self.get(name).and_then(tag_of)
    }

    /// The Call-ID; empty when there is none.
    pub fn call_id(&self) -> &str {
        self.get(&Name::CallId).unwrap_or_default()
    }

    /// The CSeq.
    pub fn cseq(&self) -> Option<CSeq> {
        CSeq::parse(self.get(&Name::CSeq)?)
    }

    /// The topmost Via.
    pub fn via(&self) -> Option<Via> {
        Via::parse(self.list(&Name::Via).next()?)
    }

    /// An address header, such as From, To, or the first Contact.
    pub fn address(&self, name: &Name) -> Option<NameAddr> {
        let value = match name {
            // Never lists: a comma in them belongs to a name that lacks its quotes.
            Name::From | Name::To | Name::ReferTo | Name::ReferredBy => self.get(name)?,
            _ => self.list(name).next()?,
        };
        NameAddr::parse(value).ok()
    }

    /// Every address of a header such as Contact, Route or Record-Route; `None` when one of them cannot be read.
    pub fn addresses(&self, name: &Name) -> Option<Vec<NameAddr>> {
        self.list(name).map(|value| NameAddr::parse(value).ok()).collect()
    }

    /// The URIs of Route or Record-Route, in their order.
    pub fn routes(&self, name: &Name) -> Option<Vec<Uri>> {
        Some(self.addresses(name)?.into_iter().map(|address| address.uri).collect())
    }

    /// Notes in the topmost Via where a request really came from (RFC 3261 section 18.2.1, RFC 3581).
    pub fn mark_received(&mut self, source: SocketAddr) {
        // The same value that `via` reads: what is empty does not count.
        for header in self.0.iter_mut().filter(|header| header.name == Name::Via) {
            let Some(top) = split_list(&header.value).find(|value| !value.is_empty()) else { continue };
            let Some(mut via) = Via::parse(top) else { return };
            via.mark_received(source);
            let start = top.as_ptr() as usize - header.value.as_ptr() as usize;
            header.value = format!("{}{via}{}", &header.value[..start], &header.value[start + top.len()..]).into();
            return;
        }
    }
}

impl<'a> IntoIterator for &'a Headers {
    type Item = &'a Header;
    type IntoIter = std::slice::Iter<'a, Header>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The `tag` parameter behind an address.
pub(super) fn tag_of(value: &str) -> Option<&str> {
    // Behind the bracket, so that a tag inside the URI does not count.
    let Split { params, .. } = Split::of(value).ok()?;
    split_quoted(params, b';')
        .map(|part| part.split_once('=').map_or((part, None), |(name, value)| (name, Some(value))))
        .find(|(name, _)| name.trim_ascii().eq_ignore_ascii_case("tag"))
        .and_then(|(_, value)| value.map(str::trim_ascii))
}

/// Takes a comma-separated list apart: commas in quotes and in angle brackets do not count.
pub fn split_list(value: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let text = rest?;
        let (mut quoted, mut escaped, mut depth) = (false, false, 0u32);
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                b'<' if !quoted => depth += 1,
                b'>' if !quoted => depth = depth.saturating_sub(1),
                b',' if !quoted && depth == 0 => {
                    rest = Some(&text[at + 1..]);
                    return Some(text[..at].trim_ascii());
                }
                _ => {}
            }
        }
        rest = None;
        Some(text.trim_ascii())
    })
}
