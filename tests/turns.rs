//! Turn-taking: when a caller's turn is over, what a voice over a prompt means, and what happens when nothing is to be heard. The
//! conversation alone, with time of its own.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use flow::Flow;
use flow::event::Context;
use hotline::call::{Conversation, Floor, Input, Output};
use hotline::event::{CallId, Entry, Event, Outcome, Party, Speaker, Word};
use models::{Recognition, WordTime};
use proptest::prelude::*;
use serde_json::json;

const CALLER: Speaker = Speaker::Caller;
/// So much sound before the speech is recognised with it.
const PRE_ROLL_MS: u64 = 300;

fn flow() -> Flow {
    let say = |id: &str, text: &str, next: &str| json!({"id": id, "type": "say", "params": {"prompt": {"en": text}, "barge_in": false}, "edges": {"next": next, "error": "lost"}});
    let flow = json!({
        "schema_version": 1, "id": "t", "name": "T", "languages": ["en"], "start": "ask", "variables": [],
        "intents": [
            {"name": "order", "label": {"en": "your order"}, "examples": {"en": [
                "where is my order", "I want to know where my order is", "track my order", "has my order been sent"]}},
            {"name": "refund", "label": {"en": "a refund"}, "examples": {"en": [
                "I want a refund", "give me my money back", "I would like a refund please", "refund my money"]}},
        ],
        "blocks": [
            {"id": "ask", "type": "ask_intent",
             "params": {"prompt": {"en": "How can I help you today?"}, "confirm_below": 0.0, "max_tries": 5},
             "edges": {"order": "number", "refund": "sure", "no_input": "bye", "no_match": "bye", "low_confidence": "bye", "error": "lost"}},
            {"id": "number", "type": "collect",
             "params": {"prompt": {"en": "What is the number?"}, "slot": "number", "min_digits": 4, "max_digits": 4},
             "edges": {"next": "look", "no_input": "bye", "no_match": "bye", "error": "lost"}},
            {"id": "look", "type": "http",
             "params": {"url": "http://orders.example/{{ slots.number }}", "save_as": "found", "timeout_ms": 20_000, "filler": {"en": "I am looking."}},
             "edges": {"ok": "told", "timeout": "lost", "error": "lost"}},
            {"id": "sure", "type": "menu",
             "params": {"prompt": {"en": "Are you sure?"}, "turn": "yes_no", "options": [
                {"edge": "yes", "phrases": {"en": ["yes"]}}, {"edge": "no", "phrases": {"en": ["no"]}}]},
             "edges": {"yes": "told", "no": "bye", "no_input": "bye", "no_match": "bye", "error": "lost"}},
            say("told", "It is on its way.", "rules"),
            {"id": "rules", "type": "menu",
             "params": {"prompt": {"en": "These words are said to their end."}, "barge_in": false, "options": [
                {"edge": "again", "phrases": {"en": ["again"]}}]},
             "edges": {"again": "ask", "no_input": "bye", "no_match": "bye", "error": "lost"}},
            {"id": "lost", "type": "end", "params": {"outcome": "failed", "prompt": {"en": "Something is broken."}}},
            {"id": "bye", "type": "end", "params": {"outcome": "resolved", "prompt": {"en": "Goodbye."}}},
        ],
    });
    flow::parse(&flow.to_string()).expect("a flow")
}

thread_local!(static FLOW: (Arc<Flow>, Arc<intent::Model>) = {
    let flow = flow();
    let model = intent::train(&flow.training_set(), 1).expect("its intents can be trained");
    (Arc::new(flow), Arc::new(model))
});

/// A piece that was handed out.
#[derive(Clone, Debug, PartialEq)]
struct Piece {
    id: u64,
    turn: u64,
    text: String,
}

struct Call {
    conversation: Conversation,
    now: u64,
    journal: Vec<Entry>,
    /// Handed out and not over.
    pieces: Vec<Piece>,
    jobs: Vec<u64>,
    /// Where the speech begins that a job recognises.
    recognised_from: HashMap<u64, u64>,
    /// What was wanted since this was last looked at, without the journal.
    wanted: Vec<Output>,
    /// Ids below this are of pieces that were stopped.
    stopped_below: u64,
}

