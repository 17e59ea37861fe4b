//! Calls that phones of ours make: to another extension, to a number outside through the trunks, or to a slot. They have journals and
//! recordings like other calls.

use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::bridge::{CALLER, Guest};
use super::driver::Services;
use super::exchange::{Desk, Given, Gives, Owner, Place, Request, Visitor};
use super::journal::{End, Journal};
use super::leg::{Incoming, Leg, OnTheWay, Refused};
use super::legs::Record;
use super::plan::Destination;
use super::reach::{Calling, News, Reached, Ringing};
use super::room::{Room, hang_up};
use crate::agent::Reservation;
use crate::event::{CallId, Channel, Event, LegRole, Outcome, Party};

/// Takes the call of a phone from offer to outcome. Returns when the journal is closed.
pub async fn run(
    incoming: Box<dyn Incoming>,
    (extension, to): (String, Destination),
    call: CallId,
    services: Services,
    permit: OwnedSemaphorePermit,
    shutdown: CancellationToken,
) {
    let (legs, _live) = services.legs.begin(call);
    let record = legs.add(LegRole::Caller, &extension, incoming.signalling());
    let mut journal = Journal::begin(call, services, Channel::Extension, &extension, to.name(), legs).await;
    // Ringing takes as long as people need.
    drop(permit);
    journal.write(Event::Dialled { to: to.shown() }).await;
    let (outcome, by, cause) = match to {
        Destination::Slot(slot) => pick_up(&mut journal, &record, incoming, extension, slot).await,
        Destination::Extension(_) | Destination::Outside(_) => {
            connect(&mut journal, &record, incoming, extension, to, shutdown).await
        }
        _ => {
            let reason = "nobody here has this number; dial an extension, or a number outside".to_owned();
            refuse(&mut journal, incoming, Refused { label: "not_found", reason }).await
        }
    };
    journal.close(outcome, by, cause).await;
}

pub(super) async fn refuse(journal: &mut Journal, incoming: Box<dyn Incoming>, refused: Refused) -> End {
    journal.write(Event::Problem { what: "dial".into(), message: refused.reason.clone() }).await;
    let label = refused.label;
    incoming.refuse(refused).await;
    (Outcome::Failed, Party::Hotline, label)
}

