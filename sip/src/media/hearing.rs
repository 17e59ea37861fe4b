//! The receiving half of a leg: datagrams in, 20 ms of the peer's sound and its keys out. Reading the socket and
//! making use of the sound are left to the line.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use audio::codec::{Codec, Decoder, opus_duration};
use audio::dtmf::KeyDetector;
use audio::jitter::{JitterBuffer, Playout};
use audio::noise::ComfortNoise;
use audio::quality::CodecClass;
use audio::resample::Halver;
use audio::{FRAME, FRAME_8K, Frame8k};

use super::event::{LegEvent, LegStats};
use super::latch::{Latch, Verdict};
use super::player::ticks;
use super::quality::Counts;
use crate::rtp::{KeyReceiver, KeySource, Packet, Presses, Reception, TelephoneEvent};
use crate::sdp::{Agreed, Format, Formats};

/// Comfort noise is never louder than this, in −dBov, whatever the peer says.
const LOUDEST_NOISE: u8 = 40;
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
    /// What the peer sends in this tick, or would have.
    codec: Option<Codec>,
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

    /// Whether a packet of this coding is missing here that its receiver conceals better than we do: one of a coding
    /// that remembers what went before.
    pub fn is_lost(&self, codec: Codec) -> bool {
        self.concealed && self.codec == Some(codec) && codec.is_wideband()
    }

    fn silence(&mut self) {
        self.payload = None;
        self.codec = None;
        self.pcm = [0; FRAME_8K];
        self.concealed = false;
        self.sound = false;
    }
}

/// The receiving half of a leg.
pub struct Hearing {
    pub latch: Latch,
    pub muted: bool,
    pub heard: Heard,
    formats: Formats,
    /// Whether keys were agreed on to come as events.
    takes_events: bool,
    pub reception: Reception,
    jitter: JitterBuffer,
    /// Of the coding that the peer sends, which need not be ours.
    decoder: Decoder,
    halver: Halver,
    /// Wideband sound on its way to 8 kHz.
    wide: Vec<i16>,
    /// What is heard in a pause, as the peer described it.
    noise: Option<ComfortNoise>,
    /// Whether the peer has said that it pauses.
    pausing: bool,
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
    unauthentic: u64,
}

impl Hearing {
    pub fn new(agreed: &Agreed) -> Hearing {
        Hearing {
            latch: Latch::new(agreed.destination()),
            muted: false,
            formats: agreed.formats.clone(),
            takes_events: agreed.telephone_event.is_some(),
            heard: Heard { payload: None, codec: None, pcm: [0; FRAME_8K], concealed: false, sound: false },
            reception: Reception::default(),
            jitter: JitterBuffer::new(agreed.codec.clock()),
            decoder: Decoder::new(agreed.codec),
            halver: Halver::new(),
            wide: Vec::new(),
            noise: None,
            pausing: false,
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
            unauthentic: 0,
        }
    }

    /// Follows a new agreement.
    pub fn agree(&mut self, agreed: &Agreed) {
        self.latch.expect(agreed.destination());
        self.formats = agreed.formats.clone();
        self.takes_events = agreed.telephone_event.is_some();
    }

    /// Takes note of a datagram that is not RTP of this leg.
    pub fn reject(&mut self) {
        self.invalid += 1;
    }

