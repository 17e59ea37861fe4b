//! The caller's side of a call until the answer: provisional responses, forks, challenges, CANCEL.

use std::time::Duration;

use bytes::Bytes;

use super::call::{Call, State, address, authorized};
use super::config::Peer;
use super::dialog::Dialog;
use super::event::{CallId, EndCause, Event, Failed, Invite};
use super::net::{Answered, ClientKey, Lost, Net, Owner, Purpose};
use super::timers::CallTimer;
use super::{ACCEPT, ALLOW, SUPPORTED};
use crate::message::{Headers, Method, Name, NameAddr, RAck, Request, Response};

/// Branches of a forked call that are kept apart before the answer.
const MAX_FORKS: usize = 16;

pub(super) struct CallerSide {
    /// The INVITE as it was last sent.
    invite: Request,
    peer: Peer,
    key: ClientKey,
    forks: Vec<Fork>,
    /// Whether a final response may still come.
    open: bool,
    cancelled: bool,
    /// Whether a longer session interval was tried (422).
    lengthened: bool,
}

/// An early dialog.
struct Fork {
    dialog: Dialog,
    /// The number of the last reliable response.
    rseq: u32,
    /// The session description that it brought, if any.
    session: Bytes,
}

impl CallerSide {
    /// The early dialog with this tag.
    pub fn early(&self, tag: &str) -> Option<&Dialog> {
        self.forks.iter().map(|fork| &fork.dialog).find(|dialog| dialog.remote_tag == tag)
    }

    pub fn early_mut(&mut self, tag: &str) -> Option<&mut Dialog> {
        self.forks.iter_mut().map(|fork| &mut fork.dialog).find(|dialog| dialog.remote_tag == tag)
    }

    /// What an answer says of the session. One that repeats the description of its own 1xx, or has none because that counts
    /// (RFC 3261 section 13.2.1), says nothing new: empty, unless another branch was heard since.
    fn news(&self, tag: &str, body: &Bytes) -> Bytes {
        let Some(fork) = self.forks.iter().find(|fork| fork.dialog.remote_tag == tag) else { return body.clone() };
        let repeated = body.is_empty() || *body == fork.session;
        let others = self.forks.iter().any(|other| other.dialog.remote_tag != tag && !other.session.is_empty());
        match (repeated, others) {
            (true, true) => fork.session.clone(),
            (true, false) => Bytes::new(),
            (false, _) => body.clone(),
        }
    }

    pub fn waits_for_final(&self) -> bool {
        self.open
    }
}

impl Call {
    /// Sends the INVITE.
    pub fn place(net: &mut Net, id: CallId, invite: Invite) -> Call {
        let user = invite.from.uri.user.clone().unwrap_or_default();
        let mut request = Request::new(Method::Invite, invite.to.clone().bare());
        for route in &invite.routes {
            request.headers.push(Name::Route, format!("<{route}>"));
        }
        request.headers.push(Name::From, address(&invite.from.with_tag(&id.tag())));
        request.headers.push(Name::To, format!("<{}>", invite.to.bare()));
        request.headers.push(Name::CallId, format!("{:032x}", rand::random::<u128>()));
        request.headers.push(Name::CSeq, format!("{} INVITE", 1 + (rand::random::<u32>() >> 20)));
        request.headers.push(Name::Contact, net.contact(invite.peer, &user));
        request.headers.push(Name::Allow, ALLOW);
        request.headers.push(Name::Supported, SUPPORTED);
        for (name, value) in invite.headers {
            request.headers.push(name, value);
        }
        if let Some(interval) = net.config.session_expires {
            request.headers.push(Name::SessionExpires, interval.as_secs().to_string());
            request.headers.push(Name::MinSe, net.config.min_se.as_secs().to_string());
        }
        if !invite.body.is_empty() {
            request.headers.push(Name::ContentType, ACCEPT);
        }
        request.body = invite.body;
        let mut call = Call::new(id, State::Calling, user, net);
        call.credentials = invite.credentials;
        let (key, bytes) = net.send(request.clone(), invite.peer, Owner::Call(id, Purpose::Invite));
        call.traced(net, true, invite.peer, &bytes);
        call.caller = Some(Box::new(CallerSide {
            invite: request,
            peer: invite.peer,
            key,
            forks: Vec::new(),
            open: true,
            cancelled: false,
            lengthened: false,
        }));
        call
    }

    /// The Call-ID of a call that we place.
    pub fn sip_call_id(&self) -> &str {
        match (&self.dialog, &self.caller) {
            (Some(dialog), _) => &dialog.call_id,
            (None, Some(caller)) => caller.invite.headers.call_id(),
            (None, None) => "",
        }
    }

