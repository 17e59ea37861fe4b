//! A simulated telephone line: time passes as the run asks for it, prompts end by themselves, and the rest is up to the test.

use std::sync::Arc;

use flow::{
    Action, Context, Event, Expect, Flow, Heard, HttpFailure, HttpReply, Knowledge, Millis, Note, Outcome, QueueResult,
    Run,
};
use intent::{Language, Model};
use serde_json::{Value, json};

pub struct Line {
    pub run: Run,
    pub now: Millis,
    /// What happened, one line each: `bot: …`, `listen`, `http GET …`, `queue …`, `ticket …`, `end …`, `edge a -next-> b`.
    pub log: Vec<String>,
    /// What was asked for and not answered yet.
    pub said: Option<u64>,
    pub request: Option<u64>,
    pub turns: Vec<u64>,
    /// What the recogniser was told to expect, each time.
    pub expected: Vec<Expect>,
}

/// A flow with English only, a queue and the blocks given; `person` is the block `queue` where there is one.
pub fn flow(blocks: Value) -> Flow {
    flow_with(blocks, json!({}))
}

pub fn flow_with(blocks: Value, more: Value) -> Flow {
    let mut document = json!({
        "schema_version": 1, "id": "test", "name": "Test", "languages": ["en"],
        "start": blocks[0]["id"], "blocks": blocks, "queues": [{"id": "service", "name": "Service"}],
    });
    for (name, value) in more.as_object().expect("an object") {
        document[name] = value.clone();
    }
    flow::parse(&document.to_string()).unwrap_or_else(|findings| panic!("{findings:#?}"))
}

pub fn say(id: &str, text: &str, next: &str) -> Value {
    json!({"id": id, "type": "say", "params": {"prompt": {"en": text}}, "edges": {"next": next}})
}

pub fn end(id: &str, outcome: &str) -> Value {
    json!({"id": id, "type": "end", "params": {"outcome": outcome}})
}

pub fn queue(id: &str) -> Value {
    json!({"id": id, "type": "to_queue", "params": {"queue": "service"},
        "edges": {"no_agents": "failed", "timeout": "failed", "error": "failed"}})
}

impl Line {
    pub fn new(flow: Flow) -> Line {
        let model = if flow.intents.is_empty() {
            Model::empty()
        } else {
            intent::train(&flow.training_set(), 1).expect("the intents can be trained")
        };
        Line::with(Arc::new(flow), Arc::new(model), Context::default())
    }

    pub fn with(flow: Arc<Flow>, model: Arc<Model>, context: Context) -> Line {
        Line {
            run: Run::new(flow, model, context),
            now: 1_000,
            log: Vec::new(),
            said: None,
            request: None,
            turns: Vec::new(),
            expected: Vec::new(),
        }
    }

    /// The call, begun.
    pub fn begun(flow: Flow) -> Line {
        let mut line = Line::new(flow);
        line.send(Event::Begin);
        line
    }

    pub fn send(&mut self, event: Event) -> &mut Line {
        let actions = self.run.on(event, self.now);
        for action in actions {
            self.see(action);
        }
        assert!(
            self.run.finished() || self.run.deadline().is_some() || self.with_agent(),
            "the run waits for ever after {:?}",
            self.log.last()
        );
        self
    }

    fn with_agent(&self) -> bool {
        self.log
            .iter()
            .rev()
            .find(|line| line.starts_with("queue") || line.starts_with("edge"))
            .is_some_and(|line| line.starts_with("queue"))
    }

    fn see(&mut self, action: Action) {
        let line = match action {
            Action::Say { id, turn, parts, .. } => {
                self.said = Some(id);
                self.turns.push(turn);
                let words: Vec<String> = parts.into_iter().map(|part| part.text).collect();
                format!("bot: {}", words.join(" "))
            }
            Action::Listen { turn, expect, .. } => {
                self.turns.push(turn);
                let listen = format!("listen {:?}", expect.profile);
                self.expected.push(expect);
                listen
            }
            Action::StopListening => "stop listening".into(),
            Action::StopSpeaking => {
                self.said = None;
                "stop speaking".into()
            }
            Action::Http { id, method, url, body, .. } => {
                self.request = Some(id);
                format!("http {method} {url}{}", body.map(|body| format!(" {body}")).unwrap_or_default())
            }
            Action::Consult { id, question, language } => {
                self.request = Some(id);
                format!("consult {language}: {question}")
            }
            Action::Queue { queue, summary, .. } => {
                format!("queue {queue}: {} {:?}", summary.reason, summary.slots)
            }
            Action::Transfer { to, timeout_ms, .. } => format!("queue transfer to {to} for {timeout_ms}"),
            Action::Inquire { id, what } => {
                self.request = Some(id);
                format!("inquire {what:?}")
            }
            Action::Callback { number, queue, summary } => {
                format!("callback {number} {} {}", queue.unwrap_or_default(), summary.reason)
            }
            Action::Record { on } => format!("record {on}"),
            Action::LeaveQueue => "leave queue".into(),
            Action::Ticket { subject, body, tags, status } => {
                format!("ticket {subject} | {body} | {tags:?} | {status:?}")
            }
            Action::End { outcome } => format!("end {outcome:?}"),
            Action::Note(Note::Edge { block, edge, to }) => format!("edge {block} -{edge}-> {to}"),
            Action::Note(Note::Entered { .. }) => return,
            Action::Note(Note::Understood { meaning, .. }) => format!("understood {:?}", meaning.decision),
            Action::Note(Note::Error { message, .. }) => format!("error {message}"),
            Action::Note(Note::Consulted { answer: Knowledge::Known(article), .. }) => {
                format!("known {} v{}", article.id, article.version)
            }
            Action::Note(note) => format!("note {note:?}"),
        };
        self.log.push(line);
    }

