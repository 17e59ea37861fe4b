//! The chat of visitors: the flow that answers the telephone, in writing. A real service over real HTTP, and the pure talk by itself.

#[path = "chat/bed.rs"]
mod bed;
#[path = "common/mod.rs"]
mod common;
#[path = "chat/doors.rs"]
mod doors;
#[path = "chat/hostile.rs"]
mod hostile;
#[path = "chat/losing.rs"]
mod losing;
#[path = "chat/same_way.rs"]
mod same_way;

use bed::{Bed, Visitor, kinds, texts};
use hotline::event::{Channel, Event, Outcome, TicketStatus};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_asks_where_an_order_is_and_is_told() {
    let bed = Bed::start(|_| {}).await;
    let mut visitor = bed.visitor().await;
    let asked = visitor.until_asked().await;
    assert!(texts(&asked, "said").iter().any(|text| text.contains("How can I help you?")), "{asked:?}");
    visitor.say("where is my order").await;
    let asked = visitor.until_asked().await;
    assert!(texts(&asked, "said").iter().any(|text| text.contains("order number")), "{asked:?}");
    assert_eq!(asked.last().expect("a question")["form"], json!({"kind": "digits", "least": 4, "most": 4}));
    visitor.say("1042").await;
    let told = visitor.until_asked().await;
    assert!(texts(&told, "said").iter().any(|text| text.contains("is on its way")), "{told:?}");
    visitor.choose("Nothing more").await;
    let told = visitor.until_over().await;
    assert_eq!(told.last().expect("an end")["outcome"], "resolved");

    let journal = bed.journal(visitor.id).await;
    assert!(
        matches!(&journal[0], Event::Offered { channel: Channel::Chat, to, .. } if to == "https://shop.example/help")
    );
    let typed: Vec<&str> = journal
        .iter()
        .filter_map(|event| match event {
            Event::Heard { text, engine, confidence, .. } if engine == "typed" && *confidence == 1.0 => {
                Some(text.reveal())
            }
            _ => None,
        })
        .collect();
    assert_eq!(typed, ["where is my order", "1042"]);
    assert!(journal.iter().any(|event| matches!(event, Event::Key { digit } if digit.reveal() == "2")));
    assert_eq!(bed::outcomes(&journal), [Outcome::Resolved]);
    let tickets: Vec<_> = journal
        .iter()
        .filter_map(|event| match event {
            Event::TicketOpened { status, subject, .. } => Some((*status, subject.reveal())),
            _ => None,
        })
        .collect();
    assert_eq!(tickets, [(TicketStatus::Solved, "your order: order 1042")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_taps_through_in_chinese() {
    let bed = Bed::start(|_| {}).await;
    let mut visitor = bed.visitor_in("zh-Hans").await;
    let asked = visitor.until_asked().await;
    let question = asked.last().expect("a question");
    let labels: Vec<&str> =
        question["choices"].as_array().expect("choices").iter().filter_map(|c| c["label"].as_str()).collect();
    assert_eq!(labels, ["订单", "营业时间", "维修", "退款", "人工服务"]);
    // The last has no key of a telephone: choosing it is saying it.
    visitor.choose("退款").await;
    let asked = visitor.until_asked().await;
    assert!(texts(&asked, "said").iter().any(|text| text.contains("退款")), "{asked:?}");
    visitor.choose("人工服务").await;
    let told = visitor.until_over().await;
    assert!(told.iter().any(|message| message["kind"] == "queue" && message["state"] == "nobody"), "{told:?}");
    assert_eq!(told.last().expect("an end")["outcome"], "callback");
    let journal = bed.journal(visitor.id).await;
    assert_eq!(bed::outcomes(&journal), [Outcome::Callback]);
    let understood = journal.iter().any(|event| matches!(event, Event::Understood { model, .. } if model == "chosen"));
    assert!(
        understood
            && journal.iter().any(|event| matches!(event, Event::Unqueued { reason, .. } if reason == "no_agents"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_understood_waits_to_be_learned() {
    let bed = Bed::start(|_| {}).await;
    let mut visitor = bed.visitor().await;
    visitor.until_asked().await;
    visitor.say("can I rent a tandem for my aunt in Norway").await;
    visitor.until_asked().await;
    visitor.leave().await;
    visitor.until_over().await;
    bed.journal(visitor.id).await;
    let groups = bed.admin("/api/v1/intents/unmatched").await;
    assert!(groups.to_string().contains("can I rent a tandem for my aunt in Norway"), "{groups}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_has_abandoned_the_chat_and_left_a_ticket() {
    let bed = Bed::start(|_| {}).await;
    let mut visitor = bed.visitor().await;
    visitor.until_asked().await;
    visitor.say("where is my order").await;
    visitor.until_asked().await;
    visitor.leave().await;
    let told = visitor.until_over().await;
    assert_eq!(told.last().expect("an end")["cause"], "normal");
    let journal = bed.journal(visitor.id).await;
    assert_eq!(bed::outcomes(&journal), [Outcome::Abandoned]);
    assert_eq!(journal.iter().filter(|event| matches!(event, Event::TicketOpened { .. })).count(), 1);
    assert_eq!(visitor.post(json!({"text": "hello?"})).await.status(), 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_secret_is_masked_in_the_journal_and_on_the_screen() {
    let flow = json!({
        "schema_version": 1, "id": "bank", "name": "Bank", "languages": ["en"], "start": "pin",
        "blocks": [
            {"id": "pin", "type": "collect", "params": {"slot": "pin", "min_digits": 4, "max_digits": 6, "secret": true,
             "confirm_below": 0.5, "prompt": {"en": "What is your PIN?"}},
             "edges": {"next": "bye", "no_input": "people", "no_match": "people"}},
            {"id": "bye", "type": "end", "params": {"outcome": "resolved", "prompt": {"en": "Thank you."}}},
            {"id": "people", "type": "to_queue", "params": {"queue": "service"},
             "edges": {"no_agents": "bye", "timeout": "bye", "error": "bye"}},
        ],
        "queues": [{"id": "service", "name": "Service"}],
    });
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("flow.json");
    std::fs::write(&file, flow.to_string()).expect("a file");
    let bed = Bed::start(|config| config.flow_file = Some(file.clone())).await;
    for said in [json!({"text": "4711"}), json!({"key": "4711#"})] {
        let mut visitor = bed.visitor().await;
        let asked = visitor.until_asked().await;
        assert_eq!(asked.last().expect("a question")["secret"], true);
        assert_eq!(visitor.post(said).await.status(), 202);
        let told = visitor.until_over().await;
        let journal = bed.journal(visitor.id).await;
        let written = serde_json::to_string(&journal).expect("it serialises");
        for shown in [&written, &serde_json::to_string(&told).expect("JSON")] {
            assert!(!shown.contains("4711") && !shown.contains("\"4\""), "{shown}");
        }
        assert!(written.contains("••••") && kinds(&told).contains(&"you"), "{written}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pages_that_follow_one_chat_see_the_same() {
    let bed = Bed::start(|_| {}).await;
    let mut first = bed.visitor().await;
    let mut second = Visitor { last: 0, seen: Vec::new(), stream: None, ..first.again() };
    first.until_asked().await;
    first.say("what are your opening hours").await;
    first.until_asked().await;
    first.leave().await;
    first.until_over().await;
    second.until_over().await;
    assert_eq!(first.seen, second.seen);
}
