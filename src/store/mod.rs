//! What is kept: the journal of every call and what is read from it (calls, tickets), recordings, the knowledge base, and who signs in.
//!
//! Three rules hold from the first row. Personal data is sealed with the key of the person it is about, so that
//! destroying the key erases the person. Every row has a tenant and a [`Tenant`] is the only handle with
//! queries, so no query can cross. The journal is the truth: calls and tickets are written in the transaction that
//! appends, and can be computed again from it. Nothing outside this folder knows which database it is.
//!
//! What callers said is not interpreted here, and nothing here decides what happens next to a call.

mod append;
mod calls;
mod database;
mod entity;
mod error;
mod extensions;
mod flows;
mod journal;
mod key;
mod knowledge;
mod migration;
mod model;
mod names;
mod people;
mod projection;
mod prompts;
mod queues;
mod rebuild;
mod recording;
mod seal;
mod search;
mod sign_in;
mod tickets;
mod tokens;
mod training;
mod users;

use std::{
    collections::HashMap,
    fs::{self, File, TryLockError},
    io::{Read, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use sea_orm::{ActiveModelTrait, EntityTrait, QueryOrder, Set};
use tokio::sync::{broadcast, mpsc, oneshot};

use self::{database::Database, entity::tenant};
pub use self::{
    error::StoreError,
    flows::{FlowDraft, FlowState, FlowVersion, NewFlowVersion},
    key::MasterKey,
    knowledge::{ArticleVersion, Asked, Gap, KeptArticle},
    model::*,
    prompts::PromptRecording,
    queues::{Callback, CallbackState, KeptPresence, KeptQueue},
    recording::{CHANNELS, Peaks, RATE, RecordingReader, RecordingWriter},
    tokens::{ApiToken, Scope},
    training::{NewVersion, Publish, TrainingDraft, TrainingVersion, VersionState},
};
use crate::event::{CallId, Entry, TenantId, Timestamp};

/// How many entries a live screen may lag behind before it must fetch again: minutes of a busy installation.
const LIVE_BACKLOG: usize = 4096;
/// How many appends may wait for the database. Beyond it, whoever appends waits; a journal is never dropped.
const APPEND_BACKLOG: usize = 1024;

/// Everything that is kept. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    core: Arc<Core>,
    appends: mpsc::Sender<append::Message>,
    first: TenantId,
}

/// What the handles and the task that appends share.
struct Core {
    database: Database,
    master: MasterKey,
    folder: PathBuf,
    /// Live screens, by tenant.
    live: Mutex<HashMap<TenantId, broadcast::Sender<Live>>>,
    /// Held as long as the store is open; by whom only looks, none is.
    lock: Option<File>,
}

impl Core {
    fn live(&self, tenant: TenantId) -> broadcast::Sender<Live> {
        // Nothing can panic while the map is held; if it did, the map is still whole.
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.entry(tenant).or_insert_with(|| broadcast::Sender::new(LIVE_BACKLOG)).clone()
    }
}

/// One tenant's data: the only handle with queries, all of them scoped. Cheap to clone.
#[derive(Clone)]
pub struct Tenant {
    id: TenantId,
    core: Arc<Core>,
    appends: mpsc::Sender<append::Message>,
}

impl Store {
    /// Opens the database at `address` (`sqlite` for a file in the data folder, `sqlite:/path`, or `postgres://…`),
    /// bringing its schema up to date, and takes the data folder for this process. Must be called within a tokio runtime.
    pub async fn open(address: &str, master: MasterKey, data_folder: impl AsRef<Path>) -> Result<Self, StoreError> {
        let folder = data_folder.as_ref().to_owned();
        let lock = take(&folder)?;
        let database = Database::open(address, &folder).await?;
        let first = first_tenant(&database, &master).await?;
        let core = Arc::new(Core { database, master, folder, live: Mutex::default(), lock: Some(lock) });
        let (appends, jobs) = mpsc::channel(APPEND_BACKLOG);
        tokio::spawn(append::run(core.clone(), jobs));
        Ok(Self { core, appends, first })
    }

    /// Opens for reading what another process has open: takes no lock, changes no schema, and nothing can be appended.
    pub async fn look(address: &str, master: MasterKey, data_folder: impl AsRef<Path>) -> Result<Self, StoreError> {
        let folder = data_folder.as_ref().to_owned();
        let database = Database::look(address, &folder).await?;
        let first = oldest_tenant(&database, &master).await?.ok_or(StoreError::NoSuch { what: "tenant" })?;
        let core = Arc::new(Core { database, master, folder, live: Mutex::default(), lock: None });
        // Nobody takes what is sent here, which is told as a closed store.
        let (appends, _) = mpsc::channel(1);
        Ok(Self { core, appends, first })
    }

    /// The tenant that a new installation has.
    pub fn default_tenant(&self) -> Tenant {
        self.tenant(self.first)
    }

    /// The handle to one tenant's data. An id that was never created simply has none.
    pub fn tenant(&self, id: TenantId) -> Tenant {
        Tenant { id, core: self.core.clone(), appends: self.appends.clone() }
    }

    /// Adds a tenant.
    pub async fn create_tenant(&self, name: &str, now: Timestamp) -> Result<TenantId, StoreError> {
        insert_tenant(&self.core.database, &self.core.master, name, now).await
    }

    /// Whether the database answers.
    pub async fn check(&self) -> Result<(), StoreError> {
        tenant::Entity::find_by_id(self.first.0).one(&self.core.database.reader).await?;
        Ok(())
    }

    /// Closes the database once what is being written is written; later requests fail.
    pub async fn close(self) {
        let (done, closed) = oneshot::channel();
        if self.appends.send(append::Message::Close(done)).await.is_ok() {
            // An error means that the task has ended, which is what is waited for.
            let _ = closed.await;
        }
        self.core.database.close().await;
        if let Some(Err(error)) = self.core.lock.as_ref().map(File::unlock) {
            tracing::warn!(%error, "the data folder stays locked until the process ends");
        }
    }
}

impl Tenant {
    /// Which tenant.
    pub fn id(&self) -> TenantId {
        self.id
    }

    /// Everything that happens from now on, in the order of the cursors. A receiver that lags is told so and must fetch
    /// with [`entries_after`](Self::entries_after).
    pub fn subscribe(&self) -> broadcast::Receiver<Live> {
        self.core.live(self.id).subscribe()
    }

    /// Shows live screens something that is never stored, such as words while they are being said.
    pub fn publish_transient(&self, call: CallId, entry: Entry) {
        // Nobody watching is no error.
        let _ = self.core.live(self.id).send(Live { cursor: None, call, entry: Arc::new(entry) });
    }
}

/// Makes the data folder when it is missing, and locks it against another process.
fn take(folder: &Path) -> Result<File, StoreError> {
    fs::create_dir_all(folder).map_err(|error| StoreError::writing(folder, error))?;
    fs::read_dir(folder).map_err(|error| StoreError::reading(folder, error))?;
    let path = folder.join("hotline.lock");
    let mut lock = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|error| StoreError::writing(&path, error))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut process = String::new();
            // Only a hint for the message.
            let _ = lock.read_to_string(&mut process);
            let by = process.trim().parse::<u32>().map(|id| format!(" (process {id})")).unwrap_or_default();
            return Err(StoreError::Locked { path: folder.into(), by });
        }
        Err(TryLockError::Error(error)) => return Err(StoreError::writing(&path, error)),
    }
    lock.set_len(0)
        .and_then(|()| writeln!(lock, "{}", std::process::id()))
        .map_err(|error| StoreError::writing(&path, error))?;
    Ok(lock)
}

