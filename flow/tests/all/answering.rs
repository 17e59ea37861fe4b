//! The answer block: what is asked of the knowledge base, and what callers hear of it.

use flow::{Event, Knowledge, KnownArticle, Outcome};
use intent::Language;
use serde_json::{Value, json};

use crate::line::{Line, end, flow, flow_with, queue, say};

fn article(id: &str, title: &str, short: &str, rest: Option<&str>) -> KnownArticle {
    KnownArticle {
        id: id.into(),
        version: 3,
        title: title.into(),
        short: short.into(),
        rest: rest.map(str::to_owned),
        confidence: 0.8,
    }
}

fn hours(rest: Option<&str>) -> KnownArticle {
    article("hours", "When are you open?", "Nine to five.", rest)
}

fn answer(params: Value) -> flow::Flow {
    let mut all = json!({"prompt": {"en": "What would you like to know?"}});
    for (name, value) in params.as_object().expect("an object") {
        all[name] = value.clone();
    }
    flow(json!([
        {"id": "a", "type": "answer", "params": all,
         "edges": {"next": "done", "unknown": "sorry", "no_input": "silent", "no_match": "lost"}},
        end("done", "resolved"), end("sorry", "callback"), end("silent", "abandoned"), end("lost", "failed"),
    ]))
}

fn asked(params: Value) -> Line {
    let mut line = Line::begun(answer(params));
    line.caller("when do you open");
    line.check("consult en: when do you open");
    line
}

#[test]
fn a_short_answer_is_told_and_the_call_goes_on() {
    let mut line = asked(json!({}));
    line.knowledge(Knowledge::Known(hours(None)));
    assert_eq!(line.words()[1..], ["Nine to five."]);
    line.check("known hours v3");
    assert_eq!((line.path(), line.outcome()), (vec!["a.next".to_owned()], Some(Outcome::Resolved)));
}

#[test]
fn the_rest_is_told_only_to_whoever_wants_it() {
    for (answer, told) in [
        ("yes please", vec!["Nine to five. Would you like to hear more?", "On Sundays we are closed."]),
        ("no thank you", vec!["Nine to five. Would you like to hear more?"]),
        ("what a nice day", vec!["Nine to five. Would you like to hear more?"]),
    ] {
        let mut line = asked(json!({}));
        line.knowledge(Knowledge::Known(hours(Some("On Sundays we are closed.")))).caller(answer);
        assert_eq!(line.words()[1..], told, "{answer}");
        assert_eq!(line.path(), ["a.next"], "{answer}");
    }
    for (key, more) in [("1", true), ("2", false)] {
        let mut line = asked(json!({}));
        line.knowledge(Knowledge::Known(hours(Some("On Sundays we are closed.")))).keys(key);
        assert_eq!((line.has("bot: On Sundays"), line.path()), (more, vec!["a.next".to_owned()]), "{key}");
    }
}

#[test]
fn whoever_says_nothing_after_an_answer_has_heard_enough() {
    let mut line = asked(json!({}));
    line.knowledge(Knowledge::Known(hours(Some("On Sundays we are closed.")))).silence();
    assert_eq!((line.path(), line.outcome()), (vec!["a.next".to_owned()], Some(Outcome::Resolved)));
}

#[test]
fn a_flow_may_leave_the_rest_out() {
    let mut line = asked(json!({"offer_rest": false}));
    line.knowledge(Knowledge::Known(hours(Some("On Sundays we are closed."))));
    assert_eq!(line.words()[1..], ["Nine to five."]);
}

#[test]
fn of_two_answers_the_caller_says_which() {
    let two = || Knowledge::Unsure([hours(None), article("where", "Where are you?", "In town.", None)]);
    for (answer, told) in
        [("the second one", "In town."), ("where are you", "In town."), ("the first", "Nine to five.")]
    {
        let mut line = asked(json!({}));
        line.knowledge(two()).caller(answer);
        assert_eq!(line.words()[1..], ["Do you mean: When are you open, or: Where are you?", told], "{answer}");
        assert_eq!(line.path(), ["a.next"]);
    }
    let mut line = asked(json!({}));
    line.knowledge(two()).keys("2");
    line.check("known where v3");
}

