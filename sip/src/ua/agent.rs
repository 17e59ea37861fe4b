//! The user agent as a whole: one endpoint behind a lock that is never held across anything slow, the transports that feed it, and the
//! tables that lead its events to whoever waits for them.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, broadcast, mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::bindings::Contact;
use super::call::CallState;
use super::incoming::{self, IncomingCall};
use super::outgoing::{self, OutgoingCall};
use super::ports::{RtpPorts, local_ip_towards};
use super::register::{self, Registration};
use super::registrar::{Registrar, RegistrationChange};
use super::{Credentials, Dial, RefusedCall, SipError, UaConfig};
use crate::endpoint::{self, CallId, Endpoint, Event, Output, Outside, Peer, Protocol, RequestId};
use crate::media::Clock;
use crate::message::{Method, Name, NameAddr, ParseError, Request, Response, Uri};
use crate::transport::{Inbound, Inbox, Transports};

/// Calls that may wait to be taken by the service; beyond it callers are told 503 at once.
const WAITING_CALLS: usize = 128;
/// How long a shutdown waits for BYEs to be answered.
const FAREWELL: Duration = Duration::from_secs(5);
/// How often lapsed registrations are looked for.
const LAPSE_EVERY: Duration = Duration::from_secs(1);
/// Peers whose way out of this machine is remembered.
const KNOWN_WAYS: usize = 4096;

/// What every part of the user agent shares.
pub(super) struct Core {
    pub(super) config: UaConfig,
    pub(super) clock: Clock,
    pub(super) transports: Transports,
    pub(super) ports: RtpPorts,
    pub(super) registrar: Option<Registrar>,
    pub(super) incoming: mpsc::Sender<IncomingCall>,
    pub(super) refused: broadcast::Sender<RefusedCall>,
    pub(super) stop: CancellationToken,
    state: Mutex<Signalling>,
    /// Rung when a deadline may have moved forward.
    sooner: Notify,
    draining: AtomicBool,
}

/// What the lock guards: the endpoint, and who waits for its events.
pub(super) struct Signalling {
    pub(super) endpoint: Endpoint,
    pub(super) calls: HashMap<CallId, Arc<CallState>>,
    requests: HashMap<RequestId, oneshot::Sender<Option<Box<Response>>>>,
}

