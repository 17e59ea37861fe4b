//! The block registry: what each kind of block is called, takes and leads to, declared once in [`blocks`]. The parser, the
//! validator, the JSON Schema, the editor's forms and the reference page all read these declarations; what a block *does*
//! stands in [`run`](crate::run).

mod declared;

use serde::Serialize;
use serde_json::Value;

/// A kind of block.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct BlockSpec {
    /// The value of `type` in a document.
    pub name: &'static str,
    /// What it is called in English.
    pub title_en: &'static str,
    /// What it is called in Chinese.
    pub title_zh: &'static str,
    /// The drawer of the palette it lies in.
    pub category: Category,
    /// Its parameters.
    pub fields: &'static [FieldSpec],
    /// Its edges, beside those that a field brings ([`FieldType::brings_edges`]).
    pub edges: &'static [EdgeSpec],
    /// What it does, in English.
    pub help_en: &'static str,
    /// What it does, in Chinese.
    pub help_zh: &'static str,
}

/// The drawers of the palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// The caller hears something.
    Speak,
    /// The caller answers.
    Listen,
    /// Something is looked up.
    Know,
    /// The way divides.
    Decide,
    /// Something is remembered for later.
    State,
    /// A person takes over.
    HandOver,
    /// Something is written down.
    Record,
    /// The shape of the flow itself.
    Structure,
}

/// A parameter of a block, or a column of a table of them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FieldSpec {
    /// Its name in `params`.
    pub name: &'static str,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Whether it must be there.
    pub required: bool,
    /// The value when it is not there, as JSON; `None` when being absent means something of its own.
    pub default: Option<&'static str>,
    /// A value that makes sense, as JSON.
    pub example: &'static str,
    /// What it is for, in English.
    pub help_en: &'static str,
    /// What it is for, in Chinese.
    pub help_zh: &'static str,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FieldType {
    /// A prompt: text with templates, per language.
    Texts,
    /// Several prompts.
    TextsList,
    /// Lists of phrases, per language.
    Phrases,
    /// Text with templates that no caller hears.
    Template,
    /// Several of those.
    Templates,
    /// Text with templates, by name.
    TemplateMap,
    /// An address with templates; what comes from callers or replies is percent-encoded in it.
    Url,
    /// JSON with templates in its strings.
    Json,
    /// A CEL expression that is true or false.
    Expression,
    /// A name that templates and expressions can use.
    Name,
    /// A key of the telephone: one of `0`–`9`, `*`, `#`.
    Key,
    /// The name of an edge that this row adds to the block.
    Edge,
    /// A whole number.
    Integer {
        /// The least.
        min: u64,
        /// The greatest.
        max: u64,
    },
    /// A share from 0 to 1.
    Share,
    /// True or false.
    Flag,
    /// One of a few words.
    Choice {
        /// The words.
        words: &'static [&'static str],
    },
    /// Names of the flow's intents; each is an edge of the block.
    Intents,
    /// One of the flow's queues.
    Queue,
    /// One of the flow's sub-flows.
    SubFlow,
    /// Days of the week: `mon` to `sun`.
    Weekdays,
    /// A time of day, `09:00`; `24:00` is the end of the day.
    Time,
    /// A day, `2026-12-25`.
    Date,
    /// A table.
    Rows {
        /// Its columns.
        columns: &'static [FieldSpec],
    },
}

impl FieldType {
    /// Whether the values of such a field are edges of the block.
    pub fn brings_edges(&self) -> bool {
        match self {
            FieldType::Intents => true,
            FieldType::Rows { columns } => columns.iter().any(|column| column.kind == FieldType::Edge),
            _ => false,
        }
    }

    /// What to write there, for error messages.
    pub(crate) fn wanted(&self) -> String {
        match self {
            FieldType::Texts => "a text per language, such as {\"en\": \"Hello.\"}".into(),
            FieldType::TextsList => "a list of texts per language".into(),
            FieldType::Phrases => "a list of phrases per language, such as {\"en\": [\"yes\"]}".into(),
            FieldType::Template | FieldType::Url => "a text".into(),
            FieldType::Templates => "a list of texts".into(),
            FieldType::TemplateMap => "texts by name, such as {\"Accept\": \"application/json\"}".into(),
            FieldType::Json => "any JSON".into(),
            FieldType::Expression => "a CEL expression as a text".into(),
            FieldType::Name => "a name of lower-case letters, digits and _, beginning with a letter".into(),
            FieldType::Key => "one key as a text: 0-9, * or #".into(),
            FieldType::Edge => "the name of an edge: lower-case letters, digits and _".into(),
            FieldType::Integer { min, max } => format!("a whole number from {min} to {max}"),
            FieldType::Share => "a number from 0 to 1".into(),
            FieldType::Flag => "true or false".into(),
            FieldType::Choice { words } => format!("one of {}", crate::finding::listed(words)),
            FieldType::Intents => "a list of names of intents".into(),
            FieldType::Queue => "the id of one of the flow's queues".into(),
            FieldType::SubFlow => "the id of one of the flow's sub-flows".into(),
            FieldType::Weekdays => "a list of days, such as [\"mon\", \"tue\"]".into(),
            FieldType::Time => "a time of day, such as \"09:00\"".into(),
            FieldType::Date => "a day, such as \"2026-12-25\"".into(),
            FieldType::Rows { .. } => "a list of objects".into(),
        }
    }
}

/// An edge of a block.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct EdgeSpec {
    /// Its name.
    pub name: &'static str,
    /// Whether publishing refuses a flow that leaves it unwired.
    pub required: bool,
    /// When it is taken, in English.
    pub help_en: &'static str,
    /// When it is taken, in Chinese.
    pub help_zh: &'static str,
}

/// Every kind of block, in the order of the palette.
pub fn blocks() -> &'static [BlockSpec] {
    declared::BLOCKS
}

/// The kind of block with a name.
pub fn block(name: &str) -> Option<&'static BlockSpec> {
    declared::BLOCKS.iter().find(|spec| spec.name == name)
}

impl BlockSpec {
    /// The parameter with a name.
    pub fn field(&self, name: &str) -> Option<&'static FieldSpec> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The edge with a name, among those that do not come from a field.
    pub fn edge(&self, name: &str) -> Option<&'static EdgeSpec> {
        self.edges.iter().find(|edge| edge.name == name)
    }

    /// Whether it asks the caller something.
    pub fn listens(&self) -> bool {
        self.field("max_tries").is_some()
    }

    /// Whether it waits for people, so that nothing goes round without them.
    pub fn waits(&self) -> bool {
        self.listens() || self.reaches_a_person() || self.name == "sub_flow"
    }

    /// Whether a person hears of the caller here.
    pub fn reaches_a_person(&self) -> bool {
        matches!(self.name, "to_queue" | "transfer" | "callback" | "voicemail")
    }
}

impl FieldSpec {
    /// The default as a value.
    pub fn default_value(&self) -> Option<Value> {
        self.default.and_then(|json| serde_json::from_str(json).ok())
    }
}
