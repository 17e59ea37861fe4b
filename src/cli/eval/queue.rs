//! `hotline eval queue`: a day of calls on a virtual clock through the machine that assigns calls, and long steady hours held against
//! Erlang's formula (A. K. Erlang 1917; the C formula as in ITU-T E.500). Nothing is modelled but callers and agents: who is offered what is
//! decided by the code that decides it in service.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::process::ExitCode;
use std::time::Instant;

use clap::ValueEnum;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::Serialize;

use crate::event::{CallId, Timestamp};
use crate::queue::{Announce, Decision, Entry, Event, Machine, Presence, Profile, Queue, Strategy, Target};

/// Of the steady hours, the first part is not counted: the queue fills first.
const WARM_UP: f64 = 0.1;
const SECOND: f64 = 1_000.0;
/// Some Monday, 08:00 UTC.
const MORNING: Timestamp = 1_767_600_000_000;

/// Arguments of `hotline eval queue`.
#[derive(clap::Args)]
pub struct Arguments {
    /// How many calls come in the day, and in the steady hours
    #[arg(long, default_value_t = 10_000)]
    calls: usize,
    /// How many agents there are
    #[arg(long, default_value_t = 50)]
    agents: usize,
    /// How long a call takes on average, in seconds, with the ringing and the work after it
    #[arg(long, default_value_t = 120.0)]
    handling: f64,
    /// How these times are spread
    #[arg(long, value_enum, default_value_t = Spread::Exponential)]
    spread: Spread,
    /// How long the day is, in hours
    #[arg(long, default_value_t = 12.0)]
    hours: f64,
    /// How many times as many calls come at the peak as in the quiet hours
    #[arg(long, default_value_t = 2.5)]
    peak: f64,
    /// How much of the agents' time the steady hours take, from 0 to 1
    #[arg(long, default_value_t = 0.92)]
    load: f64,
    /// Who is offered a call
    #[arg(long, value_enum, default_value_t = Choice::LongestIdle)]
    strategy: Choice,
    /// A call counts as answered in time within so many seconds
    #[arg(long, default_value_t = 20)]
    within: u32,
    /// The same seed gives the same day
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How handling times are spread around their mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
enum Spread {
    /// As the formula assumes.
    Exponential,
    /// As they are found in call centres (Brown et al. 2005), with a standard deviation like the mean.
    Lognormal,
}

/// The strategies that can be compared here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Choice {
    LongestIdle,
    LeastOccupied,
    RoundRobin,
}

impl From<Choice> for Strategy {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::LongestIdle => Self::LongestIdle,
            Choice::LeastOccupied => Self::LeastOccupied,
            Choice::RoundRobin => Self::RoundRobin,
        }
    }
}

/// What came of it. The fields are an interface.
#[derive(Serialize)]
struct Report {
    calls: usize,
    agents: usize,
    handling_s: f64,
    spread: Spread,
    strategy: &'static str,
    seed: u64,
    steady: Steady,
    day: Day,
}

/// Hours in which calls come evenly.
#[derive(Serialize)]
struct Steady {
    calls: usize,
    offered_erlang: f64,
    measured: Figures,
    erlang_c: Figures,
}

#[derive(Clone, Copy, Serialize)]
struct Figures {
    /// The part that waits at all.
    waits: f64,
    /// The average wait of all calls, in seconds.
    average_wait_s: f64,
    /// The part that is answered in time.
    service_level: f64,
    /// The part of the agents' time that is taken.
    occupancy: f64,
}

/// A day with a peak.
#[derive(Serialize)]
struct Day {
    calls: usize,
    service_level: f64,
    average_wait_s: f64,
    wait_p50_s: f64,
    wait_p95_s: f64,
    wait_max_s: f64,
    hours: Vec<Hour>,
    fairness: Fairness,
    estimate: Estimate,
    /// How long the machine took for an event, on average, in microseconds.
    event_us: f64,
}

#[derive(Serialize)]
struct Hour {
    hour: usize,
    calls: usize,
    service_level: f64,
    average_wait_s: f64,
}

