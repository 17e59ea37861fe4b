//! A call's legs as an engineer looks at them: messages and sound.

use std::collections::HashSet;

use serde::Serialize;
use utoipa::ToSchema;

use crate::event::{CallId, Event, LegName, LegRole, LegSound, SignalMessage};

/// The signalling and the sound of a call's legs.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallSignalling {
    /// Which call.
    pub call: CallId,
    /// Whether this is all: false while the call goes on.
    pub complete: bool,
    /// When the first message came or went, in microseconds since the epoch; the messages count from here.
    #[schema(required)]
    pub began_us: Option<i64>,
    /// The legs, in the order in which they came about.
    pub legs: Vec<LegView>,
}

/// One leg.
#[derive(Debug, Serialize, ToSchema)]
pub struct LegView {
    /// Its place in the call, from 1.
    pub number: u32,
    /// Whose it is.
    pub role: LegRole,
    /// The caller's number, the extension, or the trunk with the number called.
    pub name: String,
    /// Its messages, in order.
    pub messages: Vec<MessageView>,
    /// How it sounded; nothing when it never did.
    #[schema(required)]
    pub sound: Option<LegSound>,
}

/// One SIP message.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageView {
    /// Microseconds after the call's first message.
    pub after_us: i64,
    /// Whether Hotline sent it.
    pub sent: bool,
    /// `UDP`, `TCP`, `TLS`; `WSS` of a browser.
    pub protocol: String,
    /// Hotline's address and port.
    pub local: String,
    /// The peer's.
    pub peer: String,
    /// Its first line.
    pub start_line: String,
    /// The method, of a response that of the request it answers.
    pub method: String,
    /// The status of a response.
    #[schema(required)]
    pub status: Option<u16>,
    /// Whether it describes sound (SDP).
    pub sdp: bool,
    /// Whether it was sent before, word for word.
    pub repeated: bool,
    /// All of it, without credentials, keys and pressed digits.
    pub text: String,
}

impl CallSignalling {
    /// From what the journal has of a call, or will have.
    pub fn new(call: CallId, complete: bool, events: Vec<Event>) -> Self {
        let mut legs: Vec<LegView> = Vec::new();
        let began_us = events.iter().filter_map(first).min();
        for event in events {
            match event {
                Event::Signalling { leg, messages } => {
                    place(&mut legs, leg).messages = views(messages, began_us.unwrap_or_default());
                }
                Event::LegQuality { leg, sound } => place(&mut legs, leg).sound = Some(*sound),
                _ => {}
            }
        }
        legs.sort_by_key(|leg| leg.number);
        Self { call, complete, began_us, legs }
    }

    /// All messages with their legs, by time.
    pub fn by_time(&self) -> Vec<(&LegView, &MessageView)> {
        let mut all: Vec<_> = self.legs.iter().flat_map(|leg| leg.messages.iter().map(move |m| (leg, m))).collect();
        all.sort_by_key(|(_, message)| message.after_us);
        all
    }
}

fn first(event: &Event) -> Option<i64> {
    match event {
        Event::Signalling { messages, .. } => messages.iter().map(|message| message.at_us).min(),
        _ => None,
    }
}

fn place(legs: &mut Vec<LegView>, leg: LegName) -> &mut LegView {
    let at = legs.iter().position(|known| known.number == leg.number).unwrap_or_else(|| {
        let LegName { number, role, name } = leg;
        legs.push(LegView { number, role, name: name.reveal().to_owned(), messages: Vec::new(), sound: None });
        legs.len() - 1
    });
    &mut legs[at]
}

fn views(messages: Vec<SignalMessage>, began_us: i64) -> Vec<MessageView> {
    let mut seen = HashSet::new();
    let view = |message: SignalMessage| {
        let text = message.text.reveal().to_owned();
        let start_line = text.lines().next().unwrap_or_default().to_owned();
        let status = start_line.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3)?.parse().ok());
        let of = |wanted: &str| header(&text, wanted);
        let method = match status {
            Some(_) => of("cseq").and_then(|value| value.split_whitespace().nth(1)).unwrap_or_default(),
            None => start_line.split(' ').next().unwrap_or_default(),
        };
        let kind = of("content-type").or_else(|| of("c")).unwrap_or_default();
        MessageView {
            after_us: message.at_us - began_us,
            sent: message.sent,
            protocol: message.protocol,
            local: message.local.reveal().to_owned(),
            peer: message.peer.reveal().to_owned(),
            method: method.to_owned(),
            status,
            sdp: kind.to_ascii_lowercase().contains("application/sdp"),
            repeated: !seen.insert((message.sent, text.clone())),
            start_line,
            text,
        }
    };
    messages.into_iter().map(view).collect()
}

/// The value of a header, by its name in small letters.
fn header<'a>(text: &'a str, wanted: &str) -> Option<&'a str> {
    let lines = text.lines().skip(1).take_while(|line| !line.is_empty());
    let pairs = lines.filter_map(|line| line.split_once(':'));
    pairs.into_iter().find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Personal;

    fn message(at_us: i64, sent: bool, text: &str) -> SignalMessage {
        let (local, peer) = (Personal::new("192.0.2.1:5060"), Personal::new("192.0.2.2:5060"));
        SignalMessage { at_us, sent, protocol: "UDP".into(), local, peer, text: Personal::new(text) }
    }

    fn name(number: u32, role: LegRole) -> LegName {
        LegName { number, role, name: Personal::new("x") }
    }

    #[test]
    fn messages_count_from_the_first_of_any_leg_and_repetitions_are_marked() {
        let ok = "SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\nc: application/sdp\r\n\r\nv=0\r\n";
        let events = vec![
            Event::Signalling {
                leg: name(2, LegRole::Agent),
                messages: vec![message(5_000, true, "INVITE sip:101 SIP/2.0\r\n\r\n")],
            },
            Event::Signalling {
                leg: name(1, LegRole::Caller),
                messages: vec![
                    message(1_000, false, "INVITE sip:1 SIP/2.0\r\n\r\n"),
                    message(2_000, true, ok),
                    message(502_000, true, ok),
                ],
            },
        ];
        let view = CallSignalling::new(CallId::new(), true, events);
        assert_eq!((view.began_us, view.legs.len()), (Some(1_000), 2));
        let all = view.by_time();
        let seen: Vec<_> = all
            .iter()
            .map(|(leg, m)| (leg.number, m.after_us, m.method.as_str(), m.status, m.sdp, m.repeated))
            .collect();
        assert_eq!(
            seen,
            [
                (1, 0, "INVITE", None, false, false),
                (1, 1_000, "INVITE", Some(200), true, false),
                (2, 4_000, "INVITE", None, false, false),
                (1, 501_000, "INVITE", Some(200), true, true),
            ]
        );
    }

    #[test]
    fn what_is_no_message_is_shown_as_it_is() {
        let events = vec![Event::Signalling { leg: name(1, LegRole::Caller), messages: vec![message(0, true, "")] }];
        let view = CallSignalling::new(CallId::new(), true, events);
        assert_eq!(view.legs[0].messages[0].method, "");
    }
}
