//! The language of a call, end to end: a key changes it, the caller is remembered, a number has its own; and, on the pure conversation,
//! an answer whose language is told.

mod common;

use std::sync::Arc;

use common::{PATIENCE, QUIET, phone};
use flow::event::Context;
use hotline::call::{Conversation, Input, Output};
use hotline::config::Config;
use hotline::event::{CallId, Event, LanguageBy, Speaker};
use hotline::phone::Phone;
use hotline::service::Service;
use hotline::store::CallFilter;
use intent::Language;
use models::{Language as Spoken, Recognition};
use serde_json::json;
use sip::message::Uri;
use sip::trunk::{Country, Did, NumberRules, Target, TrunkConfig};

const PLAIN: &str = "+49301001";
const CHINESE: &str = "+49301002";

const WHICH: [&str; 2] = ["Press 1 or 2.", "请按1或2。"];
const NUMBER: [&str; 2] = ["Please enter your number.", "请输入号码。"];

fn document(languages: &serde_json::Value) -> String {
    let texts = |[en, zh]: [&str; 2]| json!({"en": en, "zh-CN": zh});
    json!({
        "schema_version": 1, "id": "shop", "name": "Shop", "languages": ["en", "zh-CN"], "start": "which", "person": "people",
        "queues": [{"id": "service", "name": "Service"}],
        "blocks": [
            {"id": "which", "type": "menu", "params": {"prompt": texts(WHICH),
                "options": [{"key": "1", "edge": "one"}, {"key": "2", "edge": "two"}]},
             "edges": {"one": "first", "two": "second", "no_input": "people", "no_match": "people"}},
            {"id": "first", "type": "language", "params": languages[0], "edges": {"next": "number"}},
            {"id": "second", "type": "language", "params": languages[1], "edges": {"next": "number"}},
            {"id": "number", "type": "collect", "params": {"prompt": texts(NUMBER), "slot": "number", "min_digits": 2, "max_digits": 2,
                "read_back": true},
             "edges": {"next": "done", "no_input": "people", "no_match": "people"}},
            {"id": "people", "type": "to_queue", "params": {"queue": "service"}, "edges": {"no_agents": "done", "timeout": "done", "error": "done"}},
            {"id": "done", "type": "end", "params": {"outcome": "resolved"}},
        ],
    })
    .to_string()
}

/// A service whose carrier is whoever calls from this machine.
async fn service(folder: &std::path::Path) -> Service {
    let file = folder.join("flow.json");
    let languages = json!([{"language": "en", "remember": true}, {"language": "zh-CN", "remember": true}]);
    std::fs::write(&file, document(&languages)).expect("a file");
    let country = Country::of("DE").expect("it is in the table");
    let address = Uri::parse("sip:127.0.0.2:5060").expect("a URI");
    let mut trunk = TrunkConfig::new("carrier", vec![address], NumberRules::of(country));
    trunk.ask_every = None;
    trunk.sources = vec!["127.0.0.1/32".parse().expect("a network")];
    let did = |number: &str, language: Option<&str>| Did {
        number: number.into(),
        prefix: false,
        target: Target::Flow("shop".into()),
        language: language.map(str::to_owned),
    };
    trunk.dids = vec![did(PLAIN, None), did(CHINESE, Some("zh-CN"))];
    let loopback = ([127, 0, 0, 1], 0).into();
    let config = Config {
        data_dir: folder.join("data"),
        flow_file: Some(file),
        http_bind: loopback,
        sip_bind: loopback,
        // Keys are enough.
        speech_en: String::new(),
        speech_zh: String::new(),
        sip_default_country: Some(country),
        trunks: vec![trunk],
        ..Config::default()
    };
    Service::start(config).await.expect("the service starts")
}

