//! Conversations in writing: the flow that answers the telephone answers a visitor of a web page, who types, taps and reads.
//!
//! - [`Talk`] decides: a pure state machine with the flow's run inside it, as [`Conversation`](crate::call::Conversation) is for a call.
//! - [`Chats`] holds those that go on: who may begin one, whose a token is, and the task that drives each.
//! - [`told`]: what a visitor is told.
//!
//! A chat is a call whose words are typed. It has a journal, one outcome and a ticket, and whatever reads those reads it: live screens,
//! transcripts, what is learned from what was not understood, and the recovery after a crash.
//!
//! Architecture invariant: nothing here knows HTTP or a database.

mod chats;
mod people;
mod session;
mod talk;
pub mod told;

pub use chats::{Begin, Begun, Chats, Limits, Refused, Services};
pub use session::{Failed, Session};
pub use talk::{Answer, Input, Millis, NotTaken, Output, Patience, Talk, Wanted};
