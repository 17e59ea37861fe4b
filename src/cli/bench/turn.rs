//! `hotline bench turn`: so many callers talk at once, each in its turn and sometimes out of it. How soon the reply is on the wire after
//! the last sound of a caller, and where the time went; how soon a prompt is silent when somebody interrupts it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use audio::g711::Codec;
use audio::resample::resample;
use audio::telephone::{Conditions, to_telephone_8k};
use audio::{Pcm8k, wav};
use models::{Flite, FliteVoice, Voice};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::bed::{Bed, Bench, Options};
use super::caller::Plan;
use super::measure::{Values, rounded, table};
use super::sys::{self, MS, SECOND};
use super::talk::{Script, Talked, Turns, Words};
use crate::config::Config;
use crate::event::{Event, Latency};
use crate::service::open_store;
use crate::store::CallFilter;

/// Arguments of `hotline bench turn`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Callers who talk at once; a run for each
    #[arg(long, value_delimiter = ',', default_value = "1,20", value_parser = clap::value_parser!(u32).range(1..=500))]
    calls: Vec<u32>,
    /// Of the callers, those who talk at the same time, while the others listen [default: all]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=500))]
    talking: Option<u32>,
    /// How long each run measures
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(10..=3_600))]
    seconds: u64,
    /// What callers say, instead of synthetic voices: a manifest of {file, lang} lines; those from 1.5 to 6 s are used
    #[arg(long, value_name = "MANIFEST")]
    recordings: Option<PathBuf>,
    #[command(flatten)]
    pub options: Options,
}

const FLOW: &str = include_str!("turn.json");
const SENTENCES: [&str; 6] = [
    "Where is my order?",
    "When are you open on Saturday?",
    "I would like a refund, please.",
    "My bicycle is broken, can you repair it?",
    "Hello, I want to know where my parcel is.",
    "How late do you close today?",
];
const INTERRUPTIONS: [&str; 3] = ["go back please", "stop, go back", "the main menu please"];

/// A run, as the JSON shows it.
#[derive(Serialize)]
struct Run {
    calls: u32,
    /// Those of them who talk at the same time, if not all.
    talking: Option<u32>,
    sentences: u64,
    interruptions: u64,
    /// On the wire, at the caller: last voiced packet sent → first voiced packet of the reply.
    reply_ms: Option<Shares>,
    reply_after_interruption_ms: Option<Shares>,
    /// On the wire, at the caller: first voiced packet of an interruption sent → the prompt is silent.
    silenced_ms: Option<Shares>,
    cut_ins: u64,
    unanswered: u64,
    failed: u64,
    /// The same replies as the service journals them, and where the time went.
    service: Option<Stages>,
    cpu_seconds_per_call_minute: Option<f64>,
}

#[derive(Serialize)]
struct Stages {
    wire_ms: Option<Shares>,
    end_of_turn_ms: Option<Shares>,
    recognised_ms: Option<Shares>,
    understood_ms: Option<Shares>,
    spoken_ms: Option<Shares>,
}

#[derive(Clone, Copy, Serialize)]
struct Shares {
    p50: f64,
    p95: f64,
}

impl Shares {
    fn of(values: &Values) -> Option<Self> {
        Some(Self { p50: values.quantile(0.5)?, p95: values.quantile(0.95)? })
    }

    fn of_ms(values: impl Iterator<Item = u32>) -> Option<Self> {
        let mut all = Values::default();
        values.for_each(|value| all.add(u64::from(value) * MS));
        Self::of(&all)
    }
}

#[derive(Deserialize)]
struct Line {
    file: String,
    lang: Option<String>,
}

