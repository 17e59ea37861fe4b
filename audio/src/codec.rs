//! The codings of a telephone call: G.711, G.722 and Opus, as samples in and payloads out. G.722 and Opus are wideband;
//! both are coded and decoded at 16 kHz here, whatever the clock of their RTP timestamps says. Choosing a coding is left
//! to offer and answer, packets and their order to [`crate::jitter`].

use ::opus::{Application, Channels};
use audio_codec::g722::{G722Decoder, G722Encoder};
use audio_codec::{Decoder as _, Encoder as _};

use crate::g711;
use crate::resample::Doubler;
use crate::{FRAME_8K, FRAME_16K, Frame8k, Frame16k};

/// Longest Opus packet (RFC 6716 section 2.1.4), in samples at 16 kHz.
const LONGEST_OPUS: usize = 120 * 16;
/// More bytes than any packet of 20 ms that our encoder makes.
const OPUS_ROOM: usize = 512;
/// Bits a second of our Opus streams: wideband speech without audible loss.
const OPUS_BITRATE: i32 = 24_000;
/// Of 0 to 10: where more effort is hardly heard in speech.
const OPUS_COMPLEXITY: i32 = 5;
/// The loss our streams are protected against by forward error correction, in percent.
const OPUS_LOSS: i32 = 5;

/// The coding of an audio stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Codec {
    /// G.711 μ-law, 64 kbit/s: North America, Japan.
    #[default]
    Pcmu,
    /// G.711 A-law, 64 kbit/s: the rest of the world.
    Pcma,
    /// G.722, 64 kbit/s, wideband: office phones.
    G722,
    /// Opus (RFC 6716), wideband: browsers and softphones.
    Opus,
}

impl Codec {
    /// Every coding.
    pub const ALL: [Codec; 4] = [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus];

    /// Its number in [`Codec::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// The encoding name of the SDP `rtpmap`.
    pub fn name(self) -> &'static str {
        match self {
            Codec::Pcmu => "PCMU",
            Codec::Pcma => "PCMA",
            Codec::G722 => "G722",
            Codec::Opus => "opus",
        }
    }

    /// What stands behind the payload type in `a=rtpmap`: name, clock and, where there must be, channels.
    pub fn encoding(self) -> &'static str {
        match self {
            Codec::Pcmu => "PCMU/8000",
            Codec::Pcma => "PCMA/8000",
            // 8,000 by a mistake of RFC 1890 that RFC 3551 section 4.5.2 keeps.
            Codec::G722 => "G722/8000",
            // Always 48,000 and 2 (RFC 7587 section 7), which says nothing of the sound itself.
            Codec::Opus => "opus/48000/2",
        }
    }

    /// The coding with this encoding name, in any case.
    pub fn from_name(name: &str) -> Option<Codec> {
        Codec::ALL.into_iter().find(|codec| codec.name().eq_ignore_ascii_case(name))
    }

    /// The static RTP payload type (RFC 3551, table 4), if it has one.
    pub fn static_payload_type(self) -> Option<u8> {
        match self {
            Codec::Pcmu => Some(0),
            Codec::Pcma => Some(8),
            Codec::G722 => Some(9),
            Codec::Opus => None,
        }
    }

    /// The coding with this static payload type.
    pub fn from_static_payload_type(payload_type: u8) -> Option<Codec> {
        Codec::ALL.into_iter().find(|codec| codec.static_payload_type() == Some(payload_type))
    }

    /// The rate of its RTP timestamps in Hz.
    pub fn clock(self) -> u32 {
        if self == Codec::Opus { 48_000 } else { 8_000 }
    }

    /// Whether it is decoded to 16 kHz rather than 8 kHz.
    pub fn is_wideband(self) -> bool {
        matches!(self, Codec::G722 | Codec::Opus)
    }

    /// Whether a payload may be cut anywhere: one byte is 1/8000 s.
    pub fn is_divisible(self) -> bool {
        self != Codec::Opus
    }

    /// The law, if it is G.711.
    pub fn g711(self) -> Option<g711::Codec> {
        match self {
            Codec::Pcmu => Some(g711::Codec::Pcmu),
            Codec::Pcma => Some(g711::Codec::Pcma),
            Codec::G722 | Codec::Opus => None,
        }
    }
}

