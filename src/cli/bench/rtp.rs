//! RTP for the load generator: what a caller sends every 20 ms, and what it measures of what comes back.

use super::sys::{MS, Nanos};

/// Samples in 20 ms at 8 kHz.
const SAMPLES: u32 = 160;
/// Payload type of telephone-event in our offer.
const EVENT: u8 = 101;
/// A key lasts 100 ms: five packets while it is down, then three that say it is up (RFC 4733 section 2.5.1.4).
const KEY_PACKETS: u32 = 8;
const KEY_DOWN: u32 = 5;
/// A packet is voiced when a sample of it is louder than this, of 32,767 (about −40 dBov): well above line noise.
const VOICED: i32 = 300;

/// Level of a μ-law sample (G.711), 0 to 32,124.
fn loudness(code: u8) -> i32 {
    let code = !code;
    let (exponent, mantissa) = (u32::from(code >> 4 & 7), i32::from(code & 15));
    (((mantissa << 3) + 132) << exponent) - 132
}

/// Whether somebody speaks in these 20 ms of μ-law.
pub fn is_voiced(payload: &[u8]) -> bool {
    payload.iter().any(|&code| loudness(code) > VOICED)
}

/// A payload as a number by which it is known again (FNV-1a).
pub fn fingerprint(payload: &[u8]) -> u64 {
    payload.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A packet that came in.
#[derive(Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Payload type.
    pub kind: u8,
    /// Whether a talk spurt begins here.
    pub marker: bool,
    /// Sequence number.
    pub sequence: u16,
    /// Time stamp, at 8 kHz.
    pub timestamp: u32,
    /// The sound.
    pub payload: &'a [u8],
}

/// Reads a packet of version 2 without padding; extensions are skipped.
pub fn read(datagram: &[u8]) -> Option<Packet<'_>> {
    let (head, rest) = datagram.split_at_checked(12)?;
    if head[0] >> 6 != 2 || head[0] & 0x20 != 0 {
        return None;
    }
    let mut from = usize::from(head[0] & 15) * 4;
    if head[0] & 0x10 != 0 {
        let length = rest.get(from + 2..from + 4)?;
        from += 4 + 4 * usize::from(u16::from_be_bytes([length[0], length[1]]));
    }
    Some(Packet {
        kind: head[1] & 0x7f,
        marker: head[1] & 0x80 != 0,
        sequence: u16::from_be_bytes([head[2], head[3]]),
        timestamp: u32::from_be_bytes([head[4], head[5], head[6], head[7]]),
        payload: rest.get(from..)?,
    })
}

/// What a caller sends: a quiet line, and keys.
pub struct Mouth {
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
    begun: bool,
    key: Option<Key>,
}

struct Key {
    event: u8,
    timestamp: u32,
    sent: u32,
}

impl Mouth {
    /// A mouth whose numbers begin anywhere.
    pub fn new(seed: u64) -> Self {
        Self {
            sequence: seed as u16,
            timestamp: (seed >> 16) as u32,
            ssrc: (seed >> 32) as u32,
            begun: false,
            key: None,
        }
    }

    /// Presses a key with the next packet. One that is not on a telephone is not pressed.
    pub fn press(&mut self, key: char) {
        let event = match key {
            '0'..='9' => key as u8 - b'0',
            '*' => 10,
            '#' => 11,
            _ => return,
        };
        self.key = Some(Key { event, timestamp: self.timestamp, sent: 0 });
    }

    /// Whether the next packet is the first of a key.
    pub fn is_pressing(&self) -> bool {
        self.key.as_ref().is_some_and(|key| key.sent == 0)
    }

    /// Whether a key is on its way.
    pub fn is_busy(&self) -> bool {
        self.key.is_some()
    }

    /// The next packet, with this sound in it.
    pub fn say(&mut self, sound: &[u8]) -> Vec<u8> {
        let (sequence, timestamp) = (self.sequence, self.timestamp);
        self.timestamp = self.timestamp.wrapping_add(SAMPLES);
        self.sequence = self.sequence.wrapping_add(1);
        let mut packet = Vec::with_capacity(172);
        let first = !std::mem::replace(&mut self.begun, true);
        self.head(&mut packet, 0, first, sequence, timestamp);
        packet.extend_from_slice(sound);
        packet
    }

