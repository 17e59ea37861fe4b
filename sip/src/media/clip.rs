//! Sound to play: encoded once, before the media thread needs it, and shared by every leg that plays it.
//! Where the sound comes from (prompt files, a voice) is left to others.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use audio::codec::{Codec, Encoder, Sound};
use audio::{FRAME, FRAME_8K, Frame8k, Pcm8k};

/// A frame at or above this level (RMS, dBov) counts as voiced: far below speech, far above line noise.
pub const VOICED_DBOV: f32 = -50.0;

/// Sound that can be played on any number of legs at once.
#[derive(Debug)]
pub struct Clip {
    pcm: Pcm8k,
    coded: [OnceLock<Coded>; Codec::ALL.len()],
    voiced: Box<[bool]>,
}

/// A clip in one coding, frame after frame.
#[derive(Debug)]
struct Coded {
    bytes: Box<[u8]>,
    /// Where each frame ends.
    ends: Box<[u32]>,
}

impl Coded {
    /// The last frame is filled up with silence.
    fn new(pcm: &Pcm8k, codec: Codec) -> Coded {
        let mut encoder = Encoder::new(codec);
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for samples in pcm.samples().chunks(FRAME_8K) {
            let mut frame: Frame8k = [0; FRAME_8K];
            frame[..samples.len()].copy_from_slice(samples);
            encoder.encode(Sound::Narrow(&frame), &mut bytes);
            ends.push(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        }
        Coded { bytes: bytes.into_boxed_slice(), ends: ends.into_boxed_slice() }
    }

    fn frame(&self, number: usize) -> &[u8] {
        let end = |number: usize| self.ends.get(number).map_or(self.bytes.len(), |&end| end as usize);
        let start = number.checked_sub(1).map_or(0, end);
        self.bytes.get(start..end(number)).unwrap_or_default()
    }
}

impl Clip {
    /// Takes the sound; the last frame is filled up with silence when it is played.
    pub fn new(pcm: Pcm8k) -> Clip {
        let voiced = pcm.samples().chunks(FRAME_8K).map(is_voiced).collect();
        Clip { pcm, coded: Default::default(), voiced }
    }

    /// The sound itself.
    pub fn pcm(&self) -> &Pcm8k {
        &self.pcm
    }

    /// How long it lasts.
    pub fn duration(&self) -> Duration {
        self.pcm.duration()
    }

    /// How many 20 ms frames it fills, the last perhaps in part.
    pub fn frames(&self) -> usize {
        self.voiced.len()
    }

    /// Whether the frame with this number is voiced ([`VOICED_DBOV`]).
    pub fn is_voiced(&self, frame: usize) -> bool {
        self.voiced.get(frame).copied().unwrap_or(false)
    }

    /// How much silence comes before the first voiced frame; nothing when no frame is voiced.
    pub fn leading_silence(&self) -> Option<Duration> {
        let first = self.voiced.iter().position(|&voiced| voiced)?;
        Some(FRAME * u32::try_from(first).unwrap_or(u32::MAX))
    }

    /// Encodes the clip now unless that has been done, so that the media thread need not.
    pub fn prepare(&self, codec: Codec) {
        self.coded[codec.index()].get_or_init(|| Coded::new(&self.pcm, codec));
    }

    /// The samples of a frame; fewer than 160 at the end of the clip, none after it.
    pub(super) fn samples(&self, frame: usize) -> &[i16] {
        part(self.pcm.samples(), frame)
    }

    /// The encoded frame, if the clip has been prepared for this codec.
    pub(super) fn payload(&self, frame: usize, codec: Codec) -> Option<&[u8]> {
        self.coded[codec.index()].get().map(|coded| coded.frame(frame))
    }
}

fn part<T>(all: &[T], frame: usize) -> &[T] {
    let start = frame.saturating_mul(FRAME_8K).min(all.len());
    let end = (start + FRAME_8K).min(all.len());
    &all[start..end]
}

fn is_voiced(samples: &[i16]) -> bool {
    let energy: i64 = samples.iter().map(|&s| i64::from(s) * i64::from(s)).sum();
    let full_scale = 32_768.0 * 32_768.0 * samples.len().max(1) as f32;
    energy as f32 / full_scale >= 10f32.powf(VOICED_DBOV / 10.0)
}

/// A clip in a leg's queue.
#[derive(Clone, Debug)]
pub struct Playback {
    /// The turn that caused it; [`Leg::stop_turn`](super::Leg::stop_turn) drops it by this number.
    pub turn: u64,
    /// Names this playback in [`LegEvent::PlayStarted`](super::LegEvent::PlayStarted) and `PlayEnded`.
    pub id: u64,
    /// The sound.
    pub clip: Arc<Clip>,
    /// Whether it begins again at its end, until it is stopped.
    pub loop_: bool,
}
