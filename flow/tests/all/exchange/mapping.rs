//! What each state of an export becomes, in small flows of our own.

use flow::{
    Block, Severity,
    exchange::{Format, Imported, Item, Options, Refused, Status, import},
    registry,
};
use intent::Language;
use serde_json::{Value, json};

fn read(document: &Value) -> Imported {
    import(&document.to_string(), &Options::default()).unwrap_or_else(|refused| panic!("{refused}"))
}

/// A flow of Studio that begins with its second state.
pub fn studio(states: &[Value]) -> Value {
    let first = states.first().map_or("nothing", |state| state["name"].as_str().expect("a name"));
    let trigger = state("Trigger", "trigger", json!({}), &[("incomingCall", first)]);
    let all: Vec<Value> = std::iter::once(trigger).chain(states.iter().cloned()).collect();
    json!({"description": "A test", "initial_state": "Trigger", "states": all, "flags": {}})
}

pub fn state(name: &str, kind: &str, properties: Value, ways: &[(&str, &str)]) -> Value {
    let transitions: Vec<Value> = ways
        .iter()
        .map(
            |(event, next)| {
                if next.is_empty() { json!({"event": event}) } else { json!({"event": event, "next": next}) }
            },
        )
        .collect();
    json!({"name": name, "type": kind, "properties": properties, "transitions": transitions})
}

pub fn split(name: &str, input: &str, cases: &[(&str, &str, &str)], no_match: &str) -> Value {
    let mut transitions = vec![json!({"event": "noMatch", "next": no_match})];
    for (kind, value, next) in cases {
        transitions.push(json!({"event": "match", "next": next, "conditions": [
            {"friendly_name": value, "arguments": [input], "type": kind, "value": value}]}));
    }
    json!({"name": name, "type": "split-based-on", "properties": {"input": input}, "transitions": transitions})
}

fn spoken(name: &str, text: &str, next: &str) -> Value {
    state(name, "say-play", json!({"say": text, "language": "en-US"}), &[("audioComplete", next)])
}

/// A flow of Connect that begins with its first action.
pub fn connect(actions: &[Value]) -> Value {
    let start = actions.first().map_or(json!("nothing"), |action| action["Identifier"].clone());
    json!({"Version": "2019-10-30", "StartAction": start, "Actions": actions, "Metadata": {"name": "A test"}})
}

/// An action with its way on, its ways by condition (an operand may carry an operator: `TextContains a`) and by error.
pub fn action(
    id: &str,
    kind: &str,
    parameters: Value,
    next: &str,
    conditions: &[(&str, &str)],
    errors: &[(&str, &str)],
) -> Value {
    let conditions: Vec<Value> = conditions
        .iter()
        .map(|(operand, next)| {
            let (operator, operand) = match operand.split_once(' ') {
                Some((operator, operand)) if operator.starts_with("Text") || operator.starts_with("Number") => {
                    (operator, operand)
                }
                _ => ("Equals", *operand),
            };
            json!({"NextAction": next, "Condition": {"Operator": operator, "Operands": [operand]}})
        })
        .collect();
    let errors: Vec<Value> = errors.iter().map(|(kind, next)| json!({"ErrorType": kind, "NextAction": next})).collect();
    let mut transitions = json!({"Conditions": conditions, "Errors": errors});
    if !next.is_empty() {
        transitions["NextAction"] = json!(next);
    }
    json!({"Identifier": id, "Type": kind, "Parameters": parameters, "Transitions": transitions})
}

pub fn bye() -> Value {
    action("bye", "DisconnectParticipant", json!({}), "", &[], &[])
}

fn block<'i>(imported: &'i Imported, id: &str) -> &'i Block {
    imported.document.block(id).unwrap_or_else(|| panic!("no block {id} in {}", imported.document.to_json()))
}

fn item<'i>(imported: &'i Imported, source: &str) -> &'i Item {
    imported
        .report
        .items
        .iter()
        .find(|item| item.source == source)
        .unwrap_or_else(|| panic!("{source} is not in the report"))
}

fn edges(block: &Block) -> Value {
    json!(block.edges)
}

/// A part of a JSON value: what is in `wanted` must be there.
fn holds(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Object(value), Value::Object(wanted)) => {
            wanted.iter().all(|(name, wanted)| value.get(name).is_some_and(|value| holds(value, wanted)))
        }
        (value, wanted) => value == wanted,
    }
}

