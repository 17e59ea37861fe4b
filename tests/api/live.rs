//! The live stream.

use hotline::event::{Event, Personal, Speaker};
use hotline::store::Role;
use reqwest::Method;
use serde_json::json;
use tokio_tungstenite::tungstenite::Error;

use crate::bed::{Bed, Browser, entry, heard};

#[tokio::test]
async fn a_change_and_a_note_are_seen_as_they_happen() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Supervisor).await;
    let (call, ticket) = bed.call().await;
    let (mut stream, cursor) = agent.live("").await;
    let path = format!("/api/v1/tickets/{ticket}");
    agent.send(Method::PATCH, &path, json!({ "status": "pending" })).await;
    agent.send(Method::POST, &format!("{path}/notes"), json!({ "text": "On it." })).await;

    let changed = stream.next().await;
    assert_eq!((&changed["type"], &changed["call"]), (&json!("entry"), &json!(call)));
    assert_eq!((&changed["entry"]["kind"], &changed["entry"]["status"]), (&json!("ticket_changed"), &json!("pending")));
    assert!(changed["cursor"].as_i64() > Some(cursor));
    let noted = stream.next().await;
    assert_eq!((&noted["entry"]["kind"], &noted["entry"]["text"]), (&json!("noted"), &json!("On it.")));
    assert_eq!(noted["entry"]["by"], json!(agent.user.id));
}

#[tokio::test]
async fn words_are_seen_while_they_are_said() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Supervisor).await;
    let (call, _) = bed.call().await;
    let (mut stream, _) = agent.live("").await;
    let partial = Event::Partial { speaker: Speaker::Caller, text: Personal::new("where is") };
    bed.tenant.publish_transient(call, entry(0, partial));
    let seen = stream.next().await;
    assert_eq!((&seen["cursor"], &seen["entry"]["seq"]), (&json!(null), &json!(0)));
    assert_eq!((&seen["entry"]["kind"], &seen["entry"]["text"]), (&json!("partial"), &json!("where is")));
}

#[tokio::test]
async fn a_stream_resumes_without_a_gap_and_without_seeing_anything_twice() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Supervisor).await;
    let (call, _) = bed.call().await;
    let (stream, cursor) = agent.live("").await;
    drop(stream);

    // While nobody listens, and while the stream comes back.
    let tenant = bed.tenant.clone();
    let write = async |first: u32, last: u32| {
        for seq in first..=last {
            let noted = entry(seq, heard(&format!("line {seq}")));
            tenant.append(call, vec![noted]).await.expect("it is stored");
        }
    };
    write(7, 700).await;
    let query = format!("?after={cursor}");
    let listen = async {
        let (mut stream, hello) = agent.live(&query).await;
        assert_eq!(hello, cursor);
        let (mut lines, mut last) = (Vec::new(), cursor);
        while lines.last().map(String::as_str) != Some("line 900") {
            let frame = stream.next().await;
            assert_eq!(frame["type"], "entry");
            assert!(frame["cursor"].as_i64() > Some(last));
            last = frame["cursor"].as_i64().expect("a cursor");
            lines.push(frame["entry"]["text"].as_str().expect("words").to_owned());
        }
        lines
    };
    let (lines, ()) = tokio::join!(listen, write(701, 900));
    let expected: Vec<_> = (7..=900).map(|seq| format!("line {seq}")).collect();
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn whoever_comes_from_another_database_is_told_to_ask_again() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Supervisor).await;
    bed.call().await;
    let (mut stream, hello) = agent.live("?after=1000000").await;
    assert_eq!(stream.next().await, json!({ "type": "lagged", "cursor": hello }));
}

#[tokio::test]
async fn a_console_that_does_not_keep_up_is_told_to_ask_again_and_goes_on() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Supervisor).await;
    let (call, _) = bed.call().await;
    let (mut stream, cursor) = agent.live("").await;
    // All at once: nothing else runs on this thread meanwhile, so nothing is passed on.
    for word in 0..10_000 {
        let partial = Event::Partial { speaker: Speaker::Caller, text: Personal::new(word.to_string()) };
        bed.tenant.publish_transient(call, entry(0, partial));
    }
    assert_eq!(stream.next().await, json!({ "type": "lagged", "cursor": cursor }));
    let next = stream.next().await;
    assert_eq!(next["entry"]["kind"], "partial");
    assert_ne!(next["entry"]["text"], "0");
}

fn refused<T>(result: Result<T, Error>) -> Option<u16> {
    match result {
        Err(Error::Http(reply)) => Some(reply.status().as_u16()),
        _ => None,
    }
}

#[tokio::test]
async fn a_page_of_another_site_cannot_listen() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Supervisor).await;
    for origin in [Some("https://evil.example"), Some("http://127.0.0.1:1"), Some("null"), None] {
        assert_eq!(refused(agent.connect("", origin).await), Some(403), "{origin:?}");
    }
}

#[tokio::test]
async fn nobody_listens_without_a_session() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Supervisor).await;
    let stranger =
        Browser { bed: &bed, user: agent.user.clone(), cookie: "hotline_session=guess".into(), link: String::new() };
    let origin = format!("http://{}", bed.address);
    assert_eq!(refused(stranger.connect("", Some(&origin)).await), Some(401));
}

#[tokio::test]
async fn streams_end_when_the_service_stops() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Supervisor).await;
    let (mut stream, _) = agent.live("").await;
    bed.stopped.cancel();
    assert_eq!(stream.frame().await, None);
    drop(agent);
    bed.serving.await.expect("serving returns");
}
