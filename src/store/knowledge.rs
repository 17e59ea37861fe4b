//! The knowledge base: articles with all their versions, and what callers asked of them. Articles are what a company tells everybody, so
//! they are not sealed; questions are callers' words, so they stay where they are, in the journal, and are read from there: whoever is
//! erased takes their questions along. Finding an article is not done here.

use std::collections::{BTreeMap, HashMap, HashSet};

use intent::{Language, knowledge::Article, normalise::normalise};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    TransactionTrait,
    sea_query::{Expr, ExprTrait, OnConflict},
};
use uuid::Uuid;

use super::{
    Tenant,
    entity::{article, article_version, event, set_aside},
    error::StoreError,
    model::{ERASED, UserRef},
    seal::Keys,
};
use crate::event::{ArticleId, CallId, Consulted, Event, Personal, Timestamp, UserId};

/// More articles than this are not a knowledge base for the telephone but a mistake.
const MOST: u64 = 10_000;
/// So many questions are looked through, newest first, for what was asked.
const LOOKED_THROUGH: u64 = 20_000;
/// So many are opened at once.
const AT_ONCE: u64 = 500;

/// An article as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptArticle {
    /// Which one.
    pub id: ArticleId,
    /// Its version, from 1.
    pub version: u32,
    /// What it says.
    pub article: Article,
    /// Who answers for it.
    pub owner: Option<UserRef>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub changed_at: Timestamp,
    /// How often somebody said that it helped.
    pub helped: u64,
    /// How often somebody said that it did not.
    pub not_helped: u64,
}

/// An article as it was.
#[derive(Clone, Debug, PartialEq)]
pub struct ArticleVersion {
    /// Which version.
    pub version: u32,
    /// What it said.
    pub article: Article,
    /// Who wrote it.
    pub by: Option<UserRef>,
    /// When.
    pub at: Timestamp,
}

/// A question that callers asked and no article answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Gap {
    /// A name for it, the same for the same words: 64 hexadecimal digits that tell nothing.
    pub id: String,
    /// The words, as they were said last.
    pub question: Personal,
    /// Their language.
    pub language: Language,
    /// How often it was asked.
    pub count: u32,
    /// When first, among the questions looked through.
    pub first_at: Timestamp,
    /// When last.
    pub last_at: Timestamp,
    /// The call in which it was asked last.
    pub call: CallId,
}

/// What callers asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// How often each article answered.
    pub told: HashMap<ArticleId, u64>,
    /// How often callers had to say which of two they meant.
    pub unsure: u64,
    /// The questions without an answer that nobody set aside, the most frequent first.
    pub gaps: Vec<Gap>,
}

impl Tenant {
    /// All articles, those that were changed last first.
    pub async fn articles(&self) -> Result<Vec<KeptArticle>, StoreError> {
        let rows = article::Entity::find()
            .filter(article::Column::Tenant.eq(self.id.0))
            .order_by_desc(article::Column::ChangedAt)
            .order_by_asc(article::Column::Id)
            .limit(MOST)
            .all(&self.core.database.reader)
            .await?;
        let users = self.names_of_users().await?;
        rows.into_iter().map(|row| kept(row, &users)).collect()
    }

    /// One article.
    pub async fn article(&self, id: ArticleId) -> Result<KeptArticle, StoreError> {
        let row = self.article_row(&self.core.database.reader, id).await?;
        kept(row, &self.names_of_users().await?)
    }

    /// Adds articles, all or none.
    pub async fn add_articles(
        &self,
        articles: Vec<Article>,
        by: UserId,
        at: Timestamp,
    ) -> Result<Vec<ArticleId>, StoreError> {
        for article in &articles {
            article.check().map_err(invalid)?;
        }
        let transaction = self.core.database.writer.begin().await?;
        let mut ids = Vec::with_capacity(articles.len());
        for article in articles {
            let id = ArticleId::new();
            let row = article::Model {
                id: id.0,
                tenant: self.id.0,
                version: 1,
                body: json(&article),
                owner: Some(by.0),
                created_at: at,
                changed_at: at,
                helped: 0,
                not_helped: 0,
            };
            let version = self.version_row(&row, by, at);
            row.into_active_model().reset_all().insert(&transaction).await?;
            version.into_active_model().reset_all().insert(&transaction).await?;
            ids.push(id);
        }
        transaction.commit().await?;
        Ok(ids)
    }

