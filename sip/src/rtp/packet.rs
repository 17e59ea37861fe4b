//! The bytes of an RTP packet (RFC 3550 §5.1). What the payload means is left to others.

/// The fixed header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The marker bit: the first packet after silence, or of a key.
    pub marker: bool,
    /// The payload type, 0 to 127.
    pub payload_type: u8,
    /// Counts packets; wraps around.
    pub sequence: u16,
    /// The first sample's time in units of the payload's clock; wraps around.
    pub timestamp: u32,
    /// Names the stream.
    pub ssrc: u32,
}

/// Version 2 in the first two bits.
const VERSION: u8 = 0b1000_0000;

impl Header {
    /// The fixed header's length in bytes.
    pub const LENGTH: usize = 12;

    /// Writes header and payload to `out`, which is emptied first.
    pub fn write(&self, payload: &[u8], out: &mut Vec<u8>) {
        out.clear();
        out.push(VERSION);
        out.push(u8::from(self.marker) << 7 | self.payload_type & 0x7F);
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.extend_from_slice(&self.timestamp.to_be_bytes());
        out.extend_from_slice(&self.ssrc.to_be_bytes());
        out.extend_from_slice(payload);
    }
}

/// A view of a received packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The fixed header.
    pub header: Header,
    /// What it carries, without padding.
    pub payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads a datagram; nothing if it is no well-formed RTP packet. Contributing sources and header extensions are
    /// skipped. RTCP on the same port (RFC 5761) is not RTP.
    pub fn parse(datagram: &'a [u8]) -> Option<Packet<'a>> {
        let (fixed, mut rest) = datagram.split_first_chunk::<{ Header::LENGTH }>()?;
        let [first, second, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3] = *fixed;
        if first >> 6 != 2 || (192..=223).contains(&second) {
            return None;
        }
        let contributing = usize::from(first & 0x0F) * 4;
        rest = rest.get(contributing..)?;
        if first & 0x10 != 0 {
            let ([_, _, high, low], behind) = rest.split_first_chunk::<4>()?;
            let words = usize::from(u16::from_be_bytes([*high, *low]));
            rest = behind.get(words * 4..)?;
        }
        if first & 0x20 != 0 {
            let padding = usize::from(*rest.last()?);
            if padding == 0 {
                return None;
            }
            rest = rest.get(..rest.len().checked_sub(padding)?)?;
        }
        let header = Header {
            marker: second & 0x80 != 0,
            payload_type: second & 0x7F,
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: u32::from_be_bytes([c0, c1, c2, c3]),
        };
        Some(Packet { header, payload: rest })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rtc_shared::marshal::{Marshal, Unmarshal};

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Packet::parse(&bytes);
        }

        #[test]
        fn what_is_written_is_read_again(
            marker: bool, payload_type in 0u8..64, sequence: u16, timestamp: u32, ssrc: u32,
            payload in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let header = Header { marker, payload_type, sequence, timestamp, ssrc };
            let mut bytes = Vec::new();
            header.write(&payload, &mut bytes);
            prop_assert_eq!(Packet::parse(&bytes), Some(Packet { header, payload: &payload }));
        }

        #[test]
        fn both_parsers_agree_on_contributing_sources_and_extensions(
            sources in prop::collection::vec(any::<u32>(), 0..16),
            words in prop::option::of(0usize..5),
            payload in prop::collection::vec(any::<u8>(), 0..50),
        ) {
            let extension = words.map(|n| rtc_rtp::header::Extension { id: 0, payload: vec![7; n * 4].into() });
            let packet = rtc_rtp::packet::Packet {
                header: rtc_rtp::header::Header {
                    version: 2, payload_type: 8, sequence_number: 9, timestamp: 10, ssrc: 11, csrc: sources,
                    extension: extension.is_some(), extension_profile: 0x4242,
                    extensions: extension.into_iter().collect(),
                    ..Default::default()
                },
                payload: payload.into(),
            };
            let bytes = packet.marshal().expect("a well-formed packet");
            let theirs = rtc_rtp::packet::Packet::unmarshal(&mut &bytes[..]).expect("their own packet");
            let ours = Packet::parse(&bytes).expect("a well-formed packet");
            prop_assert_eq!(ours.payload, &theirs.payload[..]);
            prop_assert_eq!(ours.header.sequence, 9);
        }
    }

    #[test]
    fn padding_is_cut_off_and_may_not_reach_into_the_header() {
        let mut bytes = Vec::new();
        let header = Header { marker: false, payload_type: 0, sequence: 1, timestamp: 2, ssrc: 3 };
        header.write(&[1, 2, 0, 0, 3], &mut bytes);
        bytes[0] |= 0x20;
        assert_eq!(Packet::parse(&bytes).map(|p| p.payload), Some(&[1u8, 2][..]));
        for bad in [0, 6, 255] {
            *bytes.last_mut().expect("not empty") = bad;
            assert_eq!(Packet::parse(&bytes), None);
        }
    }

    #[test]
    fn rtcp_and_stun_are_not_rtp() {
        let mut report = [0u8; 28];
        report[..2].copy_from_slice(&[0x80, 200]);
        assert_eq!(Packet::parse(&report), None);
        let stun = [0u8, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(Packet::parse(&stun), None);
    }
}
