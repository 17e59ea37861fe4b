//! Keys heard as tones (ITU-T Q.23, Q.24), for peers that send no telephone events. Blocks of 12.75 ms, each half over
//! the one before, are compared with the eight frequencies; four in a row must hold the same two and hardly anything
//! else, which is 32 ms. So 40 ms of tone are always found, and a voice, whose energy lies in many harmonics, is not.

use std::f32::consts::TAU;

use crate::Frame8k;

/// Samples of a block: the eight frequencies are a bin or more apart and none is split between two.
const BLOCK: usize = 102;
const HOP: usize = BLOCK / 2;
/// Blocks of the same key that begin it, and of anything else that end it: the shortest tone and the shortest pause of
/// Q.24 are 40 ms, which hold four whole blocks wherever they begin.
const BEGINS: u8 = 4;
const ENDS: u8 = 4;
/// The low group first.
const FREQUENCIES: [f32; 8] = [697.0, 770.0, 852.0, 941.0, 1_209.0, 1_336.0, 1_477.0, 1_633.0];
const KEYS: &[u8; 16] = b"123A456B789C*0#D";
/// The softest tone that counts, about −40 dBov each: Q.24 asks for −29 dBm at the least.
const SOFTEST: f32 = 1e-4;
/// How much louder the high tone may be (4 dB), and the low one (8 dB): lines attenuate the high one.
const HIGH_LOUDER: f32 = 2.51;
const LOW_LOUDER: f32 = 6.31;
/// The other tones of a group are at least 8 dB softer.
const ALONE: f32 = 6.31;
/// The share of a block's energy that the two tones hold.
const PURE: f32 = 0.80;

/// Finds keys in one stream.
#[derive(Clone, Debug)]
pub struct KeyDetector {
    /// The last samples, of −1 to 1; the newest block once `filled` is a block.
    block: [f32; BLOCK],
    filled: usize,
    /// The key of the last blocks and how many there were.
    candidate: Option<u8>,
    run: u8,
    /// The key that is down.
    down: Option<u8>,
    misses: u8,
}

impl Default for KeyDetector {
    fn default() -> Self {
        Self { block: [0.0; BLOCK], filled: 0, candidate: None, run: 0, down: None, misses: 0 }
    }
}

impl KeyDetector {
    /// A detector that has heard nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes 20 ms; a key that has just been recognised, 32 to 45 ms after it began.
    pub fn push(&mut self, frame: &Frame8k) -> Option<char> {
        let mut pressed = None;
        for &sample in frame {
            self.block[self.filled] = f32::from(sample) / 32_768.0;
            self.filled += 1;
            if self.filled == BLOCK {
                pressed = self.judge().or(pressed);
                self.block.copy_within(HOP.., 0);
                self.filled = BLOCK - HOP;
            }
        }
        pressed.map(char::from)
    }

    fn judge(&mut self) -> Option<u8> {
        let key = key_of(&self.block);
        if key.is_some() && key == self.candidate {
            self.run = self.run.saturating_add(1);
        } else {
            self.candidate = key;
            self.run = 1;
        }
        if key.is_some() && key == self.down {
            self.misses = 0;
            return None;
        }
        self.misses = self.misses.saturating_add(1);
        if self.misses >= ENDS {
            self.down = None;
        }
        if key.is_none() || self.run < BEGINS {
            return None;
        }
        self.down = key;
        self.misses = 0;
        key
    }
}

/// The key whose tones a block holds.
fn key_of(block: &[f32; BLOCK]) -> Option<u8> {
    let energy: f32 = block.iter().map(|s| s * s).sum();
    // Both tones at their softest; spares the sums below for most of a call.
    if energy < SOFTEST * BLOCK as f32 * 2.0 {
        return None;
    }
    let power = powers(block);
    let (low, high) = power.split_at(4);
    let (row, column) = (loudest(low)?, loudest(high)?);
    let (low, high) = (low[row], high[column]);
    let pure = low + high > PURE * energy;
    let level = low.min(high) > SOFTEST * BLOCK as f32;
    let twist = high < HIGH_LOUDER * low && low < LOW_LOUDER * high;
    (pure && level && twist).then(|| KEYS[row * 4 + column])
}

/// The one of a group that stands alone.
fn loudest(group: &[f32]) -> Option<usize> {
    let best = (0..group.len()).max_by(|a, b| group[*a].total_cmp(&group[*b]))?;
    let alone = group.iter().enumerate().all(|(n, power)| n == best || power * ALONE < group[best]);
    alone.then_some(best)
}

