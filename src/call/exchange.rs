//! What the calls of this node know of each other: whose leg belongs to which call, and which call waits in which slot. A call asks
//! another by message, never by its state.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot};

use super::bridge::{Guest, Seat};
use super::leg::Leg;
use super::plan::Plan;
use crate::agent::Reservation;

/// Somebody on the way from one call to another.
pub struct Visitor {
    /// Their leg.
    pub leg: Leg,
    /// Who they are.
    pub guest: Guest,
    /// Keeps them busy.
    pub reservation: Option<Reservation>,
}

/// What a call asks of another.
pub enum Request {
    /// Hand over whoever talks with the one at this seat; that call is over then. Answered with nobody when it can't.
    Give {
        /// Who asks for it: one of that call's phones.
        seat: Seat,
        /// For the answer.
        reply: oneshot::Sender<Option<Visitor>>,
    },
    /// Take somebody in. One who can't be taken in comes back.
    Take {
        /// Whom.
        visitor: Box<Visitor>,
        /// Where they sit.
        place: Place,
        /// For the answer.
        reply: oneshot::Sender<Result<(), Box<Visitor>>>,
    },
}

/// Where a visitor sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the place of somebody, who goes.
    InsteadOf(Seat),
    /// In addition.
    Beside,
    /// With the one who waits in a slot.
    InSlot,
}

/// The leg of an agent's phone, as other calls see it.
#[derive(Clone)]
pub struct Desk {
    /// The extension.
    pub owner: String,
    /// Where it sits in its call.
    pub seat: Seat,
    /// Its call.
    pub room: mpsc::Sender<Request>,
    /// Whether its call is one between phones, which can hand a party over. A caller who is served stays where they are.
    pub gives: bool,
}

/// All calls of this node. Clones are handles of the same.
#[derive(Clone)]
pub struct Exchange(Arc<Shared>);

struct Shared {
    plan: Plan,
    /// A std mutex, held for a look-up only.
    tables: Mutex<Tables>,
}

#[derive(Default)]
struct Tables {
    desks: HashMap<String, Desk>,
    slots: BTreeMap<u32, mpsc::Sender<Request>>,
}

/// A leg that can be found; dropping it takes it off the list.
pub struct Listed {
    shared: Arc<Shared>,
    key: String,
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.shared.tables().desks.remove(&self.key);
    }
}

/// A slot that is taken; dropping it frees it.
pub struct TakenSlot {
    shared: Arc<Shared>,
    slot: u32,
}

impl TakenSlot {
    /// Its number.
    pub fn number(&self) -> u32 {
        self.slot
    }
}

impl Drop for TakenSlot {
    fn drop(&mut self) {
        self.shared.tables().slots.remove(&self.slot);
    }
}

impl Shared {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Exchange {
    /// No calls yet.
    pub fn new(plan: Plan) -> Self {
        Self(Arc::new(Shared { plan, tables: Mutex::default() }))
    }

    /// What codes and names mean.
    pub fn plan(&self) -> &Plan {
        &self.0.plan
    }

    /// Puts a leg on the list, under its [`Leg::key`].
    pub fn list(&self, key: &str, desk: Desk) -> Listed {
        self.0.tables().desks.insert(key.to_owned(), desk);
        Listed { shared: self.0.clone(), key: key.to_owned() }
    }

    /// The leg that somebody names, if it is a leg of the same extension: nobody takes over the calls of others.
    pub fn find(&self, key: &str, owner: &str) -> Option<Desk> {
        self.0.tables().desks.get(key).filter(|desk| desk.owner == owner).cloned()
    }

    /// Another leg of the same extension.
    pub fn other(&self, key: &str, owner: &str) -> Option<Desk> {
        let tables = self.0.tables();
        tables.desks.iter().find(|(known, desk)| *known != key && desk.owner == owner).map(|(_, desk)| desk.clone())
    }

    /// Takes a free slot, if there is one.
    pub fn take_slot(&self, room: mpsc::Sender<Request>) -> Option<TakenSlot> {
        let mut tables = self.0.tables();
        let plan = &self.0.plan;
        let slot = (plan.park + 1..=plan.park + plan.slots).find(|slot| !tables.slots.contains_key(slot))?;
        tables.slots.insert(slot, room);
        Some(TakenSlot { shared: self.0.clone(), slot })
    }

    /// The call that waits in a slot.
    pub fn in_slot(&self, slot: u32) -> Option<mpsc::Sender<Request>> {
        self.0.tables().slots.get(&slot).cloned()
    }
}
