//! Versions that wait for their time. What was due while the service did not run goes live when it starts.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Flows, FlowsError};
use crate::event::Timestamp;
use crate::store::{FlowState, FlowVersion};
use crate::understand::UnderstandError;

/// The clock is looked at this often at least: it may be set, and the machine may sleep.
const LOOK_EVERY: Duration = Duration::from_secs(30);

impl Flows {
    /// Has each scheduled version answer when its time comes, until stopped.
    pub async fn keep_time(self, stopped: CancellationToken) {
        loop {
            let wait = match self.make_due_live().await {
                Ok(Some(next)) => Duration::from_millis(u64::try_from(next - now()).unwrap_or(0)).min(LOOK_EVERY),
                Ok(None) => LOOK_EVERY,
                Err(error) => {
                    tracing::warn!(%error, "it cannot be told which flow is due; what answers goes on");
                    LOOK_EVERY
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.shared.scheduled.notified() => {}
                () = stopped.cancelled() => return,
            }
        }
    }

    /// Has everything answer whose time has come, in the order of their times; returns the time of the next.
    pub async fn make_due_live(&self) -> Result<Option<Timestamp>, FlowsError> {
        for version in self.shared.tenant.scheduled_flows().await? {
            match version.at {
                Some(at) if at > now() => return Ok(Some(at)),
                _ => self.make_scheduled_live(version).await?,
            }
        }
        Ok(None)
    }

    async fn make_scheduled_live(&self, version: FlowVersion) -> Result<(), FlowsError> {
        let number = version.number;
        let _turn = self.shared.publishing.lock().await;
        if self.shared.tenant.flow_version(number).await?.state != FlowState::Scheduled {
            return Ok(());
        }
        match self.make_live(number, now()).await {
            Ok(_) => Ok(()),
            // It may go well later.
            Err(
                error @ (FlowsError::Store(_)
                | FlowsError::Stopped(_)
                | FlowsError::Understand(UnderstandError::Store(_) | UnderstandError::Stopped(_))),
            ) => Err(error),
            Err(error) => {
                tracing::error!(version = number, %error, "a scheduled flow cannot answer and is held; what answered before goes on");
                self.shared.tenant.unschedule_flow(number, FlowState::Held).await?;
                Ok(())
            }
        }
    }
}

fn now() -> Timestamp {
    jiff::Timestamp::now().as_millisecond()
}
