//! Agents: the one [`Machine`] of this node with a clock and listeners. A caller is in a queue for as long as somebody holds an
//! [`InQueue`], an agent is busy for as long as somebody holds their [`Reservation`]; both are values, so whatever fails on the way frees
//! the one and takes out the other.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::sync::{Notify, broadcast, mpsc};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::event::{CallId, Timestamp, Why};
use crate::queue::{
    AgentStanding, Decision, Entry, Event, Floor, Left, Machine, Missed, Preference, Presence, Profile, Queue,
    Standing, WaitingStanding,
};

/// How often it is looked whose phones are registered.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// News that a listener may lag behind before it looks at everything again.
const NEWS_ROOM: usize = 1_024;

/// All agents and queues of this node. Clones are handles of the same.
#[derive(Clone)]
pub struct Agents(Arc<Shared>);

struct Shared {
    /// A std mutex, held for one step of the machine.
    inner: Mutex<Inner>,
    /// The wall clock at the start; from there it is counted, so that nobody who sets the clock lets anybody wait.
    started: (Instant, Timestamp),
    /// The deadline may have come nearer.
    wake: Notify,
    news: broadcast::Sender<News>,
}

struct Inner {
    machine: Machine,
    /// Those who hold a place, and are told what becomes of it.
    places: HashMap<CallId, mpsc::UnboundedSender<Decision>>,
    /// What each agent's last offer was decided from.
    whys: BTreeMap<String, (CallId, Why)>,
}

/// What listeners are told.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// This agent does something else, or will.
    Agent(String),
    /// Somebody waits, waits elsewhere, or waits no more; or a queue is another.
    Queues,
    /// An agent's phone rings for a call of a queue.
    Offered {
        /// The agent.
        agent: String,
        /// The call.
        call: CallId,
        /// The queue.
        queue: String,
        /// When it stops.
        until: Timestamp,
        /// How it came to that.
        why: Box<Why>,
    },
    /// It rings no more.
    Withdrawn {
        /// The agent.
        agent: String,
        /// The call.
        call: CallId,
    },
}

/// A caller is in a queue for as long as this is held.
pub struct InQueue {
    call: CallId,
    shared: Arc<Shared>,
    decisions: mpsc::UnboundedReceiver<Decision>,
}

/// One agent, busy with one call.
pub struct Reservation {
    agent: String,
    call: CallId,
    shared: Arc<Shared>,
}

impl Agents {
    /// Nobody yet, and queues as they usually are.
    pub fn new() -> Self {
        Self::with(Queue::named(""), TimeZone::UTC)
    }

    /// Nobody yet. `usual` is what queues have that are named but not defined; opening hours and days are those of `zone`.
    pub fn with(usual: Queue, zone: TimeZone) -> Self {
        let machine = Machine::new(usual, zone);
        Self(Arc::new(Shared {
            inner: Mutex::new(Inner { machine, places: HashMap::new(), whys: BTreeMap::new() }),
            started: (Instant::now(), jiff::Timestamp::now().as_millisecond()),
            wake: Notify::new(),
            news: broadcast::Sender::new(NEWS_ROOM),
        }))
    }

    /// Now, as the machine counts.
    pub fn now(&self) -> Timestamp {
        self.0.now()
    }

    /// Has time pass: phones stop ringing, callers are told how they stand. `reachable` says whose phones are registered.
    pub async fn keep_time(self, reachable: impl Fn() -> BTreeSet<String> + Send, stopped: CancellationToken) {
        loop {
            self.0.on(Event::Phones(reachable()));
            let deadline = self.0.inner().machine.deadline();
            let wait = deadline.map_or(LOOK_AGAIN, |at| {
                Duration::from_millis(at.saturating_sub(self.now()).max(0).unsigned_abs()).min(LOOK_AGAIN)
            });
            tokio::select! {
                () = sleep(wait) => {}
                () = self.0.wake.notified() => {}
                () = stopped.cancelled() => return,
            }
        }
    }

