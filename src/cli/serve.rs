//! `hotline serve`: answers calls until told to stop.

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use crate::config::Config;
use crate::service::Service;

/// Runs the service until SIGINT or SIGTERM, then ends calls properly.
pub async fn run(config: Config) -> anyhow::Result<ExitCode> {
    // From the first moment on, so that a stop during the start is a clean one, too.
    let mut terminate = signal(SignalKind::terminate())?;
    let data_dir = config.data_dir.clone();
    let service = Service::start(config).await?;
    println!("Hotline answers calls to sip:{} and shows them at http://{}", service.sip, service.http);
    if service.needs_first_sign_in().await? {
        println!("Sign in for the first time (once, within the hour): {}", service.sign_in_link().await?);
    }
    let access = service.publish_access(&data_dir).await?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    println!("Stopping: calls in progress are ended and written down");
    service.withdraw_access(access).await;
    service.stop().await;
    Ok(ExitCode::SUCCESS)
}
