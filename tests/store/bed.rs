//! Where a test finds its store, and journals to put into it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use hotline::{
    event::{
        CallId, Channel, Decision, Entry, Event, Latency, Outcome, Party, Personal, Scored, Speaker, TicketId,
        Timestamp, Word,
    },
    store::{MasterKey, Store, StoreError, Tenant},
};

use sea_orm::ConnectionTrait;

use crate::postgres::Postgres;

/// 2026-01-01, in milliseconds.
pub const NOW: Timestamp = 1_767_225_600_000;

/// Runs a test on both databases.
macro_rules! on_both {
    ($($(#[$about:meta])* async fn $name:ident($bed:ident: Bed) $body:block)+) => {
        $(mod $name {
            #[allow(unused_imports)]
            use super::*;

            $(#[$about])*
            async fn check($bed: $crate::bed::Bed) $body

            #[test]
            fn sqlite() {
                $crate::bed::run(Some($crate::bed::Bed::sqlite()), check);
            }

            #[test]
            fn postgres() {
                $crate::bed::run($crate::bed::Bed::postgres(), check);
            }
        })+
    };
}
pub(crate) use on_both;

/// A data folder and a database, empty at first.
pub struct Bed {
    pub folder: tempfile::TempDir,
    pub address: String,
    pub key: [u8; 32],
}

impl Bed {
    pub fn sqlite() -> Self {
        Self::at("sqlite".into())
    }

    pub fn postgres() -> Option<Self> {
        match Postgres::get() {
            Some(server) => Some(Self::at(server.database())),
            None => {
                println!("skipped: PostgreSQL is not installed (apt install postgresql)");
                None
            }
        }
    }

    fn at(address: String) -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder"), address, key: [7; 32] }
    }

    pub async fn try_open(&self) -> Result<Store, StoreError> {
        Store::open(&self.address, MasterKey::from_bytes(self.key), self.folder.path()).await
    }

    pub async fn open(&self) -> Store {
        self.try_open().await.expect("the store opens")
    }

    pub async fn tenant(&self) -> Tenant {
        self.open().await.default_tenant()
    }

    pub fn is_sqlite(&self) -> bool {
        self.address == "sqlite"
    }

    /// Changes the database behind the store's back.
    pub async fn sql(&self, sql: &str) {
        let address = match self.is_sqlite() {
            true => format!("sqlite:{}", self.folder.path().join("hotline.db").display()),
            false => self.address.clone(),
        };
        let database = sea_orm::Database::connect(address).await.expect("the database is there");
        database.execute_unprepared(sql).await.expect("the database takes it");
        database.close().await.expect("it closes");
    }

    /// Every file in which this store's data can be: the data folder, and the server's.
    pub async fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        walk(self.folder.path(), &mut files);
        if let Some(server) = Postgres::get().filter(|_| !self.is_sqlite()) {
            self.sql("CHECKPOINT").await;
            walk(&server.folder.join("data"), &mut files);
        }
        files
    }
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => walk(&entry.path(), files),
            Ok(kind) if kind.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
}

pub fn run<F: Future<Output = ()>>(bed: Option<Bed>, test: fn(Bed) -> F) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    if let Some(bed) = bed {
        runtime.block_on(test(bed));
    }
}

/// A word of an utterance that begins at 1,000 ms, by its number.
fn spoken((text, number): (&str, u32)) -> Word {
    let from_ms = 1_000 + number * 100;
    Word { text: Personal::new(text), from_ms, to_ms: from_ms + 80 }
}

/// A journal under construction: numbers the entries and lets a second pass between them.
pub struct Journal {
    pub call: CallId,
    pub entries: Vec<Entry>,
    at: Timestamp,
}

impl Journal {
    /// A call that is offered and answered.
    pub fn from(caller: &str) -> Self {
        let mut journal = Self { call: CallId::new(), entries: Vec::new(), at: NOW };
        journal.push(Event::Offered {
            channel: Channel::Sip,
            from: Personal::new(caller),
            to: "100".into(),
            flow: "bicycle-shop@1".into(),
        });
        journal.push(Event::Answered { codec: "PCMU".into() });
        journal
    }

    pub fn push(&mut self, event: Event) -> &mut Self {
        let seq = self.entries.len() as u32 + 1;
        self.at += 1_000;
        let audio_ms = (seq > 1).then_some(seq * 1_000);
        self.entries.push(Entry { seq, at: self.at, audio_ms, event });
        self
    }

    pub fn heard(&mut self, words: &str) -> &mut Self {
        let turn = self.entries.len() as u64;
        self.push(Event::Heard {
            turn,
            speaker: Speaker::Caller,
            text: Personal::new(words),
            confidence: 0.93,
            from_ms: 1_000,
            to_ms: 2_500,
            engine: "moonshine-tiny-en".into(),
            alternatives: vec![Personal::new("something else")],
            words: words.split_whitespace().zip(0..).map(spoken).collect(),
        });
        self.push(Event::Understood {
            block: "ask".into(),
            decision: Decision::Accepted,
            ranking: vec![Scored { intent: "order_status".into(), confidence: 0.875 }],
            model: "1".into(),
        })
    }

    pub fn said(&mut self, words: &str, wire_ms: u32) -> &mut Self {
        let turn = self.entries.len() as u64;
        self.push(Event::Said { turn, text: Personal::new(words), played_ms: 900, of_ms: 1_000, completed: false });
        self.push(Event::Replied { turn, latency: Latency { wire_ms, ..Latency::default() } })
    }

    pub fn ticket(&mut self, subject: &str, body: &str) -> TicketId {
        let ticket = TicketId::new();
        self.push(Event::TicketOpened {
            ticket,
            subject: Personal::new(subject),
            body: Personal::new(body),
            tags: vec!["order_status".into()],
            status: hotline::event::TicketStatus::Open,
        });
        ticket
    }

    pub fn ended(&mut self, outcome: Outcome) -> &mut Self {
        self.push(Event::HungUp { by: Party::Caller, cause: "normal".into() });
        let duration_ms = (self.at - NOW) as u32;
        self.push(Event::Ended { outcome, duration_ms })
    }

    pub async fn store(&self, tenant: &Tenant) {
        tenant.append(self.call, self.entries.clone()).await.expect("the journal is stored");
    }
}

/// A whole call with a ticket.
pub async fn whole_call(tenant: &Tenant, caller: &str, words: &str, subject: &str) -> (CallId, TicketId) {
    let mut journal = Journal::from(caller);
    journal.heard(words).said("Let me look.", 640);
    let ticket = journal.ticket(subject, "the caller waits for an answer");
    journal.ended(Outcome::Resolved);
    journal.store(tenant).await;
    (journal.call, ticket)
}
