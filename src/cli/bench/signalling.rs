//! `hotline bench signalling`: INVITE, 200, ACK, BYE, 200, as often a second as asked for, whether the service keeps up or not.

use std::process::ExitCode;

use serde::Serialize;
use serde_json::json;

use super::bed::{Bed, Bench, Options};
use super::caller::Plan;
use super::measure::{Pair, Quantiles, cell, cells, rounded, table};
use super::serving::Machine;
use super::sys::{self, SECOND};
use super::tally::Tally;

/// Every transaction has its answer or is given up after 64 T1; one for the INVITE, one for the BYE.
const DRAIN: u64 = 70 * SECOND;
/// The generator was too late when one call in a hundred began so much after its time, in ms.
const LATE_MS: f64 = 20.0;

/// Arguments of `hotline bench signalling`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Calls offered a second; a run for each
    #[arg(long, value_delimiter = ',', default_value = "500,1000,2000,4000", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: Vec<u32>,
    /// How long each run offers calls
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// At the end, offer twice the most that was served
    #[arg(long)]
    overload: bool,
    #[command(flatten)]
    pub options: Options,
}

/// A run, as the JSON shows it.
#[derive(Serialize)]
struct Run {
    /// Calls begun.
    offered: u64,
    /// Calls from INVITE to the answer of their BYE.
    completed: u64,
    /// All others.
    failed: u64,
    /// Requests sent again by the callers.
    retransmitted: u64,
    /// INVITE → 200.
    p99_ms: Option<f64>,
    cpu_ms_per_call: Option<f64>,
    also: Also,
}

/// What else is worth knowing of a run.
#[derive(Serialize)]
struct Also {
    rate: u32,
    seconds: u64,
    overload: bool,
    /// Completed a second while calls were offered.
    served_per_second: f64,
    sustained: bool,
    /// Of the overload: what was still served, of the most that was served without it.
    share_of_peak: Option<f64>,
    answer_ms: Option<Quantiles>,
    bye_ms: Option<Pair>,
    refused_503: u64,
    time_to_503_ms: Option<Pair>,
    timed_out: u64,
    answers_again: u64,
    others_busy: Option<f64>,
    generator_late_ms: Option<f64>,
}

