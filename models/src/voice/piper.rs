//! Neural voices of Piper: an ONNX network that makes sound from phonemes, and a JSON file beside it that says which number each phoneme
//! has. The phonemes come from espeak-ng, which runs as a process of its own (GPL-3, so never linked).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use audio::{Pcm16k, resample};
use ort::session::{Session, SessionInputValue};
use ort::value::Tensor;
use serde::Deserialize;

use super::espeak::phonemes;
use super::{Voice, VoiceError, speakable, trim_silence};
use crate::Language;
use crate::moonshine::{environment, session};
use crate::recogniser::LoadError;

/// Larger than any voice's configuration.
const LARGEST_CONFIG: u64 = 4 * 1024 * 1024;
/// Phonemes of one text; more means that something is wrong.
const MOST_IDS: usize = 20_000;
/// The longest sound: ten minutes.
const MOST_SECONDS: usize = 600;
/// Begins, divides and ends a sentence.
const BOS: &str = "^";
const PAD: &str = "_";
const EOS: &str = "$";

/// The part of a voice's JSON file that is needed.
#[derive(Debug, Deserialize)]
struct Config {
    audio: Audio,
    espeak: Espeak,
    #[serde(default)]
    inference: Inference,
    phoneme_id_map: BTreeMap<String, Vec<i64>>,
    #[serde(default = "one")]
    num_speakers: i64,
    #[serde(default)]
    phoneme_type: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Audio {
    sample_rate: u32,
}

#[derive(Debug, Deserialize)]
struct Espeak {
    voice: String,
}

#[derive(Debug, Deserialize)]
#[serde(default)]
struct Inference {
    noise_scale: f32,
    length_scale: f32,
    noise_w: f32,
}

impl Default for Inference {
    fn default() -> Self {
        Self { noise_scale: 0.667, length_scale: 1.0, noise_w: 0.8 }
    }
}

fn one() -> i64 {
    1
}

/// One voice of Piper.
pub struct Piper {
    name: String,
    language: Language,
    config: Config,
    speaker: Option<i64>,
    espeak: String,
    // A sentence at a time: a session is used by one thread.
    session: Mutex<Session>,
}

impl Piper {
    /// Loads a voice, `voice.onnx` with `voice.onnx.json` beside it; `speaker` counts from 0 in a voice of several. `library` is ONNX
    /// Runtime's.
    pub fn load(model: &Path, speaker: Option<i64>, library: &Path) -> Result<Self, LoadError> {
        Self::load_with(model, speaker, library, "espeak-ng")
    }

    /// The same with espeak-ng at another path.
    pub fn load_with(model: &Path, speaker: Option<i64>, library: &Path, espeak: &str) -> Result<Self, LoadError> {
        let config = read_config(model)?;
        let invalid = |reason: String| LoadError::Invalid { path: model.to_path_buf(), reason };
        let several = config.num_speakers > 1;
        match speaker {
            Some(speaker) if !several && speaker != 0 => {
                return Err(invalid("this voice has one speaker; name none".to_owned()));
            }
            Some(speaker) if !(0..config.num_speakers.max(1)).contains(&speaker) => {
                return Err(invalid(format!("it has the speakers 0 to {}", config.num_speakers - 1)));
            }
            _ => {}
        }
        let session = session(&environment(library)?, model)?;
        let has = |name: &str| session.inputs().iter().any(|input| input.name() == name);
        for name in ["input", "input_lengths", "scales"] {
            if !has(name) {
                return Err(invalid(format!("it has no input {name}; it is no voice of Piper")));
            }
        }
        if several && !has("sid") {
            return Err(invalid("its configuration names several speakers, and the network knows none".to_owned()));
        }
        let stem = model.file_stem().map_or("voice".into(), |stem| stem.to_string_lossy());
        Ok(Self {
            name: format!("piper-{stem}{}", speaker.filter(|_| several).map(|n| format!("-{n}")).unwrap_or_default()),
            language: Language::new(&config.espeak.voice),
            speaker: several.then_some(speaker.unwrap_or(0)),
            espeak: espeak.to_owned(),
            session: Mutex::new(session),
            config,
        })
    }

    fn failed(&self, reason: impl Into<String>) -> VoiceError {
        VoiceError::Engine { voice: self.name.clone(), reason: reason.into() }
    }

    /// The numbers of a text's phonemes. Punctuation is a phoneme too: it is what makes the melody.
    fn ids(&self, text: &str) -> Result<Vec<i64>, VoiceError> {
        let mut spoken = String::new();
        for (clause, mark) in clauses(text) {
            if clause.chars().any(char::is_alphanumeric) {
                if !spoken.is_empty() {
                    spoken.push(' ');
                }
                spoken.push_str(&phonemes(&self.espeak, &self.config.espeak.voice, clause)?);
            }
            spoken.extend(mark);
        }
        let ids = numbered(&spoken, &self.config.phoneme_id_map);
        if ids.len() > MOST_IDS {
            return Err(self.failed("the text is too long"));
        }
        Ok(ids)
    }

