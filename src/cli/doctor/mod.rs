//! `hotline doctor`: one command for whoever has calls with sound in one direction only at five past ten. Looks at the installation,
//! the machine, the network and the trunks, makes calls, and says in plain sentences what is wrong and what to do.
//!
//! - [`finding`]: what a check finds, in English and Chinese; [`report`]: how it is shown.
//! - [`installation`], [`understanding`], [`ports`], [`clock`], [`certificates`], [`addresses`], [`trunks`]: the checks, each of which
//!   returns findings.
//! - [`loopback`], [`calling`]: the calls; [`listening`], [`early`], [`keys`] and [`tone`] judge what is heard.
//! - [`asking`]: OPTIONS by hand; [`system`]: what Linux is asked.
//!
//! Nothing is changed, here or elsewhere: no registration is replaced, no file made but in a temporary folder. A running service gets
//! one short call, which its journal shows. Outside numbers are dialled only when asked for.

mod addresses;
mod asking;
mod calling;
mod certificates;
mod clock;
mod early;
mod finding;
mod installation;
mod keys;
mod listening;
mod loopback;
mod ports;
mod report;
mod system;
mod tone;
mod trunks;
mod understanding;

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use sip::media::Clock;
use sip::transport::{TransportError, Trust};
use sip::ua::{SipError, UserAgent};

use crate::channel::user_agent;
use crate::config::{Config, ConfigError};
use calling::Wanted;
use finding::{Finding, Group, Language, Text, say};
use report::Report;

/// Could not run at all.
pub const COULD_NOT_RUN: u8 = 2;

/// Arguments of `hotline doctor`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
    /// Language: en or zh [default: that of LC_ALL, LC_MESSAGES or LANG]
    #[arg(long, value_parser = ["en", "zh"])]
    language: Option<String>,
    /// Ask this STUN server for our public address, e.g. stun.example.net or 192.0.2.1:3478
    #[arg(long, value_name = "HOST")]
    stun: Option<String>,
    /// Dial this number through each trunk, and press some keys (costs what a call costs); one of our own shows whether keys arrive.
    /// May be given several times, instead of trunk.NAME.test_number
    #[arg(long, value_name = "NUMBER", conflicts_with = "no_calls")]
    dial: Vec<String>,
    /// Dial through this trunk only
    #[arg(long, value_name = "NAME")]
    trunk: Option<String>,
    /// Listen to each call for so long at most; reports of the other side take some seconds to come
    #[arg(long, default_value_t = 14, value_parser = clap::value_parser!(u64).range(2..=120))]
    seconds: u64,
    /// Make no calls at all, not even on this machine
    #[arg(long)]
    no_calls: bool,
}

impl Arguments {
    fn report(&self) -> Report {
        let language = self.language.as_deref().map_or_else(Language::of_environment, Language::named);
        Report::new(language, self.json)
    }
}

/// What there is to say when the configuration cannot be read.
pub fn unreadable(arguments: &Arguments, error: &ConfigError) -> ExitCode {
    let mut report = arguments.report();
    report.add([installation::unreadable(error)]);
    report.finish()
}

/// Runs all checks.
pub async fn run(arguments: Arguments, config: Config) -> anyhow::Result<ExitCode> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut report = arguments.report();
    report.add(installation::check(&config));
    report.add(understanding::check(&config).await);
    let (findings, running) = ports::check(&config).await;
    report.add(findings);
    let clock = match Clock::start() {
        Ok(clock) => clock,
        Err(error) => {
            let cure = say!("Raise the limit of threads (ulimit -u).", "请提高线程数限制(ulimit -u)。");
            report.add([Finding::failed(Group::Clock, "clock", Text::verbatim(error), cure)]);
            return Ok(report.finish());
        }
    };
    report.add(clock::check(&clock, &running).await);

    let (agent, unusable) = start_agent(&config, &clock).await?;
    match unusable {
        Some(error) => report.add([certificates::unusable(&error)]),
        None => report.add(certificates::own(&config, &agent, SystemTime::now())),
    }
    let found = trunks::find(&agent, &config.trunks).await;
    report.add(trunks::certificates(&agent, &found).await);
    let peers: Vec<_> = found.iter().map(|trunk| (&*trunk.config.name, trunk.peers.clone())).collect();
    report.add(addresses::check(&config, &peers, arguments.stun.as_deref()).await);
    report.add(trunks::check(&agent, &found, &running).await);

    if !arguments.no_calls {
        let seconds = Duration::from_secs(arguments.seconds);
        report.add(loopback::check(&clock).await);
        calling::service(&agent, &config, &running, seconds, &mut report).await;
        let wanted = Wanted { numbers: &arguments.dial, trunk: arguments.trunk.as_deref(), seconds };
        calling::trunks(&agent, &config, &running, &wanted, &mut report).await;
    }
    agent.shutdown().await;
    clock.shutdown();
    Ok(report.finish())
}

/// A user agent as the service's, on a port of its own, so that phones which look for the service do not find us instead. When TLS
/// cannot be used as it is configured, why, and an agent without.
async fn start_agent(config: &Config, clock: &Clock) -> Result<(UserAgent, Option<TransportError>), SipError> {
    let mut wanted = user_agent(config);
    wanted.bind.set_port(0);
    (wanted.transport.tcp, wanted.transport.tls) = (Vec::new(), Vec::new());
    let mut unusable = None;
    loop {
        match UserAgent::start(wanted.clone(), clock.clone()).await {
            Ok((agent, _calls)) => return Ok((agent, unusable)),
            Err(SipError::Transport(error @ TransportError::Tls { .. })) if unusable.is_none() => {
                unusable = Some(error);
                let transport = &mut wanted.transport;
                (transport.server_tls, transport.client_identity, transport.client_ca) = (None, None, None);
            }
            Err(SipError::Transport(TransportError::Tls { .. })) if wanted.transport.trust != Trust::System => {
                wanted.transport.trust = Trust::System;
            }
            // Said already where the ports were looked at.
            Err(SipError::Transport(TransportError::Bind { .. })) if !wanted.bind.ip().is_unspecified() => {
                wanted.bind = ([0, 0, 0, 0], 0).into();
            }
            Err(error) => return Err(error),
        }
    }
}
