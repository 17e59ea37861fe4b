//! Whether a tone is in a sound: Goertzel's filter over short windows.

use std::f32::consts::TAU;
use std::time::Duration;

/// Samples a second.
const RATE: f32 = 8_000.0;
/// 50 ms: frequencies that are 20 Hz apart are told apart.
const WINDOW: usize = 400;
/// The share of a window's energy that the tone must have.
const SHARE: f32 = 0.7;
/// Softer than this is no tone of ours (mean square; −50 dBov).
const SOFTEST: f32 = 10_700.0;

/// How long a tone of this frequency is heard in all, to 50 ms.
pub fn heard(sound: &[i16], hz: f32) -> Duration {
    let windows = sound.chunks_exact(WINDOW).filter(|window| is_tone(window, hz)).count();
    Duration::from_millis(50) * windows as u32
}

fn is_tone(window: &[i16], hz: f32) -> bool {
    let energy: f32 = window.iter().map(|sample| f32::from(*sample).powi(2)).sum();
    energy >= SOFTEST * window.len() as f32 && power(window, hz) >= SHARE * energy
}

/// The energy at a frequency; of a sine of it, all there is.
fn power(window: &[i16], hz: f32) -> f32 {
    let turn = 2.0 * (TAU * hz / RATE).cos();
    let (mut one, mut two) = (0.0_f32, 0.0_f32);
    for sample in window {
        (one, two) = (f32::from(*sample) + turn * one - two, one);
    }
    (one * one + two * two - turn * one * two) * 2.0 / window.len() as f32
}

/// The level of the loudest 20 ms, in dBov; very low for nothing.
pub fn loudest(sound: &[i16]) -> f32 {
    let mean = |frame: &[i16]| frame.iter().map(|sample| f32::from(*sample).powi(2)).sum::<f32>() / frame.len() as f32;
    let loudest = sound.chunks(160).map(mean).fold(0.0, f32::max);
    10.0 * (loudest.max(1e-3) / (32_768.0 * 32_768.0)).log10()
}

#[cfg(test)]
mod tests {
    use super::*;
    use audio::tone::{ringback, sine};

    #[test]
    fn a_tone_is_told_from_others_and_from_silence() {
        let second = Duration::from_secs(1);
        let tone = sine(1_000.0, -20.0, second);
        assert!(heard(tone.samples(), 1_000.0) >= Duration::from_millis(900));
        assert_eq!(heard(tone.samples(), 1_400.0), Duration::ZERO);
        assert_eq!(heard(ringback().samples(), 1_000.0), Duration::ZERO);
        assert_eq!(heard(&[0; 8_000], 1_000.0), Duration::ZERO);
        assert!((loudest(tone.samples()) + 20.0).abs() < 1.0);
        assert!(loudest(&[]) < -100.0);
    }
}
