//! A call that comes in: what is checked before anybody hears of it, and what its owner can do with it.

use std::net::SocketAddr;
use std::sync::Arc;

use rsipstack::sip::Request;
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::transaction::transaction::Transaction;

use super::agent::Core;
use super::call::{ActiveCall, CallState, EndCause, follow};
use super::registrar::Check;
use super::session::Session;
use super::{SipError, wire};
use crate::sdp::{Description, SdpError};

/// A call that waits for an answer. Dropping it refuses the call with 480.
pub struct IncomingCall {
    call: Arc<CallState>,
    request: Request,
    offer: Option<Description>,
    source: SocketAddr,
    caller: Option<String>,
    decided: bool,
}

/// A call that was refused with 488 before it could be offered to anybody.
#[derive(Clone)]
pub struct RefusedCall {
    /// The user part of From.
    pub from: String,
    /// The user part of the Request-URI.
    pub to: String,
    /// What is not shared.
    pub reason: String,
}

impl RefusedCall {
    fn new(request: &Request, reason: String) -> Self {
        RefusedCall { from: wire::caller(request).0, to: wire::user(request.uri()), reason }
    }
}

impl std::fmt::Debug for RefusedCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Numbers are personal data.
        write!(f, "RefusedCall({})", self.reason)
    }
}

impl std::fmt::Debug for IncomingCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Numbers and names are personal data.
        write!(f, "IncomingCall({})", self.call.id)
    }
}

impl IncomingCall {
    /// The user part of From: the caller's number, as the caller's side claims it.
    pub fn from_user(&self) -> String {
        wire::caller(&self.request).0
    }

    /// The display name of From.
    pub fn from_display(&self) -> Option<String> {
        wire::caller(&self.request).1
    }

    /// The user part of To: the number that was dialled.
    pub fn to_user(&self) -> String {
        wire::called(&self.request)
    }

    /// The user part of the Request-URI: whom the network wants to reach with it, which differs from To after
    /// a diversion.
    pub fn request_user(&self) -> String {
        wire::user(self.request.uri())
    }

    /// The registered user who proved to be the caller, when calls must be authenticated.
    pub fn authenticated_user(&self) -> Option<&str> {
        self.caller.as_deref()
    }

    /// The SIP Call-ID.
    pub fn sip_call_id(&self) -> &str {
        &self.call.sip_call_id
    }

    /// Every value of a header, by its full name.
    pub fn headers(&self, name: &str) -> Vec<String> {
        wire::values(&self.request, name).map(str::to_owned).collect()
    }

    /// Where the INVITE came from.
    pub fn remote_addr(&self) -> SocketAddr {
        self.source
    }

    /// Says 180: it rings here.
    pub async fn ring(&self) -> Result<(), SipError> {
        let dialog = self.call.dialog().ok_or(SipError::ShuttingDown)?;
        dialog.ringing(None, None).map_err(stack)
    }

    /// Answers. Returns once the 200 is on its way; when the INVITE brought no offer, once the ACK has brought
    /// the answer to ours.
    pub async fn answer(mut self) -> Result<ActiveCall, SipError> {
        self.decided = true;
        let dialog = self.call.dialog().ok_or(SipError::ShuttingDown)?;
        self.still_wanted()?;
        let opened = match &self.offer {
            Some(offer) => Session::answering(&self.call.core, self.source.ip(), offer, self.call.core.config.record),
            None => Session::offering(&self.call.core, self.source.ip(), self.call.core.config.record),
        };
        let (session, events, description) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                let code = if matches!(error, SipError::NoMedia(_)) { 488 } else { 503 };
                self.call.stop(code, None).await;
                return Err(error);
            }
        };
        let leg = session.leg().clone();
        if self.offer.is_none() {
            let seq = wire::cseq(&self.request);
            *self.call.answer_due.lock().unwrap_or_else(|p| p.into_inner()) = Some(seq);
        }
        if self.call.session.set(session).is_err() {
            return Err(SipError::Gone("it was answered before".to_owned()));
        }
        if let Err(error) = dialog.accept(Some(wire::with_description()), Some(description.into_bytes())) {
            self.call.end(EndCause::Error(error.to_string()));
            return Err(stack(error));
        }
        // From here on dropping the call hangs up.
        let active = ActiveCall::new(self.call.clone(), leg.clone(), events);
        // A CANCEL that was faster ended the call without knowing of the leg.
        if let Err(gone) = self.still_wanted() {
            leg.close();
            return Err(gone);
        }
        if self.offer.is_none() {
            self.acknowledged().await?;
        }
        Ok(active)
    }

    /// Refuses with a status of 300 to 699, and a text for the `Reason` header unless it is empty.
    pub async fn reject(mut self, status: u16, reason: &str) {
        self.decided = true;
        let Some(dialog) = self.call.dialog() else { return };
        let status = if (300..700).contains(&status) { status } else { 480 };
        let reason = (!reason.is_empty())
            .then(|| format!("SIP;cause={status};text=\"{}\"", reason.replace(['"', '\\', '\r', '\n'], "'")));
        let _ = dialog.reject(Some(wire::status(status)), reason);
        self.call.end(EndCause::ByLocal);
    }

    /// Returns when the call is over before it was answered: the caller gave up, or we are shutting down.
    pub async fn cancelled(&self) -> EndCause {
        let mut ended = self.call.ended.subscribe();
        match ended.wait_for(Option::is_some).await {
            Ok(cause) => cause.clone().unwrap_or(EndCause::Cancelled),
            Err(_) => EndCause::Cancelled,
        }
    }

    fn still_wanted(&self) -> Result<(), SipError> {
        match &*self.call.ended.borrow() {
            Some(cause) => Err(SipError::Gone(format!("{cause:?}"))),
            None => Ok(()),
        }
    }

    async fn acknowledged(&self) -> Result<(), SipError> {
        let mut confirmed = self.call.confirmed.subscribe();
        let mut ended = self.call.ended.subscribe();
        tokio::select! {
            _ = confirmed.wait_for(|done| *done) => {}
            _ = ended.wait_for(Option::is_some) => {}
        }
        self.still_wanted()
    }
}

