//! Whose request it is: the address that it comes from, or, behind a proxy that is believed, the one that the proxy names.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;

/// The address that limits count. `is_proxy` tells the proxies that are believed; what anybody else writes into `X-Forwarded-For` is not,
/// and of what a proxy passes on only the last address that is not a proxy's.
pub fn of(peer: SocketAddr, headers: &HeaderMap, is_proxy: &dyn Fn(IpAddr) -> bool) -> IpAddr {
    let mut address = peer.ip();
    if !is_proxy(address) {
        return address;
    }
    let lists = headers.get_all("x-forwarded-for").iter().rev().filter_map(|value| value.to_str().ok());
    for named in lists.flat_map(|list| list.rsplit(',')) {
        let Ok(named) = named.trim().parse::<IpAddr>() else { return address };
        address = named;
        if !is_proxy(named) {
            return named;
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_believed_proxy_says_last_counts() {
        let is_proxy = |address: IpAddr| ["10.0.0.1", "10.0.0.2"].iter().any(|proxy| address.to_string() == *proxy);
        for (peer, forwarded, expected) in [
            ("192.0.2.1", vec![], "192.0.2.1"),
            ("192.0.2.1", vec!["198.51.100.7"], "192.0.2.1"),
            ("10.0.0.1", vec![], "10.0.0.1"),
            ("10.0.0.1", vec!["198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", vec!["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", vec!["203.0.113.9", "198.51.100.7, 10.0.0.2"], "198.51.100.7"),
            ("10.0.0.1", vec!["198.51.100.7, nonsense"], "10.0.0.1"),
            ("10.0.0.1", vec!["2001:db8::1"], "2001:db8::1"),
        ] {
            let mut headers = HeaderMap::new();
            for value in &forwarded {
                headers.append("x-forwarded-for", value.parse().expect("a header"));
            }
            let peer = SocketAddr::new(peer.parse().expect("an address"), 40_000);
            assert_eq!(of(peer, &headers, &is_proxy).to_string(), expected, "{peer} {forwarded:?}");
        }
    }
}
