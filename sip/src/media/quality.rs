//! How a leg sounds, second by second: measured in intervals, scored by the E-model ([`audio::quality`]), and kept in a
//! form so small that every leg has its history. What was lost and late is counted by the hearing, what the peer says of
//! our stream by RTCP.

use std::time::{Duration, Instant};

use audio::quality::{CodecClass, Impairments, mos};
use audio::{FRAME, Frame8k};

use crate::rtp::Remote;

/// Ticks in an interval: 5 s.
pub const INTERVAL_TICKS: u32 = 250;
/// One way through the network, before the round trip is known.
const ASSUMED_NETWORK: Duration = Duration::from_millis(50);
/// What a report of the peer may be old and still count.
const FRESH: Duration = Duration::from_secs(15);
/// Points kept; when there are more, two become one.
const MOST_POINTS: usize = 240;

/// One direction of a leg over an interval.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Direction {
    /// Packets that were not heard, lost or late, in percent.
    pub loss_percent: Option<f32>,
    /// Interarrival jitter in ms.
    pub jitter_ms: Option<f32>,
    /// Mean opinion score by the E-model, 1 to 4.5.
    pub mos: Option<f32>,
    /// Level while there was sound, dBov.
    pub level_dbov: Option<f32>,
}

/// How a leg sounded over an interval.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct QualityPoint {
    /// When the interval began, after the leg did.
    pub at: Duration,
    /// How long it was.
    pub length: Duration,
    /// What we heard of the peer.
    pub heard: Direction,
    /// What the peer heard of us, as it says itself (RTCP).
    pub said: Direction,
    /// There and back, if the peer's reports tell.
    pub round_trip: Option<Duration>,
    /// How long the jitter buffer made us wait.
    pub buffer: Duration,
}

/// What has happened so far, as counted elsewhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Packets that came, never came, came too late.
    pub received: u64,
    pub lost: u64,
    pub late: u64,
    /// Ticks with sound, and those of them that were made up.
    pub played: u64,
    pub concealed: u64,
    pub jitter_ms: f32,
    /// How long audio waits now.
    pub buffer: Duration,
}

/// Measures one leg.
#[derive(Debug, Default)]
pub struct Meter {
    ticks: u32,
    intervals: u32,
    before: Counts,
    heard: Level,
    said: Level,
    /// Runs of concealed ticks in this interval, and whether one goes on.
    runs: u32,
    concealing: bool,
    pub history: History,
}

/// A mean level of the frames that hold sound.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    energy: f32,
    frames: u32,
}

impl Level {
    fn add(&mut self, frame: &Frame8k) {
        // −60 dBov and below is silence, not a soft voice.
        const SILENCE: f32 = 1.07e3;
        let sum: i64 = frame.iter().map(|s| i64::from(i32::from(*s) * i32::from(*s))).sum();
        let energy = sum as f32 / frame.len() as f32;
        if energy > SILENCE {
            self.energy += energy;
            self.frames += 1;
        }
    }

    fn dbov(self) -> Option<f32> {
        (self.frames > 0).then(|| 10.0 * (self.energy / self.frames as f32 / (32_768.0 * 32_768.0)).log10())
    }
}

impl Meter {
    /// Takes note of a tick; says whether it ends an interval.
    pub fn tick(&mut self, heard: Option<&Frame8k>, said: &Frame8k, concealed: bool) -> bool {
        // One frame in four tells the level as well as all.
        if self.ticks.is_multiple_of(4) {
            if let Some(heard) = heard {
                self.heard.add(heard);
            }
            self.said.add(said);
        }
        self.runs += u32::from(concealed && !self.concealing);
        self.concealing = concealed;
        self.ticks += 1;
        self.ticks >= INTERVAL_TICKS
    }

