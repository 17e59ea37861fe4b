//! One ear: follows 20 ms frames of one speaker, tells when a turn begins, pauses, goes on and ends, and keeps the last
//! seconds of sound so that the words can be fetched. Time is the number of frames since the recording began.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use audio::background::Background;
use audio::endpoint::{Endpoint, Endpointer, TurnProfile};
use audio::{FRAME_8K, Frame8k, Pcm8k};

/// Milliseconds in a frame.
const FRAME_MS: u64 = 20;
/// Sound kept before the first voiced frame of a turn: soft consonants come before voice does.
const PRE_ROLL_MS: u64 = 300;
/// Sound kept after the last voiced frame.
const POST_ROLL_MS: u64 = 200;
/// How far back sound can be fetched at most: the longest turn and its pre-roll.
const KEPT_FRAMES: usize = 20_000 / FRAME_MS as usize;
/// How far back while nobody speaks: the pre-roll of a turn that is about to begin, and the frames by which it is noticed.
const IDLE_FRAMES: usize = 1_000 / FRAME_MS as usize;
/// How long the sound of a turn is kept after its end.
const AFTER_TURN_MS: u64 = 5_000;

/// A frame with less than this chance of a voice is none, whatever it stands out from.
const UNVOICED: f32 = 0.1;

/// While somebody talks, this is said first after so many frames, and then again and again: the longer the turn, the less often.
const TALKING_FRAMES: u64 = 15;
const TALKING_EVERY_MS: u64 = 500;
/// Within so many frames of a voiced one, somebody talks.
const JUST_NOW: u32 = 6;

/// Something an [`Ear`] noticed. Times are milliseconds in the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EarEvent {
    /// Speech began.
    Started {
        /// At its first voiced frame.
        from_ms: u64,
    },
    /// The speaker has been talking for a while.
    Talking {
        /// First voiced frame of the turn.
        from_ms: u64,
        /// End of the newest frame.
        to_ms: u64,
    },
    /// The speaker paused; the words so far are worth recognising.
    Paused {
        /// First voiced frame of the turn.
        from_ms: u64,
        /// End of the last voiced frame.
        to_ms: u64,
    },
    /// The speaker went on.
    Resumed,
    /// The turn is over.
    Ended {
        /// First voiced frame of the turn.
        from_ms: u64,
        /// End of the last voiced frame.
        to_ms: u64,
        /// When that frame came in.
        last_voiced: Instant,
    },
}

/// Follows one speaker.
pub struct Ear {
    endpointer: Endpointer,
    background: Background,
    kept: VecDeque<Frame8k>,
    /// Number of the frame that comes next.
    next: u64,
    /// Until when the sound from `from_ms` on is kept.
    kept_until_ms: u64,
    from_ms: u64,
    to_ms: u64,
    last_voiced: Option<Instant>,
    /// The frame at which [`EarEvent::Talking`] is due.
    talking_at: u64,
}

impl Ear {
    /// An ear with the patience of free speech.
    pub fn new() -> Self {
        Self {
            endpointer: Endpointer::new(TurnProfile::free()),
            background: Background::new(),
            kept: VecDeque::new(),
            next: 0,
            kept_until_ms: 0,
            from_ms: 0,
            to_ms: 0,
            last_voiced: None,
            talking_at: u64::MAX,
        }
    }

    /// Takes the frame with this number. Frames that were dropped before it count as silence, so times stay true.
    pub fn push(&mut self, index: u64, frame: &Frame8k, speech: f32, at: Instant) -> Option<EarEvent> {
        let missing = index.saturating_sub(self.next).min(KEPT_FRAMES as u64);
        for _ in 0..missing {
            self.keep(&[0; FRAME_8K]);
        }
        self.next = index;
        self.keep(frame);
        // Somebody else's voice in the room is no turn.
        self.background.push(frame);
        let speech = if speech > UNVOICED && !self.background.stands_out() { 0.0 } else { speech };
        let event = self.endpointer.push(speech);
        if self.endpointer.voiced_frames_ago() == 0 {
            self.to_ms = self.next * FRAME_MS;
            self.last_voiced = Some(at);
        }
        let Some(event) = event else { return self.talking() };
        match event {
            Endpoint::Started => {
                self.talking_at = self.next + TALKING_FRAMES;
                let back = u64::from(TurnProfile::menu().start_window) * FRAME_MS;
                self.from_ms = (self.next * FRAME_MS).saturating_sub(back);
                self.kept_until_ms = u64::MAX;
                Some(EarEvent::Started { from_ms: self.from_ms })
            }
            Endpoint::Speculate => Some(EarEvent::Paused { from_ms: self.from_ms, to_ms: self.to_ms }),
            Endpoint::Resumed => Some(EarEvent::Resumed),
            Endpoint::Ended { .. } => {
                self.kept_until_ms = self.next * FRAME_MS + AFTER_TURN_MS;
                let last_voiced = self.last_voiced.unwrap_or(at);
                Some(EarEvent::Ended { from_ms: self.from_ms, to_ms: self.to_ms, last_voiced })
            }
        }
    }

