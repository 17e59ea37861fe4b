//! Amazon Connect as its console exported it before version 2019-10-30: modules with branches. They are put into the words of that version
//! and mapped as such.

use serde_json::{Map, Value as Json, json};

use super::{
    Format, Imported, MOST_STATES, MOST_WAYS, Options, Reading, Refused,
    connect::{Action, Connect, Way, label_in},
    position, setting,
};

const READING: Reading = Reading(Format::AmazonConnectConsole);

/// Reads an export of the console.
pub(super) fn import(document: &Json, options: &Options) -> Result<Imported, Refused> {
    let members = READING.object(document, "")?;
    let start = READING.text(members, "start", "")?;
    let mut actions = Vec::new();
    for (index, module) in READING.list(members.get("modules"), "/modules", MOST_STATES)?.iter().enumerate() {
        let place = format!("/modules/{index}");
        actions.push(action(READING.object(module, &place)?, &place)?);
    }
    let metadata = members.get("metadata").and_then(Json::as_object);
    let name = metadata.and_then(|metadata| setting(metadata, "name")).unwrap_or_else(|| "Imported flow".to_owned());
    let kind = setting(members, "type");
    Connect::import(actions, &start, &name, kind.as_deref(), Format::AmazonConnectConsole, options)
}

/// A parameter of a module.
struct Parameter<'m> {
    name: String,
    members: &'m Map<String, Json>,
}

impl Parameter<'_> {
    fn text(&self, name: &str) -> Option<String> {
        setting(self.members, name)
    }

    /// Its value, as version 2019-10-30 refers to what lives in a namespace.
    fn value(&self) -> String {
        let value = self.text("value").unwrap_or_default();
        reference(self.text("namespace").as_deref(), &value)
    }
}

fn reference(namespace: Option<&str>, value: &str) -> String {
    let within = |outer: &str| {
        let plain = value.chars().all(|c| c.is_ascii_alphanumeric() || "_.".contains(c)) && !value.ends_with('.');
        if plain { format!("$.{outer}.{value}") } else { format!("$.{outer}['{value}']") }
    };
    match namespace {
        None => value.to_owned(),
        Some("User Defined") => within("Attributes"),
        Some("External") => within("External"),
        Some("Lex" | "Lex Attributes") => format!("$.Lex.{value}"),
        Some("Lex Slots") => format!("$.Lex.Slots.{value}"),
        Some("System") => match value {
            "Customer Number" | "Customer number" => "$.CustomerEndpoint.Address".to_owned(),
            "Dialed Number" | "Dialed number" => "$.SystemEndpoint.Address".to_owned(),
            "Stored customer input" | "Stored Customer Input" => "$.StoredCustomerInput".to_owned(),
            "Queue name" | "Queue.Name" => "$.Queue.Name".to_owned(),
            "Contact id" | "Contact ID" => "$.ContactId".to_owned(),
            "Initial contact id" => "$.InitialContactId".to_owned(),
            "Previous contact id" => "$.PreviousContactId".to_owned(),
            "Channel" => "$.Channel".to_owned(),
            other => format!("$.{}", other.replace(' ', "")),
        },
        Some(other) => format!("$.{}.{value}", other.replace(' ', "")),
    }
}

fn action(members: &Map<String, Json>, place: &str) -> Result<Action, Refused> {
    let id = READING.text(members, "id", place)?;
    let written = READING.text(members, "type", place)?;
    let target = READING.maybe(members, "target", place)?.unwrap_or_default();
    let mut parameters = Vec::new();
    for (index, parameter) in
        READING.list(members.get("parameters"), &format!("{place}/parameters"), 500)?.iter().enumerate()
    {
        let place = format!("{place}/parameters/{index}");
        let members = READING.object(parameter, &place)?;
        parameters.push(Parameter { name: READING.text(members, "name", &place)?, members });
    }
    let metadata = members.get("metadata");
    let mut action = Action {
        kind: kind(&written, &target, &parameters).to_owned(),
        id,
        name: None,
        parameters: Map::new(),
        next: None,
        conditions: Vec::new(),
        errors: Vec::new(),
        position: position(metadata.and_then(|metadata| metadata.get("position"))),
        label: label_in(metadata).or_else(|| parameters.iter().find_map(|parameter| parameter.text("resourceName"))),
        written,
    };
    ways(&mut action, members, place)?;
    let branches = members.get("branches").and_then(Json::as_array).into_iter().flatten();
    let mut conditions = branches.filter_map(|branch| branch.get("condition")?.as_str());
    let by_time = conditions.any(|condition| condition == "CheckQueueTime");
    action.parameters = settings(&action, &parameters, by_time);
    Ok(action)
}

