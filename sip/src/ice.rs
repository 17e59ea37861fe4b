//! ICE as a server does it (RFC 8445, the lite side), for all browsers at one UDP port: who sent a datagram, whether that may be believed,
//! and which way a browser is to be reached. Pure: datagrams and times come in, verdicts go out; the socket is left to
//! [`crate::media`].
//!
//! - A connectivity check belongs to the peer that its user name names, and counts only when its integrity proves that whoever sent it
//!   was shown our description. A source is bound to a peer by a proven check and by nothing else; packets count by their source.
//! - The newest check that nominates decides where packets go. So the path moves with the browser: a NAT that gives it another port, a
//!   laptop that goes from cable to Wi-Fi. Before the first nomination the first proven source is used (RFC 8445 section 12.1.1).
//! - An ICE restart (section 9), and a page that was loaded anew, give a peer new credentials beside the old ones, which go when the new
//!   path is nominated. Nothing is sent by us but answers: a lite side makes no checks, so it needs no timers.
//! - Checks that keep coming are the peer's consent (RFC 7675); how long it has been silent is told by whoever owns it.
//!
//! Strangers get little: a check that names nobody is dropped, one that proves nothing is answered as long as its sender asks no more
//! than a few times a second, and neither binds, moves or ends anything. Who knows the password of one peer can not take a source from
//! another that is alive.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

pub use crate::stun::check::Credentials;
use crate::stun::check::{Check, Password, Refusal};
use crate::stun::is_stun;

/// Sources of one peer: a browser has one for each of its networks and families, and one for each relay.
const MOST_SOURCES: usize = 8;
/// Credentials of one peer that are in force together.
const MOST_GENERATIONS: usize = 3;
/// A source of another peer that was proven this recently is not given away. Browsers check at least every 2.5 s (their habit) and
/// must every 5 s (RFC 7675).
const OWNED: Duration = Duration::from_secs(10);
/// Proven checks of one peer that are answered in a second. At their beginning browsers send some twenty for each path.
const MOST_ANSWERS: u32 = 200;
/// Unproven checks from one host that are answered in a second.
const MOST_REFUSALS: u32 = 10;
/// Hosts whose refusals are counted; when there are more, further ones get no answer.
const MOST_HOSTS: usize = 1_024;

/// What becomes of a datagram.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict<'a, T> {
    /// It is a peer's proven check.
    Checked {
        /// Whose.
        peer: &'a T,
        /// To be sent to where it came from.
        answer: Vec<u8>,
        /// Where the peer is to be reached from now on, if that has changed.
        moved: Option<SocketAddr>,
    },
    /// It came from a source of this peer, for whom it is.
    Packet(&'a T),
    /// It changes nothing; what is to be sent back, if anything.
    Dropped(Dropped, Option<Vec<u8>>),
}

/// Why a datagram changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dropped {
    /// It is no check that can be read, and no packet.
    Unreadable,
    /// It is a check for nobody here.
    Unknown,
    /// It is a check without proof.
    Unproven,
    /// It is a check that cannot be followed.
    Refused,
    /// It is a packet from nobody here.
    Stranger,
    /// It is a check from a source that belongs to somebody else.
    Taken,
    /// There were too many checks before it.
    TooMany,
}

impl Dropped {
    /// Every reason.
    pub const ALL: [Dropped; 7] = [
        Dropped::Unreadable,
        Dropped::Unknown,
        Dropped::Unproven,
        Dropped::Refused,
        Dropped::Stranger,
        Dropped::Taken,
        Dropped::TooMany,
    ];

    /// A name for metrics.
    pub fn name(self) -> &'static str {
        match self {
            Dropped::Unreadable => "unreadable",
            Dropped::Unknown => "unknown",
            Dropped::Unproven => "unproven",
            Dropped::Refused => "refused",
            Dropped::Stranger => "stranger",
            Dropped::Taken => "taken",
            Dropped::TooMany => "too_many",
        }
    }
}

/// Names a peer of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerId(u64);

/// All peers of one port; `T` is what their owner knows them by.
#[derive(Debug)]
pub struct Table<T> {
    peers: HashMap<PeerId, Peer<T>>,
    by_ufrag: HashMap<String, PeerId>,
    by_source: HashMap<SocketAddr, PeerId>,
    refusals: HashMap<IpAddr, Budget>,
    last: u64,
}

