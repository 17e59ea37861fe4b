//! `hotline bench calls`: so many calls at once, each with sound both ways and a key now and then. What a call costs in processor time
//! and memory, how evenly its packets leave, and how soon it is heard.

use std::process::ExitCode;

use rand::Rng;
use serde::Serialize;
use serde_json::json;

use super::bed::{Bed, Bench, Options};
use super::caller::Plan;
use super::measure::{Pair, Quantiles, cell, cells, rounded, table};
use super::serving::{Machine, Sample};
use super::sys::{self, MS, Nanos, SECOND};

/// Longest that calls may take to come up after the last was offered, or to end.
const PATIENCE: Nanos = 40 * SECOND;
/// After all calls are up, before measuring begins.
const SETTLE: Nanos = SECOND;

/// Arguments of `hotline bench calls`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Calls at once; a run for each
    #[arg(long, value_delimiter = ',', default_value = "50,100,200,500", value_parser = clap::value_parser!(u32).range(1..=9_000))]
    concurrency: Vec<u32>,
    /// How long each run measures, once its calls are up
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// Calls begun a second until all are up
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    ramp: u32,
    /// The callers send no sound, only keys
    #[arg(long)]
    silent: bool,
    /// Instead: so many short calls, `--concurrency` (the first) at a time, and the memory before and after
    #[arg(long, value_name = "CALLS", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    in_a_row: Option<u64>,
    #[command(flatten)]
    pub options: Options,
}

/// A run, as the JSON shows it.
#[derive(Serialize)]
struct Run {
    concurrency: u32,
    cpu_seconds_per_call_minute: Option<f64>,
    kb_per_call: Option<f64>,
    pacing_ms: Option<Quantiles>,
    invite_to_rtp_ms: Option<Pair>,
    key_to_prompt_ms: Option<Pair>,
    also: Also,
}

/// What else is worth knowing of a run.
#[derive(Serialize)]
struct Also {
    answered: u64,
    completed: u64,
    failed: u64,
    keys: u64,
    keys_answered: usize,
    packets: u64,
    lost: u64,
    retransmitted: u64,
    rss_kb_per_call: Option<f64>,
    /// Share of the machine that others used meanwhile (neither the service nor the generator).
    others_busy: Option<f64>,
    generator_late_ms: Option<f64>,
}

