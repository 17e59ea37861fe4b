//! SRTP and SRTCP (RFC 3711, RFC 7714): the keys of one stream and what they do to a packet. Where keys come from is
//! left to [`crate::sdp`] (SDES, RFC 4568) and to the handshake of DTLS-SRTP (RFC 5764).
//!
//! The ciphers are `rtc-srtp`'s. It keeps a state for every SSRC that it is shown, before it knows whether the packet
//! is genuine; so that a flood of forged SSRCs cannot fill the memory, a [`Shield`] shows it unknown SSRCs in a context
//! of their own, which is thrown away from time to time.

use std::fmt;
use std::sync::{Arc, OnceLock};

use rtc_crypto::RTCCryptoProvider;
use rtc_srtp::context::Context;
use rtc_srtp::option::{srtcp_replay_protection, srtp_replay_protection};
use rtc_srtp::protection_profile::ProtectionProfile;

/// Packets that may come late and still be told from a replay.
const WINDOW: usize = 128;
/// Genuine streams one peer may have at the same time; more of them begin the count anew.
const MAX_STREAMS: usize = 16;
/// Unknown streams that are tried in one context before it is thrown away.
const MAX_TRIED: usize = 32;

/// The one source of cryptography of this crate.
pub(crate) fn provider() -> &'static Arc<dyn RTCCryptoProvider> {
    static PROVIDER: OnceLock<Arc<dyn RTCCryptoProvider>> = OnceLock::new();
    PROVIDER.get_or_init(|| Arc::new(rtc_crypto::providers::RingProvider::new()))
}

/// How packets are encrypted and authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suite {
    /// AES-256 in GCM with a tag of 16 bytes (RFC 7714).
    AeadAes256Gcm,
    /// AES-128 in GCM with a tag of 16 bytes (RFC 7714).
    AeadAes128Gcm,
    /// AES-128 in counter mode, HMAC-SHA1 with a tag of 10 bytes (RFC 3711); everybody knows it.
    AesCm128HmacSha1_80,
    /// AES-128 in counter mode, HMAC-SHA1 with a tag of 4 bytes (RFC 3711).
    AesCm128HmacSha1_32,
    /// AES-256 in counter mode, HMAC-SHA1 with a tag of 10 bytes (RFC 6188).
    AesCm256HmacSha1_80,
    /// AES-256 in counter mode, HMAC-SHA1 with a tag of 4 bytes (RFC 6188).
    AesCm256HmacSha1_32,
}

impl Suite {
    /// All of them.
    pub const ALL: [Suite; 6] = [
        Suite::AeadAes256Gcm,
        Suite::AeadAes128Gcm,
        Suite::AesCm128HmacSha1_80,
        Suite::AesCm128HmacSha1_32,
        Suite::AesCm256HmacSha1_80,
        Suite::AesCm256HmacSha1_32,
    ];

