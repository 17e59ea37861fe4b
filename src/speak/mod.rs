//! Speaking: text to sound that is ready for the wire. Each voice's sentences are kept, so a prompt that was said once, or was
//! rendered when its flow was published, starts at the next tick. What to say is left to the flow, when to `call/`.

mod cache;
mod music;
mod sentences;
mod speaker;

pub use music::melody;
pub use sentences::sentences;
pub use speaker::{NotSpoken, Speaker};
