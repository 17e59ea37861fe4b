//! `hotline eval flows`: what the pure parts of a flow cost: a run's steps, the validator on a large flow, and replaying calls. No service is
//! started; the calls that are replayed are had by a conversation on a clock of its own.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use clap::Args;
use flow::event::{Context as Known, HttpReply};
use flow::{Event, Flow, Run};
use intent::Model;
use models::Recognition;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{deliver, encoder_or_words};
use crate::call::{Conversation, Input, Output};
use crate::config::Config;
use crate::event::{CallId, Channel, Entry, Event as Journaled, Party, Personal, Speaker};
use crate::flows::replay::{Here, Status, replayed};

const DEMO: &str = include_str!("../../demo/bicycle-shop.json");
/// What stands for the processor: so many bytes are hashed.
const HASHED: usize = 64 * 1024 * 1024;

/// Arguments of `hotline eval flows`.
#[derive(Args)]
pub struct Arguments {
    /// The flow whose steps are counted; the example when left out
    flow: Option<PathBuf>,
    /// How many calls are had and replayed
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    calls: u32,
    /// How many blocks the flow has that is validated
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(10..=2_000))]
    blocks: u32,
    /// Understand by words alone
    #[arg(long)]
    words: bool,
    /// Seed of everything random
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write the report here, too
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Serialize)]
struct Report {
    /// Of one thread, for comparison.
    sha256_mb_per_s: f64,
    /// Events that a run takes in a second, when keys answer.
    steps_per_s_by_keys: f64,
    /// The same, when words do.
    steps_per_s_by_words: f64,
    /// Of the validator.
    validated_blocks: usize,
    validate_ms: f64,
    /// Of the replay.
    calls: usize,
    same: usize,
    replay_s: f64,
    /// Whether two replays had the same trace.
    same_trace: bool,
}

