//! The names that templates and expressions can use during a run, and their values: `vars`, `slots`, `call`, `intent`, and one
//! per reply under its `save_as`. Built once and handed to both languages in the form each wants.

use std::{collections::BTreeMap, sync::Arc};

use cel::objects::Key;
use serde_json::{Map, Value};

/// Names that a reply cannot take, as they mean something already.
pub(crate) const RESERVED: [&str; 5] = ["vars", "slots", "call", "intent", "hours"];

/// What `call` holds.
pub(crate) const CALL_MEMBERS: [&str; 4] = ["id", "caller", "called", "language"];

/// What `intent` holds.
pub(crate) const INTENT_MEMBERS: [&str; 3] = ["name", "label", "confidence"];

/// What `hours` holds, behind a block that looked at them.
pub(crate) const HOURS_MEMBERS: [&str; 5] = ["open", "holiday", "opens", "opens_date", "opens_time"];

/// A reply may hold this many values at most, and this many bytes of text; more is an error of the request, so that a broken
/// service cannot slow a call down.
const MAX_VALUES: usize = 5_000;
const MAX_TEXT: usize = 64 * 1024;
const MAX_DEPTH: usize = 32;

/// All values by their first name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values {
    /// `vars`, which the operator sets and which may therefore stand in an address as it is.
    pub vars: BTreeMap<String, Value>,
    /// `vars` that blocks have set since; they may hold what a caller said.
    pub set: BTreeMap<String, Value>,
    /// Everything else.
    pub others: Map<String, Value>,
}

impl Values {
    pub fn for_templates(&self) -> minijinja::Value {
        let vars: BTreeMap<String, minijinja::Value> = self
            .vars
            .iter()
            .map(|(name, value)| {
                let value = match value {
                    Value::String(text) => minijinja::Value::from_safe_string(text.clone()),
                    other => template_value(other),
                };
                (name.clone(), value)
            })
            .chain(self.set.iter().map(|(name, value)| (name.clone(), template_value(value))))
            .collect();
        std::iter::once(("vars".to_owned(), minijinja::Value::from(vars)))
            .chain(self.others.iter().map(|(name, value)| (name.clone(), template_value(value))))
            .collect::<BTreeMap<String, minijinja::Value>>()
            .into()
    }

    pub fn for_expressions(&self) -> cel::Context<'static, 'static> {
        let mut context = cel::Context::default();
        let vars = self
            .vars
            .iter()
            .chain(&self.set)
            .map(|(name, value)| (Key::from(name.clone()), expression_value(value)))
            .collect::<std::collections::HashMap<Key, cel::Value>>();
        context.add_variable_from_value("vars", cel::Value::Map(vars.into()));
        for (name, value) in &self.others {
            context.add_variable_from_value(name.clone(), expression_value(value));
        }
        context
    }
}

/// Null becomes undefined: a prompt never says "none", and `default(…)` sees that there is nothing.
fn template_value(value: &Value) -> minijinja::Value {
    match value {
        Value::Null => minijinja::Value::UNDEFINED,
        Value::Bool(flag) => minijinja::Value::from(*flag),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => minijinja::Value::from(whole),
            (None, Some(real)) => minijinja::Value::from(real),
            (None, None) => minijinja::Value::from(number.to_string()),
        },
        Value::String(text) => minijinja::Value::from(text.as_str()),
        Value::Array(items) => items.iter().map(template_value).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), template_value(value)))
            .collect::<BTreeMap<String, minijinja::Value>>()
            .into(),
    }
}

/// Whole numbers become `int`, as they are written in a condition; left to serde they would be `uint`, and `200 == 200u` is
/// something nobody wants to explain.
fn expression_value(value: &Value) -> cel::Value {
    match value {
        Value::Null => cel::Value::Null,
        Value::Bool(flag) => cel::Value::Bool(*flag),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => cel::Value::Int(whole),
            (None, Some(real)) => cel::Value::Float(real),
            (None, None) => cel::Value::Null,
        },
        Value::String(text) => cel::Value::String(Arc::new(text.clone())),
        Value::Array(items) => cel::Value::List(Arc::new(items.iter().map(expression_value).collect())),
        Value::Object(members) => cel::Value::Map(
            members
                .iter()
                .map(|(name, value)| (Key::from(name.clone()), expression_value(value)))
                .collect::<std::collections::HashMap<Key, cel::Value>>()
                .into(),
        ),
    }
}

/// What an expression came to, as a value that can be kept.
pub(crate) fn kept_value(value: &cel::Value) -> Result<Value, String> {
    Ok(match value {
        cel::Value::Null => Value::Null,
        cel::Value::Bool(flag) => Value::Bool(*flag),
        cel::Value::Int(whole) => Value::from(*whole),
        cel::Value::UInt(whole) => Value::from(*whole),
        cel::Value::Float(real) => serde_json::Number::from_f64(*real).map_or(Value::Null, Value::Number),
        cel::Value::String(text) => Value::String(text.as_str().to_owned()),
        cel::Value::List(items) => Value::Array(items.iter().map(kept_value).collect::<Result<_, _>>()?),
        cel::Value::Map(members) => Value::Object(
            members
                .map
                .iter()
                .map(|(key, value)| Ok((key.to_string(), kept_value(value)?)))
                .collect::<Result<_, String>>()?,
        ),
        other => return Err(format!("a value of type {} cannot be kept", other.type_of())),
    })
}

/// Whether a value is small enough to be kept; if not, what is too much.
pub(crate) fn check_size(value: &Value) -> Result<(), String> {
    let mut values = 0;
    let mut text = 0;
    let mut open = vec![(value, 1)];
    while let Some((value, depth)) = open.pop() {
        values += 1;
        match value {
            Value::String(s) => text += s.len(),
            Value::Array(items) => open.extend(items.iter().map(|item| (item, depth + 1))),
            Value::Object(members) => {
                text += members.keys().map(String::len).sum::<usize>();
                open.extend(members.values().map(|member| (member, depth + 1)));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
        if depth > MAX_DEPTH {
            return Err(format!("the reply is nested deeper than {MAX_DEPTH} levels"));
        }
        if values + open.len() > MAX_VALUES {
            return Err(format!("the reply holds more than {MAX_VALUES} values"));
        }
        if text > MAX_TEXT {
            return Err(format!("the reply holds more than {MAX_TEXT} bytes of text"));
        }
    }
    Ok(())
}
