//! The journal of calls that have no caller who is served: those that phones of ours make, and what is left of a call when its caller
//! is gone. They open no tickets: nobody asked the company for anything.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::bridge::News;
use super::driver::Services;
use super::legs::Legs;
use super::now;
use super::room::{Room, RoomNews};
use crate::event::{CallId, Channel, Entry, Event, Outcome, Party, Personal, Timestamp};

/// How a call came to its end.
pub type End = (Outcome, Party, &'static str);

/// The journal of one call, which it must be [closed](Self::close) with.
pub struct Journal {
    /// The call.
    pub call: CallId,
    /// The service.
    pub services: Services,
    offered: Instant,
    offered_at: Timestamp,
    /// Since when there is sound.
    pub answered: Option<Instant>,
    seq: u32,
    /// With whom the first party talks now, and since when.
    with: Option<(String, Instant)>,
    /// The legs, for whoever looks into the call.
    pub legs: Legs,
}

impl Journal {
    /// The journal of a new call, with its offer.
    pub async fn begin(call: CallId, services: Services, channel: Channel, from: &str, to: String, legs: Legs) -> Self {
        let (offered, offered_at) = (Instant::now(), now());
        let mut journal = Self { call, services, offered, offered_at, answered: None, seq: 0, with: None, legs };
        let from = Personal::new(from);
        let first = journal.entry(Event::Offered { channel, from, to, flow: String::new() });
        journal.services.sink.begin(call, first).await;
        journal
    }

    /// Follows a room until it is over, and for as long as calls may last.
    pub async fn follow(
        &mut self,
        room: Room,
        mut heard: mpsc::Receiver<RoomNews>,
        shutdown: CancellationToken,
    ) -> End {
        let longest = tokio::time::Instant::now() + self.services.max_call;
        let running = room.run(CancellationToken::new());
        tokio::pin!(running);
        loop {
            tokio::select! {
                biased;
                Some(news) = heard.recv() => if let RoomNews::Happened(news) = news {
                    self.news(news).await;
                },
                _ = &mut running => break,
                () = shutdown.cancelled() => return (Outcome::Agent, Party::Hotline, "shutdown"),
                () = tokio::time::sleep_until(longest) => return (Outcome::Agent, Party::Hotline, "too_long"),
            }
        }
        while let Ok(news) = heard.try_recv() {
            if let RoomNews::Happened(news) = news {
                self.news(news).await;
            }
        }
        (Outcome::Agent, Party::Agent, "normal")
    }

    fn entry(&mut self, event: Event) -> Entry {
        self.seq += 1;
        let passed = self.offered.elapsed().as_millis() as i64;
        let audio_ms = self.answered.map(|answered| answered.elapsed().as_millis() as u32);
        Entry { seq: self.seq, at: self.offered_at + passed, audio_ms, event }
    }

    /// Writes down what happens now.
    pub async fn write(&mut self, event: Event) {
        let entry = self.entry(event);
        self.services.sink.write(self.call, vec![entry]).await;
    }

    /// The first party hears this one from now on.
    pub async fn bridged(&mut self, name: String) {
        self.with = Some((name.clone(), Instant::now()));
        let waited_ms = self.offered.elapsed().as_millis() as u32;
        self.write(Event::Bridged { agent: name, waited_ms }).await;
    }

    async fn unbridged(&mut self, by: Party) {
        if let Some((agent, since)) = self.with.take() {
            let talked_ms = since.elapsed().as_millis() as u32;
            self.write(Event::Unbridged { agent, by, talked_ms }).await;
        }
    }

    async fn news(&mut self, news: News) {
        match news {
            News::Ringing(agent) => self.write(Event::Ringing { agent }).await,
            News::Missed { name: agent, reason } => self.write(Event::Missed { agent, reason }).await,
            News::Redirected { from, to } => self.write(Event::Redirected { from, to }).await,
            News::Held(agent) => self.write(Event::Held { agent }).await,
            News::Resumed(agent) => self.write(Event::Resumed { agent }).await,
            News::Moved { from, to, shown, how, .. } => {
                self.unbridged(Party::Agent).await;
                self.write(Event::Transferred { from, to: shown, how }).await;
                self.bridged(to).await;
            }
            News::TransferFailed { from, to, reason } => self.write(Event::TransferFailed { from, to, reason }).await,
            News::Parked { from, slot } => {
                self.unbridged(Party::Agent).await;
                self.write(Event::Parked { slot, by: from }).await;
            }
            News::Retrieved(by) => {
                self.write(Event::Retrieved { by: by.clone() }).await;
                self.bridged(by).await;
            }
            News::Joined(agent) => self.write(Event::Joined { agent }).await,
            News::Left(agent) => self.write(Event::Parted { agent }).await,
            News::Supervised(by, how) => self.write(Event::Supervised { by, how }).await,
            News::Gone => self.unbridged(Party::Hotline).await,
        }
    }

    /// Writes how it ended, and what is known of its legs; nothing may follow.
    pub async fn close(mut self, outcome: Outcome, by: Party, cause: &str) {
        self.unbridged(by).await;
        self.write(Event::HungUp { by, cause: cause.to_owned() }).await;
        let duration_ms = self.offered.elapsed().min(Duration::from_secs(86_400 * 40)).as_millis() as u32;
        self.write(Event::Ended { outcome, duration_ms }).await;
        // A leg that went to another call goes on; what it has told until then is kept here.
        for event in self.legs.finished().await {
            self.write(event).await;
        }
        self.services.sink.close(self.call).await;
    }
}