impl Drop for IncomingCall {
    fn drop(&mut self) {
        if !self.decided && !self.call.has_ended() {
            if let Some(dialog) = self.call.dialog() {
                let _ = dialog.reject(Some(wire::status(480)), None);
            }
            self.call.end(EndCause::ByLocal);
        }
    }
}

/// Takes an INVITE that begins a call.
pub(super) async fn invited(core: Arc<Core>, mut tx: Transaction) {
    if core.is_draining() {
        return wire::answer(tx, 503, vec![wire::header("Retry-After", "5")]).await;
    }
    let Some(source) = wire::source(&tx.original) else { return wire::answer(tx, 400, Vec::new()).await };
    let caller = match authenticated(&core, &tx.original) {
        Ok(caller) => caller,
        Err((code, headers)) => return wire::answer(tx, code, headers).await,
    };
    let offer = match offered(&tx.original) {
        Ok(offer) => offer,
        Err(NoOffer { code, header, reason }) => {
            if code == 488 {
                // Nobody listening is no error.
                let _ = core.refused.send(RefusedCall::new(&tx.original, reason));
            }
            return wire::answer(tx, code, vec![header]).await;
        }
    };
    // A full queue means that nobody takes calls fast enough: say so at once.
    let Ok(room) = core.incoming.clone().try_reserve_owned() else {
        return wire::answer(tx, 503, vec![wire::header("Retry-After", "2")]).await;
    };
    let (sender, states) = core.dialogs.new_dialog_state_channel();
    let dialog = match core.dialogs.get_or_create_server_invite(&tx, sender, None, core.contact()) {
        Ok(dialog) => dialog,
        Err(error) => {
            tracing::debug!(%error, "an INVITE that cannot begin a dialog");
            return wire::answer(tx, 400, Vec::new()).await;
        }
    };
    let call_id = tx.original.call_id_header().map(|id| id.value().to_owned()).unwrap_or_default();
    let call = CallState::new(&core, call_id);
    call.set_dialog(dialog.clone());
    tokio::spawn(follow(call.clone(), dialog.clone(), states));
    room.send(IncomingCall { call, request: tx.original.clone(), offer, source, caller, decided: false });
    let mut dialog = dialog;
    if let Err(error) = dialog.handle(&mut tx).await {
        tracing::debug!(%error, "an INVITE transaction ended badly");
    }
    // The ACK of a refusal, and retransmissions, still have to find the transaction.
    while tx.receive().await.is_some() {}
}

type Refusal = (u16, Vec<rsipstack::sip::Header>);

fn authenticated(core: &Core, request: &Request) -> Result<Option<String>, Refusal> {
    if core.config.allow_anonymous_calls {
        return Ok(None);
    }
    let Some(registrar) = &core.registrar else { return Err((403, Vec::new())) };
    match registrar.check(request) {
        Check::Proven(user) => Ok(Some(user)),
        Check::Forbidden => Err((403, Vec::new())),
        Check::Ask { stale } => Err((401, registrar.challenge(stale))),
    }
}

/// Why an INVITE's offer is of no use.
struct NoOffer {
    code: u16,
    header: rsipstack::sip::Header,
    reason: String,
}

fn offered(request: &Request) -> Result<Option<Description>, NoOffer> {
    if request.body().is_empty() {
        return Ok(None);
    }
    if !wire::carries_description(request) {
        let reason = "the body is not a session description".to_owned();
        return Err(NoOffer { code: 415, header: wire::header("Accept", super::ACCEPT), reason });
    }
    let refused = |error: SdpError| {
        let code = if matches!(error, SdpError::Unreadable(_)) { 400 } else { 488 };
        let reason = error.to_string();
        NoOffer { code, header: wire::warning(&reason), reason }
    };
    let offer = Description::parse(request.body()).map_err(refused)?;
    offer.check(&super::session::preferences()).map_err(refused)?;
    Ok(Some(offer))
}

fn stack(error: rsipstack::Error) -> SipError {
    SipError::Stack(error.to_string())
}
