//! The tokeniser of uncased BERT: words and punctuation, lower-case and without accents, then the longest pieces of the
//! vocabulary from the left (WordPiece). The vocabulary is a text file with a piece a line.

use std::collections::HashMap;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Begins a sentence.
const CLS: &str = "[CLS]";
/// Ends it.
const SEP: &str = "[SEP]";
/// Stands for what the vocabulary cannot write.
const UNKNOWN: &str = "[UNK]";
/// A longer word is unknown as a whole.
const LONGEST_WORD: usize = 100;
/// Tokens of a sentence at most, both ends included; the rest is not looked at.
pub(super) const MOST_TOKENS: usize = 128;

/// See the module.
#[derive(Debug)]
pub(super) struct WordPiece {
    ids: HashMap<String, u32>,
    begin: u32,
    end: u32,
    unknown: u32,
}

impl WordPiece {
    /// Reads a vocabulary of `size` pieces.
    pub fn parse(text: &str, size: usize) -> Result<Self, String> {
        let ids: HashMap<String, u32> =
            text.lines().enumerate().map(|(id, piece)| (piece.to_owned(), id as u32)).collect();
        if ids.len() != size {
            return Err(format!("it has {} pieces instead of {size}", ids.len()));
        }
        let id = |piece: &str| ids.get(piece).copied().ok_or_else(|| format!("it has no {piece}"));
        let (begin, end, unknown) = (id(CLS)?, id(SEP)?, id(UNKNOWN)?);
        Ok(WordPiece { ids, begin, end, unknown })
    }

    /// A text as ids, with both ends.
    pub fn ids(&self, text: &str) -> Vec<u32> {
        let mut ids = vec![self.begin];
        let mut word = String::new();
        // A token takes a character at least, so no text needs to be read further than this.
        for c in text.chars().take(MOST_TOKENS * LONGEST_WORD) {
            if ids.len() >= MOST_TOKENS {
                break;
            }
            if c.is_whitespace() {
                self.put(&mut word, &mut ids);
            } else if is_dropped(c) {
            } else if is_mark(c) || is_ideograph(c) {
                self.put(&mut word, &mut ids);
                word.push(c);
                self.put(&mut word, &mut ids);
            } else {
                word.extend(c.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase));
            }
        }
        self.put(&mut word, &mut ids);
        ids.truncate(MOST_TOKENS - 1);
        ids.push(self.end);
        ids
    }

    /// Writes a word with the longest pieces there are, and empties it.
    fn put(&self, word: &mut String, ids: &mut Vec<u32>) {
        let before = ids.len();
        let mut rest = word.as_str();
        let mut piece = String::with_capacity(word.len() + 2);
        while !rest.is_empty() {
            let inside = rest.len() < word.len();
            let ends = rest.char_indices().map(|(at, c)| at + c.len_utf8()).rev();
            let found = ends.into_iter().find_map(|end| {
                piece.clear();
                piece.push_str(if inside { "##" } else { "" });
                piece.push_str(&rest[..end]);
                Some((end, *self.ids.get(piece.as_str())?))
            });
            match found {
                Some((end, id)) if word.len() <= LONGEST_WORD * 4 && word.chars().count() <= LONGEST_WORD => {
                    ids.push(id);
                    rest = &rest[end..];
                }
                _ => {
                    ids.truncate(before);
                    ids.push(self.unknown);
                    break;
                }
            }
        }
        word.clear();
    }
}

fn is_dropped(c: char) -> bool {
    c == '\0' || c == '\u{fffd}' || c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// BERT counts every printable ASCII character that is neither letter nor digit as punctuation, beside Unicode's.
fn is_mark(c: char) -> bool {
    c.is_ascii_punctuation()
        || matches!(c, '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}'
            | '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff1f}' | '¡' | '§' | '«' | '¶' | '·' | '»' | '¿')
}

fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{2fa1f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> WordPiece {
        let vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\nrefund\n##ed\n##s\ncafe\n'\nt\ndon\n我";
        WordPiece::parse(vocabulary, 12).expect("a whole vocabulary")
    }

    #[test]
    fn words_are_written_with_the_longest_pieces() {
        for (text, ids) in [
            ("refund", vec![2, 4, 3]),
            ("  Refunded  refunds ", vec![2, 4, 5, 4, 6, 3]),
            ("Café", vec![2, 7, 3]),
            ("don't", vec![2, 10, 8, 9, 3]),
            ("refundx 我我", vec![2, 1, 11, 11, 3]),
            ("", vec![2, 3]),
        ] {
            assert_eq!(small().ids(text), ids, "{text:?}");
        }
    }

    #[test]
    fn a_long_text_is_cut_and_still_ends() {
        let ids = small().ids(&"refund ".repeat(1_000));
        assert_eq!((ids.len(), ids.last()), (MOST_TOKENS, Some(&3)));
        assert_eq!(small().ids(&"q".repeat(10_000)), [2, 1, 3]);
        assert_eq!(small().ids(&"refund".repeat(20)), [2, 1, 3]);
    }

    #[test]
    fn another_file_is_refused() {
        assert!(WordPiece::parse("a\nb", 2).is_err());
        assert!(WordPiece::parse("[CLS]\n[SEP]", 2).is_err());
    }
}
