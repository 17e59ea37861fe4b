//! Calls without a telephone over HTTP: the tests that a flow brings along, and a call that an admin plays step by step.

use hotline::store::Role;
use reqwest::Method;
use serde_json::{Value, json};

use super::bed::{Bed, Browser, json as body};

async fn ok(reply: reqwest::Response) -> Value {
    let status = reply.status();
    let body = body(reply).await;
    assert!(status.is_success(), "{status}: {body}");
    body
}

async fn post(admin: &Browser<'_>, path: &str, asked: Value) -> Value {
    ok(admin.send(Method::POST, path, asked).await).await
}

#[tokio::test]
async fn a_call_is_played_step_by_step() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    let mut test = json!({ "name": "played", "variables": { "order_service": "http://orders" }, "steps": [] });
    let begun = post(&admin, "/api/v1/flows/simulate", json!({ "test": test })).await;
    assert_eq!(begun["waiting"]["for"], "caller", "{begun}");
    for (step, waiting) in [
        (json!({ "hear": "where is my order" }), "caller"),
        (json!({ "keys": "1042" }), "reply"),
        (
            json!({ "http": { "status": 200, "body": { "number": "1042", "status": "shipped", "item": "a bike", "expected": "Tuesday" } } }),
            "caller",
        ),
        (json!({ "hang_up": true }), "over"),
    ] {
        test["steps"].as_array_mut().expect("steps").push(step.clone());
        let played = post(&admin, "/api/v1/flows/simulate", json!({ "test": test })).await;
        assert_eq!(played["waiting"]["for"], waiting, "{step}: {played}");
        assert_eq!(played["failures"], json!([]), "{step}");
        test = played["test"].clone();
    }
    let played = post(&admin, "/api/v1/flows/simulate", json!({ "test": test })).await;
    let steps = played["steps"].as_array().expect("steps");
    let understood = steps.iter().find(|step| step["kind"] == "understood").expect("an intent");
    assert_eq!(understood["meaning"]["intent"], "order_status");
    assert!(steps.iter().any(|step| step["kind"] == "request" && step["url"] == "http://orders/orders/1042"));
    assert_eq!(played["waiting"]["outcome"], "resolved");
    // What makes no sense is said at its step.
    let odd = json!({ "name": "odd", "steps": [{ "http": { "status": 200 } }] });
    let played = post(&admin, "/api/v1/flows/simulate", json!({ "test": odd })).await;
    assert_eq!(played["failures"][0]["step"], 1, "{played}");
}

#[tokio::test]
async fn a_flow_whose_tests_fail_is_kept_and_not_published() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    let draft = admin.get("/api/v1/flows/draft").await;
    let mut document = draft["document"].clone();
    let test = |words: &str| json!([{ "name": "hours", "steps": [{ "hear": "when are you open" }, { "expect": { "words": words } }] }]);
    document["metadata"]["tests"] = test("day and night");
    let change = json!({ "revision": draft["revision"], "document": document });
    let kept = ok(admin.send(Method::PUT, "/api/v1/flows/draft", change).await).await;
    let played = post(&admin, "/api/v1/flows/test", json!({})).await;
    assert!(played[0]["failures"][0]["message"].as_str().is_some_and(|words| words.contains("day and night")));
    let publish = |revision: &Value| json!({ "revision": revision, "note": "hours" });
    let refused = admin.send(Method::POST, "/api/v1/flows/publish", publish(&kept["revision"])).await;
    assert_eq!(refused.status(), 400);
    let error = body(refused).await;
    assert_eq!(error["error"]["code"], "flow_tests_fail");
    assert!(error["error"]["message"].as_str().is_some_and(|words| words.contains("“hours”, step 2")), "{error}");

    document["metadata"]["tests"] = test("Tuesday to Saturday");
    let change = json!({ "revision": kept["revision"], "document": document });
    let kept = ok(admin.send(Method::PUT, "/api/v1/flows/draft", change).await).await;
    let version = post(&admin, "/api/v1/flows/publish", publish(&kept["revision"])).await;
    assert_eq!(version["state"], "live");

    // Tests that are none are a finding, and so is a list that nobody has published.
    document["metadata"]["tests"] = json!([{ "name": "empty", "steps": [{}] }]);
    let at = document["blocks"].as_array().expect("blocks").iter().position(|block| block["id"] == "order_number");
    let at = at.expect("a block that collects");
    document["blocks"][at]["params"] = json!({
        "slot": "bike", "kind": "list", "list": "bikes", "meanwhile": ["opening_hours"],
        "prompt": { "en": "Which bike?", "zh-CN": "哪一款?" },
    });
    let checked = post(&admin, "/api/v1/flows/check", json!({ "document": document })).await;
    let codes: Vec<&str> =
        checked["findings"].as_array().expect("findings").iter().filter_map(|f| f["code"].as_str()).collect();
    assert!(codes.contains(&"bad_tests") && codes.contains(&"unknown_list"), "{codes:?}");

    // Once it is, what callers call its entries counts.
    let lists = json!([{ "name": "bikes", "values": [
        { "value": "city_bike", "label": { "en": "a city bike", "zh-CN": "城市车" }, "phrases": { "en": ["town bike"] } },
    ] }]);
    let intents = json!({ "revision": 0, "intents": [], "out_of_scope": [], "tests": [], "lists": lists });
    ok(admin.send(Method::PUT, "/api/v1/intents", intents).await).await;
    post(&admin, "/api/v1/intents/train", json!({})).await;
    document["metadata"]["tests"] = json!([]);
    let test = json!({ "name": "list", "steps": [{ "keys": "1" }, { "hear": "the town bike" }, { "hear": "yes" }] });
    let played = post(&admin, "/api/v1/flows/simulate", json!({ "document": document, "test": test })).await;
    let steps = played["steps"].as_array().expect("steps");
    assert!(steps.iter().any(|step| step["kind"] == "slot" && step["value"] == "city_bike"), "{played}");
}
