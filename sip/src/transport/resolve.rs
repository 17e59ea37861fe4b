//! Where a URI leads (RFC 3263): an address as it stands; a name with a port by its addresses; a name alone by NAPTR and SRV records,
//! then by its addresses.
//!
//! Services are asked for at the name servers directly, since the system's resolver knows nothing of them. Addresses come from the system
//! (which knows `/etc/hosts` and whatever else is set up), unless a name server is configured. Answers are kept as long as they hold,
//! and a name without services for half a minute.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rand::Rng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use super::dns::{self, Answer, Data, Kind, Naptr, Srv};
use super::{ResolveError, locked};
use crate::endpoint::{Peer, Protocol};
use crate::message::{Host, Scheme, Uri};

/// Peers that one URI may lead to.
const PEERS: usize = 32;
/// Hosts of one service that are looked up.
const HOSTS: usize = 16;
/// How long a name server may take, how often all of them are asked, and how many of them.
const PATIENCE: Duration = Duration::from_millis(1_500);
const ROUNDS: usize = 2;
const SERVERS: usize = 3;
/// The bounds of how long an answer is kept, and how long one is kept that says nothing of it.
const SHORTEST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(3_600);
const UNTOLD: Duration = Duration::from_secs(30);
/// Answers that are kept.
const KEPT: usize = 1_024;

/// Which transports and families there are to send with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Families {
    pub udp_v4: bool,
    pub udp_v6: bool,
}

impl Families {
    fn speaks(self, protocol: Protocol) -> bool {
        protocol != Protocol::Udp || self.udp_v4 || self.udp_v6
    }

    fn reaches(self, peer: Peer) -> bool {
        peer.protocol != Protocol::Udp || if peer.addr.is_ipv4() { self.udp_v4 } else { self.udp_v6 }
    }

    /// What `sip:` means when nothing else says it.
    fn usual(self) -> Protocol {
        if self.speaks(Protocol::Udp) { Protocol::Udp } else { Protocol::Tcp }
    }
}

/// Where a URI leads.
pub(super) struct Found {
    /// The best first, at least one.
    pub peers: Vec<Peer>,
    /// The host, when it was a name: what a certificate must be for.
    pub name: Option<Box<str>>,
}

/// Asks name servers, and remembers what they said.
pub(super) struct Resolver {
    server: Option<SocketAddr>,
    kept: Mutex<HashMap<Question, Kept>>,
}

type Question = (Box<str>, Kind);
/// Until when, and what.
type Kept = (Instant, Vec<Data>);

impl Resolver {
    pub(super) fn new(server: Option<SocketAddr>) -> Self {
        Resolver { server, kept: Mutex::default() }
    }

    pub(super) async fn resolve(&self, uri: &Uri, families: Families) -> Result<Found, ResolveError> {
        let wanted = wanted(uri)?;
        let maddr = uri.params.value("maddr").and_then(|maddr| Host::parse(maddr).ok());
        let host = maddr.as_ref().unwrap_or(&uri.host);
        let name = match host {
            Host::Ip(ip) => {
                let protocol = wanted.unwrap_or(families.usual());
                let addr = SocketAddr::new(*ip, uri.port.unwrap_or(protocol.default_port()));
                return Ok(Found { peers: vec![Peer { protocol, addr }], name: None });
            }
            Host::Name(name) => name,
        };
        let mut peers = match uri.port {
            Some(port) => self.hosts(name, wanted.unwrap_or(families.usual()), port).await?,
            None => self.services(name, uri.scheme == Scheme::Sips, wanted, families).await?,
        };
        peers.retain(|peer| families.reaches(*peer));
        peers.truncate(PEERS);
        if peers.is_empty() {
            return Err(ResolveError::Unknown(name.to_string()));
        }
        // The domain that was meant is what the certificate must name (RFC 5922 section 4), not the host that serves it.
        let name = match &uri.host {
            Host::Name(name) => Some(name.clone()),
            Host::Ip(_) => None,
        };
        Ok(Found { peers, name })
    }

    /// A name without a port (RFC 3263 sections 4.1 and 4.2).
    async fn services(
        &self,
        name: &str,
        secure: bool,
        wanted: Option<Protocol>,
        families: Families,
    ) -> Result<Vec<Peer>, ResolveError> {
        let candidates =
            if is_local(name) { Vec::new() } else { self.candidates(name, secure, wanted, families).await };
        let mut refused = false;
        for (protocol, service) in candidates {
            let services = self.look_up(&service, Kind::Srv).await.unwrap_or_default();
            let services: Vec<Srv> = services.into_iter().filter_map(Data::srv).collect();
            // A lone "." says that there is no such service here (RFC 2782).
            if matches!(services.as_slice(), [only] if only.target.is_empty()) {
                refused = true;
                continue;
            }
            let peers = self.serve(protocol, services).await;
            if !peers.is_empty() {
                return Ok(peers);
            }
        }
        if refused {
            return Err(ResolveError::Unknown(name.to_owned()));
        }
        let protocol = wanted.unwrap_or(families.usual());
        self.hosts(name, protocol, protocol.default_port()).await
    }

