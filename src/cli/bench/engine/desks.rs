//! Agents' phones: they ring, answer, hold, consult colleagues and transfer their callers, and hear how that went.

use std::net::SocketAddr;

use rand::Rng;
use sip::digest::Challenge;

use super::super::caller::{Call, Method, Plan, Sound, State};
use super::super::desk::{Desk, Errand, Manner, Phone, replacing, user_of};
use super::super::sys::{self, MS, Nanos, SECOND};
use super::super::wire::{self, Direction, Message};
use super::{Due, Engine, T1, T2, UNMARKED, source_of};

/// How long somebody waits for the service to hang up after a transfer, before doing it.
const LEFT_ALONE: Nanos = 5 * SECOND;
/// How long a phone rings that does not answer.
const RINGS: Nanos = 1_500 * MS;

impl Engine {
    /// A phone that may be rung, and keeps its registration alive.
    pub(super) fn furnish(&mut self, user: &str, password: &str, local: SocketAddr) {
        self.phones.push(Phone { user: user.into(), password: password.into(), local, calls: 0, asked: None });
    }

    /// The call that a message from the other side belongs to.
    pub(super) fn call_of(&self, call_id: &str) -> Option<u64> {
        wire::call_of(call_id, self.run).or_else(|| self.rung.get(call_id).copied())
    }

    /// Someone calls one of our phones.
    pub(super) fn ring(&mut self, message: &Message<'_>) {
        let at = self.phones.iter().position(|phone| phone.user == user_of(message.uri));
        let Some(at) = at else { return self.turn_away(message, "480 Temporarily Unavailable") };
        let phone = &mut self.phones[at];
        if phone.calls > 0 {
            return self.turn_away(message, "486 Busy Here");
        }
        let (local, manner) = (phone.local, phone.asked.take());
        let id = self.next;
        self.next += 1;
        let Ok(sound) = Sound::open(self.ip, self.random.random()) else {
            self.tally.not_begun += 1;
            return self.turn_away(message, "480 Temporarily Unavailable");
        };
        self.phones[at].calls += 1;
        let errand = match manner {
            None => Errand::of(self.random.random_range(0..100)),
            Some(_) => Errand::Stay,
        };
        let tag = format!("{id:x}");
        let desk = Desk {
            phone: at,
            invite: message.text(),
            from: format!("{};tag={tag}", message.to),
            tag,
            target: String::new(),
            call_id: message.call_id.to_owned(),
            authorization: None,
            errand,
            other: None,
            picked: None,
            refer_to: String::new(),
            acknowledged: false,
        };
        let mut call = Call::new(id, local, Plan { sound: true, ..Plan::default() }, Some(sound));
        call.state = State::Ringing;
        call.to = message.from.to_owned();
        call.remote = message.contact.to_owned();
        call.routes = message.all("record-route").map(str::to_owned).collect();
        call.desk = Some(Box::new(desk));
        self.calls.insert(id, call);
        self.rung.insert(message.call_id.to_owned(), id);
        self.reply(id, "180 Ringing");
        let now = sys::now();
        match manner {
            Some(Manner::Refuse) => self.at(now + RINGS, id, Due::Refuse),
            _ => {
                let after = self.random.random_range(100 * MS..900 * MS);
                self.at(now + after, id, Due::Answer(T1));
            }
        }
    }

    /// Refuses a call that is none of ours. Its ACK is not waited for: this is a generator on loopback.
    fn turn_away(&mut self, message: &Message<'_>, status: &str) {
        let local = self.local_of(message.uri);
        let source = source_of(local, self.locals.len());
        self.outbox.put(source, UNMARKED, |out| message.answer_call(out, status, "busy", local, None));
    }

    /// Our address that a request was sent to, by its URI.
    pub(super) fn local_of(&self, uri: &str) -> SocketAddr {
        let host = uri.rsplit_once('@').map_or("", |(_, host)| host).split([';', '?', '>']).next().unwrap_or_default();
        host.parse().ok().filter(|local| self.locals.contains(local)).unwrap_or(self.locals[0])
    }

    /// Answers the INVITE that rang a phone.
    fn reply(&mut self, id: u64, status: &str) {
        let Self { calls, outbox, locals, .. } = self;
        let Some(call) = calls.get(&id) else { return };
        let Some(desk) = &call.desk else { return };
        let Some(invite) = Message::read(desk.invite.as_bytes()) else { return };
        let rtp =
            call.sound.as_ref().filter(|_| status.starts_with("200")).and_then(|sound| sound.socket.local_addr().ok());
        outbox.put(source_of(call.local, locals.len()), UNMARKED, |out| {
            invite.answer_call(out, status, &desk.tag, call.local, rtp);
        });
    }

