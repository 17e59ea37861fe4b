//! The run of a flow for one call.
use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use crate::{Action, Brief, Context, Event, Flow, Millis, Outcome};

/// One call in a flow.
#[derive(Debug)]
pub struct Run {
    outcome: Option<Outcome>,
}

impl Run {
    /// A run that waits for [`Event::Begin`].
    pub fn new(flow: Arc<Flow>, model: Arc<intent::Model>, context: Context) -> Self {
        let _ = (flow, model, context);
        Run { outcome: None }
    }
    /// What to do about an event that happened at `now`.
    pub fn on(&mut self, event: Event, now: Millis) -> Vec<Action> {
        let _ = (event, now);
        Vec::new()
    }
    /// When to come back with [`Event::Timeout`] unless something else happens first.
    pub fn deadline(&self) -> Option<Millis> {
        None
    }
    /// Whether the run is over.
    pub fn finished(&self) -> bool {
        self.outcome.is_some()
    }
    /// How the call ended, once it has.
    pub fn outcome(&self) -> Option<Outcome> {
        self.outcome
    }
    /// Variables, slots and replies by name.
    pub fn variables(&self) -> BTreeMap<String, Value> {
        BTreeMap::new()
    }
    /// What an agent or a ticket should know at this point.
    pub fn brief(&self) -> Brief {
        Brief::default()
    }
}
