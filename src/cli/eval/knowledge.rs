//! `hotline eval knowledge`: labelled lines as a list of frequent questions, asked with others.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use intent::evaluate::{Labelled, OUT_OF_SCOPE};
use intent::knowledge::{Knowledge, Question, evaluate};
use serde::Serialize;

use super::{Percentiles, deliver, encoder_or_words, read_jsonl};
use crate::config::Config;

/// Arguments of `hotline eval knowledge`.
#[derive(Args)]
pub struct Arguments {
    /// Ways of asking: {text, intent, lang}; the lines of one intent become one article
    #[arg(long)]
    train: PathBuf,
    /// Questions of the same form; those of an intent without an article should not be answered
    #[arg(long)]
    test: PathBuf,
    /// At most so many ways of asking an article, the first ones of the file
    #[arg(long)]
    phrasings: Option<usize>,
    /// Go by words alone, without the sentence encoder
    #[arg(long)]
    words: bool,
    /// Write the report here instead of to standard output
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Serialize)]
struct Evaluation {
    #[serde(flatten)]
    report: evaluate::Report,
    answer_us: Percentiles,
    build_seconds: f64,
    /// What articles are found by beside words.
    encoder: Option<String>,
}

/// Runs the evaluation.
pub fn run(arguments: &Arguments, config: &Config) -> anyhow::Result<ExitCode> {
    let (train, test): (Vec<Labelled>, Vec<Labelled>) = (read_jsonl(&arguments.train)?, read_jsonl(&arguments.test)?);
    let mut articles = evaluate::articles(&train);
    anyhow::ensure!(!articles.is_empty(), "there is no line with an intent in {}", arguments.train.display());
    anyhow::ensure!(!test.is_empty(), "there is no test line in {}", arguments.test.display());
    for filed in &mut articles {
        filed.article.questions.truncate(arguments.phrasings.unwrap_or(usize::MAX).max(1));
    }
    let encoder = match arguments.words {
        true => None,
        false => encoder_or_words(config),
    };
    let begun = Instant::now();
    let knowledge = Knowledge::new(articles.clone(), encoder.clone());
    let build_seconds = begun.elapsed().as_secs_f64();
    let micros = |line: &Labelled| {
        let begun = Instant::now();
        knowledge.answer(&Question::caller(&line.text, line.language(), 0));
        begun.elapsed().as_secs_f64() * 1e6
    };
    let micros: Vec<f64> = test.iter().filter(|line| line.intent != OUT_OF_SCOPE).map(micros).collect();
    let report = evaluate::measure(&knowledge, &articles, &test);
    let evaluation = Evaluation {
        report,
        answer_us: Percentiles::of(&micros),
        build_seconds,
        encoder: encoder.map(|encoder| encoder.id().to_owned()),
    };
    deliver(&evaluation, arguments.json.as_ref())?;
    Ok(ExitCode::SUCCESS)
}
