use super::*;

#[test]
fn legs_are_spread_over_the_threads() {
    let mut rig = Rig::with_threads(3);
    let _calls: Vec<_> = (0..6).map(|_| rig.call(Codec::Pcmu)).collect();
    rig.step();
    assert_eq!(rig.legs(), [2, 2, 2]);
    assert_eq!(rig.clock.stats().threads, 3);
    assert_eq!(rig.clock.stats().legs, 6);
}

#[test]
fn a_bridge_brings_legs_of_two_threads_together_and_loses_nothing() {
    let mut rig = Rig::with_threads(2);
    let (a, mut x) = rig.call(Codec::Pcmu);
    let (b, mut y) = rig.call(Codec::Pcmu);
    rig.ticks(3);
    assert_eq!(rig.legs(), [1, 1]);
    let (hello, world) = (sound(30), tone::sine(500.0, -15.0, ms(600)));
    let (from_x, from_y) = (encoded(Codec::Pcmu, hello.samples()), encoded(Codec::Pcmu, world.samples()));
    for (tick, (to_a, to_b)) in from_x.chunks(FRAME_8K).zip(from_y.chunks(FRAME_8K)).enumerate() {
        if tick == 10 {
            a.leg.bridge(&b.leg);
        }
        x.say(to_a);
        y.say(to_b);
        rig.ticks(1);
    }
    rig.ticks(15);
    assert_eq!(rig.legs(), [2, 0]);
    let sequences = |peer: &Peer| peer.packets().into_iter().map(|(header, payload)| (header.sequence, payload));
    for (peer, said) in [(&x, &from_y), (&y, &from_x)] {
        let (numbers, payloads): (Vec<u16>, Vec<Vec<u8>>) = sequences(peer).unzip();
        assert!(numbers.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)));
        assert!(contains(&payloads.concat(), &said[said.len() / 2..]), "all that was said once they were bridged");
    }
    for mut call in [a, b] {
        call.leg.close();
        rig.ticks(1);
        let Some(LegEvent::Closed(stats)) = call.events().pop() else { panic!("not closed") };
        assert_eq!((stats.packets_in, stats.lost, stats.invalid), (30, 0, 0));
    }
}

#[test]
fn the_older_leg_stays_whoever_asks() {
    let mut rig = Rig::with_threads(2);
    let (a, _x) = rig.call(Codec::Pcmu);
    let (b, _y) = rig.call(Codec::Pcmu);
    b.leg.bridge(&a.leg);
    rig.ticks(1);
    assert_eq!(rig.legs(), [2, 0]);
}

#[test]
fn commands_follow_a_leg_in_the_order_they_were_given() {
    let mut rig = Rig::with_threads(2);
    let (a, _x) = rig.call(Codec::Pcmu);
    let (b, y) = rig.call(Codec::Pcmu);
    rig.ticks(1);
    a.leg.bridge(&b.leg);
    let whisper = sound(3);
    b.play(1, &clip(sound(5)));
    b.leg.stop();
    b.play(2, &clip(whisper.clone()));
    rig.ticks(1);
    b.leg.send_keys("7");
    rig.ticks(10);
    let (keys, sounds): (Vec<_>, Vec<_>) =
        y.packets().into_iter().partition(|(header, _)| header.payload_type == EVENTS);
    let sounds: Vec<u8> = sounds.into_iter().flat_map(|(_, payload)| payload).collect();
    let heard = encoded(Codec::Pcmu, whisper.samples());
    assert!(contains(&sounds, &heard[..FRAME_8K]), "the whisper");
    assert!(!contains(&sounds, &encoded(Codec::Pcmu, &sound(5).samples()[3 * FRAME_8K..])), "what was stopped");
    assert!(!keys.is_empty());
}

#[test]
fn bridges_that_cross_end_with_the_last_one() {
    let mut rig = Rig::with_threads(3);
    let (a, mut x) = rig.call(Codec::Pcmu);
    let (b, y) = rig.call(Codec::Pcmu);
    let (c, z) = rig.call(Codec::Pcmu);
    rig.ticks(1);
    c.leg.bridge(&b.leg);
    b.leg.bridge(&a.leg);
    a.leg.bridge(&c.leg);
    rig.ticks(3);
    for frame in encoded(Codec::Pcmu, sound(20).samples()).chunks(FRAME_8K) {
        x.say(frame);
        rig.ticks(1);
    }
    assert!(y.payloads().iter().all(|payload| is_silence(Codec::Pcmu, payload)));
    assert!(z.payloads().iter().any(|payload| !is_silence(Codec::Pcmu, payload)));
}

#[test]
fn a_leg_may_close_while_it_is_wanted_elsewhere() {
    let mut rig = Rig::with_threads(2);
    let (a, x) = rig.call(Codec::Pcmu);
    let (b, _y) = rig.call(Codec::Pcmu);
    rig.ticks(1);
    a.leg.bridge(&b.leg);
    drop(b);
    rig.ticks(5);
    assert_eq!(rig.legs().iter().sum::<usize>(), 1);
    let loop_ = music();
    a.leg.set_hold_loop(Some(loop_));
    rig.ticks(1);
    let last = x.payloads().pop().expect("a packet a tick");
    assert!(!is_silence(Codec::Pcmu, &last), "alone: the hold loop");
}

#[test]
fn threads_that_are_started_serve_their_legs_and_end_with_the_clock() {
    let clock = Clock::start_with(2).expect("threads can be started");
    let open = |remote| {
        let socket = loopback();
        let address = socket.local_addr().expect("bound");
        let config =
            LegConfig { wire: socket.into(), remote, codec: Codec::Pcmu, telephone_event: None, record: false };
        let (leg, events) = clock.open_leg(config).expect("room for a leg");
        (leg, events, address)
    };
    let (one, mut events, address) = open(None);
    let (two, mut others, _) = open(Some(address));
    assert!(matches!(events.blocking_recv(), Some(LegEvent::FirstPacket { .. })));
    one.bridge(&two);
    drop((one, two));
    while let Some(event) = events.blocking_recv() {
        assert!(!matches!(event, LegEvent::NoRtp { .. }));
    }
    while others.blocking_recv().is_some() {}
}
