//! Kamailio, a proxy of the trade, between us and a phone (record-routing or not, over UDP and TLS), and as a registrar that we register
//! with.

mod common;

use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::certificates::Certificates;
use common::pair::*;
use common::*;
use sip::ua::{
    ActiveCall, Credentials, Dial, EndCause, Peer as Way, Protocol, RegistrationState, SipError, Traced, UaConfig,
    UserAgent,
};

/// Without a database; users are kept in memory.
const CONFIG: &str = r#"#!KAMAILIO
debug=0
log_stderror=yes
children=2
STREAMS
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
    RECORD
    if (loose_route()) { t_relay(); exit; }
    if ($rU == "service") {
        $ru = "sip:service@SERVICE";
        $du = "sip:SERVICE";
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

/// What differs between the proxies.
struct Setting<'a> {
    /// What becomes of a REGISTER.
    register: &'a str,
    /// Whether it stays in the dialog.
    records: bool,
    /// With files for TLS, which it then listens on beside UDP.
    tls: Option<&'a Certificates>,
    /// The `;transport=` of the way to the service.
    onward: &'a str,
}

impl Setting<'_> {
    fn plain(register: &str) -> Setting<'_> {
        Setting { register, records: true, tls: None, onward: "" }
    }
}

struct Kamailio {
    addr: SocketAddr,
    /// Where it listens for TLS, if it does.
    tls: SocketAddr,
    child: Child,
    dir: tempfile::TempDir,
}

impl Kamailio {
    /// Starts it before `service`, and waits until it answers.
    async fn start(register: &str, service: SocketAddr, asking: &UserAgent) -> Kamailio {
        Kamailio::set(Setting::plain(register), service, asking).await
    }

