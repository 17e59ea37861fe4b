//! Connections break, messages are sent twice, services are stopped and killed: nothing is lost and nothing happens twice.

use std::time::Duration;

use hotline::event::{Event, Outcome};
use hotline::service::open_store;
use hotline::store::CallFilter;
use serde_json::{Value, json};

use super::bed::{Bed, Visitor, kinds, outcomes, texts};
use super::common::{Serving, config_of};

#[tokio::test(flavor = "multi_thread")]
async fn after_a_break_a_chat_goes_on_where_it_was() {
    let bed = Bed::start(|_| {}).await;
    let mut visitor = bed.visitor().await;
    let mut always_there = visitor.again();
    // The connection breaks after every single message.
    while kinds(&visitor.seen).last() != Some(&"asking") {
        visitor.next().await.expect("a message");
        visitor.lose();
    }
    visitor.say("where is my order").await;
    visitor.until_asked().await;
    visitor.lose();
    // What is said while nobody listens is answered, and kept.
    visitor.say("1042").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    visitor.until_asked().await;
    visitor.lose();
    visitor.choose("Nothing more").await;
    visitor.until_over().await;
    always_there.until_over().await;
    assert_eq!(visitor.seen, always_there.seen);
    // Whoever loads the page anew sees all of it.
    let mut anew = Visitor { last: 0, seen: Vec::new(), stream: None, ..visitor.again() };
    anew.until_over().await;
    assert_eq!(anew.seen, visitor.seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_beyond_the_end_or_before_the_beginning_is_no_harm() {
    let bed = Bed::start(|_| {}).await;
    let mut visitor = bed.visitor().await;
    visitor.until_asked().await;
    visitor.leave().await;
    visitor.until_over().await;
    for last in ["18446744073709551615", "-1", "nonsense", ""] {
        let reply = visitor.events().header("last-event-id", last).send().await.expect("an answer");
        assert_eq!(reply.status(), 200, "{last}");
        let text = reply.text().await.expect("it ends");
        assert_eq!(text.is_empty(), last.starts_with('1'), "{last}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_again_under_its_name_is_taken_once() {
    let bed = Bed::start(|_| {}).await;
    let mut visitor = bed.visitor().await;
    visitor.until_asked().await;
    for _ in 0..3 {
        let reply = visitor.post(json!({"text": "where is my order", "reference": "a-1"})).await;
        assert_eq!(reply.status(), 202);
    }
    visitor.until_asked().await;
    visitor.leave().await;
    visitor.until_over().await;
    let echoed: Vec<&Value> = visitor.seen.iter().filter(|message| message["kind"] == "you").collect();
    assert_eq!(echoed.len(), 1);
    assert_eq!(echoed[0]["reference"], "a-1");
    let journal = bed.journal(visitor.id).await;
    assert_eq!(journal.iter().filter(|event| matches!(event, Event::Heard { .. })).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_says_nothing_for_long_has_left() {
    let flow = json!({
        "schema_version": 1, "id": "wait", "name": "Wait", "languages": ["en"], "start": "ask",
        "blocks": [
            {"id": "ask", "type": "collect", "params": {"slot": "name", "kind": "name", "no_input_ms": 1_000, "max_tries": 2,
             "prompt": {"en": "Your name?"}}, "edges": {"next": "people", "no_input": "bye", "no_match": "people"}},
            {"id": "bye", "type": "end", "params": {"outcome": "abandoned", "prompt": {"en": "Goodbye."}}},
            {"id": "people", "type": "to_queue", "params": {"queue": "service"},
             "edges": {"no_agents": "bye", "timeout": "bye", "error": "bye"}},
        ],
        "queues": [{"id": "service", "name": "Service"}],
    });
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("flow.json");
    std::fs::write(&file, flow.to_string()).expect("a file");
    let bed = Bed::start(|config| (config.flow_file, config.chat_patience) = (Some(file.clone()), 2)).await;
    let begun = std::time::Instant::now();
    let mut visitor = bed.visitor().await;
    let told = visitor.until_over().await;
    // Two tries, each twice as long as on the telephone.
    assert!(begun.elapsed() >= Duration::from_millis(4_000), "{:?}", begun.elapsed());
    assert_eq!(texts(&told, "said").last(), Some(&"Goodbye."));
    let journal = bed.journal(visitor.id).await;
    assert_eq!(journal.iter().filter(|event| matches!(event, Event::NoInput { .. })).count(), 2);
    assert_eq!(outcomes(&journal), [Outcome::Abandoned]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_stopped_tells_its_visitors_and_closes_their_chats() {
    let bed = Bed::start(|_| {}).await;
    let mut visitor = bed.visitor().await;
    visitor.until_asked().await;
    visitor.say("where is my order").await;
    visitor.until_asked().await;
    let (told, ()) = tokio::join!(visitor.until_over(), bed.stop());
    assert_eq!(told.last().expect("an end")["cause"], "shutdown");
}

fn variables() -> [(&'static str, &'static str); 4] {
    [
        ("HOTLINE_CHAT_ENABLED", "true"),
        ("HOTLINE_SPEECH_EN", ""),
        ("HOTLINE_SPEECH_ZH", ""),
        ("HOTLINE_UNDERSTAND_ENCODER", "false"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_leaves_a_failed_chat_with_its_words_in_a_ticket() {
    let folder = tempfile::tempdir().expect("a folder");
    let serving = Serving::start(folder.path(), &variables());
    let sessions = format!("http://{}/api/v1/chat/sessions", serving.http);
    let begin = reqwest::Client::new().post(&sessions).header("x-hotline", "1").json(&json!({"language": "en"}));
    let begun: Value = begin.send().await.expect("an answer").json().await.expect("JSON");
    let mut visitor = Visitor::of(sessions, &begun);
    visitor.until_asked().await;
    visitor.say("hello, where is my order").await;
    visitor.until_asked().await;
    // As long as the journal gathers before it writes.
    tokio::time::sleep(Duration::from_millis(500)).await;
    serving.kill();

    let again = Serving::start(folder.path(), &variables());
    let token = Visitor::of(format!("http://{}/api/v1/chat/sessions", again.http), &begun);
    let reply = token.post(json!({"text": "are you there?"})).await;
    assert_eq!(reply.status(), 401, "the visitor is told to begin anew");
    assert!(again.stop(), "it stops well after a recovery");
    let store = open_store(&config_of(folder.path())).await.expect("the database is whole");
    let tenant = store.default_tenant();
    let calls = tenant.calls(&CallFilter::default(), None, 10).await.expect("calls can be read").items;
    assert_eq!((calls.len(), calls[0].outcome), (1, Some(Outcome::Failed)));
    let journal: Vec<Event> =
        tenant.journal(visitor.id).await.expect("it is there").into_iter().map(|entry| entry.event).collect();
    assert_eq!(outcomes(&journal), [Outcome::Failed]);
    let ticket = journal.iter().find_map(|event| match event {
        Event::TicketOpened { body, .. } => Some(body.reveal().to_owned()),
        _ => None,
    });
    let ticket = ticket.expect("a ticket");
    assert!(ticket.contains("hello, where is my order") && ticket.contains("Bot: "), "{ticket}");
    assert!(tenant.unended_calls().await.expect("can be asked").is_empty());
}
