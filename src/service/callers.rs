//! What the store knows of those who call, as calls ask for it.

use std::time::Duration;

use futures::future::BoxFuture;
use intent::Language;
use tokio::time::timeout;

use crate::call::Callers;
use crate::event::Personal;
use crate::store::Tenant;

/// A caller waits for the answer meanwhile; a database that takes longer is done without.
const PATIENCE: Duration = Duration::from_millis(300);

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
}
