//! JSON Lines: one object a line with `text`, `intent`, `lang` and, where values are marked, `entities`. Lists and patterns
//! are lines of their own: `{"list": …, "value": …, "synonyms": […]}`, `{"pattern": …, "regex": …}`. The same objects in one
//! JSON array are read as well.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::builder::{Builder, Marked, head};
use super::import::{Content, Entity, Export, Format, Kind, Place};
use super::report::{self, Held};
use super::table;
use crate::evaluate::OUT_OF_SCOPE;

fn field<'a>(object: &'a Value, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| object.get(name)).filter(|value| !value.is_null())
}

/// Whether an object is a line of training data.
fn is_line(object: &Value) -> bool {
    field(object, &table::TEXT).is_some_and(Value::is_string)
        || object.get("intent").is_some_and(Value::is_string)
        || object.get("list").is_some_and(Value::is_string)
        || object.get("pattern").is_some_and(Value::is_string)
}

/// Whether a text holds such lines. One good line among the first will do: the others are reported.
pub(super) fn looks_like_lines(text: &str) -> bool {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(20);
    lines.into_iter().any(|line| serde_json::from_str(line).is_ok_and(|object: Value| is_line(&object)))
}

/// Whether a document is an array of such objects.
pub(super) fn is_array(value: &Value) -> bool {
    value.as_array().is_some_and(|items| items.is_empty() || items.iter().take(20).any(is_line))
}

pub(super) fn read(builder: &mut Builder, file: &str, text: &str) {
    builder.format(Format::JsonLines);
    let mut other = BTreeMap::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let place = Place::line(file, index + 1);
        match serde_json::from_str(line) {
            Ok(object) => self::line(builder, &object, &place, &mut other),
            Err(error) => {
                let message = format!("{:?} is not JSON ({error}); it was left out", head(line));
                builder.error(Kind::Unreadable, "a line", &place, message, "write one object a line");
            }
        }
    }
    name_others(builder, file, other);
}

pub(super) fn read_array(builder: &mut Builder, file: &str, value: &Value) {
    builder.format(Format::JsonLines);
    let mut other = BTreeMap::new();
    for (index, object) in value.as_array().into_iter().flatten().enumerate() {
        line(builder, object, &Place::path(file, format!("$[{index}]")), &mut other);
    }
    name_others(builder, file, other);
}

fn name_others(builder: &mut Builder, file: &str, other: BTreeMap<String, usize>) {
    for (key, count) in other {
        let message = format!("it stands in {count} lines and was not taken");
        builder.note(Kind::NoPlace, format!("field {key}"), &Place::file(file), message, "");
    }
}

fn line(builder: &mut Builder, object: &Value, place: &Place, other: &mut BTreeMap<String, usize>) {
    let Some(map) = object.as_object() else {
        let message = format!("{} is no object; it was left out", head(&object.to_string()));
        return builder.error(Kind::Incomplete, "a line", place, message, "write {\"text\": …, \"intent\": …}");
    };
    let mut leave = |known: &[&[&str]]| {
        for key in map.keys().filter(|key| !known.iter().any(|names| names.contains(&key.as_str()))) {
            *other.entry(key.clone()).or_insert(0) += 1;
        }
    };
    let string = |names: &[&str]| field(object, names).and_then(Value::as_str).map(str::trim);
    if let Some(name) = string(&["list"]) {
        let list = builder.list(name);
        list.open |= object["open"] == true;
        list.fuzzy |= object["fuzzy"] == true;
        let synonyms: Vec<String> =
            super::json::items(object, "synonyms").iter().filter_map(Value::as_str).map(str::to_owned).collect();
        if let Some(value) = string(&["value"]) {
            builder.entry(name, value, &synonyms, place);
        }
        return leave(&[&["list", "value", "synonyms", "open", "fuzzy"]]);
    }
    if let Some(name) = string(&["pattern"]) {
        builder.pattern(name, object["regex"].as_str().unwrap_or_default(), place);
        return leave(&[&["pattern", "regex"]]);
    }
    leave(&[&table::TEXT, &table::INTENT, &table::LANGUAGE, &["entities"]]);
    let raw = field(object, &table::TEXT);
    let (text, intent) = (raw.and_then(Value::as_str), string(&table::INTENT).filter(|intent| !intent.is_empty()));
    if raw.is_some() && text.is_none() {
        let message = format!("its text is {}, not a text; it was left out", head(&object["text"].to_string()));
        return builder.error(Kind::Incomplete, "a line", place, message, "put it in quotes");
    }
    let Some(intent) = intent else {
        let message = format!("{:?} has no intent; it was left out", head(text.unwrap_or_default()));
        return builder.error(Kind::Incomplete, "a line", place, message, "name the intent, or oos for none");
    };
    let code = string(&table::LANGUAGE).unwrap_or_default();
    let Some(language) = table::language(builder, code, text.unwrap_or_default(), place) else { return };
    let Some(to) = builder.target(intent, place) else { return };
    let Some(text) = text else { return };
    let mut marked = Vec::new();
    let places: Vec<usize> = text.char_indices().map(|(byte, _)| byte).chain([text.len()]).collect();
    for entity in super::json::items(object, "entities") {
        match mark(entity, &places) {
            Some(mark) => marked.push(mark),
            None => {
                let message = format!(
                    "the value {} cannot be placed in {:?}; it was left out",
                    head(&entity.to_string()),
                    head(text)
                );
                let advice = "give slot, start and end; start and end count characters";
                builder.warning(Kind::Annotation, format!("intent {intent}"), place, message, advice);
            }
        }
    }
    builder.example(to, text, language, marked, place);
}

