//! What changed from one document to another, by block: for people who look before they publish, and for reviews. Documents are
//! compared as they are written, so that also one with errors can be compared.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::parse::escape;

/// Members by which the items of a list are told apart, best first.
const KEYS: [&str; 4] = ["id", "name", "key", "edge"];

/// Everything that changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Difference {
    /// Blocks that are there only after, before or in both and different, by id.
    pub blocks: Vec<BlockDifference>,
    /// What changed beside the blocks: name, start, intents, queues.
    pub document: Vec<Change>,
    /// How many blocks stand elsewhere on the canvas.
    pub moved: usize,
}

/// What changed about a block.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BlockDifference {
    /// The block.
    pub id: String,
    /// Its kind; of a block whose kind changed, the new one.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it is new, gone, or another.
    pub change: Changed,
    /// By the name of the edge, the blocks that it led and leads to.
    pub edges: Vec<Change>,
    /// Its parameters, texts among them; and its kind.
    pub params: Vec<Change>,
}

/// How a block differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Changed {
    /// It was not there before.
    Added,
    /// It is not there any more.
    Removed,
    /// It is another.
    Changed,
}

/// A value that changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Where, e.g. `prompt/en` or `intents/refund/examples/en`; items of lists by their name where they have one.
    pub place: String,
    /// What stood there; none when there was nothing.
    pub before: Option<Value>,
    /// What stands there.
    pub after: Option<Value>,
}

impl Difference {
    /// Whether a caller could notice anything.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.document.is_empty()
    }
}

/// Compares two documents.
pub fn difference(before: &Value, after: &Value) -> Difference {
    let (was, is) = (blocks(before), blocks(after));
    let ids: BTreeSet<&str> = was.keys().chain(is.keys()).copied().collect();
    let mut document = Vec::new();
    let nothing = Value::Null;
    let members = |value: &Value| -> BTreeSet<String> {
        value.as_object().map(|members| members.keys().cloned().collect()).unwrap_or_default()
    };
    for name in members(before).union(&members(after)) {
        let [was, is] = [before, after].map(|value| value.get(name).unwrap_or(&nothing));
        match name.as_str() {
            "blocks" => {}
            "metadata" => compare(&without_layout(was), &without_layout(is), name, &mut document),
            _ => compare(was, is, &escape(name), &mut document),
        }
    }
    Difference {
        blocks: ids.into_iter().filter_map(|id| of_block(id, was.get(id).copied(), is.get(id).copied())).collect(),
        document,
        moved: moved(before, after),
    }
}

/// The blocks by id. Of two with the same, which is an error anyway, the last counts.
fn blocks(document: &Value) -> BTreeMap<&str, &Value> {
    let blocks = document["blocks"].as_array().into_iter().flatten();
    blocks.filter_map(|block| Some((block["id"].as_str()?, block))).collect()
}

fn of_block(id: &str, before: Option<&Value>, after: Option<&Value>) -> Option<BlockDifference> {
    let nothing = Value::Null;
    let (was, is) = (before.unwrap_or(&nothing), after.unwrap_or(&nothing));
    let (mut edges, mut params) = (Vec::new(), Vec::new());
    if before.is_some() && after.is_some() {
        compare(&was["type"], &is["type"], "type", &mut params);
    }
    compare(&empty(&was["params"]), &empty(&is["params"]), "", &mut params);
    compare(&empty(&was["edges"]), &empty(&is["edges"]), "", &mut edges);
    let change = match (before, after) {
        (None, _) => Changed::Added,
        (_, None) => Changed::Removed,
        _ if edges.is_empty() && params.is_empty() => return None,
        _ => Changed::Changed,
    };
    let kind = after.or(before).and_then(|block| block["type"].as_str()).unwrap_or_default().to_owned();
    Some(BlockDifference { id: id.to_owned(), kind, change, edges, params })
}

/// Nothing and an empty object are the same here.
fn empty(value: &Value) -> Value {
    if value.is_null() { Value::Object(Map::new()) } else { value.clone() }
}

fn without_layout(metadata: &Value) -> Value {
    let mut rest = empty(metadata);
    if let Some(members) = rest.as_object_mut() {
        members.remove("layout");
    }
    rest
}

