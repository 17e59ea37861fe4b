//! A flow made ready to run: parameters as types, templates and conditions compiled, blocks found by their id. Made once per flow
//! and shared by its runs. What is broken in a flow that was never validated stays in the plan as such and fails where it is
//! used, so that making a plan cannot fail.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, OnceLock},
};

use intent::{
    Language,
    entity::{Item, Kind, SlotSpec},
    slot::FormError,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    Block, BlockId, Flow, Outcome, Profile, TicketStatus,
    check::CheckDigit,
    collect::{NO, Wanted, YES},
    document::Texts,
    expression::Expression,
    hours::Hours,
    phrases, registry,
    template::{Place, Template, Templates},
};

const LANGUAGES: [Language; 2] = [Language::English, Language::Chinese];
/// A mark that is heard less surely is read back.
const SURE_MARK: f32 = 0.5;

/// Filled by the first run of a flow; a clone begins without it, so that a changed clone is prepared anew.
#[derive(Debug, Default)]
pub(crate) struct Prepared(OnceLock<Arc<Plan>>);

impl Clone for Prepared {
    fn clone(&self) -> Self {
        Prepared::default()
    }
}

impl Prepared {
    pub fn plan(&self, flow: &Flow) -> Arc<Plan> {
        self.0.get_or_init(|| Arc::new(Plan::new(flow))).clone()
    }
}

#[derive(Debug)]
pub(crate) struct Plan {
    pub templates: Templates,
    pub blocks: HashMap<BlockId, Planned>,
}

#[derive(Debug)]
pub(crate) struct Planned {
    pub kind: String,
    pub step: Step,
    pub edges: BTreeMap<String, BlockId>,
}

/// A prompt in each language.
pub(crate) type Prompt = BTreeMap<Language, Template>;

#[derive(Debug)]
pub(crate) enum Step {
    Say {
        prompt: Prompt,
        barge_in: bool,
        resolves: bool,
    },
    Menu {
        tries: Tries,
        options: Vec<Choice>,
        /// What follows a yes, if the question offers something.
        offer: Option<Offer>,
    },
    AskIntent {
        tries: Tries,
        intents: Vec<String>,
        keys: Vec<Choice>,
        confirm_below: f32,
        /// Names and words that callers are likely to say.
        words: BTreeMap<Language, Vec<String>>,
    },
    Collect {
        tries: Tries,
        wanted: Wanted,
        /// What to call the value, where that is given.
        label: Prompt,
        confirm_below: f32,
        read_back: bool,
        /// Whether it is named at the beginning of what is said next.
        echo: bool,
        secret: bool,
        gap_ms: u64,
        /// What may be asked instead of answering.
        meanwhile: Vec<String>,
        /// The best mark, if it is one that is collected.
        scale: Option<u8>,
    },
    Voicemail {
        tries: Tries,
        max_ms: u64,
        subject: Template,
        tags: Vec<Template>,
    },
    Answer {
        tries: Tries,
        /// Whether what was said last is the question.
        last_words: bool,
        offer_rest: bool,
    },
    Http(Request),
    Branch {
        cases: Vec<(Result<Expression, String>, String)>,
    },
    Language {
        wanted: WantedLanguage,
        /// What is spoken when that is not known.
        default: Option<Language>,
        remember: bool,
    },
    ToQueue {
        queue: String,
        prompt: Option<Prompt>,
        reason: Template,
        timeout_ms: u64,
    },
    Transfer {
        to: Template,
        prompt: Option<Prompt>,
        timeout_ms: u64,
    },
    Inquire {
        about: About,
        save_as: String,
    },
    Hours(Hours),
    Split {
        ways: Vec<(String, u32)>,
        by_caller: bool,
    },
    Set(Vec<Assignment>),
    Tag(Vec<Template>),
    Priority(u8),
    Recording {
        on: bool,
    },
    SubFlow {
        start: BlockId,
    },
    Return {
        edge: String,
    },
    CreateTicket {
        subject: Template,
        body: Template,
        tags: Vec<Template>,
        status: TicketStatus,
    },
    End {
        outcome: Outcome,
        prompt: Option<Prompt>,
    },
    /// The parameters cannot be used; why.
    Broken(String),
}

