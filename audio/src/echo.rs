//! Is what is heard only what was said? Telephones and rooms send a part of our own voice back, later and softer, and the voice
//! activity takes it for a caller. This compares the last 80 ms heard with what was sent in the half second before: if a short filter
//! of what was sent explains nearly all of it, it is echo. A caller who speaks over the echo is not explained, however loud the echo.
//!
//! Nothing is taken out of the sound: recognition hears what came.

use std::sync::{Arc, LazyLock};

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use crate::{FRAME_8K, Frame8k};

/// Samples of what was heard that are compared: 80 ms.
const WINDOW: usize = 4 * FRAME_8K;
/// Delays that are looked for, in samples: up to half a second, there and back, jitter buffers included.
const DELAYS: usize = 4_000;
/// Taps of the filter: 2 ms around the delay, for delays between two samples and the colour of a telephone.
const TAPS: usize = 17;
const KEPT: usize = WINDOW + DELAYS + TAPS;
/// So much more than that is kept before it is moved up: 200 ms.
const SPARE: usize = 10 * FRAME_8K;
const FFT: usize = 8_192;
/// Echo leaves no more than this share of the energy unexplained (-8 dB): with a caller's voice as loud as the echo, half is left.
const UNEXPLAINED: f64 = 0.16;
/// What was sent is silence below this energy a sample (-60 dBov).
const SILENT: f64 = 1_073.0;
/// Searched for so often at most while it is not found, in frames.
const SEARCH_EVERY: u32 = 2;

struct Plans {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
}

static PLANS: LazyLock<Plans> = LazyLock::new(|| {
    let mut planner = RealFftPlanner::new();
    Plans { forward: planner.plan_fft_forward(FFT), inverse: planner.plan_fft_inverse(FFT) }
});

/// Follows both directions of one leg.
#[derive(Debug)]
pub struct EchoGuard {
    /// What was said last, the newest sample last: of these the last [`KEPT`] count.
    said: Vec<i16>,
    heard: [i16; WINDOW],
    /// By how many samples the echo came later when it was last found.
    delay: Option<usize>,
    /// Frames until the next search.
    rest: u32,
    /// What the newest frame was taken for.
    is_echo: bool,
    /// Frames since something was said.
    quiet: usize,
}

impl EchoGuard {
    /// A guard that has heard nothing so far.
    pub fn new() -> Self {
        Self { said: Vec::new(), heard: [0; WINDOW], delay: None, rest: 0, is_echo: false, quiet: usize::MAX }
    }

    /// Takes 20 ms of both directions of one tick; says whether what was heard is our own echo. `voiced` is whether it sounds like
    /// somebody speaking: what does not is not looked at.
    pub fn push(&mut self, said: &Frame8k, heard: &Frame8k, voiced: bool) -> bool {
        let sounds = said.iter().any(|&sample| sample.unsigned_abs() > 32);
        self.quiet = if sounds { 0 } else { self.quiet.saturating_add(1) };
        if self.quiet > KEPT / FRAME_8K {
            // Nothing of ours is on its way: the room for it is given back.
            self.said = Vec::new();
            self.is_echo = false;
            return false;
        }
        if self.said.is_empty() {
            self.said = Vec::with_capacity(KEPT + SPARE);
            self.said.resize(KEPT, 0);
        } else if self.said.len() == KEPT + SPARE {
            self.said.drain(..SPARE);
        }
        self.said.extend_from_slice(said);
        self.heard.copy_within(FRAME_8K.., 0);
        self.heard[WINDOW - FRAME_8K..].copy_from_slice(heard);
        self.rest = self.rest.saturating_sub(1);
        if !voiced {
            self.is_echo = false;
            return false;
        }
        let mut found = self.delay.is_some_and(|delay| self.explains(delay));
        if !found && self.rest == 0 {
            self.rest = SEARCH_EVERY;
            self.delay = self.search().filter(|&delay| self.explains(delay)).or(self.delay);
            found = self.delay.is_some_and(|delay| self.explains(delay));
        } else if !found {
            // Not looked for again so soon: it is what it was.
            found = self.is_echo;
        }
        self.is_echo = found;
        found
    }

    /// What was said in the time that is looked back on.
    fn said(&self) -> &[i16] {
        &self.said[self.said.len() - KEPT..]
    }

