//! Rasa 2 and 3: `nlu.yml` with intents, synonyms, lookup tables and regular expressions, `responses`, and what a domain says
//! about intents. Stories, rules, forms and actions are a flow's business; they are counted in the report.
//! Rasa 1 wrote the same in Markdown, which is read here, too.

use std::collections::{HashMap, HashSet};

use super::builder::{Builder, To, head};
use super::import::{Answer, Format, FormatError, Kind, Place, Said};
use super::{markup, yaml};
use crate::Language;
use yaml::{Node, Value};

/// The keys that make a YAML file one of Rasa's.
const KEYS: [&str; 14] = [
    "nlu",
    "responses",
    "intents",
    "stories",
    "rules",
    "entities",
    "slots",
    "forms",
    "actions",
    "session_config",
    "e2e_actions",
    "templates",
    "version",
    "config",
];

/// What can only be placed once every file is read.
#[derive(Default)]
pub(super) struct Rasa {
    synonyms: Vec<(String, Vec<String>, Place)>,
    declared: Vec<(String, Place)>,
    /// Rules that answer an intent: the intent, the response.
    links: Vec<(String, String)>,
    answers: Vec<(Answer, Place)>,
}

/// An example as it stands in a file.
struct Item {
    raw: String,
    line: usize,
    language: Option<Language>,
    verbatim: bool,
}

/// Whether a text looks like a YAML file of Rasa's.
pub(super) fn looks_like_yaml(text: &str) -> bool {
    text.lines()
        .any(|line| line.split_once(':').is_some_and(|(key, _)| key != "version" && KEYS.contains(&key.trim_end())))
}

/// Whether a text looks like training data of Rasa 1.
pub(super) fn looks_like_markdown(text: &str) -> bool {
    text.lines().any(|line| heading(line).is_some())
}

fn heading(line: &str) -> Option<(&'static str, &str)> {
    let line = line.strip_prefix("##")?.trim_start();
    let (what, name) = line.split_once(':')?;
    let what = what.trim_end();
    ["intent", "synonym", "regex", "lookup"].into_iter().find(|known| *known == what).map(|known| (known, name.trim()))
}

impl Rasa {
    pub fn read_yaml(&mut self, builder: &mut Builder, file: &str, text: &str) -> Result<(), FormatError> {
        let (documents, mended) = yaml::parse_leniently(text).map_err(|(line, why)| FormatError::Syntax {
            place: Place::line(file, line),
            reason: format!("this is not valid YAML ({why}); mind the indentation and quotes around : and #"),
        })?;
        let pairs: Vec<_> = documents.iter().flat_map(Node::pairs).collect();
        if !pairs.iter().any(|(key, _)| key.text().is_some_and(|key| KEYS.contains(&key))) {
            return Err(FormatError::Unknown {
                file: file.to_owned(),
                reason: "it is YAML, but has none of Rasa's keys (nlu, responses, intents); only Rasa's YAML is read"
                    .to_owned(),
            });
        }
        builder.format(Format::Rasa);
        for line in mended {
            let message = "a quoted text goes on too far to the left for YAML; it was read as Rasa reads it".to_owned();
            builder.note(Kind::Guess, "a text", &Place::line(file, line), message, "indent it");
        }
        for (key, value) in pairs {
            let place = Place::line(file, key.line);
            match key.text().unwrap_or_default() {
                "version" => {}
                "nlu" => value.items().iter().for_each(|item| self.item(builder, file, item)),
                "responses" | "templates" => {
                    value.pairs().iter().for_each(|(name, said)| self.response(builder, file, name, said));
                }
                "intents" => value.items().iter().for_each(|item| {
                    let name = item.text().or_else(|| item.pairs().first()?.0.text());
                    self.declared.extend(name.map(|name| (name.to_owned(), Place::line(file, item.line))));
                }),
                what => {
                    if what == "rules" || what == "stories" {
                        self.link(value);
                    }
                    let count = value.items().len().max(value.pairs().len());
                    let (message, advice) = match what {
                        "stories" | "rules" => (format!("{count} {what} were not taken"), "draw them as a flow"),
                        "forms" => (format!("{count} forms were not taken"), "ask for their slots with Collect blocks"),
                        "slots" | "entities" => (
                            format!(
                                "{count} {what} are declared here; those that examples mark came with the examples"
                            ),
                            "",
                        ),
                        "actions" => (format!("{count} actions were not taken"), "call your service from a flow"),
                        _ => ("it was not taken; Hotline has no place for it".to_owned(), ""),
                    };
                    if !value.is_nothing() {
                        builder.note(Kind::NoPlace, what, &place, message, advice);
                    }
                }
            }
        }
        Ok(())
    }

