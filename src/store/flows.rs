//! The flow that is edited, and the versions that were published. What is in the documents is not interpreted here.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DerivePartialModel, EntityTrait, Order, QueryFilter, QueryOrder,
    QuerySelect, Set, TransactionTrait, sea_query::Expr,
};
use uuid::Uuid;

use super::{
    Tenant,
    database::is_duplicate,
    entity::{flow_draft, flow_version},
    error::StoreError,
};
use crate::event::{Timestamp, UserId};

/// Versions that are kept; older ones that do not answer and wait for nothing are forgotten.
const KEPT: u64 = 200;

/// The flow as it is edited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowDraft {
    /// Counts changes; 0 before the first.
    pub revision: i64,
    /// When it was changed last.
    pub changed_at: Timestamp,
    /// By whom.
    pub changed_by: Option<UserId>,
    /// JSON; empty before the first change.
    pub document: String,
}

/// What became of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlowState {
    /// It answers.
    Live,
    /// It was to answer and could not.
    Held,
    /// It answered before.
    Earlier,
    /// It answers from its time on.
    Scheduled,
    /// It was scheduled and taken back.
    Cancelled,
}

impl FlowState {
    const ALL: [Self; 5] = [Self::Live, Self::Held, Self::Earlier, Self::Scheduled, Self::Cancelled];

    fn stored(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Held => "held",
            Self::Earlier => "earlier",
            Self::Scheduled => "scheduled",
            Self::Cancelled => "cancelled",
        }
    }

    fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|state| state.stored() == name).unwrap_or(Self::Earlier)
    }
}

/// A published flow, without its document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowVersion {
    /// Counts from 1.
    pub number: i64,
    /// When it was published.
    pub made_at: Timestamp,
    /// By whom; none for what answered before the first publish.
    pub made_by: Option<UserId>,
    /// What was written about it.
    pub note: String,
    /// Whether it answers.
    pub state: FlowState,
    /// The time that it was scheduled for.
    pub at: Option<Timestamp>,
    /// Of the document.
    pub hash: String,
    /// How many blocks it has.
    pub blocks: i64,
}

/// A version to be kept.
#[derive(Clone, Debug)]
pub struct NewFlowVersion {
    /// By whom.
    pub made_by: Option<UserId>,
    /// About it.
    pub note: String,
    /// The time from which it is to answer; without one it does at once.
    pub at: Option<Timestamp>,
    /// Of the document.
    pub hash: String,
    /// How many blocks it has.
    pub blocks: i64,
    /// In its canonical form.
    pub document: String,
}

#[derive(DerivePartialModel)]
#[sea_orm(entity = "flow_version::Entity")]
struct Listed {
    number: i64,
    made_at: i64,
    made_by: Option<Uuid>,
    note: String,
    state: String,
    at: Option<i64>,
    hash: String,
    blocks: i64,
}

impl Tenant {
    /// The flow as it is edited.
    pub async fn flow_draft(&self) -> Result<FlowDraft, StoreError> {
        let row = flow_draft::Entity::find_by_id(self.id.0).one(&self.core.database.reader).await?;
        Ok(row.map(FlowDraft::from).unwrap_or_default())
    }

    /// Changes the draft if nobody else has changed it since `revision`; returns the new revision.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when somebody has.
    pub async fn save_flow_draft(
        &self,
        revision: i64,
        document: String,
        by: UserId,
        at: Timestamp,
    ) -> Result<i64, StoreError> {
        let writer = &self.core.database.writer;
        if revision == 0 {
            let row = flow_draft::ActiveModel {
                tenant: Set(self.id.0),
                revision: Set(1),
                changed_at: Set(at),
                changed_by: Set(Some(by.0)),
                document: Set(document),
            };
            return match flow_draft::Entity::insert(row).exec_without_returning(writer).await {
                Ok(_) => Ok(1),
                Err(error) if is_duplicate(&error) => Err(self.flow_changed_since().await?),
                Err(error) => Err(error.into()),
            };
        }
        let changed = flow_draft::Entity::update_many()
            .col_expr(flow_draft::Column::Revision, Expr::value(revision + 1))
            .col_expr(flow_draft::Column::ChangedAt, Expr::value(at))
            .col_expr(flow_draft::Column::ChangedBy, Expr::value(Some(by.0)))
            .col_expr(flow_draft::Column::Document, Expr::value(document))
            .filter(flow_draft::Column::Tenant.eq(self.id.0))
            .filter(flow_draft::Column::Revision.eq(revision))
            .exec(writer)
            .await?;
        if changed.rows_affected == 0 { Err(self.flow_changed_since().await?) } else { Ok(revision + 1) }
    }