    /// Ends the interval, whole or not.
    pub fn close(
        &mut self,
        counts: Counts,
        remote: Option<(Remote, u32)>,
        round_trip: Option<Duration>,
        codecs: (CodecClass, CodecClass),
        now: Instant,
    ) -> QualityPoint {
        let at = FRAME * INTERVAL_TICKS * self.intervals;
        let before = std::mem::replace(&mut self.before, counts);
        let network = round_trip.map_or(ASSUMED_NETWORK, |both| both / 2);
        let (came, lost) = (since(counts.received, before.received), since(counts.lost, before.lost));
        let (played, concealed) = (since(counts.played, before.played), since(counts.concealed, before.concealed));
        let missing = percent(lost + since(counts.late, before.late), came + lost);
        let made_up = percent(concealed, played);
        let loss_percent = missing.map(|missing| missing.max(made_up.unwrap_or(0.0)).min(100.0));
        let heard = Direction {
            loss_percent,
            jitter_ms: (came > 0).then_some(counts.jitter_ms),
            mos: loss_percent.map(|loss_percent| {
                let delay = network + counts.buffer + FRAME;
                mos(&Impairments {
                    codec: codecs.0,
                    loss_percent,
                    burst_ratio: burst(concealed, played, self.runs),
                    delay,
                })
            }),
            level_dbov: self.heard.dbov(),
        };
        let remote = remote.filter(|(remote, _)| now.saturating_duration_since(remote.at) <= FRESH);
        let said = Direction {
            loss_percent: remote.map(|(remote, _)| remote.loss * 100.0),
            jitter_ms: remote.map(|(remote, clock)| remote.jitter as f32 * 1_000.0 / clock.max(1) as f32),
            level_dbov: self.said.dbov(),
            mos: None,
        };
        // A buffer that waits for twice the jitter and a packet is what a good telephone has.
        let score = said.loss_percent.zip(said.jitter_ms).map(|(loss_percent, jitter)| {
            let buffer = FRAME + Duration::from_secs_f32((2.0 * jitter).min(400.0) / 1e3);
            mos(&Impairments { codec: codecs.1, loss_percent, burst_ratio: 1.0, delay: network + buffer + FRAME })
        });
        let point = QualityPoint {
            at,
            length: FRAME * self.ticks,
            heard,
            said: Direction { mos: score, ..said },
            round_trip,
            buffer: counts.buffer,
        };
        self.history.push(&point);
        self.intervals += 1;
        (self.ticks, self.runs) = (0, u32::from(self.concealing));
        (self.heard, self.said) = (Level::default(), Level::default());
        point
    }

    /// Whether anything has been measured since the last interval.
    pub fn is_open(&self) -> bool {
        self.ticks > 0
    }
}

/// What was lost may come after all, so a count may go back.
fn since(now: u64, before: u64) -> u64 {
    now.saturating_sub(before)
}

fn percent(part: u64, whole: u64) -> Option<f32> {
    (whole > 0).then(|| 100.0 * part as f32 / whole as f32)
}

/// BurstR of G.107: the mean run of loss over that of random loss at the same rate.
fn burst(concealed: u64, played: u64, runs: u32) -> f32 {
    if runs == 0 || concealed >= played {
        return 1.0;
    }
    let share = concealed as f32 / played as f32;
    (concealed as f32 / runs as f32 * (1.0 - share)).max(1.0)
}

/// The points of a leg's life in 10 bytes each, at most 2.4 kB: the longer the life, the longer the intervals.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    points: Vec<Packed>,
    /// Intervals in each point is 2 to this power.
    doubled: u32,
    /// What waits until it is a whole point, and how many intervals that is.
    open: Option<(Packed, u32)>,
    /// The length of the last interval, which may be short.
    last: Duration,
    intervals: u32,
}

/// Loss, jitter, score and level of both directions, round trip, buffer; 255 for what is not known.
type Packed = [u8; 10];
const UNKNOWN: u8 = 255;

impl History {
    fn push(&mut self, point: &QualityPoint) {
        self.last = point.length;
        self.intervals += 1;
        let packed = pack(point);
        let (mean, count) = match self.open.take() {
            Some((before, count)) => (merge(&before, &packed, count), count + 1),
            None => (packed, 1),
        };
        if count < 1 << self.doubled {
            self.open = Some((mean, count));
            return;
        }
        if self.points.len() == MOST_POINTS {
            for n in 0..MOST_POINTS / 2 {
                self.points[n] = merge(&self.points[2 * n], &self.points[2 * n + 1], 1);
            }
            self.points.truncate(MOST_POINTS / 2);
            self.doubled += 1;
            self.open = Some((mean, count));
            return;
        }
        self.points.push(mean);
    }

    /// All of it, in order, as finely as it was kept: 5 s for the first 20 minutes, then 10 s, and so on.
    pub fn points(&self) -> Vec<QualityPoint> {
        let interval = FRAME * INTERVAL_TICKS;
        let length = interval * (1 << self.doubled);
        let mut points: Vec<QualityPoint> =
            self.points.iter().zip(0u32..).map(|(packed, n)| unpack(packed, length * n, length)).collect();
        if let Some((packed, count)) = &self.open {
            points.push(unpack(packed, length * points.len() as u32, interval * *count));
        }
        if let Some(last) = points.last_mut() {
            last.length = last.length.saturating_sub(interval) + self.last;
        }
        points
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.intervals == 0
    }
}

