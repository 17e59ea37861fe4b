//! The endpoint: takes what arrives to the call or the owner it belongs to, and turns commands into messages.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;

use super::call::{Call, State, authorized};
use super::caller::decline;
use super::config::{Config, Peer};
use super::dialog::Dialog;
use super::event::{CallId, EndCause, Event, Invite, OfferId, Output, Outside, OutsideRequest, RequestId};
use super::net::{Answered, Arrived, Lost, Net, Owner, Purpose, ServerId, call_tag};
use super::timers::Timer;
use super::{ALLOW, SUPPORTED, screen};
use crate::message::{Message, Method, Name, Replaces, Request, Response, Uri};
use crate::ua::Credentials;

/// All transactions and calls of one process. See the module.
pub struct Endpoint {
    net: Net,
    pub(super) calls: HashMap<CallId, Call>,
    /// Calls that began with this Call-ID, tag and CSeq, against merged requests (RFC 3261 section 8.2.2.2).
    begun: HashMap<Box<str>, CallId>,
    begun_by: HashMap<CallId, Box<str>>,
    outside: HashMap<RequestId, Option<Credentials>>,
    next_request: u64,
    /// Whether new calls are refused.
    draining: bool,
}

impl Endpoint {
    /// An endpoint without calls. `local` says what to write in Via and Contact towards a peer.
    pub fn new(config: Config, now: Instant, local: impl Fn(Peer) -> SocketAddr + Send + 'static) -> Self {
        Endpoint {
            net: Net::new(config, Box::new(local), now),
            calls: HashMap::new(),
            begun: HashMap::new(),
            begun_by: HashMap::new(),
            outside: HashMap::new(),
            next_request: 0,
            draining: false,
        }
    }

    // ── What arrives ─────────────────────────────────────────────────────────────────────────────────────────────────

    /// Takes a message. `raw` is what it was read from, for the ladder.
    pub fn receive(&mut self, now: Instant, message: Message, raw: &Bytes, peer: Peer) {
        self.net.now = now;
        if let Some(call) = call_tag(&message).and_then(|id| self.calls.get_mut(&id)) {
            call.traced(&self.net, false, peer, raw);
        }
        match message {
            Message::Request(mut request) => {
                request.headers.mark_received(peer.addr);
                self.on_request(request, raw, peer);
            }
            Message::Response(response) => self.on_response(response, peer),
        }
    }

    /// Answers a request that could not be read whole (see [`ParseError`](crate::message::ParseError)).
    pub fn refuse_unreadable(&mut self, now: Instant, mut request: Request, status: u16, why: &str, peer: Peer) {
        self.net.now = now;
        request.headers.mark_received(peer.addr);
        if screen::answerable(&request) {
            let warning = (Name::Warning, format!("399 hotline \"{why}\""));
            self.net.respond_stateless(&request, peer, status, vec![warning]);
        }
    }

    /// A connection was lost or could not be had: what waits for an answer over it fails.
    pub fn unreachable(&mut self, now: Instant, peer: Peer) {
        self.net.now = now;
        for (owner, _) in self.net.unreachable(peer) {
            self.on_lost(owner, Lost::Transport);
        }
    }

    /// Does what is due.
    pub fn timeout(&mut self, now: Instant) {
        self.net.now = now;
        while let Some(timer) = self.net.timers.due(now) {
            match timer {
                Timer::Call(id, timer) => {
                    if let Some(call) = self.calls.get_mut(&id) {
                        call.on_timer(&mut self.net, timer);
                        self.settle(id);
                    }
                }
                timer => {
                    if let Some((owner, _, lost)) = self.net.fired(timer) {
                        self.on_lost(owner, lost);
                    }
                }
            }
        }
    }

