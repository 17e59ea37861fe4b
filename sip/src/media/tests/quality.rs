use audio::tone;

use super::*;
use crate::rtp::rtcp::{self, Part, Parts, ReportBlock};

/// Runs both legs for so many seconds.
fn seconds(rig: &mut Rig, count: usize) {
    rig.ticks(count * 50);
}

fn points(events: &[LegEvent]) -> Vec<QualityPoint> {
    let point = |event: &LegEvent| match event {
        LegEvent::Quality(point) => Some(**point),
        _ => None,
    };
    events.iter().filter_map(point).collect()
}

/// The events of a leg while it runs, read as they come so that nothing is dropped.
fn watched(rig: &mut Rig, legs: &mut [&mut TestLeg], count: usize) -> Vec<Vec<LegEvent>> {
    let mut all: Vec<Vec<LegEvent>> = legs.iter().map(|_| Vec::new()).collect();
    for _ in 0..count {
        seconds(rig, 1);
        for (events, leg) in all.iter_mut().zip(legs.iter_mut()) {
            events.extend(leg.events().into_iter().filter(|event| !matches!(event, LegEvent::Frame(_))));
        }
    }
    all
}

fn closed(events: Vec<LegEvent>) -> LegStats {
    match events.into_iter().last() {
        Some(LegEvent::Closed(stats)) => stats,
        other => panic!("the last event is {other:?}"),
    }
}

#[test]
fn two_legs_tell_each_other_how_they_sound() {
    let mut rig = Rig::new();
    let (mut a, mut b) = rig.pair(Codec::Pcmu, Codec::Pcma);
    a.leg.set_rtcp(RtcpTo::Muxed);
    b.leg.set_rtcp(RtcpTo::Muxed);
    a.play(1, &clip(sound(900)));
    let events = watched(&mut rig, &mut [&mut a, &mut b], 21);
    let (of_a, of_b) = (points(&events[0]), points(&events[1]));
    assert_eq!((of_a.len(), of_b.len()), (4, 4));
    for point in of_a.iter().chain(&of_b) {
        assert_eq!(point.length, Duration::from_secs(5));
        assert_eq!(point.heard.loss_percent, Some(0.0), "{point:?}");
        assert!(point.heard.mos.is_some_and(|mos| mos > 4.2), "{point:?}");
    }
    // After some seconds each knows what the other hears.
    assert!(of_a[2..].iter().all(|point| point.said.mos.is_some_and(|mos| mos > 4.2)), "{of_a:?}");
    assert!(of_b[2..].iter().all(|point| point.round_trip.is_some_and(|trip| trip.as_millis() < 100)), "{of_b:?}");
    assert!(of_b[1].heard.level_dbov.is_some_and(|level| (-20.0..-10.0).contains(&level)), "{of_b:?}");
    assert_eq!(of_b[1].said.level_dbov, None);
    a.leg.close();
    b.leg.close();
    rig.ticks(2);
    let stats = closed(a.news());
    assert!(stats.rtcp_out >= 3 && stats.rtcp_in >= 3, "{stats:?}");
    assert_eq!(stats.remote_lost, Some(0));
    assert_eq!(stats.history.points().len(), 5);
}

#[test]
fn a_peer_that_reports_nothing_of_us_is_named() {
    let mut rig = Rig::new();
    let (mut leg, mut peer) = rig.call(Codec::Pcmu);
    leg.leg.set_rtcp(RtcpTo::Muxed);
    let mut news = Vec::new();
    for n in 0..700 {
        peer.say_silence();
        if n % 250 == 200 {
            let mut report = Vec::new();
            rtcp::write(&mut report, 42, None, None, b"a telephone that", false);
            peer.raw(&report);
        }
        rig.ticks(1);
        news.extend(leg.news());
    }
    let unheard = news.iter().filter(|event| matches!(event, LegEvent::Unheard { how: Unheard::NotMentioned, .. }));
    assert_eq!(unheard.count(), 1, "{news:?}");
    assert!(!news.iter().any(|event| matches!(event, LegEvent::NoRtp { .. })));
}

