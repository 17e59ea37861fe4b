//! Digest authentication for SIP (RFC 3261 section 22, RFC 8760): hashes, challenges, nonces.
//!
//! Everything here is pure: headers come in as text and time as an argument. Who the users are is the
//! business of the registrar's directory, what to answer is that of the user agent.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use md5::{Digest, Md5};
use rand::RngCore;
use ring::hmac;
use sha2::Sha256;

/// The hashes that are offered and accepted, strongest first.
pub const ALGORITHMS: [DigestAlgorithm; 2] = [DigestAlgorithm::Sha256, DigestAlgorithm::Md5];

/// How many nonces keep a count at a time; beyond it the oldest are forgotten, and their owners are
/// asked again with `stale=true`.
const COUNTED_NONCES: usize = 20_000;

/// A hash that digest authentication may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DigestAlgorithm {
    /// `MD5`, which every phone knows.
    Md5,
    /// `SHA-256` (RFC 8760).
    Sha256,
}

impl DigestAlgorithm {
    /// The name in the `algorithm` parameter.
    pub fn name(self) -> &'static str {
        match self {
            DigestAlgorithm::Md5 => "MD5",
            DigestAlgorithm::Sha256 => "SHA-256",
        }
    }

    /// The algorithm of that name; some stacks leave out the hyphen.
    pub fn from_name(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("MD5") {
            Some(DigestAlgorithm::Md5)
        } else if name.eq_ignore_ascii_case("SHA-256") || name.eq_ignore_ascii_case("SHA256") {
            Some(DigestAlgorithm::Sha256)
        } else {
            None
        }
    }

    /// The hash of `data` in lower-case hexadecimal.
    pub fn hash(self, data: &str) -> String {
        match self {
            DigestAlgorithm::Md5 => hex(&Md5::digest(data.as_bytes())),
            DigestAlgorithm::Sha256 => hex(&Sha256::digest(data.as_bytes())),
        }
    }

    /// `H(user:realm:password)`, which a directory stores instead of the password.
    pub fn ha1(self, user: &str, realm: &str, password: &str) -> String {
        self.hash(&format!("{user}:{realm}:{password}"))
    }
}

/// The counted half of a response: RFC 7616's `qop=auth`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// How often this nonce has been used, from 1.
    pub nc: u32,
    /// The client's own nonce.
    pub cnonce: String,
}

/// The `response` parameter for these inputs (RFC 7616 section 3.4.1). `counted` is `None` for the old
/// form without `qop`.
pub fn response(
    algorithm: DigestAlgorithm,
    ha1: &str,
    method: &str,
    uri: &str,
    nonce: &str,
    counted: Option<&Counted>,
) -> String {
    let ha2 = algorithm.hash(&format!("{method}:{uri}"));
    match counted {
        Some(Counted { nc, cnonce }) => algorithm.hash(&format!("{ha1}:{nonce}:{nc:08x}:{cnonce}:auth:{ha2}")),
        None => algorithm.hash(&format!("{ha1}:{nonce}:{ha2}")),
    }
}

/// What a client sent in `Authorization` or `Proxy-Authorization`.
#[derive(Clone, PartialEq, Eq)]
pub struct Authorization {
    /// Who it claims to be.
    pub username: String,
    /// The realm it answers.
    pub realm: String,
    /// The nonce it answers.
    pub nonce: String,
    /// The URI it hashed.
    pub uri: String,
    /// The proof.
    pub response: String,
    /// The hash; MD5 when the header names none.
    pub algorithm: DigestAlgorithm,
    /// The count, when it used `qop=auth`.
    pub counted: Option<Counted>,
}

impl Authorization {
    /// Reads the value of an `Authorization` header. `None` when it is not Digest, lacks a part, or
    /// uses an algorithm or `qop` that is not accepted here.
    pub fn parse(value: &str) -> Option<Self> {
        let params = digest_params(value)?;
        let algorithm = match params.get("algorithm") {
            Some(name) => DigestAlgorithm::from_name(name)?,
            None => DigestAlgorithm::Md5,
        };
        let counted = match params.get("qop") {
            Some(qop) if qop.eq_ignore_ascii_case("auth") => Some(Counted {
                nc: u32::from_str_radix(params.get("nc")?, 16).ok()?,
                cnonce: params.get("cnonce")?.clone(),
            }),
            Some(_) => return None,
            None => None,
        };
        Some(Authorization {
            username: params.get("username")?.clone(),
            realm: params.get("realm")?.clone(),
            nonce: params.get("nonce")?.clone(),
            uri: params.get("uri")?.clone(),
            response: params.get("response")?.to_ascii_lowercase(),
            algorithm,
            counted,
        })
    }

