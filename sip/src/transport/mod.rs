//! The sockets of SIP (RFC 3261 section 18): UDP in batches, TCP and TLS connections, where a URI leads (RFC 3263), and who is let in.
//!
//! One task owns the [`Inbox`], drives the endpoint with what comes out of it, hands what is to be sent to [`Transports::send`] and ends
//! its round with [`Transports::flush`]: a datagram is read, answered and its answer sent within one task, by one call to the kernel for
//! up to 64 of them. Connections have a task each, which deliver through one bounded channel. What a message means is left to the
//! endpoint; the gate only decides whether it is read.
//!
//! Requests keep to the transport that their destination names, however long they are. RFC 3261 section 18.1.1 would move those beyond
//! 1,300 bytes from UDP to TCP, to spare networks without congestion control what were then long messages. Here that would lose more
//! calls than it saves: a phone behind a NAT takes no connections, many a trunk's firewall drops them unanswered, so that the call waits
//! for the attempt to fail, and loopback, LAN and carrier networks carry fragments. Whoever wants a stream says so in the URI, or by SRV
//! records that put it first.
//!
//! - [`TransportConfig`]: addresses, certificates, bounds.
//! - [`gate`]: limits per source, bans, the allow-list. Trunks belong on it.

pub(crate) mod batch;
mod config;
mod dns;
mod expiry;
pub mod gate;
mod inspect;
mod resolve;
mod stream;
mod tls;
mod udp;

use std::collections::HashMap;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

pub use config::{ResolveError, StreamConfig, TlsIdentity, TransportConfig, TransportError, Trust};
pub use expiry::not_after;
pub use inspect::{Distrust, Shown};
pub use udp::BUFFER_BYTES as SOCKET_BUFFER_BYTES;

use crate::endpoint::{Peer, Protocol};
use crate::message::{Message, Name, ParseError, Uri};
use batch::{BATCH, Room};
use gate::{Ban, Gate, Net, Offence, Reason, Verdict};
use resolve::Resolver;
use udp::Udp;

/// Messages from connections that may wait for the driver; beyond them the connections are not read.
const INBOUND: usize = 1_024;
/// Failures that may wait for the driver; beyond them the transactions notice by their own timers.
const LOST: usize = 1_024;
/// Addresses of which the name is remembered that led to them.
const NAMES: usize = 4_096;

/// Seconds after which a source that was too fast may try again.
const RETRY_AFTER: &str = "5";
/// Why connections of a banned source end.
const BANNED: &str = "its source is banned";

/// What comes in.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // Nearly all of them are messages, and a box each would cost more.
pub enum Inbound {
    /// A message.
    Message(Received),
    /// Nothing more can be sent to this peer, and what was sent lately may not have arrived: the connection could not be opened or has
    /// ended, or the system refused a datagram. The text says why, for people.
    Lost(Peer, String),
}

/// A message that came in.
#[derive(Debug)]
pub struct Received {
    /// From whom.
    pub peer: Peer,
    /// As it came.
    pub bytes: Bytes,
    /// What it says; of errors only [`ParseError::Answerable`] gets here.
    pub message: Result<Message, ParseError>,
    /// When it was read.
    pub at: Instant,
}

/// The sending end of the sockets. Cheap to clone.
#[derive(Clone)]
pub struct Transports(Arc<Shared>);

/// The receiving end of the sockets, for one task. When it is dropped, the sockets close.
pub struct Inbox {
    shared: Arc<Shared>,
    room: Box<Room>,
    streams: mpsc::Receiver<Inbound>,
    lost: mpsc::Receiver<Inbound>,
    arrived: Vec<Inbound>,
    stopped: Pin<Box<WaitForCancellationFutureOwned>>,
}

struct Shared {
    config: TransportConfig,
    udp: Udp,
    /// Of the listening sockets.
    tcp: Vec<SocketAddr>,
    tls: Vec<SocketAddr>,
    streams: StreamConfig,
    table: Mutex<stream::Table>,
    acceptor: Mutex<Option<TlsAcceptor>>,
    connector: Mutex<Option<TlsConnector>>,
    gate: Mutex<Gate>,
    resolver: Resolver,
    names: Mutex<HashMap<SocketAddr, Box<str>>>,
    inbound: mpsc::Sender<Inbound>,
    lost: mpsc::Sender<Inbound>,
    stop: CancellationToken,
}

