//! The shared intent engine: what a text means, for our own pages and other programs; and what it learns from, in a draft and versions.

use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State as Of;
use intent::{Decision, Query, entity};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::error::{ApiError, ApiResult, ErrorBody};
use super::extract::{Ask, Body, In};
use super::session::{Asker, SignedIn};
use super::slots::{self, FoundValue, Told, WantedSlot};
use super::view::Parsed;
use super::{State, now};
use crate::event::{CallId, Timestamp, UserId};
use crate::store::{Publish, TrainingVersion, VersionState};
use crate::understand::check::Check;
use crate::understand::deepen::Progress;
use crate::understand::draft::{Intent, Line, Origin, Test, language};
use crate::understand::judge::Share;
use crate::understand::learn::Group;
use crate::understand::lists::EntityList;
use crate::understand::{Draft, Live, Report};

/// A draft of 50,000 lines.
pub const LARGEST_DRAFT: usize = 16 * 1024 * 1024;
/// A batch.
pub const LARGEST_BATCH: usize = 2 * 1024 * 1024;
const MOST_IN_BATCH: usize = 500;
/// What is longer is cut: nobody says as much in one breath, and what it means stands at its beginning.
const LONGEST_TEXT: usize = 10_000;
const MOST_READINGS: usize = 10;
const LONGEST_NOTE: usize = 1_000;
/// How far back is looked for what was not understood.
const DAYS: u32 = 30;

/// A text whose meaning is asked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// What was typed or said. Leave it out when `readings` are sent.
    text: Option<String>,
    /// What a recogniser heard, best first, at most ten. The first that means anything counts.
    #[serde(default)]
    readings: Vec<Reading>,
    /// `en` or `zh-CN`; told from the words when left out.
    lang: Option<String>,
    /// The intents that make sense now; all when left out.
    allowed: Option<Vec<String>>,
    /// Values to look for in the text, at most 32.
    #[serde(default)]
    slots: Vec<WantedSlot>,
    /// The time zone in which "tomorrow at four" is meant, e.g. `Europe/London`; that of the service when left out.
    zone: Option<String>,
    /// The country in which telephone numbers and dates are meant, e.g. `GB`.
    country: Option<String>,
}

/// One reading of what was said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// The words.
    text: String,
    /// How sure the recogniser is of them, 0 to 1.
    confidence: Option<f32>,
}

/// What does this mean?
///
/// For whoever is signed in, and for programs with a token of the scope `understand`.
#[utoipa::path(
    post, path = "/intents/parse", tag = "intents", request_body = Asked,
    responses(
        (status = 200, description = "What it means", body = Parsed),
        (status = 400, description = "The question makes no sense", body = ErrorBody),
        (status = 401, description = "Nobody is signed in, and no token was sent", body = ErrorBody),
    )
)]
pub async fn parse(Of(app): State, _: Asker, Body(asked): Body<Asked>) -> ApiResult<Json<Parsed>> {
    Ok(Json(answer(&app.console.understanding.live(), &asked)?))
}

/// What do these mean?
///
/// At most 500 at once; the answers are in the order of the questions, all of the same version.
#[utoipa::path(
    post, path = "/intents/parse/batch", tag = "intents", request_body = Vec<Asked>,
    responses(
        (status = 200, description = "What they mean", body = Vec<Parsed>),
        (status = 400, description = "A question makes no sense, or there are too many", body = ErrorBody),
        (status = 401, description = "Nobody is signed in, and no token was sent", body = ErrorBody),
    )
)]
pub async fn parse_batch(Of(app): State, _: Asker, Body(asked): Body<Vec<Asked>>) -> ApiResult<Json<Vec<Parsed>>> {
    if asked.len() > MOST_IN_BATCH {
        return Err(ApiError::invalid(format!("A batch has at most {MOST_IN_BATCH} texts; send several.")));
    }
    let live = app.console.understanding.live();
    let answers = tokio::task::spawn_blocking(move || asked.iter().map(|asked| answer(&live, asked)).collect());
    let answers: ApiResult<Vec<Parsed>> = answers.await.map_err(ApiError::internal)?;
    Ok(Json(answers?))
}

