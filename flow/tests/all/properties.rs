//! Whatever a flow looks like and whatever happens: no panic, an end for every run, and the same again for the same events.

use std::sync::Arc;

use flow::{Action, Context, Event, Flow, Heard, HttpFailure, HttpReply, QueueResult, Run};
use intent::{Language, Model};
use proptest::prelude::*;
use serde_json::{Value, json};

const BLOCKS: usize = 8;

fn target() -> impl Strategy<Value = String> {
    // One in a few leads nowhere.
    (0..=BLOCKS).prop_map(|n| format!("b{n}"))
}

fn block(n: usize) -> impl Strategy<Value = Value> {
    let targets = prop::collection::vec(target(), 6);
    let text = prop::sample::select(vec![
        "Hello.",
        "",
        "{{ slots.a }}",
        "{{ order.status | default('x') }}",
        "{{ nothing }}",
        "{{ broken",
    ]);
    let when = prop::sample::select(vec!["slots.a == '1'", "order.status_code == 200", "true", "1", "broken =="]);
    (0..19usize, targets, text, when, any::<bool>(), 1..4u32).prop_map(move |(kind, to, text, when, flag, tries)| {
        let prompt = json!({"en": text});
        let (kind, params, edges) = match kind {
            0 => ("say", json!({"prompt": prompt, "resolves": flag, "barge_in": !flag}), json!({"next": to[0]})),
            1 => (
                "menu",
                json!({"prompt": prompt, "max_tries": tries, "barge_in": flag, "options": [
                    {"key": "1", "edge": "one", "phrases": {"en": ["one", "yes"]}}, {"key": "2", "edge": "two", "phrases": {"en": ["orders"]}}]}),
                json!({"one": to[0], "two": to[1], "no_input": to[2], "no_match": to[3]}),
            ),
            2 => (
                "ask_intent",
                json!({"prompt": prompt, "max_tries": tries, "keys": [{"key": "3", "edge": "three"}], "confirm_below": if flag { 1.0 } else { 0.0 }}),
                json!({"order": to[0], "refund": to[1], "three": to[2], "no_input": to[3], "no_match": to[4], "low_confidence": to[5]}),
            ),
            3 => (
                "collect",
                match (n + tries as usize) % 3 {
                    0 => json!({"prompt": prompt, "slot": "a", "min_digits": 2, "max_digits": 4, "read_back": flag, "max_tries": tries}),
                    1 => json!({"prompt": prompt, "slot": format!("s{n}"), "kind": (["date", "time", "number"][n % 3]), "read_back": flag, "max_tries": tries}),
                    _ => json!({"prompt": prompt, "slot": format!("s{n}"), "kind": "list", "secret": flag, "max_tries": tries,
                        "items": [{"value": "x", "key": "1", "phrases": {"en": ["orders", "the first"]}}, {"value": "y", "label": prompt}]}),
                },
                json!({"next": to[0], "no_input": to[1], "no_match": to[2]}),
            ),
            4 => (
                "http",
                json!({"url": "http://x/{{ slots.a }}", "save_as": "order", "retries": tries, "body": [text]}),
                json!({"ok": to[0], "timeout": to[1], "error": to[2]}),
            ),
            5 => ("branch", json!({"cases": [{"when": when, "edge": "yes"}]}), json!({"yes": to[0], "else": to[1], "error": to[2]})),
            6 => (
                "to_queue",
                json!({"queue": "service", "reason": text}),
                json!({"ended": to[0], "no_agents": to[1], "timeout": to[2], "error": to[3]}),
            ),
            7 => ("create_ticket", json!({"subject": text}), json!({"next": to[0]})),
            8 => ("set", json!({"values": [{"name": "n", "expression": when}, {"name": "t", "text": format!("{text}{{{{ vars.t | default('x') }}}}")}]}), json!({"next": to[0], "error": to[1]})),
            9 => ("hours", json!({"weekly": [{"days": ["mon", "thu"], "from": "09:00", "to": "17:00"}]}), json!({"open": to[0], "closed": to[1]})),
            10 => ("split", json!({"ways": [{"edge": "one", "percent": 30}, {"edge": "two", "percent": 70}], "by": if flag { "call" } else { "caller" }}), json!({"one": to[0], "two": to[1]})),
            11 => ("queue_status", json!({"queue": "service"}), json!({"next": to[0], "no_agents": to[1], "error": to[2]})),
            12 => ("lookup_customer", json!({"number": text}), json!({"known": to[0], "unknown": to[1], "error": to[2]})),
            13 => ("callback", json!({"prompt": prompt, "number": text, "max_tries": tries}), json!({"next": to[0], "declined": to[1], "no_input": to[2], "no_match": to[3]})),
            14 => ("voicemail", json!({"prompt": prompt, "max_ms": 5000 * tries}), json!({"next": to[0], "no_input": to[1]})),
            15 => ("transfer", json!({"to": text, "prompt": prompt}), json!({"ended": to[0], "busy": to[1], "no_answer": to[2], "error": to[3]})),
            16 => ("sub_flow", json!({"flow": if flag { "first" } else { "second" }}), json!({"next": to[0], "other": to[1]})),
            17 => ("return", json!({"edge": if flag { "next" } else { "other" }}), json!({})),
            _ => ("end", json!({"outcome": "resolved", "prompt": prompt}), json!({})),
        };
        json!({"id": format!("b{n}"), "type": kind, "params": params, "edges": edges})
    })
}

