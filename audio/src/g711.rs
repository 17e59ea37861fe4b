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
        Codec::ALL
            .into_iter()
            .find(|codec| codec.payload_type() == payload_type)
    }

    /// The coding with this encoding name, in any case.
    pub fn from_name(name: &str) -> Option<Codec> {
        Codec::ALL
            .into_iter()
            .find(|codec| codec.name().eq_ignore_ascii_case(name))
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
        debug_assert_eq!(
            written.ok(),
            Some(samples.len()),
            "one byte a sample, and the room was made above"
        );
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
        debug_assert_eq!(
            written.ok(),
            Some(bytes.len()),
            "one sample a byte, and the room was made above"
        );
    }
}

impl std::fmt::Display for Codec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
