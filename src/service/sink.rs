//! From calls to the store: one queue for the journal, one thread for recordings. A slow or full disk delays what is written;
//! it never blocks a call, and what could not be written is tried again in order.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use audio::Frame8k;
use futures::future::{BoxFuture, join_all};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::call::Sink;
use crate::event::{CallId, Entry};
use crate::metric;
use crate::store::{RecordingWriter, StoreError, Tenant};

/// Batches of entries that may wait: minutes of a busy installation.
const JOURNAL_ROOM: usize = 8_192;
/// Batches that are stored together at most.
const ROUND: usize = 512;
/// Frames that may wait for the recorder: 20 s of 50 calls.
const RECORDER_ROOM: usize = 50_000;
/// How long the entries of a round are gathered when nobody waits for them: live screens show them so much later, and the disk is
/// asked some twenty times a second, not for each of them.
const GATHER: Duration = Duration::from_millis(40);
/// Frames of one call that are kept while its file is being opened: 10 s.
const OPENING_ROOM: usize = 500;
/// How long the begin or the end of a call waits for the journal; what is not stored by then is stored later.
const CALL_FLUSH: Duration = Duration::from_secs(5);
/// How long after a failed write it is tried again.
const RETRY: Duration = Duration::from_millis(500);

enum Write {
    Entries(CallId, Vec<Entry>),
    Flush(oneshot::Sender<()>),
}

enum Record {
    /// Frames will come, and then the file.
    Begin(CallId),
    Open(CallId, Result<Box<RecordingWriter>, StoreError>),
    Frame(CallId, Box<Both>),
    Close(CallId, oneshot::Sender<()>),
}

/// What both sides said in the same 20 ms.
type Both = (Frame8k, Frame8k);

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
            let _ = self.writes.send(Write::Entries(call, vec![offered])).await;
            self.flush(CALL_FLUSH).await;
        })
    }

    fn open(&self, call: CallId) {
        // What a full queue drops is counted where frames are.
        let _ = self.recorder.try_send(Record::Begin(call));
        let (tenant, recorder) = (self.tenant.clone(), self.recorder.clone());
        tokio::spawn(async move {
            let opened = tenant.record(call).await.map(Box::new);
            // The queue is emptied by a thread that never waits for us, so there is room soon.
            let _ = tokio::task::spawn_blocking(move || recorder.send(Record::Open(call, opened))).await;
        });
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

/// Stores what is journaled, each call's entries in order. Whatever waits is stored in one round, so that many calls at once share
/// a commit. A write that fails for a passing reason is tried until it succeeds.
async fn write_all(tenant: Tenant, mut queue: mpsc::Receiver<Write>, health: Arc<Health>) {
    while let Some(first) = queue.recv().await {
        let mut round = Round::default();
        round.add(first);
        let until = Instant::now() + GATHER;
        while round.flushes.is_empty()
            && round.writes < ROUND
            && let Ok(Some(write)) = timeout_at(until, queue.recv()).await
        {
            round.add(write);
        }
        while round.writes < ROUND
            && let Ok(write) = queue.try_recv()
        {
            round.add(write);
        }
        while !round.calls.is_empty() {
            let appends = round.calls.iter().map(|(call, entries)| tenant.append(*call, entries.clone()));
            let mut failed = None;
            let results = join_all(appends).await;
            let mut results = results.into_iter();
            round.calls.retain(|_| match results.next() {
                Some(Err(error)) if error.is_temporary() => {
                    failed = Some(error);
                    true
                }
                Some(Err(error)) => {
                    tracing::error!(%error, "an entry of the journal was refused by the store");
                    false
                }
                Some(Ok(_)) | None => false,
            });
            let Some(error) = failed else {
                health.failing.store(false, Ordering::Relaxed);
                break;
            };
            if !health.failing.swap(true, Ordering::Relaxed) {
                tracing::error!(%error, "the journal cannot be written; it is kept in memory and tried again");
            }
            tracing::debug!(%error, "the journal still cannot be written");
            metric::journal_retried();
            tokio::time::sleep(RETRY).await;
        }
        for done in round.flushes {
            let _ = done.send(());
        }
    }
}

/// What is stored together: one write a call, so that a call's entries cannot overtake each other when some are tried again.
#[derive(Default)]
struct Round {
    calls: Vec<(CallId, Vec<Entry>)>,
    places: HashMap<CallId, usize>,
    writes: usize,
    flushes: Vec<oneshot::Sender<()>>,
}

impl Round {
    fn add(&mut self, write: Write) {
        self.writes += 1;
        match write {
            Write::Entries(call, entries) => {
                let place = *self.places.entry(call).or_insert_with(|| {
                    self.calls.push((call, Vec::new()));
                    self.calls.len() - 1
                });
                self.calls[place].1.extend(entries);
            }
            Write::Flush(done) => self.flushes.push(done),
        }
    }
}

/// A recording that is being made.
enum Recording {
    /// The file is not open yet; what came so far.
    Waiting(Vec<Both>),
    /// The call is over, the file is still not open.
    Late(Vec<Both>, oneshot::Sender<()>),
    Writing {
        writer: Box<RecordingWriter>,
        /// Whether it has been said that seconds are lost.
        is_reported: bool,
    },
}

/// Writes the recordings of all calls.
fn record_all(records: Receiver<Record>, health: &Health) {
    let mut recordings: HashMap<CallId, Recording> = HashMap::new();
    while let Ok(record) = records.recv() {
        match record {
            Record::Begin(call) => drop(recordings.insert(call, Recording::Waiting(Vec::new()))),
            Record::Open(call, Ok(writer)) => {
                let mut writing = Recording::Writing { writer, is_reported: false };
                match recordings.remove(&call) {
                    Some(Recording::Waiting(frames)) => {
                        frames.iter().for_each(|both| push(&mut writing, call, both, health));
                        recordings.insert(call, writing);
                    }
                    Some(Recording::Late(frames, done)) => {
                        frames.iter().for_each(|both| push(&mut writing, call, both, health));
                        finish(writing, call);
                        let _ = done.send(());
                    }
                    Some(Recording::Writing { .. }) | None => {}
                }
            }
            Record::Open(call, Err(error)) => {
                recordings.remove(&call);
                health.report(call, &error);
            }
            Record::Frame(call, both) => match recordings.get_mut(&call) {
                Some(Recording::Waiting(frames)) if frames.len() < OPENING_ROOM => frames.push(*both),
                Some(writing @ Recording::Writing { .. }) => push(writing, call, &both, health),
                Some(Recording::Waiting(_)) => metric::frames_not_recorded(1),
                Some(Recording::Late(..)) | None => {}
            },
            Record::Close(call, done) => match recordings.remove(&call) {
                Some(Recording::Waiting(frames)) => {
                    recordings.insert(call, Recording::Late(frames, done));
                }
                Some(writing) => {
                    finish(writing, call);
                    let _ = done.send(());
                }
                None => drop(done.send(())),
            },
        }
    }
}

/// The writer tries again with each second, so a disk that has room again goes on being used.
fn push(recording: &mut Recording, call: CallId, both: &Both, health: &Health) {
    if let Recording::Writing { writer, is_reported } = recording
        && let Err(error) = writer.push(&both.0, &both.1)
        && !std::mem::replace(is_reported, true)
    {
        health.report(call, &error);
    }
}

fn finish(recording: Recording, call: CallId) {
    if let Recording::Writing { writer, .. } = recording
        && let Err(error) = writer.finish()
    {
        tracing::error!(%call, %error, "the end of a recording was not written");
    }
}
