//! Values out of an answer.

use crate::Language;

/// The digits spoken or written in a text, in order.
pub fn digits(text: &str, language: Language) -> String {
    let _ = language;
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Whether an answer means yes or no; `None` when it says neither, or both.
pub fn yes_no(text: &str, language: Language) -> Option<bool> {
    let _ = (text, language);
    None
}

/// The choice whose phrases come closest to a text, with its likeness (0 to 1); `None` when none comes close.
pub fn match_phrase(text: &str, choices: &[(String, Vec<String>)]) -> Option<(String, f32)> {
    let _ = (text, choices);
    None
}
