//! The handle of one leg: commands to the media thread that never block. What the thread makes of them is in the
//! modules behind the clock.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use audio::codec::Codec;
use tokio::sync::{oneshot, watch};

use super::clip::{Clip, Playback};
use super::clock::Shared;
use super::conference::{Conference, Room};
use super::event::{LegStats, Recording};
use super::guard::Guard;
use super::line::Line;
use super::speaking;
use super::wire::Wire;
use crate::sdp::{Agreed, Security};
use crate::srtp::Shield;

/// Names a leg; unique in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LegId(u64);

impl LegId {
    /// An id that was never given before.
    pub(super) fn next() -> LegId {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        LegId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl std::fmt::Display for LegId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "leg {}", self.0)
    }
}

/// What a leg begins with.
#[derive(Debug)]
pub struct LegConfig {
    /// How its packets travel: a bound socket, which the clock makes non-blocking, or a place at the browsers' port.
    pub wire: Wire,
    /// Where the peer's SDP says to send; nothing is sent before this or the first packet is known.
    pub remote: Option<SocketAddr>,
    /// What is sent, until [`Leg::agree`] says otherwise. G.711 and G.722 are understood, whichever the peer sends.
    pub codec: Codec,
    /// The payload type of telephone events, if it was agreed on; otherwise keys are sent as tones.
    pub telephone_event: Option<u8>,
    /// Whether to report [`LegEvent::Frame`](super::LegEvent::Frame)s; voice activity is computed only then.
    pub record: bool,
}

/// What a leg's handles, its thread and the legs it wants to be bridged with know of each other.
#[derive(Debug)]
pub(super) struct Route {
    pub id: LegId,
    /// The number of the thread that owns the leg; only that thread changes it, holding `sending`.
    pub home: AtomicUsize,
    /// Held while a command is sent, so that none is on its way to the old thread when the leg leaves it.
    pub sending: Mutex<()>,
    /// Outside the command queue, so that a leg closes even when the queue is full.
    pub closing: AtomicBool,
    /// What is left of the leg once it is closed.
    pub closed: watch::Sender<Option<Arc<LegStats>>>,
}

impl Route {
    pub fn new(home: usize) -> Route {
        Route {
            id: LegId::next(),
            home: AtomicUsize::new(home),
            sending: Mutex::new(()),
            closing: AtomicBool::new(false),
            closed: watch::Sender::new(None),
        }
    }

    pub fn home(&self) -> usize {
        self.home.load(Ordering::Acquire)
    }

    pub fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }
}

/// Where our RTCP goes. The peer's is taken on the leg's own socket: it comes there when both share a port (RFC 5761) or
/// when our `a=rtcp` says so (RFC 3605). A socket of its own on the port above would cost each leg a descriptor and some
/// kilobytes for a packet every five seconds, so there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RtcpTo {
    /// To the port above the one that audio goes to: the custom.
    #[default]
    PortAbove,
    /// To where audio goes (`a=rtcp-mux`).
    Muxed,
    /// To this port of the host that audio goes to (`a=rtcp`). Another host is not followed: it would be somebody who
    /// never asked for it, or an address behind a NAT.
    Port(u16),
    /// Nowhere.
    Off,
}

/// A command for one leg.
#[derive(Debug)]
pub(super) enum Command {
    Open(Box<Line>),
    /// A leg that comes from another thread.
    Adopt(Box<Line>),
    Play(Playback),
    /// Whether to play nothing for the moment.
    Suspend(bool),
    Stop,
    StopTurn(u64),
    SendKeys(String),
    /// And how packets are protected from now on, if that changes.
    Agree(Box<Agreed>, Option<Box<Guard>>),
    /// The keys that the handshake with this number gave.
    Secure(u64, Box<Shield>),
    /// Why the handshake with this number gave none.
    Insecure(u64, &'static str),
    /// To be sent to the peer as it is: a handshake.
    Datagram(SocketAddr, Vec<u8>),
    /// Sent to both legs of a bridge.
    Bridge(Arc<Route>),
    Unbridge,
    Join(Room),
    Leave,
    Record(Recording),
    MuteIn(bool),
    MuteOut(bool),
    Pause(bool),
    Hold(Option<Arc<Clip>>),
    SignalledKey(char),
    Rtcp(RtcpTo),
    DetectTones(bool),
    /// Asks for the counters as they are.
    Count(oneshot::Sender<LegStats>),
}

/// A leg. Clones name the same leg; it closes when the last of them is dropped, or with [`Leg::close`].
#[derive(Clone)]
pub struct Leg(Arc<Handle>);

struct Handle {
    route: Arc<Route>,
    shared: Arc<Shared>,
    /// The number of the codec now in use.
    codec: AtomicU8,
    /// How packets are protected, to notice when that changes.
    security: Mutex<Security>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.route.closing.store(true, Ordering::Release);
    }
}

