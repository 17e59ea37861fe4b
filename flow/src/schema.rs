//! The JSON Schema (draft 2020-12) of a flow document, made from the [`registry`], so that an editor of text helps as well as the
//! editor of flows. It describes the form; what it cannot say, such as that a target exists, is the validator's.

use serde_json::{Map, Value, json};

use crate::{
    document::SCHEMA_VERSION,
    parse::MEMBERS,
    registry::{self, BlockSpec, FieldSpec, FieldType},
};

/// The schema of a whole document.
pub fn json_schema() -> Value {
    let name = json!({"type": "string", "minLength": 1});
    let by_language =
        |of: Value| json!({"type": "object", "properties": {"en": of, "zh-CN": of}, "additionalProperties": false});
    let lines = json!({"type": "array", "items": {"type": "string"}});
    let required: Vec<&str> = MEMBERS.iter().filter(|(_, required)| *required).map(|(name, _)| *name).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Flow",
        "type": "object",
        "required": required,
        "additionalProperties": false,
        "properties": {
            "schema_version": {"const": SCHEMA_VERSION},
            "id": name,
            "name": name,
            "languages": {"type": "array", "minItems": 1, "items": {"enum": ["en", "zh-CN"]}},
            "start": name,
            "person": name,
            "hangup": name,
            "variables": {"type": "array", "items": object(&[("name", name.clone(), true), ("default", json!({}), false), ("help", json!({"type": "string"}), false)])},
            "intents": {"type": "array", "items": object(&[
                ("name", name.clone(), true),
                ("label", by_language(json!({"type": "string"})), false),
                ("examples", by_language(lines.clone()), false),
            ])},
            "out_of_scope": by_language(lines),
            "queues": {"type": "array", "items": object(&[("id", name.clone(), true), ("name", name.clone(), true)])},
            "sub_flows": {"type": "array", "items": object(&[("id", name.clone(), true), ("name", name.clone(), true), ("start", name.clone(), true)])},
            "blocks": {"type": "array", "items": {"oneOf": registry::blocks().iter().map(block).collect::<Vec<_>>()}},
            "metadata": {"type": "object"},
        },
    })
}

fn block(spec: &BlockSpec) -> Value {
    let edges: Map<String, Value> = spec
        .edges
        .iter()
        .map(|edge| (edge.name.to_owned(), json!({"type": "string", "description": edge.help_en})))
        .collect();
    // Beside the declared edges stand those that options, cases and intents bring.
    let more_edges = spec.listens() || spec.fields.iter().any(|field| field.kind.brings_edges());
    let needs_params = spec.fields.iter().any(|field| field.required);
    let mut required = vec!["id", "type"];
    required.extend(needs_params.then_some("params"));
    json!({
        "title": spec.title_en,
        "description": spec.help_en,
        "type": "object",
        "required": required,
        "additionalProperties": false,
        "properties": {
            "id": {"type": "string", "minLength": 1},
            "type": {"const": spec.name},
            "params": fields(spec.fields),
            "edges": {"type": "object", "properties": edges, "additionalProperties": if more_edges { json!({"type": "string"}) } else { json!(false) }},
        },
    })
}

fn fields(fields: &[FieldSpec]) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|field| {
            let mut schema = field_type(&field.kind);
            schema["description"] = json!(field.help_en);
            if let Some(default) = field.default_value() {
                schema["default"] = default;
            }
            if let Ok(example) = serde_json::from_str::<Value>(field.example) {
                schema["examples"] = json!([example]);
            }
            (field.name.to_owned(), schema)
        })
        .collect();
    let required: Vec<&str> = fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn field_type(kind: &FieldType) -> Value {
    let text = json!({"type": "string"});
    let by_language =
        |of: &Value| json!({"type": "object", "properties": {"en": of, "zh-CN": of}, "additionalProperties": false});
    match kind {
        FieldType::Texts => by_language(&text),
        FieldType::TextsList => json!({"type": "array", "items": by_language(&text)}),
        FieldType::Phrases => by_language(&json!({"type": "array", "items": text})),
        FieldType::Template | FieldType::Url | FieldType::Expression | FieldType::Queue | FieldType::SubFlow => text,
        FieldType::Weekdays => json!({"type": "array", "items": {"enum": crate::hours::DAYS}}),
        FieldType::Time => json!({"type": "string", "pattern": "^([01][0-9]|2[0-4]):[0-5][0-9]$"}),
        FieldType::Date => json!({"type": "string", "format": "date"}),
        FieldType::Templates | FieldType::Intents => json!({"type": "array", "items": text}),
        FieldType::TemplateMap => json!({"type": "object", "additionalProperties": text}),
        FieldType::Json => json!({}),
        FieldType::Name | FieldType::Edge => json!({"type": "string", "pattern": "^[a-z][a-z0-9_]{0,63}$"}),
        FieldType::Key => json!({"type": "string", "pattern": "^[0-9*#]$"}),
        FieldType::Integer { min, max } => json!({"type": "integer", "minimum": min, "maximum": max}),
        FieldType::Share => json!({"type": "number", "minimum": 0, "maximum": 1}),
        FieldType::Flag => json!({"type": "boolean"}),
        FieldType::Choice { words } => json!({"enum": words}),
        FieldType::Rows { columns } => json!({"type": "array", "items": fields(columns)}),
    }
}

fn object(members: &[(&str, Value, bool)]) -> Value {
    let properties: Map<String, Value> =
        members.iter().map(|(name, schema, _)| ((*name).to_owned(), schema.clone())).collect();
    let required: Vec<&str> = members.iter().filter(|(_, _, required)| *required).map(|(name, _, _)| *name).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_covers_the_registry_and_the_document() {
        let schema = json_schema();
        let blocks = schema["properties"]["blocks"]["items"]["oneOf"].as_array().expect("a list of blocks");
        assert_eq!(blocks.len(), registry::blocks().len());
        for (schema, spec) in blocks.iter().zip(registry::blocks()) {
            assert_eq!(schema["properties"]["type"]["const"], spec.name);
            for field in spec.fields {
                assert!(
                    schema["properties"]["params"]["properties"][field.name]["description"].is_string(),
                    "{}",
                    field.name
                );
            }
            for edge in spec.edges {
                assert!(schema["properties"]["edges"]["properties"][edge.name].is_object(), "{}", edge.name);
            }
        }
        for (member, _) in MEMBERS {
            assert!(schema["properties"][member].is_object(), "{member}");
        }
    }
}
