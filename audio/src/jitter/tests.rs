use proptest::prelude::*;

use super::*;

/// A frame that says which it is: its number in the first two bytes, the rest filled.
fn numbered(n: usize) -> Vec<u8> {
    let mut bytes = vec![0x55; FRAME_8K];
    bytes[..2].copy_from_slice(&(n as u16).to_be_bytes());
    bytes
}

fn number(frame: &[u8]) -> usize {
    usize::from(u16::from_be_bytes([frame[0], frame[1]]))
}

/// One tick: what it was made of, which packets were decoded for it, what was heard.
struct Tick {
    playout: Playout,
    decoded: Vec<usize>,
    frame: Frame8k,
}

/// Pops a frame; packet `n` sounds like noise of its own.
fn pop(buffer: &mut JitterBuffer) -> Tick {
    let mut tick = Tick { playout: Playout::Silence, decoded: Vec::new(), frame: [0; FRAME_8K] };
    let decoded = &mut tick.decoded;
    tick.playout = buffer.pop(&mut tick.frame, &mut |payload, samples| {
        let n = if payload.len() > 1 { number(payload) } else { 0 };
        decoded.push(n);
        samples.extend((0..payload.len()).map(|k| (hash(n * 1_000 + k) % 8_000) as i16 - 4_000));
    });
    tick
}

/// Sends `arrivals[tick]` (numbers of packets) before each pop; the stream begins close to both wraps.
fn play(arrivals: &[Vec<usize>], buffer: &mut JitterBuffer) -> Vec<Tick> {
    arrivals
        .iter()
        .map(|packets| {
            for &n in packets {
                let seq = 65_530u16.wrapping_add(n as u16);
                let timestamp = (u32::MAX - 1_000).wrapping_add((n * FRAME_8K) as u32);
                buffer.push(seq, timestamp, FRAME_8K, &numbered(n));
            }
            pop(buffer)
        })
        .collect()
}

fn played(ticks: &[Tick]) -> Vec<usize> {
    ticks.iter().flat_map(|tick| tick.decoded.iter().copied()).collect()
}

fn count(ticks: &[Tick], what: Playout) -> usize {
    ticks.iter().filter(|tick| tick.playout == what).count()
}

/// When packet `n`, sent at tick `n`, arrives if it is held up for so many ticks.
fn with_lateness(lateness: impl IntoIterator<Item = usize>) -> Vec<Vec<usize>> {
    let mut arrivals = Vec::new();
    for (n, late) in lateness.into_iter().enumerate() {
        arrivals.resize((n + late + 1).max(arrivals.len()), Vec::new());
        arrivals[n + late].push(n);
    }
    arrivals
}

/// The same numbers every time, spread evenly.
fn hash(n: usize) -> usize {
    (n as u64).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29).wrapping_mul(0xBF58_476D_1CE4_E5B9)
        as usize
        >> 20
}

#[test]
fn an_even_stream_waits_20_ms_until_it_is_known_to_be_even() {
    let mut buffer = JitterBuffer::default();
    let playouts = play(&with_lateness(vec![0; 500]), &mut buffer);
    assert_eq!(playouts[0].playout, Playout::Silence);
    assert_eq!(playouts[90].decoded, [89]);
    assert_eq!(playouts[499].decoded, [499]);
    assert_eq!(played(&playouts), (0..500).collect::<Vec<_>>());
    let stats = buffer.stats();
    assert_eq!((stats.received, stats.lost, stats.late, stats.concealed, stats.shortened), (500, 0, 0, 0, 1));
    assert_eq!((stats.depth, stats.target), (Duration::ZERO, Duration::ZERO));
}

