//! Utterances that were not understood, or hardly: read from the journals of calls and put into groups that mean about the same, so that
//! one look and one click teaches them.

use std::collections::{BTreeMap, HashSet};

use intent::{Model, Query, normalise::normalise};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Understanding;
use super::draft::language;
use crate::event::{CallId, Decision, Entry, Event, Personal, Scored, Speaker, Timestamp};
use crate::store::{StoreError, Tenant};

/// At most so many utterances are looked at, newest first.
const MOST: u64 = 500;
/// Below this an accepted intent is a guess that somebody should look at.
const UNSURE: f32 = 0.6;
/// How alike two utterances of a group are: the share of their pieces that both have.
const ALIKE: f32 = 0.45;

/// Something a caller said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Utterance {
    /// The call.
    pub call: CallId,
    /// The place in its journal of what the engine made of it.
    pub seq: i64,
    /// When it was said.
    pub at: Timestamp,
    /// The words, as they were recognised.
    pub text: Personal,
    /// Their language.
    pub lang: String,
    /// What was decided.
    pub decision: Decision,
    /// The likeliest intents of then.
    pub ranking: Vec<Scored>,
    /// Where it lies in the call's recording, in ms.
    pub from_ms: u32,
    /// Where it ends.
    pub to_ms: u32,
    /// How sure the recogniser was, 0 to 1.
    pub heard: f32,
}

/// Utterances that mean about the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Group {
    /// What today's model would say of the first; `null` when it would say nothing.
    pub suggested: Option<String>,
    /// They, the most typical first.
    pub utterances: Vec<Utterance>,
}

impl Understanding {
    /// What was not understood since `since` and nobody has judged yet, in groups, the largest first.
    pub async fn unmatched(&self, since: Timestamp) -> Result<Vec<Group>, StoreError> {
        let utterances = collect(&self.shared.tenant, since).await?;
        let model = self.live().model;
        let grouped = super::on_a_thread(move || group(utterances, &model)).await;
        grouped.map_err(|_| StoreError::Closed)
    }

    /// The words of an utterance that [`Self::unmatched`] returned.
    pub async fn utterance(&self, call: CallId, seq: i64) -> Result<Utterance, StoreError> {
        let journal = self.shared.tenant.journal(call).await?;
        let found = pairs(call, &journal);
        found.into_iter().find(|utterance| utterance.seq == seq).ok_or(StoreError::NoSuch { what: "utterance" })
    }
}

async fn collect(tenant: &Tenant, since: Timestamp) -> Result<Vec<Utterance>, StoreError> {
    let calls = tenant.calls_hardly_understood(since, UNSURE, MOST).await?;
    let judged: HashSet<(CallId, i64)> = tenant.judged_utterances(&calls).await?.into_iter().collect();
    let mut all = Vec::new();
    for call in calls {
        let journal = match tenant.journal(call).await {
            Ok(journal) => journal,
            // Erased in the meantime: there is nothing to learn from.
            Err(StoreError::NoSuch { .. } | StoreError::Erased) => continue,
            Err(error) => return Err(error),
        };
        let found = pairs(call, &journal);
        all.extend(found.into_iter().filter(|utterance| hardly(utterance) && !judged.contains(&(call, utterance.seq))));
        if all.len() as u64 >= MOST {
            break;
        }
    }
    Ok(all)
}

fn hardly(utterance: &Utterance) -> bool {
    utterance.decision != Decision::Accepted || utterance.ranking.first().is_none_or(|best| best.confidence < UNSURE)
}

/// What was heard beside what was made of it.
fn pairs(call: CallId, journal: &[Entry]) -> Vec<Utterance> {
    let mut heard = None;
    let mut pairs = Vec::new();
    for Entry { seq, at, event, .. } in journal {
        match event {
            Event::Heard { speaker: Speaker::Caller, text, confidence, from_ms, to_ms, .. } => {
                heard = Some((*at, text, *confidence, *from_ms, *to_ms));
            }
            Event::Understood { decision, ranking, .. } => {
                // What was typed with keys was not heard.
                let Some((at, text, confidence, from_ms, to_ms)) = heard.take() else { continue };
                let lang = language(None, text.reveal()).code().to_owned();
                let (text, decision, ranking) = (text.clone(), *decision, ranking.clone());
                let seq = i64::from(*seq);
                pairs.push(Utterance {
                    call,
                    seq,
                    at,
                    text,
                    lang,
                    decision,
                    ranking,
                    from_ms,
                    to_ms,
                    heard: confidence,
                });
            }
            _ => {}
        }
    }
    pairs
}

