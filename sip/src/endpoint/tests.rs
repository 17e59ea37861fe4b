//! Two endpoints over a network of our own making: time is a number, loss is seeded, so every interleaving can be had again.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::message::{Message, Method, Name, NameAddr, Request, Uri};

const A: usize = 0;
const B: usize = 1;

fn addr(side: usize) -> SocketAddr {
    ([192, 0, 2, 1 + side as u8], 5060).into()
}

/// A datagram on its way: when it arrives, a number that keeps the order, to whom, and what.
type Flying = Reverse<(Instant, u64, usize, Bytes)>;

struct World {
    sides: [Endpoint; 2],
    events: [Vec<Event>; 2],
    now: Instant,
    flying: BinaryHeap<Flying>,
    sent: u64,
    random: StdRng,
    loss: f64,
    /// Everything that was sent, as "A INVITE" or "B 200 INVITE".
    log: Vec<String>,
    /// Messages that never arrive, by their beginning in the log.
    swallow: Vec<String>,
}

impl World {
    fn new() -> Self {
        World::with(Config::default())
    }

    fn with(config: Config) -> Self {
        let now = Instant::now();
        let side = |side: usize| Endpoint::new(config.clone(), now, move |_| addr(side));
        World {
            sides: [side(A), side(B)],
            events: [Vec::new(), Vec::new()],
            now,
            flying: BinaryHeap::new(),
            sent: 0,
            random: StdRng::seed_from_u64(7),
            loss: 0.0,
            log: Vec::new(),
            swallow: Vec::new(),
        }
    }

    fn drain(&mut self, side: usize) {
        while let Some(output) = self.sides[side].poll_output() {
            match output {
                Output::Transmit { to, bytes } => {
                    let line = describe(side, &bytes);
                    let lost = self.random.random_bool(self.loss) || self.swallow.iter().any(|s| line.starts_with(s));
                    self.log.push(line);
                    self.sent += 1;
                    let target = if to.addr == addr(A) { A } else { B };
                    if !lost {
                        let delay = Duration::from_millis(self.random.random_range(5..30));
                        self.flying.push(Reverse((self.now + delay, self.sent, target, bytes)));
                    }
                }
                Output::Event(event) => self.events[side].push(event),
            }
        }
    }

    /// One thing that happens next, if it happens before `until`.
    fn step(&mut self, until: Instant) -> bool {
        self.drain(A);
        self.drain(B);
        let arrival = self.flying.peek().map(|Reverse((at, ..))| *at);
        let timers = [A, B].map(|side| self.sides[side].poll_timeout());
        let next = timers.into_iter().flatten().chain(arrival).min();
        let Some(next) = next.filter(|next| *next <= until) else {
            self.now = until.max(self.now);
            return false;
        };
        self.now = self.now.max(next);
        if arrival == Some(next) {
            if let Some(Reverse((_, _, side, bytes))) = self.flying.pop() {
                let from = Peer::udp(addr(1 - side));
                let message = Message::parse(&bytes).expect("what an endpoint sends can be read");
                self.sides[side].receive(self.now, message, &bytes, from);
            }
        } else {
            for side in [A, B] {
                self.sides[side].timeout(self.now);
            }
        }
        true
    }

    fn run(&mut self, time: Duration) {
        let until = self.now + time;
        while self.step(until) {}
    }

    fn ms(&mut self, ms: u64) {
        self.run(Duration::from_millis(ms));
    }

    fn call(&mut self) -> CallId {
        let invite = invite(Vec::new());
        self.sides[A].invite(self.now, invite)
    }

    /// The event of this side that `pick` recognises, taken out.
    fn take<T>(&mut self, side: usize, pick: impl Fn(&Event) -> Option<T>) -> T {
        match self.events[side].iter().position(|event| pick(event).is_some()) {
            Some(at) => pick(&self.events[side].remove(at)).expect("it was picked before"),
            None => panic!("not among {:?}\nafter {:#?}", self.events[side], self.log),
        }
    }

