use super::fixtures::*;
use super::formats::Format;
use super::*;
use crate::srtp::Suite;

fn at(address: &str) -> std::net::SocketAddr {
    address.parse().expect("an address")
}

/// Codings and encryption of a test, by name.
fn wanting(codecs: &[Codec], encryption: Encryption) -> Preferences {
    Preferences { codecs: codecs.to_vec(), encryption, ..Preferences::default() }
}

fn g711() -> Preferences {
    wanting(&[Codec::Pcmu, Codec::Pcma], Encryption::Optional)
}

fn side(preferences: Preferences) -> Local {
    Local::new(at("192.0.2.1:4000"), preferences)
}

fn other_side(preferences: Preferences) -> Local {
    Local::new(at("192.0.2.2:5000"), preferences)
}

fn local() -> Local {
    side(g711())
}

fn read(text: &str) -> Description {
    Description::parse(text.as_bytes()).expect("a readable description")
}

/// Offer and answer between two sides; the answer's text, and what the offerer and the answerer then do.
fn negotiate(one: &mut Local, other: &mut Local) -> (String, Agreed, Agreed) {
    let offer = read(&one.offer());
    let (answer, theirs) = other.answer(&offer).expect("an answer");
    let ours = one.accept(&read(&answer)).expect("it fits the offer");
    (answer, ours, theirs)
}

fn offer(stream: &str) -> Description {
    let text = format!("v=0\r\no=a 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n{stream}");
    Description::parse(text.as_bytes()).expect("a readable description")
}

fn version(description: &str) -> u64 {
    let origin = description.lines().find(|l| l.starts_with("o=")).expect("an o= line");
    origin.split(' ').nth(2).and_then(|v| v.parse().ok()).expect("a version")
}

#[test]
fn the_callers_first_codec_wins_and_its_payload_type_for_keys_is_kept() {
    let offer = offer("m=audio 5000 RTP/AVP 9 8 0 96\r\na=rtpmap:9 G722/8000\r\na=rtpmap:96 telephone-event/8000\r\n");
    let (text, agreed) = local().answer(&offer).expect("an answer");
    assert_eq!(agreed.codec, Codec::Pcma);
    assert_eq!(agreed.telephone_event, Some(96));
    assert_eq!(agreed.remote, at("192.0.2.9:5000"));
    assert!(text.contains("m=audio 4000 RTP/AVP 8 96\r\n"), "{text}");
}

#[test]
fn events_at_another_clock_rate_are_not_taken_for_ours() {
    let offer = offer(
        "m=audio 5000 RTP/AVP 0 100 101\r\na=rtpmap:100 telephone-event/48000\r\na=rtpmap:101 telephone-event/8000\r\n",
    );
    assert_eq!(local().answer(&offer).expect("an answer").1.telephone_event, Some(101));
}

#[test]
fn a_session_refresh_keeps_the_version_and_a_hold_counts_it_up() {
    let mut local = local();
    let talk = offer("m=audio 5000 RTP/AVP 0\r\n");
    let hold = offer("m=audio 5000 RTP/AVP 0\r\na=sendonly\r\n");
    let first = version(&local.answer(&talk).expect("an answer").0);
    let refresh = version(&local.answer(&talk).expect("an answer").0);
    let (text, agreed) = local.answer(&hold).expect("an answer");
    assert_eq!(refresh, first);
    assert_eq!(version(&text), first + 1);
    assert!(text.contains("a=recvonly\r\n"));
    assert_eq!(agreed.direction, Direction::RecvOnly);
}

#[test]
fn a_call_keeps_its_codec_through_a_re_offer_in_another_order() {
    let mut local = local();
    local.answer(&offer("m=audio 5000 RTP/AVP 0 8\r\n")).expect("an answer");
    let again = local.answer(&offer("m=audio 5000 RTP/AVP 8 0\r\n")).expect("an answer").1;
    assert_eq!(again.codec, Codec::Pcmu);
}

#[test]
fn every_other_stream_is_refused_in_its_place() {
    let offer = offer(
        "m=video 6000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\nm=audio 5000 RTP/AVP 0\r\nm=audio 5002 RTP/AVP 0\r\n",
    );
    let text = local().answer(&offer).expect("an answer").0;
    let lines: Vec<_> = text.lines().filter(|l| l.starts_with("m=")).collect();
    assert_eq!(lines, ["m=video 0 RTP/AVP 96", "m=audio 4000 RTP/AVP 0", "m=audio 0 RTP/AVP 0"]);
}

