//! Actions of Amazon Connect that ask: for a key, for digits that are kept, and for what a Lex bot understands.

use serde_json::{Value as Json, json};

use super::{Action, Connect, NO_CONDITION, NO_ERROR, NO_INPUT, queues, references};
use crate::exchange::{
    building::{EdgeNames, Ending, To},
    report::Status,
    value::{self, Operator, Piece, Reference, Value},
};

impl Connect {
    pub(super) fn input(&mut self, index: usize, action: &Action) {
        if action.parameters.contains_key("LexV2Bot") || action.parameters.contains_key("LexBot") {
            return self.lex(index, action);
        }
        let prompt = self.words(index, &action.parameters);
        let mut params = json!({ "prompt": prompt, "max_tries": 1 });
        if let Some(seconds) = action.text("InputTimeLimitSeconds").and_then(|seconds| seconds.parse::<f64>().ok()) {
            params["no_input_ms"] = json!((seconds.clamp(1.0, 60.0) * 1_000.0) as u64);
        }
        if queues::is_stored(action) {
            return self.stored(index, action, params);
        }
        if action.conditions.is_empty() {
            // It only waits for a while: whatever is keyed leads on like silence.
            let next = action.error(&[NO_INPUT, NO_CONDITION, NO_ERROR]).unwrap_or_else(|| action.onward());
            self.building.note(index, Status::Partly, "It tells no keys apart, so it only speaks here.");
            let params = json!({ "prompt": params["prompt"].clone() });
            self.building.block(index, action.label("say"), "say", params, [("next", next)]);
            return;
        }
        if action.conditions.iter().all(|way| key(&way.operand).is_some()) {
            self.menu(index, action, params);
        } else {
            self.digits(index, action, params);
        }
    }

    fn menu(&mut self, index: usize, action: &Action, mut params: Json) {
        let mut names = EdgeNames::of("menu");
        let mut options: Vec<Json> = Vec::new();
        for way in &action.conditions {
            let to = To::State(way.next.clone());
            let edge = names.to(&to, &way.operand);
            if !options.iter().any(|option| option["key"] == json!(way.operand)) {
                options.push(json!({ "key": way.operand, "edge": edge }));
            }
        }
        params["options"] = json!(options);
        let mut edges = names.into_edges();
        edges.extend(unanswered(action).into_iter().map(|(edge, to)| (edge.to_owned(), to)));
        self.building.block(index, action.label("menu"), "menu", params, edges);
    }

    /// Several digits that are told apart afterwards.
    fn digits(&mut self, index: usize, action: &Action, mut params: Json) {
        params["slot"] = json!(references::INPUT);
        let longest = action.conditions.iter().map(|way| way.operand.chars().count()).max().unwrap_or(1);
        params["max_digits"] = json!(longest.clamp(1, 32));
        let subject = Value {
            pieces: vec![Piece::Value(Reference::to(format!("slots.{}", references::INPUT)))],
            lost: Vec::new(),
        };
        let mut names = EdgeNames::of("branch");
        let mut cases = Vec::new();
        for way in &action.conditions {
            let edge = names.to(&To::State(way.next.clone()), &way.operand);
            let when = value::condition(&subject, Operator::Equal, &Value::text(way.operand.as_str()), false);
            cases.push(json!({ "when": when.unwrap_or_else(|| "false".to_owned()), "edge": edge }));
        }
        let no_match = action.error(&[NO_CONDITION, NO_ERROR]).unwrap_or_else(|| action.onward());
        let check = self.building.reserved(&format!("{} which", action.label("digits")), "branch");
        let edges = unanswered(action).into_iter().chain([("next", To::Block(check.clone()))]);
        self.building.block(index, action.label("digits"), "collect", params, edges.collect::<Vec<_>>());
        let mut edges = names.into_edges();
        edges.extend([("else".to_owned(), no_match.clone()), ("error".to_owned(), no_match)]);
        self.building.block_with_id(index, check, "branch", json!({ "cases": cases }), edges);
    }

