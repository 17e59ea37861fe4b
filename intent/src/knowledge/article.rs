//! An article: the ways its question is asked, the answer for the ear and the one for the eye, and to whom it may be told.

use serde::{Deserialize, Serialize};

use crate::{Language, normalise::clean};

/// Who an article is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everybody: the bot tells it to callers, and agents find it as well.
    #[default]
    Caller,
    /// The company's own people only.
    Agent,
}

impl Audience {
    /// Whether somebody of this audience may be told an article for `article`.
    pub fn may_hear(self, article: Audience) -> bool {
        self == Audience::Agent || article == Audience::Caller
    }
}

/// How far an article has come. Only an approved one answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

/// What is known about one question.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Article {
    /// The ways of asking, the first one being the title; three or more are found markedly better than one.
    pub questions: Vec<String>,
    /// What is said on the telephone: short, no markup. Empty: made of `eye` by [`spoken`](super::spoken()).
    #[serde(default)]
    pub ear: String,
    /// What is read on a screen, in Markdown.
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
    /// Told from this moment on (ms since 1970); `None`: always was.
    #[serde(default)]
    pub valid_from: Option<i64>,
    /// Told until just before this moment (ms since 1970); `None`: no end.
    #[serde(default)]
    pub valid_until: Option<i64>,
}

impl Article {
    /// More ways of asking than this help nobody.
    pub const MOST_QUESTIONS: usize = 50;
    /// The longest question, in characters.
    pub const LONGEST_QUESTION: usize = 300;
    /// The longest answer for the ear, in characters: about a minute of speech.
    pub const LONGEST_EAR: usize = 1_000;
    /// The longest answer for the eye, in characters.
    pub const LONGEST_EYE: usize = 20_000;
    /// The most labels.
    pub const MOST_TAGS: usize = 20;
    /// The longest label, in characters.
    pub const LONGEST_TAG: usize = 40;

    /// The first question.
    pub fn title(&self) -> &str {
        self.questions.first().map_or("", String::as_str)
    }

    /// Whether it answers at `now` (ms since 1970): approved and valid.
    pub fn answers_at(&self, now: i64) -> bool {
        self.review == Review::Approved
            && self.valid_from.is_none_or(|from| from <= now)
            && self.valid_until.is_none_or(|until| now < until)
    }

    /// The article without what makes no difference: spaces around texts, empty or repeated questions and labels.
    pub fn tidied(mut self) -> Self {
        tidy(&mut self.questions, |text| match clean(text) {
            words if words.is_empty() => text.to_owned(),
            words => words,
        });
        tidy(&mut self.tags, str::to_lowercase);
        for text in [&mut self.ear, &mut self.eye] {
            *text = text.trim().to_owned();
        }
        self
    }

    /// Whether it can be kept.
    pub fn check(&self) -> Result<(), ArticleError> {
        let long = |text: &str, most: usize| text.chars().nth(most).is_some();
        if self.questions.iter().all(|question| clean(question).is_empty()) {
            return Err(ArticleError::NoQuestion);
        }
        if self.questions.len() > Self::MOST_QUESTIONS {
            return Err(ArticleError::TooMany { what: "questions", most: Self::MOST_QUESTIONS });
        }
        if self.questions.iter().any(|question| long(question, Self::LONGEST_QUESTION)) {
            return Err(ArticleError::TooLong { what: "a question", most: Self::LONGEST_QUESTION });
        }
        if self.ear.trim().is_empty() && super::spoken(&self.eye, "", self.language).short.is_empty() {
            return Err(ArticleError::NoAnswer);
        }
        if long(&self.ear, Self::LONGEST_EAR) {
            return Err(ArticleError::TooLong { what: "the answer for the ear", most: Self::LONGEST_EAR });
        }
        if long(&self.eye, Self::LONGEST_EYE) {
            return Err(ArticleError::TooLong { what: "the answer for the eye", most: Self::LONGEST_EYE });
        }
        if self.tags.len() > Self::MOST_TAGS {
            return Err(ArticleError::TooMany { what: "labels", most: Self::MOST_TAGS });
        }
        if self.tags.iter().any(|tag| long(tag, Self::LONGEST_TAG)) {
            return Err(ArticleError::TooLong { what: "a label", most: Self::LONGEST_TAG });
        }
        match (self.valid_from, self.valid_until) {
            (Some(from), Some(until)) if until <= from => Err(ArticleError::NeverValid),
            _ => Ok(()),
        }
    }
}

