use super::*;

const TONES: [f32; 3] = [400.0, 1_000.0, 1_700.0];

/// How strongly each of the tones sounds in this, as a share of full scale.
fn strengths(codec: Codec, payloads: &[Vec<u8>]) -> [f32; 3] {
    let pcm = decoded(codec, &payloads.concat());
    TONES.map(|frequency| {
        let (mut re, mut im) = (0.0, 0.0);
        for (n, &sample) in pcm.iter().enumerate() {
            let angle = std::f32::consts::TAU * frequency * n as f32 / 8_000.0;
            re += f32::from(sample) * angle.cos();
            im += f32::from(sample) * angle.sin();
        }
        2.0 * re.hypot(im) / (pcm.len().max(1) as f32 * 32_768.0)
    })
}

/// Lets each peer say its tone for a while; what each heard in the last 400 ms.
fn talk(rig: &mut Rig, peers: &mut [Peer]) -> Vec<Vec<Vec<u8>>> {
    for tick in 0..50usize {
        if tick == 30 {
            for peer in peers.iter() {
                peer.packets();
            }
        }
        for (peer, frequency) in peers.iter_mut().zip(TONES) {
            // A whole number of periods fits into each packet, so the tone has no seams.
            let tone = tone::sine(frequency, -15.0, ms(20));
            peer.say(&encoded(peer.codec, tone.samples()));
        }
        rig.ticks(1);
    }
    peers.iter().map(Peer::payloads).collect()
}

fn three(rig: &Rig) -> (Vec<TestLeg>, Vec<Peer>) {
    [Codec::Pcmu, Codec::Pcma, Codec::Pcmu].into_iter().map(|codec| rig.call(codec)).unzip()
}

/// Three who hear each other.
fn conferring(threads: usize) -> (Rig, Vec<TestLeg>, Vec<Peer>, Conference) {
    let mut rig = Rig::with_threads(threads);
    let (legs, peers) = three(&rig);
    let conference = rig.clock.conference();
    for leg in &legs {
        leg.leg.join(&conference);
    }
    rig.ticks(5);
    (rig, legs, peers, conference)
}

#[test]
fn in_a_conference_each_hears_all_others_and_not_itself() {
    for threads in [1, 2, 3] {
        let mut rig = Rig::with_threads(threads);
        let (legs, mut peers) = three(&rig);
        let conference = rig.clock.conference();
        for leg in &legs {
            leg.leg.join(&conference);
            rig.step();
        }
        let heard = talk(&mut rig, &mut peers);
        for (me, heard) in heard.iter().enumerate() {
            assert_eq!(heard.len(), 20, "one packet a tick");
            let strengths = strengths(peers[me].codec, heard);
            for (who, strength) in strengths.into_iter().enumerate() {
                assert_eq!(strength > 0.1, who != me, "{threads} threads: {me} hears {who} at {strength}");
            }
        }
    }
}

#[test]
fn who_listens_is_heard_by_nobody_and_a_whisper_by_one() {
    for threads in [1, 2] {
        let (mut rig, legs, mut peers, conference) = conferring(threads);
        let mut hears = |voice: Voice| {
            legs[2].leg.join_as(&conference, voice);
            rig.ticks(5);
            let heard = talk(&mut rig, &mut peers);
            let strengths = |who: usize| strengths(peers[who].codec, &heard[who]).map(|strength| strength > 0.1);
            [strengths(0), strengths(1), strengths(2)]
        };
        let third_hears_both = [true, true, false];
        assert_eq!(
            hears(Voice::Nobody),
            [[false, true, false], [true, false, false], third_hears_both],
            "{threads} threads"
        );
        let to_the_second = Voice::Only(legs[1].leg.id());
        assert_eq!(
            hears(to_the_second),
            [[false, true, false], [true, false, true], third_hears_both],
            "{threads} threads"
        );
        assert_eq!(
            hears(Voice::All),
            [[false, true, true], [true, false, true], third_hears_both],
            "{threads} threads"
        );
    }
}

#[test]
fn who_leaves_neither_hears_nor_is_heard() {
    let (mut rig, legs, mut peers, _conference) = conferring(2);
    legs[2].leg.leave();
    let heard = talk(&mut rig, &mut peers);
    assert!(heard[2].iter().all(|payload| is_silence(Codec::Pcmu, payload)));
    let [_, second, third] = strengths(Codec::Pcmu, &heard[0]);
    assert!(second > 0.1 && third < 0.01, "{second} {third}");
}

#[test]
fn two_loud_voices_clip_and_do_not_wrap() {
    let mut rig = Rig::new();
    let (legs, mut peers) = three(&rig);
    let conference = rig.clock.conference();
    for leg in &legs {
        leg.leg.join(&conference);
    }
    let loud = vec![i16::MAX; FRAME_8K];
    for _ in 0..20 {
        for peer in &mut peers[..2] {
            peer.say(&encoded(peer.codec, &loud));
        }
        rig.ticks(1);
    }
    let heard = peers[2].payloads();
    let last = decoded(Codec::Pcmu, heard.last().expect("a packet a tick"));
    assert!(last.iter().all(|&sample| sample > 30_000), "{last:?}");
}

#[test]
fn when_nobody_speaks_there_is_silence() {
    let mut rig = Rig::new();
    let (legs, peers) = three(&rig);
    let conference = rig.clock.conference();
    legs[0].leg.join(&conference);
    legs[1].leg.join(&conference);
    rig.ticks(5);
    assert_eq!(peers[0].packets().len(), 5);
    rig.ticks(5);
    assert!(peers[0].payloads().iter().all(|payload| is_silence(Codec::Pcmu, payload)));
}

#[test]
fn keys_stay_on_their_leg_in_a_conference() {
    let mut rig = Rig::new();
    let (mut a, mut x) = rig.call(Codec::Pcmu);
    let (b, mut c) = rig.pair(Codec::Pcmu, Codec::Pcmu);
    let conference = rig.clock.conference();
    a.leg.join(&conference);
    b.leg.join(&conference);
    for duration in [160, 320, 480] {
        let since = x.timestamp;
        x.event(since, 5, duration, duration == 480);
        rig.ticks(1);
    }
    rig.ticks(10);
    assert_eq!(a.keys(), "5");
    assert_eq!(c.keys(), "");
}

#[test]
fn a_clip_is_heard_instead_of_the_conference_while_it_lasts() {
    let mut rig = Rig::new();
    let (legs, mut peers) = three(&rig);
    let conference = rig.clock.conference();
    for leg in &legs {
        leg.leg.join(&conference);
    }
    talk(&mut rig, &mut peers);
    let whisper = sound(3);
    legs[0].play(1, &clip(whisper.clone()));
    rig.ticks(3);
    assert_eq!(peers[0].payloads().concat(), encoded(Codec::Pcmu, whisper.samples()));
}

#[test]
fn a_bridge_ends_the_conference_for_both_legs_and_a_conference_the_bridge() {
    let (mut rig, legs, mut peers, conference) = conferring(2);
    legs[0].leg.bridge(&legs[1].leg);
    let heard = talk(&mut rig, &mut peers);
    let [_, second, third] = strengths(Codec::Pcmu, &heard[0]);
    assert!(second > 0.1 && third < 0.01, "{second} {third}");
    legs[1].leg.join(&conference);
    let heard = talk(&mut rig, &mut peers);
    assert!(heard[0].iter().all(|payload| is_silence(Codec::Pcmu, payload)));
    assert!(strengths(Codec::Pcmu, &heard[2])[1] > 0.1);
}
