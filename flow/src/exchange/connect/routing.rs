//! Actions of Amazon Connect that decide the way and hand callers over.

use serde_json::{Value as Json, json};

use super::{
    Action, Connect, NO_CONDITION, NO_ERROR,
    queues::{self, Meant},
    references,
};
use crate::{
    BlockId,
    exchange::{
        building::{EdgeNames, Ending, To},
        report::Status,
        value::{self, Operator, Piece, Reference, Value},
        words::quoted,
    },
};

/// As long as a caller may wait in a queue here, in ms; there is no limit there.
const LONGEST_WAIT_MS: u64 = 3_600_000;
/// Rounds of a loop whose number is only known during the call.
const ROUNDS: u64 = 3;

impl Connect {
    pub(super) fn compare(&mut self, index: usize, action: &Action) {
        let source = action.text("ComparisonValue").unwrap_or_default();
        let subject = self.value(index, &source);
        self.building.lost(index, &subject);
        let otherwise = action.error(&[NO_CONDITION, NO_ERROR]).unwrap_or_else(|| action.onward());
        let ways: Vec<(Option<Operator>, &str, &str)> = action
            .conditions
            .iter()
            .map(|way| (operator(&way.operator), way.operand.as_str(), way.next.as_str()))
            .collect();
        if ways.is_empty() {
            self.building.note(index, Status::Mapped, "It tells nothing apart.");
            return self.building.pass(index, otherwise);
        }
        self.branch(index, action.label("branch"), &source, &subject, &ways, otherwise);
    }

    /// A branch that compares one value with several.
    fn branch(
        &mut self,
        index: usize,
        name: &str,
        source: &str,
        subject: &Value,
        ways: &[(Option<Operator>, &str, &str)],
        otherwise: To,
    ) -> BlockId {
        let is_intent = subject.reference().is_some_and(|reference| reference.path == "intent.name");
        let mut names = EdgeNames::of("branch");
        let mut cases = Vec::new();
        for (operator, operand, next) in ways {
            let compared =
                if is_intent { Value::text(self.building.intent(operand)) } else { self.value(index, operand) };
            let when = operator.and_then(|operator| value::condition(subject, operator, &compared, false));
            if when.is_none() {
                let what = operator.map_or("is compared with", Operator::words);
                let sentence = format!(
                    "The condition “{source} {what} {}” cannot be translated and never holds until you write it.",
                    quoted(operand)
                );
                self.building.note(index, Status::Partly, sentence);
            }
            let edge = names.to(&To::State((*next).to_owned()), operand);
            cases.push(json!({ "when": when.unwrap_or_else(|| "false".to_owned()), "edge": edge }));
        }
        let mut edges = names.into_edges();
        // What is missing is equal to nothing there.
        edges.extend([("else".to_owned(), otherwise.clone()), ("error".to_owned(), otherwise)]);
        self.building.block(index, name, "branch", json!({ "cases": cases }), edges)
    }

    pub(super) fn hours(&mut self, index: usize, action: &Action) {
        let which = action.label.clone().or_else(|| action.text("HoursOfOperationId"));
        let which = which.map_or_else(|| "those of its queue".to_owned(), |which| quoted(&which));
        self.building.note(
            index,
            Status::Partly,
            format!("The hours ({which}) and holidays are not in the export: weekdays from nine to five stand here until you write yours."),
        );
        let closed = action.condition("False").unwrap_or_else(|| action.failure());
        let open = action.condition("True").unwrap_or_else(|| action.onward());
        let params =
            json!({ "weekly": [{ "days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00" }] });
        self.building.block(index, action.label("hours"), "hours", params, [("open", open), ("closed", closed)]);
    }

