//! The service: puts the parts together, starts them in order, and stops them so that nothing is lost.
//!
//! - [`prepare`]: the configured flow, the recognisers and the voices.
//! - [`sink`]: from calls to the store.
//! - [`callers`]: what is known of those who call.
//! - [`recover`]: calls that a crash cut off get their outcome and their ticket.
//! - [`encoder`]: the sentence encoder as the intent engine takes one.
//! - [`extensions`]: the agents' phones and their hashed passwords.
//! - [`local`]: the API's door for this user's own programs.
//! - [`speech`]: which recogniser hears which language, and changing that while calls go on.
//! - [`answering`]: which flow answers at the start, and what follows when another does.
//! - [`observe`]: metrics and traces, read from the journal.

mod answering;
mod callers;
mod encoder;
mod extensions;
mod local;
mod observe;
mod prepare;
mod recover;
mod sink;
mod speech;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sip::media::{Clip, Clock};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::agent::Agents;
use crate::api::{self, Console};
use crate::call::{Exchange, LiveLegs, Services, take_call};
use crate::channel::{Calls, SipChannel, SipSettings, WebCall, WebRtc};
use crate::chat::{self, Chats};
use crate::config::Config;
use crate::event::{CallId, UserId};
use crate::flows::Flows;
use crate::knowledge::KnowledgeBase;
use crate::lookup::Lookup;
use crate::metric::{self, Held};
use crate::speak::Speaker;
use crate::store::{MasterKey, NewUser, Role, Store, StoreError, Tenant, User};
use crate::understand::{UnderstandError, Understanding};

pub use encoder::sentence_encoder;
pub use extensions::Extensions;
pub use local::{LocalAccess, PublishedAccess};
pub use prepare::{PrepareError, load_flow, prepare, recogniser};
use sink::StoreSink;
pub use speech::{Speech, candidates, fingerprint, resolved, speed_of};

/// How long a one-time sign-in link works.
const LINK_LASTS: Duration = Duration::from_secs(60 * 60);
/// How long the last lines of the journal may take, on a disk that was full and has room again.
const LAST_FLUSH: Duration = Duration::from_secs(60);
/// How often the metrics are told what the telephone holds and the gate dropped.
const COUNT_EVERY: Duration = Duration::from_secs(5);
/// Calls on their way from their offer to their answer. More wait in the SIP stack, whose queue is short: callers beyond it are told 503
/// at once, and another trunk or machine can take them, instead of all of them waiting longer and longer.
const OPENING: usize = 64;
/// How long calls in progress are given to end when the service stops.
const STOP_PATIENCE: Duration = Duration::from_secs(8);

/// Why the service cannot start; each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The flow, a model or a voice.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// The flow's intents.
    #[error("the intents cannot be trained: {0}")]
    Understand(#[from] UnderstandError),
    /// The database, the data folder or the master key.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The SIP port.
    #[error(transparent)]
    Sip(#[from] crate::channel::StartError),
    /// The HTTP port.
    #[error(
        "cannot listen for HTTP on {address}: {reason}; choose another address with http.bind (HOTLINE_HTTP_BIND), or stop what uses it"
    )]
    Http {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        reason: std::io::Error,
    },
    /// The port of the browsers' sound.
    #[error(
        "cannot open the port of browsers {address}: {reason}; choose another address with webrtc.bind (HOTLINE_WEBRTC_BIND), or leave it empty"
    )]
    Browsers {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        reason: std::io::Error,
    },
    /// The media clock.
    #[error("cannot start the media clock: {0}")]
    Clock(std::io::Error),
    /// The HTTP client.
    #[error("{0}")]
    Client(String),
}

/// A running service.
pub struct Service {
    /// Where the console is.
    pub http: SocketAddr,
    /// Where SIP is.
    pub sip: SocketAddr,
    tenant: Tenant,
    store: Store,
    extensions: Arc<Extensions>,
    knowledge: KnowledgeBase,
    speech: Speech,
    channel: SipChannel,
    browsers: Option<WebRtc>,
    clock: Clock,
    calls: TaskTracker,
    /// Cancelled first: no new calls, calls in progress end.
    closing: CancellationToken,
    /// Cancelled last: the console.
    stopped: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
    sink: Arc<StoreSink>,
}

impl Service {
    /// Starts everything. What was left unfinished by a crash is finished first.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        // One TLS provider for the whole process; a second start in the same process finds it set.
        let _ = rustls::crypto::ring::default_provider().install_default();
        metric::install();

        let store = open_store(&config).await?;
        let tenant = store.default_tenant();
        let recovered = recover::recover(&tenant).await?;
        if recovered > 0 {
            tracing::warn!(calls = recovered, "calls cut off by the last stop were given their outcome and ticket");
        }