    fn talking(&mut self) -> Option<EarEvent> {
        if self.next < self.talking_at || !self.in_speech() || self.endpointer.voiced_frames_ago() > JUST_NOW {
            return None;
        }
        let (from_ms, to_ms) = (self.from_ms, self.next * FRAME_MS);
        let every_ms = (to_ms.saturating_sub(from_ms) / 4).clamp(TALKING_EVERY_MS, 4 * TALKING_EVERY_MS);
        self.talking_at = self.next + every_ms / FRAME_MS;
        Some(EarEvent::Talking { from_ms, to_ms })
    }

    fn keep(&mut self, frame: &Frame8k) {
        let wanted = if self.next * FRAME_MS < self.kept_until_ms {
            let from = self.from_ms.saturating_sub(PRE_ROLL_MS) / FRAME_MS;
            KEPT_FRAMES.min(self.next.saturating_sub(from) as usize)
        } else {
            IDLE_FRAMES
        };
        self.kept.drain(..self.kept.len().saturating_sub(wanted));
        if wanted == IDLE_FRAMES && self.kept.capacity() > 4 * IDLE_FRAMES {
            // A long turn is over: its room is given back.
            self.kept.shrink_to(2 * IDLE_FRAMES);
        }
        self.kept.push_back(*frame);
        self.next += 1;
    }

    /// The sound of a turn with a little before and after it, as far as it is still kept, and where that begins in the recording, in ms.
    pub fn sound(&self, from_ms: u64, to_ms: u64) -> (u64, Pcm8k) {
        let oldest = self.next - self.kept.len() as u64;
        let from = (from_ms.saturating_sub(PRE_ROLL_MS) / FRAME_MS).max(oldest);
        let to = ((to_ms + POST_ROLL_MS) / FRAME_MS).min(self.next);
        let count = to.saturating_sub(from) as usize;
        let frames = self.kept.iter().skip((from - oldest) as usize).take(count);
        (from * FRAME_MS, Pcm8k::new(frames.flatten().copied().collect()))
    }

    /// How the end of a turn is told from here on.
    pub fn set_profile(&mut self, profile: TurnProfile) {
        self.endpointer.set_profile(profile);
    }

    /// In this pause, the turn ends after so much silence.
    pub fn wait_for(&mut self, silence: Duration) {
        self.endpointer.wait_for(silence);
    }

    /// The turn that has just begun is the same as one before, which began here. Its sound is kept as far as it still is.
    pub fn rejoin(&mut self, from_ms: u64) {
        self.from_ms = self.from_ms.min(from_ms);
    }

    /// Whether somebody is talking.
    pub fn in_speech(&self) -> bool {
        self.endpointer.in_speech()
    }

    /// When the last voiced frame came in.
    pub fn last_voiced(&self) -> Option<Instant> {
        self.last_voiced
    }

    /// Takes a turn under way as finished: it will not be reported any more.
    pub fn finish_turn(&mut self) {
        self.endpointer.reset();
        self.kept_until_ms = self.next * FRAME_MS + AFTER_TURN_MS;
    }
}

impl Default for Ear {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(value: i16) -> Frame8k {
        [value; FRAME_8K]
    }

