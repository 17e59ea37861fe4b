//! What became of each state of an export, as data and in words. It is written for the person who finishes the flow.

use serde::{Deserialize, Serialize};

use crate::{BlockId, Finding, Severity};

/// How much of a state came over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// All that matters to a caller.
    Mapped,
    /// Some of it; a person should look.
    Partly,
    /// None of it.
    NotMapped,
}

/// What became of one state, or what was added to the flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The state's name or id in the export; for what was added, what it is.
    pub source: String,
    /// Its type there; `added` for what is not in the export.
    pub kind: String,
    /// How much came over.
    pub status: Status,
    /// The first block it became, or is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<BlockId>,
    /// What is lost, and what a person must finish; empty when there is nothing to say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

/// How many states came over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// As they were.
    pub mapped: usize,
    /// In part.
    pub partly: usize,
    /// Not at all.
    pub not_mapped: usize,
    /// What was added and was in no export.
    pub added: usize,
}

/// What became of an export.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Every state in the order of the export, then what was added.
    pub items: Vec<Item>,
    /// Their number.
    pub counts: Counts,
}

/// The kind of an item that was in no export.
pub(super) const ADDED: &str = "added";

impl Item {
    /// What stands in the flow and was in no export.
    pub(super) fn added(what: &str, block: Option<BlockId>, message: impl Into<String>) -> Self {
        Item { source: what.to_owned(), kind: ADDED.to_owned(), status: Status::Partly, block, message: message.into() }
    }

    /// Lowers the status and adds a sentence.
    pub(super) fn note(&mut self, status: Status, sentence: &str) {
        self.status = self.status.max(status);
        if self.message.contains(sentence) {
            return;
        }
        if !self.message.is_empty() {
            self.message.push(' ');
        }
        self.message.push_str(sentence);
    }
}

impl Report {
    pub(super) fn new(items: Vec<Item>) -> Self {
        let mut report = Report { items, counts: Counts::default() };
        report.count();
        report
    }

    fn count(&mut self) {
        self.counts = Counts::default();
        for item in &self.items {
            let of_kind = match item.status {
                _ if item.kind == ADDED => &mut self.counts.added,
                Status::Mapped => &mut self.counts.mapped,
                Status::Partly => &mut self.counts.partly,
                Status::NotMapped => &mut self.counts.not_mapped,
            };
            *of_kind += 1;
        }
    }

    /// Sees to it that whatever prevents publishing is said of the block it is about.
    pub(super) fn explain(&mut self, findings: &[Finding]) {
        for finding in findings.iter().filter(|finding| finding.severity == Severity::Error) {
            let sentence = format!("To publish it: {} {}", finding.message, finding.fix);
            match self.items.iter_mut().find(|item| item.block.is_some() && item.block == finding.block) {
                Some(item) => item.note(Status::Partly, &sentence),
                None => {
                    let what = finding.block.as_deref().unwrap_or("the flow");
                    self.items.push(Item::added(what, finding.block.clone(), sentence));
                }
            }
        }
        self.count();
    }
}
