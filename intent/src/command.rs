//! What a caller may say at any moment.

use serde::{Deserialize, Serialize};

use crate::Language;

/// A command that is understood wherever a flow listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// "I want to speak to a person."
    Agent,
    /// "Say that again."
    Repeat,
    /// "Go back."
    Back,
    /// "Stop." Ends what is being said or done.
    Stop,
}

/// The command that a text is, if it is one.
pub fn detect(text: &str, language: Language) -> Option<Command> {
    let _ = (text, language);
    None
}
