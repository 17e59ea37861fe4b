//! The end: how a call gets its one outcome, and what closes its journal.

use flow::event as flowing;

use super::{Conversation, Millis, Output, With};
use crate::event::{Entry, Event, Outcome, Party, Personal, TicketId, TicketStatus};
use crate::queue::Left;
use crate::ticket;

impl Conversation {
    pub(super) fn hung_up(&mut self, by: Party, cause: &'static str, now: Millis, out: &mut Vec<Output>) {
        match self.with.clone() {
            With::Agent { agent, since, .. } => {
                let talked_ms = now.saturating_sub(since) as u32;
                self.write(Event::Unbridged { agent, by, talked_ms }, now, out);
                out.push(Output::LeaveQueue(Left::HungUp));
            }
            With::Queue { dialled: Some(to), .. } => {
                let reason = "hung_up".to_owned();
                self.write(Event::TransferFailed { from: "flow".into(), to, reason }, now, out);
                out.push(Output::LeaveQueue(Left::HungUp));
            }
            With::Queue { queue, .. } => {
                self.write(Event::Unqueued { queue, reason: "hung_up".into() }, now, out);
                out.push(Output::LeaveQueue(Left::HungUp));
            }
            With::Parked { .. } => out.push(Output::LeaveQueue(Left::HungUp)),
            With::Bot => {}
        }
        let was_with = std::mem::replace(&mut self.with, With::Bot);
        self.listening = None;
        self.cut_off_speech(now);
        self.close_sayings(now, out);
        if self.begun {
            self.tell(flowing::Event::Hangup, now, out);
        }
        let outcome = match (self.ending, was_with) {
            // Whoever talked to an agent has been served, whoever hung up first.
            (None | Some(Outcome::Abandoned), With::Agent { .. } | With::Parked { .. }) => Outcome::Agent,
            (Some(outcome), _) => outcome,
            (None, _) => Outcome::Abandoned,
        };
        self.end(outcome, by, cause, now, out);
    }

    pub(super) fn finish_if_all_is_said(&mut self, now: Millis, out: &mut Vec<Output>) {
        if let Some(outcome) = self.ending.filter(|_| !self.over && self.sayings.is_empty()) {
            out.push(Output::HangUp);
            self.end(outcome, Party::Hotline, "normal", now, out);
        }
    }

    pub(super) fn end(&mut self, outcome: Outcome, by: Party, cause: &str, now: Millis, out: &mut Vec<Output>) {
        self.over = true;
        self.write(Event::HungUp { by, cause: cause.to_owned() }, now, out);
        for event in closing_events(&self.journal, outcome, now as u32) {
            self.write(event, now, out);
        }
    }
}

/// The events that close a journal: a ticket unless the flow opened one, and the outcome. Also for calls that a crash cut off.
pub fn closing_events(journal: &[Entry], outcome: Outcome, duration_ms: u32) -> Vec<Event> {
    let mut events = Vec::new();
    if !journal.iter().any(|entry| matches!(entry.event, Event::TicketOpened { .. })) {
        let draft = ticket::draft(journal, outcome);
        events.push(Event::TicketOpened {
            ticket: TicketId::new(),
            subject: Personal::new(draft.subject),
            body: Personal::new(draft.body),
            tags: draft.tags,
            // Whoever got the answer needs nothing more; everything else is for people to look at.
            status: if outcome == Outcome::Resolved { TicketStatus::Solved } else { TicketStatus::Open },
        });
    }
    events.push(Event::Ended { outcome, duration_ms });
    events
}
