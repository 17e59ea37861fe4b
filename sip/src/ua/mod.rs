//! The user agent: the asynchronous face of the SIP endpoint. Calls come in as [`IncomingCall`], go out with
//! [`UserAgent::dial`], and are an [`ActiveCall`] with a media leg once they are up. Phones register with
//! the built-in registrar; [`UserAgent::register`] registers us with somebody else's.
//!
//! What is said on a call is left to whoever holds its leg; who may register, to a [`Directory`].
//!
//! # Layers
//!
//! `transport` (sockets, the gate) → `endpoint` (transactions, dialogs: pure) → here: `agent` drives it, `incoming`, `outgoing`, `call`
//! and `transfer` are what a caller of this crate holds, `session` is the media half of a call, `registrar` and `register` are the two
//! roles of registration.
//!
//! The endpoint stands behind one lock. It is held for microseconds and never across anything slow; events are handed on under it, so
//! that those of one call keep their order.
//!
//! # Logging
//!
//! Nothing here logs message bodies, numbers or credentials.

mod agent;
mod bindings;
mod call;
mod config;
mod incoming;
mod outgoing;
mod ports;
mod register;
mod registrar;
mod session;
mod transfer;

pub use agent::{Load, UserAgent};
pub use bindings::Contact;
pub use call::{ActiveCall, CallRecord, EndCause, Signal};
pub use config::{Credentials, Dial, Directory, RateLimit, RegistrarLimits, SipError, UaConfig};
pub use incoming::{IncomingCall, RefusedCall};
pub use outgoing::{OutgoingCall, Progress};
pub use register::{Registration, RegistrationState};
pub use registrar::{RegistrationChange, RegistrationEvent};
pub use transfer::Transfer;

pub use crate::endpoint::{CallId, Failed, Peer, Protocol, Traced};

use crate::endpoint::ACCEPT;
