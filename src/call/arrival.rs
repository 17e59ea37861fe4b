//! Where a call goes first: to the flow, to a queue, to an agent's phone, or, when a phone of ours calls, to whomever it dialled.

use std::time::Instant;

use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use super::bridge::Guest;
use super::conversation::{Conversation, Millis};
use super::driver::{Services, run_call};
use super::exchange::Visitor;
use super::leg::{Incoming, OnTheWay, Origin, Route};
use super::legs::Legs;
use super::plan::Destination;
use super::reach::{Calling, Came, News, Reached, Ringing};
use super::{dialled, replace};
use crate::event::{CallId, Event};

/// How a call begins once it is answered.
pub enum Opening {
    /// With the flow.
    Flow,
    /// In a queue.
    Queue(String),
    /// With an agent, who has answered.
    Agent(Visitor),
}

/// Takes one call from offer to outcome. Returns when the journal is closed.
/// `permit` is held while the call is on its way to its answer.
pub async fn take_call(
    incoming: Box<dyn Incoming>,
    call: CallId,
    services: Services,
    permit: OwnedSemaphorePermit,
    shutdown: CancellationToken,
) {
    if let Some(dialog) = incoming.replaces() {
        return replace::run(incoming, dialog, call, services, permit).await;
    }
    let extension = match incoming.origin() {
        Origin::Outside(route) => return run_call(incoming, route, call, services, permit, shutdown).await,
        Origin::Extension(extension) => extension,
    };
    let to = services.plan.lead(&incoming.to(), |name| services.phones.has(name));
    match to {
        Destination::Flow => run_call(incoming, Route::Flow, call, services, permit, shutdown).await,
        Destination::Queue(queue) => run_call(incoming, Route::Queue(queue), call, services, permit, shutdown).await,
        to => dialled::run(incoming, (extension, to), call, services, permit, shutdown).await,
    }
}

/// How a call on this way begins. An agent who is called directly is rung before the caller is answered, so that nobody pays for
/// the ringing; whoever is not reached there goes to the flow.
pub async fn open(
    incoming: &dyn Incoming,
    route: Route,
    conversation: &mut Conversation,
    services: &Services,
    legs: &Legs,
    offered: Instant,
) -> Opening {
    let agent = match route {
        Route::Flow => return Opening::Flow,
        Route::Queue(queue) => return Opening::Queue(queue),
        Route::Extension(agent) => agent,
    };
    let call = conversation.call();
    let now = || offered.elapsed().as_millis() as Millis;
    services.sink.write(call, vec![conversation.note(Event::Ringing { agent: agent.clone() }, now())]).await;
    incoming.ring().await;
    let from = Calling { call, shown: incoming.from(), source: agent.clone(), diversions: incoming.diversions() };
    let wanted = Destination::Extension(agent.clone());
    let mut ringing = Ringing::begin(services.clone(), wanted, from, legs.clone());
    let came = loop {
        let news = tokio::select! {
            news = ringing.next() => news,
            // To answer a caller who is gone fails, which is journaled there.
            () = incoming.cancelled() => return Opening::Flow,
        };
        match news {
            News::OnTheWay(OnTheWay::Redirected { from, to }) => {
                services.sink.write(call, vec![conversation.note(Event::Redirected { from, to }, now())]).await;
            }
            // It has said that it rings already.
            News::OnTheWay(_) => {}
            News::Over(came) => break came,
        }
    };
    match came {
        Came::Reached(Reached { leg, to, reservation }) => {
            Opening::Agent(Visitor { leg, guest: Guest::at(&to), reservation })
        }
        Came::SentTo(Destination::Queue(queue)) => Opening::Queue(queue),
        Came::SentTo(_) => Opening::Flow,
        Came::Refused(refused) => {
            let reason = refused.missed();
            services.sink.write(call, vec![conversation.note(Event::Missed { agent, reason }, now())]).await;
            Opening::Flow
        }
    }
}

/// The queue of those who have come past the flow: the flow's first.
pub fn default_queue(services: &Services) -> String {
    services.plan.queues.first().cloned().unwrap_or_else(|| "agents".to_owned())
}