fn answer(live: &Live, asked: &Asked) -> ApiResult<Parsed> {
    let first = asked.text.as_ref().map(|text| (text.as_str(), None));
    let readings: Vec<(&str, Option<f32>)> = first
        .into_iter()
        .chain(asked.readings.iter().map(|reading| (reading.text.as_str(), reading.confidence)))
        .collect();
    if readings.is_empty() || readings.len() > MOST_READINGS {
        return Err(ApiError::invalid(format!(
            "Send `text`, or up to {MOST_READINGS} `readings` of what was said, best first."
        )));
    }
    if let Some(code) = asked.lang.as_deref().filter(|code| code.parse::<intent::Language>().is_err()) {
        return Err(ApiError::invalid(format!("`lang` is `{code}`; it can be `en` or `zh-CN`, or be left out.")));
    }
    let begun = Instant::now();
    let parse = |&(text, confidence): &(&str, Option<f32>)| {
        let text: String = text.chars().take(LONGEST_TEXT).collect();
        let meaning = live.model.parse(&Query {
            text: &text,
            language: Some(language(asked.lang.as_deref(), &text)),
            recognition_confidence: confidence.map(|confidence| confidence.clamp(0.0, 1.0)),
            allowed: asked.allowed.as_deref(),
        });
        (text, meaning)
    };
    let specs = slots::specs(&asked.slots, &live.draft)?;
    let mut best = parse(&readings[0]);
    if best.1.decision == Decision::Reject {
        let other = readings[1..].iter().map(parse).find(|(_, meaning)| meaning.accepted().is_some());
        best = other.unwrap_or(best);
    }
    let mut values = Vec::new();
    if !specs.is_empty() {
        let language = language(asked.lang.as_deref(), &best.0);
        let told = Told { zone: asked.zone.as_deref(), country: asked.country.as_deref() };
        values = entity::extract(&best.0, language, &specs, &told.context(language)?);
    }
    let values = values.into_iter().map(FoundValue::from).collect();
    Ok(Parsed::new(&best.0, best.1, values, live, begun.elapsed()))
}

/// What the engine learns from, as it will be at the next publish.
#[derive(Serialize, ToSchema)]
pub struct DraftView {
    /// Counts changes; send it back with a change.
    revision: i64,
    /// All intents, by name: those edited here, and those of the flow that are not.
    intents: Vec<IntentView>,
    /// Lines that mean none of them.
    out_of_scope: Vec<Line>,
    /// What a version is measured with before it may answer.
    tests: Vec<Test>,
    /// Lists of what callers name.
    lists: Vec<EntityList>,
    /// The version that answers now.
    live: Option<i64>,
    /// Whether there is something to publish.
    changed: bool,
}

/// An intent, and where it is defined.
#[derive(Serialize, ToSchema)]
pub struct IntentView {
    /// The intent.
    #[serde(flatten)]
    intent: Intent,
    /// Where it is defined.
    origin: Origin,
}

/// What the engine learns from
#[utoipa::path(
    get, path = "/intents", tag = "intents",
    responses(
        (status = 200, description = "The draft", body = DraftView),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
    )
)]
pub async fn draft(Of(app): State, SignedIn(_): SignedIn) -> ApiResult<Json<DraftView>> {
    let understanding = &app.console.understanding;
    let (draft, revision) = understanding.draft().await?;
    let live = understanding.live();
    let intents = draft.joined(&understanding.flow()).into_iter();
    Ok(Json(DraftView {
        revision,
        intents: intents.map(|(intent, origin)| IntentView { intent, origin }).collect(),
        changed: draft != *live.draft,
        live: live.version,
        out_of_scope: draft.out_of_scope,
        tests: draft.tests,
        lists: draft.lists,
    }))
}

/// A changed draft.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftChange {
    /// Of the draft that was changed.
    revision: i64,
    /// The intents that are edited here; those of the flow need not be sent.
    intents: Vec<Intent>,
    /// Lines that mean none of them.
    out_of_scope: Vec<Line>,
    /// What a version is measured with.
    tests: Vec<Test>,
    /// Lists of what callers name; left out, they stay as they are.
    lists: Option<Vec<EntityList>>,
}

/// The revision after a change.
#[derive(Serialize, ToSchema)]
pub struct Revision {
    /// Send it with the next change.
    revision: i64,
}

