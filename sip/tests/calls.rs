//! Two of our own user agents call each other.

mod common;

use common::pair::*;
use common::*;
use sip::media::Codec;
use sip::ua::{Dial, EndCause, Progress, SipError, UaConfig, UserAgent};

#[tokio::test]
async fn a_call_rings_is_answered_and_ends_when_the_caller_hangs_up() {
    let mut pair = pair().await;
    let mut outgoing = pair.dial().await;
    let incoming = soon(pair.calls.recv()).await.expect("the call arrives");
    assert_eq!((incoming.from_user(), incoming.to_user()), ("4711".to_owned(), "service".to_owned()));
    assert_eq!(incoming.remote_addr(), pair.caller.local_addr());
    incoming.ring().await.expect("it rings");
    assert!(matches!(soon(outgoing.next()).await, Progress::Ringing));
    let theirs = soon(incoming.answer()).await.expect("it is answered");
    let ours = answered(&mut outgoing).await;
    assert_eq!((ours.codec(), theirs.codec()), (Codec::Pcmu, Codec::Pcmu));
    assert_eq!(ours.sip_call_id(), theirs.sip_call_id());
    soon(ours.hangup(None)).await;
    assert_eq!(end(&theirs).await, EndCause::ByRemote);
    assert_eq!(end(&ours).await, EndCause::ByLocal);
}

#[tokio::test]
async fn the_side_that_answered_can_hang_up_too() {
    let mut pair = pair().await;
    let (ours, theirs) = pair.connect().await;
    soon(theirs.hangup(Some("the flow is over"))).await;
    assert_eq!(end(&ours).await, EndCause::ByRemote);
    assert_eq!(pair.agent.live_calls(), 0);
}

#[tokio::test]
async fn a_call_that_is_dropped_is_hung_up() {
    let mut pair = pair().await;
    let (ours, theirs) = pair.connect().await;
    drop(ours);
    assert_eq!(end(&theirs).await, EndCause::ByRemote);
}

#[tokio::test]
async fn a_caller_who_gives_up_is_noticed_while_it_rings() {
    let mut pair = pair().await;
    let mut outgoing = pair.dial().await;
    let incoming = soon(pair.calls.recv()).await.expect("the call arrives");
    incoming.ring().await.expect("it rings");
    assert!(matches!(soon(outgoing.next()).await, Progress::Ringing));
    outgoing.cancel().await;
    assert_eq!(soon(incoming.cancelled()).await, EndCause::Cancelled);
    assert!(matches!(soon(incoming.answer()).await, Err(SipError::Gone(_))));
}

#[tokio::test]
async fn a_refusal_comes_with_its_status() {
    let mut pair = pair().await;
    let mut outgoing = pair.dial().await;
    let incoming = soon(pair.calls.recv()).await.expect("the call arrives");
    incoming.reject(486, "in a meeting").await;
    assert!(matches!(soon(outgoing.next()).await, Progress::Failed { status: 486, .. }));
    let mut outgoing = pair.dial().await;
    drop(soon(pair.calls.recv()).await.expect("the call arrives"));
    assert!(matches!(soon(outgoing.next()).await, Progress::Failed { status: 480, .. }));
}

#[tokio::test]
async fn hold_and_back_is_seen_by_the_other_side() {
    let mut pair = pair().await;
    let (ours, theirs) = pair.connect().await;
    let mut held = theirs.held();
    soon(ours.hold(true)).await.expect("hold is accepted");
    soon(held.wait_for(|held| *held)).await.expect("held");
    soon(ours.hold(false)).await.expect("resuming is accepted");
    soon(held.wait_for(|held| !*held)).await.expect("resumed");
    // The same from the side that answered.
    let mut held = ours.held();
    soon(theirs.hold(true)).await.expect("hold is accepted");
    soon(held.wait_for(|held| *held)).await.expect("held");
    assert_eq!((ours.codec(), theirs.codec()), (Codec::Pcmu, Codec::Pcmu));
}

#[tokio::test]
async fn nobody_there_is_a_timeout() {
    let (caller, _unused) = agent(config()).await;
    let silent = Peer::new(caller.local_addr()).await;
    let dial = Dial::new(format!("sip:nobody@{}", silent.addr()), "sip:4711@127.0.0.1");
    let mut outgoing = caller.dial(dial).await.expect("the call is on its way");
    assert!(matches!(soon(outgoing.next()).await, Progress::Failed { status: 408, .. }));
    assert_eq!(caller.live_calls(), 0);
}

#[tokio::test]
async fn a_port_in_use_is_a_clear_error() {
    let (first, _calls) = agent(config()).await;
    let clock = sip::media::Clock::start().expect("the media clock starts");
    let taken = UaConfig { bind: first.local_addr(), ..config() };
    let error = UserAgent::start(taken, clock).await.expect_err("the port is taken");
    let text = error.to_string();
    assert!(text.contains(&first.local_addr().to_string()) && text.contains("choose another"), "{text}");
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_before_it_is() {
    let (caller, _unused) = agent(config()).await;
    for to in ["", "alice", "tel:+4930", "sip:", "sip:a@b c", "sip:a@b\r\nX: y"] {
        let result = caller.dial(Dial::new(to, "sip:4711@127.0.0.1")).await;
        assert!(matches!(result, Err(SipError::BadUri(_))), "{to:?}");
    }
    let mut dial = Dial::new("sip:a@127.0.0.1", "sip:4711@127.0.0.1");
    dial.headers = vec![("X-Note".to_owned(), "one\r\nRoute: <sip:evil>".to_owned())];
    assert!(matches!(caller.dial(dial).await, Err(SipError::BadHeader(_))));
}

#[tokio::test]
async fn a_shutdown_hangs_up_and_takes_no_more_calls() {
    let mut pair = pair().await;
    let (ours, _theirs) = pair.connect().await;
    let mut waiting = pair.dial().await;
    let ringing = soon(pair.calls.recv()).await.expect("the call arrives");
    soon(pair.agent.shutdown()).await;
    assert_eq!(end(&ours).await, EndCause::ByRemote);
    assert!(matches!(soon(waiting.next()).await, Progress::Failed { status: 503, .. }));
    assert_eq!(soon(ringing.cancelled()).await, EndCause::ByLocal);
    assert!(matches!(
        pair.agent.dial(Dial::new("sip:a@127.0.0.1", "sip:b@127.0.0.1")).await,
        Err(SipError::ShuttingDown)
    ));
}
