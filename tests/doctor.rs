//! `hotline doctor` as an operator runs it, with real faults made on loopback: each must be named, and nothing else blamed.

#[path = "doctor/carrier.rs"]
mod carrier;
mod common;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use carrier::{Carrier, Habits, Keys};
use common::Serving;
use serde_json::Value;
use sip::digest::DigestAlgorithm;
use sip::media::Clock;
use sip::transport::{TlsIdentity, TransportConfig};
use sip::ua::{Directory, Protocol, UaConfig, UserAgent};

/// What `hotline doctor` said.
struct Said {
    code: Option<i32>,
    json: Value,
}

impl Said {
    /// The first finding of a check.
    fn check(&self, name: &str) -> &Value {
        let checks = self.json["checks"].as_array().expect("checks");
        checks.iter().find(|check| check["check"] == name).unwrap_or_else(|| panic!("no {name} in {:#}", self.json))
    }

    fn mark(&self, name: &str) -> &str {
        self.check(name)["mark"].as_str().expect("a mark")
    }

    fn says(&self, name: &str) -> &str {
        self.check(name)["says"].as_str().expect("a sentence")
    }

    /// The checks that failed.
    fn failed(&self) -> Vec<&str> {
        let checks = self.json["checks"].as_array().expect("checks").iter();
        checks.filter(|check| check["mark"] == "failed").filter_map(|check| check["check"].as_str()).collect()
    }
}

fn command(folder: &Path, configuration: &str, arguments: &[&str]) -> Command {
    std::fs::write(folder.join("hotline.toml"), configuration).expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_hotline"));
    command.arg("doctor").args(arguments).current_dir(folder);
    command.env("HOTLINE_SPEECH_EN", "").env("LC_ALL", "C");
    command
}

/// Runs it; the carriers live on meanwhile.
async fn doctor(configuration: String, arguments: &'static [&'static str]) -> Said {
    tokio::task::spawn_blocking(move || {
        let folder = tempfile::tempdir().expect("a folder");
        let output = command(folder.path(), &configuration, arguments).arg("--json").output().expect("it was built");
        let text = String::from_utf8_lossy(&output.stdout);
        let json = serde_json::from_str(&text);
        let json = json.unwrap_or_else(|_| panic!("{text}\n{}", String::from_utf8_lossy(&output.stderr)));
        Said { code: output.status.code(), json }
    })
    .await
    .expect("it runs")
}

fn loopback() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

/// The configuration of somebody on loopback, and a trunk.
fn with_trunk(more: &str) -> String {
    format!(
        "[sip]\nbind = \"127.0.0.1:0\"\ndefault_country = \"DE\"\ntls_trust = {authority:?}\n[http]\nbind = \"127.0.0.1:0\"\n{more}",
        authority = file("authority.pem")
    )
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doctor").join(name)
}

async fn agent(config: UaConfig) -> UserAgent {
    let (agent, mut calls) = UserAgent::start(config, Clock::start().expect("a clock")).await.expect("a user agent");
    // Calls are refused: none is expected.
    tokio::spawn(async move { while calls.recv().await.is_some() {} });
    agent
}

