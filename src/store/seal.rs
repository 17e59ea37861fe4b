//! What is sealed in rows, and what each seal is bound to, so that a body moved to another row does not open; and what
//! stands in place of an event whose person was erased.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{
    Core,
    entity::{event, person},
    error::StoreError,
    key::PersonKey,
    model::ERASED,
};
use crate::event::{
    Channel, Consulted, Decision, Event, How, LanguageBy, Latency, Outcome, Party, Personal, Scored, Speaker,
    Supervision, TenantId, Why,
};
use crate::store::names::Name;

/// The field of a person that holds their language.
const LANGUAGE: &str = "language";

/// How many ids fit one query; both databases allow far more.
pub(super) const AT_ONCE: usize = 500;

/// The keys of some people; `None` for those who were erased.
pub(super) struct Keys(HashMap<Uuid, Option<PersonKey>>);

impl Keys {
    /// Loads the keys of `people`.
    pub(super) async fn load(
        core: &Core,
        on: &impl ConnectionTrait,
        tenant: TenantId,
        people: impl IntoIterator<Item = Uuid>,
    ) -> Result<Self, StoreError> {
        let mut people: Vec<Uuid> = people.into_iter().collect();
        people.sort_unstable();
        people.dedup();
        let mut keys = HashMap::with_capacity(people.len());
        for some in people.chunks(AT_ONCE) {
            let rows = person::Entity::find()
                .filter(person::Column::Tenant.eq(tenant.0))
                .filter(person::Column::Id.is_in(some.iter().copied()));
            for row in rows.all(on).await? {
                let unwrap = |wrapped: Vec<u8>| core.master.unwrap_person_key(&person_aad(tenant.0, row.id), &wrapped);
                keys.insert(row.id, row.wrapped_key.map(unwrap).transpose()?);
            }
        }
        Ok(Self(keys))
    }

    /// The key of one person; `None` when they were erased.
    pub(super) fn of(&self, person: Uuid) -> Option<&PersonKey> {
        self.0.get(&person)?.as_ref()
    }

    /// Opens a sealed field.
    pub(super) fn text(
        &self,
        person: Uuid,
        field: &str,
        tenant: Uuid,
        row: Uuid,
        sealed: &[u8],
    ) -> Result<Personal, StoreError> {
        let Some(key) = self.of(person) else { return Ok(Personal::new(ERASED)) };
        key.open(&field_aad(field, tenant, row), sealed)
            .and_then(|plain| String::from_utf8(plain).ok())
            .map(Personal::new)
            .ok_or_else(|| StoreError::damaged(format!("the {field} of {row}")))
    }

    /// Opens an event.
    pub(super) fn event(&self, row: &event::Model) -> Result<Event, StoreError> {
        let Some(key) = self.of(row.person) else { return Ok(erased(row)) };
        key.open(&event_aad(row.tenant, row.call, row.seq), &row.body)
            .and_then(|plain| serde_json::from_slice(&plain).ok())
            .ok_or_else(|| StoreError::damaged(format!("entry {} of call {}", row.seq, row.call)))
    }
}

/// What a person's wrapped key is bound to.
pub(super) fn person_aad(tenant: Uuid, person: Uuid) -> Vec<u8> {
    field_aad("person", tenant, person)
}

/// What a sealed field of a row is bound to.
pub(super) fn field_aad(field: &str, tenant: Uuid, row: Uuid) -> Vec<u8> {
    // The ids have one length, so the parts cannot run into each other.
    [tenant.as_bytes() as &[u8], row.as_bytes(), field.as_bytes()].concat()
}

/// Seals a field of a row.
pub(super) fn seal_text(key: &PersonKey, field: &str, tenant: Uuid, row: Uuid, text: &Personal) -> Vec<u8> {
    key.seal(&field_aad(field, tenant, row), text.reveal().as_bytes())
}

/// Seals the language of a person.
pub(super) fn seal_language(key: &PersonKey, tenant: Uuid, person: Uuid, language: &Personal) -> Vec<u8> {
    seal_text(key, LANGUAGE, tenant, person, language)
}

/// Opens the language of a person.
pub(super) fn open_language(
    key: &PersonKey,
    tenant: Uuid,
    person: Uuid,
    sealed: &[u8],
) -> Result<Personal, StoreError> {
    key.open(&field_aad(LANGUAGE, tenant, person), sealed)
        .and_then(|plain| String::from_utf8(plain).ok())
        .map(Personal::new)
        .ok_or_else(|| StoreError::damaged(format!("the {LANGUAGE} of {person}")))
}

fn event_aad(tenant: Uuid, call: Uuid, seq: i32) -> Vec<u8> {
    [tenant.as_bytes() as &[u8], call.as_bytes(), b"event", &seq.to_le_bytes()].concat()
}

/// Seals an event.
pub(super) fn seal_event(key: &PersonKey, tenant: Uuid, call: Uuid, seq: i32, event: &Event) -> Vec<u8> {
    let json = serde_json::to_vec(event).expect("an event has only text keys and finite shape, so it is always JSON");
    key.seal(&event_aad(tenant, call, seq), &json)
}