#[test]
fn what_is_played_as_it_came_may_be_passed_on() {
    let mut buffer = JitterBuffer::default();
    let mut arrivals = with_lateness(vec![0; 10]);
    arrivals[5].clear();
    let passed: Vec<bool> = arrivals
        .iter()
        .map(|packets| {
            play(std::slice::from_ref(packets), &mut buffer);
            buffer.take_payload().is_some()
        })
        .collect();
    // The first is awaited, the sixth made up, the seventh blended into.
    assert_eq!(passed, [false, true, true, true, true, true, false, false, true, true]);
}

#[test]
fn a_pause_of_the_sender_is_silence_and_not_concealed() {
    let mut buffer = JitterBuffer::default();
    let mut playouts = Vec::new();
    for n in 0..60u16 {
        // A second of sound, comfort noise, and 200 ms of sound after a pause of 20 packets.
        match n {
            0..10 => buffer.push(n, u32::from(n) * 160, FRAME_8K, &numbered(usize::from(n))),
            10 => buffer.push_silence(10, 1_600, 0),
            30..40 => buffer.push(n - 19, u32::from(n) * 160, FRAME_8K, &numbered(usize::from(n))),
            _ => {}
        }
        playouts.push(pop(&mut buffer));
    }
    assert_eq!(count(&playouts[..40], Playout::Concealed), 0);
    assert_eq!(played(&playouts).len(), 20);
}

#[test]
fn packets_of_opus_are_decoded_whole_and_heard_in_frames() {
    // 60 ms at 48 kHz, the timestamps close to their wrap.
    let mut buffer = JitterBuffer::new(48_000);
    let mut playouts = Vec::new();
    for n in 0..90u32 {
        if n % 3 == 0 {
            let timestamp = (u32::MAX - 20_000).wrapping_add(n * 960);
            buffer.push((n / 3) as u16, timestamp, 3 * FRAME_8K, &numbered(n as usize / 3));
        }
        playouts.push(pop(&mut buffer));
    }
    let heard = playouts.iter().filter(|tick| tick.playout == Playout::Sound).count();
    assert!(heard >= 88, "{heard}");
    assert_eq!(played(&playouts), (0..30).collect::<Vec<_>>());
    assert_eq!(buffer.stats().concealed, 0);
}

#[test]
fn packets_in_the_wrong_order_are_put_right() {
    let mut buffer = JitterBuffer::default();
    let playouts = play(&[vec![1, 0], vec![3, 2], vec![5, 4], vec![], vec![], vec![]], &mut buffer);
    assert_eq!(played(&playouts)[..5], [0, 1, 2, 3, 4]);
    assert_eq!(buffer.stats().lost, 0);
}

#[test]
fn a_packet_that_comes_twice_is_played_once() {
    let mut buffer = JitterBuffer::default();
    let playouts = play(&[vec![0, 0], vec![1], vec![1, 2], vec![2, 0], vec![3]], &mut buffer);
    assert_eq!(played(&playouts), [0, 1, 2, 3]);
    assert_eq!(buffer.stats().duplicated, 4);
}

#[test]
fn a_lost_packet_is_concealed_in_its_place() {
    let mut buffer = JitterBuffer::default();
    let mut arrivals = with_lateness(vec![0; 10]);
    arrivals[4].clear();
    let playouts = play(&arrivals, &mut buffer);
    assert_eq!(playouts[5].playout, Playout::Concealed);
    assert_eq!(played(&playouts), [0, 1, 2, 3, 5, 6, 7, 8]);
    assert_eq!((buffer.stats().lost, buffer.stats().concealed), (1, 1));
}

#[test]
fn a_packet_after_its_time_is_late_and_not_lost() {
    let mut buffer = JitterBuffer::default();
    let mut arrivals = with_lateness(vec![0; 60]);
    arrivals[40].clear();
    arrivals[43].push(40);
    play(&arrivals, &mut buffer);
    assert_eq!((buffer.stats().lost, buffer.stats().late), (0, 1));
}

