use super::*;

#[test]
fn keys_sent_by_one_leg_are_pressed_once_at_the_other() {
    let mut rig = Rig::new();
    let (a, mut b) = rig.pair(Codec::Pcmu, Codec::Pcmu);
    rig.ticks(2);
    a.leg.send_keys("0123456789*#ABCD");
    rig.ticks(16 * 10 + 5);
    assert_eq!(b.keys(), "0123456789*#ABCD");
}

#[test]
fn a_key_acts_at_its_start() {
    let mut rig = Rig::new();
    let (mut call, mut peer) = rig.call(Codec::Pcmu);
    peer.say_silence();
    rig.ticks(1);
    let since = peer.timestamp;
    peer.event(since, 5, 160, false);
    rig.step();
    assert_eq!(call.keys(), "5");
}

#[test]
fn a_key_whose_start_is_lost_is_pressed_once() {
    let mut rig = Rig::new();
    let (mut call, mut peer) = rig.call(Codec::Pcmu);
    for _ in 0..3 {
        peer.say_silence();
        rig.ticks(1);
    }
    let since = peer.timestamp;
    for duration in [320, 480, 640, 800, 800, 800] {
        peer.event(since, 9, duration, duration == 800);
        rig.ticks(1);
    }
    assert_eq!(call.keys(), "9");
}

#[test]
fn a_key_is_no_loss_and_is_not_concealed() {
    let mut rig = Rig::new();
    let (a, mut b) = rig.pair(Codec::Pcmu, Codec::Pcmu);
    rig.ticks(15);
    b.events();
    a.leg.send_keys("55");
    rig.ticks(30);
    assert!(b.frames().iter().all(|frame| !frame.concealed));
    b.leg.close();
    rig.ticks(1);
    let Some(LegEvent::Closed(stats)) = b.events().pop() else { panic!("not closed") };
    assert_eq!(stats.lost, 0);
}

#[test]
fn a_clip_waits_while_a_key_is_sent() {
    let mut rig = Rig::new();
    let (call, peer) = rig.call(Codec::Pcmu);
    let prompt = sound(6);
    call.play(1, &clip(prompt.clone()));
    rig.ticks(2);
    call.leg.send_keys("1");
    rig.ticks(12);
    let audio: Vec<u8> =
        peer.packets().into_iter().filter(|(header, _)| header.payload_type == 0).flat_map(|(_, p)| p).collect();
    assert!(contains(&audio, &encoded(Codec::Pcmu, prompt.samples())));
}

#[test]
fn keys_are_tones_for_a_peer_that_takes_no_events() {
    let mut rig = Rig::new();
    let peer = Peer::new(Codec::Pcma);
    let call = rig.leg(Some(peer.address()), |config| {
        config.codec = Codec::Pcma;
        config.telephone_event = None;
    });
    call.leg.send_keys("4");
    rig.ticks(12);
    let tone = tone::dtmf('4', ms(100)).expect("a key");
    assert!(contains(&peer.payloads().concat(), &encoded(Codec::Pcma, tone.samples())));
    assert!(peer.packets().iter().all(|(header, _)| header.payload_type == 8));
}

#[test]
fn events_that_were_not_agreed_on_are_no_keys() {
    let mut rig = Rig::new();
    let (mut call, mut peer) = rig.call(Codec::Pcmu);
    call.leg.set_remote(peer.address(), Codec::Pcmu, None);
    rig.ticks(1);
    peer.event(0, 5, 160, false);
    rig.ticks(1);
    assert_eq!(call.keys(), "");
}

#[test]
fn stopping_drops_the_keys_that_wait() {
    let mut rig = Rig::new();
    let (a, mut b) = rig.pair(Codec::Pcmu, Codec::Pcmu);
    rig.ticks(2);
    a.leg.send_keys("123");
    rig.ticks(2);
    a.leg.stop();
    rig.ticks(40);
    assert_eq!(b.keys(), "1");
}