/// What is left of an event whose person was erased: its clear header, with [`ERASED`] where words were. An event that
/// its header does not tell apart from others of its kind becomes a `problem` about `erased`.
fn erased(row: &event::Model) -> Event {
    let gone = || Personal::new(ERASED);
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let (block, label) = (text(&row.block), text(&row.label));
    let turn = row.turn.map_or(0, |turn| turn as u64);
    let ms = row.duration_ms.map_or(0, |ms| ms as u32);
    let score = row.score.unwrap_or_default();
    let from_ms = row.audio_ms.map_or(0, |ms| ms as u32);
    let to_ms = from_ms.saturating_add(ms);
    match row.kind.as_str() {
        "answered" => Event::Answered { codec: String::new() },
        "entered" => Event::Entered { block, block_kind: label },
        "left" => Event::Left { block, edge: label, to: String::new() },
        "said" => Event::Said { turn, text: gone(), played_ms: ms, of_ms: ms, completed: true },
        "heard" => Event::Heard {
            turn,
            speaker: Speaker::Caller,
            text: gone(),
            confidence: score,
            from_ms,
            to_ms,
            engine: String::new(),
            alternatives: Vec::new(),
            words: Vec::new(),
        },
        "not_heard" => Event::NotHeard { turn, from_ms, to_ms, reason: String::new() },
        "key" => Event::Key { digit: gone() },
        "understood" => Event::Understood {
            block,
            decision: match label.as_str() {
                "accepted" => Decision::Accepted,
                "disambiguated" => Decision::Disambiguated,
                _ => Decision::Rejected,
            },
            ranking: row.score.map(|confidence| Scored { intent: ERASED.into(), confidence }).into_iter().collect(),
            model: String::new(),
        },
        "slot" => Event::Slot { block, name: String::new(), value: gone() },
        "language" => Event::Language {
            block: row.block.clone(),
            language: gone(),
            by: LanguageBy::ALL.into_iter().find(|by| by.name() == label).unwrap_or(LanguageBy::Flow),
            remembered: false,
        },
        "no_input" => Event::NoInput { block, count: 1 },
        "no_match" => Event::NoMatch { block, count: 1 },
        "fetched" => Event::Fetched { block, status: None, took_ms: ms, error: None, request: None, reply: None },
        "consulted" => Event::Consulted {
            block,
            question: gone(),
            language: gone(),
            answer: Consulted::ALL.into_iter().find(|answer| answer.name() == label).unwrap_or(Consulted::Unknown),
            articles: Vec::new(),
        },
        "replied" => Event::Replied { turn, latency: Latency { wire_ms: ms, ..Latency::default() } },
        "connecting" => Event::Connecting { to: gone(), brief: gone() },
        "callback_arranged" => {
            Event::CallbackArranged { number: gone(), queue: None, brief: gone(), since: None, priority: None }
        }
        "assigned" => Event::Assigned { agent: label, why: Box::new(Why::nothing(row.at)) },
        "announced" => Event::Announced { place: None, wait_s: None },
        "overflowed" => Event::Overflowed { from: label, to: None, relaxed: None },
        "wrapped_up" => {
            Event::WrappedUp { agent: String::new(), disposition: Some(label).filter(|l| !l.is_empty()), took_ms: ms }
        }
        "looked_up" => Event::LookedUp { block, about: gone(), known: None },
        "rated" => Event::Rated { block, name: label, score: 0, scale: 0 },
        "tagged" => Event::Tagged { block, tags: Vec::new() },
        "recording" => Event::Recording { on: label == "on" },
        "queued" => Event::Queued { queue: label, brief: gone(), priority: None },
        "ringing" => Event::Ringing { agent: label },
        "missed" => Event::Missed { agent: label, reason: String::new() },
        "bridged" => Event::Bridged { agent: label, waited_ms: ms },
        "unbridged" => Event::Unbridged { agent: label, by: Party::Hotline, talked_ms: ms },
        "dialled" => Event::Dialled { to: gone() },
        "redirected" => Event::Redirected { from: label, to: gone() },
        "continues" => Event::Continues { call: label },
        "held" => Event::Held { agent: label },
        "resumed" => Event::Resumed { agent: label },
        "transferred" => Event::Transferred { from: label, to: gone(), how: How::Blind },
        "transfer_failed" => Event::TransferFailed { from: label, to: gone(), reason: String::new() },
        "parked" => Event::Parked { slot: 0, by: label },
        "retrieved" => Event::Retrieved { by: label },
        "joined" => Event::Joined { agent: label },
        "parted" => Event::Parted { agent: label },
        "supervised" => Event::Supervised { by: label, how: Supervision::Over },
        "unqueued" => Event::Unqueued { queue: String::new(), reason: label },
        "hung_up" => Event::HungUp { by: Party::Hotline, cause: label },
        "ended" => Event::Ended { outcome: Outcome::named(&label).unwrap_or(Outcome::Failed), duration_ms: ms },
        "offered" => Event::Offered { channel: Channel::Sip, from: gone(), to: String::new(), flow: String::new() },
        "problem" => Event::Problem { what: label, message: ERASED.into() },
        kind => Event::Problem { what: "erased".into(), message: kind.to_owned() },
    }
}
