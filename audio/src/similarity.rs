//! Finds one piece of sound inside another, at any level: did the caller hear the prompt that was played? It compares
//! waveforms, so another voice saying the same words is not similar; codecs and noise lower the correlation.

use std::time::Duration;

use realfft::RealFftPlanner;
use realfft::num_complex::Complex;

use crate::Pcm8k;

/// Samples in the shortest block that is transformed.
const SHORTEST_BLOCK: usize = 1 << 10;

/// Where the needle fits best.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Match {
    /// Where in the haystack the needle begins.
    pub at: Duration,
    /// Normalised correlation there, −1 to 1; 1 is the same sound at any level.
    pub correlation: f32,
}

impl Match {
    const NONE: Match = Match { at: Duration::ZERO, correlation: 0.0 };
}

/// Finds where `needle` fits best into `haystack`. A needle that is silent, empty or longer than the haystack fits
/// nowhere: its correlation is 0.
pub fn best_match(needle: &Pcm8k, haystack: &Pcm8k) -> Match {
    let (needle, hay) = (needle.samples(), haystack.samples());
    let needle_energy = energy(needle);
    if needle.len() > hay.len() || needle_energy == 0 {
        return Match::NONE;
    }
    let mut best = (0, 0.0);
    let mut window_energy = energy(&hay[..needle.len()]);
    for (at, product) in correlate(needle, hay).into_iter().enumerate() {
        if at > 0 {
            window_energy += square(hay[at + needle.len() - 1]);
            window_energy -= square(hay[at - 1]);
        }
        // Energies are whole numbers, so silence is exactly 0 here.
        if window_energy > 0 {
            let correlation = product / (needle_energy as f64 * window_energy as f64).sqrt();
            if correlation > best.1 {
                best = (at, correlation);
            }
        }
    }
    let at = Duration::from_nanos(best.0 as u64 * 125_000);
    Match { at, correlation: best.1.min(1.0) as f32 }
}

fn square(sample: i16) -> u64 {
    u64::from(sample.unsigned_abs()).pow(2)
}

fn energy(samples: &[i16]) -> u64 {
    samples.iter().map(|&s| square(s)).sum()
}

/// The sum of products at every position where the whole needle lies inside the hay, block by block through the
/// frequency domain (overlap-save).
fn correlate(needle: &[i16], hay: &[i16]) -> Vec<f64> {
    let positions = hay.len() - needle.len() + 1;
    // Not longer than what there is, but for very short sounds, which one small block holds.
    let most = (needle.len() + positions).next_power_of_two().max(SHORTEST_BLOCK);
    let block = (4 * needle.len()).next_power_of_two().clamp(SHORTEST_BLOCK, most);
    let step = block - needle.len() + 1;
    let mut planner = RealFftPlanner::<f64>::new();
    let (forward, inverse) = (planner.plan_fft_forward(block), planner.plan_fft_inverse(block));
    let transform = |samples: &[i16]| {
        let mut time = vec![0.0; block];
        for (to, &from) in time.iter_mut().zip(samples) {
            *to = f64::from(from);
        }
        let mut spectrum = forward.make_output_vec();
        forward.process(&mut time, &mut spectrum).expect("both buffers have the length that the plan asks for");
        spectrum
    };
    let needle = transform(needle);
    let mut products = Vec::with_capacity(positions);
    let mut time = vec![0.0; block];
    while products.len() < positions {
        let start = products.len();
        let mut spectrum = transform(&hay[start..hay.len().min(start + block)]);
        for (h, n) in spectrum.iter_mut().zip(&needle) {
            *h *= n.conj();
        }
        // Rounding leaves a trace of an imaginary part where a real signal has none.
        for edge in [0, block / 2] {
            spectrum[edge] = Complex::new(spectrum[edge].re, 0.0);
        }
        inverse.process(&mut spectrum, &mut time).expect("both buffers have the length that the plan asks for");
        let take = step.min(positions - start);
        products.extend(time[..take].iter().map(|product| product / block as f64));
    }
    products
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{g711::Codec, mix, tone};

    fn noise(length: usize, seed: u32) -> Vec<i16> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as i16 / 4
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn a_piece_is_found_where_it_was_cut_out() {
        let hay = Pcm8k::new(noise(100_000, 1));
        for at in [0usize, 1, 12_345, 76_000] {
            let needle = Pcm8k::new(hay.samples()[at..at + 24_000].to_vec());
            let found = best_match(&needle, &hay);
            assert_eq!(found.at, Duration::from_micros(at as u64 * 125));
            assert!(found.correlation > 0.999_9);
        }
    }

    #[test]
    fn a_few_samples_are_found_among_a_few() {
        for length in [1usize, 2, 100, 300, 511, 512, 513, 1_024] {
            let hay = Pcm8k::new(noise(length, 8));
            for at in [0, length / 3, length - 1] {
                let needle = Pcm8k::new(hay.samples()[at..].to_vec());
                let found = best_match(&needle, &hay);
                assert!(found.correlation > 0.999_9, "{length} samples, from {at} on: {found:?}");
            }
        }
    }

    #[test]
    fn level_and_codec_hardly_matter() {
        let original = noise(8_000, 2);
        let mut heard = noise(40_000, 3);
        mix::gain(&mut heard, -30.0);
        let mut softer = original.clone();
        mix::gain(&mut softer, -10.0);
        mix::add(&mut heard[20_000..], &softer);
        let mut coded = Vec::new();
        Codec::Pcmu.encode(&heard, &mut coded);
        let mut decoded = Vec::new();
        Codec::Pcmu.decode(&coded, &mut decoded);
        let found = best_match(&Pcm8k::new(original), &Pcm8k::new(decoded));
        assert_eq!(found.at, Duration::from_millis(2_500));
        assert!(found.correlation > 0.98, "{found:?}");
    }

    #[test]
    fn other_sound_is_not_similar() {
        let found = best_match(&Pcm8k::new(noise(24_000, 4)), &Pcm8k::new(noise(480_000, 5)));
        assert!(found.correlation < 0.05, "{found:?}");
    }

    #[test]
    fn silence_fits_nowhere() {
        let second = Duration::from_secs(1);
        let tone = tone::sine(500.0, -20.0, second);
        assert_eq!(best_match(&Pcm8k::silence(second), &tone), Match::NONE);
        assert_eq!(best_match(&tone, &Pcm8k::silence(second * 3)), Match::NONE);
        assert_eq!(best_match(&Pcm8k::empty(), &Pcm8k::empty()), Match::NONE);
        assert_eq!(best_match(&tone, &tone.slice(Duration::ZERO, second / 2)), Match::NONE);
    }

    #[test]
    fn a_faint_sound_among_loud_ones_is_still_found() {
        let mut hay = noise(40_000, 6);
        let needle = noise(4_000, 7);
        let faint: Vec<i16> = needle.iter().map(|s| s / 64).collect();
        hay[10_000..14_000].copy_from_slice(&faint);
        let found = best_match(&Pcm8k::new(needle), &Pcm8k::new(hay));
        assert_eq!(found.at, Duration::from_millis(1_250));
        assert!(found.correlation > 0.99);
    }
}
