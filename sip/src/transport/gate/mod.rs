//! Who is let in: what a source sent so far decides what becomes of its next message. Pure; time is an argument.
//!
//! Three lines, the cheapest first. A source that is banned, or not on the list where only a list may send, is dropped unread and hears
//! nothing. A request that begins something new takes a token of its source; without one it is answered 503, and beyond a bounded rate
//! of answers by nothing. Offences (a scanner's name, refused passwords, unknown users, many users asked for and none reached, what is
//! no SIP) add up and fade; too many of them are a ban of ten minutes, the next one of twice that, up to a day.
//!
//! The source of a datagram can be forged, so a ban can be caused by somebody else. Therefore trunks, proxies and whatever else must
//! never be cut off belong on the allow-list ([`GateConfig::always`], [`Gate::set_always`]): they are neither limited nor banned. A
//! source that has succeeded lately (a phone that registered, a call that was answered) is not banned for what a forger could send,
//! and has more patience for what he could not. Memory is bounded: when there are more sources than are remembered, those that are
//! not share one bucket.

mod net;
mod source;

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::time::{Duration, Instant};

pub(crate) use net::source_of;
pub use net::{Net, NetError};
use source::{Bucket, Source};

use crate::message::{Message, Method, Name, ParseError, Request};

/// What the gate lets through, and what it bans for.
#[derive(Clone, Debug)]
pub struct GateConfig {
    /// Longer messages are dropped, in bytes.
    pub max_bytes: usize,
    /// New requests per second that one source may send, sustained.
    pub per_second: f64,
    /// New requests at once that one source may send, after a quiet time.
    pub burst: f64,
    /// Requests per second, of all sources together, that are answered with 503 when they come too fast; more are dropped.
    pub refusals_per_second: f64,
    /// The allow-list: never limited, never banned. Trunks and proxies belong here.
    pub always: Vec<Net>,
    /// When it names anything: only these, and the allow-list, may send at all.
    pub only: Vec<Net>,
    /// Product names (User-Agent) of scanners; a whole word of the header has to match, in any case.
    pub scanners: Vec<String>,
    /// Refused passwords and unknown users until a ban; one is forgotten each minute. What is no SIP counts as a tenth.
    pub offences: f64,
    /// Different users that a source may ask for within a minute, while it never succeeded.
    pub users_per_minute: usize,
    /// The first ban.
    pub ban: Duration,
    /// The longest ban; also how long an earlier one is remembered.
    pub longest_ban: Duration,
    /// Whether this machine's own addresses can be banned.
    pub ban_loopback: bool,
    /// Sources remembered at a time, and bans.
    pub sources: usize,
}

impl Default for GateConfig {
    fn default() -> Self {
        GateConfig {
            max_bytes: crate::message::MAX_BYTES,
            per_second: 500.0,
            burst: 1_000.0,
            refusals_per_second: 1_000.0,
            always: Vec::new(),
            only: Vec::new(),
            scanners: SCANNERS.map(str::to_owned).to_vec(),
            offences: 10.0,
            users_per_minute: 60,
            ban: Duration::from_secs(600),
            longest_ban: Duration::from_secs(86_400),
            ban_loopback: false,
            sources: 50_000,
        }
    }
}

/// Names under which tools that search the net for telephone systems introduce themselves.
const SCANNERS: [&str; 12] = [
    "friendly-scanner",
    "friendly-request",
    "sipvicious",
    "sundayddr",
    "pplsip",
    "sipcli",
    "sip-scan",
    "sipscan",
    "siparmyknife",
    "sivus",
    "sipptk",
    "smap",
];

/// A source that has succeeded within this is known.
const KNOWN_FOR: Duration = Duration::from_secs(3_600);
/// A known source may offend so many times more often.
const KNOWN_PATIENCE: f64 = 5.0;
/// What something that is no SIP, or belongs to no dialog, counts.
const SMALL: f64 = 0.1;
/// Full tables are searched for what can go at most so often.
const SWEEP: Duration = Duration::from_secs(1);

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    Pass,
    /// A stateless 503: the source sends new requests too fast.
    Refuse,
    /// Nothing is said.
    Drop,
}

