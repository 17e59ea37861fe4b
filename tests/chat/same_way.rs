//! The same inputs lead the same way, in writing and by telephone: the pure talk beside the flow's own simulation, which flow tests and
//! the editor use.

use std::sync::{Arc, OnceLock};

use flow::scenario::{Hear, Scenarios};
use flow::simulate::{Happened, Simulation, Waiting};
use flow::{ChosenBy, Context, Flow, Heard, HttpFailure, HttpReply, Knowledge, KnownArticle, QueueResult};
use hotline::chat::told::What;
use hotline::chat::{Answer, Input, Output, Patience, Talk};
use hotline::event::{CallId, Event, Party};
use intent::{Language, Model};
use proptest::prelude::*;
use serde_json::json;

fn shop() -> (Arc<Flow>, Arc<Model>) {
    static SHOP: OnceLock<(Arc<Flow>, Arc<Model>)> = OnceLock::new();
    SHOP.get_or_init(|| {
        let flow = flow::parse(include_str!("../../src/demo/bicycle-shop.json")).expect("the demo's flow is one");
        let model = intent::train(&flow.training_set(), 1).expect("its intents can be trained");
        (Arc::new(flow), Arc::new(model))
    })
    .clone()
}

/// What somebody does.
#[derive(Clone, Debug)]
enum Does {
    Says(String),
    Presses(String),
    IsSilent,
    Leaves,
}

/// The way of a conversation: blocks with their edges, values, tickets, words.
#[derive(Debug, Default, PartialEq)]
struct Way {
    steps: Vec<String>,
    said: String,
    outcome: Option<String>,
}

fn order(url: &str) -> Result<HttpReply, HttpFailure> {
    match url.rsplit('/').next() {
        Some("1042") => {
            Ok(HttpReply { status: 200, body: json!({"number": "1042", "status": "shipped", "expected": "Tuesday"}) })
        }
        Some("6666") => Err(HttpFailure::Timeout),
        Some("9999") => Err(HttpFailure::Refused),
        _ => Ok(HttpReply { status: 404, body: json!({"error": "no such order"}) }),
    }
}

fn article(question: &str) -> Knowledge {
    let known = |title: &str| KnownArticle {
        id: "a".into(),
        version: 1,
        title: title.into(),
        short: "In the cellar.".into(),
        rest: Some("Mind the step.".into()),
        confidence: 0.9,
    };
    match question {
        question if question.contains("helmet") => Knowledge::Known(known("Where are the helmets?")),
        question if question.contains("pump") => {
            Knowledge::Unsure([known("Where are the pumps?"), known("What is a pump?")])
        }
        _ => Knowledge::default(),
    }
}

fn context(language: Language) -> Context {
    Context {
        language: Some(language),
        variables: [("order_service".to_owned(), json!("http://orders"))].into(),
        ..Context::default()
    }
}

fn plain(text: &str) -> String {
    flow::markup::plain(text).split_whitespace().collect()
}

fn by_telephone(language: Language, does: &[Does]) -> Way {
    let (flow, model) = shop();
    let mut call = Simulation::begin(flow, model, context(language));
    let answer_others = |call: &mut Simulation| {
        for _ in 0..50 {
            let done = match call.waiting() {
                Waiting::Reply { url, .. } => call.reply(order(&url)),
                Waiting::Knowledge { question, .. } => call.knowledge(article(&question)),
                Waiting::Agent { .. } => call.agent(QueueResult::NoAgents),
                Waiting::Inquiry { .. } => panic!("the shop's flow asks the call centre nothing"),
                Waiting::Caller { .. } | Waiting::Over { .. } => return,
            };
            done.expect("it is what is waited for");
        }
    };
    for does in does {
        answer_others(&mut call);
        if matches!(call.waiting(), Waiting::Over { .. }) {
            break;
        }
        let done = match does {
            Does::Says(text) => {
                let language = call.run().language();
                call.say(Heard { text: text.clone(), confidence: 1.0, language, ..Heard::default() })
            }
            Does::Presses(keys) => call.keys(keys),
            Does::IsSilent => call.silence(),
            Does::Leaves => call.hang_up(),
        };
        done.expect("it is the caller's turn");
    }
    answer_others(&mut call);
    let mut way = Way::default();
    for step in call.steps() {
        match &step.what {
            Happened::Left { block, edge, to } => way.steps.push(format!("{block}.{edge} > {to}")),
            Happened::Slot { name, value, .. } => way.steps.push(format!("{name} = {value}")),
            Happened::Ticket { subject, body, .. } => way.steps.push(format!("ticket {subject}: {body}")),
            Happened::NoInput { block } => way.steps.push(format!("{block}: nothing")),
            Happened::NoMatch { block } => way.steps.push(format!("{block}: no match")),
            Happened::Said { text, .. } => way.said.push_str(&plain(text)),
            Happened::Ended { outcome } => way.outcome = Some(format!("{outcome:?}")),
            _ => {}
        }
    }
    way
}

