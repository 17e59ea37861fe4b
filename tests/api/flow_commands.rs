//! `hotline flow`, run as a person or a pipeline runs it: on files, and against a running service.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use super::common::Serving;

const EXAMPLE: &str = include_str!("../../src/demo/bicycle-shop.json");

fn hotline(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hotline"));
    command.arg("flow").args(arguments).current_dir(folder).env("HOTLINE_DATA_DIR", folder.join("data"));
    command.output().expect("the program was built")
}

/// What a command prints, when it goes well.
fn ok(folder: &Path, arguments: &[&str]) -> String {
    let done = hotline(folder, arguments);
    let text = String::from_utf8(done.stdout).expect("in UTF-8");
    assert!(done.status.success(), "{arguments:?}: {text}{}", String::from_utf8_lossy(&done.stderr));
    text
}

/// What a command says that fails with code 1.
fn fails(folder: &Path, arguments: &[&str]) -> String {
    let done = hotline(folder, arguments);
    assert_eq!(done.status.code(), Some(1), "{arguments:?}");
    [done.stdout, done.stderr].map(|text| String::from_utf8(text).expect("in UTF-8")).concat()
}

fn write(folder: &Path, name: &str, change: impl FnOnce(&mut Value)) {
    let mut document: Value = serde_json::from_str(EXAMPLE).expect("the example is JSON");
    change(&mut document);
    std::fs::write(folder.join(name), document.to_string()).expect("a file");
}

fn greeting(document: &mut Value) -> &mut Value {
    let blocks = document["blocks"].as_array_mut().expect("blocks");
    blocks.iter_mut().find(|block| block["id"] == "greeting").expect("the flow greets")
}

#[test]
fn a_file_is_checked_and_the_exit_code_tells_whether_it_could_be_published() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write(folder, "good.json", |_| {});
    write(folder, "bad.json", |document| greeting(document)["edges"]["next"] = json!("nowhere"));
    std::fs::write(folder.join("text.json"), "{\"blocks\": [,]}").expect("a file");
    std::fs::write(folder.join("deep.json"), format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)))
        .expect("a file");
    std::fs::write(folder.join("large.json"), vec![b' '; 11 * 1024 * 1024]).expect("a file");
    let good = ok(folder, &["check", "good.json"]);
    assert!(good.contains("good.json can be published: 0 errors"), "{good}");
    let bad = fails(folder, &["check", "bad.json"]);
    assert!(bad.contains("block greeting") && bad.contains("nowhere") && bad.contains("cannot be published"), "{bad}");
    for (file, words) in [
        ("text.json", "line 1"),
        ("deep.json", "recursion limit"),
        ("large.json", "10 MB"),
        ("none.json", "cannot read"),
    ] {
        let said = fails(folder, &["check", file]);
        assert!(said.contains(words), "{file}: {said}");
    }
    let findings: Value = serde_json::from_str(&fails(folder, &["check", "bad.json", "--json"])).expect("JSON");
    assert_eq!(findings[0]["code"], "unknown_target");
}

#[test]
fn two_files_are_compared_by_block() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write(folder, "before.json", |_| {});
    write(folder, "after.json", |document| {
        greeting(document)["params"]["prompt"]["en"] = json!("Good morning.");
        greeting(document)["edges"]["next"] = json!("extra");
        let more = json!({ "id": "extra", "type": "say", "params": { "prompt": { "en": "More." } }, "edges": { "next": "wants" } });
        document["blocks"].as_array_mut().expect("blocks").push(more);
    });
    assert_eq!(ok(folder, &["diff", "before.json", "before.json"]), "The flows are the same.\n");
    let said = ok(folder, &["diff", "before.json", "after.json"]);
    let expected = "+ block extra (say)\n    prompt/en: + \"More.\"\n    edge next: + \"wants\"\n~ block greeting (say)\n    \
                    prompt/en: \"Thank you for calling Wobbly Wheel Cycles.\" → \"Good morning.\"\n    edge next: \"wants\" → \"extra\"\n";
    assert_eq!(said, expected);
    let back = ok(folder, &["diff", "after.json", "before.json"]);
    assert!(back.starts_with("- block extra (say)\n~ block greeting"), "{back}");
    let json: Value =
        serde_json::from_str(&ok(folder, &["diff", "before.json", "after.json", "--json"])).expect("JSON");
    assert_eq!(json["blocks"][0]["change"], "added");
}

#[test]
fn a_running_service_takes_and_gives_flows() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write(folder, "new.json", |document| document["name"] = json!("New"));
    write(folder, "other.json", |document| document["name"] = json!("Other"));
    write(folder, "bad.json", |document| greeting(document)["edges"]["next"] = json!("nowhere"));
    let said = fails(folder, &["export"]);
    assert!(said.contains("no running service"), "{said}");

    let serving = Serving::start(folder, &[("HOTLINE_SPEECH_EN", ""), ("HOTLINE_SPEECH_ZH", "")]);
    let exported = ok(folder, &["export"]);
    assert!(exported.contains("Wobbly Wheel Cycles"));
    assert_eq!(ok(folder, &["export", "--output", "out.json"]), "");
    assert_eq!(std::fs::read_to_string(folder.join("out.json")).expect("a file"), exported);
    let said = ok(folder, &["publish", "new.json", "--note", "a new name"]);
    assert!(said.contains("new.json is version 2") && said.contains("from the next call on"), "{said}");
    assert_eq!(ok(folder, &["diff", "new.json", "live"]), "The flows are the same.\n");
    assert_eq!(ok(folder, &["export", "--version", "1"]), exported);

    // Half a flow is a draft, and no flow.
    let said = ok(folder, &["import", "bad.json"]);
    assert!(said.contains("nowhere") && said.contains("bad.json is the draft now (revision 2)"), "{said}");
    assert!(ok(folder, &["diff", "live", "draft"]).contains("edge next: \"wants\" → \"nowhere\""));
    assert!(ok(folder, &["export", "--draft"]).contains("nowhere"));
    let said = fails(folder, &["publish", "bad.json", "--note", "x"]);
    assert!(said.contains("was not published: "), "{said}");
    // What somebody works at is not overwritten by the way.
    for arguments in [&["import", "other.json"][..], &["publish", "other.json", "--note", "x"]] {
        let said = fails(folder, arguments);
        assert!(said.contains("--overwrite"), "{said}");
    }
    let said = ok(folder, &["publish", "other.json", "--note", "x", "--overwrite", "--at", "2199-01-01T08:00:00Z"]);
    assert!(said.contains("version 3") && said.contains("from 2199-01-01T08:00:00Z on"), "{said}");
    assert!(ok(folder, &["export"]).contains("\"New\""));
    let said = fails(folder, &["export", "--version", "9"]);
    assert!(said.contains("no such version"), "{said}");
    let wrong = hotline(folder, &["publish", "other.json", "--note", "x", "--at", "tomorrow"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(serving.stop());
}
