//! The blocks that do something without the caller: requests, branches, queues and tickets.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{MAX_WAITS, Run, State};
use crate::{
    Action, BlockId, HttpFailure, HttpReply, Millis, Note, Outcome, Part, QueueResult, TicketStatus,
    event::MASKED,
    expression::Expression,
    phrases,
    plan::{Body, Prompt, Request, Step},
    template::Template,
    values::check_size,
};

/// A reply that takes longer than this is bridged with words.
const FILLER_AFTER_MS: Millis = 1_500;
/// An answer of the service that takes so much longer than it was allowed is not waited for.
const GRACE_MS: Millis = 2_000;

/// A request on its way.
#[derive(Clone, Debug)]
pub(super) struct Requesting {
    pub block: BlockId,
    id: u64,
    attempt: u32,
    begun: Millis,
    /// Method and address, for the journal.
    asked: String,
    filler_at: Option<Millis>,
    until: Millis,
}

impl Requesting {
    pub fn deadline(&self) -> Millis {
        self.filler_at.map_or(self.until, |at| at.min(self.until))
    }
}

/// A caller in a queue or with an agent.
#[derive(Clone, Debug)]
pub(super) struct Queued {
    pub block: BlockId,
    /// When to stop waiting for the queue; `None` while the caller talks to an agent.
    pub until: Option<Millis>,
}

impl Run {
    pub(super) fn begin_request(&mut self, id: &str, request: &Request) {
        self.waits += 1;
        let filler_at = self.hung_up.is_none().then_some(self.now + FILLER_AFTER_MS);
        self.send(id, request, 1, filler_at);
    }

    fn send(&mut self, block: &str, request: &Request, attempt: u32, filler_at: Option<Millis>) {
        let templates = &self.plan.templates;
        let filled = templates.fill(&request.url, &self.values).and_then(|url| {
            let headers = request
                .headers
                .iter()
                .map(|(name, template)| Ok((name.clone(), templates.fill(template, &self.values)?)))
                .collect::<Result<BTreeMap<String, String>, String>>()?;
            let body = request.body.as_ref().map(|body| self.fill_body(body)).transpose()?;
            Ok((url, headers, body))
        });
        let (url, headers, body) = match filled {
            Ok(filled) => filled,
            Err(error) => return self.fail(block, format!("the request cannot be filled in: {error}")),
        };
        self.requests += 1;
        let asked = self.without_secrets(&format!("{} {url}", request.method));
        self.actions.push(Action::Http {
            id: self.requests,
            method: request.method.clone(),
            url,
            headers,
            body,
            timeout_ms: request.timeout_ms,
        });
        self.state = State::Requesting(Requesting {
            block: block.to_owned(),
            id: self.requests,
            attempt,
            begun: self.now,
            asked,
            filler_at,
            until: self.now + request.timeout_ms + GRACE_MS,
        });
    }

    /// What was asked of another service, as the journal has it.
    pub fn as_journaled(&self, request: &str) -> String {
        self.without_secrets(request)
    }

    /// A text in which what is secret is not to be read.
    fn without_secrets(&self, text: &str) -> String {
        let slots = &self.values.others["slots"];
        let values = self.secrets.iter().filter_map(|name| slots[name].as_str()).filter(|value| value.len() > 1);
        values.fold(text.to_owned(), |text, value| text.replace(value, MASKED))
    }

    fn hide_secrets(&self, value: &Value) -> Value {
        match value {
            _ if self.secrets.is_empty() => value.clone(),
            Value::String(text) => Value::String(self.without_secrets(text)),
            Value::Array(items) => items.iter().map(|item| self.hide_secrets(item)).collect(),
            Value::Object(members) => {
                Value::Object(members.iter().map(|(name, value)| (name.clone(), self.hide_secrets(value))).collect())
            }
            other => other.clone(),
        }
    }

