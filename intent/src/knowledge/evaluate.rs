//! How often the right article comes first, and how often a question is answered that should not be. Takes labelled lines, gives numbers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Answer, Article, Filed, Knowledge, Question, Review};
use crate::{
    Language,
    evaluate::{Labelled, OUT_OF_SCOPE},
};

/// Labelled lines as a list of frequent questions: an article for each label and language, its lines the ways of asking. There are no answers, so that
/// nothing but the questions is measured. Out-of-scope lines are left out.
pub fn articles(lines: &[Labelled]) -> Vec<Filed> {
    let mut by_label: BTreeMap<(&str, Language), Vec<String>> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.intent != OUT_OF_SCOPE) {
        by_label.entry((&line.intent, line.language())).or_default().push(line.text.clone());
    }
    let filed = |((label, language), questions): ((&str, Language), Vec<String>)| Filed {
        id: label.to_owned(),
        version: 1,
        article: Article { questions, language, review: Review::Approved, ..Article::default() },
    };
    by_label.into_iter().map(filed).collect()
}

/// What the answers amount to. Shares lie between 0 and 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Articles.
    pub articles: usize,
    /// Questions that an article answers.
    pub questions: usize,
    /// Of those, how often the right article came first.
    pub recall_at_1: f64,
    /// Of those, how often it was among the first three.
    pub recall_at_3: f64,
    /// Of those, how often an article was told.
    pub answered: f64,
    /// Of what was told, how often it was the right one.
    pub answered_right: f64,
    /// Of the questions that an article answers, how often two were offered.
    pub offered: f64,
    /// Of those offers, how often the right one was among the two.
    pub offered_right: f64,
    /// Questions that no article answers.
    pub strangers: usize,
    /// Of those, how often it was said that the answer is not known.
    pub strangers_unknown: f64,
    /// Of those, how often an article was told all the same.
    pub strangers_answered: f64,
}

/// Asks all lines. A line whose label no article has is one that should not be answered.
pub fn measure(knowledge: &Knowledge, articles: &[Filed], lines: &[Labelled]) -> Report {
    let (mut first, mut third, mut answered, mut answered_right) = (0, 0, 0, 0);
    let (mut offered, mut offered_right, mut questions) = (0, 0, 0);
    let (mut strangers, mut unknown, mut told) = (0, 0, 0);
    for line in lines {
        let question = Question::caller(&line.text, line.language(), 0);
        let answer = knowledge.answer(&question);
        if !articles.iter().any(|filed| filed.id == line.intent) {
            strangers += 1;
            unknown += usize::from(matches!(answer, Answer::Unknown(_)));
            told += usize::from(matches!(answer, Answer::Known(_)));
            continue;
        }
        questions += 1;
        let hits = knowledge.search(&question);
        let place = hits.iter().position(|hit| hit.filed.id == line.intent);
        first += usize::from(place == Some(0));
        third += usize::from(place.is_some_and(|place| place < 3));
        match answer {
            Answer::Known(hit) => {
                answered += 1;
                answered_right += usize::from(hit.filed.id == line.intent);
            }
            Answer::Unsure(two) => {
                offered += 1;
                offered_right += usize::from(two.iter().any(|hit| hit.filed.id == line.intent));
            }
            Answer::Unknown(_) => {}
        }
    }
    let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
    Report {
        articles: articles.len(),
        questions,
        recall_at_1: share(first, questions),
        recall_at_3: share(third, questions),
        answered: share(answered, questions),
        answered_right: share(answered_right, answered),
        offered: share(offered, questions),
        offered_right: share(offered_right, offered),
        strangers,
        strangers_unknown: share(unknown, strangers),
        strangers_answered: share(told, strangers),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_articles_and_are_counted() {
        let line = |text: &str, intent: &str| Labelled { text: text.into(), intent: intent.into(), lang: None };
        let faq = articles(&[
            line("where is my parcel", "parcel"),
            line("when does the parcel come", "parcel"),
            line("退款要多久", "refund"),
            line("tell me a joke", OUT_OF_SCOPE),
        ]);
        assert_eq!(faq.iter().map(|filed| filed.id.as_str()).collect::<Vec<_>>(), ["parcel", "refund"]);
        let knowledge = Knowledge::new(faq.clone(), None);
        let report = measure(
            &knowledge,
            &faq,
            &[line("where is my parcel", "parcel"), line("退款要多久", "refund"), line("sing for us", OUT_OF_SCOPE)],
        );
        assert_eq!((report.questions, report.recall_at_1, report.answered_right), (2, 1.0, 1.0));
        assert_eq!((report.strangers, report.strangers_unknown, report.strangers_answered), (1, 1.0, 0.0));
    }
}