    fn has(&self, side: usize, pick: impl Fn(&Event) -> bool) -> bool {
        self.events[side].iter().any(pick)
    }

    fn incoming(&mut self) -> CallId {
        self.take(B, |event| match event {
            Event::Incoming(incoming) => Some(incoming.call),
            _ => None,
        })
    }

    fn up(&mut self) -> (CallId, CallId) {
        let a = self.call();
        self.ms(100);
        let b = self.incoming();
        let now = self.now;
        self.sides[B].accept(now, b, "answer".into());
        self.ms(200);
        self.take(A, |event| matches!(event, Event::Answered { .. }).then_some(()));
        self.take(B, |event| matches!(event, Event::Acknowledged { .. }).then_some(()));
        (a, b)
    }

    fn ended(&mut self, side: usize) -> EndCause {
        self.take(side, |event| match event {
            Event::Ended { cause, .. } => Some(cause.clone()),
            _ => None,
        })
    }

    fn count(&self, start: &str) -> usize {
        self.log.iter().filter(|line| line.starts_with(start)).count()
    }

    /// Nothing is left behind on either side.
    fn assert_clean(&mut self) {
        self.run(Duration::from_secs(200));
        for side in [A, B] {
            let left = (self.sides[side].calls(), self.sides[side].transactions(), self.sides[side].timers());
            assert_eq!(
                (left.0, left.1),
                (0, 0),
                "calls and transactions left on side {side}: {left:?}\n{:#?}",
                self.log
            );
        }
    }
}

fn invite(headers: Vec<(Name, String)>) -> Invite {
    Invite {
        to: Uri::sip(Some("service"), addr(B)),
        from: NameAddr::new(Uri::sip(Some("4711"), addr(A))),
        peer: Peer::udp(addr(B)),
        routes: Vec::new(),
        body: "offer".into(),
        headers,
        credentials: None,
    }
}

fn describe(side: usize, bytes: &Bytes) -> String {
    let name = ["A", "B"][side];
    match Message::parse(bytes) {
        Ok(Message::Request(request)) => format!("{name} {}", request.method),
        Ok(Message::Response(response)) => {
            let method = response.headers.cseq().map(|cseq| cseq.method.to_string()).unwrap_or_default();
            format!("{name} {} {method}", response.status)
        }
        Err(_) => format!("{name} ?"),
    }
}

#[test]
fn a_call_is_answered_and_the_caller_hangs_up() {
    let mut world = World::new();
    let (a, _) = world.up();
    let now = world.now;
    world.sides[A].hang_up(now, a, None);
    world.ms(100);
    assert_eq!(world.ended(A), EndCause::ByLocal);
    assert_eq!(world.ended(B), EndCause::ByRemote);
    assert_eq!(world.log, ["A INVITE", "B 200 INVITE", "A ACK", "A BYE", "B 200 BYE"]);
    world.assert_clean();
}

#[test]
fn a_slow_answer_is_preceded_by_trying() {
    let mut world = World::new();
    world.call();
    world.ms(1000);
    assert_eq!(world.log, ["A INVITE", "B 100 INVITE"]);
}

#[test]
fn a_cancelled_call_ends_on_both_sides() {
    let mut world = World::new();
    let a = world.call();
    world.ms(300);
    world.incoming();
    let now = world.now;
    world.sides[A].hang_up(now, a, None);
    world.ms(200);
    assert_eq!(world.ended(B), EndCause::Cancelled);
    let status = world.take(A, |event| match event {
        Event::Failed(failed) => Some(failed.status),
        _ => None,
    });
    assert_eq!(status, 487);
    assert_eq!((world.count("A CANCEL"), world.count("B 200 CANCEL"), world.count("B 487")), (1, 1, 1));
    world.assert_clean();
}

