//! What engineers see of a call: stored journals over the interface, and real calls to a real service, down to a capture that tshark
//! reads.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use hotline::event::{CallId, Event, Heard, LegName, LegPoint, LegRole, LegSound, LegTotals, Personal, SignalMessage};
use hotline::store::Role;
use reqwest::Method;
use serde_json::{Value, json};

use super::bed::{Bed, NOW, entry, json};
use super::common::{PATIENCE, QUIET, have_models, phone};
use super::running::Running;

fn message(after_ms: i64, sent: bool, text: &str) -> SignalMessage {
    SignalMessage {
        at_us: (NOW + after_ms) * 1_000,
        sent,
        protocol: "UDP".into(),
        local: Personal::new("192.0.2.1:5060"),
        peer: Personal::new("198.51.100.7:5062"),
        text: Personal::new(text.replace('\n', "\r\n")),
    }
}

const INVITE: &str = "INVITE sip:100@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 198.51.100.7:5062;branch=z9hG4bK1\nMax-Forwards: 70\n\
    From: <sip:4711@198.51.100.7>;tag=a\nTo: <sip:100@192.0.2.1>\nCall-ID: one@198.51.100.7\nCSeq: 1 INVITE\nContent-Length: 0\n\n";
const OK: &str = "SIP/2.0 200 OK\nVia: SIP/2.0/UDP 198.51.100.7:5062;branch=z9hG4bK1\nFrom: <sip:4711@198.51.100.7>;tag=a\n\
    To: <sip:100@192.0.2.1>;tag=b\nCall-ID: one@198.51.100.7\nCSeq: 1 INVITE\nContent-Length: 0\n\n";

/// A call whose answer was repeated because no ACK came.
async fn with_signalling(bed: &Bed) -> CallId {
    let (call, _) = bed.call().await;
    let leg = LegName { number: 1, role: LegRole::Caller, name: Personal::new("4711") };
    let messages = vec![message(0, false, INVITE), message(12, true, OK), message(512, true, OK)];
    let incoming = Heard { loss_percent: Some(4.3), mos: Some(3.2), ..Heard::default() };
    let point = LegPoint { at_ms: 0, length_ms: 5_000, incoming, ..LegPoint::default() };
    let totals = LegTotals { packets_in: 240, lost: 10, jitter_ms: f32::NAN, ..LegTotals::default() };
    let sound = LegSound { since: NOW, codec: "PCMA".into(), totals, points: vec![point] };
    let events = [Event::Signalling { leg: leg.clone(), messages }, Event::LegQuality { leg, sound: Box::new(sound) }];
    let entries = events.into_iter().zip(7..).map(|(event, seq)| entry(seq, event)).collect();
    bed.tenant.append(call, entries).await.expect("it is stored");
    call
}

#[tokio::test]
async fn the_legs_of_a_call_are_shown_apart_from_what_happened_in_it() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Supervisor).await;
    let (mut live, _) = agent.live("").await;
    let call = with_signalling(&bed).await;

    let seen = agent.get(&format!("/api/v1/calls/{call}/signalling")).await;
    assert_eq!((&seen["complete"], &seen["began_us"]), (&json!(true), &json!(NOW * 1_000)));
    let leg = &seen["legs"][0];
    assert_eq!((&leg["number"], &leg["role"], &leg["name"]), (&json!(1), &json!("caller"), &json!("4711")));
    let ladder: Vec<_> = leg["messages"]
        .as_array()
        .expect("messages")
        .iter()
        .map(|m| (&m["method"], &m["status"], &m["repeated"]))
        .collect();
    let (invite, ok) = (json!("INVITE"), json!(200));
    assert_eq!(
        ladder,
        [(&invite, &json!(null), &json!(false)), (&invite, &ok, &json!(false)), (&invite, &ok, &json!(true))]
    );
    assert_eq!(leg["sound"]["points"][0]["incoming"]["loss_percent"], json!(4.3));
    assert_eq!(leg["sound"]["totals"]["jitter_ms"], 0.0, "what is no number is not stored as one");

    let detail = agent.get(&format!("/api/v1/calls/{call}")).await;
    let last = detail["entries"].as_array().and_then(|entries| entries.last()).expect("entries");
    assert_eq!(last["kind"], "ended");
    // The stream goes on with what comes after, without what engineers look at.
    let (other, _) = bed.call().await;
    let mut kinds = Vec::new();
    loop {
        let frame = live.next().await;
        kinds.push(frame["entry"]["kind"].as_str().unwrap_or_default().to_owned());
        if frame["call"] == json!(other) && kinds.last().is_some_and(|kind| kind == "ended") {
            break;
        }
    }
    assert!(!kinds.iter().any(|kind| Event::TECHNICAL.contains(&kind.as_str())), "{kinds:?}");
    let (mut again, _) = agent.live("?after=1").await;
    for expected in &kinds[1..] {
        assert_eq!(again.next().await["entry"]["kind"], json!(expected));
    }
}

