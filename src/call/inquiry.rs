//! What a flow asks of the call centre itself: how busy a queue is, who calls from a number.

use flow::event::Inquiry;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::Callers;
use super::leg::Phones;
use crate::agent::Agents;
use crate::event::Personal;

/// What is known; or why it cannot be told.
pub async fn inquire(
    what: Inquiry,
    agents: &Agents,
    phones: &dyn Phones,
    callers: &dyn Callers,
    zone: &TimeZone,
) -> Result<Map<String, Value>, String> {
    let known = match what {
        Inquiry::Queue { queue } => {
            let standing = agents.standing(&queue, phones.reachable());
            serde_json::to_value(standing)
        }
        Inquiry::Customer { number } => {
            let known = callers.customer(&Personal::new(number)).await?;
            let last_call = known.last_call.and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
            let last_call = last_call.map(|at| at.to_zoned(zone.clone()).date().to_string());
            Ok(json!({
                "known": known.calls > 0,
                "calls": known.calls,
                "last_call": last_call,
                "open_tickets": known.open_tickets,
                "ticket_subject": known.ticket_subject.as_ref().map(Personal::reveal),
            }))
        }
    };
    match known {
        Ok(Value::Object(known)) => Ok(known),
        Ok(_) => Err("nothing is known".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