    /// Gives up a call that has no answer.
    pub fn cancel(&mut self, net: &mut Net) {
        if self.state != State::Calling {
            return;
        }
        let Some(caller) = &mut self.caller else { return };
        caller.cancelled = true;
        let key = caller.key;
        if let Some((peer, bytes)) = net.cancel(key) {
            self.traced(net, true, peer, &bytes);
        }
        net.call_after(net.config.patience(), self.id, CallTimer::CancelUnanswered);
        self.fail(net, 487, "Request Terminated".to_owned(), true, None);
    }

    /// A cancelled INVITE that never got its final response: nothing more will come.
    pub fn on_cancel_unanswered(&mut self, net: &mut Net) {
        if let Some(caller) = &mut self.caller
            && caller.cancelled
        {
            caller.open = false;
            net.forget(caller.key);
        }
    }

    /// A response to the INVITE that began the call.
    pub fn on_invite_response(&mut self, net: &mut Net, answered: Answered) {
        match answered.response.status {
            0..=199 => self.on_provisional(net, &answered.response, answered.peer),
            200..=299 => self.on_accepted(net, &answered),
            _ => self.on_refused(net, answered),
        }
    }

    /// The INVITE had no final response.
    pub fn on_invite_lost(&mut self, net: &mut Net, lost: Lost) {
        if let Some(caller) = &mut self.caller {
            caller.open = false;
        }
        let (status, reason) = match lost {
            Lost::Timeout => (408, "no answer from the network"),
            Lost::Transport => (503, "the network refuses the connection"),
        };
        self.fail(net, status, reason.to_owned(), true, None);
    }

    fn on_provisional(&mut self, net: &mut Net, response: &Response, peer: Peer) {
        if response.status == 100 || self.state != State::Calling {
            return;
        }
        let Some(caller) = &mut self.caller else { return };
        let reliable = response.headers.lists(&Name::Require, "100rel");
        if let Some(tag) = response.to_tag() {
            let known = caller.forks.iter().position(|fork| fork.dialog.remote_tag == tag);
            let fork = match known {
                Some(fork) => fork,
                None if caller.forks.len() < MAX_FORKS => {
                    let Some(dialog) = Dialog::caller(&caller.invite, &response.headers, peer) else { return };
                    caller.forks.push(Fork { dialog, rseq: 0, session: Bytes::new() });
                    caller.forks.len() - 1
                }
                None => return,
            };
            if reliable && !self.acknowledge_provisional(net, fork, response, known.is_none()) {
                return;
            }
            if let (Some(caller), true) = (&mut self.caller, is_session(&response.headers)) {
                caller.forks[fork].session = response.body.clone();
            }
        }
        let body = if is_session(&response.headers) { response.body.clone() } else { Bytes::new() };
        net.event(Event::Provisional { call: self.id, status: response.status, body });
    }

    /// PRACK (RFC 3262 section 4); false when the response is one that we know already, or out of order.
    fn acknowledge_provisional(&mut self, net: &mut Net, fork: usize, response: &Response, first: bool) -> bool {
        let Some(caller) = &mut self.caller else { return false };
        let Some(rseq) = response.headers.number(&Name::RSeq).and_then(|n| u32::try_from(n).ok()) else { return true };
        let Fork { dialog, rseq: last, .. } = &mut caller.forks[fork];
        if !first && *last != 0 && rseq != *last + 1 {
            return false;
        }
        *last = rseq;
        let Some(cseq) = response.headers.cseq() else { return false };
        let mut prack = dialog.request(Method::Prack);
        prack.headers.push(Name::RAck, RAck { rseq, cseq }.to_string());
        let to = dialog.next_hop();
        let (_, bytes) = net.send(prack, to, Owner::Call(self.id, Purpose::Prack));
        self.traced(net, true, to, &bytes);
        true
    }

    fn on_accepted(&mut self, net: &mut Net, answered: &Answered) {
        let response = &answered.response;
        let seq = response.headers.cseq().map_or(0, |cseq| cseq.seq);
        let tag = response.to_tag().unwrap_or_default();
        if let Some(dialog) = &self.dialog {
            if dialog.remote_tag == tag {
                self.acknowledge_again(net, seq);
            } else {
                // Another branch answered too (section 13.2.2.4): thank it and hang up.
                self.decline_branch(net, response, answered.peer, seq);
            }
            return;
        }
        let Some(caller) = &mut self.caller else { return };
        caller.open = false;
        let Some(mut dialog) = Dialog::caller(&caller.invite, &response.headers, answered.peer) else {
            self.fail(net, 502, "the answer has routes that cannot be read".to_owned(), true, None);
            return;
        };
        if let Some(early) = caller.early(tag) {
            dialog.local_seq = dialog.local_seq.max(early.local_seq);
            dialog.remote_seq = early.remote_seq;
        }
        let body = caller.news(tag, &response.body);
        self.dialog = Some(dialog);
        self.acknowledge(net, seq);
        if self.state != State::Calling {
            // Cancelled, but the answer was faster.
            return self.send_bye(net);
        }
        self.state = State::Up;
        self.agree_refresh_as_caller(net, &response.headers);
        net.event(Event::Answered { call: self.id, body });
    }