#[test]
fn hold_by_the_old_zero_address_is_hold() {
    let text = b"v=0\r\no=a 1 1 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\nm=audio 5000 RTP/AVP 0\r\n";
    let agreed = local().answer(&Description::parse(text).expect("readable")).expect("an answer").1;
    assert_eq!(agreed.direction, Direction::RecvOnly);
    assert!(agreed.remote.ip().is_unspecified());
}

#[test]
fn no_shared_codec_and_no_plain_audio_are_told_apart() {
    let opus = offer("m=audio 5000 RTP/AVP 111\r\na=rtpmap:111 opus/48000/2\r\n");
    assert_eq!(opus.check(&g711()), Err(SdpError::NoSharedCodec));
    let secure = offer("m=audio 5000 RTP/SAVP 0\r\n");
    assert_eq!(secure.check(&g711()), Err(SdpError::Encrypted));
    let lying = offer("m=audio 5000 RTP/AVP 0\r\na=rtpmap:0 G729/8000\r\n");
    assert_eq!(lying.check(&g711()), Err(SdpError::NoSharedCodec));
}

#[test]
fn every_direction_is_answered_as_the_rfc_says() {
    use Direction::*;
    for (offered, wanted, answer) in [
        (SendRecv, SendRecv, SendRecv),
        (SendOnly, SendRecv, RecvOnly),
        (RecvOnly, SendRecv, SendOnly),
        (Inactive, SendRecv, Inactive),
        (SendRecv, SendOnly, SendOnly),
        (SendOnly, SendOnly, Inactive),
    ] {
        assert_eq!(offered.answered(wanted), answer);
    }
}

#[test]
fn two_of_us_agree_whatever_both_like() {
    use Codec::*;
    for codecs in [&[Pcmu][..], &[Pcma, Pcmu], &[G722, Pcma], &[Opus, G722, Pcma, Pcmu], &[Opus]] {
        for encryption in [Encryption::Never, Encryption::Optional, Encryption::Required] {
            for keying in [Keying::Sdes, Keying::Dtls] {
                let preferences = Preferences { keying, ..wanting(codecs, encryption) };
                let (mut one, mut other) = (side(preferences.clone()), other_side(preferences));
                let (text, ours, theirs) = negotiate(&mut one, &mut other);
                let context = format!("{codecs:?} {encryption:?} {keying:?}\n{}", redacted(&text));
                assert_eq!((ours.codec, theirs.codec), (codecs[0], codecs[0]), "{context}");
                assert_eq!(ours.payload_type, theirs.payload_type, "{context}");
                assert_eq!(ours.telephone_event, theirs.telephone_event, "{context}");
                assert!(ours.telephone_event.is_some(), "{context}");
                assert_eq!(ours.formats.get(theirs.payload_type), Some(Format::Audio(codecs[0])), "{context}");
                assert_eq!((ours.remote.port(), theirs.remote.port()), (5000, 4000), "{context}");
                assert!(ours.rtcp_mux() && theirs.rtcp_mux(), "{context}");
                match (&ours.security, &theirs.security, encryption, keying) {
                    (Security::Plain, Security::Plain, Encryption::Never, _) => {}
                    (
                        Security::Sdes(a),
                        Security::Sdes(b),
                        Encryption::Optional | Encryption::Required,
                        Keying::Sdes,
                    ) => {
                        assert_eq!((&a.ours, &a.theirs), (&b.theirs, &b.ours), "{context}");
                    }
                    (
                        Security::Dtls(a),
                        Security::Dtls(b),
                        Encryption::Optional | Encryption::Required,
                        Keying::Dtls,
                    ) => {
                        assert!(a.client != b.client, "{context}");
                    }
                    other => panic!("{other:?} in {context}"),
                }
            }
        }
    }
}

#[test]
fn a_session_goes_on_with_its_numbers_and_keys() {
    for keying in [Keying::Sdes, Keying::Dtls] {
        let preferences = Preferences { keying, ..wanting(&[Codec::Opus, Codec::Pcma], Encryption::Required) };
        let (mut one, mut other) = (side(preferences.clone()), other_side(preferences));
        let (_, ours, theirs) = negotiate(&mut one, &mut other);
        let (text, ours_again, theirs_again) = negotiate(&mut one, &mut other);
        assert_eq!((&ours, &theirs), (&ours_again, &theirs_again), "{}", redacted(&text));
        // And when the other one offers.
        let (_, theirs_at_last, ours_at_last) = negotiate(&mut other, &mut one);
        assert_eq!(ours.security, ours_at_last.security, "{keying:?}");
        assert_eq!(theirs.security, theirs_at_last.security, "{keying:?}");
        assert_eq!(ours.payload_type, ours_at_last.payload_type);
    }
}

