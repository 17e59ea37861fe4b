//! Reading calls: lists, one call, the calls a crash left open, and their recordings.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
};

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, Order, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use super::{
    Tenant,
    entity::{call, event, ticket},
    error::StoreError,
    model::{CallFilter, CallState, CallSummary, Page, TicketRef},
    names::Name,
    recording::{RecordingReader, RecordingWriter},
    seal::{AT_ONCE, Keys},
};
use crate::event::{CallId, Channel, Outcome, PersonId, TicketId, Timestamp};

/// The entries that say whose phone a call came to.
pub(super) const PART_IN_A_CALL: [&str; 4] = ["ringing", "bridged", "joined", "retrieved"];

impl Tenant {
    /// Calls, newest first: those before a call (`None`: from the newest), at most `limit`.
    pub async fn calls(
        &self,
        filter: &CallFilter,
        before: Option<CallId>,
        limit: u64,
    ) -> Result<Page<CallSummary, CallId>, StoreError> {
        self.calls_in(None, filter, before, limit).await
    }

    /// The same, of those that came to one of these extensions.
    pub async fn calls_of(
        &self,
        extensions: &[String],
        filter: &CallFilter,
        before: Option<CallId>,
        limit: u64,
    ) -> Result<Page<CallSummary, CallId>, StoreError> {
        self.calls_in(Some(extensions), filter, before, limit).await
    }

    async fn calls_in(
        &self,
        extensions: Option<&[String]>,
        filter: &CallFilter,
        before: Option<CallId>,
        limit: u64,
    ) -> Result<Page<CallSummary, CallId>, StoreError> {
        let came_to = |extensions: &[String]| {
            event::Entity::find()
                .filter(event::Column::Tenant.eq(self.id.0))
                .filter(event::Column::Kind.is_in(PART_IN_A_CALL))
                .filter(event::Column::Label.is_in(extensions.iter().map(String::as_str)))
                .select_only()
                .column(event::Column::Call)
                .into_query()
        };
        let ended = CallState::Ended.stored();
        // Ids of calls sort by the time they were made, so they serve as the place in the list.
        let rows = call::Entity::find()
            .filter(call::Column::Tenant.eq(self.id.0))
            .apply_if(extensions, |query, extensions| query.filter(call::Column::Id.in_subquery(came_to(extensions))))
            .apply_if(before, |query, before| query.filter(call::Column::Id.lt(before.0)))
            .apply_if(filter.outcome, |query, outcome| query.filter(call::Column::Outcome.eq(outcome.stored())))
            .apply_if(filter.live, |query, live| match live {
                true => query.filter(call::Column::State.ne(ended)),
                false => query.filter(call::Column::State.eq(ended)),
            })
            .order_by(call::Column::Id, Order::Desc)
            .limit(limit.saturating_add(1))
            .all(&self.core.database.reader)
            .await?;
        let more = rows.len() as u64 > limit;
        let mut items = self.summaries(&self.core.database.reader, rows).await?;
        items.truncate(limit as usize);
        let next = items.last().filter(|_| more).map(|call| call.id);
        Ok(Page { items, next })
    }

    /// Calls since `since` in which the engine rejected something, had to ask, or was less sure than `score`; newest first, at most `limit`.
    pub async fn calls_hardly_understood(
        &self,
        since: Timestamp,
        score: f32,
        limit: u64,
    ) -> Result<Vec<CallId>, StoreError> {
        let unsure = event::Column::Label.ne("accepted").or(event::Column::Score.lt(score));
        let rows: Vec<Uuid> = event::Entity::find()
            .filter(event::Column::Tenant.eq(self.id.0))
            .filter(event::Column::Kind.eq("understood"))
            .filter(event::Column::At.gte(since))
            .filter(unsure)
            .order_by(event::Column::Id, Order::Desc)
            .limit(limit)
            .select_only()
            .column(event::Column::Call)
            .into_tuple()
            .all(&self.core.database.reader)
            .await?;
        let mut seen = HashSet::new();
        Ok(rows.into_iter().filter(|call| seen.insert(*call)).map(CallId).collect())
    }

    /// One call.
    pub async fn call(&self, id: CallId) -> Result<CallSummary, StoreError> {
        let reader = &self.core.database.reader;
        let row = call::Entity::find_by_id(id.0).filter(call::Column::Tenant.eq(self.id.0)).one(reader).await?;
        let row = row.ok_or(StoreError::NoSuch { what: "call" })?;
        self.summaries(reader, vec![row]).await?.pop().ok_or(StoreError::NoSuch { what: "call" })
    }

