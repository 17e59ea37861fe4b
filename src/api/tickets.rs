//! Tickets: the list, one in full, and the work on it.

use axum::Json;
use axum::extract::State as Of;
use axum::http::StatusCode;
use serde::{Deserialize, Deserializer};
use utoipa::{IntoParams, ToSchema};

use super::calls::{LARGEST_PAGE, PAGE, detail};
use super::error::{ApiError, ApiResult, ErrorBody};
use super::extract::{Ask, Body, In};
use super::session::SignedIn;
use super::view::{TicketDetail, TicketPage};
use super::{App, State, now};
use crate::event::{Personal, TicketId, TicketStatus, UserId};
use crate::store::{AssigneeFilter, StoreError, TicketChange, TicketFilter, User};

/// A note is a note.
const LONGEST_NOTE: usize = 10_000;

/// Which tickets.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct TicketQuery {
    /// Words that must all occur in subject, body, transcript, notes, number or caller.
    q: Option<String>,
    /// Only those that stand so.
    status: Option<TicketStatus>,
    /// Only those of somebody: an id, `me` or `none`.
    assignee: Option<String>,
    /// Go on after this: the `next` of the part before.
    before: Option<String>,
    /// How many, from 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
}

/// Tickets, newest first
#[utoipa::path(
    get, path = "/tickets", tag = "tickets", params(TicketQuery),
    responses(
        (status = 200, description = "A part of the list", body = TicketPage),
        (status = 400, description = "The query makes no sense", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
    )
)]
pub async fn tickets(
    Of(app): State,
    SignedIn(user): SignedIn,
    Ask(query): Ask<TicketQuery>,
) -> ApiResult<Json<TicketPage>> {
    let before = query.before.as_deref().map(str::parse::<i64>).transpose();
    let before = before
        .map_err(|_| ApiError::invalid("`before` must be the `next` of the part before; leave it out to begin."))?;
    let assignee = query.assignee.as_deref().filter(|who| !who.is_empty()).map(|who| whose(who, &user)).transpose()?;
    let filter = TicketFilter { q: query.q, status: query.status, assignee };
    let limit = query.limit.unwrap_or(PAGE).clamp(1, LARGEST_PAGE);
    Ok(Json(app.console.tenant.tickets(&filter, before, limit).await?.into()))
}

fn whose(who: &str, me: &User) -> ApiResult<AssigneeFilter> {
    match who {
        "me" => Ok(AssigneeFilter::User(me.id)),
        "none" => Ok(AssigneeFilter::Nobody),
        id => match id.parse() {
            Ok(id) => Ok(AssigneeFilter::User(id)),
            Err(_) => Err(ApiError::invalid("`assignee` must be somebody's id, `me` or `none`.")),
        },
    }
}

/// One ticket with its call
#[utoipa::path(
    get, path = "/tickets/{id}", tag = "tickets", params(("id" = TicketId, Path, description = "Which ticket")),
    responses(
        (status = 200, description = "The ticket", body = TicketDetail),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 404, description = "There is no such ticket", body = ErrorBody),
    )
)]
pub async fn ticket(Of(app): State, SignedIn(_): SignedIn, In(id): In<TicketId>) -> ApiResult<Json<TicketDetail>> {
    Ok(Json(in_full(&app, id).await?))
}

/// What to change on a ticket; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketPatch {
    /// Where it stands now.
    status: Option<TicketStatus>,
    /// Who works on it now; `null` takes it from whoever had it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<UserId>)]
    assignee: Option<Option<UserId>>,
}

/// Tells `null` from what is left out.
fn present<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<UserId>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// Change a ticket
#[utoipa::path(
    patch, path = "/tickets/{id}", tag = "tickets", request_body = TicketPatch,
    params(("id" = TicketId, Path, description = "Which ticket")),
    responses(
        (status = 200, description = "The ticket as it is now", body = TicketDetail),
        (status = 400, description = "There is nothing to change", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 404, description = "There is no such ticket or user", body = ErrorBody),
    )
)]
pub async fn change_ticket(
    Of(app): State,
    SignedIn(user): SignedIn,
    In(id): In<TicketId>,
    Body(patch): Body<TicketPatch>,
) -> ApiResult<Json<TicketDetail>> {
    let change = TicketChange { status: patch.status, assignee: patch.assignee };
    if change == TicketChange::default() {
        return Err(ApiError::invalid("There is nothing to change: send `status`, `assignee` or both."));
    }
    app.console.tenant.change_ticket(id, user.id, change, now()).await?;
    Ok(Json(in_full(&app, id).await?))
}

/// A new note.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNote {
    /// The note.
    #[schema(min_length = 1, max_length = 10_000)]
    text: String,
}

/// Write a note on a ticket
#[utoipa::path(
    post, path = "/tickets/{id}/notes", tag = "tickets", request_body = NewNote,
    params(("id" = TicketId, Path, description = "Which ticket")),
    responses(
        (status = 201, description = "The ticket with the note", body = TicketDetail),
        (status = 400, description = "The note is empty or too long", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 404, description = "There is no such ticket", body = ErrorBody),
        (status = 410, description = "The ticket's person was erased", body = ErrorBody),
    )
)]
pub async fn add_note(
    Of(app): State,
    SignedIn(user): SignedIn,
    In(id): In<TicketId>,
    Body(note): Body<NewNote>,
) -> ApiResult<(StatusCode, Json<TicketDetail>)> {
    let text = note.text.trim();
    if text.is_empty() || text.chars().count() > LONGEST_NOTE {
        return Err(ApiError::invalid(format!(
            "A note has from 1 to {LONGEST_NOTE} characters; this one was not kept."
        )));
    }
    app.console.tenant.note(id, user.id, Personal::new(text), now()).await?;
    Ok((StatusCode::CREATED, Json(in_full(&app, id).await?)))
}

async fn in_full(app: &App, id: TicketId) -> Result<TicketDetail, StoreError> {
    let ticket = app.console.tenant.ticket(id).await?;
    let call = detail(app, ticket.ticket.call).await?;
    Ok(TicketDetail::new(ticket, call))
}