/// How evenly the work falls on the agents.
#[derive(Serialize)]
struct Fairness {
    /// Jain's index of their idle times: 1 where all have the same, 1/n where one has all.
    idle_jain: f64,
    /// The shortest and the longest idle time of an agent, as a part of the day.
    idle_least: f64,
    idle_most: f64,
    calls_least: usize,
    calls_most: usize,
}

/// What callers are told who have to wait, against how long they did.
#[derive(Serialize)]
struct Estimate {
    told: usize,
    /// On average, how much too long (more than 0) or too short it was, in seconds.
    bias_s: f64,
    /// On average, by how much it was wrong.
    error_s: f64,
    /// How long those waited on average.
    wait_s: f64,
}

/// Runs it.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(arguments.calls >= 100, "--calls is {}; fewer than 100 say nothing", arguments.calls);
    anyhow::ensure!((1..=2_000).contains(&arguments.agents), "--agents is {}; choose 1 to 2000", arguments.agents);
    anyhow::ensure!(
        arguments.load > 0.0 && arguments.load < 1.0,
        "--load is {}; choose between 0 and 1",
        arguments.load
    );
    anyhow::ensure!(
        arguments.handling >= 1.0 && arguments.hours > 0.0 && arguments.peak >= 1.0,
        "--handling, --hours and --peak are positive"
    );
    let report = Report {
        calls: arguments.calls,
        agents: arguments.agents,
        handling_s: arguments.handling,
        spread: arguments.spread,
        strategy: Strategy::from(arguments.strategy).name(),
        seed: arguments.seed,
        steady: steady(arguments),
        day: day(arguments),
    };
    match arguments.json {
        true => println!("{}", serde_json::to_string_pretty(&report)?),
        false => print(&report),
    }
    Ok(ExitCode::SUCCESS)
}

/// A call of a simulation.
#[derive(Clone, Copy)]
struct Call {
    comes: Timestamp,
    takes_ms: Timestamp,
}

/// What became of a call.
#[derive(Clone, Copy)]
struct Served {
    comes: Timestamp,
    waited_ms: Timestamp,
    told_s: Option<u32>,
}

/// What a run leaves.
struct Ran {
    served: Vec<Served>,
    /// How long each agent worked, in ms, and how many calls they had.
    work: Vec<(Timestamp, usize)>,
    ended: Timestamp,
    events: u64,
    took_us: f64,
}

/// Plays calls through the machine.
fn play(arguments: &Arguments, calls: &[Call]) -> Ran {
    let queue = Queue {
        strategy: arguments.strategy.into(),
        max_wait_s: 86_400,
        target: Target { percent: 80, within_s: arguments.within },
        announce: Announce { first_s: 0, ..Announce::default() },
        ..Queue::named("service")
    };
    let mut machine = Machine::new(Queue::named(""), jiff::tz::TimeZone::UTC);
    let names: Vec<String> = (0..arguments.agents).map(|number| format!("{:04}", 1_000 + number)).collect();
    let places: HashMap<&str, usize> = names.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
    let opens = calls.first().map_or(MORNING, |call| call.comes);
    machine.on(Event::Queues(vec![queue]), opens);
    for name in &names {
        machine.on(Event::Hired(name.clone(), Presence::Available, opens), opens);
        machine.on(Event::Knows(name.clone(), Profile::default()), opens);
    }
    machine.on(Event::Phones(names.iter().cloned().collect()), opens);

    let ids: Vec<CallId> = calls.iter().map(|_| CallId::new()).collect();
    let by_id: HashMap<CallId, usize> = ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    let mut ran = Ran { served: Vec::new(), work: vec![(0, 0); names.len()], ended: opens, events: 0, took_us: 0.0 };
    let mut told: HashMap<usize, u32> = HashMap::new();
    // Talks that end: when, which call, at which agent.
    let mut talks: BinaryHeap<Reverse<(Timestamp, usize, usize)>> = BinaryHeap::new();
    let mut next_call = 0;
    let begun = Instant::now();
    loop {
        let comes = calls.get(next_call).map(|call| call.comes);
        let ends = talks.peek().map(|Reverse((at, ..))| *at);
        let (now, event) = match (comes, ends) {
            (None, None) => break,
            (Some(comes), ends) if ends.is_none_or(|ends| comes < ends) => {
                next_call += 1;
                (comes, Event::Enter(ids[next_call - 1], Entry::now("service", 5, comes)))
            }
            _ => {
                let Some(Reverse((at, call, agent))) = talks.pop() else { break };
                (at, Event::LegEnded(ids[call], names[agent].clone()))
            }
        };
        let entered = if let Event::Enter(call, _) = &event { Some(*call) } else { None };
        let mut decisions = machine.on(event, now);
        ran.events += 1;
        if let Some(call) = entered.filter(|call| machine.waits(*call))
            && !decisions.iter().any(|decision| matches!(decision, Decision::Offer { call: of, .. } if *of == call))
            && let (_, Some(seconds)) = machine.standing_of(call, now)
        {
            told.insert(by_id[&call], seconds);
        }
        // Whoever is offered a call answers at once: the ringing is a part of the handling.
        while let Some(decision) = decisions.pop() {
            match decision {
                Decision::Offer { call, agent, .. } => {
                    decisions.extend(machine.on(Event::Answered(call, agent), now));
                    ran.events += 1;
                }
                Decision::Connect { call, agent, waited_ms } => {
                    let (call, agent) = (by_id[&call], places[agent.as_str()]);
                    talks.push(Reverse((now + calls[call].takes_ms, call, agent)));
                    ran.work[agent].0 += calls[call].takes_ms;
                    ran.work[agent].1 += 1;
                    ran.served.push(Served { comes: calls[call].comes, waited_ms, told_s: told.get(&call).copied() });
                }
                _ => {}
            }
        }
        ran.ended = now;
    }
    ran.took_us = begun.elapsed().as_secs_f64() * 1e6;
    ran.served.sort_by_key(|served| served.comes);
    ran
}

