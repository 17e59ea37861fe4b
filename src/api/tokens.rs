//! Tokens with which other programs use this interface.

use axum::Json;
use axum::extract::State as Of;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::error::{ApiResult, ErrorBody};
use super::extract::{Body, In};
use super::session::SignedIn;
use super::{State, now};
use crate::event::{Timestamp, UserId};
use crate::store::{ApiToken, Scope};

/// A token, without its secret.
#[derive(Serialize, ToSchema)]
pub struct TokenView {
    /// Which.
    id: Uuid,
    /// What it is for.
    name: String,
    /// What it opens.
    scope: Scope,
    /// Who made it.
    created_by: UserId,
    /// When.
    created_at: Timestamp,
    /// When it was used last, to the minute.
    used_at: Option<Timestamp>,
}

impl From<ApiToken> for TokenView {
    fn from(token: ApiToken) -> Self {
        let ApiToken { id, name, scope, created_by, created_at, used_at } = token;
        Self { id, name, scope, created_by, created_at, used_at }
    }
}

/// A token to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is for, e.g. `web chat`.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What it opens.
    scope: Scope,
}

/// A new token; its secret is shown this once.
#[derive(Serialize, ToSchema)]
pub struct MadeToken {
    /// About it.
    token: TokenView,
    /// What the program sends: `Authorization: Bearer ‹secret›`. It is kept nowhere.
    secret: String,
}

/// The tokens of programs
#[utoipa::path(
    get, path = "/tokens", tag = "tokens",
    responses(
        (status = 200, description = "The tokens, oldest first", body = Vec<TokenView>),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Only an admin may see them", body = ErrorBody),
    )
)]
pub async fn tokens(Of(app): State, SignedIn(_): SignedIn) -> ApiResult<Json<Vec<TokenView>>> {
    Ok(Json(app.console.tenant.api_tokens().await?.into_iter().map(TokenView::from).collect()))
}

/// Make a token
///
/// Answers its secret once.
#[utoipa::path(
    post, path = "/tokens", tag = "tokens", request_body = NewToken,
    responses(
        (status = 201, description = "Made", body = MadeToken),
        (status = 400, description = "It has no name", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Only an admin may make one", body = ErrorBody),
    )
)]
pub async fn make_token(
    Of(app): State,
    SignedIn(me): SignedIn,
    Body(new): Body<NewToken>,
) -> ApiResult<(StatusCode, Json<MadeToken>)> {
    let (token, secret) = app.console.tenant.create_api_token(&new.name, new.scope, me.id, now()).await?;
    tracing::info!(token = %token.id, by = %me.id, "a token was made");
    Ok((StatusCode::CREATED, Json(MadeToken { token: token.into(), secret: secret.reveal().to_owned() })))
}

/// Remove a token
///
/// Programs that use it are refused from now on.
#[utoipa::path(
    delete, path = "/tokens/{id}", tag = "tokens", params(("id" = Uuid, Path, description = "Which token")),
    responses(
        (status = 204, description = "Removed"),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Only an admin may remove one", body = ErrorBody),
        (status = 404, description = "There is no such token", body = ErrorBody),
    )
)]
pub async fn remove_token(Of(app): State, SignedIn(me): SignedIn, In(id): In<Uuid>) -> ApiResult<StatusCode> {
    app.console.tenant.remove_api_token(id).await?;
    tracing::info!(token = %id, by = %me.id, "a token was removed");
    Ok(StatusCode::NO_CONTENT)
}
