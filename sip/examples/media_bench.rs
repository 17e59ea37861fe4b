//! What a leg costs and how punctual the media clock is: opens legs, plays a prompt on each, lets a peer talk to each
//! over loopback, and prints a table.
//!
//! ```sh
//! cargo run --release -p hotline-sip --example media_bench -- --legs 200 --seconds 20
//! ```
//!
//! `--threads` says how many threads the clock has, `--idle` leaves the peers silent (they send silence).
//! `--record` asks for frames and voice activity as well, `--bridge` joins the legs in pairs instead of playing.
//! The peers run in a thread of their own, whose processor time is not counted.

use std::net::{SocketAddr, UdpSocket};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use audio::Pcm8k;
use sip::media::{Clip, Clock, Codec, Leg, LegConfig, LegEvent, LegEvents, Playback};
use sip::rtp::Header;

struct Options {
    legs: usize,
    seconds: u64,
    record: bool,
    bridge: bool,
    threads: usize,
    idle: bool,
}

fn main() -> ExitCode {
    let Some(options) = options() else {
        eprintln!("usage: media_bench [--legs N] [--seconds S] [--threads T] [--record] [--idle] [--bridge]");
        return ExitCode::FAILURE;
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("media_bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> Option<Options> {
    let mut options = Options { legs: 100, seconds: 10, record: false, bridge: false, threads: 1, idle: false };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--legs" => options.legs = words.next()?.parse().ok()?,
            "--seconds" => options.seconds = words.next()?.parse().ok()?,
            "--threads" => options.threads = words.next()?.parse().ok()?,
            "--idle" => options.idle = true,
            "--record" => options.record = true,
            "--bridge" => options.bridge = true,
            _ => return None,
        }
    }
    (options.legs > 0 && options.seconds > 0).then_some(options)
}

fn run(options: &Options) -> std::io::Result<()> {
    let memory_before = resident_kb();
    let clock = Clock::start_with(options.threads)?;
    let mut peers = Vec::new();
    let mut legs = Vec::new();
    for _ in 0..options.legs {
        let peer = UdpSocket::bind("127.0.0.1:0")?;
        peer.set_nonblocking(true)?;
        let (leg, events, address) = open(&clock, peer.local_addr()?, options.record)?;
        peers.push((peer, address));
        legs.push((leg, events));
        // Calls do not begin all at once; the legs spread over the phases of the tick.
        std::thread::sleep(Duration::from_millis(1));
    }
    if options.bridge {
        for pair in legs.chunks_exact(2) {
            pair[0].0.bridge(&pair[1].0);
        }
    } else {
        let prompt = Arc::new(Clip::new(prompt()));
        for (leg, _) in &legs {
            leg.play(Playback { turn: 1, id: 1, clip: prompt.clone(), loop_: true });
        }
    }
    let talk = Talk::begin(peers, options.idle);
    // Warm up, then measure between two readings of the clock's own counters.
    pass(Duration::from_secs(1), &mut legs);
    let (before, begin) = (clock.stats(), Instant::now());
    let received_before = talk.received();
    pass(Duration::from_secs(options.seconds), &mut legs);
    let (after, seconds) = (clock.stats(), begin.elapsed().as_secs_f64());
    let received = talk.received() - received_before;
    let memory_after = resident_kb();

    let cpu = (after.cpu - before.cpu).as_secs_f64();
    let minutes = options.legs as f64 * seconds / 60.0;
    let packets = options.legs as f64 * seconds * 50.0;
    println!("scheduling                 {:?}", clock.scheduling());
    println!("legs                       {}", after.legs);
    println!("seconds                    {seconds:.1}");
    println!("processor, media threads   {cpu:.3} s ({:.1} % of a core)", 100.0 * cpu / seconds);
    println!("CPU-seconds a call-minute  {:.4}", cpu / minutes);
    println!("µs a packet each way       {:.2}", cpu * 1e6 / packets);
    println!("calls a core               {:.0}", 60.0 / (cpu / minutes));
    println!(
        "late p50 / p99 / max       {:?} / {:?} / {:?}",
        after.lateness.p50, after.lateness.p99, after.lateness.max
    );
    println!("ticks left out             {}", after.skipped_ticks);
    println!("packets that reached peers {:.3} %", 100.0 * received as f64 / packets);
    println!("memory a leg, with peer    {:.1} kB", (memory_after - memory_before) / options.legs as f64);
    talk.end();
    let mut dropped = 0;
    for (leg, mut events) in legs {
        leg.close();
        while let Some(event) = events.blocking_recv() {
            if let LegEvent::Closed(stats) = event {
                dropped += stats.dropped_events;
            }
        }
    }
    println!("events dropped             {dropped}");
    clock.shutdown();
    Ok(())
}

fn open(clock: &Clock, remote: SocketAddr, record: bool) -> std::io::Result<(Leg, LegEvents, SocketAddr)> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let address = socket.local_addr()?;
    let config =
        LegConfig { wire: socket.into(), remote: Some(remote), codec: Codec::Pcmu, telephone_event: Some(101), record };
    let (leg, events) = clock.open_leg(config)?;
    Ok((leg, events, address))
}

/// Reads events for a while, as a call would.
fn pass(time: Duration, legs: &mut [(Leg, LegEvents)]) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        for (_, events) in legs.iter_mut() {
            while events.try_recv().is_ok() {}
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Five seconds of a sweep: nothing that compresses to a constant byte.
fn prompt() -> Pcm8k {
    let sample = |n: u32| {
        let t = n as f32 / 8_000.0;
        ((t * (200.0 + 100.0 * t) * std::f32::consts::TAU).sin() * 8_000.0) as i16
    };
    Pcm8k::new((0..40_000).map(sample).collect())
}

/// The peers: each sends a packet every 20 ms and counts what comes.
struct Talk {
    stop: Arc<AtomicBool>,
    received: Arc<AtomicU64>,
    thread: std::thread::JoinHandle<()>,
}

impl Talk {
    fn begin(peers: Vec<(UdpSocket, SocketAddr)>, idle: bool) -> Talk {
        let (stop, received) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (stopped, count) = (stop.clone(), received.clone());
        let mut voice = Vec::new();
        let coding = audio::g711::Codec::Pcmu;
        coding.encode(prompt().samples(), &mut voice);
        if idle {
            voice.fill(coding.silence_byte());
        }
        let thread = std::thread::spawn(move || {
            let begin = Instant::now();
            let (mut bytes, mut buffer) = (Vec::new(), [0; 512]);
            for tick in 0u32.. {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let at = tick as usize * 160 % (voice.len() - 160);
                for (n, (socket, leg)) in peers.iter().enumerate() {
                    let header = Header {
                        marker: tick == 0,
                        payload_type: 0,
                        sequence: tick as u16,
                        timestamp: tick.wrapping_mul(160),
                        ssrc: n as u32,
                    };
                    header.write(&voice[at..at + 160], &mut bytes);
                    let _ = socket.send_to(&bytes, leg);
                    while socket.recv_from(&mut buffer).is_ok() {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                }
                let next = begin + Duration::from_millis(20) * (tick + 1);
                std::thread::sleep(next.saturating_duration_since(Instant::now()));
            }
        });
        Talk { stop, received, thread }
    }

    fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.join();
    }
}

/// Memory of this process in kB, as Linux counts it.
fn resident_kb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0.0)
}
