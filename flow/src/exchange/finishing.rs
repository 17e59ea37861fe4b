//! The last step of an import: where every way really leads. What nothing leads to stays out, ways that go nowhere end the call, circles
//! in which no caller is heard are cut, and a person can be reached; each of these is said in the report.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use serde_json::json;

use super::{
    Format, Imported, MOST_BLOCKS, Refused,
    building::{Building, Draft, Ending, To},
    report::{Item, Report, Status},
};
use crate::{
    Block, BlockId, Flow,
    document::{Metadata, SCHEMA_VERSION},
    plan::Prepared,
    registry, validate,
    validate::edges_of,
};

/// States that lead on without a block can follow each other; more of them in a row are a circle.
const MOST_PASSED: usize = 1_100;

/// What is said of a state that stays out.
const UNREACHED: &str = "No way leads here from the beginning of a call, so it is not in the flow. If it is wanted, draw it and lead an \
                         edge to it.";

impl Building {
    /// The flow, beginning at `start`.
    pub fn finish(mut self, format: Format, name: &str, start: &To) -> Result<Imported, Refused> {
        let mut ways = Ways::default();
        let first = ways.target(&mut self, start, None);
        let reached = ways.follow(&mut self, &first);
        let person = ways.person(&mut self, &first, &reached);
        let reached: HashSet<BlockId> =
            ways.follow(&mut self, &first).into_iter().chain(ways.follow(&mut self, &person)).collect();
        self.cut_circles(&mut ways, &first, &reached);
        // A detour may have added an end.
        let reached: HashSet<BlockId> =
            ways.follow(&mut self, &first).into_iter().chain(ways.follow(&mut self, &person)).collect();
        self.leave_out(&ways, &reached);
        self.say_languages();
        if self.drafts.len() > MOST_BLOCKS {
            return Err(Refused::TooLarge(format!(
                "what would become {} blocks, of which {MOST_BLOCKS} are possible",
                self.drafts.len()
            )));
        }
        let mut flow = self.flow(name, first, person);
        unused(&mut flow);
        let findings = validate(&flow);
        let mut report = Report::new(self.items);
        report.explain(&findings);
        Ok(Imported { format, document: flow, report, findings })
    }

    /// Keeps only what a call can reach, and says of every state that is not among it why.
    fn leave_out(&mut self, ways: &Ways, reached: &HashSet<BlockId>) {
        self.drafts.retain(|draft| reached.contains(&draft.id));
        for item in &mut self.items {
            let there = item.block.as_ref().is_some_and(|block| reached.contains(block));
            if item.kind == super::report::ADDED || there || ways.passed.contains(&item.source) {
                continue;
            }
            item.block = None;
            item.message.clear();
            item.status = Status::Mapped;
            let why = self.elsewhere.get(&item.source).map_or(UNREACHED, String::as_str);
            item.note(Status::NotMapped, why);
        }
    }

    /// Words in a second language are those of the first until somebody translates them.
    fn say_languages(&mut self) {
        if self.languages.len() > 1 {
            self.items.push(Item::added(
                "languages",
                None,
                "An export has words in one language only: the same words stand in each language of the flow. Translate them.",
            ));
        }
    }

    fn flow(&mut self, name: &str, start: BlockId, person: BlockId) -> Flow {
        let mut layout = BTreeMap::new();
        let bottom = self.drafts.iter().filter_map(|draft| draft.position).map(|place| place.y).fold(0.0, f64::max);
        let mut added = 0.0;
        for draft in &self.drafts {
            let place = draft.position.unwrap_or_else(|| {
                added += 1.0;
                crate::document::Position { x: 260.0 * added, y: bottom + 200.0 }
            });
            // Fractions of a unit nobody sees, and they do not survive being written and read.
            let place = crate::document::Position { x: place.x.round(), y: place.y.round() };
            layout.insert(draft.id.clone(), place);
        }
        let blocks = std::mem::take(&mut self.drafts)
            .into_iter()
            .map(|draft| Block {
                id: draft.id,
                kind: draft.kind.to_owned(),
                params: draft.params,
                edges: draft
                    .edges
                    .into_iter()
                    .filter_map(|(edge, to)| match to {
                        To::Block(block) => Some((edge, block)),
                        _ => None,
                    })
                    .collect(),
            })
            .collect();
        let id = super::words::slug(name).unwrap_or_else(|| "imported".to_owned()).replace('_', "-");
        Flow {
            id,
            name: name.chars().take(200).collect(),
            languages: self.languages.clone(),
            start,
            person: Some(person),
            variables: std::mem::take(&mut self.variables),
            intents: std::mem::take(&mut self.intents),
            queues: std::mem::take(&mut self.queues),
            blocks,
            metadata: Metadata { layout, ..Metadata::default() },
            ..empty_flow()
        }
    }

