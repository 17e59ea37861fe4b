//! Calling somebody back: they wait in the queue with the place that they have kept, without being on the line. The agent is rung first,
//! and then the one who waits, so that nobody who answers hears music. Each try in which an agent takes part is a call with a journal of its
//! own, which names the one that it continues.

use futures::future::{AbortHandle, Abortable};
use tokio_util::sync::CancellationToken;

use super::bridge::Guest;
use super::dialled;
use super::driver::Services;
use super::exchange::Visitor;
use super::journal::Journal;
use super::leg::{Leg, OnTheWay, Placing, Unreached};
use super::plan::Destination;
use super::reach::{Calling, News, Reached, Ringing};
use super::room::hang_up;
use crate::agent::InQueue;
use crate::event::{CallId, Channel, Event, Outcome, Party, Personal, Timestamp};
use crate::queue::{Decision, Entry, Missed, Withdrawn};

/// Whose allowance of calls to the outside callbacks count with.
const CALLBACK: &str = "callback";

/// Somebody who is to be called back.
#[derive(Clone, Debug)]
pub struct Back {
    /// The call in which that was arranged.
    pub continues: CallId,
    /// Their number.
    pub number: Personal,
    /// The queue in which they wait.
    pub queue: String,
    /// How soon it is their turn, from 1 to 10.
    pub priority: u8,
    /// Since when they wait.
    pub since: Timestamp,
    /// What the agent is told.
    pub brief: Personal,
}

/// What came of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Came {
    /// They talked, with this agent.
    Talked(String),
    /// An agent was there, and they were not: why.
    NotReached(String),
    /// No agent took it in time.
    NobodyThere,
    /// The service stops.
    Stopped,
}

/// Waits for an agent and calls.
pub async fn call_back(back: Back, services: Services, shutdown: CancellationToken) -> Came {
    let call = CallId::new();
    let agents = services.agents.clone();
    let entry = Entry {
        since: back.since,
        is_callback: true,
        last_agent: services.callers.last_agent(&back.number).await,
        ..Entry::now(back.queue.as_str(), back.priority, agents.now())
    };
    let (legs, _live) = services.legs.begin(call);
    let mut place = agents.enter(call, entry, services.phones.reachable());
    let mut journal: Option<Journal> = None;
    loop {
        let decision = tokio::select! {
            decision = place.next() => decision,
            () = shutdown.cancelled() => {
                close(journal, Outcome::Failed, "shutdown").await;
                return Came::Stopped;
            }
        };
        let (agent, why) = match decision {
            Decision::Offer { agent, why, .. } => (agent, why),
            Decision::Unserved(..) => {
                close(journal, Outcome::Failed, "no_answer").await;
                return Came::NobodyThere;
            }
            _ => continue,
        };
        let mut written = match journal.take() {
            Some(journal) => journal,
            None => begin(call, &back, &services, &legs).await,
        };
        written.write(Event::Assigned { agent: agent.clone(), why: Box::new(why) }).await;
        written.write(Event::Ringing { agent: agent.clone() }).await;
        let shown = back.number.reveal().to_owned();
        let placing = Placing { call, shown: &shown, diverted: &[], legs: &legs, told: &|_| {} };
        let came = ring(&mut place, &services, &agent, placing, &shutdown).await;
        let leg = match came {
            Ok(leg) => leg,
            Err(missed) => {
                if let Some((how, reason)) = missed {
                    place.missed(&agent, how);
                    written.write(Event::Missed { agent, reason }).await;
                }
                journal = Some(written);
                continue;
            }
        };
        let Some(reservation) = place.answered(&agent) else {
            hang_up(leg);
            journal = Some(written);
            continue;
        };
        leg.sound.set_hold_loop(Some(services.waiting_sound.clone()));
        let guest = Guest { name: agent.clone(), is_phone: true };
        return talk(written, &back, Visitor { leg, guest, reservation: Some(reservation) }, shutdown).await;
    }
}

async fn begin(call: CallId, back: &Back, services: &Services, legs: &super::Legs) -> Journal {
    let (number, queue) = (back.number.reveal(), back.queue.clone());
    let mut journal =
        Journal::begin(call, services.clone(), Channel::Extension, number, queue.clone(), legs.clone()).await;
    journal.write(Event::Continues { call: back.continues.to_string() }).await;
    let (brief, priority) = (back.brief.clone(), Some(back.priority));
    journal.write(Event::Queued { queue, brief, priority }).await;
    journal
}

