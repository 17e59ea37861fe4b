//! Keys pressed during a call, as telephone events (RFC 4733 §2): one event is many packets, so the receiver must
//! report it once and the sender must spread it out. Pure: one step of the sender is one 20 ms tick.

use std::collections::VecDeque;
use std::time::Duration;

/// How long a key that we send is pressed.
pub const KEY_LENGTH: Duration = Duration::from_millis(100);
/// [`KEY_LENGTH`] in ticks.
const KEY_TICKS: u16 = 5;
/// The last packet of an event is sent this often (RFC 4733 §2.5.1.4).
const END_PACKETS: u8 = 3;
/// Ticks of rest after the last packet of an event: with its repetitions 100 ms between two keys.
const REST_TICKS: u16 = 3;
/// Ticks of a wait (`w`).
const WAIT_TICKS: u16 = 25;
/// Samples of 8 kHz in a tick.
const TICK_SAMPLES: u16 = 160;
/// −10 dBm0, what telephones use.
const VOLUME: u8 = 10;
/// Keys that may wait.
const MAX_KEYS: usize = 256;

/// Within 50 ms at 8 kHz (less at higher rates) a key is not pressed again.
const SAME_PRESS: u32 = 400;
/// A segment this long is about to end at 0xFFFF and be followed by another one, and its last packets may be lost.
const LONG_SEGMENT: u16 = 0xF000;
const SEGMENT_LOSS: u32 = 0x1000;

const DIGITS: &[u8; 16] = b"0123456789*#ABCD";

/// The key of an event code, if it is one.
pub fn digit_of_event(event: u8) -> Option<char> {
    DIGITS.get(usize::from(event)).copied().map(char::from)
}

/// The event code of a key; letters in either case.
pub fn event_of_digit(digit: char) -> Option<u8> {
    let digit = u8::try_from(digit.to_ascii_uppercase()).ok()?;
    let event = DIGITS.iter().position(|&d| d == digit)?;
    u8::try_from(event).ok()
}

/// The payload of one packet of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TelephoneEvent {
    /// What happened: 0 to 15 are keys.
    pub event: u8,
    /// Whether the event is over.
    pub end: bool,
    /// The tone's level below 0 dBm0, in dB, 0 to 63.
    pub volume: u8,
    /// How long it has lasted so far, in units of the RTP clock.
    pub duration: u16,
}

impl TelephoneEvent {
    /// Reads a payload; what follows the first event is left alone.
    pub fn parse(payload: &[u8]) -> Option<TelephoneEvent> {
        let ([event, flags, high, low], _) = payload.split_first_chunk::<4>()?;
        Some(TelephoneEvent {
            event: *event,
            end: flags & 0x80 != 0,
            volume: flags & 0x3F,
            duration: u16::from_be_bytes([*high, *low]),
        })
    }

    /// The four bytes of the payload.
    pub fn to_bytes(self) -> [u8; 4] {
        let [high, low] = self.duration.to_be_bytes();
        let flags = u8::from(self.end) << 7 | self.volume & 0x3F;
        [self.event, flags, high, low]
    }
}

/// Turns the packets of a stream back into keys, each reported once, at the first packet of it that arrives.
#[derive(Clone, Debug, Default)]
pub struct KeyReceiver {
    last: Option<Seen>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    event: u8,
    /// Where the event, or the newest segment of a long one, began.
    timestamp: u32,
    duration: u16,
    ended: bool,
}

impl KeyReceiver {
    /// Takes a packet with its RTP timestamp and marker bit; a key if it begins one.
    ///
    /// All packets of an event share a timestamp, and that alone decides: the marker may be missing, and the start may
    /// be lost. An event longer than 8 s goes on in a new segment whose timestamp continues where the last one ended
    /// (RFC 4733 §2.5.1.3); senders that wrongly move the timestamp with each packet look the same and are understood.
    pub fn packet(&mut self, timestamp: u32, marker: bool, packet: TelephoneEvent) -> Option<char> {
        let digit = digit_of_event(packet.event)?;
        let seen = Seen { event: packet.event, timestamp, duration: packet.duration, ended: packet.end };
        let Some(last) = &mut self.last else {
            self.last = Some(seen);
            return Some(digit);
        };
        let ahead = timestamp.wrapping_sub(last.timestamp);
        if ahead == 0 {
            last.duration = last.duration.max(packet.duration);
            last.ended |= packet.end;
            return None;
        }
        if ahead > u32::MAX / 2 {
            // A late copy of an event that is over.
            return None;
        }
        // Nobody presses a key twice within 50 ms, so closer than that it is one press: senders count durations in ms,
        // or mark every packet, or move the timestamp of the repeated ends.
        let near = ahead <= SAME_PRESS && (!last.ended || packet.end);
        let slack = if last.duration >= LONG_SEGMENT { SEGMENT_LOSS } else { 0 };
        let follows = !marker && !last.ended && ahead <= u32::from(last.duration) + slack;
        let continues = last.event == packet.event && (near || follows);
        self.last = Some(seen);
        (!continues).then_some(digit)
    }

