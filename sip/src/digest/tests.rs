use super::*;

fn nonces() -> (Nonces, Instant) {
    let now = Instant::now();
    (Nonces::new(Duration::from_secs(60), now), now)
}

fn use_number(nc: u32) -> Option<Counted> {
    Some(Counted { nc, cnonce: "c".into() })
}

// The worked example of RFC 7616 section 3.9.1.
fn example(algorithm: DigestAlgorithm) -> String {
    let ha1 = algorithm.ha1("Mufasa", "http-auth@example.org", "Circle of Life");
    let counted = Counted { nc: 1, cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ".into() };
    let nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
    response(algorithm, &ha1, "GET", "/dir/index.html", nonce, Some(&counted))
}

#[test]
fn the_worked_example_of_the_rfc_comes_out_with_md5_and_sha_256() {
    assert_eq!(example(DigestAlgorithm::Md5), "8ca523f5e9506fed4657c9700eebdbec");
    assert_eq!(example(DigestAlgorithm::Sha256), "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
}

#[test]
fn an_answer_to_our_own_challenge_is_proof_for_either_hash() {
    for algorithm in ALGORITHMS {
        let challenge = Challenge {
            realm: "a \"quoted\" realm".into(),
            nonce: "abc".into(),
            algorithm,
            opaque: None,
            qop_auth: true,
            stale: false,
        };
        let asked = Challenge::parse(&challenge.header()).expect("our own header parses");
        assert_eq!(asked, challenge);
        let header = asked.answer("alice", "secret", "REGISTER", "sip:example.com");
        let claim = Authorization::parse(&header).expect("our own answer parses");
        let ha1 = algorithm.ha1("alice", "a \"quoted\" realm", "secret");
        assert!(claim.proves(&ha1, "REGISTER"));
        assert!(!claim.proves(&ha1, "INVITE"));
        let other = algorithm.ha1("alice", "a \"quoted\" realm", "guess");
        assert!(!claim.proves(&other, "REGISTER"));
    }
}

#[test]
fn the_first_challenge_that_can_be_answered_is_chosen() {
    let chosen = Challenge::choose([
        "Digest realm=\"r\", nonce=\"1\", algorithm=SHA-512-256, qop=\"auth\"",
        "Digest realm=\"r\", nonce=\"2\", algorithm=SHA-256, qop=\"auth,auth-int\"",
        "Digest realm=\"r\", nonce=\"3\", algorithm=MD5",
    ]);
    assert_eq!(chosen.map(|c| c.nonce), Some("2".to_owned()));
}

#[test]
fn a_nonce_is_known_again_until_it_expires() {
    let (nonces, now) = nonces();
    let nonce = nonces.issue(now);
    assert_eq!(nonces.state(&nonce, now), NonceState::Fresh);
    assert_eq!(nonces.state(&nonce, now + Duration::from_secs(61)), NonceState::Stale);
}

#[test]
fn a_nonce_of_another_process_is_unknown() {
    let (nonces, now) = nonces();
    let other = Nonces::new(Duration::from_secs(60), now);
    assert_eq!(nonces.state(&other.issue(now), now), NonceState::Unknown);
    for broken in ["", "x", "ééééééééééééééééééééééééééééééééé", &"0".repeat(64)] {
        assert_eq!(nonces.state(broken, now), NonceState::Unknown);
    }
}

#[test]
fn a_count_that_was_used_before_is_a_replay() {
    let (mut nonces, now) = nonces();
    let nonce = nonces.issue(now);
    assert_eq!(nonces.spend(&nonce, use_number(1).as_ref(), now), NonceState::Fresh);
    assert_eq!(nonces.spend(&nonce, use_number(1).as_ref(), now), NonceState::Stale);
    assert_eq!(nonces.spend(&nonce, use_number(2).as_ref(), now), NonceState::Fresh);
    assert_eq!(nonces.spend(&nonce, use_number(1).as_ref(), now), NonceState::Stale);
}

#[test]
fn a_nonce_without_a_count_is_good_for_one_use() {
    let (mut nonces, now) = nonces();
    let nonce = nonces.issue(now);
    assert_eq!(nonces.spend(&nonce, None, now), NonceState::Fresh);
    assert_eq!(nonces.spend(&nonce, None, now), NonceState::Stale);
}

#[test]
fn a_header_that_gives_a_parameter_twice_is_refused() {
    let header = "Digest username=\"a\", username=\"b\", realm=\"r\", nonce=\"n\", uri=\"u\", response=\"x\"";
    assert!(Authorization::parse(header).is_none());
}

#[test]
fn unfinished_headers_are_refused_without_a_panic() {
    for header in ["", "Digest", "Digest ", "Digest a", "Digest a=\"", "Digest a=\"\\", "Basic a=b"] {
        assert!(Authorization::parse(header).is_none());
        assert!(Challenge::parse(header).is_none());
    }
}
