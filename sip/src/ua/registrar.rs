//! The registrar: REGISTER with digest authentication. Hashing and nonces are in `digest`, the bindings
//! themselves in `bindings`; here they meet the messages.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::sync::broadcast;

use super::bindings::{Bindings, Contact, Refused, Request as Wanted, Wish, Wishes};
use super::{Directory, UaConfig};
use crate::digest::{Authorization, Challenge, DigestAlgorithm, NonceState, Nonces};
use crate::endpoint::Peer;
use crate::message::{Name, Request};

/// A status, and the headers that go with it.
type Answer = (u16, Vec<(Name, String)>);

/// How long a nonce may be used. Long enough for a phone's next refresh to need no second round.
const NONCE_LIFETIME: Duration = Duration::from_secs(300);
/// Changes that a slow reader may lag behind.
const CHANGE_ROOM: usize = 1024;

/// Something changed about where a user can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationChange {
    /// The user.
    pub user: String,
    /// What happened.
    pub event: RegistrationEvent,
}

/// What happened to a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistrationEvent {
    /// Registered or refreshed; this many contacts now.
    Registered {
        /// How many places the user can be reached at.
        contacts: usize,
    },
    /// The last contact was removed by the phone.
    Unregistered,
    /// The last contact lapsed.
    Expired,
}

/// Whether a request comes from whom it claims.
pub(super) enum Check {
    /// Yes: this user.
    Proven(String),
    /// Ask (again).
    Ask { stale: bool },
    /// Wrong password, or no such user.
    Forbidden,
}

pub(super) struct Registrar {
    directory: Arc<dyn Directory>,
    realm: String,
    algorithms: Vec<DigestAlgorithm>,
    nonces: Mutex<Nonces>,
    bindings: Mutex<Bindings>,
    changes: broadcast::Sender<RegistrationChange>,
}

impl Registrar {
    pub(super) fn new(directory: Arc<dyn Directory>, config: &UaConfig) -> Self {
        Registrar {
            directory,
            realm: config.realm.clone(),
            algorithms: config.digest_algorithms.clone(),
            nonces: Mutex::new(Nonces::new(NONCE_LIFETIME, Instant::now())),
            bindings: Mutex::new(Bindings::new(config.registrar_limits)),
            changes: broadcast::Sender::new(CHANGE_ROOM),
        }
    }

    pub(super) fn registered(&self, user: &str) -> Vec<Contact> {
        self.bindings().of(user, Instant::now())
    }

    pub(super) fn changes(&self) -> broadcast::Receiver<RegistrationChange> {
        self.changes.subscribe()
    }

    /// Drops what has lapsed, and says so.
    pub(super) fn lapse(&self) {
        let gone = self.bindings().lapse(Instant::now());
        for user in gone {
            self.tell(user, RegistrationEvent::Expired);
        }
    }

    /// The challenge headers, one per hash.
    pub(super) fn challenge(&self, stale: bool) -> Vec<(Name, String)> {
        let nonce = self.nonces().issue(Instant::now());
        self.algorithms
            .iter()
            .map(|algorithm| {
                let challenge = Challenge {
                    realm: self.realm.clone(),
                    nonce: nonce.clone(),
                    algorithm: *algorithm,
                    opaque: None,
                    qop_auth: true,
                    stale,
                };
                (Name::WwwAuthenticate, challenge.header())
            })
            .collect()
    }

    fn asked(&self, claim: &Authorization) -> bool {
        claim.realm == self.realm && self.algorithms.contains(&claim.algorithm)
    }

    /// Whether a request claims to be somebody's of this realm.
    pub(super) fn is_claimed(&self, request: &Request) -> bool {
        request.headers.all(&Name::Authorization).filter_map(Authorization::parse).any(|claim| self.asked(&claim))
    }

    /// Who sent this request.
    pub(super) fn check(&self, request: &Request) -> Check {
        let mut claims = request.headers.all(&Name::Authorization).filter_map(Authorization::parse);
        let Some(claim) = claims.find(|claim| self.asked(claim)) else {
            return Check::Ask { stale: false };
        };
        let known = self.directory.ha1(&claim.username, &self.realm, claim.algorithm);
        // An unknown user costs the same hashing as a known one.
        let ha1 = known.clone().unwrap_or_else(|| claim.algorithm.hash(&claim.nonce));
        let proven = claim.proves(&ha1, request.method.as_str()) && known.is_some();
        if !proven {
            // After our restart a phone answers a nonce that we no longer know: that is no wrong password yet.
            let unknown = self.nonces().state(&claim.nonce, Instant::now()) == NonceState::Unknown;
            return if unknown { Check::Ask { stale: false } } else { Check::Forbidden };
        }
        match self.nonces().spend(&claim.nonce, claim.counted.as_ref(), Instant::now()) {
            NonceState::Fresh => Check::Proven(claim.username),
            NonceState::Stale | NonceState::Unknown => Check::Ask { stale: true },
        }
    }

