//! What the media thread measures of itself, written by the thread and read by anyone without a lock.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use super::engine::PHASES;

/// Width of a class of the histogram.
const CLASS: Duration = Duration::from_micros(10);
/// Classes: up to 10 ms, and one for everything above.
const CLASSES: usize = 1_001;

/// How late the ticks were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lateness {
    /// Half of the ticks were at most this late, to 10 µs.
    pub p50: Duration,
    /// 99 in 100 ticks were at most this late, to 10 µs.
    pub p99: Duration,
    /// The latest tick.
    pub max: Duration,
}

/// What the media thread says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockStats {
    /// Legs now open.
    pub legs: usize,
    /// Ticks so far while there were legs.
    pub ticks: u64,
    /// Ticks left out because the thread was too far behind.
    pub skipped_ticks: u64,
    /// Commands that found the queue full.
    pub lost_commands: u64,
    /// Processor time the thread has used.
    pub cpu: Duration,
    /// How late the thread woke while there were legs.
    pub lateness: Lateness,
}

/// Counters shared by the thread and the handles.
#[derive(Debug)]
pub struct Gauges {
    pub legs: AtomicUsize,
    pub skipped_ticks: AtomicU64,
    pub lost_commands: AtomicU64,
    pub stopping: AtomicBool,
    cpu_ns: AtomicU64,
    late: Box<[AtomicU64]>,
    latest_ns: AtomicU64,
}

impl Default for Gauges {
    fn default() -> Self {
        Gauges {
            legs: AtomicUsize::new(0),
            skipped_ticks: AtomicU64::new(0),
            lost_commands: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
            cpu_ns: AtomicU64::new(0),
            late: (0..CLASSES).map(|_| AtomicU64::new(0)).collect(),
            latest_ns: AtomicU64::new(0),
        }
    }
}

impl Gauges {
    /// Takes note of one step's lateness.
    pub fn woke(&self, late: Duration) {
        let class = (late.as_nanos() / CLASS.as_nanos()) as usize;
        self.late[class.min(CLASSES - 1)].fetch_add(1, Ordering::Relaxed);
        self.latest_ns.fetch_max(late.as_nanos() as u64, Ordering::Relaxed);
    }

    /// Takes note of the thread's processor time.
    pub fn used(&self, cpu: Duration) {
        self.cpu_ns.store(cpu.as_nanos() as u64, Ordering::Relaxed);
    }

    pub fn read(&self) -> ClockStats {
        let counts: Vec<u64> = self.late.iter().map(|class| class.load(Ordering::Relaxed)).collect();
        let steps: u64 = counts.iter().sum();
        let max = Duration::from_nanos(self.latest_ns.load(Ordering::Relaxed));
        let at_most = |share: f64| {
            let wanted = (steps as f64 * share).ceil() as u64;
            let mut passed = 0;
            let class = counts.iter().position(|count| {
                passed += count;
                passed >= wanted
            });
            class.map_or(max, |class| (CLASS * (class as u32 + 1)).min(max))
        };
        ClockStats {
            legs: self.legs.load(Ordering::Relaxed),
            ticks: steps / PHASES as u64,
            skipped_ticks: self.skipped_ticks.load(Ordering::Relaxed),
            lost_commands: self.lost_commands.load(Ordering::Relaxed),
            cpu: Duration::from_nanos(self.cpu_ns.load(Ordering::Relaxed)),
            lateness: Lateness { p50: at_most(0.5), p99: at_most(0.99), max },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_steps() {
        let gauges = Gauges::default();
        for micros in 0..100 {
            gauges.woke(Duration::from_micros(micros * 10));
        }
        gauges.woke(Duration::from_secs(1));
        let lateness = gauges.read().lateness;
        assert_eq!(lateness.p50, Duration::from_micros(510));
        assert_eq!(lateness.p99, Duration::from_micros(1_000));
        assert_eq!(lateness.max, Duration::from_secs(1));
    }

    #[test]
    fn before_the_first_step_everything_is_zero() {
        assert_eq!(Gauges::default().read(), ClockStats::default());
    }
}
