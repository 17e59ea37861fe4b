//! The agents' phones: who may register, with hashed passwords only, and which of them can be rung. A browser that is connected goes
//! before a telephone that is registered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{OnceLock, PoisonError, RwLock};

use futures::future::BoxFuture;
use rand::Rng;

use crate::agent::Agents;
use crate::call::leg::{Placing, Refused, Unreached};
use crate::call::{Leg, Phones};
use crate::channel::{Algorithm, Directory, Outbound, SipChannel, WebRtc};
use crate::event::UserId;
use crate::store::{Extension, StoreError, Tenant};

/// All extensions, in memory: the registrar asks for each request and must not wait for a database.
pub struct Extensions {
    realm: String,
    agents: Agents,
    known: RwLock<BTreeMap<String, Extension>>,
    channel: OnceLock<SipChannel>,
    browsers: OnceLock<WebRtc>,
}

impl Extensions {
    /// Reads them from the store; their agents are free from now on.
    pub async fn load(tenant: &Tenant, realm: &str, agents: Agents) -> Result<Self, StoreError> {
        let known: BTreeMap<_, _> = tenant.extensions().await?.into_iter().map(|e| (e.name.clone(), e)).collect();
        known.keys().for_each(|name| agents.add(name));
        Ok(Self {
            realm: realm.to_owned(),
            agents,
            known: RwLock::new(known),
            channel: OnceLock::new(),
            browsers: OnceLock::new(),
        })
    }

    /// The channel that rings them.
    pub fn attach(&self, channel: SipChannel) {
        let _ = self.channel.set(channel);
    }

    /// The channel that rings them in browsers.
    pub fn attach_browsers(&self, browsers: WebRtc) {
        let _ = self.browsers.set(browsers);
    }

    /// The extension of somebody; of several the first by name.
    pub fn of(&self, user: UserId) -> Option<String> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.values().find(|extension| extension.user == user).map(|extension| extension.name.clone())
    }

    /// Their names.
    pub fn names(&self) -> Vec<String> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// Adds an extension, or gives one that exists a new password. Returns the password, which is kept nowhere.
    pub async fn add(&self, tenant: &Tenant, name: &str, user: UserId) -> Result<String, StoreError> {
        let password = password();
        let extension = Extension {
            name: name.to_owned(),
            user,
            realm: self.realm.clone(),
            ha1_md5: Algorithm::Md5.ha1(name, &self.realm, &password),
            ha1_sha256: Algorithm::Sha256.ha1(name, &self.realm, &password),
        };
        tenant.put_extension(extension.clone()).await?;
        self.agents.add(name);
        self.known.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), extension);
        Ok(password)
    }
}

/// Twenty characters that can be read out and typed: about 98 bits.
fn password() -> String {
    const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = rand::rng();
    (0..20).map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())])).collect()
}

impl Directory for Extensions {
    fn ha1(&self, user: &str, realm: &str, algorithm: Algorithm) -> Option<String> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let extension = known.get(user).filter(|extension| extension.realm == realm)?;
        Some(match algorithm {
            Algorithm::Md5 => extension.ha1_md5.clone(),
            Algorithm::Sha256 => extension.ha1_sha256.clone(),
        })
    }
}

impl Phones for Extensions {
    fn reachable(&self) -> BTreeSet<String> {
        let registered = |name: &String| self.channel.get().is_some_and(|channel| channel.is_registered(name));
        let connected = self.browsers.get().map(WebRtc::reachable).unwrap_or_default();
        self.names().into_iter().filter(|name| connected.contains(name) || registered(name)).collect()
    }

    fn has(&self, extension: &str) -> bool {
        self.known.read().unwrap_or_else(PoisonError::into_inner).contains_key(extension)
    }

    fn ring<'a>(&'a self, extension: &'a str, placing: Placing<'a>) -> BoxFuture<'a, Result<Leg, Unreached>> {
        Box::pin(async move {
            if let Some(browsers) = self.browsers.get().filter(|browsers| browsers.is_reachable(extension)) {
                return browsers.ring(extension, placing).await;
            }
            let channel = self.channel().map_err(Unreached::Refused)?;
            channel.ring(extension, placing).await
        })
    }

    fn call_out<'a>(
        &'a self,
        number: &'a str,
        source: &'a str,
        placing: Placing<'a>,
    ) -> BoxFuture<'a, Result<Leg, Refused>> {
        let Placing { shown: caller, diverted, legs, told, .. } = placing;
        let wanted = Outbound { number, caller, source, diverted, record: false, legs: Some(legs), told: Some(told) };
        Box::pin(async move { self.channel()?.call(wanted).await })
    }
}

impl Extensions {
    fn channel(&self) -> Result<&SipChannel, Refused> {
        let not_yet = || Refused { label: "unreachable", reason: "SIP has not started".into() };
        self.channel.get().ok_or_else(not_yet)
    }
}
