//! Amazon Lex: V1's one JSON file, and V2's folders (`BotLocales/LOCALE/Intents/NAME/Intent.json`, `Slots/NAME/Slot.json`,
//! `SlotTypes/NAME/SlotType.json`). Both write `{Country}` where a value goes; words stand in for it, because a model learns
//! from what people say, and the place is kept as a marked value.

use std::collections::HashMap;

use serde_json::Value;

use super::archive::File;
use super::builder::{Builder, Marked, To, head};
use super::import::{Answer, Format, FormatError, Kind, Place, Said, Slot, ValueKind};
use super::json::{is_nothing, items, leftovers, parse, text};
use crate::Language;

/// Whether a JSON document is an export of Lex V1.
pub(super) fn is_v1(value: &Value) -> bool {
    let resource = &value["resource"];
    value["metadata"]["importType"] == "LEX"
        || (resource.is_object()
            && ["intents", "sampleUtterances", "enumerationValues"].iter().any(|key| resource.get(key).is_some()))
}

/// Whether these files are an export of Lex V2.
pub(super) fn is_v2(files: &[File]) -> bool {
    files.iter().any(|file| file.name.contains("BotLocales/") && file.name.ends_with(".json"))
}

/// Keys that say nothing elsewhere: numbers, versions, dates.
const IDS: [&str; 8] = [
    "identifier",
    "version",
    "slotTypeVersion",
    "checksum",
    "createdDate",
    "lastUpdatedDate",
    "description",
    "priority",
];

