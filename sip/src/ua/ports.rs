//! UDP sockets for RTP: any free port, or the even ports of a configured range in turn.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU32, Ordering};

pub(super) struct RtpPorts {
    ip: IpAddr,
    range: Option<RangeInclusive<u16>>,
    next: AtomicU32,
}

impl RtpPorts {
    pub(super) fn new(ip: IpAddr, range: Option<RangeInclusive<u16>>) -> Self {
        RtpPorts { ip, range, next: AtomicU32::new(0) }
    }

    /// A bound socket, and its port.
    pub(super) fn bind(&self) -> io::Result<(UdpSocket, u16)> {
        let Some(range) = &self.range else { return self.try_port(0) };
        // Even ports, because the odd one above is RTCP's by custom (RFC 3550 section 11).
        let first = u32::from(*range.start()).next_multiple_of(2);
        let count = (u32::from(*range.end()) + 2).saturating_sub(first) / 2;
        for _ in 0..count {
            let turn = self.next.fetch_add(1, Ordering::Relaxed) % count;
            let Ok(port) = u16::try_from(first + 2 * turn) else { continue };
            match self.try_port(port) {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                bound => return bound,
            }
        }
        Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            format!(
                "every even RTP port of {}–{} on {} is taken; widen the range",
                range.start(),
                range.end(),
                self.ip
            ),
        ))
    }

    fn try_port(&self, port: u16) -> io::Result<(UdpSocket, u16)> {
        let socket = UdpSocket::bind(SocketAddr::new(self.ip, port))?;
        let port = socket.local_addr()?.port();
        Ok((socket, port))
    }
}

/// The local address from which packets to `peer` leave. Nothing is sent.
pub(super) fn local_ip_towards(peer: IpAddr) -> io::Result<IpAddr> {
    let any: SocketAddr = if peer.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0u16; 8], 0).into() };
    let probe = UdpSocket::bind(any)?;
    probe.connect(SocketAddr::new(peer, 9))?;
    Ok(probe.local_addr()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_gives_its_even_ports_and_then_says_it_is_full() {
        // Room found by binding, so that the test does not depend on what else runs here.
        let base = loop {
            let (_probe, port) = RtpPorts::new([127, 0, 0, 1].into(), None).bind().expect("a port");
            if port % 2 == 0 && port < 65_000 {
                break port;
            }
        };
        let ports = RtpPorts::new([127, 0, 0, 1].into(), Some(base - 1..=base + 1));
        let (first, port) = ports.bind().expect("the only even port");
        assert_eq!(port, base);
        let full = ports.bind().expect_err("no port is left");
        assert_eq!(full.kind(), io::ErrorKind::AddrInUse);
        drop(first);
        assert!(ports.bind().is_ok());
    }
}
