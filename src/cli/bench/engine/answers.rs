//! What comes back: answers to the callers' requests, and the few requests that the other side makes.

use std::cmp::Reverse;
use std::net::SocketAddr;

use rand::Rng;
use sip::digest::Challenge;

use super::super::caller::{Method, State};
use super::super::sys::{self, Inbox, Nanos};
use super::super::wire::{self, Direction, Message};
use super::{Due, Engine, TICK, UNMARKED, source_of};

impl Engine {
    pub(super) fn take(&mut self, count: usize) {
        let inbox = std::mem::replace(&mut self.inbox, Inbox::empty());
        for at in 0..count {
            let (datagram, stamp) = inbox.get(at);
            let Some(message) = Message::read(datagram) else { continue };
            match (message.status, self.call_of(message.call_id)) {
                (Some(status), Some(id)) => self.answered(id, status, &message, stamp),
                (Some(_), None) => {}
                (None, Some(id)) => self.asked(id, &message),
                (None, None) => self.strange(&message),
            }
        }
        self.inbox = inbox;
    }

    fn answered(&mut self, id: u64, status: u16, message: &Message<'_>, at: Nanos) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if message.method == "CANCEL" {
            if status >= 200 {
                call.cancelling = None;
            }
            return;
        }
        let waiting = call.waiting.filter(|w| w.cseq == message.cseq && w.method.name() == message.method);
        let Some(waiting) = waiting else {
            // A final answer that comes again wants its ACK again.
            if message.method == "INVITE" && (200..300).contains(&status) {
                self.tally.answers_again += 1;
                self.ack(id, message.cseq);
            }
            return;
        };
        if status < 200 {
            if let Some(waiting) = &mut call.waiting {
                waiting.heard = true;
            }
            return;
        }
        call.waiting = None;
        match waiting.method {
            Method::Invite if status < 300 => self.picked_up(id, message, at),
            Method::Invite => self.refused(id, status, message, at),
            Method::Reinvite(direction) if status < 300 => {
                self.ack(id, message.cseq);
                self.tally.holds += 1;
                if let Some(sound) = self.calls.get_mut(&id).and_then(|call| call.sound.as_mut()) {
                    sound.held = direction == Direction::Hold;
                }
                self.held(id, direction, sys::now());
            }
            Method::Reinvite(_) => {
                self.refuse_ack(id, message);
                self.tally.holds_refused += 1;
            }
            Method::Bye => {
                if call.desk.is_none() {
                    self.tally.bye.add(at.saturating_sub(waiting.since));
                    self.tally.completed += 1;
                }
                self.end(id);
            }
            Method::Refer => self.referred(id, status),
            Method::Register => self.registered(id, status, message),
            Method::Cancel => {}
        }
    }

    fn picked_up(&mut self, id: u64, message: &Message<'_>, at: Nanos) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.to = message.to.to_owned();
        call.remote = message.contact.to_owned();
        call.routes = message.routes();
        call.answered_at = at;
        let is_caller = call.desk.is_none();
        if is_caller {
            self.tally.answered += 1;
            self.tally.answer.add(at.saturating_sub(call.invited_at));
        }
        let late = call.state == State::Cancelling;
        call.state = State::Up;
        self.open_sound(id, wire::audio_of(message.body));
        let Some(call) = self.calls.get(&id) else { return };
        let plan = &call.plan;
        let mut then: Vec<(Nanos, Due)> = plan.keys.iter().map(|&after| (after, Due::Press)).collect();
        then.extend(plan.person_after.map(|after| (after, Due::Person)));
        then.extend(plan.hold.into_iter().flat_map(|(hold, resume)| [(hold, Due::Hold), (resume, Due::Resume)]));
        then.extend(plan.hang_up_after.filter(|after| *after > 0).map(|after| (after, Due::HangUp)));
        let at_once = late || plan.hang_up_after == Some(0);
        self.ack(id, message.cseq);
        for (after, due) in then {
            self.at(at + after, id, due);
        }
        if at_once {
            self.hang_up(id, sys::now());
        } else if !is_caller {
            self.consulting(id, sys::now());
        }
    }

    /// From now on there is sound in both directions.
    pub(super) fn open_sound(&mut self, id: u64, remote: Option<SocketAddr>) {
        let Some(sound) = self.calls.get_mut(&id).and_then(|call| call.sound.as_mut()) else { return };
        let Some(remote) = remote else { return };
        sound.remote = Some(remote);
        // From here on the socket hears the service alone; what came before is in it already.
        let _ = sound.socket.connect(remote);
        sound.due = sys::now() + self.random.random_range(0..TICK);
        let due = sound.due;
        self.due.push(Reverse((due, id, Due::Sound)));
    }

    fn refused(&mut self, id: u64, status: u16, message: &Message<'_>, at: Nanos) {
        self.refuse_ack(id, message);
        let Some(call) = self.calls.get(&id) else { return };
        if call.desk.is_some() {
            return self.consultation_refused(id, status, message);
        }
        if call.state == State::Cancelling && status == 487 {
            self.tally.cancelled += 1;
        } else {
            *self.tally.refused.entry(status).or_default() += 1;
            self.tally.refusal.add(at.saturating_sub(call.invited_at));
        }
        self.end(id);
    }

    fn ack(&mut self, id: u64, cseq: u32) {
        let Self { calls, outbox, target, run, locals, .. } = self;
        if let Some(call) = calls.get(&id) {
            let wire = call.wire(*run, &target.uri);
            outbox.put(source_of(call.local, locals.len()), UNMARKED, |out| wire.ack(out, cseq));
        }
    }

    fn refuse_ack(&mut self, id: u64, message: &Message<'_>) {
        let Self { calls, outbox, target, run, locals, .. } = self;
        if let Some(call) = calls.get(&id) {
            let wire = wire::Caller { to: message.to, ..call.wire(*run, &target.uri) };
            outbox.put(source_of(call.local, locals.len()), UNMARKED, |out| wire.ack_refusal(out, message.cseq));
        }
    }

    fn registered(&mut self, id: u64, status: u16, message: &Message<'_>) {
        let now = sys::now();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(registration) = &mut call.registration else { return };
        if status == 401
            && registration.authorization.is_none()
            && let Some(challenge) = Challenge::choose(message.all("www-authenticate"))
        {
            let uri = wire::registrar_of(&self.target.uri);
            let answer = challenge.answer(&registration.user, &registration.password, "REGISTER", &uri);
            registration.authorization = Some(answer);
            call.cseq += 1;
            let cseq = call.cseq;
            self.request(id, Method::Register, cseq, now);
            return;
        }
        match status {
            200..300 => self.tally.registered += 1,
            _ => self.tally.not_registered += 1,
        }
        self.register_later(id, now);
    }

    fn asked(&mut self, id: u64, message: &Message<'_>) {
        if self.asked_desk(id, message) || message.method == "ACK" {
            return;
        }
        let Some(call) = self.calls.get(&id) else {
            let local = self.locals[id as usize % self.locals.len()];
            return self.unknown(local, message);
        };
        let (state, source) = (call.state, source_of(call.local, self.locals.len()));
        let (is_caller, expected) = (call.desk.is_none(), call.plan.person_after.is_some());
        // An offer of the other side would need an answer; a caller of ours has said all it wants.
        let status = if message.method == "INVITE" { "488 Not Acceptable Here" } else { "200 OK" };
        self.outbox.put(source, UNMARKED, |out| message.answer(out, status));
        if message.method == "BYE" {
            match state {
                _ if !is_caller => {}
                // Both hung up, or whoever was asked for did.
                State::Leaving => self.tally.completed += 1,
                _ if expected => self.tally.completed += 1,
                _ => self.tally.ended_by_peer += 1,
            }
            self.end(id);
        }
    }

    /// A request that belongs to no call we know.
    fn strange(&mut self, message: &Message<'_>) {
        match message.method {
            "ACK" => {}
            "INVITE" => self.ring(message),
            _ => self.unknown(self.local_of(message.uri), message),
        }
    }

    /// A request of a call that is over.
    fn unknown(&mut self, local: SocketAddr, message: &Message<'_>) {
        let source = source_of(local, self.locals.len());
        let status = if message.method == "BYE" { "200 OK" } else { "481 Call/Transaction Does Not Exist" };
        self.outbox.put(source, UNMARKED, |out| message.answer(out, status));
    }
}
