//! baresip, a real softphone, registers with us, takes a call and makes one.

mod common;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;

use common::*;
use sip::media::LegEvent;
use sip::ua::{ActiveCall, Dial, EndCause, Progress, RegistrationEvent};

/// A running baresip and its configuration; both go when it is dropped.
struct Phone {
    dir: PathBuf,
    child: tokio::process::Child,
}

impl Phone {
    /// Starts it with one account, and a command to carry out at once.
    fn start(account: &str, command: Option<&str>) -> Phone {
        let dir = std::env::temp_dir().join(format!("baresip-{:016x}", rand::random::<u64>()));
        std::fs::create_dir_all(&dir).expect("a directory for baresip");
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let listen = socket.local_addr().expect("a bound socket has an address");
        let config = format!(
            "sip_listen {listen}\naudio_player aubridge,sink\naudio_source ausine,440\nausrc_srate 48000\nausrc_channels 2\naudio_alert aubridge,sink\n\
             module_path /usr/lib/baresip/modules\nmodule g711.so\nmodule aubridge.so\nmodule ausine.so\nmodule uuid.so\n\
             module_tmp account.so\nmodule_app menu.so\nsnd_path {}\n",
            dir.display()
        );
        for (file, text) in [("config", config.as_str()), ("accounts", account), ("contacts", ""), ("uuid", "")] {
            if !text.is_empty() || file == "contacts" {
                std::fs::write(dir.join(file), text).expect("baresip's files can be written");
            }
        }
        drop(socket);
        let mut program = tokio::process::Command::new("baresip");
        program.arg("-f").arg(&dir).args(["-t", "20"]);
        if let Some(command) = command {
            program.args(["-e", command]);
        }
        let log = std::fs::File::create(dir.join("log")).expect("baresip's log can be written");
        let errors = log.try_clone().expect("a file can be shared");
        let child =
            program.stdin(Stdio::null()).stdout(log).stderr(errors).kill_on_drop(true).spawn().expect("baresip starts");
        Phone { dir, child }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        let _ = self.child.start_kill();
        if std::thread::panicking() {
            println!("baresip said:\n{}", self.log());
        }
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

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
    let pid = phone.child.id().expect("it is running");
    // SAFETY: kill only sends a signal to the process that was started above and is still ours.
    unsafe { libc::kill(pid as libc::pid_t, libc::SIGTERM) };
    let end = soon(call.ended().wait_for(Option::is_some)).await.expect("it ends").clone();
    assert_eq!(end, Some(EndCause::ByRemote));
}
