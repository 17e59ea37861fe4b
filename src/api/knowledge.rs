//! The knowledge base: articles, their history, what a file would give, what would be answered, and what nothing answers. Whoever is signed in reads; admins
//! write. A change answers the next caller.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State as Of;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use intent::knowledge::{self, Answer, Question, import};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::error::{ApiError, ApiResult, ErrorBody};
use super::extract::{Ask, Body, In};
use super::session::SignedIn;
use super::view::knowledge::{
    Article, ArticleText, ArticleVersion, Audience, Found, Gap, Gaps, ImportNote, Imported, Review, history,
};
use super::view::{Language, Spoken};
use super::{App, State, now};
use crate::event::ArticleId;
use crate::store::Asked;

/// The largest file that is read for articles.
pub const LARGEST_IMPORT: usize = 4 * 1024 * 1024;
/// How far back what was asked is counted when nothing else is said, in days.
const DAYS: i64 = 90;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// A list of more than this is not read by anybody.
const MOST_GAPS: usize = 200;
/// The longest question that is looked up, in characters.
const LONGEST_QUESTION: usize = 1_000;

/// Which articles.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ArticleQuery {
    /// Words that must all occur in its questions, answers or labels.
    q: Option<String>,
    /// Only those in this language.
    language: Option<Language>,
    /// Only those for these people.
    audience: Option<Audience>,
    /// Only those that have come so far.
    review: Option<Review>,
    /// Only those with this label.
    tag: Option<String>,
}

impl ArticleQuery {
    fn takes(&self, article: &knowledge::Article) -> bool {
        let text = || {
            let all = [article.questions.join(" "), article.ear.clone(), article.eye.clone(), article.tags.join(" ")];
            all.join(" ").to_lowercase()
        };
        let words = self.q.as_deref().unwrap_or_default().to_lowercase();
        let has_words = words.is_empty() || {
            let text = text();
            words.split_whitespace().all(|word| text.contains(word))
        };
        let has_tag = |tag: &String| article.tags.iter().any(|own| own.to_lowercase() == tag.to_lowercase());
        has_words
            && self.language.is_none_or(|language| language == article.language.into())
            && self.audience.is_none_or(|audience| audience == article.audience.into())
            && self.review.is_none_or(|review| review == article.review.into())
            && self.tag.as_ref().is_none_or(has_tag)
    }
}

/// All articles, those that were changed last first
#[utoipa::path(
    get, path = "/knowledge/articles", tag = "knowledge", params(ArticleQuery),
    responses(
        (status = 200, description = "The articles", body = Vec<Article>),
        (status = 400, description = "The query makes no sense", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
    )
)]
pub async fn articles(
    Of(app): State,
    SignedIn(_): SignedIn,
    Ask(query): Ask<ArticleQuery>,
) -> ApiResult<Json<Vec<Article>>> {
    let told = asked(&app, DAYS).await?.told;
    let kept = app.console.tenant.articles().await?.into_iter().filter(|kept| query.takes(&kept.article));
    Ok(Json(
        kept.map(|kept| {
            let told = told_of(&told, kept.id);
            Article::new(kept, told)
        })
        .collect(),
    ))
}

/// One article
///
/// Its `ETag` is its version; send it back as `If-Match` with a change.
#[utoipa::path(
    get, path = "/knowledge/articles/{id}", tag = "knowledge", params(("id" = ArticleId, Path, description = "Which article")),
    responses(
        (status = 200, description = "The article", body = Article),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 404, description = "There is no such article", body = ErrorBody),
    )
)]
pub async fn article(Of(app): State, SignedIn(_): SignedIn, In(id): In<ArticleId>) -> ApiResult<Response> {
    in_full(&app, id, StatusCode::OK).await
}

/// Write an article
#[utoipa::path(
    post, path = "/knowledge/articles", tag = "knowledge", request_body = ArticleText,
    responses(
        (status = 201, description = "The article", body = Article),
        (status = 400, description = "It cannot be kept", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Only an admin may do this", body = ErrorBody),
    )
)]
pub async fn add_article(Of(app): State, SignedIn(me): SignedIn, Body(text): Body<ArticleText>) -> ApiResult<Response> {
    let added = app.console.tenant.add_articles(vec![text.into()], me.id, now()).await?;
    app.console.knowledge.reload().await?;
    let id = added.first().copied().ok_or_else(|| ApiError::internal("an article was added and has no id"))?;
    in_full(&app, id, StatusCode::CREATED).await
}