/// A time with this mean.
fn takes(random: &mut StdRng, arguments: &Arguments) -> Timestamp {
    let mean = arguments.handling;
    let seconds = match arguments.spread {
        Spread::Exponential => -mean * (1.0 - random.random::<f64>()).ln(),
        Spread::Lognormal => {
            // The variance is the mean's square, so that of the logarithm is ln 2.
            let variance = std::f64::consts::LN_2;
            let (u, v) = (1.0 - random.random::<f64>(), random.random::<f64>());
            let normal = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
            (mean.ln() - variance / 2.0 + variance.sqrt() * normal).exp()
        }
    };
    ((seconds * SECOND).round() as Timestamp).max(1)
}

fn steady(arguments: &Arguments) -> Steady {
    let mut random = StdRng::seed_from_u64(arguments.seed);
    let erlang = arguments.load * arguments.agents as f64;
    let gap = arguments.handling / erlang;
    let mut at = MORNING as f64;
    // Ten times as many, since waits that follow each other are alike.
    let calls: Vec<Call> = (0..arguments.calls * 10)
        .map(|_| {
            at += -gap * (1.0 - random.random::<f64>()).ln() * SECOND;
            Call { comes: at as Timestamp, takes_ms: takes(&mut random, arguments) }
        })
        .collect();
    let ran = play(arguments, &calls);
    let counted = &ran.served[(ran.served.len() as f64 * WARM_UP) as usize..];
    let took: Timestamp = ran.work.iter().map(|(work, _)| work).sum();
    let measured = Figures {
        waits: share(counted, |served| served.waited_ms > 0),
        average_wait_s: average_wait(counted),
        service_level: share(counted, |served| in_time(served, arguments)),
        occupancy: took as f64 / ((ran.ended - MORNING) as f64 * arguments.agents as f64),
    };
    let within = f64::from(arguments.within);
    let erlang_c = erlang_c(arguments.agents, erlang, arguments.handling, within);
    Steady { calls: counted.len(), offered_erlang: erlang, measured, erlang_c }
}

/// What Erlang's C formula says of so many agents, so much work (in Erlang), and calls that take so long.
fn erlang_c(agents: usize, erlang: f64, handling_s: f64, within_s: f64) -> Figures {
    // The B formula by its recursion, which never overflows.
    let blocked = (1..=agents).fold(1.0, |blocked, n| erlang * blocked / (n as f64 + erlang * blocked));
    let load = erlang / agents as f64;
    let waits = blocked / (1.0 - load * (1.0 - blocked));
    let spare = agents as f64 - erlang;
    Figures {
        waits,
        average_wait_s: waits * handling_s / spare,
        service_level: 1.0 - waits * (-spare * within_s / handling_s).exp(),
        occupancy: load,
    }
}