    async fn set(setting: Setting<'_>, service: SocketAddr, asking: &UserAgent) -> Kamailio {
        let addr = free_address();
        let tls = free_address();
        let dir = tempfile::tempdir().expect("a directory");
        let config = CONFIG.replace("        REGISTER\n", &format!("        {}\n", setting.register));
        let config = config
            .replace("RECORD", if setting.records { "if (is_method(\"INVITE\")) { record_route(); }" } else { "" });
        let streams = setting.tls.map_or("disable_tcp=yes".to_owned(), |files| {
            let path = |name: &str| files.path(name).display().to_string();
            let parameters = [
                ("certificate", path("certificate.pem")),
                ("private_key", path("key.pem")),
                ("ca_list", path("authority.pem")),
                ("tls_method", "TLSv1.2+".to_owned()),
            ];
            let parameters = parameters.map(|(name, value)| format!("modparam(\"tls\", \"{name}\", \"{value}\")\n"));
            let listen = format!(
                "enable_tls=yes\ntcp_accept_no_cl=yes\nlisten=tcp:{addr}\nlisten=tls:{tls}\nloadmodule \"tls.so\"\n"
            );
            format!("{listen}{}modparam(\"tls\", \"verify_certificate\", 1)\n", parameters.concat())
        });
        let onward = format!("$du = \"sip:{service}{}\";", setting.onward);
        let config = config.replace("STREAMS", &streams).replace("$du = \"sip:SERVICE\";", &onward);
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
        let kamailio = Kamailio { addr, tls, child, dir };
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
    hold_and_end_over(ours, theirs, [Way::udp(proxy); 2]).await;
}

/// The same, where each of the two has a way of its own to the proxy: the one that hangs up, and the other.
async fn hold_and_end_over(ours: &ActiveCall, theirs: &ActiveCall, ways: [Way; 2]) {
    for (holds, is_held) in [(ours, theirs), (theirs, ours)] {
        let mut held = is_held.held();
        soon(holds.hold(true)).await.expect("hold is accepted");
        soon(held.wait_for(|held| *held)).await.expect("held");
    }
    soon(ours.hangup(None)).await;
    assert_eq!(end(theirs).await, EndCause::ByRemote);
    for (call, way) in [ours, theirs].into_iter().zip(ways) {
        let record = call.record();
        soon(record.closed()).await;
        let on_its_way = |message: &Traced| match way.protocol {
            Protocol::Udp => message.peer == way,
            // A connection that the proxy opened comes from any port of it.
            protocol => message.peer.protocol == protocol && message.peer.addr.ip() == way.addr.ip(),
        };
        assert!(record.ladder().iter().all(on_its_way), "no message goes past the proxy");
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
async fn a_proxy_that_stays_out_of_the_dialog_is_bothered_no_more() {
    if !have("kamailio") {
        return;
    }
    // Each has a host of its own, as in the world.
    let callee = UaConfig { bind: ([127, 0, 0, 2], 0).into(), ..config() };
    let mut pair = pair_of(config(), callee).await;
    let setting = Setting { records: false, ..Setting::plain(HAND_ON) };
    let kamailio = Kamailio::set(setting, pair.callee, &pair.caller).await;
    for caller_ends in [true, false] {
        let dial = Dial::new(format!("sip:service@{}", kamailio.addr), "sip:4711@127.0.0.1");
        let mut outgoing = pair.dial_as(dial).await;
        let theirs = soon(soon(pair.calls.recv()).await.expect("the call arrives").answer()).await.expect("answered");
        let ours = answered(&mut outgoing).await;
        let (ends, hears) = if caller_ends { (&ours, &theirs) } else { (&theirs, &ours) };
        soon(ends.hold(true)).await.expect("hold is accepted");
        soon(ends.hangup(None)).await;
        assert_eq!(end(hears).await, EndCause::ByRemote);
        let record = ours.record();
        soon(record.closed()).await;
        let after = record.ladder().into_iter().skip_while(|message| !message.text().starts_with("ACK "));
        let peers: Vec<_> = after.map(|message| message.peer).collect();
        assert!(peers.len() >= 5 && peers.iter().all(|peer| *peer == Way::udp(pair.callee)), "{peers:?}");
    }
}

#[tokio::test]
async fn a_call_through_a_proxy_over_tls_stays_on_its_route() {
    if !have("kamailio") || !has_tls() {
        return;
    }
    let certificates = Certificates::new();
    for onward in ["", ";transport=tcp", ";transport=tls"] {
        let secured = || UaConfig { transport: certificates.transport(), ..config() };
        let mut pair = pair_of(secured(), secured()).await;
        let protocol = onward.strip_prefix(";transport=").and_then(Protocol::parse).unwrap_or(Protocol::Udp);
        let service = pair.agent.local_addr_of(protocol).expect("it listens");
        let setting = Setting { tls: Some(&certificates), onward, ..Setting::plain(HAND_ON) };
        let kamailio = Kamailio::set(setting, service, &pair.caller).await;
        let proxy = [Way { protocol: Protocol::Tls, addr: kamailio.tls }, Way { protocol, addr: kamailio.addr }];
        for caller_ends in [true, false] {
            let dial = Dial::new(format!("sip:service@{};transport=tls", kamailio.tls), "sip:4711@127.0.0.1");
            let mut outgoing = pair.dial_as(dial).await;
            let incoming = soon(pair.calls.recv()).await.expect("the call arrives");
            assert_eq!(incoming.peer().protocol, protocol);
            let theirs = soon(incoming.answer()).await.expect("answered");
            let ours = answered(&mut outgoing).await;
            let [first, second] = proxy;
            if caller_ends {
                hold_and_end_over(&ours, &theirs, [first, second]).await;
            } else {
                hold_and_end_over(&theirs, &ours, [second, first]).await;
            }
        }
        // And we register with it over TLS, and are called over that connection.
        let kamailio =
            Kamailio::set(Setting { tls: Some(&certificates), ..Setting::plain(REGISTRAR) }, service, &pair.caller)
                .await;
        let at = format!("sip:{};transport=tls", kamailio.tls);
        let registration = soon(pair.agent.register(&at, alice("secret"), Duration::from_secs(120))).await;
        let registration = registration.expect("registered");
        let dial = Dial::new(format!("sip:alice@{}", kamailio.addr), "sip:4711@127.0.0.1");
        let mut outgoing = pair.dial_as(dial).await;
        let incoming = soon(pair.calls.recv()).await.expect("the call arrives");
        assert_eq!(incoming.peer().protocol, Protocol::Tls);
        let theirs = soon(incoming.answer()).await.expect("answered");
        let ours = answered(&mut outgoing).await;
        soon(theirs.hangup(None)).await;
        assert_eq!(end(&ours).await, EndCause::ByRemote);
        soon(registration.unregister()).await;
    }
}

/// Whether Kamailio's TLS is installed; says so when it is not.
fn has_tls() -> bool {
    let found = std::path::Path::new("/usr/lib/x86_64-linux-gnu/kamailio/modules/tls.so").exists()
        || std::path::Path::new("/usr/lib/aarch64-linux-gnu/kamailio/modules/tls.so").exists();
    if !found {
        println!("skipped: kamailio-tls-modules is not installed");
    }
    found
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
    let incoming = soon(pair.calls.recv()).await.expect("the call arrives");
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
