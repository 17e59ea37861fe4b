//! When to send an RTCP report and what the peer's mean (RFC 3550 §6): loss and jitter on its side, the round trip, and
//! whether it hears us at all. Pure: time is an argument, and packets go in and out as bytes.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::rtcp::{self, NTP_TO_UNIX, Part, Parts, ReportBlock, SenderInfo};

/// Between two reports, before it is spread (RFC 3550 §6.2: the least for a session of two).
const INTERVAL: Duration = Duration::from_secs(5);
/// What the spreading below makes of the mean (§6.3.1: e − 3/2).
const COMPENSATION: f32 = 1.218_28;
/// A round trip longer than this is a clock that jumped or a report that was made up.
const LONGEST_ROUND_TRIP: u32 = 30 << 16;
/// Packets that a peer which hears us would have noticed: 2 s.
const NOTICEABLE: u64 = 100;

/// What the peer last said of our stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Remote {
    /// Share lost since its report before, 0 to 1.
    pub loss: f32,
    /// Lost since the beginning.
    pub lost: i32,
    /// Interarrival jitter in units of our RTP clock.
    pub jitter: u32,
    /// When it said so.
    pub at: Instant,
}

/// Why we believe that the peer does not hear us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unheard {
    /// Its reports do not mention our stream.
    NotMentioned,
    /// Its reports say that nothing of our stream arrived.
    NothingArrived,
}

/// The reports of one leg, both ways.
#[derive(Clone, Debug)]
pub struct Reports {
    began: Instant,
    /// NTP time of `began`, 32.32 bits.
    ntp: u64,
    due: Instant,
    name: [u8; 16],
    sent: bool,
    /// The middle of the NTP time in the peer's last sender report, and when it came.
    last_report: Option<(u32, Instant)>,
    remote: Option<Remote>,
    round_trip: Option<Duration>,
    /// The highest number of ours that the peer has seen, and how many packets we had sent by then.
    highest: Option<(u32, u64)>,
    /// Since when, after how many of our packets, and in how many reports in a row the peer has heard nothing.
    unheard: Option<(Instant, u64, u32)>,
}

impl Reports {
    /// Nothing sent, nothing heard.
    pub fn new(now: Instant) -> Reports {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut name = [0; 16];
        // A name for this session alone, so that it tells nobody who we are (RFC 7022 §4.2).
        let random = rand::random::<u64>();
        for (n, letter) in name.iter_mut().enumerate() {
            *letter = b"0123456789abcdef"[(random >> (4 * n) & 0xF) as usize];
        }
        Reports {
            began: now,
            ntp: (since_1970.as_secs() + NTP_TO_UNIX) << 32 | fraction(since_1970),
            due: now + spread(INTERVAL / 2),
            name,
            sent: false,
            last_report: None,
            remote: None,
            round_trip: None,
            highest: None,
            unheard: None,
        }
    }

    /// Whether a report should be sent.
    pub fn is_due(&self, now: Instant) -> bool {
        now >= self.due
    }

    /// Whether the peer may expect a goodbye.
    pub fn has_sent(&self) -> bool {
        self.sent
    }

    /// Writes a report into `out`: of what we sent unless that is nothing (`info` without its NTP time), and of what we
    /// received.
    pub fn write(
        &mut self,
        now: Instant,
        ssrc: u32,
        info: Option<SenderInfo>,
        block: Option<ReportBlock>,
        bye: bool,
        out: &mut Vec<u8>,
    ) {
        self.due = now + spread(INTERVAL);
        self.sent = true;
        let info = info.map(|info| SenderInfo { ntp: self.ntp_at(now), ..info });
        let block = block.map(|block| match self.last_report {
            Some((last_report, at)) => {
                let delay = now.saturating_duration_since(at);
                ReportBlock { last_report, delay: (delay.as_micros() * 65_536 / 1_000_000) as u32, ..block }
            }
            None => block,
        });
        rtcp::write(out, ssrc, info, block, &self.name, bye);
    }

    fn ntp_at(&self, now: Instant) -> u64 {
        let passed = now.saturating_duration_since(self.began);
        self.ntp.wrapping_add(passed.as_secs() << 32 | fraction(passed))
    }

