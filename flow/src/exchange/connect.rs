//! Amazon Connect: actions with one way on, ways by condition and ways by error. Both its formats are read into the same [`Action`]s, so that
//! the mapping stands here once.

mod asking;
mod queues;
mod references;
mod routing;

use std::collections::HashSet;

use intent::Language;
use serde_json::{Map, Value as Json, json};

use super::{
    About, Format, Imported, MOST_STATES, MOST_WAYS, Options, Reading, Refused,
    building::{Building, Ending, To},
    position,
    report::{Item, Status},
    setting,
    value::Value,
    words::{self, quoted, slug},
};
use crate::document::Position;
use queues::Queues;

/// An action, in the words of version 2019-10-30.
pub(super) struct Action {
    pub id: String,
    /// A name that somebody gave it.
    pub name: Option<String>,
    /// Its type as the export writes it.
    pub written: String,
    /// Its type.
    pub kind: String,
    pub parameters: Map<String, Json>,
    pub next: Option<String>,
    pub conditions: Vec<Way>,
    pub errors: Vec<(String, String)>,
    pub position: Option<Position>,
    /// The name of the queue, the flow or whatever else an address in the parameters is about.
    pub label: Option<String>,
}

/// A way by condition.
pub(super) struct Way {
    pub operator: String,
    pub operand: String,
    pub next: String,
}

impl Action {
    fn text(&self, name: &str) -> Option<String> {
        setting(&self.parameters, name)
    }

    /// Where an error leads, by the first of these names that the export wires.
    fn error(&self, kinds: &[&str]) -> Option<To> {
        let named = |kind: &&str| self.errors.iter().find(|(known, _)| known == kind);
        kinds.iter().find_map(named).map(|(_, next)| To::State(next.clone()))
    }

    fn onward(&self) -> To {
        self.next.as_ref().map_or(To::End(Ending::Done), |next| To::State(next.clone()))
    }

    /// Where it leads when it does not work.
    fn failure(&self) -> To {
        self.error(&[NO_ERROR, NO_CONDITION])
            .or_else(|| self.errors.first().map(|(_, next)| To::State(next.clone())))
            .unwrap_or(To::End(Ending::Failed))
    }

    fn condition(&self, operand: &str) -> Option<To> {
        self.conditions
            .iter()
            .find(|way| way.operand.eq_ignore_ascii_case(operand))
            .map(|way| To::State(way.next.clone()))
    }

    /// What to call its blocks.
    fn label<'a>(&'a self, otherwise: &'a str) -> &'a str {
        match &self.name {
            Some(name) if slug(name).is_some() => name,
            _ if !words::is_opaque(&self.id) && slug(&self.id).is_some() => &self.id,
            _ => otherwise,
        }
    }

    /// All states that may follow.
    fn targets(&self) -> impl Iterator<Item = &str> {
        self.next
            .iter()
            .map(String::as_str)
            .chain(self.conditions.iter().map(|way| way.next.as_str()))
            .chain(self.errors.iter().map(|(_, next)| next.as_str()))
    }
}

const NO_ERROR: &str = "NoMatchingError";
const NO_CONDITION: &str = "NoMatchingCondition";
const NO_INPUT: &str = "InputTimeLimitExceeded";

/// Reads a flow of version 2019-10-30.
pub(super) fn import(document: &Json, about: &About, options: &Options) -> Result<Imported, Refused> {
    let reading = Reading(Format::AmazonConnect);
    let members = reading.object(document, "")?;
    let start = reading.text(members, "StartAction", "")?;
    let empty = Map::new();
    let metadata = members.get("Metadata").and_then(Json::as_object).unwrap_or(&empty);
    let actions = read(reading, members, metadata)?;
    let name = about.name.clone().or_else(|| setting(metadata, "name")).unwrap_or_else(|| "Imported flow".to_owned());
    let kind = about.kind.clone().or_else(|| setting(metadata, "type"));
    let kind = match kind {
        None if members.contains_key("Settings") => Some("module".to_owned()),
        kind => kind,
    };
    Connect::import(actions, &start, &name, kind.as_deref(), Format::AmazonConnect, options)
}

