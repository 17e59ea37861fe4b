//! Queues: what there are, and how each is set. A change counts from the next caller on, and for those who wait.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State as Of;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{ApiError, ApiResult, ErrorBody};
use super::extract::{Body, In};
use super::session::SignedIn;
use super::{App, State, now};
use crate::event::{Timestamp, UserId};
use crate::queue::{Overflow, Queue};
use crate::service::{define_queues, kept_queue};
use crate::store::KeptQueue;

/// More would be a mistake.
const MOST: usize = 500;

/// A queue and where it comes from.
#[derive(Serialize, ToSchema)]
pub struct QueueView {
    /// How it is set.
    queue: Queue,
    /// How often it was changed: send it back with a change. 0 where nobody has defined it.
    revision: i64,
    /// Whether somebody has defined it; else a flow names it, and it has the usual settings.
    stored: bool,
    /// When it was changed last.
    #[schema(required)]
    changed_at: Option<Timestamp>,
    /// By whom.
    #[schema(required)]
    changed_by: Option<UserId>,
}

impl QueueView {
    fn of(kept: &KeptQueue, app: &App) -> Self {
        Self {
            queue: kept_queue(kept).unwrap_or_else(|| app.console.agents.queue(&kept.id)),
            revision: kept.revision,
            stored: true,
            changed_at: Some(kept.changed_at),
            changed_by: kept.changed_by,
        }
    }

    fn named(id: &str, app: &App) -> Self {
        let queue = app.console.agents.queue(id);
        Self { queue, revision: 0, stored: false, changed_at: None, changed_by: None }
    }
}

/// The queues that the live flow names.
pub fn of_flow(app: &App) -> BTreeSet<String> {
    app.console.understanding.live().served.queues.iter().map(|queue| queue.id.clone()).collect()
}

/// All queues, by name
///
/// Those that somebody has defined, and those that only the flow names.
#[utoipa::path(
    get, path = "/queues", tag = "queues",
    responses(
        (status = 200, description = "The queues", body = Vec<QueueView>),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
    )
)]
pub async fn queues(Of(app): State, SignedIn(_): SignedIn) -> ApiResult<Json<Vec<QueueView>>> {
    let kept = app.console.tenant.queues().await?;
    let named = of_flow(&app).into_iter().filter(|id| kept.iter().all(|kept| kept.id != *id));
    let mut views: Vec<QueueView> = named.map(|id| QueueView::named(&id, &app)).collect();
    views.extend(kept.iter().map(|kept| QueueView::of(kept, &app)));
    views.sort_by(|a, b| a.queue.id.cmp(&b.queue.id));
    Ok(Json(views))
}

/// One queue
#[utoipa::path(
    get, path = "/queues/{id}", tag = "queues", params(("id" = String, Path, description = "Its name")),
    responses(
        (status = 200, description = "The queue", body = QueueView),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 404, description = "There is no such queue", body = ErrorBody),
    )
)]
pub async fn queue(Of(app): State, SignedIn(_): SignedIn, In(id): In<String>) -> ApiResult<Json<QueueView>> {
    match app.console.tenant.queue(&id).await? {
        Some(kept) => Ok(Json(QueueView::of(&kept, &app))),
        None if of_flow(&app).contains(&id) => Ok(Json(QueueView::named(&id, &app))),
        None => Err(unknown(&id)),
    }
}

/// Define a queue
///
/// Also one that a flow names already.
#[utoipa::path(
    post, path = "/queues", tag = "queues", request_body = Queue,
    responses(
        (status = 201, description = "Defined", body = QueueView),
        (status = 400, description = "A setting cannot be used; the message says which and why", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Your role does not include this", body = ErrorBody),
        (status = 409, description = "It is defined already", body = ErrorBody),
    )
)]
pub async fn add_queue(
    Of(app): State,
    SignedIn(me): SignedIn,
    Body(queue): Body<Queue>,
) -> ApiResult<(StatusCode, Json<QueueView>)> {
    let tenant = &app.console.tenant;
    if tenant.queues().await?.len() >= MOST {
        return Err(ApiError::invalid(format!("There are {MOST} queues already; remove those that nobody uses.")));
    }
    let document = checked(&queue, &app).await?;
    let kept = tenant.add_queue(&queue.id, document, me.id, now()).await?;
    define_queues(tenant, &app.console.agents).await?;
    tracing::info!(queue = queue.id, by = %me.id, "a queue was defined");
    Ok((StatusCode::CREATED, Json(QueueView::of(&kept, &app))))
}

