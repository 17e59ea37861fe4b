//! Sound for packets that never came: the last pitch period of the speaker goes on, softer and softer, and the first
//! packet that does come is blended in. In the spirit of ITU-T G.711 Appendix I, but without its delay of 3.75 ms.
//! Which packets are missing is left to [`crate::jitter`].

/// The longest pitch period looked for: 15 ms, a voice of 66 Hz.
const LONGEST: usize = 120;
/// The shortest: 5 ms, 200 Hz. Higher voices are found at a multiple of their period.
const SHORTEST: usize = 40;
/// How much of the past is compared to find the period.
const COMPARED: usize = 160;
/// Samples remembered: enough to repeat three periods and to compare.
const PAST: usize = 3 * LONGEST + COMPARED / 4;
/// Full level for the first 10 ms, silent after 60 ms: longer than that, repeating sounds worse than nothing.
const HOLD: usize = 80;
const FADE: usize = 400;
/// Blending over 5 ms back into what really came.
const BLEND: usize = 40;

/// Loss concealment of one stream.
#[derive(Clone, Debug)]
pub struct Concealer {
    past: [i16; PAST],
    loss: Option<Loss>,
}

#[derive(Clone, Debug)]
struct Loss {
    period: usize,
    /// Samples concealed so far.
    done: usize,
    /// The jump from the last real sample to the first repeated one, faded out instead of heard as a click.
    step: f32,
}

impl Concealer {
    /// A concealer that has heard nothing so far.
    pub fn new() -> Self {
        Self { past: [0; PAST], loss: None }
    }

    /// Takes samples that did arrive; their beginning is blended in place when they follow concealed sound.
    pub fn received(&mut self, samples: &mut [i16]) {
        if let Some(mut loss) = self.loss.take() {
            for (n, sample) in samples.iter_mut().take(BLEND).enumerate() {
                let weight = (n as f32 + 0.5) / BLEND as f32;
                let repeated = loss.next(&self.past);
                *sample = (f32::from(*sample) * weight + repeated * (1.0 - weight)).round() as i16;
            }
        }
        let newest = &samples[samples.len().saturating_sub(PAST)..];
        self.past.copy_within(newest.len().., 0);
        self.past[PAST - newest.len()..].copy_from_slice(newest);
    }

    /// Fills `samples` in place of what did not arrive.
    pub fn conceal(&mut self, samples: &mut [i16]) {
        let past = &self.past;
        let loss = self.loss.get_or_insert_with(|| Loss::begin(past));
        for sample in samples {
            *sample = loss.next(past).round() as i16;
        }
    }

    /// Takes note that the sender pauses: what comes next begins by itself.
    pub fn pause(&mut self) {
        self.loss = None;
    }

    /// Whether the last sound was made up, so that the next will be blended into.
    pub fn is_concealing(&self) -> bool {
        self.loss.is_some()
    }
}

impl Default for Concealer {
    fn default() -> Self {
        Self::new()
    }
}

impl Loss {
    fn begin(past: &[i16; PAST]) -> Self {
        let period = pitch(past);
        let step = f32::from(past[PAST - 1]) - f32::from(past[PAST - 1 - period]);
        Self { period, done: 0, step }
    }

    fn next(&mut self, past: &[i16; PAST]) -> f32 {
        // One period over and over buzzes; after 10 ms repeat two, after 30 ms three.
        let periods = match self.done {
            0..80 => 1,
            80..240 => 2,
            _ => 3,
        };
        let at = PAST - periods * self.period + self.done % (periods * self.period);
        let from_end = PAST - at;
        let mut sample = f32::from(past[at]);
        // Towards the seam, turn into what came before the first sample repeated.
        let seam = self.period / 4;
        if from_end <= seam {
            let weight = (seam - from_end + 1) as f32 / (seam + 1) as f32;
            // While the whole past is repeated there may be nothing before it.
            if let Some(before) = at.checked_sub(periods * self.period) {
                sample = sample * (1.0 - weight) + f32::from(past[before]) * weight;
            }
        }
        let step = self.step * (1.0 - self.done as f32 / BLEND as f32).max(0.0);
        let gain = 1.0 - (self.done.saturating_sub(HOLD) as f32 / FADE as f32).min(1.0);
        self.done = self.done.saturating_add(1);
        (sample + step) * gain
    }
}

