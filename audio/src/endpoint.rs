//! Where a caller's turn begins and ends.

use std::time::Duration;

/// How patient the endpointer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TurnProfile {
    /// This many voiced frames …
    pub start_voiced: u8,
    /// … among this many last frames begin a turn.
    pub start_window: u8,
    /// Silence after which the words so far are worth recognising on suspicion.
    pub speculate_after: Duration,
    /// Silence that ends the turn.
    pub end_silence: Duration,
    /// A turn that lasts this long is ended regardless.
    pub max_turn: Duration,
}

impl TurnProfile {
    /// For yes, no and menu words.
    pub const fn menu() -> Self {
        Self {
            start_voiced: 5,
            start_window: 8,
            speculate_after: Duration::from_millis(260),
            end_silence: Duration::from_millis(400),
            max_turn: Duration::from_secs(15),
        }
    }

    /// For free speech.
    pub const fn free() -> Self {
        Self {
            end_silence: Duration::from_millis(600),
            ..Self::menu()
        }
    }

    /// For digits.
    pub const fn digits() -> Self {
        Self {
            end_silence: Duration::from_millis(1_100),
            ..Self::menu()
        }
    }
}

/// Why a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The caller has been silent for long enough.
    Silence,
    /// The turn reached its maximum.
    MaxLength,
}

/// Something that happened at a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A turn began.
    Started,
    /// The caller paused; recognising now may save time later.
    Speculate,
    /// The caller went on after [`Endpoint::Speculate`].
    Resumed,
    /// The turn is over.
    Ended {
        /// Why.
        reason: EndReason,
    },
}

/// Finds turns in a stream of speech probabilities.
#[derive(Clone, Debug)]
pub struct Endpointer {
    profile: TurnProfile,
}

impl Endpointer {
    /// An endpointer that has heard nothing so far.
    pub fn new(profile: TurnProfile) -> Self {
        Self { profile }
    }

    /// Takes the speech probability of the next 20 ms frame.
    pub fn push(&mut self, _speech_probability: f32) -> Option<Endpoint> {
        None
    }

    /// Changes the patience from here on.
    pub fn set_profile(&mut self, profile: TurnProfile) {
        self.profile = profile;
    }

    /// Whether a turn is under way.
    pub fn in_speech(&self) -> bool {
        false
    }

    /// Frames since the last voiced one.
    pub fn voiced_frames_ago(&self) -> u32 {
        0
    }

    /// Forgets everything heard.
    pub fn reset(&mut self) {}
}
