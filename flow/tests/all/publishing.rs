//! What publishing refuses or warns of.

use flow::{Severity, validate};
use serde_json::{Value, json};

use crate::line::{end, flow_with, queue, say};

fn good() -> Value {
    json!([
        say("a", "Hello.", "m"),
        {"id": "m", "type": "menu", "params": {"prompt": {"en": "Yes?"}, "options": [{"key": "1", "edge": "one"}, {"key": "2", "edge": "two"}]},
         "edges": {"one": "q", "two": "c", "no_input": "q", "no_match": "q"}},
        {"id": "c", "type": "collect", "params": {"prompt": {"en": "Number?"}, "slot": "number"},
         "edges": {"next": "h", "no_input": "q", "no_match": "q"}},
        {"id": "h", "type": "http", "params": {"url": "{{ vars.base }}/{{ slots.number }}", "save_as": "order"},
         "edges": {"ok": "b", "timeout": "q", "error": "q"}},
        {"id": "b", "type": "branch", "params": {"cases": [{"when": "order.status_code == 200", "edge": "found"}]},
         "edges": {"found": "t", "else": "q", "error": "q"}},
        {"id": "t", "type": "create_ticket", "params": {"subject": "{{ order.status }}"}, "edges": {"next": "failed"}},
        queue("q"), end("failed", "failed"),
    ])
}

fn more() -> Value {
    json!({
        "person": "q", "hangup": "failed",
        "variables": [{"name": "base"}],
        "intents": [{"name": "refund", "label": {"en": "a refund"}, "examples": {"en": ["a", "b", "c", "d", "e"]}}],
    })
}

/// The findings after a change to the blocks and to the rest, as `code block`.
fn findings(change: impl FnOnce(&mut Value, &mut Value)) -> Vec<(Severity, String)> {
    let (mut blocks, mut rest) = (good(), more());
    change(&mut blocks, &mut rest);
    let flow = flow_with(blocks, rest);
    validate(&flow)
        .into_iter()
        .map(|f| {
            assert!(!f.message.is_empty() && !f.fix.is_empty(), "{f:?}");
            (f.severity, format!("{} {}", f.code, f.block.unwrap_or_default()).trim().to_owned())
        })
        .collect()
}

#[test]
fn a_good_flow_has_no_findings() {
    assert_eq!(findings(|_, _| {}), []);
}