/// What is behind these locks is whole between any two statements, so it can be used after a panic.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Transports {
    /// Opens the sockets. Must be called within a tokio runtime.
    pub async fn start(config: TransportConfig) -> Result<(Transports, Inbox), TransportError> {
        let acceptor = tls::acceptor(&config)?;
        if let (None, Some(addr)) = (&acceptor, config.tls.first()) {
            return Err(TransportError::NoCertificate(*addr));
        }
        // What the operator named must be right at once; the system's authorities are read when somebody is called over TLS.
        let named = config.trust != Trust::System || config.client_identity.is_some();
        let connector = if named { Some(tls::connector(&config)?) } else { None };
        let udp = Udp::bind(&config.udp)?;
        let mut listeners = Vec::new();
        let addrs = [(Protocol::Tcp, &config.tcp), (Protocol::Tls, &config.tls)];
        for (protocol, addr) in
            addrs.into_iter().flat_map(|(protocol, addrs)| addrs.iter().map(move |addr| (protocol, *addr)))
        {
            let listener = stream::listen(protocol, addr)?;
            let addr = listener.local_addr().map_err(|reason| TransportError::Bind {
                protocol: protocol.name(),
                addr,
                reason,
            })?;
            listeners.push((protocol, addr, listener));
        }
        let listening = |protocol| {
            listeners.iter().filter(|(known, _, _)| *known == protocol).map(|(_, addr, _)| *addr).collect::<Vec<_>>()
        };
        let (inbound, streams) = mpsc::channel(INBOUND);
        let (lose, lost) = mpsc::channel(LOST);
        let stop = CancellationToken::new();
        let shared = Arc::new(Shared {
            udp,
            tcp: listening(Protocol::Tcp),
            tls: listening(Protocol::Tls),
            streams: config.streams,
            table: Mutex::default(),
            acceptor: Mutex::new(acceptor),
            connector: Mutex::new(connector),
            gate: Mutex::new(Gate::new(config.gate.clone(), Instant::now())),
            resolver: Resolver::new(config.dns),
            names: Mutex::default(),
            inbound,
            lost: lose,
            stop: stop.clone(),
            config,
        });
        for (protocol, _, listener) in listeners {
            tokio::spawn(stream::accept(shared.clone(), protocol, listener));
        }
        let inbox = Inbox {
            shared: shared.clone(),
            room: Box::new(Room::new()),
            streams,
            lost,
            arrived: Vec::with_capacity(BATCH),
            stopped: Box::pin(stop.cancelled_owned()),
        };
        Ok((Transports(shared), inbox))
    }

    /// The first address that is listened on, with the port that was picked.
    pub fn local_addr(&self, protocol: Protocol) -> Option<SocketAddr> {
        self.local_addrs(protocol).first().copied()
    }

    /// Every address that is listened on, in the order of the configuration, with the ports that were picked.
    pub fn local_addrs(&self, protocol: Protocol) -> Vec<SocketAddr> {
        match protocol {
            Protocol::Udp => self.0.udp.addrs().collect(),
            Protocol::Tcp => self.0.tcp.clone(),
            Protocol::Tls => self.0.tls.clone(),
        }
    }

    /// The listening address that belongs into Via and Contact towards a peer: of its family, and for UDP the one that datagrams leave
    /// from. It may be unspecified (`0.0.0.0`).
    pub fn local_towards(&self, peer: Peer) -> Option<SocketAddr> {
        let same_family = |addrs: &[SocketAddr]| addrs.iter().find(|a| a.is_ipv4() == peer.addr.is_ipv4()).copied();
        match peer.protocol {
            Protocol::Udp => self.0.udp.towards(peer.addr),
            Protocol::Tcp => same_family(&self.0.tcp),
            Protocol::Tls => same_family(&self.0.tls),
        }
    }

    /// Sends a message, without waiting. Datagrams leave with the next [`Transports::flush`]; on streams the connection to this very
    /// address is used, or opened. What fails is reported as [`Inbound::Lost`].
    pub fn send(&self, to: Peer, bytes: Bytes) {
        match to.protocol {
            Protocol::Udp => {
                if self.0.udp.towards(to.addr).is_none() {
                    self.0.lose(to, "there is no UDP socket for this family of addresses".to_owned());
                } else if !self.0.udp.push(to.addr, bytes) {
                    locked(&self.0.gate).count(Reason::NotSent);
                }
            }
            Protocol::Tcp | Protocol::Tls => stream::send(&self.0, to, bytes),
        }
    }

    /// Sends the datagrams that were collected.
    pub fn flush(&self) {
        self.0.flush();
    }

    /// Keeps a flow open through NATs and firewalls (RFC 5626 section 4.4): CRLF CRLF on a stream, CRLF in a datagram, which
    /// leaves with the next [`Transports::flush`].
    pub fn keep_alive(&self, peer: Peer) {
        let ping: &'static [u8] = if peer.protocol.is_reliable() { b"\r\n\r\n" } else { b"\r\n" };
        self.send(peer, Bytes::from_static(ping));
    }

    /// Where a URI leads (RFC 3263), the best first; more than one to fail over to. Hosts that are names are remembered for the
    /// certificates of the addresses.
    pub async fn resolve(&self, uri: &Uri) -> Result<Vec<Peer>, ResolveError> {
        let families = resolve::Families {
            udp_v4: self.0.udp.addrs().any(|addr| addr.is_ipv4()),
            udp_v6: self.0.udp.addrs().any(|addr| addr.is_ipv6()),
        };
        let found = self.0.resolver.resolve(uri, families).await?;
        if let Some(name) = found.name {
            let mut names = locked(&self.0.names);
            for peer in found.peers.iter().filter(|peer| peer.protocol == Protocol::Tls) {
                if names.len() >= NAMES && !names.contains_key(&peer.addr) {
                    names.clear();
                }
                names.insert(peer.addr, name.clone());
            }
        }
        Ok(found.peers)
    }

    /// Whether there is a connection to this peer, or one about to be. Always true of UDP.
    pub fn is_connected(&self, peer: Peer) -> bool {
        peer.protocol == Protocol::Udp || stream::is_open(&self.0, peer)
    }

    /// How many connections there are.
    pub fn connections(&self) -> usize {
        stream::count(&self.0)
    }

    /// When the certificate ends that this side shows to those who connect.
    pub fn certificate_ends(&self) -> Option<SystemTime> {
        let chain = tls::chain(self.0.config.server_tls.as_ref()?).ok()?;
        not_after(chain.first()?)
    }

    /// When the certificate ends that the server at the other end of an open connection showed.
    pub fn peer_certificate_ends(&self, peer: Peer) -> Option<SystemTime> {
        stream::not_after(&self.0, peer)
    }

    /// Whom the certificate names that this side shows to those who connect.
    pub fn certificate_names(&self) -> Vec<String> {
        let chain = self.0.config.server_tls.as_ref().and_then(|identity| tls::chain(identity).ok());
        chain.and_then(|chain| Some(expiry::names(chain.first()?))).unwrap_or_default()
    }

    /// What a TLS server shows to those who connect, whether we would believe it or not. Nothing is sent to it.
    pub async fn inspect(&self, peer: Peer) -> Result<Shown, String> {
        inspect::inspect(&self.0, peer).await
    }

    /// Reads the certificate and key files again, for connections to come; with an error, what was there stays in use.
    pub fn reload_tls(&self) -> Result<(), TransportError> {
        let acceptor = tls::acceptor(&self.0.config)?;
        let connector = if locked(&self.0.connector).is_some() { Some(tls::connector(&self.0.config)?) } else { None };
        *locked(&self.0.acceptor) = acceptor;
        *locked(&self.0.connector) = connector;
        Ok(())
    }

    /// A source gave a wrong password for a nonce of ours.
    pub fn failed_auth(&self, source: IpAddr) {
        self.report(source, Offence::FailedAuth);
    }

    /// A source asked for a user that does not exist.
    pub fn unknown_user(&self, source: IpAddr) {
        self.report(source, Offence::UnknownUser);
    }

    /// A source sent a request within a dialog that does not exist.
    pub fn stray(&self, source: IpAddr) {
        self.report(source, Offence::Stray);
    }

    /// A source has registered, or a call from it was answered: it is known for an hour.
    pub fn succeeded(&self, source: IpAddr) {
        locked(&self.0.gate).succeeded(source, Instant::now());
    }

    /// Bans a source by hand, and closes its connections.
    pub fn ban(&self, source: IpAddr) {
        self.report(source, Offence::ByHand);
    }

    /// The bans in force.
    pub fn bans(&self) -> Vec<Ban> {
        locked(&self.0.gate).bans(Instant::now())
    }

    /// Ends a ban; says whether there was one.
    pub fn unban(&self, source: IpAddr) -> bool {
        locked(&self.0.gate).unban(source, Instant::now())
    }

    /// Replaces the allow-list: trunks and proxies, which are never limited nor banned.
    pub fn set_always(&self, always: Vec<Net>) {
        locked(&self.0.gate).set_always(always);
    }

    /// How many messages and connections were dropped or refused, by reason.
    pub fn dropped(&self) -> Vec<(Reason, u64)> {
        locked(&self.0.gate).dropped().collect()
    }

    /// Closes everything. What waits on connections is still sent, and [`Inbox::recv`] ends.
    pub fn stop(&self) {
        self.flush();
        self.0.stop.cancel();
    }

    fn report(&self, source: IpAddr, offence: Offence) {
        let (now, mut gate) = (Instant::now(), locked(&self.0.gate));
        gate.report(source, offence, now);
        let banned = gate.is_banned(source, now);
        drop(gate);
        if banned {
            stream::close(&self.0, source, BANNED);
        }
    }
}