    /// The services to ask for, the best first, with what they are spoken over.
    async fn candidates(
        &self,
        name: &str,
        secure: bool,
        wanted: Option<Protocol>,
        families: Families,
    ) -> Vec<(Protocol, String)> {
        if let Some(protocol) = wanted.filter(|_| !secure) {
            return vec![(protocol, service(protocol, name))];
        }
        let acceptable = |protocol: Protocol| families.speaks(protocol) && (!secure || protocol == Protocol::Tls);
        let pointers = self.look_up(name, Kind::Naptr).await.unwrap_or_default();
        let mut pointers: Vec<Naptr> = pointers.into_iter().filter_map(Data::naptr).collect();
        pointers.sort_by_key(|pointer| (pointer.order, pointer.preference));
        let mut candidates: Vec<_> = pointers
            .into_iter()
            .filter(|pointer| pointer.flags.eq_ignore_ascii_case("s"))
            .filter_map(|pointer| Some((spoken(&pointer.service)?, pointer.replacement)))
            .filter(|(protocol, _)| acceptable(*protocol))
            .collect();
        if candidates.is_empty() {
            let all =
                [Protocol::Udp, Protocol::Tcp, Protocol::Tls].into_iter().filter(|protocol| acceptable(*protocol));
            candidates = all.map(|protocol| (protocol, service(protocol, name))).collect();
        }
        candidates
    }

    /// The addresses of the hosts of a service, in the order in which they are to be tried.
    async fn serve(&self, protocol: Protocol, services: Vec<Srv>) -> Vec<Peer> {
        let ordered = dns::order(services, |limit| rand::rng().random_range(0..=limit));
        let mut peers = Vec::new();
        for service in ordered.into_iter().take(HOSTS).filter(|service| !service.target.is_empty()) {
            // A host without an address must not hide the next one.
            peers.extend(self.hosts(&service.target, protocol, service.port).await.unwrap_or_default());
        }
        peers
    }

    /// The addresses of a host.
    async fn hosts(&self, name: &str, protocol: Protocol, port: u16) -> Result<Vec<Peer>, ResolveError> {
        let found = match self.server {
            Some(_) if !is_local(name) => {
                let (v6, v4) = tokio::join!(self.look_up(name, Kind::Aaaa), self.look_up(name, Kind::A));
                match (v6, v4) {
                    (Err(error), Err(_)) => return Err(error),
                    (v6, v4) => [v4.unwrap_or_default(), v6.unwrap_or_default()].concat(),
                }
            }
            _ => self.system(name).await?,
        };
        let mut peers: Vec<Peer> = Vec::new();
        for ip in found.into_iter().filter_map(Data::ip) {
            let peer = Peer { protocol, addr: SocketAddr::new(ip, port) };
            if !peers.contains(&peer) {
                peers.push(peer);
            }
        }
        if peers.is_empty() { Err(ResolveError::Unknown(name.to_owned())) } else { Ok(peers) }
    }

    /// Addresses from the system's own resolver.
    async fn system(&self, name: &str) -> Result<Vec<Data>, ResolveError> {
        // Kept under a kind that is not asked for otherwise when there is no server.
        let key = (Box::from(name), Kind::A);
        if let Some(data) = self.kept(&key) {
            return Ok(data);
        }
        let found: Vec<Data> = match tokio::net::lookup_host((name, 0)).await {
            Ok(found) => found.map(|addr| Data::Ip(addr.ip())).collect(),
            Err(error) => {
                tracing::debug!(name, %error, "the system does not know the address of a host");
                return Err(ResolveError::Unknown(name.to_owned()));
            }
        };
        self.keep(key, &found, UNTOLD);
        Ok(found)
    }

    /// The records of a name; none when it has none.
    async fn look_up(&self, name: &str, kind: Kind) -> Result<Vec<Data>, ResolveError> {
        let key = (name.to_ascii_lowercase().into_boxed_str(), kind);
        if let Some(data) = self.kept(&key) {
            return Ok(data);
        }
        let servers = match self.server {
            Some(server) => vec![server],
            None => system_servers().await,
        };
        let mut reason = "there is no name server in /etc/resolv.conf".to_owned();
        for server in (0..ROUNDS).flat_map(|_| &servers) {
            match timeout(PATIENCE, ask(*server, name, kind)).await {
                Ok(Ok(Answer::Records(data, holds))) => {
                    let holds = if data.is_empty() { UNTOLD } else { Duration::from_secs(holds.into()) };
                    self.keep(key, &data, holds.clamp(SHORTEST, LONGEST));
                    return Ok(data);
                }
                Ok(Ok(Answer::Failed(code))) => reason = format!("{server} failed (code {code})"),
                Ok(Ok(Answer::Truncated)) => reason = format!("{server} had no whole answer"),
                Ok(Err(error)) => reason = format!("{server}: {error}"),
                Err(_) => reason = format!("{server} did not answer"),
            }
        }
        // So that a call does not wait for the same silence again and again. Addresses are not kept as missing: they are needed.
        if matches!(kind, Kind::Srv | Kind::Naptr) {
            self.keep(key, &[], UNTOLD);
        }
        tracing::debug!(name, ?kind, reason, "no name server answered");
        Err(ResolveError::NoAnswer { name: name.to_owned(), reason })
    }

