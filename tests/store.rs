//! The store on SQLite and on PostgreSQL: every test runs on both, with real servers and real files.

#[path = "store/bed.rs"]
mod bed;
#[path = "store/bench.rs"]
mod bench;
#[path = "store/calls.rs"]
mod calls;
#[path = "store/disk.rs"]
mod disk;
#[path = "store/flows.rs"]
mod flows;
#[path = "store/knowledge.rs"]
mod knowledge;
#[path = "store/opening.rs"]
mod opening;
#[path = "store/people.rs"]
mod people;
#[path = "store/postgres.rs"]
mod postgres;
#[path = "store/queues.rs"]
mod queues;
#[path = "store/recordings.rs"]
mod recordings;
#[path = "store/sealing.rs"]
mod sealing;
#[path = "store/tickets.rs"]
mod tickets;