impl std::fmt::Display for Codec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Units of 1/8000 s that an Opus packet lasts (RFC 6716 section 3.1); nothing if it is not one.
pub fn opus_duration(packet: &[u8]) -> Option<usize> {
    if packet.is_empty() {
        return None;
    }
    ::opus::packet::get_nb_samples(packet, 8_000).ok().filter(|&units| units > 0)
}

/// Sound of 20 ms at either rate.
#[derive(Clone, Copy, Debug)]
pub enum Sound<'a> {
    /// At 8 kHz.
    Narrow(&'a Frame8k),
    /// At 16 kHz.
    Wide(&'a Frame16k),
}

/// Codes one stream. G.722 and Opus remember what went before, so each stream needs an encoder of its own.
pub struct Encoder {
    codec: Codec,
    state: EncoderState,
    doubler: Doubler,
}

enum EncoderState {
    G711(g711::Codec),
    G722(Box<G722Encoder>),
    Opus(Box<::opus::Encoder>),
    /// libopus had no memory for a state: nothing can be sent.
    Broken,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Encoder({})", self.codec)
    }
}

impl Encoder {
    /// An encoder at the beginning of its stream.
    pub fn new(codec: Codec) -> Encoder {
        let state = match codec.g711() {
            Some(law) => EncoderState::G711(law),
            None if codec == Codec::G722 => EncoderState::G722(Box::new(G722Encoder::new())),
            None => opus_encoder().map_or(EncoderState::Broken, |encoder| EncoderState::Opus(Box::new(encoder))),
        };
        Encoder { codec, state, doubler: Doubler::new() }
    }

    /// What it codes to.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Appends the payload of the next 20 ms to `out`. Wideband sound can only be given to a wideband coding.
    pub fn encode(&mut self, sound: Sound<'_>, out: &mut Vec<u8>) {
        let doubled;
        let wide: &Frame16k = match (&mut self.state, sound) {
            (EncoderState::G711(law), Sound::Narrow(frame)) => {
                law.encode(frame, out);
                return;
            }
            (EncoderState::G711(law), Sound::Wide(frame)) => {
                debug_assert!(false, "the caller asks is_wideband first");
                let every_other: Vec<i16> = frame.iter().copied().step_by(2).collect();
                law.encode(&every_other, out);
                return;
            }
            (_, Sound::Wide(frame)) => frame,
            (_, Sound::Narrow(frame)) => {
                doubled = self.doubler.push(frame);
                &doubled
            }
        };
        let start = out.len();
        let written = match &mut self.state {
            EncoderState::G722(encoder) => {
                out.resize(start + FRAME_8K, 0);
                encoder.encode_into(wide, &mut out[start..]).unwrap_or(0)
            }
            EncoderState::Opus(encoder) => {
                out.resize(start + OPUS_ROOM, 0);
                encoder.encode(wide, &mut out[start..]).unwrap_or(0)
            }
            EncoderState::G711(_) | EncoderState::Broken => 0,
        };
        out.truncate(start + written);
    }
}

fn opus_encoder() -> Result<::opus::Encoder, ::opus::Error> {
    let mut encoder = ::opus::Encoder::new(16_000, Channels::Mono, Application::Voip)?;
    encoder.set_complexity(OPUS_COMPLEXITY)?;
    encoder.set_bitrate(::opus::Bitrate::Bits(OPUS_BITRATE))?;
    encoder.set_inband_fec(true)?;
    encoder.set_packet_loss_perc(OPUS_LOSS)?;
    Ok(encoder)
}

