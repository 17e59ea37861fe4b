//! Each block by itself: what it wants done, and which edge it takes.

use flow::{Event, Grammar, HttpFailure, Outcome, QueueResult};
use serde_json::{Value, json};

use crate::line::{Line, end, flow, flow_with, queue, say};

#[test]
fn say_speaks_and_goes_on_when_it_was_heard() {
    let mut line = Line::begun(flow(json!([say("a", "Hello.", "b"), end("b", "resolved")])));
    assert_eq!(line.words(), ["Hello."]);
    assert_eq!(line.outcome(), None);
    line.hear_out();
    assert_eq!(line.outcome(), Some(Outcome::Resolved));
}

#[test]
fn a_prompt_whose_end_is_never_reported_does_not_hold_the_call() {
    let mut line = Line::begun(flow(json!([say("a", "Hello.", "b"), end("b", "resolved")])));
    line.said = None;
    line.silence();
    assert_eq!(line.outcome(), Some(Outcome::Resolved));
}

#[test]
fn a_missing_value_leads_to_the_error_edge_or_to_a_person() {
    let mut line = Line::begun(flow(json!([
        {"id": "a", "type": "say", "params": {"prompt": {"en": "It is {{ order.status }}."}}, "edges": {"next": "b", "error": "failed"}},
        end("b", "resolved"), end("failed", "failed"),
    ])));
    line.hear_out();
    assert_eq!(line.path(), ["a.error"]);

    let mut line = Line::begun(flow_with(
        json!([say("a", "It is {{ order.status }}.", "b"), end("b", "resolved"), queue("q"), end("failed", "failed")]),
        json!({"person": "q"}),
    ));
    line.hear_out();
    line.check("queue service");

    let mut line = Line::begun(flow(json!([say("a", "It is {{ order.status }}.", "b"), end("b", "resolved")])));
    line.hear_out();
    assert_eq!(line.outcome(), Some(Outcome::Failed));
    assert!(line.words()[0].contains("sorry"));
}

fn menu() -> flow::Flow {
    flow(json!([
        {"id": "m", "type": "menu", "params": {
            "prompt": {"en": "Orders or repairs?"},
            "options": [
                {"key": "1", "edge": "orders", "label": {"en": "orders"}, "phrases": {"en": ["orders", "my order"]}},
                {"key": "2", "edge": "repairs", "label": {"en": "repairs"}, "phrases": {"en": ["repair", "something is broken"]}},
                {"key": "*", "edge": "go", "phrases": {"en": ["yes"]}},
            ]},
         "edges": {"orders": "o", "repairs": "r", "go": "g", "no_input": "silent", "no_match": "lost"}},
        end("o", "resolved"), end("r", "callback"), end("g", "voicemail"), end("silent", "abandoned"), end("lost", "failed"),
    ]))
}

#[test]
fn a_menu_is_answered_by_key_or_by_voice() {
    for (keys, path) in [("1", "m.orders"), ("2", "m.repairs"), ("*", "m.go"), ("9991", "m.no_match")] {
        assert_eq!(Line::begun(menu()).keys(keys).path(), [path], "{keys}");
    }
    for (words, path) in [
        ("my order", "m.orders"),
        ("something is broken", "m.repairs"),
        ("two", "m.repairs"),
        ("press one", "m.orders"),
        ("yes please", "m.go"),
    ] {
        assert_eq!(Line::begun(menu()).caller(words).path(), [path], "{words}");
    }
}

fn collect(params: Value) -> flow::Flow {
    let mut all = json!({"prompt": {"en": "Your number?"}, "slot": "number", "min_digits": 4, "max_digits": 4});
    for (name, value) in params.as_object().expect("an object") {
        all[name] = value.clone();
    }
    flow(json!([
        {"id": "c", "type": "collect", "params": all, "edges": {"next": "t", "no_input": "silent", "no_match": "lost"}},
        {"id": "t", "type": "create_ticket", "params": {"subject": "{{ slots.number }}"}, "edges": {"next": "done"}},
        end("done", "resolved"), end("silent", "abandoned"), end("lost", "failed"),
    ]))
}

