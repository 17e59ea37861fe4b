//! Calls that go out through trunks: one trunk after another, and each where it says that it is; redirects of a trunk are followed within
//! what its configuration trusts. Which trunk is next is decided by [`sip::trunk`].

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use sip::message::Uri;
use sip::trunk::{CallerId, Country, E164, NoTrunk, OverLimit, TrunkConfig, may_fail_over, order};
use sip::ua::{ActiveCall, Dial, OutgoingCall, Peer, Progress, Protocol, SipError};

use super::{Inner, Slot, TrunkError, Trunks};
use crate::call::Legs;
use crate::call::leg::{Diverted, OnTheWay, Refused};
use crate::channel::diversion;
use crate::channel::sip::{noted, refused};
use crate::event::{LegRole, Personal};
use crate::metric;

/// A trunk that has said nothing at all to an INVITE after this, not even 100, is given up for the next.
const NO_WORD: Duration = Duration::from_secs(4);
/// Addresses that are tried for one call, of all trunks together.
const ATTEMPTS: usize = 6;

/// A call to make.
#[derive(Clone, Copy)]
pub struct Outbound<'a> {
    /// Whom to call: as dialled in the default country, or E.164.
    pub number: &'a str,
    /// For whom: the caller's number, or empty.
    pub caller: &'a str,
    /// Whose allowance it counts against: an extension, a flow.
    pub source: &'a str,
    /// Who has sent it on.
    pub diverted: &'a [Diverted],
    /// Whether its frames are handed on.
    pub record: bool,
    /// Where its attempts are put down.
    pub legs: Option<&'a Legs>,
    /// Told what is heard of it on the way.
    pub told: Option<&'a (dyn Fn(OnTheWay) + Send + Sync)>,
}

impl Outbound<'_> {
    fn tell(&self, news: OnTheWay) {
        if let Some(told) = self.told {
            told(news);
        }
    }
}

/// One attempt: where to, and for which number.
#[derive(Clone, PartialEq, Eq)]
struct Attempt {
    peer: Peer,
    address: Uri,
    number: E164,
    /// Who has sent it on before, in the way that the trunk writes numbers.
    diverted: Vec<Diverted>,
}

/// A call that was answered.
pub struct Connected {
    /// The call.
    pub call: ActiveCall,
    /// Through which trunk.
    pub trunk: String,
    /// Keeps it counted.
    pub slot: Slot,
}

impl Trunks {
    /// Calls a number: by the first trunk that may, is up and takes the call. Dropping the future gives the call up.
    pub async fn call(&self, wanted: Outbound<'_>) -> Result<Connected, Refused> {
        let inner = &self.0;
        let forbidden = |reason: String| Refused { label: "forbidden", reason };
        let Some(country) = inner.country else { return Err(unreachable(NoTrunk::None.to_string())) };
        let number = E164::read(wanted.number, country).map_err(|error| forbidden(error.to_string()))?;
        let candidates = order(&inner.configs, &number, |at| inner.is_up(at), rand::random);
        let candidates = candidates.map_err(|none| match none {
            NoTrunk::Forbidden => forbidden(none.to_string()),
            NoTrunk::None | NoTrunk::Down => unreachable(none.to_string()),
        })?;
        let mut last = unreachable(NoTrunk::Down.to_string());
        let mut attempts = 0;
        for at in candidates {
            let slot = match inner.begin(at, wanted.source) {
                Ok(slot) => slot,
                Err(over @ (OverLimit::AtOnce | OverLimit::ADay)) => {
                    tracing::warn!(trunk = inner.configs[at].name, "{over}");
                    last = forbidden(over.to_string());
                    continue;
                }
                // What one may use does not grow with the number of trunks.
                Err(over) => return Err(forbidden(over.to_string())),
            };
            let trunk = &inner.configs[at].name;
            let first = |(peer, address)| Attempt {
                peer,
                address,
                number: number.clone(),
                diverted: known_outside(wanted.diverted, &inner.configs[at]),
            };
            let mut waiting: VecDeque<Attempt> = inner.ways(at).await.into_iter().map(first).collect();
            let mut tried: Vec<(Peer, E164)> = Vec::new();
            while let Some(attempt) = waiting.pop_front() {
                if tried.contains(&(attempt.peer, attempt.number.clone())) {
                    continue;
                }
                if attempts == ATTEMPTS {
                    return Err(last);
                }
                attempts += 1;
                tried.push((attempt.peer, attempt.number.clone()));
                let failure = match inner.attempt(at, &attempt, country, wanted).await {
                    Ok(call) => {
                        metric::trunk_call(trunk.clone(), "answered");
                        return Ok(Connected { call, trunk: trunk.clone(), slot });
                    }
                    Err(failure) => failure,
                };
                metric::trunk_call(trunk.clone(), "failed");
                if failure.contacts.is_empty() {
                    last = refused(failure.error);
                    if !failure.go_on {
                        return Err(last);
                    }
                    continue;
                }
                let mut followed = inner.follow(at, &attempt, &failure, country).await;
                let leads_nowhere = followed.is_empty();
                followed.retain(|next| !tried.contains(&(next.peer, next.number.clone())));
                if let Some(next) = followed.first() {
                    let to = Personal::new(format!("{}@{}", next.number.as_str(), next.peer.addr));
                    wanted.tell(OnTheWay::Redirected { from: trunk.clone(), to });
                    followed.into_iter().rev().for_each(|next| waiting.push_front(next));
                    continue;
                }
                let reason = match leads_nowhere {
                    true => format!(
                        "{trunk} sends the call to an address that is not its own, or to a number that may not be called; add the address to the trunk's `sources` if it is to be trusted"
                    ),
                    false => format!("{trunk} sends the call round in a circle"),
                };
                tracing::warn!(trunk, "a redirect is not followed: it leads away from the trunk, or in a circle");
                last = Refused { label: "redirected", reason };
                // Whoever heard it ring would not like to be rung again.
                if failure.rang {
                    return Err(last);
                }
            }
        }
        Err(last)
    }
}

