//! What the call centre knows by itself, for flows that ask: how busy a queue is, who calls from a number.

use std::sync::Arc;

use flow::event::Inquiry;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::driver::Services;
use super::leg::Phones;
use super::{Callers, Customer};
use crate::agent::Agents;
use crate::event::Personal;

/// Who knows it.
#[derive(Clone)]
pub struct Known {
    /// Who is free, and who waits.
    pub agents: Agents,
    /// The agents' phones.
    pub phones: Arc<dyn Phones>,
    /// Those who have called before.
    pub callers: Arc<dyn Callers>,
    /// Where days are meant.
    pub zone: TimeZone,
}

impl Known {
    /// What a call's services know.
    pub fn of(services: &Services) -> Self {
        Self {
            agents: services.agents.clone(),
            phones: services.phones.clone(),
            callers: services.callers.clone(),
            zone: services.zone.clone(),
        }
    }

    /// Tells it by name; or why it cannot be told.
    pub async fn tell(&self, what: Inquiry) -> Result<Map<String, Value>, String> {
        let told = match what {
            Inquiry::Queue { queue } => {
                let standing = self.agents.standing(&queue, &self.phones.reachable());
                serde_json::to_value(standing).map_err(|error| error.to_string())?
            }
            Inquiry::Customer { number } => {
                let customer = self.callers.customer(&Personal::new(number)).await?;
                let Customer { calls, last_call, open_tickets, ticket_subject } = customer;
                let last_call = last_call.and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
                json!({
                    "known": calls > 0,
                    "calls": calls,
                    "last_call": last_call.map(|at| at.to_zoned(self.zone.clone()).date().to_string()),
                    "open_tickets": open_tickets,
                    "ticket_subject": ticket_subject.as_ref().map(Personal::reveal),
                })
            }
        };
        match told {
            Value::Object(told) => Ok(told),
            _ => Err("nothing is known".to_owned()),
        }
    }
}
