//! Speaking: text to sound that is ready for the wire. Each voice's sentences are kept, so a prompt that was said once, or was
//! rendered when its flow was published, starts at the next tick. What to say is left to the flow, when to `call/`.
//!
//! - [`reading`]: from what is written to the words that are said; pure.
//! - [`sentences`](sentences()): long text in parts; [`recorded`]: prompts that a person has recorded.
//! - [`speaker`]: the voices and what they have said; [`loudness`]: one level for all of it.
//! - [`library`]: the prompts of a flow, as somebody who looks after them sees them.

mod cache;
mod library;
mod loudness;
mod music;
mod reading;
mod recorded;
mod sentences;
mod speaker;

pub use library::{Place, Prompt, fixed_prompts, prompt_id};
pub use loudness::TARGET_LUFS;
pub use music::melody;
pub use reading::{Segment, segments};
pub use recorded::{LARGEST_BYTES, LONGEST_SECONDS, NotTaken, Ready, Recorded, ready};
pub use sentences::sentences;
pub use speaker::{NotSpoken, Speaker};
