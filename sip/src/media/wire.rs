//! The sockets as the rest of the media sees them: packets go into an [`Outbox`], datagrams come out of an [`Inbox`].
//! Nobody but these two and the poll touches a socket, so that how packets travel can change in one place. What they
//! hold is left to the line.
//!
//! A telephone's leg keeps a socket of its own, because the port that packets come from must be the one that was offered
//! (RFC 4961); browsers share one port, where each has a [`Place`]. Packets are sent and read with one call each: handing many to the
//! kernel at once (`sendmmsg`, `recvmmsg`, `io_uring`) was measured to cost as much or more, since nine tenths of a send are spent in
//! the network stack and not in the call. Sockets stay unconnected although that costs some 6 %, because a connected one is deaf to a
//! peer that moved.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use super::port::{PEER, Place};

/// More than any datagram we understand.
const DATAGRAM: usize = 2_048;

/// How a leg's packets travel.
#[derive(Debug)]
pub enum Wire {
    /// Through a socket of its own, non-blocking.
    Own(UdpSocket),
    /// Through the port of all browsers.
    Shared(Place),
}

impl From<UdpSocket> for Wire {
    fn from(socket: UdpSocket) -> Self {
        Wire::Own(socket)
    }
}

impl From<Place> for Wire {
    fn from(place: Place) -> Self {
        Wire::Shared(place)
    }
}

impl Wire {
    /// The leg's own socket.
    pub(super) fn own(&self) -> Option<&UdpSocket> {
        match self {
            Wire::Own(socket) => Some(socket),
            Wire::Shared(_) => None,
        }
    }

    /// Whether a datagram waits at the shared port. Of its own socket the poll tells.
    pub(super) fn waits(&mut self) -> bool {
        match self {
            Wire::Own(_) => false,
            Wire::Shared(place) => place.waits(),
        }
    }

    /// The way to `to`; to the browser, once it is known where that is. The peer of a place is where its browser is, whatever `to` says.
    pub(super) fn outbox(&mut self, to: SocketAddr) -> Option<Outbox<'_>> {
        match self {
            Wire::Own(socket) => Some(Outbox { socket, to }),
            Wire::Shared(place) => place.way_out().map(|(socket, to)| Outbox { socket, to }),
        }
    }
}

/// Where a leg's packets go.
#[derive(Clone, Copy, Debug)]
pub struct Outbox<'a> {
    socket: &'a UdpSocket,
    to: SocketAddr,
}

impl Outbox<'_> {
    /// Sends a packet without waiting; says whether the network stack took it. If it did not (a full buffer, an
    /// unreachable peer), the packet is lost like any other.
    pub fn send(&self, packet: &[u8]) -> bool {
        self.socket.send_to(packet, self.to).is_ok()
    }
}

/// Room for one datagram, shared by all legs of a thread.
#[derive(Debug)]
pub struct Inbox {
    room: Box<[u8; DATAGRAM]>,
    taken: Vec<u8>,
}

impl Inbox {
    pub fn new() -> Inbox {
        Inbox { room: Box::new([0; DATAGRAM]), taken: Vec::new() }
    }

    /// The next datagram that waits, where it came from, and when: `now` for one that is read just now.
    pub fn read(&mut self, wire: &mut Wire, now: Duration) -> Option<(&[u8], SocketAddr, Duration)> {
        match wire {
            Wire::Own(socket) => {
                // An error here is an unreachable peer (ICMP) or a checksum that failed: nothing to read.
                let (length, from) = socket.recv_from(&mut self.room[..]).ok()?;
                Some((self.room.get(..length)?, from, now))
            }
            Wire::Shared(place) => {
                let (datagram, at) = place.take()?;
                self.taken = datagram;
                Some((&self.taken, PEER, at))
            }
        }
    }
}
