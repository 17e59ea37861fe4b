//! What to do with a request: accept an intent, ask which of two, or reject; and why. The probabilities come from
//! `calibrate`; here they meet what is known about the request itself (how well it was heard, what is allowed, how odd it is).

use super::{Model, calibrate::Judgement, features::pieces, scorer::Scores, sense::Sense};
use crate::{
    Decision, Explain, Language, Meaning, Neighbour, Query, Scored,
    language::is_han,
    normalise::{clean, is_all_frame, normalise, spoken},
};

/// Intents in a ranking.
const RANKING: usize = 5;
/// At this likeness a request is a training phrase, word for word.
const LITERAL: f32 = 0.995;
/// Log-odds of a literal training phrase, at least.
const LITERAL_ODDS: f32 = 4.0;
/// Of the probability of the first two, the first must have this share; otherwise they are too close to call.
const CLEAR_SHARE: f32 = 0.62;
/// Recognition confidence from which on the words are taken as said.
const HEARD_WELL: f32 = 0.75;
/// What hearing nothing of it for sure would cost, in log-odds.
const HEARD_BADLY_ODDS: f32 = 3.0;

pub(super) fn decide(model: &Model, query: &Query<'_>) -> Meaning {
    let language = query.language.unwrap_or_else(|| Language::detect(query.text));
    let text = normalise(query.text, language);
    let allowed = |class: usize| query.allowed.is_none_or(|names| names.contains(&model.names[class]));
    if text.is_empty() || !(0..model.names.len()).any(allowed) {
        return nothing(model);
    }
    let scores = model.scorer.score(&text);
    let (sense, failure) = sense(model, query.text, language);
    let mut judgement = match (&model.sense, &sense) {
        (Some(part), Some(sense)) => part.calibration.judge(&scores, Some(sense), trust(query), allowed),
        _ => model.calibration.judge(&scores, None, 1.0, allowed),
    };
    weigh_literal(model, &scores, &mut judgement);
    weigh_oddity(query, &scores, &mut judgement);
    let in_scope = if scores.known == 0.0 && sense.is_none() { 0.0 } else { 1.0 / (1.0 + (-judgement.in_scope).exp()) };
    let ranking: Vec<Scored> = judgement
        .ranked
        .iter()
        .take(RANKING)
        .map(|(class, p)| Scored { intent: model.names[*class].clone(), confidence: p * in_scope })
        .collect();
    Meaning {
        decision: decision(&ranking, in_scope),
        ranking,
        in_scope,
        threshold: THRESHOLD,
        explain: explain(
            model,
            &text,
            &scores,
            sense.as_ref(),
            failure,
            judgement.ranked.first().map(|(class, _)| *class),
        ),
        model_version: model.version.clone(),
    }
}

/// What the vector of a request says, and why there is none although the model goes by vectors.
fn sense(model: &Model, text: &str, language: Language) -> (Option<Sense>, Option<String>) {
    let Some(part) = model.sense.as_ref().filter(|part| part.encoder.reads(language)) else { return (None, None) };
    match part.encoder.encode(&spoken(text, language)) {
        Ok(vector) => match part.scorer.score(&vector) {
            Some(sense) => (Some(sense), None),
            None => (None, Some("the vector has another width than those of the training".to_owned())),
        },
        Err(error) => (None, Some(error.to_string())),
    }
}

/// Trust in the vector of words that were heard so.
fn trust(query: &Query<'_>) -> f32 {
    /// What remains when nothing was heard for sure.
    const LEAST: f32 = 0.4;
    let heard =
        query.recognition_confidence.map_or(1.0, |heard| if heard.is_finite() { heard.clamp(0.0, 1.0) } else { 0.0 });
    LEAST + (1.0 - LEAST) * (heard / HEARD_WELL).min(1.0)
}

/// Calibration puts the line at even odds.
const THRESHOLD: f32 = 0.5;

fn decision(ranking: &[Scored], in_scope: f32) -> Decision {
    match ranking {
        _ if in_scope < THRESHOLD => Decision::Reject,
        [first, second, ..] if first.confidence < CLEAR_SHARE * (first.confidence + second.confidence) => {
            Decision::Disambiguate { between: [first.intent.clone(), second.intent.clone()] }
        }
        [first, ..] => Decision::Accept { intent: first.intent.clone() },
        [] => Decision::Reject,
    }
}

