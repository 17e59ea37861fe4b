//! Lists of what callers choose from or name (products, places, departments), with what they call each entry: edited beside the
//! intents, published with them, and used by flows and by other programs that ask for values.

use std::collections::{BTreeMap, HashSet};

use intent::entity::Item;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::UnderstandError;

const MOST_LISTS: usize = 200;
/// Of all lists together: every caller's words are compared with each of them.
const MOST_VALUES: usize = 10_000;
const MOST_PHRASES: usize = 100;
const LONGEST: usize = 200;

/// A list of what callers name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntityList {
    /// Its name, as flows use it, e.g. `bikes`.
    pub name: String,
    /// What is in it.
    #[serde(default)]
    pub values: Vec<EntityValue>,
}

/// An entry of a list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntityValue {
    /// What is kept when it is chosen, e.g. `city_bike`.
    pub value: String,
    /// What it is called when it is read back, by language. Callers call it that, too.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub label: BTreeMap<String, String>,
    /// What else callers call it, by language; what sounds alike is understood, too.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub phrases: BTreeMap<String, Vec<String>>,
}

impl EntityList {
    /// The entries as the intent engine looks for them.
    pub fn items(&self) -> Vec<Item> {
        let item = |value: &EntityValue| {
            let said: Vec<String> = value.label.values().chain(value.phrases.values().flatten()).cloned().collect();
            let phrases = if said.is_empty() { vec![value.value.replace('_', " ")] } else { said };
            Item { id: value.value.clone(), phrases }
        };
        self.values.iter().map(item).collect()
    }

    /// The entries as a flow's `collect` block has them.
    pub fn to_flow(&self) -> Vec<Value> {
        let entry = |value: &EntityValue| json!({"value": value.value, "label": value.label, "phrases": value.phrases});
        self.values.iter().map(entry).collect()
    }
}

/// Refuses what is too much, what has no name, and languages that nobody understands.
pub fn check_limits(lists: &[EntityList]) -> Result<(), UnderstandError> {
    let refused = |words: String| Err(UnderstandError::Draft(words));
    if lists.len() > MOST_LISTS {
        return refused(format!("{} lists are too many; the most is {MOST_LISTS}", lists.len()));
    }
    let values: usize = lists.iter().map(|list| list.values.len()).sum();
    if values > MOST_VALUES {
        return refused(format!("{values} entries in lists are too many; the most is {MOST_VALUES}"));
    }
    let mut names = HashSet::new();
    for list in lists {
        let name = list.name.as_str();
        if !is_name(name) {
            return refused(format!("a list cannot be called “{name}”; use letters, digits and _, e.g. bikes"));
        }
        if !names.insert(name) {
            return refused(format!("the list {name} is there twice; merge the two, or rename one"));
        }
        let mut seen = HashSet::new();
        for value in &list.values {
            if !is_name(&value.value) {
                let what = &value.value;
                return refused(format!(
                    "in the list {name} an entry cannot be kept as “{what}”; use letters, digits and _, e.g. city_bike"
                ));
            }
            if !seen.insert(&value.value) {
                return refused(format!("in the list {name} the entry {} is there twice; remove one", value.value));
            }
            check_words(name, value)?;
        }
    }
    Ok(())
}

fn check_words(list: &str, value: &EntityValue) -> Result<(), UnderstandError> {
    let refused = |words: String| Err(UnderstandError::Draft(words));
    let entry = &value.value;
    let languages = value.label.keys().chain(value.phrases.keys());
    if let Some(code) = languages.clone().find(|code| code.parse::<intent::Language>().is_err()) {
        return refused(format!("in the list {list} the entry {entry} has words in “{code}”; it can be en or zh-CN"));
    }
    let phrases: Vec<&String> = value.label.values().chain(value.phrases.values().flatten()).collect();
    if phrases.len() > MOST_PHRASES {
        return refused(format!("in the list {list} the entry {entry} has more than {MOST_PHRASES} phrases"));
    }
    if phrases.iter().any(|phrase| phrase.chars().count() > LONGEST) {
        return refused(format!("in the list {list} a phrase of {entry} has more than {LONGEST} characters"));
    }
    Ok(())
}

/// As flows write names: a letter first, then letters, digits and underscores.
fn is_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(name: &str, values: &[&str]) -> EntityList {
        let value = |value: &&str| EntityValue { value: (*value).into(), ..EntityValue::default() };
        EntityList { name: name.into(), values: values.iter().map(value).collect() }
    }

    #[test]
    fn an_entry_without_words_is_called_by_its_name() {
        let items = list("bikes", &["city_bike"]).items();
        assert_eq!((items[0].id.as_str(), items[0].phrases.as_slice()), ("city_bike", &["city bike".to_owned()][..]));
    }

    #[test]
    fn what_cannot_be_kept_is_refused_in_words() {
        let refused = |lists: &[EntityList], part: &str| {
            let words = check_limits(lists).expect_err(part).to_string();
            assert!(words.contains(part), "{words}");
        };
        assert!(check_limits(&[list("bikes", &["city", "road"]), list("shops", &[])]).is_ok());
        refused(&[list("bikes", &[]), list("bikes", &[])], "twice");
        refused(&[list("bikes", &["city", "city"])], "twice");
        refused(&[list("", &[])], "cannot be called");
        refused(&[list("bikes", &["city bike"])], "city_bike");
        let mut odd = list("bikes", &["city"]);
        odd.values[0].label.insert("fr".into(), "vélo".into());
        refused(&[odd], "zh-CN");
    }
}
