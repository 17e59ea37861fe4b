//! The sending half of a leg: one packet a tick, whatever there is to send. First come keys, then clips, then the
//! bridged peer or the conference, then the hold loop, then silence; a packet leaves in any case, so that NATs stay open and the peer's
//! jitter buffer stays filled.

use std::sync::{Arc, LazyLock};
use std::time::Instant;

use audio::g711::Codec;
use audio::quality::CodecClass;
use audio::{FRAME_8K, Frame8k, Pcm8k, tone};

use super::clip::Clip;
use super::event::{LegEvent, LegStats};
use super::hearing::Heard;
use super::player::Player;
use super::wire::Outbox;
use crate::rtp::rtcp::SenderInfo;
use crate::rtp::{Header, KEY_LENGTH, KeySender, KeyStep, digit_of_event, event_of_digit};

/// The keys as tones, for peers that take no telephone events.
static TONES: LazyLock<Vec<Clip>> = LazyLock::new(|| {
    let keys = (0..16).filter_map(digit_of_event);
    let tones = keys.map(|key| tone::dtmf(key, KEY_LENGTH).unwrap_or_else(Pcm8k::empty));
    let clips: Vec<Clip> = tones.map(Clip::new).collect();
    for clip in &clips {
        clip.prepare(Codec::Pcmu);
        clip.prepare(Codec::Pcma);
    }
    clips
});

/// Computes the tones now, so that the media thread need not.
pub fn prepare_tones() {
    LazyLock::force(&TONES);
}

/// The sending half of a leg.
pub struct Speaking {
    pub codec: Codec,
    pub telephone_event: Option<u8>,
    pub player: Player,
    pub keys: KeySender,
    pub muted: bool,
    pub paused: bool,
    /// What went out in this tick, as samples.
    pub said: Frame8k,
    hold: Option<(Arc<Clip>, usize)>,
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    /// Whether the last packet held sound; none has been sent if this is not known.
    sounding: Option<bool>,
    packets: u64,
    bytes: u64,
    errors: u64,
}

/// Whom a leg's peer hears when nothing is played.
#[derive(Clone, Copy, Debug)]
pub enum Company<'a> {
    /// Nobody.
    Alone,
    /// The peer of the bridged leg.
    Peer(&'a Heard),
    /// The others in a conference, mixed.
    Others(Frame8k),
}

/// Room for one packet, shared by all legs.
#[derive(Default)]
pub struct Workspace {
    payload: Vec<u8>,
    pub packet: Vec<u8>,
}

impl Speaking {
    pub fn new(codec: Codec, telephone_event: Option<u8>) -> Speaking {
        Speaking {
            codec,
            telephone_event,
            player: Player::default(),
            keys: KeySender::default(),
            muted: false,
            paused: false,
            said: [0; FRAME_8K],
            hold: None,
            ssrc: rand::random(),
            sequence: rand::random(),
            timestamp: rand::random(),
            sounding: None,
            packets: 0,
            bytes: 0,
            errors: 0,
        }
    }

    pub fn set_hold(&mut self, clip: Option<Arc<Clip>>) {
        self.hold = clip.filter(|clip| clip.frames() > 0).map(|clip| (clip, 0));
    }

    /// Leaves out ticks that the thread was too late for.
    pub fn skip(&mut self, ticks: u64) {
        self.timestamp = self.timestamp.wrapping_add((ticks as u32).wrapping_mul(FRAME_8K as u32));
    }

