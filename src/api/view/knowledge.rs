//! The knowledge base, as the console shows it.

use intent::knowledge::{self, changes, import};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::user::{Language, Person};
use crate::event::{ArticleId, CallId, Consulted, Timestamp};
use crate::store;

/// Who an article is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everybody.
    #[default]
    Caller,
    /// The company's own people only.
    Agent,
}

/// How far an article has come; only an approved one answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::enum_variant_names, reason = "“in review” is what people call that state")]
pub enum Review {
    /// Being written.
    #[default]
    Draft,
    /// Waiting for somebody to look at it.
    InReview,
    /// It answers.
    Approved,
    /// Kept, but no longer told.
    Retired,
}

/// What an article says.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ArticleText {
    /// The ways of asking, the first one being the title; three or more are found markedly better than one.
    pub questions: Vec<String>,
    /// What is said on the telephone. Empty: the first sentences of `eye`.
    #[serde(default)]
    pub ear: String,
    /// What is read on a screen, in Markdown.
    #[serde(default)]
    pub eye: String,
    /// The language of all of it.
    pub language: Language,
    /// Labels.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Who it is for.
    #[serde(default)]
    pub audience: Audience,
    /// How far it has come.
    #[serde(default)]
    pub review: Review,
    /// Told from this moment on; always, when left out.
    #[serde(default)]
    #[schema(required)]
    pub valid_from: Option<Timestamp>,
    /// Told until just before this moment; without an end, when left out.
    #[serde(default)]
    #[schema(required)]
    pub valid_until: Option<Timestamp>,
}

/// An article.
#[derive(Debug, Serialize, ToSchema)]
pub struct Article {
    /// Which one.
    pub id: ArticleId,
    /// Its version, from 1; also the `ETag`.
    pub version: u32,
    /// What it says.
    pub article: ArticleText,
    /// What a caller hears of it.
    pub spoken: Spoken,
    /// Who answers for it.
    #[schema(required)]
    pub owner: Option<Person>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub changed_at: Timestamp,
    /// How often callers were told it, in the last 90 days.
    pub told: u64,
    /// How often somebody said that it helped.
    pub helped: u64,
    /// How often somebody said that it did not.
    pub not_helped: u64,
}

/// What a caller hears of an article.
#[derive(Debug, Serialize, ToSchema)]
pub struct Spoken {
    /// Said at once.
    pub short: String,
    /// Said when they want to hear more; nothing when there is no more.
    #[schema(required)]
    pub rest: Option<String>,
}

/// A version of an article, with what it changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct ArticleVersion {
    /// Which version.
    pub version: u32,
    /// What it said.
    pub article: ArticleText,
    /// Who wrote it.
    #[schema(required)]
    pub by: Option<Person>,
    /// When.
    pub at: Timestamp,
    /// What differs from the version before; nothing for the first.
    pub changes: Vec<Changed>,
}

/// A part of an article that differs.
#[derive(Debug, Serialize, ToSchema)]
pub struct Changed {
    /// Which part: `questions`, `ear`, `eye`, `language`, `tags`, `audience`, `review`, `valid_from` or `valid_until`.
    #[schema(value_type = String, example = "ear")]
    pub part: changes::Part,
    /// Old and new text, laid over each other.
    pub pieces: Vec<Piece>,
}

/// A stretch of text.
#[derive(Debug, Serialize, ToSchema)]
pub struct Piece {
    /// In which of the two versions it stands: `both`, `old` or `new`.
    #[schema(value_type = String, example = "new")]
    pub stands: changes::Stands,
    /// The text.
    pub text: String,
}

/// What a file gave.
#[derive(Debug, Serialize, ToSchema)]
pub struct Imported {
    /// The articles, as drafts.
    pub articles: Vec<ArticleText>,
    /// What was not taken, or not as it stood.
    pub notes: Vec<ImportNote>,
    /// The ids of the articles that were added; none for a trial.
    pub added: Vec<ArticleId>,
}

/// Something that was not taken, or not as it stood.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportNote {
    /// The line in the file, from 1.
    #[schema(required)]
    pub line: Option<usize>,
    /// What about it: `nothing_found`, `no_answer`, `no_question`, `repeated`, `introduction`, `unknown_column`, `unknown_value`, `unreadable`,
    /// `too_long`, `too_many_questions`, `too_many_articles`, or `known` for a question that an article has already.
    pub what: String,
    /// The words that it is about, shortened.
    pub text: String,
}

/// What would be answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct Found {
    /// Whether it is known, unsure between the first two, or unknown.
    pub answer: Consulted,
    /// The nearest articles, nearest first.
    pub hits: Vec<Hit>,
}

/// An article that may answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Hit {
    /// Which one.
    pub id: ArticleId,
    /// Its version.
    pub version: u32,
    /// Its first question.
    pub title: String,
    /// How far it has come.
    pub review: Review,
    /// How near it is, 0 to 1.
    pub score: f32,
    /// How likely it is that it answers, 0 to 1.
    pub confidence: f32,
    /// The way of asking that was nearest; empty when the words of the answer were.
    pub phrasing: String,
    /// How alike the meanings are, 0 to 1, where a model tells.
    #[schema(required)]
    pub meaning: Option<f32>,
    /// The share of the question's words, weighed by rarity, that it has, 0 to 1.
    pub words: f32,
    /// The words in common.
    pub common: Vec<String>,
    /// What a caller hears of it.
    pub spoken: Spoken,
}

/// What callers asked and nothing answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Gaps {
    /// The questions, the most frequent first, at most 200. Those that an article answers by now are left out.
    pub gaps: Vec<Gap>,
    /// How often callers were told an article.
    pub told: u64,
    /// How often they had to say which of two they meant.
    pub unsure: u64,
    /// How often the answer was not known, without what was set aside and what is known by now.
    pub unknown: u64,
}