/// Why messages were dropped or refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Their source is banned.
    Banned,
    /// Only a list may send, and their source is not on it.
    NotListed,
    /// Longer than the limit.
    TooLong,
    /// No SIP.
    Malformed,
    /// A scanner's name, or many users.
    Scanner,
    /// New requests beyond the rate that were told so.
    Refused,
    /// New requests beyond the rate, and beyond that of answers.
    TooFast,
    /// Connections beyond the bounds.
    TooManyConnections,
    /// Datagrams that a full socket did not take.
    NotSent,
}

impl Reason {
    /// Every reason, in the order of their counters.
    pub const ALL: [Reason; 9] = [
        Reason::Banned,
        Reason::NotListed,
        Reason::TooLong,
        Reason::Malformed,
        Reason::Scanner,
        Reason::Refused,
        Reason::TooFast,
        Reason::TooManyConnections,
        Reason::NotSent,
    ];

    /// A short name, for metrics.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Banned => "banned",
            Reason::NotListed => "not_listed",
            Reason::TooLong => "too_long",
            Reason::Malformed => "malformed",
            Reason::Scanner => "scanner",
            Reason::Refused => "refused",
            Reason::TooFast => "too_fast",
            Reason::TooManyConnections => "too_many_connections",
            Reason::NotSent => "not_sent",
        }
    }
}

/// What a source has done that an honest one seldom does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offence {
    /// A wrong password. The nonce was ours, so this cannot have been forged.
    FailedAuth,
    /// A user that does not exist was asked for.
    UnknownUser,
    /// What is no SIP.
    Malformed,
    /// A request within a dialog that does not exist.
    Stray,
    /// A scanner's name.
    Scanner,
    /// Many different users within a minute, and no success.
    ManyUsers,
    /// Somebody banned it by hand.
    ByHand,
}

impl Offence {
    /// In a few words, for people.
    pub fn describe(self) -> &'static str {
        match self {
            Offence::FailedAuth => "repeated wrong passwords",
            Offence::UnknownUser => "repeated calls to unknown users",
            Offence::Malformed => "a flood of what is no SIP",
            Offence::Stray => "a flood of requests for dialogs that do not exist",
            Offence::Scanner => "a scanner by its own name",
            Offence::ManyUsers => "asked for many different users and reached none",
            Offence::ByHand => "banned by hand",
        }
    }
}

/// A source that is not listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ban {
    /// The address; of IPv6 the first of its /64.
    pub ip: IpAddr,
    /// When it ends.
    pub until: Instant,
    /// What brought it about.
    pub reason: Offence,
    /// How often this source was banned lately.
    pub times: u32,
}

/// The memory of what sources did.
#[derive(Debug)]
pub struct Gate {
    config: GateConfig,
    sources: HashMap<IpAddr, Source>,
    bans: HashMap<IpAddr, Ban>,
    strangers: Bucket,
    refusals: Bucket,
    swept: Instant,
    hasher: RandomState,
    dropped: [u64; Reason::ALL.len()],
}

impl Gate {
    /// A gate that has seen nobody.
    pub fn new(config: GateConfig, now: Instant) -> Self {
        Gate {
            strangers: Bucket::full(config.burst, now),
            refusals: Bucket::full(config.refusals_per_second, now),
            config,
            sources: HashMap::new(),
            bans: HashMap::new(),
            swept: now,
            hasher: RandomState::new(),
            dropped: [0; Reason::ALL.len()],
        }
    }

    /// Whether a source may be read at all; asked before anything is parsed, and when a connection is accepted.
    pub fn admits(&mut self, source: IpAddr, now: Instant) -> bool {
        if self.is_always(source) {
            return true;
        }
        if !self.config.only.is_empty() && !self.config.only.iter().any(|net| net.contains(source)) {
            self.count(Reason::NotListed);
            return false;
        }
        if self.bans.is_empty() {
            return true;
        }
        let banned = self.is_banned(source, now);
        if banned {
            self.count(Reason::Banned);
        }
        !banned
    }

    /// Whether a source is banned now.
    pub fn is_banned(&self, source: IpAddr, now: Instant) -> bool {
        !self.is_always(source) && self.bans.get(&source_of(source)).is_some_and(|ban| now < ban.until)
    }

    /// Whether a source may open a connection now: that costs a token like a new request, because a handshake costs more than one.
    pub fn connects(&mut self, source: IpAddr, now: Instant) -> bool {
        if !self.admits(source, now) {
            return false;
        }
        let enough = self.is_always(source) || self.take(source, now);
        if !enough {
            self.count(Reason::TooFast);
        }
        enough
    }