    /// Sends the packet of this tick. With nowhere to send it to, or paused, everything waits.
    pub fn tick(
        &mut self,
        out: Option<Outbox<'_>>,
        company: Company<'_>,
        now: Instant,
        work: &mut Workspace,
        events: &mut Vec<LegEvent>,
    ) {
        self.said = [0; FRAME_8K];
        let now_stamp = self.timestamp;
        self.skip(1);
        let Some(out) = out.filter(|_| !self.paused) else {
            self.sounding = None;
            return;
        };
        work.payload.clear();
        let mut header = Header {
            marker: false,
            payload_type: self.codec.payload_type(),
            sequence: self.sequence,
            timestamp: now_stamp,
            ssrc: self.ssrc,
        };
        let step = self.keys.tick(now_stamp, self.telephone_event.is_some());
        if let (KeyStep::Event { marker, timestamp, event }, Some(payload_type)) = (step, self.telephone_event) {
            header.marker = marker;
            header.payload_type = payload_type;
            header.timestamp = timestamp;
            work.payload.extend_from_slice(&event.to_bytes());
            // The talk spurt that follows a key is a new one.
            self.sounding = Some(false);
            self.send(out, header, work);
            return;
        }
        let source = self.fill(step, company, now, &mut work.payload, events);
        if self.muted {
            work.payload.clear();
            self.said = [0; FRAME_8K];
        }
        let sound = source != Source::Silence && !self.muted;
        work.payload.resize(FRAME_8K, self.codec.silence_byte());
        header.marker = match self.sounding {
            None => true,
            Some(before) => sound && !before,
        };
        self.sounding = Some(sound);
        self.send(out, header, work);
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
        let codec = self.codec;
        if let KeyStep::Tone { digit, frame } = step {
            if let Some(clip) = event_of_digit(digit).and_then(|key| TONES.get(usize::from(key))) {
                copy(clip, frame, codec, payload, &mut self.said);
            }
            return Source::Other;
        }
        if let Some((clip, frame)) = self.player.current(now, events) {
            copy(clip, frame, codec, payload, &mut self.said);
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
                    None => codec.encode(&heard.pcm, payload),
                }
                return Source::Other;
            }
            Company::Others(pcm) => {
                if pcm == [0; FRAME_8K] {
                    return Source::Silence;
                }
                codec.encode(&pcm, payload);
                self.said = pcm;
                return Source::Other;
            }
        }
        if let Some((clip, frame)) = &mut self.hold {
            copy(clip, *frame, codec, payload, &mut self.said);
            *frame = (*frame + 1) % clip.frames().max(1);
            return Source::Other;
        }
        Source::Silence
    }

    fn send(&mut self, out: Outbox<'_>, header: Header, work: &mut Workspace) {
        header.write(&work.payload, &mut work.packet);
        self.sequence = self.sequence.wrapping_add(1);
        if out.send(&work.packet) {
            self.packets += 1;
            self.bytes += work.payload.len() as u64;
        } else {
            self.errors += 1;
        }
    }

    /// Our stream and the packets it had so far.
    pub fn stream(&self) -> (u32, u64) {
        (self.ssrc, self.packets)
    }

    /// What RTCP says of our sending; nothing before the first packet. The time is filled in by the reports.
    pub fn sender_info(&self) -> Option<SenderInfo> {
        (self.packets > 0).then_some(SenderInfo {
            ntp: 0,
            rtp: self.timestamp,
            packets: self.packets as u32,
            bytes: self.bytes as u32,
        })
    }

    /// The rate of our timestamps in Hz.
    pub fn clock(&self) -> u32 {
        8_000
    }

    /// How the coding that is said bears loss.
    pub fn codec_class(&self) -> CodecClass {
        CodecClass::G711
    }

    pub fn count(&self, stats: &mut LegStats) {
        stats.packets_out = self.packets;
        stats.bytes_out = self.bytes;
        stats.send_errors = self.errors;
    }
}

/// Where the sound of a packet came from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Clip,
    Other,
    Silence,
}

fn copy(clip: &Clip, frame: usize, codec: Codec, payload: &mut Vec<u8>, said: &mut Frame8k) {
    let samples = clip.samples(frame);
    match clip.payload(frame, codec) {
        Some(bytes) => payload.extend_from_slice(bytes),
        // The codec changed after the clip was queued: 160 samples are quickly encoded.
        None => codec.encode(samples, payload),
    }
    for (to, from) in said.iter_mut().zip(samples) {
        *to = *from;
    }
}
