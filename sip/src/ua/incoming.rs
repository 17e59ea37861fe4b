//! A call that comes in: what is checked before anybody hears of it, and what its owner can do with it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use super::agent::{Core, Signalling};
use super::call::{ActiveCall, CallRecord, CallState, EndCause};
use super::outgoing::sip_uri;
use super::registrar::Check;
use super::session::Session;
use super::{ACCEPT, SipError};
use crate::endpoint::{CallId, Incoming, Peer};
use crate::media::{Leg, LegEvents};
use crate::message::{Name, NameAddr, Request};
use crate::sdp::{Description, Preferences, SdpError};

/// A call that waits for an answer. Dropping it refuses the call with 480.
pub struct IncomingCall {
    call: Arc<CallState>,
    request: Request,
    offer: Option<Description>,
    peer: Peer,
    caller: Option<String>,
    replaces: Option<CallId>,
    /// The sound that was opened before the answer, and what we said of it.
    early: Mutex<Option<(Leg, LegEvents, String)>>,
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
    /// Its messages.
    pub record: CallRecord,
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
        self.from().map(|from| from.uri.user()).unwrap_or_default()
    }

    /// The display name of From.
    pub fn from_display(&self) -> Option<String> {
        self.from().and_then(|from| from.display).filter(|name| !name.trim().is_empty())
    }

    fn from(&self) -> Option<NameAddr> {
        self.request.headers.address(&Name::From)
    }

    /// The user part of To: the number that was dialled.
    pub fn to_user(&self) -> String {
        self.request.headers.address(&Name::To).map(|to| to.uri.user()).unwrap_or_default()
    }

    /// The user part of the Request-URI: whom the network wants to reach with it, which differs from To after
    /// a diversion.
    pub fn request_user(&self) -> String {
        self.request.uri.user()
    }

    /// The caller as the network vouches for it (P-Asserted-Identity, RFC 3325). Only to be believed from a trunk that is trusted.
    pub fn asserted_identity(&self) -> Option<NameAddr> {
        self.request.headers.address(&Name::PAssertedIdentity)
    }

    /// Whether the caller asks not to be shown (RFC 3323: `Privacy: id`, `user` or `header`), or calls itself anonymous.
    pub fn is_private(&self) -> bool {
        let asked = self.request.headers.all(&Name::Privacy).flat_map(|v| v.split([';', ',']));
        asked.map(str::trim).any(|p| ["id", "user", "header"].iter().any(|known| known.eq_ignore_ascii_case(p)))
            || self.from_user().eq_ignore_ascii_case("anonymous")
    }

    /// Who diverted the call, the last one first (Diversion, RFC 5806, or else History-Info, RFC 7044).
    pub fn diverted_by(&self) -> Vec<String> {
        let headers = &self.request.headers;
        let diversion: Vec<_> =
            headers.list(&Name::Diversion).filter_map(|v| NameAddr::parse(v).ok()).map(|v| v.uri.user()).collect();
        if !diversion.is_empty() {
            return diversion;
        }
        let mut history: Vec<_> =
            headers.list(&Name::HistoryInfo).filter_map(|v| NameAddr::parse(v).ok()).map(|v| v.uri.user()).collect();
        // The last entry is where the call is now.
        history.pop();
        history.reverse();
        history
    }

    /// The registered user who proved to be the caller, when calls must be authenticated.
    pub fn authenticated_user(&self) -> Option<&str> {
        self.caller.as_deref()
    }

    /// The call of ours that this one is to take the place of (RFC 3891). Whoever holds it bridges this one instead and hangs up that.
    pub fn replaces(&self) -> Option<CallId> {
        self.replaces
    }

    /// The SIP Call-ID.
    pub fn sip_call_id(&self) -> &str {
        &self.call.sip_call_id
    }

    /// Every value of a header, by its full name.
    pub fn headers(&self, name: &str) -> Vec<String> {
        self.request.headers.all(&Name::parse(name)).map(str::to_owned).collect()
    }

    /// Where the INVITE came from.
    pub fn remote_addr(&self) -> SocketAddr {
        self.peer.addr
    }

    /// Where the INVITE came from, and how.
    pub fn peer(&self) -> Peer {
        self.peer
    }

    /// A handle that outlives the call: its messages and how it ended.
    pub fn record(&self) -> CallRecord {
        CallRecord::of(&self.call)
    }

    /// Says 180: it rings here. To a caller who made no offer and insists on reliable responses, with ours (RFC 3262 section 5).
    pub async fn ring(&self) -> Result<(), SipError> {
        self.still_wanted()?;
        if self.offer.is_none() && self.request.headers.lists(&Name::Require, "100rel") {
            self.offer_early(180)?;
            return Ok(());
        }
        self.call.core.act(|state, now| state.endpoint.provisional(now, self.call.id, 180, Vec::new().into()));
        Ok(())
    }

    /// Opens the sound before the answer (183): an announcement, a tone. The caller hears what the leg plays; the answer keeps it.
    /// A call without an offer only rings, unless the caller understands reliable responses: then this one makes the offer, and sound goes
    /// out once PRACK has answered it.
    pub async fn early_media(&self) -> Result<Option<Leg>, SipError> {
        self.still_wanted()?;
        if let Some((leg, ..)) = &*self.early() {
            return Ok(Some(leg.clone()));
        }
        if self.offer.is_none() {
            let headers = &self.request.headers;
            if headers.lists(&Name::Require, "100rel") || headers.lists(&Name::Supported, "100rel") {
                return self.offer_early(183).map(Some);
            }
            self.ring().await?;
            return Ok(None);
        }
        let (leg, events, description) = self.open()?;
        *self.early() = Some((leg.clone(), events, description.clone()));
        self.call.core.act(|state, now| state.endpoint.provisional(now, self.call.id, 183, description.into()));
        Ok(Some(leg))
    }

    /// Makes our offer in a reliable response; once is enough.
    fn offer_early(&self, status: u16) -> Result<Leg, SipError> {
        let mut early = self.early();
        if let Some((leg, ..)) = &*early {
            return Ok(leg.clone());
        }
        let (leg, events, offer) = self.open()?;
        self.call.expect_answer();
        // The answer has nothing to add.
        *early = Some((leg.clone(), events, String::new()));
        drop(early);
        self.call.core.act(|state, now| state.endpoint.provisional(now, self.call.id, status, offer.into()));
        Ok(leg)
    }

    fn early(&self) -> MutexGuard<'_, Option<(Leg, LegEvents, String)>> {
        self.early.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn open(&self) -> Result<(Leg, LegEvents, String), SipError> {
        let core = &self.call.core;
        let (session, events, description) = match &self.offer {
            Some(offer) => Session::answering(core, self.peer.addr.ip(), offer, core.config.record)?,
            None => Session::offering(core, self.peer.addr.ip(), core.config.record)?,
        };
        let leg = session.leg().clone();
        match self.call.session.set(session) {
            Ok(()) => Ok((leg, events, description)),
            Err(_) => Err(SipError::Gone("it was answered before".to_owned())),
        }
    }

    /// Answers. Returns once the 200 is on its way; when the INVITE brought no offer, once the ACK has brought
    /// the answer to ours.
    pub async fn answer(mut self) -> Result<ActiveCall, SipError> {
        self.still_wanted()?;
        self.decided = true;
        self.call.decided();
        let early = self.early().take();
        let is_offered_now = self.offer.is_none() && early.is_none();
        let opened = match early {
            // The answer says what the early description said (RFC 3264 section 4).
            Some(early) => Ok(early),
            None => self.open(),
        };
        let (leg, events, description) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                let status = if matches!(error, SipError::NoMedia(_)) { 488 } else { 503 };
                self.call.core.act(|state, now| state.endpoint.reject(now, self.call.id, status, Vec::new()));
                return Err(error);
            }
        };
        if is_offered_now {
            self.call.expect_answer();
        }
        // From here on dropping the call hangs up.
        let active = ActiveCall::new(self.call.clone(), leg.clone(), events);
        self.call.core.act(|state, now| state.endpoint.accept(now, self.call.id, description.into()));
        self.call.core.transports.succeeded(self.peer.addr.ip());
        // A CANCEL that was faster ended the call without knowing of the leg.
        if let Err(gone) = self.still_wanted() {
            leg.close();
            return Err(gone);
        }
        if is_offered_now {
            self.acknowledged().await?;
        }
        Ok(active)
    }

    /// Asks the caller to prove who they are (401): the same call comes again, with an
    /// [`authenticated_user`](Self::authenticated_user), or never. Without a registrar nobody can prove anything: 403.
    pub fn challenge(mut self) {
        self.decided = true;
        self.call.decided();
        let core = &self.call.core;
        let (status, headers) = match &core.registrar {
            Some(registrar) => (401, registrar.challenge(false)),
            None => (403, Vec::new()),
        };
        core.act(|state, now| state.endpoint.reject(now, self.call.id, status, headers));
    }

    /// Refuses with a status of 300 to 699, and a text for the `Reason` header unless it is empty.
    pub async fn reject(mut self, status: u16, reason: &str) {
        self.decided = true;
        self.call.decided();
        let status = if (300..700).contains(&status) { status } else { 480 };
        let text = reason.replace(['"', '\\', '\r', '\n'], "'");
        let headers = match reason {
            "" => Vec::new(),
            _ => vec![(Name::Reason, format!("SIP;cause={status};text=\"{text}\""))],
        };
        self.call.core.act(|state, now| state.endpoint.reject(now, self.call.id, status, headers));
    }

    /// Sends the caller elsewhere (302): to one of these SIP URIs, what is preferred first.
    pub async fn redirect(mut self, targets: &[&str]) -> Result<(), SipError> {
        let contacts: Vec<_> = targets.iter().map(|target| sip_uri(target)).collect::<Result<_, _>>()?;
        self.decided = true;
        self.call.decided();
        let headers = contacts.into_iter().map(|contact| (Name::Contact, NameAddr::new(contact).to_string())).collect();
        self.call.core.act(|state, now| state.endpoint.reject(now, self.call.id, 302, headers));
        Ok(())
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
            self.call.decided();
            self.call.core.act(|state, now| state.endpoint.reject(now, self.call.id, 480, Vec::new()));
        }
    }
}

