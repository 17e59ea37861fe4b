//! One transaction's worth of appends for one tenant: what all of them need is read at once, worked out in memory, and written at
//! once. Hundreds of calls at a time then cost a handful of statements, not a handful each.

use std::collections::{BTreeMap, HashMap, HashSet};

use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, Iterable,
    QueryFilter, QueryOrder, QuerySelect, Set, sea_query::OnConflict,
};
use uuid::Uuid;

use super::{Stored, Work, entry_of};
use crate::{
    event::{CallId, Entry, Event, PersonId, Personal, TenantId, Timestamp},
    store::{
        Core,
        entity::{call, event, person, ticket},
        error::StoreError,
        key::PersonKey,
        model::Live,
        people,
        projection::{Projection, remembered, touches_tickets},
        seal::{AT_ONCE, Keys, person_aad, seal_event, seal_language},
    },
};

/// Stores the works, in their order. A work that is refused for its own reasons has written nothing; when the database fails,
/// the transaction is of no use any more.
pub(super) async fn store(
    core: &Core,
    on: &impl ConnectionTrait,
    tenant: TenantId,
    works: &[&Work],
) -> Result<Vec<Result<Vec<Stored>, StoreError>>, StoreError> {
    let mut batch = Batch::load(core, on, tenant, works).await?;
    let mut placed = Vec::with_capacity(works.len());
    for work in works {
        match batch.apply(work).await {
            Err(error) if !super::is_refusal(&error) => return Err(error),
            result => placed.push(result),
        }
    }
    batch.write().await?;
    Ok(placed.into_iter().map(|entries| Ok(batch.stored(entries?))).collect())
}

/// A call, as far as the batch has brought it.
struct Held {
    projection: Projection,
    /// The tickets as the database has them.
    known: Vec<ticket::Model>,
    /// None when the person was erased.
    key: Option<PersonKey>,
    is_changed: bool,
}

/// Where the answer to one entry comes from.
enum Placed {
    /// It was there already.
    Before(Stored),
    /// The row of the batch that it became.
    Row(usize, CallId, Entry),
}

struct Batch<'a, C> {
    core: &'a Core,
    on: &'a C,
    tenant: TenantId,
    calls: HashMap<Uuid, Held>,
    /// Which call a ticket belongs to.
    calls_of_tickets: HashMap<Uuid, Uuid>,
    /// Those who are in a call that begins, by the blind index of their number.
    people: HashMap<Vec<u8>, (PersonId, PersonKey)>,
    /// The number of the last ticket.
    last_number: i64,
    new_people: Vec<person::ActiveModel>,
    /// The languages that people have chosen, sealed.
    languages: HashMap<Uuid, Vec<u8>>,
    rows: Vec<event::ActiveModel>,
    /// Of the rows written so far.
    cursors: Vec<i64>,
}

impl<'a, C: ConnectionTrait> Batch<'a, C> {
    async fn load(core: &'a Core, on: &'a C, tenant: TenantId, works: &[&Work]) -> Result<Self, StoreError> {
        let changed = works.iter().filter_map(|work| if let Work::Ticket(id, ..) = work { Some(id.0) } else { None });
        let calls_of_tickets = calls_of(on, tenant, changed.collect()).await?;
        let mut ids: HashSet<Uuid> = calls_of_tickets.values().copied().collect();
        let mut with_tickets = ids.clone();
        let (mut lookups, mut opens) = (HashSet::new(), false);
        ids.extend(works.iter().filter_map(|work| if let Work::Beside(id, ..) = work { Some(id.0) } else { None }));
        for work in works {
            let Work::Call(id, entries) = work else { continue };
            ids.insert(id.0);
            if entries.iter().any(|entry| touches_tickets(&entry.event)) {
                with_tickets.insert(id.0);
            }
            opens |= entries.iter().any(|entry| matches!(entry.event, Event::TicketOpened { .. }));
            if let Some(Entry { event: Event::Offered { from, .. }, .. }) = entries.first() {
                lookups.extend(people::lookup(core, tenant, from));
            }
        }
        let mut batch = Self {
            core,
            on,
            tenant,
            calls: HashMap::new(),
            calls_of_tickets,
            people: HashMap::new(),
            last_number: if opens { last_number(on, tenant).await? } else { 0 },
            new_people: Vec::new(),
            languages: HashMap::new(),
            rows: Vec::new(),
            cursors: Vec::new(),
        };
        batch.load_calls(ids, with_tickets).await?;
        batch.load_people(lookups).await?;
        Ok(batch)
    }

