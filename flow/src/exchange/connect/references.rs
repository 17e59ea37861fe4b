//! Values of Amazon Connect that stand in texts: `$.Attributes.name`, `$.External.status`, `$.StoredCustomerInput`.

use crate::exchange::{
    building::Building,
    value::{Found, Piece, Reference, Value, member},
    words::quoted,
};

/// The reply of the last function: every one is kept under the same name, as there.
pub(super) const REPLY: &str = "external";
/// What the caller keyed last, likewise.
pub(super) const INPUT: &str = "stored_input";
/// The same, where nobody may see it.
pub(super) const SECRET: &str = "secret_input";
/// What is known of the customer.
pub(super) const CUSTOMER: &str = "customer";
/// What is known of the queue.
pub(super) const METRICS: &str = "queue";
/// Where variables live there.
pub(super) const ATTRIBUTES: &str = "attributes";
pub(super) const FLOW: &str = "flow attributes";

/// What is certain at an action before the call begins.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known<'k> {
    /// The name of the queue that callers are meant for.
    pub queue: Option<&'k str>,
    /// Whether what was keyed last is secret.
    pub secret: bool,
    /// Whether a secret may stand here, as it goes to a service only.
    pub may_tell: bool,
}

/// A text with such values in it.
pub(super) fn translate(building: &mut Building, text: &str, known: Known) -> Value {
    let mut value = Value::default();
    let mut rest = text;
    while let Some(at) = rest.find("$.").into_iter().chain(rest.find("$[")).min() {
        let Some((path, length)) = path(&rest[at + 1..]) else {
            push(&mut value.pieces, &rest[..at + 2]);
            rest = &rest[at + 2..];
            continue;
        };
        push(&mut value.pieces, &rest[..at]);
        rest = &rest[at + 1 + length..];
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        match found(building, &names, known) {
            Found::Path(path) => value.pieces.push(Piece::Value(Reference::to(path))),
            Found::Fixed(words) => push(&mut value.pieces, &words),
            Found::Lost(sentence) => value.lost.push(sentence),
        }
    }
    push(&mut value.pieces, rest);
    value
}

fn push(pieces: &mut Vec<Piece>, text: &str) {
    if text.is_empty() {
        return;
    }
    match pieces.last_mut() {
        Some(Piece::Text(before)) => before.push_str(text),
        _ => pieces.push(Piece::Text(text.to_owned())),
    }
}

/// `.Attributes.name`, `.Attributes['a name']`: the steps and the length of what was read. A full stop at the end belongs to the sentence.
fn path(text: &str) -> Option<(Vec<String>, usize)> {
    let mut steps = Vec::new();
    let mut at = 0;
    loop {
        let rest = &text[at..];
        if let Some(inner) = rest.strip_prefix("['").or_else(|| rest.strip_prefix("[\"")) {
            let Some(end) = inner.find(['\'', '"']).filter(|end| inner[end + 1..].starts_with(']')) else { break };
            steps.push(inner[..end].to_owned());
            at += 2 + end + 2;
        } else if let Some(inner) = rest.strip_prefix('.') {
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let mut end = inner.find(|c| !is_name(c)).unwrap_or(inner.len());
            // A hyphen stands in names, too, but not at their end.
            while end > 0 && inner[end..].starts_with('-') && inner[end + 1..].starts_with(is_name) {
                end = inner[end + 1..].find(|c| !is_name(c)).map_or(inner.len(), |more| end + 1 + more);
            }
            if end == 0 {
                break;
            }
            steps.push(inner[..end].to_owned());
            at += 1 + end;
        } else {
            break;
        }
    }
    (!steps.is_empty()).then_some((steps, at))
}