    /// Lets prompts end until the caller, a reply or an agent is waited for.
    pub fn hear_out(&mut self) -> &mut Line {
        while let Some(say) = self.said.take() {
            self.now += 2_000;
            self.send(Event::SpeechDone { say });
        }
        self
    }

    pub fn caller(&mut self, text: &str) -> &mut Line {
        self.caller_in(text, Language::English)
    }

    pub fn caller_in(&mut self, text: &str, language: Language) -> &mut Line {
        self.hear_out();
        self.now += 1_000;
        self.send(Event::SpeechStarted);
        self.now += 1_000;
        self.send(Event::Heard(Heard { text: text.into(), confidence: 0.9, language, ..Heard::default() }));
        self.hear_out()
    }

    /// Says something of which the recogniser is only so sure, and what else it may have been.
    pub fn caller_unsure(&mut self, text: &str, confidence: f32, others: &[&str]) -> &mut Line {
        self.hear_out();
        self.now += 1_000;
        let alternatives = others.iter().map(|other| (*other).to_owned()).collect();
        self.send(Event::Heard(Heard { text: text.into(), confidence, alternatives, ..Heard::default() }));
        self.hear_out()
    }

    pub fn keys(&mut self, keys: &str) -> &mut Line {
        self.hear_out();
        for key in keys.chars() {
            self.now += 200;
            self.send(Event::Key(key));
        }
        self.hear_out()
    }

    /// Nothing happens until the run wants to go on.
    pub fn silence(&mut self) -> &mut Line {
        self.hear_out();
        self.now = self.run.deadline().expect("the run waits for something");
        self.send(Event::Timeout);
        self.hear_out()
    }

    pub fn reply(&mut self, status: u16, body: Value) -> &mut Line {
        self.http(Ok(HttpReply { status, body }))
    }

    pub fn http(&mut self, result: Result<HttpReply, HttpFailure>) -> &mut Line {
        let id = self.request.take().expect("a request was sent");
        self.now += 100;
        self.send(Event::HttpDone { id, result });
        self.hear_out()
    }

    /// What the knowledge base answers.
    pub fn knowledge(&mut self, answer: Knowledge) -> &mut Line {
        let id = self.request.take().expect("the knowledge base was asked");
        self.now += 10;
        self.send(Event::Consulted { id, answer });
        self.hear_out()
    }

    /// What the call centre knows.
    pub fn told(&mut self, answer: Value) -> &mut Line {
        let id = self.request.take().expect("the call centre was asked");
        self.now += 10;
        self.send(Event::Told { id, answer: Ok(answer.as_object().expect("an object").clone()) });
        self.hear_out()
    }

    pub fn agent(&mut self, result: QueueResult) -> &mut Line {
        self.now += 1_000;
        self.send(Event::QueueDone(result));
        self.hear_out()
    }

    pub fn hang_up(&mut self) -> &mut Line {
        self.send(Event::Hangup)
    }

    pub fn outcome(&self) -> Option<Outcome> {
        self.run.outcome()
    }

    /// What the bot said, in order.
    pub fn words(&self) -> Vec<&str> {
        self.log.iter().filter_map(|line| line.strip_prefix("bot: ")).collect()
    }

    /// The edges taken, as `block.edge`.
    pub fn path(&self) -> Vec<String> {
        self.log
            .iter()
            .filter_map(|line| line.strip_prefix("edge "))
            .filter_map(|line| Some(line.split_once("-> ")?.0.replace(" -", ".").trim_end_matches('-').to_owned()))
            .collect()
    }

    pub fn has(&self, start: &str) -> bool {
        self.log.iter().any(|line| line.starts_with(start))
    }

    #[track_caller]
    pub fn check(&self, start: &str) {
        assert!(self.has(start), "nothing begins with {start:?} in\n{}", self.log.join("\n"));
    }
}
