//! What is said and tested: prompts in every language, intents and queues that exist, templates and conditions that can be
//! compiled and use what something sets.

use std::collections::BTreeSet;

use intent::{Language, slot::Form};
use serde_json::Value;

use crate::{
    Block, Finding, Flow,
    expression::Expression,
    finding::nearest,
    hours, markup,
    registry::{self, FieldSpec, FieldType},
    template::{Place, Template, Templates},
    values::{CALL_MEMBERS, HOURS_MEMBERS, INTENT_MEMBERS, RESERVED},
};

/// So many examples make an intent dependable.
const GOOD_EXAMPLES: usize = 5;

pub(super) fn check(flow: &Flow, findings: &mut Vec<Finding>) {
    intents(flow, findings);
    let known = known_names(flow);
    for (index, block) in flow.blocks.iter().enumerate() {
        let Some(spec) = registry::block(&block.kind) else { continue };
        let mut checked = Checked { flow, block, known: &known, templates: Templates::new(), findings: Vec::new() };
        let place = format!("/blocks/{index}/params");
        for field in spec.fields {
            if let Some(value) = block.params.get(field.name) {
                checked.value(field, value, &format!("{place}/{}", field.name));
            }
        }
        checked.together(&place);
        findings.extend(checked.findings.into_iter().map(|finding| finding.of(&block.id)));
    }
}

fn intents(flow: &Flow, findings: &mut Vec<Finding>) {
    let reserved: BTreeSet<&str> = registry::blocks()
        .iter()
        .filter(|spec| spec.listens())
        .flat_map(|spec| spec.edges.iter().map(|edge| edge.name))
        .chain(["agent"])
        .collect();
    let mut seen = BTreeSet::new();
    for (index, intent) in flow.intents.iter().enumerate() {
        let place = format!("/intents/{index}");
        if !seen.insert(&intent.name) {
            findings.push(Finding::error(
                "duplicate_id",
                format!("{place}/name"),
                format!("There are two intents {}.", intent.name),
                "Merge them, or rename one.",
            ));
        }
        if reserved.contains(intent.name.as_str()) {
            findings.push(Finding::error(
                "reserved_name",
                format!("{place}/name"),
                format!("An intent cannot be called {}, which is the name of an edge.", intent.name),
                "Choose another name.",
            ));
        }
        for language in &flow.languages {
            let examples = intent.examples.get(language).map_or(0, Vec::len);
            if examples < GOOD_EXAMPLES {
                findings.push(Finding::warning(
                    "few_examples",
                    format!("{place}/examples"),
                    format!("Intent {} has {examples} examples in {language}.", intent.name),
                    format!("Add ways of saying it; {GOOD_EXAMPLES} or more are understood dependably."),
                ));
            }
            if !intent.label.contains_key(language) {
                findings.push(Finding::warning(
                    "missing_language",
                    format!("{place}/label"),
                    format!("Intent {} has no label in {language}; its name is said when asking back.", intent.name),
                    "Add one, such as \"your order\".",
                ));
            }
        }
    }
}

/// The names that something sets: `vars.a`, `slots.b`, `call.id`, and replies as a whole.
fn known_names(flow: &Flow) -> BTreeSet<String> {
    let set_by = |kind: &'static str, field: &'static str| {
        flow.blocks
            .iter()
            .filter(move |block| block.kind == kind)
            .filter_map(move |block| block.params.get(field)?.as_str())
    };
    let of_kind = |kind: &'static str| flow.blocks.iter().filter(move |block| block.kind == kind);
    let saved = |kind: &'static str, usual: &'static str| {
        of_kind(kind).map(move |block| block.params.get("save_as").and_then(Value::as_str).unwrap_or(usual).to_owned())
    };
    let assigned = of_kind("set")
        .filter_map(|block| block.params.get("values")?.as_array())
        .flatten()
        .filter_map(|row| Some(format!("vars.{}", row.get("name")?.as_str()?)));
    let hours = of_kind("hours").next().map(|_| HOURS_MEMBERS.iter().map(|name| format!("hours.{name}")));
    flow.variables
        .iter()
        .map(|variable| format!("vars.{}", variable.name))
        .chain(set_by("collect", "slot").map(|name| format!("slots.{name}")))
        .chain(set_by("survey", "name").map(|name| format!("slots.{name}")))
        .chain(set_by("http", "save_as").map(str::to_owned))
        .chain(saved("queue_status", "queue"))
        .chain(saved("lookup_customer", "customer"))
        .chain(assigned)
        .chain(hours.into_iter().flatten())
        .chain(CALL_MEMBERS.iter().map(|name| format!("call.{name}")))
        .chain(INTENT_MEMBERS.iter().map(|name| format!("intent.{name}")))
        .collect()
}