fn found(building: &mut Building, names: &[&str], known: Known) -> Found {
    let lost = |why: &str| {
        Found::Lost(format!("{} {why}; nothing stands in its place.", quoted(&format!("$.{}", names.join(".")))))
    };
    let within = |path: String, rest: &[&str]| Found::Path(rest.iter().fold(path, |path, name| member(&path, name)));
    match names {
        ["Attributes", name, rest @ ..] => within(format!("vars.{}", building.variable(ATTRIBUTES, name)), rest),
        ["FlowAttributes", name, rest @ ..] => within(format!("vars.{}", building.variable(FLOW, name)), rest),
        ["External", rest @ ..] if !rest.is_empty() => within(REPLY.to_owned(), rest),
        ["StoredCustomerInput"] if known.secret && known.may_tell => Found::Path(format!("slots.{SECRET}")),
        ["StoredCustomerInput"] if known.secret => lost("is secret, so only a request may carry it"),
        ["StoredCustomerInput"] => Found::Path(format!("slots.{INPUT}")),
        ["CustomerEndpoint", "Address"] => Found::Path("call.caller".to_owned()),
        ["SystemEndpoint", "Address"] => Found::Path("call.called".to_owned()),
        ["ContactId" | "InitialContactId" | "PreviousContactId"] => Found::Path("call.id".to_owned()),
        ["LanguageCode"] => Found::Path("call.language".to_owned()),
        ["Channel"] => Found::Fixed("VOICE".to_owned()),
        ["CustomerEndpoint" | "SystemEndpoint", "Type"] => Found::Fixed("TELEPHONE_NUMBER".to_owned()),
        ["Queue", "Name" | "ARN"] => match known.queue {
            Some(queue) => Found::Fixed(queue.to_owned()),
            None => lost("is not known when the flow is drawn"),
        },
        ["Metrics", rest @ ..] => metric(&rest.join("."))
            .map_or_else(|| lost("is not counted here"), |name| Found::Path(format!("{METRICS}.{name}"))),
        ["Lex", "IntentName"] => Found::Path("intent.name".to_owned()),
        ["Lex", "Slots", name] => match crate::exchange::words::slug(name) {
            Some(slot) => Found::Path(format!("slots.{slot}")),
            None => lost("has no name that is possible here"),
        },
        ["Customer", ..] => lost("belongs to a profile; here earlier calls and tickets are known of a customer"),
        ["Agent", ..] => lost("is only known once an agent has answered"),
        ["Views", ..] => lost("came from a page that an agent filled in"),
        _ => lost("is not known here"),
    }
}

/// A number of a queue by its name there.
pub(super) fn metric(name: &str) -> Option<&'static str> {
    Some(match name {
        "Agents.Online.Count" | "Agents.Staffed.Count" | "NumberOfAgentsOnline" | "NumberOfAgentsStaffed" => "agents",
        "Agents.Available.Count" | "NumberOfAgentsAvailable" => "free",
        "Queue.Size" | "NumberOfContactsInQueue" => "waiting",
        "Queue.OldestContactAge" | "OldestContactInQueueAgeSeconds" => "longest_wait_s",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use intent::Language;

    use super::*;
    use crate::exchange::Options;

    #[test]
    fn names_in_a_text_become_ours() {
        let mut building = Building::new(&Options::default(), Language::English);
        for (source, expected) in [
            ("Hello.", "Hello."),
            ("Your card is $.Attributes.cardType.", "Your card is {{ vars.card_type }}."),
            ("$.FlowAttributes.acme-lexbot", "{{ vars.acme_lexbot }}"),
            ("$.External.voiceCallId, please", "{{ external.voiceCallId | default('') }}, please"),
            ("$['External']['a b']", "{{ external['a b'] | default('') }}"),
            ("$.StoredCustomerInput", "{{ slots.stored_input | default('') }}"),
            ("You are $.CustomerEndpoint.Address", "You are {{ call.caller | default('') }}"),
            ("$.Metrics.Queue.Size waiting for $.Queue.Name", "{{ queue.waiting | default('') }} waiting for Sales"),
            ("costs $5.00, $. and $[", "costs $5.00, $. and $["),
            ("by $.Channel", "by VOICE"),
        ] {
            let value = translate(&mut building, source, Known { queue: Some("Sales"), ..Known::default() });
            assert_eq!(value.template(), expected, "{source}");
            assert_eq!(value.lost, Vec::<String>::new(), "{source}");
        }
    }

    #[test]
    fn what_is_not_known_here_is_said() {
        let mut building = Building::new(&Options::default(), Language::English);
        for source in
            ["$.Agent.FirstName", "$.Views.ViewResultData.x", "$.AwsRegion", "$.Queue.Name", "$.Metrics.Nobody"]
        {
            let value = translate(&mut building, source, Known::default());
            assert_eq!((value.pieces.len(), value.lost.len()), (0, 1), "{source}");
        }
    }
}
