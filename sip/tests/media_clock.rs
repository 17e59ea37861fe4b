//! The media clock as its users have it: a thread of its own, and real time. Nothing here asserts how long it took.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use audio::Pcm8k;
use sip::media::{Clip, Clock, Codec, Leg, LegConfig, LegEvent, LegEvents, Playback};

fn open(clock: &Clock, remote: Option<SocketAddr>) -> (Leg, LegEvents, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port on loopback");
    let address = socket.local_addr().expect("bound");
    let config =
        LegConfig { wire: socket.into(), remote, codec: Codec::Pcma, telephone_event: Some(101), record: true };
    let (leg, events) = clock.open_leg(config).expect("room for a leg");
    (leg, events, address)
}

fn prompt() -> Arc<Clip> {
    let sample = |n: u32| ((n as f32 * 0.3).sin() * 8_000.0) as i16;
    Arc::new(Clip::new(Pcm8k::new((0..4_000).map(sample).collect())))
}

#[tokio::test]
async fn a_prompt_is_played_and_a_key_is_pressed_and_both_legs_close() {
    let clock = Clock::start().expect("a thread");
    let (a, mut heard_by_a, address) = open(&clock, None);
    let (b, mut heard_by_b, _) = open(&clock, Some(address));
    // B speaks first; A answers to where that came from.
    loop {
        if let Some(LegEvent::FirstPacket { .. }) = heard_by_a.recv().await {
            break;
        }
    }
    a.play(Playback { turn: 1, id: 9, clip: prompt(), loop_: false });
    a.send_keys("5");
    let mut news = Vec::new();
    while news.len() < 2 {
        match heard_by_a.recv().await {
            Some(LegEvent::PlayStarted { id, .. }) => news.push(format!("started {id}")),
            Some(LegEvent::PlayEnded { id, played, completed: true, .. }) => {
                news.push(format!("ended {id} {played:?}"))
            }
            Some(_) => {}
            None => panic!("the leg is still open"),
        }
    }
    assert_eq!(news, ["started 9", "ended 9 500ms"]);
    let (mut keys, mut loudest) = (String::new(), 0);
    while keys.is_empty() || loudest < 7_000 {
        match heard_by_b.recv().await {
            Some(LegEvent::Key { digit, .. }) => keys.push(digit),
            Some(LegEvent::Frame(frame)) => loudest = frame.heard.iter().fold(loudest, |max, s| max.max(s.abs())),
            Some(_) => {}
            None => panic!("the leg is still open"),
        }
    }
    assert_eq!(keys, "5");
    b.close();
    drop(a);
    for events in [&mut heard_by_a, &mut heard_by_b] {
        let mut last = None;
        while let Some(event) = events.recv().await {
            last = Some(event);
        }
        assert!(matches!(last, Some(LegEvent::Closed(stats)) if stats.packets_in > 0 && stats.packets_out > 0));
    }
}

#[tokio::test]
async fn a_clock_that_was_idle_still_runs() {
    let clock = Clock::start().expect("a thread");
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(150)).await;
        let (leg, mut events, _) = open(&clock, Some("127.0.0.1:9".parse().expect("an address")));
        leg.play(Playback { turn: 1, id: 1, clip: prompt(), loop_: false });
        loop {
            if let Some(LegEvent::PlayEnded { completed: true, .. }) = events.recv().await {
                break;
            }
        }
    }
}

#[tokio::test]
async fn shutting_down_closes_every_leg_and_takes_no_more() {
    let clock = Clock::start().expect("a thread");
    let legs: Vec<_> = (0..5).map(|_| open(&clock, None)).collect();
    clock.shutdown();
    for (_leg, mut events, address) in legs {
        let mut closed = false;
        while let Some(event) = events.recv().await {
            closed |= matches!(event, LegEvent::Closed(_));
        }
        assert!(closed);
        UdpSocket::bind(address).expect("the port is free again");
    }
    // The thread ends a moment after the last leg.
    while clock.open_leg(silent()).is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn silent() -> LegConfig {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port on loopback");
    LegConfig { wire: socket.into(), remote: None, codec: Codec::Pcmu, telephone_event: None, record: false }
}