/// Change an article
///
/// With `If-Match`, only when nobody else has changed it since.
#[utoipa::path(
    put, path = "/knowledge/articles/{id}", tag = "knowledge", request_body = ArticleText,
    params(
        ("id" = ArticleId, Path, description = "Which article"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read"),
    ),
    responses(
        (status = 200, description = "The article as it is now", body = Article),
        (status = 400, description = "It cannot be kept", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Only an admin may do this", body = ErrorBody),
        (status = 404, description = "There is no such article", body = ErrorBody),
        (status = 412, description = "Somebody else changed it", body = ErrorBody),
    )
)]
pub async fn change_article(
    Of(app): State,
    SignedIn(me): SignedIn,
    In(id): In<ArticleId>,
    headers: HeaderMap,
    Body(text): Body<ArticleText>,
) -> ApiResult<Response> {
    app.console.tenant.change_article(id, seen(&headers)?, text.into(), me.id, now()).await?;
    app.console.knowledge.reload().await?;
    in_full(&app, id, StatusCode::OK).await
}

/// Remove an article with its history
#[utoipa::path(
    delete, path = "/knowledge/articles/{id}", tag = "knowledge",
    params(
        ("id" = ArticleId, Path, description = "Which article"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read"),
    ),
    responses(
        (status = 204, description = "Removed"),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Only an admin may do this", body = ErrorBody),
        (status = 404, description = "There is no such article", body = ErrorBody),
        (status = 412, description = "Somebody else changed it", body = ErrorBody),
    )
)]
pub async fn remove_article(
    Of(app): State,
    SignedIn(_): SignedIn,
    In(id): In<ArticleId>,
    headers: HeaderMap,
) -> ApiResult<StatusCode> {
    app.console.tenant.remove_article(id, seen(&headers)?).await?;
    app.console.knowledge.reload().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// All versions of an article, newest first, with what each changed
#[utoipa::path(
    get, path = "/knowledge/articles/{id}/history", tag = "knowledge",
    params(("id" = ArticleId, Path, description = "Which article")),
    responses(
        (status = 200, description = "The versions", body = Vec<ArticleVersion>),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 404, description = "There is no such article", body = ErrorBody),
    )
)]
pub async fn article_history(
    Of(app): State,
    SignedIn(_): SignedIn,
    In(id): In<ArticleId>,
) -> ApiResult<Json<Vec<ArticleVersion>>> {
    Ok(Json(history(app.console.tenant.article_versions(id).await?)))
}

/// Whether an article helped.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Feedback {
    /// It did, or it did not.
    helped: bool,
}

/// Say whether an article helped
#[utoipa::path(
    post, path = "/knowledge/articles/{id}/feedback", tag = "knowledge", request_body = Feedback,
    params(("id" = ArticleId, Path, description = "Which article")),
    responses(
        (status = 204, description = "Counted"),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 404, description = "There is no such article", body = ErrorBody),
    )
)]
pub async fn article_feedback(
    Of(app): State,
    SignedIn(_): SignedIn,
    In(id): In<ArticleId>,
    Body(feedback): Body<Feedback>,
) -> ApiResult<StatusCode> {
    app.console.tenant.article_helped(id, feedback.helped).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The form of a file.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileForm {
    /// Each heading with text below it.
    Markdown,
    /// A row per article; the first row names the columns.
    Csv,
    /// The source of a web page, or text copied from one.
    Web,
}

/// A file to be read for articles.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewImport {
    /// Its form.
    form: FileForm,
    /// Its text.
    text: String,
    /// Whether to keep what is found; otherwise it is only shown.
    #[serde(default)]
    keep: bool,
}

