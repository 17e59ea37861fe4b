//! One call: the INVITE usage of a dialog. What begins it is in `caller` and `callee`; offers, refreshes and transfers have files of
//! their own. Here: what all of them share, requests within the dialog, and the end.

use std::time::Duration;

use bytes::Bytes;

use super::callee::CalleeSide;
use super::caller::CallerSide;
use super::config::Peer;
use super::dialog::Dialog;
use super::event::{CallId, EndCause, Event, Traced};
use super::net::{Answered, ClientKey, Lost, Net, Owner, Purpose, ServerId};
use super::offers::Offers;
use super::refresh::Refresh;
use super::timers::CallTimer;
use super::transfer::Transfers;
use super::{ACCEPT, ALLOW, SUPPORTED};
use crate::digest::Challenge;
use crate::message::{Method, Name, NameAddr, Request, Response, Uri};
use crate::ua::Credentials;

/// Messages that a call keeps for its ladder: the first ones, then the last.
const LADDER: usize = 64;

/// How far a call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// We called and have no final response.
    Calling,
    /// We were called and have not decided.
    Offered,
    /// We said 200 and have no ACK.
    Answered,
    /// Both sides know.
    Up,
    /// Its owner has been told the end; what remains is to be polite.
    Over,
}

pub(super) struct Call {
    pub id: CallId,
    pub state: State,
    pub dialog: Option<Dialog>,
    pub caller: Option<Box<CallerSide>>,
    pub callee: Option<Box<CalleeSide>>,
    /// The user part of our Contact.
    pub user: String,
    pub credentials: Option<Credentials>,
    pub offers: Offers,
    pub refresh: Refresh,
    pub transfers: Transfers,
    /// Our 2xx that waits for its ACK.
    pub unacknowledged: Option<Unacknowledged>,
    /// Our last ACK, for when the 2xx comes again.
    pub last_ack: Option<(u32, Bytes, Peer)>,
    /// Our BYE, when one is on its way.
    bye: Option<ClientKey>,
    bye_reason: Option<String>,
    trace: bool,
    pub ladder: Vec<Traced>,
    /// Numbers timers, so that an old one means nothing.
    generation: u32,
}

/// A 2xx to an INVITE or re-INVITE, sent again until the ACK comes (RFC 3261 section 13.3.1.4).
pub(super) struct Unacknowledged {
    pub seq: u32,
    pub bytes: Bytes,
    pub to: Peer,
    pub interval: Duration,
    pub generation: u32,
}

impl Call {
    pub fn new(id: CallId, state: State, user: String, net: &Net) -> Self {
        Call {
            id,
            state,
            dialog: None,
            caller: None,
            callee: None,
            user,
            credentials: None,
            offers: Offers::default(),
            refresh: Refresh::default(),
            transfers: Transfers::default(),
            unacknowledged: None,
            last_ack: None,
            bye: None,
            bye_reason: None,
            trace: net.config.trace,
            ladder: Vec::new(),
            generation: 0,
        }
    }

    /// A number that no timer of this call has yet.
    pub fn next_generation(&mut self) -> u32 {
        self.generation += 1;
        self.generation
    }

    pub fn traced(&mut self, net: &Net, sent: bool, peer: Peer, bytes: &Bytes) {
        if !self.trace {
            return;
        }
        if self.ladder.len() >= LADDER {
            // The beginning tells how it came about, the end how it ended; the middle is what goes.
            self.ladder.remove(LADDER / 2);
        }
        self.ladder.push(Traced { at: net.now, sent, peer, bytes: bytes.clone() });
    }

    // ── Sending ──────────────────────────────────────────────────────────────────────────────────────────────────────

