//! Access for programs of the same user on the same machine: while `hotline serve` runs, a file in the data folder holds the address
//! of its API and the token of a session. Whoever can read it can read the master key beside it, so it opens no new door.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Service;
use crate::store::{Role, StoreError};

/// Its name in the data folder.
const FILE: &str = "local.json";
/// Longer than a service runs; the session is closed when it stops.
const LASTS: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Where the API is, and what opens it.
#[derive(Clone, Serialize, Deserialize)]
pub struct LocalAccess {
    /// `http://127.0.0.1:8080`.
    pub api: String,
    /// A session's token.
    pub token: String,
}

impl LocalAccess {
    /// What the service that runs with this data folder has written.
    pub fn read(data_dir: &Path) -> Result<Self, String> {
        let path = data_dir.join(FILE);
        let text = std::fs::read_to_string(&path).map_err(|error| {
            format!(
                "no running service is known in {}: {error}. Start `hotline serve` with the same configuration, or name another one's API with --api",
                path.display()
            )
        })?;
        serde_json::from_str(&text).map_err(|error| format!("{} cannot be read: {error}", path.display()))
    }
}

impl Service {
    /// Opens the API for this user's programs; for the admin there is, or a first one.
    pub async fn local_access(&self) -> Result<LocalAccess, StoreError> {
        let users = self.tenant.users().await?;
        let admin = match users.into_iter().find(|user| user.role == Role::Admin) {
            Some(admin) => admin,
            None => self.add_user("Admin", Role::Admin).await?,
        };
        let session = self.tenant.open_session(admin.id, crate::call::now(), LASTS).await?;
        let mut at = self.http;
        if at.ip().is_unspecified() {
            at.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
        }
        Ok(LocalAccess { api: format!("http://{at}"), token: session.reveal().to_owned() })
    }

    /// Writes the access down where [`LocalAccess::read`] looks for it. Removed when the returned value is dropped.
    pub async fn publish_access(&self, data_dir: &Path) -> Result<PublishedAccess, StoreError> {
        let access = self.local_access().await?;
        let path = data_dir.join(FILE);
        let write = || {
            // A stale one of a killed service must not keep its mode.
            let _ = std::fs::remove_file(&path);
            let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            file.write_all(serde_json::to_string(&access).unwrap_or_default().as_bytes())
        };
        write().map_err(|source| StoreError::NotWritable { path: path.clone(), source })?;
        Ok(PublishedAccess { path, token: access.token })
    }

    /// Ends the session that was published.
    pub async fn withdraw_access(&self, published: PublishedAccess) {
        if let Err(error) = self.tenant.close_session(&published.token).await {
            tracing::warn!(%error, "the session of local programs could not be closed");
        }
    }
}

/// The file while it is there.
pub struct PublishedAccess {
    path: PathBuf,
    token: String,
}

impl Drop for PublishedAccess {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
