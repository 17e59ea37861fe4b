//! A call that goes out: INVITE with our offer, digest retry, provisional answers, CANCEL.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use audio::g711::Codec;
use rsipstack::dialog::dialog::{DialogState, DialogStateReceiver};
use rsipstack::dialog::invitation::InviteOption;
use rsipstack::sip::headers::typed::Route;
use rsipstack::sip::{Header, Host, Param, Response, Uri};
use tokio::sync::mpsc;

use super::agent::Core;
use super::call::{ActiveCall, CallState, EndCause, follow};
use super::session::Session;
use super::{Credentials, Dial, SipError, wire};
use crate::digest::Challenge;
use crate::media::{Leg, LegEvents};

/// More news than a call ever has; what exceeds it is provisional and dropped.
const NEWS_ROOM: usize = 32;

/// What happens to a call on its way.
#[derive(Debug)]
pub enum Progress {
    /// It rings there (180).
    Ringing,
    /// They already send audio, a tone or an announcement (183 with a description); the leg hears it.
    EarlyMedia {
        /// In this codec.
        codec: Codec,
    },
    /// It is up.
    Answered(ActiveCall),
    /// It is over without having been up.
    Failed {
        /// The SIP status; 408 when nothing answered, 487 when we cancelled.
        status: u16,
        /// Its reason phrase.
        reason: String,
    },
}

/// A call on its way. Dropping it before it is answered cancels it.
pub struct OutgoingCall {
    call: Arc<CallState>,
    leg: Leg,
    news: mpsc::Receiver<Progress>,
    over: bool,
}

impl std::fmt::Debug for OutgoingCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OutgoingCall({:?})", self.leg)
    }
}

impl OutgoingCall {
    /// The next news. After `Answered` or `Failed` it says `Failed` with 487 for ever.
    pub async fn next(&mut self) -> Progress {
        if !self.over
            && let Some(progress) = self.news.recv().await
        {
            self.over = matches!(progress, Progress::Answered(_) | Progress::Failed { .. });
            return progress;
        }
        self.over = true;
        cancelled()
    }

    /// The audio of the call, which can be heard before the answer.
    pub fn leg(&self) -> &Leg {
        &self.leg
    }

    /// The SIP Call-ID.
    pub fn sip_call_id(&self) -> &str {
        &self.call.sip_call_id
    }

    /// Gives up: CANCEL, or BYE if the answer was faster.
    pub async fn cancel(mut self) {
        self.over = true;
        self.news.close();
        let call = self.call.clone();
        // The CANCEL is retransmitted without us; nobody has to wait for it.
        tokio::spawn(async move { call.stop(487, None).await });
        tokio::task::yield_now().await;
    }
}

impl Drop for OutgoingCall {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let call = self.call.clone();
            runtime.spawn(async move { call.stop(487, None).await });
        }
    }
}

/// Begins a call.
pub(super) fn dial(core: &Arc<Core>, dial: Dial) -> Result<OutgoingCall, SipError> {
    let callee = wire::uri(&dial.to)?;
    let caller = wire::uri(&dial.from)?;
    let mut headers = vec![wire::header("Allow", super::ALLOW)];
    for (name, value) in &dial.headers {
        headers.push(wire::checked_header(name, value)?);
    }
    let peer = dial.destination.map_or_else(|| ip_of(&callee), |destination| destination.ip());
    let (session, events, offer) = Session::offering(core, peer, dial.record)?;
    let leg = session.leg().clone();
    let sip_call_id = format!("{:032x}", rand::random::<u128>());
    let call = CallState::new(core, sip_call_id.clone());
    if call.session.set(session).is_err() {
        return Err(SipError::Stack("a new call has no session yet".to_owned()));
    }
    let invite = InviteOption {
        caller_display_name: dial.display.map(|name| name.replace(['"', '\\', '\r', '\n'], "'")),
        contact: core.contact_as(&wire::user(&caller)),
        caller,
        route_set: dial.destination.filter(|to| !names(&callee, *to)).map(route).into_iter().collect(),
        callee,
        offer: Some(offer.into_bytes()),
        headers: Some(headers),
        call_id: Some(sip_call_id),
        ..InviteOption::default()
    };
    let (news, receiver) = mpsc::channel(NEWS_ROOM);
    let outgoing = OutgoingCall { call: call.clone(), leg: leg.clone(), news: receiver, over: false };
    tokio::spawn(async move {
        let outcome = drive(&call, invite, dial.credentials, leg, events, &news).await;
        if let Progress::Failed { status, reason } = &outcome {
            call.end(EndCause::Refused { status: *status, reason: reason.clone() });
        }
        // Nobody waiting any more drops the outcome, and dropping an answered call hangs up.
        let _ = news.send(outcome).await;
    });
    Ok(outgoing)
}

