//! Splits of Twilio Studio as branches. What is compared there stands in a template; letters of either case are the same.

use serde_json::json;

use super::{State, Studio};
use crate::exchange::{
    building::{EdgeNames, Ending, To},
    report::Status,
    value::{self, Operator, Piece, Reference, Value},
    words::quoted,
};

impl Studio {
    pub(super) fn split(&mut self, index: usize, state: &State) {
        if self.folded.contains_key(&state.name) {
            return;
        }
        let input = state.text("input").unwrap_or_default();
        let no_match = self.way(state, "noMatch");
        let mut subject = self.value(&input);
        self.building.lost(index, &subject);
        let mut set = None;
        if subject.pieces.iter().any(|piece| matches!(piece, Piece::Code(_))) {
            // More than a name: worked out first, then compared.
            let name = self.building.variable("splits", &format!("{} input", state.name));
            let text = self.building.template(index, &super::trimmed(subject));
            subject = Value { pieces: vec![Piece::Value(Reference::to(format!("vars.{name}")))], lost: Vec::new() };
            set = Some((name, text));
        }
        let mut names = EdgeNames::of("branch");
        let mut cases = Vec::new();
        let mut for_nothing = None;
        for way in &state.transitions {
            let target = way.next.as_ref().map_or(To::End(Ending::Done), |next| To::State(next.clone()));
            for condition in &way.conditions {
                let operator = operator(&condition.kind);
                let operand = self.value(&condition.value);
                let other = condition.argument.as_ref().filter(|argument| **argument != input && set.is_none());
                let compared = match other {
                    Some(argument) => self.value(argument),
                    None => subject.clone(),
                };
                let when = operator.and_then(|operator| value::condition(&compared, operator, &operand, true));
                let edge = names.to(&target, &condition.value);
                if operator.is_some_and(Operator::holds_for_nothing) && when.is_some() && for_nothing.is_none() {
                    for_nothing = Some(target.clone());
                }
                cases.push(json!({ "when": when.clone().unwrap_or_else(|| "false".to_owned()), "edge": edge }));
                if when.is_none() {
                    let what = operator.map_or(condition.kind.as_str(), |operator| operator.words());
                    let sentence = format!(
                        "The condition “{} {what} {}” cannot be translated and never holds until you write it.",
                        input.trim(),
                        quoted(&condition.value)
                    );
                    self.building.note(index, Status::Partly, sentence);
                }
            }
        }
        if cases.is_empty() {
            self.building.note(index, Status::Mapped, "It tells nothing apart.");
            return self.building.pass(index, no_match);
        }
        let mut edges = names.into_edges();
        edges.push(("else".to_owned(), no_match.clone()));
        // A value that is missing is blank in Studio, and equal to nothing.
        edges.push(("error".to_owned(), for_nothing.unwrap_or(no_match)));
        if let Some((name, text)) = set {
            let next = self.building.reserved(&state.name, "branch");
            let values = json!({ "values": [{ "name": name, "text": text }] });
            self.building.block(
                index,
                &format!("{} input", state.name),
                "set",
                values,
                [("next", To::Block(next.clone()))],
            );
            self.building.block_with_id(index, next, "branch", json!({ "cases": cases }), edges);
        } else {
            self.building.block(index, &state.name, "branch", json!({ "cases": cases }), edges);
        }
    }
}

fn operator(kind: &str) -> Option<Operator> {
    Some(match kind {
        "equal_to" => Operator::Equal,
        "not_equal_to" => Operator::NotEqual,
        "matches_any_of" => Operator::AnyOf,
        "does_not_match_any_of" => Operator::NoneOf,
        "contains" => Operator::Contains,
        "does_not_contain" => Operator::NotContains,
        "starts_with" => Operator::StartsWith,
        "does_not_start_with" => Operator::NotStartsWith,
        "less_than" => Operator::Less,
        "greater_than" => Operator::Greater,
        "is_blank" => Operator::Blank,
        "is_not_blank" => Operator::NotBlank,
        "regex" => Operator::Regex,
        _ => return None,
    })
}
