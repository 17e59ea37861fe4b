use super::*;

fn local() -> Local {
    Local::new("192.0.2.1:4000".parse().expect("an address"))
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
    assert_eq!(agreed.remote, "192.0.2.9:5000".parse().expect("an address"));
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
    assert_eq!(opus.check(), Err(SdpError::NoSharedCodec));
    let secure = offer("m=audio 5000 RTP/SAVP 0\r\n");
    assert_eq!(secure.check(), Err(SdpError::NoAudio));
    let lying = offer("m=audio 5000 RTP/AVP 0\r\na=rtpmap:0 G729/8000\r\n");
    assert_eq!(lying.check(), Err(SdpError::NoSharedCodec));
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
fn an_offer_of_ours_is_answered_and_accepted_by_ourselves() {
    let (mut one, mut other) = (local(), Local::new("192.0.2.2:5000".parse().expect("an address")));
    let offered = Description::parse(one.offer().as_bytes()).expect("our offer is readable");
    let (answer, theirs) = other.answer(&offered).expect("an answer");
    let ours = one.accept(&Description::parse(answer.as_bytes()).expect("readable")).expect("agreed");
    assert_eq!((ours.codec, ours.telephone_event), (theirs.codec, theirs.telephone_event));
    assert_eq!(ours.remote.port(), 5000);
    assert_eq!(theirs.remote.port(), 4000);
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        let mut text = b"v=0\r\nm=audio 1 RTP/AVP 0\r\n".to_vec();
        text.extend(bytes);
        if let Ok(description) = Description::parse(&text) {
            let _ = local().answer(&description);
        }
    }
}
