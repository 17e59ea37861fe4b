//! A flow made ready to run.
use std::sync::{Arc, OnceLock};

/// Filled by the first run of a flow; a clone begins without it, so that a changed clone is prepared anew.
#[derive(Debug, Default)]
pub(crate) struct Prepared(OnceLock<Arc<Plan>>);

impl Clone for Prepared {
    fn clone(&self) -> Self {
        Prepared::default()
    }
}

#[derive(Debug)]
pub(crate) struct Plan {}
