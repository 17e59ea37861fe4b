//! Beam search over the decoder: the few best beginnings are carried on side by side, and what ends is kept as an n-best list.
//! What may follow what is the guide's business.

use super::runtime::{Networks, Rows, Start};
use super::tokenizer::{EOS, Token};
use crate::recogniser::Hints;

/// Continuations considered of each beginning.
pub(super) const BRANCHES: usize = 5;

/// Says which tokens may follow, and how what is written so far is counted.
pub(super) trait Guide {
    /// Where a beginning stands.
    type Place: Clone;
    /// Before the first token.
    fn begin(&self) -> Self::Place;
    /// The candidates that may follow, each with its log-probability (bonus or penalty included) and the place it leads to.
    fn follow(&self, place: &Self::Place, log_probs: &LogProbs) -> Vec<(Token, f32, Self::Place)>;
}

/// Anything may follow.
pub(super) struct Free;

impl Guide for Free {
    type Place = ();

    fn begin(&self) {}

    fn follow(&self, (): &(), log_probs: &LogProbs) -> Vec<(Token, f32, ())> {
        log_probs.best(BRANCHES).into_iter().map(|(token, score)| (token, score, ())).collect()
    }
}

/// A reading that has ended.
#[derive(Clone, Debug)]
pub(super) struct Reading<P = ()> {
    /// Without the end token.
    pub(super) tokens: Vec<Token>,
    /// What the search ranks by: log-probabilities with the guide's bonuses and penalties, that of the end included.
    pub(super) sum: f32,
    /// The log-probabilities alone.
    pub(super) acoustic: f32,
    /// Whether the model ended it, rather than the limit.
    pub(super) complete: bool,
    /// Where the guide stood at its end.
    pub(super) place: P,
}

impl<P> Reading<P> {
    /// Log-probability per token, the end included, whatever the guide thinks of it.
    pub(super) fn mean(&self) -> f32 {
        self.acoustic / (self.tokens.len() + 1) as f32
    }
}

/// How wide and how long to search.
#[derive(Clone, Copy, Debug)]
pub(super) struct Search {
    /// Beginnings carried on side by side; 1 is greedy.
    pub(super) width: usize,
    /// Most tokens.
    pub(super) longest: usize,
    /// Go on until the best open beginning is this much less likely than the best ended reading.
    pub(super) margin: f32,
}

/// Why a search ended without readings.
pub(super) enum SearchError {
    Aborted,
    Network(ort::Error),
}

impl From<ort::Error> for SearchError {
    fn from(error: ort::Error) -> Self {
        SearchError::Network(error)
    }
}

struct Open<P> {
    tokens: Vec<Token>,
    sum: f32,
    acoustic: f32,
    place: P,
    row: usize,
}

/// Readings, best first. Never empty unless the guide forbids everything. Several views of the same utterance (the audio as it is,
/// the audio with more silence around it) are decoded in step, and the mean of their log-probabilities counts.
pub(super) fn search<G: Guide>(
    networks: &mut Networks,
    views: &[Start],
    guide: &G,
    search: Search,
    hints: &Hints,
) -> Result<Vec<Reading<G::Place>>, SearchError> {
    let mut ended = Vec::new();
    let first = Open { tokens: Vec::new(), sum: 0.0, acoustic: 0.0, place: guide.begin(), row: 0 };
    let log_probs = LogProbs::mean(views.iter().map(|start| LogProbs::new(&start.logits)));
    let mut open = expand(guide, &[first], &[log_probs], search.width, &mut ended);
    let mut spread: Vec<Rows> = Vec::new();
    for _ in 1..search.longest {
        if hints.aborted() {
            return Err(SearchError::Aborted);
        }
        if open.is_empty() || is_decided(&open, &ended, search.margin) {
            break;
        }
        if spread.is_empty() {
            for start in views {
                spread.push(networks.spread(start, search.width)?);
            }
        }
        // Fewer beginnings than rows: the rest repeat the first and are not read.
        let row = |index: usize| open.get(index).unwrap_or(&open[0]);
        let parents: Vec<usize> = (0..search.width).map(|index| row(index).row).collect();
        // Every open beginning has a token: expand() adds one.
        let last: Vec<Token> = (0..search.width).filter_map(|index| row(index).tokens.last().copied()).collect();
        let vocabulary = networks.vocabulary();
        let used = open.len();
        let mut seen: Vec<Vec<LogProbs>> = Vec::with_capacity(views.len());
        for rows in &mut spread {
            rows.follow(&parents);
            seen.push(networks.step(rows, &last, 1, true, |logits| {
                logits.chunks_exact(vocabulary).take(used).map(LogProbs::new).collect()
            })?);
        }
        let mut seen: Vec<_> = seen.into_iter().map(Vec::into_iter).collect();
        let log_probs: Vec<LogProbs> =
            (0..used).map(|_| LogProbs::mean(seen.iter_mut().filter_map(Iterator::next))).collect();
        for (index, beginning) in open.iter_mut().enumerate() {
            beginning.row = index;
        }
        open = expand(guide, &open, &log_probs, search.width, &mut ended);
    }
    if ended.is_empty() {
        // The longest allowed reading is reached: what there is counts as ended.
        ended.extend(open.into_iter().map(|open| Reading {
            tokens: open.tokens,
            sum: open.sum,
            acoustic: open.acoustic,
            complete: false,
            place: open.place,
        }));
    }
    ended.sort_by(|a: &Reading<G::Place>, b| b.sum.total_cmp(&a.sum));
    Ok(ended)
}

