//! Hours, shares, variables, tags, and parts of a flow that are used from several places.

use std::sync::Arc;

use flow::{Context, Event, Outcome, Severity, validate};
use intent::Model;
use serde_json::{Value, json};

use crate::line::{Line, end, flow, flow_with, queue, say};

fn begun_at(flow: flow::Flow, context: Context) -> Line {
    let mut line = Line::with(Arc::new(flow), Arc::new(Model::empty()), context);
    line.send(Event::Begin).hear_out();
    line
}

#[test]
fn hours_are_looked_at_in_their_own_time_zone_and_the_next_opening_can_be_said() {
    let flow = || {
        flow(json!([
            {"id": "h", "type": "hours", "params": {
                "weekly": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}],
                "holidays": [{"date": "2026-12-25", "yearly": true, "name": "Christmas"}],
                "time_zone": "Asia/Shanghai"},
             "edges": {"open": "o", "closed": "c", "holiday": "x"}},
            say("c", "We open on {{ hours.opens_date }} at {{ hours.opens_time }}.", "over"),
            say("x", "It is {{ hours.holiday }}.", "over"),
            end("o", "resolved"), end("over", "callback"),
        ]))
    };
    for (now, path, said) in [
        ("2026-11-30T02:00[UTC]", "h.open", ""),
        ("2026-11-30T10:00[UTC]", "h.closed c.next", "We open on 2026-12-01 at 09:00."),
        ("2026-12-24T20:00[UTC]", "h.holiday x.next", "It is Christmas."),
    ] {
        let context = Context { now: now.parse().expect("a moment"), ..Context::default() };
        let line = begun_at(flow(), context);
        assert_eq!((line.path().join(" "), line.words().join(" ")), (path.to_owned(), said.to_owned()), "{now}");
    }
}

#[test]
fn a_caller_goes_the_same_way_again_and_the_shares_are_kept() {
    let flow = Arc::new(flow(json!([
        {"id": "s", "type": "split", "params": {"ways": [{"edge": "new", "percent": 25}, {"edge": "old", "percent": 75}], "by": "caller"},
         "edges": {"new": "n", "old": "o"}},
        end("n", "resolved"), end("o", "callback"),
    ])));
    let outcome = |call: u32, caller: u32| {
        let context =
            Context { call_id: call.to_string(), caller: format!("+4416329{caller:05}"), ..Context::default() };
        let mut line = Line::with(flow.clone(), Arc::new(Model::empty()), context);
        line.send(Event::Begin);
        line.outcome()
    };
    assert!((0..50).all(|caller| outcome(1, caller) == outcome(2, caller)));
    let new = (0..2_000).filter(|caller| outcome(1, *caller) == Some(Outcome::Resolved)).count();
    assert!((420..580).contains(&new), "{new} of 2000 for a quarter");
}

#[test]
fn variables_are_set_counted_and_said() {
    let mut line = Line::begun(flow_with(
        json!([
            {"id": "s", "type": "set", "params": {"values": [
                {"name": "tries", "expression": "vars.tries + 1"}, {"name": "line", "text": "Try {{ vars.tries }}"},
                {"name": "late", "expression": "vars.tries > 1"}]}, "edges": {"next": "b"}},
            {"id": "b", "type": "branch", "params": {"cases": [{"when": "vars.late", "edge": "late"}]},
             "edges": {"late": "say", "else": "s"}},
            say("say", "{{ vars.line }}.", "over"), end("over", "resolved"),
        ]),
        json!({"variables": [{"name": "tries", "default": 0}]}),
    ));
    line.hear_out();
    assert_eq!(line.words(), ["Try 2."]);
    assert_eq!(line.run.variables()["vars"]["tries"], 2);
}

#[test]
fn a_variable_that_holds_what_a_caller_said_is_encoded_in_an_address() {
    let mut line = Line::begun(flow_with(
        json!([
            {"id": "c", "type": "collect", "params": {"prompt": {"en": "Who?"}, "slot": "name", "kind": "text"},
             "edges": {"next": "s", "no_input": "over", "no_match": "over"}},
            {"id": "s", "type": "set", "params": {"values": [{"name": "who", "text": "{{ slots.name }}"}]}, "edges": {"next": "h"}},
            {"id": "h", "type": "http", "params": {"url": "{{ vars.base }}/{{ vars.who }}", "save_as": "reply"},
             "edges": {"ok": "over", "timeout": "over", "error": "over"}},
            end("over", "resolved"),
        ]),
        json!({"variables": [{"name": "base", "default": "http://x"}]}),
    ));
    line.caller("../admin?x=1");
    line.check("http GET http://x/..%2Fadmin%3Fx%3D1");
}