async fn close(journal: Option<Journal>, outcome: Outcome, cause: &'static str) {
    if let Some(journal) = journal {
        journal.close(outcome, Party::Hotline, cause).await;
    }
}

/// Rings the agent until they answer; `None` in the error where the ringing was taken back for a reason of the queue's.
async fn ring(
    place: &mut InQueue,
    services: &Services,
    agent: &str,
    placing: Placing<'_>,
    shutdown: &CancellationToken,
) -> Result<Leg, Option<(Missed, String)>> {
    let (bell, stop) = AbortHandle::new_pair();
    let ringing = Abortable::new(services.phones.ring(agent, placing), stop);
    tokio::pin!(ringing);
    loop {
        tokio::select! {
            biased;
            decision = place.next() => if let Decision::Withdraw { agent: whom, why, .. } = decision
                && whom == agent
            {
                bell.abort();
                // The queue has counted it already; that is for the journal only.
                return Err((why == Withdrawn::NotAnswered).then(|| (Missed::NotAnswered, "no_answer".to_owned())));
            },
            () = shutdown.cancelled() => return Err(None),
            came = &mut ringing => return match came {
                Ok(Ok(leg)) => Ok(leg),
                Ok(Err(Unreached::Refused(refused))) => {
                    let how = if matches!(refused.label, "declined" | "busy") { Missed::Declined } else { Missed::Failed };
                    Err(Some((how, refused.missed())))
                }
                Ok(Err(Unreached::Redirected(_))) => Err(Some((Missed::Declined, "redirected".to_owned()))),
                Err(_) => Err(None),
            },
        }
    }
}

/// The agent is there: whoever waits is called, and the two talk.
async fn talk(mut journal: Journal, back: &Back, mut agent: Visitor, shutdown: CancellationToken) -> Came {
    let services = journal.services.clone();
    let name = agent.guest.name.clone();
    let to = services.plan.lead(back.number.reveal(), |name| services.phones.has(name));
    if !matches!(to, Destination::Extension(_) | Destination::Outside(_)) {
        hang_up(agent.leg);
        journal.close(Outcome::Failed, Party::Hotline, "not_found").await;
        return Came::NotReached("their number cannot be called".to_owned());
    }
    journal.write(Event::Ringing { agent: to.name() }).await;
    let from = Calling { call: journal.call, shown: name.clone(), source: CALLBACK.into(), diversions: 0 };
    let mut ringing = Ringing::begin(services.clone(), to.clone(), from, journal.legs.clone());
    let reached = loop {
        tokio::select! {
            news = ringing.next() => match news {
                News::OnTheWay(OnTheWay::Rings | OnTheWay::Sounds(_)) => {}
                News::OnTheWay(OnTheWay::Redirected { from, to }) => journal.write(Event::Redirected { from, to }).await,
                News::Over(came) => break came.into_people(),
            },
            _ = agent.leg.control.ended() => {
                journal.close(Outcome::Failed, Party::Agent, "cancelled").await;
                return Came::NotReached(format!("{name} hung up before they answered"));
            }
            () = shutdown.cancelled() => {
                hang_up(agent.leg);
                journal.close(Outcome::Failed, Party::Hotline, "shutdown").await;
                return Came::Stopped;
            }
        }
    };
    let Reached { leg, to, reservation } = match reached {
        Ok(reached) => reached,
        Err(refused) => {
            let reason = refused.missed();
            journal.write(Event::Missed { agent: to.name(), reason: reason.clone() }).await;
            hang_up(agent.leg);
            journal.close(Outcome::Failed, Party::Hotline, refused.label).await;
            return Came::NotReached(reason);
        }
    };
    // What the agent heard while it rang is no part of the talk.
    while agent.leg.events.try_recv().is_ok() {}
    agent.leg.sound.set_hold_loop(None);
    let customer = Visitor { leg, guest: Guest::at(&to), reservation };
    let (outcome, by, cause) = dialled::talk(&mut journal, customer, agent, shutdown).await;
    journal.close(outcome, by, cause).await;
    Came::Talked(name)
}
