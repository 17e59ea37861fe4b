//! What nobody sends by accident. The chat goes on afterwards.

use serde_json::{Value, json};

use super::bed::{Bed, Visitor, kinds, texts};

/// The chat still answers.
async fn is_well(visitor: &mut Visitor) {
    visitor.say("where is my order").await;
    loop {
        let told = visitor.until_asked().await;
        if texts(&told, "said").iter().any(|text| text.contains("order number")) {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_make_no_sense_are_refused_with_the_reason() {
    let bed = Bed::start(|_| {}).await;
    let mut visitor = bed.visitor().await;
    visitor.until_asked().await;
    let url = bed.url(&format!("/api/v1/chat/sessions/{}/messages", visitor.id));
    let post = async |body: Vec<u8>, kind: &str| {
        let request = reqwest::Client::new().post(&url).bearer_auth(&visitor.token).header("content-type", kind);
        match request.body(body).send().await {
            Ok(reply) => {
                let status = reply.status().as_u16();
                let body: Value = reply.json().await.expect("JSON");
                assert!(body["error"]["message"].as_str().expect("words").len() > 20);
                status
            }
            // A body that is refused before it is read to its end.
            Err(_) => 413,
        }
    };
    let nested = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    for (body, kind, expected) in [
        (b"".to_vec(), "application/json", 400),
        (b"{".to_vec(), "application/json", 400),
        (b"null".to_vec(), "application/json", 400),
        (b"\xff\xfe\x00".to_vec(), "application/json", 400),
        (b"{\"text\": 7}".to_vec(), "application/json", 400),
        (b"{\"text\": \"\xc3\x28\"}".to_vec(), "application/json", 400),
        (br#"{"text": "\ud800"}"#.to_vec(), "application/json", 400),
        (br#"{"choice": 99999999999999999999, "question": 1}"#.to_vec(), "application/json", 400),
        (nested.into_bytes(), "application/json", 400),
        (b"text=hello".to_vec(), "application/x-www-form-urlencoded", 415),
        (br#"{"text": "hello"}"#.to_vec(), "text/plain", 415),
        (format!("{{\"text\": \"{}\"}}", "a".repeat(1_001)).into_bytes(), "application/json", 400),
        (format!("{{\"text\": \"{}\"}}", "a".repeat(20_000)).into_bytes(), "application/json", 413),
        (format!("{{\"text\": \"{}\"}}", "a".repeat(10_000_000)).into_bytes(), "application/json", 413),
    ] {
        let begins = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        assert_eq!(post(body, kind).await, expected, "{begins}");
    }
    is_well(&mut visitor).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_are_taken_without_what_nobody_types() {
    let bed = Bed::start(|_| {}).await;
    let mut visitor = bed.visitor().await;
    visitor.until_asked().await;
    for text in [
        "\u{0}\u{7}\u{1b}[2Jhello".to_owned(),
        "<script>alert(1)</script>".to_owned(),
        "{{ vars.order_service }} {% for x in range(99999999) %}a{% endfor %}".to_owned(),
        "'; DROP TABLE calls; --".to_owned(),
        "Z\u{300}\u{301}\u{302}".repeat(200),
        "👩‍👩‍👧‍👦".repeat(40),
        "1".repeat(1_000),
        "\u{202e}\u{2066}abc".to_owned(),
    ] {
        let reply = visitor.post(json!({ "text": text })).await;
        assert_eq!(reply.status(), 202, "{text}");
        loop {
            let message = visitor.next().await.expect("an answer, or an end");
            let kind = message["kind"].as_str().expect("a kind").to_owned();
            if kind == "you" {
                let text = message["text"].as_str().expect("words");
                assert!(!text.contains(|c: char| c.is_control() || c == '\u{202e}'), "{text:?}");
            }
            if kind == "asking" {
                break;
            }
            if kind == "ended" {
                visitor = bed.visitor().await;
                visitor.until_asked().await;
                break;
            }
        }
    }
    // Whoever comes next is served.
    let mut next = bed.visitor().await;
    next.until_asked().await;
    is_well(&mut next).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_of_another_question_is_refused_and_changes_nothing() {
    let bed = Bed::start(|_| {}).await;
    let mut visitor = bed.visitor().await;
    let asked = visitor.until_asked().await;
    let question = asked.last().expect("a question")["question"].as_u64().expect("a number");
    for (choice, question) in
        [(1, question + 1), (1, 0), (0, question), (99, question), (u32::MAX, question), (1, u64::MAX)]
    {
        let reply = visitor.post(json!({"choice": choice, "question": question})).await;
        assert_eq!(reply.status(), 409, "{choice} of {question}");
    }
    is_well(&mut visitor).await;
    assert_eq!(kinds(&visitor.seen).iter().filter(|kind| **kind == "you").count(), 1);
}