/// Trims the texts, and leaves out empty ones and those whose `key` was there before.
fn tidy(texts: &mut Vec<String>, key: impl Fn(&str) -> String) {
    let mut seen = Vec::new();
    for text in texts.iter_mut() {
        *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    texts.retain(|text| {
        let key = key(text);
        let fresh = !text.is_empty() && !seen.contains(&key);
        seen.push(key);
        fresh
    });
}

/// Why an article cannot be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArticleError {
    /// No question with words in it.
    #[error("the article has no question; write at least one way of asking, three or more are found better")]
    NoQuestion,
    /// Neither answer has words.
    #[error("the article has no answer; write what is said or what is read")]
    NoAnswer,
    /// A text is too long.
    #[error("{what} is longer than {most} characters; shorten it or split the article")]
    TooLong {
        /// Which text.
        what: &'static str,
        /// Characters allowed.
        most: usize,
    },
    /// A list is too long.
    #[error("there are more than {most} {what}; leave some out")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many are allowed.
        most: usize,
    },
    /// It ends before it begins.
    #[error("the article ends before it begins to be valid; correct one of the two dates")]
    NeverValid,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn article() -> Article {
        Article {
            questions: vec!["When are you open?".into()],
            eye: "From nine to five.".into(),
            review: Review::Approved,
            ..Article::default()
        }
    }

    #[test]
    fn only_approved_and_valid_articles_answer() {
        for (review, from, until, now, answers) in [
            (Review::Approved, None, None, 5, true),
            (Review::Draft, None, None, 5, false),
            (Review::InReview, None, None, 5, false),
            (Review::Retired, None, None, 5, false),
            (Review::Approved, Some(5), None, 5, true),
            (Review::Approved, Some(6), None, 5, false),
            (Review::Approved, None, Some(5), 5, false),
            (Review::Approved, None, Some(6), 5, true),
        ] {
            let article = Article { review, valid_from: from, valid_until: until, ..article() };
            assert_eq!(article.answers_at(now), answers, "{review:?} {from:?} {until:?}");
        }
    }

    #[test]
    fn callers_do_not_hear_what_is_for_agents() {
        for (asks, of, may) in [
            (Audience::Caller, Audience::Caller, true),
            (Audience::Caller, Audience::Agent, false),
            (Audience::Agent, Audience::Caller, true),
            (Audience::Agent, Audience::Agent, true),
        ] {
            assert_eq!(asks.may_hear(of), may, "{asks:?} {of:?}");
        }
    }

    #[test]
    fn an_article_that_cannot_be_kept_says_why() {
        let long = |n| "x".repeat(n);
        for (article, expected) in [
            (Article { questions: vec!["?!".into()], ..article() }, ArticleError::NoQuestion),
            (Article { eye: "![](a.png)".into(), ..article() }, ArticleError::NoAnswer),
            (
                Article { questions: vec![long(301)], ..article() },
                ArticleError::TooLong { what: "a question", most: 300 },
            ),
            (
                Article { ear: long(1_001), ..article() },
                ArticleError::TooLong { what: "the answer for the ear", most: 1_000 },
            ),
            (
                Article { eye: long(20_001), ..article() },
                ArticleError::TooLong { what: "the answer for the eye", most: 20_000 },
            ),
            (Article { tags: vec![long(41)], ..article() }, ArticleError::TooLong { what: "a label", most: 40 }),
            (Article { valid_from: Some(2), valid_until: Some(2), ..article() }, ArticleError::NeverValid),
        ] {
            assert_eq!(article.check(), Err(expected));
        }
        assert_eq!(article().check(), Ok(()));
    }

    #[test]
    fn tidying_leaves_out_what_makes_no_difference() {
        let article = Article {
            questions: vec![
                " When are  you open? ".into(),
                "when are you open".into(),
                "  ".into(),
                "Opening hours".into(),
            ],
            tags: vec!["Shop".into(), "shop ".into()],
            ear: " Nine to five. ".into(),
            ..article()
        }
        .tidied();
        assert_eq!(article.questions, ["When are you open?", "Opening hours"]);
        assert_eq!(article.tags, ["Shop"]);
        assert_eq!(article.ear, "Nine to five.");
    }
}
