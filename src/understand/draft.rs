//! What is edited: intents with their examples, lines that mean nothing, and tests. An intent of the flow that is not edited here is
//! as the flow has it; one that is edited here replaces the flow's.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use flow::Flow;
use intent::{Example, IntentDef, Language, TrainingSet, normalise::normalise};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::UnderstandError;
use super::lists::{self, EntityList};

/// Limits of a draft: an admin's set is a hundredth of it.
const MOST_INTENTS: usize = 1_000;
const MOST_LINES: usize = 50_000;
/// Of a line, in characters: more than anybody says in one breath.
const LONGEST_LINE: usize = 1_000;

/// What the engine learns from beside the flow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// The intents, by name.
    #[serde(default)]
    pub intents: Vec<Intent>,
    /// Lines that mean none of them.
    #[serde(default)]
    pub out_of_scope: Vec<Line>,
    /// What a version is measured with before it may answer. Nothing here is learned from.
    #[serde(default)]
    pub tests: Vec<Test>,
    /// Lists of what callers name.
    #[serde(default)]
    pub lists: Vec<EntityList>,
}

/// An intent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Intent {
    /// Its name, as flows use it, e.g. `order_status`.
    pub name: String,
    /// What to call it, by language.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub label: BTreeMap<String, String>,
    /// Ways of saying it.
    #[serde(default)]
    pub examples: Vec<Line>,
}

/// Something that is said.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The words.
    pub text: String,
    /// `en` or `zh-CN`; told from the words when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
}

/// A line with its right answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// The words.
    pub text: String,
    /// The intent that they mean; `null` for none.
    pub intent: Option<String>,
    /// `en` or `zh-CN`; told from the words when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
}

impl Line {
    fn example(&self) -> Example {
        Example::new(self.text.as_str(), language(self.lang.as_deref(), &self.text))
    }
}

/// The language that is named, or the one that the words are in.
pub fn language(named: Option<&str>, text: &str) -> Language {
    named.and_then(|code| code.parse().ok()).unwrap_or_else(|| Language::detect(text))
}

impl Draft {
    /// Reads one that was stored; nothing is an empty one.
    pub fn stored(document: &str) -> Result<Self, UnderstandError> {
        if document.is_empty() {
            return Ok(Self::default());
        }
        let damaged = |error| UnderstandError::Draft(format!("the stored intents cannot be read ({error})"));
        serde_json::from_str(document).map_err(damaged)
    }

    /// As it is stored: intents by name, so that two versions can be compared.
    pub fn to_json(&self) -> String {
        let mut sorted = self.clone();
        sorted.intents.sort_by(|a, b| a.name.cmp(&b.name));
        sorted.lists.sort_by(|a, b| a.name.cmp(&b.name));
        serde_json::to_string(&sorted).expect("texts in lists are always JSON")
    }

    /// Refuses what is too much, and what has no name.
    pub fn check_limits(&self) -> Result<(), UnderstandError> {
        let refused = |words: String| Err(UnderstandError::Draft(words));
        if self.intents.len() > MOST_INTENTS {
            return refused(format!("{} intents are too many; the most is {MOST_INTENTS}", self.intents.len()));
        }
        let lines = self.intents.iter().flat_map(|intent| &intent.examples).chain(&self.out_of_scope);
        let texts: Vec<&str> =
            lines.map(|line| line.text.as_str()).chain(self.tests.iter().map(|test| test.text.as_str())).collect();
        if texts.len() > MOST_LINES {
            return refused(format!("{} lines are too many; the most is {MOST_LINES}", texts.len()));
        }
        if let Some(text) = texts.iter().find(|text| text.chars().count() > LONGEST_LINE) {
            let begin: String = text.chars().take(40).collect();
            return refused(format!(
                "the line that begins with “{begin}” has more than {LONGEST_LINE} characters; shorten it"
            ));
        }
        lists::check_limits(&self.lists)?;
        let mut seen = HashSet::new();
        for intent in &self.intents {
            if !intent.name.chars().any(char::is_alphanumeric) {
                return refused("an intent has no name; give it one, e.g. order_status".into());
            }
            if !seen.insert(&intent.name) {
                return refused(format!("the intent {} is there twice; merge the two, or rename one", intent.name));
            }
        }
        Ok(())
    }

