//! The agents' phones: who may register, with hashed passwords only, and which of them can be rung. A browser that is connected goes
//! before a telephone that is registered.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

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
    /// Extensions whose browser and telephone ring together.
    both: RwLock<BTreeSet<String>>,
}

impl Extensions {
    /// Reads them from the store; their agents are free from now on.
    pub async fn load(tenant: &Tenant, realm: &str, agents: Agents) -> Result<Self, StoreError> {
        let known: BTreeMap<_, _> = tenant.extensions().await?.into_iter().map(|e| (e.name.clone(), e)).collect();
        known.keys().for_each(|name| agents.add(name));
        let mut both = BTreeSet::new();
        for name in known.keys() {
            if tenant.setting(&both_key(name)).await?.as_deref() == Some("yes") {
                both.insert(name.clone());
            }
        }
        Ok(Self {
            both: RwLock::new(both),
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

/// Under what it is stored that both telephones of an extension ring.
fn both_key(extension: &str) -> String {
    format!("phone.both.{extension}")
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
            let browsers = self.browsers.get().filter(|browsers| browsers.is_reachable(extension));
            let channel = self.channel().map_err(Unreached::Refused);
            let Some(browsers) = browsers else { return channel?.ring(extension, placing).await };
            let elsewhere = Arc::new(AtomicBool::new(false));
            let in_browser = browsers.ring(extension, placing, &elsewhere);
            match channel.ok().filter(|channel| self.rings_both(extension) && channel.is_registered(extension)) {
                None => in_browser.await,
                Some(channel) => first_of(in_browser, channel.ring(extension, placing), &elsewhere).await,
            }
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

/// Whoever answers first. One that does not take the call leaves it to the other.
async fn first_of(
    browser: impl Future<Output = Result<Leg, Unreached>>,
    telephone: impl Future<Output = Result<Leg, Unreached>>,
    elsewhere: &AtomicBool,
) -> Result<Leg, Unreached> {
    let (mut browser, mut telephone) = (pin!(browser), pin!(telephone));
    tokio::select! {
        came = &mut browser => match came {
            Ok(leg) => Ok(leg),
            // Whoever declines in the browser does not want the telephone to go on ringing.
            Err(Unreached::Refused(refused)) if refused.label == "declined" => Err(Unreached::Refused(refused)),
            Err(_) => telephone.await,
        },
        came = &mut telephone => match came {
            Ok(leg) => {
                elsewhere.store(true, Ordering::Relaxed);
                Ok(leg)
            }
            Err(Unreached::Redirected(to)) => Err(Unreached::Redirected(to)),
            Err(_) => browser.await,
        },
    }
}

impl Extensions {
    /// Whether a connected browser and a registered telephone ring together.
    pub fn rings_both(&self, extension: &str) -> bool {
        self.both.read().unwrap_or_else(PoisonError::into_inner).contains(extension)
    }

    /// Lets both ring together, or the browser alone.
    pub async fn ring_both(&self, tenant: &Tenant, extension: &str, both: bool) -> Result<(), StoreError> {
        tenant.set(&both_key(extension), if both { "yes" } else { "no" }).await?;
        let mut chosen = self.both.write().unwrap_or_else(PoisonError::into_inner);
        match both {
            true => chosen.insert(extension.to_owned()),
            false => chosen.remove(extension),
        };
        Ok(())
    }

    fn channel(&self) -> Result<&SipChannel, Refused> {
        let not_yet = || Refused { label: "unreachable", reason: "SIP has not started".into() };
        self.channel.get().ok_or_else(not_yet)
    }
}
