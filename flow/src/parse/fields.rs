//! The parameters of a block, checked against the registry's declaration of their type. Only the form is checked: whether an
//! intent, a queue or an expression is right is the validator's business.

use intent::Language;
use serde_json::{Map, Value};

use super::{Reader, escape};
use crate::{
    Finding,
    finding::{listed, nearest},
    hours,
    registry::{FieldSpec, FieldType},
};

impl Reader {
    /// The members of an object that a list of fields describes.
    pub(super) fn fields(&mut self, fields: &[FieldSpec], params: &Map<String, Value>, place: &str, whose: &str) {
        for name in params.keys() {
            if !fields.iter().any(|field| field.name == name) {
                let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
                let fix = match nearest(name, names.iter().copied()) {
                    Some(meant) => format!("Did you mean {meant}?"),
                    None => format!("Remove it, or use {}.", listed(&names)),
                };
                self.error(
                    "unknown_field",
                    format!("{place}/{}", escape(name)),
                    format!("{whose} has no field {name:?}."),
                    fix,
                );
            }
        }
        for field in fields {
            match params.get(field.name) {
                Some(value) => self.value(&field.kind, value, &format!("{place}/{}", field.name)),
                None if field.required => self.error(
                    "missing_field",
                    place,
                    format!("{whose} needs the field {:?}.", field.name),
                    format!("Add it: {}, for example {}.", field.kind.wanted(), field.example),
                ),
                None => {}
            }
        }
    }

    fn value(&mut self, kind: &FieldType, value: &Value, place: &str) {
        match (kind, value) {
            (FieldType::Rows { columns }, Value::Array(rows)) => {
                for (index, row) in rows.iter().enumerate() {
                    let place = format!("{place}/{index}");
                    match row {
                        Value::Object(members) => self.fields(columns, members, &place, "This row"),
                        other => self.wrong_type(&place, other, "an object"),
                    }
                }
            }
            (FieldType::TextsList, Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(&FieldType::Texts, item, &format!("{place}/{index}"));
                }
            }
            (FieldType::Texts | FieldType::Phrases, Value::Object(members)) => {
                for (code, text) in members {
                    let place = format!("{place}/{}", escape(code));
                    // Exactly the two spellings: a prompt in "zh" beside one in "zh-CN" would leave open which is said.
                    if ![Language::English, Language::Chinese].iter().any(|language| language.code() == code) {
                        self.error(
                            "unknown_language",
                            place.as_str(),
                            format!("{code:?} is no language of a prompt."),
                            "Write \"en\" or \"zh-CN\".",
                        );
                    }
                    let fits = match kind {
                        FieldType::Texts => text.is_string(),
                        _ => is_list_of_texts(text),
                    };
                    if !fits {
                        let wanted = if *kind == FieldType::Texts { "a text" } else { "a list of texts" };
                        self.wrong_type(&place, text, wanted);
                    }
                }
            }
            _ if fits(kind, value) => {}
            _ => self.wrong_type(place, value, &kind.wanted()),
        }
    }
}

fn fits(kind: &FieldType, value: &Value) -> bool {
    match kind {
        FieldType::Template | FieldType::Url | FieldType::Expression => value.is_string(),
        FieldType::Name | FieldType::Edge => value.as_str().is_some_and(is_name),
        FieldType::Queue | FieldType::SubFlow => value.as_str().is_some_and(|id| !id.is_empty()),
        FieldType::Weekdays => value
            .as_array()
            .is_some_and(|days| days.iter().all(|day| day.as_str().is_some_and(|day| hours::DAYS.contains(&day)))),
        FieldType::Time => value.as_str().is_some_and(|text| hours::time(text).is_some()),
        FieldType::Date => value.as_str().is_some_and(|text| hours::date(text).is_some()),
        FieldType::Key => value
            .as_str()
            .is_some_and(|key| key.len() == 1 && key.chars().all(|c| c.is_ascii_digit() || c == '*' || c == '#')),
        FieldType::Templates | FieldType::Intents => is_list_of_texts(value),
        FieldType::TemplateMap => value.as_object().is_some_and(|members| members.values().all(Value::is_string)),
        FieldType::Json => true,
        FieldType::Integer { min, max } => value.as_u64().is_some_and(|number| (*min..=*max).contains(&number)),
        FieldType::Share => value.as_f64().is_some_and(|share| (0.0..=1.0).contains(&share)),
        FieldType::Flag => value.is_boolean(),
        FieldType::Choice { words } => value.as_str().is_some_and(|word| words.contains(&word)),
        FieldType::Texts | FieldType::TextsList | FieldType::Phrases | FieldType::Rows { .. } => false,
    }
}

fn is_list_of_texts(value: &Value) -> bool {
    value.as_array().is_some_and(|items| items.iter().all(Value::is_string))
}

/// Whether templates, expressions and edges can use a name.
pub(crate) fn is_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// What is wrong with the form of a block's parameters, for flows that were not read from a document.
pub(crate) fn check_value(fields: &[FieldSpec], params: &Map<String, Value>, place: &str, whose: &str) -> Vec<Finding> {
    let mut reader = Reader::default();
    reader.fields(fields, params, place, whose);
    reader.findings
}
