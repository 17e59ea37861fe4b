use super::*;

/// What B hears of a prompt that A plays.
fn heard_by_the_other(codec: Codec, prompt: &Pcm8k) -> Vec<i16> {
    let mut rig = Rig::new();
    let (a, mut b) = rig.pair(codec, codec);
    rig.ticks(10);
    a.play(1, &clip(prompt.clone()));
    rig.ticks(prompt.len() / FRAME_8K + 20);
    b.frames().iter().flat_map(|frame| frame.heard).collect()
}

#[test]
fn a_prompt_arrives_sample_for_sample() {
    for codec in LAWS {
        let prompt = sound(50);
        let expected = decoded(codec, &encoded(codec, prompt.samples()));
        assert!(contains(&heard_by_the_other(codec, &prompt), &expected), "{codec}");
    }
}

#[test]
fn a_packet_leaves_in_every_tick_whether_there_is_sound_or_not() {
    let mut rig = Rig::new();
    let (call, peer) = rig.call(Codec::Pcma);
    rig.ticks(5);
    call.play(1, &clip(sound(3)));
    rig.ticks(15);
    let packets = peer.packets();
    assert_eq!(packets.len(), 20);
    for pair in packets.windows(2) {
        let (before, after) = (pair[0].0, pair[1].0);
        assert_eq!(after.sequence, before.sequence.wrapping_add(1));
        assert_eq!(after.timestamp, before.timestamp.wrapping_add(160));
        assert_eq!(after.ssrc, before.ssrc);
    }
    assert!(packets.iter().all(|(header, payload)| header.payload_type == 8 && payload.len() == 160));
    let voiced: Vec<usize> = (0..20).filter(|&n| !is_silence(Codec::Pcma, &packets[n].1)).collect();
    assert_eq!(voiced.len(), 3);
    let marked: Vec<usize> = (0..20).filter(|&n| packets[n].0.marker).collect();
    assert_eq!(marked, [0, voiced[0]], "the stream's first packet and the talk spurt's first packet");
}

#[test]
fn a_new_leg_sends_within_two_steps() {
    let mut rig = Rig::new();
    let calls: Vec<_> = (0..9).map(|_| rig.call(Codec::Pcmu)).collect();
    rig.step();
    rig.step();
    for (_, peer) in &calls {
        assert_eq!(peer.packets().len(), 1);
    }
}

#[test]
fn a_clip_starts_with_its_first_voiced_packet() {
    let mut rig = Rig::new();
    let (mut call, peer) = rig.call(Codec::Pcmu);
    let mut pcm = Pcm8k::silence(ms(60));
    pcm.append(&sound(2));
    call.play(7, &clip(pcm));
    rig.ticks(3);
    assert!(call.news().is_empty(), "three packets of silence are out");
    rig.ticks(1);
    assert!(matches!(call.news()[..], [LegEvent::PlayStarted { id: 7, turn: 1, .. }]));
    assert!(!is_silence(Codec::Pcmu, &peer.payloads()[3]));
    rig.ticks(1);
    let news = call.news();
    let [LegEvent::PlayEnded { id: 7, played, of, completed: true, .. }] = news[..] else {
        panic!("{news:?}");
    };
    assert_eq!((played, of), (ms(100), ms(100)));
}

#[test]
fn stopping_ends_the_sound_at_the_next_tick_and_tells_how_much_was_heard() {
    let mut rig = Rig::new();
    let (mut call, peer) = rig.call(Codec::Pcmu);
    call.play(1, &clip(sound(50)));
    call.play(2, &clip(sound(50)));
    rig.ticks(10);
    call.news();
    peer.packets();
    call.leg.stop();
    rig.ticks(5);
    let voiced = peer.payloads().iter().filter(|p| !is_silence(Codec::Pcmu, p)).count();
    assert_eq!(voiced, 0);
    let news = call.news();
    let [
        LegEvent::PlayEnded { id: 1, played: first, completed: false, .. },
        LegEvent::PlayEnded { id: 2, played: second, completed: false, .. },
    ] = news[..]
    else {
        panic!("{news:?}");
    };
    assert_eq!((first, second), (ms(200), ms(0)));
}

