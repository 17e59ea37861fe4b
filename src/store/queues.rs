//! Queues as documents, what agents can do, what they were last, and how it goes with callbacks. What the documents mean is read elsewhere.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use super::{
    Tenant,
    append::Work,
    calls::PART_IN_A_CALL,
    database::is_duplicate,
    entity::{agent_profile, call, callback, event, extension, presence, queue},
    error::StoreError,
    seal::Keys,
};
use crate::event::{CallId, Event, Personal, Timestamp, UserId};

/// A queue that somebody has defined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptQueue {
    /// Its name.
    pub id: String,
    /// How often it was changed.
    pub revision: i64,
    /// When it was changed last.
    pub changed_at: Timestamp,
    /// By whom.
    pub changed_by: Option<UserId>,
    /// JSON.
    pub document: String,
}

/// What an agent wanted to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptPresence {
    /// Their extension.
    pub extension: String,
    /// Why they are away; none: they are available.
    pub reason: Option<String>,
    /// Since when.
    pub since: Timestamp,
}

/// Somebody who is to be called back.
#[derive(Clone, Debug, PartialEq)]
pub struct Callback {
    /// The call in which that was arranged.
    pub call: CallId,
    /// When it was arranged.
    pub arranged_at: Timestamp,
    /// Whom to call.
    pub number: Personal,
    /// The queue whose agents call.
    pub queue: String,
    /// What they should know.
    pub brief: Personal,
    /// Since when they wait.
    pub since: Timestamp,
    /// Whether they waited in the queue before, and keep their place.
    pub keeps_place: bool,
    /// How soon it is their turn, if that was said.
    pub priority: Option<u8>,
    /// How often it was tried.
    pub tries: u32,
    /// When it is tried next.
    pub due_at: Timestamp,
}

/// How it goes with a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackState {
    /// It is tried, or will be again.
    Waiting,
    /// They were reached.
    Done,
    /// They were not, and it is not tried again.
    Failed,
}

