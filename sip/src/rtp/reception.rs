//! Counts what a stream lost on its way, as RTCP reports do (RFC 3550 §A.3 and §A.8).

use std::time::Duration;

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
    /// In units of the 8 kHz clock.
    jitter: f32,
}

#[derive(Clone, Debug)]
struct Stream {
    ssrc: u32,
    highest: u16,
    /// Packets from the first sequence number to the highest.
    expected: u64,
    received: u64,
    /// What follows a packet that fitted nowhere; if it comes, the stream has begun anew there.
    strange: Option<u16>,
    transit: Option<i64>,
}

impl Reception {
    /// Takes note of a packet that was read at `arrival` (on any clock). Says whether it begins a new stream.
    pub fn packet(&mut self, ssrc: u32, sequence: u16, timestamp: u32, arrival: Duration) -> bool {
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
            self.stream =
                Some(Stream { ssrc, highest: sequence, expected: 1, received: 1, strange: None, transit: None });
        }
        self.measure_jitter(timestamp, arrival);
        begins
    }

    fn measure_jitter(&mut self, timestamp: u32, arrival: Duration) {
        let Some(stream) = &mut self.stream else {
            return;
        };
        let arrived = (arrival.as_micros() as i64) * 8 / 1_000;
        let transit = arrived.wrapping_sub(i64::from(timestamp));
        if let Some(before) = stream.transit.replace(transit) {
            let difference = transit.wrapping_sub(before).unsigned_abs();
            // More than ten seconds is a clock that jumped or wrapped, not jitter.
            if difference < 80_000 {
                self.jitter += (difference as f32 - self.jitter) / 16.0;
            }
        }
    }

    /// Packets that were sent and never came.
    pub fn lost(&self) -> u64 {
        let current = self.stream.as_ref().map_or(0, |s| s.expected.saturating_sub(s.received));
        self.lost_before + current
    }

    /// Interarrival jitter in ms.
    pub fn jitter_ms(&self) -> f32 {
        self.jitter / 8.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(packets: &[(u32, u16)]) -> u64 {
        let mut reception = Reception::default();
        for &(ssrc, sequence) in packets {
            reception.packet(ssrc, sequence, 0, Duration::ZERO);
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
                reception.packet(1, n as u16, n * 160, arrival);
            }
            reception.jitter_ms()
        };
        assert!(run(0) < 0.01);
        assert!((run(10) - 10.0).abs() < 0.5);
    }
}