/// An intent of either version, brought to one shape.
struct Intent<'a> {
    title: &'a str,
    fallback: bool,
    utterances: Vec<(&'a str, Place)>,
    /// Slots: name, type, the object, its place, its questions.
    slots: Vec<(&'a str, &'a str, &'a Value, Place, Vec<Said>)>,
    language: Option<Language>,
    place: Place,
}

/// Reads an export of V1: a bot, an intent or a slot type.
pub(super) fn read_v1(builder: &mut Builder, file: &str, value: &Value) {
    builder.format(Format::LexV1);
    let (resource, place) = (&value["resource"], Place::path(file, "$.resource"));
    let code = text(resource, "locale");
    let Ok(language) = locale(builder, code, "the bot", &place) else { return };
    let (own, types, intents) = if resource.get("enumerationValues").is_some() {
        (&["enumerationValues"][..], std::slice::from_ref(resource), &[][..])
    } else if resource.get("sampleUtterances").is_some() {
        (&["sampleUtterances"][..], items(resource, "slotTypes"), std::slice::from_ref(resource))
    } else {
        (&["intents"][..], items(resource, "slotTypes"), items(resource, "intents"))
    };
    let is_bot = own[0] == "intents";
    for (index, one) in types.iter().enumerate() {
        let place =
            if own[0] == "enumerationValues" { place.clone() } else { place.inside(&format!(".slotTypes[{index}]")) };
        slot_type_v1(builder, one, &place);
    }
    for (index, one) in intents.iter().enumerate() {
        let place = if is_bot { place.inside(&format!(".intents[{index}]")) } else { place.clone() };
        intent_v1(builder, one, language, &place);
    }
    if is_bot {
        let read = ["intents", "slotTypes", "locale", "name"];
        leftovers(builder, "the bot's settings", resource, &read, &["version", "description", "checksum"], &place);
    }
}

fn slot_type_v1(builder: &mut Builder, value: &Value, place: &Place) {
    let name = text(value, "name").unwrap_or("unnamed").to_owned();
    let called = format!("list {name}");
    for (index, entry) in items(value, "enumerationValues").iter().enumerate() {
        let place = place.inside(&format!(".enumerationValues[{index}]"));
        let synonyms: Vec<String> =
            items(entry, "synonyms").iter().filter_map(Value::as_str).map(str::to_owned).collect();
        builder.entry(&name, entry["value"].as_str().or(entry.as_str()).unwrap_or_default(), &synonyms, &place);
        leftovers(builder, &called, entry, &["value", "synonyms"], &[], &place);
    }
    for (index, one) in items(value, "slotTypeConfigurations").iter().enumerate() {
        let place = place.inside(&format!(".slotTypeConfigurations[{index}]"));
        if let Some(regex) = text(&one["regexConfiguration"], "pattern") {
            builder.pattern(&name, regex, &place);
        }
        leftovers(builder, &called, one, &["regexConfiguration"], &[], &place);
    }
    if !builder.has_pattern(&name) {
        builder.list(&name).open = text(value, "valueSelectionStrategy") == Some("ORIGINAL_VALUE");
    }
    parent(builder, &called, text(value, "parentSlotTypeSignature"), place);
    let read = [
        "name",
        "enumerationValues",
        "slotTypeConfigurations",
        "valueSelectionStrategy",
        "parentSlotTypeSignature",
        "slotTypes",
    ];
    leftovers(builder, &called, value, &read, &IDS, place);
}

/// A type that builds on one of Amazon's brings that one's values, which are not in the file.
fn parent(builder: &mut Builder, called: &str, parent: Option<&str>, place: &Place) {
    if let Some(parent) = parent {
        let message = format!("it builds on {parent}, whose own values are not in the file");
        builder.warning(Kind::NoPlace, called, place, message, "add the values that callers may say");
    }
}

fn intent_v1(builder: &mut Builder, value: &Value, language: Option<Language>, place: &Place) {
    let title = text(value, "name").unwrap_or_default();
    let called = format!("intent {title}");
    let signature = text(value, "parentIntentSignature").unwrap_or_default();
    let utterances = items(value, "sampleUtterances").iter().enumerate();
    let utterances = utterances
        .filter_map(|(index, one)| Some((one.as_str()?, place.inside(&format!(".sampleUtterances[{index}]")))));
    let utterances = utterances.collect();
    let mut slots = Vec::new();
    for (index, slot) in items(value, "slots").iter().enumerate() {
        let place = place.inside(&format!(".slots[{index}]"));
        let prompts = messages_v1(
            builder,
            &called,
            &slot["valueElicitationPrompt"],
            language,
            &place.inside(".valueElicitationPrompt"),
        );
        let (name, kind) = (text(slot, "name").unwrap_or_default(), text(slot, "slotType").unwrap_or_default());
        let read = ["name", "slotType", "slotConstraint", "valueElicitationPrompt", "sampleUtterances"];
        leftovers(builder, &format!("slot {name} of {called}"), slot, &read, &IDS, &place);
        slots.push((name, kind, slot, place, prompts));
    }
    let fallback = signature.ends_with("FallbackIntent");
    let intent = Intent { title, fallback, utterances, slots, language, place: place.clone() };
    if !take(builder, intent, signature) {
        return;
    }
    let conclusion = &value["conclusionStatement"];
    let texts = messages_v1(builder, &called, conclusion, language, &place.inside(".conclusionStatement"));
    answer(builder, title, fallback, texts);
    let read = ["name", "sampleUtterances", "slots", "parentIntentSignature", "conclusionStatement", "slotTypes"];
    leftovers(builder, &called, value, &read, &IDS, place);
}

fn messages_v1(
    builder: &mut Builder,
    called: &str,
    prompt: &Value,
    language: Option<Language>,
    place: &Place,
) -> Vec<Said> {
    let mut texts = Vec::new();
    for (index, message) in items(prompt, "messages").iter().enumerate() {
        let plain = text(message, "contentType").is_none_or(|kind| kind == "PlainText");
        match text(message, "content").filter(|_| plain) {
            Some(words) => texts.push(said(words, language)),
            None => {
                let message = format!("a message of type {} was left out", message["contentType"]);
                builder.note(
                    Kind::NoPlace,
                    called,
                    &place.inside(&format!(".messages[{index}]")),
                    message,
                    "write it as plain words",
                );
            }
        }
    }
    leftovers(builder, called, prompt, &["messages"], &["maxAttempts"], place);
    texts
}

fn said(words: &str, language: Option<Language>) -> Said {
    Said { text: words.trim().to_owned(), language: language.unwrap_or_else(|| Language::detect(words)) }
}

fn answer(builder: &mut Builder, title: &str, fallback: bool, texts: Vec<Said>) {
    if !texts.is_empty() {
        builder.answer(Answer { name: title.to_owned(), intent: (!fallback).then(|| title.to_owned()), texts });
    }
}

/// The language of a locale; `Err`, with a finding, when Hotline does not understand it.
fn locale(builder: &mut Builder, code: Option<&str>, item: &str, place: &Place) -> Result<Option<Language>, ()> {
    let Some(code) = code else { return Ok(None) };
    code.parse().map(Some).map_err(|_| {
        let message = format!("its language is {code}; it was left out");
        builder.error(Kind::Language, item, place, message, "Hotline understands en and zh-CN");
    })
}

/// A document of a V2 export with its path taken apart.
struct Part<'a> {
    file: &'a str,
    value: Value,
    locale: &'a str,
    /// Below the locale: `["Intents", "Refund", "Intent.json"]`.
    path: Vec<&'a str>,
}

