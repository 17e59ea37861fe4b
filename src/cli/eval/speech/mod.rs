//! `hotline eval speech`: recognises recordings one after another, as a call would, and counts what was misheard, on a clean line and
//! on bad ones.

mod condition;
mod expect;
mod report;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, bail};
use audio::{Pcm16k, wav};
use clap::{Args, ValueEnum};
use indicatif::ProgressBar;
use models::{Care, Grammar, Hints, Language, Recogniser, Recognition};
use serde::Serialize;

use self::condition::{Condition, Noise, VOICES};
use self::expect::{Expected, Line, Vocabulary, judge};
use self::report::{OfCondition, Report, Sums};
use super::{cpu_seconds, deliver, read_jsonl};
use crate::config::Config;
use crate::service::recogniser;

/// Arguments of `hotline eval speech`.
#[derive(Args)]
pub struct Arguments {
    /// One JSON object a line: {file, text, lang, speaker, digits?, marks?, slots?}; paths relative to this file
    #[arg(long)]
    manifest: PathBuf,
    /// The recogniser
    #[arg(long, value_enum, default_value = "moonshine")]
    engine: Engine,
    /// Only recordings in this language
    #[arg(long)]
    lang: Option<String>,
    /// Only recordings in this folder
    #[arg(long)]
    folder: Option<String>,
    /// Pass the recordings through a telephone line first (8 kHz, 250–3,400 Hz, μ-law)
    #[arg(long)]
    telephone: bool,
    /// Put noise under the speech
    #[arg(long, value_enum)]
    noise: Option<Noise>,
    /// How many dB the noise is below the speech
    #[arg(long, default_value_t = 15.0, requires = "noise", allow_negative_numbers = true)]
    snr: f32,
    /// Lose so many percent of the telephone's packets, in short runs
    #[arg(long, default_value_t = 0.0, requires = "telephone")]
    loss: f32,
    /// Try a clean line, the telephone, and the telephone with hiss, with babble and with loss, one after another
    #[arg(long, conflicts_with_all = ["telephone", "noise", "loss"])]
    suite: bool,
    /// The same seed gives the same noise and the same losses
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What the recogniser is told to expect
    #[arg(long, value_enum)]
    grammar: Option<Expected>,
    /// How much work an answer is worth
    #[arg(long, value_enum, default_value = "thorough")]
    care: Effort,
    /// Write the report here instead of to standard output
    #[arg(long)]
    json: Option<PathBuf>,
    /// Write one JSON object for each answer here
    #[arg(long)]
    answers: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Engine {
    Moonshine,
    Whisper,
}

#[derive(Clone, Copy, ValueEnum)]
enum Effort {
    /// Greedy decoding, as for text while the caller still talks
    Quick,
    /// One search
    Normal,
    /// A second look at what is unsure
    Thorough,
}

impl From<Effort> for Care {
    fn from(effort: Effort) -> Self {
        match effort {
            Effort::Quick => Care::Quick,
            Effort::Normal => Care::Normal,
            Effort::Thorough => Care::Thorough,
        }
    }
}

/// One answer, for whoever wants to look at each.
#[derive(Serialize)]
struct Answer<'a> {
    file: &'a str,
    condition: &'a str,
    said: Option<&'a str>,
    heard: &'a str,
    right: bool,
    confidence: f32,
    mean_log_prob: f32,
    in_grammar: bool,
    no_speech: bool,
    alternatives: Vec<(&'a str, f32)>,
    cpu_ms: f64,
}

/// Runs the evaluation.
pub fn run(arguments: &Arguments, config: &Config) -> anyhow::Result<ExitCode> {
    if !(0.0..=100.0).contains(&arguments.loss) {
        bail!("--loss is a percentage between 0 and 100, not {}", arguments.loss);
    }
    let lines: Vec<Line> = read_jsonl(&arguments.manifest)?;
    let folder = arguments.manifest.parent().map(PathBuf::from).unwrap_or_default();
    let conditions = arguments.conditions();
    let mut bench = Bench {
        engine: load(arguments, config)?,
        vocabulary: Vocabulary::of(&lines),
        sounds: Sounds { folder, read: HashMap::new() },
        arguments,
        answers: Vec::new(),
    };
    let wanted: Vec<(usize, Grammar)> =
        lines.iter().enumerate().filter_map(|(number, line)| Some((number, bench.grammar(line)?))).collect();
    let mut of_conditions = Vec::new();
    let bar = ProgressBar::new((wanted.len() * conditions.len()) as u64);
    for condition in &conditions {
        let mut by: BTreeMap<String, Sums> = BTreeMap::new();
        for (number, grammar) in &wanted {
            bar.inc(1);
            let line = &lines[*number];
            let sums = bench.one(&lines, *number, grammar.clone(), condition).with_context(|| line.file.clone())?;
            by.entry(line.folder().to_owned()).or_default().add(&sums);
        }
        of_conditions.push((condition.name(), by));
    }
    bar.finish_and_clear();
    if let Some(path) = &arguments.answers {
        std::fs::write(path, bench.answers.concat()).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let report = report(bench.engine.name(), lines.len() - wanted.len(), of_conditions);
    deliver(&report, arguments.json.as_ref())?;
    Ok(ExitCode::SUCCESS)
}

fn report(engine: &str, skipped: usize, conditions: Vec<(String, BTreeMap<String, Sums>)>) -> Report {
    let together = |groups: &BTreeMap<String, Sums>| {
        let mut all = Sums::default();
        groups.values().for_each(|sums| all.add(sums));
        all
    };
    let figures =
        |groups: BTreeMap<String, Sums>| groups.into_iter().map(|(name, sums)| (name, sums.figures())).collect();
    let mut by: BTreeMap<String, Sums> = BTreeMap::new();
    for (group, sums) in conditions.iter().flat_map(|(_, by)| by) {
        by.entry(group.clone()).or_default().add(sums);
    }
    Report {
        engine: engine.to_owned(),
        skipped,
        all: together(&by).figures(),
        by: figures(by),
        conditions: conditions
            .into_iter()
            .map(|(name, by)| (name, OfCondition { all: together(&by).figures(), by: figures(by) }))
            .collect(),
    }
}

impl Arguments {
    fn conditions(&self) -> Vec<Condition> {
        if self.suite {
            return Condition::suite(self.seed);
        }
        vec![Condition {
            telephone: self.telephone,
            noise: self.noise.map(|noise| (noise, self.snr)),
            loss: self.loss / 100.0,
            seed: self.seed,
        }]
    }
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

/// Recordings that were read, since they come again in each condition and in the babble.
struct Sounds {
    folder: PathBuf,
    read: HashMap<String, Pcm16k>,
}

impl Sounds {
    fn read(&mut self, file: &str) -> anyhow::Result<()> {
        if !self.read.contains_key(file) {
            self.read.insert(file.to_owned(), wav::read::<16_000>(Path::new(&self.folder.join(file)))?);
        }
        Ok(())
    }
}

struct Bench<'a> {
    engine: Box<dyn Recogniser>,
    vocabulary: Vocabulary,
    sounds: Sounds,
    arguments: &'a Arguments,
    /// Lines of JSON.
    answers: Vec<String>,
}

impl Bench<'_> {
    fn grammar(&self, line: &Line) -> Option<Grammar> {
        let arguments = self.arguments;
        let language = line.language();
        let is_wanted = arguments.lang.as_deref().is_none_or(|wanted| Language::new(wanted).same_language(&language))
            && arguments.folder.as_deref().is_none_or(|folder| folder == line.folder());
        let is_known = matches!(arguments.engine, Engine::Whisper) || language.same_language(&Language::EN);
        if is_wanted && is_known { self.vocabulary.grammar(arguments.grammar, line) } else { None }
    }

    fn one(&mut self, lines: &[Line], number: usize, grammar: Grammar, condition: &Condition) -> anyhow::Result<Sums> {
        let line = &lines[number];
        self.sounds.read(&line.file)?;
        let voices = if condition.wants_voices() { voices(lines, number) } else { Vec::new() };
        for voice in &voices {
            self.sounds.read(voice)?;
        }
        let voices: Vec<&Pcm16k> = voices.iter().map(|voice| &self.sounds.read[*voice]).collect();
        let sound = condition.apply(&self.sounds.read[&line.file], number as u64, &voices);
        let hints = Hints::free(line.language()).with_grammar(grammar).with_care(self.arguments.care.into());
        let (begun, cpu) = (Instant::now(), cpu_seconds());
        let heard = self.engine.recognise(&sound, &hints)?;
        let (cpu_seconds, latency) = (cpu_seconds() - cpu, begun.elapsed());
        let outcome = judge(self.arguments.grammar, line, &heard);
        let mut sums = Sums {
            answers: vec![(if heard.no_speech { 0.0 } else { heard.confidence }, outcome.right)],
            silent: usize::from(heard.no_speech),
            values: outcome.values,
            edges_ms: edges(line, &heard, outcome.right),
            audio_seconds: sound.duration().as_secs_f64(),
            cpu_seconds,
            latencies_ms: vec![latency.as_secs_f64() * 1_000.0],
            ..Sums::default()
        };
        if let Some(text) = &line.text {
            sums.tally.add(text, &heard.text);
            sums.values_invented = self.vocabulary.values_only_in(&heard.text, text);
        }
        if let Some(digits) = &line.digits {
            sums.tally.add_digits(digits, &heard.text);
        }
        if self.arguments.answers.is_some() {
            let answer = Answer {
                file: &line.file,
                condition: &condition.name(),
                said: line.digits.as_deref().or(line.text.as_deref()),
                heard: &heard.text,
                right: outcome.right,
                confidence: heard.confidence,
                mean_log_prob: heard.mean_log_prob,
                in_grammar: heard.in_grammar,
                no_speech: heard.no_speech,
                alternatives: heard.alternatives.iter().map(|a| (a.text.as_str(), a.confidence)).collect(),
                cpu_ms: cpu_seconds * 1_000.0,
            };
            self.answers.push(serde_json::to_string(&answer)? + "\n");
        }
        Ok(sums)
    }
}

/// Recordings of other people for the babble: from all over the manifest, the longer ones.
fn voices(lines: &[Line], number: usize) -> Vec<&str> {
    let others: Vec<&Line> = lines
        .iter()
        .filter(|line| line.speaker != lines[number].speaker && line.seconds.is_none_or(|seconds| seconds > 2.5))
        .collect();
    // A stride that is prime to nearly every length walks through all of them.
    (0..VOICES.min(others.len())).map(|voice| others[(number * 7 + voice * 37) % others.len()].file.as_str()).collect()
}

/// How far the edges of the words are from the marks.
fn edges(line: &Line, heard: &Recognition, right: bool) -> Vec<f64> {
    let marks = line.marks.as_deref().unwrap_or_default();
    if !right || marks.len() != heard.words.len() {
        return Vec::new();
    }
    let off = |marked: f64, found: std::time::Duration| (marked - found.as_secs_f64()).abs() * 1_000.0;
    let edges = marks.iter().zip(&heard.words);
    edges.flat_map(|([from, to], word)| [off(*from, word.start), off(*to, word.end)]).collect()
}