impl Call {
    fn new() -> Self {
        let context = Context { caller: "+441632960001".into(), ..Context::default() };
        let conversation =
            FLOW.with(|(flow, model)| Conversation::new(CallId::new(), flow.clone(), model.clone(), context, 0));
        let mut call = Self {
            conversation,
            now: 0,
            journal: vec![],
            pieces: vec![],
            jobs: vec![],
            recognised_from: HashMap::new(),
            wanted: vec![],
            stopped_below: 0,
        };
        call.feed(Input::Answered { codec: "PCMU".into() });
        call.feed(Input::RecordingStarted);
        call
    }

    fn feed(&mut self, input: Input) {
        for output in self.conversation.on(input, self.now) {
            match &output {
                Output::Journal(entry) => {
                    self.journal.extend(Some(entry.clone()).filter(|entry| !entry.event.is_transient()));
                    continue;
                }
                Output::Play { id, turn, text, .. } | Output::Fill { id, turn, text, .. } => {
                    assert!(*id >= self.stopped_below, "nothing that was stopped is said again");
                    self.pieces.push(Piece { id: *id, turn: *turn, text: text.clone() });
                }
                Output::StopPlaying => {
                    self.stopped_below =
                        self.pieces.iter().map(|piece| piece.id + 1).max().unwrap_or(0).max(self.stopped_below);
                }
                Output::Recognise { job, from_ms, .. } => {
                    self.jobs.push(*job);
                    self.recognised_from.insert(*job, *from_ms);
                }
                Output::CancelRecognition(job) => self.jobs.retain(|other| other != job),
                _ => {}
            }
            self.wanted.push(output);
        }
        // The leg answers a stop at once.
        if self.wanted.last().is_some() && self.pieces.iter().any(|piece| piece.id < self.stopped_below) {
            let stopped: Vec<u64> =
                self.pieces.iter().map(|piece| piece.id).filter(|&id| id < self.stopped_below).collect();
            self.pieces.retain(|piece| !stopped.contains(&piece.id));
            for id in stopped {
                self.feed(Input::PieceEnded { id, played_ms: 0, of_ms: 2_000 });
            }
        }
    }

    fn wants(&self, test: impl Fn(&Output) -> bool) -> bool {
        self.wanted.iter().any(test)
    }

    /// Time passes, in steps in which nothing is overlooked.
    fn pass(&mut self, ms: u64) {
        let until = self.now + ms;
        while let Some(deadline) = self.conversation.deadline().filter(|&at| at <= until) {
            assert!(deadline >= self.now || self.conversation.deadline().is_some());
            self.now = self.now.max(deadline);
            let before = (self.now, self.journal.len());
            self.feed(Input::Timeout);
            if self.conversation.deadline().is_some_and(|next| next <= self.now) {
                assert!(before.1 < self.journal.len(), "a deadline that is over is not asked for again");
            }
        }
        self.now = until;
    }

    /// The next piece begins.
    fn begin_piece(&mut self) -> u64 {
        let id = self.pieces.first().expect("something is to be said").id;
        self.feed(Input::PieceReady { id, of_ms: 2_000 });
        self.feed(Input::PieceStarted { id, at: self.now });
        id
    }

    /// Everything is said to its end.
    fn listen(&mut self) {
        while !self.pieces.is_empty() {
            let id = self.begin_piece();
            self.pass(2_000);
            self.pieces.retain(|piece| piece.id != id);
            self.feed(Input::PieceEnded { id, played_ms: 2_000, of_ms: 2_000 });
        }
    }

    fn start(&mut self) -> u64 {
        let from_ms = self.now;
        self.feed(Input::SpeechStarted { speaker: CALLER, from_ms });
        from_ms
    }

    /// Speaks for 600 ms, and pauses; the words so far are recognised 60 ms later.
    fn speak_and_pause(&mut self, text: &str) -> u64 {
        let from_ms = self.start();
        self.pause_after(from_ms, text);
        from_ms
    }