    /// Takes a datagram of the peer, which may hold anything. `ours` is the stream that we send and how many packets it
    /// had so far, `theirs` the one that we hear. Says when it is new that the peer does not hear us, or still so.
    pub fn receive(
        &mut self,
        datagram: &[u8],
        ours: (u32, u64),
        theirs: Option<u32>,
        now: Instant,
    ) -> Option<(Unheard, Duration)> {
        let mut found = None;
        for part in Parts::new(datagram) {
            let (ssrc, blocks) = match part {
                Part::SenderReport { ssrc, info, blocks } => {
                    if theirs == Some(ssrc) {
                        self.last_report = Some(((info.ntp >> 16) as u32, now));
                    }
                    (ssrc, blocks)
                }
                Part::ReceiverReport { ssrc, blocks } => (ssrc, blocks),
                _ => continue,
            };
            // Somebody else's report: another session's neighbour, or a stranger.
            if theirs.is_some_and(|theirs| theirs != ssrc) {
                continue;
            }
            let mut mentioned = None;
            for block in blocks {
                if block.ssrc == ours.0 {
                    mentioned = Some(block);
                }
            }
            found = match mentioned {
                Some(block) => self.mentioned(block, ours.1, now),
                None => self.missed(Unheard::NotMentioned, ours.1, now),
            };
        }
        found
    }

    fn mentioned(&mut self, block: ReportBlock, packets: u64, now: Instant) -> Option<(Unheard, Duration)> {
        self.remote = Some(Remote {
            loss: f32::from(block.fraction_lost) / 256.0,
            lost: block.lost,
            jitter: block.jitter,
            at: now,
        });
        if block.last_report != 0 {
            let here = (self.ntp_at(now) >> 16) as u32;
            let units = here.wrapping_sub(block.last_report).wrapping_sub(block.delay);
            // A few units below zero are two clocks that do not tick alike.
            let units = if units > u32::MAX - 0x4000 { 0 } else { units };
            if units < LONGEST_ROUND_TRIP {
                self.round_trip = Some(Duration::from_micros(u64::from(units) * 1_000_000 / 65_536));
            }
        }
        let stuck = self
            .highest
            .is_some_and(|(highest, then)| block.highest == highest && packets.saturating_sub(then) >= NOTICEABLE);
        if stuck {
            return self.missed(Unheard::NothingArrived, packets, now);
        }
        self.highest = Some((block.highest, packets));
        self.unheard = None;
        None
    }

    fn missed(&mut self, how: Unheard, packets: u64, now: Instant) -> Option<(Unheard, Duration)> {
        let (since, then, times) = self.unheard.unwrap_or((now, packets, 0));
        self.unheard = Some((since, then, times.saturating_add(1)));
        // One report may have crossed our first packets.
        let sure = times >= 1 && packets.saturating_sub(then) >= NOTICEABLE;
        sure.then(|| (how, now.saturating_duration_since(since)))
    }

    /// What the peer last said of our stream.
    pub fn remote(&self) -> Option<Remote> {
        self.remote
    }

    /// The last round trip measured.
    pub fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }
}

/// The part below a second, in 2⁻³² s.
fn fraction(time: Duration) -> u64 {
    (u64::from(time.subsec_nanos()) << 32) / 1_000_000_000
}

