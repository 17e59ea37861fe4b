//! Signal processing for telephone audio: everything that can be computed from samples alone.
//!
//! This crate knows nothing of calls, sockets, threads or models. It is synchronous and holds no clock: where time
//! matters (end of a turn, jitter buffer) time is the number of 20 ms frames that went through.
//!
//! | module | holds |
//! |---|---|
//! | [`Pcm`] | samples whose rate is part of their type |
//! | [`codec`] | the codings of a call: G.711, G.722, Opus |
//! | [`g711`] | μ-law and A-law |
//! | [`resample`] | rate conversion: whole recordings, and streaming between 8 and 16 kHz |
//! | [`wav`] | reading and writing WAV files |
//! | [`vad`] | is somebody speaking in this frame? |
//! | [`background`] | what is louder than the rest |
//! | [`endpoint`] | has the caller finished the turn? |
//! | [`echo`] | is what is heard only our own voice coming back? |
//! | [`jitter`] | RTP payloads back into an even stream |
//! | [`conceal`] | sound for packets that never came |
//! | [`quality`] | how loss and delay sound to a person (E-model, MOS) |
//! | [`dtmf`] | keys heard as tones |
//! | [`noise`] | comfort noise |
//! | [`tone`], [`mix`] | tones, sums and gains |
//! | [`similarity`] | finds one piece of sound inside another |
//! | [`telephone`] | what a telephone line does to clean speech, for evaluations |

pub mod background;
pub mod codec;
pub mod conceal;
pub mod dtmf;
pub mod echo;
pub mod endpoint;
pub mod g711;
pub mod jitter;
pub mod mix;
pub mod noise;
mod pcm;
pub mod quality;
pub mod resample;
pub mod similarity;
pub mod telephone;
pub mod tone;
pub mod vad;
pub mod wav;

pub use pcm::{FRAME, FRAME_8K, FRAME_16K, Frame8k, Frame16k, Pcm, Pcm8k, Pcm16k};
