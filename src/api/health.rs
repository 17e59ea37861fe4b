//! For whoever runs the service: does it live, can it take calls, how is it doing. No session, and nothing about callers.

use axum::Json;
use axum::extract::State as Of;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use super::State;
use crate::metric;

/// Whether the process lives
#[utoipa::path(get, path = "/healthz", tag = "operations", responses((status = 200, description = "It does", body = String)))]
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether calls can be taken.
#[derive(Serialize, ToSchema)]
pub struct Readiness {
    /// Whether everything below is true.
    ready: bool,
    /// One by one.
    checks: Checks,
}

/// What it takes.
#[derive(Serialize, ToSchema)]
pub struct Checks {
    /// The database answers.
    store: bool,
    /// Models, media and SIP have started, what is journaled reaches the disk, and the service is not stopping.
    calls: bool,
}

/// Whether calls can be taken
#[utoipa::path(
    get, path = "/readyz", tag = "operations",
    responses(
        (status = 200, description = "They can", body = Readiness),
        (status = 503, description = "They cannot", body = Readiness),
    )
)]
pub async fn readyz(Of(app): State) -> impl IntoResponse {
    let checks = Checks { store: app.console.store.check().await.is_ok(), calls: (app.console.ready)() };
    let ready = checks.store && checks.calls;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { ready, checks }))
}

/// Metrics in Prometheus's text format
#[utoipa::path(get, path = "/metrics", tag = "operations", responses((status = 200, description = "The metrics", body = String)))]
pub async fn metrics() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metric::render())
}

/// The document that describes this interface.
pub async fn openapi_json() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], super::openapi())
}