impl std::fmt::Debug for Leg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.route.id)
    }
}

impl Leg {
    pub(super) fn new(route: Arc<Route>, shared: Arc<Shared>, codec: Codec) -> Leg {
        Leg(Arc::new(Handle {
            route,
            shared,
            codec: AtomicU8::new(codec.index() as u8),
            security: Mutex::new(Security::Plain),
        }))
    }

    /// The name of this leg.
    pub fn id(&self) -> LegId {
        self.0.route.id
    }

    /// The codec that is sent.
    pub fn codec(&self) -> Codec {
        Codec::ALL.get(usize::from(self.0.codec.load(Ordering::Relaxed))).copied().unwrap_or_default()
    }

    /// Plays a clip after what is already queued. Encodes it here, on the caller's thread, the first time.
    pub fn play(&self, playback: Playback) {
        playback.clip.prepare(self.codec());
        self.send(Command::Play(playback));
    }

    /// Stops playing with the next tick and keeps the queue; silence is sent meanwhile.
    pub fn suspend(&self) {
        self.send(Command::Suspend(true));
    }

    /// Goes on playing, from the last pause in what was played of the clip.
    pub fn resume(&self) {
        self.send(Command::Suspend(false));
    }

    /// Drops everything queued, keys included; sound stops at the next tick.
    pub fn stop(&self) {
        self.send(Command::Stop);
    }

    /// Drops what was queued for this turn.
    pub fn stop_turn(&self, turn: u64) {
        self.send(Command::StopTurn(turn));
    }

    /// Presses keys, one after another: `0`–`9`, `*`, `#`, `A`–`D`; `w` or `,` waits half a second. Anything else is
    /// left out. As RFC 4733 events, or as tones when the peer has not agreed to them.
    pub fn send_keys(&self, keys: &str) {
        self.send(Command::SendKeys(keys.to_owned()));
    }

    /// Follows a new agreement in everything: where to send, in which codec and packet length, encrypted or not. An
    /// encrypted leg sends nothing and believes nothing before there are keys. A handshake begins at once, and again
    /// only when the peer's certificate or the roles change (RFC 5763 section 6.6).
    pub fn agree(&self, agreed: &Agreed) {
        self.follow(agreed);
        let above = agreed.remote.port().saturating_add(1);
        self.set_rtcp(match agreed.remote_rtcp.port() {
            _ if agreed.rtcp_mux() => RtcpTo::Muxed,
            port if port == above => RtcpTo::PortAbove,
            port => RtcpTo::Port(port),
        });
    }

    fn follow(&self, agreed: &Agreed) {
        // What the media thread would else have to compute when it first needs it.
        speaking::prepare(agreed.codec);
        self.0.codec.store(agreed.codec.index() as u8, Ordering::Relaxed);
        let mut security = self.0.security.lock().unwrap_or_else(PoisonError::into_inner);
        let change = (*security != agreed.security).then(|| {
            *security = agreed.security.clone();
            let (shared, route) = (Arc::downgrade(&self.0.shared), Arc::downgrade(&self.0.route));
            Box::new(Guard::new(agreed, move |command| match (shared.upgrade(), route.upgrade()) {
                (Some(shared), Some(route)) if !route.is_closing() => shared.send(&route, command),
                _ => false,
            }))
        });
        // Under the lock, so that the last agreement is the last one that the thread sees.
        self.send(Command::Agree(Box::new(agreed.clone()), change));
    }

    /// Follows a plain agreement on where to send, in which codec, with which payload type for keys. An unspecified
    /// address (the old way to put on hold) means: nowhere.
    pub fn set_remote(&self, remote: SocketAddr, codec: Codec, telephone_event: Option<u8>) {
        self.follow(&Agreed::plain(remote, codec, telephone_event));
    }

    /// Lets the peers of two legs of one clock hear each other, keys included. Replaces what either was playing and
    /// whatever bridge or conference either was in. A clip played later is heard instead of the other peer while it
    /// lasts. If two threads have the legs, one leg moves to the other's, which takes at most a few steps of 5 ms.
    pub fn bridge(&self, other: &Leg) {
        let (one, two) = (&self.0.route, &other.0.route);
        let same_clock = Arc::ptr_eq(&self.0.shared, &other.0.shared);
        if same_clock && one.id != two.id && !one.is_closing() && !two.is_closing() {
            self.send(Command::Bridge(two.clone()));
            other.send(Command::Bridge(one.clone()));
        }
    }

