//! `hotline eval calls`: places real calls with recordings of people, and compares what the service made of them with what should
//! have come of it. Nothing tells the service what to expect: it hears the recordings over SIP and RTP, each when it is the caller's
//! turn; what it understood is read from its API afterwards.

mod result;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use audio::{Pcm8k, wav};
use clap::Args;
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sip::media::Clock;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::{deliver, read_jsonl};
use crate::api::order_service;
use crate::cli::api::Api;
use crate::cli::call::local_ip;
use crate::config::Config;
use crate::phone::{Line, LineError, Phone};
use crate::service::Service;

use result::{Got, Judged, judge};

/// The bot has finished when it has been silent for this long.
const QUIET: Duration = Duration::from_millis(1_000);
/// How long a call may ring.
const RINGING: Duration = Duration::from_secs(30);
/// What follows the last word is listened to for this long at most, when no outcome is expected.
const LAST_REPLY: Duration = Duration::from_secs(20);

/// Arguments of `hotline eval calls`.
#[derive(Args)]
pub struct Arguments {
    /// One JSON object a line: {files: [..], keys?, expect: {intent?, slots?, queue?, outcome?}}; paths relative to this file
    #[arg(long)]
    manifest: PathBuf,
    /// Whom to call, e.g. sip:100@127.0.0.1:5060 [default: a service of its own, with a fresh database]
    #[arg(long)]
    to: Option<String>,
    /// API of the service that is called: its address, or a sign-in link of it [default: that of `hotline serve` on this machine]
    #[arg(long, requires = "to")]
    api: Option<String>,
    /// Flow of the service of its own [default: flow.file, or the built-in example]
    #[arg(long, conflicts_with = "to")]
    flow: Option<PathBuf>,
    /// How many calls at once
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=200))]
    at_once: u16,
    /// Longest wait for our turn, or for the end of a call, in seconds
    #[arg(long, default_value_t = 60)]
    patience: u64,
    /// Write the report here instead of to standard output
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    files: Vec<PathBuf>,
    keys: Option<Keys>,
    /// The caller's number; one of its own when left out.
    from: Option<String>,
    #[serde(default)]
    expect: Expect,
}

/// Keys for one turn, or for several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Keys {
    One(String),
    Several(Vec<String>),
}

/// What should come of a call.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Expect {
    /// The intent by which the caller is served; `oos` for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intent: Option<String>,
    /// Values by the names of their slots.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slots: Option<BTreeMap<String, Value>>,
    /// The queue that the caller was put into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// How the call ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// What nobody compares; named, so that a misspelt expectation is not taken for a met one.
    #[serde(flatten, skip_serializing)]
    pub other: BTreeMap<String, Value>,
}

#[derive(Serialize)]
struct Report {
    calls: usize,
    /// Calls of which everything expected came true.
    right: usize,
    /// The same by what was expected.
    by: BTreeMap<&'static str, Count>,
    wrong: Vec<Wrong>,
}

#[derive(Default, Serialize)]
struct Count {
    n: usize,
    right: usize,
}

#[derive(Serialize)]
struct Wrong {
    /// The line of the manifest, from 1.
    line: usize,
    expected: Expect,
    got: Got,
    /// Which of it is wrong.
    kinds: Vec<&'static str>,
    /// The call's id, for the console.
    call: Option<String>,
    /// Why there is less than there should be.
    problem: Option<String>,
}

/// A call that is to be placed.
struct Planned {
    line: usize,
    from: String,
    sounds: Vec<Pcm8k>,
    keys: Vec<String>,
    expect: Expect,
}

/// Runs the evaluation.
pub async fn run(arguments: &Arguments, config: &Config) -> anyhow::Result<ExitCode> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let planned = plan(&arguments.manifest)?;
    let clock = Clock::start().context("cannot start the phone's media clock")?;
    let own = match &arguments.to {
        Some(_) => None,
        None => Some(OwnService::start(config.clone(), arguments.flow.clone()).await?),
    };
    let (to, api) = match (&arguments.to, &own) {
        (Some(to), _) => (to.clone(), Api::open(arguments.api.as_deref(), config).await?),
        (None, Some(own)) => (format!("sip:100@{}", own.service.sip), Api::with(own.service.local_access().await?)?),
        (None, None) => anyhow::bail!("there is nobody to call"),
    };
    let phone = Phone::start(SocketAddr::new(local_ip(&to), 0), clock.clone()).await?;
    let report = place_all(arguments, planned, Arc::new(phone), &to, Arc::new(api)).await;
    clock.shutdown();
    if let Some(own) = own {
        own.stop().await;
    }
    let report = report?;
    deliver(&report, arguments.json.as_ref())?;
    eprintln!("{} of {} calls came out as expected", report.right, report.calls);
    Ok(ExitCode::SUCCESS)
}

/// Reads the manifest and its recordings; what is wrong is named with its line.
fn plan(manifest: &Path) -> anyhow::Result<Vec<Planned>> {
    let lines: Vec<Written> = read_jsonl(manifest)?;
    anyhow::ensure!(
        !lines.is_empty(),
        "{} holds no call: write one JSON object a line, {{\"files\": [\"a.wav\"], \"expect\": {{\"intent\": \"…\"}}}}",
        manifest.display()
    );
    let folder = manifest.parent().map(PathBuf::from).unwrap_or_default();
    let run = crate::call::now() / 1_000 % 1_000_000;
    let mut planned = Vec::new();
    for (index, line) in lines.into_iter().enumerate() {
        let number = index + 1;
        for other in line.expect.other.keys() {
            eprintln!("line {number}: nothing compares expect.{other}; known are intent, slots, queue and outcome");
        }
        let read = |file: &PathBuf| {
            wav::read::<8_000>(folder.join(file)).with_context(|| format!("{}, line {number}", manifest.display()))
        };
        planned.push(Planned {
            line: number,
            // A number of its own finds the call again; +999 is assigned to nobody.
            from: line.from.unwrap_or_else(|| format!("+999{run:06}{number:05}")),
            sounds: line.files.iter().map(read).collect::<Result<_, _>>()?,
            keys: match line.keys {
                None => vec![],
                Some(Keys::One(keys)) => vec![keys],
                Some(Keys::Several(keys)) => keys,
            },
            expect: line.expect,
        });
    }
    Ok(planned)
}

