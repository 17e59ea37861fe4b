//! How hard the pool works, and whether it is too hard: the pure arithmetic, with time as an argument.

use std::time::{Duration, Instant};

/// What is remembered fades with this time.
const MEMORY: Duration = Duration::from_secs(5);
/// An answer that waits longer than this before anybody looks at it comes too late in a conversation.
const SHORT_WAIT: Duration = Duration::from_millis(500);
/// Beyond this share of the threads' time there is none left for second looks.
const SPARE_BELOW: f32 = 0.7;

/// How hard the pool works.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Load {
    /// Share of the threads' time that was used in the last seconds, 0 to 1.
    pub busy: f32,
    /// How long a turn that ends now would wait before it is looked at.
    pub wait: Duration,
}

impl Load {
    /// Whether callers wait too long already: a new call is better served with keys than by making everybody slower.
    pub fn is_short(&self) -> bool {
        self.wait >= SHORT_WAIT
    }

    /// Whether there is time for more than the usual search.
    pub fn has_spare(&self) -> bool {
        self.busy < SPARE_BELOW && self.wait < SHORT_WAIT / 4
    }
}

/// Follows the pool's work.
#[derive(Debug)]
pub(super) struct Meter {
    threads: usize,
    running: usize,
    busy: f32,
    /// What finals waited lately; fades.
    waited: f32,
    /// Seconds a final takes.
    work: f32,
    at: Instant,
}

impl Meter {
    pub(super) fn new(threads: usize, now: Instant) -> Self {
        Meter { threads: threads.max(1), running: 0, busy: 0.0, waited: 0.0, work: 0.1, at: now }
    }

    fn advance(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at);
        let kept = (-passed.as_secs_f32() / MEMORY.as_secs_f32()).exp();
        let share = (self.running as f32 / self.threads as f32).min(1.0);
        self.busy = self.busy * kept + share * (1.0 - kept);
        self.waited *= kept;
        self.at = self.at.max(now);
    }

    /// A job begins; `waited` is told of those that a caller waits for.
    pub(super) fn begun(&mut self, waited: Option<Duration>, now: Instant) {
        self.advance(now);
        self.running += 1;
        if let Some(waited) = waited {
            self.waited += (waited.as_secs_f32() - self.waited) * 0.3;
        }
    }

    /// A job ends; `worked` is told of those that a caller waits for.
    pub(super) fn ended(&mut self, worked: Option<Duration>, now: Instant) {
        self.advance(now);
        self.running = self.running.saturating_sub(1);
        if let Some(worked) = worked {
            self.work += (worked.as_secs_f32() - self.work) * 0.1;
        }
    }

    /// The load now, with so many jobs in the queue that go before a new one.
    pub(super) fn load(&mut self, queued: usize, now: Instant) -> Load {
        self.advance(now);
        let ahead = (queued + usize::from(self.running >= self.threads)) as f32;
        let coming = ahead * self.work / self.threads as f32;
        // One job that is running says nothing yet; a queue does.
        let wait = self.waited.max(if queued == 0 { 0.0 } else { coming });
        Load { busy: self.busy.clamp(0.0, 1.0), wait: Duration::from_secs_f32(wait.clamp(0.0, 3_600.0)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_pool_that_always_works_is_busy_and_one_that_rests_is_not() {
        let begin = Instant::now();
        let mut meter = Meter::new(2, begin);
        meter.begun(Some(MS), begin);
        let later = begin + 30_000 * MS;
        assert!((meter.load(0, later).busy - 0.5).abs() < 0.01);
        assert!(meter.load(0, later).has_spare());
        meter.begun(Some(MS), later);
        let later = later + 30_000 * MS;
        assert!((meter.load(0, later).busy - 1.0).abs() < 0.01);
        assert!(!meter.load(0, later).has_spare());
        meter.ended(None, later);
        meter.ended(None, later);
        assert!(meter.load(0, later + 30_000 * MS).busy < 0.01);
    }

    #[test]
    fn a_queue_that_takes_long_to_work_off_is_a_shortage_before_anybody_waited() {
        let now = Instant::now();
        let mut meter = Meter::new(1, now);
        assert!(!meter.load(2, now).is_short());
        assert!(meter.load(10, now).is_short());
    }

    #[test]
    fn a_shortage_is_over_some_seconds_after_the_last_wait() {
        let now = Instant::now();
        let mut meter = Meter::new(1, now);
        for _ in 0..10 {
            meter.begun(Some(900 * MS), now);
            meter.ended(Some(100 * MS), now);
        }
        assert!(meter.load(0, now).is_short());
        assert!(!meter.load(0, now + 6_000 * MS).is_short());
    }

    #[test]
    fn no_order_of_events_gives_a_load_out_of_bounds() {
        let begin = Instant::now();
        let mut meter = Meter::new(2, begin);
        let mut random = 1u64;
        for _ in 0..10_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (what, ms) = ((random >> 33) % 3, (random >> 40) as u32 % 3_000);
            // Time may also stand still or go back between threads.
            let now = begin + ms * MS;
            match what {
                0 => meter.begun((ms % 2 == 0).then_some(ms * MS), now),
                1 => meter.ended(Some(ms * MS), now),
                _ => {
                    let load = meter.load(ms as usize, now);
                    assert!((0.0..=1.0).contains(&load.busy), "{load:?}");
                }
            }
        }
    }
}
