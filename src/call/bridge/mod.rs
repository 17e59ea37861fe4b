//! Who of a call's parties hears whom, and what becomes of holds, transfers, parking and conferences: a pure state machine.
//! [`Bridge::on`] takes what happened and returns what to do; [`Bridge::sound`] says who hears whom, so nobody is ever left in silence
//! by a forgotten case. The hands are in [`room`](super::room).
//!
//! A *served* bridge has a caller who is looked after: when everybody else is gone, the caller goes back to the flow or the queue. In a
//! bridge *between* phones, the last one is let go.

mod interface;

pub use interface::{Ask, Audience, CALLER, Guest, How, Input, News, Output, Seat, Sound, Supervision};

use super::leg::TransferNews;
use super::plan::Destination;
use crate::event::Personal;

/// One who takes part.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Member {
    seat: Seat,
    guest: Guest,
    /// Their phone has put us on hold.
    held: bool,
}

/// A supervisor who takes part.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Supervisor {
    seat: Seat,
    guest: Guest,
    how: Supervision,
}

/// What is under way; one thing at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Change {
    /// Somebody is called, to take the place of the one who asked for it.
    Calling { seat: Seat, by: Seat, from: String, ask: Ask, to: Destination, how: How, way: Way },
    /// Somebody is fetched from another call of the one who asked for it.
    Fetching { by: Seat, from: String, ask: Ask, to: Personal },
    /// The others wait in a slot.
    Parked { slot: u32, from: String },
    /// The slot's time is over: the phone of the one who parked them rings.
    Returning { seat: Seat, from: String, to: Destination },
}

/// How far a call to somebody has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Nothing was heard of it.
    Begun,
    /// It rings.
    Rings,
    /// A carrier plays something.
    Sounds,
}

/// The parties of one call.
#[derive(Clone, Debug)]
pub struct Bridge {
    /// In the order in which they came; a served caller is first.
    members: Vec<Member>,
    /// Who listens in: no party of the call, which goes on and ends without regard to them.
    supervisors: Vec<Supervisor>,
    change: Option<Change>,
    served: bool,
    next: Seat,
    over: bool,
}

impl Bridge {
    /// A caller, and the agent who answered.
    pub fn served(agent: Guest) -> Self {
        let caller = Guest { name: "caller".into(), is_phone: false };
        Self::of(vec![caller, agent], true)
    }

    /// Two parties, of whom the first called the second.
    pub fn between(near: Guest, far: Guest) -> Self {
        Self::of(vec![near, far], false)
    }

    fn of(guests: Vec<Guest>, served: bool) -> Self {
        let next = guests.len() as Seat;
        let members =
            guests.into_iter().zip(CALLER..).map(|(guest, seat)| Member { seat, guest, held: false }).collect();
        Self { members, supervisors: Vec::new(), change: None, served, next, over: false }
    }

    /// Whether nobody is left to look after.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// A seat that nobody has had.
    pub fn new_seat(&mut self) -> Seat {
        self.next += 1;
        self.next - 1
    }

    /// The one that another call can have for the one at `seat`: the only other party, with nothing under way.
    pub fn gives(&self, seat: Seat) -> Option<Seat> {
        let plain = !self.served && self.change.is_none() && !self.over && self.members.len() == 2;
        let other = self.members.iter().find(|member| member.seat != seat).filter(|_| self.member(seat).is_some());
        other.filter(|_| plain).map(|member| member.seat)
    }

    /// Whether another call of the one at `seat` may take their place now.
    pub fn is_replaceable(&self, seat: Seat) -> bool {
        !self.over && self.member(seat).is_some() && !self.is_leaving(seat)
    }

    /// Who is looked after when all others are gone: a caller, if there is one.
    pub fn is_served(&self) -> bool {
        self.served
    }

    /// Who sits here, in the order in which they came.
    pub fn guests(&self) -> impl Iterator<Item = (Seat, &Guest)> {
        self.members.iter().map(|member| (member.seat, &member.guest))
    }

    /// The seat of a supervisor who takes part already.
    pub fn supervisor(&self, name: &str) -> Option<Seat> {
        self.supervisors.iter().find(|one| one.guest.name == name).map(|one| one.seat)
    }

