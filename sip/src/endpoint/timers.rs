//! Deadlines in order. A timer is never cancelled: what it finds when it fires decides whether it still means anything.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

use super::event::CallId;
use super::net::{ClientKey, ServerId};

/// What a deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// A and E: send the request again.
    ClientRetransmit(ClientKey),
    /// B and F: no final response.
    ClientTimeout(ClientKey),
    /// D, K and M: no more retransmissions of the response.
    ClientGone(ClientKey),
    /// G: send the refusal of an INVITE again.
    ServerRetransmit(ServerId),
    /// 100 Trying is due.
    Trying(ServerId),
    /// H, I, J and L: no more retransmissions of the request.
    ServerGone(ServerId),
    /// Of a call.
    Call(CallId, CallTimer),
}

/// What a deadline of a call is for. The number tells a timer from an older one of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum CallTimer {
    /// Send the 2xx again that has no ACK yet.
    Answer(u32),
    /// The ACK never came.
    NoAck(u32),
    /// Send the reliable provisional response again.
    Reliable(u32),
    /// It never was acknowledged.
    NoPrack(u32),
    /// Try the offer again that met another.
    Glare(u32),
    /// Refresh the session.
    Refresh(u32),
    /// Nobody refreshed it.
    SessionExpired(u32),
    /// The caller's Expires.
    InviteExpires,
    /// A cancelled INVITE has no final response.
    CancelUnanswered,
}

#[derive(Debug, Default)]
pub(super) struct Timers(BinaryHeap<Reverse<(Instant, Timer)>>);

impl Timers {
    pub fn at(&mut self, when: Instant, timer: Timer) {
        self.0.push(Reverse((when, timer)));
    }

    pub fn next(&self) -> Option<Instant> {
        self.0.peek().map(|Reverse((when, _))| *when)
    }

    pub fn due(&mut self, now: Instant) -> Option<Timer> {
        if self.next()? > now {
            return None;
        }
        self.0.pop().map(|Reverse((_, timer))| timer)
    }

    /// How many deadlines wait.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}
