//! The adaptive jitter buffer and a fixed one of 60 ms on the same seeded traces:
//! `cargo run -p hotline-audio --example jitter_traces`. Nothing depends on the machine or its clock, so the table is
//! the same every time.
//!
//! | column | is |
//! |---|---|
//! | lost | packets that the network lost, % |
//! | late | packets that came and were not heard, % |
//! | delay | mean time from a packet's quickest possible arrival to its playing, ms |
//! | made up | frames concealed (whatever the reason) while the peer was talking, % |
//! | blended | frames put in or taken out, heard or not, % |
//! | MOS | E-model (ITU-T G.107) of what was not heard and of the delay, with 50 ms of network |

use std::time::Duration;

use audio::jitter::{JitterBuffer, Playout};
use audio::quality::{Impairments, mos};
use audio::{Frame8k, Pcm8k, tone};

const PACKETS: usize = 9_000;
const TICK_MS: f64 = 20.0;
/// Of network, codec and packet, before any buffer.
const BASE_DELAY_MS: f64 = 70.0;

fn main() {
    println!("{:<26}{:>6} |{:^39}|{:^30}", "", "", "adaptive", "fixed, 60 ms");
    println!(
        "{:<26}{:>6} |{:>6}{:>7}{:>9}{:>10}{:>6} |{:>6}{:>7}{:>9}{:>6}",
        "trace", "lost", "late", "delay", "made up", "blended", "MOS", "late", "delay", "made up", "MOS"
    );
    for (name, trace) in traces() {
        let lost = trace.iter().filter(|packet| packet.is_none()).count();
        let adaptive = run(&trace, &mut Adaptive::default());
        let fixed = run(&trace, &mut Fixed::default());
        println!(
            "{name:<26}{:>6.2} |{:>6.2}{:>7.1}{:>9.2}{:>10.2}{:>6.2} |{:>6.2}{:>7.1}{:>9.2}{:>6.2}",
            share(lost, trace.len()),
            adaptive.late(),
            adaptive.delay(),
            adaptive.made_up(),
            share(adaptive.blended, adaptive.ticks),
            adaptive.mos(),
            fixed.late(),
            fixed.delay(),
            fixed.made_up(),
            fixed.mos(),
        );
    }
}

/// When each packet arrives, in ms from the sending of the first; nothing for one that never does. Packet `n` is sent at
/// `n` times 20 ms of the sender's clock.
type Trace = Vec<Option<f64>>;

/// Seeded noise: xorshift with a multiplication.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.next().max(1e-12).ln()).sqrt() * (std::f64::consts::TAU * self.next()).cos()
    }
}

fn traces() -> Vec<(&'static str, Trace)> {
    let quiet = |_: usize, random: &mut Random| 0.3 * random.normal().abs();
    vec![
        ("quiet line", trace(1, 0.0, quiet)),
        ("Gaussian jitter 5 ms", trace(2, 0.0, |_, r| (5.0 * r.normal()).abs())),
        ("Gaussian jitter 20 ms", trace(3, 0.0, |_, r| (20.0 * r.normal()).abs())),
        ("Gaussian jitter 40 ms", trace(4, 0.0, |_, r| (40.0 * r.normal()).abs())),
        ("overtaking, 10 %", trace(5, 0.0, |_, r| if r.next() < 0.1 { 25.0 + 20.0 * r.next() } else { r.next() })),
        ("spikes", queued(6, |_, r| if r.next() < 0.004 { 60.0 + 90.0 * r.next() } else { 2.0 * r.next() })),
        ("Wi-Fi", queued(7, wifi)),
        ("Wi-Fi, poor", queued(8, |n, r| 3.0 * wifi(n, r))),
        ("evening queue", queued(9, |n, r| 20.0 * (1.0 + (n as f64 / 900.0).sin()) + 8.0 * r.normal().abs())),
        ("clock +100 ppm", trace(10, 100.0, |_, r| 3.0 * r.normal().abs())),
        ("clock −100 ppm", trace(11, -100.0, |_, r| 3.0 * r.normal().abs())),
        ("route 80 ms longer", queued(12, |n, r| if n > 3_000 { 80.0 } else { 0.0 } + 2.0 * r.normal().abs())),
        ("route 80 ms shorter", trace(13, 0.0, |n, r| if n < 3_000 { 80.0 } else { 0.0 } + 2.0 * r.normal().abs())),
        (
            "route there and back",
            trace(14, 0.0, |n, r| if n % 3_000 > 1_500 { 80.0 } else { 0.0 } + 2.0 * r.normal().abs()),
        ),
        ("bursts after 300 ms", queued(15, |n, r| if n % 750 == 749 { 300.0 } else { 2.0 * r.next() })),
        ("loss 3 %", lossy(trace(16, 0.0, quiet), 0.03, 1.0)),
        ("loss 5 % in bursts of 3", lossy(trace(17, 0.0, quiet), 0.05, 3.0)),
        ("loss 5 %, jitter 20 ms", lossy(trace(18, 0.0, |_, r| (20.0 * r.normal()).abs()), 0.05, 2.0)),
        ("loss 2 %, Wi-Fi", lossy(queued(19, wifi), 0.02, 2.0)),
    ]
}

