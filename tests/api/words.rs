//! The words of a real call, as the console gets them: in order, in their places, and with sound at each of these places.

use std::path::PathBuf;
use std::time::Duration;

use audio::Pcm8k;
use audio::wav;
use serde_json::{Value, json};

use super::bed::json;
use super::common::{PATIENCE, QUIET, have_models, phone, words};
use super::running::Running;

/// What the caller was heard to say first, and the right channel of the recording, 8 kHz.
async fn heard(said: Pcm8k) -> (Value, Vec<i16>) {
    let running = Running::start(|_| {}).await;
    let caller = phone().await;
    let mut line = caller.call(&running.address(), "+441632960001", PATIENCE).await.expect("answered");
    line.our_turn(QUIET, PATIENCE).await.expect("the bot greets");
    line.say(said).await.expect("the call is up");
    line.our_turn(QUIET, PATIENCE).await.expect("the bot answers");
    line.hang_up().await;
    let id = running.only_call().await;
    let over = async {
        loop {
            let call = json(running.request(&format!("/api/v1/calls/{id}")).send().await.expect("an answer")).await;
            if call["state"] == json!("ended") {
                return call;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let call = tokio::time::timeout(PATIENCE, over).await.expect("the call is over by now");
    let entries = call["entries"].as_array().expect("entries");
    let heard = entries.iter().find(|entry| entry["kind"] == json!("heard")).expect("the caller was heard").clone();
    let recording = running.request(&format!("/api/v1/calls/{id}/recording.wav")).send().await.expect("an answer");
    let bytes = recording.bytes().await.expect("a body");
    running.service.stop().await;
    // Behind the header of 44 bytes: left and right, 16 bits each.
    let caller = bytes[44..].chunks_exact(4).map(|frame| i16::from_le_bytes([frame[2], frame[3]])).collect();
    (heard, caller)
}

/// Checks the places of the words, and returns the words.
fn in_place(heard: &Value, caller: &[i16]) -> Vec<String> {
    let ms = |of: &Value, name: &str| of[name].as_u64().expect("milliseconds");
    let (begin, end) = (ms(heard, "from_ms"), ms(heard, "to_ms"));
    let words = heard["words"].as_array().unwrap_or_else(|| panic!("no words: {heard}"));
    let mut before = begin;
    for word in words {
        let (from, to) = (ms(word, "from_ms"), ms(word, "to_ms"));
        assert!(before <= from && from < to && to <= end, "{word} in {heard}");
        let sound = &caller[from as usize * 8..to as usize * 8];
        assert!(sound.iter().any(|sample| sample.unsigned_abs() > 500), "{word} is not to be heard in {heard}");
        before = to;
    }
    words.iter().map(|word| word["text"].as_str().expect("a text").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_words_of_a_call_lie_where_they_were_said() {
    if !have_models() {
        return;
    }
    let (heard, caller) = heard(words("Hello, where is my order?")).await;
    let words = in_place(&heard, &caller);
    assert_eq!(words.join(" "), heard["text"].as_str().expect("a text"));
    assert!(words.len() >= 4, "{words:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_words_of_a_person_lie_where_they_were_said() {
    let shared = std::env::var_os("HOTLINE_SHARED").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    let file = shared.join("speech/en_read/libri-1688-142285-0002.wav");
    if !have_models() {
        return;
    }
    if !file.exists() {
        return println!("skipped: {} is not there (HOTLINE_SHARED)", file.display());
    }
    let (heard, caller) = heard(wav::read::<8_000>(&file).expect("a recording")).await;
    let words = in_place(&heard, &caller);
    // "You don't mean that you thought me so silly."
    assert!(words.len() >= 6, "{words:?}");
    let silly = &heard["words"][words.len() - 1];
    assert!(silly["text"].as_str().is_some_and(|text| text.to_lowercase().starts_with("silly")), "{heard}");
    assert!(silly["from_ms"].as_u64() > heard["from_ms"].as_u64().map(|from| from + 1_200), "{heard}");
}