async fn drive(
    call: &Arc<CallState>,
    mut invite: InviteOption,
    credentials: Option<Credentials>,
    leg: Leg,
    events: LegEvents,
    news: &mpsc::Sender<Progress>,
) -> Progress {
    let mut rounds = 0;
    loop {
        let round = match one_round(call, invite.clone(), news).await {
            Ok(round) => round,
            Err(failure) => return failure,
        };
        let code = round.response.status_code.code();
        if code / 100 == 2 {
            return up(call, round, leg, events);
        }
        rounds += 1;
        let answer = credentials.as_ref().and_then(|c| authorization(&round.response, &invite.callee, c));
        match answer {
            // Once with our password; a second time only when just the nonce was too old.
            Some((header, stale)) if (rounds == 1 || (rounds == 2 && stale)) && !call.has_ended() => {
                let headers = invite.headers.get_or_insert_default();
                headers.retain(|h| h.name() != header.name());
                headers.push(header);
            }
            _ => return Progress::Failed { status: code, reason: wire::reason(&round.response) },
        }
    }
}

struct Round {
    response: Response,
    dialog: rsipstack::dialog::invite_dialog::InviteDialog,
    states: DialogStateReceiver,
}

/// One INVITE to its final answer.
async fn one_round(
    call: &Arc<CallState>,
    invite: InviteOption,
    news: &mpsc::Sender<Progress>,
) -> Result<Round, Progress> {
    let failed = |error: rsipstack::Error| {
        tracing::debug!(%error, "an INVITE could not be sent");
        Progress::Failed { status: 503, reason: "Service Unavailable".to_owned() }
    };
    let (sender, mut states) = call.core.dialogs.new_dialog_state_channel();
    let (dialog, mut result) = call.core.dialogs.do_invite_async(invite, sender).map_err(failed)?;
    call.set_dialog(dialog.clone());
    if call.has_ended() {
        let _ = dialog.cancel().await;
    }
    let outcome = loop {
        tokio::select! {
            biased;
            outcome = &mut result => break outcome,
            Some(state) = states.recv() => {
                if let DialogState::Early(_, response) = state {
                    early(call, &response, news);
                }
            }
        }
    };
    match outcome {
        Ok(Ok((_, Some(response)))) if response.status_code.code() / 100 == 2 && dialog.state().is_terminated() => {
            Err(cancelled()) // The answer crossed our CANCEL; the stack has said BYE.
        }
        Ok(Ok((_, Some(response)))) => Ok(Round { response, dialog, states }),
        Ok(Ok((_, None))) => Err(Progress::Failed { status: 408, reason: "Request Timeout".to_owned() }),
        Ok(Err(error)) => Err(failed(error)),
        Err(error) => Err(Progress::Failed { status: 500, reason: error.to_string() }),
    }
}

fn early(call: &CallState, response: &Response, news: &mpsc::Sender<Progress>) {
    let progress = if !response.body().is_empty() && wire::carries_description(response) {
        match call.session.get().map(|session| (session, session.accept(response.body()))) {
            Some((session, Ok(()))) => Progress::EarlyMedia { codec: session.codec().unwrap_or_default() },
            _ => return,
        }
    } else if response.status_code.code() == 180 {
        Progress::Ringing
    } else {
        return;
    };
    let _ = news.try_send(progress);
}

fn up(call: &Arc<CallState>, round: Round, leg: Leg, events: LegEvents) -> Progress {
    call.confirmed.send_replace(true);
    tokio::spawn(follow(call.clone(), round.dialog, round.states));
    let active = ActiveCall::new(call.clone(), leg, events);
    if call.has_ended() {
        return cancelled();
    }
    let agreed = call.session.get().map(|session| session.accept(round.response.body()));
    match agreed {
        Some(Ok(())) => Progress::Answered(active),
        // Dropping `active` hangs up what cannot be heard.
        Some(Err(error)) => Progress::Failed { status: 488, reason: error.to_string() },
        None => Progress::Failed { status: 500, reason: "no session".to_owned() },
    }
}

/// The header that answers a challenge, and whether only the nonce was too old.
fn authorization(response: &Response, uri: &Uri, credentials: &Credentials) -> Option<(Header, bool)> {
    let (asked, answered) = match response.status_code.code() {
        401 => ("WWW-Authenticate", "Authorization"),
        407 => ("Proxy-Authenticate", "Proxy-Authorization"),
        _ => return None,
    };
    let challenge = Challenge::choose(wire::values(response, asked))?;
    let answer = challenge.answer(&credentials.username, &credentials.password, "INVITE", &uri.to_string());
    Some((wire::header(answered, answer), challenge.stale))
}

fn cancelled() -> Progress {
    Progress::Failed { status: 487, reason: "Request Terminated".to_owned() }
}

fn ip_of(uri: &Uri) -> IpAddr {
    match &uri.host_with_port.host {
        Host::IpAddr(ip) => *ip,
        // Only asked for the local address towards the peer; any public address has the same route.
        Host::Domain(_) => IpAddr::from([192, 0, 2, 1]),
    }
}

fn names(uri: &Uri, addr: SocketAddr) -> bool {
    SocketAddr::try_from(uri.host_with_port.clone()).is_ok_and(|named| named == addr)
}

fn route(to: SocketAddr) -> Route {
    let uri = Uri {
        scheme: Some(rsipstack::sip::Scheme::Sip),
        host_with_port: to.into(),
        params: vec![Param::Lr],
        ..Uri::default()
    };
    Route { display_name: None, uri, params: Vec::new() }
}
