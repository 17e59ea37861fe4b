//! What was said about a leg over its WebSocket, kept for whoever looks into the call: each message with its description, without passwords,
//! tokens and pressed digits.

use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;
use serde_json::Value;
use sip::sdp::redacted;
use tokio::sync::watch;

use crate::call::Signalling;
use crate::event::{Personal, SignalMessage};

/// Messages of one leg that are kept; the last ones make room for newer ones, since how a leg began explains most.
const MOST_MESSAGES: usize = 64;
/// What nobody else may know.
const SECRET: [&str; 2] = ["digit", "resume"];

/// The messages of one leg.
pub struct Ladder {
    local: Personal,
    peer: Mutex<SocketAddr>,
    messages: Mutex<Vec<SignalMessage>>,
    closed: watch::Sender<bool>,
}

impl Ladder {
    /// Between us and a page at `peer`.
    pub fn new(local: SocketAddr, peer: SocketAddr) -> Self {
        let local = Personal::new(local.to_string());
        Ladder { local, peer: Mutex::new(peer), messages: Mutex::default(), closed: watch::Sender::new(false) }
    }

    /// The page comes from elsewhere now.
    pub fn moved(&self, peer: SocketAddr) {
        *self.peer.lock().unwrap_or_else(PoisonError::into_inner) = peer;
    }

    /// Notes a message.
    pub fn note(&self, sent: bool, frame: &str) {
        let peer = *self.peer.lock().unwrap_or_else(PoisonError::into_inner);
        let message = SignalMessage {
            at_us: jiff::Timestamp::now().as_microsecond(),
            sent,
            protocol: "WSS".to_owned(),
            local: self.local.clone(),
            peer: Personal::new(peer.to_string()),
            text: Personal::new(readable(frame)),
        };
        let mut messages = self.all();
        // How the browser hears us is said every few seconds: the newest counts.
        let measured = |message: &SignalMessage| message.text.reveal().starts_with("quality");
        if measured(&message) {
            messages.retain(|earlier| !measured(earlier));
        }
        if messages.len() >= MOST_MESSAGES {
            messages.pop();
        }
        messages.push(message);
    }

    /// Nothing more will be said.
    pub fn close(&self) {
        self.closed.send_replace(true);
    }

    fn all(&self) -> MutexGuard<'_, Vec<SignalMessage>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Signalling for Ladder {
    fn messages(&self) -> Vec<SignalMessage> {
        self.all().clone()
    }

    fn closed(&self) -> BoxFuture<'_, ()> {
        let mut closed = self.closed.subscribe();
        Box::pin(async move {
            let _ = closed.wait_for(|closed| *closed).await;
        })
    }
}

/// A frame as people read it: its type, its fields, and the description in lines of its own.
fn readable(frame: &str) -> String {
    let Ok(Value::Object(mut fields)) = serde_json::from_str(frame) else { return "unreadable".to_owned() };
    let text = |value: Option<Value>| value.and_then(|value| value.as_str().map(str::to_owned));
    let kind = text(fields.remove("type")).unwrap_or_default();
    let description = text(fields.remove("sdp"));
    for name in SECRET {
        if let Some(value) = fields.get_mut(name) {
            *value = Value::from("…");
        }
    }
    let mut lines = format!("{kind} {}\r\n", Value::Object(fields));
    if let Some(description) = description {
        lines.push_str("\r\n");
        lines.push_str(&redacted(&description));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ladder() -> Ladder {
        let at = |address: &str| address.parse().expect("an address");
        Ladder::new(at("127.0.0.1:8080"), at("192.0.2.1:40000"))
    }

    #[test]
    fn passwords_keys_and_secrets_are_not_kept() {
        let ladder = ladder();
        ladder.note(false, r#"{"type":"dial","leg":"a","sdp":"v=0\r\na=ice-pwd:hunter2\r\na=mid:0\r\n"}"#);
        ladder.note(false, r#"{"type":"key","leg":"a","digit":"7"}"#);
        ladder.note(true, r#"{"type":"connected","sdp":"v=0\r\n","resume":"hunter2"}"#);
        let texts: Vec<String> = ladder.messages().iter().map(|message| message.text.reveal().to_owned()).collect();
        assert_eq!(texts[0], "dial {\"leg\":\"a\"}\r\n\r\nv=0\r\na=ice-pwd:…\r\na=mid:0\r\n");
        assert_eq!(texts[1], "key {\"digit\":\"…\",\"leg\":\"a\"}\r\n");
        assert!(texts.iter().all(|text| !text.contains("hunter2") && !text.contains('7')), "{texts:?}");
    }

    #[test]
    fn a_talkative_page_fills_no_memory_and_only_its_newest_measurement_is_kept() {
        let ladder = ladder();
        ladder.note(false, r#"{"type":"accept","leg":"a"}"#);
        for n in 0..1_000 {
            ladder.note(false, &format!(r#"{{"type":"quality","leg":"a","loss":{n}}}"#));
            ladder.note(false, r#"{"type":"hold","leg":"a","on":true}"#);
        }
        let messages = ladder.messages();
        assert!(messages.len() <= MOST_MESSAGES);
        assert!(messages[0].text.reveal().starts_with("accept"));
        assert!(messages.iter().filter(|message| message.text.reveal().starts_with("quality")).count() <= 1);
    }
}
