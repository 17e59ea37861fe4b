//! States of Twilio Studio that hand the caller over, or keep what the caller says.

use serde_json::json;

use super::{State, Studio};
use crate::exchange::{building::To, number, report::Status, value::Value, words::quoted};

/// How long a call to a number rings, in s, when the export does not say.
const RINGS_S: f64 = 30.0;

impl Studio {
    pub(super) fn queue(&mut self, index: usize, state: &State) {
        let named = state.text("queue_name").filter(|name| !name.contains(['{', '$', '<']));
        let queue = match &named {
            Some(name) => self.building.queue(name),
            None => {
                let queue = self.building.unknown_queue();
                let to =
                    state.text("workflow").or_else(|| state.text("workflow_sid")).or_else(|| state.text("queue_name"));
                let by = to.map_or_else(String::new, |to| format!(" The export hands over by {}.", quoted(&to)));
                self.building.note(
                    index,
                    Status::Partly,
                    format!("It leads to the queue {queue}; choose the right one.{by}"),
                );
                queue
            }
        };
        if state.text("attributes").is_some_and(|attributes| attributes.trim() != "{}") {
            self.building.note(
                index,
                Status::Partly,
                "The task's attributes are not handed over; agents see what was said and collected.",
            );
        }
        let failure = self.failure(state, "failedToEnqueue");
        let mut edges = vec![("no_agents", failure.clone()), ("timeout", failure.clone()), ("error", failure)];
        if let Some(next) = state.next("callComplete") {
            edges.push(("ended", To::State(next.to_owned())));
        }
        let mut params = json!({ "queue": queue });
        if let Some(wait) = number(&state.properties, "timeout").filter(|seconds| (1.0..=3_600.0).contains(seconds)) {
            params["timeout_ms"] = json!((wait * 1_000.0) as u64);
        }
        self.building.block(index, &state.name, "to_queue", params, edges);
    }

    pub(super) fn connect_call(&mut self, index: usize, state: &State) {
        let noun = state.text("noun").unwrap_or_else(|| "number".to_owned());
        let to = state.text("to").or_else(|| state.text("sip_endpoint")).unwrap_or_default();
        let next = self.way(state, "callCompleted");
        if to.is_empty() || !["number", "number-multi", "sip", "client"].contains(&noun.as_str()) {
            self.building.note(
                index,
                Status::NotMapped,
                format!("A call to a {noun} has no counterpart; callers go to a person instead."),
            );
            return self.building.pass(index, To::Person);
        }
        let first = to.split(',').next().unwrap_or_default().trim().to_owned();
        if first != to.trim() {
            self.building.note(index, Status::Partly, "Only the first of several numbers is called.");
        }
        let target = match noun.as_str() {
            "sip" if !first.starts_with("sip:") => format!("sip:{first}"),
            "client" => {
                self.building.note(
                    index,
                    Status::Partly,
                    "A client of Twilio is called; write the extension that the agent has here.",
                );
                first.trim_start_matches("client:").to_owned()
            }
            _ => first,
        };
        let value = self.value(&target);
        let to = self.building.template(index, &value);
        let seconds = number(&state.properties, "timeout").unwrap_or(RINGS_S).clamp(5.0, 120.0);
        let edges = ["ended", "busy", "no_answer", "error"].map(|edge| (edge, next.clone()));
        self.building.block(
            index,
            &state.name,
            "transfer",
            json!({ "to": to, "timeout_ms": (seconds * 1_000.0) as u64 }),
            edges,
        );
    }

    pub(super) fn voicemail(&mut self, index: usize, state: &State) {
        let mut params = json!({});
        if state.text("say").is_some() || state.text("play").is_some() {
            params["prompt"] = self.words(index, state, "say");
        } else {
            let prompt = self.building.prompt(index, &Value::text(self.building.default_voicemail()), false);
            params["prompt"] = prompt;
        }
        if let Some(seconds) = number(&state.properties, "max_length") {
            params["max_ms"] = json!((seconds.clamp(5.0, 600.0) * 1_000.0) as u64);
        }
        if let Some(seconds) = number(&state.properties, "timeout") {
            params["silence_ms"] = json!((seconds.clamp(2.0, 30.0) * 1_000.0) as u64);
        }
        let edges = [("next", self.way(state, "recordingComplete")), ("no_input", self.way(state, "noAudio"))];
        self.building.block(index, &state.name, "voicemail", params, edges);
    }

    pub(super) fn record(&mut self, index: usize, state: &State) {
        let on = state.text("record_call").as_deref() != Some("false");
        let next = self.way(state, "success");
        let params = json!({ "do": if on { "resume" } else { "pause" } });
        self.building.block(index, &state.name, "recording", params, [("next", next)]);
    }
}
