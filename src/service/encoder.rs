//! The sentence encoder of `models` as the intent engine takes one. Neither of the two crates knows the other.

use std::path::Path;
use std::sync::Arc;

use intent::{EncodeError, Encoder, Language};
use models::{EncoderError, EncoderPaths, SentenceEncoder, Store, manifest};

/// Loads the encoder of the store, or tells why there is none and how to get it. The engine then goes by words alone.
///
/// # Errors
/// It is not here, damaged, or does not load.
pub fn sentence_encoder(models_dir: Option<&Path>) -> anyhow::Result<Arc<dyn Encoder>> {
    let store = Store::open(models_dir)?;
    let roles = store.paths(manifest::SENTENCE_ENCODER)?;
    let paths = EncoderPaths::from_roles(&roles)
        .ok_or_else(|| anyhow::anyhow!("{} lacks a file in its entry", manifest::SENTENCE_ENCODER))?;
    Ok(Arc::new(Sentences(SentenceEncoder::load(&paths)?)))
}

#[derive(Debug)]
struct Sentences(SentenceEncoder);

fn failed(error: EncoderError) -> EncodeError {
    match error {
        EncoderError::Cancelled => EncodeError::Cancelled,
        other => EncodeError::Failed(other.to_string()),
    }
}

impl Encoder for Sentences {
    fn id(&self) -> &str {
        self.0.id()
    }

    fn reads(&self, language: Language) -> bool {
        language == Language::English
    }

    fn encode(&self, text: &str) -> Result<Vec<f32>, EncodeError> {
        self.0.encode(text).map_err(failed)
    }

    fn encode_all(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EncodeError> {
        self.0.encode_all(texts).map_err(failed)
    }

    fn tune(
        &self,
        items: &[(&str, usize)],
        seed: u64,
        going_on: &(dyn Fn(f32) -> bool + Sync),
    ) -> Result<Arc<dyn Encoder>, EncodeError> {
        Ok(Arc::new(Sentences(self.0.tune(items, seed, going_on).map_err(failed)?)))
    }

    fn to_bytes(&self) -> Option<Vec<u8>> {
        self.0.to_bytes()
    }

    fn restored(&self, bytes: &[u8]) -> Result<Arc<dyn Encoder>, EncodeError> {
        Ok(Arc::new(Sentences(self.0.restored(bytes).map_err(failed)?)))
    }
}