    /// The queue whose numbers are asked for, or where callers are handed over.
    fn queue_id(&mut self, index: usize, action: &Action) -> String {
        let explicit = action
            .text("QueueId")
            .filter(|_| action.kind != "UpdateContactTargetQueue")
            .and_then(|id| action.label.clone().or_else(|| id.rsplit('/').next().map(str::to_owned)))
            .filter(|name| !name.contains('$') && crate::exchange::words::slug(name).is_some());
        let name = explicit.or_else(|| self.queues.name(index));
        match name {
            Some(name) => self.building.queue(&name),
            None => {
                let queue = self.building.unknown_queue();
                let sentence =
                    format!("The export does not say which queue is meant; {queue} is asked. Choose the right one.");
                self.building.note(index, Status::Partly, sentence);
                queue
            }
        }
    }

    pub(super) fn metrics(&mut self, index: usize, action: &Action) {
        let queue = self.queue_id(index, action);
        let params = json!({ "queue": queue, "save_as": references::METRICS });
        let edges = [("next", action.onward()), ("error", action.failure())];
        self.building.block(index, action.label("queue status"), "queue_status", params, edges);
    }

    /// A number of a queue, looked up and compared at once.
    pub(super) fn metric(&mut self, index: usize, action: &Action) {
        let wanted = action.text("MetricType").unwrap_or_default();
        let queue = self.queue_id(index, action);
        if action.parameters.contains_key("AgentId") {
            self.building.note(
                index,
                Status::Partly,
                "It asked about one agent; here the agents of the queue are counted.",
            );
        }
        let otherwise = action.error(&[NO_CONDITION, NO_ERROR]).unwrap_or_else(|| action.onward());
        let Some(member) = references::metric(&wanted) else {
            let sentence = format!("{} is not counted here; callers go on as if nothing had matched.", quoted(&wanted));
            self.building.note(index, Status::NotMapped, sentence);
            return self.building.pass(index, otherwise);
        };
        let check = To::State(format!("{}\u{1f}check", action.id));
        let params = json!({ "queue": queue, "save_as": references::METRICS });
        let error = action.error(&[NO_ERROR]).unwrap_or_else(|| otherwise.clone());
        self.building.block(
            index,
            action.label("queue status"),
            "queue_status",
            params,
            [("next", check.clone()), ("error", error)],
        );
        let path = format!("{}.{member}", references::METRICS);
        let subject = Value { pieces: vec![Piece::Value(Reference::to(path.as_str()))], lost: Vec::new() };
        let ways: Vec<(Option<Operator>, &str, &str)> = action
            .conditions
            .iter()
            .map(|way| (operator(&way.operator), way.operand.as_str(), way.next.as_str()))
            .collect();
        let to = if ways.is_empty() {
            otherwise
        } else {
            To::Block(self.branch(
                index,
                &format!("{} check", action.label("queue")),
                &path,
                &subject,
                &ways,
                otherwise,
            ))
        };
        if let To::State(name) = check {
            self.building.entries.insert(name, to);
        }
    }

    /// A draw of a number from 1 to 100, compared with rising limits.
    pub(super) fn distribute(&mut self, index: usize, action: &Action) {
        let mut names = EdgeNames::of("split");
        let mut ways: Vec<(String, u64)> = Vec::new();
        let mut before = 1_u64;
        for way in &action.conditions {
            let Ok(limit) = way.operand.trim().parse::<f64>() else { continue };
            let limit = limit.clamp(1.0, 101.0).round() as u64;
            let edge = names.to(&To::State(way.next.clone()), &format!("way {}", way.operand));
            let percent = limit.saturating_sub(before);
            before = before.max(limit);
            match ways.iter_mut().find(|(known, _)| *known == edge) {
                Some((_, sum)) => *sum += percent,
                None => ways.push((edge, percent)),
            }
        }
        let rest = 101 - before.min(101);
        let otherwise = action.error(&[NO_CONDITION, NO_ERROR]).unwrap_or_else(|| action.onward());
        if rest > 0 || ways.is_empty() {
            let edge = names.to(&otherwise, "rest");
            match ways.iter_mut().find(|(known, _)| *known == edge) {
                Some((_, sum)) => *sum += rest,
                None => ways.push((edge, rest)),
            }
        }
        ways.retain(|(_, percent)| *percent > 0);
        let edges: Vec<_> =
            names.into_edges().into_iter().filter(|(edge, _)| ways.iter().any(|(known, _)| known == edge)).collect();
        let rows: Vec<Json> = ways.iter().map(|(edge, percent)| json!({ "edge": edge, "percent": percent })).collect();
        self.building.block(index, action.label("split"), "split", json!({ "ways": rows, "by": "call" }), edges);
    }

