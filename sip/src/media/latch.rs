//! Symmetric RTP (RFC 4961): whom a leg listens to, and where it sends. Pure; time is an argument.
//!
//! Behind a NAT the address in the SDP is not the one packets come from, so a leg answers to where the peer's packets
//! come from. That must not let a stranger take the call over:
//!
//! - Before the first packet, audio goes to the address of the SDP.
//! - A packet from the host in the SDP latches its source at once. Any other source must first send two packets in
//!   sequence (RFC 3550 §A.1), so stray or random datagrams never latch.
//! - If another host was latched, the host of the SDP may still take its place, for 2 s.
//! - After that only one source is heard. It is replaced when it has been silent for 2 s and another one passes the
//!   test above (a NAT gave the peer another port, a phone moved).

use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How long the host of the SDP may replace another one, and how long a source is silent before it may be replaced.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// What becomes of a valid packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the peer's.
    Accept,
    /// It is the peer's, and audio goes to its source from now on.
    Latched,
    /// Somebody else's.
    Stranger,
}

/// The source a leg is latched to.
#[derive(Clone, Debug, Default)]
pub struct Latch {
    /// From the SDP.
    expected: Option<SocketAddr>,
    source: Option<Source>,
    candidate: Option<Candidate>,
}

#[derive(Clone, Copy, Debug)]
struct Source {
    address: SocketAddr,
    since: Instant,
    heard: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Candidate {
    address: SocketAddr,
    ssrc: u32,
    next: u16,
}

impl Latch {
    /// Expects packets from this address.
    pub fn new(expected: Option<SocketAddr>) -> Latch {
        Latch { expected, ..Latch::default() }
    }

    /// Follows a new SDP. The source is forgotten if the address changed.
    pub fn expect(&mut self, expected: Option<SocketAddr>) {
        if self.expected != expected {
            *self = Latch::new(expected);
        }
    }

    /// Where to send.
    pub fn destination(&self) -> Option<SocketAddr> {
        self.source.map(|source| source.address).or(self.expected)
    }

    /// Judges a valid packet from `from`.
    pub fn packet(&mut self, from: SocketAddr, ssrc: u32, sequence: u16, now: Instant) -> Verdict {
        if let Some(source) = &mut self.source
            && source.address == from
        {
            source.heard = now;
            return Verdict::Accept;
        }
        let from_host = self.is_expected_host(from);
        let open = match self.source {
            None => true,
            Some(source) if now.saturating_duration_since(source.heard) >= PATIENCE => true,
            Some(source) => {
                from_host
                    && !self.is_expected_host(source.address)
                    && now.saturating_duration_since(source.since) < PATIENCE
            }
        };
        if !open {
            return Verdict::Stranger;
        }
        let known = Candidate { address: from, ssrc, next: sequence };
        if !from_host && self.candidate != Some(known) {
            self.candidate = Some(Candidate { next: sequence.wrapping_add(1), ..known });
            return Verdict::Stranger;
        }
        self.candidate = None;
        self.source = Some(Source { address: from, since: now, heard: now });
        Verdict::Latched
    }

    fn is_expected_host(&self, address: SocketAddr) -> bool {
        self.expected.is_some_and(|expected| expected.ip().to_canonical() == address.ip().to_canonical())
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict::*;
    use super::*;

    fn at(address: &str) -> SocketAddr {
        address.parse().expect("an address")
    }

    /// Runs packets (ms, source, sequence) through a latch that expects 10.0.0.1:4000.
    fn check(packets: &[(u64, &str, u16)], verdicts: &[Verdict]) -> Latch {
        let mut latch = Latch::new(Some(at("10.0.0.1:4000")));
        let start = Instant::now();
        let got: Vec<Verdict> = packets
            .iter()
            .map(|(ms, from, sequence)| {
                let now = start + Duration::from_millis(*ms);
                latch.packet(at(from), 7, *sequence, now)
            })
            .collect();
        assert_eq!(got, verdicts);
        latch
    }

    const HOST: &str = "10.0.0.1:4000";
    const NAT: &str = "192.0.2.1:9";
    const OTHER: &str = "192.0.2.66:9";

    #[test]
    fn audio_goes_to_the_sdp_until_a_packet_comes() {
        assert_eq!(check(&[], &[]).destination(), Some(at(HOST)));
        let latch = check(&[(0, "10.0.0.1:5555", 1)], &[Latched]);
        assert_eq!(latch.destination(), Some(at("10.0.0.1:5555")));
    }

    #[test]
    fn another_host_needs_two_packets_in_sequence() {
        let latch = check(&[(0, NAT, 1), (20, NAT, 2)], &[Stranger, Latched]);
        assert_eq!(latch.destination(), Some(at(NAT)));
        check(&[(0, NAT, 1), (20, NAT, 9)], &[Stranger, Stranger]);
        check(&[(0, NAT, 1), (20, OTHER, 2)], &[Stranger, Stranger]);
    }

    #[test]
    fn the_host_of_the_sdp_takes_its_place_within_two_seconds() {
        let first = [(0, NAT, 1), (20, NAT, 2)];
        let packets = [first[0], first[1], (1_000, HOST, 1), (1_020, NAT, 3)];
        check(&packets, &[Stranger, Latched, Latched, Stranger]);
        let packets = [first[0], first[1], (1_900, NAT, 3), (2_100, HOST, 1)];
        check(&packets, &[Stranger, Latched, Accept, Stranger]);
    }

    #[test]
    fn a_stranger_never_replaces_a_source_that_is_heard() {
        let mut packets = vec![(0, HOST, 1)];
        let mut verdicts = vec![Latched];
        for n in 1..200 {
            packets.extend([(u64::from(n) * 20, HOST, n + 1), (u64::from(n) * 20, OTHER, n)]);
            verdicts.extend([Accept, Stranger]);
        }
        assert_eq!(check(&packets, &verdicts).destination(), Some(at(HOST)));
    }

    #[test]
    fn a_source_that_fell_silent_may_be_replaced() {
        let packets = [(0, HOST, 1), (1_999, NAT, 1), (2_000, NAT, 2), (2_020, NAT, 3)];
        check(&packets, &[Latched, Stranger, Stranger, Latched]);
        let packets = [(0, HOST, 1), (2_000, "10.0.0.1:4002", 1)];
        check(&packets, &[Latched, Latched]);
    }

    #[test]
    fn a_new_sdp_moves_the_leg_and_the_same_sdp_does_not() {
        let mut latch = check(&[(0, NAT, 1), (20, NAT, 2)], &[Stranger, Latched]);
        latch.expect(Some(at(HOST)));
        assert_eq!(latch.destination(), Some(at(NAT)));
        latch.expect(Some(at(OTHER)));
        assert_eq!(latch.destination(), Some(at(OTHER)));
    }
}
