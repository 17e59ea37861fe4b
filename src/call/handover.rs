//! The way to an agent: rings one free agent after another, bridges the one who answers, and says what happens.

use std::collections::BTreeSet;
use std::time::Duration;

use sip::media;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::conversation::QueueNews;
use super::driver::Services;
use super::leg::Leg;
use super::legs::Legs;
use crate::agent::{Reservation, Reserve};
use crate::event::{CallId, Party};

/// How often a queue looks again for agents whose phones may have come back.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How long the bot's last words to the caller may take before a phone rings all the same.
const LAST_WORDS: Duration = Duration::from_secs(15);

/// A search for an agent, or the bridge to one.
pub struct Handover {
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl Handover {
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
pub fn begin(caller: Caller, services: Services, limit: Duration, news: mpsc::Sender<QueueNews>) -> Handover {
    let cancel = CancellationToken::new();
    let search = Search { caller, services, news };
    let task = tokio::spawn(search.run(Instant::now() + limit, cancel.clone()));
    Handover { cancel, task }
}

struct Search {
    caller: Caller,
    services: Services,
    news: mpsc::Sender<QueueNews>,
}

impl Search {
    async fn run(self, until: Instant, cancel: CancellationToken) {
        let found = tokio::select! {
            () = cancel.cancelled() => return,
            found = self.find(until) => found,
        };
        match found {
            Ok((reservation, leg)) => self.bridge(reservation, leg, cancel).await,
            Err(outcome) => self.tell(outcome).await,
        }
    }

    async fn tell(&self, news: QueueNews) {
        // The call may be over already; then nobody needs the news.
        let _ = self.news.send(news).await;
    }

    async fn find(&self, until: Instant) -> Result<(Reservation, Leg), QueueNews> {
        // Who answers is heard at once, so nobody is rung while the bot is still telling the caller about it.
        let mut speaking = self.caller.speaking.clone();
        let _ = timeout(LAST_WORDS, speaking.wait_for(|speaking| !speaking)).await;
        let mut tried = BTreeSet::new();
        let mut changes = self.services.agents.changes();
        loop {
            if Instant::now() >= until {
                return Err(QueueNews::TimedOut);
            }
            changes.mark_unchanged();
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
                    match timeout(ring, self.services.phones.ring(&agent, &self.caller.number, &self.caller.legs)).await
                    {
                        Ok(Ok(leg)) => return Ok((reservation, leg)),
                        Ok(Err(refused)) => {
                            let reason = format!("{}: {}", refused.label, refused.reason);
                            self.tell(QueueNews::Missed(agent, reason)).await;
                        }
                        Err(_) => self.tell(QueueNews::Missed(agent, "no_answer".into())).await,
                    }
                }
            }
        }
    }

    async fn bridge(&self, reservation: Reservation, mut leg: Leg, cancel: CancellationToken) {
        let agent = reservation.agent().to_owned();
        self.caller.sound.set_hold_loop(None);
        self.caller.sound.bridge(&leg.sound);
        self.tell(QueueNews::Bridged(agent.clone())).await;
        let by_agent = loop {
            tokio::select! {
                () = cancel.cancelled() => break false,
                _ = leg.control.ended() => break true,
                // Read so that the leg's events do not pile up; what matters of them is on the caller's leg.
                event = leg.events.recv() => if event.is_none() { break true },
            }
        };
        self.caller.sound.unbridge();
        if by_agent {
            self.tell(QueueNews::Parted(agent, Party::Agent)).await;
        }
        leg.control.hang_up().await;
        leg.sound.close();
        drop(reservation);
    }
}