#[tokio::test]
async fn a_call_of_which_nothing_was_kept_says_so() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Supervisor).await;
    let (call, _) = bed.call().await;
    let seen = agent.get(&format!("/api/v1/calls/{call}/signalling")).await;
    assert_eq!((&seen["legs"], &seen["began_us"]), (&json!([]), &json!(null)));
    for file in ["signalling.txt", "signalling.pcap"] {
        let reply =
            agent.request(Method::GET, &format!("/api/v1/calls/{call}/{file}")).send().await.expect("an answer");
        assert_eq!(reply.status(), 404);
        assert!(json(reply).await["error"]["message"].as_str().is_some_and(|m| m.contains("Nothing was kept")));
    }
    let nobody = CallId::new();
    let reply =
        agent.request(Method::GET, &format!("/api/v1/calls/{nobody}/signalling")).send().await.expect("an answer");
    assert_eq!(reply.status(), 404);
}

#[tokio::test]
async fn of_an_erased_caller_no_signalling_is_left() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Supervisor).await;
    let call = with_signalling(&bed).await;
    let person = bed.tenant.call(call).await.expect("it is there").person;
    bed.tenant.erase_person(person, NOW).await.expect("erased");
    let seen = agent.get(&format!("/api/v1/calls/{call}/signalling")).await;
    assert_eq!(seen["legs"], json!([]));
}

#[tokio::test]
async fn the_text_tells_the_whole_story() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Supervisor).await;
    let call = with_signalling(&bed).await;
    let reply =
        agent.request(Method::GET, &format!("/api/v1/calls/{call}/signalling.txt")).send().await.expect("an answer");
    assert_eq!(reply.status(), 200);
    let named = format!("attachment; filename=\"call-{call}.txt\"");
    assert_eq!(reply.headers()["content-disposition"], named.as_str());
    let text = reply.text().await.expect("a text");
    for words in ["leg 1: caller 4711", "0.5120", "(again)", "240 packets, 10 lost", "4.3", "CSeq: 1 INVITE"] {
        assert!(text.contains(words), "{words} is missing:\n{text}");
    }
}

/// What tshark reads in a capture: time, addresses and what SIP says; `None` when it is not installed.
fn tshark(capture: &[u8]) -> Option<Vec<Vec<String>>> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("call.pcap");
    std::fs::write(&file, capture).expect("a file");
    let mut command = Command::new("tshark");
    command.arg("-r").arg(&file).args([
        "-T",
        "fields",
        "-o",
        "ip.check_checksum:TRUE",
        "-o",
        "udp.check_checksum:TRUE",
    ]);
    for field in [
        "frame.time_epoch",
        "ip.src",
        "udp.srcport",
        "ip.dst",
        "udp.dstport",
        "sip.Method",
        "sip.Status-Code",
        "sip.CSeq.method",
    ] {
        command.args(["-e", field]);
    }
    command.args(["-e", "_ws.expert.message"]);
    let Ok(output) = command.stdin(Stdio::null()).output() else {
        println!("skipped: tshark is not installed");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Some(text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect())
}