#[test]
fn a_cancel_waits_for_the_first_provisional_response() {
    let mut world = World::new();
    let a = world.call();
    let now = world.now;
    world.sides[A].hang_up(now, a, None);
    world.ms(10);
    assert_eq!(world.count("A CANCEL"), 0);
    world.ms(1000);
    assert_eq!(world.count("A CANCEL"), 1);
    world.assert_clean();
}

#[test]
fn an_answer_that_crosses_the_cancel_is_acknowledged_and_hung_up() {
    let mut world = World::new();
    let a = world.call();
    world.ms(300);
    let b = world.incoming();
    let now = world.now;
    world.sides[B].accept(now, b, "answer".into());
    world.sides[A].hang_up(now, a, None);
    world.ms(500);
    assert_eq!((world.count("A ACK"), world.count("A BYE")), (1, 1));
    assert_eq!(world.ended(B), EndCause::ByRemote);
    world.assert_clean();
}

#[test]
fn an_answer_without_an_ack_is_repeated_then_given_up() {
    let mut world = World::new();
    world.swallow.push("A ACK".into());
    world.call();
    world.ms(100);
    let b = world.incoming();
    let now = world.now;
    world.sides[B].accept(now, b, "answer".into());
    world.run(Duration::from_secs(40));
    assert_eq!(world.ended(B), EndCause::NotAcknowledged);
    assert!(world.count("B 200 INVITE") > 5 && world.count("A ACK") > 5);
    assert_eq!(world.ended(A), EndCause::ByRemote);
    world.assert_clean();
}

#[test]
fn a_callee_that_hangs_up_at_once_says_bye_only_after_the_ack() {
    let mut world = World::new();
    world.call();
    world.ms(100);
    let b = world.incoming();
    let now = world.now;
    world.sides[B].accept(now, b, "answer".into());
    world.sides[B].hang_up(now, b, None);
    world.drain(B);
    assert_eq!(world.count("B BYE"), 0);
    world.ms(500);
    assert_eq!(world.count("B BYE"), 1);
    assert_eq!(world.ended(A), EndCause::ByRemote);
    world.assert_clean();
}

#[test]
fn a_provisional_response_with_a_session_is_reliable_and_holds_back_the_answer() {
    let mut world = World::new();
    world.swallow.push("A PRACK".into());
    world.call();
    world.ms(100);
    let b = world.incoming();
    let now = world.now;
    world.sides[B].provisional(now, b, 183, "early".into());
    world.ms(50);
    let now = world.now;
    world.sides[B].accept(now, b, "answer".into());
    world.ms(1000);
    assert_eq!(world.count("B 200 INVITE"), 0);
    assert!(world.count("B 183") >= 2);
    world.swallow.clear();
    world.run(Duration::from_secs(8));
    assert_eq!(world.count("B 200 INVITE"), 1);
    assert_eq!(world.count("B 200 PRACK"), 1);
    world.take(A, |event| matches!(event, Event::Provisional { status: 183, .. }).then_some(()));
    world.take(A, |event| matches!(event, Event::Answered { .. }).then_some(()));
    assert!(!world.has(A, |event| matches!(event, Event::Provisional { .. })), "a repeated 183 is news once");
}

#[test]
fn both_sides_change_the_session_and_glare_resolves() {
    let mut world = World::new();
    let (a, b) = world.up();
    let now = world.now;
    world.sides[A].offer(now, a, "a holds".into());
    world.sides[B].offer(now, b, "b holds".into());
    for _ in 0..400 {
        world.ms(20);
        for side in [A, B] {
            let offers: Vec<_> = world.events[side]
                .iter()
                .filter_map(|event| match event {
                    Event::Offer { call, offer, .. } => Some((*call, *offer)),
                    _ => None,
                })
                .collect();
            world.events[side].retain(|event| !matches!(event, Event::Offer { .. }));
            let now = world.now;
            for (call, offer) in offers {
                world.sides[side].answer(now, call, offer, "fine".into());
            }
        }
    }
    for side in [A, B] {
        let result = world.take(side, |event| match event {
            Event::Answer { result, .. } => Some(result.clone()),
            _ => None,
        });
        assert_eq!(result, Ok("fine".into()));
    }
    assert!(world.count("A 491") + world.count("B 491") >= 1);
}

