//! `hotline eval turns`: lets the turn-taking of a call listen to recordings, and says how soon it notices that somebody speaks, how soon
//! that they have finished, and how often it is wrong.
//!
//! - [`line`]: what comes down the telephone line, and where the speech in it really is.
//! - [`listener`]: a conversation with an ear, a recogniser and a clock of its own.

mod line;
mod listener;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use audio::{Pcm8k, wav};
use clap::{Args, ValueEnum};
use indicatif::ProgressBar;
use intent::Language;
use serde::{Deserialize, Serialize};

use super::{deliver, read_jsonl};
use crate::config::Config;
use line::{Babble, Span};
use listener::{Listener, Taken};

/// A turn that is taken as over so much before its last sound is not cut off: nobody places the end of a word more exactly.
const TOLERANCE_MS: f64 = 60.0;

/// Arguments of `hotline eval turns`.
#[derive(Args)]
pub struct Arguments {
    /// One JSON object a line: {file, text, lang, digits?, marks?, speech?: [[start, end], …] in seconds, profile?}; paths
    /// relative to this file
    #[arg(long)]
    manifest: PathBuf,
    /// Only recordings in this language
    #[arg(long)]
    lang: Option<String>,
    /// Only these conditions; may be given again
    #[arg(long, value_enum)]
    condition: Vec<Condition>,
    /// Only every so many recordings
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    every: u32,
    /// Go by silence alone, without the words
    #[arg(long)]
    no_words: bool,
    /// The same seed gives the same noise
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Name each turn that was cut off, and where
    #[arg(long)]
    verbose: bool,
    /// Write the report here instead of to standard output
    #[arg(long)]
    json: Option<PathBuf>,
}

/// What the line does to the sound, beside the telephone's band and μ-law.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Nothing: the noise of a quiet line.
    Clean,
    /// Hiss 15 dB below the speech.
    White15,
    /// Other people's voices 10 dB below it.
    Babble10,
    /// Mains hum 15 dB below it.
    Hum15,
}

const CONDITIONS: [Condition; 4] = [Condition::Clean, Condition::White15, Condition::Babble10, Condition::Hum15];

#[derive(Deserialize)]
struct Line {
    file: String,
    #[serde(default)]
    text: Option<String>,
    lang: Option<String>,
    speaker: Option<String>,
    digits: Option<String>,
    marks: Option<Vec<(f64, f64)>>,
    speech: Option<Vec<(f64, f64)>>,
    profile: Option<Asked>,
}

/// What kind of block listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// A menu.
    Word,
    /// A question answered by yes or no.
    YesNo,
    /// Digits; how many is not known.
    Digits,
    /// Digits; the block knows how many.
    DigitsKnown,
    /// A name or an address.
    Name,
    /// An open question.
    Free,
}

impl Line {
    fn language(&self) -> Language {
        self.lang.as_deref().and_then(|lang| lang.parse().ok()).unwrap_or_default()
    }

    /// The kinds of blocks that it is said to.
    fn asked(&self) -> Vec<Asked> {
        let words = self.text.as_deref().map_or(9, |text| match self.language() {
            Language::Chinese => text.chars().filter(|c| c.is_alphanumeric()).count().div_ceil(2),
            Language::English => text.split_whitespace().count(),
        });
        match (self.profile, &self.digits) {
            (Some(asked), _) => vec![asked],
            (None, Some(_)) => vec![Asked::Digits, Asked::DigitsKnown],
            (None, None) if words <= 2 => vec![Asked::Word],
            (None, None) => vec![Asked::Free],
        }
    }
}

/// What became of turns.
#[derive(Clone, Default)]
struct Sums {
    turns: usize,
    onset_ms: Vec<f64>,
    end_ms: Vec<f64>,
    cut_ins: usize,
    taken_back: usize,
    merges: usize,
    missed: usize,
    false_starts: usize,
}

