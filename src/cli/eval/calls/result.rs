//! What a service made of a call, as its API tells, and whether that is what was expected.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::Expect;
use crate::cli::api::Api;
use crate::event::Timestamp;

/// How long a service has to write down how a call ended.
const WRITTEN_WITHIN: Duration = Duration::from_secs(20);
/// How often it is asked.
const AGAIN: Duration = Duration::from_millis(200);
/// Edges by which nobody was understood.
const NOT_UNDERSTOOD: [&str; 5] = ["no_input", "no_match", "low_confidence", "error", "person"];

/// What came of a call.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct Got {
    /// The intent by which the caller was served.
    pub intent: Option<String>,
    /// What was collected.
    pub slots: BTreeMap<String, String>,
    /// The last queue.
    pub queue: Option<String>,
    /// How it ended.
    pub outcome: Option<String>,
    /// What the caller was heard to say.
    pub heard: Vec<String>,
    /// The call's id.
    #[serde(skip)]
    pub call: Option<String>,
}

/// One expectation, and whether it came true.
pub(super) struct Judged {
    pub kind: &'static str,
    pub right: bool,
}

/// Compares what came of a call with what should have.
pub(super) fn judge(expect: &Expect, got: &Got) -> Vec<Judged> {
    let same = |a: &str, b: &str| a.trim().eq_ignore_ascii_case(b.trim());
    let mut judged = Vec::new();
    if let Some(intent) = &expect.intent {
        let right = match &got.intent {
            Some(got) => same(intent, got),
            None => ["oos", "none", ""].contains(&intent.as_str()),
        };
        judged.push(Judged { kind: "intent", right });
    }
    if let Some(slots) = &expect.slots {
        let right = slots.iter().all(|(name, value)| {
            let wanted = match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            got.slots.get(name).is_some_and(|got| same(&wanted, got))
        });
        judged.push(Judged { kind: "slots", right });
    }
    if let Some(queue) = &expect.queue {
        judged.push(Judged { kind: "queue", right: got.queue.as_ref().is_some_and(|got| same(queue, got)) });
    }
    if let Some(outcome) = &expect.outcome {
        judged.push(Judged { kind: "outcome", right: got.outcome.as_ref().is_some_and(|got| same(outcome, got)) });
    }
    judged
}

impl Api {
    /// What came of the call from a number that was placed after `since`, once it is over.
    pub(super) async fn result(&self, from: &str, since: Timestamp) -> Result<Got, String> {
        let deadline = tokio::time::Instant::now() + WRITTEN_WITHIN;
        let id = loop {
            let page = self.get("calls?limit=200").await?;
            let found = page["calls"].as_array().into_iter().flatten().find(|call| {
                // Clocks of two machines may differ by a little.
                call["from"] == from && call["started_at"].as_i64().is_some_and(|at| at >= since - 5_000)
            });
            match found {
                Some(call) if !call["ended_at"].is_null() => break call["id"].as_str().unwrap_or_default().to_owned(),
                Some(_) if tokio::time::Instant::now() >= deadline => {
                    return Err("the service did not write down how the call ended".to_owned());
                }
                None if tokio::time::Instant::now() >= deadline => {
                    return Err(format!(
                        "the service at {} knows of no call from {from}; is it the one that was called?",
                        self.address()
                    ));
                }
                _ => tokio::time::sleep(AGAIN).await,
            }
        };
        Ok(got(&self.get(&format!("calls/{id}")).await?))
    }
}

/// Reads a call with its journal.
fn got(detail: &Value) -> Got {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let mut got = Got { outcome: text(&detail["outcome"]), call: text(&detail["id"]), ..Got::default() };
    let mut asking = std::collections::BTreeSet::new();
    for event in detail["entries"].as_array().into_iter().flatten() {
        match event["kind"].as_str().unwrap_or_default() {
            "entered" if event["block_kind"] == "ask_intent" => {
                asking.extend(text(&event["block"]));
            }
            // The edge counts, whether it was said, confirmed or pressed.
            "left" if event["block"].as_str().is_some_and(|block| asking.contains(block)) => {
                got.intent =
                    text(&event["edge"]).filter(|edge| !NOT_UNDERSTOOD.contains(&edge.as_str())).or(got.intent);
            }
            "slot" => {
                if let (Some(name), Some(value)) = (text(&event["name"]), text(&event["value"])) {
                    got.slots.insert(name, value);
                }
            }
            "queued" => got.queue = text(&event["queue"]),
            "heard" if event["speaker"] == "caller" => got.heard.extend(text(&event["text"])),
            _ => {}
        }
    }
    got
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn expect(value: Value) -> Expect {
        serde_json::from_value(value).expect("an expectation")
    }

    fn kinds(expected: Value, got: &Got) -> Vec<(&'static str, bool)> {
        judge(&expect(expected), got).into_iter().map(|judged| (judged.kind, judged.right)).collect()
    }

    #[test]
    fn each_expectation_is_compared_by_itself() {
        let got = Got {
            intent: Some("refund".into()),
            slots: BTreeMap::from([("order_number".into(), "1042".into())]),
            outcome: Some("agent".into()),
            ..Got::default()
        };
        assert_eq!(
            kinds(
                json!({"intent": "refund", "slots": {"order_number": 1042}, "queue": "service", "outcome": "resolved"}),
                &got
            ),
            [("intent", true), ("slots", true), ("queue", false), ("outcome", false)]
        );
        assert_eq!(kinds(json!({"intent": "oos"}), &Got::default()), [("intent", true)]);
        assert_eq!(kinds(json!({"slots": {"other": "1"}}), &got), [("slots", false)]);
        assert_eq!(kinds(json!({}), &got), []);
    }

    #[test]
    fn a_journal_tells_what_was_understood() {
        let detail = json!({
            "id": "c", "outcome": "resolved", "intent": "x",
            "entries": [
                {"kind": "entered", "block": "wants", "block_kind": "ask_intent"},
                {"kind": "left", "block": "wants", "edge": "no_match", "to": "wants"},
                {"kind": "heard", "speaker": "caller", "text": "where is it"},
                {"kind": "left", "block": "wants", "edge": "order_status", "to": "number"},
                {"kind": "left", "block": "menu", "edge": "yes", "to": "end"},
                {"kind": "slot", "block": "number", "name": "order_number", "value": "1042"},
            ],
        });
        let got = got(&detail);
        assert_eq!(got.intent.as_deref(), Some("order_status"));
        assert_eq!(got.slots["order_number"], "1042");
        assert_eq!((got.outcome.as_deref(), got.heard.len()), (Some("resolved"), 1));
    }
}
