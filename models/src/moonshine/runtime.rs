//! Moonshine's two networks on ONNX Runtime: tensors in, logits out. Which token follows which is decided elsewhere.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ort::environment::Environment;
use ort::session::{HasSelectedOutputs, OutputSelector, RunOptions, Session, SessionInputValue, SessionOutputs};
use ort::value::Tensor;

use super::tokenizer::{BOS, Token};
use crate::recogniser::LoadError;

/// The environment is one per process and stays: ONNX Runtime cannot be unloaded and loaded again.
static ENVIRONMENT: Mutex<Option<(PathBuf, Environment)>> = Mutex::new(None);

/// The shared environment; the first library that is named is the one that is used.
pub(crate) fn environment(library: &Path) -> Result<Environment, LoadError> {
    let mut shared = ENVIRONMENT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((loaded, environment)) = &*shared {
        if loaded != library {
            tracing::debug!(loaded = %loaded.display(), asked = %library.display(), "ONNX Runtime is loaded already");
        }
        return Ok(environment.clone());
    }
    if let Err(source) = std::fs::metadata(library) {
        return Err(LoadError::Unreadable { path: library.to_path_buf(), source });
    }
    let failed = |reason: String| LoadError::Runtime { path: library.to_path_buf(), reason };
    let environment = ort::init_from(library)
        .map_err(|error| failed(error.to_string()))?
        .with_name("hotline")
        .with_telemetry(false)
        .build()
        .map_err(|error| failed(error.to_string()))?;
    *shared = Some((library.to_path_buf(), environment.clone()));
    Ok(environment)
}

/// Encoder and decoder, one session each.
pub(super) struct Networks {
    encoder: Session,
    decoder: Session,
    /// In the order of the cache: `0.decoder.key`, `0.decoder.value`, `1.decoder.key`, …
    decoder_past: Vec<String>,
    encoder_past: Vec<String>,
    decoder_present: Vec<String>,
    encoder_present: Vec<String>,
    heads: usize,
    width: usize,
    vocabulary: usize,
    /// Steps after the first need the logits and the decoder's side of the cache only.
    step_outputs: RunOptions<HasSelectedOutputs>,
}

/// What the encoder made of an utterance, and the decoder's first step: nothing said yet.
pub(super) struct Start {
    hidden: Vec<f32>,
    frames: usize,
    samples: usize,
    /// Cross-attention keys and values of one row.
    encoder_cache: Vec<Vec<f32>>,
    decoder_cache: Vec<Vec<f32>>,
    /// For the first token.
    pub(super) logits: Vec<f32>,
}

/// An utterance spread over so many rows, to decode as many continuations at once.
pub(super) struct Rows {
    count: usize,
    hidden: Tensor<f32>,
    mask: Tensor<i64>,
    encoder_cache: Vec<Tensor<f32>>,
    decoder_cache: Vec<Vec<f32>>,
    past: usize,
}