    /// Forgets the stream, because another one begins.
    pub fn reset(&mut self) {
        self.last = None;
    }
}

/// What the sender wants of a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStep {
    /// Nothing: audio goes on.
    Idle,
    /// A key is down: this packet goes out instead of audio.
    Event {
        /// Set on the first packet of the event.
        marker: bool,
        /// When the event began.
        timestamp: u32,
        /// The payload.
        event: TelephoneEvent,
    },
    /// A key is down, as a tone: this frame of it goes out instead of audio.
    Tone {
        /// The key.
        digit: char,
        /// The frame's number, from 0.
        frame: usize,
    },
}

/// Presses keys, one after another.
#[derive(Clone, Debug, Default)]
pub struct KeySender {
    waiting: VecDeque<char>,
    state: Sending,
}

#[derive(Clone, Copy, Debug, Default)]
enum Sending {
    #[default]
    Nothing,
    Down {
        digit: char,
        event: u8,
        /// When the event began; nothing for a tone.
        since: Option<u32>,
        ticks: u16,
    },
    Ending {
        packet: TelephoneEvent,
        timestamp: u32,
        left: u8,
    },
    Rest {
        ticks: u16,
    },
}

impl KeySender {
    /// Queues keys; `w` and `,` wait half a second. Anything else, and what exceeds 256 keys, is left out.
    pub fn push(&mut self, keys: &str) {
        for key in keys.chars() {
            let known = matches!(key, 'w' | 'W' | ',') || event_of_digit(key).is_some();
            if known && self.waiting.len() < MAX_KEYS {
                self.waiting.push_back(key);
            }
        }
    }

    /// Whether there is nothing to send, now or later.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty() && matches!(self.state, Sending::Nothing)
    }

    /// Drops what waits; a key that is down is released properly.
    pub fn stop(&mut self) {
        self.waiting.clear();
        self.state = match self.state {
            Sending::Down { event, since: Some(timestamp), ticks, .. } if ticks > 0 => Sending::Ending {
                packet: TelephoneEvent { event, end: true, volume: VOLUME, duration: ticks * TICK_SAMPLES },
                timestamp,
                left: END_PACKETS,
            },
            ending @ Sending::Ending { .. } => ending,
            _ => Sending::Nothing,
        };
    }

    /// The next tick, whose RTP timestamp is `now`; `events` says whether the peer takes telephone events.
    pub fn tick(&mut self, now: u32, events: bool) -> KeyStep {
        if matches!(self.state, Sending::Nothing | Sending::Rest { ticks: 0 }) {
            self.state = self.begin(now, events);
        }
        match &mut self.state {
            Sending::Nothing => KeyStep::Idle,
            Sending::Rest { ticks } => {
                *ticks -= 1;
                KeyStep::Idle
            }
            Sending::Down { digit, event, since, ticks } => {
                *ticks += 1;
                let (digit, ticks) = (*digit, *ticks);
                let last = ticks >= KEY_TICKS;
                let Some(timestamp) = *since else {
                    if last {
                        self.state = Sending::Rest { ticks: KEY_TICKS };
                    }
                    return KeyStep::Tone { digit, frame: usize::from(ticks - 1) };
                };
                let packet =
                    TelephoneEvent { event: *event, end: last, volume: VOLUME, duration: ticks * TICK_SAMPLES };
                if last {
                    self.state = Sending::Ending { packet, timestamp, left: END_PACKETS - 1 };
                }
                KeyStep::Event { marker: ticks == 1, timestamp, event: packet }
            }
            Sending::Ending { packet, timestamp, left } => {
                let step = KeyStep::Event { marker: false, timestamp: *timestamp, event: *packet };
                *left -= 1;
                if *left == 0 {
                    self.state = Sending::Rest { ticks: REST_TICKS };
                }
                step
            }
        }
    }

    fn begin(&mut self, now: u32, events: bool) -> Sending {
        let Some(key) = self.waiting.pop_front() else {
            return Sending::Nothing;
        };
        match event_of_digit(key) {
            Some(event) => {
                Sending::Down { digit: key.to_ascii_uppercase(), event, since: events.then_some(now), ticks: 0 }
            }
            None => Sending::Rest { ticks: WAIT_TICKS },
        }
    }
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