    /// A loop counts its rounds; when it is over it begins anew.
    pub(super) fn repeat(&mut self, index: usize, action: &Action) {
        let written = action.text("LoopCount").unwrap_or_default();
        let rounds = written.parse::<u64>().unwrap_or_else(|_| {
            let sentence = format!(
                "The number of rounds, {}, is only known during the call; it is {ROUNDS} here.",
                quoted(&written)
            );
            self.building.note(index, Status::Partly, sentence);
            ROUNDS
        });
        let rounds = rounds.min(1_000);
        let name = action.label("loop").to_owned();
        let counter = self.building.counter(&format!("{name} rounds"));
        let done = action.condition("DoneLooping").unwrap_or_else(|| action.onward());
        let again = action.condition("ContinueLooping").unwrap_or_else(|| action.onward());
        let check = self.building.reserved(&format!("{name} again"), "branch");
        let count = format!("vars.{counter} > {rounds} ? 1 : vars.{counter} + 1");
        let values = json!({ "values": [{ "name": counter, "expression": count }] });
        let id = self.building.block(
            index,
            &name,
            "set",
            values,
            [("next", To::Block(check.clone())), ("error", done.clone())],
        );
        let cases = json!({ "cases": [{ "when": format!("vars.{counter} <= {rounds}"), "edge": "again" }] });
        self.building.block_with_id(
            index,
            check.clone(),
            "branch",
            cases,
            [("again", again), ("else", done.clone()), ("error", done.clone())],
        );
        self.building.detours.insert(id, done.clone());
        self.building.detours.insert(check, done);
    }

    /// Names the queue of the blocks that follow.
    pub(super) fn target_queue(&mut self, index: usize, action: &Action) {
        let Some(meant) = queues::sets(action) else { return self.building.pass(index, action.onward()) };
        if let Meant::Unknown(which) = &meant {
            let sentence = format!(
                "Which queue is meant, {which}, is only known during the call; branch to a block for each queue."
            );
            self.building.note(index, Status::Partly, sentence);
        } else {
            self.building.note(index, Status::Mapped, "It is named by the block that hands over.");
        }
        if !self.queues.are_carried() {
            return self.building.pass(index, action.onward());
        }
        let key = self.key(&meant);
        let name = self.building.variable(queues::CARRIED.0, queues::CARRIED.1);
        let values = json!({ "values": [{ "name": name, "text": key }] });
        let mut edges = vec![("next", action.onward())];
        edges.extend(action.error(&[NO_ERROR]).map(|to| ("error", to)));
        self.building.block(index, action.label("target queue"), "set", values, edges);
    }

    /// What stands in the variable for a queue or an agent.
    fn key(&mut self, meant: &Meant) -> String {
        match meant {
            Meant::Queue(name) => self.building.queue(name),
            Meant::Agent(name) => format!("agent {}", crate::exchange::words::slug(name).unwrap_or_default()),
            Meant::Nothing | Meant::Unknown(_) => "unknown".to_owned(),
        }
    }

