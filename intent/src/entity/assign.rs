//! The best readings that can stand together: none overlap, no slot is filled twice, and the sum of what they are worth is greatest. A beam
//! search from left to right; with the few slots of a question it is exact, and with many it stays quick.

use super::Candidate;

/// How many partial choices are followed.
const BEAM: usize = 48;

#[derive(Clone)]
struct Choice {
    filled: Vec<bool>,
    /// The token from which on nothing is covered.
    free: usize,
    worth: f32,
    chosen: Vec<usize>,
}

pub(super) fn choose(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.retain(|candidate| !candidate.tokens.is_empty());
    candidates.sort_by_key(|candidate| (candidate.tokens.start, candidate.tokens.end));
    let slots = candidates.iter().map(|candidate| candidate.slot + 1).max().unwrap_or(0);
    let mut beam = vec![Choice { filled: vec![false; slots], free: 0, worth: 0.0, chosen: Vec::new() }];
    for (at, candidate) in candidates.iter().enumerate() {
        let taken: Vec<Choice> = beam
            .iter()
            .filter(|choice| choice.free <= candidate.tokens.start && !choice.filled[candidate.slot])
            .map(|choice| {
                let mut next = choice.clone();
                next.filled[candidate.slot] = true;
                next.free = candidate.tokens.end;
                next.worth += worth(candidate);
                next.chosen.push(at);
                next
            })
            .collect();
        if taken.is_empty() {
            continue;
        }
        beam.extend(taken);
        beam.sort_by(|a, b| b.worth.total_cmp(&a.worth).then(a.free.cmp(&b.free)));
        // Of two that filled the same slots the one worth less and no sooner free cannot win.
        let mut kept: Vec<Choice> = Vec::new();
        for choice in beam {
            let beaten = kept.iter().any(|better| better.free <= choice.free && better.filled == choice.filled);
            if !beaten && kept.len() < BEAM {
                kept.push(choice);
            }
        }
        beam = kept;
    }
    let best = beam.into_iter().max_by(|a, b| a.worth.total_cmp(&b.worth));
    let chosen = best.map_or_else(Vec::new, |best| best.chosen);
    let mut out: Vec<Option<Candidate>> = candidates.into_iter().map(Some).collect();
    chosen.into_iter().filter_map(|at| out[at].take()).collect()
}

/// A sure reading is worth more than an unsure one, and of equally sure ones the longer explains more of what was said.
fn worth(candidate: &Candidate) -> f32 {
    candidate.confidence * (1.0 + 0.05 * candidate.tokens.len().min(12) as f32)
}