    /// Cuts ways that lead back without the caller being heard. The first walk begins at the start, so that what is cut is a way back and not
    /// a way on.
    fn cut_circles(&mut self, ways: &mut Ways, first: &BlockId, reached: &HashSet<BlockId>) {
        let mut roots: Vec<BlockId> = vec![first.clone()];
        roots.extend(self.drafts.iter().filter(|draft| reached.contains(&draft.id)).map(|draft| draft.id.clone()));
        let mut state: HashMap<BlockId, bool> = HashMap::new();
        for root in roots {
            if state.contains_key(&root) || self.waits(ways, &root) {
                // What waits for the caller is in no such circle, but what follows it may be.
                continue;
            }
            // Blocks on the way and the edges that are still to be followed.
            let mut way: Vec<(BlockId, Vec<String>)> = Vec::new();
            let mut enter = Some(root);
            loop {
                if let Some(id) = enter.take() {
                    let edges = self.draft(ways, &id).map(|draft| draft.edges.keys().cloned().collect());
                    state.insert(id.clone(), true);
                    way.push((id, edges.unwrap_or_default()));
                }
                let Some((id, edges)) = way.last_mut() else { break };
                let Some(edge) = edges.pop() else {
                    state.insert(id.clone(), false);
                    way.pop();
                    continue;
                };
                let id = id.clone();
                let Some(To::Block(target)) = self.draft(ways, &id).and_then(|draft| draft.edges.get(&edge)).cloned()
                else {
                    continue;
                };
                if self.waits(ways, &target) {
                    continue;
                }
                match state.get(&target) {
                    None => enter = Some(target),
                    Some(false) => {}
                    Some(true) => {
                        let instead = self.cut(ways, &id, &edge, &target, &state);
                        if !state.contains_key(&instead) && !self.waits(ways, &instead) {
                            enter = Some(instead);
                        }
                    }
                }
            }
        }
    }

    /// Leads an edge elsewhere: where a loop would have ended, or else to the end of the call.
    fn cut(
        &mut self,
        ways: &mut Ways,
        from: &BlockId,
        edge: &str,
        target: &BlockId,
        state: &HashMap<BlockId, bool>,
    ) -> BlockId {
        let detour = self.detours.get(target).cloned();
        let instead = detour
            .map(|to| ways.target(self, &to, None))
            .filter(|to| state.get(to) != Some(&true))
            .unwrap_or_else(|| ways.target(self, &To::End(Ending::Failed), None));
        let Some(&at) = ways.by_id.get(from) else { return instead };
        self.drafts[at].edges.insert(edge.to_owned(), To::Block(instead.clone()));
        let sentence = format!(
            "Its way back to {target} ({edge}) would go round without the caller being heard, which is not possible here; it leads to \
             {instead} instead. Let a request be repeated by its retries, or let the caller be asked on the way.",
        );
        match self.drafts[at].state {
            Some(state) => self.note(state, Status::Partly, sentence),
            None => self.items.push(Item::added("a circle", Some(from.clone()), sentence)),
        }
        instead
    }

    fn draft(&self, ways: &Ways, id: &str) -> Option<&Draft> {
        ways.by_id.get(id).and_then(|at| self.drafts.get(*at))
    }

