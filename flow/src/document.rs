//! A flow as a document: plain data that an editor, a file and an API share. Reading one with good error messages is the
//! business of [`parse`](crate::parse()), judging one that of [`validate`](crate::validate()); what a block's parameters mean
//! stands in the [`registry`](crate::registry).

use std::collections::BTreeMap;

use intent::{Example, Language, TrainingSet};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::plan::Prepared;

/// The version of the format that this program reads and writes.
pub const SCHEMA_VERSION: u32 = 1;

/// The name of a block, unique in its flow: lower-case letters, digits and `_`.
pub type BlockId = String;

/// A text in each language of the flow.
pub type Texts = BTreeMap<Language, String>;

/// A whole flow.
///
/// A run prepares the flow once (templates, expressions) and keeps the result inside it; so change a flow before its first run,
/// or change a clone.
#[derive(Clone, Debug, Serialize)]
pub struct Flow {
    /// The version of the format.
    pub schema_version: u32,
    /// The flow's id, e.g. `bicycle-shop`.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// The languages every prompt comes in; the first is the default.
    pub languages: Vec<Language>,
    /// Where a call begins.
    pub start: BlockId,
    /// Where a caller goes who asks for a person, and a call that cannot go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<BlockId>,
    /// Where a run goes on, unheard, when the caller hangs up before the call is resolved or an agent was reached, in a block whose
    /// own `hangup` edge is unwired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hangup: Option<BlockId>,
    /// What is set before a call begins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<Variable>,
    /// What callers want, and how they say it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub intents: Vec<Intent>,
    /// Lines that belong to no intent.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub out_of_scope: BTreeMap<Language, Vec<String>>,
    /// The queues that the flow hands callers to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub queues: Vec<QueueRef>,
    /// Parts that `sub_flow` blocks go through. Their blocks lie among the others; which belong to a part is what its start reaches.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sub_flows: Vec<SubFlow>,
    /// The blocks.
    pub blocks: Vec<Block>,
    /// What the run never looks at.
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
    #[serde(skip)]
    pub(crate) prepared: Prepared,
}

/// One block of a flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// Its name in the flow.
    pub id: BlockId,
    /// The kind of block, a name in the [`registry`](crate::registry).
    #[serde(rename = "type")]
    pub kind: String,
    /// Its parameters, by the registry's fields.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub params: Map<String, Value>,
    /// Where it goes on, by the name of the edge.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub edges: BTreeMap<String, BlockId>,
}

/// An intent: what a caller may want.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Its name, which is also the name of the edge of an `ask_intent` block.
    pub name: String,
    /// What to call it when asking back: "Is it about *an order*, or *a repair*?"
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub label: Texts,
    /// Ways of saying it, by language.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub examples: BTreeMap<Language, Vec<String>>,
}

/// A queue that the flow may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueRef {
    /// The queue's id in the call centre.
    pub id: String,
    /// Its name, for people.
    pub name: String,
}

/// A part of a flow that is used from several places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubFlow {
    /// Its id.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// Where it begins.
    pub start: BlockId,
}

/// A variable that stands in `vars` from the first block on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Variable {
    /// Its name; templates say `{{ vars.name }}`.
    pub name: String,
    /// Its value unless the service sets another; without one, the service must set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub help: String,
}

/// What an editor keeps beside the flow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// Where each block stands on the canvas.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub layout: BTreeMap<BlockId, Position>,
    /// Anything else an editor wants to keep.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

impl Metadata {
    fn is_empty(&self) -> bool {
        self.layout.is_empty() && self.other.is_empty()
    }
}

/// A place on the canvas, in its own units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
}

impl Flow {
    /// The language of a call whose language is unknown or not spoken here.
    pub fn default_language(&self) -> Language {
        self.languages.first().copied().unwrap_or_default()
    }

    /// The language to use for a caller who prefers `wanted`.
    pub fn language_for(&self, wanted: Option<Language>) -> Language {
        wanted.filter(|language| self.languages.contains(language)).unwrap_or_else(|| self.default_language())
    }

