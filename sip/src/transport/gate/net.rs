//! Networks: an address and how many of its leading bits count.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// A network such as `192.0.2.0/24`, `2001:db8::/32`, or a single address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Net {
    ip: IpAddr,
    bits: u8,
}

/// Why a text is no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is no network: write an address, or an address and its bits such as 192.0.2.0/24")]
pub struct NetError(String);

impl Net {
    /// Whether an address belongs to the network.
    pub fn contains(&self, ip: IpAddr) -> bool {
        let (own, other) = (spread(self.ip), spread(ip.to_canonical()));
        self.ip.is_ipv4() == ip.to_canonical().is_ipv4() && (own ^ other) & mask(self.bits) == 0
    }
}

impl From<IpAddr> for Net {
    fn from(ip: IpAddr) -> Self {
        let ip = ip.to_canonical();
        Net { ip, bits: if ip.is_ipv4() { 32 } else { 128 } }
    }
}

impl FromStr for Net {
    type Err = NetError;

    fn from_str(text: &str) -> Result<Self, NetError> {
        let error = || NetError(text.to_owned());
        let (ip, bits) = text.trim().split_once('/').map_or((text.trim(), None), |(ip, bits)| (ip, Some(bits)));
        let whole = Net { ip: ip.parse().map_err(|_| error())?, bits: 0 };
        let longest = Net::from(whole.ip).bits;
        let bits = bits.map_or(Ok(longest), |bits| bits.parse().map_err(|_| error()))?;
        if bits > longest { Err(error()) } else { Ok(Net { bits, ..whole }) }
    }
}

impl fmt::Display for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.ip, self.bits)
    }
}

/// What stands for an address where sources are told apart: whoever has one IPv6 address has its whole /64.
pub(crate) fn source_of(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) if !v6.is_loopback() => Ipv6Addr::from_bits(v6.to_bits() & mask(64)).into(),
        other => other,
    }
}

/// The bits of an address at the left end of 128.
fn spread(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(v4) => u128::from(v4.to_bits()) << 96,
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

fn mask(bits: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_what_shares_its_bits() {
        for (net, ip, expected) in [
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.6", false),
            ("192.0.2.0/24", "::ffff:192.0.2.9", true),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "2001:db9::1", true),
            ("::/0", "192.0.2.1", false),
        ] {
            let net: Net = net.parse().expect("a network");
            assert_eq!(net.contains(ip.parse().expect("an address")), expected, "{net} {ip}");
        }
        for bad in ["", "x", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/", "::/129", "192.0.2/24"] {
            assert!(bad.parse::<Net>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_whole_ipv6_site_is_one_source() {
        let source = |ip: &str| source_of(ip.parse().expect("an address")).to_string();
        assert_eq!(source("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(source("::ffff:192.0.2.9"), "192.0.2.9");
        assert_eq!(source("::1"), "::1");
    }
}
