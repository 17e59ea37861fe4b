//! The prompt library.

use std::io::Cursor;

use audio::Pcm8k;
use hotline::store::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::bed::{Bed, Browser, json};

/// A recording of somebody who speaks softly, with a second of silence around it.
fn recording() -> Vec<u8> {
    let mut samples = vec![0i16; 16_000];
    samples.extend((0..24_000).map(|n| (600.0 * (f64::from(n) * 0.17).sin()) as i16));
    samples.extend(vec![0i16; 16_000]);
    let mut wav = audio::wav::header(16_000, 1, (samples.len() * 2) as u32).to_vec();
    wav.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    wav
}

fn quiet() -> Vec<u8> {
    let mut wav = audio::wav::header(8_000, 1, 16_000).to_vec();
    wav.extend([0; 16_000]);
    wav
}

async fn upload(browser: &Browser<'_>, id: &str, body: Vec<u8>) -> reqwest::Response {
    let path = format!("/api/v1/prompts/{id}/recording?file=hello.wav");
    browser.request(Method::PUT, &path).header("content-type", "audio/wav").body(body).send().await.expect("an answer")
}

async fn sound(browser: &Browser<'_>, id: &str) -> Pcm8k {
    let path = format!("/api/v1/prompts/{id}/sound.wav");
    let reply = browser.request(Method::GET, &path).send().await.expect("an answer");
    assert_eq!((reply.status().as_u16(), reply.headers()["content-type"].to_str().ok()), (200, Some("audio/wav")));
    audio::wav::read_from(Cursor::new(reply.bytes().await.expect("a body")), "the prompt").expect("a WAV file")
}

async fn greeting(browser: &Browser<'_>) -> Value {
    let prompts = browser.get("/api/v1/prompts").await;
    let found = prompts.as_array().expect("a list").iter().find(|prompt| prompt["places"][0]["block"] == "greeting");
    found.expect("the example flow greets").clone()
}

#[tokio::test]
async fn every_fixed_text_of_the_flow_is_listed_and_heard() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Agent).await;
    let prompts = agent.get("/api/v1/prompts").await;
    let languages =
        |wanted: &str| prompts.as_array().expect("a list").iter().filter(|p| p["language"] == wanted).count();
    assert!(languages("en") > 15 && languages("zh-CN") > 15, "{prompts}");
    let greeting = greeting(&agent).await;
    assert_eq!((&greeting["voice"], &greeting["recording"]), (&json!("flite-rms"), &json!(null)));
    let sound = sound(&agent, greeting["id"].as_str().expect("an id")).await;
    assert!((1..6).contains(&sound.duration().as_secs()), "{:?}", sound.duration());
}

#[tokio::test]
async fn a_recording_is_played_in_place_of_the_voice_until_it_is_removed() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    let greeting_before = greeting(&admin).await;
    let id = greeting_before["id"].as_str().expect("an id");
    let voice = sound(&admin, id).await;

    let reply = upload(&admin, id, recording()).await;
    assert_eq!(reply.status(), 200);
    let made = json(reply).await;
    assert_eq!(made["recording"]["file"], "hello.wav");
    assert!(made["recording"]["gain_db"].as_f64().expect("a number") > 5.0, "{made}");
    let recorded = sound(&admin, id).await;
    // A second and a half of tone, without the silence, and about as loud as the voice.
    assert!((1_450..1_650).contains(&recorded.duration().as_millis()), "{:?}", recorded.duration());
    let difference = recorded.level_dbov() - voice.level_dbov();
    assert!(difference.abs() < 6.0, "{difference} dB");
    assert_eq!(bed.tenant.prompt_recordings().await.expect("they are kept").len(), 1);

    let path = format!("/api/v1/prompts/{id}/recording");
    let removed = admin.request(Method::DELETE, &path).send().await.expect("an answer");
    assert_eq!(removed.status(), 204);
    assert_eq!(greeting(&admin).await["recording"], json!(null));
    assert!(bed.tenant.prompt_recordings().await.expect("they are kept").is_empty());
    assert_ne!(sound(&admin, id).await.duration(), recorded.duration());
}

#[tokio::test]
async fn what_is_no_recording_is_refused_in_words() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    let greeting = greeting(&admin).await;
    let id = greeting["id"].as_str().expect("an id");
    for (body, words) in [
        (b"ID3 this is an MP3".to_vec(), "WAV"),
        (vec![], "WAV"),
        (recording()[..44].to_vec(), "cut off"),
        (quiet(), "silent"),
        (vec![0; 26 * 1024 * 1024], "MB"),
    ] {
        let reply = upload(&admin, id, body).await;
        assert_eq!(reply.status(), 400);
        let message = json(reply).await["error"]["message"].as_str().expect("words").to_owned();
        assert!(message.contains(words), "{message}");
    }
    assert_eq!(upload(&admin, "0123456789abcdef", recording()).await.status(), 404);
    assert_eq!(upload(&admin, "..%2F..%2Fmaster.key", recording()).await.status(), 404);
}

#[tokio::test]
async fn only_an_admin_changes_what_callers_hear() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Agent).await;
    let greeting = greeting(&agent).await;
    let id = greeting["id"].as_str().expect("an id");
    assert_eq!(upload(&agent, id, recording()).await.status(), 403);
    let path = format!("/api/v1/prompts/{id}/recording");
    assert_eq!(agent.request(Method::DELETE, &path).send().await.expect("an answer").status(), 403);
}