    /// The name in `a=crypto` (RFC 4568 section 6.2, RFC 6188, RFC 7714).
    pub fn name(self) -> &'static str {
        match self {
            Suite::AeadAes256Gcm => "AEAD_AES_256_GCM",
            Suite::AeadAes128Gcm => "AEAD_AES_128_GCM",
            Suite::AesCm128HmacSha1_80 => "AES_CM_128_HMAC_SHA1_80",
            Suite::AesCm128HmacSha1_32 => "AES_CM_128_HMAC_SHA1_32",
            Suite::AesCm256HmacSha1_80 => "AES_256_CM_HMAC_SHA1_80",
            Suite::AesCm256HmacSha1_32 => "AES_256_CM_HMAC_SHA1_32",
        }
    }

    /// The suite of this name, in any case.
    pub fn from_name(name: &str) -> Option<Suite> {
        // Some phones write the longer form of the names.
        let name = match name.to_ascii_uppercase().as_str() {
            "AES_CM_256_HMAC_SHA1_80" => "AES_256_CM_HMAC_SHA1_80".to_owned(),
            "AES_CM_256_HMAC_SHA1_32" => "AES_256_CM_HMAC_SHA1_32".to_owned(),
            other => other.to_owned(),
        };
        Suite::ALL.into_iter().find(|suite| suite.name() == name)
    }

    /// Bytes of the master key.
    pub fn key_length(self) -> usize {
        self.profile().key_len()
    }

    /// Bytes of the master salt.
    pub fn salt_length(self) -> usize {
        self.profile().salt_len()
    }

    /// Bytes at the end of a packet that authenticate it.
    fn tag_length(self) -> usize {
        self.profile().rtp_auth_tag_len()
    }

    fn profile(self) -> ProtectionProfile {
        match self {
            Suite::AeadAes256Gcm => ProtectionProfile::AeadAes256Gcm,
            Suite::AeadAes128Gcm => ProtectionProfile::AeadAes128Gcm,
            Suite::AesCm128HmacSha1_80 => ProtectionProfile::Aes128CmHmacSha1_80,
            Suite::AesCm128HmacSha1_32 => ProtectionProfile::Aes128CmHmacSha1_32,
            Suite::AesCm256HmacSha1_80 => ProtectionProfile::Aes256CmHmacSha1_80,
            Suite::AesCm256HmacSha1_32 => ProtectionProfile::Aes256CmHmacSha1_32,
        }
    }
}

/// What one side encrypts its packets with. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey {
    suite: Suite,
    /// Key and salt, one after the other.
    bytes: Vec<u8>,
    /// Bytes of the master key identifier in each packet; 0 without one.
    identifier: usize,
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({}, …)", self.suite.name())
    }
}

impl MasterKey {
    /// A new random key.
    pub fn random(suite: Suite) -> MasterKey {
        let mut bytes = vec![0; suite.key_length() + suite.salt_length()];
        rand::RngCore::fill_bytes(&mut rand::rng(), &mut bytes);
        MasterKey { suite, bytes, identifier: 0 }
    }

    /// Key and salt as they stand, one after the other; nothing if their length is not the suite's.
    pub fn new(suite: Suite, bytes: &[u8]) -> Option<MasterKey> {
        let fits = bytes.len() == suite.key_length() + suite.salt_length();
        fits.then(|| MasterKey { suite, bytes: bytes.to_vec(), identifier: 0 })
    }

    /// The same key, whose packets carry a master key identifier of so many bytes (RFC 3711 section 3.1).
    pub fn with_identifier(self, length: usize) -> MasterKey {
        MasterKey { identifier: length, ..self }
    }

    /// What the key is for.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// Key and salt, one after the other, for `a=crypto`.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn context(&self) -> Option<Context> {
        let (key, salt) = self.bytes.split_at(self.suite.key_length());
        let (rtp, rtcp) = (srtp_replay_protection(WINDOW), srtcp_replay_protection(WINDOW));
        // Fails only for a key of the wrong length or a cipher that is not there: neither can be.
        Context::new(key, salt, self.suite.profile(), Some(rtp), Some(rtcp), provider().crypto()).ok()
    }
}

/// The keys of both directions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// What we encrypt with.
    pub ours: MasterKey,
    /// What the peer encrypts with.
    pub theirs: MasterKey,
}

/// Encrypts what goes to one peer, and lets through only what comes from it. Every function says whether it worked; if
/// not, the packet must be dropped.
pub struct Shield {
    ours: Context,
    theirs: Incoming,
}

impl fmt::Debug for Shield {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shield(…)")
    }
}

impl Shield {
    /// Ready for the first packet. Deriving the keys costs a few µs.
    pub fn new(keys: &Keys) -> Option<Shield> {
        Some(Shield { ours: keys.ours.context()?, theirs: Incoming::new(keys.theirs.clone())? })
    }

    /// Encrypts an RTP packet in place.
    pub fn protect_rtp(&mut self, packet: &mut Vec<u8>) -> bool {
        replace(packet, self.ours.encrypt_rtp(packet).ok())
    }

