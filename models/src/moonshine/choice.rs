//! Forced choice: how likely is it that the caller said this phrase rather than that one? Every phrase is written out by the
//! decoder, in the spellings it is used to, and its probability read off; nothing is searched.

use super::beam::{LogProbs, SearchError, log_sum_exp};
use super::runtime::{Networks, Start};
use super::spelling;
use super::tokenizer::{EOS, Token, Tokenizer};
use crate::recogniser::Hints;

/// Spellings scored in one run; more rows cost memory and gain nothing.
const BATCH: usize = 16;

/// Things that may have been said, each with the token sequences it may be written as.
pub(super) type Choices = Vec<Vec<Vec<Token>>>;

/// Phrases in their spellings, with and without a full stop.
pub(super) fn phrases(phrases: &[String], tokenizer: &Tokenizer) -> Choices {
    encoded(phrases.iter().map(|phrase| spellings_of(phrase)), tokenizer)
}

/// Single characters in their spellings; a full stop is read off in passing.
pub(super) fn characters(tokenizer: &Tokenizer) -> Choices {
    encoded(spelling::alone(), tokenizer)
}

fn encoded(choices: impl Iterator<Item = Vec<String>>, tokenizer: &Tokenizer) -> Choices {
    choices
        .map(|spellings| {
            let mut all: Vec<Vec<Token>> = Vec::new();
            for tokens in spellings.iter().filter_map(|spelling| tokenizer.encode(spelling, true)) {
                if !all.contains(&tokens) {
                    all.push(tokens);
                }
            }
            all
        })
        .collect()
}

/// The log-probability of each choice, in order; negative infinity for one that cannot be written. Of several views of the
/// utterance the mean counts. With `stop`, a choice may also end with that token, after which nothing else is expected.
pub(super) fn score(
    networks: &mut Networks,
    views: &[Start],
    choices: &Choices,
    stop: Option<Token>,
    hints: &Hints,
) -> Result<Vec<f32>, SearchError> {
    let mut spellings: Vec<(usize, &[Token])> = Vec::new();
    for (choice, all) in choices.iter().enumerate() {
        spellings.extend(all.iter().map(|tokens| (choice, tokens.as_slice())));
    }
    // Of like length together, so that little is padded.
    spellings.sort_by_key(|(_, tokens)| tokens.len());
    let mut means = vec![0.0; choices.len()];
    for start in views {
        let first = LogProbs::new(&start.logits);
        let mut scores = vec![Vec::new(); choices.len()];
        for batch in spellings.chunks(BATCH) {
            if hints.aborted() {
                return Err(SearchError::Aborted);
            }
            for ((choice, _), sum) in batch.iter().zip(score_batch(networks, start, &first, batch, stop)?) {
                scores[*choice].push(sum);
            }
        }
        for (mean, scores) in means.iter_mut().zip(scores) {
            *mean += log_sum_exp(scores) / views.len() as f32;
        }
    }
    Ok(means)
}

fn score_batch(
    networks: &mut Networks,
    start: &Start,
    first: &LogProbs,
    batch: &[(usize, &[Token])],
    stop: Option<Token>,
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
                let mut at = row.chunks_exact(vocabulary).map(LogProbs::new);
                for (token, log_probs) in tokens.iter().skip(1).zip(&mut at) {
                    sum += log_probs.of(*token);
                }
                let end = at.next().map_or(f32::NEG_INFINITY, |log_probs| {
                    let stopped = stop.map_or(f32::NEG_INFINITY, |stop| log_probs.of(stop));
                    log_sum_exp([log_probs.of(EOS), stopped])
                });
                sum + end
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
