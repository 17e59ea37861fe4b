//! The hands of a [`Bridge`]: it holds the legs, does what the bridge wants, and tells it what happens. One task a bridge; ringing and
//! what other calls have to be asked run beside it and report back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::future::BoxFuture;
use sip::media::{self, Conference, LegEvent};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::bridge::{Ask, Bridge, CALLER, Guest, Input, News, Output, Seat, Sound};
use super::driver::Services;
use super::exchange::{Desk, Listed, Place, Request, TakenSlot, Visitor};
use super::leg::{Leg, Refused, Transfer, TransferNews, Wish};
use super::legs::Legs;
use super::plan::Destination;
use super::reach::{Calling, reach};
use crate::agent::Reservation;
use crate::event::{CallId, Personal};

/// What legs and tasks report and nobody has read yet.
const REPORT_ROOM: usize = 64;
/// What other calls may ask at a time.
const REQUEST_ROOM: usize = 8;
/// What an agent presses to bring the party of their other call into this one: of all that telephones can send during a call only
/// keys leave both calls as they are; whoever transfers hangs up.
const JOIN_KEYS: &str = "*3";

/// What somebody who listens to a bridge is told.
pub enum RoomNews {
    /// For the journal.
    Happened(News),
    /// Whether the first party hears a person, or music.
    Talking(bool),
}

/// Why a bridge is over.
#[derive(Debug, PartialEq, Eq)]
pub enum Ending {
    /// This one, the last who was with the caller, hung up.
    Parted(String),
    /// The caller needs an agent again, from this queue or the same as before.
    Seek(Option<String>),
    /// The caller goes to the flow.
    ToFlow,
    /// Nobody is left.
    Over,
}

/// Somebody's end of the bridge.
enum Chair {
    /// The caller, whose leg somebody else looks after.
    Caller(media::Leg),
    /// Everybody else.
    Watched(Watched),
}

struct Watched {
    sound: media::Leg,
    key: String,
    /// Dropping it ends the task, and with it the leg.
    stop: DropGuard,
    task: JoinHandle<Leg>,
    reservation: Option<Reservation>,
    listed: Option<Listed>,
}

impl Chair {
    fn sound(&self) -> &media::Leg {
        match self {
            Self::Caller(sound) => sound,
            Self::Watched(watched) => &watched.sound,
        }
    }
}

/// What legs and tasks report.
enum Report {
    Wish(Seat, Wish),
    Key(Seat, char),
    Rings(Seat),
    Dialled(Seat, Result<Leg, Refused>),
    Fetched(Ask, Option<Visitor>),
}

/// Somebody who is called.
struct Dialling {
    seat: Seat,
    task: JoinHandle<()>,
    reservation: Option<Reservation>,
}

/// 20 ms of the first party's leg, to be kept.
pub type Recorder = Box<dyn FnMut(&media::MediaFrame) + Send>;

/// The service, the call, the number that telephones show, and the call's book of legs.
pub type About = (Services, CallId, String, Legs);

/// A bridge with its legs.
pub struct Room {
    bridge: Bridge,
    services: Services,
    call: CallId,
    /// Shown on telephones that are rung.
    number: String,
    /// The call's book of legs.
    legs: Legs,
    news: mpsc::Sender<RoomNews>,
    chairs: BTreeMap<Seat, Chair>,
    arranged: Sound,
    conference: Option<Conference>,
    asks: BTreeMap<Ask, Box<dyn Transfer>>,
    /// The legs that attended transfers name.
    desks: BTreeMap<Ask, Desk>,
    last_ask: Ask,
    dialling: Option<Dialling>,
    slot: Option<TakenSlot>,
    slot_until: Option<Instant>,
    /// Keys that may be the beginning of a code.
    pressed: BTreeMap<Seat, char>,
    talking: bool,
    reports: mpsc::Receiver<Report>,
    reporter: mpsc::Sender<Report>,
    requests: mpsc::Receiver<Request>,
    door: mpsc::Sender<Request>,
    ending: Option<Ending>,
}

