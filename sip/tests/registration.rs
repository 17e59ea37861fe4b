//! Phones register with our registrar, and we register with one: our own client, and messages by hand.

mod common;

use std::time::Duration;

use common::*;
use sip::digest::{ALGORITHMS, Challenge, DigestAlgorithm};
use sip::ua::{
    Credentials, Dial, Progress, RegistrarLimits, RegistrationEvent, RegistrationState, SipError, UaConfig, UserAgent,
};

const MINUTE: Duration = Duration::from_secs(60);

fn alice(password: &str) -> Credentials {
    Credentials { username: "alice".to_owned(), password: password.to_owned() }
}

fn uri(agent: &UserAgent) -> String {
    format!("sip:{}", agent.local_addr())
}

/// A registrar, and a phone of Alice that writes by hand.
struct Scene {
    agent: UserAgent,
    phone: Peer,
    cseq: u32,
}

impl Scene {
    async fn new() -> Scene {
        let both = UaConfig { digest_algorithms: ALGORITHMS.to_vec(), ..registrar() };
        let (agent, _calls) = agent(both).await;
        let phone = Peer::new(agent.local_addr()).await;
        Scene { agent, phone, cseq: 0 }
    }

    async fn register(&mut self, more: &str) -> Answer {
        self.cseq += 1;
        let (me, to, cseq) = (self.phone.addr(), self.agent.local_addr(), self.cseq);
        let message = format!(
            "REGISTER sip:{to} SIP/2.0\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bKr{cseq}-{port};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:alice@{to}>;tag=a\r\nTo: <sip:alice@{to}>\r\nCall-ID: r-{port}\r\nCSeq: {cseq} REGISTER\r\n{more}Content-Length: 0\r\n\r\n",
            port = me.port()
        );
        self.phone.send(&message).await;
        self.phone.final_answer(&format!("{cseq} REGISTER")).await
    }

    /// The answer to a fresh challenge with this hash.
    async fn proof(&mut self, algorithm: DigestAlgorithm) -> String {
        let asked = self.register("").await;
        assert_eq!(asked.status(), 401);
        let challenges: Vec<_> =
            asked.0.lines().filter_map(|l| l.strip_prefix("WWW-Authenticate: ")).filter_map(Challenge::parse).collect();
        let challenge = challenges.iter().find(|c| c.algorithm == algorithm).expect("the hash is offered");
        let uri = format!("sip:{}", self.agent.local_addr());
        format!("Authorization: {}\r\n", challenge.answer("alice", "secret", "REGISTER", &uri))
    }

    async fn proven(&mut self, more: &str) -> Answer {
        let proof = self.proof(DigestAlgorithm::Sha256).await;
        self.register(&(proof + more)).await
    }
}

#[tokio::test]
async fn a_client_of_ours_registers_is_called_and_takes_it_back() {
    let (server, _calls) = agent(registrar()).await;
    let (phone, mut calls) = agent(config()).await;
    let mut changes = server.registrations().expect("there is a registrar");
    let registration = soon(phone.register(&uri(&server), alice("secret"), MINUTE)).await.expect("registered");
    assert_eq!(*registration.state().borrow(), RegistrationState::Registered { expires: MINUTE });
    let change = soon(changes.recv()).await.expect("a change");
    assert_eq!((change.user.as_str(), change.event), ("alice", RegistrationEvent::Registered { contacts: 1 }));

    let contact = server.registered("alice").remove(0);
    assert_eq!(contact.source.addr, phone.local_addr());
    let dial = Dial { destination: Some(contact.source), ..Dial::new(contact.uri, "sip:4711@127.0.0.1") };
    let mut outgoing = server.dial(dial).await.expect("on its way");
    let incoming = soon(calls.recv()).await.expect("the phone is called");
    assert_eq!(incoming.request_user(), "alice");
    let _active = soon(incoming.answer()).await.expect("answered");
    assert!(matches!(soon(outgoing.next()).await, Progress::Answered(_)));

    soon(registration.unregister()).await;
    assert!(server.registered("alice").is_empty());
    assert_eq!(soon(changes.recv()).await.expect("a change").event, RegistrationEvent::Unregistered);
}

