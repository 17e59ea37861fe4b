//! Writing a recording while the call goes on.

use std::{
    fs::File,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use super::{CHUNK, FRAME, aad, header, offset};
use crate::{
    event::{CallId, TenantId},
    store::{error::StoreError, key::PersonKey},
};

/// Appends to a recording, a second at a time. What was written survives the death of the process; the last part of a
/// second does when the writer is dropped. Its functions block for the time of a small write, so they belong on a thread
/// that may wait, never on the media clock's.
pub struct RecordingWriter {
    file: File,
    path: PathBuf,
    key: PersonKey,
    tenant: TenantId,
    call: CallId,
    /// Where the next chunk goes.
    chunk: u64,
    /// Sample frames not yet written, as bytes.
    pending: Vec<u8>,
    lost: u64,
}

impl RecordingWriter {
    pub(in crate::store) fn create(
        path: &Path,
        key: PersonKey,
        tenant: TenantId,
        call: CallId,
    ) -> Result<Self, StoreError> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| StoreError::writing(folder, error))?;
        }
        let file = File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(|error| StoreError::writing(path, error))?;
        file.write_all_at(&header(call), 0).map_err(|error| StoreError::writing(path, error))?;
        Ok(Self::onto(file, path, key, tenant, call))
    }

    fn onto(file: File, path: &Path, key: PersonKey, tenant: TenantId, call: CallId) -> Self {
        let pending = Vec::with_capacity(CHUNK * FRAME);
        Self { file, path: path.into(), key, tenant, call, chunk: 0, pending, lost: 0 }
    }

    /// Adds what was heard at the same time on both sides, 16-bit at 8 kHz: `left` is what the caller hears, `right` the
    /// caller. The shorter side is filled with silence. On an error (a full disk, say) the seconds concerned are lost,
    /// time goes on, and the next ones are tried again.
    pub fn push(&mut self, left: &[i16], right: &[i16]) -> Result<(), StoreError> {
        let mut failed = None;
        let length = left.len().max(right.len());
        let mut at = 0;
        while at < length {
            // Up to the end of the second, or of what came.
            let end = length.min(at + (CHUNK * FRAME - self.pending.len()) / FRAME);
            let side = |samples: &[i16], at: usize| samples.get(at).copied().unwrap_or(0).to_le_bytes();
            self.pending.extend((at..end).flat_map(|at| {
                let ([a, b], [c, d]) = (side(left, at), side(right, at));
                [a, b, c, d]
            }));
            at = end;
            if self.pending.len() == CHUNK * FRAME
                && let Err(error) = self.write()
            {
                failed = Some(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// How long the recording is so far, in sample frames, with what is lost or not yet written.
    pub fn frames(&self) -> u64 {
        self.chunk * CHUNK as u64 + (self.pending.len() / FRAME) as u64
    }

    /// How many seconds could not be written.
    pub fn lost_seconds(&self) -> u64 {
        self.lost
    }

    /// Writes the last part of a second and waits until everything has reached the disk.
    pub fn finish(mut self) -> Result<(), StoreError> {
        self.write()?;
        self.file.sync_data().map_err(|error| StoreError::writing(&self.path, error))
    }

    fn write(&mut self) -> Result<(), StoreError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let sealed = self.key.seal(&aad(self.tenant, self.call, self.chunk), &self.pending);
        let mut slot = (sealed.len() as u32).to_le_bytes().to_vec();
        slot.extend_from_slice(&sealed);
        let begin = offset(self.chunk);
        self.chunk += 1;
        self.pending.clear();
        self.file.write_all_at(&slot, begin).map_err(|error| {
            self.lost += 1;
            // Half a slot must not stay: once there is space again it would be read as a damaged second, not as a hole.
            if let Err(error) = self.file.set_len(begin) {
                tracing::debug!(%error, "half a second of a recording stays behind");
            }
            StoreError::writing(&self.path, error)
        })
    }
}

impl Drop for RecordingWriter {
    fn drop(&mut self) {
        if let Err(error) = self.write() {
            tracing::warn!(%error, call = %self.call, "the end of a recording is lost");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MasterKey;

    #[test]
    fn a_full_disk_is_said_and_the_recording_goes_on() {
        let full = Path::new("/dev/full");
        let file = File::options().write(true).open(full).expect("Linux has a device that is always full");
        let (key, _) = MasterKey::from_bytes([7; 32]).new_person_key(b"");
        let mut writer = RecordingWriter::onto(file, full, key, TenantId::new(), CallId::new());
        let second = vec![0; CHUNK];
        for lost in 1..=2 {
            let error = writer.push(&second, &second).expect_err("nothing fits on a full disk");
            assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
            assert!(error.to_string().contains("free some space"));
            assert_eq!(writer.lost_seconds(), lost);
        }
        assert_eq!(writer.frames(), 2 * CHUNK as u64);
    }
}
