//! Calls that phones of ours make: to another extension, to a number outside through the trunks, or to a slot. They have journals and
//! recordings like other calls, but open no tickets: nobody asked the company for anything.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::bridge::{Guest, News};
use super::driver::Services;
use super::exchange::{Place, Request, Visitor};
use super::leg::{Incoming, Refused};
use super::legs::{Legs, Record};
use super::now;
use super::plan::Destination;
use super::reach::{Calling, reach};
use super::room::{Room, RoomNews, hang_up};
use crate::event::{CallId, Channel, Entry, Event, LegRole, Outcome, Party, Personal, Timestamp};

/// The journal of a call between phones.
struct Journal {
    call: CallId,
    services: Services,
    offered: Instant,
    offered_at: Timestamp,
    answered: Option<Instant>,
    seq: u32,
    /// With whom the phone talks now, and since when.
    with: Option<(String, Instant)>,
    /// The legs, for whoever looks into the call, and that of the phone that called.
    legs: Legs,
    record: Arc<Record>,
}

/// Takes the call of a phone from offer to outcome. Returns when the journal is closed.
pub async fn run(
    incoming: Box<dyn Incoming>,
    (extension, to): (String, Destination),
    call: CallId,
    services: Services,
    permit: OwnedSemaphorePermit,
    shutdown: CancellationToken,
) {
    let (offered, offered_at) = (Instant::now(), now());
    let (legs, _live) = services.legs.begin(call);
    let record = legs.add(LegRole::Caller, &extension, incoming.signalling());
    let mut journal = Journal { call, services, offered, offered_at, answered: None, seq: 0, with: None, legs, record };
    let offer = Event::Offered {
        channel: Channel::Extension,
        from: Personal::new(extension.as_str()),
        to: to.name(),
        flow: String::new(),
    };
    let first = journal.entry(offer);
    journal.services.sink.begin(call, first).await;
    // Ringing takes as long as people need.
    drop(permit);
    journal.write(Event::Dialled { to: to.shown() }).await;
    let (outcome, by, cause) = match to {
        Destination::Slot(slot) => pick_up(&mut journal, incoming, extension, slot).await,
        Destination::Extension(_) | Destination::Outside(_) => {
            connect(&mut journal, incoming, extension, to, shutdown).await
        }
        _ => {
            let reason = "nobody here has this number; dial an extension, or a number outside".to_owned();
            refuse(&mut journal, incoming, Refused { label: "not_found", reason }).await
        }
    };
    journal.close(outcome, by, cause).await;
}

