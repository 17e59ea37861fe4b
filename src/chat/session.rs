//! One chat: what its visitor was told, and the task that drives it. Everything slow (other services, the knowledge base) runs beside
//! the task and reports back.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::chats::Services;
use super::people;
use super::talk::{Answer, Input, Millis, NotTaken, Output, Talk};
use super::told::{Message, What};
use crate::call::{inquire, now};
use crate::event::{CallId, Entry, Party, Timestamp};
use crate::understand::remote::{Question, Remote};

/// Answers that wait for their question; more are refused until some were taken.
const WAITING: usize = 8;
/// Pages that read one chat at a time.
const READERS: usize = 4;
/// What a chat may hold, in messages and bytes; a longer one is ended.
const MOST_MESSAGES: usize = 4_000;
const MOST_BYTES: usize = 1024 * 1024;
const MINUTE: Duration = Duration::from_secs(60);

/// Why a visitor's message is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// The chat is over.
    Over,
    /// The choice belongs to a question that is no longer asked.
    Stale,
    /// More came than can wait.
    Busy,
    /// More came in a minute than is taken; how long to wait.
    TooFast(Duration),
}

/// One chat, for whoever has its token.
pub struct Session {
    /// The call that its journal is of.
    pub id: CallId,
    /// When it is over at the latest.
    pub expires: Timestamp,
    /// Of the token only this is kept.
    token: [u8; 32],
    log: Mutex<Log>,
    grown: watch::Sender<u64>,
    door: mpsc::Sender<Sent>,
    leaving: CancellationToken,
    readers: Arc<Semaphore>,
    /// When messages came within the last minute, and how many may.
    pace: Mutex<VecDeque<Instant>>,
    a_minute: usize,
}

#[derive(Default)]
struct Log {
    messages: Vec<Arc<Message>>,
    bytes: usize,
    over: Option<Instant>,
}

/// What a visitor sends.
struct Sent {
    answer: Answer,
    reference: Option<String>,
    reply: oneshot::Sender<Result<(), NotTaken>>,
}

impl Session {
    /// A chat that nobody drives yet, and where its visitor's messages arrive.
    pub(super) fn new(id: CallId, token: &str, expires: Timestamp, a_minute: usize) -> (Arc<Self>, Inbox) {
        let (door, sent) = mpsc::channel(WAITING);
        let session = Self {
            id,
            expires,
            token: hash(token),
            log: Mutex::default(),
            grown: watch::channel(0).0,
            door,
            leaving: CancellationToken::new(),
            readers: Arc::new(Semaphore::new(READERS)),
            pace: Mutex::default(),
            a_minute: a_minute.max(1),
        };
        (Arc::new(session), Inbox(sent))
    }

    /// Whether this is its token. Only hashes are compared, so the time that takes tells nothing.
    pub(super) fn opens_with(&self, token: &str) -> bool {
        hash(token) == self.token
    }

    /// When it was over, once it is.
    pub(super) fn over_since(&self) -> Option<Instant> {
        self.log().over
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What came after the message of this number, and whether that is the end.
    pub fn after(&self, last: u64) -> (Vec<Arc<Message>>, bool) {
        let log = self.log();
        let seen = usize::try_from(last).unwrap_or(usize::MAX).min(log.messages.len());
        (log.messages[seen..].to_vec(), log.over.is_some())
    }

    /// Changes whenever there is something new.
    pub fn grown(&self) -> watch::Receiver<u64> {
        self.grown.subscribe()
    }

    /// A place among those who read along; nothing when they are too many.
    pub fn reader(&self) -> Option<OwnedSemaphorePermit> {
        self.readers.clone().try_acquire_owned().ok()
    }

    /// Takes what the visitor answers. The same `reference` is taken once, so that what may not have arrived can be sent again.
    pub async fn answer(&self, answer: Answer, reference: Option<String>) -> Result<(), Failed> {
        self.keep_pace(Instant::now())?;
        let (reply, taken) = oneshot::channel();
        match self.door.try_send(Sent { answer, reference, reply }) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => return Err(Failed::Busy),
            Err(mpsc::error::TrySendError::Closed(_)) => return Err(Failed::Over),
        }
        match taken.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(NotTaken::Stale)) => Err(Failed::Stale),
            Ok(Err(NotTaken::Over)) | Err(_) => Err(Failed::Over),
        }
    }

    fn keep_pace(&self, now: Instant) -> Result<(), Failed> {
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        while pace.front().is_some_and(|at| now.saturating_duration_since(*at) >= MINUTE) {
            pace.pop_front();
        }
        match pace.front() {
            Some(oldest) if pace.len() >= self.a_minute => {
                Err(Failed::TooFast(MINUTE.saturating_sub(now.saturating_duration_since(*oldest))))
            }
            _ => {
                pace.push_back(now);
                Ok(())
            }
        }
    }

    /// The visitor leaves.
    pub fn leave(&self) {
        self.leaving.cancel();
    }

    /// Adds a message; returns whether there is room for more.
    fn tell(&self, what: What) -> bool {
        let mut log = self.log();
        let id = log.messages.len() as u64 + 1;
        log.bytes += what.size();
        if matches!(what, What::Ended { .. }) {
            log.over = Some(Instant::now());
        }
        log.messages.push(Arc::new(Message { id, at: now(), what }));
        let has_room = log.messages.len() < MOST_MESSAGES && log.bytes < MOST_BYTES;
        drop(log);
        self.grown.send_replace(id);
        has_room
    }
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Where a visitor's messages arrive.
pub(super) struct Inbox(mpsc::Receiver<Sent>);

