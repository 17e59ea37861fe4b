//! Word and digit error rates of Moonshine over a manifest of recordings, a line per utterance that went wrong with `--verbose`.
//!
//! `cargo run --release -p hotline-models --example wer -- --manifest M.jsonl [--folder en_read] [--grammar digits] [--telephone] [--verbose]`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use audio::Pcm16k;
use audio::telephone::{Conditions, to_telephone};
use models::score::Tally;
use models::{Grammar, Hints, Language, Moonshine, MoonshinePaths, Recogniser, Store};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let manifest = PathBuf::from(value("--manifest").ok_or("--manifest M.jsonl is missing")?);
    let base = manifest.parent().unwrap_or(Path::new("."));
    let verbose = arguments.iter().any(|argument| argument == "--verbose");
    let store = Store::open(None)?;
    let paths = store.paths(models::manifest::DEFAULT_ENGLISH)?;
    let mut recogniser = Moonshine::load(&MoonshinePaths::from_roles(&paths).ok_or("the store lacks a file")?)?;
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let (mut seconds, mut cpu) = (0.0, 0.0);
    let mut silent = 0;
    let mut outside = 0;
    for line in std::fs::read_to_string(&manifest)?.lines() {
        let item: serde_json::Value = serde_json::from_str(line)?;
        let file = item["file"].as_str().unwrap_or_default();
        let folder = file.split('/').next().unwrap_or_default().to_owned();
        if value("--folder").is_some_and(|wanted| wanted != folder) || item["lang"] != "en" {
            continue;
        }
        let text = item["text"].as_str().unwrap_or_default();
        let mut audio: Pcm16k = audio::wav::read(base.join(file))?;
        if arguments.iter().any(|argument| argument == "--telephone") {
            audio = to_telephone(&audio, Conditions::default());
        }
        let grammar = match value("--grammar").as_deref() {
            Some("digits") => Grammar::Digits { min: 1, max: 0 },
            Some(phrases) if phrases.contains('|') => Grammar::Phrases(phrases.split('|').map(str::to_owned).collect()),
            _ => Grammar::Free,
        };
        let before = cpu_seconds();
        let mut hints = Hints::free(Language::EN).with_grammar(grammar);
        hints.quick = arguments.iter().any(|argument| argument == "--quick");
        let heard = recogniser.recognise(&audio, &hints)?;
        cpu += cpu_seconds() - before;
        seconds += audio.duration().as_secs_f64();
        silent += usize::from(heard.no_speech);
        outside += usize::from(!heard.in_grammar);
        let tally = tallies.entry(folder).or_default();
        let wrong = tally.word_errors;
        tally.add(text, &heard.text);
        let mut show = tally.word_errors > wrong;
        if let Some(digits) = item["digits"].as_str() {
            let wrong = tally.digit_errors;
            tally.add_digits(digits, &heard.text);
            show = tally.digit_errors > wrong;
        }
        if verbose && show || arguments.iter().any(|argument| argument == "--all") {
            println!(
                "{file}\t{:.2}\t{:.2}\t{}\t{}\n\t{text}\n\t{}",
                heard.confidence, heard.mean_log_prob, heard.in_grammar, heard.no_speech, heard.text
            );
        }
    }
    let percent = |rate: Option<f64>| rate.map_or("–".to_owned(), |rate| format!("{:.1} %", rate * 100.0));
    for (folder, tally) in &tallies {
        println!(
            "{folder}: {} utterances, WER {}, CER {}, right {}, digit error {}, strings {}",
            tally.utterances,
            percent(tally.wer()),
            percent(tally.cer()),
            percent(tally.sentence_accuracy()),
            percent(tally.digit_error()),
            percent(tally.digit_string_accuracy())
        );
    }
    println!(
        "{seconds:.1} s of audio, {:.4} CPU-s per second, {silent} silent, {outside} outside the grammar",
        cpu / seconds
    );
    Ok(())
}

/// CPU time of this process.
fn cpu_seconds() -> f64 {
    // SAFETY: clock_gettime writes the structure it is given.
    let time = unsafe {
        let mut time = std::mem::zeroed::<libc::timespec>();
        libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time);
        time
    };
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
