//! Which recogniser hears which language, and putting another in its place while calls go on. A call keeps the recognisers that it began
//! with; the next one has the new ones, and the old are let go with the last call that uses them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use models::manifest::{DEFAULT_ENGLISH, Engine, Kind};
use models::speed::{Candidate, Speed, Speeds, by_accuracy, measure};
use models::{Language, Moonshine, MoonshinePaths, Recogniser, Store, Whisper};

use super::prepare::{self, PrepareError};
use crate::config::Config;
use crate::listen::Recognisers;
use crate::speak::Speaker;

/// The value of `speech.en` and `speech.zh` that leaves the choice to this module.
const AUTO: &str = "auto";

/// The configuration with `auto` replaced by what it means on this machine now: the most accurate model that is here, is whole, and
/// recognises a sentence before its speaker wonders. With `may_measure`, a model whose speed is not known is tried; that can take
/// seconds, so not where somebody waits.
pub fn resolved(config: &Config, may_measure: bool) -> Config {
    let mut resolved = config.clone();
    let value = |written: &String, language: Language| match written.as_str() {
        AUTO => choose(config.models_dir.as_deref(), &language, may_measure),
        _ => written.clone(),
    };
    resolved.speech_en = value(&config.speech_en, Language::EN);
    resolved.speech_zh = value(&config.speech_zh, Language::ZH);
    resolved
}

fn choose(models_dir: Option<&Path>, language: &Language, may_measure: bool) -> String {
    // English always has a name, so that what is missing is said with its cure; other languages go on with keys.
    let fallback = if language.same_language(&Language::EN) { DEFAULT_ENGLISH } else { "" };
    let Ok(store) = Store::open(models_dir) else { return fallback.to_owned() };
    let mut speeds = Speeds::load(store.folder());
    for candidate in by_accuracy(&candidates(&store), language) {
        if !candidate.whisper {
            return candidate.id.to_owned();
        }
        match usable(&store, &candidate, &mut speeds, may_measure) {
            Ok(()) => return format!("whisper:{}", candidate.file.display()),
            Err(why) => tracing::warn!(model = candidate.id, %language, "passed over: {why}"),
        }
    }
    fallback.to_owned()
}

/// The recognisers that are here, by what their files look like.
pub fn candidates(store: &Store) -> Vec<Candidate> {
    let known = models::manifest::builtin();
    let recognisers = known.into_iter().filter(|entry| entry.kind == Kind::Recogniser);
    recognisers
        .filter_map(|entry| {
            let mut paths = store.paths_at_a_glance(entry.id)?;
            let whisper = entry.engine == Engine::Whisper;
            let file = paths.remove(if whisper { "model" } else { "encoder" })?;
            let size = std::fs::metadata(&file).ok()?.len();
            let english_only = if whisper { knows_english_only(&file) } else { true };
            Some(Candidate { id: entry.id, file, whisper, english_only, size })
        })
        .collect()
}

/// Whether a ggml file's vocabulary is that of the English models: one token less than that of the others.
fn knows_english_only(file: &Path) -> bool {
    use std::io::Read;
    let mut begin = [0; 8];
    let read = std::fs::File::open(file).and_then(|mut file| file.read_exact(&mut begin));
    read.is_ok() && i32::from_le_bytes([begin[4], begin[5], begin[6], begin[7]]) == 51_864
}

fn usable(store: &Store, candidate: &Candidate, speeds: &mut Speeds, may_measure: bool) -> Result<(), String> {
    models::whisper::check_file(&candidate.file)
        .map_err(|error| format!("{error}; get it again with: hotline models pull {}", candidate.id))?;
    let speed = match speeds.of(&candidate.file) {
        Some(speed) => speed,
        None if !may_measure => return Ok(()),
        None => {
            if let Some(free) = free_memory().filter(|free| *free < candidate.size * 2) {
                return Err(format!(
                    "it needs about {} MB of memory, and {} MB are free",
                    candidate.size / 500_000,
                    free / 1_000_000
                ));
            }
            let speed = speed_of(store, candidate)?;
            if let Err(error) = speeds.set(&candidate.file, speed) {
                tracing::warn!(%error, "the speed of a model could not be kept, and is measured again at the next start");
            }
            speed
        }
    };
    if speed.is_conversational() {
        return Ok(());
    }
    Err(format!(
        "it takes {:.1} s here for a sentence of 3 s, and callers wait no longer than 0.8 s",
        speed.cpu_seconds
    ))
}

