//! What a flow would have done with a call that another flow, or an earlier version of it, has had: the caller's words and keys and the
//! answers of other services are those of that call, the clock is theirs, too, and nobody is asked anything.
//!
//! What the caller did was an answer to a question. It answers the same question again: one of the same block. A flow that asks
//! something else, of the caller or of another service, leaves what is known; the replay stops there and says so, since nobody can tell
//! what the caller would have said.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use intent::Model;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    Action, Context, Event, Flow, Heard, HttpFailure, HttpReply, Inquiry, Knowledge, Millis, Note, Outcome,
    QueueResult, Run, event::MASKED,
};

/// So many events at most; a run ends by itself long before.
const MOST_EVENTS: usize = 20_000;

/// What another service answered, or why it did not.
pub type Replied = Result<HttpReply, HttpFailure>;
/// What the call centre told, or why it could not.
pub type Told = Result<Map<String, Value>, String>;

/// A call, as far as it does not depend on the flow.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// What was known before it began.
    pub context: Context,
    /// What the caller did, in order.
    pub caller: Vec<Did>,
    /// What other services answered, each to what it was asked, in order.
    pub replies: Vec<(String, Replied)>,
    /// Requests of which the answer was not kept.
    pub not_kept: Vec<String>,
    /// What the knowledge base answered, by question.
    pub knowledge: Vec<(String, Knowledge)>,
    /// What the call centre told.
    pub told: Vec<(Inquiry, Told)>,
}

/// Something that the caller did, or that was done with them.
#[derive(Clone, Debug)]
pub struct Did {
    /// When, in ms from the beginning of the call.
    pub at: Millis,
    /// When it began: speech stops the clock long before it is understood.
    pub began: Millis,
    /// The block in which the call was.
    pub block: String,
    /// What.
    pub what: Deed,
}

/// What a caller does.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// Says something.
    Says(Heard),
    /// Makes a sound that means nothing.
    Sounds,
    /// Presses a key.
    Presses(char),
    /// Says nothing for as long as the flow waits.
    IsSilent,
    /// Waits for a person: what becomes of it.
    Waits(QueueResult),
    /// Hangs up.
    HangsUp,
    /// Says or keys what must not be shown, and was therefore not kept.
    TellsASecret,
}

/// The way of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Way {
    /// The blocks, in order.
    pub path: Vec<String>,
    /// What was collected.
    pub slots: BTreeMap<String, String>,
    /// Where the caller waited for a person: queues, and who was called, in order.
    pub queue: Vec<String>,
    /// How it ended.
    pub outcome: Option<Outcome>,
}

/// What came of a replay.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// The way, as far as it is known.
    pub way: Way,
    /// Where it left what is known, and how.
    pub diverged: Option<Diverged>,
    /// Tells two replays apart that did something else at any point.
    pub trace: u64,
}

/// Where a replay stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diverged {
    /// The block.
    pub block: String,
    /// Why, as a sentence.
    pub why: String,
    /// Whether it is for want of records rather than because of the flow.
    pub for_want: bool,
}

/// Has a flow take the call.
pub fn replay(flow: &Arc<Flow>, model: &Arc<Model>, script: &Script) -> Replayed {
    let mut player = Player {
        run: Run::new(flow.clone(), model.clone(), script.context.clone()),
        now: 0,
        caller: script.caller.iter().cloned().collect(),
        replies: script.replies.iter().cloned().collect(),
        knowledge: script.knowledge.iter().cloned().collect(),
        told: script.told.iter().cloned().collect(),
        not_kept: &script.not_kept,
        way: Way::default(),
        saying: None,
        asked: None,
        answered: None,
        trace: Trace::new(),
        waited: false,
    };
    player.send(Event::Begin);
    let mut diverged = None;
    for _ in 0..MOST_EVENTS {
        if player.run.finished() {
            break;
        }
        if let Err(stopped) = player.step() {
            diverged = Some(stopped);
            break;
        }
    }
    player.way.outcome = player.run.outcome();
    player.trace.add(&format!("{:?} {diverged:?}", player.way.outcome));
    Replayed { way: player.way, diverged, trace: player.trace.0 }
}

/// What the run has asked.
enum Asked {
    Reply { id: u64, request: String },
    Knowledge { id: u64, question: String },
    Inquiry { id: u64, what: Inquiry },
}

struct Player<'s> {
    run: Run,
    now: Millis,
    caller: VecDeque<Did>,
    replies: VecDeque<(String, Replied)>,
    knowledge: VecDeque<(String, Knowledge)>,
    told: VecDeque<(Inquiry, Told)>,
    not_kept: &'s [String],
    way: Way,
    /// The prompt that is being said.
    saying: Option<u64>,
    asked: Option<Asked>,
    /// The block of which the caller has answered a part, since it asked.
    answered: Option<String>,
    trace: Trace,
    /// Whether the caller waits for a person.
    waited: bool,
}

