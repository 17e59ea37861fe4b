//! Where a caller's turn begins and ends, from the speech probability of each 20 ms frame. Time is the number of
//! frames, so the same frames always give the same turns. What was said, and whether it was complete, is left to
//! others; they may [`Endpointer::reset`] a turn that they consider finished.

use std::time::Duration;

use crate::FRAME;
use crate::vad::SPEECH;

/// Within so many frames of the last voiced one, a voiced frame belongs to the same sound; after them, voice has come back only when
/// [`BACK_VOICED`] of the last [`BACK_WINDOW`] frames are voiced. A crackle in a pause is not the caller going on.
const SAME_SOUND: u32 = 5;
const BACK_VOICED: u32 = 2;
const BACK_WINDOW: u32 = 4;

/// How patient the endpointer is. Lengths of silence are counted from the last voiced frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TurnProfile {
    /// This many voiced frames …
    pub start_voiced: u8,
    /// … among this many last frames begin a turn (at most 64).
    pub start_window: u8,
    /// Silence after which the words so far are worth recognising on suspicion.
    pub speculate_after: Duration,
    /// Silence that ends the turn.
    pub end_silence: Duration,
    /// A turn that lasts this long is ended regardless, though never by the frame that begins it.
    pub max_turn: Duration,
}

impl TurnProfile {
    /// For yes, no and the words of a menu: nobody pauses inside one.
    pub const fn menu() -> Self {
        Self {
            // At least 90 ms of the last 150, in whole frames.
            start_voiced: 5,
            start_window: 8,
            speculate_after: Duration::from_millis(260),
            end_silence: Duration::from_millis(400),
            // In babble the silence never comes.
            max_turn: Duration::from_secs(15),
        }
    }

    /// For free speech: people pause for thought within a sentence.
    pub const fn free() -> Self {
        Self { end_silence: Duration::from_millis(600), ..Self::menu() }
    }

    /// For names and addresses: people spell, and look things up.
    pub const fn name() -> Self {
        Self { end_silence: Duration::from_millis(900), ..Self::menu() }
    }

    /// For digits: people read them in groups. When the string is complete sooner, whoever knows it should not wait.
    pub const fn digits() -> Self {
        Self { end_silence: Duration::from_millis(1_100), ..Self::menu() }
    }
}

impl Default for TurnProfile {
    fn default() -> Self {
        Self::free()
    }
}

/// Why a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// The caller has been silent for long enough.
    Silence,
    /// The turn reached its maximum.
    MaxLength,
}

/// Something that happened at a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A turn began; its first voiced frame lies up to the start window back.
    Started,
    /// The caller paused; recognising now may save time later.
    Speculate,
    /// The caller went on after [`Endpoint::Speculate`]: what was recognised is only a part.
    Resumed,
    /// The turn is over.
    Ended {
        /// Why.
        reason: EndReason,
    },
}

/// Finds turns in a stream of speech probabilities, one call per 20 ms frame.
#[derive(Clone, Debug)]
pub struct Endpointer {
    profile: TurnProfile,
    /// One bit per frame, the newest lowest: was it voiced?
    voiced: u64,
    since_voiced: u32,
    turn: Option<Turn>,
}

#[derive(Clone, Copy, Debug)]
struct Turn {
    frames: u32,
    speculated: bool,
    /// The silence that ends the turn in this pause, in frames, when somebody knows better than the profile.
    patience: Option<u32>,
}

impl Endpointer {
    /// An endpointer that has heard nothing so far.
    pub fn new(profile: TurnProfile) -> Self {
        Self { profile, voiced: 0, since_voiced: u32::MAX, turn: None }
    }

    /// Takes the speech probability of the next 20 ms frame; anything that is no number counts as silence.
    pub fn push(&mut self, speech_probability: f32) -> Option<Endpoint> {
        let voiced = speech_probability >= SPEECH;
        self.voiced = self.voiced << 1 | u64::from(voiced);
        let voiced = voiced && (self.turn.is_none() || self.since_voiced < SAME_SOUND || self.is_back());
        self.since_voiced = if voiced { 0 } else { self.since_voiced.saturating_add(1) };
        match self.turn {
            None => self.wait_for_start(),
            Some(turn) => self.follow(turn, voiced),
        }
    }

    fn is_back(&self) -> bool {
        (self.voiced & ((1 << BACK_WINDOW) - 1)).count_ones() >= BACK_VOICED
    }

    fn wait_for_start(&mut self) -> Option<Endpoint> {
        let window = u32::from(self.profile.start_window).clamp(1, u64::BITS);
        let recent = self.voiced & (u64::MAX >> (u64::BITS - window));
        if recent.count_ones() < u32::from(self.profile.start_voiced).clamp(1, window) {
            return None;
        }
        // The turn is as old as its first voiced frame.
        let frames = u64::BITS - recent.leading_zeros();
        self.turn = Some(Turn { frames, speculated: false, patience: None });
        Some(Endpoint::Started)
    }

