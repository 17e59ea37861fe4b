//! Calls: the list and one in full.

use axum::Json;
use axum::extract::State as Of;
use serde::Deserialize;
use utoipa::IntoParams;

use super::error::{ApiError, ApiResult, ErrorBody};
use super::extract::{Ask, In};
use super::permission::{self, Permission};
use super::session::SignedIn;
use super::view::{CallDetail, CallPage};
use super::{App, State};
use crate::event::{CallId, Outcome};
use crate::store::{CallFilter, StoreError};

/// How many items a list has when nothing else is asked for, and at most.
pub const PAGE: u64 = 50;
/// At most.
pub const LARGEST_PAGE: u64 = 200;

/// Which calls.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct CallQuery {
    /// Go on after this: the `next` of the part before.
    before: Option<String>,
    /// How many, from 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
    /// Only those that ended so.
    outcome: Option<Outcome>,
    /// Only those that go on (`true`) or are over (`false`).
    live: Option<bool>,
}

/// Calls, newest first
///
/// Whoever may not see all of them is shown those that came to them.
#[utoipa::path(
    get, path = "/calls", tag = "calls", params(CallQuery),
    responses(
        (status = 200, description = "A part of the list", body = CallPage),
        (status = 400, description = "The query makes no sense", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
    )
)]
pub async fn calls(Of(app): State, SignedIn(me): SignedIn, Ask(query): Ask<CallQuery>) -> ApiResult<Json<CallPage>> {
    let before = query.before.as_deref().map(str::parse::<CallId>).transpose();
    let before = before
        .map_err(|_| ApiError::invalid("`before` must be the `next` of the part before; leave it out to begin."))?;
    let filter = CallFilter { outcome: query.outcome, live: query.live };
    let limit = query.limit.unwrap_or(PAGE).clamp(1, LARGEST_PAGE);
    let tenant = &app.console.tenant;
    let page = match permission::may(me.role, Permission::CallsAll) {
        true => tenant.calls(&filter, before, limit).await?,
        false => tenant.calls_of(&tenant.extensions_of(me.id).await?, &filter, before, limit).await?,
    };
    Ok(Json(page.into()))
}

/// One call with its journal
#[utoipa::path(
    get, path = "/calls/{id}", tag = "calls", params(("id" = CallId, Path, description = "Which call")),
    responses(
        (status = 200, description = "The call", body = CallDetail),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 404, description = "There is no such call", body = ErrorBody),
    )
)]
pub async fn call(Of(app): State, SignedIn(_): SignedIn, In(id): In<CallId>) -> ApiResult<Json<CallDetail>> {
    Ok(Json(detail(&app, id).await?))
}

/// A call with its journal and the length of its recording.
pub async fn detail(app: &App, id: CallId) -> Result<CallDetail, StoreError> {
    let tenant = &app.console.tenant;
    // The summary first: a journal read after it is never older than what the summary says.
    let call = tenant.call(id).await?.into();
    let entries = tenant.journal(id).await?;
    let recording = match tenant.recording(id).await {
        Ok(recording) => recording,
        // The words are worth showing without the sound.
        Err(error) => {
            tracing::warn!(call = %id, %error, "a recording cannot be read");
            None
        }
    };
    let waveform_ms = recording.map(|recording| recording.frames() * 1_000 / u64::from(crate::store::RATE));
    Ok(CallDetail { call, entries, waveform_ms })
}