/// A talk on a clock of its own, with everybody whom it asks.
struct Written {
    talk: Talk,
    now: u64,
    way: Way,
}

impl Written {
    fn begin(language: Language) -> Self {
        let (flow, model) = shop();
        let patience = Patience { times: 20, idle: 1_000_000_000 };
        let mut talk = Talk::new(CallId::new(), flow, model, context(language), patience, 0);
        talk.offered(String::new(), String::new());
        let mut written = Self { talk, now: 0, way: Way::default() };
        written.feed(Input::Begin);
        written
    }

    fn feed(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            for output in self.talk.on(input, self.now) {
                match output {
                    Output::Journal(entry) => self.journal(&entry.event),
                    Output::Tell(What::Said { text, .. }) => self.way.said.push_str(&plain(&text)),
                    Output::Tell(_) => {}
                    Output::Http(id, request) => inputs.push(Input::Http { id, result: order(&request.url) }),
                    Output::Consult { id, question, .. } => {
                        inputs.push(Input::Consulted { id, answer: article(question.reveal()) });
                    }
                    Output::Inquire { id, .. } => inputs.push(Input::Told { id, answer: Err("nobody knows".into()) }),
                    Output::Queue(_) => inputs.push(Input::Queue(QueueResult::NoAgents)),
                }
            }
        }
    }

    fn journal(&mut self, event: &Event) {
        match event {
            Event::Left { block, edge, to } => self.way.steps.push(format!("{block}.{edge} > {to}")),
            Event::Slot { name, value, .. } => self.way.steps.push(format!("{name} = {}", value.reveal())),
            // A ticket that closes the journal is none of the flow's.
            Event::TicketOpened { subject, body, .. } if !body.reveal().starts_with("Chat") => {
                self.way.steps.push(format!("ticket {}: {}", subject.reveal(), body.reveal()));
            }
            Event::NoInput { block, .. } => self.way.steps.push(format!("{block}: nothing")),
            Event::NoMatch { block, .. } => self.way.steps.push(format!("{block}: no match")),
            Event::Ended { outcome, .. } => self.way.outcome = Some(format!("{outcome:?}")),
            _ => {}
        }
    }

    fn answer(&mut self, answer: Answer) {
        assert_eq!(self.talk.takes(&answer), Ok(()));
        self.feed(Input::Answered { answer, reference: None, meaning: None });
    }

    fn does(&mut self, does: &Does) {
        self.now += 1_500;
        match does {
            Does::Says(text) => self.answer(Answer::Text(text.clone())),
            Does::Presses(keys) => self.answer(Answer::Keys(keys.clone())),
            Does::IsSilent => {
                self.now = self.talk.deadline().expect("somebody is waited for");
                self.feed(Input::Timeout);
            }
            Does::Leaves => self.feed(Input::Left { by: Party::Caller, cause: "normal" }),
        }
    }
}

fn in_writing(language: Language, does: &[Does]) -> Way {
    let mut written = Written::begin(language);
    for does in does {
        if written.talk.is_over() {
            break;
        }
        written.does(does);
    }
    written.way
}

fn languages() -> impl Strategy<Value = Language> {
    prop_oneof![Just(Language::English), Just(Language::Chinese)]
}