impl Room {
    /// A caller who is served, and the agent who answered.
    pub fn served(
        (services, call, number, legs): About,
        caller: media::Leg,
        agent: Visitor,
        news: mpsc::Sender<RoomNews>,
    ) -> Self {
        let mut room = Self::new(Bridge::served(agent.guest.clone()), (services, call, number, legs), news);
        room.chairs.insert(CALLER, Chair::Caller(caller));
        room.seat(CALLER + 1, agent, None);
        room
    }

    /// Two phones; of the first, what it says and hears goes to the recorder.
    pub fn between(
        (services, call, number, legs): About,
        [near, far]: [Visitor; 2],
        recorder: Recorder,
        news: mpsc::Sender<RoomNews>,
    ) -> Self {
        let bridge = Bridge::between(near.guest.clone(), far.guest.clone());
        let mut room = Self::new(bridge, (services, call, number, legs), news);
        room.seat(CALLER, near, Some(recorder));
        room.seat(CALLER + 1, far, None);
        room
    }

    fn new(bridge: Bridge, (services, call, number, legs): About, news: mpsc::Sender<RoomNews>) -> Self {
        let (reporter, reports) = mpsc::channel(REPORT_ROOM);
        let (door, requests) = mpsc::channel(REQUEST_ROOM);
        Self {
            bridge,
            services,
            call,
            number,
            legs,
            news,
            chairs: BTreeMap::new(),
            arranged: Sound::Nobody,
            conference: None,
            asks: BTreeMap::new(),
            desks: BTreeMap::new(),
            last_ask: 0,
            dialling: None,
            slot: None,
            slot_until: None,
            pressed: BTreeMap::new(),
            talking: true,
            reports,
            reporter,
            requests,
            door,
            ending: None,
        }
    }

    /// Looks after the bridge until it is over. When `gone` is cancelled, the caller has hung up or must: those who are left go on
    /// among themselves, if they are two at least.
    pub async fn run(mut self, gone: CancellationToken) -> Ending {
        self.list();
        self.arrange().await;
        let mut caller_is_there = true;
        loop {
            if let Some(ending) = self.ending.take() {
                self.clear().await;
                return ending;
            }
            let slot_until = self.slot_until.unwrap_or_else(|| Instant::now() + Duration::from_secs(86_400));
            tokio::select! {
                () = gone.cancelled(), if caller_is_there => {
                    caller_is_there = false;
                    self.feed(Input::Left(CALLER)).await;
                    if self.ending.is_none() {
                        self.chairs.remove(&CALLER);
                        // Nobody listens to what they do among themselves.
                        self.news = mpsc::channel(1).0;
                        tokio::spawn(self.go_on());
                        return Ending::Over;
                    }
                }
                Some(report) = self.reports.recv() => self.report(report).await,
                Some(request) = self.requests.recv() => self.request(request).await,
                () = sleep_until(slot_until) => {
                    self.slot_until = None;
                    self.feed(Input::SlotTimedOut).await;
                }
            }
        }
    }

