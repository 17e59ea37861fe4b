//! What a description says of encryption: `a=crypto` (SDES, RFC 4568), `a=fingerprint` and `a=setup` (DTLS-SRTP,
//! RFC 5763, RFC 8122); and a description without its keys, for logs.

use std::borrow::Cow;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::text::{Section, Stream};
use crate::srtp::{MasterKey, Suite};

/// The suites of our own offers, the better one first, then the one that everybody knows. No more, so that an INVITE
/// still fits a datagram.
pub const OFFERED: [Suite; 2] = [Suite::AeadAes256Gcm, Suite::AesCm128HmacSha1_80];
/// Longest master key identifier (RFC 4568 section 6.1).
const MAX_IDENTIFIER: usize = 128;

/// One `a=crypto` line that we can use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crypto {
    /// Pairs an offered line with the answer.
    pub tag: u32,
    pub key: MasterKey,
}

impl Crypto {
    /// The line, with its end.
    pub fn line(&self) -> String {
        let key = STANDARD.encode(self.key.bytes());
        format!("a=crypto:{} {} inline:{key}\r\n", self.tag, self.key.suite().name())
    }

    /// Reads `tag suite inline:key[|lifetime][|mki:length] [parameters]`. Nothing when it asks for what we don't do.
    fn parse(value: &str) -> Option<Crypto> {
        let mut words = value.split_ascii_whitespace();
        let tag = words.next()?.parse().ok()?;
        let suite = Suite::from_name(words.next()?)?;
        // Several keys, apart by “;”, would be a choice by identifier: the first is in use.
        let keys = words.next()?;
        let (method, info) = keys.split(';').next()?.split_once(':')?;
        // These change what is sent (RFC 4568 section 6.3). The window's size is the sender's advice, no more.
        let plain = words.all(|parameter| parameter.to_ascii_uppercase().starts_with("WSH="));
        if !method.eq_ignore_ascii_case("inline") || !plain {
            return None;
        }
        let mut parts = info.split('|');
        let encoded = parts.next()?.trim_end_matches('=');
        let key = MasterKey::new(suite, &STANDARD_NO_PAD.decode(encoded).ok()?)?;
        // A lifetime (“2^31”) has no colon, an identifier (“1:4”) has one. No call lives as long as a lifetime.
        let identifier = match parts.find_map(|part| part.split_once(':')) {
            Some((_, length)) => length.trim().parse().ok().filter(|length| (1..=MAX_IDENTIFIER).contains(length))?,
            None => 0,
        };
        Some(Crypto { tag, key: key.with_identifier(identifier) })
    }

    /// Every usable line of a stream, in its order.
    pub fn all(stream: &Stream) -> Vec<Crypto> {
        stream.section.all("crypto").take(16).filter_map(Crypto::parse).collect()
    }
}

/// The digest of a certificate (RFC 8122 section 5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    digest: &'static ring::digest::Algorithm,
    bytes: Vec<u8>,
}

impl Fingerprint {
    /// The SHA-256 digest of a certificate in DER.
    pub fn of(certificate: &[u8]) -> Fingerprint {
        let digest = &ring::digest::SHA256;
        Fingerprint { digest, bytes: ring::digest::digest(digest, certificate).as_ref().to_vec() }
    }

    /// Whether this is the digest of that certificate.
    pub fn matches(&self, certificate: &[u8]) -> bool {
        ring::digest::digest(self.digest, certificate).as_ref() == self.bytes
    }

    /// Reads `sha-256 AB:CD:…`. SHA-1 and older are not secure enough to be believed.
    fn parse(value: &str) -> Option<Fingerprint> {
        let (name, bytes) = value.split_once(char::is_whitespace)?;
        let digest = match name.to_ascii_lowercase().as_str() {
            "sha-256" => &ring::digest::SHA256,
            "sha-384" => &ring::digest::SHA384,
            "sha-512" => &ring::digest::SHA512,
            _ => return None,
        };
        let bytes: Option<Vec<u8>> = bytes.trim().split(':').map(|byte| u8::from_str_radix(byte, 16).ok()).collect();
        bytes.filter(|bytes| bytes.len() == digest.output_len()).map(|bytes| Fingerprint { digest, bytes })
    }

    /// All that a stream or its session has and that can be believed.
    pub fn all(stream: &Stream, session: &Section) -> Vec<Fingerprint> {
        let of = |section: &Section| -> Vec<_> {
            section.all("fingerprint").take(8).filter_map(Fingerprint::parse).collect()
        };
        let own = of(&stream.section);
        if own.is_empty() { of(session) } else { own }
    }

    /// The line, with its end. Ours are SHA-256.
    pub fn line(&self) -> String {
        let mut line = "a=fingerprint:sha-256 ".to_owned();
        for (n, byte) in self.bytes.iter().enumerate() {
            let colon = if n > 0 { ":" } else { "" };
            let _ = write!(line, "{colon}{byte:02X}");
        }
        line.push_str("\r\n");
        line
    }
}

/// Who begins the handshake (RFC 4145 section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setup {
    Active,
    Passive,
    ActPass,
}

impl Setup {
    pub fn name(self) -> &'static str {
        match self {
            Setup::Active => "active",
            Setup::Passive => "passive",
            Setup::ActPass => "actpass",
        }
    }

    /// What a stream or its session says. An offer that says nothing means `active` in RFC 4145, but those who leave
    /// it out mean that they do not care.
    pub fn of(stream: &Stream, session: &Section) -> Setup {
        let said = stream.section.first("setup").or_else(|| session.first("setup")).unwrap_or_default();
        match said.to_ascii_lowercase().as_str() {
            "active" => Setup::Active,
            "passive" => Setup::Passive,
            _ => Setup::ActPass,
        }
    }
}

/// A session description as it may be logged or kept: without the keys of its `a=crypto` and `k=` lines and the password of its
/// connectivity checks, the rest untouched.
pub fn redacted(body: &str) -> Cow<'_, str> {
    let secret = |line: &str| {
        let line = line.trim_start().to_ascii_lowercase();
        ["a=crypto", "k=", "a=key-mgmt", "a=ice-pwd"].iter().any(|key| line.starts_with(key))
    };
    if !body.lines().any(secret) {
        return Cow::Borrowed(body);
    }
    let mut clean = String::with_capacity(body.len());
    for line in body.split_inclusive('\n') {
        if !secret(line) {
            clean.push_str(line);
            continue;
        }
        // What stands before the key says which suite it is for.
        let lower = line.to_ascii_lowercase();
        let mark = if lower.trim_start().starts_with("a=") { ':' } else { '=' };
        let keep = lower.find("inline:").map_or_else(|| line.find(mark).map_or(0, |at| at + 1), |at| at + 7);
        clean.push_str(line.get(..keep).unwrap_or_default());
        clean.push('…');
        clean.push_str(&line[line.trim_end_matches(['\r', '\n']).len()..]);
    }
    Cow::Owned(clean)
}
