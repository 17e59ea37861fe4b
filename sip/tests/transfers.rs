//! Transfers between user agents of our own: blind and attended, asked for by either side, and what becomes of the call when they fail.

mod common;

use common::pair::*;
use common::*;
use sip::ua::{ActiveCall, Dial, EndCause, Progress, Signal, Transfer};
use tokio::sync::mpsc;

async fn asked(signals: &mut mpsc::Receiver<Signal>) -> Transfer {
    match soon(signals.recv()).await.expect("the call is up") {
        Signal::Transfer(transfer) => *transfer,
        Signal::TransferProgress { status, .. } => panic!("a transfer was expected, not {status}"),
    }
}

/// The news of a transfer until the last of them.
async fn news(signals: &mut mpsc::Receiver<Signal>) -> Vec<u16> {
    let mut heard = Vec::new();
    loop {
        let Some(Signal::TransferProgress { status, done }) = soon(signals.recv()).await else {
            panic!("news expected")
        };
        heard.push(status);
        if done {
            return heard;
        }
    }
}

fn signals(call: &mut ActiveCall) -> mpsc::Receiver<Signal> {
    call.take_signals().expect("nobody took them")
}

#[tokio::test]
async fn a_blind_transfer_is_taken_on_and_its_news_arrive() {
    let mut pair = pair().await;
    let (third, mut third_calls) = agent(config()).await;
    let (mut ours, mut theirs) = pair.connect().await;
    let (mut asking, mut asked_of) = (signals(&mut theirs), signals(&mut ours));
    theirs.refer(&format!("sip:expert@{}", third.local_addr())).expect("a URI");
    let mut transfer = asked(&mut asked_of).await;
    assert_eq!((transfer.to_user(), transfer.by().as_deref()), ("expert".to_owned(), Some("service")));
    assert!(transfer.replaces().is_none());
    transfer.accept();
    let mut outgoing = pair.dial_as(Dial::new(transfer.to().clone().bare().to_string(), "sip:4711@127.0.0.1")).await;
    let incoming = soon(third_calls.recv()).await.expect("the call arrives");
    incoming.ring().await.expect("it rings");
    assert!(matches!(soon(outgoing.next()).await, Progress::Ringing));
    transfer.progress(180);
    let _expert = soon(incoming.answer()).await.expect("answered");
    let _with_expert = answered(&mut outgoing).await;
    transfer.progress(200);
    assert_eq!(news(&mut asking).await, [202, 100, 180, 200]);
    soon(theirs.hangup(None)).await;
    assert_eq!(end(&ours).await, EndCause::ByRemote);
}

#[tokio::test]
async fn a_transfer_that_fails_leaves_the_call_as_it_was() {
    let mut pair = pair().await;
    let (mut ours, mut theirs) = pair.connect().await;
    let (mut asking, mut asked_of) = (signals(&mut ours), signals(&mut theirs));
    ours.refer("sip:nobody@127.0.0.1:9").expect("a URI");
    let mut transfer = asked(&mut asked_of).await;
    transfer.progress(404);
    assert_eq!(news(&mut asking).await, [202, 100, 404]);
    // Held and back: both still know the call.
    soon(ours.hold(true)).await.expect("hold is accepted");
    soon(theirs.hold(true)).await.expect("hold is accepted");
    assert!(ours.ended().borrow().is_none() && theirs.ended().borrow().is_none());
}

#[tokio::test]
async fn a_transfer_is_declined_or_forgotten() {
    let mut pair = pair().await;
    let (mut ours, mut theirs) = pair.connect().await;
    let (mut asking, mut asked_of) = (signals(&mut ours), signals(&mut theirs));
    ours.refer("sip:expert@127.0.0.1").expect("a URI");
    asked(&mut asked_of).await.decline(603);
    assert_eq!(news(&mut asking).await, [603]);
    ours.refer("sip:expert@127.0.0.1").expect("a URI");
    drop(asked(&mut asked_of).await);
    assert_eq!(news(&mut asking).await, [603]);
    ours.refer("sip:expert@127.0.0.1").expect("a URI");
    let mut accepted = asked(&mut asked_of).await;
    accepted.accept();
    drop(accepted);
    assert_eq!(news(&mut asking).await, [202, 100, 503]);
}