/// 20 ms of silence in this coding: what a decoder that heard silence before goes on with.
pub fn silence(codec: Codec) -> &'static [u8] {
    use std::sync::OnceLock;
    static SILENCE: [OnceLock<Vec<u8>>; Codec::ALL.len()] = [const { OnceLock::new() }; Codec::ALL.len()];
    SILENCE[codec.index()].get_or_init(|| {
        let mut encoder = Encoder::new(codec);
        let mut payload = Vec::new();
        // The first frames tell of the encoder's beginning; these are how it goes on for ever.
        for _ in 0..25 {
            payload.clear();
            encoder.encode(Sound::Narrow(&[0; FRAME_8K]), &mut payload);
        }
        payload
    })
}

/// Decodes one stream; to 16 kHz if the coding is wideband, else to 8 kHz.
pub struct Decoder {
    codec: Codec,
    state: DecoderState,
}

enum DecoderState {
    G711(g711::Codec),
    G722(Box<G722Decoder>),
    Opus(Box<::opus::Decoder>),
    Broken,
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Decoder({})", self.codec)
    }
}

impl Decoder {
    /// A decoder at the beginning of its stream.
    pub fn new(codec: Codec) -> Decoder {
        let state = match codec.g711() {
            Some(law) => DecoderState::G711(law),
            None if codec == Codec::G722 => DecoderState::G722(Box::new(G722Decoder::new())),
            None => ::opus::Decoder::new(16_000, Channels::Mono)
                .map_or(DecoderState::Broken, |decoder| DecoderState::Opus(Box::new(decoder))),
        };
        Decoder { codec, state }
    }

