//! Channels: each turns a protocol into legs and nothing more.
//!
//! Architecture invariant: no other part of the service names the SIP user agent, but for the test phone of the command line.

mod control;
mod diversion;
mod sip;
mod trunks;
mod webrtc;

pub use self::sip::{Algorithm, Calls, Directory, SipChannel, SipSettings, StartError, user_agent};
pub use self::trunks::{Connected, FromTrunk, Outbound, Slot, TrunkError, TrunkStatus, Trunks};
pub use self::webrtc::{
    Begun, Caller, CallerSocket, Credentials as TurnCredentials, IceServer, IceServers, PhoneSocket,
    Settings as BrowserSettings, TokenRefused, WebCall, WebRtc,
};
