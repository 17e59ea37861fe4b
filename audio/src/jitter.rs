//! RTP packets back into an even stream of 20 ms frames: what comes early waits, what comes in the wrong order is put
//! right, what is missing is concealed, and the waiting time follows what the network does (0 to 200 ms). Time is the
//! number of [`JitterBuffer::pop`] calls, one every 20 ms. Decoding is the caller's: packets wait encoded and are
//! decoded in the order in which they are heard.
//!
//! Packets may last any time (10, 20, 30 … 120 ms), each its own. Positions are samples at 8 kHz, whatever the codec.
//!
//! Delay is added and taken away where it is heard least: in the sender's pauses; else by a frame that blends into the
//! next one, or is said twice, at a moment at which the two are alike or soft; only after some patience anywhere.
//! A buffer that ran dry waits for what comes, because a packet that is late is still better heard than dropped.

mod delay;
mod sequence;
mod timeline;

use std::time::Duration;

use crate::conceal::Concealer;
use crate::{FRAME_8K, Frame8k};
use delay::Delay;
use sequence::{Order, Sequence};
use timeline::Timeline;

const FRAME: i64 = FRAME_8K as i64;
/// A packet this far (2 s) from where it should be does not belong to the stream as we know it.
const STRANGE: i64 = 16_000;
/// After this many ticks (200 ms) without anything to play, the stream has stopped.
const STOPPED_AFTER: u32 = 10;
/// Longer than any packet a telephone sends (IP's usual 1,500 bytes hold no more than 185 ms of G.711), in samples.
pub const LONGEST_PACKET: usize = 1_600;
/// A gap this short (5 ms) between two packets is a sender that does not keep to the grid.
const UNEVEN: i64 = 40;
/// This much delay more than wanted (200 ms) is what a break in the network left behind: it goes at once.
const FAR_BEHIND: i64 = 10 * FRAME;
/// More delay than wanted is taken back within a second if it is one frame, sooner if it is more.
const PATIENCE: i64 = 50;
/// Less delay than wanted is made up within 200 ms: the next late packet may come any time.
const URGENCY: i64 = 10;

/// What one 20 ms tick is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Playout {
    /// What the peer said.
    Sound,
    /// Something should be here and is not: at least a part of it stands in for what is missing.
    Concealed,
    /// The stream has not begun, has stopped, or pauses: silence.
    Silence,
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
    /// Ticks in which the stream was sound or concealed.
    pub played: u64,
    /// Ticks' worth of audio blended away to bring the delay down again.
    pub shortened: u64,
    /// Ticks' worth of audio put in to bring the delay up.
    pub stretched: u64,
    /// Ticks' worth of audio thrown away after a break in the network.
    pub skipped: u64,
    /// Audio waiting in the buffer.
    pub depth: Duration,
    /// How long audio waits, as the network is now.
    pub target: Duration,
}

/// An adaptive jitter buffer for one stream, with its decoded samples and concealment.
#[derive(Debug)]
pub struct JitterBuffer {
    /// Samples that went out so far: our clock.
    now: i64,
    timeline: Timeline,
    sequence: Option<Sequence>,
    delay: Delay,
    state: State,
    /// Decoded and not yet played: what is left of a packet longer than a frame.
    decoded: Vec<i16>,
    /// The frame played last, to which one more may be likened.
    last: Frame8k,
    concealer: Concealer,
    /// The payload of the last frame, if that is just what one packet held.
    whole: Option<Vec<u8>>,
    /// Whether the sender has said that it pauses.
    pausing: bool,
    /// Ticks since more or less delay was first wanted.
    patience: i64,
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

impl Default for JitterBuffer {
    fn default() -> Self {
        Self::new(8_000)
    }
}

impl JitterBuffer {
    /// An empty buffer for timestamps at this rate in Hz, a multiple of 8,000: 8,000 for G.711 and G.722, 48,000 for
    /// Opus.
    pub fn new(clock_rate: u32) -> Self {
        Self {
            now: 0,
            timeline: Timeline::new(0, clock_rate),
            sequence: None,
            delay: Delay::default(),
            state: State::Stopped,
            decoded: Vec::new(),
            last: [0; FRAME_8K],
            concealer: Concealer::new(),
            whole: None,
            pausing: false,
            patience: 0,
            strange: None,
            counts: JitterStats::default(),
        }
    }