/// Whether a text has a word that is long, of letters and digits, and follows what announces a secret; or a PEM block.
fn looks_like_a_secret(text: &str) -> bool {
    const ANNOUNCED: [&str; 7] = ["bearer ", "basic ", "token ", "api_key=", "apikey=", "password=", "secret="];
    let lower = text.to_ascii_lowercase();
    let follows = |announced: &str| {
        lower.match_indices(announced).any(|(at, found)| {
            let word: String = text[at + found.len()..]
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || "-_.+/=~".contains(*c))
                .collect();
            word.len() >= 12 && word.chars().any(|c| c.is_ascii_digit())
        })
    };
    lower.contains("-----begin ") || ANNOUNCED.iter().any(|announced| follows(announced))
}

fn in_words(language: Language) -> &'static str {
    match language {
        Language::English => "English",
        Language::Chinese => "Chinese",
    }
}

struct Checked<'f> {
    flow: &'f Flow,
    block: &'f Block,
    known: &'f BTreeSet<String>,
    templates: Templates,
    findings: Vec<Finding>,
}

impl Checked<'_> {
    fn value(&mut self, field: &FieldSpec, value: &Value, place: &str) {
        match (&field.kind, value) {
            (FieldType::Texts, Value::Object(texts)) => {
                self.every_language(field.name == "label", value, place);
                for (language, text) in texts {
                    let place = format!("{place}/{language}");
                    self.template(text, Place::Text, &place);
                    self.markup(text, &place);
                }
            }
            (FieldType::Phrases, Value::Object(_)) => self.every_language(true, value, place),
            (FieldType::TextsList, Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    let field = FieldSpec { kind: FieldType::Texts, ..*field };
                    self.value(&field, item, &format!("{place}/{index}"));
                }
            }
            (FieldType::Template, text) => self.template(text, Place::Text, place),
            (FieldType::Url, text) => {
                self.template(text, Place::Url, place);
                let web =
                    |text: &str| text.starts_with("http://") || text.starts_with("https://") || text.starts_with("{{");
                if text.as_str().is_some_and(|text| !web(text.trim())) {
                    self.findings.push(Finding::error(
                        "bad_address",
                        place,
                        "The address begins neither with http:// nor with https:// nor with a variable.",
                        "Write the whole address.",
                    ));
                }
            }
            (FieldType::Json | FieldType::Templates | FieldType::TemplateMap, value) => self.templates_in(value, place),
            (FieldType::Expression, Value::String(source)) => match Expression::new(source) {
                Ok(expression) => self.names(expression.names(), place),
                Err(error) => self.findings.push(Finding::error(
                    "bad_expression",
                    place,
                    format!("The condition {source:?} cannot be used: {error}."),
                    "Write a CEL condition such as order.status_code == 200.",
                )),
            },
            (FieldType::Name, Value::String(name)) if field.name == "save_as" && RESERVED.contains(&name.as_str()) => {
                self.findings.push(Finding::error(
                    "reserved_name",
                    place,
                    format!("A reply cannot be called {name}, which means something already."),
                    "Choose another name.",
                ));
            }
            (FieldType::Intents, Value::Array(names)) => {
                for (index, name) in names.iter().enumerate() {
                    if let Some(name) = name.as_str().filter(|name| self.flow.intent(name).is_none()) {
                        let near = nearest(name, self.flow.intents.iter().map(|intent| intent.name.as_str()));
                        self.unknown("unknown_intent", "intent", name, near, format!("{place}/{index}"));
                    }
                }
            }
            (FieldType::Queue, Value::String(id)) if !self.flow.queues.iter().any(|queue| queue.id == *id) => {
                let near = nearest(id, self.flow.queues.iter().map(|queue| queue.id.as_str()));
                self.unknown("unknown_queue", "queue", id, near, place.to_owned());
            }
            (FieldType::Rows { columns }, Value::Array(rows)) => {
                for (index, row) in rows.iter().enumerate() {
                    for column in *columns {
                        if let Some(value) = row.get(column.name) {
                            self.value(column, value, &format!("{place}/{index}/{}", column.name));
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn unknown(&mut self, code: &str, what: &str, name: &str, near: Option<&str>, place: String) {
        let fix = match near {
            Some(meant) => format!("Did you mean {meant}?"),
            None => format!("Add the {what} to the flow, or name another."),
        };
        self.findings.push(Finding::error(code, place, format!("The flow has no {what} {name:?}."), fix));
    }

    /// A prompt must come in every language; a label or phrases may be missing, which is only less helpful.
    fn every_language(&mut self, only_warn: bool, value: &Value, place: &str) {
        for language in &self.flow.languages {
            let missing = match value.get(language.code()) {
                None => true,
                Some(Value::String(text)) => text.trim().is_empty(),
                Some(Value::Array(items)) => items.is_empty(),
                Some(_) => false,
            };
            if missing {
                let (message, fix) = (
                    format!("There are no words in {} here.", in_words(*language)),
                    format!("Add them under {:?}, or remove the language from the flow.", language.code()),
                );
                self.findings.push(if only_warn {
                    Finding::warning("missing_language", place, message, fix)
                } else {
                    Finding::error("missing_language", place, message, fix)
                });
            }
        }
    }

    fn templates_in(&mut self, value: &Value, place: &str) {
        match value {
            Value::String(_) => self.template(value, Place::Text, place),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.templates_in(item, &format!("{place}/{index}"));
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    self.templates_in(member, &format!("{place}/{}", crate::parse::escape(name)));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn template(&mut self, text: &Value, kind: Place, place: &str) {
        let Some(source) = text.as_str() else { return };
        let template = self.templates.add(source, kind);
        if let Template::Broken(error) = &template {
            self.findings.push(Finding::error(
                "bad_template",
                place,
                format!("The text cannot be filled in: {error}."),
                "Write values as {{ slots.name }}.",
            ));
        }
        let names = self.templates.names(&template);
        self.secrets(source, &names, place);
        self.names(names, place);
    }

    /// What is secret is neither said nor written where people read, and passwords do not stand in a flow, which many can read.
    fn secrets(&mut self, text: &str, names: &BTreeSet<String>, place: &str) {
        let secret = |name: &&String| {
            let slot = name.strip_prefix("slots.");
            let collects = |block: &Block| {
                block.kind == "collect"
                    && block.params.get("secret") == Some(&Value::Bool(true))
                    && block.params.get("slot").and_then(Value::as_str) == slot
            };
            slot.is_some() && self.flow.blocks.iter().any(collects)
        };
        // A service that is asked may have to know it.
        if self.block.kind != "http"
            && let Some(name) = names.iter().find(secret)
        {
            self.findings.push(Finding::error(
                "secret_shown",
                place,
                format!("{name} is secret and must not be said or written here."),
                "Leave it out, or show what a service answers about it.",
            ));
        }
        if looks_like_a_secret(text) {
            self.findings.push(Finding::warning(
                "secret_in_text",
                place,
                "This looks like a password or a key, which everybody sees who sees the flow.",
                "Put it into a variable of the service and write {{ vars.NAME }} here.",
            ));
        }
    }

    /// What is said may hold markup; what cannot be spoken would be left out silently.
    fn markup(&mut self, text: &Value, place: &str) {
        for unknown in markup::check(text.as_str().unwrap_or_default()) {
            self.findings.push(Finding::error(
                "bad_markup",
                place,
                format!("The markup {:?} cannot be spoken: {}.", unknown.tag, unknown.reason),
                "Correct it, or write &lt; for a < that is to be said.",
            ));
        }
    }

    fn names(&mut self, names: BTreeSet<String>, place: &str) {
        for name in names {
            let root = name.split('.').next().unwrap_or_default();
            let set = self.known.contains(root)
                || self.known.contains(&name)
                // `slots.a.b` is as good as `slots.a`.
                || self.known.iter().any(|known| name.strip_prefix(known.as_str()).is_some_and(|rest| rest.starts_with('.')))
                || RESERVED.contains(&name.as_str());
            if !set {
                let fix = match nearest(&name, self.known.iter().map(String::as_str)) {
                    Some(meant) => format!("Did you mean {meant}?"),
                    None if root == "vars" => "Declare it among the flow's variables.".to_owned(),
                    None => "Collect it or look it up before.".to_owned(),
                };
                self.findings.push(Finding::warning("unset_name", place, format!("Nothing sets {name}."), fix));
            }
        }
    }

    /// A language block leads to languages that the flow speaks, and asks for what can be known.
    fn language(&mut self, place: &str) {
        for name in ["language", "default"] {
            let code = self.block.params.get(name).and_then(Value::as_str).unwrap_or_default();
            if let Ok(language) = code.parse::<Language>()
                && !self.flow.languages.contains(&language)
            {
                self.findings.push(Finding::error(
                    "unspoken_language",
                    format!("{place}/{name}"),
                    format!("The flow has no words in {}.", in_words(language)),
                    format!("Add {code:?} to the flow's languages and to its prompts, or choose another."),
                ));
            }
        }
        if self.block.params.get("language").and_then(Value::as_str) == Some("caller")
            && !self.flow.remembers_language()
        {
            self.findings.push(Finding::warning(
                "nothing_remembered",
                format!("{place}/language"),
                "No block of the flow remembers a caller's language, so it is never known here.",
                "Set \"remember\" where the caller chooses a language.",
            ));
        }
    }

    /// A collect block has what its kind of value needs, and nothing that its kind does not use.
    fn collect(&mut self, place: &str) {
        let params = &self.block.params;
        let kind = params.get("kind").and_then(Value::as_str).unwrap_or("digits");
        let of_kind = |name: &str| match name {
            "items" | "list" => "list",
            "past" => "date",
            _ => "digits",
        };
        for name in ["items", "list", "past", "form", "check", "min_digits", "max_digits"] {
            if params.contains_key(name) && kind != of_kind(name) {
                self.findings.push(Finding::warning(
                    "unused_field",
                    format!("{place}/{name}"),
                    format!("{name} means nothing for a value of kind {kind}."),
                    format!("Remove it, or collect {:?}.", of_kind(name)),
                ));
            }
        }
        let items = params.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if kind == "list" && items.is_empty() && !params.contains_key("list") {
            self.findings.push(Finding::error(
                "no_items",
                format!("{place}/items"),
                "The list has nothing to choose from.",
                "Add items, each with a value and phrases, or name a list that is edited under Understanding, Entities.",
            ));
        }
        let mut values = BTreeSet::new();
        for (index, item) in items.iter().enumerate() {
            let place = format!("{place}/items/{index}");
            if let Some(value) = item.get("value").and_then(Value::as_str)
                && !values.insert(value)
            {
                self.findings.push(Finding::error(
                    "duplicate_id",
                    format!("{place}/value"),
                    format!("There are two items {value}."),
                    "Merge their phrases, or rename one.",
                ));
            }
            if item.get("phrases").or(item.get("label")).or(item.get("key")).is_none() {
                self.findings.push(Finding::error(
                    "no_way_to_choose",
                    place,
                    "This item can be chosen neither by key nor by voice.",
                    "Give it a label, phrases or a key.",
                ));
            }
        }
    }

    /// Hours are in a time zone that exists, and a part of a holiday has a begin and an end.
    fn hours(&mut self, place: &str) {
        let params = &self.block.params;
        if let Some(name) = params.get("time_zone").and_then(Value::as_str).filter(|name| !name.trim().is_empty())
            && hours::zone(name).is_err()
        {
            self.findings.push(Finding::error(
                "unknown_time_zone",
                format!("{place}/time_zone"),
                format!("There is no time zone {name:?}."),
                "Write one by its name in the IANA database, such as Europe/London or Asia/Shanghai.",
            ));
        }
        let rows = |name: &str| params.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        for (index, row) in rows("holidays").iter().enumerate() {
            let (from, to) = (row.get("from").is_some(), row.get("to").is_some());
            if from != to {
                self.findings.push(Finding::error(
                    "half_a_time",
                    format!("{place}/holidays/{index}"),
                    "This day has only one of the two times.",
                    "Write from when to when it is open, or neither if it is closed all day.",
                ));
            }
            let date = |name: &str| hours::date(row.get(name)?.as_str()?);
            if let (Some(first), Some(last)) = (date("date"), date("until"))
                && last < first
            {
                self.findings.push(Finding::error(
                    "bad_range",
                    format!("{place}/holidays/{index}/until"),
                    format!("The last day, {last}, lies before the first, {first}."),
                    "Swap the two.",
                ));
            }
        }
        if rows("weekly").is_empty() && rows("holidays").is_empty() {
            self.findings.push(Finding::warning(
                "never_open",
                format!("{place}/weekly"),
                "Without hours it is never open.",
                "Add a row with days and times.",
            ));
        }
    }

    /// The shares make a whole.
    fn split(&mut self, place: &str) {
        let ways = self.block.params.get("ways").and_then(Value::as_array);
        let sum: u64 = ways.into_iter().flatten().filter_map(|way| way.get("percent")?.as_u64()).sum();
        if sum != 100 {
            self.findings.push(Finding::error(
                "not_a_hundred",
                format!("{place}/ways"),
                format!("The ways make {sum} of a hundred."),
                "Change the shares so that they make a hundred together.",
            ));
        }
    }

    /// Each variable is set to one thing.
    fn assignments(&mut self, place: &str) {
        let rows = self.block.params.get("values").and_then(Value::as_array);
        for (index, row) in rows.into_iter().flatten().enumerate() {
            if row.get("text").is_some() == row.get("expression").is_some() {
                self.findings.push(Finding::error(
                    "not_one_value",
                    format!("{place}/values/{index}"),
                    "A variable is set to a text or to an expression.",
                    "Write one of the two.",
                ));
            }
        }
    }

    /// What only shows when several parameters are seen together.
    fn together(&mut self, place: &str) {
        match self.block.kind.as_str() {
            "language" => self.language(place),
            "collect" => self.collect(place),
            "hours" => self.hours(place),
            "split" => self.split(place),
            "set" => self.assignments(place),
            _ => {}
        }
        let number = |name: &str| self.block.params.get(name).and_then(Value::as_u64);
        if let (Some(min), Some(max)) = (number("min_digits"), number("max_digits"))
            && min > max
        {
            self.findings.push(Finding::error(
                "bad_range",
                format!("{place}/min_digits"),
                format!("No digits can be {min} or more and {max} or less."),
                "Swap the two.",
            ));
        }
        if let Some(Err(error)) = self.block.params.get("form").and_then(Value::as_str).map(str::parse::<Form>) {
            self.findings.push(Finding::error(
                "bad_form",
                format!("{place}/form"),
                format!("The form cannot be used: {error}."),
                "Write A for a letter, 9 for a digit, * for either, for example AA9999.",
            ));
        }
        let method = self.block.params.get("method").and_then(Value::as_str);
        if number("retries").is_some_and(|retries| retries > 0) && matches!(method, Some("POST" | "PATCH")) {
            self.findings.push(Finding::warning(
                "no_retries",
                format!("{place}/retries"),
                "A POST or PATCH is never repeated.",
                "Remove the retries.",
            ));
        }
        let rows = ["options", "keys", "items"]
            .into_iter()
            .filter_map(|name| Some((name, self.block.params.get(name)?.as_array()?.clone())));
        for (name, rows) in rows.collect::<Vec<_>>() {
            if name == "options" && rows.is_empty() {
                self.findings.push(Finding::error(
                    "no_options",
                    format!("{place}/options"),
                    "The menu has nothing to choose from.",
                    "Add an option.",
                ));
            }
            let mut keys = BTreeSet::new();
            for (index, row) in rows.iter().enumerate() {
                let place = format!("{place}/{name}/{index}");
                match row.get("key").and_then(Value::as_str) {
                    Some(key) if !keys.insert(key.to_owned()) => self.findings.push(Finding::error(
                        "duplicate_key",
                        place,
                        format!("Key {key} is taken already."),
                        "Use another key.",
                    )),
                    None if name == "options" && row.get("phrases").is_none() => self.findings.push(Finding::error(
                        "no_way_to_choose",
                        place,
                        "This option can be chosen neither by key nor by voice.",
                        "Give it a key or phrases.",
                    )),
                    _ => {}
                }
            }
        }
    }
}
