//! Flows of other products, as people have published them, read from `../shared/flows` beside the project (or `HOTLINE_SHARED`).

mod connect;
mod hostile;
mod small;
mod studio;
mod whole;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use flow::{
    Severity,
    exchange::{Format, Options, Status, import},
};
use serde_json::{Value, json};

/// Every export there, with its path; nothing when the folder is not there.
fn exports() -> Option<Vec<(PathBuf, String)>> {
    let shared = std::env::var_os("HOTLINE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let folder = shared.join("flows");
    if !folder.is_dir() {
        println!("skipped: {} is not there (HOTLINE_SHARED)", folder.display());
        return None;
    }
    let mut files = Vec::new();
    let mut open: Vec<PathBuf> =
        ["twilio-studio", "amazon-connect", "amazon-connect-console"].iter().map(|name| folder.join(name)).collect();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(&path).expect("the folder can be read");
            open.extend(entries.map(|entry| entry.expect("the entry can be read").path()));
        } else if path.extension().is_some_and(|ending| ending == "json") {
            let text = std::fs::read_to_string(&path).expect("the file can be read");
            files.push((path.strip_prefix(&folder).expect("it lies within").to_owned(), text));
        }
    }
    files.sort();
    assert!(files.len() > 50, "only {} exports in {}", files.len(), folder.display());
    Some(files)
}

/// The names of all states of an export.
fn states(text: &str) -> Vec<String> {
    let mut document: Value = serde_json::from_str(text).expect("exports are JSON");
    if let Some(inner) = document.get("ContactFlow").cloned() {
        document = inner;
    }
    if let Some(content) = document.get("Content").and_then(Value::as_str) {
        document = serde_json::from_str(content).expect("content is JSON");
    }
    [("states", "name"), ("Actions", "Identifier"), ("modules", "id")]
        .iter()
        .find_map(|(list, name)| Some((document.get(list)?.as_array()?, name)))
        .map(|(list, name)| list.iter().map(|state| state[name].as_str().expect("it has a name").to_owned()).collect())
        .expect("it has states")
}

fn format_of(path: &Path) -> Format {
    match path.iter().next().and_then(|folder| folder.to_str()) {
        Some("twilio-studio") => Format::TwilioStudio,
        Some("amazon-connect") => Format::AmazonConnect,
        _ => Format::AmazonConnectConsole,
    }
}

#[test]
fn every_real_export_becomes_a_flow_and_every_state_is_told_of() {
    let Some(exports) = exports() else { return };
    println!(
        "{:<72} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6}",
        "file", "states", "mapped", "partly", "not", "blocks", "errors"
    );
    let mut wrong = Vec::new();
    for (path, text) in &exports {
        let imported =
            import(text, &Options::default()).unwrap_or_else(|refused| panic!("{}: {refused}", path.display()));
        assert_eq!(imported.format, format_of(path), "{}", path.display());
        let report = &imported.report;
        for state in states(text) {
            let told = report.items.iter().filter(|item| item.source == state && item.kind != "added").count();
            assert_eq!(told, 1, "{}: {state}", path.display());
        }
        let errors: Vec<_> = imported.findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
        for error in &errors {
            let explained = report.items.iter().any(|item| {
                item.status != Status::Mapped && item.block == error.block && item.message.contains(&error.message)
            });
            assert!(explained, "{}: {error}", path.display());
            wrong.push(format!("{}: {error}", path.display()));
        }
        // What does not come over says what a person must do.
        for item in report.items.iter().filter(|item| item.status != Status::Mapped) {
            assert!(item.message.ends_with(['.', '?']) && item.message.len() > 20, "{}: {item:?}", path.display());
        }
        let again = flow::parse(&imported.document.to_json())
            .unwrap_or_else(|findings| panic!("{}: {findings:?}", path.display()));
        assert_eq!(again, imported.document, "{}", path.display());
        println!(
            "{:<72} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6}",
            path.display(),
            states(text).len(),
            report.counts.mapped,
            report.counts.partly,
            report.counts.not_mapped,
            imported.document.blocks.len(),
            errors.len()
        );
        if let Some(show) = std::env::var_os("HOTLINE_SHOW").and_then(|show| show.into_string().ok())
            && path.to_string_lossy().contains(&show)
        {
            println!("{}", imported.document.to_json());
            for item in &report.items {
                println!("{item:?}");
            }
            for finding in &imported.findings {
                println!("{finding}");
            }
        }
    }
    assert!(wrong.is_empty(), "{} exports; these errors are left:\n{}", exports.len(), wrong.join("\n"));
}