/// Checks one block that a flow became: its kind, some of its parameters, some of its edges, and how much came over.
fn check(document: &Value, source: &str, kind: &str, params: &Value, leads: &Value, status: Status) -> Imported {
    let imported = read(document);
    let errors: Vec<_> = imported.findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{source}: {errors:?}\n{}", imported.document.to_json());
    let told = item(&imported, source);
    assert_eq!(told.status, status, "{source}: {}", told.message);
    let id = told.block.as_deref().unwrap_or_else(|| panic!("{source} became no block: {}", told.message));
    let block = block(&imported, id);
    assert_eq!(block.kind, kind, "{source}");
    assert!(holds(&json!(block.params), params), "{source}: {:?}\nwanted {params}", json!(block.params));
    assert!(holds(&edges(block), leads), "{source}: {:?}\nwanted {leads}", edges(block));
    imported
}

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
        // Blocks that came later.
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
        if registry::block(kind).is_none() {
            continue;
        }
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

#[test]
fn an_action_of_connect_becomes_the_block_that_does_the_same() {
    const FAIL: (&str, &str) = ("NoMatchingError", "bye");
    let rows: Vec<(Value, &str, Value, Value, Status)> = vec![
        (
            action(
                "a",
                "MessageParticipant",
                json!({"Text": "Hi $.Attributes.firstName, {{this}} is & stays <b>"}),
                "bye",
                &[],
                &[FAIL],
            ),
            "say",
            json!({"prompt": {"en": "Hi {{ vars.first_name }}, {{ '{{' }}this}} is & stays &lt;b>"}}),
            json!({"next": "bye", "error": "bye"}),
            Status::Mapped,
        ),
        (
            action(
                "a",
                "MessageParticipant",
                json!({"SSML": "<speak>Hi <break time=\"1s\"/><emphasis>you</emphasis> <say-as interpret-as='digits'>$.External.code</say-as></speak>"}),
                "bye",
                &[],
                &[],
            ),
            "say",
            json!({"prompt": {"en": "Hi <break time=\"1000ms\"/>you <say-as interpret-as=\"digits\">{{ external.code | default('') }}</say-as>"}}),
            json!({"next": "bye"}),
            Status::Partly,
        ),
        (
            action(
                "a",
                "GetParticipantInput",
                json!({"Text": "1 or 2?", "StoreInput": "False", "InputTimeLimitSeconds": "5"}),
                "bye",
                &[("1", "bye"), ("2", "other")],
                &[("InputTimeLimitExceeded", "other"), ("NoMatchingCondition", "bye"), FAIL],
            ),
            "menu",
            json!({"options": [{"key": "1", "edge": "key_1"}, {"key": "2", "edge": "key_2"}], "no_input_ms": 5000}),
            json!({"key_1": "bye", "key_2": "other", "no_input": "other", "no_match": "bye"}),
            Status::Mapped,
        ),
        (
            action(
                "a",
                "GetParticipantInput",
                json!({"Text": "12 or 34?", "StoreInput": "False"}),
                "bye",
                &[("12", "bye"), ("34", "other")],
                &[("NoMatchingCondition", "bye"), FAIL],
            ),
            "collect",
            json!({"slot": "stored_input", "max_digits": 2}),
            json!({"next": "a_which"}),
            Status::Mapped,
        ),
        (
            action(
                "a",
                "GetParticipantInput",
                json!({"Text": "PIN?", "StoreInput": "True", "InputValidation": {"CustomValidation": {"MaximumLength": "4"}}, "InputEncryption": {"EncryptionKeyId": "k"}}),
                "other",
                &[],
                &[FAIL],
            ),
            "collect",
            json!({"slot": "stored_input", "max_digits": 4, "secret": true}),
            json!({"next": "other", "no_input": "bye", "no_match": "bye"}),
            Status::Mapped,
        ),
        (
            action(
                "a",
                "Compare",
                json!({"ComparisonValue": "$.External.total"}),
                "bye",
                &[("NumberGreaterThan 5", "other"), ("TextContains vip", "other"), ("x y", "bye")],
                &[("NoMatchingCondition", "bye")],
            ),
            "branch",
            json!({"cases": [
                {"when": "double(external.total) > 5.0", "edge": "key_5"},
                {"when": "string(external.total).contains('vip')", "edge": "key_5"},
                {"when": "string(external.total) == 'x y'", "edge": "x_y"}]}),
            json!({"key_5": "other", "x_y": "bye", "else": "bye", "error": "bye"}),
            Status::Mapped,
        ),
        (
            action(
                "a",
                "InvokeLambdaFunction",
                json!({"LambdaFunctionARN": "arn:aws:lambda:eu:1:function:findOrder", "InvocationTimeLimitSeconds": "8", "LambdaInvocationAttributes": {"number": "$.CustomerEndpoint.Address"}}),
                "other",
                &[],
                &[FAIL],
            ),
            "http",
            json!({"method": "POST", "url": "https://lambda.invalid/find-order", "timeout_ms": 8000, "save_as": "external", "body": {"number": "{{ call.caller | default('') }}"}}),
            json!({"ok": "other", "timeout": "bye", "error": "bye"}),
            Status::Partly,
        ),
        (
            action(
                "a",
                "ConnectParticipantWithLexBot",
                json!({"Text": "How can I help?", "LexV2Bot": {"AliasArn": "x"}}),
                "bye",
                &[("BookFlight", "other"), ("FallbackIntent", "bye")],
                &[("NoMatchingCondition", "bye"), FAIL],
            ),
            "ask_intent",
            json!({"intents": ["book_flight"]}),
            json!({"book_flight": "other", "no_match": "bye", "low_confidence": "bye"}),
            Status::Partly,
        ),
        (
            action(
                "a",
                "CreateTask",
                json!({"Name": "Call back $.CustomerEndpoint.Address", "Description": "Soon."}),
                "other",
                &[],
                &[FAIL],
            ),
            "create_ticket",
            json!({"subject": "Call back {{ call.caller | default('') }}", "body": "Soon."}),
            json!({"next": "other", "error": "bye"}),
            Status::Partly,
        ),
        (
            action("a", "UpdateContactTextToSpeechVoice", json!({"TextToSpeechVoice": "Joanna"}), "other", &[], &[]),
            "language",
            json!({"language": "en"}),
            json!({"next": "other"}),
            Status::Mapped,
        ),
        (
            action("a", "EndFlowExecution", json!({}), "", &[], &[]),
            "end",
            json!({"outcome": "resolved"}),
            json!({}),
            Status::Partly,
        ),
        (
            action("a", "TransferContactToQueue", json!({}), "bye", &[], &[("QueueAtCapacity", "other"), FAIL]),
            "to_queue",
            json!({"queue": "service"}),
            json!({"no_agents": "other", "timeout": "other", "error": "bye"}),
            Status::Partly,
        ),
        // Blocks that came later.
        (
            action(
                "a",
                "UpdateContactAttributes",
                json!({"Attributes": {"orderId": "$.External.id", "kind": "new"}}),
                "other",
                &[],
                &[FAIL],
            ),
            "set",
            json!({"values": [{"name": "kind", "text": "new"}, {"name": "order_id", "text": "{{ external.id | default('') }}"}]}),
            json!({"next": "other", "error": "bye"}),
            Status::Mapped,
        ),
        (
            action("a", "CheckHoursOfOperation", json!({}), "bye", &[("True", "other"), ("False", "bye")], &[FAIL]),
            "hours",
            json!({"weekly": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}]}),
            json!({"open": "other", "closed": "bye"}),
            Status::Partly,
        ),
        (
            action(
                "a",
                "DistributeByPercentage",
                json!({}),
                "bye",
                &[("NumberLessThan 21", "other"), ("NumberLessThan 61", "third")],
                &[("NoMatchingCondition", "bye")],
            ),
            "split",
            json!({"ways": [{"edge": "way_21", "percent": 20}, {"edge": "way_61", "percent": 40}, {"edge": "rest", "percent": 40}]}),
            json!({"way_21": "other", "way_61": "third", "rest": "bye"}),
            Status::Mapped,
        ),
        (
            action(
                "a",
                "CheckMetricData",
                json!({"MetricType": "NumberOfAgentsAvailable", "QueueId": "arn:x/queue/Sales"}),
                "bye",
                &[("NumberGreaterThan 0", "other")],
                &[("NoMatchingCondition", "bye"), FAIL],
            ),
            "queue_status",
            json!({"queue": "sales", "save_as": "queue"}),
            json!({"next": "a_check"}),
            Status::Mapped,
        ),
        (
            action(
                "a",
                "UpdateContactRecordingBehavior",
                json!({"RecordingBehavior": {"RecordedParticipants": []}}),
                "other",
                &[],
                &[],
            ),
            "recording",
            json!({"do": "pause"}),
            json!({"next": "other"}),
            Status::Mapped,
        ),
        (
            action("a", "TagContact", json!({"Tags": {"topic": "refund"}}), "other", &[], &[]),
            "tag",
            json!({"tags": ["topic:refund"]}),
            json!({"next": "other"}),
            Status::Mapped,
        ),
        (
            action(
                "a",
                "TransferParticipantToThirdParty",
                json!({"ThirdPartyPhoneNumber": "+441632960001", "ThirdPartyConnectionTimeLimitSeconds": "20"}),
                "bye",
                &[],
                &[("CallFailed", "other"), FAIL],
            ),
            "transfer",
            json!({"to": "+441632960001", "timeout_ms": 20000}),
            json!({"busy": "other", "no_answer": "bye", "error": "bye"}),
            Status::Mapped,
        ),
        (
            action("a", "UpdateContactRoutingBehavior", json!({"QueuePriority": "1"}), "other", &[], &[]),
            "priority",
            json!({"priority": 10}),
            json!({"next": "other"}),
            Status::Mapped,
        ),
    ];
    for (first, kind, params, leads, status) in rows {
        if registry::block(kind).is_none() {
            continue;
        }
        let other = action("other", "MessageParticipant", json!({"Text": "Other."}), "bye", &[], &[]);
        let third = action("third", "MessageParticipant", json!({"Text": "Third."}), "bye", &[], &[]);
        check(&connect(&[first, other, third, bye()]), "a", kind, &params, &leads, status);
    }
}

