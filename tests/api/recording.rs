//! Recordings over HTTP.

use hotline::store::Role;
use reqwest::{Method, Response};

use crate::bed::{Bed, Browser, json};

/// A recording of 2.5 s that can be told at any sample: a rising line left, a falling one right.
async fn recorded(bed: &Bed) -> (hotline::event::CallId, Vec<u8>) {
    let (call, _) = bed.call().await;
    let left: Vec<i16> = (0..20_000).map(|at| at as i16).collect();
    let right: Vec<i16> = left.iter().map(|sample| -sample).collect();
    let mut writer = bed.tenant.record(call).await.expect("a recording begins");
    writer.push(&left, &right).expect("it is written");
    writer.finish().expect("it ends");
    let data = left.iter().zip(&right).flat_map(|(l, r)| [l.to_le_bytes(), r.to_le_bytes()]).flatten().collect();
    (call, data)
}

async fn part(browser: &Browser<'_>, call: hotline::event::CallId, headers: &[(&str, &str)]) -> Response {
    let request = browser.request(Method::GET, &format!("/api/v1/calls/{call}/recording.wav"));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.send().await.expect("an answer")
}

#[tokio::test]
async fn the_whole_recording_is_a_wav_file() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Supervisor).await;
    let (call, data) = recorded(&bed).await;
    let reply = part(&agent, call, &[]).await;
    assert_eq!(reply.status(), 200);
    assert_eq!(
        (&reply.headers()["content-type"], &reply.headers()["accept-ranges"]),
        (&"audio/wav".parse().unwrap(), &"bytes".parse().unwrap())
    );
    let bytes = reply.bytes().await.expect("a body");
    assert_eq!(bytes.len(), 44 + data.len());
    assert_eq!((&bytes[..4], &bytes[8..16]), (&b"RIFF"[..], &b"WAVEfmt "[..]));
    assert_eq!(bytes[40..44], (data.len() as u32).to_le_bytes());
    assert_eq!(bytes[44..], data);
    let detail = agent.get(&format!("/api/v1/calls/{call}")).await;
    assert_eq!(detail["waveform_ms"], 2_500);
}

#[tokio::test]
async fn any_part_of_a_recording_can_be_asked_for() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Supervisor).await;
    let (call, data) = recorded(&bed).await;
    let whole = part(&agent, call, &[]).await.bytes().await.expect("a body");
    let length = 44 + data.len();
    for (range, from, to) in [
        ("bytes=0-0", 0, 1),
        ("bytes=10-60", 10, 61),
        ("bytes=44-47", 44, 48),
        // Across the border of two seconds, and not at the border of a sample.
        ("bytes=31999-32101", 31_999, 32_102),
        ("bytes=50001-", 50_001, length),
        ("bytes=-7", length - 7, length),
        ("bytes=0-999999999", 0, length),
    ] {
        let reply = part(&agent, call, &[("range", range)]).await;
        assert_eq!(reply.status(), 206, "{range}");
        assert_eq!(reply.headers()["content-range"], format!("bytes {from}-{}/{length}", to - 1), "{range}");
        assert_eq!(reply.bytes().await.expect("a body"), whole[from..to], "{range}");
    }
    let reply = part(&agent, call, &[("range", &format!("bytes={length}-"))]).await;
    assert_eq!(reply.status(), 416);
    assert_eq!(reply.headers()["content-range"], format!("bytes */{length}"));
    let stale = part(&agent, call, &[("range", "bytes=0-9"), ("if-range", "\"1\"")]).await;
    assert_eq!(stale.status(), 200, "a part of another state of the recording would not fit");
}

#[tokio::test]
async fn a_recording_that_grows_is_as_long_as_it_is() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Supervisor).await;
    let (call, _) = bed.call().await;
    assert_eq!(part(&agent, call, &[]).await.status(), 404);
    let mut writer = bed.tenant.record(call).await.expect("a recording begins");
    for seconds in 1..=3_u64 {
        writer.push(&[100; 8_000], &[-100; 8_000]).expect("it is written");
        let reply = part(&agent, call, &[]).await;
        assert_eq!(reply.content_length(), Some(44 + seconds * 32_000));
    }
}

#[tokio::test]
async fn the_outline_is_drawn_as_finely_as_asked() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Supervisor).await;
    let (call, _) = recorded(&bed).await;
    let peaks = agent.get(&format!("/api/v1/calls/{call}/peaks?per_second=2")).await;
    assert_eq!(peaks["per_second"], 2);
    assert_eq!(peaks["left"], serde_json::json!([12, 24, 36, 48, 61]));
    assert_eq!(peaks["right"], peaks["left"]);
    let (silent, _) = bed.call().await;
    let reply = agent.request(Method::GET, &format!("/api/v1/calls/{silent}/peaks")).send().await.expect("an answer");
    assert_eq!((reply.status().as_u16(), json(reply).await["error"]["code"].as_str()), (404, Some("not_found")));
}