#[test]
fn what_is_not_known_is_said_so_by_the_flow() {
    let mut line = asked(json!({}));
    line.knowledge(Knowledge::Unknown(vec![hours(None)]));
    assert_eq!((line.path(), line.words().len()), (vec!["a.unknown".to_owned()], 1));
}

#[test]
fn what_was_said_last_can_be_the_question() {
    let blocks = json!([
        {"id": "m", "type": "menu", "params": {"prompt": {"en": "Orders?"}, "max_tries": 1,
            "options": [{"key": "1", "edge": "orders", "phrases": {"en": ["orders"]}}]},
         "edges": {"orders": "done", "no_input": "a", "no_match": "a"}},
        {"id": "a", "type": "answer", "params": {"prompt": {"en": "What else?"}, "last_words": true},
         "edges": {"next": "done", "unknown": "done", "no_input": "done", "no_match": "done"}},
        end("done", "resolved"),
    ]);
    let mut line = Line::begun(flow(blocks.clone()));
    line.caller("when do you open");
    line.check("consult en: when do you open");
    assert_eq!(line.words(), ["Orders?"]);

    // Who said nothing is asked.
    let mut line = Line::begun(flow(blocks));
    line.silence();
    assert_eq!(line.words(), ["Orders?", "What else?"]);
}

#[test]
fn commands_are_always_on() {
    let blocks = json!([
        {"id": "a", "type": "answer", "params": {"prompt": {"en": "What would you like to know?"}},
         "edges": {"next": "q", "unknown": "q", "no_input": "q", "no_match": "q"}},
        queue("q"), end("failed", "failed"),
    ]);
    let mut line = Line::begun(flow_with(blocks, json!({"person": "q"})));
    line.caller("let me talk to a person");
    line.check("queue service");
    assert!(!line.has("consult"));
}

#[test]
fn an_answer_that_does_not_come_is_an_error() {
    let mut line = asked(json!({}));
    line.silence();
    line.check("error the knowledge base does not answer");
    assert_eq!(line.outcome(), Some(Outcome::Failed));
    // Too late, and of another question: nothing happens.
    let before = line.log.len();
    line.send(Event::Consulted { id: 1, answer: Knowledge::Known(hours(None)) });
    assert_eq!(line.log.len(), before);
}

#[test]
fn a_caller_who_hangs_up_while_it_is_looked_up_is_gone() {
    let mut line = asked(json!({}));
    line.hang_up();
    assert_eq!(line.outcome(), Some(Outcome::Abandoned));
}

#[test]
fn it_is_asked_in_the_language_of_the_call() {
    let chinese = json!({
        "schema_version": 1, "id": "t", "name": "T", "languages": ["zh-CN"], "start": "a",
        "blocks": [
            {"id": "a", "type": "answer", "params": {"prompt": {"zh-CN": "您想了解什么?"}},
             "edges": {"next": "done", "unknown": "done", "no_input": "done", "no_match": "done"}},
            end("done", "resolved"),
        ],
    });
    let mut line = Line::begun(flow::parse(&chinese.to_string()).expect("it is well formed"));
    line.caller_in("几点开门", Language::Chinese);
    line.check("consult zh-CN: 几点开门");
    line.knowledge(Knowledge::Known(article("hours", "几点开门？", "九点。", Some("周日休息。"))));
    assert_eq!(line.words()[1..], ["九点。 还要继续听吗?"]);
}

#[test]
fn a_circle_through_it_listens() {
    let document = json!([
        {"id": "a", "type": "answer", "params": {"prompt": {"en": "What else?"}},
         "edges": {"next": "a", "unknown": "s", "no_input": "e", "no_match": "e"}},
        say("s", "That I don't know.", "a"), end("e", "resolved"),
    ]);
    let findings = flow::validate(&flow(document));
    assert!(findings.iter().all(|finding| finding.code != "loop_without_input"), "{findings:#?}");
}
