//! SIP: calls that come in, and the agents' registered phones.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use futures::future::BoxFuture;
use intent::Language;
use sip::media::Clock;
use sip::message::{Scheme, Uri};
use sip::transport::{TlsIdentity, TransportConfig, Trust};
use sip::trunk::{Country, Target, TrunkConfig};
use sip::ua::{
    ActiveCall, CallRecord, Dial, IncomingCall, OutgoingCall, Progress, RefusedCall, SipError, Traced, UaConfig,
    UserAgent,
};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};

pub use sip::digest::DigestAlgorithm as Algorithm;
pub use sip::ua::Directory;

use super::control::{SipControl, status};
use super::diversion;
use super::trunks::{FromTrunk, Outbound, Slot, Trunks};
use crate::call::leg::{OnTheWay, Origin, Placing, Refused, Route, Unreached};
use crate::call::{Incoming, Leg, Legs, Signalling};
use crate::config::{Config, Hash};
use crate::event::{LegRole, Personal, SignalMessage};

/// How the SIP side is set up.
pub struct SipSettings {
    ua: UaConfig,
    directory: Arc<dyn Directory>,
    trunks: Vec<TrunkConfig>,
    country: Option<&'static Country>,
}

impl SipSettings {
    /// As the configuration says; `directory` are the extensions that may register, and their hashed passwords.
    pub fn new(config: &Config, directory: Arc<dyn Directory>) -> Self {
        let ua = UaConfig { registrar: Some(directory.clone()), ..user_agent(config) };
        SipSettings { ua, directory, trunks: config.trunks.clone(), country: config.sip_default_country }
    }
}

/// The user agent that the configuration describes, without anybody who may register.
pub fn user_agent(config: &Config) -> UaConfig {
    let mut ua = UaConfig::new(config.sip_bind);
    ua.realm = config.sip_realm.clone();
    ua.advertised_ip = config.sip_advertised_ip;
    ua.media_ip = config.sip_media_ip;
    ua.rtp_ports = config.sip_rtp_ports.clone();
    let algorithm = |hash: &Hash| match hash {
        Hash::Md5 => Algorithm::Md5,
        Hash::Sha256 => Algorithm::Sha256,
    };
    ua.digest_algorithms = config.sip_digest.iter().map(algorithm).collect();
    ua.transport = transport(config);
    ua
}

fn transport(config: &Config) -> TransportConfig {
    let pair = config.sip_tls_certificate.clone().zip(config.sip_tls_key.clone());
    let identity = pair.map(|(certificates, key)| TlsIdentity { certificates, key });
    let over_tls = |uri: &Uri| uri.scheme == Scheme::Sips || uri.params.value("transport") == Some("tls");
    let calls_over_tls = config.trunks.iter().flat_map(|trunk| &trunk.addresses).any(over_tls);
    let mut transport = TransportConfig {
        tcp: config.sip_tcp.clone(),
        tls: config.sip_tls.clone(),
        client_ca: config.sip_tls_client_ca.clone(),
        trust: config.sip_tls_trust.clone().map_or(Trust::System, Trust::File),
        // Trunks that want mutual TLS see the same certificate as those who connect to us.
        client_identity: identity.clone().filter(|_| calls_over_tls),
        server_tls: identity,
        ..TransportConfig::default()
    };
    transport.gate.only = config.sip_allow.clone();
    transport
}

/// Why SIP cannot start; says what to do.
pub type StartError = SipError;

/// The SIP channel.
#[derive(Clone)]
pub struct SipChannel {
    agent: UserAgent,
    trunks: Trunks,
}

/// The calls that come in over SIP.
pub struct Calls {
    calls: mpsc::Receiver<IncomingCall>,
    trunks: Trunks,
    refused: broadcast::Receiver<RefusedCall>,
    directory: Arc<dyn Directory>,
    realm: String,
    algorithms: Vec<Algorithm>,
}

impl Calls {
    /// The next caller, also one with whom no codec is shared; `None` after the shutdown.
    pub async fn next(&mut self) -> Option<Box<dyn Incoming>> {
        loop {
            tokio::select! {
                call = self.calls.recv() => if let Some(caller) = self.admitted(call?) {
                    return Some(caller);
                },
                refused = self.refused.recv() => match refused {
                    Ok(call) => return Some(Box::new(Unheard(call))),
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                },
            }
        }
    }
}

impl Calls {
    /// Whoever calls in the name of an extension has to prove it first: an extension may call out, at our cost. So has whoever wants to
    /// take over a leg. From a trunk such a name is just a name, and the trunk's own legs are all that it can take over.
    fn admitted(&self, call: IncomingCall) -> Option<Box<dyn Incoming>> {
        let caller = SipCaller::new(call, &self.trunks);
        if caller.trunk.is_none() && caller.call.authenticated_user().is_none() {
            let name = caller.call.from_user();
            let known = |algorithm: &Algorithm| self.directory.ha1(&name, &self.realm, *algorithm).is_some();
            if caller.call.replaces().is_some() || self.algorithms.iter().any(known) {
                caller.call.challenge();
                return None;
            }
        }
        Some(Box::new(caller))
    }
}