/// The hands of a talk.
pub(super) struct Driver {
    session: Arc<Session>,
    talk: Talk,
    services: Services,
    remote: Option<Remote>,
    begun: Instant,
    inbox: mpsc::Receiver<Sent>,
    /// Answers that wait for their question.
    waiting: VecDeque<(Answer, Option<String>)>,
    /// What messages were called that were taken.
    taken: HashSet<String>,
    reports: mpsc::Receiver<Input>,
    reporter: mpsc::Sender<Input>,
    /// Whether its messages have become too many.
    full: bool,
}

impl Driver {
    pub fn new(session: Arc<Session>, talk: Talk, services: Services, begun: Instant, Inbox(inbox): Inbox) -> Self {
        let (reporter, reports) = mpsc::channel(16);
        Self {
            session,
            talk,
            remote: services.remote.clone(),
            services,
            begun,
            inbox,
            waiting: VecDeque::new(),
            taken: HashSet::new(),
            reports,
            reporter,
            full: false,
        }
    }

    fn now(&self) -> Millis {
        self.begun.elapsed().as_millis() as Millis
    }

    /// Drives the chat to its outcome; returns when its journal is closed.
    pub async fn run(mut self, shutdown: CancellationToken) {
        self.feed(Input::Begin).await;
        let longest = tokio::time::Instant::from_std(self.begun + self.services.longest);
        let leaving = self.session.leaving.clone();
        while !self.talk.is_over() {
            let deadline = self.talk.deadline().map_or(self.services.longest, Duration::from_millis);
            let deadline = tokio::time::Instant::from_std(self.begun + deadline);
            tokio::select! {
                biased;
                () = shutdown.cancelled() => self.let_go("shutdown").await,
                () = leaving.cancelled() => self.feed(Input::Left { by: Party::Caller, cause: "normal" }).await,
                Some(input) = self.reports.recv() => self.feed(input).await,
                Some(sent) = self.inbox.recv(), if self.waiting.len() < WAITING => self.take(sent).await,
                () = tokio::time::sleep_until(deadline) => self.feed(Input::Timeout).await,
                () = tokio::time::sleep_until(longest) => self.let_go("too_long").await,
            }
            self.deliver().await;
            if self.full {
                self.let_go("too_long").await;
            }
        }
        self.services.sink.close(self.talk.call()).await;
    }

    async fn let_go(&mut self, cause: &'static str) {
        self.feed(Input::Left { by: Party::Hotline, cause }).await;
    }

    async fn take(&mut self, sent: Sent) {
        let again = sent.reference.as_ref().is_some_and(|reference| self.taken.contains(reference));
        // A choice is of the question that is there now, not of one that what waits before it may lead to.
        let late = matches!(sent.answer, Answer::Choice { .. }) && !self.waiting.is_empty();
        let taken = match again {
            true => Ok(()),
            false if late => Err(NotTaken::Stale),
            false => self.talk.takes(&sent.answer),
        };
        if taken.is_ok() && !again {
            self.taken.extend(sent.reference.clone());
            self.waiting.push_back((sent.answer, sent.reference));
        }
        // Whoever asked may be gone; what they said is taken all the same.
        let _ = sent.reply.send(taken);
    }

    /// Hands on what waits, as far as somebody listens.
    async fn deliver(&mut self) {
        while self.talk.listens()
            && let Some((answer, reference)) = self.waiting.pop_front()
        {
            let meaning = self.meant(&answer).await;
            self.feed(Input::Answered { answer, reference, meaning }).await;
        }
    }

    /// What another engine takes the words to mean, where there is one and it is asked.
    async fn meant(&self, answer: &Answer) -> Option<Box<intent::Meaning>> {
        let (Answer::Text(text), Some(remote)) = (answer, &self.remote) else { return None };
        let intents = self.talk.intents_asked();
        if intents.is_empty() {
            return None;
        }
        let readings = [(text.clone(), 1.0)];
        let question = Question { readings: &readings, language: self.talk.language(), allowed: &intents };
        remote.ask(question).await.ok().map(Box::new)
    }

    /// Tells the talk and does what it wants, including what follows from that.
    async fn feed(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            let now = self.now();
            let mut entries = Vec::new();
            for output in self.talk.on(input, now) {
                match output {
                    Output::Journal(entry) => entries.push(entry),
                    Output::Tell(what) => {
                        // Nobody is told what is not on its way to the journal.
                        self.write(&mut entries).await;
                        self.full |= !self.session.tell(what);
                    }
                    Output::Queue(wanted) => inputs.push(Input::Queue(people::look_for(&wanted).await)),
                    Output::Inquire { id, what } => {
                        let (services, reporter) = (self.services.clone(), self.reporter.clone());
                        tokio::spawn(async move {
                            let Services { agents, phones, callers, zone, .. } = &services;
                            let answer = inquire(what, agents, &**phones, &**callers, zone).await;
                            let _ = reporter.send(Input::Told { id, answer }).await;
                        });
                    }
                    Output::Http(id, request) => {
                        let (lookup, reporter) = (self.services.lookup.clone(), self.reporter.clone());
                        tokio::spawn(async move {
                            let result = lookup.ask(request).await;
                            let _ = reporter.send(Input::Http { id, result }).await;
                        });
                    }
                    Output::Consult { id, question, language } => {
                        let (knowledge, reporter) = (self.services.knowledge.clone(), self.reporter.clone());
                        tokio::spawn(async move {
                            let answer = knowledge.ask(question, language, crate::call::now()).await;
                            let _ = reporter.send(Input::Consulted { id, answer }).await;
                        });
                    }
                }
            }
            self.write(&mut entries).await;
        }
    }

    async fn write(&self, entries: &mut Vec<Entry>) {
        if !entries.is_empty() {
            self.services.sink.write(self.talk.call(), std::mem::take(entries)).await;
        }
    }
}
