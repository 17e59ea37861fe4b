//! The service's metrics: declared once here, shown at `/metrics`. Prometheus names and base units; no label names a person.

use std::sync::OnceLock;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::event::Outcome;

static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Buckets for durations that a caller feels, in seconds.
const SECONDS: &[f64] = &[0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0, 300.0];

/// Sets the recorder up, once per process.
pub fn install() {
    HANDLE.get_or_init(|| {
        let builder =
            PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".into()), SECONDS).ok()?;
        let handle = builder.install_recorder().ok()?;
        describe_counter!("hotline_calls_offered_total", "Calls that came in.");
        describe_counter!("hotline_calls_ended_total", "Calls that ended, by outcome.");
        describe_gauge!("hotline_calls_active", "Calls in progress.");
        describe_histogram!(
            "hotline_reply_seconds",
            "End of the caller's speech to the first voiced packet of the reply."
        );
        describe_histogram!("hotline_call_seconds", "Length of calls.");
        describe_counter!("hotline_turns_total", "Utterances of callers, by whether they were recognised.");
        describe_counter!(
            "hotline_turns_rejoined_total",
            "Turns that went on after they had been taken as over, before the reply was heard."
        );
        describe_counter!(
            "hotline_prompts_resumed_total",
            "Prompts that went on after a sound that was no interruption."
        );
        describe_counter!(
            "hotline_remote_meanings_total",
            "Questions to the remote intent engine, by what came of them."
        );
        describe_counter!("hotline_problems_total", "Problems written into journals, by what they concern.");
        describe_counter!("hotline_journal_retries_total", "Writes of the journal that had to be tried again.");
        describe_counter!(
            "hotline_frames_not_recorded_total",
            "Frames of 20 ms that found no room in the recorder's queue."
        );
        describe_counter!("hotline_sip_dropped_total", "SIP messages and connections dropped or refused, by reason.");
        describe_gauge!("hotline_sip_dialogs", "SIP calls held, those included that wait for the answer to a BYE.");
        describe_gauge!("hotline_sip_transactions", "SIP transactions held, those included that wait to be forgotten.");
        describe_gauge!("hotline_media_legs", "Legs whose sockets the media threads own.");
        describe_gauge!("hotline_browser_legs", "Browsers that have a place at the port of browsers.");
        describe_counter!(
            "hotline_browser_checks_total",
            "Connectivity checks of browsers that were proven and answered."
        );
        describe_counter!("hotline_browser_packets_total", "Packets of browsers handed to their legs.");
        describe_counter!("hotline_browser_moves_total", "Paths to browsers that began or moved.");
        describe_counter!(
            "hotline_browser_dropped_total",
            "Datagrams at the port of browsers that were dropped, by reason."
        );
        describe_counter!(
            "hotline_web_tokens_refused_total",
            "Tokens of callers of web pages that were forged, used or too old."
        );
        describe_gauge!("hotline_tasks", "Asynchronous tasks alive.");
        describe_gauge!("hotline_trunk_up", "Whether a trunk can be called through, by trunk.");
        describe_counter!("hotline_trunk_attempts_total", "Calls tried through a trunk, by trunk and result.");
        Some(handle)
    });
}

/// All metrics in Prometheus's text format.
pub fn render() -> String {
    HANDLE.get().and_then(Option::as_ref).map(PrometheusHandle::render).unwrap_or_default()
}

/// A call came in.
pub fn call_offered() {
    counter!("hotline_calls_offered_total").increment(1);
    gauge!("hotline_calls_active").increment(1.0);
}

/// A call ended.
pub fn call_ended(outcome: Outcome, duration_ms: u32) {
    counter!("hotline_calls_ended_total", "outcome" => outcome.name()).increment(1);
    gauge!("hotline_calls_active").decrement(1.0);
    histogram!("hotline_call_seconds").record(f64::from(duration_ms) / 1_000.0);
}

/// A reply reached the wire.
pub fn replied(wire_ms: u32) {
    histogram!("hotline_reply_seconds").record(f64::from(wire_ms) / 1_000.0);
}

/// An utterance was recognised, or not.
pub fn turn(recognised: bool) {
    counter!("hotline_turns_total", "recognised" => if recognised { "yes" } else { "no" }).increment(1);
}

/// A turn went on that had been taken as over.
pub fn turn_rejoined() {
    counter!("hotline_turns_rejoined_total").increment(1);
}

/// A prompt went on after a sound that was no interruption.
pub fn prompt_resumed() {
    counter!("hotline_prompts_resumed_total").increment(1);
}

/// The remote intent engine was asked, or was to be.
pub fn remote_meaning(result: &'static str) {
    counter!("hotline_remote_meanings_total", "result" => result).increment(1);
}

/// A problem was written into a journal.
pub fn problem(what: String) {
    counter!("hotline_problems_total", "what" => what).increment(1);
}

/// A write of the journal has to be tried again.
pub fn journal_retried() {
    counter!("hotline_journal_retries_total").increment(1);
}

/// Frames that could not be recorded.
pub fn frames_not_recorded(count: u64) {
    counter!("hotline_frames_not_recorded_total").increment(count);
}

/// How many SIP messages and connections were dropped or refused for this reason since the start.
pub fn sip_dropped(reason: &'static str, count: u64) {
    counter!("hotline_sip_dropped_total", "reason" => reason).absolute(count);
}

/// What the telephone holds now: all of it is nothing again when the last call is forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// SIP calls.
    pub dialogs: usize,
    /// SIP transactions.
    pub transactions: usize,
    /// Legs that the media threads own.
    pub legs: usize,
}

/// How much the telephone holds, and how many tasks live.
pub fn held(held: Held, tasks: usize) {
    gauge!("hotline_sip_dialogs").set(held.dialogs as f64);
    gauge!("hotline_sip_transactions").set(held.transactions as f64);
    gauge!("hotline_media_legs").set(held.legs as f64);
    gauge!("hotline_tasks").set(tasks as f64);
}

/// What the port of browsers has seen since the start.
pub fn browsers(legs: usize, checks: u64, packets: u64, moves: u64) {
    gauge!("hotline_browser_legs").set(legs as f64);
    counter!("hotline_browser_checks_total").absolute(checks);
    counter!("hotline_browser_packets_total").absolute(packets);
    counter!("hotline_browser_moves_total").absolute(moves);
}

/// How many datagrams the port of browsers dropped for this reason since the start.
pub fn browsers_dropped(reason: &'static str, count: u64) {
    counter!("hotline_browser_dropped_total", "reason" => reason).absolute(count);
}

/// A token of a web page's caller opened nothing.
pub fn web_token_refused() {
    counter!("hotline_web_tokens_refused_total").increment(1);
}

/// A trunk went up or down.
pub fn trunk_up(trunk: String, up: bool) {
    gauge!("hotline_trunk_up", "trunk" => trunk).set(f64::from(u8::from(up)));
}

/// A call was tried through a trunk.
pub fn trunk_call(trunk: String, result: &'static str) {
    counter!("hotline_trunk_attempts_total", "trunk" => trunk, "result" => result).increment(1);
}
