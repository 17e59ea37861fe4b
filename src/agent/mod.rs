//! Agents: who is free, reserved or talking. An agent is busy exactly as long as somebody holds their [`Reservation`], so a
//! frozen or doubly booked agent cannot be represented.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde::Serialize;
use tokio::sync::watch;

use crate::event::CallId;
use crate::queue::{Candidate, Choice, choose};

/// What an agent is doing. Being reachable is the phone's affair, and asked for separately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Free since then.
    Available {
        /// Since when.
        since: Instant,
    },
    /// Their phone rings or they talk, for this call.
    Reserved {
        /// The call.
        call: CallId,
    },
}

/// All agents of this node.
#[derive(Clone)]
pub struct Agents(Arc<Shared>);

struct Shared {
    /// A std mutex, held for a map look-up only.
    presence: Mutex<BTreeMap<String, Presence>>,
    /// Who waits for an agent. Locked after `presence`, where both are.
    waiting: Mutex<BTreeMap<CallId, Waiting>>,
    changed: watch::Sender<()>,
}

/// How an attempt to reserve ended.
pub enum Reserve {
    /// The agent is yours until the reservation is dropped.
    Reserved(Reservation),
    /// Everybody who could take the call is busy; wait for [`Agents::changes`].
    Wait,
    /// Nobody is left.
    Nobody,
}

/// A caller's place in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which queue.
    pub queue: String,
    /// How soon it is their turn: 10 goes first, then 9; among equals, who has waited longest.
    pub priority: u8,
}

impl Default for Place {
    fn default() -> Self {
        Self { queue: String::new(), priority: 5 }
    }
}

/// A caller who waits for an agent.
struct Waiting {
    place: Place,
    since: Instant,
    /// The agents who did not take the call.
    tried: BTreeSet<String>,
}

/// A caller is in a queue for as long as this is held.
pub struct InQueue {
    call: CallId,
    shared: Arc<Shared>,
}

/// How busy a queue is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// How many agents have a phone that can be rung.
    pub agents: usize,
    /// How many of them are free.
    pub free: usize,
    /// How many callers wait.
    pub waiting: usize,
    /// How long the first of them has waited, in seconds.
    pub longest_wait_s: u64,
}

/// One agent, reserved for one call.
pub struct Reservation {
    agent: String,
    shared: Arc<Shared>,
}

impl Agents {
    /// Nobody yet.
    pub fn new() -> Self {
        Self(Arc::new(Shared { presence: Mutex::default(), waiting: Mutex::default(), changed: watch::channel(()).0 }))
    }

    /// Makes an agent known; one who is known already keeps their presence.
    pub fn add(&self, agent: &str) {
        let available = Presence::Available { since: Instant::now() };
        self.0.presence().entry(agent.to_owned()).or_insert(available);
        self.0.changed.send_replace(());
    }

    /// A caller begins to wait.
    pub fn wait(&self, call: CallId, place: Place) -> InQueue {
        self.0.waiting().insert(call, Waiting { place, since: Instant::now(), tried: BTreeSet::new() });
        InQueue { call, shared: self.0.clone() }
    }

    /// How busy a queue is. All agents serve all queues.
    pub fn standing(&self, queue: &str, reachable: &BTreeSet<String>) -> Standing {
        let presence = self.0.presence();
        let there = || presence.iter().filter(|(agent, _)| reachable.contains(*agent));
        let waiting = self.0.waiting();
        let here = || waiting.values().filter(|waiting| waiting.place.queue == queue);
        Standing {
            agents: there().count(),
            free: there().filter(|(_, state)| matches!(state, Presence::Available { .. })).count(),
            waiting: here().count(),
            longest_wait_s: here().map(|waiting| waiting.since.elapsed().as_secs()).max().unwrap_or(0),
        }
    }

    /// Reserves the agent to whom the call is offered next; waits where another caller's turn comes first.
    pub fn reserve(&self, call: CallId, reachable: &BTreeSet<String>, tried: &BTreeSet<String>) -> Reserve {
        let mut presence = self.0.presence();
        let candidates: Vec<Candidate> = presence
            .iter()
            .map(|(agent, state)| Candidate {
                agent: agent.clone(),
                reachable: reachable.contains(agent),
                idle_ms: match state {
                    Presence::Available { since } => Some(since.elapsed().as_millis() as u64),
                    Presence::Reserved { .. } => None,
                },
                tried: tried.contains(agent),
            })
            .collect();
        match choose(&candidates) {
            Choice::Offer(_) if self.0.is_anothers_turn(call, &candidates) => Reserve::Wait,
            Choice::Offer(agent) => {
                presence.insert(agent.clone(), Presence::Reserved { call });
                drop(presence);
                self.0.changed.send_replace(());
                Reserve::Reserved(Reservation { agent, shared: self.0.clone() })
            }
            Choice::Wait => Reserve::Wait,
            Choice::Nobody => Reserve::Nobody,
        }
    }