/// Greedy, in the order of how many others are alike: each takes those alike that no group has yet.
fn group(utterances: Vec<Utterance>, model: &Model) -> Vec<Group> {
    let pieces: Vec<BTreeMap<String, u32>> =
        utterances.iter().map(|utterance| pieces(utterance.text.reveal())).collect();
    let alike: Vec<Vec<usize>> = (0..pieces.len())
        .map(|one| {
            (0..pieces.len()).filter(|&other| other != one && likeness(&pieces[one], &pieces[other]) >= ALIKE).collect()
        })
        .collect();
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    order.sort_by_key(|&one| (std::cmp::Reverse(alike[one].len()), one));
    let mut taken = vec![false; pieces.len()];
    let mut groups = Vec::new();
    for one in order {
        if std::mem::replace(&mut taken[one], true) {
            continue;
        }
        let mut members = vec![utterances[one].clone()];
        for &other in &alike[one] {
            if !std::mem::replace(&mut taken[other], true) {
                members.push(utterances[other].clone());
            }
        }
        let text = members[0].text.reveal();
        let meaning = model.parse(&Query::new(text));
        let suggested = meaning.best().filter(|best| best.confidence >= 0.3).map(|best| best.intent.clone());
        groups.push(Group { suggested, utterances: members });
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.utterances.len()));
    groups
}

/// English words that say how something is asked, not what.
const FORM: &[&str] = &[
    "a", "an", "and", "any", "are", "be", "can", "could", "do", "does", "for", "have", "how", "i", "if", "in", "is",
    "it", "like", "me", "my", "of", "on", "please", "some", "the", "there", "this", "to", "want", "we", "what", "will",
    "with", "would", "you", "your",
];

/// Words, and pairs of characters where words are not written apart.
fn pieces(text: &str) -> BTreeMap<String, u32> {
    let text = normalise(text, language(None, text));
    let mut pieces = BTreeMap::new();
    let is_form = |word: &&str| FORM.contains(word);
    let all_form = text.split_whitespace().all(|word| is_form(&word));
    for word in text.split_whitespace().filter(|word| all_form || !is_form(word)) {
        let characters: Vec<char> = word.chars().collect();
        if characters.iter().any(|c| *c > '\u{2e80}') {
            for pair in characters.windows(2) {
                *pieces.entry(pair.iter().collect()).or_default() += 1;
            }
        } else {
            *pieces.entry(word.to_owned()).or_default() += 1;
        }
    }
    pieces
}

/// Twice what both have, of what they have together (Dice 1945).
fn likeness(a: &BTreeMap<String, u32>, b: &BTreeMap<String, u32>) -> f32 {
    let both: u32 = a.iter().filter_map(|(piece, count)| b.get(piece).map(|other| other.min(count))).sum();
    let together: u32 = a.values().chain(b.values()).sum();
    if together == 0 { 0.0 } else { 2.0 * both as f32 / together as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str, seq: i64) -> Utterance {
        Utterance {
            call: CallId::new(),
            seq,
            at: 0,
            text: Personal::new(text),
            lang: "en".into(),
            decision: Decision::Rejected,
            ranking: Vec::new(),
            from_ms: 0,
            to_ms: 0,
            heard: 1.0,
        }
    }

    #[test]
    fn what_means_about_the_same_comes_together_largest_first() {
        let lines = [
            "do you sell gift cards",
            "my chain is rusty",
            "can I buy gift cards",
            "我想买一张礼品卡",
            "do you have gift cards",
            "礼品卡我想买一张",
        ];
        let all = lines.iter().zip(1..).map(|(text, seq)| said(text, seq)).collect();
        let groups = group(all, &Model::empty());
        let sizes: Vec<usize> = groups.iter().map(|group| group.utterances.len()).collect();
        assert_eq!(sizes, [3, 2, 1], "{groups:?}");
        assert!(groups[0].utterances.iter().all(|utterance| utterance.text.reveal().contains("gift")));
    }

    #[test]
    fn an_understanding_belongs_to_what_was_heard_before_it() {
        let heard = |text: &str| Event::Heard {
            turn: 1,
            speaker: Speaker::Caller,
            text: Personal::new(text),
            confidence: 0.9,
            from_ms: 1_000,
            to_ms: 2_000,
            engine: "e".into(),
            alternatives: Vec::new(),
            words: Vec::new(),
        };
        let understood =
            |decision| Event::Understood { block: "ask".into(), decision, ranking: Vec::new(), model: "m".into() };
        // The second answer came by keys.
        let journal = [heard("gift cards"), understood(Decision::Rejected), understood(Decision::Accepted)];
        let entry = |(event, seq)| Entry { seq, at: 7, audio_ms: None, event };
        let journal: Vec<Entry> = journal.into_iter().zip(1..).map(entry).collect();
        let found = pairs(CallId::new(), &journal);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].text.reveal(), found[0].seq, found[0].from_ms), ("gift cards", 2, 1_000));
        assert!(hardly(&found[0]));
    }
}