/// Change what the engine learns from
///
/// Nothing answers differently until it is published.
#[utoipa::path(
    put, path = "/intents", tag = "intents", request_body = DraftChange,
    responses(
        (status = 200, description = "Kept", body = Revision),
        (status = 400, description = "Something cannot be kept; the words say what", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Only an admin may change it", body = ErrorBody),
        (status = 412, description = "Somebody else has changed it in the meantime", body = ErrorBody),
    )
)]
pub async fn save_draft(
    Of(app): State,
    SignedIn(me): SignedIn,
    Body(change): Body<DraftChange>,
) -> ApiResult<Json<Revision>> {
    let DraftChange { revision, intents, out_of_scope, tests, lists } = change;
    let understanding = &app.console.understanding;
    let lists = match lists {
        Some(lists) => lists,
        None => understanding.draft().await?.0.lists,
    };
    let draft = Draft { intents, out_of_scope, tests, lists };
    let revision = understanding.save(&draft, revision, me.id, now()).await?;
    Ok(Json(Revision { revision }))
}

/// Look at the draft before it is published
///
/// Contradictions, thin intents, intents that are taken for each other, examples that look like another intent's; with the accuracy
/// on examples that the model has not seen.
#[utoipa::path(
    post, path = "/intents/check", tag = "intents",
    responses(
        (status = 200, description = "What was found", body = Check),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
    )
)]
pub async fn check(Of(app): State, SignedIn(_): SignedIn) -> ApiResult<Json<Check>> {
    let understanding = &app.console.understanding;
    let (draft, _) = understanding.draft().await?;
    Ok(Json(understanding.check(draft).await?))
}

/// What is published and how.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ToPublish {
    /// What was changed and why.
    #[serde(default)]
    #[schema(max_length = 1_000)]
    note: String,
    /// Have it answer also when an intent became worse on the tests.
    #[serde(default)]
    insist: bool,
}

/// A published version.
#[derive(Serialize, ToSchema)]
pub struct VersionView {
    /// Counts from 1.
    number: i64,
    /// When it was trained.
    made_at: Timestamp,
    /// By whom.
    made_by: Option<UserId>,
    /// How.
    kind: Publish,
    /// Whether it answers.
    state: VersionState,
    /// What was written about it.
    note: String,
    /// A hash of everything that went into it.
    model: String,
    /// How it did.
    report: Report,
}

impl From<TrainingVersion> for VersionView {
    fn from(version: TrainingVersion) -> Self {
        let report = serde_json::from_str(&version.report).unwrap_or_default();
        let TrainingVersion { number, made_at, made_by, kind, state, note, model, .. } = version;
        Self { number, made_at, made_by, kind, state, note, model, report }
    }
}

/// Publish the draft
///
/// It is trained beside calls and answers from the next call on. When an intent became worse on the stored tests than chance
/// explains, the version is held and the one before goes on answering; `insist` overrules that.
#[utoipa::path(
    post, path = "/intents/train", tag = "intents", request_body = ToPublish,
    responses(
        (status = 200, description = "Trained: live, or held", body = VersionView),
        (status = 400, description = "The draft cannot be trained; the version before goes on answering", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Only an admin may publish", body = ErrorBody),
    )
)]
pub async fn publish(
    Of(app): State,
    SignedIn(me): SignedIn,
    Body(what): Body<ToPublish>,
) -> ApiResult<Json<VersionView>> {
    if what.note.chars().count() > LONGEST_NOTE {
        return Err(ApiError::invalid(format!("A note has at most {LONGEST_NOTE} characters; nothing was published.")));
    }
    let version = app.console.understanding.publish(what.note, what.insist, me.id, now()).await?;
    Ok(Json(version.into()))
}

/// What was published, newest first
#[utoipa::path(
    get, path = "/intents/versions", tag = "intents",
    responses(
        (status = 200, description = "The versions", body = Vec<VersionView>),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
    )
)]
pub async fn versions(Of(app): State, SignedIn(_): SignedIn) -> ApiResult<Json<Vec<VersionView>>> {
    Ok(Json(app.console.tenant.training_versions().await?.into_iter().map(VersionView::from).collect()))
}

