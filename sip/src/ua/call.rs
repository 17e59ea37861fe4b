//! A call that is up, and the one task per dialog that follows it: re-INVITEs, session refreshes, hold,
//! and how it ends. How calls begin is left to `incoming` and `outgoing`.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use audio::g711::Codec;
use rsipstack::dialog::dialog::{Dialog, DialogState, DialogStateReceiver, TerminatedReason, TransactionHandle};
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::prelude::{HeadersExt, ToTypedHeader};
use rsipstack::sip::{Method, Request};
use rsipstack::transaction::key::TransactionRole;
use tokio::sync::watch;

use super::agent::Core;
use super::session::{Session, no_media};
use super::{SipError, wire};
use crate::media::{Leg, LegEvents};
use crate::sdp::Direction;

/// How long [`ActiveCall::hangup`] waits for the peer to say yes to the BYE; it is retransmitted beyond that.
const BYE_PATIENCE: Duration = Duration::from_secs(1);

/// Why a call is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndCause {
    /// The other side hung up.
    ByRemote,
    /// We hung up.
    ByLocal,
    /// The caller gave up before we answered.
    Cancelled,
    /// Our answer was never acknowledged (64 T1, 32 s): the caller is gone, or cannot reach us.
    NotAcknowledged,
    /// It was refused, by us or by them, before it was up.
    Refused {
        /// The SIP status, 0 when it is not known.
        status: u16,
        /// Its reason phrase.
        reason: String,
    },
    /// Something failed.
    Error(String),
}

/// What everybody who has to do with one call shares.
pub(super) struct CallState {
    pub(super) id: u64,
    pub(super) core: Arc<Core>,
    pub(super) sip_call_id: String,
    dialog: Mutex<Option<InviteDialog>>,
    pub(super) session: OnceLock<Session>,
    pub(super) ended: watch::Sender<Option<EndCause>>,
    /// Whether the handshake is complete, ACK included.
    pub(super) confirmed: watch::Sender<bool>,
    /// The CSeq of an INVITE without an offer, whose ACK must bring the answer.
    pub(super) answer_due: Mutex<Option<u32>>,
    offering: AtomicBool,
    leaving: AtomicBool,
}

impl CallState {
    pub(super) fn new(core: &Arc<Core>, sip_call_id: String) -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let call = Arc::new(CallState {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            core: core.clone(),
            sip_call_id,
            dialog: Mutex::new(None),
            session: OnceLock::new(),
            ended: watch::Sender::new(None),
            confirmed: watch::Sender::new(false),
            answer_due: Mutex::new(None),
            offering: AtomicBool::new(false),
            leaving: AtomicBool::new(false),
        });
        core.live().insert(call.id, Arc::downgrade(&call));
        call
    }

    /// The dialog; an outgoing call has a new one after each challenge.
    pub(super) fn dialog(&self) -> Option<InviteDialog> {
        self.dialog.lock().unwrap_or_else(|p| p.into_inner()).clone()
    }

    pub(super) fn set_dialog(&self, dialog: InviteDialog) {
        *self.dialog.lock().unwrap_or_else(|p| p.into_inner()) = Some(dialog);
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
            self.core.live().remove(&self.id);
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.borrow().is_some()
    }

    /// Ends the call in whatever way its state asks for: BYE, CANCEL, or a refusal with `status`.
    pub(super) async fn stop(&self, status: u16, reason: Option<&str>) {
        let Some(dialog) = self.dialog() else { return self.end(EndCause::ByLocal) };
        match (dialog.role(), dialog.state()) {
            (_, DialogState::Terminated(..)) => self.end(EndCause::ByLocal),
            (TransactionRole::Server, DialogState::Calling(_) | DialogState::Trying(_) | DialogState::Early(..)) => {
                let _ = dialog.reject(Some(wire::status(status)), None);
                self.end(EndCause::ByLocal);
            }
            (TransactionRole::Client, DialogState::Calling(_) | DialogState::Trying(_) | DialogState::Early(..)) => {
                self.end(EndCause::ByLocal);
                if let Err(error) = dialog.cancel().await {
                    tracing::debug!(%error, "a CANCEL was not answered well");
                }
            }
            _ => self.bye(&dialog, reason).await,
        }
    }

    async fn bye(&self, dialog: &InviteDialog, reason: Option<&str>) {
        self.end(EndCause::ByLocal);
        if self.leaving.swap(true, Ordering::AcqRel) {
            return; // Somebody else is saying BYE.
        }
        // A callee must not send BYE before the ACK (RFC 3261 section 15); if none comes, the stack ends the
        // dialog itself, and says BYE.
        let mut confirmed = self.confirmed.subscribe();
        tokio::select! {
            _ = confirmed.wait_for(|done| *done) => {}
            // Cancelled when `follow` has seen the dialog's end.
            () = dialog.cancel_token().cancelled() => {}
        }
        let headers = reason.map(|text| {
            let text = text.replace(['"', '\\', '\r', '\n'], "'");
            vec![wire::header("Reason", format!("SIP;cause=200;text=\"{text}\""))]
        });
        if let Err(error) = dialog.bye_with_headers(headers).await {
            tracing::debug!(%error, "a BYE was not answered well");
        }
    }
}

