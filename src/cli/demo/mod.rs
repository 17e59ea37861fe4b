//! `hotline demo`: a service of its own on loopback, a made-up bicycle shop, and five people who really call it.
//!
//! - [`callers`]: who calls, what they say and what must come of it.
//! - [`show`]: the conversation as it happens, and the table at the end.

mod callers;
mod show;

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use sip::media::Clock;
use tokio_util::sync::CancellationToken;

use crate::api::order_service;
use crate::config::Config;
use crate::phone::Phone;
use crate::service::Service;
use crate::store::Role;

use callers::{Played, Stage};

/// Arguments of `hotline demo`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Stop after the calls; the exit code tells whether each had its outcome
    #[arg(long)]
    once: bool,
}

/// The agent's extension in the demo.
const AGENT: &str = "anna";

/// What the shop knows beside its flow.
const ARTICLES: &str = include_str!("../../demo/articles.json");

/// Runs the demo.
pub async fn run(arguments: Arguments, mut config: Config) -> anyhow::Result<ExitCode> {
    let folder = tempfile::Builder::new().prefix("hotline-demo-").tempdir().context("no room for the demo's data")?;
    let stopped = CancellationToken::new();
    let orders = tokio::net::TcpListener::bind(loopback(0)).await.context("cannot start the order service")?;
    config.flow_variables.insert("order_service".into(), format!("http://{}", orders.local_addr()?));
    let order_service = tokio::spawn(order_service::serve(orders, stopped.clone()));

    config.data_dir = folder.path().to_owned();
    config.store_url = String::new();
    config.store_master_key = None;
    config.flow_file = None;
    config.chat_enabled = true;
    config.webrtc_widget = true;
    config.sip_bind = loopback(0);
    config.http_bind = free_or_any(config.http_bind).await;
    println!("Starting a service with a fresh database in {}", folder.path().display());
    let service = Service::start(config).await?;
    let anna = service.add_user("Anna", Role::Agent).await?;
    let articles = serde_json::from_str(ARTICLES).context("the demo's articles cannot be read")?;
    service.add_articles(articles, anna.id).await?;
    let password = service.add_extension(AGENT, anna.id).await?;
    println!("Wobbly Wheel Cycles answers sip:{}", service.sip);

    let clock = Clock::start().context("cannot start the phones' media clock")?;
    let desk = Phone::start(loopback(0), clock.clone()).await?;
    let registration = desk.register(&format!("sip:{}", service.sip), AGENT, &password).await?;
    wait_for_registration(&service).await?;
    println!("Anna's phone is registered\n");

    let shown = tokio::spawn(show::live(service.tenant().clone(), stopped.clone()));
    let phone = Phone::start(loopback(0), clock.clone()).await?;
    let results: Vec<Played> = Stage { service: &service, phone, desk }.play().await;
    let passed = results.iter().all(|result| result.misses.is_empty());
    show::table(&results);

    let link = service.sign_in_link().await?;
    println!("\nThe console shows and plays these calls: http://{}", service.http);
    println!("Sign in (once, within the hour): {link}");
    println!("The same flow answers in writing: http://{0}/chat, and by tapping: http://{0}/tap", service.http);
    if !arguments.once {
        println!("Press Ctrl-C to end the demo; its data is then removed.");
        tokio::signal::ctrl_c().await?;
    }
    registration.unregister().await;
    stopped.cancel();
    service.stop().await;
    clock.shutdown();
    let _ = tokio::join!(shown, order_service);
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// The wanted address, or another port of it when somebody has that one.
async fn free_or_any(wanted: SocketAddr) -> SocketAddr {
    match tokio::net::TcpListener::bind(wanted).await {
        Ok(_) => wanted,
        Err(_) => SocketAddr::new(wanted.ip(), 0),
    }
}

async fn wait_for_registration(service: &Service) -> anyhow::Result<()> {
    for _ in 0..250 {
        if service.reachable().contains(AGENT) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    anyhow::bail!("the agent's phone did not register within 5 s")
}
