//! WebRTC: browsers as agents' telephones, and as callers from a web page. What a page says over its WebSocket becomes legs and calls
//! like those of SIP; its sound comes through one UDP port that all browsers share ([`sip::media::SharedPort`]).
//!
//! - [`protocol`]: the messages, which the pages' authors read first.
//! - [`phone`]: an agent's telephone, which one tab of their browser has at a time.
//! - [`widget`]: callers of web pages, whose tokens open one call each; [`captions`]: what they read of it.
//! - [`line`]: one leg, from its first offer to its end, and its way back after a reload; [`control`]: the same as its call sees it.
//! - [`servers`]: the STUN and TURN servers that browsers are told.
//! - [`ladder`]: what was said about a leg, for whoever looks into the call.
//!
//! A browser always offers and this side answers, so a page that was loaded anew, or whose network changed, offers once more for the leg
//! that it has. A leg whose page is gone is kept for [`Settings::keep`].

mod captions;
mod control;
mod ladder;
mod line;
mod phone;
mod protocol;
mod servers;
mod widget;

use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use audio::codec::Codec;
use sip::media::{Clock, PortStats, SharedPort};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use phone::PhoneSocket;
pub use protocol::IceServer;
pub use servers::{Credentials, IceServers};
pub use widget::{Begun, Caller, CallerSocket, TokenRefused};

use crate::call::leg::{Placing, Refused, Unreached};
use crate::call::{Incoming, Leg};
use crate::event::CallId;
use phone::Phone;
use widget::Callers;

/// Calls that wait to be taken; more are refused at once.
const WAITING_CALLS: usize = 64;

/// How browsers are taken.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The port of their sound.
    pub bind: SocketAddr,
    /// Our own end of their WebSockets, for the ladder.
    pub http: SocketAddr,
    /// Under which addresses the port is reached, the best first; empty: that of `bind`.
    pub advertised: Vec<IpAddr>,
    /// The codings, the best first.
    pub codecs: Vec<Codec>,
    /// What browsers are told to find their way with.
    pub ice_servers: IceServers,
    /// How long a leg is kept whose page or whose sound is gone.
    pub keep: Duration,
    /// How long a telephone rings before the next is tried; tells why a ringing ended.
    pub ring: Duration,
    /// Whether web pages may call, and how many at once.
    pub callers: Option<usize>,
}

/// The channel. Clones are the same.
#[derive(Clone)]
pub struct WebRtc(Arc<Inner>);

/// A call from a browser, which has its id before anybody takes it.
pub struct WebCall {
    /// Under which it is to be journaled.
    pub id: CallId,
    /// The call.
    pub incoming: Box<dyn Incoming>,
}

struct Inner {
    settings: Settings,
    clock: Clock,
    port: SharedPort,
    candidates: Vec<SocketAddr>,
    calls: mpsc::Sender<WebCall>,
    /// By extension; held for a look, never across an await.
    phones: Mutex<HashMap<String, Arc<Phone>>>,
    callers: Callers,
    closing: CancellationToken,
}

impl WebRtc {
    /// Opens the port. Calls that browsers begin come out of the receiver.
    pub fn start(settings: Settings, clock: Clock) -> std::io::Result<(Self, mpsc::Receiver<WebCall>)> {
        let port = SharedPort::open(settings.bind)?;
        let candidates = candidates(port.local_addr(), &settings.advertised)?;
        let (calls, waiting) = mpsc::channel(WAITING_CALLS);
        let inner = Inner {
            settings,
            clock,
            port,
            candidates,
            calls,
            phones: Mutex::default(),
            callers: Callers::default(),
            closing: CancellationToken::new(),
        };
        Ok((WebRtc(Arc::new(inner)), waiting))
    }

    /// The address of the port, with the number that was picked.
    pub fn local_addr(&self) -> SocketAddr {
        self.0.port.local_addr()
    }

    /// What the port has seen.
    pub fn stats(&self) -> PortStats {
        self.0.port.stats()
    }

