//! `hotline bench soak`: for as long as asked, a mix of what callers and networks do, and each minute what the service holds: files
//! and sockets, threads, memory, calls. At the end it is compared with the start.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use rand::Rng;
use serde::Serialize;
use serde_json::json;

use super::bed::{Bed, Bench, Options};
use super::caller::Plan;
use super::measure::{rounded, table};
use super::serving::{Sample, gauges};
use super::sys::{self, MS, Nanos, SECOND};
use super::talk::Script;
use super::tally::Tally;
use super::turn;
use crate::agent::Agents;
use crate::config::Config;
use crate::service::{Extensions, open_store};
use crate::store::{NewUser, Role};

/// Fewest phones of agents that register; half as many as there are calls at once, if that is more.
const PHONES: usize = 12;
/// Most of them.
const MOST_PHONES: usize = 400;
/// From one registration of a phone to the next.
const REGISTER_EVERY: Nanos = 10 * SECOND;
/// How long a call of the mix lasts on average, which makes the rate from the concurrency.
const MEAN_SECONDS: f64 = 12.0;
/// Everything about a call is forgotten 64 T1 after its end, and a binding when it has expired.
const FORGOTTEN: Nanos = 70 * SECOND;
/// The same of the first calls, which register nobody: 64 T1, and until the service's numbers are new.
const WARM_FORGOTTEN: Nanos = 40 * SECOND;
/// Of the service's own numbers, what must be nothing in the end; those that it does not have are left out.
const GAUGES: [&str; 4] =
    ["hotline_calls_active", "hotline_sip_dialogs", "hotline_sip_transactions", "hotline_media_legs"];
/// What is never nothing, and must be as at the start.
const TASKS: &str = "hotline_tasks";

/// Arguments of `hotline bench soak`.
#[derive(clap::Args)]
pub struct Arguments {
    /// How long
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=10_080))]
    minutes: u64,
    /// Calls at once, on average
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    concurrency: u32,
    /// Ends after so many calls, if that is earlier
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    calls: Option<u64>,
    /// Short conversations instead of the mix: everybody says a sentence or two, and hangs up
    #[arg(long)]
    talk: bool,
    #[command(flatten)]
    pub options: Options,
}

/// What became of transfers.
#[derive(Clone, Default, Serialize)]
struct Transfers {
    /// Calls that agents' phones have answered.
    desk_calls: u64,
    blind: u64,
    attended: u64,
    /// Those that failed, with the caller back at the agent.
    returned: u64,
    /// Those whose agent hung up before they failed, with the caller back in the queue.
    left: u64,
    /// Those that were not over when the caller hung up.
    cut_short: u64,
    consultations_refused: u64,
}

impl Transfers {
    fn of(tally: &Tally) -> Self {
        Self {
            desk_calls: tally.desk_calls,
            blind: tally.transfers,
            attended: tally.attended,
            returned: tally.returned,
            left: tally.left,
            cut_short: tally.untold,
            consultations_refused: tally.consultations_refused,
        }
    }
}

