//! The way to an agent: rings one free agent after another, and leaves the one who answers and the caller to a [`Room`]. If that comes
//! to nothing while the caller still waits, the search begins again.

use std::collections::HashMap;
use std::time::Duration;

use futures::StreamExt;
use futures::future::{AbortHandle, Abortable};
use futures::stream::FuturesUnordered;
use intent::Language;
use sip::media;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::bridge::Guest;
use super::conversation::QueueNews;
use super::driver::Services;
use super::exchange::{Request, Visitor};
use super::leg::{Leg, Placing, Refused, Unreached};
use super::legs::Legs;
use super::plan::Destination;
use super::reach::{Calling, News, Reached, Ringing};
use super::room::{Ending, Room, RoomNews, hang_up};
use crate::event::{CallId, Party, Personal};
use crate::queue::{Decision, Entry, Missed, Strategy, Unserved, Withdrawn};

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
    /// What the caller speaks.
    pub language: Language,
    /// The caller's leg.
    pub sound: media::Leg,
    /// Whether the bot still speaks: nobody is rung before its last word.
    pub speaking: watch::Receiver<bool>,
    /// Where the agents' legs are put down.
    pub legs: Legs,
}

/// Where somebody waits for an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// In which queue.
    pub queue: String,
    /// How soon it is their turn, from 1 to 10.
    pub priority: u8,
    /// For how long at most, beside what the queue allows.
    pub limit: Duration,
    /// How long they have waited before.
    pub waited: Duration,
}

/// Begins to look for an agent.
pub fn begin(caller: Caller, services: Services, news: mpsc::Sender<QueueNews>, wait: Wait) -> Handover {
    start(caller, services, news, Begin::Seek(Sought::Agent), wait)
}

/// Begins to call one person, for as long as `home` allows; that is also where the caller waits if they are sent on to a queue.
pub fn call(
    caller: Caller,
    services: Services,
    news: mpsc::Sender<QueueNews>,
    to: Destination,
    home: Wait,
) -> Handover {
    start(caller, services, news, Begin::Seek(Sought::Person(to)), home)
}

/// Begins with an agent who has answered already.
pub fn talk(caller: Caller, services: Services, news: mpsc::Sender<QueueNews>, agent: Visitor, home: Wait) -> Handover {
    start(caller, services, news, Begin::Talk(agent), home)
}

fn start(caller: Caller, services: Services, news: mpsc::Sender<QueueNews>, begin: Begin, wait: Wait) -> Handover {
    let cancel = CancellationToken::new();
    let (legs, moves) = mpsc::channel(1);
    let sound = caller.sound.clone();
    let search = Search { caller, services, news };
    let task = tokio::spawn(search.run(wait, begin, (sound, moves), cancel.clone()));
    Handover { cancel, legs, task }
}

/// What the way begins with.
enum Begin {
    Seek(Sought),
    Talk(Visitor),
}

