//! Collects what the readers find, keeps names and examples unique, and looks over the whole at the end. Everything that is
//! dropped or changed here leaves a finding.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::import::{
    Annotated, Answer, Content, Entity, Entry, Finding, Format, Import, Kind, List, Pattern, Place, Severity, Slot,
};
use crate::{Example, IntentDef, Language, TrainingSet, normalise::normalise};

/// Most examples, out-of-scope lines included.
pub const MAX_EXAMPLES: usize = 200_000;
/// Most intents.
pub const MAX_INTENTS: usize = 5_000;
/// Most characters of an example, a name or a value.
pub const MAX_CHARS: usize = 10_000;
/// Most findings of one kind in one file that are listed one by one; the rest is counted.
const MAX_ALIKE: usize = 100;

/// Where an example goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum To {
    Intent(usize),
    OutOfScope,
}

/// A value found in an example. `value` is `None` where the source does not say what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Marked {
    pub slot: String,
    pub role: Option<String>,
    pub group: Option<String>,
    pub value: Option<String>,
    pub span: std::ops::Range<usize>,
}

/// Values found in an example, until all lists are known.
struct Pending {
    to: To,
    text: String,
    marked: Vec<Marked>,
}

pub(super) struct Builder {
    formats: Vec<Format>,
    intents: Vec<IntentDef>,
    places: Vec<Place>,
    by_name: HashMap<String, usize>,
    out_of_scope: Vec<Example>,
    /// Where each example of each intent was seen first.
    seen: HashMap<(To, String), Place>,
    /// Out-of-scope lines that came from an intent of the source: its name and where.
    rejected: BTreeMap<String, Place>,
    pending: Vec<Pending>,
    lists: Vec<List>,
    list_at: HashMap<String, usize>,
    /// Where each value of each list is, and where it was seen first.
    entry_at: HashMap<(usize, String), (usize, Place)>,
    /// Synonyms by list and value.
    synonyms: HashSet<(usize, String, String)>,
    patterns: Vec<Pattern>,
    slot_at: HashMap<(String, String), usize>,
    answer_at: HashMap<String, usize>,
    /// Wordings by answer.
    wordings: HashSet<(usize, String)>,
    pattern_seen: HashSet<(String, String)>,
    slots: Vec<Slot>,
    answers: Vec<Answer>,
    report: Vec<Finding>,
    alike: HashMap<(Kind, Severity, String), usize>,
    examples: usize,
}

impl Builder {
    pub fn new() -> Self {
        Builder {
            formats: Vec::new(),
            intents: Vec::new(),
            places: Vec::new(),
            by_name: HashMap::new(),
            out_of_scope: Vec::new(),
            seen: HashMap::new(),
            rejected: BTreeMap::new(),
            pending: Vec::new(),
            lists: Vec::new(),
            list_at: HashMap::new(),
            entry_at: HashMap::new(),
            synonyms: HashSet::new(),
            slot_at: HashMap::new(),
            answer_at: HashMap::new(),
            wordings: HashSet::new(),
            pattern_seen: HashSet::new(),
            patterns: Vec::new(),
            slots: Vec::new(),
            answers: Vec::new(),
            report: Vec::new(),
            alike: HashMap::new(),
            examples: 0,
        }
    }

    pub fn format(&mut self, format: Format) {
        if !self.formats.contains(&format) {
            self.formats.push(format);
        }
    }

    pub fn has_format(&self) -> bool {
        !self.formats.is_empty()
    }

    pub fn error(&mut self, kind: Kind, item: impl Into<String>, place: &Place, message: String, advice: &str) {
        self.find(Severity::Error, kind, item.into(), place, message, advice);
    }

    pub fn warning(&mut self, kind: Kind, item: impl Into<String>, place: &Place, message: String, advice: &str) {
        self.find(Severity::Warning, kind, item.into(), place, message, advice);
    }

    pub fn note(&mut self, kind: Kind, item: impl Into<String>, place: &Place, message: String, advice: &str) {
        self.find(Severity::Note, kind, item.into(), place, message, advice);
    }

