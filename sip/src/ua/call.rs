//! A call that is up, and what everybody who has to do with one call shares: its media, its end, what the other side wants of it.
//! How calls begin is left to `incoming` and `outgoing`.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use audio::codec::Codec;
use bytes::Bytes;
use tokio::sync::{mpsc, oneshot, watch};

use super::agent::Core;
use super::outgoing::Progress;
use super::session::{Session, no_media};
use super::transfer::Transfer;
use super::{SipError, outgoing};
use crate::endpoint::{CallId, Endpoint, Event, Failed, OfferId, Peer, Traced};
use crate::media::{Leg, LegEvents};
use crate::message::Name;
use crate::sdp::{Direction, SdpError};

pub use crate::endpoint::EndCause;

/// How long [`ActiveCall::hangup`] waits for the peer to say yes to the BYE; it is retransmitted beyond that.
const BYE_PATIENCE: Duration = Duration::from_secs(1);
/// What the other side may want of a call at a time.
const SIGNAL_ROOM: usize = 32;
/// A hold that has no answer for so long failed: two rounds of glare and a lost message fit in.
const OFFER_PATIENCE: Duration = Duration::from_secs(40);

/// What the other side of a call wants, or tells, beside sound.
#[derive(Debug)]
pub enum Signal {
    /// It asks us to call somebody else (REFER).
    Transfer(Box<Transfer>),
    /// How the transfer goes that we asked it for.
    TransferProgress {
        /// What the target said; 202 when it only begins.
        status: u16,
        /// Whether there will be no more news.
        done: bool,
    },
}

/// What everybody who has to do with one call shares.
pub(super) struct CallState {
    pub(super) id: CallId,
    pub(super) core: Arc<Core>,
    pub(super) sip_call_id: String,
    pub(super) session: OnceLock<Session>,
    pub(super) ended: watch::Sender<Option<EndCause>>,
    /// Whether the handshake is complete, ACK included.
    pub(super) confirmed: watch::Sender<bool>,
    inner: Mutex<Inner>,
    closed: watch::Sender<bool>,
    ladder: OnceLock<Vec<Traced>>,
    signals: mpsc::Sender<Signal>,
}

#[derive(Default)]
struct Inner {
    /// News of a call that we placed, and the failure that explains its end.
    news: Option<mpsc::Sender<Progress>>,
    failure: Option<Box<Failed>>,
    /// What an answered call hands over.
    answered: Option<(Leg, LegEvents)>,
    waiting_signals: Option<mpsc::Receiver<Signal>>,
    /// Whether the next ACK or PRACK must bring an answer.
    answer_due: bool,
    offered: bool,
    offering: Option<oneshot::Sender<Result<(), SipError>>>,
}

