//! What is counted in a queue from midnight on, and how long its calls have taken lately.

use std::collections::VecDeque;

use super::machine::{Left, Unserved};
use crate::event::Timestamp;

/// The calls by whose length the next ones are estimated.
const REMEMBERED: usize = 100;
/// Fewer calls say nothing about the next ones.
const ENOUGH: usize = 5;

/// What is counted in a queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    /// Since when.
    pub since: Timestamp,
    /// How many came.
    pub offered: u64,
    /// How many of them an agent took …
    pub answered: u64,
    /// … and how many of these within the time that is aimed at.
    pub answered_in_time: u64,
    /// How many hung up.
    pub abandoned: u64,
    /// How many waited for as long as they may.
    pub timed_out: u64,
    /// How many left because nobody was there, the queue was closed or too long.
    pub unserved: u64,
    /// How many want to be called back.
    pub callbacks: u64,
    /// How many went on to leave a message.
    pub voicemails: u64,
    /// How many went on to another queue.
    pub overflowed: u64,
    /// How long those have waited who were answered, in ms.
    pub waited_ms: i64,
    /// How long calls have taken, with the work after them, in ms; the newest last.
    handled: VecDeque<i64>,
}

impl Tally {
    /// Nothing so far.
    pub fn new(since: Timestamp) -> Self {
        Self {
            since,
            offered: 0,
            answered: 0,
            answered_in_time: 0,
            abandoned: 0,
            timed_out: 0,
            unserved: 0,
            callbacks: 0,
            voicemails: 0,
            overflowed: 0,
            waited_ms: 0,
            handled: VecDeque::new(),
        }
    }

    /// Counts anew; how long calls take is still known.
    pub(super) fn begin(&mut self, now: Timestamp) {
        let handled = std::mem::take(&mut self.handled);
        *self = Self { handled, ..Self::new(now) };
    }

    pub(super) fn offered(&mut self) {
        self.offered += 1;
    }

    pub(super) fn answered(&mut self, waited_ms: i64, within_ms: i64) {
        self.answered += 1;
        self.answered_in_time += u64::from(waited_ms <= within_ms);
        self.waited_ms += waited_ms;
    }

    pub(super) fn left(&mut self, how: Left) {
        match how {
            Left::HungUp => self.abandoned += 1,
            Left::Callback => self.callbacks += 1,
            Left::Voicemail => self.voicemails += 1,
            Left::Else => {}
        }
    }

    pub(super) fn unserved(&mut self, why: Unserved) {
        match why {
            Unserved::TimedOut => self.timed_out += 1,
            Unserved::NobodyServes | Unserved::Full | Unserved::Closed => self.unserved += 1,
        }
    }

    pub(super) fn overflowed(&mut self) {
        self.overflowed += 1;
    }

    pub(super) fn handled(&mut self, took_ms: i64) {
        if self.handled.len() == REMEMBERED {
            self.handled.pop_front();
        }
        self.handled.push_back(took_ms.max(0));
    }

    /// How long a call takes with the work after it, in seconds; none as long as too few are known.
    pub fn handling_s(&self) -> Option<f64> {
        let count = self.handled.len();
        (count >= ENOUGH).then(|| self.handled.iter().sum::<i64>() as f64 / 1_000.0 / count as f64)
    }

    /// The part of those who are through that was answered in time; those who left for another queue count there.
    pub fn service_level(&self) -> Option<f64> {
        let through = self.answered + self.abandoned + self.timed_out + self.unserved;
        (through > 0).then(|| self.answered_in_time as f64 / through as f64)
    }

    /// The part of them that hung up.
    pub fn abandonment(&self) -> Option<f64> {
        let through = self.answered + self.abandoned + self.timed_out + self.unserved;
        (through > 0).then(|| self.abandoned as f64 / through as f64)
    }

    /// How long those have waited who were answered, in seconds.
    pub fn average_wait_s(&self) -> Option<f64> {
        (self.answered > 0).then(|| self.waited_ms as f64 / 1_000.0 / self.answered as f64)
    }
}
