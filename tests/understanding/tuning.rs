//! The deep publish beside a live one: on real lines (ten each of some intents of BANKING77, found at `../shared` or `HOTLINE_SHARED`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hotline::event::{Timestamp, UserId};
use hotline::service::{load_flow, sentence_encoder};
use hotline::store::{MasterKey, NewUser, Publish, Role, Store, VersionState};
use hotline::understand::draft::{Intent, Line};
use hotline::understand::{Draft, Report, UnderstandError, Understanding};
use intent::Query;

const NOW: Timestamp = 1_790_000_000_000;

fn banking() -> Option<Draft> {
    let shared = std::env::var_os("HOTLINE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let text = std::fs::read_to_string(shared.join("nlu/banking77/train_10.jsonl")).ok()?;
    let mut intents: BTreeMap<String, Vec<Line>> = BTreeMap::new();
    for line in text.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("a labelled line");
        let of = |key: &str| line[key].as_str().expect("a text").to_owned();
        intents.entry(of("intent")).or_default().push(Line { text: of("text"), lang: Some("en".to_owned()) });
    }
    let intents = intents.into_iter().take(16);
    let intents = intents.map(|(name, examples)| Intent { name, examples, ..Intent::default() }).collect();
    Some(Draft { intents, ..Draft::default() })
}

