//! Calls that take the place of a leg of another call (INVITE with Replaces, RFC 3891): somebody was told by whom they talked to, in a
//! REFER, to go on in their place. The leg is swapped and the other call goes on; this one is over then.
//!
//! Whoever does that has to be somebody who may ([`Owner::may_replace`]): a telephone of ours that has proven itself takes the place of
//! telephones of ours, a call from a trunk that of a leg of the same trunk. So nobody outside gets into a call between others, whatever
//! names of dialogs they have got hold of.

use tokio::sync::OwnedSemaphorePermit;

use super::bridge::Guest;
use super::dialled::{join, refuse};
use super::driver::Services;
use super::exchange::{Owner, Place};
use super::journal::{End, Journal};
use super::leg::{Incoming, Refused};
use super::legs::Record;
use crate::event::{CallId, Channel, LegRole};

/// Takes such a call from offer to outcome. Returns when the journal is closed.
pub async fn run(
    incoming: Box<dyn Incoming>,
    dialog: String,
    call: CallId,
    services: Services,
    permit: OwnedSemaphorePermit,
) {
    let owner = Owner::calling(&*incoming);
    let (channel, from) = match &owner {
        Owner::Extension(name) => (Channel::Extension, name.clone()),
        Owner::Trunk(_) | Owner::Stranger => (Channel::Sip, incoming.from()),
    };
    let (legs, _live) = services.legs.begin(call);
    let record = legs.add(LegRole::Caller, &from, incoming.signalling());
    let mut journal = Journal::begin(call, services, channel, &from, incoming.to(), legs).await;
    let (outcome, by, cause) = take_over(&mut journal, &record, incoming, owner, &dialog).await;
    drop(permit);
    journal.close(outcome, by, cause).await;
}

async fn take_over(
    journal: &mut Journal,
    record: &Record,
    incoming: Box<dyn Incoming>,
    owner: Owner,
    dialog: &str,
) -> End {
    let Some(desk) = journal.services.exchange.at(dialog) else {
        let reason = "there is no such call to take over any more".to_owned();
        return refuse(journal, incoming, Refused { label: "no_dialog", reason }).await;
    };
    if !owner.may_replace(&desk.owner) {
        let reason = "whoever called may not take over the leg that they named: only a telephone of ours may take the place of one of ours, and a trunk that of its own legs";
        return refuse(journal, incoming, Refused { label: "forbidden", reason: reason.to_owned() }).await;
    }
    let (guest, reservation) = match owner {
        Owner::Extension(name) => {
            let reservation = journal.services.agents.take(journal.call, &name);
            (Guest { name, is_phone: true }, reservation)
        }
        Owner::Trunk(_) | Owner::Stranger => (Guest { name: "outside".into(), is_phone: false }, None),
    };
    join(journal, record, incoming, (guest, reservation), (desk.room, Place::InsteadOf(desk.seat))).await
}
