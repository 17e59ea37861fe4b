//! What must be there before the first call: the flow, recognisers and voices.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use audio::Pcm8k;
use flow::{Flow, Severity};
use intent::Language;
use models::manifest::Engine;
use models::pool::Factory;
use models::{
    EspeakNg, Flite, FliteVoice, LoadError, Moonshine, MoonshinePaths, Piper, Pool, PoolConfig, Recogniser, Voice,
    Whisper,
};
use sip::media::Clip;
use sip::trunk::Target;

use crate::call::Plan;
use crate::channel::{BrowserSettings, IceServers, TurnCredentials};
use crate::chat::{Limits, Patience};
use crate::config::Config;
use crate::event::Personal;
use crate::listen::Recognisers;
use crate::lookup::{Address, Lookup};
use crate::speak::{Speaker, fixed_prompts, melody};
use crate::understand::remote::Remote;

/// The flow that answers when none is configured: an example that every installation can call at once.
const EXAMPLE_FLOW: &str = include_str!("../demo/bicycle-shop.json");

/// Why the service is not ready for calls.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// The flow cannot be read.
    #[error("cannot read the flow {path}: {reason}; check flow.file (HOTLINE_FLOW_FILE)")]
    FlowUnreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
    /// The flow has errors.
    #[error("the flow {path} cannot answer calls:\n{findings}")]
    FlowInvalid {
        /// The file.
        path: PathBuf,
        /// Each finding with its place and its cure.
        findings: String,
    },
    /// The music cannot be read.
    #[error("cannot read the music {path}: {reason}; check call.hold_music (HOTLINE_CALL_HOLD_MUSIC)")]
    Music {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The remote engine cannot be asked like this.
    #[error(
        "understand.remote (HOTLINE_UNDERSTAND_REMOTE) is `{0}`: write an address like https://engine.example.com, or nothing"
    )]
    RemoteAddress(String),
    /// Its token cannot be read.
    #[error(
        "cannot read the token of the remote intent engine in {path}: {reason}; check understand.remote_token (HOTLINE_UNDERSTAND_REMOTE_TOKEN)"
    )]
    RemoteToken {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// What proves browsers to the TURN servers cannot be read.
    #[error("cannot read {path}: {reason}; check {key}")]
    TurnSecret {
        /// The configuration key.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A model is missing or broken.
    #[error("{0}")]
    Models(#[from] models::StoreError),
    /// A model cannot be loaded.
    #[error("{0}")]
    Load(#[from] LoadError),
    /// A recogniser that nobody knows.
    #[error(
        "{key} is `{value}`: expected auto, the name of a recogniser (`hotline models list` shows them) or whisper:FILE"
    )]
    UnknownRecogniser {
        /// The configuration key.
        key: &'static str,
        /// Its value.
        value: String,
    },
    /// The work was cut off.
    #[error("models were not loaded: {0}")]
    Stopped(String),
    /// A voice that nobody knows, or that is not installed.
    #[error("{key} is `{value}`: {reason}")]
    Voice {
        /// The configuration key.
        key: &'static str,
        /// Its value.
        value: String,
        /// What is wrong.
        reason: String,
    },
}

/// All of it.
pub struct Prepared {
    /// Text to meaning, where its model is installed.
    pub encoder: Option<Arc<dyn intent::Encoder>>,
    /// Speech to text.
    pub recognisers: Recognisers,
    /// Text to speech, with the flow's fixed prompts rendered.
    pub voices: Speaker,
    /// What callers on hold hear.
    pub hold_music: Arc<Clip>,
    /// The configuration with the recognisers that were chosen.
    pub resolved: Config,
}

/// Loads and checks everything that the configuration names, for calls that this flow answers.
pub async fn prepare(config: &Config, flow: &Flow) -> Result<Prepared, PrepareError> {
    let wanted = config.clone();
    let config = &stoppable(move || Ok(super::speech::resolved(&wanted, true))).await?;
    let encoder = encoder(config).await?;
    let recognisers = recognisers(config)?;
    warn_of_the_unheard(flow, &recognisers);
    let voices = voices(config, &flow.languages)?;
    let fixed = fixed_prompts(flow).into_iter().map(|prompt| (prompt.text, prompt.language));
    let fixed = fixed.filter(|(_, language)| voices.speaks(*language));
    for failure in voices.prepare(fixed).await {
        tracing::warn!(%failure, "a prompt could not be rendered ahead");
    }
    let hold_music = Arc::new(Clip::new(hold_music(config.call_hold_music.as_deref())?));
    let resolved = config.clone();
    Ok(Prepared { encoder, recognisers, voices, hold_music, resolved })
}

/// The sentence encoder, unless it is switched off or cannot be had; then words alone tell what is meant.
async fn encoder(config: &Config) -> Result<Option<Arc<dyn intent::Encoder>>, PrepareError> {
    if !config.understand_encoder {
        return Ok(None);
    }
    let models_dir = config.models_dir.clone();
    stoppable(move || match super::encoder::sentence_encoder(models_dir.as_deref()) {
        Ok(encoder) => Ok(Some(encoder)),
        Err(error) => {
            tracing::warn!(%error, "no sentence encoder: texts are understood by their words alone; run `hotline models pull`");
            Ok(None)
        }
    })
    .await
}

/// Work that takes a while, where it holds nobody up.
async fn stoppable<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PrepareError> + Send + 'static,
) -> Result<T, PrepareError> {
    tokio::task::spawn_blocking(work).await.map_err(|stopped| PrepareError::Stopped(stopped.to_string()))?
}

