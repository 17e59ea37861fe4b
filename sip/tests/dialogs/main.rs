//! Every case of a dialog with SIPp, a test tool of the trade, at the other end: the scenarios are in `tests/sipp/dialogs` of the
//! workspace. What SIPp sees is checked by the scenario, what we see of it here.

#[path = "../common/mod.rs"]
mod common;

mod called;
mod calling;
mod refusals;

use common::*;
use sip::ua::{IncomingCall, Progress, UaConfig, UserAgent};
use tokio::sync::mpsc;

/// An agent that SIPp calls, and what comes in.
struct Scene {
    agent: UserAgent,
    calls: mpsc::Receiver<IncomingCall>,
}

impl Scene {
    /// `None`, and a line that says so, where there is no SIPp.
    async fn new() -> Option<Scene> {
        Scene::with(config()).await
    }

    async fn with(config: UaConfig) -> Option<Scene> {
        if !have("sipp") {
            return None;
        }
        let (agent, calls) = agent(config).await;
        Some(Scene { agent, calls })
    }

    /// SIPp calls.
    fn called(&self, scenario: &str, keys: &[(&str, &str)]) -> sipp::Sipp {
        sipp::Sipp::calls(self.agent.local_addr(), scenario, keys)
    }

    async fn incoming(&mut self) -> IncomingCall {
        soon(self.calls.recv()).await.expect("the call arrives")
    }

    async fn answered(&mut self) -> sip::ua::ActiveCall {
        soon(self.incoming().await.answer()).await.expect("it is answered")
    }
}

/// Waits until a call has sent or received a message that begins like this, so many times.
async fn seen(record: &sip::ua::CallRecord, start: &str, times: usize) {
    let count = || record.ladder().iter().filter(|message| message.text().starts_with(start)).count();
    soon(async {
        while count() < times {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await;
}

/// The status with which a call came to nothing.
async fn failed(outgoing: &mut sip::ua::OutgoingCall) -> u16 {
    loop {
        match soon(outgoing.next()).await {
            Progress::Failed { status, .. } => return status,
            Progress::Answered(_) => panic!("it was answered"),
            Progress::Ringing | Progress::EarlyMedia { .. } => {}
        }
    }
}
