//! Whisper on a model without weights: it exercises loading, the arithmetic and every way a file can be wrong.

mod common;

use std::fs;
use std::sync::atomic::Ordering;
use std::time::Duration;

use audio::Pcm16k;
use models::{Form, Grammar, Hints, Language, LoadError, RecogniseError, Recogniser, Whisper};

const FIXTURE: &str = "models/whisper-nano-random.bin";

fn tone() -> Pcm16k {
    Pcm16k::new((0..32_000).map(|n| ((n as f32 * 0.2).sin() * 8_000.0) as i16).collect())
}

#[test]
fn a_model_without_weights_runs_and_says_nothing() {
    let Some(path) = common::shared(FIXTURE) else { return };
    let mut whisper = Whisper::load(&path).expect("the fixture is a model");
    let heard = whisper.recognise(&tone(), &Hints::free(Language::EN)).expect("it runs");
    assert!(heard.no_speech && heard.text.is_empty(), "{heard:?}");
}

#[test]
fn sessions_share_the_weights_and_run_side_by_side() {
    let Some(path) = common::shared(FIXTURE) else { return };
    let first = Whisper::load(&path).expect("the fixture is a model");
    let sessions = [first.another().expect("there is memory"), first];
    std::thread::scope(|scope| {
        for mut whisper in sessions {
            scope.spawn(move || whisper.recognise(&tone(), &Hints::free(Language::EN)).expect("it runs"));
        }
    });
}

#[test]
fn every_grammar_passes_through_the_decoder() {
    let Some(path) = common::shared(FIXTURE) else { return };
    let mut whisper = Whisper::load(&path).expect("the fixture is a model");
    let words = vec!["opening hours".to_owned(), "nul\0byte".to_owned(), String::new()];
    for grammar in [
        Grammar::Digits { min: 1, max: 0 },
        Grammar::Characters(Form::any(1, 8)),
        Grammar::List(words.clone()),
        Grammar::Phrases(words),
        Grammar::List(vec!["a long list ".repeat(500)]),
    ] {
        let hints = Hints::free(Language::EN).with_grammar(grammar);
        whisper.recognise(&tone(), &hints).expect("it runs");
    }
}

#[test]
fn silence_and_a_mere_click_are_no_speech() {
    let Some(path) = common::shared(FIXTURE) else { return };
    let mut whisper = Whisper::load(&path).expect("the fixture is a model");
    for audio in [Pcm16k::empty(), Pcm16k::silence(Duration::from_secs(2)), Pcm16k::new(vec![900; 300])] {
        let heard = whisper.recognise(&audio, &Hints::free(Language::EN)).expect("it runs");
        assert!(heard.no_speech);
    }
}

#[test]
fn an_english_model_says_that_it_knows_no_chinese() {
    let Some(path) = common::shared(FIXTURE) else { return };
    let mut whisper = Whisper::load(&path).expect("the fixture is a model");
    let error = whisper.recognise(&tone(), &Hints::free(Language::ZH)).expect_err("the vocabulary is English");
    assert!(matches!(error, RecogniseError::Language { .. }), "{error}");
}

#[test]
fn an_aborted_job_ends_as_aborted() {
    let Some(path) = common::shared(FIXTURE) else { return };
    let mut whisper = Whisper::load(&path).expect("the fixture is a model");
    let hints = Hints::free(Language::EN);
    hints.abort.store(true, Ordering::Relaxed);
    assert!(matches!(whisper.recognise(&tone(), &hints), Err(RecogniseError::Aborted)));
}

#[test]
fn a_file_cut_anywhere_is_an_error_and_never_a_crash() {
    let Some(path) = common::shared(FIXTURE) else { return };
    let whole = fs::read(path).expect("the fixture can be read");
    let folder = tempfile::tempdir().expect("temporary folders can be made");
    let cut = folder.path().join("cut.bin");
    for length in [0, 3, 4, 20, 47, 48, 5_000, 100_000, whole.len() - 1] {
        fs::write(&cut, &whole[..length]).expect("it can be written");
        let error = Whisper::load(&cut).err().expect("it is not whole");
        assert!(matches!(error, LoadError::Invalid { .. }), "{length}: {error}");
    }
}

#[test]
fn a_damaged_header_is_an_error_and_never_a_crash() {
    let Some(path) = common::shared(FIXTURE) else { return };
    let whole = fs::read(path).expect("the fixture can be read");
    let folder = tempfile::tempdir().expect("temporary folders can be made");
    let damaged = folder.path().join("damaged.bin");
    for field in 0..11 {
        for value in [-1i32, 0, i32::MAX] {
            // The last field is the number format, of which 0 is a good one.
            if (field, value) == (10, 0) {
                continue;
            }
            let mut bytes = whole.clone();
            bytes[4 + field * 4..8 + field * 4].copy_from_slice(&value.to_le_bytes());
            fs::write(&damaged, bytes).expect("it can be written");
            assert!(Whisper::load(&damaged).is_err(), "field {field} as {value}");
        }
    }
}

#[test]
fn what_is_no_model_is_named_and_what_is_missing_too() {
    let folder = tempfile::tempdir().expect("temporary folders can be made");
    let text = folder.path().join("letter.bin");
    fs::write(&text, "Dear Sir or Madam,").expect("it can be written");
    let error = Whisper::load(&text).err().expect("a letter is no model").to_string();
    assert!(error.contains("letter.bin") && error.contains("ggml"), "{error}");
    let missing = Whisper::load(&folder.path().join("none.bin")).err().expect("it is not there");
    assert!(matches!(missing, LoadError::Unreadable { .. }), "{missing}");
    let folder = Whisper::load(folder.path()).err().expect("a folder is no model");
    assert!(matches!(folder, LoadError::Invalid { .. }), "{folder}");
}

#[test]
fn a_language_is_told_among_those_that_it_may_be_or_not_at_all() {
    let Some(path) = common::shared(FIXTURE) else { return };
    let mut whisper = Whisper::load(&path).expect("the fixture is a model");
    let both = [Language::EN, Language::new("zh-CN")];
    let told = whisper.detect(&tone(), &both);
    assert_eq!(told.is_some(), whisper.detects(), "{told:?}");
    if let Some((language, sure)) = told {
        assert!(both.contains(&language) && (0.5..=1.0).contains(&sure), "{language} {sure}");
    }
    assert_eq!(whisper.detect(&Pcm16k::silence(Duration::from_secs(2)), &both), None);
    assert_eq!(whisper.detect(&tone(), &[Language::new("qqq")]), None);
    // It goes on as before.
    whisper.recognise(&tone(), &Hints::free(Language::EN)).expect("it runs");
}
