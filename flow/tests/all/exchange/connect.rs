//! What each action of Amazon Connect becomes.

use flow::{
    Severity,
    exchange::{Format, Status},
};
use serde_json::{Value, json};

use super::small::{action, block, bye, check, connect, item, read};

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
            json!({"slot": "secret_input", "max_digits": 4, "secret": true}),
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
fn the_old_console_export_is_read_as_the_new_one() {
    let module = |id: &str, kind: &str, target: &str, parameters: Value, branches: &[(&str, &str)]| {
        let branches: Vec<Value> = branches
            .iter()
            .map(|(condition, next)| match condition.split_once(' ') {
                Some((kind, value)) => {
                    json!({"condition": "Evaluate", "conditionType": kind, "conditionValue": value, "transition": next})
                }
                None => json!({"condition": condition, "transition": next}),
            })
            .collect();
        let place = json!({"position": {"x": 1, "y": 2}});
        let mut module =
            json!({"id": id, "type": kind, "parameters": parameters, "branches": branches, "metadata": place});
        if !target.is_empty() {
            module["target"] = json!(target);
        }
        module
    };
    let document = json!({"version": "1", "type": "contactFlow", "start": "hi", "metadata": {"name": "Desk"}, "modules": [
        module("hi", "PlayPrompt", "", json!([{"name": "Text", "value": "Hello.", "namespace": null}, {"name": "TextToSpeechType", "value": "text"}]), &[("Success", "ask")]),
        module("ask", "GetUserInput", "Digits", json!([{"name": "Text", "value": "Press 1.", "namespace": null}, {"name": "Timeout", "value": "5"}, {"name": "MaxDigits", "value": "1"}]),
            &[("Equals 1", "pin"), ("Timeout", "ask"), ("NoMatch", "bye"), ("Error", "bye")]),
        module("pin", "StoreUserInput", "", json!([{"name": "Text", "value": "PIN?"}, {"name": "MaxDigits", "value": 4}, {"name": "EncryptEntry", "value": true}]), &[("Success", "look"), ("Error", "bye")]),
        module("look", "InvokeExternalResource", "Lambda", json!([{"name": "FunctionArn", "value": "f"}, {"name": "TimeLimit", "value": "3"}, {"name": "Parameter", "key": "pin", "value": "Stored customer input", "namespace": "System"}]), &[("Success", "check"), ("Error", "bye")]),
        module("check", "CheckAttribute", "", json!([{"name": "Attribute", "value": "balance"}, {"name": "Namespace", "value": "External"}]), &[("GreaterThan 0", "queue"), ("NoMatch", "bye")]),
        module("queue", "SetQueue", "", json!([{"name": "Queue", "value": "arn:x", "namespace": null, "resourceName": "Collections"}]), &[("Success", "hand"), ("Error", "bye")]),
        module("hand", "Transfer", "Queue", json!([]), &[("AtCapacity", "bye"), ("Error", "bye")]),
        module("bye", "Disconnect", "", json!([]), &[]),
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
    assert_eq!(block(&imported, "look").params["body"]["pin"], "{{ slots.secret_input | default('') }}");
    assert_eq!(block(&imported, "hand").params["queue"], "collections");
    assert_eq!(block(&imported, "pin").params["secret"], true);
    assert_eq!(imported.document.metadata.layout["hi"].x, 1.0);
}

#[test]
fn a_secret_is_told_to_services_only() {
    let fail = [("NoMatchingError", "bye")];
    let pin = json!({"Text": "PIN?", "StoreInput": "True", "InputEncryption": {}});
    let imported = read(&connect(&[
        action("ask", "GetParticipantInput", pin, "keep", &[], &fail),
        action(
            "keep",
            "UpdateContactAttributes",
            json!({"Attributes": {"pin": "$.StoredCustomerInput"}}),
            "tell",
            &[],
            &fail,
        ),
        action(
            "tell",
            "InvokeLambdaFunction",
            json!({"LambdaInvocationAttributes": {"pin": "$.StoredCustomerInput"}}),
            "bye",
            &[],
            &fail,
        ),
        bye(),
    ]));
    assert!(imported.findings.iter().all(|finding| finding.severity != Severity::Error), "{:?}", imported.findings);
    let request = block(&imported, item(&imported, "tell").block.as_deref().expect("it is a block"));
    assert_eq!(request.params["body"], json!({"pin": "{{ slots.secret_input | default('') }}"}));
    assert!(
        item(&imported, "keep").message.contains("only a request may carry it"),
        "{}",
        item(&imported, "keep").message
    );
}