    /// Whether the caller, or an agent, is waited for there.
    fn waits(&self, ways: &Ways, id: &str) -> bool {
        self.draft(ways, id).is_some_and(|draft| waits(draft.kind))
    }
}

fn waits(kind: &str) -> bool {
    registry::block(kind).is_some_and(registry::BlockSpec::waits)
}

/// Where ways lead, as far as that has been found out.
#[derive(Default)]
struct Ways {
    by_id: HashMap<BlockId, usize>,
    indexed: usize,
    ends: HashMap<Ending, BlockId>,
    person: Option<BlockId>,
    /// States without a block of their own that a way went through.
    passed: HashSet<String>,
}

impl Ways {
    fn index(&mut self, building: &Building) {
        for at in self.indexed..building.drafts.len() {
            self.by_id.insert(building.drafts[at].id.clone(), at);
        }
        self.indexed = building.drafts.len();
    }

    /// The block that a way leads to in the end.
    fn target(&mut self, building: &mut Building, to: &To, from: Option<usize>) -> BlockId {
        self.index(building);
        let mut to = to.clone();
        for _ in 0..MOST_PASSED {
            match &to {
                To::Block(id) => return id.clone(),
                To::End(ending) => return self.end(building, *ending),
                To::Person => return self.added_person(building),
                To::State(name) => match building.entries.get(name) {
                    Some(next) => {
                        self.passed.insert(name.clone());
                        to = next.clone();
                    }
                    None => {
                        if let Some(from) = from {
                            let sentence =
                                format!("It leads to “{name}”, which is not in the export; the call ends there.");
                            building.note(from, Status::Partly, sentence);
                        }
                        return self.end(building, Ending::Failed);
                    }
                },
            }
        }
        if let Some(from) = from {
            building.note(
                from,
                Status::Partly,
                "What follows goes round in a circle and does nothing; the call ends there.",
            );
        }
        self.end(building, Ending::Failed)
    }

    /// Every block that can be reached from one, with its ways resolved and none of them missing.
    fn follow(&mut self, building: &mut Building, from: &BlockId) -> HashSet<BlockId> {
        let mut reached = HashSet::new();
        let mut open = VecDeque::from([from.clone()]);
        while let Some(id) = open.pop_front() {
            self.index(building);
            let Some(&at) = self.by_id.get(&id) else { continue };
            if !reached.insert(id) {
                continue;
            }
            self.wire(building, at);
            open.extend(building.drafts[at].edges.values().filter_map(|to| match to {
                To::Block(id) => Some(id.clone()),
                _ => None,
            }));
        }
        reached
    }

    fn wire(&mut self, building: &mut Building, at: usize) {
        let state = building.drafts[at].state;
        let edges: Vec<(String, To)> =
            building.drafts[at].edges.iter().map(|(edge, to)| (edge.clone(), to.clone())).collect();
        for (edge, to) in edges {
            let block = self.target(building, &to, state);
            building.drafts[at].edges.insert(edge, To::Block(block));
        }
        for edge in missing(building, at) {
            let block = self.end(building, Ending::Failed);
            building.drafts[at].edges.insert(edge.clone(), To::Block(block));
            if let Some(state) = state {
                let sentence = format!("The export has no way for {edge}; the call ends there.");
                building.note(state, Status::Partly, sentence);
            }
        }
    }

    fn end(&mut self, building: &mut Building, ending: Ending) -> BlockId {
        if let Some(known) = self.ends.get(&ending) {
            return known.clone();
        }
        let (name, outcome, sentence) = match ending {
            Ending::Done => {
                ("end", "resolved", "Where the export leads on to nothing, the call ends and counts as resolved.")
            }
            Ending::Failed => (
                "end_failed",
                "failed",
                "Where something goes wrong and the export says nothing about it, the call ends and counts as failed. A caller deserves a word or \
                 a person there.",
            ),
        };
        let id = building.reserved(name, "end");
        building.drafts.push(Draft {
            id: id.clone(),
            kind: "end",
            params: json!({ "outcome": outcome }).as_object().cloned().unwrap_or_default(),
            edges: BTreeMap::new(),
            position: None,
            state: None,
        });
        building.items.push(Item::added(name, Some(id.clone()), sentence));
        self.ends.insert(ending, id.clone());
        self.index(building);
        id
    }

