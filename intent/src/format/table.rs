//! Tables: `text,intent,lang` in any order, under the names that people give them, with any of the usual delimiters. A row
//! without a text names an intent that has no examples yet.

use std::collections::HashSet;

use csv::{ReaderBuilder, StringRecord, Terminator, WriterBuilder};

use super::builder::{Builder, head};
use super::import::{Content, Export, Format, FormatError, Kind, Place};
use super::report::{self, Held};
use crate::{Language, evaluate::OUT_OF_SCOPE};

/// The columns by the names they go by, in lower case.
pub(super) const TEXT: [&str; 18] = [
    "text",
    "utterance",
    "example",
    "examples",
    "phrase",
    "query",
    "sentence",
    "question",
    "message",
    "sample",
    "user_input",
    "文本",
    "例句",
    "话术",
    "问题",
    "语句",
    "句子",
    "内容",
];
pub(super) const INTENT: [&str; 10] =
    ["intent", "label", "category", "class", "intent_name", "target", "意图", "标签", "类别", "分类"];
pub(super) const LANGUAGE: [&str; 6] = ["lang", "language", "locale", "语言", "语种", "language_code"];

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// A field of more lines than this is rather a quote that was never closed.
const MAX_LINES: usize = 20;

/// Which column is which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Columns {
    text: usize,
    intent: usize,
    language: Option<usize>,
}

impl Columns {
    fn of(header: &StringRecord) -> Option<Columns> {
        let find = |names: &[&str]| header.iter().position(|name| names.contains(&name.trim().to_lowercase().as_str()));
        Some(Columns { text: find(&TEXT)?, intent: find(&INTENT)?, language: find(&LANGUAGE) })
    }
}

fn records(text: &str, delimiter: u8) -> impl Iterator<Item = (usize, StringRecord)> + '_ {
    let reader =
        ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(text.as_bytes());
    // The text is UTF-8 and rows may be of any length: nothing is left that can go wrong.
    reader.into_records().filter_map(Result::ok).map(|record| {
        let line = record.position().map_or(1, |position| position.line() as usize);
        (line, record)
    })
}

/// The delimiter and the columns: by the header, or else by what the rows look like. `true` where there is no header.
fn layout(text: &str) -> Option<(u8, Columns, bool)> {
    for delimiter in DELIMITERS {
        let header = records(text, delimiter).next();
        if let Some(columns) = header.and_then(|(_, header)| Columns::of(&header)) {
            return Some((delimiter, columns, false));
        }
    }
    DELIMITERS.into_iter().find_map(|delimiter| {
        let rows: Vec<_> = records(text, delimiter).map(|(_, row)| row).take(200).collect();
        let width = rows.first()?.len();
        if !(2..=3).contains(&width) || rows.iter().any(|row| row.len() != width) {
            return None;
        }
        // An intent is written again and again, and without spaces; an example is not.
        let weight = |column: usize| {
            let cells: Vec<&str> = rows.iter().filter_map(|row| row.get(column)).map(str::trim).collect();
            let distinct = cells.iter().collect::<HashSet<_>>().len();
            let spaces = cells.iter().filter(|cell| cell.contains(char::is_whitespace)).count();
            let length = cells.iter().map(|cell| cell.chars().count()).sum::<usize>();
            (distinct + spaces, length)
        };
        // People speak in several words, or in Chinese.
        let is_speech = |column: usize| {
            let words =
                |cell: &str| cell.trim().contains(char::is_whitespace) || Language::detect(cell) == Language::Chinese;
            2 * rows.iter().filter(|row| words(&row[column])).count() >= rows.len()
        };
        let is_language = |column: usize| rows.iter().all(|row| row[column].trim().parse::<Language>().is_ok());
        let language = (0..width).find(|column| is_language(*column));
        let mut others: Vec<_> = (0..width).filter(|column| Some(*column) != language).collect();
        others.sort_by_key(|column| weight(*column));
        match others[..] {
            [intent, text] if weight(intent) != weight(text) && is_speech(text) => {
                Some((delimiter, Columns { text, intent, language }, true))
            }
            _ => None,
        }
    })
}

/// Whether a text has rows of a table that are understood.
pub(super) fn looks_like_table(text: &str) -> bool {
    layout(text).is_some()
}