/// The type of an action that a module is.
fn kind<'m>(written: &'m str, target: &str, parameters: &[Parameter]) -> &'m str {
    let lex = || target == "Lex" || parameters.iter().any(|parameter| parameter.name.starts_with("Bot"));
    match (written, target) {
        ("PlayPrompt", _) => "MessageParticipant",
        ("LoopPrompts", _) => "MessageParticipantIteratively",
        ("GetUserInput", _) if lex() => "ConnectParticipantWithLexBot",
        ("GetUserInput" | "StoreUserInput", _) => "GetParticipantInput",
        ("SetAttributes", _) => "UpdateContactAttributes",
        ("CheckAttribute", _) => "Compare",
        ("SetQueue", _) => "UpdateContactTargetQueue",
        ("Transfer", "Queue") => "TransferContactToQueue",
        ("Transfer", "Flow") => "TransferToFlow",
        ("Transfer", "PhoneNumber") => "TransferParticipantToThirdParty",
        ("Transfer", "Agent") => "TransferContactToAgent",
        ("Transfer", "Callback" | "CallbackQueue") => "CreateCallbackContact",
        ("InvokeExternalResource", _) => "InvokeLambdaFunction",
        ("Disconnect", _) => "DisconnectParticipant",
        ("Resume", _) => "EndFlowExecution",
        ("SetLoggingBehavior", _) => "UpdateFlowLoggingBehavior",
        ("SetRecordingBehavior", _) => "UpdateContactRecordingBehavior",
        ("SetVoice", _) => "UpdateContactTextToSpeechVoice",
        ("SetEventHook" | "SetContactFlow", _) => "UpdateContactEventHooks",
        ("CheckStaffing" | "CheckQueueStatus", _) => "CheckMetricData",
        ("SetRoutingBehavior" | "ChangeRoutingPriority", _) => "UpdateContactRoutingBehavior",
        ("SetCallbackNumber", _) => "UpdateContactCallbackNumber",
        ("StartMediaStreaming" | "StopMediaStreaming", _) => "UpdateContactMediaStreamingBehavior",
        (other, _) => other,
    }
}

fn ways(action: &mut Action, members: &Map<String, Json>, place: &str) -> Result<(), Refused> {
    let list = READING.list(members.get("branches"), &format!("{place}/branches"), MOST_WAYS)?;
    for (index, branch) in list.iter().enumerate() {
        let place = format!("{place}/branches/{index}");
        let members = READING.object(branch, &place)?;
        let condition = READING.text(members, "condition", &place)?;
        let Some(next) = READING.maybe(members, "transition", &place)? else { continue };
        let operand = setting(members, "conditionValue").unwrap_or_default();
        let mut way = |operator: &str, operand: &str| {
            let way = Way { operator: operator.to_owned(), operand: operand.to_owned(), next: next.clone() };
            action.conditions.push(way);
        };
        match condition.as_str() {
            "Success" => action.next = Some(next),
            "Evaluate" | "CheckQueueTime" | "CheckQueueCapacity" | "CheckQueueSize" => {
                way(operator(setting(members, "conditionType").as_deref()), &operand);
            }
            "True" if action.written == "CheckStaffing" => way("NumberGreaterThan", "0"),
            "False" if action.written == "CheckStaffing" => way("NumberLessThan", "1"),
            "True" | "False" => way("Equals", &condition),
            "Looping" => way("Equals", "ContinueLooping"),
            "Complete" => way("Equals", "DoneLooping"),
            "NoMatch" => action.errors.push(("NoMatchingCondition".to_owned(), next)),
            "Timeout" if action.kind != "TransferParticipantToThirdParty" => {
                action.errors.push(("InputTimeLimitExceeded".to_owned(), next));
            }
            "Error" => action.errors.push(("NoMatchingError".to_owned(), next)),
            "AtCapacity" => action.errors.push(("QueueAtCapacity".to_owned(), next)),
            other => action.errors.push((other.to_owned(), next)),
        }
    }
    Ok(())
}

fn operator(written: Option<&str>) -> &'static str {
    match written {
        Some("GreaterThan") => "NumberGreaterThan",
        Some("GreaterThanOrEqualTo") => "NumberGreaterOrEqualTo",
        Some("LessThan") => "NumberLessThan",
        Some("LessThanOrEqualTo") => "NumberLessOrEqualTo",
        Some("StartsWith") => "TextStartsWith",
        Some("EndsWith") => "TextEndsWith",
        Some("Contains") => "TextContains",
        Some("Equals") | None => "Equals",
        Some(_) => "unknown",
    }
}

