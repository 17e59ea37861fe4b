//! Registering with somebody else's registrar: REGISTER with digest, refreshed in time, taken back at the end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::agent::{Core, outside};
use super::outgoing::{resolve, sip_uri};
use super::{Credentials, SipError};
use crate::endpoint::{self, Peer};
use crate::message::{Method, Name, NameAddr, Response, Uri};

/// The first pause after a failed refresh; it doubles up to `LONGEST_PAUSE`.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// How long an unregistration may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// How a registration stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistrationState {
    /// Registered for this long.
    Registered {
        /// What the registrar granted.
        expires: Duration,
    },
    /// The last refresh failed; it is tried again.
    Failing {
        /// The SIP status, 0 when nothing answered.
        status: u16,
        /// Its reason phrase.
        reason: String,
    },
    /// Taken back.
    Unregistered,
}

/// A registration that refreshes itself. Dropping it takes it back without waiting.
#[derive(Debug)]
pub struct Registration {
    state: watch::Receiver<RegistrationState>,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl Registration {
    /// How it stands, now and from now on.
    pub fn state(&self) -> watch::Receiver<RegistrationState> {
        self.state.clone()
    }

    /// Takes it back and waits for the registrar's word, two seconds at most.
    pub async fn unregister(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            let _ = tokio::time::timeout(FAREWELL, task).await;
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Registers, and goes on refreshing in the background. The first refusal is an error.
pub(super) async fn register(
    core: Arc<Core>,
    registrar: &str,
    credentials: Credentials,
    expires: Duration,
) -> Result<Registration, SipError> {
    let registrar = sip_uri(registrar)?;
    let call_id = format!("{:032x}", rand::random::<u128>());
    let mut client = Client { call_id, cseq: 0, core, registrar, credentials, way: None };
    let granted = client.send(expires).await?;
    let (state, receiver) = watch::channel(RegistrationState::Registered { expires: granted });
    let stop = client.core.stop.child_token();
    let stopped = stop.clone();
    let task = tokio::spawn(async move { refresh(client, expires, granted, state, stopped).await });
    Ok(Registration { state: receiver, stop, task: Some(task) })
}

/// Asks who is registered under these credentials, and changes nothing (RFC 3261 section 10.2.3: a REGISTER without Contact).
pub(super) async fn bindings(
    core: Arc<Core>,
    registrar: &str,
    credentials: Credentials,
) -> Result<Vec<NameAddr>, SipError> {
    let registrar = sip_uri(registrar)?;
    let mut aor = registrar.clone();
    aor.user = Some(credentials.username.clone());
    let mut last = SipError::Gone("the registrar did not answer".to_owned());
    for way in resolve(&core, &registrar).await? {
        let mut request = outside(Method::Register, &aor, &aor, 1, None);
        request.uri = registrar.clone();
        match core.request(request, way, Some(credentials.clone())).await {
            Some(response) if (200..300).contains(&response.status) => {
                return Ok(response.headers.addresses(&Name::Contact).unwrap_or_default());
            }
            Some(response) if response.status < 500 => return Err(refused(&response)),
            Some(response) => last = refused(&response),
            None => {}
        }
    }
    Err(last)
}

async fn refresh(
    mut client: Client,
    wanted: Duration,
    granted: Duration,
    state: watch::Sender<RegistrationState>,
    stop: CancellationToken,
) {
    let mut wait = before_expiry(granted);
    let mut pause = FIRST_PAUSE;
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(wait) => {}
        }
        match client.send(wanted).await {
            Ok(expires) => {
                wait = before_expiry(expires);
                pause = FIRST_PAUSE;
                state.send_replace(RegistrationState::Registered { expires });
            }
            Err(error) => {
                tracing::warn!(%error, "a SIP registration could not be refreshed");
                wait = pause;
                pause = (pause * 2).min(LONGEST_PAUSE);
                let (status, reason) = match error {
                    SipError::Refused { status, reason } => (status, reason),
                    other => (0, other.to_string()),
                };
                state.send_replace(RegistrationState::Failing { status, reason });
            }
        }
    }
    if let Err(error) = client.send(Duration::ZERO).await {
        tracing::debug!(%error, "a SIP registration could not be taken back");
    }
    state.send_replace(RegistrationState::Unregistered);
}

/// Early enough for one retransmitted round trip.
fn before_expiry(granted: Duration) -> Duration {
    (granted * 4 / 5).max(Duration::from_millis(500))
}

struct Client {
    core: Arc<Core>,
    registrar: Uri,
    credentials: Credentials,
    call_id: String,
    cseq: u32,
    /// The registrar that answered last, tried first the next time.
    way: Option<Peer>,
}

impl Client {
    /// One REGISTER, with its digest rounds, at the first registrar that answers; returns what was granted.
    async fn send(&mut self, expires: Duration) -> Result<Duration, SipError> {
        let mut ways = resolve(&self.core, &self.registrar).await?;
        if let Some(at) = self.way.and_then(|way| ways.iter().position(|known| *known == way)) {
            ways.swap(0, at);
        }
        let mut last = SipError::Gone("the registrar did not answer".to_owned());
        for way in ways {
            match self.send_to(way, expires).await {
                Ok(granted) => {
                    self.way = Some(way);
                    return Ok(granted);
                }
                // Somebody else may do better; a refusal is final.
                Err(error @ (SipError::Gone(_) | SipError::Refused { status: 500..=599, .. })) => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }

    async fn send_to(&mut self, way: Peer, expires: Duration) -> Result<Duration, SipError> {
        let mut expires = expires;
        for _ in 0..2 {
            let response = self.round(way, expires).await?;
            match response.status {
                200..=299 => return Ok(self.granted(&response, way, expires)),
                423 => match response.headers.number(&Name::MinExpires).map(Duration::from_secs) {
                    Some(longer) if longer > expires && longer < Duration::from_secs(86_400) => expires = longer,
                    _ => return Err(refused(&response)),
                },
                _ => return Err(refused(&response)),
            }
        }
        Err(SipError::Gone("the registrar keeps asking for longer registrations".to_owned()))
    }

    async fn round(&mut self, way: Peer, expires: Duration) -> Result<Box<Response>, SipError> {
        // Room for the rounds of a challenge, which count on by themselves.
        self.cseq += 4;
        let mut aor = self.registrar.clone();
        aor.user = Some(self.credentials.username.clone());
        let request = outside(Method::Register, &aor, &aor, self.cseq, Some(&self.call_id))
            .with(Name::Contact, NameAddr::new(self.contact(way)).to_string())
            .with(Name::Expires, expires.as_secs().to_string())
            .with(Name::Allow, endpoint::ALLOW);
        let mut request = request;
        request.uri = self.registrar.clone();
        let answer = self.core.request(request, way, Some(self.credentials.clone())).await;
        answer.ok_or_else(|| SipError::Gone("the registrar did not answer".to_owned()))
    }

    fn contact(&self, way: Peer) -> Uri {
        let mut contact = Uri::sip(Some(&self.credentials.username), self.core.local(way));
        if way.protocol.is_reliable() {
            contact.params.set("transport", Some(way.protocol.param()));
        }
        contact
    }

    /// What the registrar gave our contact, or everybody, or else what we asked for.
    fn granted(&self, response: &Response, way: Peer, asked: Duration) -> Duration {
        let contact = self.contact(way);
        let contacts = response.headers.addresses(&Name::Contact).unwrap_or_default();
        let ours = contacts
            .iter()
            .find(|c| c.uri.host == contact.host && c.uri.port == contact.port && c.uri.user() == contact.user());
        let given = ours.and_then(|c| c.params.value("expires")).and_then(|s| s.trim().parse::<u64>().ok());
        let seconds = given.or_else(|| response.headers.number(&Name::Expires));
        seconds.map_or(asked, |seconds| Duration::from_secs(seconds.min(86_400)))
    }
}

fn refused(response: &Response) -> SipError {
    SipError::Refused { status: response.status, reason: response.reason.clone() }
}
