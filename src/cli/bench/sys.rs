//! What the load generator asks of Linux: datagrams in batches with the kernel's time of arrival, a source address for each
//! datagram, exact waiting, real-time scheduling. All unsafe code of the bench is here.

use std::ffi::CString;
use std::io;
use std::mem::{size_of, size_of_val, zeroed};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd};
use std::ptr;

/// Datagrams taken from or given to a socket in one call at most.
pub const BATCH: usize = 32;
/// The longest datagram that is read whole: a SIP message with every header a proxy may add.
const LONGEST: usize = 8_192;
/// Room for the control messages of one datagram: a time stamp on receipt, a source address on sending.
const CONTROL: usize = 64;

/// Nanoseconds of `CLOCK_REALTIME`: the clock with which the kernel stamps datagrams.
pub type Nanos = u64;

/// A millisecond in [`Nanos`].
pub const MS: Nanos = 1_000_000;
/// A second in [`Nanos`].
pub const SECOND: Nanos = 1_000 * MS;

/// The time now.
pub fn now() -> Nanos {
    clock(libc::CLOCK_REALTIME)
}

/// Processor time that the calling thread has used.
#[cfg(test)]
pub fn thread_cpu() -> Nanos {
    clock(libc::CLOCK_THREAD_CPUTIME_ID)
}

fn clock(which: libc::clockid_t) -> Nanos {
    // SAFETY: a timespec is plain data, it is valid to write to, and both clocks exist on every Linux.
    let time = unsafe {
        let mut time: libc::timespec = zeroed();
        libc::clock_gettime(which, &mut time);
        time
    };
    nanos(&time)
}

fn nanos(time: &libc::timespec) -> Nanos {
    time.tv_sec as u64 * SECOND + time.tv_nsec as u64
}

/// Puts the calling thread under `SCHED_FIFO`, below the media thread of the service; what it starts does not inherit that.
/// Returns whether the system permits it. Asks for exact timers in any case.
pub fn keep_time_well() -> bool {
    let param = libc::sched_param { sched_priority: 5 };
    // SAFETY: thread 0 is the calling thread, `param` lives through the call, and PR_SET_TIMERSLACK takes an integer.
    unsafe {
        libc::prctl(libc::PR_SET_TIMERSLACK, 1 as libc::c_ulong);
        libc::sched_setscheduler(0, libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK, &param) == 0
    }
}

/// Raises the number of files that this process and its children may open to what the system allows, and returns it.
pub fn raise_file_limit() -> u64 {
    // SAFETY: `limit` is plain data and valid for both calls.
    unsafe {
        let mut limit: libc::rlimit = zeroed();
        if libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) != 0 {
            return 1_024;
        }
        limit.rlim_cur = limit.rlim_max;
        libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        limit.rlim_cur
    }
}

/// Asks the kernel to end the calling process when the thread that started it is gone. For a child, between fork and exec.
pub fn end_with_parent() -> io::Result<()> {
    // SAFETY: the option takes an integer; the call is async-signal-safe.
    match unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM as libc::c_ulong) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Sends SIGTERM to a child that has not been waited for.
pub fn terminate(child: u32) {
    if let Ok(id) = libc::pid_t::try_from(child) {
        // SAFETY: a signal; the caller holds the child, so its id belongs to nobody else.
        unsafe { libc::kill(id, libc::SIGTERM) };
    }
}

/// Ticks of `/proc/PID/stat` in a second.
pub fn ticks_per_second() -> u64 {
    // SAFETY: asks for a number.
    u64::try_from(unsafe { libc::sysconf(libc::_SC_CLK_TCK) }).unwrap_or(100).max(1)
}

/// A UDP socket whose datagrams carry the kernel's time of arrival.
pub fn stamped(socket: UdpSocket, receive_buffer: usize) -> io::Result<UdpSocket> {
    socket.set_nonblocking(true)?;
    set(&socket, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 1)?;
    // As root the larger of the two counts; else the second is cut to what the system allows.
    let size = libc::c_int::try_from(receive_buffer).unwrap_or(libc::c_int::MAX);
    if set(&socket, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, size).is_err() {
        set(&socket, libc::SOL_SOCKET, libc::SO_RCVBUF, size)?;
    }
    Ok(socket)
}

fn set(socket: &UdpSocket, level: libc::c_int, name: libc::c_int, value: libc::c_int) -> io::Result<()> {
    let length = size_of_val(&value) as libc::socklen_t;
    // SAFETY: the descriptor is open while `socket` is borrowed, and the option is an integer that lives through the call.
    match unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, (&raw const value).cast(), length) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// A socket for all addresses of the loopback interface, and for nothing from outside.