#[derive(Serialize)]
struct Figures {
    turns: usize,
    onset_delay_ms: Quantiles,
    /// From the last sound to the moment at which the flow replies, recognition included; of turns that were not cut off for good.
    end_delay_ms: Quantiles,
    /// Taken as over although the speaker went on …
    cut_ins: usize,
    cut_in_share: f64,
    /// … and of those, noticed before the reply could be taken in: it is withdrawn, and the turn goes on.
    taken_back: usize,
    /// Not over two and a half seconds after the last sound: one with whatever comes next.
    merges: usize,
    /// Speech that was not noticed.
    missed: usize,
    /// Speech noticed where there was none.
    false_starts: usize,
}

#[derive(Serialize)]
struct Quantiles {
    p50: Option<f64>,
    p90: Option<f64>,
    p95: Option<f64>,
}

impl Quantiles {
    fn of(values: &[f64]) -> Self {
        let at = |share| (!values.is_empty()).then(|| intent::evaluate::percentile(values, share).round());
        Self { p50: at(0.5), p90: at(0.9), p95: at(0.95) }
    }
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.turns += other.turns;
        self.onset_ms.extend(&other.onset_ms);
        self.end_ms.extend(&other.end_ms);
        self.cut_ins += other.cut_ins;
        self.taken_back += other.taken_back;
        self.merges += other.merges;
        self.missed += other.missed;
        self.false_starts += other.false_starts;
    }

    fn figures(&self) -> Figures {
        Figures {
            turns: self.turns,
            onset_delay_ms: Quantiles::of(&self.onset_ms),
            end_delay_ms: Quantiles::of(&self.end_ms),
            cut_ins: self.cut_ins,
            cut_in_share: (self.cut_ins as f64 / self.turns.max(1) as f64 * 1e4).round() / 1e4,
            taken_back: self.taken_back,
            merges: self.merges,
            missed: self.missed,
            false_starts: self.false_starts,
        }
    }

    /// Compares what was taken for turns with where speech really was.
    fn count(spans: &[Span], taken: &Taken, length_ms: f64) -> Self {
        let mut sums = Self { turns: spans.len(), ..Self::default() };
        let next_from = |at: usize| spans.get(at + 1).map_or(length_ms, |next| next.from_ms);
        for (at, span) in spans.iter().enumerate() {
            let until = next_from(at);
            let from = at.checked_sub(1).map_or(0.0, |before| spans[before].to_ms);
            let onset = taken.starts_ms.iter().find(|&&start| start > span.from_ms - 200.0 && start < until);
            match onset {
                Some(start) if *start < span.to_ms => sums.onset_ms.push((start - span.from_ms).max(0.0)),
                _ => sums.missed += 1,
            }
            // A start well before the speech, in this pause.
            let early = |start: &&f64| **start > from + 1_000.0 && **start <= span.from_ms - 200.0;
            sums.false_starts += taken.starts_ms.iter().filter(early).count();
            let inside = |ms: f64| ms > span.from_ms && ms < span.to_ms - TOLERANCE_MS;
            sums.cut_ins += taken.ends_ms.iter().filter(|&&end| inside(end)).count().min(1);
            sums.taken_back += taken
                .ends_ms
                .iter()
                .zip(&taken.taken_back)
                .filter(|(end, back)| inside(**end) && **back)
                .count()
                .min(1);
            let end = taken.ends_ms.iter().find(|&&end| end >= span.to_ms - TOLERANCE_MS && end < until);
            match end {
                Some(end) => sums.end_ms.push((end - span.to_ms).max(0.0)),
                None if onset.is_some() => sums.merges += 1,
                None => {}
            }
        }
        sums
    }
}

#[derive(Serialize)]
struct Report {
    /// The recogniser whose words were used, by language; none means silence alone.
    words: BTreeMap<&'static str, String>,
    recordings: usize,
    skipped: usize,
    #[serde(flatten)]
    all: Figures,
    by_condition: BTreeMap<Condition, Figures>,
    by_profile: BTreeMap<Asked, Figures>,
    by: BTreeMap<String, Figures>,
}

