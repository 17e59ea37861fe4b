//! The UDP sockets: each read in batches, each with a bounded list of what is to leave with the next flush.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd;
use std::sync::Mutex;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use socket2::{Domain, Socket, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use super::batch::{self, BATCH, Room};
use super::{TransportError, locked};

/// What a SIP socket asks for, each way: room for a burst of some thousand messages while the process is busy elsewhere.
pub const BUFFER_BYTES: usize = 4 * 1024 * 1024;
/// Datagrams that may wait for a socket that takes no more; those beyond it are lost like any other.
const WAITING: usize = 4_096;
/// Sources of which is remembered which socket they use.
const REMEMBERED: usize = 50_000;

/// All UDP sockets of the transports.
pub(super) struct Udp {
    sockets: Vec<Port>,
    /// Which socket a peer was last heard on, where its family has more than one.
    heard: Mutex<HashMap<SocketAddr, u8>>,
    several: bool,
}

struct Port {
    socket: UdpSocket,
    addr: SocketAddr,
    out: Mutex<Out>,
}

#[derive(Default)]
struct Out {
    datagrams: Vec<(SocketAddr, Bytes)>,
    /// The socket took no more the last time.
    full: bool,
}

impl Udp {
    pub(super) fn bind(addrs: &[SocketAddr]) -> Result<Self, TransportError> {
        let mut sockets = Vec::with_capacity(addrs.len());
        for addr in addrs {
            let failed = |reason| TransportError::Bind { protocol: "UDP", addr: *addr, reason };
            let socket = bind(*addr).map_err(failed)?;
            let addr = socket.local_addr().map_err(failed)?;
            sockets.push(Port { socket, addr, out: Mutex::default() });
        }
        let v4 = sockets.iter().filter(|port| port.addr.is_ipv4()).count();
        let several = v4 > 1 || sockets.len() - v4 > 1;
        Ok(Udp { sockets, heard: Mutex::default(), several })
    }

    pub(super) fn addrs(&self) -> impl Iterator<Item = SocketAddr> {
        self.sockets.iter().map(|port| port.addr)
    }

    /// The address of the socket that datagrams to this peer leave from.
    pub(super) fn towards(&self, to: SocketAddr) -> Option<SocketAddr> {
        Some(self.port(to)?.addr)
    }

    fn port(&self, to: SocketAddr) -> Option<&Port> {
        if self.several
            && let Some(index) = locked(&self.heard).get(&to)
        {
            return self.sockets.get(usize::from(*index));
        }
        let mut fitting = self.sockets.iter().filter(|port| port.addr.is_ipv4() == to.is_ipv4());
        let first = fitting.clone().next()?;
        // What is bound to the loopback reaches nobody else.
        let reaches = |ip: IpAddr| ip.is_unspecified() || ip.is_loopback() == to.ip().is_loopback();
        Some(fitting.find(|port| reaches(port.addr.ip())).unwrap_or(first))
    }

    /// Puts a datagram on the list of the next flush. `false`: there is no socket of this family, or its list is full.
    pub(super) fn push(&self, to: SocketAddr, bytes: Bytes) -> bool {
        let Some(port) = self.port(to) else { return false };
        let mut out = locked(&port.out);
        let room = out.datagrams.len() < WAITING;
        if room {
            out.datagrams.push((to, bytes));
        }
        room
    }

    /// Sends what is on the lists, as far as the sockets take it; `failed` hears of each datagram that the system refuses.
    pub(super) fn flush(&self, mut failed: impl FnMut(SocketAddr, io::Error)) {
        for port in &self.sockets {
            port.flush(&mut failed);
        }
    }

    /// Reads one batch from each socket that has something; ready when there was one.
    pub(super) fn poll_receive(
        &self,
        cx: &mut Context<'_>,
        room: &mut Room,
        mut take: impl FnMut(&[u8], SocketAddr),
    ) -> Poll<()> {
        let mut any = Poll::Pending;
        for (index, port) in self.sockets.iter().enumerate() {
            while let Poll::Ready(count) = port.poll_receive(cx, room) {
                any = Poll::Ready(());
                for (datagram, source) in room.datagrams().filter(|(_, source)| source.port() != 0) {
                    if self.several {
                        self.note(source, index);
                    }
                    take(datagram, source);
                }
                // Others have their turn after a full batch; this socket is asked again at the next call.
                if count == BATCH {
                    break;
                }
            }
        }
        any
    }

    /// Goes on sending on the sockets that took no more and do again. Never ready: it only wakes the task.
    pub(super) fn poll_send(&self, cx: &mut Context<'_>, mut failed: impl FnMut(SocketAddr, io::Error)) {
        for port in &self.sockets {
            while locked(&port.out).full && port.socket.poll_send_ready(cx).is_ready() {
                port.flush(&mut failed);
            }
        }
    }

    fn note(&self, source: SocketAddr, index: usize) {
        let mut heard = locked(&self.heard);
        if heard.len() >= REMEMBERED && !heard.contains_key(&source) {
            // Spoofed sources fill it. Whoever is alive is noted again with the next message.
            heard.clear();
        }
        heard.insert(source, u8::try_from(index).unwrap_or(0));
    }
}

impl Port {
    fn poll_receive(&self, cx: &mut Context<'_>, room: &mut Room) -> Poll<usize> {
        loop {
            // Errors of readiness mean a runtime that shuts down.
            if ready!(self.socket.poll_recv_ready(cx)).is_err() {
                return Poll::Pending;
            }
            let mut count = 0;
            let _ = self.socket.try_io(Interest::READABLE, || {
                // Nothing that can fail here is fatal for a UDP socket.
                count = room.receive(self.socket.as_fd()).unwrap_or(0);
                // A batch that is not full has emptied the socket: saying so spares the call that would find nothing.
                if count < BATCH { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
            });
            if count > 0 {
                return Poll::Ready(count);
            }
        }
    }

    fn flush(&self, failed: &mut impl FnMut(SocketAddr, io::Error)) {
        let mut out = locked(&self.out);
        let mut done = 0;
        out.full = false;
        while done < out.datagrams.len() {
            let send = || batch::send(self.socket.as_fd(), &out.datagrams[done..]);
            // The second try is for the runtime to see: only so does it wake us when there is room again.
            let would_block = |error: &io::Error| error.kind() == io::ErrorKind::WouldBlock;
            let sent = match send() {
                Err(error) if would_block(&error) => self.socket.try_io(Interest::WRITABLE, send),
                sent => sent,
            };
            match sent {
                Ok(sent) => done += sent.max(1),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if would_block(&error) => {
                    out.full = true;
                    break;
                }
                Err(error) => {
                    failed(out.datagrams[done].0, error);
                    done += 1;
                }
            }
        }
        out.datagrams.drain(..done);
    }
}

fn bind(addr: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(addr), Type::DGRAM, None)?;
    if addr.is_ipv6() {
        // So that 0.0.0.0 and [::] can both be bound, and an IPv4 peer has one address only.
        socket.set_only_v6(true)?;
    }
    // Best effort: the system may grant less.
    let _ = socket.set_recv_buffer_size(BUFFER_BYTES);
    let _ = socket.set_send_buffer_size(BUFFER_BYTES);
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    UdpSocket::from_std(socket.into())
}