    /// Who sits there, as a party.
    pub fn guest(&self, seat: Seat) -> Option<&Guest> {
        self.member(seat).map(|member| &member.guest)
    }

    /// Who hears whom.
    pub fn sound(&self) -> Sound {
        if self.over {
            return Sound::Nobody;
        }
        let live: Vec<Seat> =
            self.members.iter().filter(|m| !m.held && !self.is_leaving(m.seat)).map(|member| member.seat).collect();
        match live[..] {
            [] => Sound::Nobody,
            [seat] => match self.change {
                Some(Change::Calling { seat: of, way: Way::Sounds, .. }) => Sound::Announced { seat, of },
                _ => Sound::Waits { seat, ringing: self.rings() },
            },
            _ if !self.supervisors.is_empty() => {
                let agent = live.iter().copied().find(|seat| self.guest(*seat).is_some_and(|guest| guest.is_phone));
                let audience = |how| match (how, agent) {
                    (Supervision::Barge, _) => Audience::All,
                    (Supervision::Whisper, Some(agent)) => Audience::One(agent),
                    _ => Audience::Nobody,
                };
                let supervisors = self.supervisors.iter().map(|one| (one.seat, audience(one.how))).collect();
                Sound::Supervised { parties: live, supervisors }
            }
            [one, other] => Sound::Pair(one, other),
            _ => Sound::Together(live),
        }
    }

    fn rings(&self) -> bool {
        matches!(self.change, Some(Change::Calling { way: Way::Rings, .. } | Change::Returning { .. }))
    }

    /// Whether the one there has asked to be replaced, and hears nothing meanwhile.
    fn is_leaving(&self, seat: Seat) -> bool {
        matches!(self.change, Some(Change::Calling { by, .. } | Change::Fetching { by, .. }) if by == seat)
    }

    fn member(&self, seat: Seat) -> Option<&Member> {
        self.members.iter().find(|member| member.seat == seat)
    }

    /// Takes what happened, returns what to do, in order.
    pub fn on(&mut self, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        match input {
            Input::Fetched { seat, .. }
            | Input::Joined { seat, .. }
            | Input::Replaced { seat, .. }
            | Input::PickedUp { seat, .. }
            | Input::Supervises { seat, .. }
            | Input::Answered(seat)
                if self.over =>
            {
                out.push(Output::LetGo(seat));
            }
            Input::FetchedRinging { seat, .. } if self.over => out.push(Output::GiveUp(seat)),
            Input::Asked { ask, .. } | Input::AskedToJoin { ask, .. } if self.over => {
                out.push(Output::Tell(ask, TransferNews::Failed("gone")));
            }
            Input::AskedToPark { ask, slot, .. } if self.over => {
                out.push(Output::Tell(ask, TransferNews::Failed("gone")));
                out.extend(slot.map(Output::FreeSlot));
            }
            _ if self.over => {}
            Input::Held { seat, on } => self.held(seat, on, &mut out),
            Input::Asked { by, ask, to } => self.asked(by, ask, to, &mut out),
            Input::AskedToJoin { by, ask, to } => match self.may_ask(by) {
                Err(why) => out.push(Output::Tell(ask, TransferNews::Failed(why))),
                Ok(from) => {
                    self.change = Some(Change::Fetching { by, from, ask, to });
                    out.push(Output::Fetch(ask));
                }
            },
            Input::AskedToPark { by, ask, slot } => self.asked_to_park(by, ask, slot, &mut out),
            Input::Ringing(seat) => self.ringing(seat, &mut out),
            Input::Sounding(seat) => self.sounding(seat, &mut out),
            Input::Redirected { seat, by, to } if self.calls(seat) => {
                // What was heard on the way there is over.
                if let Some(Change::Calling { way, .. }) = &mut self.change {
                    *way = Way::Begun;
                }
                out.push(Output::News(News::Redirected { from: by, to }));
            }
            Input::Redirected { .. } => {}
            Input::Forwarded { seat, to } => self.forwarded(seat, to),
            Input::SentTo { seat, to } => self.sent_to(seat, to, &mut out),
            Input::Answered(seat) => self.answered(seat, &mut out),
            Input::NotAnswered { seat, why, reason } => self.not_answered(seat, why, reason, &mut out),
            Input::Fetched { ask, seat, guest } => self.fetched(ask, seat, guest, &mut out),
            Input::FetchedRinging { ask, seat, to, rings } => self.fetched_ringing(ask, seat, to, rings, &mut out),
            Input::NotFetched { ask, why } => self.not_fetched(ask, why, &mut out),
            Input::Replaced { by, seat, guest } => {
                let from = self.member(by).map(|member| member.guest.name.clone()).unwrap_or_default();
                self.sit(seat, guest.clone());
                self.let_go(by, &mut out);
                out.push(Output::News(moved(from, &guest, How::Attended)));
            }
            Input::Joined { seat, guest } => {
                let name = guest.name.clone();
                self.sit(seat, guest);
                out.push(Output::News(News::Joined(name)));
            }
            Input::PickedUp { seat, guest } => self.picked_up(seat, guest, &mut out),
            Input::Supervises { seat, guest, how } => self.supervises(seat, guest, how, &mut out),
            Input::Left(seat) => self.left(seat, &mut out),
            Input::SlotTimedOut => self.slot_timed_out(&mut out),
            Input::Given(seat) => {
                // Whoever was fetched sits in another call now; the other one asked for that and goes.
                self.members.retain(|member| member.seat != seat);
                out.push(Output::News(News::Gone));
                self.end(&mut out);
            }
        }
        if self.over {
            self.release_supervisors(&mut out);
        }
        out
    }

