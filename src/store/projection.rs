//! What a journal says about its call and its tickets, one entry at a time. Pure: the same entries give the same rows,
//! whether they are applied as they come or all again.

use uuid::Uuid;

use super::{
    entity::{call, ticket},
    key::PersonKey,
    model::CallState,
    names::Name,
    seal::seal_text,
};
use crate::event::{Decision, Entry, Event, Personal, Speaker, TicketId, TicketStatus};

/// A call and its tickets, as far as the journal has been read.
pub(super) struct Projection {
    pub(super) call: call::Model,
    pub(super) tickets: Vec<ticket::Model>,
}

/// Whether an entry changes tickets.
pub(super) fn touches_tickets(event: &Event) -> bool {
    matches!(
        event,
        Event::TicketOpened { .. } | Event::TicketChanged { .. } | Event::Noted { .. } | Event::Ended { .. }
    )
}

/// The language that an entry keeps for its person's next call.
pub(super) fn remembered(event: &Event) -> Option<&Personal> {
    match event {
        Event::Language { language, remembered: true, .. } => Some(language),
        _ => None,
    }
}

impl Projection {
    /// A call of which nothing is known yet but who calls.
    pub(super) fn new(tenant: Uuid, call: Uuid, person: Uuid, key: &PersonKey) -> Self {
        let call = call::Model {
            id: call,
            tenant,
            person,
            started_at: 0,
            ended_at: None,
            outcome: None,
            state: CallState::Ringing.stored().into(),
            intent: None,
            flow: String::new(),
            dialled: String::new(),
            caller: seal_text(key, "caller", tenant, call, &Personal::default()),
            agent: None,
            ticket: None,
            duration_ms: None,
            turns: 0,
            wire_ms: "[]".into(),
            wire_p50_ms: None,
            last_seq: 0,
            last_given: 0,
            channel: None,
        };
        Self { call, tickets: Vec::new() }
    }

    /// Takes in the next entry, stored at `entry.seq`; `number` gives a new ticket its number.
    pub(super) fn apply(&mut self, key: &PersonKey, entry: &Entry, number: &mut dyn FnMut(TicketId) -> i64) {
        let call = &mut self.call;
        call.last_seq = call.last_seq.max(entry.seq as i32);
        match &entry.event {
            Event::Offered { channel, from, to, flow } => {
                call.channel = Some(channel.stored().into());
                call.started_at = entry.at;
                call.dialled = to.clone();
                call.flow = flow.clone();
                call.caller = seal_text(key, "caller", call.tenant, call.id, from);
            }
            Event::Answered { .. } | Event::Unbridged { .. } | Event::Unqueued { .. } => enter(call, CallState::Bot),
            Event::Queued { .. } | Event::Connecting { .. } | Event::Parked { .. } => enter(call, CallState::Queued),
            Event::TransferFailed { .. } if call.state == CallState::Queued.stored() => enter(call, CallState::Bot),
            Event::Bridged { agent, .. } => {
                enter(call, CallState::Agent);
                call.agent = Some(agent.clone());
            }
            Event::Heard { speaker: Speaker::Caller, .. } => call.turns += 1,
            Event::Understood { decision: Decision::Accepted, ranking, .. } => {
                if let Some(best) = ranking.first() {
                    call.intent = Some(best.intent.clone());
                }
            }
            Event::Replied { latency, .. } => replied(call, latency.wire_ms),
            Event::Ended { outcome, duration_ms } => {
                enter(call, CallState::Ended);
                call.ended_at = Some(entry.at);
                call.outcome = Some(outcome.stored().into());
                call.duration_ms = Some((*duration_ms).into());
                for ticket in &mut self.tickets {
                    ticket.outcome = call.outcome.clone();
                }
            }
            Event::TicketOpened { ticket, subject, body, tags, status } => {
                self.opened(key, entry, *ticket, [subject, body], (tags, *status), number);
            }
            Event::TicketChanged { ticket, status, assignee, .. } => {
                if let Some(row) = self.ticket(*ticket) {
                    row.changed_at = entry.at;
                    if let Some(status) = status {
                        row.status = status.stored().into();
                    }
                    if let Some(assignee) = assignee {
                        row.assignee = assignee.map(|user| user.0);
                    }
                }
            }
            Event::Noted { ticket, .. } => {
                if let Some(row) = self.ticket(*ticket) {
                    row.changed_at = entry.at;
                }
            }
            _ => {}
        }
    }

    /// A ticket that is opened again keeps its number and is told anew.
    fn opened(
        &mut self,
        key: &PersonKey,
        entry: &Entry,
        id: TicketId,
        [subject, body]: [&Personal; 2],
        (tags, status): (&[String], TicketStatus),
        number: &mut dyn FnMut(TicketId) -> i64,
    ) {
        let tags = serde_json::to_string(tags).expect("a list of texts is always JSON");
        let (tenant, call) = (self.call.tenant, self.call.id);
        let subject = seal_text(key, "subject", tenant, id.0, subject);
        let body = seal_text(key, "body", tenant, id.0, body);
        match self.ticket(id) {
            Some(row) => (row.tags, row.subject, row.body, row.changed_at) = (tags, subject, body, entry.at),
            None => self.tickets.push(ticket::Model {
                id: id.0,
                tenant,
                number: number(id),
                call,
                person: self.call.person,
                status: status.stored().into(),
                assignee: None,
                tags,
                outcome: self.call.outcome.clone(),
                opened_at: entry.at,
                changed_at: entry.at,
                subject,
                body,
            }),
        }
        self.call.ticket.get_or_insert(id.0);
    }

    fn ticket(&mut self, id: TicketId) -> Option<&mut ticket::Model> {
        self.tickets.iter_mut().find(|row| row.id == id.0)
    }
}

/// A call that has ended does not come back.
fn enter(call: &mut call::Model, state: CallState) {
    if call.outcome.is_none() {
        call.state = state.stored().into();
    }
}

fn replied(call: &mut call::Model, wire_ms: u32) {
    // Only this function writes the column.
    let mut all: Vec<u32> = serde_json::from_str(&call.wire_ms).unwrap_or_default();
    all.push(wire_ms);
    call.wire_ms = serde_json::to_string(&all).expect("a list of numbers is always JSON");
    all.sort_unstable();
    call.wire_p50_ms = all.get((all.len() - 1) / 2).map(|median| (*median).into());
}