#[test]
fn the_queue_that_was_set_before_is_the_queue_that_is_led_to() {
    let to = |id: &str, next: &str| {
        let mut set =
            action(id, "UpdateContactTargetQueue", json!({"QueueId": format!("arn:x/queue/{id}")}), next, &[], &[]);
        set["Parameters"]["QueueId"] = json!(format!("arn:x/queue/{id} team"));
        set
    };
    let hand = action("hand", "TransferContactToQueue", json!({}), "bye", &[], &[("NoMatchingError", "bye")]);
    let imported = check(
        &connect(&[to("sales", "hand"), hand.clone(), bye()]),
        "hand",
        "to_queue",
        &json!({"queue": "sales_team"}),
        &json!({}),
        Status::Mapped,
    );
    assert_eq!(imported.document.queues.len(), 1);
    if registry::block("set").is_none() {
        return;
    }
    // By two ways with two queues, the way decides.
    let ask = action(
        "ask",
        "GetParticipantInput",
        json!({"Text": "1 or 2?"}),
        "bye",
        &[("1", "sales"), ("2", "repairs")],
        &[("NoMatchingError", "bye")],
    );
    let imported = check(
        &connect(&[ask, to("sales", "hand"), to("repairs", "hand"), hand, bye()]),
        "hand",
        "branch",
        &json!({}),
        &json!({}),
        Status::Mapped,
    );
    let queues: Vec<&str> = imported
        .document
        .blocks
        .iter()
        .filter(|block| block.kind == "to_queue")
        .filter_map(|block| block.params["queue"].as_str())
        .collect();
    assert_eq!(queues, ["repairs_team", "sales_team"]);
}

