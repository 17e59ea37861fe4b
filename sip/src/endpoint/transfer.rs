//! REFER (RFC 3515) in both directions, with the news of its progress in NOTIFY (`message/sipfrag`, RFC 3420).

use bytes::Bytes;

use super::call::{Call, State};
use super::event::{Event, Refer};
use super::net::{Net, Purpose, ServerId};
use crate::message::{Method, Name, NameAddr, Replaces, Request, Response, Uri, reason_phrase};

/// Transfers that a peer may ask for at a time.
const MAX_REFERS: usize = 4;

#[derive(Debug, Default)]
pub(super) struct Transfers {
    theirs: Vec<Theirs>,
}

#[derive(Debug)]
struct Theirs {
    refer: u32,
    server: ServerId,
    /// Whether they want no news (RFC 4488).
    silent: bool,
}

impl Call {
    // ── They ask us ──────────────────────────────────────────────────────────────────────────────────────────────────

    pub fn on_refer(&mut self, net: &mut Net, id: ServerId, request: &Request) {
        let headers = &request.headers;
        if self.state != State::Up && self.state != State::Answered {
            return self.reply_plain(net, id, 481);
        }
        let mut targets = headers.list(&Name::ReferTo);
        let to = match (targets.next().map(NameAddr::parse), targets.next()) {
            (Some(Ok(to)), None) => to,
            _ => return self.reply_plain(net, id, 400),
        };
        let method = to.uri.params.value("method").unwrap_or("INVITE");
        if !to.uri.is_sip() && to.uri.scheme != crate::message::Scheme::Tel || !method.eq_ignore_ascii_case("INVITE") {
            return self.reply_plain(net, id, 603);
        }
        if self.transfers.theirs.len() >= MAX_REFERS {
            return self.reply_plain(net, id, 486);
        }
        let refer = headers.cseq().map_or(0, |cseq| cseq.seq);
        let silent = headers.get(&Name::ReferSub).is_some_and(|v| v.trim().eq_ignore_ascii_case("false"));
        self.transfers.theirs.push(Theirs { refer, server: id, silent });
        let replaces = Replaces::in_uri(&to.uri);
        let by = headers.address(&Name::ReferredBy);
        net.event(Event::Refer(Box::new(Refer { call: self.id, refer, to, by, replaces })));
    }

    /// Takes on their transfer (202) or refuses it.
    pub fn refer_reply(&mut self, net: &mut Net, refer: u32, status: u16) {
        let Some(at) = self.transfers.theirs.iter().position(|known| known.refer == refer) else { return };
        let (server, silent) = (self.transfers.theirs[at].server, self.transfers.theirs[at].silent);
        if status >= 300 {
            self.transfers.theirs.remove(at);
            return self.reply_plain(net, server, status);
        }
        let headers = if silent { vec![(Name::ReferSub, "false".to_owned())] } else { Vec::new() };
        let mut all = self
            .dialog
            .as_ref()
            .map(|d| d.peer)
            .map_or_else(Vec::new, |peer| vec![(Name::Contact, net.contact(peer, &self.user))]);
        all.extend(headers);
        self.reply(net, server, 202, all, Bytes::new());
        self.refer_progress(net, refer, 100, reason_phrase(100));
    }

    /// Tells them how the transfer goes, by a status and in words; a final status is the last news.
    pub fn refer_progress(&mut self, net: &mut Net, refer: u32, status: u16, words: &str) {
        let Some(at) = self.transfers.theirs.iter().position(|known| known.refer == refer) else { return };
        let silent = self.transfers.theirs[at].silent;
        if status >= 200 {
            self.transfers.theirs.remove(at);
        }
        if silent || self.state == State::Over {
            return;
        }
        let Some(mut notify) = self.request(Method::Notify) else { return };
        notify.headers.push(Name::Event, format!("refer;id={refer}"));
        let state = if status >= 200 { "terminated;reason=noresource" } else { "active;expires=60" };
        notify.headers.push(Name::SubscriptionState, state);
        notify.headers.push(Name::ContentType, "message/sipfrag;version=2.0");
        notify.body = format!("SIP/2.0 {status} {}\r\n", words.replace(['\r', '\n'], " ")).into();
        self.send(net, notify, Purpose::Notify);
    }

    // ── We ask them ──────────────────────────────────────────────────────────────────────────────────────────────────

    /// Asks the other side to call `to`, replacing a dialog of ours if it names one in its headers.
    pub fn refer(&mut self, net: &mut Net, to: &Uri) {
        // Whoever answered need not wait for the ACK: only BYE must (RFC 3261 section 15).
        if !matches!(self.state, State::Up | State::Answered) {
            return net.event(Event::Transfer { call: self.id, status: 481, done: true });
        }
        let Some(mut refer) = self.request(Method::Refer) else { return };
        refer.headers.push(Name::ReferTo, format!("<{to}>"));
        let local = self.dialog.as_ref().map(|dialog| dialog.local.clone()).unwrap_or_default();
        if let Ok(by) = NameAddr::parse(&local) {
            refer.headers.push(Name::ReferredBy, NameAddr::new(by.uri).to_string());
        }
        self.send(net, refer, Purpose::Refer);
    }

    pub fn on_refer_response(&mut self, net: &mut Net, response: &Response) {
        let done = response.status >= 300;
        net.event(Event::Transfer { call: self.id, status: response.status, done });
    }

    /// News of the transfer that we asked for.
    pub fn on_notify(&mut self, net: &mut Net, id: ServerId, request: &Request) {
        let headers = &request.headers;
        let event = headers.get(&Name::Event).unwrap_or_default();
        if !event.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("refer") {
            return self.reply(net, id, 489, vec![(Name::AllowEvents, "refer".to_owned())], Bytes::new());
        }
        self.reply_plain(net, id, 200);
        let over = headers.get(&Name::SubscriptionState).is_some_and(|state| {
            state.trim_start().get(..10).is_some_and(|start| start.eq_ignore_ascii_case("terminated"))
        });
        let status = std::str::from_utf8(&request.body).ok().and_then(|text| {
            let mut words = text.trim_start().split_ascii_whitespace();
            words.next().filter(|version| version.eq_ignore_ascii_case("SIP/2.0"))?;
            words.next()?.parse::<u16>().ok().filter(|status| (100..700).contains(status))
        });
        // Over without a result counts as a failure: nobody said that it worked.
        let Some(status) = status.or(over.then_some(480)) else { return };
        net.event(Event::Transfer { call: self.id, status, done: over || status >= 200 });
    }
}
