//! Trunks against carriers that are user agents on loopback: registration, failover, supervision, and whose calls are whose.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hotline::call::leg::OnTheWay;
use hotline::channel::{Outbound, TrunkStatus, Trunks};
use sip::digest::DigestAlgorithm;
use sip::media::Clock;
use sip::message::Uri;
use sip::trunk::{CallerId, Country, NumberForm, NumberRules, TrunkConfig};
use sip::ua::{Credentials, Dial, Directory, IncomingCall, Progress, UaConfig, UserAgent};
use tokio::sync::mpsc;

/// Generous: only a broken test waits this long.
const PATIENCE: Duration = Duration::from_secs(60);
const NUMBER: &str = "030 1234567";

async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("it should have happened by now")
}

fn germany() -> &'static Country {
    Country::of("DE").expect("it is in the table")
}

/// Fifty times as impatient as RFC 3261.
fn config(bind: SocketAddr) -> UaConfig {
    UaConfig { t1: Duration::from_millis(10), ..UaConfig::new(bind) }
}

async fn agent(config: UaConfig) -> (UserAgent, mpsc::Receiver<IncomingCall>) {
    UserAgent::start(config, Clock::start().expect("the media clock starts")).await.expect("a user agent")
}

fn loopback() -> SocketAddr {
    ([127, 0, 0, 1], 0).into()
}

fn trunk(name: &str, at: SocketAddr) -> TrunkConfig {
    let address = Uri::parse(&format!("sip:{at}")).expect("a URI");
    TrunkConfig { ask_every: None, ..TrunkConfig::new(name, vec![address], NumberRules::of(germany())) }
}

fn wanted(number: &str) -> Outbound<'_> {
    Outbound { number, caller: "+49301111111", source: "101", diverted: &[], record: false, legs: None, told: None }
}

