//! Many datagrams with one call to the kernel (`recvmmsg`, `sendmmsg`). The only unsafe code of the transports.
//!
//! On loopback the calls themselves are a small part of what a datagram costs: full batches were measured to save 2 to 4 %, and batches of
//! one to cost some 15 % more than plain calls. What batches save for sure is waking up: a driver that is behind catches up in one round.

use std::io;
use std::mem::{self, MaybeUninit};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsRawFd, BorrowedFd};

use bytes::Bytes;

/// Datagrams that one call takes or sends.
pub const BATCH: usize = 64;
/// As much as a datagram can carry.
const DATAGRAM: usize = 65_535;
/// From one datagram's room to the next. Not a power of two, so that the heads of the datagrams do not all fall into the same few
/// lines of the processor's cache.
const STRIDE: usize = 65_536 + 1_088;

// SAFETY: null pointers and zero lengths are a valid mmsghdr, whatever padding the platform has in it.
const EMPTY_HEADER: libc::mmsghdr = unsafe { MaybeUninit::zeroed().assume_init() };

/// Room for one batch of datagrams. The pages of its 4 MB are real only once a datagram was long enough to touch them.
pub struct Room {
    bytes: Vec<u8>,
    filled: Vec<(usize, SocketAddr)>,
}

impl Room {
    /// Empty room.
    pub fn new() -> Self {
        Room { bytes: vec![0; BATCH * STRIDE], filled: Vec::with_capacity(BATCH) }
    }

    /// Takes what waits in a non-blocking socket, at most [`BATCH`] datagrams, without waiting. What was there before is gone.
    pub fn receive(&mut self, socket: BorrowedFd<'_>) -> io::Result<usize> {
        self.filled.clear();
        let mut names = [MaybeUninit::<libc::sockaddr_in6>::zeroed(); BATCH];
        let mut vectors = [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; BATCH];
        let mut headers = [EMPTY_HEADER; BATCH];
        for (index, room) in self.bytes.chunks_exact_mut(STRIDE).enumerate() {
            vectors[index] = libc::iovec { iov_base: room.as_mut_ptr().cast(), iov_len: DATAGRAM };
            let header = &mut headers[index].msg_hdr;
            header.msg_name = names[index].as_mut_ptr().cast();
            header.msg_namelen = size_of::<libc::sockaddr_in6>() as libc::socklen_t;
            header.msg_iov = &raw mut vectors[index];
            header.msg_iovlen = 1;
        }
        // SAFETY: the descriptor is open while it is borrowed. Every header points to one name and one vector, and every vector to
        // DATAGRAM bytes of its own; all of them outlive the call, which writes nowhere else.
        let count = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                headers.as_mut_ptr(),
                BATCH as libc::c_uint,
                libc::MSG_DONTWAIT as _,
                std::ptr::null_mut(),
            )
        };
        let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?.min(BATCH);
        for (header, name) in headers[..count].iter().zip(&names) {
            // SAFETY: zero bytes are a valid sockaddr_in6, and the kernel wrote plain bytes over some of them.
            let name = unsafe { name.assume_init_ref() };
            // A source of another family cannot be answered; its datagram is empty and so left out.
            let nowhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
            match read_name(name) {
                Some(source) => self.filled.push(((header.msg_len as usize).min(DATAGRAM), source)),
                None => self.filled.push((0, nowhere)),
            }
        }
        Ok(count)
    }

    /// The datagrams of the last batch and where they came from.
    pub fn datagrams(&self) -> impl Iterator<Item = (&[u8], SocketAddr)> {
        self.bytes.chunks_exact(STRIDE).zip(&self.filled).map(|(room, (length, source))| (&room[..*length], *source))
    }
}

/// Sends the first of `datagrams`, at most [`BATCH`], without waiting, and says how many left. An error is about the first one.
pub fn send(socket: BorrowedFd<'_>, datagrams: &[(SocketAddr, Bytes)]) -> io::Result<usize> {
    let count = datagrams.len().min(BATCH);
    let mut names = [MaybeUninit::<libc::sockaddr_in6>::zeroed(); BATCH];
    let mut vectors = [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; BATCH];
    let mut headers = [EMPTY_HEADER; BATCH];
    for (index, (to, bytes)) in datagrams[..count].iter().enumerate() {
        vectors[index] = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
        let header = &mut headers[index].msg_hdr;
        header.msg_namelen = write_name(&mut names[index], *to);
        header.msg_name = names[index].as_mut_ptr().cast();
        header.msg_iov = &raw mut vectors[index];
        header.msg_iovlen = 1;
    }
    // SAFETY: the descriptor is open while it is borrowed. Every header points to a name and to one vector of bytes that are borrowed
    // for the call; the kernel only reads them, and writes msg_len of `count` headers.
    let sent = unsafe {
        libc::sendmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), count as libc::c_uint, libc::MSG_DONTWAIT as _)
    };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

fn read_name(name: &libc::sockaddr_in6) -> Option<SocketAddr> {
    match libc::c_int::from(name.sin6_family) {
        libc::AF_INET6 => {
            let ip = Ipv6Addr::from(name.sin6_addr.s6_addr);
            let port = u16::from_be(name.sin6_port);
            Some(SocketAddrV6::new(ip, port, 0, name.sin6_scope_id).into())
        }
        libc::AF_INET => {
            // SAFETY: the family says that these bytes are a sockaddr_in, which is smaller and not stricter aligned; it is plain data.
            let name: libc::sockaddr_in = unsafe { mem::transmute_copy(name) };
            let ip = Ipv4Addr::from(u32::from_be(name.sin_addr.s_addr));
            Some(SocketAddrV4::new(ip, u16::from_be(name.sin_port)).into())
        }
        _ => None,
    }
}

