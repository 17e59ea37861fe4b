//! What happens when a call cannot go on, and how it ends: errors, hang-ups and the one outcome.

use super::{MAX_RESCUES, Run, State, Then};
use crate::{Action, Note, Outcome, Part, phrases};

impl Run {
    /// Something in a block went wrong: its error edge, or a person.
    pub(super) fn fail(&mut self, block: &str, message: String) {
        self.note(Note::Error { block: block.to_owned(), message });
        if self.has_edge(block, "error") {
            self.follow(block, "error");
        } else {
            self.rescue(block);
        }
    }

    /// The run cannot go on from a block: the caller goes to a person, if there is a way and it is not what just failed.
    pub(super) fn rescue(&mut self, block: &str) {
        match self.flow.person.clone() {
            Some(person) if person != block && self.rescues < MAX_RESCUES && self.hung_up.is_none() => {
                self.rescues += 1;
                self.go_to_main(block, "error", person);
            }
            _ => self.give_up(),
        }
    }

    pub(super) fn give_up(&mut self) {
        if self.hung_up.is_some() {
            return self.finish(Outcome::Abandoned);
        }
        let parts = vec![Part { text: phrases::apology(self.language).to_owned(), language: self.language }];
        self.speak("", parts, false, Then::End(Outcome::Failed));
    }

    pub(super) fn hang_up(&mut self) {
        if self.hung_up.is_some() || matches!(self.state, State::Over) {
            return;
        }
        let outcome = if self.talked_to_agent {
            Outcome::Agent
        } else if let Some(arranged) = self.arranged {
            arranged
        } else if self.resolved {
            Outcome::Resolved
        } else {
            Outcome::Abandoned
        };
        self.hung_up = Some(outcome);
        self.steps = 0;
        self.waits = 0;
        let block = match std::mem::replace(&mut self.state, State::Moving) {
            // The flow had decided how the call ends and was only saying goodbye.
            State::Speaking { then: Then::End(decided), .. } => {
                self.hung_up = Some(if outcome == Outcome::Abandoned { decided } else { outcome });
                return self.finish(decided);
            }
            State::Speaking { block, .. } => block,
            State::Listening(listening) => {
                self.actions.push(Action::StopListening);
                if self.takes_a_message(&listening) && self.keep_message(&listening) {
                    self.hung_up = Some(Outcome::Voicemail);
                    return match self.has_edge(&listening.block, "hangup") {
                        true => self.follow(&listening.block, "hangup"),
                        false => self.finish(Outcome::Voicemail),
                    };
                }
                listening.block.clone()
            }
            State::Requesting(requesting) => requesting.block,
            State::Consulting(consulting) => consulting.block().clone(),
            State::Inquiring(inquiring) => inquiring.block,
            State::Queued(queued) => {
                if queued.until.is_some() {
                    self.actions.push(Action::LeaveQueue);
                }
                queued.block
            }
            State::New | State::Moving | State::Over => return self.finish(outcome),
        };
        if self.has_edge(&block, "hangup") {
            self.follow(&block, "hangup");
        } else if let Some(to) = self.flow.hangup.clone().filter(|_| outcome == Outcome::Abandoned) {
            self.go_to_main(&block, "hangup", to);
        } else {
            self.finish(outcome);
        }
    }

    pub(super) fn finish(&mut self, outcome: Outcome) {
        let outcome = match self.hung_up {
            None => outcome,
            // What is done after a hang-up can turn an abandoned call into a call-back, but not into a success.
            Some(Outcome::Abandoned) => match outcome {
                Outcome::Resolved | Outcome::Agent => Outcome::Abandoned,
                other => other,
            },
            Some(reached) => reached,
        };
        self.next = None;
        self.state = State::Over;
        self.outcome = Some(outcome);
        self.actions.push(Action::End { outcome });
    }
}
