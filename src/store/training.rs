//! Training of the intent engine: the draft that is edited, and the versions that were published. What is in the documents is not
//! interpreted here.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DerivePartialModel, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, Set,
    TransactionTrait, sea_query::Expr,
};
use uuid::Uuid;

use super::{
    Tenant,
    database::is_duplicate,
    entity::{judged_utterance, training_draft, training_version},
    error::StoreError,
};
use crate::event::{CallId, Timestamp, UserId};

/// Versions that are kept; older ones that are not live are forgotten.
const KEPT: u64 = 200;
/// Versions whose trained layers are kept, of some 14 MB each. An older one is trained without them when it answers again.
const LAYERS_KEPT: usize = 5;

/// What will be learned from at the next publish.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrainingDraft {
    /// Counts changes; 0 before the first.
    pub revision: i64,
    /// When it was changed last.
    pub changed_at: Timestamp,
    /// By whom.
    pub changed_by: Option<UserId>,
    /// JSON; empty before the first change.
    pub document: String,
}

/// How a version came to be or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VersionState {
    /// It answers.
    Live,
    /// It answered before.
    Retired,
    /// It was worse than the live one and waits for somebody's decision.
    Held,
}

impl VersionState {
    fn stored(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Retired => "retired",
            Self::Held => "held",
        }
    }

    fn named(name: &str) -> Self {
        [Self::Live, Self::Held].into_iter().find(|state| state.stored() == name).unwrap_or(Self::Retired)
    }
}

/// How a version was trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Publish {
    /// In seconds, with the encoder as it is.
    Instant,
    /// With the upper layers of the encoder trained for these intents.
    Deep,
}

impl Publish {
    /// As it is stored.
    pub fn stored(self) -> &'static str {
        match self {
            Self::Instant => "instant",
            Self::Deep => "deep",
        }
    }
}

/// A published training, without what weighs much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrainingVersion {
    /// Counts from 1.
    pub number: i64,
    /// When it was trained.
    pub made_at: Timestamp,
    /// By whom; none for what the service did by itself.
    pub made_by: Option<UserId>,
    /// How.
    pub kind: Publish,
    /// Whether it answers.
    pub state: VersionState,
    /// What was written about it.
    pub note: String,
    /// The model's own version.
    pub model: String,
    /// How well it did, as JSON.
    pub report: String,
}

/// What a version is trained from, again.
#[derive(Clone, Debug, PartialEq, Eq, DerivePartialModel)]
#[sea_orm(entity = "training_version::Entity")]
pub struct TrainedFrom {
    /// The draft as it was.
    pub document: String,
    /// The trained layers of the encoder; none of an instant publish, nor of an old one.
    pub tuned: Option<Vec<u8>>,
}

#[derive(DerivePartialModel)]
#[sea_orm(entity = "training_version::Entity")]
struct Listed {
    number: i64,
    made_at: i64,
    made_by: Option<Uuid>,
    kind: String,
    state: String,
    note: String,
    model: String,
    report: String,
}

/// A version to be kept.
#[derive(Clone, Debug)]
pub struct NewVersion {
    /// By whom.
    pub made_by: Option<UserId>,
    /// How.
    pub kind: Publish,
    /// About it.
    pub note: String,
    /// The model's own version.
    pub model: String,
    /// The draft as it was.
    pub document: String,
    /// How well it did, as JSON.
    pub report: String,
    /// The trained layers of the encoder.
    pub tuned: Option<Vec<u8>>,
    /// Whether it answers from now on; else it is held.
    pub live: bool,
}

impl Tenant {
    /// What will be learned from at the next publish.
    pub async fn training_draft(&self) -> Result<TrainingDraft, StoreError> {
        let row = training_draft::Entity::find_by_id(self.id.0).one(&self.core.database.reader).await?;
        Ok(row.map(TrainingDraft::from).unwrap_or_default())
    }