    fn follow(&mut self, mut turn: Turn, voiced: bool) -> Option<Endpoint> {
        turn.frames = turn.frames.saturating_add(1);
        if voiced {
            turn.patience = None;
        }
        if self.since_voiced >= turn.patience.unwrap_or_else(|| frames(self.profile.end_silence)) {
            return Some(self.end(EndReason::Silence));
        }
        if turn.frames >= frames(self.profile.max_turn) {
            return Some(self.end(EndReason::MaxLength));
        }
        let mut event = None;
        if turn.speculated && voiced {
            turn.speculated = false;
            event = Some(Endpoint::Resumed);
        } else if !turn.speculated && self.since_voiced >= frames(self.profile.speculate_after) {
            turn.speculated = true;
            event = Some(Endpoint::Speculate);
        }
        self.turn = Some(turn);
        event
    }

    fn end(&mut self, reason: EndReason) -> Endpoint {
        self.turn = None;
        // The frames of this turn must not begin the next one.
        self.voiced = 0;
        Endpoint::Ended { reason }
    }

    /// Changes the patience from here on, also within a turn.
    pub fn set_profile(&mut self, profile: TurnProfile) {
        self.profile = profile;
    }

    /// In this pause, and no longer, the turn ends after so much silence: what was said so far is known by now. Silence that has
    /// passed already counts, and the turn ends with the next frame at the earliest.
    pub fn wait_for(&mut self, silence: Duration) {
        if let Some(turn) = &mut self.turn {
            turn.patience = Some(frames(silence));
        }
    }

    /// Whether a turn is under way.
    pub fn in_speech(&self) -> bool {
        self.turn.is_some()
    }

    /// Frames since the last voiced one: 0 when the newest frame is voiced, `u32::MAX` when none ever was.
    pub fn voiced_frames_ago(&self) -> u32 {
        self.since_voiced
    }

    /// Forgets everything heard, and a turn under way without ending it; the profile stays.
    pub fn reset(&mut self) {
        *self = Self::new(self.profile);
    }
}

