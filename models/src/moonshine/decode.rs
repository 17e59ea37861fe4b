//! From an utterance to what was heard, grammar by grammar. Each way ends in a reading under the grammar, in what was said instead,
//! or in silence; what is unsure is looked at a second time.

use super::beam::{self, Free, LogProbs, Reading, Search, SearchError, log_sum_exp};
use super::bias::BiasWords;
use super::runtime::Start;
use super::tokenizer::EOS;
use super::{Moonshine, NAME, choice, digits, prepare, spelling};
use crate::form::Form;
use crate::recogniser::{Alternative, Care, Grammar, Hints, Recognition};
use crate::score;
use audio::Pcm16k;

const BEAM: usize = 4;
/// Letters sound alike: more of them are carried on.
const SPELLING_BEAM: usize = 8;
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
/// A single character with less than this share of all was not said.
const CHARACTER_STANDS_OUT: f32 = 0.2;
/// All characters together are less likely than this where nobody speaks; of 25 that people said and the first step took for noise,
/// none was.
const CHARACTER_IN_NOISE: f32 = -3.6;
/// Where a character is asked for, a free text of one word ("Why?") is its name rather than something else unless it is likelier by
/// more than this.
const CHARACTER_REJECT: f32 = -5.0;
/// A text with words of a list is believed if its sound is not less likely than that of the free text by more than this a token.
const LIST_GATE: f32 = 0.5;
/// Free text less likely than this per token is looked at again; so are readings under a grammar with less than this share.
const UNSURE_TEXT: f32 = -0.2;
const UNSURE_SHARE: f32 = 0.9;
/// Readings this much less likely than the best are not kept as alternatives.
const ALTERNATIVES_WITHIN: f32 = 7.0;
const MOST_ALTERNATIVES: usize = 5;

/// One utterance while it is being decoded.
struct Heard<'a> {
    /// The audio, and the audio seen differently once it has been looked at again.
    views: Vec<Start>,
    /// Most tokens.
    longest: usize,
    /// The first step says that nobody speaks.
    no_speech: bool,
    hints: &'a Hints,
}

impl Heard<'_> {
    fn new(views: Vec<Start>, longest: usize, hints: &Hints) -> Heard<'_> {
        let first = LogProbs::mean(views.iter().map(|start| LogProbs::new(&start.logits)));
        let no_speech = first.of(EOS) + first.entropy() >= SPEECH_BELOW;
        Heard { views, longest, no_speech, hints }
    }
}

impl Moonshine {
    /// One window of at most thirty seconds.
    pub(super) fn window(
        &mut self,
        samples: &[i16],
        grammar: &Grammar,
        hints: &Hints,
    ) -> Result<Recognition, SearchError> {
        let seconds = samples.len() as f32 / Pcm16k::RATE as f32;
        let longest = (seconds * TOKENS_PER_SECOND).ceil() as usize + 4;
        let padded = prepare::pad_short(samples);
        let first = self.networks.start(&prepare::to_float(&padded))?;
        let heard = Heard::new(vec![first], longest, hints);
        let recognition = self.decode(&heard, grammar)?;
        if hints.care < Care::Thorough || !is_unsure(&recognition, grammar) {
            return Ok(recognition);
        }
        let second = self.networks.start(&prepare::to_float(&prepare::second_view(&padded)))?;
        let mut views = heard.views;
        views.push(second);
        self.decode(&Heard::new(views, longest, hints), grammar)
    }

    fn decode(&mut self, heard: &Heard, grammar: &Grammar) -> Result<Recognition, SearchError> {
        match grammar {
            Grammar::Phrases(phrases) if !phrases.is_empty() => self.phrases(heard, phrases),
            Grammar::Digits { min, max } => self.digit_string(heard, (*min, *max)),
            Grammar::Characters(form) if form.longest() == 1 => self.character(heard, form),
            Grammar::Characters(form) => self.spelt(heard, form),
            Grammar::List(words) => self.list(heard, words),
            Grammar::Free | Grammar::Phrases(_) => {
                let readings = self.free_readings(heard)?;
                Ok(self.text(&readings, heard.no_speech))
            }
        }
    }

    fn free_readings(&mut self, heard: &Heard) -> Result<Vec<Reading>, SearchError> {
        let width = if heard.hints.care == Care::Quick { 1 } else { BEAM };
        let search = Search { width, longest: heard.longest, margin: 0.0 };
        beam::search(&mut self.networks, &heard.views, &Free, search, heard.hints)
    }

