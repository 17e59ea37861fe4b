//! The receiving half of a leg: datagrams in, 20 ms of the peer's sound and its keys out. Reading the socket and
//! making use of the sound are left to the line.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use audio::dtmf::KeyDetector;
use audio::g711::Codec;
use audio::jitter::{JitterBuffer, Playout};
use audio::quality::CodecClass;
use audio::{FRAME, FRAME_8K, Frame8k};

use super::event::{LegEvent, LegStats};
use super::latch::{Latch, Verdict};
use super::player::ticks;
use super::quality::Counts;
use crate::rtp::{KeyReceiver, KeySource, Packet, Presses, Reception, TelephoneEvent};

/// The rate of the timestamps in Hz.
const CLOCK: u32 = 8_000;
/// Comfort noise (RFC 3389): a sign of life without sound.
const COMFORT_NOISE: u8 = 13;
/// No RTP for this many ticks is worth saying.
const NO_RTP_TICKS: u64 = 250;
/// A peer that sends a key may leave out this many ticks of audio around it.
const KEY_TICKS: u64 = 5;
/// 200 ms of G.711: no sane peer puts more into one packet.
const MAX_PAYLOAD: usize = 1_600;

/// What the peer said in one tick.
#[derive(Debug)]
pub struct Heard {
    /// As it came, to be passed on untouched; nothing when the samples differ from it.
    payload: Option<(Codec, Vec<u8>)>,
    /// Decoded or concealed; silence unless somebody needs samples.
    pub pcm: Frame8k,
    /// Whether `pcm` stands in for a missing packet.
    pub concealed: bool,
    /// Whether there is any sound at all.
    pub sound: bool,
}

impl Heard {
    /// The encoded form, if it came in this codec.
    pub fn payload(&self, codec: Codec) -> Option<&[u8]> {
        let (came_in, bytes) = self.payload.as_ref()?;
        (*came_in == codec).then_some(bytes)
    }

    fn silence(&mut self) {
        self.payload = None;
        self.pcm = [0; FRAME_8K];
        self.concealed = false;
        self.sound = false;
    }
}

/// The receiving half of a leg.
pub struct Hearing {
    pub latch: Latch,
    pub telephone_event: Option<u8>,
    pub muted: bool,
    pub heard: Heard,
    pub reception: Reception,
    jitter: JitterBuffer,
    /// The codec the peer sends, which need not be ours.
    codec: Codec,
    keys: KeyReceiver,
    presses: Presses,
    /// Listens for keys as tones; whether to do so if not as agreement has it.
    detector: Option<Box<KeyDetector>>,
    detect: Option<bool>,
    /// For so many ticks, what is missing makes room for a key and is not lost.
    key: u64,
    /// Ticks since the last valid packet.
    quiet: u64,
    packets: u64,
    bytes: u64,
    invalid: u64,
    strangers: u64,
}

impl Hearing {
    pub fn new(remote: Option<SocketAddr>, codec: Codec, telephone_event: Option<u8>) -> Hearing {
        Hearing {
            latch: Latch::new(remote),
            telephone_event,
            muted: false,
            heard: Heard { payload: None, pcm: [0; FRAME_8K], concealed: false, sound: false },
            reception: Reception::default(),
            jitter: JitterBuffer::default(),
            codec,
            keys: KeyReceiver::default(),
            presses: Presses::default(),
            detector: None,
            detect: None,
            key: 0,
            quiet: 0,
            packets: 0,
            bytes: 0,
            invalid: 0,
            strangers: 0,
        }
    }

    /// Takes a datagram, which may hold anything; returns the key that it begins, if any.
    pub fn datagram(
        &mut self,
        datagram: &[u8],
        from: SocketAddr,
        now: Instant,
        arrival: Duration,
        events: &mut Vec<LegEvent>,
    ) -> Option<char> {
        let Some((packet, kind)) = self.understand(datagram) else {
            self.invalid += 1;
            return None;
        };
        let header = packet.header;
        let first = self.packets == 0;
        match self.latch.packet(from, header.ssrc, header.sequence, now) {
            Verdict::Stranger => {
                self.strangers += 1;
                return None;
            }
            Verdict::Latched if first => events.push(LegEvent::FirstPacket { from, at: now }),
            Verdict::Latched | Verdict::Accept => {}
        }
        self.packets += 1;
        self.bytes += packet.payload.len() as u64;
        self.quiet = 0;
        let begins = self.reception.packet(header.ssrc, header.sequence);
        if begins && !first {
            self.jitter.reset(CLOCK);
            self.keys.reset();
        }
        match kind {
            Kind::Audio(codec) => {
                if self.codec != codec {
                    // What waits in the buffer is in the other coding.
                    self.jitter.reset(CLOCK);
                    self.codec = codec;
                }
                self.reception.arrived(header.timestamp, arrival, CLOCK);
                let samples = packet.payload.len();
                self.jitter.push(header.sequence, header.timestamp, samples, packet.payload);
                None
            }
            Kind::Event(event) => {
                // In the jitter buffer the packet of a key is 20 ms of silence; what its repetitions push aside is
                // missing some time later, when its turn comes.
                self.key = KEY_TICKS + (self.jitter.target().as_nanos() / FRAME.as_nanos()) as u64;
                let passed = u32::from(event.duration).saturating_sub(FRAME_8K as u32);
                self.jitter.push_silence(header.sequence, header.timestamp.wrapping_add(passed), FRAME_8K);
                let digit = self.keys.packet(header.timestamp, header.marker, event)?;
                self.press(digit, KeySource::Event, now, events)
            }
            Kind::ComfortNoise => {
                self.jitter.push_silence(header.sequence, header.timestamp, 0);
                None
            }
        }
    }

