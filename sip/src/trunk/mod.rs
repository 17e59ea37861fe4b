//! Trunks: which of them carries a call, what may be called, what numbers mean, and whether a trunk is there. Everything here is pure:
//! time and chance are arguments. Sockets, registrations and calls are left to whoever holds a user agent.
//!
//! - [`TrunkConfig`]: what is told about a trunk.
//! - [`E164`]: numbers; [`Country`]: how they are dialled.
//! - [`NumberRules`], [`Limits`], [`Ledger`]: guards against toll fraud.
//! - [`order`], [`may_fail_over`]: the trunk for a call, and the next one.
//! - [`trunk_of`], [`did_of`]: where a call comes from, and where it goes.
//! - [`Health`]: whether a peer is there.

mod config;
mod countries;
mod guard;
mod health;
mod inbound;
mod number;
mod route;
#[cfg(test)]
mod tests;

pub use config::{CallerId, Did, Target, TrunkConfig};
pub use countries::{COUNTRIES, Country};
pub use guard::{Ledger, Limits, NumberRules, OverLimit, PrefixError};
pub use health::{Health, Standing};
pub use inbound::{did_of, trunk_of};
pub use number::{E164, NumberError, NumberForm};
pub use route::{NoTrunk, may_fail_over, order};

pub use crate::ua::Credentials;
