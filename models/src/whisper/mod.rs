//! Whisper through whisper.cpp: any ggml model, and with it Chinese and many other languages. The audio context is cut to the
//! length of the utterance, which is what makes an answer quick; a doubtful result is decoded again in full.

mod filter;
mod ggml;

use std::ffi::c_void;
use std::path::Path;
use std::sync::Arc;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use audio::Pcm16k;
use whisper_rs::{FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters, WhisperState};

pub use ggml::check_file;

use self::filter::Filter;
use crate::recogniser::{Alternative, Care, Grammar, Hints, LoadError, RecogniseError, Recogniser, Recognition};
use crate::{Language, align, score};

/// Whisper's window, in seconds and in encoder frames.
const WINDOW_SECONDS: f32 = 30.0;
const WINDOW_FRAMES: f32 = 1500.0;
/// Frames beyond the speech: without them the end is lost.
const SPARE_FRAMES: f32 = 128.0;
/// whisper.cpp ignores audio shorter than a second, so shorter audio is padded to a little more.
const SHORTEST_SAMPLES: usize = 17_600;
/// Below this there is no word in it.
const MINIMUM_SAMPLES: usize = 1_600;
/// A mean log-probability below this calls for a second, full look: short contexts can loop.
const DOUBTFUL: f32 = -0.8;
/// As much context as helps; more costs time at every step.
const PROMPT_CHARACTERS: usize = 400;
const PROMPT_TOKENS: usize = 128;
/// Above this the model itself says that nobody speaks.
const NO_SPEECH: f32 = 0.6;

/// A session of a Whisper model. The weights are shared by all sessions made with [`Whisper::another`].
pub struct Whisper {
    context: Arc<WhisperContext>,
    state: WhisperState,
    filters: Arc<Filters>,
    name: String,
    threads: i32,
}

/// What may be written under each grammar; made once for all sessions of a model.
struct Filters {
    digits: Filter,
    characters: Filter,
}

impl Filters {
    fn new(context: &WhisperContext) -> Self {
        // What comes after the end of text is no text.
        let tokens = 0..context.token_eot().clamp(0, context.n_vocab());
        let texts: Vec<Option<&str>> = tokens.map(|token| context.token_to_str(token).ok()).collect();
        Filters { digits: Filter::digits(texts.iter().copied()), characters: Filter::characters(texts.iter().copied()) }
    }

    fn of(&self, grammar: &Grammar) -> Option<&Filter> {
        match grammar {
            Grammar::Digits { .. } => Some(&self.digits),
            Grammar::Characters(_) => Some(&self.characters),
            Grammar::Free | Grammar::Phrases(_) | Grammar::List(_) => None,
        }
    }
}