    /// Checks and decrypts an RTP packet into `out`, which is emptied first.
    pub fn unprotect_rtp(&mut self, packet: &[u8], out: &mut Vec<u8>) -> bool {
        // Version 2, and the SSRC in the third word (RFC 3550 section 5.1).
        let Some(ssrc) = packet.get(8..12).filter(|_| packet[0] >> 6 == 2) else {
            return false;
        };
        let ssrc = [ssrc[0], ssrc[1], ssrc[2], ssrc[3]];
        self.theirs.packet(packet, ssrc, Kind::Rtp, out)
    }

    /// Encrypts a (compound) RTCP packet in place.
    pub fn protect_rtcp(&mut self, packet: &mut Vec<u8>) -> bool {
        replace(packet, self.ours.encrypt_rtcp(packet).ok())
    }

    /// Checks and decrypts an RTCP packet into `out`, which is emptied first.
    pub fn unprotect_rtcp(&mut self, packet: &[u8], out: &mut Vec<u8>) -> bool {
        // The SSRC is in the second word (RFC 3550 section 6.4).
        let Some(ssrc) = packet.get(4..8).filter(|_| packet[0] >> 6 == 2) else {
            return false;
        };
        let ssrc = [ssrc[0], ssrc[1], ssrc[2], ssrc[3]];
        self.theirs.packet(packet, ssrc, Kind::Rtcp, out)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rtp,
    Rtcp,
}

impl Kind {
    fn decrypt(self, context: &mut Context, packet: &[u8]) -> Option<bytes::BytesMut> {
        match self {
            Kind::Rtp => context.decrypt_rtp(packet).ok(),
            Kind::Rtcp => context.decrypt_rtcp(packet).ok(),
        }
    }
}

/// The peer's direction.
struct Incoming {
    key: MasterKey,
    context: Context,
    /// Streams of which a genuine packet has been seen.
    known: Vec<[u8; 4]>,
    /// Where unknown streams are tried, and how many have been.
    trial: Option<(Context, usize)>,
    /// The packet without its master key identifier.
    plain: Vec<u8>,
}

impl Incoming {
    fn new(key: MasterKey) -> Option<Incoming> {
        let context = key.context()?;
        Some(Incoming { key, context, known: Vec::new(), trial: None, plain: Vec::new() })
    }

    fn packet(&mut self, packet: &[u8], ssrc: [u8; 4], kind: Kind, out: &mut Vec<u8>) -> bool {
        out.clear();
        let mut plain = std::mem::take(&mut self.plain);
        let packet = match self.key.identifier {
            0 => packet,
            length => match without_identifier(packet, self.key.suite, length, kind, &mut plain) {
                true => plain.as_slice(),
                false => &[],
            },
        };
        let opened = self.open(packet, ssrc, kind);
        self.plain = plain;
        opened.map(|bytes| out.extend_from_slice(&bytes)).is_some()
    }

    fn open(&mut self, packet: &[u8], ssrc: [u8; 4], kind: Kind) -> Option<bytes::BytesMut> {
        if !self.known.contains(&ssrc) {
            self.try_unknown(packet, kind)?;
            if self.known.len() >= MAX_STREAMS {
                self.context = self.key.context()?;
                self.known.clear();
            }
            self.known.push(ssrc);
        }
        kind.decrypt(&mut self.context, packet)
    }

