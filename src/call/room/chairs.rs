//! Looking after the legs of a room: what happens on each is reported until it leaves.

use sip::media::{self, LegEvent};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Recorder, Report, Room};
use crate::agent::Reservation;
use crate::call::bridge::{CALLER, Seat};
use crate::call::exchange::{Desk, Gives, Listed, Owner, Visitor};
use crate::call::leg::{Leg, LegEnd, Wish};

/// Somebody's end of the bridge.
pub(super) enum Chair {
    /// The caller, whose leg somebody else looks after.
    Caller(media::Leg),
    /// Everybody else.
    Watched(Watched),
}

pub(super) struct Watched {
    sound: media::Leg,
    pub(super) key: String,
    dialog: String,
    trunk: Option<String>,
    /// Dropping it ends the task, and with it the leg.
    stop: DropGuard,
    task: JoinHandle<Leg>,
    reservation: Option<Reservation>,
    listed: Option<Listed>,
}

impl Chair {
    pub(super) fn sound(&self) -> &media::Leg {
        match self {
            Self::Caller(sound) => sound,
            Self::Watched(watched) => &watched.sound,
        }
    }
}

impl Room {
    /// Looks after a leg from now on.
    pub(super) fn seat(&mut self, seat: Seat, visitor: Visitor, recorder: Option<Recorder>) {
        let Visitor { leg, reservation, .. } = visitor;
        let stop = CancellationToken::new();
        let (sound, key, dialog, trunk) = (leg.sound.clone(), leg.key.clone(), leg.dialog.clone(), leg.trunk.clone());
        let task = tokio::spawn(watch(seat, leg, recorder, self.reporter.clone(), stop.clone()));
        let watched = Watched { sound, key, dialog, trunk, stop: stop.drop_guard(), task, reservation, listed: None };
        self.chairs.insert(seat, Chair::Watched(watched));
    }

    /// Lets other calls find those who came.
    pub(super) fn list(&mut self) {
        let gives = match self.chairs.get(&CALLER) {
            Some(Chair::Caller(_)) => Gives::Nobody,
            _ => Gives::Party,
        };
        for (&seat, chair) in &mut self.chairs {
            if let Chair::Watched(watched) = chair
                && watched.listed.is_none()
                && let Some(guest) = self.bridge.guest(seat)
            {
                let owner = Owner::of(guest, watched.trunk.as_deref());
                let desk = Desk { key: watched.key.clone(), owner, seat, room: self.door.clone(), gives };
                watched.listed = Some(self.services.exchange.list(&watched.dialog, desk));
            }
        }
    }

    /// Takes all off the list, until they are listed again.
    pub(super) fn unlist(&mut self) {
        for chair in self.chairs.values_mut() {
            if let Chair::Watched(watched) = chair {
                watched.listed = None;
            }
        }
    }

    /// Takes somebody out of the bridge, leg and all.
    pub(super) async fn visitor(&mut self, seat: Seat) -> Option<Visitor> {
        let guest = self.bridge.guest(seat)?.clone();
        let Some(Chair::Watched(watched)) = self.chairs.remove(&seat) else { return None };
        watched.sound.unbridge();
        watched.sound.set_hold_loop(Some(self.services.hold_music.clone()));
        drop(watched.stop);
        let leg = watched.task.await.ok()?;
        Some(Visitor { leg, guest, reservation: watched.reservation })
    }

    pub(super) async fn let_go(&mut self, seat: Seat) {
        if let Some(Chair::Watched(watched)) = self.chairs.remove(&seat) {
            drop(watched.stop);
            if let Ok(leg) = watched.task.await {
                hang_up(leg);
            }
        }
    }
}

/// Hangs up without waiting for the other side's word.
pub fn hang_up(mut leg: Leg) {
    leg.sound.unbridge();
    tokio::spawn(async move {
        leg.control.hang_up().await;
        leg.sound.close();
    });
}

/// Reports what happens on a leg until told to stop, and gives it back.
async fn watch(
    seat: Seat,
    mut leg: Leg,
    mut recorder: Option<Recorder>,
    reporter: mpsc::Sender<Report>,
    stop: CancellationToken,
) -> Leg {
    loop {
        let report = tokio::select! {
            biased;
            () = stop.cancelled() => return leg,
            wish = leg.control.next() => Report::Wish(seat, wish),
            event = leg.events.recv() => match event {
                Some(LegEvent::Frame(frame)) => {
                    if let Some(recorder) = &mut recorder {
                        recorder(&frame);
                    }
                    continue;
                }
                Some(LegEvent::Key { digit, .. }) => Report::Key(seat, digit),
                Some(LegEvent::Closed(_)) | None => Report::Wish(seat, Wish::Ended(LegEnd::Failed)),
                Some(_) => continue,
            },
        };
        let ended = matches!(report, Report::Wish(_, Wish::Ended(_)));
        tokio::select! {
            () = stop.cancelled() => return leg,
            _ = reporter.send(report) => {}
        }
        if ended {
            stop.cancelled().await;
            return leg;
        }
    }
}