/// Reads an export of V2. A file that cannot be read is an error in the report; the others still count.
pub(super) fn read_v2(builder: &mut Builder, files: &[(String, String)]) {
    builder.format(Format::LexV2);
    let mut parts = Vec::new();
    for (file, text) in files {
        let path: Vec<&str> = file.split('/').collect();
        let Some(at) = path.iter().position(|part| *part == "BotLocales").filter(|at| path.len() > at + 2) else {
            if !matches!(path.last(), Some(&"Bot.json" | &"Manifest.json")) {
                let message = "it is no part of a bot that is read".to_owned();
                builder.note(Kind::UnknownFile, "the file", &Place::file(file.as_str()), message, "");
            }
            continue;
        };
        match parse(file, text) {
            Ok(value) => parts.push(Part { file, value, locale: path[at + 1], path: path[at + 2..].to_vec() }),
            Err(FormatError::Syntax { place, reason }) => {
                builder.error(Kind::Unreadable, "the file", &place, reason, "export the bot again");
            }
            Err(_) => {}
        }
    }
    let mut languages: HashMap<&str, Option<Language>> = HashMap::new();
    for part in &parts {
        if !languages.contains_key(part.locale) {
            let (item, place) = (format!("locale {}", part.locale), Place::file(part.file));
            let language = locale(builder, Some(part.locale), &item, &place).unwrap_or(None);
            languages.insert(part.locale, language);
        }
    }
    let known = |part: &&Part| languages[part.locale].is_some();
    for part in parts.iter().filter(known) {
        match part.path[..] {
            ["SlotTypes", .., "SlotType.json"] => slot_type_v2(builder, part),
            ["BotLocale.json"] => {
                let ids = ["name", "identifier", "version", "description", "voiceSettings", "nluConfidenceThreshold"];
                leftovers(builder, "the locale's settings", &part.value, &[], &ids, &Place::path(part.file, "$"));
            }
            ["Intents", _, "Intent.json"] | ["Intents", _, "Slots", _, "Slot.json"] => {}
            _ => {
                let message = "it was not taken; Hotline has no place for it".to_owned();
                builder.note(Kind::NoPlace, "the file", &Place::file(part.file), message, "");
            }
        }
    }
    for part in parts.iter().filter(known) {
        if let ["Intents", folder, "Intent.json"] = part.path[..] {
            let slots = parts.iter().filter(|slot| {
                slot.locale == part.locale
                    && matches!(slot.path[..], ["Intents", intent, "Slots", _, "Slot.json"] if intent == folder)
            });
            intent_v2(builder, part, slots.collect(), languages[part.locale]);
        }
    }
    let has_intent = |part: &Part| {
        parts.iter().any(|one| one.locale == part.locale && one.path.len() == 3 && one.path[..2] == part.path[..2])
    };
    for part in parts.iter().filter(known) {
        if let ["Intents", folder, "Slots", ..] = part.path[..]
            && !has_intent(part)
        {
            let message = format!("its intent {folder} is not in the export; it was left out");
            builder.error(Kind::Incomplete, "a slot", &Place::file(part.file), message, "export the bot again");
        }
    }
}