impl Whisper {
    /// Loads a model. The file is walked through first, so that a truncated or foreign file is an error and nothing worse.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        silence_log();
        check_file(path)?;
        let invalid = |reason: String| LoadError::Invalid { path: path.to_path_buf(), reason };
        let mut parameters = WhisperContextParameters::default();
        parameters.use_gpu(false);
        let context = WhisperContext::new_with_params(path, parameters).map_err(|error| {
            invalid(format!("whisper.cpp does not load it ({error}); is it a whole ggml Whisper model?"))
        })?;
        let state = context.create_state().map_err(|error| invalid(error.to_string()))?;
        let stem = path.file_stem().map_or("model".into(), |stem| stem.to_string_lossy());
        let filters = Arc::new(Filters::new(&context));
        Ok(Whisper {
            context: Arc::new(context),
            state,
            filters,
            name: format!("whisper-{}", stem.trim_start_matches("ggml-")),
            threads: 1,
        })
    }

    /// Threads per utterance, 1 unless set: with several calls at once, one thread each is the better use of the machine.
    pub fn with_threads(mut self, threads: u8) -> Self {
        self.threads = i32::from(threads.max(1));
        self
    }

    /// Another session on the same weights.
    pub fn another(&self) -> Result<Self, LoadError> {
        let state = self
            .context
            .create_state()
            .map_err(|error| LoadError::Invalid { path: self.name.clone().into(), reason: error.to_string() })?;
        Ok(Whisper {
            context: self.context.clone(),
            state,
            filters: self.filters.clone(),
            name: self.name.clone(),
            threads: self.threads,
        })
    }

    /// Whether the model knows other languages than English.
    pub fn is_multilingual(&self) -> bool {
        self.context.is_multilingual()
    }

    fn decode(
        &mut self,
        samples: &[f32],
        language: &str,
        hints: &Hints,
        frames: Option<f32>,
        filter: Option<&Filter>,
    ) -> Result<Decoded, RecogniseError> {
        let prompt = self.prompt(&hints.grammar);
        let mut parameters = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
        parameters.set_n_threads(self.threads);
        parameters.set_language(Some(language));
        parameters.set_single_segment(true);
        parameters.set_no_context(true);
        parameters.set_no_timestamps(true);
        parameters.set_suppress_nst(true);
        parameters.set_temperature_inc(0.0);
        parameters.set_print_progress(false);
        parameters.set_print_special(false);
        parameters.set_print_realtime(false);
        parameters.set_print_timestamps(false);
        if let Some(frames) = frames {
            // A model with a shorter context than usual would refuse more than it has.
            parameters.set_audio_ctx((frames as i32).min(self.context.n_audio_ctx()));
        }
        if !prompt.is_empty() {
            parameters.set_tokens(&prompt);
        }
        if let Some(filter) = filter {
            // SAFETY: the filter outlives the call below, and has no more tokens than the vocabulary.
            unsafe {
                parameters.set_filter_logits_callback(Some(filter::apply));
                parameters.set_filter_logits_callback_user_data(filter.as_data());
            }
        }
        let abort: &AtomicBool = &hints.abort;
        // SAFETY: the flag outlives the call below, which is the only one that reads it, and is read atomically.
        unsafe {
            parameters.set_abort_callback(Some(aborted));
            parameters.set_abort_callback_user_data(std::ptr::from_ref(abort).cast_mut().cast());
        }
        let result = self.state.full(parameters, samples);
        if hints.aborted() {
            return Err(RecogniseError::Aborted);
        }
        result.map_err(|error| RecogniseError::Engine { engine: self.name.clone(), reason: error.to_string() })?;
        Ok(self.collect())
    }

    /// Words that are likely to be said, as text that came before: Whisper spells as its context does.
    fn prompt(&self, grammar: &Grammar) -> Vec<i32> {
        let (Grammar::List(words) | Grammar::Phrases(words)) = grammar else {
            return Vec::new();
        };
        // whisper.cpp refuses what a text with a zero in it would be cut to.
        let text = words.join(", ").replace('\0', " ");
        let text: String = text.chars().take(PROMPT_CHARACTERS).collect();
        if text.trim().is_empty() {
            Vec::new()
        } else {
            self.context.tokenize(&text, PROMPT_TOKENS).unwrap_or_default()
        }
    }

    fn collect(&self) -> Decoded {
        let mut decoded = Decoded { text: String::new(), sum: 0.0, tokens: 0, no_speech: 0.0 };
        for segment in self.state.as_iter() {
            // A model may emit half a character; the other half is not worth an error.
            if let Ok(text) = segment.to_str_lossy() {
                decoded.text.push_str(&text);
            }
            decoded.no_speech = decoded.no_speech.max(segment.no_speech_probability());
            for index in 0..segment.n_tokens() {
                if let Some(token) = segment.get_token(index) {
                    decoded.sum += token.token_probability().max(1e-9).ln();
                    decoded.tokens += 1;
                }
            }
        }
        decoded
    }
}

struct Decoded {
    text: String,
    sum: f32,
    tokens: usize,
    no_speech: f32,
}

impl Decoded {
    fn mean(&self) -> f32 {
        self.sum / self.tokens.max(1) as f32
    }
}

unsafe extern "C" fn aborted(flag: *mut c_void) -> bool {
    // SAFETY: decode() hands over a flag that lives until whisper.cpp returns.
    flag.is_null() || unsafe { &*flag.cast::<AtomicBool>() }.load(Ordering::Relaxed)
}

/// whisper.cpp writes pages to the standard error stream; with the hooks set and no log back end they go nowhere.
fn silence_log() {
    static ONCE: Once = Once::new();
    ONCE.call_once(whisper_rs::install_logging_hooks);
}

impl Recogniser for Whisper {
    fn name(&self) -> &str {
        &self.name
    }

    fn recognise(&mut self, audio: &Pcm16k, hints: &Hints) -> Result<Recognition, RecogniseError> {
        if hints.aborted() {
            return Err(RecogniseError::Aborted);
        }
        let language = hints.language.primary();
        let known = if self.is_multilingual() { whisper_rs::get_lang_id(language).is_some() } else { language == "en" };
        if !known {
            return Err(RecogniseError::Language { engine: self.name.clone(), language: hints.language.clone() });
        }
        if is_silent(audio) {
            return Ok(Recognition::silence(&self.name));
        }
        let samples = padded(audio);
        let seconds = samples.len() as f32 / Pcm16k::RATE as f32;
        let quick = (seconds < WINDOW_SECONDS - 3.0).then(|| seconds / WINDOW_SECONDS * WINDOW_FRAMES + SPARE_FRAMES);
        let filters = self.filters.clone();
        let filter = filters.of(&hints.grammar);
        let mut decoded = self.decode(&samples, language, hints, quick, filter)?;
        let is_full = quick.is_none() && filter.is_none();
        if decoded.mean() < DOUBTFUL && !is_full && hints.care > Care::Quick {
            // Short contexts can loop; and what was said may not be what was expected.
            let again = self.decode(&samples, language, hints, None, None)?;
            if again.mean() > decoded.mean() {
                decoded = again;
            }
        }
        let mut heard = self.judge(decoded, &hints.grammar);
        if !heard.no_speech && hints.care > Care::Quick {
            heard.words = align::align(audio, &heard.text);
        }
        Ok(heard)
    }

