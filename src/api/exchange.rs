//! Training data of other programs, in and out.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State as Of;
use axum::extract::rejection::BytesRejection;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use intent::format::{self, Content, Format, MAX_FILE_BYTES};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::error::{ApiError, ApiResult, ErrorBody};
use super::extract::Ask;
use super::session::SignedIn;
use super::{State, now};

/// A file with training data.
pub const LARGEST_FILE: usize = MAX_FILE_BYTES;

/// What becomes of a file.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ToImport {
    /// The name of the file; it helps to tell the format.
    file: String,
    /// The revision of the draft that the intents are put into. Left out, the file is only looked at.
    revision: Option<i64>,
}

/// What was in a file.
#[derive(Serialize, ToSchema)]
pub struct ImportedTraining {
    /// What kinds of file were found, e.g. `Dialogflow ES`.
    formats: Vec<String>,
    /// Intents in it.
    intents: usize,
    /// Examples in them.
    examples: usize,
    /// Examples that the draft did not have; with a revision, they are in it now.
    new_examples: usize,
    /// Lines that mean no intent.
    out_of_scope: usize,
    /// Lists of values, which nothing takes yet.
    lists: usize,
    /// Answers, which belong into the knowledge base.
    answers: usize,
    /// What did not map, worst first.
    findings: Vec<ImportFinding>,
    /// The revision of the draft, when it was changed.
    revision: Option<i64>,
}

/// Something that did not map.
#[derive(Serialize, ToSchema)]
pub struct ImportFinding {
    /// `error`, `warning` or `note`.
    severity: String,
    /// A name for programs and for grouping, e.g. `no_examples`.
    kind: String,
    /// The thing, e.g. `intent refund`.
    item: String,
    /// Where it stands in which file.
    place: String,
    /// What happened.
    message: String,
    /// What to do; empty when there is nothing to do.
    advice: String,
}

impl From<format::Finding> for ImportFinding {
    fn from(finding: format::Finding) -> Self {
        let name = |value| match serde_json::to_value(value) {
            Ok(serde_json::Value::String(name)) => name,
            _ => String::new(),
        };
        Self {
            severity: name(serde_json::json!(finding.severity)),
            kind: name(serde_json::json!(finding.kind)),
            place: finding.place.to_string(),
            item: finding.item,
            message: finding.message,
            advice: finding.advice,
        }
    }
}

/// Import training data
///
/// The body is a file of Rasa, Dialogflow ES, Amazon Lex, a table or JSON Lines; the format is told by the content. Without
/// a revision it is only looked at. With one, intents and examples are added to the draft; nothing that is there goes away.
#[utoipa::path(
    post, path = "/intents/import", tag = "intents", params(ToImport),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 200, description = "What was in it", body = ImportedTraining),
        (status = 400, description = "This is no file that can be read; the words say why", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Only an admin may do this", body = ErrorBody),
        (status = 412, description = "Somebody else has changed the draft in the meantime", body = ErrorBody),
    )
)]
pub async fn import(
    Of(app): State,
    SignedIn(me): SignedIn,
    Ask(what): Ask<ToImport>,
    body: Result<Bytes, BytesRejection>,
) -> ApiResult<Json<ImportedTraining>> {
    let too_large = |_| {
        ApiError::invalid(format!("The file is larger than {} MB or did not arrive; split it.", LARGEST_FILE >> 20))
    };
    let body = body.map_err(too_large)?;
    let ToImport { file, revision } = what;
    let read = tokio::task::spawn_blocking(move || format::read(&file, &body)).await.map_err(ApiError::internal)?;
    let format::Import { formats, content, report, .. } = read.map_err(|error| ApiError::unreadable(&error))?;
    let understanding = &app.console.understanding;
    let (mut draft, _) = understanding.draft().await?;
    let mut imported = ImportedTraining {
        formats: formats.iter().map(|format| format.title().to_owned()).collect(),
        intents: content.training.intents.len(),
        examples: content.training.intents.iter().map(|intent| intent.examples.len()).sum(),
        new_examples: draft.take_in(&content.training, &understanding.flow()),
        out_of_scope: content.training.out_of_scope.len(),
        lists: content.lists.len(),
        answers: content.answers.len(),
        findings: report.into_iter().map(ImportFinding::from).collect(),
        revision: None,
    };
    if let Some(revision) = revision {
        imported.revision = Some(understanding.save(&draft, revision, me.id, now()).await?);
        tracing::info!(examples = imported.new_examples, by = %me.id, "training data was imported");
    }
    Ok(Json(imported))
}

/// As what.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ToExport {
    /// The format.
    #[param(inline)]
    format: ExportFormat,
}

/// What can be written.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// `text,intent,lang`.
    Csv,
    /// `{"text": …, "intent": …, "lang": …}`, one a line.
    JsonLines,
    /// `nlu.yml` of Rasa.
    Rasa,
}

/// Export training data
///
/// All intents of the draft, those of the flow included.
#[utoipa::path(
    get, path = "/intents/export", tag = "intents", params(ToExport),
    responses(
        (status = 200, description = "The file", body = String, content_type = "text/plain"),
        (status = 400, description = "There is no such format", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
    )
)]
pub async fn export(Of(app): State, SignedIn(_): SignedIn, Ask(what): Ask<ToExport>) -> ApiResult<Response> {
    let understanding = &app.console.understanding;
    let (draft, _) = understanding.draft().await?;
    let content = Content::new(draft.training_set(&understanding.flow()));
    let (format, name, kind) = match what.format {
        ExportFormat::Csv => (Format::Csv, "intents.csv", "text/csv; charset=utf-8"),
        ExportFormat::JsonLines => (Format::JsonLines, "intents.jsonl", "application/x-ndjson; charset=utf-8"),
        ExportFormat::Rasa => (Format::Rasa, "nlu.yml", "application/yaml; charset=utf-8"),
    };
    let written = format::write(format, &content).map_err(ApiError::internal)?;
    let disposition = format!("attachment; filename=\"{name}\"");
    Ok(([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], written.text)
        .into_response())
}