fn read(reading: Reading, members: &Map<String, Json>, metadata: &Map<String, Json>) -> Result<Vec<Action>, Refused> {
    let mut actions = Vec::new();
    for (index, action) in reading.list(members.get("Actions"), "/Actions", MOST_STATES)?.iter().enumerate() {
        let place = format!("/Actions/{index}");
        let members = reading.object(action, &place)?;
        let id = reading.text(members, "Identifier", &place)?;
        let kind = reading.text(members, "Type", &place)?;
        let parameters = match members.get("Parameters") {
            None | Some(Json::Null) => Map::new(),
            Some(parameters) => reading.object(parameters, &format!("{place}/Parameters"))?.clone(),
        };
        let place = format!("{place}/Transitions");
        let empty = Map::new();
        let transitions = match members.get("Transitions") {
            None | Some(Json::Null) => &empty,
            Some(transitions) => reading.object(transitions, &place)?,
        };
        let mut conditions = Vec::new();
        let list = reading.list(transitions.get("Conditions"), &format!("{place}/Conditions"), MOST_WAYS)?;
        for (index, way) in list.iter().enumerate() {
            let place = format!("{place}/Conditions/{index}");
            let members = reading.object(way, &place)?;
            let condition =
                reading.object(members.get("Condition").unwrap_or(&Json::Null), &format!("{place}/Condition"))?;
            let operand = condition.get("Operands").and_then(|operands| operands.get(0));
            conditions.push(Way {
                operator: reading.text(condition, "Operator", &format!("{place}/Condition"))?,
                operand: match operand {
                    Some(Json::String(text)) => text.clone(),
                    Some(Json::Number(number)) => number.to_string(),
                    _ => String::new(),
                },
                next: reading.text(members, "NextAction", &place)?,
            });
        }
        let mut errors = Vec::new();
        let list = reading.list(transitions.get("Errors"), &format!("{place}/Errors"), MOST_WAYS)?;
        for (index, error) in list.iter().enumerate() {
            let place = format!("{place}/Errors/{index}");
            let members = reading.object(error, &place)?;
            errors.push((
                reading.maybe(members, "ErrorType", &place)?.unwrap_or_else(|| NO_ERROR.to_owned()),
                reading.text(members, "NextAction", &place)?,
            ));
        }
        let about = metadata.get("ActionMetadata").and_then(|all| all.get(&id));
        let named = about.and_then(|about| about.get("isFriendlyName")).and_then(Json::as_bool).unwrap_or_default();
        actions.push(Action {
            name: named.then(|| id.clone()),
            next: reading.maybe(transitions, "NextAction", &place)?,
            position: position(about.and_then(|about| about.get("position"))),
            label: label_in(about),
            written: kind.clone(),
            id,
            kind,
            parameters,
            conditions,
            errors,
        });
    }
    Ok(actions)
}

