//! A call without a telephone: a run on a clock of its own, driven by what a caller would do. Flow tests and the simulator use it; the
//! words that a caller hears, the way through the blocks and the requests to other services are steps that can be looked at.

use std::sync::Arc;

use intent::{Language, Meaning, command::Command};
use serde::Serialize;
use serde_json::Value;

use crate::{
    Action, Brief, Context, Event, Flow, Heard, HttpFailure, HttpReply, Inquiry, Knowledge, Millis, Note, Outcome,
    Part, QueueResult, Run, TicketStatus,
};

/// How long a prompt takes, by its letters: people speak some 14 a second, and 4.5 Chinese characters.
const MS_A_LETTER: u64 = 70;
const MS_A_CHARACTER: u64 = 220;
const SHORTEST_PROMPT_MS: u64 = 400;
/// How long callers take to answer, and to press a key.
const ANSWER_MS: u64 = 1_500;
const KEY_MS: u64 = 250;
/// How long other services and agents take.
const REPLY_MS: u64 = 200;
const AGENT_MS: u64 = 5_000;
/// So many prompts in a row are played; a flow that says more without waiting for anybody has a circle that the run ends.
const MOST_PROMPTS: usize = 400;
/// What stands for a value that must not be shown.
const MASKED: &str = "•••";

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// When, in ms from the beginning of the call.
    pub at_ms: Millis,
    /// What.
    #[serde(flatten)]
    pub what: Happened,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Happened {
    /// The bot spoke.
    Said {
        /// The words.
        text: String,
        /// Their language.
        language: Language,
    },
    /// The caller spoke.
    Heard {
        /// The words.
        text: String,
        /// How surely they were heard, 0 to 1.
        confidence: f32,
    },
    /// The caller pressed keys.
    Keys {
        /// Which.
        keys: String,
    },
    /// The caller said nothing for as long as the flow waits.
    Silence,
    /// The caller hung up.
    HungUp,
    /// The run entered a block.
    Entered {
        /// The block.
        block: String,
        /// Its type.
        block_kind: String,
    },
    /// The run left a block.
    Left {
        /// The block.
        block: String,
        /// By which edge.
        edge: String,
        /// Where to.
        to: String,
    },
    /// The intent engine answered.
    Understood {
        /// The block.
        block: String,
        /// The answer.
        meaning: Meaning,
    },
    /// The caller chose an option.
    Chosen {
        /// The block.
        block: String,
        /// The option.
        option: String,
        /// How alike what was said is to it, 0 to 1.
        confidence: f32,
    },
    /// A command that is always on.
    Command {
        /// The block.
        block: String,
        /// The command.
        command: Command,
    },
    /// A value was collected.
    Slot {
        /// The block.
        block: String,
        /// Its name.
        name: String,
        /// The value; masked when it is secret.
        value: String,
    },
    /// Something is read back, or asked about.
    Confirming {
        /// The block.
        block: String,
        /// What.
        between: Vec<String>,
    },
    /// The language is this from now on.
    Language {
        /// Which.
        language: Language,
    },
    /// Nothing was heard.
    NoInput {
        /// The block.
        block: String,
    },
    /// What was heard fits nothing.
    NoMatch {
        /// The block.
        block: String,
    },
    /// Another service is asked.
    Request {
        /// The method.
        method: String,
        /// The address.
        url: String,
        /// A JSON body.
        #[serde(skip_serializing_if = "Option::is_none")]
        body: Option<Value>,
    },
    /// It answered, or not.
    Reply {
        /// The block.
        block: String,
        /// The status, if there was a reply.
        status: Option<u16>,
    },
    /// The knowledge base is asked.
    Question {
        /// What.
        question: String,
    },
    /// It answered.
    Answer {
        /// The block.
        block: String,
        /// The first question of the article that was told; none when it knows nothing.
        article: Option<String>,
    },
    /// The caller waits for an agent.
    Queued {
        /// In which queue.
        queue: String,
        /// What the agent is told.
        brief: Brief,
    },
    /// The caller is taken out of it again.
    LeftQueue,
    /// One person is called.
    Transferring {
        /// Who.
        to: String,
    },
    /// The call centre is asked.
    Inquired {
        /// What.
        what: Inquiry,
    },
    /// It told.
    Told {
        /// The block.
        block: String,
        /// What it knows, by name; nothing when it cannot tell.
        known: serde_json::Map<String, Value>,
    },
    /// Somebody is to call back.
    Callback {
        /// The number.
        number: String,
        /// What they are told.
        brief: Brief,
    },
    /// The recording goes on, or pauses.
    Recording {
        /// Whether it goes on.
        on: bool,
    },
    /// The caller gave a mark.
    Rated {
        /// The block.
        block: String,
        /// What was rated.
        name: String,
        /// The mark.
        score: u8,
        /// The best mark.
        scale: u8,
    },
    /// The call was tagged.
    Tagged {
        /// The block.
        block: String,
        /// The new tags.
        tags: Vec<String>,
    },
    /// A ticket is filed.
    Ticket {
        /// Its subject.
        subject: String,
        /// Its text.
        body: String,
        /// Its tags.
        tags: Vec<String>,
        /// Its status.
        status: TicketStatus,
    },
    /// Something went wrong.
    Error {
        /// The block.
        block: String,
        /// What.
        message: String,
    },
    /// The call is over.
    Ended {
        /// How.
        outcome: Outcome,
    },
}

