//! After a crash: every call that was offered gets one outcome, and a ticket with what was said up to then.

use crate::call::closing_events;
use crate::event::{Channel, Entry, Event, Outcome, Party};
use crate::store::{StoreError, Tenant};

/// Closes the journals of calls that have no outcome. Returns how many there were.
pub async fn recover(tenant: &Tenant) -> Result<usize, StoreError> {
    let calls = tenant.unended_calls().await?;
    for call in &calls {
        let journal = tenant.journal(call.id).await?;
        let last = journal.last().map_or(call.started_at, |entry| entry.at);
        // Whoever had reached an agent was served; for everybody else the service failed.
        let bridged = journal.iter().any(|entry| matches!(entry.event, Event::Bridged { .. }));
        let outcome = if bridged { Outcome::Agent } else { Outcome::Failed };
        let duration_ms = last.saturating_sub(call.started_at).clamp(0, i64::from(u32::MAX)) as u32;
        let hung_up = Event::HungUp { by: Party::Hotline, cause: "crash".into() };
        let internal =
            journal.iter().any(|entry| matches!(entry.event, Event::Offered { channel: Channel::Extension, .. }));
        let closing = match internal {
            // Calls that our own phones make open no tickets.
            true => vec![Event::Ended { outcome, duration_ms }],
            false => closing_events(&journal, outcome, duration_ms),
        };
        let events = std::iter::once(hung_up).chain(closing);
        let next = journal.last().map_or(0, |entry| entry.seq) + 1;
        let entries = events.zip(next..).map(|(event, seq)| Entry { seq, at: last, audio_ms: None, event }).collect();
        tenant.append(call.id, entries).await?;
    }
    Ok(calls.len())
}
