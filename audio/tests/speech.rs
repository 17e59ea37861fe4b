//! Real speech through voice activity and endpointing. The recordings are no part of the project: they are looked for
//! in `$HOTLINE_SHARED` or in `../shared` beside the workspace.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use audio::dtmf::KeyDetector;
use audio::endpoint::{EndReason, Endpoint, Endpointer, TurnProfile};
use audio::telephone::{Conditions, to_telephone_8k};
use audio::vad::{SPEECH, VoiceActivity};
use audio::{FRAME, Pcm8k, Pcm16k, wav};

/// The recordings of one folder, at telephone rate and with room to fall silent; nothing when they are not here.
fn recordings(folder: &str) -> Vec<(String, Pcm8k)> {
    let shared = std::env::var_os("HOTLINE_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")), PathBuf::from);
    let folder = shared.join("speech").join(folder);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!("skipped: no recordings in {}", folder.display());
        return Vec::new();
    };
    let paths = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "wav"));
    let mut all: Vec<(String, Pcm8k)> = paths
        .map(|path| {
            let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            let mut audio = Pcm8k::silence(Duration::from_millis(300));
            audio.append(&wav::read(&path).unwrap_or_else(|error| panic!("{error}")));
            audio.append(&Pcm8k::silence(Duration::from_secs(2)));
            (name, to_telephone_8k(&audio, Conditions::default()))
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

/// The frames within 30 dB of the loudest one: where the speech is, in clean recordings.
fn active(audio: &Pcm8k) -> Vec<bool> {
    let levels: Vec<f32> =
        audio.samples().as_chunks::<160>().0.iter().map(|f| Pcm8k::new(f.to_vec()).level_dbov()).collect();
    let loudest = levels.iter().copied().fold(-127.0, f32::max);
    levels.into_iter().map(|level| level > loudest - 30.0).collect()
}

struct Heard {
    turns: usize,
    speculations: usize,
    resumed: usize,
    too_long: usize,
    /// From the last active frame to the end of the last turn.
    end_delay: Option<Duration>,
}

fn listen(audio: &Pcm8k, profile: TurnProfile) -> Heard {
    let mut vad = VoiceActivity::new();
    let mut endpointer = Endpointer::new(profile);
    let mut heard = Heard { turns: 0, speculations: 0, resumed: 0, too_long: 0, end_delay: None };
    let last_active = active(audio).iter().rposition(|&active| active).unwrap_or(0);
    for (at, frame) in audio.samples().as_chunks().0.iter().enumerate() {
        match endpointer.push(vad.push(frame)) {
            Some(Endpoint::Started) => heard.turns += 1,
            Some(Endpoint::Speculate) => heard.speculations += 1,
            Some(Endpoint::Resumed) => heard.resumed += 1,
            Some(Endpoint::Ended { reason }) => {
                heard.too_long += usize::from(reason == EndReason::MaxLength);
                heard.end_delay = (at > last_active).then(|| FRAME * (at - last_active) as u32);
            }
            None => {}
        }
    }
    assert!(!endpointer.in_speech(), "two seconds of silence end any turn");
    heard
}

#[test]
fn voice_activity_follows_real_speech() {
    let recordings = recordings("en_read");
    let (mut hits, mut misses, mut silent, mut false_alarms) = (0, 0, 0, 0);
    for (_, audio) in &recordings {
        let mut vad = VoiceActivity::new();
        let frames = audio.samples().as_chunks().0;
        let active = active(audio);
        for (at, frame) in frames.iter().enumerate() {
            let voiced = vad.push(frame) >= SPEECH;
            match (active[at], voiced) {
                (true, true) => hits += 1,
                (true, false) => misses += 1,
                _ => {}
            }
            // The last second is digital silence, and what the detector remembers is long past.
            if at + 50 >= frames.len() {
                silent += 1;
                false_alarms += usize::from(voiced);
            }
        }
    }
    if recordings.is_empty() {
        return;
    }
    let found = f64::from(hits) / f64::from(hits + misses);
    println!(
        "{} recordings: {:.1} % of active frames voiced, {false_alarms} of {silent} silent frames",
        recordings.len(),
        found * 100.0
    );
    assert!(found > 0.85);
    assert_eq!(false_alarms, 0);
}

#[test]
fn every_reader_is_heard_and_most_of_them_in_one_turn() {
    for (name, profile) in
        [("menu", TurnProfile::menu()), ("free", TurnProfile::free()), ("digits", TurnProfile::digits())]
    {
        let recordings = recordings("en_read");
        if recordings.is_empty() {
            return;
        }
        let mut turns: BTreeMap<usize, usize> = BTreeMap::new();
        let (mut speculations, mut resumed, mut too_long) = (0, 0, 0);
        let mut delays = Vec::new();
        for (file, audio) in &recordings {
            let heard = listen(audio, profile);
            assert!(heard.turns > 0, "{file} was not heard at all");
            *turns.entry(heard.turns).or_default() += 1;
            speculations += heard.speculations;
            resumed += heard.resumed;
            too_long += heard.too_long;
            delays.extend(heard.end_delay);
        }
        delays.sort();
        let cut_in = recordings.len() - turns.get(&1).copied().unwrap_or(0);
        println!(
            "{name}: {} recordings, {cut_in} cut into ({:.1} %), turns {turns:?}, {too_long} too long; end after the last active frame p50 {:?} p95 {:?}; {speculations} speculations, {resumed} taken back",
            recordings.len(),
            cut_in as f64 * 100.0 / recordings.len() as f64,
            delays[delays.len() / 2],
            delays[delays.len() * 95 / 100],
        );
        let median = delays[delays.len() / 2];
        assert!(median >= profile.end_silence.saturating_sub(FRAME * 10) && median <= profile.end_silence + FRAME * 10);
        // Read literature has pauses of a second between clauses; nobody should be patient enough to bridge them all.
        if name != "menu" {
            assert!(cut_in * 3 <= recordings.len());
        }
    }
}

#[test]
fn single_letters_and_digits_are_heard_as_one_turn() {
    let recordings = recordings("en_alnum");
    if recordings.is_empty() {
        return;
    }
    let turns: Vec<usize> = recordings.iter().map(|(_, audio)| listen(audio, TurnProfile::menu()).turns).collect();
    let one = turns.iter().filter(|&&turns| turns == 1).count();
    let none = turns.iter().filter(|&&turns| turns == 0).count();
    println!("{} single letters and digits: {one} in one turn, {none} not heard", turns.len());
    assert!(one * 10 >= turns.len() * 8);
}

#[test]
fn spoken_digit_strings_are_mostly_one_turn() {
    let recordings = recordings("en_digits");
    if recordings.is_empty() {
        return;
    }
    let turns: Vec<usize> = recordings.iter().map(|(_, audio)| listen(audio, TurnProfile::digits()).turns).collect();
    let one = turns.iter().filter(|&&turns| turns == 1).count();
    println!("{} digit strings: {one} in one turn", turns.len());
    assert!(one * 10 >= turns.len() * 8);
}

#[test]
fn a_recording_survives_the_trip_to_sixteen_kilohertz_and_back() {
    for (name, audio) in recordings("en_tel").into_iter().take(5) {
        let up: Pcm16k = audio::resample::resample(&audio);
        let back: Pcm8k = audio::resample::resample(&up);
        let found = audio::similarity::best_match(&audio, &back);
        assert!(found.at.is_zero() && found.correlation > 0.999, "{name}: {found:?}");
    }
}

/// Speech holds moments that sound like keys; a detector for telephones must not take them for any.
#[test]
fn speech_presses_no_keys() {
    let (mut seconds, mut keys) = (0.0, Vec::new());
    for folder in ["en_read", "en_tel", "en_alnum", "en_digits", "en_digits_real", "en_intent", "zh_read"] {
        for (name, audio) in recordings(folder) {
            let mut detector = KeyDetector::new();
            seconds += audio.duration().as_secs_f64();
            let pressed = audio.samples().as_chunks().0.iter().filter_map(|frame| detector.push(frame));
            keys.extend(pressed.map(|key| format!("{name}: {key}")));
        }
    }
    println!("{} keys in {:.1} minutes of speech: {keys:?}", keys.len(), seconds / 60.0);
    assert!(keys.is_empty(), "{keys:?}");
}