fn unreachable(reason: String) -> Refused {
    Refused { label: "unreachable", reason }
}

/// Who has sent a call on, as the network outside may know it: not by the names of our extensions, but by the number that it sees of us.
fn known_outside(diverted: &[Diverted], config: &TrunkConfig) -> Vec<Diverted> {
    let own = match &config.caller_id {
        CallerId::Fixed(user) => Some(user.clone()),
        CallerId::Pass => config.credentials.as_ref().map(|own| own.username.clone()),
        CallerId::Anonymous => None,
    };
    let Some(own) = own else { return Vec::new() };
    diverted.last().map(|last| Diverted { by: own, rang: last.rang }).into_iter().collect()
}

/// Why an attempt came to nothing, and whether another may follow.
struct Failure {
    error: SipError,
    go_on: bool,
    /// Whether it rang, or sound came.
    rang: bool,
    /// Where the trunk would have it go instead (3xx).
    contacts: Vec<Uri>,
}

impl Failure {
    fn of(error: SipError) -> Self {
        Failure { error, go_on: true, rang: false, contacts: Vec::new() }
    }
}

impl Inner {
    /// Where a redirect of a trunk may lead: to what its configuration trusts, and to numbers that may be called through it. Whoever can
    /// send our calls elsewhere could have them listened to, or at our cost.
    async fn follow(&self, at: usize, from: &Attempt, failure: &Failure, country: &Country) -> Vec<Attempt> {
        let config = &self.configs[at];
        let mut next = Vec::new();
        for contact in failure.contacts.iter().take(ATTEMPTS) {
            if !contact.is_sip() {
                continue;
            }
            let user = contact.user();
            let number = match user.is_empty() || user == from.number.write(config.form, country) {
                true => Ok(from.number.clone()),
                false => E164::received(&user, config.form, country),
            };
            let Some(number) = number.ok().filter(|number| config.rules.permit(number)) else { continue };
            let mut diverted = from.diverted.clone();
            if number != from.number {
                diverted.push(Diverted { by: from.number.write(config.form, country), rang: failure.rang });
            }
            let address = Uri { user: None, ..contact.clone() };
            for peer in self.agent.peers(&address).await.unwrap_or_default() {
                let ip = peer.addr.ip();
                let at_least_as_safe = from.peer.protocol != Protocol::Tls || peer.protocol == Protocol::Tls;
                if at_least_as_safe && (self.is_at(at, ip) || config.sources.iter().any(|net| net.contains(ip))) {
                    next.push(Attempt {
                        peer,
                        address: address.clone(),
                        number: number.clone(),
                        diverted: diverted.clone(),
                    });
                }
            }
        }
        next
    }