    fn item(&mut self, builder: &mut Builder, file: &str, item: &Node) {
        let place = Place::line(file, item.line);
        let known = ["intent", "synonym", "regex", "lookup"];
        let head = item.pairs().iter().find(|(key, _)| key.text().is_some_and(|key| known.contains(&key)));
        let Some((key, name)) = head else {
            let message = "it is neither an intent nor a synonym, a regex or a lookup; it was left out".to_owned();
            return builder.error(Kind::Incomplete, "an item of nlu", &place, message, "give it one of these keys");
        };
        let what = key.text().unwrap_or_default();
        let Some(name) = name.text().map(str::trim).filter(|name| !name.is_empty()) else {
            let message = format!("the {what} has no name; it was left out, with its examples");
            return builder.error(Kind::Incomplete, what, &place, message, "name it and import again");
        };
        let called = format!("{what} {name}");
        let language = item.get("metadata").and_then(|metadata| language(builder, &called, file, metadata));
        let (mut items, mut has_examples) = (Vec::new(), false);
        for (key, value) in item.pairs() {
            match key.text().unwrap_or_default() {
                "examples" if has_examples => {
                    let message = "it has `examples` twice; both were taken".to_owned();
                    builder.warning(Kind::RepeatedName, called.as_str(), &Place::line(file, key.line), message, "");
                    items.extend(examples(builder, &called, file, key.line, value));
                }
                "examples" => {
                    has_examples = true;
                    items.extend(examples(builder, &called, file, key.line, value));
                }
                "metadata" => metadata(builder, &called, file, value),
                key_name if key_name == what => {}
                other => {
                    let message = format!("its `{other}` was not taken");
                    builder.note(Kind::NoPlace, called.as_str(), &Place::line(file, key.line), message, "");
                }
            }
        }
        items.iter_mut().for_each(|item| item.language = item.language.or(language));
        self.section(builder, file, what, name, items, &place);
    }

    /// A named section, whichever notation it came in.
    fn section(&mut self, builder: &mut Builder, file: &str, what: &str, name: &str, items: Vec<Item>, place: &Place) {
        let called = format!("{what} {name}");
        if items.is_empty() && what != "intent" {
            let message = "it has no examples".to_owned();
            builder.warning(Kind::Incomplete, called.as_str(), place, message, "write them below it, or delete it");
        }
        let words = || items.iter().map(|item| item.raw.trim().to_owned()).filter(|word| !word.is_empty());
        match what {
            "intent" => {
                let Some(to) = builder.target(name, place) else { return };
                if name.contains('+') && to != To::OutOfScope {
                    let message =
                        "it stands for several intents at once; Hotline decides on one, so it is an intent of its own";
                    builder.warning(
                        Kind::NoPlace,
                        called.as_str(),
                        place,
                        message.to_owned(),
                        "handle both in its part of the flow",
                    );
                }
                for Item { raw, line, language, verbatim } in &items {
                    let place = Place::line(file, *line);
                    if *verbatim {
                        builder.example(to, raw, *language, Vec::new(), &place);
                        continue;
                    }
                    let plain = markup::parse(raw);
                    for problem in plain.problems {
                        builder.warning(Kind::Annotation, called.as_str(), &place, problem, "look at the example");
                    }
                    builder.example(to, &plain.text, *language, plain.marked, &place);
                }
            }
            "synonym" => self.synonyms.push((name.to_owned(), words().collect(), place.clone())),
            "regex" => {
                items.iter().for_each(|item| builder.pattern(name, item.raw.trim(), &Place::line(file, item.line)))
            }
            _ => {
                builder.list(name);
                for item in &items {
                    builder.entry(name, &item.raw, &[], &Place::line(file, item.line));
                }
            }
        }
    }

    fn response(&mut self, builder: &mut Builder, file: &str, name: &Node, variations: &Node) {
        let Some(key) = name.text() else { return };
        let (place, called) = (Place::line(file, name.line), format!("response {key}"));
        let short = key.strip_prefix("utter_").unwrap_or(key);
        // Retrieval intents: the response to `faq/price` is called `utter_faq/price`.
        let intent = short.contains('/').then(|| short.to_owned());
        let mut texts = Vec::new();
        for variation in variations.items() {
            let place = Place::line(file, variation.line);
            if let Some(text) = variation.text().or_else(|| variation.get("text")?.text()) {
                texts.push(Said { text: text.trim().to_owned(), language: Language::detect(text) });
            }
            let other: Vec<_> =
                variation.pairs().iter().filter_map(|(key, _)| key.text()).filter(|key| *key != "text").collect();
            if !other.is_empty() {
                let message = format!("its {} was not taken; only words are", other.join(", "));
                builder.note(Kind::NoPlace, called.as_str(), &place, message, "");
            }
        }
        self.answers.push((Answer { name: key.to_owned(), intent, texts }, place));
    }

