//! The packets that wait, in the order of their timestamps, and the position up to which they have been played.

use std::collections::VecDeque;

use super::FRAME;

/// More waiting packets than any stream in order has (1.3 s at 20 ms): the oldest give way.
const MOST_PACKETS: usize = 64;

/// Positions are in samples from the first packet on and never wrap.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    /// Ordered, without overlap, all ending after `play`.
    waiting: VecDeque<Packet>,
    play: i64,
    /// A timestamp and its position, to tell how often timestamps have wrapped.
    known: (u32, i64),
}

#[derive(Debug)]
struct Packet {
    start: i64,
    bytes: Vec<u8>,
}

impl Packet {
    fn end(&self) -> i64 {
        self.start + self.bytes.len() as i64
    }

    fn cut_before(&mut self, at: i64) {
        if at > self.start {
            let cut = ((at - self.start) as usize).min(self.bytes.len());
            self.bytes.drain(..cut);
            self.start += cut as i64;
        }
    }
}

impl Timeline {
    pub(super) fn new(timestamp: u32) -> Self {
        Self { waiting: VecDeque::new(), play: 0, known: (timestamp, 0) }
    }

    /// The position of a timestamp: the one nearest to the last packet's.
    pub(super) fn unwrap(&self, timestamp: u32) -> i64 {
        let (known, position) = self.known;
        position + i64::from(timestamp.wrapping_sub(known) as i32)
    }

    /// The position that will be played next.
    pub(super) fn play(&self) -> i64 {
        self.play
    }

    /// Goes on playing at `start`, keeping what waits.
    pub(super) fn restart(&mut self, start: i64) {
        self.play = start;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Samples from the playhead to the end of the last packet.
    pub(super) fn depth(&self) -> i64 {
        self.waiting.back().map_or(0, |last| last.end() - self.play)
    }

    /// Puts a packet in its place; what is there already stays. False if that leaves no room for any of it.
    pub(super) fn insert(&mut self, start: i64, payload: &[u8]) -> bool {
        let mut packet = Packet { start, bytes: payload.to_vec() };
        let place = self.waiting.partition_point(|other| other.start <= start);
        let taken_up_to = place.checked_sub(1).map_or(self.play, |before| self.waiting[before].end());
        packet.cut_before(taken_up_to.max(self.play));
        if let Some(after) = self.waiting.get(place) {
            packet.bytes.truncate((after.start - packet.start).max(0) as usize);
        }
        if packet.bytes.is_empty() {
            return false;
        }
        let (known, position) = self.known;
        if start > position {
            self.known = (known.wrapping_add((start - position) as u32), start);
        }
        self.waiting.insert(place, packet);
        if self.waiting.len() > MOST_PACKETS {
            let dropped = self.waiting.pop_front();
            self.play = dropped.map_or(self.play, |packet| packet.end());
        }
        true
    }

    /// Leaves out so many samples.
    pub(super) fn advance(&mut self, samples: i64) {
        self.play += samples;
        while self.waiting.front().is_some_and(|first| first.end() <= self.play) {
            self.waiting.pop_front();
        }
        if let Some(first) = self.waiting.front_mut() {
            first.cut_before(self.play);
        }
    }

    /// Whether the promises of the fields are kept.
    #[cfg(test)]
    pub(super) fn is_sound(&self) -> bool {
        let ordered = self.waiting.iter().zip(self.waiting.iter().skip(1)).all(|(a, b)| a.end() <= b.start);
        ordered
            && self.waiting.len() <= MOST_PACKETS
            && self.waiting.iter().all(|packet| !packet.bytes.is_empty())
            && self.waiting.front().is_none_or(|first| first.start >= self.play)
    }

    /// The next 20 ms, if all of it is here. Packets that begin within those 20 ms, because a sender does not keep to
    /// the grid, are played at once.
    pub(super) fn take_frame(&mut self) -> Option<Vec<u8>> {
        let first = self.waiting.front()?;
        if first.start >= self.play + FRAME {
            return None;
        }
        let start = first.start.max(self.play);
        let mut end = start;
        for packet in &self.waiting {
            if packet.start > end || end >= start + FRAME {
                break;
            }
            end = packet.end();
        }
        if end < start + FRAME {
            return None;
        }
        self.play = start + FRAME;
        // The usual case: one packet is one frame.
        if self.waiting.front().is_some_and(|first| first.bytes.len() == FRAME as usize) {
            return self.waiting.pop_front().map(|first| first.bytes);
        }
        let mut frame = Vec::with_capacity(FRAME as usize);
        while let Some(mut packet) = self.waiting.pop_front() {
            let room = FRAME as usize - frame.len();
            if packet.bytes.len() > room {
                frame.extend(packet.bytes.drain(..room));
                packet.start += room as i64;
                self.waiting.push_front(packet);
                break;
            }
            frame.append(&mut packet.bytes);
            if frame.len() == FRAME as usize {
                break;
            }
        }
        Some(frame)
    }
}
