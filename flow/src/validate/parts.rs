//! Sub-flows: that they exist, come back, do not go through themselves, and share no block with another part of the flow.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Finding, Flow, document::SubFlow, finding::nearest};

/// The edge of a return block that names none.
const NEXT: &str = "next";

pub(super) fn check(flow: &Flow, findings: &mut Vec<Finding>) {
    let mut seen = BTreeSet::new();
    for (index, part) in flow.sub_flows.iter().enumerate() {
        let place = format!("/sub_flows/{index}");
        if !seen.insert(&part.id) {
            findings.push(Finding::error(
                "duplicate_id",
                format!("{place}/id"),
                format!("Another sub-flow is called {} already.", part.id),
                "Give one of them another id.",
            ));
        }
        if flow.block(&part.start).is_none() {
            findings.push(super::unknown_target(flow, format!("{place}/start"), &part.start));
        }
        if !flow.blocks.iter().any(|block| flow.gone_through(block).is_some_and(|gone| gone.id == part.id)) {
            findings.push(Finding::warning(
                "unused_sub_flow",
                place,
                format!("No block goes through the sub-flow {}.", part.name),
                "Add a sub_flow block that does, or remove it.",
            ));
        }
    }
    for (index, block) in flow.blocks.iter().enumerate() {
        if block.kind == "sub_flow"
            && flow.gone_through(block).is_none()
            && let Some(name) = block.params.get("flow").and_then(|name| name.as_str())
        {
            let fix = match nearest(name, flow.sub_flows.iter().map(|part| part.id.as_str())) {
                Some(meant) => format!("Did you mean {meant}?"),
                None => "Add such a sub-flow, or name another.".to_owned(),
            };
            let place = format!("/blocks/{index}/params/flow");
            let message = format!("The flow has no sub-flow {name:?}.");
            findings.push(Finding::error("unknown_sub_flow", place, message, fix).of(&block.id));
        }
    }
    if let Some(circle) = recursion(flow) {
        findings.push(Finding::error(
            "recursive_sub_flow",
            "/sub_flows",
            format!("A sub-flow goes through itself: {}.", circle.join(" → ")),
            "Lead an edge back within the sub-flow instead.",
        ));
    }
    membership(flow, findings);
}

/// The edges that the return blocks of a sub-flow name.
pub(super) fn returns(flow: &Flow, part: &SubFlow) -> BTreeSet<String> {
    let blocks = within(flow, [&part.start]);
    let returns = flow.blocks.iter().filter(|block| block.kind == "return" && blocks.contains(block.id.as_str()));
    returns.map(|block| block.params.get("edge").and_then(|edge| edge.as_str()).unwrap_or(NEXT).to_owned()).collect()
}

/// The blocks that are reached without going through a sub-flow.
fn within<'f>(flow: &'f Flow, from: impl IntoIterator<Item = &'f String>) -> BTreeSet<&'f str> {
    super::walk(flow, from, |_| None)
}

fn membership(flow: &Flow, findings: &mut Vec<Finding>) {
    let main = [Some(&flow.start), flow.person.as_ref(), flow.hangup.as_ref()];
    let main = within(flow, main.into_iter().flatten());
    let mut part_of: BTreeMap<&str, &str> = main.iter().map(|id| (*id, "")).collect();
    for part in &flow.sub_flows {
        for id in within(flow, [&part.start]) {
            let Some(other) = part_of.insert(id, &part.name).filter(|other| *other != part.name) else { continue };
            let other = if other.is_empty() { "the main flow".to_owned() } else { format!("the sub-flow {other}") };
            findings.push(
                Finding::error(
                    "shared_block",
                    "/blocks",
                    format!("Block {id} belongs to the sub-flow {} and to {other}.", part.name),
                    "Lead out of a sub-flow by a return block, or copy the block.",
                )
                .of(id),
            );
        }
    }
    for (index, block) in flow.blocks.iter().enumerate() {
        if block.kind == "return" && main.contains(block.id.as_str()) {
            findings.push(
                Finding::error(
                    "return_to_nowhere",
                    format!("/blocks/{index}"),
                    format!("Block {} returns, but the main flow has nowhere to return to.", block.id),
                    "Use an end block here, or move it into a sub-flow.",
                )
                .of(&block.id),
            );
        }
    }
}

/// The names of sub-flows that go through each other in a circle.
fn recursion(flow: &Flow) -> Option<Vec<&str>> {
    let gone_through: BTreeMap<&str, BTreeSet<&str>> = flow
        .sub_flows
        .iter()
        .map(|part| {
            let blocks = within(flow, [&part.start]);
            let gone = flow.blocks.iter().filter(|block| blocks.contains(block.id.as_str()));
            (part.id.as_str(), gone.filter_map(|block| flow.gone_through(block)).map(|part| part.id.as_str()).collect())
        })
        .collect();
    for start in gone_through.keys().copied() {
        let mut ways = vec![vec![start]];
        let mut seen = BTreeSet::new();
        while let Some(way) = ways.pop() {
            let last = way.last().copied().unwrap_or_default();
            for next in gone_through.get(last).into_iter().flatten().copied() {
                let onward: Vec<&str> = way.iter().copied().chain([next]).collect();
                if next == start {
                    return Some(onward);
                }
                if seen.insert(next) {
                    ways.push(onward);
                }
            }
        }
    }
    None
}
