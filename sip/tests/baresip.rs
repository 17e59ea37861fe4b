//! baresip, a real softphone, registers with us, takes a call and makes one.

mod common;

use std::net::SocketAddr;

use common::phone::Phone;
use common::*;
use sip::media::LegEvent;
use sip::ua::{ActiveCall, Dial, EndCause, Progress, RegistrationEvent};

/// Waits until the phone's audio is heard: half a second of frames that are not silence.
async fn heard(call: &mut ActiveCall) {
    let mut events = call.take_events().expect("the events were not taken yet");
    let mut loud = 0;
    while loud < 25 {
        match soon(events.recv()).await.expect("the leg is open") {
            LegEvent::Frame(frame) if frame.heard.iter().any(|s| s.unsigned_abs() > 1000) => loud += 1,
            _ => {}
        }
    }
}

fn account(server: SocketAddr, register_every: u32) -> String {
    format!(
        "<sip:alice@{server}>;auth_user=alice;auth_pass=secret;regint={register_every};answermode=auto;catchall=yes;audio_codecs=PCMA/8000/1\n"
    )
}

#[tokio::test]
async fn baresip_registers_and_takes_a_call() {
    if !have("baresip") {
        return;
    }
    let (server, _calls) = agent(registrar()).await;
    let mut changes = server.registrations().expect("there is a registrar");
    let _phone = Phone::start(&account(server.local_addr(), 60), None);
    let change = soon(changes.recv()).await.expect("it registers");
    assert_eq!((change.user.as_str(), change.event), ("alice", RegistrationEvent::Registered { contacts: 1 }));
    let contact = server.registered("alice").remove(0);
    let dial = Dial { destination: Some(contact.source), ..Dial::new(contact.uri, "sip:4711@127.0.0.1") };
    let mut outgoing = server.dial(dial).await.expect("on its way");
    let mut call = loop {
        match soon(outgoing.next()).await {
            Progress::Answered(call) => break call,
            Progress::Failed { status, reason } => panic!("failed with {status} {reason}"),
            Progress::Ringing | Progress::EarlyMedia { .. } => {}
        }
    };
    assert_eq!(call.codec(), sip::media::Codec::Pcma);
    heard(&mut call).await;
    soon(call.hold(true)).await.expect("it understands hold");
    soon(call.hold(false)).await.expect("and back");
    soon(call.hangup(None)).await;
    assert_eq!(*call.ended().borrow(), Some(EndCause::ByLocal));
}

#[tokio::test]
async fn baresip_calls_us_and_hangs_up() {
    if !have("baresip") {
        return;
    }
    let (server, mut calls) = agent(registrar()).await;
    let service = format!("/dial sip:service@{}", server.local_addr());
    let phone = Phone::start(&account(server.local_addr(), 0), Some(&service));
    let incoming = soon(calls.recv()).await.expect("the call arrives");
    assert_eq!((incoming.from_user(), incoming.to_user()), ("alice".to_owned(), "service".to_owned()));
    incoming.ring().await.expect("it rings");
    let mut call = soon(incoming.answer()).await.expect("answered");
    heard(&mut call).await;
    // A softphone that is told to quit says BYE.
    phone.quit();
    let end = soon(call.ended().wait_for(Option::is_some)).await.expect("it ends").clone();
    assert_eq!(end, Some(EndCause::ByRemote));
}
