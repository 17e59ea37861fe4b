use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::*;
use crate::message::Uri;

fn country(iso: &str) -> &'static Country {
    Country::of(iso).expect("it is in the table")
}

fn number(text: &str) -> E164 {
    E164::read(text, country("DE")).expect("a number")
}

fn trunk(name: &str, rules: NumberRules) -> TrunkConfig {
    TrunkConfig::new(name, vec![Uri::parse("sip:192.0.2.1").expect("a URI")], rules)
}

fn german(name: &str) -> TrunkConfig {
    trunk(name, NumberRules::of(country("DE")))
}

/// A moment of the day after so many.
fn at(day: u64, hour: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(day * 86_400 + hour * 3_600)
}

#[test]
fn numbers_are_read_as_they_are_dialled_in_each_country() {
    for (iso, dialled, expected) in [
        ("DE", "+49 30 1234567", "+49301234567"),
        ("DE", "+49 (0)30 1234567", "+49301234567"),
        ("DE", "030/1234567", "+49301234567"),
        ("DE", "0049301234567", "+49301234567"),
        ("DE", "49301234567", "+49301234567"),
        ("DE", "00442079460958", "+442079460958"),
        ("DE", "1234567;phone-context=+49-30", "+49301234567"),
        ("US", "(415) 555-0100", "+14155550100"),
        ("US", "1 415 555 0100", "+14155550100"),
        ("US", "011 49 30 1234567", "+49301234567"),
        ("CA", "4165550100", "+14165550100"),
        ("CN", "13800138000", "+8613800138000"),
        ("CN", "8613800138000", "+8613800138000"),
        ("CN", "010-88886666", "+861088886666"),
        ("CN", "0014155550100", "+14155550100"),
        ("GB", "020 7946 0958", "+442079460958"),
        ("FR", "01 99 00 12 34", "+33199001234"),
        ("FR", "199001234", "+33199001234"),
        ("JP", "03-1234-5678", "+81312345678"),
        ("JP", "010 1 415 555 0100", "+14155550100"),
        ("IN", "098765 43210", "+919876543210"),
        ("IN", "9876543210", "+919876543210"),
        ("AU", "02 5550 1234", "+61255501234"),
        ("AU", "0011 64 9 5550123", "+6495550123"),
        ("RU", "8 495 123-45-67", "+74951234567"),
        ("RU", "810 49 30 1234567", "+49301234567"),
        ("IT", "06 1234 5678", "+390612345678"),
        ("IT", "390612345678", "+390612345678"),
        ("HU", "06 1 234 5678", "+3612345678"),
        ("ES", "912345678", "+34912345678"),
        ("DK", "32123456", "+4532123456"),
        ("HK", "001 852 2345 6789", "+85223456789"),
    ] {
        let read = E164::read(dialled, country(iso));
        assert_eq!(read.as_ref().map(E164::as_str), Ok(expected), "{dialled} in {iso}");
    }
}

#[test]
fn what_is_no_number_is_refused_with_its_reason() {
    for (iso, text, expected) in [
        ("DE", "", NumberError::NotANumber),
        ("DE", "anonymous", NumberError::NotANumber),
        ("DE", "030 CALLME", NumberError::NotANumber),
        ("DE", "1+2345678", NumberError::NotANumber),
        ("DE", "+0301234567", NumberError::NotANumber),
        ("DE", "112", NumberError::TooShort),
        ("US", "911", NumberError::TooShort),
        ("US", "5550100", NumberError::TooShort),
        ("CN", "10086", NumberError::TooShort),
        ("DE", "+123456", NumberError::TooShort),
        ("DE", "+1234567890123456", NumberError::TooLong),
    ] {
        assert_eq!(E164::read(text, country(iso)), Err(expected), "{text} in {iso}");
    }
}

#[test]
fn numbers_are_written_in_the_form_a_trunk_expects_and_read_back() {
    let cases = [
        (NumberForm::Plus, "+49301234567", "+442079460958"),
        (NumberForm::Digits, "49301234567", "442079460958"),
        (NumberForm::International, "0049301234567", "00442079460958"),
        (NumberForm::National, "0301234567", "00442079460958"),
    ];
    for (form, at_home, abroad) in cases {
        for (text, written) in [("+49301234567", at_home), ("+442079460958", abroad)] {
            let number = number(text);
            assert_eq!(number.write(form, country("DE")), written);
            assert_eq!(E164::received(written, form, country("DE")), Ok(number), "{written}");
        }
    }
}

#[test]
fn a_number_is_never_printed() {
    assert_eq!(format!("{:?}", number("+49301234567")), "E164(…)");
}

#[test]
fn the_table_of_countries_is_sound() {
    assert!(COUNTRIES.len() >= 40);
    for pair in COUNTRIES.windows(2) {
        assert!(pair[0].iso < pair[1].iso, "{} comes before {}", pair[0].iso, pair[1].iso);
    }
    let digits = |text: &str| text.bytes().all(|c| c.is_ascii_digit());
    for country in COUNTRIES {
        let all = [country.code, country.trunk].into_iter().chain(country.international.iter().copied());
        assert!(all.chain(country.premium.iter().copied()).all(digits), "{}", country.iso);
        assert!(country.digits.0 <= country.digits.1 && usize::from(country.digits.1) + country.code.len() <= 15);
        assert!(country.premium.iter().all(|premium| !premium.is_empty()), "{} blocks itself", country.iso);
    }
}