/// Who is looked for.
enum Sought {
    /// Whoever of the queue is free.
    Agent,
    /// This one.
    Person(Destination),
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
        mut wait: Wait,
        mut begin: Begin,
        (mut sound, mut moves): (media::Leg, mpsc::Receiver<media::Leg>),
        cancel: CancellationToken,
    ) {
        loop {
            let found = match begin {
                Begin::Talk(agent) => agent,
                Begin::Seek(sought) => {
                    let began = Instant::now();
                    let found = {
                        let finding = async {
                            match &sought {
                                Sought::Person(to) => self.reach(to, began + wait.limit).await,
                                Sought::Agent => self.find(&wait).await,
                            }
                        };
                        tokio::pin!(finding);
                        loop {
                            tokio::select! {
                                () = cancel.cancelled() => return,
                                found = &mut finding => break found,
                                Some(moved) = moves.recv() => {
                                    moved.set_hold_loop(Some(self.services.waiting_sound.clone()));
                                    sound = moved;
                                }
                            }
                        }
                    };
                    wait.waited += began.elapsed();
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
                    self.tell(QueueNews::Requeued(queue.clone())).await;
                    // Who is sent back keeps the queue, the priority, and the time that they have waited.
                    wait.queue = queue.unwrap_or(wait.queue);
                    begin = Begin::Seek(Sought::Agent);
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

    /// Waits in the queue, and rings whom it chooses.
    async fn find(&self, wait: &Wait) -> Result<Visitor, QueueNews> {
        let began = Instant::now();
        self.last_words().await;
        let (agents, queue) = (&self.services.agents, self.services.agents.queue(&wait.queue));
        let last_agent = match queue.strategy {
            Strategy::LastAgent => self.services.callers.last_agent(&Personal::new(self.caller.number.as_str())).await,
            _ => None,
        };
        self.tell(QueueNews::Keys(queue.keys)).await;
        let entry = Entry {
            since: agents.now() - (wait.waited + began.elapsed()).as_millis() as i64,
            limit_ms: Some(wait.limit.saturating_sub(began.elapsed()).as_millis() as i64),
            language: Some(self.caller.language.code().to_owned()),
            last_agent,
            ..Entry::now(wait.queue.as_str(), wait.priority, agents.now())
        };
        let mut place = agents.enter(self.caller.call, entry, self.services.phones.reachable());
        let mut ringing = FuturesUnordered::new();
        let mut bells: HashMap<String, AbortHandle> = HashMap::new();
        loop {
            tokio::select! {
                // What was decided counts before what a phone says.
                biased;
                decision = place.next() => match decision {
                    Decision::Offer { agent, why, .. } => {
                        self.tell(QueueNews::Assigned(agent.clone(), Box::new(why))).await;
                        self.tell(QueueNews::Ringing(agent.clone())).await;
                        let (bell, stop) = AbortHandle::new_pair();
                        bells.insert(agent.clone(), bell);
                        ringing.push(Abortable::new(self.ring(agent), stop));
                    }
                    Decision::Withdraw { agent, why, .. } => {
                        if let Some(bell) = bells.remove(&agent) {
                            bell.abort();
                        }
                        if why == Withdrawn::NotAnswered {
                            self.tell(QueueNews::Missed(agent, "no_answer".into())).await;
                        }
                    }
                    Decision::Announce(_, told) => self.tell(QueueNews::Announce(told)).await,
                    Decision::Overflowed { then, .. } => {
                        let now_in = agents.waiting(self.caller.call).map_or_else(|| wait.queue.clone(), |at| at.queue);
                        self.tell(QueueNews::Keys(agents.queue(&now_in).keys)).await;
                        self.tell(QueueNews::Overflowed(then)).await;
                    }
                    Decision::Unserved(_, why) => {
                        return Err(match why {
                            Unserved::TimedOut => QueueNews::TimedOut,
                            Unserved::NobodyServes => QueueNews::NoAgents,
                            Unserved::Full | Unserved::Closed => QueueNews::NotTaken(why),
                        });
                    }
                    Decision::Connect { .. } | Decision::Changed(_) | Decision::SetAway(..) => {}
                },
                Some(came) = ringing.next() => {
                    // What was given up says nothing.
                    let Ok((agent, came)) = came else { continue };
                    bells.remove(&agent);
                    match came {
                        Ok(leg) => match place.answered(&agent) {
                            Some(reservation) => {
                                let guest = Guest { name: agent, is_phone: true };
                                return Ok(Visitor { leg, guest, reservation: Some(reservation) });
                            }
                            None => hang_up(leg),
                        },
                        Err(Unreached::Refused(refused)) => {
                            let missed = match refused.label {
                                "declined" | "busy" => Missed::Declined,
                                "no_answer" => Missed::NotAnswered,
                                _ => Missed::Failed,
                            };
                            place.missed(&agent, missed);
                            let reason = format!("{}: {}", refused.label, refused.reason);
                            self.tell(QueueNews::Missed(agent, reason)).await;
                        }
                        // The caller is to reach a person who works in the queue, not the mailbox of a mobile telephone.
                        Err(Unreached::Redirected(_)) => {
                            place.missed(&agent, Missed::Declined);
                            let reason =
                                "redirected: the phone forwards its calls, which a queue does not follow".into();
                            self.tell(QueueNews::Missed(agent, reason)).await;
                        }
                    }
                }
            }
        }
    }

    /// Rings one agent's phone until it answers, refuses, or is given up.
    async fn ring(&self, agent: String) -> (String, Result<Leg, Unreached>) {
        let (shown, legs) = (self.caller.number.as_str(), &self.caller.legs);
        let placing = Placing { call: self.caller.call, shown, diverted: &[], legs, told: &|_| {} };
        let came = self.services.phones.ring(&agent, placing).await;
        (agent, came)
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
