//! The chats that go on: beginning one, and finding it again by its token. How many there are at once is bounded, and so is what each
//! may send and hold.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use flow::Context;
use intent::Language;
use jiff::tz::TimeZone;
use rand::RngCore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::session::{Driver, Session};
use super::talk::{Patience, Talk};
use crate::agent::Agents;
use crate::call::{Callers, Phones, Sink, now};
use crate::event::{CallId, Timestamp};
use crate::knowledge::KnowledgeBase;
use crate::lookup::Lookup;
use crate::metric;
use crate::understand::Understanding;
use crate::understand::remote::Remote;

/// A chat that is over can be read for so long, by whoever has not seen its end yet.
const KEPT: Duration = Duration::from_secs(120);

/// What every chat needs of the service.
#[derive(Clone)]
pub struct Services {
    /// The flow that answers, and the model that knows its intents.
    pub understanding: Understanding,
    /// Values of the flow's variables.
    pub variables: BTreeMap<String, serde_json::Value>,
    /// Other services.
    pub lookup: Lookup,
    /// Another service's intent engine, asked before the model.
    pub remote: Option<Remote>,
    /// Where "tomorrow at four" is meant.
    pub zone: TimeZone,
    /// The articles that answer questions.
    pub knowledge: KnowledgeBase,
    /// Who is free.
    pub agents: Agents,
    /// Their phones.
    pub phones: Arc<dyn Phones>,
    /// What is known of those who call.
    pub callers: Arc<dyn Callers>,
    /// The journal.
    pub sink: Arc<dyn Sink>,
    /// How long a chat may last.
    pub longest: Duration,
}

/// How much is taken of whom.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The sites whose pages may show the widget, beside this service's own: `https://shop.example`.
    pub origins: Vec<String>,
    /// Chats at once.
    pub sessions: usize,
    /// Chats that may be begun from one address in five minutes.
    pub starts: usize,
    /// Messages a minute of one chat.
    pub messages: usize,
    /// Characters of a message.
    pub longest_text: usize,
    /// How long a visitor is waited for.
    pub patience: Patience,
}

/// Somebody who wants to chat.
pub struct Begin {
    /// In this language, if the flow speaks it.
    pub language: Option<Language>,
    /// The page they are on, without what is personal in its address.
    pub page: String,
}

/// A chat that has begun.
pub struct Begun {
    /// Which.
    pub session: CallId,
    /// What opens it; shown this once.
    pub token: String,
    /// When it is over at the latest.
    pub expires: Timestamp,
}

/// Why a chat cannot begin now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There are as many as there may be.
    Full,
    /// The service stops.
    Closing,
}

/// The chats that go on. Cheap to clone.
#[derive(Clone)]
pub struct Chats(Arc<Shared>);

struct Shared {
    services: Services,
    limits: Limits,
    tasks: TaskTracker,
    closing: CancellationToken,
    /// Held for a look only, never across a wait.
    sessions: Mutex<HashMap<CallId, Arc<Session>>>,
}

impl Chats {
    /// None so far. They run as `tasks`, and end when `closing` is cancelled.
    pub fn new(services: Services, limits: Limits, tasks: TaskTracker, closing: CancellationToken) -> Self {
        Self(Arc::new(Shared { services, limits, tasks, closing, sessions: Mutex::default() }))
    }

    /// How much is taken of whom.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<CallId, Arc<Session>>> {
        self.0.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a chat. When this returns, it is in the journal.
    pub async fn begin(&self, begin: Begin) -> Result<Begun, Refused> {
        let Shared { services, limits, tasks, closing, .. } = &*self.0;
        if closing.is_cancelled() {
            return Err(Refused::Closing);
        }
        let (id, token) = (CallId::new(), new_token());
        let (begun, begun_at) = (Instant::now(), now());
        let expires = begun_at + services.longest.as_millis() as i64;
        let (session, inbox) = Session::new(id, &token, expires, limits.messages);
        {
            let mut sessions = self.sessions();
            sessions.retain(|_, session| session.over_since().is_none_or(|since| since.elapsed() < KEPT));
            if sessions.values().filter(|session| session.over_since().is_none()).count() >= limits.sessions {
                return Err(Refused::Full);
            }
            sessions.insert(id, session.clone());
        }
        metric::call_offered();
        // A chat keeps the flow and the model that it began with.
        let live = services.understanding.live();
        let context = Context {
            call_id: id.to_string(),
            called: begin.page.clone(),
            language: begin.language,
            // What is written shows its language.
            detects: true,
            variables: services.variables.clone(),
            now: jiff::Timestamp::now().to_zoned(services.zone.clone()),
            ..Context::default()
        };
        let flow = live.served.id.clone();
        let mut talk = Talk::new(id, live.served, live.model, context, limits.patience, begun_at);
        services.sink.begin(id, talk.offered(begin.page, flow)).await;
        let driver = Driver::new(session, talk, services.clone(), begun, inbox);
        tasks.spawn(driver.run(closing.clone()));
        Ok(Begun { session: id, token, expires })
    }

    /// The chat that this token opens.
    pub fn find(&self, id: CallId, token: &str) -> Option<Arc<Session>> {
        let session = self.sessions().get(&id).cloned()?;
        session.opens_with(token).then_some(session)
    }
}

/// 256 random bits, as text.
fn new_token() -> String {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