#[test]
fn without_a_word_only_the_default_country_can_be_called_and_no_premium_number() {
    for (home, called, permitted) in [
        ("DE", "+49301234567", true),
        ("DE", "+491701234567", true),
        ("DE", "+499001234567", false),
        ("DE", "+491371234567", false),
        ("DE", "+442079460958", false),
        ("DE", "+8816123456789", false),
        ("US", "+14155550100", true),
        ("US", "+14165550100", true),
        ("US", "+19005550100", false),
        ("US", "+18765550100", false),
        ("GB", "+442079460958", true),
        ("GB", "+447012345678", false),
        ("CN", "+8613800138000", true),
        ("CN", "+861681234567", false),
        ("RU", "+77012345678", false),
    ] {
        let rules = NumberRules::of(country(home));
        assert_eq!(rules.permit(&number(called)), permitted, "{called} from {home}");
    }
}

#[test]
fn the_longest_rule_decides_and_the_operators_word_outweighs_ours() {
    let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    for (allow, block, called, permitted) in [
        (&["+44"][..], &[][..], "+49301234567", false),
        (&["+44", "+49"], &[], "+49301234567", true),
        (&["+"], &[], "+33199001234", true),
        (&["+"], &[], "+33899123456", false),
        (&["+"], &["+33"], "+33199001234", false),
        (&["+", "+331"], &["+33"], "+33199001234", true),
        (&["+49", "+49900"], &[], "+499001234567", true),
        (&["+49"], &["+49"], "+49301234567", false),
        (&[], &["+4930"], "+49301234567", false),
        (&[], &["+4930"], "+49401234567", true),
    ] {
        let rules = NumberRules::of(country("DE")).allow(&own(allow)).and_then(|rules| rules.block(&own(block)));
        assert_eq!(rules.expect("prefixes").permit(&number(called)), permitted, "{called}: {allow:?} {block:?}");
    }
    assert!(NumberRules::of(country("DE")).allow(&own(&["0049"])).is_err());
}

#[test]
fn calls_are_limited_at_once_and_a_day_and_by_source() {
    let limits = Limits { at_once: 2, a_day: 3, source_at_once: 1, source_a_day: 2 };
    let mut ledger = Ledger::default();
    assert_eq!(ledger.begin("101", &limits, at(1, 1)), Ok(()));
    assert_eq!(ledger.begin("101", &limits, at(1, 1)), Err(OverLimit::SourceAtOnce));
    assert_eq!(ledger.begin("102", &limits, at(1, 1)), Ok(()));
    assert_eq!(ledger.begin("103", &limits, at(1, 1)), Err(OverLimit::AtOnce));
    ledger.end("101");
    assert_eq!(ledger.begin("101", &limits, at(1, 2)), Ok(()));
    ledger.end("101");
    ledger.end("102");
    assert_eq!(ledger.begin("103", &limits, at(1, 3)), Err(OverLimit::ADay));
    assert_eq!(ledger.counts(at(1, 23)), (0, 3));
    assert_eq!(ledger.begin("101", &limits, at(2, 0)), Ok(()));
    ledger.end("101");
    assert_eq!(ledger.begin("101", &limits, at(2, 0)), Ok(()));
    ledger.end("101");
    assert_eq!(ledger.begin("101", &limits, at(2, 0)), Err(OverLimit::SourceADay));
}

#[test]
fn a_clock_that_is_set_back_brings_no_new_allowance() {
    let limits = Limits { a_day: 1, ..Limits::default() };
    let mut ledger = Ledger::default();
    assert_eq!(ledger.begin("101", &limits, at(5, 1)), Ok(()));
    ledger.end("101");
    assert_eq!(ledger.begin("101", &limits, at(4, 1)), Err(OverLimit::ADay));
}

#[test]
fn trunks_are_tried_by_priority_and_only_those_that_are_up_and_may() {
    let mut trunks = vec![german("backup"), german("first"), german("also_first"), german("abroad")];
    trunks[0].priority = 2;
    trunks[3].rules = NumberRules::of(country("FR"));
    let called = number("+49301234567");
    // Equal weights: the greater chance comes first.
    let mut chances = [0.5, 0.1, 0.9].into_iter();
    assert_eq!(order(&trunks, &called, |_| true, || chances.next().unwrap_or(0.5)), Ok(vec![2, 1, 0]));
    assert_eq!(order(&trunks, &called, |at| at != 2, || 0.5), Ok(vec![1, 0]));
    assert_eq!(order(&trunks, &called, |_| false, || 0.5), Err(NoTrunk::Down));
    assert_eq!(order(&trunks, &number("+15005550006"), |_| true, || 0.5), Err(NoTrunk::Forbidden));
    assert_eq!(order(&[], &called, |_| true, || 0.5), Err(NoTrunk::None));
}