    /// Where callers go who ask for a person: the first queue on the way from the start, or one that is added.
    fn person(&mut self, building: &mut Building, first: &BlockId, reached: &HashSet<BlockId>) -> BlockId {
        if let Some(person) = &self.person {
            return person.clone();
        }
        let queue = self.nearest_queue(building, first).filter(|queue| reached.contains(queue));
        match queue {
            Some(queue) => {
                let sentence = format!("Callers who ask for a person at any moment go to {queue}.");
                building.items.push(Item::added("person", Some(queue.clone()), sentence));
                queue
            }
            None => self.added_person(building),
        }
    }

    fn nearest_queue(&self, building: &Building, first: &BlockId) -> Option<BlockId> {
        let mut seen = HashSet::from([first.clone()]);
        let mut open = VecDeque::from([first.clone()]);
        while let Some(id) = open.pop_front() {
            let draft = building.draft(self, &id)?;
            if draft.kind == "to_queue" {
                return Some(id);
            }
            for to in draft.edges.values() {
                if let To::Block(next) = to
                    && seen.insert(next.clone())
                {
                    open.push_back(next.clone());
                }
            }
        }
        None
    }

    fn added_person(&mut self, building: &mut Building) -> BlockId {
        if let Some(person) = &self.person {
            return person.clone();
        }
        let id = building.reserved("person", "to_queue");
        self.person = Some(id.clone());
        let queue = building.unknown_queue();
        let failed = To::Block(self.end(building, Ending::Failed));
        building.drafts.push(Draft {
            id: id.clone(),
            kind: "to_queue",
            params: json!({ "queue": queue }).as_object().cloned().unwrap_or_default(),
            edges: ["no_agents", "timeout", "error"].map(|edge| (edge.to_owned(), failed.clone())).into(),
            position: None,
            state: None,
        });
        let sentence = format!(
            "The export leads no caller to a person by a queue of its own: this block was added for those who ask for one, and for calls that \
             cannot go on. It leads to the queue {queue}; decide what happens when nobody answers."
        );
        building.items.push(Item::added("person", Some(id.clone()), sentence));
        self.index(building);
        id
    }
}

/// The edges that a block must have and has not.
fn missing(building: &Building, at: usize) -> Vec<String> {
    let draft = &building.drafts[at];
    let Some(spec) = registry::block(draft.kind) else { return Vec::new() };
    let block = Block {
        id: draft.id.clone(),
        kind: draft.kind.to_owned(),
        params: draft.params.clone(),
        edges: BTreeMap::new(),
    };
    // Only an ask_intent block without intents of its own would look at the flow's.
    edges_of(&empty_flow(), &block, spec)
        .into_iter()
        .filter(|(edge, required)| *required && !draft.edges.contains_key(edge))
        .map(|(edge, _)| edge)
        .collect()
}

fn empty_flow() -> Flow {
    Flow {
        schema_version: SCHEMA_VERSION,
        id: String::new(),
        name: String::new(),
        languages: Vec::new(),
        start: String::new(),
        person: None,
        hangup: None,
        variables: Vec::new(),
        intents: Vec::new(),
        out_of_scope: BTreeMap::new(),
        queues: Vec::new(),
        sub_flows: Vec::new(),
        blocks: Vec::new(),
        metadata: Metadata::default(),
        prepared: Prepared::default(),
    }
}

/// Variables, queues and intents that only blocks outside the flow used.
fn unused(flow: &mut Flow) {
    let text: String = flow
        .blocks
        .iter()
        .map(|block| serde_json::Value::Object(block.params.clone()).to_string())
        .collect::<Vec<_>>()
        .join("\n");
    let words: HashSet<&str> = text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).collect();
    flow.variables.retain(|variable| words.contains(variable.name.as_str()));
    flow.queues.retain(|queue| text.contains(&format!("\"{}\"", queue.id)));
    flow.intents.retain(|intent| words.contains(intent.name.as_str()));
}