impl Core {
    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Does something with the endpoint, and whatever follows from it: messages leave, events are told.
    pub(super) fn act<T>(self: &Arc<Self>, act: impl FnOnce(&mut Signalling, Instant) -> T) -> T {
        let mut state = self.state();
        let due = state.endpoint.poll_timeout();
        let result = act(&mut state, Instant::now());
        self.drain(&mut state);
        let moved = match (due, state.endpoint.poll_timeout()) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(before), Some(now)) => now < before,
        };
        drop(state);
        self.transports.flush();
        if moved {
            self.sooner.notify_one();
        }
        result
    }

    pub(super) fn state(&self) -> MutexGuard<'_, Signalling> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Under the lock, so that the events of a call keep their order.
    fn drain(self: &Arc<Self>, state: &mut Signalling) {
        while let Some(output) = state.endpoint.poll_output() {
            match output {
                Output::Transmit { to, bytes } => self.transports.send(to, bytes),
                Output::Event(event) => self.tell(state, event),
            }
        }
    }

    fn tell(self: &Arc<Self>, state: &mut Signalling, event: Event) {
        match event {
            Event::Incoming(incoming) => incoming::invited(self, state, *incoming),
            Event::Request(request) => self.on_request(state, &request),
            Event::Stray { peer } => self.transports.stray(peer.addr.ip()),
            Event::Response { id, response } => {
                if let Some(waiting) = state.requests.remove(&id) {
                    // Whoever asked may have lost interest.
                    let _ = waiting.send(response);
                }
            }
            Event::Closed { call, ladder } => {
                if let Some(call) = state.calls.remove(&call) {
                    call.closed(ladder);
                }
            }
            Event::Provisional { call, .. }
            | Event::Answered { call, .. }
            | Event::Acknowledged { call, .. }
            | Event::Offer { call, .. }
            | Event::Answer { call, .. }
            | Event::RefreshDue { call }
            | Event::Key { call, .. }
            | Event::Transfer { call, .. }
            | Event::Ended { call, .. } => self.tell_call(state, call, event),
            Event::Failed(ref failed) => {
                let call = failed.call;
                self.tell_call(state, call, event);
            }
            Event::Refer(ref refer) => {
                let call = refer.call;
                self.tell_call(state, call, event);
            }
        }
    }

    fn tell_call(self: &Arc<Self>, state: &mut Signalling, call: CallId, event: Event) {
        if let Some(call) = state.calls.get(&call).cloned() {
            call.hear(&mut state.endpoint, event);
        }
    }

    fn on_request(&self, state: &mut Signalling, request: &endpoint::OutsideRequest) {
        let (status, headers) = match (&self.registrar, &request.request.method) {
            (Some(registrar), Method::Register) => {
                let answer = registrar.register(&request.request, request.peer);
                match answer.0 {
                    200 => self.transports.succeeded(request.peer.addr.ip()),
                    403 => self.transports.failed_auth(request.peer.addr.ip()),
                    404 => self.transports.unknown_user(request.peer.addr.ip()),
                    _ => {}
                }
                answer
            }
            _ => (405, vec![(Name::Allow, endpoint::ALLOW.to_owned())]),
        };
        state.endpoint.reply_outside(Instant::now(), request.id, status, headers);
    }

    /// Sends a request outside calls and waits for its final response; `None` when none comes.
    pub(super) async fn request(
        self: &Arc<Self>,
        request: Request,
        peer: Peer,
        credentials: Option<Credentials>,
    ) -> Option<Box<Response>> {
        let (sender, receiver) = oneshot::channel();
        self.act(|state, now| {
            let id = state.endpoint.request(now, Outside { request, peer, credentials });
            state.requests.insert(id, sender);
        });
        receiver.await.ok().flatten()
    }

    /// What we call ourselves towards a peer.
    pub(super) fn local(&self, peer: Peer) -> SocketAddr {
        (self.ways())(peer)
    }

    fn ways(&self) -> impl Fn(Peer) -> SocketAddr + Send + use<> {
        ways(self.transports.clone(), self.config.advertised_ip)
    }
}

/// Says which of our addresses a peer sees: the advertised one, the bound one, or that of the interface that leads there.
fn ways(transports: Transports, advertised: Option<IpAddr>) -> impl Fn(Peer) -> SocketAddr + Send {
    let known: Mutex<HashMap<IpAddr, IpAddr>> = Mutex::new(HashMap::new());
    move |peer| {
        let bound = transports
            .local_towards(peer)
            .or_else(|| transports.local_addr(Protocol::Udp))
            .unwrap_or_else(|| ([127, 0, 0, 1], peer.protocol.default_port()).into());
        if let Some(ip) = advertised.filter(|ip| ip.is_ipv4() == bound.is_ipv4() && !peer.addr.ip().is_loopback()) {
            return SocketAddr::new(ip, bound.port());
        }
        if !bound.ip().is_unspecified() {
            return bound;
        }
        let mut known = known.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(ip) = known.get(&peer.addr.ip()) {
            return SocketAddr::new(*ip, bound.port());
        }
        let ip = local_ip_towards(peer.addr.ip()).unwrap_or(bound.ip());
        if known.len() >= KNOWN_WAYS {
            known.clear();
        }
        known.insert(peer.addr.ip(), ip);
        SocketAddr::new(ip, bound.port())
    }
}

/// A SIP user agent. Clones are handles of the same agent; it stops when the last of them is dropped, or, politely, with
/// [`UserAgent::shutdown`].
#[derive(Clone)]
pub struct UserAgent {
    core: Arc<Core>,
    local: SocketAddr,
    _stop: Arc<DropGuard>,
}

impl std::fmt::Debug for UserAgent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "UserAgent({})", self.local)
    }
}

