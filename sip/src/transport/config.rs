//! What the transports are told when they start, and what can go wrong.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::gate::GateConfig;

/// Where to listen, whom to trust, and the bounds.
#[derive(Clone, Debug, Default)]
pub struct TransportConfig {
    /// UDP addresses; port 0 picks a free one. IPv6 sockets take IPv6 only, so `0.0.0.0` and `[::]` can both be named.
    pub udp: Vec<SocketAddr>,
    /// TCP addresses to accept connections on. Connections can be opened without any.
    pub tcp: Vec<SocketAddr>,
    /// TLS addresses to accept connections on; they need a [`TransportConfig::server_tls`].
    pub tls: Vec<SocketAddr>,
    /// What this side shows to those who connect over TLS.
    pub server_tls: Option<TlsIdentity>,
    /// Mutual TLS: who connects must show a certificate of one of these authorities (PEM).
    pub client_ca: Option<PathBuf>,
    /// By whom the certificates of others must be signed where this side connects.
    pub trust: Trust,
    /// Mutual TLS: what this side shows where it connects and is asked for a certificate.
    pub client_identity: Option<TlsIdentity>,
    /// The name server to ask; without one those of `/etc/resolv.conf`, and the system's own resolver for addresses.
    pub dns: Option<SocketAddr>,
    /// Who is let in.
    pub gate: GateConfig,
    /// Bounds and patience of connections.
    pub streams: StreamConfig,
}

/// A certificate chain and its private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsIdentity {
    /// The certificate and those between it and the authority (PEM).
    pub certificates: PathBuf,
    /// The private key (PEM: PKCS#8, PKCS#1 or SEC1).
    pub key: PathBuf,
}

/// Whose signature on a server's certificate counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// The authorities that the system trusts.
    #[default]
    System,
    /// The authorities in this file (PEM), and no others.
    File(PathBuf),
}

/// Bounds and patience of TCP and TLS connections.
#[derive(Clone, Copy, Debug)]
pub struct StreamConfig {
    /// Connections at a time, accepted and opened.
    pub connections: usize,
    /// Accepted connections at a time from one source address (IPv6: one /64); those on the gate's allow-list may have any number.
    pub per_source: usize,
    /// How long connecting may take, and after it the TLS handshake.
    pub handshake: Duration,
    /// A connection without traffic is closed after this.
    pub idle: Duration,
    /// A message that has begun must be complete after this, and what is sent must have been taken.
    pub patience: Duration,
    /// Messages that may wait to be sent on one connection; it is closed when there are more.
    pub waiting_messages: usize,
    /// Bytes that may wait to be sent on one connection; it is closed when there are more.
    pub waiting_bytes: usize,
}

impl Default for StreamConfig {
    fn default() -> Self {
        StreamConfig {
            connections: 4_096,
            per_source: 64,
            handshake: Duration::from_secs(5),
            idle: Duration::from_secs(600),
            patience: Duration::from_secs(10),
            waiting_messages: 1_024,
            waiting_bytes: 1_048_576,
        }
    }
}

/// Why the transports cannot start.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// An address cannot be listened on.
    #[error(
        "cannot listen for SIP on {addr} ({protocol}): {reason}; choose another address or port, or stop what uses it"
    )]
    Bind {
        /// `UDP`, `TCP` or `TLS`.
        protocol: &'static str,
        /// The address asked for.
        addr: SocketAddr,
        /// What the system said.
        reason: io::Error,
    },
    /// A certificate or key file.
    #[error("cannot use {} for TLS: {reason}", path.display())]
    Tls {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// TLS addresses without a certificate.
    #[error("SIP over TLS on {0} needs a certificate and a key: name both, or listen over UDP or TCP only")]
    NoCertificate(SocketAddr),
    /// No authority to trust.
    #[error(
        "the system has no certificate authorities: install ca-certificates, or name a file with the authorities to trust"
    )]
    NoRoots,
}

/// Why a URI leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// Not a SIP URI, or one for a transport that is not spoken here.
    #[error("{0}: Hotline sends to sip: and sips: URIs over UDP, TCP and TLS")]
    Unsupported(&'static str),
    /// No name server gave an answer.
    #[error("no name server answered for {name}: {reason}; check the network and the name servers")]
    NoAnswer {
        /// The name asked for.
        name: String,
        /// The last thing that went wrong.
        reason: String,
    },
    /// The name has no address, or says that it has no such service.
    #[error("{0} has no address for SIP; check how it is written, or name an IP address and a port")]
    Unknown(String),
}
