//! Answers every call on a UDP port (5060, or the one named) and keeps it until the caller hangs up:
//! `cargo run --release -p hotline-sip --example answer -- 5080`. What a load generator is pointed at.

use sip::media::Clock;
use sip::ua::{RateLimit, UaConfig, UserAgent};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::args().nth(1).map_or(Ok(5060), |port| port.parse())?;
    let unlimited = RateLimit { per_second: 1e6, burst: 1e6 };
    let config = UaConfig { rate_limit: unlimited, record: false, ..UaConfig::new(([127, 0, 0, 1], port).into()) };
    let (agent, mut calls) = UserAgent::start(config, Clock::start()?).await?;
    println!("answering on {}", agent.local_addr());
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => break,
            Some(call) = calls.recv() => {
                tokio::spawn(async move {
                    if let Ok(active) = call.answer().await {
                        let _ = active.ended().wait_for(Option::is_some).await;
                    }
                });
            }
        }
    }
    agent.shutdown().await;
    Ok(())
}
