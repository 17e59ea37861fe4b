//! `hotline flow test`: plays the tests beside flows, as a publish in the console plays those that a document brings along.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use flow::Flow;
use flow::scenario::{Played, Scenarios};
use flow::validate::has_errors;
use intent::{Encoder, Model};
use serde_json::{Value, json};

use super::hearing::Telephone;
use crate::config::Config;
use crate::service::sentence_encoder;

const ENDING: &str = ".test.yaml";
/// The same flow gives the same model.
const SEED: u64 = 1;

/// Plays them and says what came of each.
pub(super) fn run(
    path: &Path,
    as_json: bool,
    verbose: bool,
    config: &Config,
    mut ear: Option<Telephone>,
) -> anyhow::Result<ExitCode> {
    let encoder = encoder(config);
    let variables: BTreeMap<String, Value> =
        config.flow_variables.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
    let (mut results, mut failed, mut count) = (Vec::new(), 0, 0);
    for file in files(path)? {
        let (flow, scenarios) = read(&file)?;
        let model = Arc::new(train(&flow, encoder.as_ref())?);
        let flow = Arc::new(flow);
        for test in &scenarios.tests {
            let played = match &mut ear {
                Some(ear) => test.run_through(&flow, &model, &variables, ear),
                None => test.run(&flow, &model, &variables),
            };
            count += 1;
            failed += usize::from(!played.failures.is_empty());
            if as_json {
                results.push(json!({"file": file.display().to_string(), "test": played}));
            } else {
                show(&played, verbose);
            }
        }
    }
    if as_json {
        println!("{}", serde_json::to_string_pretty(&results)?);
    } else {
        println!("{} of {count} tests passed", count - failed);
    }
    if count == 0 {
        bail!("there are no tests at {}: write some into a file that ends with {ENDING}", path.display());
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(played: &Played, verbose: bool) {
    let mark = if played.failures.is_empty() { "passed" } else { "FAILED" };
    println!("{mark}  {}", played.name);
    for failure in &played.failures {
        println!("        step {}: {}", failure.step, failure.message);
    }
    if verbose && !played.failures.is_empty() {
        for step in &played.steps {
            let what = serde_json::to_value(&step.what).unwrap_or_default();
            println!("        {:>7.1} s  {what}", step.at_ms as f64 / 1_000.0);
        }
    }
}

fn files(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))? {
        let file = entry?.path();
        if file.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.ends_with(ENDING)) {
            found.push(file);
        }
    }
    found.sort();
    Ok(found)
}

/// The flow and its tests: a file of tests names its flow, and a flow may bring its own along.
fn read(file: &Path) -> anyhow::Result<(Flow, Scenarios)> {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let Some(stem) = name.strip_suffix(ENDING) else {
        let flow = flow_of(file)?;
        let scenarios = Scenarios::of(&flow).with_context(|| format!("the tests in {}", file.display()))?;
        return Ok((flow, scenarios));
    };
    let scenarios = Scenarios::read(&super::text(file)?).with_context(|| file.display().to_string())?;
    let beside = scenarios.flow.clone().unwrap_or_else(|| format!("{stem}.json"));
    Ok((flow_of(&file.with_file_name(beside))?, scenarios))
}

fn flow_of(file: &Path) -> anyhow::Result<Flow> {
    let text = super::text(file)?;
    let findings = super::findings(&text);
    match flow::parse(&text) {
        Ok(flow) if !has_errors(&findings) => Ok(flow),
        _ => {
            super::show(&findings);
            bail!("{} has errors, so it cannot be tested: {}", file.display(), super::summary(&findings))
        }
    }
}

/// The encoder of the service, so that a test understands what a call would.
fn encoder(config: &Config) -> Option<Arc<dyn Encoder>> {
    if !config.understand_encoder {
        return None;
    }
    sentence_encoder(config.models_dir.as_deref())
        .inspect_err(|error| eprintln!("without the sentence encoder, by words alone: {error}"))
        .ok()
}

fn train(flow: &Flow, encoder: Option<&Arc<dyn Encoder>>) -> anyhow::Result<Model> {
    let set = flow.training_set();
    if set.intents.is_empty() {
        return Ok(Model::empty());
    }
    Ok(intent::train_with(&set, SEED, encoder)?)
}
