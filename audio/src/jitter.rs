//! RTP payloads back into an even stream: packets that come early wait, packets in the wrong order are put right,
//! and the waiting time follows what the network does (20 to 200 ms). Time is the number of [`JitterBuffer::pop`]
//! calls, one every 20 ms. Decoding, and sound for what is missing, are left to [`crate::g711`] and
//! [`crate::conceal`].
//!
//! One byte is taken to be one sample at 8 kHz, which holds for G.711, so packets of any length (10, 20, 30 … ms) fit.

mod delay;
mod sequence;
mod timeline;

use std::time::Duration;

use crate::FRAME_8K;
use delay::Delay;
use sequence::{Order, Sequence};
use timeline::Timeline;

const FRAME: i64 = FRAME_8K as i64;
/// A packet this far (2 s) from where it should be does not belong to the stream as we know it.
const STRANGE: i64 = 16_000;
/// After this many ticks (200 ms) without anything to play, the stream has stopped.
const STOPPED_AFTER: u32 = 10;
/// Longer than any packet a telephone sends (IP's usual 1,500 bytes hold no more than 185 ms).
const LONGEST_PAYLOAD: usize = 1_500;

/// What to play for one 20 ms tick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Playout {
    /// 160 bytes of G.711.
    Frame(Vec<u8>),
    /// Something should be here and is not: conceal it.
    Conceal,
    /// The stream has not begun, or has stopped.
    Empty,
}

/// What happened to the packets so far, over all streams that went through the buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JitterStats {
    /// Packets taken, without duplicates.
    pub received: u64,
    /// Packets that came after their turn to be played.
    pub late: u64,
    /// Packets that never came.
    pub lost: u64,
    /// Packets that came more than once.
    pub duplicated: u64,
    /// Packets that fitted nowhere: empty, too long, or far outside the stream.
    pub rejected: u64,
    /// Ticks for which something had to be concealed.
    pub concealed: u64,
    /// Ticks' worth of audio left out to bring the delay down again.
    pub skipped: u64,
    /// Audio waiting in the buffer.
    pub depth: Duration,
    /// How long audio waits, as the network is now.
    pub target: Duration,
}

/// An adaptive jitter buffer for one G.711 stream.
#[derive(Debug, Default)]
pub struct JitterBuffer {
    /// Samples that went out so far: our clock.
    now: i64,
    timeline: Timeline,
    sequence: Option<Sequence>,
    delay: Delay,
    state: State,
    /// A packet that fitted nowhere; when the next one follows it, the stream begins anew there.
    strange: Option<(u16, u32)>,
    counts: JitterStats,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Nothing to play; the next packet begins the stream (again).
    #[default]
    Stopped,
    /// The first packets wait for their time.
    Filling,
    /// Running, with so many ticks in a row for which the buffer was empty.
    Playing { dry: u32 },
}

impl JitterBuffer {
    /// An empty buffer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a packet as it arrives. Anything may arrive, in any order and any number of times.
    pub fn push(&mut self, seq: u16, timestamp: u32, payload: &[u8]) {
        if payload.is_empty() || payload.len() > LONGEST_PAYLOAD {
            self.counts.rejected += 1;
            return;
        }
        let follows_strange = self.strange.is_some_and(|(last, at)| {
            seq == last.wrapping_add(1) && i64::from((timestamp.wrapping_sub(at)) as i32).abs() < STRANGE
        });
        let Some(sequence) = self.sequence.as_mut().filter(|_| !follows_strange) else {
            self.begin(seq, timestamp);
            self.accept(0, payload);
            return;
        };
        let start = self.timeline.unwrap(timestamp);
        // While stopped, silence of any length may have passed; only the past is suspicious then.
        let off = match self.state {
            State::Stopped => (self.timeline.play() - start).max(0),
            _ => self.delay.excess(self.now - start).abs(),
        };
        match sequence.order(seq) {
            Order::Duplicate => self.counts.duplicated += 1,
            Order::Next if off < STRANGE => {
                sequence.take(seq);
                self.strange = None;
                self.accept(start, payload);
            }
            _ => {
                self.strange = Some((seq, timestamp));
                self.counts.rejected += 1;
            }
        }
    }

    /// Begins a stream whose first timestamp stands for position 0.
    fn begin(&mut self, seq: u16, timestamp: u32) {
        self.counts.lost += self.sequence.take().map_or(0, |sequence| sequence.lost());
        self.sequence = Some(Sequence::new(seq));
        self.timeline = Timeline::new(timestamp);
        self.strange = None;
        self.state = State::Stopped;
    }

    fn accept(&mut self, start: i64, payload: &[u8]) {
        self.counts.received += 1;
        let end = start + payload.len() as i64;
        if self.state == State::Stopped {
            if end <= self.timeline.play() {
                self.counts.late += 1;
                return;
            }
            self.delay.restart();
            self.timeline.restart(start);
            self.state = State::Filling;
        }
        self.delay.arrived(self.now, self.now - start);
        if self.state == State::Filling && start < self.timeline.play() {
            // Overtaken by the packet that began the stream, but still in time.
            self.timeline.restart(start);
        }
        if end <= self.timeline.play() {
            self.counts.late += 1;
        } else if !self.timeline.insert(start, payload) {
            self.counts.rejected += 1;
        }
    }

    /// What to play now; called once every 20 ms.
    pub fn pop(&mut self) -> Playout {
        let wanted = self.delay.playhead(self.now);
        self.now += FRAME;
        match self.state {
            State::Stopped => Playout::Empty,
            State::Filling if wanted < self.timeline.play() => Playout::Empty,
            State::Filling => self.play(wanted, 0),
            State::Playing { dry } => self.play(wanted, dry),
        }
    }

    fn play(&mut self, wanted: i64, dry: u32) -> Playout {
        let behind = wanted - self.timeline.play();
        let skip = self.delay.skip(behind);
        if skip > 0 {
            self.counts.skipped += skip as u64;
            self.timeline.advance(skip * FRAME);
        }
        if let Some(frame) = self.timeline.take_frame() {
            self.state = State::Playing { dry: 0 };
            return Playout::Frame(frame);
        }
        let dry = if self.timeline.is_empty() { dry + 1 } else { 0 };
        if dry > STOPPED_AFTER {
            self.state = State::Stopped;
            return Playout::Empty;
        }
        self.state = State::Playing { dry };
        self.counts.concealed += 1;
        // When more delay is wanted anyway, this is the moment: what is missing may still come.
        if behind > -FRAME {
            self.timeline.advance(FRAME);
        }
        Playout::Conceal
    }

    /// Counts so far.
    pub fn stats(&self) -> JitterStats {
        JitterStats {
            lost: self.counts.lost + self.sequence.as_ref().map_or(0, Sequence::lost),
            depth: samples(self.timeline.depth()),
            target: samples(self.delay.target() * FRAME),
            ..self.counts
        }
    }

    /// Begins a new stream (SSRC change, re-INVITE): what waits is dropped, the counts go on.
    pub fn reset(&mut self) {
        self.counts.lost += self.sequence.take().map_or(0, |sequence| sequence.lost());
        self.timeline = Timeline::default();
        self.delay = Delay::default();
        self.state = State::Stopped;
        self.strange = None;
    }
}

fn samples(count: i64) -> Duration {
    Duration::from_micros(count.max(0) as u64 * 125)
}

#[cfg(test)]
mod tests;
