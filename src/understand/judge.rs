//! How well a model does on the stored tests, with the interval that so few lines leave open, and whether a model became worse.

use std::collections::BTreeMap;

use intent::{Decision, Model, Query};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::draft::{Test, language};

/// A test that went wrong is shown with its text up to this many.
const MOST_SHOWN: usize = 100;

/// Right answers out of all, with the 95 % interval (Wilson 1927).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Share {
    /// Right.
    pub right: usize,
    /// All.
    pub n: usize,
    /// The lower end of the interval, 0 to 1.
    pub from: f64,
    /// The upper end.
    pub to: f64,
}

impl Share {
    /// So many of so many.
    pub fn of(right: usize, n: usize) -> Self {
        if n == 0 {
            return Self { right, n, from: 0.0, to: 1.0 };
        }
        const Z: f64 = 1.96;
        let (count, share) = (n as f64, right as f64 / n as f64);
        let centre = share + Z * Z / (2.0 * count);
        let reach = Z * (share * (1.0 - share) / count + Z * Z / (4.0 * count * count)).sqrt();
        let whole = 1.0 + Z * Z / count;
        Self { right, n, from: ((centre - reach) / whole).max(0.0), to: ((centre + reach) / whole).min(1.0) }
    }

    /// The share itself.
    pub fn share(&self) -> f64 {
        self.right as f64 / self.n.max(1) as f64
    }
}

/// A model on the tests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Judgement {
    /// All lines: the right intent accepted or offered, or rightly rejected.
    pub all: Share,
    /// By intent; lines that mean none are under `null`'s name, `-`.
    pub by_intent: BTreeMap<String, Share>,
    /// What went wrong, at most a hundred.
    pub wrong: Vec<Wrong>,
}

/// A test that went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Wrong {
    /// The words.
    pub text: String,
    /// What they mean; `null` for none.
    pub expected: Option<String>,
    /// What the model made of them; `null` when it rejected them.
    pub got: Option<String>,
}

/// An intent that became worse than chance explains.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Regression {
    /// Which.
    pub intent: String,
    /// Before.
    pub before: Share,
    /// Now.
    pub now: Share,
}

/// The name of lines that mean no intent.
const NONE: &str = "-";

/// Asks the model every test. To be asked which of two counts as right when the right one is among them.
pub fn judge(model: &Model, tests: &[Test]) -> Judgement {
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for test in tests {
        let language = Some(language(test.lang.as_deref(), &test.text));
        let meaning = model.parse(&Query { text: &test.text, language, ..Query::default() });
        let (got, right) = match meaning.decision {
            Decision::Accept { intent } => (Some(intent.clone()), test.intent.as_ref() == Some(&intent)),
            Decision::Disambiguate { between } => {
                let right = test.intent.as_ref().is_some_and(|intent| between.contains(intent));
                (Some(between.join(" / ")), right)
            }
            Decision::Reject => (None, test.intent.is_none()),
        };
        let count = counts.entry(test.intent.clone().unwrap_or_else(|| NONE.into())).or_default();
        count.1 += 1;
        if right {
            count.0 += 1;
        } else if wrong.len() < MOST_SHOWN {
            wrong.push(Wrong { text: test.text.clone(), expected: test.intent.clone(), got });
        }
    }
    let all = counts.values().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    let by_intent = counts.into_iter().map(|(name, (right, n))| (name, Share::of(right, n))).collect();
    Judgement { all: Share::of(all.0, all.1), by_intent, wrong }
}

/// What was right before and is not now, beyond the interval of before. Both were asked the same tests.
pub fn regressions(before: &Judgement, now: &Judgement) -> Vec<Regression> {
    let worse = |(intent, now): (&String, &Share)| {
        let before = *before.by_intent.get(intent)?;
        let regressed = now.right < before.right && now.share() < before.from;
        regressed.then(|| Regression { intent: intent.clone(), before, now: *now })
    };
    now.by_intent.iter().filter_map(worse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_lines_leave_a_wide_interval() {
        // Figures from Wilson's formula worked out by hand: 8 of 10, and 80 of 100.
        let few = Share::of(8, 10);
        assert!((few.from - 0.490).abs() < 0.001 && (few.to - 0.943).abs() < 0.001, "{few:?}");
        let many = Share::of(80, 100);
        assert!((many.from - 0.711).abs() < 0.001 && (many.to - 0.867).abs() < 0.001, "{many:?}");
        assert_eq!((Share::of(0, 0).from, Share::of(0, 0).to), (0.0, 1.0));
    }

    fn judged(shares: &[(&str, usize, usize)]) -> Judgement {
        let by_intent = shares.iter().map(|(name, right, n)| ((*name).to_owned(), Share::of(*right, *n))).collect();
        Judgement { all: Share::of(1, 1), by_intent, wrong: Vec::new() }
    }

    #[test]
    fn an_intent_regresses_only_beyond_its_interval() {
        let before = judged(&[("hours", 20, 20), ("order", 9, 10), ("refund", 0, 5)]);
        let now = judged(&[("hours", 15, 20), ("order", 8, 10), ("refund", 0, 5), ("new", 0, 3)]);
        let found: Vec<String> = regressions(&before, &now).into_iter().map(|r| r.intent).collect();
        assert_eq!(found, ["hours"]);
    }
}
