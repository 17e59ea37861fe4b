//! Letters and digits, spelt one by one. A single character is a forced choice among all that may be meant; several are searched
//! for as digits are, along the form of the id.

use super::beam::{Guide, LogProbs, Reading, log_sum_exp};
use super::tokenizer::{EOS, Token, Tokenizer};
use super::trie::{ROOT, Trie};
use crate::form::Form;

/// Log-probability taken off for each character too many, and for an end too early.
const WRONG_LENGTH: f32 = 4.0;
const MARKS: [&str; 3] = [",", ".", "-"];

/// How a character is written by a recogniser that expects words, beside itself in large and small.
const SOUNDS: [(char, &[&str]); 36] = [
    ('A', &["ay", "eh"]),
    ('B', &["be", "bee"]),
    ('C', &["see", "sea", "cee"]),
    ('D', &["dee"]),
    ('E', &[]),
    ('F', &["ef"]),
    ('G', &["gee"]),
    ('H', &["aitch"]),
    ('I', &["eye"]),
    ('J', &["jay"]),
    ('K', &["kay"]),
    ('L', &["el"]),
    ('M', &["em"]),
    ('N', &["en"]),
    ('O', &["oh"]),
    ('P', &["pee", "pea"]),
    ('Q', &["queue", "cue"]),
    ('R', &["are"]),
    ('S', &["es"]),
    ('T', &["tea", "tee"]),
    ('U', &["you"]),
    ('V', &["vee"]),
    ('W', &["double u", "double you"]),
    ('X', &["ex"]),
    ('Y', &["why"]),
    ('Z', &["zee", "zed"]),
    ('0', &["zero"]),
    ('1', &["one"]),
    ('2', &["two"]),
    ('3', &["three"]),
    ('4', &["four"]),
    ('5', &["five"]),
    ('6', &["six"]),
    ('7', &["seven"]),
    ('8', &["eight"]),
    ('9', &["nine"]),
];

/// What each character scores on average whatever was said, in the order of [`SOUNDS`]: some are simply dearer to the model. Four
/// fifths of the means over recordings of three people over the telephone (`examples/calibrate.rs`), since others differ.
// Letters, letters, digits.
#[rustfmt::skip]
pub(super) const PRIOR: [f32; 36] = [
    1.3, 0.7, 0.4, 0.2, 0.2, 0.7, -1.2, -0.0, 1.3, -0.3, -0.2, 0.5, -0.5,
    -0.7, -0.1, 0.9, -1.5, -0.3, 0.8, 1.0, -2.0, -1.0, 0.7, -0.1, -0.3, -1.0,
    -0.5, 1.2, 1.2, 1.6, -0.6, 0.5, -0.5, -0.6, -0.5, -1.2,
];

/// The characters, in the order of [`SOUNDS`].
pub(super) fn characters() -> impl Iterator<Item = char> {
    SOUNDS.iter().map(|(character, _)| *character)
}

/// The characters and how each is written when it stands alone. Words that sound like a letter would only add work here: they
/// take as much from the right letter as from its neighbours.
pub(super) fn alone() -> impl Iterator<Item = Vec<String>> {
    spellings().map(|(character, mut all)| {
        if character.is_ascii_alphabetic() {
            all.truncate(2);
        }
        all
    })
}

/// The characters and how each may be written, in the order of [`SOUNDS`].
fn spellings() -> impl Iterator<Item = (char, Vec<String>)> {
    SOUNDS.iter().map(|(character, sounds)| {
        let mut all = vec![character.to_string()];
        if character.is_ascii_alphabetic() {
            all.push(character.to_ascii_lowercase().to_string());
        }
        for sound in *sounds {
            all.push((*sound).to_owned());
            all.push(sound[..1].to_ascii_uppercase() + &sound[1..]);
        }
        (*character, all)
    })
}

/// What ids may be written with.
pub(super) struct Alphabet {
    words: Trie<Vec<char>>,
    marks: Vec<Token>,
}

