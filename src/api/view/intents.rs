//! What a text means, as the API shows it.

use std::time::Duration;

use intent::{Decision, Meaning};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::slots::FoundValue;
use crate::understand::Live;

/// What to do with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decided {
    /// Act on `intent`.
    Accept,
    /// Ask which of the two in `between`.
    Disambiguate,
    /// It is nothing that is known.
    Reject,
}

/// An intent with its probability.
#[derive(Serialize, ToSchema)]
pub struct Ranked {
    /// The intent.
    pub intent: String,
    /// Calibrated, 0 to 1.
    pub confidence: f32,
}

/// An example that resembles the text.
#[derive(Serialize, ToSchema)]
pub struct Near {
    /// As it was typed.
    pub example: String,
    /// Its intent; empty for a line that means none.
    pub intent: String,
    /// 0 to 1.
    pub similarity: f32,
}

/// What a text means, and why.
#[derive(Serialize, ToSchema)]
pub struct Parsed {
    /// What to do.
    pub decision: Decided,
    /// The intent that was accepted.
    pub intent: Option<String>,
    /// The two to choose from.
    pub between: Vec<String>,
    /// Up to five intents, likeliest first; also when it is rejected.
    pub ranking: Vec<Ranked>,
    /// How likely it means any of the intents, 0 to 1.
    pub in_scope: f32,
    /// Below this it is rejected.
    pub threshold: f32,
    /// The reading that this is about, when several were sent.
    pub text: String,
    /// The nearest examples, nearest first.
    pub nearest: Vec<Near>,
    /// The words and pieces of words that spoke most for the first intent.
    pub ngrams: Vec<String>,
    /// The values that were found, of those asked for.
    pub values: Vec<FoundValue>,
    /// The published version; `null` while the flow's own intents are all there is.
    pub version: Option<i64>,
    /// The model that answered: a hash of everything that went into it.
    pub model: String,
    /// How long it took.
    pub microseconds: u64,
}

impl Parsed {
    /// The answer of what is live.
    pub fn new(text: &str, meaning: Meaning, values: Vec<FoundValue>, live: &Live, took: Duration) -> Self {
        let (decision, intent, between) = match meaning.decision {
            Decision::Accept { intent } => (Decided::Accept, Some(intent), Vec::new()),
            Decision::Disambiguate { between } => (Decided::Disambiguate, None, between.into()),
            Decision::Reject => (Decided::Reject, None, Vec::new()),
        };
        let ranked = |scored: intent::Scored| Ranked { intent: scored.intent, confidence: scored.confidence };
        let near =
            |near: intent::Neighbour| Near { example: near.example, intent: near.intent, similarity: near.similarity };
        Self {
            decision,
            intent,
            between,
            ranking: meaning.ranking.into_iter().map(ranked).collect(),
            in_scope: meaning.in_scope,
            threshold: meaning.threshold,
            text: text.to_owned(),
            nearest: meaning.explain.nearest.into_iter().map(near).collect(),
            ngrams: meaning.explain.ngrams,
            values,
            version: live.version,
            model: meaning.model_version,
            microseconds: took.as_micros() as u64,
        }
    }
}