    fn understand<'a>(&self, datagram: &'a [u8]) -> Option<(Packet<'a>, Kind)> {
        let packet = Packet::parse(datagram)?;
        let payload_type = packet.header.payload_type;
        let kind = if Some(payload_type) == self.telephone_event {
            Kind::Event(TelephoneEvent::parse(packet.payload)?)
        } else if payload_type == COMFORT_NOISE {
            Kind::ComfortNoise
        } else {
            Kind::Audio(Codec::from_payload_type(payload_type)?)
        };
        let fits = packet.payload.len() <= MAX_PAYLOAD;
        let empty = packet.payload.is_empty() && matches!(kind, Kind::Audio(_));
        (fits && !empty).then_some((packet, kind))
    }

    /// Reports a key unless it is known already.
    pub fn press(&mut self, digit: char, source: KeySource, now: Instant, events: &mut Vec<LegEvent>) -> Option<char> {
        let new = self.presses.is_new(digit, source, now);
        new.then(|| {
            events.push(LegEvent::Key { digit, at: now });
            digit
        })
    }

    /// Whether to listen for keys as tones, whatever was agreed on.
    pub fn detect_tones(&mut self, detect: bool) {
        self.detect = Some(detect);
    }

    /// Whether samples are needed to hear keys.
    pub fn listens_for_tones(&self) -> bool {
        self.detect.unwrap_or(self.telephone_event.is_none())
    }

    /// Looks for a key in what was just heard.
    pub fn find_tone(&mut self, now: Instant, events: &mut Vec<LegEvent>) {
        if !self.listens_for_tones() {
            self.detector = None;
            return;
        }
        let found = self.detector.get_or_insert_default().push(&self.heard.pcm);
        if let Some(digit) = found {
            self.press(digit, KeySource::Tone, now, events);
        }
    }

    /// The next 20 ms into [`Hearing::heard`]; as samples too if somebody needs them.
    pub fn tick(&mut self, samples: bool) {
        self.heard.silence();
        self.key = self.key.saturating_sub(1);
        let codec = self.codec;
        let mut pcm = [0; FRAME_8K];
        let decode = &mut |payload: &[u8], out: &mut Vec<i16>| {
            if samples {
                codec.decode(payload, out);
            }
        };
        let playout = self.jitter.pop(&mut pcm, decode);
        // Around a key, what is missing made room for it.
        if self.muted || playout == Playout::Silence || playout == Playout::Concealed && self.key > 0 {
            return;
        }
        self.heard.sound = true;
        self.heard.concealed = playout == Playout::Concealed;
        self.heard.pcm = pcm;
        self.heard.payload = self.jitter.take_payload().map(|payload| (codec, payload));
    }

    /// Counts a tick towards [`LegEvent::NoRtp`]; `due` is whether the peer should be sending at all.
    pub fn watch(&mut self, due: bool, events: &mut Vec<LegEvent>) {
        self.quiet = if due { self.quiet + 1 } else { 0 };
        if due && self.quiet.is_multiple_of(NO_RTP_TICKS) {
            events.push(LegEvent::NoRtp { for_: ticks(self.quiet) });
        }
    }

    pub fn count(&self, stats: &mut LegStats) {
        let buffer = self.jitter.stats();
        stats.packets_in = self.packets;
        stats.bytes_in = self.bytes;
        stats.lost = self.reception.lost();
        stats.late = buffer.late;
        stats.duplicated = buffer.duplicated;
        stats.jitter_ms = self.reception.jitter_ms();
        stats.invalid = self.invalid;
        stats.strangers = self.strangers;
        stats.no_rtp = self.packets == 0;
        stats.concealed = buffer.concealed;
    }

    /// What quality is measured by.
    pub fn counts(&self) -> Counts {
        let buffer = self.jitter.stats();
        Counts {
            received: self.packets,
            lost: self.reception.lost(),
            late: buffer.late,
            played: buffer.played,
            concealed: buffer.concealed,
            jitter_ms: self.reception.jitter_ms(),
            buffer: buffer.target,
        }
    }

    /// The rate of the peer's timestamps in Hz.
    pub fn clock(&self) -> u32 {
        CLOCK
    }

    /// How the coding that is heard bears loss.
    pub fn codec_class(&self) -> CodecClass {
        CodecClass::G711
    }
}

enum Kind {
    Audio(Codec),
    Event(TelephoneEvent),
    ComfortNoise,
}
