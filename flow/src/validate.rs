//! What publishing refuses or warns of.
use crate::{Finding, Flow};

/// Everything that is wrong with a flow, errors first.
pub fn validate(flow: &Flow) -> Vec<Finding> {
    let _ = flow;
    Vec::new()
}
