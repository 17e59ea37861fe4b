//! `hotline eval intents`: trains on one file, tests on another.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use intent::evaluate::{Labelled, OUT_OF_SCOPE, Prediction, Report, report, training_set};
use serde::Serialize;

use super::{Percentiles, deliver, read_jsonl};

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
    /// Write the report here instead of to standard output
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Serialize)]
struct Evaluation {
    #[serde(flatten)]
    report: Report,
    parse_us: Percentiles,
    train_seconds: f64,
    intents: usize,
    model: String,
}

/// Runs the evaluation.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let read = |path| -> anyhow::Result<Vec<Labelled>> {
        let lines: Vec<Labelled> = read_jsonl(path)?;
        Ok(lines.into_iter().filter(|line| is_wanted(line, arguments.lang.as_deref())).collect())
    };
    let (train, test) = (read(&arguments.train)?, read(&arguments.test)?);
    anyhow::ensure!(!test.is_empty(), "there is no test line in {} (in this language)", arguments.test.display());
    let begun = Instant::now();
    let model = intent::train(&training_set(&train), 1)?;
    let train_seconds = begun.elapsed().as_secs_f64();
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
        parse_us: Percentiles::of(&micros),
        train_seconds,
        intents: intents.len(),
        model: model.version().to_owned(),
    };
    deliver(&evaluation, arguments.json.as_ref())?;
    Ok(ExitCode::SUCCESS)
}

fn is_wanted(line: &Labelled, wanted: Option<&str>) -> bool {
    let Some(wanted) = wanted else { return true };
    wanted.parse::<intent::Language>().is_ok_and(|wanted| wanted == line.language())
}
