//! `hotline serve`: answers calls until told to stop. Recognisers and voices change without a stop: when a model appears in the folder of
//! models, and when SIGHUP says that the configuration was changed.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use crate::config::Config;
use crate::service::{Service, Speech, fingerprint};

/// How often the folder of models is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Runs the service until SIGINT or SIGTERM, then ends calls properly. `file` is where the configuration came from.
pub async fn run(config: Config, file: Option<PathBuf>) -> anyhow::Result<ExitCode> {
    // From the first moment on, so that a stop during the start is a clean one, too.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut config = config;
    let mut known = fingerprint(&config);
    let service = Service::start(config.clone()).await?;
    // Before anybody is told that it is there: commands of this machine may follow at once.
    let access = service.publish_access(&config.data_dir).await?;
    println!("Hotline answers calls to sip:{} and shows them at http://{}", service.sip, service.http);
    if service.needs_first_sign_in().await? {
        println!("Sign in for the first time (once, within the hour): {}", service.sign_in_link().await?);
    }
    let mut look = tokio::time::interval(LOOK_EVERY);
    loop {
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                break;
            }
            _ = terminate.recv() => break,
            _ = hang_up.recv() => {
                match Config::load(file.as_deref()) {
                    Ok(changed) => {
                        config = Config { data_dir: config.data_dir.clone(), ..changed };
                        known = fingerprint(&config);
                        tokio::spawn(change(service.speech().clone(), config.clone(), true));
                    }
                    Err(error) => tracing::error!(%error, "the configuration was not read again; everything stays as it is"),
                }
            }
            _ = look.tick() => {
                let now = fingerprint(&config);
                if now != known {
                    known = now;
                    tokio::spawn(change(service.speech().clone(), config.clone(), false));
                }
            }
        }
    }
    println!("Stopping: calls in progress are ended and written down");
    service.withdraw_access(access).await;
    service.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// Puts in force what the configuration means now; what cannot be loaded is said, and what is in force stays.
async fn change(speech: Speech, config: Config, all: bool) {
    if let Err(error) = speech.reload(&config, all).await {
        tracing::error!(%error, "the recognisers stay as they are");
    }
    if all && let Err(error) = speech.reload_voices(&config).await {
        tracing::error!(%error, "the voices stay as they are");
    }
}
