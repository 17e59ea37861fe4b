//! The user agent: SIP over UDP behind types of our own. Calls come in as [`IncomingCall`], go out with
//! [`UserAgent::dial`], and are an [`ActiveCall`] with a media leg once they are up. Phones register with
//! the built-in registrar; [`UserAgent::register`] registers us with somebody else's.
//!
//! What is said on a call is left to whoever holds its leg; who may register, to a [`Directory`].
//!
//! # Layers
//!
//! `socket` → `screen`, `limit` (what reaches the stack) → the stack (transactions, dialogs) → `dispatch`
//! → `incoming`, `registrar`, `call` (in-dialog requests); `outgoing` and `register` go the other way.
//!
//! Architecture invariant: the SIP stack's types do not appear in any public signature.
//!
//! # Logging
//!
//! Nothing here logs message bodies, numbers or credentials. The stack below does: it writes whole
//! messages, `Authorization` included, at `INFO` with the target `rsipstack`. **A service must filter that
//! target to `warn`** (`rsipstack=warn`).

mod agent;
mod bindings;
mod call;
mod config;
mod dispatch;
mod incoming;
mod limit;
mod nat;
mod outgoing;
mod ports;
mod register;
mod registrar;
mod screen;
mod session;
mod socket;
mod wire;

pub use agent::UserAgent;
pub use bindings::Contact;
pub use call::{ActiveCall, EndCause};
pub use config::{Credentials, Dial, Directory, RateLimit, RegistrarLimits, SipError, UaConfig};
pub use incoming::{IncomingCall, RefusedCall};
pub use outgoing::{OutgoingCall, Progress};
pub use register::{Registration, RegistrationState};
pub use registrar::{RegistrationChange, RegistrationEvent};

/// The methods that are served, for `Allow`.
const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, REGISTER";
/// The only body that is understood, for `Accept`.
const ACCEPT: &str = "application/sdp";