/// Half to one and a half of it, so that reports of many legs do not come together.
fn spread(interval: Duration) -> Duration {
    interval.mul_f32((0.5 + rand::random::<f32>()) / COMPENSATION)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: u32 = 77;
    const THEIRS: u32 = 88;

    /// A report of the peer about us: highest number seen, share lost; nothing when it does not mention us.
    fn report(about_us: Option<(u32, u8)>) -> Vec<u8> {
        let mut out = Vec::new();
        let block = about_us.map(|(highest, fraction_lost)| ReportBlock {
            ssrc: OURS,
            highest,
            fraction_lost,
            jitter: 40,
            ..ReportBlock::default()
        });
        rtcp::write(&mut out, THEIRS, None, block, b"0123456789abcdef", false);
        out
    }

    #[test]
    fn two_sides_measure_the_round_trip_between_them() {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let (mut here, mut there) = (Reports::new(start), Reports::new(start));
        let mut out = Vec::new();
        here.write(at(1_000), OURS, Some(SenderInfo::default()), None, false, &mut out);
        // 60 ms there, 3 s until the answer, 40 ms back.
        there.receive(&out, (THEIRS, 0), Some(OURS), at(1_060));
        let block = ReportBlock { ssrc: OURS, highest: 5, ..ReportBlock::default() };
        there.write(at(4_060), THEIRS, None, Some(block), false, &mut out);
        here.receive(&out, (OURS, 10), Some(THEIRS), at(4_100));
        let round_trip = here.round_trip().expect("measured");
        assert!((99..=101).contains(&round_trip.as_millis()), "{round_trip:?}");
        assert!(here.remote().is_some_and(|remote| remote.loss == 0.0));
    }

    #[test]
    fn reports_come_about_every_five_seconds_and_not_in_step() {
        let start = Instant::now();
        let mut waits = Vec::new();
        let mut reports = Reports::new(start);
        for n in 1..=300u64 {
            let now = start + Duration::from_secs(n * 10);
            reports.write(now, OURS, None, None, false, &mut Vec::new());
            waits.push((reports.due - now).as_secs_f32());
        }
        let mean = waits.iter().sum::<f32>() / waits.len() as f32;
        assert!((3.7..4.5).contains(&mean), "{mean}");
        assert!(waits.iter().all(|wait| (2.0..6.3).contains(wait)));
        assert!(waits.iter().any(|wait| *wait < 3.0) && waits.iter().any(|wait| *wait > 5.0));
    }

    /// When a report comes (s), our packets by then, and what it says of us.
    type Step = (u64, u64, Option<(u32, u8)>);

    /// Runs reports, and in which of them the peer is found not to hear us.
    fn check(steps: &[Step], expected: &[Option<(Unheard, u64)>]) {
        let start = Instant::now();
        let mut reports = Reports::new(start);
        let got: Vec<_> = steps
            .iter()
            .map(|(s, packets, about_us)| {
                let now = start + Duration::from_secs(*s);
                let found = reports.receive(&report(*about_us), (OURS, *packets), Some(THEIRS), now);
                found.map(|(how, since)| (how, since.as_secs()))
            })
            .collect();
        assert_eq!(got, expected, "{steps:?}");
    }

    #[test]
    fn a_peer_that_hears_us_is_left_in_peace() {
        check(&[(3, 150, Some((149, 0))), (8, 400, Some((399, 0))), (13, 650, Some((500, 90)))], &[None; 3]);
    }

    #[test]
    fn a_peer_that_never_hears_us_is_noticed_with_its_second_report() {
        check(
            &[(3, 150, None), (8, 400, None), (13, 650, None)],
            &[None, Some((Unheard::NotMentioned, 5)), Some((Unheard::NotMentioned, 10))],
        );
    }

    #[test]
    fn a_peer_that_stops_hearing_us_is_noticed() {
        check(
            &[
                (3, 150, Some((149, 0))),
                (8, 400, Some((149, 255))),
                (13, 650, Some((149, 255))),
                (18, 900, Some((899, 0))),
            ],
            &[None, None, Some((Unheard::NothingArrived, 5)), None],
        );
    }

    #[test]
    fn when_we_send_nothing_nobody_must_hear_it() {
        check(&[(3, 0, None), (8, 0, None), (13, 3, None)], &[None; 3]);
    }

    #[test]
    fn reports_of_others_change_nothing() {
        let now = Instant::now();
        let mut reports = Reports::new(now);
        reports.receive(&report(Some((149, 255))), (OURS, 500), Some(1), now);
        assert_eq!(reports.remote(), None);
        for bad in [&[][..], &[0x80], &[0x81, 201, 0, 7, 0, 0], &[0xFF; 64]] {
            assert_eq!(reports.receive(bad, (OURS, 500), None, now), None);
        }
    }
}
