//! Tones of the telephone network: keys, ringing, a beep. Playing them in a loop or on time is left to the media clock.

use std::f64::consts::{SQRT_2, TAU};
use std::time::Duration;

use crate::Pcm8k;

mod country;

pub use country::{Cadence, Country, Signal};

/// What a tone of the network is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sound {
    /// One or two frequencies in Hz; 0 for none.
    pub hz: [f32; 2],
    /// How often the sound swells and fades a second; 0 for an even one.
    pub modulated_by_hz: f32,
}

/// Tones rise and fall this long, so that they begin and end without a click.
const RAMP: Duration = Duration::from_millis(4);

/// A sine of this frequency and RMS level; a level above −3 dBov is clipped.
pub fn sine(frequency_hz: f32, level_dbov: f32, length: Duration) -> Pcm8k {
    tones(&[(frequency_hz, level_dbov)], length)
}

/// The two tones of a key (`0`–`9`, `*`, `#`, `A`–`D` in either case; ITU-T Q.23), or nothing for any other character.
pub fn dtmf(digit: char, length: Duration) -> Option<Pcm8k> {
    const ROWS: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
    const COLUMNS: [f32; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
    let key = "123A456B789C*0#D".find(digit.to_ascii_uppercase())?;
    // The higher tone loses more on a line, so it is sent 2 dB louder.
    Some(tones(&[(ROWS[key / 4], -14.0), (COLUMNS[key % 4], -12.0)], length))
}

/// One period (2 s of 440 + 480 Hz, 4 s of silence) of the ringing that a waiting caller hears; made to be looped.
/// Other countries' are in [`Country::cadence`].
pub fn ringback() -> Pcm8k {
    Country::Us.cadence(Signal::Ringback).period()
}

/// A tone of the network; `soft` for one that begins and ends without a click.
fn sounds(sound: Sound, length: Duration, soft: bool) -> Pcm8k {
    let level = if sound.hz[1] > 0.0 { -23.0 } else { -20.0 };
    let parts: Vec<(f32, f32)> = sound.hz.iter().filter(|hz| **hz > 0.0).map(|hz| (*hz, level)).collect();
    let mut audio = if soft { tones(&parts, length) } else { steady(&parts, length) };
    if sound.modulated_by_hz > 0.0 {
        let step = TAU * f64::from(sound.modulated_by_hz) / f64::from(Pcm8k::RATE);
        for (n, sample) in audio.samples_mut().iter_mut().enumerate() {
            *sample = (f64::from(*sample) * (0.55 - 0.45 * (n as f64 * step).cos()) * 1.25) as i16;
        }
    }
    audio
}

/// A short beep: 1 kHz, 200 ms.
pub fn beep() -> Pcm8k {
    sine(1_000.0, -16.0, Duration::from_millis(200))
}

fn tones(parts: &[(f32, f32)], length: Duration) -> Pcm8k {
    let mut audio = steady(parts, length);
    let count = audio.len();
    let ramp = Pcm8k::samples_in(RAMP).min(count / 2);
    for n in 0..ramp {
        let rise = n as f64 / ramp as f64;
        for at in [n, count - 1 - n] {
            let sample = &mut audio.samples_mut()[at];
            *sample = (f64::from(*sample) * rise).round() as i16;
        }
    }
    audio
}

/// A sum of sines without a rise or a fall.
fn steady(parts: &[(f32, f32)], length: Duration) -> Pcm8k {
    let sample = |n: usize| {
        let sum: f64 = parts
            .iter()
            .map(|&(hz, dbov)| {
                let peak = 32_768.0 * SQRT_2 * 10f64.powf(f64::from(dbov) / 20.0);
                peak * (n as f64 * f64::from(hz) * TAU / f64::from(Pcm8k::RATE)).sin()
            })
            .sum();
        sum.round() as i16
    };
    Pcm8k::new((0..Pcm8k::samples_in(length)).map(sample).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The power of one frequency (Goertzel), in dB relative to full scale.
    fn power_db(samples: &[i16], hz: f64) -> f64 {
        let step = 2.0 * (TAU * hz / 8_000.0).cos();
        let (mut a, mut b) = (0.0, 0.0);
        for &s in samples {
            (a, b) = (f64::from(s) + step * a - b, a);
        }
        let energy = (a * a + b * b - step * a * b).max(0.0);
        10.0 * (2.0 * energy / (samples.len() as f64 * 32_768.0).powi(2)).log10()
    }

    #[test]
    fn a_sine_has_the_level_that_was_asked_for() {
        let tone = sine(1_000.0, -20.0, Duration::from_secs(2));
        assert!((tone.level_dbov() + 20.0).abs() < 0.1, "{}", tone.level_dbov());
        assert!((power_db(tone.samples(), 1_000.0) + 20.0).abs() < 0.2);
    }

    #[test]
    fn each_key_has_its_own_two_tones() {
        for (key, low, high) in
            [('1', 697.0, 1_209.0), ('0', 941.0, 1_336.0), ('#', 941.0, 1_477.0), ('d', 941.0, 1_633.0)]
        {
            let tone = dtmf(key, Duration::from_millis(100)).expect("is a key");
            assert_eq!(tone.len(), 800);
            assert!(power_db(tone.samples(), low) > -16.0);
            assert!(power_db(tone.samples(), high) > -14.0);
            assert!(power_db(tone.samples(), 1_070.0) < -30.0);
        }
        assert_eq!(dtmf('x', Duration::from_millis(100)), None);
        assert_eq!(dtmf('é', Duration::from_millis(100)), None);
    }

    #[test]
    fn tones_of_any_length_begin_and_end_softly() {
        for samples in [0u64, 1, 2, 3, 50, 1_600] {
            let tone = sine(500.0, -6.0, Duration::from_micros(samples * 125));
            assert_eq!(tone.len() as u64, samples);
            assert!(tone.samples().last().is_none_or(|s| s.unsigned_abs() < 1_000));
        }
    }

    #[test]
    fn ringback_is_two_seconds_of_six() {
        let ring = ringback();
        assert_eq!(ring.duration(), Duration::from_secs(6));
        assert!(ring.slice(Duration::ZERO, Duration::from_secs(2)).level_dbov() > -21.0);
        assert_eq!(ring.slice(Duration::from_secs(2), Duration::from_secs(6)).level_dbov(), -127.0);
    }
}