/// Mostly a few ms; now and then a contended channel for a while; sometimes a stall of a scan.
fn wifi(n: usize, random: &mut Random) -> f64 {
    let contended = (n / 400) % 3 == 1;
    let scan = random.next() < 0.0008;
    let back_off = -random.next().max(1e-9).ln() * if contended { 9.0 } else { 2.0 };
    back_off + if scan { 80.0 + 60.0 * random.next() } else { 0.0 }
}

/// Each packet is held up for itself, so one may overtake another.
fn trace(seed: u64, ppm: f64, mut delay: impl FnMut(usize, &mut Random) -> f64) -> Trace {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let send = |n: usize| n as f64 * TICK_MS * (1.0 + ppm / 1e6);
    (0..PACKETS).map(|n| Some(send(n) + 7.0 + delay(n, &mut random))).collect()
}

/// Packets wait for those before them, as in one queue.
fn queued(seed: u64, delay: impl FnMut(usize, &mut Random) -> f64) -> Trace {
    let mut last = 0.0f64;
    let arrivals = trace(seed, 0.0, delay).into_iter().flatten();
    arrivals
        .map(|at| {
            last = last.max(at);
            Some(last)
        })
        .collect()
}

/// Loses packets by Gilbert and Elliott's model: a good state that loses nothing and a bad one that loses all.
fn lossy(mut trace: Trace, rate: f64, burst: f64) -> Trace {
    let mut random = Random(0xB0B5_1ED5);
    let to_good = 1.0 / burst;
    let to_bad = to_good * rate / (1.0 - rate);
    let mut bad = false;
    for packet in &mut trace {
        bad = if bad { random.next() >= to_good } else { random.next() < to_bad };
        if bad {
            *packet = None;
        }
    }
    trace
}

/// Speech-like sound: syllables of a tune, with pauses between the phrases.
fn speech() -> Vec<Frame8k> {
    let mut audio = Pcm8k::empty();
    for syllable in 0..60u64 {
        let hz = 110.0 + (syllable * 37 % 90) as f32;
        audio.append(&tone::sine(hz, -20.0, Duration::from_millis(120 + syllable * 53 % 90)));
        let pause = if syllable % 9 == 8 { 700 } else { 30 };
        audio.append(&Pcm8k::silence(Duration::from_millis(pause)));
    }
    audio.samples().as_chunks().0.to_vec()
}

/// A jitter buffer under test: arrivals in, the packets of each tick out.
trait Buffer {
    fn arrive(&mut self, n: usize, sound: &Frame8k);
    /// The packets that begin to be heard in this tick, and how it was made.
    fn tick(&mut self, heard: &mut Vec<usize>) -> Playout;
    fn blended(&self) -> usize {
        0
    }
}

#[derive(Default)]
struct Adaptive {
    buffer: JitterBuffer,
    sounds: Vec<Frame8k>,
}

