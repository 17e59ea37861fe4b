//! Trunks: registers with those that want it, asks all of them whether they are there, makes calls through them, and says of calls that
//! come in which trunk they are from.
//!
//! What may be called and which trunk is tried next is decided by [`sip::trunk`], which is pure; this is where it meets the network.
//! Nothing here logs numbers or credentials.

mod outbound;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use futures::future::join_all;
use sip::message::Uri;
use sip::transport::gate::Net;
use sip::trunk::{Country, E164, Health, Ledger, Limits, OverLimit, Standing, Target, TrunkConfig, did_of, trunk_of};
use sip::ua::{IncomingCall, Peer, RegistrationState, SipError, UserAgent};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::metric;

pub use outbound::{Connected, Outbound};

/// How often names are looked up of trunks that are not asked whether they are there, and those that failed get another chance.
const LOOK_UP_EVERY: Duration = Duration::from_secs(120);
/// The first pause after a registration was refused; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(120);
/// How long a stop waits for registrations to be taken back.
const FAREWELL: Duration = Duration::from_secs(3);
/// Inbound calls are counted, not limited: the gate and the trunk do that.
const ANY: Limits = Limits { at_once: u32::MAX, a_day: u32::MAX, source_at_once: u32::MAX, source_a_day: u32::MAX };

/// Every trunk of the service. Clones are handles of the same trunks.
#[derive(Clone)]
pub struct Trunks(Arc<Inner>);

struct Inner {
    agent: UserAgent,
    country: Option<&'static Country>,
    configs: Vec<TrunkConfig>,
    /// One for each of `configs`; held for a look, never across an await.
    states: Vec<Mutex<State>>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

#[derive(Default)]
struct State {
    /// Where its addresses lead, in the order in which to try.
    ways: Vec<Way>,
    /// Why they lead nowhere.
    unresolved: Option<String>,
    registration: Registration,
    standing: Standing,
    since: Option<SystemTime>,
    last_error: Option<TrunkError>,
    outbound: Ledger,
    inbound: Ledger,
}

struct Way {
    peer: Peer,
    address: Uri,
    health: Health,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Registration {
    #[default]
    Unneeded,
    Missing,
    Done,
}

/// What went wrong last with a trunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrunkError {
    /// The SIP status; 0 when there was none.
    pub status: u16,
    /// In words, for people.
    pub reason: String,
    /// When.
    pub at: SystemTime,
}

/// How a trunk stands.
#[derive(Clone, Debug)]
pub struct TrunkStatus {
    /// Its name.
    pub name: String,
    /// Whether it can be called through; `None` before it was asked.
    pub up: Option<bool>,
    /// Since when that is so.
    pub since: Option<SystemTime>,
    /// Whether we are registered with it; `None` where that is not wanted.
    pub registered: Option<bool>,
    /// What went wrong last.
    pub last_error: Option<TrunkError>,
    /// Calls now, in both directions.
    pub calls_now: u32,
    /// Calls today (UTC), in both directions.
    pub calls_today: u32,
}

/// A call that comes from a trunk.
pub struct FromTrunk {
    /// Which.
    pub trunk: String,
    /// The caller's number, in E.164 if it is one; empty when withheld.
    pub caller: String,
    /// What was dialled, in E.164 if it is a number.
    pub dialled: String,
    /// Where the trunk's rules lead it.
    pub target: Option<Target>,
    /// The language of the number that was dialled, if it has one.
    pub language: Option<String>,
    /// Keeps it counted.
    pub slot: Slot,
}

/// A place among a trunk's calls, given back when it is dropped.
pub struct Slot {
    inner: Arc<Inner>,
    trunk: usize,
    /// `None` for calls that come in.
    source: Option<String>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.inner.state(self.trunk);
        match &self.source {
            Some(source) => state.outbound.end(source),
            None => state.inbound.end(""),
        }
    }
}

