//! Agents: who is free, reserved or talking. An agent is busy exactly as long as somebody holds their [`Reservation`], so a
//! frozen or doubly booked agent cannot be represented.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

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

/// One agent, reserved for one call.
pub struct Reservation {
    agent: String,
    shared: Arc<Shared>,
}

impl Agents {
    /// Nobody yet.
    pub fn new() -> Self {
        Self(Arc::new(Shared { presence: Mutex::default(), changed: watch::channel(()).0 }))
    }

    /// Makes an agent known; one who is known already keeps their presence.
    pub fn add(&self, agent: &str) {
        let available = Presence::Available { since: Instant::now() };
        self.0.presence().entry(agent.to_owned()).or_insert(available);
        self.0.changed.send_replace(());
    }

    /// Reserves the agent to whom the call is offered next.
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
    fn an_agent_without_a_phone_is_not_offered_a_call() {
        let agents = Agents::new();
        agents.add("anna");
        assert!(matches!(agents.reserve(CallId::new(), &names(&[]), &names(&[])), Reserve::Nobody));
    }
}