/// A queue as it is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueChange {
    /// The revision that whoever changes it has seen.
    revision: i64,
    /// The settings; the name stays.
    queue: Queue,
}

/// Change a queue
#[utoipa::path(
    put, path = "/queues/{id}", tag = "queues", request_body = QueueChange,
    params(("id" = String, Path, description = "Its name")),
    responses(
        (status = 200, description = "Changed", body = QueueView),
        (status = 400, description = "A setting cannot be used; the message says which and why", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Your role does not include this", body = ErrorBody),
        (status = 404, description = "Nobody has defined it", body = ErrorBody),
        (status = 412, description = "Somebody else was faster", body = ErrorBody),
    )
)]
pub async fn change_queue(
    Of(app): State,
    SignedIn(me): SignedIn,
    In(id): In<String>,
    Body(change): Body<QueueChange>,
) -> ApiResult<Json<QueueView>> {
    let QueueChange { revision, queue } = change;
    if queue.id != id {
        return Err(ApiError::invalid(format!(
            "The name of a queue stays; leave {id}, or define a new queue named {}.",
            queue.id
        )));
    }
    let tenant = &app.console.tenant;
    let document = checked(&queue, &app).await?;
    let kept = tenant.change_queue(&id, revision, document, me.id, now()).await?;
    define_queues(tenant, &app.console.agents).await?;
    tracing::info!(queue = id, by = %me.id, "a queue was changed");
    Ok(Json(QueueView::of(&kept, &app)))
}

/// Remove a queue's definition
///
/// A queue that a flow names goes on with the usual settings.
#[utoipa::path(
    delete, path = "/queues/{id}", tag = "queues", params(("id" = String, Path, description = "Its name")),
    responses(
        (status = 204, description = "Removed"),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Your role does not include this", body = ErrorBody),
        (status = 404, description = "Nobody has defined it", body = ErrorBody),
        (status = 409, description = "Another queue overflows into it", body = ErrorBody),
    )
)]
pub async fn remove_queue(Of(app): State, SignedIn(me): SignedIn, In(id): In<String>) -> ApiResult<StatusCode> {
    let tenant = &app.console.tenant;
    let others: Vec<Queue> = tenant.queues().await?.iter().filter_map(kept_queue).collect();
    let leads_here = |queue: &&Queue| {
        queue.overflow.iter().any(|step| matches!(&step.then, Overflow::Queue { queue } if *queue == id))
    };
    if let Some(other) = others.iter().find(leads_here).filter(|_| !of_flow(&app).contains(&id)) {
        return Err(ApiError::conflict(format!("{} overflows into {id}; change that first.", other.id)));
    }
    tenant.remove_queue(&id).await?;
    define_queues(tenant, &app.console.agents).await?;
    tracing::info!(queue = id, by = %me.id, "a queue was removed");
    Ok(StatusCode::NO_CONTENT)
}

/// The document to be stored, if nothing is wrong with it.
async fn checked(queue: &Queue, app: &App) -> ApiResult<String> {
    let mut others = of_flow(app);
    others.extend(app.console.tenant.queues().await?.into_iter().map(|kept| kept.id));
    let wrong = queue.check(&others);
    if !wrong.is_empty() {
        let words: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        return Err(ApiError::invalid(format!("The queue cannot be used. {}.", words.join(". "))));
    }
    Ok(serde_json::to_string(queue).expect("a queue has text keys and no failing serialiser"))
}

pub fn unknown(id: &str) -> ApiError {
    ApiError::not_found(format!("There is no queue {id}; the list of queues has those there are."))
}
