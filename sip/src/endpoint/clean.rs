//! A message as it may be kept and shown: without credentials, keys and pressed digits, the rest untouched.

use crate::sdp::redacted;

/// Headers that prove who somebody is, or help to find it out.
const SECRET: [&str; 6] = [
    "authorization",
    "proxy-authorization",
    "www-authenticate",
    "proxy-authenticate",
    "authentication-info",
    "proxy-authentication-info",
];

/// Cuts the values of authorization headers (folded lines included), the keys of a session description, and the digits of INFO:
/// they may be somebody's PIN.
pub(super) fn cleaned(message: &str) -> String {
    let blank = ["\r\n\r\n", "\n\n"].iter().filter_map(|end| message.find(end).map(|at| at + end.len())).min();
    let (head, body) = message.split_at(blank.unwrap_or(message.len()));
    let mut clean = String::with_capacity(message.len());
    let mut cutting = false;
    let mut kind = "";
    for line in head.split_inclusive('\n') {
        if line.starts_with([' ', '\t']) {
            if !cutting {
                clean.push_str(line);
            }
            continue;
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let is = |other: &str| name.trim_end().eq_ignore_ascii_case(other);
        cutting = SECRET.iter().any(|secret| is(secret));
        if is("content-type") || is("c") {
            kind = value.split(';').next().unwrap_or_default().trim();
        }
        if cutting {
            clean.push_str(name);
            clean.push_str(": …");
            clean.push_str(&line[line.trim_end_matches(['\r', '\n']).len()..]);
        } else {
            clean.push_str(line);
        }
    }
    if kind.eq_ignore_ascii_case("application/dtmf") {
        clean.push('…');
    } else if kind.eq_ignore_ascii_case("application/dtmf-relay") {
        for line in body.split_inclusive('\n') {
            match line.split_once('=') {
                Some((name, _)) if name.trim().eq_ignore_ascii_case("signal") => {
                    clean.push_str(name);
                    clean.push_str("=…\r\n");
                }
                _ => clean.push_str(line),
            }
        }
    } else {
        clean.push_str(&redacted(body));
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::cleaned;

    fn check(message: &str, expected: &str) {
        assert_eq!(cleaned(message), expected);
    }

    #[test]
    fn a_folded_credential_is_cut_to_its_end() {
        check(
            "REGISTER sip:a SIP/2.0\r\nAuthorization : Digest username=\"bob\",\r\n response=\"secret\"\r\n\tnonce=\"n\"\r\nSubject: a\r\n b\r\n\r\n",
            "REGISTER sip:a SIP/2.0\r\nAuthorization : …\r\nSubject: a\r\n b\r\n\r\n",
        );
    }

    #[test]
    fn keys_of_encryption_are_cut_and_nothing_else_of_the_body() {
        check(
            "INVITE sip:a SIP/2.0\r\nc: application/sdp\r\n\r\nv=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0\r\na=ice-pwd:secret\r\n",
            "INVITE sip:a SIP/2.0\r\nc: application/sdp\r\n\r\nv=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:…\r\na=ice-pwd:…\r\n",
        );
    }

    #[test]
    fn pressed_digits_are_cut() {
        check(
            "INFO sip:a SIP/2.0\r\nContent-Type: application/dtmf-relay\r\n\r\nSignal=7\r\nDuration=160\r\n",
            "INFO sip:a SIP/2.0\r\nContent-Type: application/dtmf-relay\r\n\r\nSignal=…\r\nDuration=160\r\n",
        );
        check(
            "INFO sip:a SIP/2.0\nContent-Type: application/dtmf\n\n7",
            "INFO sip:a SIP/2.0\nContent-Type: application/dtmf\n\n…",
        );
    }

    #[test]
    fn what_is_cut_off_or_empty_is_no_trouble() {
        check("", "");
        check("OPTIONS", "OPTIONS");
        check("Authorization: x", "Authorization: …");
    }
}
