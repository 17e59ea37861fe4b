//! What one 20 ms frame costs in each step of a leg: `cargo bench -p hotline-audio`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use audio::codec::{Codec, Decoder, Encoder, Sound};
use audio::conceal::Concealer;
use audio::dtmf::KeyDetector;
use audio::jitter::JitterBuffer;
use audio::resample::{Doubler, Halver, resample};
use audio::similarity::best_match;
use audio::telephone::{Conditions, to_telephone_8k};
use audio::vad::VoiceActivity;
use audio::{Frame8k, Pcm8k, Pcm16k, tone};

fn main() {
    let audio = tone::sine(300.0, -20.0, Duration::from_secs(10));
    let noisy = to_telephone_8k(&audio, Conditions { noise_snr_db: Some(10.0), ..Conditions::default() });
    let frames: &[Frame8k] = noisy.samples().as_chunks().0;

    println!("{:<44} {:>10}", "per 20 ms frame", "CPU µs");
    for codec in Codec::ALL {
        let (mut encoder, mut decoder) = (Encoder::new(codec), Decoder::new(codec));
        let mut payloads = Vec::new();
        each(&format!("{codec}: encode"), frames, |frame| {
            let mut payload = Vec::with_capacity(200);
            encoder.encode(Sound::Narrow(frame), &mut payload);
            payloads.push(payload);
        });
        let (mut halver, mut payloads, mut samples, mut narrow) =
            (Halver::new(), payloads.iter(), Vec::new(), Vec::new());
        each(&format!("{codec}: decode to 8 kHz"), frames, |_| {
            samples.clear();
            narrow.clear();
            decoder.decode(payloads.next().map_or(&[], Vec::as_slice), &mut samples);
            if codec.is_wideband() {
                halver.push(&samples, &mut narrow);
            }
            black_box((&samples, &narrow));
        });
    }
    let mut doubler = Doubler::new();
    each("8 → 16 kHz", frames, |frame| {
        black_box(doubler.push(frame));
    });
    let mut vad = VoiceActivity::new();
    each("voice activity, with 8 → 16 kHz", frames, |frame| {
        black_box(vad.push(frame));
    });
    let mut buffer = JitterBuffer::default();
    let (mut seq, mut timestamp) = (0u16, 0u32);
    each("jitter buffer, push, decode and pop", frames, |_| {
        buffer.push(seq, timestamp, 160, &[0x55; 160]);
        (seq, timestamp) = (seq.wrapping_add(1), timestamp.wrapping_add(160));
        let mut frame = [0; 160];
        let decode = &mut |bytes: &[u8], out: &mut Vec<i16>| audio::g711::Codec::Pcmu.decode(bytes, out);
        black_box(buffer.pop(&mut frame, decode));
        drop(black_box(buffer.take_payload()));
    });
    let mut detector = KeyDetector::new();
    each("keys as tones", frames, |frame| {
        black_box(detector.push(frame));
    });
    let mut concealer = Concealer::new();
    each("concealment, every second frame lost", frames, |frame| {
        let mut frame = *frame;
        concealer.received(&mut frame);
        concealer.conceal(&mut frame);
        black_box(frame);
    });

    println!("\n{:<44} {:>10}", "whole recordings", "CPU ms");
    let minute = Pcm8k::new(noisy.samples().repeat(6));
    once("1 minute, 8 → 16 kHz", || drop(black_box(resample::<8_000, 16_000>(&minute))));
    let wide: Pcm16k = resample(&minute);
    once("1 minute, 16 → 8 kHz", || drop(black_box(resample::<16_000, 8_000>(&wide))));
    let needle = minute.slice(Duration::from_secs(20), Duration::from_secs(23));
    once("find 3 s in 1 minute", || {
        black_box(best_match(&needle, &minute));
    });
    once("1 minute over a bad telephone line", || {
        let line = Conditions { loss: 0.05, noise_snr_db: Some(15.0), ..Conditions::default() };
        drop(black_box(to_telephone_8k(&minute, line)));
    });
}

fn each(name: &str, frames: &[Frame8k], mut step: impl FnMut(&Frame8k)) {
    let rounds = 10;
    let time = cpu_time_of(|| (0..rounds).for_each(|_| frames.iter().for_each(&mut step)));
    println!("{name:<44} {:>10.2}", time.as_secs_f64() * 1e6 / (rounds * frames.len()) as f64);
}

fn once(name: &str, step: impl FnOnce()) {
    println!("{name:<44} {:>10.2}", cpu_time_of(step).as_secs_f64() * 1e3);
}

/// The processor's time where the system tells it (Linux), so that other programs do not count; else the clock's.
fn cpu_time_of(step: impl FnOnce()) -> Duration {
    let spent = || {
        // The kernel brings its count up to date when the thread gives way.
        std::thread::yield_now();
        let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        Some(Duration::from_nanos(stat.split(' ').next()?.parse().ok()?))
    };
    let (begin, clock) = (spent(), Instant::now());
    step();
    match (begin, spent()) {
        (Some(begin), Some(end)) => end.saturating_sub(begin),
        _ => clock.elapsed(),
    }
}
