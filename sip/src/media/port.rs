//! One UDP port for the legs of all browsers: a socket, one thread that reads it in batches and hands each datagram to its leg, and the
//! place that each leg has at it. Who may send what is judged by [`crate::ice`].
//!
//! What a browser sends waits in a bounded queue of its leg until the leg's media thread takes it, at each step of 5 ms; beyond that it is
//! lost and counted. Sending needs no thread: each leg sends through the shared socket to where its browser is now. Where that is
//! changes rarely: the media thread looks at a number, and reads the address only when the number has changed and the lock on it
//! happens to be free, so it never waits.
//!
//! Whatever path ICE finds, a leg sees one peer at one address ([`ICE_PATH`]), so that nothing above knows of paths.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use socket2::SockRef;

use super::sys;
use crate::ice::{Credentials, Dropped, PeerId, Table, Verdict};
use crate::sdp::ICE_PATH;
use crate::transport::batch::{BATCH, Room};

/// Datagrams that wait for a leg: over a second of sound.
const QUEUE: usize = 64;
/// More than any datagram that a leg understands; longer ones are dropped.
const LONGEST: usize = 2_048;
/// What the socket asks the kernel for: a tenth of a second of a thousand browsers.
const BUFFER_BYTES: usize = 2 * 1024 * 1024;
/// How long the thread sleeps when nothing comes, before it looks whether it is still wanted and which legs are gone.
const IDLE: Duration = Duration::from_millis(250);

/// The port. Clones are the same; it closes when they and all places are gone, or with [`SharedPort::close`].
#[derive(Clone, Debug)]
pub struct SharedPort(Arc<Owner>);

/// What handles hold; the thread holds the inner half, and ends when this is dropped.
#[derive(Debug)]
struct Owner(Arc<Shared>);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.closing.store(true, Ordering::Release);
    }
}

#[derive(Debug)]
struct Shared {
    socket: UdpSocket,
    local: SocketAddr,
    table: Mutex<Table<Arc<Peer>>>,
    closing: AtomicBool,
    counts: Counts,
}

#[derive(Debug, Default)]
struct Counts {
    checks: AtomicU64,
    packets: AtomicU64,
    moves: AtomicU64,
    overflowed: AtomicU64,
    dropped: [AtomicU64; Dropped::ALL.len()],
}

/// What a port has seen since it was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortStats {
    /// Browsers that have a place now.
    pub peers: usize,
    /// Connectivity checks that were proven and answered.
    pub checks: u64,
    /// Packets handed to legs.
    pub packets: u64,
    /// How often a browser's path began or moved.
    pub moves: u64,
    /// Packets that found a leg's queue full.
    pub overflowed: u64,
    /// Datagrams that changed nothing, by reason.
    pub dropped: Vec<(&'static str, u64)>,
}

/// What thread, leg and path share of one browser.
#[derive(Debug)]
struct Peer {
    queue: SyncSender<Datagram>,
    route: Mutex<Option<SocketAddr>>,
    /// Counts the changes of `route`.
    version: AtomicU32,
    /// When something last came from it, in ms of the monotonic clock.
    heard_ms: AtomicU64,
    gone: AtomicBool,
}

/// A datagram on its way to its leg.
#[derive(Debug)]
struct Datagram {
    bytes: Vec<u8>,
    at: Duration,
}

impl SharedPort {
    /// Opens the port and starts its thread.
    pub fn open(bind: SocketAddr) -> io::Result<SharedPort> {
        let socket = UdpSocket::bind(bind)?;
        socket.set_nonblocking(true)?;
        // A smaller one only loses more under load.
        let _ = SockRef::from(&socket).set_recv_buffer_size(BUFFER_BYTES);
        let _ = SockRef::from(&socket).set_send_buffer_size(BUFFER_BYTES);
        sys::mark_as_voice(&socket);
        let mut poll = sys::Poll::new()?;
        poll.add(&socket, 0)?;
        let shared = Arc::new(Shared {
            local: socket.local_addr()?,
            socket,
            table: Mutex::default(),
            closing: AtomicBool::new(false),
            counts: Counts::default(),
        });
        let thread = shared.clone();
        std::thread::Builder::new().name("browsers".to_owned()).spawn(move || {
            sys::exact_timers();
            let (mut room, mut ready) = (Room::new(), Vec::new());
            while !thread.closing.load(Ordering::Acquire) {
                poll.wait(&mut ready, IDLE);
                while thread.receive(&mut room) == BATCH {}
                thread.table().retain(|peer| !peer.gone.load(Ordering::Acquire));
            }
        })?;
        Ok(SharedPort(Arc::new(Owner(shared))))
    }

    /// The address that it is bound to.
    pub fn local_addr(&self) -> SocketAddr {
        self.0.0.local
    }

    /// A place for a browser that is told `ours` and whose description has the fragment `theirs`. The first half is for its leg; the
    /// second follows its path and survives the leg.
    pub fn place(&self, ours: &Credentials, theirs: &str) -> (Place, Path) {
        let (queue, waiting) = sync_channel(QUEUE);
        let peer = Arc::new(Peer {
            queue,
            route: Mutex::new(None),
            version: AtomicU32::new(0),
            heard_ms: AtomicU64::new(sys::now().as_millis() as u64),
            gone: AtomicBool::new(false),
        });
        let id = self.0.0.table().add(peer.clone(), ours, theirs);
        let place = Place { port: self.clone(), peer: peer.clone(), waiting, next: None, route: None, version: 0 };
        (place, Path { port: self.clone(), peer, id })
    }

