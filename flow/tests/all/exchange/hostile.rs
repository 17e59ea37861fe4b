//! Exports that nobody's program wrote: small ones of our own, changed at random. Each is refused, or becomes a flow whose faults are told.

use std::collections::BTreeSet;

use flow::{
    Severity,
    exchange::{Options, import},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::small::{action, bye, connect, split, state, studio};

/// Small exports with a bit of everything.
fn examples() -> Vec<Value> {
    let fail = [("NoMatchingError", "bye")];
    vec![
        studio(&[
            state(
                "ask",
                "gather-input-on-call",
                json!({"say": "One?", "number_of_digits": 1, "timeout": 5}),
                &[("keypress", "which"), ("speech", "hi"), ("timeout", "ask")],
            ),
            split(
                "which",
                "{{widgets.ask.Digits | downcase}}",
                &[("equal_to", "1", "hi"), ("regex", "a.*", "look")],
                "set",
            ),
            state(
                "look",
                "make-http-request",
                json!({"url": "https://x.org", "parameters": [{"key": "a", "value": "{{flow.variables.a}}"}]}),
                &[("success", "hi"), ("failed", "set")],
            ),
            state(
                "set",
                "set-variables",
                json!({"variables": [{"key": "a", "value": "{% if flow.variables.a %}{{flow.variables.a | plus: 1}}{% endif %}"}]}),
                &[("next", "hi")],
            ),
            state(
                "hi",
                "say-play",
                json!({"say": "Hi {{flow.variables.a}} <break time='1s'/>", "loop": 1}),
                &[("audioComplete", "text")],
            ),
            state(
                "text",
                "send-and-wait-for-reply",
                json!({"body": "Well?", "timeout": 60}),
                &[("incomingMessage", "call"), ("timeout", "ask")],
            ),
            state(
                "call",
                "connect-call-to",
                json!({"noun": "number", "to": "+441632960001"}),
                &[("callCompleted", "flex")],
            ),
            state("flex", "send-to-flex", json!({"workflow": "W"}), &[("callComplete", "")]),
        ]),
        connect(&[
            action(
                "ask",
                "GetParticipantInput",
                json!({"Text": "1?", "StoreInput": "False", "InputTimeLimitSeconds": "5"}),
                "bye",
                &[("1", "queue"), ("2", "loop")],
                &fail,
            ),
            action("queue", "UpdateContactTargetQueue", json!({"QueueId": "arn:x/queue/a"}), "hand", &[], &fail),
            action("hand", "TransferContactToQueue", json!({}), "bye", &[], &fail),
            action(
                "loop",
                "Loop",
                json!({"LoopCount": "3"}),
                "bye",
                &[("ContinueLooping", "look"), ("DoneLooping", "share")],
                &[],
            ),
            action(
                "look",
                "InvokeLambdaFunction",
                json!({"LambdaFunctionARN": "f", "LambdaInvocationAttributes": {"a": "$.Attributes.b"}}),
                "compare",
                &[],
                &[("NoMatchingError", "loop")],
            ),
            action(
                "compare",
                "Compare",
                json!({"ComparisonValue": "$.External.x"}),
                "bye",
                &[("NumberLessThan 3", "set"), ("TextContains a", "hours")],
                &fail,
            ),
            action(
                "set",
                "UpdateContactAttributes",
                json!({"Attributes": {"b": "$.StoredCustomerInput"}}),
                "hours",
                &[],
                &fail,
            ),
            action("hours", "CheckHoursOfOperation", json!({}), "bye", &[("True", "say"), ("False", "bye")], &fail),
            action(
                "share",
                "DistributeByPercentage",
                json!({}),
                "bye",
                &[("NumberLessThan 51", "say")],
                &[("NoMatchingCondition", "bye")],
            ),
            action(
                "say",
                "MessageParticipant",
                json!({"SSML": "<speak>Hi $.External.x <b>you</b></speak>"}),
                "metric",
                &[],
                &[],
            ),
            action(
                "metric",
                "CheckMetricData",
                json!({"MetricType": "NumberOfAgentsAvailable"}),
                "bye",
                &[("NumberGreaterThan 0", "bye")],
                &fail,
            ),
            bye(),
        ]),
        json!({"modules": [
            {"id": "a", "type": "StoreUserInput", "parameters": [{"name": "Text", "value": "PIN?"}, {"name": "MaxDigits", "value": 4}],
             "branches": [{"condition": "Success", "transition": "b"}, {"condition": "Error", "transition": "c"}], "metadata": {"position": {"x": 1, "y": 1}}},
            {"id": "b", "type": "CheckAttribute", "parameters": [{"name": "Attribute", "value": "x"}, {"name": "Namespace", "value": "User Defined"}],
             "branches": [{"condition": "Evaluate", "conditionType": "GreaterThan", "conditionValue": 3, "transition": "a"}, {"condition": "NoMatch", "transition": "c"}]},
            {"id": "c", "type": "CheckStaffing", "parameters": [{"name": "Status", "value": "Available"}],
             "branches": [{"condition": "True", "transition": "d"}, {"condition": "False", "transition": "a"}, {"condition": "Error", "transition": "d"}]},
            {"id": "d", "type": "Disconnect", "parameters": [], "branches": []}],
            "start": "a", "version": "1", "type": "contactFlow", "metadata": {"name": "x"}}),
    ]
}

/// Everything that may stand anywhere, and some texts that mean something.
fn anything() -> impl Strategy<Value = Value> {
    let texts = prop::sample::select(vec![
        "",
        "a",
        "ask",
        "hi",
        "bye",
        "loop",
        "which",
        "GetParticipantInput",
        "Loop",
        "say-play",
        "split-based-on",
        "{{",
        "{% if",
        "{{widgets.ask.Digits}}",
        "{{widgets.which.parsed[",
        "{{flow.variables.a | plus: }}",
        "$.",
        "$.Attributes.",
        "$['External']['",
        "<speak>",
        "<break",
        "</b>",
        "\u{e000}0\u{e001}",
        "1e999",
        "-1",
        "99999999999999999999",
        "(",
        "(?<a)",
        "'\\",
        "\"",
        "{",
        "}}",
        "名前",
        "🙂",
    ]);
    let leaf = prop_oneof![
        texts.prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-zA-Z]{1,6}", inner, 0..4).prop_map(|members| json!(members)),
        ]
    })
}

