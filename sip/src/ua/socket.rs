//! The SIP socket as the stack sees it: every datagram passes the gate (screening, rate limit) first.

use std::future::Future;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rsipstack::platform::net::UdpSocket as StackSocket;

use super::limit::Limiter;
use super::screen::{Verdict, screen};
use super::{RateLimit, SipError};

/// Room for a burst of some thousand messages while the process is busy elsewhere.
static BUFFER_BYTES: libc::c_int = 4 * 1024 * 1024;

pub(super) struct GatedSocket {
    socket: tokio::net::UdpSocket,
    limiter: Mutex<Limiter>,
}

impl GatedSocket {
    pub(super) fn bind(addr: SocketAddr, limit: RateLimit) -> Result<Self, SipError> {
        let failed = |reason| SipError::Bind { addr, reason };
        let socket = std::net::UdpSocket::bind(addr).map_err(failed)?;
        socket.set_nonblocking(true).map_err(failed)?;
        grow_buffers(&socket);
        let socket = tokio::net::UdpSocket::from_std(socket).map_err(failed)?;
        Ok(GatedSocket { socket, limiter: Mutex::new(Limiter::new(limit, Instant::now())) })
    }

    pub(super) fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    async fn next(&self, buf: &mut [u8]) -> (usize, SocketAddr) {
        loop {
            let (len, source) = match self.socket.recv_from(buf).await {
                Ok(received) => received,
                Err(error) => {
                    // Nothing here is fatal for a UDP socket, but it must not spin either.
                    tracing::warn!(%error, "receiving on the SIP socket failed");
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                }
            };
            // A datagram that fills the buffer was cut off: the stack would parse half a message.
            let verdict = screen(&buf[..len], len < buf.len(), source, || self.admit(source));
            match verdict {
                Verdict::Pass => return (len, source),
                Verdict::PassAs(message) if message.len() <= buf.len() => {
                    buf[..message.len()].copy_from_slice(&message);
                    return (message.len(), source);
                }
                Verdict::Answer(answer) => {
                    // Stateless: when this is lost, the sender retransmits and is answered again.
                    let _ = self.socket.send_to(&answer, source).await;
                }
                Verdict::PassAs(_) | Verdict::Drop => tracing::debug!(%source, len, "dropped what is not SIP"),
            }
        }
    }

    fn admit(&self, source: SocketAddr) -> bool {
        let mut limiter = self.limiter.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        limiter.take(source.ip(), Instant::now())
    }
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T, rsipstack::Error>> + Send + 'a>>;

// Written out as `async_trait` would, which keeps that macro out of this crate.
impl StackSocket for GatedSocket {
    fn recv_from<'life0, 'life1, 'async_trait>(
        &'life0 self,
        buf: &'life1 mut [u8],
    ) -> Boxed<'async_trait, (usize, SocketAddr)>
    where
        'life0: 'async_trait,
        'life1: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(async move { Ok(self.next(buf).await) })
    }

    fn send_to<'life0, 'life1, 'async_trait>(
        &'life0 self,
        buf: &'life1 [u8],
        addr: SocketAddr,
    ) -> Boxed<'async_trait, usize>
    where
        'life0: 'async_trait,
        'life1: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(async move { Ok(self.socket.send_to(buf, addr).await?) })
    }

    fn local_addr(&self) -> Result<SocketAddr, rsipstack::Error> {
        Ok(self.socket.local_addr()?)
    }
}

/// Best effort: the system may grant less.
fn grow_buffers(socket: &std::net::UdpSocket) {
    for option in [libc::SO_RCVBUF, libc::SO_SNDBUF] {
        // SAFETY: the descriptor is open for the whole call, and the pointer and length describe one c_int.
        unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                option,
                (&raw const BUFFER_BYTES).cast(),
                size_of::<libc::c_int>() as libc::socklen_t,
            );
        }
    }
}
