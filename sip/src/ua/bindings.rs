//! Where registered users can be reached (RFC 3261 section 10.3). Pure: time is an argument; who may
//! register was decided before.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::RegistrarLimits;
use crate::endpoint::Peer;

/// One place where a user can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The URI that the phone registered; call this with [`super::Dial::to`].
    pub uri: String,
    /// Where its REGISTER came from; use it as [`super::Dial::destination`], and NAT is no obstacle.
    pub source: Peer,
    /// When it lapses unless it is refreshed.
    pub expires_at: Instant,
    /// What the phone calls itself.
    pub user_agent: Option<String>,
    /// The instance of the phone (RFC 5626), the same after a restart.
    pub instance: Option<String>,
    call_id: String,
    cseq: u32,
}

/// One contact of a REGISTER.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    pub(super) uri: String,
    /// Asked for, in the contact or else in `Expires`; `None` for our default.
    pub(super) expires: Option<Duration>,
    pub(super) instance: Option<String>,
}

/// A REGISTER, as far as it concerns bindings.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) wishes: Wishes,
    pub(super) call_id: String,
    pub(super) cseq: u32,
    pub(super) source: Peer,
    pub(super) user_agent: Option<String>,
}

/// What it asks for.
#[derive(Debug, Clone)]
pub(super) enum Wishes {
    /// Contacts to add, refresh or, with zero, remove; none at all asks what there is.
    Contacts(Vec<Wish>),
    /// `Contact: *` with `Expires: 0`.
    RemoveAll,
}

/// Why nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// Too short; 423 with this `Min-Expires`.
    TooBrief(Duration),
    /// More bindings than one user may have.
    TooMany,
    /// Older than what was registered before from the same place.
    OutOfOrder,
}

/// All bindings of all users.
pub(super) struct Bindings {
    limits: RegistrarLimits,
    users: HashMap<String, Vec<Contact>>,
}

impl Bindings {
    pub(super) fn new(limits: RegistrarLimits) -> Self {
        Bindings { limits, users: HashMap::new() }
    }

    /// The live contacts of a user, the freshest first.
    pub(super) fn of(&self, user: &str, now: Instant) -> Vec<Contact> {
        let mut contacts: Vec<_> =
            self.users.get(user).into_iter().flatten().filter(|c| c.expires_at > now).cloned().collect();
        contacts.sort_by_key(|c| std::cmp::Reverse(c.expires_at));
        contacts
    }

    /// Applies a REGISTER whole or not at all (RFC 3261 section 10.3 step 7) and returns the user's contacts.
    pub(super) fn apply(&mut self, user: &str, request: &Request, now: Instant) -> Result<Vec<Contact>, Refused> {
        let mut contacts = self.of(user, now);
        let newer = |c: &Contact| c.call_id != request.call_id || c.cseq < request.cseq;
        match &request.wishes {
            Wishes::RemoveAll => {
                if !contacts.iter().all(newer) {
                    return Err(Refused::OutOfOrder);
                }
                contacts.clear();
            }
            Wishes::Contacts(wishes) => {
                for wish in wishes {
                    let expires = self.granted(wish.expires)?;
                    let same =
                        |c: &Contact| c.uri == wish.uri || (wish.instance.is_some() && c.instance == wish.instance);
                    if !contacts.iter().filter(|c| same(c)).all(newer) {
                        return Err(Refused::OutOfOrder);
                    }
                    contacts.retain(|c| !same(c));
                    if !expires.is_zero() {
                        contacts.push(Contact {
                            uri: wish.uri.clone(),
                            source: request.source,
                            expires_at: now + expires,
                            user_agent: request.user_agent.clone(),
                            instance: wish.instance.clone(),
                            call_id: request.call_id.clone(),
                            cseq: request.cseq,
                        });
                    }
                }
            }
        }
        if contacts.len() > self.limits.max_bindings {
            return Err(Refused::TooMany);
        }
        if contacts.is_empty() {
            self.users.remove(user);
        } else {
            self.users.insert(user.to_owned(), contacts.clone());
        }
        Ok(contacts)
    }

    /// Removes what has lapsed; returns the users that lost their last contact.
    pub(super) fn lapse(&mut self, now: Instant) -> Vec<String> {
        let mut gone = Vec::new();
        self.users.retain(|user, contacts| {
            contacts.retain(|c| c.expires_at > now);
            if contacts.is_empty() {
                gone.push(user.clone());
            }
            !contacts.is_empty()
        });
        gone
    }

