//! Moonshine, the recogniser for English: small enough for a telephone call's share of a core, and made accurate by how it is
//! decoded. A beam of four, digits and phrases decoded as what they are, silence told from speech at the first step.

mod beam;
mod choice;
mod digits;
mod prepare;
mod runtime;
mod tokenizer;

use std::collections::BTreeMap;
use std::path::PathBuf;

use audio::Pcm16k;

use self::beam::{Free, LogProbs, Reading, Search, SearchError, log_sum_exp};
use self::digits::DigitGrammar;
use self::runtime::{Networks, Start};
use self::tokenizer::{EOS, Tokenizer};
use crate::recogniser::{Alternative, Grammar, Hints, LoadError, RecogniseError, Recogniser, Recognition};
use crate::{Language, score};

const NAME: &str = "moonshine-tiny-en";
const BEAM: usize = 4;
/// People do not speak more tokens than this in a second.
const TOKENS_PER_SECOND: f32 = 6.5;
/// Speech gives the end of the text so little chance at the first step, and so clear a first word, that log P(end) plus
/// entropy stays below this; noise and music do not.
const SPEECH_BELOW: f32 = -5.3;
/// A phrase this much less likely than the free reading was not said.
const PHRASE_REJECT: f32 = -4.0;
/// The same when the first step says that nobody speaks and the free reading is one of those that noise gives.
const PHRASE_REJECT_IN_NOISE: f32 = -1.0;
/// A mean token log-probability that noise hardly reaches: short words that the first step takes for noise pass with it.
const CONFIDENT: f32 = -0.45;
/// Digits less likely than this per token call for a look at what was said instead.
const DIGITS_DOUBTFUL: f32 = -0.45;
/// Digits this much less likely than free text, and each digit a little more, were not said.
const DIGITS_REJECT: f32 = -6.0;
const DIGITS_REJECT_EACH: f32 = -0.5;
/// Readings this much less likely than the best are not kept as alternatives.
const ALTERNATIVES_WITHIN: f32 = 7.0;
const MOST_ALTERNATIVES: usize = 5;

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
        Ok(Moonshine { networks, tokenizer, digits })
    }

    /// One window of at most thirty seconds.
    fn window(&mut self, samples: &[i16], grammar: &Grammar, hints: &Hints) -> Result<Recognition, SearchError> {
        let samples = prepare::to_float(samples);
        let start = self.networks.start(&samples)?;
        let first = LogProbs::new(&start.logits);
        let no_speech = first.of(EOS) + first.entropy() >= SPEECH_BELOW;
        let seconds = samples.len() as f32 / Pcm16k::RATE as f32;
        let longest = (seconds * TOKENS_PER_SECOND).ceil() as usize + 1;
        match grammar {
            Grammar::Phrases(phrases) if !phrases.is_empty() => {
                self.phrases(&start, phrases, longest, no_speech, hints)
            }
            Grammar::Digits { min, max } => self.digit_string(&start, (*min, *max), longest, no_speech, hints),
            _ => {
                let readings = self.free_readings(&start, longest, hints)?;
                Ok(self.free_recognition(&readings, no_speech))
            }
        }
    }

    fn free_readings(&mut self, start: &Start, longest: usize, hints: &Hints) -> Result<Vec<Reading>, SearchError> {
        let width = if hints.quick { 1 } else { BEAM };
        let search = Search { width, longest, margin: 0.0 };
        beam::search(&mut self.networks, start, &Free, search, hints)
    }

    /// `doubted`: the first step says that nobody speaks; then only a confident reading counts.
    fn free_recognition(&self, readings: &[Reading], doubted: bool) -> Recognition {
        let Some(best) = readings.first() else {
            return Recognition::silence(NAME);
        };
        let text = self.tokenizer.decode(&best.tokens);
        if is_invented(&text) || (doubted && best.mean() < CONFIDENT) {
            return Recognition::silence(NAME);
        }
        let total = log_sum_exp(readings.iter().map(|reading| reading.sum));
        let mut alternatives: Vec<Alternative> = Vec::new();
        for reading in readings.iter().filter(|reading| best.sum - reading.sum < ALTERNATIVES_WITHIN) {
            let text = self.tokenizer.decode(&reading.tokens);
            let confidence = (reading.sum - total).exp();
            match alternatives.iter_mut().find(|known| score::same_words(&known.text, &text)) {
                Some(known) => known.confidence += confidence,
                None => alternatives.push(Alternative { text, confidence }),
            }
        }
        alternatives.truncate(MOST_ALTERNATIVES);
        Recognition {
            confidence: best.mean().exp().clamp(0.0, 1.0),
            mean_log_prob: best.mean(),
            tokens: best.tokens.len(),
            in_grammar: true,
            no_speech: false,
            alternatives,
            words: Vec::new(),
            engine: NAME.to_owned(),
            text,
        }
    }

    fn digit_string(
        &mut self,
        start: &Start,
        (min, max): (u8, u8),
        longest: usize,
        no_speech: bool,
        hints: &Hints,
    ) -> Result<Recognition, SearchError> {
        let guide = self.digits.between(min, max);
        // The shares are only as good as the readings they are computed from: search on for rivals of the best.
        let search = Search { width: BEAM, longest, margin: 3.0 };
        let readings = beam::search(&mut self.networks, start, &guide, search, hints)?;
        let merged = digits::merge(&readings, &self.tokenizer);
        let (Some(best), Some(reading)) = (merged.first(), readings.first()) else {
            return self.out_of_grammar(start, longest, no_speech, hints);
        };
        if !reading.complete || reading.mean() < DIGITS_DOUBTFUL {
            let free = self.free_readings(start, longest, hints)?;
            let other = self.free_recognition(&free, no_speech);
            let least = DIGITS_REJECT + DIGITS_REJECT_EACH * best.digits.len() as f32;
            let lead = free.first().map_or(0.0, |other| reading.sum - other.sum);
            let invented = free.first().is_some_and(|other| is_invented(&self.tokenizer.decode(&other.tokens)));
            if !reading.complete || lead < least || invented {
                return Ok(Recognition { in_grammar: false, ..other });
            }
        }
        let doubt = (reading.mean() - DIGITS_DOUBTFUL).min(0.0).exp();
        Ok(Recognition {
            text: best.digits.clone(),
            confidence: (best.share * doubt).clamp(0.0, 1.0),
            mean_log_prob: reading.mean(),
            no_speech: false,
            in_grammar: true,
            alternatives: merged
                .iter()
                .take(MOST_ALTERNATIVES)
                .map(|string| Alternative { text: string.digits.clone(), confidence: string.share })
                .collect(),
            words: Vec::new(),
            engine: NAME.to_owned(),
            tokens: reading.tokens.len(),
        })
    }

    fn phrases(
        &mut self,
        start: &Start,
        phrases: &[String],
        longest: usize,
        no_speech: bool,
        hints: &Hints,
    ) -> Result<Recognition, SearchError> {
        let scores = choice::score_phrases(&mut self.networks, start, &self.tokenizer, phrases, hints)?;
        let free = self.free_readings(start, longest, hints)?;
        let total = log_sum_exp(scores.iter().copied());
        let mut ranked: Vec<(usize, f32)> = scores.iter().copied().enumerate().collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        let free_sum = free.first().map_or(f32::NEG_INFINITY, |reading| reading.sum);
        let lead = ranked.first().map_or(f32::NEG_INFINITY, |(_, sum)| sum - free_sum);
        let invented = free.first().is_none_or(|reading| is_invented(&self.tokenizer.decode(&reading.tokens)));
        let least = if no_speech && invented { PHRASE_REJECT_IN_NOISE } else { PHRASE_REJECT };
        if lead.is_nan() || lead < least {
            return Ok(Recognition { in_grammar: false, ..self.free_recognition(&free, no_speech) });
        }
        // A phrase that only just passed is not a sure one, however alone it stands among the phrases.
        let passed = 1.0 / (1.0 + (PHRASE_REJECT - lead).exp());
        let alternatives: Vec<Alternative> = ranked
            .iter()
            .take(MOST_ALTERNATIVES)
            .map(|(phrase, sum)| Alternative {
                text: phrases[*phrase].clone(),
                confidence: (sum - total).exp() * passed,
            })
            .collect();
        let Some(best) = alternatives.first().cloned() else {
            return Ok(Recognition::silence(NAME));
        };
        let tokens = self.tokenizer.encode(&best.text, true).map_or(0, |tokens| tokens.len());
        Ok(Recognition {
            text: best.text,
            confidence: best.confidence.clamp(0.0, 1.0),
            mean_log_prob: ranked[0].1 / (tokens + 1) as f32,
            no_speech: false,
            in_grammar: true,
            alternatives,
            words: Vec::new(),
            engine: NAME.to_owned(),
            tokens,
        })
    }

    fn out_of_grammar(
        &mut self,
        start: &Start,
        longest: usize,
        no_speech: bool,
        hints: &Hints,
    ) -> Result<Recognition, SearchError> {
        let free = self.free_readings(start, longest, hints)?;
        Ok(Recognition { in_grammar: false, ..self.free_recognition(&free, no_speech) })
    }
}

