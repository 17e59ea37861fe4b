//! Callers of web pages, who sign in nowhere: a token opens one call, once. Which pages may ask is told next door, in [`chat::origins`];
//! no cookie is set or read.
//!
//! [`chat::origins`]: super::chat::origins

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{ConnectInfo, State as Of};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use utoipa::{IntoParams, ToSchema};

use super::error::{ApiError, ApiResult, ErrorBody};
use super::extract::{Ask, Body};
use super::phone::{End, LARGEST_MESSAGE, Page, pings};
use super::{App, State, address, chat};
use crate::channel::{Caller, CallerSocket, IceServer};
use crate::event::Timestamp;
use crate::metric;
use crate::store::Live;

/// What a page is told whose token opens nothing.
const REFUSED: &str = r#"{"type":"error","code":"token_refused","message":"This call cannot be opened: its token was used, is too old, or is none of ours. Call again."}"#;

/// Somebody who wants to call.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallBegin {
    /// The language of the page, as BCP 47 has it; the flow's first when left out or not spoken.
    language: Option<String>,
    /// The address of the page. What follows `?` and `#` is not kept.
    page: Option<String>,
}

/// A call that may be opened.
#[derive(Serialize, ToSchema)]
pub struct CallBegun {
    /// Opens it, once; nobody else learns it.
    token: String,
    /// Until then, in ms since the epoch.
    expires: Timestamp,
    /// For the browser's ICE agent.
    ice_servers: Vec<IceServer>,
}

/// Begin a call from a web page
///
/// Open to everybody, where `webrtc.widget` says so.
#[utoipa::path(
    post, path = "/widget/calls", operation_id = "widget_begin", tag = "widget", request_body = CallBegin,
    responses(
        (status = 201, description = "It may be opened", body = CallBegun),
        (status = 403, description = "The page is of a site that may not", body = ErrorBody),
        (status = 404, description = "Web pages cannot call here", body = ErrorBody),
        (status = 429, description = "Too many from this address", body = ErrorBody),
        (status = 503, description = "There are as many callers as there may be", body = ErrorBody),
    )
)]
pub async fn begin(
    Of(app): State,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Body(wanted): Body<CallBegin>,
) -> ApiResult<(StatusCode, Json<CallBegun>)> {
    let browsers = app.console.browsers.as_ref().filter(|browsers| browsers.takes_callers());
    let browsers =
        browsers.ok_or_else(|| ApiError::not_found("Web pages cannot call here; webrtc.widget lets them."))?;
    chat::count(&app.web_starts, address::of(from, &headers, &*app.console.is_proxy))?;
    let language = wanted.language.and_then(|language| language.parse().ok());
    let page = wanted.page.as_deref().and_then(chat::page).unwrap_or_default();
    let begun = browsers.begin(Caller { language, page }).map_err(|_| ApiError::callers_full())?;
    let ice_servers = browsers.ice_servers();
    Ok((StatusCode::CREATED, Json(CallBegun { token: begun.token, expires: begun.expires, ice_servers })))
}

/// What opens a call: one of both.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct CallQuery {
    /// From `POST /widget/calls`; opens the call once.
    token: Option<String>,
    /// From the message `connected`; leads back to the call.
    resume: Option<String>,
}

/// The call of a web page
///
/// A WebSocket with JSON text frames: the page sends `dial`, then what `docs/browser-phone.md` says. A token that opens nothing is told as
/// an `error` with the code `token_refused`.
#[utoipa::path(
    get, path = "/widget/call", operation_id = "widget_call", tag = "widget", params(CallQuery),
    responses(
        (status = 101, description = "The page is connected"),
        (status = 403, description = "The page is of a site that may not", body = ErrorBody),
        (status = 404, description = "Web pages cannot call here", body = ErrorBody),
        (status = 429, description = "Too many from this address", body = ErrorBody),
    )
)]
pub async fn call(
    Of(app): State,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Ask(query): Ask<CallQuery>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> ApiResult<Response> {
    let off = || ApiError::not_found("Web pages cannot call here; webrtc.widget lets them.");
    let browsers = app.console.browsers.clone().filter(|browsers| browsers.takes_callers()).ok_or_else(off)?;
    let upgrade = upgrade.map_err(|_| ApiError::invalid("This address is a WebSocket; connect to it as one."))?;
    let ip = address::of(from, &headers, &*app.console.is_proxy);
    chat::count(&app.web_sockets, ip)?;
    let peer = SocketAddr::new(ip, from.port());
    // Only then is the token used up: whoever is refused above may come again.
    let caller = match (&query.token, &query.resume) {
        (Some(token), None) => browsers.redeem(token, peer),
        (None, Some(secret)) => browsers.resume(secret, peer),
        _ => return Err(ApiError::invalid("Send either `token` or `resume`.")),
    };
    // Before the call begins, so that nothing of it is missed.
    let news = app.console.tenant.subscribe();
    Ok(upgrade.max_message_size(LARGEST_MESSAGE).on_upgrade(async move |socket| {
        let mut page = Page::new(socket);
        let end = match caller {
            Ok(caller) => serve(&mut page, caller, news, &app).await,
            Err(_) => {
                metric::web_token_refused();
                // The page can read this; it could not read why a request was refused.
                let _ = page.send(REFUSED.to_owned()).await;
                End::Over
            }
        };
        page.close(end).await;
    }))
}

async fn serve(page: &mut Page, mut caller: CallerSocket, mut news: Receiver<Live>, app: &Arc<App>) -> End {
    let mut ping = pings();
    loop {
        let done = tokio::select! {
            frame = caller.next() => match page.send(frame).await {
                Ok(()) if caller.is_over() => Err(End::Over),
                sent => sent,
            },
            frame = page.next() => frame.map(|frame| caller.hear(&frame)),
            live = news.recv() => match live {
                Ok(live) => {
                    if live.call == caller.call() {
                        caller.entry(&live.entry.event);
                    }
                    Ok(())
                }
                // Captions are for reading along: what was missed is past.
                Err(RecvError::Lagged(_)) => Ok(()),
                Err(RecvError::Closed) => Err(End::Stopping),
            },
            _ = ping.tick() => if caller.is_stale() { Err(End::Over) } else { page.ping().await },
            () = app.stopped.cancelled() => Err(End::Stopping),
        };
        if let Err(end) = done {
            return end;
        }
    }
}
