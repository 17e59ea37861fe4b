//! The telephone in an agent's browser: one WebSocket, whose messages are the channel's business. Here is who may have it: whoever is signed
//! in, has an extension, and comes from a page of ours.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{ConnectInfo, State as Of};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};
use utoipa::ToSchema;

use super::error::{ApiError, ApiResult, ErrorBody};
use super::extract::Body;
use super::live::is_ours;
use super::session::{SignedIn, token};
use super::{App, State, address, now};
use crate::channel::PhoneSocket;

/// How often the page is asked for a sign of life, and the session looked at.
const PING: Duration = Duration::from_secs(15);
/// How long a page may take nothing of what is sent.
const PATIENCE: Duration = Duration::from_secs(10);
/// A description has 16 KiB at most; as JSON some more.
pub(super) const LARGEST_MESSAGE: usize = 40 * 1024;
/// Messages of a page in a second; people and their browsers stay far below.
const MOST_MESSAGES: u32 = 50;
/// What a page is told last when its sign-in is over.
const SIGNED_OUT: &str = r#"{"type":"signed_out"}"#;

/// The telephone in the browser
///
/// A WebSocket with JSON text frames: `hello` first, then what `docs/browser-phone.md` says. `Origin` must name the same host.
#[utoipa::path(
    get, path = "/phone", tag = "extensions",
    responses(
        (status = 101, description = "The page is connected"),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "The page is another site's", body = ErrorBody),
        (status = 404, description = "Browsers cannot telephone here, or whoever is signed in has no extension", body = ErrorBody),
    )
)]
pub async fn phone(
    Of(app): State,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    SignedIn(user): SignedIn,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> ApiResult<Response> {
    if !is_ours(&headers) {
        return Err(ApiError::foreign_origin());
    }
    let off = || ApiError::not_found("Browsers cannot telephone here; webrtc.bind opens a port for them.");
    let browsers = app.console.browsers.as_ref().ok_or_else(off)?;
    let extension = app.console.extensions.of(user.id).ok_or_else(ApiError::no_extension)?;
    let upgrade = upgrade.map_err(|_| ApiError::invalid("This address is a WebSocket; connect to it as one."))?;
    let session = token(&headers).ok_or_else(ApiError::signed_out)?.to_owned();
    let peer = SocketAddr::new(address::of(from, &headers, &*app.console.is_proxy), from.port());
    let phone = browsers.phone(&extension, peer);
    Ok(upgrade.max_message_size(LARGEST_MESSAGE).on_upgrade(async move |socket| {
        let mut page = Page::new(socket);
        let end = serve(&mut page, phone, &app, &session).await;
        page.close(end).await;
    }))
}

/// Which of somebody's telephones ring.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rings {
    /// The browser while it is connected, else the SIP telephone.
    Browser,
    /// Both at once; whoever answers first has the call.
    Both,
}

/// How calls for oneself ring.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PhoneSettings {
    /// Which telephones ring.
    rings: Rings,
}

/// How calls for oneself ring
#[utoipa::path(
    get, path = "/phone/settings", operation_id = "phone_settings", tag = "extensions",
    responses(
        (status = 200, description = "How they do", body = PhoneSettings),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 404, description = "Whoever is signed in has no extension", body = ErrorBody),
    )
)]
pub async fn settings(Of(app): State, SignedIn(user): SignedIn) -> ApiResult<Json<PhoneSettings>> {
    let extension = app.console.extensions.of(user.id).ok_or_else(ApiError::no_extension)?;
    let rings = if app.console.extensions.rings_both(&extension) { Rings::Both } else { Rings::Browser };
    Ok(Json(PhoneSettings { rings }))
}