impl Shared {
    fn flush(&self) {
        self.udp.flush(|to, error| self.lose(Peer::udp(to), error.to_string()));
    }

    /// Tells the driver, unless it has more such news waiting than it can want.
    fn lose(&self, peer: Peer, why: String) {
        let _ = self.lost.try_send(Inbound::Lost(peer, why));
    }

    fn connector(&self) -> Result<TlsConnector, TransportError> {
        let mut connector = locked(&self.connector);
        if let Some(connector) = &*connector {
            return Ok(connector.clone());
        }
        let made = tls::connector(&self.config)?;
        *connector = Some(made.clone());
        Ok(made)
    }

    /// Asks the gate whether a message goes on to the driver. What is refused is put into `answers`.
    fn pass(&self, gate: &mut Gate, received: Received, answers: &mut Vec<(Peer, Bytes)>) -> Option<Inbound> {
        let source = received.peer.addr;
        match gate.judge(source.ip(), received.bytes.len(), &received.message, received.at) {
            // What is no request to be answered is no news either.
            Verdict::Pass if matches!(received.message, Err(ParseError::KeepAlive | ParseError::Garbage(_))) => None,
            Verdict::Pass => Some(Inbound::Message(received)),
            Verdict::Drop => None,
            Verdict::Refuse => {
                if let Ok(Message::Request(mut request)) = received.message {
                    request.headers.mark_received(source);
                    let tag = gate.steady_tag(&request);
                    let answer = request.respond(503, Some(&tag)).with(Name::RetryAfter, RETRY_AFTER);
                    answers.push((received.peer, answer.to_bytes().into()));
                }
                None
            }
        }
    }
}