    fn decline_branch(&mut self, net: &mut Net, response: &Response, peer: Peer, seq: u32) {
        let Some(caller) = &self.caller else { return };
        let Some(dialog) = Dialog::caller(&caller.invite, &response.headers, peer) else { return };
        let bytes = decline(net, dialog, seq);
        self.traced(net, true, peer, &bytes);
    }

    fn on_refused(&mut self, net: &mut Net, mut answered: Answered) {
        let response = &answered.response;
        let cancelled = self.state != State::Calling;
        if !cancelled && let Some(retry) = self.retry(net, response, answered.request.take()) {
            let Some(caller) = &mut self.caller else { return };
            let (key, bytes) = net.send(retry.clone(), caller.peer, Owner::Call(self.id, Purpose::Invite));
            caller.invite = retry;
            caller.key = key;
            caller.forks.clear();
            let peer = caller.peer;
            self.traced(net, true, peer, &bytes);
            return;
        }
        if let Some(caller) = &mut self.caller {
            caller.open = false;
        }
        let (status, reason) = (answered.response.status, answered.response.reason.clone());
        self.fail(net, status, reason, false, Some(&answered.response.headers));
    }

    /// The INVITE once more: with credentials, or with the session interval that is asked for.
    fn retry(&mut self, net: &Net, response: &Response, request: Option<Request>) -> Option<Request> {
        let mut request = request?;
        match response.status {
            401 | 407 => authorized(response, request, self.credentials.as_ref()?),
            422 => {
                let caller = self.caller.as_mut()?;
                if std::mem::replace(&mut caller.lengthened, true) {
                    return None;
                }
                let min = response.headers.number(&Name::MinSe)?;
                let ours = net.config.session_expires.map_or(0, |interval| interval.as_secs());
                request.headers.set(Name::SessionExpires, min.max(ours).to_string());
                request.headers.set(Name::MinSe, min.to_string());
                let seq = request.headers.cseq()?.seq + 1;
                request.headers.set(Name::CSeq, format!("{seq} INVITE"));
                Some(request)
            }
            _ => None,
        }
    }

    fn fail(&mut self, net: &mut Net, status: u16, reason: String, local: bool, headers: Option<&Headers>) {
        if self.state != State::Calling {
            return;
        }
        self.state = State::Over;
        let mut contacts = match headers.filter(|_| (300..400).contains(&status)) {
            Some(headers) => headers.addresses(&Name::Contact).unwrap_or_default(),
            None => Vec::new(),
        };
        // Those first that the other side would rather have tried (RFC 3261 section 20.10); of equal ones as they came.
        contacts.sort_by(|one, other| preference(other).total_cmp(&preference(one)));
        let explanation = headers.and_then(|h| h.get(&Name::Reason).or(h.get(&Name::Warning))).map(str::to_owned);
        let retry_after = headers.and_then(|h| h.number(&Name::RetryAfter)).map(|s| Duration::from_secs(s.min(86_400)));
        let contacts = contacts.into_iter().map(|contact| contact.uri.bare()).collect();
        let failed = Failed { call: self.id, status, reason, local, explanation, contacts, retry_after };
        net.event(Event::Failed(Box::new(failed)));
    }

    /// The end of a call that we placed, for whoever hangs up without looking.
    pub fn give_up(&mut self, net: &mut Net, reason: Option<&str>) {
        match self.state {
            State::Calling => self.cancel(net),
            State::Offered => self.reject(net, 480, Vec::new(), EndCause::ByLocal),
            State::Answered | State::Up => self.hang_up(net, reason),
            State::Over => {}
        }
    }
}

/// How much a Contact is preferred, from 0 to 1.
fn preference(contact: &NameAddr) -> f32 {
    contact.params.value("q").and_then(|q| q.parse::<f32>().ok()).filter(|q| (0.0..=1.0).contains(q)).unwrap_or(1.0)
}

/// Acknowledges an answer that nobody wants any more, and hangs up. Returns the ACK.
pub(super) fn decline(net: &mut Net, mut dialog: Dialog, seq: u32) -> Bytes {
    let to = dialog.next_hop();
    let ack = net.send_ack(dialog.numbered(Method::Ack, seq), to);
    let bye = dialog.request(Method::Bye);
    net.send(bye, to, Owner::Nobody);
    ack
}

pub(super) fn is_session(headers: &Headers) -> bool {
    headers
        .get(&Name::ContentType)
        .is_some_and(|kind| kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(ACCEPT))
}
