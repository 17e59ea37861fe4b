//! Whether what lies in the store is whole: sizes first, then SHA-256.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{Status, Store, StoreError};
use crate::manifest::{ModelEntry, Source};

impl Store {
    pub(super) fn status_of(&self, entry: &ModelEntry) -> Status {
        let mut all = match self.status_alone(entry) {
            Status::Ready { paths } => paths,
            other => return other,
        };
        for need in entry.needs {
            let Ok(need) = self.entry(need) else {
                return Status::Missing;
            };
            match self.status_alone(need) {
                Status::Ready { paths } => all.extend(paths),
                other => return other,
            }
        }
        Status::Ready { paths: all }
    }

    /// The status of one entry without what it needs.
    pub(super) fn status_alone(&self, entry: &ModelEntry) -> Status {
        let folder = self.folder_of(entry);
        match &entry.source {
            Source::OwnFile { save_as, .. } => own_file_status(&folder.join(save_as)),
            Source::PyPiWheel { .. } | Source::Hub { .. } => packaged_status(entry, &folder),
        }
    }
}

fn own_file_status(path: &Path) -> Status {
    if !path.exists() {
        return Status::Missing;
    }
    match crate::whisper::check_file(path) {
        Ok(()) => Status::Ready { paths: BTreeMap::from([("model".to_owned(), path.to_path_buf())]) },
        Err(error) => Status::Corrupt { reason: error.to_string() },
    }
}

fn packaged_status(entry: &ModelEntry, folder: &Path) -> Status {
    let mut paths = BTreeMap::new();
    let mut absent = Vec::new();
    for file in &entry.files {
        let path = folder.join(file.save_as);
        match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => absent.push(file.save_as),
            Err(error) => {
                return Status::Corrupt { reason: format!("{} cannot be read: {error}", path.display()) };
            }
            Ok(data) if data.len() != file.size => {
                return Status::Corrupt {
                    reason: format!("{} has {} bytes instead of {}", path.display(), data.len(), file.size),
                };
            }
            Ok(_) => match sha256_of(&path) {
                Ok(hash) if hash == file.sha256 => {
                    paths.insert(file.role.to_owned(), path);
                }
                Ok(_) => {
                    return Status::Corrupt {
                        reason: format!("{} has another checksum than it should", path.display()),
                    };
                }
                Err(error) => {
                    return Status::Corrupt { reason: format!("{} cannot be read: {error}", path.display()) };
                }
            },
        }
    }
    if absent.is_empty() {
        Status::Ready { paths }
    } else if paths.is_empty() {
        Status::Missing
    } else {
        Status::Corrupt { reason: format!("{} is missing from {}", absent.join(", "), folder.display()) }
    }
}

/// Copies the operator's own model into the store, once it is known to be one.
pub(super) fn place_own_file(id: &str, from: &Path, to: &PathBuf) -> Result<(), StoreError> {
    crate::whisper::check_file(from)
        .map_err(|error| StoreError::Corrupt { id: id.to_owned(), reason: error.to_string() })?;
    let folder = to.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|e| StoreError::io("create", folder, e))?;
    let part = to.with_extension("part");
    fs::copy(from, &part).map_err(|e| StoreError::io("write", &part, e))?;
    fs::rename(&part, to).map_err(|e| StoreError::io("rename", to, e))
}

/// SHA-256 of a file in lower-case hexadecimal.
pub(super) fn sha256_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(hex(&hasher.finalize()));
        }
        hasher.update(&buffer[..read]);
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
