//! How fast a recogniser is on this machine: the processor time that it takes for one sentence, as that decides whether a caller waits.
//! Measured once per model, kept beside the models, and forgotten when the models move to another machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::Duration;

use audio::Pcm16k;
use serde::{Deserialize, Serialize};

use crate::recogniser::{Hints, RecogniseError, Recogniser};
use crate::voice::{Flite, FliteVoice, Voice};
use crate::{Language, StoreError};

/// How long the sentence is that is measured.
pub const SENTENCE: Duration = Duration::from_secs(3);
/// A caller who has spoken such a sentence waits no longer than this for its words; more, and people ask "hello?".
pub const CONVERSATIONAL: Duration = Duration::from_millis(800);
/// What takes longer than this is not waited for: it is too slow, whatever it takes.
const PATIENCE: Duration = Duration::from_secs(15);
const FILE: &str = "speed.json";

/// What one sentence costs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Speed {
    /// Processor time for a sentence of three seconds, in seconds.
    pub cpu_seconds: f64,
}

impl Speed {
    /// Whether a caller can be answered in time.
    pub fn is_conversational(self) -> bool {
        self.cpu_seconds <= CONVERSATIONAL.as_secs_f64()
    }

    /// Processor time per second of speech.
    pub fn factor(self) -> f64 {
        self.cpu_seconds / SENTENCE.as_secs_f64()
    }
}

/// Measures a recogniser: the better of two sentences, as the first also warms it up. Stops after a quarter of a minute.
pub fn measure(recogniser: &mut dyn Recogniser) -> Result<Speed, RecogniseError> {
    let sound = sentence();
    let mut best = f64::INFINITY;
    for _ in 0..2 {
        let hints = Hints::free(Language::EN);
        let abort = hints.abort.clone();
        let (done, over) = mpsc::channel::<()>();
        let guard = std::thread::spawn(move || {
            if over.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                abort.store(true, Ordering::Relaxed);
            }
        });
        let before = thread_seconds();
        let result = recogniser.recognise(&sound, &hints);
        let took = thread_seconds() - before;
        drop(done);
        let _ = guard.join();
        match result {
            Ok(_) => best = best.min(took),
            Err(RecogniseError::Aborted) => return Ok(Speed { cpu_seconds: took.max(PATIENCE.as_secs_f64()) }),
            Err(error) => return Err(error),
        }
        if best > CONVERSATIONAL.as_secs_f64() * 4.0 {
            break;
        }
    }
    Ok(Speed { cpu_seconds: best })
}

/// Three seconds of speech.
fn sentence() -> Pcm16k {
    let spoken =
        Flite::new(FliteVoice::Slt).speak("Hello, I would like to know where my order is, please. It has four digits.");
    let mut samples = spoken.map(|sound| sound.samples().to_vec()).unwrap_or_default();
    samples.resize(Pcm16k::samples_in(SENTENCE), 0);
    Pcm16k::new(samples)
}

/// Processor time of this thread.
fn thread_seconds() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: clock_gettime fills the struct it is given.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// What was measured on this machine.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Speeds {
    machine: String,
    models: BTreeMap<String, Speed>,
    #[serde(skip)]
    path: PathBuf,
}

impl Speeds {
    /// What is kept in a folder of models; nothing when it was measured elsewhere.
    pub fn load(folder: &Path) -> Self {
        let path = folder.join(FILE);
        let machine = machine();
        let kept = fs::read(&path).ok().and_then(|text| serde_json::from_slice::<Speeds>(&text).ok());
        match kept.filter(|kept| kept.machine == machine) {
            Some(kept) => Speeds { path, ..kept },
            None => Speeds { machine, models: BTreeMap::new(), path },
        }
    }

    /// What a model's file costs. Another file of the same name has not been measured.
    pub fn of(&self, file: &Path) -> Option<Speed> {
        self.models.get(&key(file)?).copied()
    }

    /// Keeps a measurement.
    pub fn set(&mut self, file: &Path, speed: Speed) -> Result<(), StoreError> {
        if let Some(key) = key(file) {
            self.models.insert(key, speed);
        }
        let text = serde_json::to_vec_pretty(self).unwrap_or_default();
        let part = self.path.with_extension("part");
        fs::write(&part, text).map_err(|error| StoreError::io("write", &part, error))?;
        fs::rename(&part, &self.path).map_err(|error| StoreError::io("rename", &self.path, error))
    }
}

