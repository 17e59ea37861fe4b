//! What an endpoint is told when it starts, and how it names the other side of a message.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

/// What carries a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// Datagrams: this side retransmits.
    Udp,
    /// A stream.
    Tcp,
    /// A stream within TLS.
    Tls,
}

impl Protocol {
    /// The name in Via.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Udp => "UDP",
            Protocol::Tcp => "TCP",
            Protocol::Tls => "TLS",
        }
    }

    /// The value of a URI's `transport` parameter.
    pub fn param(self) -> &'static str {
        match self {
            Protocol::Udp => "udp",
            Protocol::Tcp => "tcp",
            Protocol::Tls => "tls",
        }
    }

    /// The protocol of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Protocol::Udp, Protocol::Tcp, Protocol::Tls].into_iter().find(|p| p.name().eq_ignore_ascii_case(name))
    }

    /// The port when none is named.
    pub fn default_port(self) -> u16 {
        if self == Protocol::Tls { 5061 } else { 5060 }
    }

    /// Whether the transport delivers by itself.
    pub fn is_reliable(self) -> bool {
        self != Protocol::Udp
    }
}

/// The other side of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Peer {
    /// How.
    pub protocol: Protocol,
    /// Where.
    pub addr: SocketAddr,
}

impl Peer {
    /// A peer over UDP.
    pub fn udp(addr: SocketAddr) -> Self {
        Peer { protocol: Protocol::Udp, addr }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.protocol.name(), self.addr)
    }
}

/// Timers, bounds and names of an endpoint.
#[derive(Clone, Debug)]
pub struct Config {
    /// The `User-Agent` and `Server` of every message.
    pub user_agent: String,
    /// T1 of RFC 3261: the estimate of a round trip. Everything that waits follows from it.
    pub t1: Duration,
    /// The session interval that is asked for and granted (RFC 4028); `None` turns session timers off on this side.
    pub session_expires: Option<Duration>,
    /// Shorter session intervals are refused with 422.
    pub min_se: Duration,
    /// Calls at a time.
    pub max_calls: usize,
    /// Transactions at a time, those included that only wait for retransmissions.
    pub max_transactions: usize,
    /// Whether each call keeps its messages for the ladder.
    pub trace: bool,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            user_agent: format!("Hotline/{}", env!("CARGO_PKG_VERSION")),
            t1: Duration::from_millis(500),
            session_expires: Some(Duration::from_secs(1800)),
            min_se: Duration::from_secs(90),
            max_calls: 20_000,
            max_transactions: 400_000,
            trace: true,
        }
    }
}

impl Config {
    /// T2 of RFC 3261: the longest pause between retransmissions.
    pub(super) fn t2(&self) -> Duration {
        self.t1 * 8
    }

    /// 64 T1: when waiting ends.
    pub(super) fn patience(&self) -> Duration {
        self.t1 * 64
    }
}