#[tokio::test]
async fn the_capture_is_read_by_tshark_with_the_real_addresses_and_times() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Supervisor).await;
    let call = with_signalling(&bed).await;
    let reply =
        agent.request(Method::GET, &format!("/api/v1/calls/{call}/signalling.pcap")).send().await.expect("an answer");
    let named = format!("attachment; filename=\"call-{call}.pcap\"");
    assert_eq!(reply.headers()["content-disposition"], named.as_str());
    let Some(packets) = tshark(&reply.bytes().await.expect("a body")) else { return };
    let (peer, ours) = (["198.51.100.7", "5062"], ["192.0.2.1", "5060"]);
    let seconds = NOW / 1_000;
    let expected = [
        (format!("{seconds}.000000000"), peer, ours, "INVITE", ""),
        (format!("{seconds}.012000000"), ours, peer, "", "200"),
        (format!("{seconds}.512000000"), ours, peer, "", "200"),
    ];
    assert_eq!(packets.len(), expected.len(), "{packets:?}");
    for (packet, (time, from, to, method, status)) in packets.iter().zip(expected) {
        assert_eq!(packet[..7], [&time, from[0], from[1], to[0], to[1], method, status]);
        assert!(!packet[8].to_lowercase().contains("checksum"), "{packet:?}");
    }
}

impl Running {
    async fn signalling(&self, call: CallId) -> Value {
        let reply = self.request(&format!("/api/v1/calls/{call}/signalling")).send().await.expect("an answer");
        assert_eq!(reply.status(), 200);
        json(reply).await
    }

