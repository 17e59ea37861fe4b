//! States of Twilio Studio that ask: by keys and by voice, or by a text message. One whose answer is only told apart by the split that follows
//! becomes a menu together with it; any other keeps its answer in a slot.

use std::collections::HashMap;

use serde_json::{Value as Json, json};

use super::{Condition, Gives, State, Studio};
use crate::exchange::{
    building::{EdgeNames, To},
    number,
    report::Status,
};

/// A split that is part of a menu, and what it tells apart.
struct Choices<'s> {
    splits: Vec<&'s State>,
    no_match: To,
}

impl Studio {
    /// Finds the splits that become part of the state before them.
    pub(super) fn fold(&mut self, states: &[State]) {
        let by_name: HashMap<&str, &State> = states.iter().map(|state| (state.name.as_str(), state)).collect();
        let mut led_to: HashMap<&str, usize> = HashMap::new();
        for state in states {
            let mut targets: Vec<&str> = state.transitions.iter().filter_map(|way| way.next.as_deref()).collect();
            targets.sort_unstable();
            targets.dedup();
            for target in targets {
                *led_to.entry(target).or_default() += 1;
            }
        }
        for state in states {
            if self.widgets[&state.name].kind != Gives::Answer {
                continue;
            }
            let splits: Vec<&State> = answers(state)
                .iter()
                .filter_map(|event| by_name.get(state.next(event)?).copied())
                .filter(|split| split.kind == "split-based-on" && led_to.get(split.name.as_str()) == Some(&1))
                .collect();
            let Some(first) = splits.first() else { continue };
            let no_match = self.way(first, "noMatch");
            // Keys that lead back to the question, or where nothing else leads, choose nothing.
            let whole = answers(state).iter().all(|event| {
                state.next(event).is_none_or(|next| {
                    next == state.name
                        || no_match == To::State(next.to_owned())
                        || splits.iter().any(|split| split.name == next)
                })
            });
            if !whole || !splits.iter().all(|split| self.tells_apart(split, state)) {
                continue;
            }
            let used_elsewhere = states
                .iter()
                .filter(|other| !splits.iter().any(|split| split.name == other.name))
                .any(|other| uses(other, &state.name));
            if used_elsewhere || splits.iter().any(|split| self.way(split, "noMatch") != no_match) {
                continue;
            }
            for split in splits {
                self.folded.insert(split.name.clone(), state.name.clone());
            }
        }
    }

    /// Whether a split only looks at the answer of a state, in ways that keys and phrases can say.
    fn tells_apart(&mut self, split: &State, state: &State) -> bool {
        let slot = format!("slots.{}", self.widgets[&state.name].name);
        let input = split.text("input").unwrap_or_default();
        let looks_at = |studio: &mut Self, text: &str| {
            studio.value(text).reference().is_some_and(|reference| reference.path == slot && !reference.length)
        };
        if !looks_at(self, &input) {
            return false;
        }
        let conditions: Vec<&Condition> = split.transitions.iter().flat_map(|way| &way.conditions).collect();
        !conditions.is_empty()
            && conditions.iter().all(|condition| {
                let other = condition.argument.as_deref().is_some_and(|argument| argument != input);
                let known =
                    ["equal_to", "matches_any_of", "contains", "starts_with"].contains(&condition.kind.as_str());
                let words = condition.value.trim();
                known
                    && !words.is_empty()
                    && !words.contains("{{")
                    && (!other || looks_at(self, condition.argument.as_deref().unwrap_or_default()))
            })
    }

    pub(super) fn gather(&mut self, index: usize, state: &State, states: &[State]) {
        let prompt = self.words(index, state, "say");
        self.ask(index, state, states, prompt);
    }

    pub(super) fn wait_for_reply(&mut self, index: usize, state: &State, states: &[State]) {
        let prompt = self.words(index, state, "body");
        let sentence = "This was a text message and its reply; it is asked and answered aloud. Reword it for the ear.";
        self.building.note(index, Status::Partly, sentence);
        self.ask(index, state, states, prompt);
    }

    fn ask(&mut self, index: usize, state: &State, states: &[State], prompt: Json) {
        let tries = number(&state.properties, "loop").unwrap_or(1.0).clamp(1.0, 5.0) as u64;
        let mut params = json!({ "prompt": prompt, "max_tries": tries });
        // A message may be answered hours later; a caller is not waited for that long.
        if let Some(seconds) = number(&state.properties, "timeout").filter(|seconds| (1.0..=60.0).contains(seconds)) {
            params["no_input_ms"] = json!((seconds * 1_000.0) as u64);
        }
        let splits: Vec<&State> =
            states.iter().filter(|split| self.folded.get(&split.name) == Some(&state.name)).collect();
        match splits.first() {
            Some(first) => {
                let no_match = self.way(first, "noMatch");
                self.menu(index, state, &Choices { splits, no_match }, params, states);
            }
            None => self.collect(index, state, params),
        }
    }