    /// Rules and stories that do nothing but answer an intent say which answer is whose.
    fn link(&mut self, list: &Node) {
        for rule in list.items() {
            let Some([first, second]) = rule.get("steps").map(Node::items) else { continue };
            if let (Some(intent), Some(action)) =
                (first.get("intent").and_then(Node::text), second.get("action").and_then(Node::text))
            {
                self.links.push((intent.to_owned(), action.to_owned()));
            }
        }
    }

    pub fn read_markdown(&mut self, builder: &mut Builder, file: &str, text: &str) {
        builder.format(Format::RasaMarkdown);
        let mut section: Option<(&'static str, String, Place, Vec<Item>)> = None;
        let mut done = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let place = Place::line(file, index + 1);
            if let Some((what, name)) = heading(line) {
                done.extend(section.take());
                if name.is_empty() {
                    let message = format!("the {what} has no name; it was left out, with its examples");
                    builder.error(Kind::Incomplete, what, &place, message, "name it and import again");
                } else {
                    section = Some((what, name.to_owned(), place, Vec::new()));
                }
                continue;
            }
            let line = line.trim();
            let item = ['-', '*', '+'].into_iter().find_map(|bullet| line.strip_prefix(bullet));
            match (item, &mut section) {
                (Some(raw), Some((_, _, _, items))) => {
                    let raw = raw.trim().to_owned();
                    items.push(Item { raw, line: index + 1, language: None, verbatim: false });
                }
                _ if line.is_empty() || line.starts_with("<!--") => {}
                (Some(raw), None) => {
                    let message = format!("{:?} stands below no heading that is known; it was left out", head(raw));
                    builder.error(Kind::Incomplete, "an example", &place, message, "write `## intent:name` above it");
                }
                (None, _) => {
                    if line.starts_with('#') {
                        done.extend(section.take());
                    }
                    let message = format!("{:?} is neither a heading nor an example; it was left out", head(line));
                    builder.warning(Kind::Incomplete, "a line", &place, message, "begin examples with `- `");
                }
            }
        }
        for (what, name, place, items) in done.into_iter().chain(section) {
            self.section(builder, file, what, &name, items, &place);
        }
    }

    /// Places what needs all files: synonyms in the lists of their entities, answers at their intents, intents of a domain.
    pub fn finish(self, builder: &mut Builder) {
        let homes = builder.homes();
        let mut placed = Vec::new();
        for (value, synonyms, place) in &self.synonyms {
            let words = std::iter::once(value).chain(synonyms).filter_map(|word| homes.get(&word.to_lowercase()));
            let mut lists: Vec<&str> = Vec::new();
            for home in words.flatten().map(String::as_str) {
                if !lists.contains(&home) {
                    lists.push(home);
                }
            }
            if lists.is_empty() {
                let message = "no example or lookup says which entity it belongs to; it is in the list `synonyms`";
                let advice = "move it to the list that it belongs to";
                builder.note(Kind::Guess, format!("synonym {value}"), place, message.to_owned(), advice);
                lists.push("synonyms");
            }
            placed.extend(lists.into_iter().map(|list| (list, value, synonyms, place)));
        }
        // A lookup table holds every wording; those that are synonyms of another value are no values of their own.
        let mut folded: HashMap<&str, HashSet<&str>> = HashMap::new();
        for (list, value, synonyms, _) in &placed {
            let others = synonyms.iter().filter(|synonym| synonym != value).map(String::as_str);
            folded.entry(list).or_default().extend(others);
        }
        let values: HashSet<(&str, &str)> = placed.iter().map(|(list, value, ..)| (*list, value.as_str())).collect();
        for (list, mut words) in folded {
            words.retain(|word| !values.contains(&(list, word)));
            builder.drop_values(list, &words);
        }
        for (list, value, synonyms, place) in placed {
            builder.entry(list, value, synonyms, place);
        }
        for (slot, value, words, place) in builder.said_otherwise() {
            builder.entry(&slot, &value, &[words], &place);
        }
        let mut links: HashMap<String, Vec<String>> = HashMap::new();
        let mut seen = HashSet::new();
        for (intent, action) in self.links {
            if seen.insert((intent.clone(), action.clone())) {
                links.entry(action).or_default().push(intent);
            }
        }
        for (mut answer, place) in self.answers {
            // An answer that several intents share belongs to none of them alone.
            if let (None, Some([intent])) = (&answer.intent, links.get(&answer.name).map(Vec::as_slice)) {
                answer.intent = Some(intent.clone());
            }
            if answer.texts.is_empty() {
                let message = "it says nothing; it was left out".to_owned();
                builder.note(Kind::NoPlace, format!("response {}", answer.name), &place, message, "");
            } else {
                builder.answer(answer);
            }
        }
        let families = builder.families();
        for (name, place) in self.declared {
            let is_own =
                matches!(name.as_str(), "restart" | "back" | "session_start") || super::builder::is_out_of_scope(&name);
            // `chitchat` of a domain stands for `chitchat/ask_name` and its like.
            if builder.knows(&name) || families.contains(&name) {
                continue;
            }
            if is_own {
                let message = "it is one of Rasa's own and has no examples; Hotline needs no intent for it".to_owned();
                builder.note(Kind::NoPlace, format!("intent {name}"), &place, message, "");
            } else {
                builder.intent(&name, &place);
            }
        }
    }
}