/// A training phrase said word for word is what the admin says it is.
fn weigh_literal(model: &Model, scores: &Scores, judgement: &mut Judgement) {
    let mut classes: Vec<Option<usize>> = scores
        .neighbours
        .iter()
        .take_while(|(_, likeness)| *likeness >= LITERAL)
        .map(|(item, _)| model.scorer.class_of(*item))
        .collect();
    classes.sort_unstable();
    classes.dedup();
    match classes.as_slice() {
        [Some(class)] => {
            let Some(at) = judgement.ranked.iter().position(|(c, _)| c == class) else {
                // It is what the admin wrote for an intent that is not allowed now.
                judgement.in_scope = judgement.in_scope.min(-LITERAL_ODDS);
                return;
            };
            judgement.in_scope = judgement.in_scope.max(LITERAL_ODDS);
            let (_, p) = judgement.ranked[at];
            let sure = p.max(0.97);
            for (_, other) in &mut judgement.ranked {
                *other *= if p < 1.0 { (1.0 - sure) / (1.0 - p) } else { 0.0 };
            }
            judgement.ranked[at].1 = sure;
            judgement.ranked[..=at].rotate_right(1);
        }
        [None] => judgement.in_scope = judgement.in_scope.min(-LITERAL_ODDS),
        _ => {}
    }
}

/// Badly heard words, single letters and beginnings without an end deserve less trust than their score says.
fn weigh_oddity(query: &Query<'_>, scores: &Scores, judgement: &mut Judgement) {
    if let Some(heard) = query.recognition_confidence {
        let heard = if heard.is_finite() { heard.clamp(0.0, 1.0) } else { 0.0 };
        judgement.in_scope -= HEARD_BADLY_ODDS * ((HEARD_WELL - heard) / HEARD_WELL).max(0.0);
    }
    let literal = scores.neighbours.first().is_some_and(|(_, likeness)| *likeness >= LITERAL);
    let clean = clean(query.text);
    let substance: usize = clean.chars().map(|c| if is_han(c) { 2 } else { usize::from(c != ' ') }).sum();
    if (substance < 2 || is_all_frame(&clean)) && !literal {
        judgement.in_scope = judgement.in_scope.min(-LITERAL_ODDS);
    }
}

fn explain(
    model: &Model,
    text: &str,
    scores: &Scores,
    sense: Option<&Sense>,
    failure: Option<String>,
    best: Option<usize>,
) -> Explain {
    let by_meaning = sense.map(|sense| named(model, &sense.neighbours)).unwrap_or_default();
    Explain {
        nearest: named(model, &scores.neighbours),
        by_meaning,
        ngrams: best.map(|class| reasons(model, text, class)).unwrap_or_default(),
        encoder_failure: failure,
    }
}

/// The first three examples of a list of neighbours.
fn named(model: &Model, neighbours: &[(u32, f32)]) -> Vec<Neighbour> {
    // Lines of the background are nobody's examples; they come after the originals.
    let own =
        neighbours.iter().filter_map(|(item, likeness)| Some((*item, model.originals.get(*item as usize)?, *likeness)));
    own.take(3)
        .map(|(item, example, likeness)| Neighbour {
            example: example.clone(),
            intent: model.scorer.class_of(item).map(|class| model.names[class].clone()).unwrap_or_default(),
            similarity: likeness.clamp(0.0, 1.0),
        })
        .collect()
}

/// The pieces that spoke most for a class; of pieces inside one another the strongest stands for all.
fn reasons(model: &Model, text: &str, class: usize) -> Vec<String> {
    let mut found: Vec<(f32, String)> = Vec::new();
    let vector = model.scorer.vocabulary.vector(text);
    pieces(text, |piece| {
        let Some(id) = model.scorer.vocabulary.id(piece.hash) else { return };
        let Ok(at) = vector.entries.binary_search_by_key(&id, |(feature, _)| *feature) else { return };
        let weight = vector.entries[at].1 * model.scorer.svm.weight(class, id);
        if weight > 0.0 && piece.block == 0 {
            found.push((weight, piece.text.to_owned()));
        }
    });
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut reasons: Vec<String> = Vec::new();
    for (_, text) in found {
        if reasons.len() == RANKING {
            break;
        }
        if !reasons.contains(&text) {
            reasons.push(text);
        }
    }
    reasons
}

fn nothing(model: &Model) -> Meaning {
    Meaning {
        decision: Decision::Reject,
        ranking: Vec::new(),
        in_scope: 0.0,
        threshold: THRESHOLD,
        explain: Explain::default(),
        model_version: model.version.clone(),
    }
}
