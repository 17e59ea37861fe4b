//! The flow of the demonstration, by text: what its test calls do on a real line.

use std::sync::{Arc, OnceLock};

use flow::{Context, Event, Flow, HttpFailure, Knowledge, KnownArticle, Outcome, QueueResult, Severity};
use intent::{Language, Model};
use serde_json::json;

use crate::line::Line;

fn shop() -> (Arc<Flow>, Arc<Model>) {
    static SHOP: OnceLock<(Arc<Flow>, Arc<Model>)> = OnceLock::new();
    SHOP.get_or_init(|| {
        let flow = flow::parse(DOCUMENT).unwrap_or_else(|findings| panic!("{findings:#?}"));
        let model = intent::train(&flow.training_set(), 1).expect("its intents can be trained");
        (Arc::new(flow), Arc::new(model))
    })
    .clone()
}

const DOCUMENT: &str = include_str!("../../../src/demo/bicycle-shop.json");

fn call() -> Line {
    call_in(Language::English)
}

fn call_in(language: Language) -> Line {
    let (flow, model) = shop();
    let context = Context {
        call_id: "7".into(),
        caller: "+4930123456".into(),
        language: Some(language),
        variables: [("order_service".to_owned(), json!("http://127.0.0.1:4000"))].into(),
        ..Context::default()
    };
    let mut line = Line::with(flow, model, context);
    line.send(Event::Begin);
    line
}

#[test]
fn the_document_is_canonical_and_can_be_published() {
    let (flow, _) = shop();
    assert_eq!(flow.to_json(), DOCUMENT);
    assert_eq!(flow::validate(&flow).into_iter().filter(|f| f.severity == Severity::Error).collect::<Vec<_>>(), []);
}

#[test]
fn a_caller_asks_for_the_hours_when_the_number_is_asked_and_comes_back_to_it() {
    let mut line = call();
    line.caller("hello, I'd like to know where my order is").caller("wait, when are you open");
    line.check("bot: We are open from Tuesday to Saturday, from 10 to 6. Now to your order.");
    line.check("bot: What is your order number?");
    line.caller("one zero four two").check("http GET http://127.0.0.1:4000/orders/1042");
}

#[test]
fn a_caller_asks_where_an_order_is_and_is_told() {
    let mut line = call();
    line.caller("hello, I'd like to know where my order is").caller("one zero four two");
    line.check("http GET http://127.0.0.1:4000/orders/1042");
    line.reply(
        200,
        json!({"number": "1042", "status": "shipped", "item": "a red touring bike", "expected": "Tuesday"}),
    );
    line.check("bot: Your order 1042, a red touring bike, is on its way and should be with you on Tuesday.");
    line.caller("no thank you");
    line.check("ticket your order: order 1042 |");
    assert_eq!(line.outcome(), Some(Outcome::Resolved), "{:#?}", line.log);
}

#[test]
fn a_number_that_was_said_with_the_request_is_not_asked_for_again() {
    let order = json!({"number": "1042", "status": "shipped", "item": "a bike", "expected": "Tuesday"});
    let mut line = call();
    line.caller("where is my order one zero four two");
    line.check("bot: I have 1 0, 4 2. Is that right?");
    assert!(!line.words().iter().any(|words| words.contains("What is your order number")), "{:#?}", line.log);
    line.caller("yes").check("http GET http://127.0.0.1:4000/orders/1042");
    line.reply(200, order.clone()).check("bot: Your order 1042, a bike, is on its way");

    // Misheard, it is corrected in one turn; unknown to the shop, it is asked for.
    let mut line = call();
    line.caller("where is my order one zero four two").caller("no, one zero four three").caller("yes");
    line.check("http GET http://127.0.0.1:4000/orders/1043");
    line.reply(404, json!({"message": "not found"})).caller("yes");
    line.check("bot: What is your order number?");

    // Too few digits count something else.
    let mut line = call();
    line.caller("where are my 2 orders").check("bot: What is your order number?");

    let mut line = call_in(Language::Chinese);
    line.caller_in("我的订单幺零四二到哪里了", Language::Chinese).caller_in("对", Language::Chinese);
    line.check("http GET http://127.0.0.1:4000/orders/1042");
}

