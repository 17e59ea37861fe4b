//! Twilio Studio: states with transitions by event, templates in Liquid. A state that asks and the split that follows it are one block here,
//! a menu; other splits become branches. What belongs to text messages is asked and said aloud.

mod asking;
mod split;

use std::collections::HashMap;

use intent::Language;
use serde_json::{Map, Value as Json, json};

use super::{
    Format, Imported, MOST_STATES, MOST_WAYS, Options, Reading, Refused,
    building::{Building, Ending, To},
    liquid::{self, Segment},
    number, position,
    report::Status,
    setting,
    value::{Found, Piece, Value, member},
    words::{self, Names, quoted},
};
use crate::{document::Position, values::RESERVED};

const READING: Reading = Reading(Format::TwilioStudio);

/// How long a call to a number rings, in s, when the export does not say.
const RINGS_S: f64 = 30.0;
/// What is told of a service that a person must connect.
const NO_ADDRESS: &str = "Write the address of the service, and what it needs to know.";

/// A state.
pub(super) struct State {
    name: String,
    kind: String,
    properties: Map<String, Json>,
    transitions: Vec<Transition>,
    position: Option<Position>,
}

struct Transition {
    event: String,
    next: Option<String>,
    conditions: Vec<Condition>,
}

struct Condition {
    kind: String,
    value: String,
    /// What is compared, where it is not the state's own input.
    argument: Option<String>,
}

impl State {
    /// The state that follows an event.
    fn next(&self, event: &str) -> Option<&str> {
        self.transitions
            .iter()
            .find(|transition| transition.event == event && transition.conditions.is_empty())?
            .next
            .as_deref()
    }

    fn text(&self, name: &str) -> Option<String> {
        setting(&self.properties, name)
    }
}

/// Reads the flow.
pub(super) fn import(document: &Json, options: &Options) -> Result<Imported, Refused> {
    let members = READING.object(document, "")?;
    let initial = READING.text(members, "initial_state", "")?;
    let states = read(members)?;
    let name = READING.maybe(members, "description", "")?.unwrap_or_else(|| "Imported flow".to_owned());
    if !states.iter().any(|state| state.name == initial) {
        return Err(READING.wrong("/initial_state", format!("there is no state {}", quoted(&initial))));
    }
    let mut studio = Studio::new(states, options);
    let states = std::mem::take(&mut studio.states);
    for state in &states {
        studio.building.state(&state.name, &state.kind, state.position);
    }
    studio.elsewhere(&states);
    studio.fold(&states);
    for (index, state) in states.iter().enumerate() {
        studio.map(index, state, &states);
    }
    studio.building.finish(Format::TwilioStudio, &name, &To::State(initial))
}

fn read(members: &Map<String, Json>) -> Result<Vec<State>, Refused> {
    let mut states: Vec<State> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for (index, state) in READING.list(members.get("states"), "/states", MOST_STATES)?.iter().enumerate() {
        let place = format!("/states/{index}");
        let members = READING.object(state, &place)?;
        let name = READING.text(members, "name", &place)?;
        if !seen.insert(name.clone()) {
            return Err(
                READING.wrong(format!("{place}/name"), format!("another state is called {} already", quoted(&name)))
            );
        }
        let properties = match members.get("properties") {
            None | Some(Json::Null) => Map::new(),
            Some(properties) => READING.object(properties, &format!("{place}/properties"))?.clone(),
        };
        let mut transitions = Vec::new();
        let list = READING.list(members.get("transitions"), &format!("{place}/transitions"), MOST_WAYS)?;
        for (index, transition) in list.iter().enumerate() {
            let place = format!("{place}/transitions/{index}");
            let members = READING.object(transition, &place)?;
            let mut conditions = Vec::new();
            let list = READING.list(members.get("conditions"), &format!("{place}/conditions"), MOST_WAYS)?;
            for (index, condition) in list.iter().enumerate() {
                let place = format!("{place}/conditions/{index}");
                let members = READING.object(condition, &place)?;
                conditions.push(Condition {
                    kind: READING.text(members, "type", &place)?,
                    value: setting(members, "value").unwrap_or_default(),
                    argument: members.get("arguments").and_then(|list| list.get(0)?.as_str()).map(str::to_owned),
                });
            }
            transitions.push(Transition {
                event: READING.text(members, "event", &place)?,
                next: READING.maybe(members, "next", &place)?,
                conditions,
            });
        }
        states.push(State {
            kind: READING.text(members, "type", &place)?,
            position: position(properties.get("offset")),
            name,
            properties,
            transitions,
        });
    }
    Ok(states)
}