    fn find(&mut self, severity: Severity, kind: Kind, item: String, place: &Place, message: String, advice: &str) {
        let alike = self.alike.entry((kind, severity, place.file.clone())).or_insert(0);
        *alike += 1;
        if *alike <= MAX_ALIKE {
            let (place, advice) = (place.clone(), advice.to_owned());
            self.report.push(Finding { severity, kind, item, place, message, advice });
        }
    }

    /// The intent of a name, made when it is new. `None`, with a finding, when it has no name or there are too many.
    pub fn intent(&mut self, name: &str, place: &Place) -> Option<To> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > MAX_CHARS {
            let message = "it has no name, or one beyond any length; it was left out, with its examples".to_owned();
            self.error(Kind::Incomplete, "an intent", place, message, "name it and import again");
            return None;
        }
        if let Some(index) = self.by_name.get(name) {
            return Some(To::Intent(*index));
        }
        if self.intents.len() == MAX_INTENTS {
            let message = format!("there are more than {MAX_INTENTS} intents; it was left out, with its examples");
            self.error(Kind::Limit, format!("intent {name}"), place, message, "split the file");
            return None;
        }
        self.by_name.insert(name.to_owned(), self.intents.len());
        self.intents.push(IntentDef { name: name.to_owned(), examples: Vec::new() });
        self.places.push(place.clone());
        Some(To::Intent(self.intents.len() - 1))
    }

    /// Where the examples of an intent go: to the out-of-scope lines when its name says so.
    pub fn target(&mut self, name: &str, place: &Place) -> Option<To> {
        if !is_out_of_scope(name) {
            return self.intent(name, place);
        }
        self.rejects(name, place);
        Some(To::OutOfScope)
    }

    /// Notes that an intent's examples become out-of-scope lines.
    pub fn rejects(&mut self, name: &str, place: &Place) {
        self.rejected.entry(name.trim().to_owned()).or_insert_with(|| place.clone());
    }

    /// How an intent, or the out-of-scope lines, is called in a report.
    pub fn called(&self, to: To) -> String {
        match to {
            To::Intent(index) => format!("intent {}", self.intents[index].name),
            To::OutOfScope => "out of scope".to_owned(),
        }
    }

    pub fn name(&self, to: To) -> Option<&str> {
        match to {
            To::Intent(index) => Some(&self.intents[index].name),
            To::OutOfScope => None,
        }
    }

    /// Whether something was read into an intent of this name.
    pub fn knows(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// What stands before the slash in the names of intents: `faq` of `faq/price`.
    pub fn families(&self) -> HashSet<String> {
        self.intents.iter().filter_map(|def| def.name.split_once('/')).map(|(family, _)| family.to_owned()).collect()
    }

    /// An example. Space around it is dropped; the spans of its values move with it.
    pub fn example(&mut self, to: To, text: &str, language: Option<Language>, mut marked: Vec<Marked>, place: &Place) {
        let start = text.len() - text.trim_start().len();
        let text = text.trim();
        let called = self.called(to);
        if text.is_empty() {
            let message = "an example without words was left out".to_owned();
            return self.note(Kind::Incomplete, called, place, message, "");
        }
        if text.chars().count() > MAX_CHARS {
            let message = format!("an example of more than {MAX_CHARS} characters was left out");
            return self.error(Kind::Limit, called, place, message, "shorten it to what a caller would say");
        }
        if self.examples == MAX_EXAMPLES {
            let message = format!("{:?} was left out: there are more than {MAX_EXAMPLES} examples", head(text));
            return self.error(Kind::Limit, called, place, message, "split the file");
        }
        if let Some(first) = self.seen.get(&(to, text.to_owned())) {
            let message = format!("{:?} stands in {first} already; it was taken once", head(text));
            return self.note(Kind::RepeatedExample, called, place, message, "");
        }
        self.seen.insert((to, text.to_owned()), place.clone());
        self.examples += 1;
        let example = Example::new(text, language.unwrap_or_else(|| Language::detect(text)));
        match to {
            To::Intent(index) => self.intents[index].examples.push(example),
            To::OutOfScope => self.out_of_scope.push(example),
        }
        for value in &mut marked {
            value.span.start = value.span.start.saturating_sub(start).min(text.len());
            value.span.end = value.span.end.saturating_sub(start).min(text.len());
        }
        marked.retain(|value| !value.span.is_empty() && text.get(value.span.clone()).is_some());
        marked.sort_by_key(|value| value.span.start);
        if !marked.is_empty() {
            self.pending.push(Pending { to, text: text.to_owned(), marked });
        }
    }

    fn list_index(&mut self, name: &str) -> usize {
        if let Some(at) = self.list_at.get(name) {
            return *at;
        }
        self.lists.push(List { name: name.to_owned(), entries: Vec::new(), open: false, fuzzy: false });
        self.list_at.insert(name.to_owned(), self.lists.len() - 1);
        self.lists.len() - 1
    }

    /// The list of a name, made when it is new.
    pub fn list(&mut self, name: &str) -> &mut List {
        let at = self.list_index(name);
        &mut self.lists[at]
    }

    pub fn find_list(&self, name: &str) -> Option<&List> {
        self.list_at.get(name).map(|at| &self.lists[*at])
    }

    /// The lists and the marked slots in which a word occurs, by the word in lower case.
    pub fn homes(&self) -> HashMap<String, Vec<String>> {
        let mut homes: HashMap<String, Vec<String>> = HashMap::new();
        let mut add = |word: &str, home: &str| {
            let homes = homes.entry(word.to_lowercase()).or_default();
            if !homes.iter().any(|known| known == home) {
                homes.push(home.to_owned());
            }
        };
        for list in &self.lists {
            for entry in &list.entries {
                add(&entry.value, &list.name);
                entry.synonyms.iter().for_each(|synonym| add(synonym, &list.name));
            }
        }
        for pending in &self.pending {
            for marked in &pending.marked {
                add(&pending.text[marked.span.clone()], &marked.slot);
                marked.value.iter().for_each(|value| add(value, &marked.slot));
            }
        }
        homes
    }

    /// Takes values out of a list again that turn out to be synonyms of others.
    pub fn drop_values(&mut self, list: &str, values: &HashSet<&str>) {
        let Some(at) = self.list_at.get(list).copied() else { return };
        let entries = &mut self.lists[at].entries;
        entries.retain(|entry| !entry.synonyms.is_empty() || !values.contains(entry.value.as_str()));
        for value in values {
            self.entry_at.remove(&(at, (*value).to_owned()));
        }
        for (index, entry) in self.lists[at].entries.iter().enumerate() {
            if let Some(known) = self.entry_at.get_mut(&(at, entry.value.clone())) {
                known.0 = index;
            }
        }
    }

    /// Values that examples spell out for their words, `[NYC]{"entity": "city", "value": "New York"}`: slot, value, words, place.
    pub fn said_otherwise(&self) -> Vec<(String, String, String, Place)> {
        let mut found = Vec::new();
        for pending in &self.pending {
            for marked in &pending.marked {
                let raw = &pending.text[marked.span.clone()];
                if let Some(value) = marked.value.as_ref().filter(|value| *value != raw) {
                    let place = self.seen.get(&(pending.to, pending.text.clone())).cloned().unwrap_or_default();
                    found.push((marked.slot.clone(), value.clone(), raw.to_owned(), place));
                }
            }
        }
        found
    }

    /// A value of a list with other ways of saying it; what is there already is not taken twice.
    pub fn entry(&mut self, list: &str, value: &str, synonyms: &[String], place: &Place) {
        let value = value.trim();
        if value.is_empty() {
            let message = "a value without words was left out".to_owned();
            return self.note(Kind::Incomplete, format!("list {list}"), place, message, "");
        }
        let list_at = self.list_index(list);
        let entries = &mut self.lists[list_at].entries;
        let (at, _) = self.entry_at.entry((list_at, value.to_owned())).or_insert_with(|| {
            entries.push(Entry { value: value.to_owned(), synonyms: Vec::new() });
            (entries.len() - 1, place.clone())
        });
        for synonym in synonyms.iter().map(|synonym| synonym.trim()) {
            let is_new = !synonym.is_empty()
                && synonym != value
                && self.synonyms.insert((list_at, value.to_owned(), synonym.to_owned()));
            if is_new {
                entries[*at].synonyms.push(synonym.to_owned());
            }
        }
    }

    pub fn pattern(&mut self, name: &str, regex: &str, place: &Place) {
        let pattern = Pattern { name: name.to_owned(), regex: regex.to_owned() };
        if regex.trim().is_empty() {
            let message = "an empty expression was left out".to_owned();
            return self.note(Kind::Incomplete, format!("pattern {name}"), place, message, "");
        }
        if self.pattern_seen.insert((pattern.name.clone(), pattern.regex.clone())) {
            self.patterns.push(pattern);
        }
    }

    pub fn has_pattern(&self, name: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.name == name)
    }

    pub fn slot(&mut self, slot: Slot, place: &Place) {
        let key = (slot.intent.clone(), slot.name.clone());
        let Some(at) = self.slot_at.get(&key) else {
            self.slot_at.insert(key, self.slots.len());
            return self.slots.push(slot);
        };
        let known = &mut self.slots[*at];
        // Another locale of the same intent brings its own questions.
        let prompts: Vec<_> = slot.prompts.into_iter().filter(|said| !known.prompts.contains(said)).collect();
        known.prompts.extend(prompts);
        if known.source != slot.source {
            let (item, first) = (format!("slot {} of intent {}", slot.name, slot.intent), known.source.clone());
            let message = format!("it is {first} in one place and {} here; {first} was taken", slot.source);
            self.warning(Kind::RepeatedName, item, place, message, "give one of them another name");
        }
    }

    pub fn answer(&mut self, answer: Answer) {
        let at = *self.answer_at.entry(answer.name.clone()).or_insert_with(|| {
            self.answers.push(Answer { texts: Vec::new(), ..answer.clone() });
            self.answers.len() - 1
        });
        let known = &mut self.answers[at];
        known.intent = known.intent.take().or(answer.intent);
        for said in answer.texts {
            if self.wordings.insert((at, said.text.clone())) {
                known.texts.push(said);
            }
        }
    }

    /// Looks over the whole and hands it out.
    pub fn finish(mut self) -> Import {
        self.check_lists();
        self.check_intents();
        self.check_shared();
        for (name, place) in std::mem::take(&mut self.rejected) {
            let message = "it is no intent here: its examples, where it has any, are out-of-scope lines".to_owned();
            self.note(Kind::OutOfScope, format!("intent {name}"), &place, message, "");
        }
        let annotated = self.annotations();
        let mut counted: Vec<_> = self.alike.iter().filter(|(_, count)| **count > MAX_ALIKE).collect();
        counted.sort_by_key(|((kind, _, file), _)| (*kind, file.clone()));
        for ((kind, severity, file), count) in counted {
            self.report.push(Finding {
                severity: *severity,
                kind: *kind,
                item: "the report".to_owned(),
                place: Place::file(file.as_str()),
                message: format!("{} more findings of this kind", count - MAX_ALIKE),
                advice: "mend those listed and import again to see them".to_owned(),
            });
        }
        self.report.sort_by_key(|finding| finding.severity);
        let mut training = TrainingSet::new(self.intents);
        training.out_of_scope = self.out_of_scope;
        let (lists, patterns, slots, answers) = (self.lists, self.patterns, self.slots, self.answers);
        let content = Content { training, annotated, lists, patterns, slots, answers };
        Import { formats: self.formats, content, report: self.report }
    }

    /// A synonym that leads to two values of one list leads to neither for sure.
    fn check_lists(&mut self) {
        let mut twice = Vec::new();
        for (at, list) in self.lists.iter().enumerate() {
            let mut leads: HashMap<String, &str> = HashMap::new();
            for entry in &list.entries {
                for word in std::iter::once(&entry.value).chain(&entry.synonyms) {
                    let first = *leads.entry(word.to_lowercase()).or_insert(&entry.value);
                    if first != entry.value {
                        let place = self.entry_at.get(&(at, entry.value.clone())).map(|(_, place)| place.clone());
                        let message = format!("{word:?} means both {first:?} and {:?}", entry.value);
                        twice.push((format!("list {}", list.name), place.unwrap_or_default(), message));
                    }
                }
            }
        }
        for (item, place, message) in twice {
            self.warning(Kind::RepeatedValue, item, &place, message, "keep it in one of them");
        }
    }

    fn check_intents(&mut self) {
        let mut folded: HashMap<String, usize> = HashMap::new();
        for index in 0..self.intents.len() {
            let (item, place) = (self.called(To::Intent(index)), self.places[index].clone());
            if self.intents[index].examples.is_empty() {
                let message = "it has no example".to_owned();
                self.warning(
                    Kind::NoExamples,
                    item.clone(),
                    &place,
                    message,
                    "add five ways of saying it, or delete it",
                );
            }
            let first = *folded.entry(self.intents[index].name.to_lowercase()).or_insert(index);
            if first != index {
                let message = format!("its name differs from {} in capitals only", self.called(To::Intent(first)));
                self.warning(Kind::RepeatedName, item, &place, message, "merge them or rename one");
            }
        }
    }

    /// Examples that are the same to the model in two intents.
    fn check_shared(&mut self) {
        let mut first: HashMap<String, (To, String)> = HashMap::new();
        let mut shared = Vec::new();
        let of_intents = self.intents.iter().enumerate().map(|(index, def)| (To::Intent(index), &def.examples));
        for (to, examples) in of_intents.chain([(To::OutOfScope, &self.out_of_scope)]) {
            for example in examples {
                let words = normalise(&example.text, example.language);
                if words.is_empty() {
                    continue;
                }
                match first.get(&words) {
                    Some((other, text)) if *other != to => {
                        shared.push((*other, to, text.clone(), example.text.clone()))
                    }
                    Some(_) => {}
                    None => drop(first.insert(words, (to, example.text.clone()))),
                }
            }
        }
        for (one, other, text, again) in shared {
            let place = self.seen.get(&(other, again.clone())).cloned().unwrap_or_default();
            let where_first = self.seen.get(&(one, text.clone())).cloned().unwrap_or_default();
            let as_text = if text == again { String::new() } else { format!(", as {:?}", head(&text)) };
            let message =
                format!("{:?} is also an example of {} ({where_first}{as_text})", head(&again), self.called(one));
            self.warning(Kind::SharedExample, self.called(other), &place, message, "keep it where it belongs");
        }
    }

    /// Marked values with what they stand for, now that the lists are known.
    fn annotations(&mut self) -> Vec<Annotated> {
        let pending = std::mem::take(&mut self.pending);
        let lists: HashMap<&str, HashMap<String, &str>> = self
            .lists
            .iter()
            .map(|list| {
                let mut leads = HashMap::new();
                for entry in &list.entries {
                    leads.insert(entry.value.to_lowercase(), entry.value.as_str());
                }
                for entry in &list.entries {
                    for synonym in &entry.synonyms {
                        leads.entry(synonym.to_lowercase()).or_insert(entry.value.as_str());
                    }
                }
                (list.name.as_str(), leads)
            })
            .collect();
        let kinds: HashMap<(&str, &str), &str> = self
            .slots
            .iter()
            .map(|slot| ((slot.intent.as_str(), slot.name.as_str()), slot.source.trim_start_matches('@')))
            .collect();
        let annotate = |Pending { to, text, marked }: Pending| {
            let intent = self.name(to).map(str::to_owned);
            let entities = marked.into_iter().map(|Marked { slot, role, group, value, span }| {
                let list = intent.as_deref().and_then(|intent| kinds.get(&(intent, slot.as_str())));
                let leads = list.and_then(|list| lists.get(list)).or_else(|| lists.get(slot.as_str()));
                let known = || leads?.get(&text[span.clone()].to_lowercase()).map(|value| (*value).to_owned());
                let value = value.or_else(known).unwrap_or_else(|| text[span.clone()].to_owned());
                Entity { slot, role, group, value, span }
            });
            Annotated { entities: entities.collect(), intent, text }
        };
        pending.into_iter().map(annotate).collect()
    }
}

/// Whether the name of an intent says that it stands for whatever is none.
pub(super) fn is_out_of_scope(name: &str) -> bool {
    let name = name.trim().to_lowercase().replace(['-', ' '], "_");
    matches!(name.as_str(), "oos" | "out_of_scope" | "outofscope" | "nlu_fallback")
}

/// The beginning of a text, for a report.
pub(super) fn head(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
