//! Kamailio, a proxy of the trade, between us and a phone (record-routing), and as a registrar that we register with.

mod common;

use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::pair::*;
use common::*;
use sip::ua::{ActiveCall, Credentials, Dial, EndCause, Peer as Way, RegistrationState, SipError, UserAgent};

/// Without a database; users are kept in memory.
const CONFIG: &str = r#"#!KAMAILIO
debug=0
log_stderror=yes
children=2
disable_tcp=yes
auto_aliases=no
dns=no
rev_dns=no
listen=udp:PROXY
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
modparam("usrloc", "db_mode", 0)

request_route {
    if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
    if (is_method("CANCEL")) { if (t_check_trans()) { t_relay(); } exit; }
    if (is_method("OPTIONS") && !has_totag()) { sl_send_reply("200", "OK"); exit; }
    if (has_totag()) {
        if (loose_route()) { t_relay(); exit; }
        if (is_method("ACK")) { if (t_check_trans()) { t_relay(); } exit; }
        sl_send_reply("404", "Not Here");
        exit;
    }
    t_check_trans();
    if (is_method("REGISTER")) {
        REGISTER
        exit;
    }
    if (is_method("INVITE")) { record_route(); }
    if (loose_route()) { t_relay(); exit; }
    if ($rU == "service") {
        $ru = "sip:service@SERVICE";
    } else if (uri == myself && !lookup("location")) {
        sl_send_reply("404", "Not Found");
        exit;
    }
    t_relay();
}
"#;
/// It is the registrar, with one password for everybody.
const REGISTRAR: &str = r#"if (!pv_www_authenticate("$td", "secret", "0")) { www_challenge("$td", "1"); exit; }
        save("location");"#;
/// It hands registrations on.
const HAND_ON: &str = r#"$du = "sip:SERVICE"; t_relay();"#;

struct Kamailio {
    addr: SocketAddr,
    child: Child,
    dir: tempfile::TempDir,
}

