//! RTP payloads back into an even stream.

use std::time::Duration;

/// What to play for one 20 ms tick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Playout {
    /// 160 bytes of G.711.
    Frame(Vec<u8>),
    /// Something should be here and is not: conceal it.
    Conceal,
    /// The stream has not begun, or has stopped.
    Empty,
}

/// What happened to the packets so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JitterStats {
    /// Packets taken, without duplicates.
    pub received: u64,
    /// Packets that came after their turn to be played.
    pub late: u64,
    /// Packets that never came.
    pub lost: u64,
    /// Packets that came more than once.
    pub duplicated: u64,
    /// Packets dropped because they fit nowhere.
    pub rejected: u64,
    /// Audio waiting in the buffer.
    pub depth: Duration,
    /// Audio that the buffer aims to hold.
    pub target: Duration,
}

/// An adaptive jitter buffer for G.711.
#[derive(Debug, Default)]
pub struct JitterBuffer {}

impl JitterBuffer {
    /// An empty buffer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a packet as it arrives.
    pub fn push(&mut self, _seq: u16, _timestamp: u32, _payload: &[u8]) {}

    /// What to play now; called once every 20 ms.
    pub fn pop(&mut self) -> Playout {
        Playout::Empty
    }

    /// Counts so far.
    pub fn stats(&self) -> JitterStats {
        JitterStats::default()
    }

    /// Begins a new stream (SSRC change); the counts go on.
    pub fn reset(&mut self) {}
}
