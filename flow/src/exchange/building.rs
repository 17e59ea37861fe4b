//! A flow while it is put together. A mapping says which block a state becomes and where it leads, in the export's own names; what those
//! names mean in the end is found out when all is there (see `finishing`).

use std::collections::{BTreeMap, HashMap};

use intent::Language;
use serde_json::{Map, Value as Json, json};

use super::{
    Options,
    report::{Item, Status},
    value::{self, Value},
    words::{self, Names},
};
use crate::{
    BlockId, Intent,
    document::{Position, QueueRef, Variable},
    registry,
};

/// Where a way leads.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum To {
    /// To a state of the export.
    State(String),
    /// To a block.
    Block(BlockId),
    /// To the end of the call.
    End(Ending),
    /// To a person.
    Person,
}

/// How a call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Ending {
    /// Where the export ends it.
    Done,
    /// Where something went wrong, or nobody answers.
    Failed,
}

/// A block that is not wired yet.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub id: BlockId,
    pub kind: &'static str,
    pub params: Map<String, Json>,
    pub edges: BTreeMap<String, To>,
    pub position: Option<Position>,
    /// The state it comes from, if any.
    pub state: Option<usize>,
}

/// A flow while it is put together.
pub(super) struct Building {
    pub languages: Vec<Language>,
    pub default_queue: QueueRef,
    pub drafts: Vec<Draft>,
    /// One for each state, then what was added.
    pub items: Vec<Item>,
    /// Where a state begins.
    pub entries: HashMap<String, To>,
    /// Where to go instead when the way to a block would be a circle.
    pub detours: HashMap<BlockId, To>,
    /// Why a state that no call comes to is there.
    pub elsewhere: HashMap<String, String>,
    pub variables: Vec<Variable>,
    pub queues: Vec<QueueRef>,
    pub intents: Vec<Intent>,
    pub positions: Vec<Option<Position>>,
    ids: Names,
    /// Our names for the variables of the export, by where they live there and what they are called.
    variable_names: HashMap<(&'static str, String), String>,
    taken_variables: Names,
    queue_ids: HashMap<String, String>,
    taken_queues: Names,
    intent_names: HashMap<String, String>,
    taken_intents: Names,
    index: HashMap<String, usize>,
}

impl Building {
    /// An empty flow in the languages that are wanted, or in the one of the export.
    pub fn new(options: &Options, spoken: Language) -> Self {
        let mut languages = Vec::new();
        for language in &options.languages {
            if !languages.contains(language) {
                languages.push(*language);
            }
        }
        if languages.is_empty() {
            languages.push(spoken);
        }
        let edges: Vec<&str> = registry::blocks()
            .iter()
            .flat_map(|spec| spec.edges.iter().map(|edge| edge.name))
            .chain(["agent"])
            .collect();
        Building {
            languages,
            default_queue: options.queue.clone(),
            drafts: Vec::new(),
            items: Vec::new(),
            entries: HashMap::new(),
            detours: HashMap::new(),
            elsewhere: HashMap::new(),
            variables: Vec::new(),
            queues: Vec::new(),
            intents: Vec::new(),
            positions: Vec::new(),
            ids: Names::default(),
            variable_names: HashMap::new(),
            taken_variables: Names::default(),
            queue_ids: HashMap::new(),
            taken_queues: Names::with(&[options.queue.id.as_str()]),
            intent_names: HashMap::new(),
            taken_intents: Names::with(&edges),
            index: HashMap::new(),
        }
    }

    /// Registers a state, so that the report names it whatever becomes of it.
    pub fn state(&mut self, name: &str, kind: &str, position: Option<Position>) -> usize {
        let index = self.items.len();
        self.items.push(Item {
            source: name.to_owned(),
            kind: kind.to_owned(),
            status: Status::Mapped,
            block: None,
            message: String::new(),
        });
        self.positions.push(position);
        self.index.insert(name.to_owned(), index);
        index
    }

    /// Says something about a state.
    pub fn note(&mut self, state: usize, status: Status, sentence: impl AsRef<str>) {
        if let Some(item) = self.items.get_mut(state) {
            item.note(status, sentence.as_ref());
        }
    }

    /// What is lost of a value.
    pub fn lost(&mut self, state: usize, value: &Value) {
        for sentence in &value.lost {
            self.note(state, Status::Partly, sentence);
        }
    }

