//! What is arranged when nobody talks to the caller now: being called back, a message; and what the call centre knows that may help:
//! how busy a queue is, who calls.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{
    Run, State,
    listening::{Listening, listening_step},
};
use crate::{
    Action, BlockId, Heard, Inquiry, Millis, Note, Outcome, TicketStatus,
    phrases::{self, Miss},
    plan::{About, Offer, Step},
    values::check_size,
};

/// The call centre knows what it knows: an answer that takes longer than this does not come.
const PATIENCE_MS: Millis = 3_000;
/// The most characters of a message.
const LONGEST_MESSAGE: usize = 20_000;

/// A question to the call centre.
#[derive(Clone, Debug)]
pub(super) struct Inquiring {
    pub block: BlockId,
    id: u64,
    what: Inquiry,
    pub until: Millis,
}

impl Run {
    pub(super) fn begin_inquiry(&mut self, block: &str, about: &About) {
        let what = match about {
            About::Queue(queue) => Inquiry::Queue { queue: queue.clone() },
            About::Customer(number) => match self.plan.templates.fill(number, &self.values) {
                Ok(number) => Inquiry::Customer { number: number.trim().to_owned() },
                Err(error) => return self.fail(block, format!("the number cannot be filled in: {error}")),
            },
        };
        self.waits += 1;
        self.requests += 1;
        self.actions.push(Action::Inquire { id: self.requests, what: what.clone() });
        let until = self.now + PATIENCE_MS;
        self.state = State::Inquiring(Inquiring { block: block.to_owned(), id: self.requests, what, until });
    }

    pub(super) fn told(&mut self, id: u64, answer: Result<Map<String, Value>, String>) {
        let (block, what) = match &self.state {
            State::Inquiring(inquiring) if inquiring.id == id => (inquiring.block.clone(), inquiring.what.clone()),
            _ => return,
        };
        self.note(Note::Told { block: block.clone(), what, answer: answer.clone() });
        let plan = Arc::clone(&self.plan);
        let Some(Step::Inquire { about, save_as }) = plan.blocks.get(&block).map(|planned| &planned.step) else {
            return self.fail(&block, "the block asks nothing".to_owned());
        };
        let told = answer.and_then(|answer| {
            let value = Value::Object(answer);
            check_size(&value).map(|()| value)
        });
        let value = match told {
            Ok(value) => value,
            Err(error) => return self.fail(&block, format!("it cannot be told: {error}")),
        };
        let edge = match about {
            About::Customer(_) if value["known"] == true => "known",
            About::Customer(_) => "unknown",
            About::Queue(_) if value["agents"] == 0 && self.has_edge(&block, "no_agents") => "no_agents",
            About::Queue(_) => "next",
        };
        self.values.others.insert(save_as.clone(), value);
        self.follow(&block, edge);
    }

    pub(super) fn inquiry_timed_out(&mut self) {
        if let State::Inquiring(inquiring) = &self.state
            && self.now >= inquiring.until
        {
            let block = inquiring.block.clone();
            self.fail(&block, "the call centre does not tell in time".to_owned());
        }
    }

    /// Whoever cannot be called back is not asked.
    pub(super) fn offer_callback(&mut self, block: &str, offer: &Offer) {
        match self.plan.templates.fill(&offer.number, &self.values) {
            Ok(number) if number.trim().is_empty() => self.follow(block, "declined"),
            Ok(_) => self.begin_listening(block),
            Err(error) => self.fail(block, format!("the number cannot be filled in: {error}")),
        }
    }

    pub(super) fn arrange_callback(&mut self, listening: Box<Listening>, offer: &Offer) {
        let templates = &self.plan.templates;
        let filled = templates
            .fill(&offer.number, &self.values)
            .and_then(|number| Ok((number, templates.fill(&offer.reason, &self.values)?)));
        match filled {
            Ok((number, reason)) => {
                let mut summary = self.brief();
                if !reason.trim().is_empty() {
                    summary.reason = reason.trim().to_owned();
                }
                let number = number.trim().to_owned();
                self.actions.push(Action::Callback { number, queue: offer.queue.clone(), summary });
                self.arranged = Some(Outcome::Callback);
                self.leave(listening, "next");
            }
            Err(error) => {
                self.actions.push(Action::StopListening);
                self.fail(&listening.block, format!("the callback cannot be filled in: {error}"));
            }
        }
    }

    pub(super) fn takes_a_message(&self, listening: &Listening) -> bool {
        listening_step(&self.plan, &listening.block).is_some_and(|(step, _)| step.takes_a_message())
    }

    pub(super) fn understand_message(&mut self, mut listening: Box<Listening>, heard: &Heard) {
        let length: usize = listening.message.iter().map(|text| text.chars().count()).sum();
        if length < LONGEST_MESSAGE {
            listening.message.push(heard.text.trim().to_owned());
        }
        if listening.ends.is_some_and(|ends| self.now >= ends) {
            return self.message_over(listening);
        }
        self.keep_listening(listening);
    }

    /// The caller has said it all, or nothing.
    pub(super) fn message_over(&mut self, listening: Box<Listening>) {
        if self.keep_message(&listening) {
            self.leave(listening, "next");
        } else {
            self.miss(listening, Miss::NoInput, false);
        }
    }

    /// Files the message, if there is one.
    pub(super) fn keep_message(&mut self, listening: &Listening) -> bool {
        if listening.message.is_empty() && !listening.voiced && !listening.talking {
            return false;
        }
        let plan = Arc::clone(&self.plan);
        let Some((Step::Voicemail { subject, tags, .. }, _)) = listening_step(&plan, &listening.block) else {
            return false;
        };
        let body = match listening.message.join(" ") {
            text if text.is_empty() => phrases::no_words(self.language).to_owned(),
            text => text,
        };
        // A message is kept whatever becomes of its subject.
        let mut fill = |template| match plan.templates.fill(template, &self.values) {
            Ok(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Err(error) => {
                self.note(Note::Error {
                    block: listening.block.clone(),
                    message: format!("a text cannot be filled in: {error}"),
                });
                None
            }
        };
        let subject = fill(subject).unwrap_or_else(|| "Voicemail".to_owned());
        let mut tags: Vec<String> = tags.iter().filter_map(fill).collect();
        tags.extend(self.tags.iter().filter(|tag| !tags.contains(tag)).cloned().collect::<Vec<_>>());
        self.actions.push(Action::Ticket { subject, body, tags, status: TicketStatus::Open });
        self.arranged = Some(Outcome::Voicemail);
        true
    }
}
