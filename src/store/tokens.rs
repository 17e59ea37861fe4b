//! Tokens with which other programs use the API. Each may do one kind of thing; of the token itself only a hash is kept.

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set, sea_query::Expr};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Tenant,
    entity::api_token,
    error::StoreError,
    model::Token,
    sign_in::{hash_token, new_token},
};
use crate::event::{Timestamp, UserId};

/// When a token was used is written down no more often than this, in ms.
const USE_NOTED_EVERY: Timestamp = 60_000;
const MOST: usize = 1_000;

/// What a token lets a program do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Ask what a text means, and nothing else.
    Understand,
    /// Read, test, replay, change and publish flows, for pipelines.
    Flows,
}

impl Scope {
    fn stored(self) -> &'static str {
        match self {
            Self::Understand => "understand",
            Self::Flows => "flows",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Understand, Self::Flows].into_iter().find(|scope| scope.stored() == name)
    }
}

/// A token, without the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// Which.
    pub id: Uuid,
    /// What it is for, in somebody's words.
    pub name: String,
    /// What it lets a program do.
    pub scope: Scope,
    /// Who made it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// When it was used last, to the minute.
    pub used_at: Option<Timestamp>,
}

impl Tenant {
    /// Makes a token; this is the only time that it can be seen.
    pub async fn create_api_token(
        &self,
        name: &str,
        scope: Scope,
        by: UserId,
        at: Timestamp,
    ) -> Result<(ApiToken, Token), StoreError> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 100 {
            return Err(StoreError::Invalid("the name of a token has 1 to 100 characters; say what it is for".into()));
        }
        if self.api_tokens().await?.len() >= MOST {
            return Err(StoreError::Invalid(format!("there are {MOST} tokens already; remove those that nobody uses")));
        }
        let token = new_token();
        let row = api_token::ActiveModel {
            token_hash: Set(hash_token(token.reveal())),
            tenant: Set(self.id.0),
            id: Set(Uuid::now_v7()),
            name: Set(name.to_owned()),
            scope: Set(scope.stored().into()),
            created_by: Set(by.0),
            created_at: Set(at),
            used_at: Set(None),
        };
        let row = row.insert(&self.core.database.writer).await?;
        let made = api_token_of(row).ok_or_else(|| StoreError::damaged("a token".to_owned()))?;
        Ok((made, token))
    }

    /// All tokens, oldest first.
    pub async fn api_tokens(&self) -> Result<Vec<ApiToken>, StoreError> {
        let rows = api_token::Entity::find()
            .filter(api_token::Column::Tenant.eq(self.id.0))
            .order_by_asc(api_token::Column::CreatedAt)
            .order_by_asc(api_token::Column::Id)
            .all(&self.core.database.reader)
            .await?;
        Ok(rows.into_iter().filter_map(api_token_of).collect())
    }

    /// What this secret lets a program do; `None` when it is unknown or was removed.
    pub async fn api_token(&self, secret: &str, now: Timestamp) -> Result<Option<ApiToken>, StoreError> {
        let hash = hash_token(secret);
        let row = api_token::Entity::find_by_id(hash.clone())
            .filter(api_token::Column::Tenant.eq(self.id.0))
            .one(&self.core.database.reader)
            .await?;
        let Some(token) = row.and_then(api_token_of) else { return Ok(None) };
        if token.used_at.is_none_or(|before| now - before >= USE_NOTED_EVERY) {
            api_token::Entity::update_many()
                .col_expr(api_token::Column::UsedAt, Expr::value(now))
                .filter(api_token::Column::TokenHash.eq(hash))
                .exec(&self.core.database.writer)
                .await?;
        }
        Ok(Some(token))
    }

    /// Removes a token; programs that use it are refused from now on.
    pub async fn remove_api_token(&self, id: Uuid) -> Result<(), StoreError> {
        let removed = api_token::Entity::delete_many()
            .filter(api_token::Column::Tenant.eq(self.id.0))
            .filter(api_token::Column::Id.eq(id))
            .exec(&self.core.database.writer)
            .await?;
        if removed.rows_affected == 0 { Err(StoreError::NoSuch { what: "token" }) } else { Ok(()) }
    }
}

/// A token whose scope this version does not know opens nothing.
fn api_token_of(row: api_token::Model) -> Option<ApiToken> {
    Some(ApiToken {
        id: row.id,
        name: row.name,
        scope: Scope::named(&row.scope)?,
        created_by: UserId(row.created_by),
        created_at: row.created_at,
        used_at: row.used_at,
    })
}
