//! What an admin should know of a draft before it is published: contradictions, thin intents, intents that are taken for each other, and
//! examples that look like another intent's. The last two come from cross-validation: each example is asked of a model that has not seen it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use flow::Flow;
use intent::{Encoder, Query, TrainingSet};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::draft::Draft;
use super::judge::Share;
use super::train_set;

/// With fewer examples an intent is hard to tell from others.
const FEW: usize = 5;
/// Each example is asked of a model trained from the other parts.
const PARTS: usize = 5;
/// Larger sets are asked of two parts only, so that nobody waits for minutes.
const LARGE: usize = 2_000;
const MOST_SHOWN: usize = 50;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// What to mend or to know, worst first.
    pub findings: Vec<Finding>,
    /// Examples whose own intent came out first, of a model that had not seen them; `None` when there is too little to divide.
    pub accuracy: Option<Share>,
    /// The same by intent.
    pub by_intent: BTreeMap<String, Share>,
    /// Intents that are taken for each other, most often first.
    pub confusions: Vec<Confusion>,
    /// Examples that look like another intent's.
    pub outliers: Vec<Outlier>,
}

/// Something to mend or to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// A name for programs: `no_example`, `few_examples`, `contradiction`, `untrainable`.
    pub code: String,
    /// Whether the intent does not work as it is.
    pub serious: bool,
    /// The intents it is about.
    pub intents: Vec<String>,
    /// The example it is about.
    pub example: Option<String>,
    /// What it is and what to do, for people.
    pub message: String,
}

/// Two intents that are taken for each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Confusion {
    /// What it was.
    pub intent: String,
    /// What it was taken for.
    pub taken_for: String,
    /// How many examples.
    pub n: usize,
}

/// An example that looks like another intent's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Outlier {
    /// The example.
    pub text: String,
    /// Its intent.
    pub intent: String,
    /// What it looks like.
    pub looks_like: String,
    /// How sure the model is of that, 0 to 1.
    pub confidence: f32,
}

/// Looks at a draft. Takes up to some seconds on large sets.
pub fn check(draft: &Draft, flow: &Flow, encoder: Option<&Arc<dyn Encoder>>) -> Check {
    let set = draft.training_set(flow);
    let mut found = Check { findings: findings(draft, flow, &set), ..Check::default() };
    cross_validate(&set, encoder, &mut found);
    found
}

/// `trained` is what the draft is trained from.
fn findings(draft: &Draft, flow: &Flow, trained: &TrainingSet) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut put = |code: &str, serious, intents: Vec<String>, example, message| {
        findings.push(Finding { code: code.to_owned(), serious, intents, example, message });
    };
    for (example, intents) in draft.contradictions(flow) {
        let names = intents.join(" and ");
        let message = format!("“{example}” is an example of {names}: keep it where it belongs, or merge the intents.");
        put("contradiction", true, intents, Some(example), message);
    }
    let sizes: HashMap<&str, usize> =
        trained.intents.iter().map(|intent| (intent.name.as_str(), intent.examples.len())).collect();
    for (intent, _) in draft.joined(flow) {
        let name = intent.name;
        match sizes.get(name.as_str()).copied().unwrap_or(0) {
            0 => {
                let message = format!(
                    "{name} has no example, so nobody will be understood as meaning it: add five ways of saying it."
                );
                put("no_example", true, vec![name], None, message);
            }
            few @ 1..FEW => {
                let message = format!(
                    "{name} has {few} of the five or more examples that make it reliable: add other ways of saying it."
                );
                put("few_examples", false, vec![name], None, message);
            }
            _ => {}
        }
    }
    findings
}

