//! Ports: each can be had, or a running Hotline answers there, or somebody else has it, who is named. And what the system allows: room
//! in socket buffers, open files.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::ops::RangeInclusive;
use std::time::Duration;

use sip::transport::SOCKET_BUFFER_BYTES;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::asking;
use super::finding::{Finding, Group, Text, say};
use super::system::{self, Kind, Owner};
use crate::config::Config;

const GROUP: Group = Group::Ports;
/// How long a page of this machine may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// Calls with an agent that a range of ports should have room for.
const FEW_CALLS: usize = 20;
/// Below this some fifty calls fill the table: each has two legs, and the database and the console have files, too.
const FEW_FILES: u64 = 4_096;

/// A Hotline that runs with this configuration.
#[derive(Clone, Debug, Default)]
pub struct Running {
    /// Its process, if it may be seen.
    pub pid: Option<u32>,
    /// Where it answers SIP over UDP.
    pub sip: Option<SocketAddr>,
    /// Where it answers HTTP.
    pub http: Option<SocketAddr>,
}

impl Running {
    /// Whether there is one.
    pub fn is_there(&self) -> bool {
        self.sip.is_some() || self.http.is_some()
    }
}

/// Looks at all of them; says, too, whether a Hotline runs.
pub async fn check(config: &Config) -> (Vec<Finding>, Running) {
    let (mut findings, mut running) = (Vec::new(), Running::default());
    findings.push(sip(config.sip_bind, &mut running).await);
    for addr in &config.sip_tcp {
        findings.push(stream("sip.tcp", *addr, &mut running).await);
    }
    for addr in &config.sip_tls {
        findings.push(stream("sip.tls", *addr, &mut running).await);
    }
    findings.push(http(config.http_bind, &mut running).await);
    findings.extend(deaf_browsers(config));
    // A port that is picked at the start is always free.
    if let Some(addr) = config.webrtc_bind.filter(|addr| addr.port() != 0) {
        findings.push(browsers(addr, &running).await);
    }
    findings.push(rtp(config.sip_bind.ip(), config.sip_rtp_ports.clone()));
    findings.extend(buffers());
    findings.extend(files(system::file_limit(running.pid)));
    (findings, running)
}

/// Why a port cannot be had.
enum Taken {
    /// Somebody has it.
    InUse,
    /// Said at once.
    Finding(Box<Finding>),
}

fn not_bound(name: &str, addr: SocketAddr, error: &std::io::Error) -> Taken {
    let ip = addr.ip();
    let (says, cure) = match error.kind() {
        ErrorKind::AddrInUse => return Taken::InUse,
        ErrorKind::AddrNotAvailable => (
            say!("This machine has no address {ip}.", "本机没有地址 {ip}。"),
            say!(
                "Set {name} to 0.0.0.0 or to an address of this machine (`ip addr`).",
                "请将 {name} 设为 0.0.0.0 或本机地址(`ip addr`)。"
            ),
        ),
        ErrorKind::PermissionDenied => (
            say!(
                "This user may not listen on {addr}: ports below 1024 are the system's.",
                "当前用户不能监听 {addr}:1024 以下端口归系统所有。"
            ),
            say!(
                "Choose a port from 1024 on, or grant CAP_NET_BIND_SERVICE.",
                "请使用 1024 及以上的端口,或授予 CAP_NET_BIND_SERVICE。"
            ),
        ),
        _ => (
            say!("{addr} cannot be listened on: {error}.", "无法监听 {addr}:{error}。"),
            say!("Set {name} to another address or port.", "请将 {name} 设为其他地址或端口。"),
        ),
    };
    Taken::Finding(Box::new(Finding::failed(GROUP, name, says, cure)))
}

fn free(name: &str, addr: SocketAddr) -> Finding {
    Finding::good(GROUP, name, say!("{addr} is free.", "{addr} 空闲。")).with("state", "free")
}

fn answered(name: &str, addr: SocketAddr) -> Finding {
    Finding::good(GROUP, name, say!("A running Hotline answers on {addr}.", "正在运行的 Hotline 在 {addr} 应答。"))
        .with("state", "hotline")
}

