//! What a person at this telephone would notice, from its frames alone: pauses, replies, and how long they take.

use std::time::{Duration, Instant};

use audio::{Frame8k, Pcm8k};

/// A frame at or above this level (dBov) is a sound and no background.
const VOICED_DBOV: f32 = -50.0;

/// Follows both directions of a call.
#[derive(Debug, Default)]
pub struct Measured {
    heard: Vec<i16>,
    said: Vec<i16>,
    first_sound: Option<Instant>,
    last_heard: Option<Instant>,
    last_said: Option<Instant>,
    /// When we finished speaking, until the reply comes.
    waiting_since: Option<Instant>,
    /// Whether the other side has spoken since we last did.
    answered: bool,
    replies: Vec<Duration>,
}

impl Measured {
    /// Takes 20 ms of both directions.
    pub fn frame(&mut self, heard: &Frame8k, said: &Frame8k, at: Instant) {
        self.heard.extend_from_slice(heard);
        self.said.extend_from_slice(said);
        if is_voiced(said) {
            self.last_said = Some(at);
        }
        if is_voiced(heard) {
            self.first_sound.get_or_insert(at);
            self.last_heard = Some(at);
            if let Some(since) = self.waiting_since.take() {
                self.replies.push(at.saturating_duration_since(since));
            }
            self.answered = true;
        }
    }

    /// We have finished speaking: the next sound is the reply.
    pub fn spoke(&mut self) {
        self.waiting_since = self.last_said;
        self.answered = false;
    }

    /// We pressed keys: the next sound is an answer, but how fast it comes is not measured.
    pub fn pressed(&mut self) {
        self.answered = false;
    }

    /// Whether the other side has spoken since we did, and has been silent for this long.
    pub fn is_our_turn(&self, quiet: Duration, now: Instant) -> bool {
        self.answered && self.last_heard.is_some_and(|at| now.saturating_duration_since(at) >= quiet)
    }

    /// When the first sound came.
    pub fn first_sound(&self) -> Option<Instant> {
        self.first_sound
    }

    /// From the end of our speech to the first sound of each reply, as heard here.
    pub fn replies(&self) -> &[Duration] {
        &self.replies
    }

    /// What was heard, from the answer on.
    pub fn heard(&self) -> Pcm8k {
        Pcm8k::new(self.heard.clone())
    }

    /// What was said, from the answer on.
    pub fn said(&self) -> Pcm8k {
        Pcm8k::new(self.said.clone())
    }
}

fn is_voiced(frame: &Frame8k) -> bool {
    let energy: i64 = frame.iter().map(|&sample| i64::from(sample) * i64::from(sample)).sum();
    energy as f32 / (32_768.0 * 32_768.0 * frame.len() as f32) >= 10f32.powf(VOICED_DBOV / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOUD: Frame8k = [4_000; 160];
    const QUIET: Frame8k = [0; 160];

    #[test]
    fn a_reply_is_timed_from_our_last_sound_to_the_first_of_the_other_side() {
        let (mut measured, start) = (Measured::default(), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        measured.frame(&QUIET, &LOUD, at(0));
        measured.frame(&QUIET, &LOUD, at(20));
        measured.frame(&QUIET, &QUIET, at(40));
        measured.spoke();
        measured.frame(&QUIET, &QUIET, at(60));
        measured.frame(&LOUD, &QUIET, at(520));
        measured.frame(&LOUD, &QUIET, at(540));
        assert_eq!(measured.replies(), [Duration::from_millis(500)]);
    }

    #[test]
    fn it_is_our_turn_after_the_other_side_spoke_and_paused() {
        let (mut measured, start) = (Measured::default(), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        let quiet = Duration::from_millis(300);
        assert!(!measured.is_our_turn(quiet, at(5_000)));
        measured.frame(&LOUD, &QUIET, at(0));
        assert!(!measured.is_our_turn(quiet, at(200)));
        assert!(measured.is_our_turn(quiet, at(300)));
        measured.pressed();
        assert!(!measured.is_our_turn(quiet, at(400)));
    }
}