impl Player<'_> {
    /// Lets one thing happen.
    fn step(&mut self) -> Result<(), Diverged> {
        let block = self.run.block().unwrap_or_default().to_owned();
        if let Some(asked) = self.asked.take() {
            // Keys that were pressed before the answer came wait for the next question.
            let ahead =
                matches!(self.caller.front(), Some(Did { block: at, what: Deed::Presses(_), .. }) if *at == block);
            if ahead && let Some(did) = self.caller.pop_front() {
                self.asked = Some(asked);
                return self.act(&block, did);
            }
            return self.answer(asked);
        }
        if self.waited {
            return self.wait_for_person(&block);
        }
        if let Some(say) = self.saying {
            // Keys and a hang-up may come before the end of what is said.
            let early = matches!(self.caller.front(), Some(Did { block: at, what: Deed::Presses(_) | Deed::HangsUp, .. }) if *at == block);
            if !early || self.run.is_listening() {
                self.saying = None;
                self.now += 1;
                self.send(Event::SpeechDone { say });
                return Ok(());
            }
        }
        let place = self.caller.iter().position(|did| did.block == block && !matches!(did.what, Deed::Waits(_)));
        match place {
            Some(place) => {
                // Of an answer that had begun no more came for too long.
                let next = self.caller.get(place).map_or(0, |did| did.began);
                if self.answered.as_deref() == Some(block.as_str()) && self.run.deadline().is_some_and(|at| at < next) {
                    self.answered = None;
                    self.time_out();
                    return Ok(());
                }
                // What was said to questions that this flow does not ask answers nothing here.
                self.caller.drain(..place);
                if let Some(did) = self.caller.pop_front() {
                    return self.act(&block, did);
                }
                Ok(())
            }
            None if self.answered.as_deref() == Some(block.as_str()) => {
                // The end of digits, or of a message: no more came.
                self.answered = None;
                self.time_out();
                Ok(())
            }
            None if self.run.is_listening() => Err(self
                .parted(&block, format!("{block} asks the caller what they were not asked then, or asks once more"))),
            None => match self.run.deadline() {
                Some(_) => {
                    self.time_out();
                    Ok(())
                }
                None => Err(self.parted(&block, format!("{block} waits for what did not happen then"))),
            },
        }
    }

    fn act(&mut self, block: &str, did: Did) -> Result<(), Diverged> {
        self.now = self.now.max(did.at);
        match did.what {
            Deed::Says(heard) => {
                // Recorded without its language where it was that of the call.
                let language = if heard.detected { heard.language } else { self.run.language() };
                self.answered = Some(block.to_owned());
                self.send(Event::SpeechStarted);
                self.send(Event::Heard(Heard { language, ..heard }));
            }
            Deed::Sounds => self.send(Event::Nothing),
            Deed::Presses(key) => {
                self.answered = Some(block.to_owned());
                self.send(Event::Key(key));
            }
            Deed::IsSilent => {
                self.answered = None;
                self.time_out();
            }
            Deed::HangsUp => self.send(Event::Hangup),
            Deed::TellsASecret => {
                let why = format!("{block} asks for what is secret, and what the caller answered was not kept");
                return Err(Diverged { for_want: true, ..self.parted(block, why) });
            }
            Deed::Waits(_) => {}
        }
        Ok(())
    }

    fn wait_for_person(&mut self, block: &str) -> Result<(), Diverged> {
        let waited = |did: &Did| did.block == block && matches!(did.what, Deed::Waits(_) | Deed::HangsUp);
        let Some(did) = self.next_that(waited) else {
            return Err(
                self.parted(block, format!("{block} hands the caller to people to whom they were not handed then"))
            );
        };
        self.now = self.now.max(did.at);
        match did.what {
            Deed::Waits(result) => {
                self.waited = result == QueueResult::Bridged;
                self.send(Event::QueueDone(result));
            }
            _ => {
                self.waited = false;
                self.send(Event::Hangup);
            }
        }
        Ok(())
    }

    /// Answers what is asked with what was answered then.
    fn answer(&mut self, asked: Asked) -> Result<(), Diverged> {
        let answer = match &asked {
            Asked::Reply { id, request } => {
                take(&mut self.replies, |asked| asked == request).map(|result| Event::HttpDone { id: *id, result })
            }
            Asked::Knowledge { id, question } => {
                take(&mut self.knowledge, |asked| asked == question).map(|answer| Event::Consulted { id: *id, answer })
            }
            Asked::Inquiry { id, what } => {
                take(&mut self.told, |asked| asked == what).map(|answer| Event::Told { id: *id, answer })
            }
        };
        if let Some(answer) = answer {
            self.send(answer);
            return Ok(());
        }
        let block = self.run.block().unwrap_or_default().to_owned();
        let gone = |did: &Did| did.block == block && matches!(did.what, Deed::HangsUp | Deed::IsSilent);
        if let Some(did) = self.next_that(gone) {
            // The caller did not wait for the answer, or it did not come.
            return self.act(&block, did);
        }
        let why = match &asked {
            Asked::Reply { request, .. } if self.not_kept.iter().any(|kept| kept == request || *kept == block) => {
                let why = format!("what {block} was answered then was not kept");
                return Err(Diverged { for_want: true, ..self.parted(&block, why) });
            }
            Asked::Reply { request, .. } => format!("{block} asks {request}, which was not asked then"),
            Asked::Knowledge { .. } => format!("{block} asks the knowledge base what it was not asked then"),
            Asked::Inquiry { .. } => format!("{block} looks up what was not looked up then"),
        };
        Err(self.parted(&block, why))
    }

    /// Takes the next thing of this kind that the caller did. What they did before it answers nothing here.
    fn next_that(&mut self, is_it: impl Fn(&Did) -> bool) -> Option<Did> {
        let place = self.caller.iter().position(is_it)?;
        self.caller.drain(..place);
        self.caller.pop_front()
    }

    fn parted(&self, block: &str, why: String) -> Diverged {
        Diverged { block: block.to_owned(), why, for_want: false }
    }

    fn time_out(&mut self) {
        self.now = self.now.max(self.run.deadline().unwrap_or(self.now));
        self.send(Event::Timeout);
    }

    fn send(&mut self, event: Event) {
        for action in self.run.on(event, self.now) {
            self.see(action);
        }
    }

    fn see(&mut self, action: Action) {
        match action {
            Action::Say { id, parts, .. } => {
                self.saying = Some(id);
                // A new question: what was said before was no answer to it.
                self.answered = None;
                parts.iter().for_each(|part| self.trace.add(&part.text));
            }
            Action::StopSpeaking => self.saying = None,
            Action::Http { id, method, url, .. } => {
                self.trace.add(&url);
                self.asked = Some(Asked::Reply { id, request: self.run.as_journaled(&format!("{method} {url}")) });
            }
            Action::Consult { id, question, .. } => self.asked = Some(Asked::Knowledge { id, question }),
            Action::Inquire { id, what } => self.asked = Some(Asked::Inquiry { id, what }),
            Action::Queue { queue: to, .. } | Action::Transfer { to, .. } => {
                self.waited = true;
                self.way.queue.push(to);
            }
            Action::LeaveQueue => self.waited = false,
            Action::Ticket { subject, body, .. } => self.trace.add(&format!("{subject}\n{body}")),
            Action::Callback { number, .. } => self.trace.add(&number),
            Action::Note(Note::Entered { block, .. }) => {
                self.trace.add(&block);
                self.way.path.push(block);
            }
            Action::Note(Note::Slot { name, value, secret, .. }) => {
                let value = if secret { MASKED.to_owned() } else { value };
                self.trace.add(&value);
                self.way.slots.insert(name, value);
            }
            Action::Note(Note::Edge { edge, .. }) => self.trace.add(&edge),
            Action::Listen { .. }
            | Action::StopListening
            | Action::Record { .. }
            | Action::End { .. }
            | Action::Note(_) => {}
        }
    }
}

/// Takes the first answer to what is asked.
fn take<Q, A>(answers: &mut VecDeque<(Q, A)>, asked: impl Fn(&Q) -> bool) -> Option<A> {
    let place = answers.iter().position(|(question, _)| asked(question))?;
    answers.remove(place).map(|(_, answer)| answer)
}

/// FNV-1a, 64 bits, over what happens.
struct Trace(u64);

impl Trace {
    fn new() -> Self {
        Trace(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, text: &str) {
        for byte in text.bytes().chain([0]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
}

impl Way {
    /// The block at which another way parts from this one; none where both are the same.
    pub fn parts_from(&self, other: &Way) -> Option<String> {
        if self == other {
            return None;
        }
        let parted = self.path.iter().zip(&other.path).position(|(a, b)| a != b);
        let at = parted.unwrap_or(self.path.len().min(other.path.len()));
        let last = at.checked_sub(1).and_then(|last| self.path.get(last));
        Some(last.or(self.path.first()).cloned().unwrap_or_default())
    }
}
