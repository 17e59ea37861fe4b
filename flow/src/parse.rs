//! Reading a document.
use crate::{Finding, Flow};

/// Reads a flow from JSON.
pub fn parse(json: &str) -> Result<Flow, Vec<Finding>> {
    Err(vec![Finding::error("syntax", "", json, "")])
}
