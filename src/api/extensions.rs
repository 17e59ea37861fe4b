//! The agents' phones: who has one, whether it is registered, and a password for a new one.

use axum::Json;
use axum::extract::State as Of;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::State;
use super::error::{ApiError, ApiResult, ErrorBody};
use super::extract::Body;
use super::session::SignedIn;
use super::view::Person;
use crate::event::UserId;

/// An agent's phone.
#[derive(Serialize, ToSchema)]
pub struct Extension {
    /// Its SIP user name, e.g. `101`.
    name: String,
    /// Whose it is.
    user: Person,
    /// Whether it can be rung now.
    registered: bool,
}

/// All extensions, by name
#[utoipa::path(
    get, path = "/extensions", tag = "extensions",
    responses(
        (status = 200, description = "The extensions", body = Vec<Extension>),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Only an admin may see them", body = ErrorBody),
    )
)]
pub async fn extensions(Of(app): State, SignedIn(_): SignedIn) -> ApiResult<Json<Vec<Extension>>> {
    let reachable = app.console.extensions.reachable();
    let users = app.console.tenant.users().await?;
    let name_of =
        |id: UserId| users.iter().find(|user| user.id == id).map(|user| user.name.clone()).unwrap_or_default();
    let extension = |extension: crate::store::Extension| Extension {
        registered: reachable.contains(&extension.name),
        user: Person { id: extension.user, name: name_of(extension.user) },
        name: extension.name,
    };
    Ok(Json(app.console.tenant.extensions().await?.into_iter().map(extension).collect()))
}

/// An extension to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewExtension {
    /// Its SIP user name: 1 to 32 letters, digits, `.`, `-` and `_`.
    #[schema(example = "101", min_length = 1, max_length = 32)]
    name: String,
    /// Whose it is; yours when left out, or still its owner's when it exists.
    user: Option<UserId>,
    /// Whether one that exists may be given a new password, so that the old one stops working.
    #[serde(default)]
    replace: bool,
}

/// An extension with its password, which is shown this once.
#[derive(Serialize, ToSchema)]
pub struct ExtensionPassword {
    /// The SIP user name.
    name: String,
    /// The password; it is kept nowhere.
    password: String,
}

/// Add an extension
///
/// Answers its password once. An extension that exists gets a new password when `replace` says so.
#[utoipa::path(
    post, path = "/extensions", tag = "extensions", request_body = NewExtension,
    responses(
        (status = 201, description = "Added, or its password replaced", body = ExtensionPassword),
        (status = 400, description = "The name cannot be used", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Only an admin may add one", body = ErrorBody),
        (status = 404, description = "There is no such user", body = ErrorBody),
        (status = 409, description = "It exists", body = ErrorBody),
    )
)]
pub async fn add_extension(
    Of(app): State,
    SignedIn(me): SignedIn,
    Body(new): Body<NewExtension>,
) -> ApiResult<(StatusCode, Json<ExtensionPassword>)> {
    let NewExtension { name, user, replace } = new;
    let plain = |c: u8| c.is_ascii_alphanumeric() || b".-_".contains(&c);
    if name.is_empty() || name.len() > 32 || !name.bytes().all(plain) {
        return Err(ApiError::invalid(
            "The name of an extension has 1 to 32 letters, digits, `.`, `-` and `_`, e.g. `101`.",
        ));
    }
    let tenant = &app.console.tenant;
    let existing = tenant.extension(&name).await?;
    if existing.is_some() && !replace {
        return Err(ApiError::conflict(format!(
            "Extension {name} exists. Choose another name, or send `replace: true` to give it a new password."
        )));
    }
    let user = user.or(existing.map(|extension| extension.user)).unwrap_or(me.id);
    let password = app.console.extensions.add(tenant, &name, user).await?;
    tracing::info!(extension = name, by = %me.id, "an extension was given a password");
    Ok((StatusCode::CREATED, Json(ExtensionPassword { name, password })))
}
