//! Words that are likely to be said: the names and values of a list get a bonus while they are being written, which is taken back
//! when a half-written one is left. Whether what comes out is believed is decided afterwards, by its sound alone.

use super::beam::{BRANCHES, Guide, LogProbs};
use super::tokenizer::{EOS, Token, Tokenizer};
use super::trie::{ROOT, Trie};
use crate::score;

/// Added to the log-probability of each token along a phrase.
const BONUS: f32 = 2.5;
/// Phrases beyond these are left out; lists of thousands are matched after recognition.
const MOST_PHRASES: usize = 500;

/// Phrases as paths, in the ways in which the model may write them.
pub(super) struct BiasWords {
    trie: Trie<()>,
    /// By token: whether a word cannot go on with it.
    boundary: Vec<bool>,
}

impl BiasWords {
    pub(super) fn new(phrases: &[String], tokenizer: &Tokenizer) -> Self {
        let mut trie = Trie::new();
        for phrase in phrases.iter().take(MOST_PHRASES) {
            for spelling in spellings_of(phrase) {
                if let Some(tokens) = tokenizer.encode(&spelling, true) {
                    trie.add(&tokens, ());
                }
            }
        }
        let boundary = (0..tokenizer.len() as Token).map(|token| tokenizer.is_boundary(token)).collect();
        BiasWords { trie, boundary }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.trie.is_empty()
    }

    fn ends_word(&self, token: Token) -> bool {
        self.boundary.get(token as usize).copied().unwrap_or(true)
    }

    /// What a token adds to the score, and where it leads.
    fn step(&self, place: Place, token: Token) -> (f32, Place) {
        if let Some(next) = self.trie.child(place.node, token) {
            return (BONUS, self.arrive(next, place.given + BONUS, place.earned));
        }
        // A phrase that was finished is kept if a new word begins; "coffees" is not "coffee".
        let finished = self.trie.value(place.node).is_some();
        let kept = if finished && !self.ends_word(token) { 0.0 } else { place.earned };
        let back = kept - place.given;
        match self.trie.child(ROOT, token) {
            Some(next) => (back + BONUS, self.arrive(next, BONUS, 0.0)),
            None => (back, Place::default()),
        }
    }

    fn arrive(&self, node: usize, given: f32, earned: f32) -> Place {
        let earned = if self.trie.value(node).is_some() { given } else { earned };
        Place { node, given, earned }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Place {
    node: usize,
    /// Bonus given since the root.
    given: f32,
    /// What of it belongs to a phrase that was finished on the way.
    earned: f32,
}

impl Guide for BiasWords {
    type Place = Place;

    fn begin(&self) -> Place {
        Place::default()
    }

    fn follow(&self, place: &Place, log_probs: &LogProbs) -> Vec<(Token, f32, Place)> {
        let likely = log_probs.best(BRANCHES).into_iter().map(|(token, _)| token);
        let phrases = self.trie.children(place.node).chain(self.trie.children(ROOT)).map(|(token, _)| token);
        let mut tokens: Vec<Token> = likely.chain(phrases).collect();
        tokens.sort_unstable();
        tokens.dedup();
        let with_bonus = |token: Token| {
            let (bonus, next) = self.step(*place, token);
            let next = if token == EOS { Place::default() } else { next };
            (token, log_probs.of(token) + bonus, next)
        };
        tokens.into_iter().map(with_bonus).collect()
    }
}

/// As it is, in small letters, with a capital; numbers as words and as figures.
fn spellings_of(phrase: &str) -> Vec<String> {
    let plain = phrase.split_whitespace().collect::<Vec<_>>().join(" ");
    let plain = plain.trim_end_matches(['.', '!', '?', ',']);
    let mut spellings: Vec<String> = Vec::new();
    for text in [plain.to_owned(), score::numbers_as_figures(plain), score::numbers_as_words(plain)] {
        let mut letters = text.chars();
        let Some(first) = letters.next() else { continue };
        let capital: String = first.to_uppercase().chain(letters).collect();
        for spelling in [text.to_lowercase(), capital, text] {
            if !spellings.contains(&spelling) {
                spellings.push(spelling);
            }
        }
    }
    spellings
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tokens 3 to 9: `▁ice`, `d`, `▁tea`, `s`, `▁hot`, `.`, `▁`; phrases "iced tea" and "hot".
    fn words() -> BiasWords {
        let mut trie = Trie::new();
        trie.add(&[3, 4, 5], ());
        trie.add(&[7], ());
        let boundary = vec![true, true, true, true, false, true, false, true, true, true];
        BiasWords { trie, boundary }
    }

    fn total(tokens: &[Token]) -> f32 {
        let words = words();
        let mut place = words.begin();
        let mut sum = 0.0;
        for token in tokens.iter().chain([&EOS]) {
            let (bonus, next) = words.step(place, *token);
            sum += bonus;
            place = next;
        }
        sum
    }

    #[test]
    fn a_whole_phrase_keeps_its_bonus_and_a_broken_one_gives_it_back() {
        for (tokens, phrases) in [
            (&[3, 4, 5][..], 3.0),
            (&[3, 4, 5, 8][..], 3.0),
            (&[3, 4][..], 0.0),
            (&[3, 4, 7][..], 1.0),
            (&[3, 3, 4, 5][..], 3.0),
            (&[3, 4, 5, 6][..], 0.0),
            (&[7, 7][..], 2.0),
            (&[9, 8][..], 0.0),
            (&[][..], 0.0),
        ] {
            assert!((total(tokens) - phrases * BONUS).abs() < 1e-5, "{tokens:?}: {}", total(tokens));
        }
    }

    #[test]
    fn numbers_are_expected_in_both_ways_of_writing_them() {
        let spellings = spellings_of(" twelve  ounce. ");
        assert!(["twelve ounce", "Twelve ounce", "12 ounce"].iter().all(|text| spellings.iter().any(|s| s == text)));
        assert!(spellings_of("16 ounce").contains(&"sixteen ounce".to_owned()));
        assert!(spellings_of("  ").is_empty());
    }
}
