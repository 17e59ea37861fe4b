//! From calls to the store: one queue for the journal, one thread for recordings. A slow or full disk delays what is written;
//! it never blocks a call, and what could not be written is tried again in order.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use audio::Frame8k;
use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use crate::call::Sink;
use crate::event::{CallId, Entry};
use crate::metric;
use crate::store::{RecordingWriter, StoreError, Tenant};

/// Batches of entries that may wait: minutes of a busy installation.
const JOURNAL_ROOM: usize = 8_192;
/// Frames that may wait for the recorder: 20 s of 50 calls.
const RECORDER_ROOM: usize = 50_000;
/// How long the begin or the end of a call waits for the journal; what is not stored by then is stored later.
const CALL_FLUSH: Duration = Duration::from_secs(5);
/// How long after a failed write it is tried again.
const RETRY: Duration = Duration::from_millis(500);

enum Write {
    Begin(CallId, Entry),
    Entries(CallId, Vec<Entry>),
    Flush(oneshot::Sender<()>),
}

enum Record {
    Open(CallId, Box<RecordingWriter>),
    Frame(CallId, Box<(Frame8k, Frame8k)>),
    Close(CallId, oneshot::Sender<()>),
}

/// The store, as calls see it.
pub struct StoreSink {
    tenant: Tenant,
    writes: mpsc::Sender<Write>,
    recorder: SyncSender<Record>,
    health: Arc<Health>,
}

#[derive(Default)]
struct Health {
    failing: AtomicBool,
    /// Why recordings stopped, until the call has been told.
    problems: Mutex<HashMap<CallId, String>>,
    any_problem: AtomicBool,
}

impl StoreSink {
    /// Starts the queue and the thread.
    pub fn start(tenant: Tenant) -> Self {
        let health = Arc::new(Health::default());
        let (writes, queue) = mpsc::channel(JOURNAL_ROOM);
        tokio::spawn(write_all(tenant.clone(), queue, health.clone()));
        let (recorder, frames) = sync_channel(RECORDER_ROOM);
        let problems = health.clone();
        std::thread::Builder::new()
            .name("recorder".into())
            .spawn(move || record_all(frames, &problems))
            .expect("a thread can be started at the start of the program");
        Self { tenant, writes, recorder, health }
    }

    /// Whether what is journaled reaches the disk.
    pub fn is_healthy(&self) -> bool {
        !self.health.failing.load(Ordering::Relaxed)
    }

    /// Waits until everything handed in so far is stored, or `limit` has passed. Returns whether it is.
    pub async fn flush(&self, limit: Duration) -> bool {
        let (done, wait) = oneshot::channel();
        self.writes.send(Write::Flush(done)).await.is_ok() && tokio::time::timeout(limit, wait).await.is_ok()
    }
}

impl Sink for StoreSink {
    fn begin(&self, call: CallId, offered: Entry) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let _ = self.writes.send(Write::Begin(call, offered)).await;
            // The recording belongs to a call that the store knows.
            self.flush(CALL_FLUSH).await;
            match self.tenant.record(call).await {
                Ok(writer) => drop(self.recorder.try_send(Record::Open(call, Box::new(writer)))),
                Err(error) => self.health.report(call, &error),
            }
        })
    }

    fn write(&self, call: CallId, entries: Vec<Entry>) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let (live, stored): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| entry.event.is_transient());
            live.into_iter().for_each(|entry| self.tenant.publish_transient(call, entry));
            if !stored.is_empty() {
                let _ = self.writes.send(Write::Entries(call, stored)).await;
            }
        })
    }

    fn record(&self, call: CallId, said: &Frame8k, heard: &Frame8k) -> Option<String> {
        match self.recorder.try_send(Record::Frame(call, Box::new((*said, *heard)))) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => metric::frames_not_recorded(1),
            Err(TrySendError::Disconnected(_)) => {}
        }
        self.health.take(call)
    }

    fn close(&self, call: CallId) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let (done, wait) = oneshot::channel();
            if self.recorder.try_send(Record::Close(call, done)).is_ok() {
                let _ = tokio::time::timeout(Duration::from_secs(2), wait).await;
            }
            self.flush(CALL_FLUSH).await;
        })
    }
}

impl Health {
    fn report(&self, call: CallId, error: &StoreError) {
        tracing::error!(%call, %error, "a recording stopped");
        let message = format!("this call is not recorded from here on: {error}");
        self.problems.lock().unwrap_or_else(PoisonError::into_inner).insert(call, message);
        self.any_problem.store(true, Ordering::Relaxed);
    }

    fn take(&self, call: CallId) -> Option<String> {
        if !self.any_problem.load(Ordering::Relaxed) {
            return None;
        }
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        let problem = problems.remove(&call);
        self.any_problem.store(!problems.is_empty(), Ordering::Relaxed);
        problem
    }
}

/// Stores what is journaled, in order. A write that fails for a passing reason is tried until it succeeds.
async fn write_all(tenant: Tenant, mut queue: mpsc::Receiver<Write>, health: Arc<Health>) {
    while let Some(write) = queue.recv().await {
        loop {
            let result = match &write {
                Write::Begin(call, offered) => tenant.begin_call(*call, offered.clone()).await.map(drop),
                Write::Entries(call, entries) => tenant.append(*call, entries.clone()).await.map(drop),
                Write::Flush(_) => Ok(()),
            };
            match result {
                Ok(()) => {
                    health.failing.store(false, Ordering::Relaxed);
                    break;
                }
                Err(error) if error.is_temporary() => {
                    if !health.failing.swap(true, Ordering::Relaxed) {
                        tracing::error!(%error, "the journal cannot be written; it is kept in memory and tried again");
                    }
                    tracing::debug!(%error, "the journal still cannot be written");
                    metric::journal_retried();
                    tokio::time::sleep(RETRY).await;
                }
                Err(error) => {
                    tracing::error!(%error, "an entry of the journal was refused by the store");
                    break;
                }
            }
        }
        if let Write::Flush(done) = write {
            let _ = done.send(());
        }
    }
}

/// Writes the recordings of all calls.
fn record_all(frames: Receiver<Record>, health: &Health) {
    let mut writers: HashMap<CallId, Box<RecordingWriter>> = HashMap::new();
    let mut stopped: HashSet<CallId> = HashSet::new();
    while let Ok(record) = frames.recv() {
        match record {
            Record::Open(call, writer) => drop(writers.insert(call, writer)),
            Record::Frame(call, both) => {
                let Some(writer) = writers.get_mut(&call) else { continue };
                // The writer tries again with each second, so a disk that has room again goes on being used.
                if let Err(error) = writer.push(&both.0, &both.1)
                    && stopped.insert(call)
                {
                    health.report(call, &error);
                }
            }
            Record::Close(call, done) => {
                stopped.remove(&call);
                if let Some(writer) = writers.remove(&call)
                    && let Err(error) = writer.finish()
                {
                    tracing::error!(%call, %error, "the end of a recording was not written");
                }
                let _ = done.send(());
            }
        }
    }
}