impl Trunks {
    /// Begins to register, and to ask whether they are there. Without a country there can be no trunks.
    pub fn start(agent: UserAgent, configs: Vec<TrunkConfig>, country: Option<&'static Country>) -> Trunks {
        let state = |config: &TrunkConfig| {
            let needed = if config.registrar.is_some() { Registration::Missing } else { Registration::Unneeded };
            Mutex::new(State { registration: needed, ..State::default() })
        };
        let states = configs.iter().map(state).collect();
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let inner = Arc::new(Inner { agent, country, configs, states, tasks, stop });
        // At once, so that a trunk's first call meets no limit.
        inner.open_gate();
        for at in 0..inner.configs.len() {
            inner.tasks.spawn(supervise(inner.clone(), at));
            if inner.configs[at].registrar.is_some() {
                inner.tasks.spawn(register(inner.clone(), at));
            }
        }
        inner.tasks.close();
        Trunks(inner)
    }

    /// Takes registrations back and asks no more.
    pub async fn stop(&self) {
        self.0.stop.cancel();
        let _ = tokio::time::timeout(FAREWELL, self.0.tasks.wait()).await;
    }

    /// How each stands, in the order of the configuration.
    pub fn status(&self) -> Vec<TrunkStatus> {
        let now = SystemTime::now();
        let status = |(at, config): (usize, &TrunkConfig)| {
            let mut state = self.0.state(at);
            let ((out_now, out_today), (in_now, in_today)) = (state.outbound.counts(now), state.inbound.counts(now));
            TrunkStatus {
                name: config.name.clone(),
                up: match state.standing {
                    Standing::Unknown => None,
                    standing => Some(standing == Standing::Up),
                },
                since: state.since,
                registered: match state.registration {
                    Registration::Unneeded => None,
                    registration => Some(registration == Registration::Done),
                },
                last_error: state.last_error.clone(),
                calls_now: out_now + in_now,
                calls_today: out_today + in_today,
            }
        };
        self.0.configs.iter().enumerate().map(status).collect()
    }

    /// The trunk that a call comes from, and what its numbers mean; `None` for a stranger or a phone.
    pub fn identify(&self, call: &IncomingCall) -> Option<FromTrunk> {
        let inner = &self.0;
        let country = inner.country?;
        let user = call.request_user();
        let source = call.peer().addr.ip();
        let at = trunk_of(&inner.configs, source, &user, |at, ip| inner.is_at(at, ip))?;
        let config = &inner.configs[at];
        // What is registered is called by its account's name; the number is in To.
        let account = config.credentials.as_ref().is_some_and(|own| own.username == user);
        let dialled = if account { call.to_user() } else { user };
        let asserted = call.asserted_identity().filter(|_| config.trusted).map(|identity| identity.uri.user());
        let caller = match asserted {
            _ if call.is_private() => String::new(),
            Some(asserted) => plain(&asserted, config, country),
            None => plain(&call.from_user(), config, country),
        };
        let slot = inner.state(at).inbound.begin("", &ANY, SystemTime::now());
        slot.ok()?;
        let did = did_of(config, &dialled, country);
        Some(FromTrunk {
            trunk: config.name.clone(),
            caller,
            target: did.map(|did| did.target.clone()),
            language: did.and_then(|did| did.language.clone()),
            dialled: plain(&dialled, config, country),
            slot: Slot { inner: inner.clone(), trunk: at, source: None },
        })
    }
}

/// A number in E.164, or what is none as it was sent.
fn plain(user: &str, config: &TrunkConfig, country: &Country) -> String {
    E164::received(user, config.form, country).map_or_else(|_| user.to_owned(), |number| number.as_str().to_owned())
}

impl Inner {
    fn state(&self, at: usize) -> MutexGuard<'_, State> {
        self.states[at].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(self: &Arc<Self>, at: usize, source: &str) -> Result<Slot, OverLimit> {
        self.state(at).outbound.begin(source, &self.configs[at].limits, SystemTime::now())?;
        Ok(Slot { inner: self.clone(), trunk: at, source: Some(source.to_owned()) })
    }

    fn is_up(&self, at: usize) -> bool {
        self.state(at).standing != Standing::Down
    }

    fn is_at(&self, at: usize, ip: IpAddr) -> bool {
        self.state(at).ways.iter().any(|way| way.peer.addr.ip().to_canonical() == ip.to_canonical())
    }

