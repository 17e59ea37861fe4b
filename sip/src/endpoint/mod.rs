//! The SIP endpoint as a pure state machine: messages and the time go in, messages and events come out. No socket, clock, thread or
//! await; whoever drives it (`ua`) owns those. One endpoint holds all transactions and calls of one process.
//!
//! - [`Endpoint`]: [`receive`](Endpoint::receive) a message, tell it the [time](Endpoint::timeout), give it commands, drain [`Output`]s.
//! - `net`: transactions (RFC 3261 section 17, RFC 6026), their timers, and matching.
//! - `dialog`: what the two ends of a dialog remember of each other (section 12).
//! - `call`: the INVITE usage: early media, reliable provisional responses (RFC 3262), offers in either direction, UPDATE (RFC 3311),
//!   session timers (RFC 4028), REFER (RFC 3515) and Replaces (RFC 3891), glare, and every way to end.
//! - `screen`: what a request must have before anybody looks at it.
//!
//! Session descriptions are opaque here: an offer is bytes that somebody else answers.
//!
//! Everything is bounded: calls and transactions by [`Config`], what waits for an acknowledgement by timers, and a request that would
//! exceed a bound is answered 503.

mod call;
mod callee;
mod caller;
mod clean;
mod config;
mod core;
mod dialog;
mod event;
mod net;
mod offers;
mod refresh;
mod screen;
mod timers;
mod transfer;

pub use self::core::Endpoint;
pub use config::{Config, Peer, Protocol};
pub use event::{
    CallId, EndCause, Event, Failed, Incoming, Invite, OfferId, Output, Outside, OutsideRequest, Refer, RequestId,
    Traced,
};

/// The methods that are served, for `Allow`.
pub const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY, REGISTER";
/// The extensions that are understood, for `Supported`.
pub const SUPPORTED: &str = "100rel, timer, replaces, norefersub";
/// The only body that is understood as a session, for `Accept`.
pub const ACCEPT: &str = "application/sdp";

#[cfg(test)]
mod tests;
