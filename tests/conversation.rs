//! The conversation as a pure machine: what callers do, in any order, and what must hold whatever they do.

use std::sync::Arc;

use flow::Flow;
use flow::event::{Context, HttpReply, Knowledge};
use hotline::call::{Conversation, Input, Output, QueueNews};
use hotline::event::{CallId, Channel, Entry, Event, Outcome, Party, Personal, Speaker};
use hotline::flows::replay::{Here, Status, replayed};
use hotline::listen::NotRecognised;
use models::Recognition;
use proptest::prelude::*;

const EXAMPLE: &str = include_str!("../src/demo/bicycle-shop.json");

/// A conversation with time of its own, and a leg that plays every piece for a second.
struct Call {
    conversation: Conversation,
    now: u64,
    journal: Vec<Entry>,
    /// Pieces handed out and not yet over.
    playing: Vec<u64>,
    recognising: Vec<u64>,
    /// Requests that were not answered yet.
    asked: Vec<u64>,
    queued: bool,
    hung_up: bool,
}

impl Call {
    fn new(flow: &Arc<Flow>, model: &Arc<intent::Model>) -> Self {
        let context = Context { caller: "+441632960001".into(), variables: variables(), ..Context::default() };
        let conversation = Conversation::new(CallId::new(), flow.clone(), model.clone(), context, 0);
        Self {
            conversation,
            now: 0,
            journal: vec![],
            playing: vec![],
            recognising: vec![],
            asked: vec![],
            queued: false,
            hung_up: false,
        }
    }

    fn feed(&mut self, input: Input) {
        for output in self.conversation.on(input, self.now) {
            match output {
                Output::Journal(entry) => self.journal.extend(Some(entry).filter(|entry| !entry.event.is_transient())),
                Output::Play { id, .. } => self.playing.push(id),
                Output::Recognise { job, .. } => self.recognising.push(job),
                Output::Http(id, _) => self.asked.push(id),
                Output::Consult { id, .. } => self.asked.push(id),
                Output::Queue { .. } => self.queued = true,
                Output::LeaveQueue(_) => self.queued = false,
                Output::HangUp => self.hung_up = true,
                _ => {}
            }
        }
    }

    fn answer(&mut self) {
        self.feed(Input::Answered { codec: "PCMU".into() });
        self.feed(Input::RecordingStarted);
    }

    /// Plays what is to be said to its end.
    fn listen(&mut self) {
        while !self.playing.is_empty() {
            let id = self.playing.remove(0);
            self.feed(Input::PieceReady { id, of_ms: 1_000 });
            self.feed(Input::PieceStarted { id, at: self.now });
            self.now += 1_000;
            self.feed(Input::PieceEnded { id, played_ms: 1_000, of_ms: 1_000 });
        }
    }

    fn say(&mut self, text: &str) {
        self.recognising.clear();
        let from_ms = self.now;
        self.feed(Input::SpeechStarted { speaker: Speaker::Caller, from_ms });
        self.stop_playing();
        self.now += 1_000;
        let (to_ms, last_voiced) = (self.now, self.now);
        self.now += 600;
        self.feed(Input::SpeechEnded { speaker: Speaker::Caller, from_ms, to_ms, last_voiced });
        self.now += 50;
        for job in std::mem::take(&mut self.recognising) {
            self.feed(Input::Recognised { job, sound_from_ms: 0, result: Ok(recognition(text)) });
        }
    }

    fn stop_playing(&mut self) {
        for id in std::mem::take(&mut self.playing) {
            self.feed(Input::PieceEnded { id, played_ms: 400, of_ms: 1_000 });
        }
    }

    fn wait(&mut self) {
        if let Some(deadline) = self.conversation.deadline() {
            self.now = self.now.max(deadline);
            self.feed(Input::Timeout);
        }
    }

    /// Hears everything out, also what other services are asked meanwhile, and that nobody is free.
    fn hear_out(&mut self) {
        self.listen();
        while !self.asked.is_empty() || self.queued {
            self.reply(200);
            if std::mem::take(&mut self.queued) {
                self.feed(Input::Queue(QueueNews::NoAgents));
            }
            self.listen();
        }
    }

    /// Other services answer: this order is known, and the knowledge base knows nothing.
    fn reply(&mut self, status: u16) {
        for id in std::mem::take(&mut self.asked) {
            let body = serde_json::json!({"number": "1042", "status": "shipped", "items": ["bell"]});
            self.feed(Input::Http { id, result: Ok(HttpReply { status, body }) });
            self.feed(Input::Consulted { id, answer: Knowledge::default() });
        }
    }

    fn outcome(&self) -> Option<Outcome> {
        self.journal.iter().find_map(|entry| match entry.event {
            Event::Ended { outcome, .. } => Some(outcome),
            _ => None,
        })
    }