#[test]
fn policies_that_do_not_fit_end_in_a_reason() {
    use Encryption::*;
    for (offers, answers, keying, expected) in [
        (Never, Required, Keying::Sdes, SdpError::NotEncrypted),
        (Required, Never, Keying::Sdes, SdpError::Encrypted),
        (Required, Never, Keying::Dtls, SdpError::Encrypted),
    ] {
        let mut one = side(Preferences { keying, ..wanting(&[Codec::Pcma], offers) });
        let mut other = other_side(wanting(&[Codec::Pcma], answers));
        assert_eq!(other.answer(&read(&one.offer())).map(|_| ()), Err(expected), "{offers:?} {answers:?}");
    }
    let (mut one, mut other) = (side(wanting(&[Codec::Pcma], Optional)), other_side(wanting(&[Codec::Pcma], Never)));
    let (_, ours, theirs) = negotiate(&mut one, &mut other);
    assert_eq!((ours.security, theirs.security), (Security::Plain, Security::Plain));
    // A plain answer to an offer that requires encryption.
    let mut one = side(wanting(&[Codec::Pcma], Required));
    one.offer();
    assert_eq!(one.accept(&read(CARRIER)), Err(SdpError::NotEncrypted));
}

#[test]
fn a_carriers_offer_is_answered_with_one_coding_keys_and_comfort_noise() {
    let mut local = side(wanting(&[Codec::G722, Codec::Pcma, Codec::Pcmu], Encryption::Optional));
    let (text, agreed) = local.answer(&read(CARRIER)).expect("an answer");
    assert!(text.contains("m=audio 4000 RTP/AVP 8 101 13\r\n"), "{text}");
    assert_eq!((agreed.codec, agreed.telephone_event, agreed.ptime_ms), (Codec::Pcma, Some(101), 20));
    assert_eq!(agreed.remote_rtcp.port(), 17_003);
    assert_eq!(agreed.formats.get(13), Some(Format::ComfortNoise));
    assert_eq!(agreed.formats.get(0), Some(Format::Audio(Codec::Pcmu)), "what was not agreed on is understood too");
}

#[test]
fn a_terse_description_in_another_order_is_understood() {
    let agreed = local().answer(&read(TERSE)).expect("an answer").1;
    assert_eq!(agreed.remote, at("198.51.100.7:4444"));
    assert_eq!((agreed.codec, agreed.telephone_event), (Codec::Pcmu, None));
}

#[test]
fn a_desk_phone_gets_wideband_its_packet_length_and_the_key_it_can_have() {
    let mut local = side(wanting(&[Codec::G722, Codec::Pcma], Encryption::Optional));
    let (text, agreed) = local.answer(&read(DESK_PHONE)).expect("an answer");
    assert_eq!((agreed.codec, agreed.ptime_ms), (Codec::G722, 30));
    let Security::Sdes(keys) = &agreed.security else { panic!("{agreed:?}") };
    assert_eq!((keys.ours.suite(), keys.theirs.suite()), (Suite::AesCm128HmacSha1_80, Suite::AesCm128HmacSha1_80));
    assert!(text.contains("a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:"), "the first asks for what we don't do");
    assert!(text.contains("m=audio 4000 RTP/AVP 9 101\r\n"), "{}", redacted(&text));
}

#[test]
fn of_a_plain_and_an_encrypted_stream_the_encrypted_one_is_taken() {
    let streams = |encryption| {
        let (text, agreed) = side(wanting(&[Codec::Pcma], encryption)).answer(&read(TWO_STREAMS)).expect("an answer");
        let lines: Vec<String> = text.lines().filter(|line| line.starts_with("m=")).map(str::to_owned).collect();
        (lines, agreed.remote.port())
    };
    let encrypted = ["m=audio 0 RTP/AVP 8", "m=video 0 RTP/AVP 96", "m=audio 4000 RTP/SAVP 8"];
    let plain = ["m=audio 4000 RTP/AVP 8", "m=video 0 RTP/AVP 96", "m=audio 0 RTP/SAVP 8"];
    assert_eq!(streams(Encryption::Required), (encrypted.map(str::to_owned).to_vec(), 5008));
    assert_eq!(streams(Encryption::Optional), (encrypted.map(str::to_owned).to_vec(), 5008));
    assert_eq!(streams(Encryption::Never), (plain.map(str::to_owned).to_vec(), 5004));
}

