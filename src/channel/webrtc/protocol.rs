//! What pages and this service say to each other: JSON text frames on one WebSocket for each page. The browser always offers and sends
//! whole descriptions; `leg` names a leg on one telephone. A message that cannot be read, or has a field too many, is answered with an
//! error and changes nothing.

use serde::{Deserialize, Serialize};

use crate::event::{CallId, Timestamp};

/// Longest name of a leg that a browser may choose.
pub const LONGEST_NAME: usize = 64;
/// Longest thing that is dialled.
pub const LONGEST_NUMBER: usize = 64;

/// What an agent's page says.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum FromPhone {
    /// First of all. One tab has the telephone; `take_over` takes it from another.
    Hello {
        /// Names the tab, also after it was loaded anew.
        tab: String,
        /// Whether another tab is to lose it.
        #[serde(default)]
        take_over: bool,
    },
    /// Takes a call that rings.
    Accept {
        /// Which.
        leg: String,
        /// The offer.
        sdp: String,
    },
    /// Does not take it.
    Decline {
        /// Which.
        leg: String,
        /// Why, for the journal.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Calls somebody.
    Dial {
        /// A name that the page chooses.
        leg: String,
        /// Extension, code or number.
        to: String,
        /// The offer.
        sdp: String,
    },
    /// Ends a leg.
    HangUp {
        /// Which.
        leg: String,
    },
    /// Puts the others on hold, or takes that back.
    Hold {
        /// Which leg.
        leg: String,
        /// Whether on hold.
        on: bool,
    },
    /// A key, where the sound cannot carry it.
    Key {
        /// On which leg.
        leg: String,
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: char,
    },
    /// Sends the other party to somebody else: blind with `to`, or to the party of another leg with `replaces`.
    Transfer {
        /// Whose other party.
        leg: String,
        /// Whom to.
        #[serde(default)]
        to: Option<String>,
        /// Another leg of this telephone.
        #[serde(default)]
        replaces: Option<String>,
    },
    /// A new offer for a leg that goes on: the network changed, or the page was loaded anew.
    Restart {
        /// Which leg.
        leg: String,
        /// The offer.
        sdp: String,
    },
    /// How the browser hears us.
    Quality {
        /// On which leg.
        leg: String,
        /// Lost packets, 0 to 1.
        #[serde(default)]
        loss: Option<f32>,
        /// Jitter in ms.
        #[serde(default)]
        jitter_ms: Option<f32>,
        /// There and back in ms.
        #[serde(default)]
        rtt_ms: Option<f32>,
        /// Mean opinion score.
        #[serde(default)]
        mos: Option<f32>,
    },
}

/// What a caller's page says.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum FromCaller {
    /// Calls.
    Dial {
        /// The offer.
        sdp: String,
    },
    /// A key, where the sound cannot carry it.
    Key {
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: char,
    },
    /// A new offer: the network changed, or the page was loaded anew.
    Restart {
        /// The offer.
        sdp: String,
    },
    /// Ends the call.
    HangUp {},
}

/// What this service says.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToBrowser {
    /// The tab has the telephone.
    Ready {
        /// Whose it is.
        extension: String,
        /// For the browser's ICE agent.
        ice_servers: Vec<IceServer>,
        /// What goes on.
        legs: Vec<LegState>,
    },
    /// A call rings.
    Ringing {
        /// Its leg.
        leg: String,
        /// Which call.
        call: CallId,
        /// Who calls.
        from: String,
        /// Who is called.
        to: String,
    },
    /// It rings no more, and was not taken.
    Stopped {
        /// Its leg.
        leg: String,
        /// `answered_elsewhere`, `gone`, `no_answer`.
        reason: &'static str,
    },
    /// There is sound.
    Connected {
        /// On which leg; a caller has one only.
        #[serde(skip_serializing_if = "Option::is_none")]
        leg: Option<String>,
        /// Which call.
        call: CallId,
        /// The answer.
        sdp: String,
        /// What a caller comes back with when the socket breaks.
        #[serde(skip_serializing_if = "Option::is_none")]
        resume: Option<String>,
    },
    /// There is sound again.
    Restarted {
        /// On which leg.
        #[serde(skip_serializing_if = "Option::is_none")]
        leg: Option<String>,
        /// The answer.
        sdp: String,
    },
    /// How a call goes that was dialled.
    Progress {
        /// Its leg.
        leg: String,
        /// `trying`, `ringing`.
        state: &'static str,
    },
    /// How a transfer goes.
    Transfer {
        /// Of which leg.
        leg: String,
        /// `accepted`, `ringing`, `done`, `failed`.
        state: &'static str,
        /// Why it failed, or the slot in which the call waits.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// What is said in the call.
    Caption {
        /// `bot`, `caller`, `agent`.
        who: &'static str,
        /// The words so far, or all of them.
        text: String,
        /// Whether they are all.
        #[serde(rename = "final")]
        is_final: bool,
        /// Numbers what is said: later words of the same number replace earlier ones.
        seq: u64,
    },
    /// With whom the caller is.
    State {
        /// `bot`, `queue`, `agent`.
        state: &'static str,
        /// Place in the queue, from 1.
        #[serde(skip_serializing_if = "Option::is_none")]
        position: Option<u32>,
        /// How long it may take.
        #[serde(skip_serializing_if = "Option::is_none")]
        wait_s: Option<u32>,
    },
    /// A leg is over.
    Ended {
        /// Which.
        #[serde(skip_serializing_if = "Option::is_none")]
        leg: Option<String>,
        /// `hung_up`, `lost`, or why it could not be connected.
        reason: String,
    },
    /// Another tab has the telephone.
    Elsewhere,
    /// The sign-in is over; calls that are up go on.
    SignedOut,
    /// Something could not be done.
    Error {
        /// A name for programs.
        code: &'static str,
        /// What happened and what to do, for people.
        message: String,
        /// On which leg.
        #[serde(skip_serializing_if = "Option::is_none")]
        leg: Option<String>,
    },
}