/// A call that is up. Dropping it hangs up.
pub struct ActiveCall {
    call: Arc<CallState>,
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
        ActiveCall { call, leg, events: Some(events) }
    }

    /// The audio of this call.
    pub fn leg(&self) -> &Leg {
        &self.leg
    }

    /// The events of the leg; they can be taken once.
    pub fn take_events(&mut self) -> Option<LegEvents> {
        self.events.take()
    }

    /// The codec agreed on.
    pub fn codec(&self) -> Codec {
        self.leg.codec()
    }

    /// The SIP Call-ID.
    pub fn sip_call_id(&self) -> &str {
        &self.call.sip_call_id
    }

    /// Why the call is over, as soon as it is.
    pub fn ended(&self) -> watch::Receiver<Option<EndCause>> {
        self.call.ended.subscribe()
    }

    /// Whether the other side has put us on hold: it does not listen, and nothing is sent.
    pub fn held(&self) -> watch::Receiver<bool> {
        match self.call.session.get() {
            Some(session) => session.held(),
            None => watch::Sender::new(false).subscribe(),
        }
    }

    /// Puts the other side on hold with a re-INVITE (we go on sending, and listen no more), or takes it back.
    pub async fn hold(&self, on: bool) -> Result<(), SipError> {
        let direction = if on { Direction::SendOnly } else { Direction::SendRecv };
        let (Some(dialog), Some(session)) = (self.call.dialog(), self.call.session.get()) else {
            return Err(SipError::Gone("it has no session".to_owned()));
        };
        if self.call.has_ended() {
            return Err(SipError::Gone("it is over".to_owned()));
        }
        let before = session.want(direction);
        self.call.offering.store(true, Ordering::Release);
        let answer = dialog
            .reinvite_with_glare_retry(Some(wire::with_description()), Some(session.offer().into_bytes()), 3)
            .await;
        self.call.offering.store(false, Ordering::Release);
        let result = match answer {
            Ok(Some(response)) if response.status_code.code() / 100 == 2 => {
                session.accept(response.body()).map_err(no_media)
            }
            Ok(Some(response)) => {
                Err(SipError::Refused { status: response.status_code.code(), reason: wire::reason(&response) })
            }
            Ok(None) => Err(SipError::Gone("the re-INVITE was not answered".to_owned())),
            Err(error) => Err(SipError::Stack(error.to_string())),
        };
        if result.is_err() {
            session.want(before);
        }
        result
    }

    /// Hangs up. `reason` goes into the BYE's `Reason` header. Media stops at once; returns when the peer has
    /// answered, or after a second.
    pub async fn hangup(&self, reason: Option<&str>) {
        let call = self.call.clone();
        let reason = reason.map(str::to_owned);
        let bye = tokio::spawn(async move { call.stop(480, reason.as_deref()).await });
        let _ = tokio::time::timeout(BYE_PATIENCE, bye).await;
    }
}

impl Drop for ActiveCall {
    fn drop(&mut self) {
        if self.call.has_ended() {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let call = self.call.clone();
            runtime.spawn(async move { call.stop(480, None).await });
        }
    }
}

/// Follows a dialog from its first state to its last.
pub(super) async fn follow(call: Arc<CallState>, dialog: InviteDialog, mut states: DialogStateReceiver) {
    while let Some(state) = states.recv().await {
        match state {
            DialogState::Updated(_, request, handle) => new_offer(&call, &dialog, &request, handle).await,
            DialogState::Confirmed(..) => acknowledged(&call, &dialog),
            DialogState::Info(_, request, handle) => {
                // Keys come as RTP events; an INFO with anything in it is not understood.
                let code = if request.body().is_empty() { 200 } else { 415 };
                let _ =
                    handle.respond(wire::status(code), Some(vec![wire::header("Accept", super::ACCEPT)]), None).await;
            }
            DialogState::Options(_, _, handle) => {
                let _ = handle.respond(wire::status(200), Some(wire::capabilities()), None).await;
            }
            DialogState::Terminated(_, reason) => {
                call.end(cause(reason, dialog.role()));
                break;
            }
            _ => {}
        }
    }
    call.end(EndCause::Error("the dialog ended without saying why".to_owned()));
    call.core.dialogs.remove_dialog(&dialog.id());
}

