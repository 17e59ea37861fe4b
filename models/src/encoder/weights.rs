//! The weights of MiniLM from a safetensors file: a length (8 bytes), that much JSON which names each tensor's type, shape and
//! place, and then the numbers. Tensors are read one by one, so that loading takes no more room than what is kept.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::layer::{self, INNER, Layer, WIDTH};
use crate::recogniser::LoadError;

/// Pieces of the vocabulary.
pub(super) const VOCABULARY: usize = 30_522;
/// Layers of the network.
pub(super) const LAYERS: usize = 6;
const POSITIONS: usize = 512;
/// No header of ours is longer; a length beyond it is no safetensors file.
const LONGEST_HEADER: u64 = 1 << 20;

#[derive(Deserialize)]
struct Tensor {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: [u64; 2],
}

/// An open file of weights.
pub(super) struct Weights {
    path: PathBuf,
    file: File,
    begin: u64,
    tensors: HashMap<String, Tensor>,
}

/// What turns tokens into the input of the first layer.
pub(super) struct Embeddings {
    words: Vec<f32>,
    /// Position and token type together.
    positions: Vec<f32>,
    gain: Vec<f32>,
    bias: Vec<f32>,
}

impl Weights {
    pub fn open(path: &Path) -> Result<Self, LoadError> {
        let unreadable = |source| LoadError::Unreadable { path: path.to_path_buf(), source };
        let invalid = |reason: String| LoadError::Invalid { path: path.to_path_buf(), reason };
        let mut file = File::open(path).map_err(unreadable)?;
        let mut length = [0; 8];
        file.read_exact(&mut length).map_err(unreadable)?;
        let length = u64::from_le_bytes(length);
        if length > LONGEST_HEADER {
            return Err(invalid("it does not begin as a safetensors file".to_owned()));
        }
        let mut header = vec![0; length as usize];
        file.read_exact(&mut header).map_err(unreadable)?;
        let header: HashMap<String, serde_json::Value> =
            serde_json::from_slice(&header).map_err(|error| invalid(format!("its header is damaged: {error}")))?;
        let tensors = header
            .into_iter()
            .filter(|(name, _)| name != "__metadata__")
            .map(|(name, value)| Ok((name, serde_json::from_value(value)?)))
            .collect::<Result<_, serde_json::Error>>()
            .map_err(|error| invalid(format!("its header is damaged: {error}")))?;
        Ok(Weights { path: path.to_path_buf(), file, begin: 8 + length, tensors })
    }

    fn read(&mut self, name: &str, shape: &[usize], into: &mut [f32]) -> Result<(), LoadError> {
        let invalid = |reason: String| LoadError::Invalid { path: self.path.clone(), reason };
        let tensor = self.tensors.get(name).ok_or_else(|| invalid(format!("it has no {name}")))?;
        let length = (into.len() * 4) as u64;
        if tensor.dtype != "F32"
            || tensor.shape != shape
            || tensor.data_offsets[1].checked_sub(tensor.data_offsets[0]) != Some(length)
        {
            return Err(invalid(format!("{name} has another form than MiniLM's")));
        }
        let mut bytes = vec![0; into.len() * 4];
        let place = SeekFrom::Start(self.begin.saturating_add(tensor.data_offsets[0]));
        self.file
            .seek(place)
            .and_then(|_| self.file.read_exact(&mut bytes))
            .map_err(|source| LoadError::Unreadable { path: self.path.clone(), source })?;
        for (value, bytes) in into.iter_mut().zip(bytes.chunks_exact(4)) {
            *value = f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        if into.iter().any(|value| !value.is_finite()) {
            return Err(LoadError::Invalid {
                path: self.path.clone(),
                reason: format!("{name} holds what is no number"),
            });
        }
        Ok(())
    }

    pub fn embeddings(&mut self) -> Result<Embeddings, LoadError> {
        let mut get = |name: &str, shape: &[usize]| {
            let mut values = vec![0.0; shape.iter().product()];
            self.read(&format!("embeddings.{name}"), shape, &mut values).map(|()| values)
        };
        let words = get("word_embeddings.weight", &[VOCABULARY, WIDTH])?;
        let mut positions = get("position_embeddings.weight", &[POSITIONS, WIDTH])?;
        let types = get("token_type_embeddings.weight", &[2, WIDTH])?;
        super::maths::add_row(&mut positions, &types[..WIDTH]);
        Ok(Embeddings {
            words,
            positions,
            gain: get("LayerNorm.weight", &[WIDTH])?,
            bias: get("LayerNorm.bias", &[WIDTH])?,
        })
    }

    /// A layer, counted from 0 at the bottom.
    pub fn layer(&mut self, number: usize) -> Result<Layer, LoadError> {
        let mut layer = Layer::zero();
        let mut get = |name: &str, shape: &[usize], place: std::ops::Range<usize>| {
            self.read(&format!("encoder.layer.{number}.{name}"), shape, &mut layer.values[place])
        };
        for (part, name) in ["query", "key", "value"].into_iter().enumerate() {
            let (weight, bias) = (layer::QKV.start + part * WIDTH * WIDTH, layer::QKV_BIAS.start + part * WIDTH);
            get(&format!("attention.self.{name}.weight"), &[WIDTH, WIDTH], weight..weight + WIDTH * WIDTH)?;
            get(&format!("attention.self.{name}.bias"), &[WIDTH], bias..bias + WIDTH)?;
        }
        get("attention.output.dense.weight", &[WIDTH, WIDTH], layer::OUT)?;
        get("attention.output.dense.bias", &[WIDTH], layer::OUT_BIAS)?;
        get("attention.output.LayerNorm.weight", &[WIDTH], layer::GAIN1)?;
        get("attention.output.LayerNorm.bias", &[WIDTH], layer::BIAS1)?;
        get("intermediate.dense.weight", &[INNER, WIDTH], layer::UP)?;
        get("intermediate.dense.bias", &[INNER], layer::UP_BIAS)?;
        get("output.dense.weight", &[WIDTH, INNER], layer::DOWN)?;
        get("output.dense.bias", &[WIDTH], layer::DOWN_BIAS)?;
        get("output.LayerNorm.weight", &[WIDTH], layer::GAIN2)?;
        get("output.LayerNorm.bias", &[WIDTH], layer::BIAS2)?;
        Ok(layer)
    }
}

impl Embeddings {
    /// The input of the first layer for a sentence.
    pub fn of(&self, ids: &[u32]) -> Vec<f32> {
        let mut rows = Vec::with_capacity(ids.len() * WIDTH);
        for (at, id) in ids.iter().enumerate() {
            let word = &self.words[*id as usize * WIDTH..][..WIDTH];
            let position = &self.positions[at * WIDTH..][..WIDTH];
            rows.extend(word.iter().zip(position).map(|(word, position)| word + position));
        }
        super::maths::layer_norm(&mut rows, &self.gain, &self.bias);
        rows
    }
}