#[tokio::test]
async fn a_phone_with_an_unroutable_contact_is_reached_where_it_registered_from() {
    let mut scene = Scene::new().await;
    assert_eq!(scene.proven("Contact: <sip:alice@10.99.99.99:5060>\r\n").await.status(), 200);
    let contact = scene.agent.registered("alice").remove(0);
    assert_eq!(contact.uri, "sip:alice@10.99.99.99:5060");
    let dial = Dial { destination: Some(contact.source), ..Dial::new(contact.uri, "sip:4711@127.0.0.1") };
    let outgoing = scene.agent.dial(dial).await.expect("on its way");
    let invite = scene.phone.next_request("INVITE").await;
    assert!(invite.0.starts_with("INVITE sip:alice@10.99.99.99:5060 SIP/2.0\r\n"));
    // A provisional answer lets the CANCEL go, and it takes the same way.
    let mut ringing = "SIP/2.0 180 Ringing\r\n".to_owned();
    for name in ["Via", "From", "Call-ID", "CSeq"] {
        ringing.push_str(&format!("{name}: {}\r\n", invite.header(name)));
    }
    scene.phone.send(&format!("{ringing}To: {};tag=t\r\nContent-Length: 0\r\n\r\n", invite.header("To"))).await;
    let mut outgoing = outgoing;
    assert!(matches!(soon(outgoing.next()).await, Progress::Ringing));
    outgoing.cancel().await;
    let cancel = scene.phone.next_request("CANCEL").await;
    scene.phone.ok(&cancel).await;
}

#[tokio::test]
async fn a_registration_is_refreshed_before_it_lapses() {
    let limits = RegistrarLimits { min_expires: Duration::from_secs(1), ..RegistrarLimits::default() };
    let (server, _calls) = agent(UaConfig { registrar_limits: limits, ..registrar() }).await;
    let (phone, _unused) = agent(config()).await;
    let mut changes = server.registrations().expect("there is a registrar");
    let registration = soon(phone.register(&uri(&server), alice("secret"), Duration::from_secs(1))).await;
    let _registration = registration.expect("registered");
    for _ in 0..3 {
        let change = soon(changes.recv()).await.expect("a change");
        assert_eq!(change.event, RegistrationEvent::Registered { contacts: 1 });
    }
}

#[tokio::test]
async fn too_short_a_time_is_raised_to_what_the_registrar_wants() {
    let (server, _calls) = agent(registrar()).await;
    let (phone, _unused) = agent(config()).await;
    let registration = soon(phone.register(&uri(&server), alice("secret"), Duration::from_secs(5))).await;
    let state = registration.expect("registered").state();
    assert_eq!(*state.borrow(), RegistrationState::Registered { expires: MINUTE });
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_are_refused_alike() {
    let (server, _calls) = agent(registrar()).await;
    let (phone, _unused) = agent(config()).await;
    let nobody = Credentials { username: "mallory".to_owned(), password: "secret".to_owned() };
    for credentials in [alice("guess"), nobody] {
        let refusal = soon(phone.register(&uri(&server), credentials, MINUTE)).await.expect_err("refused");
        assert!(matches!(refusal, SipError::Refused { status: 403, .. }), "{refusal}");
    }
    assert!(server.registered("alice").is_empty());
}

#[tokio::test]
async fn both_hashes_are_accepted_when_both_are_asked_for() {
    let mut scene = Scene::new().await;
    let asked = scene.register("").await;
    assert!(asked.header("WWW-Authenticate").contains("algorithm=SHA-256"));
    for algorithm in [DigestAlgorithm::Md5, DigestAlgorithm::Sha256] {
        let proof = scene.proof(algorithm).await;
        let answer = scene.register(&format!("{proof}Contact: <sip:alice@127.0.0.1:5099>;expires=120\r\n")).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.header("Contact"), "<sip:alice@127.0.0.1:5099>;expires=120");
    }
}

#[tokio::test]
async fn a_replayed_proof_is_stale() {
    let mut scene = Scene::new().await;
    let proof = scene.proof(DigestAlgorithm::Sha256).await;
    assert_eq!(scene.register(&proof).await.status(), 200);
    let replayed = scene.register(&proof).await;
    assert_eq!(replayed.status(), 401);
    assert!(replayed.header("WWW-Authenticate").contains("stale=true"));
}

#[tokio::test]
async fn one_phone_asks_what_is_registered_and_removes_all_with_a_star() {
    let mut scene = Scene::new().await;
    let two = "Contact: <sip:alice@127.0.0.1:5098>, <sip:alice@127.0.0.1:5099>\r\nExpires: 300\r\n";
    assert_eq!(scene.proven(two).await.status(), 200);
    let asked = scene.proven("").await;
    assert_eq!(asked.0.lines().filter(|l| l.starts_with("Contact:")).count(), 2);
    assert_eq!(scene.proven("Contact: *\r\nExpires: 10\r\n").await.status(), 400);
    assert_eq!(scene.proven("Contact: *\r\nExpires: 0\r\n").await.status(), 200);
    assert!(scene.agent.registered("alice").is_empty());
}