/// What the editor showed for an address.
pub(super) fn label_in(about: Option<&Json>) -> Option<String> {
    let about = about?;
    ["queue", "contactFlow", "ContactFlow", "Hours", "hours"]
        .iter()
        .find_map(|name| about.get(*name)?.get("text")?.as_str())
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// The import at work.
pub(super) struct Connect {
    building: Building,
    queues: Queues,
}

impl Connect {
    pub(super) fn import(
        actions: Vec<Action>,
        start: &str,
        name: &str,
        kind: Option<&str>,
        format: Format,
        options: &Options,
    ) -> Result<Imported, Refused> {
        let reading = Reading(format);
        let mut seen = HashSet::new();
        for (index, action) in actions.iter().enumerate() {
            if !seen.insert(action.id.as_str()) {
                let place = format!("entry {index}");
                return Err(reading.wrong(place, format!("another has the id {} already", quoted(&action.id))));
            }
        }
        if !seen.contains(start) {
            return Err(reading.wrong("the start", format!("there is nothing with the id {}", quoted(start))));
        }
        let mut connect =
            Connect { building: Building::new(options, spoken(&actions)), queues: Queues::of(&actions, start) };
        for action in &actions {
            connect.building.state(&action.id, &action.written, action.position);
        }
        for (index, action) in actions.iter().enumerate() {
            connect.map(index, action);
        }
        if let Some(kind) = kind.filter(|kind| !["CONTACT_FLOW", "contactFlow"].contains(kind)) {
            connect.building.items.push(Item::added(
                "the kind of flow",
                None,
                format!(
                    "In the export this is a flow of the kind {kind}, which is not what answers a call. Its steps are here as a flow of their \
                     own; take what you need of it into the flow that answers."
                ),
            ));
        }
        connect.building.finish(format, name, &To::State(start.to_owned()))
    }

    fn map(&mut self, index: usize, action: &Action) {
        match action.kind.as_str() {
            "MessageParticipant" => self.message(index, action),
            "MessageParticipantIteratively" => self.messages(index, action),
            "GetParticipantInput" => self.input(index, action),
            "ConnectParticipantWithLexBot" => self.lex(index, action),
            "Compare" => self.compare(index, action),
            "CheckHoursOfOperation" => self.hours(index, action),
            "CheckMetricData" => self.metric(index, action),
            "GetMetricData" | "GetCurrentMetricData" => self.metrics(index, action),
            "DistributeByPercentage" => self.distribute(index, action),
            "Loop" => self.repeat(index, action),
            "InvokeLambdaFunction" => self.lambda(index, action),
            "UpdateContactAttributes" | "UpdateFlowAttributes" => self.attributes(index, action),
            "UpdateContactTargetQueue" => self.target_queue(index, action),
            "TransferContactToQueue" => self.to_queue(index, action),
            "TransferContactToAgent" => self.to_agent(index, action),
            "TransferParticipantToThirdParty" => self.to_number(index, action),
            "TransferToFlow" => self.to_flow(index, action),
            "CreateCallbackContact" => self.callback(index, action),
            "UpdateContactRecordingBehavior" | "UpdateContactRecordingAndAnalyticsBehavior" => {
                self.recording(index, action)
            }
            "UpdateContactTextToSpeechVoice" => self.voice(index, action),
            "UpdateContactRoutingBehavior" => self.priority(index, action),
            "TagContact" => self.tag(index, action),
            "CreateTask" | "CreateCase" => self.ticket(index, action),
            "GetCustomerProfile" => self.customer(index, action),
            "DisconnectParticipant" | "EndFlowExecution" | "EndFlowModuleExecution" => self.end(index, action),
            _ => self.unknown(index, action),
        }
    }

    fn value(&mut self, index: usize, text: &str) -> Value {
        self.value_for(index, text, false)
    }

    /// A value; a secret one only where it may be told.
    fn value_for(&mut self, index: usize, text: &str, may_tell: bool) -> Value {
        let queue = self.queues.name(index);
        let known = references::Known { queue: queue.as_deref(), secret: self.queues.is_secret(index), may_tell };
        references::translate(&mut self.building, text, known)
    }

    /// What an action says: text, SSML, or what stands for a recording.
    fn words(&mut self, index: usize, parameters: &Map<String, Json>) -> Json {
        if let Some(ssml) = setting(parameters, "SSML") {
            let value = self.value(index, &ssml);
            return self.building.prompt(index, &value, true);
        }
        if let Some(text) = setting(parameters, "Text") {
            let value = self.value(index, &text);
            return self.building.prompt(index, &value, text.trim_start().starts_with("<speak"));
        }
        let recording = setting(parameters, "PromptName").or_else(|| setting(parameters, "PromptId"));
        let recording = recording
            .or_else(|| setting(parameters.get("Media").and_then(Json::as_object).unwrap_or(&Map::new()), "Uri"));
        let Some(recording) = recording else { return self.building.prompt(index, &Value::default(), false) };
        self.building.note(
            index,
            Status::Partly,
            format!("It plays the recording {}; write the words that are said there.", quoted(&recording)),
        );
        let name = recording.rsplit('/').next().unwrap_or_default();
        let name: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
        self.building.prompt(index, &Value::text(name), false)
    }

    fn message(&mut self, index: usize, action: &Action) {
        let prompt = self.words(index, &action.parameters);
        let mut edges = vec![("next", action.onward())];
        edges.extend(action.error(&[NO_ERROR]).map(|to| ("error", to)));
        self.building.block(index, action.label("say"), "say", json!({ "prompt": prompt }), edges);
    }

    /// What is said over and over to those who wait. Ours hear it once.
    fn messages(&mut self, index: usize, action: &Action) {
        let mut said = Vec::new();
        for message in action.parameters.get("Messages").and_then(Json::as_array).into_iter().flatten().take(20) {
            let Some(message) = message.as_object() else { continue };
            if message.contains_key("Text") || message.contains_key("SSML") {
                said.push(message.clone());
            } else if let Some(music) = setting(message, "PromptName").or_else(|| setting(message, "PromptId")) {
                self.building.note(
                    index,
                    Status::Partly,
                    format!("The music or recording {} is not played.", quoted(&music)),
                );
            }
        }
        let next = match (&action.next, action.condition("MessagesInterrupted")) {
            (_, Some(interrupted)) => interrupted,
            (Some(next), None) => To::State(next.clone()),
            (None, None) => To::End(Ending::Done),
        };
        self.building.note(
            index,
            Status::Partly,
            "Its messages come again and again to those who wait; here they are said once. Callers in a queue are told their place by the queue itself.",
        );
        if said.is_empty() {
            return self.building.pass(index, next);
        }
        let mut texts: Vec<String> = Vec::new();
        for message in &said {
            let words = self.words(index, message);
            let text = words.as_object().and_then(|texts| texts.values().next()).and_then(Json::as_str);
            texts.extend(text.map(str::to_owned));
        }
        let mut prompt = texts.join(" ");
        prompt.truncate(prompt.char_indices().nth(4_000).map_or(prompt.len(), |(at, _)| at));
        let prompt = self.building.texts(&prompt);
        self.building.block(index, action.label("say"), "say", json!({ "prompt": prompt }), [("next", next)]);
    }

    fn lambda(&mut self, index: usize, action: &Action) {
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

    fn attributes(&mut self, index: usize, action: &Action) {
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

    fn recording(&mut self, index: usize, action: &Action) {
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

    fn voice(&mut self, index: usize, action: &Action) {
        let voice = action.text("TextToSpeechVoice").unwrap_or_default();
        let code = action.text("LanguageCode").unwrap_or_default();
        match spoken_by(&voice, &code) {
            Some(Some(language)) if self.building.languages.contains(&language) => {
                self.building.note(
                    index,
                    Status::Mapped,
                    format!("The voice {} is chosen in the settings of Hotline.", quoted(&voice)),
                );
                let params = json!({ "language": language.code() });
                self.building.block(index, action.label("language"), "language", params, [("next", action.onward())]);
            }
            Some(Some(language)) => {
                let sentence = format!(
                    "The voice {} speaks {language}, which is none of the flow's languages; add it and its prompts.",
                    quoted(&voice)
                );
                self.building.note(index, Status::NotMapped, sentence);
                self.building.pass(index, action.onward());
            }
            _ => {
                let sentence = format!(
                    "The voice {} speaks a language that is not spoken here, or is not known; calls go on in the language they have.",
                    quoted(&voice)
                );
                self.building.note(index, Status::NotMapped, sentence);
                self.building.pass(index, action.onward());
            }
        }
    }

    fn tag(&mut self, index: usize, action: &Action) {
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

    fn ticket(&mut self, index: usize, action: &Action) {
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

    fn customer(&mut self, index: usize, action: &Action) {
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

    fn end(&mut self, index: usize, action: &Action) {
        let sentence = match action.kind.as_str() {
            "EndFlowExecution" => {
                Some("There the flow ends and the call goes on, to whoever waits or talks; here the call ends.")
            }
            "EndFlowModuleExecution" => {
                Some("There a module gives back to the flow that called it; here the call ends. Lead on from here.")
            }
            _ => None,
        };
        if let Some(sentence) = sentence {
            self.building.note(index, Status::Partly, sentence);
        }
        let none: [(&str, To); 0] = [];
        self.building.block(index, action.label("end"), "end", json!({ "outcome": "resolved" }), none);
    }

    /// What has no counterpart: whoever comes there goes on as if it had succeeded.
    fn unknown(&mut self, index: usize, action: &Action) {
        let (status, sentence) = match action.kind.as_str() {
            "UpdateFlowLoggingBehavior" => {
                (Status::Mapped, "Every call is kept as a journal here, so there is nothing to switch on.")
            }
            "UpdateContactMediaStreamingBehavior" => (
                Status::NotMapped,
                "The sound of a call is not streamed to Amazon; calls are recorded and transcribed here.",
            ),
            "UpdateContactEventHooks" => (
                Status::NotMapped,
                "Flows for those who wait, whispers and what follows a call are not part of a flow here; what they say belongs into the queue's settings or the flow itself.",
            ),
            "ShowView" => (
                Status::NotMapped,
                "It shows a page to an agent, which has no place in a call; agents see the call, the ticket and what was collected. Ask the caller instead if the answers matter.",
            ),
            "StartVoiceIdStream" | "UpdateContactData" | "CheckVoiceId" => (
                Status::NotMapped,
                "Callers are not known by their voice here, and details of the contact are not set; collect a number or a PIN if they must be identified.",
            ),
            "UpdateContactRoutingCriteria" => {
                (Status::NotMapped, "Who is asked first is decided by the queue and by skills; set those.")
            }
            "InvokeFlowModule" => (
                Status::NotMapped,
                "The module that it runs is not in this file; import that one, too, and lead there.",
            ),
            "Wait" => (Status::NotMapped, "Nobody is kept waiting in silence here; say something, or end the call."),
            "UpdateContactCallbackNumber" => {
                (Status::NotMapped, "The number to call back is asked for where the callback is offered.")
            }
            _ => (Status::NotMapped, "There is nothing like it here; draw what it did, if it matters."),
        };
        self.building.note(index, status, sentence);
        let to = action
            .next
            .clone()
            .or_else(|| action.conditions.first().map(|way| way.next.clone()))
            .or_else(|| action.errors.first().map(|(_, next)| next.clone()));
        self.building.pass(index, to.map_or(To::End(Ending::Done), To::State));
    }
}

/// The language that a voice speaks, if it is one of ours; nothing if the voice is unknown.
fn spoken_by(voice: &str, code: &str) -> Option<Option<Language>> {
    const ENGLISH: [&str; 32] = [
        "joanna", "matthew", "salli", "amy", "emma", "brian", "ivy", "kendra", "kimberly", "joey", "justin", "kevin",
        "ruth", "stephen", "nicole", "russell", "olivia", "aditi", "raveena", "geraint", "aria", "ayanda", "danielle",
        "gregory", "niamh", "arthur", "kajal", "jasmine", "patrick", "tiffany", "sofie", "alice",
    ];
    let code = code.to_lowercase();
    if code.starts_with("en") || code.starts_with("zh") || code.starts_with("cmn") {
        return Some(Some(if code.starts_with("en") { Language::English } else { Language::Chinese }));
    }
    if !code.is_empty() {
        return Some(None);
    }
    let voice = voice.to_lowercase();
    if voice.is_empty() || voice.contains('$') {
        return None;
    }
    Some(match voice.as_str() {
        "zhiyu" => Some(Language::Chinese),
        known if ENGLISH.contains(&known) => Some(Language::English),
        _ => None,
    })
}

/// The language that the flow speaks.
fn spoken(actions: &[Action]) -> Language {
    let mut chinese = 0_usize;
    let mut other = 0_usize;
    for action in actions {
        let texts = ["Text", "SSML", "TextToSpeechVoice"].iter().filter_map(|name| action.text(name));
        for text in texts {
            if words::is_chinese(&text) || text.eq_ignore_ascii_case("zhiyu") {
                chinese += 1;
            } else {
                other += 1;
            }
        }
    }
    if chinese > other { Language::Chinese } else { Language::English }
}
