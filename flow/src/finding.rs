//! What is wrong with a flow, where, and how to mend it. The parser and the validator both answer with findings, so that an
//! editor, a command line and an API show the same words; nothing here decides anything.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Works, but is probably not what was meant.
    Warning,
    /// The flow cannot be published.
    Error,
}

/// One thing that is wrong with a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Whether it prevents publishing.
    pub severity: Severity,
    /// The block it is about, where it is about one.
    pub block: Option<String>,
    /// The place in the document as a JSON pointer, e.g. `/blocks/2/params/prompt`; for text that is no JSON at all,
    /// `line 3, column 14`. Empty for the document as a whole.
    pub place: String,
    /// A stable name for the kind of finding, e.g. `unwired_edge`.
    pub code: String,
    /// What is wrong, as a sentence.
    pub message: String,
    /// What to do about it, as a sentence.
    pub fix: String,
}

impl Finding {
    /// A finding that prevents publishing.
    pub fn error(code: &str, place: impl Into<String>, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Finding {
            severity: Severity::Error,
            block: None,
            place: place.into(),
            code: code.to_owned(),
            message: message.into(),
            fix: fix.into(),
        }
    }

    /// A finding that only warns.
    pub fn warning(code: &str, place: impl Into<String>, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Finding { severity: Severity::Warning, ..Finding::error(code, place, message, fix) }
    }

    /// The same finding, said of a block.
    pub fn of(mut self, block: impl Into<String>) -> Self {
        self.block = Some(block.into());
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity}")?;
        if let Some(block) = &self.block {
            write!(f, " in block {block}")?;
        }
        if !self.place.is_empty() {
            write!(f, " at {}", self.place)?;
        }
        write!(f, ": {} {}", self.message, self.fix)
    }
}

/// The name among `known` that somebody who typed `typed` most likely meant, if any is close.
pub(crate) fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    // Half of the letters may be wrong: beyond that a suggestion is noise. A name that starts alike is always worth offering.
    known
        .into_iter()
        .map(|name| (edit_distance(&typed, name), name))
        .filter(|(distance, name)| {
            *distance <= name.chars().count().max(2) / 2 || (typed.len() >= 3 && name.starts_with(&typed))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// The number of letters to insert, drop, replace or swap with their neighbour to come from `a` to `b`. Long input is cut,
/// as no name is long.
fn edit_distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(64).collect();
    let b: Vec<char> = b.chars().take(64).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut row = vec![i + 1];
        for j in 0..b.len() {
            let replaced = above[j] + usize::from(a[i] != b[j]);
            let mut least = replaced.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

/// The list of names as it stands in a message: `a, b or c`.
pub(crate) fn listed(names: &[&str]) -> String {
    match names {
        [] => "none".to_owned(),
        [one] => (*one).to_owned(),
        [head @ .., last] => format!("{} or {last}", head.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_finds_the_name_that_was_meant() {
        let known = ["say", "menu", "ask_intent", "collect"];
        for (typed, meant) in [
            ("mneu", Some("menu")),
            ("Say", Some("say")),
            ("askintent", Some("ask_intent")),
            ("coll", Some("collect")),
            ("xylophone", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, known), meant, "{typed}");
        }
    }
}
