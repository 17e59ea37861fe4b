//! The digit grammar: while decoding, only digit words, digits and light punctuation may be written; readings that mean the same
//! string are added up, and the share of the best is its confidence.

use super::beam::{Guide, LogProbs, Reading, log_sum_exp};
use super::tokenizer::{EOS, Token, Tokenizer};
use super::trie::{ROOT, Trie};
use crate::score;

const WORDS: [&str; 12] = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "oh", "o"];
const MARKS: [&str; 3] = [",", ".", "-"];
/// Log-probability taken off for each digit too many, and for an end too early: a grammar that is expected, not enforced.
const WRONG_LENGTH: f32 = 4.0;

/// What a digit string may be written with.
#[derive(Debug)]
pub(super) struct DigitGrammar {
    words: Trie<()>,
    /// Written digits: no word, so no space is needed between them.
    figures: Vec<Token>,
    marks: Vec<Token>,
    space: Option<Token>,
}

impl DigitGrammar {
    pub(super) fn new(tokenizer: &Tokenizer) -> Self {
        let mut words = Trie::new();
        for word in WORDS {
            let capital = word[..1].to_ascii_uppercase() + &word[1..];
            for (spelling, leading_space) in [(word, true), (word, false), (&capital, true)] {
                if let Some(tokens) = tokenizer.encode(spelling, leading_space) {
                    words.add(&tokens, ());
                }
            }
        }
        DigitGrammar {
            words,
            figures: ('0'..='9').filter_map(|figure| tokenizer.id(&figure.to_string())).collect(),
            marks: MARKS.iter().filter_map(|mark| tokenizer.id(mark)).collect(),
            space: tokenizer.id("▁"),
        }
    }

    /// The grammar for strings between `min` and `max` digits long (0: no limit).
    pub(super) fn between(&self, min: u8, max: u8) -> Digits<'_> {
        Digits {
            grammar: self,
            min: usize::from(min).max(1),
            max: if max == 0 { usize::MAX } else { usize::from(max) },
        }
    }
}

/// A digit grammar with a length.
pub(super) struct Digits<'a> {
    grammar: &'a DigitGrammar,
    min: usize,
    max: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Inside a word, or the root.
    node: usize,
    digits: usize,
    /// Marks and spaces do not follow each other.
    after_mark: bool,
}

impl Guide for Digits<'_> {
    type Place = Place;

    fn begin(&self) -> Place {
        Place { node: ROOT, digits: 0, after_mark: true }
    }

    fn follow(&self, place: &Place, log_probs: &LogProbs) -> Vec<(Token, f32, Place)> {
        let mut out = Vec::new();
        let surplus = if place.digits >= self.max { WRONG_LENGTH } else { 0.0 };
        let words = &self.grammar.words;
        for (token, next) in words.children(place.node) {
            let score = log_probs.of(token);
            if words.value(next).is_some() {
                out.push((token, score - surplus, Place { node: ROOT, digits: place.digits + 1, after_mark: false }));
            }
            if words.goes_on(next) {
                out.push((token, score, Place { node: next, ..*place }));
            }
        }
        if place.node != ROOT {
            return out;
        }
        for token in &self.grammar.figures {
            let next = Place { node: ROOT, digits: place.digits + 1, after_mark: false };
            out.push((*token, log_probs.of(*token) - surplus, next));
        }
        if let Some(space) = self.grammar.space {
            // A space alone precedes written digits.
            out.push((space, log_probs.of(space), Place { after_mark: true, ..*place }));
        }
        if !place.after_mark {
            for mark in &self.grammar.marks {
                out.push((*mark, log_probs.of(*mark), Place { after_mark: true, ..*place }));
            }
        }
        if place.digits > 0 {
            let early = if place.digits < self.min { WRONG_LENGTH } else { 0.0 };
            out.push((EOS, log_probs.of(EOS) - early, *place));
        }
        out
    }
}

/// A digit string and its evidence.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct DigitString {
    pub(super) digits: String,
    /// Its share among all readings, 0 to 1.
    pub(super) share: f32,
}

/// Readings of the same digits are one answer; best first.
pub(super) fn merge<P>(readings: &[Reading<P>], tokenizer: &Tokenizer) -> Vec<DigitString> {
    let mut sums: Vec<(String, Vec<f32>)> = Vec::new();
    for reading in readings {
        let digits = score::digits(&tokenizer.decode(&reading.tokens));
        match sums.iter_mut().find(|(known, _)| *known == digits) {
            Some((_, all)) => all.push(reading.sum),
            None => sums.push((digits, vec![reading.sum])),
        }
    }
    let total = log_sum_exp(readings.iter().map(|reading| reading.sum));
    let mut merged: Vec<DigitString> = sums
        .into_iter()
        .filter(|(digits, _)| !digits.is_empty())
        .map(|(digits, all)| DigitString { digits, share: (log_sum_exp(all) - total).exp() })
        .collect();
    merged.sort_by(|a, b| b.share.total_cmp(&a.share));
    merged
}
