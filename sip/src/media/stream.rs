//! The RTP stream that leaves a leg: sequence numbers, timestamps, and packets of the length that the peer wants. What
//! it carries is left to the speaking half, sockets to [`super::wire`].
//!
//! # Packet lengths
//!
//! A leg makes 20 ms of sound in each tick. Where one byte is 1/8000 s (G.711, G.722), that sound waits until there is
//! enough for a packet, and packets leave at their own pace: at a tick or, 10 ms later, between two ticks. So packets of
//! 10 ms leave two a tick and 10 ms apart, those of 30 ms every 30 ms, and those of 20 ms at once, without waiting. A
//! key or silence on our side sends what waits before its time. An Opus packet cannot be cut or joined; ours always last
//! 20 ms, which every receiver must take (RFC 7587 section 4.2): what `a=ptime` says is only what it would like best.

use audio::FRAME_8K;
use audio::codec::Codec;

use super::event::LegStats;
use super::wire::Outbox;
use crate::rtp::rtcp::SenderInfo;
use crate::rtp::{Header, KeyStep};
use crate::sdp::Agreed;
use crate::srtp::Shield;

/// 10 ms at 8 kHz: the step of packet lengths.
const SLOT: usize = FRAME_8K / 2;

/// The way out for one packet.
pub struct Exit<'a> {
    pub out: Outbox<'a>,
    /// On an encrypted leg.
    pub shield: Option<&'a mut Shield>,
}

/// Room for one packet, shared by all legs.
#[derive(Default)]
pub struct Workspace {
    pub payload: Vec<u8>,
    pub packet: Vec<u8>,
}

/// The stream that leaves.
pub struct Stream {
    codec: Codec,
    payload_type: u8,
    telephone_event: Option<u8>,
    /// How long packets are, in slots of 10 ms.
    length: usize,
    ssrc: u32,
    sequence: u16,
    /// The time of the next tick, at 8 kHz whatever the clock on the wire.
    timestamp: u32,
    waiting: Waiting,
    /// Whether the last packet held sound; none has been sent if this is not known.
    sounding: Option<bool>,
    packets: u64,
    bytes: u64,
    errors: u64,
}

/// Sound that is too short for a packet, or has to wait for its time.
#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    /// When it begins.
    timestamp: u32,
    marker: bool,
    /// Slots since the last packet left.
    slots: usize,
}

impl Stream {
    pub fn new(agreed: &Agreed) -> Stream {
        let mut stream = Stream {
            codec: agreed.codec,
            payload_type: 0,
            telephone_event: None,
            length: 2,
            ssrc: rand::random(),
            // In the lower half, so that SRTP's count of wraps begins without doubt (RFC 3711 section 3.3.1).
            sequence: rand::random::<u16>() >> 1,
            timestamp: rand::random(),
            waiting: Waiting::default(),
            sounding: None,
            packets: 0,
            bytes: 0,
            errors: 0,
        };
        stream.agree(agreed);
        stream
    }

    /// Follows a new agreement. What waits in the old coding is dropped.
    pub fn agree(&mut self, agreed: &Agreed) {
        if agreed.codec.clock() != self.codec.clock() {
            // Timestamps at another rate are another stream (RFC 7160).
            self.ssrc = rand::random();
            self.sequence = rand::random::<u16>() >> 1;
        }
        let length = usize::from(agreed.ptime_ms / 10).clamp(1, 6);
        if agreed.codec != self.codec || length != self.length {
            self.waiting.bytes.clear();
        }
        self.codec = agreed.codec;
        self.payload_type = agreed.payload_type;
        self.telephone_event = agreed.telephone_event;
        self.length = length;
    }

    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// The time of this tick, at 8 kHz.
    pub fn now(&self) -> u32 {
        self.timestamp
    }

    /// Whether keys are sent as events rather than as tones.
    pub fn takes_events(&self) -> bool {
        self.telephone_event.is_some()
    }

    /// Goes on to the next tick, or leaves out ticks that the thread was too late for.
    pub fn skip(&mut self, ticks: u64) {
        self.timestamp = self.timestamp.wrapping_add((ticks as u32).wrapping_mul(FRAME_8K as u32));
    }

    /// Sends nothing for now; what follows is a new talk spurt.
    pub fn rest(&mut self) {
        self.sounding = None;
        self.waiting.bytes.clear();
    }

    /// Leaves a sequence number out: the peer conceals what is missing better than we could.
    pub fn lose(&mut self) {
        self.sequence = self.sequence.wrapping_add(1);
    }

