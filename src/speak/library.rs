//! The prompts of a flow: every text that is the same for each caller, in each of its languages, and where it is said.

use flow::Flow;
use intent::Language;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A text that is said the same to each caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// Names it in addresses; the same for the same text in the same language.
    pub id: String,
    /// Its language.
    pub language: Language,
    /// As it is written, markup included.
    pub text: String,
    /// Where it is said, in the order of the flow.
    pub places: Vec<Place>,
}

/// A place in a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The block.
    pub block: String,
    /// The parameter, such as `prompt` or `retry_prompts/1`.
    pub field: String,
}

/// The id of a text.
pub fn prompt_id(language: Language, text: &str) -> String {
    let hash = Sha256::new().chain_update(language.code()).chain_update([0]).chain_update(text.trim()).finalize();
    hash[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every text of the flow that is said and is the same for each caller: all but templates, each once, in the order of the flow.
pub fn fixed_prompts(flow: &Flow) -> Vec<Prompt> {
    let mut prompts: Vec<Prompt> = Vec::new();
    for block in &flow.blocks {
        for (name, value) in &block.params {
            collect(value, &block.id, name, &mut prompts);
        }
    }
    prompts
}

fn collect(value: &Value, block: &str, field: &str, prompts: &mut Vec<Prompt>) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, block, &format!("{field}/{index}"), prompts);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                match (name.parse::<Language>(), member) {
                    (Ok(language), Value::String(text)) if is_fixed(text) => add(language, text, block, field, prompts),
                    // A label is a part of sentences that the flow makes, phrases are heard and not said.
                    (Ok(_), _) => {}
                    _ if name == "label" => {}
                    _ => collect(member, block, &format!("{field}/{name}"), prompts),
                }
            }
        }
        _ => {}
    }
}

fn is_fixed(text: &str) -> bool {
    !text.contains("{{") && !text.contains("{%") && text.chars().any(char::is_alphanumeric)
}

fn add(language: Language, text: &str, block: &str, field: &str, prompts: &mut Vec<Prompt>) {
    let text = text.trim();
    let place = Place { block: block.to_owned(), field: field.to_owned() };
    match prompts.iter_mut().find(|prompt| prompt.language == language && prompt.text == text) {
        Some(prompt) => prompt.places.push(place),
        None => {
            let id = prompt_id(language, text);
            prompts.push(Prompt { id, language, text: text.to_owned(), places: vec![place] });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fixed_text_is_listed_once_with_its_places() {
        let flow = flow::parse(include_str!("../demo/bicycle-shop.json")).expect("the example flow");
        let prompts = fixed_prompts(&flow);
        let goodbye: Vec<&Prompt> =
            prompts.iter().filter(|prompt| prompt.text.starts_with("Thank you for calling, and ride")).collect();
        assert_eq!(goodbye.len(), 1);
        assert_eq!(goodbye[0].places, [Place { block: "goodbye".into(), field: "prompt".into() }]);
        assert!(prompts.iter().all(|prompt| !prompt.text.contains("{{")));
        assert!(prompts.iter().any(|prompt| prompt.language == Language::Chinese));
        let ids: std::collections::BTreeSet<&str> = prompts.iter().map(|prompt| prompt.id.as_str()).collect();
        assert_eq!(ids.len(), prompts.len());
    }
}
