//! What a file of another program becomes: a training set and, beside it, everything else that was said about it, with a report.
//! Plain data; the readers fill it through `Builder`, and whoever imports decides what to keep.

use std::{collections::HashMap, fmt, ops::Range};

use serde::{Deserialize, Serialize};

use crate::{Language, TrainingSet};

/// The formats that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Rasa 2 and 3: `nlu.yml`, `domain.yml`, `responses.yml`.
    Rasa,
    /// Rasa 1: `nlu.md`.
    RasaMarkdown,
    /// An agent of Dialogflow ES, as a zip or as its files.
    Dialogflow,
    /// Amazon Lex V1: one JSON file, alone or in a zip.
    LexV1,
    /// Amazon Lex V2: a zip with a folder for each locale.
    LexV2,
    /// A table with a header: `text,intent,lang`.
    Csv,
    /// One JSON object a line: `{"text": …, "intent": …, "lang": …}`; a JSON array of such objects is read, too.
    JsonLines,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Rasa, Self::RasaMarkdown, Self::Dialogflow, Self::LexV1, Self::LexV2, Self::Csv, Self::JsonLines];

    /// The name as an admin knows it.
    pub fn title(self) -> &'static str {
        match self {
            Format::Rasa => "Rasa YAML",
            Format::RasaMarkdown => "Rasa Markdown",
            Format::Dialogflow => "Dialogflow ES",
            Format::LexV1 => "Amazon Lex V1",
            Format::LexV2 => "Amazon Lex V2",
            Format::Csv => "CSV",
            Format::JsonLines => "JSON Lines",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
    }
}

/// A file, or several, read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Import {
    /// The formats found, each once, in the order of the files.
    pub formats: Vec<Format>,
    /// What came over.
    pub content: Content,
    /// What did not, what was changed on the way, and what deserves a look; errors first.
    pub report: Vec<Finding>,
}

impl Import {
    /// The findings of one severity.
    pub fn of(&self, severity: Severity) -> impl Iterator<Item = &Finding> {
        self.report.iter().filter(move |finding| finding.severity == severity)
    }
}

/// Training data with what the formats know beyond intents and examples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// Intents with their examples, and the lines that belong to none.
    pub training: TrainingSet,
    /// Values marked in examples.
    pub annotated: Vec<Annotated>,
    /// Lists of values with their synonyms: Rasa's lookup tables and synonyms, Dialogflow's and Lex's own types.
    pub lists: Vec<List>,
    /// Regular expressions by the name of what they find, in the spelling of their source; nothing here runs them.
    pub patterns: Vec<Pattern>,
    /// What an intent asks for.
    pub slots: Vec<Slot>,
    /// What the bot said.
    pub answers: Vec<Answer>,
}

impl Content {
    /// A training set and nothing beside it.
    pub fn new(training: TrainingSet) -> Self {
        Content {
            training,
            annotated: Vec::new(),
            lists: Vec::new(),
            patterns: Vec::new(),
            slots: Vec::new(),
            answers: Vec::new(),
        }
    }

    /// The values marked in an example of an intent (`None`: an out-of-scope line).
    pub fn entities(&self, intent: Option<&str>, text: &str) -> &[Entity] {
        let found = self.annotated.iter().find(|a| a.intent.as_deref() == intent && a.text == text);
        found.map_or(&[], |annotated| &annotated.entities)
    }

    /// The same for all examples, for whoever asks for many.
    pub(super) fn marks(&self) -> HashMap<(Option<&str>, &str), &[Entity]> {
        let marks = self.annotated.iter();
        marks.map(|a| ((a.intent.as_deref(), a.text.as_str()), a.entities.as_slice())).collect()
    }
}

/// An example with values marked in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annotated {
    /// Its intent; `None` for an out-of-scope line.
    pub intent: Option<String>,
    /// The example, as it stands in the training set.
    pub text: String,
    /// The values, in the order of the text.
    pub entities: Vec<Entity>,
}

/// A value marked in an example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// What it is: the entity of Rasa, the parameter of Dialogflow, the slot of Lex.
    pub slot: String,
    /// Its part, where a slot has several: `from`, `to`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Which of several things it belongs to: the first pizza, the second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The value meant; the words themselves unless a synonym says otherwise.
    pub value: String,
    /// Where it stands in the text, in bytes of UTF-8.
    pub span: Range<usize>,
}

/// A list of values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// Its name.
    pub name: String,
    /// The values; each once.
    pub entries: Vec<Entry>,
    /// Whether the source also accepts values that are not in the list.
    #[serde(default)]
    pub open: bool,
    /// Whether the source also accepts what merely sounds or looks alike.
    #[serde(default)]
    pub fuzzy: bool,
}

/// A value of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The value that the flow sees; also one of the ways of saying it.
    pub value: String,
    /// Other ways of saying it.
    #[serde(default)]
    pub synonyms: Vec<String>,
}

/// A regular expression.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pattern {
    /// What it finds.
    pub name: String,
    /// The expression, in the spelling of its source (Python, RE2 or Java).
    pub regex: String,
}