/// The import at work.
struct Studio {
    states: Vec<State>,
    building: Building,
    /// What each state gives under `widgets`: its kind and our name for it.
    widgets: HashMap<String, Widget>,
    /// Splits that are part of the menu before them, with that state.
    folded: HashMap<String, String>,
}

#[derive(Clone)]
struct Widget {
    kind: Gives,
    name: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Gives {
    /// What the caller said or keyed: a slot.
    Answer,
    /// The reply of another service.
    Reply,
    Nothing,
}

impl Studio {
    fn new(states: Vec<State>, options: &Options) -> Self {
        let mut slots = Names::default();
        let mut replies = Names::with(&RESERVED);
        let widgets = states
            .iter()
            .map(|state| {
                let (kind, name) = match state.kind.as_str() {
                    "gather-input-on-call" | "send-and-wait-for-reply" => {
                        (Gives::Answer, slots.new_name(&state.name, "answer"))
                    }
                    "make-http-request" | "run-function" => (Gives::Reply, replies.new_name(&state.name, "reply")),
                    _ => (Gives::Nothing, String::new()),
                };
                (state.name.clone(), Widget { kind, name })
            })
            .collect();
        let building = Building::new(options, spoken(&states));
        Studio { states, building, widgets, folded: HashMap::new() }
    }

    /// A text of the export as a value of ours.
    fn value(&mut self, text: &str) -> Value {
        let Studio { building, widgets, .. } = self;
        liquid::translate(text, &mut |path| found(building, widgets, path))
    }

    fn map(&mut self, index: usize, state: &State, states: &[State]) {
        match state.kind.as_str() {
            "trigger" => self.trigger(index, state),
            "say-play" => self.say(index, state),
            "gather-input-on-call" => self.gather(index, state, states),
            "send-and-wait-for-reply" => self.wait_for_reply(index, state, states),
            "send-message" => self.send_message(index, state),
            "split-based-on" => self.split(index, state),
            "set-variables" => self.set_variables(index, state),
            "make-http-request" => self.request(index, state),
            "run-function" => self.function(index, state),
            "send-to-flex" | "enqueue-call" => self.queue(index, state),
            "connect-call-to" => self.connect_call(index, state),
            "record-voicemail" => self.voicemail(index, state),
            "record-call" => self.record(index, state),
            _ => self.unknown(index, state),
        }
    }

    /// Says of the states that only another event leads to which it is.
    fn elsewhere(&mut self, states: &[State]) {
        let by_name: HashMap<&str, &State> = states.iter().map(|state| (state.name.as_str(), state)).collect();
        for trigger in states.iter().filter(|state| state.kind == "trigger") {
            for way in &trigger.transitions {
                let mut open: Vec<&str> = way.next.as_deref().into_iter().collect();
                while let Some(state) = open.pop().and_then(|name| by_name.get(name)) {
                    if !self.building.elsewhere.contains_key(&state.name) {
                        let sentence = format!(
                            "Only {} leads here, which is not how a call begins, so it is not in the flow. If it is wanted, draw it.",
                            way.event
                        );
                        self.building.elsewhere.insert(state.name.clone(), sentence);
                        open.extend(state.transitions.iter().filter_map(|way| way.next.as_deref()));
                    }
                }
            }
        }
    }

    /// Where an event leads; nowhere is where Studio ends the call.
    fn way(&self, state: &State, event: &str) -> To {
        state.next(event).map_or(To::End(Ending::Done), |next| To::State(next.to_owned()))
    }

    /// Where something that went wrong leads.
    fn failure(&self, state: &State, event: &str) -> To {
        state.next(event).map_or(To::End(Ending::Failed), |next| To::State(next.to_owned()))
    }

    fn trigger(&mut self, index: usize, state: &State) {
        let begin =
            ["incomingCall", "incomingMessage", "incomingConversationMessage", "incomingRequest", "incomingParent"]
                .into_iter()
                .find_map(|event| Some((event, state.next(event)?)));
        let Some((event, next)) = begin else {
            self.building.note(index, Status::NotMapped, "It leads nowhere, so callers go to a person.");
            return self.building.pass(index, To::Person);
        };
        let next = To::State(next.to_owned());
        if event != "incomingCall" {
            self.building.note(
                index,
                Status::Partly,
                format!("No incoming call begins this flow; here a call begins where {event} did."),
            );
        }
        let others: Vec<&str> = state
            .transitions
            .iter()
            .filter(|transition| {
                transition.event != event && transition.next.is_some() && self.way(state, &transition.event) != next
            })
            .map(|transition| transition.event.as_str())
            .collect();
        if !others.is_empty() {
            let sentence = format!(
                "What begins with {} is a way of its own and not in this flow; its states are named below.",
                others.join(", ")
            );
            self.building.note(index, Status::Partly, sentence);
        }
        self.building.pass(index, next);
    }

