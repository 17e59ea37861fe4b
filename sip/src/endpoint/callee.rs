//! The callee's side of a call until the answer: provisional responses, also reliable ones (RFC 3262), the answer, refusal, CANCEL.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

use super::call::{Call, State, contact_user};
use super::config::Peer;
use super::dialog::Dialog;
use super::event::{CallId, EndCause, Event, Incoming, OfferId};
use super::net::{Net, ServerId};
use super::refresh::Refusal;
use super::timers::CallTimer;
use crate::message::{Name, RAck, Request};

/// Provisional responses that may wait for the PRACK of an earlier one.
const MAX_QUEUED: usize = 8;

pub(super) struct CalleeSide {
    pub server: ServerId,
    peer: Peer,
    invite_seq: u32,
    /// Whether the caller insists on, or at least understands, reliable provisional responses.
    requires_reliable: bool,
    supports_reliable: bool,
    rseq: u32,
    reliable: Option<Reliable>,
    queued: VecDeque<(u16, Bytes)>,
    /// The 200 that waits for a PRACK.
    accepting: Option<Bytes>,
    session_headers: Vec<(Name, String)>,
    /// Whether the INVITE brought no offer, so that the first reliable response makes one (RFC 3262 section 5), or else the 200.
    offer_due: bool,
    /// Whether UPDATE has changed the session since it was first described: then the answer does not describe it again.
    pub renegotiated: bool,
}

/// A reliable provisional response that waits for its PRACK.
struct Reliable {
    rseq: u32,
    bytes: Bytes,
    to: Peer,
    interval: Duration,
    generation: u32,
    with_body: bool,
}

impl Call {
    /// Takes an INVITE that begins a call. The refusal, if it cannot be taken, as a status.
    pub fn offered(
        net: &mut Net,
        id: CallId,
        server: ServerId,
        request: &Request,
        peer: Peer,
        replaces: Option<CallId>,
    ) -> Result<Call, Refusal> {
        let dialog = Dialog::callee(request, &id.tag(), peer).ok_or((400, Vec::new()))?;
        let mut call = Call::new(id, State::Offered, contact_user(&request.uri), net);
        let session_headers = call.agree_refresh_as_callee(net, &request.headers)?;
        call.callee = Some(Box::new(CalleeSide {
            server,
            peer,
            invite_seq: dialog.remote_seq.unwrap_or(0),
            requires_reliable: request.headers.lists(&Name::Require, "100rel"),
            supports_reliable: request.headers.lists(&Name::Supported, "100rel"),
            rseq: rand::random::<u32>() >> 8,
            reliable: None,
            queued: VecDeque::new(),
            accepting: None,
            session_headers,
            offer_due: request.body.is_empty(),
            renegotiated: false,
        }));
        call.dialog = Some(dialog);
        net.bind(server, id);
        if let Some(seconds) = request.headers.number(&Name::Expires).filter(|seconds| *seconds > 0) {
            net.call_after(Duration::from_secs(seconds.min(86_400)), id, CallTimer::InviteExpires);
        }
        let incoming = Incoming { call: id, request: request.clone(), peer, replaces };
        net.event(Event::Incoming(Box::new(incoming)));
        Ok(call)
    }

    /// Says that it rings, or that sound comes already (with a body).
    pub fn provisional(&mut self, net: &mut Net, status: u16, body: Bytes) {
        if self.state != State::Offered || !(101..200).contains(&status) {
            return;
        }
        let Some(callee) = &mut self.callee else { return };
        let reliable = callee.requires_reliable || (callee.supports_reliable && !body.is_empty());
        if reliable && callee.reliable.is_some() {
            if callee.queued.len() < MAX_QUEUED {
                callee.queued.push_back((status, body));
            }
            return;
        }
        let (server, peer) = (callee.server, callee.peer);
        let mut headers = self.session_headers(net, peer, &body);
        let Some(callee) = &mut self.callee else { return };
        if reliable {
            callee.rseq += 1;
            headers.push((Name::Require, "100rel".to_owned()));
            headers.push((Name::RSeq, callee.rseq.to_string()));
        }
        let (rseq, with_body) = (callee.rseq, !body.is_empty());
        let tag = self.id.tag();
        let Some((bytes, to)) = net.reply(server, status, Some(&tag), headers, body) else { return };
        self.traced(net, true, to, &bytes);
        if reliable {
            let generation = self.next_generation();
            let interval = net.config.t1;
            net.call_after(interval, self.id, CallTimer::Reliable(generation));
            net.call_after(net.config.patience(), self.id, CallTimer::NoPrack(generation));
            if let Some(callee) = &mut self.callee {
                callee.reliable = Some(Reliable { rseq, bytes, to, interval, generation, with_body });
            }
        }
    }

