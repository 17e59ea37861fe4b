//! An agent's telephone in the load: an extension that registers, is rung by queues and colleagues, and transfers its callers.

use std::net::SocketAddr;

/// A phone.
pub struct Phone {
    /// Its extension.
    pub user: String,
    pub password: String,
    /// Where it is.
    pub local: SocketAddr,
    /// Its calls that are not over.
    pub calls: u32,
    /// What it does with the call that a colleague is about to transfer to it, or to make.
    pub asked: Option<Manner>,
}

impl Phone {
    /// Whether it could be asked to take a call.
    pub fn is_free(&self) -> bool {
        self.calls == 0 && self.asked.is_none()
    }
}

/// How a phone takes the call that it was chosen for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manner {
    /// Rings, and answers.
    Answer,
    /// Rings a while, and is busy then.
    Refuse,
}

/// What a phone does with a caller from the queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Errand {
    /// Talks until somebody hangs up.
    Stay,
    /// Transfers blindly to a colleague who answers.
    Blind,
    /// Holds, calls a colleague, and connects the two.
    Attended,
    /// Transfers to an extension that does not exist.
    ToNobody,
    /// Transfers to a colleague who is talking.
    ToBusy,
    /// Transfers to a colleague who does not answer, and hangs up meanwhile: the caller goes back to the queue.
    Leave,
    /// It is the call to the colleague of an attended transfer.
    Consult,
}

impl Errand {
    /// The mix, by a number below 100.
    pub fn of(number: u32) -> Self {
        match number {
            0..30 => Self::Blind,
            30..55 => Self::Attended,
            55..65 => Self::ToNobody,
            65..75 => Self::ToBusy,
            75..85 => Self::Leave,
            _ => Self::Stay,
        }
    }
}

/// A call seen from a phone.
pub struct Desk {
    /// Which phone, by its place in the engine's list.
    pub phone: usize,
    /// The INVITE that rang it; empty when it called.
    pub invite: String,
    /// Our tag in a dialog that the other side began.
    pub tag: String,
    /// The URI that it called.
    pub target: String,
    /// The dialog's Call-ID where the other side made it.
    pub call_id: String,
    /// `From` of its requests.
    pub from: String,
    /// The answer to the challenge, for an INVITE of its own.
    pub authorization: Option<String>,
    pub errand: Errand,
    /// The other call of an attended transfer.
    pub other: Option<u64>,
    /// The colleague who was chosen.
    pub picked: Option<usize>,
    /// Whom the caller is transferred to; empty until then.
    pub refer_to: String,
    pub acknowledged: bool,
}

impl Desk {
    /// Whether a transfer was asked for whose result is not known.
    pub fn is_transferring(&self) -> bool {
        !self.refer_to.is_empty()
    }
}

/// The user part of a SIP URI.
pub fn user_of(uri: &str) -> &str {
    uri.strip_prefix("sip:").and_then(|rest| rest.split_once('@')).map_or("", |(user, _)| user)
}

/// The URI of a colleague whose dialog with us is to be replaced (RFC 3891), as it stands in `Refer-To`.
pub fn replacing(uri: &str, call_id: &str, to: &str, from: &str) -> String {
    let tag =
        |value: &str| value.split_once(";tag=").map_or("", |(_, tag)| tag.split(';').next().unwrap_or("")).to_owned();
    let call_id = call_id.replace('@', "%40");
    format!("{uri}?Replaces={call_id}%3Bto-tag%3D{}%3Bfrom-tag%3D{}", tag(to), tag(from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_errand_is_in_the_mix() {
        let share = |errand| (0..100).filter(|&number| Errand::of(number) == errand).count();
        use Errand::{Attended, Blind, Leave, Stay, ToBusy, ToNobody};
        assert_eq!([Blind, Attended, ToNobody, ToBusy, Leave, Stay].map(share), [30, 25, 10, 10, 10, 15]);
    }

    #[test]
    fn a_dialog_to_replace_is_named_by_its_call_id_and_both_tags() {
        let to = replacing("sip:ben@h", "1f.ab@bench", "<sip:ben@h>;tag=x", "<sip:anna@h>;tag=y;z");
        assert_eq!(to, "sip:ben@h?Replaces=1f.ab%40bench%3Bto-tag%3Dx%3Bfrom-tag%3Dy");
    }

    #[test]
    fn a_uri_without_a_user_has_none() {
        assert_eq!((user_of("sip:phone1@127.0.0.1:5060;x"), user_of("sip:127.0.0.1"), user_of("")), ("phone1", "", ""));
    }
}