/// The distance at which the newest 20 ms resemble the past most.
fn pitch(past: &[i16; PAST]) -> usize {
    // At 12 bits the sums below fit 32 bits, which the processor adds up many at a time.
    let peak = past.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0);
    let shift = (u16::BITS - peak.leading_zeros()).saturating_sub(11);
    let past = past.map(|s| i32::from(s >> shift));
    let newest = &past[PAST - COMPARED..];
    let resemblance = |lag: usize| {
        let shifted = &past[PAST - COMPARED - lag..PAST - lag];
        let (mut dot, mut energy) = (0i32, 1i32);
        for (&a, &b) in newest.iter().zip(shifted) {
            dot += a * b;
            energy += b * b;
        }
        (lag, dot as f32 / (energy as f32).sqrt())
    };
    (SHORTEST..=LONGEST).map(resemblance).max_by(|a, b| a.1.total_cmp(&b.1)).map_or(LONGEST, |(lag, _)| lag)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{FRAME_8K, Frame8k, Pcm8k, tone};

    fn frames(audio: &Pcm8k) -> Vec<Frame8k> {
        audio.samples().as_chunks().0.to_vec()
    }

    fn level(frame: &Frame8k) -> f32 {
        Pcm8k::new(frame.to_vec()).level_dbov()
    }

    fn concealed(concealer: &mut Concealer) -> Frame8k {
        let mut frame = [0; FRAME_8K];
        concealer.conceal(&mut frame);
        frame
    }

    fn largest_jump(samples: &[i16]) -> i32 {
        samples.windows(2).map(|w| (i32::from(w[1]) - i32::from(w[0])).abs()).max().unwrap_or(0)
    }

    #[test]
    fn without_loss_nothing_is_touched() {
        let mut concealer = Concealer::new();
        for frame in frames(&tone::sine(300.0, -10.0, Duration::from_secs(1))) {
            let mut heard = frame;
            concealer.received(&mut heard);
            assert_eq!(heard, frame);
        }
    }

    #[test]
    fn a_lost_packet_of_a_steady_voice_is_hardly_heard() {
        // 125 Hz with harmonics, as a vowel has.
        let vowel: Vec<i16> = (0..8_000)
            .map(|n| {
                let t = f64::from(n) / 8_000.0 * std::f64::consts::TAU * 125.0;
                (5_000.0 * t.sin() + 3_000.0 * (3.0 * t).sin() + 1_000.0 * (7.0 * t).cos()) as i16
            })
            .collect();
        let vowel = frames(&Pcm8k::new(vowel));
        let mut concealer = Concealer::new();
        let mut heard = Vec::new();
        for (n, frame) in vowel.iter().enumerate() {
            let mut frame = *frame;
            if n == 20 {
                frame = concealed(&mut concealer);
                assert!((level(&frame) - level(&vowel[20])).abs() < 1.5);
            } else {
                concealer.received(&mut frame);
            }
            heard.extend(frame);
        }
        let original: Vec<i16> = vowel.into_flattened();
        assert!(largest_jump(&heard) <= largest_jump(&original) * 11 / 10);
    }

    #[test]
    fn a_long_loss_fades_to_silence() {
        let mut concealer = Concealer::new();
        for mut frame in frames(&tone::sine(200.0, -10.0, Duration::from_millis(200))) {
            concealer.received(&mut frame);
        }
        let levels: Vec<f32> = (0..6).map(|_| level(&concealed(&mut concealer))).collect();
        assert!(levels.windows(2).all(|w| w[1] <= w[0] + 0.5), "{levels:?}");
        assert_eq!(levels[3..], [-127.0; 3]);
    }

    #[test]
    fn what_comes_back_after_a_loss_does_not_click() {
        let mut concealer = Concealer::new();
        let mut heard = Vec::new();
        for mut frame in frames(&tone::sine(310.0, -10.0, Duration::from_millis(400))) {
            if (160 * 8..160 * 10).contains(&heard.len()) {
                frame = concealed(&mut concealer);
            } else {
                concealer.received(&mut frame);
            }
            heard.extend(frame);
        }
        // A sine of this level and pitch moves by up to 3,570 from sample to sample.
        assert!(largest_jump(&heard) < 4_500, "{}", largest_jump(&heard));
    }

    #[test]
    fn a_loss_before_anything_was_heard_is_silence() {
        assert_eq!(concealed(&mut Concealer::new()), [0; FRAME_8K]);
    }
}