fn hold_music(file: Option<&Path>) -> Result<Pcm8k, PrepareError> {
    let Some(file) = file else { return Ok(melody()) };
    audio::wav::read(file).map_err(|error| PrepareError::Music { path: file.into(), reason: error.to_string() })
}

/// Says which languages of a flow nobody here understands.
pub fn warn_of_the_unheard(flow: &Flow, recognisers: &Recognisers) {
    for &language in flow.languages.iter().filter(|&&language| !recognisers.hear(language)) {
        tracing::warn!(%language, "no recogniser for this language: its callers go on with keys");
    }
}

/// Says which of our numbers lead somewhere that is not there; their calls are answered all the same, by the flow.
pub fn warn_of_targets(config: &Config, flow: &Flow, extensions: &[String]) {
    let queues = dial_plan(config, flow).queues;
    for (trunk, did) in config.trunks.iter().flat_map(|trunk| trunk.dids.iter().map(move |did| (&trunk.name, did))) {
        let language = did.language.as_ref().and_then(|code| code.parse::<Language>().ok());
        if let Some(language) = language.filter(|language| !flow.languages.contains(language)) {
            tracing::warn!(
                "trunk.{trunk}.did has calls begin in {language}, which the flow {} does not speak: they begin in {}",
                flow.id,
                flow.default_language()
            );
        }
        match &did.target {
            Target::Flow(name) if *name != flow.id => tracing::warn!(
                "trunk.{trunk}.did leads to flow:{name}, but the flow that answers is {}: publish the other, or write flow:{}",
                flow.id,
                flow.id
            ),
            Target::Queue(name) if !queues.contains(name) => tracing::warn!(
                "trunk.{trunk}.did leads to queue:{name}, which the flow {} does not have; it has {}",
                flow.id,
                queues.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
            ),
            Target::Extension(name) if !extensions.contains(name) => tracing::warn!(
                "trunk.{trunk}.did leads to extension:{name}, which does not exist yet: until it does, the flow answers"
            ),
            _ => {}
        }
    }
}

/// What codes and names mean to the phones of this service while this flow answers.
pub fn dial_plan(config: &Config, flow: &Flow) -> Plan {
    let queue = |block: &flow::Block| block.params.get("queue")?.as_str().map(str::to_owned);
    let queues = flow.blocks.iter().filter_map(queue);
    Plan { park: config.park_code, slots: config.park_slots, queues: queues.collect(), flow: flow.id.clone() }
}

/// How much is taken of visitors who chat.
pub fn chat_limits(config: &Config) -> Limits {
    Limits {
        origins: config.chat_origins.iter().map(|origin| origin.0.clone()).collect(),
        sessions: config.chat_sessions,
        starts: config.chat_starts,
        messages: config.chat_messages,
        longest_text: config.chat_longest_text,
        patience: Patience {
            times: config.chat_patience,
            idle: config.chat_idle_minutes.max(1).saturating_mul(60_000),
        },
    }
}

