//! Signing in and out, and who is asking. A session is a random token in a cookie that no script can read and no other site
//! can send; the store keeps only its hash.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{ConnectInfo, FromRequestParts, State as Of};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{ApiError, ApiResult, ErrorBody};
use super::extract::Body;
use super::view::Me;
use super::{App, State, address, now};
use crate::event::UserId;
use crate::store::{Role, Scope, User};

const COOKIE: &str = "hotline_session";
/// A working day and some.
const LASTS: Duration = Duration::from_secs(12 * 60 * 60);

/// How somebody proves who they are: with a link's token, or with e-mail and password.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// From a one-time link.
    token: Option<String>,
    /// The address.
    email: Option<String>,
    /// The password.
    password: Option<String>,
}

/// Somebody signed in.
#[derive(Serialize, ToSchema)]
pub struct Signed {
    /// Who.
    user: Me,
}

/// Sign in
///
/// With the token of a one-time link, or with e-mail and password. Sets the session's cookie.
#[utoipa::path(
    post, path = "/session", tag = "session", request_body = SignIn,
    responses(
        (status = 200, description = "Signed in", body = Signed),
        (status = 401, description = "Not signed in", body = ErrorBody),
        (status = 429, description = "Too many tries", body = ErrorBody),
    )
)]
pub async fn sign_in(
    Of(app): State,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Body(proof): Body<SignIn>,
) -> ApiResult<Response> {
    let tenant = &app.console.tenant;
    let from = address::of(from, &headers, &*app.console.is_proxy);
    let sign_ins = || app.sign_ins.lock().unwrap_or_else(PoisonError::into_inner);
    if let Err(wait) = sign_ins().count(from, Instant::now()) {
        return Err(ApiError::too_many(wait.as_secs() + 1));
    }
    let user = match (&proof.token, &proof.email, &proof.password) {
        (Some(token), None, None) => tenant.redeem_link(token, now()).await?,
        (None, Some(email), Some(password)) => tenant.verify_password(email, password).await?,
        _ => {
            sign_ins().forgive(from);
            return Err(ApiError::invalid("Send either `token`, or `email` and `password`."));
        }
    };
    let Some(user) = user else {
        tracing::warn!(address = %from, "a sign-in was refused");
        return Err(ApiError::sign_in_refused());
    };
    sign_ins().forgive(from);
    let session = tenant.open_session(user.id, now(), LASTS).await?;
    tracing::info!(user = %user.id, "signed in");
    let cookie = cookie(session.reveal(), LASTS, is_https(&headers));
    Ok(([(header::SET_COOKIE, cookie)], Json(Signed { user: super::people::known(&app, user) })).into_response())
}

/// Sign out
///
/// Ends the session and removes the cookie. Without a session it does nothing.
#[utoipa::path(
    delete, path = "/session", tag = "session",
    responses((status = 204, description = "Signed out"))
)]
pub async fn sign_out(Of(app): State, headers: HeaderMap) -> ApiResult<Response> {
    if let Some(token) = token(&headers) {
        app.console.tenant.close_session(token).await?;
    }
    let gone = cookie("", Duration::ZERO, is_https(&headers));
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, gone)]).into_response())
}

/// Whoever is signed in. A handler that takes this answers nobody else.
pub struct SignedIn(pub User);

impl FromRequestParts<Arc<App>> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let token = token(&parts.headers).ok_or_else(ApiError::signed_out)?;
        let user = app.console.tenant.session_user(token, now()).await?;
        user.map(Self).ok_or_else(ApiError::signed_out)
    }
}

/// A signed-in admin. A handler that takes this answers nobody else.
pub struct Admin(pub User);

impl FromRequestParts<Arc<App>> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let SignedIn(user) = SignedIn::from_request_parts(parts, app).await?;
        if user.role == Role::Admin { Ok(Self(user)) } else { Err(ApiError::admins_only()) }
    }
}

/// Somebody signed in, or a program with a token that lets it ask what texts mean.
pub struct Asker;

impl FromRequestParts<Arc<App>> for Asker {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let Some(secret) = bearer(&parts.headers) else {
            SignedIn::from_request_parts(parts, app).await?;
            return Ok(Self);
        };
        program(secret, Scope::Understand, app).await.map(|_| Self)
    }
}

/// Somebody signed in, or a program with a token for flows.
pub struct FlowReader;

impl FromRequestParts<Arc<App>> for FlowReader {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        match bearer(&parts.headers) {
            Some(secret) => program(secret, Scope::Flows, app).await.map(|_| Self),
            None => SignedIn::from_request_parts(parts, app).await.map(|_| Self),
        }
    }
}

/// A signed-in admin, or a program with a token for flows; what it does is done by whoever made the token.
pub struct FlowEditor(pub UserId);

impl FromRequestParts<Arc<App>> for FlowEditor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        match bearer(&parts.headers) {
            Some(secret) => program(secret, Scope::Flows, app).await.map(Self),
            None => Admin::from_request_parts(parts, app).await.map(|Admin(me)| Self(me.id)),
        }
    }
}

/// Whoever made a token of this scope.
async fn program(secret: &str, scope: Scope, app: &Arc<App>) -> Result<UserId, ApiError> {
    match app.console.tenant.api_token(secret, now()).await? {
        Some(token) if token.scope == scope => Ok(token.created_by),
        _ => Err(ApiError::token_refused()),
    }
}

/// The token that a program sends (RFC 6750).
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, secret) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

/// The session's token, from the cookie.
pub fn token(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE && !value.is_empty()).then_some(value))
}

fn cookie(token: &str, lasts: Duration, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{COOKIE}={token}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{secure}", lasts.as_secs())
}

/// Whether the browser came by HTTPS. This program speaks HTTP, so then a proxy stands before it; the page's own origin tells,
/// or the proxy's header. Over HTTP (on loopback, say) a cookie marked `Secure` would be thrown away.
fn is_https(headers: &HeaderMap) -> bool {
    let is = |name: &str, begins: &str| {
        headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.starts_with(begins))
    };
    is("origin", "https://") || is("x-forwarded-proto", "https")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_found_among_other_cookies() {
        let check = |cookies: &[&'static str], expected: Option<&str>| {
            let mut headers = HeaderMap::new();
            for cookie in cookies {
                headers.append(header::COOKIE, cookie.parse().expect("a header"));
            }
            assert_eq!(token(&headers), expected, "{cookies:?}");
        };
        check(&[], None);
        check(&["theme=dark; hotline_session=abc; x=y"], Some("abc"));
        check(&["theme=dark", "hotline_session=abc"], Some("abc"));
        check(&["hotline_session="], None);
        check(&["not_hotline_session=abc"], None);
    }

    #[test]
    fn the_cookie_is_secure_when_the_page_is() {
        let with = |name: &'static str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().expect("a header"));
            cookie("abc", LASTS, is_https(&headers))
        };
        assert!(with("origin", "https://calls.example").ends_with("SameSite=Strict; Secure"));
        assert!(with("x-forwarded-proto", "https").ends_with("; Secure"));
        assert_eq!(
            with("origin", "http://127.0.0.1:8080"),
            "hotline_session=abc; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict"
        );
    }
}
