//! Spreadsheets: a row per article, or per way of asking when rows share their answer. The first row names the columns.

use std::collections::HashMap;

use super::{Imported, Missed, language_of};
use crate::knowledge::{Article, Audience};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Question,
    Eye,
    Ear,
    Tags,
    Language,
    Audience,
    Unknown,
}

impl Column {
    /// By its name in the first row; `question_2` and `问题2` are questions, too.
    fn named(name: &str) -> Self {
        let name = name.trim().trim_start_matches('\u{feff}').to_lowercase().replace([' ', '-'], "_");
        match name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_') {
            "question" | "questions" | "title" | "variant" | "variants" | "phrasing" | "phrasings" | "q" | "问题"
            | "标题" | "问法" | "相似问" => Self::Question,
            "answer" | "answers" | "eye" | "text" | "body" | "a" | "答案" | "回答" | "内容" => Self::Eye,
            "ear" | "spoken" | "short" | "short_answer" | "spoken_answer" | "语音" | "语音答案" | "简答" => {
                Self::Ear
            }
            "tag" | "tags" | "label" | "labels" | "category" | "标签" | "分类" => Self::Tags,
            "language" | "lang" | "locale" | "语言" => Self::Language,
            "audience" | "受众" | "对象" => Self::Audience,
            _ => Self::Unknown,
        }
    }
}

/// Reads a CSV file. It is separated by whichever of comma, semicolon and tab its first row has most of. A cell may hold several questions, one a
/// line or with `|` between them.
pub fn csv(text: &str) -> Imported {
    let mut imported = Imported::default();
    let first = text.lines().next().unwrap_or_default();
    let separator = [b',', b';', b'\t'].into_iter().rev().max_by_key(|c| first.bytes().filter(|b| b == c).count());
    let mut reader = ::csv::ReaderBuilder::new()
        .delimiter(separator.unwrap_or(b','))
        .flexible(true)
        .trim(::csv::Trim::All)
        .from_reader(text.as_bytes());
    let columns: Vec<Column> = match reader.headers() {
        Ok(names) => {
            for name in names.iter().filter(|name| !name.is_empty() && Column::named(name) == Column::Unknown) {
                imported.note(1, Missed::UnknownColumn, name);
            }
            names.iter().map(Column::named).collect()
        }
        Err(error) => {
            imported.note(1, Missed::Unreadable, &error.to_string());
            return imported;
        }
    };
    if !columns.contains(&Column::Question) || !(columns.contains(&Column::Eye) || columns.contains(&Column::Ear)) {
        imported.note(1, Missed::NothingFound, first);
        return imported;
    }
    // Rows with one answer are ways of asking for it.
    let mut rows: Vec<(usize, Article)> = Vec::new();
    let mut by_answer: HashMap<(String, String), usize> = HashMap::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                imported.note(line_of(error.position()), Missed::Unreadable, &error.to_string());
                continue;
            }
        };
        if record.iter().all(str::is_empty) {
            continue;
        }
        let line = line_of(record.position()).unwrap_or(0);
        let article = row(&columns, &record, line, &mut imported);
        let answer = (article.eye.clone(), article.ear.clone());
        match by_answer.get(&answer) {
            Some(&at) if !answer.0.is_empty() || !answer.1.is_empty() => {
                rows[at].1.questions.extend(article.questions);
                rows[at].1.tags.extend(article.tags);
            }
            _ => {
                by_answer.insert(answer, rows.len());
                rows.push((line, article));
            }
        }
    }
    for (line, article) in rows {
        imported.add(line, article);
    }
    imported.ended()
}

fn line_of(position: Option<&::csv::Position>) -> Option<usize> {
    position.map(|position| position.line() as usize)
}

