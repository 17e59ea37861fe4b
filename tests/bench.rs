//! `hotline bench` as an operator runs it: small loads, and the shape of what it reports. How fast this machine is, is nobody's
//! business here.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Runs a bench, and returns its JSON. It must end well.
fn bench(arguments: &[&str]) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let json = folder.path().join("result.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_hotline"));
    command.arg("bench").args(arguments).arg("--json").arg(&json).current_dir(folder.path());
    let output = command.output().expect("the program was built");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    read(&json, &said)
}

fn read(json: &Path, said: &str) -> Value {
    let text = std::fs::read_to_string(json).unwrap_or_else(|_| panic!("no result was written:\n{said}"));
    serde_json::from_str(&text).expect("JSON")
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().map(|object| object.keys().map(String::as_str).collect()).unwrap_or_default()
}

#[test]
fn calls_are_measured_and_reported_under_the_agreed_keys() {
    let result = bench(&["calls", "--concurrency", "5", "--seconds", "2"]);
    let runs = result["runs"].as_array().expect("runs");
    assert_eq!(runs.len(), 1);
    let run = &runs[0];
    assert_eq!(run["concurrency"], 5);
    assert_eq!((&run["also"]["completed"], &run["also"]["failed"]), (&5.into(), &0.into()), "{result:#}");
    for number in ["cpu_seconds_per_call_minute", "kb_per_call"] {
        assert!(run[number].is_number(), "{number} of {result:#}");
    }
    assert_eq!(keys(&run["pacing_ms"]), ["max", "p50", "p99"], "{result:#}");
    assert_eq!(keys(&run["invite_to_rtp_ms"]), ["p50", "p99"], "{result:#}");
    assert_eq!(keys(&run["key_to_prompt_ms"]), ["p50", "p99"], "{result:#}");
    assert!(run["also"]["keys_answered"].as_u64() > Some(0), "{result:#}");
}

#[test]
fn signalling_is_measured_and_reported_under_the_agreed_keys() {
    let result = bench(&["signalling", "--rate", "20", "--seconds", "1"]);
    let runs = result["runs"].as_array().expect("runs");
    assert_eq!(runs.len(), 1);
    let run = &runs[0];
    assert_eq!((&run["offered"], &run["completed"], &run["failed"]), (&20.into(), &20.into(), &0.into()), "{result:#}");
    for number in ["retransmitted", "p99_ms", "cpu_ms_per_call"] {
        assert!(run[number].is_number(), "{number} of {result:#}");
    }
}

#[test]
fn another_machine_is_not_loaded_by_mistake() {
    let output = Command::new(env!("CARGO_BIN_EXE_hotline"))
        .args(["bench", "signalling", "--rate", "1", "--seconds", "1", "--target", "sip:100@192.0.2.1"])
        .output()
        .expect("the program was built");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("--beyond-loopback"));
}
