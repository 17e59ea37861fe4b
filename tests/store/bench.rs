//! How fast the store is; prints a table and asserts nothing:
//! `cargo test --test store -- --ignored --nocapture --test-threads 1 bench`

use std::time::{Duration, Instant};

use hotline::{
    event::Outcome,
    store::{Tenant, TicketFilter},
};

use crate::bed::{Bed, Journal, run, whole_call};

const CALLS: usize = 50;
const TICKETS: usize = 1_000;

async fn measure(bed: Bed) {
    let tenant = bed.tenant().await;
    let database = if bed.is_sqlite() { "SQLite" } else { "PostgreSQL" };
    let (took, mut latencies) = append(&tenant, 1, Duration::ZERO).await;
    report(database, "1 call, entry after entry", took, &mut latencies);
    let (took, mut latencies) = append(&tenant, CALLS, Duration::from_millis(250)).await;
    report(database, "50 calls, 4 entries/s each", took, &mut latencies);
    let (took, mut latencies) = append(&tenant, CALLS, Duration::ZERO).await;
    report(database, "50 calls, as fast as it goes", took, &mut latencies);

    for _ in 0..TICKETS {
        whole_call(&tenant, "+49301111", "where is my order", "Order").await;
    }
    for (what, q) in [("20 tickets listed", None), ("1,000 tickets searched", Some("nowhere".to_owned()))] {
        let filter = TicketFilter { q, ..TicketFilter::default() };
        let begin = Instant::now();
        tenant.tickets(&filter, None, 20).await.expect("it answers");
        println!("{database:<11} {what:<30} {:>8.1} ms", ms(begin.elapsed()));
    }
    let begin = Instant::now();
    tenant.rebuild().await.expect("rebuilt");
    println!("{database:<11} {:<30} {:>8.1} ms", "1,101 calls computed again", ms(begin.elapsed()));

    let journal = Journal::from("101");
    journal.store(&tenant).await;
    let mut recording = tenant.record(journal.call).await.expect("it begins");
    let begin = Instant::now();
    for _ in 0..600 {
        recording.push(&[1; 8_000], &[2; 8_000]).expect("written");
    }
    println!("{database:<11} {:<30} {:>8.3} ms", "1 s of recording written", ms(begin.elapsed()) / 600.0);
    recording.finish().expect("written");
    let recording = tenant.recording(journal.call).await.expect("it answers").expect("there is one");
    let begin = Instant::now();
    recording.peaks(20).expect("readable");
    println!("{database:<11} {:<30} {:>8.1} ms", "outline of 10 min", ms(begin.elapsed()));
}

/// Calls of 40 entries, each appended alone; answers with the whole time and that of each append.
async fn append(tenant: &Tenant, calls: usize, pause: Duration) -> (Duration, Vec<Duration>) {
    let begin = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for number in 0..calls {
        let tenant = tenant.clone();
        running.spawn(async move {
            let mut journal = Journal::from(&format!("+49{number:09}"));
            for _ in 0..9 {
                journal.heard("four five five oh one").said("Your order is on its way.", 600);
            }
            journal.ended(Outcome::Resolved);
            let mut latencies = Vec::with_capacity(journal.entries.len());
            for entry in journal.entries {
                let begin = Instant::now();
                tenant.append(journal.call, vec![entry]).await.expect("stored");
                latencies.push(begin.elapsed());
                tokio::time::sleep(pause.saturating_sub(begin.elapsed())).await;
            }
            latencies
        });
    }
    let latencies = running.join_all().await.concat();
    (begin.elapsed(), latencies)
}

fn report(database: &str, what: &str, took: Duration, latencies: &mut [Duration]) {
    latencies.sort_unstable();
    let at = |part: f64| ms(latencies[((latencies.len() - 1) as f64 * part) as usize]);
    let per_second = latencies.len() as f64 / took.as_secs_f64();
    println!(
        "{database:<11} {what:<30} {per_second:>8.0} entries/s, each p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms",
        at(0.5),
        at(0.95),
        at(0.99)
    );
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

#[test]
#[ignore = "a measurement, run by hand"]
fn sqlite() {
    run(Some(Bed::sqlite()), measure);
}

#[test]
#[ignore = "a measurement, run by hand"]
fn postgres() {
    run(Bed::postgres(), measure);
}
