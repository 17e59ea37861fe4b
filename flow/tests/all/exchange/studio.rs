//! What each state of Twilio Studio becomes.

use flow::exchange::Status;
use serde_json::{Value, json};

use super::small::{block, check, holds, item, split, spoken, state, studio};

#[test]
fn a_state_of_studio_becomes_the_block_that_does_the_same() {
    let bye = || spoken("bye", "Goodbye.", "");
    let rows: Vec<(Value, &str, Value, Value, Status)> = vec![
        (
            spoken("hi", "Hello {{flow.variables.who}}.", "bye"),
            "say",
            json!({"prompt": {"en": "Hello {{ vars.who }}."}}),
            json!({"next": "bye"}),
            Status::Mapped,
        ),
        (
            state("hi", "say-play", json!({"play": "https://x/welcome-tune.mp3"}), &[("audioComplete", "bye")]),
            "say",
            json!({"prompt": {"en": "welcome tune mp3"}}),
            json!({"next": "bye"}),
            Status::Partly,
        ),
        (
            state(
                "hi",
                "send-message",
                json!({"body": "See <https://x.org> {{contact.channel.address}}"}),
                &[("sent", "bye"), ("failed", "bye")],
            ),
            "say",
            json!({"prompt": {"en": "See &lt;https://x.org> {{ call.caller | default('') }}"}}),
            json!({"next": "bye"}),
            Status::Partly,
        ),
        (
            state(
                "Ask Number",
                "gather-input-on-call",
                json!({"say": "Your number?", "number_of_digits": 6, "timeout": 8, "loop": 2}),
                &[("keypress", "bye"), ("timeout", "bye")],
            ),
            "collect",
            json!({"slot": "ask_number", "max_digits": 6, "no_input_ms": 8000, "max_tries": 2}),
            json!({"next": "bye", "no_input": "bye"}),
            Status::Mapped,
        ),
        (
            state(
                "look",
                "make-http-request",
                json!({"method": "GET", "url": "https://x.org/a", "parameters": [{"key": "the city", "value": "{{flow.variables.city}}"}, {"key": "k", "value": "a b"}]}),
                &[("success", "bye"), ("failed", "")],
            ),
            "http",
            json!({"method": "GET", "url": "https://x.org/a?the%20city={{ vars.city }}&k=a%20b", "save_as": "look"}),
            json!({"ok": "look_status", "timeout": "end_failed"}),
            Status::Mapped,
        ),
        (
            state(
                "look",
                "make-http-request",
                json!({"method": "POST", "url": "https://x.org/a", "body": "{\"a\": \"{{flow.variables.city}}\", \"n\": 1}"}),
                &[("success", "bye"), ("failed", "bye")],
            ),
            "http",
            json!({"method": "POST", "body": {"a": "{{ vars.city }}", "n": 1}}),
            json!({"ok": "bye", "error": "bye"}),
            Status::Mapped,
        ),
        (
            state(
                "look",
                "run-function",
                json!({"url": "https://fn.twil.io/check", "parameters": [{"key": "id", "value": "{{contact.channel.address}}"}]}),
                &[("success", "bye"), ("fail", "bye")],
            ),
            "http",
            json!({"method": "POST", "url": "https://fn.twil.io/check", "body": {"id": "{{ call.caller | default('') }}"}}),
            json!({"ok": "bye"}),
            Status::Partly,
        ),
        (
            state(
                "hand",
                "send-to-flex",
                json!({"workflow": "WW1", "attributes": "{\"a\": 1}"}),
                &[("callComplete", "bye"), ("failedToEnqueue", "bye")],
            ),
            "to_queue",
            json!({"queue": "service"}),
            json!({"ended": "bye", "error": "bye", "no_agents": "bye"}),
            Status::Partly,
        ),
        (
            state("hand", "enqueue-call", json!({"queue_name": "Sales Team"}), &[("callComplete", "bye")]),
            "to_queue",
            json!({"queue": "sales_team"}),
            json!({"ended": "bye", "error": "end_failed"}),
            Status::Mapped,
        ),
        (
            split(
                "which",
                "{{flow.variables.tier}}",
                &[("equal_to", "gold", "bye"), ("starts_with", "sil", "bye"), ("is_blank", "", "hi")],
                "bye",
            ),
            "branch",
            json!({"cases": [
                {"when": "string(vars.tier).matches('(?i)^\\\\s*gold\\\\s*$')", "edge": "gold"},
                {"when": "string(vars.tier).matches('(?i)^\\\\s*sil')", "edge": "gold"},
                {"when": "string(vars.tier).matches('^\\\\s*$')", "edge": "case"},
            ]}),
            json!({"gold": "bye", "else": "bye", "error": "hi"}),
            Status::Mapped,
        ),
        (
            split("which", "{{flow.variables.when}}", &[("is_before_time", "12:00", "bye")], "hi"),
            "branch",
            json!({"cases": [{"when": "false", "edge": "case"}]}),
            json!({"case": "bye", "else": "hi"}),
            Status::Partly,
        ),
        (
            state(
                "remember",
                "set-variables",
                json!({"variables": [{"key": "Tries", "value": "\n {% if flow.variables.Tries %} {{flow.variables.Tries | plus: 1}} {% else %} 0 {% endif %} "}]}),
                &[("next", "bye")],
            ),
            "set",
            json!({"values": [{"name": "tries", "text": "{% if vars.tries %}{{ (((vars.tries) or 0) | int) + ((1) | int) }}{% else %}0{% endif %}"}]}),
            json!({"next": "bye"}),
            Status::Mapped,
        ),
        (
            state(
                "call",
                "connect-call-to",
                json!({"noun": "number", "to": "+441632960001", "timeout": 20}),
                &[("callCompleted", "bye")],
            ),
            "transfer",
            json!({"to": "+441632960001", "timeout_ms": 20000}),
            json!({"busy": "bye", "no_answer": "bye"}),
            Status::Mapped,
        ),
        (
            state(
                "vm",
                "record-voicemail",
                json!({"say": "Leave a message.", "max_length": 60}),
                &[("recordingComplete", "bye"), ("noAudio", "bye")],
            ),
            "voicemail",
            json!({"max_ms": 60000}),
            json!({"next": "bye", "no_input": "bye"}),
            Status::Mapped,
        ),
        (
            state("rec", "record-call", json!({"record_call": false}), &[("success", "bye")]),
            "recording",
            json!({"do": "pause"}),
            json!({"next": "bye"}),
            Status::Mapped,
        ),
    ];
    for (state, kind, params, leads, status) in rows {
        let source = state["name"].as_str().expect("a name").to_owned();
        check(
            &studio(&[state, bye(), spoken("hi", "Hello again.", "bye")][..if source == "hi" { 2 } else { 3 }]),
            &source,
            kind,
            &params,
            &leads,
            status,
        );
    }
}

