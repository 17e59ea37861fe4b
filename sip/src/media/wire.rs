//! The sockets as the rest of the media sees them: packets go into an [`Outbox`], datagrams come out of an [`Inbox`].
//! Nobody but these two and the poll touches a socket, so that how packets travel can change in one place. What they
//! hold is left to the line.
//!
//! Each leg keeps a socket of its own, because the port that packets come from must be the one that was offered
//! (RFC 4961). Packets are sent and read with one call each: handing many to the kernel at once (`sendmmsg`, `recvmmsg`,
//! `io_uring`) was measured to cost as much or more, since nine tenths of a send are spent in the network stack and not
//! in the call. Sockets stay unconnected although that costs some 6 %, because a connected one is deaf to a peer that
//! moved.

use std::net::{SocketAddr, UdpSocket};

/// More than any datagram we understand.
const DATAGRAM: usize = 2_048;

/// Where a leg's packets go.
#[derive(Clone, Copy, Debug)]
pub struct Outbox<'a> {
    socket: &'a UdpSocket,
    to: SocketAddr,
}

impl<'a> Outbox<'a> {
    /// Packets leave from `socket` for `to`.
    pub fn new(socket: &'a UdpSocket, to: SocketAddr) -> Outbox<'a> {
        Outbox { socket, to }
    }

    /// Sends a packet without waiting; says whether the network stack took it. If it did not (a full buffer, an
    /// unreachable peer), the packet is lost like any other.
    pub fn send(&self, packet: &[u8]) -> bool {
        self.socket.send_to(packet, self.to).is_ok()
    }
}

/// Room for one datagram, shared by all legs of a thread.
#[derive(Debug)]
pub struct Inbox(Box<[u8; DATAGRAM]>);

impl Inbox {
    pub fn new() -> Inbox {
        Inbox(Box::new([0; DATAGRAM]))
    }

    /// The next datagram that waits in a non-blocking socket, and where it came from.
    pub fn read(&mut self, socket: &UdpSocket) -> Option<(&[u8], SocketAddr)> {
        // An error here is an unreachable peer (ICMP) or a checksum that failed: nothing to read.
        let (length, from) = socket.recv_from(&mut self.0[..]).ok()?;
        Some((self.0.get(..length)?, from))
    }
}
