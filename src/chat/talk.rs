//! One chat's conversation: what the flow asks and a visitor answers, and what is written down of it. A pure state machine:
//! [`Talk::on`] takes what happened and returns what to do. Times are milliseconds since the chat began.
//!
//! Everything that a flow says is there at once, so each prompt is over as soon as it is said; and somebody who reads, or looks for a
//! number, is not silent, so a question waits [`Patience::times`] as long as it would on the telephone. All else is the telephone's:
//! a choice is a key or words that lead where they would lead there.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use flow::event::{self as flowing, Action, Context, Inquiry, MASKED, MASKED_KEY};
use flow::{Asked, ChosenBy, Flow, Heard, QueueResult, Run};
use intent::{Decision, Explain, Language, Meaning, Scored};

use super::told::{Asking, QueueState, What};
use crate::call::{brief_text, callback_events, closing_events, from_flow, journaled, ticket_opened};
use crate::event::{CallId, Channel, Entry, Event, Outcome, Party, Personal, Speaker, Timestamp};
use crate::lookup;

/// Milliseconds since the chat began.
pub type Millis = u64;

/// What the journal calls those who "heard": the visitor's keyboard, and the visitor's choice.
const TYPED: &str = "typed";
const CHOSEN: &str = "chosen";
/// What stands for a codec.
const TEXT: &str = "text";

/// How long a visitor is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// So many times as long as a block waits for a caller.
    pub times: u64,
    /// After so many ms without a word the chat is over.
    pub idle: Millis,
}

/// What a visitor answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// In words.
    Text(String),
    /// With the keys of a telephone.
    Keys(String),
    /// With a choice of a question.
    Choice {
        /// The question's number.
        question: u64,
        /// The choice, from 1.
        id: u32,
    },
}

/// Why an answer is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// The chat is over.
    Over,
    /// The choice belongs to a question that is no longer asked, or there is no such choice.
    Stale,
}

/// Something that happened.
#[derive(Debug)]
pub enum Input {
    /// The visitor is there.
    Begin,
    /// The visitor answers; only while somebody [`listens`](Talk::listens).
    Answered {
        /// What.
        answer: Answer,
        /// What the sender calls it.
        reference: Option<String>,
        /// What another engine takes the words to mean.
        meaning: Option<Box<Meaning>>,
    },
    /// A request was answered or failed.
    Http {
        /// Its id.
        id: u64,
        /// The reply.
        result: Result<flow::HttpReply, flow::HttpFailure>,
    },
    /// The knowledge base was asked.
    Consulted {
        /// The id of the question.
        id: u64,
        /// What it answers.
        answer: flow::Knowledge,
    },
    /// The call centre was asked.
    Told {
        /// The id of the inquiry.
        id: u64,
        /// What is known, or why it cannot be told.
        answer: Result<serde_json::Map<String, serde_json::Value>, String>,
    },
    /// What came of wanting a person.
    Queue(QueueResult),
    /// The [deadline](Talk::deadline) was reached.
    Timeout,
    /// The visitor leaves, or must.
    Left {
        /// Who ends it.
        by: Party,
        /// Why, by name.
        cause: &'static str,
    },
}

/// Something to do.
#[derive(Debug, PartialEq)]
pub enum Output {
    /// Write this into the journal.
    Journal(Entry),
    /// Tell the visitor.
    Tell(What),
    /// Ask another service.
    Http(u64, lookup::Request),
    /// Ask the knowledge base.
    Consult {
        /// The id to answer with.
        id: u64,
        /// What the visitor asked.
        question: Personal,
        /// In which language.
        language: Language,
    },
    /// Look up what the call centre knows.
    Inquire {
        /// The id to answer with.
        id: u64,
        /// What.
        what: Inquiry,
    },
    /// Look for this person, or one of this queue.
    Queue(Wanted),
}

/// Whom the flow wants for the visitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Whoever of this queue is free.
    Queue(String),
    /// One person.
    Person(Personal),
}

/// One chat's conversation.
pub struct Talk {
    call: CallId,
    run: Run,
    patience: Patience,
    offered_at: Timestamp,
    /// When the run was told something last.
    told_run: Millis,
    /// When the visitor did something last.
    heard_from: Millis,
    journal: Vec<Entry>,
    /// For whom the visitor waits.
    wanted: Option<Wanted>,
    /// The turn of the question that the visitor was told last.
    shown: Option<u64>,
    /// Whether the visitor was told that something is looked up.
    working: bool,
    ending: Option<Outcome>,
    over: bool,
}

