//! The language of a call: what it begins in, and what language blocks make of it.

use flow::{Context, Event, Flow, Grammar, Heard, Severity, validate};
use intent::{Language, Model};
use serde_json::{Value, json};

use crate::line::{Line, end, flow_with, queue};

/// A menu of languages that goes round to itself, and a question after it.
fn choosing(remember: bool) -> Flow {
    of(json!({"language": "en", "remember": remember}), json!({"language": "zh-CN", "remember": remember}))
}

fn of(first: Value, second: Value) -> Flow {
    flow_with(
        json!([
            {"id": "which", "type": "menu", "params": {"prompt": {"en": "English press 1.", "zh-CN": "中文请按2。"},
                "options": [{"key": "1", "edge": "one"}, {"key": "2", "edge": "two"}]},
             "edges": {"one": "first", "two": "second", "no_input": "q", "no_match": "q"}},
            {"id": "first", "type": "language", "params": first, "edges": {"next": "ask"}},
            {"id": "second", "type": "language", "params": second, "edges": {"next": "ask"}},
            {"id": "ask", "type": "menu", "params": {"prompt": {"en": "Yes or no?", "zh-CN": "要不要?"}, "options": [
                {"edge": "go", "phrases": {"en": ["orders"], "zh-CN": ["订单"]}}]},
             "edges": {"go": "last", "no_input": "q", "no_match": "q"}},
            {"id": "last", "type": "say", "params": {"prompt": {"en": "In {{ call.language }}.", "zh-CN": "语言是{{ call.language }}。"}},
             "edges": {"next": "done"}},
            end("done", "resolved"), queue("q"), end("failed", "failed"),
        ]),
        json!({"languages": ["en", "zh-CN"], "person": "q", "hangup": "failed"}),
    )
}

fn begun(flow: Flow, context: Context) -> Line {
    let mut line = Line::with(flow.into(), Model::empty().into(), context);
    line.send(Event::Begin);
    line
}

fn notes(line: &Line) -> Vec<&str> {
    line.log.iter().filter_map(|line| line.strip_prefix("note Language ")).collect()
}

#[test]
fn a_key_changes_what_is_said_expected_and_understood() {
    let mut line = begun(choosing(false), Context::default());
    line.keys("2");
    assert_eq!(line.words(), ["English press 1.", "要不要?"]);
    let Some(Grammar::Phrases(expected)) = line.expected.last().map(|expect| &expect.grammar) else { panic!("a menu") };
    assert_eq!(expected, &["订单"]);
    line.caller_in("订单", Language::Chinese);
    assert_eq!(line.words().last(), Some(&"语言是zh-CN。"));
    assert_eq!(notes(&line), ["{ block: Some(\"second\"), language: Chinese, by: Flow, remember: false }"]);
    assert_eq!(line.run.remembered_language(), None);
}

#[test]
fn a_silent_caller_is_asked_again_in_the_new_language() {
    let mut line = begun(choosing(false), Context::default());
    line.keys("2").silence();
    assert_eq!(line.words().last(), Some(&"抱歉,我没有听到您的声音。 要不要?"));
}

