//! The media clock: one operating-system thread owns the sockets and the playout of every leg, and wakes every 20 ms.
//! Whoever holds a [`Leg`] sends it commands (play, stop, bridge…) that never block; what happens comes back as
//! [`LegEvent`]s. What to play, and what was understood, is left to others: this module knows packets and samples only.
//!
//! - [`Clock`]: starts and stops the thread; [`ClockStats`] says how punctual it is.
//! - [`Leg`], [`LegConfig`]: one audio stream with one peer.
//! - [`Clip`], [`Playback`]: sound to play, encoded once and shared by all legs.
//! - [`LegEvents`]: frames, keys, the begin and end of each playback, silence on the wire.
//!
//! # One tick
//!
//! 1. Commands are drained, then every datagram that has arrived is read.
//! 2. For each leg the jitter buffer gives 20 ms of the peer's sound.
//! 3. For each leg one packet leaves: a key, a clip, the bridged leg's sound, the hold loop, or silence.
//! 4. Only when all packets are out: voice activity and events, so that nothing slow can delay a packet.
//!
//! Between ticks the sockets are read every 5 ms, so a key or a first packet is acted on at the very next tick and the
//! jitter buffer sees packets when they come. Legs that have nothing to read cost nothing there (`epoll`).
//!
//! Architecture invariant: the thread never blocks, awaits, or takes a lock that is held across anything slow.

mod clip;
mod clock;
mod event;
mod leg;

pub use audio::g711::Codec;
pub use clip::{Clip, Playback};
pub use clock::{Clock, ClockStats, Lateness, Scheduling};
pub use event::{LegEvent, LegEvents, LegStats, MediaFrame};
pub use leg::{Leg, LegConfig, LegId};
