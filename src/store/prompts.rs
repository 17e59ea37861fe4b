//! Recordings of prompts: two files each below `prompts/‹tenant›/` of the data folder, the sound and what is known of it. They are what
//! a company says to everybody, so they are not sealed. Each appears by rename, the sound first, so a crash leaves no half of one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Tenant, error::StoreError};
use crate::event::{Timestamp, UserId};

/// More than this are not a phone line's prompts but a mistake.
const MOST: usize = 5_000;

/// A prompt that somebody recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PromptRecording {
    /// The prompt's id: 16 hexadecimal digits.
    pub id: String,
    /// Its language, e.g. `zh-CN`.
    pub language: String,
    /// The text that it says.
    pub text: String,
    /// The name of the file that was uploaded.
    pub file: String,
    /// When.
    pub uploaded_at: Timestamp,
    /// By whom.
    pub by: UserId,
    /// Its length in ms.
    pub duration_ms: u64,
    /// Its loudness before it was normalised, in LUFS.
    pub was_lufs: f64,
    /// What it was made louder by, in dB.
    pub gain_db: f64,
}

impl Tenant {
    fn prompt_folder(&self) -> PathBuf {
        self.core.folder.join("prompts").join(self.id.0.to_string())
    }

    /// All recordings, with their sound as a WAV file. One that is damaged is left out and warned of: its text is then said by the voice.
    pub async fn prompt_recordings(&self) -> Result<Vec<(PromptRecording, Vec<u8>)>, StoreError> {
        let folder = self.prompt_folder();
        on_a_thread(move || read_all(&folder)).await
    }

    /// Keeps a recording, in place of the one of the same prompt.
    pub async fn put_prompt_recording(&self, about: PromptRecording, wav: Vec<u8>) -> Result<(), StoreError> {
        let folder = self.prompt_folder();
        on_a_thread(move || {
            fs::create_dir_all(&folder).map_err(|error| StoreError::writing(&folder, error))?;
            let text = serde_json::to_vec_pretty(&about).expect("texts and numbers are always JSON");
            place(&file(&folder, &about.id, "wav")?, &wav)?;
            place(&file(&folder, &about.id, "json")?, &text)
        })
        .await
    }

    /// Removes a recording; one that is not there is no error.
    pub async fn remove_prompt_recording(&self, id: &str) -> Result<(), StoreError> {
        let (folder, id) = (self.prompt_folder(), id.to_owned());
        on_a_thread(move || {
            for kind in ["json", "wav"] {
                let path = file(&folder, &id, kind)?;
                match fs::remove_file(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(StoreError::writing(&path, error));
                    }
                    _ => {}
                }
            }
            Ok(())
        })
        .await
    }
}

async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(stopped) => Err(StoreError::damaged(format!("the folder of prompts was not read ({stopped}); it"))),
    }
}

/// The path of a prompt's file. Ids come from addresses: only digits of ours become a path.
fn file(folder: &Path, id: &str, kind: &str) -> Result<PathBuf, StoreError> {
    if id.len() != 16 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let unusable = io::Error::new(io::ErrorKind::InvalidInput, "this is no id of a prompt");
        return Err(StoreError::reading(folder, unusable));
    }
    Ok(folder.join(format!("{id}.{kind}")))
}

fn place(path: &Path, contents: &[u8]) -> Result<(), StoreError> {
    let part = path.with_extension("part");
    let write = || -> io::Result<()> {
        fs::write(&part, contents)?;
        fs::File::open(&part)?.sync_all()?;
        fs::rename(&part, path)
    };
    write().map_err(|error| StoreError::writing(path, error))
}

fn read_all(folder: &Path) -> Result<Vec<(PromptRecording, Vec<u8>)>, StoreError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
        other => other.map_err(|error| StoreError::reading(folder, error))?,
    };
    let mut recordings = Vec::new();
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()).take(MOST * 2) {
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let read = || -> io::Result<(PromptRecording, Vec<u8>)> {
            let about: PromptRecording = serde_json::from_slice(&fs::read(&path)?)?;
            Ok((about, fs::read(path.with_extension("wav"))?))
        };
        match read() {
            Ok(recording) => recordings.push(recording),
            Err(error) => {
                tracing::warn!(file = %path.display(), %error, "a recorded prompt cannot be read: its text is said by the voice; upload it again")
            }
        }
    }
    recordings.sort_by(|a, b| a.0.id.cmp(&b.0.id));
    Ok(recordings)
}
