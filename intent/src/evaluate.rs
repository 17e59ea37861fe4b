//! Measures a model on labelled lines: how often it is right, what it rejects, how well it tells in scope from out of scope.
//! Takes predictions and gives numbers; reading files and clocks is left to the caller.

pub mod slots;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{Decision, Example, IntentDef, Language, Meaning, Query, TrainingSet};

/// The label of lines that belong to no intent.
pub const OUT_OF_SCOPE: &str = "oos";

/// A line of a labelled file: `{"text": …, "intent": …, "lang": …}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Labelled {
    /// What was said.
    pub text: String,
    /// What it means; [`OUT_OF_SCOPE`] for nothing known.
    pub intent: String,
    /// Its language; detected when absent or unknown.
    #[serde(default)]
    pub lang: Option<String>,
}

impl Labelled {
    /// The language of the line.
    pub fn language(&self) -> Language {
        self.lang.as_deref().and_then(|code| code.parse().ok()).unwrap_or_else(|| Language::detect(&self.text))
    }

    /// The line as a question to a model.
    pub fn query(&self) -> Query<'_> {
        Query { text: &self.text, language: Some(self.language()), ..Query::default() }
    }
}

/// Labelled lines as a training set, intents in the order of their first line.
pub fn training_set(lines: &[Labelled]) -> TrainingSet {
    let mut set = TrainingSet::new(Vec::new());
    let mut at: BTreeMap<&str, usize> = BTreeMap::new();
    for line in lines {
        let example = Example::new(line.text.as_str(), line.language());
        if line.intent == OUT_OF_SCOPE {
            set.out_of_scope.push(example);
            continue;
        }
        let index = *at.entry(&line.intent).or_insert_with(|| {
            set.intents.push(IntentDef { name: line.intent.clone(), examples: Vec::new() });
            set.intents.len() - 1
        });
        set.intents[index].examples.push(example);
    }
    set
}

/// A line's label beside what a model made of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The right intent; `None` for out of scope.
    pub label: Option<String>,
    /// The likeliest intent, whatever was decided.
    pub best: Option<String>,
    /// Its confidence.
    pub confidence: f32,
    /// What was decided.
    pub decision: Decision,
    /// How likely it was held to be in scope.
    pub in_scope: f32,
}

impl Prediction {
    /// The answer to a labelled line.
    pub fn new(line: &Labelled, meaning: &Meaning) -> Self {
        Prediction {
            label: (line.intent != OUT_OF_SCOPE).then(|| line.intent.clone()),
            best: meaning.best().map(|best| best.intent.clone()),
            confidence: meaning.best().map_or(0.0, |best| best.confidence),
            decision: meaning.decision.clone(),
            in_scope: meaning.in_scope,
        }
    }

    fn rejected(&self) -> bool {
        self.decision == Decision::Reject
    }

    /// The one label the model gives: the likeliest intent, or `None` when it rejects and `rejecting` counts.
    fn given(&self, rejecting: bool) -> Option<&str> {
        if rejecting && self.rejected() { None } else { self.best.as_deref() }
    }
}

/// What the predictions amount to. Shares lie between 0 and 1; what cannot be measured on these lines is `None`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Lines given their own label. When the lines hold out-of-scope ones, a rejection is the label [`OUT_OF_SCOPE`], also for a line that
    /// is in scope; when they hold none, the likeliest intent counts whether rejected or not, as in the literature.
    pub accuracy: f64,
    /// The mean over labels of F1, for the labels as in `accuracy`.
    pub macro_f1: f64,
    /// In-scope lines whose likeliest intent is the right one, whatever was decided.
    pub in_scope_accuracy: Option<f64>,
    /// Out-of-scope lines that were rejected.
    pub oos_recall: Option<f64>,
    /// Rejected lines that were out of scope.
    pub oos_precision: Option<f64>,
    /// How often an out-of-scope line seems less in scope than an in-scope line, over all pairs; a tie counts half.
    pub oos_auroc: Option<f64>,
    /// In-scope lines that were not rejected.
    pub in_scope_kept: Option<f64>,
    /// Accepted lines whose intent is right.
    pub accepted_precision: Option<f64>,
    /// Number of lines accepted.
    pub accepted: usize,
    /// Number of lines to be asked which of two.
    pub disambiguated: usize,
    /// Number of lines rejected.
    pub rejected: usize,
}

