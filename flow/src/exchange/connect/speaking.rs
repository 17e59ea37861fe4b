//! What Amazon Connect says, and in whose voice.

use intent::Language;
use serde_json::{Map, Value as Json, json};

use super::{Action, Connect, NO_ERROR};
use crate::exchange::{
    building::{Ending, To},
    report::Status,
    setting,
    value::Value,
    words::quoted,
};

impl Connect {
    /// What an action says: text, SSML, or what stands for a recording.
    pub(super) fn words(&mut self, index: usize, parameters: &Map<String, Json>) -> Json {
        if let Some(ssml) = setting(parameters, "SSML") {
            let value = self.value(index, &ssml);
            return self.building.prompt(index, &value, true);
        }
        if let Some(text) = setting(parameters, "Text") {
            let value = self.value(index, &text);
            return self.building.prompt(index, &value, text.trim_start().starts_with("<speak"));
        }
        let recording = setting(parameters, "PromptName").or_else(|| setting(parameters, "PromptId"));
        let recording = recording
            .or_else(|| setting(parameters.get("Media").and_then(Json::as_object).unwrap_or(&Map::new()), "Uri"));
        let Some(recording) = recording else { return self.building.prompt(index, &Value::default(), false) };
        self.building.note(
            index,
            Status::Partly,
            format!("It plays the recording {}; write the words that are said there.", quoted(&recording)),
        );
        let name = recording.rsplit('/').next().unwrap_or_default();
        let name: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
        self.building.prompt(index, &Value::text(name), false)
    }

    pub(super) fn message(&mut self, index: usize, action: &Action) {
        let prompt = self.words(index, &action.parameters);
        let mut edges = vec![("next", action.onward())];
        edges.extend(action.error(&[NO_ERROR]).map(|to| ("error", to)));
        self.building.block(index, action.label("say"), "say", json!({ "prompt": prompt }), edges);
    }

    /// What is said over and over to those who wait. Ours hear it once.
    pub(super) fn messages(&mut self, index: usize, action: &Action) {
        let mut said = Vec::new();
        for message in action.parameters.get("Messages").and_then(Json::as_array).into_iter().flatten().take(20) {
            let Some(message) = message.as_object() else { continue };
            if message.contains_key("Text") || message.contains_key("SSML") {
                said.push(message.clone());
            } else if let Some(music) = setting(message, "PromptName").or_else(|| setting(message, "PromptId")) {
                self.building.note(
                    index,
                    Status::Partly,
                    format!("The music or recording {} is not played.", quoted(&music)),
                );
            }
        }
        let next = match (&action.next, action.condition("MessagesInterrupted")) {
            (_, Some(interrupted)) => interrupted,
            (Some(next), None) => To::State(next.clone()),
            (None, None) => To::End(Ending::Done),
        };
        self.building.note(
            index,
            Status::Partly,
            "Its messages come again and again to those who wait; here they are said once. Callers in a queue are told their place by the queue itself.",
        );
        if said.is_empty() {
            return self.building.pass(index, next);
        }
        let mut texts: Vec<String> = Vec::new();
        for message in &said {
            let words = self.words(index, message);
            let text = words.as_object().and_then(|texts| texts.values().next()).and_then(Json::as_str);
            texts.extend(text.map(str::to_owned));
        }
        let mut prompt = texts.join(" ");
        prompt.truncate(prompt.char_indices().nth(4_000).map_or(prompt.len(), |(at, _)| at));
        let prompt = self.building.texts(&prompt);
        self.building.block(index, action.label("say"), "say", json!({ "prompt": prompt }), [("next", next)]);
    }

    pub(super) fn voice(&mut self, index: usize, action: &Action) {
        let voice = action.text("TextToSpeechVoice").unwrap_or_default();
        let code = action.text("LanguageCode").unwrap_or_default();
        match spoken_by(&voice, &code) {
            Some(Some(language)) if self.building.languages.contains(&language) => {
                self.building.note(
                    index,
                    Status::Mapped,
                    format!("The voice {} is chosen in the settings of Hotline.", quoted(&voice)),
                );
                let params = json!({ "language": language.code() });
                self.building.block(index, action.label("language"), "language", params, [("next", action.onward())]);
            }
            Some(Some(language)) => {
                let sentence = format!(
                    "The voice {} speaks {language}, which is none of the flow's languages; add it and its prompts.",
                    quoted(&voice)
                );
                self.building.note(index, Status::NotMapped, sentence);
                self.building.pass(index, action.onward());
            }
            _ => {
                let sentence = format!(
                    "The voice {} speaks a language that is not spoken here, or is not known; calls go on in the language they have.",
                    quoted(&voice)
                );
                self.building.note(index, Status::NotMapped, sentence);
                self.building.pass(index, action.onward());
            }
        }
    }
}

/// The language that a voice speaks, if it is one of ours; nothing if the voice is unknown.
fn spoken_by(voice: &str, code: &str) -> Option<Option<Language>> {
    const ENGLISH: [&str; 32] = [
        "joanna", "matthew", "salli", "amy", "emma", "brian", "ivy", "kendra", "kimberly", "joey", "justin", "kevin",
        "ruth", "stephen", "nicole", "russell", "olivia", "aditi", "raveena", "geraint", "aria", "ayanda", "danielle",
        "gregory", "niamh", "arthur", "kajal", "jasmine", "patrick", "tiffany", "sofie", "alice",
    ];
    let code = code.to_lowercase();
    if code.starts_with("en") || code.starts_with("zh") || code.starts_with("cmn") {
        return Some(Some(if code.starts_with("en") { Language::English } else { Language::Chinese }));
    }
    if !code.is_empty() {
        return Some(None);
    }
    let voice = voice.to_lowercase();
    if voice.is_empty() || voice.contains('$') {
        return None;
    }
    Some(match voice.as_str() {
        "zhiyu" => Some(Language::Chinese),
        known if ENGLISH.contains(&known) => Some(Language::English),
        _ => None,
    })
}
