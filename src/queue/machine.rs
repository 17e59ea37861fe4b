//! The one owner of who has which call. Events go in with the time, decisions come out; nothing here waits, rings or knows a leg. That an
//! agent's phone rings for a call is written down in one place only, in the agent's state; a call's offers are the agents who are in it.

use std::collections::{BTreeMap, BTreeSet};

use flow::hours::Hours;
use jiff::tz::TimeZone;

use super::agent::{Agent, NOT_ANSWERING, Presence, Profile, State};
use super::definition::{Need, Overflow, Queue, Strategy, WhenEmpty};
use super::tally::Tally;
use crate::event::{CallId, Candidate, Excluded, Exclusion, Timestamp, Waits, Why};

const SECOND: Timestamp = 1_000;
/// How often it is looked whether a queue is still open.
const LOOK_AT_HOURS: Timestamp = 30 * SECOND;
/// For so long is somebody called back who nobody has time for.
const DAY: Timestamp = 24 * 60 * 60 * SECOND;
/// Of those who cannot take a call so many are named.
const MOST_EXCLUDED: usize = 100;

/// Somebody who waits for an agent.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// In which queue.
    pub queue: String,
    /// How soon it is their turn, from 1 to 10; 5 is usual.
    pub priority: u8,
    /// Since when they wait: earlier than now for those who keep a place.
    pub since: Timestamp,
    /// How long they wait at most from now on, beside what the queue allows, in ms.
    pub limit_ms: Option<i64>,
    /// The code of the language that they speak.
    pub language: Option<String>,
    /// The agent they talked to last.
    pub last_agent: Option<String>,
    /// Whether they are to be called back: nobody is on the line.
    pub is_callback: bool,
}

impl Entry {
    /// A caller who comes now.
    pub fn now(queue: impl Into<String>, priority: u8, now: Timestamp) -> Self {
        let queue = queue.into();
        Self { queue, priority, since: now, limit_ms: None, language: None, last_agent: None, is_callback: false }
    }
}

/// Why an agent did not take a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    /// It rang and nobody answered.
    NotAnswered,
    /// They declined, or their phone is busy.
    Declined,
    /// The phone could not be rung.
    Failed,
}

/// What happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Somebody begins to wait.
    Enter(CallId, Entry),
    /// They do not wait any more: they hung up, or chose something else.
    Leave(CallId, Left),
    /// An agent's phone was answered.
    Answered(CallId, String),
    /// An agent did not take it.
    Missed(CallId, String, Missed),
    /// An agent's only leg in this call is gone.
    LegEnded(CallId, String),
    /// An agent makes a call, or is called by name.
    Took(CallId, String),
    /// Somebody works here from now on; one who is known keeps their state.
    Hired(String, Presence, Timestamp),
    /// What somebody can do.
    Knows(String, Profile),
    /// What somebody wants to be.
    Wants(String, Presence),
    /// An agent has finished their work on a call.
    WrappedUp(String),
    /// Whose phones are registered.
    Phones(BTreeSet<String>),
    /// The queues there are.
    Queues(Vec<Queue>),
    /// Somebody who waits is moved to another queue.
    Move(CallId, String),
    /// Somebody's turn comes sooner or later.
    Prefer(CallId, Preference),
    /// Time has passed.
    Tick,
}

/// How soon somebody's turn comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preference {
    /// By this priority, from 1 to 10.
    Priority(u8),
    /// Before everybody else.
    First,
}

/// Why somebody left a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// They hung up.
    HungUp,
    /// They are called back.
    Callback,
    /// They leave a message.
    Voicemail,
    /// For another reason, which is no fault of the queue.
    Else,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Ring this agent for this call.
    Offer {
        /// The call.
        call: CallId,
        /// The agent.
        agent: String,
        /// When the ringing stops.
        until: Timestamp,
        /// How it came to that.
        why: Why,
    },
    /// Stop ringing them.
    Withdraw {
        /// The call.
        call: CallId,
        /// The agent.
        agent: String,
        /// Why.
        why: Withdrawn,
    },
    /// The call is this agent's; it waits no more.
    Connect {
        /// The call.
        call: CallId,
        /// The agent.
        agent: String,
        /// How long it waited, in ms.
        waited_ms: i64,
    },
    /// Tell somebody how they stand.
    Announce(CallId, Announcement),
    /// Somebody goes to another queue, or to less skilled agents.
    Overflowed {
        /// The call.
        call: CallId,
        /// The queue where it was.
        from: String,
        /// What follows.
        then: Overflow,
    },
    /// Somebody waits no more, without an agent.
    Unserved(CallId, Unserved),
    /// An agent does something else now, or will when a call is over.
    Changed(String),
    /// An agent is away now, because they did not answer so many calls in a row.
    SetAway(String, u32),
}

