//! Training data as Rasa's `nlu.yml`: intents in their order, `out_of_scope`, synonyms, lookup tables, regular expressions,
//! responses. Whatever Rasa's notation cannot tell apart goes into `metadata`, which Rasa passes over.

use std::collections::HashMap;

use super::import::{Content, Entity, Export, Finding, Format, Kind, Place, Severity};
use super::report::{self, Held};
use super::{markup, yaml};
use crate::{Example, Language};

/// The values marked in each example of each intent.
type Marks<'a> = HashMap<(Option<&'a str>, &'a str), &'a [Entity]>;

/// How one example is written.
struct Line {
    raw: String,
    /// Whether it holds what looks like a mark and is none.
    verbatim: bool,
    /// Its language, where the characters say another one.
    language: Option<Language>,
}

pub(super) fn write(content: &Content) -> Export {
    let held = Held { names: &["utter"], lists: true, patterns: true, marks: true, slots: false };
    let mut writer = Writer { out: String::new(), report: report::not_written(content, Format::Rasa, &held) };
    writer.out.push_str("version: \"3.1\"\nnlu:\n");
    let marks = content.marks();
    for def in &content.training.intents {
        writer.intent(&marks, Some(&def.name), &def.name, &def.examples);
    }
    if !content.training.out_of_scope.is_empty() {
        writer.intent(&marks, None, "out_of_scope", &content.training.out_of_scope);
    }
    for list in &content.lists {
        if list.open || list.fuzzy {
            let message = "that it takes other or similar words, too, is not written: Rasa has no place for it";
            writer.find(Severity::Note, Kind::NoPlace, format!("list {}", list.name), message.to_owned());
        }
        for entry in list.entries.iter().filter(|entry| !entry.synonyms.is_empty()) {
            writer.section("synonym", &entry.value, entry.synonyms.iter());
        }
        let words = list.entries.iter().flat_map(|entry| std::iter::once(&entry.value).chain(&entry.synonyms));
        writer.section("lookup", &list.name, words);
    }
    let mut names: Vec<&str> = Vec::new();
    for pattern in &content.patterns {
        if !names.contains(&pattern.name.as_str()) {
            names.push(&pattern.name);
            let same = content.patterns.iter().filter(|other| other.name == pattern.name);
            writer.section("regex", &pattern.name, same.map(|pattern| &pattern.regex));
        }
    }
    if writer.out.ends_with("nlu:\n") {
        writer.out.truncate(writer.out.len() - 1);
        writer.out.push_str(" []\n");
    }
    writer.answers(content);
    Export { text: writer.out, report: writer.report }
}

struct Writer {
    out: String,
    report: Vec<Finding>,
}

impl Writer {
    fn find(&mut self, severity: Severity, kind: Kind, item: String, message: String) {
        let place = Place::file("the training data");
        self.report.push(Finding { severity, kind, item, place, message, advice: String::new() });
    }

    fn intent(&mut self, marks: &Marks, intent: Option<&str>, name: &str, examples: &[Example]) {
        let mut lines = Vec::new();
        for example in report::written(examples) {
            lines.push(self.line(
                name,
                example,
                marks.get(&(intent, example.text.as_str())).copied().unwrap_or_default(),
            ));
        }
        self.out.push_str(&format!("- intent: {}\n", yaml::name(name)));
        let simple =
            |line: &Line| !line.verbatim && line.language.is_none() && line.raw.chars().all(yaml::is_printable);
        if lines.is_empty() {
            self.out.push_str("  examples: \"\"\n");
        } else if lines.iter().all(simple) {
            self.out.push_str("  examples: |\n");
            lines.iter().for_each(|line| self.out.push_str(&format!("    - {}\n", line.raw)));
        } else {
            self.out.push_str("  examples:\n");
            for Line { raw, verbatim, language } in lines {
                self.out.push_str(&format!("  - text: {}\n", yaml::quoted(&raw)));
                let language = language.map(|language| format!("language: {}", language.code()));
                let verbatim = verbatim.then(|| "verbatim: true".to_owned());
                let metadata: Vec<_> = language.into_iter().chain(verbatim).collect();
                if !metadata.is_empty() {
                    self.out.push_str(&format!("    metadata: {{{}}}\n", metadata.join(", ")));
                }
            }
        }
    }

    fn line(&mut self, name: &str, example: &Example, entities: &[Entity]) -> Line {
        let text = example.text.trim();
        let language = Some(example.language).filter(|language| *language != Language::detect(text));
        let marked = markup::write(&example.text, entities);
        if marked.is_none() && !entities.is_empty() {
            let message = format!("the values marked in {text:?} were not written: Rasa's notation cannot carry them");
            self.find(Severity::Warning, Kind::Annotation, format!("intent {name}"), message);
        }
        match marked.or_else(|| markup::write(text, &[])) {
            Some(raw) => Line { raw: raw.trim().to_owned(), verbatim: false, language },
            None => {
                let message = format!("Rasa takes the brackets in {text:?} for a marked value; Hotline does not");
                self.find(Severity::Warning, Kind::Annotation, format!("intent {name}"), message);
                Line { raw: text.to_owned(), verbatim: true, language }
            }
        }
    }

    /// A synonym, a lookup table or a regular expression with its lines.
    fn section<'a>(&mut self, what: &str, name: &str, lines: impl Iterator<Item = &'a String>) {
        let mut kept = Vec::new();
        for line in lines {
            if line.trim() != line || line.is_empty() || line.contains(['\n', '\r']) {
                let message = format!("{line:?} was not written: it is more than a line, or begins or ends with space");
                self.find(Severity::Warning, Kind::NoPlace, format!("{what} {name}"), message);
            } else {
                kept.push(line.as_str());
            }
        }
        self.out.push_str(&format!("- {what}: {}\n", yaml::name(name)));
        if kept.iter().all(|line| line.chars().all(yaml::is_printable)) && !kept.is_empty() {
            self.out.push_str("  examples: |\n");
            kept.iter().for_each(|line| self.out.push_str(&format!("    - {line}\n")));
        } else {
            let text: String = kept.iter().map(|line| format!("- {line}\n")).collect();
            self.out.push_str(&format!("  examples: {}\n", yaml::quoted(&text)));
        }
    }

    fn answers(&mut self, content: &Content) {
        if content.answers.is_empty() {
            return;
        }
        self.out.push_str("responses:\n");
        for answer in &content.answers {
            let name = match &answer.intent {
                Some(intent) if intent.contains('/') => format!("utter_{intent}"),
                _ if answer.name.starts_with("utter_") => answer.name.clone(),
                _ => format!("utter_{}", answer.name),
            };
            self.out.push_str(&format!("  {}:\n", yaml::name(&name)));
            answer
                .texts
                .iter()
                .for_each(|said| self.out.push_str(&format!("  - text: {}\n", yaml::quoted(&said.text))));
        }
    }
}