fn somebody_elses(name: &str, addr: SocketAddr, owner: Option<Owner>, product: Option<String>) -> Finding {
    let who = match (&owner, &product) {
        (Some(Owner { pid, name }), _) => say!("{name} (process {pid})", "{name}(进程 {pid})"),
        (None, Some(product)) => say!("another program ({product})", "其他程序({product})"),
        (None, None) => say!("another program", "其他程序"),
    };
    let (english, chinese) =
        (who.in_language(super::finding::Language::English), who.in_language(super::finding::Language::Chinese));
    let says = Text::new(
        format!("{addr} is in use by {english}, which does not answer as Hotline does."),
        format!("{addr} 被{chinese}占用,且不像 Hotline 那样应答。"),
    );
    let port = addr.port();
    let cure = say!(
        "Stop that program, or set {name} to another port (`ss -lnp | grep :{port}` as root names it).",
        "请停止该程序,或将 {name} 设为其他端口(以 root 执行 `ss -lnp | grep :{port}` 可查看)。"
    );
    let finding = Finding::failed(GROUP, name, says, cure).with("state", "taken");
    match owner {
        Some(owner) => finding.with("pid", owner.pid).with("program", owner.name),
        None => finding,
    }
}

/// Where to ask whoever listens on an address.
pub fn reachable(addr: SocketAddr) -> SocketAddr {
    match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, addr.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST, addr.port()).into(),
        _ => addr,
    }
}

async fn sip(addr: SocketAddr, running: &mut Running) -> Finding {
    const NAME: &str = "sip.bind";
    match UdpSocket::bind(addr).map_err(|error| not_bound(NAME, addr, &error)) {
        Ok(_) => free(NAME, addr),
        Err(Taken::Finding(finding)) => *finding,
        Err(Taken::InUse) => {
            let owner = system::owner(Kind::Udp, addr.port());
            let product = asking::by_udp(reachable(addr)).await.ok().map(|answer| answer.product);
            if product.as_deref().is_some_and(is_hotline) {
                running.sip = Some(reachable(addr));
                running.pid = owner.map(|owner| owner.pid);
                return answered(NAME, addr);
            }
            if let Some(owner) = owner.as_ref().filter(|owner| product.is_none() && owner.name == "hotline") {
                running.pid = Some(owner.pid);
                return mute(NAME, addr, owner.pid);
            }
            somebody_elses(NAME, addr, owner, product)
        }
    }
}

/// Pages that others can open, whose sound only browsers on this machine reach.
fn deaf_browsers(config: &Config) -> Option<Finding> {
    let addr = config.webrtc_bind.filter(|addr| addr.ip().is_loopback())?;
    let for_others = !config.http_bind.ip().is_loopback() || !config.http_proxies.is_empty();
    for_others.then(|| {
        let says = say!(
            "The console is open to other machines, but the sound of browsers is on {addr}: their telephones stay silent.",
            "控制台对其他机器开放,但浏览器的声音端口是 {addr}:他们的浏览器电话将没有声音。"
        );
        let cure = say!(
            "Set webrtc.bind to a fixed port that the firewall lets in, e.g. 0.0.0.0:7078, and webrtc.advertised to the public address behind a NAT; empty if nobody telephones in the browser.",
            "请将 webrtc.bind 设为防火墙放行的固定端口,例如 0.0.0.0:7078;位于 NAT 之后时将 webrtc.advertised 设为公网地址。若无人使用浏览器电话,可留空。"
        );
        Finding::warning(GROUP, "webrtc.bind", says, cure).with("state", "loopback")
    })
}

/// The port of browsers, where nobody answers strangers: only whose it is can be told.
async fn browsers(addr: SocketAddr, running: &Running) -> Finding {
    const NAME: &str = "webrtc.bind";
    match UdpSocket::bind(addr).map_err(|error| not_bound(NAME, addr, &error)) {
        Ok(_) => free(NAME, addr),
        Err(Taken::Finding(finding)) => *finding,
        Err(Taken::InUse) => {
            let owner = system::owner(Kind::Udp, addr.port());
            let ours = owner.as_ref().map_or(running.is_there(), |owner| Some(owner.pid) == running.pid);
            if ours { answered(NAME, addr) } else { somebody_elses(NAME, addr, owner, None) }
        }
    }
}

/// A Hotline has the port, but does not talk to us.
fn mute(name: &str, addr: SocketAddr, pid: u32) -> Finding {
    let says = say!(
        "A running Hotline (process {pid}) has {addr}, but does not answer OPTIONS from this machine.",
        "正在运行的 Hotline(进程 {pid})占用 {addr},但不应答来自本机的 OPTIONS。"
    );
    let cure = say!(
        "If sip.allow leaves this machine out on purpose, all is well, but no test call can be made; else look at its log.",
        "若 sip.allow 有意排除本机,则属正常,但无法进行测试呼叫;否则请查看其日志。"
    );
    Finding::warning(GROUP, name, says, cure).with("state", "mute").with("pid", pid)
}

fn is_hotline(product: &str) -> bool {
    product.starts_with("Hotline/")
}

