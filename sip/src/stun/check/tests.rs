use super::super::{Binding, tests::REQUEST_2_1, tests::bytes};
use super::*;

/// The password of the samples of RFC 5769.
const SAMPLE: &str = "VOkJxbRl1RmTxUk/WvJxBt";

fn code(answer: &[u8]) -> Option<u16> {
    match Binding::parse(answer)? {
        Binding::Failure { code, .. } => Some(code),
        _ => None,
    }
}

#[test]
fn the_request_of_rfc_5769_is_proven_by_its_password_and_no_other() {
    let datagram = bytes(REQUEST_2_1);
    let check = Check::parse(&datagram).expect("a check");
    assert_eq!((check.name, check.our_ufrag(), check.their_ufrag()), ("evtj:h6vY", "evtj", "h6vY"));
    assert!(check.is_controlled && !check.nominates && check.is_understood());
    assert!(check.is_proven(&Password::new(SAMPLE)));
    assert!(!check.is_proven(&Password::new("VOkJxbRl1RmTxUk/WvJxBu")));
}

#[test]
fn an_answer_tells_the_address_in_its_own_family_and_proves_itself() {
    let datagram = request("ours:theirs", "secret", true, &[]);
    let check = Check::parse(&datagram).expect("a check");
    for (source, expected) in [
        ("192.0.2.1:9", "192.0.2.1:9"),
        ("[::ffff:192.0.2.1]:9", "192.0.2.1:9"),
        ("[2001:db8::1]:9", "[2001:db8::1]:9"),
    ] {
        let answer = check.accept(source.parse().expect("an address"), &Password::new("secret"));
        match Binding::parse(&answer) {
            Some(Binding::Success { id, mapped }) => assert_eq!((id, &*mapped.to_string()), (check.id, expected)),
            other => panic!("{other:?}"),
        }
        // 20 bytes of integrity before the fingerprint, which the reader above has verified.
        let (covered, tail) = answer.split_at(answer.len() - 8 - 24);
        let tag = hmac::sign(&Password::new("secret").0, &with_length(covered, 24));
        assert_eq!(&tail[4..24], tag.as_ref());
    }
}

#[test]
fn what_cannot_be_followed_is_said_in_the_terms_of_the_rfcs() {
    let controlled = request("a:b", "p", false, &[(ICE_CONTROLLED, &[0; 8])]);
    let check = Check::parse(&controlled).expect("a check");
    assert!(check.is_controlled);
    assert_eq!(code(&check.refuse(Refusal::RoleConflict, Some(&Password::new("p")))), Some(487));
    assert_eq!(code(&check.refuse(Refusal::Unproven, None)), Some(401));
    let demanding = request("a:b", "p", false, &[(0x0031, &[1, 2, 3, 4])]);
    let check = Check::parse(&demanding).expect("a check");
    assert!(!check.is_understood());
    let answer = check.refuse(Refusal::Unknown, Some(&Password::new("p")));
    assert_eq!(code(&answer), Some(420));
    assert!(answer.windows(6).any(|bytes| bytes == [0x00, 0x0A, 0, 2, 0, 0x31]));
}

#[test]
fn what_stands_behind_the_integrity_does_not_count() {
    let mut datagram = request("a:b", "p", false, &[]);
    datagram.truncate(datagram.len() - 8);
    attribute(&mut datagram, USE_CANDIDATE, &[]);
    let datagram = seal(datagram, None);
    let check = Check::parse(&datagram).expect("a check");
    assert!(!check.nominates);
}

#[test]
fn credentials_are_long_enough_different_and_not_printed() {
    let (one, two) = (Credentials::random(), Credentials::random());
    assert_ne!(one, two);
    assert!(one.ufrag.len() >= 4 && one.password.len() >= 22);
    assert!(!format!("{one:?}").contains(&one.password));
}

#[test]
fn a_check_with_any_bit_turned_is_none_or_not_proven() {
    let whole = request("ours:theirs", "secret", true, &[]);
    for bit in 0..whole.len() * 8 {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let proven = Check::parse(&damaged).is_some_and(|check| check.is_proven(&Password::new("secret")));
        assert!(!proven, "bit {bit}");
    }
    for length in 0..whole.len() {
        assert_eq!(Check::parse(&whole[..length]), None, "{length} bytes");
    }
}

proptest::proptest! {
    #[test]
    fn no_datagram_makes_a_check_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        let _ = Check::parse(&bytes);
        // With a header that fits, so that attributes are reached.
        let mut whole = begin(REQUEST, TransactionId([7; 12]));
        whole.extend_from_slice(&bytes[..bytes.len() / 4 * 4]);
        let length = (whole.len() - HEADER) as u16;
        whole[2..4].copy_from_slice(&length.to_be_bytes());
        if let Some(check) = Check::parse(&whole) {
            proptest::prop_assert!(!check.is_proven(&Password::new("secret")));
        }
    }
}
