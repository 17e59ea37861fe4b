//! Addresses: what we tell others to send to, and whether they can. A private address told to a public trunk is the usual cause of
//! calls with sound in one direction only.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::time::Duration;

use sip::stun;
use sip::ua::{Peer, Protocol};

use super::asking;
use super::finding::{Finding, Group, Mark, Text, say};
use super::system;
use crate::config::Config;

const GROUP: Group = Group::Addresses;
/// Of STUN, when no other is named.
const STUN_PORT: u16 = 3_478;
/// How long a name may take to be found.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether nobody outside can send there (RFC 1918, 6598, 3927, 4193, loopback).
pub fn is_private(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => {
            let shared = v4.octets()[0] == 100 && (64..128).contains(&v4.octets()[1]);
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified() || shared
        }
        IpAddr::V6(v6) => {
            let first = v6.segments()[0];
            v6.is_loopback() || v6.is_unspecified() || first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfe80
        }
    }
}

/// The address that packets to somebody leave from.
fn towards(ip: IpAddr) -> Option<IpAddr> {
    let any: SocketAddr = if ip.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0u16; 8], 0).into() };
    let socket = UdpSocket::bind(any).ok()?;
    socket.connect((ip, 9)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

/// The address that a session description for this peer has, as the user agent chooses it.
fn offered(config: &Config, peer: IpAddr) -> Option<IpAddr> {
    let bound = config.sip_bind.ip();
    let set = config.sip_media_ip.or(config.sip_advertised_ip);
    set.or_else(|| if bound.is_unspecified() { towards(peer) } else { Some(bound) })
}

/// All of them. `trunks` are their names and where they are.
pub async fn check(config: &Config, trunks: &[(&str, Vec<Peer>)], stun: Option<&str>) -> Vec<Finding> {
    let local = system::addresses();
    let shown = local.iter().filter(|ip| !ip.is_loopback()).map(IpAddr::to_string).collect::<Vec<_>>().join(", ");
    let bound = config.sip_bind.ip();
    let mut findings = vec![Finding::good(
        GROUP,
        "addresses",
        say!("This machine has {shown}; SIP listens on {bound}.", "本机地址:{shown};SIP 监听 {bound}。"),
    )];
    for (key, ip) in [("sip.advertised_ip", config.sip_advertised_ip), ("sip.media_ip", config.sip_media_ip)] {
        findings.extend(ip.map(|ip| set(key, ip, local.contains(&ip), config)));
    }
    for (name, peers) in trunks {
        let Some(peer) = peers.first() else { continue };
        let offered = offered(config, peer.addr.ip());
        let told = trunk(config, name, peer.addr.ip(), offered);
        // A trunk says itself from where it sees us, which is better than any guess.
        let seen = match peer.protocol {
            Protocol::Udp => asking::by_udp(peer.addr).await.ok().and_then(|answer| answer.seen),
            Protocol::Tcp | Protocol::Tls => None,
        };
        findings.push(match offered.zip(seen).filter(|(offered, seen)| offered != seen && told.mark != Mark::Failed) {
            Some((offered, seen)) => seen_elsewhere(name, offered, seen),
            None => told,
        });
    }
    if let Some(server) = stun {
        findings.push(public(config, server).await);
    }
    findings
}

/// The UDP ports that a router must let through.
fn rtp_ports(config: &Config) -> String {
    match &config.sip_rtp_ports {
        Some(range) => format!("{}–{}", range.start(), range.end()),
        None => "1024–65535".to_owned(),
    }
}

fn set(key: &'static str, ip: IpAddr, own: bool, config: &Config) -> Finding {
    let ports = rtp_ports(config);
    if own {
        return Finding::good(GROUP, key, say!("{ip} is an address of this machine.", "{ip} 是本机地址。"));
    }
    if config.sip_rtp_ports.is_none() {
        let says = say!(
            "{ip} is no address of this machine, so a router must forward to it.",
            "{ip} 不是本机地址,需由路由器转发。"
        );
        let cure = say!(
            "Set sip.rtp_ports to a range, e.g. 10000-20000, and forward these UDP ports: any port may be used now.",
            "请将 sip.rtp_ports 设为一个范围(如 10000-20000),并转发这些 UDP 端口:目前可能使用任意端口。"
        );
        return Finding::warning(GROUP, key, says, cure);
    }
    let says = say!(
        "{ip} is no address of this machine: the router must forward UDP {ports} to it.",
        "{ip} 不是本机地址:路由器必须将 UDP {ports} 转发到本机。"
    );
    Finding::good(GROUP, key, says)
}

/// What a trunk is told, and whether it can send there.
fn trunk(config: &Config, name: &str, peer: IpAddr, offered: Option<IpAddr>) -> Finding {
    let check = format!("trunk.{name}.address");
    let bound = config.sip_bind.ip();
    if bound.is_loopback() && !peer.is_loopback() {
        let says = say!(
            "SIP listens on {bound} only, so {name} ({peer}) can neither be reached nor reach us.",
            "SIP 仅监听 {bound},与 {name}({peer})互不可达。"
        );
        let cure = say!("Set sip.bind = \"0.0.0.0:5060\".", "请设置 sip.bind = \"0.0.0.0:5060\"。");
        return Finding::failed(GROUP, check, says, cure);
    }
    let Some(offered) = offered else {
        let says = say!("There is no way from here to {name} ({peer}).", "本机没有通往 {name}({peer})的路由。");
        return Finding::failed(
            GROUP,
            check,
            says,
            say!("Check the network: `ip route get {peer}`.", "请检查网络:`ip route get {peer}`。"),
        );
    };
    if is_private(offered) && !is_private(peer) {
        let says = say!(
            "{name} is public ({peer}), but is told to send sound to {offered}, which is private: callers may not be heard.",
            "{name} 位于公网({peer}),却被告知把声音发往私有地址 {offered}:可能听不到来电者。"
        );
        let cure = say!(
            "Set sip.advertised_ip (or sip.media_ip) to the public address, and forward the UDP ports of sip.rtp_ports; --stun HOST tells the address.",
            "请将 sip.advertised_ip(或 sip.media_ip)设为公网地址,并转发 sip.rtp_ports 的 UDP 端口;用 --stun HOST 可查出公网地址。"
        );
        return Finding::warning(GROUP, check, says, cure).with("offered", offered.to_string());
    }
    let says =
        say!("{name} ({peer}) is told to send sound to {offered}.", "{name}({peer})被告知把声音发往 {offered}。");
    Finding::good(GROUP, check, says).with("offered", offered.to_string())
}

/// A trunk sees us somewhere else than where it is told to send to.
fn seen_elsewhere(name: &str, offered: IpAddr, seen: IpAddr) -> Finding {
    let says = say!(
        "{name} sees us at {seen}, but is told to send sound to {offered}: callers may not be heard.",
        "{name} 看到的本机地址是 {seen},却被告知把声音发往 {offered}:可能听不到来电者。"
    );
    let cure = say!(
        "Set sip.advertised_ip (or sip.media_ip) to {seen}, and forward the UDP ports of sip.rtp_ports to this machine.",
        "请将 sip.advertised_ip(或 sip.media_ip)设为 {seen},并将 sip.rtp_ports 的 UDP 端口转发到本机。"
    );
    let check = format!("trunk.{name}.address");
    let finding = Finding::warning(GROUP, check, says, cure);
    finding.with("offered", offered.to_string()).with("seen", seen.to_string())
}

/// The address that a STUN server sees, compared with the one that is told.
async fn public(config: &Config, server: &str) -> Finding {
    const NAME: &str = "stun";
    let failed = |reason: Text| {
        let cure = say!(
            "Check the server's name, and that UDP goes out to it: the same firewall may block RTP.",
            "请检查服务器名称以及到它的 UDP 出站:同一防火墙可能也阻挡 RTP。"
        );
        Finding::failed(GROUP, NAME, reason, cure)
    };
    let Some(addr) = find(server).await else {
        return failed(say!("{server} has no address.", "{server} 没有地址。"));
    };
    let bound = config.sip_bind.ip();
    let from = if bound.is_ipv4() == addr.is_ipv4() && !bound.is_loopback() { Some(bound) } else { None };
    let any: IpAddr = if addr.is_ipv4() { [0, 0, 0, 0].into() } else { [0u16; 8].into() };
    // From loopback only a server on loopback can be asked.
    let from = from.or(Some(bound).filter(|_| addr.ip().is_loopback() && bound.is_ipv4() == addr.is_ipv4()));
    let socket = match tokio::net::UdpSocket::bind((from.unwrap_or(any), 0)).await {
        Ok(socket) => socket,
        Err(error) => return failed(say!("No socket: {error}.", "无法打开套接字:{error}。")),
    };
    match stun::public_address(&socket, addr).await {
        Ok(seen) => compared(config, seen.ip(), system::addresses().contains(&seen.ip())),
        Err(error) => failed(Text::verbatim(error)),
    }
}

async fn find(server: &str) -> Option<SocketAddr> {
    let named = server.to_owned();
    let found = tokio::task::spawn_blocking(move || {
        let with_port = named.to_socket_addrs().or_else(|_| (named.as_str(), STUN_PORT).to_socket_addrs());
        with_port.ok().and_then(|mut addrs| addrs.next())
    });
    tokio::time::timeout(PATIENCE, found).await.ok()?.ok()?
}

fn compared(config: &Config, seen: IpAddr, own: bool) -> Finding {
    const NAME: &str = "stun";
    let finding = match config.sip_media_ip.or(config.sip_advertised_ip) {
        Some(told) if told == seen => Finding::good(
            GROUP,
            NAME,
            say!("Others see us as {seen}, and so we say.", "外界看到的地址是 {seen},与对外通告一致。"),
        ),
        Some(told) => {
            let says = say!(
                "Others see us as {seen}, but are told to send sound to {told}: it gets lost.",
                "外界看到的地址是 {seen},却被告知把声音发往 {told}:声音会丢失。"
            );
            let cure = say!(
                "Set sip.advertised_ip (or sip.media_ip) to {seen}.",
                "请将 sip.advertised_ip(或 sip.media_ip)设为 {seen}。"
            );
            Finding::failed(GROUP, NAME, says, cure)
        }
        None if own => {
            Finding::good(GROUP, NAME, say!("There is no NAT: {seen} is our own.", "没有 NAT:{seen} 就是本机地址。"))
        }
        None => {
            let says =
                say!("We are behind a NAT: others see us as {seen}.", "本机位于 NAT 之后:外界看到的地址是 {seen}。");
            let cure = say!(
                "For trunks out there set sip.advertised_ip = \"{seen}\" and forward the ports of SIP and sip.rtp_ports.",
                "若中继在公网,请设置 sip.advertised_ip = \"{seen}\",并转发 SIP 与 sip.rtp_ports 的端口。"
            );
            Finding::warning(GROUP, NAME, says, cure)
        }
    };
    finding.with("public", seen.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn config(bind: &str, advertised: Option<&str>) -> Config {
        Config { sip_bind: (ip(bind), 5060).into(), sip_advertised_ip: advertised.map(ip), ..Config::default() }
    }

    #[test]
    fn private_is_what_nobody_outside_can_send_to() {
        for private in [
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "169.254.1.1",
            "127.0.0.1",
            "fd00::1",
            "fe80::1",
            "::1",
        ] {
            assert!(is_private(ip(private)), "{private}");
        }
        for public in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2001:4860::1"] {
            assert!(!is_private(ip(public)), "{public}");
        }
    }

    #[test]
    fn a_private_address_told_to_a_public_trunk_is_warned_about() {
        let mark =
            |bind: &str, peer: &str, offered: &str| trunk(&config(bind, None), "x", ip(peer), Some(ip(offered))).mark;
        assert_eq!(mark("0.0.0.0", "8.8.8.8", "192.168.1.5"), Mark::Warning);
        assert_eq!(mark("0.0.0.0", "8.8.8.8", "9.9.9.9"), Mark::Good);
        assert_eq!(mark("0.0.0.0", "192.168.1.1", "192.168.1.5"), Mark::Good);
        assert_eq!(mark("127.0.0.1", "8.8.8.8", "9.9.9.9"), Mark::Failed);
        assert_eq!(mark("127.0.0.1", "127.0.0.1", "127.0.0.1"), Mark::Good);
    }

    #[test]
    fn what_stun_says_is_held_against_what_is_told() {
        assert_eq!(compared(&config("0.0.0.0", Some("8.8.8.8")), ip("8.8.8.8"), false).mark, Mark::Good);
        assert_eq!(compared(&config("0.0.0.0", Some("8.8.4.4")), ip("8.8.8.8"), false).mark, Mark::Failed);
        assert_eq!(compared(&config("0.0.0.0", None), ip("8.8.8.8"), false).mark, Mark::Warning);
        assert_eq!(compared(&config("0.0.0.0", None), ip("8.8.8.8"), true).mark, Mark::Good);
    }
}