impl Inbox {
    /// Waits until something has come in, and appends it to `into`: datagrams in batches, and what connections have delivered. `None`
    /// after [`Transports::stop`].
    pub async fn recv(&mut self, into: &mut Vec<Inbound>) -> Option<()> {
        std::future::poll_fn(|cx| self.poll_recv(cx, into)).await
    }

    fn poll_recv(&mut self, cx: &mut Context<'_>, into: &mut Vec<Inbound>) -> Poll<Option<()>> {
        let before = into.len();
        loop {
            if self.stopped.as_mut().poll(cx).is_ready() {
                return Poll::Ready(None);
            }
            let mut answers = Vec::new();
            let datagrams = self.poll_datagrams(cx, into, &mut answers);
            let streams = self.poll_streams(cx, into, &mut answers);
            let lost = self.lost.poll_recv_many(cx, into, BATCH);
            if !answers.is_empty() {
                let transports = Transports(self.shared.clone());
                for (peer, answer) in answers {
                    transports.send(peer, answer);
                }
                transports.flush();
            }
            self.shared.udp.poll_send(cx, |to, error| self.shared.lose(Peer::udp(to), error.to_string()));
            if into.len() > before {
                return Poll::Ready(Some(()));
            }
            // What came in was all dropped: there may be more. The runtime's budget ends this loop when there is no end to it.
            if datagrams.is_pending() && streams.is_pending() && lost.is_pending() {
                return Poll::Pending;
            }
        }
    }

    fn poll_datagrams(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut Vec<Inbound>,
        answers: &mut Vec<(Peer, Bytes)>,
    ) -> Poll<()> {
        let shared = &self.shared;
        let mut gate = None;
        shared.udp.poll_receive(cx, &mut self.room, |datagram, source| {
            let (gate, at) = gate.get_or_insert_with(|| (locked(&shared.gate), Instant::now()));
            if gate.admits(source.ip(), *at) {
                let message = Message::parse(datagram);
                let bytes = Bytes::copy_from_slice(datagram);
                let received = Received { peer: Peer::udp(source), bytes, message, at: *at };
                into.extend(shared.pass(gate, received, answers));
            }
        })
    }

    fn poll_streams(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut Vec<Inbound>,
        answers: &mut Vec<(Peer, Bytes)>,
    ) -> Poll<()> {
        let arrived = self.streams.poll_recv_many(cx, &mut self.arrived, BATCH).map(|_| ());
        if self.arrived.is_empty() {
            return arrived;
        }
        let mut banned = Vec::new();
        let mut gate = locked(&self.shared.gate);
        for inbound in self.arrived.drain(..) {
            match inbound {
                Inbound::Message(received) => {
                    let (source, at) = (received.peer.addr.ip(), received.at);
                    let passed =
                        if gate.admits(source, at) { self.shared.pass(&mut gate, received, answers) } else { None };
                    if passed.is_none() && gate.is_banned(source, at) {
                        banned.push(source);
                    }
                    into.extend(passed);
                }
                lost => into.push(lost),
            }
        }
        drop(gate);
        for source in banned {
            stream::close(&self.shared, source, BANNED);
        }
        arrived
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.shared.stop.cancel();
    }
}