/// Why a phone stops ringing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withdrawn {
    /// Nobody answered.
    NotAnswered,
    /// Somebody else was sooner.
    Taken,
    /// The agent went away.
    WentAway,
    /// The caller left or was moved.
    Gone,
}

/// Why somebody waits no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unserved {
    /// They waited for as long as they may.
    TimedOut,
    /// Nobody is there who could take it.
    NobodyServes,
    /// Too many wait already.
    Full,
    /// The queue is closed now.
    Closed,
}

impl Unserved {
    /// The name, as in journals.
    pub fn name(self) -> &'static str {
        match self {
            Self::TimedOut => "timeout",
            Self::NobodyServes => "no_agents",
            Self::Full => "full",
            Self::Closed => "closed",
        }
    }
}

/// What somebody who waits is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// How many times they were told something before.
    pub count: u32,
    /// Their place, from 1.
    pub place: Option<u32>,
    /// How long it will probably take, in seconds.
    pub wait_s: Option<u32>,
    /// A few words in their language, if the queue has some.
    pub comfort: Option<String>,
    /// The key to be called back.
    pub callback: Option<char>,
    /// The key to leave a message.
    pub voicemail: Option<char>,
}

/// Somebody who waits.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub entry: Entry,
    /// When they came into the queue where they are.
    pub entered: Timestamp,
    /// When they give up.
    pub until: Timestamp,
    /// What their queue asks of agents, and their language.
    pub needs: Vec<Need>,
    /// By how much levels are lowered.
    pub relaxed: u8,
    /// How many steps of the overflow are done.
    pub steps: usize,
    pub missed: BTreeMap<String, Missed>,
    pub first: bool,
    announced: u32,
    next_announcement: Option<Timestamp>,
    /// The last tier that has been asked.
    tier: u8,
    /// When it is looked whether the queue is still open.
    next_look: Timestamp,
}

/// A queue, ready to be used.
#[derive(Debug)]
pub(super) struct Line {
    pub queue: Queue,
    hours: Option<Hours>,
    pub tally: Tally,
}

/// Who has which call.
#[derive(Debug)]
pub struct Machine {
    /// What queues have of which nothing else is known.
    usual: Queue,
    zone: TimeZone,
    /// When what was counted is counted anew.
    day_ends: Timestamp,
    pub(super) lines: BTreeMap<String, Line>,
    pub(super) agents: BTreeMap<String, Agent>,
    pub(super) calls: BTreeMap<CallId, Waiting>,
}

impl Machine {
    /// Nobody and nothing yet. `usual` is what queues have that are named but not defined; opening hours are meant in `zone` where they
    /// name none.
    pub fn new(usual: Queue, zone: TimeZone) -> Self {
        Self {
            usual,
            zone,
            day_ends: Timestamp::MIN,
            lines: BTreeMap::new(),
            agents: BTreeMap::new(),
            calls: BTreeMap::new(),
        }
    }

    /// Takes what happened; answers what is to be done, in order.
    pub fn on(&mut self, event: Event, now: Timestamp) -> Vec<Decision> {
        let mut out = Vec::new();
        self.begin_day(now);
        match event {
            Event::Enter(call, entry) => self.enter(call, entry, now, &mut out),
            Event::Leave(call, left) => self.leave(call, left, now, &mut out),
            Event::Answered(call, agent) => self.answered(call, agent, now, &mut out),
            Event::Missed(call, agent, why) => self.missed(call, &agent, why, now, &mut out),
            Event::LegEnded(call, agent) => self.leg_ended(call, &agent, now, &mut out),
            Event::Took(call, agent) => self.took(call, &agent, now, &mut out),
            Event::Hired(agent, presence, since) => {
                self.agents.entry(agent.clone()).or_insert_with(|| Agent::new(presence, since));
                out.push(Decision::Changed(agent));
            }
            Event::Knows(agent, profile) => {
                if let Some(known) = self.agents.get_mut(&agent) {
                    known.profile = profile;
                    out.push(Decision::Changed(agent));
                }
            }
            Event::Wants(agent, presence) => self.wants(&agent, presence, now, &mut out),
            Event::WrappedUp(agent) => self.end_wrap_up(&agent, now, &mut out),
            Event::Phones(reachable) => {
                for (name, agent) in &mut self.agents {
                    let is = reachable.contains(name);
                    if std::mem::replace(&mut agent.reachable, is) != is {
                        out.push(Decision::Changed(name.clone()));
                    }
                }
            }
            Event::Queues(queues) => self.define(queues, now),
            Event::Move(call, queue) => self.move_to(call, queue, now, &mut out),
            Event::Prefer(call, preference) => {
                if let Some(waiting) = self.calls.get_mut(&call) {
                    match preference {
                        Preference::Priority(priority) => {
                            waiting.entry.priority = priority.clamp(1, super::definition::HIGHEST);
                            waiting.first = false;
                        }
                        Preference::First => waiting.first = true,
                    }
                }
            }
            Event::Tick => {}
        }
        self.expire(now, &mut out);
        self.overflow(now, &mut out);
        self.let_go(now, &mut out);
        self.assign(now, &mut out);
        self.announce(now, &mut out);
        out
    }

