//! Scores of single letters and digits, a line per recording and condition, from which the calibration of `moonshine/spelling.rs` is
//! computed: recordings of single characters, digits cut out of strings by their marks, and synthetic voices.
//!
//! `cargo run -p hotline-models --example calibrate -- --manifest M.jsonl [--every N] > scores.tsv`: speaker, condition, character, 36 scores.

use std::path::{Path, PathBuf};
use std::time::Duration;

use audio::Pcm16k;
use audio::telephone::{Conditions, to_telephone};
use models::score::words;
use models::{Flite, FliteVoice, Moonshine, MoonshinePaths, Store, Voice};

const AROUND: Duration = Duration::from_millis(120);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let at = arguments.iter().position(|argument| argument == "--manifest").ok_or("--manifest M.jsonl is missing")?;
    let manifest = PathBuf::from(arguments.get(at + 1).ok_or("--manifest M.jsonl is missing")?);
    let base = manifest.parent().unwrap_or(Path::new("."));
    let paths = Store::open(None)?.paths(models::manifest::DEFAULT_ENGLISH)?;
    let mut moonshine = Moonshine::load(&MoonshinePaths::from_roles(&paths).ok_or("the store lacks a file")?)?;
    let mut sounds: Vec<(String, char, Pcm16k)> = Vec::new();
    for line in std::fs::read_to_string(&manifest)?.lines() {
        let item: serde_json::Value = serde_json::from_str(line)?;
        let speaker = item["speaker"].as_str().unwrap_or_default().to_owned();
        let file = base.join(item["file"].as_str().unwrap_or_default());
        let text = item["text"].as_str().unwrap_or_default();
        if let ([one], true) = (&words(text)[..], item["lang"] == "en")
            && let (Some(character), 1) = (one.chars().next(), one.chars().count())
        {
            sounds.push((speaker, character.to_ascii_uppercase(), audio::wav::read(file)?));
        } else if let (Some(digits), Some(marks)) = (item["digits"].as_str(), item["marks"].as_array()) {
            let whole: Pcm16k = audio::wav::read(file)?;
            for (digit, mark) in digits.chars().zip(marks) {
                let at = |n: usize| Duration::from_secs_f64(mark[n].as_f64().unwrap_or_default());
                sounds.push((speaker.clone(), digit, whole.slice(at(0).saturating_sub(AROUND), at(1) + AROUND)));
            }
        }
    }
    for (name, voice) in [
        ("flite-rms", FliteVoice::Rms),
        ("flite-slt", FliteVoice::Slt),
        ("flite-awb", FliteVoice::Awb),
        ("flite-kal", FliteVoice::Kal16),
    ] {
        let voice = Flite::new(voice);
        for character in ('A'..='Z').chain('0'..='9') {
            let mut sound = Pcm16k::silence(Duration::from_millis(250));
            sound.append(&voice.speak(&format!("{character}."))?);
            sound.append(&Pcm16k::silence(Duration::from_millis(250)));
            sounds.push((name.to_owned(), character, sound));
        }
    }
    let every = arguments
        .iter()
        .position(|argument| argument == "--every")
        .and_then(|at| arguments.get(at + 1)?.parse().ok())
        .unwrap_or(1);
    for (number, (speaker, character, sound)) in sounds.iter().enumerate() {
        if speaker.starts_with("fsdd") && number % every != 0 {
            continue;
        }
        let line = Conditions { seed: number as u64, ..Conditions::default() };
        let scores = moonshine.character_scores(&to_telephone(sound, line))?;
        let scores: Vec<String> = scores.iter().map(|(_, score)| format!("{score:.3}")).collect();
        println!("{speaker}\ttelephone\t{character}\t{}", scores.join("\t"));
    }
    Ok(())
}