fn slot_type_v2(builder: &mut Builder, part: &Part) {
    let (value, place) = (&part.value, Place::path(part.file, "$"));
    let name = text(value, "name").or(part.path.get(1).copied()).unwrap_or("unnamed").to_owned();
    let called = format!("list {name}");
    for (index, entry) in items(value, "slotTypeValues").iter().enumerate() {
        let place = place.inside(&format!(".slotTypeValues[{index}]"));
        let word = |one: &Value| one["value"].as_str().or(one.as_str()).map(str::to_owned);
        let synonyms: Vec<String> = items(entry, "synonyms").iter().filter_map(word).collect();
        builder.entry(&name, &word(&entry["sampleValue"]).unwrap_or_default(), &synonyms, &place);
        leftovers(builder, &called, entry, &["sampleValue", "synonyms"], &[], &place);
    }
    let selection = &value["valueSelectionSetting"];
    if let Some(regex) = text(&selection["regexFilter"], "pattern") {
        builder.pattern(&name, regex, &place.inside(".valueSelectionSetting.regexFilter"));
    } else {
        let strategy = text(selection, "resolutionStrategy").unwrap_or_default().replace('_', "");
        builder.list(&name).open = strategy.eq_ignore_ascii_case("OriginalValue");
    }
    leftovers(
        builder,
        &called,
        selection,
        &["resolutionStrategy", "regexFilter"],
        &[],
        &place.inside(".valueSelectionSetting"),
    );
    parent(builder, &called, text(value, "parentSlotTypeSignature"), &place);
    let read = ["name", "slotTypeValues", "valueSelectionSetting", "parentSlotTypeSignature"];
    leftovers(builder, &called, value, &read, &IDS, &place);
}

fn intent_v2(builder: &mut Builder, part: &Part, slots: Vec<&Part>, language: Option<Language>) {
    let (value, place) = (&part.value, Place::path(part.file, "$"));
    let title = text(value, "name").unwrap_or(part.path[1]);
    let called = format!("intent {title}");
    let signature = text(value, "parentIntentSignature").unwrap_or_default();
    let utterances = items(value, "sampleUtterances").iter().enumerate().filter_map(|(index, one)| {
        let words = one["utterance"].as_str().or(one.as_str())?;
        Some((words, place.inside(&format!(".sampleUtterances[{index}]"))))
    });
    let utterances = utterances.collect();
    let mut questions = Vec::new();
    for slot in slots {
        let (value, place) = (&slot.value, Place::path(slot.file, "$"));
        let name = text(value, "name").unwrap_or(slot.path[3]);
        let setting = &value["valueElicitationSetting"];
        let (called, inside) = (format!("slot {name} of {called}"), place.inside(".valueElicitationSetting"));
        let prompts = messages_v2(
            builder,
            &called,
            &setting["promptSpecification"],
            language,
            &inside.inside(".promptSpecification"),
        );
        let read = ["promptSpecification", "slotConstraint", "sampleUtterances"];
        leftovers(builder, &called, setting, &read, &[], &inside);
        let many = &value["multipleValuesSetting"];
        leftovers(builder, &called, many, &["allowMultipleValues"], &[], &place.inside(".multipleValuesSetting"));
        let read = ["name", "slotTypeName", "valueElicitationSetting", "multipleValuesSetting"];
        leftovers(builder, &called, value, &read, &IDS, &place);
        questions.push((name, text(value, "slotTypeName").unwrap_or_default(), value, place, prompts));
    }
    let fallback = signature.ends_with("FallbackIntent");
    let intent = Intent { title, fallback, utterances, slots: questions, language, place: place.clone() };
    if !take(builder, intent, signature) {
        return;
    }
    let closing = &value["intentClosingSetting"];
    let inside = place.inside(".intentClosingSetting");
    let texts =
        messages_v2(builder, &called, &closing["closingResponse"], language, &inside.inside(".closingResponse"));
    answer(builder, title, fallback, texts);
    leftovers(builder, &called, closing, &["closingResponse"], &["isActive", "nextStep"], &inside);
    let read = ["name", "sampleUtterances", "parentIntentSignature", "intentClosingSetting", "slotPriorities"];
    leftovers(builder, &called, value, &read, &IDS, &place);
}