    /// The legs of the only call once it is over.
    async fn complete(&self) -> (CallId, Value) {
        let wait = async {
            loop {
                if self.service.tenant().calls_offered().await.expect("a number") > 0 {
                    let call = self.only_call().await;
                    let seen = self.signalling(call).await;
                    if seen["complete"] == json!(true) {
                        return (call, seen);
                    }
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("the call is over by now")
    }
}

/// Direction and what it says: `> INVITE` was received, `< 200 INVITE` sent; without 100, which depends on how busy the machine is.
fn ladder(leg: &Value) -> Vec<String> {
    let said = |m: &Value| {
        let arrow = if m["sent"] == json!(true) { "<" } else { ">" };
        let method = m["method"].as_str().unwrap_or_default();
        match m["status"].as_u64() {
            Some(status) => format!("{arrow} {status} {method}"),
            None => format!("{arrow} {method}"),
        }
    };
    let messages = leg["messages"].as_array().expect("messages");
    messages.iter().map(said).filter(|line| !line.contains(" 100 ")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_legs_of_a_real_call_are_kept_with_their_last_message_and_their_sound() {
    if !have_models() {
        return;
    }
    let running = Running::start(|_| {}).await;
    let (mut desk, registration) = running.desk().await;
    let caller = phone().await;
    let mut line = caller.call(&running.address(), "+441632960001", PATIENCE).await.expect("answered");
    line.our_turn(QUIET, PATIENCE).await.expect("the bot speaks and pauses");

    // While it goes on, what there is so far.
    let call = running.only_call().await;
    let so_far = running.signalling(call).await;
    assert_eq!(so_far["complete"], json!(false));
    assert_eq!(ladder(&so_far["legs"][0]), ["> INVITE", "< 200 INVITE", "> ACK"]);
    assert!(so_far["legs"][0]["sound"]["totals"]["packets_out"].as_u64().is_some_and(|packets| packets > 0));

    line.press("0");
    let agent = tokio::time::timeout(PATIENCE, desk.answer(Duration::ZERO)).await.expect("it rings").expect("a line");
    tokio::time::sleep(Duration::from_secs(6)).await;
    line.hang_up().await;
    let (call, seen) = running.complete().await;
    drop(agent);
    assert_eq!(ladder(&seen["legs"][0]), ["> INVITE", "< 200 INVITE", "> ACK", "> BYE", "< 200 BYE"]);
    let other = &seen["legs"][1];
    assert_eq!((&other["role"], &other["name"]), (&json!("agent"), &json!("101")));
    let theirs: Vec<_> = ladder(other).into_iter().filter(|line| line != "> 180 INVITE").collect();
    assert_eq!(theirs, ["< INVITE", "> 200 INVITE", "< ACK", "< BYE", "> 200 BYE"]);
    for leg in seen["legs"].as_array().expect("legs") {
        let (totals, points) = (&leg["sound"]["totals"], leg["sound"]["points"].as_array().expect("points"));
        assert!(totals["packets_in"].as_u64().is_some_and(|packets| packets > 100), "{totals}");
        assert!(points.len() >= 2 && points[0]["length_ms"] == json!(5_000), "{points:?}");
        assert!(points[0]["incoming"]["mos"].as_f64().is_some_and(|mos| mos > 4.0), "{points:?}");
    }

    let capture = running.request(&format!("/api/v1/calls/{call}/signalling.pcap")).send().await.expect("an answer");
    if let Some(packets) = tshark(&capture.bytes().await.expect("a body")) {
        let all =
            seen["legs"].as_array().expect("legs").iter().map(|leg| leg["messages"].as_array().map_or(0, Vec::len));
        assert_eq!(packets.len(), all.sum::<usize>());
        let is_sip = |packet: &Vec<String>| !packet[5].is_empty() || !packet[6].is_empty();
        assert!(packets.iter().all(is_sip), "{packets:?}");
    }
    registration.unregister().await;
    running.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_rang_in_vain_has_a_ladder_with_its_cancel() {
    if !have_models() {
        return;
    }
    let running = Running::start(|config| config.queue_ring_seconds = 1).await;
    // It rings there, and nobody is at the desk.
    let (_desk, registration) = running.desk().await;
    let caller = phone().await;
    let mut line = caller.call(&running.address(), "+441632960001", PATIENCE).await.expect("answered");
    line.our_turn(QUIET, PATIENCE).await.expect("the bot speaks and pauses");
    line.press("0");
    let missed = async {
        let call = running.only_call().await;
        loop {
            let journal = running.service.tenant().journal(call).await.expect("a journal");
            if journal.iter().any(|entry| matches!(entry.event, Event::Missed { .. })) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, missed).await.expect("nobody answers");
    line.hang_up().await;
    let (_, seen) = running.complete().await;
    assert_eq!(ladder(&seen["legs"][1]), ["< INVITE", "< CANCEL", "> 200 CANCEL", "> 487 INVITE", "< ACK"]);
    registration.unregister().await;
    running.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_was_refused_has_a_ladder_too() {
    if !have_models() {
        return;
    }
    let running = Running::start(|_| {}).await;
    let scenario = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/sipp/uac_no_codec.xml");
    let folder = tempfile::tempdir().expect("a folder");
    let mut sipp = tokio::process::Command::new("sipp");
    sipp.arg(running.service.sip.to_string()).arg("-sf").arg(scenario).args([
        "-s",
        "100",
        "-i",
        "127.0.0.1",
        "-m",
        "1",
    ]);
    sipp.args(["-nostdin", "-timeout", "30s"]).current_dir(folder.path()).kill_on_drop(true);
    sipp.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(status) = sipp.status().await else {
        println!("skipped: SIPp is not installed (sip-tester)");
        return;
    };
    assert!(status.success(), "the offer was not refused with 488");
    let (_, seen) = running.complete().await;
    let leg = &seen["legs"][0];
    // A refused call is over when it is refused; its ACK belongs to the transaction.
    assert_eq!(ladder(leg), ["> INVITE", "< 488 INVITE"]);
    assert_eq!(leg["sound"], json!(null));
    assert!(leg["messages"][1]["text"].as_str().is_some_and(|text| text.contains("Warning: 304")));
    running.service.stop().await;
}
