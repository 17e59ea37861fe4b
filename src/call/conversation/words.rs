//! From the flow's words to the journal's.

use flow::event::{self as flowing, Brief, Note};

use crate::event::{Consulted, Decision, Event, LanguageBy, Outcome, Personal, Scored, TicketId, TicketStatus};
use crate::knowledge::cited;

/// Longer replies, in bytes, are not kept in the journal.
const LONGEST_REPLY: usize = 16 * 1024;

/// A flow's outcome in the journal's words.
pub fn from_flow(outcome: flowing::Outcome) -> Outcome {
    match outcome {
        flowing::Outcome::Resolved => Outcome::Resolved,
        flowing::Outcome::Agent => Outcome::Agent,
        flowing::Outcome::Callback => Outcome::Callback,
        flowing::Outcome::Voicemail => Outcome::Voicemail,
        flowing::Outcome::Abandoned => Outcome::Abandoned,
        flowing::Outcome::Failed => Outcome::Failed,
    }
}

/// What is written down when a flow opens a ticket.
pub fn ticket_opened(subject: String, body: String, tags: Vec<String>, status: flowing::TicketStatus) -> Event {
    let status = match status {
        flowing::TicketStatus::Open => TicketStatus::Open,
        flowing::TicketStatus::Pending => TicketStatus::Pending,
        flowing::TicketStatus::Solved => TicketStatus::Solved,
    };
    let (subject, body) = (Personal::new(subject), Personal::new(body));
    Event::TicketOpened { ticket: TicketId::new(), subject, body, tags, status }
}

/// What is written down when somebody is to be called back: that, and the ticket for whoever calls.
pub fn callback_events(number: String, queue: Option<String>, summary: Brief) -> [Event; 2] {
    let brief = brief_text(&summary);
    let mut tags = vec!["callback".to_owned()];
    for tag in summary.intent.into_iter().chain(summary.tags) {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    let (subject, body) = (format!("Call back {number}"), format!("{brief}\nNumber: {number}"));
    let (number, brief) = (Personal::new(number), Personal::new(brief));
    let arranged = Event::CallbackArranged { number, queue, brief, since: None, priority: None };
    [arranged, ticket_opened(subject, body, tags, flowing::TicketStatus::Open)]
}

/// What the agent reads before the first word.
pub fn brief_text(brief: &Brief) -> String {
    let mut lines = vec![brief.reason.clone()];
    lines.extend(brief.intent.as_ref().map(|intent| format!("Intent: {}", intent.replace('_', " "))));
    lines.extend(brief.slots.iter().map(|(name, value)| format!("{}: {value}", name.replace('_', " "))));
    if brief.attempts > 0 {
        lines.push(format!("Misunderstood {} times so far", brief.attempts));
    }
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

/// A flow's note in the journal's words.
pub fn journaled(note: Note) -> Option<Event> {
    Some(match note {
        Note::Entered { block, kind } => Event::Entered { block, block_kind: kind },
        Note::Edge { block, edge, to } => Event::Left { block, edge, to },
        Note::Understood { block, meaning } => Event::Understood {
            block,
            decision: match meaning.decision {
                intent::Decision::Accept { .. } => Decision::Accepted,
                intent::Decision::Disambiguate { .. } => Decision::Disambiguated,
                intent::Decision::Reject => Decision::Rejected,
            },
            ranking: meaning
                .ranking
                .into_iter()
                .map(|s| Scored { intent: s.intent, confidence: s.confidence })
                .collect(),
            model: meaning.model_version,
        },
        Note::Slot { block, name, value, secret } => {
            Event::Slot { block, name, value: Personal::new(if secret { flowing::MASKED.to_owned() } else { value }) }
        }
        Note::Language { block, language, by, remember } => Event::Language {
            block,
            language: Personal::new(language.code()),
            by: match by {
                flowing::LanguageBy::Number => LanguageBy::Number,
                flowing::LanguageBy::Caller => LanguageBy::Caller,
                flowing::LanguageBy::Flow => LanguageBy::Flow,
                flowing::LanguageBy::Detected => LanguageBy::Detected,
            },
            remembered: remember,
        },
        Note::NoInput { block, count } => Event::NoInput { block, count },
        Note::NoMatch { block, count } => Event::NoMatch { block, count },
        Note::HttpCalled { block, request, status, reply, ms, .. } => {
            let error = reply.as_ref().err().map(|failure| match failure {
                flowing::HttpFailure::Timeout => "timeout".to_owned(),
                flowing::HttpFailure::Refused => "refused".to_owned(),
                flowing::HttpFailure::BadReply(why) => why.clone(),
            });
            let reply = reply.ok().map(|body| body.to_string()).filter(|body| body.len() <= LONGEST_REPLY);
            Event::Fetched {
                block,
                status,
                took_ms: ms as u32,
                error,
                request: Some(Personal::new(request)),
                reply: reply.map(Personal::new),
            }
        }
        Note::Told { block, what, answer } => {
            let json = |value: serde_json::Result<String>| Personal::new(value.unwrap_or_default());
            Event::LookedUp {
                block,
                about: json(serde_json::to_string(&what)),
                known: answer.ok().map(|known| json(serde_json::to_string(&known))),
            }
        }
        Note::Rated { block, name, score, scale } => Event::Rated { block, name, score, scale },
        Note::Tagged { block, tags } => Event::Tagged { block, tags },
        Note::Consulted { block, question, language, answer } => {
            let (consulted, articles) = match &answer {
                flowing::Knowledge::Known(article) => (Consulted::Known, std::slice::from_ref(article)),
                flowing::Knowledge::Unsure(between) => (Consulted::Unsure, between.as_slice()),
                flowing::Knowledge::Unknown(nearest) => (Consulted::Unknown, nearest.as_slice()),
            };
            Event::Consulted {
                block,
                question: Personal::new(question),
                language: Personal::new(language.code()),
                answer: consulted,
                articles: cited(articles),
            }
        }
        Note::Error { block, message } => {
            Event::Problem { what: "flow".into(), message: format!("{block}: {message}") }
        }
        // The edge that follows says the same.
        Note::Chosen { .. } | Note::Command { .. } | Note::Confirming { .. } => return None,
    })
}