    /// Judges a message of `length` bytes from a source that was admitted.
    pub fn judge(
        &mut self,
        source: IpAddr,
        length: usize,
        message: &Result<Message, ParseError>,
        now: Instant,
    ) -> Verdict {
        if length > self.config.max_bytes {
            return self.drop(Reason::TooLong);
        }
        if self.is_always(source) {
            return if matches!(message, Err(ParseError::Garbage(_))) {
                self.drop(Reason::Malformed)
            } else {
                Verdict::Pass
            };
        }
        let request = match message {
            Ok(Message::Response(_)) => return Verdict::Pass,
            Ok(Message::Request(request)) => request,
            Err(ParseError::KeepAlive) => return Verdict::Pass,
            Err(ParseError::Garbage(_)) => {
                self.report(source, Offence::Malformed, now);
                return self.drop(Reason::Malformed);
            }
            Err(ParseError::Answerable { request, .. }) => {
                self.report(source, Offence::Malformed, now);
                request
            }
        };
        if self.is_scanner(request) {
            self.report(source, Offence::Scanner, now);
            return self.drop(Reason::Scanner);
        }
        let begins = request.to_tag().is_none() && !matches!(request.method, Method::Ack | Method::Cancel);
        if begins { self.begin(source, request, now) } else { Verdict::Pass }
    }

    /// Notes an offence, and bans the source if it was one too many.
    pub fn report(&mut self, source: IpAddr, offence: Offence, now: Instant) {
        if self.is_always(source) || (source.to_canonical().is_loopback() && !self.config.ban_loopback) {
            return;
        }
        let limit = self.config.offences;
        let Some(entry) = self.source(source, now) else {
            // Not remembered, so nothing adds up; a scanner has said enough.
            if offence == Offence::Scanner {
                self.ban(source, offence, now);
            }
            return;
        };
        let known = entry.is_known(now, KNOWN_FOR);
        let enough = match offence {
            Offence::ByHand => true,
            Offence::Scanner | Offence::ManyUsers => !known,
            Offence::FailedAuth | Offence::UnknownUser => {
                entry.offend(1.0, now) >= if known { limit * KNOWN_PATIENCE } else { limit }
            }
            // Anybody can send this in the name of a known source.
            Offence::Malformed | Offence::Stray => entry.offend(SMALL, now) >= limit && !known,
        };
        if enough {
            self.ban(source, offence, now);
        }
    }

    /// A source has registered, or a call from it was answered.
    pub fn succeeded(&mut self, source: IpAddr, now: Instant) {
        if !self.is_always(source)
            && let Some(entry) = self.source(source, now)
        {
            entry.succeed(now);
        }
    }

    /// The bans in force.
    pub fn bans(&self, now: Instant) -> Vec<Ban> {
        self.bans.values().filter(|ban| now < ban.until).copied().collect()
    }

    /// Forgets a ban, and what led to it; says whether there was one.
    pub fn unban(&mut self, source: IpAddr, now: Instant) -> bool {
        let source = source_of(source);
        self.sources.remove(&source);
        self.bans.remove(&source).is_some_and(|ban| now < ban.until)
    }

    /// Replaces the allow-list; whoever is on it is no longer banned.
    pub fn set_always(&mut self, always: Vec<Net>) {
        self.config.always = always;
    }

    /// Whether a source is on the allow-list.
    pub fn is_always(&self, source: IpAddr) -> bool {
        self.config.always.iter().any(|net| net.contains(source))
    }

    /// How many messages were dropped or refused, by reason.
    pub fn dropped(&self) -> impl Iterator<Item = (Reason, u64)> {
        Reason::ALL.into_iter().zip(self.dropped)
    }

    /// Counts something that was dropped elsewhere.
    pub(crate) fn count(&mut self, reason: Reason) {
        if let Some(at) = Reason::ALL.iter().position(|known| *known == reason) {
            self.dropped[at] += 1;
        }
    }

    /// The same tag for the same request, however often it is sent (RFC 3261 section 8.2.7).
    pub(crate) fn steady_tag(&self, request: &Request) -> String {
        let headers = &request.headers;
        format!(
            "{:016x}",
            self.hasher.hash_one((headers.call_id(), headers.get(&Name::From), headers.get(&Name::CSeq)))
        )
    }

    fn drop(&mut self, reason: Reason) -> Verdict {
        self.count(reason);
        Verdict::Drop
    }

