//! The flow that answers calls: to look at, to edit as a draft, to publish, and to take back.

use axum::Json;
use axum::extract::State as Of;
use flow::Finding;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::error::{ApiError, ApiResult, ErrorBody};
use super::extract::{Body, In};
use super::session::{FlowEditor, FlowReader};
use super::view::{BlockSpec, FlowDetail, FlowFinding, FlowSummary, FlowVersion};
use super::{State, now};
use crate::event::{Timestamp, UserId};
use crate::flows::replay::{MOST_CALLS, Report};
use crate::flows::{LARGEST_DOCUMENT, Saved};

/// A document and what stands around it.
pub const LARGEST_BODY: usize = LARGEST_DOCUMENT + 1024;
const LONGEST_NOTE: usize = 1_000;

/// All flows
#[utoipa::path(
    get, path = "/flows", tag = "flows",
    responses(
        (status = 200, description = "The flows that answer calls", body = Vec<FlowSummary>),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
    )
)]
pub async fn flows(Of(app): State, _: FlowReader) -> Json<Vec<FlowSummary>> {
    Json(vec![FlowSummary::from(&*app.console.flows.live().flow)])
}

/// One flow with the declarations of all kinds of block
#[utoipa::path(
    get, path = "/flows/{id}", tag = "flows", params(("id" = String, Path, description = "Which flow")),
    responses(
        (status = 200, description = "The flow", body = FlowDetail),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 404, description = "There is no such flow", body = ErrorBody),
    )
)]
pub async fn flow(Of(app): State, _: FlowReader, In(id): In<String>) -> ApiResult<Json<FlowDetail>> {
    let flow = app.console.flows.live().flow;
    if flow.id != id {
        return Err(ApiError::not_found("There is no such flow; it may have been renamed. Go back to the list."));
    }
    Ok(Json(FlowDetail::from(&*flow)))
}

/// The kinds of block
#[utoipa::path(
    get, path = "/flows/blocks", operation_id = "flow_blocks", tag = "flows",
    responses(
        (status = 200, description = "Each with its fields, edges and help", body = Vec<BlockSpec>),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
    )
)]
pub async fn blocks(_: FlowReader) -> Json<&'static [flow::registry::BlockSpec]> {
    Json(flow::registry::blocks())
}

/// The flow as it is edited, beside what answers.
#[derive(Serialize, ToSchema)]
pub struct FlowDraft {
    /// Counts changes; send it back with a change. 0 while nothing was edited.
    revision: i64,
    /// What is edited; before the first change, what answers.
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    document: Value,
    /// What is wrong with it, errors first.
    #[schema(value_type = Vec<FlowFinding>)]
    findings: Vec<Finding>,
    /// The version that answers; `null` for the configured flow, before the first publish.
    live: Option<i64>,
    /// What answers.
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    live_document: Value,
    /// Whether there is something to publish.
    changed: bool,
    /// Who changed it last.
    saved_by: Option<UserId>,
    /// When.
    saved_at: Option<Timestamp>,
}

/// The draft
#[utoipa::path(
    get, path = "/flows/draft", operation_id = "flow_draft", tag = "flows",
    responses(
        (status = 200, description = "The draft", body = FlowDraft),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
    )
)]
pub async fn draft(Of(app): State, _: FlowReader) -> ApiResult<Json<FlowDraft>> {
    let edited = app.console.flows.draft().await?;
    Ok(Json(FlowDraft {
        revision: edited.revision,
        document: edited.document,
        findings: edited.findings,
        live: edited.live,
        live_document: edited.live_document,
        changed: edited.changed,
        saved_by: edited.saved_by,
        saved_at: edited.saved_at,
    }))
}

/// A changed draft.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowDraftChange {
    /// Of the draft that was changed.
    revision: i64,
    /// The whole document, errors or not.
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    document: Value,
}

/// A flow that takes calls that are over.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ToReplay {
    /// The flow; the draft when left out.
    #[schema(value_type = Option<std::collections::BTreeMap<String, Value>>)]
    document: Option<Value>,
    /// How many of the last calls.
    #[schema(minimum = 1, maximum = 2000)]
    calls: usize,
}