    /// Sends a request within the dialog.
    pub fn send(&mut self, net: &mut Net, mut request: Request, purpose: Purpose) -> Option<ClientKey> {
        let peer = self.dialog.as_ref()?.next_hop();
        if matches!(request.method, Method::Invite | Method::Update | Method::Refer | Method::Notify) {
            request.headers.push(Name::Contact, net.contact(peer, &self.user));
        }
        if matches!(request.method, Method::Invite | Method::Update) {
            request.headers.push(Name::Allow, ALLOW);
            request.headers.push(Name::Supported, SUPPORTED);
        }
        let (key, bytes) = net.send(request, peer, Owner::Call(self.id, purpose));
        self.traced(net, true, peer, &bytes);
        Some(key)
    }

    /// The next request within the dialog.
    pub fn request(&mut self, method: Method) -> Option<Request> {
        Some(self.dialog.as_mut()?.request(method))
    }

    /// Answers a request of the other side, and keeps the answer for the ladder.
    pub fn reply(&mut self, net: &mut Net, id: ServerId, status: u16, headers: Vec<(Name, String)>, body: Bytes) {
        let tag = self.id.tag();
        if let Some((bytes, to)) = net.reply(id, status, Some(&tag), headers, body) {
            self.traced(net, true, to, &bytes);
        }
    }

    pub fn reply_plain(&mut self, net: &mut Net, id: ServerId, status: u16) {
        self.reply(net, id, status, Vec::new(), Bytes::new());
    }

    /// The headers of a response that may carry a session description.
    pub fn session_headers(&self, net: &Net, peer: Peer, body: &Bytes) -> Vec<(Name, String)> {
        let mut headers = vec![
            (Name::Contact, net.contact(peer, &self.user)),
            (Name::Allow, ALLOW.to_owned()),
            (Name::Supported, SUPPORTED.to_owned()),
        ];
        if !body.is_empty() {
            headers.push((Name::ContentType, ACCEPT.to_owned()));
        }
        headers
    }

    /// Acknowledges the 2xx to our INVITE with this CSeq.
    pub fn acknowledge(&mut self, net: &mut Net, seq: u32) {
        let Some(dialog) = &self.dialog else { return };
        let to = dialog.next_hop();
        let bytes = net.send_ack(dialog.numbered(Method::Ack, seq), to);
        self.traced(net, true, to, &bytes);
        self.last_ack = Some((seq, bytes, to));
    }

    /// Says the ACK again; false when it was another INVITE's.
    pub fn acknowledge_again(&mut self, net: &mut Net, seq: u32) -> bool {
        match &self.last_ack {
            Some((known, bytes, to)) if *known == seq => {
                let (to, bytes) = (*to, bytes.clone());
                net.transmit(to, bytes);
                true
            }
            _ => false,
        }
    }

    /// Keeps a 2xx until it is acknowledged.
    pub fn expect_ack(&mut self, net: &mut Net, seq: u32, bytes: Bytes, to: Peer) {
        let generation = self.next_generation();
        let interval = net.config.t1;
        self.unacknowledged = Some(Unacknowledged { seq, bytes, to, interval, generation });
        net.call_after(interval, self.id, CallTimer::Answer(generation));
        net.call_after(net.config.patience(), self.id, CallTimer::NoAck(generation));
    }

    /// The dialog with the other end that has this tag: the one that is up, or an early one of a call that we place.
    pub fn dialog_with(&self, remote_tag: &str) -> Option<&Dialog> {
        self.dialog.as_ref().or_else(|| self.caller.as_ref()?.early(remote_tag))
    }

    pub fn dialog_with_mut(&mut self, remote_tag: &str) -> Option<&mut Dialog> {
        match &mut self.dialog {
            Some(dialog) => Some(dialog),
            None => self.caller.as_mut()?.early_mut(remote_tag),
        }
    }

    // ── Requests within the dialog ───────────────────────────────────────────────────────────────────────────────────