    /// Answers. While the PRACK for a session description is due, the answer waits for it (RFC 3262 section 3).
    pub fn accept(&mut self, net: &mut Net, body: Bytes) {
        if self.state != State::Offered {
            return;
        }
        let Some(callee) = &mut self.callee else { return };
        if callee.reliable.as_ref().is_some_and(|reliable| reliable.with_body) {
            callee.accepting = Some(body);
            return;
        }
        callee.reliable = None;
        callee.queued.clear();
        let body = if callee.renegotiated { Bytes::new() } else { body };
        let (server, peer, seq) = (callee.server, callee.peer, callee.invite_seq);
        let timer_headers = std::mem::take(&mut callee.session_headers);
        let mut headers = self.session_headers(net, peer, &body);
        headers.extend(timer_headers);
        let tag = self.id.tag();
        let Some((bytes, to)) = net.reply(server, 200, Some(&tag), headers, body) else { return };
        self.traced(net, true, to, &bytes);
        self.state = State::Answered;
        self.expect_ack(net, seq, bytes, to);
        self.schedule_refresh(net);
    }

    /// Refuses.
    pub fn reject(&mut self, net: &mut Net, status: u16, headers: Vec<(Name, String)>, cause: EndCause) {
        if self.state != State::Offered {
            return;
        }
        let Some(callee) = &mut self.callee else { return };
        callee.reliable = None;
        let server = callee.server;
        self.reply(net, server, status, headers, Bytes::new());
        self.end(net, cause);
    }

    /// The caller gave up.
    pub fn on_cancel(&mut self, net: &mut Net) {
        self.reject(net, 487, Vec::new(), EndCause::Cancelled);
    }

    pub fn on_prack(&mut self, net: &mut Net, id: ServerId, request: &Request) {
        let rack = request.headers.get(&Name::RAck).and_then(RAck::parse);
        let Some(callee) = &mut self.callee else { return self.reply_plain(net, id, 481) };
        let fits = callee.reliable.as_ref().is_some_and(|reliable| {
            rack.is_some_and(|rack| rack.rseq == reliable.rseq && rack.cseq.seq == callee.invite_seq)
        });
        if !fits {
            return self.reply_plain(net, id, 481);
        }
        let body = &request.body;
        let is_answer = callee.offer_due && callee.reliable.as_ref().is_some_and(|reliable| reliable.with_body);
        if is_answer && body.is_empty() {
            let warning = (Name::Warning, "399 hotline \"the answer to our offer is missing\"".to_owned());
            return self.reply(net, id, 400, vec![warning], Bytes::new());
        }
        if !is_answer && !body.is_empty() && self.offers.is_open() {
            // Nothing is lost: the response that it acknowledges comes again, and so may this (RFC 6337 section 2.3).
            let wait = rand::random_range(0..=10).to_string();
            return self.reply(net, id, 500, vec![(Name::RetryAfter, wait)], Bytes::new());
        }
        let Some(callee) = &mut self.callee else { return };
        callee.offer_due &= !is_answer;
        callee.reliable = None;
        let next = callee.queued.pop_front();
        let accepting = callee.accepting.take();
        if is_answer {
            self.reply_plain(net, id, 200);
            net.event(Event::Answer { call: self.id, result: Ok(body.clone()) });
        } else if body.is_empty() {
            self.reply_plain(net, id, 200);
        } else {
            self.offers.took_remote(OfferId(id), self.dialog.as_ref().map(|dialog| dialog.peer));
            net.event(Event::Offer { call: self.id, offer: OfferId(id), body: body.clone() });
        }
        match (accepting, next) {
            (Some(body), _) => self.accept(net, body),
            (None, Some((status, body))) => self.provisional(net, status, body),
            (None, None) => {}
        }
    }

    pub fn on_callee_timer(&mut self, net: &mut Net, timer: CallTimer) {
        let patience = net.config.patience();
        let id = self.id;
        let Some(callee) = &mut self.callee else { return };
        match timer {
            CallTimer::Reliable(generation) => {
                let Some(reliable) = callee.reliable.as_mut().filter(|r| r.generation == generation) else { return };
                // Doubled without the bound T2 (RFC 3262 section 3).
                reliable.interval = (reliable.interval * 2).min(patience);
                let (to, bytes, wait) = (reliable.to, reliable.bytes.clone(), reliable.interval);
                net.retransmitted += 1;
                net.transmit(to, bytes);
                net.call_after(wait, id, CallTimer::Reliable(generation));
            }
            CallTimer::NoPrack(generation) if callee.reliable.as_ref().is_some_and(|r| r.generation == generation) => {
                self.reject(net, 504, Vec::new(), EndCause::NotAcknowledged);
            }
            CallTimer::InviteExpires => self.reject(net, 487, Vec::new(), EndCause::Cancelled),
            _ => {}
        }
    }
}
