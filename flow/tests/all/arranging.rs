//! What is arranged when nobody talks to the caller now, and what the call centre knows.

use flow::{Event, Outcome, QueueResult};
use serde_json::{Value, json};

use crate::line::{Line, end, flow, flow_with, queue};

fn confirm() -> flow::Flow {
    flow(json!([
        {"id": "c", "type": "confirm", "params": {"prompt": {"en": "Shall I cancel it?"}},
         "edges": {"yes": "y", "no": "n", "no_input": "silent", "no_match": "lost"}},
        end("y", "resolved"), end("n", "callback"), end("silent", "abandoned"), end("lost", "failed"),
    ]))
}

#[test]
fn a_question_is_answered_by_yes_or_no_in_any_words_or_by_two_keys() {
    for (said, outcome) in [
        ("yes please", Outcome::Resolved),
        ("that's right", Outcome::Resolved),
        ("no thank you", Outcome::Callback),
        ("I'd rather not", Outcome::Callback),
    ] {
        let mut line = Line::begun(confirm());
        line.caller(said);
        assert_eq!(line.outcome(), Some(outcome), "{said}: {:?}", line.log);
    }
    for (key, outcome) in [("1", Outcome::Resolved), ("2", Outcome::Callback)] {
        let mut line = Line::begun(confirm());
        line.keys(key);
        assert_eq!(line.outcome(), Some(outcome), "{key}");
    }
    let mut line = Line::begun(confirm());
    line.check("listen YesNo");
    line.silence().silence();
    line.check("bot: I still can't hear you. For yes, press 1; for no, press 2.");
}

fn callback(number: &str) -> Line {
    let flow = flow(json!([
        {"id": "c", "type": "callback", "params": {"prompt": {"en": "Shall we call you back?"}, "number": number,
            "queue": "service", "reason": "A refund"},
         "edges": {"next": "done", "declined": "q", "no_input": "q", "no_match": "q"}},
        {"id": "done", "type": "say", "params": {"prompt": {"en": "We will call you."}}, "edges": {"next": "over"}},
        end("over", "callback"), queue("q"), end("failed", "failed"),
    ]));
    Line::begun(flow)
}

#[test]
fn whoever_wants_to_be_called_back_is_also_after_hanging_up_at_once() {
    let mut line = callback("+441632960001");
    line.caller("yes");
    line.check("callback +441632960001 service A refund");
    assert_eq!(line.outcome(), Some(Outcome::Callback));

    let mut line = callback("+441632960001");
    line.hear_out();
    line.now += 500;
    line.send(Event::Key('1'));
    line.hang_up();
    line.check("callback +441632960001");
    assert_eq!(line.outcome(), Some(Outcome::Callback));

    let mut line = callback("+441632960001");
    line.caller("no");
    assert!(!line.has("callback"));
    line.check("queue service");
}

#[test]
fn nobody_without_a_number_is_offered_a_callback() {
    let mut line = callback("{{ call.caller }}");
    line.hear_out();
    assert!(!line.has("bot: Shall we"), "{:?}", line.log);
    line.check("edge c -declined-> q");
}

fn voicemail() -> Line {
    let flow = flow(json!([
        {"id": "v", "type": "voicemail", "params": {"prompt": {"en": "Leave a message."}, "max_ms": 20000, "silence_ms": 4000},
         "edges": {"next": "thanks", "no_input": "silent"}},
        {"id": "thanks", "type": "say", "params": {"prompt": {"en": "Thank you."}}, "edges": {"next": "over"}},
        end("over", "voicemail"), end("silent", "abandoned"),
    ]));
    Line::begun(flow)
}

#[test]
fn a_message_is_all_that_was_said_until_silence_the_hash_key_or_the_end() {
    let mut line = voicemail();
    line.caller("my bike is broken").caller("please call me, I want to speak to a person").silence();
    line.check("ticket Voicemail from | my bike is broken please call me, I want to speak to a person | [\"voicemail\"] | Open");
    assert_eq!((line.outcome(), line.path().join(" ")), (Some(Outcome::Voicemail), "v.next thanks.next".into()));

    let mut line = voicemail();
    line.caller("hello").keys("5").keys("#");
    line.check("ticket Voicemail from | hello |");

    // However much is said, it ends.
    let mut line = voicemail();
    for _ in 0..30 {
        if line.outcome().is_none() {
            line.caller("and another thing");
        }
    }
    assert_eq!(line.outcome(), Some(Outcome::Voicemail));
}

#[test]
fn hanging_up_ends_a_message_and_loses_nothing() {
    let mut line = voicemail();
    line.caller("it is about my order").hang_up();
    line.check("ticket Voicemail from | it is about my order");
    assert_eq!(line.outcome(), Some(Outcome::Voicemail));

    // In the middle of the first word: the recording has it.
    let mut line = voicemail();
    line.hear_out();
    line.send(Event::SpeechStarted);
    line.hang_up();
    line.check("ticket Voicemail from | No words were recognised");
    assert_eq!(line.outcome(), Some(Outcome::Voicemail));

    let mut line = voicemail();
    line.hear_out();
    line.hang_up();
    assert!(!line.has("ticket"));
    assert_eq!(line.outcome(), Some(Outcome::Abandoned));
}

#[test]
fn whoever_says_nothing_leaves_no_message() {
    let mut line = voicemail();
    line.silence();
    assert_eq!(line.path(), ["v.no_input"]);
    let mut line = voicemail();
    line.keys("#");
    assert_eq!(line.path(), ["v.no_input"]);
    // A sound of which no word was recognised is a message.
    let mut line = voicemail();
    line.hear_out();
    line.send(Event::Nothing);
    line.silence();
    line.check("ticket Voicemail from | No words were recognised");
}

