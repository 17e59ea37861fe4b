//! The trained model.

use crate::{Decision, Explain, Meaning, Query, TrainError, TrainingSet};

/// Understands requests. Cheap to share between threads behind an `Arc`; never changes once trained.
#[derive(Debug)]
pub struct Model {
    version: String,
}

/// Trains a model. The same set and seed give the same model.
pub fn train(set: &TrainingSet, seed: u64) -> Result<Model, TrainError> {
    if set.intents.is_empty() {
        return Err(TrainError::NoIntents);
    }
    let _ = seed;
    Ok(Model::empty())
}

impl Model {
    /// A model that knows no intent and rejects everything, for a flow that asks for none.
    pub fn empty() -> Model {
        Model {
            version: "empty".to_owned(),
        }
    }

    /// A short hash of everything that went into the training.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The names of the intents, in the order of the training set.
    pub fn intents(&self) -> &[String] {
        &[]
    }

    /// Understands one request.
    pub fn parse(&self, query: &Query<'_>) -> Meaning {
        let _ = query;
        Meaning {
            decision: Decision::Reject,
            ranking: Vec::new(),
            in_scope: 0.0,
            threshold: 0.5,
            explain: Explain::default(),
            model_version: self.version.clone(),
        }
    }
}
