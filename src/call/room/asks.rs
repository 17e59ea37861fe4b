//! What telephones and other calls ask of a room: transfers, parking, keys, somebody to be handed over or taken in.

use tokio::sync::oneshot;

use super::chairs::{Chair, hang_up};
use super::{Report, Room};
use crate::call::bridge::{Ask, Guest, Input, Seat};
use crate::call::exchange::{Desk, Given, Gives, Place, Request, TakenSlot};
use crate::call::leg::{Transfer, TransferNews};
use crate::call::plan::Destination;
use crate::event::Personal;
use tokio::time::Instant;

/// What an agent presses to bring the party of their other call into this one: of all that telephones can send during a call only
/// keys leave both calls as they are; whoever transfers hangs up.
const JOIN_KEYS: &str = "*3";

impl Room {
    /// Somebody wants a transfer.
    pub(super) async fn asked(&mut self, by: Seat, transfer: Box<dyn Transfer>) {
        self.last_ask += 1;
        let (ask, dialled, replaces) = (self.last_ask, transfer.to(), transfer.replaces());
        self.asks.insert(ask, transfer);
        let input = match replaces {
            Some(key) => return self.asked_to_join(by, ask, &key, dialled).await,
            None => match self.services.plan.lead(&dialled, |name| self.services.phones.has(name)) {
                Destination::Park => {
                    let slot = self.services.exchange.take_slot(self.door.clone());
                    let number = slot.as_ref().map(TakenSlot::number);
                    // A call that waits already keeps the slot that it has: the bridge refuses, and this one is free again.
                    if self.slot.is_none() {
                        self.slot = slot;
                        self.slot_until = number.map(|_| Instant::now() + self.services.park_return);
                    }
                    Input::AskedToPark { by, ask, slot: number }
                }
                to => Input::Asked { by, ask, to },
            },
        };
        self.feed(input).await;
    }

    /// Somebody wants the party of another call of theirs to take their place.
    async fn asked_to_join(&mut self, by: Seat, ask: Ask, key: &str, dialled: String) {
        let owner = self.bridge.guest(by).filter(|guest| guest.is_phone).map(|guest| guest.name.clone());
        let desk = owner.and_then(|owner| self.services.exchange.find(key, &owner));
        // Named the other way round: the caller who is served is in the other call, and ours goes there.
        let stays = desk.as_ref().filter(|desk| matches!(desk.gives, Gives::Nobody | Gives::Place));
        if let (Some(desk), Some(ours)) = (stays, self.bridge.gives(by)) {
            self.tell(ask, TransferNews::Accepted);
            let sent = self.send(ours, desk.clone(), Place::InsteadOf(desk.seat)).await;
            return self.tell(ask, if sent { TransferNews::Done } else { TransferNews::Failed("not_found") });
        }
        self.desks.extend(desk.map(|desk| (ask, desk)));
        self.feed(Input::AskedToJoin { by, ask, to: Personal::new(dialled) }).await;
    }

    /// Asks another call for its other party.
    pub(super) fn fetch(&self, ask: Ask, desk: Option<Desk>) {
        let reporter = self.reporter.clone();
        tokio::spawn(async move {
            let given = match desk {
                Some(desk) => given(desk).await,
                None => None,
            };
            let _ = reporter.send(Report::Fetched(ask, given)).await;
        });
    }

    pub(super) async fn fetched(&mut self, ask: Ask, given: Option<Given>) {
        let seat = self.bridge.new_seat();
        let input = match given {
            Some(Given::Visitor(visitor)) => {
                let guest = visitor.guest.clone();
                self.seat(seat, visitor, None);
                // Those who join by keys have asked for no transfer.
                match self.asks.contains_key(&ask) {
                    true => Input::Fetched { ask, seat, guest },
                    false => Input::Joined { seat, guest },
                }
            }
            Some(Given::Ringing(ringing)) if self.dialling.is_none() => {
                let (to, rings) = (ringing.to.clone(), ringing.rings());
                self.wait_for(seat, ringing);
                Input::FetchedRinging { ask, seat, to, rings }
            }
            Some(Given::Ringing(_)) | None => Input::NotFetched { ask, why: "not_found" },
        };
        self.feed(input).await;
    }