    fn menu(&mut self, index: usize, state: &State, choices: &Choices, mut params: Json, states: &[State]) {
        let mut names = EdgeNames::of("menu");
        let mut options: Vec<(String, Option<char>, Vec<String>)> = Vec::new();
        let mut keys = Vec::new();
        for way in choices.splits.iter().flat_map(|split| &split.transitions) {
            let target = way.next.as_ref().map_or(To::End(super::Ending::Done), |next| To::State(next.clone()));
            for condition in &way.conditions {
                let words: Vec<&str> = match condition.kind.as_str() {
                    "matches_any_of" => {
                        condition.value.split(',').map(str::trim).filter(|word| !word.is_empty()).collect()
                    }
                    _ => vec![condition.value.trim()],
                };
                let edge = names.to(&target, words.first().copied().unwrap_or_default());
                for word in words {
                    let mut letters = word.chars();
                    let key = letters
                        .next()
                        .filter(|c| (c.is_ascii_digit() || "*#".contains(*c)) && letters.next().is_none());
                    match key {
                        Some(key) if !keys.contains(&key) => {
                            keys.push(key);
                            options.push((edge.clone(), Some(key), Vec::new()));
                        }
                        Some(_) => {}
                        None => match options.iter_mut().find(|(known, ..)| *known == edge) {
                            Some((_, _, phrases)) => phrases.push(word.to_lowercase()),
                            None => options.push((edge.clone(), None, vec![word.to_lowercase()])),
                        },
                    }
                }
            }
        }
        let rows: Vec<Json> = options
            .iter()
            .map(|(edge, key, phrases)| {
                let mut row = json!({ "edge": edge });
                if let Some(key) = key {
                    row["key"] = json!(key.to_string());
                }
                if !phrases.is_empty() {
                    row["phrases"] = self.building.phrases(phrases);
                }
                row
            })
            .collect();
        params["options"] = json!(rows);
        let mut edges = names.into_edges();
        edges.push(("no_match".to_owned(), choices.no_match.clone()));
        edges.push(("no_input".to_owned(), self.way(state, "timeout")));
        if answers(state).iter().any(|event| state.next(event) == Some(state.name.as_str())) {
            let sentence = "Keys were not taken there and the question was put again; here a key that chooses nothing was not understood.";
            self.building.note(index, Status::Mapped, sentence);
        }
        let id = self.building.block(index, &state.name, "menu", params, edges);
        for split in &choices.splits {
            if let Some(at) = states.iter().position(|other| other.name == split.name) {
                self.building.part_of(at, &id);
                self.building.note(at, Status::Mapped, format!("It is part of the menu {id}."));
            }
        }
    }

    fn collect(&mut self, index: usize, state: &State, mut params: Json) {
        let slot = self.widgets[&state.name].name.clone();
        params["slot"] = json!(slot);
        let by_key = state.next("keypress");
        let by_voice = state.next("speech").or_else(|| state.next("incomingMessage"));
        let silence = self.way(state, "timeout");
        let next = |to: Option<&str>| to.map_or(To::End(super::Ending::Done), |to| To::State(to.to_owned()));
        if by_voice.is_none() {
            if let Some(most) = number(&state.properties, "number_of_digits").filter(|most| (1.0..=32.0).contains(most))
            {
                params["max_digits"] = json!(most as u64);
            }
            let edges = [("next", next(by_key)), ("no_input", silence.clone()), ("no_match", silence)];
            self.building.block(index, &state.name, "collect", params, edges);
            return;
        }
        params["kind"] = json!("text");
        if let Some(by_key) = by_key.filter(|by_key| *by_key != state.name) {
            let sentence = format!(
                "Keys are not taken with free speech; there they led to {by_key}. Offer a menu if they matter."
            );
            self.building.note(index, Status::Partly, sentence);
        }
        let edges = [("next", next(by_voice)), ("no_input", silence.clone()), ("no_match", silence)];
        self.building.block(index, &state.name, "collect", params, edges);
    }
}

/// The events by which an answer comes.
fn answers(state: &State) -> &'static [&'static str] {
    if state.kind == "send-and-wait-for-reply" { &["incomingMessage"] } else { &["keypress", "speech"] }
}

/// Whether a state looks at what another has kept.
fn uses(state: &State, widget: &str) -> bool {
    let named = format!("widgets.{widget}.");
    let texts = Json::Object(state.properties.clone()).to_string();
    texts.contains(&named)
        || state.transitions.iter().flat_map(|way| &way.conditions).any(|condition| {
            condition.value.contains(&named)
                || condition.argument.as_deref().is_some_and(|argument| argument.contains(&named))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_and_a_question_are_answered_by_different_events() {
        let of = |kind: &str| State {
            name: "a".into(),
            kind: kind.into(),
            properties: serde_json::Map::new(),
            transitions: Vec::new(),
            position: None,
        };
        assert_eq!(answers(&of("send-and-wait-for-reply")), ["incomingMessage"]);
        assert_eq!(answers(&of("gather-input-on-call")), ["keypress", "speech"]);
    }
}
