//! Small exports of our own, and what to look for in what they become.

use flow::{
    Block, Severity,
    exchange::{Imported, Item, Options, Status, import},
};
use serde_json::{Value, json};

pub fn read(document: &Value) -> Imported {
    import(&document.to_string(), &Options::default()).unwrap_or_else(|refused| panic!("{refused}"))
}

/// A flow of Studio that begins with its second state.
pub fn studio(states: &[Value]) -> Value {
    let first = states.first().map_or("nothing", |state| state["name"].as_str().expect("a name"));
    let trigger = state("Trigger", "trigger", json!({}), &[("incomingCall", first)]);
    let all: Vec<Value> = std::iter::once(trigger).chain(states.iter().cloned()).collect();
    json!({"description": "A test", "initial_state": "Trigger", "states": all, "flags": {}})
}

pub fn state(name: &str, kind: &str, properties: Value, ways: &[(&str, &str)]) -> Value {
    let transitions: Vec<Value> = ways
        .iter()
        .map(
            |(event, next)| {
                if next.is_empty() { json!({"event": event}) } else { json!({"event": event, "next": next}) }
            },
        )
        .collect();
    json!({"name": name, "type": kind, "properties": properties, "transitions": transitions})
}

pub fn split(name: &str, input: &str, cases: &[(&str, &str, &str)], no_match: &str) -> Value {
    let mut transitions = vec![json!({"event": "noMatch", "next": no_match})];
    for (kind, value, next) in cases {
        transitions.push(json!({"event": "match", "next": next, "conditions": [
            {"friendly_name": value, "arguments": [input], "type": kind, "value": value}]}));
    }
    json!({"name": name, "type": "split-based-on", "properties": {"input": input}, "transitions": transitions})
}

pub fn spoken(name: &str, text: &str, next: &str) -> Value {
    state(name, "say-play", json!({"say": text, "language": "en-US"}), &[("audioComplete", next)])
}

/// A flow of Connect that begins with its first action.
pub fn connect(actions: &[Value]) -> Value {
    let start = actions.first().map_or(json!("nothing"), |action| action["Identifier"].clone());
    json!({"Version": "2019-10-30", "StartAction": start, "Actions": actions, "Metadata": {"name": "A test"}})
}

/// An action with its way on, its ways by condition (an operand may carry an operator: `TextContains a`) and by error.
pub fn action(
    id: &str,
    kind: &str,
    parameters: Value,
    next: &str,
    conditions: &[(&str, &str)],
    errors: &[(&str, &str)],
) -> Value {
    let conditions: Vec<Value> = conditions
        .iter()
        .map(|(operand, next)| {
            let (operator, operand) = match operand.split_once(' ') {
                Some((operator, operand)) if operator.starts_with("Text") || operator.starts_with("Number") => {
                    (operator, operand)
                }
                _ => ("Equals", *operand),
            };
            json!({"NextAction": next, "Condition": {"Operator": operator, "Operands": [operand]}})
        })
        .collect();
    let errors: Vec<Value> = errors.iter().map(|(kind, next)| json!({"ErrorType": kind, "NextAction": next})).collect();
    let mut transitions = json!({"Conditions": conditions, "Errors": errors});
    if !next.is_empty() {
        transitions["NextAction"] = json!(next);
    }
    json!({"Identifier": id, "Type": kind, "Parameters": parameters, "Transitions": transitions})
}

pub fn bye() -> Value {
    action("bye", "DisconnectParticipant", json!({}), "", &[], &[])
}

pub fn block<'i>(imported: &'i Imported, id: &str) -> &'i Block {
    imported.document.block(id).unwrap_or_else(|| panic!("no block {id} in {}", imported.document.to_json()))
}

pub fn item<'i>(imported: &'i Imported, source: &str) -> &'i Item {
    imported
        .report
        .items
        .iter()
        .find(|item| item.source == source)
        .unwrap_or_else(|| panic!("{source} is not in the report"))
}

pub fn edges(block: &Block) -> Value {
    json!(block.edges)
}

/// A part of a JSON value: what is in `wanted` must be there.
pub fn holds(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Object(value), Value::Object(wanted)) => {
            wanted.iter().all(|(name, wanted)| value.get(name).is_some_and(|value| holds(value, wanted)))
        }
        (value, wanted) => value == wanted,
    }
}

/// Checks one block that a flow became: its kind, some of its parameters, some of its edges, and how much came over.
pub fn check(document: &Value, source: &str, kind: &str, params: &Value, leads: &Value, status: Status) -> Imported {
    let imported = read(document);
    let errors: Vec<_> = imported.findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{source}: {errors:?}\n{}", imported.document.to_json());
    let told = item(&imported, source);
    assert_eq!(told.status, status, "{source}: {}", told.message);
    let id = told.block.as_deref().unwrap_or_else(|| panic!("{source} became no block: {}", told.message));
    let block = block(&imported, id);
    assert_eq!(block.kind, kind, "{source}");
    assert!(holds(&json!(block.params), params), "{source}: {:?}\nwanted {params}", json!(block.params));
    assert!(holds(&edges(block), leads), "{source}: {:?}\nwanted {leads}", edges(block));
    imported
}
