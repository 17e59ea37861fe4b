//! `hotline models`: which models there are, how they get here, and how fast they are on this machine.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use models::manifest::{self, Kind, ModelEntry};
use models::speed::Speeds;
use models::{Language, Progress, Status, Store};

use crate::config::Config;
use crate::service::{candidates, resolved, speed_of};

/// Arguments of `hotline models`.
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the models, whether they are here, how fast they are, and which are used
    List {
        /// Measure those that were not measured yet
        #[arg(long)]
        measure: bool,
    },
    /// Pull a model (the English recogniser and the sentence encoder unless another is named), resuming where an earlier pull stopped
    Pull {
        /// Id of the model
        id: Option<String>,
        /// Take it from this file instead of the network
        #[arg(long)]
        from: Option<PathBuf>,
    },
    /// Check every file of the models that are here
    Verify,
    /// Remove a model
    Remove {
        /// Id of the model
        id: String,
    },
    /// Measure the processor time that a sentence takes, of one recogniser or of all that are here
    Bench {
        /// Id of the model
        id: Option<String>,
    },
}

/// Runs the command.
pub async fn run(arguments: Arguments, config: &Config) -> anyhow::Result<ExitCode> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let store = Store::open(config.models_dir.as_deref())?;
    match arguments.command {
        Command::List { measure } => {
            if measure {
                bench(&store, None, false)?;
            }
            Ok(list(&store, config))
        }
        Command::Verify => Ok(verify(&store)),
        Command::Pull { id: None, from: None } => {
            for id in manifest::DEFAULTS {
                pull(&store, id, None).await?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Pull { id, from } => pull(&store, id.as_deref().unwrap_or(manifest::DEFAULT_ENGLISH), from).await,
        Command::Remove { id } => {
            store.remove(&id)?;
            println!(
                "   {id} is removed; a running service goes on with what it has until it finds another within seconds"
            );
            Ok(ExitCode::SUCCESS)
        }
        Command::Bench { id } => bench(&store, id.as_deref(), true),
    }
}

fn list(store: &Store, config: &Config) -> ExitCode {
    let speeds = Speeds::load(store.folder());
    let files = candidates(store);
    let used = resolved(config, false);
    println!(
        "{:<24}{:<8}{:>8}  {:<8}{:<9}{:<22}use",
        "model", "version", "size", "for", "licence", "speed (3 s spoken)"
    );
    for entry in manifest::builtin() {
        let here = store.paths_at_a_glance(entry.id).is_some();
        let file = files.iter().find(|candidate| candidate.id == entry.id);
        let speed = file.and_then(|candidate| speeds.of(&candidate.file));
        let pace = match (speed, here, entry.kind) {
            (Some(speed), ..) if speed.is_conversational() => format!("{:.2} s", speed.cpu_seconds),
            (Some(speed), ..) => format!("{:.1} s, too slow", speed.cpu_seconds),
            (None, true, Kind::Recogniser) => "not measured".to_owned(),
            _ => "-".to_owned(),
        };
        let uses = |value: &str| {
            value == entry.id || file.is_some_and(|candidate| value == format!("whisper:{}", candidate.file.display()))
        };
        let languages: Vec<&str> = [("en", &used.speech_en), ("zh", &used.speech_zh)]
            .into_iter()
            .filter(|(_, value)| here && uses(value))
            .map(|(language, _)| language)
            .collect();
        let state = match (here, languages.is_empty()) {
            (false, _) => "not here".to_owned(),
            (true, false) => format!("hears {}", languages.join(", ")),
            (true, true) => "here".to_owned(),
        };
        let size = file.map_or(entry.size(), |candidate| candidate.size.max(entry.size()));
        println!(
            "{:<24}{:<8}{:>5} MB  {:<8}{:<9}{pace:<22}{state}",
            entry.id,
            entry.version,
            size / 1_000_000,
            languages_of(&entry),
            entry.licence,
        );
    }
    println!("in {}", store.folder().display());
    for line in advice(store, config) {
        println!("{line}");
    }
    ExitCode::SUCCESS
}

fn languages_of(entry: &ModelEntry) -> String {
    entry.languages.iter().map(Language::tag).collect::<Vec<_>>().join(",")
}

/// What would make it better.
fn advice(store: &Store, config: &Config) -> Vec<String> {
    let used = resolved(config, false);
    let here = |id: &str| store.paths_at_a_glance(id).is_some();
    let mut lines = Vec::new();
    if !here(manifest::DEFAULT_ENGLISH) && used.speech_en == manifest::DEFAULT_ENGLISH {
        lines.push("English is not heard yet: hotline models pull".to_owned());
    }
    if !here(manifest::SENTENCE_ENCODER) {
        lines.push(
            "English is understood by its words alone, which needs more examples: hotline models pull".to_owned(),
        );
    }
    if used.speech_zh.is_empty() {
        lines.push(
            "Chinese goes on with keys: hotline models pull whisper-base (148 MB; whisper-small hears better and takes three times the time)"
                .to_owned(),
        );
    }
    if candidates(store).iter().any(|candidate| Speeds::load(store.folder()).of(&candidate.file).is_none()) {
        lines.push("How fast these are on this machine: hotline models bench".to_owned());
    }
    lines.push("With speech.en and speech.zh at auto, the most accurate model that answers within 0.8 s is used; no restart is needed.".to_owned());
    lines
}

fn verify(store: &Store) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for (entry, status) in store.list() {
        let words = match status {
            Status::Ready { .. } => "whole".to_owned(),
            Status::Missing => continue,
            Status::Corrupt { reason } => {
                code = ExitCode::FAILURE;
                format!(
                    "broken: {reason}; get it again with: hotline models remove {0} && hotline models pull {0}",
                    entry.id
                )
            }
        };
        println!("{:<24}{words}", entry.id);
    }
    println!("in {}", store.folder().display());
    code
}

