//! How everything stands at a moment: the queues, who waits in them, and what the agents do. For supervisors' screens.

use serde::Serialize;
use utoipa::ToSchema;

use super::agent::{Presence, State};
use super::machine::Machine;
use crate::event::{CallId, Timestamp, Why};

/// All of it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Floor {
    /// When.
    pub at: Timestamp,
    /// The queues, by name.
    pub queues: Vec<QueueStanding>,
    /// The agents, by extension.
    pub agents: Vec<AgentStanding>,
    /// Those who wait, in the order in which it is their turn.
    pub waiting: Vec<WaitingStanding>,
}

/// How a queue stands.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct QueueStanding {
    /// Which.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// How many wait.
    pub waiting: usize,
    /// How long the first of them has waited, in seconds.
    pub longest_wait_s: u64,
    /// What the agents do who work in it.
    pub agents: AgentCounts,
    /// Since when the following is counted: midnight, or the start of the service.
    pub since: Timestamp,
    /// How many came.
    pub offered: u64,
    /// How many of them an agent took.
    pub answered: u64,
    /// How many of these within the time that is aimed at.
    pub answered_in_time: u64,
    /// How many hung up while they waited.
    pub abandoned: u64,
    /// How many waited for as long as they may.
    pub timed_out: u64,
    /// How many left because nobody was there, or the queue was closed or full.
    pub unserved: u64,
    /// How many chose to be called back.
    pub callbacks: u64,
    /// The part of all who are through that was answered in time, from 0 to 1; none before the first.
    #[schema(required)]
    pub service_level: Option<f64>,
    /// What is aimed at, from 0 to 1.
    pub target: f64,
    /// Within how many seconds.
    pub within_s: u32,
    /// The part that hung up, from 0 to 1.
    #[schema(required)]
    pub abandonment: Option<f64>,
    /// How long those have waited who were answered, in seconds.
    #[schema(required)]
    pub average_wait_s: Option<f64>,
    /// How long a call takes with the work after it, in seconds; none as long as too few are known.
    #[schema(required)]
    pub handling_s: Option<f64>,
}

/// How many agents do what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct AgentCounts {
    /// Ready for a call.
    pub free: usize,
    /// Their phones ring.
    pub offered: usize,
    /// They talk.
    pub talking: usize,
    /// They finish the work on a call.
    pub wrap_up: usize,
    /// They are away.
    pub away: usize,
    /// They would be ready, but no phone of theirs is registered.
    pub offline: usize,
}

/// What an agent is doing.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AgentStanding {
    /// Their extension.
    pub extension: String,
    /// `free`, `offered`, `talking`, `wrap_up` or `away`.
    pub state: String,
    /// Why they are away.
    #[schema(required)]
    pub reason: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// The call that they are busy with.
    #[schema(required)]
    pub call: Option<CallId>,
    /// The queue that it came from.
    #[schema(required)]
    pub queue: Option<String>,
    /// When the ringing, or the work after the call, ends by itself.
    #[schema(required)]
    pub until: Option<Timestamp>,
    /// What they are, or will be, when no call is left.
    pub next: Presence,
    /// Whether a phone of theirs is registered.
    pub reachable: bool,
    /// How many calls in a row they did not answer.
    pub missed: u32,
}

/// Somebody who waits.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct WaitingStanding {
    /// The call.
    pub call: CallId,
    /// The queue.
    pub queue: String,
    /// Since when.
    pub since: Timestamp,
    /// Their place in the queue, from 1.
    pub place: u32,
    /// How long it will probably take, in seconds; none where that cannot be said.
    #[schema(required)]
    pub wait_s: Option<u32>,
    /// Their priority, from 1 to 10.
    pub priority: u8,
    /// The code of the language that they speak.
    #[schema(required)]
    pub language: Option<String>,
    /// Whether they are to be called back: nobody is on the line.
    pub callback: bool,
    /// Whose phones ring for them.
    pub offered_to: Vec<String>,
    /// Why they wait.
    pub why: Why,
}

impl Machine {
    /// How everything stands.
    pub fn floor(&self, now: Timestamp) -> Floor {
        let queues = self.lines.keys().map(|id| self.queue_standing(id, now)).collect();
        let agents = self.agents.keys().filter_map(|name| self.agent_standing(name)).collect();
        let waiting = self.in_order(now).into_iter().filter_map(|call| self.waiting_standing(call, now)).collect();
        Floor { at: now, queues, agents, waiting }
    }

