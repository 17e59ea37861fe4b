//! Flows, and the declarations of their blocks.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::event::{Timestamp, UserId};
use crate::flows::hash;
use crate::store::FlowState;

/// One flow, as a list shows it.
#[derive(Debug, Serialize, ToSchema)]
pub struct FlowSummary {
    /// Which flow.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Changes whenever the flow does.
    pub version: String,
    /// The languages it speaks, e.g. `en`; the first is the default.
    pub languages: Vec<String>,
    /// How many blocks it has.
    pub blocks: usize,
}

impl From<&flow::Flow> for FlowSummary {
    fn from(flow: &flow::Flow) -> Self {
        Self {
            id: flow.id.clone(),
            name: flow.name.clone(),
            version: hash(flow),
            languages: flow.languages.iter().map(ToString::to_string).collect(),
            blocks: flow.blocks.len(),
        }
    }
}

/// One flow in full, with the declarations of all kinds of block.
#[derive(Debug, Serialize, ToSchema)]
pub struct FlowDetail {
    /// Which flow.
    pub id: String,
    /// Changes whenever the flow does.
    pub version: String,
    /// The document, as it stands in a flow file.
    #[schema(value_type = std::collections::BTreeMap<String, serde_json::Value>)]
    pub document: flow::Flow,
    /// The kinds of block there are.
    #[schema(value_type = Vec<BlockSpec>)]
    pub blocks: &'static [flow::registry::BlockSpec],
}

impl From<&flow::Flow> for FlowDetail {
    fn from(flow: &flow::Flow) -> Self {
        Self { id: flow.id.clone(), version: hash(flow), document: flow.clone(), blocks: flow::registry::blocks() }
    }
}

/// A published version of the flow.
#[derive(Debug, Serialize, ToSchema)]
pub struct FlowVersion {
    /// Counts from 1.
    pub number: i64,
    /// When it was published.
    pub made_at: Timestamp,
    /// By whom; `null` for what answered before the first publish.
    pub made_by: Option<UserId>,
    /// What was written about it.
    pub note: String,
    /// What became of it.
    pub state: FlowState,
    /// The time that it was scheduled for.
    pub at: Option<Timestamp>,
    /// Of its document; the same document has the same.
    pub hash: String,
    /// How many blocks it has.
    pub blocks: i64,
}

impl From<crate::store::FlowVersion> for FlowVersion {
    fn from(version: crate::store::FlowVersion) -> Self {
        let crate::store::FlowVersion { number, made_at, made_by, note, state, at, hash, blocks } = version;
        Self { number, made_at, made_by, note, state, at, hash, blocks }
    }
}

// The schemas below describe what findings and the registry of the flow crate serialise to. That crate knows no OpenAPI, so they
// stand here a second time; tests read the crate's own through them.

/// One thing that is wrong with a flow.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowFinding {
    /// Whether it prevents publishing.
    pub severity: FlowSeverity,
    /// The block that it is about, where it is about one.
    #[schema(required)]
    pub block: Option<String>,
    /// The place in the document as a JSON pointer, e.g. `/blocks/2/params/prompt`; empty for the document as a whole.
    pub place: String,
    /// A stable name for the kind of finding, e.g. `unwired_edge`.
    pub code: String,
    /// What is wrong, as a sentence.
    pub message: String,
    /// What to do about it, as a sentence.
    pub fix: String,
}

/// How much a finding matters.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlowSeverity {
    /// Works, but is probably not what was meant.
    Warning,
    /// The flow cannot be published.
    Error,
}

/// A kind of block.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockSpec {
    /// The value of `type` in a document.
    pub name: String,
    /// What it is called in English.
    pub title_en: String,
    /// What it is called in Chinese.
    pub title_zh: String,
    /// The drawer of the palette it lies in.
    pub category: BlockCategory,
    /// Its parameters.
    pub fields: Vec<FieldSpec>,
    /// Its edges, beside those that a field brings (`intents`, or a table with a column of kind `edge`).
    pub edges: Vec<EdgeSpec>,
    /// What it does, in English.
    pub help_en: String,
    /// What it does, in Chinese.
    pub help_zh: String,
}

/// The drawers of the palette.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BlockCategory {
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
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldSpec {
    /// Its name in `params`.
    pub name: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Whether it must be there.
    pub required: bool,
    /// The value when it is not there, as JSON in a text; nothing when being absent means something of its own.
    #[schema(required)]
    pub default: Option<String>,
    /// A value that makes sense, as JSON in a text.
    pub example: String,
    /// What it is for, in English.
    pub help_en: String,
    /// What it is for, in Chinese.
    pub help_zh: String,
}

/// What a field holds.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
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
    /// An address with templates.
    Url,
    /// JSON with templates in its strings.
    Json,
    /// A CEL expression.
    Expression,
    /// A name that templates and expressions can use.
    Name,
    /// A key of the telephone.
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
        words: Vec<String>,
    },
    /// Names of the flow's intents; each is an edge of the block.
    Intents,
    /// One of the flow's queues.
    Queue,
    /// One of the flow's sub-flows.
    SubFlow,
    /// Days of the week: `mon` to `sun`.
    Weekdays,
    /// A time of day, `09:00`.
    Time,
    /// A day, `2026-12-25`.
    Date,
    /// A table.
    Rows {
        /// Its columns.
        #[schema(no_recursion)]
        columns: Vec<FieldSpec>,
    },
}

/// An edge of a block.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EdgeSpec {
    /// Its name.
    pub name: String,
    /// Whether publishing refuses a flow that leaves it unwired.
    pub required: bool,
    /// When it is taken, in English.
    pub help_en: String,
    /// When it is taken, in Chinese.
    pub help_zh: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_of_a_finding_is_what_the_flow_crate_says() {
        let finding = flow::Finding::warning("code", "/blocks/1", "It is wrong.", "Mend it.").of("hello");
        let said = serde_json::to_value(&finding).expect("it serialises");
        let read: FlowFinding = serde_json::from_value(said.clone()).expect("and is read through the schema");
        assert_eq!(serde_json::to_value(read).expect("which serialises"), said);
    }

    #[test]
    fn the_schema_of_the_blocks_is_what_the_registry_says() {
        let said = serde_json::to_value(flow::registry::blocks()).expect("the registry serialises");
        let read: Vec<BlockSpec> = serde_json::from_value(said.clone()).expect("and is read through the schema");
        assert_eq!(serde_json::to_value(read).expect("which serialises"), said);
    }
}
