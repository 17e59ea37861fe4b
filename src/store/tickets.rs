//! Reading tickets and working on them. A change or a note is an entry in the journal of the ticket's call; the row is
//! what the journal says.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};
use uuid::Uuid;

use super::{
    Tenant,
    append::{Work, entry_of},
    entity::{call, event, ticket, user},
    error::StoreError,
    model::{
        AssigneeFilter, Page, TicketChange, TicketDetail, TicketFilter, TicketHistory, TicketNote, TicketSummary,
        UserRef,
    },
    names::Name,
    seal::Keys,
    search::Words,
};
use crate::event::{CallId, Channel, Event, Outcome, PersonId, Personal, TicketId, TicketStatus, Timestamp, UserId};

/// How many tickets are opened and compared at once in a search.
const SEARCHED_AT_ONCE: u64 = 100;
/// The entries whose words a search looks at.
const SPOKEN: [&str; 4] = ["said", "heard", "slot", "noted"];

impl Tenant {
    /// Tickets, newest first: those with a smaller number than `before` (`None`: from the newest), at most `limit`.
    pub async fn tickets(
        &self,
        filter: &TicketFilter,
        before: Option<i64>,
        limit: u64,
    ) -> Result<Page<TicketSummary, i64>, StoreError> {
        let reader = &self.core.database.reader;
        let limit = limit.max(1);
        let words = filter.q.as_deref().and_then(Words::of);
        let at_once = if words.is_some() { SEARCHED_AT_ONCE } else { limit.saturating_add(1) };
        let users = self.user_names().await?;
        let mut items: Vec<TicketSummary> = Vec::new();
        let mut before = before;
        loop {
            let rows = self.filtered(filter, before).limit(at_once).all(reader).await?;
            let last = (rows.len() as u64) < at_once;
            before = rows.last().map(|row| row.number);
            let opened = self.open_tickets(rows, &users).await?;
            match &words {
                None => items.extend(opened.into_iter().map(|(ticket, _)| ticket)),
                Some(words) => items.extend(self.matching(words, opened).await?),
            }
            if last || items.len() as u64 > limit {
                break;
            }
        }
        let more = items.len() as u64 > limit;
        items.truncate(limit as usize);
        let next = items.last().filter(|_| more).map(|ticket| ticket.number);
        Ok(Page { items, next })
    }

    /// The tickets of somebody, newest first, at most `limit`.
    pub async fn tickets_of(&self, person: PersonId, limit: u64) -> Result<Vec<TicketSummary>, StoreError> {
        let rows = ticket::Entity::find()
            .filter(ticket::Column::Tenant.eq(self.id.0))
            .filter(ticket::Column::Person.eq(person.0))
            .order_by(ticket::Column::Number, Order::Desc)
            .limit(limit)
            .all(&self.core.database.reader)
            .await?;
        let users = self.user_names().await?;
        Ok(self.open_tickets(rows, &users).await?.into_iter().map(|(ticket, _)| ticket).collect())
    }

    /// One ticket with everything done to it.
    pub async fn ticket(&self, id: TicketId) -> Result<TicketDetail, StoreError> {
        let reader = &self.core.database.reader;
        let found = ticket::Entity::find_by_id(id.0).filter(ticket::Column::Tenant.eq(self.id.0)).one(reader);
        let row = found.await?.ok_or(StoreError::NoSuch { what: "ticket" })?;
        let users = self.user_names().await?;
        let work = event::Entity::find()
            .filter(event::Column::Tenant.eq(self.id.0))
            .filter(event::Column::Call.eq(row.call))
            .filter(event::Column::Kind.is_in(["ticket_changed", "noted"]))
            .order_by_asc(event::Column::Seq)
            .all(reader)
            .await?;
        let keys = Keys::load(&self.core, reader, self.id, work.iter().map(|row| row.person)).await?;
        let who = |id: &UserId| named(&users, id.0);
        let (mut notes, mut history) = (Vec::new(), Vec::new());
        for row in &work {
            let entry = entry_of(&keys, row)?;
            match &entry.event {
                Event::Noted { ticket, by, text } if *ticket == id => {
                    notes.push(TicketNote { at: entry.at, by: who(by), text: text.clone() });
                }
                Event::TicketChanged { ticket, by, status, assignee } if *ticket == id => {
                    let assignee = assignee.as_ref().map(|user| user.as_ref().map(who));
                    history.push(TicketHistory { at: entry.at, by: who(by), status: *status, assignee });
                }
                _ => {}
            }
        }
        let opened = self.open_tickets(vec![row], &users).await?.pop();
        let (ticket, body) = opened.ok_or(StoreError::NoSuch { what: "ticket" })?;
        Ok(TicketDetail { ticket, body, notes, history })
    }

    /// Changes a ticket.
    pub async fn change_ticket(
        &self,
        id: TicketId,
        by: UserId,
        change: TicketChange,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let TicketChange { status, assignee } = change;
        if let Some(Some(assignee)) = assignee {
            self.user(assignee).await?;
        }
        let event = Event::TicketChanged { ticket: id, by, status, assignee };
        self.ask(Work::Ticket(id, at, event)).await.map(drop)
    }

    /// Writes a note on a ticket.
    pub async fn note(&self, id: TicketId, by: UserId, text: Personal, at: Timestamp) -> Result<(), StoreError> {
        self.ask(Work::Ticket(id, at, Event::Noted { ticket: id, by, text })).await.map(drop)
    }