    /// Picks up, or says so again until the ACK comes (RFC 3261 section 13.3.1.4).
    pub(super) fn pick_up(&mut self, id: u64, interval: Nanos, now: Nanos) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(desk) = &call.desk else { return };
        match call.state {
            State::Ringing => {
                call.state = State::Up;
                call.answered_at = now;
                self.tally.desk_calls += 1;
                let wants = Message::read(desk.invite.as_bytes()).and_then(|invite| wire::audio_of(invite.body));
                self.open_sound(id, wants);
            }
            State::Up if !desk.acknowledged && now.saturating_sub(call.answered_at) < 64 * T1 => {
                self.tally.retransmitted += 1;
            }
            _ => return,
        }
        self.reply(id, "200 OK");
        self.at(now + interval, id, Due::Answer((2 * interval).min(T2)));
    }

    /// Does not take the call.
    pub(super) fn refuse(&mut self, id: u64, status: &str) {
        if self.calls.get(&id).is_some_and(|call| call.state == State::Ringing) {
            self.reply(id, status);
            self.end(id);
        }
    }

    /// Requests in a phone's call that callers do not get. Whether it was one.
    pub(super) fn asked_desk(&mut self, id: u64, message: &Message<'_>) -> bool {
        let Some(call) = self.calls.get_mut(&id) else { return false };
        let Some(desk) = &mut call.desk else { return false };
        match message.method {
            "ACK" => {
                if !std::mem::replace(&mut desk.acknowledged, true) && call.state == State::Up {
                    let after = self.random.random_range(500 * MS..2_500 * MS);
                    self.at(sys::now() + after, id, Due::Errand);
                }
                true
            }
            "INVITE" => match call.state {
                State::Ringing => {
                    self.reply(id, "180 Ringing");
                    true
                }
                // Another INVITE of the dialog is refused like a caller's.
                _ => false,
            },
            "CANCEL" if call.state == State::Ringing => {
                let (local, sources) = (call.local, self.locals.len());
                self.outbox.put(source_of(local, sources), UNMARKED, |out| message.answer(out, "200 OK"));
                self.refuse(id, "487 Request Terminated");
                true
            }
            "NOTIFY" => {
                let (local, sources) = (call.local, self.locals.len());
                self.outbox.put(source_of(local, sources), UNMARKED, |out| message.answer(out, "200 OK"));
                if let Some(status) = message.news().filter(|status| *status >= 200) {
                    self.transferred(id, status);
                }
                true
            }
            _ => false,
        }
    }

    /// It is time for what the phone wants to do with its caller.
    pub(super) fn errand(&mut self, id: u64, now: Nanos) {
        let Some((phone, errand)) = self.desk(id).map(|desk| (desk.phone, desk.errand)) else { return };
        match errand {
            Errand::Stay => {}
            Errand::Attended => self.hold(id, Direction::Hold, now),
            Errand::Consult => self.connect(id, now),
            Errand::ToNobody => self.refer(id, "nobody", now),
            Errand::ToBusy => {
                let busy = (0..self.phones.len()).find(|&at| at != phone && self.phones[at].calls > 0);
                let name = busy.map_or_else(|| "nobody".to_owned(), |at| self.phones[at].user.clone());
                self.refer(id, &name, now);
            }
            Errand::Blind | Errand::Leave => {
                let manner = if errand == Errand::Blind { Manner::Answer } else { Manner::Refuse };
                match self.choose(id, manner) {
                    Some(colleague) => self.refer(id, &colleague, now),
                    // Everybody is busy.
                    None => self.stay(id),
                }
            }
        }
    }

    fn desk(&mut self, id: u64) -> Option<&mut Desk> {
        let call = self.calls.get_mut(&id).filter(|call| call.state == State::Up)?;
        call.desk.as_deref_mut()
    }

    fn stay(&mut self, id: u64) {
        if let Some(desk) = self.calls.get_mut(&id).and_then(|call| call.desk.as_deref_mut()) {
            desk.errand = Errand::Stay;
            desk.refer_to.clear();
            if let Some(picked) = desk.picked.take() {
                self.phones[picked].asked = None;
            }
        }
    }

    /// Chooses a colleague who is free, and tells them what to do with the call.
    fn choose(&mut self, id: u64, manner: Manner) -> Option<String> {
        let free: Vec<usize> = (0..self.phones.len()).filter(|&at| self.phones[at].is_free()).collect();
        let at = *free.get(self.random.random_range(0..free.len().max(1)))?;
        self.phones[at].asked = Some(manner);
        let name = self.phones[at].user.clone();
        self.desk(id)?.picked = Some(at);
        Some(name)
    }

    fn uri_of(&self, user: &str) -> String {
        format!("sip:{user}@{}", wire::registrar_of(&self.target.uri).trim_start_matches("sip:"))
    }

    fn refer(&mut self, id: u64, user: &str, now: Nanos) {
        let uri = self.uri_of(user);
        self.refer_to(id, uri, now);
    }

    fn refer_to(&mut self, id: u64, uri: String, now: Nanos) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.state == State::Up) else { return };
        let Some(desk) = &mut call.desk else { return };
        desk.refer_to = uri;
        call.cseq += 1;
        let cseq = call.cseq;
        self.request(id, Method::Refer, cseq, now);
    }

    /// The REFER was accepted or refused.
    pub(super) fn referred(&mut self, id: u64, status: u16) {
        if status >= 300 {
            return self.transferred(id, status);
        }
        if self.desk(id).is_some_and(|desk| desk.errand == Errand::Leave) {
            self.at(sys::now() + 300 * MS, id, Due::HangUp);
        }
    }

    /// The transfer has come to its end.
    fn transferred(&mut self, id: u64, status: u16) {
        let Some(desk) = self.calls.get_mut(&id).and_then(|call| call.desk.as_deref_mut()) else { return };
        if !desk.is_transferring() {
            return;
        }
        let (errand, other) = (desk.errand, desk.other);
        self.stay(id);
        let now = sys::now();
        match (status < 300, errand) {
            (true, Errand::Attended) => self.tally.attended += 1,
            (true, _) => self.tally.transfers += 1,
            (false, _) => self.tally.returned += 1,
        }
        if status < 300 {
            // The service lets us go.
            self.at(now + LEFT_ALONE, id, Due::HangUp);
        } else if let Some(other) = other {
            self.hang_up(other, now);
            self.hold(id, Direction::Both, now);
        }
    }

    /// The caller is held: now the colleague is called.
    pub(super) fn held(&mut self, id: u64, direction: Direction, now: Nanos) {
        let wants = |desk: &&mut Desk| desk.errand == Errand::Attended && desk.other.is_none();
        if direction != Direction::Hold || self.desk(id).filter(wants).is_none() {
            return;
        }
        let colleague = self.choose(id, Manner::Answer);
        let sound = Sound::open(self.ip, self.random.random()).ok();
        let (Some(colleague), Some(sound)) = (colleague, sound) else {
            self.stay(id);
            return self.hold(id, Direction::Both, now);
        };
        let target = self.uri_of(&colleague);
        let new = self.next;
        self.next += 1;
        let Some(desk) = self.desk(id) else { return };
        desk.other = Some(new);
        let phone = desk.phone;
        let from = format!("<{}>;tag={new:x}", self.uri_of(&self.phones[phone].user));
        self.phones[phone].calls += 1;
        let mut call = Call::new(new, self.phones[phone].local, Plan { sound: true, ..Plan::default() }, Some(sound));
        call.desk = Some(Box::new(Desk {
            phone,
            invite: String::new(),
            tag: String::new(),
            target,
            call_id: String::new(),
            from,
            authorization: None,
            errand: Errand::Consult,
            other: Some(id),
            picked: None,
            refer_to: String::new(),
            acknowledged: true,
        }));
        self.calls.insert(new, call);
        self.request(new, Method::Invite, 1, now);
    }

    /// A colleague was called, who is not reached; or the service wants to know first who calls.
    pub(super) fn consultation_refused(&mut self, id: u64, status: u16, message: &Message<'_>) {
        let now = sys::now();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(desk) = &mut call.desk else { return };
        if status == 401
            && desk.authorization.is_none()
            && call.state == State::Inviting
            && let Some(challenge) = Challenge::choose(message.all("www-authenticate"))
        {
            let phone = &self.phones[desk.phone];
            desk.authorization = Some(challenge.answer(&phone.user, &phone.password, "INVITE", &desk.target));
            call.cseq += 1;
            let cseq = call.cseq;
            return self.request(id, Method::Invite, cseq, now);
        }
        self.tally.consultations_refused += 1;
        let main = desk.other;
        self.end(id);
        if let Some(main) = main {
            self.stay(main);
            self.hold(main, Direction::Both, now);
        }
    }

    /// The colleague has answered: after some words the caller is transferred to them.
    pub(super) fn consulting(&mut self, id: u64, now: Nanos) {
        let after = self.random.random_range(500 * MS..2 * SECOND);
        self.at(now + after, id, Due::Errand);
    }

    /// The caller goes to the colleague; or is gone, and with them the reason to talk.
    fn connect(&mut self, id: u64, now: Nanos) {
        let Some(call) = self.calls.get(&id) else { return };
        let Some(desk) = &call.desk else { return };
        let to = replacing(&desk.target, &wire::call_id(id, self.run), &call.to, &desk.from);
        let main = desk.other.filter(|main| self.calls.get(main).is_some_and(|main| main.state == State::Up));
        match main {
            Some(main) => self.refer_to(main, to, now),
            None => self.hang_up(id, now),
        }
    }

    /// A phone's call is over.
    pub(super) fn leave_desk(&mut self, desk: &Desk) {
        self.rung.remove(&desk.call_id);
        if let Some(phone) = self.phones.get_mut(desk.phone) {
            phone.calls = phone.calls.saturating_sub(1);
        }
        if let Some(phone) = desk.picked.filter(|_| desk.errand != Errand::Leave).and_then(|at| self.phones.get_mut(at))
        {
            phone.asked = None;
        }
        match (desk.is_transferring(), desk.errand) {
            (true, Errand::Leave) => self.tally.left += 1,
            (true, _) => self.tally.untold += 1,
            (false, _) => {}
        }
    }
}
