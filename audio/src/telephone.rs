//! What a telephone line does to clean speech: the band from 250 to 3,400 Hz at 8 kHz, noise, G.711 and lost packets,
//! the same each time for the same seed. It makes test material; live calls never pass through here.

use std::f64::consts::{PI, TAU};

use crate::conceal::Concealer;
use crate::g711::Codec;
use crate::resample::resample;
use crate::{FRAME_8K, Pcm, Pcm8k, Pcm16k};

/// A telephone line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditions {
    /// The coding on the wire.
    pub codec: Codec,
    /// Share of 20 ms packets lost, 0 to 1.
    pub loss: f32,
    /// Mean length of a run of lost packets (Gilbert's model); 1 is the least.
    pub loss_burst: f32,
    /// Noise this many dB below the active speech.
    pub noise_snr_db: Option<f32>,
    /// The noise, if there is any.
    pub noise: Noise,
    /// Brings active speech to this level first; a telephone's is about −26.
    pub level_dbov: Option<f32>,
    /// Whether only 250 to 3,400 Hz get through.
    pub band_limited: bool,
    /// The same seed gives the same line.
    pub seed: u64,
}

/// A kind of noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Noise {
    /// Hiss.
    #[default]
    White,
    /// Mains: 50 Hz and its overtones.
    Hum,
}

impl Default for Conditions {
    /// A good line: μ-law and the telephone's band, nothing else.
    fn default() -> Self {
        Self {
            codec: Codec::Pcmu,
            loss: 0.0,
            loss_burst: 1.5,
            noise_snr_db: None,
            noise: Noise::White,
            level_dbov: None,
            band_limited: true,
            seed: 1,
        }
    }
}

/// Sends audio over the line; what comes out is as long as what went in.
pub fn to_telephone(audio: &Pcm16k, conditions: Conditions) -> Pcm16k {
    let mut samples = resample::<8_000, 16_000>(&to_telephone_8k(&resample(audio), conditions)).into_samples();
    // An odd sample is lost on the way to 8 kHz.
    samples.resize(audio.len(), 0);
    Pcm16k::new(samples)
}

/// As [`to_telephone`], at the telephone's own rate.
pub fn to_telephone_8k(audio: &Pcm8k, conditions: Conditions) -> Pcm8k {
    let mut random = Random::new(conditions.seed);
    let mut signal: Vec<f64> = audio.samples().iter().map(|&s| f64::from(s)).collect();
    if let Some(level) = conditions.level_dbov {
        let factor = 32_768.0 * 10f64.powf(f64::from(level) / 20.0) / active_rms(&signal).max(1.0);
        signal.iter_mut().for_each(|s| *s *= factor);
    }
    if let Some(snr) = conditions.noise_snr_db {
        let noise = noise(conditions.noise, signal.len(), &mut random);
        add_at(&mut signal, &noise, snr);
    }
    if conditions.band_limited {
        band_limit(&mut signal);
    }
    let mut bytes = Vec::new();
    conditions.codec.encode(&to_samples(&signal), &mut bytes);
    Pcm8k::new(receive(&bytes, conditions, &mut random))
}

/// Puts a recorded background (babble, an office, a street; repeated as often as needed) under speech, so many dB
/// below its active level.
pub fn add_background<const RATE: u32>(speech: &Pcm<RATE>, background: &Pcm<RATE>, snr_db: f32) -> Pcm<RATE> {
    let mut signal: Vec<f64> = speech.samples().iter().map(|&s| f64::from(s)).collect();
    let noise: Vec<f64> = background.samples().iter().cycle().take(signal.len()).map(|&s| f64::from(s)).collect();
    add_at(&mut signal, &noise, snr_db);
    Pcm::new(to_samples(&signal))
}

/// Several voices at once, as loud as each other and each from somewhere else in its recording: what a busy room sounds like.
/// As long as `length`; silent without voices.
pub fn babble<const RATE: u32>(voices: &[&Pcm<RATE>], length: usize, seed: u64) -> Pcm<RATE> {
    let mut random = Random::new(seed);
    let mut sum = vec![0.0; length];
    for voice in voices.iter().filter(|voice| !voice.is_empty()) {
        let signal: Vec<f64> = voice.samples().iter().map(|&s| f64::from(s)).collect();
        let factor = 1_000.0 / active_rms(&signal).max(1.0);
        let from = (random.unit() * signal.len() as f64) as usize;
        sum.iter_mut().zip(signal.iter().cycle().skip(from)).for_each(|(sum, s)| *sum += s * factor);
    }
    Pcm::new(to_samples(&sum))
}

/// White noise at −30 dBov, as long as `length`.
pub fn white<const RATE: u32>(length: usize, seed: u64) -> Pcm<RATE> {
    let mut random = Random::new(seed);
    Pcm::new(to_samples(&noise(Noise::White, length, &mut random).iter().map(|n| n * 1_000.0).collect::<Vec<_>>()))
}

fn to_samples(signal: &[f64]) -> Vec<i16> {
    // The cast saturates.
    signal.iter().map(|s| s.round() as i16).collect()
}

