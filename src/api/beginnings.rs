//! What a flow can begin from: a template, or the export of another product. Nothing is kept here; what is wanted goes into the draft.

use axum::Json;
use flow::Finding;
use flow::document::QueueRef;
use flow::exchange::{Format, Item, Options, import as read};
use intent::Language;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::error::{ApiError, ApiResult, ErrorBody};
use super::extract::Body;
use super::session::FlowReader;
use super::view::FlowFinding;
use crate::flows::templates::{Template, templates};

/// Flows to begin from
#[utoipa::path(
    get, path = "/flows/templates", operation_id = "flow_templates", tag = "flows",
    responses(
        (status = 200, description = "Each with its document", body = Vec<Template>),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
    )
)]
pub async fn all_templates(_: FlowReader) -> Json<&'static [Template]> {
    Json(templates())
}

/// The export of another product.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ToImport {
    /// The file.
    text: String,
    /// The languages of the flow, such as `en`; that of the export when left out.
    #[serde(default)]
    languages: Vec<String>,
    /// The queue for callers whose queue the export does not name.
    queue: Option<String>,
}

/// What it became.
#[derive(Serialize, ToSchema)]
pub struct ImportedFlow {
    /// What it was: `twilio_studio`, `amazon_connect`, `amazon_connect_console` or `hotline`.
    #[schema(value_type = String)]
    format: Format,
    /// The flow.
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    document: Value,
    /// What became of each state.
    report: ImportReport,
    /// What is wrong with the flow, errors first.
    #[schema(value_type = Vec<FlowFinding>)]
    findings: Vec<Finding>,
}

/// What became of the states of an export.
#[derive(Serialize, ToSchema)]
pub struct ImportReport {
    /// How many came over as they were.
    mapped: usize,
    /// How many in part.
    partly: usize,
    /// How many not at all.
    not_mapped: usize,
    /// Each of them, and what was added.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Item>,
}

/// Read the export of another product
///
/// Twilio Studio, Amazon Connect (2019-10-30, alone or as it is described, and the older export of its console), and our own documents.
#[utoipa::path(
    post, path = "/flows/import", operation_id = "flow_import", tag = "flows", request_body = ToImport,
    responses(
        (status = 200, description = "What it became", body = ImportedFlow),
        (status = 400, description = "It is no flow that can be read", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
    )
)]
pub async fn import(_: FlowReader, Body(asked): Body<ToImport>) -> ApiResult<Json<ImportedFlow>> {
    let languages: Result<Vec<Language>, _> = asked.languages.iter().map(|code| code.parse()).collect();
    let languages = languages.map_err(|_| ApiError::invalid("The languages of a flow are en and zh-CN."))?;
    let usual = Options::default().queue;
    let queue = match asked.queue.filter(|queue| !queue.trim().is_empty()) {
        Some(id) => QueueRef { name: id.clone(), id },
        None => usual,
    };
    let work = tokio::task::spawn_blocking(move || read(&asked.text, &Options { languages, queue }));
    let imported =
        work.await.map_err(|_| ApiError::invalid("The file could not be read; is it an export of a flow?"))?;
    let imported = imported.map_err(|refused| ApiError::invalid(refused.to_string()))?;
    let document = serde_json::from_str(&imported.document.to_json()).unwrap_or_default();
    let counts = imported.report.counts;
    Ok(Json(ImportedFlow {
        format: imported.format,
        document,
        report: ImportReport {
            mapped: counts.mapped,
            partly: counts.partly,
            not_mapped: counts.not_mapped,
            items: imported.report.items,
        },
        findings: imported.findings,
    }))
}