#[test]
fn load_is_shared_by_weight() {
    let mut trunks = vec![german("large"), german("small"), german("spare")];
    (trunks[0].weight, trunks[1].weight, trunks[2].weight) = (30, 10, 0);
    let mut state = 7_u64;
    let mut chance = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut first = [0_u32; 3];
    for _ in 0..4_000 {
        let order = order(&trunks, &number("+49301234567"), |_| true, &mut chance).expect("a trunk");
        first[order[0]] += 1;
        assert_eq!(order[2], 2, "a trunk without weight is the last");
    }
    assert!((2_850..=3_150).contains(&first[0]) && first[2] == 0, "{first:?}");
}

#[test]
fn another_trunk_is_tried_where_the_trunk_failed_and_never_where_somebody_decided() {
    for status in [401, 407, 408, 500, 502, 503, 504] {
        assert!(may_fail_over(status, false) && !may_fail_over(status, true), "{status}");
    }
    for status in [302, 403, 404, 480, 484, 486, 487, 488, 600, 603, 604, 606, 607] {
        assert!(!may_fail_over(status, false), "{status}");
    }
}

#[test]
fn a_call_is_from_the_trunk_whose_network_it_comes_from() {
    let mut trunks = vec![german("by_net"), german("by_account"), german("by_address")];
    trunks[0].sources = vec!["198.51.100.0/24".parse().expect("a network")];
    trunks[1].sources = trunks[0].sources.clone();
    trunks[1].registrar = Some(Uri::parse("sip:198.51.100.1").expect("a URI"));
    trunks[1].credentials = Some(crate::ua::Credentials { username: "acme".into(), password: "secret".into() });
    let here = |ip: &str, user: &str| {
        trunk_of(&trunks, ip.parse().expect("an address"), user, |at, ip| {
            at == 2 && ip == std::net::Ipv4Addr::new(203, 0, 113, 9)
        })
    };
    assert_eq!(here("198.51.100.7", "+49301234567"), Some(0));
    assert_eq!(here("198.51.100.7", "acme"), Some(1));
    assert_eq!(here("203.0.113.9", "+49301234567"), Some(2));
    assert_eq!(here("192.0.2.66", "acme"), None, "the name of an account is no proof");
}

#[test]
fn a_dialled_number_leads_where_its_longest_rule_says() {
    let mut trunk = german("acme");
    trunk.dids = [
        ("+4930555", true, "flow:shop"),
        ("+49305551", true, "queue:support"),
        ("+49305551234", false, "extension:101"),
    ]
    .map(|(number, prefix, target)| Did {
        number: number.to_owned(),
        prefix,
        target: Target::read(target).expect("a target"),
        language: None,
    })
    .to_vec();
    for (dialled, expected) in [
        ("030 5550", Some("flow:shop")),
        ("0049305551000", Some("queue:support")),
        ("+49305551234", Some("extension:101")),
        ("49305551234", Some("extension:101")),
        ("+49401234567", None),
    ] {
        let target = did_of(&trunk, dialled, country("DE")).map(|did| did.target.clone());
        assert_eq!(target, expected.and_then(Target::read), "{dialled}");
    }
}

#[test]
fn two_silences_bring_a_peer_down_and_one_answer_brings_it_back() {
    let mut health = Health::default();
    assert!(health.answered(200, at(1, 0)));
    assert!(!health.failed(408, "no answer".into(), at(1, 1)));
    assert_eq!(health.standing(), Standing::Up);
    assert!(health.failed(408, "no answer".into(), at(1, 2)));
    assert_eq!((health.standing(), health.since()), (Standing::Down, Some(at(1, 2))));
    assert!(health.answered(404, at(1, 3)), "any answer shows that it is there");
    assert_eq!(health.standing(), Standing::Up);
    assert_eq!(health.last_error().map(|(status, _)| *status), Some(408));
}

#[test]
fn a_peer_that_was_never_there_is_down_at_once() {
    let mut health = Health::default();
    assert!(health.failed(408, "no answer".into(), at(1, 0)));
    assert_eq!(health.standing(), Standing::Down);
}

#[test]
fn peers_are_asked_at_slightly_different_times_and_sooner_after_a_silence() {
    let every = Duration::from_secs(30);
    let mut health = Health::default();
    health.answered(200, at(1, 0));
    assert_eq!(health.pause(every, 0.0), Duration::from_secs(27));
    assert_eq!(health.pause(every, 1.0), Duration::from_secs(33));
    health.failed(408, String::new(), at(1, 0));
    assert_eq!(health.pause(every, 0.5), Duration::from_secs(5));
}

#[test]
fn a_trunk_does_not_print_its_password() {
    let mut trunk = german("acme");
    trunk.credentials = Some(crate::ua::Credentials { username: "acme-user".into(), password: "hunter2".into() });
    let printed = format!("{trunk:?}");
    assert!(!printed.contains("hunter2") && !printed.contains("acme-user"), "{printed}");
}
