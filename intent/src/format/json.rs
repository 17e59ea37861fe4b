//! What the readers of JSON share: what is nothing, and naming what was passed over, so that nothing is lost in silence.

use serde_json::{Map, Value};

use super::builder::Builder;
use super::import::{FormatError, Kind, Place};

/// Reads a document, or says where it stops making sense. Nesting is bounded by `serde_json` (128 levels).
pub(super) fn parse(file: &str, text: &str) -> Result<Value, FormatError> {
    serde_json::from_str(text).map_err(|error| FormatError::Syntax {
        place: Place::line(file, error.line().max(1)),
        reason: format!("this is not valid JSON ({error}); export it again"),
    })
}

/// The text of a key; `None` for anything but a text with something in it.
pub(super) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value[key].as_str().filter(|text| !text.trim().is_empty())
}

/// The items of a list; none for anything else.
pub(super) fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// Whether a value says nothing: `null`, false, zero, "", or collections of such.
pub(super) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.iter().all(is_nothing),
        Value::Object(map) => map.values().all(is_nothing),
    }
}

/// Names every key of an object that says something and is neither read (`read`) nor without meaning elsewhere (`ids`: numbers,
/// dates of change and the like).
pub(super) fn leftovers(builder: &mut Builder, item: &str, object: &Value, read: &[&str], ids: &[&str], place: &Place) {
    let empty = Map::new();
    let other = object
        .as_object()
        .unwrap_or(&empty)
        .iter()
        .filter(|(key, value)| !is_nothing(value) && !read.contains(&key.as_str()) && !ids.contains(&key.as_str()));
    let keys: Vec<_> = other.map(|(key, _)| key.as_str()).collect();
    if !keys.is_empty() {
        let message = format!("{} not taken; Hotline has no place for it here", keys.join(", "));
        builder.note(Kind::NoPlace, item, place, message, "do what it did in a flow, if it is needed");
    }
}
