//! The question put to a model and its answer. Plain data: how the answer comes about is the business of `model`.

use serde::{Deserialize, Serialize};

use crate::Language;

/// What somebody said, with what is known about it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Query<'a> {
    /// The words.
    pub text: &'a str,
    /// Their language; detected when `None`.
    pub language: Option<Language>,
    /// How sure the recogniser was, 0 to 1; `None` for typed text. A low value lowers the trust in the result.
    pub recognition_confidence: Option<f32>,
    /// Names of the intents that make sense now; `None` for all. An empty list, or one of unknown names, rejects everything.
    pub allowed: Option<&'a [String]>,
}

impl<'a> Query<'a> {
    /// Typed text, any intent, language to be detected.
    pub fn new(text: &'a str) -> Self {
        Query { text, ..Query::default() }
    }
}

/// What to do with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision {
    /// Go ahead with this intent.
    Accept {
        /// Its name.
        intent: String,
    },
    /// It is in scope, but two intents are about as likely: ask which.
    Disambiguate {
        /// The two, likelier first.
        between: [String; 2],
    },
    /// Nothing the flow knows.
    Reject,
}

/// An intent with the probability that it is the one meant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scored {
    /// Its name.
    pub intent: String,
    /// Calibrated probability, 0 to 1: of a hundred requests at 0.8, about eighty are right.
    pub confidence: f32,
}

/// A training example that resembles what was said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Neighbour {
    /// The example as the admin typed it.
    pub example: String,
    /// The intent it belongs to; empty for an out-of-scope line.
    pub intent: String,
    /// Likeness, 0 to 1.
    pub similarity: f32,
}

/// Why the answer is what it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Explain {
    /// The three nearest training examples by their words, nearest first.
    pub nearest: Vec<Neighbour>,
    /// The three nearest by the encoder's vectors; empty without one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_meaning: Vec<Neighbour>,
    /// The words and pieces of words that spoke most for the first intent, strongest first.
    pub ngrams: Vec<String>,
    /// Why the encoder had no part in this, when it should have had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoder_failure: Option<String>,
}

/// What was understood.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Meaning {
    /// What to do.
    #[serde(flatten)]
    pub decision: Decision,
    /// Up to five intents, likeliest first. Kept when the decision is to reject, too.
    pub ranking: Vec<Scored>,
    /// How likely it is that the request belongs to any of the intents, 0 to 1; rejected below `threshold`.
    pub in_scope: f32,
    /// The value of `in_scope` from which on a request is taken.
    pub threshold: f32,
    /// Why.
    pub explain: Explain,
    /// The model that answered.
    pub model_version: String,
}

impl Meaning {
    /// The likeliest intent, whatever was decided.
    pub fn best(&self) -> Option<&Scored> {
        self.ranking.first()
    }

    /// The intent when it was accepted.
    pub fn accepted(&self) -> Option<&str> {
        match &self.decision {
            Decision::Accept { intent } => Some(intent),
            Decision::Disambiguate { .. } | Decision::Reject => None,
        }
    }
}