    /// The list of this name.
    pub fn list(&self, name: &str) -> Option<&EntityList> {
        self.lists.iter().find(|list| list.name == name)
    }

    /// A flow with the entries of the lists that it names.
    pub fn filled(&self, flow: &Arc<Flow>) -> Arc<Flow> {
        if flow.lists().next().is_none() {
            return flow.clone();
        }
        Arc::new(flow.with_lists(|name| self.list(name).map(EntityList::to_flow)))
    }

    /// The intents of both: those edited here, and those of the flow that are not.
    pub fn joined(&self, flow: &Flow) -> Vec<(Intent, Origin)> {
        let own: HashSet<&str> = self.intents.iter().map(|intent| intent.name.as_str()).collect();
        let of_flow = flow.intents.iter().filter(|intent| !own.contains(intent.name.as_str()));
        let mut all: Vec<(Intent, Origin)> = self.intents.iter().map(|intent| (intent.clone(), Origin::Own)).collect();
        all.extend(of_flow.map(|intent| (from_flow(intent), Origin::Flow)));
        all.sort_by(|a, b| a.0.name.cmp(&b.0.name));
        all
    }

    /// What the model is trained from. An intent without a usable example is left out: its name alone would answer for it.
    pub fn training_set(&self, flow: &Flow) -> TrainingSet {
        let usable = |line: &Line| !normalise(&line.text, language(line.lang.as_deref(), &line.text)).is_empty();
        let intents = self.joined(flow).into_iter().filter(|(intent, _)| intent.examples.iter().any(usable));
        let mut set = TrainingSet::new(
            intents
                .map(|(intent, _)| IntentDef {
                    name: intent.name,
                    examples: intent.examples.iter().map(Line::example).collect(),
                })
                .collect(),
        );
        set.out_of_scope = flow.training_set().out_of_scope;
        set.out_of_scope.extend(self.out_of_scope.iter().map(Line::example));
        set
    }

    /// An intent to edit: the draft's own, or else a copy of the flow's that becomes the draft's own, or else a new one.
    pub fn edit(&mut self, name: &str, flow: &Flow) -> &mut Intent {
        let at = match self.intents.iter().position(|intent| intent.name == name) {
            Some(at) => at,
            None => {
                let new = flow.intent(name).map(from_flow);
                self.intents.push(new.unwrap_or_else(|| Intent { name: name.to_owned(), ..Intent::default() }));
                self.intents.len() - 1
            }
        };
        &mut self.intents[at]
    }

    /// Adds intents and examples that are not there yet; returns how many examples were new.
    pub fn take_in(&mut self, more: &TrainingSet, flow: &Flow) -> usize {
        let of_flow = flow.training_set().out_of_scope;
        let outside: Vec<Example> = more.out_of_scope.iter().filter(|line| !of_flow.contains(line)).cloned().collect();
        let mut count = add(&mut self.out_of_scope, &outside);
        for intent in &more.intents {
            count += add(&mut self.edit(&intent.name, flow).examples, &intent.examples);
        }
        count
    }

    /// By intent, what came and what went on the way to another draft; only intents that differ.
    pub fn differences(&self, to: &Draft, flow: &Flow) -> Vec<(String, Vec<String>, Vec<String>)> {
        let lines = |draft: &Draft| -> BTreeMap<String, BTreeSet<String>> {
            let joined = draft.joined(flow).into_iter();
            joined
                .map(|(intent, _)| (intent.name, intent.examples.into_iter().map(|line| line.text).collect()))
                .collect()
        };
        let (before, after) = (lines(self), lines(to));
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let nothing = BTreeSet::new();
        let difference = |name: &&String| {
            let (was, is) = (before.get(*name).unwrap_or(&nothing), after.get(*name).unwrap_or(&nothing));
            let added: Vec<String> = is.difference(was).cloned().collect();
            let removed: Vec<String> = was.difference(is).cloned().collect();
            let same =
                added.is_empty() && removed.is_empty() && before.contains_key(*name) == after.contains_key(*name);
            (!same).then(|| ((*name).clone(), added, removed))
        };
        names.iter().filter_map(difference).collect()
    }

