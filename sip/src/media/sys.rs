//! What the media thread asks of Linux: sleeping to an absolute deadline, real-time scheduling, readiness of many
//! sockets at once. The only unsafe code of the media.

use std::io;
use std::net::UdpSocket;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

/// DSCP "expedited forwarding" (RFC 3246) in the upper six bits of the traffic class.
static EXPEDITED: libc::c_int = 46 << 2;

/// `CLOCK_MONOTONIC`.
pub fn now() -> Duration {
    read_clock(libc::CLOCK_MONOTONIC)
}

/// Processor time that the calling thread has used.
pub fn thread_cpu() -> Duration {
    read_clock(libc::CLOCK_THREAD_CPUTIME_ID)
}

fn read_clock(clock: libc::clockid_t) -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid timespec to write to, and both clocks exist on every Linux.
    unsafe { libc::clock_gettime(clock, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Sleeps until `CLOCK_MONOTONIC` shows `deadline`; returns at once if it is past.
pub fn sleep_until(deadline: Duration) {
    let time =
        libc::timespec { tv_sec: deadline.as_secs() as libc::time_t, tv_nsec: deadline.subsec_nanos() as libc::c_long };
    loop {
        // SAFETY: `time` is a valid timespec; with TIMER_ABSTIME nothing is written back.
        let result =
            unsafe { libc::clock_nanosleep(libc::CLOCK_MONOTONIC, libc::TIMER_ABSTIME, &time, std::ptr::null_mut()) };
        if result != libc::EINTR {
            return;
        }
    }
}

/// Puts the calling thread under `SCHED_FIFO`; threads that it starts do not inherit that.
pub fn real_time(priority: u8) -> io::Result<()> {
    let param = libc::sched_param { sched_priority: libc::c_int::from(priority) };
    let policy = libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK;
    // SAFETY: thread 0 is the calling thread, and `param` is valid for the duration of the call.
    match unsafe { libc::sched_setscheduler(0, policy, &param) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Asks for exact timers where real-time scheduling is not permitted; by default they may be 50 µs late.
pub fn exact_timers() {
    let nanoseconds: libc::c_ulong = 1;
    // SAFETY: PR_SET_TIMERSLACK takes one integer and touches no memory of ours.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, nanoseconds) };
}

/// Marks what a socket sends as voice for the routers on its way, as far as they care.
pub fn mark_as_voice(socket: &UdpSocket) {
    let v6 = socket.local_addr().is_ok_and(|addr| addr.is_ipv6());
    let (level, name) = if v6 { (libc::IPPROTO_IPV6, libc::IPV6_TCLASS) } else { (libc::IPPROTO_IP, libc::IP_TOS) };
    let length = size_of_val(&EXPEDITED) as libc::socklen_t;
    // SAFETY: the descriptor is open while `socket` is borrowed, and the option is a c_int that lives in static memory.
    // A failure only means unmarked packets.
    unsafe {
        libc::setsockopt(socket.as_raw_fd(), level, name, (&raw const EXPEDITED).cast(), length);
    }
}

/// Tells which of many sockets can be read, at the cost of those that can.
#[derive(Debug)]
pub struct Poll {
    epoll: OwnedFd,
    events: Vec<libc::epoll_event>,
}

impl Poll {
    /// At most this many sockets are reported at once; the others follow in the next call.
    pub const BATCH: usize = 256;

    /// Watches nothing yet.
    pub fn new() -> io::Result<Poll> {
        // SAFETY: no memory is involved; the result is checked before it is used.
        let fd = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Poll {
            // SAFETY: `fd` was just opened and belongs to nobody else.
            epoll: unsafe { OwnedFd::from_raw_fd(fd) },
            events: vec![libc::epoll_event { events: 0, u64: 0 }; Self::BATCH],
        })
    }

    /// Watches a socket under this number.
    pub fn add(&self, socket: &UdpSocket, number: usize) -> io::Result<()> {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: number as u64 };
        self.control(libc::EPOLL_CTL_ADD, socket, &mut event)
    }

    /// No longer watches a socket.
    pub fn remove(&self, socket: &UdpSocket) -> io::Result<()> {
        let mut event = libc::epoll_event { events: 0, u64: 0 };
        self.control(libc::EPOLL_CTL_DEL, socket, &mut event)
    }

    fn control(&self, operation: libc::c_int, socket: &UdpSocket, event: &mut libc::epoll_event) -> io::Result<()> {
        // SAFETY: both descriptors are open while they are borrowed, and `event` is valid for the call.
        let result = unsafe { libc::epoll_ctl(self.epoll.as_raw_fd(), operation, socket.as_raw_fd(), event) };
        match result {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// The numbers of sockets that can be read now, without waiting, into `ready`. The kernel goes round: a socket
    /// that stays readable comes after those that have not been reported yet.
    pub fn ready(&mut self, ready: &mut Vec<usize>) {
        self.poll(ready, 0);
    }

    /// The same, but waits for the first one, at most this long.
    pub fn wait(&mut self, ready: &mut Vec<usize>, at_most: Duration) {
        self.poll(ready, libc::c_int::try_from(at_most.as_millis()).unwrap_or(libc::c_int::MAX));
    }

    fn poll(&mut self, ready: &mut Vec<usize>, wait_ms: libc::c_int) {
        ready.clear();
        // SAFETY: `events` has room for BATCH entries, and the kernel writes at most that many.
        let count = unsafe {
            libc::epoll_wait(self.epoll.as_raw_fd(), self.events.as_mut_ptr(), Self::BATCH as libc::c_int, wait_ms)
        };
        let count = usize::try_from(count).unwrap_or(0).min(Self::BATCH);
        ready.extend(self.events[..count].iter().map(|event| event.u64 as usize));
    }
}