/// The energy that each frequency has in a block, on the scale of the sum of its squares (Goertzel).
fn powers(block: &[f32; BLOCK]) -> [f32; 8] {
    let step: [f32; 8] = FREQUENCIES.map(|hz| 2.0 * (TAU * hz / 8_000.0).cos());
    let (mut a, mut b) = ([0.0f32; 8], [0.0f32; 8]);
    for &sample in block {
        for n in 0..8 {
            let next = sample + step[n] * a[n] - b[n];
            b[n] = a[n];
            a[n] = next;
        }
    }
    std::array::from_fn(|n| 2.0 * (a[n] * a[n] + b[n] * b[n] - step[n] * a[n] * b[n]) / BLOCK as f32)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::{Pcm8k, mix, tone};

    fn heard(audio: &Pcm8k) -> String {
        let mut padded = audio.clone();
        padded.append(&Pcm8k::silence(Duration::from_millis(100)));
        let mut detector = KeyDetector::new();
        padded.samples().as_chunks().0.iter().filter_map(|frame| detector.push(frame)).collect()
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// Two tones, in Hz and dBov.
    fn pair(low: (f32, f32), high: (f32, f32), length: Duration) -> Pcm8k {
        let mut audio = tone::sine(low.0, low.1, length);
        mix::add(audio.samples_mut(), tone::sine(high.0, high.1, length).samples());
        audio
    }

    #[test]
    fn every_key_is_heard_once_however_it_falls_on_the_frames() {
        for offset in [0u64, 3, 7, 11, 16, 19] {
            let mut audio = Pcm8k::silence(ms(offset));
            for key in "123A456B789C*0#D".chars() {
                audio.append(&tone::dtmf(key, ms(50)).expect("is a key"));
                audio.append(&Pcm8k::silence(ms(50)));
            }
            assert_eq!(heard(&audio), "123A456B789C*0#D", "{offset} ms");
        }
    }

    #[test]
    fn a_key_held_down_is_one_and_pressed_again_is_two() {
        assert_eq!(heard(&tone::dtmf('5', ms(3_000)).expect("is a key")), "5");
        let mut twice = tone::dtmf('5', ms(60)).expect("is a key");
        twice.append(&Pcm8k::silence(ms(60)));
        twice.append(&tone::dtmf('5', ms(60)).expect("is a key"));
        assert_eq!(heard(&twice), "55");
    }

    /// Forty milliseconds are a key, twenty are none (Q.24: 40 ms at the least, below 23 ms never).
    #[test]
    fn length_decides() {
        for offset in 0..20 {
            let mut audio = Pcm8k::silence(ms(offset));
            audio.append(&pair((770.0, -16.0), (1_336.0, -14.0), ms(44)));
            assert_eq!(heard(&audio), "5", "{offset}");
            let mut audio = Pcm8k::silence(ms(offset));
            audio.append(&pair((770.0, -16.0), (1_336.0, -14.0), ms(22)));
            assert_eq!(heard(&audio), "", "{offset}");
        }
    }

    #[test]
    fn twist_level_and_frequency_have_their_limits() {
        let check = |low: (f32, f32), high: (f32, f32), expected: &str| {
            assert_eq!(heard(&pair(low, high, ms(80))), expected, "{low:?} {high:?}");
        };
        check((697.0, -14.0), (1_209.0, -21.0), "1");
        check((697.0, -17.0), (1_209.0, -14.0), "1");
        check((697.0, -12.0), (1_209.0, -24.0), "");
        check((697.0, -22.0), (1_209.0, -14.0), "");
        check((697.0, -36.0), (1_209.0, -36.0), "1");
        check((697.0, -45.0), (1_209.0, -45.0), "");
        check((697.0 * 1.015, -14.0), (1_209.0 * 0.985, -14.0), "1");
        check((697.0 * 1.045, -14.0), (1_209.0 * 1.045, -14.0), "");
        check((697.0, -14.0), (770.0, -14.0), "");
        check((350.0, -14.0), (440.0, -14.0), "");
    }

    #[test]
    fn noise_fifteen_decibels_below_does_not_hide_a_key() {
        let mut random = 1u64;
        let mut audio = pair((941.0, -16.0), (1_477.0, -14.0), ms(100));
        for sample in audio.samples_mut() {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            // −27 dBov of even noise.
            let noise = ((random >> 40) as f32 / (1 << 24) as f32 - 0.5) * 2.0 * 2_500.0;
            *sample = sample.saturating_add(noise as i16);
        }
        assert_eq!(heard(&audio), "#");
    }

    proptest! {
        #[test]
        fn any_samples_are_heard_without_panic(samples in prop::collection::vec(any::<i16>(), 160 * 20)) {
            heard(&Pcm8k::new(samples));
        }
    }
}
