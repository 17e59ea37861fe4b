//! Trains on one JSONL file, tests on another, prints the numbers:
//! `cargo run -p hotline-intent --example accuracy -- --train T.jsonl --test E.jsonl [--show 20]`
//!
//! With `--intents 4 --shots 8 --draws 40` it draws that many small bots out of the files instead (the intents left out are
//! out of scope) and prints the mean, which says more about a shop's five intents than any full data set.

use std::{error::Error, fs, time::Instant};

use intent::{
    Model, TrainingSet,
    evaluate::{self, Labelled, OUT_OF_SCOPE, Prediction, percentile},
    train,
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| arguments.iter().position(|a| a == name).and_then(|at| arguments.get(at + 1)).cloned();
    let number = |name: &str| value(name).map(|v| v.parse::<usize>()).transpose();
    let lines = |name: &str| read(&value(name).ok_or(format!("{name} FILE is missing"))?);
    let (training, test) = (lines("--train")?, lines("--test")?);
    match (number("--intents")?, number("--shots")?) {
        (Some(intents), Some(shots)) => draws(&training, &test, intents, shots, number("--draws")?.unwrap_or(40)),
        _ => once(&training, &test, number("--show")?.unwrap_or(0)),
    }
}

fn read(path: &str) -> Result<Vec<Labelled>, Box<dyn Error>> {
    let text = fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
    text.lines()
        .enumerate()
        .map(|(at, line)| serde_json::from_str(line).map_err(|e| format!("{path}:{}: {e}", at + 1).into()))
        .collect()
}

fn once(training: &[Labelled], test: &[Labelled], show: usize) -> Result<(), Box<dyn Error>> {
    let set: TrainingSet = evaluate::training_set(training);
    let began = Instant::now();
    let model = train(&set, 1)?;
    let seconds = began.elapsed().as_secs_f64();
    let mut microseconds = Vec::new();
    let mut predictions = Vec::new();
    for line in test {
        let began = Instant::now();
        let meaning = model.parse(&line.query());
        microseconds.push(began.elapsed().as_secs_f64() * 1e6);
        predictions.push(Prediction::new(line, &meaning));
    }
    println!("{}", serde_json::to_string_pretty(&evaluate::report(&predictions))?);
    println!(
        "train {seconds:.1} s, parse p50 {:.0} µs, p95 {:.0} µs, {} intents",
        percentile(&microseconds, 0.5),
        percentile(&microseconds, 0.95),
        set.intents.len()
    );
    if let Some(recall) = evaluate::oos_recall_at(&predictions, 0.95) {
        println!("out of scope rejected when 95 % of in-scope lines are kept: {:.1} %", 100.0 * recall);
    }
    reliability(&predictions);
    for (line, p) in test.iter().zip(&predictions).filter(|(_, p)| p.best != p.label).take(show) {
        println!("{:.2} {:.2} {:?} is {} not {:?}", p.confidence, p.in_scope, line.text, line.intent, p.best);
    }
    Ok(())
}

/// How often lines of a confidence are right: the two should agree.
fn reliability(predictions: &[Prediction]) {
    print!("confidence → right:");
    for low in [0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95] {
        let high = [0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 1.01].into_iter().find(|h| *h > low).unwrap_or(1.01);
        let inside: Vec<_> = predictions.iter().filter(|p| (low..high).contains(&p.confidence)).collect();
        let right = inside.iter().filter(|p| p.best == p.label).count();
        print!(" {low}: {right}/{} ", inside.len());
    }
    println!();
}

fn draws(
    training: &[Labelled],
    test: &[Labelled],
    intents: usize,
    shots: usize,
    draws: usize,
) -> Result<(), Box<dyn Error>> {
    let mut names: Vec<&str> = training.iter().map(|l| l.intent.as_str()).filter(|i| *i != OUT_OF_SCOPE).collect();
    names.sort_unstable();
    names.dedup();
    let mut random = 7u64;
    let mut draw = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below
    };
    let (mut accuracy, mut kept, mut recall, mut auroc, mut sure) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for _ in 0..draws {
        let mut chosen: Vec<&str> = Vec::new();
        while chosen.len() < intents.min(names.len()) {
            let name = names[draw(names.len())];
            if !chosen.contains(&name) {
                chosen.push(name);
            }
        }
        let mut lines = Vec::new();
        for name in &chosen {
            let all: Vec<&Labelled> = training.iter().filter(|l| l.intent == *name).collect();
            lines.extend((0..shots.min(all.len())).map(|_| all[draw(all.len())].clone()));
        }
        let model: Model = train(&evaluate::training_set(&lines), 1)?;
        let predictions: Vec<Prediction> = test
            .iter()
            .map(|line| {
                let mut line = line.clone();
                if !chosen.contains(&line.intent.as_str()) {
                    line.intent = OUT_OF_SCOPE.to_owned();
                }
                Prediction::new(&line, &model.parse(&line.query()))
            })
            .collect();
        let report = evaluate::report(&predictions);
        let strays = predictions.iter().filter(|p| p.label.is_none()).count() as f64;
        sure += predictions.iter().filter(|p| p.label.is_none() && p.confidence > 0.7).count() as f64 / strays;
        accuracy += report.in_scope_accuracy.unwrap_or(0.0);
        kept += report.in_scope_kept.unwrap_or(0.0);
        recall += report.oos_recall.unwrap_or(0.0);
        auroc += report.oos_auroc.unwrap_or(0.0);
    }
    let mean = |sum: f64| 100.0 * sum / draws as f64;
    println!(
        "{draws} bots of {intents} intents, {shots} examples each: in-scope accuracy {:.1}, kept {:.1}, out of scope rejected {:.1}, surely wrong {:.1}, AUROC {:.1}",
        mean(accuracy),
        mean(kept),
        mean(recall),
        mean(sure),
        mean(auroc)
    );
    Ok(())
}