#[test]
fn an_imported_flow_answers_a_call() {
    use flow::simulate::{Happened, Simulation, Waiting};
    let fail = [("NoMatchingCondition", "sorry"), ("NoMatchingError", "sorry"), ("InputTimeLimitExceeded", "sorry")];
    let document = small::connect(&[
        small::action(
            "menu",
            "GetParticipantInput",
            json!({"Text": "For hours press 1, for sales press 2."}),
            "sorry",
            &[("1", "hours"), ("2", "sales")],
            &fail,
        ),
        small::action(
            "hours",
            "MessageParticipant",
            json!({"Text": "We are open from nine to five."}),
            "bye",
            &[],
            &[],
        ),
        small::action("sales", "UpdateContactTargetQueue", json!({"QueueId": "arn:x/queue/Sales"}), "hand", &[], &[]),
        small::action("hand", "TransferContactToQueue", json!({}), "bye", &[], &[("NoMatchingError", "sorry")]),
        small::action("sorry", "MessageParticipant", json!({"Text": "Sorry."}), "bye", &[], &[]),
        small::bye(),
    ]);
    let imported = import(&document.to_string(), &Options::default()).expect("it is well formed");
    let flow = Arc::new(imported.document);
    let call = || Simulation::begin(flow.clone(), Arc::new(intent::Model::empty()), flow::Context::default());
    let said = |call: &Simulation| -> Vec<String> {
        call.steps()
            .iter()
            .filter_map(|step| match &step.what {
                Happened::Said { text, .. } => Some(text.clone()),
                _ => None,
            })
            .collect()
    };
    let mut hours = call();
    assert_eq!(hours.waiting(), Waiting::Caller { block: "menu".into(), keys: true });
    hours.keys("1").expect("it is the caller's turn");
    assert_eq!(said(&hours), ["For hours press 1, for sales press 2.", "We are open from nine to five."]);
    assert_eq!(hours.waiting(), Waiting::Over { outcome: flow::Outcome::Resolved });
    let mut sales = call();
    sales.keys("2").expect("it is the caller's turn");
    assert_eq!(sales.waiting(), Waiting::Agent { queue: "sales".into() });
    let mut silent = call();
    silent.silence().expect("it is the caller's turn");
    assert_eq!(said(&silent).last().map(String::as_str), Some("Sorry."));
}

#[test]
fn a_loop_asks_as_often_as_it_did() {
    use flow::simulate::{Simulation, Waiting};
    let timeout = [("InputTimeLimitExceeded", "again"), ("NoMatchingCondition", "again"), ("NoMatchingError", "again")];
    let rounds = [("ContinueLooping", "ask"), ("DoneLooping", "queue")];
    let document = small::connect(&[
        small::action("again", "Loop", json!({"LoopCount": "2"}), "queue", &rounds, &[]),
        small::action("ask", "GetParticipantInput", json!({"Text": "Press 1."}), "again", &[("1", "bye")], &timeout),
        small::action("queue", "TransferContactToQueue", json!({}), "bye", &[], &[("NoMatchingError", "bye")]),
        small::bye(),
    ]);
    let imported = import(&document.to_string(), &Options::default()).expect("it is well formed");
    let model = Arc::new(intent::Model::empty());
    let mut call = Simulation::begin(Arc::new(imported.document), model, flow::Context::default());
    for _ in 0..2 {
        assert_eq!(call.waiting(), Waiting::Caller { block: "ask".into(), keys: true });
        call.silence().expect("it is the caller's turn");
    }
    assert_eq!(call.waiting(), Waiting::Agent { queue: "service".into() });
}
