//! Which flow answers when the service starts, and what has to be said when another one does.

use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::extensions::Extensions;
use super::prepare;
use super::speech::Speech;
use super::{StartError, load_flow};
use crate::config::Config;
use crate::flows::Standing;
use crate::store::Tenant;

/// The published flow, or, before the first publish and when that cannot be read, the configured one.
pub async fn at_start(tenant: &Tenant, config: &Config) -> Result<Standing, StartError> {
    let Some(published) = Standing::published(tenant).await? else {
        return Ok(Standing::configured(load_flow(config.flow_file.as_deref())?));
    };
    let (version, hash) = (published.version, &published.hash);
    tracing::info!(version, hash, "the published flow answers");
    if let Some(file) = &config.flow_file {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let is_the_same = flow::parse(&text).is_ok_and(|flow| crate::flows::hash(&flow) == *hash);
        if !is_the_same {
            tracing::warn!(
                version,
                "flow.file ({}) does not answer: another flow was published since; `hotline flow publish` publishes the file",
                file.display()
            );
        }
    }
    Ok(published)
}

/// Says what does not fit whenever another flow answers, as at the start, until stopped.
pub async fn follow(
    mut standing: watch::Receiver<Standing>,
    config: Config,
    extensions: Arc<Extensions>,
    speech: Speech,
    stopped: CancellationToken,
) {
    loop {
        let changed = tokio::select! {
            changed = standing.changed() => changed,
            () = stopped.cancelled() => return,
        };
        if changed.is_err() {
            return;
        }
        let flow = standing.borrow_and_update().flow.clone();
        prepare::warn_of_the_unheard(&flow, &speech.recognisers());
        prepare::warn_of_targets(&config, &flow, &extensions.names());
    }
}