#[test]
fn what_has_no_counterpart_is_passed_through_and_said() {
    for kind in ["ShowView", "StartVoiceIdStream", "InvokeFlowModule", "UpdateContactEventHooks", "SomethingNew"] {
        let other = action("other", "MessageParticipant", json!({"Text": "Other."}), "bye", &[], &[]);
        let imported = read(&connect(&[action("a", kind, json!({}), "other", &[("Back", "bye")], &[]), other, bye()]));
        assert_eq!(imported.document.start, "other", "{kind}");
        let told = item(&imported, "a");
        assert!(told.status == Status::NotMapped && told.block.is_none() && told.message.len() > 30, "{told:?}");
    }
}

#[test]
fn another_flow_is_not_in_the_file_so_callers_go_to_a_person() {
    let imported = read(&connect(&[
        action("a", "TransferToFlow", json!({"ContactFlowId": "arn:x/contact-flow/y"}), "bye", &[], &[]),
        bye(),
    ]));
    assert_eq!(imported.document.start, "person");
    assert!(item(&imported, "bye").message.starts_with("No way leads here"), "{}", item(&imported, "bye").message);
}

#[test]
fn a_loop_that_no_caller_is_heard_in_is_cut_where_it_would_have_ended() {
    let imported = read(&connect(&[
        action(
            "again",
            "Loop",
            json!({"LoopCount": "3"}),
            "over",
            &[("ContinueLooping", "try"), ("DoneLooping", "over")],
            &[],
        ),
        action(
            "try",
            "InvokeLambdaFunction",
            json!({"LambdaFunctionARN": "f"}),
            "bye",
            &[],
            &[("NoMatchingError", "again")],
        ),
        action("over", "MessageParticipant", json!({"Text": "It does not work."}), "bye", &[], &[]),
        bye(),
    ]));
    assert!(imported.findings.iter().all(|finding| finding.severity != Severity::Error), "{:?}", imported.findings);
    assert_eq!(block(&imported, "try").edges["error"], "over");
    assert!(item(&imported, "try").message.contains("go round"), "{}", item(&imported, "try").message);
}

