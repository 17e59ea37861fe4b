//! Reading a document. All mistakes of form are found in one go, each with its place in the document and what to write instead;
//! whether a well-formed flow makes sense is left to [`validate`](crate::validate()).

mod fields;

use std::collections::BTreeMap;

use intent::Language;
use serde_json::{Map, Value};

use crate::{
    Block, Finding, Flow,
    document::{Metadata, SCHEMA_VERSION},
    finding::{listed, nearest},
    plan::Prepared,
    registry,
};
pub(crate) use fields::check_value;

/// The largest document, in bytes.
const MAX_SIZE: usize = 4 * 1024 * 1024;
/// The most blocks.
const MAX_BLOCKS: usize = 2_000;

/// The members of a document, and whether each must be there.
pub(crate) const MEMBERS: [(&str, bool); 14] = [
    ("schema_version", true),
    ("id", true),
    ("name", true),
    ("languages", true),
    ("start", true),
    ("person", false),
    ("hangup", false),
    ("variables", false),
    ("intents", false),
    ("out_of_scope", false),
    ("queues", false),
    ("sub_flows", false),
    ("blocks", true),
    ("metadata", false),
];

/// Reads a flow from JSON.
pub fn parse(json: &str) -> Result<Flow, Vec<Finding>> {
    if json.len() > MAX_SIZE {
        return Err(vec![Finding::error(
            "too_large",
            "",
            format!("The document is larger than {MAX_SIZE} bytes."),
            "Split it into several flows.",
        )]);
    }
    let document: Value = serde_json::from_str(json).map_err(|error| {
        vec![Finding::error(
            "syntax",
            format!("line {}, column {}", error.line(), error.column()),
            format!("This is not JSON: {error}."),
            "Correct the text at this place; a comma or a bracket too many or too few is the usual cause.",
        )]
    })?;
    let mut reader = Reader::default();
    let flow = reader.flow(&document);
    match flow {
        Some(flow) if reader.findings.is_empty() => Ok(flow),
        _ => Err(reader.findings),
    }
}

/// Collects findings while values are taken out of a document.
#[derive(Default)]
pub(crate) struct Reader {
    pub findings: Vec<Finding>,
}

impl Reader {
    fn flow(&mut self, document: &Value) -> Option<Flow> {
        // The version comes first: of a document from the future nothing else can be judged.
        let version = document.get("schema_version").and_then(Value::as_u64);
        if let Some(version) = version
            && version != u64::from(SCHEMA_VERSION)
        {
            self.error(
                "schema_version",
                "/schema_version",
                format!(
                    "The document has version {version} of the format; this program reads version {SCHEMA_VERSION}."
                ),
                "Use a program that knows this version, or export the flow again.",
            );
            return None;
        }
        let members = self.object(document, "", &MEMBERS)?;
        let text = |reader: &mut Self, name: &str| reader.text(members.get(name), &format!("/{name}"));
        let id = text(self, "id");
        let name = text(self, "name");
        let start = text(self, "start");
        let person = text(self, "person");
        let hangup = text(self, "hangup");
        if version.is_none() && members.contains_key("schema_version") {
            self.error(
                "wrong_type",
                "/schema_version",
                "The version of the format is not a whole number.",
                format!("Write {SCHEMA_VERSION}."),
            );
        }
        let languages = self.languages(members.get("languages"));
        let blocks = self.blocks(members.get("blocks"));
        let list_of_names: [(&str, bool); 3] = [("name", true), ("label", false), ("examples", false)];
        let flow = Flow {
            schema_version: SCHEMA_VERSION,
            id: id.unwrap_or_default(),
            name: name.unwrap_or_default(),
            languages,
            start: start.unwrap_or_default(),
            person,
            hangup,
            variables: self.list(
                members.get("variables"),
                "/variables",
                &[("name", true), ("default", false), ("help", false)],
            ),
            intents: self.list(members.get("intents"), "/intents", &list_of_names),
            out_of_scope: self.plain(members.get("out_of_scope"), "/out_of_scope").unwrap_or_default(),
            queues: self.list(members.get("queues"), "/queues", &[("id", true), ("name", true)]),
            sub_flows: self.list(
                members.get("sub_flows"),
                "/sub_flows",
                &[("id", true), ("name", true), ("start", true)],
            ),
            blocks,
            metadata: self.plain::<Metadata>(members.get("metadata"), "/metadata").unwrap_or_default(),
            prepared: Prepared::default(),
        };
        Some(flow)
    }

    fn languages(&mut self, value: Option<&Value>) -> Vec<Language> {
        let Some(value) = value else { return Vec::new() };
        let codes = value.as_array().map(Vec::as_slice).unwrap_or_default();
        let mut languages = Vec::new();
        for (index, code) in codes.iter().enumerate() {
            match code.as_str().map(str::parse::<Language>) {
                Some(Ok(language)) => languages.push(language),
                _ => self.error(
                    "unknown_language",
                    format!("/languages/{index}"),
                    format!("{code} is no language that this program understands."),
                    "Write \"en\" or \"zh-CN\".",
                ),
            }
        }
        if codes.is_empty() {
            self.error(
                "wrong_type",
                "/languages",
                "The languages of the flow are not a list of at least one code.",
                "Write for example [\"en\", \"zh-CN\"]; the first is the default.",
            );
        }
        languages
    }