fn day(arguments: &Arguments) -> Day {
    let mut random = StdRng::seed_from_u64(arguments.seed.wrapping_add(1));
    let length = arguments.hours * 3_600.0;
    // A quiet day with a hill in the late morning. Given how many come, the moments of a Poisson process are drawn one by one.
    let rate = |at: f64| {
        let from_peak = (at - length * 0.35) / (length * 0.12);
        1.0 + (arguments.peak - 1.0) * (-from_peak * from_peak).exp()
    };
    let mut moments: Vec<f64> = Vec::with_capacity(arguments.calls);
    while moments.len() < arguments.calls {
        let at = random.random::<f64>() * length;
        if random.random::<f64>() * arguments.peak <= rate(at) {
            moments.push(at);
        }
    }
    moments.sort_by(f64::total_cmp);
    let call = |at: f64, random: &mut StdRng| Call {
        comes: MORNING + (at * SECOND) as Timestamp,
        takes_ms: takes(random, arguments),
    };
    let calls: Vec<Call> = moments.into_iter().map(|at| call(at, &mut random)).collect();
    let ran = play(arguments, &calls);
    let mut waits: Vec<f64> = ran.served.iter().map(|served| served.waited_ms as f64 / SECOND).collect();
    waits.sort_by(f64::total_cmp);
    let at = |part: f64| waits[((waits.len() as f64 * part).ceil() as usize).clamp(1, waits.len()) - 1];
    let hours = (0..arguments.hours.ceil() as usize).filter_map(|hour| {
        let hour_ms = 3_600_000;
        let from = MORNING + hour as Timestamp * hour_ms;
        let of: Vec<Served> =
            ran.served.iter().filter(|served| (from..from + hour_ms).contains(&served.comes)).copied().collect();
        (!of.is_empty()).then(|| Hour {
            hour,
            calls: of.len(),
            service_level: share(&of, |served| in_time(served, arguments)),
            average_wait_s: average_wait(&of),
        })
    });
    Day {
        calls: ran.served.len(),
        service_level: share(&ran.served, |served| in_time(served, arguments)),
        average_wait_s: average_wait(&ran.served),
        wait_p50_s: at(0.5),
        wait_p95_s: at(0.95),
        wait_max_s: at(1.0),
        hours: hours.collect(),
        fairness: fairness(&ran),
        estimate: estimate(&ran.served),
        event_us: ran.took_us / ran.events as f64,
    }
}

fn fairness(ran: &Ran) -> Fairness {
    let length = (ran.ended - MORNING) as f64;
    let idle: Vec<f64> = ran.work.iter().map(|(work, _)| (length - *work as f64).max(0.0) / length).collect();
    let (sum, squares) = (idle.iter().sum::<f64>(), idle.iter().map(|idle| idle * idle).sum::<f64>());
    let calls = ran.work.iter().map(|(_, calls)| *calls);
    Fairness {
        idle_jain: if squares > 0.0 { sum * sum / (idle.len() as f64 * squares) } else { 1.0 },
        idle_least: idle.iter().copied().fold(f64::INFINITY, f64::min),
        idle_most: idle.iter().copied().fold(0.0, f64::max),
        calls_least: calls.clone().min().unwrap_or(0),
        calls_most: calls.max().unwrap_or(0),
    }
}

fn estimate(served: &[Served]) -> Estimate {
    let told: Vec<(f64, f64)> = served
        .iter()
        .filter_map(|served| Some((f64::from(served.told_s?), served.waited_ms as f64 / SECOND)))
        .collect();
    let count = told.len().max(1) as f64;
    Estimate {
        told: told.len(),
        bias_s: told.iter().map(|(told, was)| told - was).sum::<f64>() / count,
        error_s: told.iter().map(|(told, was)| (told - was).abs()).sum::<f64>() / count,
        wait_s: told.iter().map(|(_, was)| was).sum::<f64>() / count,
    }
}

fn in_time(served: &Served, arguments: &Arguments) -> bool {
    served.waited_ms <= Timestamp::from(arguments.within) * 1_000
}