impl UserAgent {
    /// Opens the sockets and begins to serve. Incoming calls come through the receiver; when nobody takes
    /// them, callers are told 503.
    pub async fn start(config: UaConfig, clock: Clock) -> Result<(UserAgent, mpsc::Receiver<IncomingCall>), SipError> {
        let (transports, inbox) = Transports::start(config.transport()).await?;
        let local = transports.local_addr(Protocol::Udp).or_else(|| transports.local_addr(Protocol::Tcp));
        let local = local.or_else(|| transports.local_addr(Protocol::Tls)).unwrap_or(config.bind);
        let stop = CancellationToken::new();
        let (incoming, calls) = mpsc::channel(WAITING_CALLS);
        let registrar = config.registrar.clone().map(|directory| Registrar::new(directory, &config));
        let endpoint = Endpoint::new(config.endpoint(), Instant::now(), ways(transports.clone(), config.advertised_ip));
        let core = Arc::new(Core {
            ports: RtpPorts::new(config.bind.ip(), config.rtp_ports.clone()),
            transports,
            registrar,
            incoming,
            refused: broadcast::channel(WAITING_CALLS).0,
            clock,
            config,
            stop: stop.clone(),
            state: Mutex::new(Signalling { endpoint, calls: HashMap::new(), requests: HashMap::new() }),
            sooner: Notify::new(),
            draining: AtomicBool::new(false),
        });
        tokio::spawn(until(stop.clone(), drive(core.clone(), inbox)));
        tokio::spawn(until(stop.clone(), lapse(core.clone())));
        Ok((UserAgent { core, local, _stop: Arc::new(stop.drop_guard()) }, calls))
    }

    /// The first address that is listened on, with the port that was picked.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// The sockets.
    pub fn transports(&self) -> &Transports {
        &self.core.transports
    }

    /// The address listened on for a protocol.
    pub fn local_addr_of(&self, protocol: Protocol) -> Option<SocketAddr> {
        self.core.transports.local_addr(protocol)
    }

    /// Where a registered user can be reached, the freshest first.
    pub fn registered(&self, user: &str) -> Vec<Contact> {
        self.core.registrar.as_ref().map(|registrar| registrar.registered(user)).unwrap_or_default()
    }

    /// Registrations as they change, from now on; `None` without a registrar. A reader that lags far behind
    /// is told so by the channel and should ask [`UserAgent::registered`] again.
    pub fn registrations(&self) -> Option<broadcast::Receiver<RegistrationChange>> {
        self.core.registrar.as_ref().map(Registrar::changes)
    }

    /// Calls that could not be offered to anybody, because no way of talking was shared: from now on.
    pub fn refused(&self) -> broadcast::Receiver<RefusedCall> {
        self.core.refused.subscribe()
    }

    /// Calls that are up or on their way.
    pub fn live_calls(&self) -> usize {
        self.core.state().calls.values().filter(|call| !call.has_ended()).count()
    }

    /// Dialogs, transactions and deadlines that the endpoint holds, those included that only wait for retransmissions.
    pub fn load(&self) -> Load {
        let state = self.core.state();
        Load {
            dialogs: state.endpoint.calls(),
            transactions: state.endpoint.transactions(),
            timers: state.endpoint.timers(),
            retransmitted: state.endpoint.retransmitted(),
        }
    }

    /// Calls somebody. What becomes of it, [`OutgoingCall::next`] tells.
    pub async fn dial(&self, dial: Dial) -> Result<OutgoingCall, SipError> {
        if self.core.is_draining() {
            return Err(SipError::ShuttingDown);
        }
        outgoing::dial(&self.core, dial).await
    }

    /// Asks a peer whether it is there (OPTIONS). Any answer will do; the status is what it said.
    pub async fn ping(&self, uri: &str, from: &str) -> Result<(u16, Duration), SipError> {
        let to = outgoing::sip_uri(uri)?;
        let from = outgoing::sip_uri(from)?;
        let peer = self.peers(&to).await?.remove(0);
        let begun = Instant::now();
        let request = outside(Method::Options, &to, &from, 1, None).with(Name::Accept, endpoint::ACCEPT);
        match self.core.request(request, peer, None).await {
            Some(response) => Ok((response.status, begun.elapsed())),
            None => Err(SipError::Refused { status: 408, reason: "no answer from the network".to_owned() }),
        }
    }

    /// Where a URI leads, in the order in which to try (RFC 3263). Never empty.
    pub async fn peers(&self, uri: &Uri) -> Result<Vec<Peer>, SipError> {
        outgoing::resolve(&self.core, uri).await
    }