    pub(super) fn lead_to_queue(&mut self, index: usize, action: &Action) {
        let all = self.queues.at(index);
        match &all[..] {
            [] => drop(self.hand_over(index, action, &Meant::Nothing)),
            [one] => drop(self.hand_over(index, action, one)),
            _ => {
                let name = self.building.variable(queues::CARRIED.0, queues::CARRIED.1);
                let choose = self.building.reserved(&format!("{} which", action.label("queue")), "branch");
                let certain: Vec<&Meant> =
                    all.iter().filter(|meant| !matches!(meant, Meant::Nothing | Meant::Unknown(_))).collect();
                let uncertain = all.iter().find(|meant| matches!(meant, Meant::Unknown(_) | Meant::Nothing));
                // The branch comes first in the list, so that it is where the action begins.
                let none: [(&str, To); 0] = [];
                let choose = self.building.block_with_id(index, choose, "branch", json!({}), none);
                let mut cases = Vec::new();
                let mut last = None;
                for meant in certain {
                    let key = self.key(meant);
                    let block = To::Block(self.hand_over(index, action, meant));
                    let edge = format!("way_{}", cases.len() + 1);
                    cases.push(json!({ "when": format!("vars.{name} == {}", value::cel_quoted(&key)), "edge": edge }));
                    self.building.lead(&choose, &edge, block.clone());
                    last = Some(block);
                }
                let otherwise = match (uncertain, last) {
                    (None, Some(last)) => last,
                    (uncertain, _) => To::Block(self.hand_over(index, action, uncertain.unwrap_or(&Meant::Nothing))),
                };
                self.building.lead(&choose, "else", otherwise.clone());
                self.building.lead(&choose, "error", otherwise);
                self.building.set_param(&choose, "cases", json!(cases));
            }
        }
    }

    fn hand_over(&mut self, index: usize, action: &Action, meant: &Meant) -> BlockId {
        let full = action.error(&["QueueAtCapacity", NO_ERROR]).unwrap_or(To::End(Ending::Failed));
        let error = action.failure();
        let queue = match meant {
            Meant::Agent(name) => {
                let value = self.value(index, name);
                let to = self.building.template(index, &value);
                let sentence =
                    format!("It leads to the agent {}; write the extension that the agent has here.", quoted(name));
                self.building.note(index, Status::Partly, sentence);
                let edges = [("busy", full.clone()), ("no_answer", full), ("error", error)];
                return self.building.block(index, action.label("agent"), "transfer", json!({ "to": to }), edges);
            }
            Meant::Queue(name) => self.building.queue(name),
            Meant::Unknown(which) => {
                let queue = self.building.unknown_queue();
                let sentence = format!(
                    "It leads to the queue {queue}, as the queue, {which}, is not known when the flow is drawn; choose."
                );
                self.building.note(index, Status::Partly, sentence);
                queue
            }
            Meant::Nothing => {
                let queue = self.building.unknown_queue();
                let sentence = format!("No queue was set before, so it leads to {queue}; choose the right one.");
                self.building.note(index, Status::Partly, sentence);
                queue
            }
        };
        self.building.note(index, Status::Mapped, "Callers wait for an hour at most; there it had no limit.");
        let edges = [("no_agents", full.clone()), ("timeout", full), ("error", error)];
        let params = json!({ "queue": queue, "timeout_ms": LONGEST_WAIT_MS });
        self.building.block(index, action.label("queue"), "to_queue", params, edges)
    }

    pub(super) fn lead_to_agent(&mut self, index: usize, action: &Action) {
        let agent = action.text("AgentId").unwrap_or_default();
        if agent.is_empty() {
            drop(self.hand_over(index, action, &Meant::Nothing));
        } else {
            drop(self.hand_over(index, action, &Meant::Agent(agent)));
        }
    }