    fn release_supervisors(&mut self, out: &mut Vec<Output>) {
        for Supervisor { seat, guest, .. } in self.supervisors.drain(..) {
            out.push(Output::News(News::Supervised(guest.name, Supervision::Over)));
            out.push(Output::LetGo(seat));
        }
    }

    fn held(&mut self, seat: Seat, on: bool, out: &mut Vec<Output>) {
        let Some(member) = self.members.iter_mut().find(|member| member.seat == seat) else { return };
        if std::mem::replace(&mut member.held, on) != on {
            let name = member.guest.name.clone();
            out.push(Output::News(if on { News::Held(name) } else { News::Resumed(name) }));
        }
    }

    /// Who asks, if they may; or why not.
    fn may_ask(&self, by: Seat) -> Result<String, &'static str> {
        let member = self.member(by).ok_or("gone")?;
        match (member.guest.is_phone, &self.change) {
            // Somebody outside who could have us call numbers would do so at our cost.
            (false, _) => Err("forbidden"),
            (true, Some(_)) => Err("busy"),
            (true, None) => Ok(member.guest.name.clone()),
        }
    }

    fn asked(&mut self, by: Seat, ask: Ask, to: Destination, out: &mut Vec<Output>) {
        let failed = |why| Output::Tell(ask, TransferNews::Failed(why));
        let from = match self.may_ask(by) {
            Ok(from) => from,
            Err(why) => return out.push(failed(why)),
        };
        match to {
            Destination::Extension(_) | Destination::Outside(_) => {
                let seat = self.new_seat();
                out.push(Output::Tell(ask, TransferNews::Accepted));
                out.push(Output::News(News::Ringing(to.name())));
                out.push(Output::Dial { seat, to: to.clone(), source: from.clone() });
                self.change = Some(Change::Calling { seat, by, from, ask, to, how: How::Blind, way: Way::Begun });
            }
            // Only a caller has somewhere to go back to, and only when no third party would be left over.
            Destination::Queue(_) | Destination::Flow if self.served && self.members.len() == 2 => {
                out.push(Output::Tell(ask, TransferNews::Done));
                self.goes_to(by, from, How::Blind, to, out);
            }
            Destination::Queue(_) | Destination::Flow => out.push(failed("forbidden")),
            Destination::Nowhere(_) | Destination::Slot(_) | Destination::Park => {
                out.push(failed("not_found"));
                let reason = "not_found".to_owned();
                out.push(Output::News(News::TransferFailed { from, to: to.shown(), reason }));
            }
        }
    }

    /// The caller goes to a queue or the flow, and whoever wanted that is let go.
    fn goes_to(&mut self, by: Seat, from: String, how: How, to: Destination, out: &mut Vec<Output>) {
        self.let_go(by, out);
        let shown = to.shown();
        out.push(Output::News(News::Moved { from, to: to.name(), shown, how, talks: false }));
        self.over = true;
        out.push(match to {
            Destination::Queue(queue) => Output::Seek(Some(queue)),
            _ => Output::ToFlow,
        });
    }

    fn asked_to_park(&mut self, by: Seat, ask: Ask, slot: Option<u32>, out: &mut Vec<Output>) {
        let refused = match (self.may_ask(by), slot) {
            (Ok(_), Some(_)) if self.members.len() > 2 => "forbidden",
            (Ok(from), Some(slot)) => {
                out.push(Output::Tell(ask, TransferNews::Parked(slot)));
                self.let_go(by, out);
                out.push(Output::News(News::Parked { from: from.clone(), slot }));
                self.change = Some(Change::Parked { slot, from });
                return;
            }
            (Ok(_), None) => "busy",
            (Err(why), _) => why,
        };
        out.push(Output::Tell(ask, TransferNews::Failed(refused)));
        out.extend(slot.map(Output::FreeSlot));
    }

    fn ringing(&mut self, at: Seat, out: &mut Vec<Output>) {
        // What a carrier plays is more than that it rings.
        if let Some(Change::Calling { seat, ask, way: way @ Way::Begun, .. }) = &mut self.change
            && *seat == at
        {
            *way = Way::Rings;
            out.push(Output::Tell(*ask, TransferNews::Ringing));
        }
    }

    fn sounding(&mut self, at: Seat, out: &mut Vec<Output>) {
        if let Some(Change::Calling { seat, ask, way, .. }) = &mut self.change
            && *seat == at
            && std::mem::replace(way, Way::Sounds) == Way::Begun
        {
            out.push(Output::Tell(*ask, TransferNews::Ringing));
        }
    }

    /// Whether somebody is called for this seat.
    fn calls(&self, at: Seat) -> bool {
        matches!(self.change, Some(Change::Calling { seat, .. } | Change::Returning { seat, .. }) if seat == at)
    }

    fn forwarded(&mut self, at: Seat, other: Destination) {
        if let Some(Change::Calling { seat, to, .. } | Change::Returning { seat, to, .. }) = &mut self.change
            && *seat == at
        {
            *to = other;
        }
    }

    fn sent_to(&mut self, at: Seat, place: Destination, out: &mut Vec<Output>) {
        let others = |change: &Change| match change {
            Change::Calling { by, .. } => self.members.iter().filter(|member| member.seat != *by).count(),
            _ => self.members.len(),
        };
        let alone = self.served && self.calls(at) && self.change.as_ref().is_some_and(|change| others(change) == 1);
        if !alone {
            let reason = format!("redirected to {}, which takes callers from outside only", place.name());
            return self.not_answered(at, "redirected", reason, out);
        }
        match self.change.take() {
            Some(Change::Calling { by, from, ask, how, .. }) => {
                out.push(Output::Tell(ask, TransferNews::Done));
                self.goes_to(by, from, how, place, out);
            }
            // Nobody sits with the caller.
            Some(Change::Returning { seat, from, .. }) => self.goes_to(seat, from, How::Blind, place, out),
            other => self.change = other,
        }
    }

    fn answered(&mut self, at: Seat, out: &mut Vec<Output>) {
        match self.change.take() {
            Some(Change::Calling { seat, by, from, ask, to, how, .. }) if seat == at => {
                self.sit(seat, Guest::at(&to));
                out.push(Output::Tell(ask, TransferNews::Done));
                self.let_go(by, out);
                let shown = to.shown();
                out.push(Output::News(News::Moved { from, to: to.name(), shown, how, talks: true }));
            }
            Some(Change::Returning { seat, to, .. }) if seat == at => {
                self.sit(seat, Guest::at(&to));
                out.push(Output::News(News::Retrieved(to.name())));
            }
            other => {
                self.change = other;
                out.push(Output::LetGo(at));
            }
        }
    }

    fn not_answered(&mut self, at: Seat, why: &'static str, reason: String, out: &mut Vec<Output>) {
        match self.change.take() {
            Some(Change::Calling { seat, from, ask, to, .. }) if seat == at => {
                out.push(Output::Tell(ask, TransferNews::Failed(why)));
                out.push(Output::News(News::TransferFailed { from: from.clone(), to: to.shown(), reason }));
                self.failed(&from, out);
            }
            Some(Change::Returning { seat, from, .. }) if seat == at => {
                out.push(Output::News(News::Missed { name: from.clone(), reason }));
                self.failed(&from, out);
            }
            other => self.change = other,
        }
    }

    fn fetched(&mut self, ask: Ask, seat: Seat, guest: Guest, out: &mut Vec<Output>) {
        match self.change.take() {
            Some(Change::Fetching { by, from, ask: known, .. }) if known == ask => {
                self.sit(seat, guest.clone());
                out.push(Output::Tell(ask, TransferNews::Done));
                self.let_go(by, out);
                out.push(Output::News(moved(from, &guest, How::Attended)));
            }
            other => {
                self.change = other;
                out.push(Output::LetGo(seat));
            }
        }
    }

    fn fetched_ringing(&mut self, at: Ask, seat: Seat, to: Destination, rings: bool, out: &mut Vec<Output>) {
        match self.change.take() {
            Some(Change::Fetching { by, from, ask, .. }) if ask == at => {
                out.push(Output::News(News::Ringing(to.name())));
                self.change = Some(Change::Calling { seat, by, from, ask, to, how: How::Attended, way: Way::Begun });
                if rings {
                    self.ringing(seat, out);
                }
            }
            other => {
                self.change = other;
                out.push(Output::GiveUp(seat));
            }
        }
    }

    fn not_fetched(&mut self, at: Ask, why: &'static str, out: &mut Vec<Output>) {
        match self.change.take() {
            Some(Change::Fetching { from, ask, to, .. }) if ask == at => {
                out.push(Output::Tell(ask, TransferNews::Failed(why)));
                out.push(Output::News(News::TransferFailed { from: from.clone(), to, reason: why.into() }));
                self.failed(&from, out);
            }
            other => self.change = other,
        }
    }

    fn picked_up(&mut self, seat: Seat, guest: Guest, out: &mut Vec<Output>) {
        let name = guest.name.clone();
        match self.change.take() {
            Some(Change::Parked { slot, .. }) => {
                out.push(Output::FreeSlot(slot));
                self.sit(seat, guest);
                out.push(Output::News(News::Retrieved(name)));
            }
            other => {
                self.change = other;
                out.push(Output::LetGo(seat));
            }
        }
    }

    fn slot_timed_out(&mut self, out: &mut Vec<Output>) {
        match self.change.take() {
            Some(Change::Parked { slot, from }) => {
                let seat = self.new_seat();
                let to = Destination::Extension(from.clone());
                out.push(Output::FreeSlot(slot));
                out.push(Output::News(News::Ringing(from.clone())));
                out.push(Output::Dial { seat, to: to.clone(), source: from.clone() });
                self.change = Some(Change::Returning { seat, from, to });
            }
            other => self.change = other,
        }
    }

    fn supervises(&mut self, seat: Seat, guest: Guest, how: Supervision, out: &mut Vec<Output>) {
        let name = guest.name.clone();
        self.supervisors.retain(|one| one.seat != seat);
        out.push(Output::News(News::Supervised(name, how)));
        match how {
            Supervision::Listen | Supervision::Whisper | Supervision::Barge => {
                self.supervisors.push(Supervisor { seat, guest, how });
            }
            Supervision::Over => out.push(Output::LetGo(seat)),
            Supervision::TakeOver => {
                // What somebody has begun who is not in the call any more comes to nothing.
                let parked = matches!(self.change, Some(Change::Parked { .. }));
                self.give_up_change(out);
                let mut phones = self.members.iter().filter(|one| one.guest.is_phone).map(|one| one.seat);
                // Of two phones the one that was called is relieved.
                let relieved: Vec<Seat> =
                    if self.served { phones.collect() } else { phones.next_back().into_iter().collect() };
                let from = relieved.first().and_then(|seat| self.guest(*seat)).map(|agent| agent.name.clone());
                self.sit(seat, guest.clone());
                relieved.into_iter().for_each(|agent| self.let_go(agent, out));
                out.push(Output::News(match from {
                    Some(from) => moved(from, &guest, How::Attended),
                    None if parked => News::Retrieved(guest.name),
                    None => News::Joined(guest.name),
                }));
            }
        }
    }

    fn left(&mut self, seat: Seat, out: &mut Vec<Output>) {
        if let Some(place) = self.supervisors.iter().position(|one| one.seat == seat) {
            let name = self.supervisors.remove(place).guest.name;
            return out.push(Output::News(News::Supervised(name, Supervision::Over)));
        }
        let Some(place) = self.members.iter().position(|member| member.seat == seat) else { return };
        let name = self.members.remove(place).guest.name;
        if seat == CALLER {
            self.served = false;
            // What colleagues say to each other afterwards is theirs.
            self.release_supervisors(out);
        }
        // Whoever asked for a change need not wait for it; the others do.
        let by = match &self.change {
            Some(Change::Calling { by, .. } | Change::Fetching { by, .. }) => Some(*by),
            _ => None,
        };
        let waiting = self.members.iter().filter(|member| Some(member.seat) != by).count();
        match self.change.is_some() {
            true if waiting == 0 => self.end(out),
            true => {}
            false if self.members.len() >= 2 => out.push(Output::News(News::Left(name))),
            false => self.settle(&name, out),
        }
    }

    /// A change came to nothing: if whoever asked for it is gone, the caller still needs somebody.
    fn failed(&mut self, from: &str, out: &mut Vec<Output>) {
        match self.caller_is_alone() {
            true => {
                self.over = true;
                out.push(Output::Seek(None));
            }
            false if self.members.len() < 2 => self.dissolve(from, out),
            false => {}
        }
    }

    /// Somebody left and one at most remains.
    fn settle(&mut self, gone: &str, out: &mut Vec<Output>) {
        match self.caller_is_alone() {
            true => {
                self.over = true;
                out.push(Output::Parted(gone.to_owned()));
            }
            false => self.dissolve(gone, out),
        }
    }

    fn caller_is_alone(&self) -> bool {
        self.served && matches!(&self.members[..], [only] if only.seat == CALLER)
    }

    fn dissolve(&mut self, gone: &str, out: &mut Vec<Output>) {
        out.push(Output::News(News::Left(gone.to_owned())));
        self.end(out);
    }

    fn end(&mut self, out: &mut Vec<Output>) {
        self.give_up_change(out);
        out.extend(
            self.members
                .drain(..)
                .filter(|member| member.seat != CALLER || !self.served)
                .map(|m| Output::LetGo(m.seat)),
        );
        self.over = true;
    }

    fn give_up_change(&mut self, out: &mut Vec<Output>) {
        match self.change.take() {
            Some(Change::Calling { seat, ask, .. }) => {
                out.push(Output::GiveUp(seat));
                out.push(Output::Tell(ask, TransferNews::Failed("gone")));
            }
            Some(Change::Fetching { ask, .. }) => out.push(Output::Tell(ask, TransferNews::Failed("gone"))),
            Some(Change::Parked { slot, .. }) => out.push(Output::FreeSlot(slot)),
            Some(Change::Returning { seat, .. }) => out.push(Output::GiveUp(seat)),
            None => {}
        }
    }

    fn sit(&mut self, seat: Seat, guest: Guest) {
        self.members.push(Member { seat, guest, held: false });
    }

    fn let_go(&mut self, seat: Seat, out: &mut Vec<Output>) {
        if let Some(place) = self.members.iter().position(|member| member.seat == seat) {
            self.members.remove(place);
            out.push(Output::LetGo(seat));
        }
    }
}

fn moved(from: String, guest: &Guest, how: How) -> News {
    let shown = Personal::new(guest.name.as_str());
    News::Moved { from, to: guest.name.clone(), shown, how, talks: true }
}
