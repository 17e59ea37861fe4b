//! The English recogniser on real speech and on synthetic voices; skipped where the model has not been pulled.

mod common;

use std::fs;
use std::sync::atomic::Ordering;
use std::time::Duration;

use audio::{Pcm16k, wav};
use models::score::Tally;
use models::{
    Class, Flite, FliteVoice, Form, Grammar, Hints, Language, LoadError, Moonshine, MoonshinePaths, RecogniseError,
    Recogniser, Voice,
};

fn load() -> Option<Moonshine> {
    common::moonshine().map(|paths| Moonshine::load(&paths).expect("the store checked its files"))
}

/// What a synthetic caller says, with the silence before and after it that the service keeps of a turn: a word that begins at once is
/// heard less well.
fn say(text: &str) -> Pcm16k {
    let mut sound = Pcm16k::silence(Duration::from_millis(300));
    sound.append(&Flite::new(FliteVoice::Slt).speak(text).expect("flite speaks"));
    sound.append(&Pcm16k::silence(Duration::from_millis(200)));
    sound
}

fn free() -> Hints {
    Hints::free(Language::EN)
}

#[test]
fn a_synthetic_caller_is_understood() {
    let Some(mut moonshine) = load() else { return };
    let heard = moonshine.recognise(&say("I want to know where my order is."), &free()).expect("it runs");
    assert!(models::score::same_words(&heard.text, "I want to know where my order is"), "{heard:?}");
    assert!(heard.confidence > 0.6 && heard.in_grammar, "{heard:?}");
    assert!(!heard.alternatives.is_empty());
}

#[test]
fn digits_are_heard_as_digits_and_other_speech_is_not_bent_into_them() {
    let Some(mut moonshine) = load() else { return };
    let hints = free().with_grammar(Grammar::Digits { min: 5, max: 5 });
    let heard = moonshine.recognise(&say("four five five oh one"), &hints).expect("it runs");
    assert_eq!((heard.text.as_str(), heard.in_grammar), ("45501", true), "{heard:?}");
    let heard = moonshine.recognise(&say("What are your opening hours on Saturday?"), &hints).expect("it runs");
    assert!(!heard.in_grammar && heard.text.to_lowercase().contains("hours"), "{heard:?}");
}

#[test]
fn a_menu_word_is_chosen_and_other_speech_is_not_bent_into_it() {
    let Some(mut moonshine) = load() else { return };
    let phrases = ["sales", "repairs", "opening hours", "something else"].map(str::to_owned).to_vec();
    let hints = free().with_grammar(Grammar::Phrases(phrases.clone()));
    for phrase in &phrases {
        let heard = moonshine.recognise(&say(phrase), &hints).expect("it runs");
        assert_eq!((&heard.text, heard.in_grammar), (phrase, true), "{heard:?}");
    }
    let heard = moonshine.recognise(&say("my bicycle has a flat tyre"), &hints).expect("it runs");
    assert!(!heard.in_grammar && !heard.text.is_empty(), "{heard:?}");
}

#[test]
fn an_id_is_heard_in_its_form() {
    let Some(mut moonshine) = load() else { return };
    let places = [[Class::Letter; 2].as_slice(), &[Class::Digit; 4]].concat();
    let hints = free().with_grammar(Grammar::Characters(Form::new(places, 6)));
    // Letters that sound like no other: K and A lie so close together that the arithmetic of the processor decides between them.
    let heard = moonshine.recognise(&say("X, W, seven, three, five, nine."), &hints).expect("it runs");
    assert_eq!((heard.text.as_str(), heard.in_grammar), ("XW7359", true), "{heard:?}");
}

#[test]
fn words_have_places_in_the_sound() {
    let Some(mut moonshine) = load() else { return };
    let sound = say("I want to know where my order is.");
    let heard = moonshine.recognise(&sound, &free()).expect("it runs");
    assert_eq!(heard.words.len(), heard.text.split_whitespace().count(), "{heard:?}");
    assert!(heard.words.iter().all(|word| word.start < word.end && word.end <= sound.duration()), "{heard:?}");
}

