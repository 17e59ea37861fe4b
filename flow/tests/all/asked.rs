//! What a question looks like to somebody who reads it, and that each of its choices leads on.

use flow::{AnswerForm, Asked, ChosenBy, Context, Event, Run, asked::Choice};
use intent::{Language, Model};
use serde_json::{Value, json};

use crate::line::{Line, end, flow_with, queue};

/// A question of one block, after `heard` was said to it.
fn asked(block: Value, heard: &[&str]) -> Asked {
    let mut block = block;
    block["id"] = json!("q");
    let edges = block["edges"].as_object_mut().expect("edges");
    edges.insert("no_input".into(), json!("out"));
    edges.insert("no_match".into(), json!("out"));
    let flow = flow_with(json!([block, queue("people"), end("out", "failed"), end("failed", "failed")]), json!({}));
    let mut line = Line::begun(flow);
    for words in heard {
        line.caller(words);
    }
    line.run.asked().expect("a question")
}

fn collect(params: Value) -> Value {
    let mut all = json!({"prompt": {"en": "Well?"}, "slot": "value"});
    for (name, value) in params.as_object().expect("an object") {
        all[name] = value.clone();
    }
    json!({"type": "collect", "params": all, "edges": {"next": "out"}})
}

fn key(key: char, label: &str) -> Choice {
    Choice { label: label.into(), by: ChosenBy::Key(key) }
}

fn words(label: &str, words: &str) -> Choice {
    Choice { label: label.into(), by: ChosenBy::Words(words.into()) }
}

#[test]
fn the_form_of_an_answer_follows_what_is_collected() {
    for (params, expected) in [
        (json!({"kind": "digits", "min_digits": 3, "max_digits": 5}), AnswerForm::Digits { least: 3, most: 5 }),
        (json!({"kind": "digits", "form": "AA999(9)"}), AnswerForm::Code { most: 6 }),
        (json!({"kind": "phone"}), AnswerForm::Phone),
        (json!({"kind": "date", "past": true}), AnswerForm::Date { past: true }),
        (json!({"kind": "time"}), AnswerForm::Time),
        (json!({"kind": "amount"}), AnswerForm::Amount),
        (json!({"kind": "number"}), AnswerForm::Number),
        (json!({"kind": "quantity"}), AnswerForm::Number),
        (json!({"kind": "name"}), AnswerForm::Name),
    ] {
        let asked = asked(collect(params.clone()), &[]);
        assert_eq!((asked.form, asked.choices.as_slice(), asked.secret), (expected, [].as_slice(), false), "{params}");
    }
    assert!(asked(collect(json!({"secret": true, "confirm_below": 0.5})), &[]).secret);
}

#[test]
fn options_are_offered_by_key_or_else_by_what_could_be_said() {
    let options = json!([
        {"key": "1", "edge": "orders", "label": {"en": "orders"}},
        {"edge": "repairs", "label": {"en": "repairs"}, "phrases": {"en": ["a repair", "fix it"]}},
        {"edge": "something_else"},
    ]);
    let menu = json!({"type": "menu", "params": {"prompt": {"en": "Well?"}, "options": options},
        "edges": {"orders": "out", "repairs": "out", "something_else": "out"}});
    let asked = asked(menu, &[]);
    assert_eq!(asked.form, AnswerForm::Choice);
    assert_eq!(
        asked.choices,
        [key('1', "Orders"), words("Repairs", "a repair"), words("Something else", "something else")]
    );
}

#[test]
fn what_is_read_back_is_answered_by_yes_or_no() {
    let block = collect(json!({"kind": "digits", "min_digits": 4, "max_digits": 4, "read_back": true}));
    let asked = asked(block, &["one zero four two"]);
    assert_eq!((asked.form, asked.choices), (AnswerForm::YesNo, vec![key('1', "Yes"), key('2', "No")]));
}

#[test]
fn of_an_answer_that_has_begun_the_rest_is_waited_for() {
    let block = || collect(json!({"kind": "digits", "min_digits": 4, "max_digits": 4}));
    assert!(!asked(block(), &[]).partly);
    assert!(asked(block(), &["one zero"]).partly);
}

#[test]
fn nothing_is_asked_before_the_call_begins_and_after_it_is_over() {
    let flow = flow_with(json!([end("out", "resolved"), end("failed", "failed")]), json!({"start": "out"}));
    let mut run = Run::new(
        flow.into(),
        Model::empty().into(),
        Context { language: Some(Language::English), ..Context::default() },
    );
    assert_eq!(run.asked(), None);
    run.on(Event::Begin, 0);
    assert!(run.finished() && run.asked().is_none());
}