#[test]
fn the_peer_gets_reports_of_its_stream_and_a_goodbye() {
    let mut rig = Rig::new();
    let (mut leg, mut peer) = rig.call(Codec::Pcma);
    leg.leg.set_rtcp(RtcpTo::Muxed);
    let mut buffer = [0; 2_048];
    let mut reports = Vec::new();
    for n in 0..800u32 {
        // Every tenth packet is lost.
        if n % 10 == 9 {
            peer.sequence = peer.sequence.wrapping_add(1);
            peer.timestamp = peer.timestamp.wrapping_add(160);
        } else {
            peer.say_silence();
        }
        rig.ticks(1);
        leg.news();
        while let Ok((length, _)) = peer.socket.recv_from(&mut buffer) {
            reports.extend(is_rtcp(&buffer[..length]).then(|| buffer[..length].to_vec()));
        }
    }
    leg.leg.close();
    rig.ticks(1);
    while let Ok((length, _)) = peer.socket.recv_from(&mut buffer) {
        reports.extend(is_rtcp(&buffer[..length]).then(|| buffer[..length].to_vec()));
    }
    let blocks: Vec<ReportBlock> = reports
        .iter()
        .filter_map(|report| match Parts::new(report).next() {
            Some(Part::SenderReport { mut blocks, .. }) => blocks.next(),
            _ => None,
        })
        .collect();
    assert!(blocks.len() >= 3, "{} reports", reports.len());
    // The goodbye may follow a report so closely that nothing was lost between the two.
    let (goodbye, regular) = blocks.split_last().expect("three blocks");
    for block in &regular[1..] {
        assert_eq!(block.ssrc, 42);
        assert!((15..40).contains(&block.fraction_lost), "{block:?}");
    }
    assert!((78..=80).contains(&goodbye.lost), "{goodbye:?}");
    let last: Vec<Part> = Parts::new(reports.last().expect("a report")).collect();
    assert!(matches!(last[..], [Part::SenderReport { .. }, Part::Description { .. }, Part::Goodbye { .. }]));
}

#[test]
fn rtcp_of_strangers_is_not_counted() {
    let mut rig = Rig::new();
    let leg = rig.leg(None, |_| {});
    rig.ticks(1);
    let mut leg = leg;
    let stranger = Peer::new(Codec::Pcmu).of(leg.address);
    stranger.raw(&[0x80, 201, 0, 1, 0, 0, 0, 9]);
    rig.ticks(2);
    leg.leg.close();
    rig.ticks(2);
    let stats = closed(leg.news());
    assert_eq!((stats.rtcp_in, stats.invalid), (0, 0));
}

#[test]
fn a_key_that_comes_as_event_and_by_signalling_is_pressed_once() {
    let mut rig = Rig::new();
    let (mut leg, mut peer) = rig.call(Codec::Pcmu);
    peer.say_silence();
    rig.ticks(1);
    peer.event(9_000, 5, 160, false);
    rig.ticks(1);
    leg.leg.key_from_signalling('5');
    rig.ticks(1);
    leg.leg.key_from_signalling('6');
    rig.ticks(1);
    assert_eq!(leg.keys(), "56");
}

#[test]
fn keys_are_heard_as_tones_where_events_were_not_agreed_on() {
    for (events, expected) in [(None, "42"), (Some(EVENTS), "")] {
        let mut rig = Rig::new();
        let peer = Peer::new(Codec::Pcmu);
        let mut leg = rig.leg(Some(peer.address()), |config| {
            config.telephone_event = events;
            config.record = false;
        });
        let mut peer = peer.of(leg.address);
        let mut pressed = Pcm8k::silence(ms(200));
        for key in ['4', '2'] {
            pressed.append(&tone::dtmf(key, ms(80)).expect("is a key"));
            pressed.append(&Pcm8k::silence(ms(80)));
        }
        pressed.append(&Pcm8k::silence(ms(200)));
        for frame in pressed.samples().chunks(FRAME_8K) {
            peer.say(&encoded(Codec::Pcmu, frame));
            rig.ticks(1);
        }
        assert_eq!(leg.keys(), expected);
    }
}
