//! The agents' phones, as the console manages them.

use std::collections::BTreeSet;

use futures::future::BoxFuture;

use crate::event::UserId;
use crate::store::{StoreError, Tenant};

/// Who can register a phone, and who has.
pub trait PhoneBook: Send + Sync {
    /// The extensions whose phones are registered now.
    fn reachable(&self) -> BTreeSet<String>;
    /// The extension of somebody, if they have one; of several the first by name.
    fn of(&self, user: UserId) -> Option<String>;
    /// Whether a connected browser and a registered telephone of an extension ring together.
    fn rings_both(&self, extension: &str) -> bool;
    /// Lets both ring together, or the browser alone.
    fn ring_both<'a>(
        &'a self,
        tenant: &'a Tenant,
        extension: &'a str,
        both: bool,
    ) -> BoxFuture<'a, Result<(), StoreError>>;
    /// Adds an extension, or gives one that exists a new password. Answers the password, which is kept nowhere.
    fn add<'a>(&'a self, tenant: &'a Tenant, name: &'a str, user: UserId) -> BoxFuture<'a, Result<String, StoreError>>;
}

impl PhoneBook for crate::service::Extensions {
    fn reachable(&self) -> BTreeSet<String> {
        crate::call::Phones::reachable(self)
    }

    fn of(&self, user: UserId) -> Option<String> {
        crate::service::Extensions::of(self, user)
    }

    fn rings_both(&self, extension: &str) -> bool {
        crate::service::Extensions::rings_both(self, extension)
    }

    fn ring_both<'a>(
        &'a self,
        tenant: &'a Tenant,
        extension: &'a str,
        both: bool,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(crate::service::Extensions::ring_both(self, tenant, extension, both))
    }

    fn add<'a>(&'a self, tenant: &'a Tenant, name: &'a str, user: UserId) -> BoxFuture<'a, Result<String, StoreError>> {
        Box::pin(crate::service::Extensions::add(self, tenant, name, user))
    }
}