    /// When [`timeout`](Self::timeout) is due next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.net.timers.next()
    }

    /// The next thing to do, until there is none.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.net.out.pop_front()
    }

    // ── Requests ─────────────────────────────────────────────────────────────────────────────────────────────────────

    fn on_request(&mut self, request: Request, raw: &Bytes, peer: Peer) {
        if !screen::answerable(&request) {
            return;
        }
        let (id, request) = match self.net.request(request, peer) {
            Arrived::Absorbed => return,
            Arrived::Ack(ack) => return self.on_ack(&ack),
            Arrived::Overload(request) => {
                let wait = vec![(Name::RetryAfter, "5".to_owned())];
                return self.net.respond_stateless(&request, peer, 503, wait);
            }
            Arrived::New(id, request) => (id, request),
        };
        if let Some((status, header)) = screen::fault(&request) {
            return self.respond(id, status, header.into_iter().collect());
        }
        if request.method == Method::Cancel {
            return self.on_cancel(id, &request);
        }
        if let Some(unknown) = screen::unsupported(&request) {
            return self.respond(id, 420, vec![(Name::Unsupported, unknown)]);
        }
        if let Some(tag) = request.to_tag() {
            return match self.call_of(&request, tag) {
                Some(call_id) => {
                    if let Some(call) = self.calls.get_mut(&call_id) {
                        call.on_request(&mut self.net, id, &request, peer);
                        self.settle(call_id);
                    }
                }
                None => {
                    self.respond(id, 481, Vec::new());
                    self.net.event(Event::Stray { peer });
                }
            };
        }
        match request.method {
            Method::Invite => self.on_invite(id, &request, raw, peer),
            Method::Options => self.on_options(id),
            Method::Register => {
                let request = OutsideRequest { id: OfferId(id), request: *request, peer };
                self.net.event(Event::Request(Box::new(request)));
            }
            // A dialog is what these belong to.
            Method::Bye | Method::Prack | Method::Update | Method::Info | Method::Notify => {
                self.respond(id, 481, Vec::new());
            }
            Method::Subscribe => self.respond(id, 489, vec![(Name::AllowEvents, "refer".to_owned())]),
            Method::Refer => self.respond(id, 403, Vec::new()),
            _ => self.respond(id, 405, vec![(Name::Allow, ALLOW.to_owned())]),
        }
    }

    fn call_of(&self, request: &Request, local_tag: &str) -> Option<CallId> {
        let id = CallId::from_tag(local_tag)?;
        let remote = request.headers.tag(&Name::From).unwrap_or_default();
        let dialog = self.calls.get(&id)?.dialog_with(remote)?;
        dialog.is(request.headers.call_id(), remote).then_some(id)
    }

    fn on_ack(&mut self, ack: &Request) {
        let Some(id) = ack.to_tag().and_then(|tag| self.call_of(ack, tag)) else { return };
        if let Some(call) = self.calls.get_mut(&id) {
            call.on_ack(&mut self.net, ack);
            self.settle(id);
        }
    }

    fn on_cancel(&mut self, id: ServerId, cancel: &Request) {
        match self.net.cancelled(cancel) {
            Some((invite, call, open)) => {
                // The same tag as in the responses to the INVITE (section 9.2).
                match call {
                    Some(call) => {
                        self.net.reply(id, 200, Some(&call.tag()), Vec::new(), Bytes::new());
                    }
                    None => self.respond(id, 200, Vec::new()),
                }
                if !open {
                    return;
                }
                match call.filter(|call| self.calls.contains_key(call)) {
                    Some(call_id) => {
                        if let Some(call) = self.calls.get_mut(&call_id) {
                            if call.state == State::Offered {
                                call.on_cancel(&mut self.net);
                            } else if let Some(offer) = call.offers.take_remote() {
                                // A re-INVITE was taken back; the session stays as it was.
                                call.reply_plain(&mut self.net, offer.0, 487);
                            }
                        }
                        self.settle(call_id);
                    }
                    None => self.respond(invite, 487, Vec::new()),
                }
            }
            None => self.respond(id, 481, Vec::new()),
        }
    }

    fn on_options(&mut self, id: ServerId) {
        let mut headers = Call::capabilities();
        headers.push((Name::Supported, SUPPORTED.to_owned()));
        self.respond(id, if self.draining { 503 } else { 200 }, headers);
    }

    fn on_invite(&mut self, id: ServerId, request: &Request, raw: &Bytes, peer: Peer) {
        if self.draining || self.calls.len() >= self.net.config.max_calls {
            return self.respond(id, 503, vec![(Name::RetryAfter, "5".to_owned())]);
        }
        let headers = &request.headers;
        let seq = headers.cseq().map_or(0, |cseq| cseq.seq);
        let begin: Box<str> =
            format!("{}|{}|{seq}", headers.call_id(), headers.tag(&Name::From).unwrap_or_default()).into();
        if self.begun.contains_key(&begin) {
            return self.respond(id, 482, Vec::new());
        }
        let replaces = match self.replaced(request) {
            Ok(replaces) => replaces,
            Err(status) => return self.respond(id, status, Vec::new()),
        };
        let call_id = CallId(rand::random());
        match Call::offered(&mut self.net, call_id, id, request, peer, replaces) {
            Ok(mut call) => {
                call.traced(&self.net, false, peer, raw);
                self.calls.insert(call_id, call);
                self.begun.insert(begin.clone(), call_id);
                self.begun_by.insert(call_id, begin);
            }
            Err((status, headers)) => self.respond(id, status, headers),
        }
    }

    /// The call that an INVITE wants to replace (RFC 3891 section 3).
    fn replaced(&self, request: &Request) -> Result<Option<CallId>, u16> {
        let mut values = request.headers.all(&Name::Replaces);
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(400);
        }
        let wanted = Replaces::parse(value).ok_or(400u16)?;
        let id = CallId::from_tag(&wanted.to_tag).ok_or(481u16)?;
        let call = self.calls.get(&id).ok_or(481u16)?;
        let dialog = call.dialog.as_ref().filter(|d| d.is(&wanted.call_id, &wanted.from_tag)).ok_or(481u16)?;
        let _ = dialog;
        match call.state {
            State::Over => Err(603),
            State::Up | State::Answered if wanted.early_only => Err(486),
            State::Up | State::Answered => Ok(Some(id)),
            // Only its caller may replace an early dialog, and we have no use for that.
            State::Calling | State::Offered => Err(481),
        }
    }

    /// Answers a request that belongs to no call.
    fn respond(&mut self, id: ServerId, status: u16, headers: Vec<(Name, String)>) {
        let tag = format!("{:016x}", rand::random::<u64>());
        self.net.reply(id, status, Some(&tag), headers, Bytes::new());
    }

    // ── Responses ────────────────────────────────────────────────────────────────────────────────────────────────────

    fn on_response(&mut self, response: Response, peer: Peer) {
        let Some(answered) = self.net.response(response, peer) else { return };
        match answered.owner {
            Owner::Call(id, purpose) => match self.calls.get_mut(&id) {
                Some(call) => {
                    if let Some((to, bytes)) = &answered.sent {
                        call.traced(&self.net, true, *to, bytes);
                    }
                    if purpose == Purpose::Invite {
                        call.on_invite_response(&mut self.net, answered);
                    } else {
                        call.on_response(&mut self.net, answered, purpose);
                    }
                    self.settle(id);
                }
                None => self.late_answer(&answered, purpose),
            },
            Owner::Outside(id) => self.on_outside_response(id, answered),
            Owner::Nobody => {}
        }
    }

    /// A 2xx for a call that is gone: somebody picked up after all.
    fn late_answer(&mut self, answered: &Answered, purpose: Purpose) {
        let response = &answered.response;
        if !matches!(purpose, Purpose::Invite) || !(200..300).contains(&response.status) {
            return;
        }
        let Some(request) = &answered.request else { return };
        if let (Some(dialog), Some(cseq)) =
            (Dialog::caller(request, &response.headers, answered.peer), response.headers.cseq())
        {
            decline(&mut self.net, dialog, cseq.seq);
        }
    }

    fn on_outside_response(&mut self, id: RequestId, mut answered: Answered) {
        if answered.response.status < 200 {
            return;
        }
        if matches!(answered.response.status, 401 | 407)
            && let (Some(Some(credentials)), Some(request)) = (self.outside.get(&id), answered.request.take())
            && let Some(retry) = authorized(&answered.response, request, credentials)
        {
            self.net.send(retry, answered.peer, Owner::Outside(id));
            return;
        }
        if self.outside.remove(&id).is_some() {
            self.net.event(Event::Response { id, response: Some(Box::new(answered.response)) });
        }
    }

    fn on_lost(&mut self, owner: Owner, lost: Lost) {
        match owner {
            Owner::Call(id, purpose) => {
                if let Some(call) = self.calls.get_mut(&id) {
                    if purpose == Purpose::Invite {
                        call.on_invite_lost(&mut self.net, lost);
                    } else {
                        call.on_lost(&mut self.net, purpose, lost);
                    }
                    self.settle(id);
                }
            }
            Owner::Outside(id) => {
                if self.outside.remove(&id).is_some() {
                    self.net.event(Event::Response { id, response: None });
                }
            }
            Owner::Nobody => {}
        }
    }

    /// Forgets a call that has nothing left to do.
    fn settle(&mut self, id: CallId) {
        if self.calls.get(&id).is_none_or(|call| !call.is_done()) {
            return;
        }
        if let Some(call) = self.calls.remove(&id) {
            // A re-INVITE that rings has no deadline: it would wait for ever for the answer of a call that is over.
            if let Some(offer) = call.offers.ours() {
                self.net.forget(offer);
            }
            if let Some(begin) = self.begun_by.remove(&id) {
                self.begun.remove(&begin);
            }
            self.net.event(Event::Closed { call: id, ladder: call.ladder });
        }
    }

    // ── Commands ─────────────────────────────────────────────────────────────────────────────────────────────────────

    /// Places a call.
    pub fn invite(&mut self, now: Instant, invite: Invite) -> CallId {
        self.net.now = now;
        let id = CallId(rand::random());
        let call = Call::place(&mut self.net, id, invite);
        self.calls.insert(id, call);
        id
    }

    /// Sends a request outside calls.
    pub fn request(&mut self, now: Instant, outside: Outside) -> RequestId {
        self.net.now = now;
        self.next_request += 1;
        let id = RequestId(self.next_request);
        self.outside.insert(id, outside.credentials);
        self.net.send(outside.request, outside.peer, Owner::Outside(id));
        id
    }

    /// Answers a request that came as [`Event::Request`], with a response made from it.
    pub fn reply_outside(&mut self, now: Instant, id: OfferId, status: u16, headers: Vec<(Name, String)>) {
        self.net.now = now;
        self.respond(id.0, status, headers);
    }

    fn with_call(&mut self, now: Instant, id: CallId, act: impl FnOnce(&mut Call, &mut Net)) {
        self.net.now = now;
        if let Some(call) = self.calls.get_mut(&id) {
            act(call, &mut self.net);
            self.settle(id);
        }
    }

    /// Says 101 to 199, with a session description if sound comes already. Reliably where the caller asks for it.
    pub fn provisional(&mut self, now: Instant, call: CallId, status: u16, body: Bytes) {
        self.with_call(now, call, |call, net| call.provisional(net, status, body));
    }

    /// Answers a call with this session description.
    pub fn accept(&mut self, now: Instant, call: CallId, body: Bytes) {
        self.with_call(now, call, |call, net| call.accept(net, body));
    }

    /// Refuses a call.
    pub fn reject(&mut self, now: Instant, call: CallId, status: u16, headers: Vec<(Name, String)>) {
        self.with_call(now, call, |call, net| call.reject(net, status, headers, EndCause::ByLocal));
    }

    /// Ends a call however far it has come: CANCEL, refusal or BYE.
    pub fn hang_up(&mut self, now: Instant, call: CallId, reason: Option<&str>) {
        self.with_call(now, call, |call, net| call.give_up(net, reason));
    }

    /// Ends a call as broken, for a reason of ours: no sound comes, the answer is of no use.
    pub fn abort(&mut self, now: Instant, call: CallId, why: String) {
        self.with_call(now, call, |call, net| {
            if matches!(call.state, State::Up | State::Answered) {
                call.end(net, EndCause::Error(why.clone()));
                call.send_bye(net);
            } else {
                call.give_up(net, Some(&why));
            }
        });
    }

    /// Offers a change of the session.
    pub fn offer(&mut self, now: Instant, call: CallId, body: Bytes) {
        self.with_call(now, call, |call, net| call.offer(net, body));
    }

    /// Answers an offer.
    pub fn answer(&mut self, now: Instant, call: CallId, offer: OfferId, body: Bytes) {
        self.with_call(now, call, |call, net| call.answer(net, offer, body));
    }

    /// Refuses an offer.
    pub fn refuse(&mut self, now: Instant, call: CallId, offer: OfferId, status: u16, headers: Vec<(Name, String)>) {
        self.with_call(now, call, |call, net| call.refuse(net, offer, status, headers));
    }

    /// Asks the other side to call somebody else.
    pub fn refer(&mut self, now: Instant, call: CallId, to: &Uri) {
        self.with_call(now, call, |call, net| call.refer(net, to));
    }

    /// Takes on (202) or refuses a transfer.
    pub fn refer_reply(&mut self, now: Instant, call: CallId, refer: u32, status: u16) {
        self.with_call(now, call, |call, net| call.refer_reply(net, refer, status));
    }

    /// Tells how a transfer goes.
    pub fn refer_progress(&mut self, now: Instant, call: CallId, refer: u32, status: u16, words: &str) {
        self.with_call(now, call, |call, net| call.refer_progress(net, refer, status, words));
    }

    /// Takes no more calls.
    pub fn drain(&mut self) {
        self.draining = true;
    }

    // ── Looking ──────────────────────────────────────────────────────────────────────────────────────────────────────

    /// Calls that exist.
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    /// Transactions that exist, those included that only wait for retransmissions.
    pub fn transactions(&self) -> usize {
        self.net.transactions()
    }

    /// Deadlines that wait.
    pub fn timers(&self) -> usize {
        self.net.timers.len()
    }

    /// Messages that this side has sent again.
    pub fn retransmitted(&self) -> u64 {
        self.net.retransmitted
    }

    /// The Call-ID of a call.
    pub fn sip_call_id(&self, call: CallId) -> Option<String> {
        self.calls.get(&call).map(|call| call.sip_call_id().to_owned())
    }

    /// The names of a call's dialog, for a Replaces at its other end (RFC 3891): its Call-ID and tags as the peer sees them.
    pub fn replaces(&self, call: CallId) -> Option<Replaces> {
        let dialog = self.calls.get(&call)?.dialog.as_ref()?;
        Some(Replaces {
            call_id: dialog.call_id.clone(),
            to_tag: dialog.remote_tag.clone(),
            from_tag: call.tag(),
            early_only: false,
        })
    }

    /// The other side's Contact in a call: where somebody else can reach it.
    pub fn remote_target(&self, call: CallId) -> Option<Uri> {
        Some(self.calls.get(&call)?.dialog.as_ref()?.target.clone())
    }

    /// The messages of a call so far.
    pub fn ladder(&self, call: CallId) -> Vec<super::Traced> {
        self.calls.get(&call).map(|call| call.ladder.clone()).unwrap_or_default()
    }
}