impl CallState {
    pub(super) fn new(core: &Arc<Core>, id: CallId, sip_call_id: String, offered: bool) -> Arc<Self> {
        let (signals, waiting) = mpsc::channel(SIGNAL_ROOM);
        Arc::new(CallState {
            id,
            core: core.clone(),
            sip_call_id,
            session: OnceLock::new(),
            ended: watch::Sender::new(None),
            confirmed: watch::Sender::new(false),
            inner: Mutex::new(Inner { waiting_signals: Some(waiting), offered, ..Inner::default() }),
            closed: watch::Sender::new(false),
            ladder: OnceLock::new(),
            signals,
        })
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Where the news of a call that we placed go, and what its answer hands over.
    pub(super) fn expect_news(&self, news: mpsc::Sender<Progress>, leg: Leg, events: LegEvents) {
        let mut inner = self.inner();
        inner.news = Some(news);
        inner.answered = Some((leg, events));
    }

    /// The next ACK, or PRACK, must bring the answer to our offer.
    pub(super) fn expect_answer(&self) {
        self.inner().answer_due = true;
    }

    pub(super) fn decided(&self) {
        self.inner().offered = false;
    }

    pub(super) fn is_offered(&self) -> bool {
        self.inner().offered
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.borrow().is_some()
    }

    pub(super) fn take_signals(&self) -> Option<mpsc::Receiver<Signal>> {
        self.inner().waiting_signals.take()
    }

    pub(super) fn failure(&self) -> Option<Box<Failed>> {
        self.inner().failure.take()
    }

    /// Its messages: so far, or all.
    pub(super) fn ladder(&self) -> Vec<Traced> {
        match self.ladder.get() {
            Some(ladder) => ladder.clone(),
            None => self.core.state().endpoint.ladder(self.id),
        }
    }

    pub(super) async fn wait_closed(&self) {
        let _ = self.closed.subscribe().wait_for(|closed| *closed).await;
    }

    /// Nothing more will happen.
    pub(super) fn closed(&self, ladder: Vec<Traced>) {
        let _ = self.ladder.set(ladder);
        self.end(EndCause::Error("the call ended without saying why".to_owned()));
        self.closed.send_replace(true);
    }

    /// Notes the end, the first time it is told, and closes the media.
    pub(super) fn end(&self, cause: EndCause) {
        let first = self.ended.send_if_modified(|ended| {
            let first = ended.is_none();
            if first {
                *ended = Some(cause);
            }
            first
        });
        if first {
            if let Some(session) = self.session.get() {
                session.leg().close();
            }
            self.confirmed.send_replace(true);
            self.inner().offering = None;
        }
    }

    /// Ends the call however far it has come.
    pub(super) fn stop(&self, reason: Option<&str>) {
        self.core.act(|state, now| state.endpoint.hang_up(now, self.id, reason));
    }

    // ── What the endpoint says ───────────────────────────────────────────────────────────────────────────────────────

    pub(super) fn hear(self: &Arc<Self>, endpoint: &mut Endpoint, event: Event) {
        match event {
            Event::Provisional { status, body, .. } => self.on_provisional(status, &body),
            Event::Answered { body, .. } => self.on_answered(endpoint, &body),
            Event::Failed(failed) => self.on_failed(failed),
            Event::Acknowledged { body, .. } => self.on_acknowledged(endpoint, &body),
            Event::Offer { offer, body, .. } => self.on_offer(endpoint, offer, &body),
            Event::Answer { result, .. } => self.on_answer(endpoint, result),
            Event::RefreshDue { .. } => {
                if let Some(session) = self.session.get() {
                    endpoint.offer(Instant::now(), self.id, session.offer().into());
                }
            }
            Event::Key { digit, .. } => {
                if let Some(session) = self.session.get() {
                    session.leg().key_from_signalling(digit);
                }
            }
            Event::Refer(refer) => {
                let (call, number) = (self.id, refer.refer);
                if self.inner().waiting_signals.is_some() {
                    // Nobody will ever look.
                    return endpoint.refer_reply(Instant::now(), call, number, 603);
                }
                let transfer = Transfer::new(self.clone(), *refer);
                if let Err(error) = self.signals.try_send(Signal::Transfer(Box::new(transfer))) {
                    // Nobody listens, or too slowly: say so rather than leave them waiting.
                    let (mpsc::error::TrySendError::Full(signal) | mpsc::error::TrySendError::Closed(signal)) = error;
                    if let Signal::Transfer(transfer) = signal {
                        transfer.forget();
                    }
                    endpoint.refer_reply(Instant::now(), call, number, 603);
                }
            }
            Event::Transfer { status, done, .. } => {
                let _ = self.signals.try_send(Signal::TransferProgress { status, done });
            }
            Event::Ended { cause, .. } => self.end(cause),
            Event::Incoming(_)
            | Event::Request(_)
            | Event::Stray { .. }
            | Event::Response { .. }
            | Event::Closed { .. } => {}
        }
    }

    fn on_provisional(&self, status: u16, body: &Bytes) {
        let progress = if body.is_empty() {
            match status {
                180 => Progress::Ringing,
                _ => return,
            }
        } else {
            match self.session.get().map(|session| (session, session.accept(body))) {
                Some((session, Ok(()))) => Progress::EarlyMedia { codec: session.codec().unwrap_or_default() },
                _ => return,
            }
        };
        if let Some(news) = &self.inner().news {
            // Only news of the way there is lost when nobody reads.
            let _ = news.try_send(progress);
        }
    }

    fn on_answered(self: &Arc<Self>, endpoint: &mut Endpoint, body: &Bytes) {
        self.confirmed.send_replace(true);
        let (news, handed) = {
            let mut inner = self.inner();
            (inner.news.take(), inner.answered.take())
        };
        let (Some(news), Some((leg, events))) = (news, handed) else { return };
        let agreed = match self.session.get() {
            // What was agreed on before the answer holds.
            Some(session) if body.is_empty() && session.codec().is_some() => Ok(()),
            Some(session) => session.accept(body),
            None => Err(SdpError::NoAudio),
        };
        let progress = match agreed {
            Ok(()) => Progress::Answered(ActiveCall::new(self.clone(), leg, events)),
            Err(error) => {
                endpoint.abort(Instant::now(), self.id, format!("the answer is of no use: {error}"));
                Progress::Failed { status: 488, reason: error.to_string() }
            }
        };
        // The last news has room of its own; nobody waiting any more drops the call, which hangs up.
        if let Err(error) = news.try_send(progress) {
            let (mpsc::error::TrySendError::Full(progress) | mpsc::error::TrySendError::Closed(progress)) = error;
            if let Progress::Answered(call) = progress {
                call.forget();
                endpoint.hang_up(Instant::now(), self.id, None);
            }
        }
    }

    fn on_failed(&self, failed: Box<Failed>) {
        let (status, reason) = (failed.status, failed.reason.clone());
        let news = {
            let mut inner = self.inner();
            inner.failure = Some(failed);
            inner.answered = None;
            inner.news.take()
        };
        self.end(EndCause::Refused { status, reason: reason.clone() });
        if let Some(news) = news {
            let _ = news.try_send(Progress::Failed { status, reason });
        }
    }

    fn on_acknowledged(&self, endpoint: &mut Endpoint, body: &Bytes) {
        let due = std::mem::take(&mut self.inner().answer_due);
        if let (true, Some(session)) = (due, self.session.get())
            && let Err(error) = session.accept(body)
        {
            endpoint.abort(Instant::now(), self.id, format!("the ACK brought no usable answer: {error}"));
        }
        self.confirmed.send_replace(true);
    }

    fn on_offer(&self, endpoint: &mut Endpoint, offer: OfferId, body: &Bytes) {
        let now = Instant::now();
        let Some(session) = self.session.get() else {
            return endpoint.refuse(now, self.id, offer, 488, Vec::new());
        };
        if body.is_empty() {
            self.expect_answer();
            return endpoint.answer(now, self.id, offer, session.offer().into());
        }
        match session.answer(body) {
            Ok(answer) => endpoint.answer(now, self.id, offer, answer.into()),
            Err(error) => {
                let text = error.to_string().replace(['"', '\\'], "'");
                let warning = (Name::Warning, format!("304 hotline \"{text}\""));
                endpoint.refuse(now, self.id, offer, 488, vec![warning]);
            }
        }
    }

    fn on_answer(&self, endpoint: &mut Endpoint, result: Result<Bytes, (u16, String)>) {
        // Without the answer to our first offer there is no session, whereas one that goes on stays as it was.
        let first = std::mem::take(&mut self.inner().answer_due);
        let result = match result {
            Ok(body) => match self.session.get() {
                Some(session) => session.accept(&body).map_err(no_media),
                None => Err(SipError::Gone("it has no session".to_owned())),
            },
            Err((status, reason)) => Err(SipError::Refused { status, reason }),
        };
        if let (true, Err(error)) = (first, &result) {
            endpoint.abort(Instant::now(), self.id, format!("PRACK brought no usable answer: {error}"));
        }
        if let Some(waiting) = self.inner().offering.take() {
            let _ = waiting.send(result);
        }
    }
}

/// A call that is up. Dropping it hangs up.
pub struct ActiveCall {
    call: Option<Arc<CallState>>,
    leg: Leg,
    events: Option<LegEvents>,
}

impl std::fmt::Debug for ActiveCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ActiveCall({:?})", self.leg)
    }
}