    fn synthesise(&self, ids: Vec<i64>, rate: f32) -> Result<Vec<i16>, VoiceError> {
        let Inference { noise_scale, length_scale, noise_w } = self.config.inference;
        let scales = vec![noise_scale, length_scale / rate.clamp(0.3, 3.0), noise_w];
        let length = ids.len();
        let most = MOST_SECONDS * self.config.audio.sample_rate as usize;
        let run = || -> ort::Result<Option<Vec<i16>>> {
            let mut inputs: Vec<(&str, SessionInputValue)> = vec![
                ("input", Tensor::from_array(([1, length], ids))?.into()),
                ("input_lengths", Tensor::from_array(([1usize], vec![length as i64]))?.into()),
                ("scales", Tensor::from_array(([3usize], scales))?.into()),
            ];
            if let Some(speaker) = self.speaker {
                inputs.push(("sid", Tensor::from_array(([1usize], vec![speaker]))?.into()));
            }
            let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
            let outputs = session.run(inputs)?;
            let sound = outputs[0].try_extract_tensor::<f32>()?.1;
            let sample = |value: &f32| (value.clamp(-1.0, 1.0) * 32_767.0) as i16;
            Ok((sound.len() <= most).then(|| sound.iter().map(sample).collect()))
        };
        run()
            .map_err(|error| self.failed(error.to_string()))?
            .ok_or_else(|| self.failed(format!("it made more than {MOST_SECONDS} s of sound")))
    }
}

impl Voice for Piper {
    fn name(&self) -> &str {
        &self.name
    }

    fn language(&self) -> &Language {
        &self.language
    }

    fn speak_at(&self, text: &str, rate: f32) -> Result<Pcm16k, VoiceError> {
        let text = speakable(text, &self.name)?;
        let samples = self.synthesise(self.ids(&text)?, rate)?;
        let sound = resample::resample_rate(&samples, self.config.audio.sample_rate, Pcm16k::RATE);
        Ok(trim_silence(Pcm16k::new(sound)))
    }
}

fn read_config(model: &Path) -> Result<Config, LoadError> {
    let mut path = model.as_os_str().to_owned();
    path.push(".json");
    let path = PathBuf::from(path);
    let unreadable = |source| LoadError::Unreadable { path: path.clone(), source };
    let invalid = |reason: String| LoadError::Invalid { path: path.clone(), reason };
    if std::fs::metadata(&path).map_err(unreadable)?.len() > LARGEST_CONFIG {
        return Err(invalid("it is too large for the configuration of a voice".to_owned()));
    }
    let text = std::fs::read(&path).map_err(unreadable)?;
    let config: Config = serde_json::from_slice(&text)
        .map_err(|error| invalid(format!("{error}; it should be the JSON file that comes with a Piper voice")))?;
    if !(8_000..=48_000).contains(&config.audio.sample_rate) {
        return Err(invalid(format!("a sample rate of {} cannot be played", config.audio.sample_rate)));
    }
    if config.phoneme_type.as_deref().is_some_and(|kind| kind != "espeak") {
        return Err(invalid(
            "its phonemes are not those of espeak-ng; use a voice with phoneme_type espeak".to_owned(),
        ));
    }
    for mark in [BOS, PAD, EOS] {
        if config.phoneme_id_map.get(mark).is_none_or(Vec::is_empty) {
            return Err(invalid(format!("its phoneme_id_map has no {mark:?}")));
        }
    }
    // A name could be an option of the program.
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '+';
    if config.espeak.voice.is_empty() || config.espeak.voice.starts_with('-') || !config.espeak.voice.chars().all(plain)
    {
        return Err(invalid(format!("{:?} is no voice of espeak-ng", config.espeak.voice)));
    }
    Ok(config)
}

/// A text cut after its punctuation: the words, and the mark as Piper knows it.
fn clauses(text: &str) -> Vec<(&str, Option<char>)> {
    let mut clauses = Vec::new();
    let mut rest = text;
    while let Some((at, mark)) = rest.char_indices().find_map(|(at, c)| known_mark(c).map(|mark| (at, (c, mark)))) {
        clauses.push((&rest[..at], Some(mark.1)));
        rest = &rest[at + mark.0.len_utf8()..];
    }
    clauses.push((rest, None));
    clauses
}

fn known_mark(c: char) -> Option<char> {
    Some(match c {
        ',' | '\u{ff0c}' | '\u{3001}' => ',',
        '.' | '\u{3002}' => '.',
        '?' | '\u{ff1f}' => '?',
        '!' | '\u{ff01}' => '!',
        ';' | '\u{ff1b}' => ';',
        ':' | '\u{ff1a}' => ':',
        _ => return None,
    })
}

/// Begin, then each phoneme that the voice knows with a divider, then the end.
fn numbered(spoken: &str, map: &BTreeMap<String, Vec<i64>>) -> Vec<i64> {
    let of = |name: &str| map.get(name).map(Vec::as_slice).unwrap_or_default();
    let mut ids = of(BOS).to_vec();
    ids.extend(of(PAD));
    for c in spoken.chars() {
        let known = of(c.encode_utf8(&mut [0; 4]));
        if !known.is_empty() {
            ids.extend(known);
            ids.extend(of(PAD));
        }
    }
    ids.extend(of(EOS));
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_keep_their_mark() {
        assert_eq!(clauses("Hello, you. Well"), [("Hello", Some(',')), (" you", Some('.')), (" Well", None)]);
        assert_eq!(clauses("好\u{3002}"), [("好", Some('.')), ("", None)]);
    }

    #[test]
    fn phonemes_become_numbers_with_dividers_and_unknown_ones_are_left_out() {
        let map = BTreeMap::from(
            [("^", 1), ("_", 0), ("$", 2), ("h", 20), ("ə", 30)].map(|(name, id)| (name.to_owned(), vec![id])),
        );
        assert_eq!(numbered("hə☃h", &map), [1, 0, 20, 0, 30, 0, 20, 0, 2]);
    }
}