        let standing = answering::at_start(&tenant, &config).await?;
        let prepared = prepare::prepare(&config, &standing.flow).await?;
        let understanding =
            Understanding::open(tenant.clone(), standing.flow.clone(), prepared.encoder.clone()).await?;
        let voices = prepared.voices;
        load_recordings(&tenant, &voices).await?;
        let knowledge = KnowledgeBase::load(tenant.clone(), prepared.encoder).await?;
        let speech = Speech::new(prepared.recognisers, &prepared.resolved, voices.clone());
        let clock = Clock::start().map_err(StartError::Clock)?;
        let agents = Agents::new();
        let extensions = Arc::new(Extensions::load(&tenant, &config.sip_realm, agents.clone()).await?);
        prepare::warn_of_targets(&config, &standing.flow, &extensions.names());
        let variables: BTreeMap<String, serde_json::Value> =
            config.flow_variables.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
        let zone = config.call_time_zone.clone().unwrap_or_else(jiff::tz::TimeZone::system);
        let (heard, spoken) = (understanding.clone(), voices.clone());
        let flows = Flows::new(tenant.clone(), standing, heard, spoken, variables.clone(), zone.clone());
        // What was due while nothing ran, before the first call.
        if let Err(error) = flows.make_due_live().await {
            tracing::warn!(%error, "it cannot be told which flow is due; the one before answers");
        }
        let answer = understanding.live();
        let plan = Arc::new(prepare::dial_plan(&config, &answer.flow));
        let settings = SipSettings::new(&config, extensions.clone());
        let (channel, calls) = SipChannel::start(settings, clock.clone()).await?;
        extensions.attach(channel.clone());
        let (browsers, web_calls) = open_browsers(&config, &clock)?.unzip();
        if let Some(browsers) = &browsers {
            extensions.attach_browsers(browsers.clone());
        }

        let sink = Arc::new(StoreSink::start(tenant.clone()));
        let legs = LiveLegs::default();
        let lookup = Lookup::new().map_err(StartError::Client)?;
        let services = Services {
            flow: answer.served,
            model: answer.model,
            variables,
            recognisers: speech.recognisers(),
            voices: voices.clone(),
            remote: prepare::remote(&config, &lookup)?,
            lookup,
            zone,
            knowledge: knowledge.clone(),
            agents,
            phones: extensions.clone(),
            sink: sink.clone(),
            callers: Arc::new(callers::People(tenant.clone())),
            legs: legs.clone(),
            ring: Duration::from_secs(config.queue_ring_seconds),
            max_wait: Duration::from_secs(config.queue_max_wait_seconds),
            max_call: Duration::from_secs(config.call_max_minutes * 60),
            waiting_sound: Arc::new(Clip::new(audio::tone::ringback())),
            hold_music: prepared.hold_music,
            park_return: Duration::from_secs(config.park_return_seconds),
            exchange: Exchange::new(plan.slots()),
            plan,
            clock: clock.clone(),
        };

        let (closing, stopped) = (CancellationToken::new(), CancellationToken::new());
        let tracker = TaskTracker::new();
        let chats = config.chat_enabled.then(|| {
            let services = chat::Services {
                understanding: understanding.clone(),
                variables: services.variables.clone(),
                lookup: services.lookup.clone(),
                remote: services.remote.clone(),
                zone: services.zone.clone(),
                knowledge: knowledge.clone(),
                agents: services.agents.clone(),
                phones: services.phones.clone(),
                callers: services.callers.clone(),
                sink: sink.clone(),
                longest: services.max_call,
            };
            Chats::new(services, prepare::chat_limits(&config), tracker.clone(), closing.clone())
        });
        let accepting = tokio::spawn(accept(
            (calls, web_calls),
            services,
            speech.clone(),
            understanding.clone(),
            config.clone(),
            tracker.clone(),
            closing.clone(),
        ));