/// Takes an INVITE that begins a call. Called under the endpoint's lock.
pub(super) fn invited(core: &Arc<Core>, state: &mut Signalling, incoming: Incoming) {
    let Incoming { call: id, request, peer, replaces } = incoming;
    let now = Instant::now();
    let mut refuse = |status: u16, headers: Vec<(Name, String)>| state.endpoint.reject(now, id, status, headers);
    if core.is_draining() {
        return refuse(503, vec![(Name::RetryAfter, "5".to_owned())]);
    }
    let caller = match authenticated(core, &request, peer) {
        Ok(caller) => caller,
        Err((status, headers)) => return refuse(status, headers),
    };
    let offer = match offered(&request, &core.config.media) {
        Ok(offer) => offer,
        Err(NoOffer { status, header, reason }) => {
            if status == 488 {
                let from = request.headers.address(&Name::From).map(|from| from.uri.user()).unwrap_or_default();
                let call = CallState::new(core, id, request.headers.call_id().to_owned(), false);
                let record = CallRecord::of(&call);
                state.calls.insert(id, call);
                // Nobody listening is no error.
                let _ = core.refused.send(RefusedCall { from, to: request.uri.user(), reason, record });
            }
            return refuse(status, vec![header]);
        }
    };
    // A full queue means that nobody takes calls fast enough: say so at once.
    let Ok(room) = core.incoming.try_reserve() else {
        return refuse(503, vec![(Name::RetryAfter, "2".to_owned())]);
    };
    let call = CallState::new(core, id, request.headers.call_id().to_owned(), true);
    state.calls.insert(id, call.clone());
    room.send(IncomingCall { call, request, offer, peer, caller, replaces, early: Mutex::default(), decided: false });
}