    /// Changes the draft if nobody else has changed it since `revision`; returns the new revision.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when somebody has.
    pub async fn save_training_draft(
        &self,
        revision: i64,
        document: String,
        by: UserId,
        at: Timestamp,
    ) -> Result<i64, StoreError> {
        let writer = &self.core.database.writer;
        if revision == 0 {
            let row = training_draft::ActiveModel {
                tenant: Set(self.id.0),
                revision: Set(1),
                changed_at: Set(at),
                changed_by: Set(Some(by.0)),
                document: Set(document),
            };
            return match training_draft::Entity::insert(row).exec_without_returning(writer).await {
                Ok(_) => Ok(1),
                Err(error) if is_duplicate(&error) => Err(self.changed_since().await?),
                Err(error) => Err(error.into()),
            };
        }
        let changed = training_draft::Entity::update_many()
            .col_expr(training_draft::Column::Revision, Expr::value(revision + 1))
            .col_expr(training_draft::Column::ChangedAt, Expr::value(at))
            .col_expr(training_draft::Column::ChangedBy, Expr::value(Some(by.0)))
            .col_expr(training_draft::Column::Document, Expr::value(document))
            .filter(training_draft::Column::Tenant.eq(self.id.0))
            .filter(training_draft::Column::Revision.eq(revision))
            .exec(writer)
            .await?;
        if changed.rows_affected == 0 { Err(self.changed_since().await?) } else { Ok(revision + 1) }
    }

    async fn changed_since(&self) -> Result<StoreError, StoreError> {
        let revision = self.training_draft().await?.revision;
        Ok(StoreError::Changed { what: "draft of the intents", version: revision.try_into().unwrap_or(u32::MAX) })
    }

    /// What was published, newest first.
    pub async fn training_versions(&self) -> Result<Vec<TrainingVersion>, StoreError> {
        let versions = self.versions().limit(KEPT).into_partial_model::<Listed>();
        let rows = versions.all(&self.core.database.reader).await?;
        Ok(rows.into_iter().map(TrainingVersion::from).collect())
    }

    /// One of them.
    pub async fn training_version(&self, number: i64) -> Result<TrainingVersion, StoreError> {
        let row = self.versions().filter(training_version::Column::Number.eq(number));
        let row = row.into_partial_model::<Listed>().one(&self.core.database.reader).await?;
        row.map(TrainingVersion::from).ok_or(StoreError::NoSuch { what: "version" })
    }

    /// What a version was trained from.
    pub async fn trained_from(&self, number: i64) -> Result<TrainedFrom, StoreError> {
        let row = self.versions().filter(training_version::Column::Number.eq(number));
        let row = row.into_partial_model().one(&self.core.database.reader).await?;
        row.ok_or(StoreError::NoSuch { what: "version" })
    }

    /// The one that answers.
    pub async fn live_training(&self) -> Result<Option<TrainingVersion>, StoreError> {
        let live = training_version::Column::State.eq(VersionState::Live.stored());
        let row = self.versions().filter(live).into_partial_model::<Listed>();
        Ok(row.one(&self.core.database.reader).await?.map(TrainingVersion::from))
    }

    /// Keeps a version under the next number.
    pub async fn add_training_version(&self, new: NewVersion, at: Timestamp) -> Result<TrainingVersion, StoreError> {
        let work = self.core.database.writer.begin().await?;
        let last: Option<i64> = training_version::Entity::find()
            .filter(training_version::Column::Tenant.eq(self.id.0))
            .order_by(training_version::Column::Number, Order::Desc)
            .select_only()
            .column(training_version::Column::Number)
            .into_tuple()
            .one(&work)
            .await?;
        if new.live {
            self.retire(&work).await?;
        }
        let number = last.unwrap_or(0) + 1;
        let state = if new.live { VersionState::Live } else { VersionState::Held };
        let row = training_version::ActiveModel {
            tenant: Set(self.id.0),
            number: Set(number),
            made_at: Set(at),
            made_by: Set(new.made_by.map(|user| user.0)),
            kind: Set(new.kind.stored().into()),
            state: Set(state.stored().into()),
            note: Set(new.note),
            model: Set(new.model),
            document: Set(new.document),
            report: Set(new.report),
            tuned: Set(new.tuned),
        };
        training_version::Entity::insert(row).exec_without_returning(&work).await?;
        let with_layers: Vec<i64> = self
            .versions()
            .filter(training_version::Column::Tuned.is_not_null())
            .select_only()
            .column(training_version::Column::Number)
            .into_tuple()
            .all(&work)
            .await?;
        training_version::Entity::update_many()
            .col_expr(training_version::Column::Tuned, Expr::value(Option::<Vec<u8>>::None))
            .filter(training_version::Column::Tenant.eq(self.id.0))
            .filter(training_version::Column::Number.is_in(with_layers.into_iter().skip(LAYERS_KEPT)))
            .filter(training_version::Column::State.ne(VersionState::Live.stored()))
            .exec(&work)
            .await?;
        training_version::Entity::delete_many()
            .filter(training_version::Column::Tenant.eq(self.id.0))
            .filter(training_version::Column::Number.lte(number - KEPT as i64))
            .filter(training_version::Column::State.ne(VersionState::Live.stored()))
            .exec(&work)
            .await?;
        work.commit().await?;
        self.training_version(number).await
    }