/// Being called back.
#[derive(Debug)]
pub(crate) struct Offer {
    pub number: Template,
    pub queue: Option<String>,
    pub reason: Template,
}

/// What is looked up.
#[derive(Debug)]
pub(crate) enum About {
    Queue(String),
    Customer(Template),
}

/// A variable and what it is set to.
#[derive(Debug)]
pub(crate) struct Assignment {
    pub name: String,
    pub value: Assigned,
}

#[derive(Debug)]
pub(crate) enum Assigned {
    Text(Template),
    Expression(Result<Expression, String>),
}

/// The language that a block wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WantedLanguage {
    /// This one.
    One(Language),
    /// The one that the caller chose in an earlier call.
    Callers,
    /// The one that the caller speaks next.
    Spoken,
}

/// What all listening blocks share.
#[derive(Debug)]
pub(crate) struct Tries {
    pub prompt: Prompt,
    pub retry_prompts: Vec<Prompt>,
    pub max_tries: u32,
    pub no_input_ms: u64,
    pub barge_in: bool,
    /// How the end of an answer is told, when the block says so.
    pub turn: Option<Profile>,
}

/// Something that can be chosen.
#[derive(Debug)]
pub(crate) struct Choice {
    pub key: Option<char>,
    pub edge: String,
    pub label: Prompt,
    pub phrases: BTreeMap<Language, Vec<String>>,
}

#[derive(Debug)]
pub(crate) struct Request {
    pub method: String,
    pub url: Template,
    pub headers: BTreeMap<String, Template>,
    pub body: Option<Body>,
    pub timeout_ms: u64,
    pub retries: u32,
    pub save_as: String,
    pub filler: Option<Prompt>,
}

/// JSON with templates in its strings.
#[derive(Debug)]
pub(crate) enum Body {
    Text(Template),
    Plain(Value),
    List(Vec<Body>),
    Object(BTreeMap<String, Body>),
}

