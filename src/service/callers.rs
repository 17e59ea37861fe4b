//! What the store knows of those who call, as calls ask for it.

use std::time::Duration;

use futures::future::BoxFuture;
use intent::Language;
use tokio::time::timeout;

use crate::call::{Callers, Customer};
use crate::event::Personal;
use crate::store::Tenant;

/// A caller waits for the answer meanwhile; a database that takes longer is done without.
const PATIENCE: Duration = Duration::from_millis(300);

/// A flow waits for the answer, and the caller with it.
const INQUIRY_PATIENCE: Duration = Duration::from_millis(2_000);

/// The people of the store.
pub struct People(pub Tenant);

impl Callers for People {
    fn language<'a>(&'a self, number: &'a Personal) -> BoxFuture<'a, Option<Language>> {
        Box::pin(async move {
            match timeout(PATIENCE, self.0.language_of(number)).await {
                Ok(Ok(language)) => language?.reveal().parse().ok(),
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the language of a caller cannot be read: the call begins in that of its number");
                    None
                }
                Err(_) => {
                    tracing::warn!(
                        "the language of a caller was not read in time: the call begins in that of its number"
                    );
                    None
                }
            }
        })
    }

    fn last_agent<'a>(&'a self, number: &'a Personal) -> BoxFuture<'a, Option<String>> {
        Box::pin(async move {
            match timeout(PATIENCE, self.0.last_agent(number)).await {
                Ok(Ok(agent)) => agent,
                Ok(Err(error)) => {
                    tracing::warn!(%error, "it cannot be read who talked with a caller last: whoever is free longest is asked");
                    None
                }
                Err(_) => None,
            }
        })
    }

    fn customer<'a>(&'a self, number: &'a Personal) -> BoxFuture<'a, Result<Customer, String>> {
        Box::pin(async move {
            match timeout(INQUIRY_PATIENCE, self.0.customer(number)).await {
                Ok(Ok(known)) => Ok(Customer {
                    calls: known.calls,
                    last_call: known.last_call,
                    open_tickets: known.open_tickets,
                    ticket_subject: known.ticket_subject,
                }),
                Ok(Err(error)) => Err(error.to_string()),
                Err(_) => Err("the database does not answer in time".to_owned()),
            }
        })
    }
}