/// The best `width` continuations of all beginnings; those that end go to `ended`.
fn expand<G: Guide>(
    guide: &G,
    open: &[Open<G::Place>],
    log_probs: &[LogProbs],
    width: usize,
    ended: &mut Vec<Reading<G::Place>>,
) -> Vec<Open<G::Place>> {
    let mut next: Vec<(f32, usize, Token, G::Place)> = Vec::new();
    for (index, (beginning, log_probs)) in open.iter().zip(log_probs).enumerate() {
        let mut follow = guide.follow(&beginning.place, log_probs);
        follow.sort_by(|a, b| b.1.total_cmp(&a.1));
        follow.truncate(BRANCHES);
        next.extend(follow.into_iter().map(|(token, score, place)| (beginning.sum + score, index, token, place)));
    }
    next.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut kept = Vec::with_capacity(width);
    for (rank, (sum, index, token, place)) in next.into_iter().enumerate() {
        let beginning = &open[index];
        let acoustic = beginning.acoustic + log_probs[index].of(token);
        if token == EOS {
            // An end that is not among the best now is no better reading than those that go on.
            if rank < width.max(2) {
                ended.push(Reading { tokens: beginning.tokens.clone(), sum, acoustic, complete: true, place });
            }
            continue;
        }
        if kept.len() < width {
            let mut tokens = beginning.tokens.clone();
            tokens.push(token);
            kept.push(Open { tokens, sum, acoustic, place, row: beginning.row });
        }
    }
    kept
}

/// Log-probabilities only fall, so an ended reading that leads by the margin stays ahead.
fn is_decided<P>(open: &[Open<P>], ended: &[Reading<P>], margin: f32) -> bool {
    let best_open = open.iter().map(|open| open.sum).fold(f32::NEG_INFINITY, f32::max);
    let best_ended = ended.iter().map(|reading| reading.sum).fold(f32::NEG_INFINITY, f32::max);
    best_ended - best_open > margin
}

/// The natural-log probabilities of every token.
pub(super) struct LogProbs {
    logits: Vec<f32>,
    /// Log of the sum of all exponentials.
    total: f32,
}

impl LogProbs {
    pub(super) fn new(logits: &[f32]) -> Self {
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f32 = logits.iter().map(|logit| (logit - largest).exp()).sum();
        LogProbs { logits: logits.to_vec(), total: largest + sum.ln() }
    }

    /// The mean of several views of the same place: of log-probabilities, so that each view can veto. It is not brought to a sum of
    /// one again, since the readings are only compared with each other.
    pub(super) fn mean(views: impl IntoIterator<Item = LogProbs>) -> Self {
        let mut views = views.into_iter();
        let Some(mut mean) = views.next() else {
            return LogProbs { logits: Vec::new(), total: 0.0 };
        };
        let mut count = 1.0;
        for view in views {
            count += 1.0;
            mean.total += view.total;
            mean.logits.iter_mut().zip(&view.logits).for_each(|(sum, logit)| *sum += logit);
        }
        if count > 1.0 {
            mean.total /= count;
            mean.logits.iter_mut().for_each(|sum| *sum /= count);
        }
        mean
    }

    pub(super) fn of(&self, token: Token) -> f32 {
        self.logits.get(token as usize).map_or(f32::NEG_INFINITY, |logit| logit - self.total)
    }

    /// The most likely tokens, best first.
    pub(super) fn best(&self, count: usize) -> Vec<(Token, f32)> {
        let mut best: Vec<(Token, f32)> = Vec::with_capacity(count + 1);
        for (token, logit) in self.logits.iter().enumerate() {
            if best.len() < count || best.last().is_some_and(|worst| *logit > worst.1) {
                let at = best.partition_point(|kept| kept.1 >= *logit);
                best.insert(at, (token as Token, *logit));
                best.truncate(count);
            }
        }
        best.into_iter().map(|(token, logit)| (token, logit - self.total)).collect()
    }

    /// How undecided the model is, in nats.
    pub(super) fn entropy(&self) -> f32 {
        self.logits.iter().map(|logit| logit - self.total).filter(|log| *log > -30.0).map(|log| -log * log.exp()).sum()
    }
}

/// log(exp(a) + exp(b) + …) without overflow.
pub(super) fn log_sum_exp(values: impl IntoIterator<Item = f32> + Clone) -> f32 {
    let largest = values.clone().into_iter().fold(f32::NEG_INFINITY, f32::max);
    if largest == f32::NEG_INFINITY {
        return largest;
    }
    largest + values.into_iter().map(|value| (value - largest).exp()).sum::<f32>().ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_probabilities_sum_to_one_and_the_best_come_first() {
        let log_probs = LogProbs::new(&[1.0, 3.0, 2.0, -50.0]);
        let sum: f32 = (0..4).map(|token| log_probs.of(token).exp()).sum();
        assert!((sum - 1.0).abs() < 1e-5);
        let best: Vec<Token> = log_probs.best(3).into_iter().map(|(token, _)| token).collect();
        assert_eq!(best, [1, 2, 0]);
    }

    #[test]
    fn two_views_count_by_the_mean_of_their_log_probabilities() {
        let (a, b) = (LogProbs::new(&[0.0, 2.0, -1.0]), LogProbs::new(&[1.0, -1.0, 5.0]));
        let expected: Vec<f32> = (0..3).map(|token| (a.of(token) + b.of(token)) / 2.0).collect();
        let mean = LogProbs::mean([a, b]);
        assert!((0..3).all(|token| (mean.of(token) - expected[token as usize]).abs() < 1e-5));
    }

    #[test]
    fn an_even_choice_has_the_entropy_of_its_logarithm() {
        let log_probs = LogProbs::new(&[0.0; 8]);
        assert!((log_probs.entropy() - 8f32.ln()).abs() < 1e-5);
    }
}