#[derive(Debug)]
struct Peer<T> {
    owner: T,
    /// The oldest first; there is always one.
    generations: Vec<Generation>,
    sources: Vec<Source>,
    route: Option<SocketAddr>,
    answers: Budget,
}

/// Credentials in force.
#[derive(Debug)]
struct Generation {
    ufrag: String,
    theirs: String,
    password: Password,
}

#[derive(Clone, Copy, Debug)]
struct Source {
    address: SocketAddr,
    proven: Duration,
}

/// How many within this second.
#[derive(Clone, Copy, Debug, Default)]
struct Budget {
    second: u64,
    spent: u32,
}

impl Budget {
    fn spend(&mut self, most: u32, now: Duration) -> bool {
        if self.second != now.as_secs() {
            *self = Budget { second: now.as_secs(), spent: 0 };
        }
        self.spent = self.spent.saturating_add(1);
        self.spent <= most
    }
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table {
            peers: HashMap::new(),
            by_ufrag: HashMap::new(),
            by_source: HashMap::new(),
            refusals: HashMap::new(),
            last: 0,
        }
    }
}

impl Generation {
    fn new(ours: &Credentials, theirs: &str) -> Self {
        let password = Password::new(&ours.password);
        Generation { ufrag: ours.ufrag.clone(), theirs: theirs.to_owned(), password }
    }
}

impl<T> Table<T> {
    /// Adds a peer that was told `ours`, and whose own fragment is `theirs`.
    pub fn add(&mut self, owner: T, ours: &Credentials, theirs: &str) -> PeerId {
        self.last += 1;
        let id = PeerId(self.last);
        self.by_ufrag.insert(ours.ufrag.clone(), id);
        let generations = vec![Generation::new(ours, theirs)];
        let peer = Peer { owner, generations, sources: Vec::new(), route: None, answers: Budget::default() };
        self.peers.insert(id, peer);
        id
    }

    /// Gives a peer further credentials: its ICE restart. Says whether there is such a peer.
    pub fn restart(&mut self, id: PeerId, ours: &Credentials, theirs: &str) -> bool {
        let Some(peer) = self.peers.get_mut(&id) else { return false };
        peer.generations.push(Generation::new(ours, theirs));
        self.by_ufrag.insert(ours.ufrag.clone(), id);
        if peer.generations.len() > MOST_GENERATIONS {
            let oldest = peer.generations.remove(0);
            self.by_ufrag.remove(&oldest.ufrag);
        }
        true
    }

    /// Forgets a peer.
    pub fn remove(&mut self, id: PeerId) -> Option<T> {
        let peer = self.peers.remove(&id)?;
        for generation in &peer.generations {
            self.by_ufrag.remove(&generation.ufrag);
        }
        for source in &peer.sources {
            self.by_source.remove(&source.address);
        }
        Some(peer.owner)
    }

    /// Forgets those whose owner does not want them any more.
    pub fn retain(&mut self, wanted: impl Fn(&T) -> bool) {
        let gone: Vec<PeerId> = self.peers.iter().filter(|(_, peer)| !wanted(&peer.owner)).map(|(id, _)| *id).collect();
        for id in gone {
            self.remove(id);
        }
    }

    /// How many peers there are.
    pub fn len(&self) -> usize {
        self.peers.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }

