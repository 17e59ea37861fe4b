//! What several tests need: the shared recordings and models, where they are.
#![allow(dead_code)]

use std::path::{Path, PathBuf};

/// The folder of shared test data, or `None` with a line that says so.
pub fn shared(file: &str) -> Option<PathBuf> {
    let root = std::env::var_os("HOTLINE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let path = root.join(file);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} is not there", path.display());
    None
}

/// The paths of the English recogniser when it has been pulled, or `None` with a line that says so.
pub fn moonshine() -> Option<models::MoonshinePaths> {
    let store = models::Store::open(None).ok()?;
    match store.paths(models::manifest::DEFAULT_ENGLISH) {
        Ok(paths) => models::MoonshinePaths::from_roles(&paths),
        Err(error) => {
            println!("skipped: {error}");
            None
        }
    }
}