async fn place_all(
    arguments: &Arguments,
    planned: Vec<Planned>,
    phone: Arc<Phone>,
    to: &str,
    api: Arc<Api>,
) -> anyhow::Result<Report> {
    let patience = Duration::from_secs(arguments.patience);
    let room = Arc::new(Semaphore::new(usize::from(arguments.at_once)));
    let bar = ProgressBar::new(planned.len() as u64);
    let mut calls = Vec::new();
    for call in planned {
        let permit = room.clone().acquire_owned().await?;
        let (phone, api, to, bar) = (phone.clone(), api.clone(), to.to_owned(), bar.clone());
        calls.push(tokio::spawn(async move {
            let result = place(&phone, &to, &call, patience, &api).await;
            bar.inc(1);
            drop(permit);
            (call, result)
        }));
    }
    let mut report = Report { calls: 0, right: 0, by: BTreeMap::new(), wrong: Vec::new() };
    for call in calls {
        let (call, (got, problem)) = call.await?;
        count(&mut report, call, got, problem);
    }
    bar.finish_and_clear();
    phone.shutdown().await;
    Ok(report)
}

fn count(report: &mut Report, call: Planned, got: Got, problem: Option<String>) {
    report.calls += 1;
    let judged: Vec<Judged> = judge(&call.expect, &got);
    for judged in &judged {
        let by = report.by.entry(judged.kind).or_default();
        by.n += 1;
        by.right += usize::from(judged.right);
    }
    let kinds: Vec<&'static str> = judged.iter().filter(|judged| !judged.right).map(|judged| judged.kind).collect();
    // A call of which nothing is expected is right when it could be placed.
    if kinds.is_empty() && (!judged.is_empty() || got.call.is_some()) {
        report.right += 1;
        return;
    }
    let id = got.call.clone();
    report.wrong.push(Wrong { line: call.line, expected: call.expect, got, kinds, call: id, problem });
}

/// Places one call and reads what came of it.
async fn place(phone: &Phone, to: &str, call: &Planned, patience: Duration, api: &Api) -> (Got, Option<String>) {
    let since = crate::call::now();
    let problem = match phone.call(to, &call.from, RINGING).await {
        Ok(mut line) => {
            let problem = talk(&mut line, call, patience).await.err();
            line.hang_up().await;
            problem
        }
        Err(error) => return (Got::default(), Some(format!("no call: {error}"))),
    };
    match api.result(&call.from, since).await {
        Ok(got) => (got, problem),
        Err(error) => (Got::default(), Some(error)),
    }
}

/// Says and presses everything, each in its turn, and hears the call out.
async fn talk(line: &mut Line, call: &Planned, patience: Duration) -> Result<(), String> {
    let early = |what: String| move |error: LineError| format!("{what}: {error}");
    for (index, sound) in call.sounds.iter().enumerate() {
        let what = format!("file {} was not said to its end", index + 1);
        line.our_turn(QUIET, patience).await.map_err(early(what.clone()))?;
        line.say(sound.clone()).await.map_err(early(what))?;
    }
    for keys in &call.keys {
        line.our_turn(QUIET, patience).await.map_err(early(format!("the keys {keys} were not pressed")))?;
        line.press(keys);
    }
    if call.expect.outcome.is_some() {
        // Whoever never hangs up is left after this; the outcome then says so itself.
        let _ = line.wait_end(patience).await;
    } else {
        // The reply may end with the call, or go on as music.
        let _ = line.our_turn(QUIET, LAST_REPLY.min(patience)).await;
    }
    Ok(())
}

/// A service with a fresh database on loopback.
struct OwnService {
    service: Service,
    stopped: CancellationToken,
    orders: tokio::task::JoinHandle<()>,
    // Removed when it is dropped, after everything that writes there.
    _folder: tempfile::TempDir,
}

impl OwnService {
    async fn start(mut config: Config, flow: Option<PathBuf>) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("hotline-eval-").tempdir().context("no room for its data")?;
        let loopback: SocketAddr = (Ipv4Addr::LOCALHOST, 0).into();
        let stopped = CancellationToken::new();
        let orders = tokio::net::TcpListener::bind(loopback).await.context("cannot start the order service")?;
        config.flow_variables.entry("order_service".to_owned()).or_insert(format!("http://{}", orders.local_addr()?));
        let orders = tokio::spawn(order_service::serve(orders, stopped.clone()));
        config.data_dir = folder.path().to_owned();
        config.store_url = String::new();
        config.store_master_key = None;
        config.flow_file = flow.or(config.flow_file);
        (config.sip_bind, config.http_bind) = (loopback, loopback);
        (config.sip_tcp, config.sip_tls, config.trunks) = (vec![], vec![], vec![]);
        (config.sip_advertised_ip, config.sip_media_ip) = (None, None);
        let service = Service::start(config).await?;
        Ok(Self { service, stopped, orders, _folder: folder })
    }

    async fn stop(self) {
        self.service.stop().await;
        self.stopped.cancel();
        let _ = self.orders.await;
    }
}