async fn new_offer(call: &CallState, dialog: &InviteDialog, request: &Request, handle: TransactionHandle) {
    refresh_target(dialog, request);
    let (code, headers, body) = match reply_to_offer(call, request) {
        Ok(body) => (200, if body.is_some() { wire::with_description() } else { wire::capabilities() }, body),
        Err((code, header)) => (code, header.into_iter().collect(), None),
    };
    let _ = handle.respond(wire::status(code), Some(headers), body.map(String::into_bytes)).await;
}

type Refusal = (u16, Option<rsipstack::sip::Header>);

fn reply_to_offer(call: &CallState, request: &Request) -> Result<Option<String>, Refusal> {
    let Some(session) = call.session.get().filter(|_| !call.has_ended()) else { return Err((481, None)) };
    let invite = request.method == Method::Invite;
    if call.offering.load(Ordering::Acquire) && (invite || !request.body().is_empty()) {
        return Err((491, None));
    }
    if request.body().is_empty() {
        if !invite {
            return Ok(None); // A session refresh by UPDATE.
        }
        *call.answer_due.lock().unwrap_or_else(|p| p.into_inner()) = Some(wire::cseq(request));
        return Ok(Some(session.offer()));
    }
    if !wire::carries_description(request) {
        return Err((415, Some(wire::header("Accept", super::ACCEPT))));
    }
    session.answer(request.body()).map(Some).map_err(|error| (488, Some(wire::warning(&error.to_string()))))
}

/// The peer may move with a re-INVITE or UPDATE (RFC 3261 section 12.2); the stack does not follow by itself.
fn refresh_target(dialog: &InviteDialog, request: &Request) {
    let Ok(contact) = request.contact_header() else { return };
    if let Ok(typed) = contact.typed() {
        Dialog::Invite(dialog.clone()).set_remote_target(typed.uri, Some(contact.clone()));
    }
}

fn acknowledged(call: &Arc<CallState>, dialog: &InviteDialog) {
    let mut due = call.answer_due.lock().unwrap_or_else(|p| p.into_inner());
    if let (Some(seq), Some(ack), Some(session)) = (*due, dialog.last_remote_ack(), call.session.get()) {
        if wire::cseq(&ack) != seq {
            return;
        }
        *due = None;
        if let Err(error) = session.accept(ack.body()) {
            call.end(EndCause::Error(format!("the ACK brought no usable answer: {error}")));
            let call = call.clone();
            let dialog = dialog.clone();
            call.confirmed.send_replace(true);
            tokio::spawn(async move { call.bye(&dialog, Some("no usable answer in the ACK")).await });
            return;
        }
    }
    call.confirmed.send_replace(true);
}

fn cause(reason: TerminatedReason, role: TransactionRole) -> EndCause {
    let we_called = role == TransactionRole::Client;
    match reason {
        TerminatedReason::UacCancel if we_called => EndCause::ByLocal,
        TerminatedReason::UacCancel => EndCause::Cancelled,
        TerminatedReason::UacBye if we_called => EndCause::ByLocal,
        TerminatedReason::UacBye => EndCause::ByRemote,
        TerminatedReason::UasBye if we_called => EndCause::ByRemote,
        TerminatedReason::UasBye => EndCause::ByLocal,
        TerminatedReason::Timeout if we_called => EndCause::Error("no answer from the network".to_owned()),
        TerminatedReason::Timeout => EndCause::NotAcknowledged,
        TerminatedReason::UasOther(status)
        | TerminatedReason::UacOther(status)
        | TerminatedReason::ProxyError(status) => {
            EndCause::Refused { status: status.code(), reason: status.text().to_owned() }
        }
        TerminatedReason::UasDecline if !we_called => EndCause::ByLocal,
        TerminatedReason::UacBusy | TerminatedReason::UasBusy | TerminatedReason::UasDecline => {
            EndCause::Refused { status: 486, reason: "Busy Here".to_owned() }
        }
        TerminatedReason::ProxyAuthRequired => {
            EndCause::Refused { status: 407, reason: "Proxy Authentication Required".to_owned() }
        }
    }
}