#[test]
fn both_wrappers_of_connect_and_that_of_studio_are_opened() {
    let inner = connect(&[bye()]);
    let wrapped = json!({"ContactFlow": {"Name": "Desk", "Type": "AGENT_WHISPER", "Content": inner.to_string()}});
    let imported = read(&wrapped);
    assert_eq!((imported.document.name.as_str(), imported.document.id.as_str()), ("Desk", "desk"));
    assert!(item(&imported, "the kind of flow").message.contains("AGENT_WHISPER"));
    assert_eq!(read(&json!({"Name": "Desk", "Content": inner.to_string()})).document.name, "Desk");
    let studio = json!({"friendly_name": "x", "definition": studio(&[spoken("hi", "Hello.", "")])});
    assert_eq!(read(&studio).format, Format::TwilioStudio);
}

#[test]
fn the_old_console_export_is_read_as_the_new_one() {
    let module = |id: &str,
                  kind: &str,
                  target: Option<&str>,
                  parameters: Value,
                  branches: &[(&str, Option<(&str, Value)>, &str)]| {
        let branches: Vec<Value> = branches
            .iter()
            .map(|(condition, test, next)| {
                let mut branch = json!({"condition": condition, "transition": next});
                if let Some((kind, value)) = test {
                    branch["conditionType"] = json!(kind);
                    branch["conditionValue"] = value.clone();
                }
                branch
            })
            .collect();
        let mut module = json!({"id": id, "type": kind, "parameters": parameters, "branches": branches, "metadata": {"position": {"x": 1, "y": 2}}});
        if let Some(target) = target {
            module["target"] = json!(target);
        }
        module
    };
    let document = json!({"version": "1", "type": "contactFlow", "start": "hi", "metadata": {"name": "Desk"}, "modules": [
        module("hi", "PlayPrompt", None, json!([{"name": "Text", "value": "Hello.", "namespace": null}, {"name": "TextToSpeechType", "value": "text"}]), &[("Success", None, "ask")]),
        module("ask", "GetUserInput", Some("Digits"), json!([{"name": "Text", "value": "Press 1.", "namespace": null}, {"name": "Timeout", "value": "5"}, {"name": "MaxDigits", "value": "1"}]),
            &[("Evaluate", Some(("Equals", json!("1"))), "pin"), ("Timeout", None, "ask"), ("NoMatch", None, "bye"), ("Error", None, "bye")]),
        module("pin", "StoreUserInput", None, json!([{"name": "Text", "value": "PIN?"}, {"name": "MaxDigits", "value": 4}, {"name": "EncryptEntry", "value": true}]), &[("Success", None, "look"), ("Error", None, "bye")]),
        module("look", "InvokeExternalResource", Some("Lambda"), json!([{"name": "FunctionArn", "value": "f"}, {"name": "TimeLimit", "value": "3"}, {"name": "Parameter", "key": "pin", "value": "Stored customer input", "namespace": "System"}]), &[("Success", None, "check"), ("Error", None, "bye")]),
        module("check", "CheckAttribute", None, json!([{"name": "Attribute", "value": "balance"}, {"name": "Namespace", "value": "External"}]), &[("Evaluate", Some(("GreaterThan", json!("0"))), "queue"), ("NoMatch", None, "bye")]),
        module("queue", "SetQueue", None, json!([{"name": "Queue", "value": "arn:x", "namespace": null, "resourceName": "Collections"}]), &[("Success", None, "hand"), ("Error", None, "bye")]),
        module("hand", "Transfer", Some("Queue"), json!([]), &[("AtCapacity", None, "bye"), ("Error", None, "bye")]),
        module("bye", "Disconnect", None, json!([]), &[]),
    ]});
    let imported = read(&document);
    assert_eq!(imported.format, Format::AmazonConnectConsole);
    assert!(imported.findings.iter().all(|finding| finding.severity != Severity::Error), "{:?}", imported.findings);
    let shape: Vec<(&str, &str)> =
        imported.document.blocks.iter().map(|block| (block.id.as_str(), block.kind.as_str())).collect();
    assert_eq!(
        shape,
        [
            ("hi", "say"),
            ("ask", "menu"),
            ("pin", "collect"),
            ("look", "http"),
            ("check", "branch"),
            ("hand", "to_queue"),
            ("bye", "end")
        ]
    );
    assert_eq!(block(&imported, "check").params["cases"][0]["when"], "double(external.balance) > 0.0");
    assert_eq!(block(&imported, "look").params["body"]["pin"], "{{ slots.stored_input | default('') }}");
    assert_eq!(block(&imported, "hand").params["queue"], "collections");
    assert_eq!(block(&imported, "pin").params["secret"], true);
    assert_eq!(imported.document.metadata.layout["hi"].x, 1.0);
}