    async fn load_calls(&mut self, ids: HashSet<Uuid>, with_tickets: HashSet<Uuid>) -> Result<(), StoreError> {
        let mut rows = Vec::new();
        for some in chunks(ids) {
            let found = call::Entity::find()
                .filter(call::Column::Tenant.eq(self.tenant.0))
                .filter(call::Column::Id.is_in(some))
                .all(self.on);
            rows.append(&mut found.await?);
        }
        let keys = Keys::load(self.core, self.on, self.tenant, rows.iter().map(|row| row.person)).await?;
        for row in rows {
            let key = keys.of(row.person).cloned();
            let projection = Projection { call: row, tickets: Vec::new() };
            let held = Held { projection, known: Vec::new(), key, is_changed: false };
            self.calls.insert(held.projection.call.id, held);
        }
        let known = with_tickets.into_iter().filter(|id| self.calls.contains_key(id));
        for some in chunks(known.collect::<Vec<_>>()) {
            let found = ticket::Entity::find()
                .filter(ticket::Column::Tenant.eq(self.tenant.0))
                .filter(ticket::Column::Call.is_in(some))
                .order_by_asc(ticket::Column::Number)
                .all(self.on);
            for row in found.await? {
                if let Some(held) = self.calls.get_mut(&row.call) {
                    held.known.push(row.clone());
                    held.projection.tickets.push(row);
                }
            }
        }
        Ok(())
    }

    async fn load_people(&mut self, lookups: HashSet<Vec<u8>>) -> Result<(), StoreError> {
        for some in chunks(lookups) {
            let found = person::Entity::find()
                .filter(person::Column::Tenant.eq(self.tenant.0))
                .filter(person::Column::Lookup.is_in(some))
                .all(self.on);
            for row in found.await? {
                if let (Some(lookup), Some(wrapped)) = (row.lookup, row.wrapped_key) {
                    let key = self.core.master.unwrap_person_key(&person_aad(self.tenant.0, row.id), &wrapped)?;
                    self.people.insert(lookup, (PersonId(row.id), key));
                }
            }
        }
        Ok(())
    }

    /// Takes one work into the batch, or refuses it and changes nothing.
    async fn apply(&mut self, work: &Work) -> Result<BTreeMap<u32, Placed>, StoreError> {
        match work {
            Work::Call(call, entries) => {
                super::check(entries)?;
                let mut placed = match self.calls.get(&call.0) {
                    Some(held) if held.key.is_none() => return Err(StoreError::Erased),
                    Some(held) => {
                        let last_given = held.projection.call.last_given as u32;
                        self.already_there(*call, entries, last_given).await?
                    }
                    None => {
                        self.begin(*call, entries)?;
                        BTreeMap::new()
                    }
                };
                let fresh: Vec<(Option<u32>, Entry)> = entries
                    .iter()
                    .filter(|entry| !placed.contains_key(&entry.seq))
                    .map(|entry| (Some(entry.seq), entry.clone()))
                    .collect();
                self.extend(call.0, fresh, &mut placed);
                Ok(placed)
            }
            Work::Ticket(ticket, at, event) => {
                let call = *self.calls_of_tickets.get(&ticket.0).ok_or(StoreError::NoSuch { what: "ticket" })?;
                self.beside(call, *at, event)
            }
            Work::Beside(call, at, event) => self.beside(call.0, *at, event),
        }
    }

    /// An entry that the call itself did not write.
    fn beside(&mut self, call: Uuid, at: Timestamp, event: &Event) -> Result<BTreeMap<u32, Placed>, StoreError> {
        let held = self.calls.get(&call).ok_or(StoreError::NoSuch { what: "call" })?;
        if held.key.is_none() {
            return Err(StoreError::Erased);
        }
        let entry = Entry { seq: 0, at, audio_ms: None, event: event.clone() };
        let mut placed = BTreeMap::new();
        self.extend(call, vec![(None, entry)], &mut placed);
        Ok(placed)
    }

    fn begin(&mut self, call: CallId, entries: &[Entry]) -> Result<(), StoreError> {
        let Some(Entry { seq: 1, at, event: Event::Offered { from, .. }, .. }) = entries.first() else {
            return Err(StoreError::NoSuch { what: "call" });
        };
        let (person, key) = self.person(from, *at);
        let projection = Projection::new(self.tenant.0, call.0, person.0, &key);
        let held = Held { projection, known: Vec::new(), key: Some(key), is_changed: false };
        self.calls.insert(call.0, held);
        Ok(())
    }