#[test]
fn publishing_refuses() {
    type Change = fn(&mut Value, &mut Value);
    let remove = |value: &mut Value, name: &str| {
        value.as_object_mut().expect("an object").remove(name);
    };
    let table: [(Change, &str); 24] = [
        (|b, _| remove_edge(b, 0, "next"), "unwired_edge a"),
        (|b, _| remove_edge(b, 1, "two"), "unwired_edge m"),
        (|b, _| remove_edge(b, 2, "no_input"), "unwired_edge c"),
        (|b, _| b[0]["edges"]["next"] = json!("mm"), "unknown_target a"),
        (|b, _| b[0]["edges"]["nxt"] = json!("m"), "unknown_edge a"),
        (|b, _| b.as_array_mut().expect("blocks").push(end("alone", "resolved")), "unreachable_block alone"),
        (|b, _| b.as_array_mut().expect("blocks").push(end("a", "resolved")), "duplicate_id a"),
        (|b, _| b[5]["edges"]["next"] = json!("h"), "loop_without_input b"),
        (|b, _| b[0]["edges"]["next"] = json!("a"), "loop_without_input a"),
        (|_, r| r["person"] = json!("failed"), "no_way_to_a_person"),
        (|_, r| r["start"] = json!("nowhere"), "unknown_target"),
        (|_, r| r["languages"] = json!(["en", "zh-CN"]), "missing_language a"),
        (|b, _| b[6]["params"]["queue"] = json!("sales"), "unknown_queue q"),
        (|b, _| b[0]["params"]["prompt"]["en"] = json!("Hello {{ "), "bad_template a"),
        (|b, _| b[0]["params"]["prompt"]["en"] = json!("{% if %}"), "bad_template a"),
        (|b, _| b[4]["params"]["cases"][0]["when"] = json!("order.status_code =="), "bad_expression b"),
        (|b, _| b[3]["params"]["save_as"] = json!("slots"), "reserved_name h"),
        (|b, _| b[3]["params"]["url"] = json!("orders/7"), "bad_address h"),
        (|b, _| b[2]["params"]["min_digits"] = json!(9), "bad_range c"),
        (|b, _| b[1]["params"]["options"][1]["key"] = json!("1"), "duplicate_key m"),
        (|b, _| b[1]["params"]["options"][1] = json!({"edge": "two"}), "no_way_to_choose m"),
        (|_, r| r["intents"][0]["name"] = json!("no_match"), "reserved_name"),
        (
            |b, _| {
                b[1] = json!({"id": "m", "type": "ask_intent", "params": {"prompt": {"en": "Yes?"}, "intents": ["refnd"]},
                    "edges": {"refnd": "c", "no_input": "q", "no_match": "q", "low_confidence": "q"}});
            },
            "unknown_intent m",
        ),
        (
            |b, r| {
                r.as_object_mut().expect("an object").remove("person");
                for block in b.as_array_mut().expect("blocks") {
                    if block["type"] == json!("to_queue") {
                        *block = end("q", "failed");
                    }
                }
            },
            "no_way_to_a_person",
        ),
    ];
    let _ = remove;
    for (change, expected) in table {
        let mut range_needs_max = false;
        let found = findings(|blocks, rest| {
            change(blocks, rest);
            if expected.starts_with("bad_range") {
                blocks[2]["params"]["max_digits"] = json!(4);
                range_needs_max = true;
            }
        });
        assert!(found.contains(&(Severity::Error, expected.to_owned())), "{expected}: {found:?}");
    }
}

fn remove_edge(blocks: &mut Value, index: usize, edge: &str) {
    blocks[index]["edges"].as_object_mut().expect("edges").remove(edge);
}

#[test]
fn publishing_warns() {
    type Change = fn(&mut Value, &mut Value);
    let table: [(Change, &str); 7] = [
        (|b, _| b[0]["params"]["prompt"]["en"] = json!("Hello {{ slots.name }}."), "unset_name a"),
        (|b, _| b[3]["params"]["url"] = json!("{{ vars.bse }}/x"), "unset_name h"),
        (|b, _| b[4]["params"]["cases"][0]["when"] = json!("ordr.status_code == 1"), "unset_name b"),
        (|b, _| b[3]["params"]["retries"] = json!(1), "no_retries h"),
        (|_, r| r["person"] = Value::Null, "no_person_block"),
        (|_, r| r["hangup"] = Value::Null, "no_hangup_block"),
        (|_, r| r["intents"][0]["examples"]["en"] = json!(["one"]), "few_examples"),
    ];
    for (change, expected) in table {
        let found = findings(|blocks, rest| {
            change(blocks, rest);
            blocks[3]["params"]["method"] = json!(if expected.starts_with("no_retries") { "POST" } else { "GET" });
            // Left out is what is meant, not null.
            rest.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        });
        assert_eq!(found, [(Severity::Warning, expected.to_owned())]);
    }
}

#[test]
fn a_name_that_nothing_sets_suggests_the_nearest() {
    let mut blocks = good();
    blocks[0]["params"]["prompt"]["en"] = json!("Number {{ slots.numbr }}.");
    let found = validate(&flow_with(blocks, more()));
    assert_eq!(found[0].fix, "Did you mean slots.number?");
}

#[test]
fn a_flow_of_a_thousand_blocks_is_judged() {
    let mut blocks: Vec<Value> = (0..1_000).map(|n| say(&format!("s{n}"), "x", &format!("s{}", n + 1))).collect();
    blocks.push(queue("s1000"));
    blocks.push(end("failed", "failed"));
    assert_eq!(validate(&flow_with(json!(blocks), json!({"person": "s1000", "hangup": "failed"}))), []);
}