/// Fine for small values, coarse for large ones.
fn root(value: Option<f32>, most: f32) -> u8 {
    value.map_or(UNKNOWN, |value| ((value / most).clamp(0.0, 1.0).sqrt() * 250.0).round() as u8)
}

fn square(byte: u8, most: f32) -> Option<f32> {
    (byte != UNKNOWN).then(|| (f32::from(byte) / 250.0).powi(2) * most)
}

fn even(value: Option<f32>, from: f32, to: f32) -> u8 {
    value.map_or(UNKNOWN, |value| (((value - from) / (to - from)).clamp(0.0, 1.0) * 250.0).round() as u8)
}

fn uneven(byte: u8, from: f32, to: f32) -> Option<f32> {
    (byte != UNKNOWN).then(|| from + f32::from(byte) / 250.0 * (to - from))
}

fn pack(point: &QualityPoint) -> Packed {
    let way = |way: &Direction| {
        [
            root(way.loss_percent, 100.0),
            root(way.jitter_ms, 1_000.0),
            even(way.mos, 1.0, 4.5),
            even(way.level_dbov, -100.0, 0.0),
        ]
    };
    let ([a, b, c, d], [e, f, g, h]) = (way(&point.heard), way(&point.said));
    let trip = root(point.round_trip.map(|trip| trip.as_secs_f32() * 1e3), 4_000.0);
    [a, b, c, d, e, f, g, h, trip, root(Some(point.buffer.as_secs_f32() * 1e3), 1_000.0)]
}

fn unpack(packed: &Packed, at: Duration, length: Duration) -> QualityPoint {
    let way = |from: usize| Direction {
        loss_percent: square(packed[from], 100.0),
        jitter_ms: square(packed[from + 1], 1_000.0),
        mos: uneven(packed[from + 2], 1.0, 4.5),
        level_dbov: uneven(packed[from + 3], -100.0, 0.0),
    };
    let ms = |ms: f32| Duration::from_secs_f32(ms / 1e3);
    QualityPoint {
        at,
        length,
        heard: way(0),
        said: way(4),
        round_trip: square(packed[8], 4_000.0).map(ms),
        buffer: square(packed[9], 1_000.0).map(ms).unwrap_or_default(),
    }
}

