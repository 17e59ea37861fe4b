//! When, within a tick, the peer's packets come, and at which step the leg had best speak. A key or a word that has just come can be
//! answered in the leg's next tick at the earliest; how far off that is depends on nothing but how the two clocks happen to lie, up to
//! 20 ms. A leg that speaks two steps after it hears leaves the call 5 to 10 ms to decide, and answers within 15.
//!
//! To move a leg makes one pause between its packets up to 10 ms longer or shorter. So it is done once, when the first packets have
//! shown how the clocks lie, and later (they drift) only where the leg has nothing to say.

use super::engine::PHASES;

/// Packets that have to agree at the beginning: these come before the greeting is far.
const FIRST: u16 = 3;
/// Packets that are counted later: a second of them.
const WINDOW: u16 = 50;
/// Steps from hearing to speaking.
const DISTANCE: usize = 2;

/// Counts in which step packets come.
#[derive(Debug, Default)]
pub struct Arrivals {
    counts: [u16; PHASES],
    seen: u16,
    /// The step in which the last one came: of packets that were waiting together only one tells something.
    last: Option<u64>,
    /// Whether the first packets have been judged.
    begun: bool,
}

impl Arrivals {
    /// A packet was read in this step. Returns the phase that the leg should have, when that has become clear and its present one is
    /// not as good. `idle`: it has nothing to say.
    pub fn came(&mut self, step: u64, leg: usize, idle: bool) -> Option<usize> {
        if self.last.replace(step) == Some(step) {
            return None;
        }
        self.counts[(step % PHASES as u64) as usize] += 1;
        self.seen += 1;
        if self.seen < if self.begun { WINDOW } else { FIRST } {
            return None;
        }
        let (counts, seen) = (std::mem::take(&mut self.counts), std::mem::take(&mut self.seen));
        let first = !std::mem::replace(&mut self.begun, true);
        let (most, &count) = counts.iter().enumerate().max_by_key(|(_, count)| **count)?;
        // Where packets come at any time (jitter, packets of 30 ms), no phase is better than another.
        if u32::from(count) * 5 < u32::from(seen) * 3 {
            return None;
        }
        let better = (most + DISTANCE) % PHASES;
        let distance = (leg + PHASES - most) % PHASES;
        // One step too early or late is not worth a second pause.
        let is_good = if first { distance == DISTANCE } else { matches!(distance, 1 | DISTANCE) };
        (!is_good && (first || idle)).then_some(better)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wished while packets come in these steps of their ticks, one a tick.
    fn wishes(leg: usize, idle: bool, steps: impl IntoIterator<Item = u64>) -> Vec<usize> {
        let mut arrivals = Arrivals::default();
        let steps = steps.into_iter().enumerate().map(|(tick, step)| 4 * tick as u64 + step);
        steps.filter_map(|step| arrivals.came(step, leg, idle)).collect()
    }

    #[test]
    fn the_first_packets_decide_though_the_leg_is_speaking() {
        assert_eq!(wishes(3, false, [3, 3]), []);
        assert_eq!(wishes(3, false, [3, 3, 3]), [1]);
    }

    #[test]
    fn packets_that_waited_together_count_as_one() {
        let mut arrivals = Arrivals::default();
        assert!((0..50).all(|_| arrivals.came(7, 3, true).is_none()));
    }

    #[test]
    fn a_leg_that_speaks_soon_after_it_hears_stays() {
        assert_eq!(wishes(3, true, [1; 1_000]), []);
    }

    #[test]
    fn a_drift_by_one_step_moves_nothing_and_by_two_does() {
        let drifting = |to: u64| (0..1_000).map(move |n| if n < 3 { 1 } else { to });
        assert_eq!(wishes(3, true, drifting(2)), []);
        assert_eq!(wishes(3, true, drifting(3)).first(), Some(&1));
    }

    #[test]
    fn nobody_is_interrupted_by_a_drift() {
        assert_eq!(wishes(3, false, (0..1_000).map(|n| if n < 3 { 1 } else { 3 })), []);
    }

    #[test]
    fn packets_that_come_at_any_time_move_nothing() {
        assert_eq!(wishes(0, true, (0..1_000).map(|n| n * 3 % 4)), []);
    }
}