    /// When to come back with [`Event::Tick`] unless something else happens first.
    pub fn deadline(&self) -> Option<Timestamp> {
        let agents = self.agents.values().filter_map(|agent| match agent.state() {
            State::Offered { until, .. } | State::WrapUp { until, .. } => Some(*until),
            _ => None,
        });
        let calls = self.calls.iter().flat_map(|(call, waiting)| {
            let line = self.lines.get(&waiting.entry.queue);
            let step = line.and_then(|line| line.queue.overflow.get(waiting.steps));
            // Nobody is moved while a phone rings for them.
            let step = step.filter(|_| self.offered_to(*call).next().is_none());
            let step = step.map(|step| waiting.entered + Timestamp::from(step.after_s) * SECOND);
            let hours = line.and_then(|line| line.hours.as_ref()).map(|_| waiting.next_look);
            [Some(waiting.until), waiting.next_announcement, step, hours, self.next_tier(waiting)]
        });
        agents.chain(calls.flatten()).min()
    }

    /// What an agent is doing.
    pub fn state(&self, agent: &str) -> Option<&State> {
        self.agents.get(agent).map(Agent::state)
    }

    /// Whether somebody waits.
    pub fn waits(&self, call: CallId) -> bool {
        self.calls.contains_key(&call)
    }

    /// A queue as it counts: as it is defined, or with the usual settings.
    pub fn queue(&self, id: &str) -> Queue {
        self.lines.get(id).map(|line| line.queue.clone()).unwrap_or_else(|| self.usual_named(id))
    }

    /// What is counted is counted from midnight.
    fn begin_day(&mut self, now: Timestamp) {
        if now < self.day_ends {
            return;
        }
        let moment = jiff::Timestamp::from_millisecond(now).ok().map(|moment| moment.to_zoned(self.zone.clone()));
        let midnight = moment.and_then(|moment| moment.tomorrow().ok()?.start_of_day().ok());
        self.day_ends = midnight.map_or(now + DAY, |midnight| midnight.timestamp().as_millisecond()).max(now + SECOND);
        self.lines.values_mut().for_each(|line| line.tally.begin(now));
    }

    fn usual_named(&self, id: &str) -> Queue {
        Queue { id: id.to_owned(), ..self.usual.clone() }
    }

    fn line(&mut self, id: &str, now: Timestamp) -> &mut Line {
        let usual = self.usual_named(id);
        self.lines.entry(id.to_owned()).or_insert_with(|| Line { queue: usual, hours: None, tally: Tally::new(now) })
    }

    /// Takes the definitions; what was counted stays. A queue that is defined no more has the usual settings.
    fn define(&mut self, queues: Vec<Queue>, now: Timestamp) {
        let defined: BTreeSet<String> = queues.iter().map(|queue| queue.id.clone()).collect();
        for queue in queues {
            // What cannot be read was refused when it was written; whoever waits is not shut out for it.
            let hours = queue.opening().unwrap_or_default();
            let line = self.line(&queue.id, now);
            (line.queue, line.hours) = (queue, hours);
        }
        let gone: Vec<String> = self.lines.keys().filter(|id| !defined.contains(*id)).cloned().collect();
        for id in gone {
            let usual = self.usual_named(&id);
            if let Some(line) = self.lines.get_mut(&id) {
                (line.queue, line.hours) = (usual, None);
            }
        }
        let calls: Vec<CallId> = self.calls.keys().copied().collect();
        for call in calls {
            let Some(waiting) = self.calls.get(&call) else { continue };
            let needs = self.needs(&waiting.entry);
            if let Some(waiting) = self.calls.get_mut(&call) {
                waiting.needs = needs;
            }
        }
    }

    fn needs(&self, entry: &Entry) -> Vec<Need> {
        let queue = self.queue(&entry.queue);
        let mut needs = queue.needs;
        if queue.language_level > 0
            && let Some(language) = &entry.language
            && !needs.iter().any(|need| need.skill == *language)
        {
            needs.push(Need { skill: language.clone(), level: queue.language_level });
        }
        needs
    }

    fn is_open(&self, line: &Line, now: Timestamp) -> bool {
        let Some(hours) = &line.hours else { return true };
        let Ok(moment) = jiff::Timestamp::from_millisecond(now) else { return true };
        hours.at(&moment.to_zoned(self.zone.clone())).open
    }

