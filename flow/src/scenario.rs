//! Tests of a flow, in YAML beside it: what a caller does, what other services answer, and what must come of it.
//!
//! ```yaml
//! flow: bicycle-shop.json
//! tests:
//!   - name: An order that is on its way
//!     time: 2026-11-28T10:00[Europe/London]
//!     http:
//!       - {url: /orders/1042, status: 200, body: {number: "1042", status: shipped}}
//!     steps:
//!       - expect: {words: How can I help}
//!       - hear: where is my order
//!       - expect: {block: order_number, intent: order_status}
//!       - keys: "1042"
//!       - expect: {slot: {order_number: "1042"}, words: on its way}
//!       - hang_up: true
//!       - expect: {outcome: resolved}
//! ```
//!
//! A test runs through every step even when an expectation is not met, as far as the call goes, so that it says all that is wrong.

use std::{collections::BTreeMap, sync::Arc};

use intent::{Language, Model};
use jiff::Zoned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    Context, Flow, Heard, HttpFailure, HttpReply, Inquiry, Knowledge, KnownArticle, Outcome, QueueResult,
    simulate::{Happened, Simulation, Step, Waiting},
};

/// The largest file, in bytes.
const LARGEST: usize = 1024 * 1024;
const MOST_TESTS: usize = 1_000;
const MOST_STEPS: usize = 500;
/// So often one step may lead to requests that the test answers by itself.
const MOST_REPLIES: usize = 50;
/// How surely words are heard when a test does not say.
const HEARD: f32 = 0.9;

/// Why a file of tests cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// It is not YAML of the right shape; with line and column.
    #[error("{0}")]
    Malformed(String),
    /// It is too large.
    #[error("the file has more than {LARGEST} bytes, {MOST_TESTS} tests or {MOST_STEPS} steps in a test; divide it")]
    TooLarge,
    /// A step does several things, or none.
    #[error(
        "test “{test}”, step {step}: write one of hear, keys, silence, http, knowledge, agent, hang_up and expect in each step"
    )]
    NotOneThing {
        /// The test.
        test: String,
        /// The step, from 1.
        step: usize,
    },
    /// Two tests have one name.
    #[error("two tests are called “{0}”; rename one")]
    Twice(String),
}

/// A file of tests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenarios {
    /// The flow's file; beside this file and with the same name when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// The tests.
    pub tests: Vec<Scenario>,
}

/// A test: one call.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it shows.
    pub name: String,
    /// The language of the call; the flow's first when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Who calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
    /// The number that was called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called: Option<String>,
    /// When the call begins, with its time zone, as in RFC 9557: `2026-11-28T10:00[Europe/London]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// Values of the flow's variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, Value>,
    /// What other services answer whenever they are asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub http: Vec<Stub>,
    /// What the knowledge base answers whenever it is asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub knowledge: Vec<Told>,
    /// How busy queues are, by their ids: `agents`, `free`, `waiting`, `longest_wait_s`. One agent is there and free unless it says
    /// something else.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub queues: BTreeMap<String, Map<String, Value>>,
    /// Who calls from which number: `calls`, `last_call`, `open_tickets`, `ticket_subject`. Nobody else is known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub customers: BTreeMap<String, Map<String, Value>>,
    /// What happens, in order.
    pub steps: Vec<Line>,
}

/// The answer of another service to requests whose address has `url` in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stub {
    /// A part of the address; any address when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The body.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub body: Value,
    /// No answer: `timeout`, `refused` or, in other words, what is wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fail: Option<String>,
}

/// The knowledge base's answer to questions with `question` in them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// A part of the question; any when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// What is said at once; it does not know when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short: Option<String>,
    /// What is said when the caller wants to hear more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest: Option<String>,
}

/// One step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The caller says this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hear: Option<Hear>,
    /// The caller presses these keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<String>,
    /// The caller says nothing, so many times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silence: Option<u32>,
    /// The other service answers this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<Stub>,
    /// The knowledge base answers this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knowledge: Option<Told>,
    /// News from the queue: `bridged`, `agent_ended`, `no_agents`, `timeout` or `failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<QueueResult>,
    /// The caller hangs up.
    #[serde(default, skip_serializing_if = "is_false")]
    pub hang_up: bool,
    /// What must have come of the step before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Box<Expected>>,
}