    /// Whether the proof fits this HA1 and method. Takes the same time wherever it fails.
    pub fn proves(&self, ha1: &str, method: &str) -> bool {
        let ours = response(self.algorithm, ha1, method, &self.uri, &self.nonce, self.counted.as_ref());
        same(ours.as_bytes(), self.response.as_bytes())
    }
}

/// What a server asks for in `WWW-Authenticate` or `Proxy-Authenticate`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// The realm.
    pub realm: String,
    /// The nonce to answer.
    pub nonce: String,
    /// The hash to use.
    pub algorithm: DigestAlgorithm,
    /// Echoed when present.
    pub opaque: Option<String>,
    /// Whether `qop=auth` is offered.
    pub qop_auth: bool,
    /// Whether only the nonce was wrong.
    pub stale: bool,
}

impl Challenge {
    /// Reads the value of one challenge header; `None` when this side cannot answer it.
    pub fn parse(value: &str) -> Option<Self> {
        let params = digest_params(value)?;
        let algorithm = match params.get("algorithm") {
            Some(name) => DigestAlgorithm::from_name(name)?,
            None => DigestAlgorithm::Md5,
        };
        let qop_auth = match params.get("qop") {
            Some(list) => {
                if !list.split(',').any(|q| q.trim().eq_ignore_ascii_case("auth")) {
                    return None;
                }
                true
            }
            None => false,
        };
        Some(Challenge {
            realm: params.get("realm")?.clone(),
            nonce: params.get("nonce")?.clone(),
            algorithm,
            opaque: params.get("opaque").cloned(),
            qop_auth,
            stale: params.get("stale").is_some_and(|s| s.eq_ignore_ascii_case("true")),
        })
    }

    /// The first of several challenges that can be answered; servers list them strongest first
    /// (RFC 8760 section 2.4).
    pub fn choose<'a>(values: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        values.into_iter().find_map(Challenge::parse)
    }

    /// The header value that a server sends.
    pub fn header(&self) -> String {
        let mut header = format!(
            "Digest realm=\"{}\", nonce=\"{}\", algorithm={}",
            quoted(&self.realm),
            self.nonce,
            self.algorithm.name()
        );
        if self.qop_auth {
            header.push_str(", qop=\"auth\"");
        }
        if self.stale {
            header.push_str(", stale=true");
        }
        header
    }

    /// The header value that answers this challenge.
    pub fn answer(&self, user: &str, password: &str, method: &str, uri: &str) -> String {
        let ha1 = self.algorithm.ha1(user, &self.realm, password);
        let counted = self.qop_auth.then(|| Counted { nc: 1, cnonce: random_hex(8) });
        let proof = response(self.algorithm, &ha1, method, uri, &self.nonce, counted.as_ref());
        let mut header = format!(
            "Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{uri}\", response=\"{proof}\", algorithm={}",
            quoted(user),
            quoted(&self.realm),
            quoted(&self.nonce),
            self.algorithm.name()
        );
        if let Some(Counted { nc, cnonce }) = counted {
            header.push_str(&format!(", qop=auth, nc={nc:08x}, cnonce=\"{cnonce}\""));
        }
        if let Some(opaque) = &self.opaque {
            header.push_str(&format!(", opaque=\"{}\"", quoted(opaque)));
        }
        header
    }
}

/// What a nonce that came back is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonceState {
    /// Ours, alive, and this use of it is new.
    Fresh,
    /// Ours, but expired, or its count was used before: ask again with `stale=true`.
    Stale,
    /// Not one of ours.
    Unknown,
}

/// Issues nonces and knows them again.
///
/// A nonce carries its time and a MAC, so that issuing one costs no memory and a flood of
/// unauthenticated requests stores nothing; only nonces that were *used* correctly keep a count.
pub struct Nonces {
    key: hmac::Key,
    started: Instant,
    lifetime: Duration,
    used: HashMap<String, Used>,
}

struct Used {
    highest: u32,
    expires: Instant,
}

impl Nonces {
    /// Nonces that live for `lifetime`, under a key that dies with the process.
    pub fn new(lifetime: Duration, now: Instant) -> Self {
        let mut secret = [0u8; 32];
        rand::rng().fill_bytes(&mut secret);
        Nonces { key: hmac::Key::new(hmac::HMAC_SHA256, &secret), started: now, lifetime, used: HashMap::new() }
    }