    fn enter(&mut self, call: CallId, entry: Entry, now: Timestamp, out: &mut Vec<Decision>) {
        // Whoever comes again begins anew.
        self.withdraw_all(call, Withdrawn::Gone, now, out);
        self.calls.remove(&call);
        let length = self.calls.values().filter(|waiting| waiting.entry.queue == entry.queue).count();
        let line = self.line(&entry.queue, now);
        line.tally.offered();
        let full = line.queue.max_length.is_some_and(|most| length >= most as usize);
        let is_open = self.lines.get(&entry.queue).is_none_or(|line| self.is_open(line, now));
        // Who is called back had their place before.
        let refused = match (entry.is_callback, is_open, full) {
            (false, false, _) => Some(Unserved::Closed),
            (false, _, true) => Some(Unserved::Full),
            _ => None,
        };
        if let Some(why) = refused {
            self.line(&entry.queue, now).tally.unserved(why);
            return out.push(Decision::Unserved(call, why));
        }
        let needs = self.needs(&entry);
        let queue = self.queue(&entry.queue);
        let mut limit = Timestamp::from(queue.max_wait_s) * SECOND;
        if entry.is_callback {
            limit = DAY;
        }
        if let Some(asked) = entry.limit_ms {
            limit = limit.min(asked);
        }
        let first_s = Timestamp::from(queue.announce.first_s) * SECOND;
        self.calls.insert(
            call,
            Waiting {
                needs,
                entered: now,
                until: now + limit,
                relaxed: 0,
                steps: 0,
                missed: BTreeMap::new(),
                first: false,
                announced: 0,
                tier: 1,
                next_look: now + LOOK_AT_HOURS,
                next_announcement: (first_s > 0 && !entry.is_callback).then_some(now + first_s),
                entry,
            },
        );
    }

    fn leave(&mut self, call: CallId, left: Left, now: Timestamp, out: &mut Vec<Decision>) {
        self.withdraw_all(call, Withdrawn::Gone, now, out);
        if let Some(waiting) = self.calls.remove(&call) {
            self.line(&waiting.entry.queue, now).tally.left(left);
        }
    }

    fn move_to(&mut self, call: CallId, queue: String, now: Timestamp, out: &mut Vec<Decision>) {
        if !self.calls.contains_key(&call) {
            return;
        }
        self.withdraw_all(call, Withdrawn::Gone, now, out);
        self.line(&queue, now);
        let Some(waiting) = self.calls.get_mut(&call) else { return };
        waiting.entry.queue = queue;
        (waiting.entered, waiting.steps, waiting.relaxed, waiting.tier) = (now, 0, 0, 1);
        let entry = waiting.entry.clone();
        let needs = self.needs(&entry);
        if let Some(waiting) = self.calls.get_mut(&call) {
            waiting.needs = needs;
        }
    }

    fn answered(&mut self, call: CallId, name: String, now: Timestamp, out: &mut Vec<Decision>) {
        let Some(agent) = self.agents.get_mut(&name) else { return };
        let State::Offered { call: offered, queue, .. } = agent.state().clone() else { return };
        if offered != call {
            return;
        }
        agent.missed = 0;
        agent.enter(State::Talking { call, queue: Some(queue), since: now, next: Presence::Available }, now);
        self.withdraw_all(call, Withdrawn::Taken, now, out);
        if let Some(waiting) = self.calls.remove(&call) {
            let waited_ms = (now - waiting.entry.since).max(0);
            let within_ms = Timestamp::from(self.queue(&waiting.entry.queue).target.within_s) * SECOND;
            self.line(&waiting.entry.queue, now).tally.answered(waited_ms, within_ms);
            out.push(Decision::Connect { call, agent: name.clone(), waited_ms });
        }
        out.push(Decision::Changed(name));
    }

    fn missed(&mut self, call: CallId, name: &str, why: Missed, now: Timestamp, out: &mut Vec<Decision>) {
        let Some(agent) = self.agents.get_mut(name) else { return };
        let State::Offered { call: offered, queue, free_since, .. } = agent.state().clone() else { return };
        if offered != call {
            return;
        }
        let limit = self.lines.get(&queue).map_or(self.usual.missed_limit, |line| line.queue.missed_limit);
        if why != Missed::Declined {
            agent.missed += 1;
        }
        if why != Missed::Declined && limit > 0 && agent.missed >= limit {
            let missed = std::mem::take(&mut agent.missed);
            agent.be(Presence::Away { reason: NOT_ANSWERING.into() }, now);
            out.push(Decision::SetAway(name.to_owned(), missed));
        } else {
            agent.enter(State::Free { since: free_since }, now);
        }
        out.push(Decision::Changed(name.to_owned()));
        if let Some(waiting) = self.calls.get_mut(&call) {
            waiting.missed.insert(name.to_owned(), why);
        }
    }

