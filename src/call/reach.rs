//! One way to whoever was dialled: a phone of ours, or a number outside through the trunks.

use tokio::time::timeout;

use super::driver::Services;
use super::leg::{Leg, Refused};
use super::legs::Legs;
use super::plan::Destination;

/// Who calls.
pub struct Calling<'a> {
    /// The number or extension that is shown.
    pub shown: &'a str,
    /// The extension with whose allowance it counts.
    pub source: &'a str,
}

/// Rings an extension or calls a number outside until it answers, refuses, or has rung for as long as phones ring; `rings` is told
/// when it rings. Dropping the future gives up.
pub async fn reach(
    services: &Services,
    to: &Destination,
    from: Calling<'_>,
    legs: &Legs,
    rings: &(dyn Fn() + Send + Sync),
) -> Result<Leg, Refused> {
    let reached = async {
        match to {
            Destination::Outside(number) => {
                // What a carrier says on the way is not passed on; it rings as far as we know.
                rings();
                services.phones.call_out(number.reveal(), from.shown, from.source, legs).await
            }
            other => services.phones.ring(&other.name(), from.shown, legs, rings).await,
        }
    };
    let no_answer = || Refused { label: "no_answer", reason: "it was not answered".into() };
    timeout(services.ring, reached).await.unwrap_or_else(|_| Err(no_answer()))
}