impl ActiveCall {
    pub(super) fn new(call: Arc<CallState>, leg: Leg, events: LegEvents) -> Self {
        ActiveCall { call: Some(call), leg, events: Some(events) }
    }

    pub(super) fn state(&self) -> &Arc<CallState> {
        // Taken only by `forget`, which consumes the value.
        self.call.as_ref().expect("an active call has its state until it is forgotten")
    }

    /// Lets go of a call that somebody else ends.
    fn forget(mut self) {
        self.call = None;
    }

    /// The name of this call in the endpoint, as in [`super::IncomingCall::replaces`].
    pub fn id(&self) -> CallId {
        self.state().id
    }

    /// The audio of this call.
    pub fn leg(&self) -> &Leg {
        &self.leg
    }

    /// The events of the leg; they can be taken once.
    pub fn take_events(&mut self) -> Option<LegEvents> {
        self.events.take()
    }

    /// What the other side wants beside sound; can be taken once. While nobody has taken it, or once it is dropped, transfers are declined.
    pub fn take_signals(&mut self) -> Option<mpsc::Receiver<Signal>> {
        self.state().take_signals()
    }

    /// The codec agreed on.
    pub fn codec(&self) -> Codec {
        self.leg.codec()
    }

    /// The SIP Call-ID.
    pub fn sip_call_id(&self) -> &str {
        &self.state().sip_call_id
    }

