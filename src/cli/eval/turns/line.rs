//! What comes down the telephone line: a recording between two pauses, under noise; and where the speech in it really is.

use std::time::Duration;

use audio::telephone::{Conditions, Noise, add_background, to_telephone_8k};
use audio::{Pcm8k, mix};

use super::Condition;

/// Silence before and after a recording.
const BEFORE: Duration = Duration::from_millis(1_600);
const AFTER: Duration = Duration::from_millis(3_200);
/// A longer pause between two marked stretches of speech makes them two turns.
const GAP_MS: f64 = 1_500.0;
/// Voices in the babble.
const VOICES: usize = 5;

/// A turn: from the first to the last sound of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    pub from_ms: f64,
    pub to_ms: f64,
}

/// A recording with pauses around it.
pub struct Heard {
    sound: Pcm8k,
    pub spans: Vec<Span>,
}

impl Heard {
    /// `marked` says in seconds where the speech is; without it, the energy of the clean recording does.
    pub fn new(recording: &Pcm8k, marked: Option<&[(f64, f64)]>) -> Self {
        let mut sound = Pcm8k::silence(BEFORE);
        sound.append(recording);
        sound.append(&Pcm8k::silence(AFTER));
        let before_ms = BEFORE.as_secs_f64() * 1_000.0;
        let spans = match marked.filter(|marked| !marked.is_empty()) {
            Some(marked) => turns(marked),
            None => by_energy(recording).into_iter().collect(),
        };
        let moved = |span: Span| Span { from_ms: span.from_ms + before_ms, to_ms: span.to_ms + before_ms };
        Self { sound, spans: spans.into_iter().map(moved).collect() }
    }

    pub fn length_ms(&self) -> f64 {
        self.sound.duration().as_secs_f64() * 1_000.0
    }

    /// As it comes over a line in this condition.
    pub fn over<'a>(&self, condition: Condition, babble: impl FnOnce() -> Pcm8k + 'a, seed: u64) -> Pcm8k {
        let quiet = Conditions { noise_snr_db: Some(45.0), seed, ..Conditions::default() };
        match condition {
            Condition::Clean => to_telephone_8k(&self.sound, quiet),
            Condition::White15 => to_telephone_8k(&self.sound, Conditions { noise_snr_db: Some(15.0), ..quiet }),
            Condition::Hum15 => {
                to_telephone_8k(&self.sound, Conditions { noise_snr_db: Some(15.0), noise: Noise::Hum, ..quiet })
            }
            Condition::Babble10 => to_telephone_8k(&add_background(&self.sound, &babble(), 10.0), quiet),
        }
    }
}

/// Stretches of speech with short pauses between them are one turn.
fn turns(marked: &[(f64, f64)]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for &(from, to) in marked {
        let (from_ms, to_ms) = (from * 1_000.0, to * 1_000.0);
        match spans.last_mut() {
            Some(last) if from_ms - last.to_ms < GAP_MS => last.to_ms = last.to_ms.max(to_ms),
            _ => spans.push(Span { from_ms, to_ms }),
        }
    }
    spans
}

/// From the first to the last sound that stands out: 10 ms frames above the background and not far below the loudest.
fn by_energy(recording: &Pcm8k) -> Option<Span> {
    const FRAME: usize = 80;
    let levels: Vec<f32> =
        recording.samples().chunks_exact(FRAME).map(|frame| Pcm8k::new(frame.to_vec()).level_dbov()).collect();
    let mut sorted = levels.clone();
    sorted.sort_by(f32::total_cmp);
    let at = |share: f64| sorted.get((share * sorted.len().saturating_sub(1) as f64) as usize).copied();
    let (floor, loud) = (at(0.05)?, at(0.98)?);
    let threshold = (floor + 12.0).clamp(loud - 38.0, loud - 22.0);
    let sounds = |window: &[f32]| window.iter().all(|level| *level > threshold);
    let first = levels.windows(3).position(sounds)?;
    let last = levels.windows(3).rposition(sounds)? + 3;
    Some(Span { from_ms: first as f64 * 10.0, to_ms: last as f64 * 10.0 })
}

/// Other people's voices, from the recordings themselves.
pub struct Babble<'a> {
    voices: Vec<(&'a str, &'a Pcm8k)>,
    seed: u64,
}

impl<'a> Babble<'a> {
    pub fn new(voices: &[(&'a str, &'a Pcm8k)], seed: u64) -> Self {
        Self { voices: voices.to_vec(), seed }
    }

    /// Some voices at once, none of which is this speaker's if there are others.
    pub fn around(&self, speaker: &str, number: usize) -> Pcm8k {
        let others: Vec<&Pcm8k> =
            self.voices.iter().filter(|(name, _)| *name != speaker).map(|(_, sound)| *sound).collect();
        let length = Pcm8k::samples_in(Duration::from_secs(20));
        let mut sum = vec![0i16; length];
        let mut state = self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(number as u64 + 1);
        let mut random = move |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % below.max(1) as u64) as usize
        };
        for _ in 0..VOICES {
            let mut voice = Vec::with_capacity(length);
            while voice.len() < length && !others.is_empty() {
                let mut one = others[random(others.len())].clone();
                // All as loud as each other, and none so loud that the sum is clipped.
                let level = one.level_dbov().max(-60.0);
                mix::gain(one.samples_mut(), -34.0 - level);
                voice.extend_from_slice(one.samples());
            }
            voice.truncate(length);
            mix::add(&mut sum, &voice);
        }
        Pcm8k::new(sum)
    }
}

#[cfg(test)]
mod tests {
    use audio::tone;

    use super::*;

    #[test]
    fn the_energy_tells_where_speech_is() {
        let mut sound = Pcm8k::silence(Duration::from_millis(500));
        sound.append(&tone::sine(300.0, -20.0, Duration::from_millis(700)));
        sound.append(&Pcm8k::silence(Duration::from_millis(400)));
        let heard = Heard::new(&sound, None);
        let [span] = heard.spans[..] else { panic!("{:?}", heard.spans) };
        assert!((span.from_ms - 2_100.0).abs() <= 20.0 && (span.to_ms - 2_800.0).abs() <= 20.0, "{span:?}");
        assert!(Heard::new(&Pcm8k::silence(Duration::from_secs(1)), None).spans.len() <= 1);
    }

    #[test]
    fn marks_with_short_pauses_between_them_are_one_turn() {
        let spans = turns(&[(0.1, 0.5), (1.2, 1.6), (4.0, 4.5)]);
        assert_eq!(spans, [Span { from_ms: 100.0, to_ms: 1_600.0 }, Span { from_ms: 4_000.0, to_ms: 4_500.0 }]);
    }

    #[test]
    fn every_condition_keeps_the_length_and_the_same_seed_gives_the_same_line() {
        let tone = tone::sine(300.0, -20.0, Duration::from_secs(1));
        let voices = [("a", &tone), ("b", &tone)];
        let babble = Babble::new(&voices, 3);
        let heard = Heard::new(&tone, None);
        for condition in super::super::CONDITIONS {
            let line = || heard.over(condition, || babble.around("a", 1), 7);
            assert_eq!(line(), line());
            assert_eq!(line().len(), heard.sound.len());
        }
    }
}
