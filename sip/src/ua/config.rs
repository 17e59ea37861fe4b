//! What a user agent is told when it starts, and the people it may let in.
//!
//! Only values live here; the behaviour that reads them is in the neighbouring modules.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use crate::digest::DigestAlgorithm;
use crate::endpoint::{self, Peer};
use crate::sdp::Preferences;
use crate::transport::{TransportConfig, TransportError};

/// Who may register, asked once per authenticated request. Implementations keep hashed credentials
/// (`H(user:realm:password)`, RFC 7616 section 3.4.2), so no clear password need exist.
pub trait Directory: Send + Sync {
    /// The lower-case hexadecimal HA1 of `user` in `realm`, or `None` when there is no such user or
    /// no hash for this algorithm. Must not block: it is called from the signalling task.
    fn ha1(&self, user: &str, realm: &str, algorithm: DigestAlgorithm) -> Option<String>;
}

/// A user name and password that this side presents to others. Neither is ever printed.
#[derive(Clone)]
pub struct Credentials {
    /// The name in the digest's `username`.
    pub username: String,
    /// The clear password.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// How many new requests one source address may send before it is told to slow down (503).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateLimit {
    /// New requests per second, sustained.
    pub per_second: f64,
    /// New requests at once, after a quiet time.
    pub burst: f64,
}

/// Bounds on what a registering phone may ask for.
#[derive(Debug, Clone, Copy)]
pub struct RegistrarLimits {
    /// Shorter requests are refused with 423 and a `Min-Expires`.
    pub min_expires: Duration,
    /// Longer requests are shortened to this.
    pub max_expires: Duration,
    /// Used when the phone asks for nothing.
    pub default_expires: Duration,
    /// Bindings that one user may hold at a time.
    pub max_bindings: usize,
}

impl Default for RegistrarLimits {
    fn default() -> Self {
        RegistrarLimits {
            min_expires: Duration::from_secs(60),
            max_expires: Duration::from_secs(3600),
            default_expires: Duration::from_secs(600),
            max_bindings: 10,
        }
    }
}

/// Everything a [`super::UserAgent`] needs to start. [`UaConfig::new`] fills in what most people want.
#[derive(Clone)]
pub struct UaConfig {
    /// The UDP address to listen on; port 0 picks a free one. RTP is bound to its IP address too.
    pub bind: SocketAddr,
    /// Further addresses, TLS, name server and the gate. What it says of UDP and of rates is overruled by `bind` and `rate_limit`.
    pub transport: TransportConfig,
    /// The session interval asked for and granted (RFC 4028); `None` leaves session timers to the other side.
    pub session_expires: Option<Duration>,
    /// Shorter session intervals are refused with 422 (RFC 4028: 90 s). Shorten it in tests only.
    pub min_session_expires: Duration,
    /// Whether calls keep their messages for the ladder.
    pub trace: bool,
    /// The `User-Agent` of every message.
    pub user_agent: String,
    /// The digest realm of the registrar.
    pub realm: String,
    /// The address written in `Via` and `Contact`, when it is not the one bound (NAT, 0.0.0.0).
    pub advertised_ip: Option<IpAddr>,
    /// The address written in session descriptions; by default the advertised or bound one, or, when
    /// bound to 0.0.0.0, the local address that routes to the peer.
    pub media_ip: Option<IpAddr>,
    /// Even UDP ports to take RTP sockets from; any free port when `None`.
    pub rtp_ports: Option<RangeInclusive<u16>>,
    /// Who may register. Without it REGISTER is answered 405.
    pub registrar: Option<Arc<dyn Directory>>,
    /// Bounds on registrations.
    pub registrar_limits: RegistrarLimits,
    /// The hashes that are offered and accepted, in the order of the challenges. MD5 alone by default, because
    /// phones of today give up when they see another: baresip 1.0 fails on any challenge it doesn't know, and
    /// SIPp 3.6 reads the first only. Where all phones know SHA-256, use [`crate::digest::ALGORITHMS`] or only that.
    pub digest_algorithms: Vec<DigestAlgorithm>,
    /// When false, an INVITE must carry the digest credentials of a user in the directory.
    pub allow_anonymous_calls: bool,
    /// Per source address.
    pub rate_limit: RateLimit,
    /// The codings, the encryption and the packet length of calls.
    pub media: Preferences,
    /// Whether incoming calls hand on their audio frames (`LegEvent::Frame`).
    pub record: bool,
    /// T1 of RFC 3261 (500 ms). Everything that waits follows from it: an answer that nobody
    /// acknowledges is given up after 64 T1 (32 s). Shorten it in tests only.
    pub t1: Duration,
}