/// What the service holds at one moment.
#[derive(Clone, Serialize)]
struct Held {
    minute: f64,
    files: Option<u64>,
    threads: Option<u64>,
    tasks: Option<u64>,
    rss_kb: Option<u64>,
    pss_kb: Option<u64>,
    /// By the service's own count, under the names that it uses.
    live: Vec<(&'static str, f64)>,
    /// By the callers' count.
    calls: usize,
    offered: u64,
    completed: u64,
    cancelled: u64,
    failed: u64,
    holds: u64,
    transfers: Transfers,
    registered: u64,
    retransmitted: u64,
}

/// Runs it.
pub fn run(arguments: &Arguments, mut bench: Bench) -> anyhow::Result<ExitCode> {
    let mut passwords = Vec::new();
    let folder = tempfile::Builder::new().prefix("hotline-bench-soak-").tempdir().context("no room for the flow")?;
    let script = if arguments.talk { Some(Arc::new(turn::script(None, None)?)) } else { None };
    let mut bed = match &script {
        Some(_) => bench.bed_with(&turn::conversation(folder.path())?)?,
        None => bench.bed(|data| {
            let count = (arguments.concurrency as usize / 2).clamp(PHONES, MOST_PHONES);
            passwords = phones(data, count)?;
            Ok(())
        })?,
    };
    // Threads, caches and pools that come with the first calls are no leak.
    let warm = Plan { sound: true, hang_up_after: Some(2 * SECOND), ..Plan::default() };
    let warm = script.as_ref().map_or(warm, talking);
    bed.engine.offer(50.0, u64::from(arguments.concurrency), move |_| warm.clone());
    bed.engine.run(sys::now() + 60 * SECOND, |engine| !engine.is_offering() && engine.live() == 0);
    // The base is a service that has forgotten its calls, and whose numbers say so.
    bed.rest(WARM_FORGOTTEN);
    bed.settle(10 * SECOND);
    bed.engine.tally = Tally::default();
    let begun = sys::now();
    let start = held(&mut bed, begun);

    for (user, password) in &passwords {
        bed.engine.register(user, password, REGISTER_EVERY);
    }
    let (rate, calls) = (f64::from(arguments.concurrency) / MEAN_SECONDS, arguments.calls.unwrap_or(u64::MAX));
    match &script {
        Some(script) => {
            let plan = talking(script);
            bed.engine.offer(rate, calls, move |_| plan.clone());
        }
        None => bed.engine.offer(rate, calls, mixed(!passwords.is_empty())),
    }
    let mut minutes = Vec::new();
    println!("{}", line(&start));
    for minute in 1..=arguments.minutes {
        bed.engine.run(begun + minute * 60 * SECOND, |engine| !engine.is_offering() && engine.live() == 0);
        if bench.is_stopped() {
            break;
        }
        let held = held(&mut bed, begun);
        println!("{}", line(&held));
        minutes.push(held);
        if !bed.engine.is_offering() {
            break;
        }
    }
    let stopped = bench.is_stopped();
    bed.engine.stop_offering();
    bed.engine.hang_up_all(SECOND);
    bed.engine.end_registrations();
    if !stopped {
        bed.engine.run(sys::now() + 40 * SECOND, |engine| engine.live() == 0);
        println!("waiting for calls and bindings to be forgotten");
        bed.rest(FORGOTTEN);
        bed.settle(10 * SECOND);
    }
    let end = held(&mut bed, begun);
    println!("{}", line(&end));
    let complaints = bed.complaints();
    if !complaints.is_empty() {
        println!("{complaints}");
    }
    // Calls that were cut short are still being forgotten.
    let leaks = if stopped { Vec::new() } else { leaks(&start, &end) };
    print!("\n{}", compared(&start, &end));
    let talked = &bed.engine.tally.talked;
    if arguments.talk {
        println!(
            "{} sentences, {} interruptions, {} unanswered",
            talked.sentences, talked.interruptions, talked.unanswered
        );
    }
    leaks.iter().for_each(|leak| println!("LEFT OVER: {leak}"));
    let good = leaks.is_empty() && !stopped && bed.engine.tally.completed > 0;
    let talked = json!({
        "sentences": talked.sentences, "interruptions": talked.interruptions, "unanswered": talked.unanswered,
    });
    bench.report(json!({ "talked": talked, "start": start, "minutes": minutes, "end": end, "left_over": leaks }))?;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Gives the service phones before it starts, and returns their names and passwords.
fn phones(data: &Path, count: usize) -> anyhow::Result<Vec<(String, String)>> {
    let config = Config { data_dir: data.to_owned(), ..Config::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = open_store(&config).await.context("cannot prepare the phones")?;
        let tenant = store.default_tenant();
        let extensions = Extensions::load(&tenant, &config.sip_realm, Agents::new()).await?;
        let mut passwords = Vec::new();
        for number in 0..count {
            let name = format!("phone{number}");
            let user = NewUser { name: name.clone(), email: None, role: Role::Agent, language: None };
            let user = tenant.create_user(user, 0).await?;
            let password = extensions.add(&tenant, &name, user.id).await?;
            passwords.push((name, password));
        }
        store.close().await;
        Ok(passwords)
    })
}

/// A caller who talks for as long as most do.
fn talking(script: &Arc<Script>) -> Plan {
    let length = (MEAN_SECONDS * SECOND as f64) as Nanos;
    Plan { sound: true, talk: Some(script.clone()), hang_up_after: Some(length), ..Plan::default() }
}

/// The callers of the mix. Without agents of ours nobody asks for a person.
fn mixed<R: Rng>(agents: bool) -> impl FnMut(&mut R) -> Plan {
    move |random| one(random, agents)
}

/// One of them.
fn one(random: &mut impl Rng, agents: bool) -> Plan {
    let seconds = |random: &mut dyn rand::RngCore, from: u64, to: u64| random.random_range(from * SECOND..to * SECOND);
    let sound = Plan { sound: true, ..Plan::default() };
    match random.random_range(0..100) {
        // Wants to talk to somebody, now and then over a bad network.
        0..18 if agents => {
            let loss = if random.random_bool(0.3) { random.random_range(0.01..0.1) } else { 0.0 };
            let person = random.random_range(SECOND / 2..3 * SECOND);
            let length = seconds(random, 6, 30);
            Plan { person_after: Some(person), loss, hang_up_after: Some(length), ..sound }
        }
        // Listens, presses keys, hangs up.
        0..45 => {
            let length = seconds(random, 5, 35);
            Plan { keys: keys(random, length), hang_up_after: Some(length), ..sound }
        }
        // Holds for a while.
        45..60 => {
            let hold = seconds(random, 1, 5);
            let resume = hold + seconds(random, 1, 8);
            let length = resume + seconds(random, 1, 10);
            Plan { hold: Some((hold, resume)), keys: keys(random, length), hang_up_after: Some(length), ..sound }
        }
        // A bad network.
        60..75 => {
            let length = seconds(random, 5, 25);
            let loss = random.random_range(0.01..0.2);
            Plan { loss, keys: keys(random, length), hang_up_after: Some(length), ..sound }
        }
        // Hangs up in the middle of the first words.
        75..88 => Plan { hang_up_after: Some(random.random_range(0..2 * SECOND)), ..sound },
        // Changes its mind.
        88..98 => Plan { cancel_after: Some(random.random_range(0..8 * MS)), hang_up_after: Some(SECOND), ..sound },
        // Never says a word.
        _ => Plan { silent: true, hang_up_after: Some(seconds(random, 5, 20)), ..sound },
    }
}

fn keys(random: &mut impl Rng, length: Nanos) -> Vec<Nanos> {
    (0..random.random_range(0..4)).map(|_| random.random_range(0..length)).collect()
}

fn held(bed: &mut Bed, begun: Nanos) -> Held {
    let sample: Option<Sample> = bed.sample();
    let tasks = bed.serving.as_ref().and_then(|serving| gauges(serving.http, &[TASKS]).into_iter().next().flatten());
    let live = live(bed);
    let (calls, tally) = (bed.engine.up(), &bed.engine.tally);
    Held {
        minute: rounded((sys::now() - begun) as f64 / 60e9),
        files: sample.map(|sample| sample.files),
        threads: sample.map(|sample| sample.threads),
        tasks: tasks.map(|tasks| tasks as u64),
        rss_kb: sample.map(|sample| sample.rss_kb),
        pss_kb: sample.map(|sample| sample.pss_kb),
        live,
        calls,
        offered: tally.offered,
        completed: tally.completed,
        cancelled: tally.cancelled,
        failed: tally.failed(),
        holds: tally.holds,
        transfers: Transfers::of(tally),
        registered: tally.registered,
        retransmitted: tally.retransmitted,
    }
}

/// What the service holds by its own count; nothing where no service of ours is loaded.
pub fn live(bed: &Bed) -> Vec<(&'static str, f64)> {
    let counts = bed.serving.as_ref().map(|serving| gauges(serving.http, &GAUGES)).unwrap_or_default();
    GAUGES.into_iter().zip(counts).filter_map(|(name, count)| Some((name, count?))).collect()
}

fn number(value: Option<u64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| value.to_string())
}