#[test]
fn the_session_is_refreshed_and_a_vanished_peer_is_noticed() {
    let config = Config { session_expires: Some(Duration::from_secs(100)), ..Config::default() };
    let mut world = World::with(config);
    world.up();
    world.run(Duration::from_secs(290));
    assert!(world.count("A UPDATE") >= 4, "{:#?}", world.log);
    assert_eq!(world.sides[B].calls(), 1);
    // The way between them is cut.
    world.swallow.extend(["A ".into(), "B ".into()]);
    world.run(Duration::from_secs(200));
    assert!(matches!(world.ended(B), EndCause::Vanished(_)));
    assert!(matches!(world.ended(A), EndCause::Vanished(_)));
    world.assert_clean();
}

#[test]
fn a_session_interval_that_is_too_small_is_lengthened() {
    let mut world = World::new();
    world.sides[B] =
        Endpoint::new(Config { min_se: Duration::from_secs(3000), ..Config::default() }, world.now, |_| addr(B));
    world.call();
    world.ms(300);
    world.incoming();
    assert_eq!((world.count("B 422"), world.count("A INVITE")), (1, 2));
}

#[test]
fn a_transfer_is_asked_for_and_its_progress_told() {
    let mut world = World::new();
    let (_, b) = world.up();
    let now = world.now;
    world.sides[B].refer(now, b, &Uri::parse("sip:other@192.0.2.9").expect("a URI"));
    world.ms(100);
    let (call, refer) = world.take(A, |event| match event {
        Event::Refer(refer) if refer.to.uri.user() == "other" => Some((refer.call, refer.refer)),
        _ => None,
    });
    let now = world.now;
    world.sides[A].refer_reply(now, call, refer, 202);
    world.ms(100);
    let now = world.now;
    world.sides[A].refer_progress(now, call, refer, 200, "OK");
    world.ms(100);
    let news: Vec<_> = world.events[B]
        .iter()
        .filter_map(|event| match event {
            Event::Transfer { status, done, .. } => Some((*status, *done)),
            _ => None,
        })
        .collect();
    assert!(news.contains(&(202, false)) && news.contains(&(200, true)), "{news:?}");
}

#[test]
fn a_call_that_replaces_another_names_it() {
    let mut world = World::new();
    let (a, b) = world.up();
    // As the peer of the first call would see it.
    let replaces = world.sides[A].replaces(a).expect("a dialog");
    let now = world.now;
    world.sides[A].invite(now, invite(vec![(Name::Replaces, replaces.to_string())]));
    world.ms(100);
    let named = world.take(B, |event| match event {
        Event::Incoming(incoming) => Some(incoming.replaces),
        _ => None,
    });
    assert_eq!(named, Some(b));
}

#[test]
fn a_key_that_comes_by_info_is_one_event() {
    let mut world = World::new();
    let (_, b) = world.up();
    let _ = b;
    let keys = [("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n"), ("application/dtmf", "11")];
    for (kind, body) in keys {
        let request = hand_made(&mut world, Method::Info, kind, body);
        deliver(&mut world, request);
    }
    let digits: Vec<_> = world.events[B]
        .iter()
        .filter_map(|event| match event {
            Event::Key { digit, .. } => Some(*digit),
            _ => None,
        })
        .collect();
    assert_eq!(digits, ['5', '#']);
}

/// A request in the dialog of the one call, made by hand as a peer with its own ideas would.
fn hand_made(world: &mut World, method: Method, kind: &str, body: &str) -> Request {
    let a = world.sides[A].calls.keys().next().copied().expect("a call");
    let dialog = world.sides[A].calls.get_mut(&a).and_then(|call| call.dialog.as_mut()).expect("a dialog");
    let mut request = dialog.request(method).with(Name::ContentType, kind);
    let via = format!("SIP/2.0/UDP {};branch=z9hG4bK{:016x}", addr(A), rand::random::<u64>());
    request.headers.push_front(Name::Via, via);
    request.body = Bytes::copy_from_slice(body.as_bytes());
    request
}

