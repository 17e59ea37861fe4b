//! A call's signalling and sound for engineers: for the console, as a text to mail, and as a capture for Wireshark. A call that goes
//! on is shown as far as it has come.

use axum::Json;
use axum::extract::State as Of;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::error::{ApiError, ApiResult, ErrorBody};
use super::extract::In;
use super::pcap::{self, Packet};
use super::session::SignedIn;
use super::view::{CallSignalling, CallSummary, report};
use super::{App, State};
use crate::event::CallId;

/// The signalling and the sound of a call's legs
///
/// The messages of each leg (at most 64), how it sounded in intervals of 5 s or more, and its counters; of a call that goes on, as far as
/// it has come.
#[utoipa::path(
    get, path = "/calls/{id}/signalling", tag = "calls", params(("id" = CallId, Path, description = "Which call")),
    responses(
        (status = 200, description = "The legs; none when nothing was kept", body = CallSignalling),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 404, description = "There is no such call", body = ErrorBody),
    )
)]
pub async fn signalling(Of(app): State, SignedIn(_): SignedIn, In(id): In<CallId>) -> ApiResult<Json<CallSignalling>> {
    Ok(Json(seen(&app, id).await?.1))
}

/// The same as a text
#[utoipa::path(
    get, path = "/calls/{id}/signalling.txt", tag = "calls", params(("id" = CallId, Path, description = "Which call")),
    responses(
        (status = 200, description = "Ladder, sound and messages", body = String, content_type = "text/plain"),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 404, description = "There is no such call, or nothing was kept of it", body = ErrorBody),
    )
)]
pub async fn signalling_text(Of(app): State, SignedIn(user): SignedIn, In(id): In<CallId>) -> ApiResult<Response> {
    let (call, seen) = kept(&app, id).await?;
    tracing::info!(user = %user.id, call = %id, "downloaded the signalling of a call as text");
    Ok(download("text/plain; charset=utf-8", format!("call-{id}.txt"), report(&call, &seen).into_bytes()))
}

/// The messages as a capture
///
/// A pcap file for Wireshark, tshark or sngrep, with the real addresses and times; messages by TCP and TLS are put into UDP.
#[utoipa::path(
    get, path = "/calls/{id}/signalling.pcap", tag = "calls", params(("id" = CallId, Path, description = "Which call")),
    responses(
        (status = 200, description = "The capture", body = Vec<u8>, content_type = "application/vnd.tcpdump.pcap"),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 404, description = "There is no such call, or nothing was kept of it", body = ErrorBody),
    )
)]
pub async fn signalling_pcap(Of(app): State, SignedIn(user): SignedIn, In(id): In<CallId>) -> ApiResult<Response> {
    let (_, seen) = kept(&app, id).await?;
    let began = seen.began_us.unwrap_or_default();
    let packets = seen.by_time().into_iter().filter_map(|(_, message)| {
        let (local, peer) = (message.local.parse().ok()?, message.peer.parse().ok()?);
        let (from, to) = if message.sent { (local, peer) } else { (peer, local) };
        Some(Packet { at_us: began + message.after_us, from, to, text: &message.text })
    });
    let file = pcap::file(packets);
    tracing::info!(user = %user.id, call = %id, "downloaded the signalling of a call as a capture");
    Ok(download("application/vnd.tcpdump.pcap", format!("call-{id}.pcap"), file))
}

async fn seen(app: &App, id: CallId) -> ApiResult<(CallSummary, CallSignalling)> {
    let tenant = &app.console.tenant;
    let call: CallSummary = tenant.call(id).await?.into();
    let live = app.console.legs.of(id);
    let complete = live.is_none();
    let events = match live {
        Some(legs) => legs.events().await,
        None => tenant.technical(id).await?,
    };
    Ok((call, CallSignalling::new(id, complete, events)))
}

/// What there is, if there is anything.
async fn kept(app: &App, id: CallId) -> ApiResult<(CallSummary, CallSignalling)> {
    let (call, seen) = seen(app, id).await?;
    if seen.legs.is_empty() {
        return Err(ApiError::not_found(
            "Nothing was kept of this call's signalling: its caller was erased, or the service was stopped before the call was over.",
        ));
    }
    Ok((call, seen))
}

fn download(kind: &'static str, name: String, bytes: Vec<u8>) -> Response {
    let about = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (about, bytes).into_response()
}