/// The examples below a section: one text with a line each, or a list.
fn examples(builder: &mut Builder, called: &str, file: &str, key_line: usize, node: &Node) -> Vec<Item> {
    let mut items = Vec::new();
    if let Value::Text { text, block, .. } = &node.value {
        let lines: Vec<_> = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).enumerate().collect();
        let with_dash = lines.iter().filter(|(_, line)| line.trim_start().starts_with('-')).count();
        let mut without_dash = 0;
        for (index, line) in lines {
            let number = if *block { key_line + 1 + index } else { node.line };
            let place = Place::line(file, number);
            let line = line.trim();
            let raw = match line.strip_prefix('-') {
                Some(raw) => raw,
                None if line.is_empty() => continue,
                None if line.starts_with('#') => {
                    let message = format!("{:?} was taken for a remark and left out", head(line));
                    builder.note(Kind::Guess, called, &place, message, "begin it with `- ` if it is an example");
                    continue;
                }
                None => {
                    without_dash += 1;
                    if with_dash > 0 {
                        let message = format!("{:?} does not begin with `- `; it was taken as an example", head(line));
                        builder.warning(Kind::Guess, called, &place, message, "Rasa would pass over it");
                    }
                    line
                }
            };
            items.push(Item { raw: raw.trim().to_owned(), line: number, language: None, verbatim: false });
        }
        if with_dash == 0 && without_dash > 0 {
            let message = "none of its lines begins with `- `; each was taken as an example".to_owned();
            builder.note(Kind::Guess, called, &Place::line(file, key_line), message, "Rasa would pass over them");
        }
        return items;
    }
    if !node.pairs().is_empty() {
        let message = "its `examples` are neither a text nor a list; they were left out".to_owned();
        builder.error(
            Kind::Incomplete,
            called,
            &Place::line(file, node.line),
            message,
            "write `examples: |` and a line each",
        );
    }
    for item in node.items() {
        let place = Place::line(file, item.line);
        let Some(text) = item.text().or_else(|| item.get("text")?.text()) else {
            let message = "an example has no text; it was left out".to_owned();
            builder.error(Kind::Incomplete, called, &place, message, "write it as `- text: …`");
            continue;
        };
        let mut one = Item { raw: text.trim().to_owned(), line: item.line, language: None, verbatim: false };
        for (key, value) in item.pairs() {
            match key.text().unwrap_or_default() {
                "text" => {}
                "metadata" => {
                    one.language = language(builder, called, file, value);
                    one.verbatim = value.get("verbatim").and_then(Node::text) == Some("true");
                    metadata(builder, called, file, value);
                }
                other => builder.note(Kind::NoPlace, called, &place, format!("its `{other}` was not taken"), ""),
            }
        }
        items.push(one);
    }
    items
}

fn language(builder: &mut Builder, called: &str, file: &str, metadata: &Node) -> Option<Language> {
    let stated = metadata.get("language").or_else(|| metadata.get("lang"))?;
    let code = stated.text()?;
    let language = code.parse().ok();
    if language.is_none() {
        let message = format!("its language is {code:?}, which is not known; it was told by its characters instead");
        builder.warning(Kind::Language, called, &Place::line(file, stated.line), message, "use en or zh-CN");
    }
    language
}

/// Names what metadata holds beside what is read.
fn metadata(builder: &mut Builder, called: &str, file: &str, node: &Node) {
    let other: Vec<_> = node.pairs().iter().filter_map(|(key, _)| key.text()).collect();
    let other: Vec<_> = other.into_iter().filter(|key| !["language", "lang", "verbatim"].contains(key)).collect();
    if !other.is_empty() || (node.pairs().is_empty() && !node.is_nothing()) {
        let message = format!("its metadata ({}) was not taken", other.join(", "));
        builder.note(Kind::NoPlace, called, &Place::line(file, node.line), message, "");
    }
}