    fn any(&self, test: impl Fn(&Event) -> bool) -> bool {
        self.journal.iter().any(|entry| test(&entry.event))
    }
}

#[test]
fn a_caller_whom_nobody_can_listen_to_goes_on_by_keys() {
    let (flow, model) = example();
    let context = Context { deaf: vec![intent::Language::English], ..Context::default() };
    let mut call = Call::new(&flow, &model);
    call.conversation = Conversation::new(CallId::new(), flow, model, context, 0);
    call.answer();
    call.listen();
    assert!(call.any(|event| matches!(event, Event::Problem { what, .. } if what == "recogniser")));
    // What is said is neither recognised nor does it stop a prompt.
    call.feed(Input::SpeechStarted { speaker: Speaker::Caller, from_ms: call.now });
    call.wait();
    assert!(call.recognising.is_empty() && !call.playing.is_empty(), "asked again, and not listened to");
    call.feed(Input::Key('1'));
    assert!(call.any(|event| matches!(event, Event::Key { .. })));
}

fn variables() -> std::collections::BTreeMap<String, serde_json::Value> {
    [("order_service".to_owned(), "http://shop.example".into())].into()
}

fn recognition(text: &str) -> Recognition {
    let mut heard = Recognition::silence("test");
    heard.no_speech = false;
    heard.in_grammar = true;
    heard.confidence = 0.95;
    heard.text = text.to_owned();
    heard
}

fn example() -> (Arc<Flow>, Arc<intent::Model>) {
    let flow = flow::parse(EXAMPLE).expect("the example is valid");
    let model = intent::train(&flow.training_set(), 1).expect("its intents can be trained");
    (Arc::new(flow), Arc::new(model))
}

#[test]
fn a_caller_who_hangs_up_has_one_outcome_and_a_ticket_with_what_was_said() {
    let (flow, model) = example();
    let mut call = Call::new(&flow, &model);
    call.answer();
    call.listen();
    call.say("where is my order");
    call.feed(Input::HungUp { by: Party::Caller, cause: "normal" });
    assert_eq!(call.outcome(), Some(Outcome::Abandoned));
    assert_eq!(call.journal.iter().filter(|entry| matches!(entry.event, Event::TicketOpened { .. })).count(), 1);
    assert!(call.any(|event| matches!(event, Event::Heard { text, .. } if text.reveal() == "where is my order")));
}

#[test]
fn barging_in_stops_the_prompt_and_keeps_the_words_that_were_heard() {
    let (flow, model) = example();
    let mut call = Call::new(&flow, &model);
    call.answer();
    call.listen();
    call.say("I want a refund");
    let piece = call.playing[0];
    call.feed(Input::PieceReady { id: piece, of_ms: 1_000 });
    call.feed(Input::PieceStarted { id: piece, at: call.now });
    call.say("where is my order");
    let cut =
        call.any(|event| matches!(event, Event::Said { completed: false, text, .. } if !text.reveal().is_empty()));
    assert!(cut, "{:?}", call.journal.last());
}

#[test]
fn an_agent_who_hangs_up_first_leaves_a_call_with_the_outcome_agent() {
    let (flow, model) = example();
    let mut call = Call::new(&flow, &model);
    call.answer();
    call.listen();
    call.feed(Input::Key('0'));
    call.stop_playing();
    call.listen();
    assert!(call.queued, "0 leads to a person");
    call.feed(Input::Queue(QueueNews::Ringing("anna".into())));
    call.feed(Input::Queue(QueueNews::Bridged("anna".into())));
    call.feed(Input::Queue(QueueNews::Parted("anna".into(), Party::Agent)));
    call.listen();
    while call.outcome().is_none() {
        call.wait();
        call.listen();
    }
    assert_eq!(call.outcome(), Some(Outcome::Agent));
}

#[test]
fn a_recognition_of_an_earlier_turn_changes_nothing() {
    let (flow, model) = example();
    let mut call = Call::new(&flow, &model);
    call.answer();
    call.listen();
    let before = call.journal.len();
    call.feed(Input::Recognised { job: 4_711, sound_from_ms: 0, result: Ok(recognition("I want a refund")) });
    call.feed(Input::PieceEnded { id: 4_711, played_ms: 1, of_ms: 1 });
    assert_eq!(call.journal.len(), before);
}

#[test]
fn when_speech_cannot_be_recognised_the_caller_is_asked_again() {
    let (flow, model) = example();
    let mut call = Call::new(&flow, &model);
    call.answer();
    call.listen();
    call.feed(Input::SpeechStarted { speaker: Speaker::Caller, from_ms: call.now });
    call.now += 900;
    let to_ms = call.now;
    call.feed(Input::SpeechEnded { speaker: Speaker::Caller, from_ms: to_ms - 800, to_ms, last_voiced: to_ms });
    let job = call.recognising.pop().expect("the utterance is recognised");
    call.feed(Input::Recognised { job, sound_from_ms: 0, result: Err(NotRecognised::Busy) });
    call.wait();
    assert!(call.any(|event| matches!(event, Event::NotHeard { reason, .. } if reason == "busy")));
    assert!(!call.playing.is_empty(), "the flow goes on");
}

