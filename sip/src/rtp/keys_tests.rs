use proptest::prelude::*;

use super::*;

/// What a sender puts on the wire for `keys`: timestamp, marker and payload, one a tick.
fn sent(keys: &str, ticks: u32) -> Vec<(u32, bool, TelephoneEvent)> {
    let mut sender = KeySender::default();
    sender.push(keys);
    (0..ticks)
        .filter_map(|n| match sender.tick(n.wrapping_mul(160), true) {
            KeyStep::Event { marker, timestamp, event } => Some((timestamp, marker, event)),
            _ => None,
        })
        .collect()
}

fn heard(packets: impl IntoIterator<Item = (u32, bool, TelephoneEvent)>) -> String {
    let mut receiver = KeyReceiver::default();
    packets.into_iter().filter_map(|(timestamp, marker, event)| receiver.packet(timestamp, marker, event)).collect()
}

fn event(event: u8, duration: u16, end: bool) -> TelephoneEvent {
    TelephoneEvent { event, end, volume: 10, duration }
}

#[test]
fn a_key_is_five_growing_packets_and_its_end_comes_three_times() {
    let packets = sent("7", 20);
    let durations: Vec<u16> = packets.iter().map(|(_, _, e)| e.duration).collect();
    assert_eq!(durations, [160, 320, 480, 640, 800, 800, 800]);
    assert_eq!(packets.iter().filter(|(_, _, e)| e.end).count(), 3);
    assert_eq!(packets.iter().filter(|(_, marker, _)| *marker).count(), 1);
    assert!(packets.iter().all(|(timestamp, ..)| *timestamp == 0));
}

#[test]
fn every_key_is_heard_once_and_in_order() {
    assert_eq!(heard(sent("0123456789*#ABCD", 400)), "0123456789*#ABCD");
    assert_eq!(heard(sent("11", 40)), "11");
    assert_eq!(heard(sent("1w-2?d", 100)), "12D");
}

#[test]
fn a_wait_takes_half_a_second() {
    let packets = sent("1w2", 60);
    let second = packets.iter().find(|(_, _, e)| e.event == 2);
    // Ten ticks for the first key, twenty-five for the wait.
    assert_eq!(second.map(|(timestamp, ..)| *timestamp), Some(35 * 160));
}

#[test]
fn a_key_that_is_stopped_is_released() {
    let mut sender = KeySender::default();
    sender.push("12");
    sender.tick(0, true);
    sender.tick(160, true);
    sender.stop();
    let ends = (2..20)
        .filter(|n| matches!(sender.tick(n * 160, true), KeyStep::Event { event, .. } if event.end && event.duration == 320))
        .count();
    assert_eq!(ends, 3);
    assert!(sender.is_idle());
}

#[test]
fn without_agreement_a_key_is_a_tone() {
    let mut sender = KeySender::default();
    sender.push("5");
    let frames: Vec<KeyStep> = (0..5).map(|n| sender.tick(n * 160, false)).collect();
    assert_eq!(frames[0], KeyStep::Tone { digit: '5', frame: 0 });
    assert_eq!(frames[4], KeyStep::Tone { digit: '5', frame: 4 });
    assert_eq!(sender.tick(800, false), KeyStep::Idle);
}

#[test]
fn a_long_event_in_segments_is_one_key() {
    let packets = [
        (1_000, true, event(3, 160, false)),
        (1_000, false, event(3, 0xFFFF, false)),
        (1_000 + 0xFFFF, false, event(3, 160, false)),
        (1_000 + 0xFFFF, false, event(3, 4_000, true)),
        (1_000 + 0xFFFF, false, event(3, 4_000, true)),
    ];
    assert_eq!(heard(packets), "3");
}

#[test]
fn a_sender_that_moves_the_timestamp_with_each_packet_presses_one_key() {
    let packets = (0..10u16).map(|n| (u32::from(n) * 160, n == 0, event(3, (n + 1) * 160, n == 9)));
    assert_eq!(heard(packets), "3");
}

#[test]
fn the_same_key_again_counts_even_without_markers_and_ends() {
    let packets =
        [(0, false, event(3, 160, false)), (0, false, event(3, 800, false)), (2_400, false, event(3, 160, false))];
    assert_eq!(heard(packets), "33");
}