/// Looks again until a trunk stands so.
async fn until(trunks: &Trunks, name: &str, stands: impl Fn(&TrunkStatus) -> bool) -> TrunkStatus {
    soon(async {
        loop {
            let status = trunks.status().into_iter().find(|status| status.name == name).expect("there is such a trunk");
            if stands(&status) {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
}

/// A carrier that answers every call, and tells what was dialled and who called.
async fn carrier() -> (UserAgent, mpsc::Receiver<(String, String)>) {
    let (carrier, mut calls) = agent(config(loopback())).await;
    let (told, heard) = mpsc::channel(16);
    tokio::spawn(async move {
        while let Some(call) = calls.recv().await {
            let _ = told.send((call.request_user(), call.from_user())).await;
            tokio::spawn(async move {
                if let Ok(active) = call.answer().await {
                    let _ = active.ended().wait_for(Option::is_some).await;
                }
            });
        }
    });
    (carrier, heard)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_is_dead_is_passed_over_and_known_to_be_down() {
    // It has the port, and never says a word.
    let dead = tokio::net::UdpSocket::bind(loopback()).await.expect("a free port");
    let (alive, mut heard) = carrier().await;
    let (ours, _calls) = agent(config(loopback())).await;
    let mut first = trunk("dead", dead.local_addr().expect("bound"));
    let mut second = trunk("alive", alive.local_addr());
    (first.priority, second.priority) = (1, 2);
    second.form = NumberForm::Digits;
    second.caller_id = CallerId::Fixed("4930999".into());
    let trunks = Trunks::start(ours, vec![first, second], Some(germany()));

    let connected = soon(trunks.call(wanted(NUMBER))).await.map_err(|refused| refused.reason).expect("an answer");
    assert_eq!(connected.trunk, "alive");
    assert_eq!(soon(heard.recv()).await, Some(("49301234567".to_owned(), "4930999".to_owned())));
    let dead = until(&trunks, "dead", |status| status.up == Some(false)).await;
    assert_eq!((dead.last_error.map(|error| error.status), dead.calls_now, dead.calls_today), (Some(408), 0, 1));

    // The second call knows.
    let again = soon(trunks.call(wanted(NUMBER))).await.map_err(|refused| refused.reason).expect("an answer");
    assert_eq!(again.trunk, "alive");
    assert_eq!(until(&trunks, "dead", |_| true).await.calls_today, 1);
    assert_eq!(until(&trunks, "alive", |_| true).await.calls_now, 2);
    drop((connected, again));
    assert_eq!(until(&trunks, "alive", |_| true).await.calls_now, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callee_who_is_busy_is_not_rung_again_by_another_carrier() {
    let (busy, mut calls) = agent(config(loopback())).await;
    tokio::spawn(async move {
        while let Some(call) = calls.recv().await {
            call.reject(486, "").await;
        }
    });
    let (other, mut heard) = carrier().await;
    let (ours, _calls) = agent(config(loopback())).await;
    let (first, mut second) = (trunk("busy", busy.local_addr()), trunk("other", other.local_addr()));
    second.priority = 2;
    let trunks = Trunks::start(ours, vec![first, second], Some(germany()));
    let refused = soon(trunks.call(wanted(NUMBER))).await.err().expect("a refusal");
    assert_eq!(refused.label, "busy");
    assert!(heard.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_in_trouble_hands_the_call_to_the_next() {
    let (full, mut calls) = agent(config(loopback())).await;
    tokio::spawn(async move {
        while let Some(call) = calls.recv().await {
            call.reject(503, "").await;
        }
    });
    let (other, _heard) = carrier().await;
    let (ours, _calls) = agent(config(loopback())).await;
    let (first, mut second) = (trunk("full", full.local_addr()), trunk("other", other.local_addr()));
    second.priority = 2;
    let trunks = Trunks::start(ours, vec![first, second], Some(germany()));
    let connected = soon(trunks.call(wanted(NUMBER))).await.map_err(|refused| refused.reason).expect("an answer");
    assert_eq!(connected.trunk, "other");
    let full = until(&trunks, "full", |_| true).await;
    assert_eq!((full.last_error.map(|error| error.status), full.up), (Some(503), None), "it is there, only full");
}

#[tokio::test(flavor = "multi_thread")]
async fn fraud_finds_no_way_out() {
    let (carrier, mut heard) = carrier().await;
    let (ours, _calls) = agent(config(loopback())).await;
    let mut only = trunk("only", carrier.local_addr());
    only.limits.source_at_once = 1;
    let trunks = Trunks::start(ours, vec![only], Some(germany()));
    for number in ["0900 1234567", "00 881 6 1234 5678", "+1 876 555 0100", "112", "101"] {
        let refused = soon(trunks.call(wanted(number))).await.err().expect("a refusal");
        assert_eq!(refused.label, "forbidden", "{number}");
        assert!(!refused.reason.contains(number), "a number is personal: {}", refused.reason);
    }
    assert!(heard.try_recv().is_err());
    let _call = soon(trunks.call(wanted(NUMBER))).await.map_err(|refused| refused.reason).expect("an answer");
    assert_eq!(soon(trunks.call(wanted(NUMBER))).await.err().expect("a refusal").label, "forbidden");
    let another = Outbound { source: "102", ..wanted(NUMBER) };
    assert!(soon(trunks.call(another)).await.is_ok());
}

struct Account;

impl Directory for Account {
    fn ha1(&self, user: &str, realm: &str, algorithm: DigestAlgorithm) -> Option<String> {
        (user == "acme").then(|| algorithm.ha1(user, realm, "secret"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_that_registers_brings_calls_in_and_takes_calls_out() {
    let registrar = UaConfig { registrar: Some(Arc::new(Account)), realm: "carrier".into(), ..config(loopback()) };
    let (carrier, mut taken) = agent(registrar).await;
    let (ours, mut calls) = agent(config(loopback())).await;
    let mut acme = trunk("acme", carrier.local_addr());
    acme.registrar = acme.addresses.first().cloned();
    acme.credentials = Some(Credentials { username: "acme".into(), password: "secret".into() });
    acme.trusted = true;
    let trunks = Trunks::start(ours, vec![acme], Some(germany()));
    until(&trunks, "acme", |status| status.registered == Some(true) && status.up == Some(true)).await;

    let contact = carrier.registered("acme").into_iter().next().expect("a contact");
    let mut dial = Dial::new(contact.uri, "sip:0301234567@carrier.example");
    dial.headers.push(("P-Asserted-Identity".into(), "<sip:0049307654321@carrier.example>".into()));
    let mut call = carrier.dial(dial).await.expect("a call");
    let incoming = soon(calls.recv()).await.expect("a call");
    let from = trunks.identify(&incoming).expect("it is the trunk's");
    assert_eq!((&*from.trunk, &*from.caller), ("acme", "+49307654321"));
    assert_eq!(until(&trunks, "acme", |_| true).await.calls_now, 1);
    incoming.reject(480, "").await;
    assert!(matches!(soon(call.next()).await, Progress::Failed { status: 480, .. }));
    drop(from);

    let (out, arrived) = tokio::join!(soon(trunks.call(wanted(NUMBER))), async {
        let call = soon(taken.recv()).await.expect("a call");
        let told = (call.request_user(), call.from_user());
        (told, call.answer().await)
    });
    assert!(out.is_ok() && arrived.1.is_ok());
    assert_eq!(arrived.0, ("+49301234567".to_owned(), "+49301111111".to_owned()));

    trunks.stop().await;
    assert!(carrier.registered("acme").is_empty(), "it was taken back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_said_and_the_trunk_is_down() {
    let registrar = UaConfig { registrar: Some(Arc::new(Account)), realm: "carrier".into(), ..config(loopback()) };
    let (carrier, _taken) = agent(registrar).await;
    let (ours, _calls) = agent(config(loopback())).await;
    let mut acme = trunk("acme", carrier.local_addr());
    acme.registrar = acme.addresses.first().cloned();
    acme.credentials = Some(Credentials { username: "acme".into(), password: "wrong".into() });
    let trunks = Trunks::start(ours, vec![acme], Some(germany()));
    let status = until(&trunks, "acme", |status| status.last_error.is_some()).await;
    assert_eq!((status.registered, status.up), (Some(false), Some(false)));
    assert_eq!(soon(trunks.call(wanted(NUMBER))).await.err().expect("a refusal").label, "unreachable");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_death_of_a_carrier_is_noticed_and_its_return_too() {
    let (carrier, calls) = agent(config(loopback())).await;
    let at = carrier.local_addr();
    let (ours, _calls) = agent(config(loopback())).await;
    let mut watched = trunk("watched", at);
    watched.ask_every = Some(Duration::from_millis(50));
    let trunks = Trunks::start(ours, vec![watched], Some(germany()));
    until(&trunks, "watched", |status| status.up == Some(true)).await;

    carrier.shutdown().await;
    drop((carrier, calls));
    let down = until(&trunks, "watched", |status| status.up == Some(false)).await;
    assert!(down.last_error.is_some() && down.since.is_some());

    let (_carrier, _calls) = soon(async {
        loop {
            let clock = Clock::start().expect("the media clock starts");
            // The port is free a moment after the shutdown.
            match UserAgent::start(config(at), clock).await {
                Ok(started) => return started,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    })
    .await;
    until(&trunks, "watched", |status| status.up == Some(true)).await;
}

/// A carrier that sends every call elsewhere; counts them.
async fn redirecting(to: String) -> (UserAgent, mpsc::Receiver<String>) {
    let (carrier, mut calls) = agent(config(loopback())).await;
    let (told, heard) = mpsc::channel(16);
    tokio::spawn(async move {
        while let Some(call) = calls.recv().await {
            let _ = told.send(call.request_user()).await;
            call.redirect(&[&to]).await.expect("a URI");
        }
    });
    (carrier, heard)
}

fn at(user: &str, carrier: &UserAgent) -> String {
    format!("sip:{user}@{}", carrier.local_addr())
}

/// On an address of its own, unlike all others here.
async fn elsewhere() -> (UserAgent, mpsc::Receiver<IncomingCall>) {
    agent(config(([127, 0, 0, 9], 0).into())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_to_another_host_of_the_carrier_is_followed() {
    let (second, mut heard) = carrier().await;
    let (first, _sent) = redirecting(at("+49301234567", &second)).await;
    let (ours, _calls) = agent(config(loopback())).await;
    let trunks = Trunks::start(ours, vec![trunk("acme", first.local_addr())], Some(germany()));
    let said = std::sync::Mutex::new(Vec::new());
    let told = |news: OnTheWay| {
        if let OnTheWay::Redirected { from, to } = news {
            said.lock().expect("nobody panics with it").push((from, to.reveal().to_owned()));
        }
    };
    let wanted = Outbound { told: Some(&told), ..wanted(NUMBER) };
    let connected = soon(trunks.call(wanted)).await.map_err(|refused| refused.reason).expect("an answer");
    assert_eq!(connected.trunk, "acme");
    assert_eq!(soon(heard.recv()).await.map(|(number, _)| number), Some("+49301234567".to_owned()));
    let said = said.into_inner().expect("nobody panics with it");
    assert_eq!(said, [("acme".to_owned(), format!("+49301234567@{}", second.local_addr()))]);
    assert_eq!(until(&trunks, "acme", |_| true).await.calls_today, 1, "it is one call");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_away_from_the_carrier_is_not_followed_and_the_next_trunk_is_tried() {
    let (stranger, mut stolen) = elsewhere().await;
    let (first, _sent) = redirecting(at("+49301234567", &stranger)).await;
    let (other, _heard) = carrier().await;
    let (ours, _calls) = agent(config(loopback())).await;
    let (one, mut two) = (trunk("hijacked", first.local_addr()), trunk("other", other.local_addr()));
    two.priority = 2;
    let trunks = Trunks::start(ours, vec![one.clone(), two], Some(germany()));
    let connected = soon(trunks.call(wanted(NUMBER))).await.map_err(|refused| refused.reason).expect("an answer");
    assert_eq!(connected.trunk, "other");
    assert!(stolen.try_recv().is_err());

    // Unless the configuration trusts where it leads.
    let mut trusting = one;
    trusting.sources = vec!["127.0.0.9".parse().expect("an address")];
    let (ours, _calls) = agent(config(loopback())).await;
    let trunks = Trunks::start(ours, vec![trusting], Some(germany()));
    let (connected, _call) = tokio::join!(soon(trunks.call(wanted(NUMBER))), async {
        soon(stolen.recv()).await.expect("the call").answer().await
    });
    assert!(connected.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_redirects_in_a_circle_is_given_up() {
    let (circle, mut again) = agent(config(loopback())).await;
    let own = at("+49301234567", &circle);
    tokio::spawn(async move {
        while let Some(call) = again.recv().await {
            call.redirect(&[&own]).await.expect("a URI");
        }
    });
    let (ours, _calls) = agent(config(loopback())).await;
    let trunks = Trunks::start(ours, vec![trunk("circle", circle.local_addr())], Some(germany()));
    let refused = soon(trunks.call(wanted(NUMBER))).await.err().expect("a refusal");
    assert_eq!(refused.label, "redirected");
    assert!(refused.reason.contains("circle"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_to_a_number_that_may_not_be_called_is_not_followed() {
    let (second, mut heard) = carrier().await;
    for number in ["+499001234567", "+18765550100"] {
        let (first, _sent) = redirecting(at(number, &second)).await;
        let (ours, _calls) = agent(config(loopback())).await;
        let trunks = Trunks::start(ours, vec![trunk("acme", first.local_addr())], Some(germany()));
        assert_eq!(soon(trunks.call(wanted(NUMBER))).await.err().expect("a refusal").label, "redirected", "{number}");
    }
    assert!(heard.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_was_changed_by_a_redirect_says_so_to_who_is_called() {
    let (second, mut calls) = agent(config(loopback())).await;
    let (first, _sent) = redirecting(at("+49307654321", &second)).await;
    let (ours, _calls) = agent(config(loopback())).await;
    let trunks = Trunks::start(ours, vec![trunk("acme", first.local_addr())], Some(germany()));
    let (connected, call) = tokio::join!(soon(trunks.call(wanted(NUMBER))), async {
        let call = soon(calls.recv()).await.expect("the call");
        let told = (call.request_user(), call.diverted_by());
        (told, call.answer().await)
    });
    assert!(connected.is_ok() && call.1.is_ok());
    assert_eq!(call.0, ("+49307654321".to_owned(), vec!["+49301234567".to_owned()]));
}