/// The oldest tenant; refuses a database that belongs to another master key.
async fn oldest_tenant(database: &Database, master: &MasterKey) -> Result<Option<TenantId>, StoreError> {
    let tenants = tenant::Entity::find().order_by_asc(tenant::Column::Id).all(&database.writer).await?;
    if tenants.iter().any(|tenant| !master.checks(tenant.id.as_bytes(), &tenant.key_check)) {
        return Err(StoreError::WrongMasterKey);
    }
    Ok(tenants.first().map(|tenant| TenantId(tenant.id)))
}

/// The oldest tenant, made when there is none.
async fn first_tenant(database: &Database, master: &MasterKey) -> Result<TenantId, StoreError> {
    match oldest_tenant(database, master).await? {
        Some(tenant) => Ok(tenant),
        None => insert_tenant(database, master, "default", jiff::Timestamp::now().as_millisecond()).await,
    }
}

async fn insert_tenant(
    database: &Database,
    master: &MasterKey,
    name: &str,
    now: Timestamp,
) -> Result<TenantId, StoreError> {
    let id = TenantId::new();
    tenant::ActiveModel {
        id: Set(id.0),
        name: Set(name.to_owned()),
        created_at: Set(now),
        key_check: Set(master.check_value(id.0.as_bytes())),
    }
    .insert(&database.writer)
    .await?;
    Ok(id)
}
