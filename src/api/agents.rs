//! Agents: what each can do, whether they are there, and how they finish the work on a call.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State as Of;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{ApiError, ApiResult, ErrorBody};
use super::extract::{Body, In};
use super::permission::{self, Permission};
use super::session::SignedIn;
use super::{App, State, now};
use crate::event::{Event, UserId};
use crate::queue::{AgentStanding, NOT_ANSWERING, Presence, Profile, is_name};
use crate::store::{StoreError, User};

/// Instead of an extension: one's own.
const ME: &str = "me";
/// Under which the reasons of absences are kept.
const REASONS: &str = "presence.reasons";
/// The reasons as long as nobody has set others.
const USUAL_REASONS: [&str; 4] = ["break", "lunch", "training", "meeting"];
const MOST_REASONS: usize = 50;

/// What an agent is doing, and who they are.
#[derive(Clone, Serialize, ToSchema)]
pub struct PresenceView {
    /// Their name.
    pub name: String,
    /// What they are doing.
    #[serde(flatten)]
    pub standing: AgentStanding,
}

/// An agent.
#[derive(Serialize, ToSchema)]
pub struct AgentView {
    /// Their extension.
    extension: String,
    /// Their name.
    name: String,
    /// Whose extension it is.
    user: UserId,
    /// Their skills, from 1 to 10.
    skills: BTreeMap<String, u8>,
    /// The queues in which they work, with their tiers; none: all of them.
    #[schema(required)]
    queues: Option<BTreeMap<String, u8>>,
    /// What they are doing.
    presence: PresenceView,
}

/// The extensions, with the names of those whose they are.
pub async fn names(app: &App) -> Result<BTreeMap<String, (UserId, String)>, StoreError> {
    let tenant = &app.console.tenant;
    let users: BTreeMap<UserId, String> = tenant.users().await?.into_iter().map(|user| (user.id, user.name)).collect();
    let named =
        |(extension, user): (String, UserId)| (extension, (user, users.get(&user).cloned().unwrap_or_default()));
    Ok(tenant.extension_owners().await?.into_iter().map(named).collect())
}

/// Everybody with an extension
#[utoipa::path(
    get, path = "/agents", tag = "agents",
    responses(
        (status = 200, description = "The agents, by extension", body = Vec<AgentView>),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
    )
)]
pub async fn agents(Of(app): State, SignedIn(_): SignedIn) -> ApiResult<Json<Vec<AgentView>>> {
    let profiles: BTreeMap<String, String> = app.console.tenant.agent_profiles().await?.into_iter().collect();
    let mut views = Vec::new();
    for (extension, (user, name)) in names(&app).await? {
        let Some(standing) = app.console.agents.agent(&extension) else { continue };
        let profile = profiles.get(&extension).and_then(|document| serde_json::from_str(document).ok());
        let Profile { skills, queues } = profile.unwrap_or_default();
        let presence = PresenceView { name: name.clone(), standing };
        views.push(AgentView { extension, name, user, skills, queues, presence });
    }
    Ok(Json(views))
}

/// Say what an agent can do
#[utoipa::path(
    put, path = "/agents/{extension}", tag = "agents", request_body = Profile,
    params(("extension" = String, Path, description = "Their extension")),
    responses(
        (status = 200, description = "Changed", body = Profile),
        (status = 400, description = "A skill or a tier cannot be used", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Your role does not include this", body = ErrorBody),
        (status = 404, description = "Nobody has this extension", body = ErrorBody),
    )
)]
pub async fn change_agent(
    Of(app): State,
    SignedIn(me): SignedIn,
    In(extension): In<String>,
    Body(profile): Body<Profile>,
) -> ApiResult<Json<Profile>> {
    known(&app, &extension)?;
    profile.check().map_err(|wrong| ApiError::invalid(format!("{wrong}.")))?;
    let mut queues = super::queues::of_flow(&app);
    queues.extend(app.console.tenant.queues().await?.into_iter().map(|kept| kept.id));
    if let Some(unknown) =
        profile.queues.iter().flatten().map(|(queue, _)| queue).find(|queue| !queues.contains(*queue))
    {
        return Err(ApiError::invalid(format!("There is no queue {unknown}; define it first, or leave it out.")));
    }
    let document = serde_json::to_string(&profile).expect("skills have text keys");
    app.console.tenant.put_agent_profile(&extension, document).await?;
    app.console.agents.set_profile(&extension, profile.clone());
    tracing::info!(extension, by = %me.id, "what an agent can do was changed");
    Ok(Json(profile))
}

