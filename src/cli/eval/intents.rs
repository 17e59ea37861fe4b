//! `hotline eval intents`: trains on one file, tests on another, if wanted as a recogniser would hear it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Args, ValueEnum};
use intent::evaluate::{Labelled, OUT_OF_SCOPE, Prediction, Report, oos_recall_at, report, training_set};
use intent::{Model, mishear};
use serde::Serialize;

use super::{Percentiles, deliver, encoder_or_words, read_jsonl};
use crate::config::Config;
use crate::service::sentence_encoder;

/// Arguments of `hotline eval intents`.
#[derive(Args)]
pub struct Arguments {
    /// Training lines: {text, intent, lang}; intent `oos` is out of scope
    #[arg(long)]
    train: PathBuf,
    /// Test lines of the same form
    #[arg(long)]
    test: PathBuf,
    /// Only lines in this language
    #[arg(long)]
    lang: Option<String>,
    /// How to train: at once (`instant`), with the sentence encoder tuned to the set (`deep`), or without the encoder (`words`)
    #[arg(long, value_enum, default_value_t = Publish::Instant)]
    publish: Publish,
    /// Mishear this share of the test's words, 0 to 1
    #[arg(long, default_value_t = 0.0)]
    word_errors: f32,
    /// Put fillers ("um", 那个) into the test's lines
    #[arg(long)]
    fillers: bool,
    /// Seed of training and of noise
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write the report here instead of to standard output
    #[arg(long)]
    json: Option<PathBuf>,
}

/// How a model is trained.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Publish {
    Words,
    Instant,
    Deep,
}

#[derive(Serialize)]
struct Evaluation {
    #[serde(flatten)]
    report: Report,
    /// The share of out-of-scope lines rejected when 95 % of the others are kept.
    oos_recall_at_95: Option<f64>,
    parse_us: Percentiles,
    train_seconds: f64,
    intents: usize,
    model: String,
    /// What the model goes by beside words.
    encoder: Option<String>,
    /// The most memory the process took, in MB.
    peak_memory_mb: f64,
}

/// Runs the evaluation.
pub fn run(arguments: &Arguments, config: &Config) -> anyhow::Result<ExitCode> {
    let read = |path| -> anyhow::Result<Vec<Labelled>> {
        let lines: Vec<Labelled> = read_jsonl(path)?;
        Ok(lines.into_iter().filter(|line| is_wanted(line, arguments.lang.as_deref())).collect())
    };
    let (train, mut test) = (read(&arguments.train)?, read(&arguments.test)?);
    anyhow::ensure!(!test.is_empty(), "there is no test line in {} (in this language)", arguments.test.display());
    anyhow::ensure!((0.0..=1.0).contains(&arguments.word_errors), "--word-errors lies between 0 and 1");
    disturb(&mut test, arguments);
    let (model, train_seconds) = publish(&train, arguments, config)?;
    let mut micros = Vec::with_capacity(test.len());
    let predict = |line: &Labelled| {
        let begun = Instant::now();
        let meaning = model.parse(&line.query());
        micros.push(begun.elapsed().as_secs_f64() * 1e6);
        Prediction::new(line, &meaning)
    };
    let predictions: Vec<Prediction> = test.iter().map(predict).collect();
    let intents: BTreeSet<&str> =
        train.iter().map(|line| line.intent.as_str()).filter(|name| *name != OUT_OF_SCOPE).collect();
    let evaluation = Evaluation {
        report: report(&predictions),
        oos_recall_at_95: oos_recall_at(&predictions, 0.95),
        parse_us: Percentiles::of(&micros),
        train_seconds,
        intents: intents.len(),
        model: model.version().to_owned(),
        encoder: model.encoder().map(|encoder| encoder.id().to_owned()),
        peak_memory_mb: peak_memory_mb(),
    };
    deliver(&evaluation, arguments.json.as_ref())?;
    Ok(ExitCode::SUCCESS)
}

/// Trains, and tells how many seconds that took.
fn publish(train: &[Labelled], arguments: &Arguments, config: &Config) -> anyhow::Result<(Model, f64)> {
    let set = training_set(train);
    let encoder = match arguments.publish {
        Publish::Words => None,
        Publish::Instant => encoder_or_words(config),
        Publish::Deep => Some(sentence_encoder(config.models_dir.as_deref())?),
    };
    let begun = Instant::now();
    let model = match (arguments.publish, &encoder) {
        (Publish::Deep, Some(encoder)) => intent::train_deep(&set, arguments.seed, encoder, &|_| true)?.model,
        _ => intent::train_with(&set, arguments.seed, encoder.as_ref())?,
    };
    if let Some(failure) = model.encoder_failure() {
        eprintln!("understanding goes by words alone: {failure}");
    }
    Ok((model, begun.elapsed().as_secs_f64()))
}

/// Makes of the test what a recogniser might have heard.
fn disturb(test: &mut [Labelled], arguments: &Arguments) {
    let all = |language| {
        let lines = test.iter().filter(move |line| line.language() == language);
        lines.flat_map(move |line| mishear::words(&line.text, language)).collect::<Vec<_>>()
    };
    let (english, chinese) = (all(intent::Language::English), all(intent::Language::Chinese));
    for (number, line) in test.iter_mut().enumerate() {
        let (language, seed) = (line.language(), arguments.seed.wrapping_mul(1_000_003).wrapping_add(number as u64));
        let others = if language == intent::Language::English { &english } else { &chinese };
        if arguments.fillers {
            line.text = mishear::with_fillers(&line.text, language, seed);
        }
        if arguments.word_errors > 0.0 {
            line.text = mishear::mishear(&line.text, language, arguments.word_errors, others, seed);
        }
        line.lang = Some(language.code().to_owned());
    }
}

/// What the system counted; 0 where it counts otherwise.
fn peak_memory_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|value| value.trim().trim_end_matches("kB").trim().parse::<f64>().ok()).unwrap_or(0.0) / 1_024.0
}

fn is_wanted(line: &Labelled, wanted: Option<&str>) -> bool {
    let Some(wanted) = wanted else { return true };
    wanted.parse::<intent::Language>().is_ok_and(|wanted| wanted == line.language())
}
