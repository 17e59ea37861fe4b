//! Sentences as vectors, so that what means the same lies close together: all-MiniLM-L6-v2 (BERT with 6 layers of width 384,
//! mean over the tokens), English only. The lower layers are shared by all; the upper ones may be fine-tuned to a set of
//! classes ([`SentenceEncoder::tune`]) and kept ([`SentenceEncoder::to_bytes`]). Inference runs on ONNX Runtime with 8-bit
//! weights; training is our own arithmetic on `matrixmultiply`. What the vectors are for is the business of others.

mod graph;
mod layer;
mod maths;
mod tune;
mod weights;
mod wordpiece;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use ort::environment::Environment;
use ort::session::Session;
use ort::value::Tensor;

use self::graph::Precision;
use self::layer::{Layer, SIZE, WIDTH};
use self::tune::{Sample, in_parallel};
use self::weights::{Embeddings, LAYERS, VOCABULARY, Weights};
use self::wordpiece::WordPiece;
use crate::moonshine::environment;
use crate::recogniser::LoadError;

/// Layers that fine-tuning changes, from the top.
const TUNED: usize = 4;
const SHARED: usize = LAYERS - TUNED;
/// Steps of fine-tuning.
const STEPS: usize = 60;
/// Threads of fine-tuning at most; the rest of the machine is for calls.
const THREADS: usize = 2;
/// Vectors that are kept, twice.
const KEPT: usize = 8_000;
/// Begins the bytes of tuned layers; the last byte is the version.
const MAGIC: [u8; 8] = *b"hl-tune\x01";

/// The files of the encoder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncoderPaths {
    /// `model.safetensors`.
    pub weights: PathBuf,
    /// `vocab.txt`.
    pub vocabulary: PathBuf,
    /// ONNX Runtime's shared library, 1.23 or newer.
    pub library: PathBuf,
}

impl EncoderPaths {
    /// From what [`crate::Store::paths`] gives; `None` when a role is missing.
    pub fn from_roles(roles: &BTreeMap<String, PathBuf>) -> Option<Self> {
        let path = |role: &str| roles.get(role).cloned();
        Some(EncoderPaths { weights: path("weights")?, vocabulary: path("vocabulary")?, library: path("library")? })
    }
}

/// Why sentences did not become vectors.
#[derive(Debug, thiserror::Error)]
pub enum EncoderError {
    /// A file is missing or damaged.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// ONNX Runtime failed.
    #[error("the sentence encoder failed: {0}")]
    Runtime(String),
    /// The training was ended from outside.
    #[error("the fine-tuning was cancelled")]
    Cancelled,
    /// What should be tuned layers is something else.
    #[error("these are no tuned layers of this encoder: {0}; publish again")]
    Tuned(&'static str),
}

impl From<ort::Error> for EncoderError {
    fn from(error: ort::Error) -> Self {
        EncoderError::Runtime(error.to_string())
    }
}

/// What every tuned encoder shares.
struct Base {
    paths: EncoderPaths,
    environment: Environment,
    words: WordPiece,
    embeddings: Embeddings,
    lower: Mutex<Session>,
}

/// Turns English sentences into vectors of length 1. Share it behind an `Arc`.
pub struct SentenceEncoder {
    base: Arc<Base>,
    id: String,
    upper: Mutex<Session>,
    /// The upper layers when they were tuned.
    tuned: Option<Vec<Layer>>,
    kept: Mutex<Kept>,
}

impl fmt::Debug for SentenceEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentenceEncoder").field("id", &self.id).finish_non_exhaustive()
    }
}

impl SentenceEncoder {
    /// Numbers of a vector.
    pub const WIDTH: usize = WIDTH;

