//! Why a call goes to whom it goes, or waits: what an assignment was decided from, so that the agent can be told "why me", a supervisor
//! "why waiting", and anybody can decide again from the same data.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Timestamp;

/// What was looked at when it was decided who takes a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Why {
    /// When.
    pub at: Timestamp,
    /// In which queue.
    pub queue: String,
    /// How the queue chooses among those who could take the call, e.g. `longest_idle`.
    pub strategy: String,
    /// Whose phones ring for the call.
    pub chosen: Vec<String>,
    /// Those who could take it now, the best first.
    pub candidates: Vec<Candidate>,
    /// Those of the queue who could not.
    pub excluded: Vec<Excluded>,
    /// Why it waits, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<Waits>,
}

impl Why {
    /// What there is to say of a call that waits nowhere.
    pub fn nothing(at: Timestamp) -> Self {
        let (queue, strategy) = (String::new(), String::new());
        Self { at, queue, strategy, chosen: vec![], candidates: vec![], excluded: vec![], waits: None }
    }

    /// Who is chosen, decided again from what is stored.
    pub fn best(&self) -> Option<&Candidate> {
        self.candidates.iter().min_by(|a, b| a.order(b))
    }
}

/// Somebody who could take a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Candidate {
    /// Their extension.
    pub agent: String,
    /// Their tier in the queue; a lower one goes first.
    pub tier: u8,
    /// What the queue's strategy gives them: the more, the sooner.
    pub score: f64,
    /// For how many seconds they have been free: decides among equals.
    pub idle_s: f64,
}

impl Candidate {
    /// Who comes first: the lower tier, the higher score, the longer idle; the name, so that it is never left to chance.
    pub fn order(&self, other: &Self) -> std::cmp::Ordering {
        (self.tier.cmp(&other.tier))
            .then_with(|| other.score.total_cmp(&self.score))
            .then_with(|| other.idle_s.total_cmp(&self.idle_s))
            .then_with(|| self.agent.cmp(&other.agent))
    }
}

/// Somebody who could not take a call, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Excluded {
    /// Their extension.
    pub agent: String,
    /// Why.
    pub why: Exclusion,
    /// More about it: the reason of an absence, the skill that is missing, the seconds until a tier opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Why somebody cannot take a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Exclusion {
    /// A skill is missing, or its level is too low.
    Skill,
    /// Their tier is not asked yet.
    LaterTier,
    /// They are away.
    Away,
    /// No phone of theirs is registered.
    Unreachable,
    /// Their phone rings already.
    Ringing,
    /// They talk.
    Talking,
    /// They finish the work on a call.
    WrapUp,
    /// They declined this call.
    Declined,
    /// They did not answer this call.
    NotAnswered,
    /// Their phone could not be rung for this call.
    Failed,
}

/// Why a call waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Waits {
    /// All who could take it are busy.
    NobodyFree,
    /// Whoever is free is offered to somebody who goes before.
    OthersFirst,
    /// It is offered, and the phones ring.
    Ringing,
    /// Nobody serves the queue now; the call waits for somebody to come.
    NobodyServes,
}