fn messages_v2(
    builder: &mut Builder,
    called: &str,
    prompt: &Value,
    language: Option<Language>,
    place: &Place,
) -> Vec<Said> {
    let mut texts = Vec::new();
    for (index, group) in items(prompt, "messageGroupsList").iter().enumerate() {
        let place = place.inside(&format!(".messageGroupsList[{index}]"));
        for message in std::iter::once(&group["message"]).chain(items(group, "variations")) {
            texts.extend(text(&message["plainTextMessage"], "value").map(|words| said(words, language)));
            leftovers(builder, called, message, &["plainTextMessage"], &[], &place);
        }
    }
    // How long to wait and how often to ask is set in the block that asks.
    let ids = ["allowInterrupt", "messageSelectionStrategy", "promptAttemptsSpecification", "maxRetries"];
    leftovers(builder, called, prompt, &["messageGroupsList"], &ids, place);
    texts
}

/// Takes an intent's slots and utterances; false when it could not be taken at all.
fn take(builder: &mut Builder, intent: Intent, signature: &str) -> bool {
    let Intent { title, fallback, utterances, slots, language, place } = intent;
    let called = format!("intent {title}");
    let to = if fallback {
        builder.rejects(title, &place);
        To::OutOfScope
    } else {
        let Some(to) = builder.intent(title, &place) else { return false };
        to
    };
    if !signature.is_empty() && !fallback {
        let message = format!("it builds on {signature}, whose own examples are not in the file");
        builder.warning(Kind::NoPlace, called.as_str(), &place, message, "add ways of saying it");
    }
    let mut kinds: HashMap<&str, (ValueKind, &str)> = HashMap::new();
    for (name, source, value, place, prompts) in slots {
        let kind = match source.strip_prefix("AMAZON.") {
            Some(builtin) => built_in(builtin),
            None if builder.has_pattern(source) => ValueKind::Pattern,
            None if builder.find_list(source).is_some() => ValueKind::List,
            None => ValueKind::Other,
        };
        if kind == ValueKind::Other {
            let message = format!("its slot {name} is of type {source:?}, which Hotline has nothing for");
            builder.warning(Kind::NoPlace, called.as_str(), &place, message, "make a list or a pattern for it");
        }
        let setting =
            if value.get("valueElicitationSetting").is_some() { &value["valueElicitationSetting"] } else { value };
        if !is_nothing(&setting["sampleUtterances"]) {
            let count = items(setting, "sampleUtterances").len();
            let message = format!("{count} sample answers of its slot {name} were not taken");
            builder.note(Kind::NoPlace, called.as_str(), &place, message, "a Collect block takes any wording");
        }
        kinds.insert(name, (kind, source));
        let slot = Slot {
            intent: title.to_owned(),
            name: name.to_owned(),
            kind,
            source: source.to_owned(),
            required: text(setting, "slotConstraint") == Some("Required"),
            many: value["multipleValuesSetting"]["allowMultipleValues"] == Value::Bool(true),
            prompts,
        };
        builder.slot(slot, &place);
    }
    for (index, (utterance, place)) in utterances.into_iter().enumerate() {
        let language = language.unwrap_or_else(|| Language::detect(utterance));
        let filled = fill(utterance, index, |name| stand_in(builder, kinds.get(name).copied(), language));
        for (name, words) in &filled.unknown {
            let message =
                format!("{:?} names {{{name}}}, which is no slot of the intent; {words:?} stands in", head(utterance));
            builder.warning(Kind::StandIn, called.as_str(), &place, message, "write it as somebody would say it");
        }
        if filled.unknown.is_empty() && !filled.marked.is_empty() {
            let message =
                format!("{:?} reads {:?} now: words stand in for its slots", head(utterance), head(&filled.text));
            let advice = if filled.text.trim().len() == filled.marked.iter().map(|m| m.span.len()).sum::<usize>() {
                "it is nothing but a slot: a Collect block asks for it, and the example may go"
            } else {
                "put in what your callers say"
            };
            builder.note(Kind::StandIn, called.as_str(), &place, message, advice);
        }
        builder.example(to, &filled.text, Some(language), filled.marked, &place);
    }
    true
}