#[test]
fn a_late_copy_of_an_older_key_is_not_pressed_again() {
    let packets =
        [(0, true, event(1, 800, true)), (1_600, true, event(2, 160, false)), (0, false, event(1, 800, true))];
    assert_eq!(heard(packets), "12");
}

#[test]
fn flashes_and_other_events_are_no_keys() {
    assert_eq!(heard([(0, true, event(16, 160, false))]), "");
}

/// What telephones and carriers do, and what is pressed: packets as (timestamp, marker, event, duration, end).
#[test]
fn quirks_of_senders_press_no_key_twice_and_lose_none() {
    type Sent = &'static [(u32, bool, u8, u16, bool)];
    let quirks: &[(&str, Sent, &str)] = &[
        ("only the ends arrive", &[(0, false, 5, 800, true), (0, false, 5, 800, true), (0, false, 5, 800, true)], "5"),
        ("a single end arrives", &[(0, false, 5, 800, true), (3_200, true, 6, 160, false)], "56"),
        (
            "the ends move on",
            &[
                (0, true, 5, 160, false),
                (0, false, 5, 640, true),
                (160, false, 5, 640, true),
                (320, false, 5, 640, true),
            ],
            "5",
        ),
        (
            "durations in ms, the timestamp moves",
            &[
                (0, true, 5, 20, false),
                (160, false, 5, 40, false),
                (320, false, 5, 60, false),
                (480, false, 5, 80, true),
            ],
            "5",
        ),
        (
            "every packet is marked and moves",
            &[(0, true, 5, 160, false), (160, true, 5, 320, false), (320, true, 5, 480, true)],
            "5",
        ),
        ("every packet is marked", &[(0, true, 5, 160, false), (0, true, 5, 320, false), (0, true, 5, 480, true)], "5"),
        ("duration stays zero", &[(0, true, 5, 0, false), (0, false, 5, 0, false), (0, false, 5, 0, true)], "5"),
        (
            "the end of a long segment is lost",
            &[(0, true, 5, 160, false), (0, false, 5, 0xFD00, false), (0xFFFF, false, 5, 480, false)],
            "5",
        ),
        (
            "two long segments and the end of the third",
            &[(0, true, 5, 0xFFFF, false), (0xFFFF, false, 5, 0xFFFF, false), (0x1_FFFE, false, 5, 900, true)],
            "5",
        ),
        (
            "the same key at once again, each end once",
            &[(0, true, 5, 400, true), (800, true, 5, 160, false), (800, false, 5, 400, true)],
            "55",
        ),
        (
            "the same key again without markers",
            &[(0, false, 5, 400, false), (0, false, 5, 400, true), (720, false, 5, 160, false)],
            "55",
        ),
        ("the volume is silence", &[(0, true, 11, 160, false), (0, false, 11, 800, true)], "#"),
        ("the clock wraps", &[(u32::MAX - 100, true, 1, 160, false), (2_000, true, 2, 160, false)], "12"),
    ];
    for (quirk, sent, pressed) in quirks {
        let packets = sent.iter().map(|&(timestamp, marker, code, duration, end)| {
            let volume = if code == 11 { 63 } else { 10 };
            (timestamp, marker, TelephoneEvent { event: code, end, volume, duration })
        });
        assert_eq!(heard(packets), *pressed, "{quirk}");
    }
}

proptest! {
    #[test]
    fn a_key_is_heard_once_as_long_as_one_of_its_packets_arrives(
        keys in "[0-9*#]{1,8}", losses in prop::collection::vec(0usize..7, 8), start: u32,
    ) {
        let packets = sent(&keys, 100);
        let arriving = packets.chunks(7).zip(&losses).flat_map(|(key, &kept)| {
            // One packet of each key survives, and the end twice if that was it.
            [key[kept], key[kept.max(5)]]
        });
        let moved = arriving.map(|(timestamp, marker, event)| (timestamp.wrapping_add(start), marker, event));
        prop_assert_eq!(heard(moved), keys);
    }

    #[test]
    fn any_payload_is_read_without_panic(payloads in prop::collection::vec((any::<u32>(), any::<bool>(), prop::collection::vec(any::<u8>(), 0..6)), 0..50)) {
        let mut receiver = KeyReceiver::default();
        for (timestamp, marker, payload) in payloads {
            if let Some(event) = TelephoneEvent::parse(&payload) {
                receiver.packet(timestamp, marker, event);
            }
        }
    }
}
