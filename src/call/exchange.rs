//! What the calls of this node know of each other: whose leg belongs to which call, and which call waits in which slot. A call asks
//! another by message, never by its state.

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sip::media;
use tokio::sync::{mpsc, oneshot};

use super::bridge::{Guest, Seat};
use super::leg::{Incoming, Leg, Origin};
use super::reach::Ringing;
use crate::agent::Reservation;
use crate::event::{CallId, Supervision};

/// Somebody on the way from one call to another.
pub struct Visitor {
    /// Their leg.
    pub leg: Leg,
    /// Who they are.
    pub guest: Guest,
    /// Keeps them busy.
    pub reservation: Option<Reservation>,
}

/// What a call hands over to another.
pub enum Given {
    /// Somebody who talked with the one who asks for it.
    Visitor(Visitor),
    /// Somebody whom the one who asks for it is calling.
    Ringing(Ringing),
}

/// What a call asks of another.
pub enum Request {
    /// Hand over whoever talks with the one at this seat, or is called by them; that call is over then. Answered with nobody when it
    /// can't.
    Give {
        /// Who asks for it: one of that call's phones.
        seat: Seat,
        /// For the answer.
        reply: oneshot::Sender<Option<Given>>,
    },
    /// A supervisor who is there already takes part in another way. Answered with whether they are there.
    Supervise {
        /// Their extension.
        by: String,
        /// How they take part from now on.
        how: Supervision,
        /// For the answer.
        reply: oneshot::Sender<bool>,
    },
    /// The caller who is served speaks from another leg now.
    Caller(media::Leg),
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
    /// As a supervisor.
    Above(Supervision),
}

/// Whose leg it is: who may ask for what, and who may take its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A telephone of this extension.
    Extension(String),
    /// Somebody behind this trunk.
    Trunk(String),
    /// Somebody who came from nowhere that is known.
    Stranger,
}

impl Owner {
    /// Whose leg a guest's is, who came through this trunk.
    pub fn of(guest: &Guest, trunk: Option<&str>) -> Self {
        match (guest.is_phone, trunk) {
            (true, _) => Self::Extension(guest.name.clone()),
            (false, Some(trunk)) => Self::Trunk(trunk.to_owned()),
            (false, None) => Self::Stranger,
        }
    }

    /// Whose leg it will be that comes in.
    pub fn calling(incoming: &dyn Incoming) -> Self {
        match (incoming.origin(), incoming.trunk()) {
            (Origin::Extension(name), _) => Self::Extension(name),
            (Origin::Outside(_), Some(trunk)) => Self::Trunk(trunk),
            (Origin::Outside(_), None) => Self::Stranger,
        }
    }

    /// Whether a call of theirs may take the place of `other`'s leg (RFC 3891 section 8): telephones of ours replace each other's,
    /// since whoever names such a leg was told its name by the one who has it; what comes through a trunk replaces that trunk's.
    /// Nobody outside takes a leg of ours, and strangers take nothing.
    pub fn may_replace(&self, other: &Owner) -> bool {
        match (self, other) {
            (Self::Extension(_), Self::Extension(_)) => true,
            (Self::Trunk(own), Self::Trunk(theirs)) => own == theirs,
            _ => false,
        }
    }
}

/// A leg in a call, as other calls see it.
#[derive(Clone)]
pub struct Desk {
    /// Its [`Leg::key`].
    pub key: String,
    /// Whose it is.
    pub owner: Owner,
    /// Where it sits in its call.
    pub seat: Seat,
    /// Its call.
    pub room: mpsc::Sender<Request>,
    /// What its call hands over.
    pub gives: Gives,
}

/// What a call hands over to another call of one of its phones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// The other party: it is a call between phones.
    Party,
    /// Whoever is being called.
    Ringing,
    /// Nobody: a caller who is served stays where they are.
    Nobody,
    /// Nothing but its own place: it is the caller who is served.
    Place,
}

/// All calls of this node. Clones are handles of the same.
#[derive(Clone)]
pub struct Exchange(Arc<Shared>);

struct Shared {
    /// The numbers of the slots.
    slots: RangeInclusive<u32>,
    /// A std mutex, held for a look-up only.
    tables: Mutex<Tables>,
}

#[derive(Default)]
struct Tables {
    /// By [`Leg::dialog`].
    desks: HashMap<String, Desk>,
    slots: BTreeMap<u32, mpsc::Sender<Request>>,
    /// Calls in which people talk.
    rooms: HashMap<CallId, mpsc::Sender<Request>>,
}

/// A call that supervisors can find; dropping it takes it off the list.
pub struct OpenRoom {
    shared: Arc<Shared>,
    call: CallId,
}

impl Drop for OpenRoom {
    fn drop(&mut self) {
        self.shared.tables().rooms.remove(&self.call);
    }
}

/// A leg that can be found; dropping it takes it off the list.
pub struct Listed {
    shared: Arc<Shared>,
    dialog: String,
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.shared.tables().desks.remove(&self.dialog);
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
    /// No calls yet, and these slots to park some in.
    pub fn new(slots: RangeInclusive<u32>) -> Self {
        Self(Arc::new(Shared { slots, tables: Mutex::default() }))
    }

    /// Puts a leg on the list, under its [`Leg::dialog`].
    pub fn list(&self, dialog: &str, desk: Desk) -> Listed {
        self.0.tables().desks.insert(dialog.to_owned(), desk);
        Listed { shared: self.0.clone(), dialog: dialog.to_owned() }
    }

    /// The leg that somebody names, if it is a leg of the same extension: nobody takes over the calls of others.
    pub fn find(&self, key: &str, owner: &str) -> Option<Desk> {
        self.of(owner, |desk| desk.key == key)
    }

    /// Another leg of the same extension, which talks.
    pub fn other(&self, key: &str, owner: &str) -> Option<Desk> {
        self.of(owner, |desk| desk.key != key && matches!(desk.gives, Gives::Party | Gives::Nobody))
    }

    fn of(&self, owner: &str, is: impl Fn(&Desk) -> bool) -> Option<Desk> {
        let tables = self.0.tables();
        let own = |desk: &&Desk| matches!(&desk.owner, Owner::Extension(name) if name == owner);
        tables.desks.values().filter(own).find(|desk| is(desk)).cloned()
    }

    /// The leg with this [`Leg::dialog`].
    pub fn at(&self, dialog: &str) -> Option<Desk> {
        self.0.tables().desks.get(dialog).cloned()
    }

    /// Lets supervisors find a call.
    pub fn open(&self, call: CallId, room: mpsc::Sender<Request>) -> OpenRoom {
        self.0.tables().rooms.insert(call, room);
        OpenRoom { shared: self.0.clone(), call }
    }

    /// The call in which people talk, if there is one with this id.
    pub fn room(&self, call: CallId) -> Option<mpsc::Sender<Request>> {
        self.0.tables().rooms.get(&call).cloned()
    }

    /// Takes a free slot, if there is one.
    pub fn take_slot(&self, room: mpsc::Sender<Request>) -> Option<TakenSlot> {
        let mut tables = self.0.tables();
        let slot = self.0.slots.clone().find(|slot| !tables.slots.contains_key(slot))?;
        tables.slots.insert(slot, room);
        Some(TakenSlot { shared: self.0.clone(), slot })
    }

    /// The call that waits in a slot.
    pub fn in_slot(&self, slot: u32) -> Option<mpsc::Sender<Request>> {
        self.0.tables().slots.get(&slot).cloned()
    }
}
