//! `hotline flow import`: a document of our own as it is, an export of another product with a report of what became of it.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use flow::document::QueueRef;
use flow::exchange::{Format, Imported, Options, Refused, Status, import};
use serde_json::Value;

use super::{show, text};

/// Reads a file, and tells what of an export a person must look at.
pub(super) fn read(file: &Path, queue: &str) -> anyhow::Result<Value> {
    let text = text(file)?;
    let queue = QueueRef { id: queue.to_owned(), name: queue.to_owned() };
    let unread = || serde_json::from_str(&text).with_context(|| format!("{} is not JSON", file.display()));
    match import(&text, &Options { queue, ..Options::default() }) {
        // Our own document may go into the draft unfinished.
        Err(Refused::Document(_)) => unread(),
        Ok(imported) if imported.format == Format::Hotline => unread(),
        Ok(imported) => {
            report(&imported);
            Ok(serde_json::from_str(&imported.document.to_json())?)
        }
        Err(refused) => Err(anyhow::anyhow!("{} cannot be imported: {refused}", file.display())),
    }
}

fn report(imported: &Imported) {
    for item in imported.report.items.iter().filter(|item| item.status != Status::Mapped) {
        let block = item.block.as_deref().map(|block| format!(" → {block}")).unwrap_or_default();
        let status = if item.status == Status::Partly { "partly" } else { "not mapped" };
        eprintln!("{status}: {} ({}){block}: {}", item.source, item.kind, item.message);
    }
    show(&imported.findings);
    let counts = imported.report.counts;
    eprintln!(
        "{}: {} states as they were, {} in part, {} not; {} blocks",
        imported.format.name(),
        counts.mapped,
        counts.partly,
        counts.not_mapped,
        imported.document.blocks.len()
    );
}

pub(super) fn write(output: &Path, text: &str) -> anyhow::Result<ExitCode> {
    match output.to_str() {
        Some("-") => print!("{text}"),
        _ => std::fs::write(output, text).with_context(|| format!("cannot write {}", output.display()))?,
    }
    Ok(ExitCode::SUCCESS)
}