/// How browsers are taken, if they are.
pub fn browsers(config: &Config) -> Result<Option<BrowserSettings>, PrepareError> {
    let Some(bind) = config.webrtc_bind else { return Ok(None) };
    let secret = |key, path: &Path| {
        let bad = |reason: String| PrepareError::TurnSecret { key, path: path.to_owned(), reason };
        let text = std::fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
        match text.trim() {
            "" => Err(bad("it is empty".to_owned())),
            text => Ok(text.to_owned()),
        }
    };
    let credentials = match (&config.webrtc_turn_secret, &config.webrtc_turn_password) {
        (Some(path), _) => TurnCredentials::Secret(secret("webrtc.turn_secret", path)?),
        (None, Some(path)) => TurnCredentials::Static {
            username: config.webrtc_turn_user.clone(),
            password: secret("webrtc.turn_password", path)?,
        },
        (None, None) => TurnCredentials::None,
    };
    Ok(Some(BrowserSettings {
        bind,
        http: config.http_bind,
        advertised: config.webrtc_advertised.clone(),
        codecs: config.webrtc_codecs.clone(),
        ice_servers: IceServers {
            urls: config.webrtc_ice_servers.iter().map(|server| server.0.clone()).collect(),
            credentials,
        },
        keep: Duration::from_secs(config.webrtc_keep_seconds),
        ring: Duration::from_secs(config.queue_ring_seconds),
        callers: config.webrtc_widget.then_some(config.webrtc_calls),
    }))
}

/// Reads a flow and refuses one with errors; warnings are logged.
pub fn load_flow(file: Option<&Path>) -> Result<Flow, PrepareError> {
    let path = file.map_or_else(|| PathBuf::from("(built-in example)"), Path::to_owned);
    let text = match file {
        Some(file) => std::fs::read_to_string(file)
            .map_err(|reason| PrepareError::FlowUnreadable { path: path.clone(), reason })?,
        None => EXAMPLE_FLOW.to_owned(),
    };
    let listed = |findings: &[flow::Finding]| findings.iter().map(|f| format!("- {f}")).collect::<Vec<_>>().join("\n");
    let invalid =
        |findings: &[flow::Finding]| PrepareError::FlowInvalid { path: path.clone(), findings: listed(findings) };
    let flow = flow::parse(&text).map_err(|findings| invalid(&findings))?;
    let (errors, warnings): (Vec<_>, Vec<_>) =
        flow::validate(&flow).into_iter().partition(|f| f.severity == Severity::Error);
    for warning in &warnings {
        tracing::warn!("flow {}: {warning}", flow.id);
    }
    if errors.is_empty() { Ok(flow) } else { Err(invalid(&errors)) }
}

pub(super) fn recognisers(config: &Config) -> Result<Recognisers, PrepareError> {
    let mut threads = PoolConfig::default();
    if config.models_threads > 0 {
        threads = PoolConfig { threads: config.models_threads, queue_limit: config.models_threads * 32 };
    }
    let wanted = [
        (Language::English, models::Language::EN, "speech.en", &config.speech_en),
        (Language::Chinese, models::Language::ZH, "speech.zh", &config.speech_zh),
    ];
    let mut languages = Vec::new();
    let mut factories = Vec::new();
    for (language, model_language, key, value) in wanted.into_iter().filter(|(.., value)| !value.is_empty()) {
        factories.push((model_language, recogniser(config.models_dir.as_deref(), key, value)?));
        languages.push(language);
    }
    if factories.is_empty() {
        return Ok(Recognisers::default());
    }
    // One pool for all languages: its threads are all the processor time that recognition may take.
    let pool = Arc::new(Pool::start(threads, factories)?);
    Ok(languages.into_iter().fold(Recognisers::default(), |all, language| all.with(language, pool.clone())))
}

/// What makes sessions of the recogniser that a configuration value names.
pub fn recogniser(models_dir: Option<&Path>, key: &'static str, value: &str) -> Result<Factory, PrepareError> {
    if let Some(file) = value.strip_prefix("whisper:") {
        // Loaded once; every session shares the weights.
        let whisper = Whisper::load(Path::new(file))?;
        return Ok(Arc::new(move || Ok(Box::new(whisper.another()?) as Box<dyn Recogniser>)));
    }
    let unknown = || PrepareError::UnknownRecogniser { key, value: value.to_owned() };
    if value == "auto" {
        // Whoever asks for one recogniser by this value has not resolved it; English is what it is asked for.
        return recogniser(models_dir, key, models::manifest::DEFAULT_ENGLISH);
    }
    let store = models::Store::open(models_dir)?;
    let entry = store.entry(value).map_err(|_| unknown())?;
    let engine = entry.engine;
    let roles = store.paths(value)?;
    if engine == Engine::Whisper {
        let file = roles.get("model").ok_or_else(unknown)?;
        return recogniser(models_dir, key, &format!("whisper:{}", file.display()));
    }
    if engine != Engine::Moonshine {
        return Err(unknown());
    }
    let paths = MoonshinePaths::from_roles(&roles).ok_or_else(unknown)?;
    Ok(Arc::new(move || Ok(Box::new(Moonshine::load(&paths)?) as Box<dyn Recogniser>)))
}