    fn granted(&self, asked: Option<Duration>) -> Result<Duration, Refused> {
        match asked {
            None => Ok(self.limits.default_expires),
            Some(zero) if zero.is_zero() => Ok(zero),
            Some(brief) if brief < self.limits.min_expires => Err(Refused::TooBrief(self.limits.min_expires)),
            Some(asked) => Ok(asked.min(self.limits.max_expires)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bindings() -> Bindings {
        Bindings::new(RegistrarLimits { max_bindings: 2, ..RegistrarLimits::default() })
    }

    fn wish(uri: &str, seconds: u64) -> Wish {
        Wish { uri: uri.to_owned(), expires: Some(Duration::from_secs(seconds)), instance: None }
    }

    fn request(cseq: u32, wishes: Wishes) -> Request {
        Request {
            wishes,
            call_id: "c".to_owned(),
            cseq,
            source: Peer::udp("192.0.2.1:5060".parse().expect("an address")),
            user_agent: None,
        }
    }

    fn contacts(cseq: u32, wishes: Vec<Wish>) -> Request {
        request(cseq, Wishes::Contacts(wishes))
    }

    #[test]
    fn two_phones_of_one_user_are_both_reached_and_the_third_is_too_many() {
        let (mut bindings, now) = (bindings(), Instant::now());
        bindings.apply("alice", &contacts(1, vec![wish("sip:a@1", 60)]), now).expect("the first phone");
        let both = bindings.apply("alice", &contacts(2, vec![wish("sip:a@2", 600)]), now).expect("the second phone");
        assert_eq!(both.len(), 2);
        assert_eq!(bindings.of("alice", now)[0].uri, "sip:a@2");
        assert_eq!(bindings.apply("alice", &contacts(3, vec![wish("sip:a@3", 60)]), now), Err(Refused::TooMany));
    }

    #[test]
    fn a_binding_lapses_when_it_is_not_refreshed() {
        let (mut bindings, now) = (bindings(), Instant::now());
        bindings.apply("alice", &contacts(1, vec![wish("sip:a@1", 60)]), now).expect("registered");
        let later = now + Duration::from_secs(61);
        assert!(bindings.of("alice", later).is_empty());
        assert_eq!(bindings.lapse(later), ["alice"]);
        assert!(bindings.lapse(later).is_empty());
    }

    #[test]
    fn the_star_removes_everything() {
        let (mut bindings, now) = (bindings(), Instant::now());
        let two = contacts(1, vec![wish("sip:a@1", 60), wish("sip:a@2", 60)]);
        bindings.apply("alice", &two, now).expect("registered");
        assert_eq!(bindings.apply("alice", &request(2, Wishes::RemoveAll), now), Ok(Vec::new()));
    }

    #[test]
    fn a_request_that_comes_late_changes_nothing() {
        let (mut bindings, now) = (bindings(), Instant::now());
        bindings.apply("alice", &contacts(5, vec![wish("sip:a@1", 60)]), now).expect("registered");
        let late = contacts(4, vec![wish("sip:a@1", 0)]);
        assert_eq!(bindings.apply("alice", &late, now), Err(Refused::OutOfOrder));
        assert_eq!(bindings.apply("alice", &request(4, Wishes::RemoveAll), now), Err(Refused::OutOfOrder));
        assert_eq!(bindings.of("alice", now).len(), 1);
    }

    #[test]
    fn one_wish_that_is_too_brief_refuses_the_whole_request() {
        let (mut bindings, now) = (bindings(), Instant::now());
        let mixed = contacts(1, vec![wish("sip:a@1", 60), wish("sip:a@2", 5)]);
        assert_eq!(bindings.apply("alice", &mixed, now), Err(Refused::TooBrief(Duration::from_secs(60))));
        assert!(bindings.of("alice", now).is_empty());
    }

    #[test]
    fn a_phone_that_restarts_on_another_port_takes_its_old_place() {
        let (mut bindings, now) = (bindings(), Instant::now());
        let phone = |uri: &str| Wish { instance: Some("<urn:uuid:1>".to_owned()), ..wish(uri, 60) };
        bindings.apply("alice", &contacts(1, vec![phone("sip:a@1:1000")]), now).expect("registered");
        let after = bindings.apply("alice", &contacts(2, vec![phone("sip:a@1:2000")]), now).expect("registered again");
        assert_eq!(after.iter().map(|c| c.uri.as_str()).collect::<Vec<_>>(), ["sip:a@1:2000"]);
    }

    #[test]
    fn an_expiry_of_a_century_is_shortened() {
        let (mut bindings, now) = (bindings(), Instant::now());
        let long = contacts(1, vec![wish("sip:a@1", u64::from(u32::MAX))]);
        let contact = bindings.apply("alice", &long, now).expect("registered").remove(0);
        assert_eq!(contact.expires_at, now + Duration::from_secs(3600));
    }
}
