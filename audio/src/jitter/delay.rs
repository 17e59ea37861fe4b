//! How long packets should wait: long enough for all but a few of them, and no longer than those few are worth.
//!
//! What is kept is how the *transits* of packets are spread: our clock at arrival minus the packet's position, in ticks.
//! The frame that is played is the one whose packet would have taken the chosen transit. So a route that becomes longer
//! or a clock that drifts needs no care of its own, and the choice is one minimum: a packet that comes too late costs as
//! much as [`PRICE`] says a delay costs everyone.

use super::FRAME;

/// Transits told apart, in ticks above the quickest.
const BUCKETS: usize = 48;
/// The longest delay chosen, in ticks above the quickest packets: 200 ms.
const LONGEST: usize = 10;
/// This share of packets is lost gladly for a delay that is one tick (20 ms) shorter. The E-model (ITU-T G.107) puts
/// 20 ms at 0.5 points of R, as much as 0.13 % of G.711 packets lost; a voice that answers sooner is worth more.
const PRICE: f32 = 0.0025;
/// How much a packet's transit still counts after each later packet: half after some 7 s of 20 ms packets.
const MEMORY: f32 = 0.998;
/// Until so many packets have come, one tick is kept in hand.
const UNSURE: u32 = 100;
/// A bucket with less than this is empty.
const NOTHING: f32 = 1e-4;

#[derive(Debug)]
pub(super) struct Delay {
    /// Share of packets per transit; the last stands for any longer one.
    share: [f32; BUCKETS],
    /// The transit of the first bucket, in ticks.
    anchor: i64,
    /// The transit chosen, as a bucket; and the quickest one.
    chosen: usize,
    quickest: usize,
    arrivals: u32,
}

impl Default for Delay {
    fn default() -> Self {
        Self { share: [0.0; BUCKETS], anchor: 0, chosen: 0, quickest: 0, arrivals: 0 }
    }
}

/// Ticks until a packet of this transit can be played.
fn ticks(transit: i64) -> i64 {
    transit.div_euclid(FRAME) + i64::from(transit.rem_euclid(FRAME) > 0)
}

impl Delay {
    /// The stream goes on after a stop, with a packet of this transit. If that is out of line, the sender's timestamps
    /// did not run on: the network is the same, but what was known begins from here.
    pub(super) fn resumes(&mut self, transit: i64) {
        let off = ticks(transit) - self.anchor - self.quickest as i64;
        if self.arrivals > 0 && !(-2..=LONGEST as i64).contains(&off) {
            self.anchor += off;
            self.arrivals = self.arrivals.min(UNSURE);
        }
    }

    /// How much longer than the quickest a packet of this transit took; 0 when there is nothing to compare with.
    pub(super) fn excess(&self, transit: i64) -> i64 {
        if self.arrivals == 0 {
            return 0;
        }
        transit - (self.anchor + self.quickest as i64) * FRAME
    }

    pub(super) fn arrived(&mut self, transit: i64) {
        let ticks = ticks(transit);
        if self.arrivals == 0 {
            self.anchor = ticks;
        }
        if ticks < self.anchor {
            let by = (self.anchor - ticks).min(BUCKETS as i64) as usize;
            let beyond: f32 = self.share[BUCKETS - by..].iter().sum();
            self.share.copy_within(..BUCKETS - by, by);
            self.share[..by].fill(0.0);
            self.share[BUCKETS - 1] += beyond;
            self.anchor = ticks;
        }
        let bucket = (ticks - self.anchor).min(BUCKETS as i64 - 1) as usize;
        // At first each packet counts alike, or the first one would count for seconds.
        self.arrivals = self.arrivals.saturating_add(1);
        let keep = MEMORY.min(1.0 - 1.0 / self.arrivals as f32);
        for share in &mut self.share {
            *share *= keep;
        }
        self.share[bucket] += 1.0 - keep;
        self.settle();
    }

    /// Chooses the transit anew.
    fn settle(&mut self) {
        let empty = self.share.iter().take_while(|share| **share < NOTHING).count().min(BUCKETS - 1);
        if empty > BUCKETS / 2 {
            self.share.copy_within(empty.., 0);
            self.share[BUCKETS - empty..].fill(0.0);
            self.anchor += empty as i64;
        }
        self.quickest = self.share.iter().position(|share| *share >= NOTHING).unwrap_or(0);
        let mut too_late: f32 = self.share[self.quickest..].iter().sum();
        let (mut best, mut least) = (0, f32::INFINITY);
        let last = LONGEST.min(BUCKETS - 1 - self.quickest);
        for (above, share) in self.share[self.quickest..=self.quickest + last].iter().enumerate() {
            too_late -= share;
            let cost = too_late + above as f32 * PRICE;
            if cost < least {
                (best, least) = (above, cost);
            }
        }
        if self.arrivals < UNSURE {
            best = best.max(1);
        }
        self.chosen = self.quickest + best;
    }

    /// The delay aimed at, in ticks above the quickest packets.
    pub(super) fn target(&self) -> i64 {
        self.chosen as i64 - self.quickest as i64
    }

    /// The position that should be played at this time.
    pub(super) fn playhead(&self, now: i64) -> i64 {
        now - (self.anchor + self.chosen as i64) * FRAME
    }
}
