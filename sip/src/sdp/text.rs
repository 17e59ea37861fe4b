//! The lines of a session description (RFC 8866 section 5), without their meaning. Lenient: lines may end in LF, come in
//! any order within their section, and unknown ones are passed over.

use std::net::IpAddr;

use super::{MAX_BYTES, SdpError};

/// A description as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    /// What goes for every stream.
    pub session: Section,
    pub streams: Vec<Stream>,
}

/// Connection and attributes, of the session or of one stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Section {
    pub connection: Option<Connection>,
    /// Names in the case they came in, and values.
    attributes: Vec<(String, Option<String>)>,
}

/// What a `c=` line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    Address(IpAddr),
    /// A host name: legal but unseen in practice; symmetric RTP finds such a peer.
    Name,
}

/// One `m=` line and what follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    pub media: String,
    pub port: u16,
    pub proto: String,
    pub formats: String,
    pub section: Section,
}

impl Section {
    /// The values of all attributes of this name; empty for those without a value.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.attributes.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_deref().unwrap_or_default())
    }

    /// The value of the first attribute of this name.
    pub fn first<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// The names of all attributes, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.attributes.iter().map(|(name, _)| name.as_str())
    }

    fn line(&mut self, kind: u8, value: &str) {
        match kind {
            // Several connections would be a group of addresses: the first counts.
            b'c' if self.connection.is_none() => self.connection = connection(value),
            b'a' => self.attributes.push(match value.split_once(':') {
                Some((name, value)) => (name.trim().to_owned(), Some(value.trim().to_owned())),
                None => (value.to_owned(), None),
            }),
            _ => {}
        }
    }
}

impl Text {
    /// Reads the lines.
    pub fn parse(body: &[u8]) -> Result<Text, SdpError> {
        if body.len() > MAX_BYTES {
            return Err(SdpError::Unreadable("it is longer than 16 KiB"));
        }
        let body = String::from_utf8_lossy(body);
        let mut lines = body.lines().map(str::trim).filter(|line| !line.is_empty());
        if lines.next() != Some("v=0") {
            return Err(SdpError::Unreadable("it does not begin with v=0"));
        }
        let mut text = Text::default();
        for line in lines {
            let Some((kind, value)) = line.split_once('=').filter(|(kind, _)| kind.len() == 1) else {
                return Err(SdpError::Unreadable("it has a line that is no <letter>=<value>"));
            };
            let kind = kind.as_bytes()[0];
            if kind == b'm' {
                text.streams.push(stream(value).ok_or(SdpError::Unreadable("it has an m= line that is none"))?);
                continue;
            }
            let section = text.streams.last_mut().map_or(&mut text.session, |stream| &mut stream.section);
            section.line(kind, value.trim());
        }
        Ok(text)
    }
}

fn stream(value: &str) -> Option<Stream> {
    let mut words = value.split_ascii_whitespace();
    let media = words.next()?.to_owned();
    // “port/number of ports”; more than one is for layered video.
    let port = words.next()?.split('/').next()?.parse().ok()?;
    let proto = words.next()?.to_owned();
    let formats = words.collect::<Vec<_>>().join(" ");
    Some(Stream { media, port, proto, formats, section: Section::default() })
}

fn connection(value: &str) -> Option<Connection> {
    let mut words = value.split_ascii_whitespace();
    let (network, _family, address) = (words.next()?, words.next()?, words.next()?);
    if !network.eq_ignore_ascii_case("IN") {
        return None;
    }
    // “address/ttl” is multicast.
    let address = address.split('/').next().unwrap_or_default();
    Some(address.parse().map_or(Connection::Name, Connection::Address))
}