    /// Writes a new version of an article. With `seen` only when that is still its version.
    pub async fn change_article(
        &self,
        id: ArticleId,
        seen: Option<u32>,
        article: Article,
        by: UserId,
        at: Timestamp,
    ) -> Result<KeptArticle, StoreError> {
        article.check().map_err(invalid)?;
        let transaction = self.core.database.writer.begin().await?;
        let before = self.article_row(&transaction, id).await?;
        if let Some(seen) = seen.filter(|seen| *seen as i32 != before.version) {
            // Nothing was written yet.
            transaction.rollback().await?;
            tracing::debug!(article = %id, seen, "an article was changed since it was read");
            return Err(StoreError::Changed { what: "article", version: before.version as u32 });
        }
        let row =
            article::Model { version: before.version + 1, body: json(&article), changed_at: at, ..before.clone() };
        if row.body != before.body {
            // The condition holds against another node that does the same at this moment.
            let changed = article::Entity::update_many()
                .col_expr(article::Column::Version, Expr::value(row.version))
                .col_expr(article::Column::Body, Expr::value(row.body.clone()))
                .col_expr(article::Column::ChangedAt, Expr::value(at))
                .filter(article::Column::Id.eq(id.0))
                .filter(article::Column::Version.eq(before.version))
                .exec(&transaction)
                .await?;
            if changed.rows_affected == 0 {
                transaction.rollback().await?;
                return Err(StoreError::Changed { what: "article", version: row.version as u32 });
            }
            self.version_row(&row, by, at).into_active_model().reset_all().insert(&transaction).await?;
        }
        transaction.commit().await?;
        self.article(id).await
    }

    /// Removes an article with all its versions. With `seen` only when that is still its version.
    pub async fn remove_article(&self, id: ArticleId, seen: Option<u32>) -> Result<(), StoreError> {
        let transaction = self.core.database.writer.begin().await?;
        let row = self.article_row(&transaction, id).await?;
        if seen.is_some_and(|seen| seen as i32 != row.version) {
            transaction.rollback().await?;
            return Err(StoreError::Changed { what: "article", version: row.version as u32 });
        }
        let versions = article_version::Entity::delete_many().filter(article_version::Column::Article.eq(id.0));
        versions.exec(&transaction).await?;
        article::Entity::delete_by_id(id.0).exec(&transaction).await?;
        Ok(transaction.commit().await?)
    }

    /// All versions of an article, newest first.
    pub async fn article_versions(&self, id: ArticleId) -> Result<Vec<ArticleVersion>, StoreError> {
        let reader = &self.core.database.reader;
        self.article_row(reader, id).await?;
        let rows = article_version::Entity::find()
            .filter(article_version::Column::Tenant.eq(self.id.0))
            .filter(article_version::Column::Article.eq(id.0))
            .order_by_desc(article_version::Column::Version)
            .all(reader)
            .await?;
        let users = self.names_of_users().await?;
        let version = |row: article_version::Model| {
            Ok(ArticleVersion {
                version: row.version as u32,
                article: article_of(&row.body, id)?,
                by: row.by.map(|by| named(&users, by)),
                at: row.at,
            })
        };
        rows.into_iter().map(version).collect()
    }

    /// Counts that an article helped somebody, or did not.
    pub async fn article_helped(&self, id: ArticleId, helped: bool) -> Result<(), StoreError> {
        let column = if helped { article::Column::Helped } else { article::Column::NotHelped };
        let counted = article::Entity::update_many()
            .col_expr(column, Expr::col(column).add(1))
            .filter(article::Column::Tenant.eq(self.id.0))
            .filter(article::Column::Id.eq(id.0))
            .exec(&self.core.database.writer)
            .await?;
        if counted.rows_affected == 0 { Err(StoreError::NoSuch { what: "article" }) } else { Ok(()) }
    }