fn add_at(signal: &mut [f64], noise: &[f64], snr_db: f32) {
    let factor = active_rms(signal) / rms(noise).max(1e-9) * 10f64.powf(-f64::from(snr_db) / 20.0);
    for (s, n) in signal.iter_mut().zip(noise) {
        *s += n * factor;
    }
}

fn rms(signal: &[f64]) -> f64 {
    (signal.iter().map(|s| s * s).sum::<f64>() / signal.len().max(1) as f64).sqrt()
}

/// The level of the frames within 30 dB of the loudest one: pauses do not make speech softer.
fn active_rms(signal: &[f64]) -> f64 {
    let powers: Vec<f64> = signal.chunks(FRAME_8K).map(|frame| rms(frame).powi(2)).collect();
    let loudest = powers.iter().copied().fold(0.0, f64::max);
    let active: Vec<f64> = powers.into_iter().filter(|&power| power >= loudest * 1e-3).collect();
    (active.iter().sum::<f64>() / active.len().max(1) as f64).sqrt()
}

fn noise(kind: Noise, length: usize, random: &mut Random) -> Vec<f64> {
    match kind {
        Noise::White => (0..length).map(|_| random.gaussian()).collect(),
        Noise::Hum => {
            let phases: [f64; 5] = std::array::from_fn(|_| random.unit() * TAU);
            let overtones = [1.0, 2.0, 3.0, 5.0, 7.0];
            let hum = |n: usize| -> f64 {
                let t = n as f64 / 8_000.0 * 50.0 * TAU;
                overtones.iter().zip(phases).map(|(&h, phase)| (t * h + phase).sin() / h).sum()
            };
            (0..length).map(|n| hum(n) + 0.1 * random.gaussian()).collect()
        }
    }
}

/// Butterworth filters of the fourth order on both sides, as two second-order sections each.
fn band_limit(signal: &mut [f64]) {
    for q in [0.541_196_1, 1.306_563] {
        Biquad::new(250.0, q, true).run(signal);
        Biquad::new(3_400.0, q, false).run(signal);
    }
}

struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
}

impl Biquad {
    /// By the bilinear transform, for 8 kHz.
    fn new(hz: f64, q: f64, high_pass: bool) -> Self {
        let k = (PI * hz / 8_000.0).tan();
        let norm = 1.0 / (1.0 + k / q + k * k);
        let gain = if high_pass { norm } else { k * k * norm };
        let middle = if high_pass { -2.0 } else { 2.0 };
        Self { b: [gain, middle * gain, gain], a: [2.0 * (k * k - 1.0) * norm, (1.0 - k / q + k * k) * norm] }
    }

    fn run(&self, signal: &mut [f64]) {
        let (mut s1, mut s2) = (0.0, 0.0);
        for sample in signal {
            let out = self.b[0] * *sample + s1;
            s1 = self.b[1] * *sample - self.a[0] * out + s2;
            s2 = self.b[2] * *sample - self.a[1] * out;
            *sample = out;
        }
    }
}

/// Decodes packet by packet, some of which never came.
fn receive(bytes: &[u8], conditions: Conditions, random: &mut Random) -> Vec<i16> {
    let mut line = Gilbert::new(f64::from(conditions.loss), f64::from(conditions.loss_burst), random);
    let mut concealer = Concealer::new();
    let mut out = Vec::with_capacity(bytes.len() + FRAME_8K);
    for packet in bytes.chunks(FRAME_8K) {
        let mut decoded = Vec::with_capacity(FRAME_8K);
        conditions.codec.decode(packet, &mut decoded);
        decoded.resize(FRAME_8K, 0);
        let mut frame = [0; FRAME_8K];
        frame.copy_from_slice(&decoded);
        if line.loses(random) {
            concealer.conceal(&mut frame);
        } else {
            concealer.received(&mut frame);
        }
        out.extend(frame);
    }
    out.truncate(bytes.len());
    out
}

/// Loss in bursts: a good state that loses nothing and a bad one that loses all.
struct Gilbert {
    bad: bool,
    to_bad: f64,
    to_good: f64,
}

impl Gilbert {
    fn new(loss: f64, burst: f64, random: &mut Random) -> Self {
        let loss = if loss.is_nan() { 0.0 } else { loss.clamp(0.0, 1.0) };
        if loss >= 1.0 {
            return Self { bad: true, to_bad: 1.0, to_good: 0.0 };
        }
        let to_good = 1.0 / burst.max(1.0);
        Self { bad: random.unit() < loss, to_bad: loss * to_good / (1.0 - loss), to_good }
    }

    fn loses(&mut self, random: &mut Random) -> bool {
        let lost = self.bad;
        self.bad = if self.bad { random.unit() >= self.to_good } else { random.unit() < self.to_bad };
        lost
    }
}

