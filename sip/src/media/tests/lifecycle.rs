use super::*;

#[test]
fn silence_on_the_wire_is_reported_every_five_seconds() {
    let mut rig = Rig::new();
    let (mut call, mut peer) = rig.call(Codec::Pcmu);
    let quiet = |events: Vec<LegEvent>| -> Vec<Duration> {
        let length = |event| match event {
            LegEvent::NoRtp { for_ } => Some(for_),
            _ => None,
        };
        events.into_iter().filter_map(length).collect()
    };
    rig.ticks(249);
    assert!(quiet(call.news()).is_empty());
    rig.ticks(251);
    assert_eq!(quiet(call.news()), [ms(5_000), ms(10_000)]);
    peer.say_silence();
    rig.ticks(249);
    assert!(quiet(call.news()).is_empty());
    rig.ticks(2);
    assert_eq!(quiet(call.news()), [ms(5_000)]);
}

#[test]
fn the_first_packet_is_reported_once() {
    let mut rig = Rig::new();
    let (mut call, mut peer) = rig.call(Codec::Pcmu);
    for _ in 0..10 {
        peer.say_silence();
        rig.ticks(1);
    }
    let news = call.news();
    let [LegEvent::FirstPacket { from, .. }] = news[..] else { panic!("{news:?}") };
    assert_eq!(from, peer.address());
}

#[test]
fn a_closed_leg_frees_its_port_and_says_so_last() {
    let mut rig = Rig::new();
    let (mut call, mut peer) = rig.call(Codec::Pcmu);
    peer.say_silence();
    call.play(1, &clip(sound(100)));
    rig.ticks(5);
    call.leg.close();
    rig.ticks(1);
    let events = call.events();
    let [.., LegEvent::PlayEnded { .. }, LegEvent::Closed(stats)] = &events[..] else { panic!("{events:?}") };
    assert_eq!((stats.packets_in, stats.packets_out), (1, 5));
    assert_eq!((stats.bytes_in, stats.bytes_out), (160, 800));
    assert!(!stats.no_rtp);
    UdpSocket::bind(call.address).expect("the port is free again");
    assert!(rig.engine.is_idle());
}

#[test]
fn a_leg_closes_when_its_last_handle_is_dropped() {
    let mut rig = Rig::new();
    let (call, _peer) = rig.call(Codec::Pcmu);
    let TestLeg { leg, mut events, .. } = call;
    let copy = leg.clone();
    drop(leg);
    rig.ticks(1);
    assert!(!rig.engine.is_idle());
    drop(copy);
    rig.ticks(1);
    assert!(rig.engine.is_idle());
    let last = std::iter::from_fn(|| events.try_recv().ok()).last();
    assert!(matches!(last, Some(LegEvent::Closed(stats)) if stats.no_rtp));
}

#[test]
fn frames_that_nobody_reads_are_dropped_and_counted_and_everything_else_arrives() {
    let mut rig = Rig::new();
    let (mut call, mut peer) = rig.call(Codec::Pcmu);
    rig.ticks(400);
    peer.say_silence();
    call.play(3, &clip(sound(2)));
    rig.ticks(5);
    call.leg.close();
    rig.ticks(1);
    let events = call.events();
    let frames = events.iter().filter(|event| matches!(event, LegEvent::Frame(_))).count();
    assert!(frames >= 150, "three seconds at least, {frames} frames");
    assert!(events.iter().any(|event| matches!(event, LegEvent::FirstPacket { .. })));
    assert!(events.iter().any(|event| matches!(event, LegEvent::PlayStarted { id: 3, .. })));
    assert!(events.iter().any(|event| matches!(event, LegEvent::PlayEnded { id: 3, .. })));
    let Some(LegEvent::Closed(stats)) = events.last() else { panic!("not closed") };
    assert_eq!(stats.dropped_events as usize, 405 - frames);
    assert_eq!(rig.clock.stats().dropped_events as usize, 405 - frames);
}

#[test]
fn commands_to_a_leg_that_is_gone_do_nothing() {
    let mut rig = Rig::new();
    let (gone, _peer) = rig.call(Codec::Pcmu);
    let (alive, peer) = rig.call(Codec::Pcmu);
    rig.ticks(1);
    gone.leg.close();
    rig.ticks(1);
    gone.play(1, &clip(sound(1)));
    gone.leg.bridge(&alive.leg);
    alive.leg.bridge(&gone.leg);
    gone.leg.send_keys("1");
    rig.ticks(2);
    assert_eq!(peer.packets().len(), 4);
}

#[test]
fn a_new_stream_of_the_same_peer_is_heard() {
    let mut rig = Rig::new();
    let (mut call, mut peer) = rig.call(Codec::Pcmu);
    for _ in 0..20 {
        peer.say_silence();
        rig.ticks(1);
    }
    (peer.ssrc, peer.sequence, peer.timestamp) = (43, 7, 7_000_000);
    let prompt = sound(20);
    let spoken = encoded(Codec::Pcmu, prompt.samples());
    for frame in spoken.chunks(FRAME_8K) {
        peer.say(frame);
        rig.ticks(1);
    }
    rig.ticks(15);
    let heard: Vec<i16> = call.frames().iter().flat_map(|frame| frame.heard).collect();
    assert!(contains(&heard, &decoded(Codec::Pcmu, &spoken)));
}

#[test]
fn the_codec_of_the_peer_may_differ_from_ours() {
    let mut rig = Rig::new();
    let (mut a, b) = rig.pair(Codec::Pcmu, Codec::Pcma);
    rig.ticks(5);
    let prompt = sound(20);
    b.play(1, &clip(prompt.clone()));
    rig.ticks(40);
    let heard: Vec<i16> = a.frames().iter().flat_map(|frame| frame.heard).collect();
    assert!(contains(&heard, &decoded(Codec::Pcma, &encoded(Codec::Pcma, prompt.samples()))));
}

#[test]
fn an_observer_sees_the_counters_during_and_after_a_leg_and_does_not_keep_it_open() {
    let mut rig = Rig::new();
    let (call, mut peer) = rig.call(Codec::Pcma);
    let observer = call.leg.observer();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for _ in 0..300 {
        peer.say_silence();
        rig.ticks(1);
    }
    let (during, ()) = runtime.block_on(async { tokio::join!(observer.stats(), async { rig.ticks(1) }) });
    let during = during.expect("the leg is there");
    assert!(during.packets_in >= 299 && during.codec == Codec::Pcma, "{during:?}");
    assert_eq!(during.history.points().len(), 1);
    drop(call);
    rig.ticks(2);
    let after = runtime.block_on(observer.last()).expect("it is closed");
    assert_eq!(Some(after.clone()), runtime.block_on(observer.stats()));
    assert_eq!(after.history.points().len(), 2);
}
