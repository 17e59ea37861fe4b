//! Ports for other programs: they are told a number and bind it a moment later.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};

/// Below the ports that the system gives to whoever asks for any (from 32768), so that no socket of another
/// test takes one of them before the program has bound it.
const FIRST: u32 = 12_000;
const BLOCKS: u32 = 5_000;

/// Programs take neighbours too: baresip listens for TLS one port higher, SIPp uses two for audio and two for video.
const BLOCK: u32 = 4;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// The first of four neighbouring ports of the loopback that nobody uses now, over UDP and TCP. No two calls
/// return the same.
pub fn free_port() -> u16 {
    // Processes that run at once begin at different places.
    let start = std::process::id().wrapping_mul(397);
    for _ in 0..BLOCKS {
        let block = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % BLOCKS;
        let port = (FIRST + block * BLOCK) as u16;
        let is_free =
            |port| UdpSocket::bind(("127.0.0.1", port)).is_ok() && TcpListener::bind(("127.0.0.1", port)).is_ok();
        if (port..port + BLOCK as u16).all(is_free) {
            return port;
        }
    }
    panic!("no port of the loopback from {FIRST} is free");
}

/// The same as an address.
pub fn free_address() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, free_port()).into()
}
