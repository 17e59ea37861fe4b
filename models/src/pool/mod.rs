//! The one door to recognition: a few threads, each with its own recogniser of every language, and a queue between them and the
//! calls. What must be answered first goes first; what nobody waits for any more is skipped; when the queue is full the
//! caller is told so at once. Jobs know nothing of calls. One pool serves the whole process, so its limits are the process's.

mod load;

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use audio::Pcm16k;
use tokio::sync::oneshot;

pub use self::load::Load;
use self::load::Meter;
use crate::Language;
use crate::recogniser::{Care, Hints, LoadError, RecogniseError, Recogniser, Recognition};

/// Makes one recogniser session; called once per thread, and again after a panic.
pub type Factory = Arc<dyn Fn() -> Result<Box<dyn Recogniser>, LoadError> + Send + Sync>;

/// A language that is told less surely than this, among those that it may be, is taken for the expected one.
const SURE_OF_LANGUAGE: f32 = 0.7;

/// How urgent a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Text while the caller still talks: nice to have.
    Partial,
    /// A guess that the turn has ended: hides the cost of the final result.
    Speculative,
    /// The turn has ended and the caller waits.
    Final,
}

/// How large the pool is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolConfig {
    /// Threads, at least 1. Each holds its own sessions, some 100 MB for Moonshine.
    pub threads: usize,
    /// Jobs that may wait, at least 1.
    pub queue_limit: usize,
}

impl Default for PoolConfig {
    /// All cores but one, which the media clock needs; two seconds of work in the queue.
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(2, |n| n.get());
        let threads = cores.saturating_sub(1).clamp(1, 8);
        PoolConfig { threads, queue_limit: threads * 32 }
    }
}

/// One utterance to recognise.
#[derive(Clone, Debug)]
pub struct Job {
    /// The utterance.
    pub audio: Pcm16k,
    /// Language, grammar and abort flag.
    pub hints: Hints,
    /// How urgent it is.
    pub priority: Priority,
}

/// Why a job gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// The queue is full, or something more urgent took the place.
    #[error("all recognisers are busy and the queue is full")]
    Busy,
    /// The abort flag was raised.
    #[error("recognition was aborted")]
    Aborted,
    /// No recogniser for the language.
    #[error("no recogniser is configured for {0}")]
    Language(Language),
    /// The recogniser failed, or panicked.
    #[error("recognition failed: {0}")]
    Failed(String),
    /// The pool is shut down.
    #[error("recognition is shutting down")]
    Closed,
}

/// What the pool has done so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PoolStats {
    /// Jobs waiting now.
    pub queued: usize,
    /// Jobs running now.
    pub running: usize,
    /// Jobs that gave a result.
    pub done: u64,
    /// Jobs refused or displaced because the queue was full.
    pub busy: u64,
    /// Jobs skipped or stopped because nobody wanted them any more.
    pub aborted: u64,
    /// Jobs that failed.
    pub failed: u64,
    /// Times a recogniser panicked and was made anew.
    pub panics: u64,
    /// Audio recognised.
    pub audio: Duration,
    /// Time spent recognising, summed over threads.
    pub work: Duration,
    /// Time that finished jobs had waited in the queue.
    pub waited: Duration,
}

/// The pool. Clones share it; it ends when the last clone is dropped or [`Pool::shutdown`] is called.
#[derive(Clone)]
pub struct Pool {
    handle: Arc<Handle>,
}

/// Ends the threads when nobody can submit any more; the threads hold only [`Shared`].
struct Handle {
    shared: Arc<Shared>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.close();
    }
}

struct Shared {
    state: Mutex<State>,
    wake: Condvar,
    queue_limit: usize,
    threads: usize,
    languages: Vec<Language>,
    /// Whether one of the sessions can tell languages apart.
    detects: AtomicBool,
}

struct State {
    /// Highest priority last; within one, first come first served.
    queues: BTreeMap<Priority, VecDeque<Waiting>>,
    closed: bool,
    stats: PoolStats,
    meter: Meter,
}

struct Waiting {
    job: Job,
    since: Instant,
    reply: oneshot::Sender<Result<Recognition, PoolError>>,
}

impl Waiting {
    fn unwanted(&self) -> bool {
        self.job.hints.aborted() || self.reply.is_closed()
    }
}

