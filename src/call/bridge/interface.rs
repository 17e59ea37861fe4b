//! What a bridge hears and what it wants done: plain data.

use crate::call::leg::TransferNews;
use crate::call::plan::Destination;
use crate::event::Personal;

pub use crate::event::{How, Supervision};

/// A place in a bridge; never given twice.
pub type Seat = u32;

/// Where a caller who is served sits.
pub const CALLER: Seat = 0;

/// Names a transfer that somebody asked for.
pub type Ask = u32;

/// Somebody who takes part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guest {
    /// An extension, or `outside`: never a number.
    pub name: String,
    /// Whether it is a phone of ours, which may ask for transfers.
    pub is_phone: bool,
}

impl Guest {
    /// Whoever answers where something dialled leads.
    pub fn at(to: &Destination) -> Self {
        Self { name: to.name(), is_phone: matches!(to, Destination::Extension(_)) }
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A phone put us on hold, or took that back.
    Held {
        /// Whose.
        seat: Seat,
        /// Which of both.
        on: bool,
    },
    /// Somebody wants somebody else to take their place.
    Asked {
        /// Who.
        by: Seat,
        /// Names the wish.
        ask: Ask,
        /// Whom they want.
        to: Destination,
    },
    /// Somebody wants the one they talk to in another call to take their place; answer [`Output::Fetch`].
    AskedToJoin {
        /// Who.
        by: Seat,
        /// Names the wish.
        ask: Ask,
        /// Whom they want, as their phone names them.
        to: Personal,
    },
    /// Somebody wants to park the call, for which this slot was taken.
    AskedToPark {
        /// Who.
        by: Seat,
        /// Names the wish.
        ask: Ask,
        /// The slot; `None` when all are taken.
        slot: Option<u32>,
    },
    /// It rings at the one who was to be dialled.
    Ringing(Seat),
    /// The carrier that the one who was to be dialled is called through plays something already.
    Sounding(Seat),
    /// The call to the one who was to be dialled was sent on, and goes on.
    Redirected {
        /// Who was to be dialled.
        seat: Seat,
        /// Who sent it on.
        by: String,
        /// Where to.
        to: Personal,
    },
    /// Whoever was to be dialled has sent the call on to somebody else, who is going to answer.
    Forwarded {
        /// Their seat.
        seat: Seat,
        /// Who they are.
        to: Destination,
    },
    /// Whoever was to be dialled has sent the call on to a queue or the flow.
    SentTo {
        /// Who was to be dialled.
        seat: Seat,
        /// Where to.
        to: Destination,
    },
    /// They answered.
    Answered(Seat),
    /// They did not.
    NotAnswered {
        /// Who.
        seat: Seat,
        /// Why, as a label.
        why: &'static str,
        /// Why, for the journal.
        reason: String,
    },
    /// The one from the other call is here.
    Fetched {
        /// Which wish that fulfils.
        ask: Ask,
        /// Their seat.
        seat: Seat,
        /// Who they are.
        guest: Guest,
    },
    /// The other call of the one who asked has nobody yet: it rings there, and goes on ringing here.
    FetchedRinging {
        /// Which wish that fulfils, once it is answered.
        ask: Ask,
        /// The seat of the one who is called; [`Input::Answered`] or [`Input::NotAnswered`] follows.
        seat: Seat,
        /// Who that is.
        to: Destination,
        /// Whether it has said that it rings.
        rings: bool,
    },
    /// They could not be had.
    NotFetched {
        /// Which wish fails.
        ask: Ask,
        /// Why, as a label.
        why: &'static str,
    },
    /// Another call sends somebody to take the place of one who asked for that there.
    Replaced {
        /// Whose place.
        by: Seat,
        /// Their seat.
        seat: Seat,
        /// Who they are.
        guest: Guest,
    },
    /// Somebody comes in addition.
    Joined {
        /// Their seat.
        seat: Seat,
        /// Who they are.
        guest: Guest,
    },
    /// A supervisor comes, or takes part in another way from now on.
    Supervises {
        /// Their seat.
        seat: Seat,
        /// Who they are.
        guest: Guest,
        /// How they take part.
        how: Supervision,
    },
    /// Somebody dialled the slot.
    PickedUp {
        /// Their seat.
        seat: Seat,
        /// Who they are.
        guest: Guest,
    },
    /// Somebody hung up, or their leg failed.
    Left(Seat),
    /// Nobody picked up in time.
    SlotTimedOut,
    /// The one at this seat went to another call.
    Given(Seat),
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Call somebody and answer with [`Input::Answered`] or [`Input::NotAnswered`].
    Dial {
        /// Their seat.
        seat: Seat,
        /// Whom.
        to: Destination,
        /// The extension with whose allowance it counts.
        source: String,
    },
    /// Give that up; nothing is to be answered.
    GiveUp(Seat),
    /// Fetch the other party of the call that this wish names.
    Fetch(Ask),
    /// Tell whoever wished how it goes.
    Tell(Ask, TransferNews),
    /// Hang up.
    LetGo(Seat),
    /// The slot is free again.
    FreeSlot(u32),
    /// For the journal.
    News(News),
    /// The caller has nobody: look for an agent again, in this queue or the same as before. The bridge is over.
    Seek(Option<String>),
    /// The caller goes to the flow, from its beginning. The bridge is over.
    ToFlow,
    /// The last one who was with the caller hung up. The bridge is over.
    Parted(String),
}

/// What the journal is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A phone rings.
    Ringing(String),
    /// It was not answered.
    Missed {
        /// Whose.
        name: String,
        /// Why.
        reason: String,
    },
    /// Somebody who was called sent the call on.
    Redirected {
        /// Who.
        from: String,
        /// Where to.
        to: Personal,
    },
    /// They put the others on hold.
    Held(String),
    /// They came back.
    Resumed(String),
    /// Somebody took somebody's place.
    Moved {
        /// Who left.
        from: String,
        /// Who came, as in [`Guest::name`].
        to: String,
        /// What was dialled.
        shown: Personal,
        /// How.
        how: How,
        /// Whether they hear each other now; a queue or a flow does not.
        talks: bool,
    },
    /// Nobody took their place.
    TransferFailed {
        /// Who wanted it.
        from: String,
        /// Whom they wanted.
        to: Personal,
        /// Why it failed.
        reason: String,
    },
    /// The call waits in a slot.
    Parked {
        /// Who parked it.
        from: String,
        /// Where.
        slot: u32,
    },
    /// Somebody took it from there.
    Retrieved(String),
    /// Somebody came in addition.
    Joined(String),
    /// Somebody left, the others go on or are let go.
    Left(String),
    /// A supervisor takes part in this way from now on.
    Supervised(String, Supervision),
    /// The parties go on in another call.
    Gone,
}

/// Who hears whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sound {
    /// Nobody is there to hear anything.
    Nobody,
    /// One waits, with music or a ringing tone.
    Waits {
        /// Who.
        seat: Seat,
        /// Whether it rings for them.
        ringing: bool,
    },
    /// One waits, and hears what a carrier plays on the way to the one who is called.
    Announced {
        /// Who.
        seat: Seat,
        /// Who is called.
        of: Seat,
    },
    /// Two hear each other.
    Pair(Seat, Seat),
    /// All hear all others.
    Together(Vec<Seat>),
    /// The same, and supervisors hear them all.
    Supervised {
        /// Who hears each other.
        parties: Vec<Seat>,
        /// Supervisors, and the one who hears them; nobody where there is none.
        supervisors: Vec<(Seat, Audience)>,
    },
}

/// Who hears a supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// All.
    All,
    /// This one.
    One(Seat),
    /// Nobody.
    Nobody,
}
