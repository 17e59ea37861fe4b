//! What people, networks and machines do wrong: each gets the right SIP answer or a clear message, a line in the journal, and no
//! crash.

mod common;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use common::{PATIENCE, QUIET, Serving, config_of, have_models, phone};
use hotline::event::{Event, Outcome};
use hotline::service::open_store;
use hotline::store::CallFilter;

fn hotline(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hotline"));
    command.args(arguments).current_dir(folder).envs(variables.iter().copied());
    command.env("HOTLINE_HTTP_BIND", "127.0.0.1:0").env("HOTLINE_SIP_BIND", "127.0.0.1:0");
    command.envs(variables.iter().copied()).stdin(Stdio::null()).output().expect("the program was built")
}

fn complaint(output: &Output) -> String {
    assert!(!output.status.success(), "it must not go on");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_recording_that_is_no_wav_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("words.wav");
    std::fs::write(&file, "these are words, not sound").expect("a file");
    let output = hotline(folder.path(), &["call", "sip:1@127.0.0.1:9", "--play", "words.wav"], &[]);
    let message = complaint(&output);
    assert!(message.contains("words.wav is not a WAV file"), "{message}");
}

#[test]
fn a_flow_with_an_unknown_block_is_refused_with_the_block_that_was_meant() {
    let folder = tempfile::tempdir().expect("a folder");
    let example = include_str!("../src/demo/bicycle-shop.json");
    std::fs::write(folder.path().join("flow.json"), example.replacen("\"ask_intent\"", "\"ask_intnt\"", 1))
        .expect("a file");
    let message = complaint(&hotline(folder.path(), &["serve"], &[("HOTLINE_FLOW_FILE", "flow.json")]));
    assert!(message.contains("ask_intnt") && message.contains("ask_intent"), "{message}");
}

#[test]
fn a_mistyped_key_in_the_configuration_is_refused_with_the_right_one() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("hotline.toml"), "[http]\nbnid = \"127.0.0.1:1\"\n").expect("a file");
    let message = complaint(&hotline(folder.path(), &["serve"], &[]));
    assert!(message.contains("did you mean `http.bind`"), "{message}");
}

#[test]
fn a_missing_model_says_how_to_get_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let message = complaint(&hotline(folder.path(), &["serve"], &[("HOTLINE_MODELS_DIR", "no-models-here")]));
    assert!(message.contains("hotline models pull"), "{message}");
}

