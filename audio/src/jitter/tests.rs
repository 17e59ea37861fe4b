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

/// Sends `arrivals[tick]` (numbers of packets) before each pop; the stream begins close to both wraps.
fn play(arrivals: &[Vec<usize>], buffer: &mut JitterBuffer) -> Vec<Playout> {
    arrivals
        .iter()
        .map(|packets| {
            for &n in packets {
                let seq = 65_530u16.wrapping_add(n as u16);
                let timestamp = (u32::MAX - 1_000).wrapping_add((n * FRAME_8K) as u32);
                buffer.push(seq, timestamp, &numbered(n));
            }
            buffer.pop()
        })
        .collect()
}

fn played(playouts: &[Playout]) -> Vec<usize> {
    playouts.iter().filter_map(|p| if let Playout::Frame(frame) = p { Some(number(frame)) } else { None }).collect()
}

fn count(playouts: &[Playout], what: &Playout) -> usize {
    playouts.iter().filter(|p| *p == what).count()
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
fn an_even_stream_is_played_whole_with_20_ms_of_delay() {
    let mut buffer = JitterBuffer::new();
    let playouts = play(&with_lateness(vec![0; 500]), &mut buffer);
    assert_eq!(playouts[0], Playout::Empty);
    assert_eq!(played(&playouts[1..]), (0..499).collect::<Vec<_>>());
    let stats = buffer.stats();
    assert_eq!((stats.received, stats.lost, stats.late, stats.concealed), (500, 0, 0, 0));
    assert_eq!((stats.depth, stats.target), (Duration::from_millis(20), Duration::from_millis(20)));
}

#[test]
fn packets_in_the_wrong_order_are_put_right() {
    let mut buffer = JitterBuffer::new();
    let playouts = play(&[vec![1, 0], vec![3, 2], vec![5, 4], vec![], vec![], vec![]], &mut buffer);
    assert_eq!(played(&playouts)[..5], [0, 1, 2, 3, 4]);
    assert_eq!(buffer.stats().lost, 0);
}

#[test]
fn a_packet_that_comes_twice_is_played_once() {
    let mut buffer = JitterBuffer::new();
    let playouts = play(&[vec![0, 0], vec![1], vec![1, 2], vec![2, 0], vec![3]], &mut buffer);
    assert_eq!(played(&playouts), [0, 1, 2, 3]);
    assert_eq!(buffer.stats().duplicated, 4);
}

#[test]
fn a_lost_packet_is_concealed_in_its_place() {
    let mut buffer = JitterBuffer::new();
    let mut arrivals = with_lateness(vec![0; 10]);
    arrivals[4].clear();
    let playouts = play(&arrivals, &mut buffer);
    assert_eq!(playouts[5], Playout::Conceal);
    assert_eq!(played(&playouts), [0, 1, 2, 3, 5, 6, 7, 8]);
    assert_eq!((buffer.stats().lost, buffer.stats().concealed), (1, 1));
}

#[test]
fn a_packet_after_its_time_is_late_and_not_lost() {
    let mut buffer = JitterBuffer::new();
    let mut arrivals = with_lateness(vec![0; 60]);
    arrivals[40].clear();
    arrivals[43].push(40);
    play(&arrivals, &mut buffer);
    assert_eq!((buffer.stats().lost, buffer.stats().late), (0, 1));
}

#[test]
fn the_delay_grows_with_jitter_and_shrinks_without() {
    let mut buffer = JitterBuffer::new();
    let jittery = (0..1_500).map(|n| hash(n) % 4);
    let calm = std::iter::repeat_n(0, 2_500);
    let playouts = play(&with_lateness(jittery.chain(calm)), &mut buffer);
    let missing = count(&playouts[300..1_500], &Playout::Conceal);
    assert!(missing <= 30, "{missing} of 1200 frames concealed");
    let stats = buffer.stats();
    assert_eq!((stats.target, stats.depth), (Duration::from_millis(20), Duration::from_millis(20)), "{stats:?}");
    assert_eq!(stats.lost, 0);
}

#[test]
fn jitter_of_sixty_milliseconds_needs_sixty_milliseconds() {
    let mut buffer = JitterBuffer::new();
    play(&with_lateness((0..1_500).map(|n| hash(n) % 4)), &mut buffer);
    assert_eq!(buffer.stats().target, Duration::from_millis(60));
}

#[test]
fn the_delay_never_exceeds_200_ms() {
    let mut buffer = JitterBuffer::new();
    play(&with_lateness((0..2_000).map(|n| hash(n) % 40)), &mut buffer);
    assert_eq!(buffer.stats().target, Duration::from_millis(200));
}

#[test]
fn a_burst_after_a_break_in_the_network_does_not_leave_a_long_delay() {
    let mut buffer = JitterBuffer::new();
    // Packets 100 to 139 all come with number 140.
    let playouts =
        play(&with_lateness((0..1_000).map(|n| if (100..140).contains(&n) { 140 - n } else { 0 })), &mut buffer);
    assert!(buffer.stats().depth <= Duration::from_millis(200), "{:?}", buffer.stats());
    assert!(played(&playouts).windows(2).all(|w| w[0] < w[1]));
    assert!(count(&playouts[160..], &Playout::Conceal) <= 5);
}

#[test]
fn a_stream_that_stops_is_concealed_for_200_ms_and_may_come_back() {
    let mut buffer = JitterBuffer::new();
    let mut arrivals = with_lateness(vec![0; 50]);
    arrivals.resize(200, vec![]);
    // It goes on with the next sequence number and a timestamp that has gone on too, as in silence suppression.
    let before = play(&arrivals, &mut buffer);
    assert_eq!(count(&before, &Playout::Conceal), 10);
    assert_eq!(before.last(), Some(&Playout::Empty));
    let seq = 65_530u16.wrapping_add(50);
    let timestamp = (u32::MAX - 1_000).wrapping_add(200 * 160);
    let after: Vec<Playout> = (0..10u16)
        .map(|n| {
            buffer.push(seq.wrapping_add(n), timestamp.wrapping_add(u32::from(n) * 160), &numbered(usize::from(n)));
            buffer.pop()
        })
        .collect();
    assert_eq!(played(&after), (0..9).collect::<Vec<_>>());
    assert_eq!(buffer.stats().lost, 0);
}

#[test]
fn packets_of_other_lengths_are_cut_into_frames() {
    for length in [80usize, 240, 320, 480] {
        let mut buffer = JitterBuffer::new();
        let sound: Vec<u8> = (0..48_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let mut heard = Vec::new();
        let mut sent = 0;
        for tick in 0..280 {
            while sent + length <= (tick + 1) * FRAME_8K {
                buffer.push((sent / length) as u16, sent as u32, &sound[sent..sent + length]);
                sent += length;
            }
            if let Playout::Frame(frame) = buffer.pop() {
                assert_eq!(frame.len(), FRAME_8K);
                heard.extend(frame);
            }
        }
        assert_eq!(heard, sound[..heard.len()], "packets of {length} bytes");
        assert!(heard.len() > 270 * FRAME_8K, "packets of {length} bytes: {} heard", heard.len());
        assert_eq!(buffer.stats().concealed, 0, "packets of {length} bytes");
    }
}

#[test]
fn a_single_stray_packet_does_not_move_the_stream() {
    let mut buffer = JitterBuffer::new();
    let sound = |n: u16| numbered(usize::from(n));
    let mut playouts = Vec::new();
    for n in 0..50u16 {
        buffer.push(n, u32::from(n) * 160, &sound(n));
        if n == 20 {
            buffer.push(40_000, 3_000_000_000, &sound(999));
        }
        playouts.push(buffer.pop());
    }
    assert_eq!(played(&playouts), (0..49).collect::<Vec<_>>());
    assert_eq!(buffer.stats().rejected, 1);
}

#[test]
fn a_sender_that_starts_anew_is_followed_from_its_second_packet() {
    let mut buffer = JitterBuffer::new();
    let mut playouts = Vec::new();
    for n in 0..100u16 {
        let (seq, timestamp) =
            if n < 50 { (n, u32::from(n) * 160) } else { (n + 30_000, u32::from(n) * 160 + 2_000_000_000) };
        buffer.push(seq, timestamp, &numbered(usize::from(n)));
        playouts.push(buffer.pop());
    }
    let heard = played(&playouts);
    assert_eq!(heard[heard.len() - 45..], (54..99).collect::<Vec<_>>());
    assert!(heard.len() >= 96, "{}", heard.len());
}

#[test]
fn a_sender_whose_clock_is_off_is_followed() {
    // 500 ppm slower and faster than ours: five times what a poor crystal does.
    for (theirs, ours) in [(1_999usize, 2_000usize), (2_001, 2_000)] {
        let mut buffer = JitterBuffer::new();
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
    let mut buffer = JitterBuffer::new();
    play(&[vec![0], vec![2], vec![3]], &mut buffer);
    buffer.reset();
    assert_eq!((buffer.pop(), buffer.stats().lost, buffer.stats().received), (Playout::Empty, 1, 3));
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
        let mut buffer = JitterBuffer::new();
        let (mut sent, mut pops, mut sounded) = (0, 0, 0);
        for step in steps {
            match step {
                Step::Packet { seq, timestamp, length } => {
                    buffer.push(seq, timestamp, &vec![0xD5; length]);
                    sent += 1;
                }
                Step::Pop => {
                    pops += 1;
                    if let Playout::Frame(frame) = buffer.pop() {
                        prop_assert_eq!(frame.len(), FRAME_8K);
                        sounded += 1;
                    }
                }
                Step::Reset => buffer.reset(),
            }
            prop_assert!(buffer.timeline.is_sound());
        }
        let stats = buffer.stats();
        prop_assert!(stats.received + stats.duplicated <= sent);
        prop_assert!(stats.received + stats.duplicated + stats.rejected >= sent);
        prop_assert!(stats.late <= stats.received);
        prop_assert!(sounded + stats.concealed <= pops);
        prop_assert!(stats.target >= Duration::from_millis(20) && stats.target <= Duration::from_millis(200));
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
        let mut buffer = JitterBuffer::new();
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
        let mut buffer = JitterBuffer::new();
        let mut heard = Vec::new();
        let mut late = lateness;
        late[0] = 0;
        for packets in &with_lateness(late.iter().copied()) {
            for &n in packets {
                buffer.push(first.wrapping_add(n as u16), at.wrapping_add(n as u32 * 160), &numbered(n));
            }
            heard.push(buffer.pop());
        }
        heard.extend((0..2).map(|_| buffer.pop()));
        prop_assert_eq!(played(&heard), (0..late.len()).collect::<Vec<_>>());
        let stats = buffer.stats();
        prop_assert_eq!((stats.late, stats.lost, stats.skipped), (0, 0, 0));
    }
}