#[test]
fn the_delay_grows_with_jitter_and_shrinks_without() {
    let mut buffer = JitterBuffer::default();
    let jittery = (0..1_500).map(|n| hash(n) % 4);
    let calm = std::iter::repeat_n(0, 2_500);
    let playouts = play(&with_lateness(jittery.chain(calm)), &mut buffer);
    let missing = count(&playouts[300..1_500], Playout::Concealed);
    assert!(missing <= 30, "{missing} of 1200 frames concealed");
    let stats = buffer.stats();
    assert_eq!((stats.target, stats.depth), (Duration::ZERO, Duration::ZERO), "{stats:?}");
    assert_eq!(stats.lost, 0);
}

#[test]
fn jitter_of_sixty_milliseconds_needs_sixty_milliseconds() {
    let mut buffer = JitterBuffer::default();
    play(&with_lateness((0..1_500).map(|n| hash(n) % 4)), &mut buffer);
    assert_eq!(buffer.stats().target, Duration::from_millis(60));
}

#[test]
fn the_delay_never_exceeds_200_ms() {
    let mut buffer = JitterBuffer::default();
    play(&with_lateness((0..2_000).map(|n| hash(n) % 40)), &mut buffer);
    assert_eq!(buffer.stats().target, Duration::from_millis(200));
}

#[test]
fn a_burst_after_a_break_in_the_network_does_not_leave_a_long_delay() {
    let mut buffer = JitterBuffer::default();
    // Packets 100 to 139 all come with number 140.
    let playouts =
        play(&with_lateness((0..1_000).map(|n| if (100..140).contains(&n) { 140 - n } else { 0 })), &mut buffer);
    assert!(buffer.stats().depth <= Duration::from_millis(200), "{:?}", buffer.stats());
    assert!(played(&playouts).windows(2).all(|w| w[0] < w[1]));
    assert!(count(&playouts[160..], Playout::Concealed) <= 5);
}

#[test]
fn a_stream_that_stops_is_concealed_for_200_ms_and_may_come_back() {
    let mut buffer = JitterBuffer::default();
    let mut arrivals = with_lateness(vec![0; 50]);
    arrivals.resize(200, vec![]);
    // It goes on with the next sequence number and a timestamp that has gone on too, as in silence suppression.
    let before = play(&arrivals, &mut buffer);
    assert_eq!(count(&before, Playout::Concealed), 10);
    assert_eq!(before.last().map(|tick| tick.playout), Some(Playout::Silence));
    let seq = 65_530u16.wrapping_add(50);
    let timestamp = (u32::MAX - 1_000).wrapping_add(200 * 160);
    let after: Vec<Tick> = (0..10u16)
        .map(|n| {
            buffer.push(
                seq.wrapping_add(n),
                timestamp.wrapping_add(u32::from(n) * 160),
                FRAME_8K,
                &numbered(usize::from(n)),
            );
            pop(&mut buffer)
        })
        .collect();
    assert_eq!(played(&after), (0..9).collect::<Vec<_>>());
    assert_eq!(buffer.stats().lost, 0);
}

