//! Rate conversion: whole recordings through rubato's FFT resampler, and frame by frame from 8 to 16 kHz and back through
//! short half-band filters for what must not wait. Which rate is needed where is left to the types of [`Pcm`].

use std::sync::OnceLock;

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler};

use crate::{FRAME_8K, FRAME_16K, Frame8k, Frame16k, Pcm};

/// Converts a whole recording to another rate: nothing is delayed or lost, and the length is exact to the sample.
pub fn resample<const A: u32, const B: u32>(audio: &Pcm<A>) -> Pcm<B> {
    Pcm::new(resample_rate(audio.samples(), A, B))
}

/// As [`resample`], for rates that are known at run time only. The result has `samples.len() · to / from` samples,
/// rounded to the nearest; a rate of 0 has no sound.
pub fn resample_rate(samples: &[i16], from: u32, to: u32) -> Vec<i16> {
    if from == to {
        return samples.to_vec();
    }
    if from == 0 || to == 0 || samples.is_empty() {
        return Vec::new();
    }
    let length = (samples.len() as u64 * u64::from(to) + u64::from(from) / 2) / u64::from(from);
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let input: Vec<f32> = samples.iter().map(|&s| f32::from(s)).collect();
    let mut output = whole(&input, from, to);
    output.resize(length, 0.0);
    // A float-to-integer cast saturates: what overshoots full scale is clipped, not wrapped.
    output.into_iter().map(|s| s.round() as i16).collect()
}

/// Frames per block, at least: long enough for a steep filter, short enough that a word is not drowned in padding.
const BLOCK: usize = 1024;