/// Loads a recogniser and measures it.
pub fn speed_of(store: &Store, candidate: &Candidate) -> Result<Speed, String> {
    let mut recogniser: Box<dyn Recogniser> = if candidate.whisper {
        Box::new(Whisper::load(&candidate.file).map_err(|error| error.to_string())?)
    } else {
        let paths = store.paths(candidate.id).map_err(|error| error.to_string())?;
        let paths = MoonshinePaths::from_roles(&paths).ok_or("its files are not those of a recogniser")?;
        Box::new(Moonshine::load(&paths).map_err(|error| error.to_string())?)
    };
    measure(&mut *recogniser).map_err(|error| error.to_string())
}

/// Memory that programs can have, in bytes.
fn free_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kb| kb * 1_024)
}

/// Puts recognisers and voices in place of those in force.
#[derive(Clone)]
pub struct Speech {
    in_force: Arc<RwLock<InForce>>,
    voices: Speaker,
    /// One change at a time.
    changing: Arc<tokio::sync::Mutex<()>>,
}

struct InForce {
    recognisers: Recognisers,
    /// What hears English and Chinese, as resolved.
    values: [String; 2],
}

impl Speech {
    pub(super) fn new(recognisers: Recognisers, resolved: &Config, voices: Speaker) -> Self {
        let values = [resolved.speech_en.clone(), resolved.speech_zh.clone()];
        Self { in_force: Arc::new(RwLock::new(InForce { recognisers, values })), voices, changing: Arc::default() }
    }

    /// What the next call gets.
    pub fn recognisers(&self) -> Recognisers {
        self.in_force.read().unwrap_or_else(PoisonError::into_inner).recognisers.clone()
    }

    /// What hears English and Chinese now; empty: keys only.
    pub fn values(&self) -> [String; 2] {
        self.in_force.read().unwrap_or_else(PoisonError::into_inner).values.clone()
    }

    /// Loads what this configuration means now and puts it in force; `force` also when it is what is in force by name, as a file may
    /// have been replaced. On an error everything stays as it is. Returns whether something changed.
    pub async fn reload(&self, config: &Config, force: bool) -> Result<bool, PrepareError> {
        let _one = self.changing.lock().await;
        let (config, before) = (config.clone(), self.values());
        let load = move || -> Result<Option<(Recognisers, [String; 2])>, PrepareError> {
            let resolved = resolved(&config, true);
            let values = [resolved.speech_en.clone(), resolved.speech_zh.clone()];
            if !force && values == before {
                return Ok(None);
            }
            Ok(Some((prepare::recognisers(&resolved)?, values)))
        };
        let loaded = tokio::task::spawn_blocking(load).await;
        let Some((recognisers, values)) = loaded.map_err(|stopped| PrepareError::Stopped(stopped.to_string()))?? else {
            return Ok(false);
        };
        tracing::info!(english = values[0], chinese = values[1], "speech is recognised by these from the next call on");
        *self.in_force.write().unwrap_or_else(PoisonError::into_inner) = InForce { recognisers, values };
        Ok(true)
    }

    /// Gives each language the voice that this configuration names. On an error the voices stay.
    pub async fn reload_voices(&self, config: &Config) -> Result<(), PrepareError> {
        let _one = self.changing.lock().await;
        let (config, speaker) = (config.clone(), self.voices.clone());
        let load = move || prepare::set_voices(&speaker, &config, &[]);
        let loaded = tokio::task::spawn_blocking(load).await;
        loaded.map_err(|stopped| PrepareError::Stopped(stopped.to_string()))?
    }
}