impl Kamailio {
    /// Starts it before `service`, and waits until it answers.
    async fn start(register: &str, service: SocketAddr, asking: &UserAgent) -> Kamailio {
        let addr = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let dir = tempfile::tempdir().expect("a directory");
        let config = CONFIG.replace("        REGISTER\n", &format!("        {register}\n"));
        let config = config.replace("SERVICE", &service.to_string()).replace("PROXY", &addr.to_string());
        let file = dir.path().join("kamailio.cfg");
        std::fs::write(&file, config).expect("a file");
        let log = std::fs::File::create(dir.path().join("log")).expect("a file");
        let child = Command::new("kamailio")
            .args(["-DD", "-E", "-m", "64", "-M", "8"])
            .arg("-f")
            .arg(&file)
            .arg("-Y")
            .arg(dir.path())
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("Kamailio starts");
        let kamailio = Kamailio { addr, child, dir };
        let uri = format!("sip:{addr}");
        soon(async {
            while asking.ping(&uri, "sip:4711@127.0.0.1").await.is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
        kamailio
    }
}

impl Drop for Kamailio {
    fn drop(&mut self) {
        let group = -(self.child.id() as libc::pid_t);
        // Asked politely, it sometimes waits for one of its own processes for ever.
        // SAFETY: kill only sends a signal, to the group of processes that was started above and is still ours.
        unsafe { libc::kill(group, libc::SIGKILL) };
        let _ = self.child.wait();
        if std::thread::panicking() {
            println!("Kamailio said:\n{}", std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default());
        }
    }
}

fn alice(password: &str) -> Credentials {
    Credentials { username: "alice".to_owned(), password: password.to_owned() }
}

/// Hold by both, then BYE by one: everything has to find its way through the proxy.
async fn hold_and_end(ours: &ActiveCall, theirs: &ActiveCall, proxy: SocketAddr) {
    for (holds, is_held) in [(ours, theirs), (theirs, ours)] {
        let mut held = is_held.held();
        soon(holds.hold(true)).await.expect("hold is accepted");
        soon(held.wait_for(|held| *held)).await.expect("held");
    }
    soon(ours.hangup(None)).await;
    assert_eq!(end(theirs).await, EndCause::ByRemote);
    for call in [ours, theirs] {
        let record = call.record();
        soon(record.closed()).await;
        assert!(
            record.ladder().iter().all(|message| message.peer == Way::udp(proxy)),
            "no message goes past the proxy"
        );
    }
}

#[tokio::test]
async fn a_call_through_a_proxy_stays_on_its_route_in_both_directions() {
    if !have("kamailio") {
        return;
    }
    let mut pair = pair().await;
    let kamailio = Kamailio::start(HAND_ON, pair.callee, &pair.caller).await;
    for caller_ends in [true, false] {
        let dial = Dial::new(format!("sip:service@{}", kamailio.addr), "sip:4711@127.0.0.1");
        let mut outgoing = pair.dial_as(dial).await;
        let incoming = soon(pair.calls.recv()).await.expect("the call arrives");
        assert_eq!(incoming.remote_addr(), kamailio.addr);
        let theirs = soon(incoming.answer()).await.expect("answered");
        let ours = answered(&mut outgoing).await;
        let (ends, hears) = if caller_ends { (&ours, &theirs) } else { (&theirs, &ours) };
        hold_and_end(ends, hears, kamailio.addr).await;
    }
    assert_eq!((pair.caller.live_calls(), pair.agent.live_calls()), (0, 0));
}

#[tokio::test]
async fn early_sound_and_cancel_pass_through_a_proxy() {
    if !have("kamailio") {
        return;
    }
    let mut pair = pair().await;
    let kamailio = Kamailio::start(HAND_ON, pair.callee, &pair.caller).await;
    let dial = Dial::new(format!("sip:service@{}", kamailio.addr), "sip:4711@127.0.0.1");
    let mut outgoing = pair.dial_as(dial.clone()).await;
    let mut incoming = soon(pair.calls.recv()).await.expect("the call arrives");
    let _early = incoming.early_media().await.expect("it is wanted");
    let theirs = soon(incoming.answer()).await.expect("answered");
    let ours = answered(&mut outgoing).await;
    assert!(ours.ladder().iter().any(|m| m.sent && m.text().starts_with("PRACK ")));
    soon(theirs.hangup(None)).await;
    assert_eq!(end(&ours).await, EndCause::ByRemote);
    let mut outgoing = pair.dial_as(dial).await;
    let incoming = soon(pair.calls.recv()).await.expect("the call arrives");
    incoming.ring().await.expect("it rings");
    soon(outgoing.next()).await;
    outgoing.cancel().await;
    assert_eq!(soon(incoming.cancelled()).await, EndCause::Cancelled);
}

#[tokio::test]
async fn a_phone_registers_through_a_proxy_and_is_called_through_it() {
    if !have("kamailio") {
        return;
    }
    let (server, _calls) = agent(registrar()).await;
    let (phone, mut calls) = agent(config()).await;
    let kamailio = Kamailio::start(HAND_ON, server.local_addr(), &phone).await;
    let at = format!("sip:{}", kamailio.addr);
    let registration = soon(phone.register(&at, alice("secret"), Duration::from_secs(120))).await.expect("registered");
    let contact = server.registered("alice").remove(0);
    assert_eq!(contact.source.addr, kamailio.addr);
    let dial = Dial { destination: Some(contact.source), ..Dial::new(contact.uri, "sip:4711@127.0.0.1") };
    let mut outgoing = server.dial(dial).await.expect("on its way");
    let theirs = soon(soon(calls.recv()).await.expect("the phone is called").answer()).await.expect("answered");
    let ours = answered(&mut outgoing).await;
    hold_and_end(&theirs, &ours, kamailio.addr).await;
    soon(registration.unregister()).await;
    assert!(server.registered("alice").is_empty());
}

#[tokio::test]
async fn we_register_with_a_registrar_and_are_called_through_it() {
    if !have("kamailio") {
        return;
    }
    let mut pair = pair().await;
    let kamailio = Kamailio::start(REGISTRAR, pair.callee, &pair.caller).await;
    let at = format!("sip:{}", kamailio.addr);
    let wrong = soon(pair.agent.register(&at, alice("guess"), Duration::from_secs(120))).await;
    assert!(matches!(wrong, Err(SipError::Refused { status: 401, .. })), "{wrong:?}");
    let registration = soon(pair.agent.register(&at, alice("secret"), Duration::from_secs(120))).await;
    let registration = registration.expect("registered");
    let granted = RegistrationState::Registered { expires: Duration::from_secs(120) };
    assert_eq!(*registration.state().borrow(), granted);
    let dial = Dial::new(format!("sip:alice@{}", kamailio.addr), "sip:4711@127.0.0.1");
    let mut outgoing = pair.dial_as(dial.clone()).await;
    let incoming = soon(pair.calls.recv()).await.expect("the call arrives");
    assert_eq!((incoming.to_user(), incoming.request_user()), ("alice".to_owned(), "alice".to_owned()));
    let theirs = soon(incoming.answer()).await.expect("answered");
    let ours = answered(&mut outgoing).await;
    hold_and_end(&ours, &theirs, kamailio.addr).await;
    soon(registration.unregister()).await;
    let mut outgoing = pair.dial_as(dial).await;
    let gone = soon(outgoing.next()).await;
    assert!(matches!(gone, sip::ua::Progress::Failed { status: 404, .. }), "{gone:?}");
}