impl SipChannel {
    /// Opens the SIP port.
    pub async fn start(settings: SipSettings, clock: Clock) -> Result<(Self, Calls), StartError> {
        let (directory, realm) = (settings.directory, settings.ua.realm.clone());
        let algorithms = settings.ua.digest_algorithms.clone();
        let (agent, calls) = UserAgent::start(settings.ua, clock).await?;
        let trunks = Trunks::start(agent.clone(), settings.trunks, settings.country);
        let refused = agent.refused();
        Ok((Self { agent, trunks: trunks.clone() }, Calls { calls, trunks, refused, directory, realm, algorithms }))
    }

    /// The address listened on, with the port that was picked.
    pub fn local_addr(&self) -> SocketAddr {
        self.agent.local_addr()
    }

    /// Calls that are up or on their way.
    pub fn live_calls(&self) -> usize {
        self.agent.live_calls()
    }

    /// The trunks.
    pub fn trunks(&self) -> &Trunks {
        &self.trunks
    }

    /// SIP calls and transactions held now, those included that only wait for the other side.
    pub fn held(&self) -> (usize, usize) {
        let load = self.agent.load();
        (load.dialogs, load.transactions)
    }

    /// Messages and connections that the gate dropped or refused since the start, by reason.
    pub fn dropped(&self) -> Vec<(&'static str, u64)> {
        self.agent.transports().dropped().into_iter().map(|(reason, count)| (reason.name(), count)).collect()
    }

    /// Takes no more calls and ends those there are.
    pub async fn shutdown(&self) {
        self.trunks.stop().await;
        self.agent.shutdown().await;
    }
}

impl SipChannel {
    /// Whether a phone of this extension is registered.
    pub fn is_registered(&self, extension: &str) -> bool {
        !self.agent.registered(extension).is_empty()
    }

    /// Rings an extension's freshest phone until it answers, refuses or sends the call on; dropping the future stops the ringing.
    pub async fn ring(&self, extension: &str, placing: Placing<'_>) -> Result<Leg, Unreached> {
        let contact = self.agent.registered(extension).into_iter().next();
        let unreachable =
            || Refused { label: "unreachable", reason: format!("no phone is registered for {extension}") };
        let contact = contact.ok_or_else(|| Unreached::Refused(unreachable()))?;
        let user = if placing.shown.is_empty() { "anonymous" } else { placing.shown };
        let mut dial = Dial::new(contact.uri, format!("sip:{user}@{}", self.agent.local_addr()));
        dial.destination = Some(contact.source);
        // The caller's leg carries both voices already.
        dial.record = false;
        dial.headers = diversion::headers(placing.diverted, extension, &Uri::sip(None, self.agent.local_addr()));
        let call = self.agent.dial(dial).await.map_err(|error| Unreached::Refused(refused(error)))?;
        noted(placing.legs, LegRole::Agent, extension, &call);
        answered(call, placing.told).await
    }

    /// Calls a number through the trunks; dropping the future gives the call up.
    pub async fn call(&self, wanted: Outbound<'_>) -> Result<Leg, Refused> {
        let connected = self.trunks.call(wanted).await?;
        leg(connected.call, Some((connected.trunk, connected.slot)))
    }
}

/// Puts a leg on its way in the call's book.
pub(super) fn noted(legs: &Legs, role: LegRole, name: &str, call: &OutgoingCall) {
    legs.add(role, name, Arc::new(SipSignalling(call.record()))).sounds(call.leg().observer());
}

async fn answered(mut call: OutgoingCall, told: &(dyn Fn(OnTheWay) + Send + Sync)) -> Result<Leg, Unreached> {
    loop {
        match call.next().await {
            // What a phone of ours plays before it answers is not for others to hear: it rings.
            Progress::Ringing | Progress::EarlyMedia { .. } => told(OnTheWay::Rings),
            Progress::Answered(active) => return leg(active, None).map_err(Unreached::Refused),
            Progress::Failed { status, reason } => {
                let contacts = call.failure().map(|failure| failure.contacts).unwrap_or_default();
                let targets: Vec<String> = contacts.iter().map(Uri::user).filter(|user| !user.is_empty()).collect();
                return Err(match targets.is_empty() {
                    false => Unreached::Redirected(targets),
                    true => Unreached::Refused(refused(SipError::Refused { status, reason })),
                });
            }
        }
    }
}

fn leg(mut active: ActiveCall, through: Option<(String, Slot)>) -> Result<Leg, Refused> {
    let events = active.take_events();
    let events = events.ok_or_else(|| Refused { label: "failed", reason: "the leg's events are taken".into() })?;
    let (trunk, slot) = through.unzip();
    Ok(Leg {
        sound: active.leg().clone(),
        events,
        codec: active.codec().name().to_owned(),
        key: active.sip_call_id().to_owned(),
        dialog: active.id().to_string(),
        trunk,
        control: Box::new(SipControl::new(active, slot)),
    })
}

