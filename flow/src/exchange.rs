//! Flows of other products, read into our own. An export is told by its content, mapped as far as there is a counterpart, and comes with a
//! report that names every state of it: what became of it, what is lost, and what a person must finish. Nothing here decides
//! whether the result may be published; that is [`validate`](crate::validate())'s business, whose findings come along.
//!
//! | module | holds |
//! |---|---|
//! | `twilio` | Twilio Studio |
//! | `connect` | Amazon Connect, 2019-10-30 |
//! | `connect_console` | Amazon Connect as its console once exported it |
//! | `liquid` | the templates of Twilio |
//! | `value` | values of an export as templates and conditions |
//! | `words` | names and prompts |
//! | `building`, `finishing` | the flow while it is put together |
//! | `report` | what became of each state |

mod building;
mod connect;
mod connect_console;
mod finishing;
mod liquid;
mod report;
mod twilio;
mod value;
mod words;

use intent::Language;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{Finding, Flow, document::QueueRef, parse, validate};
pub use report::{Counts, Item, Report, Status};

/// The largest export, in bytes.
const LARGEST: usize = 4 * 1024 * 1024;
/// The most states.
const MOST_STATES: usize = 1_000;
/// The most ways out of one state.
const MOST_WAYS: usize = 200;
/// The most blocks that they may become.
const MOST_BLOCKS: usize = 2_000;

/// A format that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Twilio Studio: `states` and `initial_state`.
    TwilioStudio,
    /// Amazon Connect, version 2019-10-30: `Actions` and `StartAction`, alone or inside `Content`.
    AmazonConnect,
    /// What the console of Amazon Connect exported before: `modules` and `start`.
    AmazonConnectConsole,
    /// Our own document.
    Hotline,
}

impl Format {
    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Format::TwilioStudio => "Twilio Studio",
            Format::AmazonConnect => "Amazon Connect",
            Format::AmazonConnectConsole => "Amazon Connect (console export)",
            Format::Hotline => "Hotline",
        }
    }
}

/// What an export does not say.
#[derive(Clone, Debug)]
pub struct Options {
    /// The languages of the flow. An export has words in one; it is that one when this is empty.
    pub languages: Vec<Language>,
    /// Where callers go whose queue the export does not name.
    pub queue: QueueRef,
}

impl Default for Options {
    fn default() -> Self {
        Options { languages: Vec::new(), queue: QueueRef { id: "service".to_owned(), name: "Service".to_owned() } }
    }
}

/// What an export became.
#[derive(Clone, Debug, Serialize)]
pub struct Imported {
    /// What it was.
    pub format: Format,
    /// The flow; [`Flow::to_json`] writes it.
    pub document: Flow,
    /// What became of each state.
    pub report: Report,
    /// What [`validate`](crate::validate()) says of the flow.
    pub findings: Vec<Finding>,
}

/// Why a file cannot be imported at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is larger than any flow.
    #[error("the file holds {0}; divide it into several flows")]
    TooLarge(String),
    /// It is not JSON; with line and column.
    #[error("this is not JSON: {0}")]
    NotJson(String),
    /// It is JSON of no format that is known.
    #[error(
        "this is no call flow that can be read: Twilio Studio has \"states\" and \"initial_state\", Amazon Connect \"Actions\" and \
         \"StartAction\" (or \"modules\" and \"start\"), Hotline \"blocks\" and \"start\""
    )]
    UnknownFormat,
    /// It is of a format, but not as that format is.
    #[error("{}, at {place}: {message}", format.name())]
    Malformed {
        /// The format.
        format: Format,
        /// A JSON pointer.
        place: String,
        /// What is wrong there.
        message: String,
    },
    /// It is our own document, but not well formed.
    #[error("this flow cannot be read: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))]
    Document(Vec<Finding>),
}

/// Reads an export. What can be mapped is mapped, what cannot is in the report; only a file that is no such export, or is broken, is
/// refused.
pub fn import(text: &str, options: &Options) -> Result<Imported, Refused> {
    if text.len() > LARGEST {
        return Err(Refused::TooLarge(format!("more than {LARGEST} bytes")));
    }
    let document = json(text.trim_start_matches('\u{feff}'))?;
    let (format, document, about) = unwrapped(document)?;
    match format {
        Format::TwilioStudio => twilio::import(&document, &about, options),
        Format::AmazonConnect => connect::import(&document, &about, options),
        Format::AmazonConnectConsole => connect_console::import(&document, options),
        Format::Hotline => own(text.trim_start_matches('\u{feff}')),
    }
}

fn json(text: &str) -> Result<Value, Refused> {
    serde_json::from_str(text).map_err(|error| Refused::NotJson(error.to_string()))
}

