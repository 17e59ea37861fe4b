//! What a model is trained from: intents with their examples, lines that belong to none, and how much of the real
//! requests must be kept. Reading these from a flow or a file is left to the caller.

use serde::{Deserialize, Serialize};

use crate::{EncodeError, Language};

/// One thing a caller might say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// The words, as an admin types them.
    pub text: String,
    /// The language they are in.
    pub language: Language,
}

impl Example {
    /// An example in a known language.
    pub fn new(text: impl Into<String>, language: Language) -> Self {
        Example { text: text.into(), language }
    }
}

/// One intent and the ways of saying it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntentDef {
    /// The name, also an example once its parts are split: `order_status` reads "order status".
    pub name: String,
    /// Ways of saying it; five or more are advised, one is enough to train.
    pub examples: Vec<Example>,
}

/// Everything a model learns from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingSet {
    /// The intents; their names are unique.
    pub intents: Vec<IntentDef>,
    /// Lines that belong to no intent. Optional; a good handful sharpens rejection.
    #[serde(default)]
    pub out_of_scope: Vec<Example>,
    /// The share of real requests that must not be rejected, between 0.5 and 1: the threshold is set by it.
    #[serde(default = "keep_default")]
    pub keep_in_scope: f32,
}

fn keep_default() -> f32 {
    TrainingSet::KEEP_IN_SCOPE
}

impl TrainingSet {
    /// The share of in-scope requests kept unless a set says otherwise.
    pub const KEEP_IN_SCOPE: f32 = 0.95;

    /// A set with the default share kept and no out-of-scope lines.
    pub fn new(intents: Vec<IntentDef>) -> Self {
        TrainingSet { intents, out_of_scope: Vec::new(), keep_in_scope: Self::KEEP_IN_SCOPE }
    }
}

/// Why a set cannot be trained.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TrainError {
    /// There is nothing to choose from.
    #[error("there are no intents; add one with a few examples")]
    NoIntents,
    /// A name with no letters in it.
    #[error("intent number {0} has no name")]
    NoName(usize),
    /// The same name twice.
    #[error("intent {0} is defined twice; merge its examples or rename one")]
    DuplicateIntent(String),
    /// No example with words in it.
    #[error("intent {0} has no usable example; add a few ways of saying it")]
    NoExamples(String),
    /// The share to be kept makes no sense.
    #[error("keep_in_scope is {0}; it must lie between 0.5 and 1")]
    KeepInScope(f32),
    /// The encoder could not be tuned.
    #[error(transparent)]
    Encoder(#[from] EncodeError),
}