    /// What it decodes.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Appends the sound of a payload to `out`. A payload that is none in this coding gives nothing.
    pub fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) {
        let start = out.len();
        let written = match &mut self.state {
            DecoderState::G711(law) => {
                law.decode(payload, out);
                return;
            }
            DecoderState::G722(decoder) => {
                out.resize(start + payload.len() * 2, 0);
                decoder.decode_into(payload, &mut out[start..]).unwrap_or(0)
            }
            DecoderState::Opus(decoder) => {
                out.resize(start + LONGEST_OPUS, 0);
                // An empty packet would mean a lost one to libopus.
                if payload.is_empty() { 0 } else { decoder.decode(payload, &mut out[start..], false).unwrap_or(0) }
            }
            DecoderState::Broken => 0,
        };
        out.truncate(start + written);
    }

    /// Appends 20 ms in place of a packet that is missing, made from what came before it or, if the one after it is
    /// there, from the copy that it carries (forward error correction, RFC 6716 section 2.1.7). Only Opus can: false
    /// for the others, which leave it to [`crate::conceal`].
    pub fn conceal(&mut self, next: Option<&[u8]>, out: &mut Vec<i16>) -> bool {
        let DecoderState::Opus(decoder) = &mut self.state else {
            return false;
        };
        let start = out.len();
        out.resize(start + FRAME_16K, 0);
        let next = next.filter(|packet| !packet.is_empty());
        let written = decoder.decode(next.unwrap_or_default(), &mut out[start..], next.is_some()).unwrap_or(0);
        out.truncate(start + written);
        out.resize(start + FRAME_16K, 0);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::{Pcm, Pcm8k, Pcm16k, resample::resample, tone};

    fn voice() -> Pcm8k {
        // A chord with a slow swell: nothing that any coding finds easy to fake.
        let mut sound = tone::sine(210.0, -22.0, Duration::from_secs(1));
        for (hz, level) in [(440.0, -24.0), (900.0, -28.0), (1_700.0, -30.0)] {
            let other = tone::sine(hz, level, Duration::from_secs(1));
            for (sample, more) in sound.samples_mut().iter_mut().zip(other.samples()) {
                *sample += more;
            }
        }
        sound
    }

    fn round_trip(codec: Codec, sound: &Pcm8k) -> Pcm8k {
        let (mut encoder, mut decoder) = (Encoder::new(codec), Decoder::new(codec));
        let mut heard = Vec::new();
        for frame in sound.samples().as_chunks().0 {
            let mut payload = Vec::new();
            encoder.encode(Sound::Narrow(frame), &mut payload);
            assert!(!payload.is_empty(), "{codec}");
            decoder.decode(&payload, &mut heard);
        }
        if codec.is_wideband() { resample(&Pcm16k::new(heard)) } else { Pcm8k::new(heard) }
    }

    #[test]
    fn every_coding_gives_the_sound_back() {
        let sound = voice();
        for codec in Codec::ALL {
            let heard = round_trip(codec, &sound);
            assert_eq!(heard.len(), sound.len(), "{codec}");
            let found = crate::similarity::best_match(
                &sound.slice(Duration::from_millis(300), Duration::from_millis(600)),
                &heard,
            );
            let similar = found.correlation;
            assert!(similar > 0.9, "{codec}: {similar}");
            let change = heard.level_dbov() - sound.level_dbov();
            assert!(change.abs() < 1.5, "{codec}: {change} dB");
        }
    }

    #[test]
    fn silence_is_heard_as_silence() {
        for codec in Codec::ALL {
            let mut decoder = Decoder::new(codec);
            let mut heard = Vec::new();
            for _ in 0..50 {
                decoder.decode(silence(codec), &mut heard);
            }
            let level = Pcm::<16_000>::new(heard).level_dbov();
            assert!(level < -65.0, "{codec}: {level} dBov");
            if let Some(law) = codec.g711() {
                assert_eq!(silence(codec), [law.silence_byte(); FRAME_8K]);
            }
        }
    }

    #[test]
    fn a_lost_opus_packet_comes_back_out_of_the_next_one() {
        let sound = voice();
        let (mut encoder, mut decoder) = (Encoder::new(Codec::Opus), Decoder::new(Codec::Opus));
        let packets: Vec<Vec<u8>> = sound
            .samples()
            .as_chunks::<FRAME_8K>()
            .0
            .iter()
            .map(|frame| {
                let mut payload = Vec::new();
                encoder.encode(Sound::Narrow(frame), &mut payload);
                payload
            })
            .collect();
        let mut heard = Vec::new();
        for (n, packet) in packets.iter().enumerate() {
            assert_eq!(opus_duration(packet), Some(FRAME_8K));
            if n % 10 == 9 && n + 1 < packets.len() {
                assert!(decoder.conceal(Some(&packets[n + 1]), &mut heard));
            } else {
                decoder.decode(packet, &mut heard);
            }
        }
        let heard: Pcm8k = resample(&Pcm16k::new(heard));
        assert_eq!(heard.len(), packets.len() * FRAME_8K);
        assert!((heard.level_dbov() - sound.level_dbov()).abs() < 1.5);
    }

    #[test]
    fn names_and_payload_types_lead_back_to_the_coding() {
        for codec in Codec::ALL {
            assert_eq!(Codec::from_name(&codec.name().to_uppercase()), Some(codec));
            if let Some(payload_type) = codec.static_payload_type() {
                assert_eq!(Codec::from_static_payload_type(payload_type), Some(codec));
            }
        }
        assert_eq!(Codec::from_static_payload_type(18), None);
    }

    proptest! {
        #[test]
        fn no_payload_makes_a_decoder_panic(payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..8)) {
            for codec in Codec::ALL {
                let mut decoder = Decoder::new(codec);
                for payload in &payloads {
                    let mut heard = Vec::new();
                    decoder.decode(payload, &mut heard);
                    prop_assert!(heard.len() <= LONGEST_OPUS.max(payload.len() * 2));
                    decoder.conceal(Some(payload), &mut heard);
                    let _ = opus_duration(payload);
                }
            }
        }

        #[test]
        fn no_sound_makes_an_encoder_panic(samples in prop::collection::vec(any::<i16>(), FRAME_8K * 4)) {
            for codec in Codec::ALL {
                let mut encoder = Encoder::new(codec);
                let mut payload = Vec::new();
                for frame in samples.as_chunks().0 {
                    encoder.encode(Sound::Narrow(frame), &mut payload);
                }
                prop_assert!(!payload.is_empty());
            }
        }
    }
}
