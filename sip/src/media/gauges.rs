//! What the media threads measure of themselves, written by each thread and read by anyone without a lock.

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

/// What the media threads say of themselves, together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockStats {
    /// Threads.
    pub threads: usize,
    /// Legs now open.
    pub legs: usize,
    /// Ticks so far while there were legs, over all threads.
    pub ticks: u64,
    /// Ticks left out because a thread was too far behind.
    pub skipped_ticks: u64,
    /// Commands that found the queue full.
    pub lost_commands: u64,
    /// Events that found their reader's queue full: frames, unless a reader has stopped altogether.
    pub dropped_events: u64,
    /// Processor time the threads have used.
    pub cpu: Duration,
    /// How late the threads woke while there were legs.
    pub lateness: Lateness,
}

/// Counters shared by a thread and the handles.
#[derive(Debug)]
pub struct Gauges {
    pub legs: AtomicUsize,
    /// Legs that are open or on their way to the thread.
    pub load: AtomicUsize,
    pub skipped_ticks: AtomicU64,
    pub lost_commands: AtomicU64,
    pub dropped_events: AtomicU64,
    pub stopping: AtomicBool,
    cpu_ns: AtomicU64,
    late: Box<[AtomicU64]>,
    latest_ns: AtomicU64,
}

impl Default for Gauges {
    fn default() -> Self {
        Gauges {
            legs: AtomicUsize::new(0),
            load: AtomicUsize::new(0),
            skipped_ticks: AtomicU64::new(0),
            lost_commands: AtomicU64::new(0),
            dropped_events: AtomicU64::new(0),
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

    /// The sum over some threads.
    pub fn read<'a>(threads: impl Iterator<Item = &'a Gauges>) -> ClockStats {
        let (mut stats, mut counts, mut max) = (ClockStats::default(), vec![0; CLASSES], Duration::ZERO);
        for gauges in threads {
            stats.threads += 1;
            stats.legs += gauges.legs.load(Ordering::Relaxed);
            stats.skipped_ticks += gauges.skipped_ticks.load(Ordering::Relaxed);
            stats.lost_commands += gauges.lost_commands.load(Ordering::Relaxed);
            stats.dropped_events += gauges.dropped_events.load(Ordering::Relaxed);
            stats.cpu += Duration::from_nanos(gauges.cpu_ns.load(Ordering::Relaxed));
            for (sum, class) in counts.iter_mut().zip(&gauges.late) {
                *sum += class.load(Ordering::Relaxed);
            }
            max = max.max(Duration::from_nanos(gauges.latest_ns.load(Ordering::Relaxed)));
        }
        let steps: u64 = counts.iter().sum();
        let at_most = |share: f64| {
            let wanted = (steps as f64 * share).ceil() as u64;
            let mut passed = 0;
            let class = counts.iter().position(|count| {
                passed += count;
                passed >= wanted
            });
            class.map_or(max, |class| (CLASS * (class as u32 + 1)).min(max))
        };
        stats.ticks = steps / PHASES as u64;
        stats.lateness = Lateness { p50: at_most(0.5), p99: at_most(0.99), max };
        stats
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
        let lateness = Gauges::read([&gauges].into_iter()).lateness;
        assert_eq!(lateness.p50, Duration::from_micros(510));
        assert_eq!(lateness.p99, Duration::from_micros(1_000));
        assert_eq!(lateness.max, Duration::from_secs(1));
    }

    #[test]
    fn before_the_first_step_everything_is_zero() {
        let stats = Gauges::read([&Gauges::default()].into_iter());
        assert_eq!(stats, ClockStats { threads: 1, ..ClockStats::default() });
    }
}