#[test]
fn a_question_and_the_split_behind_it_are_one_menu() {
    let document = studio(&[
        state(
            "ask",
            "gather-input-on-call",
            json!({"say": "One or two?", "number_of_digits": 1}),
            &[("keypress", "by_key"), ("speech", "by_voice"), ("timeout", "ask")],
        ),
        split(
            "by_key",
            "{{widgets.ask.Digits}}",
            &[("equal_to", "1", "first"), ("matches_any_of", "2, 3", "second")],
            "ask",
        ),
        split(
            "by_voice",
            "{{widgets.ask.SpeechResult | downcase}}",
            &[("contains", "One", "first"), ("contains", "agent", "second")],
            "ask",
        ),
        spoken("first", "First.", ""),
        spoken("second", "Second.", ""),
    ]);
    let options = json!([
        {"edge": "key_1", "key": "1", "phrases": {"en": ["one"]}},
        {"edge": "key_2", "key": "2", "phrases": {"en": ["agent"]}},
        {"edge": "key_2", "key": "3"},
    ]);
    let leads = json!({"key_1": "first", "key_2": "second", "no_match": "ask", "no_input": "ask"});
    let imported = check(&document, "ask", "menu", &json!({"options": options}), &leads, Status::Mapped);
    for split in ["by_key", "by_voice"] {
        assert_eq!(
            (item(&imported, split).status, item(&imported, split).block.as_deref()),
            (Status::Mapped, Some("ask"))
        );
    }
}

#[test]
fn an_answer_that_is_used_again_is_kept() {
    let document = studio(&[
        state(
            "ask",
            "gather-input-on-call",
            json!({"say": "One?", "number_of_digits": 1}),
            &[("keypress", "which"), ("timeout", "last")],
        ),
        split("which", "{{widgets.ask.Digits}}", &[("equal_to", "1", "last")], "last"),
        spoken("last", "You said {{widgets.ask.Digits}}.", ""),
    ]);
    let imported = check(
        &document,
        "ask",
        "collect",
        &json!({"slot": "ask", "max_digits": 1}),
        &json!({"next": "which"}),
        Status::Mapped,
    );
    assert!(holds(
        &json!(block(&imported, "which").params),
        &json!({"cases": [{"when": "string(slots.ask) == '1'", "edge": "key_1"}]})
    ));
    assert_eq!(block(&imported, "last").params["prompt"]["en"], "You said {{ slots.ask | default('') }}.");
}
