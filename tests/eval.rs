//! The reports of `hotline eval`: other tools read their fields.

mod common;

use std::path::Path;
use std::process::Command;

use common::have_models;
use models::{Flite, FliteVoice, Voice};
use serde_json::{Value, json};

fn eval(folder: &Path, arguments: &[&str]) -> Value {
    let report = folder.join("report.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_hotline"));
    command.arg("eval").args(arguments).arg("--json").arg(&report).current_dir(folder);
    let output = command.output().expect("the program was built");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(report).expect("the report is written");
    serde_json::from_str(&text).expect("as JSON")
}

fn assert_has(report: &Value, fields: &[&str]) {
    for field in fields {
        assert!(report.get(field).is_some(), "{field} is missing in {report}");
    }
}

fn lines(values: &[Value]) -> String {
    values.iter().map(|value| value.to_string() + "\n").collect()
}

#[test]
fn the_report_on_intents_has_the_agreed_fields() {
    let folder = tempfile::tempdir().expect("a folder");
    let line = |text: &str, intent: &str| json!({"text": text, "intent": intent, "lang": "en"});
    let train: Vec<Value> = ["where is my order", "track my order", "when does my order arrive", "order status please"]
        .map(|text| line(text, "order"))
        .into_iter()
        .chain(
            ["when are you open", "opening hours", "what time do you close", "are you open today"]
                .map(|text| line(text, "hours")),
        )
        .collect();
    let test = [line("where is the order", "order"), line("when do you open", "hours"), line("tell me a joke", "oos")];
    std::fs::write(folder.path().join("train.jsonl"), lines(&train)).expect("a file");
    std::fs::write(folder.path().join("test.jsonl"), lines(&test)).expect("a file");
    let report = eval(folder.path(), &["intents", "--train", "train.jsonl", "--test", "test.jsonl", "--lang", "en"]);
    assert_has(&report, &["accuracy", "macro_f1", "in_scope_accuracy", "oos_recall", "oos_precision", "oos_auroc"]);
    assert_has(&report, &["accepted", "disambiguated", "rejected", "train_seconds", "intents", "model"]);
    assert_has(&report["parse_us"], &["p50", "p95"]);
    assert_eq!(report["in_scope_accuracy"], 1.0);
    assert_eq!(report["intents"], 2);
}

#[test]
fn the_report_on_knowledge_has_the_agreed_fields() {
    let folder = tempfile::tempdir().expect("a folder");
    let line = |text: &str, intent: &str| json!({"text": text, "intent": intent, "lang": "en"});
    let train = [
        line("where is my order", "order"),
        line("track my parcel", "order"),
        line("when are you open", "hours"),
        line("what are your opening hours", "hours"),
    ];
    let test = [line("track the parcel", "order"), line("the opening hours", "hours"), line("sing a song", "oos")];
    std::fs::write(folder.path().join("train.jsonl"), lines(&train)).expect("a file");
    std::fs::write(folder.path().join("test.jsonl"), lines(&test)).expect("a file");
    let report = eval(folder.path(), &["knowledge", "--train", "train.jsonl", "--test", "test.jsonl"]);
    assert_has(&report, &["articles", "recall_at_1", "recall_at_3", "answered", "answered_right", "offered"]);
    assert_has(&report, &["strangers", "strangers_unknown", "strangers_answered", "build_seconds"]);
    assert_has(&report["answer_us"], &["p50", "p95"]);
    assert_eq!((&report["recall_at_1"], &report["strangers_unknown"]), (&json!(1.0), &json!(1.0)));
    assert_eq!((&report["articles"], &report["questions"]), (&json!(2), &json!(2)));
}

#[test]
fn the_report_on_speech_has_the_agreed_fields_and_counts_what_it_skips() {
    if !have_models() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let sound = Flite::new(FliteVoice::Slt).speak("one zero four two").expect("flite speaks it");
    std::fs::create_dir(folder.path().join("digits")).expect("a folder");
    audio::wav::write(folder.path().join("digits/a.wav"), &sound).expect("a file");
    let manifest = [
        json!({"file": "digits/a.wav", "text": "one zero four two", "lang": "en", "speaker": "slt", "digits": "1042"}),
        json!({"file": "digits/a.wav", "text": null, "lang": "en", "speaker": "slt"}),
    ];
    std::fs::write(folder.path().join("m.jsonl"), lines(&manifest)).expect("a file");
    let report =
        eval(folder.path(), &["speech", "--manifest", "m.jsonl", "--lang", "en", "--telephone", "--grammar", "digits"]);
    assert_has(&report, &["engine", "utterances", "words", "wer", "cer", "sentence_accuracy", "digit_error"]);
    assert_has(&report, &["audio_seconds", "cpu_seconds", "by"]);
    assert_has(&report["latency_ms"], &["p50", "p95"]);
    assert_eq!((&report["utterances"], &report["skipped"]), (&json!(1), &json!(1)));
    assert_eq!(report["digit_error"], 0.0, "{report}");
    assert_has(&report["by"]["digits"], &["wer", "utterances"]);
}

fn say(folder: &Path, name: &str, words: &str) {
    let sound = Flite::new(FliteVoice::Slt).speak(words).expect("flite speaks it");
    audio::wav::write(folder.join(name), &sound).expect("a file");
}