    fn pause_after(&mut self, from_ms: u64, text: &str) {
        self.pass(600);
        let (to_ms, last_voiced) = (self.now, self.now);
        self.pass(260);
        self.wanted.clear();
        self.feed(Input::SpeechPaused { speaker: CALLER, from_ms, to_ms, last_voiced });
        self.pass(60);
        self.recognised(text);
    }

    fn recognised(&mut self, text: &str) {
        let job = self.jobs.pop().expect("something is being recognised");
        // As of the ear: a little before the speech is in the sound.
        let from_ms = self.recognised_from.remove(&job).expect("it was asked for");
        let sound_from_ms = from_ms.saturating_sub(PRE_ROLL_MS);
        self.feed(Input::Recognised { job, sound_from_ms, result: Ok(recognition(text)) });
    }

    /// The pause becomes the end, after so much silence.
    fn end(&mut self, from_ms: u64, silence: u64) {
        let last_voiced = self.now - 320;
        self.pass(silence - 320);
        self.feed(Input::SpeechEnded { speaker: CALLER, from_ms, to_ms: last_voiced, last_voiced });
    }

    fn patience(&self) -> Option<Duration> {
        self.wanted.iter().find_map(|output| if let Output::WaitFor(silence) = output { Some(*silence) } else { None })
    }

    fn heard(&self) -> Vec<&str> {
        let text = |entry: &'_ Entry| matches!(entry.event, Event::Heard { .. });
        let heard = self.journal.iter().filter(|entry| text(entry));
        heard
            .filter_map(|entry| if let Event::Heard { text, .. } = &entry.event { Some(text.reveal()) } else { None })
            .collect()
    }

    /// The words of all that was heard.
    fn words(&self) -> Vec<&Word> {
        let words = self.journal.iter().filter_map(|entry| match &entry.event {
            Event::Heard { words, .. } => Some(words),
            _ => None,
        });
        words.flatten().collect()
    }

    fn any(&self, test: impl Fn(&Event) -> bool) -> bool {
        self.journal.iter().any(|entry| test(&entry.event))
    }

    fn said(&self, text: &str) -> bool {
        self.pieces.iter().any(|piece| piece.text.contains(text))
    }
}

fn recognition(text: &str) -> Recognition {
    let mut heard = Recognition::silence("test");
    heard.no_speech = text.is_empty();
    heard.in_grammar = true;
    heard.confidence = 0.95;
    heard.text = text.to_owned();
    // The first begins where the speech does, each lasts 100 ms.
    let word = |(word, number): (&str, u64)| WordTime {
        text: word.to_owned(),
        start: Duration::from_millis(PRE_ROLL_MS + number * 100),
        end: Duration::from_millis(PRE_ROLL_MS + number * 100 + 100),
    };
    heard.words = text.split_whitespace().zip(0..).map(word).collect();
    heard
}

#[test]
fn an_unfinished_clause_waits_and_what_was_asked_for_does_not() {
    let patience = |text: &str| {
        let mut call = Call::new();
        call.listen();
        call.speak_and_pause(text);
        call.patience()
    };
    assert!(patience("I would like to") >= Some(Duration::from_millis(1_000)));
    assert!(patience("where is my order") <= Some(Duration::from_millis(450)));
}

#[test]
fn the_last_digit_ends_the_turn_and_half_a_number_waits() {
    let number = |text: &str| {
        let mut call = Call::new();
        call.listen();
        let from_ms = call.speak_and_pause("where is my order");
        call.end(from_ms, 400);
        call.listen();
        call.speak_and_pause(text);
        call
    };
    let whole = number("1042");
    assert!(
        whole.wants(|output| *output == Output::FinishTurn) && whole.wants(|output| matches!(output, Output::Http(..)))
    );
    assert!(number("10").patience() >= Some(Duration::from_millis(1_000)));
}