    /// The servers that a browser is told, with credentials for it.
    pub fn ice_servers(&self) -> Vec<IceServer> {
        self.0.settings.ice_servers.told(crate::call::now())
    }

    /// A page of whoever has this extension has connected. It has the telephone once it has said hello.
    pub fn phone(&self, extension: &str, peer: SocketAddr) -> PhoneSocket {
        PhoneSocket::new(self.0.clone(), self.0.phone_of(extension), peer)
    }

    /// The extensions that a browser can be rung at.
    pub fn reachable(&self) -> BTreeSet<String> {
        let phones = self.0.phones();
        phones.iter().filter(|(_, phone)| phone.is_there()).map(|(extension, _)| extension.clone()).collect()
    }

    /// Whether a browser of this extension can be rung.
    pub fn is_reachable(&self, extension: &str) -> bool {
        self.0.phones().get(extension).is_some_and(|phone| phone.is_there())
    }

    /// Rings the browser of an extension until it accepts or declines; dropping the future stops the ringing. `elsewhere` tells, when
    /// that happens, whether another telephone has answered.
    pub async fn ring(
        &self,
        extension: &str,
        placing: Placing<'_>,
        elsewhere: &Arc<AtomicBool>,
    ) -> Result<Leg, Unreached> {
        let phone = self.0.phones().get(extension).cloned().filter(|phone| phone.is_there());
        let unreachable =
            || Refused { label: "unreachable", reason: format!("no browser is connected for {extension}") };
        phone.ok_or_else(|| Unreached::Refused(unreachable()))?.ring(&self.0, placing, elsewhere.clone()).await
    }

    /// A token that opens one call from a web page; nothing where there are as many as there may be.
    pub fn begin(&self, caller: Caller) -> Result<Begun, Refused> {
        widget::begin(&self.0, caller)
    }

    /// Redeems a token: opens the call, once.
    pub fn redeem(&self, token: &str, peer: SocketAddr) -> Result<CallerSocket, TokenRefused> {
        widget::redeem(&self.0, token, peer)
    }

    /// Comes back to a call whose socket broke.
    pub fn resume(&self, secret: &str, peer: SocketAddr) -> Result<CallerSocket, TokenRefused> {
        widget::resume(&self.0, secret, peer)
    }

    /// Whether web pages may call.
    pub fn takes_callers(&self) -> bool {
        self.0.settings.callers.is_some()
    }

    /// Takes no more calls and closes the port.
    pub fn shutdown(&self) {
        self.0.closing.cancel();
        self.0.port.close();
    }
}

impl Inner {
    fn phones(&self) -> MutexGuard<'_, HashMap<String, Arc<Phone>>> {
        self.phones.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn phone_of(&self, extension: &str) -> Arc<Phone> {
        self.phones().entry(extension.to_owned()).or_insert_with(|| Arc::new(Phone::new(extension))).clone()
    }
}

/// Under which addresses browsers reach a port.
fn candidates(local: SocketAddr, advertised: &[IpAddr]) -> std::io::Result<Vec<SocketAddr>> {
    let ips = match (advertised, local.ip()) {
        ([], ip) if ip.is_unspecified() => vec![outward(local)?],
        ([], ip) => vec![ip],
        (advertised, _) => advertised.to_vec(),
    };
    Ok(ips.into_iter().map(|ip| SocketAddr::new(ip.to_canonical(), local.port())).collect())
}

/// The address that this machine speaks to others with; asks the routing table and sends nothing.
fn outward(local: SocketAddr) -> std::io::Result<IpAddr> {
    let (from, to): (&str, &str) =
        if local.is_ipv4() { ("0.0.0.0:0", "192.0.2.1:9") } else { ("[::]:0", "[2001:db8::1]:9") };
    let socket = UdpSocket::bind(from)?;
    match socket.connect(to).and_then(|()| socket.local_addr()) {
        Ok(address) => Ok(address.ip()),
        // A machine without a network: only its own browsers can come.
        Err(_) if local.is_ipv4() => Ok(IpAddr::from([127, 0, 0, 1])),
        Err(_) => Ok(IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1u16])),
    }
}
