//! The console's HTTP interface.
pub mod order_service;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
/// What the console shows.
pub struct Console {
    /// Data.
    pub tenant: crate::store::Tenant,
    /// Storage.
    pub store: crate::store::Store,
    /// The flow.
    pub flow: Arc<flow::Flow>,
    /// Extensions.
    pub extensions: Arc<crate::service::Extensions>,
    /// Whether calls can be taken.
    pub ready: Arc<dyn Fn() -> bool + Send + Sync>,
}
/// Serves.
pub async fn serve(_listener: tokio::net::TcpListener, _console: Console, stopped: CancellationToken) {
    stopped.cancelled().await;
}
/// OpenAPI.
pub fn openapi() -> String {
    String::new()
}
