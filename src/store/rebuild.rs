//! Computing calls and tickets again from the journal, for when a projection was wrong or learned something new.

use std::collections::{BTreeMap, HashMap, HashSet};

use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};
use uuid::Uuid;

use super::{
    Tenant,
    append::entry_of,
    entity::{call, event, person, ticket},
    error::StoreError,
    people,
    projection::{Projection, remembered},
    seal::{AT_ONCE, Keys, seal_language},
};
use crate::event::TicketId;

/// How many entries are read at once.
const READ_AT_ONCE: u64 = 1_000;

impl Tenant {
    /// Removes all calls and tickets and computes them again from the journal, in one transaction, and so the languages that people have
    /// chosen. Tickets keep their numbers. Calls of erased people stay as they are: what they were computed from cannot be read any more.
    pub async fn rebuild(&self) -> Result<(), StoreError> {
        let database = &self.core.database;
        let transaction = database.begin_append().await?;
        let on = &transaction;

        let known: Vec<(Uuid, i64)> = ticket::Entity::find()
            .filter(ticket::Column::Tenant.eq(self.id.0))
            .select_only()
            .columns([ticket::Column::Id, ticket::Column::Number])
            .into_tuple()
            .all(on)
            .await?;
        let known: HashMap<Uuid, i64> = known.into_iter().collect();
        let mut used: HashSet<i64> = known.values().copied().collect();
        let mut number = |ticket: TicketId| {
            known.get(&ticket.0).copied().unwrap_or_else(|| {
                // A ticket whose row was lost takes the first free number, in the order of opening.
                let free = (1..).find(|number| used.insert(*number));
                free.expect("there are more numbers than tickets")
            })
        };

        let mut projections: BTreeMap<Uuid, Projection> = BTreeMap::new();
        let mut languages: HashMap<Uuid, Vec<u8>> = HashMap::new();
        let mut cursor = 0;
        loop {
            let rows = event::Entity::find()
                .filter(event::Column::Tenant.eq(self.id.0))
                .filter(event::Column::Id.gt(cursor))
                .order_by_asc(event::Column::Id)
                .limit(READ_AT_ONCE)
                .all(on)
                .await?;
            let Some(last) = rows.last() else { break };
            cursor = last.id;
            let keys = Keys::load(&self.core, on, self.id, rows.iter().map(|row| row.person)).await?;
            for row in &rows {
                let Some(key) = keys.of(row.person) else { continue };
                let projection = projections
                    .entry(row.call)
                    .or_insert_with(|| Projection::new(row.tenant, row.call, row.person, key));
                let entry = entry_of(&keys, row)?;
                projection.apply(key, &entry, &mut number);
                if let Some(language) = remembered(&entry.event) {
                    languages.insert(row.person, seal_language(key, row.tenant, row.person, language));
                }
                let given = row.given.unwrap_or_default();
                projection.call.last_given = projection.call.last_given.max(given);
            }
        }

        let readable: Vec<Uuid> = projections.keys().copied().collect();
        for some in readable.chunks(AT_ONCE) {
            ticket::Entity::delete_many()
                .filter(ticket::Column::Tenant.eq(self.id.0))
                .filter(ticket::Column::Call.is_in(some.iter().copied()))
                .exec(on)
                .await?;
            call::Entity::delete_many()
                .filter(call::Column::Tenant.eq(self.id.0))
                .filter(call::Column::Id.is_in(some.iter().copied()))
                .exec(on)
                .await?;
        }
        person::Entity::update_many()
            .col_expr(person::Column::Language, Expr::value(None::<Vec<u8>>))
            .filter(person::Column::Tenant.eq(self.id.0))
            .exec(on)
            .await?;
        for (person, language) in languages {
            people::set_language(on, self.id, person, language).await?;
        }
        for Projection { call, tickets } in projections.into_values() {
            call::Entity::insert(call.into_active_model().reset_all()).exec_without_returning(on).await?;
            for ticket in tickets {
                ticket::Entity::insert(ticket.into_active_model().reset_all()).exec_without_returning(on).await?;
            }
        }
        Ok(transaction.commit().await?)
    }
}
