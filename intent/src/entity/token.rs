//! A text as words, figures, Han characters and marks, each with its place in the original. Everything that looks for values reads
//! these; only here are bytes counted.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

use crate::{
    language::is_han,
    normalise::{LONGEST, simplify},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Letters of an alphabet, lower case, apostrophes dropped.
    Word,
    /// ASCII figures.
    Figures,
    /// One Han character, Simplified.
    Han,
    /// One other character that is not white space.
    Mark,
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub text: String,
    pub shape: Shape,
    /// Bytes of the original.
    pub span: Range<usize>,
    /// Whether nothing stands between it and the token before.
    pub joined: bool,
}

/// What was said, in tokens. Positions beyond the end read as an empty word, so that rules need not look for it.
pub(super) struct Said<'a> {
    pub original: &'a str,
    pub tokens: Vec<Token>,
}

/// What a single character is; `None` for a combining mark, which belongs to the letter before it.
fn shape(c: char) -> Option<Shape> {
    Some(match c {
        c if c.is_ascii_digit() => Shape::Figures,
        c if is_han(c) => Shape::Han,
        c if c.is_alphanumeric() => Shape::Word,
        c if is_combining(c) => return None,
        _ => Shape::Mark,
    })
}

fn is_combining(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036f}')
}

impl<'a> Said<'a> {
    pub fn new(original: &'a str) -> Self {
        let mut tokens: Vec<Token> = Vec::new();
        let mut touching = false;
        for (start, character) in original.char_indices().take(LONGEST) {
            let span = start..start + character.len_utf8();
            if character.is_whitespace() {
                touching = false;
                continue;
            }
            if matches!(character, '\'' | '’' | '‘' | '`' | '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}') {
                continue;
            }
            let normal: Vec<char> =
                std::iter::once(character).nfkc().flat_map(char::to_lowercase).map(simplify).collect();
            // A character that stands for several of different kinds (½, ㏂) cannot be parted: its span is one.
            let shape = match normal.as_slice() {
                [] => continue,
                [c] => shape(*c),
                several if several.iter().all(|c| c.is_ascii_digit()) => Some(Shape::Figures),
                several if several.iter().all(|c| shape(*c) == Some(Shape::Word) || is_combining(*c)) => {
                    Some(Shape::Word)
                }
                _ => Some(Shape::Mark),
            };
            let Some(shape) = shape else { continue };
            let text: String = if shape == Shape::Mark && normal.len() > 1 {
                character.to_string()
            } else {
                normal.into_iter().filter(|c| !is_combining(*c)).collect()
            };
            match tokens.last_mut() {
                Some(last) if touching && last.shape == shape && matches!(shape, Shape::Word | Shape::Figures) => {
                    last.text.push_str(&text);
                    last.span.end = span.end;
                }
                _ => tokens.push(Token { text, shape, span, joined: touching }),
            }
            touching = true;
        }
        Said { original, tokens }
    }

    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// The text of a token; empty beyond the end.
    pub fn word(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| &token.text)
    }

    /// The token before; empty at the beginning.
    pub fn before(&self, at: usize) -> &str {
        at.checked_sub(1).map_or("", |at| self.word(at))
    }

    pub fn shape(&self, at: usize) -> Option<Shape> {
        self.tokens.get(at).map(|token| token.shape)
    }

    pub fn is(&self, at: usize, any: &[&str]) -> bool {
        any.contains(&self.word(at))
    }

    pub fn joined(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| token.joined)
    }

    /// The figures that stand here.
    pub fn figures(&self, at: usize) -> Option<&str> {
        self.tokens.get(at).filter(|token| token.shape == Shape::Figures).map(|token| token.text.as_str())
    }

    pub fn han(&self, at: usize) -> Option<char> {
        self.tokens.get(at).filter(|token| token.shape == Shape::Han).and_then(|token| token.text.chars().next())
    }

    /// Where a phrase that stands here ends: words parted by spaces, Han characters one by one. Hyphens between words are passed over.
    pub fn phrase(&self, at: usize, phrase: &str) -> Option<usize> {
        // Most phrases do not stand here, and most show it at once.
        if self.word(at).as_bytes().first() != phrase.as_bytes().first() {
            return None;
        }
        let mut end = at;
        for part in phrase.split(' ') {
            if part.chars().next().is_some_and(is_han) {
                for c in part.chars() {
                    if self.han(end) != Some(c) {
                        return None;
                    }
                    end += 1;
                }
            } else {
                if end > at && self.word(end) == "-" {
                    end += 1;
                }
                if self.word(end) != part {
                    return None;
                }
                end += 1;
            }
        }
        Some(end)
    }

    /// The end of the longest of some phrases that stands here.
    pub fn any(&self, at: usize, phrases: &[&str]) -> Option<usize> {
        phrases.iter().filter_map(|phrase| self.phrase(at, phrase)).max()
    }

    /// The value of the longest of some phrases that stands here, and its end.
    pub fn look_up<T: Copy>(&self, at: usize, table: &[(&str, T)]) -> Option<(T, usize)> {
        table
            .iter()
            .filter_map(|(phrase, value)| self.phrase(at, phrase).map(|end| (*value, end)))
            .max_by_key(|(_, end)| *end)
    }

    /// The bytes of the original that some tokens cover.
    pub fn span(&self, tokens: Range<usize>) -> Range<usize> {
        let first = self.tokens.get(tokens.start).map_or(self.original.len(), |token| token.span.start);
        let last = tokens.end.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(first, |token| token.span.end);
        first..last.max(first)
    }

    pub fn raw(&self, tokens: Range<usize>) -> &'a str {
        &self.original[self.span(tokens)]
    }

    /// Whether nothing but fillers and marks stands outside some tokens: the value is the whole answer.
    pub fn alone(&self, tokens: Range<usize>) -> bool {
        (0..self.len()).filter(|at| !tokens.contains(at)).all(|at| {
            self.shape(at) == Some(Shape::Mark)
                || self.is(at, FILLERS)
                || self.shape(at) == Some(Shape::Han) && self.is(at, FILLERS_ZH)
        })
    }
}

const FILLERS: &[&str] = &[
    "um", "uh", "er", "erm", "ehm", "hm", "hmm", "well", "so", "ok", "okay", "yes", "yeah", "please", "the", "a",
    "its", "it", "is", "just", "only", "at", "on", "for", "about", "around", "maybe", "thats", "thanks", "thank",
    "you", "say", "lets", "ish", "sharp", "be", "will", "would", "then", "no", "actually", "make",
];
const FILLERS_ZH: &[&str] =
    &["嗯", "呃", "啊", "吧", "是", "的", "就", "那", "在", "哦", "呢", "了", "大", "概", "谢", "要", "我"];