    /// What a state says: its words, or what stands for a recording.
    fn words(&mut self, index: usize, state: &State, property: &str) -> Json {
        if let Some(language) = state.text("language").filter(|code| !code.contains("{{"))
            && !["en", "zh", "cmn"].iter().any(|ours| language.to_lowercase().starts_with(ours))
        {
            self.building.note(
                index,
                Status::Partly,
                format!("The words are in {language}, which is not spoken here; translate them."),
            );
        }
        if let Some(text) = state.text(property) {
            let value = self.value(&text);
            return self.building.prompt(index, &value, words::has_markup(&text));
        }
        let recording = state.text("play").or_else(|| state.text("digits"));
        if let Some(recording) = recording {
            let name = recording.rsplit('/').next().unwrap_or_default();
            self.building.note(
                index,
                Status::Partly,
                format!("It plays {}; write the words that are said there.", quoted(&recording)),
            );
            let name: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
            return self.building.prompt(index, &Value::text(name), false);
        }
        self.building.prompt(index, &Value::default(), false)
    }

    fn say(&mut self, index: usize, state: &State) {
        let prompt = self.words(index, state, "say");
        if number(&state.properties, "loop").is_some_and(|times| times > 1.0) {
            self.building.note(index, Status::Partly, "The words are said once and not several times.");
        }
        let next = self.way(state, "audioComplete");
        self.building.block(index, &state.name, "say", json!({ "prompt": prompt }), [("next", next)]);
    }

    fn send_message(&mut self, index: usize, state: &State) {
        let prompt = self.words(index, state, "body");
        self.building.note(
            index,
            Status::Partly,
            "This was a text message; it is said on the call. Reword it for the ear, or leave it out.",
        );
        let next = self.way(state, "sent");
        self.building.block(index, &state.name, "say", json!({ "prompt": prompt }), [("next", next)]);
    }

    fn set_variables(&mut self, index: usize, state: &State) {
        let mut rows = Vec::new();
        for variable in state.properties.get("variables").and_then(Json::as_array).into_iter().flatten().take(MOST_WAYS)
        {
            let Some(variable) = variable.as_object() else { continue };
            let Some(key) = setting(variable, "key") else { continue };
            let value = self.value(&setting(variable, "value").unwrap_or_default());
            let name = self.building.variable("flow.variables", &key);
            let text = self.building.template(index, &trimmed(value));
            rows.push(json!({ "name": name, "text": text }));
        }
        let next = self.way(state, "next");
        if rows.is_empty() {
            return self.building.pass(index, next);
        }
        self.building.block(index, &state.name, "set", json!({ "values": rows }), [("next", next)]);
    }