/// Changes when a model, or a file that the configuration names, appears, goes or is replaced.
pub fn fingerprint(config: &Config) -> Vec<(PathBuf, u64, Option<SystemTime>)> {
    let mut found = Store::open(config.models_dir.as_deref()).map(|store| store.fingerprint()).unwrap_or_default();
    for value in [&config.speech_en, &config.speech_zh] {
        if let Some(file) = value.strip_prefix("whisper:")
            && let Ok(data) = std::fs::metadata(file)
        {
            found.push((file.into(), data.len(), data.modified().ok()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(folder: &Path) -> Config {
        Config { models_dir: Some(folder.to_owned()), ..Config::default() }
    }

    fn place(folder: &Path, id: &str, name: &str, contents: &[u8]) -> PathBuf {
        let path = folder.join(id).join(if id == "whisper" { "own" } else { "ggml" }).join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, contents).expect("a file");
        path
    }

    #[test]
    fn without_a_model_english_names_the_one_to_pull_and_chinese_goes_on_with_keys() {
        let folder = tempfile::tempdir().expect("a folder");
        let resolved = resolved(&config(folder.path()), true);
        assert_eq!((resolved.speech_en.as_str(), resolved.speech_zh.as_str()), (DEFAULT_ENGLISH, ""));
    }

    #[test]
    fn a_truncated_model_is_passed_over() {
        let folder = tempfile::tempdir().expect("a folder");
        place(folder.path(), "whisper", "ggml-model.bin", b"lmgg\x98\xca\0\0");
        let resolved = resolved(&config(folder.path()), true);
        assert_eq!((resolved.speech_en.as_str(), resolved.speech_zh.as_str()), (DEFAULT_ENGLISH, ""));
    }

    #[test]
    fn what_is_written_by_name_is_left_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = Config { speech_en: String::new(), speech_zh: "whisper:/a.bin".into(), ..config(folder.path()) };
        let resolved = resolved(&config, true);
        assert_eq!((resolved.speech_en.as_str(), resolved.speech_zh.as_str()), ("", "whisper:/a.bin"));
    }

    #[test]
    fn a_model_that_appears_changes_the_fingerprint() {
        let folder = tempfile::tempdir().expect("a folder");
        let before = fingerprint(&config(folder.path()));
        place(folder.path(), "whisper-base", "ggml-base.bin", b"something");
        assert_ne!(fingerprint(&config(folder.path())), before);
    }

    #[tokio::test]
    async fn a_model_that_appears_hears_the_next_call_and_one_that_breaks_later_changes_nothing() {
        let shared = std::env::var_os("HOTLINE_SHARED").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
        let Ok(model) = std::fs::read(shared.join("models/whisper-nano-random.bin")) else {
            return println!("skipped: there is no model of a few kilobytes in ../shared (HOTLINE_SHARED)");
        };
        let folder = tempfile::tempdir().expect("a folder");
        let none = Config { speech_en: String::new(), speech_zh: String::new(), ..config(folder.path()) };
        let speech = Speech::new(Recognisers::default(), &none, Speaker::new());
        let of_a_call = speech.recognisers();
        let file = place(folder.path(), "whisper", "ggml-model.bin", &model);
        assert!(speech.reload(&config(folder.path()), false).await.expect("it loads"));
        assert_eq!(speech.values()[0], format!("whisper:{}", std::fs::canonicalize(&file).expect("a file").display()));
        assert!(speech.recognisers().hear(intent::Language::English));
        assert!(!of_a_call.hear(intent::Language::English), "a call keeps what it began with");

        std::fs::write(&file, &model[..model.len() / 2]).expect("a file");
        assert!(speech.reload(&config(folder.path()), true).await.is_err());
        assert!(speech.recognisers().hear(intent::Language::English), "what is in force stays");
    }

    #[tokio::test]
    async fn a_reload_that_fails_changes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let none = Config { speech_en: String::new(), speech_zh: String::new(), ..config(folder.path()) };
        let speech = Speech::new(Recognisers::default(), &none, Speaker::new());
        let broken = Config { speech_zh: "whisper:/no/such/model.bin".into(), ..none.clone() };
        assert!(speech.reload(&broken, true).await.is_err());
        assert_eq!(speech.values(), [String::new(), String::new()]);
        assert!(!speech.reload(&none, false).await.expect("nothing to load"));
    }
}