    /// What to say to whoever has an old revision of the draft.
    pub async fn flow_changed_since(&self) -> Result<StoreError, StoreError> {
        let revision = self.flow_draft().await?.revision;
        Ok(StoreError::Changed { what: "draft of the flow", version: revision.try_into().unwrap_or(u32::MAX) })
    }

    /// What was published, newest first.
    pub async fn flow_versions(&self) -> Result<Vec<FlowVersion>, StoreError> {
        let rows = self.flows().limit(KEPT).into_partial_model::<Listed>();
        Ok(rows.all(&self.core.database.reader).await?.into_iter().map(FlowVersion::from).collect())
    }

    /// One of them.
    pub async fn flow_version(&self, number: i64) -> Result<FlowVersion, StoreError> {
        let row = self.flows().filter(flow_version::Column::Number.eq(number)).into_partial_model::<Listed>();
        let row = row.one(&self.core.database.reader).await?;
        row.map(FlowVersion::from).ok_or(StoreError::NoSuch { what: "version" })
    }

    /// Its document.
    pub async fn flow_document(&self, number: i64) -> Result<String, StoreError> {
        let row = self.flows().filter(flow_version::Column::Number.eq(number));
        let row = row.select_only().column(flow_version::Column::Document).into_tuple();
        row.one(&self.core.database.reader).await?.ok_or(StoreError::NoSuch { what: "version" })
    }

    /// The version that answers; none before the first publish.
    pub async fn live_flow(&self) -> Result<Option<FlowVersion>, StoreError> {
        Ok(self.flows_that_are(FlowState::Live).await?.pop())
    }

    /// The versions that wait for their time, the first to answer first.
    pub async fn scheduled_flows(&self) -> Result<Vec<FlowVersion>, StoreError> {
        let mut waiting = self.flows_that_are(FlowState::Scheduled).await?;
        waiting.sort_by_key(|version| (version.at, version.number));
        Ok(waiting)
    }

    /// Keeps a version under the next number: live, or scheduled when it has a time. `before` is what answered until now: it is kept,
    /// too, if no version ever was live, so that it can come back.
    pub async fn add_flow_version(
        &self,
        new: NewFlowVersion,
        before: NewFlowVersion,
        now: Timestamp,
    ) -> Result<FlowVersion, StoreError> {
        let work = self.core.database.writer.begin().await?;
        let state = if new.at.is_some() { FlowState::Scheduled } else { FlowState::Live };
        if state == FlowState::Live {
            self.retire_flow(before, now, &work).await?;
        }
        let number = self.insert_flow(new, state, now, &work).await?;
        flow_version::Entity::delete_many()
            .filter(flow_version::Column::Tenant.eq(self.id.0))
            .filter(flow_version::Column::Number.lte(number - KEPT as i64))
            .filter(flow_version::Column::State.is_not_in([FlowState::Live.stored(), FlowState::Scheduled.stored()]))
            .exec(&work)
            .await?;
        work.commit().await?;
        self.flow_version(number).await
    }

    /// Has this version answer from now on; `before` as in [`add_flow_version`](Self::add_flow_version).
    pub async fn make_flow_live(
        &self,
        number: i64,
        before: NewFlowVersion,
        now: Timestamp,
    ) -> Result<FlowVersion, StoreError> {
        let work = self.core.database.writer.begin().await?;
        self.retire_flow(before, now, &work).await?;
        if !self.set_flow_state(number, FlowState::Live, None, &work).await? {
            work.rollback().await?;
            return Err(StoreError::NoSuch { what: "version" });
        }
        work.commit().await?;
        self.flow_version(number).await
    }