/// Every place of a document, as a pointer.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                places(member, &format!("{here}/{}", name.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places(item, &format!("{here}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn change(document: &mut Value, place: usize, how: u8, with: Value) {
    let mut all = Vec::new();
    places(document, "", &mut all);
    let target = &all[place % all.len()];
    let copy = document.pointer(&all[(place / 7) % all.len()]).cloned().unwrap_or_default();
    let Some(value) = document.pointer_mut(target) else { return };
    match (how % 4, value) {
        (0, value) => *value = with,
        (1, value) => *value = copy,
        (2, Value::Array(items)) if !items.is_empty() => {
            let twice = items[place % items.len()].clone();
            items.push(twice);
        }
        (_, Value::Array(items)) => drop(items.pop()),
        (_, Value::Object(members)) => {
            if let Some(name) = members.keys().nth(place % members.len().max(1)).cloned() {
                members.remove(&name);
            }
        }
        (_, value) => *value = with,
    }
}

fn sources(document: &Value) -> BTreeSet<String> {
    [("states", "name"), ("Actions", "Identifier"), ("modules", "id")]
        .iter()
        .filter_map(|(list, name)| Some((document.get(list)?.as_array()?, name)))
        .flat_map(|(list, name)| list.iter().filter_map(move |state| state.get(name)?.as_str().map(str::to_owned)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn a_changed_export_is_refused_or_becomes_a_flow_whose_faults_are_told(
        which in 0..3usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), anything()), 1..6),
    ) {
        let mut document = examples().swap_remove(which);
        for (place, how, with) in changes {
            change(&mut document, place.index(10_000), how, with);
        }
        let text = document.to_string();
        match import(&text, &Options::default()) {
            Err(refused) => prop_assert!(refused.to_string().len() > 10),
            Ok(imported) => {
                let told: BTreeSet<String> = imported.report.items.iter().map(|item| item.source.clone()).collect();
                for source in sources(&document) {
                    prop_assert!(told.contains(&source), "{source} is not told of");
                }
                for finding in imported.findings.iter().filter(|finding| finding.severity == Severity::Error) {
                    let explained = imported
                        .report
                        .items
                        .iter()
                        .any(|item| item.block == finding.block && item.message.contains(&finding.message));
                    prop_assert!(explained, "{finding} in {text}");
                }
                let again = flow::parse(&imported.document.to_json());
                prop_assert!(again.is_ok(), "{again:?} from {text}");
            }
        }
    }
}

#[test]
fn the_examples_themselves_become_flows_without_an_error() {
    for document in examples() {
        let imported = import(&document.to_string(), &Options::default()).expect("it is well formed");
        let errors: Vec<_> = imported.findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
}

#[test]
fn the_largest_exports_are_read_in_time() {
    // Every action leads to every other that is near, so that there are circles everywhere.
    let actions: Vec<Value> = (0..1_000)
        .map(|number| {
            let near = |step: usize| format!("a{}", (number * 7 + step) % 1_000);
            let errors = [near(1), near(2), near(3)];
            let errors: Vec<(&str, &str)> = errors.iter().map(|next| ("NoMatchingError", next.as_str())).collect();
            let kind = [
                "MessageParticipant",
                "InvokeLambdaFunction",
                "ShowView",
                "UpdateContactTargetQueue",
                "TransferContactToQueue",
            ][number % 5];
            action(
                &format!("a{number}"),
                kind,
                json!({"Text": "x", "QueueId": format!("arn:x/queue/q{number}")}),
                &near(4),
                &[],
                &errors,
            )
        })
        .collect();
    let begun = std::time::Instant::now();
    let result = import(&connect(&actions).to_string(), &Options::default());
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    if let Ok(imported) = result {
        assert!(imported.findings.iter().all(|finding| finding.severity != Severity::Error));
    }
}