    /// The delay at which what was said is most like what is heard.
    fn search(&self) -> Option<usize> {
        let transform = |samples: &[i16]| {
            let mut time = vec![0f32; FFT];
            for (to, &from) in time.iter_mut().zip(samples) {
                *to = f32::from(from);
            }
            let mut spectrum = PLANS.forward.make_output_vec();
            PLANS.forward.process(&mut time, &mut spectrum).ok()?;
            Some(spectrum)
        };
        let heard = transform(&self.heard)?;
        let said = self.said();
        let mut product = transform(said)?;
        for (product, heard) in product.iter_mut().zip(&heard) {
            *product *= heard.conj();
        }
        for edge in [0, FFT / 2] {
            product[edge] = Complex::new(product[edge].re, 0.0);
        }
        let mut likeness = PLANS.inverse.make_output_vec();
        PLANS.inverse.process(&mut product, &mut likeness).ok()?;
        // Normalised by how loud it was, or the loudest word would always win.
        let mut energy: f64 = said[..WINDOW].iter().map(|&sample| square(sample)).sum();
        let mut best = (0.0, None);
        for (at, likeness) in likeness.iter().enumerate().take(KEPT - WINDOW + 1) {
            if at > 0 {
                energy += square(said[at + WINDOW - 1]) - square(said[at - 1]);
            }
            let score = f64::from(*likeness).powi(2) / energy.max(SILENT * WINDOW as f64);
            if score > best.0 {
                best = (score, Some(KEPT - WINDOW - at));
            }
        }
        best.1
    }

    /// Whether what was said so many samples before, through the best short filter, explains what is heard.
    fn explains(&self, delay: usize) -> bool {
        // The filter's first tap looks this far back.
        let first = (delay + TAPS / 2).min(KEPT - WINDOW);
        let from = KEPT - WINDOW - first;
        let taps = TAPS.min(first + 1);
        let all = self.said();
        let said = |tap: usize| &all[from + tap..from + tap + WINDOW];
        let energy: f64 = self.heard.iter().map(|&sample| square(sample)).sum();
        if energy < SILENT * 0.05 * WINDOW as f64 {
            return false;
        }
        let dot = |a: &[i16], b: &[i16]| -> f64 {
            a.iter().zip(b).map(|(&a, &b)| i64::from(i32::from(a) * i32::from(b))).sum::<i64>() as f64
        };
        let mut matrix = [[0.0; TAPS]; TAPS];
        let mut right = [0.0; TAPS];
        for row in 0..taps {
            right[row] = dot(said(row), &self.heard);
            for column in 0..=row {
                let value = if row > 0 && column > 0 {
                    // One sample further on: a sample comes in, another goes.
                    let (a, b) = (from + row - 1, from + column - 1);
                    let sample = |at: usize| f64::from(all[at]);
                    matrix[row - 1][column - 1] - sample(a) * sample(b) + sample(a + WINDOW) * sample(b + WINDOW)
                } else {
                    dot(said(row), said(column))
                };
                (matrix[row][column], matrix[column][row]) = (value, value);
            }
        }
        let Some(explained) = explained(&mut matrix, &right, taps) else { return false };
        energy - explained <= UNEXPLAINED * energy
    }
}

impl Default for EchoGuard {
    fn default() -> Self {
        Self::new()
    }
}

fn square(sample: i16) -> f64 {
    f64::from(sample) * f64::from(sample)
}

