//! After a crash: every call that was offered gets one outcome, and a ticket with what was said up to then. Whoever waited in a queue keeps
//! their place, and is called back.

use crate::call::{closing_events, waiting_callback};
use crate::event::{Channel, Entry, Event, Outcome, Party};
use crate::store::{StoreError, Tenant};

/// Closes the journals of calls that have no outcome. Returns how many there were.
pub async fn recover(tenant: &Tenant) -> Result<usize, StoreError> {
    let calls = tenant.unended_calls().await?;
    for call in &calls {
        let journal = tenant.journal(call.id).await?;
        let last = journal.last().map_or(call.started_at, |entry| entry.at);
        let internal =
            journal.iter().any(|entry| matches!(entry.event, Event::Offered { channel: Channel::Extension, .. }));
        let called_back = if internal { Vec::new() } else { waiting_callback(&journal) };
        // Whoever had reached an agent was served; for everybody else the service failed, unless they are called back.
        let bridged = journal.iter().any(|entry| matches!(entry.event, Event::Bridged { .. }));
        let outcome = match (bridged, called_back.is_empty()) {
            (_, false) => Outcome::Callback,
            (true, true) => Outcome::Agent,
            (false, true) => Outcome::Failed,
        };
        let duration_ms = last.saturating_sub(call.started_at).clamp(0, i64::from(u32::MAX)) as u32;
        let hung_up = Event::HungUp { by: Party::Hotline, cause: "crash".into() };
        let next = journal.last().map_or(0, |entry| entry.seq) + 1;
        let entry = |event: Event, seq: u32| Entry { seq, at: last, audio_ms: None, event };
        let before = called_back.into_iter().chain([hung_up]);
        let mut entries: Vec<Entry> = before.zip(next..).map(|(event, seq)| entry(event, seq)).collect();
        let closing = match internal {
            // Calls that our own phones make open no tickets.
            true => vec![Event::Ended { outcome, duration_ms }],
            false => {
                let whole: Vec<Entry> = journal.iter().chain(&entries).cloned().collect();
                closing_events(&whole, outcome, duration_ms)
            }
        };
        let next = next + entries.len() as u32;
        entries.extend(closing.into_iter().zip(next..).map(|(event, seq)| entry(event, seq)));
        tenant.append(call.id, entries).await?;
    }
    Ok(calls.len())
}