/// Change how calls for oneself ring
#[utoipa::path(
    put, path = "/phone/settings", operation_id = "change_phone_settings", tag = "extensions", request_body = PhoneSettings,
    responses(
        (status = 200, description = "Changed", body = PhoneSettings),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 404, description = "Whoever is signed in has no extension", body = ErrorBody),
    )
)]
pub async fn change_settings(
    Of(app): State,
    SignedIn(user): SignedIn,
    Body(settings): Body<PhoneSettings>,
) -> ApiResult<Json<PhoneSettings>> {
    let extension = app.console.extensions.of(user.id).ok_or_else(ApiError::no_extension)?;
    let both = matches!(settings.rings, Rings::Both);
    app.console.extensions.ring_both(&app.console.tenant, &extension, both).await?;
    Ok(Json(settings))
}

async fn serve(page: &mut Page, mut phone: PhoneSocket, app: &Arc<App>, session: &str) -> End {
    let mut ping = pings();
    loop {
        let done = tokio::select! {
            frame = phone.next() => page.send(frame).await,
            frame = page.next() => frame.map(|frame| phone.hear(&frame)),
            _ = ping.tick() => match app.console.tenant.session_user(session, now()).await {
                Ok(None) if !phone.signed_out() => {
                    let _ = page.send(SIGNED_OUT.to_owned()).await;
                    Err(End::SignedOut)
                }
                // What cannot be looked up now is looked up the next time.
                _ => page.ping().await,
            },
            () = app.stopped.cancelled() => Err(End::Stopping),
        };
        if let Err(end) = done {
            return end;
        }
    }
}

/// Ticks when it is time to ask a page for a sign of life.
pub(super) fn pings() -> Interval {
    let mut ping = interval_at(Instant::now() + PING, PING);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ping
}

/// A page's WebSocket, and whether it is alive.
pub(super) struct Page {
    socket: WebSocket,
    heard_from: bool,
    /// In which second how many messages came.
    spent: (Instant, u32),
}

/// Why a page is let go.
#[derive(Debug)]
pub(super) enum End {
    /// The service stops.
    Stopping,
    /// The session is over.
    SignedOut,
    /// The page left, or does not take what is sent.
    Gone,
    /// The page said too much, or too much at once.
    TooMuch,
    /// There is nothing more to say.
    Over,
}

impl Page {
    pub fn new(socket: WebSocket) -> Self {
        Page { socket, heard_from: true, spent: (Instant::now(), 0) }
    }

    /// The next message; safe to drop and ask again.
    pub async fn next(&mut self) -> Result<String, End> {
        loop {
            let message = match self.socket.recv().await {
                Some(Ok(Message::Close(_))) | None => return Err(End::Gone),
                // A message that is too long, among others: whoever sent it is no page of ours.
                Some(Err(_)) => return Err(End::Gone),
                Some(Ok(message)) => message,
            };
            self.heard_from = true;
            if self.spent.0.elapsed() >= Duration::from_secs(1) {
                self.spent = (Instant::now(), 0);
            }
            self.spent.1 += 1;
            if self.spent.1 > MOST_MESSAGES {
                return Err(End::TooMuch);
            }
            if let Message::Text(text) = message {
                return Ok(text.as_str().to_owned());
            }
        }
    }

    /// Asks for one; the one before must have come.
    pub async fn ping(&mut self) -> Result<(), End> {
        if !std::mem::take(&mut self.heard_from) {
            return Err(End::Gone);
        }
        self.send_message(Message::Ping(Default::default())).await
    }

    pub async fn send(&mut self, frame: String) -> Result<(), End> {
        self.send_message(Message::Text(frame.into())).await
    }

    async fn send_message(&mut self, message: Message) -> Result<(), End> {
        match timeout(PATIENCE, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }

    pub async fn close(mut self, end: End) {
        let (code, reason) = match end {
            End::Gone => return,
            End::Stopping => (close_code::AWAY, "the service stops"),
            End::SignedOut => (close_code::POLICY, "signed out"),
            End::TooMuch => (close_code::POLICY, "too many messages at once"),
            End::Over => (close_code::NORMAL, "over"),
        };
        let frame = CloseFrame { code, reason: reason.into() };
        let _ = timeout(Duration::from_millis(500), self.socket.send(Message::Close(Some(frame)))).await;
    }
}
