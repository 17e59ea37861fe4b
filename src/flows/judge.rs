//! What is wrong with a document: what the `flow` crate finds, and what this service lacks for it. Everything here may take a while for
//! a large document, so it is done where it holds nobody up.

use flow::validate::has_errors;
use flow::{Finding, Flow, Severity};
use intent::Language;
use serde_json::Value;

use super::FlowsError;
use crate::speak::Speaker;

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

/// Everything that is wrong with a document, errors first.
pub async fn findings(text: String, voices: Speaker) -> Result<Vec<Finding>, FlowsError> {
    on_a_thread(move || read(&text, Some(&voices)).0).await
}

/// The flow that a document is, if it may answer; with `voices`, if it can be said, too.
pub async fn publishable(text: String, voices: Option<Speaker>) -> Result<Flow, FlowsError> {
    let (findings, flow) = on_a_thread(move || read(&text, voices.as_ref())).await?;
    match flow {
        Some(flow) if !has_errors(&findings) => Ok(flow),
        _ => Err(FlowsError::Invalid(
            findings.into_iter().filter(|finding| finding.severity == Severity::Error).collect(),
        )),
    }
}

fn read(text: &str, voices: Option<&Speaker>) -> (Vec<Finding>, Option<Flow>) {
    let flow = match flow::parse(text) {
        Ok(flow) => flow,
        Err(findings) => return (findings, None),
    };
    let mut findings = flow::validate(&flow);
    findings.extend(voices.into_iter().flat_map(|voices| voiceless(&flow, voices)));
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

/// Whether two documents differ by more than the order of what has none.
pub async fn differ(a: String, b: String) -> Result<bool, FlowsError> {
    let canonical = |text: String| flow::parse(&text).map_or(text, |flow| flow.to_json());
    on_a_thread(move || canonical(a) != canonical(b)).await
}

/// Findings as lines of text.
pub fn words(findings: &[Finding]) -> String {
    let mut lines: Vec<String> = findings.iter().take(SAID).map(|finding| format!("- {finding}")).collect();
    if findings.len() > SAID {
        lines.push(format!("- and {} more", findings.len() - SAID));
    }
    lines.join("\n")
}

async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, FlowsError> {
    tokio::task::spawn_blocking(work).await.map_err(|stopped| FlowsError::Stopped(stopped.to_string()))
}
