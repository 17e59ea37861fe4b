//! What the engine asks of a sentence encoder that it is given: sentences in, vectors out, so that what means the same lies
//! close together. The engine works without one. Where the weights come from and what runs them is the giver's business.

use std::{fmt::Debug, sync::Arc};

use crate::Language;

/// Turns sentences into vectors of length 1, all of one width.
pub trait Encoder: Send + Sync + Debug {
    /// Names the weights: two encoders of one id give the same vectors.
    fn id(&self) -> &str;

    /// Whether it knows a language. Texts in another one are understood without it.
    fn reads(&self, language: Language) -> bool;

    /// One sentence, for a request: nothing of it may be kept.
    ///
    /// # Errors
    /// [`EncodeError::Failed`]; the request is then understood without the encoder.
    fn encode(&self, text: &str) -> Result<Vec<f32>, EncodeError>;

    /// Many sentences, for training. Vectors may be kept by text, so that a publish costs only what changed.
    ///
    /// # Errors
    /// [`EncodeError::Failed`].
    fn encode_all(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EncodeError>;

    /// Another encoder, tuned so that sentences of one class lie together and those of different classes apart. `going_on` hears the
    /// share done, 0 to 1; once it answers `false`, the work ends.
    ///
    /// # Errors
    /// [`EncodeError::Cancelled`] when ended, else [`EncodeError::Failed`].
    fn tune(
        &self,
        items: &[(&str, usize)],
        seed: u64,
        going_on: &(dyn Fn(f32) -> bool + Sync),
    ) -> Result<Arc<dyn Encoder>, EncodeError>;

    /// What tuning changed, to be kept on disk; `None` for an encoder that was not tuned.
    fn to_bytes(&self) -> Option<Vec<u8>>;

    /// A tuned encoder again, from [`Encoder::to_bytes`] of one that was tuned from this.
    ///
    /// # Errors
    /// [`EncodeError::Failed`] when the bytes are something else.
    fn restored(&self, bytes: &[u8]) -> Result<Arc<dyn Encoder>, EncodeError>;
}

/// Why an encoder gave no vectors.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// It was told to stop.
    #[error("the fine-tuning was cancelled")]
    Cancelled,
    /// In the encoder's own words.
    #[error("{0}")]
    Failed(String),
}
