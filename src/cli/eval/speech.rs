//! `hotline eval speech`: recognises recordings one after another, as a call would, and counts what was misheard.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use audio::telephone::{Conditions, to_telephone};
use audio::{Pcm16k, wav};
use clap::{Args, ValueEnum};
use indicatif::ProgressBar;
use models::score::Tally;
use models::{Grammar, Hints, Language, Recogniser};
use serde::{Deserialize, Serialize};

use super::{Percentiles, cpu_seconds, deliver, read_jsonl};
use crate::config::Config;
use crate::service::recogniser;

/// Arguments of `hotline eval speech`.
#[derive(Args)]
pub struct Arguments {
    /// One JSON object a line: {file, text, lang, speaker, digits?}; paths relative to this file
    #[arg(long)]
    manifest: PathBuf,
    /// The recogniser
    #[arg(long, value_enum, default_value = "moonshine")]
    engine: Engine,
    /// Only recordings in this language
    #[arg(long)]
    lang: Option<String>,
    /// Pass the recordings through a telephone line first (8 kHz, μ-law)
    #[arg(long)]
    telephone: bool,
    /// What the recogniser is told to expect
    #[arg(long, value_enum)]
    grammar: Option<Expected>,
    /// Write the report here instead of to standard output
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Engine {
    Moonshine,
    Whisper,
}

#[derive(Clone, Copy, ValueEnum)]
enum Expected {
    Digits,
}

#[derive(Deserialize)]
struct Line {
    file: String,
    text: Option<String>,
    lang: Option<String>,
    digits: Option<String>,
}

#[derive(Serialize)]
struct Report {
    engine: String,
    /// Lines passed over: without a text, or in a language that was not asked for or that the engine does not know.
    skipped: usize,
    #[serde(flatten)]
    all: Figures,
    by: BTreeMap<String, Figures>,
}

#[derive(Serialize)]
struct Figures {
    utterances: usize,
    words: usize,
    wer: Option<f64>,
    cer: Option<f64>,
    sentence_accuracy: Option<f64>,
    digit_error: Option<f64>,
    digit_string_accuracy: Option<f64>,
    audio_seconds: f64,
    cpu_seconds: f64,
    latency_ms: Percentiles,
}

/// What is summed up over recordings.
#[derive(Clone, Default)]
struct Sums {
    tally: Tally,
    audio_seconds: f64,
    cpu_seconds: f64,
    latencies_ms: Vec<f64>,
}

impl Sums {
    fn add(&mut self, other: &Sums) {
        self.tally.merge(&other.tally);
        self.audio_seconds += other.audio_seconds;
        self.cpu_seconds += other.cpu_seconds;
        self.latencies_ms.extend(&other.latencies_ms);
    }

    fn figures(self) -> Figures {
        Figures {
            utterances: self.tally.utterances,
            words: self.tally.words,
            wer: self.tally.wer(),
            cer: self.tally.cer(),
            sentence_accuracy: self.tally.sentence_accuracy(),
            digit_error: self.tally.digit_error(),
            digit_string_accuracy: self.tally.digit_string_accuracy(),
            audio_seconds: self.audio_seconds,
            cpu_seconds: self.cpu_seconds,
            latency_ms: Percentiles::of(&self.latencies_ms),
        }
    }
}

/// Runs the evaluation.
pub fn run(arguments: &Arguments, config: &Config) -> anyhow::Result<ExitCode> {
    let lines: Vec<Line> = read_jsonl(&arguments.manifest)?;
    let folder = arguments.manifest.parent().map(PathBuf::from).unwrap_or_default();
    let mut engine = load(arguments, config)?;
    let wanted = arguments.lang.as_deref().map(Language::new);
    let mut by: BTreeMap<String, Sums> = BTreeMap::new();
    let mut skipped = 0;
    let bar = ProgressBar::new(lines.len() as u64);
    for line in &lines {
        bar.inc(1);
        let language = Language::new(line.lang.as_deref().unwrap_or("en"));
        let is_wanted = wanted.as_ref().is_none_or(|wanted| wanted.same_language(&language));
        let is_known = matches!(arguments.engine, Engine::Whisper) || language.same_language(&Language::EN);
        let Some(reference) = line.text.as_ref().filter(|_| is_wanted && is_known) else {
            skipped += 1;
            continue;
        };
        let sums = one(&mut *engine, &folder.join(&line.file), reference, line.digits.as_deref(), language, arguments)
            .with_context(|| line.file.clone())?;
        let group = line.file.split('/').next().filter(|_| line.file.contains('/')).unwrap_or(".");
        by.entry(group.to_owned()).or_default().add(&sums);
    }
    bar.finish_and_clear();
    let mut all = Sums::default();
    by.values().for_each(|sums| all.add(sums));
    let report = Report {
        engine: engine.name().to_owned(),
        skipped,
        all: all.figures(),
        by: by.into_iter().map(|(group, sums)| (group, sums.figures())).collect(),
    };
    deliver(&report, arguments.json.as_ref())?;
    Ok(ExitCode::SUCCESS)
}

fn load(arguments: &Arguments, config: &Config) -> anyhow::Result<Box<dyn Recogniser>> {
    let value = match arguments.engine {
        Engine::Moonshine => models::manifest::DEFAULT_ENGLISH.to_owned(),
        Engine::Whisper => {
            let configured =
                [&config.speech_zh, &config.speech_en].into_iter().find(|value| value.starts_with("whisper:"));
            configured.cloned().context(
                "no Whisper model is configured: set speech.en or speech.zh (HOTLINE_SPEECH_EN) to whisper:FILE, a ggml model",
            )?
        }
    };
    Ok(recogniser(config.models_dir.as_deref(), "speech.en", &value)?()?)
}

fn one(
    engine: &mut dyn Recogniser,
    file: &std::path::Path,
    reference: &str,
    digits: Option<&str>,
    language: Language,
    arguments: &Arguments,
) -> anyhow::Result<Sums> {
    let mut sound: Pcm16k = wav::read::<16_000>(file)?;
    if arguments.telephone {
        sound = to_telephone(&sound, Conditions::default());
    }
    let grammar = match arguments.grammar {
        Some(Expected::Digits) => Grammar::Digits { min: 1, max: 0 },
        None => Grammar::Free,
    };
    let (begun, cpu) = (Instant::now(), cpu_seconds());
    let heard = engine.recognise(&sound, &Hints::free(language).with_grammar(grammar))?;
    let mut sums = Sums {
        audio_seconds: sound.duration().as_secs_f64(),
        cpu_seconds: cpu_seconds() - cpu,
        latencies_ms: vec![begun.elapsed().as_secs_f64() * 1_000.0],
        ..Sums::default()
    };
    sums.tally.add(reference, &heard.text);
    if let Some(digits) = digits {
        sums.tally.add_digits(digits, &heard.text);
    }
    Ok(sums)
}