    /// The calls and chats of somebody, newest first, at most `limit`.
    pub async fn calls_of_person(&self, person: PersonId, limit: u64) -> Result<Vec<CallSummary>, StoreError> {
        let reader = &self.core.database.reader;
        let rows = call::Entity::find()
            .filter(call::Column::Tenant.eq(self.id.0))
            .filter(call::Column::Person.eq(person.0))
            .order_by(call::Column::Id, Order::Desc)
            .limit(limit)
            .all(reader)
            .await?;
        self.summaries(reader, rows).await
    }

    /// The calls that have no outcome, oldest first. At start these are the calls that the last process left open.
    pub async fn unended_calls(&self) -> Result<Vec<CallSummary>, StoreError> {
        // Read where appends are written, so that nothing appended before is missing.
        let writer = &self.core.database.writer;
        let rows = call::Entity::find()
            .filter(call::Column::Tenant.eq(self.id.0))
            .filter(call::Column::State.ne(CallState::Ended.stored()))
            .order_by_asc(call::Column::Id)
            .all(writer)
            .await?;
        self.summaries(writer, rows).await
    }

    /// Begins the recording of a call that was begun. There is one recording per call and nobody adds to it later.
    pub async fn record(&self, call: CallId) -> Result<RecordingWriter, StoreError> {
        let reader = &self.core.database.reader;
        let row = call::Entity::find_by_id(call.0).filter(call::Column::Tenant.eq(self.id.0)).one(reader).await?;
        let row = row.ok_or(StoreError::NoSuch { what: "call" })?;
        let keys = Keys::load(&self.core, reader, self.id, [row.person]).await?;
        let key = keys.of(row.person).cloned().ok_or(StoreError::Erased)?;
        let (path, tenant) = (self.recording_path(call), self.id);
        blocking(move || RecordingWriter::create(&path, key, tenant, call)).await
    }

    /// The recording of a call, also while it is being made; `None` when there is none or its person was erased.
    pub async fn recording(&self, call: CallId) -> Result<Option<RecordingReader>, StoreError> {
        let reader = &self.core.database.reader;
        let row = call::Entity::find_by_id(call.0).filter(call::Column::Tenant.eq(self.id.0)).one(reader).await?;
        let row = row.ok_or(StoreError::NoSuch { what: "call" })?;
        let keys = Keys::load(&self.core, reader, self.id, [row.person]).await?;
        let Some(key) = keys.of(row.person).cloned() else { return Ok(None) };
        let (path, tenant) = (self.recording_path(call), self.id);
        blocking(move || RecordingReader::open(&path, key, tenant, call)).await
    }

    pub(super) fn recording_path(&self, call: CallId) -> PathBuf {
        self.core.folder.join("recordings").join(format!("{call}.hlr"))
    }

    async fn summaries(
        &self,
        on: &impl ConnectionTrait,
        rows: Vec<call::Model>,
    ) -> Result<Vec<CallSummary>, StoreError> {
        let keys = Keys::load(&self.core, on, self.id, rows.iter().map(|row| row.person)).await?;
        let numbers = self.ticket_numbers(on, rows.iter().filter_map(|row| row.ticket).collect()).await?;
        rows.into_iter().map(|row| summary(row, &keys, &numbers)).collect()
    }

    async fn ticket_numbers(
        &self,
        on: &impl ConnectionTrait,
        tickets: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, i64>, StoreError> {
        let mut numbers = HashMap::new();
        for some in tickets.chunks(AT_ONCE) {
            let rows: Vec<(Uuid, i64)> = ticket::Entity::find()
                .filter(ticket::Column::Tenant.eq(self.id.0))
                .filter(ticket::Column::Id.is_in(some.iter().copied()))
                .select_only()
                .columns([ticket::Column::Id, ticket::Column::Number])
                .into_tuple()
                .all(on)
                .await?;
            numbers.extend(rows);
        }
        Ok(numbers)
    }
}

/// Runs what waits for the disk where it holds up nobody.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::Closed)?
}

fn summary(row: call::Model, keys: &Keys, numbers: &HashMap<Uuid, i64>) -> Result<CallSummary, StoreError> {
    Ok(CallSummary {
        from: keys.text(row.person, "caller", row.tenant, row.id, &row.caller)?,
        id: CallId(row.id),
        person: PersonId(row.person),
        started_at: row.started_at,
        ended_at: row.ended_at,
        channel: row.channel.as_deref().and_then(Channel::named),
        to: row.dialled,
        flow: row.flow,
        outcome: row.outcome.as_deref().and_then(Outcome::named),
        intent: row.intent,
        state: CallState::named(&row.state).unwrap_or_default(),
        agent: row.agent,
        ticket: row.ticket.and_then(|id| Some(TicketRef { id: TicketId(id), number: *numbers.get(&id)? })),
        duration_ms: row.duration_ms.map(|ms| ms as u32),
        turns: row.turns as u32,
        wire_p50_ms: row.wire_p50_ms.map(|ms| ms as u32),
        last_seq: row.last_seq as u32,
    })
}