    /// A request that begins something: one more user asked for, one token.
    fn begin(&mut self, source: IpAddr, request: &Request, now: Instant) -> Verdict {
        let users = self.config.users_per_minute;
        let user = self.user(request);
        let enough = self.take(source, now);
        if let (Some(user), Some(entry)) = (user, self.source(source, now))
            && entry.ask_for(user, users, now) > users
            && !entry.is_known(now, KNOWN_FOR)
            && (!source.to_canonical().is_loopback() || self.config.ban_loopback)
        {
            self.report(source, Offence::ManyUsers, now);
            return self.drop(Reason::Scanner);
        }
        if enough { Verdict::Pass } else { self.refuse(now) }
    }

    /// Takes a token of a source, or of all those together that cannot be remembered.
    fn take(&mut self, source: IpAddr, now: Instant) -> bool {
        let (rate, burst) = (self.config.per_second, self.config.burst);
        match self.source(source, now) {
            Some(entry) => entry.tokens.take(rate, burst, now),
            None => self.strangers.take(rate, burst, now),
        }
    }

    fn refuse(&mut self, now: Instant) -> Verdict {
        let rate = self.config.refusals_per_second;
        if self.refusals.take(rate, rate, now) {
            self.count(Reason::Refused);
            Verdict::Refuse
        } else {
            self.drop(Reason::TooFast)
        }
    }

    /// Whom a request asks for, as a number that says nothing about them.
    fn user(&self, request: &Request) -> Option<u32> {
        let user = match request.method {
            // All registrations of a domain have the same Request-URI.
            Method::Register => request.headers.address(&Name::To)?.uri.user,
            _ => request.uri.user.clone(),
        };
        Some(self.hasher.hash_one(user?) as u32)
    }

    fn is_scanner(&self, request: &Request) -> bool {
        let Some(product) = request.headers.get(&Name::UserAgent) else { return false };
        let product = product.to_ascii_lowercase();
        self.config.scanners.iter().any(|scanner| has_word(&product, &scanner.to_ascii_lowercase()))
    }

    fn ban(&mut self, source: IpAddr, reason: Offence, now: Instant) {
        let ip = source_of(source);
        if !self.bans.contains_key(&ip) && self.bans.len() >= self.config.sources {
            self.sweep(now);
            if self.bans.len() >= self.config.sources {
                return;
            }
        }
        let before = self.bans.get(&ip);
        if before.is_some_and(|ban| now < ban.until) {
            return;
        }
        let times = before.map_or(0, |ban| ban.times) + 1;
        let length = self.config.ban.saturating_mul(1 << (times - 1).min(20)).min(self.config.longest_ban);
        // After it, the source begins anew, but is remembered as one that was banned.
        self.sources.remove(&ip);
        self.bans.insert(ip, Ban { ip, until: now + length, reason, times });
        tracing::info!(source = %ip, minutes = length.as_secs() / 60, reason = reason.describe(), "a source of SIP is banned");
    }

    /// What is remembered of a source; `None` when no more can be.
    fn source(&mut self, source: IpAddr, now: Instant) -> Option<&mut Source> {
        let ip = source_of(source);
        if !self.sources.contains_key(&ip) {
            if self.sources.len() >= self.config.sources {
                self.sweep(now);
            }
            if self.sources.len() >= self.config.sources {
                return None;
            }
            self.sources.insert(ip, Source::new(self.config.burst, now));
        }
        self.sources.get_mut(&ip)
    }

    /// Makes room: forgets sources of which nothing is known that a new one would not have, and bans that are long over.
    fn sweep(&mut self, now: Instant) {
        if now.saturating_duration_since(self.swept) < SWEEP {
            return;
        }
        self.swept = now;
        let (rate, burst, longest) = (self.config.per_second, self.config.burst, self.config.longest_ban);
        self.sources.retain(|_, source| !source.is_as_new(rate, burst, KNOWN_FOR, now));
        self.bans.retain(|_, ban| now < ban.until + longest);
    }
}

/// Whether a text has this word: what stands beside it is no letter and no digit, so that a `sipclient` is no `sipcli`.
fn has_word(text: &str, word: &str) -> bool {
    let borders = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
    !word.is_empty()
        && text
            .match_indices(word)
            .any(|(at, _)| borders(text[..at].chars().next_back()) && borders(text[at + word.len()..].chars().next()))
}

#[cfg(test)]
mod tests;
