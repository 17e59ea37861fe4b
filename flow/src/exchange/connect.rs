//! Amazon Connect: actions with one way on, ways by condition and ways by error. Both its formats are read into the same [`Action`]s, so that
//! the mapping stands here once.

mod asking;
mod doing;
mod queues;
mod references;
mod routing;
mod speaking;

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
        let (list, id, first) = match format {
            Format::AmazonConnectConsole => ("modules", "id", "start"),
            _ => ("Actions", "Identifier", "StartAction"),
        };
        let mut seen = HashSet::new();
        for (index, action) in actions.iter().enumerate() {
            if !seen.insert(action.id.as_str()) {
                let place = format!("/{list}/{index}/{id}");
                return Err(reading.wrong(place, format!("another has the id {} already", quoted(&action.id))));
            }
        }
        if !seen.contains(start) {
            return Err(reading.wrong(format!("/{first}"), format!("there is nothing with the id {}", quoted(start))));
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
            "TransferContactToQueue" => self.lead_to_queue(index, action),
            "TransferContactToAgent" => self.lead_to_agent(index, action),
            "TransferParticipantToThirdParty" => self.lead_to_number(index, action),
            "TransferToFlow" => self.lead_to_flow(index, action),
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
