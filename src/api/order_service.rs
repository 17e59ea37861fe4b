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
    let in_days = |days: i64| {
        let today = jiff::Zoned::now().date();
        today.checked_add(jiff::Span::new().days(days)).ok().map(|date| date.to_string())
    };
    let (item, status, expected, to_pay) = match number.as_str() {
        "1042" => ("a touring bicycle", "shipped", in_days(3), None),
        "1043" => ("a bicycle bell", "ready", None, Some("$12.50")),
        "2001" => ("a rain jacket", "processing", in_days(4), None),
        _ => return (StatusCode::NOT_FOUND, Json(json!({ "error": "no such order" }))).into_response(),
    };
    Json(json!({ "number": number, "item": item, "status": status, "expected": expected, "to_pay": to_pay }))
        .into_response()
}
