//! What holds for every request and every answer.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::error::ApiError;

/// Refuses requests that change something unless they carry a header that no form and no other site can send. A program's token is such a
/// header, too.
pub async fn mutations(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let ours = request.headers().get("x-hotline").is_some_and(|value| value == "1");
    let program = super::session::bearer(request.headers()).is_some();
    if reads || ours || program || !is_api(request.uri()) {
        next.run(request).await
    } else {
        ApiError::no_header().into_response()
    }
}

/// Whether a path belongs to the interface rather than to the console's pages.
pub fn is_api(address: &Uri) -> bool {
    address.path() == "/api" || address.path().starts_with("/api/")
}

/// Gives every answer its security headers, and notes it in the log without its query, which may hold a sign-in token.
pub async fn answers(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let (method, api) = (request.method().clone(), is_api(request.uri()));
    let route = request.extensions().get::<MatchedPath>().map_or("(console)", MatchedPath::as_str).to_owned();
    let policy = policy(host(request.headers()));
    // Pages of other sites load the widget's scripts.
    let shared = super::assets::WIDGET.contains(&request.uri().path());
    let sharing = if shared { "cross-origin" } else { "same-origin" };
    let mut response = next.run(request).await;
    tracing::debug!(%method, route, status = response.status().as_u16(), took_ms = begun.elapsed().as_millis() as u64, "answered");

    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), sharing),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if api {
        // What callers said stays out of every cache.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// The name that the browser knows us by.
pub fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST)?.to_str().ok()
}

/// What the console's pages may load: nothing from elsewhere. Some browsers do not take `'self'` to mean the WebSocket, so it
/// is named.
fn policy(host: Option<&str>) -> HeaderValue {
    let plain = |host: &&str| host.bytes().all(|c| c.is_ascii_alphanumeric() || b".-:[]".contains(&c));
    let live = host.filter(plain).map(|host| format!(" ws://{host} wss://{host}")).unwrap_or_default();
    let policy = format!(
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; media-src 'self' blob:; \
         connect-src 'self'{live}; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).expect("a host of plain letters leaves the policy plain")
}
