//! What somebody wants to know at whose desk a call rings: what this caller had to do with us before.

use axum::Json;
use axum::extract::State as Of;
use serde::Serialize;
use utoipa::ToSchema;

use super::State;
use super::error::{ApiResult, ErrorBody};
use super::extract::In;
use super::session::SignedIn;
use super::view::{CallSummary, TicketSummary};
use crate::event::CallId;

/// Nobody reads further back while a caller waits.
const LATEST: u64 = 20;

/// What is known of a caller besides the call.
#[derive(Serialize, ToSchema)]
pub struct CallerHistory {
    /// Their other calls and chats, newest first; at most 20.
    calls: Vec<CallSummary>,
    /// Their tickets, newest first; at most 20.
    tickets: Vec<TicketSummary>,
}

/// What a call's caller had to do with us before
///
/// Nothing where the number is withheld.
#[utoipa::path(
    get, path = "/calls/{id}/caller", tag = "desk", params(("id" = CallId, Path, description = "Which call")),
    responses(
        (status = 200, description = "Their calls and tickets", body = CallerHistory),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 404, description = "There is no such call", body = ErrorBody),
    )
)]
pub async fn caller(Of(app): State, SignedIn(_): SignedIn, In(id): In<CallId>) -> ApiResult<Json<CallerHistory>> {
    let tenant = &app.console.tenant;
    let person = tenant.call(id).await?.person;
    let mut calls = tenant.calls_of_person(person, LATEST + 1).await?;
    calls.retain(|call| call.id != id);
    calls.truncate(LATEST as usize);
    let tickets = tenant.tickets_of(person, LATEST).await?;
    Ok(Json(CallerHistory {
        calls: calls.into_iter().map(CallSummary::from).collect(),
        tickets: tickets.into_iter().map(TicketSummary::from).collect(),
    }))
}
