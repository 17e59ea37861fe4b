//! The *deep* publish: the encoder is tuned to the set before the model is trained. What a tuned encoder makes of texts it was tuned
//! on says nothing about others, so the line and the probabilities come from a second tuning that leaves some of them out.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Calibration, HeldOut, Item, Model, Prepared, check, hold_out, rounds, sense_calibration, train_with,
    words_calibration,
};
use crate::{EncodeError, Encoder, Language, TrainError, TrainingSet};

/// One part in so many is left out.
const FOLDS: usize = 5;

/// Smaller sets are not tuned to: with so little to tell apart, tuning moves everything towards some intent, and what is off topic with
/// it (of four intents with six examples each, the opening hours took "what is the weather like tomorrow").
const LEAST_INTENTS: usize = 8;
const LEAST_EXAMPLES: usize = 100;

/// What a deep publish found out and a restart needs: see [`Model::tuned`] and [`restore`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tuned {
    /// What tuning changed in the encoder.
    #[serde(skip)]
    pub encoder: Vec<u8>,
    calibration: Calibration,
}

/// Trains a model with an encoder tuned to the set: some forty seconds on two idle cores, whatever the size of the set.
/// `going_on` hears the share done, 0 to 1; once it answers `false`, the work ends. A set of few intents or few examples is trained as by
/// [`train_with`], and [`Model::tuned`] is then `None`.
///
/// # Errors
/// What is wrong with the set, or [`TrainError::Encoder`].
pub fn train_deep(
    set: &TrainingSet,
    seed: u64,
    encoder: &Arc<dyn Encoder>,
    going_on: &(dyn Fn(f32) -> bool + Sync),
) -> Result<Model, TrainError> {
    check(set)?;
    let mut prepared = Prepared::new(set);
    let readable = readable(&prepared.items, &**encoder).count();
    if prepared.classes < LEAST_INTENTS || readable < LEAST_EXAMPLES {
        return train_with(set, seed, Some(encoder));
    }
    let fold_of = hold_out::folds(&prepared.items, prepared.classes, FOLDS);
    let (left, all) = (|share: f32| going_on(share / 2.0), |share: f32| going_on(0.5 + share / 2.0));
    let mut trial = prepared.clone();
    trial.encode(&*tune(&prepared, Some(&fold_of), encoder, seed, &left)?)?;
    let held_out = hold_out::score(&trial.items, &trial.background, &fold_of, 0, trial.classes, seed);
    drop(trial);
    let sense = sense_calibration(&held_out, set.keep_in_scope);
    let tuned = tune(&prepared, None, encoder, seed, &all)?;
    let calibration = by_words(&prepared, set, seed);
    prepared.encode(&*tuned)?;
    Ok(prepared.model(set, seed, calibration, Some((tuned, sense)), None))
}

/// The same model again after a restart, without any tuning; `encoder` is the one that was tuned from.
///
/// # Errors
/// What is wrong with the set, or [`TrainError::Encoder`] when what was kept does not fit.
pub fn restore(set: &TrainingSet, seed: u64, encoder: &Arc<dyn Encoder>, kept: &Tuned) -> Result<Model, TrainError> {
    check(set)?;
    let mut prepared = Prepared::new(set);
    let tuned = encoder.restored(&kept.encoder)?;
    let calibration = by_words(&prepared, set, seed);
    prepared.encode(&*tuned)?;
    Ok(prepared.model(set, seed, calibration, Some((tuned, kept.calibration.clone())), None))
}

fn by_words(prepared: &Prepared, set: &TrainingSet, seed: u64) -> Calibration {
    let (folds, rounds) = rounds(prepared.items.len());
    let fold_of = hold_out::folds(&prepared.items, prepared.classes, folds);
    let held_out: Vec<HeldOut> = (0..rounds)
        .flat_map(|fold| hold_out::score(&prepared.items, &prepared.background, &fold_of, fold, prepared.classes, seed))
        .collect();
    words_calibration(held_out, set.keep_in_scope)
}

/// Tunes to the items, or to those that remain without the first fold.
fn tune(
    prepared: &Prepared,
    without: Option<&[usize]>,
    encoder: &Arc<dyn Encoder>,
    seed: u64,
    going_on: &(dyn Fn(f32) -> bool + Sync),
) -> Result<Arc<dyn Encoder>, EncodeError> {
    let items: Vec<_> = match without {
        Some(fold_of) => hold_out::kept(&prepared.items, fold_of, 0).collect(),
        None => prepared.items.iter().collect(),
    };
    let items: Vec<(&str, usize)> = readable(items, &**encoder).collect();
    encoder.tune(&items, seed, going_on)
}

/// What an encoder can learn from: the examples it reads, with their classes.
fn readable<'a>(
    items: impl IntoIterator<Item = &'a Item>,
    encoder: &dyn Encoder,
) -> impl Iterator<Item = (&'a str, usize)> {
    items
        .into_iter()
        .filter(|item| encoder.reads(Language::detect(&item.text)))
        .filter_map(|item| Some((item.spoken.as_str(), item.class?)))
}

impl Model {
    /// What a restart needs to have this model again; `None` unless it comes from a deep publish.
    pub fn tuned(&self) -> Option<Tuned> {
        let sense = self.sense.as_ref()?;
        Some(Tuned { encoder: sense.encoder.to_bytes()?, calibration: sense.calibration.clone() })
    }
}
