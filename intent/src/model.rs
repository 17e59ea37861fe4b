//! The trained model: training it from a set, and understanding a request with it. The parts are in modules of their own:
//! `features` (text to numbers), `background` (lines about nothing), `svm`, `scorer` (three views on a text), `calibrate` (probabilities and the line), `logistic`.

mod background;
mod calibrate;
mod decide;
mod deep;
mod features;
mod hold_out;
mod logistic;
mod scorer;
mod sense;
mod svm;

use std::{collections::HashSet, sync::Arc};

use calibrate::{Calibration, HeldOut};
pub(crate) use features::Random;
use features::mix;
use scorer::{Item, Scorer};
use sense::SenseScorer;

use crate::{
    EncodeError, Encoder, Example, Language, Meaning, Query, TrainError, TrainingSet,
    normalise::{normalise, spoken},
};

pub use deep::{Deep, Trial, Tuned, restore, train_deep};

/// Understands requests. Cheap to share between threads behind an `Arc`; never changes once trained.
#[derive(Debug)]
pub struct Model {
    version: String,
    names: Vec<String>,
    /// The examples as typed, beside the items of the scorer.
    originals: Vec<String>,
    scorer: Scorer,
    calibration: Calibration,
    sense: Option<SensePart>,
    failure: Option<EncodeError>,
}

/// What an encoder adds to a model.
#[derive(Debug)]
struct SensePart {
    encoder: Arc<dyn Encoder>,
    scorer: SenseScorer,
    calibration: Calibration,
}

/// Trains a model. The same set and seed give the same model, on any number of cores.
///
/// # Errors
/// A [`TrainError`] tells what is wrong with the set.
pub fn train(set: &TrainingSet, seed: u64) -> Result<Model, TrainError> {
    train_with(set, seed, None)
}

/// Trains a model that also goes by an encoder's vectors: the *instant* publish. When the encoder fails, the model goes by words alone,
/// and [`Model::encoder_failure`] tells.
///
/// # Errors
/// A [`TrainError`] tells what is wrong with the set.
pub fn train_with(set: &TrainingSet, seed: u64, encoder: Option<&Arc<dyn Encoder>>) -> Result<Model, TrainError> {
    check(set)?;
    let mut prepared = Prepared::new(set);
    let failure = encoder.and_then(|encoder| prepared.encode(&**encoder).err());
    let held_out = prepared.held_out(seed);
    let sense = match (encoder, &failure) {
        (Some(encoder), None) => Some((encoder.clone(), sense_calibration(&held_out, set.keep_in_scope))),
        _ => None,
    };
    let calibration = words_calibration(held_out, set.keep_in_scope);
    Ok(prepared.model(set, seed, calibration, sense, failure))
}

fn sense_calibration(held_out: &[HeldOut], keep: f32) -> Calibration {
    Calibration::fit(&held_out.iter().filter(|h| h.sense.is_some()).collect::<Vec<_>>(), true, keep)
}

fn words_calibration(mut held_out: Vec<HeldOut>, keep: f32) -> Calibration {
    for h in &mut held_out {
        h.sense = None;
    }
    Calibration::fit(&held_out.iter().collect::<Vec<_>>(), false, keep)
}

/// A set made ready to learn from.
#[derive(Clone)]
struct Prepared {
    classes: usize,
    items: Vec<Item>,
    originals: Vec<String>,
    background: Vec<Item>,
}

impl Prepared {
    fn new(set: &TrainingSet) -> Self {
        let (items, originals) = items(set);
        let background = background::lines(&items);
        Prepared { classes: set.intents.len(), items, originals, background }
    }

    /// Cross-validation: the items' scores by scorers that have not seen them.
    fn held_out(&self, seed: u64) -> Vec<HeldOut> {
        let (folds, rounds) = rounds(self.items.len());
        let fold_of = hold_out::folds(&self.items, self.classes, folds);
        let score = |fold| hold_out::score(&self.items, &self.background, &fold_of, fold, self.classes, seed);
        (0..rounds).flat_map(score).collect()
    }

    /// Gives every item a vector whose language the encoder reads.
    fn encode(&mut self, encoder: &dyn Encoder) -> Result<(), EncodeError> {
        let english = encoder.reads(Language::English);
        let chinese = encoder.reads(Language::Chinese);
        let mut wanted: Vec<&mut Item> = self
            .items
            .iter_mut()
            .chain(&mut self.background)
            .filter(|item| if Language::detect(&item.text) == Language::English { english } else { chinese })
            .collect();
        let texts: Vec<&str> = wanted.iter().map(|item| item.spoken.as_str()).collect();
        let vectors = encoder.encode_all(&texts)?;
        let width = vectors.first().map_or(0, Vec::len);
        let whole = |vector: &Vec<f32>| vector.len() == width && vector.iter().all(|value| value.is_finite());
        if vectors.len() != texts.len() || !vectors.iter().all(whole) {
            return Err(EncodeError::Failed(format!("{} is broken: its vectors are not alike", encoder.id())));
        }
        for (item, vector) in wanted.iter_mut().zip(vectors) {
            item.vector = Some(vector.into());
        }
        Ok(())
    }

    fn model(
        self,
        set: &TrainingSet,
        seed: u64,
        calibration: Calibration,
        sense: Option<(Arc<dyn Encoder>, Calibration)>,
        failure: Option<EncodeError>,
    ) -> Model {
        let all: Vec<&Item> = self.items.iter().chain(&self.background).collect();
        let scorer = Scorer::fit(&all, self.classes, seed);
        let sense = sense.and_then(|(encoder, calibration)| {
            let scorer = SenseScorer::fit(&all, self.classes, seed)?;
            Some(SensePart { encoder, scorer, calibration })
        });
        let names = set.intents.iter().map(|intent| intent.name.clone()).collect();
        let version = version(set, seed, sense.as_ref().map(|sense| sense.encoder.id()));
        Model { version, names, originals: self.originals, scorer, calibration, sense, failure }
    }
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
            let spoken = spoken(&example.text, example.language);
            items.push(Item { text, class, is_name, spoken, vector: None });
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
fn version(set: &TrainingSet, seed: u64, encoder: Option<&str>) -> String {
    /// Raised whenever the same set would give another model.
    const ENGINE: u64 = 2;
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
    if let Some(encoder) = encoder {
        add(encoder);
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
            sense: None,
            failure: None,
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

    /// The encoder it goes by beside the words; `None` when it goes by words alone.
    pub fn encoder(&self) -> Option<&Arc<dyn Encoder>> {
        self.sense.as_ref().map(|sense| &sense.encoder)
    }

    /// Why it goes by words alone although it was given an encoder.
    pub fn encoder_failure(&self) -> Option<&EncodeError> {
        self.failure.as_ref()
    }

    /// Understands one request.
    pub fn parse(&self, query: &Query<'_>) -> Meaning {
        decide::decide(self, query)
    }
}
