//! What the store answers with: calls, tickets and people who sign in, as the console shows them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::event::{CallId, Channel, Entry, Outcome, PersonId, Personal, TicketId, TicketStatus, Timestamp, UserId};

/// Stands where a datum was before its person was erased.
pub const ERASED: &str = "[erased]";

/// An entry on its way to live screens.
#[derive(Clone, Debug, PartialEq)]
pub struct Live {
    /// Its place in the order of everything stored; `None` for what is never stored.
    pub cursor: Option<i64>,
    /// The call it belongs to.
    pub call: CallId,
    /// What happened.
    pub entry: Arc<Entry>,
}

/// Where a call is now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// Offered, not yet answered.
    #[default]
    Ringing,
    /// Talking with the bot.
    Bot,
    /// Waiting for a person.
    Queued,
    /// Talking with a person.
    Agent,
    /// Over, with an outcome.
    Ended,
}

/// One call, as a list shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct CallSummary {
    /// Which call.
    pub id: CallId,
    /// Whose data it is.
    pub person: PersonId,
    /// When it was offered.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Through what it came; none of calls that were stored before that was kept.
    pub channel: Option<Channel>,
    /// The caller's number; empty when withheld and in a chat, [`ERASED`] when the person was erased.
    pub from: Personal,
    /// The number dialled; of a chat its page.
    pub to: String,
    /// The flow that answered.
    pub flow: String,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// The last intent that was accepted.
    pub intent: Option<String>,
    /// Where it is now.
    pub state: CallState,
    /// The extension of the last agent who talked with the caller.
    pub agent: Option<String>,
    /// The first ticket opened from it.
    pub ticket: Option<TicketRef>,
    /// Offered → ended.
    pub duration_ms: Option<u32>,
    /// How often the caller was heard.
    pub turns: u32,
    /// The median of the replies' wire latency.
    pub wire_p50_ms: Option<u32>,
    /// The last entry's place in the journal.
    pub last_seq: u32,
}

/// A ticket's id and its number within the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TicketRef {
    /// Which ticket.
    pub id: TicketId,
    /// Shown as `#12`.
    pub number: i64,
}

/// Which calls to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallFilter {
    /// Only those that ended so.
    pub outcome: Option<Outcome>,
    /// Only those that go on (`true`) or are over (`false`).
    pub live: Option<bool>,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T, Cursor> {
    /// The items, newest first.
    pub items: Vec<T>,
    /// Ask for what comes `before` this to go on; `None` at the end.
    pub next: Option<Cursor>,
}

/// A person who signs in, as others see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRef {
    /// Who.
    pub id: UserId,
    /// Their name; empty when they are no longer known.
    pub name: String,
}

/// One ticket, as a list shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct TicketSummary {
    /// Which ticket.
    pub id: TicketId,
    /// 1, 2, 3, … within the tenant.
    pub number: i64,
    /// One line.
    pub subject: Personal,
    /// Where it stands.
    pub status: TicketStatus,
    /// Who works on it.
    pub assignee: Option<UserRef>,
    /// Labels, e.g. the intent.
    pub tags: Vec<String>,
    /// Through what its call came, as in [`CallSummary`].
    pub channel: Option<Channel>,
    /// The caller's number.
    pub from: Personal,
    /// How its call ended.
    pub outcome: Option<Outcome>,
    /// The call it came from.
    pub call: CallId,
    /// Whose data it is.
    pub person: PersonId,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When somebody last changed it or wrote a note.
    pub changed_at: Timestamp,
}

/// One ticket with everything done to it.
#[derive(Clone, Debug, PartialEq)]
pub struct TicketDetail {
    /// The ticket.
    pub ticket: TicketSummary,
    /// What is known.
    pub body: Personal,
    /// The notes, oldest first.
    pub notes: Vec<TicketNote>,
    /// The changes, oldest first.
    pub history: Vec<TicketHistory>,
}

/// What is known of whoever calls from a number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Customer {
    /// How many of their calls are over.
    pub calls: u64,
    /// When the last of these began.
    pub last_call: Option<Timestamp>,
    /// How many tickets of theirs are not solved.
    pub open_tickets: u64,
    /// What the newest of these is about.
    pub ticket_subject: Option<Personal>,
}

/// A note on a ticket.
#[derive(Clone, Debug, PartialEq)]
pub struct TicketNote {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: UserRef,
    /// The note.
    pub text: Personal,
}

/// A change of a ticket.
#[derive(Clone, Debug, PartialEq)]
pub struct TicketHistory {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: UserRef,
    /// The new status, when it changed.
    pub status: Option<TicketStatus>,
    /// The new assignee, when it changed; `Some(None)` when it was taken from somebody.
    pub assignee: Option<Option<UserRef>>,
}

/// What to change on a ticket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TicketChange {
    /// The new status.
    pub status: Option<TicketStatus>,
    /// The new assignee; `Some(None)` takes it from whoever had it.
    pub assignee: Option<Option<UserId>>,
}

/// Whose tickets to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssigneeFilter {
    /// Nobody's.
    Nobody,
    /// This person's.
    User(UserId),
}

/// Which tickets to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TicketFilter {
    /// Words that must all occur in subject, body, transcript, notes, number or caller.
    pub q: Option<String>,
    /// Only those that stand so.
    pub status: Option<TicketStatus>,
    /// Only those of somebody, or of nobody.
    pub assignee: Option<AssigneeFilter>,
}

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Admin,
    /// All calls, the queues and whoever works in them.
    Supervisor,
    /// The calls that come to them, and tickets.
    Agent,
    /// Sees everything, changes nothing.
    Auditor,
}

impl Role {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Supervisor, Self::Agent, Self::Auditor];
}

/// Somebody who signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Who.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// The address they sign in with.
    pub email: Option<String>,
    /// What they may do.
    pub role: Role,
    /// The language they chose: `en` or `zh-CN`.
    pub language: Option<String>,
    /// Whether they can sign in with a password.
    pub has_password: bool,
}

/// Somebody to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUser {
    /// Their name.
    pub name: String,
    /// The address they will sign in with.
    pub email: Option<String>,
    /// What they may do.
    pub role: Role,
    /// Their language.
    pub language: Option<String>,
}

/// What to change about somebody; `None` leaves a field as it is.
#[derive(Clone, Default)]
pub struct UserChange {
    /// The new name.
    pub name: Option<String>,
    /// The new address.
    pub email: Option<String>,
    /// The new password.
    pub password: Option<String>,
    /// The new language.
    pub language: Option<String>,
}

/// An agent's SIP phone. The two digests (RFC 2617, RFC 8760: H(user:realm:password)) let the registrar check the phone;
/// the password itself is never kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Extension {
    /// The SIP user name, e.g. `101`.
    pub name: String,
    /// Whose phone it is.
    pub user: UserId,
    /// The realm the digests were made for.
    pub realm: String,
    /// HA1 with MD5, in lower-case hexadecimal.
    pub ha1_md5: String,
    /// HA1 with SHA-256, in lower-case hexadecimal.
    pub ha1_sha256: String,
}

impl std::fmt::Debug for Extension {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Extension").field("name", &self.name).field("user", &self.user).finish_non_exhaustive()
    }
}

/// A secret that lets somebody in: shown to them once, kept only as a hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(pub(super) String);

impl Token {
    /// The secret, for the cookie or the link.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}