    /// Tells what changes.
    pub fn watch(&self) -> broadcast::Receiver<News> {
        self.0.news.subscribe()
    }

    /// Makes an agent known who is free from now on; one who is known already keeps their presence.
    pub fn add(&self, agent: &str) {
        self.restore(agent, Presence::Available, self.now());
    }

    /// Makes an agent known who was so before.
    pub fn restore(&self, agent: &str, presence: Presence, since: Timestamp) {
        self.0.on(Event::Hired(agent.to_owned(), presence, since));
    }

    /// What somebody can do from now on.
    pub fn set_profile(&self, agent: &str, profile: Profile) {
        self.0.on(Event::Knows(agent.to_owned(), profile));
    }

    /// The queues there are from now on.
    pub fn define(&self, queues: Vec<Queue>) {
        self.0.on(Event::Queues(queues));
    }

    /// A queue as it counts, whether defined or only named.
    pub fn queue(&self, id: &str) -> Queue {
        self.0.inner().machine.queue(id)
    }

    /// A caller begins to wait.
    pub fn enter(&self, call: CallId, entry: Entry, reachable: BTreeSet<String>) -> InQueue {
        // Phones that have come since it was last looked can be rung at once.
        self.0.on(Event::Phones(reachable));
        let (teller, decisions) = mpsc::unbounded_channel();
        self.0.inner().places.insert(call, teller);
        self.0.on(Event::Enter(call, entry));
        InQueue { call, shared: self.0.clone(), decisions }
    }

    /// Says why a caller leaves their queue, before they do.
    pub fn leaves(&self, call: CallId, how: Left) {
        self.0.on(Event::Leave(call, how));
    }

    /// Reserves one agent, who is called by name or makes a call; nothing if they are busy, in which case their phone decides.
    pub fn take(&self, call: CallId, agent: &str) -> Option<Reservation> {
        let mut inner = self.0.inner();
        let decisions = inner.machine.on(Event::Took(call, agent.to_owned()), self.now());
        let is_theirs = decisions.iter().any(|decision| matches!(decision, Decision::Changed(name) if name == agent))
            && inner.machine.state(agent).is_some_and(|state| state.call() == Some(call));
        self.0.tell(&mut inner, decisions);
        is_theirs.then(|| Reservation { agent: agent.to_owned(), call, shared: self.0.clone() })
    }

    /// What somebody wants to be: at once, or when their call is over. Nothing where nobody has that extension.
    pub fn wants(&self, agent: &str, presence: Presence) -> Option<AgentStanding> {
        self.0.on(Event::Wants(agent.to_owned(), presence));
        self.agent(agent)
    }

    /// Somebody has finished their work on a call.
    pub fn wrapped_up(&self, agent: &str) -> Option<AgentStanding> {
        self.0.on(Event::WrappedUp(agent.to_owned()));
        self.agent(agent)
    }

    /// Somebody who waits goes to another queue.
    pub fn move_to(&self, call: CallId, queue: &str) -> Option<WaitingStanding> {
        self.0.on(Event::Move(call, queue.to_owned()));
        self.waiting(call)
    }

    /// Somebody's turn comes sooner or later.
    pub fn prefer(&self, call: CallId, preference: Preference) -> Option<WaitingStanding> {
        self.0.on(Event::Prefer(call, preference));
        self.waiting(call)
    }

    /// How busy a queue is.
    pub fn standing(&self, queue: &str, reachable: BTreeSet<String>) -> Standing {
        self.0.on(Event::Phones(reachable));
        self.0.inner().machine.standing(queue, self.now())
    }

    /// How everything stands.
    pub fn floor(&self) -> Floor {
        self.0.inner().machine.floor(self.now())
    }

    /// What an agent is doing.
    pub fn agent(&self, agent: &str) -> Option<AgentStanding> {
        self.0.inner().machine.agent_standing(agent)
    }

    /// How somebody stands who waits.
    pub fn waiting(&self, call: CallId) -> Option<WaitingStanding> {
        self.0.inner().machine.waiting_standing(call, self.now())
    }

