//! The digit grammar: while decoding, only digit words, digits and light punctuation may be written; readings that mean the same
//! string are added up, and the share of the best is its confidence.

use std::collections::BTreeMap;

use super::beam::{Guide, LogProbs, Reading, log_sum_exp};
use super::tokenizer::{EOS, Token, Tokenizer};
use crate::score;

const WORDS: [&str; 12] = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "oh", "o"];
const MARKS: [&str; 3] = [",", ".", "-"];
/// Log-probability taken off for each digit too many, and for an end too early: a grammar that is expected, not enforced.
const WRONG_LENGTH: f32 = 4.0;

/// Words as paths of tokens; `children` of a node by token, and whether a word ends there.
#[derive(Debug, Default)]
struct Node {
    children: BTreeMap<Token, usize>,
    ends_word: bool,
}

/// What a digit string may be written with.
#[derive(Debug)]
pub(super) struct DigitGrammar {
    nodes: Vec<Node>,
    /// Written digits: no word, so no space is needed between them.
    figures: Vec<Token>,
    marks: Vec<Token>,
    space: Option<Token>,
}

impl DigitGrammar {
    pub(super) fn new(tokenizer: &Tokenizer) -> Self {
        let mut grammar = DigitGrammar {
            nodes: vec![Node::default()],
            figures: ('0'..='9').filter_map(|figure| tokenizer.id(&figure.to_string())).collect(),
            marks: MARKS.iter().filter_map(|mark| tokenizer.id(mark)).collect(),
            space: tokenizer.id("▁"),
        };
        for word in WORDS {
            let capital = word[..1].to_ascii_uppercase() + &word[1..];
            for (spelling, leading_space) in [(word, true), (word, false), (&capital, true)] {
                if let Some(tokens) = tokenizer.encode(spelling, leading_space) {
                    grammar.add(&tokens);
                }
            }
        }
        grammar
    }

    fn add(&mut self, tokens: &[Token]) {
        let mut at = 0;
        for token in tokens {
            at = match self.nodes[at].children.get(token) {
                Some(next) => *next,
                None => {
                    self.nodes.push(Node::default());
                    let next = self.nodes.len() - 1;
                    self.nodes[at].children.insert(*token, next);
                    next
                }
            };
        }
        self.nodes[at].ends_word = true;
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
    /// Inside a word, or 0.
    node: usize,
    digits: usize,
    /// Marks and spaces do not follow each other.
    after_mark: bool,
}

impl Guide for Digits<'_> {
    type Place = Place;

    fn begin(&self) -> Place {
        Place { node: 0, digits: 0, after_mark: true }
    }

    fn follow(&self, place: &Place, log_probs: &LogProbs) -> Vec<(Token, f32, Place)> {
        let mut out = Vec::new();
        let surplus = if place.digits >= self.max { WRONG_LENGTH } else { 0.0 };
        for (token, next) in &self.grammar.nodes[place.node].children {
            let score = log_probs.of(*token);
            let node = &self.grammar.nodes[*next];
            if node.ends_word {
                out.push((*token, score - surplus, Place { node: 0, digits: place.digits + 1, after_mark: false }));
            }
            if !node.children.is_empty() {
                out.push((*token, score, Place { node: *next, ..*place }));
            }
        }
        if place.node != 0 {
            return out;
        }
        for token in &self.grammar.figures {
            let next = Place { node: 0, digits: place.digits + 1, after_mark: false };
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
pub(super) fn merge(readings: &[Reading], tokenizer: &Tokenizer) -> Vec<DigitString> {
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
