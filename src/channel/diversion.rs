//! Who has sent a call on, as the next one is told: Diversion (RFC 5806), which carriers read, and History-Info (RFC 7044). Pure.

use sip::message::Uri;

use crate::call::leg::Diverted;

/// The headers of a call to `user` that was sent on by all of these; users are written at `home`. None when nobody did.
pub(super) fn headers(diverted: &[Diverted], user: &str, home: &Uri) -> Vec<(String, String)> {
    if diverted.is_empty() {
        return Vec::new();
    }
    let at_home = |user: &str| Uri { user: Some(escaped(user)), ..home.clone().bare() };
    // The last one comes first.
    let diversion = diverted.iter().rev().map(|by| {
        let reason = if by.rang { "no-answer" } else { "unconditional" };
        format!("<{}>;reason={reason};counter=1", at_home(&by.by))
    });
    let index = |place: usize| vec!["1"; place + 1].join(".");
    let mapped = |place: usize| match place {
        0 => String::new(),
        _ => format!(";mp={}", index(place - 1)),
    };
    let history = diverted.iter().enumerate().map(|(place, by)| {
        let cause = if by.rang { 408 } else { 302 };
        let uri = Uri { headers: Some(format!("Reason=SIP%3Bcause%3D{cause}")), ..at_home(&by.by) };
        format!("<{uri}>;index={}{}", index(place), mapped(place))
    });
    let now = diverted.len();
    let last = format!("<{}>;index={}{}", at_home(user), index(now), mapped(now));
    let history: Vec<String> = history.chain([last]).collect();
    vec![
        ("Diversion".to_owned(), diversion.collect::<Vec<_>>().join(", ")),
        ("History-Info".to_owned(), history.join(", ")),
    ]
}

/// A name as it can stand before the `@` (RFC 3261 section 25.1).
fn escaped(user: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&byte);
    user.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_was_sent_on_twice_tells_of_both() {
        let home = Uri::parse("sip:192.0.2.1:5060").expect("a URI");
        let diverted = [Diverted { by: "anna".into(), rang: false }, Diverted { by: "büro 2".into(), rang: true }];
        let told = headers(&diverted, "+4930123", &home);
        assert_eq!(
            told[0].1,
            "<sip:b%C3%BCro%202@192.0.2.1:5060>;reason=no-answer;counter=1, <sip:anna@192.0.2.1:5060>;reason=unconditional;counter=1"
        );
        assert_eq!(
            told[1].1,
            "<sip:anna@192.0.2.1:5060?Reason=SIP%3Bcause%3D302>;index=1, \
             <sip:b%C3%BCro%202@192.0.2.1:5060?Reason=SIP%3Bcause%3D408>;index=1.1;mp=1, \
             <sip:+4930123@192.0.2.1:5060>;index=1.1.1;mp=1.1"
        );
        assert_eq!(headers(&[], "anna", &home), []);
    }
}
