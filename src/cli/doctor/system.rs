//! What the doctor asks of Linux: who has a port, which addresses there are, how much room is left. All unsafe code of the doctor is
//! here.

use std::ffi::CString;
use std::fs;
use std::mem::zeroed;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A process that has a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Its id.
    pub pid: u32,
    /// Its name.
    pub name: String,
}

/// Protocols that have ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Udp,
    Tcp,
}

/// Who has a port (of TCP: who listens there). Only root sees the processes of others.
pub fn owner(kind: Kind, port: u16) -> Option<Owner> {
    let name = if kind == Kind::Udp { "udp" } else { "tcp" };
    let tables = [format!("/proc/net/{name}"), format!("/proc/net/{name}6")];
    let inodes: Vec<String> = tables
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| table.lines().filter_map(|line| inode(line, kind, port)).collect::<Vec<_>>())
        .collect();
    let links: Vec<String> = inodes.iter().map(|inode| format!("socket:[{inode}]")).collect();
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let mut pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let has = |pid: &u32| {
        let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        files.filter_map(|file| fs::read_link(file.path()).ok()).any(|link| links.iter().any(|l| link == Path::new(l)))
    };
    let pid = pids.find(has)?;
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim().to_owned();
    Some(Owner { pid, name })
}

/// The socket's inode, if a line of `/proc/net/udp` or `tcp` is about this port.
fn inode(line: &str, kind: Kind, port: u16) -> Option<String> {
    const LISTENING: &str = "0A";
    let columns: Vec<&str> = line.split_whitespace().collect();
    let local = columns.get(1)?.rsplit(':').next()?;
    let here =
        u16::from_str_radix(local, 16).ok()? == port && (kind == Kind::Udp || columns.get(3) == Some(&LISTENING));
    columns.get(9).filter(|_| here).map(|inode| (*inode).to_owned())
}

/// Bytes that this user may still write where `path` is.
pub fn free_bytes(path: &Path) -> Option<u64> {
    let path = CString::new(path.as_os_str().as_bytes()).ok()?;
    // SAFETY: the path ends in a zero, and the structure is plain data to write to.
    unsafe {
        let mut stat: libc::statvfs = zeroed();
        (libc::statvfs(path.as_ptr(), &mut stat) == 0).then(|| stat.f_bavail as u64 * stat.f_frsize as u64)
    }
}

/// Whether this user may write there.
pub fn may_write(path: &Path) -> bool {
    let Ok(path) = CString::new(path.as_os_str().as_bytes()) else { return false };
    // SAFETY: the path ends in a zero.
    unsafe { libc::access(path.as_ptr(), libc::W_OK | libc::X_OK) == 0 }
}

/// How many files a process may have open: the one with this id, or this one.
pub fn file_limit(pid: Option<u32>) -> Option<u64> {
    let pid = pid.map_or_else(|| "self".to_owned(), |pid| pid.to_string());
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let soft = line.split_whitespace().next()?;
    if soft == "unlimited" { Some(u64::MAX) } else { soft.parse().ok() }
}

/// Whether the media threads of a running service are scheduled in real time; `None` if they cannot be seen.
pub fn is_real_time(pid: u32) -> Option<bool> {
    /// The position of the policy behind the name in `/proc/PID/stat` (proc(5)).
    const POLICY: usize = 38;
    const FIFO: &str = "1";
    let threads = fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten();
    let policies: Vec<bool> = threads
        .filter_map(|thread| fs::read_to_string(thread.path().join("stat")).ok())
        .filter_map(|stat| {
            let (name, rest) = stat.rsplit_once(')')?;
            let is_media = name.split_once('(')?.1.starts_with("media-");
            is_media.then(|| rest.split_whitespace().nth(POLICY) == Some(FIFO))
        })
        .collect();
    (!policies.is_empty()).then(|| policies.iter().all(|real_time| *real_time))
}

/// A number in `/proc/sys`.
pub fn setting(name: &str) -> Option<u64> {
    let path = format!("/proc/sys/{}", name.replace('.', "/"));
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// The addresses of this machine.
pub fn addresses() -> Vec<IpAddr> {
    let mut found = Vec::new();
    // SAFETY: the list is freed after it was walked to its end; addresses are read as what their family says they are.
    unsafe {
        let mut list: *mut libc::ifaddrs = std::ptr::null_mut();
        if libc::getifaddrs(&mut list) != 0 {
            return found;
        }
        let mut next = list;
        while !next.is_null() {
            let address = (*next).ifa_addr;
            if !address.is_null() {
                match i32::from((*address).sa_family) {
                    libc::AF_INET => {
                        let v4 = address.cast::<libc::sockaddr_in>().read_unaligned();
                        found.push(IpAddr::V4(Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr))));
                    }
                    libc::AF_INET6 => {
                        let v6 = address.cast::<libc::sockaddr_in6>().read_unaligned();
                        found.push(IpAddr::V6(Ipv6Addr::from(v6.sin6_addr.s6_addr)));
                    }
                    _ => {}
                }
            }
            next = (*next).ifa_next;
        }
        libc::freeifaddrs(list);
    }
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_a_port_is_found() {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = |address: std::io::Result<std::net::SocketAddr>| address.expect("bound").port();
        let own = std::process::id();
        assert_eq!(owner(Kind::Udp, port(socket.local_addr())).map(|owner| owner.pid), Some(own));
        assert_eq!(owner(Kind::Tcp, port(listener.local_addr())).map(|owner| owner.pid), Some(own));
    }

    #[test]
    fn this_machine_has_room_limits_and_addresses() {
        assert!(free_bytes(Path::new("/")).is_some_and(|bytes| bytes > 0));
        assert!(may_write(&std::env::temp_dir()) && !may_write(Path::new("/no such folder")));
        assert!(file_limit(None).is_some_and(|files| files > 0));
        assert!(addresses().contains(&IpAddr::V4(Ipv4Addr::LOCALHOST)));
        assert!(setting("net.core.rmem_max").is_some());
    }

    #[test]
    fn the_media_threads_of_a_process_are_seen() {
        let clock = sip::media::Clock::start_with(1).expect("a thread");
        let permitted = matches!(clock.scheduling(), sip::media::Scheduling::RealTime { .. });
        assert_eq!(is_real_time(std::process::id()), Some(permitted));
    }
}
