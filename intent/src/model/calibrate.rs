//! From raw scores to probabilities. How the three views combine, what a gap between two intents is worth, and where the
//! line between in scope and out of scope runs, all come from texts the scorer had not seen while it learnt (cross-validation).

use super::{
    logistic,
    scorer::{Item, Scorer, Scores},
};

/// What the combined score of one text says.
#[derive(Clone, Debug)]
pub(super) struct Judgement {
    /// Classes and their probability given that the text is in scope, likeliest first.
    pub ranked: Vec<(usize, f32)>,
    /// Log-odds of being in scope; 0 is the threshold.
    pub in_scope: f32,
}

/// A held-out text: its scores and the class it belongs to.
pub(super) struct HeldOut {
    pub scores: Scores,
    pub class: Option<usize>,
}

/// Signs that a text is in scope, see [`signs`]; the last is 1.
pub(super) const SIGNS: usize = 7;

/// What the signs are worth when a set has no out-of-scope lines of its own: chosen so that they serve sets of three intents as
/// well as sets of hundreds.
pub(super) const USUAL: [f32; SIGNS] = [1.5, 6.0, 3.0, 2.0, 0.5, -3.0, -3.0];
/// Where the line usually runs, in log-odds under [`USUAL`].
const USUAL_LINE: f32 = -1.0;
/// The usual line counts as much as this many held-out texts.
const USUAL_LINE_WEIGHT: f32 = 20.0;
/// Out-of-scope lines a set must bring before they move the weights.
const ENOUGH_STRAYS: usize = 20;

/// What cross-validation learnt.
#[derive(Clone, Debug)]
pub(super) struct Calibration {
    /// Mean variance over classes of the three views, within one text.
    spread: [f32; 3],
    temperature: f32,
    weights: [f32; SIGNS],
    line: f32,
}

/// The views weigh this much in the combined score.
const VIEWS: [f32; 3] = [1.0, 0.2, 0.25];
/// What it costs, in log-odds, to mean an intent that is not allowed now.
const ELSEWHERE_ODDS: f32 = 4.0;
/// For few classes the spread within one text says little; the usual spread then counts as this many classes.
const USUAL_SPREAD_WEIGHT: f32 = 10.0;

impl Default for Calibration {
    fn default() -> Self {
        Calibration { spread: [0.1, 0.01, 0.02], temperature: 0.5, weights: USUAL, line: USUAL_LINE }
    }
}

impl Calibration {
    /// Learns from held-out texts; `keep` is the share of in-scope texts that must stay above the line.
    pub fn fit(held_out: &[HeldOut], keep: f32) -> Calibration {
        let mut calibration = Calibration::default();
        let in_scope: Vec<&HeldOut> = held_out.iter().filter(|h| h.class.is_some()).collect();
        if in_scope.is_empty() {
            return calibration;
        }
        for (view, spread) in calibration.spread.iter_mut().enumerate() {
            let mean = in_scope.iter().map(|h| variance(views(&h.scores)[view])).sum::<f32>() / in_scope.len() as f32;
            *spread = mean.max(1e-4);
        }
        calibration.fit_temperature(&in_scope);
        calibration.fit_line(held_out, &in_scope, keep);
        calibration
    }

    fn fit_temperature(&mut self, in_scope: &[&HeldOut]) {
        let combined: Vec<(Vec<f32>, usize)> =
            in_scope.iter().filter_map(|h| Some((self.combine(&h.scores), h.class?))).collect();
        let loss = |temperature: f32| {
            combined.iter().map(|(scores, class)| -softmax(scores, temperature)[*class].max(1e-6).ln()).sum::<f32>()
        };
        // A grid is enough: the loss is flat around its minimum. Few texts say little about temperatures far from the usual.
        let grid = (0..24).map(|step| 0.08 * 1.16f32.powi(step));
        let prior = |t: f32| 5.0 * (t / 0.5).ln().powi(2);
        let best = grid.map(|t| (t, loss(t) + prior(t))).min_by(|a, b| a.1.total_cmp(&b.1));
        self.temperature = best.map_or(0.5, |(t, _)| t);
    }

    fn fit_line(&mut self, held_out: &[HeldOut], in_scope: &[&HeldOut], keep: f32) {
        let rows: Vec<([f32; SIGNS], bool)> = held_out
            .iter()
            .map(|h| (signs(&h.scores, &self.rank(&h.scores, |_| true), &self.combine(&h.scores)), h.class.is_some()))
            .collect();
        if held_out.len() - in_scope.len() >= ENOUGH_STRAYS {
            self.weights = logistic::fit(&rows, USUAL);
        }
        let mut odds: Vec<f32> =
            rows.iter().filter(|(_, kept)| *kept).map(|(signs, _)| dot(&self.weights, signs)).collect();
        odds.sort_unstable_by(f32::total_cmp);
        let at = ((1.0 - keep) * odds.len() as f32) as usize;
        let measured = odds[at.min(odds.len() - 1)];
        let n = odds.len() as f32;
        self.line = (measured * n + USUAL_LINE * USUAL_LINE_WEIGHT) / (n + USUAL_LINE_WEIGHT);
    }