pub fn all_of_loopback() -> io::Result<UdpSocket> {
    // SAFETY: the result is checked before it is used, and `fd` belongs to nobody else.
    let socket = unsafe {
        let fd = libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0);
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        UdpSocket::from_raw_fd(fd)
    };
    let device = CString::new("lo").unwrap_or_default();
    let device = device.as_bytes_with_nul();
    let any = address(&SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0)));
    // SAFETY: the name and the address are valid for their lengths through the calls.
    unsafe {
        let (fd, length) = (socket.as_raw_fd(), device.len() as libc::socklen_t);
        if libc::setsockopt(fd, libc::SOL_SOCKET, libc::SO_BINDTODEVICE, device.as_ptr().cast(), length) != 0
            || libc::bind(fd, (&raw const any.0).cast(), any.1) != 0
        {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(socket)
}

/// A socket address as the system wants it, and its length.
fn address(of: &SocketAddr) -> (libc::sockaddr_storage, libc::socklen_t) {
    // SAFETY: sockaddr_storage is plain data, larger than and aligned for both kinds of address that are written into it.
    unsafe {
        let mut storage: libc::sockaddr_storage = zeroed();
        let place = &raw mut storage;
        let length = match of {
            SocketAddr::V4(v4) => {
                let mut raw: libc::sockaddr_in = zeroed();
                raw.sin_family = libc::AF_INET as libc::sa_family_t;
                raw.sin_port = v4.port().to_be();
                raw.sin_addr.s_addr = u32::from(*v4.ip()).to_be();
                place.cast::<libc::sockaddr_in>().write(raw);
                size_of::<libc::sockaddr_in>()
            }
            SocketAddr::V6(v6) => {
                let mut raw: libc::sockaddr_in6 = zeroed();
                raw.sin6_family = libc::AF_INET6 as libc::sa_family_t;
                raw.sin6_port = v6.port().to_be();
                raw.sin6_addr.s6_addr = v6.ip().octets();
                raw.sin6_scope_id = v6.scope_id();
                place.cast::<libc::sockaddr_in6>().write(raw);
                size_of::<libc::sockaddr_in6>()
            }
        };
        (storage, length as libc::socklen_t)
    }
}

/// Waits until a socket can be read, or until `deadline`.
pub fn wait(socket: &UdpSocket, deadline: Nanos) {
    let left = deadline.saturating_sub(now());
    if left == 0 {
        return;
    }
    let timeout = libc::timespec { tv_sec: (left / SECOND) as _, tv_nsec: (left % SECOND) as _ };
    let mut watched = libc::pollfd { fd: socket.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one valid pollfd and a valid timespec, both living through the call; no signal mask.
    unsafe { libc::ppoll(&mut watched, 1, &timeout, ptr::null()) };
}

/// Control data, aligned as the system wants it.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Control([u8; CONTROL]);

/// Room for a batch of datagrams that came in.
pub struct Inbox {
    room: Vec<[u8; LONGEST]>,
    taken: Vec<(usize, Nanos)>,
}

impl Inbox {
    /// Room for so many at a time, at most a batch.
    pub fn new(most: usize) -> Self {
        Self { room: vec![[0; LONGEST]; most.min(BATCH)], taken: Vec::with_capacity(BATCH) }
    }

    /// Whether the last batch was full: there may be more.
    pub fn was_full(&self) -> bool {
        self.taken.len() == self.room.len()
    }

    /// Without room: stands in for another that is being read.
    pub fn empty() -> Self {
        Self { room: Vec::new(), taken: Vec::new() }
    }

    /// Takes what has arrived, at most a batch, without waiting. Returns how many.
    pub fn fill(&mut self, socket: &UdpSocket) -> usize {
        self.taken.clear();
        let most = self.room.len();
        let read_at = now();
        // SAFETY: every header points to buffers that live through the call and gives their true lengths; the kernel writes
        // at most BATCH headers and says how many. Control data is read by the kernel's own macros within msg_controllen.
        unsafe {
            let mut controls = [Control([0; CONTROL]); BATCH];
            let mut parts: [libc::iovec; BATCH] = zeroed();
            let mut headers: [libc::mmsghdr; BATCH] = zeroed();
            for at in 0..most {
                parts[at] = libc::iovec { iov_base: self.room[at].as_mut_ptr().cast(), iov_len: LONGEST };
                let header = &mut headers[at].msg_hdr;
                header.msg_iov = &raw mut parts[at];
                header.msg_iovlen = 1;
                header.msg_control = (&raw mut controls[at]).cast();
                header.msg_controllen = CONTROL as _;
            }
            let flags = libc::MSG_DONTWAIT;
            let count =
                libc::recvmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), most as _, flags as _, ptr::null_mut());
            for header in headers.iter().take(usize::try_from(count).unwrap_or(0)) {
                let mut stamp = read_at;
                let mut control = libc::CMSG_FIRSTHDR(&header.msg_hdr);
                while !control.is_null() {
                    if (*control).cmsg_level == libc::SOL_SOCKET && (*control).cmsg_type == libc::SCM_TIMESTAMPNS {
                        stamp = nanos(&libc::CMSG_DATA(control).cast::<libc::timespec>().read_unaligned());
                    }
                    control = libc::CMSG_NXTHDR(&header.msg_hdr, control);
                }
                self.taken.push(((header.msg_len as usize).min(LONGEST), stamp));
            }
        }
        self.taken.len()
    }

    /// A datagram of the last batch, and when the kernel got it.
    pub fn get(&self, at: usize) -> (&[u8], Nanos) {
        let (length, stamp) = self.taken[at];
        (&self.room[at][..length], stamp)
    }
}