impl Talk {
    /// A conversation that waits for [`Input::Begin`].
    pub fn new(
        call: CallId,
        flow: Arc<Flow>,
        model: Arc<intent::Model>,
        context: Context,
        patience: Patience,
        offered_at: Timestamp,
    ) -> Self {
        Self {
            call,
            run: Run::new(flow, model, context),
            patience,
            offered_at,
            told_run: 0,
            heard_from: 0,
            journal: Vec::new(),
            wanted: None,
            shown: None,
            working: false,
            ending: None,
            over: false,
        }
    }

    /// The first entry of the journal: a visitor of this page is there.
    pub fn offered(&mut self, page: String, flow: String) -> Entry {
        self.entry(Event::Offered { channel: Channel::Chat, from: Personal::default(), to: page, flow }, 0)
    }

    /// The call that the journal is of.
    pub fn call(&self) -> CallId {
        self.call
    }

    /// Whether the chat has its outcome.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Whether an answer is waited for.
    pub fn listens(&self) -> bool {
        !self.over && self.run.is_listening()
    }

    /// What is asked now.
    pub fn asked(&self) -> Option<Asked> {
        self.run.asked().filter(|_| !self.over)
    }

    /// The intents that an answer may mean, about which another engine may be asked.
    pub fn intents_asked(&self) -> Vec<String> {
        self.run.intents_asked()
    }

    /// The language that is spoken.
    pub fn language(&self) -> Language {
        self.run.language()
    }

    /// Whether this can be answered at all. What can be, but not yet, waits for its question.
    pub fn takes(&self, answer: &Answer) -> Result<(), NotTaken> {
        match answer {
            _ if self.over => Err(NotTaken::Over),
            Answer::Text(_) | Answer::Keys(_) => Ok(()),
            Answer::Choice { question, id } => self.chosen(*question, *id).map(drop).ok_or(NotTaken::Stale),
        }
    }

    fn chosen(&self, question: u64, id: u32) -> Option<flow::asked::Choice> {
        let asked = self.run.asked().filter(|asked| asked.turn == question)?;
        asked.choices.into_iter().nth((id as usize).checked_sub(1)?)
    }

    /// When to come back with [`Input::Timeout`] unless something else happens first.
    pub fn deadline(&self) -> Option<Millis> {
        if self.over {
            return None;
        }
        let idle = self.heard_from + self.patience.idle;
        Some(self.run_deadline().map_or(idle, |at| at.min(idle)))
    }

    fn run_deadline(&self) -> Option<Millis> {
        let at = self.run.deadline()?;
        // Of an answer that has begun the rest comes soon, or not at all.
        let waits_for_visitor = self.run.asked().is_some_and(|asked| !asked.partly);
        let times = if waits_for_visitor { self.patience.times.max(1) } else { 1 };
        Some(self.told_run.saturating_add(at.saturating_sub(self.told_run).saturating_mul(times)))
    }

    /// Takes what happened, returns what to do, in order.
    pub fn on(&mut self, input: Input, now: Millis) -> Vec<Output> {
        let mut out = Vec::new();
        if self.over {
            return out;
        }
        match input {
            Input::Begin => {
                self.write(Event::Answered { codec: TEXT.to_owned() }, now, &mut out);
                self.tell(flowing::Event::Begin, now, &mut out);
            }
            Input::Answered { answer, reference, meaning } => {
                self.heard_from = now;
                self.answered(answer, reference, meaning, now, &mut out);
            }
            Input::Http { id, result } => self.tell(flowing::Event::HttpDone { id, result }, now, &mut out),
            Input::Consulted { id, answer } => self.tell(flowing::Event::Consulted { id, answer }, now, &mut out),
            Input::Told { id, answer } => self.tell(flowing::Event::Told { id, answer }, now, &mut out),
            Input::Queue(result) => self.queue_done(result, now, &mut out),
            Input::Timeout if self.heard_from + self.patience.idle <= now => {
                self.leave(Party::Hotline, "idle", now, &mut out);
            }
            Input::Timeout => {
                if self.run_deadline().is_some_and(|at| at <= now) {
                    self.tell(flowing::Event::Timeout, now, &mut out);
                }
            }
            Input::Left { by, cause } => self.leave(by, cause, now, &mut out),
        }
        if let Some(outcome) = self.ending.filter(|_| !self.over) {
            self.end(outcome, Party::Hotline, "normal", now, &mut out);
        }
        self.show(&mut out);
        out
    }

