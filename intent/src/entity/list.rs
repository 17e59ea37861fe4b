//! One of a list: products, places, names, each with other words for it. What was misheard is found by spelling (edit distance) and by
//! sound: double metaphone for English (Philips 2000), pinyin without tones for Chinese.

use std::{cell::OnceCell, ops::Range};

use rphonetic::DoubleMetaphone;
use serde::{Deserialize, Serialize};

use super::{
    Reading, Value,
    token::{Said, Shape},
};
use crate::slot::syllable;

/// Something that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What it is called in the flow.
    pub id: String,
    /// What callers call it. The id itself is no phrase unless it stands here, too.
    pub phrases: Vec<String>,
}

/// From this likeness on an item is taken.
const CLOSE: f64 = 0.75;
/// What sounds the same needs to be spelt only so much alike.
const SAME_SOUND: f64 = 0.45;

/// Words that nobody says for an item if anything else will do.
const FUNCTION_WORDS: &[&str] = &[
    "a", "i", "in", "me", "or", "hi", "ok", "oh", "on", "it", "is", "as", "at", "by", "my", "no", "so", "to", "up",
    "us", "we", "he", "do", "go", "if", "be", "am", "an", "of", "the", "and", "for", "you",
];

/// A word as it is spelt and as it sounds.
struct Word {
    spelt: String,
    /// Reckoned when it is needed: most words are told apart by their letters.
    sounds: OnceCell<[String; 2]>,
    shape: Shape,
    /// A bit for each of its characters, by which most pairs of words are told apart at once.
    letters: u64,
}

impl Word {
    fn sounds(&self) -> &[String; 2] {
        self.sounds.get_or_init(|| match self.shape {
            Shape::Han => {
                let sound: String =
                    self.spelt.chars().next().map(|c| syllable(c).into_iter().collect()).unwrap_or_default();
                [sound, String::new()]
            }
            Shape::Word if self.spelt.is_ascii() => {
                let sound = DoubleMetaphone::new(Some(12)).double_metaphone(&self.spelt);
                let (first, second) = (sound.primary(), sound.alternate());
                let second = if second == first { String::new() } else { second };
                [first, second]
            }
            _ => [self.spelt.clone(), String::new()],
        })
    }
}

fn words(said: &Said) -> Vec<Word> {
    let word = |token: &super::token::Token| Word {
        spelt: token.text.clone(),
        sounds: OnceCell::new(),
        shape: token.shape,
        letters: token.text.chars().fold(0, |bits, c| bits | 1 << (c as u32 % 64)),
    };
    said.tokens.iter().map(word).collect()
}

/// The items in a text, with the tokens that name them.
pub(super) fn readings(said: &Said, items: &[Item]) -> Vec<(Range<usize>, Reading)> {
    let heard = words(said);
    let mut found: Vec<(Range<usize>, f64, &str)> = Vec::new();
    for item in items {
        for phrase in &item.phrases {
            let phrase = Said::new(phrase);
            if phrase.len() == 0 || phrase.len() > 12 {
                continue;
            }
            stretches(said, &heard, &words(&phrase), |range, likeness| found.push((range, likeness, &item.id)));
        }
    }
    // The likeliest stretches; of those that overlap the likelier, then the longer.
    found.sort_by(|a, b| b.1.total_cmp(&a.1).then(b.0.len().cmp(&a.0.len())).then(a.0.start.cmp(&b.0.start)));
    let mut out: Vec<(Range<usize>, Reading)> = Vec::new();
    for (range, likeness, id) in found {
        let value = Value::Item { id: id.to_owned() };
        let overlapping = out.iter_mut().find(|(other, _)| other.start < range.end && range.start < other.end);
        match overlapping {
            Some((_, first)) => {
                // Two that are as close are not told apart: both are reported.
                let close = f64::from(first.confidence) - likeness < 0.03;
                if first.value != value
                    && close
                    && !first.others.contains(&value)
                    && first.others.len() < 3
                    && first.confidence < 0.999
                {
                    first.others.push(value);
                }
            }
            None => out.push((range.clone(), Reading::new(value, range.end, likeness as f32))),
        }
    }
    for (_, reading) in &mut out {
        if !reading.others.is_empty() {
            reading.confidence *= 0.6;
        }
    }
    out
}