#[test]
fn digits_are_complete_by_length_by_hash_or_by_a_pause() {
    let mut line = Line::begun(collect(json!({})));
    line.keys("1042");
    line.check("ticket 1042 ");

    let mut line = Line::begun(collect(json!({"min_digits": 2, "max_digits": 8})));
    line.keys("77#");
    line.check("ticket 77 ");

    let mut line = Line::begun(collect(json!({"min_digits": 2, "max_digits": 8})));
    line.keys("778").silence();
    line.check("ticket 778 ");

    let mut line = Line::begun(collect(json!({})));
    line.keys("99*1042");
    line.check("ticket 1042 ");
}

#[test]
fn too_few_digits_are_no_match() {
    let mut line = Line::begun(collect(json!({})));
    line.keys("10#").keys("1").silence().keys("#");
    assert_eq!(line.path(), ["c.no_match"]);
}

#[test]
fn a_hash_after_the_last_digit_answers_nothing_else() {
    let mut line = Line::begun(collect(json!({"read_back": true})));
    line.keys("1042#");
    assert!(!line.has("ticket"), "{:#?}", line.log);
    line.keys("1");
    line.check("ticket 1042 ");
}

#[test]
fn digits_are_spoken_in_one_go_or_in_groups() {
    for (said, number) in [
        (&["one zero four two"][..], "1042"),
        (&["it's 1 0 4 2"], "1042"),
        (&["one zero", "four two"], "1042"),
        (&["ten forty two"], "1042"),
    ] {
        let mut line = Line::begun(collect(json!({})));
        for words in said {
            line.caller(words);
        }
        line.check(&format!("ticket {number} "));
    }
}

#[test]
fn digits_are_read_back_in_groups_and_corrected_in_one_turn() {
    let mut line = Line::begun(collect(json!({"read_back": true})));
    line.caller("one zero four two");
    assert_eq!(line.words()[1], "I have 1 0, 4 2. Is that right?");
    line.caller("no, one zero four three");
    assert_eq!(line.words()[2], "I have 1 0, 4 3. Is that right?");
    line.caller("yes");
    line.check("ticket 1043 ");
}

#[test]
fn digits_that_were_hardly_heard_are_read_back_and_those_that_were_well_heard_are_not() {
    let mut line = Line::begun(collect(json!({})));
    line.caller_unsure("1042", 0.5, &[]);
    assert_eq!(line.words()[1], "I have 1 0, 4 2. Is that right?");
    line.caller("yes");
    line.check("ticket 1042 ");

    let mut line = Line::begun(collect(json!({"confirm_below": 0.4})));
    line.caller_unsure("1042", 0.5, &[]);
    line.check("ticket 1042 ");
}

#[test]
fn secret_digits_that_were_hardly_heard_are_asked_for_again() {
    let mut line = Line::begun(collect(json!({"secret": true})));
    line.caller_unsure("1042", 0.5, &[]);
    assert!(line.words()[1].starts_with("Sorry"), "{:?}", line.words());
}

#[test]
fn a_check_digit_tells_the_reading_that_can_be_right() {
    let luhn = json!({"min_digits": 11, "max_digits": 11, "check": "luhn"});
    let mut line = Line::begun(collect(luhn.clone()));
    line.caller_unsure("79927398713", 0.6, &[]);
    line.check("ticket 79927398713 ");

    // Another reading than the likeliest passes: a guess, which is read back.
    let mut line = Line::begun(collect(luhn.clone()));
    line.caller_unsure("79927398719", 0.9, &["79927398711", "79927398713"]);
    assert_eq!(line.words()[1], "I have 7 9 9 2, 7 3 9, 8 7 1 3. Is that right?");

    let mut line = Line::begun(collect(luhn));
    line.keys("79927398719");
    assert!(line.words()[1].starts_with("Sorry"), "{:?}", line.words());
    line.keys("79927398713");
    line.check("ticket 79927398713 ");
}

#[test]
fn an_id_with_letters_is_collected_in_its_form() {
    for (said, id) in [
        ("AB42", "AB42"),
        ("a b four two", "AB42"),
        ("A as in alpha, B for Bravo, 4 2", "AB42"),
        ("it's X O, one oh", "XO10"),
    ] {
        let mut line = Line::begun(collect(json!({"form": "AA99"})));
        line.caller(said);
        line.check(&format!("ticket {id} "));
    }
    let mut line = Line::begun(collect(json!({"form": "AA99"})));
    line.caller("four two A B");
    assert!(line.words()[1].starts_with("Sorry"), "{:?}", line.words());
}

