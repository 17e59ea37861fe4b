//! Ten minutes in which nobody speaks: silence, noise of lines and rooms, breath, music. Nothing may be heard in any of it.

mod common;

use std::f64::consts::TAU;
use std::time::Duration;

use audio::resample::resample;
use audio::telephone::{Conditions, Noise, to_telephone, white};
use audio::{Pcm16k, tone};
use models::{Form, Grammar, Hints, Language, Moonshine, Recogniser};

const RATE: f64 = 16_000.0;

/// Seeded: the same sounds each time.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn sound(seconds: f64, mut sample: impl FnMut(f64) -> f64) -> Pcm16k {
    let samples = (0..(seconds * RATE) as usize).map(|n| (sample(n as f64 / RATE) * 32_767.0) as i16);
    Pcm16k::new(samples.collect())
}

/// Chords that swell and fade, a new one each half second, with a melody above them: a waiting loop.
fn music(seconds: f64, seed: u64) -> Pcm16k {
    let mut random = Random(seed);
    let chords = (seconds * 2.0) as usize + 1;
    let scale = [0, 2, 4, 5, 7, 9, 11];
    let notes: Vec<[f64; 4]> = (0..chords)
        .map(|_| {
            std::array::from_fn(|voice| {
                let note = scale[(random.unit() * 7.0) as usize] + 12 * (3 + voice as i32);
                440.0 * (f64::from(note - 57) / 12.0).exp2()
            })
        })
        .collect();
    let level = 0.02 + 0.08 * random.unit();
    let decay = 1.0 + 4.0 * random.unit();
    sound(seconds, |t| {
        let chord = &notes[(t * 2.0) as usize];
        let since = (t * 2.0).fract() / 2.0;
        let swell = (since / 0.02).min(1.0) * (-decay * since).exp();
        level * swell * chord.iter().map(|hz| (TAU * hz * t).sin() + 0.4 * (2.0 * TAU * hz * t).sin()).sum::<f64>()
    })
}

/// Noise that rises and falls as breath does.
fn breath(seconds: f64, seed: u64) -> Pcm16k {
    let mut random = Random(seed);
    let (pace, level, smooth) = (0.2 + 0.3 * random.unit(), 0.01 + 0.05 * random.unit(), 0.3 + 0.6 * random.unit());
    let mut low = 0.0;
    sound(seconds, |t| {
        low += smooth * (random.unit() * 2.0 - 1.0 - low);
        level * low * (TAU * pace * t).sin().max(0.0).powi(2)
    })
}

/// Clicks and crackle of a bad contact.
fn crackle(seconds: f64, seed: u64) -> Pcm16k {
    let mut random = Random(seed);
    let mut ring = 0.0;
    sound(seconds, |_| {
        if random.unit() < 0.001 {
            ring = random.unit() - 0.5;
        }
        ring *= -0.8;
        0.3 * ring
    })
}

/// Pieces as long as turns, of every kind.
fn ten_minutes() -> Vec<(&'static str, Pcm16k)> {
    let mut random = Random(11);
    let mut pieces: Vec<(&str, Pcm16k)> = Vec::new();
    let mut total = Duration::ZERO;
    let mut seed = 0;
    while total < Duration::from_secs(600) {
        seed += 1;
        let seconds = 0.5 + 4.5 * random.unit();
        let line = Conditions { seed, ..Conditions::default() };
        let quiet = Pcm16k::silence(Duration::from_secs_f64(seconds));
        let noise = |level: f64| {
            let noise: Pcm16k = white(quiet.len(), seed);
            Pcm16k::new(noise.samples().iter().map(|s| (f64::from(*s) * level) as i16).collect())
        };
        let hum = Conditions { noise: Noise::Hum, noise_snr_db: Some(10.0), ..line };
        let piece = match seed % 8 {
            0 => ("silence", quiet),
            1 => ("faint noise", noise(0.02)),
            2 => ("noise", to_telephone(&noise(0.3 + random.unit()), line)),
            3 => ("hum", to_telephone(&noise(0.05), hum)),
            4 => ("breath", to_telephone(&breath(seconds, seed), line)),
            5 => ("crackle", to_telephone(&crackle(seconds, seed), line)),
            6 => ("ringing", resample(&tone::ringback()).slice(Duration::ZERO, Duration::from_secs_f64(seconds))),
            _ => ("music", to_telephone(&music(seconds, seed), line)),
        };
        total += piece.1.duration();
        pieces.push(piece);
    }
    pieces
}

#[test]
fn nothing_is_heard_in_ten_minutes_of_silence_noise_and_music() {
    let Some(paths) = common::moonshine() else { return };
    let mut moonshine = Moonshine::load(&paths).expect("the store checked its files");
    let expected = [
        Grammar::Free,
        Grammar::List(vec!["opening hours".to_owned(), "repair".to_owned(), "flat white".to_owned()]),
        Grammar::Digits { min: 4, max: 10 },
        Grammar::Phrases(vec!["yes".to_owned(), "no".to_owned()]),
        Grammar::Characters(Form::single()),
        Grammar::Characters(Form::any(4, 8)),
    ];
    let mut invented = Vec::new();
    for (number, (kind, piece)) in ten_minutes().into_iter().enumerate() {
        // Free text for all of it, since anything could be read into it; the grammars take turns.
        for grammar in [&expected[0], &expected[1 + number % (expected.len() - 1)]] {
            let hints = Hints::free(Language::EN).with_grammar(grammar.clone());
            let heard = moonshine.recognise(&piece, &hints).expect("it runs");
            if !heard.no_speech {
                invented.push(format!(
                    "{kind} of {:?}: {:?} under {grammar:?}, {}",
                    piece.duration(),
                    heard.text,
                    heard.confidence
                ));
            }
        }
    }
    assert!(invented.is_empty(), "{} times:\n{}", invented.len(), invented.join("\n"));
}
