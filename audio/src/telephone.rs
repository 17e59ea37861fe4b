//! What a telephone line does to clean speech.

use crate::{Pcm16k, g711::Codec};

/// A telephone line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditions {
    /// The coding on the wire.
    pub codec: Codec,
    /// Share of 20 ms packets lost, 0 to 1.
    pub loss: f32,
    /// Mean length of a run of lost packets; 1 is independent loss.
    pub loss_burst: f32,
    /// White noise this many dB below the speech.
    pub noise_snr_db: Option<f32>,
    /// The same seed gives the same line.
    pub seed: u64,
}

impl Default for Conditions {
    fn default() -> Self {
        Self {
            codec: Codec::Pcmu,
            loss: 0.0,
            loss_burst: 1.0,
            noise_snr_db: None,
            seed: 1,
        }
    }
}

/// Sends audio over the line.
pub fn to_telephone(audio: &Pcm16k, _conditions: Conditions) -> Pcm16k {
    audio.clone()
}