/// A leg that goes on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LegState {
    /// Its name.
    pub leg: String,
    /// `ringing`, `dialling`, `connected`, `held`.
    pub state: &'static str,
    /// Who calls, or is called.
    pub from: String,
    /// Which call.
    pub call: CallId,
    /// Since when, in ms since the epoch.
    pub since: Timestamp,
}

/// A STUN or TURN server, as browsers take it (`RTCIceServer`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct IceServer {
    /// E.g. `turn:turn.example.com:3478?transport=udp`.
    pub urls: Vec<String>,
    /// For TURN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// For TURN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

impl ToBrowser {
    /// As a frame.
    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("texts, numbers and ids are always JSON")
    }

    /// An error about a leg.
    pub fn error(code: &'static str, message: impl Into<String>, leg: Option<&str>) -> Self {
        ToBrowser::Error { code, message: message.into(), leg: leg.map(str::to_owned) }
    }
}

/// Whether a key can be pressed on a telephone.
pub fn is_key(digit: char) -> bool {
    digit.is_ascii_digit() || matches!(digit, '*' | '#' | 'A'..='D')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_says_is_read_strictly() {
        for (json, expected) in [
            (r#"{"type":"hello","tab":"t"}"#, Some(FromPhone::Hello { tab: "t".into(), take_over: false })),
            (r#"{"type":"hang_up","leg":"a"}"#, Some(FromPhone::HangUp { leg: "a".into() })),
            (r#"{"type":"hold","leg":"a","on":true}"#, Some(FromPhone::Hold { leg: "a".into(), on: true })),
            (r##"{"type":"key","leg":"a","digit":"#"}"##, Some(FromPhone::Key { leg: "a".into(), digit: '#' })),
            (r#"{"type":"key","leg":"a","digit":"12"}"#, None),
            (r#"{"type":"hang_up","leg":"a","now":true}"#, None),
            (r#"{"type":"hang_up"}"#, None),
            (r#"{"type":"dance","leg":"a"}"#, None),
            (r#"{"leg":"a"}"#, None),
            ("[]", None),
        ] {
            assert_eq!(serde_json::from_str::<FromPhone>(json).ok(), expected, "{json}");
        }
        let quality = serde_json::from_str(r#"{"type":"quality","leg":"a","loss":0.01,"mos":4.1}"#).ok();
        let (loss, mos) = (Some(0.01), Some(4.1));
        assert_eq!(quality, Some(FromPhone::Quality { leg: "a".into(), loss, jitter_ms: None, rtt_ms: None, mos }));
        assert_eq!(serde_json::from_str::<FromCaller>(r#"{"type":"hang_up"}"#).ok(), Some(FromCaller::HangUp {}));
        assert_eq!(serde_json::from_str::<FromCaller>(r#"{"type":"hang_up","leg":"a"}"#).ok(), None);
    }

    #[test]
    fn what_does_not_concern_a_message_is_left_out_of_it() {
        let call = CallId::new();
        let connected = ToBrowser::Connected { leg: Some("a".into()), call, sdp: "v=0".into(), resume: None };
        assert_eq!(connected.text(), format!(r#"{{"type":"connected","leg":"a","call":"{call}","sdp":"v=0"}}"#));
        let caption = ToBrowser::Caption { who: "bot", text: "hi".into(), is_final: true, seq: 1 };
        assert_eq!(caption.text(), r#"{"type":"caption","who":"bot","text":"hi","final":true,"seq":1}"#);
    }
}