    #[test]
    fn a_turn_is_reported_with_its_place_in_the_recording() {
        let (mut ear, now) = (Ear::new(), Instant::now());
        let mut events = Vec::new();
        for index in 0..150 {
            let speech = if (50..100).contains(&index) { 0.9 } else { 0.1 };
            events.extend(ear.push(index, &frame(index as i16), speech, now));
        }
        let Some(EarEvent::Ended { from_ms, to_ms, .. }) = events.last().copied() else { panic!("{events:?}") };
        assert!((840..=1_000).contains(&from_ms), "{from_ms}");
        assert_eq!(to_ms, 2_000);
        let (begins_ms, sound) = ear.sound(from_ms, to_ms);
        assert_eq!(begins_ms, from_ms - PRE_ROLL_MS);
        assert_eq!(sound.duration().as_millis() as u64, to_ms - from_ms + PRE_ROLL_MS + POST_ROLL_MS);
        assert_eq!(sound.samples().last(), Some(&109));
    }

    #[test]
    fn a_turn_that_goes_on_keeps_the_sound_of_its_beginning() {
        let (mut ear, now) = (Ear::new(), Instant::now());
        let (mut first, mut last) = (None, None);
        for index in 0..300 {
            let speech = if (50..100).contains(&index) || (150..200).contains(&index) { 0.9 } else { 0.1 };
            match ear.push(index, &frame(index as i16), speech, now) {
                Some(EarEvent::Started { from_ms }) => ear.rejoin(*first.get_or_insert(from_ms)),
                Some(EarEvent::Ended { from_ms, to_ms, .. }) => last = Some((from_ms, to_ms)),
                _ => {}
            }
        }
        let (from_ms, to_ms) = last.expect("the turn ends");
        assert_eq!((Some(from_ms), to_ms), (first, 4_000));
        let (begins_ms, sound) = ear.sound(from_ms, to_ms);
        assert_eq!(begins_ms, from_ms - PRE_ROLL_MS);
        assert_eq!(sound.samples().first(), Some(&(begins_ms as i16 / 20)));
    }

    #[test]
    fn somebody_who_goes_on_talking_is_reported_less_and_less_often() {
        let (mut ear, now) = (Ear::new(), Instant::now());
        let talking = |event| matches!(event, Some(EarEvent::Talking { .. }));
        let at: Vec<u64> = (0..600).filter(|&index| talking(ear.push(index, &frame(1), 0.9, now))).collect();
        assert!(at[0] < 25 && at.windows(2).all(|two| (25..=100).contains(&(two[1] - two[0]))), "{at:?}");
    }

    #[test]
    fn dropped_frames_do_not_move_later_times() {
        let (mut ear, now) = (Ear::new(), Instant::now());
        ear.push(0, &frame(1), 0.0, now);
        ear.push(100, &frame(2), 0.0, now);
        assert_eq!(ear.sound(2_000, 2_020).1.samples().iter().filter(|&&s| s == 2).count(), FRAME_8K);
    }

    #[test]
    fn the_sound_of_a_turn_is_kept_for_a_while_and_silence_is_not() {
        let (mut ear, now) = (Ear::new(), Instant::now());
        let mut turn = None;
        for index in 0..1_000 {
            let speech = if (100..500).contains(&index) { 0.9 } else { 0.1 };
            let event = ear.push(index, &frame(1), speech, now);
            if let Some(EarEvent::Ended { from_ms, to_ms, .. }) = event {
                turn = Some((from_ms, to_ms));
            }
            if let Some((from_ms, to_ms)) = turn.filter(|_| index < 700) {
                let whole = to_ms - from_ms + PRE_ROLL_MS;
                assert!(ear.sound(from_ms, to_ms).1.duration().as_millis() as u64 >= whole, "frame {index}");
            }
        }
        assert!(turn.is_some());
        assert!(ear.kept.len() <= IDLE_FRAMES + 1 && ear.kept.capacity() <= 4 * IDLE_FRAMES);
    }

    #[test]
    fn sound_older_than_what_is_kept_is_left_out() {
        let (mut ear, now) = (Ear::new(), Instant::now());
        for index in 0..2_000 {
            ear.push(index, &frame(1), 0.0, now);
        }
        assert!(ear.sound(0, 1_000).1.is_empty());
        // What is still there is still in its place.
        let (begins_ms, sound) = ear.sound(0, 39_500);
        assert_eq!(begins_ms, 40_000 - IDLE_FRAMES as u64 * FRAME_MS - FRAME_MS);
        assert_eq!(begins_ms + sound.duration().as_millis() as u64, 39_700);
    }
}
