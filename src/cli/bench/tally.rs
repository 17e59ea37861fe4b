//! What the load generator counts.

use std::collections::BTreeMap;

use super::measure::Values;
use super::talk::Talked;

/// Counts and times of a part of a run.
#[derive(Default, Clone)]
pub struct Tally {
    /// Calls begun.
    pub offered: u64,
    /// Calls answered with 200.
    pub answered: u64,
    /// Calls that went from INVITE to the answer of our BYE.
    pub completed: u64,
    /// Calls that we took back as planned.
    pub cancelled: u64,
    /// Calls that the other side ended.
    pub ended_by_peer: u64,
    /// Calls refused, by status.
    pub refused: BTreeMap<u16, u64>,
    /// Calls to whose INVITE or BYE nothing came within 64 T1.
    pub timed_out: u64,
    /// Calls that this machine could not begin (no socket).
    pub not_begun: u64,
    /// Requests that we sent again.
    pub retransmitted: u64,
    /// Answers that came again.
    pub answers_again: u64,
    /// Holds and resumptions that were accepted, and not.
    pub holds: u64,
    pub holds_refused: u64,
    /// Calls that agents' phones answered.
    pub desk_calls: u64,
    /// Transfers that the other side reported as done: blind, and attended.
    pub transfers: u64,
    pub attended: u64,
    /// Transfers that it reported as failed, whose callers are back.
    pub returned: u64,
    /// Transfers whose agent hung up before they were decided, as planned.
    pub left: u64,
    /// Transfers of which no result was told while the agent was there.
    pub untold: u64,
    /// Calls to colleagues that were not answered.
    pub consultations_refused: u64,
    /// Registrations accepted, and not.
    pub registered: u64,
    pub not_registered: u64,
    /// INVITE sent → its 200, and → its refusal.
    pub answer: Values,
    pub refusal: Values,
    /// BYE sent → its 200.
    pub bye: Values,
    /// INVITE sent → first RTP.
    pub first_rtp: Values,
    /// See [`super::rtp::Noticed::pacing`].
    pub pacing: Values,
    /// Keys pressed, and the time of a key's first packet → first packet of the prompt that it brings.
    pub keys: u64,
    pub prompt: Values,
    /// Packets heard, missing, and late or doubled.
    pub packets: u64,
    pub lost: u64,
    pub late: u64,
    /// How late calls were begun.
    pub lateness: Values,
    /// What came of talk.
    pub talked: Talked,
}

impl Tally {
    /// Calls that failed: refused, unanswered, ended by the other side, or not begun.
    pub fn failed(&self) -> u64 {
        self.refused.values().sum::<u64>() + self.timed_out + self.ended_by_peer + self.not_begun
    }

    /// Calls over.
    pub fn over(&self) -> u64 {
        self.completed + self.cancelled + self.failed()
    }

    /// What went wrong, in words; empty when nothing did.
    pub fn failures(&self) -> String {
        let mut parts: Vec<String> = self.refused.iter().map(|(status, count)| format!("{count} × {status}")).collect();
        let others = [
            (self.timed_out, "without an answer within 64 T1"),
            (self.ended_by_peer, "ended by the other side"),
            (self.not_begun, "not begun for want of a socket"),
        ];
        parts.extend(others.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")));
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn every_call_that_is_over_is_completed_cancelled_or_failed() {
        let mut tally = Tally { completed: 3, cancelled: 1, timed_out: 2, ..Tally::default() };
        tally.refused.insert(503, 4);
        assert_eq!((tally.failed(), tally.over()), (6, 10));
        assert_eq!(tally.failures(), "4 × 503, 2 without an answer within 64 T1");
    }
}