    /// Digits that are kept.
    fn stored(&mut self, index: usize, action: &Action, mut params: Json) {
        let secret = queues::is_secret(action);
        params["slot"] = json!(if secret { references::SECRET } else { references::INPUT });
        let within = |outer: &str, inner: &str| -> Option<String> {
            match action.parameters.get(outer)?.get(inner)? {
                Json::String(text) => Some(text.clone()),
                Json::Number(number) => Some(number.to_string()),
                _ => None,
            }
        };
        let validation =
            |inner: &str| action.parameters.get("InputValidation").and_then(|validation| validation.get(inner));
        if validation("PhoneNumberValidation").is_some() {
            params["kind"] = json!("phone");
        } else {
            let most = validation("CustomValidation")
                .and_then(|custom| match custom.get("MaximumLength")? {
                    Json::String(text) => text.parse::<u64>().ok(),
                    other => other.as_u64(),
                })
                .unwrap_or(20);
            params["max_digits"] = json!(most.clamp(1, 32));
        }
        if secret {
            params["secret"] = json!(true);
            self.building.note(index, Status::Mapped, "It was encrypted; here it is secret: nobody sees it.");
        }
        if let Some(ends) = within("DTMFConfiguration", "InputTerminationSequence").filter(|ends| ends != "#") {
            self.building.note(
                index,
                Status::Partly,
                format!("Digits ended with {ends}; here they end with #. Reword the prompt."),
            );
        }
        if let Some(seconds) =
            within("DTMFConfiguration", "InterdigitTimeLimitSeconds").and_then(|s| s.parse::<f64>().ok())
        {
            params["gap_ms"] = json!((seconds.clamp(0.5, 20.0) * 1_000.0) as u64);
        }
        let failure = action.failure();
        let silence = action.error(&[NO_INPUT]).unwrap_or_else(|| failure.clone());
        let mut edges = vec![("next", action.onward()), ("no_input", silence), ("no_match", failure.clone())];
        edges.extend(action.error(&[NO_ERROR]).map(|to| ("error", to)));
        self.building.block(index, action.label("digits"), "collect", params, edges);
    }

    /// A Lex bot understands intents; their examples are not in the export.
    pub(super) fn lex(&mut self, index: usize, action: &Action) {
        let prompt = self.words(index, &action.parameters);
        let failure = action.error(&[NO_CONDITION, NO_ERROR]).unwrap_or_else(|| action.onward());
        let no_match = action.condition("FallbackIntent").or_else(|| action.condition("AMAZON.FallbackIntent"));
        let no_match = no_match.unwrap_or_else(|| failure.clone());
        let ways: Vec<_> = action.conditions.iter().filter(|way| !way.operand.ends_with("FallbackIntent")).collect();
        if ways.is_empty() {
            self.building.note(
                index,
                Status::NotMapped,
                "A Lex bot did all the talking here, and its questions are not in the export; draw them as blocks. Only its first words are said.",
            );
            self.building.block(
                index,
                action.label("say"),
                "say",
                json!({ "prompt": prompt }),
                [("next", action.onward())],
            );
            return;
        }
        let mut intents = Vec::new();
        let mut edges = vec![
            (
                "no_input".to_owned(),
                action.error(&[NO_INPUT, NO_CONDITION, NO_ERROR]).unwrap_or(To::End(Ending::Failed)),
            ),
            ("no_match".to_owned(), no_match.clone()),
            ("low_confidence".to_owned(), no_match),
        ];
        for way in ways {
            let intent = self.building.intent(&way.operand);
            if !intents.contains(&intent) {
                edges.push((intent.clone(), To::State(way.next.clone())));
                intents.push(intent);
            }
        }
        self.building.note(
            index,
            Status::Partly,
            "A Lex bot understood the caller here. Its intents are in the flow without examples: import the bot under Understanding, or write \
             some. Slots that it filled are not collected; add a collect block for each.",
        );
        self.building.block(
            index,
            action.label("ask"),
            "ask_intent",
            json!({ "prompt": prompt, "intents": intents }),
            edges,
        );
    }
}

/// Where an action leads that got no answer.
fn unanswered(action: &Action) -> Vec<(&'static str, To)> {
    let otherwise = || action.onward();
    let mut edges = vec![
        ("no_input", action.error(&[NO_INPUT, NO_ERROR]).unwrap_or_else(otherwise)),
        ("no_match", action.error(&[NO_CONDITION, NO_ERROR]).unwrap_or_else(otherwise)),
    ];
    edges.extend(action.error(&[NO_ERROR]).map(|to| ("error", to)));
    edges
}

fn key(operand: &str) -> Option<char> {
    let mut letters = operand.chars();
    letters.next().filter(|c| (c.is_ascii_digit() || "*#".contains(*c)) && letters.next().is_none())
}
