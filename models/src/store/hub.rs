//! Files of a model hub. As with packages, no hub is named in this program: the operator's own is the one that `HF_ENDPOINT` holds, and
//! without it the machine's hub client (`hf`) is asked, which knows its own.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use super::pip::Location;
use super::{Progress, Store, StoreError, fetch};
use crate::manifest::{ModelEntry, Source};

/// The variable that names the hub; the hub's own clients read it too.
pub const HUB_VARIABLE: &str = "HF_ENDPOINT";
/// Programs that download from the hub, the newer first.
const CLIENTS: [&str; 2] = ["hf", "huggingface-cli"];
/// 1.6 GB over a slow line.
const LIMIT: Duration = Duration::from_secs(4 * 3_600);

impl Store {
    /// The file, checked when it came straight from the hub; else the one that its client saved.
    pub(super) async fn obtain_from_hub(
        &self,
        entry: &ModelEntry,
        progress: &mut impl FnMut(Progress),
    ) -> Result<PathBuf, StoreError> {
        let (Source::Hub { repository, file }, Some(wanted)) = (&entry.source, entry.files.first()) else {
            return Err(StoreError::Missing { id: entry.id.to_owned(), folder: self.root.clone() });
        };
        let downloads = self.downloads();
        fs::create_dir_all(&downloads).map_err(|e| StoreError::io("create", &downloads, e))?;
        let copied = downloads.join(file);
        if fs::metadata(&copied).is_ok_and(|data| data.len() == wanted.size) {
            return Ok(copied);
        }
        let offline = |reason: String| StoreError::Offline {
            id: entry.id.to_owned(),
            reason,
            advice: self.hub_advice(entry.id, repository, file),
        };
        progress(Progress::Locating { what: format!("{file} of {repository}") });
        if let Some(hub) = std::env::var(HUB_VARIABLE).ok().filter(|hub| !hub.is_empty()) {
            let url = format!("{}/{repository}/resolve/main/{file}", hub.trim_end_matches('/'));
            let location = Location { url, sha256: Some(wanted.sha256.to_owned()) };
            return match fetch::fetch(&location, &downloads, progress).await {
                Ok(path) => Ok(path),
                Err(fetch::FetchError::Refused(reason) | fetch::FetchError::Network(reason)) => Err(offline(reason)),
                Err(fetch::FetchError::Store(error)) => Err(error),
            };
        }
        self.ask_clients(repository, file, &downloads).await.map_err(offline)?;
        if copied.is_file() { Ok(copied) } else { Err(offline("the hub client saved no file".to_owned())) }
    }

    async fn ask_clients(&self, repository: &str, file: &str, downloads: &Path) -> Result<(), String> {
        for client in CLIENTS {
            let arguments: [OsString; 5] =
                ["download".into(), repository.into(), file.into(), "--local-dir".into(), downloads.into()];
            let running = Command::new(client).args(arguments).stdin(Stdio::null()).kill_on_drop(true).output();
            match tokio::time::timeout(LIMIT, running).await {
                Err(_) => return Err(format!("{client} did not end within {} h", LIMIT.as_secs() / 3_600)),
                Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => {}
                Ok(Err(error)) => return Err(format!("{client} does not start: {error}")),
                Ok(Ok(output)) if output.status.success() => return Ok(()),
                Ok(Ok(output)) => {
                    let words = String::from_utf8_lossy(&output.stderr);
                    let last = words.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("without a word");
                    return Err(format!("{client} failed: {}", last.trim()));
                }
            }
        }
        Err(format!("there is no hub client ({}), and {HUB_VARIABLE} names no hub", CLIENTS.join(", ")))
    }

    pub(super) fn hub_advice(&self, id: &str, repository: &str, file: &str) -> String {
        format!(
            "Get {file} of the repository {repository} on a machine that reaches the model hub, then run\n  \
             hotline models pull {id} --from /path/to/{file}\n\
             Or install the hub's client (python3 -m pip install huggingface_hub), or set {HUB_VARIABLE} to the address of the hub or of \
             a mirror, and run this again."
        )
    }
}