#[tokio::test]
async fn a_transfer_that_nobody_listens_for_is_declined() {
    let mut pair = pair().await;
    let (mut ours, mut theirs) = pair.connect().await;
    let mut asking = signals(&mut ours);
    for taken in [false, true] {
        if taken {
            drop(signals(&mut theirs));
        }
        ours.refer("sip:expert@127.0.0.1").expect("a URI");
        assert_eq!(news(&mut asking).await, [603]);
    }
}

#[tokio::test]
async fn an_attended_transfer_puts_the_new_call_in_the_place_of_the_old() {
    // The agent talks to the caller and to an expert, and connects the two.
    let mut pair = pair().await;
    let (expert, mut expert_calls) = agent(config()).await;
    let (mut with_agent, mut with_caller) = pair.connect().await;
    let dial = Dial::new(format!("sip:expert@{}", expert.local_addr()), "sip:service@127.0.0.1");
    let mut consulting = pair.agent.dial(dial).await.expect("on its way");
    let consulted = soon(soon(expert_calls.recv()).await.expect("it arrives").answer()).await.expect("answered");
    let consulting = answered(&mut consulting).await;
    soon(with_caller.hold(true)).await.expect("hold is accepted");

    let (mut asking, mut asked_of) = (signals(&mut with_caller), signals(&mut with_agent));
    with_caller.refer_to_replace(&consulting).expect("both calls are up");
    let mut transfer = asked(&mut asked_of).await;
    let replaces = transfer.replaces().expect("an attended transfer").to_string();
    let mut dial = Dial::new(transfer.to().clone().bare().to_string(), "sip:4711@127.0.0.1");
    dial.headers = vec![("Replaces".to_owned(), replaces)];
    let mut outgoing = pair.dial_as(dial).await;
    let incoming = soon(expert_calls.recv()).await.expect("the new call arrives");
    assert_eq!(incoming.replaces(), Some(consulted.id()));
    let _talking = soon(incoming.answer()).await.expect("answered");
    let _to_expert = answered(&mut outgoing).await;
    soon(consulted.hangup(None)).await;
    assert_eq!(end(&consulting).await, EndCause::ByRemote);
    transfer.progress(200);
    assert_eq!(news(&mut asking).await, [202, 100, 200]);
    soon(with_caller.hangup(None)).await;
    assert_eq!(end(&with_agent).await, EndCause::ByRemote);
}

#[tokio::test]
async fn replacing_a_call_that_is_over_is_481_or_603() {
    let mut pair = pair().await;
    let (ours, theirs) = pair.connect().await;
    let id = theirs.sip_call_id().to_owned();
    let mut dial = Dial::new(format!("sip:service@{}", pair.callee), "sip:4711@127.0.0.1");
    dial.headers = vec![("Replaces".to_owned(), format!("{id};to-tag=0123456789abcdef;from-tag=nobody"))];
    let mut outgoing = pair.dial_as(dial).await;
    assert!(matches!(soon(outgoing.next()).await, Progress::Failed { status: 481, .. }));
    soon(ours.hangup(None)).await;
    assert_eq!(end(&theirs).await, EndCause::ByRemote);
}

#[tokio::test]
async fn a_transfer_ends_with_the_call() {
    let mut pair = pair().await;
    let (mut ours, mut theirs) = pair.connect().await;
    let (_asking, mut asked_of) = (signals(&mut ours), signals(&mut theirs));
    ours.refer("sip:expert@127.0.0.1").expect("a URI");
    let mut transfer = asked(&mut asked_of).await;
    transfer.accept();
    soon(ours.hangup(None)).await;
    assert_eq!(end(&theirs).await, EndCause::ByRemote);
    // Nobody is left to hear of it.
    transfer.progress(200);
    drop(ours);
    assert_eq!((pair.caller.live_calls(), pair.agent.live_calls()), (0, 0));
}
