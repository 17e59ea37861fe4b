//! What every speech recogniser takes and gives, whichever engine is behind it. How an engine decodes is its own affair; how
//! many run at once is the pool's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use audio::Pcm16k;

use crate::{Form, Language};

/// Turns one utterance into text. One value is one session: it is used by one thread at a time.
pub trait Recogniser: Send {
    /// The engine and model, for the journal: `moonshine-tiny-en`.
    fn name(&self) -> &str;

    /// Recognises one utterance. Audio too short to hold speech is not an error: it gives `no_speech`.
    fn recognise(&mut self, audio: &Pcm16k, hints: &Hints) -> Result<Recognition, RecogniseError>;

    /// Whether [`detect`](Self::detect) can tell languages apart.
    fn detects(&self) -> bool {
        false
    }

    /// Which of these languages is spoken, and how sure that is among them, from 0 to 1; `None` when the engine cannot tell.
    fn detect(&mut self, _audio: &Pcm16k, _among: &[Language]) -> Option<(Language, f32)> {
        None
    }
}

/// What is known about an utterance before it is recognised.
#[derive(Clone, Debug)]
pub struct Hints {
    /// The language the caller is expected to speak.
    pub language: Language,
    /// What the caller is expected to say.
    pub grammar: Grammar,
    /// Raised from outside when the result is no longer wanted; the recogniser stops at its next step.
    pub abort: Arc<AtomicBool>,
    /// The languages that it may be in, when that is to be told first; fewer than two leave it at `language`. The pool does it.
    pub among: Vec<Language>,
    /// How much work the answer is worth. The pool lowers it for partial results and when the processor is short.
    pub care: Care,
}

/// How much work an answer is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Care {
    /// Greedy decoding and no word times: a third less work, a little less accurate.
    Quick,
    /// The engine's usual search.
    Normal,
    /// The usual search, and a second look at what is unsure.
    #[default]
    Thorough,
}

impl Hints {
    /// Free speech in a language.
    pub fn free(language: Language) -> Self {
        Hints { language, grammar: Grammar::Free, abort: Arc::default(), among: Vec::new(), care: Care::default() }
    }

    /// The same hints with another care.
    pub fn with_care(mut self, care: Care) -> Self {
        self.care = care;
        self
    }

    /// The same hints with languages to tell apart.
    pub fn told_apart(mut self, among: Vec<Language>) -> Self {
        self.among = among;
        self
    }

    /// The same hints with another grammar.
    pub fn with_grammar(mut self, grammar: Grammar) -> Self {
        self.grammar = grammar;
        self
    }

    /// Whether the result is no longer wanted.
    pub fn aborted(&self) -> bool {
        self.abort.load(Ordering::Relaxed)
    }
}

/// What the caller is expected to say. A grammar is an expectation, never a cage: when the caller plainly says something
/// else, [`Recognition::in_grammar`] is false and `text` holds the free transcription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grammar {
    /// Anything.
    Free,
    /// A string of digits between `min` and `max` long; `text` is then digits only, `"4550"`. Other lengths can still be
    /// heard but need better evidence. `max` 0 means no limit.
    Digits {
        /// The fewest digits.
        min: u8,
        /// The most digits.
        max: u8,
    },
    /// One of these phrases; `text` is then exactly one of them.
    Phrases(Vec<String>),
    /// Anything, and these words and names are likely to be in it: the values of a list, the names of queues. They are preferred where
    /// they sound as likely as something else, and never put where they do not fit.
    List(Vec<String>),
    /// Letters and digits, spelt one by one: an order id, a postcode, a single letter. `text` is then capitals and figures only,
    /// `"AB1042"`.
    Characters(Form),
}

/// What was heard.
#[derive(Clone, Debug, PartialEq)]
pub struct Recognition {
    /// The words; empty when `no_speech`.
    pub text: String,
    /// From 0 to 1. Under a grammar: the share of the evidence that this reading has; else the mean token probability.
    pub confidence: f32,
    /// Mean natural-log probability of the tokens of `text`.
    pub mean_log_prob: f32,
    /// The audio holds no speech, whatever the engine would like to read into it.
    pub no_speech: bool,
    /// Whether `text` is what the grammar expects; always true of [`Grammar::Free`] unless `no_speech`.
    pub in_grammar: bool,
    /// Other readings, best first, `text` included.
    pub alternatives: Vec<Alternative>,
    /// When each word was said; empty when the engine cannot tell.
    pub words: Vec<WordTime>,
    /// The engine and model that heard it.
    pub engine: String,
    /// How many tokens were decoded for `text`.
    pub tokens: usize,
    /// The language that was told from the sound, and how sure that was, 0 to 1; `None` when it was not asked for or not sure enough.
    pub detected: Option<(Language, f32)>,
}

impl Recognition {
    /// Nothing was said.
    pub fn silence(engine: &str) -> Self {
        Recognition {
            text: String::new(),
            confidence: 0.0,
            mean_log_prob: 0.0,
            no_speech: true,
            in_grammar: false,
            alternatives: Vec::new(),
            words: Vec::new(),
            engine: engine.to_owned(),
            tokens: 0,
            detected: None,
        }
    }
}

/// One possible reading.
#[derive(Clone, Debug, PartialEq)]
pub struct Alternative {
    /// The words, or the digits under a digit grammar.
    pub text: String,
    /// Its share of the evidence among the alternatives, 0 to 1.
    pub confidence: f32,
}

/// A word and its place in the utterance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordTime {
    /// The word.
    pub text: String,
    /// From the start of the utterance.
    pub start: Duration,
    /// From the start of the utterance.
    pub end: Duration,
}

/// Why an utterance could not be recognised.
#[derive(Debug, thiserror::Error)]
pub enum RecogniseError {
    /// The abort flag was raised: nobody wants the result.
    #[error("recognition was aborted")]
    Aborted,
    /// The engine does not speak this language.
    #[error("{engine} does not recognise {language}; configure another recogniser for it")]
    Language {
        /// The engine.
        engine: String,
        /// What was asked for.
        language: Language,
    },
    /// The engine failed.
    #[error("{engine} failed: {reason}")]
    Engine {
        /// The engine.
        engine: String,
        /// In its own words.
        reason: String,
    },
}

/// Why a model could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file is not there or cannot be read.
    #[error("{path} cannot be read: {source}; pull the model again, or correct the path")]
    Unreadable {
        /// The file.
        path: std::path::PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file is there, and is not what it should be.
    #[error("{path} is not a usable model: {reason}")]
    Invalid {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// The runtime that runs the model does not load.
    #[error("{path} does not load as ONNX Runtime: {reason}")]
    Runtime {
        /// The shared library.
        path: std::path::PathBuf,
        /// In the loader's words.
        reason: String,
    },
}