    /// Takes a packet as it arrives; `samples` is how long it lasts, at 8 kHz. Anything may arrive, in any order and
    /// any number of times.
    pub fn push(&mut self, seq: u16, timestamp: u32, samples: usize, payload: &[u8]) {
        if samples == 0 || samples > LONGEST_PACKET || payload.is_empty() || payload.len() > LONGEST_PACKET {
            self.counts.rejected += 1;
            return;
        }
        self.take(seq, timestamp, samples, payload);
    }

    /// Takes a packet that holds no sound but has its place in the stream: a key (RFC 4733), or with no samples comfort
    /// noise, which says that the sender pauses (RFC 3389).
    pub fn push_silence(&mut self, seq: u16, timestamp: u32, samples: usize) {
        self.take(seq, timestamp, samples.min(LONGEST_PACKET), &[]);
    }

    fn take(&mut self, seq: u16, timestamp: u32, samples: usize, payload: &[u8]) {
        let follows_strange = self.strange.is_some_and(|(last, at)| {
            seq == last.wrapping_add(1) && self.timeline.distance(timestamp, at).abs() < STRANGE
        });
        let Some(sequence) = self.sequence.as_mut().filter(|_| !follows_strange) else {
            self.begin(seq, timestamp);
            self.accept(seq, timestamp, 0, samples, payload);
            return;
        };
        let start = self.timeline.unwrap(timestamp);
        // While stopped, silence of any length may have passed; only the past is suspicious then.
        let off = match self.state {
            State::Stopped => (self.timeline.given() - start).max(0),
            _ => self.delay.excess(self.now - start).abs(),
        };
        match sequence.order(seq) {
            Order::Duplicate => self.counts.duplicated += 1,
            Order::Next if off < STRANGE => {
                sequence.take(seq);
                self.strange = None;
                self.accept(seq, timestamp, start, samples, payload);
            }
            _ => {
                self.strange = Some((seq, timestamp));
                self.counts.rejected += 1;
            }
        }
    }

    /// Begins a stream whose first timestamp stands for position 0.
    fn begin(&mut self, seq: u16, timestamp: u32) {
        self.forget();
        self.sequence = Some(Sequence::new(seq));
        self.timeline.begin(timestamp);
    }

    fn forget(&mut self) {
        self.counts.lost += self.sequence.take().map_or(0, |sequence| sequence.lost());
        self.timeline.begin(0);
        self.strange = None;
        self.state = State::Stopped;
        self.decoded.clear();
        self.pausing = false;
    }

    fn accept(&mut self, seq: u16, timestamp: u32, start: i64, samples: usize, payload: &[u8]) {
        self.counts.received += 1;
        self.pausing = samples == 0;
        let end = start + samples as i64;
        if self.state == State::Stopped && samples > 0 {
            if end <= self.timeline.given() {
                self.counts.late += 1;
                return;
            }
            self.delay.resumes(self.now - start);
            self.timeline.restart(start);
            self.state = State::Filling;
        }
        let anew = self.timeline.seen(seq, timestamp, start, end);
        if samples == 0 {
            return;
        }
        self.delay.arrived(self.now - start);
        if self.state == State::Filling && start < self.timeline.given() {
            // Overtaken by the packet that began the stream, but still in time.
            self.timeline.restart(start);
        }
        if end <= self.timeline.given() {
            self.counts.late += 1;
        } else if !self.timeline.insert(start, samples, anew, payload) {
            self.counts.rejected += 1;
        }
    }

    /// What to play now; called once every 20 ms. `decode` appends the samples of a payload at 8 kHz; it may leave them
    /// out when nobody needs them, which then are silence.
    pub fn pop(&mut self, frame: &mut Frame8k, decode: &mut dyn FnMut(&[u8], &mut Vec<i16>)) -> Playout {
        let wanted = self.delay.playhead(self.now);
        self.now += FRAME;
        self.whole = None;
        frame.fill(0);
        let playout = match self.state {
            State::Stopped => Playout::Silence,
            State::Filling if wanted < self.timeline.given() => Playout::Silence,
            _ => self.play(wanted, frame, decode),
        };
        self.last = *frame;
        match playout {
            Playout::Sound => self.counts.played += 1,
            Playout::Concealed => {
                self.counts.played += 1;
                self.counts.concealed += 1;
            }
            Playout::Silence => {}
        }
        playout
    }

