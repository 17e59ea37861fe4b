//! Queues: who is offered a waiting call, who waits for how long, and what becomes of those for whom there is nobody. One machine owns
//! all of it; it takes events and the time and gives decisions, so that it can be explained, simulated and replayed. Ringing and bridging
//! are left to `call/`, its clock and its listeners to `agent/`.
//!
//! - [`Queue`]: a queue as an admin writes it.
//! - [`Machine`]: who has which call; [`State`]: what an agent does, one thing at a time.
//! - [`Floor`]: how everything stands, for screens.
//!
//! Architecture invariant: nothing here waits, reads a clock, or touches a leg.

mod agent;
mod definition;
mod floor;
mod machine;
#[cfg(test)]
mod properties;
mod tally;
#[cfg(test)]
mod tests;

pub use agent::{NOT_ANSWERING, Presence, Profile, State};
pub use definition::{
    Announce, CallbackPolicy, Disposition, Invalid, Keys, Need, Overflow, Queue, Step, Strategy, Target, WhenEmpty,
    is_name,
};
pub use floor::{AgentCounts, AgentStanding, Floor, QueueStanding, Standing, WaitingStanding};
pub use machine::{Announcement, Decision, Entry, Event, Left, Machine, Missed, Preference, Unserved, Withdrawn};
pub use tally::Tally;