    async fn attempt(
        &self,
        at: usize,
        attempt: &Attempt,
        country: &Country,
        wanted: Outbound<'_>,
    ) -> Result<ActiveCall, Failure> {
        let Attempt { peer, number, .. } = attempt;
        let peer = *peer;
        let dial = dial(&self.configs[at], attempt, country, wanted);
        let mut call = self.agent.dial(dial).await.map_err(Failure::of)?;
        if let Some(legs) = wanted.legs {
            noted(legs, LegRole::Trunk, &format!("{} {}", self.configs[at].name, number.as_str()), &call);
        }
        let mut rang = false;
        let no_word = tokio::time::sleep(NO_WORD);
        tokio::pin!(no_word);
        let mut waiting = true;
        loop {
            let progress = tokio::select! {
                progress = call.next() => progress,
                () = &mut no_word, if waiting => {
                    waiting = false;
                    if !is_silent(&call) {
                        continue;
                    }
                    let reason = format!("not a word in {} s", NO_WORD.as_secs());
                    self.note(at, peer, &Err((408, reason.clone())));
                    call.cancel().await;
                    return Err(Failure::of(SipError::Refused { status: 408, reason }));
                }
            };
            match progress {
                Progress::Ringing => {
                    rang = true;
                    wanted.tell(OnTheWay::Rings);
                }
                Progress::EarlyMedia { .. } => {
                    rang = true;
                    wanted.tell(OnTheWay::Sounds(call.leg().clone()));
                }
                Progress::Answered(active) => {
                    self.note(at, peer, &Ok(200));
                    return Ok(active);
                }
                Progress::Failed { status, reason } => {
                    let go_on = may_fail_over(status, rang);
                    let failed = call.failure();
                    let local = failed.as_ref().is_some_and(|failed| failed.local);
                    let contacts = failed.map(|failed| failed.contacts).unwrap_or_default();
                    if go_on && local {
                        // Nothing came back at all: no need to wait for the next OPTIONS to know.
                        self.note(at, peer, &Err((status, reason.clone())));
                    } else if go_on {
                        let error = TrunkError { status, reason: reason.clone(), at: SystemTime::now() };
                        self.state(at).last_error = Some(error);
                    }
                    return Err(Failure { error: SipError::Refused { status, reason }, go_on, rang, contacts });
                }
            }
        }
    }
}

/// Whether nothing came back yet. Where messages are not kept, nobody can tell.
fn is_silent(call: &OutgoingCall) -> bool {
    let ladder = call.record().ladder();
    !ladder.is_empty() && ladder.iter().all(|message| message.sent)
}

fn dial(config: &TrunkConfig, attempt: &Attempt, country: &Country, wanted: Outbound<'_>) -> Dial {
    let Attempt { peer, address, number, diverted } = attempt;
    let mut to = address.clone();
    to.user = Some(number.write(config.form, country));
    let domain = config.domain();
    let account = config.credentials.as_ref().map(|own| own.username.clone());
    let caller = E164::read(wanted.caller, country).ok().map(|caller| caller.write(config.form, country));
    let shown = match &config.caller_id {
        CallerId::Fixed(user) => Some(user.clone()),
        CallerId::Pass => caller.clone().or_else(|| account.clone()),
        CallerId::Anonymous => None,
    };
    let mut uri = Uri { user: shown.clone(), ..address.clone().bare() };
    uri.params = Default::default();
    uri.port = None;
    let host = sip::message::Host::parse(&domain).unwrap_or(uri.host.clone());
    uri.host = host;
    let from = match &shown {
        Some(_) => uri.to_string(),
        None => "sip:anonymous@anonymous.invalid".to_owned(),
    };
    let mut headers =
        diversion::headers(diverted, &number.write(config.form, country), &Uri { user: None, ..uri.clone() });
    if shown.is_none() {
        headers.push(("Privacy".to_owned(), "id".to_owned()));
    }
    let known = shown.or(caller).or(account);
    if let Some(user) = known.filter(|_| config.trusted) {
        uri.user = Some(user);
        headers.push(("P-Asserted-Identity".to_owned(), format!("<{uri}>")));
    }
    Dial {
        credentials: config.credentials.clone(),
        record: wanted.record,
        headers,
        destination: Some(*peer),
        is_resolved: true,
        ..Dial::new(to.to_string(), from)
    }
}