    /// The payload of the frame just played, if one packet holds just that frame and nothing has been done to it: then
    /// it may be passed on untouched.
    pub fn take_payload(&mut self) -> Option<Vec<u8>> {
        self.whole.take()
    }

    /// The position that is heard next.
    fn playing(&self) -> i64 {
        self.timeline.given() - self.decoded.len() as i64
    }

    fn play(&mut self, wanted: i64, frame: &mut Frame8k, decode: &mut dyn FnMut(&[u8], &mut Vec<i16>)) -> Playout {
        let mut behind = wanted - self.playing();
        if behind >= FAR_BEHIND {
            behind -= self.skip(behind / FRAME * FRAME);
        }
        let dry = match self.state {
            State::Playing { dry } => dry,
            _ => 0,
        };
        let fresh = self.decoded.is_empty();
        let mut made_up = 0;
        let mut silent = 0;
        while self.decoded.len() < FRAME_8K {
            let room = FRAME_8K - self.decoded.len();
            let Some(gap) = self.timeline.gap() else {
                // Nothing here: whatever comes next may still be played.
                self.conceal(room);
                if self.pausing {
                    silent += room;
                } else {
                    made_up += room;
                }
                break;
            };
            if gap <= UNEVEN || behind >= gap {
                // What is missing has had its time, in the form of delay that is now too much.
                behind -= gap.max(0);
                self.timeline.advance(gap.max(0));
                self.decode_next(decode);
                continue;
            }
            let here = room.min(gap as usize);
            if self.timeline.next_begins_anew() {
                // The sender paused: silence may last as long as suits us.
                if behind > 0 {
                    self.timeline.advance(behind);
                    behind = 0;
                    continue;
                }
                let length = self.decoded.len() + here;
                self.decoded.resize(length, 0);
                silent += here;
            } else {
                self.conceal(here);
                made_up += here;
            }
            // When more delay is wanted anyway, this is the moment: what is missing may still come.
            if behind > -FRAME {
                self.timeline.advance(here as i64);
            } else {
                behind += here as i64;
            }
        }
        let nothing = made_up + silent == FRAME_8K;
        let dry = if nothing && self.timeline.is_empty() { dry + 1 } else { 0 };
        if dry > STOPPED_AFTER {
            self.state = State::Stopped;
            self.decoded.clear();
            return Playout::Silence;
        }
        self.state = State::Playing { dry };
        if made_up + silent == 0 {
            self.play_whole(behind, fresh, frame, decode);
            return Playout::Sound;
        }
        self.whole = None;
        self.patience = 0;
        self.give(frame);
        match made_up {
            0 if nothing => Playout::Silence,
            0 => Playout::Sound,
            _ => Playout::Concealed,
        }
    }

    /// Plays a frame of which all is here, perhaps blended with the one after it, or one that leads up to it.
    fn play_whole(
        &mut self,
        behind: i64,
        fresh: bool,
        frame: &mut Frame8k,
        decode: &mut dyn FnMut(&[u8], &mut Vec<i16>),
    ) {
        if !fresh || self.decoded.len() != FRAME_8K {
            self.whole = None;
        }
        self.patience = if behind.abs() < FRAME { 0 } else { self.patience + behind.abs() / FRAME };
        let enough = if behind < 0 { URGENCY } else { PATIENCE };
        let next: Frame8k = std::array::from_fn(|n| self.decoded.get(n).copied().unwrap_or(0));
        if behind.abs() < FRAME || !(self.patience >= enough || alike(&self.last, &next)) {
            self.give(frame);
            return;
        }
        self.whole = None;
        self.patience = 0;
        if behind < 0 {
            // It begins as the next frame does, which follows the last one, and ends as the last one, which the next
            // one follows.
            *frame = blend(&next, &self.last);
            self.counts.stretched += 1;
            return;
        }
        while self.decoded.len() < 2 * FRAME_8K && self.timeline.gap().is_some_and(|gap| gap <= UNEVEN) {
            self.decode_next(decode);
        }
        self.whole = None;
        self.give(frame);
        if self.decoded.len() >= FRAME_8K {
            let mut second = [0; FRAME_8K];
            self.give(&mut second);
            *frame = blend(frame, &second);
            self.counts.shortened += 1;
        }
    }

