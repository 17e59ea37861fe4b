//! Two user agents of our own: over every transport, early sound, hold by both at once, session timers, the ladder, registrations,
//! shutdown.

mod common;

use std::time::Duration;

use common::certificates::Certificates;
use common::pair::*;
use common::*;
use sip::digest::{ALGORITHMS, DigestAlgorithm};
use sip::media::LegEvent;
use sip::transport::TransportConfig;
use sip::ua::{Credentials, Dial, EndCause, Progress, Protocol, RegistrationState, Traced, UaConfig};

fn alice() -> Credentials {
    Credentials { username: "alice".to_owned(), password: "secret".to_owned() }
}

/// Up, held, resumed, and hung up by the side that was called.
async fn call_works_over(mut pair: Pair, protocol: Protocol) {
    let (ours, theirs) = pair.connect_over(protocol).await;
    assert!(ours.ladder().iter().all(|message| message.peer.protocol == protocol));
    let mut held = theirs.held();
    soon(ours.hold(true)).await.expect("hold is accepted");
    soon(held.wait_for(|held| *held)).await.expect("held");
    let mut held = ours.held();
    soon(theirs.hold(true)).await.expect("hold is accepted");
    soon(held.wait_for(|held| *held)).await.expect("held");
    soon(theirs.hangup(None)).await;
    assert_eq!(end(&ours).await, EndCause::ByRemote);
    let record = theirs.record();
    soon(record.closed()).await;
    assert!(record.ladder().iter().all(|message| message.peer.protocol == protocol));
    assert_eq!((pair.caller.live_calls(), pair.agent.live_calls()), (0, 0));
}

#[tokio::test]
async fn calls_work_over_tcp() {
    let listening = || {
        let transport = TransportConfig { tcp: vec![([127, 0, 0, 1], 0).into()], ..TransportConfig::default() };
        UaConfig { transport, ..config() }
    };
    call_works_over(pair_of(listening(), listening()).await, Protocol::Tcp).await;
}

#[tokio::test]
async fn calls_work_over_tcp_from_somebody_who_takes_no_connections() {
    let transport = TransportConfig { tcp: vec![([127, 0, 0, 1], 0).into()], ..TransportConfig::default() };
    call_works_over(pair_of(config(), UaConfig { transport, ..config() }).await, Protocol::Tcp).await;
}

#[tokio::test]
async fn calls_work_over_tls() {
    let certificates = Certificates::new();
    let secured = || UaConfig { transport: certificates.transport(), ..config() };
    call_works_over(pair_of(secured(), secured()).await, Protocol::Tls).await;
}

#[tokio::test]
async fn calls_work_over_ipv6() {
    let six = || UaConfig { bind: "[::1]:0".parse().expect("an address"), ..config() };
    let mut pair = pair_of(six(), six()).await;
    let (ours, mut theirs) = pair.connect().await;
    assert!(ours.ladder().iter().all(|message| message.peer.addr.is_ipv6()));
    // Sound comes too.
    let mut events = theirs.take_events().expect("nobody took them");
    loop {
        if let LegEvent::Frame(frame) = soon(events.recv()).await.expect("the leg is open")
            && !frame.heard.is_empty()
        {
            break;
        }
    }
    soon(ours.hangup(None)).await;
    assert_eq!(end(&theirs).await, EndCause::ByRemote);
}

#[tokio::test]
async fn a_certificate_that_nobody_signed_is_a_failure_and_not_a_wait() {
    let (ours, theirs) = (Certificates::new(), Certificates::new());
    let pair = pair_of(
        UaConfig { transport: ours.transport(), ..config() },
        UaConfig { transport: theirs.transport(), ..config() },
    )
    .await;
    let mut outgoing = pair.dial_as(Dial::new(service(&pair.agent, Protocol::Tls), "sip:4711@127.0.0.1")).await;
    assert!(matches!(soon(outgoing.next()).await, Progress::Failed { status: 503, .. }));
}

#[tokio::test]
async fn nobody_listening_on_tcp_is_a_failure_and_not_a_wait() {
    let (caller, _unused) = agent(config()).await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port");
    let dial = Dial::new(format!("sip:nobody@{closed};transport=tcp"), "sip:4711@127.0.0.1");
    let mut outgoing = caller.dial(dial).await.expect("on its way");
    assert!(matches!(soon(outgoing.next()).await, Progress::Failed { status: 503, .. }));
}