    fn filtered(&self, filter: &TicketFilter, before: Option<i64>) -> Select<ticket::Entity> {
        ticket::Entity::find()
            .filter(ticket::Column::Tenant.eq(self.id.0))
            .apply_if(before, |query, before| query.filter(ticket::Column::Number.lt(before)))
            .apply_if(filter.status, |query, status| query.filter(ticket::Column::Status.eq(status.stored())))
            .apply_if(filter.assignee, |query, assignee| match assignee {
                AssigneeFilter::Nobody => query.filter(ticket::Column::Assignee.is_null()),
                AssigneeFilter::User(user) => query.filter(ticket::Column::Assignee.eq(user.0)),
            })
            .order_by(ticket::Column::Number, Order::Desc)
    }

    /// Opens what is sealed of some tickets; each comes with its body.
    async fn open_tickets(
        &self,
        rows: Vec<ticket::Model>,
        users: &HashMap<Uuid, String>,
    ) -> Result<Vec<(TicketSummary, Personal)>, StoreError> {
        let reader = &self.core.database.reader;
        let keys = Keys::load(&self.core, reader, self.id, rows.iter().map(|row| row.person)).await?;
        let mut callers: HashMap<Uuid, (Vec<u8>, Option<String>)> = HashMap::new();
        for some in rows.chunks(super::seal::AT_ONCE) {
            let found: Vec<(Uuid, Vec<u8>, Option<String>)> = call::Entity::find()
                .filter(call::Column::Tenant.eq(self.id.0))
                .filter(call::Column::Id.is_in(some.iter().map(|row| row.call)))
                .select_only()
                .columns([call::Column::Id, call::Column::Caller, call::Column::Channel])
                .into_tuple()
                .all(reader)
                .await?;
            callers.extend(found.into_iter().map(|(id, caller, channel)| (id, (caller, channel))));
        }
        let open = |row: ticket::Model| {
            let text = |field, sealed| keys.text(row.person, field, row.tenant, row.id, sealed);
            let body = text("body", &row.body)?;
            let ticket = TicketSummary {
                id: TicketId(row.id),
                number: row.number,
                subject: text("subject", &row.subject)?,
                status: TicketStatus::named(&row.status).unwrap_or(TicketStatus::Open),
                assignee: row.assignee.map(|user| named(users, user)),
                tags: serde_json::from_str(&row.tags).unwrap_or_default(),
                channel: callers.get(&row.call).and_then(|(_, channel)| Channel::named(channel.as_deref()?)),
                from: match callers.get(&row.call) {
                    Some((caller, _)) => keys.text(row.person, "caller", row.tenant, row.call, caller)?,
                    None => Personal::default(),
                },
                outcome: row.outcome.as_deref().and_then(Outcome::named),
                call: CallId(row.call),
                person: PersonId(row.person),
                opened_at: row.opened_at,
                changed_at: row.changed_at,
            };
            Ok((ticket, body))
        };
        rows.into_iter().map(open).collect()
    }

    /// Those of some tickets in which all words occur.
    async fn matching(
        &self,
        words: &Words,
        tickets: Vec<(TicketSummary, Personal)>,
    ) -> Result<Vec<TicketSummary>, StoreError> {
        let reader = &self.core.database.reader;
        let spoken = event::Entity::find()
            .filter(event::Column::Tenant.eq(self.id.0))
            .filter(event::Column::Call.is_in(tickets.iter().map(|(ticket, _)| ticket.call.0)))
            .filter(event::Column::Kind.is_in(SPOKEN))
            .all(reader)
            .await?;
        let keys = Keys::load(&self.core, reader, self.id, spoken.iter().map(|row| row.person)).await?;
        let mut by_call: HashMap<Uuid, Vec<event::Model>> = HashMap::new();
        for row in spoken {
            by_call.entry(row.call).or_default().push(row);
        }
        let mut matching = Vec::new();
        for (ticket, body) in tickets {
            let mut search = words.search();
            let number = ticket.number.to_string();
            let clear = [ticket.subject.reveal(), body.reveal(), ticket.from.reveal(), &number];
            let mut found =
                clear.into_iter().chain(ticket.tags.iter().map(String::as_str)).any(|text| search.see(text));
            for row in by_call.get(&ticket.call.0).into_iter().flatten() {
                if found {
                    break;
                }
                found = match keys.event(row)? {
                    Event::Said { text, .. } | Event::Heard { text, .. } => search.see(text.reveal()),
                    Event::Slot { value, .. } => search.see(value.reveal()),
                    Event::Noted { ticket: of, text, .. } if of == ticket.id => search.see(text.reveal()),
                    _ => false,
                };
            }
            if found {
                matching.push(ticket);
            }
        }
        Ok(matching)
    }

    async fn user_names(&self) -> Result<HashMap<Uuid, String>, StoreError> {
        let names: Vec<(Uuid, String)> = user::Entity::find()
            .filter(user::Column::Tenant.eq(self.id.0))
            .select_only()
            .columns([user::Column::Id, user::Column::Name])
            .into_tuple()
            .all(&self.core.database.reader)
            .await?;
        Ok(names.into_iter().collect())
    }
}

fn named(users: &HashMap<Uuid, String>, id: Uuid) -> UserRef {
    UserRef { id: UserId(id), name: users.get(&id).cloned().unwrap_or_default() }
}