/// Words that a caller says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Hear {
    /// The words.
    Words(String),
    /// The words, and how they were heard.
    Heard {
        /// The words.
        text: String,
        /// How surely, 0 to 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        confidence: Option<f32>,
        /// Other readings, likelier first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        alternatives: Vec<String>,
    },
}

/// What must have come of a step. What is left out does not matter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Words that the bot said since the caller's last turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Several>,
    /// Words that it did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_words: Option<Several>,
    /// A block that was entered since then, or that waits now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<Several>,
    /// The intent that was understood last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<String>,
    /// Values that are known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub slot: BTreeMap<String, String>,
    /// A part of a request that was sent since then, like `GET /orders/1042`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The queue in which the caller waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// A part of the subject or the text of a ticket that was filed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// A tag of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<Several>,
    /// The number that is to be called back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback: Option<String>,
    /// How the call ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

/// One or several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Several {
    /// One.
    One(String),
    /// All of them.
    All(Vec<String>),
}

impl Several {
    fn iter(&self) -> impl Iterator<Item = &str> {
        let (one, all) = match self {
            Several::One(one) => (Some(one), None),
            Several::All(all) => (None, Some(all)),
        };
        one.into_iter().chain(all.into_iter().flatten()).map(String::as_str)
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// What came of a test.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Played {
    /// The test.
    pub name: String,
    /// What went wrong; none when it passed.
    pub failures: Vec<Failure>,
    /// What happened.
    pub steps: Vec<Step>,
    /// What the call waits for in the end; nothing when it could not begin.
    pub waiting: Option<Waiting>,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The step of the test, from 1.
    pub step: usize,
    /// What, in words.
    pub message: String,
}

impl Scenarios {
    /// Reads a file.
    pub fn read(yaml: &str) -> Result<Self, ScenarioError> {
        if yaml.len() > LARGEST {
            return Err(ScenarioError::TooLarge);
        }
        let read: Self = serde_saphyr::from_str(yaml).map_err(|error| ScenarioError::Malformed(error.to_string()))?;
        read.checked()
    }

    /// The tests that a flow's document brings along (`metadata.tests`).
    pub fn of(flow: &Flow) -> Result<Self, ScenarioError> {
        let Some(tests) = flow.metadata.other.get("tests") else { return Ok(Self::default()) };
        let tests = Vec::deserialize(tests).map_err(|error| ScenarioError::Malformed(error.to_string()))?;
        Self { flow: None, tests }.checked()
    }

    fn checked(self) -> Result<Self, ScenarioError> {
        if self.tests.len() > MOST_TESTS || self.tests.iter().any(|test| test.steps.len() > MOST_STEPS) {
            return Err(ScenarioError::TooLarge);
        }
        let mut names = std::collections::BTreeSet::new();
        for test in &self.tests {
            if !names.insert(&test.name) {
                return Err(ScenarioError::Twice(test.name.clone()));
            }
            if let Some(step) = test.steps.iter().position(|line| line.things() != 1) {
                return Err(ScenarioError::NotOneThing { test: test.name.clone(), step: step + 1 });
            }
        }
        Ok(self)
    }