fn voices(config: &Config, languages: &[Language]) -> Result<Speaker, PrepareError> {
    let speaker = Speaker::new();
    set_voices(&speaker, config, languages)?;
    Ok(speaker)
}

/// Gives each language the voice that the configuration names. The first of `languages` must have one.
pub(super) fn set_voices(speaker: &Speaker, config: &Config, languages: &[Language]) -> Result<(), PrepareError> {
    let wanted = [
        (Language::English, models::Language::EN, "voice.en", &config.voice_en),
        (Language::Chinese, models::Language::ZH, "voice.zh", &config.voice_zh),
    ];
    for (language, model_language, key, value) in wanted {
        let bad = |reason: String| PrepareError::Voice { key, value: value.clone(), reason };
        let voice = match value.split_once(':') {
            _ if value.is_empty() => continue,
            Some(("flite", name)) => {
                let which =
                    FliteVoice::from_name(name).ok_or_else(|| bad("flite has rms, slt, awb and kal16".into()))?;
                Ok(Arc::new(Flite::new(which)) as Arc<dyn Voice>)
            }
            Some(("espeak", _)) => {
                EspeakNg::new(model_language).map(|v| Arc::new(v) as Arc<dyn Voice>).map_err(|error| error.to_string())
            }
            Some(("piper", file)) => piper(config.models_dir.as_deref(), file),
            _ => return Err(bad("expected flite:NAME, espeak:LANGUAGE or piper:FILE".into())),
        };
        match voice {
            Ok(voice) => speaker.set_voice(language, voice),
            // The default language must have a voice; another that lacks one is warned about and falls back to it.
            Err(error) if languages.first() == Some(&language) => return Err(bad(error)),
            Err(error) => tracing::warn!(%error, %language, "this language has no voice"),
        }
    }
    Ok(())
}

/// A voice of Piper: `FILE`, or `FILE#2` for the third of its speakers.
fn piper(models_dir: Option<&Path>, written: &str) -> Result<Arc<dyn Voice>, String> {
    let (file, speaker) = match written.rsplit_once('#') {
        Some((file, number)) => {
            (file, Some(number.parse::<i64>().map_err(|_| format!("{number} is no number of a speaker"))?))
        }
        None => (written, None),
    };
    let paths = models::Store::open(models_dir).and_then(|store| store.paths(models::manifest::ONNX_RUNTIME));
    let library = paths.map_err(|error| error.to_string())?.remove("library").ok_or("ONNX Runtime has no library")?;
    let voice = Piper::load(Path::new(file), speaker, &library).map_err(|error| error.to_string())?;
    Ok(Arc::new(voice))
}

/// The intent engine of another service, if calls are to ask one.
pub fn remote(config: &Config, lookup: &Lookup) -> Result<Option<Remote>, PrepareError> {
    let base = config.understand_remote.trim();
    if base.is_empty() {
        return Ok(None);
    }
    let address = Address::parse(base).ok_or_else(|| PrepareError::RemoteAddress(base.to_owned()))?;
    if !address.encrypted && !address.on_this_machine {
        tracing::warn!(
            "understand.remote is asked without encryption: what callers say can be read on the way; use https"
        );
    }
    let token = config.understand_remote_token.as_deref().map(token).transpose()?;
    let timeout = Duration::from_millis(config.understand_remote_timeout_ms);
    Ok(Some(Remote::new(lookup.clone(), base, token, timeout)))
}

fn token(path: &Path) -> Result<Personal, PrepareError> {
    let bad = |reason: String| PrepareError::RemoteToken { path: path.to_path_buf(), reason };
    let text = std::fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
    match text.trim() {
        "" => Err(bad("it is empty".to_owned())),
        token => Ok(Personal::new(token)),
    }
}