impl UaConfig {
    /// A user agent on `bind` with the defaults of RFC 3261, no registrar, calls from anyone.
    pub fn new(bind: SocketAddr) -> Self {
        UaConfig {
            bind,
            transport: TransportConfig::default(),
            session_expires: Some(Duration::from_secs(1800)),
            min_session_expires: Duration::from_secs(90),
            trace: true,
            user_agent: format!("Hotline/{}", env!("CARGO_PKG_VERSION")),
            realm: "hotline".to_owned(),
            advertised_ip: None,
            media_ip: None,
            rtp_ports: None,
            registrar: None,
            registrar_limits: RegistrarLimits::default(),
            digest_algorithms: vec![DigestAlgorithm::Md5],
            allow_anonymous_calls: true,
            rate_limit: RateLimit { per_second: 500.0, burst: 1000.0 },
            media: Preferences::default(),
            record: true,
            t1: Duration::from_millis(500),
        }
    }
}

impl UaConfig {
    pub(super) fn transport(&self) -> TransportConfig {
        let mut transport = self.transport.clone();
        transport.udp.insert(0, self.bind);
        transport.gate.per_second = self.rate_limit.per_second;
        transport.gate.burst = self.rate_limit.burst;
        transport
    }

    pub(super) fn endpoint(&self) -> endpoint::Config {
        endpoint::Config {
            user_agent: self.user_agent.clone(),
            t1: self.t1,
            session_expires: self.session_expires,
            min_se: self.min_session_expires,
            trace: self.trace,
            ..endpoint::Config::default()
        }
    }
}

/// A call to make.
#[derive(Debug, Clone)]
pub struct Dial {
    /// Whom to call: a SIP URI such as `sip:alice@192.0.2.7:5060`.
    pub to: String,
    /// Who calls: a SIP URI; its user part is what the other side sees as the number.
    pub from: String,
    /// The name to show next to `from`.
    pub display: Option<String>,
    /// Presented when the other side challenges with 401 or 407.
    pub credentials: Option<Credentials>,
    /// Whether the leg hands on its audio frames.
    pub record: bool,
    /// Further headers, such as `("X-Call", "…")`.
    pub headers: Vec<(String, String)>,
    /// Send to this address whatever `to` names: an outbound proxy, or the address a registered phone
    /// was last seen at. It goes out as a `Route`.
    pub destination: Option<Peer>,
    /// Whether `destination` is one of the addresses that `to` leads to (RFC 3263), so that no `Route` is written.
    pub is_resolved: bool,
}

impl Dial {
    /// A recorded call from `from` to `to`.
    pub fn new(to: impl Into<String>, from: impl Into<String>) -> Self {
        Dial {
            to: to.into(),
            from: from.into(),
            display: None,
            credentials: None,
            record: true,
            headers: Vec::new(),
            destination: None,
            is_resolved: false,
        }
    }
}

/// What can go wrong before there is a call.
#[derive(Debug, thiserror::Error)]
pub enum SipError {
    /// The SIP sockets could not be opened.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// No RTP socket, or the media clock refused the leg.
    #[error("cannot open media for the call: {0}")]
    Media(std::io::Error),
    /// A URI that is not a SIP URI.
    #[error("“{0}” is not a SIP URI; write sip:user@host or sip:user@host:port")]
    BadUri(String),
    /// A header name or value that cannot be sent.
    #[error("the header “{0}” cannot be sent: names are letters, digits and -, values have no line breaks")]
    BadHeader(String),
    /// The peer's session description shares no codec with us, or cannot be read.
    #[error("no common ground with the other side's session description: {0}")]
    NoMedia(String),
    /// The caller gave up, or the peer hung up, before the call was up.
    #[error("the call ended before it was answered: {0}")]
    Gone(String),
    /// The other side refused.
    #[error("refused with {status} {reason}")]
    Refused {
        /// The SIP status.
        status: u16,
        /// Its reason phrase.
        reason: String,
    },
    /// The user agent is shutting down.
    #[error("the SIP user agent is shutting down")]
    ShuttingDown,
    /// A name that leads nowhere.
    #[error("cannot find where to send it: {0}")]
    Unresolved(String),
}