async fn called(habits: Habits) -> Said {
    let carrier = Carrier::start(habits).await;
    let trunk = format!("[trunk.carrier]\naddress = \"sip:{}\"\n", carrier.addr);
    doctor(with_trunk(&trunk), &["--dial", "030 1234567"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_that_hears_and_speaks_is_well() {
    let said = called(Habits { speaks: true, hears: true, ..Habits::default() }).await;
    assert_eq!((said.failed(), said.code), (Vec::new(), Some(0)), "{:#}", said.json);
    for check in ["trunk.carrier.call", "trunk.carrier.call.from_them", "trunk.carrier.call.to_them"] {
        assert_eq!(said.mark(check), "good", "{:#}", said.check(check));
    }
    for check in ["call.loopback.tone", "call.loopback.keys"] {
        assert_eq!(said.mark(check), "good", "{:#}", said.check(check));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_that_answers_and_sends_no_sound_is_named() {
    let said = called(Habits { speaks: false, hears: true, ..Habits::default() }).await;
    assert_eq!((said.failed(), said.code), (vec!["trunk.carrier.call.from_them"], Some(1)), "{:#}", said.json);
    assert!(said.says("trunk.carrier.call.from_them").contains("No sound comes from carrier"));
    assert!(
        said.check("trunk.carrier.call.from_them")["do"].as_str().is_some_and(|cure| cure.contains("sip.media_ip"))
    );
    assert_eq!(said.mark("trunk.carrier.call.to_them"), "good");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_that_our_sound_does_not_reach_is_named() {
    let said = called(Habits { speaks: true, hears: false, ..Habits::default() }).await;
    assert_eq!((said.failed(), said.code), (vec!["trunk.carrier.call.to_them"], Some(1)), "{:#}", said.json);
    assert!(said.says("trunk.carrier.call.to_them").contains("Our sound does not reach carrier"));
    assert_eq!(said.mark("trunk.carrier.call.from_them"), "good");
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_keys_arrive_at_a_number_that_sends_nothing_back_cannot_be_told_and_that_is_said() {
    let said = called(Habits { speaks: true, hears: true, ..Habits::default() }).await;
    assert_eq!((said.mark("trunk.carrier.call.keys"), said.code), ("warning", Some(0)), "{:#}", said.json);
    assert!(said.says("trunk.carrier.call.keys").contains("cannot be told"));
    assert_eq!(said.check("trunk.carrier.call.keys")["values"]["telephone_event"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_before_the_answer_is_told_and_missed_where_it_was_announced() {
    let early = Some(std::time::Duration::from_millis(900));
    let said = called(Habits { speaks: true, hears: true, early, ..Habits::default() }).await;
    assert_eq!(said.mark("trunk.carrier.call.early"), "good", "{:#}", said.json);
    assert!(said.says("trunk.carrier.call.early").contains("before the answer (183): the first packet came"));
    let said = called(Habits { speaks: false, hears: true, early, ..Habits::default() }).await;
    assert_eq!(said.mark("trunk.carrier.call.early"), "warning", "{:#}", said.json);
    assert!(said.says("trunk.carrier.call.early").contains("announces sound before the answer (183), but none came"));
}

/// Dials a number of a running Hotline through a carrier that leads it back there.
async fn called_back(keys: Keys, language: &'static str) -> Said {
    let folder = tempfile::tempdir().expect("a folder");
    let carrier = Carrier::start(Habits { keys, ..Habits::default() }).await;
    let trunk = format!("[trunk.carrier]\naddress = \"sip:{}\"\n", carrier.addr);
    std::fs::write(folder.path().join("hotline.toml"), format!("[sip]\ndefault_country = \"DE\"\n{trunk}"))
        .expect("written");
    let serving = Serving::start(folder.path(), &[("HOTLINE_SPEECH_EN", "")]);
    carrier.leads_to(serving.sip);
    let configuration = format!(
        "[sip]\nbind = \"{}\"\ndefault_country = \"DE\"\n[http]\nbind = \"{}\"\n[data]\ndir = {:?}\n{trunk}",
        serving.sip,
        serving.http,
        folder.path().join("data")
    );
    let arguments: &[&str] = match language {
        "zh" => &["--dial", "030 1234567", "--seconds", "8", "--language", "zh"],
        _ => &["--dial", "030 1234567", "--seconds", "8"],
    };
    let said = doctor(configuration, arguments).await;
    assert!(serving.stop());
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_come_back_to_our_own_number_are_seen_to_arrive() {
    let said = called_back(Keys::Passed, "en").await;
    let keys = said.check("trunk.carrier.call.keys");
    assert_eq!((keys["mark"].as_str(), &keys["values"]["arrived"]), (Some("good"), &"7*#7".into()), "{:#}", said.json);
    assert!(said.says("trunk.carrier.call.keys").contains("as events (RFC 4733)"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_loses_keys_is_named() {
    let said = called_back(Keys::Lost, "en").await;
    assert_eq!((said.failed(), said.code), (vec!["trunk.carrier.call.keys"], Some(1)), "{:#}", said.json);
    assert!(said.says("trunk.carrier.call.keys").contains("no key did"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_changes_keys_is_named_in_the_language_of_the_operator() {
    let said = called_back(Keys::Changed, "zh").await;
    assert_eq!(said.failed(), ["trunk.carrier.call.keys"], "{:#}", said.json);
    let says = said.says("trunk.carrier.call.keys");
    assert!(says.contains("按下 7*#7") && says.contains("到达 8*#8"), "{says}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_knows_no_events_gets_keys_as_tones_which_arrive_too() {
    let said = called_back(Keys::Unknown, "en").await;
    assert_eq!(said.mark("trunk.carrier.call.keys"), "good", "{:#}", said.json);
    assert!(said.says("trunk.carrier.call.keys").contains("as tones"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_to_test_a_trunk_with_may_stand_in_the_configuration() {
    let carrier = Carrier::start(Habits { speaks: true, hears: true, ..Habits::default() }).await;
    let trunk = format!("[trunk.carrier]\naddress = \"sip:{}\"\n", carrier.addr);
    let said = doctor(with_trunk(&format!("{trunk}test_number = \"030 1234567\"\n")), &["--seconds", "2"]).await;
    assert_eq!(said.mark("trunk.carrier.call"), "good");
    // A number that fraud would like.
    let said = doctor(with_trunk(&format!("{trunk}test_number = \"0900 1234567\"\n")), &["--seconds", "2"]).await;
    assert_eq!(said.failed(), ["trunk.carrier.call"]);
    // Without one, nobody is called.
    let said = doctor(with_trunk(&trunk), &["--seconds", "2"]).await;
    assert!(!said.json.to_string().contains("trunk.carrier.call"), "{:#}", said.json);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_with_an_expired_certificate_is_named() {
    let identity = TlsIdentity { certificates: file("expired.pem"), key: file("expired.key") };
    let transport = TransportConfig { tls: vec![loopback()], server_tls: Some(identity), ..TransportConfig::default() };
    let carrier = agent(UaConfig { transport, ..UaConfig::new(loopback()) }).await;
    let addr = carrier.local_addr_of(Protocol::Tls).expect("it listens");
    let trunk = format!("[trunk.secure]\naddress = \"sip:{addr}\"\ntransport = \"tls\"\n");
    let said = doctor(with_trunk(&trunk), &["--no-calls"]).await;
    assert_eq!((said.mark("trunk.secure.tls"), said.code), ("failed", Some(1)), "{:#}", said.json);
    assert!(said.says("trunk.secure.tls").contains("ended on 2021-01-01"), "{}", said.says("trunk.secure.tls"));
}

struct Account;

impl Directory for Account {
    fn ha1(&self, user: &str, realm: &str, algorithm: DigestAlgorithm) -> Option<String> {
        (user == "acme").then(|| algorithm.ha1(user, realm, "secret"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_that_refuses_the_registration_is_named_in_words() {
    let carrier = agent(UaConfig { registrar: Some(Arc::new(Account)), ..UaConfig::new(loopback()) }).await;
    let trunk = |password: &str| {
        let addr = carrier.local_addr();
        with_trunk(&format!(
            "[trunk.acme]\nregistrar = \"sip:{addr}\"\nusername = \"acme\"\npassword = \"{password}\"\n"
        ))
    };
    let said = doctor(trunk("wrong"), &["--no-calls"]).await;
    assert_eq!((said.failed(), said.code), (vec!["trunk.acme.registration"], Some(1)), "{:#}", said.json);
    assert!(said.says("trunk.acme.registration").contains("refuses the name or the password"));
    assert!(!said.json.to_string().contains("wrong"));
    let said = doctor(trunk("secret"), &["--no-calls"]).await;
    assert_eq!((said.mark("trunk.acme.registration"), said.code), ("good", Some(0)), "{:#}", said.json);
    assert!(carrier.registered("acme").is_empty(), "nobody was registered by asking");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_that_nobody_answers_for_is_named() {
    // It has the port, and never says a word.
    let dead = std::net::UdpSocket::bind(loopback()).expect("a free port");
    let trunk = format!("[trunk.dead]\naddress = \"sip:{}\"\n", dead.local_addr().expect("bound"));
    let said = doctor(with_trunk(&trunk), &["--no-calls"]).await;
    assert_eq!((said.failed(), said.code), (vec!["trunk.dead.options"], Some(1)), "{:#}", said.json);
    assert!(said.says("trunk.dead.options").contains("nor refuses"));
    drop(dead);
    let said = doctor(with_trunk(&trunk), &["--no-calls"]).await;
    assert!(said.says("trunk.dead.options").contains("nobody listens on this port"), "{:#}", said.json);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_that_sees_us_elsewhere_than_where_it_is_told_to_send_is_named() {
    let carrier = agent(UaConfig::new(loopback())).await;
    let trunk =
        with_trunk(&format!("media_ip = \"127.0.0.9\"\n[trunk.nat]\naddress = \"sip:{}\"\n", carrier.local_addr()));
    let trunk = trunk.replace("[http]\nbind = \"127.0.0.1:0\"\n", "") + "[http]\nbind = \"127.0.0.1:0\"\n";
    let said = doctor(trunk, &["--no-calls"]).await;
    assert_eq!((said.mark("trunk.nat.address"), said.code), ("warning", Some(0)), "{:#}", said.json);
    assert!(said.says("trunk.nat.address").contains("sees us at 127.0.0.1, but is told to send sound to 127.0.0.9"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_our_port_is_named() {
    let other = std::net::UdpSocket::bind(loopback()).expect("a free port");
    let web = std::net::TcpListener::bind(loopback()).expect("a free port");
    let (sip, http) = (other.local_addr().expect("bound"), web.local_addr().expect("bound"));
    let configuration = format!("[sip]\nbind = \"{sip}\"\n[http]\nbind = \"{http}\"\n");
    let said = doctor(configuration, &["--no-calls"]).await;
    assert_eq!((said.failed(), said.code), (vec!["sip.bind", "http.bind"], Some(1)), "{:#}", said.json);
    for check in ["sip.bind", "http.bind"] {
        assert_eq!(said.check(check)["values"]["pid"], std::process::id(), "{:#}", said.check(check));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_hotline_is_known_and_called() {
    let folder = tempfile::tempdir().expect("a folder");
    let serving = Serving::start(folder.path(), &[("HOTLINE_SPEECH_EN", "")]);
    let configuration = format!("[sip]\nbind = \"{}\"\n[http]\nbind = \"{}\"\n", serving.sip, serving.http);
    let said = doctor(configuration, &[]).await;
    assert_eq!((said.failed(), said.code), (Vec::new(), Some(0)), "{:#}", said.json);
    for check in ["sip.bind", "http.bind"] {
        assert_eq!(said.check(check)["values"]["state"], "hotline", "{:#}", said.check(check));
    }
    for check in ["call.service", "call.service.from_them", "call.service.to_them"] {
        assert_eq!(said.mark(check), "good", "{:#}", said.check(check));
    }
    assert!(serving.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_hotline_that_does_not_listen_to_us_is_not_taken_for_a_stranger() {
    let folder = tempfile::tempdir().expect("a folder");
    let serving = Serving::start(folder.path(), &[("HOTLINE_SPEECH_EN", ""), ("HOTLINE_SIP_ALLOW", "192.0.2.0/24")]);
    let configuration = format!("[sip]\nbind = \"{}\"\n[http]\nbind = \"{}\"\n", serving.sip, serving.http);
    let said = doctor(configuration, &[]).await;
    assert_eq!((said.mark("sip.bind"), said.code), ("warning", Some(0)), "{:#}", said.json);
    assert!(!said.json.to_string().contains("call.service"), "{:#}", said.json);
    assert!(serving.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_engine_of_another_service_is_asked_as_a_call_would() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = common::understand_token(folder.path()).await;
    let serving = Serving::start(folder.path(), &[("HOTLINE_SPEECH_EN", "")]);
    let token = folder.path().join("token");
    let configured = |address: &str, token: &Path| {
        with_trunk(&format!(
            "[understand]\nremote = \"{address}\"\nremote_token = {token:?}\nremote_timeout_ms = 5000\n"
        ))
    };
    let address = format!("http://{}", serving.http);

    std::fs::write(&token, "nobody knows it").expect("written");
    let said = doctor(configured(&address, &token), &["--no-calls"]).await;
    assert_eq!(said.mark("understand.remote"), "failed", "{:#}", said.json);
    assert!(said.says("understand.remote").contains("401"), "{:#}", said.json);

    std::fs::write(&token, good).expect("written");
    let said = doctor(configured(&address, &token), &["--no-calls"]).await;
    assert_eq!(said.mark("understand.remote"), "good", "{:#}", said.json);
    assert!(!said.check("understand.remote")["values"]["model"].as_str().expect("a model").is_empty());

    assert!(serving.stop());
    let said = doctor(configured(&address, &token), &["--no-calls"]).await;
    assert_eq!((said.mark("understand.remote"), said.code), ("failed", Some(1)), "{:#}", said.json);
    let said = doctor(configured(&address, Path::new("nowhere")), &["--no-calls"]).await;
    assert!(said.says("understand.remote").contains("nowhere"), "{:#}", said.json);
}

#[test]
fn a_certificate_whose_key_does_not_fit_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let configuration = format!(
        "[sip]\nbind = \"127.0.0.1:0\"\ntls_certificate = {:?}\ntls_key = {:?}\n[http]\nbind = \"127.0.0.1:0\"\n",
        file("authority.pem"),
        file("expired.key")
    );
    let output =
        command(folder.path(), &configuration, &["--no-calls", "--language", "zh"]).output().expect("it was built");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let line = text.lines().find(|line| line.contains("tls.own")).unwrap_or_else(|| panic!("{text}"));
    assert!(line.contains('✗') && text.contains("证书") && text.contains("故障:1 项"), "{text}");
}

#[test]
fn a_configuration_that_cannot_be_read_is_a_failure_and_a_wrong_argument_is_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let code = |configuration: &str, arguments: &[&str]| {
        let output = command(folder.path(), configuration, arguments).output().expect("it was built");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (failed, text) = code("[sip]\nbnd = \"127.0.0.1:0\"\n", &[]);
    assert_eq!(failed, Some(1));
    assert!(text.contains("✗ configuration") && text.contains("did you mean `sip.bind`?"), "{text}");
    assert_eq!(code("", &["--no-such-argument"]).0, Some(2));
}
