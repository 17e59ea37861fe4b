//! SIP: calls that come in, and the agents' registered phones.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures::future::BoxFuture;
use sip::media::Clock;
use sip::ua::{
    ActiveCall, Dial, EndCause, IncomingCall, OutgoingCall, Progress, RefusedCall, SipError, UaConfig, UserAgent,
};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};

pub use sip::digest::DigestAlgorithm as Algorithm;
pub use sip::ua::Directory;

use crate::call::leg::{Control, LegEnd, Refused};
use crate::call::{Incoming, Leg};

/// How the SIP side is set up.
pub struct SipSettings {
    /// UDP address to listen on.
    pub bind: SocketAddr,
    /// Realm of the phones' digest authentication.
    pub realm: String,
    /// Address offered for RTP, when it is not the bound one.
    pub media_ip: Option<IpAddr>,
    /// The extensions that may register, and their hashed passwords.
    pub directory: Arc<dyn Directory>,
}

/// Why SIP cannot start; says what to do.
pub type StartError = SipError;

/// The SIP channel.
#[derive(Clone)]
pub struct SipChannel {
    agent: UserAgent,
}

/// The calls that come in over SIP.
pub struct Calls {
    calls: mpsc::Receiver<IncomingCall>,
    refused: broadcast::Receiver<RefusedCall>,
}

impl Calls {
    /// The next caller, also one with whom no codec is shared; `None` after the shutdown.
    pub async fn next(&mut self) -> Option<Box<dyn Incoming>> {
        loop {
            tokio::select! {
                call = self.calls.recv() => return Some(Box::new(SipCaller(call?))),
                refused = self.refused.recv() => match refused {
                    Ok(call) => return Some(Box::new(Unheard(call))),
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                },
            }
        }
    }
}

impl SipChannel {
    /// Opens the SIP port.
    pub async fn start(settings: SipSettings, clock: Clock) -> Result<(Self, Calls), StartError> {
        let mut config = UaConfig::new(settings.bind);
        config.realm = settings.realm;
        config.media_ip = settings.media_ip;
        config.registrar = Some(settings.directory);
        let (agent, calls) = UserAgent::start(config, clock).await?;
        let refused = agent.refused();
        Ok((Self { agent }, Calls { calls, refused }))
    }

    /// The address listened on, with the port that was picked.
    pub fn local_addr(&self) -> SocketAddr {
        self.agent.local_addr()
    }

    /// Calls that are up or on their way.
    pub fn live_calls(&self) -> usize {
        self.agent.live_calls()
    }

    /// Takes no more calls and ends those there are.
    pub async fn shutdown(&self) {
        self.agent.shutdown().await;
    }
}

impl SipChannel {
    /// Whether a phone of this extension is registered.
    pub fn is_registered(&self, extension: &str) -> bool {
        !self.agent.registered(extension).is_empty()
    }

    /// Rings an extension's freshest phone until it answers or refuses; dropping the future stops the ringing.
    pub async fn ring(&self, extension: &str, caller: &str) -> Result<Leg, Refused> {
        let contact = self.agent.registered(extension).into_iter().next();
        let unreachable =
            || Refused { label: "unreachable", reason: format!("no phone is registered for {extension}") };
        let contact = contact.ok_or_else(unreachable)?;
        let user = if caller.is_empty() { "anonymous" } else { caller };
        let mut dial = Dial::new(contact.uri, format!("sip:{user}@{}", self.agent.local_addr()));
        dial.destination = Some(contact.source);
        // The caller's leg carries both voices already.
        dial.record = false;
        answered(self.agent.dial(dial).await.map_err(refused)?).await
    }
}

async fn answered(mut call: OutgoingCall) -> Result<Leg, Refused> {
    loop {
        match call.next().await {
            Progress::Ringing | Progress::EarlyMedia { .. } => {}
            Progress::Answered(active) => return leg(active),
            Progress::Failed { status, reason } => return Err(refused(SipError::Refused { status, reason })),
        }
    }
}

fn leg(mut active: ActiveCall) -> Result<Leg, Refused> {
    let events = active.take_events();
    let events = events.ok_or_else(|| Refused { label: "failed", reason: "the leg's events are taken".into() })?;
    Ok(Leg {
        sound: active.leg().clone(),
        events,
        codec: active.codec().name().to_owned(),
        control: Box::new(SipControl(active)),
    })
}

fn refused(error: SipError) -> Refused {
    let label = match &error {
        SipError::Refused { status: 486 | 600, .. } => "busy",
        SipError::Refused { status: 603 | 403 | 406, .. } => "declined",
        SipError::Refused { status: 408 | 480 | 487, .. } => "no_answer",
        SipError::Refused { status: 488 | 606, .. } | SipError::NoMedia(_) => "no_codec",
        SipError::Gone(_) => "gone",
        _ => "unreachable",
    };
    Refused { label, reason: error.to_string() }
}

struct SipCaller(IncomingCall);

impl Incoming for SipCaller {
    fn from(&self) -> String {
        let user = self.0.from_user();
        if user.eq_ignore_ascii_case("anonymous") { String::new() } else { user }
    }

    fn to(&self) -> String {
        self.0.request_user()
    }

    fn answer(self: Box<Self>) -> BoxFuture<'static, Result<Leg, Refused>> {
        Box::pin(async move { leg(self.0.answer().await.map_err(refused)?) })
    }
}

/// A caller who was refused already: for the journal.
struct Unheard(RefusedCall);

impl Incoming for Unheard {
    fn from(&self) -> String {
        self.0.from.clone()
    }

    fn to(&self) -> String {
        self.0.to.clone()
    }

    fn answer(self: Box<Self>) -> BoxFuture<'static, Result<Leg, Refused>> {
        let reason = format!("the call was refused with 488: {}", self.0.reason);
        Box::pin(async { Err(Refused { label: "no_codec", reason }) })
    }
}

struct SipControl(ActiveCall);

impl Control for SipControl {
    fn hang_up(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(self.0.hangup(None))
    }

    fn ended(&mut self) -> BoxFuture<'_, LegEnd> {
        let mut ended = self.0.ended();
        Box::pin(async move {
            let cause = match ended.wait_for(Option::is_some).await {
                Ok(cause) => cause.clone(),
                Err(_) => None,
            };
            match cause {
                Some(EndCause::ByRemote | EndCause::Cancelled) => LegEnd::Remote,
                Some(EndCause::ByLocal) => LegEnd::Local,
                Some(EndCause::NotAcknowledged) => LegEnd::NoAck,
                Some(EndCause::Refused { .. } | EndCause::Vanished(_) | EndCause::Error(_)) | None => LegEnd::Failed,
            }
        })
    }
}
