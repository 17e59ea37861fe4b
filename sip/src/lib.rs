//! Telephony: SIP signalling, offer/answer, and the media clock.
//!
//! - [`message`]: SIP messages (RFC 3261), read and written.
//! - [`transport`]: the sockets of SIP: UDP in batches, TCP, TLS, where a URI leads, and who is let in.
//! - [`ua`]: the user agent: transports, registrar, dialogs; what the rest of Hotline sees of SIP.
//! - [`sdp`]: offer and answer (RFC 3264, RFC 8866).
//! - [`digest`]: digest authentication (RFC 8760), nonces.
//! - [`trunk`]: carriers: numbers, guards, which trunk carries a call.
//! - [`rtp`]: RTP packets (RFC 3550) and telephone events (RFC 4733).
//! - [`srtp`]: encrypted RTP and RTCP (RFC 3711).
//! - [`ice`]: connectivity checks of browsers, answered (RFC 8445).
//! - [`stun`]: the public address behind a NAT (RFC 8489).
//! - [`media`]: the one owner of the playout clock of every leg.
//!
//! Architecture invariant: this crate knows nothing of flows, intents, tickets or storage.

pub mod digest;
mod dtls;
pub mod endpoint;
pub mod ice;
pub mod media;
pub mod message;
pub mod rtp;
pub mod sdp;
pub mod srtp;
pub mod stun;
pub mod transport;
pub mod trunk;
pub mod ua;
