//! Registering with somebody else's registrar: REGISTER with digest, refreshed in time, taken back at the end.

use std::sync::Arc;
use std::time::Duration;

use rsipstack::sip::headers::typed::{Contact as TypedContact, From as TypedFrom, To};
use rsipstack::sip::{Header, Method, Response, SipMessage, Uri};
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use rsipstack::transaction::make_tag;
use rsipstack::transaction::transaction::Transaction;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::agent::Core;
use super::{Credentials, SipError, wire};
use crate::digest::Challenge;

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
    let registrar = wire::uri(registrar)?;
    let contact = core.contact_as(&credentials.username);
    let mut client =
        Client { call_id: format!("{:032x}", rand::random::<u128>()), cseq: 0, core, registrar, contact, credentials };
    let granted = client.send(expires).await?;
    let (state, receiver) = watch::channel(RegistrationState::Registered { expires: granted });
    let stop = client.core.stop.child_token();
    let stopped = stop.clone();
    let task = tokio::spawn(async move { refresh(client, expires, granted, state, stopped).await });
    Ok(Registration { state: receiver, stop, task: Some(task) })
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
    contact: Uri,
    credentials: Credentials,
    call_id: String,
    cseq: u32,
}

impl Client {
    /// One REGISTER, with its digest rounds; returns what was granted.
    async fn send(&mut self, expires: Duration) -> Result<Duration, SipError> {
        let mut authorization: Option<Header> = None;
        let mut expires = expires;
        for _ in 0..4 {
            let response = self.round(expires, authorization.clone()).await?;
            match response.status_code.code() {
                200..=299 => return Ok(self.granted(&response, expires)),
                401 | 407 => {
                    let (header, stale) = self.answer(&response)?;
                    // The same challenge again, and not for its age, means a wrong password.
                    if authorization.is_some() && !stale {
                        return Err(refused(&response));
                    }
                    authorization = Some(header);
                }
                423 => match wire::values(&response, "Min-Expires").next().and_then(|s| s.trim().parse().ok()) {
                    Some(seconds) if Duration::from_secs(seconds) > expires => expires = Duration::from_secs(seconds),
                    _ => return Err(refused(&response)),
                },
                _ => return Err(refused(&response)),
            }
        }
        Err(SipError::Stack("the registrar challenges for ever".to_owned()))
    }

    async fn round(&mut self, expires: Duration, authorization: Option<Header>) -> Result<Response, SipError> {
        self.cseq += 1;
        let endpoint = &self.core.endpoint;
        let via = endpoint.get_via(None, None).map_err(stack)?;
        let aor = Uri {
            auth: Some(rsipstack::sip::Auth { user: self.credentials.username.clone(), password: None }),
            ..self.registrar.clone()
        };
        let from = TypedFrom { display_name: None, uri: aor.clone(), params: Vec::new() }.with_tag(make_tag());
        let to = To { display_name: None, uri: aor, params: Vec::new() };
        let call_id = Some(self.call_id.clone().into());
        let mut request =
            endpoint.make_request(Method::Register, self.registrar.clone(), via, from, to, self.cseq, call_id);
        let contact = TypedContact::from(self.contact.clone());
        request.headers.push(wire::header("Contact", contact.to_string()));
        request.headers.push(wire::header("Expires", expires.as_secs().to_string()));
        request.headers.push(wire::header("Allow", super::ALLOW));
        if let Some(header) = authorization {
            request.headers.push(header);
        }
        let key = TransactionKey::from_request(&request, TransactionRole::Client).map_err(stack)?;
        let mut tx = Transaction::new_client(key, request, endpoint.clone(), None);
        tx.send().await.map_err(stack)?;
        while let Some(message) = tx.receive().await {
            match message {
                SipMessage::Response(response) if response.status_code.code() >= 200 => return Ok(response),
                _ => {}
            }
        }
        Err(SipError::Gone("the registrar did not answer".to_owned()))
    }

    fn answer(&self, response: &Response) -> Result<(Header, bool), SipError> {
        let (asked, answered) = match response.status_code.code() {
            407 => ("Proxy-Authenticate", "Proxy-Authorization"),
            _ => ("WWW-Authenticate", "Authorization"),
        };
        let challenge = Challenge::choose(wire::values(response, asked)).ok_or_else(|| refused(response))?;
        let Credentials { username, password } = &self.credentials;
        let answer = challenge.answer(username, password, "REGISTER", &self.registrar.to_string());
        Ok((wire::header(answered, answer), challenge.stale))
    }

    /// What the registrar gave our contact, or everybody, or else what we asked for.
    fn granted(&self, response: &Response, asked: Duration) -> Duration {
        let contacts = wire::values(response, "Contact").filter_map(|line| TypedContact::parse_header_list(line).ok());
        let ours = contacts.flatten().find(|c| {
            c.uri.host_with_port == self.contact.host_with_port && wire::user(&c.uri) == wire::user(&self.contact)
        });
        let everybody = || wire::values(response, "Expires").next().and_then(|s| s.trim().parse().ok());
        let seconds = ours.and_then(|c| c.expires()).or_else(everybody);
        seconds.map_or(asked, |seconds: u32| Duration::from_secs(u64::from(seconds)))
    }
}

fn refused(response: &Response) -> SipError {
    SipError::Refused { status: response.status_code.code(), reason: wire::reason(response) }
}

fn stack(error: rsipstack::Error) -> SipError {
    SipError::Stack(error.to_string())
}
