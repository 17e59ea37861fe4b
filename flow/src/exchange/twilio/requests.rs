//! Requests of Twilio Studio to other services, and its functions.

use serde_json::{Map, Value as Json, json};

use super::{MOST_WAYS, State, Studio};
use crate::exchange::{building::To, report::Status, setting};

/// What is told of a service that a person must connect.
const NO_ADDRESS: &str = "Write the address of the service, and what it needs to know.";

impl Studio {
    pub(super) fn request(&mut self, index: usize, state: &State) {
        let method = state.text("method").unwrap_or_else(|| "GET".to_owned()).to_uppercase();
        let known = ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str());
        let method = if known { method } else { "GET".to_owned() };
        let mut url = state.text("url").unwrap_or_default();
        let mut params = Map::new();
        if method == "GET" {
            for (name, value) in raw_parameters(state) {
                let sign = if url.contains('?') { '&' } else { '?' };
                url.push_str(&format!("{sign}{}={}", encoded(&name), encoded(&value)));
            }
        } else if let Some(body) = state.text("body") {
            let body = self.body(index, &body);
            params.insert("body".to_owned(), body);
        } else {
            self.form(index, state, &mut params);
        }
        if state.text("add_twilio_auth").as_deref() == Some("true") {
            self.building.note(
                index,
                Status::Partly,
                "The request was signed in at Twilio; write the header that the service wants.",
            );
        }
        let ways = (self.way(state, "success"), self.failure(state, "failed"));
        self.http(index, state, &method, &url, params, ways);
    }

    pub(super) fn function(&mut self, index: usize, state: &State) {
        let mut params = Map::new();
        self.form(index, state, &mut params);
        self.building.note(
            index,
            Status::Partly,
            "This was a function at Twilio; the request asks its address. Let a service of yours answer there.",
        );
        let url = state.text("url").unwrap_or_default();
        let ways = (self.way(state, "success"), self.failure(state, "fail"));
        self.http(index, state, "POST", &url, params, ways);
    }

    /// Values that were sent as a form.
    pub(super) fn form(&mut self, index: usize, state: &State, params: &mut Map<String, Json>) {
        let mut body = Map::new();
        for (name, value) in raw_parameters(state) {
            let value = self.value(&value);
            body.insert(name, json!(self.building.template(index, &value)));
        }
        if !body.is_empty() {
            self.building.note(index, Status::Partly, "The values are sent as JSON and no longer as a form.");
            params.insert("body".to_owned(), Json::Object(body));
        }
    }

    /// A JSON body: templates stand in its texts.
    pub(super) fn body(&mut self, index: usize, text: &str) -> Json {
        match serde_json::from_str::<Json>(text) {
            Ok(json) => self.filled(index, &json),
            Err(_) => {
                self.building.note(index, Status::Partly, "The body is no JSON by itself; it is sent as a text.");
                let value = self.value(text);
                json!(self.building.template(index, &value))
            }
        }
    }

    pub(super) fn filled(&mut self, index: usize, json: &Json) -> Json {
        match json {
            Json::String(text) => {
                let value = self.value(text);
                json!(self.building.template(index, &value))
            }
            Json::Array(items) => items.iter().map(|item| self.filled(index, item)).collect(),
            Json::Object(members) => members
                .iter()
                .map(|(name, item)| (name.clone(), self.filled(index, item)))
                .collect::<Map<_, _>>()
                .into(),
            other => other.clone(),
        }
    }

    /// A request. Studio takes a status of 400 and more for a failure, so that is told apart afterwards.
    pub(super) fn http(
        &mut self,
        index: usize,
        state: &State,
        method: &str,
        url: &str,
        mut params: Map<String, Json>,
        ways: (To, To),
    ) {
        let (success, failure) = ways;
        let name = self.widgets[&state.name].name.clone();
        let value = self.value(url);
        let mut url = self.building.template(index, &value);
        if !["http://", "https://", "{{"].iter().any(|begin| url.starts_with(begin)) {
            self.building.note(index, Status::Partly, format!("There is no address in the export. {NO_ADDRESS}"));
            url = format!("https://{}.invalid/", name.replace('_', "-"));
        }
        params.insert("method".to_owned(), json!(method));
        params.insert("url".to_owned(), json!(url));
        params.insert("save_as".to_owned(), json!(name));
        let edges = [("ok", success.clone()), ("timeout", failure.clone()), ("error", failure.clone())];
        let id = self.building.block(index, &state.name, "http", Json::Object(params), edges);
        if success == failure {
            return;
        }
        let check = self.building.block(
            index,
            &format!("{} status", state.name),
            "branch",
            json!({ "cases": [{ "when": format!("{name}.status_code < 400"), "edge": "success" }] }),
            [("success", success), ("else", failure.clone()), ("error", failure)],
        );
        self.building.lead(&id, "ok", To::Block(check));
    }
}

/// What is sent along with a request.
fn raw_parameters(state: &State) -> Vec<(String, String)> {
    let all = state.properties.get("parameters").and_then(Json::as_array).into_iter().flatten().take(MOST_WAYS);
    all.filter_map(Json::as_object)
        .filter_map(|parameter| Some((setting(parameter, "key")?, setting(parameter, "value").unwrap_or_default())))
        .collect()
}

/// A part of an address (RFC 3986 section 2.1), but for the templates in it.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (words, after) = rest.split_at(rest.find("{{").unwrap_or(rest.len()));
        for byte in words.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                out.push(char::from(byte));
            } else {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
        let end = after.find("}}").map_or(after.len(), |end| end + 2);
        out.push_str(&after[..end]);
        rest = &after[end..];
    }
    out
}
