//! How closed sets of names are stored: as the journal spells them.

use super::model::{CallState, Role};
use crate::event::{Channel, Outcome, TicketStatus};

/// A value of a closed set of names.
pub(super) trait Name: Sized {
    /// The stored name.
    fn stored(self) -> &'static str;
    /// The value of a stored name.
    fn named(name: &str) -> Option<Self>;
}

macro_rules! names {
    ($type:ident: $($variant:ident = $name:literal),+) => {
        impl Name for $type {
            fn stored(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
            fn named(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

names!(CallState: Ringing = "ringing", Bot = "bot", Queued = "queued", Agent = "agent", Ended = "ended");
names!(Channel: Sip = "sip", Extension = "extension", Chat = "chat", Web = "web");
names!(Outcome: Resolved = "resolved", Agent = "agent", Callback = "callback", Voicemail = "voicemail",
    Abandoned = "abandoned", Failed = "failed");
names!(TicketStatus: Open = "open", Pending = "pending", Solved = "solved");
names!(Role: Admin = "admin", Agent = "agent");