struct Filled {
    text: String,
    marked: Vec<Marked>,
    /// Names in braces that are no slots, with what stands in.
    unknown: Vec<(String, String)>,
}

/// Puts words in the place of `{Slot}` (and of V1's old `{words|Slot}`). The values of a list take turns by `turn`.
fn fill(utterance: &str, turn: usize, stand_in: impl Fn(&str) -> Option<Vec<String>>) -> Filled {
    let mut filled = Filled { text: String::new(), marked: Vec::new(), unknown: Vec::new() };
    let mut rest = utterance;
    while let Some((before, inner, after)) = rest
        .split_once('{')
        .and_then(|(before, rest)| rest.split_once('}').map(|(inner, after)| (before, inner, after)))
    {
        filled.text.push_str(before);
        rest = after;
        let (sample, name) = inner.split_once('|').map_or((None, inner), |(sample, name)| (Some(sample.trim()), name));
        let name = name.trim();
        let known = stand_in(name).filter(|words| !words.is_empty());
        let words = match (&known, sample) {
            (_, Some(sample)) if !sample.is_empty() => sample.to_owned(),
            (Some(words), _) => words[turn % words.len()].clone(),
            (None, _) => readable(name),
        };
        let start = filled.text.len();
        filled.text.push_str(&words);
        if known.is_none() {
            filled.unknown.push((name.to_owned(), words));
        } else {
            let span = start..filled.text.len();
            filled.marked.push(Marked { slot: name.to_owned(), role: None, group: None, value: None, span });
        }
    }
    filled.text.push_str(rest);
    filled
}

/// `numOfWeeks` as words: "num of weeks".
fn readable(name: &str) -> String {
    let mut words = String::new();
    for c in name.chars() {
        if c.is_uppercase() && words.chars().next_back().is_some_and(char::is_lowercase) {
            words.push(' ');
        }
        words.extend(if matches!(c, '_' | '-' | '.') { ' ' } else { c }.to_lowercase());
    }
    words
}