    /// An ACK: of our 2xx, early or late or once more.
    pub fn on_ack(&mut self, net: &mut Net, ack: &Request) {
        let seq = ack.headers.cseq().map(|cseq| cseq.seq);
        if self.unacknowledged.as_ref().is_none_or(|waiting| Some(waiting.seq) != seq) {
            return;
        }
        self.unacknowledged = None;
        if self.state == State::Over {
            // Hung up while the ACK was on its way.
            self.send_bye(net);
            return;
        }
        self.state = State::Up;
        net.event(Event::Acknowledged { call: self.id, body: ack.body.clone() });
    }

    /// Any other request within the dialog.
    pub fn on_request(&mut self, net: &mut Net, id: ServerId, request: &Request, peer: Peer) {
        let seq = request.headers.cseq().map_or(0, |cseq| cseq.seq);
        let tag = request.headers.tag(&Name::From).unwrap_or_default();
        let Some(dialog) = self.dialog_with_mut(tag) else { return self.reply_plain(net, id, 481) };
        if !dialog.in_order(seq) {
            return self.reply_plain(net, id, 500);
        }
        if self.state == State::Over && request.method != Method::Bye {
            return self.reply_plain(net, id, 481);
        }
        match request.method {
            // An early dialog is ended by a refusal of the INVITE (RFC 3261 section 15).
            Method::Bye if self.state == State::Calling => self.reply_plain(net, id, 403),
            Method::Bye => {
                self.reply_plain(net, id, 200);
                self.on_bye(net);
            }
            Method::Invite | Method::Update => self.on_offer(net, id, request, peer),
            Method::Prack => self.on_prack(net, id, request),
            Method::Info => self.on_info(net, id, request),
            Method::Options => {
                let headers = self.session_headers(net, peer, &Bytes::new());
                self.reply(net, id, 200, headers, Bytes::new());
            }
            Method::Refer => self.on_refer(net, id, request),
            Method::Notify => self.on_notify(net, id, request),
            Method::Subscribe => self.reply(net, id, 489, vec![(Name::AllowEvents, "refer".into())], Bytes::new()),
            _ => self.reply(net, id, 405, vec![(Name::Allow, ALLOW.into())], Bytes::new()),
        }
    }

    fn on_bye(&mut self, net: &mut Net) {
        if let Some(callee) = &self.callee
            && self.state == State::Offered
        {
            let id = callee.server;
            self.reply_plain(net, id, 487);
        }
        self.unacknowledged = None;
        self.end(net, EndCause::ByRemote);
    }

    /// Keys come by INFO from some phones: `application/dtmf-relay` with a Signal line, `application/dtmf` with the key alone.
    fn on_info(&mut self, net: &mut Net, id: ServerId, request: &Request) {
        let kind = request.headers.get(&Name::ContentType).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if request.body.is_empty() {
            return self.reply_plain(net, id, 200);
        }
        if kind != "application/dtmf-relay" && kind != "application/dtmf" {
            let accept = "application/dtmf-relay, application/dtmf".to_owned();
            return self.reply(net, id, 415, vec![(Name::Accept, accept)], Bytes::new());
        }
        match key_of_info(&request.body) {
            Some(digit) => {
                self.reply_plain(net, id, 200);
                net.event(Event::Key { call: self.id, digit });
            }
            None => self.reply_plain(net, id, 400),
        }
    }

    // ── Responses within the dialog ──────────────────────────────────────────────────────────────────────────────────

    /// A final response to a request within the dialog.
    pub fn on_response(&mut self, net: &mut Net, mut answered: Answered, purpose: Purpose) {
        let status = answered.response.status;
        if status < 200 {
            return;
        }
        if matches!(status, 401 | 407)
            && let Some(retry) = self.with_credentials(&answered.response, answered.request.take())
        {
            let key = self.send_again(net, retry, answered.peer, purpose);
            if purpose == Purpose::Bye {
                self.bye = Some(key);
            }
            if matches!(purpose, Purpose::Reinvite | Purpose::Update { offer: true }) {
                self.offers.sent_again(key);
            }
            return;
        }
        let beyond_mending = matches!(purpose, Purpose::Bye | Purpose::Notify | Purpose::Refer | Purpose::Prack);
        if matches!(status, 408 | 481) && !beyond_mending {
            let reason = &answered.response.reason;
            return self.vanished(net, format!("the other side no longer knows the call ({status} {reason})"));
        }
        match purpose {
            Purpose::Bye => self.bye = None,
            Purpose::Reinvite | Purpose::Update { offer: true } => self.on_answer(net, &answered, purpose),
            Purpose::Update { offer: false } => self.on_refreshed(net, &answered.response),
            Purpose::Refer => self.on_refer_response(net, &answered.response),
            // A lost PRACK or NOTIFY is nothing that the call could mend.
            Purpose::Prack | Purpose::Notify | Purpose::Invite => {}
        }
    }

