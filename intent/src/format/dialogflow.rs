//! An agent of Dialogflow ES: `agent.json`, `intents/NAME.json` with `NAME_usersays_LANG.json`, `entities/NAME.json` with
//! `NAME_entries_LANG.json`. Contexts, events and webhooks are a flow's business; each is named in the report.

use std::collections::HashMap;

use serde_json::Value;

use super::archive::File;
use super::builder::{Builder, Marked, To, head};
use super::import::{Answer, Format, FormatError, Kind, Place, Said, Slot, ValueKind};
use super::json::{is_nothing, items, leftovers, parse, text};
use crate::Language;

/// Whether these files are an agent, or parts of one.
pub(super) fn is_agent(files: &[File]) -> bool {
    let named = |name: &str| files.iter().any(|file| file.name == name || file.name.ends_with(&format!("/{name}")));
    let has = |part: &str| files.iter().any(|file| file.name.contains(part) && file.name.ends_with(".json"));
    has("_usersays_") || has("_entries_") || (named("agent.json") && !has("flows/") && !has("entityTypes/"))
}

/// A file's part after `intents/` or `entities/`, without the ending, and its language where the name says one.
fn stem<'a>(name: &'a str, infix: &str) -> (&'a str, Option<&'a str>) {
    let leaf = name.rsplit('/').next().unwrap_or(name);
    let leaf = leaf.strip_suffix(".json").unwrap_or(leaf);
    leaf.rsplit_once(infix).map_or((leaf, None), |(stem, language)| (stem, Some(language)))
}

/// Reads an agent. A file that cannot be read is an error in the report; the others still count.
pub(super) fn read(builder: &mut Builder, files: &[(String, String)]) {
    builder.format(Format::Dialogflow);
    let mut documents = Vec::new();
    for (name, text) in files {
        match parse(name, text) {
            Ok(value) => documents.push((name.as_str(), value)),
            Err(FormatError::Syntax { place, reason }) => {
                let advice = "export the agent again";
                builder.error(Kind::Unreadable, "the file", &place, reason, advice);
            }
            Err(_) => {}
        }
    }
    let is_part = |name: &str, infix: &str| stem(name, infix).1.is_some();
    let agent_language =
        documents.iter().find(|(name, _)| stem(name, "\0").0 == "agent").and_then(|(_, v)| text(v, "language"));
    let agent = Agent { language: agent_language };
    // Types first: slots and marks refer to them.
    let mut types = HashMap::new();
    for (name, value) in &documents {
        if value.is_object() && (value.get("isRegexp").is_some() || value.get("isEnum").is_some()) {
            agent.entity(builder, name, value, &mut types);
        }
    }
    for (name, value) in &documents {
        if let (stem, Some(code)) = stem(name, "_entries_") {
            let entity = types.get(stem).cloned();
            agent.entries(builder, name, stem, entity, Some(code), value, "$");
        }
    }
    let mut intents: HashMap<&str, (String, bool)> = HashMap::new();
    for (name, value) in &documents {
        if is_part(name, "_usersays_") || is_part(name, "_entries_") {
            continue;
        }
        match stem(name, "\0").0 {
            "agent" => agent.settings(builder, name, value),
            "package" => {}
            stem if value.get("responses").is_some() || value.get("fallbackIntent").is_some() => {
                let title = text(value, "name").unwrap_or(stem).trim().to_owned();
                intents.insert(stem, (title.clone(), value["fallbackIntent"] == Value::Bool(true)));
                agent.intent(builder, name, &title, value);
            }
            _ if types.contains_key(stem(name, "\0").0) => {}
            _ => {
                let message = "it is no part of an agent that is read".to_owned();
                builder.warning(Kind::UnknownFile, "the file", &Place::file(*name), message, "");
            }
        }
    }
    for (name, value) in &documents {
        let (stem, Some(code)) = stem(name, "_usersays_") else { continue };
        let place = Place::file(*name);
        let (title, fallback) = intents.get(stem).cloned().unwrap_or_else(|| {
            let message = "the file of its intent is missing; the name was taken from the file's".to_owned();
            builder.warning(Kind::Incomplete, format!("intent {stem}"), &place, message, "");
            (stem.to_owned(), false)
        });
        agent.phrases(builder, name, &title, fallback, Some(code), value, "$");
    }
}