/// Calls, presses a key after each prompt, and hangs up; returns the journal once the call is over.
async fn call(service: &Service, phone: &Phone, from: &str, to: &str, keys: &[&str]) -> Vec<Event> {
    let uri = format!("sip:{to}@{}", service.sip);
    let mut line = phone.call(&uri, &format!("sip:{from}@carrier.example"), PATIENCE).await.expect("answered");
    for key in keys.iter().map(Some).chain([None]) {
        line.our_turn(QUIET, PATIENCE).await.expect("the bot speaks and pauses");
        if let Some(key) = key {
            line.press(key);
        }
    }
    line.hang_up().await;
    let tenant = service.tenant();
    let ended = async {
        loop {
            let newest = tenant.calls(&CallFilter::default(), None, 1).await.expect("calls").items.remove(0);
            if newest.outcome.is_some() {
                return newest.id;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let id = tokio::time::timeout(PATIENCE, ended).await.expect("the call has its outcome");
    let journal = tenant.journal(id).await.expect("a journal");
    journal.into_iter().map(|entry| entry.event).collect()
}

fn said(journal: &[Event]) -> Vec<&str> {
    let said = journal.iter().filter_map(|event| match event {
        Event::Said { text, .. } => Some(text.reveal()),
        _ => None,
    });
    said.collect()
}

/// The languages of a call: by what block, which, whose choice, whether it is kept.
fn languages(journal: &[Event]) -> Vec<(Option<&str>, &str, LanguageBy, bool)> {
    let told = journal.iter().filter_map(|event| match event {
        Event::Language { block, language, by, remembered } => {
            Some((block.as_deref(), language.reveal(), *by, *remembered))
        }
        _ => None,
    });
    told.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_presses_a_key_for_chinese_and_is_remembered_whatever_number_they_call() {
    if models::EspeakNg::new(Spoken::ZH).is_err() {
        return println!("skipped: espeak-ng, the Chinese voice, is not installed");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (service, phone) = (service(folder.path()).await, phone().await);
    let (somebody, another) = ("+49307777777", "+49308888888");

    let journal = call(&service, &phone, somebody, PLAIN, &["2", "42"]).await;
    let words = said(&journal);
    assert_eq!(words[..2], [WHICH[0], NUMBER[1]]);
    assert!(words[2].starts_with("您的号码是"), "the digits are read back in Chinese: {words:?}");
    assert_eq!(languages(&journal), [(Some("second"), "zh-CN", LanguageBy::Flow, true)]);
    let unspoken = journal.iter().find(|event| matches!(event, Event::Problem { what, .. } if what == "voice"));
    assert_eq!(unspoken, None, "a voice speaks it");

    let journal = call(&service, &phone, somebody, PLAIN, &[]).await;
    assert_eq!(said(&journal), [WHICH[1]]);
    assert_eq!(languages(&journal), [(None, "zh-CN", LanguageBy::Caller, false)]);

    let journal = call(&service, &phone, another, PLAIN, &[]).await;
    assert_eq!((said(&journal), languages(&journal)), (vec![WHICH[0]], vec![]));

    let journal = call(&service, &phone, another, CHINESE, &["1"]).await;
    assert_eq!(said(&journal), [WHICH[1], NUMBER[0]]);
    let chosen = [(None, "zh-CN", LanguageBy::Number, false), (Some("first"), "en", LanguageBy::Flow, true)];
    assert_eq!(languages(&journal), chosen);

    let journal = call(&service, &phone, another, CHINESE, &[]).await;
    assert_eq!(said(&journal), [WHICH[0]]);
    assert_eq!(languages(&journal), [(None, "en", LanguageBy::Caller, false)]);
    service.stop().await;
}

/// A conversation whose second block looks for the caller's language, at its question.
fn asked(now: &mut u64) -> Conversation {
    let languages = json!([{"language": "en"}, {"language": "detect", "remember": true}]);
    let flow = Arc::new(flow::parse(&document(&languages)).expect("a flow"));
    let context = Context { detects: true, ..Context::default() };
    let mut conversation = Conversation::new(CallId::new(), flow, Arc::new(intent::Model::empty()), context, 0);
    play(&mut conversation, Input::Answered { codec: "PCMU".into() }, now);
    play(&mut conversation, Input::RecordingStarted, now);
    play(&mut conversation, Input::Key('2'), now);
    conversation
}

/// Feeds, and plays what is to be said to its end; returns everything else that is to be done.
fn play(conversation: &mut Conversation, input: Input, now: &mut u64) -> Vec<Output> {
    let (mut open, mut rest) = (vec![input], Vec::new());
    while let Some(input) = open.pop() {
        for output in conversation.on(input, *now) {
            match output {
                Output::Play { id, .. } => {
                    *now += 1_000;
                    open.insert(0, Input::PieceEnded { id, played_ms: 1_000, of_ms: 1_000 });
                }
                other => rest.push(other),
            }
        }
    }
    rest
}

#[test]
fn the_language_of_an_answer_is_looked_for_and_the_call_goes_on_in_it() {
    let mut now = 0;
    let mut conversation = asked(&mut now);
    let speaker = Speaker::Caller;
    let (from_ms, to_ms) = (now, now + 900);
    play(&mut conversation, Input::SpeechStarted { speaker, from_ms }, &mut now);
    now += 1_500;
    let ended = Input::SpeechEnded { speaker, from_ms, to_ms, last_voiced: to_ms };
    let wanted = play(&mut conversation, ended, &mut now);
    let recognise = wanted.iter().find_map(|output| match output {
        Output::Recognise { job, language, among, .. } => Some((*job, *language, among.clone())),
        _ => None,
    });
    let (job, language, among) = recognise.expect("it is recognised");
    assert_eq!((language, among), (Language::English, vec![Language::English, Language::Chinese]));

    let heard = Recognition {
        text: "四二".into(),
        confidence: 0.95,
        no_speech: false,
        detected: Some((Spoken::ZH, 0.9)),
        ..Recognition::silence("test")
    };
    let mut done = play(&mut conversation, Input::Recognised { job, sound_from_ms: 0, result: Ok(heard) }, &mut now);
    // With a key the decision is final, if the reply did not make it so.
    done.extend(play(&mut conversation, Input::Key('1'), &mut now));
    let language = |output: &Output| match output {
        Output::Journal(entry) => match &entry.event {
            Event::Language { language, by, remembered, .. } => Some((language.reveal().to_owned(), *by, *remembered)),
            _ => None,
        },
        _ => None,
    };
    assert_eq!(done.iter().find_map(language), Some(("zh-CN".to_owned(), LanguageBy::Detected, true)));
}
