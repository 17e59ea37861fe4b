//! Is somebody speaking in this frame? A small neural network (earshot) answers for windows of 16 ms at 16 kHz; this
//! module feeds it from 20 ms telephone frames. Where a turn begins and ends is left to [`crate::endpoint`].

use earshot::Detector;

use crate::resample::Doubler;
use crate::{FRAME_16K, Frame8k};

/// From this probability on a frame counts as speech, at the start of a turn and within it. A lower threshold for
/// letting go makes the detector stick to noise.
pub const SPEECH: f32 = 0.5;

const WINDOW: usize = 256;

/// Voice activity of one stream.
pub struct VoiceActivity {
    doubler: Doubler,
    // 8 KiB of state that would otherwise wander over the stack with each move.
    detector: Box<Detector>,
    pending: [i16; WINDOW + FRAME_16K],
    filled: usize,
    newest: f32,
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
        }
    }

    /// The probability (0 to 1) that the newest 16 ms window holds speech. Four frames complete five windows.
    pub fn push(&mut self, frame: &Frame8k) -> f32 {
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