fn survey() -> Line {
    let flow = flow(json!([
        {"id": "s", "type": "survey", "params": {"prompt": {"en": "From 1 to 5?"}, "name": "satisfaction"},
         "edges": {"next": "over", "no_input": "over", "no_match": "over"}},
        end("over", "resolved"),
    ]));
    Line::begun(flow)
}

#[test]
fn a_mark_is_given_by_key_or_in_words() {
    for said in ["four", "I would say four", "4", "four stars", "four out of five"] {
        let mut line = survey();
        line.caller(said);
        line.check("note Rated { block: \"s\", name: \"satisfaction\", score: 4, scale: 5 }");
    }
    let mut line = survey();
    line.keys("2");
    line.check("note Rated { block: \"s\", name: \"satisfaction\", score: 2, scale: 5 }");
    let mut line = survey();
    line.keys("7");
    assert!(!line.has("note Rated"));
    line.keys("8");
    line.check("bot: I'm sorry, I still didn't get that. Please press a key from 1, the worst, to 5, the best.");
}

#[test]
fn a_transfer_takes_the_edge_of_what_happened() {
    let flow = || {
        flow(json!([
            {"id": "t", "type": "transfer", "params": {"to": "+441632960001", "prompt": {"en": "One moment."}, "timeout_ms": 20000},
             "edges": {"busy": "b", "no_answer": "n", "error": "e", "ended": "again"}},
            end("b", "callback"), end("n", "voicemail"), end("e", "failed"), end("again", "resolved"),
        ]))
    };
    for (result, path) in [
        (QueueResult::Busy, "t.busy"),
        (QueueResult::Timeout, "t.no_answer"),
        (QueueResult::NoAgents, "t.no_answer"),
        (QueueResult::Failed, "t.error"),
    ] {
        let mut line = Line::begun(flow());
        line.check("queue transfer to +441632960001 for 20000");
        line.hear_out().agent(result);
        assert_eq!(line.path(), [path]);
    }
    let mut line = Line::begun(flow());
    line.hear_out().agent(QueueResult::Bridged).agent(QueueResult::AgentEnded);
    assert_eq!(line.path(), ["t.ended"]);
    let mut line = Line::begun(flow());
    line.hear_out().silence();
    assert_eq!(line.path(), ["t.no_answer"], "one whose answer is overdue is given up");
    line.check("leave queue");
}

#[test]
fn what_the_call_centre_knows_decides_and_can_be_said() {
    let flow = || {
        flow_with(
            json!([
                {"id": "l", "type": "lookup_customer", "params": {"number": "+441632960001"},
                 "edges": {"known": "k", "unknown": "u"}},
                {"id": "k", "type": "say", "params": {"prompt": {"en": "It is your call number {{ customer.calls + 1 }}."}}, "edges": {"next": "s"}},
                {"id": "u", "type": "say", "params": {"prompt": {"en": "Welcome."}}, "edges": {"next": "s"}},
                {"id": "s", "type": "queue_status", "params": {"queue": "service"}, "edges": {"next": "w", "no_agents": "n", "error": "failed"}},
                {"id": "w", "type": "say", "params": {"prompt": {"en": "{{ queue.waiting }} before you."}}, "edges": {"next": "q"}},
                queue("q"), end("n", "callback"), end("failed", "failed"),
            ]),
            json!({"person": "q"}),
        )
    };
    let mut line = Line::begun(flow());
    line.check("inquire Customer { number: \"+441632960001\" }");
    line.told(json!({"known": true, "calls": 3})).told(json!({"agents": 2, "free": 0, "waiting": 4}));
    assert_eq!(line.words(), ["It is your call number 4.", "4 before you."]);
    let mut line = Line::begun(flow());
    line.told(json!({"known": false, "calls": 0})).told(json!({"agents": 0, "waiting": 0}));
    assert_eq!(line.path(), ["l.unknown", "u.next", "s.no_agents"]);
    // What is not told in time is an error, and without an edge for it the caller goes to a person.
    let mut line = Line::begun(flow());
    line.silence();
    line.check("edge l -error-> q");
}

#[test]
fn yes_or_no_and_the_callers_own_words_are_values_too() {
    let collect = |kind: &str, more: Value| {
        let mut params = json!({"prompt": {"en": "Well?"}, "slot": "value", "kind": kind});
        for (name, value) in more.as_object().expect("an object") {
            params[name] = value.clone();
        }
        Line::begun(flow(json!([
            {"id": "c", "type": "collect", "params": params, "edges": {"next": "over", "no_input": "over", "no_match": "over"}},
            end("over", "resolved"),
        ])))
    };
    let slot =
        |line: &Line| line.log.iter().find_map(|l| l.strip_prefix("note Slot").map(str::to_owned)).unwrap_or_default();
    for (said, value) in [("yes please", "yes"), ("no, never", "no"), ("correct", "yes")] {
        let mut line = collect("yes_no", json!({}));
        line.caller(said);
        assert!(slot(&line).contains(&format!("value: \"{value}\"")), "{said}: {:?}", line.log);
    }
    let mut line = collect("yes_no", json!({}));
    line.keys("2");
    assert!(slot(&line).contains("value: \"no\""), "{:?}", line.log);

    let mut line = collect("text", json!({}));
    line.caller("the brake makes a noise in the rain");
    assert!(slot(&line).contains("value: \"the brake makes a noise in the rain\""), "{:?}", line.log);
    let mut line = collect("text", json!({"read_back": true}));
    line.caller("the brake is loud");
    line.check("bot: The brake is loud. Is that right?");
    line.caller("yes");
    assert_eq!(line.outcome(), Some(Outcome::Resolved));
}