async fn stream(name: &str, addr: SocketAddr, running: &mut Running) -> Finding {
    match TcpListener::bind(addr).map_err(|error| not_bound(name, addr, &error)) {
        Ok(_) => free(name, addr),
        Err(Taken::Finding(finding)) => *finding,
        Err(Taken::InUse) => {
            let owner = system::owner(Kind::Tcp, addr.port());
            let same = owner.as_ref().is_some_and(|owner| Some(owner.pid) == running.pid);
            // Over TLS only the process can tell: it may want a certificate of us.
            let product = if name == "sip.tcp" {
                asking::by_tcp(reachable(addr)).await.ok().map(|answer| answer.product)
            } else {
                None
            };
            if same || product.as_deref().is_some_and(is_hotline) {
                running.pid = running.pid.or(owner.map(|owner| owner.pid));
                return answered(name, addr);
            }
            if name == "sip.tls" && owner.is_none() && running.is_there() {
                return answered(name, addr);
            }
            somebody_elses(name, addr, owner, product)
        }
    }
}

async fn http(addr: SocketAddr, running: &mut Running) -> Finding {
    const NAME: &str = "http.bind";
    match TcpListener::bind(addr).map_err(|error| not_bound(NAME, addr, &error)) {
        Ok(_) => free(NAME, addr),
        Err(Taken::Finding(finding)) => *finding,
        Err(Taken::InUse) => {
            let owner = system::owner(Kind::Tcp, addr.port());
            if get(reachable(addr), "/healthz").await.is_some_and(|(status, body)| status == 200 && body == "ok\n") {
                running.http = Some(reachable(addr));
                running.pid = running.pid.or(owner.map(|owner| owner.pid));
                return ready(addr).await;
            }
            somebody_elses(NAME, addr, owner, None)
        }
    }
}

/// It lives; can it take calls, too?
async fn ready(addr: SocketAddr) -> Finding {
    match get(reachable(addr), "/readyz").await {
        Some((200, _)) => answered("http.bind", addr),
        _ => {
            let says = say!(
                "The running Hotline on {addr} says that it cannot take calls.",
                "在 {addr} 运行的 Hotline 表示无法接听来电。"
            );
            let cure = say!(
                "Look at http://{addr}/readyz and at its log: the database or the disk is not in order.",
                "请查看 http://{addr}/readyz 及其日志:数据库或磁盘有问题。"
            );
            Finding::failed(GROUP, "http.bind", says, cure)
        }
    }
}

/// The status and the body of a page of this machine.
pub async fn get(addr: SocketAddr, path: &str) -> Option<(u16, String)> {
    let ask = async {
        let mut stream = tokio::net::TcpStream::connect(addr).await.ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut bytes = Vec::new();
        // More than this is no page of ours.
        stream.take(4 << 20).read_to_end(&mut bytes).await.ok()?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
    };
    timeout(PATIENCE, ask).await.ok().flatten()
}

fn rtp(ip: IpAddr, range: Option<RangeInclusive<u16>>) -> Finding {
    const NAME: &str = "sip.rtp_ports";
    let Some(range) = range else {
        let says = say!(
            "Any free port of the system: nothing is in the way, unless there is a firewall.",
            "使用系统任意空闲端口:没有防火墙时无碍。"
        );
        return Finding::good(GROUP, NAME, says);
    };
    let (first, last) = (*range.start(), *range.end());
    let even = range.filter(|port| port % 2 == 0);
    let (mut all, mut taken, mut refused) = (0, 0, None);
    for port in even {
        all += 1;
        match UdpSocket::bind((ip, port)) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::AddrInUse => taken += 1,
            Err(error) => refused = Some(error),
        }
    }
    if let Some(error) = refused {
        let says = say!(
            "Ports {first}–{last} of {ip} cannot be opened: {error}.",
            "{ip} 的端口 {first}–{last} 无法打开:{error}。"
        );
        let cure = say!("Correct sip.bind or sip.rtp_ports.", "请更正 sip.bind 或 sip.rtp_ports。");
        return Finding::failed(GROUP, NAME, says, cure);
    }
    let left = all - taken;
    let calls = left / 2;
    let says = say!(
        "{first}–{last}: {left} of {all} even ports are free, enough for {calls} calls with an agent.",
        "{first}–{last}:{all} 个偶数端口中 {left} 个空闲,够 {calls} 路与坐席的通话。"
    );
    let cure = say!(
        "Widen sip.rtp_ports, here and in the firewall: a call with an agent takes two even ports.",
        "请放宽 sip.rtp_ports(本机与防火墙都要):与坐席的通话占用两个偶数端口。"
    );
    let finding = match calls {
        0 => Finding::failed(GROUP, NAME, says, cure),
        1..FEW_CALLS => Finding::warning(GROUP, NAME, says, cure),
        _ => Finding::good(GROUP, NAME, says),
    };
    finding.with("free", left).with("ports", all)
}

