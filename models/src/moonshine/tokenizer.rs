//! Moonshine's vocabulary: a flat list of byte strings, in the order of their ids. Words begin with `▁`; merges are tried in
//! the order of ids, as SentencePiece does.

use std::collections::HashMap;

pub(super) type Token = u32;

/// Begin of sequence.
pub(super) const BOS: Token = 1;
/// End of sequence.
pub(super) const EOS: Token = 2;

const SPACE: &str = "▁";
/// From here on come tokens for timestamps and the like, which are no text.
const FIRST_SPECIAL: Token = 32_000;

#[derive(Debug)]
pub(super) struct Tokenizer {
    pieces: Vec<Vec<u8>>,
    ids: HashMap<Vec<u8>, Token>,
}

impl Tokenizer {
    /// Each token is its length (one byte, or two when the first is 128 or more: `b0 - 128 + 128 * b1`) and its bytes.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = bytes;
        while let [first, tail @ ..] = rest {
            let (length, tail) = match (*first, tail) {
                (short @ 0..128, tail) => (usize::from(short), tail),
                (long, [second, tail @ ..]) => (usize::from(long) - 128 + 128 * usize::from(*second), tail),
                (_, []) => return Err(format!("it ends inside token {}", pieces.len())),
            };
            if tail.len() < length {
                return Err(format!("it ends inside token {}", pieces.len()));
            }
            let (piece, tail) = tail.split_at(length);
            pieces.push(piece.to_vec());
            rest = tail;
        }
        if pieces.len() <= EOS as usize || pieces[EOS as usize] != b"</s>" {
            return Err("it is not a tokenizer of Moonshine".to_owned());
        }
        // Single characters stand twice, as raw bytes first and as text later: the later one is what the model writes.
        let ids = pieces.iter().enumerate().map(|(id, piece)| (piece.clone(), id as Token)).collect();
        Ok(Tokenizer { pieces, ids })
    }

    pub(super) fn len(&self) -> usize {
        self.pieces.len()
    }

    /// The token that is exactly this text.
    pub(super) fn id(&self, piece: &str) -> Option<Token> {
        self.ids.get(piece.as_bytes()).copied()
    }

    /// Whether a word cannot go on with this token: it begins another one, is no text, or a mark.
    pub(super) fn is_boundary(&self, token: Token) -> bool {
        if token <= EOS || token >= FIRST_SPECIAL {
            return true;
        }
        let piece = self.pieces.get(token as usize).map(|piece| String::from_utf8_lossy(piece));
        piece.and_then(|piece| piece.chars().next()).is_none_or(|first| !first.is_alphanumeric() && first != '\'')
    }

    /// The text of a sequence of tokens.
    pub(super) fn decode(&self, tokens: &[Token]) -> String {
        let mut bytes = Vec::new();
        for token in tokens {
            if *token > EOS
                && *token < FIRST_SPECIAL
                && let Some(piece) = self.pieces.get(*token as usize)
            {
                bytes.extend_from_slice(piece);
            }
        }
        String::from_utf8_lossy(&bytes).replace(SPACE, " ").trim().to_owned()
    }

    /// The tokens the model would write for a text; `leading_space` as at the beginning of a word. `None` when a character
    /// is not in the vocabulary.
    pub(super) fn encode(&self, text: &str, leading_space: bool) -> Option<Vec<Token>> {
        let text = text.replace(' ', SPACE);
        let text = if leading_space { format!("{SPACE}{text}") } else { text };
        let mut symbols: Vec<Token> =
            text.chars().map(|c| self.id(c.encode_utf8(&mut [0; 4]))).collect::<Option<_>>()?;
        loop {
            let best = symbols
                .windows(2)
                .enumerate()
                .filter_map(|(at, pair)| self.merged(pair[0], pair[1]).map(|id| (id, at)))
                .min();
            let Some((id, at)) = best else {
                return Some(symbols);
            };
            symbols[at] = id;
            symbols.remove(at + 1);
        }
    }

    fn merged(&self, a: Token, b: Token) -> Option<Token> {
        let mut joined = self.pieces.get(a as usize)?.clone();
        joined.extend_from_slice(self.pieces.get(b as usize)?);
        self.ids.get(&joined).copied().filter(|id| *id < FIRST_SPECIAL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Tokenizer {
        let mut bytes = Vec::new();
        for piece in ["<unk>", "<s>", "</s>", "▁t", "wo", "▁two", "▁", "t", "w", "o"] {
            bytes.push(piece.len() as u8);
            bytes.extend(piece.as_bytes());
        }
        Tokenizer::parse(&bytes).expect("the list above is well formed")
    }

    #[test]
    fn a_word_becomes_the_tokens_the_model_writes_and_comes_back() {
        let tokenizer = small();
        assert_eq!(tokenizer.encode("two", true), Some(vec![5]));
        assert_eq!(tokenizer.encode("two", false), Some(vec![7, 4]));
        assert_eq!(tokenizer.decode(&[5, 3, 4]), "two two");
    }

    #[test]
    fn a_character_that_the_model_never_writes_has_no_tokens() {
        assert_eq!(small().encode("tx", true), None);
    }

    #[test]
    fn a_damaged_file_is_an_error() {
        for bytes in [&b""[..], &[5, b'a'][..], &[200][..], &[1, b'a', 1, b'b', 1, b'c'][..]] {
            assert!(Tokenizer::parse(bytes).is_err());
        }
    }
}
