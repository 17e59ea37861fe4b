//! `hotline flow`: flows as files, for editors of text, version control and pipelines. `check` and `diff` need no service; the others ask
//! the one that runs on this machine, or another by its sign-in link.
//!
//! - [`importing`]: flows of other products.
//! - [`replaying`]: what a flow would have done with calls that are over.
//! - [`testing`]: the tests beside flows.
//! - [`told`]: a difference in words.

mod importing;
mod replaying;
mod testing;
mod told;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Subcommand;
use flow::validate::has_errors;
use flow::{Finding, Flow, Severity};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use self::replaying::Wanted;
use super::api::Api;
use crate::config::Config;
use crate::event::Timestamp;
use crate::flows::LARGEST_DOCUMENT;

/// Arguments of `hotline flow`.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
    /// API of the service: its address, or a sign-in link of it [default: that of `hotline serve` on this machine]
    #[arg(long, global = true)]
    api: Option<String>,
}

#[derive(Subcommand)]
enum What {
    /// Say what is wrong with a flow; exit code 1 when it could not be published
    Check {
        /// The flow; - for standard input
        file: PathBuf,
        /// Print the findings as JSON
        #[arg(long)]
        json: bool,
    },
    /// Play the tests beside flows (*.test.yaml); exit code 1 when one fails
    Test {
        /// A folder, a file of tests, or a flow with tests of its own
        path: PathBuf,
        /// Print the results as JSON
        #[arg(long)]
        json: bool,
        /// Show each step of tests that fail
        #[arg(long)]
        verbose: bool,
    },
    /// Print the reference of all blocks
    Reference {
        /// en or zh-CN
        #[arg(long, default_value = "en")]
        language: String,
    },
    /// Say what a flow would have done with the last calls of the service
    Replay {
        /// A file, or of the service: live, draft, or version:NUMBER
        draft: String,
        /// How many of the last calls
        #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..=2000))]
        calls: u64,
        /// Write the whole result to this file; - for standard output
        #[arg(long, value_name = "OUT")]
        json: Option<PathBuf>,
        /// Exit code 1 when a call would have gone another way
        #[arg(long)]
        strict: bool,
    },
    /// Say what changed from one flow to another, by block
    Diff {
        /// A file, or of the service: live, draft, or version:NUMBER
        before: String,
        /// The same
        after: String,
        /// Print the difference as JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the flow that answers, or another of the service's
    Export {
        /// A published version
        #[arg(long, conflicts_with = "draft")]
        version: Option<i64>,
        /// The draft, finished or not
        #[arg(long)]
        draft: bool,
        /// Write it to this file
        #[arg(long, short)]
        output: Option<PathBuf>,
    },
    /// Put a flow into the service's draft, finished or not; also one that Twilio Studio or Amazon Connect has exported
    Import {
        /// The flow, or the export; - for standard input
        file: PathBuf,
        /// Write the flow to this file instead of the service's draft; - for standard output
        #[arg(long, short, value_name = "OUT")]
        output: Option<PathBuf>,
        /// Of an export: the queue for callers whose queue it does not name
        #[arg(long, default_value = "service")]
        queue: String,
        /// Also when the draft holds other changes that are not published
        #[arg(long)]
        overwrite: bool,
    },
    /// Have the service answer with a flow, from the next call on
    Publish {
        /// The flow; - for standard input
        file: PathBuf,
        /// What was changed and why
        #[arg(long)]
        note: String,
        /// From this time on: 2026-12-01T08:00 (here), or 2026-12-01T08:00:00Z
        #[arg(long, value_parser = time)]
        at: Option<Timestamp>,
        /// Also when the draft holds other changes that are not published
        #[arg(long)]
        overwrite: bool,
    },
}

/// Runs one of them.
pub async fn run(arguments: Arguments, config: &Config) -> anyhow::Result<ExitCode> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let service = Service { named: arguments.api.as_deref(), config };
    match arguments.what {
        What::Check { file, json } => check(&file, json),
        What::Test { path, json, verbose } => testing::run(&path, json, verbose, config),
        What::Reference { language } => {
            let language = language.parse().map_err(|_| anyhow::anyhow!("the languages are en and zh-CN"))?;
            print!("{}", flow::reference::reference(language));
            Ok(ExitCode::SUCCESS)
        }
        What::Replay { draft, calls, json, strict } => {
            let wanted = Wanted { draft: &draft, calls: calls as usize, json: json.as_deref(), strict };
            replaying::run(&service, wanted).await
        }
        What::Diff { before, after, json } => {
            let (before, after) = (service.document(&before).await?, service.document(&after).await?);
            let difference = flow::difference(&before, &after);
            match json {
                true => println!("{}", serde_json::to_string_pretty(&difference)?),
                false => print!("{}", told::told(&difference)),
            }
            Ok(ExitCode::SUCCESS)
        }
        What::Export { version, draft, output } => {
            let which = match version {
                Some(number) => format!("version:{number}"),
                None if draft => "draft".to_owned(),
                None => "live".to_owned(),
            };
            let text = canonical(&service.document(&which).await?);
            match output {
                Some(file) => {
                    std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
                }
                None => print!("{text}"),
            }
            Ok(ExitCode::SUCCESS)
        }
        What::Import { file, output, queue, overwrite } => {
            let document = importing::read(&file, &queue)?;
            if let Some(output) = output {
                return importing::write(&output, &canonical(&document));
            }
            let api = service.api().await?;
            let saved = put(&api, &document, overwrite).await?;
            let findings: Vec<Finding> = serde_json::from_value(saved["findings"].clone()).unwrap_or_default();
            show(&findings);
            println!("{} is the draft now (revision {}): {}", file.display(), saved["revision"], summary(&findings));
            Ok(ExitCode::SUCCESS)
        }
        What::Publish { file, note, at, overwrite } => publish(&service, &file, &note, at, overwrite).await,
    }
}