fn deliver(world: &mut World, request: Request) {
    let bytes = Bytes::from(request.to_bytes());
    let message = Message::parse(&bytes).expect("a message");
    let now = world.now;
    world.sides[B].receive(now, message, &bytes, Peer::udp(addr(A)));
    world.drain(B);
}

#[test]
fn a_request_out_of_order_is_refused() {
    let mut world = World::new();
    world.up();
    let first = hand_made(&mut world, Method::Options, "text/plain", "");
    let second = hand_made(&mut world, Method::Options, "text/plain", "");
    deliver(&mut world, second);
    deliver(&mut world, first);
    assert_eq!(
        world.log.iter().filter(|l| l.ends_with("OPTIONS")).cloned().collect::<Vec<_>>(),
        ["B 200 OPTIONS", "B 500 OPTIONS"]
    );
}

#[test]
fn the_same_invite_over_two_ways_is_one_call() {
    let mut world = World::new();
    world.call();
    world.drain(A);
    let Some(Reverse((_, _, _, bytes))) = world.flying.pop() else { panic!("an INVITE flies") };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let branch = text.find("branch=z9hG4bK").expect("a branch") + 14;
    let mut other = text.clone();
    other.replace_range(branch..branch + 4, "zzzz");
    for text in [text, other] {
        let bytes = Bytes::from(text);
        let message = Message::parse(&bytes).expect("a message");
        let now = world.now;
        world.sides[B].receive(now, message, &bytes, Peer::udp(addr(A)));
    }
    world.drain(B);
    assert_eq!(world.count("B 482"), 1);
    assert_eq!(world.sides[B].calls(), 1);
}

#[test]
fn a_stranger_with_the_right_tag_but_another_call_id_gets_481() {
    let mut world = World::new();
    world.up();
    let mut request = hand_made(&mut world, Method::Bye, "text/plain", "");
    request.headers.set(Name::CallId, "somebody-else");
    deliver(&mut world, request);
    assert_eq!(world.count("B 481 BYE"), 1);
    assert_eq!(world.sides[B].calls(), 1);
    assert!(world.has(B, |event| matches!(event, Event::Stray { peer } if peer.addr == addr(A))), "worth watching");
}

#[test]
fn an_offer_by_prack_waits_until_the_one_before_it_has_its_answer() {
    let mut world = World::new();
    let a = world.call();
    world.ms(100);
    let b = world.incoming();
    let now = world.now;
    // The PRACK that A sends by itself is lost; one with an offer is made by hand.
    world.swallow.push("A PRACK".into());
    world.sides[B].provisional(now, b, 183, "early".into());
    world.ms(60);
    let early = |world: &World| {
        let caller = world.sides[A].calls[&a].caller.as_ref().expect("a caller");
        caller.early(&b.tag()).expect("an early dialog").clone()
    };
    let request = |dialog: &mut super::dialog::Dialog, method: Method, more: &[(Name, String)]| {
        let mut request = dialog.request(method).with(Name::ContentType, ACCEPT);
        for (name, value) in more {
            request.headers.push(name.clone(), value.as_str());
        }
        let via = format!("SIP/2.0/UDP {};branch=z9hG4bK{:016x}", addr(A), rand::random::<u64>());
        request.headers.push_front(Name::Via, via);
        request.body = "another offer".into();
        request
    };
    let mut dialog = early(&world);
    let reliable = world.sides[B].ladder(b).iter().rfind(|m| m.text().contains("RSeq")).expect("a 183").text();
    let number = |name: &str| reliable.lines().find_map(|l| l.strip_prefix(name)).expect("a header").trim().to_owned();
    let rack = vec![(Name::RAck, format!("{} {}", number("RSeq:"), number("CSeq:")))];
    deliver(&mut world, request(&mut dialog, Method::Update, &[]));
    deliver(&mut world, request(&mut dialog, Method::Prack, &rack));
    assert_eq!((world.count("B 200 PRACK"), world.count("B 500 PRACK")), (0, 1));
    let open = world.take(B, |event| match event {
        Event::Offer { offer, .. } => Some(*offer),
        _ => None,
    });
    let now = world.now;
    world.sides[B].answer(now, b, open, "answer".into());
    deliver(&mut world, request(&mut dialog, Method::Prack, &rack));
    let second = world.take(B, |event| match event {
        Event::Offer { offer, .. } => Some(*offer),
        _ => None,
    });
    world.sides[B].answer(now, b, second, "answer".into());
    world.drain(B);
    assert_eq!((world.count("B 200 UPDATE"), world.count("B 200 PRACK")), (1, 1));
}