/// Runs it.
pub fn run(arguments: &Arguments, mut bench: Bench) -> anyhow::Result<ExitCode> {
    let script = Arc::new(script(arguments.recordings.as_deref(), arguments.talking)?);
    println!("{} sentences and {} interruptions to say", script.sentences.len(), script.interruptions.len());
    let mut runs = Vec::new();
    for &calls in &arguments.calls {
        if bench.is_stopped() {
            break;
        }
        let folder =
            tempfile::Builder::new().prefix("hotline-bench-turn-").tempdir().context("no room for the data")?;
        let data = folder.path().join("data");
        std::fs::create_dir_all(&data)?;
        let mut own = conversation(folder.path())?;
        own.push(("data.dir", data.to_string_lossy().into_owned()));
        let mut bed = bench.bed_with(&own)?;
        let run = one(arguments, &mut bed, calls, &script);
        let complaints = bed.complaints();
        if !complaints.is_empty() {
            println!("{calls} calls: {complaints}");
        }
        drop(bed);
        let service = if bench.is_foreign() { None } else { stages(&data)? };
        if bench.is_stopped() {
            println!("stopped: the run of {calls} calls is left out");
        } else {
            runs.push(Run { service, ..run });
        }
    }
    print!("\n{}", shown(&runs));
    println!(
        "at the caller, by the kernel's stamps on packets; the service's own figures, from its journal, explain them"
    );
    let clean = !runs.is_empty() && runs.iter().all(|run| run.failed == 0 && run.sentences > 0);
    bench.report(json!({ "runs": runs }))?;
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The settings of a service that holds these conversations; its flow is written into `folder`.
pub(super) fn conversation(folder: &Path) -> anyhow::Result<Vec<(&'static str, String)>> {
    let flow = folder.join("flow.json");
    std::fs::write(&flow, FLOW)?;
    let model = models::manifest::DEFAULT_ENGLISH.to_owned();
    Ok(vec![("speech.en", model), ("flow.file", flow.to_string_lossy().into_owned())])
}

fn one(arguments: &Arguments, bed: &mut Bed, calls: u32, script: &Arc<Script>) -> Run {
    bed.settle(5 * SECOND);
    bed.engine.tally = super::tally::Tally::default();
    let plan = Plan { sound: true, talk: Some(script.clone()), ..Plan::default() };
    let at_once = arguments.talking.map_or(String::new(), |callers| format!(", {callers} at the same time"));
    println!("{calls} calls: each talks for {} s{at_once}", arguments.seconds);
    let (cpu, begun) = (bed.cpu(), sys::now());
    // Not all in the same breath.
    bed.engine.offer(f64::from(calls).max(4.0) / 4.0, u64::from(calls), move |_| plan.clone());
    bed.engine
        .run(sys::now() + arguments.seconds * SECOND + 4 * SECOND, |engine| engine.tally.failed() >= u64::from(calls));
    bed.engine.stop_talking();
    bed.rest(3 * SECOND);
    let used = bed.cpu().zip(cpu).map(|(after, before)| (after - before).as_secs_f64());
    let minutes = f64::from(calls) * (sys::now() - begun) as f64 / 60e9;
    bed.engine.hang_up_all(u64::from(calls) * 5 * MS);
    bed.engine.run(sys::now() + 40 * SECOND, |engine| engine.live() == 0);
    let tally = &bed.engine.tally;
    let Talked { reply, reply_after_interruption, silenced, cut_ins, sentences, interruptions, unanswered } =
        &tally.talked;
    Run {
        calls,
        talking: arguments.talking,
        sentences: *sentences,
        interruptions: *interruptions,
        reply_ms: Shares::of(reply),
        reply_after_interruption_ms: Shares::of(reply_after_interruption),
        silenced_ms: Shares::of(silenced),
        cut_ins: *cut_ins,
        unanswered: *unanswered,
        failed: tally.failed(),
        service: None,
        cpu_seconds_per_call_minute: used.map(|used| rounded(used / minutes)),
    }
}

/// What the service wrote down, once it has ended.
fn stages(data: &Path) -> anyhow::Result<Option<Stages>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let latencies: Vec<Latency> = runtime.block_on(async {
        let store = open_store(&Config { data_dir: data.to_owned(), ..Config::default() }).await?;
        let tenant = store.default_tenant();
        let mut latencies = Vec::new();
        for call in tenant.calls(&CallFilter::default(), None, 500).await?.items {
            latencies.extend(tenant.journal(call.id).await?.into_iter().filter_map(|entry| match entry.event {
                Event::Replied { latency, .. } => Some(latency),
                _ => None,
            }));
        }
        anyhow::Ok(latencies)
    })?;
    if latencies.is_empty() {
        return Ok(None);
    }
    let of = |pick: fn(&Latency) -> u32| Shares::of_ms(latencies.iter().map(pick));
    Ok(Some(Stages {
        wire_ms: of(|latency| latency.wire_ms),
        end_of_turn_ms: of(|latency| latency.endpoint_ms),
        recognised_ms: of(|latency| latency.recognise_ms),
        understood_ms: of(|latency| latency.decide_ms),
        spoken_ms: of(|latency| latency.speak_ms),
    }))
}

