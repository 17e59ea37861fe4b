//! A tenant's journals: appending to them and reading them back, call by call or in the order everything happened.

use sea_orm::sea_query::SimpleExpr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::sync::oneshot;

use super::{
    Tenant,
    append::{Job, Message, Work, entry_of},
    entity::{call, event},
    error::StoreError,
    model::Live,
    seal::Keys,
};
use crate::event::{CallId, Entry, Event};

impl Tenant {
    /// Begins a call with its first entry: `offered`, at place 1. Doing so again changes nothing.
    pub async fn begin_call(&self, call: CallId, offered: Entry) -> Result<Live, StoreError> {
        if !matches!(offered.event, Event::Offered { .. }) {
            return Err(StoreError::Invalid("a call begins with being offered".into()));
        }
        self.append(call, vec![offered]).await?.pop().ok_or(StoreError::Closed)
    }

    /// Appends what happened in a call and brings its row and its tickets up to date, all or nothing. A call that is
    /// not known yet begins when the first entry is `offered` at place 1.
    ///
    /// The call numbers its entries; appending one again changes nothing and answers with what is stored, so after an
    /// error (a full disk, say) the same entries can be appended again. Where people worked on the call's ticket
    /// meanwhile, the stored places come after theirs: the answer has them, with the cursors.
    pub async fn append(&self, call: CallId, mut entries: Vec<Entry>) -> Result<Vec<Live>, StoreError> {
        for entry in &mut entries {
            make_finite(&mut entry.event);
        }
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        self.ask(Work::Call(call, entries)).await
    }

    /// Hands something to the task that appends. It is done even when the caller stops waiting.
    pub(super) async fn ask(&self, work: Work) -> Result<Vec<Live>, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job = Job { tenant: self.id, work, reply };
        self.appends.send(Message::Append(job)).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// A call's journal, in order, but for what is [technical](Event::is_technical). What an erased person said reads
    /// [`ERASED`](super::ERASED).
    pub async fn journal(&self, call: CallId) -> Result<Vec<Entry>, StoreError> {
        let entries = self.entries(call, event::Column::Kind.is_not_in(Event::TECHNICAL)).await?;
        // Every journal begins with the offer.
        if entries.is_empty() { Err(StoreError::NoSuch { what: "call" }) } else { Ok(entries) }
    }

    /// What is [technical](Event::is_technical) in a call's journal, in order: nothing before its legs are over, nor when its person
    /// was erased.
    pub async fn technical(&self, call: CallId) -> Result<Vec<Event>, StoreError> {
        let entries = self.entries(call, event::Column::Kind.is_in(Event::TECHNICAL)).await?;
        Ok(entries.into_iter().map(|entry| entry.event).filter(Event::is_technical).collect())
    }

    async fn entries(&self, call: CallId, which: SimpleExpr) -> Result<Vec<Entry>, StoreError> {
        let reader = &self.core.database.reader;
        let rows = event::Entity::find()
            .filter(event::Column::Tenant.eq(self.id.0))
            .filter(event::Column::Call.eq(call.0))
            .filter(which)
            .order_by_asc(event::Column::Seq)
            .all(reader)
            .await?;
        let keys = Keys::load(&self.core, reader, self.id, rows.iter().map(|row| row.person)).await?;
        rows.iter().map(|row| entry_of(&keys, row)).collect()
    }

    /// At most `limit` entries of all calls that came after a cursor, in order, but for what is technical; 0 is before the first.
    pub async fn entries_after(&self, cursor: i64, limit: u64) -> Result<Vec<Live>, StoreError> {
        let reader = &self.core.database.reader;
        let rows = event::Entity::find()
            .filter(event::Column::Tenant.eq(self.id.0))
            .filter(event::Column::Id.gt(cursor))
            .filter(event::Column::Kind.is_not_in(Event::TECHNICAL))
            .order_by_asc(event::Column::Id)
            .limit(limit)
            .all(reader)
            .await?;
        let keys = Keys::load(&self.core, reader, self.id, rows.iter().map(|row| row.person)).await?;
        let live = |row: &event::Model| {
            let entry = entry_of(&keys, row)?.into();
            Ok(Live { cursor: Some(row.id), call: CallId(row.call), entry })
        };
        rows.iter().map(live).collect()
    }

    /// The cursor of the newest entry; 0 when there is none.
    pub async fn last_cursor(&self) -> Result<i64, StoreError> {
        let last = event::Entity::find()
            .filter(event::Column::Tenant.eq(self.id.0))
            .order_by_desc(event::Column::Id)
            .select_only()
            .column(event::Column::Id)
            .into_tuple::<i64>()
            .one(&self.core.database.reader)
            .await?;
        Ok(last.unwrap_or(0))
    }

    /// How many calls were offered so far.
    pub async fn calls_offered(&self) -> Result<u64, StoreError> {
        let calls = call::Entity::find().filter(call::Column::Tenant.eq(self.id.0));
        Ok(calls.count(&self.core.database.reader).await?)
    }
}

/// JSON has no NaN: an entry with one would be stored and never read again.
fn make_finite(event: &mut Event) {
    let fix = |score: &mut f32| {
        if !score.is_finite() {
            *score = 0.0;
        }
    };
    match event {
        Event::Heard { confidence, .. } => fix(confidence),
        Event::Understood { ranking, .. } => ranking.iter_mut().for_each(|scored| fix(&mut scored.confidence)),
        Event::LegQuality { sound, .. } => sound.make_finite(),
        _ => {}
    }
}
