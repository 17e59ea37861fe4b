//! The voices of this service, the recordings of its prompts, and the sentences they have spoken. All of it can change while calls go
//! on: what is asked for next is said by what is there then.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use audio::Pcm8k;
use audio::resample::resample;
use intent::Language;
use models::{Voice, VoiceError};
use sip::media::{Clip, Codec};

use super::cache::Cache;
use super::loudness::{amplified, gain, loudness, peak};
use super::reading::{Segment, segments};
use super::recorded::Recorded;

/// Half an hour of 8 kHz sound: about 30 MB, some 600 prompts.
const CACHED_SAMPLES: usize = 30 * 60 * 8_000;

/// Why something could not be said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSpoken {
    /// No voice for this language.
    #[error("there is no voice for {0}; configure voice.en or voice.zh")]
    NoVoice(Language),
    /// The voice failed.
    #[error("{0}")]
    Failed(String),
}

/// Turns text into clips. Cloned cheaply into every call.
#[derive(Clone)]
pub struct Speaker {
    shared: Arc<Shared>,
}

struct Shared {
    // Std locks: held for a look-up, never while a voice speaks.
    voices: RwLock<HashMap<Language, Arc<Tuned>>>,
    recorded: RwLock<Recorded>,
    cache: Cache,
}

/// A voice, and what makes it as loud as everything else.
struct Tuned {
    voice: Arc<dyn Voice>,
    gain: OnceLock<f64>,
}

impl Tuned {
    /// A sentence as it is sent.
    fn speak(&self, text: &str, language: Language) -> Result<Pcm8k, VoiceError> {
        let mut samples: Vec<i16> = Vec::new();
        for segment in segments(text, language) {
            match segment {
                Segment::Words { text, rate } => {
                    let sound: Pcm8k = resample(&self.voice.speak_at(&text, rate)?);
                    samples.extend_from_slice(sound.samples());
                }
                Segment::Pause(length) => samples.extend(silence(length)),
            }
        }
        if samples.is_empty() {
            // The voice says in its own words that there is nothing to say.
            self.voice.speak("")?;
        }
        let sound = Pcm8k::new(samples);
        let gain = self.gain(language);
        // One gain for all sentences, so that a word is not louder than a sentence; only what would clip is softer.
        let room = 32_000.0 / f64::from(peak(sound.samples()).max(1));
        Ok(amplified(&sound, gain.min(room)))
    }

    /// Measured once, on a sentence with all kinds of sounds.
    fn gain(&self, language: Language) -> f64 {
        *self.gain.get_or_init(|| {
            let text = match language {
                Language::English => "The quick brown fox jumps over the lazy dog, and you can hear every word.",
                Language::Chinese => "您好,感谢您的来电,请问有什么可以帮您。",
            };
            let spoken = self.voice.speak(text).ok();
            let telephone: Option<Pcm8k> = spoken.map(|sound| resample(&sound));
            let measured = telephone.and_then(|sound| Some(gain(loudness(&sound)?, peak(sound.samples()))));
            measured.unwrap_or(1.0)
        })
    }
}

fn silence(length: Duration) -> impl Iterator<Item = i16> {
    std::iter::repeat_n(0, Pcm8k::samples_in(length))
}

/// A clip with its sound in the codecs that most calls use, so that no call encodes it again.
pub fn clip_of(sound: Pcm8k) -> Arc<Clip> {
    let clip = Clip::new(sound);
    clip.prepare(Codec::Pcmu);
    clip.prepare(Codec::Pcma);
    clip.prepare(Codec::G722);
    Arc::new(clip)
}

impl Speaker {
    /// A speaker without voices.
    pub fn new() -> Self {
        let shared =
            Shared { voices: RwLock::default(), recorded: RwLock::default(), cache: Cache::new(CACHED_SAMPLES) };
        Self { shared: Arc::new(shared) }
    }

    /// Gives a language its voice, in place of the one it has.
    pub fn set_voice(&self, language: Language, voice: Arc<dyn Voice>) {
        let tuned = Arc::new(Tuned { voice, gain: OnceLock::new() });
        self.shared.voices.write().unwrap_or_else(PoisonError::into_inner).insert(language, tuned);
    }

    /// The same, in a chain.
    pub fn with(self, language: Language, voice: Arc<dyn Voice>) -> Self {
        self.set_voice(language, voice);
        self
    }

    fn voice(&self, language: Language) -> Option<Arc<Tuned>> {
        self.shared.voices.read().unwrap_or_else(PoisonError::into_inner).get(&language).cloned()
    }

    /// Whether there is a voice for this language.
    pub fn speaks(&self, language: Language) -> bool {
        self.voice(language).is_some()
    }

    /// The name of a language's voice.
    pub fn voice_name(&self, language: Language) -> Option<String> {
        self.voice(language).map(|tuned| tuned.voice.name().to_owned())
    }

    /// The recordings as they are now.
    pub fn recorded(&self) -> Recorded {
        self.shared.recorded.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Plays this from now on wherever the text is said, or lets the voice say it again.
    pub fn set_recording(&self, language: Language, text: &str, sound: Option<Pcm8k>) {
        let clip = sound.map(clip_of);
        let mut recorded = self.shared.recorded.write().unwrap_or_else(PoisonError::into_inner);
        // Calls that go on keep the map they have.
        let mut map = (*recorded.0).clone();
        let key = (language, text.trim().to_owned());
        match clip {
            Some(clip) => map.insert(key, clip),
            None => map.remove(&key),
        };
        recorded.0 = Arc::new(map);
    }

    /// The clip of a sentence, or of a recorded prompt: at once when it was recorded or said before, else when the voice has rendered it.
    pub async fn clip(&self, text: &str, language: Language) -> Result<Arc<Clip>, NotSpoken> {
        if let Some(clip) = self.recorded().0.get(&(language, text.to_owned())) {
            return Ok(clip.clone());
        }
        let tuned = self.voice(language).ok_or(NotSpoken::NoVoice(language))?;
        let key = (language, tuned.voice.name().to_owned(), text.to_owned());
        if let Some(clip) = self.shared.cache.get(&key) {
            return Ok(clip);
        }
        let words = text.to_owned();
        let rendered = tokio::task::spawn_blocking(move || tuned.speak(&words, language).map(clip_of));
        let clip = match rendered.await {
            Ok(result) => result.map_err(|e| NotSpoken::Failed(e.to_string()))?,
            Err(stopped) => return Err(NotSpoken::Failed(stopped.to_string())),
        };
        self.shared.cache.put(key, clip.clone());
        Ok(clip)
    }

    /// A whole prompt as a caller hears it, its sentences one after another.
    pub async fn sound(&self, text: &str, language: Language) -> Result<Pcm8k, NotSpoken> {
        let mut samples = Vec::new();
        for piece in self.recorded().pieces(text, language) {
            samples.extend_from_slice(self.clip(&piece, language).await?.pcm().samples());
        }
        Ok(Pcm8k::new(samples))
    }

    /// Renders prompts ahead, so that the first caller does not wait for them. Returns how many failed, with the reasons.
    pub async fn prepare(&self, prompts: impl IntoIterator<Item = (String, Language)>) -> Vec<NotSpoken> {
        let mut failures = Vec::new();
        for (text, language) in prompts {
            for piece in self.recorded().pieces(&text, language) {
                failures.extend(self.clip(&piece, language).await.err());
            }
        }
        failures
    }
}

impl Default for Speaker {
    fn default() -> Self {
        Self::new()
    }
}
