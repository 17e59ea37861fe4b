//! Listening: from a leg's frames to turns ([`Ear`]), from turns to text ([`Recognisers`]).
//!
//! What a turn means, and what is said to it, is left to `call/`.

mod clause;
mod ear;
mod recognisers;

pub use clause::{Clause, clause, is_back_channel};
pub use ear::{Ear, EarEvent};
pub use recognisers::{NotRecognised, Recognisers};
