//! Supervisors in calls: listening, whispering, joining in, taking over.

use axum::extract::State as Of;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::State;
use super::error::{ApiError, ApiResult, ErrorBody};
use super::extract::{Body, In};
use super::session::SignedIn;
use crate::call::NotSupervised;
use crate::event::{CallId, Supervision};

/// How somebody wants to take part in a call.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Supervising {
    /// The extension whose phone is to take part.
    extension: String,
    /// How; `over` ends it.
    how: Supervision,
}

/// Take part in a call as a supervisor
///
/// Rings the phone of the extension and answers when it is in the call; a phone that takes part already changes how. The agent hears a
/// whisper, the caller doesn't; nobody hears who listens. The call's journal says who was there, and how.
#[utoipa::path(
    post, path = "/calls/{id}/supervise", operation_id = "call_supervise", tag = "calls",
    params(("id" = CallId, Path, description = "Which call")), request_body = Supervising,
    responses(
        (status = 204, description = "The phone takes part like this now"),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Not a supervisor", body = ErrorBody),
        (status = 404, description = "There is no such extension", body = ErrorBody),
        (status = 409, description = "Nobody talks in the call, or the phone was not answered", body = ErrorBody),
    )
)]
pub async fn supervise(
    Of(app): State,
    SignedIn(user): SignedIn,
    In(call): In<CallId>,
    Body(wanted): Body<Supervising>,
) -> ApiResult<StatusCode> {
    let Supervising { extension, how } = wanted;
    let known = app.console.tenant.extensions().await?;
    if !known.iter().any(|one| one.name == extension) {
        return Err(ApiError::not_found("There is no such extension; the page People lists them."));
    }
    tracing::info!(user = %user.id, %call, how = how.name(), "supervises a call");
    match (app.console.supervise)(call, extension, how).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(NotSupervised::NotTalking) => {
            Err(ApiError::conflict("Nobody talks in this call: it is over, or the bot still has it."))
        }
        Err(NotSupervised::Unreached(reason)) => {
            Err(ApiError::conflict(format!("Your phone did not take the call ({reason}). Is it on, and free?")))
        }
    }
}