async fn settled(understanding: &Understanding) {
    while let Some(progress) = understanding.tuning() {
        assert!(progress.percent <= 100);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn publish(understanding: &Understanding, by: UserId) -> i64 {
    let version = understanding.publish(String::new(), false, by, NOW).await.expect("it is trained");
    assert_eq!((version.kind, version.state), (Publish::Instant, VersionState::Live));
    assert_eq!(understanding.live().version, Some(version.number));
    assert_eq!(understanding.tuning().expect("it is being tuned").version, version.number);
    version.number
}

/// The built-in flow with one more intent.
fn with_gift_cards() -> Arc<flow::Flow> {
    let mut flow = load_flow(None).expect("the built-in flow is valid");
    let lines = ["do you sell gift cards", "I want to buy a gift card", "a gift card for a friend"];
    let examples = [(intent::Language::English, lines.map(str::to_owned).to_vec())].into();
    flow.intents.push(flow::Intent { name: "gift_card".into(), label: Default::default(), examples });
    Arc::new(flow)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_flow_ends_the_tuning_for_the_one_before_and_has_its_own() {
    let (Some(draft), Ok(encoder)) = (banking(), sentence_encoder(None)) else {
        return println!("skipped: the shared data or the sentence encoder is not here");
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open("sqlite", MasterKey::from_bytes([7; 32]), folder.path()).await.expect("the store opens");
    let tenant = store.default_tenant();
    let new = NewUser { name: "Ann".into(), email: None, role: Role::Admin, language: None };
    let ann = tenant.create_user(new, NOW).await.expect("a user").id;
    let flow = Arc::new(load_flow(None).expect("the built-in flow is valid"));
    let understanding = Understanding::open(tenant.clone(), flow.clone(), Some(encoder)).await.expect("it opens");
    understanding.save(&draft, 0, ann, NOW).await.expect("saved");
    let number = publish(&understanding, ann).await;
    let before = understanding.live();

    // Nothing is exchanged when it cannot be stored, and the tuning goes on.
    let refused = understanding.follow(with_gift_cards(), async { Err::<(), _>(UnderstandError::Draft("no".into())) });
    assert!(refused.await.is_err());
    assert!(Arc::ptr_eq(&understanding.live().model, &before.model) && Arc::ptr_eq(&understanding.flow(), &flow));
    // The same to learn, under another name: the model stays.
    let mut renamed = flow::Flow::clone(&flow);
    renamed.name = "Renamed".into();
    understanding.follow(Arc::new(renamed), async { Ok::<_, UnderstandError>(()) }).await.expect("it follows");
    assert!(Arc::ptr_eq(&understanding.live().model, &before.model));

    understanding.follow(with_gift_cards(), async { Ok::<_, UnderstandError>(()) }).await.expect("it follows");
    let live = understanding.live();
    let knows = |live: &hotline::understand::Live| live.model.intents().iter().any(|name| *name == "gift_card");
    assert!(knows(&live) && !knows(&before) && live.version == Some(number));
    assert_eq!(understanding.tuning().expect("it is tuned anew").version, number);
    settled(&understanding).await;
    let versions = tenant.training_versions().await.expect("they are there");
    assert_eq!(versions.len(), 2, "one tuning came to its end: {versions:?}");
    understanding.promote(versions[0].number).await.expect("it can answer");
    assert!(knows(&understanding.live()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_published_is_tuned_beside_it_and_the_better_one_answers_also_after_a_restart() {
    let (Some(draft), Ok(encoder)) = (banking(), sentence_encoder(None)) else {
        return println!("skipped: the shared data or the sentence encoder is not here");
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open("sqlite", MasterKey::from_bytes([7; 32]), folder.path()).await.expect("the store opens");
    let tenant = store.default_tenant();
    let new = NewUser { name: "Ann".into(), email: None, role: Role::Admin, language: None };
    let ann = tenant.create_user(new, NOW).await.expect("a user").id;
    let flow = Arc::new(load_flow(None).expect("the built-in flow is valid"));
    let open = || Understanding::open(tenant.clone(), flow.clone(), Some(encoder.clone()));
    let understanding = open().await.expect("it opens");
    assert!(understanding.tuning().is_none(), "the flow's own intents are not tuned");
    understanding.save(&draft, 0, ann, NOW).await.expect("saved");

    // A publish, and another before the first is tuned: only the second is.
    publish(&understanding, ann).await;
    let second = publish(&understanding, ann).await;
    settled(&understanding).await;
    let versions = tenant.training_versions().await.expect("they are there");
    let [deep, rest @ ..] = &versions[..] else { panic!("{versions:?}") };
    assert_eq!((deep.kind, deep.number, rest.len()), (Publish::Deep, second + 1, 2), "{versions:?}");
    let report: Report = serde_json::from_str(&deep.report).expect("a report");
    let trial = report.trial.expect("it was tried");
    println!("tuned {:?}, untuned {:?}", trial.tuned, trial.untuned);
    let better = trial.tuned.right > trial.untuned.right;
    assert_eq!(deep.state == VersionState::Live, better, "{deep:?}");

    // It answers when somebody wants it to, tuned as it was, and does so after a restart.
    understanding.promote(deep.number).await.expect("it can answer");
    let live = understanding.live();
    assert_eq!((live.version, live.model.version()), (Some(deep.number), deep.model.as_str()));
    let again = open().await.expect("it opens").live();
    assert_eq!((again.version, again.model.version()), (live.version, live.model.version()));
    for line in draft.intents.iter().map(|intent| format!("please, {}", intent.examples[0].text)) {
        let [before, after] = [&live, &again].map(|live| live.model.parse(&Query::new(&line)));
        assert_eq!(before, after, "{line}");
    }

    // Without the encoder its words still answer.
    let words = Understanding::open(tenant.clone(), flow.clone(), None).await.expect("it opens");
    assert_eq!(words.live().version, Some(deep.number));
    assert!(words.live().model.encoder().is_none() && words.tuning().is_none());

    // What the last stop cut off is begun again: the newest publish has no tuned one after it.
    let third = publish(&understanding, ann).await;
    drop(understanding);
    let restarted = open().await.expect("it opens");
    assert_eq!(restarted.tuning().map(|progress| progress.version), Some(third));
    // Who goes back to an earlier version keeps it.
    restarted.promote(second).await.expect("it can answer");
    assert!(restarted.tuning().is_none());
    assert_eq!(restarted.live().version, Some(second));
}