    fn kept(&self, key: &Question) -> Option<Vec<Data>> {
        let kept = locked(&self.kept);
        kept.get(key).filter(|(until, _)| Instant::now() < *until).map(|(_, data)| data.clone())
    }

    fn keep(&self, key: Question, data: &[Data], holds: Duration) {
        let (now, mut kept) = (Instant::now(), locked(&self.kept));
        if kept.len() >= KEPT {
            kept.retain(|_, (until, _)| now < *until);
        }
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(key, (now + holds, data.to_owned()));
    }
}

impl Data {
    fn ip(self) -> Option<IpAddr> {
        if let Data::Ip(ip) = self { Some(ip) } else { None }
    }

    fn srv(self) -> Option<Srv> {
        if let Data::Srv(srv) = self { Some(srv) } else { None }
    }

    fn naptr(self) -> Option<Naptr> {
        if let Data::Naptr(naptr) = self { Some(naptr) } else { None }
    }
}

/// Names of this machine are not in the DNS (RFC 6761 section 6.3).
fn is_local(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

/// What a URI says about its transport.
fn wanted(uri: &Uri) -> Result<Option<Protocol>, ResolveError> {
    let secure = match uri.scheme {
        Scheme::Sip => false,
        Scheme::Sips => true,
        _ => return Err(ResolveError::Unsupported("this is no SIP URI")),
    };
    let named = match uri.params.value("transport") {
        Some(name) => {
            Some(Protocol::parse(name).ok_or(ResolveError::Unsupported("an unknown transport is asked for"))?)
        }
        None => None,
    };
    match (secure, named) {
        (false, named) => Ok(named),
        // sips over TCP is TLS (RFC 3261 section 26.2.2).
        (true, None | Some(Protocol::Tcp | Protocol::Tls)) => Ok(Some(Protocol::Tls)),
        (true, Some(Protocol::Udp)) => Err(ResolveError::Unsupported("sips: does not go over UDP")),
    }
}

/// The name of a service in the DNS (RFC 3263 section 4.1).
fn service(protocol: Protocol, name: &str) -> String {
    let prefix = match protocol {
        Protocol::Udp => "_sip._udp",
        Protocol::Tcp => "_sip._tcp",
        Protocol::Tls => "_sips._tcp",
    };
    format!("{prefix}.{name}")
}

/// What a NAPTR service is spoken over.
fn spoken(service: &str) -> Option<Protocol> {
    let known = [("SIP+D2U", Protocol::Udp), ("SIP+D2T", Protocol::Tcp), ("SIPS+D2T", Protocol::Tls)];
    known.into_iter().find(|(name, _)| service.eq_ignore_ascii_case(name)).map(|(_, protocol)| protocol)
}

/// The name servers of the system. Read anew each time: the file is short, and it changes.
async fn system_servers() -> Vec<SocketAddr> {
    let text = tokio::fs::read_to_string("/etc/resolv.conf").await.unwrap_or_default();
    let mut servers: Vec<_> = text
        .lines()
        .filter_map(|line| {
            let mut words = line.split_ascii_whitespace();
            let ip = words.next().filter(|word| *word == "nameserver").and_then(|_| words.next())?;
            ip.parse().ok().map(|ip| SocketAddr::new(ip, 53))
        })
        .collect();
    servers.truncate(SERVERS);
    servers
}

/// Asks one server, from a port of its own each time: together with the random id, that is what a forger has to guess (RFC 5452).
async fn ask(server: SocketAddr, name: &str, kind: Kind) -> io::Result<Answer> {
    let id = rand::rng().random();
    let question =
        dns::question(id, name, kind).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no domain name"))?;
    let any: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(server).await?;
    socket.send(&question).await?;
    let mut buffer = vec![0; 4_096];
    let answer = loop {
        let length = socket.recv(&mut buffer).await?;
        if let Some(answer) = dns::answer(id, name, kind, &buffer[..length]) {
            break answer;
        }
    };
    if answer != Answer::Truncated {
        return Ok(answer);
    }
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(question.len()).unwrap_or(u16::MAX);
    stream.write_all(&[&length.to_be_bytes()[..], &question].concat()).await?;
    let length = usize::from(stream.read_u16().await?);
    buffer.resize(length, 0);
    stream.read_exact(&mut buffer).await?;
    dns::answer(id, name, kind, &buffer).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no answer"))
}

#[cfg(test)]
mod tests;