/// Have a flow take the last calls once more
///
/// The callers' words and keys and the answers of other services are those of then; nobody is asked or called. Where the flow asks what
/// was not asked then, the call is marked as diverged.
#[utoipa::path(
    post, path = "/flows/replay", operation_id = "flow_replay", tag = "flows", request_body = ToReplay,
    responses(
        (status = 200, description = "What would have come of them", body = Report),
        (status = 400, description = "The flow has errors", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
    )
)]
pub async fn replay(Of(app): State, _: FlowReader, Body(asked): Body<ToReplay>) -> ApiResult<Json<Report>> {
    if !(1..=MOST_CALLS).contains(&asked.calls) {
        return Err(ApiError::invalid(format!("Replay between 1 and {MOST_CALLS} calls.")));
    }
    Ok(Json(app.console.flows.replay(asked.document.as_ref(), asked.calls).await?))
}

/// A draft that was kept.
#[derive(Serialize, ToSchema)]
pub struct FlowDraftSaved {
    /// Send it with the next change.
    revision: i64,
    /// What is wrong with it, errors first.
    #[schema(value_type = Vec<FlowFinding>)]
    findings: Vec<Finding>,
}

impl From<Saved> for FlowDraftSaved {
    fn from(saved: Saved) -> Self {
        Self { revision: saved.revision, findings: saved.findings }
    }
}

/// Change the draft
///
/// Any JSON object of up to 10 MB is kept, also one with errors. Nothing answers differently until it is published.
#[utoipa::path(
    put, path = "/flows/draft", operation_id = "flow_save_draft", tag = "flows", request_body = FlowDraftChange,
    responses(
        (status = 200, description = "Kept", body = FlowDraftSaved),
        (status = 400, description = "It is no JSON object", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Only an admin may change it", body = ErrorBody),
        (status = 412, description = "Somebody else has changed it in the meantime", body = ErrorBody),
        (status = 413, description = "It is larger than 10 MB", body = ErrorBody),
    )
)]
pub async fn save_draft(
    Of(app): State,
    FlowEditor(me): FlowEditor,
    Body(change): Body<FlowDraftChange>,
) -> ApiResult<Json<FlowDraftSaved>> {
    let saved = app.console.flows.save(&change.document, change.revision, me, now()).await?;
    Ok(Json(saved.into()))
}

/// What the draft becomes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowRevert {
    /// Of the draft that is replaced.
    revision: i64,
    /// A version; `null` for what answers.
    #[schema(required)]
    to: Option<i64>,
}

/// Put a version, or what answers, in the place of the draft
#[utoipa::path(
    post, path = "/flows/draft/revert", operation_id = "flow_revert", tag = "flows", request_body = FlowRevert,
    responses(
        (status = 200, description = "Kept", body = FlowDraftSaved),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Only an admin may change it", body = ErrorBody),
        (status = 404, description = "There is no such version", body = ErrorBody),
        (status = 412, description = "Somebody else has changed the draft in the meantime", body = ErrorBody),
    )
)]
pub async fn revert(
    Of(app): State,
    FlowEditor(me): FlowEditor,
    Body(what): Body<FlowRevert>,
) -> ApiResult<Json<FlowDraftSaved>> {
    let saved = app.console.flows.revert(what.to, what.revision, me, now()).await?;
    Ok(Json(saved.into()))
}

/// A document to look at.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowToCheck {
    /// The document.
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    document: Value,
}

/// What was found.
#[derive(Serialize, ToSchema)]
pub struct FlowChecked {
    /// What is wrong with it, errors first.
    #[schema(value_type = Vec<FlowFinding>)]
    findings: Vec<Finding>,
}

/// Check a document
///
/// Nothing is kept.
#[utoipa::path(
    post, path = "/flows/check", operation_id = "flow_check", tag = "flows", request_body = FlowToCheck,
    responses(
        (status = 200, description = "What was found", body = FlowChecked),
        (status = 400, description = "It is no JSON object", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 413, description = "It is larger than 10 MB", body = ErrorBody),
    )
)]
pub async fn check(Of(app): State, _: FlowReader, Body(what): Body<FlowToCheck>) -> ApiResult<Json<FlowChecked>> {
    Ok(Json(FlowChecked { findings: app.console.flows.check(&what.document).await? }))
}