#[test]
fn speech_that_goes_on_before_the_reply_is_heard_is_the_same_turn() {
    let mut call = Call::new();
    call.listen();
    let from_ms = call.speak_and_pause("I want a refund");
    call.end(from_ms, 400);
    call.begin_piece();
    call.pass(200);
    call.wanted.clear();
    call.start();
    assert!(call.wants(|output| *output == Output::StopPlaying));
    assert!(call.wants(|output| *output == Output::Rejoin { speaker: CALLER, from_ms }));
    assert_eq!(call.heard(), Vec::<&str>::new(), "nothing of it is in the journal");
    call.pause_after(from_ms, "I want a refund please");
    call.end(from_ms, 400);
    call.listen();
    assert_eq!(call.heard(), ["I want a refund please"]);
    let words: Vec<_> =
        call.words().iter().map(|word| (word.text.reveal(), u64::from(word.from_ms) - from_ms)).collect();
    assert_eq!(words, [("I", 0), ("want", 100), ("a", 200), ("refund", 300), ("please", 400)]);
    assert_eq!(call.journal.iter().filter(|entry| matches!(entry.event, Event::Left { .. })).count(), 1);
}

#[test]
fn speech_after_the_reply_was_heard_is_another_turn() {
    let mut call = Call::new();
    call.listen();
    let from_ms = call.speak_and_pause("I want a refund");
    call.end(from_ms, 400);
    call.begin_piece();
    call.pass(700);
    assert_eq!(call.heard(), ["I want a refund"]);
    call.wanted.clear();
    call.start();
    assert!(call.wants(|output| *output == Output::Suspend) && !call.wants(|output| *output == Output::StopPlaying));
}

#[test]
fn what_cannot_be_undone_is_not_taken_back() {
    let mut call = Call::new();
    call.listen();
    let from_ms = call.speak_and_pause("where is my order");
    call.end(from_ms, 400);
    call.listen();
    call.speak_and_pause("1042");
    assert!(call.wants(|output| matches!(output, Output::Http(..))));
    call.wanted.clear();
    call.start();
    assert!(!call.wants(|output| matches!(output, Output::Rejoin { .. })));
    assert_eq!(call.heard(), ["where is my order", "1042"]);
}

#[test]
fn a_sound_of_listening_makes_a_pause_in_the_prompt_and_no_more() {
    for (sound, reason) in [("Uh-huh.", "back_channel"), ("", "no_speech")] {
        let mut call = Call::new();
        call.begin_piece();
        call.pass(500);
        call.start();
        assert_eq!(call.conversation.floor(), Floor::Open);
        assert!(call.wants(|output| *output == Output::Suspend));
        let from_ms = call.now;
        call.pause_after(from_ms, sound);
        assert!(call.wants(|output| *output == Output::Resume) && !call.wants(|output| *output == Output::StopPlaying));
        assert!(call.any(|event| matches!(event, Event::NotHeard { reason: why, .. } if why == reason)), "{sound}");
        assert_eq!(call.conversation.floor(), Floor::Bot);
    }
}

#[test]
fn words_over_a_prompt_stop_it() {
    let mut call = Call::new();
    call.begin_piece();
    call.pass(500);
    let from_ms = call.start();
    call.pass(400);
    call.feed(Input::Talking { speaker: CALLER, from_ms, to_ms: from_ms + 400 });
    assert!(!call.wants(|output| *output == Output::StopPlaying));
    call.recognised("where is my");
    assert!(call.wants(|output| *output == Output::StopPlaying));
    assert_eq!(call.conversation.floor(), Floor::Talking);
}

#[test]
fn a_voice_that_goes_on_stops_the_prompt_whatever_it_says() {
    let mut call = Call::new();
    call.begin_piece();
    let from_ms = call.start();
    for after in [400, 900, 1_400] {
        call.pass(450);
        call.feed(Input::Talking { speaker: CALLER, from_ms, to_ms: from_ms + after });
    }
    assert!(call.wants(|output| *output == Output::StopPlaying));
}

#[test]
fn a_sound_of_agreement_answers_a_question_that_wants_one() {
    let mut call = Call::new();
    call.listen();
    let from_ms = call.speak_and_pause("I want a refund");
    call.end(from_ms, 400);
    call.begin_piece();
    call.pass(1_000);
    let from_ms = call.start();
    call.pause_after(from_ms, "Yeah.");
    assert!(call.wants(|output| *output == Output::StopPlaying) && !call.wants(|output| *output == Output::Resume));
}