    /// Registers with somebody else's registrar (`sip:host` or `sip:host:port`) as
    /// `sip:<user name>@<host>`, and refreshes it until the [`Registration`] is dropped.
    pub async fn register(
        &self,
        registrar: &str,
        credentials: Credentials,
        expires: Duration,
    ) -> Result<Registration, SipError> {
        if self.core.is_draining() {
            return Err(SipError::ShuttingDown);
        }
        register::register(self.core.clone(), registrar, credentials, expires).await
    }

    /// Asks somebody else's registrar who is registered with these credentials. Changes nothing there, but shows whether they are right.
    pub async fn bindings(&self, registrar: &str, credentials: Credentials) -> Result<Vec<NameAddr>, SipError> {
        register::bindings(self.core.clone(), registrar, credentials).await
    }

    /// Takes no more calls (503), hangs up all there are, and closes the sockets; takes 5 s at most.
    pub async fn shutdown(&self) {
        self.core.draining.store(true, Ordering::Release);
        let calls: Vec<_> = self.core.act(|state, now| {
            state.endpoint.drain();
            let calls: Vec<_> = state.calls.values().cloned().collect();
            for call in &calls {
                if call.is_offered() {
                    state.endpoint.reject(now, call.id, 503, Vec::new());
                } else {
                    state.endpoint.hang_up(now, call.id, Some("shutting down"));
                }
            }
            calls
        });
        let farewell = async {
            for call in calls {
                call.wait_closed().await;
            }
        };
        if tokio::time::timeout(FAREWELL, farewell).await.is_err() {
            tracing::warn!("some calls did not answer the BYE in time");
        }
        self.core.stop.cancel();
    }
}

/// How much an endpoint holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Calls, those included that wait for the answer to a BYE.
    pub dialogs: usize,
    /// Transactions.
    pub transactions: usize,
    /// Deadlines.
    pub timers: usize,
    /// Messages sent again since the start.
    pub retransmitted: u64,
}

/// A request outside calls, with what it must have (RFC 3261 section 8.1.1).
pub(super) fn outside(method: Method, to: &Uri, from: &Uri, seq: u32, call_id: Option<&str>) -> Request {
    let tag = format!("{:016x}", rand::random::<u64>());
    let call_id = call_id.map_or_else(|| format!("{:032x}", rand::random::<u128>()), str::to_owned);
    let cseq = format!("{seq} {method}");
    Request::new(method, to.clone().bare())
        .with(Name::From, NameAddr::new(from.clone()).with_tag(&tag).to_string())
        .with(Name::To, NameAddr::new(to.clone().bare()).to_string())
        .with(Name::CallId, call_id)
        .with(Name::CSeq, cseq)
}

/// Feeds the endpoint: what arrives, and the time.
async fn drive(core: Arc<Core>, mut inbox: Inbox) {
    let mut batch = Vec::new();
    loop {
        let due = core.state().endpoint.poll_timeout();
        let deadline = async {
            match due {
                Some(due) => tokio::time::sleep_until(due.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            more = inbox.recv(&mut batch) => {
                if more.is_none() {
                    return;
                }
            }
            () = deadline => {}
            () = core.sooner.notified() => {}
        }
        core.act(|state, now| {
            for inbound in batch.drain(..) {
                take(&mut state.endpoint, now, inbound);
                // What it caused leaves before the next message is looked at, and events keep their order.
                core.drain(state);
            }
            state.endpoint.timeout(now);
        });
    }
}

fn take(endpoint: &mut Endpoint, now: Instant, inbound: Inbound) {
    match inbound {
        Inbound::Message(received) => match received.message {
            Ok(message) => endpoint.receive(now, message, &received.bytes, received.peer),
            Err(ParseError::Answerable { request, status, why }) => {
                endpoint.refuse_unreadable(now, *request, status, why, received.peer);
            }
            Err(ParseError::KeepAlive | ParseError::Garbage(_)) => {}
        },
        Inbound::Lost(peer, reason) => {
            tracing::debug!(%peer, reason, "a SIP connection was lost");
            endpoint.unreachable(now, peer);
        }
    }
}

async fn until(stop: CancellationToken, work: impl Future<Output = ()>) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = work => {}
    }
}

async fn lapse(core: Arc<Core>) {
    let Some(registrar) = &core.registrar else { return };
    loop {
        tokio::time::sleep(LAPSE_EVERY).await;
        registrar.lapse();
    }
}
