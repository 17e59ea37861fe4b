//! baresip, a real softphone, over UDP, TCP and TLS with and without SRTP: as a phone that registers with us, is called and calls, and as
//! a trunk that is dialled by its address. It holds, resumes, and transfers in both directions.

mod common;

use std::net::SocketAddr;

use common::certificates::Certificates;
use common::pair::{answered, end, service};
use common::phone::{Phone, Voice, heard};
use common::*;
use sip::media::Codec;
use sip::sdp::{Encryption, Keying, Preferences};
use sip::ua::{ActiveCall, Dial, EndCause, IncomingCall, Protocol, RegistrationEvent, Signal, UaConfig, UserAgent};
use tokio::sync::mpsc;

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
    let phone = Phone::start(&account(server.local_addr(), 60), None);
    let change = soon(changes.recv()).await.expect("it registers");
    assert_eq!((change.user.as_str(), change.event), ("alice", RegistrationEvent::Registered { contacts: 1 }));
    let contact = server.registered("alice").remove(0);
    let dial = Dial { destination: Some(contact.source), ..Dial::new(contact.uri, "sip:4711@127.0.0.1") };
    let mut outgoing = server.dial(dial).await.expect("on its way");
    let mut call = answered(&mut outgoing).await;
    assert_eq!(call.codec(), sip::media::Codec::Pcma);
    heard(&mut call, 440.0, &phone).await;
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
    heard(&mut call, 440.0, &phone).await;
    // A softphone that is told to quit says BYE.
    phone.quit();
    let end = soon(call.ended().wait_for(Option::is_some)).await.expect("it ends").clone();
    assert_eq!(end, Some(EndCause::ByRemote));
}

/// How a phone and we protect the sound: its module and parameter, and what we insist on.
const PROTECTION: [(&str, Option<&str>, Encryption, Keying); 3] = [
    ("", None, Encryption::Never, Keying::Sdes),
    (";mediaenc=srtp-mand", Some("srtp"), Encryption::Required, Keying::Sdes),
    (";mediaenc=dtls_srtp", Some("dtls_srtp"), Encryption::Required, Keying::Dtls),
];

/// A phone named Alice over one transport, and the agent that it belongs to.
struct Scene {
    phone: Phone,
    agent: UserAgent,
    calls: mpsc::Receiver<IncomingCall>,
    // The files last as long as somebody may read them.
    _certificates: Certificates,
}

impl Scene {
    async fn new(protocol: Protocol, how: usize, more: &str) -> Scene {
        let (param, module, encryption, keying) = PROTECTION[how];
        let certificates = Certificates::new();
        let media = Preferences { codecs: vec![Codec::Pcma], encryption, keying, ..Preferences::default() };
        let config = UaConfig { media, transport: certificates.transport(), ..registrar() };
        let (agent, calls) = agent(config).await;
        let at = agent.local_addr_of(protocol).expect("it listens");
        let account = format!(
            "<sip:alice@{at};transport={}>;auth_user=alice;auth_pass=secret;answermode=auto;catchall=yes;audio_codecs=PCMA/8000/1{param}{more}\n",
            protocol.param()
        );
        let modules: Vec<_> = ["g711"].into_iter().chain(module).collect();
        let phone = Phone::secured(Voice::Tone, &account, &modules, None, Some(&certificates));
        Scene { phone, agent, calls, _certificates: certificates }
    }

    async fn called_by_phone(&mut self, protocol: Protocol) -> ActiveCall {
        self.phone.order("dial", &service(&self.agent, protocol)).await;
        let incoming = soon(self.calls.recv()).await.expect("the call arrives");
        assert_eq!((incoming.from_user().as_str(), incoming.peer().protocol), ("alice", protocol));
        soon(incoming.answer()).await.expect("answered")
    }
}

async fn is_heard_and_ends(mut call: ActiveCall, scene: &Scene) {
    let _events = heard(&mut call, 440.0, &scene.phone).await;
    soon(call.hangup(None)).await;
    assert_eq!(end(&call).await, EndCause::ByLocal);
}

