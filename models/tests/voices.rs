//! The voices really speak: sound comes out, at the right rate, without silence around it.

use std::thread;
use std::time::Duration;

use models::{EspeakNg, Flite, FliteVoice, Language, Voice, VoiceError};

#[test]
fn every_flite_voice_speaks_audibly_and_begins_at_once() {
    for which in FliteVoice::ALL {
        let audio = Flite::new(which).speak("Welcome to the bicycle shop.").expect("flite speaks");
        let seconds = audio.duration().as_secs_f32();
        assert!((0.8..4.0).contains(&seconds), "{which:?} took {seconds} s");
        let loud = audio.samples().iter().position(|s| s.unsigned_abs() > 160).expect("it is audible");
        assert!(loud <= 240, "{which:?} is silent for {loud} samples");
    }
}

#[test]
fn flite_can_be_asked_from_many_threads_at_once() {
    let spoken: Vec<Duration> = thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|n| {
                let voice = if n % 2 == 0 { FliteVoice::Rms } else { FliteVoice::Slt };
                scope.spawn(move || Flite::new(voice).speak("One moment please.").expect("flite speaks").duration())
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no thread panics")).collect()
    });
    // The voices mix in noise that differs each time, so the samples do too; the length hardly.
    let alike = |a: Duration, b: Duration| a.abs_diff(b) < Duration::from_millis(30);
    assert!(alike(spoken[0], spoken[2]) && alike(spoken[1], spoken[3]), "{spoken:?}");
}

#[test]
fn a_text_without_words_or_without_end_is_an_error() {
    let voice = Flite::new(FliteVoice::Rms);
    for text in ["", "  \n", "...!", "\0", "你好"] {
        assert!(matches!(voice.speak(text), Err(VoiceError::Empty { .. })), "{text:?}");
    }
    assert!(matches!(voice.speak(&"word ".repeat(2_000)), Err(VoiceError::TooLong { .. })));
}

#[test]
fn strange_text_is_spoken_without_harm() {
    let voice = Flite::new(FliteVoice::Rms);
    for text in ["Café — “quoted” £5", "a\0b", "http://x/?a=b&c=%20", "-v --help", "<s>x</s>", "9999999999999999999"]
    {
        voice.speak(text).expect("it has words");
    }
}

#[test]
fn mandarin_is_spoken_by_espeak() {
    let voice = match EspeakNg::new(Language::ZH) {
        Err(VoiceError::NotInstalled { .. }) => return println!("skipped: espeak-ng is not installed"),
        voice => voice.expect("espeak-ng runs"),
    };
    let audio = voice.speak("您好，请问有什么可以帮您？$(reboot) `x`").expect("it speaks");
    assert!(audio.duration() > Duration::from_secs(1));
    assert!(matches!(voice.speak("。"), Err(VoiceError::Empty { .. })));
}

#[test]
fn a_language_that_espeak_lacks_is_an_error() {
    match EspeakNg::new(Language::new("xx-nowhere")) {
        Err(VoiceError::NotInstalled { .. }) => println!("skipped: espeak-ng is not installed"),
        Err(VoiceError::Engine { reason, .. }) => assert!(!reason.is_empty()),
        other => panic!("{other:?}"),
    }
}