    fn detects(&self) -> bool {
        self.is_multilingual()
    }

    fn detect(&mut self, audio: &Pcm16k, among: &[Language]) -> Option<(Language, f32)> {
        if !self.is_multilingual() || is_silent(audio) {
            return None;
        }
        // The audio context is that of the last utterance: the beginning of a longer one says enough about its language.
        self.state.pcm_to_mel(&padded(audio), self.threads as usize).ok()?;
        let (_, shares) = self.state.lang_detect(0, self.threads as usize).ok()?;
        let share = |language: &Language| {
            let id = whisper_rs::get_lang_id(language.primary())?;
            shares.get(usize::try_from(id).ok()?).copied().filter(|share| share.is_finite())
        };
        most_likely(among.iter().filter_map(|language| Some((language.clone(), share(language)?))))
    }
}

/// The likeliest language, and its share among those given.
fn most_likely(shares: impl Iterator<Item = (Language, f32)>) -> Option<(Language, f32)> {
    let shares: Vec<(Language, f32)> = shares.collect();
    let total: f32 = shares.iter().map(|(_, share)| share).sum();
    let (language, share) = shares.into_iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    (total > 0.0).then(|| (language, share / total))
}

/// Nothing that could hold a word: too short, or zeros throughout, which are a muted line and in which whisper.cpp would read words.
fn is_silent(audio: &Pcm16k) -> bool {
    audio.samples().len() < MINIMUM_SAMPLES || audio.samples().iter().all(|sample| *sample == 0)
}

/// As whisper.cpp takes it, and not shorter than it needs.
fn padded(audio: &Pcm16k) -> Vec<f32> {
    let mut samples: Vec<f32> = audio.samples().iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
    samples.resize(samples.len().max(SHORTEST_SAMPLES), 0.0);
    samples
}

impl Whisper {
    fn judge(&self, decoded: Decoded, grammar: &Grammar) -> Recognition {
        let mean = decoded.mean();
        let text = decoded.text.trim();
        let wordless = !text.chars().any(char::is_alphanumeric) || is_annotation(text);
        if wordless || (decoded.no_speech > NO_SPEECH && mean < DOUBTFUL) || score::is_phantom(text) {
            return Recognition::silence(&self.name);
        }
        // whisper.cpp has no grammar of ours: the words are read in its light afterwards.
        let once = score::without_loop(text);
        let mean = if once.is_some() { mean.min(DOUBTFUL) } else { mean };
        let text = once.as_deref().unwrap_or(text);
        let (text, in_grammar) = match grammar {
            Grammar::Free | Grammar::List(_) => (text.to_owned(), true),
            Grammar::Characters(form) => {
                let spelt: String = score::words(text).concat().to_uppercase();
                let fits = form.fits(&spelt);
                (if fits { spelt } else { text.to_owned() }, fits)
            }
            Grammar::Digits { min, max } => {
                let digits = score::digits(text);
                let fits = digits.len() >= usize::from(*min).max(1) && (*max == 0 || digits.len() <= usize::from(*max));
                let only = fits && score::is_only_digits(text);
                (if only { digits } else { text.to_owned() }, only)
            }
            Grammar::Phrases(phrases) => match phrases.iter().find(|phrase| score::same_words(phrase, text)) {
                Some(phrase) => (phrase.clone(), true),
                None => (text.to_owned(), false),
            },
        };
        let confidence = mean.exp().clamp(0.0, 1.0);
        Recognition {
            alternatives: vec![Alternative { text: text.clone(), confidence }],
            text,
            confidence,
            mean_log_prob: mean,
            no_speech: false,
            in_grammar,
            words: Vec::new(),
            engine: self.name.clone(),
            tokens: decoded.tokens,
            detected: None,
        }
    }
}

/// `[BLANK_AUDIO]`, `(music)`: Whisper describing what is not speech.
fn is_annotation(text: &str) -> bool {
    [('[', ']'), ('(', ')'), ('（', '）'), ('*', '*'), ('♪', '♪')]
        .iter()
        .any(|(open, close)| text.starts_with(*open) && text.ends_with(*close))
}