    /// Plays what was decoded first.
    fn give(&mut self, frame: &mut Frame8k) {
        let length = FRAME_8K.min(self.decoded.len());
        for (to, from) in frame.iter_mut().zip(self.decoded.drain(..length)) {
            *to = from;
        }
    }

    /// Decodes the next packet, from the position that is wanted next.
    fn decode_next(&mut self, decode: &mut dyn FnMut(&[u8], &mut Vec<i16>)) {
        let before = self.decoded.len();
        let given = self.timeline.given();
        let Some(packet) = self.timeline.next() else {
            return;
        };
        let touched = self.concealer.is_concealing();
        if packet.payload.is_empty() {
            self.decoded.resize(before + packet.samples, 0);
            self.concealer.pause();
        } else {
            decode(&packet.payload, &mut self.decoded);
            self.decoded.resize(before + packet.samples, 0);
            // Two packets that overlap: what has been heard is not heard again.
            let heard = (given - packet.start).clamp(0, packet.samples as i64) as usize;
            self.decoded.drain(before..before + heard);
            self.concealer.received(&mut self.decoded[before..]);
            self.whole = (packet.samples == FRAME_8K && heard == 0 && !touched).then_some(packet.payload);
        }
    }

    /// Makes up so many samples.
    fn conceal(&mut self, samples: usize) {
        let before = self.decoded.len();
        self.decoded.resize(before + samples, 0);
        if self.pausing {
            self.concealer.pause();
        } else {
            self.concealer.conceal(&mut self.decoded[before..]);
        }
    }

    /// Throws away so many samples, but not the newest packet; says how many it were.
    fn skip(&mut self, samples: i64) -> i64 {
        let from = self.playing();
        let to = (from + samples).min(self.timeline.newest());
        if to <= from {
            return 0;
        }
        self.decoded.clear();
        self.timeline.jump(to);
        self.counts.skipped += ((to - from) / FRAME) as u64;
        to - from
    }

    /// Counts so far.
    pub fn stats(&self) -> JitterStats {
        JitterStats {
            lost: self.counts.lost + self.sequence.as_ref().map_or(0, Sequence::lost),
            depth: time_of(self.timeline.end() - self.playing()),
            target: self.target(),
            ..self.counts
        }
    }

    /// How long audio waits, as the network is now, beyond what the quickest packets take.
    pub fn target(&self) -> Duration {
        time_of(self.delay.target() * FRAME)
    }

    /// Begins a new stream (SSRC change, re-INVITE, another codec) with timestamps at this rate: what waits is dropped,
    /// the counts go on.
    pub fn reset(&mut self, clock_rate: u32) {
        self.forget();
        self.timeline = Timeline::new(0, clock_rate);
        self.delay = Delay::default();
        self.patience = 0;
    }
}

fn time_of(samples: i64) -> Duration {
    Duration::from_micros(samples.max(0) as u64 * 125)
}

/// From one frame to the other, over their whole length.
fn blend(from: &Frame8k, to: &Frame8k) -> Frame8k {
    std::array::from_fn(|n| {
        let weight = 2 * n as i32 + 1;
        ((i32::from(from[n]) * (320 - weight) + i32::from(to[n]) * weight) / 320) as i16
    })
}

/// Whether two frames that follow each other may be blended without being heard: both soft (below −45 dBov, or far
/// softer than speech is), or the same tune.
fn alike(a: &Frame8k, b: &Frame8k) -> bool {
    /// −45 dBov, as the energy of a frame.
    const SOFT: i64 = 34_000 * FRAME;
    let (mut dot, mut first, mut second) = (0i64, 0i64, 0i64);
    for (&a, &b) in a.iter().zip(b) {
        let (a, b) = (i64::from(a), i64::from(b));
        dot += a * b;
        first += a * a;
        second += b * b;
    }
    (first < SOFT && second < SOFT) || (dot > 0 && dot as f64 > 0.85 * (first as f64 * second as f64).sqrt())
}

#[cfg(test)]
mod tests;