    fn answered(
        &mut self,
        answer: Answer,
        reference: Option<String>,
        meaning: Option<Box<Meaning>>,
        now: Millis,
        out: &mut Vec<Output>,
    ) {
        let Some(asked) = self.run.asked() else { return };
        match answer {
            Answer::Text(text) => {
                self.echo(&asked, text.clone(), reference, out);
                self.hear(&asked, text, TYPED, meaning, now, out);
            }
            Answer::Keys(keys) => {
                self.echo(&asked, keys.trim_end_matches('#').to_owned(), reference, out);
                self.press(&asked, &keys, now, out);
            }
            Answer::Choice { question, id } => {
                let Some(choice) = self.chosen(question, id) else { return };
                out.push(Output::Tell(What::You { text: choice.label.clone(), reference }));
                match choice.by {
                    ChosenBy::Key(key) => self.press(&asked, key.encode_utf8(&mut [0; 4]), now, out),
                    ChosenBy::Words(words) => self.hear(&asked, words, CHOSEN, None, now, out),
                    ChosenBy::Intent(intent) => {
                        self.hear(&asked, choice.label, CHOSEN, Some(Box::new(chosen_meaning(intent))), now, out);
                    }
                }
            }
        }
    }

    /// What was sent, as those see it who read along.
    fn echo(&self, asked: &Asked, text: String, reference: Option<String>, out: &mut Vec<Output>) {
        let text = if asked.secret { MASKED.to_owned() } else { text };
        out.push(Output::Tell(What::You { text, reference }));
    }

    fn hear(
        &mut self,
        asked: &Asked,
        text: String,
        engine: &str,
        meaning: Option<Box<Meaning>>,
        now: Millis,
        out: &mut Vec<Output>,
    ) {
        let at = u32::try_from(now).unwrap_or(u32::MAX);
        let event = Event::Heard {
            turn: asked.turn,
            speaker: Speaker::Caller,
            text: Personal::new(if asked.secret { MASKED } else { text.as_str() }),
            confidence: 1.0,
            from_ms: at,
            to_ms: at,
            engine: engine.to_owned(),
            alternatives: Vec::new(),
            words: Vec::new(),
        };
        self.write(event, now, out);
        let written = written_in(&text).filter(|_| self.run.is_detecting());
        let heard = Heard {
            language: written.unwrap_or(self.run.language()),
            detected: written.is_some(),
            text,
            confidence: 1.0,
            alternatives: Vec::new(),
            meaning,
        };
        self.tell(flowing::Event::Heard(heard), now, out);
    }

    fn press(&mut self, asked: &Asked, keys: &str, now: Millis, out: &mut Vec<Output>) {
        for key in keys.chars() {
            if self.run.finished() {
                return;
            }
            let shown = if asked.secret { MASKED_KEY } else { key };
            self.write(Event::Key { digit: Personal::new(shown.to_string()) }, now, out);
            self.tell(flowing::Event::Key(key), now, out);
        }
    }

    fn queue_done(&mut self, result: QueueResult, now: Millis, out: &mut Vec<Output>) {
        let reason = match result {
            QueueResult::Timeout => "timeout",
            _ => "no_agents",
        };
        self.unwanted(reason, now, out);
        out.push(Output::Tell(What::Queue { state: QueueState::Nobody }));
        self.tell(flowing::Event::QueueDone(result), now, out);
    }

    /// Nobody is waited for any more, for this reason.
    fn unwanted(&mut self, reason: &str, now: Millis, out: &mut Vec<Output>) {
        let event = match self.wanted.take() {
            None => return,
            Some(Wanted::Queue(queue)) => Event::Unqueued { queue, reason: reason.to_owned() },
            Some(Wanted::Person(to)) => {
                Event::TransferFailed { from: "flow".to_owned(), to, reason: format!("unreachable: {reason}") }
            }
        };
        self.write(event, now, out);
    }