fn line(held: &Held) -> String {
    let live: Vec<String> =
        held.live.iter().map(|(name, count)| format!("{} {count}", name.trim_start_matches("hotline_"))).collect();
    format!(
        "{:>6.1} min  files {}  threads {}  tasks {}  RSS {} kB  PSS {} kB  {}  | calls {} offered {} completed {} cancelled {} failed {} holds {} transfers {}+{} returned {} left {} registered {} retransmitted {}",
        held.minute,
        number(held.files),
        number(held.threads),
        number(held.tasks),
        number(held.rss_kb),
        number(held.pss_kb),
        live.join("  "),
        held.calls,
        held.offered,
        held.completed,
        held.cancelled,
        held.failed,
        held.holds,
        held.transfers.blind,
        held.transfers.attended,
        held.transfers.returned,
        held.transfers.left,
        held.registered,
        held.retransmitted,
    )
}

/// What the service still holds that it did not hold before. A few files may come and go with the database and the pools.
fn leaks(start: &Held, end: &Held) -> Vec<String> {
    let mut leaks = Vec::new();
    let mut more = |what: &str, before: Option<u64>, after: Option<u64>, allowed: u64| {
        if let Some((before, after)) = before.zip(after).filter(|(before, after)| *after > before + allowed) {
            leaks.push(format!("{what}: {before} before, {after} after"));
        }
    };
    more("files and sockets", start.files, end.files, 4);
    more("threads", start.threads, end.threads, 4);
    more("tasks", start.tasks, end.tasks, 4);
    // A tenth, and what allocators keep for themselves.
    more("memory (kB)", start.pss_kb, end.pss_kb, start.pss_kb.unwrap_or_default() / 10 + 4_096);
    leaks.extend(end.live.iter().filter(|(_, count)| *count > 0.0).map(|(name, count)| format!("{name}: {count}")));
    leaks
}

