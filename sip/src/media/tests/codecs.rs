//! Wideband codings, transcoding, packets of any length, comfort noise.

use audio::codec::{Decoder, Encoder, Sound, silence};
use audio::resample::resample;
use audio::{Pcm16k, similarity::best_match};

use super::*;
use crate::rtp::digit_of_event;
use crate::sdp::Agreed;

/// An agreement with a peer that wants packets of this length.
fn agreed(peer: SocketAddr, codec: Codec, ptime_ms: u8) -> Agreed {
    Agreed { ptime_ms, ..Agreed::plain(peer, codec, Some(EVENTS)) }
}

fn payload_type(codec: Codec) -> u8 {
    Agreed::plain(([127, 0, 0, 1], 4).into(), codec, None).payload_type
}

fn coded(codec: Codec, sound: &Pcm8k) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(codec);
    let frames = sound.samples().as_chunks().0.iter();
    let payload = |frame| {
        let mut payload = Vec::new();
        encoder.encode(Sound::Narrow(frame), &mut payload);
        payload
    };
    frames.map(payload).collect()
}

fn heard_in(codec: Codec, payloads: &[Vec<u8>]) -> Pcm8k {
    let mut decoder = Decoder::new(codec);
    let mut pcm = Vec::new();
    for payload in payloads {
        decoder.decode(payload, &mut pcm);
    }
    if codec.is_wideband() { resample(&Pcm16k::new(pcm)) } else { Pcm8k::new(pcm) }
}

/// How much `heard` holds of the middle of `said`: 1 is all of it.
fn alike(said: &Pcm8k, heard: &Pcm8k) -> f32 {
    best_match(&said.slice(ms(200), ms(600)), heard).correlation
}

impl Peer {
    /// One packet of 20 ms in a coding that has a clock of its own.
    fn say_coded(&mut self, codec: Codec, payload: &[u8]) {
        self.send(false, payload_type(codec), self.timestamp, payload);
        self.timestamp = self.timestamp.wrapping_add(codec.clock() / 50);
    }
}

#[test]
fn every_coding_is_played_and_heard() {
    let said = sound(40);
    for codec in Codec::ALL {
        let mut rig = Rig::new();
        let (leg, mut peer) = rig.call(Codec::Pcmu);
        let mut leg = leg;
        leg.leg.agree(&agreed(peer.address(), codec, 20));
        rig.ticks(2);
        peer.packets();
        leg.play(1, &clip(said.clone()));
        let payloads = coded(codec, &said);
        let mut got = Vec::new();
        for n in 0..60 {
            peer.say_coded(codec, payloads.get(n).map_or(silence(codec), Vec::as_slice));
            rig.ticks(1);
            got.extend(peer.packets());
        }
        assert!(got.iter().all(|(header, _)| header.payload_type == payload_type(codec)), "{codec}");
        let steps: Vec<u32> = got.windows(2).map(|w| w[1].0.timestamp.wrapping_sub(w[0].0.timestamp)).collect();
        assert!(steps.iter().all(|&step| step == codec.clock() / 50), "{codec}: {steps:?}");
        let played: Vec<Vec<u8>> = got.into_iter().map(|(_, payload)| payload).collect();
        let similar = alike(&said, &heard_in(codec, &played));
        assert!(similar > 0.9, "{codec} played: {similar}");
        let heard = Pcm8k::new(leg.frames().iter().flat_map(|frame| frame.heard).collect());
        let similar = alike(&said, &heard);
        assert!(similar > 0.9, "{codec} heard: {similar}");
    }
}

#[test]
fn bridged_legs_pass_the_same_coding_on_untouched_and_transcode_others() {
    let said = sound(60);
    for one in Codec::ALL {
        for two in Codec::ALL {
            let mut rig = Rig::new();
            let (a, mut caller) = rig.call(Codec::Pcmu);
            let (b, callee) = rig.call(Codec::Pcmu);
            a.leg.agree(&agreed(caller.address(), one, 20));
            b.leg.agree(&agreed(callee.address(), two, 20));
            rig.ticks(2);
            a.leg.bridge(&b.leg);
            let payloads = coded(one, &said);
            let mut got = Vec::new();
            for payload in &payloads {
                caller.say_coded(one, payload);
                rig.ticks(1);
                got.extend(callee.payloads());
            }
            if one == two {
                assert!(contains(&got, &payloads[..50]), "{one} untouched");
            } else {
                let similar = alike(&said, &heard_in(two, &got));
                assert!(similar > 0.85, "{one} to {two}: {similar}");
            }
        }
    }
}

