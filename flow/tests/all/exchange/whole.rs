//! Files as a whole: their wrappers, their languages, and what is refused.

use flow::{
    Severity,
    exchange::{Format, Options, Refused, Status, import},
};
use intent::Language;
use serde_json::{Value, json};

use super::small::{action, block, bye, connect, item, read, spoken, studio};

#[test]
fn both_wrappers_of_connect_and_that_of_studio_are_opened() {
    let inner = connect(&[bye()]);
    let wrapped = json!({"ContactFlow": {"Name": "Desk", "Type": "AGENT_WHISPER", "Content": inner.to_string()}});
    let imported = read(&wrapped);
    assert_eq!((imported.document.name.as_str(), imported.document.id.as_str()), ("Desk", "desk"));
    assert!(item(&imported, "the kind of flow").message.contains("AGENT_WHISPER"));
    assert_eq!(read(&json!({"Name": "Desk", "Content": inner.to_string()})).document.name, "Desk");
    let studio = json!({"friendly_name": "Opening hours", "definition": studio(&[spoken("hi", "Hello.", "")])});
    let imported = read(&studio);
    assert_eq!((imported.format, imported.document.name.as_str()), (Format::TwilioStudio, "Opening hours"));
}

#[test]
fn our_own_document_comes_back_as_it_is() {
    let imported = read(&connect(&[bye()]));
    let again = import(&imported.document.to_json(), &Options::default()).expect("it is ours");
    assert_eq!((again.format, &again.document), (Format::Hotline, &imported.document));
    assert!(again.report.items.iter().all(|item| item.status == Status::Mapped));
}

#[test]
fn the_languages_are_those_that_are_asked_for_or_the_one_that_is_spoken() {
    let chinese =
        connect(&[action("a", "MessageParticipant", json!({"Text": "您好,请稍等。"}), "bye", &[], &[]), bye()]);
    assert_eq!(read(&chinese).document.languages, [Language::Chinese]);
    let both = Options { languages: vec![Language::English, Language::Chinese], ..Options::default() };
    let imported = import(
        &connect(&[action("a", "MessageParticipant", json!({"Text": "Hello."}), "bye", &[], &[]), bye()]).to_string(),
        &both,
    )
    .expect("it can be read");
    assert_eq!(block(&imported, "a").params["prompt"], json!({"en": "Hello.", "zh-CN": "Hello."}));
    assert!(item(&imported, "languages").message.contains("Translate"));
    assert!(imported.findings.iter().all(|finding| finding.severity != Severity::Error));
}

#[test]
fn what_is_broken_is_refused_with_its_place() {
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let many: Vec<Value> =
        (0..1_001).map(|number| action(&format!("a{number}"), "Wait", json!({}), "", &[], &[])).collect();
    for (text, expected) in [
        (String::new(), "not JSON"),
        ("{".to_owned(), "not JSON"),
        (deep, "recursion limit"),
        (" ".repeat(10 * 1024 * 1024), "more than"),
        ("[]".to_owned(), "no call flow"),
        ("{\"a\": 1}".to_owned(), "no call flow"),
        (json!({"Content": "{"}).to_string(), "not JSON"),
        (json!({"Content": "{\"blocks\": [], \"start\": \"a\"}"}).to_string(), "no call flow"),
        (json!({"states": 1, "initial_state": "a"}).to_string(), "/states: a list"),
        (json!({"states": [1], "initial_state": "a"}).to_string(), "/states/0: an object"),
        (json!({"states": [{"name": "a"}], "initial_state": "a"}).to_string(), "/states/0/type"),
        (json!({"states": [], "initial_state": "a"}).to_string(), "/initial_state: there is no state “a”"),
        (json!({"states": [], "initial_state": 7}).to_string(), "/initial_state: a text"),
        (studio(&[spoken("a", "x", "a"), spoken("a", "y", "a")]).to_string(), "called “a” already"),
        (connect(&many).to_string(), "1000 are possible"),
        (connect(&[bye(), bye()]).to_string(), "“bye” already"),
        (json!({"Actions": [], "StartAction": "a"}).to_string(), "nothing with the id “a”"),
        (
            json!({"modules": [{"id": "a", "type": "x", "branches": [{}]}], "start": "a"}).to_string(),
            "/modules/0/branches/0/condition",
        ),
        (
            json!({"blocks": [{"id": "a", "type": "sya"}], "start": "a", "schema_version": 1}).to_string(),
            "Did you mean say?",
        ),
    ] {
        match import(&text, &Options::default()) {
            Err(refused) => assert!(refused.to_string().contains(expected), "{refused} instead of {expected}"),
            Ok(_) => panic!("{expected} was read"),
        }
    }
    assert!(matches!(import("{}", &Options::default()), Err(Refused::UnknownFormat)));
}
