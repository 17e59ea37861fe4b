//! What a channel hands to a call: legs that sound the same whatever protocol carries them.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::future::BoxFuture;
use sip::media;

use super::legs::{Legs, Signalling};

/// Why a leg could not be had, as a label for the journal and a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// `no_answer`, `declined`, `busy`, `unreachable`, `no_codec`, `gone`, `forbidden` (by the guards of the trunks).
    pub label: &'static str,
    /// With the protocol's own words.
    pub reason: String,
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
    /// The signalling.
    pub control: Box<dyn Control>,
}

/// The signalling of a connected leg.
pub trait Control: Send + Sync {
    /// Ends it. Returns when the other side knows, or was given time to.
    fn hang_up(&mut self) -> BoxFuture<'_, ()>;
    /// Resolves when the leg has ended; safe to drop and ask again.
    fn ended(&mut self) -> BoxFuture<'_, LegEnd>;
}

/// A call that somebody offers us.
pub trait Incoming: Send {
    /// The caller's number or name; empty when withheld.
    fn from(&self) -> String;
    /// The number dialled.
    fn to(&self) -> String;
    /// What is said about the leg in its protocol.
    fn signalling(&self) -> Arc<dyn Signalling>;
    /// Answers.
    fn answer(self: Box<Self>) -> BoxFuture<'static, Result<Leg, Refused>>;
}

/// The agents' phones.
pub trait Phones: Send + Sync {
    /// The extensions that can be rung now.
    fn reachable(&self) -> BTreeSet<String>;
    /// Rings an extension until it answers or refuses, and puts the leg in the call's book. Dropping the future stops the ringing.
    fn ring<'a>(&'a self, extension: &'a str, caller: &'a str, legs: &'a Legs) -> BoxFuture<'a, Result<Leg, Refused>>;
}