    fn leg_ended(&mut self, call: CallId, name: &str, now: Timestamp, out: &mut Vec<Decision>) {
        let Some(agent) = self.agents.get_mut(name) else { return };
        let State::Talking { call: of, queue, since, next } = agent.state().clone() else { return };
        if of != call {
            return;
        }
        let wrap_up_s = queue.as_ref().and_then(|queue| self.lines.get(queue)).map_or(0, |line| line.queue.wrap_up_s);
        match queue {
            Some(queue) if wrap_up_s > 0 => {
                let until = now + Timestamp::from(wrap_up_s) * SECOND;
                agent.enter(State::WrapUp { call, queue, since: now, until, talked_ms: now - since, next }, now);
            }
            queue => {
                agent.be(next, now);
                if let Some(queue) = queue {
                    self.line(&queue, now).tally.handled(now - since);
                }
            }
        }
        out.push(Decision::Changed(name.to_owned()));
    }

    fn took(&mut self, call: CallId, name: &str, now: Timestamp, out: &mut Vec<Decision>) {
        let Some(agent) = self.agents.get_mut(name) else { return };
        let (next, handled) = match agent.state().clone() {
            State::Offered { .. } | State::Talking { .. } => return,
            State::WrapUp { queue, since, talked_ms, next, .. } => (next, Some((queue, talked_ms + now - since))),
            other => (other.presence(), None),
        };
        agent.enter(State::Talking { call, queue: None, since: now, next }, now);
        if let Some((queue, handled_ms)) = handled {
            self.line(&queue, now).tally.handled(handled_ms);
        }
        out.push(Decision::Changed(name.to_owned()));
    }

    fn wants(&mut self, name: &str, presence: Presence, now: Timestamp, out: &mut Vec<Decision>) {
        let Some(agent) = self.agents.get_mut(name) else { return };
        match agent.state().clone() {
            state if state.presence() == presence => return,
            State::Talking { call, queue, since, .. } => {
                agent.enter(State::Talking { call, queue, since, next: presence }, now);
            }
            State::WrapUp { call, queue, since, until, talked_ms, .. } => {
                agent.enter(State::WrapUp { call, queue, since, until, talked_ms, next: presence }, now);
            }
            State::Offered { call, .. } => {
                agent.be(presence, now);
                out.push(Decision::Withdraw { call, agent: name.to_owned(), why: Withdrawn::WentAway });
            }
            State::Away { .. } | State::Free { .. } => agent.be(presence, now),
        }
        agent.missed = 0;
        out.push(Decision::Changed(name.to_owned()));
    }

    fn end_wrap_up(&mut self, name: &str, now: Timestamp, out: &mut Vec<Decision>) {
        let Some(agent) = self.agents.get_mut(name) else { return };
        let State::WrapUp { queue, since, talked_ms, next, .. } = agent.state().clone() else { return };
        agent.be(next, now);
        self.line(&queue, now).tally.handled(talked_ms + now - since);
        out.push(Decision::Changed(name.to_owned()));
    }

    /// Agents whose phones rang for long enough, and whose work after a call has taken long enough.
    fn expire(&mut self, now: Timestamp, out: &mut Vec<Decision>) {
        let due = |state: &State| match state {
            State::Offered { until, .. } | State::WrapUp { until, .. } => *until <= now,
            _ => false,
        };
        let names: Vec<String> =
            self.agents.iter().filter(|(_, agent)| due(agent.state())).map(|(name, _)| name.clone()).collect();
        for name in names {
            match self.state(&name).cloned() {
                Some(State::Offered { call, .. }) => {
                    out.push(Decision::Withdraw { call, agent: name.clone(), why: Withdrawn::NotAnswered });
                    self.missed(call, &name, Missed::NotAnswered, now, out);
                }
                Some(State::WrapUp { .. }) => self.end_wrap_up(&name, now, out),
                _ => {}
            }
        }
    }

    /// Callers who have waited long enough for the next step of their queue.
    fn overflow(&mut self, now: Timestamp, out: &mut Vec<Decision>) {
        // Each step is done once, and queues that overflow into each other in a circle do so with time passing.
        let calls: Vec<CallId> = self.calls.keys().copied().collect();
        for call in calls {
            while let Some(waiting) = self.calls.get(&call) {
                if self.offered_to(call).next().is_some() {
                    break;
                }
                let from = waiting.entry.queue.clone();
                let step = self.lines.get(&from).and_then(|line| line.queue.overflow.get(waiting.steps));
                let Some(step) = step.filter(|step| waiting.entered + Timestamp::from(step.after_s) * SECOND <= now)
                else {
                    break;
                };
                let then = step.then.clone();
                let (steps, relaxed) = (waiting.steps + 1, waiting.relaxed);
                match &then {
                    Overflow::Queue { queue } => {
                        self.line(&from, now).tally.overflowed();
                        self.move_to(call, queue.clone(), now, out);
                        self.line(queue, now).tally.offered();
                    }
                    Overflow::Relax { levels } => {
                        if let Some(waiting) = self.calls.get_mut(&call) {
                            (waiting.steps, waiting.relaxed) = (steps, relaxed.saturating_add(*levels));
                        }
                    }
                }
                out.push(Decision::Overflowed { call, from, then: then.clone() });
                if matches!(then, Overflow::Queue { .. }) {
                    break;
                }
            }
        }
    }

