//! Silence around spoken text makes a bot seem slow; it is cut off here, with a little left so that no consonant is clipped.

use std::time::Duration;

use audio::Pcm;

/// Kept before the first audible sample: enough for its onset, and so little that the first packet of 20 ms is already heard.
const BEFORE: Duration = Duration::from_millis(4);
/// Kept after the last one: voices fade.
const AFTER: Duration = Duration::from_millis(15);
/// About −46 dBov: synthetic voices are quiet between words, and consonants are well above.
const AUDIBLE: i32 = 160;

/// Cuts leading and trailing silence. Audio that is silent throughout becomes empty.
pub fn trim_silence<const RATE: u32>(audio: Pcm<RATE>) -> Pcm<RATE> {
    let samples = audio.samples();
    let audible = |sample: &i16| i32::from(*sample).abs() > AUDIBLE;
    let (Some(first), Some(last)) = (samples.iter().position(audible), samples.iter().rposition(audible)) else {
        return Pcm::new(Vec::new());
    };
    let length = |margin: Duration| (margin.as_micros() as usize * RATE as usize) / 1_000_000;
    let from = first.saturating_sub(length(BEFORE));
    let to = (last + 1 + length(AFTER)).min(samples.len());
    Pcm::new(samples[from..to].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_around_speech_goes_and_the_speech_stays() {
        let mut samples = vec![3i16; 4_000];
        samples.extend([5_000; 1_000]);
        samples.extend([-2; 6_000]);
        let trimmed = trim_silence(Pcm::<16_000>::new(samples));
        assert_eq!(trimmed.samples().len(), 1_000 + 64 + 240);
        assert_eq!(trimmed.samples().iter().filter(|s| **s == 5_000).count(), 1_000);
    }

    #[test]
    fn silence_alone_becomes_nothing() {
        assert!(trim_silence(Pcm::<16_000>::new(vec![0; 100])).samples().is_empty());
    }
}