/// Read a file for articles
///
/// They become drafts. A question that an article has already is left out.
#[utoipa::path(
    post, path = "/knowledge/import", tag = "knowledge", request_body = NewImport,
    responses(
        (status = 200, description = "What it gave, and what it did not", body = Imported),
        (status = 400, description = "The request makes no sense", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Only an admin may do this", body = ErrorBody),
        (status = 413, description = "The file is too large", body = ErrorBody),
    )
)]
pub async fn import_articles(
    Of(app): State,
    SignedIn(me): SignedIn,
    Body(file): Body<NewImport>,
) -> ApiResult<Json<Imported>> {
    let NewImport { form, text, keep } = file;
    let read = tokio::task::spawn_blocking(move || match form {
        FileForm::Markdown => import::markdown(&text),
        FileForm::Csv => import::csv(&text),
        FileForm::Web => import::web(&text),
    });
    let read = read.await.map_err(ApiError::internal)?;
    let known: Vec<(intent::Language, String)> = app
        .console
        .tenant
        .articles()
        .await?
        .iter()
        .map(|kept| (kept.article.language, intent::normalise::clean(kept.article.title())))
        .collect();
    let mut notes: Vec<ImportNote> = read.notes.into_iter().map(ImportNote::from).collect();
    let (fresh, there): (Vec<knowledge::Article>, Vec<knowledge::Article>) = read
        .articles
        .into_iter()
        .partition(|article| !known.contains(&(article.language, intent::normalise::clean(article.title()))));
    notes.extend(there.iter().map(|article| ImportNote {
        line: None,
        what: "known".into(),
        text: article.title().to_owned(),
    }));
    let added = match keep && !fresh.is_empty() {
        true => app.console.tenant.add_articles(fresh.clone(), me.id, now()).await?,
        false => Vec::new(),
    };
    if !added.is_empty() {
        app.console.knowledge.reload().await?;
        tracing::info!(articles = added.len(), by = %me.id, "articles were imported");
    }
    Ok(Json(Imported { articles: fresh.into_iter().map(ArticleText::from).collect(), notes, added }))
}

/// A question to try.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// The words.
    text: String,
    /// Their language; told from the words when left out.
    #[serde(default)]
    language: Option<Language>,
    /// Who asks.
    #[serde(default)]
    audience: Audience,
    /// Whether to look at articles that are not told yet or any more, too.
    #[serde(default)]
    drafts: bool,
}

/// What would be answered, and why
#[utoipa::path(
    post, path = "/knowledge/search", tag = "knowledge", request_body = Trial,
    responses(
        (status = 200, description = "The answer", body = Found),
        (status = 400, description = "The question is too long", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
    )
)]
pub async fn search_articles(
    Of(app): State,
    SignedIn(_): SignedIn,
    Body(trial): Body<Trial>,
) -> ApiResult<Json<Found>> {
    if trial.text.chars().nth(LONGEST_QUESTION).is_some() {
        return Err(ApiError::invalid(format!("A question has at most {LONGEST_QUESTION} characters; shorten it.")));
    }
    let base = app.console.knowledge.now();
    let found = tokio::task::spawn_blocking(move || {
        let language = trial.language.map_or_else(|| intent::Language::detect(&trial.text), intent::Language::from);
        let question =
            Question { text: &trial.text, language, audience: trial.audience.into(), now: now(), drafts: trial.drafts };
        Found::new(&base.answer(&question), base.search(&question))
    });
    Ok(Json(found.await.map_err(ApiError::internal)?))
}

/// An answer to be heard.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Preview {
    /// The answer for the ear, as far as it is written.
    #[serde(default)]
    ear: String,
    /// The answer for the eye.
    #[serde(default)]
    eye: String,
    /// Their language.
    language: Language,
}

impl Preview {
    fn spoken(&self) -> knowledge::Spoken {
        knowledge::spoken(&self.eye, &self.ear, self.language.into())
    }
}

/// What a caller would hear, in words
#[utoipa::path(
    post, path = "/knowledge/spoken", tag = "knowledge", request_body = Preview,
    responses(
        (status = 200, description = "The words", body = Spoken),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
    )
)]
pub async fn spoken_answer(SignedIn(_): SignedIn, Body(preview): Body<Preview>) -> Json<Spoken> {
    let said = preview.spoken();
    Json(Spoken { short: said.short, rest: said.rest })
}

