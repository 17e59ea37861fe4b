//! Prompts that a person has recorded: they are played in place of the voice, whole, wherever their text is said.

use std::collections::HashMap;
use std::io::Cursor;
use std::sync::Arc;

use audio::Pcm8k;
use intent::Language;
use sip::media::Clip;

use super::loudness::{amplified, gain, loudness, peak};
use super::sentences;

/// The longest recording, in seconds; nobody listens to more at once.
pub const LONGEST_SECONDS: u64 = 120;
/// The largest upload, in bytes: two minutes of 48 kHz stereo.
pub const LARGEST_BYTES: usize = 24 * 1024 * 1024;
/// Cut from both ends of a recording: what is below this share of full scale (-50 dB) is room, not voice.
const AUDIBLE: i16 = 104;
/// Left of what is cut, in samples: 30 ms, so that no breath is clipped.
const MARGIN: usize = 240;

/// The recordings there are, as a call sees them from its beginning on.
#[derive(Clone, Default)]
pub struct Recorded(pub(super) Arc<HashMap<(Language, String), Arc<Clip>>>);

impl Recorded {
    /// A text in the parts that are played one after another: whole where it was recorded, else sentence by sentence.
    pub fn pieces(&self, text: &str, language: Language) -> Vec<String> {
        let whole = text.trim();
        if self.0.contains_key(&(language, whole.to_owned())) { vec![whole.to_owned()] } else { sentences(text) }
    }
}

/// Why an upload is not taken.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NotTaken {
    /// Not a WAV file that can be read.
    #[error(
        "this is no sound that can be read ({0}); save it as a WAV file (PCM, 8 to 48 kHz, mono or stereo) and upload that"
    )]
    NotWav(String),
    /// There is nothing in it.
    #[error("this recording is silent; check the microphone, and record it again")]
    Silent,
    /// Too long.
    #[error("this recording lasts {0} s, and the longest prompt is {LONGEST_SECONDS} s; cut it")]
    TooLong(u64),
}

/// A recording that was made ready.
pub struct Ready {
    /// 8 kHz, cut, and as loud as everything else.
    pub sound: Pcm8k,
    /// Its loudness before, in LUFS.
    pub was_lufs: f64,
    /// What it was made louder by, in dB; below zero it was made softer.
    pub gain_db: f64,
}

/// Makes an uploaded WAV file ready: telephone rate, without the silence around it, at the loudness of all prompts.
pub fn ready(wav: &[u8]) -> Result<Ready, NotTaken> {
    let sound: Pcm8k =
        audio::wav::read_from(Cursor::new(wav), "the upload").map_err(|error| NotTaken::NotWav(error.to_string()))?;
    let samples = sound.samples();
    let audible = |sample: &i16| sample.saturating_abs() > AUDIBLE;
    let (Some(first), Some(last)) = (samples.iter().position(audible), samples.iter().rposition(audible)) else {
        return Err(NotTaken::Silent);
    };
    let sound = Pcm8k::new(samples[first.saturating_sub(MARGIN)..(last + 1 + MARGIN).min(samples.len())].to_vec());
    let seconds = sound.duration().as_secs();
    if seconds > LONGEST_SECONDS {
        return Err(NotTaken::TooLong(seconds));
    }
    let was_lufs = loudness(&sound).ok_or(NotTaken::Silent)?;
    let gain = gain(was_lufs, peak(sound.samples()));
    Ok(Ready { sound: amplified(&sound, gain), was_lufs, gain_db: 20.0 * gain.log10() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speak::loudness::TARGET_LUFS;

    fn wav(samples: Vec<i16>, rate: u32) -> Vec<u8> {
        let mut bytes = audio::wav::header(rate, 1, (samples.len() * 2) as u32).to_vec();
        bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
        bytes
    }

    fn tone(seconds: f64, rate: u32, amplitude: f64) -> Vec<i16> {
        let length = (seconds * f64::from(rate)) as usize;
        (0..length).map(|n| (amplitude * (n as f64 * 2_700.0 / f64::from(rate)).sin()) as i16).collect()
    }

    #[test]
    fn an_upload_is_cut_and_brought_to_the_loudness_of_all_prompts() {
        let mut samples = vec![0; 44_100];
        samples.extend(tone(2.0, 44_100, 900.0));
        samples.extend(vec![0; 44_100]);
        let ready = ready(&wav(samples, 44_100)).expect("a recording");
        let seconds = ready.sound.duration().as_secs_f64();
        assert!((2.0..2.2).contains(&seconds), "{seconds}");
        let lufs = loudness(&ready.sound).expect("sound");
        assert!((lufs - TARGET_LUFS).abs() < 1.0, "{lufs}");
        assert!(ready.gain_db > 3.0 && ready.was_lufs < TARGET_LUFS);
    }

    #[test]
    fn what_is_no_recording_is_refused_with_what_to_do() {
        assert!(matches!(ready(b"ID3 this is an MP3"), Err(NotTaken::NotWav(_))));
        assert!(matches!(ready(&[]), Err(NotTaken::NotWav(_))));
        assert!(matches!(ready(&wav(vec![0; 8_000], 8_000)), Err(NotTaken::Silent)));
        assert!(matches!(ready(&wav(tone(130.0, 8_000, 9_000.0), 8_000)), Err(NotTaken::TooLong(130))));
        let whole = wav(tone(1.0, 8_000, 9_000.0), 8_000);
        for cut in 0..60 {
            // Truncated anywhere: refused or taken as far as it goes, never a panic.
            let _ = ready(&whole[..cut]);
        }
    }

    #[test]
    fn a_recorded_text_is_played_whole_and_others_by_sentences() {
        let text = "Hello. How are you?";
        let clip = Arc::new(Clip::new(Pcm8k::new(vec![0; 80])));
        let recorded = Recorded(Arc::new(HashMap::from([((Language::English, text.to_owned()), clip)])));
        assert_eq!(recorded.pieces(" Hello. How are you? ", Language::English), [text]);
        assert_eq!(recorded.pieces(text, Language::Chinese), ["Hello.", "How are you?"]);
    }
}