    /// Sends 20 ms of sound, or of silence, that began at `at`.
    pub fn sound(&mut self, sound: bool, at: u32, exit: &mut Exit<'_>, work: &mut Workspace) {
        let marker = match self.sounding {
            None => true,
            Some(before) => sound && !before,
        };
        self.sounding = Some(sound);
        if !self.is_paced() {
            self.send(marker, at, exit, work);
            return;
        }
        let end = self.waiting.timestamp.wrapping_add(self.waiting.bytes.len() as u32);
        if self.waiting.bytes.is_empty() {
            self.waiting.timestamp = at;
        } else if end != at {
            // The thread left ticks out.
            self.flush(exit, work);
            self.waiting.timestamp = at;
        }
        self.waiting.marker |= marker;
        self.waiting.bytes.extend_from_slice(&work.payload);
        self.pace(exit, work);
    }

    /// Whether packets leave between ticks too.
    pub fn is_paced(&self) -> bool {
        self.length != 2 && self.codec.is_divisible()
    }

    /// Half a tick later: sends the packet whose time has come.
    pub fn between(&mut self, exit: &mut Exit<'_>, work: &mut Workspace) {
        if self.is_paced() {
            self.pace(exit, work);
        }
    }

    fn pace(&mut self, exit: &mut Exit<'_>, work: &mut Workspace) {
        self.waiting.slots += 1;
        if self.waiting.slots >= self.length && self.waiting.bytes.len() >= self.length * SLOT {
            self.send_waiting(self.length * SLOT, exit, work);
        }
    }

    /// Sends whatever waits.
    fn flush(&mut self, exit: &mut Exit<'_>, work: &mut Workspace) {
        if !self.waiting.bytes.is_empty() {
            let payload = work.payload.clone();
            self.send_waiting(self.waiting.bytes.len(), exit, work);
            work.payload = payload;
        }
    }

    fn send_waiting(&mut self, length: usize, exit: &mut Exit<'_>, work: &mut Workspace) {
        work.payload.clear();
        work.payload.extend(self.waiting.bytes.drain(..length));
        let (marker, at) = (self.waiting.marker, self.waiting.timestamp);
        self.waiting.timestamp = at.wrapping_add(length as u32);
        self.waiting.marker = false;
        self.waiting.slots = 0;
        self.send(marker, at, exit, work);
    }

    /// Sends a packet of a key; false if this step is none, or the peer takes no keys.
    pub fn key(&mut self, step: KeyStep, exit: &mut Exit<'_>, work: &mut Workspace) -> bool {
        let (KeyStep::Event { marker, timestamp, mut event }, Some(payload_type)) = (step, self.telephone_event) else {
            return false;
        };
        self.flush(exit, work);
        // Our keys are far shorter than what 16 bits hold at 48 kHz (1.3 s).
        event.duration = event.duration.saturating_mul(self.scale() as u16);
        work.payload.clear();
        work.payload.extend_from_slice(&event.to_bytes());
        // The talk spurt that follows a key is a new one.
        self.sounding = Some(false);
        let sound = std::mem::replace(&mut self.payload_type, payload_type);
        self.send(marker, timestamp, exit, work);
        self.payload_type = sound;
        true
    }

    fn scale(&self) -> u32 {
        self.codec.clock() / 8_000
    }

    fn send(&mut self, marker: bool, at: u32, exit: &mut Exit<'_>, work: &mut Workspace) {
        let header = Header {
            marker,
            payload_type: self.payload_type,
            sequence: self.sequence,
            timestamp: at.wrapping_mul(self.scale()),
            ssrc: self.ssrc,
        };
        header.write(&work.payload, &mut work.packet);
        self.sequence = self.sequence.wrapping_add(1);
        let ready = exit.shield.as_mut().is_none_or(|shield| shield.protect_rtp(&mut work.packet));
        if ready && exit.out.send(&work.packet) {
            self.packets += 1;
            self.bytes += work.payload.len() as u64;
        } else {
            self.errors += 1;
        }
    }

    /// The name of the stream, and the packets it had so far.
    pub fn sent(&self) -> (u32, u64) {
        (self.ssrc, self.packets)
    }

    /// What RTCP says of it; nothing before the first packet. The time is filled in by the reports.
    pub fn sender_info(&self) -> Option<SenderInfo> {
        (self.packets > 0).then_some(SenderInfo {
            ntp: 0,
            rtp: self.timestamp.wrapping_mul(self.scale()),
            packets: self.packets as u32,
            bytes: self.bytes as u32,
        })
    }

    pub fn count(&self, stats: &mut LegStats) {
        stats.codec = self.codec;
        stats.packets_out = self.packets;
        stats.bytes_out = self.bytes;
        stats.send_errors = self.errors;
    }
}