    /// Reserves one agent, who is called by name; nothing if they are busy, in which case their phone decides.
    pub fn take(&self, call: CallId, agent: &str) -> Option<Reservation> {
        let mut presence = self.0.presence();
        let state = presence.get_mut(agent).filter(|state| matches!(state, Presence::Available { .. }))?;
        *state = Presence::Reserved { call };
        drop(presence);
        self.0.changed.send_replace(());
        Some(Reservation { agent: agent.to_owned(), shared: self.0.clone() })
    }

    /// Tells when anybody's presence changes.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.0.changed.subscribe()
    }

    /// What everybody is doing.
    pub fn presence(&self) -> BTreeMap<String, Presence> {
        self.0.presence().clone()
    }
}

impl Default for Agents {
    fn default() -> Self {
        Self::new()
    }
}

impl Shared {
    fn presence(&self) -> MutexGuard<'_, BTreeMap<String, Presence>> {
        self.presence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<CallId, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody who goes before could be offered one of those who are free.
    fn is_anothers_turn(&self, call: CallId, candidates: &[Candidate]) -> bool {
        let waiting = self.waiting();
        let Some(own) = waiting.get(&call) else { return false };
        let free = || candidates.iter().filter(|candidate| candidate.reachable && candidate.idle_ms.is_some());
        // Callers for whom there are enough are not kept waiting by those before them.
        let before = waiting.iter().filter(|(other, waiting)| {
            let first = (std::cmp::Reverse(waiting.place.priority), waiting.since, **other);
            let goes_before = first < (std::cmp::Reverse(own.place.priority), own.since, call);
            goes_before && free().any(|candidate| !waiting.tried.contains(&candidate.agent))
        });
        before.count() >= free().count()
    }
}

impl InQueue {
    /// These agents did not take the call.
    pub fn tried(&self, tried: &BTreeSet<String>) {
        if let Some(waiting) = self.shared.waiting().get_mut(&self.call) {
            waiting.tried.clone_from(tried);
        }
    }
}

impl Drop for InQueue {
    fn drop(&mut self) {
        self.shared.waiting().remove(&self.call);
        // Whoever is behind may come forward.
        self.shared.changed.send_replace(());
    }
}

impl Reservation {
    /// The agent's extension.
    pub fn agent(&self) -> &str {
        &self.agent
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.shared.presence().insert(self.agent.clone(), Presence::Available { since: Instant::now() });
        self.shared.changed.send_replace(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(all: &[&str]) -> BTreeSet<String> {
        all.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_reserved_agent_is_busy_until_the_reservation_is_dropped() {
        let agents = Agents::new();
        agents.add("anna");
        let (first, second) = (CallId::new(), CallId::new());
        let Reserve::Reserved(held) = agents.reserve(first, &names(&["anna"]), &names(&[])) else {
            panic!("anna is free")
        };
        assert!(matches!(agents.reserve(second, &names(&["anna"]), &names(&[])), Reserve::Wait));
        drop(held);
        assert!(matches!(agents.reserve(second, &names(&["anna"]), &names(&[])), Reserve::Reserved(_)));
    }

    #[test]
    fn whoever_has_the_higher_priority_goes_first_and_among_equals_whoever_came_first() {
        let agents = Agents::new();
        agents.add("anna");
        let (reachable, nobody) = (names(&["anna"]), names(&[]));
        let place = |priority| Place { queue: "service".into(), priority };
        let (first, second, third) = (CallId::new(), CallId::new(), CallId::new());
        let _first = agents.wait(first, place(5));
        let _second = agents.wait(second, place(5));
        let urgent = agents.wait(third, place(9));
        let takes = |call: CallId| matches!(agents.reserve(call, &reachable, &nobody), Reserve::Reserved(_));
        assert_eq!([first, second, third].map(takes), [false, false, true]);
        // An agent who has declined the urgent call is free for the others.
        urgent.tried(&names(&["anna"]));
        assert_eq!([second, first].map(takes), [false, true]);
        drop(urgent);
        // With an agent for each, nobody waits for the one before.
        agents.add("ben");
        let both = names(&["anna", "ben"]);
        assert!(matches!(agents.reserve(second, &both, &nobody), Reserve::Reserved(_)));
        let standing = agents.standing("service", &both);
        assert_eq!((standing.agents, standing.free, standing.waiting), (2, 2, 2));
        assert_eq!(agents.standing("sales", &both).waiting, 0);
    }

    #[test]
    fn an_agent_without_a_phone_is_not_offered_a_call() {
        let agents = Agents::new();
        agents.add("anna");
        assert!(matches!(agents.reserve(CallId::new(), &names(&[]), &names(&[])), Reserve::Nobody));
    }
}
