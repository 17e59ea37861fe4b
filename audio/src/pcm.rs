//! Mono 16-bit samples whose rate is part of the type, so that 8 kHz audio cannot be handed to a 16 kHz model.
//! Conversion between rates is left to [`crate::resample`], files to [`crate::wav`].

use std::time::Duration;

/// The length of one frame: the tick of the media clock.
pub const FRAME: Duration = Duration::from_millis(20);
/// Samples in one [`FRAME`] at 8 kHz.
pub const FRAME_8K: usize = 160;
/// Samples in one [`FRAME`] at 16 kHz.
pub const FRAME_16K: usize = 320;
/// 20 ms of mono audio at 8 kHz.
pub type Frame8k = [i16; FRAME_8K];
/// 20 ms of mono audio at 16 kHz.
pub type Frame16k = [i16; FRAME_16K];

/// Mono audio at the telephone's rate.
pub type Pcm8k = Pcm<8_000>;
/// Mono audio at the recogniser's rate.
pub type Pcm16k = Pcm<16_000>;

/// Mono 16-bit linear samples at `RATE` samples a second.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Pcm<const RATE: u32>(Vec<i16>);

impl<const RATE: u32> Pcm<RATE> {
    /// The sample rate in Hz.
    pub const RATE: u32 = RATE;

    /// Takes samples that are known to be at this rate.
    pub fn new(samples: Vec<i16>) -> Self {
        Self(samples)
    }

    /// No sound at all.
    pub fn empty() -> Self {
        Self(Vec::new())
    }

    /// Digital silence of this length, rounded to the nearest sample.
    pub fn silence(length: Duration) -> Self {
        Self(vec![0; Self::samples_in(length)])
    }

    /// How many samples last as long as `length`, rounded to the nearest.
    pub fn samples_in(length: Duration) -> usize {
        let samples = (length.as_nanos() * u128::from(RATE) + 500_000_000) / 1_000_000_000;
        usize::try_from(samples).unwrap_or(usize::MAX)
    }

    /// The samples, oldest first.
    pub fn samples(&self) -> &[i16] {
        &self.0
    }

    /// The samples, to be changed in place.
    pub fn samples_mut(&mut self) -> &mut [i16] {
        &mut self.0
    }

    /// Gives the samples away.
    pub fn into_samples(self) -> Vec<i16> {
        self.0
    }

    /// How many samples there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no sample at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How long the audio lasts.
    pub fn duration(&self) -> Duration {
        Duration::from_nanos(self.0.len() as u64 * 1_000_000_000 / u64::from(RATE))
    }

    /// Appends one sample.
    pub fn push(&mut self, sample: i16) {
        self.0.push(sample);
    }

    /// Appends samples of the same rate.
    pub fn extend(&mut self, samples: &[i16]) {
        self.0.extend_from_slice(samples);
    }

    /// Appends other audio of the same rate.
    pub fn append(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    /// The part from `from` up to `to`; whatever lies outside the audio is left out.
    pub fn slice(&self, from: Duration, to: Duration) -> Self {
        let end = Self::samples_in(to).min(self.0.len());
        let start = Self::samples_in(from).min(end);
        Self(self.0[start..end].to_vec())
    }

    /// The level (RMS) in dBov: 0 is a square wave at full scale, digital silence and no sound are −127
    /// (RFC 6464 uses the same scale and floor).
    pub fn level_dbov(&self) -> f32 {
        level_dbov(&self.0)
    }
}

/// The level (RMS) of samples in dBov, −127 for silence.
pub(crate) fn level_dbov(samples: &[i16]) -> f32 {
    if samples.is_empty() {
        return -127.0;
    }
    let energy: f64 = samples.iter().map(|&s| f64::from(s) * f64::from(s)).sum();
    let mean = energy / samples.len() as f64 / (32768.0 * 32768.0);
    if mean <= 0.0 { -127.0 } else { ((10.0 * mean.log10()) as f32).max(-127.0) }
}

// Minutes of samples in a log help nobody: say what it is, not what it holds.
impl<const RATE: u32> std::fmt::Debug for Pcm<RATE> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pcm<{RATE}>({:?})", self.duration())
    }
}

impl<const RATE: u32> From<Vec<i16>> for Pcm<RATE> {
    fn from(samples: Vec<i16>) -> Self {
        Self(samples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_lasts_a_second_at_any_rate() {
        let second = Duration::from_secs(1);
        assert_eq!(Pcm8k::silence(second).len(), 8_000);
        assert_eq!(Pcm16k::silence(second).len(), 16_000);
        assert_eq!(Pcm::<44_100>::silence(second).duration(), second);
    }

    #[test]
    fn a_slice_never_reaches_outside_the_audio() {
        let audio = Pcm8k::new((0..800).collect());
        let ms = Duration::from_millis;
        assert_eq!(audio.slice(ms(10), ms(20)).samples(), &audio.samples()[80..160]);
        assert_eq!(audio.slice(ms(90), ms(900)).len(), 80);
        assert!(audio.slice(ms(50), ms(20)).is_empty());
        assert!(audio.slice(ms(500), Duration::MAX).is_empty());
    }

    #[test]
    fn levels_are_relative_to_full_scale() {
        assert_eq!(Pcm8k::empty().level_dbov(), -127.0);
        assert_eq!(Pcm8k::silence(FRAME).level_dbov(), -127.0);
        assert!(Pcm8k::new(vec![i16::MIN; 160]).level_dbov().abs() < 0.01);
        assert!((Pcm8k::new(vec![3277; 160]).level_dbov() + 20.0).abs() < 0.01);
    }
}