    /// The file.
    pub fn to_yaml(&self) -> String {
        serde_saphyr::to_string(self).unwrap_or_default()
    }
}

impl Line {
    fn things(&self) -> usize {
        [
            self.hear.is_some(),
            self.keys.is_some(),
            self.silence.is_some(),
            self.http.is_some(),
            self.knowledge.is_some(),
            self.agent.is_some(),
            self.hang_up,
            self.expect.is_some(),
        ]
        .into_iter()
        .filter(|there| *there)
        .count()
    }
}

impl Scenario {
    /// Makes the call. `variables` are those of the service, which the test's own replace.
    pub fn run(&self, flow: &Arc<Flow>, model: &Arc<Model>, variables: &BTreeMap<String, Value>) -> Played {
        let mut failures = Vec::new();
        let mut at = |step: usize, message: String| failures.push(Failure { step, message });
        let context = match self.context(flow, variables) {
            Ok(context) => context,
            Err(message) => {
                at(0, message);
                return Played { name: self.name.clone(), failures, steps: Vec::new(), waiting: None };
            }
        };
        let mut call = Simulation::begin(flow.clone(), model.clone(), context);
        // Where the steps begin that follow the caller's last turn.
        let mut since = 0;
        for (index, line) in self.steps.iter().enumerate() {
            let number = index + 1;
            let answers = line.http.is_some() || line.knowledge.is_some();
            if !answers && let Err(message) = self.answer_others(&mut call) {
                at(number, message);
                break;
            }
            if let Some(expected) = &line.expect {
                expected.check(&call, since).into_iter().for_each(|message| at(number, message));
                continue;
            }
            if !answers {
                since = call.steps().len();
            }
            if let Err(message) = line.act(&mut call) {
                at(number, message);
                break;
            }
            if let Err(message) = self.answer_others_unless(&mut call, self.steps.get(index + 1)) {
                at(number, message);
                break;
            }
        }
        let waiting = Some(call.waiting());
        Played { name: self.name.clone(), failures, steps: call.steps().to_vec(), waiting }
    }

    fn context(&self, flow: &Flow, variables: &BTreeMap<String, Value>) -> Result<Context, String> {
        let language = match &self.language {
            None => flow.default_language(),
            Some(code) => code.parse().map_err(|_| format!("language is `{code}`; it can be en or zh-CN"))?,
        };
        let now: Zoned = match &self.time {
            None => Context::default().now,
            Some(time) => time.parse().map_err(|_| {
                format!("time is `{time}`; write one with its zone, like 2026-11-28T10:00[Europe/London]")
            })?,
        };
        let mut all = variables.clone();
        all.extend(self.variables.clone());
        Ok(Context {
            call_id: "test".to_owned(),
            caller: self.caller.clone().unwrap_or_default(),
            called: self.called.clone().unwrap_or_default(),
            language: Some(language),
            variables: all,
            now,
            ..Context::default()
        })
    }

    /// Answers what other services are asked, unless the next step does. With no step to come nothing needs the answer: whoever plays
    /// step by step sees what is waited for.
    fn answer_others_unless(&self, call: &mut Simulation, next: Option<&Line>) -> Result<(), String> {
        match (call.waiting(), next) {
            (Waiting::Reply { .. }, Some(Line { http: Some(_), .. }))
            | (Waiting::Knowledge { .. }, Some(Line { knowledge: Some(_), .. })) => Ok(()),
            (Waiting::Reply { url, .. }, None) if self.stub(&url).is_none() => Ok(()),
            (Waiting::Knowledge { .. }, None) if self.knowledge.is_empty() => Ok(()),
            _ => self.answer_others(call),
        }
    }

    /// What the call centre knows in this test.
    fn known(&self, what: &Inquiry) -> Map<String, Value> {
        let (usual, given) = match what {
            Inquiry::Queue { queue } => {
                (json!({"agents": 1, "free": 1, "waiting": 0, "longest_wait_s": 0}), self.queues.get(queue))
            }
            Inquiry::Customer { number } => {
                let given = self.customers.get(number);
                let calls = i32::from(given.is_some());
                let usual = json!({"known": given.is_some(), "calls": calls, "last_call": null, "open_tickets": 0,
                    "ticket_subject": null});
                (usual, given)
            }
        };
        let mut known = usual.as_object().cloned().unwrap_or_default();
        known.extend(given.cloned().unwrap_or_default());
        known
    }

    fn stub(&self, url: &str) -> Option<&Stub> {
        self.http.iter().find(|stub| stub.url.as_ref().is_none_or(|part| url.contains(part)))
    }