    /// Who calls from this number, made when unknown. Whoever withholds their number is somebody new each time.
    fn person(&mut self, number: &Personal, now: Timestamp) -> (PersonId, PersonKey) {
        let lookup = people::lookup(self.core, self.tenant, number);
        if let Some(known) = lookup.as_ref().and_then(|lookup| self.people.get(lookup)) {
            return known.clone();
        }
        let id = PersonId::new();
        let (key, wrapped) = self.core.master.new_person_key(&person_aad(self.tenant.0, id.0));
        self.new_people.push(person::ActiveModel {
            id: Set(id.0),
            tenant: Set(self.tenant.0),
            wrapped_key: Set(Some(wrapped)),
            lookup: Set(lookup.clone()),
            language: Set(None),
            created_at: Set(now),
            erased_at: Set(None),
        });
        if let Some(lookup) = lookup {
            self.people.insert(lookup, (id, key.clone()));
        }
        (id, key)
    }

    /// The entries that were stored before, by the place the call gave them.
    async fn already_there(
        &mut self,
        call: CallId,
        entries: &[Entry],
        last_given: u32,
    ) -> Result<BTreeMap<u32, Placed>, StoreError> {
        let mut there = BTreeMap::new();
        let old: Vec<i32> =
            entries.iter().map(|entry| entry.seq).filter(|seq| *seq <= last_given).map(|s| s as i32).collect();
        if old.is_empty() {
            return Ok(there);
        }
        // They may be of this very batch.
        self.write().await?;
        for some in chunks(old) {
            let rows = event::Entity::find()
                .filter(event::Column::Tenant.eq(self.tenant.0))
                .filter(event::Column::Call.eq(call.0))
                .filter(event::Column::Given.is_in(some))
                .all(self.on)
                .await?;
            let keys = Keys::load(self.core, self.on, self.tenant, rows.iter().map(|row| row.person)).await?;
            for stored in rows {
                let given = stored.given.unwrap_or_default() as u32;
                let entry = entry_of(&keys, &stored)?;
                let claimed = entries.iter().find(|claimed| claimed.seq == given);
                if claimed.is_some_and(|claimed| claimed.at != entry.at || claimed.event != entry.event) {
                    return Err(StoreError::Conflict { call, seq: given });
                }
                let live = Live { cursor: Some(stored.id), call, entry: entry.into() };
                there.insert(given, Placed::Before(Stored { live, fresh: false }));
            }
        }
        Ok(there)
    }

    /// Appends entries to a call that is held, numbering them after the last, and brings the call and its tickets up to date.
    /// They are placed by what was given or, for ticket work, taken.
    fn extend(&mut self, call: Uuid, fresh: Vec<(Option<u32>, Entry)>, placed: &mut BTreeMap<u32, Placed>) {
        let Some(held) = self.calls.get_mut(&call) else { return };
        let Some(key) = held.key.clone() else { return };
        for (given, mut entry) in fresh {
            held.is_changed = true;
            entry.seq = held.projection.call.last_seq as u32 + 1;
            held.projection.apply(&key, &entry, &mut |_| {
                self.last_number += 1;
                self.last_number
            });
            if let Event::TicketOpened { ticket, .. } = &entry.event {
                self.calls_of_tickets.insert(ticket.0, call);
            }
            if let Some(language) = remembered(&entry.event) {
                let person = held.projection.call.person;
                self.languages.insert(person, seal_language(&key, self.tenant.0, person, language));
            }
            if let Some(given) = given {
                held.projection.call.last_given = held.projection.call.last_given.max(given as i32);
            }
            let row = self.cursors.len() + self.rows.len();
            self.rows.push(event_row(&held.projection.call, &key, given, &entry));
            placed.insert(given.unwrap_or(entry.seq), Placed::Row(row, CallId(call), entry));
        }
    }

