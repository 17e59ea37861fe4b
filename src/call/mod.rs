//! A call, from offer to outcome.
//!
//! - [`Conversation`] decides: a pure state machine that hears events and wants actions, with the flow's run inside it.
//! - [`Driver`] does: it owns the legs, asks the recogniser, the voice and other services, and reports back.
//! - [`handover`]: the way to an agent.
//! - [`bridge`] decides who hears whom, and what becomes of transfers, parking and conferences: a pure state machine; [`room`] does it.
//! - [`inquiry`]: what a flow asks of the call centre itself.
//! - [`exchange`]: what calls know of each other; [`plan`]: what a dialled code or name means.
//! - [`arrival`]: where a call goes first; [`dialled`]: calls that phones of ours make.
//! - [`back`]: calls to those who are to be called back.
//! - [`reach`]: the way to whoever was dialled, also when they send the call on.
//! - [`replace`]: calls that take the place of a leg; [`rest`]: what is left when the caller is gone; [`journal`]: what both and
//!   [`dialled`] write.
//! - [`supervise`]: supervisors who listen, whisper, join in or take over.
//! - [`leg`]: what a channel hands over: a leg and its control, whatever the protocol.
//! - [`Legs`]: what is kept of each leg for whoever looks into the call.
//!
//! Architecture invariant: nothing here knows a protocol, a database or the web; the journal is written through a sink.

mod arrival;
pub mod back;
pub mod bridge;
mod conversation;
mod dialled;
mod driver;
mod exchange;
mod handover;
mod inquiry;
mod journal;
pub mod leg;
mod legs;
mod plan;
mod reach;
mod replace;
mod rest;
mod room;
mod spoken;
mod supervise;

pub use arrival::take_call;
pub use conversation::{Conversation, Floor, Input, Output, QueueNews, closing_events, waiting_callback};
pub(crate) use conversation::{brief_text, callback_events, from_flow, journaled, ticket_opened};
pub use driver::{Driver, Services, hinted, turn_profile};
pub use exchange::Exchange;
pub(crate) use inquiry::inquire;
pub use leg::{Incoming, Leg, Phones};
pub use legs::{Legs, LiveLegs, Signalling};
pub use plan::{Destination, Plan};
pub use supervise::{NotSupervised, supervise};

use futures::future::BoxFuture;
use intent::Language;

use crate::event::{CallId, Entry, Personal, Timestamp};

/// Where a call's journal and recording go. `main` hands it in; implementations put writes in order and never lose one that
/// was accepted.
pub trait Sink: Send + Sync {
    /// A new call, with the first entry of its journal.
    fn begin(&self, call: CallId, offered: Entry) -> BoxFuture<'_, ()>;
    /// Further entries, in order. Waits only when far more is waiting than a slow disk explains.
    fn write(&self, call: CallId, entries: Vec<Entry>) -> BoxFuture<'_, ()>;
    /// Sound will come: the recording begins with the first frame.
    fn open(&self, call: CallId);
    /// 20 ms of both directions: what the caller was told and what the caller said. Never blocks. Answers, once, why the
    /// recording stopped, if it did.
    fn record(&self, call: CallId, said: &audio::Frame8k, heard: &audio::Frame8k) -> Option<String>;
    /// No more sound will come; the recording is closed.
    fn close(&self, call: CallId) -> BoxFuture<'_, ()>;
}

/// What is known of those who call, from their earlier calls. A call waits for it before it is answered, so implementations answer
/// soon, or that they know nothing.
pub trait Callers: Send + Sync {
    /// The language that whoever calls from this number has chosen.
    fn language<'a>(&'a self, number: &'a Personal) -> BoxFuture<'a, Option<Language>>;
    /// The extension of the agent whom whoever calls from this number talked to last.
    fn last_agent<'a>(&'a self, _number: &'a Personal) -> BoxFuture<'a, Option<String>> {
        Box::pin(std::future::ready(None))
    }
    /// Who calls from this number; or why that cannot be told.
    fn customer<'a>(&'a self, number: &'a Personal) -> BoxFuture<'a, Result<Customer, String>>;
}

/// What is known of whoever calls from a number. Nothing, where it is withheld.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Customer {
    /// How many calls have come from it that are over.
    pub calls: u64,
    /// When the last of them began.
    pub last_call: Option<Timestamp>,
    /// How many tickets of theirs are not solved.
    pub open_tickets: u64,
    /// What the newest of these is about.
    pub ticket_subject: Option<Personal>,
}

/// Now, in milliseconds since the Unix epoch.
pub fn now() -> Timestamp {
    jiff::Timestamp::now().as_millisecond()
}