fn whole(input: &[f32], from: u32, to: u32) -> Vec<f32> {
    // rubato takes the filter's delay to be half a block, so a block of an odd number of frames (44.1 kHz has such)
    // would come out half a frame early.
    let unit = 2 * (from / gcd(from, to)) as usize;
    let block = BLOCK.next_multiple_of(unit);
    let mut resampler = Fft::<f32>::new(from as usize, to as usize, block, 1, FixedSync::Both)
        .expect("both rates and the block size are above zero, which is all that the constructor asks for");
    let adapter =
        InterleavedSlice::new(input, 1, input.len()).expect("the slice is exactly as long as it is said to be");
    resampler
        .process_all(&adapter, input.len(), None)
        .expect("one channel in, one channel out, and the resampler makes its own room")
        .take_data()
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Streaming conversion from 8 to 16 kHz with a delay of 1.5 ms.
///
/// A linear-phase half-band filter: every second output sample is an input sample, the ones between are interpolated
/// from the 24 around them.
#[derive(Clone, Debug)]
pub struct Doubler {
    /// The newest input samples of the frames before, oldest first.
    past: [f32; TAPS - 1],
}

const TAPS: usize = 24;

impl Doubler {
    /// How many input samples (8 kHz) the output lags behind.
    pub const DELAY_8K: usize = TAPS / 2;

    /// A doubler that has heard silence so far.
    pub fn new() -> Self {
        Self { past: [0.0; TAPS - 1] }
    }

    /// Converts the next frame.
    pub fn push(&mut self, frame: &Frame8k) -> Frame16k {
        let taps = half_band();
        let mut input = [0.0f32; TAPS - 1 + FRAME_8K];
        input[..TAPS - 1].copy_from_slice(&self.past);
        for (to, &from) in input[TAPS - 1..].iter_mut().zip(frame) {
            *to = f32::from(from);
        }
        let mut output = [0i16; FRAME_16K];
        for (pair, window) in output.chunks_exact_mut(2).zip(input.windows(TAPS)) {
            pair[0] = window[TAPS / 2 - 1] as i16;
            let between: f32 = window.iter().zip(taps).map(|(x, h)| x * h).sum();
            pair[1] = between.round() as i16;
        }
        self.past.copy_from_slice(&input[FRAME_8K..]);
        output
    }
}

impl Default for Doubler {
    fn default() -> Self {
        Self::new()
    }
}

/// Streaming conversion from 16 to 8 kHz with a delay of 1.5 ms: the mirror of [`Doubler`], with the same filter.
#[derive(Clone, Debug)]
pub struct Halver {
    /// The newest pairs of input samples of the frames before, oldest first.
    even: [f32; TAPS - 1],
    odd: [f32; TAPS - 1],
}

impl Halver {
    /// A halver that has heard silence so far.
    pub fn new() -> Self {
        Self { even: [0.0; TAPS - 1], odd: [0.0; TAPS - 1] }
    }

    /// Converts what comes next, of any even length, and appends it to `out`.
    pub fn push(&mut self, samples: &[i16], out: &mut Vec<i16>) {
        let taps = half_band();
        for part in samples.chunks(FRAME_16K) {
            let pairs = part.len() / 2;
            let mut even = [0.0f32; TAPS - 1 + FRAME_8K];
            let mut odd = [0.0f32; TAPS - 1 + FRAME_8K];
            even[..TAPS - 1].copy_from_slice(&self.even);
            odd[..TAPS - 1].copy_from_slice(&self.odd);
            for (n, pair) in part.chunks_exact(2).enumerate() {
                even[TAPS - 1 + n] = f32::from(pair[0]);
                odd[TAPS - 1 + n] = f32::from(pair[1]);
            }
            self.even.copy_from_slice(&even[pairs..pairs + TAPS - 1]);
            self.odd.copy_from_slice(&odd[pairs..pairs + TAPS - 1]);
            out.extend((0..pairs).map(|n| {
                let around: f32 = odd[n..n + TAPS].iter().zip(taps).map(|(x, h)| x * h).sum();
                ((even[n + TAPS / 2] + around) / 2.0).round() as i16
            }));
        }
    }
}

impl Default for Halver {
    fn default() -> Self {
        Self::new()
    }
}

/// A sinc at half a sample's offset under a Kaiser window (β = 5), with unit gain at 0 Hz.
fn half_band() -> &'static [f32; TAPS] {
    static HALF_BAND: OnceLock<[f32; TAPS]> = OnceLock::new();
    HALF_BAND.get_or_init(|| {
        const BETA: f64 = 5.0;
        let centre = (TAPS as f64 - 1.0) / 2.0;
        let raw: [f64; TAPS] = std::array::from_fn(|k| {
            let x = (k as f64 - centre) * std::f64::consts::PI;
            let edge = (k as f64 - centre) / (centre + 0.5);
            x.sin() / x * bessel_i0(BETA * (1.0 - edge * edge).sqrt())
        });
        let sum: f64 = raw.iter().sum();
        raw.map(|h| (h / sum) as f32)
    })
}

