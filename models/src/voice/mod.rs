//! Voices: text to 16 kHz audio, without the silence that engines put around it. Which voice says what, and keeping what was
//! said once, is the caller's business.

mod espeak;
mod flite;
mod piper;
mod trim;

use audio::Pcm16k;

use crate::Language;

pub use espeak::EspeakNg;
pub use flite::{Flite, FliteVoice};
pub use piper::Piper;
pub use trim::trim_silence;

/// The longest text that is spoken at once, in characters; nobody listens to more on a telephone.
pub const LONGEST_TEXT: usize = 5_000;

/// Turns text into audio. Blocking: a sentence takes some 50 ms, so call it away from anything that keeps time.
pub trait Voice: Send + Sync {
    /// The engine and the voice, for the prompt cache: `flite-rms`.
    fn name(&self) -> &str;
    /// The language it speaks.
    fn language(&self) -> &Language;
    /// Speaks a text at a pace: 1 is the voice's own, 0.8 slower. Silence before and after is trimmed.
    fn speak_at(&self, text: &str, rate: f32) -> Result<Pcm16k, VoiceError>;
    /// Speaks a text at the voice's own pace.
    fn speak(&self, text: &str) -> Result<Pcm16k, VoiceError> {
        self.speak_at(text, 1.0)
    }
}

/// Why a text was not spoken.
#[derive(Debug, thiserror::Error)]
pub enum VoiceError {
    /// There is nothing to say.
    #[error("there is nothing to say: the text has no word that {voice} can speak")]
    Empty {
        /// The voice.
        voice: String,
    },
    /// Too much to say at once.
    #[error("a text of {length} characters is too long to speak; split it below {LONGEST_TEXT}")]
    TooLong {
        /// Its length in characters.
        length: usize,
    },
    /// The engine is not installed.
    #[error("{program} is not installed; get it with: {advice}")]
    NotInstalled {
        /// The program.
        program: String,
        /// How to install it.
        advice: String,
    },
    /// The engine failed.
    #[error("{voice} could not speak: {reason}")]
    Engine {
        /// The voice.
        voice: String,
        /// In its own words.
        reason: String,
    },
}

/// The text without control characters and surplus space, or why it cannot be spoken.
fn speakable(text: &str, voice: &str) -> Result<String, VoiceError> {
    let length = text.chars().count();
    if length > LONGEST_TEXT {
        return Err(VoiceError::TooLong { length });
    }
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().any(char::is_alphanumeric) { Ok(text) } else { Err(VoiceError::Empty { voice: voice.to_owned() }) }
}
