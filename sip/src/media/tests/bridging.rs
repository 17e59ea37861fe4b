use super::*;

/// What each of two bridged peers hears while both speak.
fn bridged(one: Codec, two: Codec, sounds: (&Pcm8k, &Pcm8k)) -> (Vec<u8>, Vec<u8>) {
    let mut rig = Rig::new();
    let (a, mut x) = rig.call(one);
    let (b, mut y) = rig.call(two);
    rig.ticks(2);
    a.leg.bridge(&b.leg);
    let (from_x, from_y) = (encoded(one, sounds.0.samples()), encoded(two, sounds.1.samples()));
    for (to_a, to_b) in from_x.chunks(FRAME_8K).zip(from_y.chunks(FRAME_8K)) {
        x.say(to_a);
        y.say(to_b);
        rig.ticks(1);
    }
    for _ in 0..15 {
        x.say_silence();
        y.say_silence();
        rig.ticks(1);
    }
    (x.payloads().concat(), y.payloads().concat())
}

#[test]
fn bridged_peers_with_one_codec_hear_each_other_untouched() {
    for codec in LAWS {
        let (hello, world) = (sound(20), tone::sine(500.0, -15.0, ms(400)));
        let (x, y) = bridged(codec, codec, (&hello, &world));
        assert!(contains(&y, &encoded(codec, hello.samples())), "{codec}");
        assert!(contains(&x, &encoded(codec, world.samples())), "{codec}");
    }
}

#[test]
fn bridged_peers_with_different_codecs_understand_each_other() {
    let (hello, world) = (sound(20), tone::sine(500.0, -15.0, ms(400)));
    let (x, y) = bridged(Codec::Pcmu, Codec::Pcma, (&hello, &world));
    let through = |from: Codec, to: Codec, pcm: &Pcm8k| encoded(to, &decoded(from, &encoded(from, pcm.samples())));
    assert!(contains(&y, &through(Codec::Pcmu, Codec::Pcma, &hello)));
    assert!(contains(&x, &through(Codec::Pcma, Codec::Pcmu, &world)));
}

#[test]
fn a_bridge_sends_in_the_tick_in_which_it_hears() {
    let mut rig = Rig::new();
    let (a, mut x) = rig.call(Codec::Pcmu);
    // Opened later, so that its phase is another one.
    rig.step();
    rig.step();
    let (mut b, _y) = rig.call(Codec::Pcmu);
    a.leg.bridge(&b.leg);
    let mut a = a;
    for frame in encoded(Codec::Pcmu, sound(30).samples()).chunks(FRAME_8K) {
        x.say(frame);
        rig.ticks(1);
    }
    let (frames_a, frames_b) = (a.frames(), b.frames());
    let mut compared = 0;
    for frame in frames_a.iter().filter(|frame| frame.heard != [0; FRAME_8K]) {
        let same = frames_b.iter().find(|other| other.at == frame.at).expect("both tick together");
        assert_eq!(same.said, frame.heard);
        compared += 1;
    }
    assert!(compared > 20);
}

#[test]
fn a_bridge_replaces_what_was_playing_and_ends_with_either_leg() {
    let mut rig = Rig::new();
    let (mut a, x) = rig.call(Codec::Pcmu);
    let (b, _y) = rig.call(Codec::Pcmu);
    a.play(1, &clip(sound(50)));
    rig.ticks(2);
    a.leg.bridge(&b.leg);
    rig.ticks(2);
    let ended = |event: &LegEvent| matches!(event, LegEvent::PlayEnded { completed: false, .. });
    assert!(a.news().iter().any(ended));
    let loop_ = music();
    a.leg.set_hold_loop(Some(loop_.clone()));
    rig.ticks(1);
    x.packets();
    rig.ticks(1);
    assert!(is_silence(Codec::Pcmu, &x.payloads()[0]), "bridged: the other peer, who is silent");
    b.leg.close();
    rig.ticks(2);
    assert!(!is_silence(Codec::Pcmu, &x.payloads()[1]), "alone again: the hold loop");
}

#[test]
fn a_clip_on_a_bridged_leg_is_heard_instead_of_the_other_peer() {
    let mut rig = Rig::new();
    let (a, x) = rig.call(Codec::Pcmu);
    let (b, mut y) = rig.call(Codec::Pcmu);
    a.leg.bridge(&b.leg);
    let whisper = tone::sine(900.0, -20.0, ms(60));
    for n in 0..30 {
        if n == 20 {
            x.packets();
            a.play(1, &clip(whisper.clone()));
        }
        y.say(&encoded(Codec::Pcmu, &sound(1).samples()[..FRAME_8K]));
        rig.ticks(1);
    }
    let payloads = x.payloads();
    assert_eq!(payloads[..3].concat(), encoded(Codec::Pcmu, whisper.samples()));
    assert!(!is_silence(Codec::Pcmu, &payloads[3]));
}

#[test]
fn keys_pass_the_bridge() {
    let mut rig = Rig::new();
    let (mut a, mut x) = rig.call(Codec::Pcmu);
    let (b, c) = rig.pair(Codec::Pcma, Codec::Pcma);
    let mut c = c;
    a.leg.bridge(&b.leg);
    for n in 0..10u16 {
        x.say_silence();
        if n == 3 {
            let since = x.timestamp;
            for duration in [160, 320, 480] {
                x.event(since, 11, duration, duration == 480);
            }
        }
        rig.ticks(1);
    }
    rig.ticks(10);
    assert_eq!(a.keys(), "#");
    assert_eq!(c.keys(), "#");
}

#[test]
fn a_muted_peer_is_not_heard_over_the_bridge() {
    let mut rig = Rig::new();
    let (a, mut x) = rig.call(Codec::Pcmu);
    let (b, y) = rig.call(Codec::Pcmu);
    a.leg.bridge(&b.leg);
    a.leg.mute_in(true);
    for frame in encoded(Codec::Pcmu, sound(20).samples()).chunks(FRAME_8K) {
        x.say(frame);
        rig.ticks(1);
    }
    assert!(y.payloads().iter().all(|payload| is_silence(Codec::Pcmu, payload)));
}

#[test]
fn bridging_anew_parts_the_old_bridge() {
    let mut rig = Rig::new();
    let (a, mut x) = rig.call(Codec::Pcmu);
    let (b, y) = rig.call(Codec::Pcmu);
    let (c, z) = rig.call(Codec::Pcmu);
    a.leg.bridge(&b.leg);
    rig.ticks(1);
    a.leg.bridge(&c.leg);
    a.leg.bridge(&a.leg);
    for frame in encoded(Codec::Pcmu, sound(20).samples()).chunks(FRAME_8K) {
        x.say(frame);
        rig.ticks(1);
    }
    assert!(y.payloads().iter().all(|payload| is_silence(Codec::Pcmu, payload)));
    assert!(z.payloads().iter().any(|payload| !is_silence(Codec::Pcmu, payload)));
}
