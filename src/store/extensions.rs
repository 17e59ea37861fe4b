//! Agents' phones, and what an admin set.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set, sea_query::OnConflict};
use serde::{Deserialize, Serialize};

use super::{
    Tenant,
    entity::{extension, setting},
    error::StoreError,
    model::Extension,
};
use crate::event::UserId;

/// What is sealed of a phone: whoever has a digest can register as it.
#[derive(Serialize, Deserialize)]
struct Digests {
    md5: String,
    sha256: String,
}

impl Tenant {
    /// Adds a phone, or replaces the one of that name.
    pub async fn put_extension(&self, phone: Extension) -> Result<(), StoreError> {
        let writer = &self.core.database.writer;
        self.user_row(writer, phone.user).await?;
        let digests = serde_json::to_vec(&Digests { md5: phone.ha1_md5, sha256: phone.ha1_sha256 })
            .expect("two texts are always JSON");
        let row = extension::ActiveModel {
            tenant: Set(self.id.0),
            user: Set(phone.user.0),
            realm: Set(phone.realm),
            digests: Set(self.core.master.seal_staff(&self.phone_aad(&phone.name), &digests)),
            name: Set(phone.name),
        };
        let replace = OnConflict::columns([extension::Column::Tenant, extension::Column::Name])
            .update_columns([extension::Column::User, extension::Column::Realm, extension::Column::Digests])
            .to_owned();
        extension::Entity::insert(row).on_conflict(replace).exec_without_returning(writer).await?;
        Ok(())
    }

    /// The phone of that name.
    pub async fn extension(&self, name: &str) -> Result<Option<Extension>, StoreError> {
        let found = extension::Entity::find_by_id((self.id.0, name.to_owned())).one(&self.core.database.reader);
        found.await?.map(|row| self.open_phone(row)).transpose()
    }

    /// All phones, by name.
    pub async fn extensions(&self) -> Result<Vec<Extension>, StoreError> {
        let rows = extension::Entity::find()
            .filter(extension::Column::Tenant.eq(self.id.0))
            .order_by_asc(extension::Column::Name)
            .all(&self.core.database.reader)
            .await?;
        rows.into_iter().map(|row| self.open_phone(row)).collect()
    }

    /// Removes a phone; an unknown name is no error.
    pub async fn remove_extension(&self, name: &str) -> Result<(), StoreError> {
        extension::Entity::delete_by_id((self.id.0, name.to_owned())).exec(&self.core.database.writer).await?;
        Ok(())
    }

    /// What was set under a key. Settings are stored in clear.
    pub async fn setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        let found = setting::Entity::find_by_id((self.id.0, key.to_owned())).one(&self.core.database.reader);
        Ok(found.await?.map(|row| row.value))
    }

    /// Sets the value under a key. Settings are stored in clear.
    pub async fn set(&self, key: &str, value: &str) -> Result<(), StoreError> {
        let row = setting::ActiveModel { tenant: Set(self.id.0), key: Set(key.into()), value: Set(value.into()) };
        let replace = OnConflict::columns([setting::Column::Tenant, setting::Column::Key])
            .update_column(setting::Column::Value)
            .to_owned();
        let insert = setting::Entity::insert(row).on_conflict(replace);
        insert.exec_without_returning(&self.core.database.writer).await?;
        Ok(())
    }

    fn open_phone(&self, row: extension::Model) -> Result<Extension, StoreError> {
        let digests: Digests = self
            .core
            .master
            .open_staff(&self.phone_aad(&row.name), &row.digests)
            .and_then(|plain| serde_json::from_slice(&plain).ok())
            .ok_or_else(|| StoreError::damaged(format!("the digest of extension {}", row.name)))?;
        Ok(Extension {
            name: row.name,
            user: UserId(row.user),
            realm: row.realm,
            ha1_md5: digests.md5,
            ha1_sha256: digests.sha256,
        })
    }

    fn phone_aad(&self, name: &str) -> Vec<u8> {
        [self.id.0.as_bytes() as &[u8], name.as_bytes()].concat()
    }
}
