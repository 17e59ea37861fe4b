//! A token bucket per source address: the first, loose line against a flood of new requests. Pure; time
//! is an argument. What counts as a new request, and what the sender is told, is left to the gate.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Instant;

use super::RateLimit;

/// Addresses remembered at a time. Spoofed sources fill this first, so beyond it all unknown addresses
/// share one bucket.
const REMEMBERED: usize = 50_000;

pub(super) struct Limiter {
    limit: RateLimit,
    buckets: HashMap<IpAddr, Bucket>,
    shared: Bucket,
}

#[derive(Clone, Copy)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    fn take(&mut self, limit: RateLimit, now: Instant) -> bool {
        self.fill(limit, now);
        let enough = self.tokens >= 1.0;
        if enough {
            self.tokens -= 1.0;
        }
        enough
    }

    fn fill(&mut self, limit: RateLimit, now: Instant) {
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.tokens = (self.tokens + passed * limit.per_second).min(limit.burst);
        self.filled = now;
    }
}

impl Limiter {
    pub(super) fn new(limit: RateLimit, now: Instant) -> Self {
        Limiter { limit, buckets: HashMap::new(), shared: Bucket { tokens: limit.burst, filled: now } }
    }

    /// Takes one token of `source`; false when it has none left.
    pub(super) fn take(&mut self, source: IpAddr, now: Instant) -> bool {
        if !self.buckets.contains_key(&source) {
            if self.buckets.len() >= REMEMBERED {
                self.forget_the_quiet(now);
            }
            if self.buckets.len() >= REMEMBERED {
                return self.shared.take(self.limit, now);
            }
            self.buckets.insert(source, Bucket { tokens: self.limit.burst, filled: now });
        }
        self.buckets.get_mut(&source).is_none_or(|bucket| bucket.take(self.limit, now))
    }

    /// A full bucket says nothing that a new one would not.
    fn forget_the_quiet(&mut self, now: Instant) {
        let limit = self.limit;
        self.buckets.retain(|_, bucket| {
            bucket.fill(limit, now);
            bucket.tokens < limit.burst
        });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_flood_is_cut_to_the_rate_and_others_are_not_touched() {
        let now = Instant::now();
        let mut limiter = Limiter::new(RateLimit { per_second: 10.0, burst: 5.0 }, now);
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        assert_eq!((0..100).filter(|_| limiter.take(one, now)).count(), 5);
        assert!(limiter.take(other, now));
        let later = now + Duration::from_secs(1);
        assert_eq!((0..100).filter(|_| limiter.take(one, later)).count(), 5);
    }

    #[test]
    fn memory_is_bounded_when_every_packet_has_another_source() {
        let now = Instant::now();
        let mut limiter = Limiter::new(RateLimit { per_second: 1.0, burst: 2.0 }, now);
        for n in 0..(REMEMBERED as u32 + 1000) {
            limiter.take(IpAddr::from(n.to_be_bytes()), now);
        }
        assert_eq!(limiter.buckets.len(), REMEMBERED);
    }
}