#[tokio::test]
async fn early_sound_is_heard_before_the_answer_and_goes_on_after_it() {
    let mut pair = pair().await;
    let mut outgoing = pair.dial().await;
    let incoming = soon(pair.calls.recv()).await.expect("the call arrives");
    let early = incoming.early_media().await.expect("it is wanted").expect("there was an offer");
    assert!(matches!(soon(outgoing.next()).await, Progress::EarlyMedia { .. }));
    let again = incoming.early_media().await.expect("it is wanted").expect("there was an offer");
    assert_eq!(format!("{early:?}"), format!("{again:?}"), "the same sound");
    let theirs = soon(incoming.answer()).await.expect("answered");
    let ours = answered(&mut outgoing).await;
    // Both understand reliable provisional responses, so the 183 was acknowledged.
    let prack = ours.ladder().iter().filter(|m| m.sent && m.text().starts_with("PRACK ")).count();
    assert_eq!(prack, 1);
    soon(theirs.hangup(None)).await;
    assert_eq!(end(&ours).await, EndCause::ByRemote);
}

#[tokio::test]
async fn a_caller_can_give_up_during_early_sound() {
    let mut pair = pair().await;
    let mut outgoing = pair.dial().await;
    let incoming = soon(pair.calls.recv()).await.expect("the call arrives");
    let _early = incoming.early_media().await.expect("it is wanted");
    assert!(matches!(soon(outgoing.next()).await, Progress::EarlyMedia { .. }));
    outgoing.cancel().await;
    assert_eq!(soon(incoming.cancelled()).await, EndCause::Cancelled);
    assert_eq!(pair.agent.live_calls(), 0);
}

#[tokio::test]
async fn a_call_with_early_sound_can_be_refused() {
    let mut pair = pair().await;
    let mut outgoing = pair.dial().await;
    let incoming = soon(pair.calls.recv()).await.expect("the call arrives");
    let _early = incoming.early_media().await.expect("it is wanted");
    incoming.reject(486, "").await;
    assert!(matches!(soon(outgoing.next()).await, Progress::EarlyMedia { .. }));
    assert!(matches!(soon(outgoing.next()).await, Progress::Failed { status: 486, .. }));
}

#[tokio::test]
async fn both_sides_hold_at_once_and_both_succeed() {
    let mut pair = pair().await;
    let (ours, theirs) = pair.connect().await;
    let (a, b) = tokio::join!(soon(ours.hold(true)), soon(theirs.hold(true)));
    a.expect("ours is accepted");
    b.expect("theirs is accepted");
    soon(ours.held().wait_for(|held| *held)).await.expect("held");
    soon(theirs.held().wait_for(|held| *held)).await.expect("held");
    let (a, b) = tokio::join!(soon(ours.hold(false)), soon(theirs.hold(false)));
    a.expect("ours is accepted");
    b.expect("theirs is accepted");
    soon(ours.held().wait_for(|held| !*held)).await.expect("resumed");
    soon(theirs.held().wait_for(|held| !*held)).await.expect("resumed");
}

fn refreshing(seconds: u64) -> UaConfig {
    let (interval, least) = (Duration::from_secs(seconds), Duration::from_secs(1));
    UaConfig { session_expires: Some(interval), min_session_expires: least, ..config() }
}

