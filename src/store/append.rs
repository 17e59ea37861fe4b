//! Appending to journals. One task does it for all calls: it takes whatever is waiting, stores it in one transaction
//! together with the calls and tickets it changes, answers, and shows it to live screens in the order of the cursors.
//! So fifty calls cost one flush to disk at a time, not fifty.

mod batch;

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::{mpsc, oneshot};

use super::{Core, entity::event, error::StoreError, model::Live, seal::Keys};
use crate::event::{CallId, Entry, Event, TenantId, TicketId, Timestamp};

/// How many requests share a transaction.
const BATCH: usize = 256;

/// A request to the task.
pub(super) enum Message {
    /// Store this.
    Append(Job),
    /// Store what was asked for before, then stop.
    Close(oneshot::Sender<()>),
}

/// What to append, and who waits for it.
pub(super) struct Job {
    pub(super) tenant: TenantId,
    pub(super) work: Work,
    pub(super) reply: oneshot::Sender<Result<Vec<Live>, StoreError>>,
}

/// What to append.
pub(super) enum Work {
    /// What happened in a call.
    Call(CallId, Vec<Entry>),
    /// What somebody did to a ticket; it goes to the journal of the ticket's call.
    Ticket(TicketId, Timestamp, Event),
    /// What happened beside a call, which gives it no place of its own.
    Beside(CallId, Timestamp, Event),
}

/// An entry as stored, and whether it is new or was there already.
struct Stored {
    live: Live,
    fresh: bool,
}

/// The task: runs until the store is closed or every handle is gone.
pub(super) async fn run(core: Arc<Core>, mut messages: mpsc::Receiver<Message>) {
    let mut taken = Vec::new();
    let mut closing = Vec::new();
    while messages.recv_many(&mut taken, BATCH).await > 0 {
        let mut jobs = Vec::new();
        for message in taken.drain(..) {
            match message {
                Message::Append(job) => jobs.push(job),
                Message::Close(done) => {
                    // What is in the channel already is still received.
                    messages.close();
                    closing.push(done);
                }
            }
        }
        commit(&core, jobs).await;
    }
    for done in closing {
        // Whoever closed may have stopped waiting.
        let _ = done.send(());
    }
}

async fn commit(core: &Core, jobs: Vec<Job>) {
    match attempt(core, &jobs).await {
        Ok(results) => {
            for (job, result) in jobs.into_iter().zip(results) {
                answer(core, job, result);
            }
        }
        Err(error) if jobs.len() == 1 => {
            if let Some(job) = jobs.into_iter().next() {
                answer(core, job, Err(error));
            }
        }
        // One that the database refuses must not take the others with it.
        Err(_) => {
            for job in jobs {
                let result = attempt(core, std::slice::from_ref(&job)).await;
                let result = result.and_then(|mut results| results.pop().unwrap_or(Err(StoreError::Closed)));
                answer(core, job, result);
            }
        }
    }
}

fn answer(core: &Core, job: Job, result: Result<Vec<Stored>, StoreError>) {
    let result = result.map(|stored| {
        let screens = core.live(job.tenant);
        let publish = |Stored { live, fresh }: Stored| {
            if fresh && !live.entry.event.is_technical() {
                // Nobody watching is no error.
                let _ = screens.send(live.clone());
            }
            live
        };
        stored.into_iter().map(publish).collect()
    });
    // Whoever asked may have stopped waiting; what they asked for is stored all the same.
    let _ = job.reply.send(result);
}

/// [`store_all`], and a connection that is fit for the next attempt when it failed.
async fn attempt(core: &Core, jobs: &[Job]) -> Result<Vec<Result<Vec<Stored>, StoreError>>, StoreError> {
    let result = store_all(core, jobs).await;
    if result.is_err() {
        core.database.settle().await;
    }
    result
}

/// Stores all jobs in one transaction. A job that is refused for its own reasons has written nothing; when the database
/// fails, nothing at all is stored.
async fn store_all(core: &Core, jobs: &[Job]) -> Result<Vec<Result<Vec<Stored>, StoreError>>, StoreError> {
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let mut tenants: BTreeMap<TenantId, Vec<usize>> = BTreeMap::new();
    for (at, job) in jobs.iter().enumerate() {
        tenants.entry(job.tenant).or_default().push(at);
    }
    let transaction = core.database.begin_append().await?;
    let mut results: BTreeMap<usize, Result<Vec<Stored>, StoreError>> = BTreeMap::new();
    for (tenant, places) in tenants {
        let works: Vec<&Work> = places.iter().map(|&at| &jobs[at].work).collect();
        match batch::store(core, &transaction, tenant, &works).await {
            Ok(stored) => results.extend(places.into_iter().zip(stored)),
            Err(error) => {
                // The error that matters is the first one.
                let _ = transaction.rollback().await;
                return Err(error);
            }
        }
    }
    transaction.commit().await?;
    Ok(results.into_values().collect())
}

/// Refusals are decided before anything is written.
fn is_refusal(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::NoSuch { .. }
            | StoreError::Invalid(_)
            | StoreError::Conflict { .. }
            | StoreError::Erased
            | StoreError::Damaged { .. }
    )
}

fn check(entries: &[Entry]) -> Result<(), StoreError> {
    if entries.iter().any(|entry| entry.event.is_transient()) {
        return Err(StoreError::Invalid("words still being said are shown, never stored: publish them".into()));
    }
    let ascending = entries.windows(2).all(|pair| pair[0].seq < pair[1].seq);
    if !ascending || entries.iter().any(|entry| entry.seq == 0 || entry.seq > i32::MAX as u32) {
        return Err(StoreError::Invalid("the entries of a call are numbered upwards from 1".into()));
    }
    Ok(())
}

/// An entry as it was.
pub(super) fn entry_of(keys: &Keys, row: &event::Model) -> Result<Entry, StoreError> {
    Ok(Entry { seq: row.seq as u32, at: row.at, audio_ms: row.audio_ms.map(|ms| ms as u32), event: keys.event(row)? })
}