fn any_flow() -> impl Strategy<Value = Flow> {
    let blocks: Vec<_> = (0..BLOCKS).map(block).collect();
    (blocks, any::<bool>(), any::<bool>()).prop_map(|(blocks, person, hangup)| {
        let mut document = json!({
            "schema_version": 1, "id": "x", "name": "X", "languages": ["en"], "start": "b0", "blocks": blocks,
            "sub_flows": [{"id": "first", "name": "First", "start": "b1"}, {"id": "second", "name": "Second", "start": "b2"}],
            "intents": [{"name": "order", "examples": {"en": ["where is my order"]}}, {"name": "refund", "examples": {"en": ["a refund"]}}],
        });
        if person {
            document["person"] = json!("b3");
        }
        if hangup {
            document["hangup"] = json!("b4");
        }
        flow::parse(&document.to_string()).unwrap_or_else(|findings| panic!("{findings:#?}"))
    })
}

/// An event by shape; ids are filled in when it is sent.
fn any_event() -> impl Strategy<Value = Event> {
    let words = prop::sample::select(vec![
        "yes",
        "no",
        "one two",
        "1234",
        "orders",
        "where is my order",
        "a refund",
        "speak to a person",
        "repeat",
        "go back",
        "",
        "banana",
        "12",
        "no, 1 2 3",
        "no, Thursday",
        "four on Friday at eight, and orders",
        "the date is wrong",
    ]);
    prop_oneof![
        6 => Just(Event::SpeechDone { say: 0 }),
        4 => words.prop_map(|text| Event::Heard(Heard { text: text.into(), confidence: 0.5, alternatives: vec!["refund".into()], language: Language::English, ..Heard::default() })),
        1 => Just(Event::SpeechStarted),
        1 => Just(Event::Nothing),
        4 => prop::sample::select(vec!['1', '2', '3', '0', '#', '*', 'x']).prop_map(Event::Key),
        3 => prop_oneof![
            Just(Ok(HttpReply { status: 200, body: json!({"status": "ok"}) })),
            Just(Ok(HttpReply { status: 404, body: Value::Null })),
            Just(Err(HttpFailure::Timeout)),
            Just(Err(HttpFailure::Refused)),
        ]
        .prop_map(|result| Event::HttpDone { id: 0, result }),
        2 => prop::sample::select(vec![
            QueueResult::Bridged, QueueResult::AgentEnded, QueueResult::NoAgents, QueueResult::Timeout, QueueResult::Failed,
            QueueResult::Busy,
        ])
        .prop_map(Event::QueueDone),
        2 => any::<bool>().prop_map(|known| {
            let answer = json!({"known": known, "agents": u8::from(known), "calls": 2});
            Event::Told { id: 0, answer: Ok(answer.as_object().cloned().unwrap_or_default()) }
        }),
        5 => Just(Event::Timeout),
    ]
}

