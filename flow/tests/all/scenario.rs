//! Tests of flows, as admins write them: the demo's own pass, and each thing that can be wrong is said at its step.

use std::{collections::BTreeMap, sync::Arc};

use flow::{
    scenario::{ScenarioError, Scenarios},
    simulate::Waiting,
};
use intent::Model;
use serde_json::json;

use crate::line::{end, flow_with, queue};

fn run(yaml: &str) -> Vec<(String, Vec<(usize, String)>)> {
    let scenarios = Scenarios::read(yaml).unwrap_or_else(|error| panic!("{error}"));
    let document = include_str!("../../../src/demo/bicycle-shop.json");
    let flow = Arc::new(flow::parse(document).unwrap_or_else(|findings| panic!("{findings:#?}")));
    let model = Arc::new(intent::train(&flow.training_set(), 1).expect("its intents can be trained"));
    let results = scenarios.tests.iter().map(|test| test.run(&flow, &model, &BTreeMap::new()));
    results
        .map(|result| {
            (result.name, result.failures.into_iter().map(|failure| (failure.step, failure.message)).collect())
        })
        .collect()
}

#[test]
fn the_demos_own_tests_pass() {
    for (name, failures) in run(include_str!("../../../src/demo/bicycle-shop.test.yaml")) {
        assert_eq!(failures, [], "{name}");
    }
}

#[test]
fn what_is_not_met_is_said_at_its_step_with_what_was_found() {
    let table = [
        (
            "- hear: where is my order\n      - expect: {intent: refund}",
            2,
            "the intent should be refund; it is order_status",
        ),
        ("- expect: {words: Good night}", 1, "the bot should say “Good night”; it said"),
        ("- hear: where is my order\n      - expect: {not_words: order number}", 2, "should not say"),
        (
            "- hear: where is my order\n      - expect: {block: refund_offer}",
            2,
            "should lead through refund_offer; it led through order_number",
        ),
        ("- keys: '1'\n      - keys: '1042'\n      - expect: {block: tell_status}", 2, "the test has no answer"),
        ("- expect: {queue: service}", 1, "should wait in service; it is no queue"),
        ("- expect: {outcome: resolved}", 1, "block wants waits for the caller"),
        ("- expect: {slot: {order_number: '1042'}}", 1, "order_number should be “1042”; it is not known"),
        ("- http: {status: 200}", 1, "no request was sent; block wants waits for the caller"),
        ("- hang_up: true\n      - hear: hello", 2, "it is not the caller's turn; the call is over"),
        ("- expect: {ticket: a bell}", 1, "filed was nothing"),
        ("- expect: {request: GET /bells}", 1, "asked for was nothing"),
    ];
    for (steps, step, part) in table {
        let found = run(&format!(
            "tests:\n  - name: t\n    variables: {{order_service: 'http://o'}}\n    steps:\n      {steps}\n"
        ));
        let failures = &found[0].1;
        assert!(failures.iter().any(|(at, words)| *at == step && words.contains(part)), "{steps}: {failures:?}");
    }
}

#[test]
fn a_file_that_is_no_test_is_refused_with_its_place() {
    let refused = |yaml: &str| Scenarios::read(yaml).expect_err("it is refused").to_string();
    assert!(refused("tests:\n  - name: t\n    steps:\n      - heer: hello\n").contains("heer"));
    assert!(refused("tests: [").contains("line"));
    assert!(refused("tests:\n  - name: t\n    steps:\n      - {hear: a, keys: '1'}\n").contains("step 1"));
    assert!(refused("tests:\n  - {name: t, steps: []}\n  - {name: t, steps: []}\n").contains("two tests"));
    assert_eq!(Scenarios::read(&"#".repeat(2_000_000)), Err(ScenarioError::TooLarge));
    // An alias that grows without end.
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n";
    assert!(Scenarios::read(bomb).is_err());
}

#[test]
fn what_is_written_is_read_again() {
    let yaml = include_str!("../../../src/demo/bicycle-shop.test.yaml");
    let read = Scenarios::read(yaml).expect("it is read");
    assert_eq!(Scenarios::read(&read.to_yaml()).as_ref(), Ok(&read), "{}", read.to_yaml());
}

#[test]
fn what_is_secret_stays_secret_in_the_steps() {
    let flow = Arc::new(flow_with(
        json!([
            {"id": "pin", "type": "collect", "params": {"slot": "pin", "secret": true, "min_digits": 4, "max_digits": 4, "prompt": {"en": "Your PIN?"}},
             "edges": {"next": "done", "no_input": "person", "no_match": "person"}},
            end("done", "resolved"), queue("person"), end("failed", "failed"),
        ]),
        json!({}),
    ));
    for step in ["{keys: '4711'}", "{hear: four seven one one}"] {
        let yaml = format!("tests:\n  - name: t\n    steps:\n      - {step}\n      - expect: {{outcome: resolved}}\n");
        let scenarios = Scenarios::read(&yaml).expect("it is read");
        let result = scenarios.tests[0].run(&flow, &Arc::new(Model::empty()), &BTreeMap::new());
        assert_eq!(result.failures, []);
        let shown = serde_json::to_string(&result.steps).expect("JSON");
        assert!(!shown.contains("4711") && !shown.contains("seven") && shown.contains("•••"), "{shown}");
    }
}

#[test]
fn a_document_brings_its_tests_along_and_they_are_no_part_of_what_it_does() {
    let mut document: serde_json::Value =
        serde_json::from_str(include_str!("../../../src/demo/bicycle-shop.json")).expect("JSON");
    let tests = Scenarios::read(include_str!("../../../src/demo/bicycle-shop.test.yaml")).expect("they are read");
    document["metadata"]["tests"] = serde_json::to_value(&tests.tests).expect("JSON");
    let flow = flow::parse(&document.to_string()).unwrap_or_else(|findings| panic!("{findings:#?}"));
    assert_eq!(Scenarios::of(&flow).expect("they are there").tests, tests.tests);
    document["metadata"]["tests"] = json!([{"name": "t", "steps": [{}]}]);
    let flow = flow::parse(&document.to_string()).unwrap_or_else(|findings| panic!("{findings:#?}"));
    assert!(matches!(Scenarios::of(&flow), Err(ScenarioError::NotOneThing { .. })));
}

#[test]
fn a_call_that_is_played_step_by_step_says_what_it_waits_for() {
    let document = include_str!("../../../src/demo/bicycle-shop.json");
    let flow = Arc::new(flow::parse(document).unwrap_or_else(|findings| panic!("{findings:#?}")));
    let model = Arc::new(intent::train(&flow.training_set(), 1).expect("its intents can be trained"));
    let yaml = "tests:\n  - name: t\n    variables: {order_service: 'http://o'}\n    steps:\n      - keys: '1'\n      - keys: '1042'\n";
    let played = Scenarios::read(yaml).expect("it is read").tests[0].run(&flow, &model, &BTreeMap::new());
    assert_eq!(played.failures, []);
    assert!(matches!(played.waiting, Some(Waiting::Reply { url, .. }) if url == "http://o/orders/1042"));
}