#[test]
fn silence_and_noise_are_no_speech() {
    let Some(mut moonshine) = load() else { return };
    let mut state = 1u32;
    let noise: Vec<i16> = (0..32_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 16) as i16) / 64
        })
        .collect();
    for audio in
        [Pcm16k::empty(), Pcm16k::new(vec![7; 900]), Pcm16k::silence(Duration::from_secs(3)), Pcm16k::new(noise)]
    {
        for grammar in [
            Grammar::Free,
            Grammar::Digits { min: 1, max: 0 },
            Grammar::Phrases(vec!["yes".to_owned(), "no".to_owned()]),
        ] {
            let heard = moonshine.recognise(&audio, &free().with_grammar(grammar)).expect("it runs");
            assert!(heard.no_speech && heard.text.is_empty(), "{heard:?}");
        }
    }
}

#[test]
fn a_tenth_of_a_second_is_enough_not_to_fail() {
    let Some(mut moonshine) = load() else { return };
    moonshine.recognise(&Pcm16k::new(vec![100; 1_600]), &free()).expect("it runs");
}

#[test]
fn speech_beyond_thirty_seconds_is_heard_to_its_end() {
    let Some(mut moonshine) = load() else { return };
    let mut long = Pcm16k::empty();
    while long.duration() < Duration::from_secs(34) {
        long.append(&say("The bicycle was delivered yesterday."));
        long.append(&Pcm16k::silence(Duration::from_millis(500)));
    }
    long.append(&say("Please send me an invoice."));
    let heard = moonshine.recognise(&long, &free()).expect("it runs");
    assert!(heard.text.to_lowercase().contains("bicycle") && heard.text.contains("invoice"), "{}", heard.text);
}

#[test]
fn an_aborted_job_ends_as_aborted_and_another_language_is_refused() {
    let Some(mut moonshine) = load() else { return };
    let hints = free();
    hints.abort.store(true, Ordering::Relaxed);
    let audio = Pcm16k::new(vec![100; 16_000]);
    assert!(matches!(moonshine.recognise(&audio, &hints), Err(RecogniseError::Aborted)));
    assert!(matches!(moonshine.recognise(&audio, &Hints::free(Language::ZH)), Err(RecogniseError::Language { .. })));
}

#[test]
fn a_file_that_is_no_network_is_an_error() {
    let Some(paths) = common::moonshine() else { return };
    let folder = tempfile::tempdir().expect("temporary folders can be made");
    let wrong = folder.path().join("wrong.ort");
    fs::write(&wrong, b"no network").expect("it can be written");
    for broken in [
        MoonshinePaths { encoder: wrong.clone(), ..paths.clone() },
        MoonshinePaths { decoder: wrong.clone(), ..paths.clone() },
        MoonshinePaths { decoder: paths.encoder.clone(), ..paths.clone() },
        MoonshinePaths { tokenizer: wrong.clone(), ..paths.clone() },
    ] {
        let error = Moonshine::load(&broken).err().expect("one file is wrong");
        assert!(matches!(error, LoadError::Invalid { .. }), "{error}");
    }
    let missing = MoonshinePaths { tokenizer: folder.path().join("none"), ..paths };
    assert!(matches!(Moonshine::load(&missing), Err(LoadError::Unreadable { .. })));
}

#[test]
fn real_people_are_understood() {
    let (Some(mut moonshine), Some(speech)) = (load(), common::shared("speech")) else { return };
    let manifest = fs::read_to_string(speech.join("manifest.jsonl")).expect("it lies beside the recordings");
    let mut tally = Tally::default();
    let wanted = |file: &str| file.starts_with("en_digits/") && (file.contains("-00-") || file.contains("-02-"));
    for line in manifest.lines() {
        let item: serde_json::Value = serde_json::from_str(line).expect("the manifest is JSON");
        let file = item["file"].as_str().unwrap_or_default();
        if let Some(digits) = item["digits"].as_str().filter(|_| wanted(file)) {
            let audio: Pcm16k = wav::read(speech.join(file)).expect("it is a recording");
            let hints = free().with_grammar(Grammar::Digits { min: 1, max: 0 });
            tally.add_digits(digits, &moonshine.recognise(&audio, &hints).expect("it runs").text);
        }
    }
    let error = tally.digit_error().expect("the manifest has digit strings");
    assert!(error < 0.1, "{tally:?}");
}