/// Something that an intent asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// The intent.
    pub intent: String,
    /// Its name there.
    pub name: String,
    /// What kind of value it takes.
    pub kind: ValueKind,
    /// The type as the source spells it: `AMAZON.DATE`, `@sys.date`, `TravelPlan`.
    pub source: String,
    /// Whether the intent is incomplete without it.
    pub required: bool,
    /// Whether it may hold several values.
    pub many: bool,
    /// The questions for it.
    pub prompts: Vec<Said>,
}

/// What kind of value a slot takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueKind {
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// A day with a time.
    DateTime,
    /// A length of time.
    Duration,
    /// A number or an amount.
    Number,
    /// Digits said one by one: a PIN, an order number.
    Digits,
    /// An amount of money.
    Money,
    /// A telephone number.
    Phone,
    /// An address for mail.
    Email,
    /// A web address.
    Url,
    /// Somebody's name.
    Person,
    /// A town, a country, an address.
    Place,
    /// Yes or no.
    YesNo,
    /// One of a [`List`] that has the name of the slot's type.
    List,
    /// Something that a [`Pattern`] with the name of the slot's type finds.
    Pattern,
    /// Anything at all.
    Text,
    /// A type that Hotline has nothing for.
    Other,
}

/// What the bot said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The name of the answer in the source: `utter_greet`, or that of the intent.
    pub name: String,
    /// The intent that it answers, where the source says so.
    pub intent: Option<String>,
    /// The wordings, any of which will do.
    pub texts: Vec<Said>,
}

/// Words that the bot says, with their language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The words.
    pub text: String,
    /// Their language.
    pub language: Language,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Something was left out that the bot would need to understand people.
    Error,
    /// Something came over changed, or should be looked at before it is published.
    Warning,
    /// Something that Hotline has no place for, or that was tidied up on the way.
    Note,
}

/// What a finding is about, for whoever groups or translates them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A file, or a part of it, that cannot be read.
    Unreadable,
    /// A file in another encoding than UTF-8.
    Encoding,
    /// A file that no format knows.
    UnknownFile,
    /// A language that Hotline does not understand.
    Language,
    /// A row or an item with something missing.
    Incomplete,
    /// A limit was reached.
    Limit,
    /// An intent that nothing can be learnt from.
    NoExamples,
    /// One example in two intents.
    SharedExample,
    /// An example that an intent has twice.
    RepeatedExample,
    /// A name that is used twice.
    RepeatedName,
    /// A value or synonym that a list has twice.
    RepeatedValue,
    /// Examples that became out-of-scope lines.
    OutOfScope,
    /// Words that stand in for a slot.
    StandIn,
    /// A value marked in an example that cannot be read or written.
    Annotation,
    /// Something that Hotline, or the format written, has no place for.
    NoPlace,
    /// A guess that may be wrong.
    Guess,
}

/// Where something stands in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The file, with its path inside an archive.
    pub file: String,
    /// The line, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The path in a JSON document, as in RFC 9535: `$.responses[0].messages[1]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

impl Place {
    /// A whole file.
    pub fn file(file: impl Into<String>) -> Self {
        Place { file: file.into(), line: None, path: None }
    }

    /// A line of a file, counted from 1.
    pub fn line(file: impl Into<String>, line: usize) -> Self {
        Place { line: Some(line), ..Place::file(file) }
    }

    /// A value in a JSON file.
    pub fn path(file: impl Into<String>, path: impl Into<String>) -> Self {
        Place { path: Some(path.into()), ..Place::file(file) }
    }

    /// Something inside what stands here.
    pub(super) fn inside(&self, more: &str) -> Self {
        Place { path: Some(format!("{}{more}", self.path.as_deref().unwrap_or("$"))), ..self.clone() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        self.path.as_ref().map_or(Ok(()), |path| write!(f, ", {path}"))
    }
}

/// One line of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// What it is about.
    pub kind: Kind,
    /// The thing: `intent refund`, `list colour`.
    pub item: String,
    /// Where it stands.
    pub place: Place,
    /// What happened.
    pub message: String,
    /// What to do, empty when there is nothing to do.
    pub advice: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        write!(f, "{severity}: {}: {}: {}", self.place, self.item, self.message)?;
        if self.advice.is_empty() { Ok(()) } else { write!(f, "; {}", self.advice) }
    }
}

/// A file that a training set was written to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// The file, in UTF-8.
    pub text: String,
    /// What the format has no place for.
    pub report: Vec<Finding>,
}

/// Why nothing was read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// More bytes than are taken.
    #[error("{file} is larger than {limit} MiB; split it")]
    TooLarge {
        /// The file.
        file: String,
        /// The limit, in MiB.
        limit: usize,
    },
    /// An archive that is damaged, locked, or unpacks to more than is taken.
    #[error("{file}: {reason}")]
    Archive {
        /// The file.
        file: String,
        /// Why, and what to do.
        reason: String,
    },
    /// Nothing of what is known.
    #[error("{file}: {reason}")]
    Unknown {
        /// The file, or the first of several.
        file: String,
        /// What it seems to be, and what to do.
        reason: String,
    },
    /// A file of a known format that breaks the rules of its syntax.
    #[error("{place}: {reason}")]
    Syntax {
        /// Where.
        place: Place,
        /// Why, and what to do.
        reason: String,
    },
    /// A format that is read but not written.
    #[error("{0} is read but not written; use Rasa YAML, CSV or JSON Lines")]
    ReadOnly(Format),
}