impl CallbackState {
    fn stored(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

impl Tenant {
    /// The queues that somebody has defined, by name.
    pub async fn queues(&self) -> Result<Vec<KeptQueue>, StoreError> {
        let rows = queue::Entity::find()
            .filter(queue::Column::Tenant.eq(self.id.0))
            .order_by_asc(queue::Column::Id)
            .all(&self.core.database.reader)
            .await?;
        Ok(rows.into_iter().map(KeptQueue::from).collect())
    }

    /// One of them.
    pub async fn queue(&self, id: &str) -> Result<Option<KeptQueue>, StoreError> {
        let row = queue::Entity::find_by_id((self.id.0, id.to_owned())).one(&self.core.database.reader).await?;
        Ok(row.map(KeptQueue::from))
    }

    /// Adds a queue.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when there is one of that name.
    pub async fn add_queue(
        &self,
        id: &str,
        document: String,
        by: UserId,
        at: Timestamp,
    ) -> Result<KeptQueue, StoreError> {
        let row = queue::ActiveModel {
            tenant: Set(self.id.0),
            id: Set(id.to_owned()),
            revision: Set(1),
            changed_at: Set(at),
            changed_by: Set(Some(by.0)),
            document: Set(document.clone()),
        };
        let insert = queue::Entity::insert(row).exec_without_returning(&self.core.database.writer);
        insert.await.map_err(|error| {
            if is_duplicate(&error) { StoreError::Taken { what: "the name of the queue" } } else { error.into() }
        })?;
        Ok(KeptQueue { id: id.to_owned(), revision: 1, changed_at: at, changed_by: Some(by), document })
    }

    /// Changes the queue that has this revision.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it has another one.
    pub async fn change_queue(
        &self,
        id: &str,
        revision: i64,
        document: String,
        by: UserId,
        at: Timestamp,
    ) -> Result<KeptQueue, StoreError> {
        let changed = queue::Entity::update_many()
            .col_expr(queue::Column::Revision, Expr::value(revision + 1))
            .col_expr(queue::Column::ChangedAt, Expr::value(at))
            .col_expr(queue::Column::ChangedBy, Expr::value(Some(by.0)))
            .col_expr(queue::Column::Document, Expr::value(document))
            .filter(queue::Column::Tenant.eq(self.id.0))
            .filter(queue::Column::Id.eq(id))
            .filter(queue::Column::Revision.eq(revision))
            .exec(&self.core.database.writer)
            .await?;
        let now = queue::Entity::find_by_id((self.id.0, id.to_owned())).one(&self.core.database.writer).await?;
        let now = now.ok_or(StoreError::NoSuch { what: "queue" })?;
        match changed.rows_affected {
            0 => Err(StoreError::Changed { what: "queue", version: now.revision.try_into().unwrap_or(u32::MAX) }),
            _ => Ok(now.into()),
        }
    }

    /// Removes a queue's definition.
    pub async fn remove_queue(&self, id: &str) -> Result<(), StoreError> {
        let gone = queue::Entity::delete_by_id((self.id.0, id.to_owned())).exec(&self.core.database.writer).await?;
        if gone.rows_affected == 0 { Err(StoreError::NoSuch { what: "queue" }) } else { Ok(()) }
    }

    /// What agents can do: their extensions, and JSON.
    pub async fn agent_profiles(&self) -> Result<Vec<(String, String)>, StoreError> {
        let rows = agent_profile::Entity::find()
            .filter(agent_profile::Column::Tenant.eq(self.id.0))
            .all(&self.core.database.reader)
            .await?;
        Ok(rows.into_iter().map(|row| (row.extension, row.document)).collect())
    }

    /// What an agent can do from now on.
    pub async fn put_agent_profile(&self, extension: &str, document: String) -> Result<(), StoreError> {
        let row = agent_profile::ActiveModel {
            tenant: Set(self.id.0),
            extension: Set(extension.to_owned()),
            document: Set(document),
        };
        let replace = OnConflict::columns([agent_profile::Column::Tenant, agent_profile::Column::Extension])
            .update_column(agent_profile::Column::Document)
            .to_owned();
        let insert = agent_profile::Entity::insert(row).on_conflict(replace);
        insert.exec_without_returning(&self.core.database.writer).await?;
        Ok(())
    }

    /// What agents wanted to be last.
    pub async fn presences(&self) -> Result<Vec<KeptPresence>, StoreError> {
        let rows = presence::Entity::find()
            .filter(presence::Column::Tenant.eq(self.id.0))
            .all(&self.core.database.reader)
            .await?;
        let kept =
            |row: presence::Model| KeptPresence { extension: row.extension, reason: row.reason, since: row.since };
        Ok(rows.into_iter().map(kept).collect())
    }

    /// What an agent wants to be.
    pub async fn put_presence(&self, kept: KeptPresence) -> Result<(), StoreError> {
        let row = presence::ActiveModel {
            tenant: Set(self.id.0),
            extension: Set(kept.extension),
            reason: Set(kept.reason),
            since: Set(kept.since),
        };
        let replace = OnConflict::columns([presence::Column::Tenant, presence::Column::Extension])
            .update_columns([presence::Column::Reason, presence::Column::Since])
            .to_owned();
        let insert = presence::Entity::insert(row).on_conflict(replace);
        insert.exec_without_returning(&self.core.database.writer).await?;
        Ok(())
    }

    /// The extensions and whose they are, by name.
    pub async fn extension_owners(&self) -> Result<Vec<(String, UserId)>, StoreError> {
        let rows: Vec<(String, Uuid)> = extension::Entity::find()
            .filter(extension::Column::Tenant.eq(self.id.0))
            .order_by_asc(extension::Column::Name)
            .select_only()
            .columns([extension::Column::Name, extension::Column::User])
            .into_tuple()
            .all(&self.core.database.reader)
            .await?;
        Ok(rows.into_iter().map(|(name, user)| (name, UserId(user))).collect())
    }

    /// The extensions of somebody, by name.
    pub async fn extensions_of(&self, user: UserId) -> Result<Vec<String>, StoreError> {
        let all = self.extension_owners().await?;
        Ok(all.into_iter().filter(|(_, owner)| *owner == user).map(|(name, _)| name).collect())
    }

    /// Whether one of these extensions had part in a call: it rang there, or they talked.
    pub async fn had_part(&self, call: CallId, extensions: &[String]) -> Result<bool, StoreError> {
        if extensions.is_empty() {
            return Ok(false);
        }
        let found = event::Entity::find()
            .filter(event::Column::Tenant.eq(self.id.0))
            .filter(event::Column::Call.eq(call.0))
            .filter(event::Column::Kind.is_in(PART_IN_A_CALL))
            .filter(event::Column::Label.is_in(extensions.iter().map(String::as_str)))
            .one(&self.core.database.reader)
            .await?;
        Ok(found.is_some())
    }

    /// The agent whom whoever calls from this number talked to last.
    pub async fn last_agent(&self, number: &Personal) -> Result<Option<String>, StoreError> {
        let Some(caller) = self.person_by_number(number).await? else { return Ok(None) };
        let row = call::Entity::find()
            .filter(call::Column::Tenant.eq(self.id.0))
            .filter(call::Column::Person.eq(caller.0))
            .filter(call::Column::Agent.is_not_null())
            .order_by(call::Column::Id, Order::Desc)
            .one(&self.core.database.reader)
            .await?;
        Ok(row.and_then(|row| row.agent))
    }

    /// Those who are to be called back and were not reached yet, of what was arranged since then; the first to be tried first. Those
    /// who were erased are not called.
    pub async fn callbacks(&self, since: Timestamp) -> Result<Vec<Callback>, StoreError> {
        let reader = &self.core.database.reader;
        let rows = event::Entity::find()
            .filter(event::Column::Tenant.eq(self.id.0))
            .filter(event::Column::Kind.eq("callback_arranged"))
            .filter(event::Column::At.gte(since))
            .order_by_asc(event::Column::Id)
            .all(reader)
            .await?;
        let progress = callback::Entity::find().filter(callback::Column::Tenant.eq(self.id.0)).all(reader).await?;
        let progress: HashMap<Uuid, callback::Model> = progress.into_iter().map(|row| (row.call, row)).collect();
        let keys = Keys::load(&self.core, reader, self.id, rows.iter().map(|row| row.person)).await?;
        let mut callbacks = Vec::new();
        for row in &rows {
            let known = progress.get(&row.call);
            if known.is_some_and(|known| known.state != CallbackState::Waiting.stored())
                || keys.of(row.person).is_none()
            {
                continue;
            }
            if let Event::CallbackArranged { number, queue: Some(queue), brief, since, priority } = keys.event(row)? {
                callbacks.push(Callback {
                    call: CallId(row.call),
                    arranged_at: row.at,
                    number,
                    queue,
                    brief,
                    keeps_place: since.is_some(),
                    since: since.unwrap_or(row.at),
                    priority,
                    tries: known.map_or(0, |known| known.tries.unsigned_abs()),
                    due_at: known.map_or(row.at, |known| known.due_at),
                });
            }
        }
        callbacks.sort_by_key(|callback| callback.due_at);
        Ok(callbacks)
    }

    /// How it goes with a callback.
    pub async fn put_callback(
        &self,
        call: CallId,
        tries: u32,
        due_at: Timestamp,
        state: CallbackState,
    ) -> Result<(), StoreError> {
        let row = callback::ActiveModel {
            tenant: Set(self.id.0),
            call: Set(call.0),
            tries: Set(tries.try_into().unwrap_or(i32::MAX)),
            due_at: Set(due_at),
            state: Set(state.stored().into()),
        };
        let replace = OnConflict::columns([callback::Column::Tenant, callback::Column::Call])
            .update_columns([callback::Column::Tries, callback::Column::DueAt, callback::Column::State])
            .to_owned();
        let insert = callback::Entity::insert(row).on_conflict(replace);
        insert.exec_without_returning(&self.core.database.writer).await?;
        Ok(())
    }

    /// Adds to a call's journal what happened beside it, also when it is over: what an agent says of it.
    pub async fn append_beside(&self, call: CallId, event: Event, at: Timestamp) -> Result<(), StoreError> {
        self.ask(Work::Beside(call, at, event)).await.map(drop)
    }
}

impl From<queue::Model> for KeptQueue {
    fn from(row: queue::Model) -> Self {
        Self {
            id: row.id,
            revision: row.revision,
            changed_at: row.changed_at,
            changed_by: row.changed_by.map(UserId),
            document: row.document,
        }
    }
}