/// A marked value; its place is counted in characters (Unicode scalar values), as Rasa counts. `places` has the byte of each.
fn mark(entity: &Value, places: &[usize]) -> Option<Marked> {
    let string = |names: &[&str]| match field(entity, names)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let byte = |key: &str| places.get(usize::try_from(entity[key].as_u64()?).ok()?).copied();
    let (start, end) = (byte("start")?, byte("end")?);
    let slot = string(&["slot", "entity", "name"]).filter(|slot| !slot.is_empty() && start < end)?;
    Some(Marked {
        slot,
        role: string(&["role"]),
        group: string(&["group"]),
        value: string(&["value"]),
        span: start..end,
    })
}

/// Writes one object a line. Intents and examples keep their order, out-of-scope lines come after them as `oos`, lists and
/// patterns last. An intent without examples is a line without a text.
pub(super) fn write(content: &Content) -> Export {
    let report = report::not_written(
        content,
        Format::JsonLines,
        &Held { names: &[], lists: true, patterns: true, marks: true, slots: false },
    );
    let marks = content.marks();
    let mut text = String::new();
    let mut line = |object: Value| {
        text.push_str(&object.to_string());
        text.push('\n');
    };
    let sets = content.training.intents.iter().map(|def| (Some(def.name.as_str()), &def.examples));
    for (intent, examples) in sets.chain([(None, &content.training.out_of_scope)]) {
        let name = intent.unwrap_or(OUT_OF_SCOPE);
        if intent.is_some() && report::written(examples).next().is_none() {
            line(json!({ "intent": name }));
        }
        for example in report::written(examples) {
            let mut object = json!({ "text": example.text, "intent": name, "lang": example.language.code() });
            let entities = marks.get(&(intent, example.text.as_str())).copied().unwrap_or_default();
            if !entities.is_empty() {
                object["entities"] = entities.iter().map(|entity| self::entity(entity, &example.text)).collect();
            }
            line(object);
        }
    }
    for list in &content.lists {
        let mut first = json!({ "list": list.name });
        for (key, set) in [("open", list.open), ("fuzzy", list.fuzzy)] {
            if set {
                first[key] = json!(true);
            }
        }
        if list.entries.is_empty() || list.open || list.fuzzy {
            line(first);
        }
        for entry in &list.entries {
            line(json!({ "list": list.name, "value": entry.value, "synonyms": entry.synonyms }));
        }
    }
    for pattern in &content.patterns {
        line(json!({ "pattern": pattern.name, "regex": pattern.regex }));
    }
    Export { text, report }
}

fn entity(entity: &Entity, text: &str) -> Value {
    let chars = |byte: usize| text.get(..byte).unwrap_or(text).chars().count();
    let mut object = json!({
        "slot": entity.slot,
        "value": entity.value,
        "start": chars(entity.span.start),
        "end": chars(entity.span.end),
    });
    for (key, value) in [("role", &entity.role), ("group", &entity.group)] {
        if let Some(value) = value {
            object[key] = json!(value);
        }
    }
    object
}
