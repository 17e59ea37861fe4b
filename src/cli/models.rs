//! `hotline models`: which models there are, and how they get here.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use models::{Progress, Status, Store, manifest};

use crate::config::Config;

/// Arguments of `hotline models`.
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the models and whether they are here
    List,
    /// Pull a model (the default English recogniser unless another is named), resuming where an earlier pull stopped
    Pull {
        /// Id of the model
        #[arg(default_value = manifest::DEFAULT_ENGLISH)]
        id: String,
        /// Take it from this file instead of the network
        #[arg(long)]
        from: Option<PathBuf>,
    },
    /// Check every file of the models that are here
    Verify,
}

/// Runs the command.
pub async fn run(arguments: Arguments, config: &Config) -> anyhow::Result<ExitCode> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let store = Store::open(config.models_dir.as_deref())?;
    match arguments.command {
        Command::List | Command::Verify => Ok(list(&store)),
        Command::Pull { id, from } => pull(store, &id, from).await,
    }
}

fn list(store: &Store) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for (entry, status) in store.list() {
        let status = match status {
            Status::Ready { .. } => "ready".to_owned(),
            Status::Missing => "not here".to_owned(),
            Status::Corrupt { reason } => {
                code = ExitCode::FAILURE;
                format!("broken: {reason}")
            }
        };
        let languages: Vec<_> = entry.languages.iter().map(models::Language::tag).collect();
        let size = entry.size() / 1_000_000;
        println!(
            "{:<20} {:<8} {:>4} MB  {:<10} {:<12} {status}",
            entry.id,
            entry.version,
            size,
            languages.join(","),
            entry.licence
        );
    }
    println!("in {}", store.folder().display());
    code
}

async fn pull(store: Store, id: &str, from: Option<PathBuf>) -> anyhow::Result<ExitCode> {
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