/// What an agent is doing
///
/// `me` is one's own extension.
#[utoipa::path(
    get, path = "/agents/{extension}/presence", tag = "agents",
    params(("extension" = String, Path, description = "Their extension, or `me`")),
    responses(
        (status = 200, description = "What they are doing", body = PresenceView),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "It is somebody else's, and your role does not include this", body = ErrorBody),
        (status = 404, description = "Nobody has this extension", body = ErrorBody),
    )
)]
pub async fn presence(
    Of(app): State,
    SignedIn(me): SignedIn,
    In(extension): In<String>,
) -> ApiResult<Json<PresenceView>> {
    let extension = whose(&app, &me, &extension, Permission::Floor).await?;
    view(&app, &extension).await.map(Json)
}

/// Say whether an agent is there
///
/// While they talk, or finish the work on a call, it counts from the end of that on. A phone that rings stops when they go away.
#[utoipa::path(
    put, path = "/agents/{extension}/presence", tag = "agents", request_body = Presence,
    params(("extension" = String, Path, description = "Their extension, or `me`")),
    responses(
        (status = 200, description = "What they are doing now", body = PresenceView),
        (status = 400, description = "There is no such reason", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "It is somebody else's, and your role does not include this", body = ErrorBody),
        (status = 404, description = "Nobody has this extension", body = ErrorBody),
    )
)]
pub async fn change_presence(
    Of(app): State,
    SignedIn(me): SignedIn,
    In(extension): In<String>,
    Body(presence): Body<Presence>,
) -> ApiResult<Json<PresenceView>> {
    let extension = whose(&app, &me, &extension, Permission::FloorAct).await?;
    if let Presence::Away { reason } = &presence {
        let reasons = kept_reasons(&app).await?;
        if !reasons.contains(reason) {
            let reasons = reasons.join(", ");
            return Err(ApiError::invalid(format!("{reason:?} is no reason to be away; there are: {reasons}.")));
        }
    }
    app.console.agents.wants(&extension, presence);
    view(&app, &extension).await.map(Json)
}

/// How the work on a call ended.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WrapUp {
    /// One of the queue's dispositions, where it has some.
    disposition: Option<String>,
    /// Whether the work is finished: the next call may come.
    #[serde(default = "yes")]
    done: bool,
}

fn yes() -> bool {
    true
}

/// Finish the work on a call
///
/// What is said of the call goes into its journal.
#[utoipa::path(
    post, path = "/agents/{extension}/wrap-up", tag = "agents", request_body = WrapUp,
    params(("extension" = String, Path, description = "Their extension, or `me`")),
    responses(
        (status = 200, description = "What they are doing now", body = PresenceView),
        (status = 400, description = "The queue has no such disposition", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "It is somebody else's, and your role does not include this", body = ErrorBody),
        (status = 404, description = "Nobody has this extension", body = ErrorBody),
        (status = 409, description = "There is no call to finish the work on", body = ErrorBody),
    )
)]
pub async fn wrap_up(
    Of(app): State,
    SignedIn(me): SignedIn,
    In(extension): In<String>,
    Body(said): Body<WrapUp>,
) -> ApiResult<Json<PresenceView>> {
    let extension = whose(&app, &me, &extension, Permission::FloorAct).await?;
    let standing = known(&app, &extension)?;
    let (Some(call), Some(queue), "wrap_up" | "talking") = (standing.call, &standing.queue, standing.state.as_str())
    else {
        return Err(ApiError::conflict("There is no call of a queue to finish the work on; it may be over by itself."));
    };
    if standing.state == "talking" && said.done {
        return Err(ApiError::conflict("The call goes on; send `done: false` to note how it ends, or hang up first."));
    }
    if let Some(disposition) = &said.disposition {
        let there = app.console.agents.queue(queue).dispositions;
        if !there.iter().any(|one| one.id == *disposition) {
            let names: Vec<String> = there.into_iter().map(|one| one.id).collect();
            let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            return Err(ApiError::invalid(format!("{queue} has no disposition {disposition:?}; it has: {names}.")));
        }
    }
    let took_ms = if standing.state == "wrap_up" { now().saturating_sub(standing.since).max(0) as u32 } else { 0 };
    let event = Event::WrappedUp { agent: extension.clone(), disposition: said.disposition, took_ms };
    app.console.tenant.append_beside(call, event, now()).await?;
    if said.done {
        app.console.agents.wrapped_up(&extension);
    }
    view(&app, &extension).await.map(Json)
}

