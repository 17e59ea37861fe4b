//! How likely it is that the best article answers the question, learned from the articles themselves: each way of asking is asked with itself
//! left out (its article should come first) and with its whole article left out (then nothing answers). So a knowledge base of any size and
//! subject has a line of its own below which nothing is said; a very small one keeps to the weights that it begins with.

use serde::{Deserialize, Serialize};

/// What is seen of a question and the best article.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Signs {
    /// Cosine of the embeddings of question and best phrasing; 0 without embeddings.
    pub(super) cosine: f32,
    /// The share of the question's words, weighed by rarity, that the phrasing has.
    pub(super) of_question: f32,
    /// The share of the phrasing's words that the question has.
    pub(super) of_phrasing: f32,
    /// How far the second article is behind, as a share of the first one's score.
    pub(super) lead: f32,
}

const SIGNS: usize = 5;

impl Signs {
    fn values(self) -> [f32; SIGNS] {
        [1.0, self.cosine, self.of_question, self.of_phrasing, self.lead]
    }
}

/// A case to learn from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    pub(super) signs: Signs,
    /// Whether any article answers this.
    pub(super) answered: bool,
    /// Whether the best one does.
    pub(super) right: bool,
}

/// Two logistic curves over the signs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Calibration {
    right: [f32; SIGNS],
    answered: [f32; SIGNS],
}

/// How strongly the weights are held to those that they begin with: as if by that many cases.
const HOLD: f32 = 0.02;
const ROUNDS: usize = 300;

impl Calibration {
    /// What to begin with, for words alone.
    pub(super) const WORDS: Self = Self { right: [-4.5, 0.0, 4.0, 3.0, 2.5], answered: [-4.0, 0.0, 5.0, 3.0, 0.0] };
    /// What to begin with when there are embeddings.
    pub(super) const MEANING: Self = Self { right: [-7.5, 9.0, 1.5, 1.0, 4.0], answered: [-7.0, 10.0, 2.0, 1.0, 0.0] };

    /// Learns from cases, beginning with `self`.
    pub(super) fn learn(&self, cases: &[Case]) -> Self {
        Self {
            right: fit(self.right, cases, |case| case.right),
            answered: fit(self.answered, cases, |case| case.answered),
        }
    }

    /// The probability that the best article answers the question.
    pub(super) fn right(&self, signs: Signs) -> f32 {
        probability(&self.right, signs)
    }

    /// The probability that any article does.
    pub(super) fn answered(&self, signs: Signs) -> f32 {
        probability(&self.answered, signs)
    }
}

fn probability(weights: &[f32; SIGNS], signs: Signs) -> f32 {
    let sum: f32 = weights.iter().zip(signs.values()).map(|(weight, value)| weight * value).sum();
    1.0 / (1.0 + (-sum).exp())
}

/// Gradient descent on the logistic loss, with an L2 pull towards `begin`. The loss is convex, so any start would end there.
fn fit(begin: [f32; SIGNS], cases: &[Case], label: impl Fn(&Case) -> bool) -> [f32; SIGNS] {
    let mut weights = begin;
    if cases.is_empty() {
        return weights;
    }
    let n = cases.len() as f32;
    // Twenty cases weigh as much as the beginning.
    let hold = HOLD.max(20.0 * HOLD / n);
    for _ in 0..ROUNDS {
        let mut slope = [0.0; SIGNS];
        for case in cases {
            let error = probability(&weights, case.signs) - f32::from(u8::from(label(case)));
            for (slope, value) in slope.iter_mut().zip(case.signs.values()) {
                *slope += error * value / n;
            }
        }
        for at in 0..SIGNS {
            weights[at] -= 2.0 * (slope[at] + hold * (weights[at] - begin[at]));
        }
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs(share: f32) -> Signs {
        Signs { cosine: 0.0, of_question: share, of_phrasing: share, lead: share }
    }

    #[test]
    fn more_in_common_is_never_less_likely() {
        for calibration in [Calibration::WORDS, Calibration::MEANING] {
            for at in 0..10 {
                let (less, more) = (signs(at as f32 / 10.0), signs((at + 1) as f32 / 10.0));
                assert!(calibration.right(more) > calibration.right(less));
                assert!(calibration.answered(more) > calibration.answered(less));
            }
        }
    }

    #[test]
    fn cases_move_the_line() {
        let case = |share, right| Case { signs: signs(share), answered: right, right };
        // Here half of the words in common means nothing yet.
        let strict: Vec<Case> = (0..200).map(|at| case(if at % 2 == 0 { 0.55 } else { 0.9 }, at % 2 == 1)).collect();
        let learned = Calibration::WORDS.learn(&strict);
        assert!(learned.right(signs(0.55)) < 0.3 && learned.right(signs(0.9)) > 0.7, "{learned:?}");
        assert_eq!(Calibration::WORDS.learn(&[]), Calibration::WORDS);
    }
}
