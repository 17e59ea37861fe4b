//! What happens to a recording on its way to the recogniser: noise, the telephone, lost packets. Seeded, so that a figure can be
//! had again.

use audio::g711::Codec;
use audio::resample::resample;
use audio::telephone::{self, Conditions, add_background, babble, to_telephone, to_telephone_8k};
use audio::{Pcm8k, Pcm16k};

/// So many people talk in the babble.
pub const VOICES: usize = 6;

/// Noise under the speech.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Noise {
    /// Hiss
    White,
    /// Mains and its overtones
    Hum,
    /// Other recordings of the manifest, six at once
    Babble,
}

/// One way to the recogniser.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Condition {
    /// 8 kHz, 250–3,400 Hz, μ-law.
    pub telephone: bool,
    /// Noise, and how many dB below the speech.
    pub noise: Option<(Noise, f32)>,
    /// Share of 20 ms packets lost, 0 to 1.
    pub loss: f32,
    /// The same seed gives the same noise and the same losses.
    pub seed: u64,
}

impl Condition {
    /// As the recording is.
    pub fn clean(seed: u64) -> Self {
        Self { telephone: false, noise: None, loss: 0.0, seed }
    }

    /// The ways that are compared when nothing else is asked for.
    pub fn suite(seed: u64) -> Vec<Self> {
        let telephone = Self { telephone: true, ..Self::clean(seed) };
        vec![
            Self::clean(seed),
            telephone,
            Self { noise: Some((Noise::White, 15.0)), ..telephone },
            Self { noise: Some((Noise::Babble, 15.0)), ..telephone },
            Self { loss: 0.02, ..telephone },
        ]
    }

    /// Whether voices are needed for it.
    pub fn wants_voices(&self) -> bool {
        matches!(self.noise, Some((Noise::Babble, _)))
    }

    /// In words, as the report names it.
    pub fn name(&self) -> String {
        let mut parts = vec![if self.telephone { "telephone" } else { "clean" }.to_owned()];
        if let Some((noise, snr)) = self.noise {
            parts.push(format!("{} {snr} dB", format!("{noise:?}").to_lowercase()));
        }
        if self.loss > 0.0 {
            parts.push(format!("loss {} %", self.loss * 100.0));
        }
        parts.join(" + ")
    }

    /// Sends a recording this way; `number` gives each one noise of its own, `voices` are those in the babble.
    pub fn apply(&self, sound: &Pcm16k, number: u64, voices: &[&Pcm16k]) -> Pcm16k {
        let seed = self.seed.wrapping_mul(1_000_003).wrapping_add(number);
        if !self.telephone {
            let background = match self.noise {
                None => return sound.clone(),
                Some((Noise::White, _)) => telephone::white(sound.len(), seed),
                Some((Noise::Babble, _)) => babble(voices, sound.len(), seed),
                Some((Noise::Hum, snr)) => return to_telephone(sound, hum(snr, seed)),
            };
            return add_background(sound, &background, self.noise.map_or(0.0, |(_, snr)| snr));
        }
        let mut speech: Pcm8k = resample(sound);
        let mut line = Conditions { codec: Codec::Pcmu, loss: self.loss, seed, ..Conditions::default() };
        match self.noise {
            Some((Noise::White, snr)) => line.noise_snr_db = Some(snr),
            Some((Noise::Hum, snr)) => {
                line.noise_snr_db = Some(snr);
                line.noise = telephone::Noise::Hum;
            }
            Some((Noise::Babble, snr)) => {
                let voices: Vec<Pcm8k> = voices.iter().map(|voice| resample(voice)).collect();
                let background = babble(&voices.iter().collect::<Vec<_>>(), speech.len(), seed);
                speech = add_background(&speech, &background, snr);
            }
            None => {}
        }
        let mut samples = resample::<8_000, 16_000>(&to_telephone_8k(&speech, line)).into_samples();
        samples.resize(sound.len(), 0);
        Pcm16k::new(samples)
    }
}

/// Mains hum is a matter of the telephone's rate; the wide band is kept.
fn hum(snr: f32, seed: u64) -> Conditions {
    Conditions {
        noise_snr_db: Some(snr),
        noise: telephone::Noise::Hum,
        band_limited: false,
        seed,
        ..Conditions::default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use audio::tone;

    use super::*;

    #[test]
    fn each_recording_has_noise_of_its_own_and_the_same_one_again() {
        let sound: Pcm16k = resample(&tone::sine(600.0, -20.0, Duration::from_secs(1)));
        for condition in Condition::suite(3).into_iter().skip(2) {
            let once = condition.apply(&sound, 1, &[&sound]);
            assert_eq!(once, condition.apply(&sound, 1, &[&sound]), "{}", condition.name());
            assert_ne!(once, condition.apply(&sound, 2, &[&sound]), "{}", condition.name());
        }
    }

    #[test]
    fn a_condition_is_named_in_words() {
        let names: Vec<String> = Condition::suite(1).iter().map(Condition::name).collect();
        assert_eq!(
            names,
            ["clean", "telephone", "telephone + white 15 dB", "telephone + babble 15 dB", "telephone + loss 2 %"]
        );
    }
}
