//! What can go wrong with storage, said so that an operator knows what to do next. Nothing here prints personal data.

use std::{fmt, io, path::PathBuf};

use crate::event::CallId;

/// Why something could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The data folder, or a file in it, cannot be read.
    #[error(
        "{path} cannot be read: {source}; give the user that runs Hotline access to it, or choose another data folder"
    )]
    Unreadable {
        /// Folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The data folder, or a file in it, cannot be written.
    #[error(
        "{path} cannot be written: {source}; give the user that runs Hotline write access, or choose another data folder"
    )]
    NotWritable {
        /// Folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process holds the data folder.
    #[error(
        "the data folder {path} is in use by another Hotline{by}; stop that one first, or choose another data folder"
    )]
    Locked {
        /// The folder.
        path: PathBuf,
        /// ` (process 123)` when known.
        by: String,
    },
    /// The database stays busy with another program's transaction.
    #[error(
        "the database is locked by another program; close whatever has it open (a database browser, a backup) and try again"
    )]
    Busy,
    /// The master key can be read by others.
    #[error("the master key {path} can be read by other users (mode {mode:04o}); run: chmod 600 {path}")]
    KeyExposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The master key file holds no key.
    #[error(
        "the master key {path} holds no key (64 hexadecimal digits expected); restore it from a backup, nothing sealed can be read without it"
    )]
    KeyUnusable {
        /// The key file.
        path: PathBuf,
    },
    /// The database was sealed with another master key.
    #[error(
        "the database was sealed with another master key; put the key file that belongs to it back in place (a new key cannot open old data)"
    )]
    WrongMasterKey,
    /// The disk is full.
    #[error("the disk is full: {what} could not be written; free some space, what follows is stored again then")]
    DiskFull {
        /// What was being written.
        what: String,
    },
    /// The database was made by a newer Hotline.
    #[error(
        "the database was made by a newer Hotline (it has the change {change}, unknown here); install that version again, or restore a backup made before"
    )]
    NewerDatabase {
        /// The first unknown schema change.
        change: String,
    },
    /// The address of the database makes no sense.
    #[error(
        "the database address must be `sqlite` (a file in the data folder), `sqlite:/path/to/file`, or `postgres://user@host/database`"
    )]
    BadAddress,
    /// The database server does not answer or does not let us in.
    #[error(
        "the database cannot be reached: {why}; check that the server runs, and the address, user and password in the configuration"
    )]
    Unreachable {
        /// What the driver said.
        why: String,
    },
    /// There is no such thing in this tenant.
    #[error("there is no such {what}")]
    NoSuch {
        /// `call`, `ticket`, `user`, …
        what: &'static str,
    },
    /// Somebody changed it since it was read.
    #[error(
        "the {what} was changed by somebody else (it has version {version} now); look at their version and put your changes into it"
    )]
    Changed {
        /// `article`.
        what: &'static str,
        /// The version that it has.
        version: u32,
    },
    /// The name is in use.
    #[error("{what} is already in use; choose another")]
    Taken {
        /// What must be unique.
        what: &'static str,
    },
    /// A value cannot be stored.
    #[error("{0}")]
    Invalid(String),
    /// Two different entries claim the same place in a call's journal.
    #[error("call {call} already has another entry {seq}; two writers must not share a call")]
    Conflict {
        /// The call.
        call: CallId,
        /// The place in its journal.
        seq: u32,
    },
    /// The person's key was destroyed.
    #[error("the person was erased; nothing can be read or added about them")]
    Erased,
    /// The person cannot be erased while they are on the line.
    #[error("the person is in a call right now; erase them when it has ended")]
    InCall,
    /// Something sealed does not open: altered, cut or moved from elsewhere.
    #[error("{what} is damaged or was altered; restore it from a backup")]
    Damaged {
        /// What does not open.
        what: String,
    },
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
    /// Any other error of the database.
    #[error("the database failed: {0}")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// Whether the same request may succeed later without anybody changing it.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Busy | Self::DiskFull { .. } | Self::Unreachable { .. })
    }

    /// Names what was being written when the file system refused.
    pub(super) fn writing(path: impl Into<PathBuf>, source: io::Error) -> Self {
        let path = path.into();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { what: path.display().to_string() }
            }
            _ => Self::NotWritable { path, source },
        }
    }

    /// Names what was being read when the file system refused.
    pub(super) fn reading(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Unreadable { path: path.into(), source }
    }

    /// Something sealed did not open.
    pub(super) fn damaged(what: impl fmt::Display) -> Self {
        Self::Damaged { what: what.to_string() }
    }
}