    /// A new nonce.
    pub fn issue(&self, now: Instant) -> String {
        let age = u64::try_from(now.saturating_duration_since(self.started).as_millis()).unwrap_or(u64::MAX);
        let body = format!("{age:016x}{}", random_hex(8));
        let mac = self.mac(&body);
        body + &mac
    }

    /// Whether `nonce` is one of ours and still alive, without counting a use.
    pub fn state(&self, nonce: &str, now: Instant) -> NonceState {
        match self.expiry(nonce) {
            None => NonceState::Unknown,
            Some(expires) if expires <= now => NonceState::Stale,
            Some(_) => NonceState::Fresh,
        }
    }

    /// Counts one *proven* use of `nonce`. A count that is not higher than the last one is a replay
    /// and comes back as [`NonceState::Stale`]; so does a second use without a count (no `qop`).
    pub fn spend(&mut self, nonce: &str, counted: Option<&Counted>, now: Instant) -> NonceState {
        let Some(expires) = self.expiry(nonce) else { return NonceState::Unknown };
        if expires <= now {
            return NonceState::Stale;
        }
        let count = counted.map_or(1, |c| c.nc);
        if count == 0 {
            return NonceState::Stale;
        }
        if let Some(used) = self.used.get_mut(nonce) {
            if count <= used.highest {
                return NonceState::Stale;
            }
            used.highest = count;
            return NonceState::Fresh;
        }
        if self.used.len() >= COUNTED_NONCES {
            self.forget(now);
        }
        self.used.insert(nonce.to_owned(), Used { highest: count, expires });
        NonceState::Fresh
    }

    /// Drops expired counts, and if that frees nothing, every nonce issued so far: their owners are
    /// asked again, and nothing can be replayed because the key changes with it.
    fn forget(&mut self, now: Instant) {
        self.used.retain(|_, used| used.expires > now);
        if self.used.len() >= COUNTED_NONCES {
            *self = Nonces::new(self.lifetime, now);
        }
    }

    fn expiry(&self, nonce: &str) -> Option<Instant> {
        let (body, mac) = nonce.split_at_checked(32)?;
        if !same(self.mac(body).as_bytes(), mac.as_bytes()) {
            return None;
        }
        let age = u64::from_str_radix(body.get(..16)?, 16).ok()?;
        self.started.checked_add(Duration::from_millis(age))?.checked_add(self.lifetime)
    }

    fn mac(&self, body: &str) -> String {
        hex(&hmac::sign(&self.key, body.as_bytes()).as_ref()[..16])
    }
}

/// The parameters of a `Digest …` header value, names in lower case, values without their quotes.
fn digest_params(value: &str) -> Option<HashMap<String, String>> {
    let value = value.trim_start();
    let (scheme, rest) = value.split_once(|c: char| c.is_ascii_whitespace())?;
    if !scheme.eq_ignore_ascii_case("Digest") {
        return None;
    }
    let mut params = HashMap::new();
    let mut chars = rest.chars().peekable();
    loop {
        while chars.peek().is_some_and(|c| c.is_whitespace() || *c == ',') {
            chars.next();
        }
        if chars.peek().is_none() {
            return Some(params);
        }
        let mut name = String::new();
        loop {
            match chars.next()? {
                '=' => break,
                c => name.push(c.to_ascii_lowercase()),
            }
        }
        let mut text = String::new();
        while chars.peek().is_some_and(|c| c.is_whitespace()) {
            chars.next();
        }
        if chars.peek() == Some(&'"') {
            chars.next();
            loop {
                match chars.next()? {
                    '"' => break,
                    '\\' => text.push(chars.next()?),
                    c => text.push(c),
                }
            }
        } else {
            while let Some(c) = chars.peek().filter(|c| **c != ',') {
                text.push(*c);
                chars.next();
            }
            text.truncate(text.trim_end().len());
        }
        // A parameter given twice is an attempt to be read in two ways.
        if params.insert(name.trim().to_owned(), text).is_some() {
            return None;
        }
    }
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0u8, |d, (x, y)| d | (x ^ y)) == 0
}

fn random_hex(bytes: usize) -> String {
    let mut raw = vec![0u8; bytes];
    rand::rng().fill_bytes(&mut raw);
    hex(&raw)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