    fn go_on(self) -> BoxFuture<'static, Ending> {
        Box::pin(self.run(CancellationToken::new()))
    }

    async fn report(&mut self, report: Report) {
        match report {
            Report::Wish(seat, Wish::Ended(_)) => {
                self.let_go(seat).await;
                self.feed(Input::Left(seat)).await;
            }
            Report::Wish(seat, Wish::Held(on)) => self.feed(Input::Held { seat, on }).await,
            Report::Wish(seat, Wish::Transfer(transfer)) => self.asked(seat, transfer).await,
            Report::Key(seat, digit) => self.key(seat, digit).await,
            Report::Rings(seat) => self.feed(Input::Ringing(seat)).await,
            Report::Dialled(seat, result) => {
                let Some(dialling) = self.dialling.take_if(|dialling| dialling.seat == seat) else { return };
                match result {
                    Ok(leg) => {
                        let guest = Guest { name: String::new(), is_phone: false };
                        let visitor = Visitor { leg, guest, reservation: dialling.reservation };
                        self.seat(seat, visitor, None);
                        self.feed(Input::Answered(seat)).await;
                    }
                    Err(refused) => {
                        let (why, reason) = (refused.label, refused.missed());
                        self.feed(Input::NotAnswered { seat, why, reason }).await;
                    }
                }
            }
            Report::Fetched(ask, Some(visitor)) => {
                let (seat, guest) = (self.bridge.new_seat(), visitor.guest.clone());
                self.seat(seat, visitor, None);
                // Those who join by keys have asked for no transfer.
                let input = match self.asks.contains_key(&ask) {
                    true => Input::Fetched { ask, seat, guest },
                    false => Input::Joined { seat, guest },
                };
                self.feed(input).await;
            }
            Report::Fetched(ask, None) => self.feed(Input::NotFetched { ask, why: "not_found" }).await,
        }
    }

    /// Somebody wants a transfer.
    async fn asked(&mut self, by: Seat, transfer: Box<dyn Transfer>) {
        self.last_ask += 1;
        let (ask, dialled, replaces) = (self.last_ask, transfer.to(), transfer.replaces());
        self.asks.insert(ask, transfer);
        let input = match replaces {
            Some(key) => return self.asked_to_join(by, ask, &key, dialled).await,
            None => match self.services.exchange.plan().lead(&dialled, |name| self.services.phones.has(name)) {
                Destination::Park => {
                    let slot = self.services.exchange.take_slot(self.door.clone());
                    let number = slot.as_ref().map(TakenSlot::number);
                    // A call that waits already keeps the slot that it has: the bridge refuses, and this one is free again.
                    if self.slot.is_none() {
                        self.slot = slot;
                        self.slot_until = number.map(|_| Instant::now() + self.services.park_return);
                    }
                    Input::AskedToPark { by, ask, slot: number }
                }
                to => Input::Asked { by, ask, to },
            },
        };
        self.feed(input).await;
    }

    /// Somebody wants the party of another call of theirs to take their place.
    async fn asked_to_join(&mut self, by: Seat, ask: Ask, key: &str, dialled: String) {
        let owner = self.bridge.guest(by).filter(|guest| guest.is_phone).map(|guest| guest.name.clone());
        let desk = owner.and_then(|owner| self.services.exchange.find(key, &owner));
        // Named the other way round: the caller who is served is in the other call, and ours goes there.
        if let (Some(desk), Some(ours)) = (desk.as_ref().filter(|desk| !desk.gives), self.bridge.gives(by)) {
            self.tell(ask, TransferNews::Accepted);
            let sent = self.send(ours, desk.clone(), Place::InsteadOf(desk.seat)).await;
            return self.tell(ask, if sent { TransferNews::Done } else { TransferNews::Failed("not_found") });
        }
        self.desks.extend(desk.map(|desk| (ask, desk)));
        self.feed(Input::AskedToJoin { by, ask, to: Personal::new(dialled) }).await;
    }

    /// Asks another call for its other party.
    fn fetch(&self, ask: Ask, desk: Option<Desk>) {
        let reporter = self.reporter.clone();
        tokio::spawn(async move {
            let visitor = match desk {
                Some(desk) => given(desk).await,
                None => None,
            };
            let _ = reporter.send(Report::Fetched(ask, visitor)).await;
        });
    }

    /// Sends one of ours to another call; this one is over then.
    async fn send(&mut self, seat: Seat, desk: Desk, place: Place) -> bool {
        let Some(visitor) = self.visitor(seat).await else { return false };
        let (reply, answer) = oneshot::channel();
        let request = Request::Take { visitor: Box::new(visitor), place, reply };
        // The other call may ask something of us meanwhile; to wait for each other helps nobody.
        let sent = desk.room.try_send(request).is_ok();
        tokio::spawn(async move {
            if let Ok(Err(back)) = answer.await {
                hang_up(back.leg);
            }
        });
        if sent {
            self.feed(Input::Given(seat)).await;
        }
        sent
    }

    /// Two keys make a code.
    async fn key(&mut self, seat: Seat, digit: char) {
        let mut keys = String::from_iter(self.pressed.insert(seat, digit));
        keys.push(digit);
        let Some(Guest { name: owner, is_phone: true }) = self.bridge.guest(seat).cloned() else { return };
        if keys != JOIN_KEYS {
            return;
        }
        let Some(Chair::Watched(watched)) = self.chairs.get(&seat) else { return };
        let Some(desk) = self.services.exchange.other(&watched.key, &owner) else { return };
        match self.bridge.gives(seat) {
            // A caller who is served never moves.
            Some(ours) => {
                self.send(ours, desk, Place::Beside).await;
            }
            None if desk.gives => {
                self.last_ask += 1;
                self.fetch(self.last_ask, Some(desk));
            }
            None => {}
        }
    }

    async fn request(&mut self, request: Request) {
        match request {
            Request::Give { seat, reply } => {
                let visitor = match self.bridge.gives(seat) {
                    Some(other) => self.visitor(other).await.map(|visitor| (other, visitor)),
                    None => None,
                };
                let (given, visitor) = visitor.unzip();
                match reply.send(visitor) {
                    Ok(()) => {
                        if let Some(given) = given {
                            self.feed(Input::Given(given)).await;
                        }
                    }
                    // Whoever asked is gone; so is what they asked for.
                    Err(visitor) => visitor.into_iter().for_each(|visitor| hang_up(visitor.leg)),
                }
            }
            Request::Take { visitor, place, reply } => {
                let (seat, guest) = (self.bridge.new_seat(), visitor.guest.clone());
                let wanted = match place {
                    Place::InsteadOf(by) => self.bridge.guest(by).is_some(),
                    Place::InSlot => self.slot.is_some(),
                    Place::Beside => !self.bridge.is_over(),
                };
                if !wanted {
                    let _ = reply.send(Err(visitor));
                    return;
                }
                let _ = reply.send(Ok(()));
                self.seat(seat, *visitor, None);
                let input = match place {
                    Place::InsteadOf(by) => Input::Replaced { by, seat, guest },
                    Place::InSlot => Input::PickedUp { seat, guest },
                    Place::Beside => Input::Joined { seat, guest },
                };
                self.feed(input).await;
            }
        }
    }

    async fn feed(&mut self, input: Input) {
        for output in self.bridge.on(input) {
            self.perform(output).await;
        }
        if self.bridge.is_over() && self.ending.is_none() {
            self.ending = Some(Ending::Over);
        }
        self.list();
        self.arrange().await;
    }

    async fn perform(&mut self, output: Output) {
        match output {
            Output::Dial { seat, to, source } => self.dial(seat, to, source),
            Output::GiveUp(seat) => {
                if let Some(dialling) = self.dialling.take_if(|dialling| dialling.seat == seat) {
                    dialling.task.abort();
                }
            }
            Output::Fetch(ask) => {
                self.tell(ask, TransferNews::Accepted);
                self.fetch(ask, self.desks.get(&ask).cloned());
            }
            Output::Tell(ask, news) => self.tell(ask, news),
            Output::LetGo(seat) => self.let_go(seat).await,
            Output::FreeSlot(slot) => {
                if self.slot.take_if(|taken| taken.number() == slot).is_some() {
                    self.slot_until = None;
                }
            }
            Output::News(news) => {
                let _ = self.news.send(RoomNews::Happened(news)).await;
            }
            Output::Seek(queue) => self.ending = Some(Ending::Seek(queue)),
            Output::ToFlow => self.ending = Some(Ending::ToFlow),
            Output::Parted(name) => self.ending = Some(Ending::Parted(name)),
        }
    }

    fn tell(&mut self, ask: Ask, news: TransferNews) {
        let last = !matches!(news, TransferNews::Accepted | TransferNews::Ringing);
        if let Some(transfer) = self.asks.get_mut(&ask) {
            transfer.tell(news);
        }
        if last {
            self.asks.remove(&ask);
            self.desks.remove(&ask);
        }
    }

    fn dial(&mut self, seat: Seat, to: Destination, source: String) {
        let (services, number, reporter) = (self.services.clone(), self.number.clone(), self.reporter.clone());
        let legs = self.legs.clone();
        let reservation = match &to {
            Destination::Extension(name) => services.agents.take(self.call, name),
            _ => None,
        };
        let task = tokio::spawn(async move {
            let rings = || {
                let _ = reporter.try_send(Report::Rings(seat));
            };
            let from = Calling { shown: &number, source: &source };
            let result = reach(&services, &to, from, &legs, &rings).await;
            // If nobody reads it any more, the leg is dropped, which hangs up.
            let _ = reporter.send(Report::Dialled(seat, result)).await;
        });
        self.dialling = Some(Dialling { seat, task, reservation });
    }

    /// Looks after a leg from now on.
    fn seat(&mut self, seat: Seat, visitor: Visitor, recorder: Option<Recorder>) {
        let Visitor { leg, reservation, .. } = visitor;
        let stop = CancellationToken::new();
        let (sound, key) = (leg.sound.clone(), leg.key.clone());
        let task = tokio::spawn(watch(seat, leg, recorder, self.reporter.clone(), stop.clone()));
        let watched = Watched { sound, key, stop: stop.drop_guard(), task, reservation, listed: None };
        self.chairs.insert(seat, Chair::Watched(watched));
    }

    /// Lets other calls of the same phones find those who came.
    fn list(&mut self) {
        let gives = !matches!(self.chairs.get(&CALLER), Some(Chair::Caller(_)));
        for (&seat, chair) in &mut self.chairs {
            if let Chair::Watched(watched) = chair
                && watched.listed.is_none()
                && let Some(Guest { name: owner, is_phone: true }) = self.bridge.guest(seat).cloned()
            {
                let desk = Desk { owner, seat, room: self.door.clone(), gives };
                watched.listed = Some(self.services.exchange.list(&watched.key, desk));
            }
        }
    }

    /// Takes somebody out of the bridge, leg and all.
    async fn visitor(&mut self, seat: Seat) -> Option<Visitor> {
        let guest = self.bridge.guest(seat)?.clone();
        let Some(Chair::Watched(watched)) = self.chairs.remove(&seat) else { return None };
        watched.sound.unbridge();
        watched.sound.set_hold_loop(Some(self.services.hold_music.clone()));
        drop(watched.stop);
        let leg = watched.task.await.ok()?;
        Some(Visitor { leg, guest, reservation: watched.reservation })
    }

    async fn let_go(&mut self, seat: Seat) {
        if let Some(Chair::Watched(watched)) = self.chairs.remove(&seat) {
            drop(watched.stop);
            if let Ok(leg) = watched.task.await {
                hang_up(leg);
            }
        }
    }

    /// Lets those hear each other who should now.
    async fn arrange(&mut self) {
        let wanted = if self.ending.is_some() { Sound::Nobody } else { self.bridge.sound() };
        if wanted != self.arranged {
            let heard = |sound: &Sound| -> BTreeSet<Seat> {
                match sound {
                    Sound::Nobody | Sound::Waits { .. } => BTreeSet::new(),
                    Sound::Pair(one, other) => [*one, *other].into(),
                    Sound::Together(all) => all.iter().copied().collect(),
                }
            };
            let before = std::mem::replace(&mut self.arranged, wanted.clone());
            for chair in heard(&before).difference(&heard(&wanted)).filter_map(|seat| self.chairs.get(seat)) {
                chair.sound().unbridge();
                chair.sound().leave();
            }
            self.apply(&wanted);
        }
        let talking = matches!(&wanted, Sound::Pair(CALLER, _) | Sound::Pair(_, CALLER))
            || matches!(&wanted, Sound::Together(all) if all.contains(&CALLER));
        if self.ending.is_none() && std::mem::replace(&mut self.talking, talking) != talking {
            let _ = self.news.send(RoomNews::Talking(talking)).await;
        }
    }

    fn apply(&mut self, wanted: &Sound) {
        match wanted {
            Sound::Nobody => {}
            Sound::Waits { seat, ringing } => {
                let sound = if *ringing { &self.services.waiting_sound } else { &self.services.hold_music };
                if let Some(chair) = self.chairs.get(seat) {
                    chair.sound().set_hold_loop(Some(sound.clone()));
                }
            }
            Sound::Pair(one, other) => {
                if let (Some(one), Some(other)) = (self.chairs.get(one), self.chairs.get(other)) {
                    [one, other].into_iter().for_each(|chair| chair.sound().set_hold_loop(None));
                    one.sound().bridge(other.sound());
                }
            }
            Sound::Together(all) => {
                let conference = self.conference.get_or_insert_with(|| self.services.clock.conference()).clone();
                for chair in all.iter().filter_map(|seat| self.chairs.get(seat)) {
                    chair.sound().set_hold_loop(None);
                    chair.sound().join(&conference);
                }
            }
        }
    }

    /// Leaves nothing behind: whoever still sits here is let go, and the caller's leg is free.
    async fn clear(&mut self) {
        if let Some(dialling) = self.dialling.take() {
            dialling.task.abort();
        }
        if let Some(Chair::Caller(sound)) = self.chairs.get(&CALLER) {
            sound.unbridge();
            sound.leave();
            sound.set_hold_loop(None);
        }
        for seat in self.chairs.keys().copied().collect::<Vec<_>>() {
            self.let_go(seat).await;
        }
    }
}