/// Measures, keeps and prints.
fn bench(store: &Store, id: Option<&str>, print: bool) -> anyhow::Result<ExitCode> {
    let mut speeds = Speeds::load(store.folder());
    if let Some(id) = id {
        // An id that nobody knows is an error that lists those there are.
        store.entry(id)?;
    }
    let wanted: Vec<_> =
        candidates(store).into_iter().filter(|candidate| id.is_none_or(|id| id == candidate.id)).collect();
    anyhow::ensure!(
        !wanted.is_empty(),
        "there is no recogniser to measure; get one with: hotline models pull {}",
        id.unwrap_or_default()
    );
    let mut code = ExitCode::SUCCESS;
    for candidate in wanted {
        if !print && speeds.of(&candidate.file).is_some() {
            continue;
        }
        match speed_of(store, &candidate) {
            Ok(speed) => {
                speeds.set(&candidate.file, speed)?;
                if print {
                    let fit = if speed.is_conversational() {
                        "fast enough for conversations"
                    } else {
                        "too slow for conversations"
                    };
                    println!(
                        "{:<24}{:.2} s of processor time for 3 s of speech ({:.2} a second): {fit}",
                        candidate.id,
                        speed.cpu_seconds,
                        speed.factor()
                    );
                }
            }
            Err(reason) => {
                code = ExitCode::FAILURE;
                eprintln!("{:<24}cannot be measured: {reason}", candidate.id);
            }
        }
    }
    Ok(code)
}

async fn pull(store: &Store, id: &str, from: Option<PathBuf>) -> anyhow::Result<ExitCode> {
    if let Some(file) = from {
        store.import(id, &file, |_| {})?;
    } else if !matches!(store.status(id)?, Status::Ready { .. }) {
        let bar = ProgressBar::no_length();
        bar.set_style(ProgressStyle::with_template("   {msg} {wide_bar} {bytes}/{total_bytes} {eta}")?);
        // Without a terminal the bar draws nothing: a line now and then shows that something happens.
        let mut shown = 0;
        let result = store.pull(id, |progress| show(&bar, &mut shown, progress)).await;
        bar.finish_and_clear();
        result?;
    }
    println!("   {id} is ready in {}", store.folder().display());
    Ok(ExitCode::SUCCESS)
}

fn show(bar: &ProgressBar, shown: &mut u64, progress: Progress) {
    match progress {
        Progress::Downloading { done, total, .. } => {
            bar.set_message("downloading");
            if let Some(total) = total {
                bar.set_length(total);
                let tenth = done * 10 / total.max(1);
                if bar.is_hidden() && tenth > *shown {
                    *shown = tenth;
                    println!("   downloading: {} of {} MB", done / 1_000_000, total / 1_000_000);
                }
            }
            bar.set_position(done);
        }
        Progress::Locating { what } => bar.set_message(format!("finding {what}")),
        Progress::Retrying { reason, .. } => bar.println(format!("   {reason}; going on from there")),
        Progress::Unpacking { file } => bar.set_message(format!("checking {file}")),
        Progress::Done => {}
    }
}
