//! Sequence numbers (RFC 3550, appendix A.1): which packets are new, which came before, which never came.

/// How far back packets are remembered: 2.5 s at 20 ms.
const REMEMBERED: i32 = 128;
/// A larger step forward is not loss but another stream.
const LARGEST_GAP: i32 = 3_000;

/// The sequence numbers of one stream.
#[derive(Debug)]
pub(super) struct Sequence {
    highest: u16,
    /// Packets from the first up to the highest.
    expected: u64,
    received: u64,
    /// One bit for each of the last packets, the highest lowest: did it come?
    seen: u128,
}

/// How a sequence number relates to those before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Next,
    Duplicate,
    Strange,
}

impl Sequence {
    pub(super) fn new(first: u16) -> Self {
        Self { highest: first, expected: 1, received: 1, seen: 1 }
    }

    /// The step from the highest number, which may be backwards; the numbers wrap round.
    fn step(&self, seq: u16) -> i32 {
        i32::from(seq.wrapping_sub(self.highest) as i16)
    }

    pub(super) fn order(&self, seq: u16) -> Order {
        match self.step(seq) {
            1..=LARGEST_GAP => Order::Next,
            back if back <= 0 && back > -REMEMBERED => {
                if self.seen >> -back & 1 == 1 {
                    Order::Duplicate
                } else {
                    Order::Next
                }
            }
            _ => Order::Strange,
        }
    }

    /// Takes note of a packet that was found to be [`Order::Next`].
    pub(super) fn take(&mut self, seq: u16) {
        let step = self.step(seq);
        if step > 0 {
            self.highest = seq;
            self.expected += step as u64;
            self.seen = self.seen.checked_shl(step as u32).unwrap_or(0) | 1;
        } else {
            self.seen |= 1u128.checked_shl(step.unsigned_abs()).unwrap_or(0);
            // A packet older than the first one heard makes the stream longer.
            self.expected = self.expected.max(step.unsigned_abs() as u64 + 1);
        }
        self.received += 1;
    }

    pub(super) fn lost(&self) -> u64 {
        self.expected.saturating_sub(self.received)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(numbers: &[u16]) -> Sequence {
        let mut sequence = Sequence::new(numbers[0]);
        for &seq in &numbers[1..] {
            assert_eq!(sequence.order(seq), Order::Next, "{seq}");
            sequence.take(seq);
        }
        sequence
    }

    #[test]
    fn numbers_wrap_round() {
        let sequence = taken(&[65_534, 65_535, 0, 1]);
        assert_eq!((sequence.lost(), sequence.order(65_535)), (0, Order::Duplicate));
    }

    #[test]
    fn what_is_only_late_is_not_lost() {
        assert_eq!(taken(&[10, 12, 15]).lost(), 3);
        assert_eq!(taken(&[10, 12, 15, 14, 11, 13]).lost(), 0);
        assert_eq!(taken(&[10, 9, 7]).lost(), 1);
    }

    #[test]
    fn far_away_is_strange() {
        let sequence = taken(&[5_000]);
        assert_eq!(sequence.order(8_001), Order::Strange);
        assert_eq!(sequence.order(4_872), Order::Strange);
        assert_eq!(sequence.order(4_873), Order::Next);
    }
}