#[test]
fn packets_leave_in_the_length_that_the_peer_wants_and_at_its_pace() {
    let said = sound(60);
    for codec in [Codec::Pcma, Codec::G722] {
        for ptime in [10u8, 20, 30, 40, 50, 60] {
            let mut rig = Rig::new();
            let (leg, peer) = rig.call(Codec::Pcmu);
            leg.leg.agree(&agreed(peer.address(), codec, ptime));
            rig.ticks(2);
            peer.packets();
            leg.play(1, &clip(said.clone()));
            let mut got = Vec::new();
            for step in 0..60 * PHASES {
                rig.step();
                got.extend(peer.packets().into_iter().map(|(header, payload)| (step, header, payload)));
            }
            let context = format!("{codec} {ptime} ms");
            let length = usize::from(ptime) * 8;
            assert!(got.iter().all(|(_, _, payload)| payload.len() == length), "{context}");
            for pair in got.windows(2) {
                let ((step, header, _), (next_step, next, _)) = (&pair[0], &pair[1]);
                assert_eq!((next_step - step) * 5, usize::from(ptime), "{context}: paced");
                assert_eq!(next.timestamp.wrapping_sub(header.timestamp) as usize, length, "{context}");
                assert_eq!(next.sequence, header.sequence.wrapping_add(1), "{context}");
            }
            let payloads: Vec<Vec<u8>> = got.into_iter().map(|(.., payload)| payload).collect();
            let similar = alike(&said, &heard_in(codec, &payloads));
            assert!(similar > 0.9, "{context}: {similar}");
        }
    }
}

#[test]
fn packets_of_any_length_are_heard_also_when_it_changes() {
    let said = sound(60);
    let law = law(Codec::Pcma);
    let mut bytes = Vec::new();
    law.encode(said.samples(), &mut bytes);
    let mut rig = Rig::new();
    let (mut leg, mut peer) = rig.call(Codec::Pcma);
    let mut lengths = [10, 10, 10, 10, 30, 30, 60, 20, 20, 40, 40, 10, 60, 60].into_iter().cycle();
    let (mut at, mut ahead) = (0, 0);
    for _ in 0..60 {
        while ahead <= 0 && at < bytes.len() {
            let length = lengths.next().unwrap_or(20) * 8;
            let end = (at + length).min(bytes.len());
            peer.say(&bytes[at..end]);
            ahead += (end - at) as i64;
            at = end;
        }
        rig.ticks(1);
        ahead -= FRAME_8K as i64;
    }
    let heard = Pcm8k::new(leg.frames().iter().flat_map(|frame| frame.heard).collect());
    let similar = alike(&said, &heard);
    assert!(similar > 0.9, "{similar}");
}

#[test]
fn keys_are_sent_and_heard_at_the_clock_of_opus() {
    let mut rig = Rig::new();
    let (leg, mut peer) = rig.call(Codec::Pcmu);
    let mut leg = leg;
    leg.leg.agree(&agreed(peer.address(), Codec::Opus, 20));
    rig.ticks(2);
    leg.leg.send_keys("5");
    rig.ticks(12);
    let events: Vec<TelephoneEvent> = peer
        .packets()
        .iter()
        .filter(|(header, _)| header.payload_type == EVENTS)
        .map(|(_, payload)| TelephoneEvent::parse(payload).expect("an event"))
        .collect();
    assert_eq!(events.first().map(|event| (digit_of_event(event.event), event.duration)), Some((Some('5'), 960)));
    for n in 1..=5u16 {
        peer.event(48_000, 7, n * 960, n == 5);
        rig.ticks(1);
    }
    assert_eq!(leg.keys(), "7");
}

#[test]
fn a_key_sends_what_waits_before_it() {
    let mut rig = Rig::new();
    let (leg, peer) = rig.call(Codec::Pcmu);
    leg.leg.agree(&agreed(peer.address(), Codec::Pcma, 60));
    rig.ticks(2);
    peer.packets();
    rig.ticks(1);
    leg.leg.send_keys("1");
    rig.ticks(4);
    let packets = peer.packets();
    let first = packets.iter().position(|(header, _)| header.payload_type == EVENTS).expect("a key");
    let (key, before) = (packets[first].0, packets[first - 1].0);
    let waited = packets[first - 1].1.len() as u32;
    assert_eq!(before.timestamp.wrapping_add(waited), key.timestamp, "no sound is left behind");
}

#[test]
fn comfort_noise_is_heard_softly_until_sound_comes_back() {
    let mut rig = Rig::new();
    let (mut leg, mut peer) = rig.call(Codec::Pcmu);
    for _ in 0..10 {
        peer.say_silence();
        rig.ticks(1);
    }
    leg.events();
    // Much louder than any noise that may be.
    peer.send(false, 13, peer.timestamp, &[5]);
    peer.timestamp = peer.timestamp.wrapping_add(50 * FRAME_8K as u32);
    rig.ticks(50);
    let noise = leg.frames();
    let late = Pcm8k::new(noise[20..].iter().flat_map(|frame| frame.heard).collect());
    let level = late.level_dbov();
    assert!((-46.0..-36.0).contains(&level), "{level} dBov");
    assert!(noise.iter().all(|frame| !frame.concealed));
    for _ in 0..30 {
        peer.say_silence();
        rig.ticks(1);
    }
    let quiet = leg.frames();
    assert!(quiet[20..].iter().all(|frame| frame.heard.iter().all(|s| s.unsigned_abs() <= 8)));
}