    /// Whether a packet of an unknown stream is genuine.
    fn try_unknown(&mut self, packet: &[u8], kind: Kind) -> Option<()> {
        if self.trial.as_ref().is_none_or(|(_, tried)| *tried >= MAX_TRIED) {
            self.trial = Some((self.key.context()?, 0));
        }
        let (context, tried) = self.trial.as_mut()?;
        *tried += 1;
        kind.decrypt(context, packet).map(|_| ())
    }
}

/// Cuts the master key identifier out: it stands before the tag of a counter-mode packet, and at the end of a GCM
/// packet, whose tag is part of the ciphertext (RFC 3711 section 3.1, RFC 7714 section 8.2).
fn without_identifier(packet: &[u8], suite: Suite, length: usize, kind: Kind, plain: &mut Vec<u8>) -> bool {
    let tag = match kind {
        Kind::Rtp => suite.tag_length(),
        Kind::Rtcp => suite.profile().rtcp_auth_tag_len(),
    };
    let Some(body) = packet.len().checked_sub(tag + length) else {
        return false;
    };
    plain.clear();
    plain.extend_from_slice(&packet[..body]);
    plain.extend_from_slice(&packet[body + length..]);
    true
}

fn replace(packet: &mut Vec<u8>, with: Option<bytes::BytesMut>) -> bool {
    let Some(with) = with else {
        return false;
    };
    packet.clear();
    packet.extend_from_slice(&with);
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rtp::{Header, Packet};

    fn pair(suite: Suite) -> (Shield, Shield) {
        let (one, two) = (MasterKey::random(suite), MasterKey::random(suite));
        let keys = Keys { ours: one.clone(), theirs: two.clone() };
        let mirrored = Keys { ours: two, theirs: one };
        (Shield::new(&keys).expect("keys that fit"), Shield::new(&mirrored).expect("keys that fit"))
    }

    fn rtp(ssrc: u32, sequence: u16) -> Vec<u8> {
        let header = Header { marker: false, payload_type: 0, sequence, timestamp: 160, ssrc };
        let mut packet = Vec::new();
        header.write(&[0x55; 160], &mut packet);
        packet
    }

    /// A receiver report without blocks (RFC 3550 section 6.4.2).
    fn rtcp(ssrc: u32) -> Vec<u8> {
        let mut packet = vec![0x80, 201, 0, 1];
        packet.extend_from_slice(&ssrc.to_be_bytes());
        packet
    }

    #[test]
    fn what_one_side_encrypts_the_other_reads() {
        for suite in Suite::ALL {
            let (mut one, mut two) = pair(suite);
            let mut out = Vec::new();
            for sequence in [65_534, 65_535, 0, 1] {
                let clear = rtp(7, sequence);
                let mut sent = clear.clone();
                assert!(one.protect_rtp(&mut sent), "{suite:?}");
                assert_ne!(sent[12..clear.len()], clear[12..], "{suite:?} hides the sound");
                assert!(two.unprotect_rtp(&sent, &mut out), "{suite:?} {sequence}");
                assert_eq!(out, clear);
            }
            let mut sent = rtcp(7);
            assert!(one.protect_rtcp(&mut sent));
            assert!(two.unprotect_rtcp(&sent, &mut out));
            assert_eq!(out, rtcp(7));
        }
    }

    #[test]
    fn a_replayed_or_altered_or_plain_packet_is_refused() {
        for suite in Suite::ALL {
            let (mut one, mut two) = pair(suite);
            let mut out = Vec::new();
            let mut sent = rtp(7, 1);
            one.protect_rtp(&mut sent);
            let mut altered = sent.clone();
            altered[20] ^= 1;
            assert!(!two.unprotect_rtp(&altered, &mut out), "{suite:?}: altered");
            assert!(two.unprotect_rtp(&sent, &mut out));
            assert!(!two.unprotect_rtp(&sent, &mut out), "{suite:?}: replayed");
            assert!(!two.unprotect_rtp(&rtp(7, 2), &mut out), "{suite:?}: plain");
            let mut report = rtcp(7);
            one.protect_rtcp(&mut report);
            assert!(two.unprotect_rtcp(&report, &mut out));
            assert!(!two.unprotect_rtcp(&report, &mut out), "{suite:?}: a replayed report");
        }
    }

    #[test]
    fn a_flood_of_unknown_streams_neither_fills_the_memory_nor_disturbs_the_known_one() {
        let (mut one, mut two) = pair(Suite::AesCm128HmacSha1_80);
        let mut out = Vec::new();
        for n in 0..1_000u32 {
            assert!(!two.unprotect_rtp(&rtp(1_000 + n, 1), &mut out));
            let mut sent = rtp(7, n as u16);
            one.protect_rtp(&mut sent);
            assert!(two.unprotect_rtp(&sent, &mut out));
        }
        assert_eq!(two.theirs.known.len(), 1);
    }

    #[test]
    fn a_master_key_identifier_is_cut_out() {
        let key = MasterKey::random(Suite::AesCm128HmacSha1_80);
        let ours = MasterKey::random(Suite::AesCm128HmacSha1_80);
        let mut sender = Shield::new(&Keys { ours: key.clone(), theirs: ours.clone() }).expect("keys that fit");
        let mut receiver = Shield::new(&Keys { ours, theirs: key.with_identifier(1) }).expect("keys that fit");
        let mut sent = rtp(7, 1);
        sender.protect_rtp(&mut sent);
        sent.insert(sent.len() - 10, 1);
        let mut out = Vec::new();
        assert!(receiver.unprotect_rtp(&sent, &mut out));
        assert_eq!(out, rtp(7, 1));
    }

    /// RFC 3711 appendix B.3 derives these session keys; the packet is libsrtp's test vector for them.
    #[test]
    fn the_packet_of_libsrtps_test_comes_out_as_it_should() {
        let key = "e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6";
        let bytes: Vec<u8> =
            (0..key.len()).step_by(2).map(|i| u8::from_str_radix(&key[i..i + 2], 16).expect("hexadecimal")).collect();
        let key = MasterKey::new(Suite::AesCm128HmacSha1_80, &bytes).expect("30 bytes");
        let mut shield = Shield::new(&Keys { ours: key.clone(), theirs: key }).expect("keys that fit");
        let mut packet = vec![0x80, 0x0f, 0x12, 0x34, 0xde, 0xca, 0xfb, 0xad, 0xca, 0xfe, 0xba, 0xbe];
        packet.extend_from_slice(&[0xab; 16]);
        assert!(shield.protect_rtp(&mut packet));
        let expected = [
            0x80, 0x0f, 0x12, 0x34, 0xde, 0xca, 0xfb, 0xad, 0xca, 0xfe, 0xba, 0xbe, 0x4e, 0x55, 0xdc, 0x4c, 0xe7, 0x99,
            0x78, 0xd8, 0x8c, 0xa4, 0xd2, 0x15, 0x94, 0x9d, 0x24, 0x02, 0xb7, 0x8d, 0x6a, 0xcc, 0x99, 0xea, 0x17, 0x9b,
            0x8d, 0xbb,
        ];
        assert_eq!(packet, expected);
    }

    #[test]
    fn a_key_is_never_printed() {
        let key = MasterKey::new(Suite::AesCm128HmacSha1_80, &[0xAB; 30]).expect("30 bytes");
        assert_eq!(format!("{key:?}"), "MasterKey(AES_CM_128_HMAC_SHA1_80, …)");
        assert!(MasterKey::new(Suite::AesCm128HmacSha1_80, &[0; 29]).is_none());
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_shield_panic(bytes in prop::collection::vec(any::<u8>(), 0..100), version in 0u8..64) {
            let (mut one, mut two) = pair(Suite::AeadAes128Gcm);
            let mut out = Vec::new();
            let mut bytes = bytes;
            if let Some(first) = bytes.first_mut() {
                *first = 0x80 | version;
            }
            prop_assert!(!one.unprotect_rtp(&bytes, &mut out));
            prop_assert!(!two.unprotect_rtcp(&bytes, &mut out));
            // Whatever is accepted for sending is still a packet of ours, for another to read.
            let mut sent = bytes.clone();
            if one.protect_rtp(&mut sent) && two.unprotect_rtp(&sent, &mut out) {
                prop_assert_eq!(out.len(), bytes.len());
                let _ = Packet::parse(&out);
            }
        }
    }
}