/// Measures, and prints a table.
pub fn run(arguments: &Arguments, config: &Config) -> anyhow::Result<ExitCode> {
    let text = match &arguments.flow {
        Some(path) => std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?,
        None => DEMO.to_owned(),
    };
    let flow = flow::parse(&text).map_err(|findings| anyhow::anyhow!("{}", crate::flows::words(&findings)))?;
    let encoder = if arguments.words { None } else { encoder_or_words(config) };
    let set = flow.training_set();
    let model = match flow.intents.is_empty() {
        true => Model::empty(),
        false => intent::train_with(&set, 1, encoder.as_ref())?,
    };
    let (flow, model) = (Arc::new(flow), Arc::new(model));
    let (validated_blocks, validate_ms) = validated(arguments.blocks);
    let mut rng = StdRng::seed_from_u64(arguments.seed);
    let journals: Vec<Vec<Entry>> = (0..arguments.calls).map(|_| had(&flow, &model, &mut rng)).collect();
    let begun = Instant::now();
    let (same, trace) = replay(&flow, &model, &journals);
    let replay_s = begun.elapsed().as_secs_f64();
    let (_, again) = replay(&flow, &model, &journals);
    let report = Report {
        sha256_mb_per_s: hashing(),
        steps_per_s_by_keys: steps(&flow, &model, &[Event::Key('1'), Event::Key('0'), Event::Key('#')]),
        steps_per_s_by_words: steps(&flow, &model, &["where is my order", "one zero four two", "yes"].map(says)),
        validated_blocks,
        validate_ms,
        calls: journals.len(),
        same,
        replay_s,
        same_trace: trace == again,
    };
    println!("sha-256 of one thread           {:>12.0} MB/s", report.sha256_mb_per_s);
    println!("steps of a run, keys            {:>12.0} a second", report.steps_per_s_by_keys);
    println!("steps of a run, words           {:>12.0} a second", report.steps_per_s_by_words);
    println!("validator, {:>5} blocks        {:>12.1} ms", report.validated_blocks, report.validate_ms);
    println!(
        "replay of {:>5} calls          {:>12.2} s ({} the same, {} trace)",
        report.calls,
        report.replay_s,
        report.same,
        if report.same_trace { "one" } else { "ANOTHER" }
    );
    if arguments.json.is_some() {
        deliver(&report, arguments.json.as_ref())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn hashing() -> f64 {
    let bytes = vec![7_u8; 1024 * 1024];
    let begun = Instant::now();
    let mut hash = Sha256::new();
    (0..HASHED / bytes.len()).for_each(|_| hash.update(&bytes));
    let _ = std::hint::black_box(hash.finalize());
    (HASHED / bytes.len()) as f64 / begun.elapsed().as_secs_f64()
}

fn says(text: &str) -> Event {
    Event::Heard(flow::Heard { text: text.to_owned(), confidence: 0.95, ..flow::Heard::default() })
}

/// Events a second: each run is told of prompts that end and of what the caller does, until it is over.
fn steps(flow: &Arc<Flow>, model: &Arc<Model>, does: &[Event]) -> f64 {
    let (begun, mut steps) = (Instant::now(), 0_u64);
    while begun.elapsed().as_secs_f64() < 2.0 {
        let mut run = Run::new(flow.clone(), model.clone(), known());
        let (mut now, mut said) = (0, 0);
        let mut todo = vec![Event::Begin];
        let mut next = does.iter().cycle();
        while !run.finished() && steps % 1_000 < 999 {
            let event = todo.pop().unwrap_or_else(|| match run.is_listening() {
                true => next.next().cloned().unwrap_or(Event::Timeout),
                false => Event::SpeechDone { say: said },
            });
            now += 500;
            steps += 1;
            for action in run.on(event, now) {
                match action {
                    flow::Action::Say { id, .. } => said = id,
                    flow::Action::Http { id, .. } => todo.push(Event::HttpDone { id, result: Ok(shipped()) }),
                    flow::Action::Queue { .. } | flow::Action::Transfer { .. } => {
                        todo.push(Event::QueueDone(flow::QueueResult::NoAgents));
                    }
                    flow::Action::Consult { id, .. } => {
                        todo.push(Event::Consulted { id, answer: flow::Knowledge::default() });
                    }
                    _ => {}
                }
            }
        }
        steps += 1;
    }
    steps as f64 / begun.elapsed().as_secs_f64()
}

fn shipped() -> HttpReply {
    HttpReply { status: 200, body: json!({"number": "1042", "status": "shipped", "items": ["bell"]}) }
}

fn variables() -> BTreeMap<String, serde_json::Value> {
    BTreeMap::from([("order_service".to_owned(), json!("http://shop.example"))])
}

fn known() -> Known {
    Known { caller: "+441632960001".to_owned(), variables: variables(), ..Known::default() }
}

/// A flow of so many blocks, half of them questions, each leading on and back; and how long the validator takes.
fn validated(blocks: u32) -> (usize, f64) {
    let questions = (blocks - 3) / 2;
    let mut all = vec![
        json!({"id": "person", "type": "to_queue", "params": {"queue": "service"},
            "edges": {"no_agents": "over", "timeout": "over", "error": "over"}}),
        json!({"id": "over", "type": "end", "params": {"outcome": "resolved", "prompt": {"en": "Goodbye.", "zh-CN": "再见。"}}}),
    ];
    for n in 0..questions {
        let next = if n + 1 < questions { format!("say_{}", n + 1) } else { "over".to_owned() };
        all.push(json!({"id": format!("say_{n}"), "type": "say",
            "params": {"prompt": {"en": format!("This is step {n}, {{{{ vars.name }}}}."), "zh-CN": format!("第{n}步。")}},
            "edges": {"next": format!("ask_{n}")}}));
        all.push(json!({"id": format!("ask_{n}"), "type": "menu",
            "params": {"prompt": {"en": "On or back?", "zh-CN": "继续还是返回?"}, "options": [
                {"key": "1", "edge": "on", "phrases": {"en": ["on"], "zh-CN": ["继续"]}},
                {"key": "2", "edge": "back", "phrases": {"en": ["back"], "zh-CN": ["返回"]}}]},
            "edges": {"on": next, "back": format!("say_{}", n / 2), "no_input": "person", "no_match": "person"}}));
    }
    let document = json!({"schema_version": 1, "id": "large", "name": "Large", "languages": ["en", "zh-CN"], "start": "say_0",
        "person": "person", "hangup": "over", "variables": [{"name": "name", "default": "you"}],
        "queues": [{"id": "service", "name": "Service"}], "blocks": all});
    let text = document.to_string();
    let mut best = f64::INFINITY;
    let mut count = 0;
    for _ in 0..10 {
        let begun = Instant::now();
        let flow = flow::parse(&text);
        let findings = flow.as_ref().map(flow::validate).unwrap_or_default();
        best = best.min(begun.elapsed().as_secs_f64() * 1e3);
        count = flow.map_or(0, |flow| flow.blocks.len());
        assert!(!flow::validate::has_errors(&findings), "{findings:?}");
    }
    (count, best)
}

fn replay(flow: &Arc<Flow>, model: &Arc<Model>, journals: &[Vec<Entry>]) -> (usize, u64) {
    let here = Here { variables: variables(), zone: jiff::tz::TimeZone::UTC, articles: Default::default() };
    let compared = journals.iter().filter_map(|journal| replayed((flow, model), (CallId::new(), 0), journal, &here));
    compared.fold((0, 0_u64), |(same, trace), (compared, of_call)| {
        (same + usize::from(compared.status == Status::Same), trace.rotate_left(5) ^ of_call)
    })
}

/// The journal of a call that some caller has had.
fn had(flow: &Arc<Flow>, model: &Arc<Model>, rng: &mut StdRng) -> Vec<Entry> {
    const WORDS: [&str; 8] = [
        "where is my order",
        "one zero four two",
        "yes",
        "no thank you",
        "I want my money back",
        "when are you open",
        "my bike is broken",
        "can I speak to somebody",
    ];
    let conversation = Conversation::new(CallId::new(), flow.clone(), model.clone(), known(), 0);
    let mut call = Having {
        conversation,
        now: 0,
        journal: Vec::new(),
        playing: Vec::new(),
        jobs: Vec::new(),
        asked: Vec::new(),
        queued: false,
    };
    let from = Personal::new("+441632960001");
    let offered = Journaled::Offered { channel: Channel::Sip, from, to: String::new(), flow: flow.id.clone() };
    call.journal.push(call.conversation.note(offered, 0));
    call.feed(Input::Answered { codec: "PCMU".to_owned() });
    call.feed(Input::RecordingStarted);
    for _ in 0..rng.random_range(1..12) {
        call.hear_out();
        call.reply();
        match rng.random_range(0..10) {
            0..6 => call.say(WORDS[rng.random_range(0..WORDS.len())]),
            6..8 => "1042".chars().for_each(|key| call.feed(Input::Key(key))),
            8 => call.wait(),
            _ => call.feed(Input::Key(char::from(b'0' + rng.random_range(0..10_u8)))),
        }
    }
    call.hear_out();
    call.feed(Input::HungUp { by: Party::Caller, cause: "normal" });
    call.journal
}

/// A call that is being had, on a clock of its own.
struct Having {
    conversation: Conversation,
    now: u64,
    journal: Vec<Entry>,
    playing: Vec<u64>,
    jobs: Vec<u64>,
    asked: Vec<u64>,
    queued: bool,
}

impl Having {
    fn feed(&mut self, input: Input) {
        for output in self.conversation.on(input, self.now) {
            match output {
                Output::Journal(entry) if !entry.event.is_transient() => self.journal.push(entry),
                Output::Play { id, .. } | Output::Fill { id, .. } => self.playing.push(id),
                Output::Recognise { job, .. } => self.jobs.push(job),
                Output::Http(id, _) | Output::Consult { id, .. } => self.asked.push(id),
                Output::Queue { .. } => self.queued = true,
                Output::LeaveQueue(_) => self.queued = false,
                _ => {}
            }
        }
    }

    fn hear_out(&mut self) {
        while !self.playing.is_empty() {
            let id = self.playing.remove(0);
            self.feed(Input::PieceReady { id, of_ms: 1_000 });
            self.feed(Input::PieceStarted { id, at: self.now });
            self.now += 1_000;
            self.feed(Input::PieceEnded { id, played_ms: 1_000, of_ms: 1_000 });
        }
    }

    fn reply(&mut self) {
        for id in std::mem::take(&mut self.asked) {
            self.feed(Input::Http { id, result: Ok(shipped()) });
            self.feed(Input::Consulted { id, answer: flow::Knowledge::default() });
            self.hear_out();
        }
        if std::mem::take(&mut self.queued) {
            self.feed(Input::Queue(crate::call::QueueNews::NoAgents));
            self.hear_out();
        }
    }

    fn say(&mut self, text: &str) {
        let speaker = Speaker::Caller;
        let from_ms = self.now;
        self.jobs.clear();
        self.feed(Input::SpeechStarted { speaker, from_ms });
        self.now += 1_500;
        let (to_ms, last_voiced) = (self.now, self.now);
        self.now += 600;
        self.feed(Input::SpeechEnded { speaker, from_ms, to_ms, last_voiced });
        for job in std::mem::take(&mut self.jobs) {
            let heard = Recognition {
                text: text.to_owned(),
                confidence: 0.95,
                no_speech: false,
                in_grammar: true,
                ..Recognition::silence("eval")
            };
            self.feed(Input::Recognised { job, sound_from_ms: from_ms, result: Ok(heard) });
        }
    }

    fn wait(&mut self) {
        if let Some(deadline) = self.conversation.deadline() {
            self.now = self.now.max(deadline);
            self.feed(Input::Timeout);
        }
    }
}
