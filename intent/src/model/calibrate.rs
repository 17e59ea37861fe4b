//! From raw scores to probabilities. How the three views combine, what a gap between two intents is worth, and where the
//! line between in scope and out of scope runs, all come from texts the scorer had not seen while it learnt (cross-validation).

use serde::{Deserialize, Serialize};

use super::{logistic, scorer::Scores, sense::Sense};

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
    /// What the vectors say, where there are any.
    pub sense: Option<Sense>,
    pub class: Option<usize>,
}

/// Signs that a text is in scope, see [`signs`]; the last is 1.
pub(super) const SIGNS: usize = 11;

/// What the signs are worth when a set has no out-of-scope lines of its own: chosen so that they serve sets of three intents as
/// well as sets of hundreds. Without vectors, and with them.
const USUAL: [f32; SIGNS] = [1.5, 6.0, 3.0, 2.0, 0.5, -3.0, 0.0, 0.0, 0.0, 0.0, -3.0];
const USUAL_SENSE: [f32; SIGNS] = [1.0, 2.0, 1.0, 1.0, 0.5, -1.0, 1.5, 5.0, 7.0, -5.0, -5.0];
/// Where the line usually runs, in log-odds under the usual weights.
const USUAL_LINE: f32 = -1.0;
/// The usual line counts as much as this many held-out texts.
const USUAL_LINE_WEIGHT: f32 = 20.0;
/// What the combined score is usually divided by. With vectors there are more views in it.
const USUAL_TEMPERATURE: f32 = 0.5;
const USUAL_SENSE_TEMPERATURE: f32 = 1.6;
/// Out-of-scope lines a set must bring before they move the weights.
const ENOUGH_STRAYS: usize = 20;

/// What cross-validation learnt.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Calibration {
    /// Mean variance over classes of each view, within one text.
    spread: [f32; ALL_VIEWS],
    temperature: f32,
    weights: [f32; SIGNS],
    line: f32,
}

/// Views on a text: three by its words, three by its vector.
const ALL_VIEWS: usize = 6;
/// The views weigh this much in the combined score, without vectors and with them.
const WEIGHTS: [f32; ALL_VIEWS] = [1.0, 0.2, 0.25, 0.0, 0.0, 0.0];
const SENSE_WEIGHTS: [f32; ALL_VIEWS] = [0.6, 0.0, 0.0, 1.0, 0.8, 0.8];
/// What it costs, in log-odds, to mean an intent that is not allowed now.
const ELSEWHERE_ODDS: f32 = 4.0;
/// For few classes the spread within one text says little; the usual spread then counts as this many classes.
const USUAL_SPREAD_WEIGHT: f32 = 10.0;

impl Default for Calibration {
    fn default() -> Self {
        let spread = [0.1, 0.01, 0.02, 0.1, 0.02, 0.02];
        Calibration { spread, temperature: USUAL_TEMPERATURE, weights: USUAL, line: USUAL_LINE }
    }
}

impl Calibration {
    /// Learns from held-out texts, all of them with vectors or none; `keep` is the share of in-scope texts that must stay above the line.
    pub fn fit(held_out: &[&HeldOut], with_vectors: bool, keep: f32) -> Calibration {
        let mut calibration = Calibration::default();
        if with_vectors {
            calibration.weights = USUAL_SENSE;
            calibration.temperature = USUAL_SENSE_TEMPERATURE;
        }
        let in_scope: Vec<&HeldOut> = held_out.iter().copied().filter(|h| h.class.is_some()).collect();
        if in_scope.is_empty() {
            return calibration;
        }
        for (view, spread) in calibration.spread.iter_mut().enumerate() {
            let all: Vec<f32> =
                in_scope.iter().filter_map(|h| views(&h.scores, h.sense.as_ref())[view]).map(variance).collect();
            if !all.is_empty() {
                *spread = (all.iter().sum::<f32>() / all.len() as f32).max(1e-4);
            }
        }
        calibration.fit_temperature(&in_scope);
        calibration.fit_line(held_out, &in_scope, keep);
        calibration
    }

    fn fit_temperature(&mut self, in_scope: &[&HeldOut]) {
        let combined: Vec<(Vec<f32>, usize)> =
            in_scope.iter().filter_map(|h| Some((self.combine(&h.scores, h.sense.as_ref(), 1.0), h.class?))).collect();
        let loss = |temperature: f32| {
            combined.iter().map(|(scores, class)| -softmax(scores, temperature)[*class].max(1e-6).ln()).sum::<f32>()
        };
        // A grid is enough: the loss is flat around its minimum. Few texts say little about temperatures far from the usual.
        let grid = (0..24).map(|step| 0.08 * 1.16f32.powi(step));
        let usual = self.temperature;
        // Vectors of a few texts part perfectly, which promises more than it holds.
        let strength = if in_scope.iter().any(|h| h.sense.is_some()) { 20.0 } else { 5.0 };
        let prior = |t: f32| strength * (t / usual).ln().powi(2);
        let best = grid.map(|t| (t, loss(t) + prior(t))).min_by(|a, b| a.1.total_cmp(&b.1));
        self.temperature = best.map_or(usual, |(t, _)| t);
    }