#[test]
fn a_softphone_gets_opus_keys_at_its_clock_and_a_passive_peer() {
    let mut local = side(wanting(&[Codec::Opus, Codec::Pcma], Encryption::Optional));
    let (text, agreed) = local.answer(&read(SOFTPHONE)).expect("an answer");
    assert_eq!((agreed.codec, agreed.payload_type, agreed.telephone_event), (Codec::Opus, 96, Some(98)));
    assert_eq!(agreed.remote, at("[2001:db8::7]:61000"));
    assert!(agreed.rtcp_mux());
    let Security::Dtls(handshake) = &agreed.security else { panic!("{agreed:?}") };
    assert!(!handshake.client);
    for line in ["m=audio 4000 UDP/TLS/RTP/SAVPF 96 98\r\n", "a=setup:passive\r\n", "a=fingerprint:sha-256 "] {
        assert!(text.contains(line), "{line} in {text}");
    }
    // The same phone without Opus: keys at 8 kHz.
    let agreed = local_without_opus().answer(&read(SOFTPHONE)).expect("an answer").1;
    assert_eq!((agreed.codec, agreed.telephone_event), (Codec::Pcma, Some(97)));
}

fn local_without_opus() -> Local {
    side(wanting(&[Codec::Pcma], Encryption::Optional))
}

#[test]
fn dynamic_numbers_for_g711_capitals_and_a_port_for_rtcp_are_understood() {
    let (text, agreed) = local().answer(&read(DYNAMIC)).expect("an answer");
    assert_eq!((agreed.codec, agreed.payload_type, agreed.telephone_event), (Codec::Pcma, 110, Some(112)));
    assert_eq!(agreed.ptime_ms, 40);
    assert_eq!(agreed.remote_rtcp, at("192.0.2.41:9011"));
    assert_eq!(agreed.formats.get(110), Some(Format::Audio(Codec::Pcma)));
    assert!(text.contains("m=audio 4000 rtp/avp 110 112\r\na=rtpmap:110 PCMA/8000\r\n"), "{text}");
}

#[test]
fn where_reports_are_read_is_said_unless_they_share_the_port_anyway() {
    let said = |text: &str| (text.contains("a=rtcp:4000\r\n"), text.contains("a=rtcp-mux\r\n"));
    assert_eq!(said(&local().offer()), (true, true), "for peers without rtcp-mux");
    assert_eq!(said(&local().answer(&read(CARRIER)).expect("an answer").0), (true, false));
    assert_eq!(said(&local().answer(&read(SOFTPHONE)).expect("an answer").0), (false, true));
}

#[test]
fn an_answer_with_several_codings_settles_on_its_first() {
    let mut local = side(wanting(&[Codec::G722, Codec::Pcma, Codec::Pcmu], Encryption::Never));
    local.offer();
    let agreed = local.accept(&offer("m=audio 5000 RTP/AVP 18 8 0 9 101\r\na=rtpmap:101 telephone-event/8000\r\n"));
    assert_eq!(agreed.expect("agreed").codec, Codec::Pcma);
}

#[test]
fn an_answer_may_use_other_numbers_than_the_offer() {
    let mut local = side(wanting(&[Codec::Opus], Encryption::Never));
    assert!(local.offer().contains("a=rtpmap:107 opus/48000/2\r\n"));
    let answer = "m=audio 5000 RTP/AVP 120 107\r\na=rtpmap:120 opus/48000/2\r\na=rtpmap:107 telephone-event/48000\r\n";
    let agreed = local.accept(&offer(answer)).expect("agreed");
    assert_eq!((agreed.payload_type, agreed.telephone_event), (120, Some(107)));
    assert_eq!(agreed.formats.get(120), Some(Format::Audio(Codec::Opus)));
    assert_eq!(agreed.formats.get(110), Some(Format::Event(48_000)), "the peer may use our number as well");
    // The next offer keeps the numbers that are in use.
    let again = local.offer();
    assert!(again.contains("m=audio 4000 RTP/AVP 120 107\r\na=rtpmap:120 opus"), "{again}");
}

#[test]
fn a_refused_stream_is_no_audio() {
    let mut local = local();
    local.offer();
    assert_eq!(local.accept(&offer("m=audio 0 RTP/AVP 0\r\n")), Err(SdpError::NoAudio));
    assert_eq!(offer("").check(&g711()), Err(SdpError::NoAudio));
}