/// What a caller would hear first
///
/// A WAV file, 8 kHz, 16 bits, mono.
#[utoipa::path(
    post, path = "/knowledge/sound", tag = "knowledge", request_body = Preview,
    responses(
        (status = 200, description = "The sound", body = Vec<u8>, content_type = "audio/wav"),
        (status = 400, description = "There is nothing to say", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 409, description = "No voice can say it", body = ErrorBody),
    )
)]
pub async fn answer_sound(Of(app): State, SignedIn(_): SignedIn, Body(preview): Body<Preview>) -> ApiResult<Response> {
    let said = preview.spoken().short;
    if said.is_empty() || said.chars().nth(knowledge::Article::LONGEST_EAR).is_some() {
        return Err(ApiError::invalid("There is nothing to say, or too much; write a short answer."));
    }
    let sound = app.console.voices.sound(&said, preview.language.into()).await;
    let sound = sound.map_err(|error| ApiError::conflict(format!("This answer cannot be said: {error}.")))?;
    Ok(([(header::CONTENT_TYPE, "audio/wav")], super::prompts::wav(sound.samples())).into_response())
}

/// How far back.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Since {
    /// In days, from 1 to 3650; 90 when left out.
    #[param(minimum = 1, maximum = 3650)]
    days: Option<i64>,
}

/// What callers asked and nothing answers
#[utoipa::path(
    get, path = "/knowledge/gaps", tag = "knowledge", params(Since),
    responses(
        (status = 200, description = "The questions", body = Gaps),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
    )
)]
pub async fn gaps(Of(app): State, SignedIn(_): SignedIn, Ask(since): Ask<Since>) -> ApiResult<Json<Gaps>> {
    let Asked { told, unsure, gaps } = asked(&app, since.days.unwrap_or(DAYS).clamp(1, 3650)).await?;
    let base = app.console.knowledge.now();
    let open = tokio::task::spawn_blocking(move || {
        let open = gaps.into_iter().filter(|gap| {
            let question = Question::caller(gap.question.reveal(), gap.language, now());
            !matches!(base.answer(&question), Answer::Known(_))
        });
        open.take(MOST_GAPS).collect::<Vec<_>>()
    });
    let open = open.await.map_err(ApiError::internal)?;
    Ok(Json(Gaps {
        told: told.values().sum(),
        unsure,
        unknown: open.iter().map(|gap| u64::from(gap.count)).sum(),
        gaps: open.into_iter().map(Gap::from).collect(),
    }))
}

/// Leave a question out of the gaps: it needs no answer
#[utoipa::path(
    post, path = "/knowledge/gaps/{id}/aside", tag = "knowledge", params(("id" = String, Path, description = "Which question")),
    responses(
        (status = 204, description = "Left out from now on"),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Only an admin may do this", body = ErrorBody),
        (status = 404, description = "There is no such question", body = ErrorBody),
    )
)]
pub async fn set_gap_aside(Of(app): State, SignedIn(me): SignedIn, In(id): In<String>) -> ApiResult<StatusCode> {
    app.console.tenant.set_gap_aside(&id, me.id, now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn asked(app: &App, days: i64) -> ApiResult<Asked> {
    Ok(app.console.tenant.asked(now() - days * DAY_MS).await?)
}

fn told_of(told: &HashMap<ArticleId, u64>, id: ArticleId) -> u64 {
    told.get(&id).copied().unwrap_or_default()
}

async fn in_full(app: &App, id: ArticleId, status: StatusCode) -> ApiResult<Response> {
    let kept = app.console.tenant.article(id).await?;
    let told = asked(app, DAYS).await?.told;
    let tag = format!("\"{}\"", kept.version);
    let article = Article::new(kept, told_of(&told, id));
    Ok((status, [(header::ETAG, tag)], Json(article)).into_response())
}

/// The version in `If-Match` (RFC 9110 section 13.1.1); `*` and its absence match any.
fn seen(headers: &HeaderMap) -> ApiResult<Option<u32>> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let value = value.to_str().unwrap_or_default().trim();
    if value == "*" {
        return Ok(None);
    }
    let version = value.trim_start_matches("W/").trim_matches('"').parse();
    version.map(Some).map_err(|_| ApiError::invalid("`If-Match` must be the `ETag` of the article, such as \"3\"."))
}
