//! Callers and lines that make it hard to hear: real calls to a real service, which must find a spoken way on for each of them.

mod common;

use std::time::Duration;

use audio::Pcm8k;
use common::{PATIENCE, QUIET, Serving, config_of, have_models, phone, understand_token, words};
use hotline::event::{Event, Outcome};
use hotline::phone::{Line, Phone};
use hotline::service::open_store;
use hotline::store::CallFilter;

/// How a call ended, and what was journaled.
struct Call {
    outcome: Option<Outcome>,
    journal: Vec<Event>,
}

impl Call {
    /// What was understood of the caller's words.
    fn heard(&self) -> Vec<&str> {
        let texts = self.journal.iter().filter_map(|event| match event {
            Event::Heard { text, .. } => Some(text.reveal()),
            _ => None,
        });
        texts.collect()
    }

    fn entered(&self, block: &str) -> bool {
        self.journal.iter().any(|event| matches!(event, Event::Entered { block: entered, .. } if entered == block))
    }

    /// Prompts that were not played to their end.
    fn cut_prompts(&self) -> usize {
        let cut = |event: &&Event| matches!(event, Event::Said { completed: false, .. });
        self.journal.iter().filter(cut).count()
    }
}

/// A service of its own with its folder, and a telephone; none without a recogniser.
async fn ready() -> Option<(tempfile::TempDir, Serving, Phone)> {
    if !have_models() {
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let serving = Serving::start(folder.path(), &[]);
    Some((folder, serving, phone().await))
}

async fn dial(phone: &Phone, serving: &Serving, from: &str) -> Line {
    let mut line = phone.call(&format!("sip:100@{}", serving.sip), from, PATIENCE).await.expect("answered");
    line.our_turn(QUIET, PATIENCE).await.expect("the bot greets and asks");
    line
}

/// What became of the calls of these callers.
async fn calls_of(folder: &std::path::Path, callers: &[&str]) -> Vec<Call> {
    let store = open_store(&config_of(folder)).await.expect("the database is whole");
    let tenant = store.default_tenant();
    let calls = tenant.calls(&CallFilter::default(), None, 50).await.expect("calls can be read").items;
    let mut found = Vec::new();
    for caller in callers {
        let call = calls.iter().find(|call| call.from.reveal().contains(caller)).expect("the call is in the journal");
        let journal = tenant.journal(call.id).await.expect("the journal can be read");
        found.push(Call { outcome: call.outcome, journal: journal.into_iter().map(|entry| entry.event).collect() });
    }
    found
}

async fn call_of(folder: &std::path::Path, caller: &str) -> Call {
    calls_of(folder, &[caller]).await.remove(0)
}

fn mapped(sound: &Pcm8k, change: impl Fn(f32) -> f32) -> Pcm8k {
    Pcm8k::new(sound.samples().iter().map(|&sample| change(f32::from(sample)) as i16).collect())
}

/// Noise that comes and goes as breath into a microphone does, at -30 dBov at most.
fn breath(seconds: u64) -> Pcm8k {
    let mut state = 7u32;
    let mut low = 0.0f32;
    let samples = (0..seconds * 8_000).map(|n| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        low += 0.4 * ((state >> 8) as f32 / 8_388_608.0 - 1.0 - low);
        let breathing = (n as f32 / 8_000.0 * std::f32::consts::TAU * 0.25).sin().max(0.0).powi(2);
        (3_000.0 * low * breathing) as i16
    });
    Pcm8k::new(samples.collect())
}

const QUESTION: &str = "where is my order";