impl Alphabet {
    pub(super) fn new(tokenizer: &Tokenizer) -> Self {
        let mut meanings: Vec<(Vec<Token>, Vec<char>)> = Vec::new();
        let mut add = |tokens: Option<Vec<Token>>, character: char| {
            let Some(tokens) = tokens else { return };
            match meanings.iter_mut().find(|(known, _)| *known == tokens) {
                Some((_, characters)) => characters.push(character),
                None => meanings.push((tokens, vec![character])),
            }
        };
        for (character, spellings) in spellings() {
            for spelling in spellings {
                add(tokenizer.encode(&spelling, true), character);
                // Letters and figures run on: "AB12".
                if spelling.chars().count() == 1 {
                    add(tokenizer.encode(&spelling, false), character);
                }
            }
        }
        // Where only a digit can stand, "oh" is a zero.
        for spelling in ["oh", "Oh", "O", "o"] {
            add(tokenizer.encode(spelling, true), '0');
        }
        let mut words = Trie::new();
        for (tokens, characters) in meanings {
            words.add(&tokens, characters);
        }
        Alphabet { words, marks: MARKS.iter().filter_map(|mark| tokenizer.id(mark)).collect() }
    }

    pub(super) fn spelt<'a>(&'a self, form: &'a Form) -> Spelt<'a> {
        Spelt { alphabet: self, form }
    }
}

/// An alphabet with a form.
pub(super) struct Spelt<'a> {
    alphabet: &'a Alphabet,
    form: &'a Form,
}

#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Inside a word, or the root.
    node: usize,
    pub(super) text: String,
    /// Marks do not follow each other.
    after_mark: bool,
}

impl Guide for Spelt<'_> {
    type Place = Place;

    fn begin(&self) -> Place {
        Place { node: ROOT, text: String::new(), after_mark: true }
    }

    fn follow(&self, place: &Place, log_probs: &LogProbs) -> Vec<(Token, f32, Place)> {
        let mut out = Vec::new();
        let words = &self.alphabet.words;
        // What is too much is heard as the last place would be.
        let length = place.text.len();
        let surplus = if length >= self.form.longest() { WRONG_LENGTH } else { 0.0 };
        let class = self.form.class(length.min(self.form.longest() - 1));
        for (token, next) in words.children(place.node) {
            let score = log_probs.of(token);
            let allowed = |characters: &Vec<char>| {
                characters.iter().copied().find(|character| class.is_some_and(|class| class.allows(*character)))
            };
            if let Some(character) = words.value(next).and_then(allowed) {
                let mut text = place.text.clone();
                text.push(character);
                out.push((token, score - surplus, Place { node: ROOT, text, after_mark: false }));
            }
            if words.goes_on(next) {
                out.push((token, score, Place { node: next, ..place.clone() }));
            }
        }
        if place.node != ROOT {
            return out;
        }
        if !place.after_mark {
            for mark in &self.alphabet.marks {
                out.push((*mark, log_probs.of(*mark), Place { after_mark: true, ..place.clone() }));
            }
        }
        if length > 0 {
            let early = if length < self.form.shortest() { WRONG_LENGTH } else { 0.0 };
            out.push((EOS, log_probs.of(EOS) - early, place.clone()));
        }
        out
    }
}

/// Readings of the same id are one answer: `(text, share of the evidence)`, best first.
pub(super) fn merge(readings: &[Reading<Place>]) -> Vec<(String, f32)> {
    let mut sums: Vec<(&str, Vec<f32>)> = Vec::new();
    for reading in readings.iter().filter(|reading| !reading.place.text.is_empty()) {
        match sums.iter_mut().find(|(known, _)| *known == reading.place.text) {
            Some((_, all)) => all.push(reading.sum),
            None => sums.push((&reading.place.text, vec![reading.sum])),
        }
    }
    let total = log_sum_exp(readings.iter().map(|reading| reading.sum));
    let mut merged: Vec<(String, f32)> =
        sums.into_iter().map(|(text, all)| (text.to_owned(), (log_sum_exp(all) - total).exp())).collect();
    merged.sort_by(|a, b| b.1.total_cmp(&a.1));
    merged
}