/// The journal of a caller who says these things, hears everything out and hangs up.
fn journal_of(flow: &Arc<Flow>, model: &Arc<intent::Model>, says: &[&str]) -> Vec<Entry> {
    let mut call = Call::new(flow, model);
    let from = Personal::new("+441632960001");
    let offered = Event::Offered { channel: Channel::Sip, from, to: String::new(), flow: flow.id.clone() };
    call.journal.push(call.conversation.note(offered, 0));
    call.answer();
    for words in says {
        call.listen();
        call.say(words);
        call.listen();
        call.reply(200);
        if call.queued {
            call.feed(Input::Queue(QueueNews::NoAgents));
        }
    }
    call.listen();
    call.feed(Input::HungUp { by: Party::Caller, cause: "normal" });
    call.journal
}

#[test]
fn a_change_that_sends_refund_callers_elsewhere_is_caught_before_it_is_published() {
    let (flow, model) = example();
    let refund = journal_of(&flow, &model, &["I want a refund", "yes"]);
    let order = journal_of(&flow, &model, &["where is my order", "1042", "no thank you"]);
    let here = Here { variables: variables(), zone: jiff::tz::TimeZone::UTC, articles: Default::default() };
    let compared = |draft: &serde_json::Value, journal: &[Entry]| {
        let draft = Arc::new(flow::parse(&draft.to_string()).expect("it is well formed"));
        let (compared, _) =
            replayed((&draft, &model), (CallId::new(), 0), journal, &here).expect("it came to the flow");
        (compared.status, compared.place.unwrap_or_default(), compared.after)
    };
    let document: serde_json::Value = serde_json::from_str(EXAMPLE).expect("it is JSON");
    let edit = |id: &str, change: &dyn Fn(&mut serde_json::Value)| {
        let mut draft = document.clone();
        let blocks = draft["blocks"].as_array_mut().expect("a list");
        change(blocks.iter_mut().find(|block| block["id"] == id).expect("it is there"));
        draft
    };
    assert_eq!(compared(&document, &refund).0, Status::Same);
    assert_eq!(compared(&document, &order).0, Status::Same);

    // Who wants a refund is now told when the shop is open. What was said to the offer answers nothing there.
    let draft = edit("wants", &|block| block["edges"]["refund"] = "hours".into());
    let (status, place, after) = compared(&draft, &refund);
    assert!(status != Status::Same && place == "anything_else", "{status:?} at {place}: {after:?}");
    assert_eq!(after.path, ["greeting", "wants", "hours", "anything_else"]);
    assert_eq!(compared(&draft, &order).0, Status::Same, "callers who want something else are served as before");

    // Their yes leads to a ticket instead of to a person: all that was asked was asked then, so the way is known to its end.
    let draft = edit("refund_offer", &|block| block["edges"]["yes"] = "callback_ticket".into());
    let (status, place, after) = compared(&draft, &refund);
    assert_eq!((status, place.as_str()), (Status::Moved, "refund_offer"));
    assert!(
        after.queue.is_empty() && after.path.ends_with(&["callback_ticket".into(), "will_call_back".into()]),
        "{after:?}"
    );
}

/// What a caller, a network and a machine may do at any moment.
#[derive(Clone, Debug)]
enum Happening {
    Say(usize),
    Key(char),
    Listen,
    Wait,
    StopPlaying,
    Resume,
    Pause,
    Fail,
    Queue(usize),
    HangUp,
}

const PHRASES: [&str; 6] = ["where is my order", "1042", "yes", "no thank you", "I want a refund", "purple monkey"];

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => (0..PHRASES.len()).prop_map(Happening::Say),
        3 => prop::sample::select("0123456789*#".chars().collect::<Vec<_>>()).prop_map(Happening::Key),
        6 => Just(Happening::Listen),
        3 => Just(Happening::Wait),
        1 => Just(Happening::StopPlaying),
        1 => Just(Happening::Resume),
        1 => Just(Happening::Pause),
        1 => Just(Happening::Fail),
        2 => (0..5usize).prop_map(Happening::Queue),
        1 => Just(Happening::HangUp),
    ]
}

