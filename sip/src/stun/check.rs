//! Connectivity checks (RFC 8445 section 7): STUN Binding requests that prove with a password that whoever sent them was shown our
//! session description. Reading, proving and answering; whose check it is and what follows from it is left to [`crate::ice`].
//!
//! A check has a user name, the integrity of RFC 8489 section 14.5 and a fingerprint (section 14.7). What lacks one of them is no
//! check: browsers always send all three.

use std::fmt;
use std::net::SocketAddr;

use rand::Rng;
use ring::hmac;

use super::{
    COOKIE, ERROR_CODE, FAILURE, FINGERPRINT, FINGERPRINT_MASK, HEADER, REQUEST, SUCCESS, TransactionId,
    XOR_MAPPED_ADDRESS, attribute, crc32, is_stun, xored,
};

const USERNAME: u16 = 0x0006;
const MESSAGE_INTEGRITY: u16 = 0x0008;
const UNKNOWN_ATTRIBUTES: u16 = 0x000A;
const PRIORITY: u16 = 0x0024;
const USE_CANDIDATE: u16 = 0x0025;
const ICE_CONTROLLED: u16 = 0x8029;
/// An HMAC-SHA1.
const INTEGRITY: usize = 20;
/// A name is at most two fragments of 256 characters and a colon (RFC 8445 section 5.3); RFC 8489 takes fewer than 509 bytes.
const LONGEST_NAME: usize = 508;
/// Attributes that somebody demands and we don't know: no honest check has any.
const MOST_UNKNOWN: usize = 8;
/// Letters and digits: every `ice-char` but two.
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// What proves a check: a password of our session description, ready to be reckoned with.
#[derive(Clone)]
pub struct Password(hmac::Key);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl Password {
    /// Short-term credentials take the password as it is (RFC 8489 section 9.1.1).
    pub fn new(password: &str) -> Self {
        Password(hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes()))
    }
}

/// What our session description says for checks: a name that is told by every check, and the password that is told by none.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `a=ice-ufrag`.
    pub ufrag: String,
    /// `a=ice-pwd`.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({}, …)", self.ufrag)
    }
}

impl Credentials {
    /// New ones: 71 bits of a name, so that it belongs to one leg of the port and cannot be guessed, and 190 bits of a password (at
    /// least 24 and 128 are asked for, RFC 8445 section 5.3).
    pub fn random() -> Self {
        let mut random = rand::rng();
        let mut text = |length: usize| -> String {
            (0..length).map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())])).collect()
        };
        Credentials { ufrag: text(12), password: text(32) }
    }
}

/// A check that was read and is not proven yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check<'a> {
    /// To be repeated in the answer.
    pub id: TransactionId,
    /// `ours:theirs`: the fragments of both descriptions.
    pub name: &'a str,
    /// Whether the peer wants this path to be used.
    pub nominates: bool,
    /// Whether the peer thinks that we are the one who nominates.
    pub is_controlled: bool,
    /// Attributes that the peer demands to be understood and are not.
    unknown: [Option<u16>; MOST_UNKNOWN],
    /// What the integrity covers.
    covered: &'a [u8],
    integrity: &'a [u8],
}

impl<'a> Check<'a> {
    /// Reads a datagram; nothing if it is not a check, or is damaged.
    pub fn parse(datagram: &'a [u8]) -> Option<Check<'a>> {
        let (header, mut rest) = datagram.split_first_chunk::<HEADER>()?;
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let is_request = u16::from_be_bytes([header[0], header[1]]) == REQUEST;
        if !is_request || !is_stun(datagram) || length != rest.len() || length % 4 != 0 {
            return None;
        }
        let mut check = Check {
            id: TransactionId(*header.last_chunk()?),
            name: "",
            nominates: false,
            is_controlled: false,
            unknown: [None; MOST_UNKNOWN],
            covered: &[],
            integrity: &[],
        };
        let mut has_fingerprint = false;
        while !rest.is_empty() {
            let before = datagram.len() - rest.len();
            let ([t0, t1, l0, l1], behind) = rest.split_first_chunk::<4>()?;
            let length = usize::from(u16::from_be_bytes([*l0, *l1]));
            let value = behind.get(..length)?;
            rest = behind.get(length.next_multiple_of(4)..)?;
            match u16::from_be_bytes([*t0, *t1]) {
                FINGERPRINT => {
                    let claimed = u32::from_be_bytes(value.try_into().ok()?);
                    // The last attribute; what follows would not be covered.
                    if claimed != crc32(&datagram[..before]) ^ FINGERPRINT_MASK || !rest.is_empty() {
                        return None;
                    }
                    has_fingerprint = true;
                }
                // Behind the integrity only the fingerprint counts (RFC 8489 section 14.5).
                _ if !check.integrity.is_empty() => {}
                MESSAGE_INTEGRITY => {
                    check.integrity = Some(value).filter(|value| value.len() == INTEGRITY)?;
                    check.covered = &datagram[..before];
                }
                USERNAME if check.name.is_empty() => {
                    check.name = std::str::from_utf8(value).ok().filter(|name| name.len() <= LONGEST_NAME)?;
                }
                USE_CANDIDATE => check.nominates = true,
                ICE_CONTROLLED => check.is_controlled = true,
                PRIORITY | USERNAME => {}
                optional if optional >= 0x8000 => {}
                unknown => *check.unknown.iter_mut().find(|known| known.is_none())? = Some(unknown),
            }
        }
        (has_fingerprint && !check.name.is_empty() && !check.integrity.is_empty()).then_some(check)
    }

    /// The fragment of our description that it names: what stands before the colon.
    pub fn our_ufrag(&self) -> &'a str {
        self.name.split_once(':').map_or(self.name, |(ours, _)| ours)
    }