#[tokio::test]
async fn a_session_is_refreshed_for_as_long_as_it_lasts() {
    let mut pair = pair_of(refreshing(1), refreshing(1)).await;
    let (ours, theirs) = pair.connect().await;
    let refreshes = || ours.ladder().iter().filter(|m| m.text().starts_with("UPDATE ")).count();
    soon(async {
        while refreshes() < 4 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    assert!(ours.ended().borrow().is_none() && theirs.ended().borrow().is_none());
}

#[tokio::test]
async fn a_peer_that_no_longer_refreshes_has_vanished_for_both() {
    let mut pair = pair_of(refreshing(1), refreshing(1)).await;
    let (ours, theirs) = pair.connect().await;
    // Its network is gone before it can say a word.
    pair.caller.transports().stop();
    assert!(matches!(end(&theirs).await, EndCause::Vanished(_)));
    drop(ours);
}

#[tokio::test]
async fn the_ladder_has_every_message_and_no_credentials() {
    let closed = UaConfig { allow_anonymous_calls: false, digest_algorithms: ALGORITHMS.to_vec(), ..registrar() };
    let mut pair = pair_of(config(), closed).await;
    let mut dial = Dial::new(format!("sip:service@{}", pair.callee), "sip:4711@127.0.0.1");
    dial.credentials = Some(alice());
    let mut outgoing = pair.dial_as(dial).await;
    let incoming = soon(pair.calls.recv()).await.expect("the call arrives");
    assert_eq!(incoming.authenticated_user(), Some("alice"));
    let theirs = soon(incoming.answer()).await.expect("answered");
    let ours = answered(&mut outgoing).await;
    soon(ours.hangup(Some("done"))).await;
    assert_eq!(end(&theirs).await, EndCause::ByRemote);
    let (record, other) = (ours.record(), theirs.record());
    soon(record.closed()).await;
    soon(other.closed()).await;
    // The method, or the version and the status.
    let kind = |message: &Traced| {
        let text = message.text();
        let words: Vec<_> = text.split_whitespace().take(2).collect();
        (message.sent, if words[0] == "SIP/2.0" { words[1] } else { words[0] }.to_owned())
    };
    let kinds: Vec<_> = record.ladder().iter().map(kind).filter(|(_, kind)| kind != "100").collect();
    let expected = [
        (true, "INVITE"),
        (false, "401"),
        (true, "ACK"),
        (true, "INVITE"),
        (false, "200"),
        (true, "ACK"),
        (true, "BYE"),
        (false, "200"),
    ];
    assert_eq!(kinds, expected.map(|(sent, kind)| (sent, kind.to_owned())));
    let text: String = record.ladder().iter().chain(&other.ladder()).map(Traced::text).collect();
    assert!(text.contains("Authorization: …\r\n"));
    for secret in ["secret", "nonce", "response=", "cnonce"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn phones_register_over_every_transport_with_either_hash() {
    let certificates = Certificates::new();
    for algorithm in [DigestAlgorithm::Md5, DigestAlgorithm::Sha256] {
        let server =
            UaConfig { transport: certificates.transport(), digest_algorithms: vec![algorithm], ..registrar() };
        let (server, _calls) = agent(server).await;
        let (phone, mut calls) = agent(UaConfig { transport: certificates.transport(), ..config() }).await;
        for protocol in [Protocol::Udp, Protocol::Tcp, Protocol::Tls] {
            let at = server.local_addr_of(protocol).expect("it listens");
            let registrar = format!("sip:{at};transport={}", protocol.param());
            let registration = soon(phone.register(&registrar, alice(), Duration::from_secs(120))).await;
            let registration = registration.unwrap_or_else(|error| panic!("{protocol:?} {algorithm:?}: {error}"));
            let granted = RegistrationState::Registered { expires: Duration::from_secs(120) };
            assert_eq!(*registration.state().borrow(), granted);
            // And it is called over the connection that it opened.
            let contact = server.registered("alice").remove(0);
            assert_eq!(contact.source.protocol, protocol);
            let dial = Dial { destination: Some(contact.source), ..Dial::new(contact.uri, "sip:4711@127.0.0.1") };
            let mut outgoing = server.dial(dial).await.expect("on its way");
            let incoming = soon(calls.recv()).await.expect("the phone is called");
            assert_eq!(incoming.peer().protocol, protocol);
            let theirs = soon(incoming.answer()).await.expect("answered");
            let ours = answered(&mut outgoing).await;
            soon(theirs.hangup(None)).await;
            assert_eq!(end(&ours).await, EndCause::ByRemote);
            soon(registration.unregister()).await;
            assert!(server.registered("alice").is_empty(), "{protocol:?}");
        }
    }
}

#[tokio::test]
async fn a_shutdown_of_either_side_ends_calls_over_every_transport() {
    let certificates = Certificates::new();
    for protocol in [Protocol::Udp, Protocol::Tcp, Protocol::Tls] {
        for caller_goes in [true, false] {
            let secured = || UaConfig { transport: certificates.transport(), ..config() };
            let mut pair = pair_of(secured(), secured()).await;
            let (ours, theirs) = pair.connect_over(protocol).await;
            let stays = if caller_goes { &theirs } else { &ours };
            soon(if caller_goes { &pair.caller } else { &pair.agent }.shutdown()).await;
            assert_eq!(end(stays).await, EndCause::ByRemote, "{protocol:?}");
        }
    }
}

#[tokio::test]
async fn an_agent_answers_a_ping() {
    let pair = pair().await;
    let (status, _) =
        soon(pair.caller.ping(&format!("sip:{}", pair.callee), "sip:4711@127.0.0.1")).await.expect("there");
    assert_eq!(status, 200);
}