/// Words that may stand for a slot: the values of its list, or an example of its kind. `None` for what is no slot.
fn stand_in(builder: &Builder, slot: Option<(ValueKind, &str)>, language: Language) -> Option<Vec<String>> {
    let (kind, source) = slot?;
    if kind == ValueKind::List {
        let list = builder.find_list(source)?;
        let values: Vec<String> = list.entries.iter().map(|entry| entry.value.clone()).collect();
        return Some(if values.is_empty() { vec![readable(source)] } else { values });
    }
    let (english, chinese): (&[&str], &[&str]) = match kind {
        ValueKind::Date => (&["tomorrow", "next Friday", "the third of May"], &["明天", "下周五", "五月三号"]),
        ValueKind::Time => (&["three o'clock", "half past nine"], &["三点", "九点半"]),
        ValueKind::DateTime => (&["tomorrow at three", "Friday at noon"], &["明天三点", "周五中午"]),
        ValueKind::Duration => (&["two weeks", "three days"], &["两周", "三天"]),
        ValueKind::Number => (&["three", "five", "ten"], &["三", "五", "十"]),
        ValueKind::Digits => (&["4 7 1 2", "9 0 3 5"], &["4712", "9035"]),
        ValueKind::Money => (&["twenty dollars", "fifty dollars"], &["二十块", "五十块"]),
        ValueKind::Phone => (&["555 0123"], &["13800138000"]),
        ValueKind::Email => (&["anna@example.com"], &["anna@example.com"]),
        ValueKind::Url => (&["example.com"], &["example.com"]),
        ValueKind::Person => match source.contains("Last") {
            true => (&["Smith", "Jones", "Miller"], &["王", "李", "张"]),
            false => (&["Anna", "Peter", "Maria"], &["小明", "建国", "丽丽"]),
        },
        ValueKind::Place => match source.contains("Country") {
            true => (&["France", "Japan", "Brazil"], &["法国", "日本", "巴西"]),
            false => (&["London", "Boston", "Paris"], &["北京", "上海", "广州"]),
        },
        ValueKind::YesNo => (&["yes", "no"], &["是", "不是"]),
        _ => return Some(vec![readable(source.trim_start_matches("AMAZON."))]),
    };
    let words = if language == Language::English { english } else { chinese };
    Some(words.iter().map(|word| (*word).to_owned()).collect())
}

/// What one of Amazon's own types takes, by its name after `AMAZON.`; V1 and V2 differ in capitals.
fn built_in(name: &str) -> ValueKind {
    match name.to_ascii_lowercase().as_str() {
        "date" => ValueKind::Date,
        "time" => ValueKind::Time,
        "duration" => ValueKind::Duration,
        "number" | "percentage" | "speed" | "weight" => ValueKind::Number,
        "four_digit_number" | "alphanumeric" => ValueKind::Digits,
        "phonenumber" => ValueKind::Phone,
        "emailaddress" => ValueKind::Email,
        "confirmation" => ValueKind::YesNo,
        "freeforminput" | "searchquery" | "literal" => ValueKind::Text,
        "person" | "firstname" | "lastname" | "us_first_name" | "us_last_name" | "gb_first_name" | "actor"
        | "author" => ValueKind::Person,
        name if ["city", "country", "state", "region", "address", "streetname", "airport", "postal"]
            .iter()
            .any(|part| name.contains(part)) =>
        {
            ValueKind::Place
        }
        _ => ValueKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_in_for_slots_and_their_place_is_kept() {
        let words = |name: &str| (name == "Plan").then(|| vec!["basic".to_owned(), "premium".to_owned()]);
        for (utterance, turn, text, marked, unknown) in [
            ("the {Plan} plan", 0, "the basic plan", vec!["basic"], 0),
            ("the {Plan} plan", 3, "the premium plan", vec!["premium"], 0),
            ("{Plan}", 0, "basic", vec!["basic"], 0),
            ("a {gold|Plan}", 0, "a gold", vec!["gold"], 0),
            ("in {numOfWeeks}", 0, "in num of weeks", vec![], 1),
            ("odd } { braces", 0, "odd } { braces", vec![], 0),
            ("{}", 0, "", vec![], 1),
        ] {
            let filled = fill(utterance, turn, words);
            let found: Vec<_> = filled.marked.iter().map(|m| &filled.text[m.span.clone()]).collect();
            assert_eq!((&*filled.text, found, filled.unknown.len()), (text, marked, unknown), "{utterance}");
        }
    }
}