fn cross_validate(set: &TrainingSet, encoder: Option<&Arc<dyn Encoder>>, found: &mut Check) {
    let size: usize = set.intents.iter().map(|intent| intent.examples.len()).sum();
    let parts = if size > LARGE { 2 } else { PARTS };
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut confusions: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for part in 0..parts {
        let Some((rest, asked)) = divide(set, part, parts) else { continue };
        let model = match train_set(&rest, encoder) {
            Ok(model) => model,
            Err(error) => {
                let message = format!("These intents cannot be trained: {error}.");
                let untrainable =
                    Finding { code: "untrainable".into(), serious: true, intents: vec![], example: None, message };
                found.findings.insert(0, untrainable);
                return;
            }
        };
        for (at, example) in asked {
            let name = set.intents[at].name.as_str();
            let meaning =
                model.parse(&Query { text: &example.text, language: Some(example.language), ..Query::default() });
            let Some(best) = meaning.best() else { continue };
            let count = counts.entry(name).or_default();
            count.1 += 1;
            if best.intent == name {
                count.0 += 1;
                continue;
            }
            *confusions.entry((name, best.intent.clone())).or_default() += 1;
            found.outliers.push(Outlier {
                text: example.text.clone(),
                intent: name.to_owned(),
                looks_like: best.intent.clone(),
                confidence: best.confidence,
            });
        }
    }
    found.outliers.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    found.outliers.truncate(MOST_SHOWN);
    let confusion =
        |((intent, taken_for), n): ((&str, String), usize)| Confusion { intent: intent.to_owned(), taken_for, n };
    found.confusions = confusions.into_iter().map(confusion).collect();
    found.confusions.sort_by(|a, b| b.n.cmp(&a.n).then_with(|| a.intent.cmp(&b.intent)));
    found.confusions.truncate(MOST_SHOWN);
    let sum = counts.values().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    found.accuracy = (sum.1 > 0).then(|| Share::of(sum.0, sum.1));
    found.by_intent = counts.into_iter().map(|(name, (right, n))| (name.to_owned(), Share::of(right, n))).collect();
}

/// One part of the examples to ask, with the place of their intent, and the rest to train from; no intent loses its last example.
fn divide(set: &TrainingSet, part: usize, parts: usize) -> Option<(TrainingSet, Vec<(usize, intent::Example)>)> {
    let mut rest = set.clone();
    let mut asked = Vec::new();
    for (at, intent) in set.intents.iter().enumerate().filter(|(_, intent)| intent.examples.len() > 1) {
        let mut number = 0;
        rest.intents[at].examples.retain(|example| {
            // Intents with few examples give them to different parts.
            let held_out = (number + at) % parts == part;
            number += 1;
            if held_out {
                asked.push((at, example.clone()));
            }
            !held_out
        });
        if rest.intents[at].examples.is_empty() {
            rest.intents[at].examples.clone_from(&intent.examples);
            asked.retain(|(other, _)| *other != at);
        }
    }
    (!asked.is_empty()).then_some((rest, asked))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::draft::{Intent, Line};

    fn empty_flow() -> Flow {
        flow::parse(
            r#"{"schema_version": 1, "id": "f", "name": "F", "languages": ["en"], "start": "end", "blocks": [{"id": "end", "type": "end", "params": {"outcome": "resolved"}}]}"#,
        )
        .expect("a flow")
    }

    fn intent(name: &str, examples: &[&str]) -> Intent {
        let line = |text: &&str| Line { text: (*text).into(), lang: None };
        Intent { name: name.into(), examples: examples.iter().map(line).collect(), ..Intent::default() }
    }

    #[test]
    fn an_example_in_the_wrong_intent_and_a_thin_intent_are_found() {
        let order = [
            "where is my order",
            "track my order",
            "has my order been sent",
            "when will my order arrive",
            "order status please",
            "what time do you open on monday",
        ];
        let hours = [
            "when do you open",
            "what time do you open",
            "what time do you close on monday",
            "are you open on sunday",
            "opening hours on monday",
        ];
        let draft = Draft {
            intents: vec![
                intent("order", &order),
                intent("hours", &hours),
                intent("thin", &["my bicycle is broken"]),
                intent("bare", &[]),
            ],
            ..Draft::default()
        };
        let found = check(&draft, &empty_flow(), None);
        let misplaced = |outlier: &Outlier| outlier.text == order[5] && outlier.looks_like == "hours";
        assert!(found.outliers.iter().any(misplaced), "{found:?}");
        let codes: Vec<(&str, &str)> =
            found.findings.iter().map(|f| (f.code.as_str(), f.intents[0].as_str())).collect();
        assert_eq!(codes, [("no_example", "bare"), ("few_examples", "thin")]);
        assert!(found.confusions.iter().any(|c| c.intent == "order" && c.taken_for == "hours"), "{found:?}");
        assert!(found.accuracy.is_some_and(|share| share.n == 11 && share.right >= 5), "{found:?}");
    }

    #[test]
    fn nothing_to_divide_is_no_accuracy() {
        let draft = Draft { intents: vec![intent("one", &["hello there"])], ..Draft::default() };
        assert_eq!(check(&draft, &empty_flow(), None).accuracy, None);
        assert_eq!(check(&Draft::default(), &empty_flow(), None), Check::default());
    }
}
