//! The trained model: training it from a set, and understanding a request with it. The parts are in modules of their own:
//! `features` (text to numbers), `background` (lines about nothing), `svm`, `scorer` (three views on a text), `calibrate` (probabilities and the line), `logistic`.

mod background;
mod calibrate;
mod decide;
mod features;
mod logistic;
mod scorer;
mod svm;

use std::collections::HashSet;

use calibrate::Calibration;
use features::mix;
use scorer::{Item, Scorer};

use crate::{Example, Language, Meaning, Query, TrainError, TrainingSet, normalise::normalise};

/// Understands requests. Cheap to share between threads behind an `Arc`; never changes once trained.
#[derive(Debug)]
pub struct Model {
    version: String,
    names: Vec<String>,
    /// The examples as typed, beside the items of the scorer.
    originals: Vec<String>,
    scorer: Scorer,
    calibration: Calibration,
}

/// Trains a model. The same set and seed give the same model, on any number of cores.
///
/// # Errors
/// A [`TrainError`] tells what is wrong with the set.
pub fn train(set: &TrainingSet, seed: u64) -> Result<Model, TrainError> {
    check(set)?;
    let (items, originals) = items(set);
    let classes = set.intents.len();
    let background = background::lines(&items);
    let (folds, rounds) = rounds(items.len());
    let held_out = calibrate::hold_out(&items, &background, classes, folds, rounds, seed);
    let calibration = Calibration::fit(&held_out, set.keep_in_scope);
    let scorer = Scorer::fit(&items.iter().chain(&background).collect::<Vec<_>>(), classes, seed);
    let names = set.intents.iter().map(|intent| intent.name.clone()).collect();
    Ok(Model { version: version(set, seed), names, originals, scorer, calibration })
}

/// Folds of the cross-validation, and how many are worth doing: with many texts one fold holds out enough.
fn rounds(items: usize) -> (usize, usize) {
    match items {
        0..=400 => (10, 10),
        401..=3_000 => (5, 5),
        3_001..=6_000 => (5, 2),
        _ => (6, 1),
    }
}

fn check(set: &TrainingSet) -> Result<(), TrainError> {
    if set.intents.is_empty() {
        return Err(TrainError::NoIntents);
    }
    if !(0.5..=1.0).contains(&set.keep_in_scope) {
        return Err(TrainError::KeepInScope(set.keep_in_scope));
    }
    let mut seen = HashSet::new();
    for (at, intent) in set.intents.iter().enumerate() {
        if !intent.name.chars().any(char::is_alphanumeric) {
            return Err(TrainError::NoName(at + 1));
        }
        if !seen.insert(&intent.name) {
            return Err(TrainError::DuplicateIntent(intent.name.clone()));
        }
        if !intent.examples.iter().any(|example| !normalise(&example.text, example.language).is_empty()) {
            return Err(TrainError::NoExamples(intent.name.clone()));
        }
    }
    Ok(())
}

/// The texts to learn from, normalised, without repetitions inside an intent; each intent's name is one.
fn items(set: &TrainingSet) -> (Vec<Item>, Vec<String>) {
    let mut items = Vec::new();
    let mut originals = Vec::new();
    let mut seen = HashSet::new();
    let mut put = |example: &Example, class: Option<usize>, is_name: bool| {
        let text = normalise(&example.text, example.language);
        if !text.is_empty() && seen.insert((text.clone(), class)) {
            items.push(Item { text, class, is_name });
            originals.push(example.text.clone());
        }
    };
    for (class, intent) in set.intents.iter().enumerate() {
        for example in &intent.examples {
            put(example, Some(class), false);
        }
        let name = spoken_name(&intent.name);
        put(&Example::new(name.as_str(), Language::detect(&name)), Some(class), true);
    }
    for example in &set.out_of_scope {
        put(example, None, false);
    }
    (items, originals)
}

/// The name of an intent as somebody would say it: `order_status` and `orderStatus` are "order status".
fn spoken_name(name: &str) -> String {
    let mut spoken = String::with_capacity(name.len() + 4);
    let mut lower_before = false;
    for c in name.chars() {
        if c.is_uppercase() && lower_before {
            spoken.push(' ');
        }
        lower_before = c.is_lowercase();
        spoken.push(if matches!(c, '_' | '.' | '-' | '/' | ':') { ' ' } else { c });
    }
    spoken
}

/// A hash of all that training hangs on, the engine included.
fn version(set: &TrainingSet, seed: u64) -> String {
    /// Raised whenever the same set would give another model.
    const ENGINE: u64 = 1;
    let mut h = mix(ENGINE ^ seed.rotate_left(32) ^ u64::from(set.keep_in_scope.to_bits()));
    let mut add = |text: &str| {
        for byte in text.bytes().chain([0xff]) {
            h = mix(h ^ u64::from(byte)).wrapping_add(0x9e37_79b9_7f4a_7c15);
        }
    };
    for intent in &set.intents {
        add(&intent.name);
        for example in &intent.examples {
            add(example.language.code());
            add(&example.text);
        }
        add("");
    }
    for example in &set.out_of_scope {
        add(&example.text);
    }
    format!("{h:016x}")
}

impl Model {
    /// A model that knows no intent and rejects everything, for a flow that asks for none.
    pub fn empty() -> Model {
        Model {
            version: "empty".to_owned(),
            names: Vec::new(),
            originals: Vec::new(),
            scorer: Scorer::default(),
            calibration: Calibration::default(),
        }
    }

    /// A short hash of everything that went into the training.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The names of the intents, in the order of the training set.
    pub fn intents(&self) -> &[String] {
        &self.names
    }

    /// Understands one request.
    pub fn parse(&self, query: &Query<'_>) -> Meaning {
        decide::decide(self, query)
    }
}