fn buffers() -> Option<Finding> {
    let limits = [("net.core.rmem_max", "recv"), ("net.core.wmem_max", "send")];
    let mut small = Vec::new();
    for (name, _) in limits {
        let allowed = system::setting(name)?;
        if allowed < SOCKET_BUFFER_BYTES as u64 {
            small.push((name, allowed));
        }
    }
    let wanted = SOCKET_BUFFER_BYTES;
    let finding = match small.first() {
        None => Finding::good(
            GROUP,
            "socket_buffers",
            say!("{wanted} bytes each way are allowed.", "双向各允许 {wanted} 字节。"),
        ),
        Some((name, allowed)) => {
            let says = say!(
                "{name} allows {allowed} of the {wanted} bytes wanted: a burst of SIP messages may be lost.",
                "{name} 只允许 {allowed} 字节(需要 {wanted}):SIP 消息突发时可能丢失。"
            );
            let settings: Vec<String> = small.iter().map(|(name, _)| format!("{name}={wanted}")).collect();
            let settings = settings.join(" ");
            Finding::warning(GROUP, "socket_buffers", says, say!("sysctl -w {settings}", "sysctl -w {settings}"))
        }
    };
    Some(finding)
}

fn files(limit: Option<u64>) -> Option<Finding> {
    let limit = limit?;
    // A leg is a socket, and an agent's call has two.
    let calls = limit.saturating_sub(256) / 2;
    let says = say!(
        "{limit} may be open, enough for {calls} calls with an agent.",
        "最多打开 {limit} 个,够 {calls} 路与坐席的通话。"
    );
    let cure = say!(
        "Raise the limit: LimitNOFILE=65536 in systemd, or ulimit -n 65536.",
        "请提高限制:systemd 中 LimitNOFILE=65536,或 ulimit -n 65536。"
    );
    let finding = if limit < FEW_FILES {
        Finding::warning(GROUP, "open_files", says, cure)
    } else {
        Finding::good(GROUP, "open_files", says)
    };
    Some(finding.with("limit", limit))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Mark;
    use super::*;

    fn loopback() -> SocketAddr {
        (Ipv4Addr::LOCALHOST, 0).into()
    }

    #[tokio::test]
    async fn a_port_that_somebody_has_names_who() {
        let other = UdpSocket::bind(loopback()).expect("a free port");
        let mut running = Running::default();
        let found = sip(other.local_addr().expect("bound"), &mut running).await;
        assert_eq!((found.mark, found.values["pid"].as_u64()), (Mark::Failed, Some(std::process::id().into())));
        assert!(!running.is_there());
    }

    #[tokio::test]
    async fn an_address_of_another_machine_is_named() {
        let found = sip((Ipv4Addr::new(192, 0, 2, 1), 5060).into(), &mut Running::default()).await;
        assert_eq!(found.mark, Mark::Failed);
        assert!(format!("{found:?}").contains("no address 192.0.2.1"));
    }

    #[test]
    fn a_range_of_ports_says_for_how_many_calls_it_is_enough() {
        let socket = UdpSocket::bind(loopback()).expect("a free port");
        let port = socket.local_addr().expect("bound").port() & !1;
        let found = rtp(Ipv4Addr::LOCALHOST.into(), Some(port..=port.saturating_add(6)));
        assert_ne!(found.mark, Mark::Good);
        assert!(found.values["free"].as_u64() <= Some(4));
        assert_eq!(rtp(Ipv4Addr::LOCALHOST.into(), None).mark, Mark::Good);
    }

    #[test]
    fn a_console_for_others_with_sound_for_this_machine_only_is_a_warning() {
        let with = |http: &str, webrtc: &str| Config {
            http_bind: http.parse().expect("an address"),
            webrtc_bind: webrtc.parse().ok(),
            ..Config::default()
        };
        let warned = |http, webrtc| deaf_browsers(&with(http, webrtc)).map(|found| found.mark);
        assert_eq!(warned("0.0.0.0:8080", "127.0.0.1:0"), Some(Mark::Warning));
        assert_eq!(warned("127.0.0.1:8080", "127.0.0.1:0"), None);
        assert_eq!(warned("0.0.0.0:8080", "0.0.0.0:7078"), None);
        assert_eq!(warned("0.0.0.0:8080", ""), None);
    }

    #[test]
    fn few_files_are_a_warning() {
        assert_eq!(files(Some(1_024)).map(|found| found.mark), Some(Mark::Warning));
        assert_eq!(files(Some(65_536)).map(|found| found.mark), Some(Mark::Good));
    }
}