/// A question that nothing answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Gap {
    /// A name for it.
    pub id: String,
    /// As it was asked last.
    pub question: String,
    /// Its language.
    pub language: Language,
    /// How often it was asked.
    pub count: u32,
    /// When last.
    pub last_at: Timestamp,
    /// The call in which it was asked last.
    pub call: CallId,
}

impl From<intent::Language> for Language {
    fn from(language: intent::Language) -> Self {
        match language {
            intent::Language::English => Self::English,
            intent::Language::Chinese => Self::Chinese,
        }
    }
}

impl From<Language> for intent::Language {
    fn from(language: Language) -> Self {
        match language {
            Language::English => Self::English,
            Language::Chinese => Self::Chinese,
        }
    }
}

/// The same names on both sides.
macro_rules! same {
    ($ours:ident, $theirs:ty: $($name:ident),+) => {
        impl From<$theirs> for $ours {
            fn from(value: $theirs) -> Self {
                match value { $(<$theirs>::$name => Self::$name),+ }
            }
        }
        impl From<$ours> for $theirs {
            fn from(value: $ours) -> Self {
                match value { $($ours::$name => Self::$name),+ }
            }
        }
    };
}

same!(Audience, knowledge::Audience: Caller, Agent);
same!(Review, knowledge::Review: Draft, InReview, Approved, Retired);

impl From<knowledge::Article> for ArticleText {
    fn from(article: knowledge::Article) -> Self {
        Self {
            questions: article.questions,
            ear: article.ear,
            eye: article.eye,
            language: article.language.into(),
            tags: article.tags,
            audience: article.audience.into(),
            review: article.review.into(),
            valid_from: article.valid_from,
            valid_until: article.valid_until,
        }
    }
}

impl From<ArticleText> for knowledge::Article {
    fn from(text: ArticleText) -> Self {
        Self {
            questions: text.questions,
            ear: text.ear,
            eye: text.eye,
            language: text.language.into(),
            tags: text.tags,
            audience: text.audience.into(),
            review: text.review.into(),
            valid_from: text.valid_from,
            valid_until: text.valid_until,
        }
        .tidied()
    }
}

impl Spoken {
    /// Of an article.
    pub fn of(article: &knowledge::Article) -> Self {
        let said = knowledge::spoken(&article.eye, &article.ear, article.language);
        Self { short: said.short, rest: said.rest }
    }
}

impl Article {
    /// An article that was told so often.
    pub fn new(kept: store::KeptArticle, told: u64) -> Self {
        Self {
            id: kept.id,
            version: kept.version,
            spoken: Spoken::of(&kept.article),
            article: kept.article.into(),
            owner: kept.owner.map(Into::into),
            created_at: kept.created_at,
            changed_at: kept.changed_at,
            told,
            helped: kept.helped,
            not_helped: kept.not_helped,
        }
    }
}

/// Versions, newest first, each with what it changed.
pub fn history(versions: Vec<store::ArticleVersion>) -> Vec<ArticleVersion> {
    let differs = |at: usize| {
        let before = versions.get(at + 1)?;
        let changed = changes::changes(&before.article, &versions[at].article).into_iter();
        let piece = |piece: changes::Piece| Piece { stands: piece.stands, text: piece.text };
        let part = |changed: changes::Changed| Changed {
            part: changed.part,
            pieces: changed.pieces.into_iter().map(piece).collect(),
        };
        Some(changed.map(part).collect())
    };
    let mut all: Vec<Vec<Changed>> = (0..versions.len()).map(|at| differs(at).unwrap_or_default()).collect();
    let version = |(at, version): (usize, store::ArticleVersion)| ArticleVersion {
        version: version.version,
        article: version.article.into(),
        by: version.by.map(Into::into),
        at: version.at,
        changes: std::mem::take(&mut all[at]),
    };
    versions.into_iter().enumerate().map(version).collect()
}

impl From<import::Note> for ImportNote {
    fn from(note: import::Note) -> Self {
        // The name, as JSON has it.
        let what = serde_json::to_value(note.what).ok().and_then(|name| name.as_str().map(str::to_owned));
        Self { line: note.line, what: what.unwrap_or_default(), text: note.text }
    }
}

impl Found {
    /// An answer with all that was near.
    pub fn new(answer: &knowledge::Answer, hits: Vec<knowledge::Hit>) -> Self {
        let answer = match answer {
            knowledge::Answer::Known(_) => Consulted::Known,
            knowledge::Answer::Unsure(_) => Consulted::Unsure,
            knowledge::Answer::Unknown(_) => Consulted::Unknown,
        };
        Self { answer, hits: hits.into_iter().filter_map(Hit::of).collect() }
    }
}

impl Hit {
    fn of(hit: knowledge::Hit) -> Option<Self> {
        let article = &hit.filed.article;
        Some(Self {
            id: hit.filed.id.parse().ok()?,
            version: hit.filed.version,
            title: article.title().to_owned(),
            review: article.review.into(),
            score: hit.score,
            confidence: hit.confidence,
            meaning: hit.why.cosine,
            words: hit.why.words,
            spoken: Spoken::of(article),
            phrasing: hit.why.phrasing,
            common: hit.why.common,
        })
    }
}

impl From<store::Gap> for Gap {
    fn from(gap: store::Gap) -> Self {
        Self {
            id: gap.id,
            question: gap.question.reveal().to_owned(),
            language: gap.language.into(),
            count: gap.count,
            last_at: gap.last_at,
            call: gap.call,
        }
    }
}
