//! The recognisers of this service: a bounded pool that all calls share, and the languages it hears.

use std::collections::HashMap;
use std::sync::Arc;

use audio::resample::resample;
use audio::{Pcm8k, Pcm16k};
use intent::Language;
use models::{Hints, Job, Pool, PoolError, Priority, Recognition};

/// Why there is no text. Each reason is a label in the journal and leads to the flow's way on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotRecognised {
    /// The language has no recogniser: the flow goes on with keys.
    NoRecogniser,
    /// More is waiting than can be recognised in time.
    Busy,
    /// Nobody wants the result any more.
    Aborted,
    /// The recogniser failed, in its own words.
    Failed(String),
}

impl std::fmt::Display for NotRecognised {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoRecogniser => f.write_str("no_recogniser"),
            Self::Busy => f.write_str("busy"),
            Self::Aborted => f.write_str("aborted"),
            Self::Failed(reason) => write!(f, "failed: {reason}"),
        }
    }
}

/// The pool of each language; usually one for all of them, so that its limits are those of the process. Cloned cheaply into every call.
#[derive(Clone, Default)]
pub struct Recognisers {
    pools: HashMap<Language, Arc<Pool>>,
}

impl Recognisers {
    /// Puts a pool in charge of a language.
    pub fn with(mut self, language: Language, pool: Arc<Pool>) -> Self {
        self.pools.insert(language, pool);
        self
    }

    /// Whether speech in this language can be recognised at all.
    pub fn hear(&self, language: Language) -> bool {
        self.pools.contains_key(&language)
    }

    /// Those of these languages that can be recognised.
    pub fn heard<'a>(&'a self, languages: &'a [Language]) -> impl Iterator<Item = Language> + 'a {
        languages.iter().copied().filter(|language| self.hear(*language))
    }

    /// Whether it can be told which of these languages is spoken: one of the engines knows, and there is something to choose from.
    pub fn tell_apart(&self, languages: &[Language]) -> bool {
        self.heard(languages).count() > 1 && self.pools.values().any(|pool| pool.detects())
    }

    /// Whether callers wait too long for what they say to be recognised: a new call is better served with keys.
    pub fn is_short(&self, language: Language) -> bool {
        self.pools.get(&language).is_some_and(|pool| pool.load().is_short())
    }

    /// The languages in which a new call had better not be listened to: there is no recogniser, or no time left.
    pub fn deaf(&self) -> Vec<Language> {
        Language::ALL.into_iter().filter(|&language| !self.hear(language) || self.is_short(language)).collect()
    }

    /// Recognises telephone sound.
    pub async fn recognise(
        &self,
        sound: Pcm8k,
        language: Language,
        hints: Hints,
        priority: Priority,
    ) -> Result<Recognition, NotRecognised> {
        let pool = self.pools.get(&language).ok_or(NotRecognised::NoRecogniser)?;
        let audio: Pcm16k = resample(&sound);
        pool.recognise(Job { audio, hints, priority }).await.map_err(|error| match error {
            PoolError::Busy => NotRecognised::Busy,
            PoolError::Aborted => NotRecognised::Aborted,
            other => NotRecognised::Failed(other.to_string()),
        })
    }
}