#[test]
fn a_call_that_ends_during_an_offer_keeps_nothing() {
    let mut world = World::new();
    let (a, b) = world.up();
    let now = world.now;
    world.sides[A].offer(now, a, "hold".into());
    world.ms(500);
    assert_eq!(world.count("B 100 INVITE"), 1);
    // The refusal that ends the re-INVITE never arrives.
    world.swallow.push("B 487 INVITE".into());
    let now = world.now;
    world.sides[B].hang_up(now, b, None);
    world.assert_clean();
}

#[test]
fn nobody_is_there() {
    let mut world = World::new();
    world.swallow.push("A ".into());
    world.call();
    world.run(Duration::from_secs(33));
    let (status, local) = world.take(A, |event| match event {
        Event::Failed(failed) => Some((failed.status, failed.local)),
        _ => None,
    });
    assert_eq!((status, local, world.count("A INVITE")), (408, true, 7));
    world.assert_clean();
}

#[test]
fn credentials_never_reach_a_ladder() {
    let text = "REGISTER sip:a SIP/2.0\r\nAuthorization: Digest response=\"secret\"\r\n\r\na=crypto:1 AES secret\r\n";
    let traced =
        Traced { at: Instant::now(), sent: true, peer: Peer::udp(addr(A)), bytes: Bytes::from(text.to_owned()) };
    assert!(!traced.text().contains("secret"));
    assert!(traced.text().contains("Authorization: …"));
}

/// Whatever is lost and whenever somebody hangs up, both sides come to an end and keep nothing.
#[test]
fn over_a_bad_network_every_call_ends_and_nothing_is_left() {
    for seed in 0..60 {
        let mut world = World::new();
        world.random = StdRng::seed_from_u64(seed);
        world.loss = 0.3;
        for _ in 0..4 {
            world.call();
        }
        for round in 0..120 {
            world.ms(250);
            let now = world.now;
            for side in [A, B] {
                for event in std::mem::take(&mut world.events[side]) {
                    match event {
                        Event::Incoming(incoming) => match world.random.random_range(0..4) {
                            0 => world.sides[side].reject(now, incoming.call, 486, Vec::new()),
                            1 => world.sides[side].provisional(now, incoming.call, 183, "early".into()),
                            _ => world.sides[side].accept(now, incoming.call, "answer".into()),
                        },
                        Event::Offer { call, offer, .. } => world.sides[side].answer(now, call, offer, "fine".into()),
                        Event::Answered { call, .. } if world.random.random_bool(0.5) => {
                            world.sides[side].offer(now, call, "hold".into());
                        }
                        Event::Acknowledged { call, .. } if world.random.random_bool(0.3) => {
                            world.sides[side].hang_up(now, call, Some("done"));
                        }
                        _ => {}
                    }
                }
                let calls: Vec<_> = world.sides[side].calls.keys().copied().collect();
                for call in calls {
                    if round > 100 || world.random.random_bool(0.005) {
                        world.sides[side].hang_up(now, call, None);
                    }
                }
            }
        }
        world.assert_clean();
    }
}