    /// Loads the encoder as it was published; about 0.5 s and 80 MB.
    ///
    /// # Errors
    /// A file is missing or not what it should be.
    pub fn load(paths: &EncoderPaths) -> Result<Self, LoadError> {
        let environment = environment(&paths.library)?;
        let text = std::fs::read_to_string(&paths.vocabulary)
            .map_err(|source| LoadError::Unreadable { path: paths.vocabulary.clone(), source })?;
        let words = WordPiece::parse(&text, VOCABULARY)
            .map_err(|reason| LoadError::Invalid { path: paths.vocabulary.clone(), reason })?;
        let mut weights = Weights::open(&paths.weights)?;
        let embeddings = weights.embeddings()?;
        let lower = (0..SHARED).map(|number| weights.layer(number)).collect::<Result<Vec<_>, _>>()?;
        let upper = (SHARED..LAYERS).map(|number| weights.layer(number)).collect::<Result<Vec<_>, _>>()?;
        let failed = |error: ort::Error| LoadError::Runtime { path: paths.library.clone(), reason: error.to_string() };
        let lower = graph::session(&environment, &lower, false, precision()).map_err(failed)?;
        let upper = graph::session(&environment, &upper, true, precision()).map_err(failed)?;
        let base = Base { paths: paths.clone(), environment, words, embeddings, lower: Mutex::new(lower) };
        let (upper, kept) = (Mutex::new(upper), Mutex::default());
        Ok(SentenceEncoder { base: Arc::new(base), id: "all-minilm-l6-v2".to_owned(), upper, tuned: None, kept })
    }

    /// Names the weights: two encoders of one id give the same vectors.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// One sentence as a vector of length 1. Nothing of it is kept.
    ///
    /// # Errors
    /// ONNX Runtime failed.
    pub fn encode(&self, text: &str) -> Result<Vec<f32>, EncoderError> {
        let ids = self.base.words.ids(text);
        let length = ids.len();
        let hidden = self.base.embeddings.of(&ids);
        let middle = run(&self.base.lower, [1, length, WIDTH], hidden)?;
        let mut vector = run(&self.upper, [1, length, WIDTH], middle)?;
        maths::normalise(&mut vector);
        Ok(vector)
    }

