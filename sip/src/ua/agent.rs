//! The user agent as a whole: it starts the stack on one UDP socket, hands out calls, and ends them all
//! when it is told to.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;

use rsipstack::EndpointBuilder;
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::sip::{Auth, Scheme, Transport, Uri};
use rsipstack::transaction::CallIdFormat;
use rsipstack::transaction::endpoint::{EndpointInnerRef, EndpointOption};
use rsipstack::transport::udp::{UdpConnection, UdpInner};
use rsipstack::transport::{SipAddr, SipConnection, TransportLayer};
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::bindings::Contact;
use super::call::CallState;
use super::nat::SeenFrom;
use super::outgoing::{self, OutgoingCall};
use super::ports::RtpPorts;
use super::register::{self, Registration};
use super::registrar::{Registrar, RegistrationChange};
use super::socket::GatedSocket;
use super::{Credentials, Dial, IncomingCall, RefusedCall, SipError, UaConfig, dispatch};
use crate::media::Clock;

/// Calls that may wait to be taken by the service; beyond it callers are told 503 at once.
const WAITING_CALLS: usize = 256;
/// How long a shutdown waits for BYEs to be answered.
const FAREWELL: Duration = Duration::from_secs(5);
/// How often lapsed registrations are looked for.
const LAPSE_EVERY: Duration = Duration::from_secs(1);

/// What every part of the user agent shares.
pub(super) struct Core {
    pub(super) config: UaConfig,
    pub(super) clock: Clock,
    pub(super) endpoint: EndpointInnerRef,
    pub(super) dialogs: Arc<DialogLayer>,
    pub(super) ports: RtpPorts,
    pub(super) registrar: Option<Registrar>,
    pub(super) incoming: mpsc::Sender<IncomingCall>,
    pub(super) refused: broadcast::Sender<RefusedCall>,
    pub(super) stop: CancellationToken,
    advertised: SipAddr,
    draining: AtomicBool,
    live: Mutex<HashMap<u64, Weak<CallState>>>,
}

impl Core {
    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    pub(super) fn live(&self) -> MutexGuard<'_, HashMap<u64, Weak<CallState>>> {
        self.live.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Our Contact.
    pub(super) fn contact(&self) -> Option<Uri> {
        Some(self.contact_as("hotline"))
    }

    /// Our Contact under some user part.
    pub(super) fn contact_as(&self, user: &str) -> Uri {
        Uri {
            scheme: Some(Scheme::Sip),
            auth: Some(Auth { user: user.to_owned(), password: None }),
            host_with_port: self.advertised.addr.clone(),
            ..Uri::default()
        }
    }
}

/// A SIP user agent on one UDP socket. Clones are handles of the same agent; it stops when the last of
/// them is dropped, or, politely, with [`UserAgent::shutdown`].
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
    /// Opens the socket and begins to serve. Incoming calls come through the receiver; when nobody takes
    /// them, callers are told 503.
    pub async fn start(config: UaConfig, clock: Clock) -> Result<(UserAgent, mpsc::Receiver<IncomingCall>), SipError> {
        let socket = Arc::new(GatedSocket::bind(config.bind, config.rate_limit)?);
        let local = socket.local_addr().map_err(|reason| SipError::Bind { addr: config.bind, reason })?;
        let stop = CancellationToken::new();
        let external = config.advertised_ip.map(|ip| SocketAddr::new(ip, local.port()));
        let reachable = SipConnection::resolve_bind_address(local);
        let addr = SipAddr { r#type: Some(Transport::Udp), addr: reachable.into() };
        let inner = UdpInner { conn: socket, addr };
        let connection = UdpConnection::attach(inner, external, Some(stop.child_token())).await;
        let advertised = connection.get_addr().clone();
        let transport = TransportLayer::new(stop.clone());
        transport.add_transport(connection.into());
        let endpoint = EndpointBuilder::new()
            .with_user_agent(&config.user_agent)
            .with_transport_layer(transport)
            .with_cancel_token(stop.clone())
            .with_inspector(Box::new(SeenFrom))
            .with_option(EndpointOption {
                t1: config.t1,
                t2: config.t1 * 8,
                t4: config.t1 * 10,
                t1x64: config.t1 * 64,
                callid_format: CallIdFormat::Uuid,
                ..EndpointOption::default()
            })
            .build();
        let transactions = endpoint.incoming_transactions().map_err(|error| SipError::Stack(error.to_string()))?;
        let (incoming, calls) = mpsc::channel(WAITING_CALLS);
        let registrar = config.registrar.clone().map(|directory| Registrar::new(directory, &config));
        let core = Arc::new(Core {
            ports: RtpPorts::new(config.bind.ip(), config.rtp_ports.clone()),
            dialogs: Arc::new(DialogLayer::new(endpoint.inner.clone())),
            endpoint: endpoint.inner.clone(),
            advertised,
            registrar,
            incoming,
            refused: broadcast::channel(WAITING_CALLS).0,
            clock,
            config,
            stop: stop.clone(),
            draining: AtomicBool::new(false),
            live: Mutex::new(HashMap::new()),
        });
        tokio::spawn(async move { endpoint.serve().await });
        tokio::spawn(until(stop.clone(), dispatch::run(core.clone(), transactions)));
        tokio::spawn(until(stop.clone(), lapse(core.clone())));
        Ok((UserAgent { core, local, _stop: Arc::new(stop.drop_guard()) }, calls))
    }

    /// The address that is listened on, with the port that was picked.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
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
        self.core.live().len()
    }

    /// Calls somebody. What becomes of it, [`OutgoingCall::next`] tells.
    pub async fn dial(&self, dial: Dial) -> Result<OutgoingCall, SipError> {
        if self.core.is_draining() {
            return Err(SipError::ShuttingDown);
        }
        outgoing::dial(&self.core, dial)
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

    /// Takes no more calls (503), hangs up all there are, and stops the stack; takes 5 s at most.
    pub async fn shutdown(&self) {
        self.core.draining.store(true, Ordering::Release);
        let calls: Vec<_> = self.core.live().values().filter_map(Weak::upgrade).collect();
        let mut farewells = JoinSet::new();
        for call in calls {
            farewells.spawn(async move { call.stop(503, Some("shutting down")).await });
        }
        let all = async { while farewells.join_next().await.is_some() {} };
        if tokio::time::timeout(FAREWELL, all).await.is_err() {
            tracing::warn!("some calls did not answer the BYE in time");
        }
        self.core.stop.cancel();
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