/// The reasons to be away
#[utoipa::path(
    get, path = "/presence/reasons", tag = "agents",
    responses(
        (status = 200, description = "The reasons, in the order in which they are offered", body = Vec<String>),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
    )
)]
pub async fn reasons(Of(app): State, SignedIn(_): SignedIn) -> ApiResult<Json<Vec<String>>> {
    kept_reasons(&app).await.map(Json)
}

/// Set the reasons to be away
#[utoipa::path(
    put, path = "/presence/reasons", tag = "agents", request_body = Vec<String>,
    responses(
        (status = 200, description = "Set", body = Vec<String>),
        (status = 400, description = "A reason cannot be used", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Your role does not include this", body = ErrorBody),
    )
)]
pub async fn set_reasons(
    Of(app): State,
    SignedIn(_): SignedIn,
    Body(reasons): Body<Vec<String>>,
) -> ApiResult<Json<Vec<String>>> {
    if !(1..=MOST_REASONS).contains(&reasons.len()) {
        return Err(ApiError::invalid(format!("There are 1 to {MOST_REASONS} reasons.")));
    }
    for (place, reason) in reasons.iter().enumerate() {
        if !is_name(reason, 32) || reason == NOT_ANSWERING || reasons[..place].contains(reason) {
            return Err(ApiError::invalid(format!(
                "{reason:?} cannot be a reason: each has 1 to 32 letters, digits, `.`, `-` and `_`, is there once, and {NOT_ANSWERING} is the \
                 service's own."
            )));
        }
    }
    let text = serde_json::to_string(&reasons).expect("a list of texts is always JSON");
    app.console.tenant.set(REASONS, &text).await?;
    Ok(Json(reasons))
}

async fn kept_reasons(app: &App) -> ApiResult<Vec<String>> {
    let kept = app.console.tenant.setting(REASONS).await?;
    let kept = kept.and_then(|text| serde_json::from_str(&text).ok());
    Ok(kept.unwrap_or_else(|| USUAL_REASONS.map(str::to_owned).to_vec()))
}

/// The extension that is meant; somebody else's only for those who may do `other` things.
async fn whose(app: &App, me: &User, extension: &str, other: Permission) -> ApiResult<String> {
    let own = app.console.tenant.extensions_of(me.id).await?;
    if extension == ME {
        return own.into_iter().next().ok_or_else(ApiError::no_extension);
    }
    if !own.iter().any(|own| own == extension) && !permission::may(me.role, other) {
        return Err(ApiError::not_permitted(&other.name()));
    }
    known(app, extension).map(|standing| standing.extension)
}

fn known(app: &App, extension: &str) -> ApiResult<AgentStanding> {
    let nobody = || ApiError::not_found(format!("Nobody has the extension {extension}."));
    app.console.agents.agent(extension).ok_or_else(nobody)
}

/// What an agent is doing, with their name.
pub async fn view(app: &App, extension: &str) -> ApiResult<PresenceView> {
    let standing = known(app, extension)?;
    let name = names(app).await?.remove(extension).map(|(_, name)| name).unwrap_or_default();
    Ok(PresenceView { name, standing })
}