impl Pool {
    /// Starts the threads and loads a recogniser per thread and language; the first that does not load is the error.
    pub fn start(config: PoolConfig, factories: Vec<(Language, Factory)>) -> Result<Self, LoadError> {
        let threads = config.threads.max(1);
        let state = State {
            queues: BTreeMap::new(),
            closed: false,
            stats: PoolStats::default(),
            meter: Meter::new(threads, Instant::now()),
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            wake: Condvar::new(),
            queue_limit: config.queue_limit.max(1),
            threads,
            languages: factories.iter().map(|(language, _)| language.clone()).collect(),
            detects: AtomicBool::new(false),
        });
        let pool = Pool { handle: Arc::new(Handle { shared: shared.clone() }) };
        for number in 0..threads {
            let mut sessions = Vec::new();
            for (language, factory) in &factories {
                let recogniser = factory()?;
                shared.detects.fetch_or(recogniser.detects(), Ordering::Relaxed);
                sessions.push(Session {
                    language: language.clone(),
                    factory: factory.clone(),
                    recogniser: Some(recogniser),
                });
            }
            let shared = shared.clone();
            thread::Builder::new()
                .name(format!("recognise-{number}"))
                .spawn(move || work(&shared, sessions))
                .map_err(|source| LoadError::Unreadable { path: "a new thread".into(), source })?;
        }
        Ok(pool)
    }

    /// The languages that are recognised.
    pub fn languages(&self) -> &[Language] {
        &self.handle.shared.languages
    }

    /// Whether some recogniser can tell languages apart.
    pub fn detects(&self) -> bool {
        self.handle.shared.detects.load(Ordering::Relaxed)
    }

    /// Queues a job and waits for its result. A dropped future withdraws the job unless it is already running.
    pub async fn recognise(&self, job: Job) -> Result<Recognition, PoolError> {
        self.submit(job)?.await.unwrap_or(Err(PoolError::Closed))
    }

    /// Queues a job; its result comes through the channel.
    pub fn submit(&self, job: Job) -> Result<oneshot::Receiver<Result<Recognition, PoolError>>, PoolError> {
        self.handle.shared.submit(job)
    }

    /// What the pool has done so far.
    pub fn stats(&self) -> PoolStats {
        self.handle.shared.lock().stats.clone()
    }

    /// How hard the pool works now.
    pub fn load(&self) -> Load {
        self.handle.shared.lock().load()
    }

    /// Refuses new jobs, drops those that wait, and lets the threads end after the job they are at.
    pub fn shutdown(&self) {
        self.handle.shared.close();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock; even then the counters are still good.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn submit(&self, mut job: Job) -> Result<oneshot::Receiver<Result<Recognition, PoolError>>, PoolError> {
        if job.priority == Priority::Partial {
            job.hints.care = Care::Quick;
        }
        if !self.languages.iter().any(|known| known.same_language(&job.hints.language)) {
            return Err(PoolError::Language(job.hints.language));
        }
        let mut state = self.lock();
        if state.closed {
            return Err(PoolError::Closed);
        }
        // Text while the caller still talks is the first thing to go without.
        if job.priority == Priority::Partial && state.urgent() >= self.threads {
            state.stats.busy += 1;
            return Err(PoolError::Busy);
        }
        if state.stats.queued >= self.queue_limit {
            state.make_room(job.priority)?;
        }
        let (reply, result) = oneshot::channel();
        let waiting = Waiting { since: Instant::now(), reply, job };
        state.queues.entry(waiting.job.priority).or_default().push_back(waiting);
        state.stats.queued += 1;
        drop(state);
        self.wake.notify_one();
        Ok(result)
    }

    fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.queues.clear();
        state.stats.queued = 0;
        drop(state);
        self.wake.notify_all();
    }

    /// The next job that somebody still wants; `None` when the pool is closed.
    fn next(&self) -> Option<Waiting> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            match state.pop() {
                Some(waiting) if waiting.unwanted() => {
                    state.stats.aborted += 1;
                    // Whoever waited may be gone; then there is nobody to tell.
                    let _ = waiting.reply.send(Err(PoolError::Aborted));
                }
                Some(mut waiting) => {
                    state.stats.running += 1;
                    let now = Instant::now();
                    let waited = (waiting.job.priority == Priority::Final).then(|| now - waiting.since);
                    // What counts is whether others want the time that a second look would take.
                    if !state.load().has_spare() {
                        waiting.job.hints.care = waiting.job.hints.care.min(Care::Normal);
                    }
                    state.meter.begun(waited, now);
                    return Some(waiting);
                }
                None => state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

impl State {
    /// Jobs that go before a partial result.
    fn urgent(&self) -> usize {
        self.queues.range(Priority::Speculative..).map(|(_, queue)| queue.len()).sum()
    }

    fn load(&mut self) -> Load {
        let queued = self.urgent();
        self.meter.load(queued, Instant::now())
    }

    fn pop(&mut self) -> Option<Waiting> {
        let waiting = self.queues.values_mut().rev().find_map(VecDeque::pop_front)?;
        self.stats.queued -= 1;
        Some(waiting)
    }

    /// Drops what nobody wants any more, else the newest of the least urgent below `priority`, else refuses.
    fn make_room(&mut self, priority: Priority) -> Result<(), PoolError> {
        let mut dropped = Vec::new();
        for queue in self.queues.values_mut() {
            let (unwanted, wanted) = queue.drain(..).partition(Waiting::unwanted);
            *queue = wanted;
            dropped.push(unwanted);
        }
        let dropped: Vec<Waiting> = dropped.into_iter().flat_map(|queue: VecDeque<Waiting>| queue).collect();
        self.stats.queued -= dropped.len();
        self.stats.aborted += dropped.len() as u64;
        let freed = !dropped.is_empty();
        for waiting in dropped {
            let _ = waiting.reply.send(Err(PoolError::Aborted));
        }
        if freed {
            return Ok(());
        }
        self.stats.busy += 1;
        let displaced = self.queues.range_mut(..priority).find_map(|(_, queue)| queue.pop_back());
        match displaced {
            Some(waiting) => {
                self.stats.queued -= 1;
                let _ = waiting.reply.send(Err(PoolError::Busy));
                Ok(())
            }
            None => Err(PoolError::Busy),
        }
    }
}

struct Session {
    language: Language,
    factory: Factory,
    recogniser: Option<Box<dyn Recogniser>>,
}

impl Session {
    /// Runs a job; a panic costs this job and the session, which is made anew for the next one.
    fn run(&mut self, job: &Job) -> (Result<Recognition, PoolError>, bool) {
        if self.recogniser.is_none() {
            match (self.factory)() {
                Ok(recogniser) => self.recogniser = Some(recogniser),
                Err(error) => return (Err(PoolError::Failed(error.to_string())), false),
            }
        }
        let Some(recogniser) = &mut self.recogniser else {
            return (Err(PoolError::Failed("no session".to_owned())), false);
        };
        let result = catch_unwind(AssertUnwindSafe(|| recogniser.recognise(&job.audio, &job.hints)));
        match result {
            Ok(Ok(recognition)) => (Ok(recognition), false),
            Ok(Err(RecogniseError::Aborted)) => (Err(PoolError::Aborted), false),
            Ok(Err(error)) => (Err(PoolError::Failed(error.to_string())), false),
            Err(_) => {
                self.recogniser = None;
                (Err(PoolError::Failed("the recogniser panicked".to_owned())), true)
            }
        }
    }
}

/// The language of a job that does not know it, when some session can tell. A panic costs the session, not the job: it is then recognised
/// in the language that is expected.
fn detect(sessions: &mut [Session], job: &Job) -> Option<(Language, f32)> {
    let known = |language: &&Language| sessions.iter().any(|session| session.language.same_language(language));
    let among: Vec<Language> = job.hints.among.iter().filter(known).cloned().collect();
    if among.len() < 2 {
        return None;
    }
    let session = sessions.iter_mut().find(|session| session.recogniser.as_ref().is_some_and(|r| r.detects()))?;
    let recogniser = session.recogniser.as_mut()?;
    match catch_unwind(AssertUnwindSafe(|| recogniser.detect(&job.audio, &among))) {
        Ok(detected) => detected.filter(|(_, sure)| *sure >= SURE_OF_LANGUAGE),
        Err(_) => {
            // Anew at once: jobs that nobody can tell the language of would not come to it again.
            session.recogniser = (session.factory)().ok();
            None
        }
    }
}

fn work(shared: &Shared, mut sessions: Vec<Session>) {
    while let Some(waiting) = shared.next() {
        let started = Instant::now();
        let Waiting { mut job, since, reply } = waiting;
        let detected = detect(&mut sessions, &job);
        if let Some((language, _)) = &detected {
            job.hints.language = language.clone();
        }
        let session = sessions.iter_mut().find(|session| session.language.same_language(&job.hints.language));
        let (result, panicked) = match session {
            Some(session) => session.run(&job),
            // submit() lets only known languages in.
            None => (Err(PoolError::Language(job.hints.language.clone())), false),
        };
        let result = result.map(|recognition| Recognition { detected, ..recognition });
        let mut state = shared.lock();
        let now = Instant::now();
        let worked = (job.priority > Priority::Partial && result.is_ok()).then(|| now - started);
        state.meter.ended(worked, now);
        let stats = &mut state.stats;
        stats.running -= 1;
        stats.work += started.elapsed();
        stats.waited += started - since;
        stats.panics += u64::from(panicked);
        match &result {
            Ok(_) => {
                stats.done += 1;
                stats.audio += job.audio.duration();
            }
            Err(PoolError::Aborted) => stats.aborted += 1,
            Err(_) => stats.failed += 1,
        }
        drop(state);
        // The caller may have hung up in the meantime.
        let _ = reply.send(result);
    }
}