#[test]
fn packet_lengths_are_rounded_to_what_we_send() {
    for (attributes, expected) in [
        ("", 20),
        ("a=ptime:10\r\n", 10),
        ("a=ptime:5\r\n", 10),
        ("a=ptime:35\r\n", 30),
        ("a=ptime:60\r\n", 60),
        ("a=ptime:200\r\n", 60),
        ("a=ptime:0\r\n", 20),
        ("a=ptime:x\r\n", 20),
        ("a=ptime:40\r\na=maxptime:20\r\n", 20),
        ("a=maxptime:150\r\n", 20),
        ("a=maxptime:10\r\n", 10),
    ] {
        let offer = offer(&format!("m=audio 5000 RTP/AVP 0\r\n{attributes}"));
        assert_eq!(local().answer(&offer).expect("an answer").1.ptime_ms, expected, "{attributes}");
    }
}

#[test]
fn keys_that_we_cannot_use_are_passed_over() {
    let good = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";
    for (line, usable) in [
        (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{good}"), true),
        (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{good}|2^31|1:4 WSH=128"), true),
        (format!("1 aes_cm_128_hmac_sha1_80 INLINE:{good}"), true),
        (format!("1 F8_128_HMAC_SHA1_80 inline:{good}"), false),
        (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{good} UNENCRYPTED_SRTP"), false),
        (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{good} KDR=1"), false),
        ("1 AES_CM_128_HMAC_SHA1_80 inline:dG9vIHNob3J0".to_owned(), false),
        (format!("x AES_CM_128_HMAC_SHA1_80 inline:{good}"), false),
        (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{good}|2^31|1:999"), false),
        (String::new(), false),
    ] {
        let stream = format!("m=audio 5000 RTP/SAVP 0\r\na=crypto:{line}\r\n");
        assert_eq!(offer(&stream).check(&g711()).is_ok(), usable, "{line}");
    }
}

#[test]
fn weak_or_broken_fingerprints_are_not_believed() {
    for fingerprint in ["sha-1 AA:BB", "sha-256 AA:BB", "sha-256", "md5 00", "sha-256 zz"] {
        let stream = format!("m=audio 5000 UDP/TLS/RTP/SAVP 0\r\na=fingerprint:{fingerprint}\r\n");
        assert_eq!(offer(&stream).check(&g711()), Err(SdpError::Encrypted), "{fingerprint}");
    }
}

#[test]
fn a_redacted_description_has_no_key_and_is_otherwise_the_same() {
    let clean = redacted(DESK_PHONE);
    assert!(
        !clean.contains("WVNf")
            && !clean.contains("d0Rm")
            && clean.contains("a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:…\r\n")
    );
    assert_eq!(clean.lines().count(), DESK_PHONE.lines().count());
    assert!(matches!(redacted(CARRIER), std::borrow::Cow::Borrowed(text) if text == CARRIER));
    assert_eq!(redacted("k=clear:secret\na=x\nA=Crypto:1 S INLINE:key"), "k=…\na=x\nA=Crypto:1 S INLINE:…");
    // Also in a message that is not only a description.
    assert!(!format!("{:?}", read(DESK_PHONE)).contains("d0Rm"));
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        let mut text = b"v=0\r\nm=audio 1 RTP/AVP 0\r\n".to_vec();
        text.extend(bytes);
        let _ = redacted(&String::from_utf8_lossy(&text)).len();
        if let Ok(description) = Description::parse(&text) {
            let _ = local().answer(&description);
        }
    }

    #[test]
    fn no_change_to_a_real_description_makes_the_reader_panic(
        which in 0usize..6, at: proptest::sample::Index,
        with in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..6), cut in 0usize..6,
    ) {
        let mut text = [CARRIER, TERSE, DESK_PHONE, TWO_STREAMS, SOFTPHONE, DYNAMIC][which].as_bytes().to_vec();
        let at = at.index(text.len());
        let end = (at + cut).min(text.len());
        text.splice(at..end, with);
        let _ = redacted(&String::from_utf8_lossy(&text)).len();
        if let Ok(description) = Description::parse(&text) {
            let mut local = side(wanting(&Codec::ALL, Encryption::Optional));
            if let Ok((answer, _)) = local.answer(&description) {
                proptest::prop_assert!(Description::parse(answer.as_bytes()).is_ok());
            }
            let mut local = side(wanting(&Codec::ALL, Encryption::Required));
            local.offer();
            let _ = local.accept(&description);
        }
    }
}
