//! Changing a session that is up: re-INVITE and UPDATE (RFC 3311) in both directions, and what happens when both sides try at once.

use std::time::Duration;

use bytes::Bytes;

use super::call::{Call, State};
use super::caller::is_session;
use super::config::Peer;
use super::event::{Event, OfferId};
use super::net::{Answered, ClientKey, Net, Purpose, ServerId};
use super::timers::CallTimer;
use super::{ACCEPT, ALLOW};
use crate::message::{Method, Name, Request};

/// How often an offer is tried again that meets another.
const MAX_TRIES: u32 = 6;

/// The offers of a call that have no answer.
#[derive(Debug, Default)]
pub(super) struct Offers {
    /// Theirs, and whether it came by INVITE with this number.
    remote: Option<(OfferId, bool)>,
    remote_seq: u32,
    remote_peer: Option<Peer>,
    /// Ours.
    local: Option<ClientKey>,
    /// Ours, which waits for its turn: the description, and how often it was tried.
    waiting: Option<(Bytes, u32, u32)>,
    tries: u32,
    last: Bytes,
}

impl Offers {
    pub fn take_remote(&mut self) -> Option<OfferId> {
        self.remote.take().map(|(offer, _)| offer)
    }

    /// Takes an offer that came by PRACK.
    pub fn took_remote(&mut self, offer: OfferId, peer: Option<Peer>) {
        self.remote = Some((offer, false));
        self.remote_peer = peer;
    }

    /// Whether an offer of either side has no answer.
    pub fn is_open(&self) -> bool {
        self.remote.is_some() || self.local.is_some()
    }

    pub fn sent_again(&mut self, key: ClientKey) {
        self.local = Some(key);
    }

    /// Our request that carries an offer and has no final response.
    pub fn ours(&self) -> Option<ClientKey> {
        self.local
    }
}

impl Call {
    /// A re-INVITE or UPDATE of the other side.
    pub fn on_offer(&mut self, net: &mut Net, id: ServerId, request: &Request, peer: Peer) {
        let invite = request.method == Method::Invite;
        if invite && !matches!(self.state, State::Up | State::Answered) {
            return self.reply_plain(net, id, 491);
        }
        let carries = invite || !request.body.is_empty();
        if carries && self.offers.remote.is_some() {
            let wait = rand::random_range(0..=10).to_string();
            return self.reply(net, id, 500, vec![(Name::RetryAfter, wait)], Bytes::new());
        }
        if carries && self.offers.local.is_some() {
            return self.reply_plain(net, id, 491);
        }
        if !request.body.is_empty() && !is_session(&request.headers) {
            return self.reply(net, id, 415, vec![(Name::Accept, ACCEPT.into())], Bytes::new());
        }
        let refresh = match self.agree_refresh_as_callee(net, &request.headers) {
            Ok(headers) => headers,
            Err((status, headers)) => return self.reply(net, id, status, headers, Bytes::new()),
        };
        if let Some(dialog) = self.dialog_with_mut(request.headers.tag(&Name::From).unwrap_or_default()) {
            dialog.refresh_by_request(&request.headers, peer);
        }
        self.refresh.pending_headers = refresh;
        if !carries {
            let mut headers = self.session_headers(net, peer, &Bytes::new());
            headers.append(&mut self.refresh.pending_headers);
            self.reply(net, id, 200, headers, Bytes::new());
            self.schedule_refresh(net);
            return;
        }
        self.offers.remote = Some((OfferId(id), invite));
        self.offers.remote_seq = request.headers.cseq().map_or(0, |cseq| cseq.seq);
        self.offers.remote_peer = Some(peer);
        net.event(Event::Offer { call: self.id, offer: OfferId(id), body: request.body.clone() });
    }