    /// Sends one of ours to another call; this one is over then.
    async fn send(&mut self, seat: Seat, desk: Desk, place: Place) -> bool {
        let Some(visitor) = self.visitor(seat).await else { return false };
        let (reply, answer) = oneshot::channel();
        let request = Request::Take { visitor: Box::new(visitor), place, reply };
        // The other call may ask something of us meanwhile; to wait for each other helps nobody.
        let sent = desk.room.try_send(request).is_ok();
        tokio::spawn(async move {
            if let Ok(Err(back)) = answer.await {
                hang_up(back.leg);
            }
        });
        if sent {
            self.feed(Input::Given(seat)).await;
        }
        sent
    }

    /// Two keys make a code.
    pub(super) async fn key(&mut self, seat: Seat, digit: char) {
        let mut keys = String::from_iter(self.pressed.insert(seat, digit));
        keys.push(digit);
        let Some(Guest { name: owner, is_phone: true }) = self.bridge.guest(seat).cloned() else { return };
        if keys != JOIN_KEYS {
            return;
        }
        let Some(Chair::Watched(watched)) = self.chairs.get(&seat) else { return };
        let Some(desk) = self.services.exchange.other(&watched.key, &owner) else { return };
        match self.bridge.gives(seat) {
            // A caller who is served never moves.
            Some(ours) => {
                self.send(ours, desk, Place::Beside).await;
            }
            None if desk.gives == Gives::Party => {
                self.last_ask += 1;
                self.fetch(self.last_ask, Some(desk));
            }
            None => {}
        }
    }

    pub(super) async fn request(&mut self, request: Request) {
        match request {
            Request::Give { seat, reply } => {
                let visitor = match self.bridge.gives(seat) {
                    Some(other) => self.visitor(other).await.map(|visitor| (other, visitor)),
                    None => None,
                };
                let (given, visitor) = visitor.unzip();
                // Whoever asked may be gone; so is what they asked for: a leg that is dropped hangs up.
                let _ = reply.send(visitor.map(Given::Visitor));
                if let Some(given) = given {
                    self.feed(Input::Given(given)).await;
                }
            }
            Request::Supervise { by, how, reply } => {
                let seat = self.bridge.supervisor(&by);
                let _ = reply.send(seat.is_some());
                if let Some(seat) = seat {
                    let guest = Guest { name: by, is_phone: true };
                    self.feed(Input::Supervises { seat, guest, how }).await;
                }
            }
            Request::Caller(sound) => self.caller_is_at(sound).await,
            Request::Take { visitor, place, reply } => {
                let (seat, guest) = (self.bridge.new_seat(), visitor.guest.clone());
                let wanted = match place {
                    Place::InsteadOf(by) => self.bridge.is_replaceable(by),
                    Place::InSlot => self.slot.is_some(),
                    Place::Beside | Place::Above(_) => !self.bridge.is_over(),
                };
                if !wanted {
                    let _ = reply.send(Err(visitor));
                    return;
                }
                let _ = reply.send(Ok(()));
                self.seat(seat, *visitor, None);
                let input = match place {
                    Place::InsteadOf(by) => Input::Replaced { by, seat, guest },
                    Place::InSlot => Input::PickedUp { seat, guest },
                    Place::Beside => Input::Joined { seat, guest },
                    Place::Above(how) => Input::Supervises { seat, guest, how },
                };
                self.feed(input).await;
            }
        }
    }

    pub(super) fn tell(&mut self, ask: Ask, news: TransferNews) {
        let last = !matches!(news, TransferNews::Accepted | TransferNews::Ringing);
        if let Some(transfer) = self.asks.get_mut(&ask) {
            transfer.tell(news);
        }
        if last {
            self.asks.remove(&ask);
            self.desks.remove(&ask);
        }
    }
}

/// The other party of a call, or whoever is called there, if that call can give it.
async fn given(desk: Desk) -> Option<Given> {
    let (reply, answer) = oneshot::channel();
    desk.room.send(Request::Give { seat: desk.seat, reply }).await.ok()?;
    answer.await.ok().flatten()
}
