//! RTP packets (RFC 3550) and telephone events (RFC 4733): reading and writing bytes, and what follows from them
//! (which packet is lost, which key was pressed). Sockets and clocks are left to [`crate::media`].
//!
//! The header is read by a view of our own rather than by `rtc-rtp`: that parser allocates for every packet with an
//! extension, accepts any version, and loses the payload's place behind a reserved extension id. The tests hold the two
//! against each other where both should agree.

mod keys;
mod packet;
mod presses;
mod reception;
mod reports;
pub mod rtcp;

pub use keys::{KEY_LENGTH, KeyReceiver, KeySender, KeyStep, TelephoneEvent, digit_of_event, event_of_digit};
pub use packet::{Header, Packet};
pub use presses::{KeySource, Presses};
pub use reception::Reception;
pub use reports::{Remote, Reports, Unheard};