    /// Answers their offer, or makes one where they asked for it.
    pub fn answer(&mut self, net: &mut Net, offer: OfferId, body: Bytes) {
        let Some((_, invite)) = self.offers.remote.take_if(|(known, _)| *known == offer) else { return };
        let Some(peer) = self.offers.remote_peer.or(self.dialog.as_ref().map(|dialog| dialog.peer)) else { return };
        let mut headers = self.session_headers(net, peer, &body);
        headers.append(&mut self.refresh.pending_headers);
        let tag = self.id.tag();
        let Some((bytes, to)) = net.reply(offer.0, 200, Some(&tag), headers, body) else { return };
        self.traced(net, true, to, &bytes);
        if let (State::Offered, Some(callee)) = (self.state, &mut self.callee) {
            callee.renegotiated = true;
        }
        if invite {
            self.state = State::Up;
            let seq = self.offers.remote_seq;
            self.expect_ack(net, seq, bytes, to);
        }
        self.schedule_refresh(net);
    }

    /// Refuses their offer; the session stays as it was.
    pub fn refuse(&mut self, net: &mut Net, offer: OfferId, status: u16, headers: Vec<(Name, String)>) {
        if self.offers.remote.take_if(|(known, _)| *known == offer).is_some() {
            self.reply(net, offer.0, status, headers, Bytes::new());
        }
    }

    /// Makes an offer of ours by re-INVITE, at once or when it is our turn.
    pub fn offer(&mut self, net: &mut Net, body: Bytes) {
        self.offers.tries = 0;
        self.try_offer(net, body);
    }

    fn try_offer(&mut self, net: &mut Net, body: Bytes) {
        if !matches!(self.state, State::Up | State::Answered) {
            let gone = Err((481, "the call is over".to_owned()));
            return net.event(Event::Answer { call: self.id, result: gone });
        }
        if self.offers.remote.is_some() || self.offers.local.is_some() || self.unacknowledged.is_some() {
            return self.try_later(net, body, Duration::from_millis(200).min(net.config.t1));
        }
        let Some(mut invite) = self.request(Method::Invite) else { return };
        if !body.is_empty() {
            invite.headers.push(Name::ContentType, ACCEPT);
        }
        self.push_refresh_headers(net, &mut invite);
        invite.body = body.clone();
        self.offers.last = body;
        self.offers.local = self.send(net, invite, Purpose::Reinvite);
    }

    fn try_later(&mut self, net: &mut Net, body: Bytes, wait: Duration) {
        self.offers.tries += 1;
        if self.offers.tries > MAX_TRIES {
            let busy = Err((491, "the other side keeps changing the call".to_owned()));
            return net.event(Event::Answer { call: self.id, result: busy });
        }
        let generation = self.next_generation();
        self.offers.waiting = Some((body, self.offers.tries, generation));
        net.call_after(wait, self.id, CallTimer::Glare(generation));
    }

    pub fn on_glare_over(&mut self, net: &mut Net, generation: u32) {
        if let Some((body, _, _)) = self.offers.waiting.take_if(|(_, _, known)| *known == generation) {
            self.try_offer(net, body);
        }
    }

    /// A final response to our offer.
    pub fn on_answer(&mut self, net: &mut Net, answered: &Answered, purpose: Purpose) {
        let response = &answered.response;
        let seq = response.headers.cseq().map_or(0, |cseq| cseq.seq);
        let invite = purpose == Purpose::Reinvite;
        if (200..300).contains(&response.status) {
            if invite && self.acknowledge_again(net, seq) {
                return;
            }
            self.offers.local = None;
            if let Some(dialog) = &mut self.dialog {
                dialog.refresh_by_response(&response.headers, answered.peer);
            }
            if invite {
                self.acknowledge(net, seq);
            }
            self.agree_refresh_as_caller(net, &response.headers);
            return net.event(Event::Answer { call: self.id, result: Ok(response.body.clone()) });
        }
        self.offers.local = None;
        if response.status == 491 {
            // RFC 3261 section 14.1: who owns the Call-ID waits longer.
            let ms = if self.caller.is_some() { rand::random_range(210..=400) } else { rand::random_range(0..=200) };
            let wait = net.config.t1 * ms / 50;
            let body = std::mem::take(&mut self.offers.last);
            return self.try_later(net, body, wait);
        }
        let refused = Err((response.status, response.reason.clone()));
        net.event(Event::Answer { call: self.id, result: refused });
    }

    /// What an OPTIONS or a refusal of a method says about us.
    pub fn capabilities() -> Vec<(Name, String)> {
        vec![(Name::Allow, ALLOW.to_owned()), (Name::Accept, ACCEPT.to_owned())]
    }
}