pub(super) fn refused(error: SipError) -> Refused {
    let label = match &error {
        SipError::Refused { status: 486 | 600, .. } => "busy",
        SipError::Refused { status: 603 | 403 | 406, .. } => "declined",
        SipError::Refused { status: 408 | 480 | 487, .. } => "no_answer",
        SipError::Refused { status: 404 | 410 | 484 | 604, .. } => "not_found",
        SipError::Refused { status: 300..=399, .. } => "redirected",
        SipError::Refused { status: 488 | 606, .. } | SipError::NoMedia(_) => "no_codec",
        SipError::Gone(_) => "gone",
        _ => "unreachable",
    };
    Refused { label, reason: error.to_string() }
}

struct SipCaller {
    call: IncomingCall,
    trunk: Option<FromTrunk>,
}

impl SipCaller {
    fn new(call: IncomingCall, trunks: &Trunks) -> Self {
        let trunk = trunks.identify(&call);
        Self { call, trunk }
    }
}

impl Incoming for SipCaller {
    fn from(&self) -> String {
        if let Some(from) = &self.trunk {
            return from.caller.clone();
        }
        let user = self.call.from_user();
        if user.eq_ignore_ascii_case("anonymous") { String::new() } else { user }
    }

    fn to(&self) -> String {
        self.trunk.as_ref().map_or_else(|| self.call.request_user(), |from| from.dialled.clone())
    }

    fn signalling(&self) -> Arc<dyn Signalling> {
        Arc::new(SipSignalling(self.call.record()))
    }

    fn origin(&self) -> Origin {
        if let Some(extension) = self.call.authenticated_user() {
            return Origin::Extension(extension.to_owned());
        }
        let target = self.trunk.as_ref().and_then(|from| from.target.clone());
        Origin::Outside(match target {
            Some(Target::Queue(queue)) => Route::Queue(queue),
            Some(Target::Extension(extension)) => Route::Extension(extension),
            // One flow is loaded, whatever name was given; the start of the service says so.
            Some(Target::Flow(_)) | None => Route::Flow,
        })
    }

    fn language(&self) -> Option<Language> {
        self.trunk.as_ref()?.language.as_ref()?.parse().ok()
    }

    fn key(&self) -> String {
        self.call.sip_call_id().to_owned()
    }

    fn replaces(&self) -> Option<String> {
        self.call.replaces().map(|dialog| dialog.to_string())
    }

    fn trunk(&self) -> Option<String> {
        self.trunk.as_ref().map(|from| from.trunk.clone())
    }

    fn diversions(&self) -> usize {
        self.call.diverted_by().len()
    }

    fn early(&self) -> BoxFuture<'_, Option<sip::media::Leg>> {
        // Without it the caller hears what their own phone makes of ringing.
        Box::pin(async { self.call.early_media().await.ok().flatten() })
    }

    fn ring(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            // A caller who is gone is noticed elsewhere.
            let _ = self.call.ring().await;
        })
    }

    fn cancelled(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.call.cancelled().await;
        })
    }

    fn refuse(self: Box<Self>, refused: Refused) -> BoxFuture<'static, ()> {
        Box::pin(async move { self.call.reject(status(refused.label), &refused.reason).await })
    }

    fn answer(self: Box<Self>) -> BoxFuture<'static, Result<Leg, Refused>> {
        let Self { call, trunk } = *self;
        Box::pin(async move { leg(call.answer().await.map_err(refused)?, trunk.map(|from| (from.trunk, from.slot))) })
    }
}

/// A caller who was refused already: for the journal.
struct Unheard(RefusedCall);

impl Incoming for Unheard {
    fn from(&self) -> String {
        self.0.from.clone()
    }

    fn to(&self) -> String {
        self.0.to.clone()
    }

    fn signalling(&self) -> Arc<dyn Signalling> {
        Arc::new(SipSignalling(self.0.record.clone()))
    }

    fn ring(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn cancelled(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn refuse(self: Box<Self>, _: Refused) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }

    fn answer(self: Box<Self>) -> BoxFuture<'static, Result<Leg, Refused>> {
        let reason = format!("the call was refused with 488: {}", self.0.reason);
        Box::pin(async { Err(Refused { label: "no_codec", reason }) })
    }
}

/// The messages of a SIP call.
struct SipSignalling(CallRecord);

impl Signalling for SipSignalling {
    fn messages(&self) -> Vec<SignalMessage> {
        let (now, clock) = (Instant::now(), jiff::Timestamp::now().as_microsecond());
        let message = |message: Traced| SignalMessage {
            at_us: clock - now.saturating_duration_since(message.at).as_micros() as i64,
            sent: message.sent,
            protocol: message.peer.protocol.name().to_owned(),
            local: Personal::new(self.0.local(message.peer).to_string()),
            peer: Personal::new(message.peer.addr.to_string()),
            text: Personal::new(message.text()),
        };
        self.0.ladder().into_iter().map(message).collect()
    }

    fn closed(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.0.closed())
    }
}