#[test]
fn a_text_that_grows_for_ever_is_an_error() {
    let line = Line::begun(flow(json!([
        {"id": "s", "type": "set", "params": {"values": [{"name": "t", "text": "{{ vars.t | default('12345678') }}{{ vars.t | default('1') }}"}]},
         "edges": {"next": "s", "error": "over"}},
        end("over", "resolved"),
    ])));
    line.check("error t cannot be set");
    assert_eq!(line.outcome(), Some(Outcome::Resolved));
}

#[test]
fn tags_go_with_the_call_to_the_agent_and_onto_its_tickets() {
    let mut line = Line::begun(flow(json!([
        {"id": "t", "type": "tag", "params": {"tags": ["vip", "  ", "from {{ call.called | default('x') }}"]}, "edges": {"next": "k"}},
        {"id": "k", "type": "create_ticket", "params": {"subject": "S", "tags": ["own", "vip"]}, "edges": {"next": "q"}},
        queue("q"), end("failed", "failed"),
    ])));
    line.hear_out();
    line.check("ticket S |  | [\"own\", \"vip\", \"from\"] | Open");
    assert_eq!(line.run.brief().tags, ["from", "vip"]);
}

fn parts() -> (Value, Value) {
    (
        json!([
            {"id": "a", "type": "sub_flow", "params": {"flow": "identify"}, "edges": {"found": "hello", "next": "q"}},
            say("hello", "Hello {{ slots.number }}.", "again"),
            {"id": "again", "type": "sub_flow", "params": {"flow": "identify"}, "edges": {"found": "over", "next": "q"}},
            {"id": "ask", "type": "collect", "params": {"prompt": {"en": "Number?"}, "slot": "number", "min_digits": 2, "max_digits": 2},
             "edges": {"next": "back", "no_input": "lost", "no_match": "lost"}},
            {"id": "back", "type": "return", "params": {"edge": "found"}},
            {"id": "lost", "type": "return"},
            queue("q"), end("over", "resolved"), end("failed", "failed"),
        ]),
        json!({"person": "q", "hangup": "failed", "sub_flows": [{"id": "identify", "name": "Who calls", "start": "ask"}]}),
    )
}

#[test]
fn a_part_comes_back_to_where_it_was_called_from() {
    let (blocks, more) = parts();
    let flow = flow_with(blocks, more);
    assert_eq!(validate(&flow), []);
    let mut line = Line::begun(flow.clone());
    line.keys("12").keys("34");
    let path = line.path().join(" ");
    assert_eq!(path, "a.sub_flow ask.next a.found hello.next again.sub_flow ask.next again.found");
    assert_eq!(line.words(), ["Number?", "Hello 12.", "Once more: Number?"]);
    assert_eq!(line.outcome(), Some(Outcome::Resolved));

    // "Back" leads into the part that it was in then; asking for a person leads out of it.
    let mut line = Line::begun(flow.clone());
    line.keys("12").caller("go back").keys("56");
    assert_eq!(line.path().last().map(String::as_str), Some("again.sub_flow"));
    line.caller("speak to a person");
    line.check("queue service");

    let mut line = Line::begun(flow);
    line.silence().silence().silence();
    line.check("edge a -next-> q");
}

#[test]
fn what_is_wrong_with_parts_is_found() {
    type Change = fn(&mut Value, &mut Value);
    let table: [(Change, &str); 8] = [
        (|b, _| b[0]["params"]["flow"] = json!("identfy"), "unknown_sub_flow a"),
        (|b, _| b[0]["edges"] = json!({"next": "q"}), "unwired_edge a"),
        (|b, _| b[0]["edges"]["fund"] = json!("q"), "unknown_edge a"),
        (|b, _| b[3]["edges"]["no_match"] = json!("q"), "shared_block q"),
        (|b, _| b[1]["edges"]["next"] = json!("lost"), "return_to_nowhere lost"),
        (|_, m| m["sub_flows"][0]["start"] = json!("nowhere"), "unknown_target"),
        (
            |_, m| {
                m["sub_flows"]
                    .as_array_mut()
                    .expect("a list")
                    .push(json!({"id": "identify", "name": "B", "start": "ask"}))
            },
            "duplicate_id",
        ),
        (
            |b, _| {
                b[3]["edges"]["no_input"] = json!("round");
                b.as_array_mut()
                    .expect("a list")
                    .push(json!({"id": "round", "type": "sub_flow", "params": {"flow": "identify"},
                    "edges": {"next": "lost", "found": "lost"}}));
            },
            "recursive_sub_flow",
        ),
    ];
    for (change, expected) in table {
        let (mut blocks, mut more) = parts();
        change(&mut blocks, &mut more);
        let findings = validate(&flow_with(blocks, more));
        let found: Vec<String> = findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .map(|finding| {
                format!("{} {}", finding.code, finding.block.as_deref().unwrap_or_default()).trim().to_owned()
            })
            .collect();
        assert!(found.iter().any(|one| one == expected), "{expected} is not among {found:?}");
    }
}