    /// Tells the flow, and what follows from it; what is to be said is said at once.
    fn tell(&mut self, event: flowing::Event, now: Millis, out: &mut Vec<Output>) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            if self.run.finished() {
                return;
            }
            self.told_run = now;
            for action in self.run.on(event, now) {
                if let Action::Say { id, .. } = &action {
                    events.push_back(flowing::Event::SpeechDone { say: *id });
                }
                self.perform(action, now, out);
            }
        }
    }

    fn perform(&mut self, action: Action, now: Millis, out: &mut Vec<Output>) {
        match action {
            Action::Say { turn, parts, .. } => {
                let language = parts.first().map_or(self.run.language(), |part| part.language);
                let texts: Vec<String> = parts.iter().map(|part| flow::markup::plain(&part.text)).collect();
                let text = texts.join(if language == Language::Chinese { "" } else { " " });
                if text.trim().is_empty() {
                    return;
                }
                let said =
                    Event::Said { turn, text: Personal::new(text.as_str()), played_ms: 0, of_ms: 0, completed: true };
                self.write(said, now, out);
                self.working = false;
                out.push(Output::Tell(What::said(text, language)));
            }
            // Who reads is not interrupted, and may type at any moment.
            Action::Listen { .. } | Action::StopListening | Action::StopSpeaking => {}
            Action::Http { id, method, url, headers, body, timeout_ms } => {
                let timeout = Duration::from_millis(timeout_ms);
                out.push(Output::Http(id, lookup::Request { method, url, headers, body, timeout }));
            }
            Action::Consult { id, question, language } => {
                out.push(Output::Consult { id, question: Personal::new(question), language });
            }
            Action::Queue { queue, summary, .. } => {
                let brief = Personal::new(brief_text(&summary));
                self.write(Event::Queued { queue: queue.clone(), brief, priority: None }, now, out);
                self.want(Wanted::Queue(queue), out);
            }
            Action::Transfer { to, summary, .. } => {
                let to = Personal::new(to);
                let brief = Personal::new(brief_text(&summary));
                self.write(Event::Connecting { to: to.clone(), brief }, now, out);
                self.want(Wanted::Person(to), out);
            }
            Action::LeaveQueue => self.unwanted("timeout", now, out),
            Action::Inquire { id, what } => out.push(Output::Inquire { id, what }),
            Action::Callback { number, queue, summary } => {
                for event in callback_events(number, queue, summary) {
                    self.write(event, now, out);
                }
            }
            // Nothing is recorded.
            Action::Record { .. } => {}
            Action::Ticket { subject, body, tags, status } => {
                self.write(ticket_opened(subject, body, tags, status), now, out);
            }
            Action::End { outcome } => self.ending = Some(from_flow(outcome)),
            Action::Note(note) => {
                if let Some(event) = journaled(note) {
                    self.write(event, now, out);
                }
            }
        }
    }

    fn want(&mut self, wanted: Wanted, out: &mut Vec<Output>) {
        self.wanted = Some(wanted.clone());
        out.push(Output::Tell(What::Queue { state: QueueState::Looking }));
        out.push(Output::Queue(wanted));
    }

    /// Shows a new question, or that something is looked up.
    fn show(&mut self, out: &mut Vec<Output>) {
        if self.over {
            return;
        }
        if let Some(asked) = self.run.asked() {
            self.working = false;
            if self.shown.replace(asked.turn) != Some(asked.turn) {
                out.push(Output::Tell(What::Asking(Asking::from(&asked))));
            }
        } else if self.run.is_requesting() && !std::mem::replace(&mut self.working, true) {
            out.push(Output::Tell(What::Working));
        }
    }

    fn leave(&mut self, by: Party, cause: &'static str, now: Millis, out: &mut Vec<Output>) {
        self.unwanted("hung_up", now, out);
        self.tell(flowing::Event::Hangup, now, out);
        self.end(self.ending.unwrap_or(Outcome::Abandoned), by, cause, now, out);
    }

    fn end(&mut self, outcome: Outcome, by: Party, cause: &'static str, now: Millis, out: &mut Vec<Output>) {
        self.over = true;
        self.write(Event::HungUp { by, cause: cause.to_owned() }, now, out);
        let duration_ms = u32::try_from(now).unwrap_or(u32::MAX);
        for event in closing_events(&self.journal, outcome, duration_ms) {
            self.write(event, now, out);
        }
        out.push(Output::Tell(What::Ended { outcome, cause: cause.to_owned() }));
    }

    fn entry(&mut self, event: Event, now: Millis) -> Entry {
        // There is no recording; the place in the conversation stands for that in it.
        let begun = !matches!(event, Event::Offered { .. });
        let audio_ms = u32::try_from(now).ok().filter(|_| begun);
        let entry = Entry { seq: self.journal.len() as u32 + 1, at: self.offered_at + now as i64, audio_ms, event };
        self.journal.push(entry.clone());
        entry
    }

    fn write(&mut self, event: Event, now: Millis, out: &mut Vec<Output>) {
        let entry = self.entry(event, now);
        out.push(Output::Journal(entry));
    }
}

/// What is meant by choosing an intent by its name.
fn chosen_meaning(intent: String) -> Meaning {
    Meaning {
        ranking: vec![Scored { intent: intent.clone(), confidence: 1.0 }],
        decision: Decision::Accept { intent },
        in_scope: 1.0,
        threshold: 0.0,
        explain: Explain::default(),
        model_version: CHOSEN.to_owned(),
    }
}

/// The language of a text, where it has enough letters to tell.
fn written_in(text: &str) -> Option<Language> {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let language = Language::detect(text);
    (letters >= if language == Language::Chinese { 1 } else { 2 }).then_some(language)
}
