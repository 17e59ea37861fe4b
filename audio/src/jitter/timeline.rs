//! The packets that wait, in the order of their timestamps, and the position up to which they have been decoded.

use std::collections::VecDeque;

use super::UNEVEN;

/// More waiting packets than any stream in order has (0.96 s at 20 ms): the oldest give way.
const MOST_PACKETS: usize = 48;

/// Positions are in samples at 8 kHz from the first packet on and never wrap.
#[derive(Debug)]
pub(super) struct Timeline {
    /// Ordered by their start, each ending after `given`.
    waiting: VecDeque<Packet>,
    given: i64,
    /// Units of the RTP clock in a sample at 8 kHz.
    units: i64,
    /// A timestamp and its position, to tell how often timestamps have wrapped.
    known: (u32, i64),
    /// Number and end of the newest packet, to tell a pause from a loss.
    newest: Option<(u16, i64)>,
}

/// A packet, as it came.
#[derive(Debug)]
pub(super) struct Packet {
    pub(super) start: i64,
    pub(super) samples: usize,
    /// Empty for silence.
    pub(super) payload: Vec<u8>,
    /// Nothing is missing between the packet before and this one, and yet there is a gap: the sender paused.
    anew: bool,
}

impl Packet {
    fn end(&self) -> i64 {
        self.start + self.samples as i64
    }
}

impl Timeline {
    pub(super) fn new(timestamp: u32, clock_rate: u32) -> Self {
        let units = i64::from(clock_rate / 8_000).max(1);
        Self { waiting: VecDeque::new(), given: 0, units, known: (timestamp, 0), newest: None }
    }

    /// Forgets everything; this timestamp now stands for position 0.
    pub(super) fn begin(&mut self, timestamp: u32) {
        self.waiting.clear();
        self.given = 0;
        self.known = (timestamp, 0);
        self.newest = None;
    }

    /// Samples from one timestamp to a later one; negative to an earlier one.
    pub(super) fn distance(&self, to: u32, from: u32) -> i64 {
        i64::from(to.wrapping_sub(from) as i32) / self.units
    }

    /// The position of a timestamp: the one nearest to the newest packet's.
    pub(super) fn unwrap(&self, timestamp: u32) -> i64 {
        let (known, position) = self.known;
        position + self.distance(timestamp, known)
    }

    /// The position that will be decoded next.
    pub(super) fn given(&self) -> i64 {
        self.given
    }

    /// Goes on at `start`, keeping what waits.
    pub(super) fn restart(&mut self, start: i64) {
        self.given = start;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The end of the last packet that waits, or of the last one decoded.
    pub(super) fn end(&self) -> i64 {
        self.waiting.back().map_or(self.given, Packet::end)
    }

    /// The start of the last packet that waits.
    pub(super) fn newest(&self) -> i64 {
        self.waiting.back().map_or(self.given, |last| last.start)
    }

    /// Takes note of a packet, whether or not it is kept; says whether the sender paused just before it.
    pub(super) fn seen(&mut self, seq: u16, timestamp: u32, start: i64, end: i64) -> bool {
        let anew = self.newest.is_some_and(|(last, before)| seq == last.wrapping_add(1) && start > before + UNEVEN);
        if self.newest.is_none_or(|(last, _)| seq.wrapping_sub(last) < 0x8000) {
            self.newest = Some((seq, end));
        }
        if start > self.known.1 {
            self.known = (timestamp, start);
        }
        anew
    }

    /// Puts a packet in its place; what is there already stays. False if that leaves no room for any of it.
    pub(super) fn insert(&mut self, start: i64, samples: usize, anew: bool, payload: &[u8]) -> bool {
        let packet = Packet { start, samples, payload: payload.to_vec(), anew };
        let place = self.waiting.partition_point(|other| other.start <= start);
        let taken_up_to = place.checked_sub(1).map_or(self.given, |before| self.waiting[before].end());
        if packet.end() <= taken_up_to.max(self.given) {
            return false;
        }
        // A packet that a longer one covers wholly is not needed any more.
        while self.waiting.get(place).is_some_and(|after| after.end() <= packet.end()) {
            self.waiting.remove(place);
        }
        self.waiting.insert(place, packet);
        if self.waiting.len() > MOST_PACKETS {
            let dropped = self.waiting.pop_front();
            self.given = dropped.map_or(self.given, |packet| packet.end());
        }
        true
    }

    /// Samples that are missing before the next packet, negative if it overlaps; nothing if no packet waits.
    pub(super) fn gap(&self) -> Option<i64> {
        self.waiting.front().map(|first| first.start - self.given)
    }

    /// Whether what is missing before the next packet is a pause of the sender.
    pub(super) fn next_begins_anew(&self) -> bool {
        self.waiting.front().is_some_and(|first| first.anew)
    }

    /// Gives the next packet away.
    pub(super) fn next(&mut self) -> Option<Packet> {
        let packet = self.waiting.pop_front()?;
        self.given = packet.end();
        Some(packet)
    }

    /// Passes over so many missing samples.
    pub(super) fn advance(&mut self, samples: i64) {
        self.given += samples;
    }

    /// Goes on at a later position; what ends before it is dropped.
    pub(super) fn jump(&mut self, to: i64) {
        self.given = to;
        while self.waiting.front().is_some_and(|first| first.end() <= to) {
            self.waiting.pop_front();
        }
    }

    /// Whether the promises of the fields are kept.
    #[cfg(test)]
    pub(super) fn is_sound(&self) -> bool {
        let pairs = || self.waiting.iter().zip(self.waiting.iter().skip(1));
        pairs().all(|(a, b)| a.start <= b.start && a.end() < b.end())
            && self.waiting.len() <= MOST_PACKETS
            && self.waiting.front().is_none_or(|first| first.end() > self.given)
    }
}