    /// Where a trunk can be reached, those first that are known to be up, without those that are down.
    async fn ways(&self, at: usize) -> Vec<(Peer, Uri)> {
        if self.state(at).ways.is_empty() {
            self.look_up(at).await;
        }
        let state = self.state(at);
        let mut ways: Vec<_> = state.ways.iter().filter(|way| way.health.standing() != Standing::Down).collect();
        ways.sort_by_key(|way| way.health.standing() != Standing::Up);
        ways.into_iter().map(|way| (way.peer, way.address.clone())).collect()
    }

    /// Asks where the trunk's addresses lead; what is known of those that stay is kept, and all of it when nobody answers.
    async fn look_up(&self, at: usize) {
        let mut found: Vec<(Peer, Uri)> = Vec::new();
        let mut unresolved = None;
        for address in &self.configs[at].addresses {
            match self.agent.peers(address).await {
                Ok(peers) => {
                    let new: Vec<_> =
                        peers.into_iter().filter(|peer| !found.iter().any(|(known, _)| known == peer)).collect();
                    found.extend(new.into_iter().map(|peer| (peer, address.clone())));
                }
                Err(error) => unresolved = Some(error.to_string()),
            }
        }
        {
            let mut state = self.state(at);
            if let Some(reason) = &unresolved {
                state.last_error = Some(TrunkError { status: 0, reason: reason.clone(), at: SystemTime::now() });
            }
            state.unresolved = unresolved.filter(|_| found.is_empty());
            if !found.is_empty() {
                let mut old = std::mem::take(&mut state.ways);
                let mut keep = |peer: Peer| {
                    let known = old.iter().position(|way| way.peer == peer);
                    known.map(|known| old.swap_remove(known).health).unwrap_or_default()
                };
                state.ways =
                    found.into_iter().map(|(peer, address)| Way { peer, health: keep(peer), address }).collect();
            }
        }
        self.open_gate();
    }

    /// Puts where trunks are, and where their calls come from, on the list of those who are never limited nor banned.
    fn open_gate(&self) {
        let mut always: Vec<Net> = self.configs.iter().flat_map(|config| config.sources.iter().copied()).collect();
        for state in &self.states {
            let state = state.lock().unwrap_or_else(PoisonError::into_inner);
            always.extend(state.ways.iter().map(|way| Net::from(way.peer.addr.ip())));
        }
        self.agent.transports().set_always(always);
    }

    /// Notes what a peer did, and what that means for its trunk.
    fn note(&self, at: usize, peer: Peer, answer: &Result<u16, (u16, String)>) {
        let now = SystemTime::now();
        let mut state = self.state(at);
        if let Some(way) = state.ways.iter_mut().find(|way| way.peer == peer) {
            let error = match answer {
                Ok(status) => {
                    way.health.answered(*status, now);
                    (*status == 503).then(|| way.health.last_error().cloned()).flatten()
                }
                Err((status, reason)) => {
                    way.health.failed(*status, reason.clone(), now);
                    Some((*status, reason.clone()))
                }
            };
            if let Some((status, reason)) = error {
                state.last_error = Some(TrunkError { status, reason, at: now });
            }
        }
        self.settle(at, &mut state);
    }

    /// What the trunk's parts mean for the whole.
    fn settle(&self, at: usize, state: &mut State) {
        let some = |standing| state.ways.iter().any(|way| way.health.standing() == standing);
        let standing = match state.registration {
            // Still on its way.
            Registration::Missing if state.last_error.is_none() => Standing::Unknown,
            Registration::Missing => Standing::Down,
            Registration::Done if state.ways.is_empty() || !(some(Standing::Up) || some(Standing::Unknown)) => {
                Standing::Down
            }
            Registration::Done => Standing::Up,
            Registration::Unneeded if state.unresolved.is_some() => Standing::Down,
            Registration::Unneeded if some(Standing::Up) => Standing::Up,
            Registration::Unneeded if some(Standing::Unknown) || state.ways.is_empty() => Standing::Unknown,
            Registration::Unneeded => Standing::Down,
        };
        if standing == state.standing {
            return;
        }
        state.standing = standing;
        state.since = Some(SystemTime::now());
        let name = &self.configs[at].name;
        metric::trunk_up(name.clone(), standing != Standing::Down);
        let error = state.last_error.as_ref();
        match standing {
            Standing::Down => {
                let (status, reason) = error.map_or((0, ""), |error| (error.status, &error.reason));
                tracing::warn!(trunk = name, status, reason, "a trunk is down; calls go through others");
            }
            Standing::Up | Standing::Unknown => tracing::info!(trunk = name, "a trunk is up"),
        }
    }
}