#[test]
fn a_data_folder_that_cannot_be_used_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("data"), "a file where the folder should be").expect("a file");
    let message = complaint(&hotline(folder.path(), &["serve"], &[]));
    assert!(message.contains("data") && message.contains("choose another data folder"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_named_with_the_key_that_changes_it() {
    if !have_models() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("its address").to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_hotline"));
    command.arg("serve").current_dir(folder.path());
    command.env("HOTLINE_SIP_BIND", "127.0.0.1:0").env("HOTLINE_HTTP_BIND", &address);
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("no panic").expect("it was built");
    let message = complaint(&output);
    assert!(message.contains(&address) && message.contains("http.bind"), "{message}");
}

/// Runs a SIPp scenario once; `None` when SIPp is not installed.
async fn sipp(scenario: &str, to: SocketAddr) -> Option<bool> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/sipp").join(scenario);
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = tokio::process::Command::new("sipp");
    command.arg(to.to_string()).arg("-sf").arg(file).args(["-s", "100", "-i", "127.0.0.1", "-m", "1", "-nostdin"]);
    command.args(["-timeout", "30s", "-timeout_error"]).current_dir(folder.path());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    match command.status().await {
        Ok(status) => Some(status.success()),
        Err(_) => {
            println!("skipped: SIPp is not installed (sip-tester)");
            None
        }
    }
}

/// Runs a scenario against a fresh service and returns the outcome and the journal of the only call.
async fn after(scenario: &str) -> Option<(Option<Outcome>, Vec<Event>)> {
    let folder = tempfile::tempdir().expect("a folder");
    let serving = Serving::start(folder.path(), &[]);
    let passed = sipp(scenario, serving.sip).await?;
    assert!(passed, "{scenario} was not answered as it expects");
    assert!(serving.stop());
    Some(only_call(folder.path()).await)
}

async fn only_call(folder: &Path) -> (Option<Outcome>, Vec<Event>) {
    let store = open_store(&config_of(folder)).await.expect("the database is whole");
    let tenant = store.default_tenant();
    let calls = tenant.calls(&CallFilter::default(), None, 10).await.expect("calls can be read").items;
    assert_eq!(calls.len(), 1, "the call is in the journal");
    let journal = tenant.journal(calls[0].id).await.expect("the journal can be read");
    (calls[0].outcome, journal.into_iter().map(|entry| entry.event).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_codec_that_nobody_shares_gets_488_and_a_journal_that_says_why() {
    if !have_models() {
        return;
    }
    let Some((outcome, journal)) = after("uac_no_codec.xml").await else { return };
    assert_eq!(outcome, Some(Outcome::Abandoned));
    assert!(journal.iter().any(|event| matches!(event, Event::HungUp { cause, .. } if cause == "no_codec")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_without_sdp_is_answered_with_our_offer() {
    if !have_models() {
        return;
    }
    let Some((outcome, journal)) = after("uac_no_sdp.xml").await else { return };
    assert!(outcome.is_some());
    assert!(journal.iter().any(|event| matches!(event, Event::Answered { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_whose_audio_never_comes_is_noticed_by_name() {
    if !have_models() {
        return;
    }
    let Some((_, journal)) = after("uac_no_audio.xml").await else { return };
    let noticed = |event: &Event| matches!(event, Event::Problem { what, message } if what == "media" && message.contains("no audio"));
    assert!(journal.iter().any(noticed), "{journal:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_service_that_cannot_be_reached_leads_to_a_person_and_a_ticket() {
    if !have_models() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    // Port 9 of loopback: nobody listens.
    let serving = Serving::start(folder.path(), &[("HOTLINE_FLOW_VARIABLES", "order_service=http://127.0.0.1:9")]);
    let phone = phone().await;
    let mut line = phone.call(&format!("sip:100@{}", serving.sip), "+441632960001", PATIENCE).await.expect("answered");
    for keys in ["1", "1042"] {
        line.our_turn(QUIET, PATIENCE).await.expect("the bot speaks and pauses");
        line.press(keys);
    }
    line.wait_end(PATIENCE).await.expect("nobody is there, so the bot says goodbye");
    line.hang_up().await;
    assert!(serving.stop());
    let (outcome, journal) = only_call(folder.path()).await;
    assert_eq!(outcome, Some(Outcome::Callback));
    assert!(journal.iter().any(|event| matches!(event, Event::Fetched { status: None, error: Some(_), .. })));
    let said =
        |words: &str| journal.iter().any(|e| matches!(e, Event::Said { text, .. } if text.reveal().contains(words)));
    assert!(said("can't look up orders"), "{journal:?}");
    assert!(journal.iter().any(|event| matches!(event, Event::TicketOpened { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stops_the_recording_but_not_the_call() {
    if !have_models() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=6m", "tmpfs"])
        .arg(folder.path())
        .stderr(Stdio::null())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        println!("skipped: mounting a small file system needs root");
        return;
    }
    let serving = Serving::start(folder.path(), &[]);
    let phone = phone().await;
    let mut line = phone.call(&format!("sip:100@{}", serving.sip), "+441632960001", PATIENCE).await.expect("answered");
    line.our_turn(QUIET, PATIENCE).await.expect("the bot greets");
    let filler = folder.path().join("filler");
    let block = vec![0u8; 4_096];
    let mut file = std::fs::File::create(&filler).expect("there is a little room left");
    while std::io::Write::write_all(&mut file, &block).is_ok() {}
    drop(file);
    line.press("2");
    line.our_turn(QUIET, PATIENCE).await.expect("the bot goes on although nothing can be written");
    std::fs::remove_file(&filler).expect("room again");
    line.hang_up().await;
    assert!(serving.stop(), "it stops well");
    let (outcome, journal) = only_call(folder.path()).await;
    let _ = Command::new("umount").arg("-l").arg(folder.path()).status();
    assert!(outcome.is_some(), "{journal:?}");
    let told = |event: &Event| matches!(event, Event::Problem { what, .. } if what == "recording");
    assert!(journal.iter().any(told), "{journal:?}");
    assert!(journal.iter().any(|event| matches!(event, Event::Key { .. })), "what happened meanwhile was kept");
}
