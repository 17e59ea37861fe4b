//! Moonshine, the recogniser for English: small enough for a telephone call's share of a core, and made accurate by how it is
//! decoded. A beam of four, a second look at what is unsure, digits, letters and phrases decoded as what they are, silence told from
//! speech at the first step.

mod beam;
mod bias;
mod choice;
mod decode;
mod digits;
mod prepare;
mod runtime;
mod spelling;
mod tokenizer;
mod trie;

use std::collections::BTreeMap;
use std::path::PathBuf;

use audio::Pcm16k;

use self::beam::SearchError;
use self::choice::Choices;
use self::digits::DigitGrammar;
use self::runtime::Networks;
use self::spelling::Alphabet;
use self::tokenizer::Tokenizer;
use crate::recogniser::{Alternative, Care, Grammar, Hints, LoadError, RecogniseError, Recogniser, Recognition};
use crate::{Language, align};

const NAME: &str = "moonshine-tiny-en";

/// The files of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoonshinePaths {
    /// `encoder_model.ort`.
    pub encoder: PathBuf,
    /// `decoder_model_merged.ort`.
    pub decoder: PathBuf,
    /// `tokenizer.bin`.
    pub tokenizer: PathBuf,
    /// ONNX Runtime's shared library, 1.23 or newer.
    pub library: PathBuf,
}

impl MoonshinePaths {
    /// From what [`crate::Store::paths`] gives; `None` when a role is missing.
    pub fn from_roles(roles: &BTreeMap<String, PathBuf>) -> Option<Self> {
        let path = |role: &str| roles.get(role).cloned();
        Some(MoonshinePaths {
            encoder: path("encoder")?,
            decoder: path("decoder")?,
            tokenizer: path("tokenizer")?,
            library: path("library")?,
        })
    }
}

/// What else runs on ONNX Runtime shares its environment and the way sessions are made.
pub(crate) use self::runtime::{environment, session};

/// One session of Moonshine, about 100 MB.
pub struct Moonshine {
    networks: Networks,
    tokenizer: Tokenizer,
    digits: DigitGrammar,
    alphabet: Alphabet,
    characters: Choices,
}

impl Moonshine {
    /// Loads a session. ONNX Runtime is loaded with the first one and shared by all.
    pub fn load(paths: &MoonshinePaths) -> Result<Self, LoadError> {
        let bytes = std::fs::read(&paths.tokenizer)
            .map_err(|source| LoadError::Unreadable { path: paths.tokenizer.clone(), source })?;
        let tokenizer =
            Tokenizer::parse(&bytes).map_err(|reason| LoadError::Invalid { path: paths.tokenizer.clone(), reason })?;
        let networks = Networks::load(&paths.encoder, &paths.decoder, &paths.library, tokenizer.len())?;
        let digits = DigitGrammar::new(&tokenizer);
        let (alphabet, characters) = (Alphabet::new(&tokenizer), choice::characters(&tokenizer));
        Ok(Moonshine { networks, tokenizer, digits, alphabet, characters })
    }
}

impl Recogniser for Moonshine {
    fn name(&self) -> &str {
        NAME
    }

    fn recognise(&mut self, audio: &Pcm16k, hints: &Hints) -> Result<Recognition, RecogniseError> {
        if !hints.language.same_language(&Language::EN) {
            return Err(RecogniseError::Language { engine: NAME.to_owned(), language: hints.language.clone() });
        }
        if hints.aborted() {
            return Err(RecogniseError::Aborted);
        }
        let samples = audio.samples();
        if samples.len() < prepare::SHORTEST {
            return Ok(Recognition::silence(NAME));
        }
        let mut heard = if samples.len() <= prepare::LONGEST {
            self.window(samples, &hints.grammar, hints).map_err(failed)?
        } else {
            self.long(samples, hints).map_err(failed)?
        };
        if hints.care > Care::Quick && !heard.no_speech {
            heard.words = align::align(audio, &heard.text);
        }
        Ok(heard)
    }
}

impl Moonshine {
    /// How likely an utterance makes each letter and digit, as a natural logarithm and before calibration; for
    /// `examples/calibrate.rs`. Empty when the audio is too short.
    pub fn character_scores(&mut self, audio: &Pcm16k) -> Result<Vec<(char, f32)>, RecogniseError> {
        if !(prepare::SHORTEST..=prepare::LONGEST).contains(&audio.len()) {
            return Ok(Vec::new());
        }
        let hints = Hints::free(Language::EN);
        self.raw_scores(audio.samples(), &hints).map_err(failed)
    }

    /// Longer than a window. Nobody answers a menu for half a minute: it is free speech, unless it is digits.
    fn long(&mut self, samples: &[i16], hints: &Hints) -> Result<Recognition, SearchError> {
        let grammar = match &hints.grammar {
            digits @ Grammar::Digits { .. } => digits,
            list @ Grammar::List(_) => list,
            _ => &Grammar::Free,
        };
        let mut parts = Vec::new();
        for window in prepare::windows(samples) {
            parts.push(self.window(window, grammar, hints)?);
        }
        Ok(join(parts, grammar, matches!(hints.grammar, Grammar::Phrases(_) | Grammar::Characters(_))))
    }
}

fn failed(error: SearchError) -> RecogniseError {
    match error {
        SearchError::Aborted => RecogniseError::Aborted,
        SearchError::Network(error) => RecogniseError::Engine { engine: NAME.to_owned(), reason: error.to_string() },
    }
}

/// What the windows of a long utterance make together.
fn join(parts: Vec<Recognition>, grammar: &Grammar, expected_something_short: bool) -> Recognition {
    let spoken: Vec<&Recognition> = parts.iter().filter(|part| !part.no_speech).collect();
    if spoken.is_empty() {
        return Recognition::silence(NAME);
    }
    let tokens: usize = spoken.iter().map(|part| part.tokens).sum();
    let weighted = |value: fn(&Recognition) -> f32| {
        spoken.iter().map(|part| value(part) * part.tokens as f32).sum::<f32>() / tokens.max(1) as f32
    };
    let in_grammar = !expected_something_short && spoken.iter().all(|part| part.in_grammar);
    let between = if matches!(grammar, Grammar::Digits { .. }) && in_grammar { "" } else { " " };
    let text = spoken.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join(between);
    let confidence = weighted(|part| part.confidence);
    Recognition {
        alternatives: vec![Alternative { text: text.clone(), confidence }],
        text,
        confidence,
        mean_log_prob: weighted(|part| part.mean_log_prob),
        no_speech: false,
        in_grammar,
        words: Vec::new(),
        engine: NAME.to_owned(),
        tokens,
        detected: None,
    }
}