#[test]
fn a_caller_who_only_presses_keys_is_served_the_same() {
    let mut line = call();
    line.keys("1").keys("1042#").reply(200, json!({"status": "ready"})).keys("1").keys("2").keys("2");
    line.check("bot: Your order 1042 is ready for you in the shop.");
    line.check("bot: We are open from Tuesday");
    assert_eq!(line.outcome(), Some(Outcome::Resolved), "{:#?}", line.log);
}

#[test]
fn a_caller_who_wants_a_refund_and_asks_for_a_person_gets_one() {
    let mut line = call();
    line.caller("I would like to get a refund").caller("I want to speak to a person");
    line.check("queue service: Asked for a person; it is about a refund.");
    line.agent(QueueResult::Bridged).agent(QueueResult::AgentEnded);
    assert_eq!(line.outcome(), Some(Outcome::Agent), "{:#?}", line.log);
}

#[test]
fn a_caller_whom_the_knowledge_base_cannot_help_either_and_who_is_then_silent_is_offered_a_person() {
    let mut line = call();
    line.caller("can you tell me a joke, please");
    line.check("understood Reject");
    line.knowledge(Knowledge::Unknown(Vec::new()));
    line.check("bot: I'm afraid I don't know about that.");
    line.silence().silence();
    assert!(
        line.words().last().is_some_and(|words| words.contains("connect you with one of our people")),
        "{:#?}",
        line.log
    );
    line.silence().silence();
    line.check("ticket A person was offered");
    assert_eq!(line.outcome(), Some(Outcome::Callback));
}

#[test]
fn what_means_no_intent_is_looked_up_without_asking_again() {
    let mut line = call();
    line.caller("how long is the warranty on a frame");
    let article = KnownArticle {
        id: "warranty".into(),
        version: 1,
        title: "How long is the warranty?".into(),
        short: "Frames have a warranty of five years.".into(),
        rest: None,
        confidence: 0.9,
    };
    line.knowledge(Knowledge::Known(article));
    line.check("bot: Frames have a warranty of five years.");
    line.caller("no thank you");
    assert_eq!(line.outcome(), Some(Outcome::Resolved));
}

#[test]
fn words_that_were_hardly_heard_are_asked_for_again() {
    let mut line = call();
    line.caller_unsure("how long is the warranty on a frame", 0.3, &[]);
    line.check("bot: Sorry");
}

#[test]
fn when_nobody_is_free_the_caller_is_called_back() {
    let mut line = call();
    line.keys("0").agent(QueueResult::NoAgents);
    line.check("ticket Call back: asked for a person | The caller +4930123456 wanted to talk");
    assert_eq!(line.outcome(), Some(Outcome::Callback));
}

#[test]
fn an_order_service_that_is_down_leads_to_a_person() {
    let mut line = call();
    line.keys("1").keys("1042").http(Err(HttpFailure::Refused)).http(Err(HttpFailure::Refused));
    line.check("bot: I'm sorry, I can't look up orders right now.");
    line.check("queue service: It is about your order.");
}

#[test]
fn an_unknown_order_can_be_tried_again() {
    let mut line = call();
    line.keys("1").keys("9999").reply(404, json!({"message": "not found"}));
    line.check("bot: I can't find an order 9999.");
    line.keys("1").keys("1042").reply(200, json!({"status": "processing"}));
    line.check("bot: Your order 1042 is being put together in our workshop.");
}

#[test]
fn a_caller_who_hangs_up_leaves_a_ticket_unless_the_answer_was_given() {
    let mut line = call();
    line.keys("1").hang_up();
    line.check("ticket The caller hung up: your order |");
    assert_eq!(line.outcome(), Some(Outcome::Abandoned));
    let mut line = call();
    line.keys("2").hang_up();
    assert_eq!(line.outcome(), Some(Outcome::Resolved));
    assert!(!line.has("ticket"));
}

#[test]
fn the_shop_speaks_chinese() {
    let mut line = call_in(Language::Chinese);
    line.caller_in("帮我查一下订单", Language::Chinese).caller_in("幺零四二", Language::Chinese);
    line.check("http GET http://127.0.0.1:4000/orders/1042");
    line.reply(200, json!({"status": "shipped"})).caller_in("没有了,谢谢", Language::Chinese);
    line.check("bot: 您的订单 1042 已经发货。");
    assert_eq!(line.outcome(), Some(Outcome::Resolved), "{:#?}", line.log);
}
