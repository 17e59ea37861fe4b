//! Scoring.
mod text;
pub use text::{digits, is_only_digits, is_phantom, same_words, words};
