//! SIP messages as a capture file that Wireshark, tshark and sngrep open: the classic pcap format, with Ethernet, IP and UDP
//! around each message. Addresses and times are the real ones; messages that came by TCP or TLS are put into UDP as well, since
//! what is inside is what matters and TLS could not be read.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

const MAGIC_MICROSECONDS: u32 = 0xa1b2_c3d4;
const ETHERNET: u32 = 1;
const LONGEST_PACKET: u32 = 262_144;
const UDP: u8 = 17;
/// What IP, UDP and their lengths of 16 bits leave.
const MOST_PAYLOAD: usize = 65_000;

/// A message on its way.
pub struct Packet<'a> {
    /// Microseconds since the Unix epoch.
    pub at_us: i64,
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub text: &'a str,
}

/// The whole file; packets in the order given.
pub fn file<'a>(packets: impl IntoIterator<Item = Packet<'a>>) -> Vec<u8> {
    let mut file = Vec::new();
    // Version 2.4; times in UTC.
    for number in [MAGIC_MICROSECONDS, 4 << 16 | 2, 0, 0, LONGEST_PACKET, ETHERNET] {
        file.extend(number.to_le_bytes());
    }
    for packet in packets {
        let bytes = ethernet(&packet);
        let seconds = packet.at_us.div_euclid(1_000_000) as u32;
        let micros = packet.at_us.rem_euclid(1_000_000) as u32;
        for number in [seconds, micros, bytes.len() as u32, bytes.len() as u32] {
            file.extend(number.to_le_bytes());
        }
        file.extend(bytes);
    }
    file
}

fn ethernet(packet: &Packet<'_>) -> Vec<u8> {
    let mut payload = fitted(packet.text).into_bytes();
    payload.truncate(MOST_PAYLOAD);
    let (from, to) = (packet.from.ip().to_canonical(), packet.to.ip().to_canonical());
    let (ether_type, ip) = match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => (0x0800_u16, ipv4(from, to, udp(packet, &payload))),
        _ => (0x86dd, ipv6(mapped(from), mapped(to), udp(packet, &payload))),
    };
    // Locally administered addresses: there is no telling the real ones.
    let mut bytes = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];
    bytes.extend(ether_type.to_be_bytes());
    bytes.extend(ip);
    bytes
}

fn mapped(ip: IpAddr) -> Ipv6Addr {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    }
}

/// UDP with its checksum left out.
fn udp(packet: &Packet<'_>, payload: &[u8]) -> Vec<u8> {
    let length = payload.len() as u16 + 8;
    let mut bytes = Vec::with_capacity(payload.len() + 8);
    for number in [packet.from.port(), packet.to.port(), length, 0] {
        bytes.extend(number.to_be_bytes());
    }
    bytes.extend(payload);
    bytes
}

fn ipv4(from: Ipv4Addr, to: Ipv4Addr, mut udp: Vec<u8>) -> Vec<u8> {
    let addresses = [from.octets(), to.octets()].concat();
    seal(&mut udp, &addresses);
    let length = (udp.len() as u16 + 20).to_be_bytes();
    // Version and header length; not to be fragmented; 64 hops.
    let mut bytes = vec![0x45, 0, length[0], length[1], 0, 0, 0x40, 0, 64, UDP, 0, 0];
    bytes.extend(addresses);
    let sum = checksum(&bytes).to_be_bytes();
    bytes[10..12].copy_from_slice(&sum);
    bytes.extend(udp);
    bytes
}

fn ipv6(from: Ipv6Addr, to: Ipv6Addr, mut udp: Vec<u8>) -> Vec<u8> {
    let addresses = [from.octets(), to.octets()].concat();
    seal(&mut udp, &addresses);
    let length = (udp.len() as u16).to_be_bytes();
    let mut bytes = vec![0x60, 0, 0, 0, length[0], length[1], UDP, 64];
    bytes.extend(addresses);
    bytes.extend(udp);
    bytes
}

/// Fills in UDP's checksum (RFC 768, RFC 8200 section 8.1).
fn seal(udp: &mut [u8], addresses: &[u8]) {
    let mut pseudo = addresses.to_vec();
    pseudo.extend((udp.len() as u32).to_be_bytes());
    pseudo.extend([0, 0, 0, UDP]);
    pseudo.extend(&*udp);
    // 0 would mean that there is none.
    let sum = match checksum(&pseudo) {
        0 => 0xffff,
        sum => sum,
    };
    udp[6..8].copy_from_slice(&sum.to_be_bytes());
}

/// RFC 1071.
fn checksum(bytes: &[u8]) -> u16 {
    let word = |pair: &[u8]| u32::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or_default()]));
    let mut sum: u32 = bytes.chunks(2).map(word).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// The message with the length that its body has now: where a key was cut out of it, readers would miss the rest.
fn fitted(text: &str) -> String {
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return text.to_owned() };
    let mut fitted = String::with_capacity(text.len());
    for line in head.split("\r\n") {
        match line.split_once(':') {
            Some((name, _)) if ["content-length", "l"].iter().any(|n| name.trim_end().eq_ignore_ascii_case(n)) => {
                fitted.push_str(&format!("{name}: {}", body.len()));
            }
            _ => fitted.push_str(line),
        }
        fitted.push_str("\r\n");
    }
    fitted.push_str("\r\n");
    fitted.push_str(body);
    fitted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_follows_the_body_and_nothing_else_changes() {
        let text = "INVITE sip:a SIP/2.0\r\nl : 999\r\nVia: x\r\n\r\na=crypto:1 …\r\n";
        assert_eq!(fitted(text), "INVITE sip:a SIP/2.0\r\nl : 16\r\nVia: x\r\n\r\na=crypto:1 …\r\n");
        assert_eq!(fitted("cut off"), "cut off");
    }

    #[test]
    fn checksums_hold_over_what_they_cover() {
        let (one, two) = ("192.0.2.1:5060".parse().expect("one"), "192.0.2.2:5061".parse().expect("two"));
        let bytes = ethernet(&Packet { at_us: 0, from: one, to: two, text: "OPTIONS sip:a SIP/2.0\r\n\r\n" });
        // A sum that includes itself is zero.
        assert_eq!(checksum(&bytes[14..34]), 0);
        assert_eq!(bytes.len(), 14 + 20 + 8 + 25);
    }
}