    /// Parts the bridge again, if there is one.
    pub fn unbridge(&self) {
        self.send(Command::Unbridge);
    }

    /// Joins a conference of the same clock: the peer hears all others in it and they hear it; keys stay on this leg.
    /// Replaces what the leg was playing and whatever bridge or conference it was in. A clip played later is heard
    /// instead of the others while it lasts.
    pub fn join(&self, conference: &Conference) {
        if conference.is_of(&self.0.shared) {
            self.send(Command::Join(conference.room()));
        }
    }

    /// Leaves the conference, if the leg is in one.
    pub fn leave(&self) {
        self.send(Command::Leave);
    }

    /// What of the call may be kept from the next tick on; see [`Recording`].
    pub fn record_state(&self, recording: Recording) {
        self.send(Command::Record(recording));
    }

    /// Makes the peer unheard: frames and the bridged leg get silence instead. Keys still count.
    pub fn mute_in(&self, muted: bool) {
        self.send(Command::MuteIn(muted));
    }

    /// Sends silence whatever is playing.
    pub fn mute_out(&self, muted: bool) {
        self.send(Command::MuteOut(muted));
    }

    /// Sends nothing at all while paused (the peer put us on hold); playback waits, and [`NoRtp`] is not reported.
    ///
    /// [`NoRtp`]: super::LegEvent::NoRtp
    pub fn pause(&self, paused: bool) {
        self.send(Command::Pause(paused));
    }

    /// What the peer hears while nothing else is played or bridged: music, a ringing tone; or silence.
    pub fn set_hold_loop(&self, clip: Option<Arc<Clip>>) {
        if let Some(clip) = &clip {
            clip.prepare(self.codec());
        }
        self.send(Command::Hold(clip));
    }

    /// Reports a key that came by way of the signalling (SIP INFO), unless the media has told of it already.
    pub fn key_from_signalling(&self, digit: char) {
        self.send(Command::SignalledKey(digit));
    }

    /// Where RTCP goes; the port above the audio's until this is called.
    pub fn set_rtcp(&self, to: RtcpTo) {
        self.send(Command::Rtcp(to));
    }

    /// Whether to listen for keys as tones in the audio. Without this they are listened for exactly while telephone
    /// events are not agreed on.
    pub fn detect_tones(&self, detect: bool) {
        self.send(Command::DetectTones(detect));
    }

    /// Ends the leg at the next tick and frees its socket; the last event is
    /// [`LegEvent::Closed`](super::LegEvent::Closed).
    pub fn close(&self) {
        self.0.route.closing.store(true, Ordering::Release);
    }

    /// A handle to look at the leg with, which does not keep it open and outlives it.
    pub fn observer(&self) -> LegObserver {
        LegObserver { route: self.0.route.clone(), shared: Arc::downgrade(&self.0.shared) }
    }

    fn send(&self, command: Command) {
        self.0.shared.send(&self.0.route, command);
    }
}

/// Looks at a leg without keeping it open.
#[derive(Clone)]
pub struct LegObserver {
    route: Arc<Route>,
    shared: Weak<Shared>,
}

impl std::fmt::Debug for LegObserver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LegObserver({})", self.route.id)
    }
}

impl LegObserver {
    /// The counters and the history as they are, or as they were at the end; `None` if the leg's thread is gone. Asking costs the
    /// thread a copy of the history.
    pub async fn stats(&self) -> Option<Arc<LegStats>> {
        let (reply, answer) = oneshot::channel();
        if self.closed().is_none() {
            self.shared.upgrade()?.send(&self.route, Command::Count(reply));
            if let Ok(stats) = answer.await {
                return Some(Arc::new(stats));
            }
        }
        // It closed meanwhile.
        self.closed()
    }

    /// The counters and the history of the whole leg, once it is closed. Wait with a limit: it may go on.
    pub async fn last(&self) -> Option<Arc<LegStats>> {
        let mut closed = self.route.closed.subscribe();
        let last = closed.wait_for(Option::is_some).await.ok()?;
        last.clone()
    }

    fn closed(&self) -> Option<Arc<LegStats>> {
        self.route.closed.borrow().clone()
    }
}