#[tokio::test]
async fn a_phone_registers_is_called_and_calls_over_every_transport_with_every_encryption() {
    if !have("baresip") {
        return;
    }
    for protocol in [Protocol::Udp, Protocol::Tcp, Protocol::Tls] {
        for how in 0..PROTECTION.len() {
            let mut scene = Scene::new(protocol, how, ";regint=60").await;
            let mut changes = scene.agent.registrations().expect("there is a registrar");
            if scene.agent.registered("alice").is_empty() {
                soon(changes.recv()).await.expect("it registers");
            }
            let contact = scene.agent.registered("alice").remove(0);
            assert_eq!(contact.source.protocol, protocol);
            let dial = Dial { destination: Some(contact.source), ..Dial::new(contact.uri, "sip:4711@127.0.0.1") };
            let mut outgoing = scene.agent.dial(dial).await.expect("on its way");
            is_heard_and_ends(answered(&mut outgoing).await, &scene).await;
            let call = scene.called_by_phone(protocol).await;
            is_heard_and_ends(call, &scene).await;
        }
    }
}

#[tokio::test]
async fn a_trunk_is_dialled_by_its_address_and_dials_us() {
    if !have("baresip") {
        return;
    }
    for (protocol, how) in [(Protocol::Udp, 0), (Protocol::Tcp, 1), (Protocol::Tls, 2)] {
        let mut scene = Scene::new(protocol, how, ";regint=0").await;
        let call = scene.called_by_phone(protocol).await;
        is_heard_and_ends(call, &scene).await;
        let at = if protocol == Protocol::Tls { scene.phone.listen_tls() } else { scene.phone.listen };
        let uri = format!("sip:alice@{at};transport={}", protocol.param());
        let mut outgoing = scene.agent.dial(Dial::new(uri, "sip:4711@127.0.0.1")).await.expect("on its way");
        is_heard_and_ends(answered(&mut outgoing).await, &scene).await;
    }
}

#[tokio::test]
async fn a_phone_holds_resumes_and_is_held_over_every_transport() {
    if !have("baresip") {
        return;
    }
    for protocol in [Protocol::Udp, Protocol::Tcp, Protocol::Tls] {
        let mut scene = Scene::new(protocol, 1, ";regint=0").await;
        let call = scene.called_by_phone(protocol).await;
        let mut held = call.held();
        scene.phone.order("hold", "").await;
        soon(held.wait_for(|held| *held)).await.expect("held");
        scene.phone.order("resume", "").await;
        soon(held.wait_for(|held| !*held)).await.expect("resumed");
        soon(call.hold(true)).await.expect("it understands hold");
        soon(call.hold(false)).await.expect("and back");
        is_heard_and_ends(call, &scene).await;
    }
}

#[tokio::test]
async fn a_phone_hands_a_call_on() {
    if !have("baresip") {
        return;
    }
    let mut scene = Scene::new(Protocol::Tcp, 0, ";regint=0").await;
    let mut call = scene.called_by_phone(Protocol::Tcp).await;
    let mut signals = call.take_signals().expect("nobody took them");
    scene.phone.order("transfer", "sip:expert@127.0.0.1").await;
    let Some(Signal::Transfer(mut transfer)) = soon(signals.recv()).await else { panic!("a transfer is expected") };
    assert_eq!(transfer.to_user(), "expert");
    transfer.progress(180);
    transfer.progress(200);
    assert_eq!(end(&call).await, EndCause::ByRemote, "it leaves when the other call is up");
}

#[tokio::test]
async fn a_phone_is_handed_on() {
    if !have("baresip") {
        return;
    }
    let mut scene = Scene::new(Protocol::Tcp, 0, ";regint=0").await;
    let mut call = scene.called_by_phone(Protocol::Tcp).await;
    let mut signals = call.take_signals().expect("nobody took them");
    call.refer(&service(&scene.agent, Protocol::Tcp).replace("service", "expert")).expect("a URI");
    let incoming = soon(scene.calls.recv()).await.expect("it calls the expert");
    assert_eq!(incoming.request_user(), "expert");
    let expert = soon(incoming.answer()).await.expect("answered");
    loop {
        match soon(signals.recv()).await.expect("news") {
            Signal::TransferProgress { done: false, .. } => {}
            Signal::TransferProgress { status, done: true } => break assert_eq!(status, 200),
            Signal::Transfer(_) => panic!("nobody asked us"),
        }
    }
    soon(call.hangup(None)).await;
    is_heard_and_ends(expert, &scene).await;
}
