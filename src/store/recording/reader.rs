//! Reading a recording, also one that is still being made or was cut off by a crash.

use std::{
    fs::File,
    ops::Range,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use super::{CHUNK, FRAME, HEADER, RATE, SLOT, aad, header, offset};
use crate::{
    event::{CallId, TenantId},
    store::{
        error::StoreError,
        key::{OVERHEAD, PersonKey},
    },
};

/// Reads any part of a recording. Its functions read the disk and open seals, so they belong on a thread that may wait.
#[derive(Clone)]
pub struct RecordingReader {
    file: std::sync::Arc<File>,
    path: PathBuf,
    key: PersonKey,
    tenant: TenantId,
    call: CallId,
    frames: u64,
}

/// The loudest sample of each part of a recording, 0 (silence) to 100 (full scale).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peaks {
    /// How many parts make a second.
    pub per_second: u32,
    /// Bot and agent.
    pub left: Vec<u8>,
    /// The caller.
    pub right: Vec<u8>,
}

impl RecordingReader {
    /// `None` when there is no recording.
    pub(in crate::store) fn open(
        path: &Path,
        key: PersonKey,
        tenant: TenantId,
        call: CallId,
    ) -> Result<Option<Self>, StoreError> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::reading(path, error)),
        };
        let mut reader = Self { file: file.into(), path: path.into(), key, tenant, call, frames: 0 };
        let size = reader.file.metadata().map_err(|error| StoreError::reading(path, error))?.len();
        if size < HEADER as u64 {
            // The process died before the first second.
            return Ok(None);
        }
        let mut begin = [0; HEADER];
        reader.fill(&mut begin, 0)?;
        if begin != header(call) {
            return Err(reader.damaged(0));
        }
        reader.frames = reader.count(size)?;
        Ok(Some(reader))
    }

    /// How long the recording is, in sample frames of 1/8000 s.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// The sample frames of a range, interleaved left and right; the part of the range beyond the end is left out.
    pub fn read(&self, range: Range<u64>) -> Result<Vec<i16>, StoreError> {
        let range = range.start.min(self.frames)..range.end.min(self.frames);
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let chunk_frames = CHUNK as u64;
        let mut samples = Vec::with_capacity((range.end - range.start) as usize * 2);
        for chunk in range.start / chunk_frames..=(range.end - 1) / chunk_frames {
            let first = chunk * chunk_frames;
            let plain = self.chunk(chunk)?;
            let from = (range.start.max(first) - first) as usize * FRAME;
            let to = (range.end.min(first + chunk_frames) - first) as usize * FRAME;
            let wanted = plain.get(from..to).ok_or_else(|| self.damaged(chunk))?;
            samples.extend(wanted.chunks_exact(2).map(|bytes| i16::from_le_bytes([bytes[0], bytes[1]])));
        }
        Ok(samples)
    }

    /// The outline of the whole recording, for drawing: `per_second` parts a second, from 1 to 100.
    pub fn peaks(&self, per_second: u32) -> Result<Peaks, StoreError> {
        let per_second = per_second.clamp(1, 100);
        let parts = (self.frames * u64::from(per_second)).div_ceil(u64::from(RATE)) as usize;
        let mut peaks = Peaks { per_second, left: vec![0; parts], right: vec![0; parts] };
        for first in (0..self.frames).step_by(CHUNK) {
            let samples = self.read(first..first + CHUNK as u64)?;
            for (at, frame) in samples.chunks_exact(2).enumerate() {
                let part = ((first + at as u64) * u64::from(per_second) / u64::from(RATE)) as usize;
                for (side, sample) in [(&mut peaks.left, frame[0]), (&mut peaks.right, frame[1])] {
                    let level = u32::from(sample.unsigned_abs()) * 100 / 32_768;
                    side[part] = side[part].max(level as u8);
                }
            }
        }
        Ok(peaks)
    }

    /// Counts the sample frames of all whole chunks in a file of `size` bytes.
    fn count(&self, size: u64) -> Result<u64, StoreError> {
        let body = size - HEADER as u64;
        let (whole, rest) = (body / SLOT as u64, body % SLOT as u64);
        let whole_frames = whole * CHUNK as u64;
        if rest < 4 {
            return Ok(whole_frames);
        }
        // The last chunk of a finished recording is shorter; that of an interrupted one is not all there.
        let sealed = u64::from(self.sealed_length(whole)?);
        let last = if sealed <= rest - 4 { sealed.saturating_sub(OVERHEAD as u64) / FRAME as u64 } else { 0 };
        Ok(whole_frames + last)
    }

    /// The sample frames of one chunk, as bytes.
    fn chunk(&self, chunk: u64) -> Result<Vec<u8>, StoreError> {
        match self.sealed_length(chunk)? as usize {
            // A hole: the disk was full for this second.
            0 => Ok(vec![0; CHUNK * FRAME]),
            length if length <= SLOT - 4 => {
                let mut sealed = vec![0; length];
                self.fill(&mut sealed, offset(chunk) + 4)?;
                let aad = aad(self.tenant, self.call, chunk);
                self.key.open(&aad, &sealed).ok_or_else(|| self.damaged(chunk))
            }
            _ => Err(self.damaged(chunk)),
        }
    }

    fn sealed_length(&self, chunk: u64) -> Result<u32, StoreError> {
        let mut length = [0; 4];
        self.fill(&mut length, offset(chunk))?;
        Ok(u32::from_le_bytes(length))
    }

    fn fill(&self, bytes: &mut [u8], at: u64) -> Result<(), StoreError> {
        self.file.read_exact_at(bytes, at).map_err(|error| StoreError::reading(&self.path, error))
    }

    fn damaged(&self, chunk: u64) -> StoreError {
        StoreError::damaged(format!("the recording {}, second {chunk},", self.path.display()))
    }
}