    /// Many sentences as vectors. They are kept by a hash of the text, so that only changed lines cost anything the next time.
    ///
    /// # Errors
    /// ONNX Runtime failed.
    pub fn encode_all(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EncoderError> {
        let keys: Vec<u64> = texts.iter().map(|text| key(text)).collect();
        let mut known = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            keys.iter().map(|key| kept.get(*key)).collect::<Vec<_>>()
        };
        let missing: Vec<usize> = (0..texts.len()).filter(|at| known[*at].is_none()).collect();
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get()).min(THREADS);
        // While one sentence is in the upper layers, another is in the lower ones.
        let parts: Vec<&[usize]> = missing.chunks(missing.len().div_ceil(threads).max(1)).collect();
        let found =
            in_parallel(&parts, |part| part.iter().map(|at| self.encode(texts[*at])).collect::<Result<Vec<_>, _>>());
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for (part, vectors) in parts.iter().zip(found) {
            for (at, vector) in part.iter().zip(vectors?) {
                let vector: Arc<[f32]> = vector.into();
                kept.put(keys[*at], vector.clone());
                known[*at] = Some(vector);
            }
        }
        Ok(known.into_iter().flatten().map(|vector| vector.to_vec()).collect())
    }

    /// An encoder whose upper layers draw sentences of one class together and push classes apart: some twenty seconds on two cores, at
    /// low priority. `going_on` hears the share done, 0 to 1; once it answers `false`, the training ends.
    ///
    /// # Errors
    /// [`EncoderError::Cancelled`], or the weights cannot be read any more.
    pub fn tune(
        &self,
        items: &[(&str, usize)],
        seed: u64,
        going_on: &(dyn Fn(f32) -> bool + Sync),
    ) -> Result<SentenceEncoder, EncoderError> {
        let mut weights = Weights::open(&self.base.paths.weights)?;
        let lower = (0..SHARED).map(|number| weights.layer(number)).collect::<Result<Vec<_>, _>>()?;
        let upper = (SHARED..LAYERS).map(|number| weights.layer(number)).collect::<Result<Vec<_>, _>>()?;
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get()).min(THREADS);
        let wanted = tune::wanted(items, STEPS, seed);
        let parts: Vec<&[usize]> = wanted.chunks(wanted.len().div_ceil(threads).max(1)).collect();
        let samples = in_parallel(&parts, |part| {
            tune::step_aside();
            let mut samples = Vec::with_capacity(part.len());
            for at in part.iter() {
                if !going_on(0.0) {
                    break;
                }
                let (text, class) = items[*at];
                let mut hidden = self.base.embeddings.of(&self.base.words.ids(text));
                let whole = 0..hidden.len() / WIDTH;
                for layer in &lower {
                    hidden = layer.forward(hidden, std::slice::from_ref(&whole)).0;
                }
                samples.push(Sample { hidden, class });
            }
            samples
        });
        let samples: Vec<Sample> = samples.into_iter().flatten().collect();
        if samples.len() < wanted.len() {
            return Err(EncoderError::Cancelled);
        }
        let mut upper = tune::tune(upper, &samples, STEPS, threads, seed, going_on).ok_or(EncoderError::Cancelled)?;
        upper.iter_mut().flat_map(|layer| &mut layer.values).for_each(|value| *value = widen(narrow(*value)));
        self.with_upper(upper)
    }

    /// The tuned layers, to be kept on disk (14 MB); `None` when nothing was tuned.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        let layers = self.tuned.as_ref()?;
        let mut bytes = Vec::with_capacity(MAGIC.len() + layers.len() * SIZE * 2);
        bytes.extend(MAGIC);
        bytes.extend(layers.iter().flat_map(|layer| &layer.values).flat_map(|value| narrow(*value).to_le_bytes()));
        Some(bytes)
    }

    /// An encoder with layers that were kept.
    ///
    /// # Errors
    /// The bytes are something else, or damaged.
    pub fn restored(&self, bytes: &[u8]) -> Result<SentenceEncoder, EncoderError> {
        let Some(values) = bytes.strip_prefix(&MAGIC) else {
            return Err(EncoderError::Tuned("they begin otherwise"));
        };
        if values.len() != TUNED * SIZE * 2 {
            return Err(EncoderError::Tuned("they have another length"));
        }
        let values: Vec<f32> =
            values.chunks_exact(2).map(|bytes| widen(u16::from_le_bytes([bytes[0], bytes[1]]))).collect();
        if values.iter().any(|value| !value.is_finite()) {
            return Err(EncoderError::Tuned("they hold what is no number"));
        }
        self.with_upper(values.chunks_exact(SIZE).map(|values| Layer { values: values.to_vec() }).collect())
    }

    fn with_upper(&self, upper: Vec<Layer>) -> Result<SentenceEncoder, EncoderError> {
        let session = graph::session(&self.base.environment, &upper, true, precision())?;
        let mut hasher = DefaultHasher::new();
        upper.iter().flat_map(|layer| &layer.values).for_each(|value| value.to_bits().hash(&mut hasher));
        Ok(SentenceEncoder {
            base: self.base.clone(),
            id: format!("all-minilm-l6-v2/{:016x}", hasher.finish()),
            upper: Mutex::new(session),
            tuned: Some(upper),
            kept: Mutex::default(),
        })
    }
}

fn precision() -> Precision {
    Precision::Quantised
}

fn run(session: &Mutex<Session>, shape: [usize; 3], input: Vec<f32>) -> Result<Vec<f32>, EncoderError> {
    let input = Tensor::from_array((shape, input))?;
    let mut session = session.lock().unwrap_or_else(PoisonError::into_inner);
    let outputs = session.run(ort::inputs!["input" => input])?;
    Ok(outputs[0].try_extract_tensor::<f32>()?.1.to_vec())
}

fn key(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// A float's upper half (bfloat16), rounded to even: the 8 bits of its mantissa are as many as inference looks at.
fn narrow(value: f32) -> u16 {
    let bits = value.to_bits();
    (bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) >> 16) as u16
}

fn widen(half: u16) -> f32 {
    f32::from_bits(u32::from(half) << 16)
}

/// Vectors by text. When the younger half is full, it becomes the older one, and what was not asked for since is forgotten.
#[derive(Default)]
struct Kept {
    young: HashMap<u64, Arc<[f32]>>,
    old: HashMap<u64, Arc<[f32]>>,
}

impl Kept {
    fn get(&mut self, key: u64) -> Option<Arc<[f32]>> {
        if let Some(vector) = self.young.get(&key) {
            return Some(vector.clone());
        }
        let vector = self.old.remove(&key)?;
        self.put(key, vector.clone());
        Some(vector)
    }

    fn put(&mut self, key: u64, vector: Arc<[f32]>) {
        if self.young.len() >= KEPT {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, vector);
    }
}