fn something() -> impl Strategy<Value = Does> {
    const WORDS: [&str; 30] = [
        "where is my order",
        "my order 1042",
        "1042",
        "1043",
        "one zero four two",
        "6666",
        "9999",
        "10",
        "when are you open",
        "I want a refund",
        "my brakes squeak",
        "yes",
        "no",
        "no thank you",
        "a person please",
        "go back",
        "say that again",
        "stop",
        "what is the weather",
        "where do you have helmets",
        "how do I use a pump",
        "the second one",
        "asdf qwer",
        "我的订单在哪里",
        "一零四二",
        "你们几点开门",
        "转人工",
        "不用了",
        "退款",
        "不对,是1042",
    ];
    prop_oneof![
        8 => prop::sample::select(WORDS.to_vec()).prop_map(|words| Does::Says(words.to_owned())),
        4 => "[0-9*#]{1,5}".prop_map(Does::Presses),
        2 => Just(Does::Presses("1042".to_owned())),
        1 => Just(Does::IsSilent),
        1 => Just(Does::Leaves),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_same_inputs_lead_the_same_way(language in languages(), does in prop::collection::vec(something(), 0..12)) {
        prop_assert_eq!(in_writing(language, &does), by_telephone(language, &does));
    }

    #[test]
    fn whatever_is_offered_leads_on(language in languages(), taps in prop::collection::vec(any::<prop::sample::Index>(), 1..12)) {
        let mut written = Written::begin(language);
        for tap in taps {
            if written.talk.is_over() {
                break;
            }
            let before = written.way.steps.len();
            match written.talk.asked() {
                Some(asked) if !asked.choices.is_empty() => {
                    let at = tap.index(asked.choices.len());
                    prop_assert!(!asked.choices[at].label.is_empty());
                    written.now += 1_500;
                    written.answer(Answer::Choice { question: asked.turn, id: at as u32 + 1 });
                    let missed = written.way.steps[before..].iter().any(|step| step.ends_with("no match"));
                    prop_assert!(!missed, "{:?} leads nowhere: {:?}", asked.choices[at], &written.way.steps[before..]);
                }
                // What has no choices here is an order's number.
                Some(_) => written.does(&Does::Presses("1042".to_owned())),
                None => prop_assert!(false, "nobody is waited for"),
            }
        }
    }
}

#[test]
fn the_demos_own_tests_lead_the_same_way() {
    let scenarios: Scenarios =
        Scenarios::read(include_str!("../../src/demo/bicycle-shop.test.yaml")).expect("the demo's tests are some");
    let mut played = 0;
    for scenario in &scenarios.tests {
        let language = scenario.language.as_deref().map_or(Language::English, |code| code.parse().expect("a language"));
        let mut does = Vec::new();
        for line in &scenario.steps {
            match (&line.hear, &line.keys, line.silence) {
                (Some(Hear::Words(text) | Hear::Heard { text, .. }), _, _) => does.push(Does::Says(text.clone())),
                (_, Some(keys), _) => does.push(Does::Presses(keys.clone())),
                (_, _, Some(times)) => does.extend((0..times).map(|_| Does::IsSilent)),
                _ => {}
            }
        }
        assert_eq!(in_writing(language, &does), by_telephone(language, &does), "{}", scenario.name);
        played += 1;
    }
    assert!(played >= 6);
}

#[test]
fn a_question_waits_longer_than_on_the_telephone_but_not_for_the_rest_of_an_answer() {
    let mut written = Written::begin(Language::English);
    let asked = written.talk.deadline().expect("it waits");
    written.does(&Does::Says("where is my order".into()));
    written.does(&Does::Presses("10".into()));
    let rest = written.talk.deadline().expect("it waits") - written.now;
    assert!(asked >= 20 * 4_000 && rest <= 10_000, "{asked} {rest}");
}

#[test]
fn choices_are_keys_of_the_telephone_or_words_that_could_be_said() {
    let written = Written::begin(Language::English);
    let asked = written.talk.asked().expect("a question");
    let by: Vec<_> = asked.choices.iter().map(|choice| (choice.label.as_str(), choice.by.clone())).collect();
    assert_eq!(
        by,
        [
            ("Your order", ChosenBy::Key('1')),
            ("Our opening hours", ChosenBy::Key('2')),
            ("A repair", ChosenBy::Key('3')),
            ("A refund", ChosenBy::Intent("refund".into())),
            ("A person", ChosenBy::Key('0')),
        ]
    );
    assert!(!asked.person, "a choice leads to a person already");
}
