//! Articles out of what a company has already: Markdown files, spreadsheets saved as CSV, and web pages. Nothing is guessed silently: what was not taken is in
//! the notes, with its place. All that comes in is a draft, until somebody has looked at it.

mod csv;
mod markdown;
mod web;

use serde::{Deserialize, Serialize};

use super::{Article, ArticleError};
use crate::{Language, normalise::clean};

pub use csv::csv;
pub use markdown::markdown;
pub use web::web;

/// More articles than this in one file are taken for a mistake.
pub const MOST: usize = 2_000;

/// What came in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The articles, in the order of the file.
    pub articles: Vec<Article>,
    /// What was not taken, or not as it stood.
    pub notes: Vec<Note>,
}

/// Something that was not taken, or not as it stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The line in the file, from 1; `None` when the file as a whole is meant.
    pub line: Option<usize>,
    /// What about it.
    pub what: Missed,
    /// The words that it is about, shortened.
    pub text: String,
}

/// What was not taken, or not as it stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// Nothing in it looks like a question with its answer.
    NothingFound,
    /// A question without an answer.
    NoAnswer,
    /// An answer without a question.
    NoQuestion,
    /// The same question again; its answer was left out.
    Repeated,
    /// Text before the first question.
    Introduction,
    /// A column that means nothing here.
    UnknownColumn,
    /// A value that means nothing here (a language, an audience).
    UnknownValue,
    /// A row or a part that could not be read.
    Unreadable,
    /// Too long to be kept.
    TooLong,
    /// More questions than an article can have; those beyond were left out.
    TooManyQuestions,
    /// More articles than one file may hold; those beyond were left out.
    TooManyArticles,
}

impl Imported {
    fn note(&mut self, line: impl Into<Option<usize>>, what: Missed, text: &str) {
        const EXCERPT: usize = 80;
        let mut excerpt: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((at, _)) = excerpt.char_indices().nth(EXCERPT) {
            excerpt.truncate(at);
            excerpt.push('…');
        }
        self.notes.push(Note { line: line.into(), what, text: excerpt });
    }

    /// Takes in an article that was found at `line`, or notes why it cannot be.
    fn add(&mut self, line: usize, article: Article) {
        let mut article = article.tidied();
        if article.questions.len() > Article::MOST_QUESTIONS {
            self.note(line, Missed::TooManyQuestions, article.title());
            article.questions.truncate(Article::MOST_QUESTIONS);
        }
        article.tags.retain(|tag| tag.chars().count() <= Article::LONGEST_TAG);
        article.tags.truncate(Article::MOST_TAGS);
        let what = match article.check() {
            Ok(()) if self.articles.len() >= MOST => Missed::TooManyArticles,
            Ok(()) if self.has(&article) => Missed::Repeated,
            Ok(()) => return self.articles.push(article),
            Err(ArticleError::NoQuestion) => Missed::NoQuestion,
            Err(ArticleError::NoAnswer) => Missed::NoAnswer,
            Err(ArticleError::TooLong { .. } | ArticleError::TooMany { .. } | ArticleError::NeverValid) => {
                Missed::TooLong
            }
        };
        let about = if article.title().is_empty() { article.eye.as_str() } else { article.title() };
        self.note(line, what, about);
    }

    fn has(&self, article: &Article) -> bool {
        let title = clean(article.title());
        self.articles.iter().any(|other| {
            other.language == article.language && other.audience == article.audience && clean(other.title()) == title
        })
    }

    fn ended(mut self) -> Self {
        if self.articles.is_empty() && self.notes.is_empty() {
            self.note(None, Missed::NothingFound, "");
        }
        self
    }
}

/// The language of an article whose file does not say.
fn language_of(questions: &[String], answer: &str) -> Language {
    Language::detect(&format!("{} {answer}", questions.join(" ")))
}

/// Whether a text reads as a question.
fn asks(text: &str) -> bool {
    text.trim_end_matches(['*', '_', ' ', '”', '"']).ends_with(['?', '？'])
}

/// A text without a label such as `Q:` or `答：` in front, and which of the two it was.
fn labelled(text: &str) -> Option<(Label, &str)> {
    const LABELS: &[(&str, Label)] = &[
        ("question", Label::Question),
        ("q", Label::Question),
        ("问题", Label::Question),
        ("问", Label::Question),
        ("answer", Label::Answer),
        ("a", Label::Answer),
        ("回答", Label::Answer),
        ("答案", Label::Answer),
        ("答", Label::Answer),
    ];
    let start = text.trim_start().trim_start_matches(['*', '_']);
    LABELS.iter().find_map(|(label, kind)| {
        let head = start.get(..label.len()).filter(|head| head.eq_ignore_ascii_case(label))?;
        let rest = start[head.len()..].trim_start_matches(|c: char| c.is_ascii_digit() || "*_ ".contains(c));
        let rest = rest.strip_prefix([':', '：'])?;
        Some((*kind, rest.trim_start_matches(['*', '_', ' '])))
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Label {
    Question,
    Answer,
}