    fn fill_body(&self, body: &Body) -> Result<Value, String> {
        Ok(match body {
            Body::Text(template) => Value::String(self.plan.templates.fill(template, &self.values)?),
            Body::Plain(value) => value.clone(),
            Body::List(items) => Value::Array(items.iter().map(|item| self.fill_body(item)).collect::<Result<_, _>>()?),
            Body::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(name, member)| Ok((name.clone(), self.fill_body(member)?)))
                    .collect::<Result<Map<_, _>, String>>()?,
            ),
        })
    }

    pub(super) fn http_done(&mut self, id: u64, result: Result<HttpReply, HttpFailure>) {
        let State::Requesting(requesting) = &self.state else { return };
        if requesting.id != id {
            return;
        }
        let (block, attempt) = (requesting.block.clone(), requesting.attempt);
        let filler_at = requesting.filler_at;
        self.note(Note::HttpCalled {
            block: block.clone(),
            request: requesting.asked.clone(),
            status: result.as_ref().ok().map(|reply| reply.status),
            reply: result.as_ref().map(|reply| self.hide_secrets(&reply.body)).map_err(Clone::clone),
            ms: self.now.saturating_sub(requesting.begun),
            attempt,
        });
        let plan = std::sync::Arc::clone(&self.plan);
        let Some(Step::Http(request)) = plan.blocks.get(&block).map(|planned| &planned.step) else {
            return self.fail(&block, "the request's block is gone".to_owned());
        };
        let failure = match result {
            Ok(reply) => match check_size(&reply.body) {
                Ok(()) => {
                    self.keep(&request.save_as, reply);
                    return self.follow(&block, "ok");
                }
                Err(error) => HttpFailure::BadReply(error),
            },
            Err(failure) => failure,
        };
        let repeatable = matches!(request.method.as_str(), "GET" | "PUT" | "DELETE");
        let passing = matches!(failure, HttpFailure::Timeout | HttpFailure::Refused);
        if passing && repeatable && attempt <= request.retries {
            return self.send(&block, request, attempt + 1, filler_at);
        }
        let (edge, message) = match failure {
            HttpFailure::Timeout => ("timeout", format!("no reply within {} ms", request.timeout_ms)),
            HttpFailure::Refused => ("error", "the address cannot be reached".to_owned()),
            HttpFailure::BadReply(why) => ("error", why),
        };
        self.note(Note::Error { block: block.clone(), message });
        self.follow(&block, edge);
    }

    /// A body that is an object keeps its members; whatever it is, `status_code` stands beside it.
    fn keep(&mut self, name: &str, reply: HttpReply) {
        let mut kept = match reply.body {
            Value::Object(members) => members,
            Value::Null => Map::new(),
            other => Map::from_iter([("body".to_owned(), other)]),
        };
        kept.insert("status_code".to_owned(), json!(reply.status));
        self.values.others.insert(name.to_owned(), Value::Object(kept));
    }

    pub(super) fn request_timed_out(&mut self) {
        let State::Requesting(requesting) = &mut self.state else { return };
        if self.now >= requesting.until {
            let id = requesting.id;
            return self.http_done(id, Err(HttpFailure::Timeout));
        }
        requesting.filler_at = None;
        if self.hung_up.is_some() {
            return;
        }
        let block = requesting.block.clone();
        let plan = std::sync::Arc::clone(&self.plan);
        let own = plan.blocks.get(&block).and_then(|planned| match &planned.step {
            Step::Http(request) => request.filler.as_ref(),
            _ => None,
        });
        let parts = own.and_then(|prompt| self.fill_prompt(prompt).ok()).unwrap_or_else(|| {
            vec![Part { text: phrases::one_moment(self.language).to_owned(), language: self.language }]
        });
        if !parts.is_empty() {
            self.say(parts, false);
        }
    }

    pub(super) fn branch(&mut self, id: &str, cases: &[(Result<Expression, String>, String)]) {
        for (condition, edge) in cases {
            let truth = match condition {
                Ok(condition) => condition.test(&self.values),
                Err(error) => Err(error.clone()),
            };
            match truth {
                Ok(true) => return self.follow(id, edge),
                Ok(false) => {}
                Err(error) => {
                    return self.fail(id, format!("the condition for {edge} cannot be told: {error}"));
                }
            }
        }
        self.follow(id, "else");
    }

    pub(super) fn begin_queue(
        &mut self,
        id: &str,
        queue: &str,
        prompt: Option<&Prompt>,
        reason: &Template,
        timeout_ms: u64,
    ) {
        self.waits += 1;
        if self.waits > MAX_WAITS {
            return self.give_up();
        }
        let mut summary = self.brief();
        match self.plan.templates.fill(reason, &self.values) {
            Ok(text) if !text.trim().is_empty() => summary.reason = text.trim().to_owned(),
            Ok(_) => {}
            // An agent who knows less is better than no agent.
            Err(error) => self.note(Note::Error {
                block: id.to_owned(),
                message: format!("the reason cannot be filled in: {error}"),
            }),
        }
        if let Some(prompt) = prompt {
            match self.fill_prompt(prompt) {
                Ok(parts) if !parts.is_empty() => {
                    self.say(parts, false);
                }
                Ok(_) => {}
                Err(message) => self.note(Note::Error { block: id.to_owned(), message }),
            }
        }
        self.keys_ahead.clear();
        self.actions.push(Action::Queue { queue: queue.to_owned(), summary, timeout_ms });
        self.wait_for_person(id, timeout_ms);
    }

    fn wait_for_person(&mut self, id: &str, timeout_ms: u64) {
        self.state = State::Queued(Queued { block: id.to_owned(), until: Some(self.now + timeout_ms + GRACE_MS) });
    }

    pub(super) fn begin_transfer(&mut self, id: &str, to: &Template, prompt: Option<&Prompt>, timeout_ms: u64) {
        self.waits += 1;
        if self.waits > MAX_WAITS {
            return self.give_up();
        }
        let to = match self.plan.templates.fill(to, &self.values) {
            Ok(to) if !to.trim().is_empty() => to.trim().to_owned(),
            Ok(_) => return self.fail(id, "there is no number to transfer to".to_owned()),
            Err(error) => return self.fail(id, format!("the number cannot be filled in: {error}")),
        };
        match prompt.map(|prompt| self.fill_prompt(prompt)) {
            Some(Ok(parts)) if !parts.is_empty() => {
                self.say(parts, false);
            }
            Some(Err(message)) => self.note(Note::Error { block: id.to_owned(), message }),
            _ => {}
        }
        self.keys_ahead.clear();
        let summary = self.brief();
        self.actions.push(Action::Transfer { to, summary, timeout_ms });
        self.wait_for_person(id, timeout_ms);
    }

    pub(super) fn queue_done(&mut self, result: QueueResult) {
        let State::Queued(queued) = &mut self.state else { return };
        let block = queued.block.clone();
        match result {
            QueueResult::Bridged => {
                queued.until = None;
                self.talked_to_agent = true;
                self.caller_is_there();
            }
            QueueResult::AgentEnded if self.has_edge(&block, "ended") => self.follow(&block, "ended"),
            QueueResult::AgentEnded => self.finish(Outcome::Agent),
            QueueResult::Voicemail if self.has_edge(&block, "voicemail") => self.follow(&block, "voicemail"),
            QueueResult::Busy if self.is_transfer(&block) => self.follow(&block, "busy"),
            QueueResult::NoAgents | QueueResult::Busy => self.follow(&block, self.unanswered(&block, "no_agents")),
            QueueResult::Timeout | QueueResult::Voicemail => self.follow(&block, self.unanswered(&block, "timeout")),
            QueueResult::Failed => self.fail(&block, "the call could not be handed over".to_owned()),
        }
    }

    pub(super) fn queue_timed_out(&mut self) {
        if let State::Queued(queued) = &self.state {
            let block = queued.block.clone();
            self.actions.push(Action::LeaveQueue);
            self.follow(&block, self.unanswered(&block, "timeout"));
        }
    }

    fn is_transfer(&self, block: &str) -> bool {
        matches!(self.plan.blocks.get(block).map(|planned| &planned.step), Some(Step::Transfer { .. }))
    }

    /// The edge where nobody takes the call: a queue tells why, a transfer has one for all reasons.
    fn unanswered<'e>(&self, block: &str, of_queue: &'e str) -> &'e str {
        if self.is_transfer(block) { "no_answer" } else { of_queue }
    }

    pub(super) fn ticket(
        &mut self,
        id: &str,
        subject: &Template,
        body: &Template,
        tags: &[Template],
        status: TicketStatus,
    ) {
        let templates = &self.plan.templates;
        let filled = templates.fill(subject, &self.values).and_then(|subject| {
            let body = templates.fill(body, &self.values)?;
            let tags = tags.iter().map(|tag| templates.fill(tag, &self.values)).collect::<Result<Vec<_>, _>>()?;
            Ok((subject, body, tags))
        });
        match filled {
            Ok((subject, body, mut tags)) => {
                tags.retain(|tag| !tag.trim().is_empty());
                let more: Vec<String> = self.tags.iter().filter(|tag| !tags.contains(tag)).cloned().collect();
                tags.extend(more);
                self.actions.push(Action::Ticket { subject, body, tags, status });
                self.follow(id, "next");
            }
            Err(error) => self.fail(id, format!("the ticket cannot be filled in: {error}")),
        }
    }
}