#[test]
fn our_own_document_comes_back_as_it_is() {
    let imported = read(&connect(&[bye()]));
    let again = import(&imported.document.to_json(), &Options::default()).expect("it is ours");
    assert_eq!((again.format, &again.document), (Format::Hotline, &imported.document));
    assert!(again.report.items.iter().all(|item| item.status == Status::Mapped));
}

#[test]
fn the_languages_are_those_that_are_asked_for_or_the_one_that_is_spoken() {
    let chinese =
        connect(&[action("a", "MessageParticipant", json!({"Text": "您好,请稍等。"}), "bye", &[], &[]), bye()]);
    assert_eq!(read(&chinese).document.languages, [Language::Chinese]);
    let both = Options { languages: vec![Language::English, Language::Chinese], ..Options::default() };
    let imported = import(
        &connect(&[action("a", "MessageParticipant", json!({"Text": "Hello."}), "bye", &[], &[]), bye()]).to_string(),
        &both,
    )
    .expect("it can be read");
    assert_eq!(block(&imported, "a").params["prompt"], json!({"en": "Hello.", "zh-CN": "Hello."}));
    assert!(item(&imported, "languages").message.contains("Translate"));
    assert!(imported.findings.iter().all(|finding| finding.severity != Severity::Error));
}

#[test]
fn what_is_broken_is_refused_with_its_place() {
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let many: Vec<Value> =
        (0..1_001).map(|number| action(&format!("a{number}"), "Wait", json!({}), "", &[], &[])).collect();
    for (text, expected) in [
        (String::new(), "not JSON"),
        ("{".to_owned(), "not JSON"),
        (deep, "recursion limit"),
        (" ".repeat(10 * 1024 * 1024), "more than"),
        ("[]".to_owned(), "no call flow"),
        ("{\"a\": 1}".to_owned(), "no call flow"),
        (json!({"Content": "{"}).to_string(), "not JSON"),
        (json!({"Content": "{\"blocks\": [], \"start\": \"a\"}"}).to_string(), "no call flow"),
        (json!({"states": 1, "initial_state": "a"}).to_string(), "/states: a list"),
        (json!({"states": [1], "initial_state": "a"}).to_string(), "/states/0: an object"),
        (json!({"states": [{"name": "a"}], "initial_state": "a"}).to_string(), "/states/0/type"),
        (json!({"states": [], "initial_state": "a"}).to_string(), "/initial_state: there is no state “a”"),
        (json!({"states": [], "initial_state": 7}).to_string(), "/initial_state: a text"),
        (studio(&[spoken("a", "x", "a"), spoken("a", "y", "a")]).to_string(), "called “a” already"),
        (connect(&many).to_string(), "1000 are possible"),
        (connect(&[bye(), bye()]).to_string(), "“bye” already"),
        (json!({"Actions": [], "StartAction": "a"}).to_string(), "nothing with the id “a”"),
        (
            json!({"modules": [{"id": "a", "type": "x", "branches": [{}]}], "start": "a"}).to_string(),
            "/modules/0/branches/0/condition",
        ),
        (
            json!({"blocks": [{"id": "a", "type": "sya"}], "start": "a", "schema_version": 1}).to_string(),
            "Did you mean say?",
        ),
    ] {
        match import(&text, &Options::default()) {
            Err(refused) => assert!(refused.to_string().contains(expected), "{refused} instead of {expected}"),
            Ok(_) => panic!("{expected} was read"),
        }
    }
    assert!(matches!(import("{}", &Options::default()), Err(Refused::UnknownFormat)));
}
