//! The people who call: each has a key, found again by the number they call from, and erased by destroying it.

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};
use uuid::Uuid;

use super::{
    Core, Tenant,
    entity::{call, person, ticket},
    error::StoreError,
    model::{CallState, Customer},
    names::Name,
    seal::{open_language, person_aad},
};
use crate::event::{CallId, PersonId, Personal, TenantId, TicketId, TicketStatus, Timestamp};

/// What networks write when a caller hides their number.
const WITHHELD: [&str; 7] = ["", "anonymous", "private", "restricted", "unavailable", "unknown", "withheld"];

impl Tenant {
    /// Who calls from this number; `None` when nobody has yet, or they were erased.
    pub async fn person_by_number(&self, number: &Personal) -> Result<Option<PersonId>, StoreError> {
        let Some(lookup) = lookup(&self.core, self.id, number) else { return Ok(None) };
        let found = find(&self.core.database.reader, self.id, lookup).await?;
        Ok(found.map(|row| PersonId(row.id)))
    }

    /// What is known of whoever calls from this number; nothing where nobody has yet, they were erased, or it is withheld.
    pub async fn customer(&self, number: &Personal) -> Result<Customer, StoreError> {
        let Some(person) = self.person_by_number(number).await? else { return Ok(Customer::default()) };
        let reader = &self.core.database.reader;
        let ended = call::Entity::find()
            .filter(call::Column::Tenant.eq(self.id.0))
            .filter(call::Column::Person.eq(person.0))
            .filter(call::Column::State.eq(CallState::Ended.stored()));
        let last = ended.clone().order_by_desc(call::Column::Id).one(reader).await?;
        let open = ticket::Entity::find()
            .filter(ticket::Column::Tenant.eq(self.id.0))
            .filter(ticket::Column::Person.eq(person.0))
            .filter(ticket::Column::Status.ne(TicketStatus::Solved.stored()));
        let newest = open.clone().order_by_desc(ticket::Column::Number).one(reader).await?;
        let ticket_subject = match newest {
            Some(row) => Some(self.ticket(TicketId(row.id)).await?.ticket.subject),
            None => None,
        };
        Ok(Customer {
            calls: ended.count(reader).await?,
            last_call: last.map(|call| call.started_at),
            open_tickets: open.count(reader).await?,
            ticket_subject,
        })
    }

    /// The language in which whoever calls from this number chose to be spoken to, as its tag; `None` when nothing is known of it.
    pub async fn language_of(&self, number: &Personal) -> Result<Option<Personal>, StoreError> {
        let Some(lookup) = lookup(&self.core, self.id, number) else { return Ok(None) };
        let found = find(&self.core.database.reader, self.id, lookup).await?;
        let Some(person::Model { id, wrapped_key: Some(wrapped), language: Some(sealed), .. }) = found else {
            return Ok(None);
        };
        let key = self.core.master.unwrap_person_key(&person_aad(self.id.0, id), &wrapped)?;
        open_language(&key, self.id.0, id, &sealed).map(Some)
    }

    /// Erases a person: destroys the key that seals what they said, their number, their tickets and their recordings,
    /// and removes the recordings. Their calls stay countable; everything personal reads [`ERASED`](super::ERASED).
    /// Erasing twice is no error. Backups made before still hold the wrapped key.
    pub async fn erase_person(&self, person: PersonId, at: Timestamp) -> Result<(), StoreError> {
        let writer = &self.core.database.writer;
        let of_person = || {
            call::Entity::find().filter(call::Column::Tenant.eq(self.id.0)).filter(call::Column::Person.eq(person.0))
        };
        if of_person().filter(call::Column::State.ne(CallState::Ended.stored())).count(writer).await? > 0 {
            return Err(StoreError::InCall);
        }
        let erased = person::Entity::update_many()
            .col_expr(person::Column::WrappedKey, Expr::value(None::<Vec<u8>>))
            .col_expr(person::Column::Lookup, Expr::value(None::<Vec<u8>>))
            .col_expr(person::Column::Language, Expr::value(None::<Vec<u8>>))
            .col_expr(person::Column::ErasedAt, Expr::value(at))
            .filter(person::Column::Tenant.eq(self.id.0))
            .filter(person::Column::Id.eq(person.0))
            .exec(writer)
            .await?;
        if erased.rows_affected == 0 {
            return Err(StoreError::NoSuch { what: "person" });
        }
        self.core.database.scrub().await?;
        let calls: Vec<Uuid> = of_person().select_only().column(call::Column::Id).into_tuple().all(writer).await?;
        for id in calls {
            let path = self.recording_path(CallId(id));
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(StoreError::writing(path, error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

async fn find(
    on: &impl ConnectionTrait,
    tenant: TenantId,
    lookup: Vec<u8>,
) -> Result<Option<person::Model>, StoreError> {
    let found = person::Entity::find()
        .filter(person::Column::Tenant.eq(tenant.0))
        .filter(person::Column::Lookup.eq(lookup))
        .one(on)
        .await?;
    Ok(found)
}

/// Sets the sealed language of a person.
pub(super) async fn set_language(
    on: &impl ConnectionTrait,
    tenant: TenantId,
    person: Uuid,
    sealed: Vec<u8>,
) -> Result<(), StoreError> {
    person::Entity::update_many()
        .col_expr(person::Column::Language, Expr::value(sealed))
        .filter(person::Column::Tenant.eq(tenant.0))
        .filter(person::Column::Id.eq(person))
        .exec(on)
        .await?;
    Ok(())
}

/// The blind index of a number; `None` when it is withheld.
pub(super) fn lookup(core: &Core, tenant: TenantId, number: &Personal) -> Option<Vec<u8>> {
    normalise(number.reveal()).map(|number| core.master.lookup(tenant.0.as_bytes(), &number))
}

/// One spelling for each number, or `None` when it is withheld: `sip:`, spaces and punctuation go, `00` becomes `+`. A
/// SIP name that is no number stays as it is, in lower case.
fn normalise(number: &str) -> Option<String> {
    let number = number.trim().to_lowercase();
    let number = ["sips:", "sip:", "tel:"].iter().find_map(|scheme| number.strip_prefix(scheme)).unwrap_or(&number);
    let (user, host) = number.split_once('@').map_or((number, None), |(user, host)| (user, Some(host)));
    if WITHHELD.contains(&user) || host == Some("anonymous.invalid") {
        return None;
    }
    let bare: String = user.chars().filter(|c| !" \u{a0}-./()".contains(*c)).collect();
    let digits = bare.strip_prefix('+').unwrap_or(&bare);
    if digits.is_empty() || !digits.bytes().all(|c| c.is_ascii_digit()) {
        return Some(number.to_owned());
    }
    Some(match bare.strip_prefix("00") {
        Some(international) => format!("+{international}"),
        None => bare,
    })
}

#[cfg(test)]
mod tests {
    use super::normalise;

    #[test]
    fn one_number_has_one_spelling() {
        let check =
            |number: &str, expected: Option<&str>| assert_eq!(normalise(number).as_deref(), expected, "{number}");
        for spelling in ["+49 30 1234-567", "0049301234567", "tel:+49(30)1234567", "sip:+49301234567@trunk.example"] {
            check(spelling, Some("+49301234567"));
        }
        check("101", Some("101"));
        check("Alice@Shop.example", Some("alice@shop.example"));
        for withheld in ["", "  ", "Anonymous", "sip:anonymous@anonymous.invalid", "unknown"] {
            check(withheld, None);
        }
    }
}