/// The service that is meant; asked only when something of it is wanted.
struct Service<'a> {
    named: Option<&'a str>,
    config: &'a Config,
}

impl Service<'_> {
    async fn api(&self) -> anyhow::Result<Api> {
        Api::open(self.named, self.config).await
    }

    /// A file, or what the service knows under this name.
    async fn document(&self, named: &str) -> anyhow::Result<Value> {
        let (path, member) = match named {
            "live" => ("flows/draft".to_owned(), "live_document"),
            "draft" => ("flows/draft".to_owned(), "document"),
            _ => match named.strip_prefix("version:") {
                Some(number) => {
                    let number: i64 = number.parse().with_context(|| format!("{number} is no number of a version"))?;
                    (format!("flows/versions/{number}"), "document")
                }
                None => return read(Path::new(named)),
            },
        };
        let mut reply = self.api().await?.get(&path).await.map_err(anyhow::Error::msg)?;
        Ok(reply[member].take())
    }
}

fn check(file: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let findings = findings(&text(file)?);
    match json {
        true => println!("{}", serde_json::to_string_pretty(&findings)?),
        false => {
            show(&findings);
            let can = if has_errors(&findings) { "cannot be published" } else { "can be published" };
            println!("{} {can}: {}", file.display(), summary(&findings));
        }
    }
    Ok(if has_errors(&findings) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn publish(
    service: &Service<'_>,
    file: &Path,
    note: &str,
    at: Option<Timestamp>,
    overwrite: bool,
) -> anyhow::Result<ExitCode> {
    let document = read(file)?;
    let findings = findings(&document.to_string());
    show(&findings);
    if has_errors(&findings) {
        bail!("{} was not published: {}", file.display(), summary(&findings));
    }
    let api = service.api().await?;
    let revision = put(&api, &document, overwrite).await?["revision"].take();
    let wanted = json!({ "revision": revision, "note": note, "at": at });
    let version = api.send("POST", "flows/publish", wanted).await.map_err(anyhow::Error::msg)?;
    let (number, hash) = (&version["number"], version["hash"].as_str().unwrap_or_default());
    match (version["state"].as_str(), version["at"].as_i64().map(jiff::Timestamp::from_millisecond)) {
        (Some("scheduled"), Some(Ok(at))) => {
            println!("{} is version {number} ({hash}) and answers from {at} on", file.display());
        }
        _ => println!("{} is version {number} ({hash}) and answers from the next call on", file.display()),
    }
    Ok(ExitCode::SUCCESS)
}

/// Puts a document into the draft. What somebody else has there and has not published is not lost unless that is wanted.
async fn put(api: &Api, document: &Value, overwrite: bool) -> anyhow::Result<Value> {
    let draft = api.get("flows/draft").await.map_err(anyhow::Error::msg)?;
    let is_the_same = || canonical(&draft["document"]) == canonical(document);
    if draft["changed"] == true && !overwrite && !is_the_same() {
        bail!(
            "the draft at {} holds other changes that are not published (`hotline flow diff live draft` shows them): \
             publish or revert them, or put this in their place with --overwrite",
            api.address()
        );
    }
    let change = json!({ "revision": draft["revision"], "document": document });
    api.send("PUT", "flows/draft", change).await.map_err(anyhow::Error::msg)
}

fn findings(text: &str) -> Vec<Finding> {
    flow::parse(text).map_or_else(|findings| findings, |flow| flow::validate(&flow))
}

fn show(findings: &[Finding]) {
    for finding in findings {
        println!("{finding}");
    }
}

/// `2 errors, 1 warning`.
fn summary(findings: &[Finding]) -> String {
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let count = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    format!("{}, {}", count(errors, "error"), count(findings.len() - errors, "warning"))
}

/// As versions of a flow are kept, so that they compare well; what is no flow is indented as it is.
fn canonical(document: &Value) -> String {
    let indented = || format!("{}\n", serde_json::to_string_pretty(document).unwrap_or_default());
    flow::parse(&document.to_string()).as_ref().map_or_else(|_| indented(), Flow::to_json)
}

fn read(file: &Path) -> anyhow::Result<Value> {
    let text = text(file)?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", file.display()))
}

fn text(file: &Path) -> anyhow::Result<String> {
    let cannot = || format!("cannot read {}", file.display());
    let source: Box<dyn Read> = match file.to_str() {
        Some("-") => Box::new(std::io::stdin()),
        _ => Box::new(std::fs::File::open(file).with_context(cannot)?),
    };
    let mut text = String::new();
    // A byte more than is taken, to know whether there is more.
    source.take(LARGEST_DOCUMENT as u64 + 1).read_to_string(&mut text).with_context(cannot)?;
    if text.len() > LARGEST_DOCUMENT {
        bail!("{} is larger than {} MB; split the flow", file.display(), LARGEST_DOCUMENT / 1024 / 1024);
    }
    Ok(text)
}

/// A time with its offset, or one of the clock here.
fn time(written: &str) -> Result<Timestamp, String> {
    if let Ok(at) = written.parse::<jiff::Timestamp>() {
        return Ok(at.as_millisecond());
    }
    let here = written.parse::<jiff::civil::DateTime>().map_err(|error| error.to_string());
    let here = here.and_then(|at| at.to_zoned(TimeZone::system()).map_err(|error| error.to_string()));
    here.map(|at| at.timestamp().as_millisecond())
}