    /// Has this version answer from now on.
    pub async fn make_training_live(&self, number: i64) -> Result<TrainingVersion, StoreError> {
        let work = self.core.database.writer.begin().await?;
        self.retire(&work).await?;
        let changed = training_version::Entity::update_many()
            .col_expr(training_version::Column::State, Expr::value(VersionState::Live.stored()))
            .filter(training_version::Column::Tenant.eq(self.id.0))
            .filter(training_version::Column::Number.eq(number))
            .exec(&work)
            .await?;
        if changed.rows_affected == 0 {
            return Err(StoreError::NoSuch { what: "version" });
        }
        work.commit().await?;
        self.training_version(number).await
    }

    /// Notes what somebody made of an utterance: the intent that it means, or none. Said twice, the later counts.
    pub async fn judge_utterance(
        &self,
        call: CallId,
        seq: i64,
        intent: Option<String>,
        by: UserId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let writer = &self.core.database.writer;
        let row = judged_utterance::ActiveModel {
            tenant: Set(self.id.0),
            call: Set(call.0),
            seq: Set(seq),
            judged_at: Set(at),
            judged_by: Set(by.0),
            intent: Set(intent),
        };
        let key = [judged_utterance::Column::Tenant, judged_utterance::Column::Call, judged_utterance::Column::Seq];
        let later = sea_orm::sea_query::OnConflict::columns(key)
            .update_columns([
                judged_utterance::Column::JudgedAt,
                judged_utterance::Column::JudgedBy,
                judged_utterance::Column::Intent,
            ])
            .to_owned();
        judged_utterance::Entity::insert(row).on_conflict(later).exec_without_returning(writer).await?;
        Ok(())
    }

    /// The utterances of these calls that somebody has judged.
    pub async fn judged_utterances(&self, calls: &[CallId]) -> Result<Vec<(CallId, i64)>, StoreError> {
        let mut all = Vec::new();
        for some in calls.chunks(super::seal::AT_ONCE) {
            let rows = judged_utterance::Entity::find()
                .filter(judged_utterance::Column::Tenant.eq(self.id.0))
                .filter(judged_utterance::Column::Call.is_in(some.iter().map(|call| call.0)))
                .all(&self.core.database.reader)
                .await?;
            all.extend(rows.into_iter().map(|row| (CallId(row.call), row.seq)));
        }
        Ok(all)
    }

    fn versions(&self) -> sea_orm::Select<training_version::Entity> {
        training_version::Entity::find()
            .filter(training_version::Column::Tenant.eq(self.id.0))
            .order_by(training_version::Column::Number, Order::Desc)
    }

    async fn retire(&self, work: &impl ConnectionTrait) -> Result<(), StoreError> {
        training_version::Entity::update_many()
            .col_expr(training_version::Column::State, Expr::value(VersionState::Retired.stored()))
            .filter(training_version::Column::Tenant.eq(self.id.0))
            .filter(training_version::Column::State.eq(VersionState::Live.stored()))
            .exec(work)
            .await?;
        Ok(())
    }
}

impl From<training_draft::Model> for TrainingDraft {
    fn from(row: training_draft::Model) -> Self {
        Self {
            revision: row.revision,
            changed_at: row.changed_at,
            changed_by: row.changed_by.map(UserId),
            document: row.document,
        }
    }
}

impl From<Listed> for TrainingVersion {
    fn from(row: Listed) -> Self {
        Self {
            number: row.number,
            made_at: row.made_at,
            made_by: row.made_by.map(UserId),
            kind: if row.kind == Publish::Deep.stored() { Publish::Deep } else { Publish::Instant },
            state: VersionState::named(&row.state),
            note: row.note,
            model: row.model,
            report: row.report,
        }
    }
}
