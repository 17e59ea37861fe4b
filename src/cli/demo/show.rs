//! What the demo prints: who says what while it is said, and a table at the end.

use std::collections::HashMap;
use std::io::IsTerminal;

use tokio_util::sync::CancellationToken;

use crate::event::{Decision, Event, Speaker, Timestamp};
use crate::store::Tenant;

use super::callers::Played;

/// Prints every call's journal as it is written.
pub async fn live(tenant: Tenant, stopped: CancellationToken) {
    let mut entries = tenant.subscribe();
    let mut begun: HashMap<_, Timestamp> = HashMap::new();
    loop {
        let live = tokio::select! {
            live = entries.recv() => live,
            () = stopped.cancelled() => return,
        };
        let Ok(live) = live else { continue };
        let start = *begun.entry(live.call).or_insert(live.entry.at);
        if let Some(line) = line(&live.entry.event) {
            println!("   {:>5.1} s  {line}", (live.entry.at - start) as f64 / 1_000.0);
        }
    }
}

fn line(event: &Event) -> Option<String> {
    Some(match event {
        Event::Offered { from, .. } => format!("{} calls", from.reveal()),
        Event::Said { text, completed, .. } => {
            format!("{}  {}{}", bold("Bot   "), text.reveal(), if *completed { "" } else { " —" })
        }
        Event::Heard { speaker, text, confidence, engine, .. } => {
            let who = bold(if *speaker == Speaker::Agent { "Agent " } else { "Caller" });
            format!("{who}  {}   {}", text.reveal(), faint(&format!("{engine}, confidence {confidence:.2}")))
        }
        Event::NotHeard { reason, .. } => faint(&format!("nothing understood in a sound ({reason})")),
        Event::Key { digit } => format!("{}  presses {}", bold("Caller"), digit.reveal()),
        Event::Understood { decision, ranking, .. } => {
            let best =
                ranking.first().map(|best| format!("{} {:.2}", best.intent, best.confidence)).unwrap_or_default();
            faint(&match decision {
                Decision::Accepted => format!("intent: {best}"),
                Decision::Disambiguated => format!("between two intents, first {best}"),
                Decision::Rejected => format!("out of scope (nearest {best})"),
            })
        }
        Event::Consulted { answer, .. } => faint(&format!("knowledge base: {}", answer.name())),
        Event::Language { language, by, .. } => faint(&format!("speaks {} (by the {})", language.reveal(), by.name())),
        Event::Slot { name, value, .. } => faint(&format!("{name} = {}", value.reveal())),
        Event::Fetched { status: Some(status), took_ms, .. } => {
            faint(&format!("the order service answered {status} in {took_ms} ms"))
        }
        Event::Fetched { error, .. } => {
            faint(&format!("the order service: {}", error.as_deref().unwrap_or("no reply")))
        }
        Event::Replied { latency, .. } => faint(&format!(
            "reply after {} ms (end of turn {}, recognition {}, decision {}, voice {})",
            latency.wire_ms, latency.endpoint_ms, latency.recognise_ms, latency.decide_ms, latency.speak_ms
        )),
        Event::NoInput { .. } => faint("no answer"),
        Event::Queued { queue, .. } => faint(&format!("waits in the queue {queue}")),
        Event::Connecting { to, .. } => faint(&format!("calls {}", to.reveal())),
        Event::CallbackArranged { number, .. } => faint(&format!("to be called back on {}", number.reveal())),
        Event::Rated { name, score, scale, .. } => faint(&format!("{name}: {score} of {scale}")),
        Event::Tagged { tags, .. } => faint(&format!("tags: {}", tags.join(", "))),
        Event::Recording { on } => faint(if *on { "recording goes on" } else { "recording pauses" }),
        Event::Ringing { agent } => faint(&format!("{agent}'s phone rings")),
        Event::Missed { agent, reason } => faint(&format!("{agent} did not take it: {reason}")),
        Event::Bridged { agent, waited_ms } => faint(&format!("{agent} answers after {waited_ms} ms")),
        Event::Redirected { from, to } => faint(&format!("{from} sends the call on to {}", to.reveal())),
        Event::Held { agent } => faint(&format!("{agent} puts the call on hold")),
        Event::Resumed { agent } => faint(&format!("{agent} is back")),
        Event::Transferred { from, to, .. } => faint(&format!("{from} hands the call to {}", to.reveal())),
        Event::TransferFailed { from, reason, .. } => faint(&format!("{from} could not hand the call on: {reason}")),
        Event::Parked { slot, by } => faint(&format!("{by} parks the call at {slot}")),
        Event::TicketOpened { subject, .. } => faint(&format!("ticket: {}", subject.reveal())),
        Event::Problem { message, .. } => format!("! {message}"),
        Event::HungUp { by, .. } => faint(&format!("{by:?} hangs up").to_lowercase()),
        Event::Ended { outcome, .. } => format!("{}  {}", bold("ended "), outcome.name()),
        _ => return None,
    })
}

fn styled(code: &str, text: &str) -> String {
    if std::io::stdout().is_terminal() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

fn bold(text: &str) -> String {
    styled("1", text)
}

fn faint(text: &str) -> String {
    styled("2", text)
}

/// Prints the table of what came of the calls.
pub fn table(results: &[Played]) {
    println!(
        "{:<4}{:<12}{:<42}{:<24}{:<9}{:<14}result",
        "", "outcome", "heard", "understood", "ticket", "wire latency"
    );
    for (index, result) in results.iter().enumerate() {
        let name = index + 1;
        let outcome = result.call.as_ref().and_then(|call| call.outcome).map_or("-", |outcome| outcome.name());
        let ticket = result.call.as_ref().and_then(|call| call.ticket.as_ref());
        let ticket = ticket.map_or("-".to_owned(), |ticket| format!("#{}", ticket.number));
        let passed = if result.misses.is_empty() { "as it should be" } else { "MISSED" };
        println!(
            "{name:<4}{outcome:<12}{:<42}{:<24}{ticket:<9}{:<14}{passed}",
            cut(&result.heard.join(" | "), 40),
            cut(&result.understood.join(", "), 22),
            median(&result.wire_ms).map_or("-".to_owned(), |ms| format!("{ms} ms")),
        );
        result.misses.iter().for_each(|miss| println!("      {} — {miss}", result.title));
    }
    let wire: Vec<u32> = results.iter().flat_map(|result| result.wire_ms.clone()).collect();
    let ear: Vec<u32> = results.iter().flat_map(|result| result.ear_ms.clone()).collect();
    let greeting: Vec<u32> = results.iter().filter_map(|result| result.greeting_ms).collect();
    println!();
    for (what, values) in [
        ("end of speech → first voiced reply packet, by the service", &wire),
        ("the same, heard at the caller's phone", &ear),
        ("answer → first sound of the greeting, at the phone", &greeting),
    ] {
        if let (Some(p50), Some(p95)) = (median(values), quantile(values, 0.95)) {
            println!("{what}: p50 {p50} ms, p95 {p95} ms, n {}", values.len());
        }
    }
}

fn median(values: &[u32]) -> Option<u32> {
    quantile(values, 0.5)
}

fn quantile(values: &[u32], share: f64) -> Option<u32> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let last = sorted.len().checked_sub(1)?;
    sorted.get((last as f64 * share).round() as usize).copied()
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    }
    text.chars().take(width - 1).chain(['…']).collect()
}
