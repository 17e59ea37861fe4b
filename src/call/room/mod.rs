//! The hands of a [`Bridge`]: it holds the legs, does what the bridge wants, and tells it what happens. One task a bridge; ringing and
//! what other calls have to be asked run beside it and report back. What telephones and other calls ask for is in `asks`, the legs are
//! looked after in `chairs`, and `sound` lets them hear each other.

mod asks;
mod chairs;
mod sound;

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::BoxFuture;
use sip::media::{self, Conference};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::bridge::{Ask, Bridge, CALLER, Guest, Input, News, Output, Seat, Sound};
use super::driver::Services;
use super::exchange::{Desk, Given, OpenRoom, Request, TakenSlot, Visitor};
use super::leg::{OnTheWay, Transfer, TransferNews, Wish};
use super::legs::Legs;
use super::plan::Destination;
use super::reach::{Calling, Came, News as Heard, Reached, Ringing};
use super::rest;
use crate::event::CallId;
use chairs::Chair;

pub use chairs::hang_up;

/// What legs and tasks report and nobody has read yet.
const REPORT_ROOM: usize = 64;
/// What other calls may ask at a time.
const REQUEST_ROOM: usize = 8;
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

/// What legs and tasks report.
enum Report {
    Wish(Seat, Wish),
    Key(Seat, char),
    OnTheWay(Seat, OnTheWay),
    Came(Seat, Came),
    Fetched(Ask, Option<Given>),
}

/// Somebody who is called.
struct Dialling {
    seat: Seat,
    to: Destination,
    /// What a carrier plays on the way.
    sound: Option<media::Leg>,
    /// Waits for them; dropping it gives up.
    _task: AbortOnDropHandle<()>,
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
    /// Lets supervisors find it.
    _open: OpenRoom,
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
        let open = services.exchange.open(call, door.clone());
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
            _open: open,
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

    /// Those who are left go on, in a call of their own.
    fn go_on(self) -> BoxFuture<'static, ()> {
        Box::pin(rest::run(self))
    }

    /// Makes it the room of another call, whose listener is told from now on. Returns its call so far.
    pub(super) fn becomes(&mut self, call: CallId, legs: Legs, news: mpsc::Sender<RoomNews>) -> CallId {
        (self.legs, self.news) = (legs, news);
        self._open = self.services.exchange.open(call, self.door.clone());
        // Their parties may go to other calls from now on.
        self.unlist();
        std::mem::replace(&mut self.call, call)
    }

    /// Where other calls ask this one.
    pub(super) fn door(&self) -> mpsc::Sender<Request> {
        self.door.clone()
    }

    pub(super) fn services(&self) -> &Services {
        &self.services
    }

    pub(super) fn legs(&self) -> &Legs {
        &self.legs
    }

    /// Who sits here.
    pub(super) fn guests(&self) -> Vec<Guest> {
        self.bridge.guests().map(|(_, guest)| guest.clone()).collect()
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
            Report::OnTheWay(seat, OnTheWay::Rings) => self.feed(Input::Ringing(seat)).await,
            Report::OnTheWay(seat, OnTheWay::Sounds(sound)) => {
                if let Some(dialling) = self.dialling.as_mut().filter(|dialling| dialling.seat == seat) {
                    dialling.sound = Some(sound);
                    // Another carrier may play something else than the one before.
                    if matches!(self.arranged, Sound::Announced { .. }) {
                        self.arranged = Sound::Nobody;
                    }
                    self.feed(Input::Sounding(seat)).await;
                }
            }
            Report::OnTheWay(seat, OnTheWay::Redirected { from: by, to }) => {
                self.feed(Input::Redirected { seat, by, to }).await;
            }
            Report::Came(seat, came) => self.came(seat, came).await,
            Report::Fetched(ask, given) => self.fetched(ask, given).await,
        }
    }

    async fn came(&mut self, seat: Seat, came: Came) {
        let Some(dialling) = self.dialling.take_if(|dialling| dialling.seat == seat) else { return };
        match came {
            Came::Reached(Reached { leg, to, reservation }) => {
                let guest = Guest::at(&to);
                if to != dialling.to {
                    self.feed(Input::Forwarded { seat, to }).await;
                }
                self.seat(seat, Visitor { leg, guest, reservation }, None);
                self.feed(Input::Answered(seat)).await;
            }
            Came::SentTo(to) => self.feed(Input::SentTo { seat, to }).await,
            Came::Refused(refused) => {
                let (why, reason) = (refused.label, refused.missed());
                self.feed(Input::NotAnswered { seat, why, reason }).await;
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
                self.dialling.take_if(|dialling| dialling.seat == seat);
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

    fn dial(&mut self, seat: Seat, to: Destination, source: String) {
        let from = Calling { call: self.call, shown: self.number.clone(), source, diversions: 0 };
        let ringing = Ringing::begin(self.services.clone(), to, from, self.legs.clone());
        self.wait_for(seat, ringing);
    }

    /// Waits for somebody who is called.
    fn wait_for(&mut self, seat: Seat, mut ringing: Ringing) {
        let (to, reporter) = (ringing.to.clone(), self.reporter.clone());
        let task = tokio::spawn(async move {
            loop {
                let (report, over) = match ringing.next().await {
                    Heard::OnTheWay(news) => (Report::OnTheWay(seat, news), false),
                    Heard::Over(came) => (Report::Came(seat, came), true),
                };
                // If nobody reads it any more, the leg is dropped, which hangs up.
                if reporter.send(report).await.is_err() || over {
                    return;
                }
            }
        });
        self.dialling = Some(Dialling { seat, to, sound: None, _task: AbortOnDropHandle::new(task) });
    }
}