/// What is published, and when.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowToPublish {
    /// Of the draft that was looked at.
    revision: i64,
    /// What was changed and why.
    #[serde(default)]
    #[schema(max_length = 1_000)]
    note: String,
    /// The time from which it is to answer; at once when left out or past.
    #[serde(default)]
    at: Option<Timestamp>,
}

/// Publish the draft
///
/// It answers from the next call on, or from a time in the future; calls that go on finish with the flow that they began with. What its
/// intents mean is learned first.
#[utoipa::path(
    post, path = "/flows/publish", operation_id = "flow_publish", tag = "flows", request_body = FlowToPublish,
    responses(
        (status = 200, description = "Live, or scheduled", body = FlowVersion),
        (status = 400, description = "It has errors, or its intents cannot be trained; what answered before goes on", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Only an admin may publish", body = ErrorBody),
        (status = 412, description = "Somebody else has changed the draft in the meantime", body = ErrorBody),
    )
)]
pub async fn publish(
    Of(app): State,
    FlowEditor(me): FlowEditor,
    Body(what): Body<FlowToPublish>,
) -> ApiResult<Json<FlowVersion>> {
    if what.note.chars().count() > LONGEST_NOTE {
        return Err(ApiError::invalid(format!("A note has at most {LONGEST_NOTE} characters; nothing was published.")));
    }
    let version = app.console.flows.publish(what.revision, what.note, what.at, me, now()).await?;
    Ok(Json(version.into()))
}

/// What was published, newest first
#[utoipa::path(
    get, path = "/flows/versions", operation_id = "flow_versions", tag = "flows",
    responses(
        (status = 200, description = "The versions", body = Vec<FlowVersion>),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
    )
)]
pub async fn versions(Of(app): State, _: FlowReader) -> ApiResult<Json<Vec<FlowVersion>>> {
    Ok(Json(app.console.flows.versions().await?.into_iter().map(FlowVersion::from).collect()))
}

/// A version with its document.
#[derive(Serialize, ToSchema)]
pub struct FlowVersionDetail {
    /// The version.
    version: FlowVersion,
    /// Its document.
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    document: Value,
}

/// One version
#[utoipa::path(
    get, path = "/flows/versions/{number}", operation_id = "flow_version", tag = "flows", params(("number" = i64, Path, description = "Which version")),
    responses(
        (status = 200, description = "The version", body = FlowVersionDetail),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 404, description = "There is no such version", body = ErrorBody),
    )
)]
pub async fn version(Of(app): State, _: FlowReader, In(number): In<i64>) -> ApiResult<Json<FlowVersionDetail>> {
    let (version, document) = app.console.flows.version(number).await?;
    Ok(Json(FlowVersionDetail { version: version.into(), document }))
}

/// Cancel a scheduled version
#[utoipa::path(
    delete, path = "/flows/versions/{number}", operation_id = "flow_cancel", tag = "flows", params(("number" = i64, Path, description = "Which version")),
    responses(
        (status = 200, description = "It does not answer when its time comes", body = FlowVersion),
        (status = 400, description = "It is not scheduled", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Only an admin may cancel it", body = ErrorBody),
        (status = 404, description = "There is no such version", body = ErrorBody),
    )
)]
pub async fn cancel(Of(app): State, _: FlowEditor, In(number): In<i64>) -> ApiResult<Json<FlowVersion>> {
    Ok(Json(app.console.flows.cancel(number).await?.into()))
}

/// Have a version answer
///
/// From the next call on, whatever became of it: to go back to an earlier one, or not to wait for a scheduled one.
#[utoipa::path(
    post, path = "/flows/versions/{number}/promote", operation_id = "flow_promote", tag = "flows", params(("number" = i64, Path, description = "Which version")),
    responses(
        (status = 200, description = "It answers", body = FlowVersion),
        (status = 400, description = "It cannot answer; what answered before goes on", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Only an admin may decide that", body = ErrorBody),
        (status = 404, description = "There is no such version", body = ErrorBody),
    )
)]
pub async fn promote(Of(app): State, _: FlowEditor, In(number): In<i64>) -> ApiResult<Json<FlowVersion>> {
    Ok(Json(app.console.flows.promote(number, now()).await?.into()))
}