/// Sums up predictions.
pub fn report(predictions: &[Prediction]) -> Report {
    let (inside, outside): (Vec<&Prediction>, Vec<&Prediction>) = predictions.iter().partition(|p| p.label.is_some());
    let rejecting = !outside.is_empty();
    let accepted: Vec<&Prediction> =
        predictions.iter().filter(|p| matches!(p.decision, Decision::Accept { .. })).collect();
    let rejected = predictions.iter().filter(|p| p.rejected()).count();
    let right_top = |p: &&&Prediction| p.best == p.label;
    Report {
        accuracy: share(
            predictions.iter().filter(|p| p.given(rejecting) == p.label.as_deref()).count(),
            predictions.len(),
        )
        .unwrap_or(0.0),
        macro_f1: macro_f1(predictions, rejecting),
        in_scope_accuracy: share(inside.iter().filter(right_top).count(), inside.len()),
        oos_recall: share(outside.iter().filter(|p| p.rejected()).count(), outside.len()),
        oos_precision: if rejecting { share(outside.iter().filter(|p| p.rejected()).count(), rejected) } else { None },
        oos_auroc: auroc(&inside, &outside),
        in_scope_kept: share(inside.iter().filter(|p| !p.rejected()).count(), inside.len()),
        accepted_precision: share(accepted.iter().filter(|p| p.best == p.label).count(), accepted.len()),
        accepted: accepted.len(),
        disambiguated: predictions.len() - accepted.len() - rejected,
        rejected,
    }
}

fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn macro_f1(predictions: &[Prediction], rejecting: bool) -> f64 {
    let labels: BTreeSet<Option<&str>> = predictions.iter().map(|p| p.label.as_deref()).collect();
    let f1 = |label: &Option<&str>| {
        let given = predictions.iter().filter(|p| p.given(rejecting) == *label).count();
        let true_ = predictions.iter().filter(|p| p.label.as_deref() == *label).count();
        let both = predictions.iter().filter(|p| p.label.as_deref() == *label && p.given(rejecting) == *label).count();
        2.0 * both as f64 / (given + true_).max(1) as f64
    };
    labels.iter().map(f1).sum::<f64>() / labels.len().max(1) as f64
}

/// The area under the ROC curve by ranks (Mann–Whitney).
fn auroc(inside: &[&Prediction], outside: &[&Prediction]) -> Option<f64> {
    if inside.is_empty() || outside.is_empty() {
        return None;
    }
    let mut all: Vec<(f32, bool)> =
        inside.iter().map(|p| (p.in_scope, true)).chain(outside.iter().map(|p| (p.in_scope, false))).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut below = 0.0;
    let mut sum = 0.0;
    for run in all.chunk_by(|a, b| a.0 == b.0) {
        let strays = run.iter().filter(|(_, inside)| !inside).count() as f64;
        sum += (run.len() as f64 - strays) * (below + strays / 2.0);
        below += strays;
    }
    Some(sum / (inside.len() as f64 * outside.len() as f64))
}

/// The share of out-of-scope lines that would be rejected if the line were drawn so that `kept` of the in-scope lines stay; `None` when
/// there are no lines of one kind. Independent of the model's own threshold, for comparing engines.
pub fn oos_recall_at(predictions: &[Prediction], kept: f64) -> Option<f64> {
    let mut inside: Vec<f32> = predictions.iter().filter(|p| p.label.is_some()).map(|p| p.in_scope).collect();
    let outside: Vec<f32> = predictions.iter().filter(|p| p.label.is_none()).map(|p| p.in_scope).collect();
    inside.sort_unstable_by(f32::total_cmp);
    let lost = ((1.0 - kept).clamp(0.0, 1.0) * inside.len() as f64 + 1e-9) as usize;
    let line = *inside.get(lost.min(inside.len().checked_sub(1)?))?;
    share(outside.iter().filter(|value| **value < line).count(), outside.len())
}