/// The parameters in the words of version 2019-10-30.
fn settings(action: &Action, parameters: &[Parameter], by_time: bool) -> Map<String, Json> {
    let named = |name: &str| parameters.iter().find(|parameter| parameter.name == name);
    let value = |name: &str| named(name).map(Parameter::value).filter(|value| !value.is_empty());
    let mut settings = Map::new();
    let mut set = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            settings.insert(name.to_owned(), json!(value));
        }
    };
    let is_ssml = value("TextToSpeechType").is_some_and(|kind| kind.eq_ignore_ascii_case("ssml"));
    set(if is_ssml { "SSML" } else { "Text" }, value("Text"));
    set("PromptName", named("AudioPrompt").and_then(|prompt| prompt.text("resourceName").or(prompt.text("value"))));
    match action.written.as_str() {
        "GetUserInput" => set("InputTimeLimitSeconds", value("Timeout")),
        "StoreUserInput" => {
            set("InputTimeLimitSeconds", value("Timeout"));
            set("StoreInput", Some("True".to_owned()));
        }
        "CheckAttribute" => {
            let of = reference(value("Namespace").as_deref(), &value("Attribute").unwrap_or_default());
            set("ComparisonValue", Some(of));
        }
        "SetQueue" | "GetMetricData" | "CheckStaffing" | "CheckQueueStatus" | "Transfer" => {
            set("QueueId", value("Queue"));
            set("AgentId", value("Agent"));
            set("ThirdPartyPhoneNumber", value("PhoneNumber"));
            set("ThirdPartyConnectionTimeLimitSeconds", value("TimeLimit"));
            set("ContactFlowId", value("ContactFlowId"));
        }
        "InvokeExternalResource" => {
            set("LambdaFunctionARN", value("FunctionArn"));
            set("InvocationTimeLimitSeconds", value("TimeLimit"));
        }
        "SetVoice" => set("TextToSpeechVoice", value("GlobalVoice")),
        "Loop" => set("LoopCount", value("LoopCount")),
        "CheckHoursOfOperation" => set("HoursOfOperationId", value("Hours")),
        "SetRoutingBehavior" | "ChangeRoutingPriority" => {
            set("QueuePriority", value("QueuePriority").or(value("Priority")))
        }
        "CreateTask" => {
            set("Name", value("Name"));
            set("Description", value("Description"));
        }
        _ => {}
    }
    match action.written.as_str() {
        "CheckStaffing" => {
            let free = value("Status").is_some_and(|status| status == "Available");
            set("MetricType", Some(if free { "NumberOfAgentsAvailable" } else { "NumberOfAgentsStaffed" }.to_owned()));
        }
        "CheckQueueStatus" => {
            set(
                "MetricType",
                Some(if by_time { "OldestContactInQueueAgeSeconds" } else { "NumberOfContactsInQueue" }.to_owned()),
            );
        }
        _ => {}
    }
    let table = |of: &str| -> Map<String, Json> {
        parameters
            .iter()
            .filter(|parameter| parameter.name == of)
            .filter_map(|parameter| Some((parameter.text("key")?, json!(parameter.value()))))
            .collect()
    };
    match action.written.as_str() {
        "SetAttributes" => drop(settings.insert("Attributes".to_owned(), Json::Object(table("Attribute")))),
        "InvokeExternalResource" => {
            settings.insert("LambdaInvocationAttributes".to_owned(), Json::Object(table("Parameter")));
        }
        "SetRecordingBehavior" => {
            let on = value("RecordingBehaviorOption").is_some_and(|option| option == "Enable");
            let who: &[&str] = if on { &["Agent", "Customer"] } else { &[] };
            settings.insert("RecordingBehavior".to_owned(), json!({ "RecordedParticipants": who }));
        }
        "StoreUserInput" => {
            if value("CustomerInputType").is_some_and(|kind| kind.to_lowercase().contains("phone")) {
                settings.insert("InputValidation".to_owned(), json!({ "PhoneNumberValidation": {} }));
            } else if let Some(most) = value("MaxDigits") {
                settings.insert("InputValidation".to_owned(), json!({ "CustomValidation": { "MaximumLength": most } }));
            }
            if value("EncryptEntry").is_some_and(|encrypt| encrypt.eq_ignore_ascii_case("true")) {
                settings.insert("InputEncryption".to_owned(), json!({}));
            }
            if let Some(ends) = value("TerminatorDigits") {
                settings.insert("DTMFConfiguration".to_owned(), json!({ "InputTerminationSequence": ends }));
            }
        }
        "LoopPrompts" => {
            let messages: Vec<Json> = parameters
                .iter()
                .filter_map(|parameter| match parameter.name.as_str() {
                    "Text" => Some(json!({ "Text": parameter.value() })),
                    "AudioPrompt" => {
                        Some(json!({ "PromptName": parameter.text("resourceName").or(parameter.text("value"))? }))
                    }
                    _ => None,
                })
                .collect();
            settings.insert("Messages".to_owned(), json!(messages));
        }
        _ => {}
    }
    settings
}
