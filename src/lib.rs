//! Hotline, the service: a call centre with a voice bot, in one program.
//!
//! Folders are named for what a call centre has. Each uses only what stands below it:
//!
//! ```text
//! 5  main, cli/            the commands
//! 4  channel/  chat/  api/ SIP in and out; conversations in writing; the HTTP interface
//! 3  call/  agent/  ticket/  knowledge/  understand/  flows/
//! 2  store/  queue/
//! 1  event  listen/  speak/  lookup/  config  metric
//! ```
//!
//! Architecture invariants, asserted by `tests/architecture.rs`: only `store/` names the ORM, only `api/` names the web
//! framework, only `channel/` and the test phone name the SIP user agent, only `lookup/` makes HTTP requests.

pub mod agent;
pub mod api;
pub mod call;
pub mod channel;
pub mod chat;
pub mod cli;
pub mod config;
pub mod event;
pub mod flows;
pub mod knowledge;
pub mod listen;
pub mod lookup;
pub mod metric;
pub mod phone;
pub mod queue;
pub mod service;
pub mod speak;
pub mod store;
pub mod ticket;
pub mod understand;