/// What a simulated call waits for.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "for", rename_all = "snake_case")]
pub enum Waiting {
    /// For the caller to say or key something.
    Caller {
        /// The block that asks.
        block: String,
        /// Whether keys are of use.
        keys: bool,
    },
    /// For another service.
    Reply {
        /// The method.
        method: String,
        /// The address.
        url: String,
        /// A JSON body.
        #[serde(skip_serializing_if = "Option::is_none")]
        body: Option<Value>,
    },
    /// For the knowledge base.
    Knowledge {
        /// What it is asked.
        question: String,
        /// In which language.
        language: Language,
    },
    /// For an agent, or for the end of the conversation with one.
    Agent {
        /// In which queue, or which number is called.
        queue: String,
    },
    /// For what the call centre knows.
    Inquiry {
        /// What it is asked.
        what: Inquiry,
    },
    /// For nothing: the call is over.
    Over {
        /// How it ended.
        outcome: Outcome,
    },
}

/// Something that a simulated call does not wait for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OutOfPlace(String);

/// What is asked of others and not answered yet.
#[derive(Clone, Debug)]
enum Asked {
    Reply { id: u64, method: String, url: String, body: Option<Value> },
    Knowledge { id: u64, question: String, language: Language },
    Agent { queue: String },
    Inquiry { id: u64, what: Inquiry },
}

/// A simulated call.
#[derive(Clone, Debug)]
pub struct Simulation {
    run: Run,
    now: Millis,
    steps: Vec<Step>,
    /// The prompt that is being said.
    saying: Option<(u64, u64)>,
    asked: Option<Asked>,
    keys: bool,
}

impl Simulation {
    /// A call that has begun and goes on until somebody is waited for.
    pub fn begin(flow: Arc<Flow>, model: Arc<intent::Model>, context: Context) -> Self {
        let run = Run::new(flow, model, context);
        let mut simulation = Simulation { run, now: 0, steps: Vec::new(), saying: None, asked: None, keys: false };
        simulation.send(Event::Begin);
        simulation
    }

    /// What happened so far.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The run.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// What is waited for.
    pub fn waiting(&self) -> Waiting {
        if let Some(outcome) = self.run.outcome() {
            return Waiting::Over { outcome };
        }
        match &self.asked {
            Some(Asked::Reply { method, url, body, .. }) => {
                Waiting::Reply { method: method.clone(), url: url.clone(), body: body.clone() }
            }
            Some(Asked::Knowledge { question, language, .. }) => {
                Waiting::Knowledge { question: question.clone(), language: *language }
            }
            Some(Asked::Agent { queue }) => Waiting::Agent { queue: queue.clone() },
            Some(Asked::Inquiry { what, .. }) => Waiting::Inquiry { what: what.clone() },
            None => Waiting::Caller { block: self.run.block().unwrap_or_default().to_owned(), keys: self.keys },
        }
    }

    /// The caller says something.
    pub fn say(&mut self, heard: Heard) -> Result<(), OutOfPlace> {
        self.callers_turn()?;
        let before = self.steps.len();
        let said = Happened::Heard { text: heard.text.clone(), confidence: heard.confidence };
        self.now += ANSWER_MS;
        self.note(said);
        self.send(Event::SpeechStarted);
        self.send(Event::Heard(heard));
        self.mask(before);
        Ok(())
    }

    /// The caller presses keys, one after the other.
    pub fn keys(&mut self, keys: &str) -> Result<(), OutOfPlace> {
        self.callers_turn()?;
        let before = self.steps.len();
        self.now += ANSWER_MS;
        self.note(Happened::Keys { keys: keys.to_owned() });
        for key in keys.chars().filter(|key| !key.is_whitespace()) {
            self.now += KEY_MS;
            self.press(key);
        }
        self.hear_out();
        self.mask(before);
        Ok(())
    }