    /// Callers for whom it is no use, or no longer allowed, to wait.
    fn let_go(&mut self, now: Timestamp, out: &mut Vec<Decision>) {
        let lets_go = |(call, waiting): (&CallId, &Waiting)| {
            let line = self.lines.get(&waiting.entry.queue)?;
            let why = if waiting.until <= now {
                Unserved::TimedOut
            } else if waiting.entry.is_callback || waiting.steps < line.queue.overflow.len() {
                return None;
            } else if line.queue.when_empty == WhenEmpty::Leave && !self.is_served(*call, waiting) {
                Unserved::NobodyServes
            } else if waiting.next_look <= now && !self.is_open(line, now) {
                Unserved::Closed
            } else {
                return None;
            };
            Some((*call, why))
        };
        let over: Vec<(CallId, Unserved)> = self.calls.iter().filter_map(lets_go).collect();
        for waiting in self.calls.values_mut().filter(|waiting| waiting.next_look <= now) {
            waiting.next_look = now + LOOK_AT_HOURS;
        }
        for (call, why) in over {
            self.withdraw_all(call, Withdrawn::Gone, now, out);
            if let Some(waiting) = self.calls.remove(&call) {
                self.line(&waiting.entry.queue, now).tally.unserved(why);
                out.push(Decision::Unserved(call, why));
            }
        }
    }

    /// Whether somebody is at work who could take the call, now or later.
    fn is_served(&self, call: CallId, waiting: &Waiting) -> bool {
        self.agents.iter().any(|(name, agent)| self.could_take(name, agent, call, waiting))
    }

    pub(super) fn could_take(&self, name: &str, agent: &Agent, call: CallId, waiting: &Waiting) -> bool {
        agent.profile.tier(&waiting.entry.queue).is_some()
            && agent.profile.lacks(&waiting.needs, waiting.relaxed).is_none()
            && !waiting.missed.contains_key(name)
            && (agent.reachable || agent.state().is_offered(call))
            && agent.state().presence() == Presence::Available
    }

    /// The tiers that are asked for a caller.
    fn open_tier(&self, waiting: &Waiting, now: Timestamp) -> u8 {
        let step = self.lines.get(&waiting.entry.queue).map_or(self.usual.tier_after_s, |line| line.queue.tier_after_s);
        let passed = (now - waiting.entered).max(0) / (Timestamp::from(step.max(1)) * SECOND);
        passed.saturating_add(1).clamp(1, Timestamp::from(u8::MAX)) as u8
    }

    /// When the next tier is asked, if there is one.
    fn next_tier(&self, waiting: &Waiting) -> Option<Timestamp> {
        let queue = &waiting.entry.queue;
        let last = self.agents.values().filter_map(|agent| agent.profile.tier(queue)).max()?;
        let step = self.lines.get(queue).map_or(self.usual.tier_after_s, |line| line.queue.tier_after_s);
        let step = Timestamp::from(step.max(1)) * SECOND;
        (waiting.tier < last).then(|| waiting.entered + Timestamp::from(waiting.tier) * step)
    }

