//! What a sentence costs each voice: `cargo run -p hotline-models --example speak_bench`. Prints a table; processor time includes that of
//! espeak-ng's process.

use std::time::Instant;

use models::{EspeakNg, Flite, FliteVoice, Language, Voice};

const ENGLISH: [&str; 8] = [
    "Thank you for calling Wobbly Wheel Cycles.",
    "How can I help you? Just say it in your own words.",
    "What is your order number? It has four digits.",
    "Your order one zero four two is on its way and should be with you on November thirtieth.",
    "I'll put you through to one of our people now.",
    "One moment, I'm looking it up.",
    "Is there anything else I can do for you?",
    "Sorry, I need the four digits of your order number, one by one.",
];
const CHINESE: [&str; 4] =
    ["您好,欢迎致电摇摇轮单车行。", "请问有什么可以帮您?", "您的订单幺零四二已经发货。", "现在为您转接人工服务。"];

fn main() {
    println!("{:<28}{:>12}{:>14}{:>14}{:>16}", "voice", "sentences", "sound", "CPU a second", "ms a sentence");
    let voices: Vec<(Box<dyn Voice>, &[&str])> = FliteVoice::ALL
        .into_iter()
        .map(|which| (Box::new(Flite::new(which)) as Box<dyn Voice>, &ENGLISH[..]))
        .chain(EspeakNg::new(Language::EN).ok().map(|voice| (Box::new(voice) as Box<dyn Voice>, &ENGLISH[..])))
        .chain(EspeakNg::new(Language::ZH).ok().map(|voice| (Box::new(voice) as Box<dyn Voice>, &CHINESE[..])))
        .collect();
    for (voice, sentences) in voices {
        // The first sentence sets a voice up.
        if let Err(error) = voice.speak(sentences[0]) {
            println!("{:<28}{error}", voice.name());
            continue;
        }
        let (begun, cpu) = (Instant::now(), cpu_seconds());
        let sound: f64 = sentences
            .iter()
            .filter_map(|text| voice.speak(text).ok())
            .map(|sound| sound.duration().as_secs_f64())
            .sum();
        let (took, cpu) = (begun.elapsed().as_secs_f64(), cpu_seconds() - cpu);
        println!(
            "{:<28}{:>12}{:>12.1} s{:>14.4}{:>16.1}",
            voice.name(),
            sentences.len(),
            sound,
            cpu / sound.max(0.001),
            took * 1_000.0 / sentences.len() as f64
        );
    }
}

/// Of this process and of those it has started and waited for.
fn cpu_seconds() -> f64 {
    let of = |who| {
        // SAFETY: getrusage fills the struct it is given, and a zeroed rusage is a valid one.
        let usage = unsafe {
            let mut usage: libc::rusage = std::mem::zeroed();
            libc::getrusage(who, &mut usage);
            usage
        };
        let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
        seconds(usage.ru_utime) + seconds(usage.ru_stime)
    };
    of(libc::RUSAGE_SELF) + of(libc::RUSAGE_CHILDREN)
}
