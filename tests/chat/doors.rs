//! Who may chat, and how much.

use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::bed::{Bed, Visitor};

async fn code(reply: reqwest::Response) -> (u16, String) {
    let status = reply.status().as_u16();
    let body: Value = reply.json().await.expect("JSON");
    let message = body["error"]["message"].as_str().expect("words");
    assert!(message.ends_with('.') && message.len() > 20, "{message}");
    (status, body["error"]["code"].as_str().expect("a code").to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_chat_unless_somebody_opens_it() {
    let bed = Bed::start(|config| config.chat_enabled = false).await;
    assert_eq!(code(bed.begin(json!({})).send().await.expect("an answer")).await, (404, "not_found".into()));
    let nobody = json!({"session": uuid::Uuid::now_v7(), "token": "x"});
    let visitor = Visitor::of(bed.url("/api/v1/chat/sessions"), &nobody);
    assert_eq!(code(visitor.events().send().await.expect("an answer")).await, (401, "chat_unknown".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_its_own_chat_only() {
    let bed = Bed::start(|_| {}).await;
    let (anna, bert) = (bed.visitor().await, bed.visitor().await);
    for token in ["", "x", &bert.token, &anna.token[1..], &format!("{}0", anna.token)] {
        let thief = Visitor { token: token.to_owned(), ..anna.again() };
        assert_eq!(
            code(thief.events().send().await.expect("an answer")).await,
            (401, "chat_unknown".into()),
            "{token}"
        );
        // Without a token it may as well be a form of another site.
        let refused = if token.is_empty() { 403 } else { 401 };
        assert_eq!(code(thief.post(json!({"text": "hello"})).await).await.0, refused, "{token}");
    }
    // The console's doors stay shut to it.
    let reply = bed.get("/api/v1/calls").bearer_auth(&anna.token).send().await.expect("an answer");
    assert_eq!(reply.status(), 401);
    let reply = bed.get("/api/v1/chat/sessions/12/events").bearer_auth(&anna.token).send().await.expect("an answer");
    assert_eq!(reply.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_header_that_no_form_sends_no_chat_begins() {
    let bed = Bed::start(|_| {}).await;
    let reply = reqwest::Client::new().post(bed.url("/api/v1/chat/sessions")).json(&json!({})).send().await;
    assert_eq!(code(reply.expect("an answer")).await, (403, "missing_header".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_sites_may_chat_where_the_configuration_names_them() {
    let bed =
        Bed::start(|config| config.chat_origins = vec![hotline::config::Origin("https://shop.example".into())]).await;
    let from = |origin: &str| {
        let mut headers = HeaderMap::new();
        headers.insert("origin", HeaderValue::from_str(origin).expect("a header"));
        headers
    };
    let own = format!("http://{}", bed.service.http);
    for (origin, expected) in [
        ("https://shop.example", 201),
        ("https://SHOP.example", 201),
        (own.as_str(), 201),
        ("https://evil.example", 403),
        ("http://shop.example", 403),
        ("https://shop.example.evil.example", 403),
        ("null", 403),
    ] {
        let reply = bed.begin(json!({})).headers(from(origin)).send().await.expect("an answer");
        assert_eq!(reply.status(), expected, "{origin}");
        let allowed = reply.headers().get("access-control-allow-origin").cloned();
        assert_eq!(allowed.is_some(), expected == 201, "{origin}");
        assert!(reply.headers().get("access-control-allow-credentials").is_none());
        assert_eq!(reply.headers()["vary"], "origin");

        let before = reqwest::Client::new().request(Method::OPTIONS, bed.url("/api/v1/chat/sessions"));
        let before = before.headers(from(origin)).header("access-control-request-method", "POST");
        let before = before.header("access-control-request-headers", "content-type,x-hotline").send().await;
        let before = before.expect("an answer");
        let wanted = if expected == 201 { StatusCode::NO_CONTENT } else { StatusCode::FORBIDDEN };
        assert_eq!(before.status(), wanted, "{origin}");
        if expected == 201 {
            let headers = before.headers()["access-control-allow-headers"].to_str().expect("text");
            assert!(
                ["authorization", "content-type", "last-event-id", "x-hotline"]
                    .iter()
                    .all(|name| headers.contains(name))
            );
        }
    }
    // Nothing else of the interface is open to them.
    let reply = bed.get("/api/v1/me").headers(from("https://shop.example")).send().await.expect("an answer");
    assert!(reply.headers().get("access-control-allow-origin").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_widget_may_be_loaded_by_any_page_and_nothing_else_may() {
    let bed = Bed::start(|_| {}).await;
    for (path, expected) in [("/widget.js", "cross-origin"), ("/chat", "same-origin"), ("/", "same-origin")] {
        let reply = bed.get(path).send().await.expect("an answer");
        assert_eq!(reply.headers()["cross-origin-resource-policy"], expected, "{path}");
        assert!(reply.headers().get("set-cookie").is_none(), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_as_many_chats_as_there_may_be_and_no_more() {
    let bed = Bed::start(|config| config.chat_sessions = 2).await;
    let (mut first, _second) = (bed.visitor().await, bed.visitor().await);
    let reply = bed.begin(json!({})).send().await.expect("an answer");
    assert_eq!(reply.headers()["retry-after"], "60");
    assert_eq!(code(reply).await, (503, "chat_full".into()));
    first.leave().await;
    first.until_over().await;
    bed.visitor().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_begins_or_says_too_much_has_to_wait() {
    let bed = Bed::start(|config| (config.chat_starts, config.chat_messages) = (3, 4)).await;
    let visitor = bed.visitor().await;
    for said in 0..4 {
        assert_eq!(visitor.post(json!({"text": "hello"})).await.status(), 202, "{said}");
    }
    let reply = visitor.post(json!({"text": "hello"})).await;
    let wait: u64 = reply.headers()["retry-after"].to_str().expect("text").parse().expect("a number");
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(code(reply).await, (429, "too_fast".into()));
    bed.visitor().await;
    bed.visitor().await;
    assert_eq!(code(bed.begin(json!({})).send().await.expect("an answer")).await, (429, "too_fast".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_proxy_that_is_believed_each_visitor_is_counted() {
    let trusting = |config: &mut hotline::config::Config| {
        config.chat_starts = 1;
        config.http_proxies = vec!["127.0.0.1".parse().expect("a network")];
    };
    let bed = Bed::start(trusting).await;
    let status = async |address: &str| {
        let reply = bed.begin(json!({})).header("x-forwarded-for", address).send().await.expect("an answer");
        reply.status().as_u16()
    };
    assert_eq!(status("198.51.100.1").await, 201);
    assert_eq!(status("198.51.100.2").await, 201);
    assert_eq!(status("203.0.113.5, 198.51.100.2").await, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn four_pages_may_follow_a_chat_and_a_fifth_when_one_is_gone() {
    let bed = Bed::start(|_| {}).await;
    let visitor = bed.visitor().await;
    let mut pages = Vec::new();
    for _ in 0..4 {
        pages.push(visitor.events().send().await.expect("an answer"));
    }
    assert_eq!(code(visitor.events().send().await.expect("an answer")).await.0, 429);
    pages.clear();
    for _ in 0..100 {
        if visitor.events().send().await.expect("an answer").status() == 200 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the places of pages that are gone stay taken");
}
