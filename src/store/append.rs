use super::Core;
use std::sync::Arc;
use tokio::sync::mpsc;
pub(super) struct Job;
pub(super) async fn run(_core: Arc<Core>, mut jobs: mpsc::Receiver<Job>) {
    while jobs.recv().await.is_some() {}
}
