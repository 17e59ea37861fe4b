//! The console's interface over real HTTP and WebSockets, with a real store behind it.

#[path = "api/bed.rs"]
mod bed;
#[path = "common/mod.rs"]
mod common;
#[path = "api/desk.rs"]
mod desk;
#[path = "api/flow_commands.rs"]
mod flow_commands;
#[path = "api/flows.rs"]
mod flows;
#[path = "api/intents.rs"]
mod intents;
#[path = "api/knowledge.rs"]
mod knowledge;
#[path = "api/live.rs"]
mod live;
#[path = "api/prompts.rs"]
mod prompts;
#[path = "api/recording.rs"]
mod recording;
#[path = "api/running.rs"]
mod running;
#[path = "api/sign_in.rs"]
mod sign_in;
#[path = "api/signalling.rs"]
mod signalling;
#[path = "api/simulate.rs"]
mod simulate;
#[path = "api/words.rs"]
mod words;
#[path = "api/work.rs"]
mod work;

use bed::{Bed, json};
use reqwest::Method;
use serde_json::Value;

#[test]
fn the_committed_document_is_the_one_that_the_routes_make() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    let committed = std::fs::read_to_string(path).expect("docs/openapi.json is committed");
    assert!(
        committed == hotline::api::openapi() + "\n",
        "docs/openapi.json is out of date; run: hotline openapi > docs/openapi.json"
    );
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let document: Value = serde_json::from_str(&hotline::api::openapi()).expect("JSON");
    let methods = document["paths"].as_object().expect("paths").values().filter_map(Value::as_object).flatten();
    let names: Vec<&str> = methods.filter_map(|(_, operation)| operation["operationId"].as_str()).collect();
    let mut seen = std::collections::BTreeSet::new();
    let twice: Vec<&&str> = names.iter().filter(|name| !seen.insert(**name)).collect();
    assert!(twice.is_empty() && names.len() > 50, "a client would take one for the other: {twice:?}");
}

#[tokio::test]
async fn nothing_is_shown_or_changed_without_a_session() {
    let bed = Bed::start().await;
    let document: Value = serde_json::from_str(&hotline::api::openapi()).expect("JSON");
    let id = uuid::Uuid::now_v7().to_string();
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().expect("paths") {
        // Visitors sign in nowhere: `tests/chat.rs` and `tests/bridging/browser.rs` ask there.
        let open = ["/api/v1/session", "/api/v1/chat/", "/api/v1/widget/"].iter().any(|open| path.starts_with(open));
        if !path.starts_with("/api/") || open {
            continue;
        }
        for method in methods.as_object().expect("methods").keys() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            let request = bed.request(method.clone(), &path.replace("{id}", &id)).json(&serde_json::json!({}));
            let reply = request.send().await.expect("an answer");
            assert_eq!(reply.status(), 401, "{method} {path}");
            assert_eq!(json(reply).await["error"]["code"], "signed_out");
            asked += 1;
        }
    }
    assert!(asked >= 16, "only {asked} routes were asked");
}

#[tokio::test]
async fn an_unknown_address_of_the_interface_is_answered_in_json() {
    let bed = Bed::start().await;
    for path in ["/api", "/api/v1/nothing", "/api/v2/calls"] {
        let reply = bed.request(Method::GET, path).send().await.expect("an answer");
        assert_eq!(reply.status(), 404, "{path}");
        assert_eq!(json(reply).await["error"]["code"], "not_found");
    }
    let reply = bed.request(Method::DELETE, "/api/v1/calls").send().await.expect("an answer");
    assert_eq!((reply.status().as_u16(), json(reply).await["error"]["code"].as_str()), (405, Some("wrong_method")));
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let bed = Bed::start().await;
    for path in ["/", "/api/v1/me", "/api/v1/nothing", "/healthz", "/assets/missing.js"] {
        let reply = bed.request(Method::GET, path).send().await.expect("an answer");
        let header =
            |name: &str| reply.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let policy = header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'self';") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(policy.contains(&format!("ws://{}", bed.address)), "{path}: {policy}");
        assert_eq!(
            (header("x-content-type-options"), header("referrer-policy")),
            ("nosniff".into(), "no-referrer".into())
        );
        assert_eq!(header("cache-control") == "no-store", path.starts_with("/api"), "{path}");
    }
}

#[tokio::test]
async fn pages_of_the_console_are_found_by_any_address() {
    let bed = Bed::start().await;
    let pages = ["/", "/sign-in?token=x", "/calls/0199"].map(|path| bed.request(Method::GET, path).send());
    for page in futures::future::join_all(pages).await {
        let page = page.expect("an answer");
        let built = page.status() == 200;
        assert!(built || page.status() == 503);
        assert!(page.headers()["content-type"].to_str().is_ok_and(|kind| kind.starts_with("text/html")));
        let text = page.text().await.expect("a text");
        assert!(text.contains(if built { "<div id=\"root\">" } else { "make console" }), "{text}");
    }
    let missing = bed.request(Method::GET, "/assets/missing-0000.js").send().await.expect("an answer");
    assert_ne!(missing.status(), 200, "a missing script must not come as a page");
}

#[tokio::test]
async fn health_is_told_without_a_session() {
    let bed = Bed::start().await;
    let get = async |path: &str| bed.request(Method::GET, path).send().await.expect("an answer");
    assert_eq!(get("/healthz").await.status(), 200);
    let ready = get("/readyz").await;
    assert_eq!(ready.status(), 200);
    assert_eq!(json(ready).await, serde_json::json!({ "ready": true, "checks": { "store": true, "calls": true } }));
    hotline::metric::install();
    hotline::metric::call_offered();
    let metrics = get("/metrics").await.text().await.expect("a text");
    // Other tests of this process have calls, too.
    let offered = metrics.lines().find_map(|line| line.strip_prefix("hotline_calls_offered_total "));
    assert!(offered.and_then(|count| count.parse::<u64>().ok()).is_some_and(|count| count > 0), "{metrics}");
    assert_eq!(json(get("/api/v1/openapi.json").await).await["openapi"], "3.1.0");
}

#[tokio::test]
async fn a_body_that_is_not_what_is_expected_is_refused_with_the_reason() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", hotline::store::Role::Admin).await;
    let reply = admin.send(Method::PUT, "/api/v1/me", serde_json::json!({ "nmae": "Ada" })).await;
    assert_eq!(reply.status(), 400);
    let message = json(reply).await["error"]["message"].to_string();
    assert!(message.contains("nmae") && message.contains("name"), "{message}");

    let reply = admin.send(Method::PUT, "/api/v1/me", serde_json::json!({ "name": "a".repeat(200_000) })).await;
    assert_eq!((reply.status().as_u16(), json(reply).await["error"]["code"].as_str()), (413, Some("too_large")));

    let reply = admin.request(Method::GET, "/api/v1/calls?limit=many").send().await.expect("an answer");
    assert_eq!(reply.status(), 400);
    let reply = admin.request(Method::GET, "/api/v1/calls/12").send().await.expect("an answer");
    assert_eq!(reply.status(), 404);
}
