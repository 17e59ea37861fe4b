//! The shared intent engine: text in, meaning out.
//!
//! A [`TrainingSet`] goes through [`train()`] and becomes a [`Model`]; [`Model::parse`] turns what somebody said or typed into a
//! [`Meaning`]. Beside it stand the parts that need no training: [`command`] (agent, repeat, back, stop), [`slot`] (digits, yes
//! or no, one phrase of a list) and [`normalise`], which all of them share. [`evaluate`] measures a model on labelled lines.
//!
//! Everything here is a pure function of its arguments: no audio, calls, network, files or clocks, and no model file is needed. With an [`Encoder`] it
//! understands better: see [`train_with`] and [`train_deep`].
//!
//! | module | holds |
//! |---|---|
//! | [`language`] | the two languages and how to tell them apart |
//! | [`training`] | examples by intent, and what is wrong with them |
//! | [`meaning`] | the question put to a model and its answer |
//! | [`encoder`] | what is asked of a sentence encoder, which is given from outside |
//! | [`model`] | the trained model: score, calibrate, decide, explain |
//! | [`normalise`] | one spelling for what sounds the same |
//! | [`command`] | what a caller may say at any moment |
//! | [`slot`] | values out of an answer |
//! | [`entity`] | values in free speech, typed by the slots asked; corrections |
//! | [`mishear`] | seeded recognition errors and fillers, for measuring |
//! | [`evaluate`] | accuracy, out-of-scope recall and the rest |
//! | [`format`](mod@format) | training data of other programs, read and written |
//! | [`knowledge`] | articles that answer questions, found by words and meaning |

pub mod command;
pub mod encoder;
pub mod entity;
pub mod evaluate;
pub mod format;
pub mod knowledge;
pub mod language;
pub mod meaning;
pub mod mishear;
pub mod model;
pub mod normalise;
pub mod slot;
pub mod training;

pub use encoder::{EncodeError, Encoder};
pub use language::{Language, UnknownLanguage};
pub use meaning::{Decision, Explain, Meaning, Neighbour, Query, Scored};
pub use model::{Deep, Model, Trial, Tuned, restore, train, train_deep, train_with};
pub use training::{Example, IntentDef, TrainError, TrainingSet};