    fn blocks(&mut self, value: Option<&Value>) -> Vec<Block> {
        let Some(value) = value else { return Vec::new() };
        let Some(items) = value.as_array() else {
            self.wrong_type("/blocks", value, "a list of blocks");
            return Vec::new();
        };
        if items.len() > MAX_BLOCKS {
            self.error(
                "too_large",
                "/blocks",
                format!("The flow has {} blocks; {MAX_BLOCKS} are possible.", items.len()),
                "Split it into several flows.",
            );
            return Vec::new();
        }
        items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| {
                let before = self.findings.len();
                let block = self.block(item, &format!("/blocks/{index}"));
                if let Some(id) = item.get("id").and_then(Value::as_str) {
                    for finding in &mut self.findings[before..] {
                        finding.block = Some(id.to_owned());
                    }
                }
                block
            })
            .collect()
    }

    fn block(&mut self, value: &Value, place: &str) -> Option<Block> {
        let members =
            self.object(value, place, &[("id", true), ("type", true), ("params", false), ("edges", false)])?;
        let id = self.text(members.get("id"), &format!("{place}/id"));
        let kind = self.text(members.get("type"), &format!("{place}/type"));
        let edges =
            self.plain::<BTreeMap<String, String>>(members.get("edges"), &format!("{place}/edges")).unwrap_or_default();
        let nothing = Map::new();
        let params = match members.get("params") {
            None => &nothing,
            Some(Value::Object(params)) => params,
            Some(other) => {
                self.wrong_type(&format!("{place}/params"), other, "an object");
                return None;
            }
        };
        let (id, kind) = (id?, kind?);
        let Some(spec) = registry::block(&kind) else {
            let known: Vec<&str> = registry::blocks().iter().map(|spec| spec.name).collect();
            let fix = match nearest(&kind, known.iter().copied()) {
                Some(name) => format!("Did you mean {name}?"),
                None => format!("Use {}.", listed(&known)),
            };
            self.error("unknown_block_type", format!("{place}/type"), format!("There is no block type {kind:?}."), fix);
            return None;
        };
        self.fields(spec.fields, params, &format!("{place}/params"), &format!("A {} block", spec.name));
        Some(Block { id, kind, params: params.clone(), edges })
    }

    /// An object with known members, of which some must be there.
    fn object<'v>(&mut self, value: &'v Value, place: &str, known: &[(&str, bool)]) -> Option<&'v Map<String, Value>> {
        let Value::Object(members) = value else {
            self.wrong_type(place, value, "an object");
            return None;
        };
        for name in members.keys() {
            if !known.iter().any(|(known, _)| known == name) {
                let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
                let fix = match nearest(name, names.iter().copied()) {
                    Some(meant) => format!("Did you mean {meant}?"),
                    None => format!("Remove it, or use {}.", listed(&names)),
                };
                self.error(
                    "unknown_field",
                    format!("{place}/{}", escape(name)),
                    format!("There is no field {name:?} here."),
                    fix,
                );
            }
        }
        for (name, _) in known.iter().filter(|(_, required)| *required) {
            if !members.contains_key(*name) {
                self.error(
                    "missing_field",
                    place,
                    format!("The field {name:?} is missing here."),
                    format!("Add {name:?}."),
                );
            }
        }
        Some(members)
    }

    fn text(&mut self, value: Option<&Value>, place: &str) -> Option<String> {
        match value? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            other => {
                self.wrong_type(place, other, "a text that is not empty");
                None
            }
        }
    }

    /// A list of plain objects.
    fn list<T: serde::de::DeserializeOwned>(
        &mut self,
        value: Option<&Value>,
        place: &str,
        known: &[(&str, bool)],
    ) -> Vec<T> {
        let Some(value) = value else { return Vec::new() };
        let Some(items) = value.as_array() else {
            self.wrong_type(place, value, "a list");
            return Vec::new();
        };
        let mut list = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let place = format!("{place}/{index}");
            let before = self.findings.len();
            if self.object(item, &place, known).is_some() && self.findings.len() == before {
                list.extend(self.plain::<T>(Some(item), &place));
            }
        }
        list
    }

    /// A plain value, with the reader's own words when it is of another shape.
    fn plain<T: serde::de::DeserializeOwned>(&mut self, value: Option<&Value>, place: &str) -> Option<T> {
        let value = value?;
        match serde_json::from_value(value.clone()) {
            Ok(plain) => Some(plain),
            Err(error) => {
                self.error(
                    "wrong_type",
                    place,
                    format!("This cannot be read: {error}."),
                    "Compare it with the reference of the flow format.",
                );
                None
            }
        }
    }

    fn wrong_type(&mut self, place: &str, value: &Value, wanted: &str) {
        let is = match value {
            Value::Null => "null".to_owned(),
            Value::Bool(flag) => flag.to_string(),
            Value::Number(number) => number.to_string(),
            Value::String(text) if text.chars().count() <= 40 => format!("{text:?}"),
            Value::String(_) => "a text".to_owned(),
            Value::Array(_) => "a list".to_owned(),
            Value::Object(_) => "an object".to_owned(),
        };
        self.error("wrong_type", place, format!("This is {is}, which does not fit here."), format!("Write {wanted}."));
    }

    fn error(&mut self, code: &str, place: impl Into<String>, message: impl Into<String>, fix: impl Into<String>) {
        self.findings.push(Finding::error(code, place, message, fix));
    }
}

/// A member's name as it stands in a JSON pointer (RFC 6901 section 3).
pub(crate) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests;
