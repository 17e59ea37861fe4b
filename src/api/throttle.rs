//! Slows down whoever asks too often from one address: who guesses passwords, who begins chat after chat. Pure; the time is an
//! argument. Behind a proxy all browsers share its address, unless the proxy is one that is believed ([`address`](super::address)).

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// Sign-ins that may fail within the window.
const SIGN_INS: usize = 10;
/// How long a failed sign-in counts.
const WINDOW: Duration = Duration::from_secs(5 * 60);
/// Addresses remembered at once; beyond it, those heard of longest ago are forgotten.
const ADDRESSES: usize = 10_000;

/// The tries of late, by address.
pub struct Throttle {
    tries: HashMap<IpAddr, Vec<Instant>>,
    most: usize,
    window: Duration,
}

/// For sign-ins.
impl Default for Throttle {
    fn default() -> Self {
        Self::new(SIGN_INS, WINDOW)
    }
}

impl Throttle {
    /// Lets `most` tries pass within the window.
    pub fn new(most: usize, window: Duration) -> Self {
        Self { tries: HashMap::new(), most: most.max(1), window }
    }

    /// Counts a try. The error is how long to wait for the next.
    pub fn count(&mut self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let address = network(address);
        if self.tries.len() >= ADDRESSES && !self.tries.contains_key(&address) {
            self.make_room(now);
        }
        let (most, window) = (self.most, self.window);
        let tries = self.tries.entry(address).or_default();
        tries.retain(|&at| now.saturating_duration_since(at) < window);
        match tries.first() {
            Some(&oldest) if tries.len() >= most => Err(window.saturating_sub(now.saturating_duration_since(oldest))),
            _ => {
                tries.push(now);
                Ok(())
            }
        }
    }

    /// Takes the newest try back: it was right.
    pub fn forgive(&mut self, address: IpAddr) {
        let address = network(address);
        if let Some(tries) = self.tries.get_mut(&address) {
            tries.pop();
            if tries.is_empty() {
                self.tries.remove(&address);
            }
        }
    }

    fn make_room(&mut self, now: Instant) {
        let window = self.window;
        self.tries.retain(|_, tries| tries.last().is_some_and(|&at| now.saturating_duration_since(at) < window));
        if self.tries.len() >= ADDRESSES
            && let Some((&oldest, _)) = self.tries.iter().min_by_key(|(_, tries)| tries.last().copied())
        {
            self.tries.remove(&oldest);
        }
    }
}

/// One network of IPv6 belongs to one customer, who can use any address in it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("the test's addresses are addresses")
    }

    #[test]
    fn the_eleventh_try_has_to_wait_until_the_first_is_forgotten() {
        let (mut throttle, start) = (Throttle::default(), Instant::now());
        for second in 0..10 {
            assert_eq!(throttle.count(address("192.0.2.1"), start + Duration::from_secs(second)), Ok(()));
        }
        let wait = throttle.count(address("192.0.2.1"), start + Duration::from_secs(60));
        assert_eq!(wait, Err(Duration::from_secs(240)));
        assert_eq!(throttle.count(address("192.0.2.2"), start), Ok(()), "others are not concerned");
        assert_eq!(throttle.count(address("192.0.2.1"), start + Duration::from_secs(300)), Ok(()));
    }

    #[test]
    fn whoever_signs_in_is_not_held_up_for_it() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for _ in 0..100 {
            assert_eq!(throttle.count(address("192.0.2.1"), now), Ok(()));
            throttle.forgive(address("192.0.2.1"));
        }
        assert!(throttle.tries.is_empty());
    }

    #[test]
    fn neighbours_in_one_ipv6_network_share_their_tries() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for host in 0..10 {
            assert_eq!(throttle.count(address(&format!("2001:db8::{host}")), now), Ok(()));
        }
        assert!(throttle.count(address("2001:db8::ffff"), now).is_err());
    }

    #[test]
    fn it_remembers_a_bounded_number_of_addresses() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for host in 0..ADDRESSES as u32 + 5 {
            let _ = throttle.count(IpAddr::from(host.to_be_bytes()), now);
        }
        assert_eq!(throttle.tries.len(), ADDRESSES);
    }
}