fn key(file: &Path) -> Option<String> {
    let size = fs::metadata(file).ok()?.len();
    Some(format!("{} {size}", file.display()))
}

/// The processor's name and the number of its cores.
fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    format!("{} x{cores}", name.trim_start_matches([' ', '\t', ':']))
}

/// A recogniser that could be used.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its id in the manifest.
    pub id: &'static str,
    /// The file that decides its speed.
    pub file: PathBuf,
    /// Whether it is a Whisper model.
    pub whisper: bool,
    /// Whether it knows English only.
    pub english_only: bool,
    /// Its size in bytes.
    pub size: u64,
}

/// The candidates for a language, the most accurate first: any Whisper before Moonshine, the larger before the smaller, and of two alike
/// the one that knows nothing but English, for English.
pub fn by_accuracy(candidates: &[Candidate], language: &Language) -> Vec<Candidate> {
    let english = language.same_language(&Language::EN);
    let mut fit: Vec<Candidate> = candidates
        .iter()
        .filter(|candidate| english || (candidate.whisper && !candidate.english_only))
        .cloned()
        .collect();
    fit.sort_by_key(|candidate| {
        let about = candidate.size / 10_000_000;
        std::cmp::Reverse((candidate.whisper, about, candidate.english_only, candidate.size))
    });
    fit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recogniser::Recognition;

    struct Busy(Duration);

    impl Recogniser for Busy {
        fn name(&self) -> &str {
            "busy"
        }

        fn recognise(&mut self, audio: &Pcm16k, _: &Hints) -> Result<Recognition, RecogniseError> {
            assert_eq!(audio.duration(), SENTENCE);
            let until = thread_seconds() + self.0.as_secs_f64();
            while thread_seconds() < until {}
            Ok(Recognition::silence("busy"))
        }
    }

    #[test]
    fn what_is_measured_is_the_processor_time_of_one_sentence() {
        let speed = measure(&mut Busy(Duration::from_millis(30))).expect("it recognises");
        assert!((0.03..0.3).contains(&speed.cpu_seconds), "{speed:?}");
        assert!(speed.is_conversational() && speed.factor() < 0.1);
        assert!(!Speed { cpu_seconds: 0.9 }.is_conversational());
    }

    #[test]
    fn a_measurement_is_kept_for_that_file_on_that_machine() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("ggml-base.bin");
        fs::write(&file, "12345").expect("a file");
        let mut speeds = Speeds::load(folder.path());
        assert_eq!(speeds.of(&file), None);
        speeds.set(&file, Speed { cpu_seconds: 0.5 }).expect("it is written");
        assert_eq!(Speeds::load(folder.path()).of(&file), Some(Speed { cpu_seconds: 0.5 }));
        fs::write(&file, "another model").expect("a file");
        assert_eq!(Speeds::load(folder.path()).of(&file), None);
        fs::write(folder.path().join(FILE), "{\"machine\": \"another\", \"models\": {}}").expect("a file");
        assert_eq!(Speeds::load(folder.path()).of(&file), None);
        fs::write(folder.path().join(FILE), "no json").expect("a file");
        assert_eq!(Speeds::load(folder.path()).of(&file), None);
    }

    #[test]
    fn the_most_accurate_comes_first_and_only_what_knows_the_language() {
        let candidate =
            |id, whisper, english_only, size| Candidate { id, file: id.into(), whisper, english_only, size };
        let all = [
            candidate("moonshine", false, true, 44_000_000),
            candidate("tiny", true, false, 77_691_713),
            candidate("base", true, false, 147_951_465),
            candidate("base-en", true, true, 147_964_211),
        ];
        let ids = |language| by_accuracy(&all, &language).iter().map(|candidate| candidate.id).collect::<Vec<_>>();
        assert_eq!(ids(Language::EN), ["base-en", "base", "tiny", "moonshine"]);
        assert_eq!(ids(Language::ZH), ["base", "tiny"]);
    }
}
