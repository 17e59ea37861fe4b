//! On-device models: which there are ([`manifest`]), where they lie and how they get there ([`store`]), the recognisers that turn
//! audio into text ([`Moonshine`], [`Whisper`] behind [`Recogniser`]), the voices that turn text into audio ([`voice`]), the
//! bounded [`Pool`] that all recognition passes through, and how recognition is scored ([`score`]).
//!
//! This crate knows nothing of calls, SIP or the console: audio and hints come in, text with a confidence goes out.
//!
//! | module | holds |
//! |---|---|
//! | [`align`] | when each word of a known text was said |
//! | [`encoder`] | sentences as vectors, and how they are tuned to a set of classes |
//! | [`manifest`] | the one list of models Hotline knows, with source, licence and checksums |
//! | [`store`] | the folder of models: status, verification, resumable pulling |
//! | [`recogniser`] | the `Recogniser` trait and what goes in and out of it |
//! | [`moonshine`] | English, by ONNX Runtime: beam search, digit grammar, phrases, silence |
//! | [`whisper`] | any ggml Whisper model, for Chinese and others |
//! | [`pool`] | inference threads with priorities and a queue limit |
//! | [`voice`] | text to speech: flite in the process, espeak-ng beside it, Piper on ONNX Runtime |
//! | [`score`] | word, character and digit error rates |
//! | [`speed`] | what a recogniser costs on this machine, and which to take |

pub mod align;
pub mod encoder;
mod form;
mod language;
pub mod manifest;
pub mod moonshine;
pub mod pool;
pub mod recogniser;
pub mod score;
pub mod speed;
pub mod store;
pub mod voice;
pub mod whisper;

pub use encoder::{EncoderError, EncoderPaths, SentenceEncoder};
pub use form::{Class, Form};
pub use language::Language;
pub use moonshine::{Moonshine, MoonshinePaths};
pub use pool::{Job, Load, Pool, PoolConfig, PoolError, PoolStats, Priority};
pub use recogniser::{Alternative, Care, Grammar, Hints, LoadError, RecogniseError, Recogniser, Recognition, WordTime};
pub use store::{Progress, Status, Store, StoreError};
pub use voice::{EspeakNg, Flite, FliteVoice, Piper, Voice, VoiceError};
pub use whisper::Whisper;
