//! The user agent.
mod config;
pub use config::*;
