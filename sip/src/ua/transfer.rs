//! A transfer that the other side of a call asks for (RFC 3515): whom to call, and how to tell them how it goes.

use std::sync::Arc;

use super::call::CallState;
use crate::endpoint::Refer;
use crate::message::{Replaces, Uri, reason_phrase};

/// A transfer that waits for a word. Dropping it declines, or, once it was accepted, says that it failed.
pub struct Transfer {
    call: Option<Arc<CallState>>,
    refer: Refer,
    accepted: bool,
}

impl std::fmt::Debug for Transfer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The target is a number.
        f.write_str("Transfer(…)")
    }
}

impl Transfer {
    pub(super) fn new(call: Arc<CallState>, refer: Refer) -> Self {
        Transfer { call: Some(call), refer, accepted: false }
    }

    pub(super) fn forget(mut self) {
        self.call = None;
    }

    /// Whom to call.
    pub fn to(&self) -> &Uri {
        &self.refer.to.uri
    }

    /// The user part of whom to call.
    pub fn to_user(&self) -> String {
        self.refer.to.uri.user()
    }

    /// The dialog to replace: an attended transfer.
    pub fn replaces(&self) -> Option<&Replaces> {
        self.refer.replaces.as_ref()
    }

    /// Who asks, as they say (`Referred-By`).
    pub fn by(&self) -> Option<String> {
        self.refer.by.as_ref().map(|by| by.uri.user())
    }

    /// Takes it on: 202, and news from now on.
    pub fn accept(&mut self) {
        if !self.accepted {
            self.accepted = true;
            self.reply(202);
        }
    }

    /// Whether it was taken on.
    pub fn is_accepted(&self) -> bool {
        self.accepted
    }

    /// How it goes: 100 to 199 on the way, 200 when it worked (after which the other side hangs up), more when it did not.
    pub fn progress(&mut self, status: u16) {
        self.progress_saying(status, reason_phrase(status));
    }

    /// The same, with words of its own that a telephone may show.
    pub fn progress_saying(&mut self, status: u16, words: &str) {
        self.accept();
        if let Some(call) = &self.call {
            call.core.act(|state, now| state.endpoint.refer_progress(now, call.id, self.refer.refer, status, words));
        }
        if status >= 200 {
            self.call = None;
        }
    }

    /// Declines it.
    pub fn decline(mut self, status: u16) {
        if !self.accepted {
            self.reply(status.max(300));
            self.call = None;
        }
    }

    fn reply(&self, status: u16) {
        if let Some(call) = &self.call {
            call.core.act(|state, now| state.endpoint.refer_reply(now, call.id, self.refer.refer, status));
        }
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        if self.call.is_none() {
            return;
        }
        if self.accepted {
            self.progress(503);
        } else {
            self.reply(603);
        }
    }
}
