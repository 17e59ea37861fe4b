//! Actions of Amazon Connect that ask a service, remember something or write it down.

use serde_json::{Map, Value as Json, json};

use super::{Action, Connect, NO_ERROR, references};
use crate::exchange::{
    MOST_WAYS,
    building::{Ending, To},
    report::Status,
    setting,
    words::{quoted, slug},
};

impl Connect {
    pub(super) fn lambda(&mut self, index: usize, action: &Action) {
        let arn = action.text("LambdaFunctionARN").unwrap_or_default();
        let name = arn.rsplit([':', '/', '.']).next().and_then(slug).unwrap_or_else(|| "function".to_owned());
        let mut body = Map::new();
        for (key, value) in action
            .parameters
            .get("LambdaInvocationAttributes")
            .and_then(Json::as_object)
            .into_iter()
            .flatten()
            .take(MOST_WAYS)
        {
            let text = match value {
                Json::String(text) => text.clone(),
                other => other.to_string(),
            };
            let value = self.value_for(index, &text, true);
            body.insert(key.clone(), json!(self.building.template(index, &value)));
        }
        let seconds = action
            .text("InvocationTimeLimitSeconds")
            .and_then(|s| s.parse::<f64>().ok())
            .unwrap_or(3.0)
            .clamp(1.0, 30.0);
        let mut params = json!({
            "method": "POST",
            "url": format!("https://lambda.invalid/{}", name.replace('_', "-")),
            "timeout_ms": (seconds * 1_000.0) as u64,
            "save_as": references::REPLY,
        });
        if !body.is_empty() {
            params["body"] = Json::Object(body);
        }
        let which = if arn.is_empty() { "a function that the export does not name".to_owned() } else { quoted(&arn) };
        self.building.note(
            index,
            Status::Partly,
            format!("It calls {which} at Amazon, which has no address: write one where a service of yours answers with the same values as JSON."),
        );
        let failure = action.failure();
        let edges = [("ok", action.onward()), ("timeout", failure.clone()), ("error", failure)];
        self.building.block(index, action.label(&name), "http", params, edges);
    }

    pub(super) fn attributes(&mut self, index: usize, action: &Action) {
        let of_flow = action.kind == "UpdateFlowAttributes";
        let (member, lives_in) =
            if of_flow { ("FlowAttributes", references::FLOW) } else { ("Attributes", references::ATTRIBUTES) };
        let mut rows = Vec::new();
        for (name, value) in
            action.parameters.get(member).and_then(Json::as_object).into_iter().flatten().take(MOST_WAYS)
        {
            let text = match value {
                Json::String(text) => text.clone(),
                Json::Object(inner) => setting(inner, "Value").unwrap_or_default(),
                other => other.to_string(),
            };
            let value = self.value(index, &text);
            let name = self.building.variable(lives_in, name);
            let text = self.building.template(index, &value);
            rows.push(json!({ "name": name, "text": text }));
        }
        if action.text("TargetContact").is_some_and(|target| target != "Current") {
            self.building.note(
                index,
                Status::Partly,
                "They belonged to a related contact; here they belong to this call.",
            );
        }
        if rows.is_empty() {
            return self.building.pass(index, action.onward());
        }
        let mut edges = vec![("next", action.onward())];
        edges.extend(action.error(&[NO_ERROR]).map(|to| ("error", to)));
        self.building.block(index, action.label("set"), "set", json!({ "values": rows }), edges);
    }

    pub(super) fn recording(&mut self, index: usize, action: &Action) {
        let behaviour = action.parameters.get("RecordingBehavior");
        let somebody = behaviour
            .and_then(|behaviour| behaviour.get("RecordedParticipants"))
            .and_then(Json::as_array)
            .is_some_and(|participants| !participants.is_empty());
        let bot = behaviour.and_then(|behaviour| behaviour.get("IVRRecordingBehavior")).and_then(Json::as_str);
        let on = somebody || bot == Some("Enabled");
        if somebody != (bot == Some("Enabled")) && bot.is_some() {
            self.building.note(index, Status::Partly, "Here the bot and the agents are recorded alike, or not.");
        }
        if action.parameters.contains_key("AnalyticsBehavior") {
            self.building.note(
                index,
                Status::Partly,
                "The settings of its speech analytics are left out: every call is transcribed here.",
            );
        }
        let params = json!({ "do": if on { "resume" } else { "pause" } });
        self.building.block(index, action.label("recording"), "recording", params, [("next", action.onward())]);
    }

    pub(super) fn tag(&mut self, index: usize, action: &Action) {
        let mut tags = Vec::new();
        for (name, value) in
            action.parameters.get("Tags").and_then(Json::as_object).into_iter().flatten().take(MOST_WAYS)
        {
            let value = value.as_str().unwrap_or_default();
            let text = if value.is_empty() { name.clone() } else { format!("{name}:{value}") };
            let value = self.value(index, &text);
            tags.push(self.building.template(index, &value));
        }
        if tags.is_empty() {
            return self.building.pass(index, action.onward());
        }
        self.building.block(index, action.label("tag"), "tag", json!({ "tags": tags }), [("next", action.onward())]);
    }

    pub(super) fn ticket(&mut self, index: usize, action: &Action) {
        let text = |connect: &mut Self, names: &[&str]| {
            let text = names.iter().find_map(|name| action.text(name)).unwrap_or_default();
            let value = connect.value(index, &text);
            connect.building.template(index, &value)
        };
        let mut subject = text(self, &["Name", "Title"]);
        if subject.is_empty() {
            subject = "{{ call.caller | default('') }}".to_owned();
            self.building.note(index, Status::Partly, "It has no name; write the subject of the ticket.");
        }
        let body = text(self, &["Description", "Summary"]);
        self.building.note(
            index,
            Status::Partly,
            "A task or case becomes a ticket; its attributes and the flow that works on it are left out.",
        );
        let edges = [("next", action.onward()), ("error", action.failure())];
        self.building.block(
            index,
            action.label("ticket"),
            "create_ticket",
            json!({ "subject": subject, "body": body }),
            edges,
        );
    }

    pub(super) fn customer(&mut self, index: usize, action: &Action) {
        let wanted = action
            .parameters
            .get("ProfileRequestData")
            .and_then(Json::as_object)
            .and_then(|data| setting(data, "PhoneNumber"));
        let mut params = json!({ "save_as": references::CUSTOMER });
        match wanted {
            Some(number) => {
                let value = self.value(index, &number);
                params["number"] = json!(self.building.template(index, &value));
            }
            None => self.building.note(index, Status::Partly, "Customers are found by their number here."),
        }
        let unknown = action.error(&["NoneFoundError", NO_ERROR]).unwrap_or(To::End(Ending::Failed));
        let mut edges = vec![("known", action.onward()), ("unknown", unknown)];
        edges.extend(action.error(&[NO_ERROR]).map(|to| ("error", to)));
        self.building.block(index, action.label("customer"), "lookup_customer", params, edges);
    }
}