/// The value below which a share of the values lies, by the nearest rank; 0 for none.
pub fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Label, likeliest intent, how much in scope; rejected below one half.
    fn predictions(lines: &[(&str, &str, f32)]) -> Vec<Prediction> {
        let prediction = |(label, best, in_scope): &(&str, &str, f32)| Prediction {
            label: (*label != OUT_OF_SCOPE).then(|| (*label).to_owned()),
            best: Some((*best).to_owned()),
            confidence: *in_scope,
            decision: if *in_scope < 0.5 { Decision::Reject } else { Decision::Accept { intent: (*best).to_owned() } },
            in_scope: *in_scope,
        };
        lines.iter().map(prediction).collect()
    }

    #[test]
    fn a_rejection_is_a_label_only_where_lines_are_out_of_scope() {
        let inside = [("a", "a", 0.9), ("a", "a", 0.2), ("b", "a", 0.8), ("b", "b", 0.7)];
        let without = report(&predictions(&inside));
        assert_eq!((without.accuracy, without.oos_recall, without.rejected), (0.75, None, 1));
        let with = report(&predictions(&[&inside[..], &[("oos", "a", 0.1), ("oos", "b", 0.6)]].concat()));
        assert_eq!(with.accuracy, 0.5);
        assert_eq!(with.in_scope_accuracy, Some(0.75));
        assert_eq!(with.oos_recall, Some(0.5));
        assert_eq!(with.oos_precision, Some(0.5));
        assert_eq!(with.oos_auroc, Some(7.0 / 8.0));
        assert_eq!((with.accepted, with.rejected), (4, 2));
    }

    #[test]
    fn the_mean_of_f1_counts_every_label_once() {
        let report = report(&predictions(&[("a", "a", 0.9), ("a", "a", 0.9), ("b", "a", 0.9)]));
        assert!((report.macro_f1 - 0.4).abs() < 1e-9, "{}", report.macro_f1);
    }

    #[test]
    fn out_of_scope_recall_can_be_read_at_any_share_kept() {
        let lines = predictions(&[
            ("a", "a", 0.9),
            ("a", "a", 0.8),
            ("a", "a", 0.7),
            ("a", "a", 0.1),
            ("oos", "a", 0.6),
            ("oos", "a", 0.05),
        ]);
        assert_eq!(oos_recall_at(&lines, 0.75), Some(1.0));
        assert_eq!(oos_recall_at(&lines, 1.0), Some(0.5));
        assert_eq!(oos_recall_at(&lines[..4], 0.95), None);
        assert_eq!(oos_recall_at(&[], 0.95), None);
    }

    #[test]
    fn nothing_measured_is_nothing_claimed() {
        let report = report(&[]);
        assert_eq!((report.accuracy, report.in_scope_accuracy, report.oos_auroc), (0.0, None, None));
        assert_eq!(percentile(&[], 0.95), 0.0);
        assert_eq!(percentile(&[3.0, 1.0, 2.0], 0.5), 2.0);
    }

    #[test]
    fn lines_become_a_training_set() {
        let line = |text: &str, intent: &str| Labelled { text: text.into(), intent: intent.into(), lang: None };
        let set = training_set(&[line("b one", "b"), line("退款", "a"), line("b two", "b"), line("joke", "oos")]);
        assert_eq!(
            set.intents.iter().map(|i| (i.name.as_str(), i.examples.len())).collect::<Vec<_>>(),
            [("b", 2), ("a", 1)]
        );
        assert_eq!(set.intents[1].examples[0].language, Language::Chinese);
        assert_eq!(set.out_of_scope.len(), 1);
    }
}