/// Work in the background.
#[derive(Serialize, ToSchema)]
pub struct Tuning {
    /// What is being tuned; `null` while nothing is.
    tuning: Option<Progress>,
}

/// What is being tuned
///
/// After each publish that answers, the same intents are trained once more in the background with the sentence encoder tuned to them.
/// When that proves better, it answers from the next call on, as a version of its own; else that version is held.
#[utoipa::path(
    get, path = "/intents/tuning", tag = "intents",
    responses(
        (status = 200, description = "The version, and how far it is", body = Tuning),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
    )
)]
pub async fn tuning(Of(app): State, SignedIn(_): SignedIn) -> Json<Tuning> {
    Json(Tuning { tuning: app.console.understanding.tuning() })
}

/// One version with what it was trained from.
#[derive(Serialize, ToSchema)]
pub struct VersionDetail {
    /// About it.
    #[serde(flatten)]
    version: VersionView,
    /// The draft as it was.
    draft: Draft,
}

/// One version
#[utoipa::path(
    get, path = "/intents/versions/{number}", tag = "intents",
    params(("number" = i64, Path, description = "Which version")),
    responses(
        (status = 200, description = "The version", body = VersionDetail),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 404, description = "There is no such version", body = ErrorBody),
    )
)]
pub async fn version(Of(app): State, SignedIn(_): SignedIn, In(number): In<i64>) -> ApiResult<Json<VersionDetail>> {
    let version = app.console.tenant.training_version(number).await?;
    let draft = Draft::stored(&app.console.tenant.trained_from(number).await?.document)?;
    Ok(Json(VersionDetail { version: version.into(), draft }))
}

/// Have an earlier or a held version answer
#[utoipa::path(
    post, path = "/intents/versions/{number}/promote", tag = "intents",
    params(("number" = i64, Path, description = "Which version")),
    responses(
        (status = 200, description = "It answers from the next call on", body = VersionView),
        (status = 400, description = "It cannot be trained any more; nothing was changed", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Only an admin may do this", body = ErrorBody),
        (status = 404, description = "There is no such version", body = ErrorBody),
    )
)]
pub async fn promote(Of(app): State, SignedIn(me): SignedIn, In(number): In<i64>) -> ApiResult<Json<VersionView>> {
    let version = app.console.understanding.promote(number).await?;
    tracing::info!(version = number, by = %me.id, "a version was promoted");
    Ok(Json(version.into()))
}

/// Two versions.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Between {
    /// The earlier; the flow's own intents when left out.
    from: Option<i64>,
    /// The later; the draft when left out.
    to: Option<i64>,
}

/// What is different between two versions.
#[derive(Serialize, ToSchema)]
pub struct Difference {
    /// By intent; only those that differ.
    intents: Vec<IntentDifference>,
    /// Tests that the earlier and the later answer differently, of those of the later; empty for the draft, which is not trained.
    tests: Option<TestDifference>,
}

/// What is different about an intent.
#[derive(Serialize, ToSchema)]
pub struct IntentDifference {
    /// Its name.
    name: String,
    /// Examples that came.
    added: Vec<String>,
    /// Examples that went.
    removed: Vec<String>,
}

/// How the later did beside the earlier.
#[derive(Serialize, ToSchema)]
pub struct TestDifference {
    /// The earlier.
    from: Share,
    /// The later.
    to: Share,
}

/// Compare two versions
#[utoipa::path(
    get, path = "/intents/diff", tag = "intents", params(Between),
    responses(
        (status = 200, description = "What is different", body = Difference),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 404, description = "There is no such version", body = ErrorBody),
    )
)]
pub async fn diff(Of(app): State, SignedIn(_): SignedIn, Ask(between): Ask<Between>) -> ApiResult<Json<Difference>> {
    let (tenant, understanding) = (&app.console.tenant, &app.console.understanding);
    let mut reports = Vec::new();
    let mut drafts = Vec::new();
    for (number, is_later) in [(between.from, false), (between.to, true)] {
        match number {
            Some(number) => {
                let version = tenant.training_version(number).await?;
                drafts.push(Draft::stored(&tenant.trained_from(number).await?.document)?);
                reports.push(VersionView::from(version).report.tests);
            }
            None if is_later => drafts.push(understanding.draft().await?.0),
            None => drafts.push(Draft::default()),
        }
    }
    let tests = match &reports[..] {
        [Some(from), Some(to)] => Some(TestDifference { from: from.all, to: to.all }),
        _ => None,
    };
    let intents = drafts[0].differences(&drafts[1], &understanding.flow());
    let intents = intents.into_iter().map(|(name, added, removed)| IntentDifference { name, added, removed }).collect();
    Ok(Json(Difference { intents, tests }))
}