#[test]
fn a_form_that_is_none_is_found_before_anybody_calls() {
    let findings = flow::validate(&collect(json!({"form": "AB99"})));
    assert!(findings.iter().any(|finding| finding.code == "bad_form"), "{findings:?}");
}

#[test]
fn names_that_callers_are_likely_to_say_are_handed_to_the_recogniser() {
    let flow = flow_with(
        json!([
            {"id": "a", "type": "ask_intent", "params": {"prompt": {"en": "How can I help?"}, "words": {"en": ["Shimano"]},
             "keys": [{"key": "0", "edge": "person", "label": {"en": "a person"}}]},
             "edges": {"repair": "done", "person": "done", "no_input": "done", "no_match": "done", "low_confidence": "done"}},
            end("done", "resolved"),
        ]),
        json!({"intents": [{"name": "repair", "label": {"en": "a repair"}, "examples": {"en": ["my bike is broken"]}}]}),
    );
    let line = Line::begun(flow);
    let expected = ["a repair", "a person", "Shimano"].map(str::to_owned).to_vec();
    assert_eq!(line.expected[0].grammar, Grammar::List(expected));
}

#[test]
fn digits_that_were_denied_are_asked_for_again() {
    let mut line = Line::begun(collect(json!({"read_back": true})));
    line.keys("1042").keys("2").keys("1055").keys("1");
    line.check("ticket 1055 ");
}

#[test]
fn a_secret_is_neither_read_back_nor_told_to_an_agent() {
    let mut line = Line::begun(flow(json!([
        {"id": "c", "type": "collect", "params": {"prompt": {"en": "PIN?"}, "slot": "pin", "min_digits": 4, "max_digits": 4, "secret": true, "read_back": true},
         "edges": {"next": "q", "no_input": "failed", "no_match": "failed"}},
        queue("q"), end("failed", "failed"),
    ])));
    line.keys("1234");
    line.check("queue service: Not understood yet. {}");
    assert!(!format!("{:?} {:?}", line.run.variables(), line.run.brief()).contains("1234"));
}

fn http(params: Value) -> flow::Flow {
    let mut all = json!({"url": "{{ vars.base }}/orders/7", "save_as": "order"});
    for (name, value) in params.as_object().expect("an object") {
        all[name] = value.clone();
    }
    flow_with(
        json!([
            {"id": "h", "type": "http", "params": all, "edges": {"ok": "b", "timeout": "late", "error": "broken"}},
            {"id": "b", "type": "branch", "params": {"cases": [
                {"when": "order.status_code == 404", "edge": "missing"},
                {"when": "order.status == 'shipped'", "edge": "shipped"}]},
             "edges": {"missing": "missing", "shipped": "shipped", "else": "other", "error": "broken"}},
            end("shipped", "resolved"), end("missing", "callback"), end("other", "voicemail"), end("late", "abandoned"), end("broken", "failed"),
        ]),
        json!({"variables": [{"name": "base", "default": "http://127.0.0.1:1"}]}),
    )
}

#[test]
fn a_reply_is_kept_and_decides() {
    for (status, body, path) in [
        (200, json!({"status": "shipped"}), ["h.ok", "b.shipped"]),
        (404, json!({"message": "no"}), ["h.ok", "b.missing"]),
        (404, Value::Null, ["h.ok", "b.missing"]),
        (200, json!({"status": "ready"}), ["h.ok", "b.else"]),
        (200, json!("no object"), ["h.ok", "b.error"]),
        (200, json!({"status": {"deep": 1}}), ["h.ok", "b.else"]),
    ] {
        let mut line = Line::begun(http(json!({})));
        line.check("http GET http://127.0.0.1:1/orders/7");
        assert_eq!(line.reply(status, body.clone()).path(), path, "{status} {body}");
    }
}

#[test]
fn a_request_that_fails_takes_the_edge_of_its_failure() {
    for (failure, path) in [
        (HttpFailure::Timeout, "h.timeout"),
        (HttpFailure::Refused, "h.error"),
        (HttpFailure::BadReply("no JSON".into()), "h.error"),
    ] {
        assert_eq!(Line::begun(http(json!({}))).http(Err(failure)).path(), [path]);
    }
}