    fn fit_line(&mut self, held_out: &[&HeldOut], in_scope: &[&HeldOut], keep: f32) {
        let rows: Vec<([f32; SIGNS], bool)> = held_out
            .iter()
            .map(|h| {
                let combined = self.combine(&h.scores, h.sense.as_ref(), 1.0);
                (signs(&h.scores, h.sense.as_ref(), &self.rank(&combined, |_| true), &combined), h.class.is_some())
            })
            .collect();
        if held_out.len() - in_scope.len() >= ENOUGH_STRAYS {
            self.weights = logistic::fit(&rows, self.weights);
        }
        let mut odds: Vec<f32> =
            rows.iter().filter(|(_, kept)| *kept).map(|(signs, _)| dot(&self.weights, signs)).collect();
        odds.sort_unstable_by(f32::total_cmp);
        let at = ((1.0 - keep) * odds.len() as f32) as usize;
        let measured = odds[at.min(odds.len() - 1)];
        let n = odds.len() as f32;
        self.line = (measured * n + USUAL_LINE * USUAL_LINE_WEIGHT) / (n + USUAL_LINE_WEIGHT);
    }

    /// Ranks the allowed classes and tells how likely the text is in scope. `trust` in the vector, 0 to 1, is less where words may be
    /// misheard: a vector is of the whole sentence, while the words that were heard right remain what they are.
    pub fn judge(
        &self,
        scores: &Scores,
        sense: Option<&Sense>,
        trust: f32,
        allowed: impl Fn(usize) -> bool,
    ) -> Judgement {
        let combined = self.combine(scores, sense, trust);
        let all = self.rank(&combined, |_| true);
        let elsewhere: f32 = all.iter().filter(|(class, _)| !allowed(*class)).map(|(_, p)| p).sum();
        let ranked = self.rank(&combined, allowed);
        let odds = dot(&self.weights, &signs(scores, sense, &ranked, &combined)) - self.line;
        // What is probably meant by an intent that is not allowed now is out of the scope of now.
        let in_scope = odds - ELSEWHERE_ODDS * elsewhere;
        Judgement { ranked, in_scope }
    }

    /// Of held-out texts that mean something, those whose own class comes first.
    pub fn right(&self, held_out: &[HeldOut]) -> usize {
        let first = |h: &HeldOut| self.judge(&h.scores, h.sense.as_ref(), 1.0, |_| true).ranked.first().map(|r| r.0);
        held_out.iter().filter(|h| h.class.is_some() && first(h) == h.class).count()
    }

    fn rank(&self, combined: &[f32], allowed: impl Fn(usize) -> bool) -> Vec<(usize, f32)> {
        let classes: Vec<usize> = (0..combined.len()).filter(|c| allowed(*c)).collect();
        let values: Vec<f32> = classes.iter().map(|c| combined[*c]).collect();
        let mut ranked: Vec<(usize, f32)> = classes.into_iter().zip(softmax(&values, self.temperature)).collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(combined[b.0].total_cmp(&combined[a.0])));
        ranked
    }

    /// The views, each standardised over the classes of this text, in one score.
    fn combine(&self, scores: &Scores, sense: Option<&Sense>, trust: f32) -> Vec<f32> {
        let mut combined = vec![0f32; scores.machine.len()];
        let weights = if sense.is_some() { SENSE_WEIGHTS } else { WEIGHTS };
        for (at, ((view, usual), weight)) in views(scores, sense).into_iter().zip(self.spread).zip(weights).enumerate()
        {
            let Some(view) = view else { continue };
            let weight = if at < WORD_VIEWS { weight } else { weight * trust };
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

/// Views that go by words come first.
const WORD_VIEWS: usize = 3;

fn views<'a>(scores: &'a Scores, sense: Option<&'a Sense>) -> [Option<&'a [f32]>; ALL_VIEWS] {
    [
        Some(&scores.machine),
        Some(&scores.centre),
        Some(&scores.nearest),
        sense.map(|sense| sense.machine.as_slice()),
        sense.map(|sense| sense.prototype.as_slice()),
        sense.map(|sense| sense.nearest.as_slice()),
    ]
}

/// What tells in scope from out of scope.
fn signs(scores: &Scores, sense: Option<&Sense>, ranked: &[(usize, f32)], combined: &[f32]) -> [f32; SIGNS] {
    let Some((best, _)) = ranked.first() else { return [0.0; SIGNS] };
    let gap = ranked.get(1).map_or(2.0, |(second, _)| combined[*best] - combined[*second]);
    let of = |view: fn(&Sense) -> f32| sense.map_or(0.0, view);
    let at = |view: fn(&Sense) -> &[f32]| sense.map_or(0.0, |sense| view(sense)[*best]);
    [
        scores.machine[*best].clamp(-1.5, 1.5),
        scores.nearest[*best],
        scores.centre[*best],
        scores.known,
        gap.clamp(0.0, 4.0) / 4.0,
        scores.stray,
        at(|sense| &sense.machine).clamp(-1.5, 1.5),
        at(|sense| &sense.prototype),
        at(|sense| &sense.nearest),
        of(|sense| sense.stray.max(0.0)),
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