    /// A request within the dialog had no answer.
    pub fn on_lost(&mut self, net: &mut Net, purpose: Purpose, lost: Lost) {
        match purpose {
            Purpose::Bye => self.bye = None,
            // Of several early dialogs one may be silent; how long it may ring is up to whoever placed the call.
            Purpose::Notify | Purpose::Prack => {}
            Purpose::Refer => net.event(Event::Transfer { call: self.id, status: 408, done: true }),
            _ => {
                let what = if lost == Lost::Timeout { "did not answer" } else { "cannot be reached" };
                self.vanished(net, format!("the other side {what} within the call"));
            }
        }
    }

    /// The request once more, with the answer to the challenge; `None` when it had one already, or we have no credentials.
    pub fn with_credentials(&mut self, response: &Response, request: Option<Request>) -> Option<Request> {
        let request = authorized(response, request?, self.credentials.as_ref()?)?;
        // A retry of a request within the dialog needs a number of its own.
        let seq = request.headers.cseq()?.seq + 1;
        if let Some(dialog) = &mut self.dialog {
            dialog.local_seq = dialog.local_seq.max(seq);
        }
        Some(request)
    }

    fn send_again(&mut self, net: &mut Net, request: Request, peer: Peer, purpose: Purpose) -> ClientKey {
        let peer = self.dialog.as_ref().map_or(peer, Dialog::next_hop);
        let (key, bytes) = net.send(request, peer, Owner::Call(self.id, purpose));
        self.traced(net, true, peer, &bytes);
        key
    }

    // ── The end ──────────────────────────────────────────────────────────────────────────────────────────────────────

    /// Tells the owner, once.
    pub fn end(&mut self, net: &mut Net, cause: EndCause) {
        if self.state != State::Over {
            self.state = State::Over;
            // Whatever the end, what the peer asked is answered: its transaction would wait for ever.
            if let Some(offer) = self.offers.take_remote() {
                self.reply_plain(net, offer.0, 487);
            }
            net.event(Event::Ended { call: self.id, cause });
        }
    }

    /// Hangs up a call that is up; a callee that has no ACK yet waits for it (RFC 3261 section 15).
    pub fn hang_up(&mut self, net: &mut Net, reason: Option<&str>) {
        if self.state == State::Over {
            return;
        }
        self.bye_reason = reason.map(str::to_owned);
        let waits = self.state == State::Answered && self.unacknowledged.is_some();
        self.end(net, EndCause::ByLocal);
        if !waits {
            self.send_bye(net);
        }
    }

    /// The peer is gone: say BYE all the same, in case it hears.
    pub fn vanished(&mut self, net: &mut Net, why: String) {
        match self.state {
            State::Over => {}
            // Without an answer there is an INVITE to be taken back or refused, not a dialog to end.
            State::Calling | State::Offered => self.give_up(net, None),
            State::Answered | State::Up => {
                self.end(net, EndCause::Vanished(why));
                self.send_bye(net);
            }
        }
    }

    pub fn send_bye(&mut self, net: &mut Net) {
        if self.bye.is_some() {
            return;
        }
        let Some(mut bye) = self.request(Method::Bye) else { return };
        if let Some(reason) = &self.bye_reason {
            let text = reason.replace(['"', '\\'], "'");
            bye.headers.push(Name::Reason, format!("SIP;cause=200;text=\"{text}\""));
        }
        self.bye = self.send(net, bye, Purpose::Bye);
    }

