//! What is remembered of one source.

use std::time::{Duration, Instant};

/// Offences are forgotten at this rate.
const FORGOTTEN_PER_SECOND: f64 = 1.0 / 60.0;
/// Users are counted within this.
const USERS_WITHIN: Duration = Duration::from_secs(60);

/// A token bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    pub(super) fn full(burst: f64, now: Instant) -> Self {
        Bucket { tokens: burst, filled: now }
    }

    /// Takes one token, if there is one.
    pub(super) fn take(&mut self, per_second: f64, burst: f64, now: Instant) -> bool {
        self.fill(per_second, burst, now);
        let enough = self.tokens >= 1.0;
        if enough {
            self.tokens -= 1.0;
        }
        enough
    }

    fn fill(&mut self, per_second: f64, burst: f64, now: Instant) {
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.tokens = (self.tokens + passed * per_second).min(burst);
        self.filled = now;
    }
}

/// One source.
#[derive(Debug)]
pub(super) struct Source {
    /// For new requests.
    pub(super) tokens: Bucket,
    offences: f64,
    faded: Instant,
    /// Whom it asked for since `asking`.
    users: Vec<u32>,
    asking: Instant,
    succeeded: Option<Instant>,
}

impl Source {
    pub(super) fn new(burst: f64, now: Instant) -> Self {
        let tokens = Bucket::full(burst, now);
        Source { tokens, offences: 0.0, faded: now, users: Vec::new(), asking: now, succeeded: None }
    }

    /// Adds to the offences, and says how many there are now.
    pub(super) fn offend(&mut self, weight: f64, now: Instant) -> f64 {
        self.fade(now);
        self.offences += weight;
        self.offences
    }

    /// Success makes up for half of what went wrong: for all of it, whoever has one password could try any number of others.
    pub(super) fn succeed(&mut self, now: Instant) {
        self.fade(now);
        self.offences /= 2.0;
        self.users = Vec::new();
        self.succeeded = Some(now);
    }

    pub(super) fn is_known(&self, now: Instant, within: Duration) -> bool {
        self.succeeded.is_some_and(|at| now.saturating_duration_since(at) < within)
    }

    /// How many different users were asked for within the last minute, this one included; counted up to one more than `limit`.
    pub(super) fn ask_for(&mut self, user: u32, limit: usize, now: Instant) -> usize {
        if now.saturating_duration_since(self.asking) >= USERS_WITHIN {
            self.users.clear();
            self.asking = now;
        }
        if self.users.len() <= limit && !self.users.contains(&user) {
            self.users.push(user);
        }
        self.users.len()
    }

    /// Whether forgetting it changes nothing.
    pub(super) fn is_as_new(&mut self, per_second: f64, burst: f64, known: Duration, now: Instant) -> bool {
        self.fade(now);
        self.tokens.fill(per_second, burst, now);
        let asking = !self.users.is_empty() && now.saturating_duration_since(self.asking) < USERS_WITHIN;
        !asking && self.offences == 0.0 && self.tokens.tokens >= burst && !self.is_known(now, known)
    }

    fn fade(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.faded).as_secs_f64();
        self.offences = (self.offences - passed * FORGOTTEN_PER_SECOND).max(0.0);
        self.faded = now;
    }
}
