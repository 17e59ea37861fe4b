//! The outline of a ggml Whisper file: header, mel filters, vocabulary, tensors. whisper.cpp trusts these numbers and allocates
//! by them, so a damaged file is found here, before it can bring the process down.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use crate::recogniser::LoadError;

/// "ggml" as a little-endian number.
const MAGIC: u32 = 0x6767_6d6c;
/// Larger than any published model; numbers beyond are damage.
const LARGEST: i64 = 1 << 20;
/// A model this narrow may come without weights: it exists to test the loading, and says nothing.
const TEST_WIDTH: i64 = 64;

/// Walks through a model file. An error says what is wrong and where.
pub fn check_file(path: &Path) -> Result<(), LoadError> {
    let unreadable = |source: io::Error| LoadError::Unreadable { path: path.to_path_buf(), source };
    let file = File::open(path).map_err(unreadable)?;
    let data = file.metadata().map_err(unreadable)?;
    if !data.is_file() {
        return Err(LoadError::Invalid { path: path.to_path_buf(), reason: "it is not a file".to_owned() });
    }
    let mut walk = Walk { file: BufReader::new(file), length: data.len(), at: 0 };
    walk.model().map_err(|problem| match problem {
        Problem::Io(source) => unreadable(source),
        Problem::Wrong(reason) => LoadError::Invalid { path: path.to_path_buf(), reason },
    })
}

enum Problem {
    Io(io::Error),
    Wrong(String),
}

struct Walk {
    file: BufReader<File>,
    length: u64,
    at: u64,
}

impl Walk {
    fn model(&mut self) -> Result<(), Problem> {
        if self.length < 4 || self.number()? as u32 != MAGIC {
            return Err(Problem::Wrong(
                "it does not begin like a ggml file; Whisper models for this engine are called ggml-….bin".to_owned(),
            ));
        }
        let mut header = [0i64; 11];
        for value in &mut header {
            *value = i64::from(self.number()?);
        }
        // In order: vocabulary; audio context, width, heads, layers; the same for text; mel bands; type.
        let sane =
            header[..10].iter().all(|value| (1..=LARGEST).contains(value)) && (0..=100_000).contains(&header[10]);
        let [_, _, audio_width, audio_heads, audio_layers, _, text_width, text_heads, text_layers, mels, _] = header;
        let divides = |width: i64, heads: i64| heads > 0 && width % heads == 0;
        if !sane
            || !divides(audio_width, audio_heads)
            || !divides(text_width, text_heads)
            || audio_layers > 256
            || text_layers > 256
            || mels > 512
        {
            return Err(Problem::Wrong(
                "its header makes no sense; the file is damaged or not a Whisper model".to_owned(),
            ));
        }
        self.filters(mels)?;
        self.vocabulary(header[0])?;
        self.tensors(audio_width)
    }

    fn filters(&mut self, mels: i64) -> Result<(), Problem> {
        let (bands, bins) = (i64::from(self.number()?), i64::from(self.number()?));
        if bands != mels || !(1..=8_192).contains(&bins) {
            return Err(Problem::Wrong("its mel filters do not match its header".to_owned()));
        }
        self.skip((bands * bins * 4) as u64)
    }

    fn vocabulary(&mut self, size: i64) -> Result<(), Problem> {
        let words = i64::from(self.number()?);
        if !(0..=size).contains(&words) {
            return Err(Problem::Wrong("its vocabulary is larger than its header says".to_owned()));
        }
        for _ in 0..words {
            let length = self.number()?;
            if !(0..=4_096).contains(&length) {
                return Err(Problem::Wrong("a word of its vocabulary is damaged".to_owned()));
            }
            self.skip(length as u64)?;
        }
        Ok(())
    }

    fn tensors(&mut self, width: i64) -> Result<(), Problem> {
        if self.at == self.length {
            return if width <= TEST_WIDTH { Ok(()) } else { Err(self.ended()) };
        }
        while self.at < self.length {
            let (dimensions, name, kind) = (self.number()?, self.number()?, self.number()?);
            let damaged = || Problem::Wrong("a tensor is damaged".to_owned());
            if !(1..=4).contains(&dimensions) || !(1..=1_024).contains(&name) {
                return Err(damaged());
            }
            let mut elements = 1u64;
            for _ in 0..dimensions {
                let size = u64::try_from(self.number()?).ok().filter(|size| *size > 0).ok_or_else(damaged)?;
                elements = elements.checked_mul(size).ok_or_else(damaged)?;
            }
            self.skip(name as u64)?;
            let (block, bytes) = block_of(kind)
                .ok_or_else(|| Problem::Wrong(format!("it holds numbers of a kind ({kind}) that is not known")))?;
            self.skip((elements / block).checked_mul(bytes).ok_or_else(damaged)?)?;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<i32, Problem> {
        let mut bytes = [0; 4];
        if self.length - self.at < 4 {
            return Err(self.ended());
        }
        self.file.read_exact(&mut bytes).map_err(Problem::Io)?;
        self.at += 4;
        Ok(i32::from_le_bytes(bytes))
    }

    fn skip(&mut self, bytes: u64) -> Result<(), Problem> {
        if self.length - self.at < bytes {
            return Err(self.ended());
        }
        self.at += bytes;
        // Bounded by the file's length, which fits.
        let bytes = i64::try_from(bytes).map_err(|_| self.ended())?;
        self.file.seek_relative(bytes).map_err(Problem::Io)?;
        Ok(())
    }

    fn ended(&self) -> Problem {
        Problem::Wrong(format!("it ends after {} bytes, before the model is complete; fetch it again", self.length))
    }
}

/// Elements per block and bytes per block of ggml's number types.
fn block_of(kind: i32) -> Option<(u64, u64)> {
    Some(match kind {
        0 => (1, 4),
        1 => (1, 2),
        2 => (32, 18),
        3 => (32, 20),
        6 => (32, 22),
        7 => (32, 24),
        8 => (32, 34),
        10 => (256, 84),
        11 => (256, 110),
        12 => (256, 144),
        13 => (256, 176),
        14 => (256, 210),
        _ => return None,
    })
}