impl Buffer for Adaptive {
    fn arrive(&mut self, n: usize, sound: &Frame8k) {
        if self.sounds.len() <= n {
            self.sounds.resize(n + 1, [0; 160]);
        }
        self.sounds[n] = *sound;
        self.buffer.push(n as u16, (n * 160) as u32, 160, &(n as u32).to_be_bytes());
    }

    fn tick(&mut self, heard: &mut Vec<usize>) -> Playout {
        let sounds = &self.sounds;
        let mut frame = [0; 160];
        self.buffer.pop(&mut frame, &mut |payload, out| {
            let n = payload.iter().fold(0, |n, byte| n << 8 | usize::from(*byte));
            heard.push(n);
            out.extend_from_slice(&sounds[n]);
        })
    }

    fn blended(&self) -> usize {
        let stats = self.buffer.stats();
        (stats.shortened + stats.stretched + stats.skipped) as usize
    }
}

/// Plays each packet 60 ms after the first one's time. When ten packets in a row came too late for that, it begins anew
/// with the next one: without this it would be silent after the first route change.
#[derive(Default)]
struct Fixed {
    waiting: std::collections::BTreeSet<usize>,
    now: i64,
    /// The tick at which packet 0 would be played.
    zero: Option<i64>,
    late: u32,
}

impl Buffer for Fixed {
    fn arrive(&mut self, n: usize, _sound: &Frame8k) {
        let in_60_ms = self.now + 3 - n as i64;
        let zero = *self.zero.get_or_insert(in_60_ms);
        if zero + n as i64 >= self.now {
            self.late = 0;
        } else {
            self.late += 1;
            if self.late < 10 {
                return;
            }
            self.zero = Some(in_60_ms);
            self.late = 0;
        }
        self.waiting.insert(n);
    }

    fn tick(&mut self, heard: &mut Vec<usize>) -> Playout {
        let due = self.zero.map(|zero| self.now - zero);
        self.now += 1;
        let Some(due) = due.and_then(|due| usize::try_from(due).ok()) else {
            return Playout::Silence;
        };
        self.waiting.retain(|n| *n >= due);
        if self.waiting.remove(&due) {
            heard.push(due);
            return Playout::Sound;
        }
        Playout::Concealed
    }
}

#[derive(Default)]
struct Measured {
    came: usize,
    heard: usize,
    sent: usize,
    delays: f64,
    ticks: usize,
    concealed: usize,
    blended: usize,
}

impl Measured {
    fn late(&self) -> f64 {
        share(self.came - self.heard, self.sent)
    }

    fn delay(&self) -> f64 {
        self.delays / self.heard.max(1) as f64
    }

    fn made_up(&self) -> f64 {
        share(self.concealed, self.ticks)
    }

    fn mos(&self) -> f32 {
        let missing = (self.made_up() as f32).max(share(self.sent - self.heard, self.sent) as f32);
        let delay = Duration::from_micros(((BASE_DELAY_MS + self.delay()) * 1e3) as u64);
        mos(&Impairments { loss_percent: missing, delay, ..Impairments::default() })
    }
}

fn share(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

fn run(trace: &Trace, buffer: &mut impl Buffer) -> Measured {
    let speech = speech();
    let mut arrivals: Vec<(f64, usize)> = trace.iter().enumerate().filter_map(|(n, at)| at.map(|at| (at, n))).collect();
    arrivals.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut measured = Measured { sent: trace.len(), came: arrivals.len(), ..Measured::default() };
    let mut arriving = arrivals.into_iter().peekable();
    let mut heard = Vec::new();
    for tick in 0..trace.len() {
        let now = tick as f64 * TICK_MS;
        while let Some((_, n)) = arriving.next_if(|(at, _)| *at <= now) {
            buffer.arrive(n, &speech[n % speech.len()]);
        }
        heard.clear();
        let playout = buffer.tick(&mut heard);
        measured.ticks += usize::from(playout != Playout::Silence);
        measured.concealed += usize::from(playout == Playout::Concealed);
        for n in &heard {
            measured.heard += 1;
            measured.delays += now - (*n as f64 * TICK_MS + 7.0);
        }
    }
    // What is still on its way or waits at the end is neither late nor lost.
    measured.came -= arriving.count();
    measured.blended = buffer.blended();
    measured
}
