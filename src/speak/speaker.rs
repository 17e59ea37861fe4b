//! The voices of this service and the prompts they have spoken.

use std::collections::HashMap;
use std::sync::Arc;

use audio::Pcm8k;
use audio::resample::resample;
use intent::Language;
use models::Voice;
use sip::media::{Clip, Codec};

use super::cache::Cache;

/// Ten minutes of 8 kHz sound: about 10 MB, some 200 prompts.
const CACHED_SAMPLES: usize = 10 * 60 * 8_000;

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
    voices: HashMap<Language, Arc<dyn Voice>>,
    cache: Arc<Cache>,
}

impl Speaker {
    /// A speaker without voices.
    pub fn new() -> Self {
        Self { voices: HashMap::new(), cache: Arc::new(Cache::new(CACHED_SAMPLES)) }
    }

    /// Gives a language its voice.
    pub fn with(mut self, language: Language, voice: Arc<dyn Voice>) -> Self {
        self.voices.insert(language, voice);
        self
    }

    /// Whether there is a voice for this language.
    pub fn speaks(&self, language: Language) -> bool {
        self.voices.contains_key(&language)
    }

    /// The clip of a sentence: at once when it was said before, else when the voice has rendered it.
    pub async fn clip(&self, text: &str, language: Language) -> Result<Arc<Clip>, NotSpoken> {
        let key = (language, text.to_owned());
        if let Some(clip) = self.cache.get(&key) {
            return Ok(clip);
        }
        let voice = self.voices.get(&language).cloned().ok_or(NotSpoken::NoVoice(language))?;
        let words = key.1.clone();
        let rendered = tokio::task::spawn_blocking(move || {
            let sound = voice.speak(&words)?;
            let telephone: Pcm8k = resample(&sound);
            let clip = Clip::new(telephone);
            clip.prepare(Codec::Pcmu);
            clip.prepare(Codec::Pcma);
            clip.prepare(Codec::G722);
            Ok::<_, models::VoiceError>(Arc::new(clip))
        });
        let clip = match rendered.await {
            Ok(result) => result.map_err(|e| NotSpoken::Failed(e.to_string()))?,
            Err(stopped) => return Err(NotSpoken::Failed(stopped.to_string())),
        };
        self.cache.put(key, clip.clone());
        Ok(clip)
    }

    /// Renders prompts ahead, so that the first caller does not wait for them. Returns how many failed, with the reasons.
    pub async fn prepare(&self, prompts: impl IntoIterator<Item = (String, Language)>) -> Vec<NotSpoken> {
        let mut failures = Vec::new();
        for (text, language) in prompts {
            for sentence in super::sentences(&text) {
                failures.extend(self.clip(&sentence, language).await.err());
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
