//! Whether a peer is there: what its answers to OPTIONS, and their absence, say. Pure; time and chance are arguments.

use std::time::{Duration, SystemTime};

/// Silences in a row after which a peer that was up is down.
const PATIENCE: u32 = 2;

/// How a peer stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// Not asked yet: it is given the benefit of the doubt.
    #[default]
    Unknown,
    /// It answers.
    Up,
    /// It does not.
    Down,
}

/// What is known of a peer.
#[derive(Clone, Debug, Default)]
pub struct Health {
    standing: Standing,
    since: Option<SystemTime>,
    silences: u32,
    last_error: Option<(u16, String)>,
}

impl Health {
    /// How it stands.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Since when it stands so; `None` before it was asked.
    pub fn since(&self) -> Option<SystemTime> {
        self.since
    }

    /// What went wrong last: a status, and words.
    pub fn last_error(&self) -> Option<&(u16, String)> {
        self.last_error.as_ref()
    }

    /// It answered. Any status says that it is there but 503, which asks to be left alone; says whether the standing changed.
    pub fn answered(&mut self, status: u16, now: SystemTime) -> bool {
        if status == 503 {
            return self.failed(status, "503 to OPTIONS: it takes no calls".to_owned(), now);
        }
        self.silences = 0;
        self.stand(Standing::Up, now)
    }

    /// It did not, or cannot be reached; says whether the standing changed.
    pub fn failed(&mut self, status: u16, reason: String, now: SystemTime) -> bool {
        self.silences = self.silences.saturating_add(1);
        self.last_error = Some((status, reason));
        // One lost datagram of a peer that was there is no reason to give it up.
        if self.standing == Standing::Up && self.silences < PATIENCE {
            return false;
        }
        self.stand(Standing::Down, now)
    }

    fn stand(&mut self, standing: Standing, now: SystemTime) -> bool {
        let changed = self.standing != standing;
        if changed {
            self.standing = standing;
            self.since = Some(now);
        }
        changed
    }

    /// How long to wait before it is asked again: `every` give or take a tenth, so that many are not asked at once; a sixth of that
    /// while a silence is to be confirmed. `chance` is from 0 to 1.
    pub fn pause(&self, every: Duration, chance: f64) -> Duration {
        let base = if self.standing == Standing::Up && self.silences > 0 { every / 6 } else { every };
        base.mul_f64(0.9 + 0.2 * chance.clamp(0.0, 1.0))
    }
}