/// Carries a list of events out, then lets the line be silent; returns everything the run wanted.
fn carry_out(flow: &Arc<Flow>, model: &Arc<Model>, events: &[(Event, u64)]) -> (Vec<Action>, Run) {
    let mut run = Run::new(flow.clone(), model.clone(), Context::default());
    let mut all = run.on(Event::Begin, 0);
    let (mut now, mut said, mut asked, mut bridged) = (0, 0, 0, false);
    let mut silent = 0;
    let mut events = events.iter();
    while !run.finished() {
        let event = match events.next() {
            Some((event, wait)) => {
                now += wait;
                event.clone()
            }
            None => {
                silent += 1;
                assert!(silent < 20_000, "a run on a silent line does not end");
                match run.deadline() {
                    Some(deadline) => {
                        now = now.max(deadline);
                        Event::Timeout
                    }
                    None => {
                        assert!(bridged, "the run waits for nothing");
                        Event::QueueDone(QueueResult::AgentEnded)
                    }
                }
            }
        };
        let event = match event {
            Event::SpeechDone { .. } => Event::SpeechDone { say: said },
            Event::HttpDone { result, .. } => Event::HttpDone { id: asked, result },
            Event::Told { answer, .. } => Event::Told { id: asked, answer },
            Event::Timeout => {
                now = now.max(run.deadline().unwrap_or(now));
                Event::Timeout
            }
            other => other,
        };
        bridged |= matches!(event, Event::QueueDone(QueueResult::Bridged));
        for action in run.on(event, now) {
            match &action {
                Action::Say { id, .. } => said = *id,
                Action::Http { id, .. } | Action::Inquire { id, .. } => asked = *id,
                _ => {}
            }
            all.push(action);
        }
    }
    (all, run)
}

fn model_of(flow: &Flow) -> Arc<Model> {
    // All flows here have the same intents, and training takes longer than a run.
    static MODEL: std::sync::OnceLock<Arc<Model>> = std::sync::OnceLock::new();
    MODEL.get_or_init(|| Arc::new(intent::train(&flow.training_set(), 1).expect("two intents can be trained"))).clone()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_run_of_every_flow_ends_and_repeats(flow in any_flow(), events in prop::collection::vec((any_event(), 0..4_000u64), 0..40)) {
        let model = model_of(&flow);
        let flow = Arc::new(flow);
        let _ = flow::validate(&flow);
        let (first, run) = carry_out(&flow, &model, &events);
        let (second, _) = carry_out(&flow, &model, &events);
        prop_assert_eq!(&first, &second, "the same events give the same actions");
        let ends: Vec<usize> = first.iter().enumerate().filter(|(_, action)| matches!(action, Action::End { .. })).map(|(at, _)| at).collect();
        prop_assert_eq!(ends, vec![first.len() - 1], "a run ends once, with its last action");
        prop_assert!(run.outcome().is_some() && run.deadline().is_none());
        let turns: Vec<u64> = first.iter().filter_map(|action| match action {
            Action::Say { turn, .. } | Action::Listen { turn, .. } => Some(*turn),
            _ => None,
        }).collect();
        prop_assert!(turns.windows(2).all(|pair| pair[0] < pair[1]), "turns only grow");
    }

    #[test]
    fn a_hang_up_ends_every_run_without_another_word(flow in any_flow(), events in prop::collection::vec((any_event(), 0..4_000u64), 0..20)) {
        let model = model_of(&flow);
        let mut run = Run::new(Arc::new(flow), model, Context::default());
        let mut now = 0;
        let _ = run.on(Event::Begin, now);
        for (event, wait) in events {
            now += wait;
            let _ = run.on(event, now);
        }
        let mut after = run.on(Event::Hangup, now);
        for _ in 0..2_000 {
            match run.deadline() {
                Some(deadline) if !run.finished() => {
                    now = now.max(deadline);
                    after.extend(run.on(Event::Timeout, now));
                }
                _ => break,
            }
        }
        prop_assert!(run.finished());
        let heard_nowhere = after
            .iter()
            .any(|action| matches!(action, Action::Say { .. } | Action::Listen { .. } | Action::Queue { .. }));
        prop_assert!(!heard_nowhere, "something is said or asked after the caller has gone");
    }
}