pub(super) fn read(builder: &mut Builder, file: &str, text: &str) -> Result<(), FormatError> {
    let Some((delimiter, columns, no_header)) = layout(text) else {
        let first = text.lines().next().unwrap_or_default();
        return Err(FormatError::Unknown {
            file: file.to_owned(),
            reason: format!(
                "its first row {:?} names no column for the text and none for the intent; write text,intent,lang above the rows",
                head(first)
            ),
        });
    };
    builder.format(Format::Csv);
    let place = Place::line(file, 1);
    if no_header {
        let message = format!(
            "it has no header; column {} was taken for the text and column {} for the intent",
            columns.text + 1,
            columns.intent + 1
        );
        builder.warning(
            Kind::Guess,
            "the header",
            &place,
            message,
            "write text,intent,lang above the rows if that is wrong",
        );
    }
    for (index, (line, row)) in records(text, delimiter).enumerate() {
        if index == 0 && !no_header {
            other_columns(builder, &row, columns, &place);
            continue;
        }
        self::row(builder, &row, columns, &Place::line(file, line));
    }
    Ok(())
}

fn other_columns(builder: &mut Builder, header: &StringRecord, columns: Columns, place: &Place) {
    let known = [Some(columns.text), Some(columns.intent), columns.language];
    let other: Vec<_> =
        header.iter().enumerate().filter(|(index, _)| !known.contains(&Some(*index))).map(|(_, name)| name).collect();
    if !other.is_empty() {
        let message = format!("{} not taken; only text, intent and lang are", other.join(", "));
        builder.note(Kind::NoPlace, "columns", place, message, "");
    }
}

fn row(builder: &mut Builder, row: &StringRecord, columns: Columns, place: &Place) {
    let cell = |column: usize| row.get(column).unwrap_or_default().trim();
    let (text, intent) = (cell(columns.text), cell(columns.intent));
    if text.lines().count() > MAX_LINES {
        let message =
            format!("{:?} goes on for {} lines; a quote seems to be missing", head(text), text.lines().count());
        builder.error(Kind::Incomplete, "a row", place, message, "close the quote at its end, and import again");
    }
    if intent.is_empty() {
        if row.iter().any(|cell| !cell.trim().is_empty()) {
            let message = format!("{:?} has no intent; it was left out", head(text));
            builder.error(Kind::Incomplete, "a row", place, message, "name the intent, or oos for none");
        }
        return;
    }
    let code = columns.language.map(cell).unwrap_or_default();
    let Some(language) = language(builder, code, text, place) else { return };
    let Some(to) = builder.target(intent, place) else { return };
    if !text.is_empty() {
        builder.example(to, text, language, Vec::new(), place);
    }
}

/// The language of a code, `Some(None)` where none is stated. `None`, with a finding, when it is not understood.
pub(super) fn language(builder: &mut Builder, code: &str, text: &str, place: &Place) -> Option<Option<Language>> {
    if code.is_empty() {
        return Some(None);
    }
    let known = code.parse().or_else(|error| match code.to_lowercase().as_str() {
        "english" | "eng" | "英文" | "英语" => Ok(Language::English),
        "chinese" | "zho" | "chi" | "cn" | "mandarin" | "中文" | "汉语" => Ok(Language::Chinese),
        _ => Err(error),
    });
    match known {
        Ok(language) => Some(Some(language)),
        Err(_) => {
            let message = format!("{:?} is in {code}; it was left out", head(text));
            builder.error(Kind::Language, "a row", place, message, "Hotline understands en and zh-CN");
            None
        }
    }
}

/// Writes a table after RFC 4180, with a byte order mark, without which Excel takes Chinese for something else. Intents and
/// examples keep their order; out-of-scope lines come last, as `oos`.
pub(super) fn write(content: &Content) -> Export {
    let report = report::not_written(
        content,
        Format::Csv,
        &Held { names: &[], lists: false, patterns: false, marks: false, slots: false },
    );
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer("\u{feff}".as_bytes().to_vec());
    let mut row = |text: &str, intent: &str, language: &str| {
        // A vector takes any amount.
        let _ = writer.write_record([text, intent, language]);
    };
    row("text", "intent", "lang");
    for def in &content.training.intents {
        if report::written(&def.examples).next().is_none() {
            row("", &def.name, "");
        }
        report::written(&def.examples).for_each(|example| row(&example.text, &def.name, example.language.code()));
    }
    report::written(&content.training.out_of_scope).for_each(|one| row(&one.text, OUT_OF_SCOPE, one.language.code()));
    let bytes = writer.into_inner().unwrap_or_default();
    Export { text: String::from_utf8_lossy(&bytes).into_owned(), report }
}