/// Calls back with each stretch of what was heard that is close to a phrase.
fn stretches(said: &Said, heard: &[Word], phrase: &[Word], mut found: impl FnMut(Range<usize>, f64)) {
    let least = phrase.len().saturating_sub(1).max(1);
    for start in 0..heard.len() {
        let mut best: Option<(Range<usize>, f64)> = None;
        for size in least..=phrase.len() + 1 {
            let range = start..start + size;
            let Some(stretch) = heard.get(range.clone()) else { break };
            // A stretch does not begin or end with a mark, nor reach over the end of a sentence.
            let mark = |at: usize| said.shape(at) == Some(Shape::Mark);
            if mark(range.start) || mark(range.end - 1) {
                continue;
            }
            let likeness = likeness(stretch, phrase);
            if likeness >= CLOSE && best.as_ref().is_none_or(|(_, best)| likeness > *best) {
                best = Some((range, likeness));
            }
        }
        if let Some((range, likeness)) = best {
            found(range, likeness);
        }
    }
}

fn likeness(heard: &[Word], phrase: &[Word]) -> f64 {
    let han = phrase.iter().any(|word| word.shape == Shape::Han);
    let letters = |words: &[Word]| words.iter().fold(0, |bits, word| bits | word.letters);
    let (of_heard, of_phrase) = (letters(heard), letters(phrase));
    // Words that share less than half of their letters are not close, however they sound; characters may share none and sound the same.
    if !han && (of_heard & of_phrase).count_ones() * 2 < of_phrase.count_ones() {
        return 0.0;
    }
    let (a, b) = (join(heard, |word| &word.spelt), join(phrase, |word| &word.spelt));
    if a == b {
        // A short code that is also a word ("in" for Indiana) is more often the word.
        return if FUNCTION_WORDS.contains(&a.as_str()) { CLOSE } else { 1.0 };
    }
    let length = b.chars().count();
    // Short words resemble each other by chance: two letters must agree, and one Han character, too.
    if a.chars().count().abs_diff(length) * 2 > length.max(2) || (!han && length <= 3) || (han && length == 1) {
        return 0.0;
    }
    let spelt = strsim::normalized_levenshtein(&a, &b);
    if han {
        // The same syllables are the same word to the ear, whatever was written.
        let sound = sound(heard, phrase, han);
        return if sound >= 1.0 { 0.92 } else { 0.35 * spelt + 0.6 * sound };
    }
    // The first letter is heard best: "latte" is no "batty".
    let first = |text: &str| text.chars().next();
    let start = if first(&a) == first(&b) { 0.06 } else { 0.0 };
    // However it sounds, what is written too differently is something else.
    let within_reach = 0.5 * spelt + 0.44 + start >= CLOSE || spelt >= SAME_SOUND && start > 0.0;
    if !within_reach {
        return 0.0;
    }
    let sound = sound(heard, phrase, han);
    let together = 0.5 * spelt + 0.44 * sound + start;
    // What sounds the same throughout is taken, unless it is written quite differently.
    let same = sound >= 1.0 && spelt >= SAME_SOUND && start > 0.0;
    if same { together.clamp(0.8, 0.98) } else { together.min(0.98) }
}

/// How alike two stretches sound: of the one or two ways that each may be said the closest.
fn sound(heard: &[Word], phrase: &[Word], han: bool) -> f64 {
    let mut closest = 0f64;
    let ways = |words: &[Word]| if words.iter().any(|word| !word.sounds()[1].is_empty()) { 2 } else { 1 };
    for of_heard in 0..ways(heard) {
        for of_phrase in 0..ways(phrase) {
            let (a, b) = (join(heard, |word| one(word, of_heard)), join(phrase, |word| one(word, of_phrase)));
            // A final r is not spoken by half of the speakers.
            let (a, b) = if han { (a.as_str(), b.as_str()) } else { (unfinished(&a), unfinished(&b)) };
            if !a.is_empty() && !b.is_empty() {
                closest = closest.max(strsim::normalized_levenshtein(a, b));
            }
        }
    }
    closest
}

fn unfinished(sound: &str) -> &str {
    sound.strip_suffix('R').filter(|sound| sound.len() > 1).unwrap_or(sound)
}

fn one(word: &Word, which: usize) -> &String {
    let sounds = word.sounds();
    if sounds[which].is_empty() { &sounds[0] } else { &sounds[which] }
}

fn join<'a>(words: &'a [Word], part: impl Fn(&'a Word) -> &'a String) -> String {
    words.iter().map(part).fold(String::new(), |out, part| out + part)
}
