//! The caller of a call goes on from another leg: whoever they talk to goes on talking, whatever was being said to them is cut short.

use tokio::sync::mpsc;

use super::{Driver, Services};
use crate::call::bridge::CALLER;
use crate::call::conversation::Input;
use crate::call::exchange::{Desk, Gives, Listed, Owner, Place, Request, Visitor};
use crate::call::leg::Leg;
use crate::call::room::hang_up;
use crate::event::{Event, How, Personal};

impl Driver {
    /// Somebody wants the caller's place: the caller has told them to.
    pub(super) async fn request(&mut self, request: Request) {
        match request {
            Request::Take { visitor, place: Place::InsteadOf(CALLER), reply } => {
                let _ = reply.send(Ok(()));
                self.caller_moves(*visitor).await;
            }
            Request::Take { visitor, reply, .. } => {
                let _ = reply.send(Err(visitor));
            }
            Request::Give { reply, .. } => {
                let _ = reply.send(None);
            }
            Request::Caller(_) | Request::Supervise { .. } => {}
        }
    }

    /// Goes on with another leg in the place of the caller's, which is let go.
    async fn caller_moves(&mut self, visitor: Visitor) {
        let Visitor { leg, guest, reservation } = visitor;
        let owner = Owner::of(&guest, leg.trunk.as_deref());
        self._listed = list(&self.services, &leg, owner, self.door.clone());
        hang_up(std::mem::replace(&mut self.leg, leg));
        self.reservation = reservation;
        self.frames_before = self.frames;
        let at = self.now();
        let to = Personal::new(guest.name.as_str());
        let moved = Event::Transferred { from: "caller".into(), to, how: How::Attended };
        let mut entries = vec![self.conversation.note(moved, at)];
        self.write(&mut entries).await;
        if let Some(handover) = &self.handover {
            handover.caller_is_at(self.leg.sound.clone()).await;
        }
        // What was being said went with the leg before.
        for id in std::mem::take(&mut self.playing) {
            self.feed(Input::PieceEnded { id, played_ms: 0, of_ms: 0 }).await;
        }
    }
}

/// Lets other calls find the caller's leg.
pub(super) fn list(services: &Services, leg: &Leg, owner: Owner, room: mpsc::Sender<Request>) -> Listed {
    let desk = Desk { key: leg.key.clone(), owner, seat: CALLER, room, gives: Gives::Place };
    services.exchange.list(&leg.dialog, desk)
}
