//! Audio as Moonshine likes it: as floating-point numbers, not too short, not too long.

use std::borrow::Cow;

/// 0.1 s: below this the encoder fails, and no word fits.
pub(super) const SHORTEST: usize = 1_600;
/// 30 s: beyond, the model was never trained.
pub(super) const LONGEST: usize = 480_000;
/// Utterances below 2 s are recognised better with something around them.
const SHORT: usize = 32_000;
/// 0.2 s on each side.
const PADDING: usize = 3_200;
/// Standard deviation of the faint noise, of full scale; digital silence is nothing the model knows.
const NOISE: f32 = 2e-4;
/// Cuts are sought in the last 8 s of a window, in stretches of 0.2 s.
const SEEK: usize = 128_000;
const STRETCH: usize = 3_200;

pub(super) fn to_float(samples: &[i16]) -> Vec<f32> {
    samples.iter().map(|sample| f32::from(*sample) / 32_768.0).collect()
}

/// Short audio with faint noise before and after it; the noise is the same each time, so results are too.
pub(super) fn pad_short(samples: &[i16]) -> Cow<'_, [i16]> {
    if samples.len() >= SHORT {
        return Cow::Borrowed(samples);
    }
    Cow::Owned(padded(samples, PADDING))
}

/// The same utterance for a second look: further from its edges, which shifts every frame that the encoder sees.
pub(super) fn second_view(samples: &[i16]) -> Vec<i16> {
    padded(samples, PADDING)
}

fn padded(samples: &[i16], padding: usize) -> Vec<i16> {
    let mut noise = Noise(0x2545_f491_4f6c_dd1d);
    let mut padded = Vec::with_capacity(samples.len() + 2 * padding);
    padded.extend((0..padding).map(|_| noise.sample()));
    padded.extend_from_slice(samples);
    padded.extend((0..padding).map(|_| noise.sample()));
    padded
}

/// xorshift64; the sum of four even numbers is near enough to normal.
struct Noise(u64);

impl Noise {
    fn sample(&mut self) -> i16 {
        let sum: f32 = (0..4).map(|_| self.even()).sum();
        // Four even numbers between −0.5 and 0.5 have a standard deviation of √(4/12).
        (sum * (3f32).sqrt() * NOISE * 32_768.0).round() as i16
    }

    fn even(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    }
}

/// Long audio in pieces of at most 30 s, cut where it is quietest. What is too short at the end is left out.
pub(super) fn windows(samples: &[i16]) -> Vec<&[i16]> {
    let mut out = Vec::new();
    let mut rest = samples;
    while rest.len() > LONGEST {
        let (window, tail) = rest.split_at(quietest(rest));
        out.push(window);
        rest = tail;
    }
    if rest.len() >= SHORTEST {
        out.push(rest);
    }
    out
}

/// The middle of the quietest stretch near the end of the first window.
fn quietest(samples: &[i16]) -> usize {
    let energy = |from: usize| -> u64 {
        samples[from..from + STRETCH].iter().map(|sample| u64::from(sample.unsigned_abs())).sum()
    };
    (LONGEST - SEEK..=LONGEST - STRETCH)
        .step_by(STRETCH / 2)
        .min_by_key(|from| energy(*from))
        .map_or(LONGEST, |from| from + STRETCH / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_audio_is_cut_in_its_pause_and_nothing_is_lost() {
        let mut samples = vec![8_000i16; 1_000_000];
        samples[400_000..410_000].fill(0);
        let windows = windows(&samples);
        assert_eq!(windows.iter().map(|window| window.len()).sum::<usize>(), samples.len());
        assert!(windows.iter().all(|window| window.len() <= LONGEST));
        assert!((400_000..410_000).contains(&windows[0].len()), "{}", windows[0].len());
    }

    #[test]
    fn short_audio_gets_faint_noise_on_both_sides() {
        let padded = pad_short(&[1_000; 8_000]);
        assert_eq!(padded.len(), 8_000 + 2 * PADDING);
        let head = &padded[..PADDING];
        let power = head.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / PADDING as f64;
        let deviation = power.sqrt() / 32_768.0;
        assert!((1.5e-4..2.6e-4).contains(&deviation), "{deviation}");
        assert!(matches!(pad_short(&[0; SHORT]), Cow::Borrowed(_)));
    }
}
