use proptest::prelude::*;

use super::*;
use crate::stun::Binding;
use crate::stun::check::request;

const HOME: &str = "192.0.2.1:4000";
const MOBILE: &str = "198.51.100.7:5000";
const STRANGER: &str = "203.0.113.9:666";
/// RTP, as far as a table looks at it.
const PACKET: [u8; 20] = [0x80; 20];

fn at(address: &str) -> SocketAddr {
    address.parse().expect("an address")
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A table with one peer, which knows the credentials that it was told.
struct Rig {
    table: Table<&'static str>,
    id: PeerId,
    ours: Credentials,
}

impl Rig {
    fn new() -> Rig {
        let (mut table, ours) = (Table::default(), Credentials::random());
        let id = table.add("anna", &ours, "anna");
        Rig { table, id, ours }
    }

    /// A proven check; where the peer is reached then, if that changed.
    fn check(&mut self, from: &str, nominates: bool, now: Duration) -> Option<SocketAddr> {
        check(&mut self.table, &self.ours, "anna", from, nominates, now).expect("an answer")
    }

    fn hears(&mut self, from: &str) -> bool {
        matches!(self.table.datagram(&PACKET, at(from), seconds(1)), Verdict::Packet(&"anna"))
    }
}

fn check(
    table: &mut Table<&'static str>,
    ours: &Credentials,
    theirs: &str,
    from: &str,
    nominates: bool,
    now: Duration,
) -> Result<Option<SocketAddr>, Dropped> {
    let datagram = request(&format!("{}:{theirs}", ours.ufrag), &ours.password, nominates, &[]);
    match table.datagram(&datagram, at(from), now) {
        Verdict::Checked { answer, moved, .. } => {
            assert!(matches!(Binding::parse(&answer), Some(Binding::Success { mapped, .. }) if mapped == at(from)));
            Ok(moved)
        }
        Verdict::Dropped(why, _) => Err(why),
        Verdict::Packet(_) => panic!("a check is no packet"),
    }
}

#[test]
fn a_source_is_heard_once_it_has_proven_itself() {
    let mut rig = Rig::new();
    assert!(!rig.hears(HOME));
    assert_eq!(rig.check(HOME, false, seconds(1)), Some(at(HOME)), "used before the nomination");
    assert!(rig.hears(HOME) && !rig.hears(MOBILE));
    assert_eq!(rig.check(HOME, true, seconds(1)), None, "it is used already");
}

#[test]
fn the_newest_nomination_decides_and_other_checks_do_not() {
    let mut rig = Rig::new();
    rig.check(HOME, true, seconds(1));
    assert_eq!(rig.check(MOBILE, false, seconds(2)), None);
    assert_eq!(rig.check(MOBILE, true, seconds(3)), Some(at(MOBILE)));
    assert_eq!(rig.check(HOME, true, seconds(4)), Some(at(HOME)));
    assert!(rig.hears(MOBILE), "what is on its way still counts");
}

#[test]
fn who_knows_no_password_binds_and_moves_nothing() {
    let mut rig = Rig::new();
    rig.check(HOME, true, seconds(1));
    let forged = Credentials { password: "x".repeat(32), ..rig.ours.clone() };
    assert_eq!(check(&mut rig.table, &forged, "anna", STRANGER, true, seconds(2)), Err(Dropped::Unproven));
    // The right password, and the fragment of another description.
    let ours = rig.ours.clone();
    assert_eq!(check(&mut rig.table, &ours, "mallory", STRANGER, true, seconds(2)), Err(Dropped::Unproven));
    assert_eq!(
        check(&mut rig.table, &Credentials::random(), "anna", STRANGER, true, seconds(2)),
        Err(Dropped::Unknown)
    );
    assert!(!rig.hears(STRANGER));
    assert_eq!(rig.check(HOME, true, seconds(3)), None, "the path is where it was");
}

#[test]
fn strangers_are_answered_a_few_times_a_second() {
    let mut rig = Rig::new();
    let datagram = request(&format!("{}:anna", rig.ours.ufrag), "wrong", true, &[]);
    let mut answered = |second: u64, host: &str| {
        let verdicts = (0..100).map(|_| match rig.table.datagram(&datagram, at(host), seconds(second)) {
            Verdict::Dropped(Dropped::Unproven, answer) => u32::from(answer.is_some()),
            other => panic!("{other:?}"),
        });
        verdicts.sum::<u32>()
    };
    assert_eq!(answered(1, STRANGER), MOST_REFUSALS);
    assert_eq!(answered(2, STRANGER), MOST_REFUSALS);
    assert_eq!(answered(2, MOBILE), MOST_REFUSALS, "others are not concerned");
}

#[test]
fn hosts_beyond_those_that_are_counted_get_no_answer_and_no_memory() {
    let mut table: Table<()> = Table::default();
    for host in 0..10 * MOST_HOSTS as u32 {
        table.may_refuse(IpAddr::from(host.to_be_bytes()), seconds(1));
    }
    assert_eq!(table.refusals.len(), MOST_HOSTS);
    assert!(table.may_refuse(IpAddr::from([1, 2, 3, 4]), seconds(2)), "the next second has room again");
}

#[test]
fn a_peer_that_asks_far_too_often_is_answered_within_limits() {
    let mut rig = Rig::new();
    let ours = rig.ours.clone();
    let mut answers = 0;
    for _ in 0..1_000 {
        answers += u32::from(check(&mut rig.table, &ours, "anna", HOME, true, seconds(1)).is_ok());
    }
    assert_eq!(answers, MOST_ANSWERS);
}

#[test]
fn a_source_of_somebody_alive_is_not_given_away() {
    let mut rig = Rig::new();
    rig.check(HOME, true, seconds(1));
    let bob = Credentials::random();
    rig.table.add("bob", &bob, "bob");
    assert_eq!(check(&mut rig.table, &bob, "bob", HOME, true, seconds(2)), Err(Dropped::Taken));
    assert!(rig.hears(HOME));
    // Long after Anna's browser left, the NAT gives its port to Bob's.
    assert_eq!(check(&mut rig.table, &bob, "bob", HOME, true, seconds(20)), Ok(Some(at(HOME))));
    assert!(!rig.hears(HOME));
}

#[test]
fn a_peer_has_a_bounded_number_of_sources_and_keeps_the_one_in_use() {
    let mut rig = Rig::new();
    rig.check(HOME, true, seconds(1));
    for port in 0..100 {
        rig.check(&format!("198.51.100.7:{}", 5_000 + port), false, seconds(2 + port));
    }
    assert!(rig.hears(HOME));
    assert_eq!(rig.table.by_source.len(), MOST_SOURCES);
}

#[test]
fn after_a_restart_the_old_path_stays_until_the_new_one_is_nominated() {
    let mut rig = Rig::new();
    rig.check(HOME, true, seconds(1));
    let new = Credentials::random();
    assert!(rig.table.restart(rig.id, &new, "anna2"));
    assert_eq!(check(&mut rig.table, &new, "anna2", MOBILE, false, seconds(2)), Ok(None));
    assert_eq!(rig.check(HOME, true, seconds(3)), None, "the old one is still in force");
    assert_eq!(check(&mut rig.table, &new, "anna2", MOBILE, true, seconds(4)), Ok(Some(at(MOBILE))));
    let old = rig.ours.clone();
    assert_eq!(check(&mut rig.table, &old, "anna", HOME, true, seconds(5)), Err(Dropped::Unknown));
}

#[test]
fn restarts_without_end_keep_the_newest_credentials_only() {
    let mut rig = Rig::new();
    let mut newest = rig.ours.clone();
    for _ in 0..50 {
        newest = Credentials::random();
        rig.table.restart(rig.id, &newest, "anna");
    }
    assert_eq!(rig.table.by_ufrag.len(), MOST_GENERATIONS);
    assert_eq!(check(&mut rig.table, &newest, "anna", HOME, true, seconds(1)), Ok(Some(at(HOME))));
    assert_eq!(rig.table.by_ufrag.len(), 1);
}

#[test]
fn a_peer_that_is_removed_leaves_nothing_behind() {
    let mut rig = Rig::new();
    rig.check(HOME, true, seconds(1));
    rig.table.restart(rig.id, &Credentials::random(), "anna");
    assert_eq!(rig.table.remove(rig.id), Some("anna"));
    assert!(rig.table.is_empty() && rig.table.by_source.is_empty() && rig.table.by_ufrag.is_empty());
    assert!(!rig.hears(HOME));
}

#[test]
fn a_browser_that_takes_us_for_the_one_who_nominates_is_told() {
    let mut rig = Rig::new();
    let name = format!("{}:anna", rig.ours.ufrag);
    let datagram = request(&name, &rig.ours.password, false, &[(0x8029, &[1; 8])]);
    match rig.table.datagram(&datagram, at(HOME), seconds(1)) {
        Verdict::Dropped(Dropped::Refused, Some(answer)) => {
            assert!(matches!(Binding::parse(&answer), Some(Binding::Failure { code: 487, .. })));
        }
        other => panic!("{other:?}"),
    }
    assert!(!rig.hears(HOME));
}

/// What somebody without a password may send.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop::collection::vec(any::<u8>(), 0..160);
    let named = (any::<bool>(), "[a-z:]{0,12}", any::<bool>()).prop_map(|(known, name, nominates)| {
        let name = if known { format!("known:{name}") } else { name };
        request(&name, "guessed", nominates, &[])
    });
    // Header and user name of an honest check, and a byte of it changed.
    let damaged = (any::<prop::sample::Index>(), 1u8..).prop_map(|(index, mask)| {
        let mut whole = request("known:anna", "the password of the peer", true, &[]);
        let at = index.index(whole.len());
        whole[at] ^= mask;
        whole
    });
    prop_oneof![bytes, named, damaged]
}

proptest! {
    #[test]
    fn nobody_without_a_password_does_harm(
        datagrams in prop::collection::vec((hostile(), 0u16..50, 0u64..5), 1..60)
    ) {
        let mut table = Table::default();
        let ours = Credentials { ufrag: "known".into(), password: "the password of the peer".into() };
        table.add("anna", &ours, "anna");
        assert_eq!(check(&mut table, &ours, "anna", HOME, true, seconds(0)), Ok(Some(at(HOME))));
        for (datagram, port, second) in datagrams {
            let from = SocketAddr::from(([203, 0, 113, 9], 1_000 + port));
            let length = datagram.len();
            match table.datagram(&datagram, from, seconds(second)) {
                Verdict::Dropped(_, answer) => prop_assert!(answer.is_none_or(|answer| answer.len() <= length + 40)),
                other => prop_assert!(false, "{:?}", other),
            }
        }
        prop_assert!(matches!(table.datagram(&PACKET, at(HOME), seconds(6)), Verdict::Packet(&"anna")));
        prop_assert_eq!(check(&mut table, &ours, "anna", HOME, true, seconds(6)), Ok(None));
        prop_assert_eq!(table.by_source.len(), 1);
    }
}
