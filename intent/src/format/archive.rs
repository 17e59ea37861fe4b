//! Files out of a zip archive, bounded: an archive of a few kilobytes can unpack to more than any machine holds.

use std::io::{Cursor, Read};

use super::FormatError;

/// Most bytes of one file, packed or not: 16 MiB.
pub const MAX_FILE_BYTES: usize = 16 << 20;
/// Most bytes of all files together: 64 MiB.
pub const MAX_TOTAL_BYTES: usize = 64 << 20;
/// Most files.
pub const MAX_FILES: usize = 10_000;

/// A file with its path.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Whether bytes begin like a zip archive, also an empty one.
pub(super) fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// The files of an archive, in its order; folders and what a Mac adds are passed over.
pub(super) fn unpack(file: &str, bytes: &[u8]) -> Result<Vec<File>, FormatError> {
    let bad = |reason: String| FormatError::Archive { file: file.to_owned(), reason };
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes))
        .map_err(|e| bad(format!("the archive is damaged ({e}); export it again")))?;
    if archive.len() > MAX_FILES {
        return Err(bad(format!("it holds {} files, more than {MAX_FILES}", archive.len())));
    }
    let (mut files, mut total) = (Vec::new(), 0);
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|e| {
            bad(format!(
                "file number {} cannot be read ({e}); pack it again without a password, with deflate",
                index + 1
            ))
        })?;
        let name =
            entry.name().map_err(|e| bad(format!("file number {} has no name ({e})", index + 1)))?.replace('\\', "/");
        let leaf = name.rsplit('/').next().unwrap_or_default();
        if entry.is_dir() || leaf.starts_with("._") || leaf == ".DS_Store" || name.starts_with("__MACOSX/") {
            continue;
        }
        // The size that an entry claims means nothing; what comes out is counted.
        let mut unpacked = Vec::new();
        let most = MAX_FILE_BYTES.min(MAX_TOTAL_BYTES - total);
        entry
            .take(most as u64 + 1)
            .read_to_end(&mut unpacked)
            .map_err(|e| bad(format!("{name} is damaged ({e}); export it again")))?;
        if unpacked.len() > most {
            return Err(bad(format!(
                "{name} unpacks to more than is taken ({} MiB a file, {} MiB altogether)",
                MAX_FILE_BYTES >> 20,
                MAX_TOTAL_BYTES >> 20
            )));
        }
        total += unpacked.len();
        files.push(File { name, bytes: unpacked });
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).expect("in memory");
            writer.write_all(bytes).expect("in memory");
        }
        writer.finish().expect("in memory").into_inner()
    }

    #[test]
    fn files_come_out_and_clutter_does_not() {
        let packed = archive(&[("a/b.json", b"{}"), ("__MACOSX/a/._b.json", b"x"), (".DS_Store", b"x"), ("c", b"")]);
        let names: Vec<_> = unpack("x.zip", &packed).expect("in order").into_iter().map(|f| f.name).collect();
        assert_eq!(names, ["a/b.json", "c"]);
    }

    #[test]
    fn a_bomb_is_refused() {
        let packed = archive(&[("zeros.json", &vec![b' '; MAX_FILE_BYTES + 1])]);
        assert!(packed.len() < 100_000, "{}", packed.len());
        let error = unpack("x.zip", &packed).expect_err("too large");
        assert!(error.to_string().contains("zeros.json unpacks to more than is taken"), "{error}");
    }

    #[test]
    fn many_files_below_the_limit_each_are_refused_together() {
        let full = vec![b' '; MAX_FILE_BYTES];
        let packed = archive(&[("1", &full), ("2", &full), ("3", &full), ("4", &full), ("5", b"x")]);
        assert!(unpack("x.zip", &packed).is_err());
    }

    #[test]
    fn a_damaged_archive_says_so() {
        let packed = archive(&[("a.json", b"{}")]);
        for cut in [4, packed.len() / 2, packed.len() - 1] {
            let error = unpack("x.zip", &packed[..cut]).expect_err("cut");
            assert!(error.to_string().starts_with("x.zip: "), "{error}");
        }
    }
}
