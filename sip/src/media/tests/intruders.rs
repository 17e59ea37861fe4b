use proptest::prelude::*;

use super::*;

/// Another host than that of the peer, as far as loopback has any.
fn stranger(leg: SocketAddr) -> Peer {
    let socket = UdpSocket::bind("127.0.0.2:0").expect("all of 127/8 is loopback");
    socket.set_nonblocking(true).expect("a plain socket");
    Peer { socket, leg: Some(leg), codec: Codec::Pcmu, sequence: 1, timestamp: 1, ssrc: 666 }
}

#[test]
fn a_flood_of_datagrams_neither_stops_nor_moves_the_leg() {
    let mut rig = Rig::new();
    let (mut call, mut peer) = rig.call(Codec::Pcmu);
    let mut other = stranger(call.address);
    peer.say_silence();
    rig.ticks(1);
    let prompt = sound(20);
    let spoken = encoded(Codec::Pcmu, prompt.samples());
    call.events();
    peer.packets();
    for (n, frame) in spoken.chunks(FRAME_8K).enumerate() {
        peer.say(frame);
        for length in 0..20usize {
            other.raw(&vec![0x80 | n as u8; length * 7]);
            other.say(&[0; FRAME_8K]);
            other.event(n as u32 * 160, 1, 160, false);
        }
        rig.ticks(1);
    }
    for _ in 0..15 {
        peer.say_silence();
        rig.ticks(1);
    }
    assert_eq!(peer.packets().len(), 35, "every packet still goes to the peer");
    assert_eq!(other.socket.recv_from(&mut [0; 64]).ok(), None, "and none to the stranger");
    let heard: Vec<i16> = call.frames().iter().flat_map(|frame| frame.heard).collect();
    assert!(contains(&heard, &decoded(Codec::Pcmu, &spoken)));
    assert_eq!(call.keys(), "");
    call.leg.close();
    rig.ticks(1);
    let Some(LegEvent::Closed(stats)) = call.events().pop() else { panic!("not closed") };
    assert!(stats.strangers >= 400 && stats.invalid >= 100, "{stats:?}");
    assert_eq!(stats.lost, 0);
}

#[test]
fn random_datagrams_before_the_first_packet_do_not_latch() {
    let mut rig = Rig::new();
    let (mut call, peer) = rig.call(Codec::Pcmu);
    let other = stranger(call.address);
    let mut seed = 1u64;
    for _ in 0..100 {
        for _ in 0..20 {
            let noise: Vec<u8> = (0..64)
                .map(|_| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    (seed >> 56) as u8
                })
                .collect();
            other.raw(&noise);
        }
        rig.ticks(1);
    }
    assert_eq!(peer.packets().len(), 100);
    assert!(call.news().iter().all(|event| !matches!(event, LegEvent::FirstPacket { .. })));
}

#[test]
fn audio_follows_the_peer_behind_a_nat() {
    let mut rig = Rig::new();
    let (mut call, peer) = rig.call(Codec::Pcmu);
    let mut behind_nat = stranger(call.address);
    behind_nat.say_silence();
    behind_nat.say_silence();
    rig.ticks(3);
    let news = call.news();
    let [LegEvent::FirstPacket { from, .. }] = news[..] else { panic!("{news:?}") };
    assert_eq!(from, behind_nat.address());
    peer.packets();
    behind_nat.packets();
    rig.ticks(3);
    assert_eq!((peer.packets().len(), behind_nat.packets().len()), (0, 3));
}

#[test]
fn a_leg_without_an_address_waits_for_its_peer() {
    let mut rig = Rig::new();
    let mut call = rig.leg(None, |_| {});
    let mut peer = stranger(call.address);
    call.play(1, &clip(sound(2)));
    rig.ticks(400);
    assert!(call.news().is_empty(), "nothing played, and nobody missed");
    peer.say_silence();
    peer.say_silence();
    rig.ticks(4);
    assert!(call.news().iter().any(|event| matches!(event, LegEvent::PlayEnded { completed: true, .. })));
}

#[test]
fn a_reply_to_nowhere_is_counted_and_nothing_else() {
    let mut rig = Rig::new();
    let mut call = rig.leg(Some("127.0.0.1:1".parse().expect("an address")), |_| {});
    rig.ticks(20);
    call.leg.close();
    rig.ticks(1);
    assert!(matches!(call.events().pop(), Some(LegEvent::Closed(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_datagram_of_the_peer_stops_the_leg(
        datagrams in prop::collection::vec((any::<[u8; 11]>(), prop::collection::vec(any::<u8>(), 0..400)), 1..60),
    ) {
        let mut rig = Rig::new();
        let (_call, mut peer) = rig.call(Codec::Pcmu);
        peer.say_silence();
        rig.ticks(1);
        for (header, payload) in &datagrams {
            // Mostly well-formed, with a payload type that is understood.
            let kind = [0, 8, 13, EVENTS][usize::from(header[0] % 4)];
            let mut bytes = vec![0x80 | (header[1] & header[2] & header[3] & 0x3F), kind | (header[1] & 0x80)];
            bytes.extend_from_slice(&header[1..11]);
            bytes.extend_from_slice(payload);
            peer.raw(&bytes);
            rig.ticks(1);
        }
        prop_assert_eq!(peer.packets().len(), datagrams.len() + 1);
    }
}