/// The mean of `weight` intervals and one more.
fn merge(before: &Packed, next: &Packed, weight: u32) -> Packed {
    std::array::from_fn(|n| match (before[n], next[n]) {
        (UNKNOWN, other) | (other, UNKNOWN) => other,
        (a, b) => ((u32::from(a) * weight + u32::from(b) + weight.div_ceil(2)) / (weight + 1)) as u8,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(meter: &mut Meter, counts: Counts, remote: Option<Remote>, trip_ms: Option<u64>) -> QualityPoint {
        while !meter.tick(None, &[0; 160], false) {}
        let codecs = (CodecClass::G711, CodecClass::G711);
        let trip = trip_ms.map(Duration::from_millis);
        meter.close(counts, remote.map(|remote| (remote, 8_000)), trip, codecs, Instant::now())
    }

    fn counts(seconds: u64, lost_a_second: u64) -> Counts {
        Counts {
            received: seconds * (50 - lost_a_second),
            lost: seconds * lost_a_second,
            played: seconds * 50,
            concealed: seconds * lost_a_second,
            jitter_ms: 4.0,
            buffer: Duration::from_millis(40),
            ..Counts::default()
        }
    }

    #[test]
    fn a_good_line_scores_well_and_a_lossy_one_badly() {
        let mut meter = Meter::default();
        let good = interval(&mut meter, counts(5, 0), None, Some(40));
        assert_eq!((good.at, good.length), (Duration::ZERO, Duration::from_secs(5)));
        assert!(good.heard.mos.is_some_and(|mos| mos > 4.3), "{good:?}");
        assert_eq!(good.said, Direction::default());
        let mut after = counts(10, 0);
        (after.lost, after.concealed, after.received) = (25, 25, 475);
        let bad = interval(&mut meter, after, None, Some(40));
        assert_eq!(bad.heard.loss_percent, Some(10.0));
        assert!(bad.heard.mos.is_some_and(|mos| mos < 3.5), "{bad:?}");
        assert_eq!(bad.at, Duration::from_secs(5));
    }

    #[test]
    fn the_peers_reports_score_the_other_direction_while_they_are_fresh() {
        let mut meter = Meter::default();
        let now = Instant::now();
        let remote = Remote { loss: 0.05, lost: 9, jitter: 80, at: now };
        let said = interval(&mut meter, counts(5, 0), Some(remote), Some(100)).said;
        assert_eq!((said.loss_percent, said.jitter_ms), (Some(5.0), Some(10.0)));
        assert!(said.mos.is_some_and(|mos| (3.6..4.0).contains(&mos)), "{said:?}");
        let old = now.checked_sub(Duration::from_secs(60)).expect("the machine has been up for a minute");
        let said = interval(&mut meter, counts(10, 0), Some(Remote { at: old, ..remote }), None).said;
        assert_eq!(said.mos, None);
    }

    #[test]
    fn when_nothing_comes_there_is_nothing_to_score() {
        let point = interval(&mut Meter::default(), Counts::default(), None, None);
        assert_eq!((point.heard.mos, point.heard.loss_percent), (None, None));
    }

    #[test]
    fn levels_are_those_of_the_sound_and_not_of_the_pauses() {
        let mut meter = Meter::default();
        let mut n = 0;
        while !meter.tick(Some(&if n % 8 == 0 { [3_277; 160] } else { [0; 160] }), &[328; 160], false) {
            n += 1;
        }
        let codecs = (CodecClass::G711, CodecClass::G711);
        let point = meter.close(Counts::default(), None, None, codecs, Instant::now());
        assert!(point.heard.level_dbov.is_some_and(|level| (level + 20.0).abs() < 0.1), "{point:?}");
        assert!(point.said.level_dbov.is_some_and(|level| (level + 40.0).abs() < 0.1), "{point:?}");
    }

    #[test]
    fn hours_fit_a_few_kilobytes_and_nothing_of_them_is_missing() {
        let mut meter = Meter::default();
        for n in 1..=2_400u64 {
            let (good, bad) = (counts(n.min(1_200) * 5, 0), counts(n.saturating_sub(1_200) * 5, 5));
            let both = Counts {
                received: good.received + bad.received,
                lost: bad.lost,
                played: good.played + bad.played,
                concealed: bad.concealed,
                ..good
            };
            interval(&mut meter, both, None, Some(80));
            assert!(meter.history.points.len() <= MOST_POINTS);
        }
        assert!(size_of::<Packed>() * MOST_POINTS <= 2_400);
        let points = meter.history.points();
        assert!(points.len() > MOST_POINTS / 2 - 1);
        assert!(points.windows(2).all(|w| w[0].at + w[0].length == w[1].at));
        let last = points.last().expect("not empty");
        assert_eq!(last.at + last.length, Duration::from_secs(12_000));
        assert!(points[0].heard.mos.is_some_and(|mos| mos > 4.3));
        assert!(last.heard.loss_percent.is_some_and(|loss| (9.0..11.0).contains(&loss)), "{last:?}");
    }

    #[test]
    fn what_is_packed_comes_back_nearly_as_it_was() {
        let way = Direction { loss_percent: Some(0.4), jitter_ms: Some(3.0), mos: Some(4.2), level_dbov: Some(-31.0) };
        let point = QualityPoint {
            heard: way,
            said: Direction { loss_percent: Some(50.0), mos: None, ..way },
            round_trip: Some(Duration::from_millis(123)),
            buffer: Duration::from_millis(60),
            ..QualityPoint::default()
        };
        let back = unpack(&pack(&point), Duration::ZERO, Duration::ZERO);
        let close = |a: Option<f32>, b: Option<f32>, by: f32| a.zip(b).is_some_and(|(a, b)| (a - b).abs() <= by);
        assert!(close(back.heard.loss_percent, Some(0.4), 0.05), "{back:?}");
        assert!(close(back.heard.jitter_ms, Some(3.0), 0.3));
        assert!(close(back.heard.mos, Some(4.2), 0.01));
        assert!(close(back.heard.level_dbov, Some(-31.0), 0.3));
        assert!(close(back.said.loss_percent, Some(50.0), 0.5) && back.said.mos.is_none());
        assert!(close(back.round_trip.map(|trip| trip.as_secs_f32()), Some(0.123), 0.004));
    }
}