/// The modified Bessel function of order zero, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..32 {
        term *= quarter / f64::from(k * k);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::{Pcm8k, Pcm16k, tone};

    /// How far `b` is from `a`, in dB below `a`, without the first and last `skip` samples.
    fn error_db(a: &[i16], b: &[i16], skip: usize) -> f64 {
        let range = skip..a.len().min(b.len()) - skip;
        let (mut signal, mut error) = (0.0, 0.0);
        for i in range {
            signal += f64::from(a[i]).powi(2);
            error += (f64::from(a[i]) - f64::from(b[i])).powi(2);
        }
        10.0 * (error / signal).log10()
    }

    fn sine<const R: u32>(hz: f64, length: usize) -> Vec<i16> {
        (0..length)
            .map(|n| ((n as f64 * hz * std::f64::consts::TAU / f64::from(R)).sin() * 10_000.0).round() as i16)
            .collect()
    }

    #[test]
    fn a_resampled_tone_is_the_same_tone_without_delay() {
        for hz in [300.0, 1_000.0, 2_500.0, 3_300.0] {
            let up: Pcm16k = resample(&Pcm8k::new(sine::<8_000>(hz, 8_000)));
            let error = error_db(&sine::<16_000>(hz, 16_000), up.samples(), 800);
            assert!(error < -60.0, "{hz} Hz up: {error:.1} dB");
            let down: Pcm8k = resample(&Pcm16k::new(sine::<16_000>(hz, 16_000)));
            let error = error_db(&sine::<8_000>(hz, 8_000), down.samples(), 400);
            assert!(error < -60.0, "{hz} Hz down: {error:.1} dB");
            let down: Pcm16k = resample(&Pcm::<44_100>::new(sine::<44_100>(hz, 44_100)));
            let error = error_db(&sine::<16_000>(hz, 16_000), down.samples(), 800);
            assert!(error < -55.0, "{hz} Hz from 44.1 kHz: {error:.1} dB");
        }
    }

    #[test]
    fn what_the_lower_rate_cannot_hold_is_filtered_out() {
        let down: Pcm8k = resample(&Pcm16k::new(sine::<16_000>(5_000.0, 16_000)));
        let level = down.slice(Duration::from_millis(100), Duration::from_millis(900)).level_dbov();
        assert!(level < -75.0, "{level:.1} dBov");
    }

    #[test]
    fn a_click_stays_where_it_was() {
        let mut click = vec![0; 4_000];
        click[2_000] = 20_000;
        let up = resample_rate(&click, 8_000, 16_000);
        let loudest = (0..up.len()).max_by_key(|&i| up[i].unsigned_abs());
        assert_eq!(loudest, Some(4_000));
    }

    #[test]
    fn the_doubler_interpolates_the_telephone_band() {
        for hz in [200.0, 1_000.0, 2_000.0, 3_000.0, 3_400.0] {
            let input = sine::<8_000>(hz, 8_000);
            let mut doubler = Doubler::new();
            let mut output = Vec::new();
            for frame in input.as_chunks::<FRAME_8K>().0 {
                output.extend(doubler.push(frame));
            }
            let lag = 2 * Doubler::DELAY_8K;
            let error = error_db(&sine::<16_000>(hz, 16_000 - lag), &output[lag..], 400);
            let wanted = if hz > 3_200.0 { -25.0 } else { -50.0 };
            assert!(error < wanted, "{hz} Hz: {error:.1} dB");
        }
    }

    #[test]
    fn the_doubler_has_no_seams_between_frames() {
        let input = tone::sine(700.0, -10.0, Duration::from_millis(100)).into_samples();
        let mut doubler = Doubler::new();
        let frames: Vec<i16> = input.as_chunks().0.iter().flat_map(|frame| doubler.push(frame)).collect();
        // The same input, one sample later in the frame: the output must shift, and nothing else.
        let mut shifted = vec![0];
        shifted.extend_from_slice(&input[..input.len() - 1]);
        let mut doubler = Doubler::new();
        let later: Vec<i16> = shifted.as_chunks().0.iter().flat_map(|frame| doubler.push(frame)).collect();
        assert_eq!(frames[..frames.len() - 2], later[2..]);
    }

    #[test]
    fn the_halver_keeps_the_telephone_band_and_nothing_above_it() {
        for hz in [200.0, 1_000.0, 3_000.0] {
            let input = sine::<16_000>(hz, 16_000);
            let mut halver = Halver::new();
            let mut output = Vec::new();
            // In pieces of any length.
            for piece in input.chunks(334) {
                halver.push(piece, &mut output);
            }
            let lag = TAPS / 2 - 1;
            let error = error_db(&sine::<8_000>(hz, 8_000 - lag), &output[lag..], 400);
            assert!(error < -45.0, "{hz} Hz: {error:.1} dB");
        }
        let mut halver = Halver::new();
        let high = sine::<16_000>(5_500.0, 16_000);
        let mut output = Vec::new();
        halver.push(&high, &mut output);
        let level = Pcm8k::new(output).slice(Duration::from_millis(100), Duration::from_secs(1)).level_dbov();
        assert!(level < -55.0, "{level:.1} dBov");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn the_length_is_exact_for_any_rates(
            samples in prop::collection::vec(any::<i16>(), 0..3_000),
            from in prop::sample::select(vec![8_000u32, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000, 7_919]),
            to in prop::sample::select(vec![8_000u32, 16_000, 48_000]),
        ) {
            let wanted = (samples.len() as f64 * f64::from(to) / f64::from(from)).round() as usize;
            prop_assert_eq!(resample_rate(&samples, from, to).len(), wanted);
        }
    }
}
