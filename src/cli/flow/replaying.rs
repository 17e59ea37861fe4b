//! `hotline flow replay`: what a flow would have done with the last calls, as the service has their journals.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use serde_json::{Value, json};

use super::Service;

/// So many calls are told of, one line each.
const TOLD: usize = 20;

/// What is wanted of a replay.
pub struct Wanted<'a> {
    /// A file, or of the service: live, draft, version:NUMBER.
    pub draft: &'a str,
    /// How many calls.
    pub calls: usize,
    /// Where the whole result goes.
    pub json: Option<&'a Path>,
    /// Whether calls that would have gone another way are a failure.
    pub strict: bool,
}

/// Asks the service and says what came of it.
pub(super) async fn run(service: &Service<'_>, wanted: Wanted<'_>) -> anyhow::Result<ExitCode> {
    let document = service.document(wanted.draft).await?;
    let api = service.api().await?;
    let asked = json!({"document": document, "calls": wanted.calls});
    let report = api.send("POST", "flows/replay", asked).await.map_err(anyhow::Error::msg)?;
    if let Some(file) = wanted.json {
        let text = format!("{}\n", serde_json::to_string_pretty(&report)?);
        match file.to_str() {
            Some("-") => print!("{text}"),
            _ => std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?,
        }
    }
    if wanted.json.is_none_or(|file| file.to_str() != Some("-")) {
        show(&report);
    }
    let apart = report["moved"].as_u64().unwrap_or(0) + report["diverged"].as_u64().unwrap_or(0);
    Ok(if wanted.strict && apart > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn show(report: &Value) {
    let results = report["results"].as_array().map(Vec::as_slice).unwrap_or_default();
    for result in results.iter().take(TOLD) {
        let text = |name: &str| result[name].as_str().unwrap_or_default();
        let way = |which: &str| {
            let way = &result[which];
            let path: Vec<&str> = way["path"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            format!("{} → {}", path.join(" "), way["outcome"].as_str().unwrap_or("?"))
        };
        println!("{}  {} at {}", text("call"), text("status"), text("where"));
        if !text("why").is_empty() {
            println!("  {}", text("why"));
        }
        println!("  was:      {}", way("before"));
        println!("  would be: {}", way("after"));
    }
    if results.len() > TOLD {
        println!("… and {} more; --json FILE has them", results.len() - TOLD);
    }
    println!(
        "{} calls in {:.1} s: {} the same, {} moved, {} diverged, {} without records; trace {}",
        report["calls"],
        report["seconds"].as_f64().unwrap_or(0.0),
        report["same"],
        report["moved"],
        report["diverged"],
        report["skipped"],
        report["trace_hash"].as_str().unwrap_or_default(),
    );
}
