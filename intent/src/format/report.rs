//! What a written format has no place for.

use super::builder::is_out_of_scope;
use super::import::{Content, Finding, Format, Kind, Place, Severity};
use crate::{Example, TrainingSet};

/// What a format can hold beside intents and examples.
pub(super) struct Held<'a> {
    /// Names of intents whose answers are held; `utter_…` for Rasa.
    pub names: &'a [&'a str],
    pub lists: bool,
    pub patterns: bool,
    pub marks: bool,
    pub slots: bool,
}

/// The examples that are worth writing: those with words.
pub(super) fn written(examples: &[Example]) -> impl Iterator<Item = &Example> {
    examples.iter().filter(|example| !example.text.trim().is_empty())
}

/// Names everything of `content` that a format does not hold.
pub(super) fn not_written(content: &Content, format: Format, held: &Held) -> Vec<Finding> {
    let mut report = Vec::new();
    let mut find = |severity, kind, item: String, message: String| {
        let place = Place::file("the training data");
        report.push(Finding { severity, kind, item, place, message, advice: String::new() });
    };
    let missing = |count: usize, what: &str| format!("{count} {what} not written: {format} has no place for them");
    for (held, count, what) in [
        (held.lists, content.lists.len(), "lists"),
        (held.patterns, content.patterns.len(), "patterns"),
        (held.marks, content.annotated.len(), "examples' marked values"),
        (held.slots, content.slots.len(), "slots"),
        (!held.names.is_empty(), content.answers.len(), "answers"),
    ] {
        if !held && count > 0 {
            find(Severity::Note, Kind::NoPlace, what.to_owned(), missing(count, what));
        }
    }
    if content.training.keep_in_scope != TrainingSet::KEEP_IN_SCOPE {
        let message =
            format!("the share of requests kept, {}, is a setting and not written", content.training.keep_in_scope);
        find(Severity::Note, Kind::NoPlace, "keep_in_scope".to_owned(), message);
    }
    let sets = content.training.intents.iter().map(|def| (format!("intent {}", def.name), &def.examples));
    for (item, examples) in sets.chain([("out of scope".to_owned(), &content.training.out_of_scope)]) {
        let empty = examples.len() - written(examples).count();
        if empty > 0 {
            find(
                Severity::Note,
                Kind::Incomplete,
                item.clone(),
                format!("{empty} examples without words were not written"),
            );
        }
    }
    for def in content.training.intents.iter().filter(|def| is_out_of_scope(&def.name)) {
        let message = "by its name it will be read as out of scope again".to_owned();
        find(Severity::Warning, Kind::OutOfScope, format!("intent {}", def.name), message);
    }
    report
}