    /// Whether some block keeps the caller's language for the next call; a flow without one does not use what others have kept.
    pub fn remembers_language(&self) -> bool {
        let remembers = |block: &Block| block.params.get("remember").and_then(Value::as_bool).unwrap_or_default();
        self.blocks.iter().any(|block| block.kind == "language" && remembers(block))
    }

    /// The block with an id.
    pub fn block(&self, id: &str) -> Option<&Block> {
        self.blocks.iter().find(|block| block.id == id)
    }

    /// The intent with a name.
    pub fn intent(&self, name: &str) -> Option<&Intent> {
        self.intents.iter().find(|intent| intent.name == name)
    }

    /// The sub-flow with an id.
    pub fn sub_flow(&self, id: &str) -> Option<&SubFlow> {
        self.sub_flows.iter().find(|part| part.id == id)
    }

    /// The sub-flow that a block goes through.
    pub(crate) fn gone_through(&self, block: &Block) -> Option<&SubFlow> {
        (block.kind == "sub_flow").then(|| self.sub_flow(block.params.get("flow")?.as_str()?)).flatten()
    }

    /// The shared lists that blocks name.
    pub fn lists(&self) -> impl Iterator<Item = &str> {
        self.blocks.iter().filter_map(|block| block.params.get("list")?.as_str())
    }

    /// The same flow, with the entries of shared lists (each like an item of a `collect` block) behind the items of the blocks that name
    /// them.
    #[must_use]
    pub fn with_lists(&self, entries: impl Fn(&str) -> Option<Vec<Value>>) -> Flow {
        let mut flow = Flow { prepared: Prepared::default(), ..self.clone() };
        for block in &mut flow.blocks {
            let Some(more) = block.params.get("list").and_then(Value::as_str).and_then(&entries) else { continue };
            if let Some(items) = block.params.entry("items").or_insert_with(|| Value::Array(Vec::new())).as_array_mut()
            {
                items.extend(more);
            }
        }
        flow
    }

    /// What the intent engine learns this flow's intents from. Train it once per published flow; use
    /// [`intent::Model::empty`] for a flow without intents.
    pub fn training_set(&self) -> TrainingSet {
        let examples = |by_language: &BTreeMap<Language, Vec<String>>| {
            by_language
                .iter()
                .flat_map(|(language, lines)| lines.iter().map(|line| Example::new(line, *language)))
                .collect()
        };
        let mut set = TrainingSet::new(
            self.intents
                .iter()
                .map(|intent| intent::IntentDef { name: intent.name.clone(), examples: examples(&intent.examples) })
                .collect(),
        );
        set.out_of_scope = examples(&self.out_of_scope);
        set
    }

    /// The document in its canonical form: members of blocks and parameters in alphabetical order, blocks by id, two spaces of
    /// indentation and a last line break; so two versions of a flow differ only where they mean something else.
    pub fn to_json(&self) -> String {
        let mut sorted = self.clone();
        sorted.schema_version = SCHEMA_VERSION;
        sorted.blocks.sort_by(|a, b| a.id.cmp(&b.id));
        for block in &mut sorted.blocks {
            block.params = sort_members(&block.params);
        }
        let mut text = serde_json::to_string_pretty(&sorted)
            .expect("a flow holds only strings, numbers and maps with string keys");
        text.push('\n');
        text
    }
}

impl PartialEq for Flow {
    /// Flows are equal when their documents are, whatever was prepared for a run.
    fn eq(&self, other: &Self) -> bool {
        self.to_json() == other.to_json()
    }
}

/// JSON maps keep the order of insertion when some crate of the program asks for it, so the order is made explicit.
fn sort_members(members: &Map<String, Value>) -> Map<String, Value> {
    let sorted: BTreeMap<&String, &Value> = members.iter().collect();
    sorted.into_iter().map(|(name, value)| (name.clone(), sort_value(value))).collect()
}

fn sort_value(value: &Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(sort_members(members)),
        Value::Array(items) => Value::Array(items.iter().map(sort_value).collect()),
        other => other.clone(),
    }
}