#[test]
fn real_calls_are_placed_and_compared_with_what_should_come_of_them() {
    if !have_models() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    say(folder.path(), "order.wav", "Hello, where is my order?");
    say(folder.path(), "digits.wav", "one zero four two");
    say(folder.path(), "no.wav", "no thank you");
    say(folder.path(), "hours.wav", "when are you open?");
    let manifest = [
        json!({"files": ["order.wav", "digits.wav", "no.wav"],
               "expect": {"intent": "order_status", "slots": {"order_number": "1042"}, "outcome": "resolved"}}),
        json!({"files": [], "keys": ["1", "1043", "2"], "expect": {"slots": {"order_number": 1043}, "outcome": "resolved"}}),
        json!({"files": [], "keys": "0", "expect": {"queue": "service"}}),
        json!({"files": ["hours.wav"], "expect": {"intent": "refund"}}),
    ];
    std::fs::write(folder.path().join("m.jsonl"), lines(&manifest)).expect("a file");
    let report = eval(folder.path(), &["calls", "--manifest", "m.jsonl", "--at-once", "4"]);
    assert_eq!((&report["calls"], &report["right"]), (&json!(4), &json!(3)), "{report}");
    assert_eq!(report["by"]["intent"], json!({"n": 2, "right": 1}));
    assert_eq!(report["by"]["slots"], json!({"n": 2, "right": 2}));
    assert_eq!(report["by"]["queue"], json!({"n": 1, "right": 1}));
    let wrong = &report["wrong"][0];
    assert_eq!(
        (&wrong["line"], &wrong["kinds"], &wrong["got"]["intent"]),
        (&json!(4), &json!(["intent"]), &json!("opening_hours"))
    );
    assert!(wrong["call"].is_string(), "{wrong}");
}

#[test]
fn calls_are_placed_to_a_service_that_runs_on_this_machine() {
    if !have_models() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let serving = common::Serving::start(folder.path(), &[]);
    say(folder.path(), "hours.wav", "when are you open?");
    let manifest = [json!({"files": ["hours.wav"], "expect": {"intent": "opening_hours"}})];
    std::fs::write(folder.path().join("m.jsonl"), lines(&manifest)).expect("a file");
    let to = format!("sip:100@{}", serving.sip);
    // The same configuration as the service: its data folder is what names it.
    std::fs::write(folder.path().join("hotline.toml"), "[data]\ndir = \"data\"\n").expect("a file");
    let report = eval(folder.path(), &["calls", "--manifest", "m.jsonl", "--to", &to]);
    assert_eq!(report["right"], json!(1), "{report}");
    assert!(serving.stop());
    assert!(!folder.path().join("data/local.json").exists(), "the access ends with the service");
}

#[test]
fn a_recording_that_is_not_there_is_named_with_its_line() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("m.jsonl"), "\n{\"files\": [\"nowhere.wav\"], \"expect\": {}}\n")
        .expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_hotline"));
    let output = command.args(["eval", "calls", "--manifest", "m.jsonl"]).current_dir(folder.path()).output();
    let words = String::from_utf8_lossy(&output.expect("the program was built").stderr).into_owned();
    assert!(words.contains("nowhere.wav") || words.contains("line 1"), "{words}");
}

#[test]
fn the_report_on_turns_has_the_agreed_fields_and_no_turn_of_a_clear_voice_is_cut_off() {
    if !have_models() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [("a", "where is my order"), ("b", "one zero four two")] {
        let sound = Flite::new(FliteVoice::Slt).speak(text).expect("flite speaks it");
        audio::wav::write(folder.path().join(format!("{name}.wav")), &sound).expect("a file");
    }
    let manifest = [
        json!({"file": "a.wav", "text": "where is my order", "lang": "en", "speaker": "slt"}),
        json!({"file": "b.wav", "text": "one zero four two", "lang": "en", "speaker": "slt", "digits": "1042"}),
        json!({"file": "a.wav", "lang": "zh-CN"}),
    ];
    std::fs::write(folder.path().join("m.jsonl"), lines(&manifest)).expect("a file");
    let report = eval(folder.path(), &["turns", "--manifest", "m.jsonl", "--lang", "en", "--condition", "clean"]);
    assert_has(
        &report,
        &["words", "turns", "cut_ins", "cut_in_share", "taken_back", "merges", "missed", "false_starts"],
    );
    assert_has(&report["onset_delay_ms"], &["p50", "p90"]);
    assert_has(&report["end_delay_ms"], &["p50", "p90"]);
    assert_has(&report["by_condition"], &["clean"]);
    assert_has(&report["by_profile"], &["free", "digits", "digits_known"]);
    // The digits are heard by a block that knows how many they are, and by one that does not.
    assert_eq!(
        (&report["turns"], &report["skipped"], &report["cut_ins"]),
        (&json!(3), &json!(1), &json!(0)),
        "{report}"
    );
}

#[test]
fn a_line_that_is_no_json_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("t.jsonl"), "{\"text\": \"hi\", \"intent\": \"a\"}\nnot json\n").expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_hotline"));
    let output = command
        .args(["eval", "intents", "--train", "t.jsonl", "--test", "t.jsonl"])
        .current_dir(folder.path())
        .output();
    let message = String::from_utf8(output.expect("it was built").stderr).expect("UTF-8");
    assert!(message.contains("t.jsonl, line 2"), "{message}");
}
