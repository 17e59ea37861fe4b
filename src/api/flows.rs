//! The flows that answer calls, to look at.

use axum::Json;
use axum::extract::State as Of;

use super::State;
use super::error::{ApiError, ApiResult, ErrorBody};
use super::extract::In;
use super::session::SignedIn;
use super::view::{FlowDetail, FlowSummary};

/// All flows
#[utoipa::path(
    get, path = "/flows", tag = "flows",
    responses(
        (status = 200, description = "The flows", body = Vec<FlowSummary>),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
    )
)]
pub async fn flows(Of(app): State, SignedIn(_): SignedIn) -> Json<Vec<FlowSummary>> {
    Json(vec![FlowSummary::from(&*app.console.flow)])
}

/// One flow with the declarations of all kinds of block
#[utoipa::path(
    get, path = "/flows/{id}", tag = "flows", params(("id" = String, Path, description = "Which flow")),
    responses(
        (status = 200, description = "The flow", body = FlowDetail),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 404, description = "There is no such flow", body = ErrorBody),
    )
)]
pub async fn flow(Of(app): State, SignedIn(_): SignedIn, In(id): In<String>) -> ApiResult<Json<FlowDetail>> {
    let flow = &*app.console.flow;
    if flow.id != id {
        return Err(ApiError::not_found("There is no such flow; it may have been renamed. Go back to the list."));
    }
    Ok(Json(flow.into()))
}
