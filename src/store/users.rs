//! The people who sign in. How they prove who they are is next door, in `sign_in`.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, Set, TransactionTrait,
};

use super::{
    Tenant,
    database::is_duplicate,
    entity::user,
    error::StoreError,
    model::{NewUser, Role, User, UserChange},
    names::Name,
    sign_in,
};
use crate::event::{Timestamp, UserId};

impl Tenant {
    /// Everybody, by name.
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        let rows = user::Entity::find()
            .filter(user::Column::Tenant.eq(self.id.0))
            .order_by_asc(user::Column::Name)
            .order_by_asc(user::Column::Id);
        Ok(rows.all(&self.core.database.reader).await?.into_iter().map(User::from).collect())
    }

    /// One of them.
    pub async fn user(&self, id: UserId) -> Result<User, StoreError> {
        self.user_row(&self.core.database.reader, id).await.map(User::from)
    }

    /// Adds somebody, who signs in with a link first and may set a password then.
    pub async fn create_user(&self, new: NewUser, now: Timestamp) -> Result<User, StoreError> {
        let row = user::ActiveModel {
            id: Set(UserId::new().0),
            tenant: Set(self.id.0),
            name: Set(valid_name(new.name)?),
            email: Set(new.email.map(valid_email).transpose()?),
            role: Set(new.role.stored().into()),
            language: Set(new.language),
            password_hash: Set(None),
            created_at: Set(now),
        };
        let row = row.insert(&self.core.database.writer).await.map_err(taken)?;
        Ok(User::from(row))
    }

    /// Changes somebody's name, address, language or password (at least ten characters).
    pub async fn change_user(&self, id: UserId, change: UserChange) -> Result<User, StoreError> {
        let writer = &self.core.database.writer;
        let UserChange { name, email, password, language } = change;
        let hash = match password {
            Some(password) => Some(sign_in::hash(password).await?),
            None => None,
        };
        let mut row = self.user_row(writer, id).await?.into_active_model();
        if let Some(name) = name {
            row.name = Set(valid_name(name)?);
        }
        if let Some(email) = email {
            row.email = Set(Some(valid_email(email)?));
        }
        if let Some(language) = language {
            row.language = Set(Some(language));
        }
        if hash.is_some() {
            row.password_hash = Set(hash);
        }
        Ok(User::from(row.update(writer).await.map_err(taken)?))
    }

    /// Gives somebody another role.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when nobody would be an admin any more.
    pub async fn change_role(&self, id: UserId, role: Role) -> Result<User, StoreError> {
        let work = self.core.database.writer.begin().await?;
        let before = self.user_row(&work, id).await?;
        let admins = user::Entity::find()
            .filter(user::Column::Tenant.eq(self.id.0))
            .filter(user::Column::Role.eq(Role::Admin.stored()))
            .count(&work)
            .await?;
        if role != Role::Admin && before.role == Role::Admin.stored() && admins <= 1 {
            work.rollback().await?;
            return Err(StoreError::Invalid("somebody has to be an admin; make somebody else one first".into()));
        }
        let mut row = before.into_active_model();
        row.role = Set(role.stored().into());
        let row = row.update(&work).await?;
        work.commit().await?;
        Ok(User::from(row))
    }

    pub(super) async fn user_row(&self, on: &impl ConnectionTrait, id: UserId) -> Result<user::Model, StoreError> {
        let found = user::Entity::find_by_id(id.0).filter(user::Column::Tenant.eq(self.id.0)).one(on).await?;
        found.ok_or(StoreError::NoSuch { what: "user" })
    }
}

impl From<user::Model> for User {
    fn from(row: user::Model) -> Self {
        Self {
            id: UserId(row.id),
            name: row.name,
            email: row.email,
            // Whatever is not an admin has the smaller rights.
            role: Role::named(&row.role).unwrap_or(Role::Agent),
            language: row.language,
            has_password: row.password_hash.is_some(),
        }
    }
}

fn taken(error: DbErr) -> StoreError {
    if is_duplicate(&error) { StoreError::Taken { what: "the e-mail address" } } else { error.into() }
}

fn valid_name(name: String) -> Result<String, StoreError> {
    match name.trim() {
        "" => Err(StoreError::Invalid("a name cannot be empty".into())),
        name => Ok(name.to_owned()),
    }
}

/// One spelling for each address. Whether it exists is for a letter to find out, so only the obvious is refused.
pub(super) fn valid_email(email: String) -> Result<String, StoreError> {
    let email = email.trim().to_lowercase();
    let whole = email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    if !whole || email.contains(char::is_whitespace) {
        return Err(StoreError::Invalid("an e-mail address looks like name@company.example".into()));
    }
    Ok(email)
}
