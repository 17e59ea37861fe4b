//! Who works here, as the store keeps it: queues, skills and presence are read at the start and after each change, and what somebody
//! wants to be is written down when it changes, so that a restart finds everybody as they were.

use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use crate::agent::{Agents, News};
use crate::queue::{Presence, Profile, Queue};
use crate::store::{KeptPresence, KeptQueue, StoreError, Tenant};

/// Has everybody be what they were when the service stopped, before any phone of theirs is known.
pub async fn restore(tenant: &Tenant, agents: &Agents) -> Result<(), StoreError> {
    define_queues(tenant, agents).await?;
    let kept: BTreeMap<String, KeptPresence> =
        tenant.presences().await?.into_iter().map(|kept| (kept.extension.clone(), kept)).collect();
    let profiles: BTreeMap<String, String> = tenant.agent_profiles().await?.into_iter().collect();
    for (extension, _) in tenant.extension_owners().await? {
        let (presence, since) = match kept.get(&extension) {
            Some(KeptPresence { reason: Some(reason), since, .. }) => {
                (Presence::Away { reason: reason.clone() }, *since)
            }
            _ => (Presence::Available, agents.now()),
        };
        agents.restore(&extension, presence, since);
        if let Some(document) = profiles.get(&extension) {
            agents.set_profile(&extension, profile(&extension, document));
        }
    }
    Ok(())
}

/// Has the queues be as they are stored.
pub async fn define_queues(tenant: &Tenant, agents: &Agents) -> Result<(), StoreError> {
    let queues = tenant.queues().await?.iter().filter_map(queue).collect();
    agents.define(queues);
    Ok(())
}

/// A queue as it is stored. What cannot be read any more is left out, and said.
pub fn queue(kept: &KeptQueue) -> Option<Queue> {
    match serde_json::from_str(&kept.document) {
        Ok(queue) => Some(queue),
        Err(error) => {
            tracing::warn!(queue = kept.id, %error, "a queue cannot be read and has the usual settings; save it again");
            None
        }
    }
}

fn profile(extension: &str, document: &str) -> Profile {
    serde_json::from_str(document).unwrap_or_else(|error| {
        tracing::warn!(extension, %error, "the skills of an agent cannot be read; save them again");
        Profile::default()
    })
}

/// Writes down what everybody wants to be, whenever it changes.
pub async fn keep(tenant: Tenant, agents: Agents, stopped: CancellationToken) {
    let mut news = agents.watch();
    let mut written: BTreeMap<String, Presence> =
        agents.floor().agents.into_iter().map(|agent| (agent.extension, agent.next)).collect();
    loop {
        let changed: BTreeSet<String> = tokio::select! {
            news = news.recv() => match news {
                Ok(News::Agent(agent)) => [agent].into(),
                Ok(_) => continue,
                Err(RecvError::Lagged(_)) => agents.floor().agents.into_iter().map(|agent| agent.extension).collect(),
                Err(RecvError::Closed) => return,
            },
            () = stopped.cancelled() => return,
        };
        for extension in changed {
            let Some(standing) = agents.agent(&extension) else { continue };
            if written.get(&extension) == Some(&standing.next) {
                continue;
            }
            let reason = match &standing.next {
                Presence::Available => None,
                Presence::Away { reason } => Some(reason.clone()),
            };
            let kept = KeptPresence { extension: extension.clone(), reason, since: standing.since };
            match tenant.put_presence(kept).await {
                Ok(()) => drop(written.insert(extension, standing.next)),
                // It is written with the next change; until then a restart finds what was before.
                Err(error) => tracing::warn!(extension, %error, "what an agent is cannot be written down"),
            }
        }
    }
}