fn moved(before: &Value, after: &Value) -> usize {
    let place = |document: &Value, id: &str| {
        let at = &document["metadata"]["layout"][id];
        at["x"].as_f64().zip(at["y"].as_f64())
    };
    let (was, is) = (blocks(before), blocks(after));
    was.keys().filter(|id| is.contains_key(*id) && place(before, id) != place(after, id)).count()
}

fn compare(before: &Value, after: &Value, place: &str, changes: &mut Vec<Change>) {
    let inside = |name: &str| if place.is_empty() { escape(name) } else { format!("{place}/{}", escape(name)) };
    match (before, after) {
        _ if same(before, after) => {}
        (Value::Object(was), Value::Object(is)) => {
            let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
            for name in names {
                let [was, is] = [was, is].map(|members| members.get(name).unwrap_or(&Value::Null));
                compare(was, is, &inside(name), changes);
            }
        }
        (Value::Array(was), Value::Array(is)) => {
            if let (Some(was), Some(is)) = (by_key(was), by_key(is)) {
                let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
                for name in names {
                    let [was, is] = [&was, &is].map(|items| items.get(name).copied().unwrap_or(&Value::Null));
                    compare(was, is, &inside(name), changes);
                }
            } else if was.iter().chain(is).all(Value::is_string) {
                lines(was, is, place, changes);
            } else {
                for at in 0..was.len().max(is.len()) {
                    let [was, is] = [was, is].map(|items| items.get(at).unwrap_or(&Value::Null));
                    compare(was, is, &inside(&at.to_string()), changes);
                }
            }
        }
        // What is wholly new or gone is shown in its parts, so that each text stands for itself.
        (Value::Null, Value::Object(members)) if !members.is_empty() => {
            compare(&Value::Object(Map::new()), &Value::Object(members.clone()), place, changes);
        }
        (Value::Object(members), Value::Null) if !members.is_empty() => {
            compare(&Value::Object(members.clone()), &Value::Object(Map::new()), place, changes);
        }
        (Value::Null, Value::Array(items)) if !items.is_empty() => {
            compare(&Value::Array(Vec::new()), &Value::Array(items.clone()), place, changes);
        }
        (Value::Array(items), Value::Null) if !items.is_empty() => {
            compare(&Value::Array(items.clone()), &Value::Array(Vec::new()), place, changes);
        }
        _ => {
            let there = |value: &Value| (!value.is_null()).then(|| value.clone());
            changes.push(Change { place: place.to_owned(), before: there(before), after: there(after) });
        }
    }
}

/// Lines of text have no order that matters: what came, and what went.
fn lines(before: &[Value], after: &[Value], place: &str, changes: &mut Vec<Change>) {
    let one = |before: Option<&Value>, after: Option<&Value>| Change {
        place: place.to_owned(),
        before: before.cloned(),
        after: after.cloned(),
    };
    let count = changes.len();
    changes.extend(before.iter().filter(|line| !after.contains(line)).map(|line| one(Some(line), None)));
    changes.extend(after.iter().filter(|line| !before.contains(line)).map(|line| one(None, Some(line))));
    if changes.len() == count {
        let whole = |lines: &[Value]| Some(Value::Array(lines.to_vec()));
        changes.push(Change { place: place.to_owned(), before: whole(before), after: whole(after) });
    }
}

/// The items of a list by the member that tells them apart; none when nothing does.
fn by_key(items: &[Value]) -> Option<BTreeMap<String, &Value>> {
    if items.is_empty() {
        return Some(BTreeMap::new());
    }
    KEYS.iter().find_map(|key| {
        let named: Option<BTreeMap<String, &Value>> =
            items.iter().map(|item| Some((item.get(key)?.as_str()?.to_owned(), item))).collect();
        named.filter(|named| named.len() == items.len())
    })
}