impl Networks {
    pub(super) fn load(encoder: &Path, decoder: &Path, library: &Path, vocabulary: usize) -> Result<Self, LoadError> {
        let environment = environment(library)?;
        let encoder = session(&environment, encoder)?;
        let decoder_path = decoder;
        let decoder = session(&environment, decoder)?;
        let invalid = |reason: &str| LoadError::Invalid {
            path: decoder_path.to_path_buf(),
            reason: format!("{reason}; it is not Moonshine's merged decoder"),
        };
        let past = |side: &str| -> Vec<String> {
            let names = decoder.inputs().iter().map(|input| input.name().to_owned());
            names.filter(|name| name.starts_with("past_key_values.") && name.contains(side)).collect()
        };
        let (decoder_past, encoder_past) = (past(".decoder."), past(".encoder."));
        if decoder_past.is_empty() || decoder_past.len() != encoder_past.len() {
            return Err(invalid("its cache inputs are missing"));
        }
        let shape = decoder
            .inputs()
            .iter()
            .find(|input| input.name() == decoder_past[0])
            .and_then(|input| input.dtype().tensor_shape())
            .ok_or_else(|| invalid("its cache has no shape"))?;
        let [_, heads, _, width] = shape[..] else {
            return Err(invalid("its cache has another shape"));
        };
        let (Ok(heads), Ok(width)) = (usize::try_from(heads), usize::try_from(width)) else {
            return Err(invalid("its cache has no fixed shape"));
        };
        let present = |names: &[String]| -> Vec<String> {
            names.iter().map(|name| name.replace("past_key_values.", "present.")).collect()
        };
        let (decoder_present, encoder_present) = (present(&decoder_past), present(&encoder_past));
        let outputs: Vec<&str> = decoder.outputs().iter().map(|output| output.name()).collect();
        if !outputs.contains(&"logits")
            || !decoder_present.iter().chain(&encoder_present).all(|name| outputs.contains(&name.as_str()))
        {
            return Err(invalid("its outputs are missing"));
        }
        let selector = decoder_present
            .iter()
            .fold(OutputSelector::no_default().with("logits"), |selector, name| selector.with(name));
        let step_outputs = RunOptions::new().map_err(|error| invalid(&error.to_string()))?.with_outputs(selector);
        Ok(Networks {
            encoder,
            decoder,
            decoder_past,
            encoder_past,
            decoder_present,
            encoder_present,
            heads,
            width,
            vocabulary,
            step_outputs,
        })
    }

    /// Encodes an utterance and takes the decoder's first step.
    pub(super) fn start(&mut self, samples: &[f32]) -> ort::Result<Start> {
        let (hidden, frames) = {
            let outputs = self.encoder.run(ort::inputs! {
                "input_values" => Tensor::from_array(([1, samples.len()], samples.to_vec()))?,
                "attention_mask" => ones(1, samples.len())?,
            })?;
            let (shape, hidden) = outputs[0].try_extract_tensor::<f32>()?;
            (hidden.to_vec(), usize::try_from(shape[1]).unwrap_or(0))
        };
        let mut inputs: Vec<(Cow<str>, SessionInputValue)> = vec![
            ("input_ids".into(), Tensor::from_array(([1usize, 1], vec![i64::from(BOS)]))?.into()),
            ("encoder_hidden_states".into(), hidden_tensor(&hidden, 1, frames)?.into()),
            ("encoder_attention_mask".into(), ones(1, samples.len())?.into()),
            ("use_cache_branch".into(), Tensor::from_array(([1usize], vec![false]))?.into()),
        ];
        for name in self.decoder_past.iter().chain(&self.encoder_past) {
            let empty = Tensor::from_array(([1, self.heads, 0, self.width], Vec::<f32>::new()))?;
            inputs.push((name.as_str().into(), empty.into()));
        }
        let outputs = self.decoder.run(inputs)?;
        let logits = outputs["logits"].try_extract_tensor::<f32>()?.1.to_vec();
        if logits.len() != self.vocabulary {
            return Err(ort::Error::new(format!("{} logits for {} tokens", logits.len(), self.vocabulary)));
        }
        Ok(Start {
            frames,
            samples: samples.len(),
            hidden,
            encoder_cache: copies(&outputs, &self.encoder_present)?,
            decoder_cache: copies(&outputs, &self.decoder_present)?,
            logits,
        })
    }

    /// Spreads an utterance over `count` rows, all at the first step.
    pub(super) fn spread(&self, start: &Start, count: usize) -> ort::Result<Rows> {
        let frames = start.encoder_cache.first().map_or(0, Vec::len) / (self.heads * self.width);
        let encoder_cache = start
            .encoder_cache
            .iter()
            .map(|one| Tensor::from_array(([count, self.heads, frames, self.width], one.repeat(count))))
            .collect::<ort::Result<_>>()?;
        Ok(Rows {
            count,
            hidden: hidden_tensor(&start.hidden, count, start.frames)?,
            mask: ones(count, start.samples)?,
            encoder_cache,
            decoder_cache: start.decoder_cache.iter().map(|one| one.repeat(count)).collect(),
            past: 1,
        })
    }