    fn request(&mut self, index: usize, state: &State) {
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

    fn function(&mut self, index: usize, state: &State) {
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
    fn form(&mut self, index: usize, state: &State, params: &mut Map<String, Json>) {
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
    fn body(&mut self, index: usize, text: &str) -> Json {
        match serde_json::from_str::<Json>(text) {
            Ok(json) => self.filled(index, &json),
            Err(_) => {
                self.building.note(index, Status::Partly, "The body is no JSON by itself; it is sent as a text.");
                let value = self.value(text);
                json!(self.building.template(index, &value))
            }
        }
    }

    fn filled(&mut self, index: usize, json: &Json) -> Json {
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
    fn http(
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

    fn queue(&mut self, index: usize, state: &State) {
        let named = state.text("queue_name").filter(|name| !name.contains(['{', '$', '<']));
        let queue = match &named {
            Some(name) => self.building.queue(name),
            None => {
                let queue = self.building.unknown_queue();
                let to =
                    state.text("workflow").or_else(|| state.text("workflow_sid")).or_else(|| state.text("queue_name"));
                let by = to.map_or_else(String::new, |to| format!(" The export hands over by {}.", quoted(&to)));
                self.building.note(
                    index,
                    Status::Partly,
                    format!("It leads to the queue {queue}; choose the right one.{by}"),
                );
                queue
            }
        };
        if state.text("attributes").is_some_and(|attributes| attributes.trim() != "{}") {
            self.building.note(
                index,
                Status::Partly,
                "The task's attributes are not handed over; agents see what was said and collected.",
            );
        }
        let failure = self.failure(state, "failedToEnqueue");
        let mut edges = vec![("no_agents", failure.clone()), ("timeout", failure.clone()), ("error", failure)];
        if let Some(next) = state.next("callComplete") {
            edges.push(("ended", To::State(next.to_owned())));
        }
        let mut params = json!({ "queue": queue });
        if let Some(wait) = number(&state.properties, "timeout").filter(|seconds| (1.0..=3_600.0).contains(seconds)) {
            params["timeout_ms"] = json!((wait * 1_000.0) as u64);
        }
        self.building.block(index, &state.name, "to_queue", params, edges);
    }

    fn connect_call(&mut self, index: usize, state: &State) {
        let noun = state.text("noun").unwrap_or_else(|| "number".to_owned());
        let to = state.text("to").or_else(|| state.text("sip_endpoint")).unwrap_or_default();
        let next = self.way(state, "callCompleted");
        if to.is_empty() || !["number", "number-multi", "sip", "client"].contains(&noun.as_str()) {
            self.building.note(
                index,
                Status::NotMapped,
                format!("A call to a {noun} has no counterpart; callers go to a person instead."),
            );
            return self.building.pass(index, To::Person);
        }
        let first = to.split(',').next().unwrap_or_default().trim().to_owned();
        if first != to.trim() {
            self.building.note(index, Status::Partly, "Only the first of several numbers is called.");
        }
        let target = match noun.as_str() {
            "sip" if !first.starts_with("sip:") => format!("sip:{first}"),
            "client" => {
                self.building.note(
                    index,
                    Status::Partly,
                    "A client of Twilio is called; write the extension that the agent has here.",
                );
                first.trim_start_matches("client:").to_owned()
            }
            _ => first,
        };
        let value = self.value(&target);
        let to = self.building.template(index, &value);
        let seconds = number(&state.properties, "timeout").unwrap_or(RINGS_S).clamp(5.0, 120.0);
        let edges = ["ended", "busy", "no_answer", "error"].map(|edge| (edge, next.clone()));
        self.building.block(
            index,
            &state.name,
            "transfer",
            json!({ "to": to, "timeout_ms": (seconds * 1_000.0) as u64 }),
            edges,
        );
    }

    fn voicemail(&mut self, index: usize, state: &State) {
        let mut params = json!({});
        if state.text("say").is_some() || state.text("play").is_some() {
            params["prompt"] = self.words(index, state, "say");
        } else {
            let prompt = self.building.prompt(index, &Value::text(self.building.default_voicemail()), false);
            params["prompt"] = prompt;
        }
        if let Some(seconds) = number(&state.properties, "max_length") {
            params["max_ms"] = json!((seconds.clamp(5.0, 600.0) * 1_000.0) as u64);
        }
        if let Some(seconds) = number(&state.properties, "timeout") {
            params["silence_ms"] = json!((seconds.clamp(2.0, 30.0) * 1_000.0) as u64);
        }
        let edges = [("next", self.way(state, "recordingComplete")), ("no_input", self.way(state, "noAudio"))];
        self.building.block(index, &state.name, "voicemail", params, edges);
    }

    fn record(&mut self, index: usize, state: &State) {
        let on = state.text("record_call").as_deref() != Some("false");
        let next = self.way(state, "success");
        let params = json!({ "do": if on { "resume" } else { "pause" } });
        self.building.block(index, &state.name, "recording", params, [("next", next)]);
    }

    /// What has no counterpart: whoever comes there goes on as if it had succeeded.
    fn unknown(&mut self, index: usize, state: &State) {
        let sentence = match state.kind.as_str() {
            "make-outgoing-call-v2" | "make-outgoing-call" => {
                "A flow here answers calls and does not make them; it goes on as if the call was answered. Let your campaign make the call."
            }
            "run-subflow" => "The flow that it runs is not in this file; import that one, too, and lead there.",
            "add-twiml-redirect" => {
                "What another service says by TwiML is unknown here; draw it, or ask the service by a request."
            }
            "capture-payments" => {
                "Card numbers cannot be taken here by Twilio's service; let an agent or a page of your provider do it."
            }
            "search-for-customer" | "connect-virtual-agent" | "connect-virtual-agent-v2" | "send-to-auto-pilot" => {
                "That service is not connected here; draw what it did."
            }
            _ => "There is nothing like it here; draw what it did, if it matters.",
        };
        let success = [
            "success",
            "next",
            "answered",
            "completed",
            "return",
            "sent",
            "audioComplete",
            "sessionEnded",
            "recordingComplete",
        ]
        .into_iter()
        .find_map(|event| state.next(event))
        .or_else(|| state.transitions.iter().find_map(|transition| transition.next.as_deref()));
        self.building.note(index, Status::NotMapped, sentence);
        let to = success.map_or(To::End(Ending::Done), |next| To::State(next.to_owned()));
        self.building.pass(index, to);
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

/// What a name of the export stands for.
fn found(building: &mut Building, widgets: &HashMap<String, Widget>, path: &[Segment]) -> Found {
    let names: Vec<&str> = path
        .iter()
        .map(|step| match step {
            Segment::Name(name) | Segment::Local(name) => name.as_str(),
        })
        .collect();
    let lost = || Found::Lost(format!("{} is not known here; nothing stands in its place.", quoted(&names.join("."))));
    let within = |variable: String, rest: &[&str]| {
        Found::Path(rest.iter().fold(format!("vars.{variable}"), |path, name| member(&path, name)))
    };
    match &names[..] {
        ["flow", "variables", name, rest @ ..] => within(building.variable("flow.variables", name), rest),
        ["flow", "data", name, rest @ ..] | ["trigger", "request" | "parent", "parameters", name, rest @ ..] => {
            within(building.variable("parameters", name), rest)
        }
        ["flow", "data"] | ["trigger", "request", "parameters"] => within(building.variable("parameters", "data"), &[]),
        ["contact", "channel", "address"]
        | ["trigger", "call", "From" | "Caller"]
        | ["trigger", "message", "From"]
        | ["trigger", "request", "to"] => Found::Path("call.caller".to_owned()),
        ["flow", "channel", "address"]
        | ["trigger", "call", "To" | "Called"]
        | ["trigger", "message", "To"]
        | ["trigger", "request", "from"] => Found::Path("call.called".to_owned()),
        ["trigger", "call", "CallSid"] | ["flow", "sid" | "execution_sid"] => Found::Path("call.id".to_owned()),
        ["widgets", widget, rest @ ..] => match (widgets.get(*widget), rest) {
            (
                Some(Widget { kind: Gives::Answer, name }),
                ["Digits" | "SpeechResult"] | ["inbound" | "incoming", "Body"],
            ) => Found::Path(format!("slots.{name}")),
            (Some(Widget { kind: Gives::Answer, .. }), ["inbound" | "incoming", "From"]) => {
                Found::Path("call.caller".to_owned())
            }
            (Some(Widget { kind: Gives::Reply, name }), ["parsed", rest @ ..]) if !rest.is_empty() => {
                Found::Path(rest.iter().fold(name.clone(), |path, name| member(&path, name)))
            }
            (Some(Widget { kind: Gives::Reply, name }), ["status_code" | "status"]) => {
                Found::Path(format!("{name}.status_code"))
            }
            _ => lost(),
        },
        _ => lost(),
    }
}

/// Without the space around a value, which Studio does not count either; space beside a template's tags goes, too.
fn trimmed(mut value: Value) -> Value {
    let last = value.pieces.len().saturating_sub(1);
    let codes: Vec<bool> =
        value.pieces.iter().map(|piece| matches!(piece, Piece::Code(code) if code.starts_with("{%"))).collect();
    for (at, piece) in value.pieces.iter_mut().enumerate() {
        let Piece::Text(text) = piece else { continue };
        let mut kept = text.as_str();
        if at == 0 || codes.get(at - 1) == Some(&true) {
            kept = kept.trim_start();
        }
        if at == last || codes.get(at + 1) == Some(&true) {
            kept = kept.trim_end();
        }
        *text = kept.to_owned();
    }
    value
}

/// The language that the flow speaks.
fn spoken(states: &[State]) -> Language {
    let mut chinese = 0_usize;
    let mut other = 0_usize;
    for state in states {
        let words = state.text("say").or_else(|| state.text("body")).unwrap_or_default();
        let code = state.text("language").unwrap_or_default().to_lowercase();
        if code.starts_with("zh") || code.starts_with("cmn") || words::is_chinese(&words) {
            chinese += 1;
        } else if !words.is_empty() {
            other += 1;
        }
    }
    if chinese > other { Language::Chinese } else { Language::English }
}