    /// `doubted`: the first step says that nobody speaks; then only a confident reading counts.
    fn text<P>(&self, readings: &[Reading<P>], doubted: bool) -> Recognition {
        let Some(best) = readings.first() else {
            return Recognition::silence(NAME);
        };
        let text = self.tokenizer.decode(&best.tokens);
        if is_invented(&text) || (doubted && best.mean() < CONFIDENT) {
            return Recognition::silence(NAME);
        }
        // Who runs in circles has lost the thread: what was said once is kept, in doubt.
        let (text, trust) = match score::without_loop(&text) {
            Some(_) if doubted => return Recognition::silence(NAME),
            Some(once) => (once, 0.5),
            None => (text, 1.0),
        };
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
            confidence: best.mean().exp().clamp(0.0, 1.0) * trust,
            mean_log_prob: best.mean(),
            tokens: best.tokens.len(),
            in_grammar: true,
            no_speech: false,
            alternatives,
            words: Vec::new(),
            engine: NAME.to_owned(),
            text,
            detected: None,
        }
    }

    /// What was said where the grammar does not fit.
    fn said_instead(&mut self, heard: &Heard) -> Result<Recognition, SearchError> {
        let free = self.free_readings(heard)?;
        Ok(Recognition { in_grammar: false, ..self.text(&free, heard.no_speech) })
    }

    fn list(&mut self, heard: &Heard, words: &[String]) -> Result<Recognition, SearchError> {
        let free = self.free_readings(heard)?;
        let bias = BiasWords::new(words, &self.tokenizer);
        let Some(plain) = free.first().filter(|_| !bias.is_empty()) else {
            return Ok(self.text(&free, heard.no_speech));
        };
        let search = Search { width: BEAM, longest: heard.longest, margin: 0.0 };
        let biased = beam::search(&mut self.networks, &heard.views, &bias, search, heard.hints)?;
        let is_believed = biased
            .first()
            .is_some_and(|best| best.acoustic >= plain.acoustic - LIST_GATE * (best.tokens.len() + 1) as f32);
        Ok(if is_believed { self.text(&biased, heard.no_speech) } else { self.text(&free, heard.no_speech) })
    }

    fn digit_string(&mut self, heard: &Heard, (min, max): (u8, u8)) -> Result<Recognition, SearchError> {
        let guide = self.digits.between(min, max);
        // The shares are only as good as the readings they are computed from: search on for rivals of the best.
        let search = Search { width: BEAM, longest: heard.longest, margin: 3.0 };
        let readings = beam::search(&mut self.networks, &heard.views, &guide, search, heard.hints)?;
        let merged = digits::merge(&readings, &self.tokenizer);
        let (Some(best), Some(reading)) = (merged.first(), readings.first()) else {
            return self.said_instead(heard);
        };
        if !reading.complete || reading.mean() < DIGITS_DOUBTFUL {
            let free = self.free_readings(heard)?;
            let least = DIGITS_REJECT + DIGITS_REJECT_EACH * best.digits.len() as f32;
            if !reading.complete || self.lead(&free, reading.sum) < least || self.is_nothing(&free) {
                return Ok(Recognition { in_grammar: false, ..self.text(&free, heard.no_speech) });
            }
        }
        let doubt = (reading.mean() - DIGITS_DOUBTFUL).min(0.0).exp();
        let alternatives = merged.iter().map(|string| (string.digits.clone(), string.share)).collect();
        Ok(in_grammar(alternatives, doubt, reading.mean(), reading.tokens.len()))
    }

    fn phrases(&mut self, heard: &Heard, phrases: &[String]) -> Result<Recognition, SearchError> {
        let choices = choice::phrases(phrases, &self.tokenizer);
        let scores = choice::score(&mut self.networks, &heard.views, &choices, None, heard.hints)?;
        let ranked = ranked(phrases.iter().cloned().zip(scores));
        let Some((best, sum)) = ranked.first().cloned() else {
            return self.said_instead(heard);
        };
        let free = self.free_readings(heard)?;
        let lead = self.lead(&free, sum);
        let least = if heard.no_speech && self.is_nothing(&free) { PHRASE_REJECT_IN_NOISE } else { PHRASE_REJECT };
        if lead.is_nan() || lead < least {
            return Ok(Recognition { in_grammar: false, ..self.text(&free, heard.no_speech) });
        }
        // A phrase that only just passed is not a sure one, however alone it stands among the phrases.
        let passed = 1.0 / (1.0 + (PHRASE_REJECT - lead).exp());
        let tokens = self.tokenizer.encode(&best, true).map_or(0, |tokens| tokens.len());
        Ok(in_grammar(shares(ranked), passed, sum / (tokens + 1) as f32, tokens))
    }

    /// One letter or digit: a choice among all that the form allows.
    fn character(&mut self, heard: &Heard, form: &Form) -> Result<Recognition, SearchError> {
        let stop = self.tokenizer.id(".");
        let scores = choice::score(&mut self.networks, &heard.views, &self.characters, stop, heard.hints)?;
        let calibrated = scores.iter().zip(spelling::PRIOR).zip(spelling::characters());
        let allowed = calibrated.filter_map(|((score, prior), character)| {
            let text = character.to_string();
            form.fits(&text).then_some((text, score - prior))
        });
        let ranked = ranked(allowed);
        let free = self.free_readings(heard)?;
        let said = log_sum_exp(scores.iter().copied());
        let lead = self.lead(&free, said);
        let ranked = shares(ranked);
        // Noise makes no character stand out, and is like none of them.
        let is_flat = ranked.first().is_none_or(|(_, share)| *share < CHARACTER_STANDS_OUT);
        let is_noise = heard.no_speech && (self.is_nothing(&free) || said < CHARACTER_IN_NOISE);
        let least = if self.is_one_word(&free) { CHARACTER_REJECT } else { PHRASE_REJECT };
        if is_flat || is_noise || lead.is_nan() || lead < least {
            return Ok(Recognition { in_grammar: false, ..self.text(&free, heard.no_speech) });
        }
        Ok(in_grammar(ranked, 1.0, said, 1))
    }

    /// What each character scores in an utterance, letters first, before calibration: what the calibration is computed from.
    pub(super) fn raw_scores(&mut self, samples: &[i16], hints: &Hints) -> Result<Vec<(char, f32)>, SearchError> {
        let stop = self.tokenizer.id(".");
        let start = self.networks.start(&prepare::to_float(&prepare::pad_short(samples)))?;
        let scores = choice::score(&mut self.networks, &[start], &self.characters, stop, hints)?;
        Ok(spelling::characters().zip(scores).collect())
    }

    /// Several letters and digits.
    fn spelt(&mut self, heard: &Heard, form: &Form) -> Result<Recognition, SearchError> {
        let guide = self.alphabet.spelt(form);
        let search = Search { width: SPELLING_BEAM, longest: heard.longest, margin: 3.0 };
        let readings = beam::search(&mut self.networks, &heard.views, &guide, search, heard.hints)?;
        let merged = spelling::merge(&readings);
        let (Some((best, _)), Some(reading)) = (merged.first(), readings.first()) else {
            return self.said_instead(heard);
        };
        let is_short = best.len() < form.shortest();
        if heard.no_speech || is_short || !reading.complete || reading.mean() < DIGITS_DOUBTFUL {
            let free = self.free_readings(heard)?;
            let least = DIGITS_REJECT + 2.0 * DIGITS_REJECT_EACH * best.len() as f32;
            if !reading.complete || self.lead(&free, reading.sum) < least || self.is_nothing(&free) {
                return Ok(Recognition { in_grammar: false, ..self.text(&free, heard.no_speech) });
            }
        }
        let doubt = (reading.mean() - DIGITS_DOUBTFUL).min(0.0).exp();
        let (mean, tokens) = (reading.mean(), reading.tokens.len());
        Ok(in_grammar(merged, doubt, mean, tokens))
    }

    /// How much likelier something is than the free text.
    fn lead(&self, free: &[Reading], sum: f32) -> f32 {
        free.first().map_or(0.0, |reading| sum - reading.sum)
    }

    /// Whether the free text is one word, and not one of those that noise gives.
    fn is_one_word(&self, free: &[Reading]) -> bool {
        let text = free.first().map(|reading| self.tokenizer.decode(&reading.tokens)).unwrap_or_default();
        score::words(&text).len() == 1 && !is_invented(&text)
    }

    /// Whether the free text is what noise gives.
    fn is_nothing(&self, free: &[Reading]) -> bool {
        free.first().is_none_or(|reading| is_invented(&self.tokenizer.decode(&reading.tokens)))
    }
}