    fn queue_standing(&self, id: &str, now: Timestamp) -> QueueStanding {
        let (line, mut agents) = (&self.lines[id], AgentCounts::default());
        for agent in self.agents.values().filter(|agent| agent.profile.tier(id).is_some()) {
            match agent.state() {
                State::Free { .. } if agent.reachable => agents.free += 1,
                State::Free { .. } => agents.offline += 1,
                State::Offered { .. } => agents.offered += 1,
                State::Talking { .. } => agents.talking += 1,
                State::WrapUp { .. } => agents.wrap_up += 1,
                State::Away { .. } => agents.away += 1,
            }
        }
        let here = || self.calls.values().filter(|waiting| waiting.entry.queue == id);
        let tally = &line.tally;
        QueueStanding {
            id: id.to_owned(),
            title: line.queue.shown().to_owned(),
            waiting: here().count(),
            longest_wait_s: here().map(|waiting| (now - waiting.entry.since).max(0) as u64 / 1_000).max().unwrap_or(0),
            agents,
            since: tally.since,
            offered: tally.offered,
            answered: tally.answered,
            answered_in_time: tally.answered_in_time,
            abandoned: tally.abandoned,
            timed_out: tally.timed_out,
            unserved: tally.unserved,
            callbacks: tally.callbacks,
            service_level: tally.service_level(),
            target: f64::from(line.queue.target.percent) / 100.0,
            within_s: line.queue.target.within_s,
            abandonment: tally.abandonment(),
            average_wait_s: tally.average_wait_s(),
            handling_s: tally.handling_s(),
        }
    }

    /// What an agent is doing.
    pub fn agent_standing(&self, name: &str) -> Option<AgentStanding> {
        let agent = self.agents.get(name)?;
        let state = agent.state();
        let (reason, queue, until) = match state {
            State::Away { reason, .. } => (Some(reason.clone()), None, None),
            State::Free { .. } => (None, None, None),
            State::Talking { queue, .. } => (None, queue.clone(), None),
            State::Offered { queue, until, .. } | State::WrapUp { queue, until, .. } => {
                (None, Some(queue.clone()), Some(*until))
            }
        };
        Some(AgentStanding {
            extension: name.to_owned(),
            state: state.name().to_owned(),
            reason,
            since: state.since(),
            call: state.call(),
            queue,
            until,
            next: state.presence(),
            reachable: agent.reachable,
            missed: agent.missed,
        })
    }

    /// How somebody stands who waits.
    pub fn waiting_standing(&self, call: CallId, now: Timestamp) -> Option<WaitingStanding> {
        let waiting = self.calls.get(&call)?;
        let (place, wait_s) = self.standing_of(call, now);
        Some(WaitingStanding {
            call,
            queue: waiting.entry.queue.clone(),
            since: waiting.entry.since,
            place: place.unwrap_or(1),
            wait_s,
            priority: waiting.entry.priority,
            language: waiting.entry.language.clone(),
            callback: waiting.entry.is_callback,
            offered_to: self.offered_to(call).cloned().collect(),
            why: self.why(call, now),
        })
    }

    /// How busy a queue is, as flows ask for it.
    pub fn standing(&self, queue: &str, now: Timestamp) -> Standing {
        let there = || {
            self.agents.values().filter(|agent| {
                agent.reachable
                    && agent.profile.tier(queue).is_some()
                    && agent.state().presence() == Presence::Available
            })
        };
        let here = || self.calls.values().filter(|waiting| waiting.entry.queue == queue);
        Standing {
            agents: there().count(),
            free: there().filter(|agent| matches!(agent.state(), State::Free { .. })).count(),
            waiting: here().count(),
            longest_wait_s: here().map(|waiting| (now - waiting.entry.since).max(0) as u64 / 1_000).max().unwrap_or(0),
        }
    }
}

/// How busy a queue is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// How many agents are at work who have a phone that can be rung.
    pub agents: usize,
    /// How many of them are free.
    pub free: usize,
    /// How many callers wait.
    pub waiting: usize,
    /// How long the first of them has waited, in seconds.
    pub longest_wait_s: u64,
}