#[test]
fn a_prompt_that_is_suspended_is_silent_at_once_and_goes_on_after_its_last_pause() {
    let mut rig = Rig::new();
    let (mut call, peer) = rig.call(Codec::Pcmu);
    // A word of 10 packets, a pause of 5, a word of 20.
    let mut pcm = sound(10);
    pcm.append(&Pcm8k::silence(ms(100)));
    pcm.append(&sound(20));
    call.play(1, &clip(pcm));
    rig.ticks(20);
    peer.packets();
    call.news();
    call.leg.suspend();
    rig.ticks(10);
    assert!(peer.payloads().iter().all(|payload| is_silence(Codec::Pcmu, payload)));
    assert!(call.news().is_empty(), "it is neither over nor begun again");
    call.leg.resume();
    rig.ticks(40);
    let payloads = peer.payloads();
    let voiced = payloads.iter().filter(|payload| !is_silence(Codec::Pcmu, payload)).count();
    assert_eq!(voiced, 20, "the word that was cut is said whole, and the one before is not said again");
    let news = call.news();
    let [LegEvent::PlayEnded { id: 1, played, of, completed: true, .. }] = news[..] else { panic!("{news:?}") };
    assert_eq!((played, of), (ms(700), ms(700)), "what was said twice counts once");
}

#[test]
fn what_is_queued_while_suspended_waits_and_a_stop_ends_that() {
    let mut rig = Rig::new();
    let (mut call, peer) = rig.call(Codec::Pcmu);
    call.leg.suspend();
    call.play(1, &clip(sound(5)));
    rig.ticks(10);
    assert!(peer.payloads().iter().all(|payload| is_silence(Codec::Pcmu, payload)));
    call.leg.stop();
    call.play(2, &clip(sound(5)));
    rig.ticks(10);
    let voiced = peer.payloads().iter().filter(|payload| !is_silence(Codec::Pcmu, payload)).count();
    assert_eq!(voiced, 5);
    assert_eq!(call.news().len(), 3);
}

#[test]
fn stopping_a_turn_leaves_the_others() {
    let mut rig = Rig::new();
    let (mut call, _peer) = rig.call(Codec::Pcmu);
    for turn in [1, 2, 1] {
        call.leg.play(Playback { turn, id: turn, clip: clip(sound(2)), loop_: false });
    }
    call.leg.stop_turn(1);
    rig.ticks(3);
    let completed: Vec<(u64, bool)> = call
        .news()
        .iter()
        .filter_map(|event| match event {
            LegEvent::PlayEnded { turn, completed, .. } => Some((*turn, *completed)),
            _ => None,
        })
        .collect();
    assert_eq!(completed, [(1, false), (1, false), (2, true)]);
}

#[test]
fn clips_follow_each_other_without_a_gap() {
    let mut rig = Rig::new();
    let (call, peer) = rig.call(Codec::Pcmu);
    let (one, two) = (sound(3), sound(2));
    call.play(1, &clip(one.clone()));
    call.play(2, &clip(Pcm8k::empty()));
    call.play(3, &clip(two.clone()));
    rig.ticks(6);
    let expected = [encoded(Codec::Pcmu, one.samples()), encoded(Codec::Pcmu, two.samples())].concat();
    assert!(contains(&peer.payloads().concat(), &expected));
}

#[test]
fn a_loop_goes_on_until_it_is_stopped() {
    let mut rig = Rig::new();
    let (mut call, _peer) = rig.call(Codec::Pcmu);
    call.leg.play(Playback { turn: 1, id: 1, clip: clip(sound(2)), loop_: true });
    rig.ticks(7);
    call.leg.stop();
    rig.ticks(1);
    let ended = call.news().pop();
    assert!(matches!(ended, Some(LegEvent::PlayEnded { played, completed: false, .. }) if played == ms(140)));
}

#[test]
fn the_hold_loop_is_heard_when_nothing_else_is() {
    let mut rig = Rig::new();
    let (call, peer) = rig.call(Codec::Pcmu);
    let loop_ = music();
    call.leg.set_hold_loop(Some(loop_.clone()));
    call.play(1, &clip(sound(3)));
    rig.ticks(13);
    let expected = encoded(Codec::Pcmu, loop_.pcm().samples());
    let tail = peer.payloads().split_off(3).concat();
    assert_eq!(tail, [&expected[..], &expected[..]].concat());
    call.leg.set_hold_loop(None);
    rig.ticks(1);
    assert!(is_silence(Codec::Pcmu, &peer.payloads()[0]));
}

