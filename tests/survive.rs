//! What is left after the power fails in the middle of a call: one outcome, and a ticket with what was said up to then.

mod common;

use std::path::Path;
use std::time::Duration;

use common::{PATIENCE, QUIET, Serving, config_of, have_models, phone, words};
use hotline::agent::Agents;
use hotline::event::{Event, Outcome};
use hotline::service::Extensions;
use hotline::service::open_store;
use hotline::store::{CallFilter, NewUser, RecordingReader, Role};

/// Something that a caller does before the power fails.
enum Step {
    Say(&'static str),
    Press(&'static str),
    Turn,
}

/// Calls, does the steps, kills the service, starts it again, and returns the journal of the only call.
async fn after_a_crash(steps: &[Step]) -> (Option<Outcome>, Vec<Event>, Option<RecordingReader>) {
    let folder = tempfile::tempdir().expect("a folder");
    let serving = Serving::start(folder.path(), &[]);
    let phone = phone().await;
    let mut line = phone.call(&format!("sip:100@{}", serving.sip), "+441632960001", PATIENCE).await.expect("answered");
    for step in steps {
        line.our_turn(QUIET, PATIENCE).await.expect("the bot speaks and pauses");
        match step {
            Step::Say(text) => line.say(words(text)).await.expect("the call is up"),
            Step::Press(keys) => line.press(keys),
            Step::Turn => {}
        }
    }
    serving.kill();
    drop(line);
    found_again(folder.path()).await
}

/// Starts the service once more on what the crash left, stops it, and reads the only call.
async fn found_again(folder: &Path) -> (Option<Outcome>, Vec<Event>, Option<RecordingReader>) {
    let again = Serving::start(folder, &[]);
    assert!(again.stop(), "it stops well after a recovery");
    let store = open_store(&config_of(folder)).await.expect("the database is whole");
    let tenant = store.default_tenant();
    let calls = tenant.calls(&CallFilter::default(), None, 10).await.expect("calls can be read").items;
    assert_eq!(calls.len(), 1);
    assert!(calls[0].ticket.is_some(), "the call has a ticket");
    assert!(tenant.unended_calls().await.expect("can be asked").is_empty());
    let journal = tenant.journal(calls[0].id).await.expect("the journal can be read");
    let recording = tenant.recording(calls[0].id).await.expect("the recording can be opened");
    (calls[0].outcome, journal.into_iter().map(|entry| entry.event).collect(), recording)
}

fn endings(journal: &[Event]) -> usize {
    journal.iter().filter(|event| matches!(event, Event::Ended { .. })).count()
}

fn ticket(journal: &[Event]) -> String {
    let bodies = journal.iter().filter_map(|event| match event {
        Event::TicketOpened { body, .. } => Some(body.reveal().to_owned()),
        _ => None,
    });
    bodies.collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_while_the_bot_greets_leaves_a_failed_call_with_a_ticket() {
    if !have_models() {
        return;
    }
    let (outcome, journal, recording) = after_a_crash(&[Step::Turn]).await;
    assert_eq!((outcome, endings(&journal)), (Some(Outcome::Failed), 1));
    assert!(ticket(&journal).contains("Bot: "), "{}", ticket(&journal));
    let recording = recording.expect("what was recorded can be heard");
    assert!(recording.frames() > 8_000, "at least a second of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_after_the_caller_spoke_keeps_the_words() {
    if !have_models() {
        return;
    }
    let (outcome, journal, _) = after_a_crash(&[Step::Say("Hello, where is my order?"), Step::Turn]).await;
    assert_eq!((outcome, endings(&journal)), (Some(Outcome::Failed), 1));
    assert!(ticket(&journal).to_lowercase().contains("where is my order"), "{}", ticket(&journal));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_keys_keeps_the_keys() {
    if !have_models() {
        return;
    }
    let (outcome, journal, _) = after_a_crash(&[Step::Press("1"), Step::Press("10"), Step::Turn]).await;
    assert_eq!((outcome, endings(&journal)), (Some(Outcome::Failed), 1));
    assert!(ticket(&journal).contains("Caller pressed 1"), "{}", ticket(&journal));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_while_a_caller_waits_for_a_person_says_so_in_the_ticket() {
    if !have_models() {
        return;
    }
    let (outcome, journal, _) =
        after_a_crash(&[Step::Say("Can you tell me a joke, please?"), Step::Turn, Step::Turn]).await;
    assert_eq!((outcome, endings(&journal)), (Some(Outcome::Failed), 1));
    assert!(ticket(&journal).contains("Caller: "), "{}", ticket(&journal));
}

/// Gives an agent an extension before the service starts, and returns its password.
async fn hire(folder: &Path, extension: &str) -> String {
    let store = open_store(&config_of(folder)).await.expect("a new database");
    let tenant = store.default_tenant();
    let user = NewUser { name: extension.into(), email: None, role: Role::Agent, language: None };
    let user = tenant.create_user(user, 0).await.expect("a new user");
    let extensions = Extensions::load(&tenant, "hotline", Agents::new()).await.expect("none so far");
    let password = extensions.add(&tenant, extension, user.id).await.expect("a new extension");
    store.close().await;
    password
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_while_a_caller_talks_to_an_agent_is_a_call_that_an_agent_took() {
    if !have_models() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let password = hire(folder.path(), "anna").await;
    let serving = Serving::start(folder.path(), &[]);
    let mut desk = phone().await;
    let _registration = desk.register(&format!("sip:{}", serving.sip), "anna", &password).await.expect("registered");
    let caller = phone().await;
    let mut line = caller.call(&format!("sip:100@{}", serving.sip), "+441632960001", PATIENCE).await.expect("answered");
    line.our_turn(QUIET, PATIENCE).await.expect("the bot greets");
    line.press("0");
    let mut agent = tokio::time::timeout(PATIENCE, desk.answer(Duration::from_millis(200)))
        .await
        .expect("it rings")
        .expect("answered");
    agent.say(words("Hello, this is Anna. What can I do for you?")).await.expect("the bridge is up");
    line.our_turn(QUIET, PATIENCE).await.expect("the caller hears Anna");
    tokio::time::sleep(Duration::from_secs(2)).await;
    serving.kill();
    drop((line, agent));
    let (outcome, journal, _) = found_again(folder.path()).await;
    assert_eq!((outcome, endings(&journal)), (Some(Outcome::Agent), 1));
    assert!(ticket(&journal).contains("anna took the call"), "{}", ticket(&journal));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_stopped_ends_its_calls_properly() {
    if !have_models() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let serving = Serving::start(folder.path(), &[]);
    let phone = phone().await;
    let mut line = phone.call(&format!("sip:100@{}", serving.sip), "+441632960001", PATIENCE).await.expect("answered");
    line.our_turn(QUIET, PATIENCE).await.expect("the bot greets");
    let stopped = tokio::task::spawn_blocking(move || serving.stop());
    line.wait_end(PATIENCE).await.expect("the caller is told with a BYE");
    assert!(stopped.await.expect("no panic"));
    let store = open_store(&config_of(folder.path())).await.expect("the database is whole");
    let tenant = store.default_tenant();
    assert!(tenant.unended_calls().await.expect("can be asked").is_empty(), "nothing is left for the next start");
    let calls = tenant.calls(&CallFilter::default(), None, 10).await.expect("calls can be read").items;
    let journal = tenant.journal(calls[0].id).await.expect("the journal can be read");
    assert!(journal.iter().any(|entry| matches!(&entry.event, Event::HungUp { cause, .. } if cause == "shutdown")));
}