/// The other party of a call, if that call can give it.
async fn given(desk: Desk) -> Option<Visitor> {
    let (reply, answer) = oneshot::channel();
    desk.room.send(Request::Give { seat: desk.seat, reply }).await.ok()?;
    answer.await.ok().flatten()
}

/// Hangs up without waiting for the other side's word.
pub fn hang_up(mut leg: Leg) {
    leg.sound.unbridge();
    tokio::spawn(async move {
        leg.control.hang_up().await;
        leg.sound.close();
    });
}

/// Reports what happens on a leg until told to stop, and gives it back.
async fn watch(
    seat: Seat,
    mut leg: Leg,
    mut recorder: Option<Recorder>,
    reporter: mpsc::Sender<Report>,
    stop: CancellationToken,
) -> Leg {
    loop {
        let report = tokio::select! {
            biased;
            () = stop.cancelled() => return leg,
            wish = leg.control.next() => Report::Wish(seat, wish),
            event = leg.events.recv() => match event {
                Some(LegEvent::Frame(frame)) => {
                    if let Some(recorder) = &mut recorder {
                        recorder(&frame);
                    }
                    continue;
                }
                Some(LegEvent::Key { digit, .. }) => Report::Key(seat, digit),
                Some(LegEvent::Closed(_)) | None => Report::Wish(seat, Wish::Ended(super::leg::LegEnd::Failed)),
                Some(_) => continue,
            },
        };
        let ended = matches!(report, Report::Wish(_, Wish::Ended(_)));
        tokio::select! {
            () = stop.cancelled() => return leg,
            _ = reporter.send(report) => {}
        }
        if ended {
            stop.cancelled().await;
            return leg;
        }
    }
}