/// 1 and 1.0 are the same number.
fn same(before: &Value, after: &Value) -> bool {
    before == after || before.as_f64().zip(after.as_f64()).is_some_and(|(before, after)| before == after)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({
            "schema_version": 1, "id": "shop", "name": "Shop", "languages": ["en"], "start": "hello",
            "intents": [{"name": "order", "examples": {"en": ["my order", "where is it"]}}],
            "blocks": [
                {"id": "hello", "type": "say", "params": {"prompt": {"en": "Hello."}}, "edges": {"next": "which"}},
                {"id": "which", "type": "menu", "params": {"prompt": {"en": "1 or 2?"}, "options": [{"key": "1", "edge": "one"}, {"key": "2", "edge": "two"}]},
                 "edges": {"one": "hello", "two": "bye"}},
                {"id": "bye", "type": "end"},
            ],
            "metadata": {"layout": {"hello": {"x": 1, "y": 2}}},
        })
    }

    /// `place: before → after` of each change, after a word for what it is about.
    fn told(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let (before, mut after) = (document(), document());
        change(&mut after);
        let difference = difference(&before, &after);
        let line = |about: &str, change: &Change| {
            let shown = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), Value::to_string);
            format!("{about} {}: {} → {}", change.place, shown(&change.before), shown(&change.after))
        };
        let mut lines: Vec<String> = difference.document.iter().map(|change| line("flow", change)).collect();
        for block in &difference.blocks {
            lines.push(format!("{:?} {} ({})", block.change, block.id, block.kind));
            lines.extend(block.edges.iter().map(|change| line("edge", change)));
            lines.extend(block.params.iter().map(|change| line("param", change)));
        }
        lines.extend((difference.moved > 0).then(|| format!("moved {}", difference.moved)));
        lines
    }

    #[test]
    fn what_changed_is_told_by_block() {
        let check = |change: fn(&mut Value), expected: &[&str]| assert_eq!(told(change), expected);
        check(|_| {}, &[]);
        check(|flow| flow["blocks"].as_array_mut().expect("a list").reverse(), &[]);
        check(|flow| flow["metadata"]["layout"]["hello"]["x"] = json!(1.0), &[]);
        check(|flow| flow["metadata"]["layout"]["hello"]["x"] = json!(5), &["moved 1"]);
        check(|flow| flow["start"] = json!("which"), &["flow start: \"hello\" → \"which\""]);
        check(
            |flow| flow["blocks"][0]["params"]["prompt"] = json!({"en": "Good day.", "zh-CN": "您好。"}),
            &[
                "Changed hello (say)",
                "param prompt/en: \"Hello.\" → \"Good day.\"",
                "param prompt/zh-CN: - → \"您好。\"",
            ],
        );
        check(
            |flow| flow["blocks"][1]["edges"] = json!({"one": "bye", "two": "bye", "no_input": "bye"}),
            &["Changed which (menu)", "edge no_input: - → \"bye\"", "edge one: \"hello\" → \"bye\""],
        );
        check(
            |flow| {
                flow["blocks"][1]["params"]["options"] =
                    json!([{"key": "2", "edge": "two"}, {"key": "1", "edge": "first"}])
            },
            &["Changed which (menu)", "param options/1/edge: \"one\" → \"first\""],
        );
        check(
            |flow| flow["blocks"][0]["id"] = json!("hi"),
            &[
                "Removed hello (say)",
                "edge next: \"which\" → -",
                "param prompt/en: \"Hello.\" → -",
                "Added hi (say)",
                "edge next: - → \"which\"",
                "param prompt/en: - → \"Hello.\"",
            ],
        );
        check(
            |flow| flow["intents"][0]["examples"]["en"] = json!(["where is it", "track it"]),
            &["flow intents/order/examples/en: \"my order\" → -", "flow intents/order/examples/en: - → \"track it\""],
        );
        check(|flow| flow["blocks"][2]["type"] = json!("say"), &["Changed bye (say)", "param type: \"end\" → \"say\""]);
    }

    #[test]
    fn documents_that_are_no_flows_are_compared_all_the_same() {
        for (before, after) in
            [(json!(null), json!([])), (json!({"blocks": 1}), json!({"blocks": [1, {"id": 2}, {"id": "a"}]}))]
        {
            difference(&before, &after);
            difference(&after, &before);
        }
    }
}