/// SplitMix64: small, seeded, and the same on every machine.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Evenly from 0 up to, but not including, 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Mean 0, deviation 1 (Box and Muller).
    fn gaussian(&mut self) -> f64 {
        (-2.0 * (1.0 - self.unit()).ln()).sqrt() * (TAU * self.unit()).cos()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::tone;

    fn level_of(hz: f32, conditions: Conditions) -> f32 {
        let tone = tone::sine(hz, -20.0, Duration::from_secs(2));
        to_telephone_8k(&tone, conditions).slice(Duration::from_millis(500), Duration::from_millis(1_500)).level_dbov()
    }

    #[test]
    fn a_good_line_passes_the_telephone_band_and_no_more() {
        for hz in [400.0, 1_000.0, 3_000.0] {
            let level = level_of(hz, Conditions::default());
            assert!((level + 20.0).abs() < 0.6, "{hz} Hz: {level}");
        }
        assert!(level_of(60.0, Conditions::default()) < -60.0);
        assert!(level_of(60.0, Conditions { band_limited: false, ..Conditions::default() }) > -20.5);
    }

    #[test]
    fn the_same_seed_gives_the_same_line() {
        let tone: Pcm16k = resample(&tone::sine(600.0, -20.0, Duration::from_secs(1)));
        let line = Conditions { loss: 0.1, noise_snr_db: Some(10.0), seed: 7, ..Conditions::default() };
        assert_eq!(to_telephone(&tone, line), to_telephone(&tone, line));
        assert_ne!(to_telephone(&tone, line), to_telephone(&tone, Conditions { seed: 8, ..line }));
    }

    #[test]
    fn noise_is_as_loud_as_was_asked_for() {
        let mut half = tone::sine(1_000.0, -20.0, Duration::from_secs(2));
        half.append(&Pcm8k::silence(Duration::from_secs(2)));
        for noise in [Noise::White, Noise::Hum] {
            let line = Conditions { noise_snr_db: Some(15.0), noise, band_limited: false, ..Conditions::default() };
            let rest = to_telephone_8k(&half, line).slice(Duration::from_millis(2_100), Duration::from_secs(4));
            assert!((rest.level_dbov() + 35.0).abs() < 0.5, "{noise:?}: {}", rest.level_dbov());
        }
    }

    #[test]
    fn the_level_is_that_of_the_speech_and_not_of_the_pauses() {
        let mut half = tone::sine(1_000.0, -40.0, Duration::from_secs(1));
        half.append(&Pcm8k::silence(Duration::from_secs(3)));
        let heard = to_telephone_8k(&half, Conditions { level_dbov: Some(-26.0), ..Conditions::default() });
        let level = heard.slice(Duration::from_millis(100), Duration::from_millis(900)).level_dbov();
        assert!((level + 26.0).abs() < 0.5, "{level}");
    }

    #[test]
    fn packets_are_lost_as_often_and_in_runs_as_long_as_was_asked_for() {
        let mut random = Random::new(3);
        let mut line = Gilbert::new(0.05, 3.0, &mut random);
        let lost: Vec<bool> = (0..200_000).map(|_| line.loses(&mut random)).collect();
        let count = lost.iter().filter(|&&l| l).count();
        let runs = lost.windows(2).filter(|w| !w[0] && w[1]).count();
        let (share, run) = (count as f64 / lost.len() as f64, count as f64 / runs as f64);
        assert!((share - 0.05).abs() < 0.005 && (run - 3.0).abs() < 0.3, "{share} {run}");
    }

    #[test]
    fn a_dead_line_is_silent_and_any_length_stays_the_same() {
        let tone = tone::sine(600.0, -20.0, Duration::from_secs(1));
        assert_eq!(to_telephone_8k(&tone, Conditions { loss: 1.0, ..Conditions::default() }).level_dbov(), -127.0);
        for length in [0usize, 1, 159, 321] {
            let audio = Pcm16k::new(vec![100; length]);
            assert_eq!(
                to_telephone(&audio, Conditions { noise_snr_db: Some(5.0), ..Conditions::default() }).len(),
                length
            );
        }
    }

    #[test]
    fn babble_is_as_long_as_asked_for_and_all_its_voices_count_alike() {
        let (loud, soft) =
            (tone::sine(400.0, -10.0, Duration::from_secs(1)), tone::sine(900.0, -40.0, Duration::from_secs(2)));
        let both = babble(&[&loud, &soft], 20_000, 5);
        assert_eq!(both.len(), 20_000);
        let one = babble(&[&soft], 20_000, 5).level_dbov();
        assert!((both.level_dbov() - one - 3.0).abs() < 0.5, "{} {one}", both.level_dbov());
        assert_eq!(babble::<8_000>(&[], 100, 5).level_dbov(), -127.0);
    }

    #[test]
    fn a_background_shorter_than_the_speech_is_repeated() {
        let speech = tone::sine(600.0, -20.0, Duration::from_secs(1));
        let mixed = add_background(&speech, &tone::beep(), 0.0);
        assert!((mixed.slice(Duration::from_millis(500), Duration::from_secs(1)).level_dbov() + 17.0).abs() < 0.7);
        assert_eq!(add_background(&speech, &Pcm8k::empty(), 0.0), speech);
    }
}