#[tokio::test]
async fn too_short_a_time_is_423_with_the_shortest() {
    let mut scene = Scene::new().await;
    let refusal = scene.proven("Contact: <sip:alice@127.0.0.1:5099>;expires=5\r\n").await;
    assert_eq!((refusal.status(), refusal.header("Min-Expires")), (423, "60".to_owned()));
}

#[tokio::test]
async fn nobody_registers_for_somebody_else() {
    let mut scene = Scene::new().await;
    let proof = scene.proof(DigestAlgorithm::Sha256).await;
    let (me, to) = (scene.phone.addr(), scene.agent.local_addr());
    let message = format!(
        "REGISTER sip:{to} SIP/2.0\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bKx\r\nMax-Forwards: 70\r\nFrom: <sip:alice@{to}>;tag=a\r\n\
         To: <sip:bob@{to}>\r\nCall-ID: x\r\nCSeq: 90 REGISTER\r\n{proof}Contact: <sip:bob@{me}>\r\nContent-Length: 0\r\n\r\n"
    );
    scene.phone.send(&message).await;
    assert_eq!(scene.phone.final_answer("90 REGISTER").await.status(), 403);
    assert!(scene.agent.registered("bob").is_empty());
}

#[tokio::test]
async fn a_registration_that_is_not_refreshed_lapses_and_is_told() {
    let limits = RegistrarLimits { min_expires: Duration::from_secs(1), ..RegistrarLimits::default() };
    let (agent, _calls) =
        agent(UaConfig { registrar_limits: limits, digest_algorithms: ALGORITHMS.to_vec(), ..registrar() }).await;
    let mut changes = agent.registrations().expect("there is a registrar");
    let phone = Peer::new(agent.local_addr()).await;
    let mut scene = Scene { agent, phone, cseq: 0 };
    assert_eq!(scene.proven("Contact: <sip:alice@127.0.0.1:5099>;expires=1\r\n").await.status(), 200);
    assert_eq!(soon(changes.recv()).await.expect("a change").event, RegistrationEvent::Registered { contacts: 1 });
    assert_eq!(soon(changes.recv()).await.expect("a change").event, RegistrationEvent::Expired);
}

#[tokio::test]
async fn calls_can_be_kept_to_registered_users() {
    let closed = UaConfig { allow_anonymous_calls: false, ..registrar() };
    let (server, mut calls) = agent(closed).await;
    let (caller, _unused) = agent(config()).await;
    let mut dial = Dial::new(format!("sip:service@{}", server.local_addr()), "sip:4711@127.0.0.1");
    let mut refused = caller.dial(dial.clone()).await.expect("on its way");
    assert!(matches!(soon(refused.next()).await, Progress::Failed { status: 401, .. }));
    dial.credentials = Some(alice("guess"));
    let mut wrong = caller.dial(dial.clone()).await.expect("on its way");
    assert!(matches!(soon(wrong.next()).await, Progress::Failed { status: 403, .. }));
    dial.credentials = Some(alice("secret"));
    let mut outgoing = caller.dial(dial).await.expect("on its way");
    let incoming = soon(calls.recv()).await.expect("the call arrives");
    assert_eq!(incoming.authenticated_user(), Some("alice"));
    let _active = soon(incoming.answer()).await.expect("answered");
    assert!(matches!(soon(outgoing.next()).await, Progress::Answered(_)));
}

#[tokio::test]
async fn a_registrar_that_is_not_there_is_an_error_and_not_a_wait() {
    let (phone, _unused) = agent(config()).await;
    let silent = Peer::new(phone.local_addr()).await;
    let result = soon(phone.register(&format!("sip:{}", silent.addr()), alice("secret"), MINUTE)).await;
    assert!(matches!(result, Err(SipError::Gone(_) | SipError::Refused { status: 408, .. })), "{result:?}");
}

#[tokio::test]
async fn who_is_registered_can_be_asked_without_changing_it() {
    let (server, _calls) = agent(registrar()).await;
    let (phone, _calls) = agent(config()).await;
    let (asker, _calls) = agent(config()).await;
    assert!(soon(asker.bindings(&uri(&server), alice("secret"))).await.expect("an answer").is_empty());
    let _registration = soon(phone.register(&uri(&server), alice("secret"), MINUTE)).await.expect("registered");
    let bindings = soon(asker.bindings(&uri(&server), alice("secret"))).await.expect("an answer");
    assert_eq!(bindings.len(), 1);
    assert_eq!(server.registered("alice").len(), 1, "asking adds nothing");
    let refused = soon(asker.bindings(&uri(&server), alice("wrong"))).await;
    assert!(matches!(refused, Err(SipError::Refused { status: 403, .. })), "{refused:?}");
}