    /// The messages of this call so far. They carry personal data.
    pub fn ladder(&self) -> Vec<Traced> {
        self.state().ladder()
    }

    /// A handle that outlives the call: its messages and how it ended.
    pub fn record(&self) -> CallRecord {
        CallRecord(self.state().clone())
    }

    /// Why the call is over, as soon as it is.
    pub fn ended(&self) -> watch::Receiver<Option<EndCause>> {
        self.state().ended.subscribe()
    }

    /// Whether the other side has put us on hold: it does not listen, and nothing is sent.
    pub fn held(&self) -> watch::Receiver<bool> {
        match self.state().session.get() {
            Some(session) => session.held(),
            None => watch::Sender::new(false).subscribe(),
        }
    }

    /// Puts the other side on hold with a re-INVITE (we go on sending, and listen no more), or takes it back.
    pub async fn hold(&self, on: bool) -> Result<(), SipError> {
        let call = self.state();
        let direction = if on { Direction::SendOnly } else { Direction::SendRecv };
        let Some(session) = call.session.get() else { return Err(SipError::Gone("it has no session".to_owned())) };
        if call.has_ended() {
            return Err(SipError::Gone("it is over".to_owned()));
        }
        let (sender, receiver) = oneshot::channel();
        {
            let mut inner = call.inner();
            if inner.offering.as_ref().is_some_and(|other| !other.is_closed()) {
                return Err(SipError::Refused { status: 491, reason: "the call is being changed already".to_owned() });
            }
            inner.offering = Some(sender);
        }
        let before = session.want(direction);
        let offer = session.offer();
        call.core.act(|state, now| state.endpoint.offer(now, call.id, offer.into()));
        let result = match tokio::time::timeout(OFFER_PATIENCE, receiver).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(SipError::Gone("it ended meanwhile".to_owned())),
            Err(_) => Err(SipError::Gone("the re-INVITE was not answered".to_owned())),
        };
        if result.is_err() {
            session.want(before);
        }
        result
    }

    /// Asks the other side to call `to` and leave this call (blind transfer). How it goes comes as [`Signal::TransferProgress`].
    pub fn refer(&self, to: &str) -> Result<(), SipError> {
        let to = outgoing::sip_uri(to)?;
        self.state().core.act(|state, now| state.endpoint.refer(now, self.id(), &to));
        Ok(())
    }

    /// Asks the other side to call whoever is at the other end of `other`, and take our place there (attended transfer).
    pub fn refer_to_replace(&self, other: &ActiveCall) -> Result<(), SipError> {
        self.state().core.act(|state, now| {
            let gone = || SipError::Gone("the call to be replaced is over".to_owned());
            let replaces = state.endpoint.replaces(other.id()).ok_or_else(gone)?;
            let mut to = state.endpoint.remote_target(other.id()).ok_or_else(gone)?;
            to.headers = Some(format!("Replaces={}", replaces.escaped()));
            state.endpoint.refer(now, self.id(), &to);
            Ok(())
        })
    }

    /// Hangs up. `reason` goes into the BYE's `Reason` header. Media stops at once; returns when the peer has
    /// answered, or after a second.
    pub async fn hangup(&self, reason: Option<&str>) {
        let call = self.state().clone();
        call.stop(reason);
        let _ = tokio::time::timeout(BYE_PATIENCE, call.wait_closed()).await;
    }
}

impl Drop for ActiveCall {
    fn drop(&mut self) {
        if let Some(call) = self.call.take()
            && !call.has_ended()
        {
            call.stop(None);
        }
    }
}

/// What remains of a call: its messages and how it ended.
#[derive(Clone)]
pub struct CallRecord(Arc<CallState>);

impl std::fmt::Debug for CallRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CallRecord({})", self.0.id)
    }
}

impl CallRecord {
    pub(super) fn of(call: &Arc<CallState>) -> Self {
        CallRecord(call.clone())
    }

    /// Its messages: all of them once [`closed`](Self::closed) has returned.
    pub fn ladder(&self) -> Vec<Traced> {
        self.0.ladder()
    }

    /// Returns when nothing more will happen in this call.
    pub async fn closed(&self) {
        self.0.wait_closed().await;
    }

    /// The SIP Call-ID.
    pub fn sip_call_id(&self) -> &str {
        &self.0.sip_call_id
    }

    /// What we call ourselves towards a peer: our end of its messages.
    pub fn local(&self, peer: Peer) -> SocketAddr {
        self.0.core.local(peer)
    }
}
