//! Proving who one is: passwords (Argon2id), one-time links and sessions. Of tokens only a hash is kept, so whoever
//! reads the database cannot sign in with what they find.

use std::{sync::LazyLock, time::Duration};

use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier, password_hash::SaltString};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, Set, sea_query::Expr};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use super::{
    Tenant,
    entity::{link, session, user},
    error::StoreError,
    key::{hex, random},
    model::{Token, User},
    users::valid_email,
};
use crate::event::{Timestamp, UserId};

/// Fewer characters are guessed too soon.
const SHORTEST_PASSWORD: usize = 10;
/// Each hash takes 19 MiB and tens of milliseconds of a core: a flood of sign-ins must not take the calls' share.
static HASHING: Semaphore = Semaphore::const_new(2);
/// What a password is compared with when nobody has the address, so that both answers take the same time.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now(&hex(&random::<16>())).unwrap_or_default());

impl Tenant {
    /// Who signs in with this address and password; `None` when the two do not fit, in the same time whether the
    /// address is known or not.
    pub async fn verify_password(&self, email: &str, password: &str) -> Result<Option<User>, StoreError> {
        let row = match valid_email(email.to_owned()) {
            Ok(email) => {
                user::Entity::find()
                    .filter(user::Column::Tenant.eq(self.id.0))
                    .filter(user::Column::Email.eq(email))
                    .one(&self.core.database.reader)
                    .await?
            }
            Err(_) => None,
        };
        let known = row.as_ref().and_then(|row| row.password_hash.clone());
        let password = password.to_owned();
        let fits = on_a_core(move || {
            let stored = known.as_deref().unwrap_or(&NOBODY);
            let fits = PasswordHash::new(stored)
                .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
            Ok(fits && known.is_some())
        })
        .await?;
        Ok(row.filter(|_| fits).map(User::from))
    }

    /// Signs somebody in for as long as `lasts`; the token goes into their cookie.
    pub async fn open_session(&self, user: UserId, now: Timestamp, lasts: Duration) -> Result<Token, StoreError> {
        let writer = &self.core.database.writer;
        self.user_row(writer, user).await?;
        // Whoever signs in sweeps the floor.
        session::Entity::delete_many().filter(session::Column::ExpiresAt.lte(now)).exec(writer).await?;
        let token = new_token();
        session::ActiveModel {
            token_hash: Set(hash_token(token.reveal())),
            tenant: Set(self.id.0),
            user: Set(user.0),
            expires_at: Set(later(now, lasts)),
        }
        .insert(writer)
        .await?;
        Ok(token)
    }

    /// Who is signed in with this token.
    pub async fn session_user(&self, token: &str, now: Timestamp) -> Result<Option<User>, StoreError> {
        let reader = &self.core.database.reader;
        let found = session::Entity::find_by_id(hash_token(token))
            .filter(session::Column::Tenant.eq(self.id.0))
            .filter(session::Column::ExpiresAt.gt(now))
            .one(reader)
            .await?;
        match found {
            Some(session) => Ok(Some(self.user_row(reader, UserId(session.user)).await?.into())),
            None => Ok(None),
        }
    }

    /// Signs out; an unknown token is no error.
    pub async fn close_session(&self, token: &str) -> Result<(), StoreError> {
        session::Entity::delete_many()
            .filter(session::Column::Tenant.eq(self.id.0))
            .filter(session::Column::TokenHash.eq(hash_token(token)))
            .exec(&self.core.database.writer)
            .await?;
        Ok(())
    }

    /// A token for a link with which somebody signs in once.
    pub async fn create_link(&self, user: UserId, now: Timestamp, lasts: Duration) -> Result<Token, StoreError> {
        let writer = &self.core.database.writer;
        self.user_row(writer, user).await?;
        let token = new_token();
        link::ActiveModel {
            token_hash: Set(hash_token(token.reveal())),
            tenant: Set(self.id.0),
            user: Set(user.0),
            expires_at: Set(later(now, lasts)),
            used_at: Set(None),
        }
        .insert(writer)
        .await?;
        Ok(token)
    }

    /// Who a link signs in; `None` when it is unknown, expired or was used. Of two who use it at once one gets in.
    pub async fn redeem_link(&self, token: &str, now: Timestamp) -> Result<Option<User>, StoreError> {
        let writer = &self.core.database.writer;
        let hash = hash_token(token);
        let used = link::Entity::update_many()
            .col_expr(link::Column::UsedAt, Expr::value(now))
            .filter(link::Column::Tenant.eq(self.id.0))
            .filter(link::Column::TokenHash.eq(hash.clone()))
            .filter(link::Column::UsedAt.is_null())
            .filter(link::Column::ExpiresAt.gt(now))
            .exec(writer)
            .await?;
        if used.rows_affected == 0 {
            return Ok(None);
        }
        let row = link::Entity::find_by_id(hash).filter(link::Column::Tenant.eq(self.id.0)).one(writer).await?;
        match row {
            Some(row) => Ok(Some(self.user_row(writer, UserId(row.user)).await?.into())),
            None => Ok(None),
        }
    }
}

/// The hash of a new password.
pub(super) async fn hash(password: String) -> Result<String, StoreError> {
    if password.chars().count() < SHORTEST_PASSWORD {
        return Err(StoreError::Invalid(format!("a password needs at least {SHORTEST_PASSWORD} characters")));
    }
    on_a_core(move || hash_now(&password)).await
}

fn hash_now(password: &str) -> Result<String, StoreError> {
    let refused = |_| StoreError::Invalid("this password cannot be used; choose another".into());
    let salt = SaltString::encode_b64(&random::<16>()).map_err(refused)?;
    // The default is Argon2id with the parameters OWASP recommends: 19 MiB, two passes, one lane.
    Ok(Argon2::default().hash_password(password.as_bytes(), &salt).map_err(refused)?.to_string())
}

async fn on_a_core<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let _turn = HASHING.acquire().await.map_err(|_| StoreError::Closed)?;
    tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::Closed)?
}

pub(super) fn new_token() -> Token {
    Token(hex(&random::<32>()))
}

/// A token has 256 random bits, so one round of a fast hash is enough.
pub(super) fn hash_token(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

fn later(now: Timestamp, lasts: Duration) -> Timestamp {
    now.saturating_add(lasts.as_millis().try_into().unwrap_or(Timestamp::MAX))
}
