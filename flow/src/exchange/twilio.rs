//! Twilio Studio: states with transitions by event, templates in Liquid. A state that asks and the split that follows it are one block here,
//! a menu; other splits become branches. What belongs to text messages is asked and said aloud.

mod asking;
mod handing;
mod requests;
mod split;

use std::collections::HashMap;

use intent::Language;
use serde_json::{Map, Value as Json, json};

use super::{
    About, Format, Imported, MOST_STATES, MOST_WAYS, Options, Reading, Refused,
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
pub(super) fn import(document: &Json, about: &About, options: &Options) -> Result<Imported, Refused> {
    let members = READING.object(document, "")?;
    let initial = READING.text(members, "initial_state", "")?;
    let states = read(members)?;
    let description = READING.maybe(members, "description", "")?;
    let name = about.name.clone().or(description).unwrap_or_else(|| "Imported flow".to_owned());
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