#[test]
fn what_is_wrong_with_hours_shares_and_variables_is_found() {
    for (block, expected) in [
        (
            json!({"type": "hours", "params": {"weekly": [], "time_zone": "Mars/Olympus"}, "edges": {"open": "q", "closed": "q"}}),
            "unknown_time_zone",
        ),
        (
            json!({"type": "hours", "params": {"weekly": [{"days": ["mon"], "from": "9", "to": "17:00"}]}, "edges": {"open": "q", "closed": "q"}}),
            "",
        ),
        (
            json!({"type": "hours", "params": {"weekly": [], "holidays": [{"date": "2026-12-25", "from": "09:00"}]}, "edges": {"open": "q", "closed": "q"}}),
            "half_a_time",
        ),
        (
            json!({"type": "hours", "params": {"weekly": [], "holidays": [{"date": "2026-12-25", "until": "2026-12-24"}]}, "edges": {"open": "q", "closed": "q"}}),
            "bad_range",
        ),
        (
            json!({"type": "split", "params": {"ways": [{"edge": "a", "percent": 50}]}, "edges": {"a": "q"}}),
            "not_a_hundred",
        ),
        (json!({"type": "set", "params": {"values": [{"name": "x"}]}, "edges": {"next": "q"}}), "not_one_value"),
        (
            json!({"type": "set", "params": {"values": [{"name": "x", "text": "a", "expression": "1"}]}, "edges": {"next": "q"}}),
            "not_one_value",
        ),
        (json!({"type": "say", "params": {"prompt": {"en": "{{ vars.y }}"}}, "edges": {"next": "q"}}), "unset_name"),
    ] {
        let mut first = block;
        first["id"] = json!("first");
        let document = json!({
            "schema_version": 1, "id": "x", "name": "X", "languages": ["en"], "start": "first", "person": "q",
            "queues": [{"id": "service", "name": "Service"}],
            "blocks": [first, queue("q"), end("failed", "failed")],
        });
        let findings = match flow::parse(&document.to_string()) {
            Ok(flow) => validate(&flow),
            Err(findings) => findings,
        };
        let codes: Vec<&str> = findings.iter().map(|finding| finding.code.as_str()).collect();
        assert!(
            codes.contains(&expected) || expected.is_empty() && codes.contains(&"wrong_type"),
            "{expected} {codes:?}"
        );
    }
}

#[test]
fn secrets_are_not_shown_and_do_not_stand_in_a_flow() {
    let with = |block: Value| {
        let document = json!([
            {"id": "c", "type": "collect", "params": {"prompt": {"en": "PIN?"}, "slot": "pin", "secret": true},
             "edges": {"next": "x", "no_input": "q", "no_match": "q"}},
            block, queue("q"), end("failed", "failed"),
        ]);
        let flow = flow_with(document, json!({"person": "q", "hangup": "failed"}));
        validate(&flow).into_iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    let said = json!({"id": "x", "type": "say", "params": {"prompt": {"en": "It is {{ slots.pin }}."}}, "edges": {"next": "q"}});
    assert!(with(said).contains(&"secret_shown".to_owned()));
    let http = |header: &str| {
        json!({"id": "x", "type": "http", "params": {"url": "https://x/{{ slots.pin }}", "save_as": "r", "headers": {"Authorization": header}},
            "edges": {"ok": "q", "timeout": "q", "error": "q"}})
    };
    assert_eq!(with(http("Bearer {{ vars.token | default('') }}")), ["unset_name"]);
    assert_eq!(with(http("Bearer 8f4kfj39fjskf93jfk")), ["secret_in_text"]);
}
