//! Moonshine.
use crate::recogniser::{Hints, LoadError, RecogniseError, Recogniser, Recognition};
use audio::Pcm16k;
use std::path::PathBuf;
/// The files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoonshinePaths {
    /// Encoder.
    pub encoder: PathBuf,
    /// Decoder.
    pub decoder: PathBuf,
    /// Tokenizer.
    pub tokenizer: PathBuf,
    /// ONNX Runtime.
    pub library: PathBuf,
}
/// A session.
pub struct Moonshine {}
impl Moonshine {
    /// Loads.
    pub fn load(_paths: &MoonshinePaths) -> Result<Self, LoadError> {
        Ok(Moonshine {})
    }
}
impl Recogniser for Moonshine {
    fn name(&self) -> &str {
        "moonshine-tiny-en"
    }
    fn recognise(&mut self, _audio: &Pcm16k, _hints: &Hints) -> Result<Recognition, RecogniseError> {
        Ok(Recognition::silence("moonshine-tiny-en"))
    }
}
