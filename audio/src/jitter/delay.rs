//! How long packets should wait: as long as all but a few of them are late by, and no longer.

use super::FRAME;

/// Delays considered, in ticks: 20 to 200 ms.
const SHORTEST: usize = 1;
const LONGEST: usize = 10;
/// This share of packets may come too late.
const TOO_LATE: f32 = 0.02;
/// How much a packet's lateness still counts after each later packet: half after some 7 s of 20 ms packets.
const MEMORY: f32 = 0.998;
/// The quickest packet of the last 10 to 20 s is the measure for all others: clocks drift, routes change.
const WINDOW: i64 = 500 * FRAME;
/// More delay than wanted is taken back one tick at a time, each after half a second …
const PATIENCE: u32 = 25;
/// … unless it is this many ticks: then a burst came after a break in the network, and the past is no use.
const FAR_BEHIND: i64 = 5;

/// The lateness of packets. Positions are in samples; a transit is our clock at arrival minus the packet's position.
#[derive(Debug)]
pub(super) struct Delay {
    /// Share of packets that were late by so many ticks; the last stands for any more.
    late_by: [f32; LONGEST + 1],
    arrivals: u32,
    quickest: Option<i64>,
    quickest_before: Option<i64>,
    window_ends: i64,
    target: usize,
    ticks_behind: u32,
}

impl Default for Delay {
    fn default() -> Self {
        Self {
            late_by: [0.0; LONGEST + 1],
            arrivals: 0,
            quickest: None,
            quickest_before: None,
            window_ends: 0,
            target: SHORTEST,
            ticks_behind: 0,
        }
    }
}

impl Delay {
    /// The stream goes on at another place: old transits say nothing, but the network is the same.
    pub(super) fn restart(&mut self) {
        self.quickest = None;
        self.quickest_before = None;
        self.ticks_behind = 0;
    }

    fn base(&self) -> Option<i64> {
        match (self.quickest, self.quickest_before) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// How much longer than the quickest a packet of this transit took; 0 when there is nothing to compare with.
    pub(super) fn excess(&self, transit: i64) -> i64 {
        self.base().map_or(0, |base| transit - base)
    }

    pub(super) fn arrived(&mut self, now: i64, transit: i64) {
        if now >= self.window_ends {
            self.window_ends = now + WINDOW;
            self.quickest_before = self.quickest.take();
        }
        self.quickest = Some(self.quickest.map_or(transit, |quickest| quickest.min(transit)));
        let late = self.excess(transit).max(0);
        let bucket = (late.saturating_add(FRAME - 1) / FRAME).min(LONGEST as i64) as usize;
        // At first each packet counts alike, or the first one would count for seconds.
        self.arrivals = self.arrivals.saturating_add(1);
        let keep = MEMORY.min(1.0 - 1.0 / self.arrivals as f32);
        for share in &mut self.late_by {
            *share *= keep;
        }
        self.late_by[bucket] += 1.0 - keep;
        self.target = self.enough();
    }

    /// The shortest delay at which few enough packets come too late.
    fn enough(&self) -> usize {
        let mut too_late: f32 = self.late_by.iter().sum();
        for (ticks, share) in self.late_by.iter().enumerate() {
            too_late -= share;
            if too_late <= TOO_LATE {
                return ticks.max(SHORTEST);
            }
        }
        LONGEST
    }

    /// The delay aimed at, in ticks.
    pub(super) fn target(&self) -> i64 {
        self.target as i64
    }

    /// The position that should be played at this time.
    pub(super) fn playhead(&self, now: i64) -> i64 {
        now - self.base().unwrap_or(now) - self.target() * FRAME
    }

    /// How many ticks' worth of audio to leave out when playing lies `behind` samples behind the wanted playhead.
    pub(super) fn skip(&mut self, behind: i64) -> i64 {
        let ticks = behind / FRAME;
        if ticks <= 0 {
            self.ticks_behind = 0;
            return 0;
        }
        self.ticks_behind += 1;
        if ticks >= FAR_BEHIND {
            self.ticks_behind = 0;
            ticks
        } else if self.ticks_behind >= PATIENCE {
            self.ticks_behind = 0;
            1
        } else {
            0
        }
    }
}
