//! How loud speech is, and making it as loud as everything else that is spoken: integrated loudness after EBU R 128 (ITU-R BS.1770-4,
//! with its filter and gates), in LUFS. Callers hear one level, whether a voice speaks or a recording is played.

use audio::Pcm8k;
use ebur128::{EbuR128, Mode};

/// How loud everything is made. Telephones expect speech at about -26 dBov of active level (ITU-T P.56), prompts are a little louder
/// than people; -20 LUFS leaves room for peaks.
pub const TARGET_LUFS: f64 = -20.0;
/// The loudest sample after a gain, as a share of full scale; one decibel is left for codecs.
const PEAK: f64 = 0.89;
/// More than this is no quiet speech but noise made loud.
const MOST_GAIN_DB: f64 = 24.0;

/// The integrated loudness in LUFS; nothing for silence.
pub fn loudness(sound: &Pcm8k) -> Option<f64> {
    let samples = sound.samples();
    if samples.is_empty() {
        return None;
    }
    let mut meter = EbuR128::new(1, Pcm8k::RATE, Mode::I).ok()?;
    // The gate looks at blocks of 400 ms: a single word is repeated until it fills some.
    let repeats = (Pcm8k::RATE as usize).div_ceil(samples.len());
    for _ in 0..repeats {
        meter.add_frames_i16(samples).ok()?;
    }
    meter.loudness_global().ok().filter(|lufs| lufs.is_finite() && *lufs > -70.0)
}

/// The gain, as a factor, that makes a sound of this loudness and peak as loud as everything else.
pub fn gain(lufs: f64, peak: i16) -> f64 {
    let wanted = 10f64.powf((TARGET_LUFS - lufs).min(MOST_GAIN_DB) / 20.0);
    let room = PEAK * 32_768.0 / f64::from(peak.saturating_abs().max(1));
    // Turned down as far as need be, but never up into clipping.
    wanted.min(room.max(wanted.min(1.0)))
}

/// The loudest sample.
pub fn peak(samples: &[i16]) -> i16 {
    samples.iter().map(|sample| sample.saturating_abs()).max().unwrap_or(0)
}

/// A sound with a gain.
pub fn amplified(sound: &Pcm8k, gain: f64) -> Pcm8k {
    let louder = |sample: &i16| (f64::from(*sample) * gain).round().clamp(-32_768.0, 32_767.0) as i16;
    Pcm8k::new(sound.samples().iter().map(louder).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tone in bursts, as speech is: `amplitude` of full scale.
    fn bursts(amplitude: f64, seconds: usize) -> Pcm8k {
        let sample = |n: usize| {
            let on = (n / 2_400).is_multiple_of(2);
            if on { (amplitude * 32_767.0 * (n as f64 * 0.35).sin()) as i16 } else { 0 }
        };
        Pcm8k::new((0..seconds * 8_000).map(sample).collect())
    }

    #[test]
    fn quiet_and_loud_speech_come_out_alike() {
        for amplitude in [0.02, 0.1, 0.5, 0.95] {
            let sound = bursts(amplitude, 3);
            let lufs = loudness(&sound).expect("it is no silence");
            let made = amplified(&sound, gain(lufs, peak(sound.samples())));
            let after = loudness(&made).expect("it is no silence");
            assert!((after - TARGET_LUFS).abs() < 0.6, "{amplitude}: {lufs:.1} became {after:.1}");
        }
    }

    #[test]
    fn a_peak_is_never_clipped() {
        let mut samples = bursts(0.01, 2).samples().to_vec();
        samples[4_000] = 30_000;
        let sound = Pcm8k::new(samples);
        let made = amplified(&sound, gain(loudness(&sound).expect("sound"), peak(sound.samples())));
        assert!(peak(made.samples()) <= 30_000);
    }

    #[test]
    fn silence_has_no_loudness_and_a_single_word_has() {
        assert_eq!(loudness(&Pcm8k::new(vec![0; 16_000])), None);
        assert_eq!(loudness(&Pcm8k::new(vec![])), None);
        let word = Pcm8k::new(bursts(0.3, 1).samples()[..1_600].to_vec());
        assert!(loudness(&word).is_some());
    }
}
