//! An agent as a queue sees them: what they can do, and what they are doing. One state at a time, which holds everything that is true in
//! it, so an agent who is reserved for nothing, or for two calls, cannot be written down.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::definition::{HIGHEST, Need, is_name};
use crate::event::{CallId, Timestamp};

/// The reason of somebody who did not answer, again and again.
pub const NOT_ANSWERING: &str = "not_answering";
/// More would be a mistake.
const MOST_SKILLS: usize = 100;

/// What somebody can do, and where they work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Profile {
    /// Their skills and how good they are at each, from 1 to 10. A language is a skill with its code as its name.
    pub skills: BTreeMap<String, u8>,
    /// The queues in which they work, each with their tier, from 1; none: in all of them, in the first tier.
    pub queues: Option<BTreeMap<String, u8>>,
}

impl Profile {
    /// What is wrong with it, in words.
    pub fn check(&self) -> Result<(), String> {
        if self.skills.len() > MOST_SKILLS {
            return Err(format!("somebody has at most {MOST_SKILLS} skills"));
        }
        for (skill, level) in &self.skills {
            if !is_name(skill, 64) {
                return Err(format!("{skill:?} is no name of a skill: use letters, digits, `.`, `-` and `_`"));
            }
            if !(1..=HIGHEST).contains(level) {
                return Err(format!(
                    "the level of {skill} is {level}; levels go from 1 to {HIGHEST}, leave out what somebody cannot do"
                ));
            }
        }
        for (queue, tier) in self.queues.iter().flatten() {
            if !(1..=HIGHEST).contains(tier) {
                return Err(format!(
                    "the tier in {queue} is {tier}; tiers go from 1, who are asked first, to {HIGHEST}"
                ));
            }
        }
        Ok(())
    }

    /// Their tier in a queue, if they work in it.
    pub(super) fn tier(&self, queue: &str) -> Option<u8> {
        match &self.queues {
            None => Some(1),
            Some(queues) => queues.get(queue).copied(),
        }
    }

    pub(super) fn level(&self, skill: &str) -> u8 {
        self.skills.get(skill).copied().unwrap_or(0)
    }

    /// The first thing that is needed and that they cannot do well enough.
    pub(super) fn lacks<'a>(&self, needs: &'a [Need], relaxed: u8) -> Option<&'a Need> {
        needs.iter().find(|need| self.level(&need.skill) < need.level.saturating_sub(relaxed))
    }
}

/// What somebody wants to be when nothing else is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "presence", rename_all = "snake_case")]
pub enum Presence {
    /// Ready for calls.
    Available,
    /// Not there for calls.
    Away {
        /// Why, from the list of reasons, e.g. `lunch`.
        reason: String,
    },
}

/// What somebody is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Not there for calls.
    Away {
        /// Why.
        reason: String,
        /// Since when.
        since: Timestamp,
    },
    /// Ready for a call.
    Free {
        /// Since when.
        since: Timestamp,
    },
    /// Their phone rings for a call of a queue.
    Offered {
        /// Which.
        call: CallId,
        /// Of which queue.
        queue: String,
        /// Since when.
        since: Timestamp,
        /// When it stops ringing.
        until: Timestamp,
        /// Since when they were free before.
        free_since: Timestamp,
    },
    /// They have one leg, in one call.
    Talking {
        /// Which.
        call: CallId,
        /// The queue that it came from; none of calls by name, and of those they make.
        queue: Option<String>,
        /// Since when.
        since: Timestamp,
        /// What follows.
        next: Presence,
    },
    /// They finish the work on a call.
    WrapUp {
        /// Which.
        call: CallId,
        /// Of which queue.
        queue: String,
        /// Since when.
        since: Timestamp,
        /// When it is over in any case.
        until: Timestamp,
        /// How long they talked, in ms.
        talked_ms: i64,
        /// What follows.
        next: Presence,
    },
}

impl State {
    /// The name, as in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Away { .. } => "away",
            Self::Free { .. } => "free",
            Self::Offered { .. } => "offered",
            Self::Talking { .. } => "talking",
            Self::WrapUp { .. } => "wrap_up",
        }
    }

    /// Since when.
    pub fn since(&self) -> Timestamp {
        match self {
            Self::Away { since, .. }
            | Self::Free { since }
            | Self::Offered { since, .. }
            | Self::Talking { since, .. }
            | Self::WrapUp { since, .. } => *since,
        }
    }

    /// The call that they are busy with.
    pub fn call(&self) -> Option<CallId> {
        match self {
            Self::Offered { call, .. } | Self::Talking { call, .. } | Self::WrapUp { call, .. } => Some(*call),
            Self::Away { .. } | Self::Free { .. } => None,
        }
    }

    /// Whether their phone rings for this call.
    pub fn is_offered(&self, call: CallId) -> bool {
        matches!(self, Self::Offered { call: offered, .. } if *offered == call)
    }

    /// What they are, or will be, once calls are over.
    pub fn presence(&self) -> Presence {
        match self {
            Self::Away { reason, .. } => Presence::Away { reason: reason.clone() },
            Self::Free { .. } | Self::Offered { .. } => Presence::Available,
            Self::Talking { next, .. } | Self::WrapUp { next, .. } => next.clone(),
        }
    }

    /// Whether they talk, finish a talk, or are on the way to one: what counts as work.
    fn is_work(&self) -> bool {
        matches!(self, Self::Talking { .. } | Self::WrapUp { .. })
    }
}

/// Somebody who works here.
#[derive(Clone, Debug)]
pub(super) struct Agent {
    pub profile: Profile,
    state: State,
    /// Whether a phone of theirs is registered.
    pub reachable: bool,
    /// Calls in a row that they did not answer.
    pub missed: u32,
    pub last_offer: Option<Timestamp>,
    /// How long they have worked and been free, in ms, up to the beginning of their state.
    worked_ms: i64,
    free_ms: i64,
}

impl Agent {
    pub fn new(presence: Presence, since: Timestamp) -> Self {
        let state = entered(presence, since);
        Self {
            profile: Profile::default(),
            state,
            reachable: false,
            missed: 0,
            last_offer: None,
            worked_ms: 0,
            free_ms: 0,
        }
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// From now on they do this.
    pub fn enter(&mut self, state: State, now: Timestamp) {
        let (worked, free) = self.times(now);
        (self.worked_ms, self.free_ms) = (worked, free);
        self.state = state;
    }

    /// From now on they are this.
    pub fn be(&mut self, presence: Presence, now: Timestamp) {
        self.enter(entered(presence, now), now);
    }

    fn times(&self, now: Timestamp) -> (i64, i64) {
        let passed = now.saturating_sub(self.state.since()).max(0);
        match &self.state {
            state if state.is_work() => (self.worked_ms + passed, self.free_ms),
            State::Free { .. } => (self.worked_ms, self.free_ms + passed),
            _ => (self.worked_ms, self.free_ms),
        }
    }

    /// The part of their time that they have worked, from 0 to 1.
    pub fn occupancy(&self, now: Timestamp) -> f64 {
        let (worked, free) = self.times(now);
        if worked + free == 0 { 0.0 } else { worked as f64 / (worked + free) as f64 }
    }
}

fn entered(presence: Presence, since: Timestamp) -> State {
    match presence {
        Presence::Available => State::Free { since },
        Presence::Away { reason } => State::Away { reason, since },
    }
}