fn happen(call: &mut Call, happening: Happening) {
    let speaker = Speaker::Caller;
    let (from_ms, to_ms) = (call.now.saturating_sub(500), call.now);
    match happening {
        Happening::Say(phrase) => call.say(PHRASES[phrase]),
        Happening::Key(digit) => call.feed(Input::Key(digit)),
        Happening::Listen => call.listen(),
        Happening::Wait => call.wait(),
        Happening::StopPlaying => call.stop_playing(),
        Happening::Resume => call.feed(Input::SpeechResumed { speaker }),
        Happening::Pause => call.feed(Input::SpeechPaused { speaker, from_ms, to_ms, last_voiced: to_ms }),
        Happening::Fail => {
            if let Some(job) = call.recognising.pop() {
                call.feed(Input::Recognised {
                    job,
                    sound_from_ms: 0,
                    result: Err(NotRecognised::Failed("broken".into())),
                });
            }
            if let Some(id) = call.playing.pop() {
                call.feed(Input::PieceFailed { id, reason: "no voice".into() });
            }
        }
        Happening::Queue(news) => {
            let agent = "anna".to_owned();
            call.feed(Input::Queue(match news {
                0 => QueueNews::Ringing(agent),
                1 => QueueNews::Missed(agent, "no_answer".into()),
                2 => QueueNews::Bridged(agent),
                3 => QueueNews::Parted(agent, Party::Agent),
                _ => QueueNews::NoAgents,
            }));
        }
        Happening::HangUp => call.feed(Input::HungUp { by: Party::Caller, cause: "normal" }),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_a_call_ends_once_and_its_journal_has_no_gap(
        happenings in prop::collection::vec(happening(), 0..60),
    ) {
        thread_local!(static EXAMPLE: (Arc<Flow>, Arc<intent::Model>) = example());
        let mut call = EXAMPLE.with(|(flow, model)| Call::new(flow, model));
        call.answer();
        for happening in happenings {
            happen(&mut call, happening);
            call.now += 10;
        }
        call.feed(Input::HungUp { by: Party::Caller, cause: "normal" });
        prop_assert!(call.conversation.is_over());
        let ended = call.journal.iter().filter(|entry| matches!(entry.event, Event::Ended { .. })).count();
        prop_assert_eq!(ended, 1);
        let has_ticket = call.any(|event| matches!(event, Event::TicketOpened { .. }));
        prop_assert!(has_ticket);
        let ends_last = matches!(call.journal.last().map(|entry| &entry.event), Some(Event::Ended { .. }));
        prop_assert!(ends_last);
        for (entry, seq) in call.journal.iter().zip(1..) {
            prop_assert_eq!(entry.seq, seq);
        }
        let length = call.journal.len();
        call.feed(Input::Key('1'));
        prop_assert_eq!(call.journal.len(), length, "nothing is written after the end");
    }

    #[test]
    fn the_same_flow_does_the_same_again_with_what_the_journal_has_kept(
        doings in prop::collection::vec(doing(), 0..40),
    ) {
        thread_local!(static EXAMPLE: (Arc<Flow>, Arc<intent::Model>) = example());
        let (flow, model) = EXAMPLE.with(Clone::clone);
        let mut call = Call::new(&flow, &model);
        call.journal.push(call.conversation.note(
            Event::Offered { channel: Channel::Sip, from: Personal::new("+441632960001"), to: String::new(), flow: flow.id.clone() },
            0,
        ));
        call.answer();
        for doing in doings {
            call.hear_out();
            match doing {
                Doing::Say(phrase) => call.say(PHRASES[phrase]),
                Doing::Keys(keys) => keys.chars().for_each(|key| {
                    call.now += 200;
                    call.feed(Input::Key(key));
                }),
                Doing::BeSilent => call.wait(),
            }
            call.now += 10;
        }
        call.hear_out();
        call.feed(Input::HungUp { by: Party::Caller, cause: "normal" });
        let here = Here {
            variables: variables(), zone: jiff::tz::TimeZone::UTC, articles: Default::default(),
        };
        let prepared = (&flow, &model);
        let (compared, trace) = replayed(prepared, (CallId::new(), 0), &call.journal, &here).expect("it came to the flow");
        let kinds: Vec<String> = call.journal.iter().map(|entry| format!("{:?}", entry.event)).collect();
        prop_assert_eq!(compared.status, Status::Same, "{:#?}\n{}", compared, kinds.join("\n"));
        let (_, again) = replayed(prepared, (CallId::new(), 0), &call.journal, &here).expect("it came to the flow");
        prop_assert_eq!(trace, again);
    }
}

/// What a caller does who hears everything out, and waits for whatever is looked up.
#[derive(Clone, Debug)]
enum Doing {
    Say(usize),
    Keys(&'static str),
    BeSilent,
}

fn doing() -> impl Strategy<Value = Doing> {
    prop_oneof![
        5 => (0..PHRASES.len()).prop_map(Doing::Say),
        2 => prop::sample::select(vec!["1", "2", "1042"]).prop_map(Doing::Keys),
        1 => Just(Doing::BeSilent),
    ]
}
