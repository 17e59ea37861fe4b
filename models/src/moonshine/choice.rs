//! Forced choice: how likely is it that the caller said this phrase rather than that one? Every phrase is written out by the
//! decoder, in the spellings it is used to, and its probability read off; nothing is searched.

use super::beam::{LogProbs, SearchError, log_sum_exp};
use super::runtime::{Networks, Start};
use super::tokenizer::{EOS, Token, Tokenizer};
use crate::recogniser::Hints;

/// Spellings scored in one run; more rows cost memory and gain nothing.
const BATCH: usize = 16;

/// The log-probability of each phrase, in order; negative infinity for one that cannot be written.
pub(super) fn score_phrases(
    networks: &mut Networks,
    start: &Start,
    tokenizer: &Tokenizer,
    phrases: &[String],
    hints: &Hints,
) -> Result<Vec<f32>, SearchError> {
    let mut spellings: Vec<(usize, Vec<Token>)> = Vec::new();
    for (phrase, text) in phrases.iter().enumerate() {
        for spelling in spellings_of(text) {
            if let Some(tokens) = tokenizer.encode(&spelling, true)
                && !spellings.contains(&(phrase, tokens.clone()))
            {
                spellings.push((phrase, tokens));
            }
        }
    }
    let first = LogProbs::new(&start.logits);
    let mut scores = vec![Vec::new(); phrases.len()];
    // Of like length together, so that little is padded.
    spellings.sort_by_key(|(_, tokens)| tokens.len());
    for batch in spellings.chunks(BATCH) {
        if hints.aborted() {
            return Err(SearchError::Aborted);
        }
        for ((phrase, _), sum) in batch.iter().zip(score_batch(networks, start, &first, batch)?) {
            scores[*phrase].push(sum);
        }
    }
    Ok(scores.into_iter().map(log_sum_exp).collect())
}

fn score_batch(
    networks: &mut Networks,
    start: &Start,
    first: &LogProbs,
    batch: &[(usize, Vec<Token>)],
) -> ort::Result<Vec<f32>> {
    let longest = batch.iter().map(|(_, tokens)| tokens.len()).max().unwrap_or(0);
    let mut padded = Vec::with_capacity(batch.len() * longest);
    for (_, tokens) in batch {
        padded.extend_from_slice(tokens);
        // What follows a phrase does not change what was before it, so any token pads.
        padded.extend(std::iter::repeat_n(EOS, longest - tokens.len()));
    }
    let vocabulary = networks.vocabulary();
    let mut rows = networks.spread(start, batch.len())?;
    networks.step(&mut rows, &padded, longest, false, |logits| {
        batch
            .iter()
            .zip(logits.chunks_exact(longest * vocabulary))
            .map(|((_, tokens), row)| {
                let mut sum = tokens.first().map_or(f32::NEG_INFINITY, |token| first.of(*token));
                let next = tokens.iter().skip(1).chain([&EOS]);
                for (token, logits) in next.zip(row.chunks_exact(vocabulary)) {
                    sum += LogProbs::new(logits).of(*token);
                }
                sum
            })
            .collect()
    })
}

/// The model writes sentences: with or without a capital, with or without a full stop.
fn spellings_of(phrase: &str) -> Vec<String> {
    let plain = phrase.trim().trim_end_matches(['.', '!', '?', ',']).trim();
    let mut letters = plain.chars();
    let Some(first) = letters.next() else {
        return Vec::new();
    };
    let capital: String = first.to_uppercase().chain(letters).collect();
    let mut spellings = Vec::new();
    for text in [plain.to_owned(), plain.to_lowercase(), capital] {
        for end in ["", "."] {
            let spelling = format!("{text}{end}");
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

    #[test]
    fn a_phrase_is_tried_as_a_word_and_as_a_sentence() {
        assert_eq!(
            spellings_of(" opening hours. "),
            ["opening hours", "opening hours.", "Opening hours", "Opening hours."]
        );
        assert!(spellings_of("  ").is_empty());
    }
}