/// What a grammar made of an utterance: readings with their shares, best first, all of them trusted by so much.
fn in_grammar(readings: Vec<(String, f32)>, trust: f32, mean_log_prob: f32, tokens: usize) -> Recognition {
    let mut readings =
        readings.into_iter().map(|(text, share)| Alternative { text, confidence: (share * trust).clamp(0.0, 1.0) });
    let alternatives: Vec<Alternative> = readings.by_ref().take(MOST_ALTERNATIVES).collect();
    let Some(best) = alternatives.first().cloned() else {
        return Recognition::silence(NAME);
    };
    Recognition {
        text: best.text,
        confidence: best.confidence,
        mean_log_prob,
        no_speech: false,
        in_grammar: true,
        alternatives,
        words: Vec::new(),
        engine: NAME.to_owned(),
        tokens,
        detected: None,
    }
}

fn ranked(scores: impl Iterator<Item = (String, f32)>) -> Vec<(String, f32)> {
    let mut ranked: Vec<(String, f32)> = scores.filter(|(_, score)| *score > f32::NEG_INFINITY).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    ranked
}

/// Scores as shares of all of them.
fn shares(ranked: Vec<(String, f32)>) -> Vec<(String, f32)> {
    let total = log_sum_exp(ranked.iter().map(|(_, score)| *score));
    ranked.into_iter().map(|(text, score)| (text, (score - total).exp())).collect()
}

/// Whether a second look is worth its time.
fn is_unsure(recognition: &Recognition, grammar: &Grammar) -> bool {
    match grammar {
        // Silence stays silence.
        _ if recognition.no_speech => false,
        Grammar::Free | Grammar::List(_) => recognition.mean_log_prob < UNSURE_TEXT,
        _ => !recognition.in_grammar || recognition.confidence < UNSURE_SHARE,
    }
}

/// Whether a text is no speech at all, or what the model is known to read into noise.
fn is_invented(text: &str) -> bool {
    score::words(text).is_empty() || score::is_phantom(text)
}