/// Runs the evaluation.
pub fn run(arguments: &Arguments, config: &Config) -> anyhow::Result<ExitCode> {
    let lines: Vec<Line> = read_jsonl(&arguments.manifest)?;
    let folder = arguments.manifest.parent().map(PathBuf::from).unwrap_or_default();
    let wanted = match &arguments.lang {
        Some(lang) => {
            Some(lang.parse::<Language>().map_err(|_| anyhow::anyhow!("{lang} is no language: use en or zh-CN"))?)
        }
        None => None,
    };
    let is_wanted = |line: &&Line| wanted.is_none_or(|wanted| line.language() == wanted);
    let chosen: Vec<&Line> = lines.iter().filter(is_wanted).step_by(arguments.every as usize).collect();
    anyhow::ensure!(!chosen.is_empty(), "there is no recording in {} (in this language)", arguments.manifest.display());
    let conditions = if arguments.condition.is_empty() { &CONDITIONS[..] } else { &arguments.condition };
    let sound = |line: &Line| wav::read::<8_000>(&folder.join(&line.file)).with_context(|| line.file.clone());
    let sounds: Vec<Pcm8k> = chosen.iter().map(|line| sound(line)).collect::<anyhow::Result<_>>()?;
    let voices: Vec<(&str, &Pcm8k)> = chosen
        .iter()
        .zip(&sounds)
        .map(|(line, sound)| (line.speaker.as_deref().unwrap_or(&line.file), sound))
        .collect();
    let babble = Babble::new(&voices, arguments.seed);
    let mut listener = Listener::new(config, !arguments.no_words, chosen.iter().map(|line| line.language()))?;

    let (mut all, mut by_condition, mut by_profile, mut by) =
        (Sums::default(), BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let vocabulary = vocabulary(&chosen);
    let bar = ProgressBar::new((chosen.len() * conditions.len()) as u64);
    for (number, (line, sound)) in chosen.iter().zip(&sounds).enumerate() {
        let marked = line.speech.as_ref().or(line.marks.as_ref());
        let heard = line::Heard::new(sound, marked.map(Vec::as_slice));
        for &condition in conditions {
            bar.inc(1);
            let speaker = line.speaker.as_deref().unwrap_or(&line.file);
            let seed = arguments.seed.wrapping_mul(1_000_003).wrapping_add(number as u64);
            let on_the_line = heard.over(condition, || babble.around(speaker, number), seed);
            for asked in line.asked() {
                let digits = line.digits.as_ref().map(|digits| digits.chars().count());
                let block = listener::Block { asked, digits, vocabulary: &vocabulary, language: line.language() };
                let taken = listener.listen(&on_the_line, &block)?;
                let sums = Sums::count(&heard.spans, &taken, heard.length_ms());
                if arguments.verbose && sums.cut_ins + sums.merges + sums.missed > 0 {
                    bar.suspend(|| println!("{} {condition:?} {asked:?}: {:?} {taken:?}", line.file, heard.spans));
                }
                let group = line.file.split('/').next().filter(|_| line.file.contains('/')).unwrap_or(".");
                all.add(&sums);
                by_condition.entry(condition).or_insert_with(Sums::default).add(&sums);
                by_profile.entry(asked).or_insert_with(Sums::default).add(&sums);
                by.entry(group.to_owned()).or_insert_with(Sums::default).add(&sums);
            }
        }
    }
    bar.finish_and_clear();
    let figures = |(key, sums): (Condition, Sums)| (key, sums.figures());
    let report = Report {
        words: listener.names(),
        recordings: chosen.len(),
        skipped: lines.len() - chosen.len(),
        all: all.figures(),
        by_condition: by_condition.into_iter().map(figures).collect(),
        by_profile: by_profile.into_iter().map(|(key, sums)| (key, sums.figures())).collect(),
        by: by.into_iter().map(|(key, sums)| (key, sums.figures())).collect(),
    };
    deliver(&report, arguments.json.as_ref())?;
    if arguments.json.is_some() {
        print(&report);
    }
    Ok(ExitCode::SUCCESS)
}

/// The short texts: what a menu would offer.
fn vocabulary(lines: &[&Line]) -> Vec<(Language, String)> {
    let mut words: Vec<(Language, String)> = lines
        .iter()
        .filter(|line| line.asked().contains(&Asked::Word))
        .filter_map(|line| Some((line.language(), line.text.clone()?)))
        .collect();
    words.sort_by(|a, b| a.1.cmp(&b.1));
    words.dedup();
    words.truncate(60);
    words
}

fn print(report: &Report) {
    let ms = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.0}"));
    println!(
        "{:<14}{:>6}{:>16}{:>16}{:>16}{:>8}{:>8}{:>8}",
        "", "turns", "onset p50/p90", "end p50/p90 ms", "cut-ins", "(back)", "merges", "missed"
    );
    let row = |name: &str, figures: &Figures| {
        println!(
            "{name:<14}{:>6}{:>16}{:>16}{:>16}{:>8}{:>8}{:>8}",
            figures.turns,
            format!("{}/{}", ms(figures.onset_delay_ms.p50), ms(figures.onset_delay_ms.p90)),
            format!("{}/{}", ms(figures.end_delay_ms.p50), ms(figures.end_delay_ms.p90)),
            format!("{} ({:.1} %)", figures.cut_ins, figures.cut_in_share * 100.0),
            figures.taken_back,
            figures.merges,
            figures.missed,
        );
    };
    row("all", &report.all);
    report.by_condition.iter().for_each(|(condition, figures)| row(&format!("{condition:?}"), figures));
    report.by_profile.iter().for_each(|(asked, figures)| row(&format!("{asked:?}"), figures));
    report.by.iter().for_each(|(group, figures)| row(group, figures));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from_ms: f64, to_ms: f64) -> Span {
        Span { from_ms, to_ms }
    }

    fn taken(starts: &[f64], ends: &[(f64, bool)]) -> Taken {
        Taken {
            starts_ms: starts.to_vec(),
            ends_ms: ends.iter().map(|(end, _)| *end).collect(),
            taken_back: ends.iter().map(|(_, back)| *back).collect(),
        }
    }

    #[test]
    fn delays_are_counted_from_where_speech_really_begins_and_ends() {
        let sums = Sums::count(&[span(600.0, 2_000.0)], &taken(&[700.0], &[(2_400.0, false)]), 5_000.0);
        assert_eq!((sums.onset_ms, sums.end_ms, sums.cut_ins, sums.merges), (vec![100.0], vec![400.0], 0, 0));
    }

    #[test]
    fn a_turn_that_ends_within_speech_is_cut_off_whether_or_not_it_is_taken_back() {
        let ends = [(1_500.0, true), (2_500.0, false)];
        let sums = Sums::count(&[span(600.0, 2_000.0)], &taken(&[700.0, 1_700.0], &ends), 5_000.0);
        assert_eq!((sums.cut_ins, sums.taken_back, sums.end_ms), (1, 1, vec![500.0]));
    }

    #[test]
    fn a_turn_that_does_not_end_before_the_next_is_merged_with_it() {
        let spans = [span(600.0, 2_000.0), span(4_000.0, 5_000.0)];
        let sums = Sums::count(&spans, &taken(&[700.0], &[(5_400.0, false)]), 7_000.0);
        assert_eq!((sums.merges, sums.missed, sums.end_ms), (1, 1, vec![400.0]));
    }

    #[test]
    fn noise_taken_for_speech_is_a_false_start() {
        let sums = Sums::count(&[span(3_000.0, 4_000.0)], &taken(&[2_000.0, 3_100.0], &[(4_400.0, false)]), 7_000.0);
        assert_eq!((sums.false_starts, sums.onset_ms), (1, vec![100.0]));
    }
}