    /// Has a version that is scheduled not answer: taken back by somebody, or held because it cannot.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when it is not scheduled.
    pub async fn unschedule_flow(&self, number: i64, state: FlowState) -> Result<FlowVersion, StoreError> {
        let writer = &self.core.database.writer;
        let was = self.flow_version(number).await?;
        if !self.set_flow_state(number, state, Some(FlowState::Scheduled), writer).await? {
            let state = was.state.stored();
            return Err(StoreError::Invalid(format!(
                "version {number} is not scheduled (it is {state}); only what is scheduled can be cancelled"
            )));
        }
        self.flow_version(number).await
    }

    fn flows(&self) -> sea_orm::Select<flow_version::Entity> {
        flow_version::Entity::find()
            .filter(flow_version::Column::Tenant.eq(self.id.0))
            .order_by(flow_version::Column::Number, Order::Desc)
    }

    async fn flows_that_are(&self, state: FlowState) -> Result<Vec<FlowVersion>, StoreError> {
        let rows = self.flows().filter(flow_version::Column::State.eq(state.stored())).into_partial_model::<Listed>();
        Ok(rows.all(&self.core.database.reader).await?.into_iter().map(FlowVersion::from).collect())
    }

    /// What is live is from now on what was live earlier. Where nothing was, `before` takes its place.
    async fn retire_flow(
        &self,
        before: NewFlowVersion,
        now: Timestamp,
        work: &DatabaseTransaction,
    ) -> Result<(), StoreError> {
        let retired = flow_version::Entity::update_many()
            .col_expr(flow_version::Column::State, Expr::value(FlowState::Earlier.stored()))
            .filter(flow_version::Column::Tenant.eq(self.id.0))
            .filter(flow_version::Column::State.eq(FlowState::Live.stored()))
            .exec(work)
            .await?;
        if retired.rows_affected == 0 {
            self.insert_flow(before, FlowState::Earlier, now, work).await?;
        }
        Ok(())
    }

    /// Returns the number that it got.
    async fn insert_flow(
        &self,
        new: NewFlowVersion,
        state: FlowState,
        now: Timestamp,
        work: &DatabaseTransaction,
    ) -> Result<i64, StoreError> {
        let last: Option<i64> =
            self.flows().select_only().column(flow_version::Column::Number).into_tuple().one(work).await?;
        let number = last.unwrap_or(0) + 1;
        let row = flow_version::ActiveModel {
            tenant: Set(self.id.0),
            number: Set(number),
            made_at: Set(now),
            made_by: Set(new.made_by.map(|user| user.0)),
            note: Set(new.note),
            state: Set(state.stored().into()),
            at: Set(new.at),
            hash: Set(new.hash),
            blocks: Set(new.blocks),
            document: Set(new.document),
        };
        flow_version::Entity::insert(row).exec_without_returning(work).await?;
        Ok(number)
    }

    /// Returns whether there was such a version, in the state that it had to be in.
    async fn set_flow_state(
        &self,
        number: i64,
        state: FlowState,
        from: Option<FlowState>,
        work: &impl ConnectionTrait,
    ) -> Result<bool, StoreError> {
        let mut change = flow_version::Entity::update_many()
            .col_expr(flow_version::Column::State, Expr::value(state.stored()))
            .filter(flow_version::Column::Tenant.eq(self.id.0))
            .filter(flow_version::Column::Number.eq(number));
        if let Some(from) = from {
            change = change.filter(flow_version::Column::State.eq(from.stored()));
        }
        Ok(change.exec(work).await?.rows_affected > 0)
    }
}

impl From<flow_draft::Model> for FlowDraft {
    fn from(row: flow_draft::Model) -> Self {
        Self {
            revision: row.revision,
            changed_at: row.changed_at,
            changed_by: row.changed_by.map(UserId),
            document: row.document,
        }
    }
}

impl From<Listed> for FlowVersion {
    fn from(row: Listed) -> Self {
        Self {
            number: row.number,
            made_at: row.made_at,
            made_by: row.made_by.map(UserId),
            note: row.note,
            state: FlowState::named(&row.state),
            at: row.at,
            hash: row.hash,
            blocks: row.blocks,
        }
    }
}
