//! What operators see of a call: metrics, a trace, readiness, and no caller's number anywhere in them or in the log.

mod common;

use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::routing::post;
use common::{PATIENCE, QUIET, Serving, have_models, phone, words};

const NUMBER: &str = "441632960077";

/// A collector that keeps what is posted to `/v1/traces`.
async fn collector() -> (String, Arc<Mutex<Vec<u8>>>) {
    let kept = Arc::<Mutex<Vec<u8>>>::default();
    let keep = kept.clone();
    let take = move |body: Bytes| {
        keep.lock().expect("nobody panics here").extend_from_slice(&body);
        std::future::ready("")
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("its address"));
    let router = axum::Router::new().route("/v1/traces", post(take));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, kept)
}

async fn get(serving: &Serving, path: &str) -> (u16, String) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let reply = client.get(format!("http://{}{path}", serving.http)).send().await.expect("it answers");
    (reply.status().as_u16(), reply.text().await.expect("text"))
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_a_trace_and_counted_and_names_nobody() {
    if !have_models() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (otlp, traces) = collector().await;
    let serving = Serving::start(folder.path(), &[("HOTLINE_TRACE_OTLP", &otlp)]);
    assert_eq!(get(&serving, "/healthz").await.0, 200);
    assert_eq!(get(&serving, "/readyz").await.0, 200);
    let phone = phone().await;
    let from = format!("+{NUMBER}");
    let mut line = phone.call(&format!("sip:100@{}", serving.sip), &from, PATIENCE).await.expect("answered");
    line.our_turn(QUIET, PATIENCE).await.expect("the bot greets");
    line.say(words("When are you open?")).await.expect("the call is up");
    line.our_turn(QUIET, PATIENCE).await.expect("the bot answers");
    line.hang_up().await;

    let mut metrics = String::new();
    for _ in 0..100 {
        metrics = get(&serving, "/metrics").await.1;
        if metrics.contains("hotline_calls_ended_total") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(metrics.contains("hotline_calls_offered_total 1"), "{metrics}");
    assert!(metrics.contains("hotline_reply_seconds_count 1"), "{metrics}");
    assert!(!metrics.contains(NUMBER), "no personal labels");
    assert!(serving.stop(), "stopping sends what traces are left");
    let traces = traces.lock().expect("nobody panics here").clone();
    for word in ["hotline", "call", "turn", "voice.outcome", "voice.endpoint_ms"] {
        assert!(contains(&traces, word), "the trace names {word}");
    }
    assert!(!contains(&traces, NUMBER), "the trace names nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_holds_no_number_and_no_words() {
    if !have_models() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let serving = Serving::start_logging(folder.path(), &[("HOTLINE_LOG_LEVEL", "debug")], &log);
    let phone = phone().await;
    let from = format!("+{NUMBER}");
    let mut line = phone.call(&format!("sip:100@{}", serving.sip), &from, PATIENCE).await.expect("answered");
    line.our_turn(QUIET, PATIENCE).await.expect("the bot greets");
    line.say(words("I would like a refund for my purple helmet")).await.expect("the call is up");
    line.our_turn(QUIET, PATIENCE).await.expect("the bot answers");
    line.press("1042");
    line.hang_up().await;
    assert!(serving.stop());
    let log = std::fs::read_to_string(log).expect("there is a log");
    assert!(log.contains("ready"), "{log}");
    for personal in [NUMBER, "refund for", "helmet"] {
        assert!(!log.contains(personal), "the log names {personal}:\n{log}");
    }
}

/// A gauge as `/metrics` shows it.
async fn gauge(serving: &Serving, name: &str) -> Option<f64> {
    let metrics = get(serving, "/metrics").await.1;
    metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_telephone_holds_is_shown_and_is_nothing_again_after_the_call() {
    let folder = tempfile::tempdir().expect("a folder");
    let serving = Serving::start(folder.path(), &[("HOTLINE_SPEECH_EN", "")]);
    let phone = common::phone().await;
    let line = phone.call(&format!("sip:100@{}", serving.sip), "caller", PATIENCE).await.expect("answered");
    let becomes = async |name: &str, wanted: f64| {
        tokio::time::timeout(PATIENCE, async {
            while gauge(&serving, name).await != Some(wanted) {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        })
        .await
        .unwrap_or_else(|_| panic!("{name} never became {wanted}"));
    };
    for name in ["hotline_sip_dialogs", "hotline_media_legs"] {
        becomes(name, 1.0).await;
    }
    assert!(gauge(&serving, "hotline_tasks").await > Some(0.0));
    line.hang_up().await;
    for name in ["hotline_sip_dialogs", "hotline_media_legs", "hotline_sip_transactions"] {
        becomes(name, 0.0).await;
    }
    assert!(serving.stop());
}