    /// A block that a state becomes, or one of several. The first is where the state begins.
    pub fn block(
        &mut self,
        state: usize,
        name: &str,
        kind: &'static str,
        params: Json,
        edges: impl IntoIterator<Item = (impl Into<String>, To)>,
    ) -> BlockId {
        let id = self.reserved(name, kind);
        self.block_with_id(state, id, kind, params, edges)
    }

    /// An id for a block that comes later.
    pub fn reserved(&mut self, name: &str, kind: &str) -> BlockId {
        self.ids.new_name(name, kind)
    }

    /// A block whose id is reserved.
    pub fn block_with_id(
        &mut self,
        state: usize,
        id: BlockId,
        kind: &'static str,
        params: Json,
        edges: impl IntoIterator<Item = (impl Into<String>, To)>,
    ) -> BlockId {
        let edges: BTreeMap<String, To> = edges.into_iter().map(|(edge, to)| (edge.into(), to)).collect();
        let first = self.items.get(state).is_some_and(|item| item.block.is_none());
        let mut position = self.positions.get(state).copied().flatten();
        if first {
            self.items[state].block = Some(id.clone());
            let name = self.items[state].source.clone();
            self.entries.entry(name).or_insert(To::Block(id.clone()));
        } else if let Some(place) = &mut position {
            let before = self.drafts.iter().rev().take_while(|draft| draft.state == Some(state)).count();
            place.y += 120.0 * before.max(1) as f64;
        }
        let params = params.as_object().cloned().unwrap_or_default();
        self.drafts.push(Draft { id: id.clone(), kind, params, edges, position, state: Some(state) });
        id
    }

    /// Leads an edge of a block somewhere else.
    pub fn lead(&mut self, block: &BlockId, edge: &str, to: To) {
        if let Some(draft) = self.drafts.iter_mut().rev().find(|draft| draft.id == *block) {
            draft.edges.insert(edge.to_owned(), to);
        }
    }

    /// Sets a parameter of a block.
    pub fn set_param(&mut self, block: &BlockId, name: &str, value: Json) {
        if let Some(draft) = self.drafts.iter_mut().rev().find(|draft| draft.id == *block) {
            draft.params.insert(name.to_owned(), value);
        }
    }

    /// A state that becomes no block: whoever comes to it goes on.
    pub fn pass(&mut self, state: usize, to: To) {
        let name = self.items[state].source.clone();
        self.entries.entry(name).or_insert(to);
    }

    /// A state that has become part of the block of another.
    pub fn part_of(&mut self, state: usize, block: &BlockId) {
        self.items[state].block = Some(block.clone());
        self.pass(state, To::Block(block.clone()));
    }

    /// A text in every language of the flow.
    pub fn texts(&self, text: &str) -> Json {
        self.languages.iter().map(|language| (language.code().to_owned(), json!(text))).collect::<Map<_, _>>().into()
    }

    /// Phrases in every language of the flow.
    pub fn phrases(&self, phrases: &[String]) -> Json {
        self.languages.iter().map(|language| (language.code().to_owned(), json!(phrases))).collect::<Map<_, _>>().into()
    }

    /// A prompt in every language of the flow; what cannot be spoken is noted. An empty one gets words that say what is missing.
    pub fn prompt(&mut self, state: usize, value: &Value, marked_up: bool) -> Json {
        self.lost(state, value);
        let prompt = words::prompt(&value.parts(), marked_up);
        if !prompt.dropped.is_empty() {
            let tags = prompt.dropped.iter().take(6).map(String::as_str).collect::<Vec<_>>().join(" ");
            self.note(state, Status::Partly, format!("This markup is not spoken here and was left out: {tags}."));
        }
        let mut text = prompt.text;
        if !value::is_template(&text) {
            self.note(state, Status::Partly, "The words are too long or cannot be filled in; write them again.");
            text = words::escape_marks(&text.chars().filter(|c| !"{}".contains(*c)).take(1_000).collect::<String>());
        }
        if text.is_empty() {
            self.note(state, Status::Partly, "There are no words in the export; write what is to be said.");
            text = "…".to_owned();
        }
        self.texts(&text)
    }

