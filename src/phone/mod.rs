//! A telephone inside the program: it places and takes real SIP calls, plays sound, presses keys, records both directions and
//! measures what a person would notice. `hotline call`, the demo and the evaluations use it; the service does not.

mod line;
mod measure;

pub use line::{Line, LineError};
pub use measure::Measured;

use std::net::SocketAddr;
use std::time::Duration;

use sip::media::Clock;
use sip::ua::{Credentials, Dial, IncomingCall, Progress, Registration, SipError, UaConfig, UserAgent};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

/// A telephone with an address of its own.
pub struct Phone {
    agent: UserAgent,
    incoming: mpsc::Receiver<IncomingCall>,
}

impl Phone {
    /// A telephone on this address; port 0 picks one.
    pub async fn start(bind: SocketAddr, clock: Clock) -> Result<Self, SipError> {
        let mut config = UaConfig::new(bind);
        config.user_agent = concat!("Hotline-phone/", env!("CARGO_PKG_VERSION")).to_owned();
        let (agent, incoming) = UserAgent::start(config, clock).await?;
        Ok(Self { agent, incoming })
    }

    /// Calls somebody and waits for the answer.
    pub async fn call(&self, to: &str, from: &str, limit: Duration) -> Result<Line, LineError> {
        let dialled = Instant::now();
        let from = if from.contains(':') { from.to_owned() } else { format!("sip:{from}@{}", self.agent.local_addr()) };
        let mut outgoing = self.agent.dial(Dial::new(to, from)).await?;
        let deadline = dialled + limit;
        loop {
            match timeout_at(deadline, outgoing.next()).await {
                Ok(Progress::Ringing | Progress::EarlyMedia { .. }) => {}
                Ok(Progress::Answered(active)) => return Ok(Line::new(active, dialled.elapsed())),
                Ok(Progress::Failed { status, reason }) => return Err(LineError::Refused { status, reason }),
                Err(_) => {
                    outgoing.cancel().await;
                    return Err(LineError::NoAnswer(limit));
                }
            }
        }
    }

    /// Registers, so that calls come here; kept up until the registration is dropped.
    pub async fn register(&self, registrar: &str, user: &str, password: &str) -> Result<Registration, SipError> {
        let credentials = Credentials { username: user.to_owned(), password: password.to_owned() };
        self.agent.register(registrar, credentials, Duration::from_secs(300)).await
    }

    /// Waits for a call, lets it ring for a moment, and answers.
    pub async fn answer(&mut self, ringing: Duration) -> Result<Line, LineError> {
        let call = self.incoming.recv().await.ok_or(SipError::ShuttingDown)?;
        let offered = Instant::now();
        call.ring().await?;
        tokio::time::sleep(ringing).await;
        Ok(Line::new(call.answer().await?, offered.elapsed()))
    }

    /// Hangs up whatever is up.
    pub async fn shutdown(&self) {
        self.agent.shutdown().await;
    }
}