/// What the wrapper of a flow says about it.
#[derive(Clone, Debug, Default)]
struct About {
    name: Option<String>,
    kind: Option<String>,
}

/// The flow itself and its format. `describe-contact-flow` of Amazon gives it as a text inside `Content`.
fn unwrapped(document: Value) -> Result<(Format, Value, About), Refused> {
    if let Some(format) = format_of(&document) {
        return Ok((format, document, About::default()));
    }
    let outer = match &document {
        Value::Object(members) => {
            ["ContactFlow", "ContactFlowModule"].iter().find_map(|name| members.get(*name)).unwrap_or(&document)
        }
        _ => return Err(Refused::UnknownFormat),
    };
    let text = |name: &str| outer.get(name).and_then(Value::as_str).map(str::to_owned);
    let about = About { name: text("Name").or(text("friendly_name")), kind: text("Type") };
    let inner = match outer.get("Content") {
        Some(Value::String(content)) => json(content)?,
        Some(content @ Value::Object(_)) => content.clone(),
        // Twilio's API gives a flow inside `definition`.
        _ => match outer.get("definition") {
            Some(definition @ Value::Object(_)) => definition.clone(),
            _ => return Err(Refused::UnknownFormat),
        },
    };
    let format = format_of(&inner).filter(|format| *format != Format::Hotline).ok_or(Refused::UnknownFormat)?;
    Ok((format, inner, about))
}

fn format_of(document: &Value) -> Option<Format> {
    let has = |name: &str| document.get(name).is_some();
    if has("states") && has("initial_state") {
        Some(Format::TwilioStudio)
    } else if has("Actions") && has("StartAction") {
        Some(Format::AmazonConnect)
    } else if has("modules") && has("start") {
        Some(Format::AmazonConnectConsole)
    } else if has("blocks") && (has("schema_version") || has("start")) {
        Some(Format::Hotline)
    } else {
        None
    }
}

/// Our own document needs no mapping.
fn own(text: &str) -> Result<Imported, Refused> {
    let document = parse(text).map_err(Refused::Document)?;
    let findings = validate(&document);
    let items = document
        .blocks
        .iter()
        .map(|block| Item {
            source: block.id.clone(),
            kind: block.kind.clone(),
            status: Status::Mapped,
            block: Some(block.id.clone()),
            message: String::new(),
        })
        .collect();
    let mut report = Report::new(items);
    report.explain(&findings);
    Ok(Imported { format: Format::Hotline, document, report, findings })
}

/// Takes values out of an export and says where one is not as it should be.
#[derive(Clone, Copy)]
struct Reading(Format);

impl Reading {
    fn wrong(self, place: impl Into<String>, message: impl Into<String>) -> Refused {
        Refused::Malformed { format: self.0, place: place.into(), message: message.into() }
    }

    fn object<'v>(self, value: &'v Value, place: &str) -> Result<&'v Map<String, Value>, Refused> {
        value.as_object().ok_or_else(|| self.wrong(place, "an object belongs here"))
    }

    /// A list; one that is not there is empty.
    fn list<'v>(self, value: Option<&'v Value>, place: &str, most: usize) -> Result<&'v [Value], Refused> {
        match value {
            None | Some(Value::Null) => Ok(&[]),
            Some(Value::Array(items)) if items.len() <= most => Ok(items),
            Some(Value::Array(items)) => {
                Err(Refused::TooLarge(format!("{} entries at {place}, of which {most} are possible", items.len())))
            }
            Some(_) => Err(self.wrong(place, "a list belongs here")),
        }
    }

    /// A text that must be there.
    fn text(self, members: &Map<String, Value>, name: &str, place: &str) -> Result<String, Refused> {
        match members.get(name) {
            Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
            _ => Err(self.wrong(format!("{place}/{name}"), "a text that is not empty belongs here")),
        }
    }

    /// A text that may be missing or empty.
    fn maybe(self, members: &Map<String, Value>, name: &str, place: &str) -> Result<Option<String>, Refused> {
        match members.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            Some(_) => Err(self.wrong(format!("{place}/{name}"), "a text belongs here")),
        }
    }
}

/// A setting as a text, whether it was written as a text, a number or a flag.
fn setting(members: &Map<String, Value>, name: &str) -> Option<String> {
    match members.get(name)? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// A setting as a number.
fn number(members: &Map<String, Value>, name: &str) -> Option<f64> {
    setting(members, name)?.parse().ok().filter(|number: &f64| number.is_finite())
}

/// The place of a state on the canvas.
fn position(value: Option<&Value>) -> Option<crate::document::Position> {
    let at = |name: &str| value?.get(name)?.as_f64().filter(|number| number.is_finite());
    Some(crate::document::Position { x: at("x")?, y: at("y")? })
}