#[test]
fn a_prompt_that_may_not_be_interrupted_goes_on() {
    let mut call = Call::new();
    call.listen();
    let from_ms = call.speak_and_pause("I want a refund");
    call.end(from_ms, 400);
    call.listen();
    let from_ms = call.speak_and_pause("yes");
    call.end(from_ms, 400);
    call.pass(1_200);
    call.wanted.clear();
    call.begin_piece();
    call.start();
    assert!(!call.wants(|output| matches!(output, Output::Suspend | Output::StopPlaying)));
}

#[test]
fn a_silence_of_ours_is_filled_after_two_seconds_and_counted() {
    let mut call = Call::new();
    call.listen();
    let from_ms = call.speak_and_pause("where is my order");
    call.end(from_ms, 400);
    call.listen();
    call.speak_and_pause("1042");
    call.pass(1_600);
    assert!(call.said("I am looking"), "the flow's own words come first");
    call.listen();
    call.pass(5_000);
    assert!(call.wants(|output| matches!(output, Output::Fill { .. })));
    assert!(call.any(|event| matches!(event, Event::Problem { what, .. } if what == "filler")));
    assert!(!call.any(|event| matches!(event, Event::Problem { what, .. } if what == "dead_air")));
}

#[test]
fn words_that_do_not_come_lead_out_of_the_block_after_five_seconds() {
    let mut call = Call::new();
    call.pass(2_100);
    assert!(call.wants(|output| matches!(output, Output::Fill { .. })));
    call.pass(3_000);
    assert!(call.any(|event| matches!(event, Event::Problem { what, .. } if what == "dead_air")));
    assert!(call.said("Something is broken"));
    call.pass(10_000);
    assert!(call.any(|event| matches!(event, Event::Ended { outcome: Outcome::Failed, .. })));
}

#[test]
fn a_recogniser_that_does_not_answer_leads_to_the_question_once_more() {
    let mut call = Call::new();
    call.listen();
    let from_ms = call.start();
    call.pass(600);
    call.feed(Input::SpeechEnded { speaker: CALLER, from_ms, to_ms: call.now, last_voiced: call.now });
    call.pass(5_100);
    assert!(call.any(|event| matches!(event, Event::NotHeard { reason, .. } if reason == "timeout")));
    assert!(!call.pieces.is_empty());
}

#[test]
fn words_are_not_lost_to_what_is_said_while_they_are_recognised() {
    let mut call = Call::new();
    call.listen();
    let from_ms = call.start();
    call.pass(15_000);
    call.feed(Input::SpeechEnded { speaker: CALLER, from_ms, to_ms: call.now, last_voiced: call.now });
    call.pass(100);
    call.start();
    call.pass(400);
    call.recognised("I would like to tell you a long story");
    call.pass(1_100);
    assert_eq!(call.heard(), ["I would like to tell you a long story"]);
    assert_eq!(call.conversation.floor(), hotline::call::Floor::Open, "and they go on talking");
}

#[test]
fn somebody_who_never_stops_talking_is_told_so_and_nothing_is_stuck() {
    let mut call = Call::new();
    call.listen();
    // Twenty minutes, in turns of fifteen seconds: the ear ends them.
    for _ in 0..80 {
        if call.conversation.is_over() {
            break;
        }
        let from_ms = call.start();
        for _ in 0..29 {
            call.pass(500);
            call.feed(Input::Talking { speaker: CALLER, from_ms, to_ms: call.now });
            while !call.jobs.is_empty() {
                call.recognised("and then she said to me that the");
            }
        }
        call.feed(Input::SpeechEnded { speaker: CALLER, from_ms, to_ms: call.now, last_voiced: call.now });
        while !call.jobs.is_empty() {
            call.recognised("and then she said to me that the");
        }
    }
    assert!(call.conversation.is_over() || call.conversation.deadline().is_some());
    assert!(call.any(|event| matches!(event, Event::NoMatch { .. })));
}

/// What a caller, a leg and a recogniser may do at any moment.
#[derive(Clone, Debug)]
enum Happening {
    Start,
    Talk,
    Pause,
    Resume,
    End,
    Recognise(usize),
    Begin,
    Finish,
    Key(char),
    Pass(u64),
}

