//! Counts what a stream lost on its way, as RTCP reports do (RFC 3550 §A.3 and §A.8).

use std::time::Duration;

use super::rtcp::ReportBlock;

/// A step back of more than this many packets is a new stream rather than disorder.
const MAX_DISORDER: u16 = 1_000;
/// So is a step ahead of this many, which is a minute.
const MAX_DROPOUT: u16 = 3_000;

/// Reception statistics over all streams of one peer.
#[derive(Clone, Debug, Default)]
pub struct Reception {
    stream: Option<Stream>,
    /// Lost in streams that are over.
    lost_before: u64,
    /// In ms.
    jitter: f32,
}

#[derive(Clone, Debug)]
struct Stream {
    ssrc: u32,
    first: u16,
    highest: u16,
    /// Packets from the first sequence number to the highest.
    expected: u64,
    received: u64,
    /// Both as they were at the last report.
    reported: (u64, u64),
    /// What follows a packet that fitted nowhere; if it comes, the stream has begun anew there.
    strange: Option<u16>,
    transit: Option<i64>,
}

impl Reception {
    /// Takes note of a packet. Says whether it begins a new stream.
    pub fn packet(&mut self, ssrc: u32, sequence: u16) -> bool {
        let begins = match &mut self.stream {
            Some(stream) if stream.ssrc == ssrc => {
                let ahead = sequence.wrapping_sub(stream.highest);
                let behind = stream.highest.wrapping_sub(sequence);
                let fits = behind <= MAX_DISORDER || ahead < MAX_DROPOUT;
                if fits {
                    stream.received += 1;
                }
                if behind > MAX_DISORDER && fits {
                    stream.expected += u64::from(ahead);
                    stream.highest = sequence;
                }
                let follows = stream.strange == Some(sequence);
                stream.strange = (!fits).then(|| sequence.wrapping_add(1));
                !fits && follows
            }
            _ => true,
        };
        if begins {
            self.lost_before = self.lost();
            self.stream = Some(Stream {
                ssrc,
                first: sequence,
                highest: sequence,
                expected: 1,
                received: 1,
                reported: (0, 0),
                strange: None,
                transit: None,
            });
        }
        begins
    }

    /// Takes note of when a packet of sound was read (`arrival`, on any clock), with timestamps at `clock` Hz. Not for
    /// keys, whose timestamp stands still.
    pub fn arrived(&mut self, timestamp: u32, arrival: Duration, clock: u32) {
        let Some(stream) = &mut self.stream else {
            return;
        };
        let arrived = (arrival.as_micros() as i64).wrapping_mul(i64::from(clock)) / 1_000_000;
        let transit = arrived.wrapping_sub(i64::from(timestamp));
        if let Some(before) = stream.transit.replace(transit) {
            let difference = transit.wrapping_sub(before).unsigned_abs();
            let ms = difference as f32 * 1_000.0 / clock.max(1) as f32;
            // More than ten seconds is a clock that jumped or wrapped, not jitter.
            if ms < 10_000.0 {
                self.jitter += (ms - self.jitter) / 16.0;
            }
        }
    }

    /// The stream that is heard.
    pub fn ssrc(&self) -> Option<u32> {
        self.stream.as_ref().map(|stream| stream.ssrc)
    }

    /// What RTCP says of the stream, with timestamps at `clock` Hz; the share lost is that since the last call.
    pub fn report(&mut self, clock: u32) -> Option<ReportBlock> {
        let jitter = (self.jitter * clock as f32 / 1_000.0) as u32;
        let stream = self.stream.as_mut()?;
        let (expected, received) = (stream.expected - stream.reported.0, stream.received - stream.reported.1);
        stream.reported = (stream.expected, stream.received);
        let lost = expected.saturating_sub(received);
        let total = stream.expected as i64 - stream.received as i64;
        Some(ReportBlock {
            ssrc: stream.ssrc,
            fraction_lost: (lost * 256).checked_div(expected).map_or(0, |share| share.min(255) as u8),
            lost: total.clamp(-0x80_0000, 0x7F_FFFF) as i32,
            highest: (u64::from(stream.first) + stream.expected - 1) as u32,
            jitter,
            last_report: 0,
            delay: 0,
        })
    }

    /// Packets that were sent and never came.
    pub fn lost(&self) -> u64 {
        let current = self.stream.as_ref().map_or(0, |s| s.expected.saturating_sub(s.received));
        self.lost_before + current
    }

    /// Interarrival jitter in ms.
    pub fn jitter_ms(&self) -> f32 {
        self.jitter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(packets: &[(u32, u16)]) -> u64 {
        let mut reception = Reception::default();
        for &(ssrc, sequence) in packets {
            reception.packet(ssrc, sequence);
        }
        reception.lost()
    }

    #[test]
    fn gaps_count_as_lost_and_disorder_does_not() {
        assert_eq!(lost(&[(1, 1), (1, 2), (1, 3)]), 0);
        assert_eq!(lost(&[(1, 1), (1, 4)]), 2);
        assert_eq!(lost(&[(1, 1), (1, 4), (1, 2), (1, 3)]), 0);
    }

    #[test]
    fn sequence_numbers_wrap_around() {
        assert_eq!(lost(&[(1, 0xFFFE), (1, 1)]), 2);
    }

    #[test]
    fn a_new_stream_is_no_loss() {
        assert_eq!(lost(&[(1, 1), (1, 3), (2, 40_000), (2, 40_001)]), 1);
        assert_eq!(lost(&[(1, 40_000), (1, 10), (1, 11), (1, 12)]), 0);
        assert_eq!(lost(&[(1, 1), (1, 30_000), (1, 2)]), 0, "one stray packet is none");
    }

    #[test]
    fn even_packets_have_no_jitter_and_uneven_ones_do() {
        let run = |extra: u64| {
            let mut reception = Reception::default();
            for n in 0..400u32 {
                let late = if n % 2 == 0 { extra } else { 0 };
                let arrival = Duration::from_millis(u64::from(n) * 20 + late);
                reception.packet(1, n as u16);
                reception.arrived(n * 160, arrival, 8_000);
            }
            reception.jitter_ms()
        };
        assert!(run(0) < 0.01);
        assert!((run(10) - 10.0).abs() < 0.5);
    }

    #[test]
    fn a_report_counts_from_the_one_before() {
        let mut reception = Reception::default();
        assert_eq!(reception.report(8_000), None);
        for sequence in (65_530..65_536u32).chain(65_540..65_544) {
            reception.packet(5, sequence as u16);
        }
        let report = reception.report(8_000).expect("a stream");
        assert_eq!((report.ssrc, report.lost, report.highest), (5, 4, 65_543));
        assert_eq!(report.fraction_lost, (4 * 256 / 14) as u8);
        // Two that were late, and one that came twice.
        for sequence in [65_537u32, 65_538, 65_544, 65_544] {
            reception.packet(5, sequence as u16);
        }
        let report = reception.report(8_000).expect("a stream");
        assert_eq!((report.fraction_lost, report.lost, report.highest), (0, 1, 65_544));
    }
}