    /// A template that nobody hears; one that cannot be compiled is kept as words.
    pub fn template(&mut self, state: usize, value: &Value) -> String {
        self.lost(state, value);
        let template = value.template();
        if value::is_template(&template) {
            return template;
        }
        self.note(state, Status::Partly, "A value is too long or cannot be filled in; write it again.");
        String::new()
    }

    /// Our name for a variable of the export, which is declared with an empty value.
    pub fn variable(&mut self, lives_in: &'static str, name: &str) -> String {
        if let Some(known) = self.variable_names.get(&(lives_in, name.to_owned())) {
            return known.clone();
        }
        let ours = self.taken_variables.new_name(name, "value");
        self.variable_names.insert((lives_in, name.to_owned()), ours.clone());
        self.variables.push(Variable {
            name: ours.clone(),
            default: Some(json!("")),
            help: format!("{name} ({lives_in})"),
        });
        ours
    }

    /// A counter.
    pub fn counter(&mut self, name: &str) -> String {
        let ours = self.taken_variables.new_name(name, "rounds");
        self.variables.push(Variable {
            name: ours.clone(),
            default: Some(json!(0)),
            help: "rounds of a loop".to_owned(),
        });
        ours
    }

    /// The id of a queue that the export names.
    pub fn queue(&mut self, name: &str) -> String {
        if let Some(known) = self.queue_ids.get(name) {
            return known.clone();
        }
        let id = if name == self.default_queue.name {
            self.default_queue.id.clone()
        } else {
            self.taken_queues.new_name(name, "queue")
        };
        self.queue_ids.insert(name.to_owned(), id.clone());
        self.queues.push(QueueRef { id: id.clone(), name: name.to_owned() });
        id
    }

    /// The queue for callers whose queue is not known.
    pub fn unknown_queue(&mut self) -> String {
        let queue = self.default_queue.clone();
        if !self.queues.iter().any(|known| known.id == queue.id) {
            self.queues.push(queue.clone());
        }
        queue.id
    }

    /// Our name for an intent of the export, which comes without examples.
    pub fn intent(&mut self, name: &str) -> String {
        if let Some(known) = self.intent_names.get(name) {
            return known.clone();
        }
        let ours = self.taken_intents.new_name(name, "wish");
        self.intent_names.insert(name.to_owned(), ours.clone());
        let label = ours.replace('_', " ");
        self.intents.push(Intent {
            name: ours.clone(),
            label: self.languages.iter().map(|language| (*language, label.clone())).collect(),
            examples: BTreeMap::new(),
        });
        ours
    }

    /// What is asked where a callback is offered without words.
    pub fn callback_prompt(&self) -> Json {
        let words = match self.languages.first() {
            Some(Language::Chinese) => "需要我们给您回电吗?",
            _ => "Shall we call you back?",
        };
        self.texts(words)
    }

    /// What is said before a voicemail that came without words.
    pub fn default_voicemail(&self) -> &'static str {
        match self.languages.first() {
            Some(Language::Chinese) => "请在提示音后留言。",
            _ => "Please leave a message after the tone.",
        }
    }
}

/// Names of edges of one block.
pub(super) struct EdgeNames {
    names: Names,
    by_target: Vec<(To, String)>,
}

impl EdgeNames {
    /// With the names that the block has already.
    pub fn of(kind: &str) -> Self {
        let own: Vec<&str> =
            registry::block(kind).map(|spec| spec.edges.iter().map(|edge| edge.name).collect()).unwrap_or_default();
        let mut taken = vec!["agent", "else", "error", "next"];
        taken.extend(own);
        EdgeNames { names: Names::with(&taken), by_target: Vec::new() }
    }

    /// The name of the edge to a target; two choices that lead to one place share it.
    pub fn to(&mut self, target: &To, wanted: &str) -> String {
        if let Some((_, name)) = self.by_target.iter().find(|(known, _)| known == target) {
            return name.clone();
        }
        let wanted = if !wanted.is_empty() && wanted.chars().all(|c| c.is_ascii_digit()) {
            format!("key {wanted}")
        } else {
            wanted.to_owned()
        };
        let name = self.names.new_name(&wanted, "case");
        self.by_target.push((target.clone(), name.clone()));
        name
    }

    /// Every edge with its target.
    pub fn into_edges(self) -> Vec<(String, To)> {
        self.by_target.into_iter().map(|(to, name)| (name, to)).collect()
    }
}
