//! Session timers (RFC 4028), in both roles: who refreshes, how often, and what happens when nobody does.

use std::time::Duration;

use super::call::{Call, State};
use super::event::Event;
use super::net::{Net, Purpose};
use super::timers::CallTimer;
use crate::message::{Headers, Method, Name, Params, Request, Response};

/// A status, and the headers that go with it.
pub(super) type Refusal = (u16, Vec<(Name, String)>);

/// What was agreed on.
#[derive(Debug, Default)]
pub(super) struct Refresh {
    interval: Option<Duration>,
    /// Whether we refresh.
    ours: bool,
    generation: u32,
    /// What the 2xx to their request says about it.
    pub pending_headers: Vec<(Name, String)>,
}

impl Call {
    /// What we grant to a request of theirs: the headers of the 2xx, or 422.
    pub fn agree_refresh_as_callee(&mut self, net: &Net, headers: &Headers) -> Result<Vec<(Name, String)>, Refusal> {
        let understood = headers.lists(&Name::Supported, "timer") || headers.lists(&Name::Require, "timer");
        let asked = headers.number(&Name::SessionExpires).map(Duration::from_secs);
        let min = net.config.min_se;
        if asked.is_some_and(|asked| asked < min) && understood {
            return Err((422, vec![(Name::MinSe, min.as_secs().to_string())]));
        }
        let interval = match (asked, net.config.session_expires) {
            (None, None) => {
                self.refresh.interval = None;
                return Ok(Vec::new());
            }
            (Some(asked), None) => asked,
            (None, Some(ours)) => ours,
            (Some(asked), Some(ours)) => asked.min(ours),
        };
        // Never below what they say they can stand.
        let theirs = Duration::from_secs(headers.number(&Name::MinSe).unwrap_or(0).min(86_400));
        let interval = interval.max(min).max(theirs);
        let named = refresher(headers);
        let they = understood && named.as_deref() != Some("uas");
        self.refresh.interval = Some(interval);
        self.refresh.ours = !they;
        let who = if they { "uac" } else { "uas" };
        let mut answer = vec![(Name::SessionExpires, format!("{};refresher={who}", interval.as_secs()))];
        if they {
            answer.push((Name::Require, "timer".to_owned()));
        }
        if !understood {
            // They would not know what to make of it; we refresh all the same.
            answer.clear();
        }
        Ok(answer)
    }

    /// What their 2xx to a request of ours settles.
    pub fn agree_refresh_as_caller(&mut self, net: &mut Net, headers: &Headers) {
        match headers.number(&Name::SessionExpires) {
            Some(seconds) => {
                // An interval of nothing would have us refresh without a pause.
                let least = net.config.min_se.min(Duration::from_secs(10));
                self.refresh.interval = Some(Duration::from_secs(seconds.min(86_400)).max(least));
                self.refresh.ours = refresher(headers).as_deref() != Some("uas");
            }
            // They know nothing of timers: we find out by ourselves whether they are still there.
            None => {
                self.refresh.interval = net.config.session_expires;
                self.refresh.ours = true;
            }
        }
        self.schedule_refresh(net);
    }

    /// Begins the interval anew.
    pub fn schedule_refresh(&mut self, net: &mut Net) {
        let generation = self.next_generation();
        self.refresh.generation = generation;
        let Some(interval) = self.refresh.interval else { return };
        if self.refresh.ours {
            net.call_after(interval / 2, self.id, CallTimer::Refresh(generation));
        } else {
            // RFC 4028 section 10: before the end, so that BYE and refresh don't cross.
            let margin = (interval / 3).min(Duration::from_secs(32));
            net.call_after(interval - margin, self.id, CallTimer::SessionExpired(generation));
        }
    }

    pub fn push_refresh_headers(&self, net: &Net, request: &mut Request) {
        if let Some(interval) = self.refresh.interval.or(net.config.session_expires) {
            let who = if self.refresh.ours { "uac" } else { "uas" };
            request.headers.push(Name::SessionExpires, format!("{};refresher={who}", interval.as_secs()));
            request.headers.push(Name::MinSe, net.config.min_se.as_secs().to_string());
        }
    }

    pub fn on_refresh_due(&mut self, net: &mut Net, generation: u32) {
        if self.refresh.generation != generation || !matches!(self.state, State::Up | State::Answered) {
            return;
        }
        if self.dialog.as_ref().is_some_and(|dialog| dialog.updates) {
            let Some(mut update) = self.request(Method::Update) else { return };
            self.push_refresh_headers(net, &mut update);
            self.send(net, update, Purpose::Update { offer: false });
        } else {
            net.event(Event::RefreshDue { call: self.id });
        }
        // In case nothing comes of it, once more at the end.
        self.schedule_refresh(net);
    }

    /// The answer to an UPDATE that only refreshes.
    pub fn on_refreshed(&mut self, net: &mut Net, response: &Response) {
        match response.status {
            200..=299 => self.agree_refresh_as_caller(net, &response.headers),
            // They said they could and cannot: an offer will do it.
            405 | 501 => {
                if let Some(dialog) = &mut self.dialog {
                    dialog.updates = false;
                }
                net.event(Event::RefreshDue { call: self.id });
            }
            _ => {}
        }
    }

    pub fn on_session_expired(&mut self, net: &mut Net, generation: u32) {
        if self.refresh.generation == generation && matches!(self.state, State::Up | State::Answered) {
            self.vanished(net, "the other side has not refreshed the session".to_owned());
        }
    }
}

fn refresher(headers: &Headers) -> Option<String> {
    let value = headers.get(&Name::SessionExpires)?;
    let (_, params) = value.split_once(';')?;
    Params::parse(params).ok()?.value("refresher").map(str::to_ascii_lowercase)
}
