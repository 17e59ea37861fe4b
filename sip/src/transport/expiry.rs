//! When a certificate ends and whom it names: the two fields of X.509 (RFC 5280 sections 4.1.2.5 and 4.2.1.6) that are read here, by
//! walking there through the DER.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const BOOLEAN: u8 = 0x01;
const OCTETS: u8 = 0x04;
const OID: u8 = 0x06;
const EXTENSIONS: u8 = 0xa3;
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;
/// 2.5.29.17, subjectAltName.
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];

/// The `notAfter` of a certificate in DER; `None` when it cannot be read.
pub fn not_after(certificate: &[u8]) -> Option<SystemTime> {
    let (validity, _) = take(validity_and_rest(certificate)?, SEQUENCE)?;
    let (_, _not_before, validity) = element(validity)?;
    let (tag, time, _) = element(validity)?;
    read_time(tag, std::str::from_utf8(time).ok()?)
}

/// The hosts and addresses that a certificate in DER names; none when it cannot be read.
pub(super) fn names(certificate: &[u8]) -> Vec<String> {
    alternative_names(certificate).unwrap_or_default()
}

fn alternative_names(certificate: &[u8]) -> Option<Vec<String>> {
    let (_validity, body) = take(validity_and_rest(certificate)?, SEQUENCE)?;
    let (_subject, body) = take(body, SEQUENCE)?;
    let (_key, mut body) = take(body, SEQUENCE)?;
    // Identifiers of issuer and subject, which nobody writes any more, may come before.
    let extensions = loop {
        let (tag, contents, rest) = element(body)?;
        if tag == EXTENSIONS {
            break contents;
        }
        body = rest;
    };
    let (mut extensions, _) = take(extensions, SEQUENCE)?;
    while let Some((extension, rest)) = take(extensions, SEQUENCE) {
        extensions = rest;
        let (oid, value) = take(extension, OID)?;
        if oid != ALTERNATIVE_NAMES {
            continue;
        }
        let value = take(value, BOOLEAN).map_or(value, |(_critical, rest)| rest);
        let (mut list, _) = take(take(value, OCTETS)?.0, SEQUENCE)?;
        let mut names = Vec::new();
        while let Some((tag, name, rest)) = element(list) {
            list = rest;
            names.extend(match tag {
                DNS_NAME => std::str::from_utf8(name).ok().map(str::to_owned),
                IP_ADDRESS => match name.len() {
                    4 => <[u8; 4]>::try_from(name).ok().map(|ip| IpAddr::from(ip).to_string()),
                    16 => <[u8; 16]>::try_from(name).ok().map(|ip| IpAddr::from(ip).to_string()),
                    _ => None,
                },
                _ => None,
            });
        }
        return Some(names);
    }
    None
}

/// What stands from the validity on.
fn validity_and_rest(certificate: &[u8]) -> Option<&[u8]> {
    let (certificate, _) = take(certificate, SEQUENCE)?;
    let (body, _) = take(certificate, SEQUENCE)?;
    // Version 1 certificates leave their version out.
    let body = take(body, VERSION).map_or(body, |(_, rest)| rest);
    let (_serial, body) = take(body, INTEGER)?;
    let (_algorithm, body) = take(body, SEQUENCE)?;
    let (_issuer, body) = take(body, SEQUENCE)?;
    Some(body)
}

/// An element of this tag: its contents, and what follows it.
fn take(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, contents, rest) = element(bytes)?;
    (found == tag).then_some((contents, rest))
}

/// The first element: tag, contents, and what follows.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, bytes) = bytes.split_first()?;
    let (&first, bytes) = bytes.split_first()?;
    let (length, bytes) = match first {
        0..=0x7f => (usize::from(first), bytes),
        0x81..=0x84 => {
            let (digits, bytes) = bytes.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), bytes)
        }
        _ => return None,
    };
    let (contents, rest) = bytes.split_at_checked(length)?;
    Some((tag, contents, rest))
}

/// `YYMMDDhhmmssZ` or `YYYYMMDDhhmmssZ`; RFC 5280 allows no other forms.
fn read_time(tag: u8, text: &str) -> Option<SystemTime> {
    let digits = text.strip_suffix('Z')?;
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = match (tag, digits.len()) {
        (UTC_TIME, 12) => {
            let year: i64 = digits[..2].parse().ok()?;
            (if year < 50 { 2_000 + year } else { 1_900 + year }, &digits[2..])
        }
        (GENERALIZED_TIME, 14) => (digits[..4].parse().ok()?, &digits[4..]),
        _ => return None,
    };
    let part = |at: usize| rest[at..at + 2].parse::<i64>().ok();
    let (month, day, hour, minute, second) = (part(0)?, part(2)?, part(4)?, part(6)?, part(8)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    }
}

/// Days from 1 January 1970 in the Gregorian calendar. Years begin in March here, so that the leap day is the last one.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let months_since_march = (month + 9) % 12;
    let day_of_year = (153 * months_since_march + 2) / 5 + day - 1;
    // 719,468 days lie between 1 March of the year 0 and 1 January 1970.
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(tag: u8, text: &str) -> Option<u64> {
        Some(read_time(tag, text)?.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs())
    }

    #[test]
    fn both_forms_of_time_are_read() {
        for (tag, text, expected) in [
            (UTC_TIME, "700101000000Z", Some(0)),
            (UTC_TIME, "000229235959Z", Some(951_868_799)),
            (UTC_TIME, "491231235959Z", Some(2_524_607_999)),
            (GENERALIZED_TIME, "20500101000000Z", Some(2_524_608_000)),
            (GENERALIZED_TIME, "99991231235959Z", Some(253_402_300_799)),
            (UTC_TIME, "7001010000Z", None),
            (UTC_TIME, "701301000000Z", None),
            (GENERALIZED_TIME, "2050010100000Z", None),
            (GENERALIZED_TIME, "20500101000000+0100", None),
        ] {
            assert_eq!(seconds(tag, text), expected, "{text}");
        }
    }

    #[test]
    fn a_certificate_says_when_it_ends() {
        let mut params = rcgen::CertificateParams::new(vec!["sip.example".to_owned()]).expect("a name");
        for (year, expected) in [(2031, 1_925_078_400), (2061, 2_871_849_600)] {
            params.not_after = rcgen::date_time_ymd(year, 1, 2);
            let key = rcgen::KeyPair::generate().expect("a key");
            let certificate = params.self_signed(&key).expect("signed");
            let end = not_after(certificate.der()).expect("readable");
            assert_eq!(end.duration_since(SystemTime::UNIX_EPOCH).expect("later").as_secs(), expected, "{year}");
        }
    }

    #[test]
    fn a_certificate_says_whom_it_names() {
        let named = ["sip.example", "192.0.2.7", "2001:db8::7"];
        let params = rcgen::CertificateParams::new(named.map(str::to_owned)).expect("names");
        let key = rcgen::KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("signed");
        assert_eq!(names(certificate.der()), named);
        let nameless = rcgen::CertificateParams::new(Vec::new()).expect("no names").self_signed(&key).expect("signed");
        assert!(names(nameless.der()).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(mut bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let _ = (not_after(&bytes), names(&bytes));
            for tag in [SEQUENCE, SEQUENCE, INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, UTC_TIME, UTC_TIME] {
                let length = bytes.len() as u8;
                bytes.splice(0..0, [tag, 0x81, length]);
                let _ = not_after(&bytes);
            }
            let _ = (not_after(&bytes), names(&bytes));
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let _ = (read_time(UTC_TIME, &text), read_time(GENERALIZED_TIME, &text));
        }
    }
}