    /// Takes note of a packet that an encrypted leg cannot believe.
    pub fn disbelieve(&mut self) {
        self.unauthentic += 1;
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
        if let Kind::Audio(codec, _) = kind
            && self.decoder.codec() != codec
        {
            // What waits in the buffer is in the other coding.
            self.jitter.reset(codec.clock());
            self.decoder = Decoder::new(codec);
        }
        let clock = self.clock();
        let begins = self.reception.packet(header.ssrc, header.sequence);
        if begins && !first {
            self.jitter.reset(clock);
            self.keys.reset();
        }
        match kind {
            Kind::Audio(_, samples) => {
                self.pausing = false;
                self.reception.arrived(header.timestamp, arrival, clock);
                self.jitter.push(header.sequence, header.timestamp, samples, packet.payload);
                None
            }
            Kind::Event(event, event_clock) => {
                // In the jitter buffer the packet of a key is 20 ms of silence; what its repetitions push aside is
                // missing some time later, when its turn comes.
                self.key = KEY_TICKS + (self.jitter.target().as_nanos() / FRAME.as_nanos()) as u64;
                let scale = clock / 8_000;
                let lasted = u64::from(event.duration) * u64::from(clock) / u64::from(event_clock);
                let passed = (lasted as u32).saturating_sub(FRAME_8K as u32 * scale);
                self.jitter.push_silence(header.sequence, header.timestamp.wrapping_add(passed), FRAME_8K);
                let digit = self.keys.packet(header.timestamp, header.marker, event)?;
                self.press(digit, KeySource::Event, now, events)
            }
            Kind::ComfortNoise => {
                self.pausing = true;
                let mut payload = packet.payload.to_vec();
                if let Some(level) = payload.first_mut() {
                    *level = (*level & 0x7F).max(LOUDEST_NOISE);
                }
                let quiet = ComfortNoise::new(-f32::from(u8::MAX));
                self.noise.get_or_insert(quiet).packet(&payload);
                self.jitter.push_silence(header.sequence, header.timestamp, 0);
                None
            }
        }
    }

    fn understand<'a>(&self, datagram: &'a [u8]) -> Option<(Packet<'a>, Kind)> {
        let packet = Packet::parse(datagram)?;
        let kind = match self.formats.get(packet.header.payload_type)? {
            Format::Event(clock) => Kind::Event(TelephoneEvent::parse(packet.payload)?, clock.max(1)),
            Format::ComfortNoise => Kind::ComfortNoise,
            // One byte is 1/8000 s in every coding but Opus.
            Format::Audio(codec) if codec.is_divisible() => Kind::Audio(codec, packet.payload.len()),
            Format::Audio(codec) => Kind::Audio(codec, opus_duration(packet.payload)?),
        };
        let fits = packet.payload.len() <= MAX_PAYLOAD;
        let empty = packet.payload.is_empty() && matches!(kind, Kind::Audio(..));
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
        self.detect.unwrap_or(!self.takes_events)
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
        let codec = self.decoder.codec();
        let (decoder, halver, wide) = (&mut self.decoder, &mut self.halver, &mut self.wide);
        let mut pcm = [0; FRAME_8K];
        let decode = &mut |payload: &[u8], out: &mut Vec<i16>| {
            if samples && codec.is_wideband() {
                wide.clear();
                decoder.decode(payload, wide);
                halver.push(wide, out);
            } else if samples {
                decoder.decode(payload, out);
            }
        };
        let playout = self.jitter.pop(&mut pcm, decode);
        if self.muted {
            return;
        }
        match (playout, &mut self.noise) {
            (Playout::Silence, Some(noise)) => noise.fill(&mut pcm),
            (Playout::Silence, None) => return,
            // Around a key, what is missing made room for it.
            (Playout::Concealed, _) if self.key > 0 => return,
            (Playout::Sound | Playout::Concealed, _) => {
                if !self.pausing {
                    self.noise = None;
                }
                self.heard.concealed = playout == Playout::Concealed;
                self.heard.codec = Some(codec);
                self.heard.payload = self.jitter.take_payload().map(|payload| (codec, payload));
            }
        }
        self.heard.sound = true;
        self.heard.pcm = pcm;
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
        stats.unauthentic = self.unauthentic;
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
        self.decoder.codec().clock()
    }

    /// How the coding that is heard bears loss.
    pub fn codec_class(&self) -> CodecClass {
        class(self.decoder.codec())
    }
}

/// How a coding bears loss.
pub fn class(codec: Codec) -> CodecClass {
    match codec {
        Codec::Pcmu | Codec::Pcma => CodecClass::G711,
        Codec::G722 => CodecClass::G722,
        Codec::Opus => CodecClass::Opus,
    }
}

enum Kind {
    /// And how long it lasts, in samples at 8 kHz.
    Audio(Codec, usize),
    /// And the clock of its duration, in Hz.
    Event(TelephoneEvent, u32),
    ComfortNoise,
}