    /// Ranks the allowed classes and tells how likely the text is in scope.
    pub fn judge(&self, scores: &Scores, allowed: impl Fn(usize) -> bool) -> Judgement {
        let all = self.rank(scores, |_| true);
        let elsewhere: f32 = all.iter().filter(|(class, _)| !allowed(*class)).map(|(_, p)| p).sum();
        let ranked = self.rank(scores, allowed);
        let odds = dot(&self.weights, &signs(scores, &ranked, &self.combine(scores))) - self.line;
        // What is probably meant by an intent that is not allowed now is out of the scope of now.
        let in_scope = odds - ELSEWHERE_ODDS * elsewhere;
        Judgement { ranked, in_scope }
    }

    fn rank(&self, scores: &Scores, allowed: impl Fn(usize) -> bool) -> Vec<(usize, f32)> {
        let combined = self.combine(scores);
        let classes: Vec<usize> = (0..combined.len()).filter(|c| allowed(*c)).collect();
        let values: Vec<f32> = classes.iter().map(|c| combined[*c]).collect();
        let mut ranked: Vec<(usize, f32)> = classes.into_iter().zip(softmax(&values, self.temperature)).collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(combined[b.0].total_cmp(&combined[a.0])));
        ranked
    }

    /// The three views, each standardised over the classes of this text, in one score.
    fn combine(&self, scores: &Scores) -> Vec<f32> {
        let mut combined = vec![0f32; scores.machine.len()];
        for ((view, usual), weight) in views(scores).into_iter().zip(self.spread).zip(VIEWS) {
            let n = view.len() as f32;
            let mean = view.iter().sum::<f32>() / n.max(1.0);
            let spread = (variance(view) * n + usual * USUAL_SPREAD_WEIGHT) / (n + USUAL_SPREAD_WEIGHT);
            for (sum, value) in combined.iter_mut().zip(view) {
                *sum += weight * (value - mean) / spread.sqrt();
            }
        }
        combined
    }
}

fn views(scores: &Scores) -> [&[f32]; 3] {
    [&scores.machine, &scores.centre, &scores.nearest]
}

/// What tells in scope from out of scope.
pub(super) fn signs(scores: &Scores, ranked: &[(usize, f32)], combined: &[f32]) -> [f32; SIGNS] {
    let Some((best, _)) = ranked.first() else { return [0.0; SIGNS] };
    let gap = ranked.get(1).map_or(2.0, |(second, _)| combined[*best] - combined[*second]);
    let nearest = scores.nearest[*best];
    [
        scores.machine[*best].clamp(-1.5, 1.5),
        nearest,
        scores.centre[*best],
        scores.known,
        gap.clamp(0.0, 4.0) / 4.0,
        scores.stray,
        1.0,
    ]
}

fn variance(values: &[f32]) -> f32 {
    let n = values.len().max(1) as f32;
    let mean = values.iter().sum::<f32>() / n;
    values.iter().map(|v| (v - mean) * (v - mean)).sum::<f32>() / n
}

fn softmax(scores: &[f32], temperature: f32) -> Vec<f32> {
    let top = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut values: Vec<f32> = scores.iter().map(|s| ((s - top) / temperature).exp()).collect();
    let sum: f32 = values.iter().sum();
    for v in &mut values {
        *v /= sum;
    }
    values
}

fn dot(a: &[f32; SIGNS], b: &[f32; SIGNS]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Scores every item by a scorer that has not seen it but knows the background, in `folds` rounds of which `rounds` are done.
pub(super) fn hold_out(
    items: &[Item],
    background: &[Item],
    classes: usize,
    folds: usize,
    rounds: usize,
    seed: u64,
) -> Vec<HeldOut> {
    // Dealt out class by class, so that each fold has its share of every intent.
    let mut dealt = vec![0usize; classes + 1];
    let fold_of: Vec<usize> = items
        .iter()
        .map(|item| {
            let hand = &mut dealt[item.class.unwrap_or(classes)];
            *hand += 1;
            // Classes start at different folds; otherwise small classes would all leave the first one empty.
            (*hand + item.class.unwrap_or(classes)) % folds
        })
        .collect();
    let sizes = dealt;
    let mut held_out = Vec::new();
    for fold in 0..rounds {
        let kept: Vec<&Item> = items
            .iter()
            .zip(&fold_of)
            .filter(|(item, f)| item.is_name || **f != fold)
            .map(|(item, _)| item)
            .chain(background)
            .collect();
        let scorer = Scorer::fit(&kept, classes, seed);
        for (item, _) in items.iter().zip(&fold_of).filter(|(item, f)| !item.is_name && **f == fold) {
            // A class must keep an example (its name counts in `sizes`, hence 3) to be recognised at all.
            if item.class.is_none_or(|class| sizes[class] >= 3) {
                held_out.push(HeldOut { scores: scorer.score(&item.text), class: item.class });
            }
        }
    }
    held_out
}