    /// What callers asked since a moment, from the newest questions back, at most 20,000.
    pub async fn asked(&self, since: Timestamp) -> Result<Asked, StoreError> {
        let reader = &self.core.database.reader;
        let aside: Vec<Vec<u8>> = set_aside::Entity::find()
            .filter(set_aside::Column::Tenant.eq(self.id.0))
            .select_only()
            .column(set_aside::Column::Question)
            .into_tuple()
            .all(reader)
            .await?;
        let aside: HashSet<Vec<u8>> = aside.into_iter().collect();
        let mut asked = Asked::default();
        let mut gaps: BTreeMap<Vec<u8>, Gap> = BTreeMap::new();
        let mut before = i64::MAX;
        for _ in 0..LOOKED_THROUGH / AT_ONCE {
            let rows = event::Entity::find()
                .filter(event::Column::Tenant.eq(self.id.0))
                .filter(event::Column::Kind.eq("consulted"))
                .filter(event::Column::Id.lt(before))
                .filter(event::Column::At.gte(since))
                .order_by_desc(event::Column::Id)
                .limit(AT_ONCE)
                .all(reader)
                .await?;
            let Some(last) = rows.last() else { break };
            before = last.id;
            let keys = Keys::load(&self.core, reader, self.id, rows.iter().map(|row| row.person)).await?;
            for row in &rows {
                let Event::Consulted { question, language, answer, articles, .. } = keys.event(row)? else { continue };
                match answer {
                    Consulted::Known => {
                        if let Some(told) = articles.first() {
                            *asked.told.entry(told.article).or_default() += 1;
                        }
                    }
                    Consulted::Unsure => asked.unsure += 1,
                    Consulted::Unknown if question.reveal() != ERASED => {
                        let language = language.reveal().parse().unwrap_or_default();
                        self.count_gap(&mut gaps, question, language, CallId(row.call), row.at);
                    }
                    Consulted::Unknown => {}
                }
            }
        }
        asked.gaps = gaps.into_iter().filter(|(id, _)| !aside.contains(id)).map(|(_, gap)| gap).collect();
        asked.gaps.sort_by_key(|gap| std::cmp::Reverse((gap.count, gap.last_at)));
        Ok(asked)
    }

    /// Notes that a question needs no answer: it is left out of the gaps from now on. Doing so twice is no error.
    pub async fn set_gap_aside(&self, id: &str, by: UserId, at: Timestamp) -> Result<(), StoreError> {
        let question = super::key::unhex(id.as_bytes()).filter(|id| id.len() == 32);
        let question = question.ok_or(StoreError::NoSuch { what: "question" })?;
        let row = set_aside::Model { tenant: self.id.0, question, by: by.0, at };
        let once =
            OnConflict::columns([set_aside::Column::Tenant, set_aside::Column::Question]).do_nothing().to_owned();
        set_aside::Entity::insert(row.into_active_model().reset_all())
            .on_conflict(once)
            .exec_without_returning(&self.core.database.writer)
            .await?;
        Ok(())
    }

    fn count_gap(
        &self,
        gaps: &mut BTreeMap<Vec<u8>, Gap>,
        question: Personal,
        language: Language,
        call: CallId,
        at: Timestamp,
    ) {
        let normal = normalise(question.reveal(), language);
        if normal.is_empty() {
            return;
        }
        let id = self.core.master.lookup(self.id.0.as_bytes(), &format!("question {language} {normal}"));
        match gaps.get_mut(&id) {
            // The newest came first.
            Some(gap) => {
                gap.count += 1;
                if at < gap.first_at {
                    gap.first_at = at;
                }
            }
            None => {
                let name = super::key::hex(&id);
                gaps.insert(id, Gap { id: name, question, language, count: 1, first_at: at, last_at: at, call });
            }
        }
    }

    async fn article_row(&self, on: &impl ConnectionTrait, id: ArticleId) -> Result<article::Model, StoreError> {
        let found = article::Entity::find_by_id(id.0).filter(article::Column::Tenant.eq(self.id.0)).one(on).await?;
        found.ok_or(StoreError::NoSuch { what: "article" })
    }

    fn version_row(&self, row: &article::Model, by: UserId, at: Timestamp) -> article_version::Model {
        article_version::Model {
            article: row.id,
            version: row.version,
            tenant: self.id.0,
            body: row.body.clone(),
            by: Some(by.0),
            at,
        }
    }

    async fn names_of_users(&self) -> Result<HashMap<Uuid, String>, StoreError> {
        Ok(self.users().await?.into_iter().map(|user| (user.id.0, user.name)).collect())
    }
}

fn json(article: &Article) -> String {
    serde_json::to_string(article).expect("texts, numbers and names are always JSON")
}

fn article_of(body: &str, id: ArticleId) -> Result<Article, StoreError> {
    serde_json::from_str(body).map_err(|_| StoreError::damaged(format!("article {id}")))
}

fn kept(row: article::Model, users: &HashMap<Uuid, String>) -> Result<KeptArticle, StoreError> {
    let id = ArticleId(row.id);
    Ok(KeptArticle {
        id,
        version: row.version as u32,
        article: article_of(&row.body, id)?,
        owner: row.owner.map(|owner| named(users, owner)),
        created_at: row.created_at,
        changed_at: row.changed_at,
        helped: row.helped as u64,
        not_helped: row.not_helped as u64,
    })
}

fn named(users: &HashMap<Uuid, String>, id: Uuid) -> UserRef {
    UserRef { id: UserId(id), name: users.get(&id).cloned().unwrap_or_default() }
}

fn invalid(error: intent::knowledge::ArticleError) -> StoreError {
    StoreError::Invalid(error.to_string())
}