/// Datagrams on their way out, sent in batches.
#[derive(Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    letters: Vec<Letter>,
}

struct Letter {
    from: usize,
    to: usize,
    source: Option<Ipv4Addr>,
    /// What the owner wants to know it by when it leaves.
    mark: u64,
}

impl Outbox {
    /// Puts a datagram in: `write` appends it to the buffer. It leaves with `source` as its address, if one is given.
    pub fn put(&mut self, source: Option<Ipv4Addr>, mark: u64, write: impl FnOnce(&mut Vec<u8>)) {
        let from = self.bytes.len();
        write(&mut self.bytes);
        self.letters.push(Letter { from, to: self.bytes.len(), source, mark });
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.letters.len()
    }

    /// Sends everything; `sent` hears the mark of each datagram and the time just before it left. What the system has no room
    /// for is lost, as on any network.
    pub fn send(&mut self, socket: &UdpSocket, to: &SocketAddr, mut sent: impl FnMut(u64, Nanos)) {
        let target = address(to);
        for batch in self.letters.chunks(BATCH) {
            let at = now();
            // SAFETY: every header points to buffers that live through the call and gives their true lengths; the source is
            // written where the kernel's own macro says, within CONTROL bytes.
            unsafe {
                let mut controls = [Control([0; CONTROL]); BATCH];
                let mut parts: [libc::iovec; BATCH] = zeroed();
                let mut headers: [libc::mmsghdr; BATCH] = zeroed();
                for (at, letter) in batch.iter().enumerate() {
                    let text = &self.bytes[letter.from..letter.to];
                    parts[at] = libc::iovec { iov_base: text.as_ptr().cast_mut().cast(), iov_len: text.len() };
                    let header = &mut headers[at].msg_hdr;
                    header.msg_name = (&raw const target.0).cast_mut().cast();
                    header.msg_namelen = target.1;
                    header.msg_iov = &raw mut parts[at];
                    header.msg_iovlen = 1;
                    if let Some(source) = letter.source {
                        leave_from(header, &mut controls[at], source);
                    }
                }
                let mut done = 0;
                while done < batch.len() {
                    let rest = headers[done..].as_mut_ptr();
                    let count = libc::sendmmsg(socket.as_raw_fd(), rest, (batch.len() - done) as _, 0);
                    // The first of the rest could not be sent: it is skipped.
                    done += usize::try_from(count).unwrap_or(0).max(1);
                }
            }
            batch.iter().for_each(|letter| sent(letter.mark, at));
        }
        self.letters.clear();
        self.bytes.clear();
    }
}

/// Gives a datagram its source address (`IP_PKTINFO`).
///
/// # Safety
/// `control` must live as long as `header` is used.
unsafe fn leave_from(header: &mut libc::msghdr, control: &mut Control, source: Ipv4Addr) {
    // SAFETY: the caller keeps `control` alive; it is aligned, and CONTROL is more than this one message takes.
    unsafe {
        header.msg_control = (&raw mut *control).cast();
        header.msg_controllen = libc::CMSG_SPACE(size_of::<libc::in_pktinfo>() as _) as _;
        let message = libc::CMSG_FIRSTHDR(header);
        (*message).cmsg_level = libc::IPPROTO_IP;
        (*message).cmsg_type = libc::IP_PKTINFO;
        (*message).cmsg_len = libc::CMSG_LEN(size_of::<libc::in_pktinfo>() as _) as _;
        let mut info: libc::in_pktinfo = zeroed();
        info.ipi_spec_dst.s_addr = u32::from(source).to_be();
        libc::CMSG_DATA(message).cast::<libc::in_pktinfo>().write_unaligned(info);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datagrams_leave_from_the_address_that_was_chosen_and_come_with_a_time() {
        let service = stamped(UdpSocket::bind("127.0.0.1:0").expect("a free port"), 65_536).expect("options");
        let Ok(socket) = all_of_loopback() else { return };
        let before = now();
        let mut outbox = Outbox::default();
        for last in 2..=40 {
            outbox.put(Some(Ipv4Addr::new(127, 0, 0, last)), u64::from(last), |bytes| bytes.push(last));
        }
        let mut marks = Vec::new();
        outbox.send(&socket, &service.local_addr().expect("bound"), |mark, _| marks.push(mark));
        assert_eq!(marks, (2..=40).collect::<Vec<_>>());
        assert_eq!(outbox.len(), 0);
        let mut byte = [0];
        let (_, source) = service.recv_from(&mut byte).expect("loopback delivers at once");
        assert_eq!(source.ip().to_string(), format!("127.0.0.{}", byte[0]));
        let mut inbox = Inbox::new(BATCH);
        assert_eq!(inbox.fill(&service) + inbox.fill(&service), 38);
        let (datagram, stamp) = inbox.get(0);
        assert_eq!(datagram.len(), 1);
        assert!(stamp >= before && stamp <= now());
    }
}
