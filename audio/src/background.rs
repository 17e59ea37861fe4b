//! What stands out from the background. Voice activity hears a voice where there is one, also in a room full of other people; the
//! caller is the one who is louder than the rest. On a quiet line everything stands out.

use crate::{FRAME_8K, Frame8k};

/// Frames that are looked back on: 4 s.
const LOOK_BACK: usize = 200;
/// So many must have been heard before anything is said of the background.
const FEW: usize = 40;
/// The shares of frames that are softer than the background's level, and than its louder half.
const FLOOR: f32 = 0.05;
const RESTLESS: f32 = 0.20;
/// The share of frames that are softer than what is loud here.
const LOUD: f32 = 0.95;
/// A background this much below what is loud here is none, in dB.
const QUIET_DB: f32 = 20.0;
/// What stands out is so much louder than the background, in dB, and more when the background is restless …
const STEADY_DB: f32 = 3.0;
/// … but voice activity copes with a steady one, such as hiss or hum, by itself: this is how restless, in dB, it must be.
const RESTLESS_DB: f32 = 1.5;
const RESTLESS_FACTOR: f32 = 2.0;
/// … though never louder than this much below what is loud, in dB.
const BELOW_LOUD_DB: f32 = 8.0;
/// Nothing is a background below this level, in dBov.
const SILENCE_DBOV: f32 = -58.0;

/// Follows the levels of one stream.
#[derive(Clone, Debug)]
pub struct Background {
    levels: Vec<f32>,
    next: usize,
    /// The mean square of the last frames.
    energy: f32,
    /// The newest of the levels, in dBov.
    level: f32,
    /// From this level on, in dBov, sound stands out.
    gate: f32,
    /// Whether enough has changed since the gate was set.
    is_stale: bool,
}

impl Background {
    /// A line of which nothing is known.
    pub fn new() -> Self {
        Self { levels: Vec::new(), next: 0, energy: 0.0, level: SILENCE_DBOV, gate: f32::NEG_INFINITY, is_stale: false }
    }

    /// Takes 20 ms.
    pub fn push(&mut self, frame: &Frame8k) {
        let sum: i64 = frame.iter().map(|&sample| i64::from(sample) * i64::from(sample)).sum();
        let energy = sum as f32 / (FRAME_8K as f32 * 32_768.0 * 32_768.0);
        // Some 60 ms: between two pulses of a voice it is not silent.
        self.energy += 0.4 * (energy - self.energy);
        self.level = 10.0 * (self.energy + 1e-12).log10();
        if self.levels.len() < LOOK_BACK {
            self.levels.push(self.level);
        } else {
            self.levels[self.next] = self.level;
        }
        self.next = (self.next + 1) % LOOK_BACK;
        self.is_stale |= self.next.is_multiple_of(5) && self.levels.len() >= FEW;
    }

    /// Whether what came last stands out. Looking back takes time: it is done when somebody asks.
    pub fn stands_out(&mut self) -> bool {
        if std::mem::take(&mut self.is_stale) {
            self.look_back();
        }
        self.level >= self.gate
    }

    fn look_back(&mut self) {
        let mut sorted = self.levels.clone();
        sorted.sort_unstable_by(f32::total_cmp);
        let at = |share: f32| sorted[(share * (sorted.len() - 1) as f32) as usize];
        let (floor, restless, loud) = (at(FLOOR), at(RESTLESS), at(LOUD));
        let steady = restless - floor < RESTLESS_DB;
        self.gate = if steady || floor < SILENCE_DBOV || loud - floor >= QUIET_DB {
            f32::NEG_INFINITY
        } else {
            (floor + STEADY_DB + RESTLESS_FACTOR * (restless - floor)).min(loud - BELOW_LOUD_DB)
        };
    }
}

impl Default for Background {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(level_dbov: f32) -> Frame8k {
        [(32_768.0 * 10f32.powf(level_dbov / 20.0)) as i16; FRAME_8K]
    }

    fn hear(background: &mut Background, level_dbov: f32, frames: usize) -> usize {
        let frames = (0..frames).filter(|_| {
            background.push(&at(level_dbov));
            background.stands_out()
        });
        frames.count()
    }

    #[test]
    fn on_a_quiet_line_everything_stands_out() {
        let mut background = Background::new();
        hear(&mut background, -70.0, 100);
        assert_eq!(hear(&mut background, -25.0, 50) + hear(&mut background, -45.0, 50), 100);
    }

    #[test]
    fn over_a_background_only_what_is_louder_stands_out() {
        let mut background = Background::new();
        let babble = |background: &mut Background| -> usize {
            (0..10).flat_map(|_| [-35.0, -37.0, -39.0, -41.0, -43.0]).map(|level| hear(background, level, 2)).sum()
        };
        babble(&mut background);
        assert!(hear(&mut background, -26.0, 60) >= 55);
        let loud = babble(&mut background);
        assert!(loud < 85, "{loud} of 100");
    }

    #[test]
    fn a_steady_background_is_left_to_voice_activity() {
        let mut background = Background::new();
        hear(&mut background, -38.0, 100);
        assert_eq!(hear(&mut background, -26.0, 60) + hear(&mut background, -38.0, 60), 120);
    }

    #[test]
    fn silence_and_full_scale_are_levels_like_any_other() {
        let mut background = Background::new();
        for level in [-127.0, 0.0, -127.0] {
            hear(&mut background, level, 300);
        }
        assert_eq!(hear(&mut background, -20.0, 1), 1);
    }
}