/// Looks the trunk's names up and asks its peers whether they are there, again and again.
async fn supervise(inner: Arc<Inner>, at: usize) {
    let config = &inner.configs[at];
    let user = config.credentials.as_ref().map_or("hotline", |own| &own.username);
    let from = format!("sip:{user}@{}", config.domain());
    let mut again = false;
    loop {
        inner.look_up(at).await;
        let peers: Vec<Peer> = inner.state(at).ways.iter().map(|way| way.peer).collect();
        if config.ask_every.is_some() {
            let asked = peers.iter().map(|peer| ask(&inner.agent, *peer, &from));
            let round = async {
                for (peer, answer) in peers.iter().zip(join_all(asked).await) {
                    inner.note(at, *peer, &answer);
                }
            };
            tokio::select! {
                () = round => {}
                () = inner.stop.cancelled() => return,
            }
        }
        let pause = {
            let mut state = inner.state(at);
            if config.ask_every.is_none() && again {
                // Nobody asks, so only a call can tell.
                state.ways.iter_mut().for_each(|way| way.health = Health::default());
            }
            inner.settle(at, &mut state);
            let every = config.ask_every.unwrap_or(LOOK_UP_EVERY);
            let pauses = state.ways.iter().map(|way| way.health.pause(every, rand::random()));
            pauses.min().unwrap_or_else(|| Health::default().pause(every, rand::random()))
        };
        again = true;
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = inner.stop.cancelled() => return,
        }
    }
}

async fn ask(agent: &UserAgent, peer: Peer, from: &str) -> Result<u16, (u16, String)> {
    let mut uri = Uri::sip(None, peer.addr);
    uri.params.set("transport", Some(peer.protocol.param()));
    match agent.ping(&uri.to_string(), from).await {
        // Our own word for silence, or that of a proxy about what is behind it.
        Ok((408, _)) => Err((408, "no answer to OPTIONS".to_owned())),
        Ok((status, _)) => Ok(status),
        Err(SipError::Refused { status, reason }) => Err((status, reason)),
        Err(error) => Err((0, error.to_string())),
    }
}

/// Registers, and again when that fails, until the end.
async fn register(inner: Arc<Inner>, at: usize) {
    let config = &inner.configs[at];
    let (Some(registrar), Some(credentials)) = (&config.registrar, &config.credentials) else { return };
    let registrar = registrar.to_string();
    let mut pause = FIRST_PAUSE;
    let stand = |registration: Registration, error: Option<(u16, String)>| {
        let mut state = inner.state(at);
        state.registration = registration;
        if let Some((status, reason)) = error {
            state.last_error = Some(TrunkError { status, reason, at: SystemTime::now() });
        }
        inner.settle(at, &mut state);
    };
    loop {
        let registering = inner.agent.register(&registrar, credentials.clone(), config.expires);
        let result = tokio::select! {
            result = registering => result,
            () = inner.stop.cancelled() => return,
        };
        match result {
            Ok(registration) => {
                // It refreshes itself from here on, and goes on trying.
                stand(Registration::Done, None);
                let mut news = registration.state();
                loop {
                    tokio::select! {
                        changed = news.changed() => if changed.is_err() { break },
                        () = inner.stop.cancelled() => {
                            registration.unregister().await;
                            return;
                        }
                    }
                    match news.borrow_and_update().clone() {
                        RegistrationState::Registered { .. } => stand(Registration::Done, None),
                        RegistrationState::Failing { status, reason } => {
                            stand(Registration::Missing, Some((status, reason)));
                        }
                        RegistrationState::Unregistered => break,
                    }
                }
                pause = FIRST_PAUSE;
            }
            Err(error) => {
                tracing::warn!(trunk = config.name, %error, "cannot register with a trunk; trying again");
                stand(
                    Registration::Missing,
                    Some(match error {
                        SipError::Refused { status, reason } => (status, reason),
                        other => (0, other.to_string()),
                    }),
                );
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause.mul_f64(0.9 + 0.2 * rand::random::<f64>())) => {}
            () = inner.stop.cancelled() => return,
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