/// How a call came to its end.
type End = (Outcome, Party, &'static str);

async fn refuse(journal: &mut Journal, incoming: Box<dyn Incoming>, refused: Refused) -> End {
    journal.write(Event::Problem { what: "dial".into(), message: refused.reason.clone() }).await;
    let label = refused.label;
    incoming.refuse(refused).await;
    (Outcome::Failed, Party::Hotline, label)
}

/// Rings whom the phone dialled, and connects the two.
async fn connect(
    journal: &mut Journal,
    incoming: Box<dyn Incoming>,
    extension: String,
    to: Destination,
    shutdown: CancellationToken,
) -> End {
    let services = journal.services.clone();
    let own = services.agents.take(journal.call, &extension);
    let theirs = match &to {
        Destination::Extension(name) => services.agents.take(journal.call, name),
        _ => None,
    };
    journal.write(Event::Ringing { agent: to.name() }).await;
    let reached = {
        let (rings, mut ringing) = mpsc::channel(1);
        let told = move || {
            let _ = rings.try_send(());
        };
        let from = Calling { shown: &extension, source: &extension };
        let reach = reach(&services, &to, from, &journal.legs, &told);
        tokio::pin!(reach);
        loop {
            tokio::select! {
                reached = &mut reach => break reached,
                Some(()) = ringing.recv() => incoming.ring().await,
                () = incoming.cancelled() => return (Outcome::Abandoned, Party::Caller, "cancelled"),
                () = shutdown.cancelled() => return (Outcome::Failed, Party::Hotline, "shutdown"),
            }
        }
    };
    let far = match reached {
        Ok(far) => far,
        Err(refused) => {
            let reason = refused.missed();
            journal.write(Event::Missed { agent: to.name(), reason }).await;
            let label = refused.label;
            // A phone that is switched off is no fault of the service (RFC 3261: 480 rather than 503).
            let off = label == "unreachable" && matches!(to, Destination::Extension(_));
            incoming.refuse(Refused { label: if off { "no_answer" } else { label }, ..refused }).await;
            return (Outcome::Failed, Party::Hotline, label);
        }
    };
    let near = match incoming.answer().await {
        Ok(near) => near,
        Err(_) => {
            hang_up(far);
            return (Outcome::Abandoned, Party::Caller, "cancelled");
        }
    };
    let is_phone = matches!(to, Destination::Extension(_));
    let far = Visitor { leg: far, guest: Guest { name: to.name(), is_phone }, reservation: theirs };
    let near = Visitor { leg: near, guest: Guest { name: extension, is_phone: true }, reservation: own };
    talk(journal, near, far, shutdown).await
}

/// The two hear each other, until whoever is left hangs up.
async fn talk(journal: &mut Journal, near: Visitor, far: Visitor, shutdown: CancellationToken) -> End {
    let services = journal.services.clone();
    let call = journal.call;
    journal.answered = Some(Instant::now());
    journal.record.sounds(near.leg.sound.observer());
    services.sink.open(call);
    journal.write(Event::Answered { codec: near.leg.codec.clone() }).await;
    journal.bridged(far.guest.name.clone()).await;
    let number = near.guest.name.clone();
    let sink = services.sink.clone();
    let recorder = Box::new(move |frame: &sip::media::MediaFrame| {
        let (said, heard) = frame.kept();
        // Why a recording stopped is told by the calls that go to people outside.
        let _ = sink.record(call, said, heard);
    });
    let longest = tokio::time::Instant::now() + services.max_call;
    let (told, mut heard) = mpsc::channel(16);
    let room = Room::between((services, call, number, journal.legs.clone()), [near, far], recorder, told);
    let running = room.run(CancellationToken::new());
    tokio::pin!(running);
    loop {
        tokio::select! {
            biased;
            Some(news) = heard.recv() => if let RoomNews::Happened(news) = news {
                journal.news(news).await;
            },
            _ = &mut running => break,
            () = shutdown.cancelled() => return (Outcome::Agent, Party::Hotline, "shutdown"),
            () = tokio::time::sleep_until(longest) => return (Outcome::Agent, Party::Hotline, "too_long"),
        }
    }
    while let Ok(news) = heard.try_recv() {
        if let RoomNews::Happened(news) = news {
            journal.news(news).await;
        }
    }
    (Outcome::Agent, Party::Agent, "normal")
}

/// Takes a parked call: the phone becomes a leg of that call, and this one is over.
async fn pick_up(journal: &mut Journal, incoming: Box<dyn Incoming>, extension: String, slot: u32) -> End {
    let services = journal.services.clone();
    let Some(room) = services.exchange.in_slot(slot) else {
        let reason = format!("no call waits at {slot}");
        return refuse(journal, incoming, Refused { label: "not_found", reason }).await;
    };
    let reservation = services.agents.take(journal.call, &extension);
    let leg = match incoming.answer().await {
        Ok(leg) => leg,
        Err(_) => return (Outcome::Abandoned, Party::Caller, "cancelled"),
    };
    journal.record.sounds(leg.sound.observer());
    journal.write(Event::Answered { codec: leg.codec.clone() }).await;
    let visitor = Box::new(Visitor { leg, guest: Guest { name: extension, is_phone: true }, reservation });
    let (reply, answer) = oneshot::channel();
    let sent = room.send(Request::Take { visitor, place: Place::InSlot, reply }).await;
    match answer.await {
        Ok(Ok(())) if sent.is_ok() => (Outcome::Agent, Party::Hotline, "moved"),
        Ok(Err(back)) => {
            hang_up(back.leg);
            (Outcome::Failed, Party::Hotline, "gone")
        }
        // It went with the call, whose leg is dropped.
        _ => (Outcome::Failed, Party::Hotline, "gone"),
    }
}

impl Journal {
    fn entry(&mut self, event: Event) -> Entry {
        self.seq += 1;
        let passed = self.offered.elapsed().as_millis() as i64;
        let audio_ms = self.answered.map(|answered| answered.elapsed().as_millis() as u32);
        Entry { seq: self.seq, at: self.offered_at + passed, audio_ms, event }
    }

    async fn write(&mut self, event: Event) {
        let entry = self.entry(event);
        self.services.sink.write(self.call, vec![entry]).await;
    }

    async fn bridged(&mut self, name: String) {
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
            News::Gone => self.unbridged(Party::Hotline).await,
        }
    }

    async fn close(mut self, outcome: Outcome, by: Party, cause: &str) {
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
