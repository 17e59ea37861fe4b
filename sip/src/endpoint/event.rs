//! What goes in and out of an endpoint besides messages.

use std::fmt;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::config::Peer;
use super::net::ServerId;
use crate::message::{Name, NameAddr, Replaces, Request, Response, Uri};
use crate::ua::Credentials;

/// Names a call of this endpoint. Its tag is made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub(super) u64);

impl CallId {
    pub(super) fn tag(self) -> String {
        format!("{:016x}", self.0)
    }

    pub(super) fn from_tag(tag: &str) -> Option<Self> {
        if tag.len() != 16 {
            return None;
        }
        u64::from_str_radix(tag, 16).ok().map(CallId)
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Names a request outside calls that this side sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub(super) u64);

/// Names an offer of the other side that waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfferId(pub(super) ServerId);

/// What an endpoint wants done.
#[derive(Debug)]
pub enum Output {
    /// Send these bytes.
    Transmit {
        /// To whom.
        to: Peer,
        /// One message.
        bytes: Bytes,
    },
    /// Hear this.
    Event(Event),
}

/// Something that its owner must know.
#[derive(Debug)]
pub enum Event {
    /// Somebody calls. Answer with [`accept`](super::Endpoint::accept), [`provisional`](super::Endpoint::provisional) or
    /// [`reject`](super::Endpoint::reject).
    Incoming(Box<Incoming>),
    /// A call of ours got a provisional response other than 100.
    Provisional {
        /// Which.
        call: CallId,
        /// 101 to 199.
        status: u16,
        /// Its session description; empty when it has none.
        body: Bytes,
    },
    /// A call of ours was answered, and the ACK is on its way.
    Answered {
        /// Which.
        call: CallId,
        /// The session description; empty when what a provisional response said of the session holds.
        body: Bytes,
    },
    /// A call of ours came to nothing. Its last event.
    Failed(Box<Failed>),
    /// Our 200 was acknowledged.
    Acknowledged {
        /// Which.
        call: CallId,
        /// What the ACK brought: the answer when the 200 was the offer.
        body: Bytes,
    },
    /// The other side wants to change the session: answer with [`answer`](super::Endpoint::answer) or [`refuse`](super::Endpoint::refuse).
    Offer {
        /// Which call.
        call: CallId,
        /// Which offer.
        offer: OfferId,
        /// The offer; empty when we are to make one.
        body: Bytes,
    },
    /// Our offer in a call was answered, or refused with this status and reason.
    Answer {
        /// Which.
        call: CallId,
        /// The answer.
        result: Result<Bytes, (u16, String)>,
    },
    /// The session has to be refreshed with an offer, since the other side has no UPDATE: call [`offer`](super::Endpoint::offer).
    RefreshDue {
        /// Which.
        call: CallId,
    },
    /// The peer pressed a key, told by INFO.
    Key {
        /// Which.
        call: CallId,
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: char,
    },
    /// The peer asks us to call somebody (transfer): answer with [`refer_reply`](super::Endpoint::refer_reply).
    Refer(Box<Refer>),
    /// How the transfer goes that we asked the peer for.
    Transfer {
        /// Which.
        call: CallId,
        /// What the target said to the peer; 202 when it only begins.
        status: u16,
        /// Whether there will be no more news.
        done: bool,
    },
    /// A call that was up, or was offered to us, is over. Its last event.
    Ended {
        /// Which.
        call: CallId,
        /// Why.
        cause: EndCause,
    },
    /// Nothing more will happen in a call: after [`Event::Ended`] or [`Event::Failed`], when the last message is out.
    Closed {
        /// Which.
        call: CallId,
        /// Its messages.
        ladder: Vec<Traced>,
    },
    /// A request within a dialog that does not exist: told so (481), and of interest to whoever watches strangers.
    Stray {
        /// Who sent it.
        peer: Peer,
    },
    /// A request outside calls that somebody else must answer (REGISTER): [`reply_outside`](super::Endpoint::reply_outside).
    Request(Box<OutsideRequest>),
    /// The final response to a request outside calls; `None` when none came.
    Response {
        /// Which.
        id: RequestId,
        /// What was said.
        response: Option<Box<Response>>,
    },
}

/// A call that comes in.
#[derive(Debug)]
pub struct Incoming {
    /// Its name from now on.
    pub call: CallId,
    /// The INVITE.
    pub request: Request,
    /// Where it came from.
    pub peer: Peer,
    /// The call that it replaces (RFC 3891), which exists and is up.
    pub replaces: Option<CallId>,
}

/// A call of ours that came to nothing.
#[derive(Debug)]
pub struct Failed {
    /// Which.
    pub call: CallId,
    /// The status; 408 when nothing came back, 487 when we cancelled, 503 when the transport failed.
    pub status: u16,
    /// Its reason phrase.
    pub reason: String,
    /// Whether the status is our own, because no final response came.
    pub local: bool,
    /// The `Reason` header's text or the `Warning`, for people.
    pub explanation: Option<String>,
    /// Where else to try (300 to 399), what is preferred first.
    pub contacts: Vec<Uri>,
    /// When to try again.
    pub retry_after: Option<Duration>,
}

/// A transfer that the peer asks for (RFC 3515).
#[derive(Debug)]
pub struct Refer {
    /// By which call.
    pub call: CallId,
    /// Names this request in replies.
    pub refer: u32,
    /// Whom to call.
    pub to: NameAddr,
    /// Who says that.
    pub by: Option<NameAddr>,
    /// The dialog that the new call is to replace.
    pub replaces: Option<Replaces>,
}

/// A request that somebody else must answer.
#[derive(Debug)]
pub struct OutsideRequest {
    /// Names its transaction.
    pub id: OfferId,
    /// The request; its top Via says where it came from.
    pub request: Request,
    /// Where it came from.
    pub peer: Peer,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndCause {
    /// The other side hung up.
    ByRemote,
    /// We did.
    ByLocal,
    /// The caller gave up before the answer.
    Cancelled,
    /// Our answer was never acknowledged.
    NotAcknowledged,
    /// Refused, or taken back, with this status.
    Refused {
        /// The SIP status.
        status: u16,
        /// Its reason phrase.
        reason: String,
    },
    /// The peer no longer answers: no refresh of the session came, or a request within the call had no answer.
    Vanished(String),
    /// Something else, in words.
    Error(String),
}

/// A call to make.
#[derive(Clone)]
pub struct Invite {
    /// The Request-URI and To.
    pub to: Uri,
    /// From, without a tag.
    pub from: NameAddr,
    /// Where to send it.
    pub peer: Peer,
    /// A route set known beforehand (an outbound proxy).
    pub routes: Vec<Uri>,
    /// Our offer.
    pub body: Bytes,
    /// Further headers.
    pub headers: Vec<(Name, String)>,
    /// Presented when challenged.
    pub credentials: Option<Credentials>,
}

/// A request outside calls.
#[derive(Clone)]
pub struct Outside {
    /// Method, URI and headers, with From (tag included), To, Call-ID and CSeq; Via and Max-Forwards are added.
    pub request: Request,
    /// Where to send it.
    pub peer: Peer,
    /// Presented when challenged.
    pub credentials: Option<Credentials>,
}

/// A message of a call, for its ladder.
#[derive(Clone)]
pub struct Traced {
    /// When it was read or handed out.
    pub at: Instant,
    /// Whether this side sent it.
    pub sent: bool,
    /// The other side.
    pub peer: Peer,
    /// The message as it was on the wire. It carries personal data and perhaps credentials: [`Traced::text`] takes the latter out.
    pub bytes: Bytes,
}

impl fmt::Debug for Traced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Traced({} bytes)", self.bytes.len())
    }
}

impl Traced {
    /// The message without credentials, keys and pressed digits.
    pub fn text(&self) -> String {
        super::clean::cleaned(&String::from_utf8_lossy(&self.bytes))
    }
}