#[test]
fn what_the_caller_chose_goes_before_the_number_and_the_number_before_the_flow() {
    let (number, remembered) = (Some(Language::English), Some(Language::Chinese));
    let chinese = "中文请按2。";
    for (remember, context, first, by) in [
        (true, Context { language: number, remembered, ..Context::default() }, chinese, Some("Caller")),
        (false, Context { language: number, remembered, ..Context::default() }, "English press 1.", Some("Number")),
        (false, Context { language: remembered, ..Context::default() }, chinese, Some("Number")),
        (true, Context::default(), "English press 1.", None),
    ] {
        let line = begun(choosing(remember), context);
        assert_eq!(line.words(), [first]);
        let told = by.map(|by| {
            let language = line.run.language();
            format!("{{ block: None, language: {language:?}, by: {by}, remember: false }}")
        });
        assert_eq!(notes(&line), told.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

#[test]
fn a_language_that_the_flow_does_not_speak_does_not_count() {
    let mut flow = choosing(true);
    flow.languages = vec![Language::English];
    let context =
        Context { language: Some(Language::Chinese), remembered: Some(Language::Chinese), ..Context::default() };
    let mut line = begun(flow, context);
    line.keys("2");
    assert_eq!(line.words(), ["English press 1.", "Yes or no?"]);
    line.check("error the flow does not speak zh-CN");
}

#[test]
fn a_choice_that_is_remembered_is_told() {
    let mut line = begun(choosing(true), Context::default());
    line.keys("2");
    assert_eq!(notes(&line), ["{ block: Some(\"second\"), language: Chinese, by: Flow, remember: true }"]);
    assert_eq!(line.run.remembered_language(), Some(Language::Chinese));
}

#[test]
fn a_block_takes_the_callers_language_or_its_default() {
    let flow = || of(json!({"language": "en", "remember": true}), json!({"language": "caller", "default": "zh-CN"}));
    let mut line = begun(flow(), Context::default());
    line.keys("2");
    assert_eq!(line.words().last(), Some(&"要不要?"), "nothing is known, so the default");

    let context = Context { remembered: Some(Language::Chinese), language: None, ..Context::default() };
    let mut line = begun(flow(), context);
    line.keys("2");
    assert_eq!(
        notes(&line).last(),
        Some(&"{ block: Some(\"second\"), language: Chinese, by: Caller, remember: false }")
    );
}

#[test]
fn what_is_not_known_leads_to_its_own_edge_where_there_is_one() {
    for (wanted, context, path) in [
        ("caller", Context::default(), "a.unknown"),
        ("caller", Context { remembered: Some(Language::English), ..Context::default() }, "a.next"),
        ("detect", Context::default(), "a.unknown"),
        ("detect", Context { detects: true, ..Context::default() }, "a.next"),
        ("zh-CN", Context::default(), "a.next"),
    ] {
        let flow = flow_with(
            json!([
                {"id": "a", "type": "language", "params": {"language": wanted}, "edges": {"next": "known", "unknown": "ask"}},
                end("known", "resolved"), end("ask", "callback"),
            ]),
            json!({"languages": ["en", "zh-CN"]}),
        );
        assert_eq!(begun(flow, context).path(), [path], "{wanted}");
    }
}

fn detecting() -> Line {
    let flow = of(json!({"language": "en"}), json!({"language": "detect", "remember": true}));
    let mut line = begun(flow, Context { detects: true, ..Context::default() });
    line.keys("2");
    line
}

fn heard(text: &str, language: Language, detected: bool) -> Event {
    Event::Heard(Heard { text: text.into(), confidence: 0.9, language, detected, ..Heard::default() })
}

#[test]
fn the_language_in_which_the_caller_answers_is_gone_on_in() {
    let mut line = detecting();
    assert!(line.run.is_detecting());
    let Some(Grammar::Phrases(expected)) = line.expected.last().map(|expect| &expect.grammar) else { panic!("a menu") };
    assert_eq!(expected, &["orders", "订单"], "it may be answered in either");
    line.hear_out().send(heard("订单", Language::Chinese, true)).hear_out();
    assert_eq!(line.words().last(), Some(&"语言是zh-CN。"));
    assert_eq!(notes(&line), ["{ block: Some(\"second\"), language: Chinese, by: Detected, remember: true }"]);
    assert!(!line.run.is_detecting());
}

#[test]
fn words_whose_language_cannot_be_told_leave_the_search_open() {
    let mut line = detecting();
    line.hear_out().send(heard("hm", Language::English, false)).hear_out();
    assert!(line.run.is_detecting() && notes(&line).is_empty());
    line.send(heard("订单", Language::Chinese, true)).hear_out();
    assert_eq!(line.words().last(), Some(&"语言是zh-CN。"));
}

#[test]
fn a_run_that_begins_anew_goes_on_in_the_language_of_the_call() {
    let context = Context { language: Some(Language::English), ..Context::default() };
    let run = flow::Run::new(choosing(false).into(), Model::empty().into(), context);
    let mut line = begun(choosing(false), Context::default());
    line.run = run.going_on_in(Language::Chinese);
    line.log.clear();
    line.send(Event::Begin);
    assert_eq!((line.words(), notes(&line)), (vec!["中文请按2。"], vec![]));
}

#[test]
fn publishing_refuses_a_language_without_words_and_warns_of_one_that_is_never_kept() {
    let findings = |flow: &Flow| {
        let found = validate(flow).into_iter();
        found.map(|f| (f.severity, f.code, f.block.unwrap_or_default())).collect::<Vec<_>>()
    };
    assert_eq!(findings(&choosing(true)), []);
    let mut english = choosing(true);
    english.languages = vec![Language::English];
    assert_eq!(findings(&english), [(Severity::Error, "unspoken_language".into(), "second".into())]);
    let never = of(json!({"language": "en"}), json!({"language": "caller", "default": "zh-CN"}));
    assert_eq!(findings(&never), [(Severity::Warning, "nothing_remembered".into(), "second".into())]);
    let mut half = choosing(true);
    half.blocks[3].params["prompt"].as_object_mut().expect("texts").remove("zh-CN");
    assert_eq!(findings(&half), [(Severity::Error, "missing_language".into(), "ask".into())]);
}
