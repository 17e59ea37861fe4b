//! Two user agents of our own that call each other, over any transport.

use std::net::SocketAddr;

use sip::ua::{ActiveCall, Dial, EndCause, IncomingCall, OutgoingCall, Progress, Protocol, UaConfig, UserAgent};
use tokio::sync::mpsc;

use super::{agent, config, soon};

/// A caller, and an agent that is called.
pub struct Pair {
    pub caller: UserAgent,
    /// Where the agent listens.
    pub callee: SocketAddr,
    pub calls: mpsc::Receiver<IncomingCall>,
    pub agent: UserAgent,
}

pub async fn pair() -> Pair {
    pair_of(config(), config()).await
}

pub async fn pair_of(caller: UaConfig, callee: UaConfig) -> Pair {
    let (caller, _unused) = agent(caller).await;
    let (agent, calls) = agent(callee).await;
    Pair { caller, callee: agent.local_addr(), calls, agent }
}

impl Pair {
    pub async fn dial(&self) -> OutgoingCall {
        self.dial_as(Dial::new(format!("sip:service@{}", self.callee), "sip:4711@127.0.0.1")).await
    }

    pub async fn dial_as(&self, dial: Dial) -> OutgoingCall {
        self.caller.dial(dial).await.expect("the call is on its way")
    }

    pub async fn connect(&mut self) -> (ActiveCall, ActiveCall) {
        let outgoing = self.dial().await;
        self.answer(outgoing).await
    }

    /// The same over another transport.
    pub async fn connect_over(&mut self, protocol: Protocol) -> (ActiveCall, ActiveCall) {
        let outgoing = self.dial_as(Dial::new(service(&self.agent, protocol), "sip:4711@127.0.0.1")).await;
        self.answer(outgoing).await
    }

    async fn answer(&mut self, mut outgoing: OutgoingCall) -> (ActiveCall, ActiveCall) {
        let incoming = soon(self.calls.recv()).await.expect("the call arrives");
        let theirs = soon(incoming.answer()).await.expect("it is answered");
        (answered(&mut outgoing).await, theirs)
    }
}

/// The URI of an agent's service over one of its transports.
pub fn service(agent: &UserAgent, protocol: Protocol) -> String {
    let addr = agent.local_addr_of(protocol).expect("it listens");
    format!("sip:service@{addr};transport={}", protocol.param())
}

pub async fn answered(outgoing: &mut OutgoingCall) -> ActiveCall {
    loop {
        match soon(outgoing.next()).await {
            Progress::Answered(call) => return call,
            Progress::Failed { status, reason } => panic!("failed with {status} {reason}"),
            Progress::Ringing | Progress::EarlyMedia { .. } => {}
        }
    }
}

pub async fn end(call: &ActiveCall) -> EndCause {
    soon(call.ended().wait_for(Option::is_some)).await.expect("the call ends").clone().expect("with a cause")
}