struct Agent<'a> {
    language: Option<&'a str>,
}

/// A type: its name, whether its entries are regular expressions.
type Type = (String, bool);

impl Agent<'_> {
    /// The language of a code, the agent's where there is none; `Err` with the code when Hotline does not understand it.
    fn language(&self, code: Option<&str>) -> Result<Option<Language>, String> {
        let Some(code) = code.or(self.language) else { return Ok(None) };
        code.parse().map(Some).map_err(|_| code.to_owned())
    }

    fn settings(&self, builder: &mut Builder, file: &str, value: &Value) {
        let read = ["language", "supportedLanguages"];
        let ids = [
            "displayName",
            "description",
            "shortDescription",
            "defaultTimezone",
            "isPrivate",
            "secondaryKey",
            "examples",
            "linkToDocs",
            "disableStackdriverLogs",
            "disableInteractionLogs",
            "onePlatformApiVersion",
            "enableOnePlatformApi",
        ];
        leftovers(builder, "the agent's settings", value, &read, &ids, &Place::path(file, "$"));
    }

    fn intent(&self, builder: &mut Builder, file: &str, title: &str, value: &Value) {
        let place = Place::path(file, "$");
        let called = format!("intent {title}");
        let fallback = value["fallbackIntent"] == Value::Bool(true);
        if fallback {
            builder.rejects(title, &place);
        } else if builder.intent(title, &place).is_none() {
            return;
        }
        let words = |list: &[Value]| {
            let names = list.iter().filter_map(|one| one.as_str().or_else(|| text(one, "name")));
            names.map(str::to_owned).collect::<Vec<_>>().join(", ")
        };
        let contexts = items(value, "contexts");
        if !contexts.is_empty() {
            let message = format!("it listens in a context only: {}", words(contexts));
            let advice = "Hotline knows no contexts: allow the intent in the blocks where it makes sense";
            builder.warning(Kind::NoPlace, called.as_str(), &place.inside(".contexts"), message, advice);
        }
        let events = items(value, "events");
        if !events.is_empty() {
            let message = format!("it is also started by an event, not by words: {}", words(events));
            builder.note(
                Kind::NoPlace,
                called.as_str(),
                &place.inside(".events"),
                message,
                "begin the flow there instead",
            );
        }
        for key in ["webhookUsed", "webhookForSlotFilling"] {
            if value[key] == Value::Bool(true) {
                let message = "its answer came from a webhook".to_owned();
                let advice = "call your service from the flow";
                builder.note(Kind::NoPlace, called.as_str(), &place.inside(&format!(".{key}")), message, advice);
            }
        }
        if value["priority"].as_i64().is_some_and(|priority| !matches!(priority, 0 | 500_000)) {
            let message = format!("its priority {} was not taken", value["priority"]);
            builder.note(Kind::NoPlace, called.as_str(), &place.inside(".priority"), message, "");
        }
        let read = [
            "name",
            "fallbackIntent",
            "responses",
            "contexts",
            "events",
            "webhookUsed",
            "webhookForSlotFilling",
            "priority",
            "userSays",
        ];
        let ids = ["id", "parentId", "rootParentId", "auto", "lastUpdate"];
        leftovers(builder, &called, value, &read, &ids, &place);
        // Exports of before 2018 carry the phrases in the intent itself.
        if value.get("userSays").is_some() {
            self.phrases(builder, file, title, fallback, None, &value["userSays"], "$.userSays");
        }
        for (index, response) in items(value, "responses").iter().enumerate() {
            let place = place.inside(&format!(".responses[{index}]"));
            self.response(builder, title, fallback, response, &place);
        }
    }

    fn response(&self, builder: &mut Builder, title: &str, fallback: bool, response: &Value, place: &Place) {
        let called = format!("intent {title}");
        let contexts: Vec<_> = items(response, "affectedContexts").iter().filter_map(|one| text(one, "name")).collect();
        if !contexts.is_empty() {
            let message = format!("it opens contexts: {}", contexts.join(", "));
            let place = place.inside(".affectedContexts");
            builder.note(Kind::NoPlace, called.as_str(), &place, message, "the flow's edges say what comes next");
        }
        for (index, parameter) in items(response, "parameters").iter().enumerate() {
            let place = place.inside(&format!(".parameters[{index}]"));
            self.parameter(builder, title, parameter, &place);
        }
        let mut texts = Vec::new();
        for (index, message) in items(response, "messages").iter().enumerate() {
            let place = place.inside(&format!(".messages[{index}]"));
            let said = [&message["speech"], &message["textToSpeech"], &message["telephonySynthesizeSpeech"]["text"]];
            said.iter().for_each(|said| self.said(builder, &called, said, text(message, "lang"), &place, &mut texts));
            let spoken = if is_nothing(said[2]) { "speech" } else { "telephonySynthesizeSpeech" };
            leftovers(
                builder,
                &called,
                message,
                &["speech", "textToSpeech", "lang", spoken],
                &["type", "platform"],
                &place,
            );
        }
        self.said(builder, &called, &response["speech"], None, place, &mut texts);
        if !texts.is_empty() {
            let intent = (!fallback).then(|| title.to_owned());
            builder.answer(Answer { name: title.to_owned(), intent, texts });
        }
        let read = ["affectedContexts", "parameters", "messages", "speech"];
        leftovers(builder, &called, response, &read, &["defaultResponsePlatforms", "id"], place);
    }

    /// A text, or a list of texts, that the bot says.
    fn said(
        &self,
        builder: &mut Builder,
        called: &str,
        said: &Value,
        code: Option<&str>,
        place: &Place,
        texts: &mut Vec<Said>,
    ) {
        let one = std::slice::from_ref(said);
        let list = said.as_array().map_or(one, Vec::as_slice);
        for words in list.iter().filter_map(Value::as_str).map(str::trim).filter(|words| !words.is_empty()) {
            match self.language(code) {
                Ok(language) => {
                    let language = language.unwrap_or_else(|| Language::detect(words));
                    texts.push(Said { text: words.to_owned(), language });
                }
                Err(code) => {
                    let message = format!("the answer {:?} is in {code}; it was left out", head(words));
                    builder.warning(Kind::Language, called, place, message, "Hotline understands en and zh-CN");
                }
            }
        }
    }

    fn parameter(&self, builder: &mut Builder, title: &str, parameter: &Value, place: &Place) {
        let called = format!("intent {title}");
        let source = text(parameter, "dataType").unwrap_or_default();
        let Some(name) = text(parameter, "name").or_else(|| text(parameter, "dataType")) else {
            let message = "a parameter without a name was left out".to_owned();
            return builder.warning(Kind::Incomplete, called, place, message, "");
        };
        let mut prompts = Vec::new();
        for prompt in items(parameter, "prompts") {
            self.said(builder, &called, &prompt["value"], text(prompt, "lang"), place, &mut prompts);
        }
        let bare = source.trim_start_matches('@');
        let kind = match system(bare) {
            Some(kind) => kind,
            None if builder.has_pattern(bare) => ValueKind::Pattern,
            None if builder.find_list(bare).is_some() => ValueKind::List,
            None => ValueKind::Other,
        };
        if kind == ValueKind::Other {
            let message = format!("its parameter {name} is of type {source:?}, which Hotline has nothing for");
            builder.warning(Kind::NoPlace, called.as_str(), place, message, "make a list or a pattern for it");
        }
        let own = text(parameter, "value").is_some_and(|value| {
            let rest = value.strip_prefix('$').unwrap_or(value);
            rest != name && rest != format!("{name}.original")
        });
        let value = if own { "" } else { "value" };
        leftovers(
            builder,
            &called,
            parameter,
            &["name", "dataType", "prompts", "required", "isList", value],
            &["id"],
            place,
        );
        let slot = Slot {
            intent: title.to_owned(),
            name: name.to_owned(),
            kind,
            source: source.to_owned(),
            required: parameter["required"] == Value::Bool(true),
            many: parameter["isList"] == Value::Bool(true),
            prompts,
        };
        builder.slot(slot, place);
    }

    #[allow(clippy::too_many_arguments)]
    fn phrases(
        &self,
        builder: &mut Builder,
        file: &str,
        title: &str,
        fallback: bool,
        code: Option<&str>,
        value: &Value,
        base: &str,
    ) {
        let Some(to) = (if fallback { Some(To::OutOfScope) } else { builder.intent(title, &Place::file(file)) }) else {
            return;
        };
        let called = format!("intent {title}");
        let place = Place::path(file, base);
        let Some((list, language)) = self.list(builder, &called, "phrases", &place, code, value) else { return };
        for (index, phrase) in list.iter().enumerate() {
            let place = Place::path(file, format!("{base}[{index}]"));
            let (words, marked) = self.phrase(builder, &called, phrase, &place);
            let (words, marked) = if phrase["isTemplate"] == Value::Bool(true) {
                let advice = "write it as somebody would say it";
                let message = format!("{:?} is a template; its types were replaced by their names", head(&words));
                builder.warning(Kind::StandIn, called.as_str(), &place, message, advice);
                (template(&words), Vec::new())
            } else {
                (words, marked)
            };
            leftovers(
                builder,
                &called,
                phrase,
                &["data", "isTemplate"],
                &["id", "count", "updated", "lang", "isAuto"],
                &place,
            );
            builder.example(to, &words, language, marked, &place);
        }
    }

    /// The items of a list, and their language. Of what is no list, or in another language, it is said that it was left out.
    fn list<'v>(
        &self,
        builder: &mut Builder,
        called: &str,
        items: &str,
        place: &Place,
        code: Option<&str>,
        value: &'v Value,
    ) -> Option<(&'v [Value], Option<Language>)> {
        let Some(list) = value.as_array() else {
            let message = format!("its {items} are no list; they were left out");
            builder.error(Kind::Unreadable, called, place, message, "export the agent again");
            return None;
        };
        match self.language(code) {
            Ok(language) => Some((list, language)),
            Err(code) => {
                let message = format!("{} {items} in {code} were left out", list.len());
                let place = Place::file(place.file.as_str());
                builder.error(Kind::Language, called, &place, message, "Hotline understands en and zh-CN");
                None
            }
        }
    }

    /// The words of a phrase with the values marked in them.
    fn phrase(&self, builder: &mut Builder, called: &str, phrase: &Value, place: &Place) -> (String, Vec<Marked>) {
        let (mut words, mut marked) = (String::new(), Vec::new());
        for (index, part) in items(phrase, "data").iter().enumerate() {
            let start = words.len();
            words.push_str(part["text"].as_str().unwrap_or_default());
            let meta = text(part, "meta").map(|meta| meta.trim_start_matches('@'));
            // `@sys.ignore` marks words that mean nothing.
            let slot = text(part, "alias").or(meta.filter(|meta| *meta != "sys.ignore"));
            if let Some(slot) = slot {
                let (slot, span) = (slot.to_owned(), start..words.len());
                marked.push(Marked { slot, role: None, group: None, value: None, span });
            }
            let place = place.inside(&format!(".data[{index}]"));
            leftovers(builder, called, part, &["text", "meta", "alias"], &["userDefined"], &place);
        }
        (words, marked)
    }

    fn entity(&self, builder: &mut Builder, file: &str, value: &Value, types: &mut HashMap<String, Type>) {
        let stem = stem(file, "\0").0;
        let name = text(value, "name").unwrap_or(stem).to_owned();
        let regex = value["isRegexp"] == Value::Bool(true);
        if !regex {
            let list = builder.list(&name);
            list.open = value["automatedExpansion"] == Value::Bool(true);
            list.fuzzy = value["allowFuzzyExtraction"] == Value::Bool(true);
        }
        types.insert(stem.to_owned(), (name.clone(), regex));
        let place = Place::path(file, "$");
        let read = ["name", "isRegexp", "automatedExpansion", "allowFuzzyExtraction", "entries"];
        leftovers(builder, &format!("list {name}"), value, &read, &["id", "isOverridable", "isEnum"], &place);
        if value.get("entries").is_some() {
            self.entries(builder, file, stem, Some((name, regex)), None, &value["entries"], "$.entries");
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn entries(
        &self,
        builder: &mut Builder,
        file: &str,
        stem: &str,
        entity: Option<Type>,
        code: Option<&str>,
        value: &Value,
        base: &str,
    ) {
        let (name, regex) = entity.unwrap_or_else(|| {
            let message = "the file of its type is missing; it was taken for a list of values".to_owned();
            builder.warning(Kind::Incomplete, format!("list {stem}"), &Place::file(file), message, "");
            (stem.to_owned(), false)
        });
        let called = if regex { format!("pattern {name}") } else { format!("list {name}") };
        let place = Place::path(file, base);
        let Some((list, _)) = self.list(builder, &called, "entries", &place, code, value) else { return };
        for (index, entry) in list.iter().enumerate() {
            let place = Place::path(file, format!("{base}[{index}]"));
            let value = entry["value"].as_str().unwrap_or_default();
            let synonyms: Vec<String> =
                items(entry, "synonyms").iter().filter_map(Value::as_str).map(str::to_owned).collect();
            leftovers(builder, &called, entry, &["value", "synonyms"], &[], &place);
            if regex {
                for expression in std::iter::once(value).chain(synonyms.iter().map(String::as_str)) {
                    builder.pattern(&name, expression, &place);
                }
                continue;
            }
            if value.split_whitespace().any(|word| word.len() > 1 && word.starts_with('@')) {
                let message = format!("{value:?} is made of other types; it was left out");
                let advice = "ask for its parts one by one";
                builder.error(Kind::NoPlace, called.as_str(), &place, message, advice);
                continue;
            }
            builder.entry(&name, value, &synonyms, &place);
        }
    }
}

/// A template as words: `@sys.date:when` reads "when".
fn template(words: &str) -> String {
    let word = |word: &str| match word.strip_prefix('@') {
        Some(kind) => kind.rsplit([':', '.']).next().unwrap_or(kind).replace(['-', '_'], " "),
        None => word.to_owned(),
    };
    words.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// What a system type takes.
fn system(kind: &str) -> Option<ValueKind> {
    let kind = kind.strip_prefix("sys.")?;
    Some(match kind {
        "date" | "date-period" => ValueKind::Date,
        "time" | "time-period" => ValueKind::Time,
        "date-time" => ValueKind::DateTime,
        "duration" | "age" => ValueKind::Duration,
        "number" | "number-integer" | "ordinal" | "cardinal" | "percentage" | "number-sequence" => {
            if kind == "number-sequence" { ValueKind::Digits } else { ValueKind::Number }
        }
        "flight-number" | "zip-code" => ValueKind::Digits,
        "unit-currency" | "currency-name" => ValueKind::Money,
        "phone-number" => ValueKind::Phone,
        "email" => ValueKind::Email,
        "url" => ValueKind::Url,
        "person" | "given-name" | "last-name" => ValueKind::Person,
        "any" => ValueKind::Text,
        _ if kind.starts_with("geo")
            || matches!(kind, "location" | "address" | "street-address" | "place-attraction" | "airport") =>
        {
            ValueKind::Place
        }
        _ => ValueKind::Other,
    })
}
