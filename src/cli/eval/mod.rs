//! `hotline eval`: measures recognition and understanding on anyone's data. The JSON fields are an interface: other tools
//! read them, so they are only ever added to.

mod calls;
mod flows;
mod intents;
mod knowledge;
mod queue;
mod slots;
mod speech;
mod turns;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::{Args, Subcommand};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::config::Config;
use crate::service::sentence_encoder;

/// Arguments of `hotline eval`.
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Word, character and digit errors of a recogniser on recordings with transcripts
    Speech(speech::Arguments),
    /// What comes of real calls with recordings, against what should
    Calls(calls::Arguments),
    /// How soon speech and its end are noticed, and how often speakers are cut off, on recordings
    Turns(turns::Arguments),
    /// Accuracy and out-of-scope detection of the intent engine on labelled lines
    Intents(intents::Arguments),
    /// How often the article that answers a question comes first, on labelled lines as a list of frequent questions
    Knowledge(knowledge::Arguments),
    /// What the pure parts of a flow cost: a run's steps, the validator on a large flow, replaying calls
    Flows(flows::Arguments),
    /// A simulated day through the queue that assigns calls: waits against Erlang's formula, fairness, what callers are told
    Queue(queue::Arguments),
    /// Slots that are found in labelled lines, and values that are right
    Slots(slots::Arguments),
}

/// Runs the command.
pub async fn run(arguments: Arguments, config: &Config) -> anyhow::Result<ExitCode> {
    match arguments.command {
        Command::Speech(arguments) => speech::run(&arguments, config),
        Command::Calls(arguments) => calls::run(&arguments, config).await,
        Command::Turns(arguments) => turns::run(&arguments, config),
        Command::Intents(arguments) => intents::run(&arguments, config),
        Command::Knowledge(arguments) => knowledge::run(&arguments, config),
        Command::Flows(arguments) => flows::run(&arguments, config),
        Command::Queue(arguments) => queue::run(&arguments),
        Command::Slots(arguments) => slots::run(&arguments),
    }
}

/// Reads a file of one JSON object a line; an error names the line.
fn read_jsonl<T: DeserializeOwned>(path: &Path) -> anyhow::Result<Vec<T>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            serde_json::from_str(line).with_context(|| format!("{}, line {}", path.display(), number + 1))
        })
        .collect()
}

/// The sentence encoder, or word of why there is none.
fn encoder_or_words(config: &Config) -> Option<Arc<dyn intent::Encoder>> {
    sentence_encoder(config.models_dir.as_deref())
        .inspect_err(|error| eprintln!("texts are understood by their words alone: {error:#}"))
        .ok()
}

/// Prints a report as JSON, or writes it where it was asked for.
fn deliver(report: &impl Serialize, to: Option<&PathBuf>) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(report)?;
    match to {
        Some(path) => std::fs::write(path, text + "\n").with_context(|| format!("cannot write {}", path.display())),
        None => {
            println!("{text}");
            Ok(())
        }
    }
}

/// Middle and tail of a set of times.
#[derive(Serialize, Default)]
struct Percentiles {
    p50: Option<f64>,
    p95: Option<f64>,
}

impl Percentiles {
    fn of(values: &[f64]) -> Self {
        let at = |share| (!values.is_empty()).then(|| intent::evaluate::percentile(values, share));
        Self { p50: at(0.5), p95: at(0.95) }
    }
}

/// CPU time of this process so far, in seconds.
fn cpu_seconds() -> f64 {
    // SAFETY: getrusage fills the struct it is given, and a zeroed rusage is a valid one.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}