#[derive(Deserialize)]
struct RawTries {
    prompt: Texts,
    retry_prompts: Vec<Texts>,
    max_tries: u32,
    no_input_ms: u64,
    barge_in: bool,
    turn: Turn,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Turn {
    Auto,
    Word,
    YesNo,
    Digits,
    Name,
    Free,
}

impl Turn {
    fn profile(self) -> Option<Profile> {
        match self {
            Self::Auto => None,
            Self::Word => Some(Profile::Menu),
            Self::YesNo => Some(Profile::YesNo),
            Self::Digits => Some(Profile::Digits),
            Self::Name => Some(Profile::Name),
            Self::Free => Some(Profile::Free),
        }
    }
}

#[derive(Deserialize)]
struct RawChoice {
    key: Option<char>,
    edge: String,
    #[serde(default)]
    label: Texts,
    #[serde(default)]
    phrases: BTreeMap<Language, Vec<String>>,
}

impl Plan {
    fn new(flow: &Flow) -> Self {
        let mut templates = Templates::new();
        let mut blocks = HashMap::new();
        for block in &flow.blocks {
            let step = step(flow, block, &mut templates).unwrap_or_else(Step::Broken);
            // Of two blocks with one id the first counts, as everywhere.
            blocks.entry(block.id.clone()).or_insert(Planned {
                kind: block.kind.clone(),
                step,
                edges: block.edges.clone(),
            });
        }
        Plan { templates, blocks }
    }
}

fn step(flow: &Flow, block: &Block, templates: &mut Templates) -> Result<Step, String> {
    let spec = registry::block(&block.kind).ok_or_else(|| format!("there is no block type {:?}", block.kind))?;
    let mut params = block.params.clone();
    for field in spec.fields {
        if let Some(default) = field.default_value() {
            params.entry(field.name).or_insert(default);
        }
    }
    let params = &Value::Object(params);
    match spec.name {
        "say" => {
            #[derive(Deserialize)]
            struct Raw {
                prompt: Texts,
                barge_in: bool,
                resolves: bool,
            }
            let raw: Raw = read(params)?;
            Ok(Step::Say { prompt: prompt(&raw.prompt, templates), barge_in: raw.barge_in, resolves: raw.resolves })
        }
        "menu" => {
            #[derive(Deserialize)]
            struct Raw {
                options: Vec<RawChoice>,
            }
            let raw: Raw = read(params)?;
            let options = choices(raw.options, templates);
            Ok(Step::Menu { tries: tries(params, templates)?, options, offer: None })
        }
        "confirm" => {
            let options = choices(yes_or_no("yes", "no"), templates);
            Ok(Step::Menu { tries: tries_of_yes_or_no(params, templates)?, options, offer: None })
        }
        "callback" => {
            #[derive(Deserialize)]
            struct Raw {
                number: String,
                queue: Option<String>,
                reason: String,
            }
            let raw: Raw = read(params)?;
            let offer = Offer {
                number: templates.add(&raw.number, Place::Text),
                queue: raw.queue,
                reason: templates.add(&raw.reason, Place::Text),
            };
            let options = choices(yes_or_no("next", "declined"), templates);
            Ok(Step::Menu { tries: tries_of_yes_or_no(params, templates)?, options, offer: Some(offer) })
        }
        "ask_intent" => {
            #[derive(Deserialize)]
            struct Raw {
                intents: Option<Vec<String>>,
                keys: Vec<RawChoice>,
                confirm_below: f32,
                words: BTreeMap<Language, Vec<String>>,
            }
            let raw: Raw = read(params)?;
            Ok(Step::AskIntent {
                tries: tries(params, templates)?,
                intents: raw.intents.unwrap_or_else(|| flow.intents.iter().map(|intent| intent.name.clone()).collect()),
                keys: choices(raw.keys, templates),
                confirm_below: raw.confirm_below,
                words: raw.words,
            })
        }
        "collect" => {
            #[derive(Deserialize)]
            struct Raw {
                label: Option<Texts>,
                confirm_below: f32,
                read_back: bool,
                echo: bool,
                secret: bool,
                gap_ms: u64,
                meanwhile: Vec<String>,
            }
            let raw: Raw = read(params)?;
            Ok(Step::Collect {
                tries: tries(params, templates)?,
                wanted: wanted(read(params)?, templates)?,
                label: prompt(&raw.label.unwrap_or_default(), templates),
                confirm_below: raw.confirm_below,
                read_back: raw.read_back,
                echo: raw.echo,
                secret: raw.secret,
                gap_ms: raw.gap_ms,
                meanwhile: raw.meanwhile,
                scale: None,
            })
        }
        "survey" => {
            #[derive(Deserialize)]
            struct Raw {
                name: String,
                scale: u8,
            }
            let raw: Raw = read(params)?;
            Ok(Step::Collect {
                tries: tries(params, templates)?,
                wanted: mark(raw.name, raw.scale, templates),
                label: Prompt::new(),
                confirm_below: SURE_MARK,
                read_back: false,
                echo: false,
                secret: false,
                gap_ms: 0,
                meanwhile: Vec::new(),
                scale: Some(raw.scale),
            })
        }
        "voicemail" => {
            #[derive(Deserialize)]
            struct Raw {
                prompt: Texts,
                max_ms: u64,
                silence_ms: u64,
                subject: String,
                tags: Vec<String>,
            }
            let raw: Raw = read(params)?;
            let tries = Tries {
                prompt: prompt(&raw.prompt, templates),
                retry_prompts: Vec::new(),
                max_tries: 1,
                no_input_ms: raw.silence_ms,
                barge_in: true,
                turn: Some(Profile::Free),
            };
            let tags = texts(&raw.tags, templates);
            Ok(Step::Voicemail { tries, max_ms: raw.max_ms, subject: templates.add(&raw.subject, Place::Text), tags })
        }
        "answer" => {
            #[derive(Deserialize)]
            struct Raw {
                last_words: bool,
                offer_rest: bool,
            }
            let raw: Raw = read(params)?;
            Ok(Step::Answer {
                tries: tries(params, templates)?,
                last_words: raw.last_words,
                offer_rest: raw.offer_rest,
            })
        }
        "http" => {
            #[derive(Deserialize)]
            struct Raw {
                method: String,
                url: String,
                headers: BTreeMap<String, String>,
                body: Option<Value>,
                timeout_ms: u64,
                retries: u32,
                save_as: String,
                filler: Option<Texts>,
            }
            let raw: Raw = read(params)?;
            Ok(Step::Http(Request {
                method: raw.method,
                url: templates.add(&raw.url, Place::Url),
                headers: raw
                    .headers
                    .iter()
                    .map(|(name, text)| (name.clone(), templates.add(text, Place::Text)))
                    .collect(),
                body: raw.body.map(|value| body(value, templates)),
                timeout_ms: raw.timeout_ms,
                retries: raw.retries,
                save_as: raw.save_as,
                filler: raw.filler.map(|texts| prompt(&texts, templates)),
            }))
        }
        "branch" => {
            #[derive(Deserialize)]
            struct Case {
                when: String,
                edge: String,
            }
            #[derive(Deserialize)]
            struct Raw {
                cases: Vec<Case>,
            }
            let raw: Raw = read(params)?;
            Ok(Step::Branch {
                cases: raw.cases.into_iter().map(|case| (Expression::new(&case.when), case.edge)).collect(),
            })
        }
        "language" => {
            #[derive(Deserialize)]
            struct Raw {
                language: String,
                default: Option<Language>,
                remember: bool,
            }
            let raw: Raw = read(params)?;
            let wanted = match raw.language.as_str() {
                "caller" => WantedLanguage::Callers,
                "detect" => WantedLanguage::Spoken,
                code => WantedLanguage::One(
                    code.parse::<Language>().map_err(|error| format!("its language cannot be used: {error}"))?,
                ),
            };
            Ok(Step::Language { wanted, default: raw.default, remember: raw.remember })
        }
        "to_queue" => {
            #[derive(Deserialize)]
            struct Raw {
                queue: String,
                prompt: Option<Texts>,
                reason: String,
                timeout_ms: u64,
            }
            let raw: Raw = read(params)?;
            Ok(Step::ToQueue {
                queue: raw.queue,
                prompt: raw.prompt.map(|texts| prompt(&texts, templates)),
                reason: templates.add(&raw.reason, Place::Text),
                timeout_ms: raw.timeout_ms,
            })
        }
        "transfer" => {
            #[derive(Deserialize)]
            struct Raw {
                to: String,
                prompt: Option<Texts>,
                timeout_ms: u64,
            }
            let raw: Raw = read(params)?;
            Ok(Step::Transfer {
                to: templates.add(&raw.to, Place::Text),
                prompt: raw.prompt.map(|texts| prompt(&texts, templates)),
                timeout_ms: raw.timeout_ms,
            })
        }
        "queue_status" => {
            #[derive(Deserialize)]
            struct Raw {
                queue: String,
                save_as: String,
            }
            let raw: Raw = read(params)?;
            Ok(Step::Inquire { about: About::Queue(raw.queue), save_as: raw.save_as })
        }
        "lookup_customer" => {
            #[derive(Deserialize)]
            struct Raw {
                number: String,
                save_as: String,
            }
            let raw: Raw = read(params)?;
            let about = About::Customer(templates.add(&raw.number, Place::Text));
            Ok(Step::Inquire { about, save_as: raw.save_as })
        }
        "hours" => Hours::new(read(params)?).map(Step::Hours),
        "split" => {
            #[derive(Deserialize)]
            struct Way {
                edge: String,
                percent: u32,
            }
            #[derive(Deserialize)]
            struct Raw {
                ways: Vec<Way>,
                by: String,
            }
            let raw: Raw = read(params)?;
            let ways = raw.ways.into_iter().map(|way| (way.edge, way.percent)).collect();
            Ok(Step::Split { ways, by_caller: raw.by == "caller" })
        }
        "set" => {
            #[derive(Deserialize)]
            struct Row {
                name: String,
                text: Option<String>,
                expression: Option<String>,
            }
            #[derive(Deserialize)]
            struct Raw {
                values: Vec<Row>,
            }
            let raw: Raw = read(params)?;
            let assigned = raw.values.into_iter().map(|row| {
                let value = match row.expression {
                    Some(source) => Assigned::Expression(Expression::new(&source)),
                    None => Assigned::Text(templates.add(&row.text.unwrap_or_default(), Place::Text)),
                };
                Assignment { name: row.name, value }
            });
            Ok(Step::Set(assigned.collect()))
        }
        "tag" => {
            #[derive(Deserialize)]
            struct Raw {
                tags: Vec<String>,
            }
            let raw: Raw = read(params)?;
            Ok(Step::Tag(texts(&raw.tags, templates)))
        }
        "priority" => {
            #[derive(Deserialize)]
            struct Raw {
                priority: u8,
            }
            let raw: Raw = read(params)?;
            Ok(Step::Priority(raw.priority))
        }
        "recording" => {
            #[derive(Deserialize)]
            struct Raw {
                r#do: String,
            }
            let raw: Raw = read(params)?;
            Ok(Step::Recording { on: raw.r#do == "resume" })
        }
        "sub_flow" => match flow.gone_through(block) {
            Some(part) => Ok(Step::SubFlow { start: part.start.clone() }),
            None => Err("it names no sub-flow".to_owned()),
        },
        "return" => {
            #[derive(Deserialize)]
            struct Raw {
                edge: String,
            }
            let raw: Raw = read(params)?;
            Ok(Step::Return { edge: raw.edge })
        }
        "create_ticket" => {
            #[derive(Deserialize)]
            struct Raw {
                subject: String,
                body: String,
                tags: Vec<String>,
                status: TicketStatus,
            }
            let raw: Raw = read(params)?;
            Ok(Step::CreateTicket {
                subject: templates.add(&raw.subject, Place::Text),
                body: templates.add(&raw.body, Place::Text),
                tags: texts(&raw.tags, templates),
                status: raw.status,
            })
        }
        "end" => {
            #[derive(Deserialize)]
            struct Raw {
                outcome: Outcome,
                prompt: Option<Texts>,
            }
            let raw: Raw = read(params)?;
            Ok(Step::End { outcome: raw.outcome, prompt: raw.prompt.map(|texts| prompt(&texts, templates)) })
        }
        other => Err(format!("block type {other} cannot be run yet")),
    }
}

#[derive(Deserialize)]
struct RawWanted {
    slot: String,
    kind: String,
    items: Vec<RawItem>,
    words: BTreeMap<Language, Vec<String>>,
    past: bool,
    min_digits: usize,
    max_digits: usize,
    form: Option<String>,
    check: CheckDigit,
}

#[derive(Deserialize)]
struct RawItem {
    value: String,
    key: Option<char>,
    #[serde(default)]
    label: Texts,
    #[serde(default)]
    phrases: BTreeMap<Language, Vec<String>>,
}

fn wanted(raw: RawWanted, templates: &mut Templates) -> Result<Wanted, String> {
    let kind = match raw.kind.as_str() {
        "digits" => match raw.form {
            Some(form) => Kind::Code { form: form.parse().map_err(|error: FormError| error.to_string())? },
            None => Kind::Digits { least: raw.min_digits, most: raw.max_digits },
        },
        "phone" => Kind::Phone,
        "date" => Kind::Date { past: raw.past },
        "time" => Kind::Time,
        "amount" => Kind::Money,
        "number" => Kind::Number,
        "quantity" => Kind::Quantity,
        "list" => Kind::List { items: raw.items.iter().map(item).collect() },
        "name" => Kind::Name,
        "yes_no" => Kind::YesNo,
        "text" => Kind::Text,
        other => return Err(format!("a value cannot be of kind {other:?}")),
    };
    let items = match kind {
        Kind::YesNo => yes_or_no(YES, NO),
        _ => raw
            .items
            .into_iter()
            .map(|item| RawChoice { key: item.key, edge: item.value, label: item.label, phrases: item.phrases })
            .collect(),
    };
    Ok(Wanted {
        // Callers mix their languages, and the words of one are none in the other.
        spec: SlotSpec { name: raw.slot, kind, words: raw.words.into_values().flatten().map(lower).collect() },
        check: raw.check,
        items: choices(items, templates),
    })
}

/// A mark from 1 to `scale`, by the keys of that name.
fn mark(name: String, scale: u8, templates: &mut Templates) -> Wanted {
    let all = || 1..=scale.clamp(2, 9);
    let phrases = |mark: u8| LANGUAGES.map(|language| (language, phrases::mark(mark, language)));
    let items = all().map(|mark| Item {
        id: mark.to_string(),
        phrases: phrases(mark).into_iter().flat_map(|(_, all)| all).collect(),
    });
    let choice = |mark: u8| RawChoice {
        key: char::from_digit(u32::from(mark), 10),
        edge: mark.to_string(),
        label: LANGUAGES.into_iter().map(|language| (language, mark.to_string())).collect(),
        phrases: BTreeMap::from(phrases(mark)),
    };
    Wanted {
        spec: SlotSpec { name, kind: Kind::List { items: items.collect() }, words: Vec::new() },
        check: CheckDigit::None,
        items: choices(all().map(choice).collect(), templates),
    }
}

/// The two answers to a question that has only these.
fn yes_or_no(yes: &str, no: &str) -> Vec<RawChoice> {
    let choice = |key: char, edge: &str, word: fn(Language) -> &'static str| RawChoice {
        key: Some(key),
        edge: edge.to_owned(),
        label: LANGUAGES.into_iter().map(|language| (language, word(language).to_owned())).collect(),
        phrases: LANGUAGES.into_iter().map(|language| (language, vec![word(language).to_owned()])).collect(),
    };
    vec![choice('1', yes, phrases::yes), choice('2', no, phrases::no)]
}

fn item(raw: &RawItem) -> Item {
    // A label that is filled in during the call is no phrase yet.
    let labels = raw.label.values().filter(|label| !label.contains('{'));
    Item { id: raw.value.clone(), phrases: raw.phrases.values().flatten().chain(labels).cloned().collect() }
}

/// Words are compared as the intent engine has them.
fn lower(word: String) -> String {
    word.trim().to_lowercase()
}

fn read<T: DeserializeOwned>(params: &Value) -> Result<T, String> {
    T::deserialize(params).map_err(|error| format!("its parameters cannot be used: {error}"))
}

fn prompt(texts: &Texts, templates: &mut Templates) -> Prompt {
    texts.iter().map(|(language, text)| (*language, templates.add(text, Place::Spoken(*language)))).collect()
}

fn tries(params: &Value, templates: &mut Templates) -> Result<Tries, String> {
    let raw: RawTries = read(params)?;
    Ok(Tries {
        prompt: prompt(&raw.prompt, templates),
        retry_prompts: raw.retry_prompts.iter().map(|texts| prompt(texts, templates)).collect(),
        max_tries: raw.max_tries.max(1),
        no_input_ms: raw.no_input_ms,
        barge_in: raw.barge_in,
        turn: raw.turn.profile(),
    })
}

fn tries_of_yes_or_no(params: &Value, templates: &mut Templates) -> Result<Tries, String> {
    let tries = tries(params, templates)?;
    Ok(Tries { turn: tries.turn.or(Some(Profile::YesNo)), ..tries })
}

fn texts(raw: &[String], templates: &mut Templates) -> Vec<Template> {
    raw.iter().map(|text| templates.add(text, Place::Text)).collect()
}

fn choices(raw: Vec<RawChoice>, templates: &mut Templates) -> Vec<Choice> {
    raw.into_iter()
        .map(|choice| Choice {
            key: choice.key,
            edge: choice.edge,
            label: prompt(&choice.label, templates),
            phrases: choice.phrases,
        })
        .collect()
}

fn body(value: Value, templates: &mut Templates) -> Body {
    match value {
        Value::String(text) => Body::Text(templates.add(&text, Place::Text)),
        Value::Array(items) => Body::List(items.into_iter().map(|item| body(item, templates)).collect()),
        Value::Object(members) => {
            Body::Object(members.into_iter().map(|(name, member)| (name, body(member, templates))).collect())
        }
        other => Body::Plain(other),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    #[test]
    fn the_run_understands_every_block_of_the_registry() {
        let flow = crate::parse(
            &json!({
                "schema_version": 1, "id": "x", "name": "X", "languages": ["en"], "start": "a",
                "sub_flows": [{"id": "identify", "name": "Who calls", "start": "a"}],
                "blocks": [{"id": "a", "type": "end", "params": {"outcome": "resolved"}}],
            })
            .to_string(),
        )
        .expect("it is well formed");
        for spec in registry::blocks() {
            // Once with everything a block can take, once with only what it needs.
            for all in [true, false] {
                let params: Map<String, Value> = spec
                    .fields
                    .iter()
                    .filter(|field| all || field.required)
                    .map(|field| {
                        (field.name.to_owned(), serde_json::from_str(field.example).expect("examples are JSON"))
                    })
                    .collect();
                let block = Block { id: "b".into(), kind: spec.name.into(), params, edges: BTreeMap::new() };
                let step = step(&flow, &block, &mut Templates::new());
                assert!(step.is_ok(), "{} (all: {all}): {step:?}", spec.name);
            }
        }
    }

    #[test]
    fn every_entry_of_the_registry_is_complete_in_both_languages() {
        let mut names = std::collections::BTreeSet::new();
        for spec in registry::blocks() {
            assert!(names.insert(spec.name), "{} is declared twice", spec.name);
            let mut texts = vec![(spec.title_en, spec.title_zh), (spec.help_en, spec.help_zh)];
            let mut fields: Vec<&registry::FieldSpec> = spec.fields.iter().collect();
            while let Some(field) = fields.pop() {
                texts.push((field.help_en, field.help_zh));
                assert!(field.default.is_none() || field.default_value().is_some(), "{}.{}", spec.name, field.name);
                if let registry::FieldType::Rows { columns } = field.kind {
                    fields.extend(columns);
                }
            }
            texts.extend(spec.edges.iter().map(|edge| (edge.help_en, edge.help_zh)));
            for (en, zh) in texts {
                assert!(!en.is_empty() && en.is_ascii(), "{}: {en:?}", spec.name);
                assert!(zh.chars().any(|c| c > '\u{3000}') || zh.is_empty() == en.is_empty(), "{}: {zh:?}", spec.name);
                assert!(!zh.is_empty());
            }
            // A block that waits for a caller says what happens when the caller says nothing, or hangs up.
            if spec.listens() {
                for edge in ["no_input", "no_match", "hangup"] {
                    assert!(spec.edge(edge).is_some(), "{} has no edge {edge}", spec.name);
                }
            }
        }
    }
}