const WORDS: [&str; 8] = ["where is my order", "I would like to", "1042", "10", "yes", "uh-huh", "", "I want a refund"];

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => Just(Happening::Start),
        2 => Just(Happening::Talk),
        4 => Just(Happening::Pause),
        1 => Just(Happening::Resume),
        4 => Just(Happening::End),
        6 => (0..WORDS.len()).prop_map(Happening::Recognise),
        4 => Just(Happening::Begin),
        4 => Just(Happening::Finish),
        1 => prop::sample::select("0129*#".chars().collect::<Vec<_>>()).prop_map(Happening::Key),
        6 => prop::sample::select(vec![20, 100, 300, 700, 2_500, 6_000]).prop_map(Happening::Pass),
    ]
}

fn happen(call: &mut Call, happening: Happening, from: &mut u64) {
    let (from_ms, to_ms, last_voiced) = (*from, call.now, call.now);
    match happening {
        Happening::Start => *from = call.start(),
        Happening::Talk => call.feed(Input::Talking { speaker: CALLER, from_ms, to_ms }),
        Happening::Pause => call.feed(Input::SpeechPaused { speaker: CALLER, from_ms, to_ms, last_voiced }),
        Happening::Resume => call.feed(Input::SpeechResumed { speaker: CALLER }),
        Happening::End => call.feed(Input::SpeechEnded { speaker: CALLER, from_ms, to_ms, last_voiced }),
        Happening::Recognise(text) => {
            if !call.jobs.is_empty() {
                call.recognised(WORDS[text]);
            }
        }
        Happening::Begin => {
            if !call.pieces.is_empty() {
                call.begin_piece();
            }
        }
        Happening::Finish => {
            if !call.pieces.is_empty() {
                let id = call.pieces.remove(0).id;
                call.feed(Input::PieceEnded { id, played_ms: 2_000, of_ms: 2_000 });
            }
        }
        Happening::Key(key) => call.feed(Input::Key(key)),
        Happening::Pass(ms) => call.pass(ms),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn whatever_happens_the_floor_has_one_owner_and_a_call_left_alone_ends(
        happenings in prop::collection::vec(happening(), 0..80),
    ) {
        let mut call = Call::new();
        let (mut turn, mut from, mut silent) = (0, 0, false);
        for happening in happenings {
            call.wanted.clear();
            happen(&mut call, happening, &mut from);
            for output in &call.wanted {
                match output {
                    // Sound of an earlier turn is never handed out after that of a later one.
                    Output::Play { turn: of, .. } => {
                        prop_assert!(*of >= turn);
                        turn = *of;
                    }
                    Output::Suspend => silent = true,
                    Output::Resume | Output::StopPlaying => silent = false,
                    _ => {}
                }
            }
            if call.conversation.is_over() {
                break;
            }
            prop_assert_eq!(silent, call.conversation.floor() == Floor::Open, "a prompt is silent exactly while that is open");
            if call.conversation.floor() == Floor::Talking {
                prop_assert!(call.pieces.is_empty(), "nobody talks over a caller: {:?}", call.pieces);
            }
            prop_assert!(call.conversation.deadline().is_some(), "no state waits forever");
            call.now += 10;
        }
        // Nobody says anything any more, and the leg plays nothing.
        for _ in 0..400 {
            if call.conversation.is_over() {
                break;
            }
            let deadline = call.conversation.deadline();
            prop_assert!(deadline.is_some());
            call.pass(deadline.unwrap_or_default().saturating_sub(call.now) + 1);
        }
        if !call.conversation.is_over() {
            call.feed(Input::HungUp { by: Party::Caller, cause: "normal" });
            prop_assert!(false, "the call did not end by itself: {:?}", call.journal.iter().rev().take(9).collect::<Vec<_>>());
        }
        let ended = call.journal.iter().filter(|entry| matches!(entry.event, Event::Ended { .. })).count();
        prop_assert_eq!(ended, 1);
        for (entry, seq) in call.journal.iter().zip(1..) {
            prop_assert_eq!(entry.seq, seq);
        }
    }
}