    /// The caller says nothing until the flow goes on by itself.
    pub fn silence(&mut self) -> Result<(), OutOfPlace> {
        self.callers_turn()?;
        self.note(Happened::Silence);
        self.now = self.run.deadline().unwrap_or(self.now);
        self.send(Event::Timeout);
        Ok(())
    }

    /// The caller hangs up.
    pub fn hang_up(&mut self) -> Result<(), OutOfPlace> {
        if let Waiting::Over { .. } = self.waiting() {
            return Err(OutOfPlace("the call is over already".to_owned()));
        }
        self.note(Happened::HungUp);
        self.saying = None;
        self.send(Event::Hangup);
        Ok(())
    }

    /// The other service answers, or does not.
    pub fn reply(&mut self, result: Result<HttpReply, HttpFailure>) -> Result<(), OutOfPlace> {
        match self.asked.take() {
            Some(Asked::Reply { id, .. }) => {
                self.now += REPLY_MS;
                self.send(Event::HttpDone { id, result });
                Ok(())
            }
            other => Err(self.instead(other, "no request was sent")),
        }
    }

    /// The knowledge base answers.
    pub fn knowledge(&mut self, answer: Knowledge) -> Result<(), OutOfPlace> {
        match self.asked.take() {
            Some(Asked::Knowledge { id, .. }) => {
                self.now += REPLY_MS;
                self.send(Event::Consulted { id, answer });
                Ok(())
            }
            other => Err(self.instead(other, "the knowledge base was not asked")),
        }
    }

    /// The call centre tells what it was asked.
    pub fn tell(&mut self, answer: Result<serde_json::Map<String, Value>, String>) -> Result<(), OutOfPlace> {
        match self.asked.take() {
            Some(Asked::Inquiry { id, .. }) => {
                self.now += REPLY_MS;
                self.send(Event::Told { id, answer });
                Ok(())
            }
            other => Err(self.instead(other, "the call centre was not asked")),
        }
    }

    /// There is news from the queue.
    pub fn agent(&mut self, news: QueueResult) -> Result<(), OutOfPlace> {
        match self.asked.take() {
            Some(Asked::Agent { queue }) => {
                self.now += AGENT_MS;
                if news == QueueResult::Bridged {
                    self.asked = Some(Asked::Agent { queue });
                }
                self.send(Event::QueueDone(news));
                Ok(())
            }
            other => Err(self.instead(other, "the caller is in no queue")),
        }
    }

    fn instead(&mut self, asked: Option<Asked>, what: &str) -> OutOfPlace {
        self.asked = asked;
        OutOfPlace(format!("{what}; {}", self.waits_for()))
    }

    fn callers_turn(&self) -> Result<(), OutOfPlace> {
        match self.waiting() {
            Waiting::Caller { .. } => Ok(()),
            _ => Err(OutOfPlace(format!("it is not the caller's turn; {}", self.waits_for()))),
        }
    }

    /// In words, what is waited for.
    pub fn waits_for(&self) -> String {
        match self.waiting() {
            Waiting::Caller { block, .. } => format!("block {block} waits for the caller"),
            Waiting::Reply { method, url, .. } => format!("the flow waits for the reply to {method} {url}"),
            Waiting::Knowledge { question, .. } => {
                format!("the flow waits for the knowledge base, which is asked “{question}”")
            }
            Waiting::Agent { queue } => format!("the caller is in the queue {queue}"),
            Waiting::Inquiry { what: Inquiry::Queue { queue } } => {
                format!("the flow asks how busy the queue {queue} is")
            }
            Waiting::Inquiry { what: Inquiry::Customer { number } } => format!("the flow asks who calls from {number}"),
            Waiting::Over { outcome } => {
                let outcome = serde_json::to_value(outcome).unwrap_or_default();
                format!("the call is over: {}", outcome.as_str().unwrap_or_default())
            }
        }
    }

    /// Hands on an event and lets prompts be played.
    fn send(&mut self, event: Event) {
        let actions = self.run.on(event, self.now);
        actions.into_iter().for_each(|action| self.see(action));
        self.hear_out();
    }

    /// A key, which may come while something is said.
    fn press(&mut self, key: char) {
        let actions = self.run.on(Event::Key(key), self.now);
        actions.into_iter().for_each(|action| self.see(action));
        if self.saying.is_some() && !self.run.is_listening() {
            self.hear_out();
        }
    }

    fn hear_out(&mut self) {
        for _ in 0..MOST_PROMPTS {
            let Some((say, ms)) = self.saying.take() else { return };
            self.now += ms;
            let actions = self.run.on(Event::SpeechDone { say }, self.now);
            actions.into_iter().for_each(|action| self.see(action));
        }
    }