    /// What it has seen.
    pub fn stats(&self) -> PortStats {
        let shared = &self.0.0;
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let dropped = Dropped::ALL.iter().zip(&shared.counts.dropped);
        PortStats {
            peers: shared.table().len(),
            checks: read(&shared.counts.checks),
            packets: read(&shared.counts.packets),
            moves: read(&shared.counts.moves),
            overflowed: read(&shared.counts.overflowed),
            dropped: dropped.map(|(reason, count)| (reason.name(), read(count))).collect(),
        }
    }

    /// Ends the thread, soon; legs hear nothing more.
    pub fn close(&self) {
        self.0.0.closing.store(true, Ordering::Release);
    }
}

impl Shared {
    /// Held for as long as it takes to judge one datagram, and never by a media thread.
    fn table(&self) -> MutexGuard<'_, Table<Arc<Peer>>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what has come, at most a batch; says how much that was.
    fn receive(&self, room: &mut Room) -> usize {
        // An error here is an unreachable peer (ICMP), or nothing to read.
        let count = room.receive(self.socket.as_fd()).unwrap_or(0);
        let now = sys::now();
        for (bytes, from) in room.datagrams() {
            self.datagram(bytes, from, now);
        }
        count
    }

    fn datagram(&self, bytes: &[u8], from: SocketAddr, now: Duration) {
        let add = |count: &AtomicU64| count.fetch_add(1, Ordering::Relaxed);
        let answer = match self.table().datagram(bytes, from, now) {
            Verdict::Packet(peer) => {
                peer.hear(now);
                let fits = bytes.len() <= LONGEST;
                match fits.then(|| peer.queue.try_send(Datagram { bytes: bytes.to_vec(), at: now })) {
                    Some(Ok(())) => add(&self.counts.packets),
                    Some(Err(TrySendError::Full(_))) | None => add(&self.counts.overflowed),
                    // The leg has closed a moment ago.
                    Some(Err(TrySendError::Disconnected(_))) => 0,
                };
                None
            }
            Verdict::Checked { peer, answer, moved } => {
                peer.hear(now);
                add(&self.counts.checks);
                if let Some(to) = moved {
                    add(&self.counts.moves);
                    peer.move_to(to);
                }
                Some(answer)
            }
            Verdict::Dropped(why, answer) => {
                let mut counts = Dropped::ALL.iter().zip(&self.counts.dropped);
                if let Some((_, count)) = counts.find(|(reason, _)| **reason == why) {
                    add(count);
                }
                answer
            }
        };
        if let Some(answer) = answer {
            // One that does not fit is lost; the browser asks again.
            let _ = self.socket.send_to(&answer, from);
        }
    }
}

impl Peer {
    fn hear(&self, now: Duration) {
        self.heard_ms.store(now.as_millis() as u64, Ordering::Relaxed);
    }

    fn move_to(&self, to: SocketAddr) {
        *self.route.lock().unwrap_or_else(PoisonError::into_inner) = Some(to);
        self.version.fetch_add(1, Ordering::Release);
    }
}

/// A leg's place at the port: its packets come and go here. Dropping it gives the place up.
#[derive(Debug)]
pub struct Place {
    port: SharedPort,
    peer: Arc<Peer>,
    waiting: Receiver<Datagram>,
    /// Taken from the queue and not yet read.
    next: Option<Datagram>,
    /// Where the browser was when `version` was read.
    route: Option<SocketAddr>,
    version: u32,
}

impl Place {
    /// Whether a datagram waits.
    pub(super) fn waits(&mut self) -> bool {
        if self.next.is_none() {
            self.next = self.waiting.try_recv().ok();
        }
        self.next.is_some()
    }

    /// The next datagram that waits, and when it came.
    pub(super) fn take(&mut self) -> Option<(Vec<u8>, Duration)> {
        let datagram = self.next.take().or_else(|| self.waiting.try_recv().ok())?;
        Some((datagram.bytes, datagram.at))
    }

    /// The socket, and where the browser is, once that is known.
    pub(super) fn way_out(&mut self) -> Option<(&UdpSocket, SocketAddr)> {
        let version = self.peer.version.load(Ordering::Acquire);
        if version != self.version
            && let Ok(route) = self.peer.route.try_lock()
        {
            (self.route, self.version) = (*route, version);
        }
        Some((&self.port.0.0.socket, self.route?))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Taken out of the table by the port's own thread: this may be a media thread, which waits for no lock.
        self.peer.gone.store(true, Ordering::Release);
    }
}

/// Follows the path to one browser.
#[derive(Clone, Debug)]
pub struct Path {
    port: SharedPort,
    peer: Arc<Peer>,
    id: PeerId,
}

impl Path {
    /// Lets the browser begin anew with other credentials (ICE restart, RFC 8445 section 9; or its page was loaded again); the old ones
    /// hold until it nominates a path with the new ones. Says whether the leg still has its place.
    pub fn restart(&self, ours: &Credentials, theirs: &str) -> bool {
        !self.peer.gone.load(Ordering::Acquire) && self.port.0.0.table().restart(self.id, ours, theirs)
    }

    /// Where the browser is.
    pub fn address(&self) -> Option<SocketAddr> {
        *self.peer.route.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long nothing has come from the browser, no check and no packet; since the place was made, if nothing ever has.
    pub fn silence(&self) -> Duration {
        let heard = Duration::from_millis(self.peer.heard_ms.load(Ordering::Relaxed));
        sys::now().saturating_sub(heard)
    }
}

/// What a leg's packets seem to come from, wherever their browser is.
pub(super) const PEER: SocketAddr = ICE_PATH;
