//! What is left of a call when the caller is gone and the others go on among themselves: a call of its own, with a journal that names
//! the one that it continues. The recording ends with the caller: what colleagues say to each other afterwards is theirs.

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::journal::Journal;
use super::room::Room;
use crate::event::{CallId, Channel, Event};

/// Looks after those who are left until they part.
pub(super) async fn run(mut room: Room) {
    let services = room.services().clone();
    let mut names = room.guests().into_iter().map(|guest| guest.name);
    let (Some(first), second) = (names.next(), names.next()) else { return };
    let call = CallId::new();
    let (legs, _live) = services.legs.begin(call);
    legs.go_on_with(room.legs());
    let to = second.clone().unwrap_or_default();
    let mut journal = Journal::begin(call, services, Channel::Extension, &first, to, legs.clone()).await;
    let (told, heard) = mpsc::channel(16);
    let before = room.becomes(call, legs, told);
    journal.write(Event::Continues { call: before.to_string() }).await;
    journal.answered = Some(std::time::Instant::now());
    if let Some(second) = second {
        journal.bridged(second).await;
    }
    for other in names {
        journal.write(Event::Joined { agent: other }).await;
    }
    let (outcome, by, cause) = journal.follow(room, heard, CancellationToken::new()).await;
    journal.close(outcome, by, cause).await;
}