/// Runs it.
pub fn run(arguments: &Arguments, mut bench: Bench) -> anyhow::Result<ExitCode> {
    if let Some(calls) = arguments.in_a_row {
        return in_a_row(arguments, bench, calls);
    }
    let mut runs = Vec::new();
    for &concurrency in &arguments.concurrency {
        if bench.is_stopped() {
            break;
        }
        let mut bed = bench.bed(|_| Ok(()))?;
        let run = one(arguments, &mut bed, concurrency);
        let complaints = bed.complaints();
        if !complaints.is_empty() {
            println!("{concurrency} calls: {complaints}");
        }
        if bench.is_stopped() {
            println!("stopped: the run of {concurrency} calls is left out");
        } else {
            runs.push(run);
        }
    }
    print!("\n{}", shown(&runs));
    println!(
        "pacing: |time between two packets − 20 ms|; key → prompt counts from the key's first packet; kB is the growth of PSS"
    );
    let clean = !runs.is_empty() && runs.iter().all(|run| run.also.failed == 0);
    bench.report(json!({ "runs": runs }))?;
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn one(arguments: &Arguments, bed: &mut Bed, concurrency: u32) -> Run {
    bed.settle(5 * SECOND);
    let idle = bed.sample();
    bed.engine.tally = super::tally::Tally::default();
    let plan = Plan { sound: true, silent: arguments.silent, ..Plan::default() };
    let total = u64::from(concurrency);
    println!("{concurrency} calls: coming up at {} a second", arguments.ramp);
    bed.engine.offer(f64::from(arguments.ramp), total, move |_| plan.clone());
    let until = sys::now() + total * SECOND / u64::from(arguments.ramp) + PATIENCE;
    bed.engine.run(until, |engine| !engine.is_offering() && engine.tally.answered + engine.tally.failed() >= total);
    bed.rest(SETTLE);

    let window = arguments.seconds * SECOND;
    bed.engine.press(|random| key_times(random, window));
    let (machine, own_cpu) = (Machine::now(), super::serving::cpu(std::process::id()));
    let (cpu, up) = (bed.cpu(), bed.engine.up());
    bed.engine.pacing = true;
    bed.rest(window);
    bed.engine.pacing = false;
    let used = bed.cpu().zip(cpu).map(|(after, before)| (after - before).as_secs_f64());
    let seconds = machine.elapsed().as_secs_f64();
    let own =
        super::serving::cpu(std::process::id()).zip(own_cpu).map(|(after, before)| (after - before).as_secs_f64());
    let (busy, all) = machine.since();
    let loaded = bed.sample();
    let still_up = bed.engine.up();

    bed.engine.hang_up_all(total * 5 * MS);
    bed.engine.run(sys::now() + total * 5 * MS + PATIENCE, |engine| engine.live() == 0);

    let mean_up = (up + still_up) as f64 / 2.0;
    let per_call = |of: fn(&Sample) -> u64| {
        let growth = loaded.as_ref().zip(idle.as_ref()).map(|(after, before)| of(after) as f64 - of(before) as f64)?;
        (still_up > 0).then(|| rounded(growth / still_up as f64))
    };
    let tally = &bed.engine.tally;
    Run {
        concurrency,
        cpu_seconds_per_call_minute: used
            .filter(|_| mean_up > 0.0)
            .map(|used| rounded(used / (mean_up * seconds / 60.0))),
        kb_per_call: per_call(|sample| sample.pss_kb),
        pacing_ms: tally.pacing.quantiles(),
        invite_to_rtp_ms: tally.first_rtp.quantiles().map(Pair::from),
        key_to_prompt_ms: tally.prompt.quantiles().map(Pair::from),
        also: Also {
            answered: tally.answered,
            completed: tally.completed,
            failed: tally.failed(),
            keys: tally.keys,
            keys_answered: tally.prompt.len(),
            packets: tally.packets,
            lost: tally.lost,
            retransmitted: tally.retransmitted,
            rss_kb_per_call: per_call(|sample| sample.rss_kb),
            others_busy: used.zip(own).map(|(used, own)| rounded(((busy - used - own) / all).max(0.0))),
            generator_late_ms: tally.lateness.quantiles().map(|all| all.p99),
        },
    }
}

/// When a caller presses keys within a time: the first anywhere in its first half (at most 4 s), then every 3 to 6 s. The last leaves
/// time for its prompt.
fn key_times(random: &mut impl Rng, window: Nanos) -> Vec<Nanos> {
    let last = window.saturating_sub(500 * MS);
    let mut at = random.random_range(50 * MS..(window / 2).clamp(51 * MS, 4 * SECOND));
    let mut times = Vec::new();
    while at < last {
        times.push(at);
        at += random.random_range(3 * SECOND..6 * SECOND);
    }
    times
}

fn shown(runs: &[Run]) -> String {
    let titles = [
        "calls",
        "CPU s/call-min",
        "kB/call",
        "pacing p50/p99/max ms",
        "INVITE→RTP p50/p99 ms",
        "key→prompt p50/p99 ms",
        "keys",
        "failed",
        "lost",
        "others busy",
    ];
    let pair = |pair: Option<Pair>| cells(pair.map(|pair| [pair.p50, pair.p99]).as_ref().map(<[f64; 2]>::as_slice), 1);
    let rows: Vec<Vec<String>> = runs
        .iter()
        .map(|run| {
            let pacing = run.pacing_ms.map(|all| [all.p50, all.p99, all.max]);
            vec![
                run.concurrency.to_string(),
                cell(run.cpu_seconds_per_call_minute, 4),
                cell(run.kb_per_call, 0),
                cells(pacing.as_ref().map(<[f64; 3]>::as_slice), 2),
                pair(run.invite_to_rtp_ms),
                pair(run.key_to_prompt_ms),
                format!("{}/{}", run.also.keys_answered, run.also.keys),
                run.also.failed.to_string(),
                run.also.lost.to_string(),
                run.also.others_busy.map_or_else(|| "–".into(), |share| format!("{:.0} %", share * 100.0)),
            ]
        })
        .collect();
    table(&titles, &rows)
}

/// Many short calls, and what memory is left of them.
fn in_a_row(arguments: &Arguments, mut bench: Bench, calls: u64) -> anyhow::Result<ExitCode> {
    let at_once = arguments.concurrency.first().copied().unwrap_or(50) as usize;
    let mut bed = bench.bed(|_| Ok(()))?;
    bed.settle(5 * SECOND);
    let fresh = bed.sample();
    // What a service keeps after its first calls (threads, caches, pools) is no leak: the base is taken after them.
    let warm = (calls / 20).clamp(1, 500);
    short_calls(&mut bed, warm, at_once, |_, _| {});
    bed.settle(10 * SECOND);
    let base = bed.sample();
    println!(
        "{calls} calls, {at_once} at a time; {} kB in use after {warm} calls",
        base.map_or(0, |sample| sample.pss_kb)
    );
    bed.engine.tally = super::tally::Tally::default();
    let begun = sys::now();
    let pid = bed.pid;
    let step = calls.div_ceil(10);
    let mut next = step;
    short_calls(&mut bed, calls, at_once, |done, engine| {
        if done >= next {
            next += step;
            let sample = pid.and_then(super::serving::sample).unwrap_or_default();
            println!(
                "{done:>8} calls  PSS {} kB  RSS {} kB  files {}  failed {}",
                sample.pss_kb,
                sample.rss_kb,
                sample.files,
                engine.tally.failed()
            );
        }
    });
    let seconds = (sys::now() - begun) as f64 / 1e9;
    println!("waiting for transactions to be forgotten (64 T1)");
    // And a few seconds more, until the service's own numbers say so.
    bed.rest(40 * SECOND);
    bed.settle(10 * SECOND);
    let end = bed.sample();
    let growth =
        end.zip(base).map(|(end, base)| rounded((end.pss_kb as f64 / base.pss_kb.max(1) as f64 - 1.0) * 100.0));
    let tally = &bed.engine.tally;
    println!(
        "{} calls in {seconds:.0} s, {} failed: memory {} kB → {} kB ({} %)",
        tally.completed,
        tally.failed(),
        base.map_or(0, |sample| sample.pss_kb),
        end.map_or(0, |sample| sample.pss_kb),
        cell(growth, 1)
    );
    let left = super::soak::live(&bed);
    let held: Vec<String> = left.iter().map(|(name, count)| format!("{name} {count}")).collect();
    println!("left over: {}", held.join("  "));
    let complaints = bed.complaints();
    if !complaints.is_empty() {
        println!("{complaints}");
    }
    let memory =
        |sample: Option<Sample>| sample.map(|s| json!({ "pss_kb": s.pss_kb, "rss_kb": s.rss_kb, "files": s.files }));
    let good = tally.failed() == 0 && growth.is_none_or(|growth| growth <= 10.0) && !bench.is_stopped();
    let good = good && left.iter().all(|(_, count)| *count == 0.0);
    bench.report(json!({
        "runs": [],
        "in_a_row": {
            "calls": calls, "completed": tally.completed, "failed": tally.failed(), "seconds": rounded(seconds),
            "fresh": memory(fresh), "before": memory(base), "after": memory(end), "growth_percent": growth,
            "left_over": left.iter().copied().collect::<std::collections::BTreeMap<_, _>>(),
        }
    }))?;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// So many calls of about a third of a second, so many at a time: one begins when another ends.
fn short_calls(bed: &mut Bed, calls: u64, at_once: usize, mut progress: impl FnMut(u64, &super::engine::Engine)) {
    let before = bed.engine.tally.offered;
    loop {
        let begun = bed.engine.tally.offered - before;
        if bed.engine.is_stopped() || (begun >= calls && bed.engine.live() == 0) {
            return;
        }
        let room = at_once.saturating_sub(bed.engine.live()).min((calls - begun.min(calls)) as usize);
        for _ in 0..room {
            let length = 100 * MS + bed.engine.below(500 * MS);
            bed.engine.begin(Plan { sound: true, hang_up_after: Some(length), ..Plan::default() });
        }
        let more = begun + (room as u64) < calls;
        bed.engine.run(sys::now() + SECOND, |engine| if more { engine.live() < at_once } else { engine.live() == 0 });
        progress(bed.engine.tally.over(), &bed.engine);
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    fn example() -> Run {
        let pair = Some(Pair { p50: 5.0, p99: 9.0 });
        Run {
            concurrency: 50,
            cpu_seconds_per_call_minute: Some(0.0123),
            kb_per_call: None,
            pacing_ms: Some(Quantiles { p50: 0.1, p99: 0.2, max: 1.0 }),
            invite_to_rtp_ms: pair,
            key_to_prompt_ms: pair,
            also: Also {
                answered: 50,
                completed: 50,
                failed: 0,
                keys: 9,
                keys_answered: 9,
                packets: 1,
                lost: 0,
                retransmitted: 0,
                rss_kb_per_call: None,
                others_busy: Some(0.25),
                generator_late_ms: None,
            },
        }
    }

    #[test]
    fn the_json_has_the_keys_that_were_agreed() {
        let run = serde_json::to_value(example()).expect("plain data");
        let keys = |value: &serde_json::Value| value.as_object().map(|o| o.keys().cloned().collect::<Vec<_>>());
        for key in ["concurrency", "cpu_seconds_per_call_minute", "kb_per_call", "also"] {
            assert!(run.get(key).is_some(), "{key}");
        }
        assert_eq!(keys(&run).map(|keys| keys.len()), Some(7));
        assert_eq!(keys(&run["pacing_ms"]), Some(vec!["max".into(), "p50".into(), "p99".into()]));
        assert_eq!(keys(&run["invite_to_rtp_ms"]), Some(vec!["p50".into(), "p99".into()]));
        assert_eq!(keys(&run["key_to_prompt_ms"]), Some(vec!["p50".into(), "p99".into()]));
    }

    #[test]
    fn the_table_has_a_line_for_each_run() {
        let text = shown(&[example()]);
        assert!(
            text.lines().nth(1).is_some_and(|line| line.contains("0.10 / 0.20 / 1.00") && line.contains("25 %")),
            "{text}"
        );
    }

    #[test]
    fn keys_come_in_time_for_their_prompt_to_be_heard() {
        let mut random = StdRng::seed_from_u64(1);
        for window in [SECOND, 2 * SECOND, 20 * SECOND] {
            for _ in 0..100 {
                let times = key_times(&mut random, window);
                assert!(times.iter().all(|&at| at >= 50 * MS && at + 500 * MS <= window), "{times:?}");
                assert!(times.windows(2).all(|two| two[1] - two[0] >= 3 * SECOND));
                assert!(window < 20 * SECOND || times.len() >= 3);
            }
        }
    }
}