    /// The next packet. `None` from a caller who is silent and presses nothing.
    pub fn next(&mut self, silent: bool) -> Option<Vec<u8>> {
        let (sequence, timestamp) = (self.sequence, self.timestamp);
        self.timestamp = self.timestamp.wrapping_add(SAMPLES);
        if silent && self.key.is_none() {
            return None;
        }
        self.sequence = self.sequence.wrapping_add(1);
        let mut packet = Vec::with_capacity(172);
        let Some(key) = &mut self.key else {
            let first = !std::mem::replace(&mut self.begun, true);
            self.head(&mut packet, 0, first, sequence, timestamp);
            quiet_line(timestamp, &mut packet);
            return Some(packet);
        };
        let (event, begun, sent) = (key.event, key.timestamp, key.sent);
        key.sent += 1;
        if key.sent == KEY_PACKETS {
            self.key = None;
        }
        self.head(&mut packet, EVENT, sent == 0, sequence, begun);
        let duration = (sent.min(KEY_DOWN - 1) + 1) * SAMPLES;
        let end = if sent >= KEY_DOWN { 0x80 } else { 0 };
        packet.extend([event, end | 10]);
        packet.extend((duration as u16).to_be_bytes());
        Some(packet)
    }

    fn head(&self, out: &mut Vec<u8>, kind: u8, marker: bool, sequence: u16, timestamp: u32) {
        out.extend([0x80, kind | u8::from(marker) << 7]);
        out.extend(sequence.to_be_bytes());
        out.extend(timestamp.to_be_bytes());
        out.extend(self.ssrc.to_be_bytes());
    }
}

/// The noise of a quiet line, at about −70 dBov: no voice, but no digital silence either.
fn quiet_line(timestamp: u32, out: &mut Vec<u8>) {
    let mut state = timestamp.wrapping_mul(2_654_435_761) | 1;
    out.extend((0..SAMPLES).map(|_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        [0xff, 0x7f, 0xfe, 0x7e][(state >> 8) as usize & 3]
    }));
}

/// What a caller notices about a packet.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Noticed {
    /// It is the first of the call.
    pub first: bool,
    /// |time since the packet before − its 20 ms|, within a talk spurt.
    pub pacing: Option<Nanos>,
    /// Packets missing before it.
    pub lost: u16,
    /// It came again, or too late to be of use.
    pub late: bool,
}

/// What a caller hears: continuity and pacing.
#[derive(Default)]
pub struct Ear {
    last: Option<(u16, u32, Nanos)>,
}

impl Ear {
    /// A packet that the kernel got at `at`.
    pub fn hear(&mut self, packet: &Packet<'_>, at: Nanos) -> Noticed {
        let mut noticed = Noticed { first: self.last.is_none(), ..Noticed::default() };
        if let Some((sequence, timestamp, then)) = self.last {
            let step = packet.sequence.wrapping_sub(sequence);
            if step == 0 || step > 0x8000 {
                return Noticed { late: true, ..noticed };
            }
            noticed.lost = step - 1;
            let spoken = packet.timestamp.wrapping_sub(timestamp);
            // One packet after the other of the same spurt: what it holds, 10 to 60 ms, is how long it should have taken.
            if step == 1 && !packet.marker && (80..=480).contains(&spoken) {
                let due = u64::from(spoken) * MS / 8;
                noticed.pacing = Some(at.saturating_sub(then).abs_diff(due));
            }
        }
        self.last = Some((packet.sequence, packet.timestamp, at));
        noticed
    }
}

/// By which packet each of the service's two prompts is known: the first voiced one that only it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    /// Of the prompt that answers a call, and comes again after every second key.
    pub first: u64,
    /// Of the prompt after the first key, and every second after it.
    pub second: u64,
}

/// A voiced packet as a probe call heard it.
pub type Heard = (Nanos, u64);