/// What is said: by people when there are recordings, by synthetic voices else; over a telephone line in any case.
pub(super) fn script(recordings: Option<&Path>, talking: Option<u32>) -> anyhow::Result<Script> {
    let spoken = |text: &str, voice| -> anyhow::Result<Words> {
        let sound: Pcm8k = resample(&Flite::new(voice).speak(text)?);
        words(&sound).with_context(|| format!("the voice says nothing for {text}"))
    };
    let voices = [FliteVoice::Slt, FliteVoice::Awb];
    let all = |texts: &[&str]| -> anyhow::Result<Vec<Words>> {
        texts.iter().flat_map(|text| voices.map(|voice| spoken(text, voice))).collect()
    };
    let sentences = match recordings {
        None => all(&SENTENCES)?,
        Some(manifest) => recorded(manifest)?,
    };
    let turns = Turns::at_once(talking.map_or(usize::MAX, |callers| callers as usize));
    Ok(Script { sentences, interruptions: all(&INTERRUPTIONS)?, turns })
}

fn recorded(manifest: &Path) -> anyhow::Result<Vec<Words>> {
    let text = std::fs::read_to_string(manifest).with_context(|| format!("cannot read {}", manifest.display()))?;
    let folder = manifest.parent().unwrap_or(Path::new("."));
    let mut sentences = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let line: Line =
            serde_json::from_str(line).with_context(|| format!("{}, line {}", manifest.display(), number + 1))?;
        if line.lang.as_deref().is_some_and(|lang| !lang.starts_with("en")) {
            continue;
        }
        let sound = wav::read::<8_000>(&folder.join(&line.file)).with_context(|| line.file.clone())?;
        if (1.5..=6.0).contains(&sound.duration().as_secs_f64()) {
            sentences.extend(words(&sound));
        }
    }
    anyhow::ensure!(!sentences.is_empty(), "no English recording of 1.5 to 6 s is named in {}", manifest.display());
    Ok(sentences)
}

fn words(sound: &Pcm8k) -> Option<Words> {
    let telephone = to_telephone_8k(sound, Conditions { level_dbov: Some(-24.0), ..Conditions::default() });
    let mut payload = Vec::new();
    Codec::Pcmu.encode(telephone.samples(), &mut payload);
    Words::new(payload)
}

fn shown(runs: &[Run]) -> String {
    let titles = [
        "calls",
        "sentences",
        "reply p50/p95 ms",
        "after interruption",
        "silenced p50/p95",
        "cut-ins",
        "unanswered",
        "CPU s/call-min",
    ];
    let shares = |shares: Option<Shares>| shares.map_or("–".to_owned(), |s| format!("{:.0} / {:.0}", s.p50, s.p95));
    let rows: Vec<Vec<String>> = runs
        .iter()
        .map(|run| {
            vec![
                run.calls.to_string(),
                run.sentences.to_string(),
                shares(run.reply_ms),
                shares(run.reply_after_interruption_ms),
                format!("{} (n {})", shares(run.silenced_ms), run.interruptions),
                run.cut_ins.to_string(),
                run.unanswered.to_string(),
                run.cpu_seconds_per_call_minute.map_or("–".into(), |cpu| format!("{cpu:.2}")),
            ]
        })
        .collect();
    let mut text = table(&titles, &rows);
    let titles = ["calls", "by the service: wire", "end of turn", "recognised", "understood", "spoken"];
    let rows: Vec<Vec<String>> = runs
        .iter()
        .filter_map(|run| {
            let s = run.service.as_ref()?;
            let all = [s.wire_ms, s.end_of_turn_ms, s.recognised_ms, s.understood_ms, s.spoken_ms];
            Some(std::iter::once(run.calls.to_string()).chain(all.map(shares)).collect())
        })
        .collect();
    if !rows.is_empty() {
        text += "\n";
        text += &table(&titles, &rows);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flow_can_answer_calls_and_its_intents_can_be_trained() {
        let flow = flow::parse(FLOW).expect("a flow");
        let findings = flow::validate(&flow);
        assert!(findings.iter().all(|finding| finding.severity != flow::Severity::Error), "{findings:?}");
        assert!(intent::train(&flow.training_set(), 1).is_ok());
    }

    #[test]
    fn the_synthetic_callers_can_be_heard() {
        let script = script(None, None).expect("flite speaks");
        assert_eq!((script.sentences.len(), script.interruptions.len()), (12, 6));
    }
}