/// Since when.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Since {
    /// Of the last so many days, from 1 to 365; 30 when left out.
    #[param(minimum = 1, maximum = 365)]
    days: Option<u32>,
}

/// What was not understood
///
/// What callers said that was rejected, had to be asked about, or was accepted with little certainty, and that nobody has judged yet: in groups that
/// mean about the same, the largest first.
#[utoipa::path(
    get, path = "/intents/unmatched", tag = "intents", params(Since),
    responses(
        (status = 200, description = "The groups", body = Vec<Group>),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
    )
)]
pub async fn unmatched(Of(app): State, SignedIn(_): SignedIn, Ask(since): Ask<Since>) -> ApiResult<Json<Vec<Group>>> {
    let days = since.days.unwrap_or(DAYS).clamp(1, 365);
    let since = now() - Duration::from_secs(u64::from(days) * 86_400).as_millis() as i64;
    Ok(Json(app.console.understanding.unmatched(since).await?))
}

/// What utterances mean.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    /// The utterances.
    utterances: Vec<UtteranceId>,
    /// The intent that they mean; `null` for none that is wanted. A new name makes a new intent.
    intent: Option<String>,
    /// What becomes of them.
    keep: Keep,
}

/// An utterance.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UtteranceId {
    /// The call.
    call: CallId,
    /// The place in its journal.
    seq: i64,
}

/// What becomes of utterances that were judged.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// They are learned from.
    Example,
    /// Versions are measured with them.
    Test,
    /// They are not shown again.
    Nothing,
}

/// Say what utterances mean
///
/// Their words go into the draft, as examples or as tests, and they are not shown again.
#[utoipa::path(
    post, path = "/intents/unmatched", tag = "intents", request_body = Lesson,
    responses(
        (status = 200, description = "Kept", body = Revision),
        (status = 400, description = "The request makes no sense", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Only an admin may teach", body = ErrorBody),
        (status = 404, description = "There is no such utterance", body = ErrorBody),
        (status = 412, description = "Somebody else has changed the draft in the meantime", body = ErrorBody),
    )
)]
pub async fn teach(Of(app): State, SignedIn(me): SignedIn, Body(lesson): Body<Lesson>) -> ApiResult<Json<Revision>> {
    let understanding = &app.console.understanding;
    if lesson.utterances.is_empty() || lesson.utterances.len() > MOST_IN_BATCH {
        return Err(ApiError::invalid(format!("Send from 1 to {MOST_IN_BATCH} utterances.")));
    }
    let (mut draft, mut revision) = understanding.draft().await?;
    for UtteranceId { call, seq } in &lesson.utterances {
        let utterance = understanding.utterance(*call, *seq).await?;
        let (text, lang) = (utterance.text.reveal().to_owned(), Some(utterance.lang));
        match (lesson.keep, &lesson.intent) {
            (Keep::Nothing, _) => {}
            (Keep::Test, intent) => put(&mut draft.tests, Test { text, intent: intent.clone(), lang }),
            (Keep::Example, None) => put(&mut draft.out_of_scope, Line { text, lang }),
            (Keep::Example, Some(intent)) => {
                put(&mut draft.edit(intent, &understanding.flow()).examples, Line { text, lang });
            }
        }
    }
    if lesson.keep != Keep::Nothing {
        revision = understanding.save(&draft, revision, me.id, now()).await?;
    }
    for UtteranceId { call, seq } in lesson.utterances {
        app.console.tenant.judge_utterance(call, seq, lesson.intent.clone(), me.id, now()).await?;
    }
    Ok(Json(Revision { revision }))
}

fn put<T: PartialEq>(list: &mut Vec<T>, new: T) {
    if !list.contains(&new) {
        list.push(new);
    }
}