    /// The same example in more than one intent, with the intents.
    pub fn contradictions(&self, flow: &Flow) -> Vec<(String, Vec<String>)> {
        let mut by_text: HashMap<String, Vec<(String, String)>> = HashMap::new();
        for (intent, _) in self.joined(flow) {
            for line in &intent.examples {
                let text = normalise(&line.text, language(line.lang.as_deref(), &line.text));
                let found = by_text.entry(text).or_default();
                if !found.iter().any(|(_, name)| *name == intent.name) {
                    found.push((line.text.clone(), intent.name.clone()));
                }
            }
        }
        let mut found: Vec<(String, Vec<String>)> = by_text
            .into_iter()
            .filter(|(text, lines)| !text.is_empty() && lines.len() > 1)
            .map(|(_, lines)| (lines[0].0.clone(), lines.into_iter().map(|(_, name)| name).collect()))
            .collect();
        found.sort();
        found
    }
}

/// Adds those lines that a list does not have; returns how many.
fn add(list: &mut Vec<Line>, more: &[Example]) -> usize {
    let mut there: HashSet<(String, Language)> =
        list.iter().map(|line| (line.text.clone(), language(line.lang.as_deref(), &line.text))).collect();
    let before = list.len();
    let new = more.iter().filter(|example| there.insert((example.text.clone(), example.language)));
    let line = |example: &Example| Line { text: example.text.clone(), lang: Some(example.language.code().to_owned()) };
    list.extend(new.map(line));
    list.len() - before
}

/// Where an intent is defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// In the flow, and unchanged here.
    Flow,
    /// Here.
    Own,
}

fn from_flow(intent: &flow::Intent) -> Intent {
    let line = |language: &Language, text: &String| Line { text: text.clone(), lang: Some(language.code().to_owned()) };
    Intent {
        name: intent.name.clone(),
        label: intent.label.iter().map(|(language, text)| (language.code().to_owned(), text.clone())).collect(),
        examples: intent
            .examples
            .iter()
            .flat_map(|(language, texts)| texts.iter().map(|text| line(language, text)))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow() -> Flow {
        flow::parse(
            r#"{"schema_version": 1, "id": "f", "name": "F", "languages": ["en"], "start": "end",
                "intents": [{"name": "order", "examples": {"en": ["where is my order"]}}, {"name": "hours", "examples": {"en": ["when are you open"]}}],
                "blocks": [{"id": "end", "type": "end", "params": {"outcome": "resolved"}}]}"#,
        )
        .expect("a flow")
    }

    fn line(text: &str) -> Line {
        Line { text: text.into(), lang: None }
    }

    #[test]
    fn what_is_edited_replaces_the_flows_intent_and_the_others_stay() {
        let mut draft = Draft::default();
        draft.edit("order", &flow()).examples.push(line("track my parcel"));
        draft.edit("refund", &flow()).examples.push(line("I want my money back"));
        let names: Vec<(String, Origin, usize)> =
            draft.joined(&flow()).into_iter().map(|(i, origin)| (i.name, origin, i.examples.len())).collect();
        let expected = [("hours", Origin::Flow, 1), ("order", Origin::Own, 2), ("refund", Origin::Own, 1)];
        assert_eq!(names, expected.map(|(name, origin, n)| (name.to_owned(), origin, n)));
        assert_eq!(draft.training_set(&flow()).intents.len(), 3);
    }

    #[test]
    fn an_intent_without_an_example_is_not_trained() {
        let mut draft = Draft::default();
        draft.edit("refund", &flow()).examples.push(line(" … "));
        assert!(draft.training_set(&flow()).intents.iter().all(|intent| intent.name != "refund"));
    }

    #[test]
    fn the_same_line_in_two_intents_is_found_however_it_is_written() {
        let mut draft = Draft::default();
        draft.edit("refund", &flow()).examples.push(line("Where is my ORDER?"));
        let found = draft.contradictions(&flow());
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].1, ["order", "refund"]);
    }

    #[test]
    fn too_much_and_nameless_is_refused_in_words() {
        let refused = |draft: Draft, part: &str| {
            let words = draft.check_limits().expect_err(part).to_string();
            assert!(words.contains(part), "{words}");
        };
        let named = |name: &str| Intent { name: name.into(), ..Intent::default() };
        refused(Draft { intents: vec![named("a"), named("a")], ..Draft::default() }, "twice");
        refused(Draft { intents: vec![named(" ")], ..Draft::default() }, "no name");
        refused(Draft { out_of_scope: vec![line(&"x".repeat(1_001))], ..Draft::default() }, "shorten");
    }
}