fn compared(start: &Held, end: &Held) -> String {
    let row = |what: &str, of: fn(&Held) -> Option<u64>| vec![what.to_owned(), number(of(start)), number(of(end))];
    let mut rows = vec![
        row("files and sockets", |held| held.files),
        row("threads", |held| held.threads),
        row("tasks", |held| held.tasks),
        row("RSS kB", |held| held.rss_kb),
        row("PSS kB", |held| held.pss_kb),
    ];
    for (name, count) in &end.live {
        let before = start.live.iter().find(|(other, _)| other == name);
        rows.push(vec![
            (*name).to_owned(),
            before.map_or("–".into(), |(_, count)| count.to_string()),
            count.to_string(),
        ]);
    }
    table(&["", "start", "end"], &rows)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    fn held(files: u64, pss_kb: u64, live: f64) -> Held {
        Held {
            minute: 0.0,
            files: Some(files),
            threads: Some(8),
            tasks: Some(30),
            rss_kb: Some(pss_kb),
            pss_kb: Some(pss_kb),
            live: vec![("hotline_calls_active", live)],
            calls: 0,
            offered: 0,
            completed: 0,
            cancelled: 0,
            failed: 0,
            holds: 0,
            transfers: Transfers::default(),
            registered: 0,
            retransmitted: 0,
        }
    }

    #[test]
    fn what_is_left_over_is_named() {
        assert!(leaks(&held(20, 80_000, 0.0), &held(22, 88_000, 0.0)).is_empty());
        let found = leaks(&held(20, 80_000, 0.0), &held(60, 120_000, 3.0));
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(found[0], "files and sockets: 20 before, 60 after");
    }

    #[test]
    fn the_mix_has_everything_in_it() {
        let mut random = StdRng::seed_from_u64(1);
        let plans: Vec<Plan> = (0..1_000).map(|_| one(&mut random, true)).collect();
        let share = |of: fn(&Plan) -> bool| plans.iter().filter(|plan| of(plan)).count();
        assert!(share(|plan| plan.hold.is_some()) > 100);
        assert!(share(|plan| plan.loss > 0.0) > 100);
        assert!(share(|plan| plan.cancel_after.is_some()) > 50);
        assert!(share(|plan| !plan.keys.is_empty()) > 300);
        assert!(share(|plan| plan.person_after.is_some()) > 100);
        assert!(share(|plan| plan.silent) > 0);
        assert!(plans.iter().all(|plan| plan.sound && plan.hang_up_after.is_some()));
        let mean = plans.iter().filter_map(|plan| plan.hang_up_after).sum::<Nanos>() / 1_000 / SECOND;
        assert!((10..16).contains(&mean), "{mean} s");
    }

    #[test]
    fn without_agents_nobody_asks_for_a_person() {
        let mut random = StdRng::seed_from_u64(1);
        assert!((0..1_000).all(|_| one(&mut random, false).person_after.is_none()));
    }

    #[test]
    fn start_and_end_stand_beside_each_other() {
        let text = compared(&held(20, 80_000, 0.0), &held(22, 88_000, 0.0));
        assert!(text.contains("80000") && text.contains("88000") && text.contains("hotline_calls_active"), "{text}");
    }
}
