//! What a channel hands to a call: legs that sound the same whatever protocol carries them.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::future::BoxFuture;
use intent::Language;
use sip::media;

use super::legs::{Legs, Signalling};
use crate::event::{CallId, Channel, Personal};

/// Why a leg could not be had, as a label for the journal and a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// `no_answer`, `declined`, `busy`, `unreachable`, `no_codec`, `gone`, `forbidden` (by the guards of the trunks), `not_found`,
    /// `redirected` (to where it cannot follow), `no_dialog` (there is no such call to take over).
    pub label: &'static str,
    /// With the protocol's own words.
    pub reason: String,
}

impl Refused {
    /// What the journal says of whom it missed: `no_answer` needs no words.
    pub fn missed(&self) -> String {
        if self.label == "no_answer" { self.label.to_owned() } else { format!("{}: {}", self.label, self.reason) }
    }
}

/// How a leg ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegEnd {
    /// The other side hung up.
    Remote,
    /// We did.
    Local,
    /// Our answer was never acknowledged.
    NoAck,
    /// The connection failed.
    Failed,
}

/// A connected leg.
pub struct Leg {
    /// Sound in and out, on the media clock.
    pub sound: media::Leg,
    /// What happens on it.
    pub events: media::LegEvents,
    /// E.g. `PCMU`.
    pub codec: String,
    /// Names it where the other side speaks of it on another leg (an attended transfer).
    pub key: String,
    /// Names it among all legs there are, as in [`Incoming::replaces`].
    pub dialog: String,
    /// The trunk that it goes through; `None` for telephones of ours.
    pub trunk: Option<String>,
    /// The signalling.
    pub control: Box<dyn Control>,
}

/// The signalling of a connected leg.
pub trait Control: Send + Sync {
    /// Ends it. Returns when the other side knows, or was given time to.
    fn hang_up(&mut self) -> BoxFuture<'_, ()>;
    /// Resolves when the leg has ended; safe to drop and ask again.
    fn ended(&mut self) -> BoxFuture<'_, LegEnd>;
    /// What the other side does beside speaking; safe to drop and ask again. Where nobody has ever asked, transfers are declined.
    fn next(&mut self) -> BoxFuture<'_, Wish>;
}

/// What the other side of a leg does beside speaking.
pub enum Wish {
    /// It has ended; said again whenever it is asked.
    Ended(LegEnd),
    /// It put us on hold, or took that back.
    Held(bool),
    /// It wants somebody else to take its place.
    Transfer(Box<dyn Transfer>),
}

/// A transfer that waits for a word. Dropping it declines it, or says that it failed.
pub trait Transfer: Send {
    /// Whom to call: a number or a name as dialled.
    fn to(&self) -> String;
    /// The [`Leg::key`] of the call whose other party is meant: an attended transfer.
    fn replaces(&self) -> Option<String>;
    /// How it goes.
    fn tell(&mut self, news: TransferNews);
}

/// How a transfer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferNews {
    /// It has begun.
    Accepted,
    /// It rings there.
    Ringing,
    /// Whoever asked for it may hang up.
    Done,
    /// As `Done`; the call waits in this slot.
    Parked(u32),
    /// It came to nothing, for the reason with this label.
    Failed(&'static str),
}

/// On what a call comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From outside, and where it is to go.
    Outside(Route),
    /// From the phone of this extension, which has proven itself.
    Extension(String),
}

/// Where a call from outside goes first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// To the flow.
    Flow,
    /// To this queue, and to the flow when nobody takes it.
    Queue(String),
    /// To this agent's phone, and to the flow when nobody takes it.
    Extension(String),
}

/// A call that somebody offers us.
pub trait Incoming: Send + Sync {
    /// The caller's number or name; empty when withheld.
    fn from(&self) -> String;
    /// The number dialled.
    fn to(&self) -> String;
    /// What is said about the leg in its protocol.
    fn signalling(&self) -> Arc<dyn Signalling>;
    /// Through what it comes.
    fn channel(&self) -> Channel {
        Channel::Sip
    }
    /// From where, and where to.
    fn origin(&self) -> Origin {
        Origin::Outside(Route::Flow)
    }
    /// The language that the number dialled has, if it has one.
    fn language(&self) -> Option<Language> {
        None
    }
    /// The [`Leg::key`] that it will have.
    fn key(&self) -> String {
        String::new()
    }
    /// The [`Leg::dialog`] whose place the caller wants to take (RFC 3891): a leg that exists and is up.
    fn replaces(&self) -> Option<String> {
        None
    }
    /// The trunk that it comes through.
    fn trunk(&self) -> Option<String> {
        None
    }
    /// How often it was sent on before it came to us, as far as that is told.
    fn diversions(&self) -> usize {
        0
    }
    /// Says that it rings.
    fn ring(&self) -> BoxFuture<'_, ()>;
    /// Opens its sound before the answer, for what a carrier plays on the way; `None` where the caller can't have that: it rings there.
    fn early(&self) -> BoxFuture<'_, Option<media::Leg>> {
        Box::pin(async {
            self.ring().await;
            None
        })
    }
    /// Resolves when the caller has given up.
    fn cancelled(&self) -> BoxFuture<'_, ()>;
    /// Refuses, for the reason.
    fn refuse(self: Box<Self>, refused: Refused) -> BoxFuture<'static, ()>;
    /// Answers.
    fn answer(self: Box<Self>) -> BoxFuture<'static, Result<Leg, Refused>>;
}

/// What is heard of a call that we place, before it is answered.
#[derive(Clone, Debug)]
pub enum OnTheWay {
    /// It rings there.
    Rings,
    /// A carrier sends sound already on this leg: its ringing tone, an announcement. What we send there before the answer is silence.
    Sounds(media::Leg),
    /// It was sent on, and that is followed.
    Redirected {
        /// By whom: an extension, or the name of a trunk.
        from: String,
        /// Where to.
        to: Personal,
    },
}

/// Somebody who has sent a call on (Diversion, RFC 5806; History-Info, RFC 7044).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diverted {
    /// An extension, or a number as its trunk writes it.
    pub by: String,
    /// Whether it had rung there before.
    pub rang: bool,
}

/// How a call that we place is shown and followed.
#[derive(Clone, Copy)]
pub struct Placing<'a> {
    /// For which call.
    pub call: CallId,
    /// The number or the extension that is shown there.
    pub shown: &'a str,
    /// Who has sent it on, the first one first.
    pub diverted: &'a [Diverted],
    /// Where its legs are put down.
    pub legs: &'a Legs,
    /// Told what is heard of it on the way.
    pub told: &'a (dyn Fn(OnTheWay) + Send + Sync),
}

/// Why no phone of an extension could be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreached {
    /// It does not take the call.
    Refused(Refused),
    /// It sends it on to one of these, as dialled, the first one first.
    Redirected(Vec<String>),
}

/// The agents' phones, and the way out.
pub trait Phones: Send + Sync {
    /// The extensions that can be rung now.
    fn reachable(&self) -> BTreeSet<String>;
    /// Whether there is such an extension.
    fn has(&self, extension: &str) -> bool;
    /// Rings an extension until it answers, refuses or sends the call on. Dropping the future stops the ringing.
    fn ring<'a>(&'a self, extension: &'a str, placing: Placing<'a>) -> BoxFuture<'a, Result<Leg, Unreached>>;
    /// Calls a number outside for `source`, an extension, with whose allowance it counts. Dropping the future gives up.
    fn call_out<'a>(
        &'a self,
        number: &'a str,
        source: &'a str,
        placing: Placing<'a>,
    ) -> BoxFuture<'a, Result<Leg, Refused>>;
}