        let listener = tokio::net::TcpListener::bind(config.http_bind).await;
        let listener = listener.map_err(|reason| StartError::Http { address: config.http_bind, reason })?;
        let http = listener.local_addr().map_err(|reason| StartError::Http { address: config.http_bind, reason })?;
        let console = Console {
            tenant: tenant.clone(),
            store: store.clone(),
            flows: flows.clone(),
            voices,
            recognisers: Arc::new({
                let speech = speech.clone();
                move || speech.recognisers()
            }),
            understanding,
            knowledge: knowledge.clone(),
            extensions: extensions.clone(),
            trunks: Arc::new({
                let trunks = channel.trunks().clone();
                move || trunks.status()
            }),
            legs,
            chats,
            browsers: browsers.clone(),
            web_calls: api::WebCalls {
                origins: config.webrtc_origins.iter().map(|origin| origin.0.clone()).collect(),
                starts: config.webrtc_starts,
            },
            is_proxy: Arc::new({
                let proxies = config.http_proxies.clone();
                move |address| proxies.iter().any(|proxy| proxy.contains(address))
            }),
            ready: Arc::new({
                let (sink, closing) = (sink.clone(), closing.clone());
                move || sink.is_healthy() && !closing.is_cancelled()
            }),
        };
        let following =
            answering::follow(flows.watch(), config.clone(), extensions.clone(), speech.clone(), stopped.clone());
        let following = tokio::spawn(following);
        let scheduling = tokio::spawn(flows.keep_time(stopped.clone()));
        let counting = tokio::spawn(count(channel.clone(), browsers.clone(), clock.clone(), stopped.clone()));
        let serving = tokio::spawn(api::serve(listener, console, stopped.clone()));
        let observing = tokio::spawn(observe::observe(tenant.clone(), config.trace_otlp.clone(), stopped.clone()));
        let sip = channel.local_addr();
        tracing::info!(%http, %sip, "ready");
        Ok(Self {
            http,
            sip,
            tenant,
            store,
            extensions,
            knowledge,
            speech,
            channel,
            browsers,
            clock,
            calls: tracker,
            closing,
            stopped,
            tasks: vec![accepting, serving, observing, counting, scheduling, following],
            sink,
        })
    }

    /// The data of the only tenant there is so far.
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// What recognises and speaks, to be changed while calls go on.
    pub fn speech(&self) -> &Speech {
        &self.speech
    }

    /// Whether somebody has set a password yet; before that, the way in is a one-time link.
    pub async fn needs_first_sign_in(&self) -> Result<bool, StoreError> {
        Ok(self.tenant.users().await?.iter().all(|user| !user.has_password))
    }

    /// A link that signs the first admin in, once, within the hour.
    pub async fn sign_in_link(&self) -> Result<String, StoreError> {
        let users = self.tenant.users().await?;
        let now = crate::call::now();
        let admin = match users.into_iter().find(|user| user.role == Role::Admin) {
            Some(admin) => admin,
            None => self.add_user("Admin", Role::Admin).await?,
        };
        let token = self.tenant.create_link(admin.id, now, LINK_LASTS).await?;
        Ok(format!("http://{}/sign-in?token={}", self.http, token.reveal()))
    }

    /// Adds somebody who may sign in.
    pub async fn add_user(&self, name: &str, role: Role) -> Result<User, StoreError> {
        let user = NewUser { name: name.to_owned(), email: None, role, language: None };
        self.tenant.create_user(user, crate::call::now()).await
    }

    /// Adds articles to the knowledge base; they answer from now on.
    pub async fn add_articles(&self, articles: Vec<intent::knowledge::Article>, by: UserId) -> Result<(), StoreError> {
        self.tenant.add_articles(articles, by, crate::call::now()).await?;
        self.knowledge.reload().await
    }

    /// Gives an agent an extension and returns its password, which is shown this once.
    pub async fn add_extension(&self, name: &str, user: UserId) -> Result<String, StoreError> {
        self.extensions.add(&self.tenant, name, user).await
    }

    /// The extensions whose phones are registered now.
    pub fn reachable(&self) -> std::collections::BTreeSet<String> {
        use crate::call::Phones;
        self.extensions.reachable()
    }

    /// Ends calls properly, writes what is to be written, and frees the ports.
    pub async fn stop(self) {
        self.closing.cancel();
        self.calls.close();
        if tokio::time::timeout(STOP_PATIENCE, self.calls.wait()).await.is_err() {
            tracing::warn!("some calls did not end in time; they are finished at the next start");
        }
        self.channel.shutdown().await;
        if let Some(browsers) = &self.browsers {
            browsers.shutdown();
        }
        if !self.sink.flush(LAST_FLUSH).await {
            tracing::error!(
                "the journal could not be written to its end; the calls concerned are finished at the next start"
            );
        }
        self.stopped.cancel();
        for task in self.tasks {
            let _ = tokio::time::timeout(Duration::from_secs(2), task).await;
        }
        self.clock.shutdown();
        self.store.close().await;
    }
}

/// Plays what was recorded in place of the voice.
async fn load_recordings(tenant: &Tenant, voices: &Speaker) -> Result<(), StoreError> {
    for (about, wav) in tenant.prompt_recordings().await? {
        let sound = audio::wav::read_from(std::io::Cursor::new(wav), &about.id);
        match (about.language.parse(), sound) {
            (Ok(language), Ok(sound)) => voices.set_recording(language, &about.text, Some(sound)),
            _ => tracing::warn!(prompt = about.id, "a recorded prompt is damaged: the voice says it; upload it again"),
        }
    }
    Ok(())
}

