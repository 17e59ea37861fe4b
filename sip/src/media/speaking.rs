//! The sending half of a leg: 20 ms a tick, whatever there is to send. First come keys, then clips, then the bridged
//! peer or the conference, then the hold loop, then silence; something leaves in any case, so that NATs stay open and
//! the peer's jitter buffer stays filled. Into which packets it goes is left to the stream.
//!
//! Clips are encoded beforehand, and what a bridged peer sends in the same coding is passed on as it came. Anything else
//! is encoded here, on the media thread: cheap for G.711, some 13 µs a tick for G.722, 100 µs for Opus.

use std::sync::{Arc, LazyLock};
use std::time::Instant;

use audio::codec::{Codec, Encoder, Sound, silence};
use audio::{FRAME_8K, Frame8k, Pcm8k, tone};

use super::clip::Clip;
use super::event::LegEvent;
use super::hearing::Heard;
use super::player::Player;
use super::stream::{Exit, Stream, Workspace};
use crate::rtp::{KEY_LENGTH, KeySender, KeyStep, digit_of_event, event_of_digit};
use crate::sdp::Agreed;

/// The keys as tones, for peers that take no telephone events.
static TONES: LazyLock<Vec<Clip>> = LazyLock::new(|| {
    let keys = (0..16).filter_map(digit_of_event);
    let tones = keys.map(|key| tone::dtmf(key, KEY_LENGTH).unwrap_or_else(Pcm8k::empty));
    tones.map(Clip::new).collect()
});

/// Computes and encodes the tones and silence now, so that the media thread need not.
pub fn prepare(codec: Codec) {
    silence(codec);
    for clip in TONES.iter() {
        clip.prepare(codec);
    }
}

/// The sending half of a leg.
pub struct Speaking {
    pub stream: Stream,
    pub player: Player,
    pub keys: KeySender,
    pub muted: bool,
    pub paused: bool,
    /// What went out in this tick, as samples.
    pub said: Frame8k,
    hold: Option<(Arc<Clip>, usize)>,
    /// For what is not encoded beforehand; made when it is first needed.
    encoder: Option<Encoder>,
}

/// Whom a leg's peer hears when nothing is played.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::large_enum_variant)] // Made and read within one tick, never kept.
pub enum Company<'a> {
    /// Nobody.
    Alone,
    /// The peer of the bridged leg.
    Peer(&'a Heard),
    /// The others in a conference, mixed.
    Others(Frame8k),
}

impl Speaking {
    pub fn new(agreed: &Agreed) -> Speaking {
        Speaking {
            stream: Stream::new(agreed),
            player: Player::default(),
            keys: KeySender::default(),
            muted: false,
            paused: false,
            said: [0; FRAME_8K],
            hold: None,
            encoder: None,
        }
    }

    /// Whether there is nothing to say but silence, as long as the leg is alone.
    pub fn is_idle(&self) -> bool {
        self.hold.is_none() && self.player.is_empty()
    }

    pub fn set_hold(&mut self, clip: Option<Arc<Clip>>) {
        self.hold = clip.filter(|clip| clip.frames() > 0).map(|clip| (clip, 0));
    }

    /// Sends the sound of this tick. With no way out, or paused, everything waits.
    pub fn tick(
        &mut self,
        exit: Option<Exit<'_>>,
        company: Company<'_>,
        now: Instant,
        work: &mut Workspace,
        events: &mut Vec<LegEvent>,
    ) {
        self.said = [0; FRAME_8K];
        let at = self.stream.now();
        self.stream.skip(1);
        let Some(mut exit) = exit.filter(|_| !self.paused) else {
            self.stream.rest();
            return;
        };
        let step = self.keys.tick(at, self.stream.takes_events());
        if self.stream.key(step, &mut exit, work) {
            return;
        }
        work.payload.clear();
        let source = self.fill(step, company, now, &mut work.payload, events);
        if source == Source::Lost && !self.muted {
            self.stream.lose();
            return;
        }
        if self.muted {
            work.payload.clear();
            self.said = [0; FRAME_8K];
        }
        let sound = source != Source::Silence && !self.muted;
        if work.payload.is_empty() {
            work.payload.extend_from_slice(silence(self.stream.codec()));
        }
        self.stream.sound(sound, at, &mut exit, work);
        if source == Source::Clip {
            self.player.sent(!self.muted, Instant::now(), events);
        }
    }

    /// Fills the payload from the first source that has something.
    fn fill(
        &mut self,
        step: KeyStep,
        company: Company<'_>,
        now: Instant,
        payload: &mut Vec<u8>,
        events: &mut Vec<LegEvent>,
    ) -> Source {
        let codec = self.stream.codec();
        let encoder = &mut self.encoder;
        if let KeyStep::Tone { digit, frame } = step {
            if let Some(clip) = event_of_digit(digit).and_then(|key| TONES.get(usize::from(key))) {
                copy(clip, frame, codec, encoder, payload, &mut self.said);
            }
            return Source::Other;
        }
        if let Some((clip, frame)) = self.player.current(now, events) {
            copy(clip, frame, codec, encoder, payload, &mut self.said);
            return Source::Clip;
        }
        match company {
            Company::Alone => {}
            Company::Peer(heard) => {
                if !heard.sound {
                    return Source::Silence;
                }
                self.said = heard.pcm;
                match heard.payload(codec) {
                    Some(bytes) => payload.extend_from_slice(bytes),
                    None if heard.is_lost(codec) => return Source::Lost,
                    None => encode(encoder, codec, &heard.pcm, payload),
                }
                return Source::Other;
            }
            Company::Others(pcm) => {
                if pcm == [0; FRAME_8K] {
                    return Source::Silence;
                }
                encode(encoder, codec, &pcm, payload);
                self.said = pcm;
                return Source::Other;
            }
        }
        if let Some((clip, frame)) = &mut self.hold {
            copy(clip, *frame, codec, encoder, payload, &mut self.said);
            *frame = (*frame + 1) % clip.frames().max(1);
            return Source::Other;
        }
        Source::Silence
    }
}

/// Where the sound of a packet came from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Clip,
    Other,
    Silence,
    /// A packet that the bridged peer sent and that never came.
    Lost,
}

fn copy(
    clip: &Clip,
    frame: usize,
    codec: Codec,
    encoder: &mut Option<Encoder>,
    payload: &mut Vec<u8>,
    said: &mut Frame8k,
) {
    for (to, from) in said.iter_mut().zip(clip.samples(frame)) {
        *to = *from;
    }
    match clip.payload(frame, codec) {
        Some(bytes) => payload.extend_from_slice(bytes),
        // The codec changed after the clip was queued.
        None => encode(encoder, codec, said, payload),
    }
}

fn encode(encoder: &mut Option<Encoder>, codec: Codec, pcm: &Frame8k, payload: &mut Vec<u8>) {
    let fits = encoder.take().filter(|encoder| encoder.codec() == codec);
    encoder.get_or_insert(fits.unwrap_or_else(|| Encoder::new(codec))).encode(Sound::Narrow(pcm), payload);
}
