//! The order service of the demo's made-up bicycle shop: a few orders over HTTP, as a shop's own system would answer.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use tokio_util::sync::CancellationToken;

/// Serves `GET /orders/{number}` until stopped.
pub async fn serve(listener: tokio::net::TcpListener, stopped: CancellationToken) {
    let router = Router::new().route("/orders/{number}", get(order));
    let served = axum::serve(listener, router).with_graceful_shutdown(stopped.cancelled_owned()).await;
    if let Err(error) = served {
        tracing::error!(%error, "the order service stopped");
    }
}

async fn order(Path(number): Path<String>) -> Response {
    let (item, status, expected) = match number.as_str() {
        "1042" => ("a touring bicycle", "shipped", Some("Thursday")),
        "1043" => ("a bicycle bell", "ready", None),
        "2001" => ("a rain jacket", "processing", Some("Friday")),
        _ => return (StatusCode::NOT_FOUND, Json(json!({ "error": "no such order" }))).into_response(),
    };
    Json(json!({ "number": number, "item": item, "status": status, "expected": expected })).into_response()
}