    fn answer_others(&self, call: &mut Simulation) -> Result<(), String> {
        for _ in 0..MOST_REPLIES {
            let misplaced = match call.waiting() {
                Waiting::Reply { method, url, .. } => {
                    let Some(stub) = self.stub(&url) else {
                        return Err(format!(
                            "the flow asks {method} {url}, and the test has no answer: add one under http, or a step http"
                        ));
                    };
                    call.reply(stub.result())
                }
                Waiting::Knowledge { question, .. } => {
                    let asked = question.to_lowercase();
                    let told = self
                        .knowledge
                        .iter()
                        .find(|told| told.question.as_ref().is_none_or(|part| asked.contains(&part.to_lowercase())));
                    call.knowledge(told.map(Told::answer).unwrap_or_default())
                }
                Waiting::Inquiry { what } => call.tell(Ok(self.known(&what))),
                _ => return Ok(()),
            };
            misplaced.map_err(|error| error.to_string())?;
        }
        Err(format!("the flow asked other services more than {MOST_REPLIES} times without the caller"))
    }
}

impl Stub {
    fn result(&self) -> Result<HttpReply, HttpFailure> {
        match self.fail.as_deref() {
            None => Ok(HttpReply { status: self.status.unwrap_or(200), body: self.body.clone() }),
            Some("timeout") => Err(HttpFailure::Timeout),
            Some("refused") => Err(HttpFailure::Refused),
            Some(other) => Err(HttpFailure::BadReply(other.to_owned())),
        }
    }
}

impl Told {
    fn answer(&self) -> Knowledge {
        match &self.short {
            None => Knowledge::default(),
            Some(short) => Knowledge::Known(KnownArticle {
                id: "test".to_owned(),
                version: 1,
                title: self.question.clone().unwrap_or_default(),
                short: short.clone(),
                rest: self.rest.clone(),
                confidence: 1.0,
            }),
        }
    }
}

impl Line {
    fn act(&self, call: &mut Simulation) -> Result<(), String> {
        let done = if let Some(hear) = &self.hear {
            call.say(hear.heard(call.run().language()))
        } else if let Some(keys) = &self.keys {
            call.keys(keys)
        } else if let Some(times) = self.silence {
            (0..times).try_for_each(|_| call.silence())
        } else if let Some(stub) = &self.http {
            call.reply(stub.result())
        } else if let Some(told) = &self.knowledge {
            call.knowledge(told.answer())
        } else if let Some(news) = self.agent {
            call.agent(news)
        } else {
            call.hang_up()
        };
        done.map_err(|error| error.to_string())
    }
}

impl Hear {
    fn heard(&self, language: Language) -> Heard {
        let (text, confidence, alternatives) = match self {
            Hear::Words(text) => (text.clone(), None, Vec::new()),
            Hear::Heard { text, confidence, alternatives } => (text.clone(), *confidence, alternatives.clone()),
        };
        Heard { text, confidence: confidence.unwrap_or(HEARD), alternatives, language, ..Heard::default() }
    }
}

impl Expected {
    /// What is not met, in words.
    fn check(&self, call: &Simulation, since: usize) -> Vec<String> {
        let mut wrong = Vec::new();
        let (all, new) = (call.steps(), &call.steps()[since.min(call.steps().len())..]);
        let said: Vec<&str> = new
            .iter()
            .filter_map(|step| match &step.what {
                Happened::Said { text, .. } => Some(text.as_str()),
                _ => None,
            })
            .collect();
        let said = said.join(" ");
        for words in self.words.iter().flat_map(Several::iter).filter(|words| !says(&said, words)) {
            wrong.push(format!("the bot should say “{words}”; it said “{said}”"));
        }
        for words in self.not_words.iter().flat_map(Several::iter).filter(|words| says(&said, words)) {
            wrong.push(format!("the bot should not say “{words}”; it said “{said}”"));
        }
        let mut blocks: Vec<&str> = new
            .iter()
            .filter_map(|step| match &step.what {
                Happened::Entered { block, .. } => Some(block.as_str()),
                _ => None,
            })
            .collect();
        blocks.extend(call.run().block());
        blocks.dedup();
        for block in self.block.iter().flat_map(Several::iter).filter(|block| !blocks.contains(block)) {
            wrong.push(format!("the way should lead through {block}; it led through {}", listed(&blocks)));
        }
        if let Some(intent) = &self.intent {
            let understood = all.iter().rev().find_map(|step| match &step.what {
                Happened::Understood { meaning, .. } => Some(meaning),
                _ => None,
            });
            let found = understood.and_then(|meaning| meaning.accepted());
            if found != Some(intent) {
                let instead = match understood {
                    None => "nothing was asked yet".to_owned(),
                    Some(meaning) => format!(
                        "it is {} ({})",
                        found.unwrap_or("none"),
                        meaning
                            .ranking
                            .iter()
                            .take(3)
                            .map(|scored| format!("{} {:.2}", scored.intent, scored.confidence))
                            .collect::<Vec<_>>()
                            .join(", ")
                    ),
                };
                wrong.push(format!("the intent should be {intent}; {instead}"));
            }
        }
        for (name, value) in &self.slot {
            let found = all.iter().rev().find_map(|step| match &step.what {
                Happened::Slot { name: slot, value, .. } if slot == name => Some(value.as_str()),
                _ => None,
            });
            if found != Some(value) {
                let found = found.map_or("not known".to_owned(), |found| format!("“{found}”"));
                wrong.push(format!("{name} should be “{value}”; it is {found}"));
            }
        }
        if let Some(part) = &self.request {
            let requests: Vec<String> = new
                .iter()
                .filter_map(|step| match &step.what {
                    Happened::Request { method, url, .. } => Some(format!("{method} {url}")),
                    _ => None,
                })
                .collect();
            let (method, rest) = part.split_once(' ').unwrap_or(("", part));
            if !requests.iter().any(|request| request.starts_with(method) && request.contains(rest)) {
                let requests: Vec<&str> = requests.iter().map(String::as_str).collect();
                wrong.push(format!("{part} should be asked for; asked for was {}", listed(&requests)));
            }
        }
        if let Some(queue) = &self.queue {
            let found = all.iter().rev().find_map(|step| match &step.what {
                Happened::Queued { queue, .. } => Some(queue.as_str()),
                Happened::Transferring { to } => Some(to.as_str()),
                Happened::LeftQueue => Some("no queue"),
                _ => None,
            });
            if found != Some(queue) {
                wrong.push(format!("the caller should wait in {queue}; it is {}", found.unwrap_or("no queue")));
            }
        }
        if let Some(part) = &self.ticket {
            let tickets: Vec<String> = all
                .iter()
                .filter_map(|step| match &step.what {
                    Happened::Ticket { subject, body, .. } => Some(format!("{subject}: {body}")),
                    _ => None,
                })
                .collect();
            if !tickets.iter().any(|ticket| says(ticket, part)) {
                let tickets: Vec<&str> = tickets.iter().map(String::as_str).collect();
                wrong.push(format!("a ticket should say “{part}”; filed was {}", listed(&tickets)));
            }
        }
        let tags: Vec<&str> = all
            .iter()
            .filter_map(|step| match &step.what {
                Happened::Tagged { tags, .. } => Some(tags),
                _ => None,
            })
            .flatten()
            .map(String::as_str)
            .collect();
        for tag in self.tag.iter().flat_map(Several::iter).filter(|tag| !tags.contains(tag)) {
            wrong.push(format!("the call should be tagged {tag}; its tags are {}", listed(&tags)));
        }
        if let Some(number) = &self.callback {
            let numbers: Vec<&str> = all
                .iter()
                .filter_map(|step| match &step.what {
                    Happened::Callback { number, .. } => Some(number.as_str()),
                    _ => None,
                })
                .collect();
            if !numbers.contains(&number.as_str()) {
                wrong.push(format!("{number} should be called back; to be called is {}", listed(&numbers)));
            }
        }
        if let Some(outcome) = self.outcome {
            let name = |outcome: Outcome| {
                serde_json::to_value(outcome).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
            };
            if call.run().outcome() != Some(outcome) {
                let found = call.run().outcome().map_or_else(|| format!("not over: {}", call.waits_for()), name);
                wrong.push(format!("the call should end as {}; it is {found}", name(outcome)));
            }
        }
        wrong
    }
}

/// Whether the words are in it, however they are spaced and written.
fn says(said: &str, words: &str) -> bool {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    plain(said).contains(&plain(words))
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}
