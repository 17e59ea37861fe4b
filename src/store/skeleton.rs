//! The queries of a tenant.
#![allow(clippy::todo, unused_variables, missing_docs)]
use super::*;
use crate::event::*;
use std::time::Duration;

impl Tenant {
    /// Begins a call with its `offered` entry (seq 1). Idempotent.
    pub async fn begin_call(&self, call: CallId, offered: Entry) -> Result<Live, StoreError> {
        todo!()
    }
    /// Appends; idempotent on (call, seq) as given by the call. Returns the entries as stored (cursor, final seq).
    pub async fn append(&self, call: CallId, entries: Vec<Entry>) -> Result<Vec<Live>, StoreError> {
        todo!()
    }
    pub async fn journal(&self, call: CallId) -> Result<Vec<Entry>, StoreError> {
        todo!()
    }
    pub async fn entries_after(&self, cursor: i64, limit: u64) -> Result<Vec<Live>, StoreError> {
        todo!()
    }
    pub async fn last_cursor(&self) -> Result<i64, StoreError> {
        todo!()
    }
    pub async fn calls(
        &self,
        filter: &CallFilter,
        before: Option<CallId>,
        limit: u64,
    ) -> Result<Page<CallSummary, CallId>, StoreError> {
        todo!()
    }
    pub async fn call(&self, id: CallId) -> Result<CallSummary, StoreError> {
        todo!()
    }
    pub async fn unended_calls(&self) -> Result<Vec<CallSummary>, StoreError> {
        todo!()
    }
    pub async fn tickets(
        &self,
        filter: &TicketFilter,
        before: Option<i64>,
        limit: u64,
    ) -> Result<Page<TicketSummary, i64>, StoreError> {
        todo!()
    }
    pub async fn ticket(&self, id: TicketId) -> Result<TicketDetail, StoreError> {
        todo!()
    }
    pub async fn change_ticket(
        &self,
        id: TicketId,
        by: UserId,
        change: TicketChange,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        todo!()
    }
    pub async fn note(&self, id: TicketId, by: UserId, text: Personal, at: Timestamp) -> Result<(), StoreError> {
        todo!()
    }
    pub async fn erase_person(&self, person: PersonId, at: Timestamp) -> Result<(), StoreError> {
        todo!()
    }
    pub async fn person_by_number(&self, number: &Personal) -> Result<Option<PersonId>, StoreError> {
        todo!()
    }
    pub async fn rebuild(&self) -> Result<(), StoreError> {
        todo!()
    }
    pub async fn record(&self, call: CallId) -> Result<RecordingWriter, StoreError> {
        todo!()
    }
    pub async fn recording(&self, call: CallId) -> Result<Option<RecordingReader>, StoreError> {
        todo!()
    }

    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        todo!()
    }
    pub async fn user(&self, id: UserId) -> Result<User, StoreError> {
        todo!()
    }
    pub async fn create_user(&self, user: NewUser, now: Timestamp) -> Result<User, StoreError> {
        todo!()
    }
    pub async fn change_user(&self, id: UserId, change: UserChange) -> Result<User, StoreError> {
        todo!()
    }
    pub async fn verify_password(&self, email: &str, password: &str) -> Result<Option<User>, StoreError> {
        todo!()
    }
    pub async fn open_session(&self, user: UserId, now: Timestamp, lasts: Duration) -> Result<Token, StoreError> {
        todo!()
    }
    pub async fn session_user(&self, token: &str, now: Timestamp) -> Result<Option<User>, StoreError> {
        todo!()
    }
    pub async fn close_session(&self, token: &str) -> Result<(), StoreError> {
        todo!()
    }
    pub async fn create_link(&self, user: UserId, now: Timestamp, lasts: Duration) -> Result<Token, StoreError> {
        todo!()
    }
    pub async fn redeem_link(&self, token: &str, now: Timestamp) -> Result<Option<User>, StoreError> {
        todo!()
    }

    pub async fn put_extension(&self, extension: Extension) -> Result<(), StoreError> {
        todo!()
    }
    pub async fn extension(&self, name: &str) -> Result<Option<Extension>, StoreError> {
        todo!()
    }
    pub async fn extensions(&self) -> Result<Vec<Extension>, StoreError> {
        todo!()
    }
    pub async fn remove_extension(&self, name: &str) -> Result<(), StoreError> {
        todo!()
    }
    pub async fn setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        todo!()
    }
    pub async fn set(&self, key: &str, value: &str) -> Result<(), StoreError> {
        todo!()
    }
}