    fn note(&mut self, what: Happened) {
        self.steps.push(Step { at_ms: self.now, what });
    }

    fn see(&mut self, action: Action) {
        let what = match action {
            Action::Say { id, parts, .. } => {
                let ms = parts.iter().map(spoken_ms).sum::<u64>().max(SHORTEST_PROMPT_MS);
                // A prompt after another that is still being said waits for it.
                let before = self.saying.map_or(0, |(_, ms)| ms);
                self.saying = Some((id, before + ms));
                let language = parts.first().map_or_else(Language::default, |part| part.language);
                let words: Vec<String> = parts.into_iter().map(|part| part.text).collect();
                Happened::Said { text: words.join(" "), language }
            }
            Action::Listen { keys, .. } => {
                self.keys = keys;
                return;
            }
            Action::StopListening => return,
            Action::StopSpeaking => {
                self.saying = None;
                return;
            }
            Action::Http { id, method, url, body, .. } => {
                let asked = Asked::Reply { id, method: method.clone(), url: url.clone(), body: body.clone() };
                self.asked = Some(asked);
                Happened::Request { method, url, body }
            }
            Action::Consult { id, question, language } => {
                self.asked = Some(Asked::Knowledge { id, question: question.clone(), language });
                Happened::Question { question }
            }
            Action::Queue { queue, summary, .. } => {
                self.asked = Some(Asked::Agent { queue: queue.clone() });
                Happened::Queued { queue, brief: summary }
            }
            Action::Transfer { to, .. } => {
                self.asked = Some(Asked::Agent { queue: to.clone() });
                Happened::Transferring { to }
            }
            Action::Inquire { id, what } => {
                self.asked = Some(Asked::Inquiry { id, what: what.clone() });
                Happened::Inquired { what }
            }
            Action::Callback { number, summary, .. } => Happened::Callback { number, brief: summary },
            Action::Record { on } => Happened::Recording { on },
            Action::LeaveQueue => {
                self.asked = None;
                Happened::LeftQueue
            }
            Action::Ticket { subject, body, tags, status } => Happened::Ticket { subject, body, tags, status },
            Action::End { outcome } => {
                self.asked = None;
                self.saying = None;
                Happened::Ended { outcome }
            }
            Action::Note(note) => match noted(note) {
                Some(what) => what,
                None => return,
            },
        };
        self.note(what);
    }

    /// What was said or keyed for a value that must not be shown is not shown either.
    fn mask(&mut self, from: usize) {
        let secret =
            self.steps[from..].iter().any(|step| matches!(&step.what, Happened::Slot { value, .. } if value == MASKED));
        if !secret {
            return;
        }
        for step in &mut self.steps[from..] {
            if let Happened::Heard { text: shown, .. } | Happened::Keys { keys: shown } = &mut step.what {
                *shown = MASKED.to_owned();
            }
        }
    }
}

fn noted(note: Note) -> Option<Happened> {
    Some(match note {
        Note::Entered { block, kind } => Happened::Entered { block, block_kind: kind },
        Note::Edge { block, edge, to } => Happened::Left { block, edge, to },
        Note::Understood { block, meaning } => Happened::Understood { block, meaning },
        Note::Chosen { block, option, confidence, .. } => Happened::Chosen { block, option, confidence },
        Note::Command { block, command } => Happened::Command { block, command },
        Note::Slot { block, name, value, secret } => {
            Happened::Slot { block, name, value: if secret { MASKED.to_owned() } else { value } }
        }
        Note::Told { block, answer, .. } => Happened::Told { block, known: answer.unwrap_or_default() },
        Note::Rated { block, name, score, scale } => Happened::Rated { block, name, score, scale },
        Note::Tagged { block, tags } => Happened::Tagged { block, tags },
        Note::Language { language, .. } => Happened::Language { language },
        Note::Confirming { block, between } => Happened::Confirming { block, between },
        Note::NoInput { block, .. } => Happened::NoInput { block },
        Note::NoMatch { block, .. } => Happened::NoMatch { block },
        Note::HttpCalled { block, status, .. } => Happened::Reply { block, status },
        Note::Consulted { block, answer, .. } => {
            let article = match answer {
                Knowledge::Known(article) => Some(article.title),
                Knowledge::Unsure(_) | Knowledge::Unknown(_) => None,
            };
            Happened::Answer { block, article }
        }
        Note::Error { block, message } => Happened::Error { block, message },
    })
}

/// How long it takes to say this, in ms.
fn spoken_ms(part: &Part) -> u64 {
    let letters = part.text.chars().count() as u64;
    letters * if part.language == Language::Chinese { MS_A_CHARACTER } else { MS_A_LETTER }
}