fn share(of: &[Served], is: impl Fn(&Served) -> bool) -> f64 {
    of.iter().filter(|served| is(served)).count() as f64 / of.len().max(1) as f64
}

fn average_wait(of: &[Served]) -> f64 {
    of.iter().map(|served| served.waited_ms as f64 / SECOND).sum::<f64>() / of.len().max(1) as f64
}

fn print(report: &Report) {
    let per_cent = |part: f64| format!("{:.1} %", part * 100.0);
    let Steady { measured, erlang_c, .. } = &report.steady;
    println!(
        "{} agents, {} s a call ({:?}), {}; steady hours of {} calls at {:.1} Erlang, then a day of {} calls\n",
        report.agents,
        report.handling_s,
        report.spread,
        report.strategy,
        report.steady.calls,
        report.steady.offered_erlang,
        report.day.calls
    );
    println!("{:<28}{:>12}{:>12}", "steady", "measured", "Erlang C");
    println!("{:<28}{:>12}{:>12}", "wait at all", per_cent(measured.waits), per_cent(erlang_c.waits));
    let seconds = |value: f64| format!("{value:.1} s");
    println!("{:<28}{:>12}{:>12}", "average wait", seconds(measured.average_wait_s), seconds(erlang_c.average_wait_s));
    println!(
        "{:<28}{:>12}{:>12}",
        "answered in time",
        per_cent(measured.service_level),
        per_cent(erlang_c.service_level)
    );
    println!("{:<28}{:>12}{:>12}\n", "occupancy", per_cent(measured.occupancy), per_cent(erlang_c.occupancy));
    println!("{:<8}{:>8}{:>18}{:>14}", "hour", "calls", "answered in time", "average wait");
    for hour in &report.day.hours {
        println!(
            "{:<8}{:>8}{:>18}{:>14}",
            hour.hour,
            hour.calls,
            per_cent(hour.service_level),
            seconds(hour.average_wait_s)
        );
    }
    let day = &report.day;
    println!(
        "{:<8}{:>8}{:>18}{:>14}   waits: p50 {:.1} s, p95 {:.1} s, longest {:.1} s\n",
        "all",
        day.calls,
        per_cent(day.service_level),
        seconds(day.average_wait_s),
        day.wait_p50_s,
        day.wait_p95_s,
        day.wait_max_s
    );
    let fair = &day.fairness;
    println!(
        "idle time of the agents: {} to {} of the day, Jain's index {:.4}; {} to {} calls each",
        per_cent(fair.idle_least),
        per_cent(fair.idle_most),
        fair.idle_jain,
        fair.calls_least,
        fair.calls_most
    );
    let told = &day.estimate;
    println!(
        "{} callers were told how long it takes: on average {:+.1} s off and {:.1} s wrong, where they waited {:.1} s",
        told.told, told.bias_s, told.error_s, told.wait_s
    );
    println!("{:.1} µs an event", day.event_us);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formula_is_the_one_of_the_tables() {
        // 10 agents, 8 Erlang: C = 0.4092 (tables of the C formula).
        let figures = erlang_c(10, 8.0, 180.0, 20.0);
        assert!((figures.waits - 0.4092).abs() < 1e-3, "{}", figures.waits);
        assert!((figures.average_wait_s - 36.83).abs() < 0.1, "{}", figures.average_wait_s);
    }

    #[test]
    fn the_machine_does_as_the_formula_says_and_is_fair() {
        let arguments = Arguments {
            calls: 2_000,
            agents: 20,
            handling: 180.0,
            spread: Spread::Exponential,
            hours: 12.0,
            peak: 2.0,
            load: 0.85,
            strategy: Choice::LongestIdle,
            within: 20,
            seed: 7,
            json: false,
        };
        let Steady { measured, erlang_c, .. } = steady(&arguments);
        assert!((measured.waits - erlang_c.waits).abs() < 0.05, "{} and {}", measured.waits, erlang_c.waits);
        assert!((measured.service_level - erlang_c.service_level).abs() < 0.04);
        let day = day(&arguments);
        assert_eq!(day.calls, 2_000, "nobody is lost");
        assert!(day.fairness.idle_jain > 0.9, "{}", day.fairness.idle_jain);
    }
}
