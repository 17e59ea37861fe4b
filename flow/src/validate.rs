//! Judging a flow before it is published: that every way leads on, that no way goes in circles without the caller, that a person
//! can be reached, and (in `content`) that what is said and tested can be said and tested. A document's form is checked when
//! it is read; the checks here also take flows that were never a document.

mod content;
mod parts;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use crate::{
    Block, Finding, Flow, Severity,
    document::SubFlow,
    finding::{listed, nearest},
    parse::{check_value, escape},
    registry::{self, BlockSpec, FieldType},
};

/// Everything that is wrong with a flow, errors first, then in the order of the document. Publish a flow only when no finding is
/// an error.
pub fn validate(flow: &Flow) -> Vec<Finding> {
    let mut findings = Vec::new();
    whole(flow, &mut findings);
    for (index, block) in flow.blocks.iter().enumerate() {
        let before = findings.len();
        one_block(flow, block, &format!("/blocks/{index}"), &mut findings);
        for finding in &mut findings[before..] {
            finding.block = Some(block.id.clone());
        }
    }
    content::check(flow, &mut findings);
    parts::check(flow, &mut findings);
    ways(flow, &mut findings);
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

/// Whether any finding prevents publishing.
pub fn has_errors(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}

fn whole(flow: &Flow, findings: &mut Vec<Finding>) {
    if flow.languages.is_empty() {
        findings.push(Finding::error(
            "no_language",
            "/languages",
            "The flow has no language.",
            "Add \"en\" or \"zh-CN\".",
        ));
    }
    let named = [("/start", Some(&flow.start)), ("/person", flow.person.as_ref()), ("/hangup", flow.hangup.as_ref())];
    for (place, target) in named {
        if let Some(target) = target
            && flow.block(target).is_none()
        {
            findings.push(unknown_target(flow, place.to_owned(), target));
        }
    }
    if flow.person.is_none() {
        findings.push(Finding::warning(
            "no_person_block",
            "/person",
            "A caller who asks for a person at any moment has nowhere to go.",
            "Name the block that leads to a queue as \"person\".",
        ));
    }
    if flow.hangup.is_none() {
        findings.push(Finding::warning(
            "no_hangup_block",
            "/hangup",
            "Nothing is done when a caller hangs up; the call only counts as abandoned, or resolved once the answer was given.",
            "Name a block as \"hangup\" if a ticket or a request should follow.",
        ));
    }
    let mut seen = BTreeSet::new();
    for (index, block) in flow.blocks.iter().enumerate() {
        if !seen.insert(&block.id) {
            findings.push(
                Finding::error(
                    "duplicate_id",
                    format!("/blocks/{index}/id"),
                    format!("Another block is called {} already.", block.id),
                    "Give one of them another id.",
                )
                .of(&block.id),
            );
        }
    }
}

fn one_block(flow: &Flow, block: &Block, place: &str, findings: &mut Vec<Finding>) {
    let Some(spec) = registry::block(&block.kind) else {
        findings.push(Finding::error(
            "unknown_block_type",
            format!("{place}/type"),
            format!("There is no block type {:?}.", block.kind),
            "Use one of the registry.",
        ));
        return;
    };
    findings.extend(check_value(
        spec.fields,
        &block.params,
        &format!("{place}/params"),
        &format!("A {} block", spec.name),
    ));
    let own = edges_of(flow, block, spec);
    for (edge, target) in &block.edges {
        let place = format!("{place}/edges/{}", escape(edge));
        if !own.contains_key(edge) {
            let names: Vec<&str> = own.keys().map(String::as_str).collect();
            let fix = match nearest(edge, names.iter().copied()) {
                Some(meant) => format!("Did you mean {meant}?"),
                None => format!("Remove it, or use {}.", listed(&names)),
            };
            findings.push(Finding::error(
                "unknown_edge",
                place.as_str(),
                format!("Block {} has no edge {edge:?}.", block.id),
                fix,
            ));
        }
        if flow.block(target).is_none() {
            findings.push(unknown_target(flow, place, target));
        }
    }
    for (edge, required) in &own {
        if *required && !block.edges.contains_key(edge) {
            findings.push(Finding::error(
                "unwired_edge",
                format!("{place}/edges/{}", escape(edge)),
                format!("Block {} has no edge for {edge}.", block.id),
                "Connect it, or end the call there.",
            ));
        }
    }
}

/// The edges a block has, and whether each must be wired.
pub(crate) fn edges_of(flow: &Flow, block: &Block, spec: &BlockSpec) -> BTreeMap<String, bool> {
    let mut edges: BTreeMap<String, bool> =
        spec.edges.iter().map(|edge| (edge.name.to_owned(), edge.required)).collect();
    if spec.listens() {
        // Where to go from here, instead of the flow's person block, when the caller asks for a person.
        edges.insert("agent".to_owned(), false);
    }
    if let Some(part) = flow.gone_through(block) {
        edges.extend(parts::returns(flow, part).into_iter().map(|edge| (edge, true)));
    }
    for field in spec.fields.iter().filter(|field| field.kind.brings_edges()) {
        let value = block.params.get(field.name);
        let names: Vec<&str> = match (&field.kind, value) {
            (FieldType::Intents, None) if field.default.is_none() => {
                flow.intents.iter().map(|intent| intent.name.as_str()).collect()
            }
            (FieldType::Intents, Some(Value::Array(items))) => items.iter().filter_map(Value::as_str).collect(),
            (FieldType::Rows { columns }, Some(Value::Array(rows))) => columns
                .iter()
                .filter(|column| column.kind == FieldType::Edge)
                .flat_map(|column| rows.iter().filter_map(|row| row.get(column.name)?.as_str()))
                .collect(),
            _ => Vec::new(),
        };
        edges.extend(names.into_iter().map(|name| (name.to_owned(), true)));
    }
    edges
}

fn unknown_target(flow: &Flow, place: String, target: &str) -> Finding {
    let fix = match nearest(target, flow.blocks.iter().map(|block| block.id.as_str())) {
        Some(meant) => format!("Did you mean {meant}?"),
        None => "Add such a block, or name another.".to_owned(),
    };
    Finding::error("unknown_target", place, format!("There is no block {target:?}."), fix)
}

/// What the ways through the flow say: blocks that no way reaches, circles without the caller, no way to a person.
fn ways(flow: &Flow, findings: &mut Vec<Finding>) {
    let reached = reach(flow, [Some(&flow.start), flow.person.as_ref(), flow.hangup.as_ref()].into_iter().flatten());
    for (index, block) in flow.blocks.iter().enumerate() {
        if !reached.contains(block.id.as_str()) {
            findings.push(
                Finding::error(
                    "unreachable_block",
                    format!("/blocks/{index}"),
                    format!("No way leads to block {}.", block.id),
                    "Connect an edge to it, or remove it.",
                )
                .of(&block.id),
            );
        }
    }
    let takes = |block: &Block| registry::block(&block.kind).is_some_and(BlockSpec::reaches_a_person);
    let leads_to_queue = |from: &String| reach(flow, [from]).into_iter().any(|id| flow.block(id).is_some_and(takes));
    if !leads_to_queue(&flow.start) && !flow.person.as_ref().is_some_and(leads_to_queue) {
        findings.push(Finding::error(
            "no_way_to_a_person",
            "/blocks",
            "A caller can never reach a person in this flow.",
            "Add a block that hands over (a queue, a number, a callback or voicemail) and a way to it.",
        ));
    } else if let Some(person) = flow.person.as_ref().filter(|person| !leads_to_queue(person)) {
        findings.push(Finding::error(
            "no_way_to_a_person",
            "/person",
            format!("Block {person}, where callers go who ask for a person, does not lead to one."),
            "Name a block that hands over, or one that leads there.",
        ));
    }
    if let Some(circle) = circle_without_caller(flow) {
        findings.push(
            Finding::error(
                "loop_without_input",
                "/blocks",
                format!("The flow can go round without the caller: {}.", circle.join(" → ")),
                "Put a block that listens into the circle, or lead one edge out of it.",
            )
            .of(circle[0]),
        );
    }
}

/// The blocks that are reached, also through sub-flows.
fn reach<'f>(flow: &'f Flow, from: impl IntoIterator<Item = &'f String>) -> BTreeSet<&'f str> {
    walk(flow, from, |block| flow.gone_through(block))
}

/// The blocks that are reached by edges, and from the start of what a block goes into.
fn walk<'f>(
    flow: &'f Flow,
    from: impl IntoIterator<Item = &'f String>,
    into: impl Fn(&'f Block) -> Option<&'f SubFlow>,
) -> BTreeSet<&'f str> {
    let by_id: HashMap<&str, &Block> = flow.blocks.iter().rev().map(|block| (block.id.as_str(), block)).collect();
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = from.into_iter().map(String::as_str).collect();
    while let Some(id) = open.pop() {
        if let Some(block) = by_id.get(id)
            && reached.insert(id)
        {
            open.extend(block.edges.values().map(String::as_str));
            open.extend(into(block).map(|part| part.start.as_str()));
        }
    }
    reached
}

/// A circle of blocks none of which waits for the caller or an agent, if there is one. Walks with a stack of its own, as a flow
/// may be longer than a thread's.
fn circle_without_caller(flow: &Flow) -> Option<Vec<&str>> {
    let by_id: BTreeMap<&str, &Block> = flow
        .blocks
        .iter()
        .filter(|block| registry::block(&block.kind).is_none_or(|spec| !spec.waits()))
        .map(|block| (block.id.as_str(), block))
        .collect();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    for start in by_id.keys().copied() {
        let mut path: Vec<(&str, Vec<&str>)> = Vec::new();
        let mut enter = Some(start);
        loop {
            if let Some(id) = enter.take()
                && let Some(block) = by_id.get(id)
                && !done.contains(id)
            {
                if let Some(place) = path.iter().position(|(other, _)| *other == id) {
                    return Some(path[place..].iter().map(|(id, _)| *id).chain([id]).collect());
                }
                path.push((id, block.edges.values().map(String::as_str).collect()));
            }
            let Some((id, targets)) = path.last_mut() else { break };
            match targets.pop() {
                Some(target) => enter = Some(target),
                None => {
                    done.insert(*id);
                    path.pop();
                }
            }
        }
    }
    None
}