    /// Writes what has changed since the last time.
    async fn write(&mut self) -> Result<(), StoreError> {
        for some in split(std::mem::take(&mut self.new_people)) {
            person::Entity::insert_many(some).exec_without_returning(self.on).await?;
        }
        for (person, language) in std::mem::take(&mut self.languages) {
            people::set_language(self.on, self.tenant, person, language).await?;
        }
        for some in split(std::mem::take(&mut self.rows)) {
            let mut ids: Vec<i64> = event::Entity::insert_many(some).exec_with_returning_keys(self.on).await?;
            // Ids are given in the order of the rows; databases need not return them in it.
            ids.sort_unstable();
            self.cursors.append(&mut ids);
        }
        let (mut calls, mut tickets) = (Vec::new(), Vec::new());
        for held in self.calls.values_mut().filter(|held| held.is_changed) {
            held.is_changed = false;
            calls.push(held.projection.call.clone().into_active_model().reset_all());
            let changed = held.projection.tickets.iter().filter(|ticket| !held.known.contains(ticket));
            tickets.extend(changed.map(|ticket| ticket.clone().into_active_model().reset_all()));
            held.known.clone_from(&held.projection.tickets);
        }
        for some in split(calls) {
            let columns = call::Column::iter().filter(|column| !matches!(column, call::Column::Id));
            let replace = OnConflict::column(call::Column::Id).update_columns(columns).to_owned();
            call::Entity::insert_many(some).on_conflict(replace).exec_without_returning(self.on).await?;
        }
        for some in split(tickets) {
            let columns = ticket::Column::iter().filter(|column| !matches!(column, ticket::Column::Id));
            let replace = OnConflict::column(ticket::Column::Id).update_columns(columns).to_owned();
            ticket::Entity::insert_many(some).on_conflict(replace).exec_without_returning(self.on).await?;
        }
        Ok(())
    }

    /// The answer to a work, once everything is written.
    fn stored(&self, placed: BTreeMap<u32, Placed>) -> Vec<Stored> {
        let answer = |placed| match placed {
            Placed::Before(stored) => stored,
            Placed::Row(row, call, entry) => {
                let live = Live { cursor: self.cursors.get(row).copied(), call, entry: entry.into() };
                Stored { live, fresh: true }
            }
        };
        placed.into_values().map(answer).collect()
    }
}

/// As many at a time as fit a query.
fn chunks<T>(all: impl IntoIterator<Item = T>) -> impl Iterator<Item = Vec<T>> {
    split(all.into_iter().collect())
}

fn split<T>(all: Vec<T>) -> impl Iterator<Item = Vec<T>> {
    let mut rest = all.into_iter();
    std::iter::from_fn(move || Some(rest.by_ref().take(AT_ONCE).collect::<Vec<T>>()).filter(|some| !some.is_empty()))
}

async fn calls_of(
    on: &impl ConnectionTrait,
    tenant: TenantId,
    tickets: HashSet<Uuid>,
) -> Result<HashMap<Uuid, Uuid>, StoreError> {
    let mut calls = HashMap::new();
    for some in chunks(tickets) {
        let found: Vec<(Uuid, Uuid)> = ticket::Entity::find()
            .filter(ticket::Column::Tenant.eq(tenant.0))
            .filter(ticket::Column::Id.is_in(some))
            .select_only()
            .columns([ticket::Column::Id, ticket::Column::Call])
            .into_tuple()
            .all(on)
            .await?;
        calls.extend(found);
    }
    Ok(calls)
}

async fn last_number(on: &impl ConnectionTrait, tenant: TenantId) -> Result<i64, StoreError> {
    let last = ticket::Entity::find()
        .filter(ticket::Column::Tenant.eq(tenant.0))
        .order_by_desc(ticket::Column::Number)
        .select_only()
        .column(ticket::Column::Number)
        .into_tuple::<i64>()
        .one(on)
        .await?;
    Ok(last.unwrap_or(0))
}

fn event_row(call: &call::Model, key: &PersonKey, given: Option<u32>, entry: &Entry) -> event::ActiveModel {
    let header = entry.event.header();
    event::ActiveModel {
        id: NotSet,
        tenant: Set(call.tenant),
        call: Set(call.id),
        person: Set(call.person),
        seq: Set(entry.seq as i32),
        given: Set(given.map(|given| given as i32)),
        at: Set(entry.at),
        audio_ms: Set(entry.audio_ms.map(i64::from)),
        kind: Set(header.kind.into()),
        block: Set(header.block.map(str::to_owned)),
        turn: Set(header.turn.map(|turn| turn as i64)),
        duration_ms: Set(header.duration_ms.map(i64::from)),
        score: Set(header.score),
        label: Set(header.label.map(str::to_owned)),
        body: Set(seal_event(key, call.tenant, call.id, entry.seq as i32, &entry.event)),
    }
}