#[test]
fn a_reply_that_is_too_large_is_an_error() {
    let mut line = Line::begun(http(json!({})));
    assert_eq!(line.reply(200, json!(vec![0; 100_000])).path(), ["h.error"]);
}

#[test]
fn only_requests_that_may_be_repeated_are() {
    let mut line = Line::begun(http(json!({"retries": 2})));
    line.http(Err(HttpFailure::Refused)).http(Err(HttpFailure::Timeout)).reply(200, json!({"status": "shipped"}));
    assert_eq!(line.outcome(), Some(Outcome::Resolved));

    let mut line = Line::begun(http(json!({"retries": 2, "method": "POST", "body": {"n": ["{{ vars.base }}", 1]}})));
    line.check(r#"http POST http://127.0.0.1:1/orders/7 {"n":["http://127.0.0.1:1",1]}"#);
    assert_eq!(line.http(Err(HttpFailure::Refused)).path(), ["h.error"]);
}

#[test]
fn a_slow_reply_is_bridged_with_words_and_given_up_in_the_end() {
    let mut line = Line::begun(http(json!({})));
    line.silence();
    assert_eq!(line.words(), ["One moment, please."]);
    line.silence();
    assert_eq!(line.path(), ["h.timeout"]);
}

#[test]
fn a_late_reply_changes_nothing() {
    let mut line = Line::begun(http(json!({})));
    let id = line.request.expect("a request was sent");
    line.http(Err(HttpFailure::Timeout));
    let before = line.log.len();
    line.send(Event::HttpDone { id, result: Err(HttpFailure::Refused) });
    assert_eq!(line.log.len(), before);
}

#[test]
fn the_queue_takes_the_edge_of_what_happened() {
    let queue = json!([
        {"id": "q", "type": "to_queue", "params": {"queue": "service", "prompt": {"en": "Connecting."}, "reason": "Call {{ call.id }}"},
         "edges": {"no_agents": "nobody", "timeout": "late", "error": "broken"}},
        end("nobody", "callback"), end("late", "voicemail"), end("broken", "failed"),
    ]);
    for (result, outcome) in [
        (QueueResult::NoAgents, Outcome::Callback),
        (QueueResult::Timeout, Outcome::Voicemail),
        (QueueResult::Failed, Outcome::Failed),
        (QueueResult::AgentEnded, Outcome::Agent),
    ] {
        let mut line = Line::begun(flow(queue.clone()));
        line.hear_out();
        line.check("bot: Connecting.");
        assert_eq!(line.agent(result).outcome(), Some(outcome));
    }
    let mut line = Line::begun(flow(queue.clone()));
    line.agent(QueueResult::Bridged);
    assert_eq!(line.run.deadline(), None, "nobody hurries a conversation");
    assert_eq!(line.hang_up().outcome(), Some(Outcome::Agent));

    let mut line = Line::begun(flow(queue));
    line.silence();
    assert_eq!(line.outcome(), Some(Outcome::Voicemail), "a queue that never answers is left");
    line.check("leave queue");
}

#[test]
fn an_agent_who_falls_out_gives_the_caller_back_to_the_flow() {
    let mut line = Line::begun(flow(json!([
        {"id": "q", "type": "to_queue", "params": {"queue": "service"},
         "edges": {"no_agents": "sorry", "timeout": "sorry", "error": "sorry", "ended": "sorry"}},
        say("sorry", "Sorry.", "done"), end("done", "callback"),
    ])));
    line.agent(QueueResult::Bridged).agent(QueueResult::Failed);
    assert_eq!(line.words(), ["Sorry."]);
}

#[test]
fn a_broken_condition_takes_the_error_edge() {
    let flow = flow(json!([
        {"id": "b", "type": "branch", "params": {"cases": [{"when": "slots.nothing == '1'", "edge": "yes"}]},
         "edges": {"yes": "done", "else": "done", "error": "failed"}},
        end("done", "resolved"), end("failed", "failed"),
    ]));
    assert_eq!(Line::begun(flow).path(), ["b.error"]);
}
