use super::*;

fn gate(change: impl FnOnce(&mut GateConfig)) -> (Gate, Instant) {
    let mut config = GateConfig { per_second: 10.0, burst: 20.0, refusals_per_second: 5.0, ..GateConfig::default() };
    change(&mut config);
    let now = Instant::now();
    (Gate::new(config, now), now)
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn stranger() -> IpAddr {
    ip("203.0.113.9")
}

fn request(method: &str, user: &str, more: &str) -> Result<Message, ParseError> {
    let text = format!(
        "{method} sip:{user}@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n\
         To: <sip:{user}@example.com>\r\nCall-ID: 1\r\nCSeq: 1 {method}\r\nMax-Forwards: 70\r\n{more}\r\n"
    );
    Message::parse(text.as_bytes())
}

/// What becomes of a message from `source`, the whole way in.
fn verdict(gate: &mut Gate, source: IpAddr, message: &Result<Message, ParseError>, now: Instant) -> Verdict {
    if gate.admits(source, now) { gate.judge(source, 400, message, now) } else { Verdict::Drop }
}

fn dropped(gate: &Gate, reason: Reason) -> u64 {
    gate.dropped().find(|(known, _)| *known == reason).map_or(0, |(_, count)| count)
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn new_requests_beyond_the_rate_are_refused_and_then_ignored() {
    let (mut gate, now) = gate(|_| {});
    let invite = request("INVITE", "100", "");
    let verdicts: Vec<_> = (0..30).map(|_| verdict(&mut gate, stranger(), &invite, now)).collect();
    let count = |wanted| verdicts.iter().filter(|verdict| **verdict == wanted).count();
    assert_eq!((count(Verdict::Pass), count(Verdict::Refuse), count(Verdict::Drop)), (20, 5, 5));
    assert_eq!((dropped(&gate, Reason::Refused), dropped(&gate, Reason::TooFast)), (5, 5));
    let later = (0..20).filter(|_| verdict(&mut gate, stranger(), &invite, now + SECOND) == Verdict::Pass);
    assert_eq!(later.count(), 10, "ten more each second");
    assert_eq!(verdict(&mut gate, ip("203.0.113.10"), &invite, now), Verdict::Pass, "others have their own bucket");
    assert!(gate.bans(now).is_empty(), "speed alone is no offence");
}

#[test]
fn what_belongs_to_something_begun_is_never_limited() {
    let (mut gate, now) = gate(|config| config.burst = 0.0);
    let within = request("BYE", "100", "").map(|message| match message {
        Message::Request(mut bye) => {
            bye.headers.set(Name::To, "<sip:100@example.com>;tag=2");
            Message::Request(bye)
        }
        response => response,
    });
    let response = Message::parse(b"SIP/2.0 200 OK\r\nCall-ID: 1\r\n\r\n");
    for message in [within, request("ACK", "100", ""), request("CANCEL", "100", ""), response] {
        assert_eq!(verdict(&mut gate, stranger(), &message, now), Verdict::Pass, "{message:?}");
    }
    assert_eq!(verdict(&mut gate, stranger(), &request("INVITE", "100", ""), now), Verdict::Refuse);
}

#[test]
fn connections_cost_a_token_each() {
    let (mut gate, now) = gate(|config| config.always = vec![ip("192.0.2.7").into()]);
    assert_eq!((0..100).filter(|_| gate.connects(stranger(), now)).count(), 20);
    assert_eq!((0..100).filter(|_| gate.connects(ip("192.0.2.7"), now)).count(), 100);
    gate.report(ip("203.0.113.10"), Offence::Scanner, now);
    assert!(!gate.connects(ip("203.0.113.10"), now));
}

#[test]
fn a_scanner_that_gives_its_name_is_banned() {
    for (agent, banned) in [
        ("friendly-scanner", true),
        ("Friendly-Scanner/1.0", true),
        ("sipcli/v1.8", true),
        ("pplsip", true),
        ("xx sundayddr xx", true),
        ("Acrobits sipclient", false),
        ("pjsip-cli 2.1", false),
        ("Hotline/1", false),
    ] {
        let (mut gate, now) = gate(|_| {});
        let message = request("OPTIONS", "100", &format!("User-Agent: {agent}\r\n"));
        let expected = if banned { Verdict::Drop } else { Verdict::Pass };
        assert_eq!(verdict(&mut gate, stranger(), &message, now), expected, "{agent}");
        assert_eq!(gate.bans(now).len(), usize::from(banned), "{agent}");
        let innocent = request("OPTIONS", "100", "");
        assert_eq!(verdict(&mut gate, stranger(), &innocent, now), expected, "a ban is for whatever it sends");
    }
}

#[test]
fn a_forger_cannot_ban_a_trunk_nor_a_phone_that_registered() {
    let (mut gate, now) = gate(|config| config.always = vec!["192.0.2.0/24".parse().expect("a network")]);
    let scan = request("OPTIONS", "100", "User-Agent: sipvicious\r\n");
    let garbage = Err(ParseError::Garbage("no SIP"));
    let (trunk, phone) = (ip("192.0.2.7"), stranger());
    gate.succeeded(phone, now);
    for _ in 0..500 {
        verdict(&mut gate, trunk, &scan, now);
        verdict(&mut gate, trunk, &garbage, now);
        assert_eq!(verdict(&mut gate, phone, &scan, now), Verdict::Drop, "the scan itself leads nowhere");
        verdict(&mut gate, phone, &garbage, now);
    }
    assert!(gate.bans(now).is_empty());
    let invite = request("INVITE", "100", "");
    assert!((0..500).all(|_| verdict(&mut gate, trunk, &invite, now) == Verdict::Pass), "trunks have no rate");
    assert_eq!(verdict(&mut gate, phone, &invite, now), Verdict::Pass);
}

#[test]
fn offences_add_up_fade_and_are_forgiven_by_half() {
    let failures = |gate: &mut Gate, count: usize, at: Instant| {
        (0..count).for_each(|_| gate.report(stranger(), Offence::FailedAuth, at));
        gate.is_banned(stranger(), at)
    };
    let (mut one, now) = gate(|_| {});
    assert!(!failures(&mut one, 9, now));
    assert!(failures(&mut one, 1, now));

    let (mut slow, now) = gate(|_| {});
    assert!(
        (0..100).all(|minute| !failures(&mut slow, 1, now + 60 * minute * SECOND)),
        "one a minute is a phone set up wrongly"
    );

    let (mut known, now) = gate(|_| {});
    known.succeeded(stranger(), now);
    assert!(!failures(&mut known, 49, now), "one phone of an office is set up wrongly, the others are not");
    known.succeeded(stranger(), now);
    assert!(!failures(&mut known, 25, now));
    assert!(failures(&mut known, 1, now), "who has one password may not try all others");
}

#[test]
fn garbage_bans_only_in_floods() {
    let (mut gate, now) = gate(|_| {});
    let garbage = Err(ParseError::Garbage("no SIP"));
    let heard = (0..1_000).position(|_| {
        verdict(&mut gate, stranger(), &garbage, now);
        gate.is_banned(stranger(), now)
    });
    assert!(heard.is_some_and(|at| (95..=105).contains(&at)), "{heard:?}");
    assert!(dropped(&gate, Reason::Malformed) <= 105);
}

#[test]
fn who_asks_for_everybody_and_reaches_nobody_is_banned() {
    let sweep = |gate: &mut Gate, method: &str, now: Instant| {
        for user in 0..200 {
            verdict(gate, stranger(), &request(method, &user.to_string(), ""), now);
        }
        gate.bans(now).first().map(|ban| ban.reason)
    };
    for method in ["REGISTER", "INVITE", "OPTIONS"] {
        let (mut scanned, now) = gate(|config| config.burst = 1_000.0);
        assert_eq!(sweep(&mut scanned, method, now), Some(Offence::ManyUsers), "{method}");
    }
    let (mut office, now) = gate(|config| config.burst = 1_000.0);
    office.succeeded(stranger(), now);
    assert_eq!(sweep(&mut office, "REGISTER", now), None, "an office behind one address, after a power cut");

    let (mut patient, now) = gate(|_| {});
    for user in 0..200 {
        verdict(&mut patient, stranger(), &request("REGISTER", &user.to_string(), ""), now + 2 * user * SECOND);
    }
    assert!(patient.bans(now).is_empty(), "thirty a minute are not many");
}

#[test]
fn bans_double_up_to_a_day_end_and_can_be_lifted() {
    let (mut gate, mut now) = gate(|_| {});
    let mut minutes = Vec::new();
    for _ in 0..10 {
        gate.report(stranger(), Offence::Scanner, now);
        let until = gate.bans(now)[0].until;
        minutes.push((until - now).as_secs() / 60);
        assert!(!gate.admits(stranger(), until - SECOND));
        assert!(gate.admits(stranger(), until));
        now = until;
    }
    assert_eq!(minutes, [10, 20, 40, 80, 160, 320, 640, 1_280, 1_440, 1_440]);
    gate.report(stranger(), Offence::ByHand, now);
    assert!(gate.unban(stranger(), now));
    assert!(!gate.unban(stranger(), now));
    assert!(gate.admits(stranger(), now));
}

#[test]
fn this_machine_is_banned_only_when_asked_for() {
    for (ban_loopback, banned) in [(false, 0), (true, 1)] {
        let (mut gate, now) = gate(|config| config.ban_loopback = ban_loopback);
        for source in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            (0..50).for_each(|_| gate.report(ip(source), Offence::UnknownUser, now));
            assert_eq!(usize::from(gate.is_banned(ip(source), now)), banned, "{source}");
        }
    }
}

#[test]
fn an_ipv6_site_is_banned_as_a_whole() {
    let (mut gate, now) = gate(|_| {});
    gate.report(ip("2001:db8:1:2::1"), Offence::Scanner, now);
    assert!(!gate.admits(ip("2001:db8:1:2:3:4:5:6"), now));
    assert!(gate.admits(ip("2001:db8:1:3::1"), now));
}

#[test]
fn only_those_listed_may_send_where_there_is_a_list() {
    let (mut gate, now) = gate(|config| {
        config.only = vec!["192.0.2.0/24".parse().expect("a network")];
        config.always = vec![ip("198.51.100.1").into()];
    });
    assert!(gate.admits(ip("192.0.2.1"), now));
    assert!(gate.admits(ip("198.51.100.1"), now));
    assert!(!gate.admits(stranger(), now));
    assert_eq!(dropped(&gate, Reason::NotListed), 1);
    gate.set_always(vec![stranger().into()]);
    assert!(gate.admits(stranger(), now));
}

#[test]
fn what_is_too_long_is_dropped_whoever_sends_it() {
    let (mut gate, now) = gate(|config| config.max_bytes = 4_000);
    let invite = request("INVITE", "100", "");
    assert_eq!(gate.judge(stranger(), 4_001, &invite, now), Verdict::Drop);
    assert_eq!(gate.judge(stranger(), 4_000, &invite, now), Verdict::Pass);
}

#[test]
fn a_flood_of_forged_sources_fills_no_memory_and_stops_nobody_known() {
    let (mut gate, now) = gate(|config| config.sources = 100);
    let invite = request("INVITE", "100", "");
    let forged = |n: u32| IpAddr::from(n.to_be_bytes());
    gate.succeeded(stranger(), now);
    for n in 0..10_000 {
        verdict(&mut gate, forged(0x0b00_0000 + n), &invite, now);
        gate.report(forged(0x0c00_0000 + n), Offence::Scanner, now);
    }
    assert!(gate.sources.len() <= 100 && gate.bans.len() <= 100);
    assert_eq!(verdict(&mut gate, stranger(), &invite, now), Verdict::Pass);
    let later = now + 2 * GateConfig::default().longest_ban;
    verdict(&mut gate, forged(1), &invite, later);
    assert!(gate.sources.len() < 10, "{}", gate.sources.len());
}

#[test]
fn the_same_request_gets_the_same_tag() {
    let (gate, _) = gate(|_| {});
    let tag = |call: &str| {
        let Ok(Message::Request(mut request)) = request("INVITE", "100", "") else { panic!("a request") };
        request.headers.set(Name::CallId, call);
        gate.steady_tag(&request)
    };
    assert_eq!(tag("1"), tag("1"));
    assert_ne!(tag("1"), tag("2"));
}