/// Runs it.
pub fn run(arguments: &Arguments, mut bench: Bench) -> anyhow::Result<ExitCode> {
    let mut runs: Vec<Run> = Vec::new();
    for &rate in &arguments.rate {
        runs.extend(one(arguments, &mut bench, rate, false)?);
    }
    let peak = runs.iter().map(|run| run.also.served_per_second).fold(0.0, f64::max);
    if arguments.overload && peak > 0.0 {
        runs.extend(one(arguments, &mut bench, (peak * 2.0).ceil() as u32, true)?);
    }
    print!("\n{}", shown(&runs));
    println!(
        "INVITE→200 counts from the datagram's leaving; sustained: at most 1 in 1,000 failed and 99 of 100 were over within their second"
    );
    if let Some(overload) = runs.iter_mut().find(|run| run.also.overload) {
        let share = rounded(overload.also.served_per_second / peak);
        overload.also.share_of_peak = Some(share);
        println!("offered twice the peak of {peak:.0} calls/s: {:.0} % of the peak were still served", share * 100.0);
    }
    if runs.iter().all(|run| run.also.sustained) {
        println!("every rate was sustained: the service's limit may be higher");
    }
    let clean = runs.iter().any(|run| run.completed > 0) && !bench.is_stopped();
    bench.report(json!({ "runs": runs }))?;
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn one(arguments: &Arguments, bench: &mut Bench, rate: u32, overload: bool) -> anyhow::Result<Option<Run>> {
    if bench.is_stopped() {
        return Ok(None);
    }
    let mut bed = bench.bed(|_| Ok(()))?;
    let plan = Plan { hang_up_after: Some(0), ..Plan::default() };
    warm_up(&mut bed, &plan);
    println!("{rate} calls/s for {} s{}", arguments.seconds, if overload { " (overload)" } else { "" });
    let (machine, own_cpu) = (Machine::now(), super::serving::cpu(std::process::id()));
    let cpu = bed.cpu();
    let total = u64::from(rate) * arguments.seconds;
    bed.engine.offer(f64::from(rate), total, move |_| plan.clone());
    let until = sys::now() + arguments.seconds * SECOND;
    bed.engine.run(until, |_| false);
    // The last call's answer is on its way.
    bed.rest(SECOND / 50);
    let served = bed.engine.tally.completed;
    bed.engine.run(until + DRAIN, |engine| !engine.is_offering() && engine.live() == 0);
    bed.settle(10 * SECOND);
    let used = bed.cpu().zip(cpu).map(|(after, before)| (after - before).as_secs_f64());
    let own =
        super::serving::cpu(std::process::id()).zip(own_cpu).map(|(after, before)| (after - before).as_secs_f64());
    let (busy, all) = machine.since();
    let others = used.zip(own).map(|(used, own)| rounded(((busy - used - own) / all).max(0.0)));
    if bench.is_stopped() {
        println!("stopped: the run of {rate} calls/s is left out");
        return Ok(None);
    }
    let complaints = bed.complaints();
    if !complaints.is_empty() {
        println!("{rate} calls/s: {complaints}");
    }
    let run = summed(&bed.engine.tally, rate, arguments.seconds, overload, served, used, others);
    if run.also.generator_late_ms.is_some_and(|late| late > LATE_MS) {
        println!(
            "the generator was late (p99 {} ms): this machine cannot offer {rate} calls/s evenly",
            cell(run.also.generator_late_ms, 1)
        );
    }
    Ok(Some(run))
}

fn warm_up(bed: &mut Bed, plan: &Plan) {
    let plan = plan.clone();
    bed.engine.offer(50.0, 50, move |_| plan.clone());
    bed.engine.run(sys::now() + 10 * SECOND, |engine| !engine.is_offering() && engine.live() == 0);
    bed.settle(5 * SECOND);
    bed.engine.tally = Tally::default();
}

fn summed(
    tally: &Tally,
    rate: u32,
    seconds: u64,
    overload: bool,
    served: u64,
    used: Option<f64>,
    others_busy: Option<f64>,
) -> Run {
    // What was neither completed nor failed by the end of the drain has failed, too.
    let failed = tally.offered.saturating_sub(tally.completed);
    let answer_ms = tally.answer.quantiles();
    Run {
        offered: tally.offered,
        completed: tally.completed,
        failed,
        retransmitted: tally.retransmitted,
        p99_ms: answer_ms.map(|all| all.p99),
        cpu_ms_per_call: used.filter(|_| tally.completed > 0).map(|used| rounded(used * 1e3 / tally.completed as f64)),
        also: Also {
            rate,
            seconds,
            overload,
            served_per_second: rounded(served as f64 / seconds as f64),
            sustained: failed * 1_000 <= tally.offered && served * 100 >= tally.offered * 99,
            share_of_peak: None,
            answer_ms,
            bye_ms: tally.bye.quantiles().map(Pair::from),
            refused_503: tally.refused.get(&503).copied().unwrap_or_default(),
            time_to_503_ms: tally.refusal.quantiles().map(Pair::from),
            timed_out: tally.timed_out,
            answers_again: tally.answers_again,
            others_busy,
            generator_late_ms: tally.lateness.quantiles().map(|all| all.p99),
        },
    }
}

fn shown(runs: &[Run]) -> String {
    let titles = [
        "calls/s",
        "offered",
        "completed",
        "failed",
        "of them 503",
        "retransmitted",
        "INVITE→200 p50/p99/max ms",
        "to 503 p50/p99 ms",
        "CPU ms/call",
        "served/s",
        "sustained",
        "others busy",
    ];
    let rows: Vec<Vec<String>> = runs
        .iter()
        .map(|run| {
            let answer = run.also.answer_ms.map(|all| [all.p50, all.p99, all.max]);
            let refusal = run.also.time_to_503_ms.map(|pair| [pair.p50, pair.p99]);
            vec![
                format!("{}{}", run.also.rate, if run.also.overload { " (2×)" } else { "" }),
                run.offered.to_string(),
                run.completed.to_string(),
                run.failed.to_string(),
                run.also.refused_503.to_string(),
                run.retransmitted.to_string(),
                cells(answer.as_ref().map(<[f64; 3]>::as_slice), 1),
                cells(refusal.as_ref().map(<[f64; 2]>::as_slice), 1),
                cell(run.cpu_ms_per_call, 3),
                cell(Some(run.also.served_per_second), 0),
                if run.also.sustained { "yes" } else { "no" }.to_owned(),
                run.also.others_busy.map_or_else(|| "–".into(), |share| format!("{:.0} %", share * 100.0)),
            ]
        })
        .collect();
    table(&titles, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(offered: u64, completed: u64) -> Tally {
        Tally { offered, completed, answered: completed, ..Tally::default() }
    }

    #[test]
    fn the_json_has_the_keys_that_were_agreed() {
        let run = summed(&tally(100, 90), 10, 10, false, 90, Some(0.9), None);
        let value = serde_json::to_value(&run).expect("plain data");
        for key in ["offered", "completed", "failed", "retransmitted", "p99_ms", "cpu_ms_per_call", "also"] {
            assert!(value.get(key).is_some(), "{key}");
        }
        assert_eq!(value.as_object().map(serde_json::Map::len), Some(7));
        assert_eq!((run.failed, run.cpu_ms_per_call), (10, Some(10.0)));
    }

    #[test]
    fn a_rate_is_sustained_when_calls_are_over_in_time_and_none_fail() {
        let sustained = |offered, completed, served| {
            summed(&tally(offered, completed), 100, 10, false, served, None, None).also.sustained
        };
        assert!(sustained(1_000, 1_000, 995));
        assert!(!sustained(1_000, 1_000, 900), "they were completed long after");
        assert!(!sustained(1_000, 990, 990), "some failed");
    }

    #[test]
    fn the_table_has_a_line_for_each_run_and_marks_the_overload() {
        let text = shown(&[summed(&tally(20, 20), 10, 2, true, 20, Some(0.1), Some(0.5))]);
        assert!(text.lines().nth(1).is_some_and(|line| line.contains("10 (2×)") && line.contains("50 %")), "{text}");
    }
}