    /// Whether nothing is left to do.
    pub fn is_done(&self) -> bool {
        self.state == State::Over
            && self.bye.is_none()
            && self.unacknowledged.is_none()
            && self.caller.as_ref().is_none_or(|caller| !caller.waits_for_final())
    }

    pub fn on_timer(&mut self, net: &mut Net, timer: CallTimer) {
        match timer {
            CallTimer::Answer(generation) => {
                let t2 = net.config.t2();
                let Some(waiting) = self.unacknowledged.as_mut().filter(|w| w.generation == generation) else { return };
                waiting.interval = (waiting.interval * 2).min(t2);
                let (to, bytes, wait) = (waiting.to, waiting.bytes.clone(), waiting.interval);
                net.retransmitted += 1;
                net.transmit(to, bytes);
                net.call_after(wait, self.id, CallTimer::Answer(generation));
            }
            CallTimer::NoAck(generation) => {
                if self.unacknowledged.as_ref().is_some_and(|w| w.generation == generation) {
                    self.unacknowledged = None;
                    self.end(net, EndCause::NotAcknowledged);
                    self.send_bye(net);
                }
            }
            CallTimer::Reliable(_) | CallTimer::NoPrack(_) | CallTimer::InviteExpires => {
                self.on_callee_timer(net, timer)
            }
            CallTimer::Glare(generation) => self.on_glare_over(net, generation),
            CallTimer::Refresh(generation) => self.on_refresh_due(net, generation),
            CallTimer::SessionExpired(generation) => self.on_session_expired(net, generation),
            CallTimer::CancelUnanswered => self.on_cancel_unanswered(net),
        }
    }
}

/// The request with the answer to the challenge in `response`, and the next number. `None` when it was answered before and not for a
/// stale nonce.
pub(super) fn authorized(response: &Response, mut request: Request, credentials: &Credentials) -> Option<Request> {
    let (asked, answer) = match response.status {
        401 => (Name::WwwAuthenticate, Name::Authorization),
        _ => (Name::ProxyAuthenticate, Name::ProxyAuthorization),
    };
    let challenge = Challenge::choose(response.headers.all(&asked))?;
    if request.headers.get(&answer).is_some() && !challenge.stale {
        return None;
    }
    let uri = request.uri.to_string();
    let value = challenge.answer(&credentials.username, &credentials.password, request.method.as_str(), &uri);
    request.headers.remove(&answer);
    request.headers.push(answer, value);
    let cseq = request.headers.cseq()?;
    request.headers.set(Name::CSeq, format!("{} {}", cseq.seq + 1, cseq.method));
    Some(request)
}

/// The key of an INFO body.
fn key_of_info(body: &[u8]) -> Option<char> {
    let text = std::str::from_utf8(body).ok()?;
    let signal = text.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        name.trim().eq_ignore_ascii_case("Signal").then(|| value.trim())
    });
    let key = signal.unwrap_or_else(|| text.trim());
    let mut chars = key.chars();
    let digit = match (chars.next()?.to_ascii_uppercase(), chars.next(), chars.next()) {
        (digit, None, _) => digit,
        // Some write the event's number.
        ('1', Some('0'), None) => '*',
        ('1', Some('1'), None) => '#',
        ('1', Some(d @ '2'..='5'), None) => char::from(b'A' + (d as u8 - b'2')),
        _ => return None,
    };
    matches!(digit, '0'..='9' | '*' | '#' | 'A'..='D').then_some(digit)
}

/// The user part of the address that a request was sent to.
pub(super) fn contact_user(uri: &Uri) -> String {
    uri.user.clone().unwrap_or_default()
}

/// An address header in our own words.
pub(super) fn address(value: &NameAddr) -> String {
    value.to_string()
}
