//! What is wrong with a document: what the `flow` crate finds, and what this service lacks for it. Everything here may take a while for
//! a large document, so it is done where it holds nobody up.

use std::collections::BTreeMap;
use std::sync::Arc;

use flow::scenario::{Played, Scenarios};
use flow::validate::has_errors;
use flow::{Finding, Flow, Severity};
use intent::{Language, Model};
use serde_json::Value;

use super::FlowsError;
use crate::speak::Speaker;
use crate::understand::Draft;

/// The largest document that is kept, in bytes. What the `flow` crate takes for a flow is less.
pub const LARGEST_DOCUMENT: usize = 10 * 1024 * 1024;
/// Findings that are said in words; nobody reads more.
const SAID: usize = 20;

/// A document as text.
pub fn written(document: &Value) -> Result<String, FlowsError> {
    if !document.is_object() {
        return Err(FlowsError::NoObject);
    }
    let text = document.to_string();
    if text.len() > LARGEST_DOCUMENT { Err(FlowsError::TooLarge) } else { Ok(text) }
}

/// What a flow may lean on here.
#[derive(Clone)]
pub struct Here {
    /// What says it.
    pub voices: Speaker,
    /// The published lists.
    pub draft: Arc<Draft>,
}

/// Everything that is wrong with a document, errors first.
pub async fn findings(text: String, here: Here) -> Result<Vec<Finding>, FlowsError> {
    on_a_thread(move || read(&text, Some(&here)).0).await
}

/// The flow that a document is, if it may answer; and if it could do so `here`.
pub async fn publishable(text: String, here: Option<Here>) -> Result<Flow, FlowsError> {
    let (findings, flow) = on_a_thread(move || read(&text, here.as_ref())).await?;
    match flow {
        Some(flow) if !has_errors(&findings) => Ok(flow),
        _ => Err(FlowsError::Invalid(
            findings.into_iter().filter(|finding| finding.severity == Severity::Error).collect(),
        )),
    }
}

fn read(text: &str, here: Option<&Here>) -> (Vec<Finding>, Option<Flow>) {
    let flow = match flow::parse(text) {
        Ok(flow) => flow,
        Err(findings) => return (findings, None),
    };
    let mut findings = flow::validate(&flow);
    if let Some(here) = here {
        findings.extend(voiceless(&flow, &here.voices));
        findings.extend(listless(&flow, &here.draft));
    }
    if let Err(error) = Scenarios::of(&flow) {
        findings.push(Finding::error(
            "bad_tests",
            "/metadata/tests",
            format!("The tests of the flow: {error}."),
            "Correct them.",
        ));
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    (findings, Some(flow))
}

/// Languages that nothing here can say. The first one is what everything else falls back to.
fn voiceless(flow: &Flow, voices: &Speaker) -> Vec<Finding> {
    let silent = flow.languages.iter().enumerate().filter(|(_, language)| !voices.speaks(**language));
    let finding = |(index, language): (usize, &Language)| {
        let make = if index == 0 { Finding::error } else { Finding::warning };
        let key = match language {
            Language::English => "voice.en",
            Language::Chinese => "voice.zh",
        };
        let message = format!("There is no voice for {language} here.");
        make("no_voice", format!("/languages/{index}"), message, format!("Configure {key}, or leave the language out."))
    };
    silent.map(finding).collect()
}

/// Lists that blocks name and nobody has published.
fn listless(flow: &Flow, draft: &Draft) -> Vec<Finding> {
    let blocks = flow.blocks.iter().enumerate();
    let named = blocks.filter_map(|(index, block)| Some((index, block, block.params.get("list")?.as_str()?)));
    let unknown = named.filter(|(_, _, name)| draft.list(name).is_none());
    let finding = |(index, block, name): (usize, &flow::Block, &str)| {
        let message = format!("There is no published list {name:?}.");
        let fix = "Add it under Understanding, Entities, and publish it, or name another.";
        Finding::error("unknown_list", format!("/blocks/{index}/params/list"), message, fix).of(&block.id)
    };
    unknown.map(finding).collect()
}

/// Whether two documents differ by more than the order of what has none.
pub async fn differ(a: String, b: String) -> Result<bool, FlowsError> {
    let canonical = |text: String| flow::parse(&text).map_or(text, |flow| flow.to_json());
    on_a_thread(move || canonical(a) != canonical(b)).await
}

/// Findings as lines of text.
pub fn words(findings: &[Finding]) -> String {
    said(findings.iter().map(Finding::to_string))
}

/// A list in words, as far as anybody reads it.
fn said(items: impl Iterator<Item = String>) -> String {
    let mut lines: Vec<String> = items.map(|item| format!("- {item}")).collect();
    if lines.len() > SAID {
        let more = lines.split_off(SAID).len();
        lines.push(format!("- and {more} more"));
    }
    lines.join("\n")
}

pub async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, FlowsError> {
    tokio::task::spawn_blocking(work).await.map_err(|stopped| FlowsError::Stopped(stopped.to_string()))
}

/// Plays the tests of a flow.
pub async fn played(
    flow: Arc<Flow>,
    model: Arc<Model>,
    variables: BTreeMap<String, Value>,
) -> Result<Vec<Played>, FlowsError> {
    on_a_thread(move || {
        let scenarios = Scenarios::of(&flow).unwrap_or_default();
        scenarios.tests.iter().map(|test| test.run(&flow, &model, &variables)).collect()
    })
    .await
}

/// What went wrong in tests, as lines of text.
pub fn failures(played: &[Played]) -> String {
    said(played.iter().flat_map(|test| {
        test.failures.iter().map(|failure| format!("“{}”, step {}: {}", test.name, failure.step, failure.message))
    }))
}