#[test]
fn packets_of_other_lengths_are_cut_into_frames() {
    for length in [80usize, 240, 320, 480] {
        let mut buffer = JitterBuffer::default();
        let sound: Vec<u8> = (0..48_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let mut heard = Vec::new();
        let mut sent = 0;
        for tick in 0..48 {
            while sent + length <= (tick + 1) * FRAME_8K {
                buffer.push((sent / length) as u16, sent as u32, length, &sound[sent..sent + length]);
                sent += length;
            }
            let mut frame = [0; FRAME_8K];
            let decode = &mut |bytes: &[u8], out: &mut Vec<i16>| out.extend(bytes.iter().map(|b| i16::from(*b) * 50));
            if buffer.pop(&mut frame, decode) == Playout::Sound {
                heard.extend(frame);
            }
        }
        let sound: Vec<i16> = sound.iter().map(|b| i16::from(*b) * 50).collect();
        assert!(heard == sound[..heard.len()], "packets of {length} bytes");
        assert!(heard.len() > 44 * FRAME_8K, "packets of {length} bytes: {} heard", heard.len());
        assert_eq!(buffer.stats().concealed, 0, "packets of {length} bytes");
    }
}

#[test]
fn a_single_stray_packet_does_not_move_the_stream() {
    let mut buffer = JitterBuffer::default();
    let sound = |n: u16| numbered(usize::from(n));
    let mut playouts = Vec::new();
    for n in 0..50u16 {
        buffer.push(n, u32::from(n) * 160, FRAME_8K, &sound(n));
        if n == 20 {
            buffer.push(40_000, 3_000_000_000, FRAME_8K, &sound(999));
        }
        playouts.push(pop(&mut buffer));
    }
    assert_eq!(played(&playouts), (0..49).collect::<Vec<_>>());
    assert_eq!(buffer.stats().rejected, 1);
}

#[test]
fn a_sender_that_starts_anew_is_followed_from_its_second_packet() {
    let mut buffer = JitterBuffer::default();
    let mut playouts = Vec::new();
    for n in 0..100u16 {
        let (seq, timestamp) =
            if n < 50 { (n, u32::from(n) * 160) } else { (n + 30_000, u32::from(n) * 160 + 2_000_000_000) };
        buffer.push(seq, timestamp, FRAME_8K, &numbered(usize::from(n)));
        playouts.push(pop(&mut buffer));
    }
    let heard = played(&playouts);
    assert_eq!(heard[heard.len() - 45..], (54..99).collect::<Vec<_>>());
    assert!(heard.len() >= 96, "{}", heard.len());
}

#[test]
fn a_sender_whose_clock_is_off_is_followed() {
    // 500 ppm slower and faster than ours: five times what a poor crystal does.
    for (theirs, ours) in [(1_999usize, 2_000usize), (2_001, 2_000)] {
        let mut buffer = JitterBuffer::default();
        let mut sent = 0;
        let arrivals: Vec<Vec<usize>> = (0..20_000)
            .map(|tick| {
                let due = tick * theirs / ours + 1;
                let packets = (sent..due).collect();
                sent = due;
                packets
            })
            .collect();
        let playouts = play(&arrivals, &mut buffer);
        let stats = buffer.stats();
        assert!(stats.depth <= Duration::from_millis(100), "{stats:?}");
        assert!(stats.concealed <= 30 && stats.skipped <= 30, "{stats:?}");
        assert!(played(&playouts).len() > 19_950, "{}", played(&playouts).len());
    }
}

#[test]
fn a_reset_begins_a_new_stream_and_keeps_the_counts() {
    let mut buffer = JitterBuffer::default();
    play(&[vec![0], vec![2], vec![3]], &mut buffer);
    buffer.reset(8_000);
    assert_eq!((pop(&mut buffer).playout, buffer.stats().lost, buffer.stats().received), (Playout::Silence, 1, 3));
    let playouts = play(&[vec![7], vec![8], vec![9]], &mut buffer);
    assert_eq!(played(&playouts), [7, 8]);
}

#[derive(Clone, Debug)]
enum Step {
    Packet { seq: u16, timestamp: u32, length: usize },
    Pop,
    Reset,
}

fn any_step() -> impl Strategy<Value = Step> {
    let length = prop_oneof![4 => Just(FRAME_8K), 2 => 0usize..400, 1 => 0usize..2_000];
    prop_oneof![
        // Anything at all, and near neighbours that the buffer will take.
        2 => (any::<u16>(), any::<u32>(), length.clone()).prop_map(|(seq, timestamp, length)| Step::Packet { seq, timestamp, length }),
        6 => (0u16..80, -4_000i32..4_000, length)
            .prop_map(|(n, off, length)| Step::Packet {
                seq: n.wrapping_sub(40),
                timestamp: (u32::from(n) * 160).wrapping_sub(6_400).wrapping_add_signed(off / 160 * 160 + off % 3),
                length,
            }),
        8 => Just(Step::Pop),
        1 => Just(Step::Reset),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_arrives_frames_are_whole_and_memory_is_bounded(steps in prop::collection::vec(any_step(), 0..400)) {
        let mut buffer = JitterBuffer::default();
        let (mut sent, mut pops, mut sounded) = (0, 0, 0);
        for step in steps {
            match step {
                Step::Packet { seq, timestamp, length } => {
                    buffer.push(seq, timestamp, length, &vec![0xD5; length]);
                    sent += 1;
                }
                Step::Pop => {
                    pops += 1;
                    let tick = pop(&mut buffer);
                    if tick.playout == Playout::Sound {
                        sounded += 1;
                    } else if tick.playout == Playout::Silence {
                        prop_assert_eq!(tick.frame, [0; FRAME_8K]);
                    }
                    prop_assert!(buffer.take_payload().is_none_or(|payload| payload.len() == FRAME_8K));
                }
                Step::Reset => buffer.reset(8_000),
            }
            prop_assert!(buffer.timeline.is_sound());
        }
        let stats = buffer.stats();
        prop_assert!(stats.received + stats.duplicated <= sent);
        prop_assert!(stats.received + stats.duplicated + stats.rejected >= sent);
        prop_assert!(stats.late <= stats.received);
        prop_assert!(sounded + stats.concealed <= pops);
        prop_assert!(stats.target <= Duration::from_millis(200));
    }

    /// Any packet may be lost, doubled, or up to 400 ms late: what is played is in order, once, and accounted for.
    #[test]
    fn what_is_played_is_in_order_and_accounted_for(
        fates in prop::collection::vec(prop_oneof![8 => (0usize..4).prop_map(Some), 1 => (0usize..20).prop_map(Some), 1 => Just(None)], 1..400),
        doubled in prop::collection::vec(any::<bool>(), 400),
    ) {
        let mut arrivals: Vec<Vec<usize>> = vec![vec![]; fates.len() + 100];
        for (n, fate) in fates.iter().enumerate() {
            if let Some(late) = fate {
                arrivals[n + late].push(n);
                if doubled[n] {
                    arrivals[n + late / 2 + 3].push(n);
                }
            }
        }
        let mut buffer = JitterBuffer::default();
        let heard = played(&play(&arrivals, &mut buffer));
        prop_assert!(heard.windows(2).all(|w| w[0] < w[1]), "{:?}", heard);
        let stats = buffer.stats();
        let came = fates.iter().flatten().count() as u64;
        prop_assert_eq!(stats.received, came);
        prop_assert_eq!(stats.depth, Duration::ZERO);
        // What came was played, was too late, or was left out to catch up.
        prop_assert!(heard.len() as u64 + stats.late <= came);
        prop_assert!(heard.len() as u64 + stats.late + stats.skipped >= came, "{} heard, {:?}", heard.len(), stats);
        prop_assert!(stats.lost <= fates.len() as u64 - came);
    }

    /// When no packet is later than the target has been all along, none is missed.
    #[test]
    fn lateness_within_the_delay_costs_nothing(lateness in prop::collection::vec(0usize..2, 2..400), first in any::<u16>(), at in any::<u32>()) {
        let mut buffer = JitterBuffer::default();
        let mut heard = Vec::new();
        let mut late = lateness;
        late[0] = 0;
        for packets in &with_lateness(late.iter().copied()) {
            for &n in packets {
                buffer.push(first.wrapping_add(n as u16), at.wrapping_add(n as u32 * 160), FRAME_8K, &numbered(n));
            }
            heard.push(pop(&mut buffer));
        }
        heard.extend((0..2).map(|_| pop(&mut buffer)));
        prop_assert_eq!(played(&heard), (0..late.len()).collect::<Vec<_>>());
        let stats = buffer.stats();
        prop_assert_eq!((stats.late, stats.lost, stats.skipped), (0, 0, 0));
    }
}
