//! The same with a telephone that is not ours: baresip, told what to do through its control port.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use hotline::event::Event;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::bed::*;
use crate::ports::free_address;

/// A running baresip; it ends, and its files go, when it is dropped.
struct Softphone {
    folder: tempfile::TempDir,
    control: SocketAddr,
    child: tokio::process::Child,
}

impl Softphone {
    fn start(account: &str) -> Softphone {
        let folder = tempfile::tempdir().expect("a folder");
        let (listen, control) = (free_address(), free_address());
        let config = format!(
            "sip_listen {listen}\naudio_player aubridge,sink\naudio_source ausine,2300\nausrc_srate 48000\nausrc_channels 2\n\
             audio_alert aubridge,alert\nmodule_path /usr/lib/baresip/modules\nmodule g711.so\nmodule aubridge.so\n\
             module ausine.so\nmodule uuid.so\nmodule_tmp account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n\
             ctrl_tcp_listen {control}\nsnd_path {}\n",
            folder.path().display()
        );
        for (file, text) in [("config", config.as_str()), ("accounts", account), ("contacts", "")] {
            std::fs::write(folder.path().join(file), text).expect("baresip's files can be written");
        }
        let log = std::fs::File::create(folder.path().join("log")).expect("a file");
        let errors = log.try_clone().expect("it can be shared");
        let mut program = tokio::process::Command::new("baresip");
        program.arg("-f").arg(folder.path()).args(["-t", "60"]).stdin(Stdio::null()).stdout(log).stderr(errors);
        let child = program.kill_on_drop(true).spawn().expect("baresip starts");
        Softphone { folder, control, child }
    }

    /// Types a command.
    async fn does(&self, command: &str, params: &str) {
        let mut stream = tokio::net::TcpStream::connect(self.control).await.expect("its control port is open");
        let text = serde_json::json!({ "command": command, "params": params }).to_string();
        stream.write_all(format!("{}:{text},", text.len()).as_bytes()).await.expect("it listens");
        let mut answer = [0; 4_096];
        let read = soon(stream.read(&mut answer)).await.expect("it answers");
        assert!(read > 0, "{command}");
    }
}

impl Drop for Softphone {
    fn drop(&mut self) {
        let _ = self.child.start_kill();
        if std::thread::panicking() {
            let log: PathBuf = self.folder.path().join("log");
            println!("baresip said:\n{}", std::fs::read_to_string(log).unwrap_or_default());
        }
    }
}

fn is_here() -> bool {
    let here =
        std::process::Command::new("baresip").arg("-h").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !here {
        println!("skipped: baresip is not installed (apt-get install baresip-core)");
    }
    here
}

#[tokio::test(flavor = "multi_thread")]
async fn baresip_holds_a_caller_comes_back_and_transfers_the_call() {
    if !is_here() {
        return;
    }
    let bed = Bed::start().await;
    let password = bed.password_for("anna").await;
    let server = bed.service.sip;
    let phone = Softphone::start(&format!(
        "<sip:anna@{server}>;auth_user=anna;auth_pass={password};regint=60;answermode=auto;audio_codecs=PCMA/8000/1\n"
    ));
    until("baresip is registered", || bed.service.reachable().contains("anna")).await;
    let mut outgoing = bed.call_in("+49301001").await;
    let caller = Talk::new(answered(&mut outgoing).await, CALLER);
    caller.hears(ANNA).await;
    phone.does("hold", "").await;
    caller.hears_music().await;
    phone.does("resume", "").await;
    caller.hears(ANNA).await;
    let mut ben = bed.hire("ben", BEN).await;
    phone.does("transfer", &format!("sip:ben@{server}")).await;
    let colleague = ben.answer().await;
    caller.hears(BEN).await;
    colleague.hears(CALLER).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    caller.hang_up().await;
    let journal = bed.journaled("the end", |event| matches!(event, Event::Ended { .. })).await;
    assert!(
        story(&journal).contains("held resumed ringing unbridged transferred bridged")
            || story(&journal).contains("held resumed held ringing unbridged transferred bridged"),
        "{}",
        story(&journal)
    );
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn baresip_hears_an_announcement_and_then_the_one_who_answers() {
    if !is_here() {
        return;
    }
    let mut bed = Bed::start().await;
    let password = bed.password_for("anna").await;
    let server = bed.service.sip;
    let phone = Softphone::start(&format!(
        "<sip:anna@{server}>;auth_user=anna;auth_pass={password};regint=60;audio_codecs=PCMA/8000/1\n"
    ));
    until("baresip is registered", || bed.service.reachable().contains("anna")).await;
    phone.does("dial", "0301234567").await;
    let call = bed.carrier.rings().await;
    let early = call.early_media().await.expect("it is wanted").expect("there was an offer");
    plays(&early, EXPERT);
    // It takes the early session: sound comes from it too, which nobody outside hears before the answer.
    let observer = early.observer();
    soon(async {
        while observer.stats().await.is_none_or(|stats| stats.packets_in < 25) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    early.stop();
    let mut far = soon(call.answer()).await.expect("answered");
    plays(far.leg(), CALLER);
    let before = heard_before(&mut far, ANNA).await;
    assert!(before.len() >= 10 * 160 && !has(&before, ANNA), "{} samples", before.len());
    soon(far.hangup(None)).await;
    bed.stop().await;
}