/// Rings whom the phone dialled, and connects the two.
async fn connect(
    journal: &mut Journal,
    record: &Record,
    incoming: Box<dyn Incoming>,
    extension: String,
    to: Destination,
    shutdown: CancellationToken,
) -> End {
    let services = journal.services.clone();
    let own = services.agents.take(journal.call, &extension);
    journal.write(Event::Ringing { agent: to.name() }).await;
    let (call, shown) = (journal.call, extension.clone());
    let from = Calling { call, source: shown.clone(), shown, diversions: incoming.diversions() };
    let mut ringing = Ringing::begin(services.clone(), to.clone(), from, journal.legs.clone());
    // Whoever calls may transfer another call to whom they are calling, without waiting for the answer.
    let (room, mut requests) = mpsc::channel(1);
    let desk = Desk {
        key: incoming.key(),
        owner: Owner::Extension(extension.clone()),
        seat: CALLER,
        room,
        gives: Gives::Ringing,
    };
    let listed = services.exchange.list(&format!("{call} calls"), desk);
    let mut announced = false;
    let reached = loop {
        tokio::select! {
            // Who has transferred to it gives it up at once.
            biased;
            Some(request) = requests.recv() => match request {
                Request::Give { reply, .. } => match reply.send(Some(Given::Ringing(ringing))) {
                    Ok(()) => {
                        incoming.refuse(Refused { label: "gone", reason: "the call was handed on".into() }).await;
                        return (Outcome::Agent, Party::Hotline, "moved");
                    }
                    Err(Some(Given::Ringing(back))) => ringing = back,
                    Err(_) => return (Outcome::Failed, Party::Hotline, "gone"),
                },
                Request::Take { visitor, reply, .. } => {
                    let _ = reply.send(Err(visitor));
                }
                // Nobody is served here.
                Request::Caller(_) | Request::Supervise { .. } => {}
            },
            news = ringing.next() => match news {
                News::OnTheWay(OnTheWay::Rings) => if !announced {
                    incoming.ring().await;
                },
                News::OnTheWay(OnTheWay::Sounds(far)) => if let Some(near) = incoming.early().await {
                    announced = true;
                    near.set_hold_loop(None);
                    near.bridge(&far);
                },
                News::OnTheWay(OnTheWay::Redirected { from, to }) => {
                    journal.write(Event::Redirected { from, to }).await;
                    // Their own phone cannot ring any more once there was sound.
                    if let (true, Some(near)) = (announced, incoming.early().await) {
                        near.unbridge();
                        near.set_hold_loop(Some(services.waiting_sound.clone()));
                    }
                }
                News::Over(came) => break came.into_people(),
            },
            () = incoming.cancelled() => return (Outcome::Abandoned, Party::Caller, "cancelled"),
            () = shutdown.cancelled() => return (Outcome::Failed, Party::Hotline, "shutdown"),
        }
    };
    drop(listed);
    let Reached { leg: far, to, reservation } = match reached {
        Ok(reached) => reached,
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
    let mut near = match incoming.answer().await {
        Ok(near) => near,
        Err(_) => {
            hang_up(far);
            return (Outcome::Abandoned, Party::Caller, "cancelled");
        }
    };
    if announced {
        forget_what_was_heard(&mut near);
    }
    record.sounds(near.sound.observer());
    let far = Visitor { leg: far, guest: Guest::at(&to), reservation };
    let near = Visitor { leg: near, guest: Guest { name: extension, is_phone: true }, reservation: own };
    talk(journal, near, far, shutdown).await
}

/// What was heard before the answer is no part of the talk: it is not recorded.
fn forget_what_was_heard(near: &mut Leg) {
    while near.events.try_recv().is_ok() {}
}

/// The two hear each other, until whoever is left hangs up.
pub(super) async fn talk(journal: &mut Journal, near: Visitor, far: Visitor, shutdown: CancellationToken) -> End {
    let services = journal.services.clone();
    let call = journal.call;
    journal.answered = Some(Instant::now());
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
    let (told, heard) = mpsc::channel(16);
    let room = Room::between((services, call, number, journal.legs.clone()), [near, far], recorder, told);
    journal.follow(room, heard, shutdown).await
}

/// Takes a parked call: the phone becomes a leg of that call, and this one is over.
async fn pick_up(
    journal: &mut Journal,
    record: &Record,
    incoming: Box<dyn Incoming>,
    extension: String,
    slot: u32,
) -> End {
    let Some(room) = journal.services.exchange.in_slot(slot) else {
        let reason = format!("no call waits at {slot}");
        return refuse(journal, incoming, Refused { label: "not_found", reason }).await;
    };
    let reservation = journal.services.agents.take(journal.call, &extension);
    let guest = Guest { name: extension, is_phone: true };
    join(journal, record, incoming, (guest, reservation), (room, Place::InSlot)).await
}

/// Answers a call and makes its leg one of another call, which goes on; this one is over.
pub(super) async fn join(
    journal: &mut Journal,
    record: &Record,
    incoming: Box<dyn Incoming>,
    (guest, reservation): (Guest, Option<Reservation>),
    (room, place): (mpsc::Sender<Request>, Place),
) -> End {
    let leg = match incoming.answer().await {
        Ok(leg) => leg,
        Err(_) => return (Outcome::Abandoned, Party::Caller, "cancelled"),
    };
    record.sounds(leg.sound.observer());
    journal.write(Event::Answered { codec: leg.codec.clone() }).await;
    let visitor = Box::new(Visitor { leg, guest, reservation });
    let (reply, answer) = oneshot::channel();
    let sent = room.send(Request::Take { visitor, place, reply }).await;
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