/// Takes calls until the service closes.
async fn accept(
    (mut calls, mut web_calls): (Calls, Option<mpsc::Receiver<WebCall>>),
    mut services: Services,
    speech: Speech,
    understanding: Understanding,
    config: Config,
    tracker: TaskTracker,
    closing: CancellationToken,
) {
    let opening = Arc::new(Semaphore::new(OPENING));
    loop {
        let next = async {
            let permit = opening.clone().acquire_owned().await.ok()?;
            let (call, incoming) = tokio::select! {
                incoming = calls.next() => (CallId::new(), incoming?),
                WebCall { id, incoming } = next_of(&mut web_calls) => (id, incoming),
            };
            Some((permit, call, incoming))
        };
        let next = tokio::select! {
            next = next => next,
            () = closing.cancelled() => return,
        };
        let Some((permit, call, incoming)) = next else { return };
        metric::call_offered();
        // A call keeps what it begins with: the flow with the model that knows its intents, and the recognisers.
        let answer = understanding.live();
        if !Arc::ptr_eq(&answer.served, &services.flow) {
            services.plan = Arc::new(prepare::dial_plan(&config, &answer.served));
        }
        (services.flow, services.model, services.recognisers) = (answer.served, answer.model, speech.recognisers());
        let services = services.clone();
        tracker.spawn(take_call(incoming, call, services, permit, closing.clone()));
    }
}

/// The next call from a browser, where browsers are taken.
async fn next_of(calls: &mut Option<mpsc::Receiver<WebCall>>) -> WebCall {
    let call = match calls {
        Some(calls) => calls.recv().await,
        None => None,
    };
    match call {
        Some(call) => call,
        None => std::future::pending().await,
    }
}

/// The port of browsers, and the calls that they begin; nothing where they are not taken.
fn open_browsers(config: &Config, clock: &Clock) -> Result<Option<(WebRtc, mpsc::Receiver<WebCall>)>, StartError> {
    let Some(settings) = prepare::browsers(config)? else { return Ok(None) };
    let address = settings.bind;
    WebRtc::start(settings, clock.clone()).map(Some).map_err(|reason| StartError::Browsers { address, reason })
}

/// Shows in the metrics what the telephone holds and what the gate dropped, until stopped.
async fn count(channel: SipChannel, browsers: Option<WebRtc>, clock: Clock, stopped: CancellationToken) {
    loop {
        let (dialogs, transactions) = channel.held();
        let held = Held { dialogs, transactions, legs: clock.stats().legs };
        metric::held(held, tokio::runtime::Handle::current().metrics().num_alive_tasks());
        channel.dropped().into_iter().for_each(|(reason, count)| metric::sip_dropped(reason, count));
        if let Some(browsers) = &browsers {
            let seen = browsers.stats();
            metric::browsers(seen.peers, seen.checks, seen.packets, seen.moves);
            metric::browsers_dropped("overflow", seen.overflowed);
            seen.dropped.into_iter().for_each(|(reason, count)| metric::browsers_dropped(reason, count));
        }
        tokio::select! {
            () = tokio::time::sleep(COUNT_EVERY) => {}
            () = stopped.cancelled() => return,
        }
    }
}

/// Opens the store that the configuration names.
pub async fn open_store(config: &Config) -> Result<Store, StoreError> {
    let (folder, key_file, url) = store_of(config);
    if let Some(parent) = key_file.parent() {
        std::fs::create_dir_all(parent).map_err(|e| StoreError::NotWritable { path: parent.into(), source: e })?;
    }
    let master = MasterKey::load_or_create(&key_file)?;
    Store::open(url, master, folder).await
}

/// Opens for reading what a running service has open. Nothing is made that is missing.
pub async fn look_into_store(config: &Config) -> Result<Store, StoreError> {
    let (folder, key_file, url) = store_of(config);
    std::fs::metadata(&key_file).map_err(|error| StoreError::Unreadable { path: key_file.clone(), source: error })?;
    Store::look(url, MasterKey::load_or_create(&key_file)?, folder).await
}

/// The data folder, the file of the master key, and the database's address.
fn store_of(config: &Config) -> (&Path, PathBuf, &str) {
    let folder: &Path = &config.data_dir;
    let key_file = config.store_master_key.clone().unwrap_or_else(|| folder.join("master.key"));
    (folder, key_file, if config.store_url.is_empty() { "sqlite" } else { &config.store_url })
}