fn write_name(name: &mut MaybeUninit<libc::sockaddr_in6>, to: SocketAddr) -> libc::socklen_t {
    match to {
        SocketAddr::V4(to) => {
            let value = libc::sockaddr_in {
                sin_family: libc::AF_INET as libc::sa_family_t,
                sin_port: to.port().to_be(),
                sin_addr: libc::in_addr { s_addr: u32::from(*to.ip()).to_be() },
                sin_zero: [0; 8],
            };
            // SAFETY: a sockaddr_in6 has room for the smaller sockaddr_in and is aligned as strictly.
            unsafe { name.as_mut_ptr().cast::<libc::sockaddr_in>().write(value) };
            size_of::<libc::sockaddr_in>() as libc::socklen_t
        }
        SocketAddr::V6(to) => {
            name.write(libc::sockaddr_in6 {
                sin6_family: libc::AF_INET6 as libc::sa_family_t,
                sin6_port: to.port().to_be(),
                sin6_flowinfo: 0,
                sin6_addr: libc::in6_addr { s6_addr: to.ip().octets() },
                sin6_scope_id: to.scope_id(),
            });
            size_of::<libc::sockaddr_in6>() as libc::socklen_t
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::os::fd::AsFd;

    use super::*;

    fn socket(ip: &str) -> (UdpSocket, SocketAddr) {
        let socket = UdpSocket::bind((ip, 0)).expect("a free port");
        let addr = socket.local_addr().expect("it is bound");
        (socket, addr)
    }

    #[test]
    fn a_batch_arrives_in_its_order_with_its_sources() {
        for ip in ["127.0.0.1", "::1"] {
            let ((from, source), (to, addr)) = (socket(ip), socket(ip));
            let batch: Vec<_> = (0..100u8).map(|n| (addr, Bytes::from(vec![n; usize::from(n) + 1]))).collect();
            assert_eq!(send(from.as_fd(), &batch).expect("sent"), BATCH);
            assert_eq!(send(from.as_fd(), &batch[BATCH..]).expect("sent"), 36);
            let mut room = Room::new();
            let mut seen = Vec::new();
            while seen.len() < 100 {
                room.receive(to.as_fd()).expect("received");
                seen.extend(room.datagrams().map(|(bytes, from)| (from, Bytes::copy_from_slice(bytes))));
            }
            let expected: Vec<_> = batch.into_iter().map(|(_, bytes)| (source, bytes)).collect();
            assert!(seen == expected);
        }
    }

    #[test]
    fn the_longest_datagram_fits_and_a_longer_one_is_an_error() {
        let ((from, _), (to, addr)) = (socket("127.0.0.1"), socket("127.0.0.1"));
        let longest = Bytes::from(vec![7; 65_507]);
        assert_eq!(send(from.as_fd(), &[(addr, longest.clone())]).expect("sent"), 1);
        let mut room = Room::new();
        room.receive(to.as_fd()).expect("received");
        assert_eq!(room.datagrams().next().expect("one").0, longest);
        assert!(send(from.as_fd(), &[(addr, Bytes::from(vec![7; 65_508]))]).is_err());
    }

    #[test]
    fn an_empty_socket_says_so_without_waiting() {
        let (to, _) = socket("127.0.0.1");
        let error = Room::new().receive(to.as_fd()).expect_err("nothing is there");
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }

    /// Prints what a datagram costs, sent and received, in batches and one by one:
    /// `cargo test -p hotline-sip --lib -- --ignored --nocapture what_a_batch_costs`.
    #[test]
    #[ignore = "a measurement"]
    fn what_a_batch_costs() {
        const ROUNDS: usize = 5_000;
        let ((from, _), (to, addr)) = (socket("127.0.0.1"), socket("127.0.0.1"));
        let message = Bytes::from(vec![b'x'; 500]);
        let processor_time = || {
            let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
            // SAFETY: `time` is a valid timespec to write to.
            unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
            time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
        };
        let mut room = Room::new();
        for count in [1, 2, 4, 8, 16, 32, BATCH] {
            let batch: Vec<_> = (0..count).map(|_| (addr, message.clone())).collect();
            let mut buffer = vec![0; DATAGRAM];
            let begun = processor_time();
            for _ in 0..ROUNDS {
                for _ in 0..count {
                    from.send_to(&message, addr).expect("sent");
                }
                for _ in 0..count {
                    to.recv_from(&mut buffer).expect("received");
                }
            }
            let single = processor_time() - begun;
            let begun = processor_time();
            for _ in 0..ROUNDS {
                assert_eq!(send(from.as_fd(), &batch).expect("sent"), count);
                assert_eq!(room.receive(to.as_fd()).expect("received"), count);
            }
            let batched = processor_time() - begun;
            let each = |seconds: f64| seconds * 1e6 / (ROUNDS * count) as f64;
            println!("{count:3} at a time: {:5.2} µs one by one, {:5.2} µs in a batch", each(single), each(batched));
        }
    }
}
