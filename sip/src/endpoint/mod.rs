//! The SIP endpoint as a pure state machine: messages and the time go in, messages and events come out.

mod config;

pub use config::{Config, Peer, Protocol};
