//! The way to an agent: rings one free agent after another, and leaves the one who answers and the caller to a [`Room`]. If that comes
//! to nothing while the caller still waits, the search begins again.

use std::collections::BTreeSet;
use std::time::Duration;

use sip::media;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::bridge::Guest;
use super::conversation::QueueNews;
use super::driver::Services;
use super::exchange::{Request, Visitor};
use super::leg::{Placing, Refused, Unreached};
use super::legs::Legs;
use super::plan::Destination;
use super::reach::{Calling, News, Reached, Ringing};
use super::room::{Ending, Room, RoomNews};
use crate::agent::{Place, Reserve};
use crate::event::{CallId, Party};

/// How often a queue looks again for agents whose phones may have come back.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Whose allowance of calls to the outside the flow's transfers count with.
const FLOW: &str = "flow";

/// How long the bot's last words to the caller may take before a phone rings all the same.
const LAST_WORDS: Duration = Duration::from_secs(15);

/// A search for an agent, or the bridge to one.
pub struct Handover {
    cancel: CancellationToken,
    legs: mpsc::Sender<media::Leg>,
    task: JoinHandle<()>,
}

impl Handover {
    /// The caller speaks from another leg now.
    pub async fn caller_is_at(&self, sound: media::Leg) {
        // If nobody listens, it is over, which is told elsewhere.
        let _ = self.legs.send(sound).await;
    }

    /// Stops the search or parts the bridge, and hangs up the agent's leg.
    pub async fn end(self) {
        self.cancel.cancel();
        let _ = self.task.await;
    }
}

/// Who waits for an agent.
pub struct Caller {
    /// Which call.
    pub call: CallId,
    /// Shown on the agent's phone.
    pub number: String,
    /// The caller's leg.
    pub sound: media::Leg,
    /// Whether the bot still speaks: nobody is rung before its last word.
    pub speaking: watch::Receiver<bool>,
    /// Where the agents' legs are put down.
    pub legs: Legs,
}

/// Begins to look for an agent for at most `limit`.
pub fn begin(
    caller: Caller,
    services: Services,
    limit: Duration,
    news: mpsc::Sender<QueueNews>,
    place: Place,
) -> Handover {
    start(caller, services, limit, news, Begin::Queue(place))
}

/// Begins to call one person, for at most `limit`.
pub fn call(
    caller: Caller,
    services: Services,
    limit: Duration,
    news: mpsc::Sender<QueueNews>,
    to: Destination,
) -> Handover {
    start(caller, services, limit, news, Begin::Call(to))
}

/// Begins with an agent who has answered already.
pub fn talk(
    caller: Caller,
    services: Services,
    limit: Duration,
    news: mpsc::Sender<QueueNews>,
    agent: Visitor,
) -> Handover {
    start(caller, services, limit, news, Begin::Talk(agent))
}

fn start(caller: Caller, services: Services, limit: Duration, news: mpsc::Sender<QueueNews>, begin: Begin) -> Handover {
    let cancel = CancellationToken::new();
    let (legs, moves) = mpsc::channel(1);
    let sound = caller.sound.clone();
    let search = Search { caller, services, news };
    let task = tokio::spawn(search.run(limit, begin, (sound, moves), cancel.clone()));
    Handover { cancel, legs, task }
}

/// What the way begins with.
enum Begin {
    Queue(Place),
    Call(Destination),
    Talk(Visitor),
}

struct Search {
    caller: Caller,
    services: Services,
    news: mpsc::Sender<QueueNews>,
}

impl Search {
    /// Looks for an agent and looks after the bridge; and again, when the bridge came to nothing but the caller is still there.
    async fn run(
        self,
        limit: Duration,
        mut begin: Begin,
        (mut sound, mut moves): (media::Leg, mpsc::Receiver<media::Leg>),
        cancel: CancellationToken,
    ) {
        loop {
            // Whatever it began with, whoever is sought again may be any of the queue's.
            let found = match std::mem::replace(&mut begin, Begin::Queue(Place::default())) {
                Begin::Talk(agent) => agent,
                other => {
                    let until = Instant::now() + limit;
                    let finding = async {
                        match &other {
                            Begin::Call(to) => self.reach(to, until).await,
                            Begin::Queue(place) => self.find(place, until).await,
                            Begin::Talk(_) => Err(QueueNews::NoAgents),
                        }
                    };
                    tokio::pin!(finding);
                    let found = loop {
                        tokio::select! {
                            () = cancel.cancelled() => return,
                            found = &mut finding => break found,
                            Some(moved) = moves.recv() => {
                                moved.set_hold_loop(Some(self.services.waiting_sound.clone()));
                                sound = moved;
                            }
                        }
                    };
                    match found {
                        Ok(visitor) => {
                            self.tell(QueueNews::Bridged(visitor.guest.name.clone())).await;
                            visitor
                        }
                        Err(outcome) => return self.tell(outcome).await,
                    }
                }
            };
            match self.bridge(found, &mut sound, &mut moves, cancel.clone()).await {
                Ending::Seek(queue) => {
                    sound.set_hold_loop(Some(self.services.waiting_sound.clone()));
                    self.tell(QueueNews::Requeued(queue)).await;
                }
                Ending::ToFlow => return self.tell(QueueNews::ToFlow).await,
                Ending::Parted(name) => return self.tell(QueueNews::Parted(name, Party::Agent)).await,
                Ending::Over => return,
            }
        }
    }