/// Whether a text is no speech at all, or what the model is known to read into noise.
fn is_invented(text: &str) -> bool {
    score::words(text).is_empty() || score::is_phantom(text)
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
        let failed = |error| match error {
            SearchError::Aborted => RecogniseError::Aborted,
            SearchError::Network(error) => {
                RecogniseError::Engine { engine: NAME.to_owned(), reason: error.to_string() }
            }
        };
        let samples = audio.samples();
        if samples.len() < prepare::SHORTEST {
            return Ok(Recognition::silence(NAME));
        }
        if samples.len() <= prepare::LONGEST {
            return self.window(&prepare::pad_short(samples), &hints.grammar, hints).map_err(failed);
        }
        // Nobody answers a menu for half a minute: long audio is free speech, unless it is digits.
        let grammar = match &hints.grammar {
            digits @ Grammar::Digits { .. } => digits,
            _ => &Grammar::Free,
        };
        let mut parts = Vec::new();
        for window in prepare::windows(samples) {
            parts.push(self.window(window, grammar, hints).map_err(failed)?);
        }
        Ok(join(parts, grammar, matches!(hints.grammar, Grammar::Phrases(_))))
    }
}

/// What the windows of a long utterance make together.
fn join(parts: Vec<Recognition>, grammar: &Grammar, expected_a_phrase: bool) -> Recognition {
    let spoken: Vec<&Recognition> = parts.iter().filter(|part| !part.no_speech).collect();
    if spoken.is_empty() {
        return Recognition::silence(NAME);
    }
    let tokens: usize = spoken.iter().map(|part| part.tokens).sum();
    let weighted = |value: fn(&Recognition) -> f32| {
        spoken.iter().map(|part| value(part) * part.tokens as f32).sum::<f32>() / tokens.max(1) as f32
    };
    let in_grammar = !expected_a_phrase && spoken.iter().all(|part| part.in_grammar);
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
    }
}