type Refusal = (u16, Vec<(Name, String)>);

fn authenticated(core: &Core, request: &Request, peer: Peer) -> Result<Option<String>, Refusal> {
    let anonymous = core.config.allow_anonymous_calls;
    let Some(registrar) = &core.registrar else { return if anonymous { Ok(None) } else { Err((403, Vec::new())) } };
    // Who may come without proof and brings one all the same is held to it.
    if anonymous && !registrar.is_claimed(request) {
        return Ok(None);
    }
    match registrar.check(request) {
        Check::Proven(user) => Ok(Some(user)),
        Check::Forbidden => {
            core.transports.failed_auth(peer.addr.ip());
            Err((403, Vec::new()))
        }
        Check::Ask { stale } => Err((401, registrar.challenge(stale))),
    }
}

/// Why an INVITE's offer is of no use.
struct NoOffer {
    status: u16,
    header: (Name, String),
    reason: String,
}

fn offered(request: &Request, preferences: &Preferences) -> Result<Option<Description>, NoOffer> {
    if request.body.is_empty() {
        return Ok(None);
    }
    let kind = request.headers.get(&Name::ContentType).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(ACCEPT) {
        let reason = "the body is not a session description".to_owned();
        return Err(NoOffer { status: 415, header: (Name::Accept, ACCEPT.to_owned()), reason });
    }
    let refused = |error: SdpError| {
        let status = if matches!(error, SdpError::Unreadable(_)) { 400 } else { 488 };
        let reason = error.to_string();
        let header = (Name::Warning, format!("304 hotline \"{}\"", reason.replace(['"', '\\'], "'")));
        NoOffer { status, header, reason }
    };
    let offer = Description::parse(&request.body).map_err(refused)?;
    offer.check(preferences).map_err(refused)?;
    Ok(Some(offer))
}