    /// The fragment of the peer's own description.
    pub fn their_ufrag(&self) -> &'a str {
        self.name.split_once(':').map_or("", |(_, theirs)| theirs)
    }

    /// Whether whoever sent it knows the password.
    pub fn is_proven(&self, password: &Password) -> bool {
        let covered = with_length(self.covered, 4 + INTEGRITY);
        hmac::verify(&password.0, &covered, self.integrity).is_ok()
    }

    /// Whether everything that the peer demands is understood.
    pub fn is_understood(&self) -> bool {
        self.unknown[0].is_none()
    }

    /// The answer to a proven check that came from `source`.
    pub fn accept(&self, source: SocketAddr, password: &Password) -> Vec<u8> {
        // One who is behind an address of both families sees itself in its own.
        let source = SocketAddr::new(source.ip().to_canonical(), source.port());
        let mut out = begin(SUCCESS, self.id);
        attribute(&mut out, XOR_MAPPED_ADDRESS, &xored(self.id, source));
        seal(out, Some(password))
    }

    /// The answer to a check that cannot be followed. One whose sender has proven nothing gets nothing proven back.
    pub fn refuse(&self, why: Refusal, password: Option<&Password>) -> Vec<u8> {
        let mut out = begin(FAILURE, self.id);
        let (code, phrase) = why.code();
        let mut value = vec![0, 0, (code / 100) as u8, (code % 100) as u8];
        value.extend_from_slice(phrase.as_bytes());
        attribute(&mut out, ERROR_CODE, &value);
        if why == Refusal::Unknown {
            let unknown: Vec<u8> = self.unknown.iter().flatten().flat_map(|kind| kind.to_be_bytes()).collect();
            attribute(&mut out, UNKNOWN_ATTRIBUTES, &unknown);
        }
        seal(out, password)
    }
}

/// Why a check cannot be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not proven (RFC 8489 section 9.1.3).
    Unproven,
    /// It demands what is not known here (RFC 8489 section 6.3.1).
    Unknown,
    /// The peer thinks that we nominate, which an ICE-lite side never does (RFC 8445 section 7.3.1.1): it takes that role then.
    RoleConflict,
}

impl Refusal {
    fn code(self) -> (u16, &'static str) {
        match self {
            Refusal::Unproven => (401, "Unauthenticated"),
            Refusal::Unknown => (420, "Unknown Attribute"),
            Refusal::RoleConflict => (487, "Role Conflict"),
        }
    }
}

fn begin(kind: u16, id: TransactionId) -> Vec<u8> {
    let mut out = Vec::with_capacity(96);
    out.extend_from_slice(&kind.to_be_bytes());
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(&COOKIE.to_be_bytes());
    out.extend_from_slice(&id.0);
    out
}

/// Adds integrity and fingerprint.
fn seal(mut out: Vec<u8>, password: Option<&Password>) -> Vec<u8> {
    if let Some(password) = password {
        let tag = hmac::sign(&password.0, &with_length(&out, 4 + INTEGRITY));
        attribute(&mut out, MESSAGE_INTEGRITY, tag.as_ref());
    }
    let covered = with_length(&out, 8);
    let fingerprint = crc32(&covered) ^ FINGERPRINT_MASK;
    let mut out = covered;
    attribute(&mut out, FINGERPRINT, &fingerprint.to_be_bytes());
    out
}

/// A message whose length counts what is about to follow.
fn with_length(message: &[u8], following: usize) -> Vec<u8> {
    let mut message = message.to_vec();
    let length = (message.len().saturating_sub(HEADER) + following) as u16;
    if let Some(field) = message.get_mut(2..4) {
        field.copy_from_slice(&length.to_be_bytes());
    }
    message
}

/// A check as a browser sends it, for those who test this side.
#[cfg(test)]
pub(crate) fn request(name: &str, password: &str, nominates: bool, more: &[(u16, &[u8])]) -> Vec<u8> {
    let mut out = begin(REQUEST, TransactionId::random());
    attribute(&mut out, USERNAME, name.as_bytes());
    attribute(&mut out, PRIORITY, &[0x6e, 0, 1, 0xff]);
    if nominates {
        attribute(&mut out, USE_CANDIDATE, &[]);
    }
    for (kind, value) in more {
        attribute(&mut out, *kind, value);
    }
    seal(out, Some(&Password::new(password)))
}

#[cfg(test)]
mod tests;