    /// Answers a REGISTER that came from `peer`.
    pub(super) fn register(&self, request: &Request, peer: Peer) -> Answer {
        match self.check(request) {
            Check::Ask { stale } => (401, self.challenge(stale)),
            Check::Forbidden => (403, Vec::new()),
            // Nobody registers for somebody else.
            Check::Proven(user) if address_of_record(request) != user => (403, Vec::new()),
            Check::Proven(user) => self.bind(&user, request, peer),
        }
    }

    fn bind(&self, user: &str, request: &Request, peer: Peer) -> Answer {
        let Some(wanted) = wanted(request, peer) else { return (400, Vec::new()) };
        let now = Instant::now();
        let asks_only = matches!(&wanted.wishes, Wishes::Contacts(wishes) if wishes.is_empty());
        let result = self.bindings().apply(user, &wanted, now);
        match result {
            Ok(contacts) => {
                if !asks_only {
                    let event = match contacts.len() {
                        0 => RegistrationEvent::Unregistered,
                        contacts => RegistrationEvent::Registered { contacts },
                    };
                    self.tell(user.to_owned(), event);
                }
                let line = |c: &Contact| {
                    let left = c.expires_at.saturating_duration_since(now).as_secs();
                    let instance = c.instance.as_ref().map(|i| format!(";+sip.instance=\"{i}\"")).unwrap_or_default();
                    (Name::Contact, format!("<{}>{instance};expires={left}", c.uri))
                };
                (200, contacts.iter().map(line).collect())
            }
            Err(Refused::TooBrief(min)) => (423, vec![(Name::MinExpires, min.as_secs().to_string())]),
            Err(Refused::TooMany) => {
                (403, vec![(Name::Warning, "399 hotline \"too many phones for this user\"".to_owned())])
            }
            Err(Refused::OutOfOrder) => (500, Vec::new()),
        }
    }

    fn tell(&self, user: String, event: RegistrationEvent) {
        // Nobody listening is fine.
        let _ = self.changes.send(RegistrationChange { user, event });
    }

    fn bindings(&self) -> MutexGuard<'_, Bindings> {
        self.bindings.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn nonces(&self) -> MutexGuard<'_, Nonces> {
        self.nonces.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn address_of_record(request: &Request) -> String {
    request.headers.address(&Name::To).map(|to| to.uri.user()).unwrap_or_default()
}

/// What the REGISTER asks for; `None` when it contradicts itself.
fn wanted(request: &Request, peer: Peer) -> Option<Wanted> {
    let headers = &request.headers;
    // Values beyond 2^32 mean as long as possible (RFC 3261 section 20.19 lets us choose).
    let seconds = |text: &str| text.trim().parse::<u64>().map_or(u32::MAX, |n| u32::try_from(n).unwrap_or(u32::MAX));
    let expires = headers.get(&Name::Expires).map(seconds);
    let wishes = if headers.list(&Name::Contact).any(|contact| contact == "*") {
        if headers.list(&Name::Contact).count() != 1 || expires != Some(0) {
            return None;
        }
        Wishes::RemoveAll
    } else {
        let contacts = headers.addresses(&Name::Contact)?;
        let wishes = contacts.into_iter().map(|contact| Wish {
            expires: contact
                .params
                .value("expires")
                .map(seconds)
                .or(expires)
                .map(|s| Duration::from_secs(u64::from(s))),
            instance: contact.params.value("+sip.instance").map(|i| i.trim_matches('"').to_owned()),
            uri: contact.uri.to_string(),
        });
        Wishes::Contacts(wishes.collect())
    };
    Some(Wanted {
        wishes,
        call_id: headers.call_id().to_owned(),
        cseq: headers.cseq()?.seq,
        source: peer,
        user_agent: headers.get(&Name::UserAgent).map(str::to_owned),
    })
}