fn row(columns: &[Column], record: &::csv::StringRecord, line: usize, imported: &mut Imported) -> Article {
    let mut article = Article::default();
    let mut language = None;
    for (column, cell) in columns.iter().zip(record).filter(|(_, cell)| !cell.is_empty()) {
        match column {
            Column::Question => article.questions.extend(cell.split(['\n', '|']).map(str::to_owned)),
            Column::Eye if article.eye.is_empty() => article.eye = cell.to_owned(),
            Column::Eye => article.eye.push_str(&format!("\n\n{cell}")),
            Column::Ear => article.ear = cell.to_owned(),
            Column::Tags => article.tags.extend(cell.split([',', ';', '|', '，', '、']).map(str::to_owned)),
            Column::Language => match cell.parse() {
                Ok(known) => language = Some(known),
                Err(_) => imported.note(line, Missed::UnknownValue, cell),
            },
            Column::Audience => match cell.to_lowercase().as_str() {
                "caller" | "callers" | "public" | "来电者" | "客户" => article.audience = Audience::Caller,
                "agent" | "agents" | "internal" | "座席" | "内部" => article.audience = Audience::Agent,
                // In doubt it is not told to callers.
                other => {
                    imported.note(line, Missed::UnknownValue, other);
                    article.audience = Audience::Agent;
                }
            },
            Column::Unknown => {}
        }
    }
    let answer = if article.eye.is_empty() { &article.ear } else { &article.eye };
    article.language = language.unwrap_or_else(|| language_of(&article.questions, answer));
    article
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Language, knowledge::import::Note};

    fn notes(imported: &Imported) -> Vec<(Option<usize>, Missed, &str)> {
        imported.notes.iter().map(|Note { line, what, text }| (*line, *what, text.as_str())).collect()
    }

    #[test]
    fn a_row_is_an_article() {
        let file = "question,answer,ear,tags,audience,language\n\
                    When are you open?|Opening hours,From **nine** to five.,Nine to five.,\"shop, hours\",agents,en-GB\n";
        let imported = csv(file);
        let article = &imported.articles[0];
        assert_eq!(article.questions, ["When are you open?", "Opening hours"]);
        assert_eq!((article.eye.as_str(), article.ear.as_str()), ("From **nine** to five.", "Nine to five."));
        assert_eq!(article.tags, ["shop", "hours"]);
        assert_eq!((article.audience, article.language), (Audience::Agent, Language::English));
        assert_eq!(imported.notes, []);
    }

    #[test]
    fn rows_with_one_answer_are_ways_of_asking() {
        let imported = csv("问题;答案\n怎么退款;七天内可以退款。\n能退钱吗;七天内可以退款。\n几点开门;九点。\n");
        assert_eq!(imported.articles.len(), 2);
        assert_eq!(imported.articles[0].questions, ["怎么退款", "能退钱吗"]);
        assert_eq!(imported.articles[0].language, Language::Chinese);
    }

    #[test]
    fn what_is_not_taken_is_said_with_its_line() {
        for (file, expected) in [
            (
                "question,answer\nWhere?,\n,There.\n",
                vec![(Some(2), Missed::NoAnswer, "Where?"), (Some(3), Missed::NoQuestion, "There.")],
            ),
            ("question,answer,colour\nA?,B.,red\n", vec![(Some(1), Missed::UnknownColumn, "colour")]),
            ("question,answer\nA?,B.\na,C.\n", vec![(Some(3), Missed::Repeated, "a")]),
            ("question,answer,language\nA?,B.,fr\n", vec![(Some(2), Missed::UnknownValue, "fr")]),
            (
                "name,price\nbike,5\n",
                vec![
                    (Some(1), Missed::UnknownColumn, "name"),
                    (Some(1), Missed::UnknownColumn, "price"),
                    (Some(1), Missed::NothingFound, "name,price"),
                ],
            ),
            ("", vec![(Some(1), Missed::NothingFound, "")]),
        ] {
            assert_eq!(notes(&csv(file)), expected, "{file}");
        }
    }

    #[test]
    fn an_audience_that_is_not_understood_keeps_callers_out() {
        let imported = csv("question,answer,audience\nA?,B.,staff only\n");
        assert_eq!(imported.articles[0].audience, Audience::Agent);
    }
}
