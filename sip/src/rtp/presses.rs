//! One key press may reach us three times: as a telephone event (RFC 4733), as a SIP INFO, and as a tone that leaked into
//! the audio. Here they become one. Pure: time is an argument.

use std::time::{Duration, Instant};

/// Where a key was noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A telephone event in the RTP stream.
    Event,
    /// A SIP INFO.
    Info,
    /// A tone in the audio.
    Tone,
}

/// The signalling takes another way than the media, and may be sent again after half a second and a second.
const INFO_APART: Duration = Duration::from_millis(1_600);
/// A tone is recognised at most 45 ms after its start, and comes through the jitter buffer (200 ms).
const TONE_APART: Duration = Duration::from_millis(400);
/// Presses remembered; more within the time above are no human's.
const REMEMBERED: usize = 16;

/// The presses of one peer.
#[derive(Clone, Debug, Default)]
pub struct Presses {
    recent: Vec<Press>,
}

#[derive(Clone, Copy, Debug)]
struct Press {
    digit: char,
    at: Instant,
    first: KeySource,
    /// Who has noticed it, one bit each.
    noticed: u8,
}

impl Presses {
    /// Takes note of a key; says whether this is the first that is heard of the press.
    ///
    /// Each source counts its own presses: two events are two presses, however close; an event and an INFO of the same
    /// digit are one unless the INFO of that event has already been here.
    pub fn is_new(&mut self, digit: char, source: KeySource, now: Instant) -> bool {
        let bit = 1 << source as u8;
        self.recent.retain(|press| now.saturating_duration_since(press.at) <= INFO_APART);
        let known = self.recent.iter_mut().find(|press| {
            let involved = [press.first, source];
            let apart = if involved.contains(&KeySource::Info) { INFO_APART } else { TONE_APART };
            press.digit == digit && press.noticed & bit == 0 && now.saturating_duration_since(press.at) <= apart
        });
        if let Some(press) = known {
            press.noticed |= bit;
            return false;
        }
        if self.recent.len() == REMEMBERED {
            self.recent.remove(0);
        }
        self.recent.push(Press { digit, at: now, first: source, noticed: bit });
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::KeySource::*;
    use super::*;

    fn check(presses: &[(u64, char, KeySource)], expected: &str) {
        let start = Instant::now();
        let mut known = Presses::default();
        let got: String = presses
            .iter()
            .filter(|(ms, digit, source)| known.is_new(*digit, *source, start + Duration::from_millis(*ms)))
            .map(|(_, digit, _)| *digit)
            .collect();
        assert_eq!(got, expected, "{presses:?}");
    }

    #[test]
    fn a_press_that_comes_two_ways_is_one() {
        check(&[(0, '1', Event), (80, '1', Info)], "1");
        check(&[(0, '1', Info), (80, '1', Event)], "1");
        check(&[(0, '1', Event), (150, '1', Tone)], "1");
        check(&[(0, '1', Event), (60, '1', Tone), (600, '1', Info)], "1");
    }

    #[test]
    fn the_same_key_twice_is_two() {
        check(&[(0, '1', Event), (200, '1', Event)], "11");
        check(&[(0, '1', Info), (100, '1', Info)], "11");
        check(&[(0, '1', Event), (50, '1', Info), (250, '1', Event), (300, '1', Info)], "11");
        check(&[(0, '1', Event), (250, '1', Event), (300, '1', Info), (350, '1', Info)], "11");
        check(&[(0, '1', Event), (60, '1', Tone), (250, '1', Event), (310, '1', Tone)], "11");
    }

    #[test]
    fn different_keys_are_different_however_they_come() {
        check(&[(0, '1', Event), (10, '2', Info), (20, '3', Tone)], "123");
        check(&[(0, '1', Event), (100, '2', Event), (150, '1', Info), (160, '2', Info)], "12");
    }

    #[test]
    fn what_comes_much_later_is_another_press() {
        check(&[(0, '1', Event), (2_000, '1', Info)], "11");
        check(&[(0, '1', Event), (500, '1', Tone)], "11");
    }

    proptest! {
        /// Each source notices every press, each after its own short delay: each is reported once, in order.
        #[test]
        fn presses_noticed_by_all_are_reported_once(keys in prop::collection::vec("[0-9*#]", 1..10), info in 0u64..300, tone in 0u64..200) {
            let mut all = Vec::new();
            for (n, key) in keys.iter().enumerate() {
                let digit = key.chars().next().unwrap_or('0');
                let at = n as u64 * 350;
                all.extend([(at, digit, Event), (at + info, digit, Info), (at + tone, digit, Tone)]);
            }
            all.sort_by_key(|(at, ..)| *at);
            check(&all, &keys.concat());
        }
    }
}
