//! Tickets.

use serde::Serialize;
use utoipa::ToSchema;

use super::{CallDetail, Person};
use crate::event::{CallId, Channel, Outcome, TicketId, TicketStatus, Timestamp};
use crate::store::{self, Page};

/// One ticket, as a list shows it.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketSummary {
    /// Which ticket.
    pub id: TicketId,
    /// 1, 2, 3, …; shown as `#12`.
    pub number: i64,
    /// One line.
    pub subject: String,
    /// Where it stands.
    pub status: TicketStatus,
    /// Who works on it.
    #[schema(required)]
    pub assignee: Option<Person>,
    /// Labels, e.g. the intent.
    pub tags: Vec<String>,
    /// Through what its call came.
    #[schema(required)]
    pub channel: Option<Channel>,
    /// The caller's number.
    pub from: String,
    /// How its call ended.
    #[schema(required)]
    pub outcome: Option<Outcome>,
    /// The call it came from.
    pub call: CallId,
    /// When it was opened, in ms since the epoch.
    pub opened_at: Timestamp,
    /// When somebody last changed it or wrote a note.
    pub changed_at: Timestamp,
}

impl From<store::TicketSummary> for TicketSummary {
    fn from(ticket: store::TicketSummary) -> Self {
        Self {
            id: ticket.id,
            number: ticket.number,
            subject: ticket.subject.reveal().to_owned(),
            status: ticket.status,
            assignee: ticket.assignee.map(Person::from),
            tags: ticket.tags,
            channel: ticket.channel,
            from: ticket.from.reveal().to_owned(),
            outcome: ticket.outcome,
            call: ticket.call,
            opened_at: ticket.opened_at,
            changed_at: ticket.changed_at,
        }
    }
}

/// A part of the list of tickets, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketPage {
    /// The tickets.
    pub tickets: Vec<TicketSummary>,
    /// To go on, ask again with this as `before`; nothing at the end.
    #[schema(required)]
    pub next: Option<String>,
}

impl From<Page<store::TicketSummary, i64>> for TicketPage {
    fn from(page: Page<store::TicketSummary, i64>) -> Self {
        let tickets = page.items.into_iter().map(TicketSummary::from).collect();
        Self { tickets, next: page.next.map(|next| next.to_string()) }
    }
}

/// One ticket with everything done to it and its call.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketDetail {
    /// Which ticket.
    pub id: TicketId,
    /// 1, 2, 3, …; shown as `#12`.
    pub number: i64,
    /// One line.
    pub subject: String,
    /// Where it stands.
    pub status: TicketStatus,
    /// Who works on it.
    #[schema(required)]
    pub assignee: Option<Person>,
    /// Labels, e.g. the intent.
    pub tags: Vec<String>,
    /// Through what its call came.
    #[schema(required)]
    pub channel: Option<Channel>,
    /// The caller's number.
    pub from: String,
    /// How its call ended.
    #[schema(required)]
    pub outcome: Option<Outcome>,
    /// When it was opened, in ms since the epoch.
    pub opened_at: Timestamp,
    /// When somebody last changed it or wrote a note.
    pub changed_at: Timestamp,
    /// What is known.
    pub body: String,
    /// The notes, oldest first.
    pub notes: Vec<Note>,
    /// The changes, oldest first.
    pub history: Vec<Change>,
    /// The call it came from.
    pub call: CallDetail,
}

impl TicketDetail {
    /// A ticket and its call.
    pub fn new(detail: store::TicketDetail, call: CallDetail) -> Self {
        let ticket = TicketSummary::from(detail.ticket);
        let note =
            |note: store::TicketNote| Note { at: note.at, by: note.by.into(), text: note.text.reveal().to_owned() };
        Self {
            id: ticket.id,
            number: ticket.number,
            subject: ticket.subject,
            status: ticket.status,
            assignee: ticket.assignee,
            tags: ticket.tags,
            channel: ticket.channel,
            from: ticket.from,
            outcome: ticket.outcome,
            opened_at: ticket.opened_at,
            changed_at: ticket.changed_at,
            body: detail.body.reveal().to_owned(),
            notes: detail.notes.into_iter().map(note).collect(),
            history: detail.history.into_iter().flat_map(changes).collect(),
            call,
        }
    }
}

/// A note on a ticket.
#[derive(Debug, Serialize, ToSchema)]
pub struct Note {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Person,
    /// The note.
    pub text: String,
}

/// A change of a ticket.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Person,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What was changed.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// Where it stands.
    Status {
        /// Now.
        status: TicketStatus,
    },
    /// Somebody was given it.
    Assigned {
        /// Who.
        assignee: Person,
    },
    /// It was taken from whoever had it.
    Unassigned {},
}

/// One line of history may have changed two things.
fn changes(line: store::TicketHistory) -> Vec<Change> {
    let status = line.status.map(|status| What::Status { status });
    let assignee = line.assignee.map(|assignee| match assignee {
        Some(assignee) => What::Assigned { assignee: assignee.into() },
        None => What::Unassigned {},
    });
    let by = Person::from(line.by);
    [status, assignee].into_iter().flatten().map(|what| Change { at: line.at, by: by.clone(), what }).collect()
}