    /// Judges a datagram; `now` is the time of a clock that never goes back.
    pub fn datagram(&mut self, datagram: &[u8], from: SocketAddr, now: Duration) -> Verdict<'_, T> {
        if is_stun(datagram) {
            return self.check(datagram, from, now);
        }
        // DTLS and RTP with its RTCP (RFC 7983 section 7); nothing else is expected here.
        let is_packet = datagram.first().is_some_and(|first| matches!(first, 20..=63 | 128..=191));
        if !is_packet {
            return Verdict::Dropped(Dropped::Unreadable, None);
        }
        match self.by_source.get(&from).and_then(|id| self.peers.get(id)) {
            Some(peer) => Verdict::Packet(&peer.owner),
            None => Verdict::Dropped(Dropped::Stranger, None),
        }
    }

    fn check(&mut self, datagram: &[u8], from: SocketAddr, now: Duration) -> Verdict<'_, T> {
        let Some(check) = Check::parse(datagram) else {
            return Verdict::Dropped(Dropped::Unreadable, None);
        };
        let Some(&id) = self.by_ufrag.get(check.our_ufrag()) else {
            return Verdict::Dropped(Dropped::Unknown, None);
        };
        let Some(peer) = self.peers.get_mut(&id) else {
            return Verdict::Dropped(Dropped::Unknown, None);
        };
        let age = peer.generations.iter().position(|generation| generation.ufrag == check.our_ufrag());
        let Some(generation) = age.and_then(|age| peer.generations.get(age)) else {
            return Verdict::Dropped(Dropped::Unknown, None);
        };
        let password = generation.password.clone();
        if check.their_ufrag() != generation.theirs || !check.is_proven(&password) {
            let answered = self.may_refuse(from.ip(), now);
            return Verdict::Dropped(Dropped::Unproven, answered.then(|| check.refuse(Refusal::Unproven, None)));
        }
        if !peer.answers.spend(MOST_ANSWERS, now) {
            return Verdict::Dropped(Dropped::TooMany, None);
        }
        if !check.is_understood() {
            return Verdict::Dropped(Dropped::Refused, Some(check.refuse(Refusal::Unknown, Some(&password))));
        }
        if check.is_controlled {
            return Verdict::Dropped(Dropped::Refused, Some(check.refuse(Refusal::RoleConflict, Some(&password))));
        }
        if !self.bind(id, from, now) {
            return Verdict::Dropped(Dropped::Taken, None);
        }
        let answer = check.accept(from, &password);
        let moved = self.follow(id, age.unwrap_or_default(), check.nominates, from);
        match self.peers.get(&id) {
            Some(peer) => Verdict::Checked { peer: &peer.owner, answer, moved },
            None => Verdict::Dropped(Dropped::Unknown, None),
        }
    }

    fn may_refuse(&mut self, host: IpAddr, now: Duration) -> bool {
        if self.refusals.len() >= MOST_HOSTS && !self.refusals.contains_key(&host) {
            self.refusals.retain(|_, budget| budget.second == now.as_secs());
            if self.refusals.len() >= MOST_HOSTS {
                return false;
            }
        }
        self.refusals.entry(host).or_default().spend(MOST_REFUSALS, now)
    }

    /// Gives a source to a peer that has proven that it is there. Says whether it may have it.
    fn bind(&mut self, id: PeerId, from: SocketAddr, now: Duration) -> bool {
        if let Some(&other) = self.by_source.get(&from).filter(|other| **other != id)
            && let Some(peer) = self.peers.get_mut(&other)
        {
            let proven = peer.sources.iter().find(|source| source.address == from).map(|source| source.proven);
            if proven.is_some_and(|proven| now.saturating_sub(proven) < OWNED) {
                return false;
            }
            // Its owner is not there any more: a NAT gave the port to somebody else.
            peer.sources.retain(|source| source.address != from);
        }
        let Some(peer) = self.peers.get_mut(&id) else { return false };
        match peer.sources.iter_mut().find(|source| source.address == from) {
            Some(source) => source.proven = now,
            None => {
                if peer.sources.len() >= MOST_SOURCES {
                    let spare =
                        peer.sources.iter().enumerate().filter(|(_, source)| Some(source.address) != peer.route);
                    let oldest = spare.min_by_key(|(_, source)| source.proven).map(|(at, _)| at);
                    if let Some(oldest) = oldest {
                        let gone = peer.sources.swap_remove(oldest);
                        self.by_source.remove(&gone.address);
                    }
                }
                peer.sources.push(Source { address: from, proven: now });
            }
        }
        self.by_source.insert(from, id);
        true
    }

    /// Where the peer is to be reached after a proven check of credentials of this age; told if that has changed.
    fn follow(&mut self, id: PeerId, age: usize, nominates: bool, from: SocketAddr) -> Option<SocketAddr> {
        let peer = self.peers.get_mut(&id)?;
        let is_newest = age + 1 == peer.generations.len();
        if nominates && is_newest {
            for old in peer.generations.drain(..age) {
                self.by_ufrag.remove(&old.ufrag);
            }
        }
        let before = peer.route;
        if nominates || before.is_none() {
            peer.route = Some(from);
        }
        peer.route.filter(|route| before != Some(*route))
    }
}

#[cfg(test)]
mod tests;