/// The energy that the least squares fit explains, by Cholesky's factors of the normal equations.
fn explained(matrix: &mut [[f64; TAPS]; TAPS], right: &[f64; TAPS], taps: usize) -> Option<f64> {
    let loading = matrix[0][0].max(1.0) * 1e-5 + 1.0;
    let mut solved = [0.0; TAPS];
    let mut sum_of_squares = 0.0;
    for row in 0..taps {
        for column in 0..=row {
            let mut sum = matrix[row][column] + if row == column { loading } else { 0.0 };
            let before = matrix[row].iter().zip(&matrix[column]).take(column);
            sum -= before.map(|(one, other)| one * other).sum::<f64>();
            if row == column {
                if sum <= 0.0 {
                    return None;
                }
                matrix[row][row] = sum.sqrt();
            } else {
                matrix[row][column] = sum / matrix[column][column];
            }
        }
        let sum: f64 = right[row] - (0..row).map(|before| matrix[row][before] * solved[before]).sum::<f64>();
        solved[row] = sum / matrix[row][row];
        sum_of_squares += solved[row] * solved[row];
    }
    Some(sum_of_squares)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::g711::Codec;

    /// Something like a voice: pulses through two resonances, in syllables. Seeds differ in pitch and vowels.
    fn voice(seed: u32, samples: usize, amplitude: f32) -> Vec<f32> {
        let mut state = seed.wrapping_mul(2_654_435_761) | 1;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as f32 / u32::MAX as f32
        };
        let pitch = 60 + (seed * 17 % 40) as usize;
        let (mut formants, mut memory) = ([(0.0, 0.0); 2], [(0.0f32, 0.0f32); 2]);
        let mut out = Vec::with_capacity(samples);
        for n in 0..samples {
            if n % 1_200 == 0 {
                formants = [(300.0 + 500.0 * random(), 0.97), (1_000.0 + 1_500.0 * random(), 0.95)];
            }
            let pulse = if n % pitch == 0 { 1.0 } else { 0.0 } + 0.02 * (random() - 0.5);
            let mut sample = 0.0;
            for ((hz, radius), (one, two)) in formants.iter().zip(&mut memory) {
                let now =
                    pulse + 2.0 * radius * (std::f32::consts::TAU * hz / 8_000.0).cos() * *one - radius * radius * *two;
                (*two, *one) = (*one, now);
                sample += now;
            }
            let syllable = ((n % 1_600) as f32 / 1_600.0 * std::f32::consts::PI).sin();
            out.push(sample * syllable);
        }
        let peak = out.iter().fold(0f32, |peak, sample| peak.max(sample.abs()));
        out.iter().map(|sample| sample / peak * amplitude).collect()
    }

    /// What comes back over G.711 of what was said, and of a caller.
    fn heard(said: &[f32], delay: usize, db: f32, caller: &[f32]) -> Vec<i16> {
        let gain = 10f32.powf(db / 20.0);
        let mixed: Vec<i16> = (0..said.len())
            .map(|n| {
                let echo = n.checked_sub(delay).map_or(0.0, |at| said[at] * gain);
                (echo + caller.get(n).copied().unwrap_or(0.0)) as i16
            })
            .collect();
        let (mut bytes, mut out) = (Vec::new(), Vec::new());
        Codec::Pcmu.encode(&mixed, &mut bytes);
        Codec::Pcmu.decode(&bytes, &mut out);
        out
    }

    /// In which of the frames that are loud enough to be voiced the guard says echo.
    fn share_of_echo(said: &[f32], heard: &[i16], from: usize) -> f32 {
        let said: Vec<i16> = said.iter().map(|&sample| sample as i16).collect();
        let mut guard = EchoGuard::new();
        let (mut voiced, mut echo) = (0, 0);
        for (n, (said, heard)) in said.as_chunks().0.iter().zip(heard.as_chunks().0).enumerate() {
            let loud = heard.iter().any(|sample: &i16| sample.unsigned_abs() > 60);
            let is_echo = guard.push(said, heard, loud);
            if loud && n * FRAME_8K >= from {
                voiced += 1;
                echo += i32::from(is_echo);
            }
        }
        echo as f32 / voiced.max(1) as f32
    }

    #[test]
    fn our_own_voice_comes_back_at_any_delay_and_level_and_is_known() {
        let said = voice(1, 24_000, 12_000.0);
        for delay_ms in [20, 57, 130, 250, 400] {
            for db in [-30.0, -18.0, -6.0, 0.0] {
                let delay = delay_ms * 8 + 3;
                let heard = heard(&said, delay, db, &[]);
                let share = share_of_echo(&said, &heard, delay + 6 * FRAME_8K);
                assert!(share > 0.95, "{delay_ms} ms, {db} dB: {share}");
            }
        }
    }

    #[test]
    fn a_caller_over_the_echo_is_no_echo() {
        let said = voice(1, 24_000, 12_000.0);
        for (db, caller) in [(-30.0, 3_000.0), (-12.0, 6_000.0), (-6.0, 9_000.0), (0.0, 12_000.0)] {
            let caller = voice(7, 24_000, caller);
            let heard = heard(&said, 1_043, db, &caller);
            let share = share_of_echo(&said, &heard, 1_043);
            assert!(share < 0.25, "{db} dB: {share}");
        }
    }

    #[test]
    fn a_caller_without_echo_is_no_echo() {
        let said = voice(1, 24_000, 12_000.0);
        for seed in 2..8 {
            let heard = heard(&vec![0.0; 24_000], 0, 0.0, &voice(seed, 24_000, 8_000.0));
            assert!(share_of_echo(&said, &heard, 0) < 0.05, "{seed}");
        }
    }

    #[test]
    fn where_nothing_was_said_there_is_no_echo_and_no_memory() {
        let mut guard = EchoGuard::new();
        assert!((0..100).all(|_| !guard.push(&[0; FRAME_8K], &[5_000; FRAME_8K], true)));
        assert!(guard.said.is_empty());
    }

    #[test]
    fn clipped_sound_and_a_constant_do_no_harm() {
        let mut guard = EchoGuard::new();
        for n in 0..200 {
            let said = if n % 2 == 0 { [i16::MAX; FRAME_8K] } else { [i16::MIN; FRAME_8K] };
            guard.push(&said, &[i16::MIN; FRAME_8K], true);
            guard.push(&[100; FRAME_8K], &[100; FRAME_8K], true);
        }
    }
}
