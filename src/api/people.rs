//! Whoever is signed in, and who else works here.

use axum::Json;
use axum::extract::State as Of;
use serde::Deserialize;
use utoipa::ToSchema;

use super::error::{ApiError, ApiResult, ErrorBody};
use super::extract::Body;
use super::session::SignedIn;
use super::view::{Language, Me, Person};
use super::{App, State};
use crate::store::{User, UserChange};

/// Longer names and addresses are a mistake.
const LONGEST: usize = 200;

/// Who is signed in
#[utoipa::path(
    get, path = "/me", tag = "people",
    responses(
        (status = 200, description = "Whoever is signed in", body = Me),
        (status = 401, description = "Nobody is", body = ErrorBody),
    )
)]
pub async fn me(Of(app): State, SignedIn(user): SignedIn) -> Json<Me> {
    Json(known(&app, user))
}

/// Somebody, as they see themselves.
pub(super) fn known(app: &App, user: User) -> Me {
    let extension = app.console.extensions.of(user.id);
    Me::new(user, extension)
}

/// What to change about oneself; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MeChange {
    /// The new name.
    name: Option<String>,
    /// The new address to sign in with.
    email: Option<String>,
    /// The new password.
    #[schema(min_length = 10)]
    password: Option<String>,
    /// The new language.
    language: Option<Language>,
}

/// Change oneself
///
/// Name, e-mail, password, language. After a one-time link the console asks for e-mail and password.
#[utoipa::path(
    put, path = "/me", tag = "people", request_body = MeChange,
    responses(
        (status = 200, description = "Changed", body = Me),
        (status = 400, description = "A value cannot be taken", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 409, description = "The e-mail is somebody else's", body = ErrorBody),
    )
)]
pub async fn change_me(Of(app): State, SignedIn(user): SignedIn, Body(change): Body<MeChange>) -> ApiResult<Json<Me>> {
    let MeChange { name, email, password, language } = change;
    if [&name, &email].into_iter().flatten().any(|text| text.chars().count() > LONGEST) {
        return Err(ApiError::invalid(format!("A name or an e-mail address has at most {LONGEST} characters.")));
    }
    let language = language.map(|language| language.name().to_owned());
    let change = UserChange { name, email, password, language };
    Ok(Json(known(&app, app.console.tenant.change_user(user.id, change).await?)))
}

/// Everybody a ticket can be given to
#[utoipa::path(
    get, path = "/users", tag = "people",
    responses(
        (status = 200, description = "Everybody, by name", body = Vec<Person>),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
    )
)]
pub async fn users(Of(app): State, SignedIn(_): SignedIn) -> ApiResult<Json<Vec<Person>>> {
    let users = app.console.tenant.users().await?;
    Ok(Json(users.into_iter().map(|user| Person { id: user.id, name: user.name }).collect()))
}