#[test]
fn a_muted_clip_passes_unheard() {
    let mut rig = Rig::new();
    let (mut call, peer) = rig.call(Codec::Pcmu);
    call.leg.mute_out(true);
    call.play(1, &clip(sound(3)));
    rig.ticks(4);
    assert!(peer.payloads().iter().all(|payload| is_silence(Codec::Pcmu, payload)));
    assert!(matches!(call.news()[..], [LegEvent::PlayEnded { completed: true, .. }]));
}

#[test]
fn on_hold_nothing_is_sent_and_the_clip_waits() {
    let mut rig = Rig::new();
    let (mut call, peer) = rig.call(Codec::Pcmu);
    call.leg.pause(true);
    call.play(1, &clip(sound(3)));
    rig.ticks(300);
    assert_eq!(peer.packets().len(), 0);
    assert!(call.news().is_empty());
    call.leg.pause(false);
    rig.ticks(3);
    assert!(matches!(call.news()[..], [LegEvent::PlayStarted { .. }, LegEvent::PlayEnded { completed: true, .. }]));
}

#[test]
fn a_changed_codec_takes_effect_in_the_middle_of_a_clip() {
    let mut rig = Rig::new();
    let (call, peer) = rig.call(Codec::Pcmu);
    let prompt = sound(4);
    call.play(1, &clip(prompt.clone()));
    rig.ticks(2);
    call.leg.set_remote(peer.address(), Codec::Pcma, Some(EVENTS));
    rig.ticks(2);
    let (before, after) = prompt.samples().split_at(2 * FRAME_8K);
    let expected = [encoded(Codec::Pcmu, before), encoded(Codec::Pcma, after)].concat();
    assert_eq!(peer.payloads().concat(), expected);
}

#[test]
fn frames_hold_what_was_said_and_heard() {
    let mut rig = Rig::new();
    let (mut call, mut peer) = rig.call(Codec::Pcmu);
    let (prompt, answer) = (sound(10), tone::sine(700.0, -20.0, ms(400)));
    call.play(1, &clip(prompt.clone()));
    for frame in encoded(Codec::Pcmu, answer.samples()).chunks(FRAME_8K) {
        peer.say(frame);
        rig.ticks(1);
    }
    rig.ticks(10);
    let frames = call.frames();
    let said: Vec<i16> = frames.iter().flat_map(|frame| frame.said).collect();
    let heard: Vec<i16> = frames.iter().flat_map(|frame| frame.heard).collect();
    assert!(contains(&said, prompt.samples()));
    let expected = decoded(Codec::Pcmu, &encoded(Codec::Pcmu, answer.samples()));
    assert!(contains(&heard, &expected));
    let numbers: Vec<u64> = frames.iter().map(|frame| frame.index).collect();
    assert_eq!(numbers, (0..30).collect::<Vec<u64>>());
}

#[test]
fn skipped_ticks_move_the_timestamp_and_not_the_sequence() {
    let mut rig = Rig::new();
    let (_call, peer) = rig.call(Codec::Pcmu);
    rig.ticks(1);
    let elapsed = STEP * rig.step as u32;
    rig.engine.step(rig.step, rig.now(), elapsed, 10);
    rig.step += 1;
    rig.ticks(1);
    let headers: Vec<Header> = peer.packets().into_iter().map(|(header, _)| header).collect();
    let [first, second, ..] = headers[..] else { panic!("{headers:?}") };
    assert_eq!(second.sequence, first.sequence.wrapping_add(1));
    assert_eq!(second.timestamp, first.timestamp.wrapping_add(11 * 160));
}

#[test]
fn a_leg_speaks_two_steps_after_it_hears_whenever_its_peer_speaks() {
    for phase in 0..PHASES {
        let mut rig = Rig::new();
        let (_call, mut peer) = rig.call(Codec::Pcmu);
        rig.ticks(1);
        (0..phase).for_each(|_| rig.step());
        for _ in 0..5 {
            peer.say_silence();
            rig.ticks(1);
        }
        peer.packets();
        peer.say_silence();
        let leaves = (0..PHASES).find(|_| {
            rig.step();
            !peer.packets().is_empty()
        });
        assert_eq!(leaves, Some(2), "peer in phase {phase}");
    }
}
