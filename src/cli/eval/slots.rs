//! `hotline eval slots`: which slots are found in labelled lines, and whether their values are right.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use intent::entity::{Context, Region, SlotSpec, extract};
use intent::evaluate::slots::{Asked, SlotCount, SlotLine, measure};
use jiff::Zoned;
use serde::Serialize;

use super::{Percentiles, deliver, read_jsonl};

/// What a hotel asks of a stay.
const HOTEL: &str = include_str!("hotel.json");

/// Arguments of `hotline eval slots`.
#[derive(Args)]
pub struct Arguments {
    /// Labelled lines: {text, slots: [{slot, text, span, value}], lang}
    #[arg(long)]
    test: PathBuf,
    /// The slots, a JSON list of {name, kind, words}; a hotel's (dates, times, guests, rooms, name) when left out
    #[arg(long)]
    slots: Option<PathBuf>,
    /// Which slots are asked of a line
    #[arg(long, value_enum, default_value_t = Which::Labelled)]
    asked: Which,
    /// When and where the lines were said (RFC 9557)
    #[arg(long, default_value = "2022-03-15T10:00:00[UTC]")]
    now: Zoned,
    /// The country of the callers, two letters
    #[arg(long, default_value = "GB")]
    region: Region,
    /// Print what was missed, wrong or too much of this slot
    #[arg(long)]
    show: Option<String>,
    /// Write the report here instead of to standard output
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Which slots are asked of a line.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    /// Those that it has a label for, as a flow asks for what it needs
    Labelled,
    /// All of them
    All,
}

#[derive(Serialize)]
struct Evaluation {
    lines: usize,
    all: Shares,
    by_slot: BTreeMap<String, Shares>,
    /// For a line with all slots asked.
    extract_us: Percentiles,
}

#[derive(Serialize)]
struct Shares {
    #[serde(flatten)]
    count: SlotCount,
    /// Labelled values that are found.
    recall: Option<f64>,
    /// Labelled values that are found and right.
    value_recall: Option<f64>,
    /// Given values that are labelled.
    precision: Option<f64>,
}

impl From<SlotCount> for Shares {
    fn from(count: SlotCount) -> Self {
        Self { recall: count.recall(), value_recall: count.value_recall(), precision: count.precision(), count }
    }
}

/// Runs the evaluation.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let lines: Vec<SlotLine> = read_jsonl(&arguments.test)?;
    let text = match &arguments.slots {
        Some(path) => std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?,
        None => HOTEL.to_owned(),
    };
    let specs: Vec<SlotSpec> = serde_json::from_str(&text).context("the slots are no list of {name, kind, words}")?;
    let context = Context { now: arguments.now.clone(), region: arguments.region };
    let asked = match arguments.asked {
        Which::Labelled => Asked::Labelled,
        Which::All => Asked::All,
    };
    let micros = |line: &SlotLine| {
        let begun = Instant::now();
        extract(&line.text, line.language(), &specs, &context);
        begun.elapsed().as_secs_f64() * 1e6
    };
    let micros: Vec<f64> = lines.iter().map(micros).collect();
    let (counts, misses) = measure(&lines, &specs, asked, &context);
    for miss in misses.iter().filter(|miss| Some(&miss.slot) == arguments.show.as_ref()) {
        let given = miss.given.as_ref().map(|given| format!("{:?} = {}", given.raw, given.value));
        eprintln!("{:?}: labelled {:?}, given {}", miss.text, miss.labelled, given.as_deref().unwrap_or("nothing"));
    }
    let evaluation = Evaluation {
        lines: lines.len(),
        all: counts.values().copied().sum::<SlotCount>().into(),
        by_slot: counts.into_iter().map(|(slot, count)| (slot, count.into())).collect(),
        extract_us: Percentiles::of(&micros),
    };
    deliver(&evaluation, arguments.json.as_ref())?;
    Ok(ExitCode::SUCCESS)
}