/// Says this at the first question, then hangs up when the bot has answered.
async fn ask(phone: &Phone, serving: &Serving, from: &str, sound: Pcm8k) {
    let mut line = dial(phone, serving, from).await;
    line.say(sound).await.expect("said");
    line.our_turn(QUIET, PATIENCE).await.expect("the bot answers");
    line.hang_up().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_are_understood_through_clipping_and_beside_a_constant() {
    let Some((folder, serving, phone)) = ready().await else { return };
    let said = words(QUESTION);
    // As loud as a microphone that is turned up by 12 dB; and one whose zero is at a quarter of the range.
    ask(&phone, &serving, "+441632960011", mapped(&said, |sample| (sample * 4.0).clamp(-32_768.0, 32_767.0))).await;
    ask(&phone, &serving, "+441632960012", mapped(&said, |sample| (sample * 0.6 + 8_000.0).clamp(-32_768.0, 32_767.0)))
        .await;
    assert!(serving.stop());
    for call in calls_of(folder.path(), &["960011", "960012"]).await {
        assert!(call.entered("order_number"), "{:?}", call.journal);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_breathes_is_asked_again_and_said_goodbye_to() {
    let Some((folder, serving, phone)) = ready().await else { return };
    let mut line = dial(&phone, &serving, "+441632960013").await;
    let _ = line.say(breath(90)).await;
    line.wait_end(PATIENCE).await.expect("nobody breathes into this line for ever");
    line.hang_up().await;
    assert!(serving.stop());
    let call = call_of(folder.path(), "960013").await;
    assert_eq!(call.heard(), Vec::<&str>::new());
    assert!(call.journal.iter().any(|event| matches!(event, Event::NoInput { .. } | Event::NoMatch { .. })));
    assert!(call.outcome.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_echo_as_loud_as_the_bot_interrupts_nothing_and_says_nothing() {
    let Some((folder, serving, phone)) = ready().await else { return };
    let line = phone.call(&format!("sip:100@{}", serving.sip), "+441632960014", PATIENCE).await.expect("answered");
    line.echo(0.0, Duration::from_millis(120));
    let mut line = line;
    // The greeting, the question, and both again after a silence.
    line.our_turn(Duration::from_secs(3), PATIENCE).await.expect("the bot greets and asks");
    line.wait_next();
    line.our_turn(Duration::from_secs(3), PATIENCE).await.expect("the bot asks again");
    line.press("1");
    line.our_turn(QUIET, PATIENCE).await.expect("keys work all the same");
    line.hang_up().await;
    assert!(serving.stop());
    let call = call_of(folder.path(), "960014").await;
    assert_eq!(call.heard(), Vec::<&str>::new());
    assert!(call.entered("order_number"));
    assert!(call.cut_prompts() <= 1, "only the hang-up cuts a prompt: {:?}", call.journal);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_story_is_interrupted_in_the_end_and_the_call_goes_on() {
    let Some((folder, serving, phone)) = ready().await else { return };
    let mut line = dial(&phone, &serving, "+441632960015").await;
    let story =
        words("and then I went to the station and there was a man and he told me that my wheel and the chain and the ");
    let mut samples = Vec::new();
    while samples.len() < 36 * 8_000 {
        // Without the silence at both ends, so that there is no pause.
        let voiced = |sample: &i16| sample.unsigned_abs() > 300;
        let all = story.samples();
        let from = all.iter().position(voiced).unwrap_or(0);
        let to = all.iter().rposition(voiced).unwrap_or(all.len());
        samples.extend_from_slice(&all[from..to]);
    }
    let _ = line.say(Pcm8k::new(samples)).await;
    line.wait_next();
    let reached = match line.our_turn(QUIET, PATIENCE).await {
        Ok(()) => {
            line.press("2");
            line.our_turn(QUIET, PATIENCE).await.is_ok()
        }
        Err(_) => false,
    };
    line.hang_up().await;
    assert!(serving.stop());
    let call = call_of(folder.path(), "960015").await;
    let taken =
        call.heard().len() + call.journal.iter().filter(|event| matches!(event, Event::NotHeard { .. })).count();
    assert!(taken >= 2, "turns end although the caller goes on: {:?}", call.journal);
    assert!(reached || call.outcome.is_some(), "nothing is stuck: {:?}", call.journal);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_engine_of_another_service_is_asked_and_the_own_one_answers_without_it() {
    if !have_models() {
        return;
    }
    let (there, here) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    // The same intents with one more example: another model.
    let mut document: serde_json::Value =
        serde_json::from_str(include_str!("../src/demo/bicycle-shop.json")).expect("JSON");
    document["intents"][0]["examples"]["en"].as_array_mut().expect("examples").push("did my wheels leave yet".into());
    std::fs::write(there.path().join("flow.json"), document.to_string()).expect("it is written");
    let token = understand_token(there.path()).await;
    std::fs::write(here.path().join("token"), token).expect("it is written");
    let engine = Serving::start(there.path(), &[("HOTLINE_FLOW_FILE", "flow.json")]);
    let address = format!("http://{}", engine.http);
    let serving = Serving::start(
        here.path(),
        &[
            ("HOTLINE_UNDERSTAND_REMOTE", address.as_str()),
            ("HOTLINE_UNDERSTAND_REMOTE_TOKEN", "token"),
            ("HOTLINE_UNDERSTAND_REMOTE_TIMEOUT_MS", "5000"),
        ],
    );
    let phone = phone().await;
    ask(&phone, &serving, "+441632960021", words(QUESTION)).await;
    engine.kill();
    ask(&phone, &serving, "+441632960022", words(QUESTION)).await;
    assert!(serving.stop());
    let calls = calls_of(here.path(), &["960021", "960022"]).await;
    let model = |call: &Call| {
        call.journal.iter().find_map(|event| match event {
            Event::Understood { model, .. } => Some(model.clone()),
            _ => None,
        })
    };
    let (asked, alone) = (model(&calls[0]).expect("understood"), model(&calls[1]).expect("understood"));
    assert_ne!(asked, alone, "both were understood by the same engine");
    assert!(calls.iter().all(|call| call.entered("order_number")));
}