/// How many frames last at least this long; at least one.
fn frames(length: Duration) -> u32 {
    let frames = length.as_nanos().div_ceil(FRAME.as_nanos());
    u32::try_from(frames).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Runs `x` (voiced) and `.` (silent), each standing for one frame, and tells what happened at which frame.
    fn run(profile: TurnProfile, frames: &str) -> Vec<(usize, Endpoint)> {
        let mut endpointer = Endpointer::new(profile);
        let probabilities = frames.chars().map(|c| if c == 'x' { 0.9 } else { 0.1 });
        probabilities.enumerate().filter_map(|(at, p)| endpointer.push(p).map(|e| (at, e))).collect()
    }

    const SILENCE: Endpoint = Endpoint::Ended { reason: EndReason::Silence };

    #[test]
    fn a_word_and_a_pause_make_a_turn() {
        let frames = format!("{}{}{}", ".".repeat(10), "x".repeat(20), ".".repeat(40));
        let menu = run(TurnProfile::menu(), &frames);
        assert_eq!(menu, [(14, Endpoint::Started), (29 + 13, Endpoint::Speculate), (29 + 20, SILENCE)]);
        let free = run(TurnProfile::free(), &frames);
        assert_eq!(free.last(), Some(&(29 + 30, SILENCE)));
    }

    #[test]
    fn digits_wait_longer_than_words() {
        let frames = format!("{}{}{}{}", "x".repeat(20), ".".repeat(50), "x".repeat(20), ".".repeat(60));
        let events = run(TurnProfile::digits(), &frames);
        let started = events.iter().filter(|(_, e)| *e == Endpoint::Started).count();
        assert_eq!((started, events.last()), (1, Some(&(89 + 55, SILENCE))));
    }

    #[test]
    fn a_click_is_no_turn() {
        assert_eq!(run(TurnProfile::menu(), &format!("xxxx{}", "....xx....".repeat(20))), []);
    }

    #[test]
    fn broken_speech_still_starts_a_turn() {
        assert_eq!(run(TurnProfile::menu(), "x.xx.x.x"), [(7, Endpoint::Started)]);
    }

    #[test]
    fn speech_after_a_speculation_takes_it_back() {
        let frames = format!("{}{}xx{}", "x".repeat(10), ".".repeat(15), ".".repeat(40));
        let events: Vec<Endpoint> = run(TurnProfile::free(), &frames).into_iter().map(|(_, e)| e).collect();
        assert_eq!(events, [Endpoint::Started, Endpoint::Speculate, Endpoint::Resumed, Endpoint::Speculate, SILENCE]);
    }

    #[test]
    fn a_turn_without_a_pause_is_cut_at_fifteen_seconds() {
        let events = run(TurnProfile::free(), &"x".repeat(800));
        assert_eq!(events[1], (749, Endpoint::Ended { reason: EndReason::MaxLength }));
        assert_eq!(events[2], (754, Endpoint::Started));
    }

    #[test]
    fn no_turn_ends_with_the_frame_that_begins_it() {
        let hasty = TurnProfile { start_voiced: 1, max_turn: Duration::ZERO, ..TurnProfile::menu() };
        let cut = Endpoint::Ended { reason: EndReason::MaxLength };
        assert_eq!(run(hasty, "xx"), [(0, Endpoint::Started), (1, cut)]);
    }

    #[test]
    fn a_profile_changed_in_mid_turn_counts_at_once() {
        let mut endpointer = Endpointer::new(TurnProfile::digits());
        for _ in 0..10 {
            endpointer.push(1.0);
        }
        for _ in 0..25 {
            endpointer.push(0.0);
        }
        assert!(endpointer.in_speech());
        endpointer.set_profile(TurnProfile::menu());
        assert_eq!(endpointer.push(0.0), Some(SILENCE));
    }

    #[test]
    fn a_patience_counts_for_its_pause_and_no_longer() {
        let mut endpointer = Endpointer::new(TurnProfile::free());
        let push = |endpointer: &mut Endpointer, p: f32, count: usize| -> Option<usize> {
            (1..=count).find(|_| matches!(endpointer.push(p), Some(Endpoint::Ended { .. })))
        };
        assert_eq!(push(&mut endpointer, 1.0, 20), None);
        assert_eq!(push(&mut endpointer, 0.0, 15), None);
        endpointer.wait_for(Duration::from_millis(1_000));
        assert_eq!(push(&mut endpointer, 0.0, 30), None);
        assert_eq!(push(&mut endpointer, 1.0, 20), None);
        assert_eq!(push(&mut endpointer, 0.0, 15), None);
        endpointer.wait_for(Duration::from_millis(200));
        assert_eq!(push(&mut endpointer, 0.0, 1), Some(1));
    }

    #[test]
    fn a_crackle_in_a_pause_does_not_make_it_begin_anew() {
        let frames = format!("{}{}x{}", "x".repeat(20), ".".repeat(20), ".".repeat(40));
        assert_eq!(run(TurnProfile::free(), &frames).last(), Some(&(19 + 30, SILENCE)));
        let frames = format!("{}{}xx{}", "x".repeat(20), ".".repeat(20), ".".repeat(40));
        assert_eq!(run(TurnProfile::free(), &frames).last(), Some(&(41 + 30, SILENCE)));
    }

    #[test]
    fn what_is_no_number_is_silence() {
        let mut endpointer = Endpointer::new(TurnProfile::menu());
        assert!((0..100).all(|_| endpointer.push(f32::NAN).is_none()));
        assert_eq!(endpointer.voiced_frames_ago(), u32::MAX);
    }

    fn any_profile() -> impl Strategy<Value = TurnProfile> {
        let ms = |range: std::ops::Range<u64>| range.prop_map(Duration::from_millis);
        (any::<u8>(), any::<u8>(), ms(0..2_000), ms(0..2_000), ms(0..20_000)).prop_map(
            |(start_voiced, start_window, speculate_after, end_silence, max_turn)| TurnProfile {
                start_voiced,
                start_window,
                speculate_after,
                end_silence,
                max_turn,
            },
        )
    }

    proptest! {
        /// Started, then speculations each taken back or final, then the end: in this order and no other.
        #[test]
        fn events_come_in_order_whatever_is_heard(
            profile in any_profile(),
            runs in prop::collection::vec((any::<f32>(), 1usize..120), 0..40),
        ) {
            let mut endpointer = Endpointer::new(profile);
            let (mut in_turn, mut speculated, mut length, mut silent) = (false, false, 0u32, 0u32);
            for (probability, count) in runs {
                for _ in 0..count {
                    let event = endpointer.push(probability);
                    let voiced = endpointer.voiced_frames_ago() == 0;
                    prop_assert!(!voiced || probability >= SPEECH);
                    silent = if voiced { 0 } else { silent + 1 };
                    length += u32::from(in_turn);
                    match event {
                        Some(Endpoint::Started) => {
                            prop_assert!(!in_turn && voiced);
                            (in_turn, speculated, length) = (true, false, 1);
                        }
                        Some(Endpoint::Speculate) => {
                            prop_assert!(in_turn && !speculated);
                            speculated = true;
                        }
                        Some(Endpoint::Resumed) => {
                            prop_assert!(in_turn && speculated && voiced);
                            speculated = false;
                        }
                        Some(Endpoint::Ended { reason }) => {
                            prop_assert!(in_turn);
                            in_turn = false;
                            match reason {
                                EndReason::Silence => prop_assert_eq!(silent, frames(profile.end_silence)),
                                // One frame tells one thing, so the shortest turn has two.
                                EndReason::MaxLength => prop_assert!(length <= frames(profile.max_turn).max(2)),
                            }
                        }
                        None => {}
                    }
                    prop_assert_eq!(endpointer.in_speech(), in_turn);
                    if in_turn {
                        prop_assert_eq!(endpointer.voiced_frames_ago(), silent);
                        prop_assert!(silent < frames(profile.end_silence));
                        prop_assert!(length < frames(profile.max_turn).max(2));
                    }
                }
            }
        }
    }
}
