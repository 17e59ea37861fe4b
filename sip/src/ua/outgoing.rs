//! A call that goes out: where to, our offer, and the news on its way.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use audio::codec::Codec;
use tokio::sync::mpsc;

use super::agent::Core;
use super::call::{ActiveCall, CallRecord, CallState};
use super::session::Session;
use super::{Dial, SipError};
use crate::endpoint::{Failed, Invite, Peer};
use crate::media::Leg;
use crate::message::{Name, NameAddr, Uri};

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
        Progress::Failed { status: 487, reason: "Request Terminated".to_owned() }
    }

    /// What the refusal said beside its status: redirections, Retry-After, an explanation. Once, after `Failed`.
    pub fn failure(&self) -> Option<Box<Failed>> {
        self.call.failure()
    }

    /// The audio of the call, which can be heard before the answer.
    pub fn leg(&self) -> &Leg {
        &self.leg
    }

    /// The SIP Call-ID.
    pub fn sip_call_id(&self) -> &str {
        &self.call.sip_call_id
    }

    /// A handle that outlives the call: its messages and how it ended.
    pub fn record(&self) -> CallRecord {
        CallRecord::of(&self.call)
    }

    /// Gives up: CANCEL, or BYE if the answer was faster.
    pub async fn cancel(mut self) {
        self.over = true;
        self.news.close();
        self.call.stop(None);
    }
}

impl Drop for OutgoingCall {
    fn drop(&mut self) {
        if !self.over {
            // An answer that waits unread hangs up by itself when it is dropped; this is for the rest.
            self.call.stop(None);
        }
    }
}

/// Begins a call.
pub(super) async fn dial(core: &Arc<Core>, dial: Dial) -> Result<OutgoingCall, SipError> {
    let to = sip_uri(&dial.to)?;
    let mut from = NameAddr::new(sip_uri(&dial.from)?);
    from.display = dial.display.clone();
    let mut headers = Vec::with_capacity(dial.headers.len());
    for (name, value) in &dial.headers {
        headers.push(checked_header(name, value)?);
    }
    let peer = match dial.destination {
        Some(peer) => peer,
        None => resolve(core, &to).await?.remove(0),
    };
    let routes =
        dial.destination.filter(|peer| !dial.is_resolved && !names(&to, *peer)).map(route).into_iter().collect();
    let (session, events, offer) = Session::offering(core, peer.addr.ip(), dial.record)?;
    let leg = session.leg().clone();
    let invite = Invite { to, from, peer, routes, body: offer.into(), headers, credentials: dial.credentials };
    let (news, receiver) = mpsc::channel(NEWS_ROOM);
    let call = core.act(|state, now| {
        let id = state.endpoint.invite(now, invite);
        let sip_call_id = state.endpoint.sip_call_id(id).unwrap_or_default();
        let call = CallState::new(core, id, sip_call_id, false);
        // A new call has no session yet.
        let _ = call.session.set(session);
        call.expect_news(news, leg.clone(), events);
        state.calls.insert(id, call.clone());
        call
    });
    Ok(OutgoingCall { call, leg, news: receiver, over: false })
}

/// Where a URI leads, never empty.
pub(super) async fn resolve(core: &Core, uri: &Uri) -> Result<Vec<Peer>, SipError> {
    let peers = core.transports.resolve(uri).await.map_err(|error| SipError::Unresolved(error.to_string()))?;
    if peers.is_empty() {
        return Err(SipError::Unresolved(format!("the name {} leads nowhere", uri.host)));
    }
    Ok(peers)
}

/// A `sip:` or `sips:` URI that came from our side.
pub(super) fn sip_uri(text: &str) -> Result<Uri, SipError> {
    Uri::parse(text).ok().filter(Uri::is_sip).ok_or_else(|| SipError::BadUri(text.to_owned()))
}

/// A header that came from our side, if it cannot break the message.
fn checked_header(name: &str, value: &str) -> Result<(Name, String), SipError> {
    let named = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !named || value.contains(['\r', '\n']) {
        return Err(SipError::BadHeader(name.to_owned()));
    }
    Ok((Name::parse(name), value.to_owned()))
}

/// Whether a URI names this peer itself, so that no route is needed.
fn names(uri: &Uri, peer: Peer) -> bool {
    let port = uri.port.unwrap_or(peer.protocol.default_port());
    uri.host.ip().map(|ip: IpAddr| SocketAddr::new(ip, port)) == Some(peer.addr)
}

fn route(peer: Peer) -> Uri {
    let mut uri = Uri::sip(None, peer.addr);
    if peer.protocol.is_reliable() {
        uri.params.set("transport", Some(peer.protocol.param()));
    }
    uri.params.set("lr", None);
    uri
}
