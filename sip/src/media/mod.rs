//! The media clock: a few operating-system threads own the sockets and the playout of all legs, each leg on one thread.
//! Whoever holds a [`Leg`] sends it commands (play, stop, bridge…) that never block; what happens comes back as
//! [`LegEvent`]s. What to play, and what was understood, is left to others: this module knows packets and samples only.
//!
//! - [`Clock`]: starts and stops the threads; [`ClockStats`] says how punctual they are.
//! - [`Leg`], [`LegConfig`]: one audio stream with one peer.
//! - [`SharedPort`]: the one UDP port of all browsers, where each of their legs has a [`Place`].
//! - [`Conference`]: legs that all hear each other.
//! - [`Clip`], [`Playback`]: sound to play, encoded once and shared by all legs.
//! - [`LegEvents`]: frames, keys, the begin and end of each playback, silence on the wire.
//!
//! # One tick
//!
//! 1. Commands are taken, then every datagram that has arrived is read.
//! 2. For each leg the jitter buffer gives 20 ms of the peer's sound.
//! 3. For each leg 20 ms leave: a key, a clip, the bridged leg's or the conference's sound, the hold loop, or silence.
//! 4. Only when all packets are out: voice activity and events, so that nothing slow can delay a packet.
//!
//! A thread wakes every 5 ms, and each leg ticks at every fourth of these steps. Commands are taken and sockets are
//! read at each step, so a key or a command is acted on at the leg's very next tick, and a new leg sends within 10 ms. A leg's
//! step is chosen after its peer's packets (`phase`), so that the answer to what has just come need not wait for long.
//! `epoll` names the sockets that can be read, so reading four times as often costs hardly more than reading once.
//!
//! Legs that are bridged or in one conference are on one thread: a leg that is not is handed over whole, socket and all,
//! and what was sent to it in the meantime goes after it in order.
//!
//! # Codings and encryption
//!
//! Inside, sound is 8 kHz in frames of 20 ms, whatever travels. Clips are encoded once for each coding, bridged legs of
//! one coding pass its packets on untouched; only where they differ is sound decoded and encoded again, on this thread.
//! How 20 ms become packets of the length that the peer wants stands in `stream`, how packets are encrypted and
//! handshakes are kept off this thread in `guard`.
//!
//! Architecture invariant: a media thread never blocks, awaits, or takes a lock that is held across anything slow.

mod clip;
mod clock;
mod conference;
mod engine;
mod event;
mod gauges;
mod guard;
mod hearing;
mod latch;
mod leg;
mod line;
mod phase;
mod player;
mod port;
mod quality;
mod speaking;
mod stream;
mod sys;
#[cfg(test)]
mod tests;
mod wire;

pub use crate::rtp::Unheard;
pub use audio::codec::Codec;
pub use clip::{Clip, Playback, VOICED_DBOV};
pub use clock::{Clock, Scheduling};
pub use conference::Conference;
pub use event::{LegEvent, LegEvents, LegStats, MediaFrame, Recording};
pub use gauges::{ClockStats, Lateness};
pub use leg::{Leg, LegConfig, LegId, LegObserver, RtcpTo};
pub use port::{Path, Place, PortStats, SharedPort};
pub use quality::{Direction as QualityDirection, History, QualityPoint};
pub use wire::Wire;
