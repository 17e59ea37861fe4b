//! Is somebody speaking in this frame? A small neural network (earshot) answers for windows of 16 ms at 16 kHz; this
//! module feeds it from 20 ms telephone frames. Where a turn begins and ends is left to [`crate::endpoint`].

use earshot::Detector;

use crate::resample::Doubler;
use crate::{FRAME_16K, Frame8k};

/// From this probability on a frame counts as speech, at the start of a turn and within it. A lower threshold for
/// letting go makes the detector stick to noise.
pub const SPEECH: f32 = 0.5;

const WINDOW: usize = 256;

/// No sample beyond this (-60 dBov at its peak) is an idle line, on which nobody speaks …
const IDLE: u16 = 32;
/// … and after so many frames (0.5 s) the network has nothing left to forget, so it need not be asked. A caller listens
/// half of the time, and the network costs far more than all the rest of a leg.
const IDLE_FRAMES: u32 = 25;

/// Voice activity of one stream.
pub struct VoiceActivity {
    doubler: Doubler,
    // 8 KiB of state that would otherwise wander over the stack with each move.
    detector: Box<Detector>,
    pending: [i16; WINDOW + FRAME_16K],
    filled: usize,
    newest: f32,
    /// Idle frames in a row.
    idle: u32,
}

impl VoiceActivity {
    /// A detector that has heard silence so far.
    pub fn new() -> Self {
        Self {
            doubler: Doubler::new(),
            detector: Detector::default_boxed(),
            pending: [0; WINDOW + FRAME_16K],
            filled: 0,
            newest: 0.0,
            idle: 0,
        }
    }

    /// The probability (0 to 1) that the newest 16 ms window holds speech. Four frames complete five windows.
    /// On a line that has been idle for half a second it is 0.
    pub fn push(&mut self, frame: &Frame8k) -> f32 {
        let idle = frame.iter().all(|sample| sample.unsigned_abs() <= IDLE);
        self.idle = if idle { self.idle.saturating_add(1) } else { 0 };
        if self.idle > IDLE_FRAMES {
            self.newest = 0.0;
            return 0.0;
        }
        let doubled = self.doubler.push(frame);
        self.pending[self.filled..self.filled + FRAME_16K].copy_from_slice(&doubled);
        self.filled += FRAME_16K;
        let mut start = 0;
        while self.filled - start >= WINDOW {
            let score = self.detector.predict_i16(&self.pending[start..start + WINDOW]);
            self.newest = score.clamp(0.0, 1.0);
            start += WINDOW;
        }
        self.pending.copy_within(start..self.filled, 0);
        self.filled -= start;
        self.newest
    }

    /// Forgets the stream heard so far.
    pub fn reset(&mut self) {
        self.doubler = Doubler::new();
        self.detector.reset();
        self.filled = 0;
        self.newest = 0.0;
        self.idle = 0;
    }
}

impl Default for VoiceActivity {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for VoiceActivity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VoiceActivity").field("newest", &self.newest).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FRAME_8K;

    #[test]
    fn a_detector_may_move_to_another_thread() {
        fn assert_send<T: Send>() {}
        assert_send::<VoiceActivity>();
    }

    #[test]
    fn digital_silence_is_no_speech() {
        let mut vad = VoiceActivity::new();
        assert!((0..500).all(|_| vad.push(&[0; FRAME_8K]) < SPEECH));
    }

    #[test]
    fn the_noise_of_an_idle_line_is_no_speech() {
        // A-law's smallest levels, at random: what a quiet line sounds like.
        let noise: Vec<i16> =
            (0..80_000u32).map(|n| if n.wrapping_mul(2_654_435_761) >> 31 == 0 { 8 } else { -8 }).collect();
        let mut vad = VoiceActivity::new();
        assert!(noise.as_chunks().0.iter().all(|frame| vad.push(frame) < SPEECH));
    }

    #[test]
    fn after_an_idle_line_sound_is_judged_as_if_the_line_had_not_been_idle_for_so_long() {
        let sweep = |n: u32| ((n as f32 * n as f32 * 1e-5).sin() * 9_000.0) as i16;
        let sound: Vec<i16> = (0..8_000).map(sweep).collect();
        let after = |idle: u32| {
            let mut vad = VoiceActivity::new();
            (0..idle).for_each(|_| assert!(vad.push(&[0; FRAME_8K]) < SPEECH));
            sound.as_chunks().0.iter().map(|frame| vad.push(frame)).collect::<Vec<f32>>()
        };
        assert_eq!(after(28), after(1_000));
        assert!(after(1_000).iter().any(|&speech| speech > 0.0));
    }

    #[test]
    fn a_reset_detector_is_as_good_as_new() {
        let noise: Vec<i16> = (0..16_000i32).map(|n| (n.wrapping_mul(7_919) % 20_011 - 10_000) as i16).collect();
        let scores =
            |vad: &mut VoiceActivity| noise.as_chunks().0.iter().map(|frame| vad.push(frame)).collect::<Vec<_>>();
        let mut vad = VoiceActivity::new();
        let first = scores(&mut vad);
        vad.reset();
        assert_eq!(first, scores(&mut vad));
    }
}