/// Learns the marks from probe calls: one that only listened, and two that pressed a key, at different moments of the first prompt.
/// What both have in common after their keys, and the listener never heard, is the second prompt: so a packet in which one prompt
/// was cut off is not taken for the beginning of the other.
pub fn learn(listened: &[Heard], pressed: [(&[Heard], Nanos); 2]) -> Option<Marks> {
    let (one, one_at) = pressed[0];
    let (other, other_at) = pressed[1];
    let first = listened.first()?.1;
    let of_other = |mark: u64| other.iter().any(|&(at, heard)| at > other_at && heard == mark);
    let of_first = |mark: u64| listened.iter().any(|&(_, heard)| heard == mark);
    let mut after = one.iter().filter(|&&(at, _)| at > one_at).map(|&(_, mark)| mark);
    let second = after.find(|&mark| !of_first(mark) && of_other(mark))?;
    Some(Marks { first, second })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packets(mouth: &mut Mouth, count: usize) -> Vec<Vec<u8>> {
        (0..count).filter_map(|_| mouth.next(false)).collect()
    }

    #[test]
    fn a_caller_sends_twenty_milliseconds_at_a_time_and_is_no_voice() {
        let mut mouth = Mouth::new(7);
        let sent = packets(&mut mouth, 3);
        let read: Vec<_> = sent.iter().map(|packet| read(packet).expect("RTP")).collect();
        assert!(read[0].marker && !read[1].marker);
        assert_eq!(read[1].sequence, read[0].sequence.wrapping_add(1));
        assert_eq!(read[1].timestamp, read[0].timestamp.wrapping_add(160));
        assert!(
            read.iter().all(|packet| packet.kind == 0 && packet.payload.len() == 160 && !is_voiced(packet.payload))
        );
    }

    #[test]
    fn a_key_keeps_its_time_stamp_grows_and_ends_three_times() {
        let mut mouth = Mouth::new(1 << 40 | 5);
        packets(&mut mouth, 1);
        mouth.press('#');
        assert!(mouth.is_pressing());
        let sent = packets(&mut mouth, 9);
        let read: Vec<_> = sent.iter().map(|packet| read(packet).expect("RTP")).collect();
        assert!(read[0].marker && read[1..].iter().all(|packet| !packet.marker));
        assert!(read[..8].iter().all(|packet| packet.kind == EVENT && packet.timestamp == read[0].timestamp));
        let durations: Vec<_> = read[..8].iter().map(|p| u16::from_be_bytes([p.payload[2], p.payload[3]])).collect();
        assert_eq!(durations, [160, 320, 480, 640, 800, 800, 800, 800]);
        assert_eq!(read[..8].iter().filter(|packet| packet.payload[1] & 0x80 != 0).count(), 3);
        assert!(read[..8].iter().all(|packet| packet.payload[0] == 11));
        assert_eq!((read[8].kind, read[8].timestamp), (0, read[0].timestamp.wrapping_add(8 * 160)));
    }

    #[test]
    fn a_silent_caller_sends_keys_only() {
        let mut mouth = Mouth::new(3);
        assert_eq!(mouth.next(true), None);
        mouth.press('1');
        assert!((0..8).all(|_| mouth.next(true).is_some()));
        assert_eq!(mouth.next(true), None);
    }

    fn packet(sequence: u16, timestamp: u32, marker: bool) -> Packet<'static> {
        Packet { kind: 0, marker, sequence, timestamp, payload: &[] }
    }

    #[test]
    fn pacing_is_measured_within_a_spurt_only() {
        let mut ear = Ear::default();
        assert!(ear.hear(&packet(65_535, 0, false), 0).first);
        assert_eq!(ear.hear(&packet(0, 160, false), 21 * MS).pacing, Some(MS));
        assert_eq!(ear.hear(&packet(1, 320, false), 40 * MS).pacing, Some(MS));
        assert_eq!(ear.hear(&packet(2, 480, true), 90 * MS).pacing, None);
        let gap = ear.hear(&packet(5, 960, false), 150 * MS);
        assert_eq!((gap.lost, gap.pacing), (2, None));
        assert!(ear.hear(&packet(4, 800, false), 151 * MS).late);
        assert_eq!(ear.hear(&packet(6, 16_000, false), 170 * MS).pacing, None);
    }

    #[test]
    fn what_is_no_rtp_is_none_and_extensions_are_skipped() {
        assert_eq!(read(&[0x80; 11]), None);
        assert_eq!(read(&[0x40; 12]), None);
        let mut extended = vec![0x91, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
        extended.extend([0; 4]);
        assert_eq!(read(&extended), None);
        extended.extend([0xbe, 0xde, 0, 1, 1, 2, 3, 4, 42]);
        assert_eq!(read(&extended).expect("RTP").payload, [42]);
    }

    #[test]
    fn loudness_follows_g711() {
        assert_eq!((loudness(0xff), loudness(0x7f), loudness(0x00), loudness(0x80)), (0, 0, 32_124, 32_124));
    }

    #[test]
    fn the_second_prompt_is_what_both_keys_bring_and_the_listener_never_hears() {
        let listened = [(10, 1), (20, 2), (30, 3), (40, 4)];
        // 99: the first prompt, cut off within a packet.
        let one = [(110, 1), (120, 2), (130, 99), (140, 7), (150, 8)];
        let other = [(210, 1), (230, 98), (240, 7), (250, 8)];
        assert_eq!(learn(&listened, [(&one, 125), (&other, 225)]), Some(Marks { first: 1, second: 7 }));
        assert_eq!(learn(&listened, [(&one, 125), (&listened, 0)]), None);
        assert_eq!(learn(&[], [(&one, 125), (&other, 225)]), None);
    }
}
