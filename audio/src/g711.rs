//! G.711: the two logarithmic 8-bit codings of the telephone network (RFC 3551 §4.5.14), one byte a sample at 8 kHz.
//! Choosing between them is left to offer and answer.

use audio_codec::{Decoder, Encoder, pcma, pcmu};

/// The coding of a G.711 stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Codec {
    /// μ-law, static payload type 0: North America, Japan.
    #[default]
    Pcmu,
    /// A-law, static payload type 8: the rest of the world.
    Pcma,
}

impl Codec {
    /// Both codings, in the order in which they are offered.
    pub const ALL: [Codec; 2] = [Codec::Pcmu, Codec::Pcma];

    /// The static RTP payload type (RFC 3551, table 4).
    pub fn payload_type(self) -> u8 {
        match self {
            Codec::Pcmu => 0,
            Codec::Pcma => 8,
        }
    }

    /// The encoding name of the SDP `rtpmap`.
    pub fn name(self) -> &'static str {
        match self {
            Codec::Pcmu => "PCMU",
            Codec::Pcma => "PCMA",
        }
    }

    /// The coding with this static payload type.
    pub fn from_payload_type(payload_type: u8) -> Option<Codec> {
        Codec::ALL.into_iter().find(|codec| codec.payload_type() == payload_type)
    }

    /// The coding with this encoding name, in any case.
    pub fn from_name(name: &str) -> Option<Codec> {
        Codec::ALL.into_iter().find(|codec| codec.name().eq_ignore_ascii_case(name))
    }

    /// The byte that decodes to (nearly) zero.
    pub fn silence_byte(self) -> u8 {
        match self {
            Codec::Pcmu => 0xFF,
            Codec::Pcma => 0xD5,
        }
    }

    /// Appends one byte to `out` for every sample.
    pub fn encode(self, samples: &[i16], out: &mut Vec<u8>) {
        let start = out.len();
        out.resize(start + samples.len(), self.silence_byte());
        let room = &mut out[start..];
        let written = match self {
            Codec::Pcmu => pcmu::PcmuEncoder::new().encode_into(samples, room),
            Codec::Pcma => pcma::PcmaEncoder::new().encode_into(samples, room),
        };
        debug_assert_eq!(written.ok(), Some(samples.len()), "one byte a sample, and the room was made above");
    }

    /// Appends one sample to `out` for every byte.
    pub fn decode(self, bytes: &[u8], out: &mut Vec<i16>) {
        let start = out.len();
        out.resize(start + bytes.len(), 0);
        let room = &mut out[start..];
        let written = match self {
            Codec::Pcmu => pcmu::PcmuDecoder::new().decode_into(bytes, room),
            Codec::Pcma => pcma::PcmaDecoder::new().decode_into(bytes, room),
        };
        debug_assert_eq!(written.ok(), Some(bytes.len()), "one sample a byte, and the room was made above");
    }
}

impl std::fmt::Display for Codec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(codec: Codec, bytes: &[u8]) -> Vec<i16> {
        let mut out = Vec::new();
        codec.decode(bytes, &mut out);
        out
    }

    fn encoded(codec: Codec, samples: &[i16]) -> Vec<u8> {
        let mut out = Vec::new();
        codec.encode(samples, &mut out);
        out
    }

    /// Levels of ITU-T G.711 that any decoder must give, at 16 bits.
    #[test]
    fn bytes_decode_to_the_levels_of_the_standard() {
        assert_eq!(decoded(Codec::Pcmu, &[0x00, 0x80, 0x7F, 0xFF, 0xF0, 0x8F]), [-32_124, 32_124, 0, 0, 120, 16_764]);
        assert_eq!(decoded(Codec::Pcma, &[0x55, 0xD5, 0x2A, 0xAA, 0x80]), [-8, 8, -32_256, 32_256, 5_504]);
    }

    #[test]
    fn every_byte_survives_decoding_and_encoding() {
        let all: Vec<u8> = (0..=255).collect();
        for codec in Codec::ALL {
            let back = encoded(codec, &decoded(codec, &all));
            for (&byte, &got) in all.iter().zip(&back) {
                // The smallest negative level (0 in μ-law, −8 in A-law) comes back as the smallest positive one.
                let zeros = byte == codec.silence_byte() & 0x7F && got == codec.silence_byte();
                assert!(byte == got || zeros, "{codec}: {byte:#04x} became {got:#04x}");
            }
        }
    }

    #[test]
    fn no_sample_moves_further_than_half_a_step() {
        for codec in Codec::ALL {
            let samples: Vec<i16> = (i16::MIN..=i16::MAX).collect();
            for (&sample, &back) in samples.iter().zip(&decoded(codec, &encoded(codec, &samples))) {
                let (sample, back) = (i32::from(sample), i32::from(back));
                // Above 32,124 (μ-law) and 32,256 (A-law) the coding has no level left; a step is at most 1/16 of the
                // level, and at least 16 (A-law).
                let wanted = sample.clamp(-32_256, 32_256);
                let step = ((wanted.abs() + 132) / 16).max(16);
                assert!((wanted - back).abs() <= step / 2 + 132, "{codec}: {sample} became {back}");
                assert!((wanted - back).abs() <= step, "{codec}: {sample} became {back}");
            }
        }
    }

    #[test]
    fn the_silence_byte_is_silent() {
        for codec in Codec::ALL {
            assert!(decoded(codec, &[codec.silence_byte(); 160]).iter().all(|s| s.unsigned_abs() <= 8));
            assert_eq!(encoded(codec, &[0; 160]), [codec.silence_byte(); 160]);
        }
    }

    #[test]
    fn coding_appends_to_what_is_there() {
        let mut bytes = vec![1, 2];
        Codec::Pcmu.encode(&[0, 0], &mut bytes);
        assert_eq!(bytes, [1, 2, 0xFF, 0xFF]);
        let mut samples = vec![9];
        Codec::Pcma.decode(&[], &mut samples);
        assert_eq!(samples, [9]);
    }

    #[test]
    fn names_and_payload_types_lead_back_to_the_codec() {
        for codec in Codec::ALL {
            assert_eq!(Codec::from_payload_type(codec.payload_type()), Some(codec));
            assert_eq!(Codec::from_name(&codec.name().to_lowercase()), Some(codec));
        }
        assert_eq!(Codec::from_payload_type(18), None);
        assert_eq!(Codec::from_name("G729"), None);
    }
}