    /// Why a call waits, or why it went to whom it went.
    pub fn why(&self, call: CallId) -> Option<Why> {
        let inner = self.0.inner();
        let offered = inner.whys.values().find(|(of, _)| *of == call).map(|(_, why)| why.clone());
        match inner.machine.waits(call) {
            true => Some(offered.unwrap_or_else(|| inner.machine.why(call, self.now()))),
            false => offered,
        }
    }
}

impl Default for Agents {
    fn default() -> Self {
        Self::new()
    }
}

impl Shared {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        let (instant, at) = self.started;
        at + Timestamp::try_from(instant.elapsed().as_millis()).unwrap_or(Timestamp::MAX / 2)
    }

    /// One step of the machine, and everybody whom it concerns is told.
    fn on(&self, event: Event) {
        let is_news = !matches!(event, Event::Phones(_) | Event::Tick);
        let mut inner = self.inner();
        let decisions = inner.machine.on(event, self.now());
        let any = !decisions.is_empty();
        self.tell(&mut inner, decisions);
        drop(inner);
        if is_news || any {
            // Nobody watching is no error.
            let _ = self.news.send(News::Queues);
        }
        if is_news {
            self.wake.notify_one();
        }
    }

    fn tell(&self, inner: &mut Inner, decisions: Vec<Decision>) {
        for decision in decisions {
            let call = match &decision {
                Decision::Changed(agent) => {
                    let _ = self.news.send(News::Agent(agent.clone()));
                    continue;
                }
                Decision::SetAway(agent, missed) => {
                    tracing::warn!(agent, missed, "an agent who did not answer is away until they come back");
                    continue;
                }
                Decision::Offer { call, agent, until, why } => {
                    inner.whys.insert(agent.clone(), (*call, why.clone()));
                    let (queue, why) = (why.queue.clone(), Box::new(why.clone()));
                    let (agent, call, until) = (agent.clone(), *call, *until);
                    let _ = self.news.send(News::Offered { agent, call, queue, until, why });
                    call
                }
                Decision::Withdraw { call, agent, .. } => {
                    inner.whys.remove(agent);
                    let _ = self.news.send(News::Withdrawn { agent: agent.clone(), call: *call });
                    *call
                }
                Decision::Connect { call, .. } | Decision::Announce(call, _) | Decision::Unserved(call, _) => *call,
                Decision::Overflowed { call, .. } => *call,
            };
            if let Some(place) = inner.places.get(&call) {
                // Whoever dropped their place leaves the queue just now.
                let _ = place.send(decision);
            }
        }
    }
}

impl InQueue {
    /// What becomes of the place next. Only decisions about this call come.
    pub async fn next(&mut self) -> Decision {
        match self.decisions.recv().await {
            Some(decision) => decision,
            // The sender lives as long as this does, unless the same call has a newer place.
            None => std::future::pending().await,
        }
    }

    /// An agent's phone was answered. They are the caller's, unless somebody else was sooner or it came too late.
    pub fn answered(&self, agent: &str) -> Option<Reservation> {
        let mut inner = self.shared.inner();
        let decisions = inner.machine.on(Event::Answered(self.call, agent.to_owned()), self.shared.now());
        let is_theirs =
            decisions.iter().any(|decision| matches!(decision, Decision::Connect { call, .. } if *call == self.call));
        self.shared.tell(&mut inner, decisions);
        drop(inner);
        let _ = self.shared.news.send(News::Queues);
        self.shared.wake.notify_one();
        is_theirs.then(|| Reservation { agent: agent.to_owned(), call: self.call, shared: self.shared.clone() })
    }

    /// An agent did not take the call.
    pub fn missed(&self, agent: &str, why: Missed) {
        self.shared.on(Event::Missed(self.call, agent.to_owned(), why));
    }
}

impl Drop for InQueue {
    fn drop(&mut self) {
        self.shared.on(Event::Leave(self.call, Left::Else));
        self.shared.inner().places.remove(&self.call);
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
        self.shared.on(Event::LegEnded(self.call, self.agent.clone()));
    }
}