    /// Feeds `length` tokens to each row (`tokens` row by row) and hands the logits, row by row and token by token, to `read`.
    /// With `keep` the rows go on from there; else they stay as they are.
    pub(super) fn step<T>(
        &mut self,
        rows: &mut Rows,
        tokens: &[Token],
        length: usize,
        keep: bool,
        read: impl FnOnce(&[f32]) -> T,
    ) -> ort::Result<T> {
        let ids = tokens.iter().map(|token| i64::from(*token)).collect::<Vec<_>>();
        let mut inputs: Vec<(Cow<str>, SessionInputValue)> = vec![
            ("input_ids".into(), Tensor::from_array(([rows.count, length], ids))?.into()),
            ("encoder_hidden_states".into(), (&rows.hidden).into()),
            ("encoder_attention_mask".into(), (&rows.mask).into()),
            ("use_cache_branch".into(), Tensor::from_array(([1usize], vec![true]))?.into()),
        ];
        for (name, cache) in self.decoder_past.iter().zip(&mut rows.decoder_cache) {
            let cache = if keep { std::mem::take(cache) } else { cache.clone() };
            let shape = [rows.count, self.heads, rows.past, self.width];
            inputs.push((name.as_str().into(), Tensor::from_array((shape, cache))?.into()));
        }
        for (name, cache) in self.encoder_past.iter().zip(&rows.encoder_cache) {
            inputs.push((name.as_str().into(), cache.into()));
        }
        let outputs = self.decoder.run_with_options(inputs, &self.step_outputs)?;
        let logits = outputs["logits"].try_extract_tensor::<f32>()?.1;
        if logits.len() != rows.count * length * self.vocabulary {
            return Err(ort::Error::new("the logits have another shape than the tokens"));
        }
        let read = read(logits);
        if keep {
            rows.decoder_cache = copies(&outputs, &self.decoder_present)?;
            rows.past += length;
        }
        Ok(read)
    }

    pub(super) fn vocabulary(&self) -> usize {
        self.vocabulary
    }
}

impl Rows {
    /// Row `i` goes on from what row `parents[i]` was.
    pub(super) fn follow(&mut self, parents: &[usize]) {
        if parents.iter().enumerate().all(|(row, parent)| row == *parent) {
            return;
        }
        for cache in &mut self.decoder_cache {
            let length = cache.len() / self.count;
            let mut next = Vec::with_capacity(cache.len());
            for parent in parents {
                next.extend_from_slice(&cache[parent * length..(parent + 1) * length]);
            }
            *cache = next;
        }
    }
}

/// A session on one thread.
pub(crate) fn session(environment: &Environment, path: &Path) -> Result<Session, LoadError> {
    std::fs::metadata(path).map_err(|source| LoadError::Unreadable { path: path.to_path_buf(), source })?;
    let build = || -> ort::Result<Session> {
        // One thread a session: sessions run beside each other, and idle threads must not spin on cores the calls need.
        Session::builder(environment)?
            .with_intra_threads(1)?
            .with_inter_threads(1)?
            .with_intra_op_spinning(false)?
            .with_inter_op_spinning(false)?
            .commit_from_file(path)
    };
    build().map_err(|error| LoadError::Invalid { path: path.to_path_buf(), reason: error.to_string() })
}

fn hidden_tensor(hidden: &[f32], rows: usize, frames: usize) -> ort::Result<Tensor<f32>> {
    let width = hidden.len() / frames.max(1);
    Tensor::from_array(([rows, frames, width], hidden.repeat(rows)))
}

/// An attention mask over samples: everything is to be heard.
fn ones(rows: usize, samples: usize) -> ort::Result<Tensor<i64>> {
    Tensor::from_array(([rows, samples], vec![1i64; rows * samples]))
}

fn copies(outputs: &SessionOutputs, names: &[String]) -> ort::Result<Vec<Vec<f32>>> {
    names.iter().map(|name| Ok(outputs[name.as_str()].try_extract_tensor::<f32>()?.1.to_vec())).collect()
}
