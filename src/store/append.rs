//! Appending to journals. One task does it for all calls: it takes whatever is waiting, stores it in one transaction
//! together with the calls and tickets it changes, answers, and shows it to live screens in the order of the cursors.
//! So fifty calls cost one flush to disk at a time, not fifty.

use std::{collections::BTreeMap, sync::Arc};

use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, Set,
};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::{
    Core,
    entity::{call, event, ticket},
    error::StoreError,
    key::PersonKey,
    model::Live,
    people,
    projection::{Projection, touches_tickets},
    seal::{AT_ONCE, Keys, seal_event},
};
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
    let transaction = core.database.begin_append().await?;
    let mut results = Vec::with_capacity(jobs.len());
    for job in jobs {
        match store(core, &transaction, job).await {
            Err(error) if !is_refusal(&error) => {
                // The error that matters is the first one.
                let _ = transaction.rollback().await;
                return Err(error);
            }
            result => results.push(result),
        }
    }
    transaction.commit().await?;
    Ok(results)
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

async fn store(core: &Core, on: &impl ConnectionTrait, job: &Job) -> Result<Vec<Stored>, StoreError> {
    let tenant = job.tenant;
    match &job.work {
        Work::Call(call, entries) => {
            check(entries)?;
            let Some(row) = load_call(on, tenant, *call).await? else {
                return begin(core, on, tenant, *call, entries).await;
            };
            let key = key_of(core, on, &row).await?;
            let mut stored = already_there(core, on, &row, entries).await?;
            let fresh: Vec<(Option<u32>, Entry)> = entries
                .iter()
                .filter(|entry| !stored.contains_key(&entry.seq))
                .map(|entry| (Some(entry.seq), entry.clone()))
                .collect();
            let appended = extend(on, row, &key, fresh).await?;
            stored.extend(appended);
            Ok(stored.into_values().collect())
        }
        Work::Ticket(ticket, at, event) => {
            let found = ticket::Entity::find_by_id(ticket.0).filter(ticket::Column::Tenant.eq(tenant.0)).one(on);
            let found = found.await?.ok_or(StoreError::NoSuch { what: "ticket" })?;
            let row = load_call(on, tenant, CallId(found.call)).await?.ok_or(StoreError::NoSuch { what: "call" })?;
            let key = key_of(core, on, &row).await?;
            let entry = Entry { seq: 0, at: *at, audio_ms: None, event: event.clone() };
            Ok(extend(on, row, &key, vec![(None, entry)]).await?.into_values().collect())
        }
    }
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

async fn load_call(
    on: &impl ConnectionTrait,
    tenant: TenantId,
    call: CallId,
) -> Result<Option<call::Model>, StoreError> {
    Ok(call::Entity::find_by_id(call.0).filter(call::Column::Tenant.eq(tenant.0)).one(on).await?)
}

async fn key_of(core: &Core, on: &impl ConnectionTrait, row: &call::Model) -> Result<PersonKey, StoreError> {
    let keys = Keys::load(core, on, TenantId(row.tenant), [row.person]).await?;
    keys.of(row.person).cloned().ok_or(StoreError::Erased)
}

async fn begin(
    core: &Core,
    on: &impl ConnectionTrait,
    tenant: TenantId,
    call: CallId,
    entries: &[Entry],
) -> Result<Vec<Stored>, StoreError> {
    let Some(Entry { seq: 1, at, event: Event::Offered { from, .. }, .. }) = entries.first() else {
        return Err(StoreError::NoSuch { what: "call" });
    };
    let (person, key) = people::find_or_create(core, on, tenant, from, *at).await?;
    let row = Projection::new(tenant.0, call.0, person.0, &key).call;
    let fresh = entries.iter().map(|entry| (Some(entry.seq), entry.clone())).collect();
    Ok(extend(on, row, &key, fresh).await?.into_values().collect())
}

/// The entries that were stored before, by the place the call gave them.
async fn already_there(
    core: &Core,
    on: &impl ConnectionTrait,
    row: &call::Model,
    entries: &[Entry],
) -> Result<BTreeMap<u32, Stored>, StoreError> {
    let mut there = BTreeMap::new();
    let old: Vec<i32> = entries.iter().map(|entry| entry.seq as i32).filter(|seq| *seq <= row.last_given).collect();
    for some in old.chunks(AT_ONCE) {
        let rows = event::Entity::find()
            .filter(event::Column::Tenant.eq(row.tenant))
            .filter(event::Column::Call.eq(row.id))
            .filter(event::Column::Given.is_in(some.iter().copied()))
            .all(on)
            .await?;
        let keys = Keys::load(core, on, TenantId(row.tenant), rows.iter().map(|row| row.person)).await?;
        for stored in rows {
            let given = stored.given.unwrap_or_default() as u32;
            let entry = entry_of(&keys, &stored)?;
            let claimed = entries.iter().find(|claimed| claimed.seq == given);
            if claimed.is_some_and(|claimed| claimed.at != entry.at || claimed.event != entry.event) {
                return Err(StoreError::Conflict { call: CallId(row.id), seq: given });
            }
            let live = Live { cursor: Some(stored.id), call: CallId(row.id), entry: entry.into() };
            there.insert(given, Stored { live, fresh: false });
        }
    }
    Ok(there)
}

/// An entry as it was.
pub(super) fn entry_of(keys: &Keys, row: &event::Model) -> Result<Entry, StoreError> {
    Ok(Entry { seq: row.seq as u32, at: row.at, audio_ms: row.audio_ms.map(|ms| ms as u32), event: keys.event(row)? })
}

/// Appends entries, numbering them after the last, and brings the call and its tickets up to date. Answers by the place
/// that was given (or, for ticket work, taken).
async fn extend(
    on: &impl ConnectionTrait,
    row: call::Model,
    key: &PersonKey,
    fresh: Vec<(Option<u32>, Entry)>,
) -> Result<BTreeMap<u32, Stored>, StoreError> {
    if fresh.is_empty() {
        return Ok(BTreeMap::new());
    }
    let (tenant, call) = (row.tenant, row.id);
    let is_new = row.last_seq == 0;
    let mut projection = Projection { call: row, tickets: Vec::new() };
    let tickets = fresh.iter().any(|(_, entry)| touches_tickets(&entry.event));
    if tickets && !is_new {
        projection.tickets = tickets_of(on, tenant, call).await?;
    }
    let known = projection.tickets.clone();
    let opens = fresh.iter().any(|(_, entry)| matches!(entry.event, Event::TicketOpened { .. }));
    let mut number = if opens { last_number(on, tenant).await? } else { 0 };

    let mut rows = Vec::with_capacity(fresh.len());
    let mut entries = Vec::with_capacity(fresh.len());
    for (given, mut entry) in fresh {
        entry.seq = projection.call.last_seq as u32 + 1;
        projection.apply(key, &entry, &mut |_| {
            number += 1;
            number
        });
        if let Some(given) = given {
            projection.call.last_given = projection.call.last_given.max(given as i32);
        }
        rows.push(event_row(&projection.call, key, given, &entry));
        entries.push((given.unwrap_or(entry.seq), entry));
    }
    let cursors = insert(on, rows).await?;
    save(on, projection, is_new, &known).await?;
    let stored = cursors.into_iter().zip(entries).map(|(cursor, (place, entry))| {
        let live = Live { cursor: Some(cursor), call: CallId(call), entry: entry.into() };
        (place, Stored { live, fresh: true })
    });
    Ok(stored.collect())
}

pub(super) async fn tickets_of(
    on: &impl ConnectionTrait,
    tenant: Uuid,
    call: Uuid,
) -> Result<Vec<ticket::Model>, StoreError> {
    let tickets = ticket::Entity::find()
        .filter(ticket::Column::Tenant.eq(tenant))
        .filter(ticket::Column::Call.eq(call))
        .order_by_asc(ticket::Column::Number);
    Ok(tickets.all(on).await?)
}

async fn last_number(on: &impl ConnectionTrait, tenant: Uuid) -> Result<i64, StoreError> {
    let last = ticket::Entity::find()
        .filter(ticket::Column::Tenant.eq(tenant))
        .order_by_desc(ticket::Column::Number)
        .select_only()
        .column(ticket::Column::Number)
        .into_tuple::<i64>()
        .one(on)
        .await?;
    Ok(last.unwrap_or(0))
}

fn event_row(call: &call::Model, key: &PersonKey, given: Option<u32>, entry: &Entry) -> event::ActiveModel {
    let header = entry.event.header();
    event::ActiveModel {
        id: NotSet,
        tenant: Set(call.tenant),
        call: Set(call.id),
        person: Set(call.person),
        seq: Set(entry.seq as i32),
        given: Set(given.map(|given| given as i32)),
        at: Set(entry.at),
        audio_ms: Set(entry.audio_ms.map(i64::from)),
        kind: Set(header.kind.into()),
        block: Set(header.block.map(str::to_owned)),
        turn: Set(header.turn.map(|turn| turn as i64)),
        duration_ms: Set(header.duration_ms.map(i64::from)),
        score: Set(header.score),
        label: Set(header.label.map(str::to_owned)),
        body: Set(seal_event(key, call.tenant, call.id, entry.seq as i32, &entry.event)),
    }
}

/// The cursors of the rows, in their order.
async fn insert(on: &impl ConnectionTrait, rows: Vec<event::ActiveModel>) -> Result<Vec<i64>, StoreError> {
    let mut cursors = Vec::with_capacity(rows.len());
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let some: Vec<_> = rows.by_ref().take(AT_ONCE).collect();
        let mut ids: Vec<i64> = event::Entity::insert_many(some).exec_with_returning_keys(on).await?;
        // Ids are given in the order of the rows; databases need not return them in it.
        ids.sort_unstable();
        cursors.append(&mut ids);
    }
    Ok(cursors)
}

async fn save(
    on: &impl ConnectionTrait,
    projection: Projection,
    is_new: bool,
    known: &[ticket::Model],
) -> Result<(), StoreError> {
    let call = projection.call.into_active_model().reset_all();
    if is_new {
        call::Entity::insert(call).exec_without_returning(on).await?;
    } else {
        call.update_without_returning(on).await?;
    }
    for ticket in projection.tickets {
        match known.iter().find(|known| known.id == ticket.id) {
            Some(known) if *known == ticket => {}
            Some(_) => {
                ticket.into_active_model().reset_all().update_without_returning(on).await?;
            }
            None => {
                ticket::Entity::insert(ticket.into_active_model().reset_all()).exec_without_returning(on).await?;
            }
        }
    }
    Ok(())
}
