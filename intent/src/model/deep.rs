//! The *deep* publish: the encoder is tuned to the set before the model is trained. What a tuned encoder makes of texts it was tuned
//! on says nothing about others, so the line and the probabilities come from a second tuning that leaves some of them out.

use std::sync::Arc;

use super::{
    Calibration, HeldOut, Item, Model, Prepared, check, hold_out, sense_calibration, train_with, words_calibration,
};
use crate::{EncodeError, Encoder, Language, TrainError, TrainingSet};

/// One part in so many is left out.
const FOLDS: usize = 5;

/// Smaller sets are not tuned to: with so little to tell apart, tuning moves everything towards some intent, and what is off topic with
/// it (of four intents with six examples each, the opening hours took "what is the weather like tomorrow").
const LEAST_INTENTS: usize = 8;
const LEAST_EXAMPLES: usize = 100;

/// What a deep publish found out and a restart needs: see [`Model::tuned`] and [`restore`].
#[derive(Clone, Debug)]
pub struct Tuned {
    /// What tuning changed in the encoder.
    encoder: Vec<u8>,
    calibration: Calibration,
}

impl Tuned {
    /// In one piece, to be kept: the length of the calibration (4 bytes, little-endian), the calibration as JSON, the encoder's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let calibration = serde_json::to_vec(&self.calibration).expect("numbers are written as JSON");
        let length = u32::try_from(calibration.len()).expect("a calibration has some hundred bytes");
        [&length.to_le_bytes(), calibration.as_slice(), &self.encoder].concat()
    }

    /// From [`Tuned::to_bytes`]; `None` when it is something else. Whether the encoder's part is whole comes out in [`restore`].
    pub fn from_bytes(bytes: &[u8]) -> Option<Tuned> {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let (calibration, encoder) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        Some(Tuned { calibration: serde_json::from_slice(calibration).ok()?, encoder: encoder.to_vec() })
    }
}

/// What a deep publish gives.
#[derive(Debug)]
pub struct Deep {
    /// The model.
    pub model: Model,
    /// What speaks for it; `None` when the set is too small to be tuned to.
    pub trial: Option<Trial>,
}

/// A tuned encoder on examples that it was not tuned to, beside the encoder as it was on the same: by which intent comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Examples.
    pub n: usize,
    /// Right with the tuned encoder.
    pub right: usize,
    /// Right without the tuning.
    pub right_untuned: usize,
}

/// Trains a model with an encoder tuned to the set: some forty seconds on two idle cores, whatever the size of the set.
/// `going_on` hears the share done, 0 to 1; once it answers `false`, the work ends. A set of few intents or few examples is trained as by
/// [`train_with`], and there is no trial of it.
///
/// # Errors
/// What is wrong with the set, or [`TrainError::Encoder`].
pub fn train_deep(
    set: &TrainingSet,
    seed: u64,
    encoder: &Arc<dyn Encoder>,
    going_on: &(dyn Fn(f32) -> bool + Sync),
) -> Result<Deep, TrainError> {
    check(set)?;
    let mut prepared = Prepared::new(set);
    let readable = readable(&prepared.items, &**encoder).count();
    if prepared.classes < LEAST_INTENTS || readable < LEAST_EXAMPLES {
        return Ok(Deep { model: train_with(set, seed, Some(encoder))?, trial: None });
    }
    let fold_of = hold_out::folds(&prepared.items, prepared.classes, FOLDS);
    let (left, all) = (|share: f32| going_on(share / 2.0), |share: f32| going_on(0.5 + share / 2.0));
    let held_out = |encoder: &dyn Encoder| -> Result<Vec<HeldOut>, EncodeError> {
        let mut trial = prepared.clone();
        trial.encode(encoder)?;
        Ok(hold_out::score(&trial.items, &trial.background, &fold_of, 0, trial.classes, seed))
    };
    let untuned = held_out(&**encoder)?;
    let tuned = held_out(&*tune(&prepared, Some(&fold_of), encoder, seed, &left)?)?;
    let sense = sense_calibration(&tuned, set.keep_in_scope);
    let trial = Trial {
        n: tuned.iter().filter(|h| h.class.is_some()).count(),
        right: sense.right(&tuned),
        right_untuned: sense_calibration(&untuned, set.keep_in_scope).right(&untuned),
    };
    drop((untuned, tuned));
    let tuned = tune(&prepared, None, encoder, seed, &all)?;
    let calibration = words_calibration(prepared.held_out(seed), set.keep_in_scope);
    prepared.encode(&*tuned)?;
    let model = prepared.model(set, seed, calibration, Some((tuned, sense)), None);
    Ok(Deep { model, trial: Some(trial) })
}

/// The same model again after a restart, without any tuning; `encoder` is the one that was tuned from.
///
/// # Errors
/// What is wrong with the set, or [`TrainError::Encoder`] when what was kept does not fit.
pub fn restore(set: &TrainingSet, seed: u64, encoder: &Arc<dyn Encoder>, kept: &Tuned) -> Result<Model, TrainError> {
    check(set)?;
    let mut prepared = Prepared::new(set);
    let tuned = encoder.restored(&kept.encoder)?;
    let calibration = words_calibration(prepared.held_out(seed), set.keep_in_scope);
    prepared.encode(&*tuned)?;
    Ok(prepared.model(set, seed, calibration, Some((tuned, kept.calibration.clone())), None))
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