    pub(super) fn lead_to_number(&mut self, index: usize, action: &Action) {
        let number = action.text("ThirdPartyPhoneNumber").unwrap_or_default();
        if number.is_empty() {
            self.building.note(
                index,
                Status::NotMapped,
                "The export names no number to call; callers go to a person instead.",
            );
            return self.building.pass(index, To::Person);
        }
        let value = self.value(index, &number);
        let to = self.building.template(index, &value);
        if value.reference().is_none() && !number.chars().all(|c| c.is_ascii_digit() || "+ -()".contains(c)) {
            self.building.note(
                index,
                Status::Partly,
                format!("The number {} is not a whole one; write it.", quoted(&number)),
            );
        }
        let seconds =
            action.text("ThirdPartyConnectionTimeLimitSeconds").and_then(|s| s.parse::<f64>().ok()).unwrap_or(30.0);
        let error = action.failure();
        let failed = action.error(&["CallFailed", "CallFailure", NO_ERROR]).unwrap_or_else(|| error.clone());
        let late = action.error(&["ConnectionTimeLimitExceeded", "Timeout", NO_ERROR]).unwrap_or_else(|| error.clone());
        let mut edges = vec![("busy", failed), ("no_answer", late), ("error", error)];
        if action.text("ContinueFlowExecution").is_some_and(|go_on| go_on.eq_ignore_ascii_case("true")) {
            edges.push(("ended", action.onward()));
        }
        let params = json!({ "to": to, "timeout_ms": (seconds.clamp(5.0, 120.0) * 1_000.0) as u64 });
        self.building.block(index, action.label("transfer"), "transfer", params, edges);
    }

    /// Another flow is not in the file.
    pub(super) fn lead_to_flow(&mut self, index: usize, action: &Action) {
        let which = action.label.clone().or_else(|| action.text("ContactFlowId"));
        let which = which.map_or_else(
            || "a flow that the export does not name".to_owned(),
            |which| format!("the flow {}", quoted(&which)),
        );
        self.building.note(
            index,
            Status::NotMapped,
            format!("It goes on in {which}, which is not in this file: callers go to a person until you import that flow, too, and lead there."),
        );
        self.building.pass(index, To::Person);
    }

    pub(super) fn callback(&mut self, index: usize, action: &Action) {
        let queue = self.queue_id(index, action);
        let prompt = self.building.callback_prompt();
        self.building.note(
            index,
            Status::Partly,
            "There the caller is not asked again; here the block asks whether, and at which number.",
        );
        let failure = action.failure();
        let edges = [
            ("next", action.onward()),
            ("declined", failure.clone()),
            ("no_input", failure.clone()),
            ("no_match", failure),
        ];
        self.building.block(
            index,
            action.label("callback"),
            "callback",
            json!({ "prompt": prompt, "queue": queue }),
            edges,
        );
    }

    pub(super) fn priority(&mut self, index: usize, action: &Action) {
        let Some(priority) = action.text("QueuePriority").and_then(|priority| priority.parse::<i64>().ok()) else {
            self.building.note(
                index,
                Status::NotMapped,
                "How long somebody counts as having waited is not changed here; set a priority.",
            );
            return self.building.pass(index, action.onward());
        };
        // There the least number goes first, and five is usual.
        let ours = (11 - priority.clamp(1, 10)).clamp(1, 10);
        self.building.note(
            index,
            Status::Mapped,
            format!("Priority {priority} of those there is {ours} here, where ten goes first."),
        );
        self.building.block(
            index,
            action.label("priority"),
            "priority",
            json!({ "priority": ours }),
            [("next", action.onward())],
        );
    }
}

fn operator(name: &str) -> Option<Operator> {
    Some(match name {
        "Equals" => Operator::Equal,
        "TextStartsWith" => Operator::StartsWith,
        "TextEndsWith" => Operator::EndsWith,
        "TextContains" => Operator::Contains,
        "NumberGreaterThan" => Operator::Greater,
        "NumberGreaterOrEqualTo" => Operator::GreaterOrEqual,
        "NumberLessThan" => Operator::Less,
        "NumberLessOrEqualTo" => Operator::LessOrEqual,
        _ => return None,
    })
}
