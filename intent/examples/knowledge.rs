//! The knowledge base measured on labelled lines, words alone:
//! `cargo run -p hotline-intent --example knowledge -- --train T.jsonl --test E.jsonl [--strangers S.jsonl]`
//!
//! Of `--strangers` the lines labelled out of scope are asked as well; `--half` leaves every second label of the training lines out, whose
//! questions are then strangers.

use std::{collections::BTreeSet, error::Error, fs, time::Instant};

use intent::{
    evaluate::{Labelled, OUT_OF_SCOPE, percentile},
    knowledge::{Knowledge, Question, evaluate},
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| arguments.iter().position(|a| a == name).and_then(|at| arguments.get(at + 1)).cloned();
    let mut train = read(&value("--train").ok_or("--train FILE is missing")?)?;
    let mut test = read(&value("--test").ok_or("--test FILE is missing")?)?;
    if let Some(path) = value("--strangers") {
        test.extend(read(&path)?.into_iter().filter(|line| line.intent == OUT_OF_SCOPE));
    }
    if arguments.iter().any(|argument| argument == "--half") {
        let labels: BTreeSet<String> = train.iter().map(|line| line.intent.clone()).collect();
        let kept: BTreeSet<String> = labels.into_iter().step_by(2).collect();
        train.retain(|line| kept.contains(&line.intent));
    }
    let articles = evaluate::articles(&train);
    let began = Instant::now();
    let knowledge = Knowledge::new(articles.clone(), None);
    let built = began.elapsed();
    println!("{}", serde_json::to_string_pretty(&evaluate::measure(&knowledge, &articles, &test))?);
    let microseconds: Vec<f64> = test
        .iter()
        .take(500)
        .map(|line| {
            let began = Instant::now();
            knowledge.answer(&Question::caller(&line.text, line.language(), 0));
            began.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    let (p50, p95) = (percentile(&microseconds, 0.5), percentile(&microseconds, 0.95));
    println!("built in {:.0} ms; an answer takes p50 {p50:.0} µs, p95 {p95:.0} µs", built.as_secs_f64() * 1e3);
    Ok(())
}

fn read(path: &str) -> Result<Vec<Labelled>, Box<dyn Error>> {
    let text = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    text.lines()
        .enumerate()
        .map(|(at, line)| serde_json::from_str(line).map_err(|error| format!("{path}:{}: {error}", at + 1).into()))
        .collect()
}