    async fn tell(&self, news: QueueNews) {
        // The call may be over already; then nobody needs the news.
        let _ = self.news.send(news).await;
    }

    /// Who answers is heard at once, so nobody is rung while the bot is still telling the caller about it.
    async fn last_words(&self) {
        let mut speaking = self.caller.speaking.clone();
        let _ = timeout(LAST_WORDS, speaking.wait_for(|speaking| !speaking)).await;
    }

    /// Calls one person.
    async fn reach(&self, to: &Destination, until: Instant) -> Result<Visitor, QueueNews> {
        self.last_words().await;
        let caller = &self.caller;
        let from = Calling { call: caller.call, shown: caller.number.clone(), source: FLOW.into(), diversions: 0 };
        let mut ringing = Ringing::begin(self.services.clone(), to.clone(), from, caller.legs.clone());
        self.tell(QueueNews::Ringing(to.name())).await;
        let refused = |refused: Refused| QueueNews::Refused(refused.label, refused.reason);
        loop {
            match timeout_at(until, ringing.next()).await {
                Err(_) => return Err(QueueNews::Refused("no_answer", "it was not answered in time".into())),
                Ok(News::OnTheWay(_)) => {}
                Ok(News::Over(came)) => {
                    let Reached { leg, to, reservation } = came.into_people().map_err(refused)?;
                    return Ok(Visitor { leg, guest: Guest::at(&to), reservation });
                }
            }
        }
    }

    async fn find(&self, place: &Place, until: Instant) -> Result<Visitor, QueueNews> {
        self.last_words().await;
        let waiting = self.services.agents.wait(self.caller.call, place.clone());
        let mut tried = BTreeSet::new();
        let mut changes = self.services.agents.changes();
        loop {
            if Instant::now() >= until {
                return Err(QueueNews::TimedOut);
            }
            changes.mark_unchanged();
            waiting.tried(&tried);
            match self.services.agents.reserve(self.caller.call, &self.services.phones.reachable(), &tried) {
                Reserve::Nobody => return Err(QueueNews::NoAgents),
                Reserve::Wait => {
                    // Woken by a change of presence, or to see whether a phone has come or gone.
                    let _ = timeout_at(until.min(Instant::now() + LOOK_AGAIN), changes.changed()).await;
                }
                Reserve::Reserved(reservation) => {
                    let agent = reservation.agent().to_owned();
                    tried.insert(agent.clone());
                    self.tell(QueueNews::Ringing(agent.clone())).await;
                    let ring = self.services.ring.min(until.saturating_duration_since(Instant::now()));
                    let (shown, legs) = (self.caller.number.as_str(), &self.caller.legs);
                    let placing = Placing { call: self.caller.call, shown, diverted: &[], legs, told: &|_| {} };
                    match timeout(ring, self.services.phones.ring(&agent, placing)).await {
                        Ok(Ok(leg)) => {
                            let guest = Guest { name: agent, is_phone: true };
                            return Ok(Visitor { leg, guest, reservation: Some(reservation) });
                        }
                        Ok(Err(Unreached::Refused(refused))) => {
                            let reason = format!("{}: {}", refused.label, refused.reason);
                            self.tell(QueueNews::Missed(agent, reason)).await;
                        }
                        // The caller is to reach a person who works in the queue, not the mailbox of a mobile telephone.
                        Ok(Err(Unreached::Redirected(_))) => {
                            let reason =
                                "redirected: the phone forwards its calls, which a queue does not follow".into();
                            self.tell(QueueNews::Missed(agent, reason)).await;
                        }
                        Err(_) => self.tell(QueueNews::Missed(agent, "no_answer".into())).await,
                    }
                }
            }
        }
    }

    async fn bridge(
        &self,
        agent: Visitor,
        sound: &mut media::Leg,
        moves: &mut mpsc::Receiver<media::Leg>,
        cancel: CancellationToken,
    ) -> Ending {
        let (told, mut heard) = mpsc::channel(16);
        let caller = &self.caller;
        let about = (self.services.clone(), caller.call, caller.number.clone(), caller.legs.clone());
        let room = Room::served(about, sound.clone(), agent, told);
        let door = room.door();
        let forward = async {
            while let Some(news) = heard.recv().await {
                self.tell(match news {
                    RoomNews::Happened(news) => QueueNews::Bridge(news),
                    RoomNews::Talking(talking) => QueueNews::Talking(talking),
                })
                .await;
            }
        };
        // The room drops its end when it is over, so all of its news are heard before what follows from the ending.
        let over = async { tokio::join!(room.run(cancel), forward).0 };
        tokio::pin!(over);
        loop {
            tokio::select! {
                ending = &mut over => return ending,
                Some(moved) = moves.recv() => {
                    *sound = moved.clone();
                    let _ = door.send(Request::Caller(moved)).await;
                }
            }
        }
    }
}