    /// Those who wait, in the order in which it is their turn.
    pub(super) fn in_order(&self, now: Timestamp) -> Vec<CallId> {
        let mut order: Vec<(bool, f64, Timestamp, CallId)> = self
            .calls
            .iter()
            .map(|(call, waiting)| (waiting.first, self.rank(waiting, now), waiting.entry.since, *call))
            .collect();
        order.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| b.1.total_cmp(&a.1)).then_with(|| (a.2, a.3).cmp(&(b.2, b.3))));
        order.into_iter().map(|(.., call)| call).collect()
    }

    /// Priority, and what waiting adds to it.
    fn rank(&self, waiting: &Waiting, now: Timestamp) -> f64 {
        let age_s = self.lines.get(&waiting.entry.queue).map_or(self.usual.age_s, |line| line.queue.age_s).max(1);
        f64::from(waiting.entry.priority) + (now - waiting.entry.since).max(0) as f64 / 1_000.0 / f64::from(age_s)
    }

    pub(super) fn offered_to(&self, call: CallId) -> impl Iterator<Item = &String> {
        self.agents.iter().filter(move |(_, agent)| agent.state().is_offered(call)).map(|(name, _)| name)
    }

    fn assign(&mut self, now: Timestamp, out: &mut Vec<Decision>) {
        let tiers: Vec<(CallId, u8)> = self.calls.iter().map(|(call, w)| (*call, self.open_tier(w, now))).collect();
        for (call, tier) in tiers {
            if let Some(waiting) = self.calls.get_mut(&call) {
                waiting.tier = tier;
            }
        }
        let anybody = |agents: &BTreeMap<String, Agent>| {
            agents.values().any(|agent| agent.reachable && matches!(agent.state(), State::Free { .. }))
        };
        if self.calls.is_empty() || !anybody(&self.agents) {
            return;
        }
        for call in self.in_order(now) {
            let Some(waiting) = self.calls.get(&call) else { continue };
            let line = self.lines.get(&waiting.entry.queue);
            // Nobody is on the line whom several could answer at once.
            let all = !waiting.entry.is_callback && line.is_some_and(|line| line.queue.strategy == Strategy::RingAll);
            if !all && self.offered_to(call).next().is_some() {
                continue;
            }
            let ring_s = line.map_or(self.usual.ring_s, |line| line.queue.ring_s);
            let (queue, until) = (waiting.entry.queue.clone(), now + Timestamp::from(ring_s) * SECOND);
            let mut why = self.why(call, now);
            why.chosen =
                why.candidates.iter().take(if all { usize::MAX } else { 1 }).map(|c| c.agent.clone()).collect();
            why.waits = None;
            for name in why.chosen.clone() {
                let Some(agent) = self.agents.get_mut(&name) else { continue };
                let State::Free { since: free_since } = *agent.state() else { continue };
                agent.last_offer = Some(now);
                agent.enter(State::Offered { call, queue: queue.clone(), since: now, until, free_since }, now);
                out.push(Decision::Changed(name.clone()));
                out.push(Decision::Offer { call, agent: name, until, why: why.clone() });
            }
            if !anybody(&self.agents) {
                return;
            }
        }
    }

    /// What is looked at to decide who takes a call; also what is to be said while it waits.
    pub fn why(&self, call: CallId, now: Timestamp) -> Why {
        let Some(waiting) = self.calls.get(&call) else { return Why::nothing(now) };
        let queue = self.queue(&waiting.entry.queue);
        let tier = self.open_tier(waiting, now);
        let (mut candidates, mut excluded) = (Vec::new(), Vec::new());
        for (name, agent) in &self.agents {
            let Some(own) = agent.profile.tier(&queue.id) else { continue };
            match self.excludes(name, agent, waiting, (own, tier), now) {
                Some((why, detail)) => excluded.push(Excluded { agent: name.clone(), why, detail }),
                None => candidates.push(Candidate {
                    agent: name.clone(),
                    tier: own,
                    score: score(queue.strategy, name, agent, waiting, now),
                    idle_s: (now - agent.state().since()).max(0) as f64 / 1_000.0,
                }),
            }
        }
        candidates.sort_by(Candidate::order);
        let offered: Vec<String> = self.offered_to(call).cloned().collect();
        let waits = match () {
            () if !offered.is_empty() => Waits::Ringing,
            () if !candidates.is_empty() => Waits::OthersFirst,
            () if self.is_served(call, waiting) => Waits::NobodyFree,
            () => Waits::NobodyServes,
        };
        excluded.sort_by(|a, b| (a.why, &a.agent).cmp(&(b.why, &b.agent)));
        excluded.truncate(MOST_EXCLUDED);
        let strategy = queue.strategy.name().to_owned();
        Why { at: now, queue: queue.id, strategy, chosen: offered, candidates, excluded, waits: Some(waits) }
    }

    /// Why somebody cannot take a call now, if so.
    fn excludes(
        &self,
        name: &str,
        agent: &Agent,
        waiting: &Waiting,
        (own, open): (u8, u8),
        now: Timestamp,
    ) -> Option<(Exclusion, Option<String>)> {
        if let Some(missed) = waiting.missed.get(name) {
            let why = match missed {
                Missed::NotAnswered => Exclusion::NotAnswered,
                Missed::Declined => Exclusion::Declined,
                Missed::Failed => Exclusion::Failed,
            };
            return Some((why, None));
        }
        if let Some(need) = agent.profile.lacks(&waiting.needs, waiting.relaxed) {
            let wanted = need.level.saturating_sub(waiting.relaxed);
            let detail = format!("{} {} of {wanted}", need.skill, agent.profile.level(&need.skill));
            return Some((Exclusion::Skill, Some(detail)));
        }
        match agent.state() {
            State::Away { reason, .. } => return Some((Exclusion::Away, Some(reason.clone()))),
            State::Talking { .. } => return Some((Exclusion::Talking, None)),
            State::WrapUp { until, .. } => {
                return Some((Exclusion::WrapUp, Some(format!("{} s", (until - now).max(0) / SECOND))));
            }
            State::Offered { .. } => return Some((Exclusion::Ringing, None)),
            State::Free { .. } => {}
        }
        if !agent.reachable {
            return Some((Exclusion::Unreachable, None));
        }
        (own > open).then(|| (Exclusion::LaterTier, Some(format!("tier {own}"))))
    }

    fn withdraw_all(&mut self, call: CallId, why: Withdrawn, now: Timestamp, out: &mut Vec<Decision>) {
        let offered: Vec<String> = self.offered_to(call).cloned().collect();
        for name in offered {
            let Some(agent) = self.agents.get_mut(&name) else { continue };
            let State::Offered { free_since, .. } = *agent.state() else { continue };
            agent.enter(State::Free { since: free_since }, now);
            out.push(Decision::Withdraw { call, agent: name.clone(), why });
            out.push(Decision::Changed(name));
        }
    }

    fn announce(&mut self, now: Timestamp, out: &mut Vec<Decision>) {
        let due = |(call, waiting): (&CallId, &Waiting)| {
            waiting.next_announcement.is_some_and(|at| at <= now).then_some(*call)
        };
        let due: Vec<CallId> = self.calls.iter().filter_map(due).collect();
        if due.is_empty() {
            return;
        }
        for call in due {
            let (place, wait_s) = self.standing_of(call, now);
            let Some(waiting) = self.calls.get(&call) else { continue };
            let queue = self.queue(&waiting.entry.queue);
            let key = |key: &Option<String>| key.as_ref().and_then(|key| key.chars().next());
            let language = waiting.entry.language.clone().unwrap_or_default();
            let announcement = Announcement {
                count: waiting.announced,
                place: place.filter(|_| queue.announce.position),
                wait_s: wait_s.filter(|_| queue.announce.wait),
                comfort: queue.announce.comfort.get(&language).cloned(),
                callback: key(&queue.keys.callback),
                voicemail: key(&queue.keys.voicemail),
            };
            // Nobody whose call is being taken is told to wait.
            let rings = self.offered_to(call).next().is_some();
            if let Some(waiting) = self.calls.get_mut(&call) {
                waiting.next_announcement = Some(now + Timestamp::from(queue.announce.every_s.max(1)) * SECOND);
                if !rings {
                    waiting.announced += 1;
                    out.push(Decision::Announce(call, announcement));
                }
            }
        }
    }

    /// Somebody's place in their queue, from 1, and how long it will probably take, in seconds: as long as the calls before them and
    /// their own turn take those who serve them, going by the calls that were taken so far. None, as long as these are too few to say.
    pub fn standing_of(&self, call: CallId, now: Timestamp) -> (Option<u32>, Option<u32>) {
        let Some(waiting) = self.calls.get(&call) else { return (None, None) };
        let serving: Vec<(&String, &Agent)> =
            self.agents.iter().filter(|(name, agent)| self.could_take(name, agent, call, waiting)).collect();
        let (mut place, mut work_s, mut known) = (0, 0.0, true);
        let mut before = 0;
        for other in self.in_order(now) {
            let Some(ahead) = self.calls.get(&other) else { continue };
            if ahead.entry.queue == waiting.entry.queue {
                place += 1;
            }
            // Whoever is before them in another queue takes of the same agents' time, as far as these work there.
            if other == call || serving.iter().any(|(name, agent)| self.could_take(name, agent, other, ahead)) {
                match self.lines.get(&ahead.entry.queue).and_then(|line| line.tally.handling_s()) {
                    Some(seconds) => work_s += seconds,
                    None => known = false,
                }
                before += 1;
            }
            if other == call {
                break;
            }
        }
        let free = serving.iter().filter(|(_, agent)| matches!(agent.state(), State::Free { .. })).count();
        let wait_s = match serving.len() {
            0 => None,
            _ if free >= before => Some(0),
            serving if known => Some((work_s / serving as f64).round() as u32),
            _ => None,
        };
        (Some(place), wait_s)
    }
}

/// What a strategy gives somebody: the more, the sooner.
fn score(strategy: Strategy, name: &str, agent: &Agent, waiting: &Waiting, now: Timestamp) -> f64 {
    let idle_s = (now - agent.state().since()).max(0) as f64 / 1_000.0;
    match strategy {
        Strategy::LongestIdle | Strategy::RingAll => idle_s,
        Strategy::LeastOccupied => 1.0 - agent.occupancy(now),
        Strategy::RoundRobin => agent.last_offer.map_or(1e12, |at| (now - at).max(0) as f64 / 1_000.0),
        Strategy::MostSkilled => {
            // Where nothing is needed, whoever can do most is the best at it.
            let levels = |all: &mut dyn Iterator<Item = u8>| all.map(f64::from).sum();
            match waiting.needs.is_empty() {
                true => levels(&mut agent.profile.skills.values().copied()),
                false => levels(&mut waiting.needs.iter().map(|need| agent.profile.level(&need.skill))),
            }
        }
        Strategy::LastAgent => f64::from(u8::from(waiting.entry.last_agent.as_deref() == Some(name))),
    }
}
